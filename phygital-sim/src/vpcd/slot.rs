//! What a PC/SC reader does with the card above it: its answer to reset, its own instructions, its power.

use crate::card::{Activation, Answer, SoftCard};

/// Of a status word: done, and not done without a reason.
const OK: [u8; 2] = [0x90, 0x00];
const FAILED: [u8; 2] = [0x63, 0x00];

/// What a virtual reader says to its card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message<'a> {
    PowerOff,
    PowerOn,
    Reset,
    GetAtr,
    Apdu(&'a [u8]),
}

impl<'a> Message<'a> {
    /// Messages of one byte are for the reader, others for the card.
    pub(super) const fn parse(bytes: &'a [u8]) -> Self {
        match bytes {
            [0x00] => Self::PowerOff,
            [0x01] => Self::PowerOn,
            [0x02] => Self::Reset,
            [0x04] => Self::GetAtr,
            _ => Self::Apdu(bytes),
        }
    }

    /// Whether it is for the card, and not for the reader in front of it.
    pub(super) const fn is_exchange(self) -> bool {
        matches!(self, Self::Apdu(bytes) if !matches!(bytes, [0xFF, 0xCA, ..]))
    }
}

/// One slot of the reader, with a card in it.
pub(super) struct Slot {
    /// What the card said when it was selected last.
    activation: Activation,
    powered: bool,
    /// It was selected when it came, and nobody has asked for power since.
    fresh: bool,
}

impl Slot {
    /// A card comes: it is selected, so that its answer to reset can be told.
    pub(super) fn new(card: &mut dyn SoftCard) -> Self {
        Self { activation: card.activate(), powered: true, fresh: true }
    }

    /// The answer to reset (PC/SC part 3, 3.1.3.2.3): historical bytes of a card that speaks ISO/IEC 14443-4, a name in
    /// PC/SC's list of one that stores.
    pub(super) fn atr(&self) -> Vec<u8> {
        let stores = |name: u8| {
            vec![0x80, 0x4F, 0x0C, 0xA0, 0x00, 0x00, 0x03, 0x06, 0x03, 0x00, name, 0x00, 0x00, 0x00, 0x00]
        };
        let history = match (&self.activation.ats, self.activation.sak) {
            (Some(ats), _) => historical_bytes(ats).to_vec(),
            (None, 0x00) => stores(0x03),
            (None, _) => stores(0x01),
        };
        let history = &history[..history.len().min(15)];
        let mut atr = vec![0x3B, 0x80 | history.len().to_le_bytes()[0], 0x80, 0x01];
        atr.extend_from_slice(history);
        let checksum = atr[1..].iter().fold(0, |sum, byte| sum ^ byte);
        atr.push(checksum);
        atr
    }

    /// Switches the card on, off, or off and on.
    pub(super) fn power(&mut self, card: &mut dyn SoftCard, message: Message<'_>) {
        match message {
            Message::PowerOff => {
                card.lose_power();
                self.powered = false;
            }
            Message::PowerOn if self.fresh => {}
            Message::PowerOn | Message::Reset => {
                card.lose_power();
                self.activation = card.activate();
                self.powered = true;
            }
            Message::GetAtr | Message::Apdu(_) => return,
        }
        self.fresh = false;
    }

    /// Takes an APDU, which may be for the reader itself. `None` where the card is silent.
    pub(super) fn answer(&self, card: &mut dyn SoftCard, apdu: &[u8]) -> Option<Vec<u8>> {
        if !self.powered {
            return None;
        }
        let said = match *apdu {
            [0xFF, 0xCA, 0x00, 0x00, ..] => Some([&self.activation.uid[..], &OK].concat()),
            _ if self.activation.ats.is_some() => match card.answer(apdu) {
                Answer::Bytes(bytes) => Some(bytes),
                Answer::Nibble(_) | Answer::Silence => None,
            },
            [0xFF, 0xB0, 0x00, page, 0x10] => match card.answer(&[0x30, page]) {
                Answer::Bytes(pages) => Some([&pages[..], &OK].concat()),
                Answer::Nibble(_) | Answer::Silence => Some(FAILED.to_vec()),
            },
            [0xFF, 0xD6, 0x00, page, 0x04, a, b, c, d] => match card.answer(&[0xA2, page, a, b, c, d]) {
                Answer::Nibble(0x0A) => Some(OK.to_vec()),
                _ => Some(FAILED.to_vec()),
            },
            // The words of the PN532 in an ACR122U: InCommunicateThru.
            [0xFF, 0x00, 0x00, 0x00, length, 0xD4, 0x42, ref command @ ..]
                if usize::from(length) == command.len() + 2 =>
            {
                Some(match card.answer(command) {
                    Answer::Bytes(bytes) => [&[0xD5, 0x43, 0x00], &bytes[..], &OK].concat(),
                    Answer::Nibble(bits) => [&[0xD5, 0x43, 0x00, bits], &OK[..]].concat(),
                    Answer::Silence => [&[0xD5, 0x43, 0x01], &OK[..]].concat(),
                })
            }
            _ => Some(vec![0x6A, 0x81]),
        };
        said.filter(|bytes| !bytes.is_empty())
    }
}

/// The end of an answer to select, after its length, the format byte and the three that it may announce (ISO/IEC
/// 14443-4, 5.2).
fn historical_bytes(ats: &[u8]) -> &[u8] {
    let Some(format) = ats.get(1) else { return &[] };
    let announced = (format & 0x70).count_ones() as usize;
    ats.get(2 + announced..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says what it was told.
    struct Echo(Activation);

    impl SoftCard for Echo {
        fn activate(&mut self) -> Activation {
            self.0.uid[0] = self.0.uid[0].wrapping_add(1);
            self.0.clone()
        }

        fn lose_power(&mut self) {}

        fn answer(&mut self, command: &[u8]) -> Answer {
            match command {
                [0xA2, ..] => Answer::Nibble(0x0A),
                [0x30, 0xFF] => Answer::Nibble(0x00),
                [] => Answer::Silence,
                _ => Answer::Bytes(command.to_vec()),
            }
        }
    }

    fn card(sak: u8, ats: Option<&[u8]>) -> Echo {
        Echo(Activation { atqa: [0x44, 0x00], sak, uid: vec![0, 1, 2, 3], ats: ats.map(<[u8]>::to_vec) })
    }

    #[test]
    fn an_answer_to_reset_is_made_from_the_activation() {
        let atr = |sak, ats| Slot::new(&mut card(sak, ats)).atr();
        assert_eq!(atr(0x20, Some(&[6, 0x75, 0x77, 0x81, 0x02, 0x80])), [0x3B, 0x81, 0x80, 0x01, 0x80, 0x80]);
        assert_eq!(atr(0x20, Some(&[1])), [0x3B, 0x80, 0x80, 0x01, 0x01]);
        assert_eq!(atr(0x20, Some(&[])), [0x3B, 0x80, 0x80, 0x01, 0x01]);
        assert_eq!(atr(0x20, Some(&[0x55; 254])).len(), 4 + 15 + 1);
        // As PC/SC's list and the readers' manuals have it for MIFARE Ultralight and Classic 1K.
        let ultralight =
            [0x3B, 0x8F, 0x80, 0x01, 0x80, 0x4F, 0x0C, 0xA0, 0, 0, 3, 6, 3, 0, 3, 0, 0, 0, 0, 0x68];
        assert_eq!(atr(0x00, None), ultralight);
        assert_eq!(atr(0x08, None)[14..], [0x01, 0, 0, 0, 0, 0x6A]);
    }

    #[test]
    fn a_card_is_selected_anew_with_each_power_but_the_first() {
        let mut card = card(0x20, Some(&[1]));
        let mut slot = Slot::new(&mut card);
        let mut uid_after = |message| {
            slot.power(&mut card, message);
            slot.answer(&mut card, &[0xFF, 0xCA, 0x00, 0x00, 0x00]).map(|answer| answer[0])
        };
        assert_eq!(uid_after(Message::GetAtr), Some(1));
        assert_eq!(uid_after(Message::PowerOn), Some(1));
        assert_eq!(uid_after(Message::Reset), Some(2));
        assert_eq!(uid_after(Message::PowerOff), None);
        assert_eq!(uid_after(Message::PowerOn), Some(3));
    }

    #[test]
    fn a_storing_card_is_spoken_to_in_the_words_of_readers() {
        let mut card = card(0x00, None);
        let slot = Slot::new(&mut card);
        let mut answer = |apdu: &[u8]| slot.answer(&mut card, apdu).unwrap_or_default();
        assert_eq!(answer(&[0xFF, 0xB0, 0x00, 0x04, 0x10]), [0x30, 0x04, 0x90, 0x00]);
        assert_eq!(answer(&[0xFF, 0xB0, 0x00, 0xFF, 0x10]), [0x63, 0x00]);
        assert_eq!(answer(&[0xFF, 0xD6, 0x00, 0x04, 0x04, 1, 2, 3, 4]), [0x90, 0x00]);
        assert_eq!(
            answer(&[0xFF, 0x00, 0x00, 0x00, 3, 0xD4, 0x42, 0x60]),
            [0xD5, 0x43, 0x00, 0x60, 0x90, 0x00]
        );
        assert_eq!(answer(&[0xFF, 0x00, 0x00, 0x00, 2, 0xD4, 0x42]), [0xD5, 0x43, 0x01, 0x90, 0x00]);
        assert_eq!(answer(&[0x00, 0xA4, 0x04, 0x00]), [0x6A, 0x81]);
    }

    #[test]
    fn messages_of_one_byte_are_for_the_reader() {
        assert_eq!(Message::parse(&[0x04]), Message::GetAtr);
        assert!(Message::parse(&[0x00, 0xA4]).is_exchange() && !Message::parse(&[0x02]).is_exchange());
        assert!(!Message::parse(&[0xFF, 0xCA, 0x00, 0x00, 0x00]).is_exchange());
    }
}
