//! Who is who in memory: events a second, and bytes an identifier, from ten thousand identifiers to ten million.
//!
//! `cargo bench --manifest-path benches/Cargo.toml --bench resolver [-- MOST]`, where MOST is the greatest number of
//! identifiers (1,000,000; 10,000,000 takes 4 GB). The events are deterministic evidence: a person has a loyalty number, a
//! phone, an email address, a card and browsers that come and go; an event names one to three of them, seldom something
//! shared; nobody gives a name. A first half of the events makes the people known, and the second is measured too by
//! itself: what an event costs when so many identifiers are there. All times are CPU time of this process.
//!
//! The limit is the bare look-up of the same identifiers in the same order in a table of the same keys, in the standard
//! library's `HashMap` with a hash that is nothing but the key.
//!
//! Then what an event costs in a long chain of identifiers that refuse each other; where it moves all profiles of a chain;
//! in one profile of a thousand edges, gathered and cut again; where an identifier loses its first sighting; and what it
//! costs to record one durably, beside a commit of bare SQLite (in the folder that `PHYGITAL_BENCH_DATA` names, else in
//! `target/bench-data`).

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::hint::black_box;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use phygital_benches::{disk, shop};
use phygital_core::event::{CodecOptions, Event};
use phygital_core::identity::resolver::Resolver;
use phygital_core::identity::{Details, Named, Rules, Sighting, Subject};
use phygital_core::vocab::{IdentifierKey, IdentifierKind, RecordKey, Timestamp};
use phygital_store::{Durability, Options, Sqlite};
use rustix::time::{ClockId, clock_gettime};

/// The aims.
const EVENTS_A_SECOND_MIN: f64 = 500_000.0;
const BYTES_MAX: f64 = 100.0;
const COMPONENT_MICROS_MAX: f64 = 50.0;

/// So many events are made at a time, outside of what is measured.
const CHUNK: u64 = 10_000;

/// The first eight bytes of a key: keys are keyed digests.
#[derive(Default)]
struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }
    fn write_usize(&mut self, _: usize) {}
}

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
    fn below(&mut self, most: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(most)) >> 64) as u64
    }
}

fn bytes(tag: u64, n: u64) -> [u8; 16] {
    let mut chance = Chance(tag << 56 ^ n);
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&chance.next().to_le_bytes());
    bytes[8..].copy_from_slice(&chance.next().to_le_bytes());
    bytes
}

/// An identifier in clear: a contact comes with the hashes under which others may know it.
fn named(kind: IdentifierKind, n: u64) -> Named {
    let hashes = match kind {
        IdentifierKind::Phone => 2,
        IdentifierKind::Email => 1,
        _ => 0,
    };
    Named {
        kind,
        key: IdentifierKey::from_bytes(bytes(kind as u64, n)),
        junk: false,
        forms: (0..hashes).map(|hash| IdentifierKey::from_bytes(bytes(50 + hash, n))).collect(),
        spelling: None,
    }
}

/// Events of so many people, in the order of time.
struct Stream {
    chance: Chance,
    people: u64,
    n: u64,
}

impl Stream {
    fn next(&mut self) -> Sighting {
        let Stream { chance, people, n } = self;
        *n += 1;
        let who = chance.below(*people);
        let browser = who * 4 + chance.below(4);
        use IdentifierKind::{Card, Cookie, Device, Email, Loyalty, Phone};
        let mut named: Vec<(IdentifierKind, u64)> = match chance.below(10) {
            0..4 => vec![(Cookie, browser)],
            4 | 5 => vec![(Email, who), (Cookie, browser)],
            6 => vec![(Loyalty, who), (Phone, who)],
            7 => vec![(Loyalty, who), (Card, who)],
            8 => vec![(Phone, who), (Email, who), (Cookie, browser)],
            _ => vec![(Loyalty, who), (Cookie, browser)],
        };
        // A shop's tablet.
        if chance.below(200) == 0 {
            named.push((Device, chance.below(20)));
        }
        named.sort_unstable();
        let named = named.into_iter().map(|(kind, n)| self::named(kind, n));
        Sighting {
            record: RecordKey::from_bytes(bytes(100, *n)),
            time: Timestamp::from_millis(1_700_000_000_000 + *n as i64 * 1_000)
                .expect("a time of this century"),
            linking: true,
            named: named.collect(),
            details: Details::default(),
        }
    }
}

/// CPU seconds of this process.
fn cpu() -> f64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

/// CPU seconds of all events, and of the second half.
#[derive(Default)]
struct Spent {
    all: f64,
    late: f64,
}

impl Spent {
    fn time<T>(&mut self, late: bool, work: impl FnOnce() -> T) -> T {
        let began = cpu();
        let given = work();
        let took = cpu() - began;
        self.all += took;
        if late {
            self.late += took;
        }
        given
    }
}

/// What one size costs.
struct Row {
    identifiers: usize,
    events: u64,
    /// Seconds: events in batches, one by one with a question after each, look-ups.
    batch: Spent,
    eager: Spent,
    look: Spent,
    index: usize,
    contacts: usize,
    records: usize,
}

/// Runs so many people through the resolver.
fn run(people: u64) -> Row {
    let events = people * 6;
    let chunk = CHUNK.min(events / 10);
    let mut known: HashMap<IdentifierKey, u32, BuildHasherDefault<FirstBytes>> = HashMap::default();
    let (mut batch, mut eager, mut look) = (Spent::default(), Spent::default(), Spent::default());
    let mut memory = None;
    for one_by_one in [false, true] {
        let mut stream = Stream { chance: Chance(1), people, n: 0 };
        let mut resolver = Resolver::new(Rules::default(), None);
        let mut done = 0;
        while done < events {
            let some: Vec<Sighting> = (0..chunk.min(events - done)).map(|_| stream.next()).collect();
            let late = done * 2 >= events;
            if one_by_one {
                eager.time(late, || {
                    for event in &some {
                        black_box(resolver.replace(&[], std::slice::from_ref(event), &[], &[]));
                        black_box(resolver.profile_of(&event.record));
                    }
                });
            } else {
                batch.time(late, || black_box(resolver.replace(&[], &some, &[], &[])));
                look.time(late, || {
                    for named in some.iter().flat_map(|event| &event.named) {
                        let next = known.len() as u32;
                        black_box(*known.entry(named.key).or_insert(next));
                    }
                });
            }
            done += some.len() as u64;
        }
        memory = Some(resolver.memory());
    }
    let memory = memory.expect("two runs");
    let (index, contacts, records) = (memory.index, memory.contacts, memory.records);
    Row { identifiers: known.len(), events, batch, eager, look, index, contacts, records }
}

/// The least of so many times, in microseconds of CPU time: of one of `each` calls.
fn least(times: usize, each: u32, mut work: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..times {
        let began = cpu();
        (0..each).for_each(|_| work());
        best = best.min((cpu() - began) / f64::from(each));
    }
    best * 1e6
}

/// A sighting of identifiers without details, `n` being when and what it is.
fn sighting(n: u64, named: Vec<Named>) -> Sighting {
    Sighting {
        record: RecordKey::from_bytes(bytes(101, n)),
        time: Timestamp::from_millis(n as i64).expect("a time"),
        linking: true,
        named,
        details: Details::default(),
    }
}

/// One component of so many edges: addresses in a chain, each two used in one browser, which may not join them without
/// names. Microseconds to take an event out of the middle and in again, which changes two profiles.
fn chain(edges: u64) -> f64 {
    use IdentifierKind::{Cookie, Email};
    let all: Vec<Sighting> =
        (0..edges).map(|n| sighting(n, vec![named(Email, n.div_ceil(2)), named(Cookie, n / 2)])).collect();
    let mut resolver = Resolver::new(Rules::default().with_limit(Cookie, Email, 2), None);
    resolver.replace(&[], &all, &[], &[]);
    let at = all.len() / 2;
    let middle = std::slice::from_ref(&all[at]);
    let (whole, _) = resolver.around(&Subject::Record(all[at].record)).expect("a component");
    assert_eq!(whole.edges.len(), all.len(), "one component");
    least(50, 10, || _ = black_box(resolver.replace(middle, middle, &[], &[])))
}

/// The same where every profile is as full as it may be, of two addresses, and each event at the end moves the border of
/// all: microseconds of one that comes or goes.
fn shift(edges: u64) -> f64 {
    use IdentifierKind::Email;
    let rules = Rules::default().with_per_profile(Email, 2).with_limit(Email, Email, 2);
    // Links are taken from the end, where the least keys are.
    let link = |n: u64| sighting(n, vec![email(n + 1), email(n)]);
    let all: Vec<Sighting> = (0..edges).map(link).collect();
    let mut resolver = Resolver::new(rules, None);
    resolver.replace(&[], &all, &[], &[]);
    let last = [link(edges)];
    least(20, 1, || {
        black_box(resolver.replace(&[], &last, &[], &[]));
        black_box(resolver.replace(&last, &[], &[], &[]));
    }) / 2.0
}

/// Addresses whose keys are in the order of their numbers, and so are the links of a chain of them.
fn email(n: u64) -> Named {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&(u64::MAX - (n << 32)).to_be_bytes());
    let key = IdentifierKey::from_bytes(key);
    Named { kind: IdentifierKind::Email, key, junk: false, forms: vec![key], spelling: None }
}

/// One profile of so many browsers, each two named together: microseconds to gather and cut all of it, and its edges.
fn profile(browsers: u64) -> (u64, f64) {
    use IdentifierKind::Cookie;
    let pairs = (0..browsers).flat_map(|one| (0..one).map(move |two| (one, two)));
    let each = pairs.map(|(one, two)| {
        let mut both = vec![named(Cookie, one), named(Cookie, two)];
        both.sort_unstable();
        sighting(one << 16 | two, both)
    });
    let all: Vec<Sighting> = each.collect();
    let mut resolver = Resolver::new(Rules::default(), None);
    resolver.replace(&[], &all, &[], &[]);
    let middle = std::slice::from_ref(&all[all.len() / 2]);
    (all.len() as u64, least(100, 10, || _ = black_box(resolver.replace(middle, middle, &[], &[]))))
}

/// One loyalty number with so many sightings: microseconds to take out the first, one after the other, and how long the
/// first of these took.
fn firsts(sightings: u64) -> (f64, f64) {
    use IdentifierKind::Loyalty;
    let all: Vec<Sighting> = (0..sightings).map(|n| sighting(n, vec![named(Loyalty, 1)])).collect();
    let mut resolver = Resolver::new(Rules::default(), None);
    resolver.replace(&[], &all, &[], &[]);
    let mut out = |some: &[Sighting]| {
        let began = cpu();
        some.iter().for_each(|one| _ = black_box(resolver.replace(std::slice::from_ref(one), &[], &[], &[])));
        (cpu() - began) * 1e6
    };
    let first = out(&all[..1]);
    let rest = &all[1..all.len() / 2];
    (first, out(rest) / rest.len() as f64)
}

/// An event that ties a customer's new browser to her, recorded durably, beside one commit of a row in bare SQLite: medians
/// in microseconds, of the commit, of the event, and of the same event without a sync.
fn durable(customers: u64) -> shop::Result<[f64; 3]> {
    let folder = disk::folder()?;
    println!("{}, {}", folder.display(), disk::file_system(&folder));
    let paths = ["bare", "full", "normal"].map(|name| folder.join(format!("resolver-{name}.db")));
    let bare = disk::BareSqlite::new(&paths[0])?;
    let engine = |path: &Path, durability| -> shop::Result<_> {
        disk::remove(path);
        let mut engine = shop::engine(Sqlite::open_with(path, &Options::new().durability(durability))?, 1)?;
        shop::fill(&mut engine, customers)?;
        Ok(engine)
    };
    let (mut full, mut normal) =
        (engine(&paths[1], Durability::Full)?, engine(&paths[2], Durability::Normal)?);
    let identified = |n: u64| {
        let text = format!(
            r#"{{"specversion":"1.0","id":"i-{n}","source":"//shop.example/web","type":"com.phygital.user_identified",
            "time":"{}","data":{{"identifiers":{{"cookie":"new{n}","phone":"{}"}},"context":{{}},"properties":{{}}}}}}"#,
            shop::at(1_000 + n),
            shop::phone(shop::mixed(n) % customers)
        );
        Event::from_json(&text, &CodecOptions::default())
    };
    let mut times = [const { Vec::new() }; 3];
    for n in 0..3_000 {
        let (one, two) = (identified(n)?, identified(n)?);
        let now = shop::at(1_000 + n);
        let mut time = |of: usize, work: &mut dyn FnMut() -> shop::Result<()>| -> shop::Result<()> {
            let began = Instant::now();
            work()?;
            // The first of them make the write-ahead logs.
            if n >= 1_000 {
                times[of].push(began.elapsed().as_secs_f64() * 1e6);
            }
            Ok(())
        };
        time(0, &mut || Ok(bare.commit()?))?;
        time(1, &mut || full.record(one.clone(), now).map(drop).map_err(Into::into))?;
        time(2, &mut || normal.record(two.clone(), now).map(drop).map_err(Into::into))?;
    }
    drop((bare, full, normal));
    paths.iter().for_each(|path| disk::remove(path));
    Ok(times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    }))
}

fn main() -> ExitCode {
    let most = std::env::args().filter_map(|text| text.parse().ok()).next().unwrap_or(1_000_000_u64);
    println!(
        "{:>11} {:>11} {:>11} {:>11} {:>11} {:>11} {:>10} {:>11} {:>9} {:>9} {:>9}",
        "identifiers",
        "events",
        "batch, ev/s",
        "eager, ev/s",
        "late, ns",
        "eager, ns",
        "looks, ns",
        "late/looks",
        "index, B",
        "hashes, B",
        "event, B"
    );
    let mut met = true;
    let mut first: Option<(f64, f64)> = None;
    for target in [10_000, 100_000, 1_000_000, 10_000_000].into_iter().filter(|target| *target <= most) {
        // Of eight identifiers a person, all but a few are met by then.
        let row = run(target * 10 / 59);
        let each = |bytes: usize| bytes as f64 / row.identifiers as f64;
        let second = |seconds: f64| row.events as f64 / seconds;
        let late = |spent: &Spent| spent.late * 2e9 / row.events as f64;
        let (batch, eager, look) = (late(&row.batch), late(&row.eager), late(&row.look));
        println!(
            "{:>11} {:>11} {:>11.0} {:>11.0} {:>11.0} {:>11.0} {:>10.0} {:>11.1} {:>9.1} {:>9.1} {:>9.1}",
            row.identifiers,
            row.events,
            second(row.batch.all),
            second(row.eager.all),
            batch,
            eager,
            look,
            batch / look,
            each(row.index),
            each(row.contacts),
            row.records as f64 / row.events as f64
        );
        met &= second(row.eager.all) >= EVENTS_A_SECOND_MIN && each(row.index) <= BYTES_MAX;
        let (flat, flat_look) = *first.get_or_insert((eager, look));
        println!(
            "{:>11} an event costs {:.2} times the first row's, a look-up {:.2} times",
            "",
            eager / flat,
            look / flat_look
        );
    }
    for edges in [100, 1_000, 10_000, 100_000] {
        let micros = chain(edges);
        println!("in a chain of {edges} edges an event goes and comes: {micros:.1} us");
        met &= micros <= COMPONENT_MICROS_MAX;
    }
    for edges in [100, 1_000, 10_000] {
        println!("where all {edges} edges of a chain are taken otherwise: {:.1} us", shift(edges));
    }
    let (edges, micros) = profile(46);
    println!("a profile of {edges} edges gathered and cut again: {micros:.1} us");
    met &= micros <= COMPONENT_MICROS_MAX;
    for sightings in [100, 1_000, 10_000, 100_000] {
        let (first, each) = firsts(sightings);
        println!("the first of {sightings} sightings goes: {first:.1} us, each after it {each:.1} us");
    }
    match durable(2_000) {
        Ok([bare, full, normal]) => println!(
            "a browser tied to a customer: one row committed in bare SQLite {bare:.0} us, the event {full:.0} us ({:.2} times), without a sync {normal:.0} us",
            full / bare
        ),
        Err(error) => println!("durable events were not measured: {error}"),
    }
    println!(
        "aims: {EVENTS_A_SECOND_MIN} events a second, {BYTES_MAX} bytes an identifier, {COMPONENT_MICROS_MAX} us: {}",
        if met { "met" } else { "missed" }
    );
    if met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
