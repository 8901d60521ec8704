//! What an operator says of keys: the keys of one tag, or of a fleet.

use std::fmt;
use std::sync::Arc;

use super::derivation::{MasterKey, Way};
use super::keyring::Layout;
use super::keys::KeysError;
use super::mode::ModeRule;
use super::template::is_key_id;
use crate::crypto::{DiversifyError, Secret, ntag424_input};
use crate::vocab::tag::{KeyEpoch, TagUid};

/// The key that NXP's examples give for SDMFileRead (AN12196 §5.2), and what most templates of tools use.
pub(super) const FILE_KEY_NO: u8 = 2;

/// The keys of one tag, or of all tags that derive theirs from one master key.
pub struct KeySet {
    meta: Meta,
    pub(super) file: FileSource,
    pub(super) uid: Option<TagUid>,
    pub(super) epoch: KeyEpoch,
    pub(super) label: Option<Arc<str>>,
    pub(super) layout: Layout,
    pub(super) mode: ModeRule,
    pub(super) key_id: Option<Arc<str>>,
}

enum Meta {
    /// None, or the one that the derivation has of its own.
    Own,
    Explicit(Secret<16>),
    /// The master key diversified with the ASCII letters `PICC`.
    Picc,
    /// The master key diversified with the UID and this key number.
    Numbered(u8),
}

pub(super) enum FileSource {
    Explicit(Secret<16>),
    Derived(MasterKey),
}

impl KeySet {
    /// This SDMFileReadKey, for any tag unless [`KeySet::of_tag`] says for which.
    #[must_use]
    pub fn explicit(file_read_key: Secret<16>) -> Self {
        Self::with(FileSource::Explicit(file_read_key))
    }

    /// Keys derived from `master` by AN10922 with UID, application, key number and system identifier (at most
    /// 16 bytes); `key_no` is the number of the key that the tag uses as SDMFileReadKey, 0 to 4.
    ///
    /// # Errors
    /// [`DiversifyError::SystemIdLength`].
    pub fn diversified(master: Secret<16>, key_no: u8, system_id: &[u8]) -> Result<Self, DiversifyError> {
        ntag424_input(TagUid::new([0; 7]), key_no, system_id)?;
        let way = Way::An10922 { system_id: system_id.to_vec() };
        Ok(Self::with(FileSource::Derived(MasterKey { way, key: master, key_no })))
    }

    /// Keys of bolt cards, derived from an issuer key ([`crate::crypto::Boltcard`]): key 1 opens the PICCData, key 2
    /// makes the MAC. A card's version is the epoch of the set; give a set for each version that is still about.
    #[must_use]
    pub fn boltcard(issuer_key: Secret<16>) -> Self {
        Self::with(FileSource::Derived(MasterKey {
            way: Way::Boltcard,
            key: issuer_key,
            key_no: FILE_KEY_NO,
        }))
    }

    /// Keys derived from `master` as NFC Developer's sdm-backend does ([`crate::crypto::SdmBackend`]): key 1, the same for
    /// all tags, opens the PICCData, key 2 makes the MAC.
    #[must_use]
    pub fn sdm_backend(master: Secret<16>) -> Self {
        Self::with(FileSource::Derived(MasterKey { way: Way::SdmBackend, key: master, key_no: FILE_KEY_NO }))
    }

    /// As [`KeySet::sdm_backend`], by the derivation that it had before 2023. It takes some milliseconds a tag; keys of
    /// the last [`crate::tap::limits::KEPT_KEYS_MAX`] tags or so are kept.
    #[must_use]
    pub fn sdm_backend_legacy(master: Secret<16>) -> Self {
        let way = Way::SdmBackendLegacy;
        Self::with(FileSource::Derived(MasterKey { way, key: master, key_no: FILE_KEY_NO }))
    }

    /// Sets the number of the derived key that the tags use as SDMFileReadKey, 0 to 4; of no effect on an explicit key.
    #[must_use]
    pub fn file_key_no(mut self, key_no: u8) -> Self {
        if let FileSource::Derived(master) = &mut self.file {
            master.key_no = key_no;
        }
        self
    }

    fn with(file: FileSource) -> Self {
        Self {
            meta: Meta::Own,
            file,
            uid: None,
            epoch: KeyEpoch::FIRST,
            label: None,
            layout: Layout::default(),
            mode: ModeRule::default(),
            key_id: None,
        }
    }

    /// Sets the SDMMetaReadKey. Without one, the tags mirror UID or counter in plain, unless their derivation has one.
    #[must_use]
    pub fn meta_read_key(mut self, key: Secret<16>) -> Self {
        self.meta = Meta::Explicit(key);
        self
    }

    /// Derives the SDMMetaReadKey from the master key by AN10922 with the input `PICC`, one for the whole fleet.
    #[must_use]
    pub fn derive_meta_read_key(mut self) -> Self {
        self.meta = Meta::Picc;
        self
    }

    /// Derives the SDMMetaReadKey from the master key like a file read key, with this key number. Only for a
    /// set that is bound to its tag.
    #[must_use]
    pub fn derive_meta_read_key_no(mut self, key_no: u8) -> Self {
        self.meta = Meta::Numbered(key_no);
        self
    }

    /// Binds the set to one tag.
    #[must_use]
    pub fn of_tag(mut self, uid: TagUid) -> Self {
        self.uid = Some(uid);
        self
    }

    /// Sets the generation of the keys; the first if not called.
    #[must_use]
    pub fn epoch(mut self, epoch: KeyEpoch) -> Self {
        self.epoch = epoch;
        self
    }

    /// Names the set, for whoever reads the result.
    #[must_use]
    pub fn label(mut self, label: impl Into<Arc<str>>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Sets how the URLs are laid out; recognised by their shape if not called.
    #[must_use]
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// Says what is known of the mode of the tags; [`ModeRule::ByLength`] if not called, which is AES for tags that
    /// mirror in plain.
    #[must_use]
    pub fn mode(mut self, mode: ModeRule) -> Self {
        self.mode = mode;
        self
    }

    /// Names the fleet by a public text in its links, so that no other is tried for them ([`super::Fleet::key_id`]): 1
    /// to [`crate::tap::limits::KEY_ID_MAX`] letters, digits and `-._~`. It is put in for the `{kid}` of a template;
    /// without one it is looked for in path and parameters.
    #[must_use]
    pub fn key_id(mut self, key_id: impl Into<Arc<str>>) -> Self {
        self.key_id = Some(key_id.into());
        self
    }

    /// The layout with the id of the key put in.
    pub(super) fn filled_layout(&self) -> Result<Layout, KeysError> {
        match (&self.layout, &self.key_id) {
            (_, Some(id)) if !is_key_id(id) => Err(KeysError::KeyId),
            (Layout::Template(template), id) if template.has_key_id() => {
                let id = id.as_deref().ok_or(KeysError::KeyId)?;
                Ok(Layout::Template(template.with_key_id(id).map_err(|_| KeysError::KeyId)?))
            }
            (layout, _) => Ok(layout.clone()),
        }
    }

    /// The meta read key, if there is one.
    pub(super) fn meta(&self) -> Result<Option<Secret<16>>, KeysError> {
        let derivation = match &self.file {
            FileSource::Derived(master) => Some(master.prepare()?),
            FileSource::Explicit(_) => None,
        };
        match &self.meta {
            Meta::Own => Ok(derivation.and_then(|derivation| derivation.fleet_key())),
            Meta::Explicit(key) => Ok(Some(key.duplicate())),
            Meta::Picc => {
                let key = derivation.and_then(|derivation| derivation.picc_key());
                Ok(Some(key.ok_or(KeysError::NoMasterKey)??))
            }
            Meta::Numbered(key_no) => {
                let derivation = derivation.ok_or(KeysError::NoMasterKey)?;
                let uid = self.uid.ok_or(KeysError::NoUid)?;
                Ok(Some(derivation.tag_key(uid, *key_no, self.epoch)))
            }
        }
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySet(elided, {:?}, epoch {}, {:?})", self.uid, self.epoch, self.label)
    }
}
