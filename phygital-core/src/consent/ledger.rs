//! The ledger of one contact point: every consent and withdrawal, in the order of the fold.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::event::{Body, Event, FoldKey, Recorded};
use crate::vocab::limits::LEDGER_ENTRIES_MAX;
use crate::vocab::{ConsentMethod, Digest, Identifier, NoticeId, Personal, Purpose, Timestamp};

/// What was said for one phone number or e-mail address: a set of entries, each an event.
///
/// Nothing is ever taken back: a withdrawal is an entry of its own. The entries stand in the order of
/// the fold, so events that arrive in any order, once or several times, give the same ledger. Of each
/// purpose the latest [`LEDGER_ENTRIES_MAX`] are kept here; the log has them all.
///
/// Kept as JSON in one row of the store. Holds no contact point itself: the row's key is that.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Row")]
pub struct Ledger {
    entries: Vec<Entry>,
    /// Whether older entries stand in the log alone.
    cut: bool,
}

/// A consent or a withdrawal, and what proves it (GDPR, article 7(1): who, when, to what text, how;
/// the fields are those of ISO/IEC TS 27560 that a shop has).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Entry {
    /// Place in the fold: when it was said, and the event that says so.
    pub fold: FoldKey,
    /// Given or withdrawn.
    pub state: State,
    /// To what. None in a withdrawal: everything.
    pub purposes: BTreeSet<Purpose>,
    /// How it was told.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub method: Option<ConsentMethod>,
    /// The notice that was shown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub notice_id: Option<NoticeId>,
    /// SHA-256 of the notice's text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub notice_hash: Option<Digest>,
    /// The notice's language, BCP 47.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub language: Option<String>,
    /// What proves it: ids of taps, messages, papers.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub evidence: Vec<Personal>,
    /// From this time on it no longer counts.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expires_at: Option<Timestamp>,
    /// When the log received it.
    pub received_at: Timestamp,
}

/// Whether an [`Entry`] gives or takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "whatever was said either gives or takes")]
pub enum State {
    /// Consent was given.
    Granted,
    /// Consent was withdrawn.
    Withdrawn,
}

/// The contact points whose ledgers an event belongs in; none for most events.
///
/// "Opted In" and "Opted Out" name theirs. "Unsubscribed" counts for every phone number and e-mail
/// address that it names: an objection to direct marketing is absolute (GDPR, article 21(2)-(3)), and
/// where a message leaves open what is meant, all is meant (47 CFR 64.1200(a)(12)).
pub fn contacts(event: &Event) -> Vec<&Identifier> {
    match &event.body {
        Body::OptedIn(said) => vec![&said.contact],
        Body::OptedOut(said) => vec![&said.contact],
        Body::Unsubscribed(_) => {
            event.identifiers.iter().filter(|one| one.kind().is_contact_point()).collect()
        }
        _ => Vec::new(),
    }
}

impl Ledger {
    /// Takes an event into the ledger of `contact`, and says whether the ledger has to be stored anew.
    ///
    /// Events of other contact points and of other kinds change nothing, nor does an event that is
    /// there already. An "Opted In" without purposes is no consent to anything, and no entry.
    pub fn apply(&mut self, contact: &Identifier, recorded: &Recorded) -> bool {
        if !contacts(&recorded.event).contains(&contact) {
            return false;
        }
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
    /// the last word.
    #[must_use]
    pub fn is_withdrawn(&self, purpose: Purpose) -> bool {
        let covering = self.entries.iter().filter(|entry| entry.covers(purpose));
        let last = covering.max_by_key(|entry| (entry.fold.at, entry.state, entry.fold.key));
        last.is_some_and(|entry| entry.state == State::Withdrawn)
    }

    /// What was said, oldest first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Whether older entries stand in the log alone.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// The ledger as it was known at some time: without what was received later. Answers later
    /// whether a message that went out then was permitted.
    pub fn known_at(&self, at: Timestamp) -> Ledger {
        let known = self.entries.iter().filter(|entry| entry.received_at <= at);
        Ledger { entries: known.cloned().collect(), cut: self.cut }
    }

    /// The ledger of what was said until some time, whenever it was received. Answers later whether something that was done
    /// then was permitted by what had been said.
    pub fn said_until(&self, at: Timestamp) -> Ledger {
        let said = self.entries.iter().filter(|entry| entry.fold.at <= at);
        Ledger { entries: said.cloned().collect(), cut: self.cut }
    }

    /// Brings the entries into order and cuts what is too many.
    ///
    /// An entry stays when it is among the latest of any of its purposes. That is a property of the
    /// set of entries, so what stays does not depend on the order of arrival.
    fn settle(&mut self) {
        self.entries.sort();
        if self.entries.len() <= LEDGER_ENTRIES_MAX {
            return;
        }
        let mut kept = BTreeSet::new();
        for &purpose in Purpose::ALL {
            let covering = self.entries.iter().rev().filter(|entry| entry.covers(purpose));
            kept.extend(covering.take(LEDGER_ENTRIES_MAX).map(|entry| entry.fold));
        }
        let before = self.entries.len();
        self.entries.retain(|entry| kept.contains(&entry.fold));
        self.cut |= self.entries.len() < before;
    }
}

impl Entry {
    /// The entry that an event is, or `None` for an event that says nothing of consent.
    fn of(recorded: &Recorded) -> Option<Entry> {
        let blank = |state, purposes: &[Purpose]| Entry {
            fold: recorded.fold,
            state,
            purposes: purposes.iter().copied().collect(),
            method: None,
            notice_id: None,
            notice_hash: None,
            language: None,
            evidence: Vec::new(),
            expires_at: None,
            received_at: recorded.received_at,
        };
        let evidence = |texts: &[String]| texts.iter().map(Personal::new).collect();
        match &recorded.event.body {
            Body::OptedIn(said) if !said.purposes.is_empty() => Some(Entry {
                method: Some(said.method),
                notice_id: said.notice_id.clone(),
                notice_hash: said.notice_hash,
                language: said.language.clone(),
                evidence: evidence(&said.evidence),
                expires_at: said.expires_at,
                ..blank(State::Granted, &said.purposes)
            }),
            Body::OptedOut(said) => Some(Entry {
                method: said.method,
                evidence: evidence(&said.evidence),
                ..blank(State::Withdrawn, &said.purposes)
            }),
            Body::Unsubscribed(_) => Some(blank(State::Withdrawn, &[Purpose::Marketing])),
            _ => None,
        }
    }

    /// Whether the entry speaks of a purpose.
    pub fn covers(&self, purpose: Purpose) -> bool {
        match self.state {
            State::Granted => self.purposes.contains(&purpose),
            State::Withdrawn => self.purposes.is_empty() || self.purposes.contains(&purpose),
        }
    }
}

impl fmt::Debug for Entry {
    /// Prints no evidence: it may name a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("fold", &self.fold)
            .field("state", &self.state)
            .field("purposes", &self.purposes)
            .field("method", &self.method)
            .field("evidence", &self.evidence.len())
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// A ledger as it lies in a store.
#[derive(Deserialize)]
struct Row {
    entries: Vec<Entry>,
    cut: bool,
}

impl From<Row> for Ledger {
    /// Brings the entries into order, whoever wrote the row.
    fn from(row: Row) -> Ledger {
        let mut ledger = Ledger { entries: row.entries, cut: row.cut };
        ledger.settle();
        ledger
    }
}
