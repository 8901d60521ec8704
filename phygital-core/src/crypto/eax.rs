//! EAX over AES-128 (Bellare, Rogaway, Wagner 2004), with nonces and tags of any length.
//!
//! The `eax` crate takes nonces of one block and tags of four bytes and more; beacons send six and two.

use subtle::ConstantTimeEq;

use super::cmac::{Block, CmacKey};
use super::secret::Secret;

/// A key for EAX. There are no associated data.
pub(crate) struct Eax(CmacKey<aes::Aes128Enc>);

impl Eax {
    pub(crate) fn new(key: &Secret<16>) -> Self {
        Self(CmacKey::new(key.expose()))
    }

    /// Decrypts `data` in place if `tag`, the first bytes of the full one, is right; leaves it otherwise.
    pub(crate) fn open(&self, nonce: &[u8], data: &mut [u8], tag: &[u8]) -> bool {
        let full = self.tag(nonce, data);
        let fits = full.get(..tag.len()).is_some_and(|full| !tag.is_empty() && bool::from(full.ct_eq(tag)));
        if fits {
            self.apply(nonce, data);
        }
        fits
    }

    /// Encrypts `data` in place and gives the full tag.
    #[cfg(any(test, feature = "simulate"))]
    pub(crate) fn seal(&self, nonce: &[u8], data: &mut [u8]) -> Block {
        self.apply(nonce, data);
        self.tag(nonce, data)
    }

    fn tag(&self, nonce: &[u8], ciphertext: &[u8]) -> Block {
        let macs = [self.omac(0, nonce), self.omac(1, &[]), self.omac(2, ciphertext)];
        macs.into_iter().fold(0, |sum, mac| sum ^ u128::from_be_bytes(mac)).to_be_bytes()
    }

    /// The key stream is the same both ways.
    fn apply(&self, nonce: &[u8], data: &mut [u8]) {
        let mut counter = u128::from_be_bytes(self.omac(0, nonce));
        for chunk in data.chunks_mut(16) {
            let stream = self.0.encrypt_block(&counter.to_be_bytes());
            chunk.iter_mut().zip(stream).for_each(|(byte, key)| *byte ^= key);
            counter = counter.wrapping_add(1);
        }
    }

    /// CMAC over a block that holds `tweak`, then `message`.
    fn omac(&self, tweak: u8, message: &[u8]) -> Block {
        let mut input = vec![0; 16 + message.len()];
        input[15] = tweak;
        input[16..].copy_from_slice(message);
        self.0.mac(&input)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use aes::Aes128;
    use eax::aead::{AeadInOut, KeyInit};
    use proptest::prelude::*;

    use super::*;
    use crate::vocab::hex;

    #[test]
    fn what_is_sealed_opens_and_nothing_else() {
        let key = Eax::new(&Secret::from_hex("233952dee4d5ed5f9b9c6d6ff80ff478").unwrap());
        let nonce: [u8; 6] = hex::decode(b"62ec67f9c3a4").unwrap();
        let mut data = *b"twelve bytes";
        let tag = key.seal(&nonce, &mut data);
        let sealed = data;
        for (nonce, tag) in [(&nonce[1..], &tag[..2]), (&nonce, &[tag[0], tag[1] ^ 1]), (&nonce, &[])] {
            assert!(!key.open(nonce, &mut data, tag));
            assert_eq!(data, sealed, "left as it was");
        }
        assert!(!key.open(&nonce, &mut data, &[0; 17]));
        assert!(key.open(&nonce, &mut data, &tag[..2]));
        assert_eq!(&data, b"twelve bytes");
    }

    proptest! {
        #[test]
        fn agrees_with_the_crate(
            key: [u8; 16],
            nonce: [u8; 16],
            message in prop::collection::vec(any::<u8>(), 0..50),
        ) {
            let (mut ours, mut theirs) = (message.clone(), message);
            let tag = Eax::new(&Secret::take(&mut key.clone())).seal(&nonce, &mut ours);
            let crate_key = eax::Eax::<Aes128>::new(&key.into());
            let expected = crate_key.encrypt_inout_detached(&nonce.into(), &[], (&mut theirs[..]).into()).unwrap();
            prop_assert_eq!(&tag[..], &expected[..]);
            prop_assert_eq!(ours, theirs);
        }
    }
}
