//! A day of a shop through the engine, over SQLite, on a disk that loses power or fails at every point:
//! what was answered is there, whole, and no tap counts twice.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may")]

#[path = "../../phygital-core/tests/model/mod.rs"]
mod model;
mod support;

use std::collections::BTreeSet;

use model::{at, event, over, tag};
use phygital_core::engine::{Engine, Error, TapOutcome, TapRefused, TapRequest};
use phygital_core::event::kinds::shop::TagEnrolled;
use phygital_core::event::{Body, CodecOptions, Event};
use phygital_core::machine::{Outcome, TapRefusalReason};
use phygital_core::store::{Read, StorageFault, Store};
use phygital_core::vocab::{Digest, EventKey, KeyEpoch};
use phygital_store::{Options, Sqlite};
use support::crashfs::{CrashFs, FILE, Fault, Image, Lasting};
use support::effort;

const PHONE: &str = "phone:+15105550123";

type Till = Engine<Sqlite>;

fn open(fs: &CrashFs, seed: u64) -> Result<Till, Error> {
    over(Sqlite::open_with(FILE, &Options::new().vfs(fs.name()))?, seed)
}

/// What the shop does, in order. Each may be asked again with the same words.
#[derive(Debug, Clone, Copy)]
enum Step {
    Enrol,
    Browse,
    Tap {
        client: Option<&'static str>,
        cookie: Option<&'static str>,
    },
    Join,
    Order,
    Batch,
    Withdraw,
    Stop,
    Acknowledge,
    /// Moves the write-ahead log into the file.
    Checkpoint,
}

const ADA: Step = Step::Tap { client: Some("phone"), cookie: Some("cookie:c-1") };
const STRANGER: Step = Step::Tap { client: None, cookie: None };

const DAY: [Step; 14] = [
    Step::Enrol,
    Step::Browse,
    ADA,
    Step::Join,
    Step::Checkpoint,
    Step::Order,
    Step::Acknowledge,
    ADA,
    Step::Batch,
    Step::Checkpoint,
    Step::Withdraw,
    STRANGER,
    Step::Stop,
    Step::Acknowledge,
];

/// What is known outside the store: what was answered.
#[derive(Default)]
struct Answered {
    events: Vec<EventKey>,
    taps: Vec<(String, TapOutcome)>,
    done: Vec<phygital_core::vocab::ActionId>,
    code: Option<String>,
}

impl Answered {
    /// Step `n` of the day.
    fn step(&mut self, till: &mut Till, n: usize) -> Result<(), Error> {
        let now = at(60 + 10 * n as i64);
        let mut record = |event: Event| till.record(event, now).map(|accepted| accepted.receipt().key);
        let key = match DAY[n] {
            Step::Enrol => {
                let id = "enrolled".parse().unwrap();
                record(Event::new("//till".parse().unwrap(), id, at(1), TagEnrolled::new(tag(0).uid())))?
            }
            Step::Browse => {
                let boot = r#"{"sku":"BOOT-38","price":149.90,"currency":"EUR"}"#;
                record(event("w-1", "product_viewed", 2, &["cookie:c-1"], boot))?
            }
            Step::Tap { client, cookie } => {
                let mut tag = tag(0).counted(phygital_core::vocab::ReadCounter::new(n as u32).unwrap());
                let url = tag.tap(&[9; 16]).unwrap();
                let mut request = TapRequest::url(&url);
                request = client.map_or(request.clone(), |client| request.from_client(client));
                if let Some(cookie) = cookie {
                    request = request.seen(cookie.parse().unwrap());
                }
                let outcome = till.taps().verify(request, now)?;
                if let Some(offer) = &outcome.opt_in {
                    self.code.get_or_insert_with(|| offer.code.to_string());
                }
                self.taps.push((url, outcome.clone()));
                outcome.receipt.key
            }
            Step::Join => {
                let body = format!("Join {}", self.code.as_ref().unwrap());
                let text = format!(r#"{{"message_id":"m-1","body":"{body}"}}"#);
                record(event("m-1", "message_received", 50, &[PHONE], &text))?
            }
            Step::Order => {
                let order = r#"{"order_id":"o-1","revenue":149.90,"currency":"EUR"}"#;
                record(event("o-1", "order_completed", 60, &[PHONE, "loyalty:L-1"], order))?
            }
            Step::Batch => {
                let visit = |id: &str, at: i64| event(id, "page_viewed", at, &["cookie:c-1"], "{}");
                let events = vec![visit("b-1", 70), visit("b-2", 3), visit("b-3", 71)];
                let answers = till.record_all(events, now)?;
                let keys = answers.into_iter().map(|one| one.unwrap().receipt().key);
                self.events.extend(keys);
                return Ok(());
            }
            Step::Withdraw => {
                record(event("out-1", "opted_out", 80, &[], &format!(r#"{{"contact":"{PHONE}"}}"#)))?
            }
            Step::Stop => {
                let text = r#"{"message_id":"m-2","body":"STOP"}"#;
                record(event("m-2", "message_received", 90, &[PHONE], text))?
            }
            Step::Acknowledge => {
                let Some(action) = till.actions().waiting(None, 1)?.pop() else { return Ok(()) };
                let receipt = till.actions().acknowledge(&action.id, Outcome::Delivered, now)?;
                self.done.push(action.id);
                receipt.key
            }
            Step::Checkpoint => return Ok(till.store().checkpoint()?),
        };
        self.events.push(key);
        Ok(())
    }
}

/// The log's length and the state after each step, and before the first.
fn undisturbed(fs: &CrashFs, acknowledge: impl Fn(u64)) -> (Answered, Vec<(u64, Digest)>) {
    let mut answered = Answered::default();
    let mut states = Vec::new();
    fs.record(|_| {
        let mut till = open(fs, 1).unwrap();
        let mut state = |till: &mut Till| {
            states.push((till.log().len().unwrap(), till.log().state_digest().unwrap()));
        };
        state(&mut till);
        for n in 0..DAY.len() {
            answered.step(&mut till, n).unwrap();
            acknowledge(n as u64);
            state(&mut till);
        }
    });
    assert!(answered.taps.len() == 3 && answered.done.len() == 2);
    (answered, states)
}

/// What of the answers was given within the first steps.
fn prefix(all: &Answered, steps: usize) -> Answered {
    let mut some = Answered::default();
    for step in &DAY[..steps] {
        let more = match step {
            Step::Batch => 3,
            Step::Checkpoint => 0,
            Step::Acknowledge => {
                some.done.push(all.done[some.done.len()].clone());
                1
            }
            Step::Tap { .. } => {
                some.taps.push(all.taps[some.taps.len()].clone());
                1
            }
            _ => 1,
        };
        let known = some.events.len();
        some.events.extend(&all.events[known..known + more]);
    }
    some
}

/// Opens what is left and holds it against what was answered.
fn judge(disk: &CrashFs, answered: &Answered) -> Result<(u64, Digest), String> {
    let text = |error: Error| error.to_string();
    let mut till = open(disk, 77).map_err(text)?;
    let entries = till.log().entries(0, usize::MAX).map_err(text)?;
    let found = (entries.len() as u64, till.log().state_digest().map_err(text)?);
    if till.log().check().map_err(text)? != found.0 {
        return Err("the chain is shorter than the log".to_owned());
    }
    let keys: BTreeSet<EventKey> = entries.iter().map(|(_, entry)| entry.key()).collect();
    if let Some(lost) = answered.events.iter().find(|key| !keys.contains(key)) {
        return Err(format!("{lost} was answered and is lost"));
    }
    let rebuilt = till.log().rebuild(false, |_| {}).map_err(text)?;
    if rebuilt.before != rebuilt.after {
        return Err("the state is not what the log gives".to_owned());
    }
    let mut waiting = BTreeSet::new();
    for (_, entry) in &entries {
        let content = &entry.payload.as_ref().unwrap().content;
        match Event::from_json(content, &CodecOptions::default()).unwrap().body {
            Body::ActionRequested(action) => drop(waiting.insert(action.action_id)),
            Body::ActionCompleted(action) => drop(waiting.remove(&action.action_id)),
            _ => {}
        }
    }
    let outbox = till.actions().waiting(None, 99).map_err(text)?;
    if outbox.into_iter().map(|action| action.id).collect::<BTreeSet<_>>() != waiting {
        return Err("the outbox is not what the log asks for".to_owned());
    }
    if answered.done.iter().any(|done| waiting.contains(done)) {
        return Err("an acknowledged action waits".to_owned());
    }
    let mark = till.store().reader().and_then(|reader| reader.mark(&tag(0).uid(), KeyEpoch::FIRST));
    let mark = mark.map_err(|error| error.to_string())?.map(|mark| mark.highest);
    for (url, outcome) in &answered.taps {
        if mark.is_none_or(|mark| Some(mark) < outcome.proof.read_ctr()) {
            return Err(format!("the mark is below tap {:?}", outcome.proof.read_ctr()));
        }
        match till.taps().verify(TapRequest::url(url), at(1_000)) {
            Err(Error::Tap(TapRefused::NotCounted { reason: TapRefusalReason::Replayed, .. })) => {}
            other => return Err(format!("tap {:?} again: {other:?}", outcome.proof.read_ctr())),
        }
    }
    Ok(found)
}

#[test]
fn a_power_cut_at_any_point_leaves_a_shop_that_goes_on() {
    let fs = CrashFs::new("engine");
    let (answered, states) = undisturbed(&fs, |n| fs.acknowledge(n));
    let (mut images, mut ahead) = (0, 0);
    for (image, acked) in fs.images(1, 3).step_by(effort(1, 29) as usize) {
        images += 1;
        let steps = acked.len();
        let found = judge(&image.mount("judge"), &prefix(&answered, steps))
            .unwrap_or_else(|fault| panic!("{image}, {steps} steps answered: {fault}"));
        let next = states.get(steps + 1).unwrap_or(&states[steps]);
        assert!(found == states[steps] || found == *next, "{image}, {steps} steps answered: half of one");
        ahead += u64::from(found != states[steps]);
    }
    println!("{images} images, in {ahead} of them the step that was under way had taken effect");
    assert!(images > effort(500, 20) && (ahead > 0 || effort(1, 0) == 0));
}

/// Each write, sync and creation fails, once or from then on; then the machine starts again, and the
/// host asks again for what it got no answer to.
#[test]
fn a_disk_that_fails_at_any_point_loses_nothing_and_halves_nothing() {
    let healthy = CrashFs::new("healthy");
    let (_, states) = undisturbed(&healthy, |_| {});
    let (mut errors, mut took_effect) = (0, 0);
    // Every which operation fails. A sync that fails for good leaves a step that took effect unanswered.
    for (fault, lasting, every) in [
        (Fault::Io, Lasting::Once, effort(2, 97)),
        (Fault::Io, Lasting::FromThenOn, effort(2, 61)),
        (Fault::Full, Lasting::Once, effort(7, 149)),
        (Fault::Full, Lasting::FromThenOn, effort(5, 131)),
    ] {
        for nth in (1..=healthy.mutations()).step_by(every as usize) {
            let context = format!("{fault:?} {lasting:?} {nth}");
            let fs = CrashFs::new("failing");
            fs.fail(nth, fault, lasting);
            let mut answered = Answered::default();
            let steps = day_until_a_fault(&fs, &mut answered, &context);
            let happened = fs.heal();
            assert!(happened || steps == DAY.len(), "{context}: a fault without one");
            errors += u64::from(steps < DAY.len());

            let image: Image = fs.image();
            let (length, _) =
                judge(&image.mount("judge"), &answered).unwrap_or_else(|fault| panic!("{context}: {fault}"));
            let there = length != states[steps].0;
            let next = states.get(steps + 1).map_or(0, |state| state.0);
            assert!(!there || length == next, "{context}: half of step {steps}");
            took_effect += u64::from(there);
            if steps < DAY.len() {
                let disk = image.mount("goes-on");
                goes_on(&disk, &mut answered, steps, there, &context);
            }
        }
    }
    println!("{errors} days met an error; after {took_effect} of them the step had taken effect");
    assert!(errors > 0 && (took_effect > 0 || effort(1, 0) == 0));
}

/// The rest of the day, from the step that got an error, which took effect or did not.
fn goes_on(disk: &CrashFs, answered: &mut Answered, steps: usize, there: bool, context: &str) {
    let mut till = open(disk, 5).unwrap_or_else(|error| panic!("{context}: {error}"));
    for (n, step) in DAY.into_iter().enumerate().skip(steps) {
        let before = till.log().len().unwrap();
        let answer = answered.step(&mut till, n);
        let again = n == steps && there;
        match (answer, step) {
            // Nobody can tell the one who was not answered from one who copied the link.
            (Err(Error::Tap(TapRefused::NotCounted { .. })), Step::Tap { client: None, .. }) if again => {}
            (Ok(()), Step::Tap { .. }) if again => assert!(answered.taps.last().unwrap().1.repeated),
            (Ok(()), step) => {
                let more = till.log().len().unwrap() - before;
                assert!(
                    !again || more == 0 || matches!(step, Step::Acknowledge),
                    "{context}, again {n}: {more}"
                );
            }
            (Err(error), _) => panic!("{context}, step {n}: {error}"),
        }
    }
    drop(till);
    judge(disk, answered).unwrap_or_else(|fault| panic!("{context}, at the end: {fault}"));
}

/// Goes through the day until the engine answers an error; gives how many steps were answered.
fn day_until_a_fault(fs: &CrashFs, answered: &mut Answered, context: &str) -> usize {
    let Ok(mut till) = open(fs, 1) else { return 0 };
    for (n, step) in DAY.into_iter().enumerate() {
        let Err(error) = answered.step(&mut till, n) else { continue };
        let Error::Storage(fault) = error else { panic!("{context}: {error}") };
        // A checkpoint belongs to the store; what could not begin changed nothing.
        let begun = !matches!(step, Step::Checkpoint) && !fault.doing.starts_with("beginning");
        if begun {
            let refused = till.record(event("never", "visit_started", 0, &[], "{}"), at(500));
            let Err(Error::Storage(after)) = refused else { panic!("{context}: went on after {fault}") };
            assert_eq!(after.kind, StorageFault::Reopen, "{context}: {after} after {fault}");
        }
        return n;
    }
    DAY.len()
}
