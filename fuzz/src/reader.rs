//! What the parsers of the reader make of arbitrary bytes.

use phygital_reader::libnfc::protocol::{Answer, Request};
use phygital_reader::libnfc::protocol::{Body, Decoder, FRAME_BYTES_MAX, Frame};

/// Arbitrary bytes between the till and the helper, in pieces whose length the first byte says, as what either would
/// read: each frame that comes out is written as it came.
pub fn nfcd_protocol(data: &[u8]) {
    let Some((piece, data)) = data.split_first() else { return };
    let piece = usize::from(*piece).max(1);
    read::<Request>(data, piece);
    read::<Answer>(data, piece);
}

fn read<T: Body + PartialEq + std::fmt::Debug>(data: &[u8], piece: usize) {
    let mut decoder = Decoder::new();
    let mut rest = data;
    for piece in data.chunks(piece) {
        decoder.push(piece);
        loop {
            match decoder.next_frame::<T>() {
                Err(_) => return,
                Ok(None) => break,
                Ok(Some(frame)) => {
                    let bytes = frame.encode().expect("a frame that was read");
                    assert!(bytes.len() <= FRAME_BYTES_MAX);
                    rest = rest.strip_prefix(&bytes[..]).expect("what was read");
                    let mut again = Decoder::new();
                    again.push(&bytes);
                    assert_eq!(again.next_frame::<T>(), Ok(Some(frame)));
                    assert_eq!(again.next_frame::<T>(), Ok(None::<Frame<T>>));
                }
            }
        }
    }
}
