//! Frames between a host and a PN532 (UM0701-02, 6.2.1).
//!
//! ```text
//! information   00  00 FF  LEN LCS             body  DCS  00
//! extended      00  00 FF  FF FF LENM LENL LCS body  DCS  00
//! ACK, NACK     00  00 FF  00 FF  00 / 00  00 FF  FF 00  00
//! error         00  00 FF  01 FF  7F  81  00
//! ```
//!
//! The body begins with a byte for its direction. LEN and LCS sum to zero modulo 256, and so do the body and DCS.

use super::command::BODY_MAX;

/// Most bytes that a [`Decoder`] keeps: the longest frame from its start code to its second checksum.
pub const HELD_MAX: usize = 7 + BODY_MAX + 1;

/// Most bytes of a body in a normal frame, whose length has one byte.
const NORMAL_MAX: usize = 255;

/// From the host it aborts the command that runs; from the chip it says that a command has come.
pub const ACK: [u8; 6] = [0x00, 0x00, 0xFF, 0x00, 0xFF, 0x00];

/// From the host it asks for the last answer again.
pub const NACK: [u8; 6] = [0x00, 0x00, 0xFF, 0xFF, 0x00, 0x00];

/// The body of an error frame: the chip did not understand the command.
const ERROR: u8 = 0x7F;

/// What came over the line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete by UM0701-02, 6.2.1")]
pub enum Frame {
    /// The other side took a frame, or aborts.
    Ack,
    /// The other side wants the last frame again.
    Nack,
    /// The chip did not understand a command.
    Error,
    /// Direction, code, and what belongs to it: 1 to [`BODY_MAX`] bytes.
    Body(Box<[u8]>),
    /// Something that began as a frame and is none: wrong checksum, impossible length.
    Corrupt,
}

/// The bytes of an information frame, extended where the body is longer than 255 bytes.
///
/// # Panics
/// Where the body is empty or longer than [`BODY_MAX`]: no command is.
///
/// ```
/// use phygital_reader::pn532::frame::encode;
/// assert_eq!(encode(&[0xD4, 0x02]), [0x00, 0x00, 0xFF, 0x02, 0xFE, 0xD4, 0x02, 0x2A, 0x00]);
/// ```
#[must_use]
pub fn encode(body: &[u8]) -> Vec<u8> {
    assert!((1..=BODY_MAX).contains(&body.len()), "a body has 1 to {BODY_MAX} bytes");
    let [high, low] = u16::try_from(body.len()).expect("checked above").to_be_bytes();
    let mut frame = Vec::with_capacity(body.len() + 10);
    frame.extend([0x00, 0x00, 0xFF]);
    if body.len() <= NORMAL_MAX {
        frame.extend([low, low.wrapping_neg()]);
    } else {
        frame.extend([0xFF, 0xFF, high, low, high.wrapping_add(low).wrapping_neg()]);
    }
    frame.extend(body);
    frame.extend([sum(body).wrapping_neg(), 0x00]);
    frame
}

/// Finds frames in a stream of bytes, however it is cut, and finds the next one after noise.
///
/// It keeps [`HELD_MAX`] bytes at most. A frame that fails a checksum is reported once, and what follows its start code
/// is searched again, since the next frame may begin inside of what its length claimed.
#[derive(Debug, Default)]
pub struct Decoder {
    held: Vec<u8>,
}

/// What the bytes held so far are.
enum Found {
    /// Not enough to say.
    Part,
    /// No start of a frame: one byte less, and again.
    Noise,
    /// A frame of so many bytes.
    Whole(Frame, usize),
}

impl Decoder {
    /// A decoder that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes bytes in, and gives each frame that they complete.
    pub fn feed(&mut self, bytes: &[u8], mut give: impl FnMut(Frame)) {
        for &byte in bytes {
            self.held.push(byte);
            while let Some(drop) = match look(&self.held) {
                Found::Part => None,
                Found::Noise => Some(1),
                Found::Whole(frame, len) => {
                    give(frame);
                    Some(len)
                }
            } {
                self.held.drain(..drop);
            }
        }
    }

    /// Forgets a frame that has begun.
    pub fn reset(&mut self) {
        self.held.clear();
    }

    /// Whether a frame has begun and not ended.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        // One byte may be the filler before a frame, or after it.
        self.held.len() > 1
    }
}

/// What stands at the front.
fn look(held: &[u8]) -> Found {
    match held {
        [] | [0x00] | [0x00, 0xFF] | [0x00, 0xFF, _] => Found::Part,
        [0x00, 0xFF, 0x00, 0xFF, ..] => Found::Whole(Frame::Ack, 4),
        [0x00, 0xFF, 0xFF, 0x00, ..] => Found::Whole(Frame::Nack, 4),
        [0x00, 0xFF, 0xFF, 0xFF, rest @ ..] => match *rest {
            [high, low, check, ..] if sum(&[high, low, check]) == 0 => {
                body(held, 7, usize::from(u16::from_be_bytes([high, low])))
            }
            [_, _, _, ..] => CORRUPT,
            _ => Found::Part,
        },
        [0x00, 0xFF, len, check, ..] if len.wrapping_add(*check) == 0 => body(held, 4, usize::from(*len)),
        [0x00, 0xFF, ..] => CORRUPT,
        _ => Found::Noise,
    }
}

/// Past the start code: what claimed to be a frame is searched for another.
const CORRUPT: Found = Found::Whole(Frame::Corrupt, 2);

/// The body of `len` bytes after a header of so many.
fn body(held: &[u8], header: usize, len: usize) -> Found {
    if !(1..=BODY_MAX).contains(&len) {
        return CORRUPT;
    }
    let end = header + len + 1;
    match held.get(header..end) {
        None => Found::Part,
        Some(checked) if sum(checked) != 0 => CORRUPT,
        Some([ERROR, _]) => Found::Whole(Frame::Error, end),
        Some(checked) => Found::Whole(Frame::Body(checked[..len].into()), end),
    }
}

fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frames(bytes: &[u8]) -> Vec<Frame> {
        let (mut decoder, mut frames) = (Decoder::new(), Vec::new());
        decoder.feed(bytes, |frame| frames.push(frame));
        frames
    }

    fn body_of(bytes: &[u8]) -> Frame {
        Frame::Body(bytes.into())
    }

    #[test]
    fn frames_of_the_manual() {
        // UM0701-02, 6.2.1.3 to 6.2.1.5, and GetFirmwareVersion of 7.2.2.
        assert_eq!(frames(&ACK), [Frame::Ack]);
        assert_eq!(frames(&NACK), [Frame::Nack]);
        assert_eq!(frames(&[0x00, 0x00, 0xFF, 0x01, 0xFF, 0x7F, 0x81, 0x00]), [Frame::Error]);
        let answer = [0xD5, 0x03, 0x32, 0x01, 0x06, 0x07];
        assert_eq!(
            encode(&answer),
            [0x00, 0x00, 0xFF, 0x06, 0xFA, 0xD5, 0x03, 0x32, 0x01, 0x06, 0x07, 0xE8, 0x00]
        );
        assert_eq!(frames(&encode(&answer)), [body_of(&answer)]);
    }

    #[test]
    fn a_body_of_256_bytes_is_extended_and_265_are_the_most() {
        for (len, overhead) in [(1, 7), (255, 7), (256, 10), (BODY_MAX, 10)] {
            let body = vec![0xD5; len];
            let frame = encode(&body);
            assert_eq!(frame.len(), len + overhead);
            assert_eq!(frames(&frame), [body_of(&body)]);
        }
        // One byte more is refused by its length, before anything is kept for it.
        let [high, low] = u16::try_from(BODY_MAX + 1).unwrap().to_be_bytes();
        let check = high.wrapping_add(low).wrapping_neg();
        assert_eq!(frames(&[0x00, 0xFF, 0xFF, 0xFF, high, low, check]), [Frame::Corrupt]);
    }

    #[test]
    fn a_short_body_may_come_extended() {
        let frame = [0x00, 0x00, 0xFF, 0xFF, 0xFF, 0x00, 0x02, 0xFE, 0xD5, 0x15, 0x16, 0x00];
        assert_eq!(frames(&frame), [body_of(&[0xD5, 0x15])]);
    }

    #[test]
    fn what_is_no_frame_is_reported_and_the_next_one_found() {
        let good = encode(&[0xD5, 0x15]);
        for bad in [
            vec![0x00, 0x00, 0xFF, 0x02, 0xFE, 0xD5, 0x15, 0x17, 0x00], // DCS
            vec![0x00, 0x00, 0xFF, 0x02, 0xFD, 0xD5, 0x15, 0x16, 0x00], // LCS
            vec![0x00, 0x00, 0xFF, 0x00, 0x00, 0x00],                   // no length
            vec![0x00, 0x00, 0xFF, 0x20, 0xE0, 0xD5],                   // half a frame
        ] {
            // Whatever the length claimed, a second good frame comes through at the latest.
            let stream = [bad, good.clone(), vec![0xAA; 40], good.clone()].concat();
            let seen = frames(&stream);
            assert_eq!(seen.first(), Some(&Frame::Corrupt), "{stream:02X?}");
            assert_eq!(
                seen.iter().filter(|frame| **frame == body_of(&[0xD5, 0x15])).count(),
                2,
                "{stream:02X?}"
            );
        }
        assert_eq!(frames(&[0x55, 0x00, 0xAA]), []);
    }

    /// Slow and obvious: looks for a frame at each place of the whole stream.
    fn oracle(stream: &[u8]) -> Vec<Frame> {
        let (mut at, mut frames) = (0, Vec::new());
        let byte = |at: usize| stream.get(at).copied();
        while at < stream.len() {
            if byte(at) != Some(0x00) || byte(at + 1).is_some_and(|byte| byte != 0xFF) {
                at += 1;
                continue;
            }
            let (Some(len), Some(check)) = (byte(at + 2), byte(at + 3)) else { break };
            let (header, len) = match (len, check) {
                (0x00, 0xFF) => {
                    frames.push(Frame::Ack);
                    at += 4;
                    continue;
                }
                (0xFF, 0x00) => {
                    frames.push(Frame::Nack);
                    at += 4;
                    continue;
                }
                (0xFF, 0xFF) => {
                    let (Some(high), Some(low), Some(check)) = (byte(at + 4), byte(at + 5), byte(at + 6))
                    else {
                        break;
                    };
                    let fits = (u32::from(high) + u32::from(low) + u32::from(check)) % 256 == 0;
                    (7, if fits { usize::from(high) * 256 + usize::from(low) } else { 0 })
                }
                _ if (u32::from(len) + u32::from(check)) % 256 == 0 => (4, usize::from(len)),
                _ => (4, 0),
            };
            if len == 0 || len > BODY_MAX {
                frames.push(Frame::Corrupt);
                at += 2;
                continue;
            }
            let Some(all) = stream.get(at + header..at + header + len + 1) else { break };
            if all.iter().map(|byte| u32::from(*byte)).sum::<u32>() % 256 != 0 {
                frames.push(Frame::Corrupt);
                at += 2;
                continue;
            }
            frames.push(if all == [0x7F, 0x81] { Frame::Error } else { Frame::Body(all[..len].into()) });
            at += header + len + 1;
        }
        frames
    }

    /// Frames, broken frames and noise, rich in the bytes that frames are made of.
    fn stream() -> impl Strategy<Value = Vec<u8>> {
        let noise = prop::collection::vec(
            prop::sample::select(vec![0x00, 0xFF, 0x01, 0x02, 0xFE, 0x7F, 0x81, 0xD5]),
            0..12,
        );
        let piece = prop_oneof![
            Just(ACK.to_vec()),
            Just(NACK.to_vec()),
            noise,
            prop::collection::vec(any::<u8>(), 0..40),
            prop::collection::vec(any::<u8>(), 1..BODY_MAX + 1).prop_map(|body| encode(&body)),
            (prop::collection::vec(any::<u8>(), 1..40), any::<prop::sample::Index>(), any::<u8>()).prop_map(
                |(body, at, byte)| {
                    let mut frame = encode(&body);
                    let at = at.index(frame.len());
                    frame[at] = byte;
                    frame
                }
            ),
        ];
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn any_cut_of_a_stream_gives_what_the_whole_gives(stream in stream(), cuts in prop::collection::vec(1usize..50, 0..60)) {
            let (mut decoder, mut seen, mut rest) = (Decoder::new(), Vec::new(), stream.as_slice());
            for cut in cuts {
                let (now, later) = rest.split_at(cut.min(rest.len()));
                decoder.feed(now, |frame| seen.push(frame));
                prop_assert!(decoder.held.len() < HELD_MAX);
                rest = later;
            }
            decoder.feed(rest, |frame| seen.push(frame));
            prop_assert_eq!(&seen, &frames(&stream));
            prop_assert_eq!(seen, oracle(&stream));
        }

        #[test]
        fn what_is_encoded_is_found(body in prop::collection::vec(any::<u8>(), 2..=BODY_MAX)) {
            prop_assert_eq!(frames(&encode(&body)), [body_of(&body)]);
        }
    }
}
