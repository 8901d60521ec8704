//! The ways in which a fleet derives its keys from one master key.

use crate::crypto::{
    Boltcard, Diversifier, DiversifyError, SdmBackend, Secret, ntag424_input, ntag424_input_into,
    sdm_backend_legacy_tag_key, sdm_backend_legacy_undiversified_key,
};
use crate::vocab::tag::{KeyEpoch, TagUid};

/// A way to derive keys, with its master key ready.
pub(super) enum Derivation {
    /// AN10922, from UID, application, key number and system identifier.
    An10922 { master: Diversifier, system_id: Vec<u8> },
    /// The deterministic bolt card, whose version is the epoch.
    Boltcard(Boltcard),
    /// NFC Developer's sdm-backend, as it has been since 2023.
    SdmBackend(SdmBackend),
    /// The same before, and NFC Developer's app.
    SdmBackendLegacy(Secret<16>),
}

impl Derivation {
    /// The key of this number for one tag.
    pub(super) fn tag_key(&self, uid: TagUid, key_no: u8, epoch: KeyEpoch) -> Secret<16> {
        match self {
            Self::An10922 { master, system_id } => {
                let (input, length) = ntag424_input_into(uid, key_no, system_id);
                let key = master.derive_bytes(&input[..length]);
                Secret::take(&mut key.expect("the input has 15 to 31 bytes"))
            }
            Self::Boltcard(issuer) => issuer.numbered_key(uid, epoch.get(), key_no),
            Self::SdmBackend(keys) => keys.tag_key(uid, key_no),
            Self::SdmBackendLegacy(master) => sdm_backend_legacy_tag_key(master, uid, key_no),
        }
    }

    /// The key that opens the PICCData of all tags, where the way has one of its own.
    pub(super) fn fleet_key(&self) -> Option<Secret<16>> {
        match self {
            Self::An10922 { .. } => None,
            Self::Boltcard(issuer) => Some(issuer.encryption_key()),
            Self::SdmBackend(keys) => Some(keys.undiversified_key()),
            Self::SdmBackendLegacy(master) => Some(sdm_backend_legacy_undiversified_key(master, 1)),
        }
    }

    /// What AN10922 makes of the letters `PICC`, for a whole fleet; none by another way.
    pub(super) fn picc_key(&self) -> Option<Result<Secret<16>, DiversifyError>> {
        match self {
            Self::An10922 { master, .. } => Some(master.derive(b"PICC")),
            _ => None,
        }
    }
}

/// The same, with its master key as it was given: what a key set holds.
pub(super) struct MasterKey {
    pub(super) way: Way,
    pub(super) key: Secret<16>,
    /// The number of the key that the tags use as SDMFileReadKey.
    pub(super) key_no: u8,
}

/// See [`Derivation`].
pub(super) enum Way {
    An10922 { system_id: Vec<u8> },
    Boltcard,
    SdmBackend,
    SdmBackendLegacy,
}

impl MasterKey {
    /// Prepares the master key.
    pub(super) fn prepare(&self) -> Result<Derivation, DiversifyError> {
        Ok(match &self.way {
            Way::An10922 { system_id } => {
                ntag424_input(TagUid::new([0; 7]), self.key_no, system_id)?;
                Derivation::An10922 { master: Diversifier::new(&self.key), system_id: system_id.clone() }
            }
            Way::Boltcard => Derivation::Boltcard(Boltcard::new(&self.key)),
            Way::SdmBackend => Derivation::SdmBackend(SdmBackend::new(&self.key)),
            Way::SdmBackendLegacy => Derivation::SdmBackendLegacy(self.key.duplicate()),
        })
    }
}
