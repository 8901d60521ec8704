//! Who is who in a stream of a shop's events: how good, and the same in any order. Reads the development stream, which is
//! no part of the project, where it is present.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_types, reason = "a test may")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;

use flate2::read::GzDecoder;
use phygital_core::identity::evidence::{Assertion, Evidence, Fact, HashedContact, TraitName};
use phygital_core::identity::resolver::{Resolver, train};
use phygital_core::identity::{Evaluation, Rules, Sighting};
use phygital_core::vocab::{Identifier, IdentifierKind, RecordKey, TenantKey, Timestamp};

type Row = BTreeMap<String, String>;

const KINDS: [(&str, IdentifierKind); 6] = [
    ("loyalty_id", IdentifierKind::Loyalty),
    ("card_token", IdentifierKind::Card),
    ("pos_customer_id", IdentifierKind::PosCustomer),
    ("crm_key", IdentifierKind::Crm),
    ("device_id", IdentifierKind::Device),
    ("cookie_id", IdentifierKind::Cookie),
];

const TRAITS: [(&str, TraitName); 7] = [
    ("given_name", TraitName::GivenName),
    ("surname", TraitName::Surname),
    ("dob", TraitName::Birthday),
    ("address", TraitName::Street),
    ("city", TraitName::City),
    ("postcode", TraitName::Postcode),
    ("country", TraitName::Country),
];

struct Stream {
    evidence: Evidence,
    /// For each record that counts, who it is and of which household.
    truth: BTreeMap<RecordKey, (String, String)>,
}

fn rows(name: &str) -> Option<Vec<Row>> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let Some(file) =
        above.map(|path| path.join("shared/data/identity").join(name)).find_map(|path| File::open(path).ok())
    else {
        println!("skipped: shared/data/identity/{name} is not there");
        return None;
    };
    let mut reader = csv::Reader::from_reader(GzDecoder::new(file));
    Some(reader.deserialize().map(Result::unwrap).collect())
}

fn assertion(row: &Row) -> Assertion {
    let source = format!("//stream/{}", row["source"]).parse().unwrap();
    let time = Timestamp::parse(&row["ts"]).unwrap();
    let mut said = Assertion::new(source, row["event_id"].parse().unwrap(), 0, time);
    let region = row["country"].parse().ok();
    for (column, kind) in [("phone", IdentifierKind::Phone), ("email", IdentifierKind::Email)] {
        if let Ok(contact) = Identifier::in_region(kind, &row[column], region) {
            said = said.with(contact);
        }
        if let Ok(contact) = HashedContact::from_hex(kind, &row[&format!("{column}_sha256")]) {
            said = said.with_hashed(contact);
        }
    }
    for (column, kind) in KINDS {
        if let Ok(identifier) = Identifier::new(kind, &row[column]) {
            said = said.with(identifier);
        }
    }
    for (column, name) in TRAITS {
        let says = column != "country" || !row["given_name"].is_empty();
        if says {
            said = said.with_trait(name, row[column].clone());
        }
    }
    if row["consent_link"] == "1" { said } else { said.without_linking() }
}

fn stream(name: &str) -> Option<Stream> {
    let tenant = TenantKey::new(&[7; 32]);
    let mut evidence = Evidence::new(tenant.clone(), Rules::default());
    let mut of_event = BTreeMap::new();
    let events = rows(&format!("{name}.csv.gz"))?;
    let said: BTreeMap<String, Row> = rows(&format!("{name}.truth.csv.gz"))?
        .into_iter()
        .map(|row| (row["event_id"].clone(), row))
        .collect();
    for row in &events {
        let keyed = assertion(row).keyed(&tenant).unwrap();
        of_event.insert(row["event_id"].clone(), keyed.record());
        evidence.add(Fact::Asserted(keyed)).unwrap();
    }
    let scored = events.iter().filter(|row| {
        let tags: BTreeSet<&str> = said[&row["event_id"]]["tags"].split_whitespace().collect();
        row["consent_link"] == "1" && !tags.contains("weak") && !tags.contains("no_id")
    });
    let truth = scored.map(|row| {
        let who = &said[&row["event_id"]];
        (of_event[&row["event_id"]], (who["person_id"].clone(), who["household_id"].clone()))
    });
    let truth = truth.collect();
    Some(Stream { evidence, truth })
}

#[test]
fn people_of_the_stream_are_found() {
    let Some(stream) = stream("omnichannel-dev") else { return };
    let sightings: Vec<Sighting> = stream.evidence.sightings().collect();
    let model = train(&sightings).unwrap();
    for model in [None, Some(model)] {
        let matching = model.is_some();
        let mut resolver = Resolver::new(Rules::default(), model);
        resolver.replace(&[], &sightings, &[], &[]);
        let partition = resolver.partition();
        let scored = || stream.truth.iter().map(|(record, (person, _))| (partition.of(record), person));
        let found = Evaluation::of(scored());
        let mut households: BTreeMap<_, BTreeSet<&String>> = BTreeMap::new();
        for (record, (_, household)) in &stream.truth {
            households.entry(partition.of(record)).or_default().insert(household);
        }
        let mixed = households.values().filter(|households| households.len() > 1).count();
        println!(
            "matching {matching}: pairs P {:.4} R {:.4} F1 {:.4}, B-cubed F1 {:.4}, {} profiles, {mixed} of several households",
            found.pairs.precision().unwrap(),
            found.pairs.recall().unwrap(),
            found.pairs.f1().unwrap(),
            found.b_cubed_f1().unwrap(),
            households.len()
        );
        if matching {
            assert!(found.pairs.f1().unwrap() >= 0.775);
            assert!(found.b_cubed_f1().unwrap() >= 0.728);
        }
        assert!(mixed * 100 <= households.len());
    }
}

/// A shuffle that is the same at every run: Fisher and Yates with SplitMix64.
fn shuffle<T>(items: &mut [T], mut seed: u64) {
    for at in (1..items.len()).rev() {
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        items.swap(at, ((mixed ^ (mixed >> 31)) % (at as u64 + 1)) as usize);
    }
}

#[test]
fn twenty_shuffles_of_the_stream_end_alike() {
    let Some(stream) = stream("omnichannel-dev") else { return };
    let mut sightings: Vec<Sighting> = stream.evidence.sightings().collect();
    let model = train(&sightings).unwrap();
    // Matching is slow where nothing is optimised: a tenth of the shuffles have it.
    let mut digests = [BTreeSet::new(), BTreeSet::new()];
    for seed in 0..20 {
        shuffle(&mut sightings, seed);
        let matching = seed % 10 == 0;
        let mut resolver = Resolver::new(Rules::default(), matching.then(|| model.clone()));
        // From hundreds of batches to all at once; every tenth comes, goes and comes again.
        let batch = [20_000, 5_000, 1_000, 100][seed as usize % 4];
        for some in sightings.chunks(batch) {
            resolver.replace(&[], some, &[], &[]);
        }
        let tenth: Vec<Sighting> = sightings.iter().step_by(10).cloned().collect();
        resolver.replace(&tenth, &[], &[], &[]);
        resolver.replace(&[], &tenth, &[], &[]);
        digests[usize::from(matching)].insert(resolver.partition().digest());
    }
    assert!(digests.iter().all(|digests| digests.len() == 1));
}
