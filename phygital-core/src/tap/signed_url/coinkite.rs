//! SATSCARD and TAPSIGNER, as Coinkite's *NFC Specification* has them.
//!
//! The fragment is `u=STATE&o=SLOT&r=TAIL&n=NONCE&s=SIGNATURE` or `t=1&u=STATE&c=IDENT&n=NONCE&s=SIGNATURE`. The card
//! signs SHA-256 of its text up to and with `s=`; the verifier recovers the key and compares it with the end of the
//! slot's address, or with the card's ident.

use ring::digest;

use super::{Address, KeySource, SignedUrlTap, UrlPart, UrlSignature};
use crate::tap::refusal::TapRefusal;
use crate::vocab::hex;

/// What state the card says it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CardState {
    /// The slot's seal is intact, or the card has its key: `S`.
    Sealed,
    /// The slot was unsealed, or the card has no key yet: `U`.
    Unsealed,
    /// The card found that it was tampered with: `E`.
    Tampered,
}

impl CardState {
    /// Its stable name, such as `sealed`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sealed => "sealed",
            Self::Unsealed => "unsealed",
            Self::Tampered => "tampered",
        }
    }
}

/// Which card it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Card {
    /// A SATSCARD, known by the address of one of its slots.
    Satscard {
        /// The slot, counted from 0.
        slot: u8,
        /// Its address.
        address: Address,
    },
    /// A TAPSIGNER, known by its key.
    Tapsigner {
        /// What is printed on its back, such as `YTIZ2-MQZZZ-XPA2D-I5OGH`.
        ident: Box<str>,
    },
}

/// A tap of a SATSCARD or TAPSIGNER whose signature was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoinkiteTap {
    card: Card,
    state: CardState,
    nonce: [u8; 8],
    public_key: [u8; 33],
    tap: SignedUrlTap,
}

impl CoinkiteTap {
    /// Which card it is.
    #[must_use]
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// The state that the card signed.
    #[must_use]
    pub fn state(&self) -> CardState {
        self.state
    }

    /// New at each tap; see [`SignedUrlTap::replay_key`].
    #[must_use]
    pub fn nonce(&self) -> &[u8; 8] {
        &self.nonce
    }

    /// The key that signed: of the slot of a SATSCARD, of a TAPSIGNER itself. Compressed as in SEC 1.
    #[must_use]
    pub fn public_key(&self) -> &[u8; 33] {
        &self.public_key
    }

    /// The same as any signed URL.
    #[must_use]
    pub fn signed_url(&self) -> &SignedUrlTap {
        &self.tap
    }
}

/// How a SATSCARD signs.
#[must_use]
pub fn satscard() -> UrlSignature {
    let key = KeySource::AddressTail { parameter: "r".into() };
    UrlSignature::new(UrlPart::Fragment, "s", key).nonce("n")
}

/// How a TAPSIGNER signs.
#[must_use]
pub fn tapsigner() -> UrlSignature {
    let key = KeySource::CardIdent { parameter: "c".into() };
    UrlSignature::new(UrlPart::Fragment, "s", key).nonce("n")
}

/// Verifies a tap of either card. A TAPSIGNER's has `t=1`.
///
/// # Errors
/// As [`UrlSignature::verify`].
///
/// ```
/// use phygital_core::tap::signed_url::coinkite;
/// // The state of a real tap, changed: the signature does not cover it.
/// let url = "https://getsatscard.com/start#u=U&o=0&r=vekusqj5&n=8334bd83e0bb7b25&s=4d868754a6e22172977ded6b12fbf05c\
///            0b8fe16194159373125e247f4f27811d6e6fe17ef65a050799e138305239ddcb97ad124cf1ae47c45ed8dd7f875626fe";
/// assert_eq!(coinkite::verify(url).unwrap_err().code(), "signature_invalid");
/// ```
pub fn verify(url: &str) -> Result<CoinkiteTap, TapRefusal> {
    // Both are read alike; the `t` under the signature says which card it is.
    let is_tapsigner = satscard().read(url)?.parameters.iter().any(|(name, _)| *name == "t");
    let tap = if is_tapsigner { tapsigner().verify(url)? } else { satscard().verify(url)? };
    let state = match tap.parameter("u") {
        Some("S") => CardState::Sealed,
        Some("U") => CardState::Unsealed,
        Some("E") => CardState::Tampered,
        _ => return Err(TapRefusal::malformed("u=S, u=U or u=E")),
    };
    let nonce = tap.nonce().and_then(|nonce| hex::decode(nonce.as_bytes()).ok());
    let nonce = nonce.ok_or(TapRefusal::malformed("a nonce of 16 hexadecimal digits"))?;
    let public_key = *tap.public_key().expect("both cards' keys are recovered");
    let card = match tap.address() {
        Some(address) => {
            let digits = tap.parameter("o").filter(|slot| slot.bytes().all(|byte| byte.is_ascii_digit()));
            let slot = digits.and_then(|slot| slot.parse().ok());
            Card::Satscard {
                slot: slot.ok_or(TapRefusal::malformed("a slot number"))?,
                address: address.clone(),
            }
        }
        None => {
            if tap.parameter("t") != Some("1") {
                return Err(TapRefusal::malformed("t=1"));
            }
            Card::Tapsigner { ident: printed_ident(&public_key) }
        }
    };
    Ok(CoinkiteTap { card, state, nonce, public_key, tap })
}

/// What is printed on the card: SHA-256 of its key, without the 8 bytes that the URL tells, in base 32, four groups of
/// five.
fn printed_ident(public_key: &[u8; 33]) -> Box<str> {
    let digest = digest::digest(&digest::SHA256, public_key);
    let bits = digest.as_ref()[8..24].try_into().map(u128::from_be_bytes).expect("16 of 32 bytes");
    let mut text = String::with_capacity(23);
    for at in 0..20 {
        if at > 0 && at % 5 == 0 {
            text.push('-');
        }
        let digit = (bits >> (123 - 5 * at) & 31) as usize;
        text.push(char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[digit]));
    }
    text.into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// The specification's own example.
    #[test]
    fn the_printed_ident_of_a_key() {
        assert_eq!(&*printed_ident(&[2; 33]), "YTIZ2-MQZZZ-XPA2D-I5OGH");
    }
}
