//! A strict reader of CBOR (RFC 8949): definite lengths, shortest forms, no map key twice, bounded depth. It copies
//! nothing.

use crate::tap::limits::{CBOR_DEPTH_MAX, CBOR_ENTRIES_MAX};
use crate::tap::refusal::TapRefusal;

/// The head of an item, and for strings all of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Item<'a> {
    Unsigned(u64),
    /// -1 minus this.
    Negative(u64),
    Bytes(&'a [u8]),
    Text(&'a str),
    /// So many items follow.
    Array(u64),
    /// So many pairs follow.
    Map(u64),
    /// One item follows.
    Tag(u64),
    Null,
    /// False, true, undefined, any floating-point number.
    Other,
}

/// What is still to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

const ENDS: TapRefusal = TapRefusal::malformed("a CBOR item that does not end early");

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next head.
    pub(super) fn item(&mut self) -> Result<Item<'a>, TapRefusal> {
        let initial = self.take(1)?[0];
        let (major, info) = (initial >> 5, initial & 31);
        if major == 7 {
            return match info {
                20 | 21 | 23 => Ok(Item::Other),
                22 => Ok(Item::Null),
                25..=27 => self.take(1 << (info - 24)).map(|_| Item::Other),
                31 => Err(TapRefusal::malformed("CBOR of definite length")),
                _ => Err(TapRefusal::malformed("CBOR without simple values of no meaning")),
            };
        }
        let argument = match info {
            0..=23 => u64::from(info),
            24..=27 => {
                let bytes = self.take(1 << (info - 24))?;
                let argument = bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
                let least = if info == 24 { 24 } else { 1 << (4 << (info - 24)) };
                if argument < least {
                    return Err(TapRefusal::malformed("CBOR in its shortest form"));
                }
                argument
            }
            31 => return Err(TapRefusal::malformed("CBOR of definite length")),
            _ => return Err(TapRefusal::malformed("CBOR")),
        };
        Ok(match major {
            0 => Item::Unsigned(argument),
            1 => Item::Negative(argument),
            2 => Item::Bytes(self.take(argument)?),
            3 => {
                let text = std::str::from_utf8(self.take(argument)?);
                Item::Text(text.map_err(|_| TapRefusal::malformed("CBOR texts of UTF-8"))?)
            }
            4 => Item::Array(argument),
            5 => Item::Map(argument),
            _ => Item::Tag(argument),
        })
    }

    /// Reads a map's pairs: `pair` is given each key and has to read the value, or leaves it to be skipped. Keys are
    /// numbers or texts, as labels and claims are.
    pub(super) fn map(
        &mut self,
        mut pair: impl FnMut(Item<'a>, &mut Self) -> Result<(), TapRefusal>,
    ) -> Result<(), TapRefusal> {
        let Item::Map(length) = self.item()? else { return Err(TapRefusal::malformed("a CBOR map")) };
        self.pairs(
            length,
            |reader| {
                let key = reader.item()?;
                if !matches!(key, Item::Unsigned(_) | Item::Negative(_) | Item::Text(_)) {
                    return Err(TapRefusal::malformed("labels that are numbers or texts"));
                }
                Ok(key)
            },
            |key, reader| {
                let before = *reader;
                pair(key, reader)?;
                if reader.0.len() == before.0.len() { reader.skip(1) } else { Ok(()) }
            },
        )
    }

    fn pairs<K>(
        &mut self,
        length: u64,
        mut key: impl FnMut(&mut Self) -> Result<K, TapRefusal>,
        mut value: impl FnMut(K, &mut Self) -> Result<(), TapRefusal>,
    ) -> Result<(), TapRefusal> {
        if length > CBOR_ENTRIES_MAX as u64 {
            return Err(TapRefusal::malformed("CBOR maps of at most 64 entries"));
        }
        // In their shortest form, equal keys are equal bytes.
        let mut keys: [&[u8]; CBOR_ENTRIES_MAX] = [&[]; CBOR_ENTRIES_MAX];
        for at in 0..length as usize {
            let start = self.0;
            let read = key(self)?;
            let written = &start[..start.len() - self.0.len()];
            if keys[..at].contains(&written) {
                return Err(TapRefusal::malformed("CBOR maps without a repeated key"));
            }
            keys[at] = written;
            value(read, self)?;
        }
        Ok(())
    }

    /// Reads an item with all it holds and leaves it out.
    pub(super) fn skip(&mut self, depth: usize) -> Result<(), TapRefusal> {
        if depth > CBOR_DEPTH_MAX {
            return Err(TapRefusal::malformed("CBOR nested at most 8 deep"));
        }
        match self.item()? {
            Item::Tag(_) => self.skip(depth + 1),
            Item::Array(length) => (0..length).try_for_each(|_| self.skip(depth + 1)),
            Item::Map(length) => {
                self.pairs(length, |reader| reader.skip(depth + 1), |(), reader| reader.skip(depth + 1))
            }
            _ => Ok(()),
        }
    }

    /// Nothing follows.
    pub(super) fn end(&self) -> Result<(), TapRefusal> {
        if self.0.is_empty() { Ok(()) } else { Err(TapRefusal::malformed("nothing after the CBOR item")) }
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], TapRefusal> {
        let length = usize::try_from(length).map_err(|_| ENDS)?;
        let (taken, rest) = self.0.split_at_checked(length).ok_or(ENDS)?;
        self.0 = rest;
        Ok(taken)
    }
}

/// Appends a byte string with its head.
pub(super) fn push_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    const MAJOR: u8 = 2 << 5;
    match bytes.len() {
        length @ 0..24 => out.push(MAJOR | length as u8),
        length @ 24..256 => out.extend([MAJOR | 24, length as u8]),
        length @ 256..65_536 => {
            out.push(MAJOR | 25);
            out.extend((length as u16).to_be_bytes());
        }
        length => {
            out.push(MAJOR | 27);
            out.extend((length as u64).to_be_bytes());
        }
    }
    out.extend(bytes);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ciborium::Value;
    use proptest::prelude::*;

    use super::*;

    fn whole(bytes: &[u8]) -> Result<(), TapRefusal> {
        let mut reader = Reader::new(bytes);
        reader.skip(1)?;
        reader.end()
    }

    #[test]
    fn only_the_shortest_form_of_definite_length() {
        for good in [&[0x17][..], &[0x18, 24], &[0x19, 1, 0], &[0xF6], &[0xF9, 0, 0], &[0xF7], &[0x60]] {
            assert_eq!(whole(good), Ok(()), "{good:02x?}");
        }
        for bad in [
            &[0x18, 23][..],
            &[0x19, 0, 0xFF],
            &[0x1A, 0, 0, 0xFF, 0xFF],
            &[0x1B, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF],
            &[0x1C],
            &[0x5F, 0x41, 0, 0xFF],
            &[0x9F, 0xFF],
            &[0xBF, 0xFF],
            &[0xE0],
            &[0xF8, 32],
            &[0xFF],
            &[0x61, 0xFF],
            &[0x41],
            &[],
            &[0, 0],
        ] {
            assert!(whole(bad).is_err(), "{bad:02x?}");
        }
    }

    #[test]
    fn no_length_is_trusted() {
        for major in 2..6u8 {
            let mut bytes = vec![major << 5 | 27];
            bytes.extend(u64::MAX.to_be_bytes());
            assert!(whole(&bytes).is_err());
        }
    }

    #[test]
    fn no_key_stands_twice_at_any_depth() {
        assert!(whole(&[0xA2, 1, 0, 2, 0]).is_ok());
        assert!(whole(&[0xA2, 1, 0, 1, 0]).is_err());
        assert!(whole(&[0x81, 0xA2, 0x61, b'a', 0, 0x61, b'a', 1]).is_err());
    }

    #[test]
    fn depth_and_entries_are_bounded() {
        let nested = |depth: usize| [vec![0x81; depth - 1], vec![0]].concat();
        assert!(whole(&nested(CBOR_DEPTH_MAX)).is_ok());
        assert!(whole(&nested(CBOR_DEPTH_MAX + 1)).is_err());
        let map = |entries: usize| {
            let value = Value::Map((0..entries).map(|key| (Value::from(key as u64), Value::Null)).collect());
            let mut bytes = Vec::new();
            ciborium::into_writer(&value, &mut bytes).unwrap();
            bytes
        };
        assert!(whole(&map(CBOR_ENTRIES_MAX)).is_ok());
        assert!(whole(&map(CBOR_ENTRIES_MAX + 1)).is_err());
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<u64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            prop::collection::vec(any::<u8>(), 0..30).prop_map(Value::Bytes),
            ".{0,8}".prop_map(Value::Text),
            any::<bool>().prop_map(Value::Bool),
            any::<f64>().prop_map(Value::Float),
            Just(Value::Null),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                prop::collection::vec(inner.clone(), 0..4).prop_map(|values| {
                    let pairs = values.into_iter().enumerate();
                    Value::Map(pairs.map(|(key, value)| (Value::from(key as u64), value)).collect())
                }),
                (24..1000u64, inner).prop_map(|(tag, value)| Value::Tag(tag, Box::new(value))),
            ]
        })
    }

    proptest! {
        /// What the crate writes is read; what is read, the crate reads too, to the same end.
        #[test]
        fn agrees_with_the_crate(value in value(), cut: prop::sample::Index, noise in any::<u8>()) {
            let mut bytes = Vec::new();
            ciborium::into_writer(&value, &mut bytes).unwrap();
            prop_assert_eq!(whole(&bytes), Ok(()));
            let at = cut.index(bytes.len());
            prop_assert!(whole(&bytes[..at]).is_err());
            // The crate reads tags 2 and 3 as numbers, and so refuses what else they are put before.
            prop_assume!(![0xC2, 0xC3].contains(&noise));
            bytes[at] = noise;
            if whole(&bytes).is_ok() {
                let mut rest = &bytes[..];
                prop_assert!(ciborium::from_reader::<Value, _>(&mut rest).is_ok());
                prop_assert!(rest.is_empty());
            }
        }

        #[test]
        fn byte_strings_are_written_as_the_crate_does(length in 0..70_000usize) {
            let bytes = vec![7; length];
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            push_bytes(&bytes, &mut ours);
            ciborium::into_writer(&Value::Bytes(bytes), &mut theirs).unwrap();
            // The crate knows the form of four bytes, which no token of ours reaches.
            if length < 65_536 {
                prop_assert_eq!(ours, theirs);
            }
        }
    }
}
