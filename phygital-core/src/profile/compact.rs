//! The short JSON that profiles are stored in, and texts cut to their limits.

use crate::event::FoldKey;

/// Prints a type's name and nothing of what it holds.
macro_rules! elided_debug {
    ($($name:ident),* $(,)?) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(elided)"))
            }
        }
    )*};
}
pub(super) use elided_debug;

/// The text, or as many whole characters of it as fit `most` bytes.
pub(super) fn cut(text: &str, most: usize) -> String {
    let end = (0..=most.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    text[..end].to_owned()
}

pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

pub(super) fn one() -> u32 {
    1
}

pub(super) fn is_one(count: &u32) -> bool {
    *count == 1
}

/// A place in the fold as `[microseconds, "event key"]`.
pub(super) mod by {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use super::FoldKey;
    use crate::vocab::{EventKey, Timestamp};

    pub(in crate::profile) fn serialize<S: Serializer>(
        by: &FoldKey,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        (by.at.as_micros(), by.key).serialize(serializer)
    }

    pub(in crate::profile) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<FoldKey, D::Error> {
        let (micros, key) = <(i64, EventKey)>::deserialize(deserializer)?;
        Ok(FoldKey { at: Timestamp::from_micros(micros).map_err(D::Error::custom)?, key })
    }
}

/// A time as microseconds.
pub(super) mod at {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::vocab::Timestamp;

    pub(in crate::profile) fn serialize<S: Serializer>(
        at: &Timestamp,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(at.as_micros())
    }

    pub(in crate::profile) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Timestamp, D::Error> {
        Timestamp::from_micros(i64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// An amount as `[minor units, "currency"]`.
pub(super) mod money {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::vocab::{Currency, Money};

    pub(in crate::profile) fn serialize<S: Serializer>(
        money: &Option<Money>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        money.map(|money| (money.minor(), money.currency())).serialize(serializer)
    }

    pub(in crate::profile) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Money>, D::Error> {
        let pair = <Option<(i64, Currency)>>::deserialize(deserializer)?;
        Ok(pair.map(|(minor, currency)| Money::new(minor, currency)))
    }
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "abc");
        assert_eq!(cut("aéé", 4), "aé");
    }
}
