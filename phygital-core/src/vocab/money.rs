//! Exact money: decimals as written, minor units with a currency, never a float.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::limits::DECIMAL_DIGITS_MAX;
use super::serde_text::serde_text;

/// Why a text is no amount of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoneyError {
    /// Not a number as JSON writes it (RFC 8259, section 6).
    #[error("expected a decimal number such as 19.99")]
    NotANumber,
    /// More digits than a sum of money can have.
    #[error("expected at most {DECIMAL_DIGITS_MAX} digits")]
    TooManyDigits,
    /// Not an active code of ISO 4217.
    #[error("expected a currency code of ISO 4217 such as EUR")]
    UnknownCurrency,
    /// A code of ISO 4217 that has no minor unit, such as gold (XAU).
    #[error("expected a currency with a minor unit")]
    NoMinorUnit,
    /// More decimals than the currency has: rounding is the caller's decision, not ours.
    #[error("expected at most {exponent} decimals for {currency}")]
    TooPrecise {
        /// The currency named beside the amount.
        currency: Currency,
        /// How many decimals it has.
        exponent: u8,
    },
    /// Sums of different currencies, or a sum beyond what 64 bits hold.
    #[error("expected amounts of one currency whose sum fits 64 bits")]
    Sum,
}

/// A currency of ISO 4217 that has a minor unit.
///
/// Read in any letter case, written in capitals, ordered by code.
///
/// ```
/// use phygital_core::vocab::Currency;
/// assert_eq!("jpy".parse::<Currency>()?.exponent(), 0);
/// assert_eq!("EUR".parse::<Currency>()?.exponent(), 2);
/// assert_eq!("KWD".parse::<Currency>()?.exponent(), 3);
/// # Ok::<(), phygital_core::vocab::MoneyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    code: [u8; 3],
    exponent: u8,
}

impl Currency {
    /// The three-letter code, in capitals.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).expect("made of ASCII letters")
    }

    /// How many decimals the major unit has: 0 to 4.
    pub fn exponent(&self) -> u8 {
        self.exponent
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let code = text.to_ascii_uppercase();
        let known = iso_currency::Currency::from_code(&code).ok_or(MoneyError::UnknownCurrency)?;
        let exponent = known.exponent().ok_or(MoneyError::NoMinorUnit)?;
        Ok(Currency {
            code: code.as_bytes().try_into().map_err(|_| MoneyError::UnknownCurrency)?,
            exponent: u8::try_from(exponent).map_err(|_| MoneyError::NoMinorUnit)?,
        })
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

serde_text!(Currency, code);

/// A decimal number exactly as it was written: `units` times ten to the power of minus `scale`.
///
/// At most 18 digits. `1.50` and `1.5` are the same number and compare equal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    units: i64,
    scale: u8,
}

impl Decimal {
    /// The digits as an integer, trailing zeros after the point left out.
    pub fn units(&self) -> i64 {
        self.units
    }

    /// How many of the digits stand after the point: 0 to 18.
    pub fn scale(&self) -> u8 {
        self.scale
    }
}

impl FromStr for Decimal {
    type Err = MoneyError;

    /// Reads a number as JSON writes it: `-12.50`, `1e3`.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        short(text).map_or_else(|| long(text), Ok)
    }
}

/// Most numbers: digits with a point among them or none, no more than all decimals have. None for any other text.
fn short(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    if digits.len() > DECIMAL_DIGITS_MAX {
        return None;
    }
    let (mut units, mut point) = (0_i64, None);
    for (at, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => units = units * 10 + i64::from(byte - b'0'),
            b'.' if at > 0 && point.is_none() => point = Some(at + 1),
            _ => return None,
        }
    }
    let mut scale = digits.len() - point.unwrap_or(digits.len());
    if digits.is_empty() || point == Some(digits.len()) {
        return None;
    }
    while scale > 0 && units % 10 == 0 {
        (units, scale) = (units / 10, scale - 1);
    }
    Some(Decimal {
        units: if text.starts_with('-') { -units } else { units },
        scale: u8::try_from(scale).ok()?,
    })
}

/// Any number as JSON writes it.
fn long(text: &str) -> Result<Decimal, MoneyError> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
            (mantissa, exponent.parse::<i32>().map_err(|_| MoneyError::NotANumber)?)
        }
        None => (rest, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((_, "")) => return Err(MoneyError::NotANumber),
        Some(parts) => parts,
        None => (mantissa, ""),
    };
    let digits_only = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits_only(whole) || !digits_only(fraction) {
        return Err(MoneyError::NotANumber);
    }
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0');
    let trimmed = significant.trim_end_matches('0');
    if trimmed.is_empty() {
        return Ok(Decimal { units: 0, scale: 0 });
    }
    let zeros = (significant.len() - trimmed.len()) as i64;
    // The number is `trimmed` times ten to the power of `power`.
    let power = i64::from(exponent) - fraction.len() as i64 + zeros;
    let limit = DECIMAL_DIGITS_MAX as i64;
    if trimmed.len() as i64 + power.max(0) > limit || power < -limit {
        return Err(MoneyError::TooManyDigits);
    }
    let mut units: i64 = trimmed.parse().map_err(|_| MoneyError::TooManyDigits)?;
    for _ in 0..power.max(0) {
        units *= 10;
    }
    Ok(Decimal {
        units: if negative { -units } else { units },
        scale: u8::try_from((-power).max(0)).expect("at most 18"),
    })
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_decimal(f, self.units, self.scale)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An amount of money: an integer of the currency's minor unit (cents, fils, whole yen).
///
/// ```
/// use phygital_core::vocab::Money;
/// let price = Money::parse("19.99", "EUR")?;
/// assert_eq!(price.minor(), 1999);
/// assert_eq!(price.to_string(), "19.99 EUR");
/// assert!(Money::parse("19.999", "EUR").is_err());
/// # Ok::<(), phygital_core::vocab::MoneyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// So many minor units of a currency.
    pub fn new(minor: i64, currency: Currency) -> Money {
        Money { minor, currency }
    }

    /// The exact amount of a decimal in major units.
    ///
    /// # Errors
    /// [`MoneyError::TooPrecise`] where the currency has fewer decimals than the number.
    pub fn from_decimal(amount: Decimal, currency: Currency) -> Result<Money, MoneyError> {
        let exponent = currency.exponent();
        let missing =
            exponent.checked_sub(amount.scale).ok_or(MoneyError::TooPrecise { currency, exponent })?;
        let minor =
            amount.units.checked_mul(10_i64.pow(u32::from(missing))).ok_or(MoneyError::TooManyDigits)?;
        Ok(Money { minor, currency })
    }

    /// Reads a decimal in major units and a currency code.
    pub fn parse(amount: &str, currency: &str) -> Result<Money, MoneyError> {
        Money::from_decimal(amount.parse()?, currency.parse()?)
    }

    /// The amount in minor units.
    pub fn minor(&self) -> i64 {
        self.minor
    }

    /// The currency.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// The sum of two amounts, or [`MoneyError::Sum`] for two currencies or an overflow.
    pub fn checked_add(self, other: Money) -> Result<Money, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Sum);
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Sum)?;
        Ok(Money { minor, ..self })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_decimal(f, self.minor, self.currency.exponent)?;
        write!(f, " {}", self.currency)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A price as a source gave it: money, or a bare number whose currency nobody named.
///
/// Segment's *Product Added* has no currency, so the number is kept as it came and counts in no sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a price has a currency or has none")]
pub enum Price {
    /// An amount with its currency.
    Money(Money),
    /// A number without a currency.
    Bare(Decimal),
}

impl Price {
    /// The money, where a currency is known.
    pub fn money(&self) -> Option<Money> {
        match self {
            Price::Money(money) => Some(*money),
            Price::Bare(_) => None,
        }
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Price::Money(money) => money.fmt(f),
            Price::Bare(number) => number.fmt(f),
        }
    }
}

fn write_decimal(f: &mut fmt::Formatter<'_>, units: i64, scale: u8) -> fmt::Result {
    let sign = if units < 0 { "-" } else { "" };
    let base = 10_u64.pow(u32::from(scale));
    let units = units.unsigned_abs();
    if scale == 0 {
        write!(f, "{sign}{units}")
    } else {
        write!(f, "{sign}{}.{:0width$}", units / base, units % base, width = usize::from(scale))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn exponents_of_iso_4217_are_kept() {
        for (text, code, minor) in [
            ("1500", "JPY", 1500),
            ("19.9", "EUR", 1990),
            ("-0.01", "usd", -1),
            ("1.234", "KWD", 1234),
            ("1e3", "EUR", 100_000),
            ("19.9900", "EUR", 1999),
            ("0.000", "JPY", 0),
        ] {
            assert_eq!(Money::parse(text, code).unwrap().minor(), minor, "{text} {code}");
        }
        assert_eq!(
            Money::parse("1.5", "JPY"),
            Err(MoneyError::TooPrecise { currency: "JPY".parse().unwrap(), exponent: 0 })
        );
        assert_eq!("XAU".parse::<Currency>(), Err(MoneyError::NoMinorUnit));
        assert_eq!("EURO".parse::<Currency>(), Err(MoneyError::UnknownCurrency));
        assert_eq!("ÉUR".parse::<Currency>(), Err(MoneyError::UnknownCurrency));
    }

    #[test]
    fn digits_are_limited() {
        let most = "9".repeat(DECIMAL_DIGITS_MAX);
        assert_eq!(most.parse::<Decimal>().unwrap().to_string(), most);
        assert_eq!(format!("{most}9").parse::<Decimal>(), Err(MoneyError::TooManyDigits));
        assert_eq!("1e99".parse::<Decimal>(), Err(MoneyError::TooManyDigits));
        assert_eq!("1e-99".parse::<Decimal>(), Err(MoneyError::TooManyDigits));
        assert_eq!("0e99".parse::<Decimal>().unwrap().units(), 0);
        assert_eq!(Money::parse(&most, "EUR"), Err(MoneyError::TooManyDigits));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "-", ".5", "5.", "1,5", "0x1", "NaN", "inf", "+1", "1e", "1e1.5", "१"] {
            assert_eq!(text.parse::<Decimal>(), Err(MoneyError::NotANumber), "{text}");
        }
    }

    #[test]
    fn currencies_do_not_add() {
        let euro = Money::parse("1", "EUR").unwrap();
        assert_eq!(euro.checked_add(Money::parse("1", "USD").unwrap()), Err(MoneyError::Sum));
        let most = Money::new(i64::MAX, euro.currency());
        assert_eq!(most.checked_add(euro), Err(MoneyError::Sum));
    }

    proptest::proptest! {
        #[test]
        fn print_and_parse_are_inverse(units in -999_999_999_999_999_999i64..=999_999_999_999_999_999, scale in 0u8..=18) {
            let text = Decimal { units, scale }.to_string();
            let read: Decimal = text.parse().unwrap();
            proptest::prop_assert_eq!(read, read.to_string().parse().unwrap());
            proptest::prop_assert_eq!(
                i128::from(read.units) * 10_i128.pow(u32::from(18 - read.scale)),
                i128::from(units) * 10_i128.pow(u32::from(18 - scale))
            );
        }
    }

    #[test]
    fn a_short_way_reads_as_the_long_one() {
        let mut texts = [
            "",
            "-",
            ".",
            "-.5",
            "5.",
            "1..2",
            "0",
            "-0",
            "00.10",
            "+1",
            "1e2",
            "\u{661}",
            "9".repeat(18).as_str(),
            "9".repeat(19).as_str(),
            "0.00000000000000001",
            "-12.50",
            "1 ",
        ]
        .map(str::to_owned)
        .to_vec();
        for number in 0..5_000_u32 {
            let digits = number.wrapping_mul(2_654_435_761).to_string();
            let at = number as usize % (digits.len() + 1);
            texts.push(format!("{}{}.{}", ["", "-"][number as usize % 2], &digits[..at], &digits[at..]));
            texts.push(digits);
        }
        for text in texts {
            if let Some(number) = short(&text) {
                assert_eq!(Ok(number), long(&text), "{text}");
                assert_eq!(number.scale, long(&text).unwrap().scale);
            }
        }
        assert!(short("-12.50").is_some() && short("0").is_some() && short("1e2").is_none());
    }
}
