//! One-time codes: short, told apart by eye, and never a word.

use std::fmt;
use std::str::FromStr;

use super::text;
use crate::vocab::serde_text;

/// The alphabet of Crockford's base 32: no I, L, O (they look like digits) and no U (fewer rude words).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A one-time code: 6 to 8 symbols of Crockford's base 32, upper case.
///
/// Every code has one of the digits 2 to 9 and one letter. So no word, keyword ("ARRETE"), year, price
/// or phone number is a code, and ordinary texts cause no look-ups. That costs a quarter of a bit: six
/// symbols carry 29.7 bits.
///
/// Whoever knows the code before it is used can link a number of his own to the tap, so `Debug` prints
/// the length alone. It tells nothing of the customer.
///
/// ```
/// use phygital_core::optin::Code;
/// let code: Code = "k7q-mo1".parse()?;
/// assert_eq!(code.as_str(), "K7QM01");
/// # Ok::<(), phygital_core::optin::CodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code {
    /// The symbols, then zeros.
    symbols: [u8; CodeLength::MOST],
    length: u8,
}

/// How many symbols a [`Code`] has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[expect(clippy::exhaustive_enums, reason = "shorter is guessed, longer is not typed")]
pub enum CodeLength {
    /// 29.7 bits. With 10,000 codes alive one guess in 88,000 hits one of them.
    #[default]
    Six,
    /// 34.8 bits.
    Seven,
    /// 39.8 bits.
    Eight,
}

impl CodeLength {
    /// Fewest symbols.
    pub(super) const LEAST: usize = 6;
    /// Most symbols.
    pub(super) const MOST: usize = 8;

    /// The number of symbols.
    pub fn symbols(self) -> usize {
        match self {
            CodeLength::Six => 6,
            CodeLength::Seven => 7,
            CodeLength::Eight => 8,
        }
    }
}

/// Why a text is no code. Never holds the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodeError {
    /// Too short or too long.
    #[error("expected a code of 6 to 8 symbols")]
    Length,
    /// A symbol of another alphabet.
    #[error("expected the digits and letters of a code, without U")]
    Symbol,
    /// A word or a number.
    #[error("expected a code with a letter and one of the digits 2 to 9")]
    Plain,
}

impl Code {
    /// Makes a code from 16 random bytes, which have to be unpredictable and used once.
    ///
    /// The bytes choose among all codes of that length: the remainder of 128 bits by less than 40, so
    /// no code is likelier than another by more than one part in 2^88 (NIST SP 800-90A rev. 1, appendix
    /// A.5.3, "simple modular method", asks for 64 bits to spare; here are 88).
    pub fn mint(random: &[u8; 16], length: CodeLength) -> Code {
        let length = length.symbols();
        let mut rank = u128::from_be_bytes(*random) % count(length, false, false);
        let (mut digit, mut letter) = (false, false);
        let mut symbols = [0; CodeLength::MOST];
        for (at, place) in symbols[..length].iter_mut().enumerate() {
            for &symbol in ALPHABET {
                let (now_digit, now_letter) = (digit || is_clear_digit(symbol), letter || is_letter(symbol));
                let behind = count(length - at - 1, now_digit, now_letter);
                if rank < behind {
                    (*place, digit, letter) = (symbol, now_digit, now_letter);
                    break;
                }
                rank -= behind;
            }
        }
        Code { symbols, length: length as u8 }
    }

    /// The code as it is shown, sent and stored.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.symbols[..usize::from(self.length)]).expect("the alphabet is ASCII")
    }

    /// The code that some upper-case characters are, O read as 0, I and L as 1.
    pub(super) fn read(characters: impl Iterator<Item = char>) -> Result<Code, CodeError> {
        let mut symbols = [0; CodeLength::MOST];
        let mut length = 0;
        for character in characters {
            let place = symbols.get_mut(length).ok_or(CodeError::Length)?;
            *place = symbol(character).ok_or(CodeError::Symbol)?;
            length += 1;
        }
        if length < CodeLength::LEAST {
            return Err(CodeError::Length);
        }
        let read = &symbols[..length];
        if !read.iter().copied().any(is_clear_digit) || !read.iter().copied().any(is_letter) {
            return Err(CodeError::Plain);
        }
        Ok(Code { symbols, length: length as u8 })
    }
}

/// How many texts of so many symbols complete a code that has a clear digit, a letter, or neither yet.
fn count(symbols: usize, digit: bool, letter: bool) -> u128 {
    let power = |base: u128| (0..symbols).fold(1, |product, _| product * base);
    // Those without a clear digit are of letters, 0 and 1; those of 0 and 1 alone are taken off twice.
    let without_digit = if digit { 0 } else { power(24) };
    let without_letter = if letter { 0 } else { power(10) };
    let without_both = if digit || letter { 0 } else { power(2) };
    power(32) + without_both - without_digit - without_letter
}

/// A digit that no letter is read as.
fn is_clear_digit(symbol: u8) -> bool {
    (b'2'..=b'9').contains(&symbol)
}

fn is_letter(symbol: u8) -> bool {
    symbol.is_ascii_uppercase()
}

/// The symbol that an upper-case character stands for.
fn symbol(character: char) -> Option<u8> {
    match u8::try_from(character).ok()? {
        b'O' => Some(b'0'),
        b'I' | b'L' => Some(b'1'),
        other => ALPHABET.contains(&other).then_some(other),
    }
}

impl FromStr for Code {
    type Err = CodeError;

    /// Reads a code that stands alone, as forgiving as [`candidates`](super::candidates) is.
    fn from_str(typed: &str) -> Result<Code, CodeError> {
        let plain = text::plain(typed);
        Code::read(
            plain.chars().filter(|character| !text::is_space(*character) && !text::is_joint(*character)),
        )
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code({} symbols)", self.length)
    }
}

serde_text!(Code, as_str);

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn reading_forgives_what_eyes_and_phones_do() {
        for typed in ["K7QM01", "k7qmoi", "K7Q-MOL", " k7q m.01 ", "\u{ff2b}7QM01", "K\u{200b}7QM01"] {
            assert_eq!(typed.parse::<Code>().unwrap().as_str(), "K7QM01", "{typed}");
        }
        assert_eq!("K7QM0".parse::<Code>(), Err(CodeError::Length));
        assert_eq!("K7QM01K7Q".parse::<Code>(), Err(CodeError::Length));
        assert_eq!("K7QMU1".parse::<Code>(), Err(CodeError::Symbol));
        assert_eq!("ARRETE".parse::<Code>(), Err(CodeError::Plain));
        assert_eq!("PLEASE".parse::<Code>(), Err(CodeError::Plain));
        assert_eq!("202612".parse::<Code>(), Err(CodeError::Plain));
    }

    #[test]
    fn every_rank_is_another_code() {
        // Small enough to write out: all texts of two symbols with a clear digit and a letter.
        let mut all = std::collections::BTreeSet::new();
        for first in ALPHABET {
            for second in ALPHABET {
                let pair = [*first, *second];
                if pair.iter().any(|one| is_clear_digit(*one)) && pair.iter().any(|one| is_letter(*one)) {
                    all.insert(pair);
                }
            }
        }
        assert_eq!(all.len() as u128, count(2, false, false));
        assert_eq!(count(6, false, false), 881_638_912);
        let last = count(6, false, false) - 1;
        assert_eq!(Code::mint(&0u128.to_be_bytes(), CodeLength::Six).as_str(), "00002A");
        assert_eq!(Code::mint(&last.to_be_bytes(), CodeLength::Six).as_str(), "ZZZZZ9");
        assert_eq!(Code::mint(&(last + 1).to_be_bytes(), CodeLength::Six).as_str(), "00002A");
    }

    proptest::proptest! {
        #[test]
        fn what_is_minted_is_read(random: [u8; 16], length in 0..3usize) {
            let length = [CodeLength::Six, CodeLength::Seven, CodeLength::Eight][length];
            let code = Code::mint(&random, length);
            proptest::prop_assert_eq!(code.as_str().len(), length.symbols());
            proptest::prop_assert_eq!(code.as_str().parse(), Ok(code));
            let printed = format!("{code:?}");
            proptest::prop_assert!(!printed.contains(code.as_str()));
        }

        #[test]
        fn ranks_and_codes_are_in_one_order(low in 0..881_638_911u128) {
            let mint = |rank: u128| Code::mint(&rank.to_be_bytes(), CodeLength::Six);
            proptest::prop_assert!(mint(low) < mint(low + 1));
        }
    }
}
