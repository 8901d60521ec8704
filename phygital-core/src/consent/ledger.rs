//! The ledger of one contact point: all that was said of its consent, in the order of the fold.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::entry::{Entry, Place, REQUEST, State, contacts};
use super::signal::Signal;
use crate::event::{FoldKey, Recorded};
use crate::vocab::limits::LEDGER_ENTRIES_MAX;
use crate::vocab::{ConsentMethod, Identifier, Purpose, SuppressionCause, Timestamp};

/// What was said for one phone number or e-mail address: a set of entries, each an event.
///
/// Nothing is ever taken back: a withdrawal is an entry of its own. The entries stand in the order of
/// the fold, so events that arrive in any order, once or several times, give the same ledger. Of each
/// purpose the latest [`LEDGER_ENTRIES_MAX`] of each [class](State) are kept here; the log has them all.
///
/// A browser's opt-out signal is kept too, for whatever identifier it came with.
///
/// Kept as JSON in one row of the store. Holds no contact point itself: the row's key is that.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Row")]
pub struct Ledger {
    entries: Vec<Entry>,
    /// Whether older entries stand in the log alone.
    cut: bool,
    /// The opt-out signal.
    #[serde(skip_serializing_if = "Option::is_none")]
    signal: Option<Signal>,
}

/// The last word on a purpose: what was said, when, and by which event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word<'l> {
    pub(super) fold: FoldKey,
    pub(super) state: State,
    /// None for a signal.
    pub(super) entry: Option<&'l Entry>,
}

impl Word<'_> {
    fn place(&self) -> Place {
        let signal = (self.fold.at, self.state, Reverse(Timestamp::MAX), self.fold.key);
        self.entry.map_or(signal, Entry::place)
    }
}

impl Ledger {
    /// Takes an event into the ledger of `contact`, and says whether the ledger has to be stored anew.
    ///
    /// Events of other contact points and of other kinds change nothing, nor does an event that is
    /// there already. An "Opted In" without purposes is no consent to anything, and no entry.
    pub fn apply(&mut self, contact: &Identifier, recorded: &Recorded) -> bool {
        let about = contacts(&recorded.event).contains(&contact);
        let signalled = Signal::is_in(&recorded.event) && recorded.event.identifiers.contains(contact);
        (about && self.add(recorded)) | (signalled && Signal::add(&mut self.signal, recorded))
    }

    /// Takes in what stays of an erased contact point, "Suppression Kept" of its key: nobody can say of which it is.
    pub(crate) fn keep(&mut self, recorded: &Recorded) -> bool {
        self.add(recorded)
    }

    fn add(&mut self, recorded: &Recorded) -> bool {
        let Some(entry) = Entry::of(recorded) else { return false };
        match self.entries.iter().position(|known| known.fold.key == entry.fold.key) {
            // The same event recorded twice, as at two tills: the earlier place counts at both.
            Some(at) if entry < self.entries[at] => self.entries[at] = entry,
            Some(_) => return false,
            None => self.entries.push(entry),
        }
        self.settle();
        true
    }

    /// Whether the last word on a purpose was to withdraw it, however long a grant lasts; at the same time a withdrawal is
    /// the last word. That a number passed to somebody else is not counted: it says nothing of her who had it.
    #[must_use]
    pub fn is_withdrawn(&self, purpose: Purpose) -> bool {
        let last = self.last_word(purpose, |word| word.state != State::Reassigned);
        last.is_some_and(|word| word.state == State::Withdrawn)
    }

    /// For what it is not to be used any more, whoever said so, but for what merely nobody asked for.
    #[must_use]
    pub fn blocked(&self) -> BTreeSet<Purpose> {
        let is_blocked =
            |purpose: &Purpose| self.is_withdrawn(*purpose) || !self.suppressions(*purpose).is_empty();
        Purpose::ALL.iter().copied().filter(is_blocked).collect()
    }

    /// What was said, oldest first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The opt-out signal that came with it.
    pub fn signal(&self) -> Option<&Signal> {
        self.signal.as_ref()
    }

    /// Whether older entries stand in the log alone.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// The suppressions of a purpose that stand, one of each cause: of each the latest word counts, and at the same time
    /// that it is suppressed. What an erasure left is never lifted.
    #[must_use]
    pub fn suppressions(&self, purpose: Purpose) -> Vec<&Entry> {
        self.suppressed_by(|entry| entry.covers(purpose))
    }

    /// As [`Ledger::suppressions`], those that keep every message from the contact point, whatever it is for.
    #[must_use]
    pub fn blocks(&self) -> Vec<&Entry> {
        self.suppressed_by(|entry| entry.state == State::Lifted || entry.purposes.is_empty())
    }

    fn suppressed_by(&self, concerns: impl Fn(&Entry) -> bool) -> Vec<&Entry> {
        let mut latest: BTreeMap<SuppressionCause, &Entry> = BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| concerns(entry)) {
            let Some(cause) = entry.cause else { continue };
            if entry.state == State::Lifted && cause == SuppressionCause::Erasure {
                continue;
            }
            let known = latest.entry(cause).or_insert(entry);
            if known.place() < entry.place() {
                *known = entry;
            }
        }
        latest.into_values().filter(|entry| entry.state == State::Suppressed).collect()
    }

    /// Whether a grant proves by itself that it came from who has the contact point: a text from that very number, or the
    /// answer to a request that was sent to it, while that could be answered.
    #[must_use]
    pub fn is_confirmed(&self, grant: &Entry) -> bool {
        use ConsentMethod::{Import, Keyword, TagText, TapToText};
        match grant.method {
            Some(TapToText | TagText | Keyword) => return true,
            // What it names as its evidence is another system's word, even where it was this one's before.
            Some(Import) => return false,
            _ => {}
        }
        let named: Vec<&str> =
            grant.evidence.iter().filter_map(|evidence| evidence.reveal().strip_prefix(REQUEST)).collect();
        let requests = self.entries.iter().filter(|entry| entry.state == State::Requested);
        requests.filter(|request| named.contains(&&*request.fold.key.to_string())).any(|request| {
            request.fold.at <= grant.fold.at
                && request.expires_at.is_none_or(|end| grant.fold.at < end)
                && request.purposes.is_superset(&grant.purposes)
        })
    }

    /// Every grant, reassignment and withdrawal of a purpose.
    fn words(&self, purpose: Purpose) -> impl Iterator<Item = Word<'_>> {
        let said = self.entries.iter().filter(move |entry| {
            entry.covers(purpose)
                && matches!(entry.state, State::Granted | State::Reassigned | State::Withdrawn)
        });
        let said = said.map(|entry| Word { fold: entry.fold, state: entry.state, entry: Some(entry) });
        let signal = self.signal.filter(|_| purpose == Signal::PURPOSE);
        said.chain(signal.map(|signal| Word { fold: signal.last.fold, state: State::Withdrawn, entry: None }))
    }

    /// The last word on a purpose among those that `counts` lets through.
    pub(super) fn last_word(&self, purpose: Purpose, counts: impl Fn(&Word<'_>) -> bool) -> Option<Word<'_>> {
        self.words(purpose).filter(|word| counts(word)).max_by_key(Word::place)
    }

    /// The ledger as it was known at some time: without what was received later. Answers later
    /// whether a message that went out then was permitted.
    pub fn known_at(&self, at: Timestamp) -> Ledger {
        let known = self.entries.iter().filter(|entry| entry.received_at <= at);
        let signal = self.signal.and_then(|signal| signal.known_at(at));
        Ledger { entries: known.cloned().collect(), cut: self.cut, signal }
    }

    /// The ledger of what was said until some time, whenever it was received. Answers later whether something that was done
    /// then was permitted by what had been said.
    pub fn said_until(&self, at: Timestamp) -> Ledger {
        let said = self.entries.iter().filter(|entry| entry.fold.at <= at);
        let signal = self.signal.and_then(|signal| signal.said_until(at));
        Ledger { entries: said.cloned().collect(), cut: self.cut, signal }
    }

    /// Brings the entries into order and cuts what is too many.
    ///
    /// An entry stays when it is among the latest of its class for any of its purposes: of what the owner said, of
    /// requests, of reassignments, of each cause of suppression. That is a property of the set of entries, so what stays
    /// does not depend on the order of arrival; and whoever asks often pushes no answer out.
    fn settle(&mut self) {
        self.entries.sort();
        if self.entries.len() <= LEDGER_ENTRIES_MAX {
            return;
        }
        let class = |entry: &Entry| match entry.state {
            State::Granted | State::Withdrawn => (0, None),
            State::Requested => (1, None),
            State::Reassigned => (2, None),
            State::Suppressed => (3, entry.cause),
            // Of a class of their own: what an erasure left is not pushed out by what cannot lift it.
            State::Lifted => (4, entry.cause),
        };
        // What would decide goes last, so that a crowd of grants of one instant pushes no withdrawal of it out.
        let mut latest: Vec<&Entry> = self.entries.iter().collect();
        latest.sort_by_key(|entry| Reverse(entry.place()));
        let mut kept = BTreeSet::new();
        for &purpose in Purpose::ALL {
            let mut taken: BTreeMap<_, usize> = BTreeMap::new();
            for entry in latest.iter().filter(|entry| entry.covers(purpose)) {
                let taken = taken.entry(class(entry)).or_default();
                *taken += 1;
                if *taken <= LEDGER_ENTRIES_MAX {
                    kept.insert(entry.fold);
                }
            }
        }
        let before = self.entries.len();
        self.entries.retain(|entry| kept.contains(&entry.fold));
        self.cut |= self.entries.len() < before;
    }
}

/// A ledger as it lies in a store.
#[derive(Deserialize)]
struct Row {
    entries: Vec<Entry>,
    cut: bool,
    signal: Option<Signal>,
}

impl From<Row> for Ledger {
    /// Brings the entries into order, whoever wrote the row.
    fn from(row: Row) -> Ledger {
        let mut ledger = Ledger { entries: row.entries, cut: row.cut, signal: row.signal };
        ledger.settle();
        ledger
    }
}
