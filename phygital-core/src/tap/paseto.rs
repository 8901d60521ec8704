//! PASETO v4.public: Ed25519 over payload, footer and an implicit assertion (PASETO specification, Version 4).
//!
//! There is nothing to negotiate: a token of another version or purpose is refused by its first characters.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::limits::{TOKEN_BYTES_MAX, TOKEN_FOOTER_MAX};
use super::public_keys::PublicKeys;
use super::refusal::TapRefusal;
use super::scheme::Scheme;
use super::token::{TokenClaims, TokenPolicy, VerifiedToken};
use crate::crypto::{PublicKey, SignatureAlgorithm};
use crate::vocab::{Personal, Timestamp};

const HEADER: &str = "v4.public.";
const SIGNATURE: usize = SignatureAlgorithm::SIGNATURE_LENGTH;

/// Verifies a token whose footer names its key (`{"kid": "..."}`), or none, and whose payload is JSON.
///
/// `implicit` is what issuer and verifier know without sending it, such as the id of the shop; empty if there is
/// nothing.
///
/// # Errors
/// [`TapRefusal`]: malformed, without a key, forged, or out of scope at `now`.
///
/// ```
/// use phygital_core::crypto::{PublicKey, SignatureAlgorithm};
/// use phygital_core::tap::{PublicKeys, TokenPolicy, paseto};
/// use phygital_core::vocab::Timestamp;
/// // Test vector 4-S-1 of the PASETO standard.
/// let token = "v4.public.eyJkYXRhIjoidGhpcyBpcyBhIHNpZ25lZCBtZXNzYWdlIiwiZXhwIjoiMjAyMi0wMS0wMVQwMDowMDowMCswMDowMCJ9b\
///              g_XBBzds8lTZShVlwwKSgeKpLT3yukTw6JUz3W4h_ExsQV-P0V54zemZDcAxFaSeef1QlXEFtkqxT1ciiQEDA";
/// let key = (0..32).map(|i| u8::from_str_radix(
///     &"1eb9dbbbbc047c03fd70604e0071f0987e16b28b757225c11f00415d0e20b1a2"[2 * i..][..2], 16));
/// let key = PublicKey::new(SignatureAlgorithm::EdDsa, &key.collect::<Result<Vec<_>, _>>()?)?;
/// let keys = PublicKeys::new().without_id(key)?;
/// let policy = TokenPolicy::new();
/// assert!(paseto::verify(token, &keys, b"", &policy, Timestamp::parse("2021-12-31T23:59:59Z")?).is_ok());
/// let expired = paseto::verify(token, &keys, b"", &policy, Timestamp::parse("2022-01-01T00:00:00Z")?);
/// assert_eq!(expired.unwrap_err().code(), "out_of_scope");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify(
    token: &str,
    keys: &PublicKeys,
    implicit: &[u8],
    policy: &TokenPolicy,
    now: Timestamp,
) -> Result<VerifiedToken, TapRefusal> {
    let token = Paseto::parse(token)?;
    let key_id = token.key_id()?;
    keys.find(key_id.as_deref().map(str::as_bytes), |key| token.is_signed_by(key, implicit))?;
    let claims = claims(token.payload())?;
    policy.check(&claims, now)?;
    Ok(VerifiedToken {
        scheme: Scheme::PasetoV4Public,
        key_id: key_id.map(|id| id.into_bytes().into()),
        claims,
        payload: token.payload().into(),
    })
}

/// A token taken apart; nothing of it is verified yet.
#[derive(Clone, Debug)]
pub struct Paseto {
    /// Payload and, behind it, the signature.
    body: Box<[u8]>,
    footer: Box<[u8]>,
}

impl Paseto {
    /// Reads `v4.public.BODY` or `v4.public.BODY.FOOTER`, both in base64url without padding.
    ///
    /// # Errors
    /// [`TapRefusal::TooLong`] beyond [`TOKEN_BYTES_MAX`], [`TapRefusal::WrongLength`] for a body shorter than a
    /// signature or a footer beyond [`TOKEN_FOOTER_MAX`], [`TapRefusal::Malformed`] for anything else.
    pub fn parse(token: &str) -> Result<Self, TapRefusal> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TapRefusal::WrongLength { found: token.len(), expected: "at most 4096" });
        }
        let rest =
            token.strip_prefix(HEADER).ok_or(TapRefusal::malformed("a token that begins with v4.public."))?;
        let (body, footer) = match rest.split_once('.') {
            // A footer that is announced is there, so that a token has one form.
            Some((_, "")) => return Err(TapRefusal::malformed("no dot without a footer")),
            Some((body, footer)) => (body, footer),
            None => (rest, ""),
        };
        let decode = |text: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(text);
            bytes.map(Box::from).map_err(|_| TapRefusal::malformed("base64url without padding"))
        };
        let (body, footer): (Box<[u8]>, Box<[u8]>) = (decode(body)?, decode(footer)?);
        if body.len() < SIGNATURE {
            return Err(TapRefusal::WrongLength { found: body.len(), expected: "a signature of 64 bytes" });
        }
        if footer.len() > TOKEN_FOOTER_MAX {
            return Err(TapRefusal::WrongLength { found: footer.len(), expected: "a footer of at most 512" });
        }
        Ok(Self { body, footer })
    }

    /// Whether `key` signed payload, footer and `implicit`. No other key than one for Ed25519 ever did.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey, implicit: &[u8]) -> bool {
        if key.algorithm() != SignatureAlgorithm::EdDsa {
            return false;
        }
        let (payload, signature) = self.body.split_at(self.body.len() - SIGNATURE);
        let signed = pre_authentication_encoding([HEADER.as_bytes(), payload, &self.footer, implicit]);
        key.verifies(&signed, signature)
    }

    /// The payload, claimed until [`Paseto::is_signed_by`] says yes.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.body[..self.body.len() - SIGNATURE]
    }

    /// The footer, claimed like the payload. Empty if there is none.
    #[must_use]
    pub fn footer(&self) -> &[u8] {
        &self.footer
    }

    /// The key that the footer names: the `kid` of a JSON object. A footer of another kind names none.
    ///
    /// # Errors
    /// [`TapRefusal::Malformed`] for an object that is not JSON, has `kid` twice, or a `kid` that is no text.
    pub fn key_id(&self) -> Result<Option<String>, TapRefusal> {
        #[derive(Deserialize)]
        struct Footer {
            kid: Option<String>,
        }
        if self.footer.first() != Some(&b'{') {
            return Ok(None);
        }
        let footer: Footer =
            serde_json::from_slice(&self.footer).map_err(|_| TapRefusal::malformed("a footer of JSON"))?;
        Ok(footer.kid)
    }
}

/// PAE: the number of pieces, then each with its length before it, as 64-bit little-endian numbers.
fn pre_authentication_encoding<const N: usize>(pieces: [&[u8]; N]) -> Vec<u8> {
    let length = pieces.iter().map(|piece| 8 + piece.len()).sum::<usize>();
    let mut encoded = Vec::with_capacity(8 + length);
    encoded.extend((N as u64).to_le_bytes());
    for piece in pieces {
        encoded.extend((piece.len() as u64).to_le_bytes());
        encoded.extend(piece);
    }
    encoded
}

/// The registered claims of a payload, each at most once.
fn claims(payload: &[u8]) -> Result<TokenClaims, TapRefusal> {
    #[derive(Deserialize)]
    struct Claims {
        iss: Option<Box<str>>,
        sub: Option<Personal>,
        aud: Option<Box<str>>,
        exp: Option<Timestamp>,
        nbf: Option<Timestamp>,
        iat: Option<Timestamp>,
        jti: Option<String>,
    }
    let claims: Claims = serde_json::from_slice(payload)
        .map_err(|_| TapRefusal::malformed("a payload of JSON with the claims of PASETO"))?;
    Ok(TokenClaims {
        issuer: claims.iss,
        subject: claims.sub,
        audience: claims.aud,
        expires: claims.exp,
        not_before: claims.nbf,
        issued_at: claims.iat,
        token_id: claims.jti.map(|id| id.into_bytes().into()),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;
    use ring::signature::{Ed25519KeyPair, KeyPair};

    use super::*;
    use crate::tap::Assurance;

    fn pair() -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
    }

    fn public() -> PublicKey {
        PublicKey::new(SignatureAlgorithm::EdDsa, pair().public_key().as_ref()).unwrap()
    }

    fn token(payload: &[u8], footer: &[u8], implicit: &[u8]) -> String {
        let signed = pre_authentication_encoding([HEADER.as_bytes(), payload, footer, implicit]);
        let body = [payload, pair().sign(&signed).as_ref()].concat();
        let mut text = HEADER.to_owned() + &URL_SAFE_NO_PAD.encode(body);
        if !footer.is_empty() {
            text = text + "." + &URL_SAFE_NO_PAD.encode(footer);
        }
        text
    }

    /// The specification's own examples.
    #[test]
    fn pieces_are_encoded_with_their_lengths() {
        assert_eq!(pre_authentication_encoding([]), [0; 8]);
        assert_eq!(pre_authentication_encoding([b""]), *b"\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        assert_eq!(pre_authentication_encoding([b"test"]), *b"\x01\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0test");
    }

    #[test]
    fn the_footer_picks_the_key_and_claims_become_the_tap() {
        let payload =
            br#"{"iss":"brand","sub":"member-7","aud":"till","jti":"a1","exp":"2026-12-01T00:00:00Z"}"#;
        let text = token(payload, br#"{"kid":"k1"}"#, b"shop-4");
        let keys = PublicKeys::new().with_id(b"k1", public()).unwrap();
        let now = Timestamp::parse("2026-11-21T12:00:00Z").unwrap();
        let policy = TokenPolicy::new().issuer("brand").audience("till");
        let tap = verify(&text, &keys, b"shop-4", &policy, now).unwrap();
        assert_eq!(tap.scheme(), Scheme::PasetoV4Public);
        assert_eq!(tap.assurance(), Assurance::Static);
        assert_eq!(tap.key_id(), Some(&b"k1"[..]));
        assert_eq!(tap.claims().subject(), Some("member-7"));
        assert_eq!(tap.claims().token_id(), Some(&b"a1"[..]));
        assert_eq!(verify(&text, &keys, b"shop-5", &policy, now), Err(TapRefusal::SignatureInvalid));
        assert_eq!(
            verify(&text, &PublicKeys::new(), b"shop-4", &policy, now).unwrap_err(),
            TapRefusal::NoKey
        );
        let other = PublicKeys::new().without_id(public()).unwrap();
        assert_eq!(verify(&text, &other, b"shop-4", &policy, now).unwrap_err(), TapRefusal::NoKey);
    }

    #[test]
    fn a_token_has_one_form() {
        let text = token(b"{}", b"f", b"");
        assert!(Paseto::parse(&text).is_ok());
        let (body, footer) = text[HEADER.len()..].split_once('.').unwrap();
        for (bad, code) in [
            (text.replace("v4.public", "v4.local"), "malformed"),
            (text.replace("v4.public", "v3.public"), "malformed"),
            (text.replace("v4", "V4"), "malformed"),
            (format!("{HEADER}{body}."), "malformed"),
            (format!("{HEADER}{body}={footer}"), "malformed"),
            (format!("{HEADER}{body}=.{footer}"), "malformed"),
            (format!("{text}.x"), "malformed"),
            (HEADER.to_owned(), "bad_length"),
            (String::new(), "malformed"),
        ] {
            assert_eq!(Paseto::parse(&bad).unwrap_err().code(), code, "{bad}");
        }
        // The last character of the body has bits that no byte takes; they have to be zero.
        let last = body.chars().last().unwrap();
        let next = char::from(last as u8 + 1);
        let bent = format!("{HEADER}{}{next}", &body[..body.len() - 1]);
        assert!(body.len() % 4 == 0 || Paseto::parse(&bent).is_err());
    }

    #[test]
    fn lengths_are_bounded() {
        let body = |length: usize| HEADER.to_owned() + &"A".repeat(length - HEADER.len());
        assert!(Paseto::parse(&body(TOKEN_BYTES_MAX)).is_ok() || (TOKEN_BYTES_MAX - HEADER.len()) % 4 == 1);
        assert_eq!(Paseto::parse(&body(TOKEN_BYTES_MAX + 1)).unwrap_err().code(), "bad_length");
        assert!(Paseto::parse(&token(b"{}", &[7; TOKEN_FOOTER_MAX], b"")).is_ok());
        let long = Paseto::parse(&token(b"{}", &[7; TOKEN_FOOTER_MAX + 1], b"")).unwrap_err();
        assert_eq!(long.code(), "bad_length");
    }

    #[test]
    fn a_key_of_another_kind_never_verifies() {
        let point = [&[4][..], &[1; 64]].concat();
        let other = PublicKey::new(SignatureAlgorithm::Es256, &point).unwrap();
        assert!(!Paseto::parse(&token(b"{}", b"", b"")).unwrap().is_signed_by(&other, b""));
    }

    #[test]
    fn nothing_stands_twice() {
        let twice = token(b"{}", br#"{"kid":"a","kid":"b"}"#, b"");
        assert!(Paseto::parse(&twice).unwrap().key_id().is_err());
        assert!(Paseto::parse(&token(b"{}", br#"{"kid":7}"#, b"")).unwrap().key_id().is_err());
        assert_eq!(Paseto::parse(&token(b"{}", b"plain text", b"")).unwrap().key_id(), Ok(None));
        for payload in
            [&br#"{"exp":"2026-12-01T00:00:00Z","exp":"2027-12-01T00:00:00Z"}"#[..], b"[]", b"x", b""]
        {
            assert!(claims(payload).is_err());
        }
        assert!(claims(br#"{"exp":1764547200}"#).is_err(), "a time is a text in PASETO");
        assert!(claims(br#"{"other":{"exp":1}}"#).is_ok());
    }

    proptest! {
        /// A token verifies with its own footer, assertion and payload, and with no other.
        #[test]
        fn every_piece_is_signed(
            payload in prop::collection::vec(any::<u8>(), 0..40),
            footer in prop::collection::vec(any::<u8>(), 0..20),
            implicit in prop::collection::vec(any::<u8>(), 0..20),
            piece in 0..3usize,
            at: prop::sample::Index,
        ) {
            let read = Paseto::parse(&token(&payload, &footer, &implicit)).unwrap();
            prop_assert_eq!(read.payload(), &payload[..]);
            prop_assert_eq!(read.footer(), &footer[..]);
            prop_assert!(read.is_signed_by(&public(), &implicit));
            let mut changed = read.clone();
            let mut other = implicit;
            match piece {
                0 => { let at = at.index(changed.body.len()); changed.body[at] ^= 1 }
                1 => changed.footer = [&changed.footer[..], &[0]].concat().into(),
                _ => other.push(0),
            }
            prop_assert!(!changed.is_signed_by(&public(), &other));
        }
    }
}
