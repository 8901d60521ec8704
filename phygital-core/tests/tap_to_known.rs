//! The main job, end to end: a tap becomes a known customer, and every way in which it must not.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::time::Duration;

use phygital_core::conversation::proposal::Proposal;
use phygital_core::conversation::thread::Status;
use phygital_core::crypto::Secret;
use phygital_core::engine::{Config, Engine, Error, Recognition, TapOutcome, TapRefused, TapRequest, Ways};
use phygital_core::event::Event;
use phygital_core::event::kinds::conversation::OptedIn;
use phygital_core::event::kinds::shop::TagEnrolled;
use phygital_core::machine::{Outcome, TapRefusalReason};
use phygital_core::optin::{Notice, Platform};
use phygital_core::profile::Role;
use phygital_core::rules::RuleBook;
use phygital_core::store::{Memory, Read, Store, Write};
use phygital_core::tap::replay::ReplayPolicy;
use phygital_core::tap::simulator::SoftTag;
use phygital_core::tap::{KeySet, Keys};
use phygital_core::vocab::{ConsentMethod, Digest, Purpose, TagStatus, Timestamp};
use proptest::prelude::*;
use support::{at, config, entropy, event, identifier};

const PHONE: &str = "phone:+15105550123";

fn notice() -> Notice {
    let purposes = [Purpose::Recognition, Purpose::Personalization, Purpose::Marketing];
    let text = "Text us to be known at our shops and to get our offers. STOP ends it.";
    Notice::new("tap-2026-03".parse().unwrap(), text, "+15105550101", purposes).unwrap()
}

fn key(n: u8) -> Secret<16> {
    Secret::from_hex(&format!("{n:02x}").repeat(16)).unwrap()
}

fn tag(n: u8) -> SoftTag {
    let template = "tap.example/t?p={picc}&c={mac}".parse().unwrap();
    let uid = format!("04a1b2c3d4e5{n:02x}").parse().unwrap();
    SoftTag::new(uid, template, &key(n)).meta_read_key(&key(0xee))
}

struct Shop {
    engine: Engine<Memory>,
    tag: SoftTag,
    now: i64,
}

impl Shop {
    /// A shop with one enrolled tag at its shelf.
    fn open() -> Shop {
        Shop::with(config())
    }

    fn with(config: Config) -> Shop {
        let sets = (1..=3).map(|n| KeySet::explicit(key(n)).meta_read_key(key(0xee)).of_tag(tag(n).uid()));
        let keys = Keys::new(sets).unwrap();
        let engine = Engine::open(Memory::new(), config.with_notice(notice()), keys, entropy()).unwrap();
        let mut shop = Shop { engine, tag: tag(1), now: 0 };
        let mut enrolled = TagEnrolled::new(shop.tag.uid());
        enrolled.touchpoint = Some("shelf-1".parse().unwrap());
        shop.engine.tags().enroll(enrolled, Some("paris-1".parse().unwrap()), at(0)).unwrap();
        shop
    }

    fn later(&mut self, seconds: i64) -> Timestamp {
        self.now += seconds;
        at(self.now)
    }

    fn url(&mut self) -> String {
        self.tag.tap(&[9; 16]).unwrap()
    }

    fn tap(&mut self, request: TapRequest<'_>) -> Result<TapOutcome, Error> {
        let now = self.later(10);
        self.engine.taps().verify(request, now)
    }

    fn text(&mut self, id: &str, from: &str, body: &str) {
        let now = self.later(10);
        let properties = format!(r#"{{"message_id":{id:?},"body":{body:?}}}"#);
        let message = event(id, "message_received", self.now, &[from], &properties);
        self.engine.record(message, now).unwrap();
    }

    /// A text with further properties, said to have been sent at some second.
    fn text_at(&mut self, id: &str, seconds: i64, properties: &str) {
        let now = self.later(1);
        let message = event(id, "message_received", seconds, &[PHONE], properties);
        self.engine.record(message, now).unwrap();
    }

    fn status(&self) -> Status {
        let thread = self.engine.consents().thread(&identifier(PHONE)).unwrap().unwrap_or_default();
        thread.status(at(self.now))
    }

    fn may_market(&self) -> bool {
        let phone = identifier(PHONE);
        self.engine.consents().permits(Purpose::Marketing, &phone, at(self.now)).unwrap().allowed
    }

    fn evidence(&self) -> Vec<String> {
        let ledger = self.engine.consents().ledger(&identifier(PHONE)).unwrap().unwrap_or_default();
        let mut entries = ledger.entries().iter().filter(|entry| !entry.evidence.is_empty());
        let last = entries.next_back().map(|entry| entry.evidence.clone()).unwrap_or_default();
        last.iter().map(|proof| proof.reveal().split(':').next().unwrap().to_owned()).collect()
    }

    fn actions(&mut self) -> Vec<String> {
        let now = at(self.now);
        let due = self.engine.actions().due(None, 100, now).unwrap();
        due.into_iter().map(|action| action.text.unwrap().reveal().to_owned()).collect()
    }
}

fn refusal(result: Result<TapOutcome, Error>) -> TapRefusalReason {
    match result {
        Err(Error::Tap(TapRefused::NotCounted { reason, .. })) => reason,
        other => panic!("expected a tap that does not count, got {other:?}"),
    }
}

#[test]
fn a_tap_becomes_a_known_customer() {
    let mut shop = Shop::open();
    // Last night, on the web.
    let boot =
        r#"{"sku":"BOOT-38","name":"Chelsea boot","category":"Shoes","price":149.90,"currency":"EUR"}"#;
    shop.engine.record(event("w-1", "product_viewed", -40_000, &["cookie:c-77"], boot), at(0)).unwrap();

    // She taps: nobody knows her yet, so she is shown a notice and a link.
    let url = shop.url();
    let first = shop.tap(TapRequest::url(&url).from_client("phone").seen(identifier("cookie:c-77"))).unwrap();
    let Recognition::Anonymous(visitor) = first.recognition else { panic!("nobody knows her yet") };
    assert_eq!(first.place.as_ref().unwrap().as_str(), "paris-1");
    assert_eq!(first.touchpoint.as_ref().unwrap().as_str(), "shelf-1");
    let opt_in = first.opt_in.clone().unwrap();
    assert!(opt_in.link(Platform::Both).starts_with("sms:+15105550101?&body=JOIN%20"));
    let card = shop.engine.people().card(visitor, Role::Associate, at(shop.now)).unwrap();
    assert!(card.content().is_none(), "she did not agree to be shown");

    // The page is reloaded: the same answer, no second tap.
    let again = shop.tap(TapRequest::url(&url).from_client("phone")).unwrap();
    assert!(again.repeated);
    assert_eq!(again.receipt, first.receipt);
    assert_eq!(again.opt_in, first.opt_in);

    // She presses send; her phone mangles the text.
    let mangled = format!("Join  {}.", opt_in.code.as_str().to_lowercase());
    shop.text("m-1", PHONE, &mangled);
    assert_eq!(shop.actions(), ["Maison Ada: welcome, you are in. Reply STOP to leave, HELP for help."]);
    let customer = shop.engine.people().find(&identifier(PHONE)).unwrap().unwrap();
    assert_eq!(shop.engine.people().find(&identifier("cookie:c-77")).unwrap(), Some(customer));
    let decision =
        shop.engine.consents().permits(Purpose::Marketing, &identifier(PHONE), at(shop.now)).unwrap();
    assert!(decision.allowed);
    let ledger = shop.engine.consents().ledger(&identifier(PHONE)).unwrap().unwrap();
    let evidence = &ledger.entries()[0].evidence;
    assert!(
        evidence[0].reveal().starts_with("tap:") && evidence[1].reveal().starts_with("message:"),
        "both proofs"
    );

    // She taps again: known, with what she looked at last night.
    let url = shop.url();
    let second = shop.tap(TapRequest::url(&url).seen(identifier("cookie:c-77"))).unwrap();
    assert_eq!(second.recognition, Recognition::Known(customer));
    assert_eq!(second.opt_in, None);
    let card = shop.engine.people().card(customer, Role::Associate, at(shop.now)).unwrap();
    let json = serde_json::to_string(&card).unwrap();
    assert!(json.contains("Chelsea boot"), "{json}");

    // She texts STOP: nothing is shown or sent any more, but for one confirmation.
    shop.text("m-2", PHONE, "Stop");
    let due = shop.actions();
    assert!(due.iter().any(|text| text.contains("you have left")), "{due:?}");
    let decision =
        shop.engine.consents().permits(Purpose::Marketing, &identifier(PHONE), at(shop.now)).unwrap();
    assert!(!decision.allowed);
    let url = shop.url();
    let third = shop.tap(TapRequest::url(&url).seen(identifier("cookie:c-77"))).unwrap();
    assert!(matches!(third.recognition, Recognition::Anonymous(_)));
    let card = shop.engine.people().card(customer, Role::Associate, at(shop.now)).unwrap();
    assert!(card.content().is_none() && !serde_json::to_string(&card).unwrap().contains("Chelsea"));

    let rebuilt = shop.engine.log().rebuild(false, |_| {}).unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);
    assert_eq!(shop.engine.log().check().unwrap(), rebuilt.entries);
}

#[test]
fn a_replayed_tap_is_never_accepted_twice() {
    let mut shop = Shop::open();
    let (first, second) = (shop.url(), shop.url());
    shop.tap(TapRequest::url(&second).from_client("a")).unwrap();
    assert_eq!(refusal(shop.tap(TapRequest::url(&first))), TapRefusalReason::Replayed, "out of order");
    assert_eq!(refusal(shop.tap(TapRequest::url(&second))), TapRefusalReason::Replayed, "no client");
    assert_eq!(refusal(shop.tap(TapRequest::url(&second).from_client("b"))), TapRefusalReason::Replayed);
    assert!(shop.tap(TapRequest::url(&second).from_client("a")).unwrap().repeated);
    shop.later(120);
    assert_eq!(refusal(shop.tap(TapRequest::url(&second).from_client("a"))), TapRefusalReason::Replayed);

    // Refusals are written once, however often the link is sent.
    let before = shop.engine.log().len().unwrap();
    for _ in 0..10 {
        assert_eq!(refusal(shop.tap(TapRequest::url(&first))), TapRefusalReason::Replayed);
    }
    assert_eq!(shop.engine.log().len().unwrap(), before);
}

#[test]
fn a_forged_counter_does_not_move_the_mark() {
    let mut shop = Shop::open();
    for _ in 0..50 {
        shop.url();
    }
    let mut forged = shop.url();
    let last = if forged.ends_with('0') { '1' } else { '0' };
    forged.pop();
    forged.push(last);
    assert!(matches!(shop.tap(TapRequest::url(&forged)), Err(Error::Tap(TapRefused::NotGenuine(_)))));
    shop.tag = tag(1);
    let url = shop.url();
    shop.tap(TapRequest::url(&url)).unwrap();
}

#[test]
fn only_active_enrolled_tags_count() {
    let mut shop = Shop::open();
    let stranger = tag(2).tap(&[1; 16]).unwrap();
    assert_eq!(refusal(shop.tap(TapRequest::url(&stranger))), TapRefusalReason::NotEnrolled);
    let uid = shop.tag.uid();
    for (status, reason) in [
        (TagStatus::Suspended, TapRefusalReason::Suspended),
        (TagStatus::Retired, TapRefusalReason::Retired),
        (TagStatus::Lost, TapRefusalReason::Lost),
    ] {
        let now = shop.later(1);
        shop.engine.tags().set_status(uid, status, now).unwrap();
        let url = shop.url();
        assert_eq!(refusal(shop.tap(TapRequest::url(&url))), reason);
    }
    assert_eq!(shop.actions(), [format!("tag {uid}, reported lost, was tapped")]);
    let now = shop.later(1);
    shop.engine.tags().enroll(TagEnrolled::new(uid), None, now).unwrap();
    let url = shop.url();
    shop.tap(TapRequest::url(&url)).unwrap();
    assert!(matches!(
        shop.engine.tags().set_status(tag(3).uid(), TagStatus::Lost, now),
        Err(Error::Unknown(_))
    ));
}

#[test]
fn a_tap_refused_while_its_tag_is_set_aside_never_counts() {
    refused_taps_never_count(Shop::open());
}

#[test]
fn nor_does_it_count_late() {
    let late = ReplayPolicy::late_within(Duration::from_secs(900)).unwrap();
    refused_taps_never_count(Shop::with(config().with_replay(late)));
}

fn refused_taps_never_count(mut shop: Shop) {
    let uid = shop.tag.uid();
    for (status, reason) in [
        (TagStatus::Suspended, TapRefusalReason::Suspended),
        (TagStatus::Retired, TapRefusalReason::Retired),
        (TagStatus::Lost, TapRefusalReason::Lost),
    ] {
        let refused = shop.url();
        let now = shop.later(1);
        shop.engine.tags().set_status(uid, status, now).unwrap();
        assert_eq!(refusal(shop.tap(TapRequest::url(&refused).from_client("a"))), reason);
        let now = shop.later(1);
        shop.engine.tags().enroll(TagEnrolled::new(uid), None, now).unwrap();
        let again = |shop: &mut Shop| refusal(shop.tap(TapRequest::url(&refused).from_client("a")));
        assert_eq!(again(&mut shop), TapRefusalReason::Replayed, "{status:?}");
        let url = shop.url();
        shop.tap(TapRequest::url(&url)).unwrap();
        assert_eq!(again(&mut shop), TapRefusalReason::Replayed, "{status:?}, overtaken");
    }
    // Of a tag that nobody had enrolled yet the link counts once it is.
    let stranger = tag(2).tap(&[1; 16]).unwrap();
    assert_eq!(refusal(shop.tap(TapRequest::url(&stranger))), TapRefusalReason::NotEnrolled);
    let now = shop.later(1);
    shop.engine.tags().enroll(TagEnrolled::new(tag(2).uid()), None, now).unwrap();
    shop.tap(TapRequest::url(&stranger)).unwrap();
    let rebuilt = shop.engine.log().rebuild(false, |_| ()).unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);
}

#[test]
fn the_card_that_comes_with_a_tap_is_the_one_that_is_asked_for() {
    let mut shop = Shop::open();
    let phone = identifier(PHONE);
    let url = shop.url();
    let anonymous = shop.tap(TapRequest::url(&url).shown_to(Role::Associate)).unwrap();
    assert!(anonymous.card.is_none());
    for purposes in [vec![Purpose::Recognition], vec![Purpose::Recognition, Purpose::Personalization]] {
        let now = shop.later(1);
        let shown = purposes.contains(&Purpose::Personalization);
        let consent = OptedIn::new(phone.clone(), purposes, ConsentMethod::Till);
        let id = format!("consent-{}", now.as_micros()).parse().unwrap();
        let consent = Event::new("//till".parse().unwrap(), id, now, consent);
        shop.engine.record(consent, now).unwrap();
        for again in [false, true] {
            let url = shop.url();
            let request = TapRequest::url(&url).from_client("a").seen(phone.clone());
            let first = shop.tap(request.clone()).unwrap();
            assert!(first.card.is_none(), "nobody asked for one");
            let url = if again { url } else { shop.url() };
            let request = TapRequest::url(&url).from_client("a").seen(phone.clone());
            let outcome = shop.tap(request.shown_to(Role::Associate)).unwrap();
            assert_eq!(outcome.repeated, again);
            let Recognition::Known(customer) = outcome.recognition else { panic!("she agreed") };
            let card = shop.engine.people().card(customer, Role::Associate, at(shop.now)).unwrap();
            assert_eq!(outcome.card.as_ref(), Some(&card));
            assert_eq!(card.content().is_some(), shown);
        }
    }
}

#[test]
fn the_later_word_on_a_tag_holds_at_one_moment_too() {
    let mut shop = Shop::open();
    let uid = shop.tag.uid();
    for _ in 0..20 {
        for status in [TagStatus::Lost, TagStatus::Active, TagStatus::Suspended] {
            shop.engine.tags().set_status(uid, status, at(50)).unwrap();
            assert_eq!(shop.engine.tags().get(uid).unwrap().unwrap().status, status);
        }
    }
}

#[test]
fn a_code_counts_once_and_for_a_while() {
    let mut shop = Shop::open();
    let url = shop.url();
    let code = shop.tap(TapRequest::url(&url)).unwrap().opt_in.unwrap().code;
    shop.text("m-1", PHONE, "JOIN ZZZZ99");
    assert_eq!(shop.actions(), ["Maison Ada: that code is no longer good. Please tap again."]);
    shop.text("m-2", PHONE, &format!("JOIN {code}"));
    shop.text("m-3", PHONE, &format!("JOIN {code}"));
    let ledger = shop.engine.consents().ledger(&identifier(PHONE)).unwrap().unwrap();
    assert_eq!(ledger.entries().len(), 1, "sent twice, joined once");
    let thief = "phone:+15105550199";
    shop.text("m-4", thief, &format!("JOIN {code}"));
    assert!(shop.engine.consents().ledger(&identifier(thief)).unwrap().is_none());

    let url = shop.url();
    let late = shop.tap(TapRequest::url(&url)).unwrap().opt_in.unwrap();
    shop.now += 60 * 60;
    assert!(at(shop.now) > late.expires_at);
    shop.text("m-5", thief, &format!("JOIN {}", late.code));
    assert!(shop.engine.consents().ledger(&identifier(thief)).unwrap().is_none());
}

#[test]
fn guessing_is_limited() {
    let mut shop = Shop::open();
    let url = shop.url();
    let code = shop.tap(TapRequest::url(&url)).unwrap().opt_in.unwrap().code;
    for n in 0..5 {
        shop.text(&format!("g-{n}"), PHONE, &format!("JOIN ZZZZ9{n}"));
    }
    shop.text("m-1", PHONE, &format!("JOIN {code}"));
    assert!(shop.engine.consents().ledger(&identifier(PHONE)).unwrap().is_none());
}

#[test]
fn actions_wait_until_they_are_acknowledged() {
    let mut shop = Shop::open();
    shop.text("m-1", PHONE, "help");
    let action = shop.engine.actions().due(None, 10, at(shop.now)).unwrap().remove(0);
    assert_eq!(shop.engine.actions().due(None, 10, at(shop.now)).unwrap().len(), 1, "pulled again");
    let receipt = shop.engine.actions().acknowledge(&action.id, Outcome::Delivered, at(shop.now)).unwrap();
    assert!(shop.engine.actions().waiting(None, 10).unwrap().is_empty());
    let again = shop.engine.actions().acknowledge(&action.id, Outcome::Delivered, at(shop.now + 5)).unwrap();
    assert_eq!(receipt, again);
    let never = "never".parse().unwrap();
    assert!(matches!(
        shop.engine.actions().acknowledge(&never, Outcome::Failed, at(shop.now)),
        Err(Error::Unknown(_))
    ));
    shop.text("m-2", PHONE, "help");
    shop.now += 2 * 24 * 60 * 60;
    assert!(shop.actions().is_empty(), "an answer two days late is none");
    assert_eq!(shop.engine.actions().waiting(None, 10).unwrap().len(), 1);
}

// --- the ways from a tap to a text ---------------------------------------------------------------

const ASKED: &str = "Maison Ada: Text us to be known at our shops and to get our offers. STOP ends it. Reply YES to agree, \
                     STOP if not.";
const WELCOME: &str = "Maison Ada: welcome, you are in. Reply STOP to leave, HELP for help.";
const LEFT: &str = "Maison Ada: you have left and will get no more messages from us.";

/// What a tag puts into the body of an `sms:` link of its own.
fn mirrored(url: &str) -> String {
    let (picc, mac) = url.split_once("?p=").unwrap().1.split_once("&c=").unwrap();
    format!("Hi! {picc}-{mac}")
}

#[test]
fn a_tag_may_carry_the_text_itself() {
    let ways = Ways::default().with_landing(false).with_tag_text("https://tap.example/t?p={picc}&c={mac}");
    let mut shop = Shop::with(config().with_ways(ways.clone()));
    let url = shop.url();
    shop.text("m-1", PHONE, &mirrored(&url).to_lowercase());
    assert_eq!((shop.actions(), shop.status()), (vec![ASKED.to_owned()], Status::PendingDoubleOptIn));
    assert!(!shop.may_market(), "she has not read the notice before");
    shop.text("m-2", PHONE, "Yes please");
    assert_eq!((shop.actions()[1].as_str(), shop.status()), (WELCOME, Status::Subscribed));
    assert!(shop.may_market());
    assert_eq!(shop.evidence(), ["request", "message", "tap"], "three proofs of one consent");
    let thread = shop.engine.consents().thread(&identifier(PHONE)).unwrap().unwrap();
    assert_eq!(thread.joined_by(), Some(ConsentMethod::TagText));

    // The tap is hers: the next one, on a page, is of somebody known.
    let url = shop.url();
    let tap = shop.tap(TapRequest::url(&url).seen(identifier(PHONE))).unwrap();
    assert!(matches!(tap.recognition, Recognition::Known(_)) && tap.opt_in.is_none());

    // Sent on to somebody else, forged, or of a way that is off, it joins nobody.
    let url = shop.url();
    shop.text("m-3", PHONE, &mirrored(&url));
    let thief = "phone:+15105550199";
    for (id, text) in
        [("m-4", mirrored(&url)), ("m-5", format!("Hi! {}-{}", "AB".repeat(16), "CD".repeat(8)))]
    {
        shop.text(id, thief, &text);
        assert!(shop.engine.consents().ledger(&identifier(thief)).unwrap().is_none());
    }
    // Whatever a model makes of it: a text that it was shown is judged as any other.
    let mut shown = Shop::with(config().with_ways(ways));
    let url = shown.url();
    let (now, properties) =
        (shown.later(10), format!(r#"{{"message_id":"m-1","body":{:?}}}"#, mirrored(&url)));
    let message = event("m-1", "message_received", shown.now, &[PHONE], &properties);
    shown.engine.topics().hear(message, Proposal::HandOver, now).unwrap();
    assert_eq!((shown.actions(), shown.status()), (vec![ASKED.to_owned()], Status::PendingDoubleOptIn));

    let mut off = Shop::open();
    let url = off.url();
    off.text("m-6", PHONE, &mirrored(&url));
    assert_eq!((off.actions().len(), off.status()), (0, Status::None));
    let broken = config().with_ways(Ways::default().with_tag_text("https://tap.example"));
    assert!(matches!(Engine::open(Memory::new(), broken, Keys::none(), entropy()), Err(Error::Misuse(_))));
}

#[test]
fn a_keyword_joins_without_a_tap_after_a_yes() {
    let mut off = Shop::open();
    off.text("m-1", PHONE, "join");
    assert!(off.actions().is_empty(), "the host did not offer it");

    let mut shop = Shop::with(config().with_ways(Ways::default().with_keyword(true)));
    shop.text("m-1", PHONE, "Join");
    shop.text("m-2", PHONE, "join please");
    assert_eq!(shop.actions(), [ASKED], "asked once while the question waits");
    shop.text("m-3", PHONE, "y");
    assert!(shop.may_market());
    let thread = shop.engine.consents().thread(&identifier(PHONE)).unwrap().unwrap();
    assert_eq!(thread.joined_by(), Some(ConsentMethod::Keyword), "joined without a tap");
    assert_eq!(shop.evidence(), ["request", "message"]);
    shop.text("m-4", PHONE, "start");
    assert_eq!(shop.actions().len(), 2, "she is in already");

    // She leaves, and comes back by an act of her own, asked again.
    shop.text("m-5", PHONE, "stop");
    shop.text("m-6", PHONE, "yes");
    assert!(!shop.may_market(), "a yes to nothing is none");
    shop.text("m-7", PHONE, "START");
    assert_eq!(shop.status(), Status::OptedOut, "asked, and not yet back");
    shop.text("m-8", PHONE, "Yes");
    assert_eq!((shop.may_market(), shop.status()), (true, Status::Subscribed));
}

#[test]
fn a_question_of_a_double_opt_in_is_answered_in_time_or_not_at_all() {
    let life = Duration::from_secs(60 * 60);
    let config =
        config().with_ways(Ways::default().with_keyword(true)).with_confirmation("{brand}: yes?", life);
    let mut shop = Shop::with(config.clone());
    shop.text("m-1", PHONE, "JOIN");
    shop.text_at("m-0", -500, r#"{"message_id":"m-0","body":"yes"}"#);
    assert!(!shop.may_market(), "said before it was asked");
    shop.now += 60 * 60;
    shop.text("m-2", PHONE, "yes");
    assert!(!shop.may_market(), "too late");

    shop.text("m-3", PHONE, "join");
    shop.text("m-4", PHONE, "no thanks");
    shop.text("m-5", PHONE, "yes");
    assert!(!shop.may_market(), "she declined");
    shop.text("m-6", PHONE, "stop");
    assert_eq!(shop.actions().last().map(String::as_str), Some(LEFT));

    let longer = config.with_confirmation("", Duration::from_secs(30 * 24 * 60 * 60 + 1));
    assert!(matches!(Engine::open(Memory::new(), longer, Keys::none(), entropy()), Err(Error::Misuse(_))));
}

#[test]
fn an_opt_out_in_any_words_is_confirmed_once() {
    let mut shop = Shop::open();
    let join = |shop: &mut Shop, id: &str| {
        let url = shop.url();
        let code = shop.tap(TapRequest::url(&url)).unwrap().opt_in.unwrap().code;
        shop.text(id, PHONE, &format!("JOIN {code}"));
        code
    };
    let code = join(&mut shop, "m-1");
    assert!(shop.may_market());
    shop.text("m-2", PHONE, "pls stop txting me");
    shop.text("m-3", PHONE, "STOP");
    shop.text("m-4", PHONE, "I said stop!!");
    assert_eq!((shop.actions(), shop.may_market()), (vec![WELCOME.to_owned(), LEFT.to_owned()], false));
    // The code of the first time counts no more, and she is told.
    shop.text("m-5", PHONE, &format!("JOIN {code}"));
    assert_eq!((shop.actions().len(), shop.may_market()), (3, false));
    join(&mut shop, "m-6");
    assert!(shop.may_market(), "a tap and a text are an act of her own");
    // A stop that was held up on the way is older than that.
    let before = shop.actions().len();
    shop.text_at("m-7", 1, r#"{"message_id":"m-7","body":"stop"}"#);
    assert_eq!((shop.actions().len(), shop.may_market(), shop.status()), (before, true, Status::Subscribed));
    shop.text("m-8", PHONE, "You have the wrong number");
    assert_eq!((shop.actions().len(), shop.may_market()), (before + 1, false));
    assert!(shop.actions().iter().all(|text| !text.contains("{")));
    let rebuilt = shop.engine.log().rebuild(false, |_| {}).unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);
}

#[test]
fn a_host_adds_keywords_by_its_rule_book() {
    let rules = |kind: &str, word: &str| {
        let book = format!(
            r#"{{"rules": [{{"id": "own", "place": "US", "source": "ours",
                "keywords": {{"kind": "{kind}", "language": "haw", "words": ["{word}"]}}}}]}}"#
        );
        config()
            .with_rule_book(RuleBook::standard().extended_by(RuleBook::from_json(&book).unwrap()).unwrap())
    };
    let mut shop = Shop::with(rules("opt_out", "UOKI"));
    let url = shop.url();
    let code = shop.tap(TapRequest::url(&url)).unwrap().opt_in.unwrap().code;
    shop.text("m-1", PHONE, &format!("JOIN {code}"));
    shop.text("m-2", "phone:+33612345678", "uoki");
    assert!(shop.may_market() && shop.actions().len() == 1, "it is no keyword in France");
    shop.text("m-3", PHONE, "Uoki!");
    assert_eq!((shop.may_market(), shop.status()), (false, Status::OptedOut));
    let mut shop = Shop::with(rules("help", "KOKUA"));
    shop.text("m-1", PHONE, "kokua");
    assert_eq!(shop.actions().len(), 1);
    // Whoever joins by it would be told what it means for somebody else.
    let taken =
        Engine::open(Memory::new(), rules("help", "join").with_notice(notice()), Keys::none(), entropy());
    assert!(matches!(taken, Err(Error::Misuse(_))));
}

#[test]
fn a_gateway_may_tell_a_message_twice_or_in_parts() {
    let mut shop = Shop::open();
    shop.text("m-1", PHONE, "help");
    shop.text_at("other-webhook", 10, r#"{"message_id":"m-1","body":"help"}"#);
    assert_eq!(shop.actions().len(), 1);

    let url = shop.url();
    let code = shop.tap(TapRequest::url(&url)).unwrap().opt_in.unwrap().code;
    let (one, two) = code.as_str().split_at(3);
    let part = |n: u32, body: &str| {
        format!(r#"{{"message_id":"p-{n}","reference":"77","part":{n},"parts":2,"body":{body:?}}}"#)
    };
    shop.later(60);
    shop.text_at("p-2", 31, &part(2, two));
    assert!(!shop.may_market());
    shop.text_at("p-1", 30, &part(1, &format!("Hello, JOIN {one}")));
    assert!(shop.may_market(), "whole, whatever came first");

    // A wish is heard at once, though the rest never comes.
    shop.text_at(
        "p-3",
        60,
        r#"{"message_id":"p-3","reference":"78","part":1,"parts":3,"body":"please stop texting me"}"#,
    );
    assert!(!shop.may_market());
}

#[test]
fn a_tag_text_may_come_in_parts() {
    let ways = Ways::default().with_landing(false).with_tag_text("https://tap.example/t?p={picc}&c={mac}");
    // In the first part, across the two, or in the last; told in order or not, each alone or all at once.
    for (cut, swapped, at_once) in [
        (60, false, false),
        (60, true, false),
        (60, false, true),
        (60, true, true),
        (20, false, false),
        (20, true, true),
        (2, false, false),
        (2, true, true),
    ] {
        let mut shop = Shop::with(config().with_ways(ways.clone()));
        let text = mirrored(&shop.url()) + ", I would like to join";
        let (one, two) = text.split_at(cut);
        let mut parts: Vec<Event> = [(1, one), (2, two)]
            .map(|(n, body)| {
                let properties = format!(
                    r#"{{"message_id":"p-{n}","reference":"77","part":{n},"parts":2,"body":{body:?}}}"#
                );
                event(&format!("p-{n}"), "message_received", 5, &[PHONE], &properties)
            })
            .into();
        if swapped {
            parts.reverse();
        }
        let now = shop.later(10);
        match at_once {
            true => assert!(shop.engine.record_all(parts, now).unwrap().iter().all(Result::is_ok)),
            false => {
                let [first, last] = parts.try_into().unwrap();
                shop.engine.record(first, now).unwrap();
                assert_eq!((shop.actions().len(), shop.status()), (0, Status::None), "a part alone");
                shop.engine.record(last, now).unwrap();
            }
        }
        let met = (shop.actions(), shop.status());
        assert_eq!(met, (vec![ASKED.to_owned()], Status::PendingDoubleOptIn), "{cut} {swapped} {at_once}");
        assert_eq!(shop.evidence(), ["tap", "message"]);
    }
}

#[test]
fn what_older_tables_lack_is_folded_when_they_are_opened() {
    let mut shop = Shop::open();
    shop.text("m-1", PHONE, "STOP");
    let before = shop.engine.log().state_digest().unwrap();
    let Shop { engine, now, .. } = shop;
    let tenant = phygital_core::vocab::TenantKey::new(&engine.identity().tenant);
    let mut store = engine.into_store();
    let mut writer = store.writer().unwrap();
    writer.remove_thread(&identifier(PHONE).key(&tenant)).unwrap();
    let rules = writer.rules().unwrap().unwrap();
    writer.put_rules(&rules, None, &Digest::from_bytes([0; 32])).unwrap();
    writer.commit().unwrap();
    let mut engine = Engine::open(store, config(), Keys::none(), entropy()).unwrap();
    let thread = engine.consents().thread(&identifier(PHONE)).unwrap().unwrap();
    assert_eq!(thread.status(at(now)), Status::OptedOut);
    assert_eq!(engine.log().state_digest().unwrap(), before);
}

#[test]
fn an_erased_number_has_no_thread() {
    let mut shop = Shop::open();
    shop.text("m-1", PHONE, "hello");
    assert!(shop.engine.consents().thread(&identifier(PHONE)).unwrap().is_some());
    let now = shop.later(1);
    shop.engine.erase_identifier(&identifier(PHONE), now).unwrap();
    assert!(shop.engine.consents().thread(&identifier(PHONE)).unwrap().is_none());
    shop.text("m-2", PHONE, "hello again");
    assert!(shop.engine.consents().thread(&identifier(PHONE)).unwrap().is_none());
    let rebuilt = shop.engine.log().rebuild(false, |_| {}).unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is texted, and in whatever order it comes in: whose last word was to stop gets nothing that is not an answer, and
    /// each time she leaves she is told so at most once.
    #[test]
    fn nothing_is_sent_to_who_has_left(
        texts in prop::collection::vec((0..8usize, 1..40i64), 1..12),
    ) {
        const SAID: [&str; 8] = ["stop", "please stop texting me", "JOIN", "yes", "START", "no", "hello", "help"];
        let ways = Ways::default().with_keyword(true);
        let mut shop = Shop::with(config().with_ways(ways));
        for (n, (said, seconds)) in texts.iter().enumerate() {
            let body = SAID[*said];
            shop.text_at(&format!("m-{n}"), *seconds, &format!(r#"{{"message_id":"m-{n}","body":{body:?}}}"#));
        }
        let phone = identifier(PHONE);
        let ledger = shop.engine.consents().ledger(&phone).unwrap().unwrap_or_default();
        let marketing = |entry: &&phygital_core::consent::Entry| entry.covers(Purpose::Marketing);
        let given = |entry: &&phygital_core::consent::Entry| entry.state == phygital_core::consent::State::Granted;
        let last_given = ledger.entries().iter().filter(marketing).filter(given).map(|entry| entry.fold.at).max();
        // A text that says it was sent later than it came in is folded at that moment: one came in a second.
        let stops = (1..).zip(&texts).filter(|(_, (said, _))| *said < 2);
        let last_stop = stops.map(|(came, (_, seconds))| at(*seconds.min(&came))).max();
        if let Some(stop) = last_stop && last_given.is_none_or(|given| given <= stop) {
            prop_assert!(!shop.may_market());
        }
        if shop.may_market() {
            prop_assert_eq!(shop.status(), Status::Subscribed);
        }
        let joined = ledger.entries().iter().filter(given).count();
        let told = shop.actions().iter().filter(|text| text.as_str() == LEFT).count();
        prop_assert!(told <= joined + 1, "{} confirmations, {} times joined", told, joined);
        let rebuilt = shop.engine.log().rebuild(false, |_| {}).unwrap();
        prop_assert_eq!(rebuilt.before, rebuilt.after);
    }
}
