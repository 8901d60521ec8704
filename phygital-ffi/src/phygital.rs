//! One open store, safe to use from any thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use phygital_core::engine::{Engine, Entropy as _};
use phygital_core::vocab::{DeviceId, EventId, Timestamp};
use phygital_store::Sqlite;

use crate::error::{Answer, PhygitalError, Status};
use crate::options::{Opening, Options, StoreIdentity};
use crate::time::Time;

/// An open store: taps, people, consents and what waits to be carried out.
///
/// Calls from several threads wait for each other; none waits for the host. Other processes may have the same store open
/// and write in turn. Most calls touch the disk: keep them off the thread that draws.
///
/// ```
/// use phygital_ffi::{Options, Phygital, TagEnrolled};
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("shop.db").display().to_string();
/// let till = Phygital::open(Options { path, ..Options::default() })?;
/// till.enroll(TagEnrolled { uid: "04a1b2c3d4e5f6".to_owned(), ..TagEnrolled::default() })?;
/// assert_eq!(till.tags(None, 10)?.len(), 1);
/// # Ok::<(), phygital_ffi::PhygitalError>(())
/// ```
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
pub struct Phygital {
    inner: Mutex<Inner>,
}

struct Inner {
    opening: Opening,
    /// None while it is suspended.
    engine: Option<Engine<Sqlite>>,
    clock: Option<Timestamp>,
}

impl std::fmt::Debug for Phygital {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Phygital(..)")
    }
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Phygital {
    /// Opens a store; makes it where there is none.
    ///
    /// # Errors
    /// Numbers from 100 for options that do not hold, from 500 where the store does not open.
    #[cfg_attr(feature = "uniffi", uniffi::constructor)]
    pub fn open(options: Options) -> Result<Arc<Phygital>, PhygitalError> {
        let clock = options.clock.map(Time::core).transpose()?;
        let mut opening = Opening::read(options)?;
        let engine = guarded(|| opening.open())??;
        let inner = Inner { opening, engine: Some(engine), clock };
        Ok(Arc::new(Phygital { inner: Mutex::new(inner) }))
    }

    /// Whose store it is.
    ///
    /// # Errors
    /// 601 while it is suspended.
    pub fn identity(&self) -> Result<StoreIdentity, PhygitalError> {
        self.with(|engine, _| {
            let identity = engine.identity();
            Ok(StoreIdentity {
                device: identity.device.to_string(),
                epoch: identity.epoch,
                incarnation: DeviceId::from_bytes(identity.incarnation).to_string(),
            })
        })
    }

    /// Closes the store until [`Phygital::resume`]: before a phone suspends the app, since whoever holds a file then is
    /// ended. All that was answered is on the disk. To suspend again changes nothing.
    ///
    /// # Errors
    /// From 500 where the store says that it could not be closed; it is suspended all the same.
    pub fn suspend(&self) -> Result<(), PhygitalError> {
        let mut inner = self.lock();
        match inner.engine.take() {
            Some(engine) => Ok(guarded(|| engine.into_store().close())??),
            None => Ok(()),
        }
    }

    /// Opens the store again. To resume what is open changes nothing.
    ///
    /// # Errors
    /// From 500 where the store does not open: it stays suspended, and may be resumed later.
    pub fn resume(&self) -> Result<(), PhygitalError> {
        let mut inner = self.lock();
        if inner.engine.is_none() {
            inner.engine = Some(guarded(|| inner.opening.open())??);
        }
        Ok(())
    }

    /// For tests: puts this time in the place of the system's, or gives it back its place.
    ///
    /// # Errors
    /// 106 for a time before 1970 or after 9999.
    pub fn set_clock(&self, clock: Option<Time>) -> Result<(), PhygitalError> {
        let clock = clock.map(Time::core).transpose()?;
        self.lock().clock = clock;
        Ok(())
    }
}

impl Phygital {
    /// Does something with the engine at the present time. After a panic nobody knows what state the engine is in, so the
    /// store is suspended; its file is as the last commit left it.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Engine<Sqlite>, Timestamp) -> Answer<T>) -> Answer<T> {
        let mut inner = self.lock();
        let now = match inner.clock {
            Some(fixed) => fixed,
            None => Time::now()?.core()?,
        };
        let Some(engine) = &mut inner.engine else {
            return Err(PhygitalError::new(
                Status::Suspended,
                "suspended",
                "the store is suspended: resume it",
            ));
        };
        let answer = guarded(|| act(engine, now));
        if answer.is_err() {
            let engine = inner.engine.take();
            // What panicked once may panic when it is dropped.
            guarded(|| drop(engine))?;
        }
        answer?
    }

    /// A random name for an event.
    pub(crate) fn fresh_id(&self) -> Answer<EventId> {
        let mut random = self.lock().opening.random.clone();
        let mut bytes = [0; 16];
        random.fill(&mut bytes)?;
        Ok(format!("said-{}", DeviceId::from_bytes(bytes)).parse()?)
    }

    /// What events are read with.
    pub(crate) fn codec(&self) -> phygital_core::event::CodecOptions {
        self.lock().opening.codec.clone()
    }

    /// A panic never happens while it is held: it is caught before.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is done, or the error that stands for its panic.
fn guarded<T>(act: impl FnOnce() -> T) -> Answer<T> {
    catch_unwind(AssertUnwindSafe(act)).map_err(|payload| {
        // A payload may panic when it is dropped.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(payload)));
        PhygitalError::panic()
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn open(folder: &tempfile::TempDir) -> Arc<Phygital> {
        let path = folder.path().join("shop.db").display().to_string();
        Phygital::open(Options { path, ..Options::default() }).unwrap()
    }

    #[test]
    fn a_panic_is_an_error_and_suspends() {
        let folder = tempfile::tempdir().unwrap();
        let till = open(&folder);
        let error = till.with::<()>(|_, _| panic!("on purpose")).unwrap_err();
        assert_eq!(error.code(), Status::Panic.number());
        assert_eq!(till.identity().unwrap_err().code(), Status::Suspended.number());
        till.resume().unwrap();
        assert_eq!(till.identity().unwrap().epoch, 1);
    }

    #[test]
    fn suspended_and_resumed_it_is_the_same_store() {
        let folder = tempfile::tempdir().unwrap();
        let till = open(&folder);
        let before = till.identity().unwrap();
        till.suspend().unwrap();
        till.suspend().unwrap();
        assert!(!folder.path().join("shop.db-wal").exists(), "the file is alone");
        assert_eq!(till.identity().unwrap_err().code(), Status::Suspended.number());
        till.resume().unwrap();
        till.resume().unwrap();
        let after = till.identity().unwrap();
        assert_eq!((&after.device, after.epoch), (&before.device, 1));
        assert_ne!(after.incarnation, before.incarnation);
    }

    #[test]
    fn a_store_that_is_gone_is_not_made_anew_when_it_is_resumed() {
        let folder = tempfile::tempdir().unwrap();
        let till = open(&folder);
        till.suspend().unwrap();
        std::fs::remove_file(folder.path().join("shop.db")).unwrap();
        assert_eq!(till.resume().unwrap_err().code(), Status::StorageUnopened.number());
    }
}
