//! A shop played at random against a plain model, over any store, with faults in between.
//!
//! The model knows no fold: it keeps what was acknowledged, and judges the log by scanning it. Commands
//! come from bytes, four each, so that a fuzzer and proptest play the same game.

#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used, reason = "each test uses its share")]

pub mod faulty;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use phygital_core::crypto::Secret;
use phygital_core::engine::{
    Accepted, Config, Engine, EntropyError, Error, Receipt, TapOutcome, TapRefused, TapRequest,
};
use phygital_core::event::kinds::shop::TagEnrolled;
use phygital_core::event::{Body, CodecOptions, Event, FoldKey};
use phygital_core::identity::matching::{Field, FieldKind, Model, Records};
use phygital_core::log::LogEntry;
use phygital_core::machine::Outcome;
use phygital_core::optin::Notice;
use phygital_core::store::{Read, StorageError, StorageFault, Store};
use phygital_core::tap::simulator::SoftTag;
use phygital_core::tap::{KeySet, Keys};
use phygital_core::vocab::{
    ActionId, Digest, EventKey, Identifier, Purpose, ReadCounter, TagStatus, TagUid, TenantKey, Timestamp,
};

use faulty::Plan;

/// One command: what, and three numbers that say which.
pub type Command = [u8; 4];

/// The most commands of one game: what is wrong shows in a few, and a game should take milliseconds.
const COMMANDS_MAX: usize = 128;

/// Plays what the bytes say, over a store in memory that fails when they say so, and judges it.
pub fn play(bytes: &[u8]) {
    let (commands, _) = bytes.as_chunks::<4>();
    let plan = Plan::default();
    let store = faulty::Faulty::over(phygital_core::store::Memory::new(), &plan);
    let mut game = Game::new(store, |store| store, Some(plan));
    game.play(&commands[..commands.len().min(COMMANDS_MAX)]);
    game.judge();
}

const TAGS: u8 = 2;
const PHONES: [&str; 3] = ["phone:+15105550123", "phone:+15105550124", "phone:+15105550125"];
const IDENTIFIERS: [&str; 10] = [
    "loyalty:L-1",
    "loyalty:L-2",
    "login:ada",
    PHONES[0],
    PHONES[1],
    "email:ada@shop.example",
    "cookie:c-1",
    "cookie:c-2",
    "crm:17",
    "email:test@test.com",
];
const CLIENTS: [&str; 2] = ["session-1", "session-2"];

pub fn at(seconds: i64) -> Timestamp {
    let start = Timestamp::parse("2026-03-02T09:00:00Z").unwrap();
    Timestamp::from_micros(start.as_micros() + seconds * 1_000_000).unwrap()
}

/// Randomness that is the same each time.
pub fn entropy(seed: u64) -> impl FnMut(&mut [u8]) -> Result<(), EntropyError> + Send {
    let mut state = seed;
    move |bytes: &mut [u8]| {
        for byte in bytes {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (state >> 56) as u8;
        }
        Ok(())
    }
}

fn key(n: u8) -> Secret<16> {
    Secret::from_hex(&format!("{n:02x}").repeat(16)).unwrap()
}

/// A software tag of the shop.
pub fn tag(n: u8) -> SoftTag {
    let template = "tap.example/t?p={picc}&c={mac}".parse().unwrap();
    let uid = format!("04a1b2c3d4e5{n:02x}").parse().unwrap();
    SoftTag::new(uid, template, &key(n + 1)).meta_read_key(&key(0xee))
}

pub fn keys() -> Keys {
    let sets = (0..TAGS).map(|n| KeySet::explicit(key(n + 1)).meta_read_key(key(0xee)).of_tag(tag(n).uid()));
    Keys::new(sets).unwrap()
}

pub fn config() -> Config {
    let purposes = [Purpose::Recognition, Purpose::Personalization, Purpose::Marketing];
    let notice = Notice::new("tap-1".parse().unwrap(), "Be known. STOP ends it.", "+15105550101", purposes);
    static MODEL: LazyLock<Model> = LazyLock::new(model);
    let config = Config::default().with_tenant([7; 32]).with_brand("Maison Ada").with_model(MODEL.clone());
    config.with_notice(notice.unwrap())
}

/// What people say of themselves: two of the four are alike.
const PEOPLE: [[&str; 3]; 4] = [
    ["Ada", "Lovelace", "1815-12-10"],
    ["Ada", "Lovelac", "1815-12-10"],
    ["Grace", "Hopper", "1906-12-09"],
    ["Grace", "Hopper", "1906-12-08"],
];

/// By which a whole description is enough for a match.
fn model() -> Model {
    let kinds = [FieldKind::GivenName, FieldKind::Surname, FieldKind::Date];
    let fields = ["given_name", "surname", "birthday"].into_iter().zip(kinds);
    let fields: Vec<Field> = fields.map(|(name, kind)| Field::new(name, kind)).collect();
    let strangers = (0..24)
        .map(|n| [format!("name{n}"), format!("family{n}"), format!("19{:02}0{}11", 20 + n, 1 + n % 9)]);
    let people = PEOPLE.iter().map(|one| one.map(str::to_owned)).chain(strangers);
    let rows = people.enumerate().map(|(n, values)| (format!("{n:02}"), values));
    let mut model = Model::train(&Records::new(fields, rows).unwrap()).unwrap();
    (model.match_at, model.review_at) = (4_000, 1_000);
    model
}

pub fn over<S: Store>(store: S, seed: u64) -> Result<Engine<S>, Error> {
    Engine::open(store, config(), keys(), entropy(seed))
}

/// An event from its kind, time, identifiers and properties.
pub fn event(id: &str, kind: &str, seconds: i64, identifiers: &[&str], properties: &str) -> Event {
    let identifiers: Vec<String> = identifiers.iter().map(|text| format!("{text:?}")).collect();
    let json = format!(
        r#"{{"specversion":"1.0","id":{id:?},"source":"//test","type":"com.phygital.{kind}","time":"{}",
           "data":{{"identifiers":[{}],"place":"paris-1","properties":{properties}}}}}"#,
        at(seconds),
        identifiers.join(","),
    );
    Event::from_json(&json, &CodecOptions::default()).unwrap()
}

/// A link that a tag gave, and who brought it first.
#[derive(Clone)]
struct Link {
    url: String,
    uid: TagUid,
    ctr: ReadCounter,
    client: Option<&'static str>,
    cookie: Option<&'static str>,
}

/// A shop and what it was promised.
pub struct Game<S: Store> {
    engine: Option<Engine<S>>,
    /// Opens the store again, after a fault or for its own sake.
    reopen: Box<dyn FnMut(S) -> S>,
    plan: Option<Plan>,
    seed: u64,
    /// The host's clock, which jumps; and the latest it ever was.
    now: i64,
    latest: i64,
    tags: Vec<SoftTag>,
    links: Vec<Link>,
    codes: Vec<String>,
    sent: u32,
    /// What was acknowledged: events with their receipts, and taps that counted.
    events: BTreeMap<EventKey, (Event, Receipt)>,
    counted: BTreeMap<(TagUid, ReadCounter), Receipt>,
    done: BTreeSet<ActionId>,
    /// What was erased.
    gone: BTreeSet<Identifier>,
    /// How often a command met a fault, and was answered in spite of it.
    pub faults: u32,
    pub answered: u32,
}

impl<S: Store> Game<S> {
    pub fn new(store: S, reopen: impl FnMut(S) -> S + 'static, plan: Option<Plan>) -> Game<S> {
        let mut game = Game {
            engine: Some(over(store, 1).unwrap()),
            reopen: Box::new(reopen),
            plan,
            seed: 1,
            now: 0,
            latest: 0,
            tags: (0..TAGS).map(tag).collect(),
            links: Vec::new(),
            codes: Vec::new(),
            sent: 0,
            events: BTreeMap::new(),
            counted: BTreeMap::new(),
            done: BTreeSet::new(),
            gone: BTreeSet::new(),
            faults: 0,
            answered: 0,
        };
        for n in 0..TAGS {
            game.set_status(usize::from(n), TagStatus::Active);
        }
        game
    }

    pub fn play(&mut self, commands: &[Command]) {
        for command in commands {
            self.step(*command);
        }
    }

    pub fn engine(&mut self) -> &mut Engine<S> {
        self.engine.as_mut().expect("open between commands")
    }

    fn step(&mut self, [what, a, b, c]: Command) {
        self.advance(1 + i64::from(c % 16));
        match what % 17 {
            0..=3 => self.record(&[(a, b, c)]),
            4 => self.record(&[(a, b, c), (b, c, a), (c, a, b), (a ^ b, c, b)]),
            5 | 6 => self.tap(a, b),
            7 => self.replay(a, b),
            8 => self.text(a, b),
            9 => self.acknowledge(a),
            10 => self.send_again(a),
            11 => self.reopen(),
            12 => self.advance((i64::from(a) - 128) * i64::from(b) * 30),
            13 | 14 => match (&self.plan, a % 4) {
                (Some(plan), 0) => plan.lie_at_commit(b % 4 == 0),
                (Some(plan), lasting) => plan.fail_after(u64::from(b), lasting == 1),
                (None, _) => {}
            },
            15 => self.erase(a, b),
            _ => {
                let status = [TagStatus::Active, TagStatus::Suspended, TagStatus::Lost][usize::from(b % 3)];
                self.set_status(usize::from(a % TAGS), status);
            }
        }
    }

    fn advance(&mut self, seconds: i64) {
        self.now = (self.now + seconds).clamp(-100_000, 10_000_000);
        self.latest = self.latest.max(self.now);
    }

    /// Asks the engine until no fault is in the way. Gives the last answer, and whether a try before
    /// it met a fault.
    fn ask<T>(
        &mut self,
        mut question: impl FnMut(&mut Engine<S>, Timestamp) -> Result<T, Error>,
    ) -> (Result<T, Error>, bool) {
        let mut met = false;
        loop {
            let now = at(self.now);
            let answer = question(self.engine(), now);
            let Err(Error::Storage(fault)) = &answer else { return (answer, met) };
            self.after_fault(fault.clone());
            met = true;
            self.reopen();
        }
    }

    fn after_fault(&mut self, fault: StorageError) {
        self.faults += u32::from(fault.kind != StorageFault::Reopen);
        let begun = fault.doing != "beginning to write" && fault.doing != "beginning to read";
        let never = event("never", "visit_started", 0, &[], "{}");
        let now = at(self.now);
        if fault.kind == StorageFault::Reopen {
            self.answered += 1; // the command before was answered in spite of a fault
        }
        // Reads alone leave nothing open; those in a transaction that writes do.
        if begun && self.engine().log().is_empty().is_err() {
            let refused = self.engine().record(never, now);
            let kind = |error: &Error| match error {
                Error::Storage(fault) => Some(fault.kind),
                _ => None,
            };
            assert!(refused.is_err_and(|error| kind(&error).is_some()), "went on after {fault}");
        }
    }

    fn reopen(&mut self) {
        if let Some(plan) = &self.plan {
            plan.heal();
        }
        let store = self.engine.take().expect("open between commands").into_store();
        self.seed += 1;
        self.engine = Some(over((self.reopen)(store), self.seed).unwrap());
    }

    fn record(&mut self, choices: &[(u8, u8, u8)]) {
        let events: Vec<Event> = choices.iter().map(|&(a, b, c)| self.invent(a, b, c)).collect();
        let before = self.log_len();
        let (answers, met) = self.ask(|engine, now| engine.record_all(events.clone(), now));
        let answers = answers.unwrap();
        for (event, answer) in events.into_iter().zip(&answers) {
            let receipt = *answer.as_ref().unwrap().receipt();
            if !met {
                assert!(matches!(answer, Ok(Accepted::New(_))), "{answer:?}");
                assert!(receipt.received_at == at(self.now));
            }
            self.events.insert(receipt.key, (event, receipt));
        }
        // A batch is in the log whole, and next to each other, or not at all.
        if let Some(before) = before {
            let more = self.log_len().map_or(answers.len() as u64, |now| now - before);
            assert!(more >= answers.len() as u64);
        }
    }

    /// How long the log is; `None` where a fault keeps it from being told.
    fn log_len(&mut self) -> Option<u64> {
        self.engine().log().len().ok()
    }

    fn invent(&mut self, a: u8, b: u8, c: u8) -> Event {
        self.sent += 1;
        let id = format!("e-{}", self.sent);
        let name = |n: u8| IDENTIFIERS[usize::from(n) % IDENTIFIERS.len()];
        let (one, two) = (name(b), name(b / 16));
        // It happened before, by the greatest clock there was.
        let when = self.latest - i64::from(c) * 7;
        let sku = format!(r#"{{"sku":"S-{}","price":{c}.5,"currency":"EUR"}}"#, b % 3);
        let currency = ["EUR", "USD", "JPY", "KWD"][usize::from(b % 4)];
        match a % 12 {
            0 => event(&id, "page_viewed", when, &[one], "{}"),
            1 => event(&id, "product_viewed", when, &[one], &sku),
            2 => {
                let [first, last, born] = PEOPLE[usize::from(c) % PEOPLE.len()];
                let said = format!(r#"{{"firstName":"{first}","lastName":"{last}","birthday":"{born}"}}"#);
                let named = [one, two];
                event(&id, "user_identified", when, &named[..1 + usize::from(c / 4 % 2)], &said)
            }
            3 | 4 => {
                let order = format!(r#"{{"order_id":"o-{}","revenue":{c},"currency":"{currency}"}}"#, c % 8);
                event(&id, "order_completed", when, &[one, two], &order)
            }
            5 => event(&id, "order_refunded", when, &[one], &format!(r#"{{"order_id":"o-{}"}}"#, c % 8)),
            6 if one != two => event(&id, "identifiers_separated", when, &[one, two], "{}"),
            7 if one != two => event(&id, "identifiers_linked", when, &[one, two], "{}"),
            8 => {
                let contact = PHONES[usize::from(b) % PHONES.len()];
                let purpose = ["marketing", "personalization"][usize::from(c % 2)];
                let grant = format!(r#"{{"contact":"{contact}","purposes":["{purpose}"],"method":"web"}}"#);
                event(&id, "opted_in", when, &[], &grant)
            }
            9 => {
                let contact = PHONES[usize::from(b) % PHONES.len()];
                event(&id, "opted_out", when, &[], &format!(r#"{{"contact":"{contact}"}}"#))
            }
            10 => {
                let said = format!(r#"{{"attribute":"size.shoes","value":"{c}","sentence":"I take {c}"}}"#);
                event(&id, "attribute_stated", when, &[one], &said)
            }
            _ => event(&id, "visit_started", when, &[one], "{}"),
        }
    }

    fn tap(&mut self, a: u8, b: u8) {
        let tag = &mut self.tags[usize::from(a % TAGS)];
        for _ in 0..b / 64 {
            tag.tap(&[9; 16]).unwrap(); // read by somebody, and never sent
        }
        let url = tag.tap(&[9; 16]).unwrap();
        let link = Link {
            url,
            uid: tag.uid(),
            ctr: tag.counter(),
            client: [None, Some(CLIENTS[0]), Some(CLIENTS[1])][usize::from(b % 3)],
            cookie: [None, Some("cookie:c-1"), Some("cookie:c-2")][usize::from(b / 4 % 3)],
        };
        self.links.push(link.clone());
        let (answer, met) = self.verify(&link, link.client);
        match answer {
            Ok(outcome) => {
                assert!(met || !outcome.repeated, "a first tap is none that repeats");
                let proven = (outcome.proof.uid(), outcome.proof.read_ctr());
                assert_eq!(proven, (Some(link.uid), Some(link.ctr)));
                self.codes.extend(outcome.opt_in.map(|offer| offer.code.to_string()));
                self.counted.insert((link.uid, link.ctr), outcome.receipt);
            }
            Err(Error::Tap(TapRefused::NotCounted { .. })) => {
                // Suspended or lost; or the first try took effect and nobody could tell.
            }
            Err(other) => panic!("{other}"),
        }
    }

    fn verify(&mut self, link: &Link, client: Option<&str>) -> (Result<TapOutcome, Error>, bool) {
        self.ask(|engine, now| {
            let mut request = TapRequest::url(&link.url);
            if let Some(client) = client {
                request = request.from_client(client);
            }
            if let Some(cookie) = link.cookie {
                request = request.seen(cookie.parse().unwrap());
            }
            engine.taps().verify(request, now)
        })
    }

    fn replay(&mut self, a: u8, b: u8) {
        if self.links.is_empty() {
            return;
        }
        let link = self.links[usize::from(a) % self.links.len()].clone();
        let client = [None, Some(CLIENTS[0]), Some(CLIENTS[1])][usize::from(b % 3)];
        let (answer, met) = self.verify(&link, client);
        let counted = self.counted.get(&(link.uid, link.ctr)).copied();
        match (answer, counted) {
            (Ok(outcome), Some(first)) => {
                assert!(outcome.repeated, "{} of {} counted twice", link.ctr, link.uid);
                assert_eq!(outcome.receipt, first);
                assert_eq!(client, link.client, "another client was given the first one's answer");
            }
            // It had been refused, as while the tag was suspended, and counts for the first time.
            (Ok(outcome), None) => {
                assert!(met || !outcome.repeated);
                self.codes.extend(outcome.opt_in.map(|offer| offer.code.to_string()));
                self.counted.insert((link.uid, link.ctr), outcome.receipt);
                // Who brought it is now the first client.
                for one in self.links.iter_mut().filter(|one| one.url == link.url) {
                    one.client = [None, Some(CLIENTS[0]), Some(CLIENTS[1])][usize::from(b % 3)];
                }
            }
            (Err(Error::Tap(TapRefused::NotCounted { .. })), _) => {}
            (Err(other), _) => panic!("{other}"),
        }
    }

    fn text(&mut self, a: u8, b: u8) {
        let phone = PHONES[usize::from(a) % PHONES.len()];
        let code = self.codes.get(usize::from(b / 4) % self.codes.len().max(1));
        let body = match (b % 4, code) {
            (0 | 1, Some(code)) => format!("JOIN {code}"),
            (2, _) => "stop".to_owned(),
            (3, _) => "help".to_owned(),
            _ => "JOIN ZZZZ99".to_owned(),
        };
        self.sent += 1;
        let id = format!("m-{}", self.sent);
        let properties = format!(r#"{{"message_id":{id:?},"body":{body:?}}}"#);
        let message = event(&id, "message_received", self.latest, &[phone], &properties);
        let (answer, _) = self.ask(|engine, now| engine.record(message.clone(), now));
        let receipt = *answer.unwrap().receipt();
        self.events.insert(receipt.key, (message, receipt));
    }

    fn acknowledge(&mut self, a: u8) {
        let (waiting, _) = self.ask(|engine, _| engine.actions().waiting(None, 100));
        let waiting = waiting.unwrap();
        if waiting.is_empty() {
            return;
        }
        let id = waiting[usize::from(a) % waiting.len()].id.clone();
        let (answer, _) = self.ask(|engine, now| engine.actions().acknowledge(&id, Outcome::Delivered, now));
        answer.unwrap();
        self.done.insert(id);
    }

    /// Erases an identifier, or whoever has it.
    fn erase(&mut self, a: u8, b: u8) {
        let one: Identifier = IDENTIFIERS[usize::from(a) % IDENTIFIERS.len()].parse().unwrap();
        if self.engine().rules().is_blocked(&one) {
            return;
        }
        match b % 2 {
            0 => {
                let (answer, _) = self.ask(|engine, now| engine.erase_identifier(&one, now));
                answer.unwrap();
            }
            _ => {
                let (found, _) = self.ask(|engine, _| engine.people().find(&one));
                let Some(customer) = found.unwrap() else { return };
                let (answer, met) = self.ask(|engine, now| engine.erase_customer(customer, now));
                // Of a customer who is gone nothing answers any more.
                assert!(answer.is_ok() || met && matches!(answer, Err(Error::Unknown(_))), "{answer:?}");
            }
        }
        let tenant = TenantKey::new(&[7; 32]);
        for one in IDENTIFIERS {
            let one: Identifier = one.parse().unwrap();
            let key = one.key(&tenant);
            let (erased, _) = self.ask(|engine, _| Ok(engine.store().reader()?.is_erased(&key)?));
            if erased.unwrap() {
                self.gone.insert(one);
            }
        }
    }

    /// Whether an event names, or is about, somebody who was erased.
    fn is_of_gone(&self, event: &Event) -> bool {
        let contact = match &event.body {
            Body::OptedIn(said) => Some(&said.contact),
            Body::OptedOut(said) => Some(&said.contact),
            _ => None,
        };
        event.identifiers.iter().chain(contact).any(|one| self.gone.contains(one))
    }

    fn send_again(&mut self, a: u8) {
        let Some((event, receipt)) = self.events.values().nth(usize::from(a) % self.events.len().max(1))
        else {
            return;
        };
        let (event, receipt) = (event.clone(), *receipt);
        let (answer, _) = self.ask(|engine, now| engine.record(event.clone(), now));
        assert_eq!(answer, Ok(Accepted::Known(receipt)));
        if !self.gone.is_empty() {
            // Of what was struck nothing can be compared.
            return;
        }
        let mut other = event;
        other.place = Some("elsewhere".parse().unwrap());
        let (answer, _) = self.ask(|engine, now| engine.record(other.clone(), now));
        assert_eq!(answer, Err(Error::Conflict { key: receipt.key }));
    }

    fn set_status(&mut self, n: usize, status: TagStatus) {
        let uid = self.tags[n].uid();
        let now = self.latest;
        let (answer, _) = self.ask(|engine, _| {
            if status == TagStatus::Active {
                let mut enrolled = TagEnrolled::new(uid);
                enrolled.touchpoint = Some("shelf-1".parse().unwrap());
                engine.tags().enroll(enrolled, Some("paris-1".parse().unwrap()), at(now))
            } else {
                engine.tags().set_status(uid, status, at(now))
            }
        });
        answer.unwrap();
    }

    /// Judges all that can be judged, and gives the digest of the state.
    pub fn judge(&mut self) -> Digest {
        self.reopen();
        let log: Vec<LogEntry> = {
            let entries = self.engine().log().entries(0, usize::MAX).unwrap();
            entries.into_iter().map(|(_, entry)| entry).collect()
        };
        assert_eq!(self.engine().log().check().unwrap(), log.len() as u64);
        self.judge_events(&log);
        self.judge_taps(&log);
        self.judge_consents(&log);
        self.judge_outbox(&log);
        let rebuilt = self.engine().log().rebuild(true, |_| {}).unwrap();
        assert_eq!(rebuilt.before, rebuilt.after, "making the state anew gives another one");
        assert_eq!(self.engine().log().state_digest().unwrap(), rebuilt.after);
        rebuilt.after
    }

    fn judge_events(&mut self, log: &[LogEntry]) {
        let by_key: BTreeMap<EventKey, &LogEntry> = log.iter().map(|entry| (entry.key(), entry)).collect();
        assert_eq!(by_key.len(), log.len(), "an event stands in the log twice");
        for (key, (event, receipt)) in &self.events {
            let entry = by_key.get(key).unwrap_or_else(|| panic!("{key} was acknowledged and is lost"));
            let struck = entry.struck.is_some() || entry.payload.is_none();
            if struck || self.is_of_gone(event) {
                assert!(!self.gone.is_empty(), "{key} was struck, and nobody erased");
            } else {
                assert_eq!(entry.is_same(event), Some(true));
            }
            assert_eq!(
                (entry.origin, entry.hlc, entry.received_at),
                (receipt.origin, receipt.hlc, receipt.received_at)
            );
        }
        // Each text that came in has what it led to: nothing is half-written. Nobody who was erased is named.
        let mut confirmed: BTreeMap<Identifier, bool> = BTreeMap::new();
        let mut joined: BTreeSet<Identifier> = BTreeSet::new();
        for entry in log {
            if let Some(Body::OptedIn(said)) = body(entry) {
                joined.insert(said.contact.clone());
            }
            let named = entry.payload.iter().flat_map(|left| read(&left.content).identifiers);
            assert_eq!(named.filter(|one| self.gone.contains(one)).count(), 0);
            let Some(Body::MessageReceived(message)) = body(entry) else { continue };
            let said = message.body.as_ref().unwrap().reveal().to_owned();
            let name = |what: &str| {
                let id = format!("{what}:{}", entry.key()).parse().unwrap();
                by_key.contains_key(&EventKey::of(&"//phygital/decisions".parse().unwrap(), &id))
            };
            match said.as_str() {
                // It is confirmed once, and no more until she joins again.
                "stop" => {
                    assert!(name("left"), "a STOP without its effect");
                    let left = read(&entry.payload.as_ref().unwrap().content);
                    let contact =
                        left.identifiers.into_iter().find(|one| one.kind().is_contact_point()).unwrap();
                    *confirmed.entry(contact).or_default() |= name("answer");
                }
                "help" => assert!(name("answer"), "a call for help without an answer"),
                _ => {}
            }
        }
        // Who joined after the time that her STOP bears is told nothing when it comes in late.
        let untold = confirmed.iter().find(|(contact, told)| !**told && !joined.contains(contact));
        assert!(untold.is_none(), "a STOP that was not confirmed");
    }

    fn judge_taps(&mut self, log: &[LogEntry]) {
        let mut highest: BTreeMap<TagUid, ReadCounter> = BTreeMap::new();
        let mut seen = BTreeMap::new();
        for entry in log {
            let Some(Body::TagTapped(tap)) = body(entry) else { continue };
            let (uid, ctr) = (tap.uid.unwrap(), tap.read_ctr.unwrap());
            assert!(highest.insert(uid, ctr).is_none_or(|before| before < ctr), "a counter went back");
            seen.insert((uid, ctr), entry.origin);
        }
        for (tap, receipt) in &self.counted {
            assert_eq!(seen.get(tap), Some(&receipt.origin), "a tap that counted is lost");
        }
        for link in self.links.clone() {
            let (answer, _) = self.verify(&link, Some("somebody else"));
            if let Ok(outcome) = answer {
                let before = seen.contains_key(&(link.uid, link.ctr));
                assert!(!before && !outcome.repeated, "{} of {} counted twice", link.ctr, link.uid);
            }
        }
    }

    /// The latest word on a purpose holds, a withdrawal after a grant of the same moment.
    fn judge_consents(&mut self, log: &[LogEntry]) {
        let mut said: BTreeMap<(Identifier, Purpose), (Timestamp, bool, EventKey)> = BTreeMap::new();
        for entry in log {
            let FoldKey { at, key } = entry.fold;
            let (contact, purposes, withdrawn) = match body(entry) {
                Some(Body::OptedIn(grant)) => (grant.contact, grant.purposes, false),
                Some(Body::OptedOut(end)) => (end.contact, Purpose::ALL.to_vec(), true),
                _ => continue,
            };
            for purpose in purposes {
                let word = said.entry((contact.clone(), purpose)).or_insert((at, withdrawn, key));
                *word = (*word).max((at, withdrawn, key));
            }
        }
        for phone in PHONES {
            let contact: Identifier = phone.parse().unwrap();
            for purpose in [Purpose::Marketing, Purpose::Personalization, Purpose::Recognition] {
                let expected =
                    said.get(&(contact.clone(), purpose)).is_some_and(|(_, withdrawn, _)| !withdrawn);
                let now = at(self.latest);
                let decision = self.engine().consents().permits(purpose, &contact, now).unwrap();
                assert_eq!(decision.allowed, expected, "{purpose} of {phone}: {decision:?}");
            }
        }
    }

    /// What was asked for and not acknowledged waits.
    fn judge_outbox(&mut self, log: &[LogEntry]) {
        let mut expected = BTreeSet::new();
        for entry in log {
            match body(entry) {
                Some(Body::ActionRequested(action)) => drop(expected.insert(action.action_id)),
                Some(Body::ActionCompleted(action)) => drop(expected.remove(&action.action_id)),
                _ => {}
            }
        }
        assert!(self.done.is_disjoint(&expected), "an acknowledged action waits again");
        let new: BTreeSet<ActionId> = self.log_actions_after(log.len() as u64);
        let waiting = self.engine().actions().waiting(None, usize::MAX).unwrap();
        let waiting: BTreeSet<ActionId> = waiting.into_iter().map(|action| action.id).collect();
        assert_eq!(waiting, &expected | &new);
    }

    /// Alarms that judging the taps itself raised.
    fn log_actions_after(&mut self, behind: u64) -> BTreeSet<ActionId> {
        let entries = self.engine().log().entries(behind, usize::MAX).unwrap();
        let actions = entries.into_iter().filter_map(|(_, entry)| match body(&entry) {
            Some(Body::ActionRequested(action)) => Some(action.action_id),
            _ => None,
        });
        actions.collect()
    }
}

/// What an entry says; `None` where nothing is left of it.
fn body(entry: &LogEntry) -> Option<Body> {
    Some(read(&entry.payload.as_ref()?.content).body)
}

fn read(content: &str) -> Event {
    Event::from_json(content, &CodecOptions::default()).unwrap()
}
