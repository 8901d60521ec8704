//! Keys of a bolt card by its deterministic scheme: all from one issuer key (boltcard, docs/DETERMINISTIC.md).

use std::fmt;

use aes::Aes128Enc;

use super::cmac::CmacKey;
use super::secret::Secret;
use crate::vocab::tag::TagUid;

/// An issuer key, expanded once to derive the keys of many bolt cards.
///
/// ```
/// use phygital_core::crypto::{Boltcard, Secret};
/// // The example of the scheme's own page.
/// let issuer = Boltcard::new(&Secret::from_hex("00000000000000000000000000000001")?);
/// assert_eq!(issuer.encryption_key(), Secret::from_hex("55da174c9608993dc27bb3f30a4a7314")?);
/// let key = issuer.card_key("04a39493cc8680".parse()?, 1);
/// assert_eq!(key, Secret::from_hex("ebff5a4e6da5ee14cbfe720ae06fbed9")?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Boltcard(CmacKey<Aes128Enc>);

/// What goes in front of each message to the pseudo random function, CMAC.
const LABEL: [u8; 3] = [0x2D, 0x00, 0x3F];
const CARD_KEY: u8 = 0x75;
/// Of key 0; those of keys 1 to 4 follow.
const KEY_0: u8 = 0x76;
const ID: u8 = 0x7B;

impl Boltcard {
    /// Expands the issuer key.
    #[must_use]
    pub fn new(issuer_key: &Secret<16>) -> Self {
        Self(CmacKey::new(issuer_key.expose()))
    }

    /// Key 1, which all cards of the issuer share: their SDMMetaReadKey.
    #[must_use]
    pub fn encryption_key(&self) -> Secret<16> {
        prf(&self.0, KEY_0 + 1, &[], &[])
    }

    /// The key of one card in one version, of which its keys 0, 2, 3 and 4 are made. The version grows by one each time
    /// that the card is set up anew.
    #[must_use]
    pub fn card_key(&self, uid: TagUid, version: u32) -> Secret<16> {
        prf(&self.0, CARD_KEY, uid.as_bytes(), &version.to_le_bytes())
    }

    /// Keys 0 to 4 of one card in one version: 0 is its application master key, 1 the one that all share, 2 its
    /// SDMFileReadKey.
    #[must_use]
    pub fn card_keys(&self, uid: TagUid, version: u32) -> [Secret<16>; 5] {
        std::array::from_fn(|number| self.numbered_key(uid, version, number as u8))
    }

    /// The number under which an issuer stores a card, in place of its UID.
    #[must_use]
    pub fn card_id(&self, uid: TagUid) -> [u8; 16] {
        *prf(&self.0, ID, uid.as_bytes(), &[]).expose()
    }

    /// One of the keys 0 to 4.
    pub(crate) fn numbered_key(&self, uid: TagUid, version: u32, number: u8) -> Secret<16> {
        if number == 1 {
            return self.encryption_key();
        }
        let card = CmacKey::new(self.card_key(uid, version).expose());
        prf(&card, KEY_0 + number, &[], &[])
    }
}

impl fmt::Debug for Boltcard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Boltcard(elided)")
    }
}

/// CMAC over label, UID and version, each of which may be absent.
fn prf(key: &CmacKey<Aes128Enc>, label: u8, uid: &[u8], version: &[u8]) -> Secret<16> {
    let mut message = [0; 15];
    let parts = [&LABEL[..], &[label], uid, version];
    let mut length = 0;
    for part in parts {
        message[length..length + part.len()].copy_from_slice(part);
        length += part.len();
    }
    Secret::take(&mut key.mac(&message[..length]))
}
