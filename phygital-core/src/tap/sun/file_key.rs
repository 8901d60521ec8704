//! A file read key of a tag, and what is computed with it.

use std::fmt;
use std::sync::{Arc, OnceLock};

use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes::{Aes128Dec, Aes128Enc};
use zeroize::{Zeroize, Zeroizing};

use super::mode::SdmMode;
use super::session::SdmSession;
use crate::crypto::{Block, CmacKey, Lrp, Secret, truncate_mac};
use crate::vocab::tag::{KeyEpoch, TagUid};

/// A file read key (SDMFileReadKey) that a tag may have, with what is known about it.
///
/// It is either held here, expanded for AES, and at its first tap in LRP mode for that too (another 330 bytes,
/// kept with it); or it is sealed: the key ring has it and computes with it, and nothing of it is here.
pub struct FileKey {
    /// None if it is sealed.
    key: Option<Known>,
    uid: Option<TagUid>,
    epoch: KeyEpoch,
    label: Option<Arc<str>>,
}

/// A key that is held here.
struct Known {
    bytes: Zeroizing<Block>,
    aes: CmacKey<Aes128Enc>,
    lrp: OnceLock<Box<LrpFileKey>>,
}

impl FileKey {
    /// A key of the first generation, for whichever tag.
    #[must_use]
    pub fn new(file_read_key: &Secret<16>) -> Self {
        Self::from_bytes(file_read_key.expose())
    }

    /// A key that stays with the key ring, which then has to answer [`super::KeyRing::session_mac`] and
    /// [`super::KeyRing::decrypt_file_data`].
    #[must_use]
    pub const fn sealed() -> Self {
        Self { key: None, uid: None, epoch: KeyEpoch::FIRST, label: None }
    }

    #[inline]
    pub(crate) fn from_bytes(key: &Block) -> Self {
        let known = Known { bytes: Zeroizing::new(*key), aes: CmacKey::new(key), lrp: OnceLock::new() };
        Self { key: Some(known), uid: None, epoch: KeyEpoch::FIRST, label: None }
    }

    /// Says that this tag alone has the key. A tag that mirrors its counter alone is identified by it.
    #[must_use]
    pub fn of_tag(mut self, uid: TagUid) -> Self {
        self.uid = Some(uid);
        self
    }

    /// Sets the generation.
    #[must_use]
    pub fn epoch(mut self, epoch: KeyEpoch) -> Self {
        self.epoch = epoch;
        self
    }

    /// Names the key, for whoever reads the result.
    #[must_use]
    pub fn label(mut self, label: Option<Arc<str>>) -> Self {
        self.label = label;
        self
    }

    /// The one tag that has it.
    #[must_use]
    pub fn tag_uid(&self) -> Option<TagUid> {
        self.uid
    }

    /// Its generation.
    #[must_use]
    pub fn key_epoch(&self) -> KeyEpoch {
        self.epoch
    }

    /// Its name.
    #[must_use]
    pub fn key_label(&self) -> Option<&Arc<str>> {
        self.label.as_ref()
    }

    /// The 16-byte MAC that a tag in this session makes of `input`; it sends every other byte of it. None if the key
    /// is sealed.
    #[must_use]
    pub fn session_mac(&self, session: &SdmSession, input: &[u8]) -> Option<[u8; 16]> {
        self.open(session).map(|opened| opened.full_mac(input))
    }

    /// Decrypts file data in place, whose session has UID and counter. None if the key is sealed, or the data are not
    /// whole blocks.
    pub fn decrypt_file_data(&self, session: &SdmSession, data: &mut [u8]) -> Option<()> {
        let opened = self.open(session)?;
        self.decrypt(session, &opened, data)
    }

    /// The MAC key of one tap; none if the key is sealed.
    #[inline]
    pub(crate) fn open(&self, session: &SdmSession) -> Option<MacSession> {
        let key = self.key.as_ref()?;
        Some(match session.mode() {
            SdmMode::Aes => {
                let mut mac_key = key.aes.mac(&session.mac_vector());
                let opened = MacSession::Aes(CmacKey::new(&mac_key));
                mac_key.zeroize();
                opened
            }
            SdmMode::Lrp => MacSession::Lrp(key.lrp().open(session)),
        })
    }

    /// As [`FileKey::decrypt_file_data`], in a session that is open already.
    pub(crate) fn decrypt(&self, session: &SdmSession, opened: &MacSession, data: &mut [u8]) -> Option<()> {
        let key = self.key.as_ref()?;
        let (blocks, []) = data.as_chunks_mut::<16>() else { return None };
        match opened {
            MacSession::Aes(_) => {
                let (mut enc_key, mut chain) = key.enc_session(session);
                let cipher = Aes128Dec::new(&Array::from(enc_key));
                enc_key.zeroize();
                for block in blocks {
                    let encrypted = u128::from_be_bytes(*block);
                    let mut plain = Array::from(*block);
                    cipher.decrypt_block(&mut plain);
                    *block = (u128::from_be_bytes(plain.into()) ^ chain).to_be_bytes();
                    chain = encrypted;
                }
            }
            MacSession::Lrp(opened) => {
                opened.encryption().decrypt(&mut session.file_data_counter(), data).ok()?;
            }
        }
        Some(())
    }

    /// Encrypts file data in place, as the tag does.
    pub(crate) fn encrypt(&self, session: &SdmSession, data: &mut [u8]) -> Option<()> {
        let key = self.key.as_ref()?;
        match self.open(session)? {
            MacSession::Aes(_) => {
                let (mut enc_key, mut chain) = key.enc_session(session);
                let cipher = Aes128Enc::new(&Array::from(enc_key));
                enc_key.zeroize();
                for block in data.as_chunks_mut::<16>().0 {
                    let mut out = Array::from((u128::from_be_bytes(*block) ^ chain).to_be_bytes());
                    cipher.encrypt_block(&mut out);
                    *block = out.into();
                    chain = u128::from_be_bytes(*block);
                }
            }
            MacSession::Lrp(opened) => {
                opened.encryption().encrypt(&mut session.file_data_counter(), data).ok()?;
            }
        }
        Some(())
    }
}

impl Known {
    /// The key for LRP, expanded at first use.
    fn lrp(&self) -> &LrpFileKey {
        self.lrp.get_or_init(|| Box::new(LrpFileKey::new(&self.bytes)))
    }

    /// The encryption key and initialisation vector of one tap in AES mode: CBC, from the encrypted counter.
    fn enc_session(&self, session: &SdmSession) -> (Block, u128) {
        let key = self.aes.mac(&session.enc_vector());
        let mut counter = [0; 16];
        counter[..6].copy_from_slice(&session.file_data_counter());
        let iv = CmacKey::<Aes128Enc>::new(&key).encrypt_block(&counter);
        (key, u128::from_be_bytes(iv))
    }
}

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = if self.key.is_some() { "elided" } else { "sealed" };
        write!(f, "FileKey({form}, {:?}, epoch {}, {:?})", self.uid, self.epoch, self.label)
    }
}

/// A file read key expanded for LRP.
struct LrpFileKey {
    lrp: Lrp,
    subkey: u128,
    /// How far a session vector is evaluated that begins as those of one tag do.
    start: OnceLock<Start>,
}

/// The vector of a tap begins with the same eleven bytes at each tap of a tag (`0001 0080`, UID), so their
/// evaluation is kept: 22 of 33 operations.
struct Start {
    uid: TagUid,
    state: Block,
}

/// Half bytes of that beginning.
const START_LENGTH: u32 = 22;

impl LrpFileKey {
    fn new(key: &Block) -> Self {
        let (lrp, subkey) = Lrp::with_subkey(key);
        Self { lrp, subkey, start: OnceLock::new() }
    }

    fn open(&self, session: &SdmSession) -> LrpSession {
        // The vector is one whole block, so its MAC is one evaluation.
        let block = u128::from_be_bytes(session.mac_vector()) ^ self.subkey;
        let master = match session.uid() {
            Some(uid) => {
                let state = || self.lrp.state_after(block, START_LENGTH);
                let start = self.start.get_or_init(|| Start { uid, state: state() });
                let state = if start.uid == uid { start.state } else { state() };
                self.lrp.block_from(state, block, START_LENGTH)
            }
            None => self.lrp.mac(self.subkey, &session.mac_vector()),
        };
        LrpSession::new(master)
    }
}

impl Drop for LrpFileKey {
    fn drop(&mut self) {
        self.subkey.zeroize();
    }
}

impl Drop for Start {
    fn drop(&mut self) {
        self.state.zeroize();
    }
}

/// The keys of one tap.
pub(crate) enum MacSession {
    Aes(CmacKey<Aes128Enc>),
    Lrp(LrpSession),
}

impl MacSession {
    /// The 8 bytes that the tag sends for `input`.
    #[inline]
    pub(crate) fn mac(&self, input: &[u8]) -> [u8; 8] {
        truncate_mac(&self.full_mac(input))
    }

    #[inline]
    pub(crate) fn full_mac(&self, input: &[u8]) -> Block {
        match self {
            Self::Aes(key) => key.mac(input),
            Self::Lrp(session) => session.lrp.mac(session.subkey, input),
        }
    }
}

/// The keys of one tap in LRP mode.
pub(crate) struct LrpSession {
    /// For the MAC.
    lrp: Lrp,
    subkey: u128,
    master: Block,
}

impl LrpSession {
    fn new(master: Block) -> Self {
        let (lrp, subkey) = Lrp::with_subkey(&master);
        Self { lrp, subkey, master }
    }

    /// The key for file data.
    fn encryption(&self) -> Lrp {
        self.lrp.under(&self.master, 1)
    }
}

impl Drop for LrpSession {
    fn drop(&mut self) {
        self.subkey.zeroize();
        self.master.zeroize();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::vocab::tag::ReadCounter;

    proptest! {
        #[test]
        fn file_data_reads_back(key: [u8; 16], uid: [u8; 7], ctr in 0..=0xFF_FFFFu32, blocks in prop::collection::vec(any::<[u8; 16]>(), 0..6)) {
            let key = FileKey::from_bytes(&key);
            for mode in SdmMode::ALL {
                let uid = Some(TagUid::new(uid));
                let session = SdmSession::new(mode, uid, ReadCounter::new(ctr).ok());
                let plain = blocks.concat();
                let mut data = plain.clone();
                key.encrypt(&session, &mut data).unwrap();
                key.decrypt_file_data(&session, &mut data).unwrap();
                prop_assert_eq!(data, plain);
            }
        }

        /// What is kept of a tag's first tap in LRP mode changes nothing for it nor for another tag.
        #[test]
        fn what_is_kept_changes_no_mac(key: [u8; 16], uids: [[u8; 7]; 2], ctrs in prop::collection::vec(0..=0xFF_FFFFu32, 1..5)) {
            let kept = FileKey::from_bytes(&key);
            for ctr in ctrs {
                for uid in [Some(uids[0]), Some(uids[1]), None] {
                    let session = SdmSession::new(SdmMode::Lrp, uid.map(TagUid::new), ReadCounter::new(ctr).ok());
                    let mut master = Lrp::from_bytes(&key, 0).cmac(&session.mac_vector());
                    let expected = Lrp::new(&Secret::take(&mut master), 0).cmac(b"input");
                    prop_assert_eq!(kept.session_mac(&session, b"input"), Some(expected));
                }
            }
        }
    }

    #[test]
    fn a_sealed_key_computes_nothing() {
        let session = SdmSession::new(SdmMode::Aes, None, None);
        assert_eq!(FileKey::sealed().session_mac(&session, b""), None);
        assert_eq!(FileKey::sealed().decrypt_file_data(&session, &mut [0; 16]), None);
        assert_eq!(format!("{:?}", FileKey::sealed()), "FileKey(sealed, None, epoch 0, None)");
    }
}
