//! What calls of the facade cost without a border to cross: what the figures of the other languages stand beside.
//!
//! `cargo run --release -p phygital-ffi --example overhead`; `bindings/kotlin/test overhead` and `bindings/swift/test overhead`
//! run it before their own, which do the same; bindings/c/tests/overhead.c beside "tap judged".

#![allow(clippy::print_stdout, reason = "it is what an example is for")]

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use phygital_core::tap;
use phygital_core::vocab::Timestamp;
use phygital_ffi::{
    ConsentMethod, OptedIn, Options, PathRow, Phygital, Presented, Purpose, Role, SoftTag, TagEnrolled, Time,
    Verifier, attribute_paths, normalize_identifier, simulate_tap, version,
};

const KEY: &str = "5ace7e50ab65d5d51fd5bf5a16b8205b";
const CONTACT: &str = "phone:+12015550123";
const NOON: i64 = 1_795_262_400_000_000;
const ORDER: &str = r#"{"specversion": "1.0", "id": "o-1", "source": "//till/1", "type": "com.phygital.order_completed",
    "time": "2026-11-21T12:00:00Z", "data": {"identifiers": {"phone": "+12015550123"}, "place": "paris-1",
    "properties": {"order_id": "o-1", "revenue": 149.90, "currency": "EUR",
    "products": [{"sku": "BOOT-38", "category": "Shoes", "size": "38"}]}}}"#;

/// How many tags are in the registry, and so in a list of all.
const TAGS: u32 = 1_000;

fn main() -> Result<(), Box<dyn Error>> {
    let keys = format!(r#"{{"file_read_key": "{KEY}", "meta_read_key": "{KEY}"}}"#);
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("till.db").display().to_string();
    let till = Phygital::open(Options { path, clock: Some(Time(NOON)), ..Options::default() })?;
    for number in 0..TAGS {
        let uid = format!("04a1b2c3d4{number:04x}");
        till.enroll(TagEnrolled { uid, place: Some("paris-1".to_owned()), ..TagEnrolled::default() })?;
    }
    till.record(ORDER.to_owned())?;
    till.record_opt_in(OptedIn {
        contact: CONTACT.to_owned(),
        purposes: vec![Purpose::Recognition, Purpose::Personalization],
        method: ConsentMethod::Till,
        id: None,
        at: None,
        notice_id: None,
        evidence: Vec::new(),
        expires_at: None,
    })?;
    let customer = till.find(CONTACT.to_owned())?.ok_or("nobody")?;
    if !till.card(customer.clone(), Role::Associate)?.contains("BOOT-38") {
        return Err("the card is empty".into());
    }
    let verifier = Verifier::from_json(keys)?;
    let url = simulate_tap(SoftTag {
        uid: "04a1b2c3d4e5f6".to_owned(),
        template: "tap.example/t?p={picc}&c={mac}".to_owned(),
        file_read_key: KEY.to_owned(),
        meta_read_key: Some(KEY.to_owned()),
        read_ctr: 40,
    })?;

    told("empty call", 1, 100_000, || Ok(version()))?;
    told("tap verified", 1, 5_000, || {
        let presented = Presented::Url { url: url.clone() };
        Ok(verifier.verify(presented, Some(Time(NOON)))?)
    })?;
    // What C does: it lends the URL, and is given no facts.
    let at = Timestamp::from_micros(NOON)?;
    told("tap judged", 1, 5_000, || Ok(verifier.judge(tap::Presented::Url(&url), at)?))?;
    told("number normalised", 1, 2_000, || {
        Ok(normalize_identifier("phone:06 12 34 56 78".to_owned(), Some("FR".to_owned()))?)
    })?;
    told("card", 1, 500, || Ok(till.card(customer.clone(), Role::Associate)?))?;
    told("tag in a list of 1,000", TAGS, 5, || Ok(till.tags(None, TAGS)?))?;
    let path = ["ad", "email", "shop"].map(str::to_owned).to_vec();
    let rows = vec![PathRow { path, conversions: 1, minor: 100, nulls: 0 }; TAGS as usize];
    told("path of 1,000, one call", TAGS, 20, || Ok(attribute_paths("linear".to_owned(), 2, rows.clone())?))?;
    Ok(())
}

/// Prints the nanoseconds of one, in the best of 15 batches.
fn told<T>(
    name: &str,
    in_a_call: u32,
    calls: u32,
    mut call: impl FnMut() -> Result<T, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let mut best = f64::MAX;
    for _ in 0..15 {
        let began = Instant::now();
        for _ in 0..calls {
            black_box(call()?);
        }
        best = best.min(began.elapsed().as_nanos() as f64 / f64::from(calls * in_a_call));
    }
    println!("{:8} {name:24} {best:10.0} ns", "Rust");
    Ok(())
}
