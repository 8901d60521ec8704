//! Type 4 tags read and written, the tag in a few lines.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::contactless::Step;
use crate::contactless::apdu::{Response, StatusWord};
use crate::contactless::ndef::NDEF_MESSAGE_MAX;

/// A tag, as far as its files go.
#[derive(Clone)]
pub(crate) struct Tag {
    pub(crate) cc: CapabilityContainer,
    pub(crate) file: Vec<u8>,
    /// What READ and UPDATE of the message's file answer instead.
    pub(crate) denied: Option<u16>,
    selected: [u8; 2],
    pub(crate) commands: usize,
}

impl Tag {
    pub(crate) fn new(cc: CapabilityContainer, message: &[u8]) -> Self {
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        let mut file = [&length[4 - cc.file.header()..], message].concat();
        file.resize(file.len().max(usize::try_from(cc.file.size).unwrap()), 0);
        Self { cc, file, denied: None, selected: [0; 2], commands: 0 }
    }

    pub(crate) fn answer(&mut self, command: &[u8]) -> Vec<u8> {
        self.commands += 1;
        let status = |status: u16| status.to_be_bytes().to_vec();
        let command = Command::parse(command).unwrap();
        match command.head() {
            [0, 0xA4, 4, 0] if command.data_bytes() == NDEF_AID => status(0x9000),
            [0, 0xA4, 0, 0x0C] if [FILE_CC, self.cc.file.id].iter().any(|id| id == command.data_bytes()) => {
                self.selected = command.data_bytes().try_into().unwrap();
                status(0x9000)
            }
            [0, 0xA4, ..] => status(0x6A82),
            [0, 0xB0 | 0xD6, ..] if self.denied.is_some() && self.selected != FILE_CC => {
                status(self.denied.unwrap())
            }
            [0, 0xB0, high, low] => {
                let cc = self.cc.to_bytes();
                let file = if self.selected == FILE_CC { &cc } else { &self.file };
                let from = usize::from(u16::from_be_bytes([high, low]));
                let asked = match command.expected().unwrap() {
                    0 => 256,
                    le => usize::from(le),
                };
                let Some(rest) = file.get(from..) else { return status(0x6B00) };
                let most = usize::from(self.cc.read_max);
                let data = &rest[..rest.len().min(asked).min(most)];
                Response { data, status: StatusWord::OK }.to_bytes()
            }
            [0, 0xD6, high, low] => {
                let from = usize::from(u16::from_be_bytes([high, low]));
                let data = command.data_bytes();
                assert!(data.len() <= usize::from(self.cc.write_max).max(4));
                match self.file.get_mut(from..from + data.len()) {
                    Some(place) => place.copy_from_slice(data),
                    None => return status(0x6B00),
                }
                status(0x9000)
            }
            _ => status(0x6D00),
        }
    }
}

pub(crate) fn container(read_max: u16, write_max: u16, size: u32) -> CapabilityContainer {
    let file = NdefFile { id: FILE_NDEF, size, is_extended: false, read_access: 0, write_access: 0 };
    CapabilityContainer { version: 0x20, read_max, write_max, file }
}

fn read(tag: &mut Tag, path: Type4Path) -> Result<Vec<u8>, Type4Error> {
    let (mut reader, mut command) = Type4Reader::new(path);
    loop {
        match reader.next(&tag.answer(&command.to_bytes()))? {
            Step::Send(next) => command = next,
            Step::Done(message) => return Ok(message),
        }
    }
}

fn write(tag: &mut Tag, message: &[u8]) -> Result<(), Type4Error> {
    let (mut writer, mut command) = Type4Writer::new(message)?;
    loop {
        match writer.next(&tag.answer(&command.to_bytes()))? {
            Step::Send(next) => command = next,
            Step::Done(()) => return Ok(()),
        }
    }
}

fn both() -> [Type4Path; 2] {
    [Type4Path::Standard, Type4Path::Known]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    /// The message does not depend on how large the pieces are, nor on the way to it.
    #[test]
    fn any_piece_gives_the_same_message(
        message in prop::collection::vec(any::<u8>(), 1..700),
        read_max in prop_oneof![15u16..300, Just(u16::MAX)],
        spare in 0..300u32,
        id in prop_oneof![Just(FILE_NDEF), Just([0x00, 0x01])],
        extended: bool,
    ) {
        let size = u32::try_from(message.len()).unwrap() + 4 + spare;
        let mut cc = container(read_max, 255, size);
        cc.file.id = id;
        cc.file.is_extended = extended && id != FILE_NDEF;
        for path in both() {
            let mut tag = Tag::new(cc, &message);
            prop_assert_eq!(read(&mut tag, path), Ok(message.clone()));
            prop_assert!(tag.commands <= TYPE4_PIECES_MAX + 7);
        }
    }

    #[test]
    fn what_is_written_is_read(
        message in prop::collection::vec(any::<u8>(), 1..700),
        write_max in prop_oneof![1u16..300, Just(u16::MAX)],
        extended: bool,
    ) {
        let mut cc = container(256, write_max, 704);
        cc.file.is_extended = extended;
        let mut tag = Tag::new(cc, b"before");
        prop_assert_eq!(write(&mut tag, &message), Ok(()));
        prop_assert_eq!(read(&mut tag, Type4Path::Standard), Ok(message));
    }

    /// A tag that is taken away while it is written is empty, or has the old message or the new one.
    #[test]
    fn a_torn_write_leaves_no_half_message(after in 0..12usize) {
        let mut tag = Tag::new(container(256, 20, 256), b"before");
        let message = [7; 100];
        let (mut writer, mut command) = Type4Writer::new(&message).unwrap();
        for _ in 0..after {
            match writer.next(&tag.answer(&command.to_bytes())).unwrap() {
                Step::Send(next) => command = next,
                Step::Done(()) => break,
            }
        }
        match read(&mut tag, Type4Path::Standard) {
            Ok(left) => prop_assert!(left == b"before" || left == message),
            Err(error) => prop_assert_eq!(error, Type4Error::Empty),
        }
    }

    /// Whatever a card says, the end comes within the limits.
    #[test]
    fn any_card_comes_to_an_end(
        answers in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..4), prop::sample::select(vec![0x9000u16, 0x6282, 0x6A82])), 1..400),
        known: bool,
    ) {
        let (mut reader, _) = Type4Reader::new(if known { Type4Path::Known } else { Type4Path::Standard });
        let (mut writer, _) = Type4Writer::new(&[7; 500]).unwrap();
        let mut sent = [1, 1];
        for (data, status) in answers {
            let answer = Response { data: &data, status: StatusWord(status) }.to_bytes();
            sent[0] += usize::from(matches!(reader.next(&answer), Ok(Step::Send(_))));
            sent[1] += usize::from(matches!(writer.next(&answer), Ok(Step::Send(_))));
        }
        prop_assert!(sent[0] <= TYPE4_PIECES_MAX + 7 && sent[1] <= NDEF_MESSAGE_MAX + 6);
    }
}

#[test]
fn a_known_tag_takes_three_exchanges() {
    for (length, known) in [(1, 3), (73, 3), (126, 3), (127, 4), (254, 4)] {
        let tag = Tag::new(container(256, 255, 256), &vec![7; length]);
        for (path, commands) in [(Type4Path::Standard, 6), (Type4Path::Known, known)] {
            let mut tag = tag.clone();
            assert_eq!(read(&mut tag, path).unwrap().len(), length);
            assert_eq!(tag.commands, commands, "{length} bytes");
        }
    }
}

/// What a file has less than is asked for, a card leaves out, says that it ended, or tells the length of; the last is
/// answered by what sends the commands.
#[test]
fn a_known_file_may_be_short() {
    for status in [0x9000, 0x6282] {
        let (mut reader, _) = Type4Reader::new(Type4Path::Known);
        let file = Response { data: &[0, 2, 7, 8, 0, 0], status: StatusWord(status) }.to_bytes();
        for answer in [&[0x90, 0x00], &[0x90, 0x00]] {
            assert!(matches!(reader.next(answer), Ok(Step::Send(_))));
        }
        assert_eq!(reader.next(&file), Ok(Step::Done(vec![7, 8])));
    }
}

#[test]
fn messages_are_bounded() {
    let size = u32::try_from(NDEF_MESSAGE_MAX).unwrap() + 3;
    for path in both() {
        for read_max in [15, 256] {
            let full = vec![7; NDEF_MESSAGE_MAX + 1];
            let mut tag = Tag::new(container(read_max, 255, size), &full[1..]);
            assert_eq!(read(&mut tag, path).unwrap().len(), NDEF_MESSAGE_MAX);
            let mut tag = Tag::new(container(read_max, 255, size), &full);
            assert_eq!(read(&mut tag, path), Err(Type4Error::TooLong { most: NDEF_MESSAGE_MAX }));
            assert_eq!(write(&mut tag, &full), Err(Type4Error::TooLong { most: NDEF_MESSAGE_MAX }));
            assert_eq!(write(&mut tag, &full[1..]), Ok(()));
        }
    }
}

/// A card that gives a byte at a time is cut off.
#[test]
fn pieces_are_bounded() {
    for (count, last) in [(TYPE4_PIECES_MAX, None), (TYPE4_PIECES_MAX + 1, Some(Type4Error::TooMany))] {
        let (mut reader, _) = Type4Reader::new(Type4Path::Known);
        let length = u16::try_from(count).unwrap().to_be_bytes();
        let first = [&length[..], &[0x90, 0x00]].concat();
        for answer in [&[0x90, 0x00][..], &[0x90, 0x00], &first] {
            assert!(matches!(reader.next(answer), Ok(Step::Send(_))));
        }
        for _ in 1..TYPE4_PIECES_MAX {
            assert!(matches!(reader.next(&[7, 0x90, 0x00]), Ok(Step::Send(_))));
        }
        assert_eq!(reader.next(&[7, 0x90, 0x00]).err(), last);
    }
}

#[test]
fn a_tag_that_denies_says_so() {
    for path in both() {
        for denied in [0x6982, 0x6985, 0x919D, 0x91AE] {
            let mut tag = Tag { denied: Some(denied), ..Tag::new(container(256, 255, 256), b"m") };
            let error = Type4Error::AccessDenied { status: StatusWord(denied) };
            assert_eq!(read(&mut tag, path), Err(error));
            assert_eq!(write(&mut tag, b"n"), Err(error));
        }
    }
    let mut cc = container(256, 255, 256);
    cc.file.write_access = 0xFF;
    let mut tag = Tag::new(cc, b"m");
    assert_eq!(write(&mut tag, b"n").unwrap_err().code(), "access_denied");
    assert_eq!(read(&mut tag, Type4Path::Standard).unwrap(), b"m");
}

#[test]
fn what_is_no_tag_is_told() {
    let told = |answers: &[&[u8]], path| {
        let (mut reader, _) = Type4Reader::new(path);
        let mut last = None;
        for answer in answers {
            last = Some(reader.next(answer));
        }
        let error = last.unwrap().unwrap_err().code();
        assert_eq!(reader.next(&[0x90, 0x00]), Err(Type4Error::Over));
        error
    };
    let ok: &[u8] = &[0x90, 0x00];
    let cc = [&container(256, 255, 10).to_bytes()[..], ok].concat();
    let standard = Type4Path::Standard;
    for path in both() {
        assert_eq!(told(&[&[0x6A, 0x82]], path), "no_application");
        assert_eq!(told(&[&[0x6A]], path), "bad_apdu");
    }
    assert_eq!(told(&[ok, &[0x6A, 0x82]], standard), "no_file");
    assert_eq!(told(&[ok, ok, &[0x6F, 0x00]], standard), "refused");
    assert_eq!(told(&[ok, ok, &cc[1..]], standard), "bad_length");
    assert_eq!(told(&[ok, ok, &cc, &[0x6A, 0x82]], standard), "no_file");
    assert_eq!(told(&[ok, ok, &cc, ok, &[0, 0, 0x90, 0x00]], standard), "empty");
    assert_eq!(told(&[ok, ok, &cc, ok, &[0, 9, 0x90, 0x00]], standard), "too_long");
    assert_eq!(told(&[ok, ok, &cc, ok, &[0, 0x90, 0x00]], standard), "bad_length");
    assert_eq!(told(&[ok, ok, &cc, ok, &[0, 1, 0x90, 0x00], &[7, 7, 0x90, 0x00]], standard), "bad_length");
    assert_eq!(told(&[ok, ok, &cc, ok, &[0, 1, 0x90, 0x00], ok], standard), "bad_length");
    // The short way ends in the container where there is no message in the usual file.
    assert_eq!(told(&[ok, &[0x6A, 0x82], &[0x6A, 0x82]], Type4Path::Known), "no_file");
    assert_eq!(told(&[ok, ok, &[0, 0x90, 0x00]], Type4Path::Known), "bad_length");
    assert_eq!(Type4Writer::new(&[]).unwrap_err(), Type4Error::Empty);
    let mut tag = Tag::new(container(256, 255, 10), &[]);
    assert_eq!(write(&mut tag, &[7; 9]), Err(Type4Error::TooLong { most: 8 }));
    assert_eq!(write(&mut tag, &[7; 8]), Ok(()));
}
