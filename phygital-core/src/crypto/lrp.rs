//! LRP, the leakage resilient primitive of NXP's AN12304, with m = 4: what NTAG 424 DNA and DESFire Light
//! compute in place of AES once they are set so.
//!
//! One AES operation with a key of its own is spent on each half byte of input, so that no key is used often
//! enough for its power trace to tell it. Each key has sixteen secret plaintexts and a chain of updated keys;
//! a MAC is made under the first updated key, file data of a tap are encrypted under the second.

use std::fmt;

use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes::{Aes128Dec, Aes128Enc};
use zeroize::Zeroize;

use super::cmac::{Block, double, mac_with};
use super::secret::Secret;

/// A key of LRP, expanded: its sixteen plaintexts and one of its updated keys.
///
/// ```
/// use phygital_core::crypto::{Lrp, Secret};
/// // AN12304 §3.2, first example.
/// let lrp = Lrp::new(&Secret::from_hex("567826b8da8e768432a9548dbe4aa3a0")?, 2);
/// let out = Secret::take(&mut lrp.eval(&[1, 3, 5, 9], true));
/// assert_eq!(out, Secret::from_hex("1ba2c0c578996bc497dd181c6885a9dd")?);
/// # Ok::<(), phygital_core::crypto::SecretError>(())
/// ```
pub struct Lrp {
    plaintexts: [Block; 16],
    updated_key: Block,
}

/// Data or a counter that LRICB does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("LRICB takes whole blocks of 16 bytes and a counter of at least one byte")]
#[non_exhaustive]
pub struct LricbError;

/// The other of two blocks that are encrypted in the derivations.
const FIVES: Block = [0x55; 16];
const TENS: Block = [0xAA; 16];

impl Lrp {
    /// Expands `key` (AN12304 §2.1), for use under its updated key of this number, counted from 0.
    #[must_use]
    pub fn new(key: &Secret<16>, updated_key: u8) -> Self {
        Self::from_bytes(key.expose(), updated_key)
    }

    pub(crate) fn from_bytes(key: &Block, updated_key: u8) -> Self {
        let mut chain = step(key, &FIVES);
        let plaintexts = std::array::from_fn(|number| take_link(&mut chain, number == 15));
        chain.zeroize();
        Self { plaintexts, updated_key: updated_key_of(key, updated_key) }
    }

    /// Expands `key` for use under its first updated key, with the first subkey of its MACs.
    ///
    /// The plaintexts and the encrypted zero block are two chains of steps that do not wait for each other, so they are
    /// taken in turns, for a processor that works ahead.
    pub(crate) fn with_subkey(key: &Block) -> (Self, u128) {
        let mut chain = step(key, &FIVES);
        let mut plaintexts = [take_link(&mut chain, false); 16];
        let updated_key = updated_key_of(key, 0);
        let (zero, mut state) = (plaintexts[0], updated_key);
        for (number, plaintext) in (1..16).zip(&mut plaintexts[1..]) {
            *plaintext = take_link(&mut chain, number == 15);
            state = step(&step(&state, &zero), &zero);
        }
        state = last_step(&step(&step(&state, &zero), &zero), &[0; 16]);
        chain.zeroize();
        let subkey = double(u128::from_be_bytes(state));
        state.zeroize();
        (Self { plaintexts, updated_key }, subkey)
    }

    /// The same key, for use under another of its updated keys. `key` has to be the one that this was made of.
    pub(crate) fn under(&self, key: &Block, updated_key: u8) -> Self {
        Self { plaintexts: self.plaintexts, updated_key: updated_key_of(key, updated_key) }
    }

    /// The secret plaintext of this number, of which the low four bits count.
    #[must_use]
    pub fn plaintext(&self, number: u8) -> Secret<16> {
        Secret::take(&mut self.plaintexts[usize::from(number & 15)].clone())
    }

    /// The updated key that it works under.
    #[must_use]
    pub fn updated_key(&self) -> Secret<16> {
        Secret::take(&mut self.updated_key.clone())
    }

    /// Evaluates LRP over half bytes, of which the low four bits count (AN12304 §2.2), any number of them;
    /// `finish` adds the last step, which every use but the inner ones of NXP's own has.
    #[must_use]
    pub fn eval(&self, half_bytes: &[u8], finish: bool) -> [u8; 16] {
        let mut state = self.updated_key;
        for half in half_bytes {
            state = self.step(&state, *half);
        }
        if finish { last_step(&state, &[0; 16]) } else { state }
    }

    /// The 16-byte LRP-CMAC of `message` (AN12304 §2.4).
    #[must_use]
    pub fn cmac(&self, message: &[u8]) -> [u8; 16] {
        self.mac(self.subkey(), message)
    }

    /// The two subkeys of a MAC (AN12304 §2.4): the first for messages of whole blocks, the second for others and for
    /// the empty one.
    #[must_use]
    pub fn cmac_subkeys(&self) -> [Secret<16>; 2] {
        let first = self.subkey();
        [first, double(first)].map(|subkey| Secret::take(&mut subkey.to_be_bytes()))
    }

    /// Encrypts whole blocks in place (LRICB, AN12304 §2.3). `counter` is a number of as many bytes as it has,
    /// the most significant first; it grows by one a block and starts over at zero.
    ///
    /// # Errors
    /// [`LricbError`] unless `data` has whole blocks and the counter at least one byte; nothing is changed then.
    pub fn encrypt(&self, counter: &mut [u8], data: &mut [u8]) -> Result<(), LricbError> {
        self.each_block(counter, data, |key, block| *block = last_step(key, block))
    }

    /// Decrypts whole blocks in place; as [`Lrp::encrypt`].
    ///
    /// # Errors
    /// As [`Lrp::encrypt`].
    pub fn decrypt(&self, counter: &mut [u8], data: &mut [u8]) -> Result<(), LricbError> {
        self.each_block(counter, data, |key, block| *block = aes_inverse(key, block))
    }

    /// The first subkey of a MAC, as a big-endian number.
    pub(crate) fn subkey(&self) -> u128 {
        double(self.block(0))
    }

    /// The MAC, with its first subkey known.
    pub(crate) fn mac(&self, subkey: u128, message: &[u8]) -> Block {
        mac_with(subkey, message, |block| self.block(block))
    }

    /// The state after the first `count` half bytes of `block`, from which [`Lrp::block_from`] goes on.
    pub(crate) fn state_after(&self, block: u128, count: u32) -> Block {
        self.walk(self.updated_key, block, 0..count)
    }

    /// Evaluates the rest of `block` from the state after its first `count` half bytes.
    pub(crate) fn block_from(&self, state: Block, block: u128, count: u32) -> Block {
        let state = self.walk(state, block, count..32);
        last_step(&state, &[0; 16])
    }

    /// Evaluates a whole block with the last step: what stands in place of AES in a MAC.
    fn block(&self, block: u128) -> u128 {
        u128::from_be_bytes(self.block_from(self.updated_key, block, 0))
    }

    /// Steps through half bytes of a big-endian number, the most significant first.
    #[inline]
    fn walk(&self, mut state: Block, block: u128, half_bytes: std::ops::Range<u32>) -> Block {
        for at in half_bytes {
            state = self.step(&state, (block >> (124 - 4 * at)) as u8);
        }
        state
    }

    #[inline]
    fn step(&self, state: &Block, half_byte: u8) -> Block {
        step(state, &self.plaintexts[usize::from(half_byte & 15)])
    }

    fn each_block(
        &self,
        counter: &mut [u8],
        data: &mut [u8],
        work: impl Fn(&Block, &mut Block),
    ) -> Result<(), LricbError> {
        let (blocks, []) = data.as_chunks_mut::<16>() else { return Err(LricbError) };
        if counter.is_empty() {
            return Err(LricbError);
        }
        for block in blocks {
            let mut key = self.updated_key;
            for byte in counter.iter() {
                key = self.step(&key, byte >> 4);
                key = self.step(&key, *byte);
            }
            key = last_step(&key, &[0; 16]);
            work(&key, block);
            key.zeroize();
            for byte in counter.iter_mut().rev() {
                *byte = byte.wrapping_add(1);
                if *byte != 0 {
                    break;
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Lrp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lrp(elided)")
    }
}

impl Drop for Lrp {
    fn drop(&mut self) {
        self.plaintexts.zeroize();
        self.updated_key.zeroize();
    }
}

/// The updated key of this number (AN12304 §2.1).
fn updated_key_of(key: &Block, number: u8) -> Block {
    let mut chain = step(key, &TENS);
    for _ in 0..number {
        chain = step(&chain, &FIVES);
    }
    let updated = last_step(&chain, &TENS);
    chain.zeroize();
    updated
}

/// Takes one value off a chain and moves the chain on; both are made under one key, which is expanded once. See [`aes`]
/// for `wipe`.
#[inline(never)]
fn take_link(chain: &mut Block, wipe: bool) -> Block {
    #[cfg(test)]
    for _ in 0..2 {
        super::cmac::count_block();
    }
    let cipher = Aes128Enc::new((&*chain).into());
    let (mut value, mut next) = (Array::from(TENS), Array::from(FIVES));
    cipher.encrypt_block(&mut value);
    cipher.encrypt_block(&mut next);
    if !wipe {
        std::mem::forget(cipher);
    }
    *chain = next.into();
    value.into()
}

/// AES of one block under a key that is used for it alone, and whose expansion the next step overwrites.
#[inline]
fn step(key: &Block, block: &Block) -> Block {
    aes(key, block, false)
}

/// AES of one block, the last of some steps.
#[inline]
fn last_step(key: &Block, block: &Block) -> Block {
    aes(key, block, true)
}

/// AES of one block. Wiping the expanded key, byte by byte, takes as long as the operation itself, and LRP takes some
/// hundred of them; so each call leaves its own where the next one overwrites it, and the last one wipes it.
#[inline(never)]
fn aes(key: &Block, block: &Block, wipe: bool) -> Block {
    #[cfg(test)]
    super::cmac::count_block();
    let mut out = Array::from(*block);
    let cipher = Aes128Enc::new(key.into());
    cipher.encrypt_block(&mut out);
    if !wipe {
        std::mem::forget(cipher);
    }
    out.into()
}

fn aes_inverse(key: &Block, block: &Block) -> Block {
    #[cfg(test)]
    super::cmac::count_block();
    let mut out = Array::from(*block);
    Aes128Dec::new(key.into()).decrypt_block(&mut out);
    out.into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// AN12304 §2, word by word, on lists of half bytes.
    struct Slow {
        plaintexts: Vec<Block>,
        updated_keys: Vec<Block>,
    }

    impl Slow {
        fn new(key: Block) -> Self {
            let mut h = last_step(&key, &FIVES);
            let mut plaintexts = Vec::new();
            for _ in 0..16 {
                plaintexts.push(last_step(&h, &TENS));
                h = last_step(&h, &FIVES);
            }
            let mut h = last_step(&key, &TENS);
            let mut updated_keys = Vec::new();
            for _ in 0..3 {
                updated_keys.push(last_step(&h, &TENS));
                h = last_step(&h, &FIVES);
            }
            Self { plaintexts, updated_keys }
        }

        fn eval(&self, number: usize, half_bytes: &[u8]) -> Block {
            let mut y = self.updated_keys[number];
            for half in half_bytes {
                y = last_step(&y, &self.plaintexts[usize::from(*half)]);
            }
            last_step(&y, &[0; 16])
        }

        fn cmac(&self, message: &[u8]) -> Block {
            let halves =
                |block: &Block| -> Vec<u8> { block.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect() };
            let shift = |block: Block| {
                let mut out: Block =
                    std::array::from_fn(|i| (block[i] << 1) | if i < 15 { block[i + 1] >> 7 } else { 0 });
                if block[0] & 0x80 != 0 {
                    out[15] ^= 0x87;
                }
                out
            };
            let k1 = shift(self.eval(0, &[0; 32]));
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
            last.iter_mut().zip(subkey).for_each(|(byte, mask)| *byte ^= mask);
            let mut state = [0; 16];
            for block in blocks {
                state.iter_mut().zip(block).for_each(|(byte, value)| *byte ^= value);
                state = self.eval(0, &halves(&state));
            }
            state
        }
    }

    proptest! {
        #[test]
        fn equals_the_note_word_by_word(
            key: [u8; 16],
            half_bytes in prop::collection::vec(0..16u8, 0..33),
            message in prop::collection::vec(any::<u8>(), 0..70),
            number in 0..3usize,
        ) {
            let slow = Slow::new(key);
            let lrp = Lrp::from_bytes(&key, number as u8);
            prop_assert_eq!(lrp.eval(&half_bytes, true), slow.eval(number, &half_bytes));
            prop_assert_eq!(Lrp::from_bytes(&key, 0).cmac(&message), slow.cmac(&message));
            let (together, subkey) = Lrp::with_subkey(&key);
            prop_assert_eq!(together.mac(subkey, &message), slow.cmac(&message));
            prop_assert_eq!(Lrp::from_bytes(&key, 2).under(&key, number as u8).updated_key(), lrp.updated_key());
        }

        #[test]
        fn a_block_may_be_evaluated_in_two_parts(key: [u8; 16], block: u128, count in 0..=32u32) {
            let lrp = Lrp::from_bytes(&key, 0);
            let whole = lrp.block(block).to_be_bytes();
            prop_assert_eq!(lrp.block_from(lrp.state_after(block, count), block, count), whole);
        }

        #[test]
        fn lricb_reads_back_and_wraps(key: [u8; 16], start in 0xFFF0..=0xFFFFu16, blocks in prop::collection::vec(any::<Block>(), 0..20)) {
            let lrp = Lrp::from_bytes(&key, 1);
            let plain = blocks.concat();
            let mut data = plain.clone();
            let mut counter = start.to_be_bytes();
            lrp.encrypt(&mut counter, &mut data).unwrap();
            prop_assert_eq!(u16::from_be_bytes(counter), start.wrapping_add(blocks.len() as u16));
            lrp.decrypt(&mut start.to_be_bytes(), &mut data).unwrap();
            prop_assert_eq!(data, plain);
        }
    }

    #[test]
    fn lricb_takes_whole_blocks_and_a_counter() {
        let lrp = Lrp::from_bytes(&[0; 16], 0);
        let mut counter = [7; 4];
        assert_eq!(lrp.encrypt(&mut counter, &mut [0; 15]), Err(LricbError));
        assert_eq!(lrp.decrypt(&mut [], &mut [0; 16]), Err(LricbError));
        assert_eq!(counter, [7; 4]);
        assert_eq!(format!("{lrp:?}"), "Lrp(elided)");
    }
}
