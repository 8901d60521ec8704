//! Frames of the PN532 on a serial line (UM0701-02, 6.2.1).

/// The chip or the host has the frame. From the host while a command runs: abort it.
pub const ACK: [u8; 6] = [0x00, 0x00, 0xFF, 0x00, 0xFF, 0x00];
/// Send the last frame again.
pub const NACK: [u8; 6] = [0x00, 0x00, 0xFF, 0xFF, 0x00, 0x00];
/// The chip has the frame, but not such a command.
pub const SYNTAX_ERROR: [u8; 8] = [0x00, 0x00, 0xFF, 0x01, 0xFF, 0x7F, 0x81, 0x00];

/// Most bytes of a body: direction and 264 more (UM0701-02, 6.2.1.2).
pub const BODY_BYTES_MAX: usize = 265;

/// Most bytes of the body of a frame with a length of one byte.
const SHORT_BODY_BYTES_MAX: usize = 255;
/// Start code, length and its checksum of an extended frame.
const EXTENDED_HEAD_BYTES: usize = 7;
/// The same of a normal one.
const HEAD_BYTES: usize = 4;

/// What stood on the line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the frames of UM0701-02")]
pub enum Frame {
    /// [`ACK`].
    Ack,
    /// [`NACK`].
    Nack,
    /// A body whose checksums are right: direction, code, data. Never empty.
    Body(Vec<u8>),
}

/// Finds frames in a stream of bytes. What is no frame, or one whose checksums are wrong, is passed over.
#[derive(Clone, Debug, Default)]
pub struct FrameReader {
    bytes: Vec<u8>,
}

/// How the bytes after a start code are to be taken.
enum Parsed {
    Frame(Frame, usize),
    More,
    Garbage,
}

/// The frame of a body; extended where the body has more than 255 bytes.
///
/// # Panics
/// The body has more than [`BODY_BYTES_MAX`] bytes.
///
/// ```
/// use phygital_sim::pn532::encode;
/// assert_eq!(encode(&[0xD4, 0x02]), [0x00, 0x00, 0xFF, 0x02, 0xFE, 0xD4, 0x02, 0x2A, 0x00]);
/// ```
#[must_use]
pub fn encode(body: &[u8]) -> Vec<u8> {
    assert!(body.len() <= BODY_BYTES_MAX, "a body of {} bytes", body.len());
    let [.., high, low] = body.len().to_be_bytes();
    let mut frame = vec![0x00, 0x00, 0xFF];
    match body.len() <= SHORT_BODY_BYTES_MAX {
        true => frame.extend([low, low.wrapping_neg()]),
        false => frame.extend([0xFF, 0xFF, high, low, high.wrapping_add(low).wrapping_neg()]),
    }
    frame.extend(body);
    frame.extend([sum(body).wrapping_neg(), 0x00]);
    frame
}

impl FrameReader {
    /// Takes bytes from the line.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// The next whole frame. Call it until there is none: what is left then is less than a frame.
    pub fn next_frame(&mut self) -> Option<Frame> {
        loop {
            let Some(start) = self.bytes.windows(2).position(|pair| pair == [0x00, 0xFF]) else {
                let keep = usize::from(self.bytes.last() == Some(&0x00));
                self.bytes.drain(..self.bytes.len() - keep);
                return None;
            };
            self.bytes.drain(..start);
            match parse(&self.bytes) {
                Parsed::Frame(frame, len) => {
                    self.bytes.drain(..len);
                    return Some(frame);
                }
                Parsed::More => return None,
                // A whole frame may stand within what looked like one.
                Parsed::Garbage => drop(self.bytes.drain(..2)),
            }
        }
    }

    /// Forgets what has come.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }
}

/// Reads what begins with a start code.
fn parse(bytes: &[u8]) -> Parsed {
    let (len, head) = match bytes {
        [_, _, 0x00, 0xFF, ..] => return Parsed::Frame(Frame::Ack, HEAD_BYTES),
        [_, _, 0xFF, 0x00, ..] => return Parsed::Frame(Frame::Nack, HEAD_BYTES),
        [_, _, 0xFF, 0xFF, high, low, check, ..] if sum(&[*high, *low, *check]) == 0 => {
            (usize::from(u16::from_be_bytes([*high, *low])), EXTENDED_HEAD_BYTES)
        }
        [_, _, 0xFF, 0xFF, _, _, _, ..] => return Parsed::Garbage,
        [_, _, 0xFF, 0xFF, ..] | [_, _] | [_, _, _] => return Parsed::More,
        [_, _, len, check, ..] if sum(&[*len, *check]) == 0 => (usize::from(*len), HEAD_BYTES),
        _ => return Parsed::Garbage,
    };
    if len == 0 || len > BODY_BYTES_MAX {
        return Parsed::Garbage;
    }
    match bytes.get(head..=head + len) {
        None => Parsed::More,
        Some(checked) if sum(checked) == 0 => {
            Parsed::Frame(Frame::Body(checked[..len].to_vec()), head + len + 1)
        }
        Some(_) => Parsed::Garbage,
    }
}

/// The sum that a checksum brings to zero.
fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> Vec<Frame> {
        let mut reader = FrameReader::default();
        reader.push(bytes);
        std::iter::from_fn(|| reader.next_frame()).collect()
    }

    #[test]
    fn a_wake_up_before_a_frame_is_passed_over() {
        let mut bytes = vec![0x55, 0x55];
        bytes.extend([0; 14]);
        bytes.extend(encode(&[0xD4, 0x14, 0x01]));
        assert_eq!(read(&bytes), [Frame::Body(vec![0xD4, 0x14, 0x01])]);
    }

    #[test]
    fn acknowledgements_have_no_body() {
        assert_eq!(read(&[ACK, NACK, ACK].concat()), [Frame::Ack, Frame::Nack, Frame::Ack]);
    }

    #[test]
    fn wrong_checksums_and_lengths_are_no_frames() {
        let good = encode(&[0xD4, 0x02]);
        for at in 3..good.len() - 1 {
            let mut bad = good.clone();
            bad[at] ^= 0x20;
            assert_eq!(read(&bad), [], "{at}");
            bad.extend(&good);
            assert_eq!(read(&bad), [Frame::Body(vec![0xD4, 0x02])], "{at}");
        }
        assert_eq!(read(&[0x00, 0x00, 0xFF, 0x00, 0x00, 0x00, 0x00]), []);
    }

    #[test]
    fn a_body_has_so_many_bytes_at_most() {
        let longest = vec![0xD4; BODY_BYTES_MAX];
        assert_eq!(read(&encode(&longest)), [Frame::Body(longest.clone())]);
        let mut longer = vec![0x00, 0x00, 0xFF, 0xFF, 0xFF, 0x01, 0x0A, 0xF5];
        longer.extend(vec![0xD4; BODY_BYTES_MAX + 1]);
        longer.extend([sum(&vec![0xD4; BODY_BYTES_MAX + 1]).wrapping_neg(), 0x00]);
        assert_eq!(read(&longer), []);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_however_it_is_cut(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..=BODY_BYTES_MAX), 0..4),
            cut in 1_usize..40,
        ) {
            let line = bodies.iter().flat_map(|body| encode(body)).collect::<Vec<_>>();
            let mut reader = FrameReader::default();
            let mut read = Vec::new();
            for part in line.chunks(cut) {
                reader.push(part);
                read.extend(std::iter::from_fn(|| reader.next_frame()));
            }
            prop_assert_eq!(read, bodies.into_iter().map(Frame::Body).collect::<Vec<_>>());
        }

        #[test]
        fn noise_leaves_less_than_a_frame(noise in prop::collection::vec(any::<u8>(), 0..2000)) {
            let mut reader = FrameReader::default();
            reader.push(&noise);
            while reader.next_frame().is_some() {}
            prop_assert!(reader.bytes.len() <= EXTENDED_HEAD_BYTES + BODY_BYTES_MAX);
        }
    }
}
