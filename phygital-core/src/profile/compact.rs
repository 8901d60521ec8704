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

/// A place in the fold as 32 characters: base64url (RFC 4648, section 5) of 8 bytes of time, big-endian
/// microseconds, and the 16 bytes of the event's key. A profile names some twenty events, so the
/// readable form would be a third of it.
pub(super) mod by {
    use std::fmt;

    use serde::de::{Deserializer, Error, Unexpected, Visitor};
    use serde::ser::Serializer;

    use super::FoldKey;
    use crate::vocab::{EventKey, Timestamp};

    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    pub(in crate::profile) fn serialize<S: Serializer>(
        by: &FoldKey,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(&write(by)).expect("letters of the alphabet"))
    }

    pub(in crate::profile) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<FoldKey, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = FoldKey;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("32 characters of base64url for time and event")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<FoldKey, E> {
                read(text).ok_or_else(|| E::invalid_value(Unexpected::Other("another text"), &self))
            }
        }
        deserializer.deserialize_str(Text)
    }

    pub(super) fn write(by: &FoldKey) -> [u8; 32] {
        let mut bytes = [0; 24];
        bytes[..8].copy_from_slice(&by.at.as_micros().to_be_bytes());
        bytes[8..].copy_from_slice(by.key.as_bytes());
        let mut text = [0; 32];
        for (three, four) in bytes.chunks_exact(3).zip(text.chunks_exact_mut(4)) {
            let bits = three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
            for (shift, c) in [18, 12, 6, 0].into_iter().zip(four) {
                *c = ALPHABET[(bits >> shift & 63) as usize];
            }
        }
        text
    }

    pub(super) fn read(text: &str) -> Option<FoldKey> {
        let mut bytes = [0; 24];
        if text.len() != 32 {
            return None;
        }
        for (four, three) in text.as_bytes().chunks_exact(4).zip(bytes.chunks_exact_mut(3)) {
            let digits = four.iter().map(|c| DIGITS[usize::from(*c)]);
            let (bits, all) =
                digits.fold((0_u32, 0), |(bits, all), digit| (bits << 6 | u32::from(digit), all | digit));
            if all == NO_DIGIT {
                return None;
            }
            three.copy_from_slice(&bits.to_be_bytes()[1..]);
        }
        let (at, key) = bytes.split_first_chunk::<8>()?;
        let at = Timestamp::from_micros(i64::from_be_bytes(*at)).ok()?;
        Some(FoldKey { at, key: EventKey::from_bytes(key.try_into().ok()?) })
    }

    /// What a byte stands for; a byte outside the alphabet has all bits set.
    const DIGITS: [u8; 256] = {
        let mut digits = [NO_DIGIT; 256];
        let mut digit = 0;
        while digit < ALPHABET.len() {
            digits[ALPHABET[digit] as usize] = digit as u8;
            digit += 1;
        }
        digits
    };

    const NO_DIGIT: u8 = 0xff;
}

/// As [`by`], where there may be none.
pub(super) mod maybe_by {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::FoldKey;

    #[derive(Serialize, Deserialize)]
    struct By(#[serde(with = "super::by")] FoldKey);

    pub(in crate::profile) fn serialize<S: Serializer>(
        by: &Option<FoldKey>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        by.map(By).serialize(serializer)
    }

    pub(in crate::profile) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<FoldKey>, D::Error> {
        Ok(<Option<By>>::deserialize(deserializer)?.map(|By(by)| by))
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
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{FoldKey, by, cut};
    use crate::vocab::{EventKey, Timestamp};

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "abc");
        assert_eq!(cut("a\u{e9}\u{e9}", 4), "a\u{e9}");
    }

    #[test]
    fn a_place_in_the_fold_is_base64url() {
        // python3: base64.urlsafe_b64encode((1_234_567_890_123_456).to_bytes(8, "big") + b"\xfb" * 16)
        let at = Timestamp::from_micros(1_234_567_890_123_456).unwrap();
        let place = FoldKey { at, key: EventKey::from_bytes([0xfb; 16]) };
        assert_eq!(by::write(&place), *b"AARi1TyKusD7-_v7-_v7-_v7-_v7-_v7");
        let last = FoldKey { at: Timestamp::MAX, key: EventKey::from_bytes([0xff; 16]) };
        for place in [place, last, FoldKey { at: Timestamp::MIN, key: EventKey::from_bytes([0; 16]) }] {
            let text = by::write(&place);
            assert_eq!(by::read(std::str::from_utf8(&text).unwrap()), Some(place));
        }
        for bad in ["", "A", &"_".repeat(32), &"A".repeat(33), &"+".repeat(32), &"\u{e9}".repeat(16)] {
            assert_eq!(by::read(bad), None, "{bad}");
        }
    }
}
