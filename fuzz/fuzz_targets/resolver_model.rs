//! Evidence of few people at random, four bytes a step, taken in one by one against the partition of the whole.

#![no_main]

use std::collections::BTreeMap;

use phygital_core::identity::resolver::{Resolver, partition};
use phygital_core::identity::{Details, Named, Rules, Ruling, Sighting, Subject};
use phygital_core::vocab::{IdentifierKey, IdentifierKind, RecordKey, Timestamp};

/// The oracle is slow.
const STEPS_MAX: usize = 60;

fn key(n: u8) -> IdentifierKey {
    let mut bytes = [0x51; 16];
    bytes[0] = n.wrapping_mul(0x9d);
    bytes[8] = n;
    IdentifierKey::from_bytes(bytes)
}

fn named(byte: u8) -> Named {
    let kind = IdentifierKind::ALL[usize::from(byte % 10)];
    let n = byte / 10 % 4;
    let hash = key(220 + n + if kind == IdentifierKind::Phone { 4 } else { 0 });
    match kind.is_contact_point() {
        true if byte >= 160 => Named { kind, key: hash, junk: false, forms: Vec::new(), spelling: None },
        true => {
            let spelling = Some(format!("3361234567{n}").into());
            Named { kind, key: key(16 * (kind as u8) + n), junk: false, forms: vec![hash], spelling }
        }
        false => Named {
            kind,
            key: key(16 * (kind as u8) + n),
            junk: byte >= 240,
            forms: Vec::new(),
            spelling: None,
        },
    }
}

fn details(byte: u8) -> Details {
    let names = [("robert", "allen"), ("bob", "allen"), ("mary", "allen"), ("ada", "byron"), ("a", "byron")];
    let name = names.get(usize::from(byte % 8));
    Details {
        given_name: name.map(|name| name.0.into()),
        surname: name.map(|name| name.1.into()),
        birthday: [None, Some("18151210".into()), Some("19061209".into())][usize::from(byte / 8 % 3)].clone(),
        ..Details::default()
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let rules = Rules::default().with_limit(IdentifierKind::Phone, IdentifierKind::Email, 1).with_limit(
        IdentifierKind::Email,
        IdentifierKind::Phone,
        1,
    );
    let mut resolver = Resolver::new(rules.clone(), None);
    let mut live: BTreeMap<RecordKey, Sighting> = BTreeMap::new();
    let mut ruled: BTreeMap<RecordKey, Ruling> = BTreeMap::new();
    for (n, step) in data.chunks_exact(4).take(STEPS_MAX).enumerate() {
        let [what, a, b, c] = [step[0], step[1], step[2], step[3]];
        let record = RecordKey::from_bytes([what % 32 + 1; 16]);
        let time = Timestamp::from_millis(1_700_000_000_000 + i64::from(c) * 86_400_000 * 2).expect("a time");
        match what / 32 {
            0..=4 => {
                let mut all = vec![named(a), named(b)];
                all.sort();
                all.dedup_by_key(|one| (one.kind, one.key));
                all.truncate(usize::from(what / 32).clamp(1, 2));
                let one = Sighting { record, time, linking: c != 255, named: all, details: details(c) };
                let gone: Vec<Sighting> = live.insert(record, one.clone()).into_iter().collect();
                resolver.replace(&gone, &[one], &[], &[]);
            }
            5 => {
                let gone: Vec<Sighting> = live.remove(&record).into_iter().collect();
                resolver.replace(&gone, &[], &[], &[]);
            }
            6 => {
                let subject = |byte: u8| match byte {
                    250.. => Subject::Record(RecordKey::from_bytes([byte % 32 + 1; 16])),
                    _ => Subject::Identifier(named(byte).kind, named(byte).key),
                };
                let ruling = Ruling { time, record, same: c % 2 == 0, ends: (subject(a), subject(b)) };
                let gone: Vec<Ruling> = ruled.insert(record, ruling).into_iter().collect();
                resolver.replace(&[], &[], &gone, &[ruling]);
            }
            _ => {
                let gone: Vec<Ruling> = ruled.remove(&record).into_iter().collect();
                resolver.replace(&[], &[], &gone, &[]);
            }
        }
        if n % 4 == 3 {
            let sightings: Vec<Sighting> = live.values().cloned().collect();
            let rulings: Vec<Ruling> = ruled.values().copied().collect();
            assert_eq!(resolver.partition(), partition(&sightings, &rulings, &rules, None));
        }
    }
});
