//! COSE_Sign1: a signed CBOR message (RFC 9052 §4.2), and the claims of a CBOR web token in it (RFC 8392).
//!
//! The key decides the algorithm. What the message says of it has to agree, and is never followed.

mod cbor;

use super::limits::TOKEN_BYTES_MAX;
use super::public_keys::PublicKeys;
use super::refusal::TapRefusal;
use super::scheme::Scheme;
use super::token::{TokenClaims, TokenPolicy, VerifiedToken};
use crate::crypto::{PublicKey, SignatureAlgorithm};
use crate::vocab::{Personal, Timestamp};
use cbor::{Item, Reader};

/// Verifies a token whose payload is a CBOR web token.
///
/// `external_aad` is what issuer and verifier know without sending it; empty if there is nothing.
///
/// # Errors
/// [`TapRefusal`]: malformed, without a key, forged, or out of scope at `now`.
pub fn verify(
    token: &[u8],
    keys: &PublicKeys,
    external_aad: &[u8],
    policy: &TokenPolicy,
    now: Timestamp,
) -> Result<VerifiedToken, TapRefusal> {
    let token = Sign1::parse(token)?;
    keys.find(token.key_id, |key| token.is_signed_by(key, external_aad))?;
    let claims = claims(token.payload)?;
    policy.check(&claims, now)?;
    Ok(VerifiedToken {
        scheme: Scheme::CoseSign1,
        key_id: token.key_id.map(Box::from),
        claims,
        payload: token.payload.into(),
    })
}

/// A message taken apart; nothing of it is verified yet.
///
/// ```
/// use phygital_core::crypto::{PublicKey, SignatureAlgorithm};
/// use phygital_core::tap::cose::Sign1;
/// let hex = |text: &str| (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..][..2], 16).unwrap()).collect::<Vec<_>>();
/// // cose-wg/Examples, eddsa-sig-01.
/// let message = hex("D28445A201270300A10442313154546869732069732074686520636F6E74656E742E58407142FD2FF96D56DB85BEE905A76BA1D0\
///                    B7321A95C8C4D3607C5781932B7AFB8711497DFA751BF40B58B3BCC32300B1487F3DB34085EEF013BF08F4A44D6FEF0D");
/// let key = hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
/// let key = PublicKey::new(SignatureAlgorithm::EdDsa, &key)?;
/// let message = Sign1::parse(&message)?;
/// assert!(message.is_signed_by(&key, b""));
/// assert_eq!(message.payload(), b"This is the content.");
/// assert_eq!(message.key_id(), Some(&b"11"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Sign1<'a> {
    /// As it enters the signature: an empty map counts as no bytes (RFC 9052 §3).
    protected: &'a [u8],
    algorithm: Option<Algorithm>,
    key_id: Option<&'a [u8]>,
    payload: &'a [u8],
    signature: &'a [u8],
}

/// What the message says of its algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Known(SignatureAlgorithm),
    Unknown,
}

impl<'a> Sign1<'a> {
    /// Reads a message, tagged (18, and before it 61 for a web token) or not, in strict CBOR.
    ///
    /// # Errors
    /// [`TapRefusal::WrongLength`] beyond [`TOKEN_BYTES_MAX`]; [`TapRefusal::Malformed`] for another form, a label that
    /// stands twice, critical header parameters, which would have to be understood, or a payload that is elsewhere.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, TapRefusal> {
        if bytes.len() > TOKEN_BYTES_MAX {
            return Err(TapRefusal::WrongLength { found: bytes.len(), expected: "at most 4096" });
        }
        let mut reader = Reader::new(bytes);
        let mut item = reader.item()?;
        if item == Item::Tag(CWT_TAG) {
            item = reader.item()?;
            if item != Item::Tag(SIGN1_TAG) {
                return Err(TapRefusal::malformed("tag 18 after tag 61"));
            }
        }
        if item == Item::Tag(SIGN1_TAG) {
            item = reader.item()?;
        }
        if item != Item::Array(4) {
            return Err(TapRefusal::malformed("an array of four"));
        }
        let protected = byte_string(&mut reader)?;
        let mut header = Header::default();
        let protected = match protected {
            [] | [EMPTY_MAP] => &[],
            map => {
                let mut inner = Reader::new(map);
                header.read(&mut inner)?;
                inner.end()?;
                map
            }
        };
        header.read(&mut reader)?;
        let (payload, signature) = (byte_string(&mut reader)?, byte_string(&mut reader)?);
        reader.end()?;
        Ok(Self { protected, algorithm: header.algorithm, key_id: header.key_id, payload, signature })
    }

    /// Whether `key` signed protected header, payload and `external_aad`, and the message names no other algorithm than
    /// the key's.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey, external_aad: &[u8]) -> bool {
        if self.algorithm.is_some_and(|named| named != Algorithm::Known(key.algorithm())) {
            return false;
        }
        // Sig_structure (RFC 9052 §4.4).
        let length = self.protected.len() + external_aad.len() + self.payload.len();
        let mut signed = Vec::with_capacity(length + 40);
        signed.extend(b"\x84\x6ASignature1");
        for bytes in [self.protected, external_aad, self.payload] {
            cbor::push_bytes(bytes, &mut signed);
        }
        key.verifies(&signed, self.signature)
    }

    /// The key that the message names, by a header parameter of either kind.
    #[must_use]
    pub fn key_id(&self) -> Option<&'a [u8]> {
        self.key_id
    }

    /// The payload, claimed until [`Sign1::is_signed_by`] says yes.
    #[must_use]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

const SIGN1_TAG: u64 = 18;
const CWT_TAG: u64 = 61;
const EMPTY_MAP: u8 = 0xA0;

fn byte_string<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], TapRefusal> {
    match reader.item()? {
        Item::Bytes(bytes) => Ok(bytes),
        Item::Null => Err(TapRefusal::malformed("a payload within the message")),
        _ => Err(TapRefusal::malformed("a byte string")),
    }
}

/// What both header maps say together; no label stands in both (RFC 9052 §3).
#[derive(Default)]
struct Header<'a> {
    algorithm: Option<Algorithm>,
    key_id: Option<&'a [u8]>,
    /// Labels of the first map.
    labels: Vec<Label<'a>>,
}

#[derive(PartialEq)]
enum Label<'a> {
    Number(Option<i64>),
    Text(&'a str),
}

impl<'a> Header<'a> {
    fn read(&mut self, reader: &mut Reader<'a>) -> Result<(), TapRefusal> {
        let before = self.labels.len();
        reader.map(|label, reader| {
            let label = match label {
                Item::Text(text) => Label::Text(text),
                number => Label::Number(small(number)),
            };
            if self.labels[..before].contains(&label) {
                return Err(TapRefusal::malformed("each header parameter once"));
            }
            match &label {
                Label::Number(Some(1)) => {
                    self.algorithm = Some(match small(reader.item()?) {
                        Some(-7) => Algorithm::Known(SignatureAlgorithm::Es256),
                        Some(-8) => Algorithm::Known(SignatureAlgorithm::EdDsa),
                        Some(-47) => Algorithm::Known(SignatureAlgorithm::Es256k),
                        _ => Algorithm::Unknown,
                    });
                }
                Label::Number(Some(2)) => {
                    return Err(TapRefusal::malformed("no critical header parameters"));
                }
                Label::Number(Some(4)) => self.key_id = Some(byte_string(reader)?),
                _ => {}
            }
            self.labels.push(label);
            Ok(())
        })
    }
}

/// A number in the range of `i64`.
fn small(item: Item<'_>) -> Option<i64> {
    match item {
        Item::Unsigned(number) => i64::try_from(number).ok(),
        Item::Negative(number) => i64::try_from(number).ok().map(|number| -1 - number),
        _ => None,
    }
}

/// The registered claims of a payload, each at most once. Times are whole seconds.
fn claims(payload: &[u8]) -> Result<TokenClaims, TapRefusal> {
    let mut claims = TokenClaims::default();
    let mut reader = Reader::new(payload);
    reader.map(|claim, reader| {
        match small(claim) {
            Some(1) => claims.issuer = Some(text(reader)?.into()),
            Some(2) => claims.subject = Some(Personal::new(text(reader)?)),
            Some(3) => claims.audience = Some(text(reader)?.into()),
            Some(4) => claims.expires = Some(seconds(reader)?),
            Some(5) => claims.not_before = Some(seconds(reader)?),
            Some(6) => claims.issued_at = Some(seconds(reader)?),
            Some(7) => claims.token_id = Some(byte_string(reader)?.into()),
            _ => {}
        }
        Ok(())
    })?;
    reader.end()?;
    Ok(claims)
}

fn text<'a>(reader: &mut Reader<'a>) -> Result<&'a str, TapRefusal> {
    match reader.item()? {
        Item::Text(text) => Ok(text),
        _ => Err(TapRefusal::malformed("a claim that is a text")),
    }
}

fn seconds(reader: &mut Reader<'_>) -> Result<Timestamp, TapRefusal> {
    let seconds = small(reader.item()?).and_then(|seconds| seconds.checked_mul(1_000_000));
    seconds
        .and_then(|micros| Timestamp::from_micros(micros).ok())
        .ok_or(TapRefusal::malformed("times in whole seconds from 1970 to 9999"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
