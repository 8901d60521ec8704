//! Who is who, why, and what may be shown of her.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::consent::Decision;
use crate::event::FoldKey;
use crate::identity::union::{Basis, Refusal};
use crate::identity::why::{self, Bridge, Gap, Standing, WhyNot, why_not};
use crate::identity::{Class, Rules};
use crate::profile::{CustomerCard, Profile, Role};
use crate::store::{Read, Store};
use crate::vocab::{CustomerId, EventId, Identifier, IdentifierKey, Purpose, RecordKey, SourceId, Timestamp};

use super::customers::{Around, Lens, partners, read_entry};
use super::described::{holders, key_of};
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
    /// They are one.
    Same {
        /// The chain of events that ties them together, from the first to the second.
        steps: Vec<Step>,
        /// Which of the steps is the weakest; `None` where there is none.
        weakest: Option<usize>,
    },
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
    /// Since an event names both, or somebody said so, or what is said of both is alike.
    pub basis: Basis,
    /// The event: where it stands in the fold. None where it rests on what is alike.
    pub event: Option<FoldKey>,
    /// Its source and id; none where its payload was erased, and without an event.
    pub name: Option<(SourceId, EventId)>,
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
        let ends = [one, two].map(|identifier| (identifier.key(&engine.tenant), identifier));
        let mut there = BTreeSet::new();
        for (key, _) in &ends {
            there.extend(reader.node(key)?.map(|_| *key));
        }
        let around = Around::gather(&reader, engine.lens(), there)?;
        let cut = around.cut(&engine.rules);
        let [first, second] = ends.map(|(key, identifier)| self.standing(&reader, &around, key, identifier));
        let (first, second) = (first?, second?);
        if let (Standing::At(from), Standing::At(to)) = (&first, &second)
            && let Some(why) = why::explain(&around.component, &cut, (from[0], to[0]), |edge| {
                Some(RecordKey::from_bytes(*around.because[edge as usize]?.key.as_bytes()))
            })
        {
            let (steps, weakest) = between_identifiers(&why);
            let steps = steps.iter().map(|step| self.step(&reader, &around, step));
            return Ok(Explanation::Same { steps: steps.collect::<Result<_, Error>>()?, weakest });
        }
        let bridges = bridges(&reader, &around, (ends[0].0, ends[1].0), engine.lens())?;
        Ok(Explanation::Different(why_not(&around.component, &cut, &bridges, &first, &second)))
    }

    /// Where an identifier stands in a component, or why it links nothing.
    fn standing(
        &self,
        reader: &impl Read,
        around: &Around,
        key: IdentifierKey,
        identifier: &Identifier,
    ) -> Result<Standing, Error> {
        let kind = identifier.kind();
        if self.engine.rules.is_blocked(identifier) {
            return Ok(Standing::Idle(Gap::Junk { kind }));
        }
        let Some(place) = around.place(&key) else { return Ok(Standing::Idle(Gap::Unknown)) };
        Ok(match shared(reader, around, &key, &self.engine.rules)? {
            // Somebody may have said whose it is all the same.
            Some(gap) if reader.statements(&key)?.is_empty() => Standing::Idle(gap),
            _ => Standing::At(vec![place]),
        })
    }

    fn step(&self, reader: &impl Read, around: &Around, step: &why::Step) -> Result<Step, Error> {
        let unread = Error::Bug("a link leads to an identifier that was not read");
        let identifier = |node: why::Node| {
            around.node(&node.key).map(|node| node.identifier.clone()).ok_or(unread.clone())
        };
        let lost = Error::Bug("a step rests on an event that is not there");
        let mut event = None;
        if let Some(record) = step.record {
            let of = |event: &&FoldKey| event.key.as_bytes() == record.as_bytes();
            event = Some(*around.because.iter().flatten().find(of).ok_or(lost)?);
        }
        let entry = event.map(|event| reader.entry(&event.key)).transpose()?.flatten();
        let recorded = entry.map(|entry| read_entry(&entry)).transpose()?.flatten();
        Ok(Step {
            from: identifier(step.from)?,
            to: identifier(step.to)?,
            basis: step.basis,
            event,
            name: recorded.map(|recorded| (recorded.event.source, recorded.event.id)),
        })
    }

    fn decide(&self, known: &Known, purpose: Purpose, now: Timestamp) -> Decision {
        known.permits(&self.engine.config.policy, purpose, self.engine.latest(now))
    }
}

pub(super) fn known(reader: &impl Read, customer: CustomerId) -> Result<Known, Error> {
    let unknown = Error::Unknown(Missing::Customer(customer));
    let anchor = reader.node(&IdentifierKey::from(customer))?.ok_or(unknown)?;
    Ok(Known::read(reader, anchor.customer)?)
}

/// Why an identifier is shared; `None` where it is not.
fn shared(
    reader: &impl Read,
    around: &Around,
    key: &IdentifierKey,
    rules: &Rules,
) -> Result<Option<Gap>, Error> {
    let node = match around.node(key) {
        Some(node) => Some(Cow::Borrowed(node)),
        // Beyond a shared one nothing was read.
        None => reader.node(key)?.map(Cow::Owned),
    };
    let Some(node) = node.filter(|node| node.shared) else { return Ok(None) };
    let kind = node.identifier.kind();
    Ok(match Class::of(rules, kind, 1, partners(reader, key)?) {
        Class::Shared { partner, count, limit } => Some(Gap::Shared { kind, partner, count, limit }),
        _ => Some(Gap::Crowded { kind }),
    })
}

/// The steps from identifier to identifier, with those through descriptions put together, and which is the weakest.
fn between_identifiers(why: &why::Explanation) -> (Vec<why::Step>, Option<usize>) {
    let (mut steps, mut weakest, mut begun) = (Vec::new(), None, None::<why::Step>);
    for (n, step) in why.steps.iter().enumerate() {
        let mut step = *step;
        if why.weakest == Some(n) {
            weakest = Some(steps.len());
        }
        if let Some(begun) = begun.take() {
            step.from = begun.from;
            if let (Basis::Matched { weight: one }, Basis::Matched { weight: two }) =
                (begun.basis, step.basis)
            {
                step.basis = Basis::Matched { weight: one.min(two) };
            }
        }
        match step.to.kind {
            Some(_) => steps.push(step),
            None => begun = Some(step),
        }
    }
    (steps, weakest)
}

/// What would tie two identifiers, were it not for a rule: somebody said that they are two, what both were named with is
/// shared, or what is said of them is alike and not enough.
fn bridges(
    reader: &impl Read,
    around: &Around,
    (one, two): (IdentifierKey, IdentifierKey),
    lens: Lens<'_>,
) -> Result<Vec<Bridge>, Error> {
    let (Some(first), Some(second)) = (around.place(&one), around.place(&two)) else { return Ok(Vec::new()) };
    let mut bridges = Vec::new();
    for (pair, ruling) in around.component.apart.iter().zip(0..) {
        if [(first, second), (second, first)].contains(pair) {
            bridges.push(Bridge { ends: *pair, gap: Gap::Refused(Refusal::Apart { ruling }) });
        }
    }
    let with: BTreeSet<IdentifierKey> = reader.links(&two)?.into_iter().map(|link| link.with).collect();
    for link in reader.links(&one)?.into_iter().filter(|link| with.contains(&link.with)) {
        if let Some(gap) = shared(reader, around, &link.with, lens.rules)? {
            bridges.push(Bridge { ends: (first, second), gap });
        }
    }
    if let (Some(matching), Some(node)) = (lens.matching, around.node(&one)) {
        let threshold = matching.model().match_at;
        for details in &node.details {
            for alike in reader.alike(&key_of(lens.tenant, details))? {
                if alike.weight < threshold && holders(reader, &alike.with)?.contains(&two) {
                    let gap = Gap::Below { weight: alike.weight, threshold };
                    bridges.push(Bridge { ends: (first, second), gap });
                }
            }
        }
    }
    Ok(bridges)
}
