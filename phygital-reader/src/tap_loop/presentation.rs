//! What was read of what was held to the reader, and how it was judged.

use phygital_core::contactless::reading::ReadOut;
#[cfg(feature = "smart-tap")]
use phygital_core::contactless::smart_tap::SmartTapOutcome;
use phygital_core::tap::wallet::WalletTap;
use phygital_core::tap::{Assurance, Presented, TapProof, TapVerdict, Verifier};
use phygital_core::vocab::{Digest, Timestamp};
use ring::digest::{SHA256, digest};

use super::debounce::Credential;
use crate::card::Card;

/// What was read of one card, tag or phone that was held to the reader once.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Presentation {
    /// When it was read, by the loop's wall clock.
    pub at: Timestamp,
    /// What the reader found.
    pub card: Card,
    /// What was read.
    pub read: ReadOut,
    /// The passes of Google Wallet in it.
    pub wallet: Vec<WalletTap>,
}

/// A presentation, and what the verifier says of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Tap {
    /// What was read.
    pub presentation: Presentation,
    /// A verdict on each of [`Presentation::presented`], in its order; at least one.
    pub verdicts: Vec<TapVerdict>,
    /// What it is known by, so that it counts once while it stays.
    pub credentials: Vec<Credential>,
}

impl Presentation {
    /// What was read at this time.
    #[must_use]
    pub fn new(at: Timestamp, card: Card, read: ReadOut) -> Self {
        #[cfg(feature = "smart-tap")]
        let wallet = match &read.smart_tap {
            Some(SmartTapOutcome::Passes(passes)) => phygital_core::tap::wallet::from_smart_tap(passes),
            _ => Vec::new(),
        };
        #[cfg(not(feature = "smart-tap"))]
        let wallet = Vec::new();
        Self { at, card, read, wallet }
    }

    /// What can be judged: passes, then the message, then the maker's signature.
    pub fn presented(&self) -> impl Iterator<Item = Presented<'_>> {
        let wallet = self.wallet.iter().map(Presented::Wallet);
        let ndef = self.read.ndef.as_deref().map(Presented::NdefMessage);
        let uid = self.card.uid.as_bytes();
        let signature = self.read.signature.as_deref();
        let signature = signature.map(|signature| Presented::Originality { uid, signature });
        self.apple_vas().chain(wallet).chain(ndef).chain(signature)
    }

    #[cfg(feature = "apple-vas")]
    fn apple_vas(&self) -> impl Iterator<Item = Presented<'_>> {
        let passes = self.read.vas.iter();
        passes.filter_map(|vas| {
            let (pass, cryptogram) = vas.cryptogram()?;
            Some(Presented::AppleVas { pass, cryptogram })
        })
    }

    #[cfg(not(feature = "apple-vas"))]
    fn apple_vas(&self) -> impl Iterator<Item = Presented<'_>> {
        std::iter::empty()
    }
}

impl Tap {
    /// Judges a presentation; `None` where there is nothing to judge.
    #[must_use]
    pub fn judge(presentation: Presentation, verifier: &Verifier) -> Option<Self> {
        let mut verdicts = Vec::new();
        let mut credentials = Vec::new();
        for presented in presentation.presented() {
            let verdict = verifier.verify(presented, presentation.at);
            credentials.extend(Credential::of(&presentation.card, presented, &verdict));
            verdicts.push(verdict);
        }
        (!verdicts.is_empty()).then_some(Self { presentation, verdicts, credentials })
    }

    /// The verdict that proves most; of equals the first. A maker's signature alone stands behind all else: it says
    /// which chip is there and nothing about what it was given to say.
    #[must_use]
    pub fn verdict(&self) -> &TapVerdict {
        let rank = |verdict: &TapVerdict| {
            let original = matches!(verdict.outcome, Ok(TapProof::Original { .. }));
            (!original, verdict.assurance())
        };
        let first = self.verdicts.first().expect("at least one");
        self.verdicts.iter().fold(first, |best, verdict| match rank(verdict) > rank(best) {
            true => verdict,
            false => best,
        })
    }
}

impl Credential {
    /// What one thing that was read is known by. A chip's signature tells nothing apart that the rest does not.
    fn of(card: &Card, presented: Presented<'_>, verdict: &TapVerdict) -> Option<Self> {
        let named = |kind: &[u8; 4], name: &[u8]| {
            let hash = digest(&SHA256, &[kind, name].concat());
            Some(Self(Digest::from_bytes(hash.as_ref().try_into().expect("SHA-256 has 32 bytes"))))
        };
        if let Ok(proof) = &verdict.outcome {
            if let TapProof::Wallet { tap, .. } = proof {
                return Some(Self(tap.credential()));
            }
            if let Some(uid) = proof.uid().filter(|_| proof.assurance() > Assurance::Unauthenticated) {
                return named(b"tag ", uid.as_bytes());
            }
        }
        match presented {
            Presented::Originality { uid, .. } => named(b"chip", uid),
            // A UID that stays is no identity, and yet tells that a thing of which nothing is proven is still the same.
            _ if card.uid.as_bytes().len() > 4 => named(b"chip", card.uid.as_bytes()),
            Presented::NdefMessage(message) => named(b"read", message),
            #[cfg(feature = "apple-vas")]
            Presented::AppleVas { pass, .. } => named(b"pass", pass.hash()),
            _ => None,
        }
    }
}
