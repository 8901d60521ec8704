//! The laws of the resolver, on random sets: it is the oracle, whatever came first and whatever has gone since.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use proptest::prelude::*;

use super::region::SMALL;
use super::{Partition, Preview, ProfileChange, Resolver, partition};
use crate::identity::matching::{Field, FieldKind, Model, Records};
use crate::identity::{Details, Named, Rules, Ruling, Sighting, Subject};
use crate::vocab::{CustomerId, IdentifierKey, IdentifierKind, RecordKey, Timestamp};

/// A step of a history.
#[derive(Clone, Debug)]
enum Step {
    Come(Sighting),
    /// The record of this number goes.
    Gone(usize),
    Rule(Ruling),
    Unrule(usize),
}

const NAMES: [(&str, &str); 8] = [
    ("robert", "allen"),
    ("bob", "allen"),
    ("mary", "allen"),
    ("ada", "byron"),
    ("ada", "king"),
    ("a", "byron"),
    ("grace", "hopper"),
    ("", ""),
];

static MODEL: LazyLock<Model> = LazyLock::new(|| {
    let fields = [
        Field::new("given_name", FieldKind::GivenName),
        Field::new("surname", FieldKind::Surname),
        Field::new("birthday", FieldKind::Date),
        Field::new("postcode", FieldKind::Postcode),
    ];
    let mut rows: Vec<(String, [String; 4])> = Vec::new();
    for n in 0..60 {
        let (given, surname) = (format!("name{}", n * 7 % 31), format!("family{}", n * 5 % 29));
        let birth = format!("19{:02}0{}1{}", n * 3 % 90, n % 9 + 1, n % 9);
        let code = format!("{:05}", n * 137);
        for copy in 0..2 {
            rows.push((format!("{n}-{copy}"), [given.clone(), surname.clone(), birth.clone(), code.clone()]));
        }
    }
    Model::train(&Records::new(fields, rows).unwrap()).unwrap()
});

fn key(n: u8) -> IdentifierKey {
    let mut bytes = [0x51; 16];
    bytes[0] = n.wrapping_mul(0x9d);
    bytes[8] = n;
    IdentifierKey::from_bytes(bytes)
}

fn time(days: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + days * 86_400_000).unwrap()
}

fn record(n: u8) -> RecordKey {
    RecordKey::from_bytes([n.wrapping_mul(0x35); 16])
}

/// An identifier: few of each kind, so that they meet; contacts in clear or by a hash, phones with spellings one slip apart.
fn named(kind: u8, n: u8, hashed: bool) -> Named {
    let kind = IdentifierKind::ALL[usize::from(kind) % 10];
    let clear = 16 * (kind as u8) + n;
    let contact = kind.is_contact_point();
    let hash = key(200 + 4 * (kind as u8 % 4) + n % 4);
    let spelling = (kind == IdentifierKind::Phone && !hashed).then(|| format!("3361234567{n}").into());
    match contact && hashed {
        true => Named { kind, key: hash, junk: false, forms: Vec::new(), spelling: None },
        false => {
            let forms = if contact { vec![hash] } else { Vec::new() };
            Named { kind, key: key(clear), junk: n == 7, forms, spelling }
        }
    }
}

fn details(name: u8, birth: u8, code: u8) -> Details {
    let (given, surname) = NAMES[usize::from(name) % 8];
    let some = |text: &str| (!text.is_empty()).then(|| Box::from(text));
    Details {
        given_name: some(given),
        surname: some(surname),
        birthday: [None, Some("18151210".into()), Some("18151211".into()), Some("19061209".into())]
            [usize::from(birth % 4)]
        .clone(),
        postcode: [None, Some("10001".into()), Some("94107".into())][usize::from(code % 3)].clone(),
        ..Details::default()
    }
}

fn sightings() -> impl Strategy<Value = Sighting> {
    let mentions = prop::collection::vec((0u8..10, 0u8..8, any::<bool>()), 0..5);
    let said = prop_oneof![2 => Just((7u8, 0u8, 0u8)), 3 => (0u8..8, 0u8..4, 0u8..3)];
    (0u8..40, 0i64..400, prop::bool::weighted(0.9), mentions, said).prop_map(
        |(n, day, linking, mentions, said)| {
            let mut named: Vec<Named> = mentions
                .into_iter()
                .map(|(kind, n, hashed)| named(kind, n % 4 + 4 * u8::from(n == 7), hashed))
                .collect();
            named.sort();
            named.dedup_by_key(|one| (one.kind, one.key));
            Sighting {
                record: record(n),
                time: time(day),
                linking,
                named,
                details: details(said.0, said.1, said.2),
            }
        },
    )
}

/// Sightings of deterministic evidence: nobody gives a name, and what links is what nearly all name.
fn plain() -> impl Strategy<Value = Sighting> {
    let mentions = prop::collection::vec((0u8..10, 0u8..12), 1..4);
    (0u8..60, 0i64..4, mentions).prop_map(|(n, day, mentions)| {
        let mut named: Vec<Named> = mentions
            .into_iter()
            .map(|(kind, n)| Named {
                forms: Vec::new(),
                spelling: None,
                junk: false,
                ..named(kind, n, false)
            })
            .map(|one| Named {
                forms: one.kind.is_contact_point().then_some(one.key).into_iter().collect(),
                ..one
            })
            .collect();
        named.sort();
        named.dedup_by_key(|one| (one.kind, one.key));
        Sighting { record: record(n), time: time(day), linking: true, named, details: Details::default() }
    })
}

/// Sightings along a line, each of two identifiers that are near to each other: long components of small profiles.
fn along() -> impl Strategy<Value = Sighting> {
    use IdentifierKind::{Card, Cookie, Email, Loyalty, Phone};
    let kind = || prop::sample::select(vec![Loyalty, Phone, Email, Card, Cookie]);
    let said = prop_oneof![6 => Just((7u8, 0u8)), 1 => (0u8..8, 0u8..4)];
    (0u8..=255, 0i64..90, (kind(), kind()), (0u8..60, 0u8..2), said).prop_map(
        |(n, day, kinds, (place, step), said)| {
            let at = |kind: IdentifierKind, place: u8| {
                let mut bytes = [0x51; 16];
                bytes[..2].copy_from_slice(&[place.wrapping_mul(0x9d), kind as u8]);
                let key = IdentifierKey::from_bytes(bytes);
                let forms = if kind.is_contact_point() { vec![key] } else { Vec::new() };
                Named { kind, key, junk: false, forms, spelling: None }
            };
            let mut named = vec![at(kinds.0, place), at(kinds.1, place + step)];
            named.sort();
            named.dedup();
            let record = RecordKey::from_bytes([n; 16]);
            Sighting { record, time: time(day), linking: true, named, details: details(said.0, said.1, 0) }
        },
    )
}

/// Many at once, and then a few at a time.
fn along_steps() -> impl Strategy<Value = (Vec<Step>, Vec<Step>)> {
    let step = || {
        prop_oneof![
            8 => along().prop_map(Step::Come),
            3 => (0usize..256).prop_map(Step::Gone),
        ]
    };
    let first = prop::collection::vec(along().prop_map(Step::Come), 60..200);
    (first, prop::collection::vec(step(), 1..20))
}

fn subjects() -> impl Strategy<Value = Subject> {
    prop_oneof![
        3 => (0u8..10, 0u8..4, any::<bool>()).prop_map(|(kind, n, hashed)| {
            let named = named(kind, n, hashed);
            Subject::Identifier(named.kind, named.key)
        }),
        1 => (0u8..40).prop_map(|n| Subject::Record(record(n))),
    ]
}

fn rulings() -> impl Strategy<Value = Ruling> {
    (0u8..30, 0i64..400, any::<bool>(), subjects(), subjects()).prop_map(|(n, day, same, one, two)| Ruling {
        time: time(day),
        record: RecordKey::from_bytes([100 + n; 16]),
        same,
        ends: (one, two),
    })
}

fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        10 => sightings().prop_map(Step::Come),
        3 => (0usize..40).prop_map(Step::Gone),
        1 => rulings().prop_map(Step::Rule),
        1 => (0usize..40).prop_map(Step::Unrule),
    ];
    prop::collection::vec(step, 1..most)
}

/// Steps in which little stands in the way.
fn plain_steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        20 => plain().prop_map(Step::Come),
        1 => sightings().prop_map(Step::Come),
        4 => (0usize..60).prop_map(Step::Gone),
    ];
    prop::collection::vec(step, 1..most)
}

/// What is live, beside the resolver.
#[derive(Default)]
struct Live {
    sightings: BTreeMap<RecordKey, Sighting>,
    rulings: BTreeMap<RecordKey, Ruling>,
}

impl Live {
    /// Takes a step; gives what went and came.
    fn take(&mut self, step: &Step) -> (Vec<Sighting>, Vec<Sighting>, Vec<Ruling>, Vec<Ruling>) {
        match step {
            Step::Come(one) => {
                let gone = self.sightings.insert(one.record, one.clone());
                (gone.into_iter().collect(), vec![one.clone()], vec![], vec![])
            }
            Step::Gone(n) => {
                let record = self.sightings.keys().nth(n % self.sightings.len().max(1)).copied();
                let gone = record.and_then(|record| self.sightings.remove(&record));
                (gone.into_iter().collect(), vec![], vec![], vec![])
            }
            Step::Rule(ruling) => {
                let gone = self.rulings.insert(ruling.record, *ruling);
                (vec![], vec![], gone.into_iter().collect(), vec![*ruling])
            }
            Step::Unrule(n) => {
                let record = self.rulings.keys().nth(n % self.rulings.len().max(1)).copied();
                let gone = record.and_then(|record| self.rulings.remove(&record));
                (vec![], vec![], gone.into_iter().collect(), vec![])
            }
        }
    }

    fn oracle(&self, rules: &Rules, model: Option<&Model>) -> Partition {
        let sightings: Vec<Sighting> = self.sightings.values().rev().cloned().collect();
        let rulings: Vec<Ruling> = self.rulings.values().copied().collect();
        partition(&sightings, &rulings, rules, model)
    }
}

fn rules(strict: bool) -> Rules {
    match strict {
        true => Rules::default()
            .with_limit(IdentifierKind::Phone, IdentifierKind::Email, 1)
            .with_limit(IdentifierKind::Email, IdentifierKind::Phone, 1)
            .with_limit(IdentifierKind::Loyalty, IdentifierKind::Phone, 1)
            .with_per_profile(IdentifierKind::Card, 1),
        false => Rules::default(),
    }
}

fn check(
    steps: &[Step],
    strict: bool,
    matching: bool,
    batch: usize,
    small: usize,
) -> Result<(), TestCaseError> {
    let (rules, model) = (rules(strict), matching.then(|| MODEL.clone()));
    let mut live = Live::default();
    let mut resolver = Resolver::new(rules.clone(), model.clone());
    resolver.small = small;
    let mut given: BTreeSet<CustomerId> = BTreeSet::new();
    for some in steps.chunks(batch) {
        let mut sum: (Vec<Sighting>, Vec<Sighting>, Vec<Ruling>, Vec<Ruling>) = Default::default();
        let before: (Vec<Sighting>, Vec<Ruling>) =
            (live.sightings.values().cloned().collect(), live.rulings.values().copied().collect());
        for step in some {
            live.take(step);
        }
        sum.0.extend(before.0.iter().filter(|one| live.sightings.get(&one.record) != Some(one)).cloned());
        sum.1.extend(live.sightings.values().filter(|one| !before.0.contains(one)).cloned());
        sum.2.extend(before.1.iter().filter(|one| live.rulings.get(&one.record) != Some(one)));
        sum.3.extend(live.rulings.values().filter(|one| !before.1.contains(one)));
        resolver.replace(&sum.0, &sum.1, &sum.2, &sum.3);
        let (found, expected) = (resolver.partition(), live.oracle(&rules, model.as_ref()));
        prop_assert_eq!(found.profiles(), expected.profiles());
        prop_assert_eq!(found.digest(), expected.digest());
        // An id leads somewhere as long as nothing goes.
        let lost: Vec<CustomerId> =
            given.iter().copied().filter(|id| resolver.profile(*id).is_none()).collect();
        prop_assert!(lost.is_empty() || !sum.0.is_empty(), "{:?} lead nowhere", lost);
        lost.iter().for_each(|id| _ = given.remove(id));
        given.extend(ids(&found));
    }
    Ok(())
}

/// Where records went that are in both partitions.
fn flows<'r>(
    before: &Partition,
    after: &Partition,
    records: impl IntoIterator<Item = &'r RecordKey>,
) -> BTreeSet<(CustomerId, CustomerId)> {
    let each = records.into_iter().filter_map(|record| Some((before.of(record)?, after.of(record)?)));
    each.filter(|(was, is)| was != is).collect()
}

/// Where changes say that profiles went.
fn told(changes: &[ProfileChange]) -> BTreeSet<(CustomerId, CustomerId)> {
    let each = changes.iter().filter_map(|change| match *change {
        ProfileChange::Renamed { from, to } => Some((from, to)),
        ProfileChange::Merged { from, into }
        | ProfileChange::Split { from, into }
        | ProfileChange::Moved { from, into } => Some((from, into)),
        _ => None,
    });
    each.collect()
}

fn ids(partition: &Partition) -> BTreeSet<CustomerId> {
    partition.iter().map(|(_, profile)| profile).collect()
}

/// What comes is told as it changes profiles, and is what the whole says, at every step.
fn check_changes(steps: &[Step], batch: usize, small: usize) -> Result<(), TestCaseError> {
    check_changes_of(&rules(false), steps.chunks(batch), small)
}

fn check_changes_of<'s>(
    rules: &Rules,
    steps: impl Iterator<Item = &'s [Step]>,
    small: usize,
) -> Result<(), TestCaseError> {
    let mut live = Live::default();
    let mut resolver = Resolver::new(rules.clone(), None);
    resolver.small = small;
    for some in steps {
        let before: Vec<Sighting> = live.sightings.values().cloned().collect();
        some.iter().for_each(|step| _ = live.take(step));
        let is_kept = |one: &Sighting| live.sightings.get(&one.record) == Some(one);
        let gone: Vec<Sighting> = before.iter().filter(|one| !is_kept(one)).cloned().collect();
        let come: Vec<Sighting> =
            live.sightings.values().filter(|one| !before.contains(one)).cloned().collect();
        let known = resolver.partition();
        let changes = resolver.replace(&gone, &come, &[], &[]);
        let found = resolver.partition();
        prop_assert_eq!(found.profiles(), live.oracle(rules, None).profiles());
        let kept: Vec<&RecordKey> = before.iter().filter(|one| is_kept(one)).map(|one| &one.record).collect();
        let (went, told) = (flows(&known, &found, kept), told(&changes));
        prop_assert!(went.is_subset(&told), "{:?} of {:?}", went, changes);
        for profile in ids(&found) {
            prop_assert_eq!(resolver.members(profile), found.profiles()[&profile].clone());
            prop_assert_eq!(resolver.profile(profile), Some(profile));
        }
        for change in &changes {
            match change {
                ProfileChange::Created { profile } => prop_assert!(!ids(&known).contains(profile)),
                ProfileChange::Ended { profile: gone }
                | ProfileChange::Renamed { from: gone, .. }
                | ProfileChange::Merged { from: gone, .. } => prop_assert!(!ids(&found).contains(gone)),
                _ => {}
            }
        }
    }
    Ok(())
}

/// So small a component is cut as a whole: as it is, or so that hardly any is.
fn small() -> impl Strategy<Value = usize> {
    prop_oneof![Just(SMALL), 0usize..6]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn one_step_at_a_time_it_is_the_oracle(
        steps in steps(25),
        strict: bool,
        matching: bool,
        small in small(),
    ) {
        check(&steps, strict, matching, 1, small)?;
    }

    #[test]
    fn in_batches_it_is_the_oracle(
        steps in steps(80),
        strict: bool,
        matching: bool,
        batch in 2usize..30,
        small in small(),
    ) {
        check(&steps, strict, matching, batch, small)?;
    }

    #[test]
    fn what_only_adds_is_the_oracle_and_is_told(steps in plain_steps(60), batch in 1usize..12, small in small()) {
        check_changes(&steps, batch, small)?;
    }

    #[test]
    fn a_preview_tells_what_then_happens(
        steps in steps(60),
        (strict, matching) in any::<(bool, bool)>(),
        (then_strict, then_matching, names, births) in any::<(bool, bool, bool, bool)>(),
    ) {
        let mut live = Live::default();
        steps.iter().for_each(|step| _ = live.take(step));
        let sightings: Vec<Sighting> = live.sightings.values().cloned().collect();
        let rulings: Vec<Ruling> = live.rulings.values().copied().collect();
        let mut resolver = Resolver::new(rules(strict), matching.then(|| MODEL.clone()));
        resolver.replace(&[], &sightings, &[], &rulings);

        let other = rules(then_strict).with_names(names).with_births(births);
        let model = then_matching.then(|| MODEL.clone());
        let before = resolver.partition();
        let after = partition(&sightings, &rulings, &other, model.as_ref());
        let preview = resolver.preview(&other, model.as_ref(), &sightings);
        prop_assert_eq!(&preview, &Preview::between(&before, &after));
        prop_assert_eq!(resolver.partition().digest(), before.digest(), "a preview changes nothing");

        let changes = resolver.configure(&other, model.as_ref(), &sightings);
        let found = resolver.partition();
        prop_assert_eq!(found.digest(), after.digest());
        prop_assert_eq!(preview.profiles_before as usize, ids(&before).len());
        prop_assert_eq!(preview.profiles_after as usize, ids(&found).len());
        // What is told is where records went; what is one of several, and what falls apart, is counted from that.
        let went = flows(&before, &found, live.sightings.keys());
        prop_assert_eq!(&told(&changes), &went);
        let both = |id: CustomerId| {
            let stays = live.sightings.keys().any(|one| before.of(one) == Some(id) && found.of(one) == Some(id));
            usize::from(stays)
        };
        let several = |side: fn(&(CustomerId, CustomerId)) -> CustomerId| {
            let all: BTreeSet<CustomerId> = went.iter().map(side).collect();
            let count = |id: CustomerId| went.iter().filter(|pair| side(pair) == id).count() + both(id);
            all.into_iter().filter(|id| count(*id) > 1).count() as u64
        };
        prop_assert_eq!(preview.merges, several(|pair| pair.1));
        prop_assert_eq!(preview.splits, several(|pair| pair.0));
        // And back again.
        resolver.configure(&rules(strict), matching.then(|| MODEL.clone()).as_ref(), &sightings);
        prop_assert_eq!(resolver.partition().digest(), before.digest());
    }
}

proptest! {
    // Large, so fewer.
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn along_a_line_it_is_the_oracle((first, then) in along_steps(), few in 1u32..4, batch in 1usize..4, small in small()) {
        let mut rules = rules(false).with_names(few > 1);
        for kind in IdentifierKind::ALL {
            rules = rules.with_per_profile(kind, few);
            for partner in IdentifierKind::ALL {
                rules = rules.with_limit(kind, partner, 6);
            }
        }
        check_changes_of(&rules, std::iter::once(&first[..]).chain(then.chunks(batch)), small)?;
    }
}
