//! What the PICCData of a tap says, and the session that a tag opens for each tap (NT4H2421Gx §9.3).

use std::fmt;

use aes::Aes128Enc;
use serde::{Deserialize, Serialize};

use super::mode::SdmMode;
use super::reading::not_digits;
use crate::crypto::{Block, CmacKey, Lrp, Secret};
use crate::tap::refusal::{Field, TapRefusal};
use crate::vocab::hex;
use crate::vocab::tag::{ReadCounter, TagUid};

/// The first byte of decrypted PICCData: which of UID and counter it holds (NT4H2421Gx §9.3.4).
///
/// Real tags send these three. JSON is the byte as two lower-case digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(clippy::exhaustive_enums, reason = "the chip has no other")]
pub enum PiccDataTag {
    /// `C7`: a 7-byte UID and the read counter.
    #[serde(rename = "c7")]
    UidAndCounter,
    /// `87`: a 7-byte UID.
    #[serde(rename = "87")]
    Uid,
    /// `40`: the read counter.
    #[serde(rename = "40")]
    Counter,
}

impl PiccDataTag {
    /// The byte itself.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::UidAndCounter => 0xC7,
            Self::Uid => 0x87,
            Self::Counter => 0x40,
        }
    }

    /// The tag of this byte: bit 7 UID, bit 6 counter, bits 5 and 4 zero, bits 3 to 0 the UID's length, 7, or
    /// 0 without UID. None for any other.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0xC7 => Some(Self::UidAndCounter),
            0x87 => Some(Self::Uid),
            0x40 => Some(Self::Counter),
            _ => None,
        }
    }
}

impl fmt::Display for PiccDataTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}", self.byte())
    }
}

/// Decrypted PICCData: tag, UID, counter, then random padding. Decrypting authenticates nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PiccData {
    /// Which of the two it holds.
    pub tag: PiccDataTag,
    /// The tag's UID.
    pub uid: Option<TagUid>,
    /// Its read counter at this tap.
    pub read_ctr: Option<ReadCounter>,
}

impl PiccData {
    /// Reads the 16 bytes that decrypting gave; none if no tag sends such.
    #[inline]
    #[must_use]
    pub fn parse(plain: &[u8; 16]) -> Option<Self> {
        let tag = PiccDataTag::from_byte(plain[0])?;
        let uid = || TagUid::new(std::array::from_fn(|i| plain[1 + i]));
        let ctr = |at: usize| ReadCounter::from_lsb([plain[at], plain[at + 1], plain[at + 2]]);
        Some(match tag {
            PiccDataTag::UidAndCounter => Self { tag, uid: Some(uid()), read_ctr: Some(ctr(8)) },
            PiccDataTag::Uid => Self { tag, uid: Some(uid()), read_ctr: None },
            PiccDataTag::Counter => Self { tag, uid: None, read_ctr: Some(ctr(1)) },
        })
    }

    /// The 16 bytes before encryption; `padding` fills what is left.
    pub(crate) fn to_block(self, padding: &[u8; 16]) -> Block {
        let mut block = *padding;
        block[0] = self.tag.byte();
        let mut at = 1;
        if let Some(uid) = self.uid {
            block[at..at + 7].copy_from_slice(uid.as_bytes());
            at += 7;
        }
        if let Some(ctr) = self.read_ctr {
            block[at..at + 3].copy_from_slice(&ctr.to_lsb());
        }
        block
    }
}

/// PICCData as a tag mirrors it; its length tells the mode (NT4H2421Gx §9.3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the chip has two modes")]
pub enum EncryptedPiccData {
    /// One block: 32 digits.
    Aes([u8; 16]),
    /// The random number under which it was encrypted, and one block: 48 digits.
    Lrp {
        /// PICCRand, the counter of LRICB.
        random: [u8; 8],
        /// The block.
        data: [u8; 16],
    },
}

impl EncryptedPiccData {
    /// Reads the digits of the mirror.
    ///
    /// # Errors
    /// [`TapRefusal::BadLength`] and [`TapRefusal::BadHex`].
    #[inline]
    pub fn from_hex(text: &[u8]) -> Result<Self, TapRefusal> {
        let refusal = |_| not_digits(Field::PiccData, text);
        if text.len() == SdmMode::Lrp.picc_data_width() {
            let (random, data) = text.split_at(16);
            let random = hex::decode(random).map_err(refusal)?;
            return Ok(Self::Lrp { random, data: hex::decode(data).map_err(refusal)? });
        }
        Ok(Self::Aes(hex::decode(text).map_err(refusal)?))
    }

    /// The mode of the tag that sent it.
    #[must_use]
    pub const fn mode(&self) -> SdmMode {
        match self {
            Self::Aes(_) => SdmMode::Aes,
            Self::Lrp { .. } => SdmMode::Lrp,
        }
    }
}

/// What a tag makes the keys of one tap from: its mode, and which of UID and counter it mirrors.
///
/// A host whose keys are in a vault hands the vectors to it; see [`super::KeyRing::session_mac`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SdmSession {
    mode: SdmMode,
    uid: Option<TagUid>,
    read_ctr: Option<ReadCounter>,
    counter_reversed: bool,
}

/// Labels the vector that gives the encryption key in AES mode.
const LABEL_ENC: [u8; 2] = [0xC3, 0x3C];
/// Labels the vector that gives the MAC key in AES mode.
const LABEL_MAC: [u8; 2] = [0x3C, 0xC3];
/// Ends the vector of LRP mode.
const TRAILER_LRP: [u8; 2] = [0x1E, 0xE1];

impl SdmSession {
    /// The session of a tap in this mode with what was mirrored.
    #[inline]
    #[must_use]
    pub const fn new(mode: SdmMode, uid: Option<TagUid>, read_ctr: Option<ReadCounter>) -> Self {
        Self { mode, uid, read_ctr, counter_reversed: false }
    }

    /// The session that a home-made tag opens which takes its counter the wrong way round.
    pub(crate) const fn reversed(self) -> Self {
        Self { counter_reversed: true, ..self }
    }

    /// The mode.
    #[must_use]
    pub const fn mode(&self) -> SdmMode {
        self.mode
    }

    /// The UID, if it is mirrored.
    #[must_use]
    pub const fn uid(&self) -> Option<TagUid> {
        self.uid
    }

    /// The counter, if it is mirrored.
    #[must_use]
    pub const fn read_ctr(&self) -> Option<ReadCounter> {
        self.read_ctr
    }

    /// The vector whose CMAC under the file read key is the MAC key of the tap, in AES mode: `3CC3 0001 0080`, UID,
    /// counter, zeros (SV2 of NT4H2421Gx §9.3.9.1). In LRP mode the vector whose LRP-CMAC is the tap's master key:
    /// `0001 0080`, UID, counter, zeros, `1EE1` (§9.3.9.2).
    #[inline]
    #[must_use]
    pub fn mac_vector(&self) -> [u8; 16] {
        match self.mode {
            SdmMode::Aes => self.vector(&[LABEL_MAC[0], LABEL_MAC[1], 0x00, 0x01, 0x00, 0x80]),
            SdmMode::Lrp => {
                let mut vector = self.vector(&[0x00, 0x01, 0x00, 0x80]);
                vector[14..].copy_from_slice(&TRAILER_LRP);
                vector
            }
        }
    }

    /// The vector whose CMAC under the file read key is the encryption key of the tap, in AES mode: `C33C 0001 0080`,
    /// UID, counter (SV1 of NT4H2421Gx §9.3.9.1). In LRP mode both keys are made of [`SdmSession::mac_vector`].
    #[must_use]
    pub fn enc_vector(&self) -> [u8; 16] {
        match self.mode {
            SdmMode::Aes => self.vector(&[LABEL_ENC[0], LABEL_ENC[1], 0x00, 0x01, 0x00, 0x80]),
            SdmMode::Lrp => self.mac_vector(),
        }
    }

    /// The counter of LRICB at the first block of file data, most significant byte first: the read counter as it
    /// is sent, then zeros (NT4H2421Gx §9.3.6.2). In AES mode the first bytes of the block that is encrypted to the
    /// initialisation vector (§9.3.6.1).
    #[must_use]
    pub fn file_data_counter(&self) -> [u8; 6] {
        let mut counter = [0; 6];
        counter[..3].copy_from_slice(&self.read_ctr.unwrap_or(ReadCounter::ZERO).to_lsb());
        counter
    }

    #[inline]
    fn vector(&self, head: &[u8]) -> Block {
        let mut vector = [0; 16];
        vector[..head.len()].copy_from_slice(head);
        let mut at = head.len();
        if let Some(uid) = self.uid {
            vector[at..at + 7].copy_from_slice(uid.as_bytes());
            at += 7;
        }
        if let Some(ctr) = self.read_ctr {
            vector[at..at + 3].copy_from_slice(&ctr.to_lsb());
            if self.counter_reversed {
                vector[at..at + 3].reverse();
            }
        }
        vector
    }
}

/// The session keys of one tap, for whoever checks an implementation of the tag against ours.
///
/// [`crate::tap::verify`] makes its own and wipes them.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionKeys {
    /// SesSDMFileReadENCKey. It is made of both UID and counter, so a tag without one of them has none.
    pub enc: Option<Secret<16>>,
    /// SesSDMFileReadMACKey.
    pub mac: Secret<16>,
}

impl SessionKeys {
    /// Derives them from the SDMFileReadKey and what the tag mirrors of UID and counter, in AES mode (NT4H2421Gx
    /// §9.3.9.1).
    #[must_use]
    pub fn derive(file_read_key: &Secret<16>, uid: Option<TagUid>, ctr: Option<ReadCounter>) -> Self {
        let key = CmacKey::<Aes128Enc>::new(file_read_key.expose());
        let session = SdmSession::new(SdmMode::Aes, uid, ctr);
        let enc = uid.and(ctr).map(|_| Secret::take(&mut key.mac(&session.enc_vector())));
        Self { enc, mac: Secret::take(&mut key.mac(&session.mac_vector())) }
    }

    /// The master key of a tap in LRP mode, of whose plaintexts and updated keys both session keys are made: number
    /// 0 for the MAC, number 1 for encryption (NT4H2421Gx §9.3.9.2).
    #[must_use]
    pub fn lrp_master(
        file_read_key: &Secret<16>,
        uid: Option<TagUid>,
        ctr: Option<ReadCounter>,
    ) -> Secret<16> {
        let session = SdmSession::new(SdmMode::Lrp, uid, ctr);
        Secret::take(&mut Lrp::new(file_read_key, 0).cmac(&session.mac_vector()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_three_tags_are_picc_data() {
        let accepted: Vec<u8> =
            (0..=u8::MAX).filter(|byte| PiccDataTag::from_byte(*byte).is_some()).collect();
        assert_eq!(accepted, [0x40, 0x87, 0xC7]);
        for byte in accepted {
            assert_eq!(PiccDataTag::from_byte(byte).map(PiccDataTag::byte), Some(byte));
        }
    }

    #[test]
    fn the_length_of_picc_data_tells_its_mode() {
        let read = |length: usize| EncryptedPiccData::from_hex(&vec![b'a'; length]);
        assert_eq!(read(32), Ok(EncryptedPiccData::Aes([0xAA; 16])));
        assert_eq!(read(48), Ok(EncryptedPiccData::Lrp { random: [0xAA; 8], data: [0xAA; 16] }));
        for found in [0, 30, 34, 46, 50, 64] {
            assert_eq!(read(found), Err(TapRefusal::BadLength { field: Field::PiccData, found }));
        }
        let no_hex = TapRefusal::BadHex { field: Field::PiccData };
        for found in [31, 33, 47, 49] {
            assert_eq!(read(found), Err(no_hex.clone()), "half a pair");
        }
        for at in [0, 15, 16, 47] {
            let mut text = vec![b'0'; 48];
            text[at] = b'g';
            assert_eq!(EncryptedPiccData::from_hex(&text), Err(no_hex.clone()));
        }
    }
}
