//! SQLite against the reference in memory: whatever is written, both read the same.

#![allow(clippy::unwrap_used, reason = "a test may")]

use phygital_core::event::{Body, Event, FoldKey};
use phygital_core::identity::Details;
use phygital_core::log::{Head, Sealed, seal};
use phygital_core::store::{
    Action, Alike, CustomerRow, Link, Mark, Memory, Node, Read, Statement, Store, StoreIdentity, Stored,
    TagRow, Write,
};
use phygital_core::vocab::{
    ActionId, Currency, CustomerId, DescriptionKey, DeviceId, Digest, EventId, EventKey, Identifier,
    IdentifierKey, IdentifierKind, KeyEpoch, ReadCounter, SourceId, TagStatus, TagUid, Timestamp,
};
use phygital_store::{Options, Sqlite};
use proptest::prelude::*;

/// Numbers small enough that rows meet.
type N = u8;
const MANY: N = 4;

#[derive(Debug, Clone)]
enum Op {
    Identity(N),
    Rules { text: N, model: bool },
    Append { event: N, epoch: u32, erased: bool },
    Node { key: N, customer: N, at: N },
    Link { key: N, with: N, at: N },
    Statement { key: N, with: N, same: bool },
    EventOf { key: N, at: N, event: N },
    Customer { id: N, at: N },
    RemoveCustomer(N),
    Snapshot { id: N, at: N },
    RemoveSnapshots { id: N, from: Option<N> },
    Ledger { key: N, text: N },
    Offer { code: N, text: N },
    Tries { key: N, text: N },
    Tag { uid: N, lost: bool },
    Mark { uid: N, epoch: N, highest: u32, client: bool },
    Spenders { bucket: N, customers: N },
    Action { id: N, at: N },
    RemoveAction(N),
    Strike { event: N, empty: bool },
    Erased(N),
    RemoveNode(N),
    RemoveLink { key: N, with: N },
    RemoveStatement { key: N, with: N },
    RemoveEventOf { key: N, at: N, event: N },
    RemoveLedger(N),
    RemoveTries(N),
    Description { key: N, text: N },
    RemoveDescription(N),
    Described { key: N, identifier: N, on: bool },
    Block { block: N, key: N, on: bool },
    Alike { key: N, with: N, weight: N, on: bool },
    Clear,
}

#[derive(Debug, Clone)]
struct Transaction {
    ops: Vec<Op>,
    commits: bool,
    reopens: bool,
}

fn op() -> impl Strategy<Value = Op> {
    let n = || 0..MANY;
    prop_oneof![
        1 => n().prop_map(Op::Identity),
        4 => (0..20_u8, 1..3_u32, any::<bool>())
            .prop_map(|(event, epoch, erased)| Op::Append { event, epoch, erased }),
        3 => (n(), n(), n()).prop_map(|(key, customer, at)| Op::Node { key, customer, at }),
        2 => (n(), n(), n()).prop_map(|(key, with, at)| Op::Link { key, with, at }),
        2 => (n(), n(), any::<bool>()).prop_map(|(key, with, same)| Op::Statement { key, with, same }),
        2 => (n(), n(), n()).prop_map(|(key, at, event)| Op::EventOf { key, at, event }),
        3 => (n(), n()).prop_map(|(id, at)| Op::Customer { id, at }),
        2 => n().prop_map(Op::RemoveCustomer),
        2 => (n(), n()).prop_map(|(id, at)| Op::Snapshot { id, at }),
        1 => (n(), prop::option::of(n())).prop_map(|(id, from)| Op::RemoveSnapshots { id, from }),
        1 => (n(), n()).prop_map(|(key, text)| Op::Ledger { key, text }),
        1 => (n(), n()).prop_map(|(code, text)| Op::Offer { code, text }),
        1 => (n(), n()).prop_map(|(key, text)| Op::Tries { key, text }),
        1 => (n(), any::<bool>()).prop_map(|(uid, lost)| Op::Tag { uid, lost }),
        2 => (n(), n(), 0..=0xff_ffff_u32, any::<bool>())
            .prop_map(|(uid, epoch, highest, client)| Op::Mark { uid, epoch, highest, client }),
        2 => (n(), n()).prop_map(|(bucket, customers)| Op::Spenders { bucket, customers }),
        2 => (n(), n()).prop_map(|(id, at)| Op::Action { id, at }),
        1 => n().prop_map(Op::RemoveAction),
        1 => (n(), any::<bool>()).prop_map(|(text, model)| Op::Rules { text, model }),
        3 => (0..20_u8, any::<bool>()).prop_map(|(event, empty)| Op::Strike { event, empty }),
        1 => n().prop_map(Op::Erased),
        1 => n().prop_map(Op::RemoveNode),
        1 => (n(), n()).prop_map(|(key, with)| Op::RemoveLink { key, with }),
        1 => (n(), n()).prop_map(|(key, with)| Op::RemoveStatement { key, with }),
        1 => (n(), n(), n()).prop_map(|(key, at, event)| Op::RemoveEventOf { key, at, event }),
        1 => n().prop_map(Op::RemoveLedger),
        1 => n().prop_map(Op::RemoveTries),
        1 => (n(), n()).prop_map(|(key, text)| Op::Description { key, text }),
        1 => n().prop_map(Op::RemoveDescription),
        2 => (n(), n(), any::<bool>()).prop_map(|(key, identifier, on)| Op::Described { key, identifier, on }),
        2 => (n(), n(), any::<bool>()).prop_map(|(block, key, on)| Op::Block { block, key, on }),
        2 => (n(), n(), n(), any::<bool>()).prop_map(|(key, with, weight, on)| Op::Alike { key, with, weight, on }),
        1 => Just(Op::Clear),
    ]
}

fn transaction() -> impl Strategy<Value = Transaction> {
    (prop::collection::vec(op(), 0..12), prop::bool::weighted(0.8), prop::bool::weighted(0.2))
        .prop_map(|(ops, commits, reopens)| Transaction { ops, commits, reopens })
}

fn time(n: N) -> Timestamp {
    Timestamp::from_micros(i64::from(n) * 1_000_001).unwrap()
}

fn key(n: N) -> IdentifierKey {
    IdentifierKey::from_bytes([n.wrapping_mul(85); 16])
}

fn description_key(n: N) -> DescriptionKey {
    DescriptionKey::from_bytes([n.wrapping_mul(85); 16])
}

/// From the first to the last there is.
fn block(n: N) -> u64 {
    u64::MAX / u64::from(MANY - 1) * u64::from(n)
}

fn customer_id(n: N) -> CustomerId {
    key(n).into()
}

fn fold(at: N, event: N) -> FoldKey {
    FoldKey { at: time(at), key: EventKey::from_bytes([event; 16]) }
}

fn uid(n: N) -> TagUid {
    TagUid::new([4, 0, 0, 0, 0, n, 0xAB])
}

fn device() -> DeviceId {
    DeviceId::from_bytes([9; 16])
}

fn event(n: N) -> Event {
    let mut event = Event::new(source(), id(n), time(n), Body::custom("Door Opened").unwrap());
    event.sent_at = n.is_multiple_of(2).then(|| time(n + 1));
    event
}

fn source() -> SourceId {
    "//model".parse().unwrap()
}

fn id(n: N) -> EventId {
    format!("event-{n}").parse().unwrap()
}

fn euro() -> Currency {
    "EUR".parse().unwrap()
}

/// Texts that are JSON, and that try the quoting.
fn text(n: N) -> String {
    format!("{{\"n\":{n},\"é'\\u0000\":[]}}")
}

fn action(id: N, at: N) -> Action {
    let id: ActionId = format!("action-{id}").parse().unwrap();
    let mut action = Action::new(id, "send_message", fold(at, at));
    action.expires_at = at.is_multiple_of(2).then(|| time(at));
    action
}

fn write(writer: &mut impl Write, op: &Op) -> Stored<()> {
    match *op {
        Op::Identity(n) => {
            let tenant = [n.wrapping_add(200); 32];
            let epoch = u32::MAX - u32::from(n);
            writer.put_identity(&StoreIdentity { device: device(), epoch, incarnation: [n; 16], tenant })
        }
        Op::Append { event: n, epoch, erased } => {
            let head = match writer.head(device(), epoch)? {
                Some(head) => head,
                None => Head::start(device(), epoch, writer.clock()?),
            };
            let (entry, _) = seal(&head, &event(n), [n; 16], time(n)).expect("the clock runs");
            let entry = if erased { entry.erased() } else { entry };
            writer.append(&entry).map(drop)
        }
        Op::Node { key: n, customer, at } => {
            let identifier = Identifier::new(IdentifierKind::Login, &format!("user-{n}")).unwrap();
            let shared = at % 2 == 1;
            let of = |name| Details { given_name: Some(name), ..Details::default() };
            let details = (0..at % 3).map(|n| of(format!("ada-{n}").into())).collect();
            let node = Node {
                identifier,
                first: fold(at, n),
                shared,
                withdrawn: at % 5 == 1,
                customer: customer_id(customer),
                details,
            };
            writer.put_node(&key(n), &node)
        }
        Op::Link { key: n, with, at } => {
            let kind = IdentifierKind::ALL[usize::from(at)];
            writer.put_link(&key(n), &Link { with: key(with), kind, first: fold(at, with) })
        }
        Op::Statement { key: n, with, same } => {
            writer.put_statement(&key(n), &Statement { with: key(with), same, said: fold(n, with) })
        }
        Op::EventOf { key: n, at, event } => writer.put_event_of(&key(n), &fold(at, event)),
        Op::Customer { id, at } => {
            writer.put_customer(&customer_id(id), &CustomerRow { profile: text(at), last: fold(at, id) })
        }
        Op::RemoveCustomer(id) => writer.remove_customer(&customer_id(id)),
        Op::Snapshot { id, at } => {
            writer.put_snapshot(&customer_id(id), &CustomerRow { profile: text(at), last: fold(at, at) })
        }
        Op::RemoveSnapshots { id, from } => {
            writer.remove_snapshots(&customer_id(id), from.map(|from| fold(from, from)).as_ref())
        }
        Op::Ledger { key: n, text: t } => writer.put_ledger(&key(n), &text(t)),
        Op::Offer { code, text: t } => writer.put_offer(&format!("CODE-{code}"), &text(t)),
        Op::Tries { key: n, text: t } => writer.put_tries(&key(n), &text(t)),
        Op::Tag { uid: n, lost } => {
            let mut tag = TagRow::unknown(uid(n));
            tag.status = if lost { TagStatus::Lost } else { TagStatus::Active };
            tag.label = lost.then(|| "by the door".into());
            writer.put_tag(&tag)
        }
        Op::Mark { uid: n, epoch, highest, client } => {
            let client = client.then(|| Digest::from_bytes([n; 32]));
            let highest = ReadCounter::new(highest).unwrap();
            let mark = Mark { highest, event: fold(0, n).key, at: time(epoch), client };
            writer.put_mark(&uid(n), KeyEpoch::new(epoch.into()), &mark)
        }
        Op::Spenders { bucket, customers } => writer.put_spenders(euro(), bucket.into(), customers.into()),
        Op::Action { id, at } => writer.put_action(&action(id, at)),
        Op::RemoveAction(id) => writer.remove_action(&action(id, 0).id),
        Op::Rules { text: t, model } => {
            let model = model.then(|| text(t + 1));
            writer.put_rules(&text(t), model.as_deref(), &Digest::from_bytes([t; 32]))
        }
        Op::Strike { event: n, empty } => {
            let left = Sealed { salt: [n; 16], content: text(n) };
            writer.strike(&EventKey::of(&source(), &id(n)), (!empty).then_some(&left))
        }
        Op::Erased(n) => writer.put_erased(&key(n)),
        Op::RemoveNode(n) => writer.remove_node(&key(n)),
        Op::RemoveLink { key: n, with } => writer.remove_link(&key(n), &key(with)),
        Op::RemoveStatement { key: n, with } => writer.remove_statement(&key(n), &key(with)),
        Op::RemoveEventOf { key: n, at, event } => writer.remove_event_of(&key(n), &fold(at, event)),
        Op::RemoveLedger(n) => writer.remove_ledger(&key(n)),
        Op::RemoveTries(n) => writer.remove_tries(&key(n)),
        Op::Description { key: n, text: t } => {
            let details = Details { given_name: Some(text(t).into()), ..Details::default() };
            writer.put_description(&description_key(n), &details)
        }
        Op::RemoveDescription(n) => writer.remove_description(&description_key(n)),
        Op::Described { key: n, identifier, on: true } => {
            writer.put_described(&description_key(n), &key(identifier))
        }
        Op::Described { key: n, identifier, on: false } => {
            writer.remove_described(&description_key(n), &key(identifier))
        }
        Op::Block { block: n, key, on: true } => writer.put_in_block(block(n), &description_key(key)),
        Op::Block { block: n, key, on: false } => writer.remove_from_block(block(n), &description_key(key)),
        Op::Alike { key: n, with, weight, on: true } => {
            let alike = Alike { with: description_key(with), weight: i32::from(weight) - 2 };
            writer.put_alike(&description_key(n), &alike)
        }
        Op::Alike { key: n, with, on: false, .. } => {
            writer.remove_alike(&description_key(n), &description_key(with))
        }
        Op::Clear => writer.clear_folded(),
    }
}

/// All that can be read, by each question of the port.
fn read(reader: &impl Read) -> Vec<String> {
    let mut seen = Vec::new();
    let identity = reader.identity().unwrap();
    seen.push(format!("{:?}", identity.map(|id| (id.device, id.epoch, id.incarnation, id.tenant))));
    let digest = reader.rules_digest().unwrap();
    seen.push(format!("{:?} {:?} {digest:?}", reader.rules().unwrap(), reader.model().unwrap()));
    seen.push(format!("{} {:?}", reader.len().unwrap(), reader.clock().unwrap()));
    seen.push(format!("{:?}", [1, 2, 3].map(|epoch| reader.head(device(), epoch).unwrap())));
    let mut behind = 0;
    loop {
        let page = reader.entries(behind, 3).unwrap();
        let Some((last, _)) = page.last() else { break };
        behind = *last;
        seen.push(format!("{page:?}"));
        let sealed = page.iter().filter_map(|(_, entry)| entry.payload.as_ref());
        seen.extend(sealed.map(|sealed| format!("{:?} {}", sealed.salt, sealed.content)));
    }
    for n in 0..20 {
        seen.push(format!("{:?}", reader.entry(&EventKey::of(&source(), &id(n))).unwrap().map(|e| e.origin)));
    }
    for n in 0..MANY {
        let key = key(n);
        seen.push(format!("{:?} {:?}", reader.node(&key).unwrap(), reader.links(&key).unwrap()));
        seen.push(format!(
            "{:?}",
            (0..MANY).map(|m| reader.link(&key, &self::key(m)).unwrap()).collect::<Vec<_>>()
        ));
        seen.push(format!(
            "{:?} {:?}",
            reader.statements(&key).unwrap(),
            reader.events_of(&key, None).unwrap()
        ));
        let described = description_key(n);
        seen.push(format!(
            "{:?} {:?}",
            reader.description(&described).unwrap(),
            reader.is_erased(&key).unwrap()
        ));
        seen.push(format!(
            "{:?} {:?}",
            reader.described(&described, 2).unwrap(),
            reader.block(block(n), 3).unwrap()
        ));
        seen.push(format!("{:?}", reader.alike(&described).unwrap()));
        let id = customer_id(n);
        seen.push(format!("{:?} {:?}", reader.customer(&id).unwrap(), reader.identifiers_of(&id).unwrap()));
        seen.push(format!("{:?}", reader.known_by(&id).unwrap()));
        let behind = fold(n, n);
        seen.push(format!(
            "{:?} {:?}",
            reader.events_of(&key, Some(&behind)).unwrap(),
            reader.snapshot(&id, &behind).unwrap()
        ));
        seen.push(format!("{:?} {:?}", reader.ledger(&key).unwrap(), reader.tries(&key).unwrap()));
        seen.push(format!("{:?}", reader.offer(&format!("CODE-{n}")).unwrap()));
        seen.push(format!("{:?} {:?}", reader.tag(&uid(n)).unwrap(), reader.tags(Some(&uid(n)), 2).unwrap()));
        for epoch in 0..MANY {
            seen.push(format!("{:?}", reader.mark(&uid(n), KeyEpoch::new(epoch.into())).unwrap()));
        }
        seen.push(format!("{:?}", reader.action(&action(n, 0).id).unwrap()));
        seen.push(format!("{:?}", reader.actions(Some(&action(n, n)), 2).unwrap()));
    }
    seen.push(format!("{:?} {:?}", reader.tags(None, 3).unwrap(), reader.actions(None, 3).unwrap()));
    seen.push(format!("{} {:?}", reader.customers().unwrap(), reader.spenders(euro()).unwrap()));
    seen.push(format!("{:?}", (0..3).map(|most| reader.blocks_above(most).unwrap()).collect::<Vec<_>>()));
    seen.push(format!("{}", reader.has_erased().unwrap()));
    reader.each_folded(&mut |table, row| seen.push(format!("{table}: {row}"))).unwrap();
    seen
}

/// Carries the operations out until one is refused; gives what can be read then, and whether one was.
fn attempt(writer: &mut impl Write, ops: &[Op]) -> (Vec<String>, bool) {
    for op in ops {
        if let Err(error) = write(writer, op) {
            assert!(matches!(op, Op::Append { .. } | Op::Strike { .. }), "{op:?}: {error}");
            return (Vec::new(), true);
        }
    }
    (read(writer), false)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn sqlite_is_the_reference_on_disk(transactions in prop::collection::vec(transaction(), 1..8)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.db");
        // The law is about rows, so it need not wait for the disk.
        let options = Options::new().durability(phygital_store::Durability::Normal);
        let mut sqlite = Sqlite::open_with(&path, &options).unwrap();
        let mut memory = Memory::new();
        for transaction in transactions {
            let mut one = sqlite.writer().unwrap();
            let mut other = memory.writer().unwrap();
            let (seen, refused) = attempt(&mut one, &transaction.ops);
            prop_assert_eq!(&(seen, refused), &attempt(&mut other, &transaction.ops));
            if transaction.commits && !refused {
                one.commit().unwrap();
                other.commit().unwrap();
            } else {
                drop((one, other));
            }
            if transaction.reopens {
                sqlite.close().unwrap();
                sqlite = Sqlite::open_with(&path, &options).unwrap();
                sqlite.integrity_check().unwrap();
            }
            prop_assert_eq!(read(&sqlite.reader().unwrap()), read(&memory.reader().unwrap()));
        }
    }
}
