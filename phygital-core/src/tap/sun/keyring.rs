//! The port through which verification finds the keys that a tag may have, or uses them where they are.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::file_key::FileKey;
use super::meta_key::MetaKey;
use super::mode::ModeRule;
use super::reading::MacInput;
use super::session::{EncryptedPiccData, SdmSession};
use super::template::{TemplateError, UrlTemplate};
use crate::crypto::Secret;
use crate::vocab::tag::TagUid;

/// Where the keys of tags are kept.
///
/// A fleet of tags shares the key that opens their PICCData (SDMMetaReadKey): it is needed before the UID is
/// known, so it cannot be each tag's own (AN12196 §4.4.2). The key of the MAC (SDMFileReadKey) should be, and
/// may come in several generations. A link may carry the id of its fleet's key, and then that fleet alone is tried;
/// trial is for rings that have no other way, and it is bounded and counted. Verification opens a link as each fleet would, asks for the file read
/// keys that the tag with that UID may have, and lets the MAC alone decide.
///
/// [`super::Keys`] holds keys in memory, [`super::PackedKeys`] those of a million tags. A host implements this itself
/// to fetch keys from elsewhere by UID: two methods. If its keys may not leave their place (an HSM, a phone's
/// keystore), its fleets and keys are [`Fleet::sealed`] and [`FileKey::sealed`], and it answers three more, each with
/// what was computed there; no key passes through here then.
pub trait KeyRing {
    /// The fleets, in the order in which to try them; those past [`crate::tap::limits::FLEETS_MAX`] are ignored.
    fn fleets(&self) -> &[Fleet];

    /// Shows `found` each file read key that a tag of this fleet (an index into [`KeyRing::fleets`]) may have,
    /// likeliest first, until it breaks.
    ///
    /// `uid` is none for a tag that mirrors its counter alone; then only keys that need no UID to be found
    /// can be shown.
    fn file_keys(
        &self,
        fleet: usize,
        uid: Option<TagUid>,
        found: &mut dyn FnMut(&FileKey) -> ControlFlow<()>,
    );

    /// As [`KeyRing::file_keys`], with keys that a tag has only after a mistake in its personalisation, such
    /// as the diversified key of another number. Only [`super::diagnose`] asks; a ring that knows none keeps
    /// this.
    fn mistaken_file_keys(
        &self,
        fleet: usize,
        uid: Option<TagUid>,
        found: &mut dyn FnMut(&FileKey, Mistake) -> ControlFlow<()>,
    ) {
        let _ = (fleet, uid, found);
    }

    /// Decrypts PICCData with the meta read key of a sealed fleet: one block in AES mode, LRICB in LRP mode
    /// ([`MetaKey::decrypt`] does both). Asked for fleets made by [`Fleet::sealed`] alone.
    ///
    /// # Errors
    /// [`KeysUnavailable`] if the keys cannot be reached now; the link is then not judged.
    fn open_picc_data(&self, fleet: usize, data: &EncryptedPiccData) -> Result<[u8; 16], KeysUnavailable> {
        let _ = (fleet, data);
        Err(KeysUnavailable)
    }

    /// The whole MAC of `input` under the MAC key of a tap ([`FileKey::session_mac`] computes it): in AES mode the
    /// CMAC under the CMAC of [`SdmSession::mac_vector`] under the file read key, in LRP mode the LRP-CMAC under the
    /// LRP-CMAC of it. Asked for keys made by [`FileKey::sealed`] alone; `key` is as the ring showed it, with its
    /// epoch and tag, and the session has the UID of the tap.
    ///
    /// # Errors
    /// [`KeysUnavailable`] if the keys cannot be reached now; the link is then not judged.
    fn session_mac(
        &self,
        fleet: usize,
        key: &FileKey,
        session: &SdmSession,
        input: &[u8],
    ) -> Result<[u8; 16], KeysUnavailable> {
        let _ = (fleet, key, session, input);
        Err(KeysUnavailable)
    }

    /// Decrypts the file data of a tap in place, whole blocks ([`FileKey::decrypt_file_data`] does). Asked as
    /// [`KeyRing::session_mac`] is, once the MAC is known to be right.
    ///
    /// # Errors
    /// [`KeysUnavailable`] if the keys cannot be reached now; the link is then not judged.
    fn decrypt_file_data(
        &self,
        fleet: usize,
        key: &FileKey,
        session: &SdmSession,
        data: &mut [u8],
    ) -> Result<(), KeysUnavailable> {
        let _ = (fleet, key, session, data);
        Err(KeysUnavailable)
    }
}

/// Sealed keys could not be reached: a vault that does not answer, a keystore that is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the keys cannot be reached now")]
#[expect(clippy::exhaustive_structs, reason = "a host makes it; there is nothing to tell")]
pub struct KeysUnavailable;

/// How a key came to be on a tag where it does not belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mistake {
    /// The diversified key of this key number instead of the fleet's.
    KeyNumber(u8),
    /// The master key itself, not diversified.
    MasterKey,
    /// The meta read key, in place of the file read key.
    MetaReadKey,
}

/// Tags that share a meta read key and the layout of their URL.
pub struct Fleet {
    meta: Meta,
    layout: Layout,
    mode: ModeRule,
    key_id: Option<Arc<str>>,
}

enum Meta {
    None,
    Known(Box<MetaKey>),
    Sealed,
}

impl Fleet {
    /// A fleet with this meta read key; without one, its tags mirror UID or counter in plain.
    #[must_use]
    pub fn new(meta_read_key: Option<&Secret<16>>, layout: Layout) -> Self {
        let meta = meta_read_key.map_or(Meta::None, |key| Meta::Known(Box::new(MetaKey::new(key))));
        Self { meta, layout, mode: ModeRule::default(), key_id: None }
    }

    /// A fleet whose meta read key stays with the key ring, which then has to answer [`KeyRing::open_picc_data`].
    #[must_use]
    pub fn sealed(layout: Layout) -> Self {
        Self { meta: Meta::Sealed, layout, mode: ModeRule::default(), key_id: None }
    }

    /// Says what is known of the mode of its tags; [`ModeRule::ByLength`] if not called.
    #[must_use]
    pub fn mode(self, mode: ModeRule) -> Self {
        Self { mode, ..self }
    }

    /// Names the fleet by a public text in its links, a whole segment of the path or value of a parameter. It is then
    /// tried for links alone that carry it, and where a link carries the id of a fleet, no other fleet is tried.
    #[must_use]
    pub fn key_id(self, key_id: impl Into<Arc<str>>) -> Self {
        Self { key_id: Some(key_id.into()), ..self }
    }

    /// The text in its links that names it.
    #[must_use]
    pub fn key_id_text(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// The layout of its URL.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// What is known of the mode of its tags.
    #[must_use]
    pub fn mode_rule(&self) -> ModeRule {
        self.mode
    }

    /// Decrypts PICCData; none if the fleet has no meta read key.
    #[inline]
    pub(crate) fn open<K: KeyRing + ?Sized>(
        &self,
        index: usize,
        keys: &K,
        data: &EncryptedPiccData,
    ) -> Option<Result<[u8; 16], KeysUnavailable>> {
        match &self.meta {
            Meta::None => None,
            Meta::Known(key) => Some(Ok(key.decrypt(data))),
            Meta::Sealed => Some(keys.open_picc_data(index, data)),
        }
    }
}

impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let meta = match self.meta {
            Meta::None => "none",
            Meta::Known(_) => "elided",
            Meta::Sealed => "sealed",
        };
        write!(f, "Fleet(meta read key {meta}, {:?}, mode {})", self.layout, self.mode)
    }
}

/// How the URLs of a fleet are laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// Not known: the mirrors are recognised by the names of parameters and the lengths of their runs, and
    /// the MAC input is as given, or searched.
    Auto(MacInput),
    /// As the template says.
    Template(UrlTemplate),
}

impl Default for Layout {
    /// Nothing is known, not even the MAC input.
    fn default() -> Self {
        Self::Auto(MacInput::Search)
    }
}

impl Layout {
    /// The layout with what is known of its MAC input.
    ///
    /// # Errors
    /// [`TemplateError::MacInput`] if the template has no such place.
    pub fn with_mac_input(self, mac_input: MacInput) -> Result<Self, TemplateError> {
        Ok(match self {
            Self::Auto(_) => Self::Auto(mac_input),
            Self::Template(template) => Self::Template(template.with_mac_input(mac_input)?),
        })
    }
}
