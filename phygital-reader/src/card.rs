//! What a reader found.

use std::fmt;

/// The longest UID of ISO/IEC 14443-3, type A: three cascade levels.
pub const UID_BYTES_MAX: usize = 10;

/// A card, tag or phone that a reader found and selected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Card {
    /// How it is spoken to.
    pub technology: Technology,
    /// What it called itself in the anticollision. Phones, and tags that were told to, draw a new one each time, so it
    /// tells two cards apart and never who somebody is.
    pub uid: Uid,
}

/// How a card is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Technology {
    /// APDUs over ISO/IEC 14443-4: NFC Forum Type 4 tags, NTAG 424 DNA, phones.
    IsoDep,
    /// Commands of NFC Forum Type 2 tags: NTAG 21x and 22x.
    Type2,
    /// Another, of which only the UID is known.
    Other,
}

/// The bytes of a UID: 4, 7 or 10 of them; none where the reader could not tell.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Uid {
    bytes: [u8; UID_BYTES_MAX],
    len: u8,
}

impl Card {
    /// A card of this technology and UID.
    #[must_use]
    pub const fn new(technology: Technology, uid: Uid) -> Self {
        Self { technology, uid }
    }
}

impl Uid {
    /// A UID of up to [`UID_BYTES_MAX`] bytes; `None` where there are more.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let mut uid = Self::default();
        uid.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        uid.len = u8::try_from(bytes.len()).ok()?;
        Some(uid)
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// Whether it was drawn for this encounter alone: 4 bytes that begin with 08 (ISO/IEC 14443-3, 6.5.4).
    #[must_use]
    pub fn is_random(&self) -> bool {
        self.len == 4 && self.bytes[0] == 0x08
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uid({self})")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_uid_has_ten_bytes_at_most() {
        assert_eq!(Uid::new(&[7; UID_BYTES_MAX]).unwrap().as_bytes(), [7; UID_BYTES_MAX]);
        assert_eq!(Uid::new(&[7; UID_BYTES_MAX + 1]), None);
        assert_eq!(Uid::new(&[0x04, 0xDE, 0x5F]).unwrap().to_string(), "04DE5F");
    }

    #[test]
    fn four_bytes_that_begin_with_eight_are_random() {
        assert!(Uid::new(&[0x08, 1, 2, 3]).unwrap().is_random());
        assert!(!Uid::new(&[0x08, 1, 2, 3, 4, 5, 6]).unwrap().is_random());
        assert!(!Uid::new(&[0x04, 1, 2, 3]).unwrap().is_random());
    }
}
