//! Power cuts, failing disks and kills: what was acknowledged is there, and nothing is half-written.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may")]

mod support;

use std::time::Duration;

use phygital_core::store::{Read, StorageFault, Store, Stored};
use phygital_store::{Durability, Options, Sqlite};
use support::crashfs::{CrashFs, FILE, Fault, Lasting};
use support::killloop::{self, KillLoop};
use support::{effort, shop};

fn open(fs: &CrashFs, durability: Durability) -> Stored<Sqlite> {
    Sqlite::open_with(FILE, &Options::new().vfs(fs.name()).durability(durability))
}

/// Opens a store and records taps, with checkpoints of both kinds in between.
fn taps(fs: &CrashFs, durability: Durability, count: u64, mut acknowledge: impl FnMut(u64)) -> Stored<()> {
    let mut store = open(fs, durability)?;
    shop::identify(&mut store)?;
    for n in 1..=count {
        shop::tap(&mut store, n)?;
        acknowledge(n);
        match n % 6 {
            3 => store.checkpoint()?,
            0 => store.settle()?,
            _ => {}
        }
    }
    store.close()
}

#[derive(Debug, Default)]
struct Verdict {
    images: u64,
    /// Images that judge badly, and the first of them.
    bad: u64,
    first: Option<String>,
}

fn power_cuts(durability: Durability) -> Verdict {
    let fs = CrashFs::new("power");
    fs.record(|_| taps(&fs, durability, effort(12, 3), |n| fs.acknowledge(n))).unwrap();
    let mut verdict = Verdict::default();
    for (image, acked) in fs.images(1, effort(4, 2)) {
        verdict.images += 1;
        let disk = image.mount("judge");
        let judged = open(&disk, Durability::Full).map_err(|error| error.to_string()).and_then(|store| {
            store.integrity_check().map_err(|error| error.to_string())?;
            match shop::judge(&store, &acked)? {
                more if more > acked.len() as u64 + 1 => Err(format!("{more} taps")),
                found => Ok(found),
            }
        });
        if let Err(fault) = judged {
            verdict.bad += 1;
            verdict.first.get_or_insert_with(|| format!("{image}, {} acknowledged: {fault}", acked.len()));
        }
    }
    println!("{durability:?}: {verdict:?}");
    verdict
}

#[test]
fn a_power_cut_at_any_point_loses_nothing_that_was_acknowledged() {
    let verdict = power_cuts(Durability::Full);
    assert!(verdict.images > effort(1_000, 60), "{verdict:?}");
    assert_eq!(verdict.bad, 0, "{verdict:?}");
}

#[test]
fn a_power_cut_under_normal_durability_is_seen_to_lose() {
    let verdict = power_cuts(Durability::Normal);
    let first = verdict.first.as_deref().unwrap_or_default();
    assert!(verdict.bad > 0 && first.contains("was acknowledged"), "{verdict:?}");
}

/// Every write, sync and creation fails once, and once for good; then the machine starts again.
#[test]
fn a_disk_that_fails_anywhere_gives_an_error_and_keeps_what_was_acknowledged() {
    let count = effort(4, 1);
    let healthy = CrashFs::new("healthy");
    healthy.record(|_| taps(&healthy, Durability::Full, count, |_| {})).unwrap();
    let (mut refused, mut ambiguous) = (0, 0);
    for (fault, lasting) in [
        (Fault::Io, Lasting::Once),
        (Fault::Io, Lasting::FromThenOn),
        (Fault::Full, Lasting::Once),
        (Fault::Full, Lasting::FromThenOn),
    ] {
        for nth in (1..=healthy.mutations()).step_by(effort(1, 7) as usize) {
            let what = format!("{fault:?} {lasting:?} {nth}");
            let fs = CrashFs::new("failing");
            let mut acked = Vec::new();
            fs.fail(nth, fault, lasting);
            let result = fs.record(|_| taps(&fs, Durability::Full, count, |n| acked.push(n)));
            let happened = fs.heal();
            match &result {
                Ok(()) => {}
                Err(error) if !happened => panic!("{what}: {error} without a fault"),
                Err(error) => {
                    let expected = match fault {
                        Fault::Full => &[StorageFault::Full][..],
                        // A file that cannot be made is one that cannot be opened.
                        Fault::Io => &[StorageFault::Io, StorageFault::Unopened],
                    };
                    assert!(expected.contains(&error.kind), "{what}: {error}");
                    refused += 1;
                }
            }
            let disk = fs.image().mount("after");
            let mut store = open(&disk, Durability::Full).unwrap_or_else(|error| panic!("{what}: {error}"));
            let found = shop::judge(&store, &acked).unwrap_or_else(|fault| panic!("{what}: {fault}"));
            assert!(found <= acked.len() as u64 + 1, "{what}: {found} taps, {} acknowledged", acked.len());
            ambiguous += u64::from(found > acked.len() as u64);
            // And work goes on.
            shop::tap(&mut store, found + 1).unwrap();
            assert_eq!(shop::judge(&store, &[found + 1]), Ok(found + 1), "{what}");
        }
    }
    println!("{refused} runs refused, {ambiguous} with a tap in place that was not acknowledged");
    assert!(refused > 0);
}

/// The store that met a fault tells the truth without being opened again.
#[test]
fn after_a_fault_the_event_can_be_looked_up_and_nothing_is_written() {
    let full = |nth| {
        let fs = CrashFs::new("lookup");
        let mut store = open(&fs, Durability::Full).unwrap();
        shop::tap(&mut store, 1).unwrap();
        fs.fail(nth, Fault::Full, Lasting::FromThenOn);
        let answer = shop::tap(&mut store, 2);
        let happened = fs.heal();
        assert_eq!(answer.is_err(), happened);
        let there = store.reader().unwrap().entry(&shop::event_key(2)).unwrap().is_some();
        assert_eq!(there, answer.is_ok());
        let commit_failed = answer.is_err_and(|error| error.doing == "committing");
        assert_eq!(
            store.writer().err().map(|error| error.kind),
            commit_failed.then_some(StorageFault::Reopen)
        );
        happened
    };
    assert!((1..200).any(|nth| !full(nth)), "200 writes for one tap");
}

#[test]
fn a_killed_till_loses_no_acknowledged_tap() {
    if let Some(writer) = killloop::writer() {
        let mut store = Sqlite::open(writer.dir().join("shop.db")).unwrap();
        shop::identify(&mut store).unwrap();
        let mut n = store.reader().unwrap().len().unwrap();
        loop {
            n += 1;
            shop::tap(&mut store, n).unwrap();
            writer.acknowledge(n);
            if n.is_multiple_of(16) {
                store.checkpoint().unwrap();
            }
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let mut last = 0;
    let kills = KillLoop::of("a_killed_till_loses_no_acknowledged_tap").rounds(effort(40, 4)).seed(11);
    kills.delay_max(Duration::from_millis(60)).run(dir.path(), |round| {
        let store = Sqlite::open(dir.path().join("shop.db")).unwrap();
        store.integrity_check().unwrap();
        let found = shop::judge(&store, &round.acked).unwrap_or_else(|fault| panic!("{round:?}: {fault}"));
        assert!(found <= round.acked.len() as u64 + round.number, "{round:?}: {found} taps");
        last = found;
    });
    println!("{last} taps");
    assert!(last > 0, "no till lived long enough to write");
}
