//! The capability container: what a tag can do, and where its message is.

use super::Type4Error;

/// What the capability container says (Type 4 Tag 3.0 §4.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the fields of the file")]
pub struct CapabilityContainer {
    /// The mapping version: major in the upper four bits, 2 or 3; minor in the lower.
    pub version: u8,
    /// MLe: most bytes of a piece that is read, at least 15.
    pub read_max: u16,
    /// MLc: most bytes of a piece that is written, at least 1.
    pub write_max: u16,
    /// The file of the message.
    pub file: NdefFile,
}

/// The file of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the fields of its control TLV")]
pub struct NdefFile {
    /// Its id.
    pub id: [u8; 2],
    /// Its size in bytes, the message's length included.
    pub size: u32,
    /// Whether the message's length has four bytes instead of two.
    pub is_extended: bool,
    /// Whether the message may be read: 0 says yes.
    pub read_access: u8,
    /// Whether it may be written: 0 says yes, FF no.
    pub write_access: u8,
}

/// The bytes that every container has, as far as they are of use: its length, version, MLe, MLc, a control TLV.
pub(super) const HEAD: usize = 15;

/// Bytes before the control TLV.
const CONTROL: usize = 7;

const NDEF_CONTROL: u8 = 0x04;
const EXTENDED_CONTROL: u8 = 0x06;

/// Ids that are no message's: those of other standards, and those that mean no file (§4.3.2).
const NO_FILES: [[u8; 2]; 6] =
    [[0x00, 0x00], [0xE1, 0x02], [0xE1, 0x03], [0x3F, 0x00], [0x3F, 0xFF], [0xFF, 0xFF]];

impl CapabilityContainer {
    /// Reads a container: its first 15 bytes, or 17 with an extended control TLV. What follows are other files.
    ///
    /// # Errors
    /// [`Type4Error::Container`].
    ///
    /// ```
    /// use phygital_core::contactless::type4::CapabilityContainer;
    /// // As an NTAG 424 DNA comes from the factory.
    /// let bytes = [0, 0x17, 0x20, 1, 0, 0, 0xFF, 4, 6, 0xE1, 4, 1, 0, 0, 0, 5, 6, 0xE1, 5, 0, 0x80, 0x82, 0x83];
    /// let cc = CapabilityContainer::parse(&bytes)?;
    /// assert_eq!((cc.read_max, cc.file.id, cc.file.size), (256, [0xE1, 0x04], 256));
    /// # Ok::<(), phygital_core::contactless::type4::Type4Error>(())
    /// ```
    pub fn parse(bytes: &[u8]) -> Result<Self, Type4Error> {
        let fault = |expected| Type4Error::Container { expected };
        let (head, control) = bytes.split_at_checked(CONTROL).ok_or(fault("at least 15 bytes"))?;
        let word = |high: u8, low: u8| u16::from_be_bytes([high, low]);
        let length = usize::from(word(head[0], head[1]));
        let version = head[2];
        let (read_max, write_max) = (word(head[3], head[4]), word(head[5], head[6]));
        if !matches!(version >> 4, 2 | 3) {
            return Err(fault("mapping version 2 or 3"));
        }
        if read_max < 15 || write_max < 1 {
            return Err(fault("at least 15 bytes to read and 1 to write"));
        }
        let file = match *control {
            [NDEF_CONTROL, 6, a, b, high, low, read_access, write_access, ..] => NdefFile {
                id: [a, b],
                size: u32::from(word(high, low)),
                is_extended: false,
                read_access,
                write_access,
            },
            [EXTENDED_CONTROL, 8, a, b, c, d, e, f, read_access, write_access, ..] => NdefFile {
                id: [a, b],
                size: u32::from_be_bytes([c, d, e, f]),
                is_extended: true,
                read_access,
                write_access,
            },
            _ => return Err(fault("a control TLV of the NDEF file first")),
        };
        if length < HEAD + if file.is_extended { 2 } else { 0 } {
            return Err(fault("the length of what it holds"));
        }
        if NO_FILES.contains(&file.id) {
            return Err(fault("the id of a file"));
        }
        if usize::try_from(file.size).is_ok_and(|size| size < file.header()) {
            return Err(fault("a file that has room for the length of its message"));
        }
        Ok(Self { version, read_max, write_max, file })
    }

    /// The container's bytes, as a tag has them: with this file alone.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let NdefFile { id, size, is_extended, read_access, write_access } = self.file;
        let size = size.to_be_bytes();
        let (kind, size) =
            if is_extended { (EXTENDED_CONTROL, &size[..]) } else { (NDEF_CONTROL, &size[2..]) };
        let mut bytes = vec![0, 0, self.version];
        bytes.extend(self.read_max.to_be_bytes());
        bytes.extend(self.write_max.to_be_bytes());
        bytes.extend([kind, if is_extended { 8 } else { 6 }]);
        bytes.extend(id);
        bytes.extend(size);
        bytes.extend([read_access, write_access]);
        bytes[1] = u8::try_from(bytes.len()).expect("at most 17");
        bytes
    }

    /// How many more bytes than [`HEAD`] have to be read, from what these say.
    pub(super) fn missing(head: &[u8]) -> usize {
        if head.get(CONTROL) == Some(&EXTENDED_CONTROL) { 2 } else { 0 }
    }
}

impl NdefFile {
    /// Bytes of the message's length.
    #[must_use]
    pub const fn header(&self) -> usize {
        if self.is_extended { 4 } else { 2 }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) const PLAIN: CapabilityContainer = CapabilityContainer {
        version: 0x20,
        read_max: 256,
        write_max: 255,
        file: NdefFile { id: [0xE1, 0x04], size: 256, is_extended: false, read_access: 0, write_access: 0 },
    };

    proptest! {
        #[test]
        fn what_is_read_writes_back(bytes in prop::collection::vec(any::<u8>(), 0..20), kind in 4..7u8, extended: bool) {
            let mut bytes = bytes;
            if bytes.len() > 8 {
                bytes[..3].copy_from_slice(&[0, 17, 0x20]);
                bytes[7] = kind;
                bytes[8] = if extended { 8 } else { 6 };
            }
            if let Ok(cc) = CapabilityContainer::parse(&bytes) {
                let written = cc.to_bytes();
                prop_assert_eq!(&written[2..], &bytes[2..written.len()]);
                prop_assert_eq!(CapabilityContainer::parse(&written), Ok(cc));
            }
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let good = PLAIN.to_bytes();
        assert_eq!(good, [0, 15, 0x20, 1, 0, 0, 0xFF, 4, 6, 0xE1, 4, 1, 0, 0, 0]);
        let parse = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            CapabilityContainer::parse(&bytes)
        };
        assert_eq!(parse(0, 0), Ok(PLAIN));
        for (at, byte) in [(1, 14), (2, 0x10), (2, 0x40), (7, 5), (7, 6), (8, 5), (10, 3)] {
            assert_eq!(parse(at, byte).unwrap_err().code(), "bad_container", "byte {at} as {byte}");
        }
        for cut in 0..good.len() {
            assert!(CapabilityContainer::parse(&good[..cut]).is_err());
        }
    }

    #[test]
    fn lengths_have_a_least() {
        let with = |read_max, write_max, size| {
            let file = NdefFile { size, ..PLAIN.file };
            CapabilityContainer::parse(&CapabilityContainer { read_max, write_max, file, ..PLAIN }.to_bytes())
        };
        assert!(with(15, 1, 2).is_ok());
        for (read_max, write_max, size) in [(14, 1, 2), (15, 0, 2), (15, 1, 1)] {
            assert_eq!(with(read_max, write_max, size).unwrap_err().code(), "bad_container");
        }
        let file = NdefFile { is_extended: true, size: 70_000, ..PLAIN.file };
        let extended = CapabilityContainer { version: 0x30, file, ..PLAIN };
        assert_eq!(CapabilityContainer::parse(&extended.to_bytes()), Ok(extended));
        assert_eq!(CapabilityContainer::missing(&extended.to_bytes()), 2);
        assert_eq!(CapabilityContainer::missing(&PLAIN.to_bytes()), 0);
    }
}
