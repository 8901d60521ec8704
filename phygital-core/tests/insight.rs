//! Journeys out of the log: consent, identity, refunds and late touches, and the ledger that follows them.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::collections::BTreeMap;

use phygital_core::attribution::{Attributed, Cause, Channels, CreditLedger, Rule};
use phygital_core::consent::{Basis, Policy};
use phygital_core::engine::{Config, Engine, Error, Missing, ShopJourneys};
use phygital_core::event::{Body, CodecOptions, Event};
use phygital_core::journey::{Exclusion, Journey, Settings, TouchKind};
use phygital_core::store::Memory;
use phygital_core::tap::Keys;
use phygital_core::vocab::{OrderId, PlaceId, Purpose};
use proptest::prelude::*;
use support::{at, config, entropy, event, identifier};

const ADA: &str = "loyalty:L-1";

/// A shop that may measure unless somebody objects.
fn measuring() -> Engine<Memory> {
    let policy = Policy::default().with(Purpose::Measurement, Basis::LegitimateInterest);
    open(config().with_policy(policy))
}

fn open(config: Config) -> Engine<Memory> {
    Engine::open(Memory::new(), config, Keys::none(), entropy()).unwrap()
}

/// Nothing left out as a repetition or a visit of its own.
fn plain() -> Settings {
    Settings::plain(30 * 86_400)
}

fn on_the_web(mut event: Event) -> Event {
    event.place = None;
    event
}

fn tap(id: &str, seconds: i64, who: &str) -> Event {
    event(id, "tag_tapped", seconds, &[who], r#"{"scheme":"ntag424-aes","uid":"04c767f2066180"}"#)
}

fn visit(id: &str, seconds: i64, who: &str) -> Event {
    event(id, "visit_started", seconds, &[who], "{}")
}

fn page(id: &str, seconds: i64, who: &str, campaign: Option<(&str, &str)>) -> Event {
    let mut page = on_the_web(event(id, "page_viewed", seconds, &[who], "{}"));
    if let Some((source, medium)) = campaign {
        let json = format!(
            r#"{{"type":"page","messageId":"m","timestamp":"2026-03-02T09:00:00Z","anonymousId":"x",
                "context":{{"campaign":{{"name":"spring","source":"{source}","medium":"{medium}"}}}}}}"#
        );
        page.context = Event::from_json(&json, &CodecOptions::default()).unwrap().context;
    }
    page
}

fn order(id: &str, seconds: i64, who: &[&str], amount: &str) -> Event {
    let json = format!(r#"{{"order_id":"{id}","revenue":{amount},"currency":"EUR"}}"#);
    event(&format!("placed-{id}"), "order_completed", seconds, who, &json)
}

fn refund(id: &str, order: &str, seconds: i64, amount: &str) -> Event {
    let json = format!(r#"{{"order_id":"{order}","revenue":{amount},"currency":"EUR"}}"#);
    event(id, "order_refunded", seconds, &[], &json)
}

fn record(engine: &mut Engine<Memory>, events: impl IntoIterator<Item = Event>) {
    for event in events {
        engine.record(event, at(10_000_000)).unwrap();
    }
}

fn journeys(engine: &Engine<Memory>, settings: &Settings) -> ShopJourneys {
    engine.insight().journeys(settings, at(10_000_000)).unwrap()
}

fn channels(journey: &Journey) -> Vec<&str> {
    journey.channels().collect()
}

fn reasons(journey: &Journey) -> Vec<Exclusion> {
    journey.excluded.iter().map(|excluded| excluded.reason).collect()
}

#[test]
fn every_kind_of_event_is_its_touch() {
    let mut engine = measuring();
    let of = |kind: &str, n: i64, json: &str| event(&format!("{kind}-{n}"), kind, n, &[ADA], json);
    record(
        &mut engine,
        [
            page("p-1", 0, ADA, Some(("google", "cpc"))),
            tap("t-1", 10, ADA),
            visit("v-1", 20, ADA),
            of("email_link_clicked", 30, r#"{"campaign_name":"spring"}"#),
            of("email_opened", 31, "{}"),
            of("message_sent", 40, r#"{"message_id":"m-1","purpose":"marketing"}"#),
            of("message_sent", 41, r#"{"message_id":"m-2","purpose":"service"}"#),
            of("push_notification_tapped", 50, "{}"),
            of("associate_assisted", 60, r#"{"associate_id":"s-7"}"#),
            on_the_web(of("live_chat_conversation_started", 70, r#"{"agent_id":"a-2"}"#)),
            of("install_attributed", 80, r#"{"provider":"adnet"}"#),
            page("p-2", 5_000, ADA, None),
            order("o-1", 9_000, &[ADA], "100"),
        ],
    );
    let all = journeys(&engine, &plain());
    let touches = &all.journeys[0].touches;
    let told = touches.iter().map(|touch| (touch.kind, &*touch.channel, &*touch.source)).collect::<Vec<_>>();
    assert_eq!(
        told,
        [
            (TouchKind::Ad, "google/cpc", "spring"),
            (TouchKind::Tap, "tap", "04c767f2066180"),
            (TouchKind::Visit, "store", "paris-1"),
            (TouchKind::Email, "email", "spring"),
            (TouchKind::Sms, "sms", "m-1"),
            (TouchKind::Web, "push", "//test"),
            (TouchKind::Associate, "associate", "s-7"),
            (TouchKind::Associate, "chat", "a-2"),
            (TouchKind::Ad, "adnet", "//test"),
            (TouchKind::Web, "direct", "//test"),
        ]
    );
    let paris = PlaceId::new("paris-1").unwrap();
    assert!(touches.iter().all(|touch| touch.place.is_none() || touch.kind.is_physical()));
    assert_eq!((touches[1].place.as_ref(), touches[9].place.as_ref()), (Some(&paris), None));
    assert_eq!((all.open.len(), all.unidentified, all.faults.total()), (0, 0, 0));
    assert!(all.journeys[0].order.is_in_store());
}

#[test]
fn pages_of_one_visit_are_one_touch() {
    let mut engine = measuring();
    record(
        &mut engine,
        [
            page("p-1", 0, ADA, Some(("google", "cpc"))),
            page("p-2", 60, ADA, None),
            page("p-3", 1_800, ADA, None),
            // Half an hour after the last page, and not after the first.
            page("p-4", 3_600, ADA, None),
            page("p-5", 3_700, ADA, Some(("news", "email"))),
            page("p-6", 3_800, ADA, Some(("news", "email"))),
            page("p-7", 5_601, ADA, None),
            page("p-8", 7_402, ADA, None),
            order("o-1", 9_000, &[ADA], "100"),
        ],
    );
    let all = journeys(&engine, &plain());
    assert_eq!(channels(&all.journeys[0]), ["google/cpc", "news/email", "direct", "direct"]);
    assert_eq!(all.journeys[0].touches[1].kind, TouchKind::Email);
}

#[test]
fn consent_is_asked_for_then_and_for_now() {
    let says = |id: &str, kind: &str, seconds: i64| {
        let method = if kind == "opted_in" { r#","method":"till""# } else { "" };
        let json = format!(r#"{{"contact":"phone:+33612345678","purposes":["measurement"]{method}}}"#);
        event(id, kind, seconds, &[], &json)
    };
    let phone = "phone:+33612345678";
    let mut engine = open(config());
    record(
        &mut engine,
        [
            tap("t-1", 0, phone),
            says("in-1", "opted_in", 10),
            tap("t-2", 20, phone),
            says("out-1", "opted_out", 30),
            tap("t-3", 40, phone),
            says("in-2", "opted_in", 50),
            tap("t-4", 60, phone),
            order("o-1", 100, &[phone], "100"),
        ],
    );
    let id = |journey: &Journey| journey.touches.iter().map(|touch| touch.at).collect::<Vec<_>>();
    let all = journeys(&engine, &plain());
    assert_eq!(id(&all.journeys[0]), [at(20), at(60)]);
    assert_eq!(reasons(&all.journeys[0]), [Exclusion::NoConsentThen; 2]);
    assert!(all.journeys[0].lead.is_none(), "she said so through no event of her own");
    record(&mut engine, [says("out-2", "opted_out", 200)]);
    let all = journeys(&engine, &plain());
    assert!(all.journeys[0].touches.is_empty(), "an unattributed order is a row all the same");
    use Exclusion::{NoConsentNow, NoConsentThen};
    assert_eq!(reasons(&all.journeys[0]), [NoConsentThen, NoConsentNow, NoConsentThen, NoConsentNow]);
}

#[test]
fn an_identity_is_valid_when_the_order_is_placed() {
    let mut engine = measuring();
    let login =
        |seconds| event(&format!("i-{seconds}"), "user_identified", seconds, &["cookie:c-2", ADA], "{}");
    record(
        &mut engine,
        [
            page("p-1", 0, "cookie:c-1", None),
            event("i-1", "user_identified", 50, &["cookie:c-1", ADA], "{}"),
            page("p-2", 60, "cookie:c-2", None),
            order("o-1", 100, &[ADA], "100"),
            login(150),
            order("o-2", 200, &[ADA], "100"),
        ],
    );
    let all = journeys(&engine, &plain());
    assert_eq!(
        (channels(&all.journeys[0]), reasons(&all.journeys[0])),
        (vec!["direct"], vec![Exclusion::IdentityLater])
    );
    assert_eq!((all.journeys[1].touches.len(), all.journeys[1].excluded.len()), (2, 0));
    let late = journeys(&engine, &plain().with_late_links(true));
    assert_eq!(late.journeys[0].touches.len(), 2);
    // Somebody says that the first cookie was another person's.
    let apart = event("s-1", "identifiers_separated", 300, &["cookie:c-1", ADA], "{}");
    record(&mut engine, [apart]);
    let all = journeys(&engine, &plain());
    assert_eq!(reasons(&all.journeys[0]), [Exclusion::IdentityRevoked, Exclusion::IdentityLater]);
    assert_eq!(
        (channels(&all.journeys[1]), reasons(&all.journeys[1])),
        (vec!["direct"], vec![Exclusion::IdentityRevoked])
    );
    assert_eq!(all.open.len(), 1, "the other person has a journey of her own");
}

#[test]
fn orders_and_what_is_said_of_them_meet_by_their_id() {
    let mut engine = measuring();
    record(
        &mut engine,
        [
            tap("t-1", 0, ADA),
            order("o-1", 100, &[ADA], "100"),
            // A till that does not know her pays back; another event of the same order.
            refund("r-1", "o-1", 200, "-30"),
            order("o-1", 150, &["loyalty:L-2"], "77").clone_as("again"),
            order("o-2", 300, &[], "50"),
            refund("r-2", "o-3", 200, "1"),
            tap("t-2", 400, ADA),
        ],
    );
    let all = journeys(&engine, &plain());
    let nets = all.journeys.iter().map(|journey| journey.order.net().unwrap().minor()).collect::<Vec<_>>();
    assert_eq!(nets, [7_000, 5_000]);
    assert_eq!((all.unidentified, all.faults.duplicates, all.faults.orphans), (1, 1, 1));
    assert_eq!(all.open.len(), 1);
    let insight = engine.insight();
    let one = insight.journey(&OrderId::new("o-1").unwrap(), &plain(), at(500)).unwrap();
    assert_eq!(one, all.journeys[0]);
    let none = insight.journey(&OrderId::new("o-3").unwrap(), &plain(), at(500));
    assert!(matches!(none, Err(Error::Unknown(Missing::Order))));
    let customer = engine.people().find(&identifier(ADA)).unwrap().unwrap();
    let hers = insight.journeys_of(customer, &plain(), at(500)).unwrap();
    assert_eq!((hers.journeys.len(), &hers.journeys[0], &hers.open), (1, &all.journeys[0], &all.open));
    assert_eq!((&all.owners[..], &all.open_owners[..]), (&[Some(customer), None][..], &[customer][..]));
}

/// The same event under another id.
trait CloneAs {
    fn clone_as(&self, id: &str) -> Event;
}

impl CloneAs for Event {
    fn clone_as(&self, id: &str) -> Event {
        let mut other = self.clone();
        other.id = id.parse().unwrap();
        other
    }
}

#[test]
fn milestones_are_hers() {
    let mut engine = measuring();
    let add = |id: &str, seconds| on_the_web(event(id, "product_added", seconds, &[ADA], r#"{"sku":"B"}"#));
    record(
        &mut engine,
        [
            tap("t-1", 0, ADA),
            event("i-1", "loyalty_member_enrolled", 10, &[ADA], "{}"),
            tap("t-2", 20, ADA),
            add("a-1", 30),
            tap("t-3", 40, ADA),
            order("o-1", 50, &[ADA], "100"),
            tap("t-4", 60, ADA),
            order("o-2", 70, &[ADA], "100"),
        ],
    );
    let all = journeys(&engine, &plain());
    let of = |n: usize| (all.journeys[n].touches.len(), all.journeys[n].lead, all.journeys[n].opportunity);
    // Putting something into the cart is a touch of the web too.
    assert_eq!(of(0), (4, Some(0), Some(2)));
    assert_eq!(of(1), (5, Some(0), None));
}

#[derive(Clone, Debug)]
enum Said {
    Tap(u8),
    Page(u8, u8),
    Order(u8),
    Refund(u8, u8),
    Cancel(u8),
    Login(u8),
    Apart(u8),
    Object,
    Permit,
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        3 => (0..2_u8).prop_map(Said::Tap),
        3 => (0..3_u8, 0..3_u8).prop_map(|(who, campaign)| Said::Page(who, campaign)),
        3 => (0..3_u8).prop_map(Said::Order),
        2 => (0..3_u8, 1..90_u8).prop_map(|(order, amount)| Said::Refund(order, amount)),
        1 => (0..3_u8).prop_map(Said::Cancel),
        2 => (0..3_u8).prop_map(Said::Login),
        1 => (0..3_u8).prop_map(Said::Apart),
        1 => Just(Said::Object),
        1 => Just(Said::Permit),
    ]
}

fn made(said: &Said, n: usize, seconds: i64) -> Event {
    let id = format!("e-{n}");
    let phone = "phone:+33612345678";
    let who = |at: u8| ["cookie:c-0", "cookie:c-1", "cookie:c-2"][usize::from(at)];
    let campaign = |at: u8| [None, Some(("google", "cpc")), Some(("news", "email"))][usize::from(at)];
    let consents = |kind: &str, more: &str| {
        let json = format!(r#"{{"contact":"{phone}","purposes":["measurement"]{more}}}"#);
        event(&id, kind, seconds, &[phone], &json)
    };
    match said {
        Said::Tap(at) => tap(&id, seconds, [phone, "cookie:c-1"][usize::from(*at)]),
        Said::Page(at, way) => page(&id, seconds, who(*at), campaign(*way)),
        Said::Order(at) => order(&format!("o-{at}"), seconds, &[phone], "100").clone_as(&id),
        Said::Refund(order, amount) => refund(&id, &format!("o-{order}"), seconds, &amount.to_string()),
        Said::Cancel(order) => {
            event(&id, "order_cancelled", seconds, &[], &format!(r#"{{"order_id":"o-{order}"}}"#))
        }
        Said::Login(at) => event(&id, "user_identified", seconds, &[who(*at), phone], "{}"),
        Said::Apart(at) => event(&id, "identifiers_separated", seconds, &[who(*at), phone], "{}"),
        Said::Object => consents("opted_out", ""),
        Said::Permit => consents("opted_in", r#","method":"till""#),
    }
}

fn credits(engine: &Engine<Memory>, settings: &Settings) -> Attributed {
    journeys(engine, settings).credits("linear", Rule::Linear, &Channels::new()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The ledger of a shop that posts as it goes is, as of each moment, what a shop computes that knows just the events of
    /// then, in whatever order they reached it; and all is conserved.
    #[test]
    fn a_ledger_of_the_past_is_the_shop_of_the_past(
        said in prop::collection::vec((said(), 0..5_000_i64), 1..12), rotation in any::<prop::sample::Index>(),
    ) {
        // No two events at one moment, and late ones among them.
        let events = said.iter().enumerate().map(|(n, (said, seconds))| made(said, n, seconds * 16 + n as i64));
        let events = events.collect::<Vec<_>>();
        let settings = plain().with_dedupe(Some(3_600)).with_own_visit(Some(600));
        let mut engine = measuring();
        let mut ledger = CreditLedger::new();
        for (n, event) in events.iter().enumerate() {
            record(&mut engine, [event.clone()]);
            ledger.post(&credits(&engine, &settings), at(20_000_000 + n as i64));
        }
        for known in 1..=events.len() {
            let mut other = measuring();
            let mut turned = events[..known].to_vec();
            turned.rotate_left(rotation.index(known));
            record(&mut other, turned);
            let now = credits(&other, &settings);
            let then = ledger.sums("linear", at(20_000_000 + known as i64 - 1));
            prop_assert_eq!(&then, now.sums(), "after {} events", known);
            for order in now.orders() {
                let net = order.net().unwrap().minor();
                prop_assert_eq!(order.credits().iter().sum::<i64>() + order.unattributed(), net);
                let entry = ledger.entry_at("linear", &order.journey().order.id, at(20_000_000 + known as i64 - 1)).unwrap();
                let mut by_channel = BTreeMap::new();
                for (channel, minor) in entry.accounts() {
                    by_channel.extend(channel.map(|channel| (channel, minor as i64)));
                }
                prop_assert_eq!(by_channel, order.by_channel());
            }
        }
    }
}

#[test]
fn the_ledger_says_why() {
    let phone = "phone:+33612345678";
    let mut engine = measuring();
    let mut ledger = CreditLedger::new();
    let mut minute = 0;
    let mut post = |engine: &mut Engine<Memory>, event: Event| {
        minute += 1;
        record(engine, [event]);
        let posted = ledger.post(&credits(engine, &plain()), at(20_000_000 + 60 * minute));
        posted.into_iter().flat_map(|entry| entry.causes).collect::<Vec<_>>()
    };
    assert_eq!(post(&mut engine, tap("t-1", 0, phone)), []);
    assert_eq!(post(&mut engine, order("o-1", 1_000, &[phone], "100")), [Cause::Booked]);
    assert_eq!(post(&mut engine, visit("v-late", 500, phone)), [Cause::TouchAdded]);
    assert_eq!(post(&mut engine, refund("r-1", "o-1", 2_000, "40")), [Cause::Refunded]);
    assert_eq!(post(&mut engine, refund("r-2", "o-1", 2_001, "60")), [Cause::Refunded]);
    let page = page("p-1", 600, "cookie:c-1", None);
    assert_eq!(post(&mut engine, page), []);
    let login = event("i-1", "user_identified", 700, &["cookie:c-1", phone], "{}");
    assert_eq!(post(&mut engine, login), [Cause::TouchAdded]);
    let apart = event("s-1", "identifiers_separated", 3_000, &["cookie:c-1", phone], "{}");
    assert_eq!(post(&mut engine, apart), [Cause::IdentityChanged]);
    let json = format!(r#"{{"contact":"{phone}","purposes":["measurement"]}}"#);
    assert_eq!(post(&mut engine, event("out", "opted_out", 4_000, &[], &json)), [Cause::ConsentWithdrawn]);
    let sums = ledger.sums("linear", at(30_000_000));
    let sums = sums.values().next().unwrap();
    assert_eq!((sums.net, sums.unattributed, sums.orders), (0, 0, 1));
    let after_refund = ledger.sums("linear", at(20_000_000 + 60 * 4));
    let sums = after_refund.values().next().unwrap();
    assert_eq!((sums.by_channel["tap"], sums.by_channel["store"]), (3_000, 3_000));
}

#[test]
fn names_of_events_are_read_by_kind_alone() {
    let mut engine = measuring();
    let custom = Body::custom("Tag Seen").unwrap();
    let mut event = tap("t-1", 0, ADA);
    event.body = custom;
    record(&mut engine, [event, order("o-1", 100, &[ADA], "100")]);
    assert!(journeys(&engine, &plain()).journeys[0].touches.is_empty());
}

#[test]
fn customers_are_what_value_models_need() {
    use phygital_core::measure::value::Scale;
    use phygital_core::vocab::Zone;
    let mut engine = measuring();
    const DAY: i64 = 86_400;
    record(
        &mut engine,
        [
            tap("t-1", 0, ADA),
            order("o-1", 100, &[ADA], "10"),
            visit("v-1", 2 * DAY, ADA),
            visit("v-2", 2 * DAY + 900, ADA),
            order("o-2", 7 * DAY, &[ADA], "30"),
            order("o-3", 7 * DAY + 60, &[ADA], "20"),
            refund("r-3", "o-3", 8 * DAY, "5"),
            order("o-4", 9 * DAY, &[ADA], "99"),
            refund("r-4", "o-4", 10 * DAY, "99"),
            order("o-5", 1, &["loyalty:L-2"], "40"),
            order("o-6", 2, &[], "40"),
            event(
                "x-1",
                "experiment_viewed",
                3,
                &[ADA],
                r#"{"experiment_id":"offer","variation_name":"held out"}"#,
            ),
        ],
    );
    let customers = engine.insight().customers(at(10_000_000)).unwrap();
    assert_eq!((customers.customers.len(), customers.unidentified, customers.not_permitted), (2, 1, 0));
    let ada = customers.customers.iter().find(|custom| custom.orders.len() == 4).unwrap();
    assert_eq!((ada.touches.len(), ada.purchases().count()), (3, 3));
    // Days of a tap and an order, of two visits, of two orders and of one that was paid back: she was there.
    let arm = ada.arms.first().unwrap();
    assert_eq!((&*arm.experiment, &*arm.variation), ("offer", "held out"));
    assert_eq!(journeys(&engine, &plain()).arms[&ada.customer], ada.arms);
    let first = ada.first_day(Zone::UTC).unwrap();
    assert_eq!(ada.visits(Zone::UTC).iter().map(|day| day - first).collect::<Vec<_>>(), [0, 2, 7, 9]);
    let end = Zone::UTC.local(at(14 * DAY)).date();
    let euro = "EUR".parse().unwrap();
    assert_eq!(customers.currencies().into_iter().collect::<Vec<_>>(), [euro]);
    let found = customers.purchases(euro, end, Scale::Weeks, Zone::UTC).unwrap();
    assert_eq!((found.other_currency, found.unvalued, found.purchases.left_out().refunded), (0, 0, 1));
    let histories = found.purchases.histories(2).unwrap();
    let hers = histories.iter().find(|history| *history.customer == *ada.customer.to_string()).unwrap();
    assert_eq!((hers.summary.repeats(), hers.summary.recency(), hers.summary.age()), (1, 1.0, 2.0));
    assert_eq!((hers.mean, hers.spent), (Some(45.0), 55.0));
    let dollars = customers.purchases("USD".parse().unwrap(), end, Scale::Days, Zone::UTC).unwrap();
    assert_eq!((dollars.other_currency, dollars.purchases.histories(2).unwrap().len()), (5, 0));
}

#[test]
fn who_permits_no_measurement_is_no_customer() {
    let mut engine = open(config());
    record(&mut engine, [tap("t-1", 0, ADA), order("o-1", 100, &[ADA], "10")]);
    let customers = engine.insight().customers(at(10_000_000)).unwrap();
    assert!(customers.customers.is_empty());
    assert_eq!((customers.not_permitted, customers.orders_not_permitted, customers.unidentified), (1, 1, 0));
}
