//! Identifiers made anew from the events that name them, where linking is withdrawn or something was erased.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::{FoldKey, Recorded};
use crate::identity::{Class, Details};
use crate::store::{Link, Node, Read, Statement, Stored, Write};
use crate::vocab::{CustomerId, IdentifierKey};

use super::customers::{Lens, describe, details_of, neighbours, partners, read_entry, stated};
use super::described::update;
use super::profiles::Profiles;

/// What has to be cut after identifiers were made anew.
#[derive(Debug, Default)]
pub(super) struct Remade {
    /// What is left of them, and what they tie.
    pub(super) around: BTreeSet<IdentifierKey>,
    /// The customers of those of which nothing is left.
    pub(super) lost: BTreeSet<CustomerId>,
}

/// Makes identifiers anew: all of them that an event names which says something else than before.
///
/// Reads every event that names one of them.
pub(super) fn remake<W: Write>(
    tx: &mut W,
    lens: Lens<'_>,
    keys: &BTreeSet<IdentifierKey>,
    profiles: &mut Profiles,
) -> Stored<Remade> {
    let mut remade = Remade::default();
    let mut withdrawn = BTreeMap::new();
    for key in keys {
        let Some(node) = tx.node(key)? else { continue };
        let mut made = Made::default();
        for fold in tx.events_of(key, None)? {
            if let Some(recorded) = recorded(tx, &fold)? {
                made.take(tx, lens, (key, &node), &recorded, &mut withdrawn)?;
            }
        }
        let Made { first: Some(first), details, links, statements } = made else {
            remade.lost.insert(node.customer);
            profiles.moves.note(*key, Some(node.customer));
            forget(tx, lens, key, &mut remade.around)?;
            continue;
        };
        let before = neighbours(tx, key)?;
        for link in tx.links(key)?.iter().filter(|link| !links.contains_key(&link.with)) {
            tx.remove_link(key, &link.with)?;
        }
        for one in tx.statements(key)?.iter().filter(|one| !statements.contains_key(&one.with)) {
            tx.remove_statement(key, &one.with)?;
        }
        links.values().try_for_each(|link| tx.put_link(key, link))?;
        statements.values().try_for_each(|statement| tx.put_statement(key, statement))?;
        let shared = !Class::of(lens.rules, node.identifier.kind(), 1, partners(tx, key)?).links();
        if shared != node.shared {
            // Events that name it belong to others now.
            remade.around.extend(before);
            remade.around.extend(neighbours(tx, key)?);
        }
        let made = Node { first, shared, details, ..node.clone() };
        tx.put_node(key, &made)?;
        update(tx, lens, key, Some(&node), Some(&made), &mut remade.around)?;
        remade.around.insert(*key);
    }
    // What was tied to one of which nothing is left may be gone itself.
    let there = |key: &IdentifierKey| Ok(tx.node(key)?.is_some());
    let mut around = BTreeSet::new();
    for key in std::mem::take(&mut remade.around) {
        if there(&key)? {
            around.insert(key);
        }
    }
    remade.around = around;
    Ok(remade)
}

/// Removes all that is known of an identifier, but for its consents. Gathers in `touched` those whose component may be another
/// by what was said of it.
pub(super) fn forget<W: Write>(
    tx: &mut W,
    lens: Lens<'_>,
    key: &IdentifierKey,
    touched: &mut BTreeSet<IdentifierKey>,
) -> Stored<()> {
    update(tx, lens, key, tx.node(key)?.as_ref(), None, touched)?;
    for link in tx.links(key)? {
        tx.remove_link(key, &link.with)?;
        tx.remove_link(&link.with, key)?;
    }
    for statement in tx.statements(key)? {
        tx.remove_statement(key, &statement.with)?;
        tx.remove_statement(&statement.with, key)?;
    }
    for fold in tx.events_of(key, None)? {
        tx.remove_event_of(key, &fold)?;
    }
    tx.remove_node(key)
}

/// Whatever an event names together with an identifier.
pub(super) fn companions(
    tx: &impl Read,
    lens: Lens<'_>,
    key: &IdentifierKey,
) -> Stored<BTreeSet<IdentifierKey>> {
    let mut keys = BTreeSet::new();
    for fold in tx.events_of(key, None)? {
        let Some(recorded) = recorded(tx, &fold)? else { continue };
        keys.extend(lens.usable(&recorded.event.identifiers).into_iter().map(|(key, _)| key));
    }
    Ok(keys)
}

fn recorded(tx: &impl Read, fold: &FoldKey) -> Stored<Option<Recorded>> {
    Ok(tx.entry(&fold.key)?.map(|entry| read_entry(&entry)).transpose()?.flatten())
}

/// What events make of an identifier.
#[derive(Default)]
struct Made {
    first: Option<FoldKey>,
    details: Vec<Details>,
    links: BTreeMap<IdentifierKey, Link>,
    statements: BTreeMap<IdentifierKey, Statement>,
}

impl Made {
    /// Takes an event in, as folding it does. Events come in order of the fold.
    fn take(
        &mut self,
        tx: &impl Read,
        lens: Lens<'_>,
        (key, node): (&IdentifierKey, &Node),
        recorded: &Recorded,
        withdrawn: &mut BTreeMap<IdentifierKey, bool>,
    ) -> Stored<()> {
        let named = lens.usable(&recorded.event.identifiers);
        let mut links = true;
        for (key, _) in &named {
            if !withdrawn.contains_key(key) {
                withdrawn.insert(*key, tx.node(key)?.is_some_and(|node| node.withdrawn));
            }
            links &= !withdrawn[key];
        }
        let fold = recorded.fold;
        self.first.get_or_insert(fold);
        if links || node.withdrawn {
            describe(&mut self.details, details_of(&recorded.event.body).as_ref());
        }
        for (with, is) in named.into_iter().filter(|(with, _)| with != key) {
            match stated(&recorded.event.body) {
                Some(same) => drop(self.statements.insert(with, Statement { with, same, said: fold })),
                None if links => {
                    self.links.entry(with).or_insert(Link { with, kind: is.kind(), first: fold });
                }
                None => {}
            }
        }
        Ok(())
    }
}
