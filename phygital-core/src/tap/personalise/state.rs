//! What is known of a tag half-way: the fold of its journal, and what follows from it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::journal::Entry;
use super::plan::{Feature, KeyChange, KeySlot, Mode, Plan, Step};

/// Most authentications of one journal that failed or were never answered. A tag slows down after 50 failures in
/// a row and locks itself at a count of 1,000 (TotFailCtr of the NT4H2421Gx); an honest one needs at most one for each power cut.
pub const WRONG_TRIES_MAX: u32 = 16;

/// Most refusals of one step, after which a person has to look: something is not as the plan has it.
pub const REFUSALS_MAX: u8 = 3;

/// An authentication with the key of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "what an authentication needs")]
pub struct Try {
    /// The slot.
    pub slot: KeySlot,
    /// The version of its key.
    pub version: u8,
    /// The mode.
    pub mode: Mode,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a reader has to handle each")]
pub enum Next {
    /// Record it as intended, send it, record the answer.
    Step(Step),
    /// Record it as tried, authenticate, record the answer.
    Authenticate(Try),
    /// Ask the tag, outside a session, for the version of a key (64h), and record it. It changes nothing and
    /// proves nothing; it tells what to try first.
    ReadKeyVersion(KeySlot),
    /// The tag is as planned.
    Done,
    /// A person has to look.
    Stuck(Stuck),
}

/// Why a journal does not go on by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Stuck {
    /// The slot holds neither the old nor the new key.
    #[error("key slot {0} holds neither the old nor the new key")]
    UnknownKey(KeySlot),
    /// The tag refused a step [`REFUSALS_MAX`] times.
    #[error("the tag refuses a step: {0:?}")]
    Refused(Step),
    /// [`WRONG_TRIES_MAX`] authentications failed or were not answered.
    #[error("too many authentications failed")]
    TooManyTries,
}

/// Which key a slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "old, new, one of them, none of them")]
pub enum Holding {
    /// The one it had, or one that stays.
    Old,
    /// The planned one.
    New,
    /// One of the two: a change was begun, and how it ended is not known.
    Either,
    /// Neither of the two.
    Unknown,
}

/// How to go on with a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovery {
    /// What slots 0 to 4 hold.
    pub slots: [Holding; KeySlot::COUNT],
    /// What to try, in this order, to learn what slots in doubt hold.
    pub tries: Vec<Try>,
    /// The steps that remain, in their order; a key change in doubt is among them.
    pub remaining: Vec<Step>,
}

/// What is known of a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    confirmed: BTreeSet<Step>,
    refusals: BTreeMap<Step, u8>,
    slots: [Slot; KeySlot::COUNT],
    /// None while it may be either.
    mode: Option<Mode>,
    wrong: BTreeSet<Try>,
    /// Authentications that failed or were not answered.
    tries: u32,
    /// The slot of the session.
    session: Option<KeySlot>,
    sent: Option<Sent>,
}

/// What waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    Step(Step),
    Try(Try),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot {
    may_be_old: bool,
    may_be_new: bool,
    /// Whether the tag was asked for the version since this came into doubt, and what it said.
    asked: bool,
    said: Option<u8>,
}

impl Slot {
    const OLD: Slot = Slot { may_be_old: true, may_be_new: false, asked: false, said: None };
    const NEW: Slot = Slot { may_be_old: false, may_be_new: true, asked: false, said: None };
    const IN_DOUBT: Slot = Slot { may_be_old: true, may_be_new: true, asked: false, said: None };

    fn is_in_doubt(&self) -> bool {
        self.may_be_old && self.may_be_new
    }
}

impl State {
    pub(super) fn new(plan: &Plan) -> State {
        State {
            confirmed: BTreeSet::new(),
            refusals: BTreeMap::new(),
            slots: [Slot::OLD; KeySlot::COUNT],
            mode: Some(plan.mode),
            wrong: BTreeSet::new(),
            tries: 0,
            session: None,
            sent: None,
        }
    }

    /// The tag left the field, or power failed: the session is gone, and what was sent may have taken effect.
    pub(super) fn lose(&mut self) {
        self.session = None;
        self.sent = None;
    }

    /// Takes an entry in; false where it cannot come now.
    pub(super) fn apply(&mut self, plan: &Plan, entry: Entry) -> bool {
        match (entry, self.sent) {
            (Entry::Confirmed(step), Some(Sent::Step(sent))) if step == sent => self.confirm(plan, step),
            (Entry::Refused(step), Some(Sent::Step(sent))) if step == sent => self.refuse(step),
            (Entry::Right(right), Some(Sent::Try(tried))) if right == tried => self.prove(plan, right),
            (Entry::Wrong(wrong), Some(Sent::Try(tried))) if wrong == tried => {
                self.wrong.insert(wrong);
                self.lose();
            }
            (entry, sent) => {
                // Without an answer to what was sent before, the tag was lost meanwhile.
                if sent.is_some() || !self.expects(plan, entry) {
                    self.lose();
                }
                return self.expects(plan, entry) && self.begin(entry);
            }
        }
        true
    }

    fn expects(&self, plan: &Plan, entry: Entry) -> bool {
        match (entry, self.next(plan)) {
            (Entry::Intended(step), Next::Step(next)) => step == next,
            (Entry::Trying(one), Next::Authenticate(next)) => one == next,
            (Entry::Version { slot, .. }, Next::ReadKeyVersion(next)) => slot == next,
            _ => false,
        }
    }

    /// What is written before a command is sent, and a version that was read.
    fn begin(&mut self, entry: Entry) -> bool {
        match entry {
            Entry::Intended(step) => {
                self.sent = Some(Sent::Step(step));
                self.confirmed.remove(&step);
                match step {
                    Step::ChangeKey(slot) => self.doubt(slot),
                    Step::SetConfiguration(Feature::Lrp) => {
                        self.mode = None;
                        self.wrong.clear();
                        // The change of mode switches dynamic messaging off, so it is set up again.
                        self.confirmed.remove(&Step::ChangeFileSettings);
                    }
                    _ => {}
                }
            }
            Entry::Trying(one) => {
                self.sent = Some(Sent::Try(one));
                self.session = None;
                // Counted until it turns out right, so that a cut makes no try free.
                self.tries = self.tries.saturating_add(1);
            }
            Entry::Version { slot, version } => {
                let slot = &mut self.slots[slot.index()];
                (slot.asked, slot.said) = (true, version);
            }
            _ => return false,
        }
        true
    }

    fn doubt(&mut self, slot: KeySlot) {
        self.slots[slot.index()] = Slot::IN_DOUBT;
        self.wrong.retain(|wrong| wrong.slot != slot);
    }

    fn confirm(&mut self, plan: &Plan, step: Step) {
        self.sent = None;
        self.confirmed.insert(step);
        match step {
            // The answer to its own change carries no MAC and ends the session: the new key has to prove itself.
            Step::ChangeKey(KeySlot::MASTER) => {
                let said = Some(plan.keys[KeySlot::MASTER.index()].then);
                self.slots[KeySlot::MASTER.index()] = Slot { asked: true, said, ..Slot::IN_DOUBT };
                self.session = None;
            }
            Step::ChangeKey(slot) => self.slots[slot.index()] = Slot::NEW,
            Step::SetConfiguration(Feature::Lrp) => {
                self.mode = Some(Mode::Lrp);
                self.session = None;
            }
            _ => {}
        }
    }

    /// The tag said no, so nothing changed; a session does not outlive it.
    fn refuse(&mut self, step: Step) {
        let refusals = self.refusals.entry(step).or_default();
        *refusals = refusals.saturating_add(1);
        self.lose();
        match step {
            // Perhaps the old key is not what the plan has: another journal was here before.
            Step::ChangeKey(slot) => self.doubt(slot),
            Step::SetConfiguration(Feature::Lrp) => self.mode = Some(Mode::Aes),
            _ => {}
        }
    }

    fn prove(&mut self, plan: &Plan, right: Try) {
        self.sent = None;
        self.tries = self.tries.saturating_sub(1);
        self.session = Some(right.slot);
        self.mode = Some(right.mode);
        self.wrong.retain(|wrong| wrong.slot != right.slot);
        let is_new = right.version == plan.keys[right.slot.index()].then;
        self.slots[right.slot.index()] = if is_new { Slot::NEW } else { Slot::OLD };
        if right.mode == Mode::Lrp {
            self.confirmed.insert(Step::SetConfiguration(Feature::Lrp));
        }
    }

    /// What to do next. While a command waits for its answer, that is still it.
    pub(super) fn next(&self, plan: &Plan) -> Next {
        match self.sent {
            Some(Sent::Step(step)) => return Next::Step(step),
            Some(Sent::Try(one)) => return Next::Authenticate(one),
            None => {}
        }
        let remaining = self.remaining(plan);
        let Some(&step) = remaining.first() else { return Next::Done };
        if self.refusals.get(&step).is_some_and(|times| *times >= REFUSALS_MAX) {
            return Next::Stuck(Stuck::Refused(step));
        }
        if !step.needs_session() {
            return Next::Step(step);
        }
        // The master key first: without it nothing goes on.
        if let Some(slot) = KeySlot::ALL.into_iter().find(|slot| self.slots[slot.index()].is_in_doubt()) {
            if !self.slots[slot.index()].asked {
                return Next::ReadKeyVersion(slot);
            }
            return self.authenticate(plan, slot);
        }
        if self.session != Some(KeySlot::MASTER) {
            return self.authenticate(plan, KeySlot::MASTER);
        }
        Next::Step(step)
    }

    fn authenticate(&self, plan: &Plan, slot: KeySlot) -> Next {
        match self.candidates(plan, slot).first() {
            _ if self.tries >= WRONG_TRIES_MAX => Next::Stuck(Stuck::TooManyTries),
            Some(one) => Next::Authenticate(*one),
            None => Next::Stuck(Stuck::UnknownKey(slot)),
        }
    }

    /// What a slot may open to, likeliest first: what is believed, then the other key, in case another journal
    /// was here before.
    fn candidates(&self, plan: &Plan, slot: KeySlot) -> Vec<Try> {
        let KeyChange { now, then } = plan.keys[slot.index()];
        let known = &self.slots[slot.index()];
        let old_first = match known.said.filter(|said| known.is_in_doubt() && [now, then].contains(said)) {
            Some(said) => said == now,
            None => !known.may_be_new,
        };
        let versions = if old_first { [now, then] } else { [then, now] };
        let versions = if now == then { &versions[..1] } else { &versions[..] };
        let modes = match &self.mode {
            Some(mode) => std::slice::from_ref(mode),
            None => &[Mode::Lrp, Mode::Aes],
        };
        let tries = versions
            .iter()
            .flat_map(|version| modes.iter().map(|mode| Try { slot, version: *version, mode: *mode }));
        tries.filter(|one| !self.wrong.contains(one)).collect()
    }

    fn remaining(&self, plan: &Plan) -> Vec<Step> {
        let mut steps = plan.steps();
        steps.retain(|step| match step {
            Step::ChangeKey(slot) => self.slots[slot.index()].may_be_old,
            step => !self.confirmed.contains(step),
        });
        steps
    }

    pub(super) fn recover(&self, plan: &Plan) -> Recovery {
        let holding = |slot: KeySlot| match &self.slots[slot.index()] {
            _ if self.candidates(plan, slot).is_empty() => Holding::Unknown,
            known if known.is_in_doubt() => Holding::Either,
            known if known.may_be_new && plan.changes(slot) => Holding::New,
            _ => Holding::Old,
        };
        let doubted = |slot: &KeySlot| {
            let master_in_doubt = *slot == KeySlot::MASTER && self.mode.is_none();
            self.slots[slot.index()].is_in_doubt() || master_in_doubt
        };
        let tries = KeySlot::ALL.into_iter().filter(doubted).flat_map(|slot| self.candidates(plan, slot));
        Recovery { slots: KeySlot::ALL.map(holding), tries: tries.collect(), remaining: self.remaining(plan) }
    }
}
