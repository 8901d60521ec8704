//! What a durable tap costs beside what the disk and SQLite themselves cost, in one folder and one run.
//!
//! `cargo bench --manifest-path benches/Cargo.toml --bench commit [-- CUSTOMERS [ROUNDS]]`
//!
//! Each round does each thing once, so that a slow moment of the disk hits all of them. The files lie in the
//! folder that `PHYGITAL_BENCH_DATA` names, else in `target/bench-data`; it has to be on a disk, not in memory.

use std::path::Path;
use std::time::Instant;

use phygital_benches::disk::{BareSqlite, Preallocated, file_system, folder, peak_mb, remove};
use phygital_benches::shop::{Result, mixed};
use phygital_core::event::{Body, Event, FoldKey};
use phygital_core::log::{Head, seal};
use phygital_core::store::{CustomerRow, Link, Mark, Node, Read, Store, Write};
use phygital_core::vocab::{
    CustomerId, DeviceId, Hlc, Identifier, IdentifierKey, IdentifierKind, KeyEpoch, ReadCounter, TagUid,
    Timestamp,
};
use phygital_store::{Durability, Options, Sqlite};

/// One thing to time, told which round it is.
type Work = Box<dyn FnMut(u64) -> Result<()>>;

/// A profile as the fold keeps it for a customer of some months.
const PROFILE_BYTES: usize = 700;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let customers = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    let rounds = arguments.next().map_or(Ok(3_000), |text| text.parse())?;
    let folder = folder()?;
    println!("{}, {}", folder.display(), file_system(&folder));
    let path = |name: &str| folder.join(format!("commit-{name}"));

    let mut disk = Preallocated::new(&path("bare"))?;
    let bare = BareSqlite::new(&path("bare.db"))?;
    let full = Till::new(&path("full.db"), Durability::Full, customers)?;
    let normal = Till::new(&path("normal.db"), Durability::Normal, customers)?;
    let mut things: [(&str, Work); 4] = [
        ("4 KiB pwrite + fdatasync, preallocated", Box::new(move |_| Ok(disk.write()?))),
        ("one-row commit of bare SQLite, FULL", Box::new(move |_| Ok(bare.commit()?))),
        ("tap transaction, FULL", Box::new(full)),
        ("tap transaction, NORMAL", Box::new(normal)),
    ];
    let mut times = vec![Vec::new(); things.len()];
    for round in 0..rounds {
        for ((_, thing), times) in things.iter_mut().zip(&mut times) {
            let start = Instant::now();
            thing(round)?;
            times.push(start.elapsed().as_nanos() as f64 / 1_000.0);
        }
    }
    times.iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
    println!("{customers} customers, {rounds} rounds; microseconds, and times the fdatasync");
    println!("{:<42}{:>9}{:>9}{:>9}{:>9}", "", "p50", "p99", "p50", "p99");
    let at = |times: &[f64], share: f64| times[((times.len() - 1) as f64 * share) as usize];
    let limit = (at(&times[0], 0.5), at(&times[0], 0.99));
    for ((name, _), times) in things.iter().zip(&times) {
        let (median, late) = (at(times, 0.5), at(times, 0.99));
        println!("{name:<42}{median:>9.1}{late:>9.1}{:>8.2}x{:>8.2}x", median / limit.0, late / limit.1);
    }
    // Without the disk, and without the cold caches that waiting for one leaves behind.
    let mut hot: Vec<f64> = (rounds..2 * rounds)
        .map(|round| {
            let start = Instant::now();
            things[3].1(round)?;
            Ok(start.elapsed().as_nanos() as f64 / 1_000.0)
        })
        .collect::<Result<_>>()?;
    hot.sort_by(f64::total_cmp);
    println!("{:<42}{:>9.1}{:>9.1}", "tap transaction, NORMAL, back to back", at(&hot, 0.5), at(&hot, 0.99));
    if let Some(peak) = peak_mb() {
        println!("peak memory of the process, two stores open: {peak:.0} MB");
    }
    drop(things);
    ["bare", "bare.db", "full.db", "normal.db"].map(path).iter().for_each(|path| remove(path));
    Ok(())
}

/// A till with customers, each with a cookie and a tag of her own.
struct Till {
    store: Sqlite,
    head: Head,
    customers: u64,
}

impl Till {
    #[expect(clippy::new_ret_no_self, reason = "the work, as the others")]
    fn new(
        path: &Path,
        durability: Durability,
        customers: u64,
    ) -> Result<impl FnMut(u64) -> Result<()> + use<>> {
        remove(path);
        let store = Sqlite::open_with(path, &Options::new().durability(durability))?;
        let head = Head::start(DeviceId::from_bytes([7; 16]), 1, Hlc::ZERO);
        let mut till = Till { store, head, customers };
        for batch in 0..customers.div_ceil(10_000) {
            let mut writer = till.store.writer()?;
            for n in batch * 10_000..customers.min((batch + 1) * 10_000) {
                let key = key(n);
                let identifier = Identifier::new(IdentifierKind::Cookie, &format!("cookie-{n}"))?;
                let first =
                    FoldKey { at: Timestamp::MIN, key: phygital_core::vocab::EventKey::from_bytes([0; 16]) };
                let customer = CustomerId::from(key);
                writer.put_node(
                    &key,
                    &Node {
                        identifier,
                        first,
                        shared: false,
                        withdrawn: false,
                        customer,
                        details: Vec::new(),
                    },
                )?;
                let other = IdentifierKey::from_bytes([0; 16]);
                writer.put_link(&key, &Link { with: other, kind: IdentifierKind::Email, first })?;
                writer.put_customer(&customer, &CustomerRow { profile: profile(0), last: first })?;
            }
            writer.commit()?;
        }
        till.store.settle()?;
        Ok(move |round| till.tap(round))
    }

    /// The transaction that a tap of a known customer becomes, without the rules around it.
    fn tap(&mut self, round: u64) -> Result<()> {
        let chosen = mixed(round) % self.customers;
        let (key, uid) = (key(chosen), TagUid::new([4, 0, 0, 0, (round % 200) as u8, 0, 1]));
        let now = Timestamp::from_millis(1_764_000_000_000 + round as i64)?;
        let id = format!("tap:{uid}:0:{round}").parse()?;
        let mut event = Event::new("//shop.example/till-1".parse()?, id, now, Body::custom("Bench Tapped")?);
        event.identifiers.push(Identifier::new(IdentifierKind::Cookie, &format!("cookie-{chosen}"))?);

        let mut writer = self.store.writer()?;
        let mark = writer.mark(&uid, KeyEpoch::FIRST)?;
        let node = writer.node(&key)?.ok_or("no such customer")?;
        let before = writer.customer(&node.customer)?.ok_or("no such customer")?;
        assert!(writer.entry(&event.key())?.is_none());
        let (entry, head) = seal(&self.head, &event, [round as u8; 16], now).ok_or("the clock ran out")?;
        writer.append(&entry)?;
        writer.put_event_of(&key, &entry.fold)?;
        let highest = ReadCounter::new(mark.map_or(0, |mark| mark.highest.get()) + 1)?;
        writer.put_mark(
            &uid,
            KeyEpoch::FIRST,
            &Mark { highest, event: entry.key(), at: now, client: None },
        )?;
        let row = CustomerRow { profile: profile(before.profile.len() as u64 + round), last: entry.fold };
        writer.put_customer(&node.customer, &row)?;
        writer.commit()?;
        self.head = head;
        Ok(())
    }
}

fn profile(seed: u64) -> String {
    let mut text = format!("{{\"visits\":{}", seed % 1_000);
    while text.len() < PROFILE_BYTES {
        text.push_str(",\"product\":\"Chelsea boot, black, 38\"");
    }
    text.push('}');
    text
}

/// Keys are HMACs, so they lie anywhere.
fn key(n: u64) -> IdentifierKey {
    let (high, low) = (mixed(n).to_be_bytes(), mixed(n ^ (1 << 63)).to_be_bytes());
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&high);
    bytes[8..].copy_from_slice(&low);
    IdentifierKey::from_bytes(bytes)
}
