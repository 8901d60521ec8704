//! Which tag a link claims to be of: never a proof, and only for counting failures.

use std::cell::Cell;
use std::ops::ControlFlow;

use super::{FileKey, Fleet, KeyRing, verify};
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
}
