//! The chip's field, and the card that lies in it.

use phygital_core::contactless::ecp::Modulation;

use crate::card::{Activation, Answer, SoftCard};
use crate::field::Field;

/// Asks for a further block of a chain, or says that the last one came: R(ACK) (ISO/IEC 14443-4, 7.1).
const R_ACK: u8 = 0xA2;
/// Says that the last block did not come: R(NAK). A card that missed none answers with R(ACK).
const R_NAK: u8 = 0xB2;
/// Lets a card go: S(DESELECT).
const S_DESELECT: u8 = 0xC2;
/// A block with data, the last one of a chain.
const I_BLOCK: u8 = 0x02;
/// Asks a selected card for its ATS: RATS.
const RATS: u8 = 0xE0;
/// Halts a card: HLTA.
const HLTA: [u8; 2] = [0x50, 0x00];
/// The four bits that say yes.
const ACKNOWLEDGED: u8 = 0x0A;

/// The field of the chip (ISO/IEC 14443-3 and -4, type A).
pub(super) struct Antenna {
    field: Field,
    on: bool,
    /// [`Field::changes`] as it was seen last: another number, another card.
    changes: u64,
    card: Option<Powered>,
}

/// A card that has answered since it got its power.
struct Powered {
    activation: Activation,
    state: State,
}

/// The states of ISO/IEC 14443-3, 6.3. READY lasts only within a selection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    /// Selected; commands of Type 2 tags.
    Active,
    /// Selected, and its ATS given; blocks of ISO/IEC 14443-4. Hears no request until it is deselected.
    Protocol,
    Halt,
}

/// How a selected card answered a frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Bytes(Vec<u8>),
    Nibble(u8),
    Nothing,
}

impl Antenna {
    pub(super) fn new(field: Field) -> Self {
        let changes = field.changes();
        Self { field, on: false, changes, card: None }
    }

    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    /// Switches the field. Without it the card forgets all.
    pub(super) fn switch(&mut self, on: bool) {
        if self.on && !on {
            self.card = None;
            self.field.with_card(|card| card.lose_power());
        }
        self.on = on;
    }

    /// One request and the anticollision after it; with `rats` the ATS is fetched too. A card in PROTOCOL does not
    /// answer. One in ACTIVE goes back to IDLE, so that it answers the next.
    pub(super) fn select(&mut self, rats: bool) -> Option<Activation> {
        self.look();
        match self.card.as_mut() {
            _ if !self.on => return None,
            Some(card) if card.state == State::Protocol => return None,
            Some(card) if card.state == State::Active => {
                card.state = State::Idle;
                return None;
            }
            Some(_) => {
                // It has forgotten its session; its UID stays as long as it has power.
                self.field.with_card(|card| {
                    card.lose_power();
                    card.activate()
                })?;
            }
            None => {
                let asked = self.field.with_card(|card| card.answers_polls().then(|| card.activate()));
                let activation = asked??;
                self.card = Some(Powered { activation, state: State::Idle });
            }
        }
        let card = self.card.as_mut()?;
        let iso_dep = rats && card.activation.ats.is_some();
        card.state = if iso_dep { State::Protocol } else { State::Active };
        let mut activation = card.activation.clone();
        if !iso_dep {
            activation.ats = None;
        }
        Some(activation)
    }

    /// Lets the selected card go, to HALT.
    pub(super) fn deselect(&mut self) {
        self.look();
        if let Some(card) = self.card.as_mut().filter(|card| card.state.is_selected()) {
            card.state = State::Halt;
        }
    }

    /// Takes the card away, by a fault.
    pub(super) fn take_card(&mut self) -> Option<Box<dyn SoftCard>> {
        self.field.take()
    }

    /// Puts it back.
    pub(super) fn put_card(&mut self, card: Option<Box<dyn SoftCard>>) {
        card.map(|card| self.field.put_boxed(card));
    }

    /// Whether a selected card speaks ISO/IEC 14443-4.
    pub(super) fn is_iso_dep(&self) -> bool {
        self.card.as_ref().is_some_and(|card| card.state == State::Protocol)
    }

    /// Gives the selected card an APDU or a command of a Type 2 tag.
    pub(super) fn exchange(&mut self, command: &[u8]) -> Heard {
        self.look();
        let Some(before) = self.state().filter(|state| self.on && state.is_selected()) else {
            return Heard::Nothing;
        };
        let answer = self.field.with_card(|card| card.answer(command)).unwrap_or(Answer::Silence);
        self.look(); // The card may have been changed for another meanwhile: that one said nothing.
        let Some(card) = self.card.as_mut() else { return Heard::Nothing };
        let refused = !matches!(answer, Answer::Bytes(_) | Answer::Nibble(ACKNOWLEDGED));
        if before == State::Active && refused {
            card.state = State::Idle;
        }
        match answer {
            Answer::Bytes(bytes) => Heard::Bytes(bytes),
            Answer::Nibble(nibble) => Heard::Nibble(nibble & 0x0F),
            Answer::Silence => Heard::Nothing,
        }
    }

    /// Puts a frame on the air as it is, its CRC included. Where no card is selected, whoever lies there overhears it.
    /// The answer comes without its CRC.
    pub(super) fn raw(&mut self, frame: &[u8]) -> Heard {
        self.look();
        if !self.on {
            return Heard::Nothing;
        }
        let Some(state) = self.state().filter(|state| state.is_selected()) else {
            self.field.with_card(|card| card.overhear(frame));
            return Heard::Nothing;
        };
        let command = match frame.split_last_chunk() {
            Some((command, crc)) if crc_a(command) == *crc => command,
            _ => &[],
        };
        match (state, command) {
            (_, []) => self.refuse(),
            (State::Protocol, [block, data @ ..]) => self.block(*block, data),
            (_, [RATS, _]) => match self.card.as_mut() {
                Some(Powered { activation: Activation { ats: Some(ats), .. }, state }) => {
                    *state = State::Protocol;
                    Heard::Bytes(ats.clone())
                }
                _ => self.refuse(),
            },
            (_, command) if *command == HLTA => {
                self.deselect();
                Heard::Nothing
            }
            (_, command) => self.exchange(command),
        }
    }

    /// A frame that a selected card does not understand: it says nothing, and forgets its selection in ACTIVE.
    fn refuse(&mut self) -> Heard {
        if let Some(card) = self.card.as_mut().filter(|card| card.state == State::Active) {
            card.state = State::Idle;
        }
        Heard::Nothing
    }

    /// A block of ISO/IEC 14443-4. Of blocks with data only whole ones, which is what hosts send past the chip.
    fn block(&mut self, block: u8, data: &[u8]) -> Heard {
        let number = block & 0x01;
        match block & !0x01 {
            I_BLOCK => match self.exchange(data) {
                Heard::Bytes(answer) => Heard::Bytes([&[block][..], &answer].concat()),
                other => other,
            },
            R_NAK if data.is_empty() => Heard::Bytes(vec![R_ACK | number]),
            S_DESELECT if data.is_empty() && number == 0 => {
                self.deselect();
                Heard::Bytes(vec![S_DESELECT])
            }
            _ => Heard::Nothing,
        }
    }

    fn state(&self) -> Option<State> {
        self.card.as_ref().map(|card| card.state)
    }

    /// Forgets the card where it was taken away or changed.
    fn look(&mut self) {
        let changes = self.field.changes();
        if changes != self.changes {
            self.changes = changes;
            self.card = None;
        }
    }
}

impl State {
    fn is_selected(self) -> bool {
        matches!(self, Self::Active | Self::Protocol)
    }
}

/// CRC_A of a frame (ISO/IEC 14443-3, annex B).
pub(super) fn crc_a(bytes: &[u8]) -> [u8; 2] {
    Modulation::A.crc(bytes)
}
