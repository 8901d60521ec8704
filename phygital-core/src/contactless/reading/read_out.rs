//! What was read of a card, and why something was not.

use std::fmt;

#[cfg(feature = "apple-vas")]
use crate::contactless::apple_vas::{PassTypeId, VasAnswer, VasError};
use crate::contactless::chaining::ChainError;
use crate::contactless::ntag424::Ntag424Error;
#[cfg(feature = "smart-tap")]
use crate::contactless::smart_tap::{SmartTapError, SmartTapOutcome};
use crate::contactless::type2::{Type2Error, Type2Version};
use crate::contactless::type4::Type4Error;

/// What was read of a card.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadOut {
    /// The bytes of the NDEF message, for [`crate::tap::Presented::NdefMessage`].
    pub ndef: Option<Vec<u8>>,
    /// The maker's signature over the UID, for [`crate::tap::Presented::Originality`].
    pub signature: Option<Vec<u8>>,
    /// What a Type 2 tag says of its chip, where its signature was wanted.
    pub version: Option<Type2Version>,
    /// What an iPhone answered to each request, for [`crate::tap::Presented::AppleVas`].
    #[cfg(feature = "apple-vas")]
    pub vas: Vec<VasPass>,
    /// How an exchange of Google Smart Tap ended, for [`crate::tap::wallet::from_smart_tap`].
    #[cfg(feature = "smart-tap")]
    pub smart_tap: Option<SmartTapOutcome>,
    /// The protocols that gave nothing, in the order in which they were tried.
    pub misses: Vec<Miss>,
    /// What it took.
    pub cost: Cost,
}

/// What an iPhone answered to a request.
#[cfg(feature = "apple-vas")]
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VasPass {
    /// The pass that was asked for; none where a URL was handed over.
    pub pass: Option<PassTypeId>,
    /// The answer.
    pub answer: VasAnswer,
}

/// A protocol that gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Miss {
    /// Which.
    pub protocol: Protocol,
    /// Why.
    pub fault: ReadFault,
}

/// What is tried on a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// The message of a Type 4 tag.
    Ndef,
    /// The maker's signature on an NTAG 424 DNA.
    Signature,
    /// The message of a Type 2 tag.
    Type2,
    /// Version and signature of a Type 2 tag.
    Type2Signature,
    /// Apple VAS.
    #[cfg(feature = "apple-vas")]
    AppleVas,
    /// Google Smart Tap.
    #[cfg(feature = "smart-tap")]
    SmartTap,
}

/// Why a protocol gave nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadFault {
    /// No Type 4 tag, or one without a message to read.
    #[error(transparent)]
    Type4(#[from] Type4Error),
    /// A Type 2 tag without a message or signature to read.
    #[error(transparent)]
    Type2(#[from] Type2Error),
    /// No NTAG 424 DNA, or none that gives its signature.
    #[error(transparent)]
    Ntag424(#[from] Ntag424Error),
    /// No Apple Wallet.
    #[cfg(feature = "apple-vas")]
    #[error(transparent)]
    Vas(#[from] VasError),
    /// No Google Wallet.
    #[cfg(feature = "smart-tap")]
    #[error(transparent)]
    SmartTap(#[from] SmartTapError),
    /// An answer whose pieces never end.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// More commands than [`super::READING_EXCHANGES_MAX`].
    #[error("more than {} exchanges", super::READING_EXCHANGES_MAX)]
    TooMany,
    /// More bytes of answers than [`super::READING_BYTES_MAX`].
    #[error("more than {} bytes of answers", super::READING_BYTES_MAX)]
    TooLong,
    /// The card left or fell silent.
    #[error("the card left or fell silent")]
    Lost,
}

/// What a reading took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cost {
    /// Commands sent.
    pub exchanges: usize,
    /// Bytes of the commands.
    pub sent: usize,
    /// Bytes of the answers.
    pub received: usize,
}

impl ReadOut {
    /// Whether nothing was read: [`ReadOut::misses`] says why.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        #[cfg(feature = "apple-vas")]
        if !self.vas.is_empty() {
            return false;
        }
        #[cfg(feature = "smart-tap")]
        if self.smart_tap.is_some() {
            return false;
        }
        self.ndef.is_none() && self.signature.is_none()
    }

    /// Whether the phone's owner has to act, after which the tap is made again.
    #[must_use]
    pub fn needs_owner(&self) -> bool {
        #[cfg(feature = "apple-vas")]
        if self.vas.iter().any(|pass| pass.answer.status.needs_owner()) {
            return true;
        }
        #[cfg(feature = "smart-tap")]
        if matches!(self.smart_tap, Some(SmartTapOutcome::NeedsOwner(_))) {
            return true;
        }
        false
    }
}

impl fmt::Debug for ReadOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("ReadOut");
        out.field("ndef", &self.ndef.as_ref().map(Vec::len));
        out.field("signature", &self.signature.is_some());
        out.field("version", &self.version);
        #[cfg(feature = "apple-vas")]
        out.field("vas", &self.vas);
        #[cfg(feature = "smart-tap")]
        out.field("smart_tap", &self.smart_tap.as_ref().map(outcome));
        out.field("misses", &self.misses).field("cost", &self.cost).finish()
    }
}

#[cfg(feature = "smart-tap")]
fn outcome(outcome: &SmartTapOutcome) -> String {
    match outcome {
        SmartTapOutcome::Passes(read) => format!("{} objects", read.objects().len()),
        SmartTapOutcome::NoPass => "no pass".to_owned(),
        SmartTapOutcome::NeedsOwner(status) => format!("needs its owner: {}", status.code()),
    }
}

#[cfg(feature = "apple-vas")]
impl VasPass {
    /// The pass and its encrypted message, where one came.
    #[must_use]
    pub fn cryptogram(&self) -> Option<(&PassTypeId, &[u8])> {
        Some((self.pass.as_ref()?, self.answer.data.as_ref()?.cryptogram.as_deref()?))
    }

    /// Whether nothing else has to be tried.
    pub(super) fn settles(&self) -> bool {
        self.cryptogram().is_some() || self.answer.status.needs_owner()
    }
}

#[cfg(feature = "apple-vas")]
impl fmt::Debug for VasPass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.cryptogram().map(|(_, cryptogram)| cryptogram.len());
        write!(f, "VasPass({:?}, {}, cryptogram {length:?})", self.pass, self.answer.status.code())
    }
}
