//! The till's side of the helper.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::card::Card;
use crate::link::{CardLink, LinkError, LinkFault};
use crate::reader::{Backend, Canceller, Capabilities, Reader, ReaderName};

use super::process::{Helper, Wake};
use super::protocol::{Answer, NAME_BYTES_MAX, Request};

/// The helper's name where its path is not given.
const PROGRAM: &str = "phygital-nfcd";

/// How long the helper may be silent past what a call may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// What opening takes at most: three tries, in each of which libnfc waits for about ten answers.
const OPENING: Duration = Duration::from_secs(13);

/// What asking for the card's presence takes at most, and letting it go.
const ASKING: Duration = Duration::from_millis(1500);

/// The longest time that is asked for.
const WITHIN_MAX: Duration = Duration::from_secs(60);

/// Readers through libnfc in a process of its own: the helper `phygital-nfcd`, one for each reader.
///
/// Whatever happens to libnfc costs the helper and not the till. A helper that ends fails the call with
/// [`LinkFault::ReaderGone`], one that falls silent is killed and fails it with [`LinkFault::Timeout`]; the next call
/// starts another and opens the reader again. A card that lay there has to be found again.
///
/// A reader's name is the path of its serial port, best one of `/dev/serial/by-id`, with a speed after a colon if it is
/// not 115,200 baud.
#[derive(Clone, Debug)]
pub struct NfcdBackend {
    program: PathBuf,
    patience: Duration,
    named: Vec<ReaderName>,
}

struct NfcdReader {
    backend: NfcdBackend,
    name: ReaderName,
    helper: Option<Helper>,
    capabilities: Capabilities,
    /// Whether the helper that runs found a card.
    card: bool,
    wake: Arc<Wake>,
}

impl NfcdBackend {
    /// The helper that lies beside the program that runs, or is found by `PATH`.
    #[must_use]
    pub fn new() -> Self {
        let beside = std::env::current_exe().ok().map(|program| program.with_file_name(PROGRAM));
        Self::at(beside.filter(|program| program.is_file()).unwrap_or_else(|| PROGRAM.into()))
    }

    /// The helper of this path.
    #[must_use]
    pub fn at(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), patience: PATIENCE, named: Vec::new() }
    }

    /// Lists this reader too, which no rule finds: a fixed port, a link of the administrator's.
    #[must_use]
    pub fn with(mut self, reader: ReaderName) -> Self {
        self.named.push(reader);
        self
    }

    /// How long the helper may be silent past what a call may take, before it is killed: 2 s if nothing is said. Less
    /// suits a fast machine, more one that stands still at times.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    fn start(&self, wake: &Wake) -> Result<Helper, LinkError> {
        Helper::start(&self.program, self.patience, wake)
    }
}

impl Default for NfcdBackend {
    fn default() -> Self {
        Self::new()
    }
}

impl Backend for NfcdBackend {
    fn name(&self) -> &'static str {
        "libnfc"
    }

    fn list(&mut self) -> Result<Vec<ReaderName>, LinkError> {
        const DOING: &str = "listing the readers";
        let wake = new_wake(DOING)?;
        match self.start(&wake)?.call(&Request::List, ASKING, DOING, &wake)? {
            Answer::Readers(mut readers) => {
                readers.extend(self.named.iter().filter(|named| Path::new(named.as_str()).exists()).cloned());
                Ok(readers)
            }
            _ => Err(LinkError::new(LinkFault::Reader, DOING)),
        }
    }

    fn open(&mut self, reader: &ReaderName) -> Result<Box<dyn Reader>, LinkError> {
        const DOING: &str = "opening the reader";
        if reader.as_str().len() > NAME_BYTES_MAX {
            return Err(LinkError::new(LinkFault::NoSuchReader, DOING).detail("a name that long"));
        }
        let mut opened = NfcdReader {
            backend: self.clone(),
            name: reader.clone(),
            helper: None,
            capabilities: Capabilities::new(0, 0),
            card: false,
            wake: new_wake(DOING)?,
        };
        opened.restart()?;
        Ok(Box::new(opened))
    }
}

impl NfcdReader {
    /// Starts a helper and has it open the reader.
    fn restart(&mut self) -> Result<&mut Helper, LinkError> {
        const DOING: &str = "opening the reader";
        self.helper = None; // ended before another wants the port
        self.card = false;
        let mut helper = self.backend.start(&self.wake)?;
        match helper.call(&Request::Open(self.name.clone()), OPENING, DOING, &self.wake) {
            Ok(Answer::Opened(capabilities)) => {
                self.capabilities = capabilities;
                Ok(self.helper.insert(helper))
            }
            answer => {
                helper.kill(); // it is at it, if this was cancelled
                Err(answer.err().unwrap_or(LinkError::new(LinkFault::Reader, DOING)))
            }
        }
    }

    /// Calls the helper; another one if it died since.
    fn call(&mut self, request: &Request, takes: Duration, doing: &'static str) -> Result<Answer, LinkError> {
        let alive = self.helper.as_mut().is_some_and(Helper::is_alive);
        if !alive {
            self.restart()?;
        }
        let Some(helper) = &mut self.helper else { return Err(LinkError::new(LinkFault::ReaderGone, doing)) };
        let answer = helper.call(request, takes, doing, &self.wake);
        if answer.as_ref().is_err_and(|error| error.fault.ends_reader()) {
            self.helper = None;
            self.card = false;
        }
        answer
    }

    /// Calls the helper about the card; `None` where there is none, such as after the helper died.
    fn call_about_card(
        &mut self,
        request: &Request,
        takes: Duration,
        doing: &'static str,
    ) -> Result<Option<Answer>, LinkError> {
        self.card &= self.helper.as_mut().is_some_and(Helper::is_alive);
        if !self.card {
            return Ok(None);
        }
        self.call(request, takes, doing).map(Some)
    }

    /// An answer of another kind than was asked for.
    fn astray(&mut self, doing: &'static str) -> LinkError {
        self.helper = None;
        LinkError::new(LinkFault::Reader, doing).detail("the helper answered something else")
    }

    fn done(&mut self, request: &Request, doing: &'static str) -> Result<(), LinkError> {
        match self.call(request, ASKING, doing)? {
            Answer::Done => Ok(()),
            _ => Err(self.astray(doing)),
        }
    }
}

impl Reader for NfcdReader {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn canceller(&self) -> Canceller {
        let wake = Arc::clone(&self.wake);
        Canceller::new(move || wake.wake())
    }

    fn poll(&mut self, within: Duration) -> Result<Option<Card>, LinkError> {
        const DOING: &str = "looking for a card";
        self.card = false;
        let (within, within_ms) = bounded(within);
        match self.call(&Request::Poll { within_ms }, within + ASKING, DOING)? {
            Answer::Found(card) => {
                self.card = card.is_some();
                Ok(card)
            }
            _ => Err(self.astray(DOING)),
        }
    }

    fn link(&mut self) -> &mut dyn CardLink {
        self
    }

    fn release(&mut self) -> Result<(), LinkError> {
        self.card = false;
        self.done(&Request::Release, "letting the card go")
    }

    fn health(&mut self) -> Result<(), LinkError> {
        self.done(&Request::Health, "asking the reader for a sign of life")
    }
}

impl CardLink for NfcdReader {
    fn transceive(&mut self, command: &[u8], within: Duration) -> Result<Vec<u8>, LinkError> {
        const DOING: &str = "speaking to the card";
        if command.len() > self.capabilities.command_bytes_max {
            return Err(LinkError::new(LinkFault::Unsupported, DOING).detail("a command of that length"));
        }
        let (within, within_ms) = bounded(within);
        let request = Request::Transceive { within_ms, command: command.to_vec() };
        match self.call_about_card(&request, within + ASKING, DOING)? {
            None => Err(LinkError::new(LinkFault::CardGone, DOING)),
            Some(Answer::Response(answer)) => Ok(answer),
            Some(_) => Err(self.astray(DOING)),
        }
    }

    fn is_present(&mut self) -> Result<bool, LinkError> {
        const DOING: &str = "looking whether the card is there";
        match self.call_about_card(&Request::Present, ASKING, DOING)? {
            None => Ok(false),
            Some(Answer::Present(there)) => {
                self.card = there;
                Ok(there)
            }
            Some(_) => Err(self.astray(DOING)),
        }
    }
}

fn new_wake(doing: &'static str) -> Result<Arc<Wake>, LinkError> {
    Wake::new().map_err(|error| LinkError::new(LinkFault::Io, doing).detail(error.to_string()))
}

/// The time, bounded, and in milliseconds as the helper takes it: a part of one is a whole one.
fn bounded(within: Duration) -> (Duration, u32) {
    let within = within.min(WITHIN_MAX);
    let ms = within.as_micros().div_ceil(1000);
    (within, u32::try_from(ms).unwrap_or(u32::MAX))
}
