//! Answers that a card gives in pieces, or not before it is asked for the right length (ISO/IEC 7816-4 §5.3.4, §5.6).
//!
//! No command of a protocol here is longer than one APDU, so commands are never chained.

use super::Step;
use super::apdu::{ApduError, Command, Response, StatusWord};

/// Most bytes of data in an answer of several pieces: a whole NDEF message, and more than any command here asks for.
pub const CHAINED_DATA_MAX: usize = 4_096;

/// Most commands sent for one answer: [`CHAINED_DATA_MAX`] in pieces of 256 bytes, each asked for twice.
pub const CHAINED_COMMANDS_MAX: usize = 32;

/// Fetches the whole answer to one command: `61xx` is answered with GET RESPONSE, `6Cxx` with the same command and the
/// length that the card told.
///
/// ```
/// use phygital_core::contactless::{Step, apdu::Command, chaining::Chained};
/// let mut chained = Chained::new(Command::new(0x00, 0xB0, 0x00, 0x00).le(0));
/// let Step::Send(again) = chained.next(&[0x6C, 0x03])? else { panic!() };
/// assert_eq!(again.to_bytes(), [0x00, 0xB0, 0x00, 0x00, 0x03]);
/// let Step::Send(more) = chained.next(&[1, 2, 0x61, 0x01])? else { panic!() };
/// assert_eq!(more.to_bytes(), [0x00, 0xC0, 0x00, 0x00, 0x01]);
/// assert_eq!(chained.next(&[3, 0x90, 0x00])?, Step::Done(vec![1, 2, 3, 0x90, 0x00]));
/// # Ok::<(), phygital_core::contactless::chaining::ChainError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chained {
    /// What was sent last.
    sent: Command,
    /// Whether the card has told its length already.
    corrected: bool,
    data: Vec<u8>,
    commands: usize,
}

/// Why an answer cannot be fetched. The card is not to be asked any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// A piece that is no response.
    #[error(transparent)]
    Apdu(#[from] ApduError),
    /// More than [`CHAINED_DATA_MAX`] bytes.
    #[error("an answer of at most {CHAINED_DATA_MAX} bytes")]
    TooLong,
    /// More than [`CHAINED_COMMANDS_MAX`] commands, so pieces too small to come from a card that means well.
    #[error("an answer to at most {CHAINED_COMMANDS_MAX} commands")]
    TooMany,
    /// The length that the card itself asked for is wrong again, or came with data.
    #[error("an answer of the length that the card told")]
    Length,
}

impl Chained {
    /// The whole answer to this command, which is sent first.
    #[must_use]
    pub const fn new(command: Command) -> Self {
        Self { sent: command, corrected: false, data: Vec::new(), commands: 1 }
    }

    /// Takes an answer: gives the next command, or the answer as if it had come in one piece, status word included.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn next(&mut self, answer: &[u8]) -> Result<Step<Vec<u8>>, ChainError> {
        let Response { data, status } = Response::parse(answer)?;
        if self.data.len() + data.len() > CHAINED_DATA_MAX {
            return Err(ChainError::TooLong);
        }
        match status.sw1() {
            0x61 => {
                self.data.extend_from_slice(data);
                self.corrected = false;
                self.send(get_response(status))
            }
            0x6C if self.corrected || !data.is_empty() => Err(ChainError::Length),
            0x6C => {
                self.corrected = true;
                self.send(self.sent.clone().le(status.sw2()))
            }
            _ => {
                let mut whole = std::mem::take(&mut self.data);
                whole.extend_from_slice(answer);
                Ok(Step::Done(whole))
            }
        }
    }

    fn send(&mut self, command: Command) -> Result<Step<Vec<u8>>, ChainError> {
        if self.commands == CHAINED_COMMANDS_MAX {
            return Err(ChainError::TooMany);
        }
        self.commands += 1;
        self.sent = command.clone();
        Ok(Step::Send(command))
    }
}

/// GET RESPONSE on the basic channel, for as much as the card has.
const fn get_response(status: StatusWord) -> Command {
    Command::new(0x00, 0xC0, 0x00, 0x00).le(status.sw2())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chained() -> Chained {
        Chained::new(Command::new(0x00, 0xB0, 0x00, 0x00).le(0))
    }

    fn piece(length: usize, status: u16) -> Vec<u8> {
        Response { data: &vec![7; length], status: StatusWord(status) }.to_bytes()
    }

    proptest! {
        /// However a card cuts an answer, and whichever pieces it wants to be asked for twice, it comes whole.
        #[test]
        fn pieces_make_the_whole(pieces in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..256), any::<bool>()), 1..16)) {
            let mut chained = chained();
            let whole: Vec<u8> = pieces.iter().flat_map(|(piece, _)| piece.clone()).collect();
            for (index, (piece, twice)) in pieces.iter().enumerate() {
                if *twice {
                    prop_assert!(matches!(chained.next(&[0x6C, 0x10]).unwrap(), Step::Send(again) if again.expected() == Some(0x10)));
                }
                let last = index + 1 == pieces.len();
                let status = StatusWord(if last { 0x9000 } else { 0x6105 });
                let answer = Response { data: piece, status }.to_bytes();
                match chained.next(&answer).unwrap() {
                    Step::Send(more) => prop_assert_eq!(more.to_bytes(), [0x00, 0xC0, 0x00, 0x00, 0x05]),
                    Step::Done(answer) => {
                        prop_assert!(last);
                        prop_assert_eq!(answer, [&whole[..], &[0x90, 0x00]].concat());
                        return Ok(());
                    }
                }
            }
        }

        /// Whatever a card says, the end comes within the limits.
        #[test]
        fn any_card_comes_to_an_end(answers in prop::collection::vec((0..300usize, prop::sample::select(vec![0x6100u16, 0x61FF, 0x6C00, 0x6C10, 0x9000])), CHAINED_COMMANDS_MAX)) {
            let mut chained = chained();
            let mut commands = 1;
            for (length, status) in answers {
                match chained.next(&piece(length, status)) {
                    Ok(Step::Send(_)) => commands += 1,
                    Ok(Step::Done(whole)) => {
                        prop_assert!(whole.len() <= CHAINED_DATA_MAX + 2);
                        break;
                    }
                    Err(_) => break,
                }
            }
            prop_assert!(commands <= CHAINED_COMMANDS_MAX);
        }
    }

    #[test]
    fn the_total_is_bounded() {
        let mut chain = chained();
        for _ in 0..CHAINED_DATA_MAX / 256 {
            assert!(matches!(chain.next(&piece(256, 0x6100)), Ok(Step::Send(_))));
        }
        assert_eq!(chain.clone().next(&piece(1, 0x9000)), Err(ChainError::TooLong));
        assert!(
            matches!(chain.next(&piece(0, 0x9000)), Ok(Step::Done(whole)) if whole.len() == CHAINED_DATA_MAX + 2)
        );
    }

    #[test]
    fn the_commands_are_bounded() {
        let mut chain = chained();
        for _ in 1..CHAINED_COMMANDS_MAX {
            assert!(matches!(chain.next(&piece(0, 0x6101)), Ok(Step::Send(_))));
        }
        assert!(matches!(chain.clone().next(&piece(1, 0x9000)), Ok(Step::Done(_))));
        assert_eq!(chain.next(&piece(0, 0x6101)), Err(ChainError::TooMany));
    }

    #[test]
    fn a_length_is_corrected_once() {
        let mut chain = chained();
        assert!(matches!(chain.next(&[0x6C, 0x08]), Ok(Step::Send(again)) if again.expected() == Some(8)));
        assert_eq!(chain.next(&[0x6C, 0x09]), Err(ChainError::Length));
        assert_eq!(chained().next(&piece(1, 0x6C08)), Err(ChainError::Length));
        assert_eq!(
            chained().next(&[0x90]),
            Err(ChainError::Apdu(ApduError::TooShort { found: 1, least: 2 }))
        );
    }
}
