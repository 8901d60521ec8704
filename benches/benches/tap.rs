//! One durable tap, URL in to card out, beside what the disk and SQLite cost in the same folder and run; and the
//! same without the disk.
//!
//! `cargo bench --manifest-path benches/Cargo.toml --bench tap [-- CUSTOMERS [ROUNDS]]`
//!
//! The tap is that of a known customer who consented with her phone; her cookie comes with the request. Each round
//! does each thing once, so that a slow moment of the disk hits all of them. Figures are medians over batches of
//! the median within a batch.

use std::time::Instant;

use phygital_benches::disk::{BareSqlite, Preallocated, file_system, folder, remove};
use phygital_benches::shop::{self, Result, SESSION_EVENTS, at, cookie_of, mixed};
use phygital_core::engine::{Engine, Recognition, TapRequest};
use phygital_core::profile::Role;
use phygital_core::store::{Memory, Store};
use phygital_core::tap::simulator::SoftTag;
use phygital_store::{Durability, Options, Sqlite};

const BATCHES: usize = 9;
/// At most this many times the bare `fdatasync`, at the median.
const RATIO_MAX: f64 = 1.9;
/// At most this many microseconds without the disk.
const MICROS_MAX: f64 = 50.0;
/// Rounds before the first batch: the write-ahead logs have then been through a cycle, and no longer grow.
const WARM_UP: usize = 3_000;

fn main() -> Result<()> {
    let mut numbers = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let customers: u64 = numbers.next().map_or(Ok(2_000), |text| text.parse())?;
    let rounds: usize = numbers.next().map_or(Ok(300), |text| text.parse())?;

    let folder = folder()?;
    println!("{}, {}", folder.display(), file_system(&folder));
    let (bare, base) = (folder.join("bare"), folder.join("bare.db"));
    let mut disk = Preallocated::new(&bare)?;
    let sqlite = BareSqlite::new(&base)?;
    let (full, normal) = (folder.join("tap-full.db"), folder.join("tap-normal.db"));
    let mut full_till = Till::new(over(&full, Durability::Full)?, customers)?;
    let mut normal_till = Till::new(over(&normal, Durability::Normal)?, customers)?;
    let mut memory_till = Till::new(Memory::new(), customers)?;

    let names = [
        "4 KiB pwrite + fdatasync, preallocated",
        "one-row commit of bare SQLite, FULL",
        "tap and card, SQLite FULL",
        "  the tap alone",
        "  the card alone",
        "tap and card, SQLite without a sync",
        "  the tap alone",
        "  the card alone",
        "tap and card, Memory",
        "  the tap alone",
        "  the card alone",
    ];
    let mut batches: Vec<Vec<Vec<f64>>> = Vec::new();
    for batch in 0..=BATCHES {
        let mut times = vec![Vec::new(); names.len()];
        for _ in 0..if batch == 0 { WARM_UP } else { rounds } {
            times[0].push(micros(|| Ok(disk.write()?))?);
            times[1].push(micros(|| Ok(sqlite.commit()?))?);
            full_till.tap(&mut times[2..5])?;
        }
        // Back to back: waiting for a disk leaves cold caches behind, and here there is none to wait for.
        for _ in 0..if batch == 0 { WARM_UP } else { rounds } {
            normal_till.tap(&mut times[5..8])?;
        }
        for _ in 0..if batch == 0 { WARM_UP } else { rounds } {
            memory_till.tap(&mut times[8..11])?;
        }
        if batch > 0 {
            times.iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
            batches.push(times);
        }
    }

    println!(
        "{customers} customers, {BATCHES} batches of {rounds}; microseconds, and times the fdatasync and the bare commit of the batch"
    );
    println!("{:<40}{:>9}{:>9}{:>10}{:>10}", "", "p50", "p99", "fdatasync", "commit");
    let share = |times: &[f64], share: f64| times[((times.len() - 1) as f64 * share) as usize];
    let over =
        |row: usize, of: usize| median(batches.iter().map(|b| share(&b[row], 0.5) / share(&b[of], 0.5)));
    for (row, name) in names.iter().enumerate() {
        let (p50, p99) = (
            median(batches.iter().map(|b| share(&b[row], 0.5))),
            median(batches.iter().map(|b| share(&b[row], 0.99))),
        );
        let ratios =
            if row < 5 { format!("{:>9.2}x{:>9.2}x", over(row, 0), over(row, 1)) } else { String::new() };
        println!("{name:<40}{p50:>9.1}{p99:>9.1}{ratios}");
    }
    let ratio = over(2, 0);
    println!("aim: at most {RATIO_MAX} times the fdatasync: {ratio:.2}, {}", met(ratio <= RATIO_MAX));
    for row in [5, 8] {
        let time = median(batches.iter().map(|b| share(&b[row], 0.5)));
        println!("aim: {} under {MICROS_MAX} us: {time:.1}, {}", names[row], met(time < MICROS_MAX));
    }
    drop((full_till, normal_till, sqlite));
    [bare, base, full, normal].iter().for_each(|path| remove(path));
    Ok(())
}

fn over(path: &std::path::Path, durability: Durability) -> Result<Sqlite> {
    remove(path);
    Ok(Sqlite::open_with(path, &Options::new().durability(durability))?)
}

fn met(met: bool) -> &'static str {
    if met { "met" } else { "not met" }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn micros<T>(work: impl FnOnce() -> Result<T>) -> Result<f64> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed().as_nanos() as f64 / 1_000.0)
}

/// A shop whose customers come and tap.
struct Till<S: Store> {
    engine: Engine<S>,
    tags: Vec<SoftTag>,
    customers: u64,
    count: u64,
}

impl<S: Store> Till<S> {
    /// Each customer consented, and had one session on the web.
    fn new(store: S, customers: u64) -> Result<Till<S>> {
        let mut engine = shop::engine(store, 2)?;
        shop::fill(&mut engine, customers)?;
        for from in (0..customers * SESSION_EVENTS).step_by(1_000) {
            let events = shop::web_events(from..from + 1_000, customers)?;
            shop::record(&mut engine, events, at(60_000 + from * 20))?;
        }
        Ok(Till { engine, tags: shop::tags()?, customers, count: 0 })
    }

    /// A customer taps a tag and her card is shown. Gives the times of all, of the tap and of the card.
    fn tap(&mut self, times: &mut [Vec<f64>]) -> Result<()> {
        self.count += 1;
        let customer = mixed(self.count) % self.customers;
        let tag = &mut self.tags[(self.count % u64::from(shop::TAGS)) as usize];
        let url = tag.tap(&mixed(self.count).to_le_bytes().repeat(2).try_into().expect("16 bytes"))?;
        let now = at(self.customers * 300 + self.count * 1_000);

        let start = Instant::now();
        let request = TapRequest::url(&url).from_client("session").seen(cookie_of(customer)?);
        let outcome = self.engine.taps().verify(request, now)?;
        let tapped = start.elapsed();
        let Recognition::Known(customer) = outcome.recognition else {
            return Err("a customer who consented was not known".into());
        };
        let card = self.engine.people().card(customer, Role::Associate, now)?;
        let all = start.elapsed();
        if card.content().is_none() {
            return Err("a card that consent permits was empty".into());
        }
        for (times, time) in times.iter_mut().zip([all, tapped, all - tapped]) {
            times.push(time.as_nanos() as f64 / 1_000.0);
        }
        Ok(())
    }
}
