//! State may exceed memory: a till with many customers stays within 100 MB. With `PHYGITAL_TEST_CUSTOMERS`
//! set to a number, that many; a million take some minutes.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may")]
#![cfg(target_os = "linux")]

#[path = "../../phygital-core/tests/model/mod.rs"]
mod model;
mod support;

use std::time::Instant;

use model::{at, event, over, tag};
use phygital_core::engine::{Engine, TapRequest};
use phygital_core::event::Event;
use phygital_core::event::kinds::shop::TagEnrolled;
use phygital_core::profile::Role;
use phygital_core::store::{Read, Store};
use phygital_store::{Durability, Options, Sqlite};
use support::effort;

const BYTES_MAX: u64 = 100 << 20;
const BATCH: u64 = 2_000;

/// The most memory that this process ever held.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// A customer who came once and bought something.
fn customer(n: u64) -> [Event; 1] {
    let order = format!(r#"{{"order_id":"o-{n}","revenue":{}.50,"currency":"EUR"}}"#, n % 900);
    let (loyalty, email) = (format!("loyalty:L-{n}"), format!("email:c{n}@shop.example"));
    [event(&format!("o-{n}"), "order_completed", (n % 100_000) as i64, &[&loyalty, &email], &order)]
}

fn fill<S: Store>(till: &mut Engine<S>, customers: u64) {
    for first in (0..customers).step_by(BATCH as usize) {
        let events = (first..customers.min(first + BATCH)).flat_map(customer).collect();
        for answer in till.record_all(events, at(200_000)).unwrap() {
            answer.unwrap();
        }
    }
}

#[test]
fn a_till_with_many_customers_stays_within_its_memory() {
    let customers =
        std::env::var("PHYGITAL_TEST_CUSTOMERS").map_or(effort(4_000, 100), |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let options = Options::new().durability(Durability::Normal);
    let mut till = over(Sqlite::open_with(&path, &options).unwrap(), 1).unwrap();
    let empty = peak_bytes();
    let began = Instant::now();
    fill(&mut till, customers);
    println!(
        "{customers} customers in {:?}, peak {} MB (empty {} MB)",
        began.elapsed(),
        peak_bytes() >> 20,
        empty >> 20
    );

    let mut till = over(till.into_store(), 2).unwrap();
    till.tags().enroll(TagEnrolled::new(tag(0).uid()), None, at(200_000)).unwrap();
    let mut soft = tag(0);
    let began = Instant::now();
    let taps = effort(200, 10);
    for n in 0..taps {
        let loyalty = format!("loyalty:L-{}", n * 7_919 % customers).parse().unwrap();
        let url = soft.tap(&[9; 16]).unwrap();
        till.taps().verify(TapRequest::url(&url).seen(loyalty), at(200_001)).unwrap();
        let loyalty = format!("loyalty:L-{}", n * 7_919 % customers).parse().unwrap();
        let who = till.people().find(&loyalty).unwrap().unwrap();
        till.people().card(who, Role::Associate, at(200_002)).unwrap();
    }
    println!("{taps} taps and cards in {:?}", began.elapsed());
    assert_eq!(till.store().reader().unwrap().customers().unwrap(), customers);
    let bytes = std::fs::metadata(&path).unwrap().len();
    println!("peak {} MB, file {} MB", peak_bytes() >> 20, bytes >> 20);
    // Under valgrind the process holds valgrind's own memory too.
    let most = BYTES_MAX * effort(1, 10);
    assert!(peak_bytes() < most, "{} bytes at the peak", peak_bytes());
}
