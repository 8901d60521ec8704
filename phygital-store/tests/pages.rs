//! What a transaction costs in pages: each is 4 KiB to write, sync and move.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod support;

use std::fs;

use phygital_core::event::{Body, Event};
use phygital_core::log::{Head, seal};
use phygital_core::store::{CustomerRow, Link, Mark, Node, Read, Store, Write};
use phygital_core::vocab::{
    DeviceId, Hlc, Identifier, IdentifierKey, IdentifierKind, KeyEpoch, ReadCounter, TagUid, Timestamp,
};
use phygital_store::Sqlite;
use support::effort;

/// One for each tree that has to change: the log, its index of events, the events of an identifier, the customer,
/// the mark. What is put as it stands costs nothing.
const PAGES: f64 = 5.0;

/// Now and then a page is full and becomes two.
const SPLITS: f64 = 0.7;

#[test]
fn a_tap_of_a_known_customer_changes_five_pages() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let mut store = Sqlite::open(&path).unwrap();
    let customers = effort(400, 40) as u32;
    let mut head = Head::start(DeviceId::from_bytes([7; 16]), 1, Hlc::ZERO);
    let key = |n: u32| {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&n.wrapping_mul(0x9e37_79b9).to_be_bytes());
        IdentifierKey::from_bytes(bytes)
    };
    let mut tap = |store: &mut Sqlite, n: u32| {
        let who = n % customers;
        let at = Timestamp::from_millis(1_764_000_000_000 + i64::from(n)).unwrap();
        let id = format!("tap-{n}").parse().unwrap();
        let identifier = Identifier::new(IdentifierKind::Cookie, &format!("cookie-{who}")).unwrap();
        let event = Event::new("//till".parse().unwrap(), id, at, Body::custom("Door Opened").unwrap());
        let (entry, next) = seal(&head, &event.with(identifier.clone()), [1; 16], at).unwrap();
        head = next;
        let key = key(who);
        let mut writer = store.writer().unwrap();
        let first = writer.node(&key).unwrap().map_or(entry.fold, |node| node.first);
        writer.append(&entry).unwrap();
        writer.put_event_of(&key, &entry.fold).unwrap();
        writer
            .put_node(
                &key,
                &Node {
                    identifier,
                    first,
                    shared: false,
                    withdrawn: false,
                    customer: key.into(),
                    details: Vec::new(),
                },
            )
            .unwrap();
        writer.put_link(&key, &Link { with: key, kind: IdentifierKind::Cookie, first }).unwrap();
        let profile = format!("{{\"last\":{},\"text\":\"{}\"}}", 1_000_000 + n, "x".repeat(600));
        writer.put_customer(&key.into(), &CustomerRow { profile, last: entry.fold }).unwrap();
        let highest = ReadCounter::new(n).unwrap();
        let uid = TagUid::new([4, 0, 0, 0, 0, (who >> 8) as u8, who as u8]);
        writer
            .put_mark(&uid, KeyEpoch::FIRST, &Mark { highest, event: entry.key(), at, client: None })
            .unwrap();
        writer.commit().unwrap();
    };
    (0..customers).for_each(|n| tap(&mut store, n));
    store.settle().unwrap();
    (customers..2 * customers).for_each(|n| tap(&mut store, n));
    let log = folder.path().join("shop.db-wal");
    // A header, then for each page a header and the page.
    let pages = (fs::metadata(log).unwrap().len() - 32) as f64 / f64::from(24 + 4096) / f64::from(customers);
    assert!((PAGES - 0.01..PAGES + SPLITS).contains(&pages), "{pages} pages");
}
