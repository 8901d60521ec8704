//! What the target of the emulated PN532 checks of arbitrary bytes.

use std::time::Duration;

use phygital_sim::pn532::{BODY_BYTES_MAX, Pace, Pn532, encode};
use phygital_sim::{Activation, Answer, Field, SoftCard};

/// A card that answers as its command says: not at all, in four bits, or with as many bytes as a byte of it.
struct Card {
    iso_dep: bool,
    /// Of its UID and its ATS.
    bytes: usize,
}

impl SoftCard for Card {
    fn activate(&mut self) -> Activation {
        let ats = self.iso_dep.then(|| vec![0; self.bytes]);
        Activation { atqa: [0x44, 0x00], sak: 0x20, uid: vec![4; self.bytes], ats }
    }

    fn lose_power(&mut self) {}

    fn answer(&mut self, command: &[u8]) -> Answer {
        match command {
            [] => Answer::Silence,
            [0x80..=0x8F, ..] => Answer::Nibble(command[0]),
            [times @ 0..=3, length, ..] => {
                Answer::Bytes(vec![0x90; usize::from(*times) * usize::from(*length)])
            }
            _ => Answer::Bytes(command.to_vec()),
        }
    }
}

/// A card and a pace, then pieces: bytes on the line, whole frames, time, a card that comes or goes. Whatever it was
/// told, the chip can be woken and asked.
pub fn chip(data: &[u8]) {
    let Some((setting, mut rest)) = data.split_first() else { return };
    let field = Field::new();
    let card = || Card { iso_dep: setting & 0x01 != 0, bytes: usize::from(setting >> 4) * 20 };
    if setting & 0x02 != 0 {
        field.put(card());
    }
    let mut chip = Pn532::new(field.clone());
    chip.set_pace([Pace::AtOnce, Pace::Timeouts, Pace::Real][usize::from(setting >> 2 & 0x03) % 3]);
    let mut now = Duration::ZERO;
    while let Some((piece, after)) = rest.split_first() {
        rest = match piece {
            0xFF => {
                let (byte, after) = after.split_at(after.len().min(1));
                now += Duration::from_millis(10) * byte.iter().map(|byte| u32::from(*byte)).sum::<u32>();
                after
            }
            0xFE => {
                if field.take().is_none() {
                    field.put(card());
                }
                after
            }
            0xFD => {
                chip.reset();
                after
            }
            0x80.. => {
                let (data, after) = after.split_at(after.len().min(usize::from(piece & 0x7F)));
                chip.receive(&encode(&[&[0xD4][..], data].concat()), now);
                after
            }
            length => {
                let (bytes, after) = after.split_at(after.len().min(usize::from(*length)));
                chip.receive(bytes, now);
                after
            }
        };
        // A refusal asks for a frame again: 6 bytes may bring as many as a frame has, and one is longer than it.
        assert!(chip.transmit(now).len() <= 128 * (BODY_BYTES_MAX + 20));
        assert!(chip.log().count() <= 4096);
    }
    // The rest of a frame that was never ended, and what a host sends to wake it.
    chip.receive(&[0; BODY_BYTES_MAX + 8], now);
    chip.receive(&[0x55, 0x55, 0x00, 0x00], now);
    chip.receive(&encode(&[0xD4, 0x02]), now);
    let mut sent = chip.transmit(now);
    while let Some(next) = chip.next_event() {
        sent.extend(chip.transmit(next));
    }
    assert!(sent.ends_with(&encode(&[0xD5, 0x03, 0x32, 0x01, 0x06, 0x07])));
}
