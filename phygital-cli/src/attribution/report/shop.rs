//! A store as what a report is made of: the journeys of its orders as trails, and the people who went them.

use std::collections::{BTreeMap, BTreeSet};

use phygital_core::attribution::{
    ChannelId, Contact, Count, End, Groups, People, PeopleError, PersonKey, Sale, Side, Sold, Trail,
    digest_of, outcome_of,
};
use phygital_core::engine::{Arm, ShopJourneys};
use phygital_core::journey::{Excluded, Exclusion, Journey, OpenJourney, Settings, Touch, TouchKind};
use phygital_core::vocab::{Currency, CustomerId, EventKey};
use ring::digest::{Context, SHA256};

use super::figures::HeldOut;
use crate::attribution::shop::gather_by;
use crate::attribution_report_arguments::Report;
use crate::failure::Failure;
use crate::measure::may_split;
use crate::output::Output;
use crate::shop::Shop;

/// What a store gives.
pub(super) struct Read {
    /// One for each order, and one for each customer with touches since her last one; those of a person stand together.
    pub(super) trails: Vec<Trail>,
    /// The same people with every touch that is theirs by consent and identity, for stresses and visits.
    pub(super) people: People,
    pub(super) currency: Option<Currency>,
    pub(super) settings: Settings,
    pub(super) held_out: Option<HeldOut>,
    /// Over the journeys and whose they are.
    pub(super) digest: Context,
    /// Of each channel the kinds of its touches, and whether all were in a shop.
    kinds: BTreeMap<String, (BTreeSet<TouchKind>, bool)>,
}

impl Read {
    /// On which side of the door channels are: as the file of groups states, else by where their touches were, else by name.
    pub(super) fn sides(&self, groups: &Groups) -> Vec<Side> {
        let side = |name: &str| {
            let by_touches = || match self.kinds.get(name) {
                Some((kinds, _)) if kinds.iter().eq([&TouchKind::Visit]) => Side::Visit,
                Some((_, true)) => Side::Physical,
                _ => groups.side(name),
            };
            groups.stated_side(name).unwrap_or_else(by_touches)
        };
        self.people.channels().iter().map(|(_, name)| side(name)).collect()
    }
}

/// Reads the journeys of the store.
pub(super) fn read(shop: &Shop, with: &Report, output: &Output) -> Result<Read, Failure> {
    let base = Settings::default().with_look_back(u64::from(with.window) * 86_400);
    let settings = with.journeys.settings_from(base);
    let mut gathered = gather_by(shop, settings, with.journeys.only_currency, output)?;
    let held_out = hold_out(&mut gathered.journeys, with);
    let (columns, currency) = gathered.columns()?;
    gathered.notes(output);
    let all = &gathered.journeys;
    let mut digest = Context::new(&SHA256);
    digest.update(digest_of(&all.journeys, &all.open).as_bytes());
    let owners = all.owners.iter().flatten().chain(&all.open_owners);
    owners.for_each(|owner| digest.update(owner.to_string().as_bytes()));
    let mut read = Read {
        trails: Vec::new(),
        people: People::new(columns.scale()),
        currency,
        settings: gathered.settings.clone(),
        held_out,
        digest,
        kinds: BTreeMap::new(),
    };
    let mut hers = BTreeMap::<CustomerId, BTreeMap<EventKey, &Touch>>::new();
    let refused = |error: PeopleError| Failure::misuse("malformed", error.to_string());
    for (journey, owner) in all.journeys.iter().zip(&all.owners) {
        let trail = read.trail_of(journey, *owner)?;
        if !journey.order.cancelled {
            read.people.sale(owner.map(key), sale_of(journey)).map_err(refused)?;
        }
        // An order that was called off and had no touch is nothing at all.
        if trail.converted() || !trail.channels.is_empty() {
            read.trails.push(trail);
        }
        if let Some(owner) = owner {
            take(hers.entry(*owner).or_default(), &journey.touches, &journey.excluded);
        }
    }
    for (open, owner) in all.open.iter().zip(&all.open_owners) {
        let trail = read.open_trail_of(open, *owner)?;
        read.trails.push(trail);
        take(hers.entry(*owner).or_default(), &open.touches, &open.excluded);
    }
    for (owner, touches) in hers {
        let mut touches = touches.into_values().collect::<Vec<_>>();
        touches.sort();
        for (number, touch) in (1..).zip(touches) {
            let channel = read.people.channel(&touch.channel).map_err(refused)?;
            let mut contact = Contact::new(channel, touch.at, number);
            contact.place = touch.place.clone();
            contact.kind = Some(touch.kind);
            contact.source = touch.source.clone();
            read.people.touch(key(owner), contact).map_err(refused)?;
            let kinds =
                read.kinds.entry(touch.channel.to_string()).or_insert_with(|| (BTreeSet::new(), true));
            kinds.0.insert(touch.kind);
            kinds.1 &= touch.kind.is_physical() && touch.place.is_some();
        }
    }
    // Those of a person together, those of nobody known last, as of people.
    read.trails.sort_by_key(|trail| (trail.person.is_none(), trail.person));
    Ok(read)
}

impl Read {
    fn trail_of(&mut self, journey: &Journey, owner: Option<CustomerId>) -> Result<Trail, Failure> {
        let outcome = outcome_of(journey, &self.settings);
        let sale = sale_of(journey);
        let converted = outcome.conversions > Count::ZERO;
        let end = if converted { End::Sale(sale.sold, sale.net, None) } else { End::Nothing };
        let channels = self.channels(journey.channels())?;
        Ok(Trail::new(owner.map(key), channels, journey.ages(), end))
    }

    /// Ages count from the last touch, as those of people who led to nothing do.
    fn open_trail_of(&mut self, open: &OpenJourney, owner: CustomerId) -> Result<Trail, Failure> {
        let last = open.touches.last().map(|touch| touch.at);
        let age = |touch: &Touch| last.map_or(0, |last| last.distance(touch.at).as_millis());
        let ages = open.touches.iter().map(|touch| u64::try_from(age(touch)).unwrap_or(u64::MAX)).collect();
        let channels = self.channels(open.channels())?;
        Ok(Trail::new(Some(key(owner)), channels, ages, End::Nothing))
    }

    fn channels<'a>(&mut self, names: impl Iterator<Item = &'a str>) -> Result<Vec<ChannelId>, Failure> {
        let ids = names.map(|name| self.people.channel(name));
        ids.collect::<Result<Vec<_>, _>>().map_err(|error| Failure::misuse("malformed", error.to_string()))
    }
}

/// The order as what was sold; an order of which nobody said what it was worth is worth nothing.
fn sale_of(journey: &Journey) -> Sale {
    let order = &journey.order;
    let sold = if order.is_in_store() { Sold::Store } else { Sold::Web };
    let mut sale = Sale::new(order.id.clone(), order.at, sold, order.net().map_or(0, |net| net.minor()));
    sale.place = order.place.clone();
    sale
}

/// Touches that are hers: those that count, and those that only their time or number leaves out.
fn take<'t>(hers: &mut BTreeMap<EventKey, &'t Touch>, touches: &'t [Touch], excluded: &'t [Excluded]) {
    let of_time = |excluded: &&Excluded| {
        matches!(
            excluded.reason,
            Exclusion::OutsideWindow
                | Exclusion::AfterConversion
                | Exclusion::OwnVisit
                | Exclusion::Duplicate
                | Exclusion::OverCap
        )
    };
    let excluded = excluded.iter().filter(of_time).map(|excluded| &excluded.touch);
    hers.extend(touches.iter().chain(excluded).map(|touch| (touch.id, touch)));
}

fn key(customer: CustomerId) -> PersonKey {
    PersonKey::of(customer.to_string().as_bytes())
}

/// Takes those out who were in an arm that is held out, and counts them.
fn hold_out(all: &mut ShopJourneys, with: &Report) -> Option<HeldOut> {
    if with.holdout.is_empty() {
        return None;
    }
    let named = |arm: &Arm| {
        with.holdout
            .iter()
            .any(|(experiment, name)| *arm.experiment == **experiment && *arm.variation == **name)
    };
    let out = all.arms.iter().filter(|(_, arms)| arms.iter().any(named)).map(|(customer, _)| *customer);
    let out = out.collect::<BTreeSet<_>>();
    let is_out = |owner: &Option<CustomerId>| owner.is_some_and(|owner| out.contains(&owner));
    let (mut buyers, mut orders, mut net) = (BTreeSet::<CustomerId>::new(), 0, 0);
    let journeys = std::mem::take(&mut all.journeys).into_iter().zip(std::mem::take(&mut all.owners));
    let (held, kept): (Vec<_>, Vec<_>) = journeys.partition(|(_, owner)| is_out(owner));
    for (journey, owner) in held.iter().filter(|(journey, _)| !journey.order.is_undone()) {
        buyers.extend(owner);
        orders += 1;
        net += i128::from(journey.order.net().map_or(0, |net| net.minor()));
    }
    (all.journeys, all.owners) = kept.into_iter().unzip();
    let open = std::mem::take(&mut all.open).into_iter().zip(std::mem::take(&mut all.open_owners));
    (all.open, all.open_owners) = open.filter(|(_, owner)| !out.contains(owner)).unzip();
    let (people, buyers) = (out.len() as u64, buyers.len() as u64);
    let enough = people == 0 || people >= with.min_people.persons();
    Some(HeldOut {
        arms: with.holdout.iter().map(|(experiment, arm)| format!("{experiment}={arm}")).collect(),
        people: enough.then_some(people),
        bought: (enough && may_split(with.min_people, buyers, people)).then_some((buyers, orders, net)),
    })
}
