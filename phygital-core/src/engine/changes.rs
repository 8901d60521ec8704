//! What became of customers: told once, by events of the log, when it is committed.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::kinds::decisions::CustomerChanged;
use crate::event::{Body, Event};
use crate::identity::resolver::{ProfileChange, Tally};
use crate::store::{Read, Stored, Write};
use crate::vocab::{CustomerId, Digest, EventId, IdentifierKey, SourceId};

use super::Error;
use super::session::{DECISIONS, Session};

/// The identifiers that a transaction moves, each with the customer that it belonged to before; none where it is new.
#[derive(Debug, Default)]
pub(crate) struct Moves(BTreeMap<IdentifierKey, Option<CustomerId>>);

impl Moves {
    /// Notes an identifier that goes over to another customer, or is new.
    pub(super) fn note(&mut self, key: IdentifierKey, was: Option<CustomerId>) {
        self.0.entry(key).or_insert(was);
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// What became of the customers of before. Whoever came and went in between was known to nobody.
    fn changes(self, tx: &impl Read) -> Stored<Vec<ProfileChange>> {
        if self.0.values().all(Option::is_none) {
            return Ok(Vec::new());
        }
        let mut tally = Tally::default();
        let mut seen = BTreeSet::new();
        for (key, was) in &self.0 {
            let is = tx.node(key)?.map(|node| node.customer);
            seen.extend(was.iter().chain(&is));
            tally.member(*was, is);
        }
        // What of them did not move.
        for id in seen {
            if tx.identifiers_of(&id)?.iter().any(|key| !self.0.contains_key(key)) {
                tally.member(Some(id), Some(id));
            }
        }
        Ok(told(tally))
    }
}

/// Compares whose each identifier was, in order of key, with whose it is.
pub(super) fn between(
    before: &[(IdentifierKey, CustomerId)],
    after: &impl Read,
) -> Stored<Vec<ProfileChange>> {
    let mut tally = Tally::default();
    let mut before = before.iter().copied().peekable();
    after.each_identifier(&mut |key, is| {
        while let Some((_, was)) = before.next_if(|(earlier, _)| *earlier < key) {
            tally.member(Some(was), None);
        }
        tally.member(before.next_if(|(same, _)| *same == key).map(|(_, was)| was), Some(is));
    })?;
    before.for_each(|(_, was)| tally.member(Some(was), None));
    Ok(told(tally))
}

/// The changes that others have to follow: a new customer is nothing that anybody has to.
fn told(mut tally: Tally) -> Vec<ProfileChange> {
    let changes = tally.changes().into_iter();
    changes.filter(|change| !matches!(change, ProfileChange::Created { .. })).collect()
}

impl<W: Write> Session<'_, W> {
    /// Tells what became of customers by this transaction; called once, when all else is done.
    pub(super) fn tell_moves(&mut self) -> Result<(), Error> {
        let changes = std::mem::take(&mut self.profiles.moves).changes(&self.tx)?;
        self.tell(&changes, None)
    }

    /// Appends an event for each change, named after the entry that stands before the first of them.
    pub(super) fn tell(&mut self, changes: &[ProfileChange], rules: Option<Digest>) -> Result<(), Error> {
        let behind = self.head.origin;
        for (n, change) in changes.iter().enumerate() {
            let Some(mut body) = body(change) else { continue };
            body.rules = rules;
            let source = SourceId::new(DECISIONS).expect("a constant that is an id");
            let id = EventId::new(format!("changed:{behind}:{n}")).expect("made of digits");
            let mut event = Event::new(source, id, self.now, body);
            let content = event.arranged()?;
            self.append_new(event, content)?;
        }
        Ok(())
    }
}

/// The event that tells of a change.
fn body(change: &ProfileChange) -> Option<CustomerChanged> {
    let (name, from, into) = match *change {
        ProfileChange::Created { .. } => return None,
        ProfileChange::Renamed { from, to } => ("renamed", from, Some(to)),
        ProfileChange::Merged { from, into } => ("merged", from, Some(into)),
        ProfileChange::Split { from, into } => ("split", from, Some(into)),
        ProfileChange::Moved { from, into } => ("moved", from, Some(into)),
        ProfileChange::Ended { profile } => ("ended", profile, None),
    };
    let mut body = CustomerChanged::new(name.to_owned(), from);
    body.into = into;
    Some(body)
}

/// What an event of the log tells of a customer; `None` of any other event, and of one that a later version made.
#[must_use]
pub fn change_of(event: &Event) -> Option<ProfileChange> {
    let Body::CustomerChanged(CustomerChanged { change, from, into, .. }) = &event.body else { return None };
    let from = *from;
    match (change.as_str(), *into) {
        ("renamed", Some(to)) => Some(ProfileChange::Renamed { from, to }),
        ("merged", Some(into)) => Some(ProfileChange::Merged { from, into }),
        ("split", Some(into)) => Some(ProfileChange::Split { from, into }),
        ("moved", Some(into)) => Some(ProfileChange::Moved { from, into }),
        ("ended", None) => Some(ProfileChange::Ended { profile: from }),
        _ => None,
    }
}
