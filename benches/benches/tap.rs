//! One durable tap, URL in to card out, beside what the disk and SQLite cost in the same folder and run; and the
//! same without the disk.
//!
//! `cargo bench --manifest-path benches/Cargo.toml --bench tap [-- CUSTOMERS [ROUNDS]]`
//!
//! The tap is that of a known customer who consented with her phone; her cookie comes with the request. Durable
//! things take turns, so that a slow moment of the disk hits all of them; the others run one by one, since waiting
//! for a disk, or for another till, leaves cold caches behind. Figures are medians over batches of the median within a batch.

use std::path::{Path, PathBuf};
use std::time::Instant;

use phygital_benches::disk::{BareSqlite, BareTap, Preallocated, file_system, folder, remove};
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

/// Something to time; gives the microseconds of once.
struct Thing {
    name: &'static str,
    once: Box<dyn FnMut() -> Result<f64>>,
    /// Whether an aim is set for it.
    aimed: bool,
}

impl Thing {
    fn new(name: &'static str, once: impl FnMut() -> Result<f64> + 'static) -> Thing {
        Thing { name, once: Box::new(once), aimed: false }
    }

    fn aimed(self) -> Thing {
        Thing { aimed: true, ..self }
    }
}

fn main() -> Result<()> {
    let mut numbers = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let customers: u64 = numbers.next().map_or(Ok(2_000), |text| text.parse())?;
    let rounds: usize = numbers.next().map_or(Ok(300), |text| text.parse())?;

    let folder = folder()?;
    println!("{}, {}", folder.display(), file_system(&folder));
    let mut files = Vec::new();
    let mut file = |name: &str| -> PathBuf {
        files.push(folder.join(name));
        remove(&files[files.len() - 1]);
        files[files.len() - 1].clone()
    };
    let full = Options::new();
    let normal = Options::new().durability(Durability::Normal);
    let hot_file = file("tap-hot.db");
    let mut disk = Preallocated::new(&file("bare"))?;
    let sqlite = BareSqlite::new(&file("bare.db"))?;
    let mut durable = [
        Thing::new("4 KiB pwrite + fdatasync, preallocated", move || micros(|| Ok(disk.write()?))),
        Thing::new("one-row commit of bare SQLite, FULL", move || micros(|| Ok(sqlite.commit()?))),
        bare("the rows of a tap in bare SQLite, FULL", &file("bare-full.db"), "FULL", customers)?,
        tap("tap with card, SQLite FULL", over(&file("tap-full.db"), &full)?, customers, true)?.aimed(),
        tap(
            "  the file for itself",
            over(&file("tap-alone.db"), &full.clone().exclusive())?,
            customers,
            true,
        )?
        .aimed(),
        tap("  the tap, then the card", over(&file("tap-then.db"), &full)?, customers, false)?,
    ];
    let mut batches: Vec<Vec<Vec<f64>>> = Vec::new();
    for batch in 0..=BATCHES {
        let mut times = vec![Vec::new(); durable.len()];
        for _ in 0..if batch == 0 { WARM_UP } else { rounds } {
            for (thing, times) in durable.iter_mut().zip(&mut times) {
                times.push((thing.once)()?);
            }
        }
        if batch > 0 {
            batches.push(times);
        }
    }
    let durable = durable.map(|thing| (thing.name, thing.aimed));
    let hot: [Box<dyn Fn() -> Result<Thing>>; 6] = [
        Box::new(|| bare("the rows of a tap in bare SQLite, no sync", &hot_file, "NORMAL", customers)),
        Box::new(|| {
            tap("tap with card, SQLite without a sync", over(&hot_file, &normal)?, customers, true)
                .map(Thing::aimed)
        }),
        Box::new(|| {
            let alone = over(&hot_file, &normal.clone().exclusive())?;
            tap("  the file for itself", alone, customers, true).map(Thing::aimed)
        }),
        Box::new(|| tap("  the tap, then the card", over(&hot_file, &normal)?, customers, false)),
        Box::new(|| tap("tap with card, Memory", Memory::new(), customers, true).map(Thing::aimed)),
        Box::new(|| tap("  the tap, then the card", Memory::new(), customers, false)),
    ];
    let mut names = durable.to_vec();
    for thing in hot {
        remove(&hot_file);
        let mut thing = thing()?;
        let mut run = |rounds| (0..rounds).map(|_| (thing.once)()).collect::<Result<Vec<f64>>>();
        run(WARM_UP)?;
        for times in &mut batches {
            times.push(run(rounds)?);
        }
        names.push((thing.name, thing.aimed));
    }
    batches.iter_mut().flatten().for_each(|times| times.sort_by(f64::total_cmp));

    println!(
        "{customers} customers, {BATCHES} batches of {rounds}; microseconds, and times the fdatasync and the bare commit of the batch"
    );
    println!("{:<44}{:>9}{:>9}{:>10}{:>10}", "", "p50", "p99", "fdatasync", "commit");
    let share = |times: &[f64], share: f64| times[((times.len() - 1) as f64 * share) as usize];
    let over =
        |row: usize, of: usize| median(batches.iter().map(|b| share(&b[row], 0.5) / share(&b[of], 0.5)));
    for (row, (name, aimed)) in names.into_iter().enumerate() {
        let p50 = median(batches.iter().map(|b| share(&b[row], 0.5)));
        let p99 = median(batches.iter().map(|b| share(&b[row], 0.99)));
        let (ratios, met) = match row < durable.len() {
            true => (format!("{:>9.2}x{:>9.2}x", over(row, 0), over(row, 1)), over(row, 0) <= RATIO_MAX),
            false => (" ".repeat(20), p50 < MICROS_MAX),
        };
        let aim = match (aimed, met) {
            (false, _) => "",
            (true, true) => "  aim met",
            (true, false) => "  aim not met",
        };
        println!("{name:<44}{p50:>9.1}{p99:>9.1}{ratios}{aim}");
    }
    println!("aims: at most {RATIO_MAX} times the fdatasync; without the disk under {MICROS_MAX} us");
    files.iter().for_each(|path| remove(path));
    Ok(())
}

fn over(path: &Path, options: &Options) -> Result<Sqlite> {
    Ok(Sqlite::open_with(path, options)?)
}

fn bare(name: &'static str, path: &Path, synchronous: &str, customers: u64) -> Result<Thing> {
    let mut bare = BareTap::new(path, synchronous, customers)?;
    Ok(Thing::new(name, move || micros(|| Ok(bare.commit()?))))
}

/// A till where customers tap and their cards are shown, by one call or by two.
fn tap<S: Store + 'static>(name: &'static str, store: S, customers: u64, at_once: bool) -> Result<Thing> {
    let mut till = Till::new(store, customers)?;
    Ok(Thing::new(name, move || till.tap(at_once)))
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

    /// A customer taps a tag and her card is shown. Gives the microseconds.
    fn tap(&mut self, at_once: bool) -> Result<f64> {
        self.count += 1;
        let customer = mixed(self.count) % self.customers;
        let tag = &mut self.tags[(self.count % u64::from(shop::TAGS)) as usize];
        let url = tag.tap(&mixed(self.count).to_le_bytes().repeat(2).try_into().expect("16 bytes"))?;
        let now = at(self.customers * 300 + self.count * 1_000);

        let start = Instant::now();
        let request = TapRequest::url(&url).from_client("session").seen(cookie_of(customer)?);
        let request = if at_once { request.shown_to(Role::Associate) } else { request };
        let outcome = self.engine.taps().verify(request, now)?;
        let Recognition::Known(customer) = outcome.recognition else {
            return Err("a customer who consented was not known".into());
        };
        let card = match outcome.card {
            Some(card) => card,
            None => self.engine.people().card(customer, Role::Associate, now)?,
        };
        let took = start.elapsed();
        if card.content().is_none() {
            return Err("a card that consent permits was empty".into());
        }
        Ok(took.as_nanos() as f64 / 1_000.0)
    }
}
