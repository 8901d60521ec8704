//! CMAC (NIST SP 800-38B, RFC 4493) over AES.
//!
//! Written here rather than taken from a crate for three reasons: the key schedule and the first subkey
//! are kept ready for a key that is used at every tap, nothing but 16 bytes of state is copied for a
//! message, and AN10922 needs the subkeys themselves. The tests compare it with the `cmac` crate and with
//! a slow transcription of the standard.

use std::fmt;

use aes::Aes128Enc;
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit, consts::U16};
use zeroize::Zeroize;

use super::secret::Secret;

#[cfg(test)]
pub(crate) use tests::{blocks_of, count_block};

/// One AES block.
pub(crate) type Block = [u8; 16];

/// An expanded key with its first subkey, ready for any number of messages.
pub(crate) struct CmacKey<C> {
    cipher: C,
    /// K1 of SP 800-38B §6.1, as a big-endian number.
    k1: u128,
}

impl<C: BlockCipherEncrypt<BlockSize = U16> + KeyInit> CmacKey<C> {
    /// Expands `key`, which must have the length of the cipher's keys.
    #[inline]
    pub(crate) fn new<const N: usize>(key: &[u8; N]) -> Self
    where
        for<'k> &'k Array<u8, C::KeySize>: From<&'k [u8; N]>,
    {
        let cipher = C::new(key.into());
        let k1 = double(encrypt(&cipher, 0));
        Self { cipher, k1 }
    }

    /// The full 16-byte CMAC of `message`.
    #[inline]
    pub(crate) fn mac(&self, message: &[u8]) -> Block {
        mac_with(self.k1, message, |block| encrypt(&self.cipher, block))
    }

    /// The subkeys of SP 800-38B §6.1: the encrypted zero block, K1 and K2.
    pub(crate) fn subkeys(&self) -> [Block; 3] {
        [encrypt(&self.cipher, 0), self.k1, double(self.k1)].map(u128::to_be_bytes)
    }

    /// The MAC over `message` padded to exactly two blocks (AN10922 §2.2), for 2 to 32 bytes.
    ///
    /// For 17 bytes and more it is the CMAC; a shorter message still takes two blocks.
    pub(crate) fn mac_of_two_blocks(&self, message: &[u8]) -> Block {
        if message.len() > 16 {
            return self.mac(message);
        }
        let (first, second) =
            if message.len() == 16 { (number(message), padded(&[])) } else { (padded(message), 0) };
        let state = encrypt(&self.cipher, first);
        encrypt(&self.cipher, state ^ second ^ double(self.k1)).to_be_bytes()
    }

    /// AES of one block, for the initialisation vector of file data.
    pub(crate) fn encrypt_block(&self, block: &Block) -> Block {
        encrypt(&self.cipher, u128::from_be_bytes(*block)).to_be_bytes()
    }
}

impl<C> Drop for CmacKey<C> {
    fn drop(&mut self) {
        // The cipher wipes its own schedule.
        self.k1.zeroize();
    }
}

/// The MAC of SP 800-38B §6.2 over any block function, with its first subkey.
#[inline]
pub(crate) fn mac_with(k1: u128, message: &[u8], encrypt: impl Fn(u128) -> u128) -> Block {
    // All blocks but the last, which is never empty unless the message is.
    let (head, last) = message.split_at(message.len().saturating_sub(1) / 16 * 16);
    let mut state = 0;
    for block in head.chunks_exact(16) {
        state = encrypt(state ^ number(block));
    }
    let tail = if last.len() == 16 { number(last) ^ k1 } else { padded(last) ^ double(k1) };
    encrypt(state ^ tail).to_be_bytes()
}

/// An AES-128 key, expanded for any number of CMACs (NIST SP 800-38B, RFC 4493).
pub struct Aes128Cmac(CmacKey<Aes128Enc>);

impl Aes128Cmac {
    /// Expands the key.
    #[must_use]
    pub fn new(key: &Secret<16>) -> Self {
        Self(CmacKey::new(key.expose()))
    }

    /// The 16-byte CMAC of `message`, of any length.
    #[must_use]
    pub fn mac(&self, message: &[u8]) -> [u8; 16] {
        self.0.mac(message)
    }

    /// The encrypted zero block and the two subkeys made of it, L, K1 and K2 (SP 800-38B §6.1).
    #[must_use]
    pub fn subkeys(&self) -> [Secret<16>; 3] {
        self.0.subkeys().map(|mut subkey| Secret::take(&mut subkey))
    }
}

impl fmt::Debug for Aes128Cmac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Aes128Cmac(elided)")
    }
}

/// The 16-byte AES-128 CMAC of `message`, of any length (RFC 4493).
#[must_use]
pub fn aes128_cmac(key: &Secret<16>, message: &[u8]) -> [u8; 16] {
    CmacKey::<Aes128Enc>::new(key.expose()).mac(message)
}

/// The 8 bytes of a CMAC that an NTAG 424 DNA sends: bytes 1, 3, 5, ... 15.
///
/// AN12196 §4.4 counts from the last byte, S14 to S0, and speaks of even-numbered bytes: the same bytes.
#[must_use]
#[inline]
pub fn truncate_mac(mac: &[u8; 16]) -> [u8; 8] {
    std::array::from_fn(|i| mac[2 * i + 1])
}

#[inline]
fn encrypt<C: BlockCipherEncrypt<BlockSize = U16>>(cipher: &C, block: u128) -> u128 {
    #[cfg(test)]
    tests::count_block();
    let mut bytes = Array::from(block.to_be_bytes());
    cipher.encrypt_block(&mut bytes);
    u128::from_be_bytes(bytes.into())
}

/// Doubling in GF(2^128), in constant time (SP 800-38B §6.1).
#[inline]
pub(crate) const fn double(value: u128) -> u128 {
    (value << 1) ^ (0x87 & 0u128.wrapping_sub(value >> 127))
}

/// A full block as a big-endian number.
#[inline]
pub(crate) fn number(block: &[u8]) -> u128 {
    u128::from_be_bytes(block.try_into().expect("chunks of 16 bytes"))
}

/// Fewer than 16 bytes, then a one bit, then zeros.
#[inline]
fn padded(bytes: &[u8]) -> u128 {
    let mut block = [0; 16];
    block[..bytes.len()].copy_from_slice(bytes);
    block[bytes.len()] = 0x80;
    u128::from_be_bytes(block)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::cell::Cell;

    use aes::Aes128;
    use cmac::{Cmac, Mac};
    use proptest::prelude::*;

    use super::*;

    thread_local! {
        /// Block operations of this thread, so that tests can compare the work of two refusals.
        static BLOCKS: Cell<u32> = const { Cell::new(0) };
    }

    pub(crate) fn count_block() {
        BLOCKS.set(BLOCKS.get() + 1);
    }

    /// How many blocks were encrypted or decrypted while `work` ran.
    pub(crate) fn blocks_of(work: impl FnOnce()) -> u32 {
        let before = BLOCKS.get();
        work();
        BLOCKS.get() - before
    }

    /// SP 800-38B §6.2, byte by byte.
    fn slow(key: &[u8; 16], message: &[u8]) -> [u8; 16] {
        let cipher = Aes128::new(key.into());
        let aes = |block: [u8; 16]| -> [u8; 16] {
            let mut out = Array::from(block);
            cipher.encrypt_block(&mut out);
            out.into()
        };
        let shift = |block: [u8; 16]| -> [u8; 16] {
            let mut out = [0; 16];
            for i in 0..16 {
                let carry = if i < 15 { block[i + 1] >> 7 } else { 0 };
                out[i] = (block[i] << 1) | carry;
            }
            if block[0] & 0x80 != 0 {
                out[15] ^= 0x87;
            }
            out
        };
        let k1 = shift(aes([0; 16]));
        let k2 = shift(k1);
        let mut blocks: Vec<Vec<u8>> = message.chunks(16).map(<[u8]>::to_vec).collect();
        if blocks.is_empty() {
            blocks.push(vec![]);
        }
        let last = blocks.last_mut().unwrap();
        let subkey = if last.len() == 16 { k1 } else { k2 };
        if last.len() < 16 {
            last.push(0x80);
        }
        last.resize(16, 0);
        for (byte, mask) in last.iter_mut().zip(subkey) {
            *byte ^= mask;
        }
        let mut state = [0; 16];
        for block in blocks {
            for (byte, value) in state.iter_mut().zip(block) {
                *byte ^= value;
            }
            state = aes(state);
        }
        state
    }

    proptest! {
        #[test]
        fn equals_the_standard_and_the_crate(key: [u8; 16], message in prop::collection::vec(any::<u8>(), 0..100)) {
            let ours = CmacKey::<Aes128Enc>::new(&key).mac(&message);
            prop_assert_eq!(ours, slow(&key, &message));
            let mut theirs = Cmac::<Aes128>::new(&key.into());
            theirs.update(&message);
            prop_assert_eq!(ours, <[u8; 16]>::from(theirs.finalize().into_bytes()));
        }

        #[test]
        fn two_blocks_are_the_cmac_when_the_message_needs_two(key: [u8; 16], message in prop::collection::vec(any::<u8>(), 17..=32)) {
            let cmac = CmacKey::<Aes128Enc>::new(&key);
            prop_assert_eq!(cmac.mac_of_two_blocks(&message), slow(&key, &message));
        }
    }

    #[test]
    fn every_length_around_a_block_edge() {
        let key = [0x2B; 16];
        for length in 0..=64 {
            let message = vec![0xA5; length];
            assert_eq!(CmacKey::<Aes128Enc>::new(&key).mac(&message), slow(&key, &message), "{length} bytes");
        }
    }
}
