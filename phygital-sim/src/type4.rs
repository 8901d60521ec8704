//! An NFC Forum Type 4 tag that is no more than that.

use phygital_core::contactless::apdu::Command;

use crate::card::{Activation, Answer, SoftCard};
use crate::dice::Dice;

/// The application of a Type 4 tag (NFC Forum T4T 5.1).
const APPLICATION: [u8; 7] = [0xD2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x01];
const CC_FILE: u16 = 0xE103;
const NDEF_FILE: u16 = 0xE104;

/// Most bytes that one command reads or writes, as the capability container says.
const MLE: usize = 0x00F6;
const MLC: usize = 0x00F6;

/// Bytes of a file that short offsets reach: 15 bits, and no more than the container can say.
const FILE_BYTES_MAX: usize = 0x7FFE;

/// A Type 4 tag with one NDEF message, which can be read and overwritten (NFC Forum T4T, mapping version 2.0).
///
/// ```
/// use phygital_sim::{Answer, SoftCard, Type4Tag};
/// let mut tag = Type4Tag::new(b"\xD1\x01\x02U\x04a");
/// tag.activate();
/// tag.answer(&[0x00, 0xA4, 0x04, 0x00, 7, 0xD2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x01, 0x00]);
/// tag.answer(&[0x00, 0xA4, 0x00, 0x0C, 2, 0xE1, 0x04]);
/// let read = tag.answer(&[0x00, 0xB0, 0x00, 0x00, 0x04]);
/// assert_eq!(read, Answer::Bytes(vec![0x00, 0x06, 0xD1, 0x01, 0x90, 0x00]));
/// ```
#[derive(Clone, Debug)]
pub struct Type4Tag {
    uid: TagId,
    /// NLEN, message, and what is free.
    file: Vec<u8>,
    writable: bool,
    application: bool,
    selected: Option<u16>,
}

/// How a card calls itself in the anticollision.
#[derive(Clone, Debug)]
enum TagId {
    Fixed([u8; 7]),
    /// Four bytes that begin with 08, drawn anew at each activation.
    Random(Dice),
}

impl Type4Tag {
    /// A tag with this message, a UID of seven bytes and 256 bytes of memory, or as many as the message needs. What is
    /// longer than 32,764 bytes is cut off.
    #[must_use]
    pub fn new(message: &[u8]) -> Self {
        let message = &message[..message.len().min(FILE_BYTES_MAX - 2)];
        let length = u16::try_from(message.len()).expect("cut to 15 bits");
        let mut file = [&length.to_be_bytes(), message].concat();
        file.resize(file.len().max(256), 0);
        Self {
            uid: TagId::Fixed([0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6]),
            file,
            writable: true,
            application: false,
            selected: None,
        }
    }

    /// With this UID.
    #[must_use]
    pub fn uid(self, uid: [u8; 7]) -> Self {
        Self { uid: TagId::Fixed(uid), ..self }
    }

    /// With a new random UID at each activation.
    #[must_use]
    pub fn random_uid(self, seed: u64) -> Self {
        Self { uid: TagId::Random(Dice::new(seed)), ..self }
    }

    /// As one that nobody writes any more.
    #[must_use]
    pub fn read_only(self) -> Self {
        Self { writable: false, ..self }
    }

    /// The message that it holds now, as far as the file has it.
    #[must_use]
    pub fn ndef(&self) -> &[u8] {
        let (length, rest) = self.file.split_at(2);
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        &rest[..length.min(rest.len())]
    }

    fn container(&self) -> [u8; 15] {
        let [size_high, size_low] =
            u16::try_from(self.file.len()).expect("at most FILE_BYTES_MAX").to_be_bytes();
        let [mle, mlc] = [MLE, MLC].map(|most| u16::try_from(most).expect("below 256").to_be_bytes());
        let write = if self.writable { 0x00 } else { 0xFF };
        [
            0x00, 0x0F, 0x20, mle[0], mle[1], mlc[0], mlc[1], 0x04, 0x06, 0xE1, 0x04, size_high, size_low,
            0x00, write,
        ]
    }

    fn run(&mut self, command: &Command) -> Result<Vec<u8>, u16> {
        let data = command.data_bytes();
        match command.head() {
            [0x00, 0xA4, 0x04, 0x00] => {
                if data != APPLICATION {
                    // What was selected stays so.
                    return Err(0x6A82);
                }
                self.application = true;
                self.selected = None;
                Ok(Vec::new())
            }
            [0x00, 0xA4, 0x00, 0x0C] => {
                let file = <[u8; 2]>::try_from(data).map(u16::from_be_bytes).map_err(|_| 0x6700_u16)?;
                if !self.application || !matches!(file, CC_FILE | NDEF_FILE) {
                    return Err(0x6A82);
                }
                self.selected = Some(file);
                Ok(Vec::new())
            }
            [0x00, 0xB0, p1, p2] => {
                let length = match command.expected() {
                    Some(0) => 256,
                    Some(le) => usize::from(le),
                    None => return Err(0x6700),
                };
                let container = self.container();
                let file = match self.selected {
                    Some(CC_FILE) => &container[..],
                    Some(_) => &self.file,
                    None => return Err(0x6985),
                };
                let from = file.get(usize::from(u16::from_be_bytes([p1, p2]))..).ok_or(0x6B00_u16)?;
                Ok(from[..length.min(MLE).min(from.len())].to_vec())
            }
            [0x00, 0xD6, p1, p2] => {
                let offset = usize::from(u16::from_be_bytes([p1, p2]));
                match self.selected {
                    Some(NDEF_FILE) if self.writable => {}
                    Some(_) => return Err(0x6982),
                    None => return Err(0x6985),
                }
                if data.is_empty() || data.len() > MLC {
                    return Err(0x6700);
                }
                let place = self.file.get_mut(offset..offset + data.len()).ok_or(0x6A84_u16)?;
                place.copy_from_slice(data);
                Ok(Vec::new())
            }
            [0x00, 0xA4, ..] => Err(0x6A86),
            [0x00, ..] => Err(0x6D00),
            _ => Err(0x6E00),
        }
    }
}

impl SoftCard for Type4Tag {
    fn activate(&mut self) -> Activation {
        self.lose_power();
        let (atqa, uid) = match &mut self.uid {
            TagId::Fixed(uid) => ([0x44, 0x03], uid.to_vec()),
            TagId::Random(dice) => ([0x04, 0x03], [&[0x08][..], &dice.bytes::<3>()].concat()),
        };
        Activation { atqa, sak: 0x20, uid, ats: Some(vec![0x06, 0x77, 0x77, 0x71, 0x02, 0x80]) }
    }

    fn lose_power(&mut self) {
        self.application = false;
        self.selected = None;
    }

    fn answer(&mut self, command: &[u8]) -> Answer {
        let (mut data, status) = match Command::parse(command).map_err(|_| 0x6700).and_then(|c| self.run(&c))
        {
            Ok(data) => (data, 0x9000),
            Err(status) => (Vec::new(), status),
        };
        data.extend(status.to_be_bytes());
        Answer::Bytes(data)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn say(tag: &mut Type4Tag, command: &[u8]) -> Vec<u8> {
        match tag.answer(command) {
            Answer::Bytes(bytes) => bytes,
            other => panic!("{other:?}"),
        }
    }

    fn selected(mut tag: Type4Tag, file: u16) -> Type4Tag {
        tag.activate();
        let aid = [&[0x00, 0xA4, 0x04, 0x00, 7][..], &APPLICATION, &[0]].concat();
        assert_eq!(say(&mut tag, &aid), [0x90, 0x00]);
        let [high, low] = file.to_be_bytes();
        assert_eq!(say(&mut tag, &[0x00, 0xA4, 0x00, 0x0C, 2, high, low]), [0x90, 0x00]);
        tag
    }

    #[test]
    fn a_message_is_written_and_read() {
        let mut tag = selected(Type4Tag::new(b"first"), NDEF_FILE);
        assert_eq!(say(&mut tag, &[0x00, 0xB0, 0, 0, 7]), b"\x00\x05first\x90\x00");
        assert_eq!(say(&mut tag, b"\x00\xD6\x00\x00\x06\x00\x04next"), [0x90, 0x00]);
        assert_eq!(tag.ndef(), b"next");
        tag.lose_power();
        assert_eq!(say(&mut tag, &[0x00, 0xB0, 0, 0, 7]), [0x69, 0x85]);
        let mut fixed = selected(Type4Tag::new(b"first").read_only(), NDEF_FILE);
        assert_eq!(say(&mut fixed, b"\x00\xD6\x00\x00\x06\x00\x04next"), [0x69, 0x82]);
    }

    #[test]
    fn the_container_says_what_there_is() {
        let mut tag = selected(Type4Tag::new(b""), CC_FILE);
        let cc = say(&mut tag, &[0x00, 0xB0, 0, 0, 15]);
        assert_eq!(cc[..3], [0x00, 0x0F, 0x20]);
        assert_eq!(cc[7..15], [0x04, 0x06, 0xE1, 0x04, 0x01, 0x00, 0x00, 0x00]);
        let long = Type4Tag::new(&[7; 40_000]);
        assert_eq!(long.ndef().len(), FILE_BYTES_MAX - 2);
    }

    #[test]
    fn what_is_not_there_is_refused() {
        let mut tag = selected(Type4Tag::new(b""), NDEF_FILE);
        for (command, status) in [
            (&[0x00, 0xB0, 0x01, 0x01, 1][..], 0x6B00_u16),
            (&[0x00, 0xB0, 0, 0], 0x6700),
            (&[0x00, 0xD6, 0x00, 0xFF, 2, 1, 1], 0x6A84),
            (&[0x00, 0xD6, 0xFF, 0xFF, 1, 1], 0x6A84),
            (&[0x00, 0xA4, 0x00, 0x0C, 2, 0xE1, 0x05], 0x6A82),
            (&[0x00, 0xA4, 0x04, 0x00, 1, 0xA0, 0x00], 0x6A82),
            (&[0x00, 0xA4, 0x02, 0x00], 0x6A86),
            (&[0x00, 0xCA, 0x00, 0x00], 0x6D00),
            (&[0x90, 0x60, 0x00, 0x00], 0x6E00),
            (&[0x00], 0x6700),
        ] {
            assert_eq!(say(&mut tag, command), status.to_be_bytes(), "{command:02X?}");
        }
    }

    #[test]
    fn a_random_uid_is_new_each_time() {
        let mut tag = Type4Tag::new(b"").random_uid(1);
        let (first, second) = (tag.activate(), tag.activate());
        assert!(first.uid.len() == 4 && first.uid[0] == 0x08 && first.uid != second.uid);
        let mut again = Type4Tag::new(b"").random_uid(1);
        assert_eq!(again.activate(), first);
    }
}
