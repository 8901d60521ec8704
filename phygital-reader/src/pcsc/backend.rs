//! Finding readers of the service, and hearing of new ones.

use std::time::{Duration, Instant};

use pcsc::{Context, Error, PNP_NOTIFICATION, ReaderState, Scope, State};

use super::fault::{failed, refused};
use super::names;
use super::reader::PcscReader;
use super::threads::bounded;
use super::worker::service_readers;
use crate::link::LinkError;
use crate::reader::{Backend, Reader, ReaderName};

/// How long the service may take to list its readers: the system may have to start it first.
const LIST_WITHIN: Duration = Duration::from_secs(5);

/// How long a wait for readers to come or go waits at a time, before it looks itself. The service's notice is not to be
/// had everywhere.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Readers of the system's PC/SC service.
///
/// Each call connects to the service anew, so one that was restarted is found again.
///
/// ```no_run
/// use std::time::Duration;
/// use phygital_reader::{Backend, pcsc::PcscBackend};
/// let mut backend = PcscBackend::new();
/// let names = backend.list()?;
/// let mut reader = backend.open(names.first().expect("a reader"))?;
/// while reader.poll(Duration::from_secs(1))?.is_none() {}
/// # Ok::<(), phygital_reader::LinkError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct PcscBackend;

impl PcscBackend {
    /// The service, which is asked for nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }

    /// Waits until the list of readers is another than this, for so long at most, and gives it as it is then.
    ///
    /// # Errors
    /// As [`Backend::list`].
    pub fn wait_for_change(
        &mut self,
        known: &[ReaderName],
        within: Duration,
    ) -> Result<Vec<ReaderName>, LinkError> {
        let doing = "waiting for readers";
        let known = known.to_vec();
        bounded(within.saturating_add(LIST_WITHIN), doing, move || {
            let began = Instant::now();
            let context = Context::establish(Scope::User).map_err(|error| refused(doing, error))?;
            let mut notice = [ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE)];
            loop {
                let listed = list(&context).map_err(|error| failed(doing, error))?;
                let left = within.saturating_sub(began.elapsed());
                if listed != known || left.is_zero() {
                    return Ok(listed);
                }
                match context.get_status_change(left.min(LOOK_EVERY), &mut notice) {
                    Ok(()) => notice[0].sync_current_state(),
                    Err(Error::Timeout) => {}
                    // A service without this notice: look now and then.
                    Err(Error::UnknownReader) => std::thread::sleep(left.min(LOOK_EVERY)),
                    Err(error) => return Err(failed(doing, error)),
                }
            }
        })
    }
}

impl Backend for PcscBackend {
    fn name(&self) -> &'static str {
        "pcsc"
    }

    /// Contactless readers come first, as far as their names tell.
    fn list(&mut self) -> Result<Vec<ReaderName>, LinkError> {
        let doing = "listing readers";
        bounded(LIST_WITHIN, doing, move || {
            let listed = Context::establish(Scope::User).and_then(|context| list(&context));
            match listed {
                // Windows runs the service only while a reader is plugged in.
                Err(Error::NoService | Error::ServiceStopped) if cfg!(windows) => Ok(Vec::new()),
                listed => listed.map_err(|error| refused(doing, error)),
            }
        })
    }

    fn open(&mut self, reader: &ReaderName) -> Result<Box<dyn Reader>, LinkError> {
        Ok(Box::new(PcscReader::open(reader)?))
    }
}

fn list(context: &Context) -> Result<Vec<ReaderName>, Error> {
    let known = service_readers(context)?;
    let texts: Vec<_> = known.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    Ok(names::list(&texts))
}
