//! The report's numbers, made from nothing but the store: its log, and what the engine says of people.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use phygital_core::engine::{Engine, Error as EngineError};
use phygital_core::event::{Body, Event, FoldKey};
use phygital_core::identity::primary;
use phygital_core::log;
use phygital_core::profile::Profile;
use phygital_core::store::{Read, Store};
use phygital_core::vocab::{CustomerId, EventKey, Identifier, Purpose, TenantKey, Timestamp, Zone};

use super::Error;
use super::generator::{DAYS, SHOPS};
use super::plan::{DAY, instant};
use super::report::{Headline, ReportData, Revenue};
use super::shops;

/// How many entries of the log are read at once.
const PAGE: usize = 1_000;

/// Whom revenue stands with where nobody is known.
pub(super) const NOBODY: &str = "nobody known";
/// Whom it stands with where the customer may not be measured.
pub(super) const NOT_MEASURED: &str = "not permitted, so not measured";

/// What the report is of.
pub(super) struct Scope {
    pub(super) title: String,
    pub(super) zone: Zone,
    /// Ids and names, in the order shown.
    pub(super) shops: Vec<(String, String)>,
    /// The days, ascending, without a gap.
    pub(super) days: Vec<NaiveDate>,
    /// Whether taps are what a file says of them, which this library did not verify.
    pub(super) claims: bool,
    /// Links that no tag made: they leave no trace in the log.
    pub(super) forged: u64,
    pub(super) notes: Vec<String>,
}

impl Scope {
    /// The month at the three shops.
    pub(super) fn month(forged: u64) -> Scope {
        let zone = zone(shops::ZONE);
        Scope {
            title: format!("{}: a month at three shops", shops::BRAND),
            zone,
            shops: SHOPS.iter().map(|shop| (shop.id.to_owned(), shop.name.to_owned())).collect(),
            days: (0..DAYS).map(|day| zone.local(instant(day * DAY)).date()).collect(),
            claims: false,
            forged,
            notes: vec![
                "People, goods and taps are invented. When customers buy and how much follows BG/NBD and \
                 Gamma-Gamma with the parameters published for CDNOW; the links were made by tags in software and \
                 judged like any other."
                    .to_owned(),
                "Measuring rests on consent (GDPR, article 6(1)(a)), which the shops' notice asks for at the opt-in: each \
                 customer is asked for before her first touch is looked up, and one who did not join, or left, is not \
                 measured. All other figures are counts of events."
                    .to_owned(),
            ],
        }
    }
}

/// A zone of the database, UTC where there is none of that name.
pub(super) fn zone(name: &str) -> Zone {
    name.parse().unwrap_or(Zone::UTC)
}

/// The report of all that an engine's store holds.
pub(super) fn report<S: Store>(
    engine: &Engine<S>,
    scope: &Scope,
    now: Timestamp,
) -> Result<ReportData, Error> {
    let mut tally = Tally::new(scope);
    let reader = engine.store().reader()?;
    let owners = Owners { reader: &reader, tenant: TenantKey::new(&engine.identity().tenant), engine };
    // Whose event stands where in the fold: small, so that the log itself need not fit in memory.
    let mut folds: Vec<(Option<CustomerId>, FoldKey)> = Vec::new();
    let mut behind = 0;
    loop {
        let page = reader.entries(behind, PAGE)?;
        let Some((last, _)) = page.last() else { break };
        behind = *last;
        for (_, entry) in &page {
            let Some(recorded) = log::open(entry).map_err(EngineError::from)? else { continue };
            let owner = owners.of(&recorded.event)?;
            tally.count(&recorded.event, recorded.fold, owner);
            folds.push((owner, recorded.fold));
        }
    }
    folds.sort_unstable();
    let mut people: Vec<(Option<CustomerId>, Profile)> = Vec::new();
    for (owner, fold) in folds {
        let entry = reader.entry(&fold.key)?;
        let Some(recorded) =
            entry.map(|entry| log::open(&entry)).transpose().map_err(EngineError::from)?.flatten()
        else {
            continue;
        };
        if people.last().is_none_or(|(last, _)| *last != owner) {
            people.push((owner, Profile::default()));
        }
        let Some((_, profile)) = people.last_mut() else { continue };
        let before = profile.visit_count();
        profile.apply(&recorded);
        if owner.is_some() && profile.visit_count() > before {
            tally.visit(fold.at, before == 0);
        }
    }
    let mut known = BTreeSet::new();
    for (owner, folded) in &people {
        let channel = match owner {
            None => NOBODY.to_owned(),
            Some(customer) => {
                if owners.is_known(*customer)? {
                    known.insert(*customer);
                }
                match engine.people().profile(*customer, Purpose::Measurement, now) {
                    Ok(profile) => {
                        tally.revenue(&channel_of(&profile), &profile);
                        continue;
                    }
                    Err(EngineError::NotPermitted(_)) => NOT_MEASURED.to_owned(),
                    Err(error) => return Err(error.into()),
                }
            }
        };
        tally.revenue(&channel, folded);
    }
    Ok(tally.finish(&known))
}

/// How she first came.
fn channel_of(profile: &Profile) -> String {
    profile.first_touch().map_or_else(|| "no touch known".to_owned(), |touch| touch.channel.clone())
}

/// Whose events are, as the engine decides it.
struct Owners<'e, S: Store, R> {
    reader: &'e R,
    tenant: TenantKey,
    engine: &'e Engine<S>,
}

impl<S: Store, R: Read> Owners<'_, S, R> {
    fn of(&self, event: &Event) -> Result<Option<CustomerId>, Error> {
        let mut named = BTreeMap::new();
        for identifier in &event.identifiers {
            let key = identifier.key(&self.tenant);
            if let Some(node) = self.reader.node(&key)? {
                named.insert(key, (node.identifier.kind(), node.shared, node.customer));
            }
        }
        let owner = primary(named.iter().map(|(key, (kind, shared, _))| (*key, *kind, *shared)));
        Ok(owner.and_then(|key| named.get(&key)).map(|(.., customer)| *customer))
    }

    /// Whether there is a contact point of her own.
    fn is_known(&self, customer: CustomerId) -> Result<bool, Error> {
        let person = self.engine.people().get(customer)?;
        Ok(person.identifiers.iter().any(|one: &Identifier| one.kind().is_contact_point()))
    }
}

/// The counts so far.
struct Tally<'s> {
    scope: &'s Scope,
    data: ReportData,
    /// The taps that count, with their day and whose they are.
    taps: Vec<(EventKey, Option<usize>, Option<CustomerId>)>,
    /// Taps after which an opt-in was offered: of somebody unknown.
    offered: BTreeSet<EventKey>,
    orders: BTreeSet<String>,
    revenue: BTreeMap<(String, String), (i64, u8)>,
}

impl<'s> Tally<'s> {
    fn new(scope: &'s Scope) -> Self {
        let days = scope.days.len();
        let by_shop = vec![vec![0; days]; scope.shops.len()];
        let data = ReportData {
            title: scope.title.clone(),
            days: scope.days.iter().map(ToString::to_string).collect(),
            time_zone: scope.zone.to_string(),
            shops: scope.shops.iter().map(|(_, name)| name.clone()).collect(),
            headline: Headline { forged: scope.forged, ..Headline::default() },
            taps: by_shop.clone(),
            opt_ins: by_shop,
            known_taps: vec![0; days],
            anonymous_taps: vec![0; days],
            first_visits: vec![0; days],
            repeat_visits: vec![0; days],
            revenue: Vec::new(),
            notes: scope.notes.clone(),
        };
        let (taps, offered) = (Vec::new(), BTreeSet::new());
        Self { scope, data, taps, offered, orders: BTreeSet::new(), revenue: BTreeMap::new() }
    }

    fn day(&self, at: Timestamp) -> Option<usize> {
        self.scope.days.binary_search(&self.scope.zone.local(at).date()).ok()
    }

    fn shop(&self, event: &Event) -> Option<usize> {
        let place = event.place.as_ref()?;
        self.scope.shops.iter().position(|(id, _)| id == place.as_str())
    }

    fn count(&mut self, event: &Event, fold: FoldKey, owner: Option<CustomerId>) {
        let (day, shop) = (self.day(fold.at), self.shop(event));
        let headline = &mut self.data.headline;
        match &event.body {
            Body::TagTapped(tap) if self.scope.claims || tap.verified == Some(true) => {
                headline.genuine += u64::from(tap.verified == Some(true));
                headline.taps += 1;
                self.taps.push((fold.key, day, owner));
                if let (Some(shop), Some(day)) = (shop, day) {
                    self.data.taps[shop][day] += 1;
                }
            }
            Body::TapRefused(refused) => {
                headline.taps += 1;
                match refused.reason.as_str() {
                    "replayed" => headline.replayed += 1,
                    "lost" | "suspended" | "retired" => headline.out_of_service += 1,
                    _ => headline.not_enrolled += 1,
                }
            }
            Body::OptInOffered(offer) => {
                self.offered.insert(offer.tap);
            }
            Body::OptedIn(_) => {
                headline.opt_ins += 1;
                if let (Some(shop), Some(day)) = (shop, day) {
                    self.data.opt_ins[shop][day] += 1;
                }
            }
            Body::OptedOut(_) | Body::Unsubscribed(_) => headline.opt_outs += 1,
            Body::AttributeStated(stated) => headline.stated += u64::from(stated.message_id.is_some()),
            Body::OrderCompleted(order) => {
                self.orders.insert(order.order_id.to_string());
            }
            _ => {}
        }
    }

    fn visit(&mut self, at: Timestamp, is_first: bool) {
        let Some(day) = self.day(at) else { return };
        let visits = if is_first { &mut self.data.first_visits } else { &mut self.data.repeat_visits };
        visits[day] += 1;
    }

    fn revenue(&mut self, channel: &str, profile: &Profile) {
        for spend in profile.spend() {
            let key = (channel.to_owned(), spend.currency.code().to_owned());
            let row = self.revenue.entry(key).or_insert((0, spend.currency.exponent()));
            row.0 = row.0.saturating_add(spend.net_minor);
        }
    }

    fn finish(mut self, known: &BTreeSet<CustomerId>) -> ReportData {
        for (tap, day, owner) in &self.taps {
            let is_known = match self.scope.claims {
                true => owner.is_some_and(|owner| known.contains(&owner)),
                false => !self.offered.contains(tap),
            };
            let taps = if is_known { &mut self.data.known_taps } else { &mut self.data.anonymous_taps };
            if let Some(day) = day {
                taps[*day] += 1;
            }
        }
        let headline = &mut self.data.headline;
        headline.taps += headline.forged;
        headline.customers_known = known.len() as u64;
        headline.orders = self.orders.len() as u64;
        let row = |((channel, currency), (minor, exponent))| Revenue { channel, currency, minor, exponent };
        self.data.revenue = self.revenue.into_iter().map(row).collect();
        self.data
    }
}
