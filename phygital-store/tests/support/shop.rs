//! A shop at its smallest, to be cut off at any instant: numbered taps, one transaction each, and the judge
//! of what is left of them.

use std::collections::BTreeMap;

use phygital_core::event::{Body, Event};
use phygital_core::log::{Head, LogEntry, seal};
use phygital_core::store::{Action, CustomerRow, Mark, Node, Read, Store, StoreIdentity, Stored, Write};
use phygital_core::vocab::{
    CustomerId, DeviceId, Digest, EventKey, Hlc, Identifier, IdentifierKey, IdentifierKind, KeyEpoch,
    ReadCounter, TagUid, Timestamp,
};

/// How many customers there are, each with a tag of her own.
const CUSTOMERS: u64 = 3;

/// Who writes here.
pub(crate) fn device() -> DeviceId {
    DeviceId::from_bytes([7; 16])
}

/// Says whose store it is, as an engine does at each opening.
pub(crate) fn identify(store: &mut impl Store) -> Stored<()> {
    let mut writer = store.writer()?;
    let identity = StoreIdentity { device: device(), epoch: 1, incarnation: [1; 16], tenant: [2; 32] };
    writer.put_identity(&identity)?;
    writer.commit()
}

/// Records tap `n` (from 1, in order) and all that follows from it, in one transaction.
pub(crate) fn tap(store: &mut impl Store, n: u64) -> Stored<()> {
    let mut writer = store.writer()?;
    let head = writer.head(device(), 1)?.unwrap_or_else(|| Head::start(device(), 1, Hlc::ZERO));
    let (entry, _) = seal(&head, &event(n), [n as u8; 16], at(n)).expect("the clock runs");
    let (who, highest) = (n % CUSTOMERS, ReadCounter::new(n as u32).expect("24 bits"));
    writer.append(&entry)?;
    let identifier = Identifier::new(IdentifierKind::Cookie, &format!("cookie-{who}")).expect("a cookie");
    let node = Node {
        identifier,
        first: entry.fold,
        shared: false,
        withdrawn: false,
        customer: customer(who),
        details: Vec::new(),
    };
    if writer.node(&key(who))?.is_none() {
        writer.put_node(&key(who), &node)?;
    }
    writer.put_event_of(&key(who), &entry.fold)?;
    writer.put_mark(
        &uid(who),
        KeyEpoch::FIRST,
        &Mark { highest, event: entry.key(), at: at(n), client: None },
    )?;
    // Long enough to need pages of its own, and of another length each time.
    let profile = format!("{{\"last\":{n},\"text\":\"{}\"}}", "x".repeat((n as usize * 997) % 6_000));
    writer.put_customer(&customer(who), &CustomerRow { profile, last: entry.fold })?;
    writer.put_action(&action(n, &entry))?;
    if n > 3 {
        writer.remove_action(&action(n - 3, &entry).id)?;
    }
    writer.commit()
}

/// Judges what a crash left: the log is a chain of taps 1, 2, 3... without a gap, all that was acknowledged is among
/// them, and everything else in the store is what follows from just these. Gives how many there are.
pub(crate) fn judge(store: &impl Store, acked: &[u64]) -> Result<u64, String> {
    let reader = store.reader().map_err(|error| error.to_string())?;
    let found = chain(&reader, device(), 1)?;
    let count = found.len() as u64;
    for (n, entry) in (1..).zip(&found) {
        if entry.key() != event(n).key() || entry.is_same(&event(n)) != Some(true) {
            return Err(format!("entry {n} is another tap's"));
        }
    }
    if let Some(lost) = acked.iter().find(|n| **n > count) {
        return Err(format!("tap {lost} was acknowledged, and {count} are there"));
    }
    let mut expected = phygital_core::store::Memory::new();
    for n in 1..=count {
        tap(&mut expected, n).map_err(|error| error.to_string())?;
    }
    let follows = rows(&(&expected))?;
    let there = rows(&reader)?;
    match follows.iter().zip(&there).find(|(one, other)| one != other) {
        Some((one, other)) => Err(format!("{count} taps: expected {one:.120}, found {other:.120}")),
        None if follows.len() != there.len() => {
            Err(format!("{count} taps: expected {} rows, found {}", follows.len(), there.len()))
        }
        None => Ok(count),
    }
}

/// The whole log of a device and epoch, its chain checked from the first entry to the head.
pub(crate) fn chain(reader: &impl Read, device: DeviceId, epoch: u32) -> Result<Vec<LogEntry>, String> {
    let mut heads = BTreeMap::new();
    let mut found = Vec::new();
    let mut behind = 0;
    loop {
        let page = reader.entries(behind, 100).map_err(|error| error.to_string())?;
        let Some((last, _)) = page.last() else { break };
        behind = *last;
        for (position, entry) in page {
            let of = (entry.origin.device, entry.origin.epoch);
            let head = heads.get(&of).copied().unwrap_or_else(|| Head {
                hlc: Hlc::ZERO,
                link: Digest::from_bytes([0; 32]),
                ..Head::start(of.0, of.1, Hlc::ZERO)
            });
            heads.insert(of, entry.check(&head).map_err(|fault| format!("position {position}: {fault}"))?);
            if of == (device, epoch) {
                found.push(entry);
            }
        }
    }
    let head = reader.head(device, epoch).map_err(|error| error.to_string())?;
    if head != heads.get(&(device, epoch)).copied() {
        return Err(format!("the log's end is told as {head:?}"));
    }
    Ok(found)
}

fn rows(reader: &impl Read) -> Result<Vec<String>, String> {
    let mut rows = Vec::new();
    let shown = reader.each_folded(&mut |table, row| rows.push(format!("{table}: {row}")));
    shown.map_err(|error| error.to_string())?;
    Ok(rows)
}

fn event(n: u64) -> Event {
    let source = "//shop.example/till-1".parse().expect("a source");
    let id = format!("tap-{n}").parse().expect("an id");
    Event::new(source, id, at(n), Body::custom("Door Opened").expect("a name"))
}

fn action(n: u64, entry: &LogEntry) -> Action {
    let id = format!("action-{n}").parse().expect("an id");
    Action::new(id, "send_message", entry.fold)
}

fn at(n: u64) -> Timestamp {
    Timestamp::from_millis(1_764_000_000_000 + n as i64).expect("in range")
}

fn key(n: u64) -> IdentifierKey {
    IdentifierKey::from_bytes([n as u8 + 1; 16])
}

fn customer(n: u64) -> CustomerId {
    key(n).into()
}

fn uid(n: u64) -> TagUid {
    TagUid::new([4, 0, 0, 0, 0, 0, n as u8])
}

/// The key of tap `n`'s event.
pub(crate) fn event_key(n: u64) -> EventKey {
    event(n).key()
}
