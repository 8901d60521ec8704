//! GS1 keys: what names a product, a place or a parcel all over the world (GS1 General Specifications).

use std::fmt;
use std::str::FromStr;

use super::serde_text::serde_text;

/// A text that is no GS1 key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Gs1KeyError {
    /// Another number of digits than the key has.
    #[error("a GS1 key of this kind does not have {found} digits")]
    Length {
        /// How many bytes the text has.
        found: usize,
    },
    /// A character that is no digit.
    #[error("a GS1 key has digits only")]
    Digit,
    /// The last digit does not follow from the others.
    #[error("the check digit of the GS1 key does not match")]
    CheckDigit,
}

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident = $digits:literal from $lengths:pat),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $digits]);

        impl $name {
            /// Its digits.
            #[must_use]
            pub fn as_str(&self) -> &str {
                std::str::from_utf8(&self.0).expect("digits")
            }
        }

        impl FromStr for $name {
            type Err = Gs1KeyError;

            fn from_str(text: &str) -> Result<Self, Gs1KeyError> {
                if !matches!(text.len(), $lengths) {
                    return Err(Gs1KeyError::Length { found: text.len() });
                }
                check(text)?;
                let mut digits = [b'0'; $digits];
                digits[$digits - text.len()..].copy_from_slice(text.as_bytes());
                Ok(Self(digits))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        serde_text!($name, as_str);
    )*};
}

keys! {
    /// A Global Trade Item Number: a product. Read with 8, 12, 13 or 14 digits, kept with 14.
    ///
    /// ```
    /// use phygital_core::vocab::Gtin;
    /// let gtin: Gtin = "9506000134352".parse()?;
    /// assert_eq!(gtin.as_str(), "09506000134352");
    /// # Ok::<(), phygital_core::vocab::Gs1KeyError>(())
    /// ```
    Gtin = 14 from 8 | 12 | 13 | 14,
    /// A Global Location Number: a company, a shop, a place within it. 13 digits.
    Gln = 13 from 13,
    /// A Serial Shipping Container Code: a parcel or pallet. 18 digits.
    Sscc = 18 from 18,
}

/// Checks digits whose last one is a check digit.
pub(crate) fn check(digits: &str) -> Result<(), Gs1KeyError> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Gs1KeyError::Digit);
    }
    // Weights 1, 3, 1, 3, ... from the right, the check digit's own included: the sum is a multiple of ten
    // (General Specifications §7.9).
    let sum: u32 =
        digits.bytes().rev().zip([1, 3].iter().cycle()).map(|(d, w)| u32::from(d - b'0') * w).sum();
    if sum.is_multiple_of(10) { Ok(()) } else { Err(Gs1KeyError::CheckDigit) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_gtin_has_8_12_13_or_14_digits() {
        // The examples of GS1's own calculator and of its standard.
        for (text, padded) in [
            ("96385074", "00000096385074"),
            ("614141123452", "00614141123452"),
            ("9506000134352", "09506000134352"),
            ("10614141543219", "10614141543219"),
        ] {
            let gtin: Gtin = text.parse().unwrap();
            assert_eq!(gtin.to_string(), padded);
            assert_eq!(padded.parse(), Ok(gtin));
        }
        for found in [0, 7, 9, 10, 11, 15] {
            assert_eq!("0".repeat(found).parse::<Gtin>(), Err(Gs1KeyError::Length { found }));
        }
        assert_eq!("9506000134353".parse::<Gtin>(), Err(Gs1KeyError::CheckDigit));
        assert_eq!("950600013435X".parse::<Gtin>(), Err(Gs1KeyError::Digit));
    }

    #[test]
    fn other_keys_have_one_length() {
        assert!("9506000134352".parse::<Gln>().is_ok());
        assert!("09506000134352".parse::<Gln>().is_err());
        assert!("106141412345678908".parse::<Sscc>().is_ok());
        let sscc: Sscc = serde_json::from_str("\"106141412345678908\"").unwrap();
        assert_eq!(serde_json::to_string(&sscc).unwrap(), "\"106141412345678908\"");
        assert!(serde_json::from_str::<Gln>("\"9506000134353\"").is_err());
    }

    proptest! {
        /// Exactly one last digit fits, and any other single digit changed is noticed.
        #[test]
        fn a_check_digit_catches_one_wrong_digit(digits in "[0-9]{13}", at in 0..14usize, by in 1..10u8) {
            let fitting: Vec<String> =
                (0..10).map(|last| format!("{digits}{last}")).filter(|text| check(text).is_ok()).collect();
            prop_assert_eq!(fitting.len(), 1);
            let mut changed = fitting[0].clone().into_bytes();
            changed[at] = (changed[at] - b'0' + by) % 10 + b'0';
            prop_assert!(check(std::str::from_utf8(&changed).unwrap()).is_err());
        }
    }
}
