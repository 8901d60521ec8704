//! What reading and writing begin with: to the file of the message, by way of the capability container.

use super::capability::HEAD;
use super::{CapabilityContainer, FILE_CC, Type4Error, read_binary, select_application, select_file};
use crate::contactless::Step;
use crate::contactless::apdu::{Command, Response, StatusWord};

/// SELECT application, SELECT container, READ it, SELECT the file.
#[derive(Clone, Debug)]
pub(super) enum Opening {
    Application,
    Container,
    Reading(Vec<u8>),
    File(CapabilityContainer),
}

impl Opening {
    pub(super) fn new() -> (Self, Command) {
        (Self::Application, select_application())
    }

    /// The same, where the application is selected already.
    pub(super) fn at_container() -> (Self, Command) {
        (Self::Container, select_file(FILE_CC))
    }

    /// Takes an answer; done when the file of the message is selected.
    pub(super) fn next(&mut self, response: &Response<'_>) -> Result<Step<CapabilityContainer>, Type4Error> {
        let is_ok = response.status == StatusWord::OK;
        let (next, command) = match self {
            Self::Application if !is_ok => {
                return Err(Type4Error::NoApplication { status: response.status });
            }
            Self::Application => Self::at_container(),
            Self::Container if !is_ok => return Err(no_file(FILE_CC, response.status)),
            Self::Container => (Self::Reading(Vec::new()), read_binary(0, HEAD)),
            Self::Reading(bytes) => {
                let asked = if bytes.is_empty() { HEAD } else { CapabilityContainer::missing(bytes) };
                bytes.extend_from_slice(piece(response, asked, "reading the capability container")?);
                if response.data.len() != asked {
                    return Err(Type4Error::Length { found: response.data.len(), asked });
                }
                match CapabilityContainer::missing(bytes) {
                    missing if missing > 0 && bytes.len() == HEAD => {
                        return Ok(Step::Send(read_binary(HEAD, missing)));
                    }
                    _ => {}
                }
                let cc = CapabilityContainer::parse(bytes)?;
                (Self::File(cc), select_file(cc.file.id))
            }
            Self::File(cc) if !is_ok => return Err(no_file(cc.file.id, response.status)),
            Self::File(cc) => return Ok(Step::Done(*cc)),
        };
        *self = next;
        Ok(Step::Send(command))
    }
}

pub(super) fn no_file(id: [u8; 2], status: StatusWord) -> Type4Error {
    match Type4Error::of(status, "SELECT") {
        Type4Error::Refused { .. } => Type4Error::NoFile { id: u16::from_be_bytes(id), status },
        denied => denied,
    }
}

/// The bytes of a piece: some, and no more than were asked for. A card may say that its file ended before (6282).
pub(super) fn piece<'r>(
    response: &Response<'r>,
    asked: usize,
    doing: &'static str,
) -> Result<&'r [u8], Type4Error> {
    match response.status {
        StatusWord::OK | StatusWord(0x6282) => match response.data.len() {
            found if (1..=asked).contains(&found) => Ok(response.data),
            found => Err(Type4Error::Length { found, asked }),
        },
        status => Err(Type4Error::of(status, doing)),
    }
}
