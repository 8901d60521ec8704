//! The port through which verification finds the keys that a tag may have.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use aes::Aes128Dec;
use aes::cipher::{Array, BlockCipherDecrypt, KeyInit};

use super::reading::MacInput;
use super::session::SdmFileKey;
use super::template::{TemplateError, UrlTemplate};
use crate::crypto::{Block, Secret};
use crate::vocab::tag::{KeyEpoch, TagUid};

/// Where the keys of tags are kept.
///
/// A fleet of tags shares the key that opens their PICCData (SDMMetaReadKey): it is needed before the UID is
/// known, so it cannot be each tag's own (AN12196 §4.4.2). The key of the MAC (SDMFileReadKey) should be, and
/// may come in several generations. Verification opens a link as each fleet would, asks for the file read
/// keys that the tag with that UID may have, and lets the MAC alone decide.
///
/// [`super::Keys`] holds keys in memory. A host with millions of separate keys, or a vault, implements this
/// itself and fetches them by UID.
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
}

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
    meta: Option<Box<MetaKey>>,
    layout: Layout,
}

impl Fleet {
    /// A fleet with this meta read key; without one, its tags mirror UID or counter in plain.
    #[must_use]
    pub fn new(meta_read_key: Option<&Secret<16>>, layout: Layout) -> Self {
        Self { meta: meta_read_key.map(|key| Box::new(MetaKey::new(key.expose()))), layout }
    }

    /// The layout of its URL.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    #[inline]
    pub(crate) fn meta(&self) -> Option<&MetaKey> {
        self.meta.as_deref()
    }
}

impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let meta = if self.meta.is_some() { "elided" } else { "none" };
        write!(f, "Fleet(meta read key {meta}, {:?})", self.layout)
    }
}

/// An expanded SDMMetaReadKey.
pub(crate) struct MetaKey(Aes128Dec);

impl MetaKey {
    pub(crate) fn new(key: &[u8; 16]) -> Self {
        Self(Aes128Dec::new(key.into()))
    }

    /// Decrypts one block of PICCData: CBC with a zero initialisation vector, so AES itself.
    #[inline]
    pub(crate) fn decrypt(&self, block: &Block) -> Block {
        let mut plain = Array::from(*block);
        self.0.decrypt_block(&mut plain);
        plain.into()
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

/// A file read key that a tag may have, expanded, with what is known about it.
pub struct FileKey {
    pub(crate) key: SdmFileKey,
    uid: Option<TagUid>,
    epoch: KeyEpoch,
    label: Option<Arc<str>>,
}

impl FileKey {
    /// A key of the first generation, for whichever tag.
    #[must_use]
    pub fn new(file_read_key: &Secret<16>) -> Self {
        Self::from_bytes(file_read_key.expose())
    }

    pub(crate) fn from_bytes(key: &[u8; 16]) -> Self {
        Self { key: SdmFileKey::new(key), uid: None, epoch: KeyEpoch::FIRST, label: None }
    }

    /// Says that this tag alone has the key. A tag that mirrors its counter alone is identified by it.
    #[must_use]
    pub fn of_tag(mut self, uid: TagUid) -> Self {
        self.uid = Some(uid);
        self
    }

    /// Sets the generation.
    #[must_use]
    pub fn epoch(mut self, epoch: KeyEpoch) -> Self {
        self.epoch = epoch;
        self
    }

    /// Names the key, for whoever reads the result.
    #[must_use]
    pub fn label(mut self, label: Option<Arc<str>>) -> Self {
        self.label = label;
        self
    }

    /// The one tag that has it.
    #[must_use]
    pub fn tag_uid(&self) -> Option<TagUid> {
        self.uid
    }

    /// Its generation.
    #[must_use]
    pub fn key_epoch(&self) -> KeyEpoch {
        self.epoch
    }

    /// Its name.
    #[must_use]
    pub fn key_label(&self) -> Option<&Arc<str>> {
        self.label.as_ref()
    }
}

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileKey(elided, {:?}, epoch {}, {:?})", self.uid, self.epoch, self.label)
    }
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
