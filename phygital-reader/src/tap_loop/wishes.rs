//! What a loop asks every card for.

use std::fmt;
#[cfg(feature = "smart-tap")]
use std::sync::Arc;

#[cfg(feature = "apple-vas")]
use phygital_core::contactless::apple_vas::{PassRequest, VasError, VasTerminal};
use phygital_core::contactless::reading::Wanted;
#[cfg(feature = "smart-tap")]
use phygital_core::contactless::smart_tap::{
    CollectorSigner, PosCapabilities, SessionSeed, SmartTapError, SmartTapTerminal, VasTypes,
};
use phygital_core::contactless::type4::Type4Path;

/// What a loop asks every card for. Phones are asked for passes first, tags for their message.
///
/// ```
/// # #[cfg(feature = "apple-vas")] fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use phygital_core::contactless::apple_vas::{PassRequest, VasMode, VasTerminal};
/// use phygital_reader::Wishes;
/// let passes = [PassRequest::pass("pass.example.loyalty".parse()?)];
/// let wishes = Wishes::ndef().apple_vas(VasTerminal::new(VasMode::VasOnly), &passes)?;
/// # drop(wishes);
/// # Ok(()) }
/// # #[cfg(not(feature = "apple-vas"))] fn main() {}
/// ```
#[derive(Default)]
pub struct Wishes {
    ndef: Option<Type4Path>,
    signature: bool,
    #[cfg(feature = "apple-vas")]
    apple_vas: Option<(VasTerminal, Vec<PassRequest>)>,
    #[cfg(feature = "smart-tap")]
    smart_tap: Option<SmartTapWish>,
}

/// Passes of Google Wallet: who asks, and how.
#[cfg(feature = "smart-tap")]
pub struct SmartTapWish {
    collector: u32,
    signer: Arc<dyn CollectorSigner + Send + Sync>,
    capabilities: PosCapabilities,
    services: Vec<u8>,
    live_auth: u8,
    seeds: Box<dyn FnMut() -> SessionSeed + Send>,
}

impl Wishes {
    /// Nothing yet.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// The NDEF message of a tag, which brings its URL.
    #[must_use]
    pub fn ndef() -> Self {
        Self::nothing().ndef_by(Type4Path::Standard)
    }

    /// The NDEF message of a tag; a Type 4 tag's in this way.
    #[must_use]
    pub fn ndef_by(self, path: Type4Path) -> Self {
        Self { ndef: Some(path), ..self }
    }

    /// The maker's signature of a tag too.
    #[must_use]
    pub fn signature(self) -> Self {
        Self { signature: true, ..self }
    }

    /// These passes of Apple Wallet.
    ///
    /// # Errors
    /// As [`Wanted::vas`].
    #[cfg(feature = "apple-vas")]
    pub fn apple_vas(self, terminal: VasTerminal, passes: &[PassRequest]) -> Result<Self, VasError> {
        Wanted::nothing().vas(terminal, passes)?;
        Ok(Self { apple_vas: Some((terminal, passes.to_vec())), ..self })
    }

    /// Passes of Google Wallet.
    ///
    /// # Errors
    /// [`SmartTapError::Field`] for no service, or more than a request holds.
    #[cfg(feature = "smart-tap")]
    pub fn smart_tap(self, mut wish: SmartTapWish) -> Result<Self, SmartTapError> {
        let seed = (wish.seeds)();
        Wanted::nothing().smart_tap(wish.terminal(), seed)?;
        Ok(Self { smart_tap: Some(wish), ..self })
    }

    /// The wishes for one card.
    pub(super) fn for_card(&mut self) -> Wanted<'_> {
        let mut wanted = Wanted::nothing();
        if let Some(path) = self.ndef {
            wanted = wanted.ndef_by(path);
        }
        if self.signature {
            wanted = wanted.signature();
        }
        #[cfg(feature = "apple-vas")]
        if let Some((terminal, passes)) = &self.apple_vas {
            wanted = wanted.vas(*terminal, passes).expect("tried when they were wished");
        }
        #[cfg(feature = "smart-tap")]
        if let Some(wish) = &mut self.smart_tap {
            let seed = (wish.seeds)();
            wanted = wanted.smart_tap(wish.terminal(), seed).expect("tried when they were wished");
        }
        wanted
    }
}

#[cfg(feature = "smart-tap")]
impl SmartTapWish {
    /// All passes of this collector, signed for each tap. `seeds` gives the randomness of an exchange, never the same
    /// twice, from a source that nobody can guess.
    #[must_use]
    pub fn new(
        collector: u32,
        signer: Arc<dyn CollectorSigner + Send + Sync>,
        vas: VasTypes,
        seeds: impl FnMut() -> SessionSeed + Send + 'static,
    ) -> Self {
        let SmartTapTerminal { capabilities, services, live_auth, .. } =
            SmartTapTerminal::new(collector, &*signer, vas);
        Self { collector, signer, capabilities, services, live_auth, seeds: Box::new(seeds) }
    }

    /// What the terminal can do and is after.
    #[must_use]
    pub fn capabilities(self, capabilities: PosCapabilities) -> Self {
        Self { capabilities, ..self }
    }

    /// The kinds of service that are wanted: 0 for all, which is what it is without this.
    #[must_use]
    pub fn services(self, services: &[u8]) -> Self {
        Self { services: services.to_vec(), ..self }
    }

    fn terminal(&self) -> SmartTapTerminal<'_> {
        let mut terminal = SmartTapTerminal::new(self.collector, &*self.signer, VasTypes::PassOnly);
        terminal.capabilities = self.capabilities;
        terminal.services.clone_from(&self.services);
        terminal.live_auth = self.live_auth;
        terminal
    }
}

impl fmt::Debug for Wishes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Wishes");
        out.field("ndef", &self.ndef).field("signature", &self.signature);
        #[cfg(feature = "apple-vas")]
        out.field("apple_vas", &self.apple_vas);
        #[cfg(feature = "smart-tap")]
        out.field("smart_tap", &self.smart_tap);
        out.finish()
    }
}

#[cfg(feature = "smart-tap")]
impl fmt::Debug for SmartTapWish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmartTapWish(collector {}, services {:?}, signer elided)", self.collector, self.services)
    }
}
