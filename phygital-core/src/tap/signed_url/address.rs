//! The Bitcoin address of a public key: pay to witness public key hash (BIP 141), in Bech32 (BIP 173).

use std::fmt;

use ring::digest;
use ripemd::{Digest, Ripemd160};

/// The shortest end of an address that is compared: what SATSCARD sends, the six characters of the checksum and two of
/// the hash.
pub(super) const TAIL_MIN: usize = 8;

/// Characters of an address on the main network, which has the prefix `bc`; the test network's has as many.
pub(super) const LENGTH_MAX: usize = 42;

const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// A Bitcoin network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Network {
    /// Addresses begin with `bc1`.
    Main,
    /// Addresses begin with `tb1`.
    Test,
}

impl Network {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Main => "bc",
            Self::Test => "tb",
        }
    }
}

/// An address, such as `bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    network: Network,
    text: Box<str>,
}

impl Address {
    /// The address of a compressed public key: version 0, RIPEMD-160 of SHA-256 of the key.
    pub(super) fn new(public_key: &[u8; 33], network: Network) -> Self {
        let hash = Ripemd160::digest(digest::digest(&digest::SHA256, public_key));
        // 160 bits are 32 digits of five.
        let mut digits = vec![0];
        let (mut held, mut bits) = (0u32, 0);
        for byte in hash {
            held = held << 8 | u32::from(byte);
            bits += 8;
            while bits >= 5 {
                bits -= 5;
                digits.push((held >> bits & 31) as u8);
            }
            held &= (1 << bits) - 1;
        }
        let prefix = network.prefix();
        let check = checksum(prefix, &digits);
        digits.extend((0..6).rev().map(|at| (check >> (5 * at) & 31) as u8));
        let text = format!("{prefix}1")
            + &digits.iter().map(|digit| char::from(ALPHABET[usize::from(*digit)])).collect::<String>();
        Self { network, text: text.into() }
    }

    /// Those of a key on either network: the URL does not say which it is.
    pub(super) fn both(public_key: &[u8; 33]) -> [Self; 2] {
        [Network::Main, Network::Test].map(|network| Self::new(public_key, network))
    }

    pub(super) fn ends_with(&self, tail: &str) -> bool {
        self.text.ends_with(tail)
    }

    /// Which network it is on.
    #[must_use]
    pub fn network(&self) -> Network {
        self.network
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Address {
    /// Elided: an address leads to what its owner has.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({:?})", self.network)
    }
}

/// The BCH code of BIP 173, over the prefix and the digits.
fn checksum(prefix: &str, digits: &[u8]) -> u32 {
    const GENERATOR: [u32; 5] = [0x3B6A_57B2, 0x2650_8E6D, 0x1EA1_19FA, 0x3D42_33DD, 0x2A14_62B3];
    let high = prefix.bytes().map(|byte| byte >> 5);
    let low = prefix.bytes().map(|byte| byte & 31);
    let all = high.chain([0]).chain(low).chain(digits.iter().copied()).chain([0; 6]);
    let sum = all.fold(1u32, |sum, digit| {
        let top = sum >> 25;
        let sum = (sum & 0x1FF_FFFF) << 5 ^ u32::from(digit);
        (0..5).filter(|bit| top >> bit & 1 == 1).fold(sum, |sum, bit| sum ^ GENERATOR[bit])
    });
    sum ^ 1
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::vocab::hex;

    /// BIP 173, examples: the key of the generator point.
    #[test]
    fn the_published_addresses_of_a_key() {
        let key = hex::decode(b"0279BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798").unwrap();
        let [main, test] = Address::both(&key);
        assert_eq!(main.as_str(), "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4");
        assert_eq!(test.as_str(), "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx");
        assert_eq!([main.as_str().len(), test.as_str().len()], [LENGTH_MAX; 2]);
        assert_eq!(format!("{main:?}"), "Address(Main)");
    }
}
