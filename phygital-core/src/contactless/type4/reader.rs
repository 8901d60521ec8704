//! Reading the message.

use super::opening::{Opening, no_file, piece};
use super::{CapabilityContainer, FILE_NDEF, Type4Error, read_binary, select_application, select_file};
use crate::contactless::Step;
use crate::contactless::apdu::{Command, Response, StatusWord};
use crate::contactless::ndef::NDEF_MESSAGE_MAX;

/// Most pieces of a message: [`NDEF_MESSAGE_MAX`] bytes, each piece of the 15 that every tag can give.
pub const TYPE4_PIECES_MAX: usize = NDEF_MESSAGE_MAX.div_ceil(PIECE_MIN);

/// The least MLe there is.
const PIECE_MIN: usize = 15;

/// Most bytes of one answer to a short command.
const PIECE_MAX: usize = 256;

/// How much of a known file is read first: the length and nearly every message that is other at each tap. The whole file
/// of an NTAG 424 DNA would be twice that, which costs 11 ms more on a line of 115,200 baud.
const KNOWN_FIRST: usize = 128;

/// Which way leads to the message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the way of the standard, and a shorter one")]
pub enum Type4Path {
    /// That of the standard, by way of the capability container: six exchanges for a short message.
    #[default]
    Standard,
    /// For tags that have their message in [`FILE_NDEF`], as an NTAG 424 DNA does: three exchanges for up to 126 bytes,
    /// four for up to 254. A tag that has none there is read by way of its container.
    Known,
}

/// Reads the message of a tag.
///
/// ```
/// use phygital_core::contactless::{Step, type4::{Type4Path, Type4Reader}};
/// let (mut reader, first) = Type4Reader::new(Type4Path::Known);
/// assert_eq!(first.to_bytes(), [0, 0xA4, 4, 0, 7, 0xD2, 0x76, 0, 0, 0x85, 1, 1, 0]);
/// let Step::Send(select) = reader.next(&[0x90, 0x00])? else { panic!() };
/// assert_eq!(select.to_bytes(), [0, 0xA4, 0, 0x0C, 2, 0xE1, 0x04]);
/// let Step::Send(read) = reader.next(&[0x90, 0x00])? else { panic!() };
/// assert_eq!(read.to_bytes(), [0, 0xB0, 0, 0, 128]);
/// let message = reader.next(&[0, 3, 0xD0, 0, 0, 0xFF, 0x90, 0x00])?;
/// assert_eq!(message, Step::Done(vec![0xD0, 0, 0]));
/// # Ok::<(), phygital_core::contactless::type4::Type4Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Type4Reader(State);

#[derive(Clone, Debug)]
enum State {
    KnownApplication,
    KnownFile,
    KnownRead,
    Opening(Opening),
    Length(CapabilityContainer),
    Message(Message),
    Over,
}

/// A message that is being read.
#[derive(Clone, Debug)]
struct Message {
    /// Where it begins in the file.
    from: usize,
    length: usize,
    bytes: Vec<u8>,
    /// Most bytes of a piece.
    piece: usize,
    pieces: usize,
}

impl Type4Reader {
    /// A reading, and its first command.
    #[must_use]
    pub fn new(path: Type4Path) -> (Self, Command) {
        match path {
            Type4Path::Known => (Self(State::KnownApplication), select_application()),
            Type4Path::Standard => {
                let (opening, command) = Opening::new();
                (Self(State::Opening(opening)), command)
            }
        }
    }

    /// Takes the answer to the last command: gives the next, or the bytes of the message, at least one and at most
    /// [`NDEF_MESSAGE_MAX`].
    ///
    /// # Errors
    /// [`Type4Error`]; the reading is over then.
    pub fn next(&mut self, answer: &[u8]) -> Result<Step<Vec<u8>>, Type4Error> {
        let state = std::mem::replace(&mut self.0, State::Over);
        let response = Response::parse(answer)?;
        match state {
            State::KnownApplication if response.status != StatusWord::OK => {
                Err(Type4Error::NoApplication { status: response.status })
            }
            State::KnownApplication => Ok(self.go_on(State::KnownFile, select_file(FILE_NDEF))),
            State::KnownFile if response.status == StatusWord::OK => {
                Ok(self.go_on(State::KnownRead, read_binary(0, KNOWN_FIRST)))
            }
            State::KnownFile => self.by_container(no_file(FILE_NDEF, response.status)),
            State::KnownRead => match piece(&response, KNOWN_FIRST, "READ BINARY") {
                Ok(data) => self.known(data),
                Err(error) => self.by_container(error),
            },
            State::Opening(mut opening) => match opening.next(&response)? {
                Step::Send(command) => Ok(self.go_on(State::Opening(opening), command)),
                Step::Done(cc) => Ok(self.go_on(State::Length(cc), read_binary(0, cc.file.header()))),
            },
            State::Length(cc) => {
                let asked = cc.file.header();
                let data = piece(&response, asked, "reading the length of the message")?;
                let length = length(data, asked)?;
                let room = usize::try_from(cc.file.size).unwrap_or(usize::MAX) - asked;
                if length > room {
                    return Err(Type4Error::TooLong { most: room });
                }
                let piece = usize::from(cc.read_max).min(PIECE_MAX);
                self.message(Message { from: asked, length, bytes: Vec::new(), piece, pieces: 0 })
            }
            State::Message(mut message) => {
                message.bytes.extend_from_slice(piece(&response, message.asked(), "reading the message")?);
                self.message(message)
            }
            State::Over => Err(Type4Error::Over),
        }
    }

    /// What is known was wrong; a tag that forbids to read will not allow it in another way.
    fn by_container(&mut self, error: Type4Error) -> Result<Step<Vec<u8>>, Type4Error> {
        if matches!(error, Type4Error::AccessDenied { .. }) {
            return Err(error);
        }
        let (opening, command) = Opening::at_container();
        Ok(self.go_on(State::Opening(opening), command))
    }

    /// The first piece of the file, which has the length and mostly all of the message.
    fn known(&mut self, data: &[u8]) -> Result<Step<Vec<u8>>, Type4Error> {
        let from = 2;
        let length = length(&data[..data.len().min(from)], from)?;
        let bytes = &data[from..];
        // What the tag gave at once it can give again.
        let piece = data.len().max(PIECE_MIN);
        let bytes = bytes[..bytes.len().min(length)].to_vec();
        self.message(Message { from, length, bytes, piece, pieces: 0 })
    }

    fn message(&mut self, mut message: Message) -> Result<Step<Vec<u8>>, Type4Error> {
        if message.bytes.len() == message.length {
            return Ok(Step::Done(message.bytes));
        }
        if message.pieces == TYPE4_PIECES_MAX {
            return Err(Type4Error::TooMany);
        }
        message.pieces += 1;
        let command = read_binary(message.from + message.bytes.len(), message.asked());
        Ok(self.go_on(State::Message(message), command))
    }

    fn go_on(&mut self, state: State, command: Command) -> Step<Vec<u8>> {
        self.0 = state;
        Step::Send(command)
    }
}

impl Message {
    /// How many bytes the next piece has.
    fn asked(&self) -> usize {
        (self.length - self.bytes.len()).min(self.piece)
    }
}

/// The length of a message, from the two or four bytes before it.
fn length(data: &[u8], asked: usize) -> Result<usize, Type4Error> {
    if data.len() != asked {
        return Err(Type4Error::Length { found: data.len(), asked });
    }
    match data.iter().fold(0u64, |length, byte| length << 8 | u64::from(*byte)) {
        0 => Err(Type4Error::Empty),
        length => usize::try_from(length)
            .ok()
            .filter(|length| *length <= NDEF_MESSAGE_MAX)
            .ok_or(Type4Error::TooLong { most: NDEF_MESSAGE_MAX }),
    }
}
