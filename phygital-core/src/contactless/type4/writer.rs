//! Writing the message.

use super::opening::Opening;
use super::{Type4Error, update_binary};
use crate::contactless::Step;
use crate::contactless::apdu::{Command, Response, StatusWord};
use crate::contactless::ndef::NDEF_MESSAGE_MAX;

/// Most bytes of one short command.
const PIECE_MAX: usize = 255;

/// Writes a message: its length as 0 first, the pieces, its length last, so that a tag that is taken away under way is
/// empty and not damaged (Type 4 Tag 3.0 §5.4.5).
///
/// ```
/// use phygital_core::contactless::{Step, apdu::Response, type4::Type4Writer};
/// let (mut writer, _select) = Type4Writer::new(&[0xD0, 0, 0])?;
/// let cc = [0, 15, 0x20, 0, 59, 0, 52, 4, 6, 0xE1, 4, 0, 0xFF, 0, 0, 0x90, 0x00];
/// let mut sent = Vec::new();
/// for answer in [&[0x90, 0x00][..], &[0x90, 0x00], &cc, &[0x90, 0x00], &[0x90, 0x00], &[0x90, 0x00]] {
///     if let Step::Send(command) = writer.next(answer)? {
///         sent.push(command.to_bytes());
///     }
/// }
/// assert_eq!(sent[3..], [vec![0, 0xD6, 0, 0, 2, 0, 0], vec![0, 0xD6, 0, 2, 3, 0xD0, 0, 0], vec![0, 0xD6, 0, 0, 2, 0, 3]]);
/// assert_eq!(writer.next(&[0x90, 0x00])?, Step::Done(()));
/// # Ok::<(), phygital_core::contactless::type4::Type4Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Type4Writer {
    message: Vec<u8>,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Opening(Opening),
    /// The pieces, with where the next begins, how long they are and how long the header is.
    Pieces {
        written: usize,
        piece: usize,
        header: usize,
    },
    Length,
    Over,
}

impl Type4Writer {
    /// A writing of this message, and its first command.
    ///
    /// # Errors
    /// [`Type4Error::TooLong`] for more than [`NDEF_MESSAGE_MAX`] bytes, [`Type4Error::Empty`] for none.
    pub fn new(message: &[u8]) -> Result<(Self, Command), Type4Error> {
        if message.is_empty() {
            return Err(Type4Error::Empty);
        }
        if message.len() > NDEF_MESSAGE_MAX {
            return Err(Type4Error::TooLong { most: NDEF_MESSAGE_MAX });
        }
        let (opening, command) = Opening::new();
        Ok((Self { message: message.to_vec(), state: State::Opening(opening) }, command))
    }

    /// Takes the answer to the last command and says what is next.
    ///
    /// # Errors
    /// [`Type4Error`]; the writing is over then.
    pub fn next(&mut self, answer: &[u8]) -> Result<Step<()>, Type4Error> {
        let state = std::mem::replace(&mut self.state, State::Over);
        let response = Response::parse(answer)?;
        let refused = match response.status {
            StatusWord::OK => None,
            status => Some(Type4Error::of(status, "UPDATE BINARY")),
        };
        match (state, refused) {
            (State::Opening(mut opening), _) => match opening.next(&response)? {
                Step::Send(command) => Ok(self.go_on(State::Opening(opening), command)),
                Step::Done(cc) => {
                    if cc.file.write_access == 0xFF {
                        return Err(Type4Error::AccessDenied { status: StatusWord::OK });
                    }
                    let header = cc.file.header();
                    let room = usize::try_from(cc.file.size).unwrap_or(usize::MAX) - header;
                    if self.message.len() > room {
                        return Err(Type4Error::TooLong { most: room });
                    }
                    let piece = usize::from(cc.write_max).min(PIECE_MAX);
                    let pieces = State::Pieces { written: 0, piece, header };
                    Ok(self.go_on(pieces, update_binary(0, &[0; 4][..header])))
                }
            },
            (State::Over, _) => Err(Type4Error::Over),
            (_, Some(error)) => Err(error),
            (State::Pieces { written, piece, header }, None) => {
                let rest = &self.message[written..];
                let data = &rest[..rest.len().min(piece)];
                if data.is_empty() {
                    let length = u32::try_from(self.message.len()).expect("within NDEF_MESSAGE_MAX");
                    let command = update_binary(0, &length.to_be_bytes()[4 - header..]);
                    return Ok(self.go_on(State::Length, command));
                }
                let command = update_binary(header + written, data);
                let written = written + data.len();
                Ok(self.go_on(State::Pieces { written, piece, header }, command))
            }
            (State::Length, None) => Ok(Step::Done(())),
        }
    }

    fn go_on(&mut self, state: State, command: Command) -> Step<()> {
        self.state = state;
        Step::Send(command)
    }
}
