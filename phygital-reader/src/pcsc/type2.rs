//! Commands of Type 2 tags in the reader's words.
//!
//! Over PC/SC a reader takes no bare command for a card that only stores; it offers its own instructions of class FF
//! (PC/SC part 3, 3.2.2). All have one to read pages and one to write a page. For other commands the ACR122U and its
//! kin take the words of the PN532 inside them (ACR122U API, 6.1 Direct Transmit).

use crate::link::LinkFault;

/// The four bits with which a tag accepts, and those with which it refuses, each in a byte.
const ACK: u8 = 0x0A;
const NAK: u8 = 0x00;

/// READ answers with four pages.
const READ_BYTES: u8 = 16;

/// What is sent to the reader in place of a tag's command, and how its answer is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Worded {
    pub(super) apdu: Vec<u8>,
    answer: AnswerKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AnswerKind {
    Pages,
    Acknowledge,
    /// InCommunicateThru of the PN532.
    Through,
}

/// A tag's command in the words of a reader that the service calls so; `None` where it has none.
pub(super) fn word(command: &[u8], reader: &str) -> Option<Worded> {
    let (apdu, answer) = match *command {
        [0x30, page] => (vec![0xFF, 0xB0, 0x00, page, READ_BYTES], AnswerKind::Pages),
        [0xA2, page, a, b, c, d] => (vec![0xFF, 0xD6, 0x00, page, 4, a, b, c, d], AnswerKind::Acknowledge),
        _ if reader.contains("ACR122") => {
            let length = u8::try_from(command.len() + 2).ok()?;
            ([&[0xFF, 0x00, 0x00, 0x00, length, 0xD4, 0x42], command].concat(), AnswerKind::Through)
        }
        _ => return None,
    };
    Some(Worded { apdu, answer })
}

impl Worded {
    /// The tag's answer in that of the reader.
    ///
    /// # Errors
    /// The tag was silent, or the reader's answer is none of those that it documents.
    pub(super) fn answer(&self, response: &[u8]) -> Result<Vec<u8>, LinkFault> {
        let (data, status) = response.split_last_chunk::<2>().ok_or(LinkFault::Reader)?;
        let done = *status == [0x90, 0x00];
        match (self.answer, data) {
            (AnswerKind::Pages, _) if done && data.len() == usize::from(READ_BYTES) => Ok(data.to_vec()),
            (AnswerKind::Acknowledge, []) if done => Ok(vec![ACK]),
            // The reader does not say why; a page past the end is the reason that it has in practice.
            (AnswerKind::Pages | AnswerKind::Acknowledge, []) if !done => Ok(vec![NAK]),
            // Six bits of the status are the error (PN532 user manual, 7.1): 01 is a tag that does not answer.
            (AnswerKind::Through, [0xD5, 0x43, status, answer @ ..]) if done => match status & 0x3F {
                0x00 => Ok(answer.to_vec()),
                0x01 => Err(LinkFault::CardGone),
                _ => Err(LinkFault::Card),
            },
            _ => Err(LinkFault::Reader),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_and_written_by_the_words_that_all_readers_have() {
        let read = word(&[0x30, 0x04], "any").unwrap();
        assert_eq!(read.apdu, [0xFF, 0xB0, 0x00, 0x04, 16]);
        let pages: Vec<u8> = (0..16).collect();
        assert_eq!(read.answer(&[&pages[..], &[0x90, 0x00]].concat()).unwrap(), pages);
        assert_eq!(read.answer(&[0x63, 0x00]).unwrap(), [NAK]);
        let write = word(&[0xA2, 0x04, 1, 2, 3, 4], "any").unwrap();
        assert_eq!(write.apdu, [0xFF, 0xD6, 0x00, 0x04, 4, 1, 2, 3, 4]);
        assert_eq!(write.answer(&[0x90, 0x00]).unwrap(), [ACK]);
        assert_eq!(write.answer(&[0x6A, 0x82]).unwrap(), [NAK]);
    }

    #[test]
    fn other_commands_go_through_the_readers_that_take_them() {
        assert_eq!(word(&[0x60], "ACS ACR1252 PICC"), None);
        let version = word(&[0x60], "ACS ACR122U PICC Interface 00 00").unwrap();
        assert_eq!(version.apdu, [0xFF, 0x00, 0x00, 0x00, 3, 0xD4, 0x42, 0x60]);
        let answer = |bytes: &[u8]| version.answer(bytes);
        assert_eq!(answer(&[0xD5, 0x43, 0x00, 0x00, 0x04, 0x90, 0x00]).unwrap(), [0x00, 0x04]);
        assert_eq!(answer(&[0xD5, 0x43, 0x01, 0x90, 0x00]), Err(LinkFault::CardGone));
        assert_eq!(answer(&[0xD5, 0x43, 0x02, 0x90, 0x00]), Err(LinkFault::Card));
        assert_eq!(answer(&[0x63, 0x00]), Err(LinkFault::Reader));
        assert_eq!(word(&[0; 254], "ACR122"), None);
        assert!(word(&[0; 253], "ACR122").is_some());
    }

    #[test]
    fn what_no_reader_says_is_refused() {
        let read = word(&[0x30, 0x00], "any").unwrap();
        for wrong in [&[][..], &[0x90], &[1, 0x90, 0x00], &[1, 0x63, 0x00], &[0; 17]] {
            assert_eq!(read.answer(wrong), Err(LinkFault::Reader), "{wrong:02X?}");
        }
    }
}
