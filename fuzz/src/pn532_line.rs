//! What the target of a PN532's serial line checks of arbitrary bytes.

use phygital_reader::pn532::command::{Exchange, Firmware, Target};
use phygital_reader::pn532::frame::{Decoder, Frame, encode};

/// Arbitrary bytes as they come from the line: cut anywhere they hold the same frames, each frame is written as it was
/// read, and of what a card may write of it nothing is taken that does not lie there.
pub fn frames(data: &[u8]) {
    let whole = decode(&[data]);
    let at = data.first().map_or(0, |at| usize::from(*at) % data.len());
    let (before, after) = data.split_at(at);
    assert_eq!(decode(&[before, after]), whole);
    assert_eq!(decode(&data.chunks(1).collect::<Vec<_>>()), whole);
    for frame in whole {
        let Frame::Body(body) = frame else { continue };
        assert_eq!(decode(&[&encode(&body)]), [Frame::Body(body.clone())]);
        answer(&body);
        answer(body.get(2..).unwrap_or_default());
    }
}

fn answer(bytes: &[u8]) {
    if let Ok(Some(target)) = Target::parse(bytes) {
        let said = [target.card.uid.as_bytes(), &target.ats].concat();
        assert!(bytes.ends_with(&said));
        assert_eq!(bytes.len(), 6 + said.len());
    }
    if let Ok(exchange) = Exchange::parse(bytes) {
        assert_eq!(exchange.data, &bytes[1..]);
    }
    if Firmware::parse(bytes).is_ok() {
        assert_eq!(bytes.len(), 4);
    }
}

fn decode(parts: &[&[u8]]) -> Vec<Frame> {
    let (mut decoder, mut frames) = (Decoder::new(), Vec::new());
    for part in parts {
        decoder.feed(part, |frame| frames.push(frame));
    }
    frames
}
