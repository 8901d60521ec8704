//! What goes wrong at a reader in memory, and when.

use std::collections::BTreeMap;
use std::time::Duration;

use phygital_reader::LinkFault;

use crate::card::Tear;
use crate::dice::Dice;

/// What goes wrong in one exchange with a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The card does not hear the command.
    CommandLost,
    /// The card does what it was told, and its answer does not arrive.
    AnswerLost,
    /// The answer arrives broken, and the reader notices.
    AnswerBroken,
    /// A bit of the answer, counted from its first, is flipped, and nobody notices; it wraps round at the end.
    BitFlipped(usize),
    /// The answer takes so long.
    Slow(Duration),
    /// The card is taken away: [`MemoryBackend::lost`](crate::MemoryBackend::lost) has it.
    CardTaken(Tear),
    /// The card is lifted and put back: it loses power, and lies there unselected.
    CardLifted(Tear),
    /// The reader fails in this way; at [`LinkFault::ReaderGone`] it is unplugged.
    Reader(LinkFault),
}

/// A plan of faults for one reader: for each exchange, each call and each opening, counted from 0 since the plan was
/// set. An exchange is a [`CardLink::transceive`](phygital_reader::CardLink::transceive) that finds its card; a call is
/// any call of the reader or of its links, exchanges included.
///
/// ```
/// use phygital_reader::LinkFault;
/// use phygital_sim::{Fault, Faults, Tear};
/// let plan = Faults::none()
///     .at_exchange(2, Fault::CardTaken(Tear::AfterEffect))
///     .at_call(9, LinkFault::ReaderGone)
///     .at_open(1, LinkFault::Busy);
/// # drop(plan);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Faults {
    exchanges: BTreeMap<u64, Fault>,
    calls: BTreeMap<u64, LinkFault>,
    opens: BTreeMap<u64, LinkFault>,
    chance: Option<Chance>,
    /// Exchanges, calls and openings so far.
    counted: [u64; 3],
}

#[derive(Clone, Debug)]
struct Chance {
    dice: Dice,
    per_mille: u16,
    of: Vec<Fault>,
}

impl Faults {
    /// All goes well.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Of 1000 exchanges so many go wrong in one of these ways; which, the seed decides.
    #[must_use]
    pub fn random(seed: u64, per_mille: u16, of: &[Fault]) -> Self {
        let chance = Chance { dice: Dice::new(seed), per_mille, of: of.to_vec() };
        Self { chance: Some(chance), ..Self::default() }
    }

    /// The n-th exchange, counted from 0, goes wrong.
    #[must_use]
    pub fn at_exchange(mut self, n: u64, fault: Fault) -> Self {
        self.exchanges.insert(n, fault);
        self
    }

    /// The n-th call fails before it does anything; at [`LinkFault::ReaderGone`] the reader is unplugged.
    #[must_use]
    pub fn at_call(mut self, n: u64, fault: LinkFault) -> Self {
        self.calls.insert(n, fault);
        self
    }

    /// The n-th opening fails.
    #[must_use]
    pub fn at_open(mut self, n: u64, fault: LinkFault) -> Self {
        self.opens.insert(n, fault);
        self
    }

    pub(crate) fn next_exchange(&mut self) -> Option<Fault> {
        let planned = self.exchanges.remove(&self.counted[0]);
        self.counted[0] += 1;
        let Some(chance) = &mut self.chance else { return planned };
        let drawn = chance.dice.per_mille(chance.per_mille).then(|| chance.dice.pick(&chance.of).copied());
        planned.or(drawn.flatten())
    }

    pub(crate) fn next_call(&mut self) -> Option<LinkFault> {
        self.counted[1] += 1;
        self.calls.remove(&(self.counted[1] - 1))
    }

    pub(crate) fn next_open(&mut self) -> Option<LinkFault> {
        self.counted[2] += 1;
        self.opens.remove(&(self.counted[2] - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_counts_from_zero_and_each_fault_happens_once() {
        let mut plan = Faults::none().at_exchange(1, Fault::AnswerLost).at_open(0, LinkFault::Busy);
        assert_eq!([(); 3].map(|()| plan.next_exchange()), [None, Some(Fault::AnswerLost), None]);
        assert_eq!([(); 2].map(|()| plan.next_open()), [Some(LinkFault::Busy), None]);
        assert_eq!(plan.next_call(), None);
    }

    #[test]
    fn chance_follows_the_seed_and_its_share() {
        let drawn = |seed| {
            let mut plan = Faults::random(seed, 100, &[Fault::AnswerLost, Fault::AnswerBroken]);
            (0..2000).map(|_| plan.next_exchange()).collect::<Vec<_>>()
        };
        assert_eq!(drawn(5), drawn(5));
        let share = drawn(5).iter().flatten().count();
        assert!((120..280).contains(&share), "{share}");
    }
}
