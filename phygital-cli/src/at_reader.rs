//! A reader that a command works at: opened by what the arguments say, with the card that lies on it.

use std::time::{Duration, Instant};

use phygital_core::contactless::apdu::{Command, Response};
use phygital_core::crypto::Secret;
use phygital_reader::pn532::Pn532Backend;
use phygital_reader::{Backend, Card, LinkError, LinkFault, Reader, ReaderName, Technology};

use crate::failure::Failure;
use crate::output::Output;
use crate::reader_arguments::{AtReader, BackendKind};
use crate::shop::random;
use crate::simulated;

/// How long a card may take to answer. A tag that writes its memory takes some 10 ms; a slow reader adds to it.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// How long one look for a card takes at most, so that Ctrl-C is heard.
const LOOK: Duration = Duration::from_millis(250);

impl BackendKind {
    /// Those that this command was built with, the likeliest first; not the one in software, which is only there when
    /// it is asked for.
    pub(crate) const BUILT_IN: &'static [BackendKind] = &[
        #[cfg(feature = "pcsc")]
        BackendKind::Pcsc,
        BackendKind::Pn532,
        BackendKind::Libnfc,
    ];

    /// Its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "pcsc")]
            BackendKind::Pcsc => "pcsc",
            BackendKind::Pn532 => "pn532",
            BackendKind::Libnfc => "libnfc",
            BackendKind::Sim => "sim",
        }
    }

    /// The backend itself.
    pub(crate) fn backend(self, at: &AtReader) -> Result<Box<dyn Backend>, Failure> {
        Ok(match self {
            #[cfg(feature = "pcsc")]
            BackendKind::Pcsc => Box::new(phygital_reader::pcsc::PcscBackend::new()),
            BackendKind::Pn532 => Box::new(Pn532Backend::new()),
            BackendKind::Libnfc => Box::new(phygital_reader::libnfc::NfcdBackend::new()),
            BackendKind::Sim => simulated::backend(&at.sim_tag)?,
        })
    }
}

/// Finds the reader that the arguments mean.
pub(crate) fn find(at: &AtReader, output: &Output) -> Result<(Box<dyn Backend>, ReaderName), Failure> {
    let only = at.backend.map(|kind| [kind]);
    let kinds = only.as_ref().map_or(BackendKind::BUILT_IN, |kind| &kind[..]);
    let mut refused = None;
    for kind in kinds {
        let mut backend = kind.backend(at)?;
        // A name may be of a reader that no list shows, such as a port that no rule finds.
        if let (Some(name), [_]) = (&at.reader, kinds) {
            return Ok((backend, ReaderName::new(name.as_str())));
        }
        match backend.list() {
            Ok(names) => {
                let wanted =
                    |found: &&ReaderName| at.reader.as_deref().is_none_or(|name| found.as_str() == name);
                if let Some(name) = names.iter().find(wanted) {
                    return Ok((backend, name.clone()));
                }
            }
            Err(error) => {
                if at.backend.is_none() {
                    output.note(&format!("{}: {error}", kind.name()));
                }
                refused = Some(error);
            }
        }
    }
    match refused.filter(|_| at.backend.is_some()) {
        Some(error) => Err(error.into()),
        None => Err(Failure::failed(
            "no_reader",
            "no reader was found; `phygital reader list` shows those there are",
        )),
    }
}

/// An open reader.
pub(crate) struct Desk {
    pub(crate) reader: Box<dyn Reader>,
    wait: Duration,
}

impl Desk {
    /// Opens the reader that the arguments mean.
    pub(crate) fn open(at: &AtReader, output: &Output) -> Result<Desk, Failure> {
        let (mut backend, name) = find(at, output)?;
        Ok(Desk { reader: backend.open(&name)?, wait: Duration::from_secs(at.wait) })
    }

    /// Waits for a card.
    pub(crate) fn card(&mut self) -> Result<Card, Failure> {
        let until = Instant::now() + self.wait;
        loop {
            match self.reader.poll(LOOK) {
                Ok(Some(card)) => return Ok(card),
                Ok(None) => {}
                Err(error) if error.fault.ends_reader() => return Err(error.into()),
                Err(_) => {}
            }
            if Instant::now() >= until {
                return Err(Failure::no("no_card", "nothing was held to the reader in time"));
            }
        }
    }

    /// Waits for a card that APDUs are sent to.
    pub(crate) fn tag(&mut self) -> Result<Card, Failure> {
        let card = self.card()?;
        match card.technology {
            Technology::IsoDep => Ok(card),
            _ => Err(Failure::no("not_ntag424", "this is no NTAG 424 DNA")),
        }
    }

    /// Sends a command to the card; none where the card is gone or fell silent.
    pub(crate) fn transceive(&mut self, command: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        match self.reader.link().transceive(command, ANSWER_WITHIN) {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.fault.ends_reader() => Err(error.into()),
            Err(_) => Ok(None),
        }
    }

    /// As [`Desk::transceive`], of an APDU; `told` takes the answer. Whether there was one.
    pub(crate) fn send(
        &mut self,
        command: &Command,
        told: impl FnOnce(&Response<'_>),
    ) -> Result<bool, Failure> {
        let answer = self.transceive(&command.to_bytes())?;
        let response = answer.as_deref().and_then(|answer| Response::parse(answer).ok());
        Ok(response.map(|response| told(&response)).is_some())
    }
}

/// Sixteen random bytes.
pub(crate) fn sixteen() -> Result<Secret<16>, Failure> {
    let mut bytes = [0; 16];
    random(&mut bytes)?;
    Ok(Secret::take(&mut bytes))
}

impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Failure {
        let message = error.to_string();
        match error.fault {
            LinkFault::CardGone => Failure::no("card_gone", message),
            LinkFault::Card => Failure::no("card_fault", message),
            LinkFault::Busy => Failure::failed("busy", message),
            LinkFault::Permission => Failure::failed("permission", message),
            LinkFault::NoSuchReader => Failure::failed("no_reader", message),
            LinkFault::ReaderGone => Failure::failed("reader_gone", message),
            LinkFault::Unsupported => Failure::failed("unsupported", message),
            _ => Failure::failed("reader", message),
        }
    }
}
