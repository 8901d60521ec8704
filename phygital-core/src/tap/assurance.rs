//! What a tap proves, as a ladder.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How much a tap proves about who or what was there. Higher is more, so a host can ask for "at least".
///
/// ```
/// use phygital_core::tap::Assurance;
/// assert!(Assurance::Unauthenticated < Assurance::Dynamic);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Assurance {
    /// Nothing: anybody can type it. NTAG 21x mirrors, GS1 links, iBeacons.
    Unauthenticated,
    /// An issuer made it once and it never changes, so it can be copied: it proves origin, not presence.
    /// Originality signatures, signed tokens and URLs without a nonce.
    Static,
    /// It changes with time under a key that the verifier shares, so a copy is good for its window only.
    /// TOTP and HOTP codes, Eddystone-EID.
    Rotating,
    /// It changes with each read under the tag's own key, but that key can be recovered from a tag whose key pages
    /// were left unlocked. NTAG 223 and 224 DNA.
    DynamicWeak,
    /// It changes with each tap. It does not prove that the tap is being made now: it can be made ahead of time. NTAG 424
    /// DNA and signed URLs with a nonce, under a key that does not leave the chip; Apple VAS, by whoever knows what stands
    /// in the pass.
    Dynamic,
    /// It answers a challenge that the verifier has just made: mutual authentication of a reader and a chip; Google Smart
    /// Tap, by whoever knows what stands in the pass, since the phone shows no key of its own.
    Live,
}

impl Assurance {
    /// Its stable name, such as `dynamic_weak`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::Static => "static",
            Self::Rotating => "rotating",
            Self::DynamicWeak => "dynamic_weak",
            Self::Dynamic => "dynamic",
            Self::Live => "live",
        }
    }
}

impl fmt::Display for Assurance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
