//! What brought customers to their orders: journeys out of the log.

use std::collections::{BTreeMap, BTreeSet};

use crate::attribution::{Attributed, AttributedFault, Channels, ModelRun, Rule, digest_of};
use crate::event::Recorded;
use crate::journey::{
    Fact, Journey, Known as Identity, Milestone, Milestones, OpenJourney, Order, OrderFaults, Orders,
    Reading, Said, Settings, Sign, Standing, Touch, fact, milestone, sign,
};
use crate::store::{Read, StorageError, StorageFault, Store, Stored};
use crate::vocab::{CustomerId, EventKey, IdentifierKey, IdentifierKind, OrderId, Purpose, Timestamp};

use super::customers::{Lens, read_entry, strongest};
use super::known::Known;
use super::shop_customers::{Arm, Custom, ShopCustomers, arm};
use super::{Engine, Error, Missing};

/// How many entries are read at once.
const PAGE: usize = 256;

/// What brought the customers of an [`Engine`] to their orders.
///
/// Each question reads the log once from its first entry, since an order may be paid back at a till that does not know the
/// customer. It holds the touches and orders of the log in memory, and of its events nothing else.
///
/// Consent is asked for [`Purpose::Measurement`], by what had been said when a touch happened and by what holds now. A touch
/// is the customer's in time when one of its identifiers was tied, by events until the order, to one that the order names.
///
/// ```
/// # use phygital_core::engine::{Config, Engine, EntropyError};
/// # use phygital_core::store::Memory;
/// # use phygital_core::tap::Keys;
/// use phygital_core::attribution::{Channels, CreditLedger, Rule};
/// use phygital_core::journey::Settings;
/// # use phygital_core::vocab::Timestamp;
/// # let now = Timestamp::parse("2026-11-21T12:00:00Z").unwrap();
/// # let seeded = |bytes: &mut [u8]| { bytes.fill(7); Ok::<(), EntropyError>(()) };
/// # let engine = Engine::open(Memory::new(), Config::default(), Keys::none(), seeded)?;
/// let settings = Settings::default().with_look_back(7 * 86_400);
/// let journeys = engine.insight().journeys(&settings, now)?;
/// let credits = journeys.credits("linear", Rule::Linear, &Channels::new())?;
/// let mut ledger = CreditLedger::new();
/// let posted = ledger.post(&credits, now);
/// assert_eq!(posted.len(), journeys.journeys.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Insight<'e, S: Store> {
    pub(super) engine: &'e Engine<S>,
}

/// Journeys of a shop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShopJourneys {
    /// One for each order, also those without a touch that counts; by time, then by id.
    pub journeys: Vec<Journey>,
    /// Whose each of them is, in their order; none for orders that name nobody that is known.
    pub owners: Vec<Option<CustomerId>>,
    /// What has come to no order: one for each customer with touches since her last one.
    pub open: Vec<OpenJourney>,
    /// Whose each of these is, in their order.
    pub open_owners: Vec<CustomerId>,
    /// How many of the orders name nobody that is known, so that no touch can be theirs.
    pub unidentified: u64,
    /// In which arms of experiments customers were.
    pub arms: BTreeMap<CustomerId, BTreeSet<Arm>>,
    /// What was said of orders that cannot be so.
    pub faults: OrderFaults,
    /// By which settings touches count.
    pub settings: Settings,
}

impl ShopJourneys {
    /// The credits of all orders by a rule under a name, for channels numbered as in `channels`: any, where the rule names
    /// none. The run's id tells these journeys, this rule and these settings from all others.
    ///
    /// # Errors
    /// [`AttributedFault`].
    pub fn credits(
        &self,
        name: &str,
        rule: Rule,
        channels: &Channels,
    ) -> Result<Attributed, AttributedFault> {
        Attributed::of(self.run(name, rule, channels), self.journeys.iter().cloned())
    }

    /// The same rule, ready to explain single orders.
    pub fn run(&self, name: &str, rule: Rule, channels: &Channels) -> ModelRun {
        ModelRun::new(name, rule, channels.clone(), &self.settings, digest_of(&self.journeys, &self.open))
    }
}

impl<S: Store> Insight<'_, S> {
    /// All journeys, by these settings, with the consents that hold at `now`.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn journeys(&self, settings: &Settings, now: Timestamp) -> Result<ShopJourneys, Error> {
        self.of(settings, now, |_| true, None)
    }

    /// The journeys of one customer, by her id now or by one that she had before a merge. What could not be so is counted
    /// over all orders.
    ///
    /// # Errors
    /// [`Error::Unknown`] where there is no such customer.
    pub fn journeys_of(
        &self,
        customer: CustomerId,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<ShopJourneys, Error> {
        let id = self.engine.people().get(customer)?.customer;
        self.of(settings, now, |owner| owner == Some(id), None)
    }

    /// The journey of one order.
    ///
    /// # Errors
    /// [`Error::Unknown`] where no such order was placed.
    pub fn journey(&self, order: &OrderId, settings: &Settings, now: Timestamp) -> Result<Journey, Error> {
        let mut all = self.of(settings, now, |_| true, Some(order))?;
        all.journeys.pop().ok_or(Error::Unknown(Missing::Order))
    }

    /// What customers did, as far as they permit measurement: what value models and measures are made of. Touches are those
    /// that were permitted when they happened.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn customers(&self, now: Timestamp) -> Result<ShopCustomers, Error> {
        self.engine.usable()?;
        let engine = self.engine;
        let reader = engine.store.reader()?;
        let gathered = gather(&reader, engine.lens())?;
        let (of_customer, faults) = gathered.by_customer();
        let now = engine.latest(now);
        let mut all = ShopCustomers { faults, ..ShopCustomers::default() };
        for (owner, mut orders) in of_customer {
            let Some(customer) = owner else {
                all.unidentified += orders.len() as u64;
                continue;
            };
            let her = Her::read(&reader, engine, &gathered, customer, &Settings::default(), now)?;
            if !her.permitted {
                all.not_permitted += 1;
                all.orders_not_permitted += orders.len() as u64;
                continue;
            }
            orders.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
            let touches = her.touches.into_iter().filter(|(.., standing)| *standing == Standing::CLEAR);
            let mut touches = touches.map(|(touch, ..)| touch).collect::<Vec<_>>();
            touches.sort();
            if !(orders.is_empty() && touches.is_empty()) {
                let arms = gathered.arms.get(&customer).cloned().unwrap_or_default();
                all.customers.push(Custom { customer, orders, touches, arms });
            }
        }
        Ok(all)
    }

    fn of(
        &self,
        settings: &Settings,
        now: Timestamp,
        wanted: impl Fn(Option<CustomerId>) -> bool,
        only: Option<&OrderId>,
    ) -> Result<ShopJourneys, Error> {
        self.engine.usable()?;
        let engine = self.engine;
        let reader = engine.store.reader()?;
        let gathered = gather(&reader, engine.lens())?;
        let (of_customer, faults) = gathered.by_customer();
        let now = engine.latest(now);
        let mut all = ShopJourneys { faults, settings: settings.clone(), ..ShopJourneys::default() };
        let mut owned = Vec::new();
        let asked_for = |order: &Order| only.is_none_or(|only| order.id == *only);
        for (owner, mut orders) in of_customer {
            if !wanted(owner) || (only.is_some() && !orders.iter().any(asked_for)) {
                continue;
            }
            orders.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
            let Some(customer) = owner else {
                all.unidentified += orders.len() as u64;
                let nothing = |order| (Journey::of(order, [], &Milestones::default(), settings), None);
                owned.extend(orders.into_iter().filter(asked_for).map(nothing));
                continue;
            };
            let her = Her::read(&reader, engine, &gathered, customer, settings, now)?;
            let last = orders.last().map(|order| order.at);
            let mut before = None;
            for order in orders {
                let at = order.at;
                if asked_for(&order) {
                    let placed = &gathered.placed[&order.id];
                    owned.push((her.journey(order, &placed.by.keys, before, settings), owner));
                }
                before = Some(at);
            }
            if let Some(open) = her.open(last, settings) {
                all.open.push(open);
                all.open_owners.push(customer);
            }
        }
        owned.sort_by(|(one, _), (other, _)| {
            (one.order.at, &one.order.id).cmp(&(other.order.at, &other.order.id))
        });
        (all.journeys, all.owners) = owned.into_iter().unzip();
        all.arms = gathered.arms;
        all.arms.retain(|customer, _| wanted(Some(*customer)));
        Ok(all)
    }
}

/// Whose an event is, and which of her identifiers it names.
#[derive(Clone, Debug)]
struct By {
    owner: Option<CustomerId>,
    keys: Vec<IdentifierKey>,
}

/// What the log says that journeys are made of.
#[derive(Default)]
struct Gathered {
    orders: Orders,
    placed: BTreeMap<OrderId, Placed>,
    seen: BTreeMap<CustomerId, Vec<Seen>>,
    arms: BTreeMap<CustomerId, BTreeSet<Arm>>,
}

/// The event that placed an order: the first in the order of the fold.
struct Placed {
    place: (Timestamp, EventKey),
    by: By,
}

/// An event that brings a customer nearer to an order.
struct Seen {
    at: Timestamp,
    event: EventKey,
    sign: Option<Sign>,
    milestone: Option<Milestone>,
    keys: Vec<IdentifierKey>,
}

fn gather(reader: &impl Read, lens: Lens<'_>) -> Stored<Gathered> {
    let mut gathered = Gathered::default();
    let mut nodes = BTreeMap::new();
    let mut behind = 0;
    loop {
        let page = reader.entries(behind, PAGE)?;
        let Some((last, _)) = page.last() else { break };
        behind = *last;
        for (_, entry) in &page {
            let Some(recorded) = read_entry(entry)? else { continue };
            let (fact, sign, milestone) = (fact(&recorded), sign(&recorded), milestone(&recorded.event.body));
            let arm = arm(&recorded.event.body);
            if fact.is_none() && sign.is_none() && milestone.is_none() && arm.is_none() {
                continue;
            }
            let by = owner(reader, lens, &recorded, &mut nodes)?;
            if let Some((owner, arm)) = by.owner.zip(arm) {
                gathered.arms.entry(owner).or_default().insert(arm);
            }
            if let Some(fact) = fact {
                gathered.take(fact, &by);
            }
            if let Some(owner) = by.owner.filter(|_| sign.is_some() || milestone.is_some()) {
                let (at, event) = (recorded.fold.at, recorded.fold.key);
                let seen = Seen { at, event, sign, milestone, keys: by.keys };
                gathered.seen.entry(owner).or_default().push(seen);
            }
        }
    }
    for seen in gathered.seen.values_mut() {
        seen.sort_by_key(|seen| (seen.at, seen.event));
    }
    Ok(gathered)
}

impl Gathered {
    /// The orders of each customer who has some or was seen, those of nobody known first, and what of them cannot be so.
    fn by_customer(&self) -> (BTreeMap<Option<CustomerId>, Vec<Order>>, OrderFaults) {
        let (orders, faults) = self.orders.fold();
        let mut of_customer: BTreeMap<Option<CustomerId>, Vec<Order>> = BTreeMap::new();
        for order in orders {
            let owner = self.placed.get(&order.id).and_then(|placed| placed.by.owner);
            of_customer.entry(owner).or_default().push(order);
        }
        for customer in self.seen.keys().chain(self.arms.keys()) {
            of_customer.entry(Some(*customer)).or_default();
        }
        (of_customer, faults)
    }

    fn take(&mut self, fact: Fact, by: &By) {
        if matches!(fact.said, Said::Placed { .. }) {
            let place = (fact.at, fact.id);
            let placed = Placed { place, by: by.clone() };
            let known = self.placed.entry(fact.order.clone()).or_insert_with(|| placed);
            if place < known.place {
                *known = Placed { place, by: by.clone() };
            }
        }
        self.orders.take(fact);
    }
}

/// What is known of an identifier.
type Node = (CustomerId, IdentifierKind, bool, bool);

/// Whose an event is, as the fold has it.
fn owner(
    reader: &impl Read,
    lens: Lens<'_>,
    recorded: &Recorded,
    nodes: &mut BTreeMap<IdentifierKey, Node>,
) -> Stored<By> {
    let named = lens.usable(&recorded.event.identifiers);
    for (key, _) in &named {
        if !nodes.contains_key(key) {
            let node = reader.node(key)?.ok_or_else(|| {
                let detail = format!("{key} is not there");
                StorageError::new(StorageFault::Corrupt, "reading an identifier", detail)
            })?;
            nodes.insert(*key, (node.customer, node.identifier.kind(), node.shared, node.withdrawn));
        }
    }
    let first = strongest(named.iter().map(|(key, _)| {
        let (_, kind, shared, withdrawn) = nodes[key];
        (*key, kind, shared, withdrawn)
    }));
    let owner = first.map(|key| nodes[&key].0);
    let keys = named.iter().map(|(key, _)| *key).filter(|key| Some(nodes[key].0) == owner);
    Ok(By { owner, keys: keys.collect() })
}

/// A customer with her touches, what ties her identifiers, and what she permits.
struct Her {
    /// Whether she may be measured now.
    permitted: bool,
    touches: Vec<(Touch, Vec<IdentifierKey>, Standing)>,
    milestones: Vec<(Timestamp, Milestone)>,
    /// Pairs of her identifiers, and since when they are tied.
    ties: Vec<(IdentifierKey, IdentifierKey, Timestamp)>,
}

impl Her {
    fn read<S: Store>(
        reader: &impl Read,
        engine: &Engine<S>,
        gathered: &Gathered,
        customer: CustomerId,
        settings: &Settings,
        now: Timestamp,
    ) -> Stored<Her> {
        let known = Known::read(reader, customer)?;
        let policy = &engine.config.policy;
        let permitted_now = known.permits(policy, Purpose::Measurement, now).allowed;
        let standing = |at: Timestamp, identity| Standing {
            permitted_then: known.permitted_then(policy, Purpose::Measurement, at),
            permitted_now,
            identity,
        };
        let seen = gathered.seen.get(&customer).map_or(&[][..], Vec::as_slice);
        let mut touches = Vec::new();
        for (touch, keys) in read_touches(seen, settings) {
            let standing = standing(touch.at, Identity::InTime);
            touches.push((touch, keys.to_vec(), standing));
        }
        let mut ties = Vec::new();
        let mut others = BTreeSet::new();
        let keys = reader.identifiers_of(&customer)?;
        let hers = keys.iter().copied().collect::<BTreeSet<_>>();
        for key in &keys {
            let links = reader.links(key)?;
            let of_hers = links.iter().filter(|link| hers.contains(&link.with));
            ties.extend(of_hers.map(|link| (*key, link.with, link.first.at)));
            for said in reader.statements(key)? {
                match said.same {
                    true if hers.contains(&said.with) => ties.push((*key, said.with, said.said.at)),
                    // Named together once, and then said to be another: what was hers is no longer.
                    false if links.iter().any(|link| link.with == said.with) => {
                        others.insert(said.with);
                    }
                    _ => {}
                }
            }
        }
        for other in others.difference(&hers) {
            let Some(node) = reader.node(other)? else { continue };
            let theirs = gathered.seen.get(&node.customer).map_or(&[][..], Vec::as_slice);
            for (touch, keys) in read_touches(theirs, settings) {
                if keys.contains(other) {
                    touches.push((touch.clone(), Vec::new(), standing(touch.at, Identity::Revoked)));
                }
            }
        }
        let milestones = seen.iter().filter_map(|seen| Some((seen.at, seen.milestone?))).collect();
        Ok(Her { permitted: permitted_now, touches, milestones, ties })
    }

    fn journey(
        &self,
        order: Order,
        named: &[IdentifierKey],
        before: Option<Timestamp>,
        settings: &Settings,
    ) -> Journey {
        let known = self.known_by(named, order.at);
        let touches = self.touches.iter().map(|(touch, keys, standing)| {
            let in_time = keys.iter().any(|key| known.contains(key));
            let identity = match standing.identity {
                Identity::InTime if !in_time => Identity::Later,
                identity => identity,
            };
            (touch.clone(), Standing { identity, ..*standing })
        });
        let first = |wanted: Milestone, after: Option<Timestamp>| {
            let mut times = self.milestones.iter().filter(|(_, milestone)| *milestone == wanted);
            let found = times.find(|(at, _)| after.is_none_or(|after| *at > after));
            found.map(|(at, _)| *at).filter(|at| *at <= order.at)
        };
        let milestones = Milestones::at(first(Milestone::Lead, None), first(Milestone::Opportunity, before));
        Journey::of(order, touches, &milestones, settings)
    }

    fn open(&self, after: Option<Timestamp>, settings: &Settings) -> Option<OpenJourney> {
        let touches = self.touches.iter().filter(|(touch, ..)| after.is_none_or(|after| touch.at > after));
        OpenJourney::of(touches.map(|(touch, _, standing)| (touch.clone(), *standing)), settings)
    }

    /// The identifiers that are tied to these by what happened until a time.
    fn known_by(&self, named: &[IdentifierKey], at: Timestamp) -> BTreeSet<IdentifierKey> {
        let mut known = named.iter().copied().collect::<BTreeSet<_>>();
        loop {
            let ties = self.ties.iter().filter(|(one, _, since)| *since <= at && known.contains(one));
            let more = ties.map(|(_, other, _)| *other).filter(|other| !known.contains(other));
            let more = more.collect::<Vec<_>>();
            if more.is_empty() {
                return known;
            }
            known.extend(more);
        }
    }
}

/// The touches of a customer, each with the identifiers that its event names.
fn read_touches<'s>(
    seen: &'s [Seen],
    settings: &Settings,
) -> impl Iterator<Item = (Touch, &'s [IdentifierKey])> {
    let mut reading = Reading::new(settings);
    seen.iter().filter_map(move |seen| Some((reading.touch(seen.sign.clone()?)?, &*seen.keys)))
}
