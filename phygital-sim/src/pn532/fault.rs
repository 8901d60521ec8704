//! What goes wrong, and when.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::command::{AUTO_POLL, COMMUNICATE, EXCHANGE, LIST};
use crate::card::Tear;
use crate::dice::Dice;

/// Something that goes wrong with one command.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pn532Fault {
    /// The command is lost: nothing comes back.
    NoAck,
    /// The command is lost: an acknowledgement with a wrong byte comes back.
    BadAck,
    /// The command is lost: a refusal comes back.
    Nack,
    /// Acknowledged and done, and never answered.
    Silent,
    /// The first half of the answer.
    HalfFrame,
    /// The answer with a wrong checksum of its data.
    BadDcs,
    /// The answer with a wrong checksum of its length.
    BadLcs,
    /// A frame that says it has no bytes, in place of the answer.
    ZeroLen,
    /// The answer with the code of another command.
    OtherCode,
    /// The answer, with bytes that belong to no frame before it.
    Noise,
    /// The answer, so much later.
    Late(Duration),
    /// The frame of an unknown command in place of the answer.
    ErrorFrame,
    /// This status in place of what the card answered.
    Status(u8),
    /// A status that says a node address follows, which libnfc does not survive.
    Nad,
    /// An answer of four bytes or more comes in two parts.
    Split,
    /// A card is found whose ATS has a length of 0, which libnfc does not survive.
    EmptyAts,
    /// A card is found whose UID has 64 bytes.
    LongUid,
    /// The chip hangs until it is woken or plugged in anew.
    Hang,
    /// The chip hangs until it is plugged in anew.
    Dead,
    /// The card is taken away: [`Pn532::lost`](super::Pn532::lost) has it.
    CardTaken(Tear),
    /// The card is lifted and put back: it loses power, and lies there unselected.
    CardLifted(Tear),
}

/// Which fault meets which command.
#[derive(Clone, Debug, Default)]
pub struct FaultPlan {
    next: VecDeque<Pn532Fault>,
    at: BTreeMap<u64, Pn532Fault>,
    chance: Option<Chance>,
}

#[derive(Clone, Debug)]
struct Chance {
    dice: Dice,
    per_mille: u16,
    of: Vec<Pn532Fault>,
}

impl FaultPlan {
    /// This at the next command that it can happen to, after those planned before.
    pub fn next(&mut self, fault: Pn532Fault) {
        self.next.push_back(fault);
    }

    /// This at the command of that number, counted from 1 since the chip was made; or at the first one after that it
    /// can happen to.
    pub fn at(&mut self, command: u64, fault: Pn532Fault) {
        self.at.insert(command, fault);
    }

    /// Of 1000 commands so many meet one of these that can happen to them; which, the seed decides.
    pub fn by_chance(&mut self, seed: u64, per_mille: u16, of: &[Pn532Fault]) {
        self.chance = Some(Chance { dice: Dice::new(seed), per_mille, of: of.to_vec() });
    }

    /// Nothing goes wrong any more.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// What meets the command of that number and code.
    pub(super) fn draw(&mut self, number: u64, code: u8) -> Option<Pn532Fault> {
        let later = self.at.split_off(&number.saturating_add(1));
        self.next.extend(std::mem::replace(&mut self.at, later).into_values());
        if let Some(at) = self.next.iter().position(|fault| fault.fits(code)) {
            return self.next.remove(at);
        }
        let Chance { dice, per_mille, of } = self.chance.as_mut()?;
        let fitting = of.iter().filter(|fault| fault.fits(code)).collect::<Vec<_>>();
        dice.per_mille(*per_mille).then(|| dice.pick(&fitting).map(|fault| (*fault).clone()))?
    }

    /// It could not happen: the next command, then.
    pub(super) fn give_back(&mut self, fault: Pn532Fault) {
        self.next.push_front(fault);
    }
}

impl Pn532Fault {
    fn fits(&self, code: u8) -> bool {
        match self {
            Self::Status(_) | Self::Nad | Self::CardTaken(_) | Self::CardLifted(_) => {
                matches!(code, EXCHANGE | COMMUNICATE)
            }
            Self::Split => code == EXCHANGE,
            Self::EmptyAts | Self::LongUid => matches!(code, LIST | AUTO_POLL),
            _ => true,
        }
    }
}
