//! Application identifiers: which are keys, what qualifies them, and what their values look like.
//!
//! Facts of the GS1 Digital Link standard, URI syntax 1.2 (§4.3 to §4.9; the names in letters are those of 1.1), and of
//! the GS1 General Specifications, chapter 3.

use crate::tap::refusal::TapRefusal;
use crate::vocab::gs1::{Gs1KeyError, check};

/// What an application identifier is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Names something, and stands in the path.
    Key,
    /// Narrows a key, and stands behind it.
    Qualifier,
    /// Says something about it.
    Attribute,
}

/// What a value looks like: so many digits, then so many further characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A GTIN of 8, 12, 13 or 14 digits, kept with 14.
    Gtin,
    /// A fixed number of digits; the one at `check`, counted from 1, is a check digit if that is not 0. Then up to so
    /// many characters.
    Digits { count: usize, check: usize, then: Rest },
    /// No fixed digits.
    Free(Rest),
    /// Year, month and day, `YYMMDD`; day 00 stands for the end of the month.
    Date,
    /// The same with hour and minute.
    DateTime,
}

/// Up to so many characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    None,
    Digits(usize),
    /// Of character set 82 (General Specifications, figure 7.11-1).
    Text(usize),
    /// Of character set 39, for component and part identifiers (figure 7.11-2).
    Part(usize),
}

/// One application identifier.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) ai: &'static str,
    name: &'static str,
    pub(super) role: Role,
    form: Form,
    /// Of a key: its qualifiers, in groups that exclude each other, each in order.
    pub(super) qualifiers: &'static [&'static [&'static str]],
}

const fn key(
    ai: &'static str,
    name: &'static str,
    form: Form,
    qualifiers: &'static [&'static [&'static str]],
) -> Rule {
    Rule { ai, name, role: Role::Key, form, qualifiers }
}

const fn qualifier(ai: &'static str, name: &'static str, form: Form) -> Rule {
    Rule { ai, name, role: Role::Qualifier, form, qualifiers: &[] }
}

const fn attribute(ai: &'static str, name: &'static str, form: Form) -> Rule {
    Rule { ai, name, role: Role::Attribute, form, qualifiers: &[] }
}

const fn digits(count: usize, check: usize, then: Rest) -> Form {
    Form::Digits { count, check, then }
}

const TRADE_ITEM: &[&[&str]] = &[&["22", "10", "21"], &["235"]];

static RULES: [Rule; 36] = [
    key("00", "sscc", digits(18, 18, Rest::None), &[]),
    key("01", "gtin", Form::Gtin, TRADE_ITEM),
    key("253", "gdti", digits(13, 13, Rest::Text(17)), &[]),
    key("255", "gcn", digits(13, 13, Rest::Digits(12)), &[]),
    key("401", "ginc", Form::Free(Rest::Text(30)), &[]),
    key("402", "gsin", digits(17, 17, Rest::None), &[]),
    key("414", "gln", digits(13, 13, Rest::None), &[&["254"], &["7040"]]),
    key("415", "payto", digits(13, 13, Rest::None), &[&["8020"]]),
    key("417", "party", digits(13, 13, Rest::None), &[&["7040"]]),
    key("8003", "grai", digits(14, 14, Rest::Text(16)), &[]),
    key("8004", "giai", Form::Free(Rest::Text(30)), &[]),
    key("8006", "itip", digits(18, 14, Rest::None), &[&["22", "10", "21"]]),
    key("8010", "cpid", Form::Free(Rest::Part(30)), &[&["8011"]]),
    key("8013", "gmn", Form::Free(Rest::Text(25)), &[]),
    key("8017", "gsrnp", digits(18, 18, Rest::None), &[&["8019"]]),
    key("8018", "gsrn", digits(18, 18, Rest::None), &[&["8019"]]),
    qualifier("10", "lot", Form::Free(Rest::Text(20))),
    qualifier("21", "ser", Form::Free(Rest::Text(20))),
    qualifier("22", "cpv", Form::Free(Rest::Text(20))),
    qualifier("235", "tpx", Form::Free(Rest::Text(28))),
    qualifier("254", "glnx", Form::Free(Rest::Text(20))),
    qualifier("7040", "uic", digits(1, 0, Rest::Text(3))),
    qualifier("8011", "cpsn", Form::Free(Rest::Digits(12))),
    qualifier("8019", "srin", Form::Free(Rest::Digits(10))),
    qualifier("8020", "refno", Form::Free(Rest::Text(25))),
    attribute("11", "", Form::Date),
    attribute("12", "", Form::Date),
    attribute("13", "", Form::Date),
    attribute("15", "", Form::Date),
    attribute("16", "", Form::Date),
    attribute("17", "exp", Form::Date),
    attribute("20", "", digits(2, 0, Rest::None)),
    attribute("30", "", Form::Free(Rest::Digits(8))),
    attribute("37", "", Form::Free(Rest::Digits(8))),
    attribute("7003", "expdt", Form::DateTime),
    attribute("8008", "", digits(8, 0, Rest::Digits(4))),
];

/// The rule of an application identifier, by its number or its name in letters.
pub(super) fn rule(ai: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.ai == ai || (!rule.name.is_empty() && rule.name == ai))
}

impl Rule {
    /// Whether it is this key, or one that can only be this one.
    pub(super) fn is_key(&self) -> bool {
        self.role == Role::Key
    }

    /// Checks a value and gives it in its normal form.
    pub(super) fn read(&self, value: String) -> Result<String, TapRefusal> {
        match self.form {
            Form::Gtin => {
                if !matches!(value.len(), 8 | 12..=14) {
                    return Err(length(&value, "8, 12, 13 or 14 digits"));
                }
                check(&value).map_err(refused)?;
                Ok(format!("{value:0>14}"))
            }
            Form::Digits { count, check: at, then } => {
                let Some((fixed, rest)) = value.split_at_checked(count) else {
                    return Err(length(&value, "as many digits as its kind of GS1 key has"));
                };
                if !fixed.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(TapRefusal::malformed("digits"));
                }
                then.check(rest, &value)?;
                check(&fixed[..at]).map_err(refused)?;
                Ok(value)
            }
            Form::Free(rest) => {
                if value.is_empty() {
                    return Err(length(&value, "at least one character"));
                }
                rest.check(&value, &value)?;
                Ok(value)
            }
            Form::Date => date(&value, 6).map(|()| value),
            Form::DateTime => date(&value, 10).map(|()| value),
        }
    }
}

impl Rest {
    fn check(self, rest: &str, value: &str) -> Result<(), TapRefusal> {
        let (most, fits): (usize, fn(u8) -> bool) = match self {
            Self::None => (0, |_| false),
            Self::Digits(most) => (most, |byte| byte.is_ascii_digit()),
            Self::Text(most) => (most, is_in_set_82),
            Self::Part(most) => (most, |byte| matches!(byte, b'#' | b'-' | b'/' | b'0'..=b'9' | b'A'..=b'Z')),
        };
        if rest.len() > most {
            return Err(length(value, "no more characters than its application identifier allows"));
        }
        if !rest.bytes().all(fits) {
            return Err(TapRefusal::malformed("characters of its application identifier"));
        }
        Ok(())
    }
}

/// Character set 82.
pub(super) fn is_in_set_82(byte: u8) -> bool {
    matches!(byte, b'!' | b'"' | b'%'..=b'?' | b'A'..=b'Z' | b'_' | b'a'..=b'z')
}

fn date(value: &str, count: usize) -> Result<(), TapRefusal> {
    if value.len() != count {
        return Err(length(value, "a date of 6 digits, or 10 with its time"));
    }
    if !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(TapRefusal::malformed("digits"));
    }
    let pair = |at: usize| value.get(at..at + 2).map_or(0, |two| two.parse().unwrap_or(u8::MAX));
    let days = match pair(2) {
        // The century is not told, so a leap day always may be.
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return Err(TapRefusal::malformed("a month from 01 to 12")),
    };
    if pair(4) > days || pair(6) > 23 || pair(8) > 59 {
        return Err(TapRefusal::malformed("a day and time that there are"));
    }
    Ok(())
}

fn length(value: &str, expected: &'static str) -> TapRefusal {
    TapRefusal::WrongLength { found: value.len(), expected }
}

fn refused(error: Gs1KeyError) -> TapRefusal {
    match error {
        Gs1KeyError::CheckDigit => TapRefusal::BadCheckDigit,
        Gs1KeyError::Length { found } => TapRefusal::WrongLength { found, expected: "digits of a GS1 key" },
        Gs1KeyError::Digit => TapRefusal::malformed("digits"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_identifier_stands_once_and_every_qualifier_is_one() {
        let mut seen = BTreeSet::new();
        for entry in &RULES {
            assert!(seen.insert(entry.ai), "{}", entry.ai);
            assert!(entry.name.is_empty() || seen.insert(entry.name), "{}", entry.name);
            for ai in entry.qualifiers.concat() {
                assert!(rule(ai).is_some_and(|rule| rule.role == Role::Qualifier), "{ai}");
            }
            assert!(entry.is_key() || entry.qualifiers.is_empty());
        }
    }

    #[test]
    fn values_have_the_form_of_their_identifier() {
        let code = |ai: &str, value: &str| {
            let read = rule(ai).map(|rule| rule.read(value.to_owned()));
            match read {
                Some(Ok(read)) => read,
                Some(Err(refusal)) => refusal.code().to_owned(),
                None => "unknown".to_owned(),
            }
        };
        for (ai, value, expected) in [
            ("01", "96385074", "00000096385074"),
            ("01", "9638507", "bad_length"),
            ("01", "96385075", "bad_check_digit"),
            ("01", "9638507X", "malformed"),
            ("00", "106141412345678908", "106141412345678908"),
            ("00", "106141412345678909", "bad_check_digit"),
            ("00", "1061414123456789080", "bad_length"),
            ("253", "9506000134352AB", "9506000134352AB"),
            ("253", "9506000134352", "9506000134352"),
            ("253", "9506000134353AB", "bad_check_digit"),
            ("253", "95060001343521234567890123456789", "bad_length"),
            ("255", "950600013435212", "950600013435212"),
            ("255", "9506000134352A", "malformed"),
            ("8003", "09506000134352A", "09506000134352A"),
            ("8006", "095060001343520102", "095060001343520102"),
            ("8006", "095060001343530102", "bad_check_digit"),
            ("8010", "AB-1/2#", "AB-1/2#"),
            ("8010", "ab", "malformed"),
            ("10", "", "bad_length"),
            ("10", "12345678901234567890", "12345678901234567890"),
            ("10", "123456789012345678901", "bad_length"),
            ("10", "A$", "malformed"),
            ("10", "A B", "malformed"),
            ("17", "271231", "271231"),
            ("17", "270200", "270200"),
            ("17", "271301", "malformed"),
            ("17", "270432", "malformed"),
            ("17", "2712", "bad_length"),
            ("7003", "2712312359", "2712312359"),
            ("7003", "2712312400", "malformed"),
            ("lot", "A", "A"),
            ("", "A", "unknown"),
        ] {
            assert_eq!(code(ai, value), expected, "({ai}) {value}");
        }
    }
}
