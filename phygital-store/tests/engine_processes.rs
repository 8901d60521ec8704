//! Several processes, and killed ones, with an engine each on one file: one chain, nothing lost, nothing
//! twice.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may")]

#[path = "../../phygital-core/tests/model/mod.rs"]
mod model;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use model::{at, config, entropy, event, keys, over, tag};
use phygital_core::engine::{Config, Engine, Error, TapRefused, TapRequest};
use phygital_core::event::kinds::shop::TagEnrolled;
use phygital_core::event::{CodecOptions, Event};
use phygital_core::machine::TapRefusalReason;
use phygital_core::store::{Read, StorageFault, Store};
use phygital_core::vocab::{KeyEpoch, ReadCounter};
use phygital_store::{Options, Sqlite};
use support::killloop::{self, KillLoop};
use support::{child, effort};

type Till = Engine<Sqlite>;

fn open(folder: &Path, seed: u64) -> Till {
    over(Sqlite::open(folder.join("shop.db")).unwrap(), seed).unwrap()
}

fn enrol(till: &mut Till) {
    let id = "enrolled".parse().unwrap();
    let enrolled = Event::new("//till".parse().unwrap(), id, at(0), TagEnrolled::new(tag(0).uid()));
    till.record(enrolled, at(0)).unwrap();
}

fn url(ctr: u32) -> String {
    tag(0).counted(ReadCounter::new(ctr - 1).unwrap()).tap(&[9; 16]).unwrap()
}

fn visit(id: &str, seconds: i64) -> Event {
    event(id, "visit_started", seconds, &["loyalty:L-1"], "{}")
}

/// Whether a tap counted; anything but a replay is a fault.
fn counts(till: &mut Till, ctr: u32, seconds: i64) -> bool {
    match till.taps().verify(TapRequest::url(&url(ctr)), at(seconds)) {
        Ok(outcome) => {
            assert!(!outcome.repeated);
            true
        }
        Err(Error::Tap(TapRefused::NotCounted { reason: TapRefusalReason::Replayed, .. })) => false,
        Err(other) => panic!("{other}"),
    }
}

/// The chain holds, the state is what the log gives; gives the sources' ids and how often each stands there.
fn judge(till: &mut Till) -> BTreeMap<String, u32> {
    let entries = till.log().entries(0, usize::MAX).unwrap();
    assert_eq!(till.log().check().unwrap(), entries.len() as u64);
    let rebuilt = till.log().rebuild(false, |_| {}).unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);
    let mut ids = BTreeMap::new();
    for (_, entry) in entries {
        let event = Event::from_json(&entry.payload.unwrap().content, &CodecOptions::default()).unwrap();
        *ids.entry(event.id.to_string()).or_default() += 1;
    }
    ids
}

#[test]
fn two_engines_on_one_file_write_one_chain() {
    let folder = tempfile::tempdir().unwrap();
    let (mut one, mut two) = (open(folder.path(), 1), open(folder.path(), 2));
    enrol(&mut one);
    for n in 0..6 {
        assert!(one.record(visit(&format!("one-{n}"), n), at(n)).unwrap().is_new());
        assert!(two.record(visit(&format!("two-{n}"), n), at(n)).unwrap().is_new());
        assert!(!one.record(visit(&format!("two-{n}"), n), at(n)).unwrap().is_new());
    }
    assert!(counts(&mut two, 1, 10));
    assert!(!counts(&mut one, 1, 10));
    assert!(counts(&mut one, 2, 11));
    assert!(!counts(&mut two, 2, 11));
    let origins: BTreeSet<u64> =
        one.log().entries(0, 99).unwrap().iter().map(|(_, entry)| entry.origin.seq).collect();
    assert_eq!(origins.len() as u64, one.log().len().unwrap());
    assert_eq!(origins.last().copied(), Some(origins.len() as u64), "one device, one epoch, no gap");
    let ids = judge(&mut two);
    assert!(ids.values().all(|&times| times == 1));
}

#[test]
fn a_busy_file_is_told_and_may_be_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options::new().busy_timeout(Duration::from_millis(20));
    let path = folder.path().join("shop.db");
    let mut till = over(Sqlite::open_with(&path, &options).unwrap(), 1).unwrap();
    let mut other = Sqlite::open(&path).unwrap();
    let writer = other.writer().unwrap();
    let busy = till.record(visit("e-1", 1), at(1)).unwrap_err();
    assert!(matches!(&busy, Error::Storage(fault) if fault.kind == StorageFault::Busy), "{busy}");
    assert!(matches!(over(Sqlite::open_with(&path, &options).unwrap(), 3), Err(Error::Storage(fault))
        if fault.kind == StorageFault::Busy));
    drop(writer);
    assert!(till.record(visit("e-1", 1), at(1)).unwrap().is_new());
}

/// Processes that make a file at once, write the same events and tap the same links: one of them counts.
#[test]
fn processes_that_write_at_once_lose_nothing_and_double_nothing() {
    const TEST: &str = "processes_that_write_at_once_lose_nothing_and_double_nothing";
    let shared = effort(40, 8) as i64;
    if let Some((role, folder)) = child::role() {
        child::await_word(&folder, "go");
        // Each draws a tenant's secret of its own, and the file keeps the first one's.
        let config = Config::default().with_brand("Maison Ada");
        let seed = if role == "one" { 11 } else { 12 };
        let store = Sqlite::open(folder.join("shop.db")).unwrap();
        let mut till = Engine::open(store, config, keys(), entropy(seed)).unwrap();
        child::say(&folder, &format!("open-{role}"));
        ["open-one", "open-two"].iter().for_each(|word| child::await_word(&folder, word));
        enrol(&mut till);
        let mut counted = 0;
        for n in 1..=shared {
            till.record(visit(&format!("{role}-{n}"), n), at(n)).unwrap();
            till.record(visit(&format!("shared-{n}"), n), at(n)).unwrap();
            counted += u32::from(counts(&mut till, n as u32, n));
            // SQLite's lock is not fair: who has it would write to the end.
            std::thread::sleep(Duration::from_millis(2));
        }
        std::fs::write(folder.join(format!("counted-{role}")), counted.to_string()).unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let children = ["one", "two"].map(|role| child::start(TEST, role, folder.path()));
    child::say(folder.path(), "go");
    children.into_iter().for_each(child::Other::join);
    let counted: Vec<i64> = ["one", "two"]
        .map(|role| std::fs::read_to_string(folder.path().join(format!("counted-{role}"))).unwrap())
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
    println!("taps that counted: {counted:?}");
    let mut till =
        Engine::open(Sqlite::open(folder.path().join("shop.db")).unwrap(), config(), keys(), entropy(3))
            .unwrap();
    let ids = judge(&mut till);
    for n in 1..=shared {
        for id in [format!("one-{n}"), format!("two-{n}"), format!("shared-{n}")] {
            assert_eq!(ids.get(&id), Some(&1), "{id}");
        }
    }
    let taps = ids.keys().filter(|id| id.starts_with("tap:")).count() as i64;
    assert_eq!(counted.iter().sum::<i64>(), taps, "each tap in the log was answered to one of them");
    assert!(!counts(&mut till, shared as u32, 9_999));
}

/// SIGKILL, many times, at random.
#[test]
fn a_killed_till_loses_nothing_and_accepts_no_tap_again() {
    const TEST: &str = "a_killed_till_loses_nothing_and_accepts_no_tap_again";
    const TAP: u64 = 1 << 32;
    if let Some(writer) = killloop::writer() {
        // Each life has randomness of its own, as a till has.
        let mut till = open(writer.dir(), 5_000 + u64::from(std::process::id()));
        enrol(&mut till);
        loop {
            let ctr = till.store().reader().unwrap().mark(&tag(0).uid(), KeyEpoch::FIRST).unwrap();
            let ctr = ctr.map_or(0, |mark| mark.highest.get()) + 1;
            assert!(counts(&mut till, ctr, i64::from(ctr)));
            writer.acknowledge(TAP | u64::from(ctr));
            let n = till.log().len().unwrap();
            assert!(till.record(visit(&format!("e-{n}"), n as i64), at(n as i64)).unwrap().is_new());
            writer.acknowledge(n);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let rounds = effort(30, 4);
    let mut total = 0;
    let delay = Duration::from_millis(400);
    KillLoop::of(TEST).rounds(rounds).delay_max(delay).seed(9).run(folder.path(), |round| {
        let mut till = open(folder.path(), 1_000 + round.number);
        let mark = till.store().reader().unwrap().mark(&tag(0).uid(), KeyEpoch::FIRST).unwrap();
        let mark = mark.map_or(0, |mark| mark.highest.get());
        let (taps, events): (Vec<u64>, Vec<u64>) = round.acked.iter().partition(|token| **token >= TAP);
        for ctr in taps.iter().map(|token| (token & (TAP - 1)) as u32) {
            assert!(ctr <= mark, "tap {ctr} is above the mark {mark}: {round:?}");
        }
        // The newest few of each round; those before were tried when they were.
        for ctr in taps.iter().rev().take(3).map(|token| (token & (TAP - 1)) as u32) {
            assert!(!counts(&mut till, ctr, 100_000), "tap {ctr} counts again: {round:?}");
        }
        if round.number % 5 == 0 || round.number == rounds {
            let ids = judge(&mut till);
            for n in &events {
                assert_eq!(ids.get(&format!("e-{n}")), Some(&1), "{round:?}");
            }
            for ctr in &taps {
                assert_eq!(ids.get(&format!("tap:{}:0:{}", tag(0).uid(), ctr & (TAP - 1))), Some(&1));
            }
        }
        total = round.acked.len();
    });
    println!("{total} acknowledgements in {rounds} lives");
    assert!(total > 0, "no till lived long enough to write");
}
