//! Who is who, why, and what may be shown of her.

use std::collections::BTreeSet;

use crate::consent::Decision;
use crate::event::FoldKey;
use crate::identity::{Basis, path};
use crate::profile::{CustomerCard, Profile, Role};
use crate::store::{Node, Read, Store};
use crate::vocab::{CustomerId, EventId, Identifier, IdentifierKey, Purpose, SourceId, Timestamp};

use super::customers::{gather, read_entry};
use super::known::Known;
use super::profiles::stored_profile;
use super::{Engine, Error, Missing};

/// People of an [`Engine`].
#[derive(Debug)]
pub struct People<'e, S: Store> {
    pub(super) engine: &'e Engine<S>,
}

/// A customer and what she is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Person {
    /// Her id now: an older one that was merged into it leads here.
    pub customer: CustomerId,
    /// Her identifiers, strongest kind first.
    pub identifiers: Vec<Identifier>,
}

/// Why two identifiers are one customer, or are not.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "they are one or they are not")]
pub enum Explanation {
    /// They are one: the chain of events that ties them together, from the first to the second.
    Same(Vec<Step>),
    /// They are not.
    Different(WhyNot),
}

/// One link of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// From this identifier.
    pub from: Identifier,
    /// To this one.
    pub to: Identifier,
    /// Since an event names both, or somebody said so.
    pub basis: Basis,
    /// The event: where it stands in the fold.
    pub event: FoldKey,
    /// Its source and id; none where its payload was erased.
    pub name: Option<(SourceId, EventId)>,
}

/// Why two identifiers are not one customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WhyNot {
    /// No event names the first.
    FirstUnknown,
    /// No event names the second.
    SecondUnknown,
    /// The first, or the second, is a blocked value.
    Blocked,
    /// The first, or the second, is used by more people than its kind allows.
    Shared,
    /// Somebody said that they are two.
    Separated,
    /// Nothing ties them together.
    Unconnected,
}

impl WhyNot {
    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            WhyNot::FirstUnknown => "first_unknown",
            WhyNot::SecondUnknown => "second_unknown",
            WhyNot::Blocked => "blocked",
            WhyNot::Shared => "shared",
            WhyNot::Separated => "separated",
            WhyNot::Unconnected => "unconnected",
        }
    }
}

impl<S: Store> People<'_, S> {
    /// The customer that an identifier belongs to; `None` where no event names it.
    pub fn find(&self, identifier: &Identifier) -> Result<Option<CustomerId>, Error> {
        self.engine.usable()?;
        let reader = self.engine.store.reader()?;
        Ok(reader.node(&identifier.key(&self.engine.tenant))?.map(|node| node.customer))
    }

    /// A customer and her identifiers, by her id now or by one that she had before a merge.
    ///
    /// # Errors
    /// [`Error::Unknown`] where there is no such customer.
    pub fn get(&self, customer: CustomerId) -> Result<Person, Error> {
        self.engine.usable()?;
        let known = known(&self.engine.store.reader()?, customer)?;
        let identifiers = known.identifiers().into_iter().cloned().collect();
        Ok(Person { customer: known.customer, identifiers })
    }

    /// What may be shown of a customer to somebody in a role, at `now`.
    ///
    /// Asks consent for [`Purpose::Personalization`] of all her contact points; where it is refused
    /// the card says why and holds nothing else.
    ///
    /// # Errors
    /// [`Error::Unknown`] where there is no such customer.
    pub fn card(&self, customer: CustomerId, role: Role, now: Timestamp) -> Result<CustomerCard, Error> {
        self.engine.usable()?;
        let reader = self.engine.store.reader()?;
        let known = known(&reader, customer)?;
        let profile = stored_profile(&reader, known.customer)?;
        let decision = self.decide(&known, Purpose::Personalization, now);
        Ok(known.card(&reader, &profile, decision, role, now)?)
    }

    /// The whole profile of a customer, for a purpose that she permits.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] with the decision where she does not; [`Error::Unknown`] where there
    /// is no such customer.
    pub fn profile(&self, customer: CustomerId, purpose: Purpose, now: Timestamp) -> Result<Profile, Error> {
        self.engine.usable()?;
        let reader = self.engine.store.reader()?;
        let known = known(&reader, customer)?;
        let decision = self.decide(&known, purpose, now);
        if !decision.allowed {
            return Err(Error::NotPermitted(Box::new(decision)));
        }
        Ok(stored_profile(&reader, known.customer)?)
    }

    /// Why two identifiers are one customer, or why not.
    pub fn explain(&self, one: &Identifier, two: &Identifier) -> Result<Explanation, Error> {
        self.engine.usable()?;
        let engine = self.engine;
        let reader = engine.store.reader()?;
        let different = |why| Ok(Explanation::Different(why));
        if engine.config.rules.is_blocked(one) || engine.config.rules.is_blocked(two) {
            return different(WhyNot::Blocked);
        }
        let (first, second) = (one.key(&engine.tenant), two.key(&engine.tenant));
        let Some(first_node) = reader.node(&first)? else { return different(WhyNot::FirstUnknown) };
        let Some(second_node) = reader.node(&second)? else { return different(WhyNot::SecondUnknown) };
        let component = gather(&reader, BTreeSet::from([first, second]))?;
        let Some(edges) = path(&component, first, second) else {
            let said = reader.statements(&first)?;
            let apart = said.iter().any(|statement| statement.with == second && !statement.same);
            return different(if apart {
                WhyNot::Separated
            } else if first_node.shared || second_node.shared {
                WhyNot::Shared
            } else if !component.apart.is_empty() {
                WhyNot::Separated
            } else {
                WhyNot::Unconnected
            });
        };
        let mut steps = Vec::with_capacity(edges.len());
        let mut at = first;
        for edge in edges {
            let next = if edge.ends.0 == at { edge.ends.1 } else { edge.ends.0 };
            let entry = reader.entry(&edge.event.key)?;
            let recorded = entry.map(|entry| read_entry(&entry)).transpose()?.flatten();
            steps.push(Step {
                from: identifier(&reader, &at)?,
                to: identifier(&reader, &next)?,
                basis: edge.basis,
                event: edge.event,
                name: recorded.map(|recorded| (recorded.event.source, recorded.event.id)),
            });
            at = next;
        }
        Ok(Explanation::Same(steps))
    }

    fn decide(&self, known: &Known, purpose: Purpose, now: Timestamp) -> Decision {
        // The later of the host's clock and the log's: a clock set back revives no consent.
        known.permits(&self.engine.config.policy, purpose, now.max(self.engine.head.hlc.wall()))
    }
}

fn known(reader: &impl Read, customer: CustomerId) -> Result<Known, Error> {
    let unknown = Error::Unknown(Missing::Customer(customer));
    let anchor = reader.node(&IdentifierKey::from(customer))?.ok_or(unknown)?;
    Ok(Known::read(reader, anchor.customer)?)
}

fn identifier(reader: &impl Read, key: &IdentifierKey) -> Result<Identifier, Error> {
    let node: Option<Node> = reader.node(key)?;
    node.map(|node| node.identifier).ok_or(Error::Bug("a link leads to an identifier that is not there"))
}
