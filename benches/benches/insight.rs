//! Journeys, credits and customers out of a log, beside reading the log bare.
//!
//! `cargo bench --manifest-path benches/Cargo.toml --bench insight [-- CUSTOMERS [EVENTS]]`. A store on SQLite is made of
//! customers who consent at the till and of sessions on the web (see `web_event`), and asked with everything in its cache.

use std::path::Path;

use phygital_benches::disk::{folder, peak_mb, remove};
use phygital_benches::shop::{Result, at, entropy, opted_in, record, web_events};
use phygital_benches::{Candidate, medians_by, thread_time};
use phygital_core::attribution::{Channels, Rule};
use phygital_core::consent::{Basis, Policy};
use phygital_core::engine::{Config, Engine};
use phygital_core::journey::Settings;
use phygital_core::log;
use phygital_core::store::{Read, Store};
use phygital_core::tap::Keys;
use phygital_core::vocab::Purpose;
use phygital_core::vocab::limits::BATCH_EVENTS_MAX;
use phygital_store::{Durability, Options, Sqlite};

/// How many entries are read at once, as insight does.
const PAGE: usize = 256;

fn main() -> Result<()> {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<u64>().ok());
    let (customers, events) = (numbers.next().unwrap_or(2_000), numbers.next().unwrap_or(50_000));
    let path = folder()?.join("insight.db");
    remove(&path);
    let engine = shop(&path, customers, events)?;
    let entries = engine.store().reader()?.len()?;
    let (settings, now) = (Settings::default(), at(1_000 + events * 20));
    let journeys = engine.insight().journeys(&settings, now)?;
    let touches = journeys.journeys.iter().map(|journey| journey.touches.len()).sum::<usize>();
    println!(
        "{customers} customers, {entries} entries in the log: {} orders with {touches} touches, {} open journeys; {:.0} MB at the peak",
        journeys.journeys.len(),
        journeys.open.len(),
        peak_mb().unwrap_or_default()
    );
    let mut candidates = [
        Candidate::new("entries, read bare", || pages(&engine, false).expect("a store that is read")),
        Candidate::new("entries, read and opened as events", || {
            pages(&engine, true).expect("a store that is read")
        }),
        Candidate::new("journeys", || {
            engine.insight().journeys(&settings, now).expect("a store that is read")
        }),
        Candidate::new("credits of the journeys, linear", || {
            journeys.credits("linear", Rule::Linear, &Channels::new()).expect("a rule without channels")
        }),
        Candidate::new("customers", || engine.insight().customers(now).expect("a store that is read")),
    ];
    let times = medians_by(&mut candidates, 5, &thread_time);
    println!("{:40}{:>14}{:>10}{:>10}", "", "us an entry", "x bare", "x opened");
    for (candidate, time) in candidates.iter().zip(&times) {
        let each = time / 1e3 / entries as f64;
        println!("{:40}{each:>14.2}{:>10.2}{:>10.2}", candidate.name, time / times[0], time / times[1]);
    }
    drop(candidates);
    remove(&path);
    Ok(())
}

fn shop(path: &Path, customers: u64, events: u64) -> Result<Engine<Sqlite>> {
    let policy = Policy::default().with(Purpose::Measurement, Basis::LegitimateInterest);
    let options = Options::new().durability(Durability::Normal).cache_bytes(512 << 20);
    let config = Config::default().with_tenant([7; 32]).with_policy(policy);
    let mut engine = Engine::open(Sqlite::open_with(path, &options)?, config, Keys::none(), entropy(1))?;
    let batch = BATCH_EVENTS_MAX as u64;
    for from in (0..customers).step_by(BATCH_EVENTS_MAX) {
        let joined = (from..customers.min(from + batch)).map(opted_in).collect::<Result<Vec<_>>>()?;
        record(&mut engine, joined, at(0))?;
    }
    for from in (0..events).step_by(BATCH_EVENTS_MAX) {
        let seen = web_events(from..events.min(from + batch), customers)?;
        record(&mut engine, seen, at(1_000 + events * 20))?;
    }
    Ok(engine)
}

/// Every entry in its order: its bytes, or the event in it. How many there are.
fn pages(engine: &Engine<Sqlite>, open: bool) -> Result<usize> {
    let reader = engine.store().reader()?;
    let (mut behind, mut count) = (0, 0);
    loop {
        let page = reader.entries(behind, PAGE)?;
        let Some((last, _)) = page.last() else { return Ok(count) };
        behind = *last;
        for (_, entry) in &page {
            count += usize::from(!open || log::open(entry)?.is_some());
        }
    }
}
