//! What a signed token says once its signature was checked, and whether that holds here and now.

use std::fmt;
use std::time::Duration;

use ring::digest;

use super::assurance::Assurance;
use super::limits::TOKEN_LEEWAY_MAX;
use super::refusal::TapRefusal;
use super::scheme::Scheme;
use crate::vocab::{Digest, Personal, Timestamp};

/// A token whose signature and times were checked. Only [`super::cose::verify`] and [`super::paseto::verify`] make one.
///
/// It can be copied: it proves that the issuer said this, not who shows it. [`VerifiedToken::replay_key`] lets a caller
/// accept a token once.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedToken {
    pub(super) scheme: Scheme,
    pub(super) key_id: Option<Box<[u8]>>,
    pub(super) claims: TokenClaims,
    pub(super) payload: Box<[u8]>,
}

impl VerifiedToken {
    /// The kind of token.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The id of the key that verified; none if the token names none.
    #[must_use]
    pub fn key_id(&self) -> Option<&[u8]> {
        self.key_id.as_deref()
    }

    /// What it says.
    #[must_use]
    pub fn claims(&self) -> &TokenClaims {
        &self.claims
    }

    /// The signed payload, for claims of the host's own.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// [`Assurance::Static`].
    #[must_use]
    pub fn assurance(&self) -> Assurance {
        Assurance::Static
    }

    /// What to remember so that this token counts once: SHA-256 of issuer and token id, or of the payload if it has
    /// no id. It can be forgotten once the token has expired.
    #[must_use]
    pub fn replay_key(&self) -> Digest {
        let issuer = self.claims.issuer.as_deref().unwrap_or_default().as_bytes();
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(&[u8::from(self.claims.token_id.is_some())]);
        context.update(&(issuer.len() as u64).to_be_bytes());
        context.update(issuer);
        context.update(self.claims.token_id.as_deref().unwrap_or(&self.payload));
        Digest::from_bytes(context.finish().as_ref().try_into().expect("SHA-256 has 32 bytes"))
    }
}

impl fmt::Debug for VerifiedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedToken")
            .field("scheme", &self.scheme)
            .field("claims", &self.claims)
            .field("payload", &format_args!("{} bytes", self.payload.len()))
            .finish_non_exhaustive()
    }
}

/// The registered claims of a token (RFC 8392 §3, PASETO's own list), each as far as it is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenClaims {
    pub(super) issuer: Option<Box<str>>,
    pub(super) subject: Option<Personal>,
    pub(super) audience: Option<Box<str>>,
    pub(super) expires: Option<Timestamp>,
    pub(super) not_before: Option<Timestamp>,
    pub(super) issued_at: Option<Timestamp>,
    pub(super) token_id: Option<Box<[u8]>>,
}

impl TokenClaims {
    /// Who made it.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// Whom or what it is about: the identity that the tap brings.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_ref().map(Personal::reveal)
    }

    /// Whom it is meant for.
    #[must_use]
    pub fn audience(&self) -> Option<&str> {
        self.audience.as_deref()
    }

    /// From when on it does not hold any more.
    #[must_use]
    pub fn expires(&self) -> Option<Timestamp> {
        self.expires
    }

    /// From when on it holds.
    #[must_use]
    pub fn not_before(&self) -> Option<Timestamp> {
        self.not_before
    }

    /// When it was made.
    #[must_use]
    pub fn issued_at(&self) -> Option<Timestamp> {
        self.issued_at
    }

    /// Its own id.
    #[must_use]
    pub fn token_id(&self) -> Option<&[u8]> {
        self.token_id.as_deref()
    }
}

/// What a token has to say to hold: an expiry, unless told otherwise.
///
/// ```
/// use std::time::Duration;
/// use phygital_core::tap::TokenPolicy;
/// let policy = TokenPolicy::new().leeway(Duration::from_secs(30)).issuer("https://brand.example").audience("till");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenPolicy {
    leeway: Duration,
    needs_expiry: bool,
    issuer: Option<Box<str>>,
    audience: Option<Box<str>>,
}

impl Default for TokenPolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl TokenPolicy {
    /// No leeway, an expiry, any issuer and audience.
    #[must_use]
    pub fn new() -> Self {
        Self { leeway: Duration::ZERO, needs_expiry: true, issuer: None, audience: None }
    }

    /// Lets the issuer's clock differ by so much, [`TOKEN_LEEWAY_MAX`] at most.
    #[must_use]
    pub fn leeway(self, leeway: Duration) -> Self {
        Self { leeway: leeway.min(TOKEN_LEEWAY_MAX), ..self }
    }

    /// Takes tokens that never expire.
    #[must_use]
    pub fn without_expiry(self) -> Self {
        Self { needs_expiry: false, ..self }
    }

    /// Takes tokens of this issuer alone.
    #[must_use]
    pub fn issuer(self, issuer: &str) -> Self {
        Self { issuer: Some(issuer.into()), ..self }
    }

    /// Takes tokens that are meant for this audience alone.
    #[must_use]
    pub fn audience(self, audience: &str) -> Self {
        Self { audience: Some(audience.into()), ..self }
    }

    /// Whether claims hold at `now`.
    ///
    /// # Errors
    /// [`TapRefusal::OutOfScope`] with the claim that says no.
    pub fn check(&self, claims: &TokenClaims, now: Timestamp) -> Result<(), TapRefusal> {
        let early = now.saturating_sub(self.leeway);
        let late = now.saturating_add(self.leeway);
        let other = |wanted: &Option<Box<str>>, found: &Option<Box<str>>| wanted.is_some() && wanted != found;
        // Expired on the very moment (RFC 7519 §4.1.4), valid from the very moment (§4.1.5).
        let reason = if claims.expires.is_none() && self.needs_expiry {
            "it has no expiry"
        } else if claims.expires.is_some_and(|expires| expires <= early) {
            "it has expired"
        } else if claims.not_before.is_some_and(|from| from > late) {
            "it does not hold yet"
        } else if claims.issued_at.is_some_and(|at| at > late) {
            "it was issued in the future"
        } else if other(&self.issuer, &claims.issuer) {
            "it is of another issuer"
        } else if other(&self.audience, &claims.audience) {
            "it is meant for another audience"
        } else {
            return Ok(());
        };
        Err(TapRefusal::OutOfScope { reason })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000).unwrap()
    }

    fn reason(policy: &TokenPolicy, claims: &TokenClaims, now: i64) -> Option<&'static str> {
        match policy.check(claims, at(now)) {
            Ok(()) => None,
            Err(TapRefusal::OutOfScope { reason }) => Some(reason),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn times_hold_to_the_second() {
        let claims = TokenClaims {
            expires: Some(at(1_000)),
            not_before: Some(at(500)),
            issued_at: Some(at(400)),
            ..TokenClaims::default()
        };
        let strict = TokenPolicy::new();
        for (now, expected) in [
            (399, Some("it does not hold yet")),
            (499, Some("it does not hold yet")),
            (500, None),
            (999, None),
            (1_000, Some("it has expired")),
        ] {
            assert_eq!(reason(&strict, &claims, now), expected, "{now}");
        }
        let lenient = TokenPolicy::new().leeway(Duration::from_secs(10));
        for (now, is_fine) in [(489, false), (490, true), (1_009, true), (1_010, false)] {
            assert_eq!(reason(&lenient, &claims, now).is_none(), is_fine, "{now}");
        }
        let future = TokenClaims { not_before: None, issued_at: Some(at(501)), ..claims };
        assert_eq!(reason(&strict, &future, 500), Some("it was issued in the future"));
    }

    #[test]
    fn leeway_is_bounded() {
        let claims = TokenClaims { expires: Some(at(1_000)), ..TokenClaims::default() };
        let policy = TokenPolicy::new().leeway(Duration::MAX);
        let most = 1_000 + TOKEN_LEEWAY_MAX.as_secs() as i64;
        assert_eq!(reason(&policy, &claims, most - 1), None);
        assert_eq!(reason(&policy, &claims, most), Some("it has expired"));
    }

    #[test]
    fn an_expiry_is_asked_for() {
        let claims = TokenClaims::default();
        assert_eq!(reason(&TokenPolicy::new(), &claims, 0), Some("it has no expiry"));
        assert_eq!(reason(&TokenPolicy::new().without_expiry(), &claims, 0), None);
    }

    #[test]
    fn issuer_and_audience_are_compared_where_they_are_asked_for() {
        let policy = TokenPolicy::new().without_expiry().issuer("brand").audience("till");
        let claims = |issuer: Option<&str>, audience: Option<&str>| TokenClaims {
            issuer: issuer.map(Box::from),
            audience: audience.map(Box::from),
            ..TokenClaims::default()
        };
        assert_eq!(reason(&policy, &claims(Some("brand"), Some("till")), 0), None);
        assert_eq!(reason(&policy, &claims(Some("other"), Some("till")), 0), Some("it is of another issuer"));
        assert_eq!(reason(&policy, &claims(None, Some("till")), 0), Some("it is of another issuer"));
        let audience = Some("it is meant for another audience");
        assert_eq!(reason(&policy, &claims(Some("brand"), None), 0), audience);
    }

    #[test]
    fn a_subject_is_not_printed() {
        let claims = TokenClaims { subject: Some(Personal::new("ada")), ..TokenClaims::default() };
        let token =
            VerifiedToken { scheme: Scheme::CoseSign1, key_id: None, claims, payload: Box::from(*b"ada") };
        assert!(!format!("{token:?}").contains("ada"), "{token:?}");
        assert_eq!(token.claims().subject(), Some("ada"));
    }

    #[test]
    fn a_replay_key_follows_issuer_and_id() {
        let token = |issuer: &str, id: Option<&[u8]>, payload: &[u8]| VerifiedToken {
            scheme: Scheme::PasetoV4Public,
            key_id: None,
            claims: TokenClaims {
                issuer: Some(issuer.into()),
                token_id: id.map(Box::from),
                ..TokenClaims::default()
            },
            payload: payload.into(),
        };
        let key = |issuer, id, payload| token(issuer, id, payload).replay_key();
        assert_eq!(key("a", Some(b"1"), b"x"), key("a", Some(b"1"), b"y"));
        assert_ne!(key("a", Some(b"1"), b"x"), key("a", Some(b"2"), b"x"));
        assert_ne!(key("a", Some(b"1"), b"x"), key("a1", Some(b""), b"x"));
        assert_ne!(key("a", None, b"x"), key("a", None, b"y"));
        assert_ne!(key("a", Some(b"x"), b""), key("a", None, b"x"));
    }
}
