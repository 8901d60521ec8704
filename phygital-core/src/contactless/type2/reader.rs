//! Reading the message, four pages at a time.

use super::area::{AREA_START, Found, find};
use super::{PAGE, Type2Capability, Type2Error, bytes, read};
use crate::contactless::Step;

/// Most bytes of memory that are read: READ names a page by one byte. Tags with more have it in other sectors, which
/// hold no message that a shop meets.
pub const TYPE2_BYTES_MAX: usize = 256 * PAGE;

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Type2Read {
    /// The UID as pages 0 and 1 have it.
    pub uid: [u8; 7],
    /// The capability container.
    pub capability: Type2Capability,
    /// The bytes of the message, at least one.
    pub message: Vec<u8>,
}

/// Reads the message of a tag: page 0 and its capability container, then only as far as the message goes.
///
/// ```
/// use phygital_core::contactless::{Step, type2::Type2Reader};
/// let (mut reader, first) = Type2Reader::new();
/// assert_eq!(first, [0x30, 0]);
/// let head = [4, 1, 2, 0x8F, 3, 4, 5, 6, 4, 0x48, 0, 0, 0xE1, 0x10, 0x12, 0];
/// let Step::Send(next) = reader.next(&head)? else { panic!() };
/// assert_eq!(next, [0x30, 4]);
/// let area = [3, 3, 0xD0, 0, 0, 0xFE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/// let Step::Done(read) = reader.next(&area)? else { panic!() };
/// assert_eq!((read.uid, read.message), ([4, 1, 2, 3, 4, 5, 6], vec![0xD0, 0, 0]));
/// # Ok::<(), phygital_core::contactless::type2::Type2Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Type2Reader {
    /// The memory from page 0, as far as it was read.
    memory: Vec<u8>,
    /// How far it has to be read.
    needed: usize,
    over: bool,
}

impl Type2Reader {
    /// A reading, and its first command.
    #[must_use]
    pub fn new() -> (Self, Vec<u8>) {
        (Self { memory: Vec::new(), needed: AREA_START, over: false }, read(0).to_vec())
    }

    /// Takes the answer to the last command and says what is next.
    ///
    /// # Errors
    /// [`Type2Error`]; the reading is over then.
    pub fn next(&mut self, answer: &[u8]) -> Result<Step<Type2Read, Vec<u8>>, Type2Error> {
        if std::mem::replace(&mut self.over, true) {
            return Err(Type2Error::Over);
        }
        let pages: &[u8; 4 * PAGE] = bytes(answer, "READ")?
            .try_into()
            .map_err(|_| Type2Error::Length { found: answer.len(), expected: "16" })?;
        self.memory.extend_from_slice(pages);
        let head = self.memory.first_chunk::<AREA_START>().expect("four pages at least");
        let uid = [head[0], head[1], head[2], head[4], head[5], head[6], head[7]];
        let capability = Type2Capability::parse([head[12], head[13], head[14], head[15]])?;
        if self.memory.len() >= self.needed {
            match find(&self.memory, capability)? {
                Found::Message(message) => return Ok(Step::Done(Type2Read { uid, capability, message })),
                Found::More(up_to) => self.needed = up_to,
            }
        }
        if self.needed > TYPE2_BYTES_MAX {
            return Err(Type2Error::Area { expected: "a message within the first 256 pages" });
        }
        self.over = false;
        let page = u8::try_from(self.memory.len() / PAGE).expect("below TYPE2_BYTES_MAX");
        Ok(Step::Send(read(page).to_vec()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::super::area::tests::{memories, oracle};
    use super::*;

    /// What a tag with this memory gives, and how many commands it took.
    fn read_all(memory: &[u8]) -> (Result<Type2Read, Type2Error>, usize) {
        let (mut reader, mut command) = Type2Reader::new();
        let mut commands = 1;
        loop {
            let from = usize::from(command[1]) * PAGE;
            match reader.next(&memory[from..from + 16]) {
                Ok(Step::Send(next)) => {
                    command = next;
                    commands += 1;
                }
                Ok(Step::Done(read)) => return (Ok(read), commands),
                Err(error) => return (Err(error), commands),
            }
        }
    }

    proptest! {
        #[test]
        fn tags_are_read_as_the_oracle_does((memory, size) in memories()) {
            let (read, commands) = read_all(&memory);
            prop_assert!(commands <= TYPE2_BYTES_MAX / 16);
            match read {
                Err(Type2Error::Area { expected }) if expected.contains("256 pages") => {
                    prop_assert!(usize::from(size) * 8 + AREA_START > TYPE2_BYTES_MAX);
                }
                read => {
                    let message = read.map(|read| read.message).map_err(Type2Error::code);
                    prop_assert_eq!(message, oracle(&memory, usize::from(size) * 8));
                }
            }
        }

        /// Whatever a tag says, the end comes within the limits.
        #[test]
        fn any_tag_comes_to_an_end(answers in prop::collection::vec(prop::collection::vec(prop_oneof![any::<u8>(), Just(0)], 16), 1..70)) {
            let (mut reader, _) = Type2Reader::new();
            let mut answers = answers;
            answers[0][12..].copy_from_slice(&[0xE1, 0x10, 0xFF, 0]);
            let sent = answers.iter().take_while(|answer| matches!(reader.next(answer), Ok(Step::Send(_)))).count();
            prop_assert!(sent < TYPE2_BYTES_MAX / 16);
        }
    }

    #[test]
    fn a_message_is_read_no_further_than_it_goes() {
        let mut memory = vec![4; AREA_START];
        memory[12..].copy_from_slice(&[0xE1, 0x10, 0x6D, 0]);
        memory.extend([3, 60]);
        memory.resize(TYPE2_BYTES_MAX, 7);
        let (read, commands) = read_all(&memory);
        assert_eq!((read.unwrap().message, commands), (vec![7; 60], 5));
    }

    #[test]
    fn the_memory_is_bounded() {
        let with = |length: usize| {
            let mut memory = vec![4; AREA_START];
            memory[12..].copy_from_slice(&[0xE1, 0x10, 0xFF, 0]);
            memory.extend([3, 0xFF]);
            memory.extend(u16::try_from(length).unwrap().to_be_bytes());
            memory.resize(2 * TYPE2_BYTES_MAX, 7);
            read_all(&memory)
        };
        let most = TYPE2_BYTES_MAX - AREA_START - 4;
        assert_eq!(with(most).0.unwrap().message.len(), most);
        assert_eq!(with(most).1, TYPE2_BYTES_MAX / 16);
        assert_eq!(with(most + 1).0.unwrap_err().code(), "bad_area");
        assert_eq!(with(most + 1).1, 2);
    }

    #[test]
    fn a_refusal_ends_it() {
        let (mut reader, _) = Type2Reader::new();
        assert_eq!(reader.next(&[0]), Err(Type2Error::Refused { command: "READ", code: Some(0) }));
        assert_eq!(reader.next(&[0; 16]), Err(Type2Error::Over));
        let (mut reader, _) = Type2Reader::new();
        assert_eq!(reader.next(&[0; 17]).unwrap_err().code(), "bad_length");
    }
}
