//! The key that opens the PICCData of a fleet.

use std::fmt;
use std::sync::OnceLock;

use aes::Aes128Dec;
use aes::cipher::{Array, BlockCipherDecrypt, KeyInit};
use zeroize::Zeroizing;

use super::session::EncryptedPiccData;
use crate::crypto::{Block, Lrp, Secret};

/// A meta read key (SDMMetaReadKey), expanded for AES, and at its first use in LRP mode for that too.
pub struct MetaKey {
    bytes: Zeroizing<Block>,
    aes: Aes128Dec,
    lrp: OnceLock<Box<Lrp>>,
}

impl MetaKey {
    /// Expands the key.
    #[must_use]
    pub fn new(meta_read_key: &Secret<16>) -> Self {
        Self::from_bytes(meta_read_key.expose())
    }

    pub(crate) fn from_bytes(key: &Block) -> Self {
        Self { bytes: Zeroizing::new(*key), aes: Aes128Dec::new(key.into()), lrp: OnceLock::new() }
    }

    /// Decrypts the block (NT4H2421Gx §9.3.4): in AES mode CBC with a zero initialisation vector, so AES itself; in
    /// LRP mode LRICB from the random number that came with it. Nothing is authenticated by it.
    #[inline]
    #[must_use]
    pub fn decrypt(&self, data: &EncryptedPiccData) -> [u8; 16] {
        match data {
            EncryptedPiccData::Aes(block) => {
                let mut plain = Array::from(*block);
                self.aes.decrypt_block(&mut plain);
                plain.into()
            }
            EncryptedPiccData::Lrp { random, data } => {
                let lrp = self.lrp.get_or_init(|| Box::new(Lrp::from_bytes(&self.bytes, 0)));
                let mut plain = *data;
                lrp.decrypt(&mut random.clone(), &mut plain).expect("one block and a counter of eight bytes");
                plain
            }
        }
    }
}

impl fmt::Debug for MetaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MetaKey(elided)")
    }
}
