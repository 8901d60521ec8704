//! Which tag a link claims to be of: never a proof, and only for counting failures.

use std::cell::Cell;
use std::ops::ControlFlow;

use super::{EncryptedPiccData, FileKey, Fleet, KeyRing, KeysUnavailable, verify};
use crate::vocab::tag::TagUid;

/// The tag that a link claims to be of, as far as the fleets of the key ring can read it: from its plain mirror, or
/// from PICCData that one of their meta read keys opens. None where there is no key for that tag.
///
/// Anybody may claim any tag. A link that verifies says so by [`VerifiedTap::uid`](super::VerifiedTap::uid).
///
/// ```
/// use phygital_core::{crypto::Secret, tap::{self, KeySet, Keys}};
/// let keys = Keys::new([KeySet::explicit(Secret::zeros()).meta_read_key(Secret::zeros())])?;
/// let forged = "https://ntag.nxp.com/424?e=EF963FF7828658A599F3041510671E88&c=0000000000000000";
/// assert_eq!(tap::claimed_uid(forged, &keys), Some("04de5f1eacc040".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn claimed_uid<K: KeyRing + ?Sized>(url: &str, keys: &K) -> Option<TagUid> {
    let listener = Listener { keys, claimed: Cell::new(None) };
    let _ = verify(url, &listener);
    listener.claimed.get()
}

/// Hears for which tag verification asks keys, and gives none.
struct Listener<'k, K: ?Sized> {
    keys: &'k K,
    claimed: Cell<Option<TagUid>>,
}

impl<K: KeyRing + ?Sized> KeyRing for Listener<'_, K> {
    fn fleets(&self) -> &[Fleet] {
        self.keys.fleets()
    }

    fn file_keys(&self, fleet: usize, uid: Option<TagUid>, _: &mut dyn FnMut(&FileKey) -> ControlFlow<()>) {
        if self.claimed.get().is_none() {
            // A meta read key that is not this tag's opens its PICCData to nonsense, for which there is mostly no key.
            self.keys.file_keys(fleet, uid, &mut |_| {
                self.claimed.set(uid);
                ControlFlow::Break(())
            });
        }
    }

    fn open_picc_data(&self, fleet: usize, data: &EncryptedPiccData) -> Result<[u8; 16], KeysUnavailable> {
        self.keys.open_picc_data(fleet, data)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::crypto::Secret;
    use crate::tap::{KeySet, Keys, Layout, MetaKey};

    /// AN12196 table 5 with another MAC; its keys are all zero.
    const FORGED: &str = "https://ntag.nxp.com/424?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337087";

    fn uid() -> TagUid {
        "04de5f1eacc040".parse().unwrap()
    }

    #[test]
    fn a_claim_is_heard_in_plain_and_encrypted() {
        let set = || KeySet::explicit(Secret::take(&mut [1; 16]));
        let plain = "https://tap.example/t?uid=04DE5F1EACC040&ctr=000001&c=94EED9EE65337087";
        let meta = || set().meta_read_key(Secret::zeros());
        let other = TagUid::new([4; 7]);
        for (url, keys, expected) in [
            (plain, set(), Some(uid())),
            (plain, set().of_tag(other), None),
            (FORGED, meta(), Some(uid())),
            (FORGED, meta().of_tag(other), None),
            (FORGED, set(), None),
            ("https://tap.example/", set(), None),
        ] {
            assert_eq!(claimed_uid(url, &Keys::new([keys]).unwrap()), expected, "{url}");
        }
    }

    /// A ring that keeps its meta read key to itself.
    struct Vault([Fleet; 1]);

    impl KeyRing for Vault {
        fn fleets(&self) -> &[Fleet] {
            &self.0
        }

        fn file_keys(&self, _: usize, _: Option<TagUid>, found: &mut dyn FnMut(&FileKey) -> ControlFlow<()>) {
            let _ = found(&FileKey::new(&Secret::take(&mut [1; 16])));
        }

        fn open_picc_data(&self, _: usize, data: &EncryptedPiccData) -> Result<[u8; 16], KeysUnavailable> {
            Ok(MetaKey::new(&Secret::zeros()).decrypt(data))
        }
    }

    #[test]
    fn a_claim_is_heard_where_the_key_stays_in_a_vault() {
        assert_eq!(claimed_uid(FORGED, &Vault([Fleet::sealed(Layout::default())])), Some(uid()));
    }
}
