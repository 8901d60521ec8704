//! The cryptography of secure dynamic messaging in AES mode (NT4H2421Gx §9.3, AN12196 §4.3 and §4.4).

use std::fmt;

use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes::{Aes128Dec, Aes128Enc};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::crypto::{Block, CmacKey, Secret, truncate_mac};
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
#[derive(Clone, Copy)]
pub(crate) struct PiccData {
    pub(crate) tag: PiccDataTag,
    pub(crate) uid: Option<TagUid>,
    pub(crate) read_ctr: Option<ReadCounter>,
}

impl PiccData {
    #[inline]
    pub(crate) fn parse(plain: &Block) -> Option<Self> {
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

/// The two session vectors of a tap (NT4H2421Gx §9.3.9.1): `C33C` or `3CC3`, `0001 0080`, then what the tag
/// mirrors of UID and counter, then zeros.
#[inline]
pub(crate) fn session_vector(label: [u8; 2], uid: Option<TagUid>, ctr: Option<ReadCounter>) -> Block {
    let mut vector = [0; 16];
    vector[..6].copy_from_slice(&[label[0], label[1], 0x00, 0x01, 0x00, 0x80]);
    let mut at = 6;
    if let Some(uid) = uid {
        vector[at..at + 7].copy_from_slice(uid.as_bytes());
        at += 7;
    }
    if let Some(ctr) = ctr {
        vector[at..at + 3].copy_from_slice(&ctr.to_lsb());
    }
    vector
}

/// Labels the vector that gives the encryption key.
pub(crate) const LABEL_ENC: [u8; 2] = [0xC3, 0x3C];
/// Labels the vector that gives the MAC key.
pub(crate) const LABEL_MAC: [u8; 2] = [0x3C, 0xC3];

/// An expanded SDMFileReadKey.
pub(crate) struct SdmFileKey(CmacKey<Aes128Enc>);

impl SdmFileKey {
    #[inline]
    pub(crate) fn new(key: &[u8; 16]) -> Self {
        Self(CmacKey::new(key))
    }

    /// The key for the MAC of one tap.
    #[inline]
    pub(crate) fn mac_session(&self, uid: Option<TagUid>, ctr: Option<ReadCounter>) -> MacSession {
        self.session(&session_vector(LABEL_MAC, uid, ctr))
    }

    /// The MAC session of a vector that is not as the standard says, for diagnosis.
    #[inline]
    pub(crate) fn session(&self, vector: &Block) -> MacSession {
        let mut key = self.0.mac(vector);
        let session = MacSession(CmacKey::new(&key));
        key.zeroize();
        session
    }

    /// Decrypts file data in place: CBC under the tap's encryption key, the initialisation vector being the
    /// encrypted counter.
    pub(crate) fn decrypt(&self, uid: TagUid, ctr: ReadCounter, data: &mut [u8]) {
        let (mut key, mut chain) = self.enc_session(uid, ctr);
        let cipher = Aes128Dec::new(&Array::from(key));
        key.zeroize();
        for block in data.chunks_exact_mut(16) {
            let encrypted = number(block);
            let mut plain = Array::from(encrypted.to_be_bytes());
            cipher.decrypt_block(&mut plain);
            block.copy_from_slice(&(u128::from_be_bytes(plain.into()) ^ chain).to_be_bytes());
            chain = encrypted;
        }
    }

    /// Encrypts file data in place, as the tag does.
    pub(crate) fn encrypt(&self, uid: TagUid, ctr: ReadCounter, data: &mut [u8]) {
        let (mut key, mut chain) = self.enc_session(uid, ctr);
        let cipher = Aes128Enc::new(&Array::from(key));
        key.zeroize();
        for block in data.chunks_exact_mut(16) {
            let mut out = Array::from((number(block) ^ chain).to_be_bytes());
            cipher.encrypt_block(&mut out);
            block.copy_from_slice(&out);
            chain = number(block);
        }
    }

    /// The encryption key and initialisation vector of one tap.
    fn enc_session(&self, uid: TagUid, ctr: ReadCounter) -> ([u8; 16], u128) {
        let key = self.0.mac(&session_vector(LABEL_ENC, Some(uid), Some(ctr)));
        let mut counter = [0; 16];
        counter[..3].copy_from_slice(&ctr.to_lsb());
        let iv = CmacKey::<Aes128Enc>::new(&key).encrypt_block(&counter);
        (key, u128::from_be_bytes(iv))
    }
}

fn number(block: &[u8]) -> u128 {
    u128::from_be_bytes(block.try_into().expect("chunks of 16 bytes"))
}

/// The MAC key of one tap.
pub(crate) struct MacSession(CmacKey<Aes128Enc>);

impl MacSession {
    /// The 8 bytes that the tag sends for `input`.
    #[inline]
    pub(crate) fn mac(&self, input: &[u8]) -> [u8; 8] {
        truncate_mac(&self.full_mac(input))
    }

    #[inline]
    pub(crate) fn full_mac(&self, input: &[u8]) -> Block {
        self.0.mac(input)
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
    /// Derives them from the SDMFileReadKey and what the tag mirrors of UID and counter (NT4H2421Gx §9.3.9.1).
    #[must_use]
    pub fn derive(file_read_key: &Secret<16>, uid: Option<TagUid>, ctr: Option<ReadCounter>) -> Self {
        let key = CmacKey::<Aes128Enc>::new(file_read_key.expose());
        let session = |label| Secret::take(&mut key.mac(&session_vector(label, uid, ctr)));
        Self { enc: uid.and(ctr).map(|_| session(LABEL_ENC)), mac: session(LABEL_MAC) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn file_data_reads_back(key: [u8; 16], uid: [u8; 7], ctr in 0..=0xFF_FFFFu32, blocks in prop::collection::vec(any::<[u8; 16]>(), 0..6)) {
            let key = SdmFileKey::new(&key);
            let (uid, ctr) = (TagUid::new(uid), ReadCounter::new(ctr).unwrap());
            let plain = blocks.concat();
            let mut data = plain.clone();
            key.encrypt(uid, ctr, &mut data);
            key.decrypt(uid, ctr, &mut data);
            prop_assert_eq!(data, plain);
        }
    }
}
