//! What tells the chips apart.

use std::ops::Range;

use phygital_core::contactless::type2::Type2Chip;

/// A chip of a [`Type2Tag`](crate::Type2Tag).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Type2TagChip {
    /// NTAG 213: 144 bytes.
    Ntag213,
    /// NTAG 215: 504 bytes.
    Ntag215,
    /// NTAG 216: 888 bytes.
    Ntag216,
    /// NTAG 223 DNA: 144 bytes and a SUNCMAC key.
    Ntag223,
    /// NTAG 224 DNA: 208 bytes and a SUNCMAC key.
    Ntag224,
}

impl Type2TagChip {
    /// Each of them.
    pub const EACH: [Self; 5] = [Self::Ntag213, Self::Ntag215, Self::Ntag216, Self::Ntag223, Self::Ntag224];

    /// As GET_VERSION makes it known.
    #[must_use]
    pub const fn known(self) -> Type2Chip {
        match self {
            Self::Ntag213 => Type2Chip::Ntag213,
            Self::Ntag215 => Type2Chip::Ntag215,
            Self::Ntag216 => Type2Chip::Ntag216,
            Self::Ntag223 => Type2Chip::Ntag223Dna,
            Self::Ntag224 => Type2Chip::Ntag224Dna,
        }
    }

    pub(super) const fn version(self) -> [u8; 8] {
        let (major, storage) = match self {
            Self::Ntag213 => (0x01, 0x0F),
            Self::Ntag215 => (0x01, 0x11),
            Self::Ntag216 => (0x01, 0x13),
            Self::Ntag223 => (0x04, 0x0F),
            Self::Ntag224 => (0x05, 0x10),
        };
        [0x00, 0x04, 0x04, 0x02, major, 0x00, storage, 0x03]
    }

    pub(super) const fn pages(self) -> usize {
        match self {
            Self::Ntag213 => 45,
            Self::Ntag215 => 135,
            Self::Ntag216 => 231,
            Self::Ntag223 => 60,
            Self::Ntag224 => 76,
        }
    }

    /// Where a message may be.
    pub(super) const fn user_pages(self) -> Range<usize> {
        4..self.dynamic_locks()
    }

    /// The page of the dynamic lock bytes, after the last of the user's.
    pub(super) const fn dynamic_locks(self) -> usize {
        match self {
            Self::Ntag213 | Self::Ntag223 => 40,
            Self::Ntag215 => 130,
            Self::Ntag216 => 226,
            Self::Ntag224 => 56,
        }
    }

    /// How many pages a dynamic lock bit closes.
    pub(super) const fn pages_a_lock(self) -> usize {
        match self {
            Self::Ntag213 | Self::Ntag223 | Self::Ntag224 => 2,
            Self::Ntag215 | Self::Ntag216 => 16,
        }
    }

    /// The third byte of the capability container: the memory in units of eight bytes.
    pub(super) const fn capability(self) -> u8 {
        match self {
            Self::Ntag213 | Self::Ntag223 => 0x12,
            Self::Ntag215 => 0x3E,
            Self::Ntag216 => 0x6D,
            Self::Ntag224 => 0x1A,
        }
    }

    pub(super) const fn has_key(self) -> bool {
        matches!(self, Self::Ntag223 | Self::Ntag224)
    }

    /// The pages of the SUNCMAC key; none on a chip without.
    pub(super) const fn key_pages(self) -> Range<usize> {
        match self {
            Self::Ntag223 => 52..56,
            Self::Ntag224 => 68..72,
            Self::Ntag213 | Self::Ntag215 | Self::Ntag216 => 0..0,
        }
    }

    /// The pages that read as zeros: password and its acknowledgement, or the key.
    pub(super) const fn secret_pages(self) -> Range<usize> {
        match self {
            Self::Ntag213 => 43..45,
            Self::Ntag215 => 133..135,
            Self::Ntag216 => 229..231,
            Self::Ntag223 | Self::Ntag224 => self.key_pages(),
        }
    }

    pub(super) const fn signature_bytes(self) -> usize {
        if self.has_key() { 48 } else { 32 }
    }
}
