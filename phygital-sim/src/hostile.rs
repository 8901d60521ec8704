//! Cards that answer what no card should.

use crate::card::{Activation, Answer, SoftCard};
use crate::dice::Dice;

/// The longest answer that is tried: as much as extended length allows.
const ANSWER_BYTES_MAX: usize = 65_536;

/// How a card misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hostility {
    /// Random bytes of random length.
    Noise,
    /// Says for ever that there is more: 61xx and 91AF, with data.
    EndlessChain,
    /// Answers well-formed but shorter or longer than asked.
    WrongLengths,
    /// BER-TLV whose lengths lie.
    LyingTlv,
    /// NDEF that claims to be longer than it is, or nests, or has a thousand records.
    NdefBomb,
    /// Status words out of their order, with or without data.
    WrongStatus,
    /// Nothing, now and then or always.
    Silence,
    /// 64 KiB and a good status word.
    Huge,
    /// Changes between all of these.
    All,
}

impl Hostility {
    /// Each of them, [`Hostility::All`] last.
    pub const EACH: [Self; 9] = [
        Self::Noise,
        Self::EndlessChain,
        Self::WrongLengths,
        Self::LyingTlv,
        Self::NdefBomb,
        Self::WrongStatus,
        Self::Silence,
        Self::Huge,
        Self::All,
    ];
}

/// A card that misbehaves by a seed: the same seed and commands give the same answers. It shows itself as a phone, a
/// Type 4 tag or a Type 2 tag, and in the anticollision it keeps to the rules.
///
/// ```
/// use phygital_core::contactless::Step;
/// use phygital_core::contactless::reading::{CardKind, Reading, Wanted};
/// use phygital_sim::{Answer, Hostility, HostileCard, SoftCard};
/// for seed in 0..20 {
///     let mut card = HostileCard::new(seed, Hostility::All);
///     let (mut reading, mut step) = Reading::new(CardKind::IsoDep { random_uid: false }, Wanted::ndef());
///     while let Step::Send(command) = step {
///         step = match card.answer(&command) {
///             Answer::Bytes(answer) => reading.next(&answer),
///             _ => Step::Done(reading.lost()),
///         };
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct HostileCard {
    dice: Dice,
    hostility: Hostility,
}

impl HostileCard {
    /// A card that misbehaves so.
    #[must_use]
    pub fn new(seed: u64, hostility: Hostility) -> Self {
        Self { dice: Dice::new(seed), hostility }
    }

    fn status(&mut self) -> [u8; 2] {
        let any = self.dice.bytes();
        let known = [
            [0x90, 0x00],
            [0x91, 0x00],
            [0x91, 0xAF],
            [0x61, 0x00],
            [0x61, 0xFF],
            [0x6C, 0x00],
            [0x6C, 0x10],
            [0x6A, 0x82],
            [0x69, 0x82],
            [0x62, 0x87],
            [0x93, 0x02],
            [0x90, 0x01],
            any,
        ];
        *self.dice.pick(&known).unwrap_or(&any)
    }

    /// As many bytes as a command asks for, roughly.
    fn asked(command: &[u8]) -> usize {
        match command.last() {
            Some(0) | None => 256,
            Some(le) => usize::from(*le),
        }
    }

    fn tlv(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let tags: [&[u8]; 7] =
            [&[0x6F], &[0x70], &[0x9F, 0x27], &[0x50], &[0xA5], &[0x1F, 0xFF, 0xFF, 0xFF], &[0xBF, 0x0C]];
        for _ in 0..=self.dice.below(6) {
            let tag = *self.dice.pick(&tags).unwrap_or(&tags[0]);
            bytes.extend_from_slice(tag);
            let lengths: [&[u8]; 7] = [
                &[0x00],
                &[0x7F],
                &[0x80],
                &[0x81, 0x01],
                &[0x82, 0xFF, 0xFF],
                &[0x84, 0xFF, 0xFF, 0xFF, 0xFF],
                &[0x88, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            ];
            bytes.extend_from_slice(self.dice.pick(&lengths).unwrap_or(&lengths[0]));
            let length = self.dice.below(40);
            bytes.extend(self.dice.vec(length));
        }
        bytes
    }

    fn ndef(&mut self, command: &[u8]) -> Vec<u8> {
        let head: &[u8] = match self.dice.below(6) {
            // A length of the message beyond any file.
            0 => &[0xFF, 0xFF, 0xD1, 0x01, 0xFF, 0x55],
            // A record of four gigabytes.
            1 => &[0x00, 0x20, 0xC1, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0x55],
            // Chunks that never end.
            2 => &[0x7F, 0xFF, 0xB1, 0x01, 0x01, 0x54, 0x41, 0x36, 0x00, 0x01, 0x41, 0x36, 0x00, 0x01, 0x41],
            // Container: a file of 64 KiB that one byte at a time reads.
            3 => &[0x00, 0x0F, 0x20, 0x00, 0x01, 0x00, 0x01, 0x04, 0x06, 0xE1, 0x04, 0xFF, 0xFE, 0x00, 0x00],
            // A container that goes on for ever.
            4 => &[0xFF, 0xFF, 0x20, 0xFF, 0xFF, 0xFF, 0xFF, 0x04, 0x06, 0xE1, 0x04, 0x7F, 0xFF, 0x00, 0x00],
            // A Type 2 area of the largest size, full of null and lock TLVs.
            _ => &[
                0xE1, 0x10, 0xFF, 0x00, 0x00, 0x00, 0x01, 0x03, 0xFF, 0xFF, 0xFF, 0x02, 0x03, 0x03, 0xFF,
                0xFF,
            ],
        };
        let mut bytes = head.to_vec();
        // A thousand empty records to fill it up.
        while bytes.len() < Self::asked(command).min(256) {
            bytes.extend_from_slice(&[0x10, 0x00, 0x00]);
        }
        bytes
    }

    fn misbehave(&mut self, hostility: Hostility, command: &[u8]) -> Answer {
        let asked = Self::asked(command);
        let (mut bytes, status) = match hostility {
            Hostility::Noise => {
                let length = self.dice.below(300);
                return Answer::Bytes(self.dice.vec(length));
            }
            Hostility::EndlessChain => {
                let length = self.dice.below(257);
                let ends = [[0x61, 0x00], [0x61, 0x01], [0x91, 0xAF]];
                (self.dice.vec(length), *self.dice.pick(&ends).unwrap_or(&ends[0]))
            }
            Hostility::WrongLengths => {
                let lengths = [0, 1, asked.saturating_sub(1), asked + 1, asked + 2, 300];
                let length = *self.dice.pick(&lengths).unwrap_or(&0);
                (self.dice.vec(length), [0x90, 0x00])
            }
            Hostility::LyingTlv => (self.tlv(), [0x90, 0x00]),
            Hostility::NdefBomb => (self.ndef(command), [0x90, 0x00]),
            Hostility::WrongStatus => {
                let length = self.dice.below(3) * 15;
                (self.dice.vec(length), self.status())
            }
            Hostility::Silence => return Answer::Silence,
            Hostility::Huge => (vec![self.dice.bytes::<1>()[0]; ANSWER_BYTES_MAX], [0x90, 0x00]),
            Hostility::All => {
                // What ends a talk at once is rare, so that there is something to end.
                let which = match self.dice.below(24) {
                    0 => Hostility::Silence,
                    1 => Hostility::Huge,
                    2 => return Answer::Nibble(self.dice.bytes::<1>()[0] & 0x0F),
                    other => Hostility::EACH[other % 6],
                };
                return self.misbehave(which, command);
            }
        };
        bytes.extend_from_slice(&status);
        Answer::Bytes(bytes)
    }
}

impl SoftCard for HostileCard {
    fn activate(&mut self) -> Activation {
        let iso_dep = |uid: Vec<u8>| Activation {
            atqa: [0x44, 0x03],
            sak: 0x20,
            uid,
            ats: Some(vec![0x06, 0x77, 0x77, 0x71, 0x02, 0x80]),
        };
        match self.dice.below(3) {
            0 => iso_dep([&[0x08][..], &self.dice.bytes::<3>()].concat()),
            1 => iso_dep([&[0x04][..], &self.dice.bytes::<6>()].concat()),
            _ => {
                let uid = [&[0x04][..], &self.dice.bytes::<6>()].concat();
                Activation { atqa: [0x44, 0x00], sak: 0x00, uid, ats: None }
            }
        }
    }

    fn lose_power(&mut self) {}

    fn answer(&mut self, command: &[u8]) -> Answer {
        // Silence now and then even where it is all that it does: the others have begun well.
        if self.hostility == Hostility::Silence && self.dice.per_mille(500) {
            return Answer::Bytes(vec![0x90, 0x00]);
        }
        self.misbehave(self.hostility, command)
    }
}

#[cfg(test)]
mod tests {
    use phygital_core::contactless::Step;
    use phygital_core::contactless::reading::{CardKind, READING_EXCHANGES_MAX, Reading, Wanted};

    use super::*;

    #[test]
    fn the_same_seed_misbehaves_the_same_way() {
        for hostility in Hostility::EACH {
            let run = |seed| {
                let mut card = HostileCard::new(seed, hostility);
                let activation = card.activate();
                let answers: Vec<Answer> =
                    (0..20).map(|n| card.answer(&[0x00, 0xB0, 0x00, 0x00, n])).collect();
                (activation, answers)
            };
            assert_eq!(run(1), run(1));
            assert_ne!(run(1), run(2), "{hostility:?}");
        }
    }

    #[test]
    fn no_reading_is_endless() {
        for hostility in Hostility::EACH {
            for seed in 0..60 {
                let mut card = HostileCard::new(seed, hostility);
                let kind = match card.activate() {
                    Activation { ats: None, .. } => CardKind::Type2,
                    Activation { uid, .. } => CardKind::IsoDep { random_uid: uid.len() == 4 },
                };
                let (mut reading, mut step) = Reading::new(kind, Wanted::ndef());
                let mut exchanges = 0;
                while let Step::Send(command) = step {
                    exchanges += 1;
                    assert!(exchanges <= READING_EXCHANGES_MAX, "{hostility:?}, seed {seed}");
                    step = match card.answer(&command) {
                        Answer::Bytes(answer) => reading.next(&answer),
                        Answer::Nibble(bits) => reading.next(&[bits]),
                        Answer::Silence => Step::Done(reading.lost()),
                    };
                }
            }
        }
    }
}
