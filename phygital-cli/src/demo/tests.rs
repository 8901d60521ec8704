//! The demonstration, end to end, with few people.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use phygital_core::engine::{Config, Engine, EntropyError, Explanation};
use phygital_core::event::{Body, Recorded};
use phygital_core::log;
use phygital_core::machine::Action;
use phygital_core::profile::{PreferenceBasis, Profile, Role};
use phygital_core::store::{Read, Store};
use phygital_core::tap::Keys;
use phygital_core::vocab::ConsentMethod;
use phygital_store::Sqlite;
use tempfile::TempDir;

use super::feed::Feed;
use super::generator::DAYS;
use super::plan::instant;
use super::report::ReportData;
use super::*;

/// Few enough to be quick, and enough for every usual thing to happen.
const PEOPLE: u32 = 60;

fn options(seed: u64, out: &Path) -> Options {
    Options { seed, customers: PEOPLE, events: None, out: out.to_owned(), quiet: false, json: false }
}

fn silent() -> Feed {
    Feed::new(Box::new(io::sink()), true, false, false)
}

fn run_in(folder: &TempDir, options: &Options) -> Result<(Vec<u8>, Vec<u8>), Error> {
    play(options, &mut silent())?;
    let mut names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.retain(|name| name != "in.jsonl");
    names.sort();
    assert_eq!(names, [REPORT, STORE], "two files and nothing else");
    Ok((fs::read(folder.path().join(REPORT)).unwrap(), fs::read(folder.path().join(STORE)).unwrap()))
}

fn reopened(folder: &TempDir) -> Engine<Sqlite> {
    let entropy = |bytes: &mut [u8]| {
        bytes.fill(1);
        Ok::<(), EntropyError>(())
    };
    let store = Sqlite::open(folder.path().join(STORE)).unwrap();
    Engine::open(store, Config::default(), Keys::none(), entropy).unwrap()
}

fn entries(engine: &Engine<Sqlite>) -> Vec<Recorded> {
    let all = engine.store().reader().unwrap().entries(0, 1_000_000).unwrap();
    all.iter().map(|(_, entry)| log::open(entry).unwrap().unwrap()).collect()
}

fn sum(matrix: &[Vec<u64>]) -> u64 {
    matrix.iter().flatten().sum()
}

#[test]
fn the_same_seed_writes_the_same_bytes_and_another_seed_others() {
    let written = |seed| {
        let folder = TempDir::new().unwrap();
        run_in(&folder, &options(seed, folder.path())).unwrap()
    };
    let (first, second, other) = (written(3), written(3), written(4));
    assert!(first.0 == second.0, "report.html differs");
    assert!(first.1 == second.1, "shop.db differs");
    assert!(first.0 != other.0 && first.1 != other.1);
}

#[test]
fn everything_of_the_story_happens_and_the_log_holds_it() {
    let folder = TempDir::new().unwrap();
    run_in(&folder, &options(1, folder.path())).unwrap();
    let mut engine = reopened(&folder);
    let events = entries(&engine);
    assert_eq!(engine.log().check().unwrap(), events.len() as u64);
    let rebuilt = engine.log().rebuild(false, |_| {}).unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);

    let mut names: BTreeMap<&str, u32> = BTreeMap::new();
    let (mut refused, mut codes, mut alarms) = (BTreeSet::new(), BTreeSet::new(), 0);
    let (mut proven, mut late, mut again) = (0, 0, 0);
    for Recorded { event, received_at, .. } in &events {
        *names.entry(event.body.name()).or_default() += 1;
        match &event.body {
            Body::TapRefused(tap) => drop(refused.insert(tap.reason.as_str())),
            Body::OptInRefused(text) => drop(codes.insert(text.reason.as_str())),
            Body::ActionRequested(action) => alarms += u32::from(action.action == Action::ALARM),
            Body::OptedIn(consent) => {
                assert_eq!(consent.method, ConsentMethod::TapToText);
                proven += u32::from(consent.evidence.len() == 2);
            }
            Body::AttributeStated(stated) => {
                assert!(stated.sentence.is_some() && stated.message_id.is_some(), "it answers a question");
            }
            Body::QuestionAsked(asked) => again += u32::from(asked.again.as_deref() == Some("silence")),
            Body::OrderCompleted(_) => {
                let waited = received_at.distance(event.occurred_at);
                late += u32::from(event.place.is_some() && waited.as_secs() > 12 * 3_600);
            }
            _ => {}
        }
    }
    for name in [
        "Tag Enrolled",
        "Tag Status Changed",
        "Tag Tapped",
        "Opt In Offered",
        "Message Received",
        "Opted In",
        "Message Sent",
        "Topic Opened",
        "Question Asked",
        "Attribute Stated",
        "Question Left",
        "Topic Closed",
        "Opted Out",
        "Page Viewed",
        "Product Viewed",
        "Product Added",
        "Product Added to Wishlist",
        "Order Completed",
        "Order Refunded",
        "Product Tried On",
        "Visit Started",
        "Associate Assisted",
        "Loyalty Member Enrolled",
        "User Identified",
        "Identifiers Linked",
        "Identifiers Separated",
    ] {
        assert!(names.contains_key(name), "no {name} in {names:?}");
    }
    assert_eq!(refused, BTreeSet::from(["lost", "not_enrolled", "replayed"]));
    // An answer such as "I take 10" may be a code by chance: nobody has that one, and it is heard as an answer.
    assert_eq!(codes, BTreeSet::from(["expired", "unknown_code"]));
    assert_eq!(alarms, 1);
    assert_eq!(proven, names["Opted In"], "each consent has both proofs");
    assert!(again > 0, "who keeps still is asked once more");
    assert!(late >= 2, "the till that was offline sent its orders the day after");
    assert_eq!(names["Action Requested"], names["Action Completed"], "everything pulled was acknowledged");
    assert!(engine.actions().waiting(None, 10).unwrap().is_empty());

    // She whose story it is answered both questions, and her card shows it.
    let customer = engine.people().find(&plan::cookie(0)).unwrap().unwrap();
    let card = engine.people().card(customer, Role::Associate, instant(DAYS * plan::DAY)).unwrap();
    let stated: BTreeMap<&str, &str> = card
        .content()
        .unwrap()
        .preferences
        .iter()
        .filter(|one| one.basis == PreferenceBasis::Stated)
        .map(|one| (one.attribute.as_str(), one.value.reveal()))
        .collect();
    assert_eq!(stated.get("favourite_color"), Some(&"dark green"));
    assert!(stated.contains_key("size.shoes"), "{stated:?}");

    for (one, two) in [("loyalty:W-00002", "loyalty:W-00003"), ("loyalty:W-00004", "loyalty:W-00005")] {
        let answer = engine.people().explain(&one.parse().unwrap(), &two.parse().unwrap()).unwrap();
        assert!(matches!(answer, Explanation::Different(_)), "{one} and {two} are one customer");
    }
}

/// The report beside sums made the obvious way, and beside what the engine's own rows hold.
#[test]
fn the_numbers_of_the_report_are_those_of_the_log() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(STORE);
    let data = play::month(&options(5, folder.path()), &path, &mut silent()).unwrap();
    let engine = reopened(&folder);
    let events = entries(&engine);
    let count =
        |wanted: fn(&Body) -> bool| events.iter().filter(|one| wanted(&one.event.body)).count() as u64;

    let h = &data.headline;
    let genuine = count(|body| matches!(body, Body::TagTapped(_)));
    assert_eq!((h.genuine, sum(&data.taps)), (genuine, genuine));
    let anonymous = count(|body| matches!(body, Body::OptInOffered(_)));
    assert_eq!(data.anonymous_taps.iter().sum::<u64>(), anonymous);
    assert_eq!(data.known_taps.iter().sum::<u64>(), genuine - anonymous);
    let refused = count(|body| matches!(body, Body::TapRefused(_)));
    assert_eq!(h.replayed + h.not_enrolled + h.out_of_service, refused);
    assert_eq!(h.taps, genuine + refused + h.forged);
    assert!(h.forged > 0);
    let opted_in = count(|body| matches!(body, Body::OptedIn(_)));
    assert_eq!((h.opt_ins, sum(&data.opt_ins)), (opted_in, opted_in));
    assert_eq!(h.opt_outs, count(|body| matches!(body, Body::OptedOut(_))));
    assert_eq!(h.orders, count(|body| matches!(body, Body::OrderCompleted(_))));
    assert_eq!(h.stated, count(|body| matches!(body, Body::AttributeStated(_))));
    assert!(h.stated > 0);

    // No order is refunded twice, so revenue is what was paid less what came back.
    let mut orders: BTreeMap<String, i64> = BTreeMap::new();
    for one in &events {
        if let Body::OrderCompleted(order) = &one.event.body {
            orders.insert(order.order_id.to_string(), order.order.net().unwrap().minor());
        }
    }
    for one in &events {
        if let Body::OrderRefunded(refund) = &one.event.body {
            let left = orders.get_mut(refund.order_id.as_str()).unwrap();
            *left -= refund.order.net().map_or(*left, |net| net.minor());
        }
    }
    let revenue: i64 = data.revenue.iter().map(|row| row.minor).sum();
    assert_eq!(revenue, orders.values().sum::<i64>());
    assert!(data.revenue.iter().any(|row| row.channel == tally::NOBODY));

    let reader = engine.store().reader().unwrap();
    let mut customers = BTreeSet::new();
    for identifier in events.iter().flat_map(|one| &one.event.identifiers) {
        customers.extend(engine.people().find(identifier).unwrap());
    }
    let rows = customers.iter().filter_map(|id| reader.customer(id).unwrap());
    let profiles: Vec<Profile> = rows.map(|row| serde_json::from_str(&row.profile).unwrap()).collect();
    let visits: u64 = profiles.iter().map(|profile| u64::from(profile.visit_count())).sum();
    let first: u64 = profiles.iter().map(|profile| u64::from(profile.visit_count() > 0)).sum();
    let seen = |days: &[u64]| days.iter().sum::<u64>();
    assert_eq!(seen(&data.first_visits), first);
    assert_eq!(seen(&data.first_visits) + seen(&data.repeat_visits), visits);
    let nobody: i64 =
        data.revenue.iter().filter(|row| row.channel == tally::NOBODY).map(|row| row.minor).sum();
    let theirs: i64 = profiles.iter().flat_map(Profile::spend).map(|spend| spend.net_minor).sum();
    assert_eq!(theirs + nobody, revenue);
}

#[test]
fn links_that_real_tags_made_are_judged() {
    let verdicts = published::show(&mut silent(), instant(0)).unwrap();
    let of = |what: &str| -> BTreeSet<String> {
        verdicts.iter().filter(|one| one.what == what).map(|one| one.verdict.clone()).collect()
    };
    assert_eq!(verdicts.len(), 16);
    assert!(of("as captured").contains("tag 04de5f1eacc040, counter 61"), "{verdicts:?}");
    assert_eq!(of("as captured").len(), 5);
    assert_eq!(of("sent again"), BTreeSet::from(["the tap was used before".to_owned()]));
    assert_eq!(of("a digit changed"), BTreeSet::from(["the MAC does not match".to_owned()]));
    assert_eq!(of("unknown tag"), BTreeSet::from(["the tag is not enrolled".to_owned()]));
}

#[test]
fn however_a_phone_mangles_a_text_the_code_is_found() {
    for how in 0..16 {
        let text = plan::mangled("JOIN", "K0Q1M4", how);
        let found = phygital_core::optin::candidates(&text, &["JOIN"]);
        assert!(found.iter().any(|code| code.as_str() == "K0Q1M4"), "{text:?}");
    }
}

fn with_events(folder: &TempDir, text: &str) -> Options {
    let file = folder.path().join("in.jsonl");
    fs::write(&file, text).unwrap();
    Options { events: Some(file), ..options(1, folder.path()) }
}

const BOTH_FORMS: &str = r#"
{"specversion":"1.0","id":"e-1","source":"//till","type":"com.phygital.order_completed","time":"2026-03-01T12:00:00Z","data":{"identifiers":["email:ada@shop.example"],"place":"paris-1","context":{"campaign":{"source":"newsletter","medium":"email"}},"properties":{"order_id":"o-1","revenue":20.50,"currency":"EUR"}}}

{"type":"track","event":"Order Completed","messageId":"m-1","anonymousId":"a-1","userId":"u-1","timestamp":"2026-03-03T09:30:00Z","properties":{"order_id":"o-2","revenue":1200,"currency":"JPY","products":[{"sku":"S-1","name":"Tea\u001b[2Jbowl"}]}}
{"specversion":"1.0","id":"e-2","source":"//till","type":"com.phygital.tag_tapped","time":"2026-03-03T10:00:00Z","data":{"identifiers":["email:ada@shop.example"],"place":"paris-1","properties":{"scheme":"ntag424-aes","verified":true}}}
"#;

#[test]
fn anyones_events_are_played_in_both_forms() {
    let folder = TempDir::new().unwrap();
    let options = with_events(&folder, BOTH_FORMS);
    let first = run_in(&folder, &options).unwrap();
    let page = String::from_utf8(first.0.clone()).unwrap();
    for text in
        ["2026-03-01 to 2026-03-03", "1 shop", "newsletter/email", "20.50", "1,200", "Revenue, JPY", "claims"]
    {
        assert!(page.contains(text), "{text}");
    }
    let mut engine = reopened(&folder);
    assert_eq!(engine.log().check().unwrap(), 3);

    let again = TempDir::new().unwrap();
    assert!(run_in(&again, &with_events(&again, BOTH_FORMS)).unwrap() == first);

    let file = options.events.unwrap();
    let third = TempDir::new().unwrap();
    let data: ReportData = events::play(
        &file,
        &Options { quiet: false, ..self::options(1, third.path()) },
        &third.path().join(STORE),
        &mut silent(),
    )
    .unwrap();
    assert_eq!((data.headline.taps, data.headline.genuine), (1, 0), "a claim is not called genuine");
    assert_eq!(data.known_taps, [0, 0, 1]);
}

#[test]
fn a_bad_line_is_named_and_nothing_is_left_behind() {
    for (text, line) in [
        (format!("{BOTH_FORMS}{{\"type\":\"track\"\n"), 6),
        (format!("{BOTH_FORMS}\n\nnonsense\n"), 8),
        (BOTH_FORMS.replace("\"currency\":\"EUR\"", "\"currency\":\"EURO\""), 2),
        (format!("{BOTH_FORMS}{}", BOTH_FORMS.trim().lines().next().unwrap().replace("20.50", "21.50")), 6),
    ] {
        let folder = TempDir::new().unwrap();
        let options = with_events(&folder, &text);
        let error = play(&options, &mut silent()).unwrap_err();
        assert!(error.is_misuse() && error.to_string().contains(&format!("line {line}:")), "{error}");
        let left: Vec<PathBuf> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left, [options.events.unwrap()]);
    }
    let folder = TempDir::new().unwrap();
    assert!(matches!(play(&with_events(&folder, "\n \n"), &mut silent()), Err(Error::NoEvents(_))));
    let missing = Options { events: Some(folder.path().join("none")), ..options(1, folder.path()) };
    assert!(matches!(play(&missing, &mut silent()), Err(Error::Read { .. })));
}

#[test]
fn what_is_there_is_not_touched() {
    for name in [REPORT, STORE] {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join(name), "mine").unwrap();
        let error = play(&options(1, folder.path()), &mut silent()).unwrap_err();
        assert!(error.is_misuse() && error.to_string().contains("--out"), "{error}");
        assert_eq!(fs::read_to_string(folder.path().join(name)).unwrap(), "mine");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn the_story_has_as_many_parts_as_people() {
    let folder = TempDir::new().unwrap();
    let few = Options { customers: plan::CAST - 1, ..options(1, folder.path()) };
    assert!(matches!(play(&few, &mut silent()), Err(Error::TooFewCustomers(7))));
    let most = Options { customers: generator::CUSTOMERS_MAX + 1, ..options(1, folder.path()) };
    assert!(matches!(play(&most, &mut silent()), Err(Error::Customers(_))));
    let just = Options { customers: plan::CAST, ..options(1, folder.path()) };
    play(&just, &mut silent()).unwrap();
}

#[test]
fn the_feed_speaks_to_people_and_to_programs() {
    use std::sync::{Arc, Mutex};
    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);
    impl io::Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for (quiet, json) in [(false, false), (false, true), (true, false)] {
        let folder = TempDir::new().unwrap();
        let text = Shared::default();
        let mut feed = Feed::new(Box::new(text.clone()), quiet, json, false);
        play(&with_events(&folder, BOTH_FORMS), &mut feed).unwrap();
        let text = String::from_utf8(text.0.lock().unwrap().clone()).unwrap();
        assert!(!text.contains('\u{1b}'), "no orders to the terminal: {text}");
        assert!(text.contains("shop.db"));
        assert_eq!(text.contains("bowl"), !quiet);
        for line in text.lines().filter(|_| json) {
            serde_json::from_str::<serde_json::Value>(line).unwrap();
        }
    }
    assert_eq!(DAYS, 30);
}
