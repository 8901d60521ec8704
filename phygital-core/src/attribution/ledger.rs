//! The ledger of credits: what each channel was credited for each order, when, why, and by which run; append-only.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::explain::{Attributed, Explained, ModelRun, Sums};
use super::shares::Shares;
use crate::journey::Exclusion;
use crate::vocab::{Currency, Digest, EventKey, Money, OrderId, Timestamp};

/// What was posted for orders, by model and order. Nothing posted is ever changed or taken away: what changed later is
/// posted as a later entry, and [`CreditLedger::postings`] gives the differences. So every past date can be asked for.
///
/// An entry holds the credits of its order as they are from then on, with the weights that they rest on. A ledger is a set
/// of entries: two merge by union, in any order and however often, and of one order the latest entry counts.
///
/// No entry holds anything of a person but the keys of events, from which nobody can tell what they were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreditLedger {
    books: BTreeMap<(Box<str>, OrderId), BTreeMap<Place, LedgerEntry>>,
}

/// Where an entry stands among those of its order: when it was posted, as which one, and its content.
type Place = (Timestamp, u64, Digest);

/// The credits of one order by one model, from one moment on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LedgerEntry {
    /// The model's name: each has a book of its own.
    pub model: Box<str>,
    /// The order.
    pub order: OrderId,
    /// The how-manieth entry of the order it is, from 1.
    pub number: u64,
    /// When it was posted.
    pub posted_at: Timestamp,
    /// The [id](ModelRun::id) of the run.
    pub run: Digest,
    /// Why it was posted.
    pub causes: BTreeSet<Cause>,
    /// The order's net value.
    pub net: Money,
    /// The touches among which it is shared out; none where it is unattributed.
    pub(super) touches: Vec<Credited>,
}

/// A touch of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credited {
    /// The event that it was.
    pub touch: EventKey,
    /// Its channel.
    pub channel: Box<str>,
    /// Its weight beside the others.
    pub part: u64,
    /// Whether it has no place of its own in the rule: of equal remainders it gets a cent after those that have.
    pub between: bool,
}

/// Why an entry was posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cause {
    /// It is the order's first.
    Booked,
    /// Money went back.
    Refunded,
    /// The order was called off.
    Cancelled,
    /// The order's value changed otherwise.
    Corrected,
    /// A touch counts that did not: it came late, or is permitted or known again.
    TouchAdded,
    /// A touch no longer counts, since consent was withdrawn.
    ConsentWithdrawn,
    /// A touch no longer counts, since it is no longer known to be the customer's.
    IdentityChanged,
    /// A touch no longer counts for another reason, such as an earlier one that it now repeats.
    TouchDropped,
    /// The same touches weigh otherwise: another rule, or a model of other journeys.
    Reweighed,
    /// The order is no longer there.
    Gone,
}

/// What an entry changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "an entry and its lines")]
pub struct Posting<'l> {
    /// The entry.
    pub entry: &'l LedgerEntry,
    /// What is added to each account; none is zero. They sum to the change of the net value in each currency.
    pub lines: Vec<PostingLine>,
}

/// An amount on an account.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "an amount on an account")]
pub struct PostingLine {
    /// The channel; none for what is unattributed.
    pub channel: Option<Box<str>>,
    /// The currency.
    pub currency: Currency,
    /// In minor units; below zero for what is taken back.
    pub minor: i128,
}

impl Cause {
    /// The code in JSON and on the command line; it keeps its meaning for ever.
    pub fn code(self) -> &'static str {
        match self {
            Cause::Booked => "booked",
            Cause::Refunded => "refunded",
            Cause::Cancelled => "cancelled",
            Cause::Corrected => "corrected",
            Cause::TouchAdded => "touch_added",
            Cause::ConsentWithdrawn => "consent_withdrawn",
            Cause::IdentityChanged => "identity_changed",
            Cause::TouchDropped => "touch_dropped",
            Cause::Reweighed => "reweighed",
            Cause::Gone => "gone",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl LedgerEntry {
    /// The touches among which the net value is shared out, oldest first; none where it is unattributed.
    pub fn touches(&self) -> &[Credited] {
        &self.touches
    }

    /// The weights of the touches; none where the order is unattributed.
    pub fn shares(&self) -> Option<Shares> {
        let parts = self.touches.iter().map(|touch| touch.part).collect();
        let rest = self.touches.iter().map(|touch| touch.between).collect();
        Shares::with_rest(parts, rest).ok()
    }

    /// What each account has of the order from this entry on, in minor units: channels, and none for what is unattributed.
    /// They sum to the net value.
    pub fn accounts(&self) -> BTreeMap<Option<&str>, i128> {
        let Some(shares) = self.shares() else { return BTreeMap::from([(None, self.net.minor().into())]) };
        let mut accounts = BTreeMap::new();
        for (touch, credit) in self.touches.iter().zip(shares.split(self.net.minor()).credits()) {
            *accounts.entry(Some(&*touch.channel)).or_default() += i128::from(*credit);
        }
        accounts
    }

    /// Whether the order is no longer there.
    pub fn is_gone(&self) -> bool {
        self.causes.contains(&Cause::Gone)
    }

    /// The same credits with another number, time and run.
    fn says_the_same(&self, net: Money, touches: &[Credited]) -> bool {
        self.net == net && self.touches == touches && !self.is_gone()
    }
}

impl CreditLedger {
    /// Nothing posted yet.
    pub fn new() -> CreditLedger {
        CreditLedger::default()
    }

    /// Takes an entry, and says whether it is new.
    pub fn insert(&mut self, entry: LedgerEntry) -> bool {
        let place = (entry.posted_at, entry.number, entry.digest());
        let book = self.books.entry((entry.model.clone(), entry.order.clone())).or_default();
        book.insert(place, entry).is_none()
    }

    /// Takes all entries of another ledger.
    pub fn merge(&mut self, other: CreditLedger) {
        for (key, entries) in other.books {
            self.books.entry(key).or_default().extend(entries);
        }
    }

    /// Posts what is not in the ledger yet, and gives the new entries: for each order whose net value, touches or weights
    /// are others than those of its last entry, and for each order of the model that is no longer there. Orders without a
    /// value have nothing to post.
    ///
    /// An entry is never dated before the last one of its order, whatever `at` says.
    pub fn post(&mut self, credits: &Attributed, at: Timestamp) -> Vec<LedgerEntry> {
        let run = credits.run();
        let mut posted = Vec::new();
        let mut there = BTreeSet::new();
        for order in credits.orders() {
            if let Some(net) = order.net() {
                there.insert(&order.journey().order.id);
                posted.extend(self.next(run, order, net, at));
            }
        }
        let of_model =
            self.books.iter().filter(|((model, order), _)| **model == *run.name() && !there.contains(order));
        for (_, entries) in of_model {
            let Some((_, last)) = entries.last_key_value() else { continue };
            if !last.is_gone() {
                let net = Money::new(0, last.net.currency());
                posted.push(follow(last, run, at, BTreeSet::from([Cause::Gone]), net, Vec::new()));
            }
        }
        for entry in &posted {
            self.insert(entry.clone());
        }
        posted
    }

    /// The entry that an order needs, if it needs one.
    fn next(&self, run: &ModelRun, order: &Explained, net: Money, at: Timestamp) -> Option<LedgerEntry> {
        let touches = credited(order);
        let id = &order.journey().order.id;
        let Some(last) = self.last(run.name(), id) else {
            return Some(LedgerEntry {
                model: run.name().into(),
                order: id.clone(),
                number: 1,
                posted_at: at,
                run: run.id(),
                causes: BTreeSet::from([Cause::Booked]),
                net,
                touches,
            });
        };
        if last.says_the_same(net, &touches) {
            return None;
        }
        let causes = causes(last, order, net, &touches);
        Some(follow(last, run, at, causes, net, touches))
    }

    fn last(&self, model: &str, order: &OrderId) -> Option<&LedgerEntry> {
        let book = self.books.get(&(model.into(), order.clone()))?;
        book.last_key_value().map(|(_, entry)| entry)
    }

    /// The models that were posted for, in order.
    pub fn models(&self) -> BTreeSet<&str> {
        self.books.keys().map(|(model, _)| &**model).collect()
    }

    /// All entries, by model, order and time.
    pub fn entries(&self) -> impl Iterator<Item = &LedgerEntry> {
        self.books.values().flat_map(BTreeMap::values)
    }

    /// The entry of an order that held at a time: the last posted until then.
    pub fn entry_at(&self, model: &str, order: &OrderId, at: Timestamp) -> Option<&LedgerEntry> {
        latest(self.books.get(&(model.into(), order.clone()))?, at)
    }

    /// What was posted for an order, oldest first, each as what it changed.
    pub fn postings(&self, model: &str, order: &OrderId) -> Vec<Posting<'_>> {
        let entries = self.books.get(&(model.into(), order.clone())).into_iter().flat_map(BTreeMap::values);
        let mut before: Option<&LedgerEntry> = None;
        let mut postings = Vec::new();
        for entry in entries {
            postings.push(Posting { entry, lines: difference(before, entry) });
            before = Some(entry);
        }
        postings
    }

    /// What a model's orders came to at a time, by what was posted until then. Credits and what is unattributed sum to the
    /// net value in each currency.
    pub fn sums(&self, model: &str, at: Timestamp) -> BTreeMap<Currency, Sums> {
        let mut sums = BTreeMap::<Currency, Sums>::new();
        let books = self.books.iter().filter(|((name, _), _)| **name == *model);
        for entry in books.filter_map(|(_, entries)| latest(entries, at)).filter(|entry| !entry.is_gone()) {
            let shares = entry.shares();
            let credit = shares.as_ref().map(|shares| shares.split(entry.net.minor()));
            let credits = credit.as_ref().map(|credit| {
                let channels = entry.touches.iter().map(|touch| &*touch.channel);
                channels.zip(credit.credits().iter().copied())
            });
            sums.entry(entry.net.currency()).or_default().add(entry.net.minor(), credits);
        }
        assert!(sums.values().all(Sums::is_conserved), "each entry's credits sum to its net value");
        sums
    }
}

fn latest(entries: &BTreeMap<Place, LedgerEntry>, at: Timestamp) -> Option<&LedgerEntry> {
    let end = (at, u64::MAX, Digest::from_bytes([u8::MAX; 32]));
    entries.range(..=end).next_back().map(|(_, entry)| entry)
}

fn credited(order: &Explained) -> Vec<Credited> {
    let Some(shares) = order.shares() else { return Vec::new() };
    let between = |at: usize| shares.rest().get(at).copied().unwrap_or(false);
    let touches = order.journey().touches.iter().zip(shares.parts()).enumerate();
    let credited = |(at, (touch, part)): (usize, (&crate::journey::Touch, &u64))| Credited {
        touch: touch.id,
        channel: touch.channel.clone(),
        part: *part,
        between: between(at),
    };
    touches.map(credited).collect()
}

fn follow(
    last: &LedgerEntry,
    run: &ModelRun,
    at: Timestamp,
    causes: BTreeSet<Cause>,
    net: Money,
    touches: Vec<Credited>,
) -> LedgerEntry {
    LedgerEntry {
        number: last.number.saturating_add(1),
        posted_at: at.max(last.posted_at),
        run: run.id(),
        causes,
        net,
        touches,
        ..last.clone()
    }
}

/// What told the order from its last entry.
fn causes(last: &LedgerEntry, order: &Explained, net: Money, touches: &[Credited]) -> BTreeSet<Cause> {
    let journey = order.journey();
    let mut causes = BTreeSet::new();
    if net != last.net {
        let less = net.currency() == last.net.currency() && net.minor() < last.net.minor();
        causes.insert(match &journey.order {
            order if less && order.cancelled => Cause::Cancelled,
            order if less && order.refunded_minor > 0 => Cause::Refunded,
            _ => Cause::Corrected,
        });
    }
    let now = touches.iter().map(|touch| touch.touch).collect::<BTreeSet<_>>();
    let then = last.touches.iter().map(|touch| touch.touch).collect::<BTreeSet<_>>();
    if !now.is_subset(&then) {
        causes.insert(Cause::TouchAdded);
    }
    let reasons = journey.excluded.iter().map(|excluded| (excluded.touch.id, excluded.reason));
    let reasons = reasons.collect::<BTreeMap<_, _>>();
    for touch in then.difference(&now) {
        causes.insert(match reasons.get(touch) {
            Some(Exclusion::NoConsentThen | Exclusion::NoConsentNow) => Cause::ConsentWithdrawn,
            // Touches that are nobody's of hers any more are not among those left out.
            None | Some(Exclusion::IdentityRevoked | Exclusion::IdentityLater) => Cause::IdentityChanged,
            Some(_) => Cause::TouchDropped,
        });
    }
    if causes.is_empty() {
        causes.insert(Cause::Reweighed);
    }
    causes
}

fn difference(before: Option<&LedgerEntry>, entry: &LedgerEntry) -> Vec<PostingLine> {
    let mut accounts = BTreeMap::<(Option<&str>, Currency), i128>::new();
    for (entry, sign) in before.into_iter().map(|entry| (entry, -1)).chain([(entry, 1)]) {
        for (channel, minor) in entry.accounts() {
            *accounts.entry((channel, entry.net.currency())).or_default() += sign * minor;
        }
    }
    let lines = accounts.into_iter().filter(|(_, minor)| *minor != 0);
    let line = |((channel, currency), minor): ((Option<&str>, Currency), i128)| PostingLine {
        channel: channel.map(Into::into),
        currency,
        minor,
    };
    lines.map(line).collect()
}
