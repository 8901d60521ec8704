//! What every store promises, as a suite that any implementation runs in its own tests.
//!
//! Behind the feature `contract`, since it asserts rather than returns.

use super::{
    Action, Alike, CustomerRow, KnownBy, Link, Mark, Node, Read, Statement, StorageFault, Store,
    StoreIdentity, TagRow, Waiting, Write,
};
use crate::event::{Body, Event, FoldKey};
use crate::identity::Details;
use crate::log::{Head, LogEntry, Sealed, seal};
use crate::vocab::{
    ActionId, CustomerId, DescriptionKey, DeviceId, Digest, EventKey, Hlc, Identifier, IdentifierKey,
    IdentifierKind, KeyEpoch, Purpose, ReadCounter, TagStatus, TagUid, Timestamp,
};

/// Runs the whole suite, on a new store for each part.
///
/// # Panics
/// A promise is broken.
pub fn check<S: Store>(mut make: impl FnMut() -> S) {
    an_empty_store_is_empty(make());
    rows_come_back_as_written(make());
    a_dropped_transaction_leaves_nothing(make());
    the_log_appends_in_order(make());
    an_entry_is_written_once(make());
    chains_may_take_turns(make());
    ranges_are_ordered_and_bounded(make());
    nodes_move_between_customers(make());
    clearing_the_fold_keeps_the_log(make());
    rows_are_removed_one_by_one(make());
    snapshots_are_found_by_what_they_come_before(make());
    threads_wait_in_their_order(make());
    threads_wait_in_their_order(make());
    payloads_are_struck_in_place(make());
    the_fold_reads_the_same_in_every_store(make());
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis).expect("in range")
}

fn fold(millis: i64, key: u8) -> FoldKey {
    FoldKey { at: at(millis), key: EventKey::from_bytes([key; 16]) }
}

fn identifier_key(n: u8) -> IdentifierKey {
    IdentifierKey::from_bytes([n; 16])
}

fn description_key(n: u8) -> DescriptionKey {
    DescriptionKey::from_bytes([n; 16])
}

fn customer_id(n: u8) -> CustomerId {
    CustomerId::from_bytes([n; 16])
}

/// Of one, of none, of two.
fn details(n: u8) -> Vec<Details> {
    let of = |name: &str| Details { given_name: Some(name.into()), ..Details::default() };
    ["ada", "grace"].into_iter().take(usize::from(n % 3)).map(of).collect()
}

fn node(n: u8) -> Node {
    let identifier = Identifier::new(IdentifierKind::Cookie, &format!("cookie-{n}")).expect("a cookie");
    let (shared, withdrawn) = (n % 2 == 1, n % 3 == 1);
    Node { identifier, first: fold(1, n), shared, withdrawn, customer: customer_id(n), details: details(n) }
}

fn device() -> DeviceId {
    DeviceId::from_bytes([9; 16])
}

/// A chain of entries, one a millisecond.
fn chain(count: u8) -> Vec<LogEntry> {
    chain_of(3, count)
}

fn chain_of(epoch: u32, count: u8) -> Vec<LogEntry> {
    let mut head = Head::start(device(), epoch, Hlc::ZERO);
    let mut entries = Vec::new();
    for n in 1..=count {
        let id = format!("event-{epoch}-{n}").parse().expect("an id");
        let source = "//contract".parse().expect("a source");
        let body = Body::custom("Door Opened").expect("a custom event");
        let mut event = Event::new(source, id, at(1_000 + i64::from(n)), body);
        event.sent_at = (n % 2 == 0).then(|| at(2_000));
        let (entry, next) = seal(&head, &event, [n; 16], at(5_000 + i64::from(n))).expect("the clock runs");
        entries.push(if n % 3 == 0 { entry.erased() } else { entry });
        head = next;
    }
    entries
}

fn action(n: u8) -> Action {
    let id: ActionId = format!("action-{n}").parse().expect("an id");
    let mut action = Action::new(id, "send_message", fold(100 - i64::from(n), n));
    action.to = Some(node(n).identifier);
    action.purpose = Some(Purpose::Service);
    action.expires_at = Some(at(9_000));
    action
}

fn tag(n: u8) -> TagRow {
    let mut tag = TagRow::unknown(TagUid::new([4, 0, 0, 0, 0, 0, n]));
    tag.place = Some("shop-1".parse().expect("a place"));
    tag.enrolled = Some(fold(5, n));
    tag.status = TagStatus::Lost;
    tag.key_epoch = Some(KeyEpoch::new(2));
    tag
}

const MODEL: &str = r#"{"fields":[]}"#;
const RULES: &str = r#"{"version":1}"#;

fn rules_digest(rules: &str) -> Digest {
    Digest::from_bytes([rules.len() as u8; 32])
}

fn fill(writer: &mut impl Write) {
    let identity = StoreIdentity { device: device(), epoch: 3, incarnation: [1; 16], tenant: [2; 32] };
    writer.put_identity(&identity).expect("written");
    for (rules, model) in [("{}", Some("{}")), ("{}", None), (RULES, Some(MODEL))] {
        writer.put_rules(rules, model, &rules_digest(rules)).expect("written");
        assert_eq!(writer.model().expect("read").as_deref(), model);
    }
    for entry in chain(3) {
        writer.append(&entry).expect("written");
    }
    for n in 1..=3 {
        writer.put_node(&identifier_key(n), &node(n)).expect("written");
        let link = Link { with: identifier_key(n + 1), kind: IdentifierKind::Phone, first: fold(7, n) };
        writer.put_link(&identifier_key(n), &link).expect("written");
        let statement = Statement { with: identifier_key(n + 1), same: n == 1, said: fold(8, n) };
        writer.put_statement(&identifier_key(n), &statement).expect("written");
        writer.put_event_of(&identifier_key(n), &fold(9, n)).expect("written");
        let row = CustomerRow { profile: format!("{{\"n\":{n}}}"), last: fold(9, n) };
        writer.put_customer(&customer_id(n), &row).expect("written");
        writer.put_ledger(&identifier_key(n), "{}").expect("written");
        writer.put_offer(&format!("CODE{n}"), "{}").expect("written");
        writer.put_tries(&identifier_key(n), "[]").expect("written");
        writer.put_thread(&identifier_key(n), "{\"n\":1}", Some(at(7))).expect("written");
        writer.put_thread(&identifier_key(n), "{}", (n > 1).then(|| at(20 - i64::from(n)))).expect("written");
        writer.put_tag(&tag(n)).expect("written");
        writer.put_mark(&tag(n).uid, KeyEpoch::FIRST, &mark(n)).expect("written");
        writer.put_spenders(euro(), u16::from(n), u64::from(n)).expect("written");
        writer.put_action(&action(n)).expect("written");
        writer.put_erased(&identifier_key(10 + n)).expect("written");
        let (key, with) = (description_key(n), description_key(n + 1));
        writer.put_description(&key, &details(2)[usize::from(n % 2)]).expect("written");
        writer.put_described(&key, &identifier_key(n)).expect("written");
        writer.put_in_block(u64::MAX - 2, &key).expect("written");
        writer.put_in_block(u64::from(n), &key).expect("written");
        writer.put_alike(&key, &Alike { with, weight: i32::from(n) - 2 }).expect("written");
    }
}

fn euro() -> crate::vocab::Currency {
    "EUR".parse().expect("a currency")
}

fn mark(n: u8) -> Mark {
    let highest = ReadCounter::new(u32::from(n)).expect("a counter");
    let client = (n == 2).then(|| Digest::from_bytes([n; 32]));
    Mark { highest, event: EventKey::from_bytes([n; 16]), at: at(12), client }
}

fn folded(reader: &impl Read) -> Vec<String> {
    let mut rows = Vec::new();
    reader.each_folded(&mut |table, row| rows.push(format!("{table}: {row}"))).expect("read");
    rows
}

fn an_empty_store_is_empty<S: Store>(store: S) {
    let reader = store.reader().expect("a reader");
    assert_eq!(reader.identity().expect("read"), None);
    assert_eq!((reader.rules().expect("read"), reader.rules_digest().expect("read")), (None, None));
    assert_eq!(reader.head(device(), 1).expect("read"), None);
    assert_eq!(reader.clock().expect("read"), Hlc::ZERO);
    assert!(reader.is_empty().expect("read"));
    assert!(reader.entries(0, 10).expect("read").is_empty());
    assert_eq!(reader.node(&identifier_key(1)).expect("read"), None);
    assert_eq!(reader.customers().expect("read"), 0);
    assert!(folded(&reader).is_empty());
    assert!(!reader.has_erased().expect("read"));
    assert!(!store.is_copy().expect("asked"));
}

fn rows_come_back_as_written<S: Store>(mut store: S) {
    let mut writer = store.writer().expect("a writer");
    fill(&mut writer);
    fn judge(reader: &impl Read) {
        let identity = reader.identity().expect("read").expect("there");
        assert_eq!((identity.device, identity.epoch), (device(), 3));
        assert_eq!((identity.incarnation, identity.tenant), ([1; 16], [2; 32]));
        assert_eq!(reader.rules().expect("read").as_deref(), Some(RULES));
        assert_eq!(reader.rules_digest().expect("read"), Some(rules_digest(RULES)));
        for entry in chain(3) {
            assert_eq!(reader.entry(&entry.key()).expect("read"), Some(entry));
        }
        for n in 1..=3 {
            let key = identifier_key(n);
            assert_eq!(reader.node(&key).expect("read"), Some(node(n)));
            let links = reader.links(&key).expect("read");
            assert_eq!(links.len(), 1);
            assert_eq!(reader.link(&key, &links[0].with).expect("read"), Some(links[0]));
            assert_eq!(reader.link(&key, &key).expect("read"), None);
            assert_eq!(reader.statements(&key).expect("read")[0].said, fold(8, n));
            assert_eq!(reader.events_of(&key, None).expect("read"), [fold(9, n)]);
            let description = description_key(n);
            assert_eq!(
                reader.description(&description).expect("read").as_ref(),
                details(2).get(usize::from(n % 2))
            );
            assert_eq!(reader.described(&description, 9).expect("read"), [key]);
            assert_eq!(reader.block(u64::from(n), 9).expect("read"), [description]);
            let alike = Alike { with: description_key(n + 1), weight: i32::from(n) - 2 };
            assert_eq!(reader.alike(&description).expect("read"), [alike]);
            assert_eq!(reader.customer(&customer_id(n)).expect("read").expect("there").last, fold(9, n));
            assert_eq!(reader.identifiers_of(&customer_id(n)).expect("read"), [key]);
            assert_eq!(reader.ledger(&key).expect("read").as_deref(), Some("{}"));
            assert_eq!(reader.offer(&format!("CODE{n}")).expect("read").as_deref(), Some("{}"));
            assert_eq!(reader.tries(&key).expect("read").as_deref(), Some("[]"));
            assert_eq!(reader.thread(&key).expect("read").as_deref(), Some("{}"));
            assert_eq!(reader.tag(&tag(n).uid).expect("read"), Some(tag(n)));
            assert_eq!(reader.mark(&tag(n).uid, KeyEpoch::FIRST).expect("read"), Some(mark(n)));
            assert_eq!(reader.mark(&tag(n).uid, KeyEpoch::new(1)).expect("read"), None);
            assert_eq!(reader.action(&action(n).id).expect("read"), Some(action(n)));
        }
        for n in 9..12 {
            assert_eq!(reader.is_erased(&identifier_key(n)).expect("read"), n > 10);
        }
        assert!(reader.has_erased().expect("read"));
        assert_eq!(reader.spenders(euro()).expect("read"), [(1, 1), (2, 2), (3, 3)]);
        assert_eq!(reader.customers().expect("read"), 3);
    }
    judge(&writer);
    writer.commit().expect("committed");
    judge(&store.reader().expect("a reader"));
}

fn a_dropped_transaction_leaves_nothing<S: Store>(mut store: S) {
    let mut writer = store.writer().expect("a writer");
    fill(&mut writer);
    drop(writer);
    assert!(folded(&store.reader().expect("a reader")).is_empty());
    assert_eq!(store.reader().expect("a reader").identity().expect("read"), None);

    let mut writer = store.writer().expect("a writer");
    fill(&mut writer);
    writer.commit().expect("committed");
    let before = folded(&store.reader().expect("a reader"));
    let mut writer = store.writer().expect("a writer");
    writer.put_node(&identifier_key(1), &node(7)).expect("written");
    writer.remove_customer(&customer_id(2)).expect("written");
    writer.remove_action(&action(1).id).expect("written");
    writer.put_spenders(euro(), 1, 0).expect("written");
    writer.append(&chain(4)[3]).expect("written");
    writer.strike(&chain(1)[0].key(), None).expect("written");
    writer.remove_node(&identifier_key(3)).expect("written");
    writer.clear_folded().expect("written");
    drop(writer);
    let reader = store.reader().expect("a reader");
    assert_eq!(folded(&reader), before);
    assert_eq!(reader.len().expect("read"), 3);
    assert_eq!(reader.entry(&chain(1)[0].key()).expect("read").as_ref(), chain(1).first());
}

fn the_log_appends_in_order<S: Store>(mut store: S) {
    let entries = chain(7);
    for entry in &entries {
        let mut writer = store.writer().expect("a writer");
        writer.append(entry).expect("written");
        writer.commit().expect("committed");
    }
    let reader = store.reader().expect("a reader");
    assert_eq!(reader.len().expect("read"), 7);
    let mut seen = Vec::new();
    let mut behind = 0;
    loop {
        let page = reader.entries(behind, 3).expect("read");
        assert!(page.len() <= 3);
        let Some((last, _)) = page.last() else { break };
        assert!(*last > behind);
        behind = *last;
        seen.extend(page.into_iter().map(|(_, entry)| entry));
    }
    assert_eq!(seen, entries);
    let last = &entries[6];
    let head = reader.head(device(), 3).expect("read").expect("there");
    assert_eq!((head.origin, head.hlc, head.link), (last.origin, last.hlc, last.link));
    assert_eq!(reader.head(device(), 4).expect("read"), None);
    assert_eq!(reader.clock().expect("read"), last.hlc);
}

fn an_entry_is_written_once<S: Store>(mut store: S) {
    let mut writer = store.writer().expect("a writer");
    writer.append(&chain(1)[0]).expect("written");
    let again = writer.append(&chain(1)[0]).expect_err("refused");
    assert_eq!(again.kind, StorageFault::Corrupt);
}

fn chains_may_take_turns<S: Store>(mut store: S) {
    let (ours, theirs) = (chain_of(3, 6), chain_of(4, 3));
    let end = |entry: &LogEntry| Head { origin: entry.origin, hlc: entry.hlc, link: entry.link };
    for (our, their) in [(0..2, 0..1), (2..3, 1..1), (3..6, 1..3)] {
        let mut writer = store.writer().expect("a writer");
        for entry in ours[our.clone()].iter().chain(&theirs[their.clone()]) {
            writer.append(entry).expect("written");
            assert_eq!(writer.head(device(), entry.origin.epoch).expect("read"), Some(end(entry)));
        }
        for (epoch, last) in [(3, &ours[our.end - 1]), (4, &theirs[their.end - 1])] {
            assert_eq!(writer.head(device(), epoch).expect("read"), Some(end(last)));
        }
        assert_eq!(writer.clock().expect("read"), ours[our.end - 1].hlc);
        writer.commit().expect("committed");
    }
    let mut writer = store.writer().expect("a writer");
    let again = writer.append(&ours[5]).expect_err("refused");
    assert_eq!(again.kind, StorageFault::Corrupt);
}

fn ranges_are_ordered_and_bounded<S: Store>(mut store: S) {
    let mut writer = store.writer().expect("a writer");
    let (key, two) = (identifier_key(5), description_key(2));
    for n in [3, 1, 2] {
        writer.put_event_of(&key, &fold(10 - i64::from(n), n)).expect("written");
        let link = Link { with: identifier_key(n), kind: IdentifierKind::Email, first: fold(1, n) };
        writer.put_link(&key, &link).expect("written");
        writer.put_tag(&tag(n)).expect("written");
        writer.put_action(&action(n)).expect("written");
        writer.put_described(&two, &identifier_key(n)).expect("written");
        writer.put_in_block(7, &description_key(n)).expect("written");
        writer.put_in_block(8, &two).expect("written");
        let alike = Alike { with: description_key(n), weight: 1 };
        writer.put_alike(&two, &alike).expect("written");
    }
    writer.put_event_of(&key, &fold(10 - 3, 3)).expect("writing again changes nothing");
    writer.put_event_of(&identifier_key(6), &fold(1, 9)).expect("written");
    writer.commit().expect("committed");
    let reader = store.reader().expect("a reader");
    assert_eq!(reader.events_of(&key, None).expect("read"), [fold(7, 3), fold(8, 2), fold(9, 1)]);
    assert_eq!(reader.events_of(&key, Some(&fold(7, 3))).expect("read"), [fold(8, 2), fold(9, 1)]);
    assert_eq!(reader.events_of(&key, Some(&fold(8, 9))).expect("read"), [fold(9, 1)]);
    let with: Vec<_> = reader.links(&key).expect("read").into_iter().map(|link| link.with).collect();
    assert_eq!(with, [identifier_key(1), identifier_key(2), identifier_key(3)]);
    assert_eq!(reader.described(&two, 2).expect("read"), [identifier_key(1), identifier_key(2)]);
    assert_eq!(reader.block(7, 9).expect("read"), [1, 2, 3].map(description_key));
    assert_eq!(reader.block(7, 2).expect("read"), [1, 2].map(description_key));
    assert_eq!([2, 3].map(|most| reader.blocks_above(most).expect("read")), [1, 0]);
    let alike: Vec<_> = reader.alike(&two).expect("read").into_iter().map(|one| one.with).collect();
    assert_eq!(alike, [1, 2, 3].map(description_key));
    assert_eq!(reader.tags(None, 2).expect("read"), [tag(1), tag(2)]);
    assert_eq!(reader.tags(Some(&tag(2).uid), 2).expect("read"), [tag(3)]);
    let waiting = reader.actions(None, 2).expect("read");
    assert_eq!(waiting, [action(3), action(2)]);
    assert_eq!(reader.actions(Some(&waiting[1]), 2).expect("read"), [action(1)]);
    assert!(reader.actions(Some(&action(1)), 2).expect("read").is_empty());
}

fn nodes_move_between_customers<S: Store>(mut store: S) {
    let mut writer = store.writer().expect("a writer");
    for n in 1..=2 {
        writer.put_node(&identifier_key(n), &node(n)).expect("written");
    }
    let moved = Node { customer: customer_id(1), ..node(2) };
    writer.put_node(&identifier_key(2), &moved).expect("written");
    assert_eq!(writer.identifiers_of(&customer_id(1)).expect("read"), [identifier_key(1), identifier_key(2)]);
    let mut all = Vec::new();
    writer.each_identifier(&mut |key, customer| all.push((key, customer))).expect("read");
    assert_eq!(all, [1, 2].map(|n| (identifier_key(n), customer_id(1))));
    assert!(writer.identifiers_of(&customer_id(2)).expect("read").is_empty());
    writer.put_ledger(&identifier_key(2), "{}").expect("written");
    let known = |n| KnownBy { key: identifier_key(n), identifier: node(n).identifier, ledger: None };
    let second = KnownBy { ledger: Some("{}".to_owned()), ..known(2) };
    assert_eq!(writer.known_by(&customer_id(1)).expect("read"), [known(1), second]);
    assert!(writer.known_by(&customer_id(2)).expect("read").is_empty());
}

fn clearing_the_fold_keeps_the_log<S: Store>(mut store: S) {
    let mut writer = store.writer().expect("a writer");
    fill(&mut writer);
    writer.clear_folded().expect("cleared");
    assert!(folded(&writer).is_empty());
    assert_eq!(writer.customers().expect("read"), 0);
    assert!(writer.identifiers_of(&customer_id(1)).expect("read").is_empty());
    assert_eq!(writer.len().expect("read"), 3);
    assert!(writer.identity().expect("read").is_some());
    assert!(writer.rules_digest().expect("read").is_some());
}

fn snapshots_are_found_by_what_they_come_before<S: Store>(mut store: S) {
    let mut writer = store.writer().expect("a writer");
    let row = |n: u8| CustomerRow { profile: format!("{{\"n\":{n}}}"), last: fold(i64::from(n), n) };
    for n in [2, 6, 4] {
        writer.put_snapshot(&customer_id(1), &row(n)).expect("written");
        writer.put_snapshot(&customer_id(2), &row(n + 1)).expect("written");
    }
    writer.put_snapshot(&customer_id(1), &row(4)).expect("written again");
    let found = |reader: &S::Writer<'_>, who: u8, before: u8| {
        let found = reader.snapshot(&customer_id(who), &fold(i64::from(before), before)).expect("read");
        found.map(|row| row.last.key.as_bytes()[0])
    };
    assert_eq!(
        [2, 3, 4, 5, 9].map(|before| found(&writer, 1, before)),
        [None, Some(2), Some(2), Some(4), Some(6)]
    );
    assert_eq!(found(&writer, 3, 9), None);
    assert!(folded(&writer).is_empty(), "which there are depends on the order of arrival");
    writer.remove_snapshots(&customer_id(1), Some(&fold(4, 4))).expect("removed");
    assert_eq!((found(&writer, 1, 9), found(&writer, 2, 9)), (Some(2), Some(7)));
    writer.remove_snapshots(&customer_id(2), None).expect("removed");
    assert_eq!((found(&writer, 1, 9), found(&writer, 2, 9)), (Some(2), None));
    writer.clear_folded().expect("cleared");
    assert_eq!(found(&writer, 1, 9), None);
}

fn rows_are_removed_one_by_one<S: Store>(mut store: S) {
    let mut writer = store.writer().expect("a writer");
    fill(&mut writer);
    let (key, before) = (identifier_key(1), folded(&writer));
    writer.remove_event_of(&key, &fold(8, 1)).expect("nothing to remove");
    writer.remove_link(&key, &key).expect("nothing to remove");
    assert_eq!(folded(&writer), before);
    writer.remove_link(&key, &identifier_key(2)).expect("removed");
    writer.remove_statement(&key, &identifier_key(2)).expect("removed");
    writer.remove_event_of(&key, &fold(9, 1)).expect("removed");
    writer.remove_ledger(&key).expect("removed");
    writer.remove_tries(&key).expect("removed");
    writer.remove_thread(&key).expect("removed");
    assert_eq!(writer.thread(&key).expect("read"), None);
    writer.remove_node(&key).expect("removed");
    let one = description_key(1);
    writer.remove_alike(&one, &one).expect("nothing to remove");
    writer.remove_alike(&one, &description_key(2)).expect("removed");
    writer.remove_described(&one, &key).expect("removed");
    writer.remove_from_block(u64::MAX - 2, &one).expect("removed");
    writer.remove_description(&one).expect("removed");
    assert_eq!(folded(&writer).len(), before.len() - 11);
    assert!(writer.identifiers_of(&customer_id(1)).expect("read").is_empty());
    assert!(writer.links(&key).expect("read").is_empty());
}

fn threads_wait_in_their_order<S: Store>(mut store: S) {
    let mut writer = store.writer().expect("a writer");
    for (n, since) in [(1, Some(3)), (2, None), (3, Some(2)), (4, Some(3)), (5, Some(9))] {
        writer.put_thread(&identifier_key(n), "{}", since.map(at)).expect("written");
    }
    // The same text, which waits no longer, or since another time; and one that is gone.
    writer.put_thread(&identifier_key(5), "{}", None).expect("written");
    writer.put_thread(&identifier_key(2), "{}", Some(at(1))).expect("written");
    writer.put_thread(&identifier_key(6), "{}", Some(at(0))).expect("written");
    writer.remove_thread(&identifier_key(6)).expect("removed");
    let waits = |since, n| Waiting { since: at(since), contact: identifier_key(n) };
    let all = [waits(1, 2), waits(2, 3), waits(3, 1), waits(3, 4)];
    fn judge(reader: &impl Read, all: &[Waiting]) {
        for most in 0..6 {
            let first = reader.waiting_threads(None, most).expect("read");
            assert_eq!(first, all[..most.min(all.len())]);
            for (n, behind) in all.iter().enumerate() {
                let later = reader.waiting_threads(Some(behind), most).expect("read");
                assert_eq!(later, all[n + 1..][..most.min(all.len() - n - 1)]);
            }
        }
    }
    judge(&writer, &all);
    writer.commit().expect("committed");
    judge(&store.reader().expect("a reader"), &all);
}

fn payloads_are_struck_in_place<S: Store>(mut store: S) {
    let mut writer = store.writer().expect("a writer");
    let entries = chain(4);
    for entry in &entries {
        writer.append(entry).expect("written");
    }
    let left = Sealed { salt: [9; 16], content: "{}".to_owned() };
    writer.strike(&entries[0].key(), Some(&left)).expect("written");
    writer.strike(&entries[1].key(), None).expect("written");
    writer.commit().expect("committed");
    let reader = store.reader().expect("a reader");
    let read = |at: usize| reader.entry(&entries[at].key()).expect("read");
    assert_eq!(read(0), Some(entries[0].clone().struck(Some(left))));
    assert_eq!(read(1), Some(entries[1].clone().erased()));
    assert_eq!(read(3), Some(entries[3].clone()));
    drop(reader);
    let mut writer = store.writer().expect("a writer");
    let nobody = writer.strike(&EventKey::from_bytes([0; 16]), None).expect_err("refused");
    assert_eq!(nobody.kind, StorageFault::Corrupt);
}

fn the_fold_reads_the_same_in_every_store<S: Store>(mut store: S) {
    let mut reference = super::Memory::new();
    let mut writer = reference.writer().expect("a writer");
    fill(&mut writer);
    writer.commit().expect("committed");
    let mut writer = store.writer().expect("a writer");
    fill(&mut writer);
    writer.commit().expect("committed");
    assert_eq!(folded(&store.reader().expect("a reader")), folded(&(&reference)));
}
