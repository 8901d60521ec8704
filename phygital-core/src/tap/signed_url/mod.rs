//! Signed tap URLs: a tag with a private key of its own signs what it writes, so the verifier shares no secret.
//!
//! [`UrlSignature`] says how a make of tag does it: what text is signed, which parameter holds the signature, where
//! the public key comes from, which parameter is new at each tap. [`coinkite`] has it ready for SATSCARD and
//! TAPSIGNER.
//!
//! A signature proves that the key's holder wrote the covered text. Whose key it is has to be known from elsewhere: a
//! key that was recovered from the signature itself is an identity to look up, since anybody can make one. And a
//! signed URL that was taken down can be opened again: with a nonce the caller has to remember
//! [`SignedUrlTap::replay_key`] and accept each one once; without, it is a fixed text that can be copied.

pub mod coinkite;

mod address;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;

use super::assurance::Assurance;
use super::limits::{PUBLIC_KEY_ID_MAX, URL_NONCE_MAX};
use super::public_keys::PublicKeys;
use super::refusal::TapRefusal;
use super::sun::{Span, TapLink};
use crate::crypto::recovered_keys;
use crate::vocab::{Digest, hex};

pub use address::{Address, Network};

/// Where a tag writes its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a URL has no other part with parameters")]
pub enum UrlPart {
    /// After the `?`.
    Query,
    /// After the `#`, which browsers do not send to the server.
    Fragment,
}

/// Where the signed text begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignedFrom {
    /// At the first character of the URL, its scheme included.
    Url,
    /// At the host.
    Host,
    /// At the first parameter, after the `?` or `#`.
    Parameters,
}

/// Where the signed text ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignedTo {
    /// After the `=` of the signature's parameter.
    Name,
    /// Before the `&`, `?` or `#` that leads to the signature's parameter.
    Separator,
}

/// How the signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureText {
    /// 128 hexadecimal digits.
    Hex,
    /// 86 characters of base64url without padding (RFC 4648 §5).
    Base64Url,
}

/// Where the public key comes from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum KeySource {
    /// A ring; this parameter, if any, names the key.
    Ring {
        /// The keys.
        keys: PublicKeys,
        /// The parameter with the key's id.
        id: Option<Box<str>>,
    },
    /// The signature itself, on secp256k1: the key whose pay-to-witness address ends with this parameter (8 to 42
    /// characters).
    AddressTail {
        /// The parameter.
        parameter: Box<str>,
    },
    /// The signature itself, on secp256k1: the key whose SHA-256 begins with this parameter (8 bytes in hexadecimal
    /// digits).
    CardIdent {
        /// The parameter.
        parameter: Box<str>,
    },
}

/// How a make of tag signs its URLs.
///
/// ```
/// use phygital_core::tap::PublicKeys;
/// use phygital_core::tap::signed_url::{KeySource, SignedFrom, SignedTo, UrlPart, UrlSignature};
/// let ring = PublicKeys::new();
/// let scheme = UrlSignature::new(UrlPart::Query, "sig", KeySource::Ring { keys: ring, id: Some("kid".into()) })
///     .signs(SignedFrom::Host, SignedTo::Separator)
///     .nonce("n");
/// assert_eq!(
///     scheme.verify("https://tap.example/p?kid=7&n=01&sig=00").unwrap_err().code(),
///     "bad_length",
/// );
/// ```
#[derive(Clone, Debug)]
pub struct UrlSignature {
    part: UrlPart,
    from: SignedFrom,
    to: SignedTo,
    signature: Box<str>,
    text: SignatureText,
    nonce: Option<Box<str>>,
    key: KeySource,
}

impl UrlSignature {
    /// Signs from its first parameter to the `=` of `signature`, in hexadecimal digits, without a nonce.
    #[must_use]
    pub fn new(part: UrlPart, signature: &str, key: KeySource) -> Self {
        Self {
            part,
            from: SignedFrom::Parameters,
            to: SignedTo::Name,
            signature: signature.into(),
            text: SignatureText::Hex,
            nonce: None,
            key,
        }
    }

    /// Signs this text.
    #[must_use]
    pub fn signs(self, from: SignedFrom, to: SignedTo) -> Self {
        Self { from, to, ..self }
    }

    /// Writes its signature so.
    #[must_use]
    pub fn written_in(self, text: SignatureText) -> Self {
        Self { text, ..self }
    }

    /// Has a new value in this parameter at each tap.
    #[must_use]
    pub fn nonce(self, parameter: &str) -> Self {
        Self { nonce: Some(parameter.into()), ..self }
    }

    /// Verifies a URL.
    ///
    /// Parameters after the signature are somebody else's (trackers add them) and are left alone, unless they repeat
    /// one that the tag wrote.
    ///
    /// # Errors
    /// [`TapRefusal::NoTap`] without the parameter of the signature, [`TapRefusal::Malformed`] or
    /// [`TapRefusal::WrongLength`] for anything else out of form, [`TapRefusal::NoKey`],
    /// [`TapRefusal::SignatureInvalid`].
    pub fn verify(&self, url: &str) -> Result<SignedUrlTap, TapRefusal> {
        let claim = self.read(url)?;
        let signed = claim.signed.as_bytes();
        let (public_key, key_id, address) = match &self.key {
            KeySource::Ring { keys, id } => {
                let id = id.as_deref().map(|name| claim.required(name)).transpose()?;
                if id.is_some_and(|id| id.len() > PUBLIC_KEY_ID_MAX) {
                    return Err(TapRefusal::NoKey);
                }
                keys.find(id.map(str::as_bytes), |key| key.verifies(signed, &claim.signature))?;
                (None, id.map(Box::from), None)
            }
            KeySource::AddressTail { parameter } => {
                let tail = claim.required(parameter)?;
                if !(address::TAIL_MIN..=address::LENGTH_MAX).contains(&tail.len()) {
                    return Err(TapRefusal::WrongLength {
                        found: tail.len(),
                        expected: "8 to 42 characters",
                    });
                }
                let (key, address) = recovered_keys(signed, &claim.signature)
                    .find_map(|key| {
                        Address::both(&key)
                            .into_iter()
                            .find(|address| address.ends_with(tail))
                            .map(|a| (key, a))
                    })
                    .ok_or(TapRefusal::SignatureInvalid)?;
                (Some(key), None, Some(address))
            }
            KeySource::CardIdent { parameter } => {
                let text = claim.required(parameter)?;
                let ident: [u8; 8] = hex::decode(text.as_bytes()).map_err(|fault| match fault {
                    hex::HexFault::Length => {
                        TapRefusal::WrongLength { found: text.len(), expected: "16 hexadecimal digits" }
                    }
                    hex::HexFault::Digit => TapRefusal::malformed("16 hexadecimal digits"),
                })?;
                let key = recovered_keys(signed, &claim.signature)
                    .find(|key| digest::digest(&digest::SHA256, key).as_ref().starts_with(&ident))
                    .ok_or(TapRefusal::SignatureInvalid)?;
                (Some(key), None, None)
            }
        };
        Ok(SignedUrlTap {
            nonce: self.nonce.as_deref().map(|name| claim.required(name).map(Box::from)).transpose()?,
            signed_text: claim.signed.into(),
            parameters: claim
                .parameters
                .iter()
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect(),
            public_key,
            key_id,
            address,
        })
    }

    /// Takes the URL apart.
    fn read<'a>(&self, url: &'a str) -> Result<Claim<'a>, TapRefusal> {
        let link = TapLink::parse(url)?;
        let rest = url.len() - link.rest().len();
        let part = match self.part {
            UrlPart::Query => link.query(),
            UrlPart::Fragment => link.fragment(),
        };
        let span = |span: Span| &url[rest + usize::from(span.start())..rest + usize::from(span.end())];
        let mut parameters = Vec::new();
        let mut signature: Option<(&str, usize, usize)> = None;
        for param in link.params(part) {
            let Some(name) = param.name.map(span) else { continue };
            let repeats = parameters.iter().any(|(earlier, _)| *earlier == name)
                || (name == &*self.signature && signature.is_some());
            if repeats {
                return Err(TapRefusal::malformed("each signed parameter once"));
            }
            if name == &*self.signature {
                let value = rest + usize::from(param.value.start());
                signature = Some((span(param.value), value, value - name.len() - 1));
            } else if signature.is_none() {
                parameters.push((name, span(param.value)));
            }
        }
        let (text, value, name) = signature.ok_or(TapRefusal::NoTap)?;
        let start = match self.from {
            SignedFrom::Url => 0,
            SignedFrom::Host => rest,
            SignedFrom::Parameters => rest + usize::from(part.start()),
        };
        let end = match self.to {
            SignedTo::Name => value,
            SignedTo::Separator => name - 1,
        };
        let signed =
            url.get(start..end).ok_or(TapRefusal::malformed("a signature after the text that it signs"))?;
        let claim = Claim { signed, parameters, signature: self.decode(text)? };
        if let Some(nonce) = &self.nonce {
            let nonce = claim.required(nonce)?;
            if !(1..=URL_NONCE_MAX).contains(&nonce.len()) {
                return Err(TapRefusal::WrongLength { found: nonce.len(), expected: "1 to 128 characters" });
            }
        }
        Ok(claim)
    }

    fn decode(&self, text: &str) -> Result<[u8; 64], TapRefusal> {
        let (length, expected) = match self.text {
            SignatureText::Hex => (128, "a signature of 128 hexadecimal digits"),
            SignatureText::Base64Url => (86, "a signature of 86 characters of base64url"),
        };
        if text.len() != length {
            return Err(TapRefusal::WrongLength { found: text.len(), expected });
        }
        let decoded = match self.text {
            SignatureText::Hex => hex::decode(text.as_bytes()).ok(),
            SignatureText::Base64Url => {
                URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok())
            }
        };
        decoded.ok_or(TapRefusal::malformed(expected))
    }
}

/// What a URL says, before any key was tried.
struct Claim<'a> {
    signed: &'a str,
    /// Those before the signature.
    parameters: Vec<(&'a str, &'a str)>,
    signature: [u8; 64],
}

impl<'a> Claim<'a> {
    fn required(&self, name: &str) -> Result<&'a str, TapRefusal> {
        let found = self.parameters.iter().find(|(parameter, _)| *parameter == name);
        found
            .map(|(_, value)| *value)
            .ok_or(TapRefusal::malformed("a parameter that its scheme asks for, before the signature"))
    }
}

/// A URL whose signature was checked. Only [`UrlSignature::verify`] makes one.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedUrlTap {
    signed_text: Box<str>,
    parameters: Vec<(Box<str>, Box<str>)>,
    nonce: Option<Box<str>>,
    public_key: Option<[u8; 33]>,
    key_id: Option<Box<str>>,
    address: Option<Address>,
}

impl SignedUrlTap {
    /// The text that is signed. All else in the URL is claimed, not proven.
    #[must_use]
    pub fn signed_text(&self) -> &str {
        &self.signed_text
    }

    /// A parameter that stands before the signature, and so under it, as it was written.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(found, _)| **found == *name).map(|(_, value)| &**value)
    }

    /// What is new at each tap, as it was written.
    #[must_use]
    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }

    /// The id of the ring's key that verified.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// The key that was recovered from the signature, compressed as in SEC 1: who signed, to be looked up among the
    /// tags that are known.
    #[must_use]
    pub fn public_key(&self) -> Option<&[u8; 33]> {
        self.public_key.as_ref()
    }

    /// The address of the recovered key, where the URL brought its end.
    #[must_use]
    pub fn address(&self) -> Option<&Address> {
        self.address.as_ref()
    }

    /// [`Assurance::Dynamic`] with a nonce, provided that the caller accepts each [`SignedUrlTap::replay_key`] once;
    /// [`Assurance::Static`] without.
    #[must_use]
    pub fn assurance(&self) -> Assurance {
        if self.nonce.is_some() { Assurance::Dynamic } else { Assurance::Static }
    }

    /// What to remember so that this tap counts once: SHA-256 of key and nonce. None without a nonce.
    ///
    /// It has to be stored, in one transaction with what the tap leads to, before success is reported, and for as
    /// long as the key is in use.
    #[must_use]
    pub fn replay_key(&self) -> Option<Digest> {
        let nonce = self.nonce.as_deref()?;
        let key = self.public_key.as_ref().map_or(self.key_id.as_deref().unwrap_or("").as_bytes(), |key| key);
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(&(key.len() as u64).to_be_bytes());
        context.update(key);
        context.update(nonce.as_bytes());
        Some(Digest::from_bytes(context.finish().as_ref().try_into().expect("SHA-256 has 32 bytes")))
    }
}

impl fmt::Debug for SignedUrlTap {
    /// Without the text, which may name a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedUrlTap({:?}, {} bytes signed)", self.assurance(), self.signed_text.len())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[expect(clippy::disallowed_types, reason = "ring signs on P-256 with its own random source alone")]
mod tests;
