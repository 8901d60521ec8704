//! What is known of one customer: how often, how late and how long.

use thiserror::Error;

use crate::vocab::limits::{REPEATS_MAX, SUMMARY_TIME_LEAST, SUMMARY_TIME_MAX};

/// The purchases of one customer: `repeats` after the first one, the last of them `recency` after the first, seen until
/// `age` after the first. Times are in any one unit, the same for all customers of a model.
///
/// ```
/// use phygital_core::measure::value::{Summary, SummaryError};
/// let customer = Summary::new(2, 30.43, 38.86)?; // weeks
/// assert_eq!((customer.repeats(), customer.age()), (2, 38.86));
/// assert_eq!(Summary::new(2, 40.0, 38.86), Err(SummaryError::Order));
/// # Ok::<(), SummaryError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    repeats: u32,
    recency: f64,
    age: f64,
}

/// Why figures are no summary of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SummaryError {
    /// No number, infinite, or below zero.
    #[error("expected a number not below 0 in {0}")]
    Number(Field),
    /// Other than 0, and shorter or longer than a model can compute with.
    #[error("expected 0, or from {SUMMARY_TIME_LEAST:e} to {SUMMARY_TIME_MAX:e} in {0}")]
    Range(Field),
    /// Repeat purchases that are no whole number, such as 1.5.
    #[error("expected a whole number in {0}")]
    Fraction(Field),
    /// More than [`REPEATS_MAX`].
    #[error("expected at most {REPEATS_MAX} repeat purchases")]
    TooMany,
    /// The last purchase after the end of what was seen.
    #[error("expected recency at most age: the last purchase is after the end")]
    Order,
    /// Repeat purchases, and the last of them at the time of the first.
    #[error("expected recency above 0 with repeat purchases: purchases of one period count once")]
    NoRecency,
    /// No repeat purchase, and yet a time for it.
    #[error("expected recency 0 without repeat purchases")]
    NoRepeat,
}

/// A figure of a summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Field {
    /// How many repeat purchases, often x.
    Repeats,
    /// The time of the last one, often t_x.
    Recency,
    /// How long was looked, often T.
    Age,
    /// The mean value of repeat purchases, often z.
    Mean,
    /// How many customers are alike.
    Weight,
}

impl std::fmt::Display for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Field::Repeats => "frequency",
            Field::Recency => "recency",
            Field::Age => "age (T)",
            Field::Mean => "mean value",
            Field::Weight => "weight",
        })
    }
}

impl Summary {
    /// A customer with so many purchases after the first one, the last at `recency`, watched until `age`.
    ///
    /// # Errors
    /// [`SummaryError`] unless 0 <= recency <= age, and recency is 0 exactly where there is no repeat.
    pub fn new(repeats: u32, recency: f64, age: f64) -> Result<Summary, SummaryError> {
        for (number, field) in [(recency, Field::Recency), (age, Field::Age)] {
            if !(number.is_finite() && number >= 0.0) {
                return Err(SummaryError::Number(field));
            }
            if number != 0.0 && !(SUMMARY_TIME_LEAST..=SUMMARY_TIME_MAX).contains(&number) {
                return Err(SummaryError::Range(field));
            }
        }
        if repeats > REPEATS_MAX {
            return Err(SummaryError::TooMany);
        }
        if recency > age {
            return Err(SummaryError::Order);
        }
        match (repeats > 0, recency > 0.0) {
            (true, false) => Err(SummaryError::NoRecency),
            (false, true) => Err(SummaryError::NoRepeat),
            // Adding 0 makes a 0 of a negative one.
            _ => Ok(Summary { repeats, recency: recency + 0.0, age: age + 0.0 }),
        }
    }

    /// The same of three texts, as they stand in a table: decimal numbers. `2` and `2.0` are both two repeats.
    ///
    /// # Errors
    /// [`SummaryError`], naming the figure.
    pub fn parse(repeats: &str, recency: &str, age: &str) -> Result<Summary, SummaryError> {
        let repeats = whole(repeats, Field::Repeats)?;
        let repeats = u32::try_from(repeats).map_err(|_| SummaryError::TooMany)?;
        Summary::new(repeats, decimal(recency, Field::Recency)?, decimal(age, Field::Age)?)
    }

    /// How many purchases followed the first.
    pub fn repeats(&self) -> u32 {
        self.repeats
    }

    /// When the last of them was, after the first.
    pub fn recency(&self) -> f64 {
        self.recency
    }

    /// How long was looked, from the first purchase on.
    pub fn age(&self) -> f64 {
        self.age
    }
}

/// A decimal number not below zero; no sign, no names such as `inf`.
///
/// # Errors
/// [`SummaryError::Number`] with the field.
pub fn decimal(text: &str, field: Field) -> Result<f64, SummaryError> {
    let plain = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'-' | b'+'));
    let number = if plain { text.parse::<f64>().ok() } else { None };
    number.filter(|number| number.is_finite() && *number >= 0.0).ok_or(SummaryError::Number(field))
}

/// A whole number not below zero; zeros may follow a point.
///
/// # Errors
/// [`SummaryError::Number`] or [`SummaryError::Fraction`] with the field.
pub fn whole(text: &str, field: Field) -> Result<u64, SummaryError> {
    if let Some((whole, rest)) = text.split_once('.')
        && !whole.is_empty()
        && rest.bytes().all(|byte| byte == b'0')
    {
        return digits(whole).ok_or(SummaryError::Number(field));
    }
    match digits(text) {
        Some(number) => Ok(number),
        None => decimal(text, field).and(Err(SummaryError::Fraction(field))),
    }
}

fn digits(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_refused() {
        use SummaryError as E;
        for (x, recency, age, expected) in [
            ("-1", "0", "3", E::Number(Field::Repeats)),
            ("1.5", "1", "3", E::Fraction(Field::Repeats)),
            ("NaN", "1", "3", E::Number(Field::Repeats)),
            ("", "1", "3", E::Number(Field::Repeats)),
            ("1", "nan", "3", E::Number(Field::Recency)),
            ("1", "-1", "3", E::Number(Field::Recency)),
            ("1", "1", "inf", E::Number(Field::Age)),
            ("1", "1", "1e999", E::Number(Field::Age)),
            ("1", "4", "3", E::Order),
            ("1", "0", "3", E::NoRecency),
            ("0", "1", "3", E::NoRepeat),
            ("99999999999", "1", "3", E::TooMany),
        ] {
            assert_eq!(Summary::parse(x, recency, age), Err(expected), "{x} {recency} {age}");
        }
        assert_eq!(Summary::parse("2.0", "30.43", "38.86"), Summary::new(2, 30.43, 38.86));
        assert_eq!(Summary::new(0, -0.0, 3.0).unwrap().recency().to_bits(), 0);
    }

    #[test]
    fn figures_have_limits() {
        assert!(Summary::new(1, SUMMARY_TIME_LEAST, SUMMARY_TIME_MAX).is_ok());
        let (short, long) = (0.999 * SUMMARY_TIME_LEAST, 1.001 * SUMMARY_TIME_MAX);
        assert_eq!(Summary::new(1, short, 1.0), Err(SummaryError::Range(Field::Recency)));
        assert_eq!(Summary::new(1, 1.0, long), Err(SummaryError::Range(Field::Age)));
        assert!(Summary::new(REPEATS_MAX, 1.0, 2.0).is_ok());
        assert_eq!(Summary::new(REPEATS_MAX + 1, 1.0, 2.0), Err(SummaryError::TooMany));
    }
}
