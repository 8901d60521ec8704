//! NDEF messages: records side by side (NFC Forum NDEF 1.0 §3).
//!
//! A message is read as a whole: its first record says that it begins, its last that it ends, and nothing follows.
//! Records borrow from the bytes. Chunks, which no tag or phone writes, are refused.

mod rtd;

pub use rtd::{RtdError, Text};

/// Most records in a message. The fullest bundle of a wallet has some twenty.
pub const NDEF_RECORDS_MAX: usize = 256;

/// Longest message that is looked into, in bytes: the memory of the largest tags a shop meets (NTAG 216 has 888 bytes,
/// NTAG 424 DNA 256) with room to spare.
pub const NDEF_MESSAGE_MAX: usize = 4096;

/// Longest type or id of a record, in bytes: each has one byte of length.
pub const NDEF_NAME_MAX: usize = 255;

/// What the type of a record means (§3.2.6). Values 6 (a middle chunk) and 7 (reserved) are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "three bits, by standard")]
pub enum Tnf {
    /// Nothing: no type, no id, no payload.
    Empty,
    /// A type of the NFC Forum, such as `U`.
    WellKnown,
    /// A media type (RFC 2046).
    Media,
    /// The type is a URI.
    AbsoluteUri,
    /// A type of somebody else, such as Smart Tap's.
    External,
    /// No type, only a payload.
    Unknown,
}

impl Tnf {
    const ALL: [Self; 6] =
        [Self::Empty, Self::WellKnown, Self::Media, Self::AbsoluteUri, Self::External, Self::Unknown];
}

/// A record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the parts of a record, by standard")]
pub struct Record<'a> {
    /// What its type means.
    pub tnf: Tnf,
    /// Its type.
    pub kind: &'a [u8],
    /// Its id; empty where there is none.
    pub id: &'a [u8],
    /// What it carries.
    pub payload: &'a [u8],
}

/// Bytes that are no message, or records that make none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NdefError {
    /// No record at all.
    #[error("a message of at least one record")]
    Empty,
    /// The bytes end within a record.
    #[error("a record that ends where its lengths say")]
    Truncated,
    /// The first record does not begin the message, or another one does.
    #[error("a first record, and no other, that begins the message")]
    Begin,
    /// The last record does not end the message, or bytes follow it.
    #[error("a last record, and no other, that ends the message")]
    End,
    /// A chunk of a record.
    #[error("a record in one piece")]
    Chunk,
    /// A type name format that is reserved, or a type, id or payload that it does not allow.
    #[error("a type, id and payload that the type name format allows")]
    Type,
    /// A type or id of more than [`NDEF_NAME_MAX`] bytes, or a payload of 4 GiB.
    #[error("a type and an id of at most {NDEF_NAME_MAX} bytes")]
    TooLong,
    /// More records than [`NDEF_RECORDS_MAX`].
    #[error("more than {NDEF_RECORDS_MAX} records")]
    TooMany,
}

const MESSAGE_BEGIN: u8 = 0x80;
const MESSAGE_END: u8 = 0x40;
const CHUNK: u8 = 0x20;
const SHORT: u8 = 0x10;
const HAS_ID: u8 = 0x08;

impl<'a> Record<'a> {
    /// A record of an external type.
    #[must_use]
    pub const fn external(kind: &'a [u8], payload: &'a [u8]) -> Self {
        Self { tnf: Tnf::External, kind, id: &[], payload }
    }

    /// Whether type or id is this name. Smart Tap names a well-known record by its id and every other by its type.
    #[must_use]
    pub fn is_named(&self, name: &[u8]) -> bool {
        self.kind == name || self.id == name
    }

    /// Whether the lengths are those that the format allows (§3.2.6).
    fn is_allowed(&self) -> bool {
        match self.tnf {
            Tnf::Empty => self.kind.is_empty() && self.id.is_empty() && self.payload.is_empty(),
            Tnf::Unknown => self.kind.is_empty(),
            Tnf::WellKnown | Tnf::Media | Tnf::AbsoluteUri | Tnf::External => !self.kind.is_empty(),
        }
    }

    /// The record at the start, its flags, and the bytes after it.
    fn read(bytes: &'a [u8]) -> Result<(u8, Self, &'a [u8]), NdefError> {
        let [flags, kind_length, rest @ ..] = bytes else { return Err(NdefError::Truncated) };
        if flags & CHUNK != 0 {
            return Err(NdefError::Chunk);
        }
        let tnf = *Tnf::ALL.get(usize::from(flags & 0x07)).ok_or(NdefError::Type)?;
        let (payload_length, rest) = match (flags & SHORT != 0, rest) {
            (true, [length, rest @ ..]) => (u32::from(*length), rest),
            (false, [a, b, c, d, rest @ ..]) => (u32::from_be_bytes([*a, *b, *c, *d]), rest),
            _ => return Err(NdefError::Truncated),
        };
        let (id_length, rest) = match (flags & HAS_ID != 0, rest) {
            (false, rest) => (0, rest),
            (true, [length, rest @ ..]) => (*length, rest),
            (true, []) => return Err(NdefError::Truncated),
        };
        let payload_length = usize::try_from(payload_length).map_err(|_| NdefError::Truncated)?;
        let cut = |bytes: &'a [u8], length| bytes.split_at_checked(length).ok_or(NdefError::Truncated);
        let (kind, rest) = cut(rest, usize::from(*kind_length))?;
        let (id, rest) = cut(rest, usize::from(id_length))?;
        let (payload, rest) = cut(rest, payload_length)?;
        let record = Self { tnf, kind, id, payload };
        if !record.is_allowed() {
            return Err(NdefError::Type);
        }
        Ok((*flags, record, rest))
    }

    fn write(&self, position: u8, out: &mut Vec<u8>) -> Result<(), NdefError> {
        if !self.is_allowed() {
            return Err(NdefError::Type);
        }
        let name = |name: &[u8]| u8::try_from(name.len()).map_err(|_| NdefError::TooLong);
        let payload = u32::try_from(self.payload.len()).map_err(|_| NdefError::TooLong)?;
        let (kind, id) = (name(self.kind)?, name(self.id)?);
        let tnf = Tnf::ALL.iter().position(|tnf| *tnf == self.tnf).expect("ALL has all of them");
        let mut flags = position | u8::try_from(tnf).expect("six of them");
        flags |= if payload <= 0xFF { SHORT } else { 0 } | if id > 0 { HAS_ID } else { 0 };
        out.extend([flags, kind]);
        match payload.to_be_bytes() {
            [0, 0, 0, length] => out.push(length),
            length => out.extend(length),
        }
        out.extend((id > 0).then_some(id));
        for part in [self.kind, self.id, self.payload] {
            out.extend_from_slice(part);
        }
        Ok(())
    }
}

/// A message.
///
/// ```
/// use phygital_core::contactless::ndef::Message;
/// let message = Message::parse(b"\xD1\x01\x0CU\x04tap.example")?;
/// assert_eq!(message.uri()?.as_deref(), Some("https://tap.example"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<'a>(Vec<Record<'a>>);

impl<'a> Message<'a> {
    /// Reads a message that takes up all of the bytes.
    ///
    /// # Errors
    /// [`NdefError`] for anything else.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, NdefError> {
        if bytes.is_empty() {
            return Err(NdefError::Empty);
        }
        let mut records = Vec::new();
        let mut rest = bytes;
        loop {
            if records.len() == NDEF_RECORDS_MAX {
                return Err(NdefError::TooMany);
            }
            let (flags, record, after) = Record::read(rest)?;
            if (flags & MESSAGE_BEGIN != 0) != records.is_empty() {
                return Err(NdefError::Begin);
            }
            records.push(record);
            match (flags & MESSAGE_END != 0, after) {
                (true, []) => return Ok(Self(records)),
                (false, [_, ..]) => rest = after,
                _ => return Err(NdefError::End),
            }
        }
    }

    /// Its records, in order; at least one.
    #[must_use]
    pub fn records(&self) -> &[Record<'a>] {
        &self.0
    }

    /// The first record of that name, as [`Record::is_named`].
    #[must_use]
    pub fn find(&self, name: &[u8]) -> Option<&Record<'a>> {
        self.0.iter().find(|record| record.is_named(name))
    }

    /// The URI of the first record that has one; a Smart Poster is looked into.
    ///
    /// # Errors
    /// [`RtdError`] if that record is malformed.
    pub fn uri(&self) -> Result<Option<String>, RtdError> {
        self.0.iter().find_map(|record| record.uri().transpose()).transpose()
    }
}

/// The bytes of a message of these records, each in its shortest form.
///
/// # Errors
/// [`NdefError`] for no record, too many, or one that cannot be.
pub fn encode(records: &[Record<'_>]) -> Result<Vec<u8>, NdefError> {
    if records.is_empty() {
        return Err(NdefError::Empty);
    }
    if records.len() > NDEF_RECORDS_MAX {
        return Err(NdefError::TooMany);
    }
    let mut out = Vec::new();
    for (index, record) in records.iter().enumerate() {
        let begin = if index == 0 { MESSAGE_BEGIN } else { 0 };
        let end = if index + 1 == records.len() { MESSAGE_END } else { 0 };
        record.write(begin | end, &mut out)?;
    }
    Ok(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const U: Record<'static> = Record { tnf: Tnf::WellKnown, kind: b"U", id: b"", payload: b"\x04h" };

    fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(any::<u8>(), 0..most)
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            parts in prop::collection::vec((prop::sample::select(&Tnf::ALL[..]), bytes(5), bytes(4), bytes(600)), 1..5),
        ) {
            let records: Vec<Record<'_>> = parts
                .iter()
                .map(|(tnf, kind, id, payload)| Record { tnf: *tnf, kind, id, payload })
                .collect();
            match encode(&records) {
                Ok(bytes) => prop_assert_eq!(Message::parse(&bytes), Ok(Message(records))),
                Err(error) => {
                    prop_assert_eq!(error, NdefError::Type);
                    prop_assert!(!records.iter().all(Record::is_allowed));
                }
            }
        }

        /// What is accepted means the same when it is written in its shortest form.
        #[test]
        fn what_is_read_writes_back(tail in bytes(40), flags in prop::sample::select(vec![0xC0u8, 0xD1, 0xD4, 0xD9, 0x94, 0xC1])) {
            let bytes = [&[flags][..], &tail].concat();
            if let Ok(message) = Message::parse(&bytes) {
                let again = encode(message.records()).unwrap();
                prop_assert!(again.len() <= bytes.len());
                prop_assert_eq!(Message::parse(&again).unwrap(), message);
            }
        }
    }

    #[test]
    fn what_is_no_message_is_told() {
        let good = encode(&[U, U]).unwrap();
        for cut in 1..good.len() {
            let error = Message::parse(&good[..cut]).unwrap_err();
            assert!(matches!(error, NdefError::Truncated | NdefError::End), "{cut}: {error}");
        }
        for (bytes, error) in [
            (&b""[..], NdefError::Empty),
            (b"\xD1\x01\x00U\0", NdefError::End),
            (b"\x51\x01\x00U", NdefError::Begin),
            (b"\x91\x01\x00U\xD1\x01\x00U", NdefError::Begin),
            (b"\x91\x01\x00U", NdefError::End),
            (b"\xF1\x01\x00U", NdefError::Chunk),
            (b"\xD6\x00\x00", NdefError::Type),
            (b"\xD7\x00\x00", NdefError::Type),
            (b"\xD0\x00\x01x", NdefError::Type),
            (b"\xD1\x00\x00", NdefError::Type),
            (b"\xD5\x01\x00U", NdefError::Type),
            (b"\xC1\x01\xFF\xFF\xFF\xFFU", NdefError::Truncated),
            (b"\xC1\x01\x00\x00", NdefError::Truncated),
            (b"\xD9\x01\x00", NdefError::Truncated),
        ] {
            assert_eq!(Message::parse(bytes), Err(error), "{bytes:02X?}");
        }
    }

    #[test]
    fn an_empty_message_and_long_forms_are_read() {
        assert_eq!(Message::parse(b"\xD0\0\0").unwrap().records()[0].tnf, Tnf::Empty);
        // A short payload with a long length, an id of no bytes.
        let message = Message::parse(b"\xC9\x01\0\0\0\x02\0U\x04h").unwrap();
        assert_eq!(message.records(), [U]);
        let name = [7; NDEF_NAME_MAX + 1];
        assert!(encode(&[Record { id: &name[1..], ..U }]).is_ok());
        assert_eq!(encode(&[Record { id: &name, ..U }]), Err(NdefError::TooLong));
        assert_eq!(encode(&[]), Err(NdefError::Empty));
    }

    #[test]
    fn records_are_counted() {
        let many = [U; NDEF_RECORDS_MAX + 1];
        assert_eq!(encode(&many), Err(NdefError::TooMany));
        let mut bytes = encode(&many[1..]).unwrap();
        assert_eq!(Message::parse(&bytes).unwrap().records().len(), NDEF_RECORDS_MAX);
        let last = bytes.len() - 6;
        bytes[last] &= !MESSAGE_END;
        bytes.extend(b"\x51\x01\x00U");
        assert_eq!(Message::parse(&bytes), Err(NdefError::TooMany));
    }

    #[test]
    fn a_record_is_named_by_type_or_id() {
        let message = encode(&[
            Record::external(b"oid", b"1"),
            Record { tnf: Tnf::WellKnown, kind: b"T", id: b"n", payload: b"\0x" },
        ]);
        let message = message.unwrap();
        let message = Message::parse(&message).unwrap();
        assert_eq!(message.find(b"n").map(|record| record.payload), Some(&b"\0x"[..]));
        assert_eq!(message.find(b"oid").map(|record| record.payload), Some(&b"1"[..]));
        assert_eq!(message.find(b"i"), None);
    }
}
