//! What a reader is after, and what a card may have.

use std::fmt;
use std::marker::PhantomData;

use super::Protocol;
#[cfg(feature = "apple-vas")]
use super::VasPass;
#[cfg(any(feature = "apple-vas", feature = "smart-tap"))]
use crate::contactless::apdu::Command;
#[cfg(feature = "apple-vas")]
use crate::contactless::apple_vas::{PassRequest, PassTypeId, VasError, VasRead, VasReader, VasTerminal};
#[cfg(feature = "smart-tap")]
use crate::contactless::smart_tap::{SessionSeed, SmartTapError, SmartTapReader, SmartTapTerminal};
use crate::contactless::type4::Type4Path;

/// How a card is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CardKind {
    /// By APDUs.
    IsoDep {
        /// Whether its UID was drawn for this encounter: four bytes that begin with 08, as phones have, and tags that
        /// were told to.
        random_uid: bool,
    },
    /// By commands of a Type 2 tag.
    Type2,
}

impl CardKind {
    /// The kind of a card that speaks ISO/IEC 14443-4, by its UID (ISO/IEC 14443-3 §6.5.4).
    ///
    /// ```
    /// use phygital_core::contactless::reading::CardKind;
    /// assert_eq!(CardKind::iso_dep(&[0x08, 1, 2, 3]), CardKind::IsoDep { random_uid: true });
    /// assert_eq!(CardKind::iso_dep(&[0x04, 1, 2, 3, 4, 5, 6]), CardKind::IsoDep { random_uid: false });
    /// ```
    #[must_use]
    pub const fn iso_dep(uid: &[u8]) -> Self {
        Self::IsoDep { random_uid: matches!(uid, [0x08, _, _, _]) }
    }
}

/// What a reader is after. It is for one card: the randomness of an exchange goes into it.
pub struct Wanted<'k> {
    ndef: Option<Type4Path>,
    signature: bool,
    #[cfg(feature = "apple-vas")]
    vas: Option<(VasReader, Command)>,
    /// The pass of each request, none for one that hands over a URL alone.
    #[cfg(feature = "apple-vas")]
    passes: Vec<Option<PassTypeId>>,
    #[cfg(feature = "smart-tap")]
    smart_tap: Option<(Box<SmartTapReader<'k>>, Command)>,
    /// Whose signer it borrows, with `smart-tap`.
    signer: PhantomData<&'k ()>,
}

impl<'k> Wanted<'k> {
    /// Nothing yet.
    #[must_use]
    pub const fn nothing() -> Self {
        Self {
            ndef: None,
            signature: false,
            #[cfg(feature = "apple-vas")]
            vas: None,
            #[cfg(feature = "apple-vas")]
            passes: Vec::new(),
            #[cfg(feature = "smart-tap")]
            smart_tap: None,
            signer: PhantomData,
        }
    }

    /// The NDEF message of a tag, by way of the standard.
    #[must_use]
    pub const fn ndef() -> Self {
        let mut this = Self::nothing();
        this.ndef = Some(Type4Path::Standard);
        this
    }

    /// The NDEF message of a tag; a Type 4 tag's in this way.
    #[must_use]
    pub const fn ndef_by(mut self, path: Type4Path) -> Self {
        self.ndef = Some(path);
        self
    }

    /// The maker's signature of a tag too, where its UID is its own.
    #[must_use]
    pub const fn signature(mut self) -> Self {
        self.signature = true;
        self
    }

    /// Passes of Apple Wallet.
    ///
    /// # Errors
    /// As [`VasReader::new`].
    #[cfg(feature = "apple-vas")]
    pub fn vas(mut self, terminal: VasTerminal, requests: &[PassRequest]) -> Result<Self, VasError> {
        self.vas = Some(VasReader::new(terminal, requests)?);
        let pass = |request: &PassRequest| match request {
            PassRequest::Pass { pass, .. } => Some(pass.clone()),
            PassRequest::Url(_) => None,
        };
        self.passes = requests.iter().map(pass).collect();
        Ok(self)
    }

    /// Passes of Google Wallet. The seed must be new for each card.
    ///
    /// # Errors
    /// As [`SmartTapReader::new`].
    #[cfg(feature = "smart-tap")]
    pub fn smart_tap(
        mut self,
        terminal: SmartTapTerminal<'k>,
        seed: SessionSeed,
    ) -> Result<Self, SmartTapError> {
        let (reader, command) = SmartTapReader::new(terminal, seed)?;
        self.smart_tap = Some((Box::new(reader), command));
        Ok(self)
    }

    /// What to try on this card, last first.
    pub(super) fn plan(&self, kind: CardKind) -> Vec<Protocol> {
        let ndef = self.ndef.is_some();
        let mut plan = Vec::new();
        let mut add = |wanted: bool, protocol: Protocol| {
            if wanted {
                plan.push(protocol);
            }
        };
        match kind {
            CardKind::Type2 => {
                add(ndef, Protocol::Type2);
                add(self.signature, Protocol::Type2Signature);
            }
            CardKind::IsoDep { random_uid } => {
                add(ndef && !random_uid, Protocol::Ndef);
                #[cfg(feature = "apple-vas")]
                add(self.vas.is_some(), Protocol::AppleVas);
                #[cfg(feature = "smart-tap")]
                add(self.smart_tap.is_some(), Protocol::SmartTap);
                add(ndef && random_uid, Protocol::Ndef);
                add(self.signature && !random_uid, Protocol::Signature);
            }
        }
        plan.reverse();
        plan
    }

    pub(super) fn path(&self) -> Type4Path {
        self.ndef.unwrap_or_default()
    }

    #[cfg(feature = "apple-vas")]
    pub(super) fn take_vas(&mut self) -> Option<(VasReader, Command)> {
        self.vas.take()
    }

    /// The answers of an exchange, each with its pass.
    #[cfg(feature = "apple-vas")]
    pub(super) fn passes(&mut self, read: VasRead) -> Vec<VasPass> {
        let pairs = std::mem::take(&mut self.passes).into_iter().zip(read.answers);
        pairs.map(|(pass, answer)| VasPass { pass, answer }).collect()
    }

    #[cfg(feature = "smart-tap")]
    pub(super) fn take_smart_tap(&mut self) -> Option<(Box<SmartTapReader<'k>>, Command)> {
        self.smart_tap.take()
    }

    #[cfg(all(feature = "apple-vas", feature = "smart-tap"))]
    pub(super) fn has_smart_tap(&self) -> bool {
        self.smart_tap.is_some()
    }
}

impl fmt::Debug for Wanted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Wanted");
        out.field("ndef", &self.ndef).field("signature", &self.signature);
        #[cfg(feature = "apple-vas")]
        out.field("vas", &self.passes);
        #[cfg(feature = "smart-tap")]
        out.field("smart_tap", &self.smart_tap.is_some());
        out.finish()
    }
}
