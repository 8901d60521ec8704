//! The laws of the set, tried on random facts.

use proptest::prelude::*;

use super::*;
use crate::identity::{Rules, Ruling, Sighting, Subject};
use crate::vocab::{Identifier, IdentifierKind, RecordKey, TenantKey, Timestamp};

/// A fact before it gets its keys: small numbers, so that facts meet.
#[derive(Debug, Clone)]
pub(in crate::identity) enum Told {
    Asserted { record: u8, version: u64, time: i64, linking: bool, named: Vec<u8>, name: u8 },
    Retracted { record: u8, version: u64 },
    Ruled { ends: (u8, u8), same: bool, time: i64, record: u8 },
    Linking { identifier: u8, allowed: bool, time: i64 },
    ErasedIdentifier(u8),
    ErasedRecord(u8),
}

const RECORDS: u8 = 6;

pub(in crate::identity) fn tenant() -> TenantKey {
    TenantKey::new(&[7; 32])
}

fn time(n: i64) -> Timestamp {
    // The last of them is the last time there is.
    if n == 3 { Timestamp::MAX } else { Timestamp::from_millis(n).unwrap() }
}

/// Identifiers of which some are spellings of one mailbox.
fn identifier(n: u8) -> Identifier {
    let text = [
        "email:ada@shop.example",
        "email:grace.h@gmail.com",
        "email:graceh@gmail.com",
        "email:graceh+shop@gmail.com",
        "phone:+33612345678",
        "loyalty:L-1",
        "crm:1042",
        "cookie:c-1",
    ];
    text[usize::from(n) % text.len()].parse().unwrap()
}

/// What an assertion may name: an identifier, or a hash of one.
fn named(assertion: Assertion, n: u8) -> Assertion {
    let forms = HashedContact::forms(&identifier(n));
    match (n / 8 % 3, forms.as_slice()) {
        (0, _) | (_, []) => assertion.with(identifier(n)),
        (1, [.., last]) => assertion.with_hashed(*last),
        (_, [first, ..]) => assertion.with_hashed(*first),
    }
}

fn record(n: u8) -> RecordKey {
    RecordKey::of(&tenant(), &"s".parse().unwrap(), &(n % RECORDS).to_string().parse().unwrap())
}

fn subject(n: u8) -> Subject {
    if n.is_multiple_of(3) {
        Subject::Record(record(n))
    } else {
        let identifier = identifier(n);
        Subject::Identifier(identifier.kind(), identifier.key(&tenant()))
    }
}

impl Told {
    pub(in crate::identity) fn fact(&self) -> Option<Fact> {
        let tenant = tenant();
        Some(match self {
            Told::Asserted { record, version, time: at, linking, named: names, name } => {
                let id = (record % RECORDS).to_string().parse().unwrap();
                let mut one = Assertion::new("s".parse().unwrap(), id, *version, time(*at));
                one.linking = *linking;
                one = names.iter().fold(one, |one, n| named(one, *n));
                one = one.with_trait(TraitName::GivenName, ["", "Ada", "Grace"][usize::from(*name) % 3]);
                Fact::Asserted(one.keyed(&tenant).unwrap())
            }
            Told::Retracted { record: one, version } => {
                Fact::Retracted(Retraction { record: record(*one), version: *version })
            }
            Told::Ruled { ends, same, time: at, record: own } => {
                let ends = (subject(ends.0), subject(ends.1));
                if ends.0 == ends.1 {
                    return None;
                }
                let ruling = Ruling { time: time(*at), record: record(*own), same: *same, ends };
                Fact::Ruled(Ruled { ruling, by: "desk".parse().unwrap() })
            }
            Told::Linking { identifier: one, allowed, time: at } => {
                Fact::Linking(LinkingConsent::of(&identifier(*one), &tenant, *allowed, time(*at)))
            }
            Told::ErasedIdentifier(one) => Fact::Erased(Erasure::of_identifier(&identifier(*one), &tenant)),
            Told::ErasedRecord(one) => Fact::Erased(Erasure::of_record(record(*one))),
        })
    }
}

pub(in crate::identity) fn told() -> impl Strategy<Value = Told> {
    prop_oneof![
        8 => (any::<u8>(), 0u64..3, 0i64..4, any::<bool>(), prop::collection::vec(0u8..24, 0..5), any::<u8>())
            .prop_map(|(record, version, time, linking, named, name)| {
                let version = if version == 2 { u64::MAX } else { version };
                Told::Asserted { record, version, time, linking, named, name }
            }),
        2 => (any::<u8>(), 0u64..3).prop_map(|(record, version)| Told::Retracted { record, version }),
        2 => ((0u8..24, 0u8..24), any::<bool>(), 0i64..4, any::<u8>())
            .prop_map(|(ends, same, time, record)| Told::Ruled { ends, same, time, record }),
        2 => (0u8..8, any::<bool>(), 0i64..4)
            .prop_map(|(identifier, allowed, time)| Told::Linking { identifier, allowed, time }),
        1 => (0u8..8).prop_map(Told::ErasedIdentifier),
        1 => any::<u8>().prop_map(Told::ErasedRecord),
    ]
}

fn set(facts: impl IntoIterator<Item = Fact>) -> Evidence {
    let mut evidence = Evidence::new(tenant(), Rules::default());
    for fact in facts {
        evidence.add(fact).unwrap();
    }
    evidence
}

fn facts(told: &[Told]) -> Vec<Fact> {
    told.iter().filter_map(Told::fact).collect()
}

fn content(evidence: &Evidence) -> (Vec<Sighting>, Vec<Ruling>) {
    (evidence.sightings().collect(), evidence.rulings().copied().collect())
}

fn assert_equal(one: &Evidence, two: &Evidence) {
    assert_eq!(content(one), content(two));
    assert_eq!(one.digest(), two.digest());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn order_replays_and_splits_change_nothing(
        told in prop::collection::vec((told(), 0u8..3), 0..40)
            .prop_flat_map(|one| (Just(one.clone()), Just(one).prop_shuffle())),
    ) {
        let (all, shuffled) = told;
        let plain: Vec<Told> = all.iter().map(|(one, _)| one.clone()).collect();
        let other: Vec<Told> = shuffled.iter().map(|(one, _)| one.clone()).collect();
        let whole = set(facts(&plain));
        assert_equal(&whole, &set(facts(&other)));
        assert_equal(&whole, &set(facts(&plain).into_iter().chain(facts(&other))));

        let part = |n: u8| -> Vec<Told> {
            shuffled.iter().filter(|(_, of)| *of == n).map(|(one, _)| one.clone()).collect()
        };
        let parts = [0, 1, 2].map(|n| set(facts(&part(n))));
        // Associative and commutative, and idempotent.
        let mut one = parts[0].clone();
        one.merge(&parts[1]).unwrap();
        one.merge(&parts[2]).unwrap();
        let mut two = parts[2].clone();
        two.merge(&parts[1]).unwrap();
        let mut three = parts[0].clone();
        three.merge(&two).unwrap();
        assert_equal(&whole, &one);
        assert_equal(&whole, &three);
        prop_assert!(one.merge(&three).unwrap().is_empty());
        assert_equal(&whole, &one);
        assert_equal(&whole, &set(whole.facts()));
    }

    #[test]
    fn changes_add_up_to_the_sightings(told in prop::collection::vec((told(), any::<bool>()), 0..40)) {
        let mut evidence = Evidence::new(tenant(), Rules::default());
        let mut later = Evidence::new(tenant(), Rules::default());
        let (mut sightings, mut rulings): (Vec<Sighting>, Vec<Ruling>) = Default::default();
        let mut follow = |change: Change| {
            assert!(change.gone.iter().all(|one| sightings.contains(one)));
            sightings.retain(|one| !change.gone.contains(one));
            sightings.extend(change.come);
            rulings.retain(|one| !change.unruled.contains(one));
            rulings.extend(change.ruled);
        };
        for (one, now) in &told {
            let Some(fact) = one.fact() else { continue };
            if *now {
                follow(evidence.add(fact.clone()).unwrap());
                prop_assert!(evidence.add(fact).unwrap().is_empty());
            } else {
                later.add(fact).unwrap();
            }
        }
        follow(evidence.merge(&later).unwrap());
        sightings.sort_by_key(|one| one.record);
        rulings.sort_by_key(|one| one.ends);
        prop_assert_eq!((sightings, rulings), content(&evidence));
    }

    #[test]
    fn other_rules_read_the_same_facts_as_if_there_had_been_no_others(
        told in prop::collection::vec(told(), 0..40),
        (gmail, repairs, blocked) in any::<(bool, bool, bool)>(),
    ) {
        let mut rules = Rules::default().with_gmail(gmail).with_repairs(repairs);
        if blocked {
            rules = rules.with_blocked(&identifier(4));
        }
        let mut fresh = Evidence::new(tenant(), rules.clone());
        for fact in facts(&told) {
            fresh.add(fact).unwrap();
        }
        let mut evidence = set(facts(&told));
        let mut sightings: Vec<Sighting> = evidence.sightings().collect();
        let change = evidence.set_rules(rules);
        sightings.retain(|one| !change.gone.contains(one));
        sightings.extend(change.come);
        sightings.sort_by_key(|one| one.record);
        assert_equal(&fresh, &evidence);
        prop_assert_eq!(sightings, fresh.sightings().collect::<Vec<_>>());
    }

    /// The oracle takes the identifier out of every fact before it is told.
    #[test]
    fn an_erased_identifier_was_never_there(
        told in prop::collection::vec(told(), 0..40),
        erased in 0u8..8,
        at in any::<prop::sample::Index>(),
    ) {
        let keys = Keys::of(&identifier(erased), &tenant());
        let never = set(facts(&told).into_iter().filter_map(|fact| without(fact, &keys)));
        let mut facts = facts(&told);
        facts.insert(at.index(facts.len() + 1), Told::ErasedIdentifier(erased).fact().unwrap());
        let evidence = set(facts);
        prop_assert_eq!(content(&evidence), content(&never));
        let named = |one: &Sighting| one.named.iter().any(|named| keys.iter().any(|key| key == named.key));
        prop_assert!(!evidence.sightings().any(|one| named(&one)));
    }

    #[test]
    fn an_erased_person_was_never_there(told in prop::collection::vec(told(), 0..40), whose in any::<u8>()) {
        let before = set(facts(&told));
        let hers: Vec<Sighting> = before.sighting(&record(whose)).into_iter().collect();
        let erasure = Erasure::of_person(&hers, |named| named.kind != IdentifierKind::Cookie);
        let keys = Keys::from_keys(erasure.identifiers.iter().copied());
        let others = facts(&told).into_iter().filter(|fact| match fact {
            Fact::Asserted(one) => !erasure.records.contains(&one.record()),
            Fact::Retracted(one) => !erasure.records.contains(&one.record),
            Fact::Ruled(one) => ![one.ruling.ends.0, one.ruling.ends.1]
                .iter()
                .any(|end| matches!(end, Subject::Record(key) if erasure.records.contains(key))),
            _ => true,
        });
        let never = set(others.filter_map(|fact| without(fact, &keys)));
        let mut evidence = before;
        evidence.add(Fact::Erased(erasure.clone())).unwrap();
        prop_assert_eq!(content(&evidence), content(&never));
        for fact in facts(&told) {
            evidence.add(fact).unwrap();
        }
        prop_assert_eq!(content(&evidence), content(&never), "a replay brings nothing back");
    }
}

/// The fact as it would be if nobody had ever known these keys.
fn without(fact: Fact, keys: &Keys) -> Option<Fact> {
    let erased = |key| keys.iter().any(|one| one == key);
    Some(match fact {
        Fact::Asserted(mut one) => {
            one.named.retain(|(key, value)| {
                let forms = match value {
                    keyed::Value::Clear(identifier) => Keys::of(identifier, &tenant()),
                    keyed::Value::Hashed(_) => Keys::from_keys([*key]),
                };
                !forms.iter().any(erased)
            });
            Fact::Asserted(one)
        }
        Fact::Ruled(one) => {
            let ends = [one.ruling.ends.0, one.ruling.ends.1];
            if ends.iter().any(|end| matches!(end, Subject::Identifier(_, key) if erased(*key))) {
                return None;
            }
            Fact::Ruled(one)
        }
        Fact::Linking(mut one) => {
            one.identifier = Keys::from_keys(one.identifier.iter().filter(|key| !erased(*key)));
            Fact::Linking(one)
        }
        other => other,
    })
}

fn asserted(version: u64, at: Timestamp, names: &[&str]) -> Fact {
    let one = Assertion::new("s".parse().unwrap(), "1".parse().unwrap(), version, at);
    let one = names.iter().fold(one, |one, name| one.with(name.parse().unwrap()));
    Fact::Asserted(one.keyed(&tenant()).unwrap())
}

#[test]
fn nothing_is_beyond_recall_however_far_ahead_it_is_dated() {
    let (last, key) = (u64::MAX, record(1));
    let mut evidence = set([asserted(last, Timestamp::MAX, &["crm:1", "phone:+33612345678"])]);
    assert_eq!(evidence.sightings().map(|one| one.time).collect::<Vec<_>>(), [Timestamp::MAX]);
    let change = evidence.add(Fact::Retracted(Retraction { record: key, version: last })).unwrap();
    assert_eq!((change.gone.len(), change.come.len()), (1, 0));
    assert!(evidence.add(asserted(last, Timestamp::MAX, &["crm:2"])).unwrap().is_empty());

    let ruled = |same, id: u8, by: &str| {
        let ruling =
            Ruling { time: Timestamp::MAX, record: record(id), same, ends: (subject(1), subject(2)) };
        Fact::Ruled(Ruled { ruling, by: by.parse().unwrap() })
    };
    evidence.add(ruled(true, 1, "z")).unwrap();
    let change = evidence.add(ruled(false, 0, "a")).unwrap();
    assert_eq!((change.unruled.len(), change.ruled.len()), (1, 1));
    assert!(evidence.add(ruled(true, 2, "z")).unwrap().is_empty());
    assert_eq!(evidence.ruling(subject(2), subject(1)).unwrap().by.as_str(), "a");

    let phone = identifier(4);
    let said = |allowed| Fact::Linking(LinkingConsent::of(&phone, &tenant(), allowed, Timestamp::MAX));
    let mut evidence = set([said(true), asserted(0, Timestamp::MIN, &["phone:+33612345678"])]);
    assert_eq!(evidence.add(said(false)).unwrap().come.len(), 1);
    assert!(evidence.add(said(true)).unwrap().is_empty());
}

#[test]
fn a_withdrawal_takes_linking_and_a_later_grant_gives_it_back() {
    let said = |allowed, n| Fact::Linking(LinkingConsent::of(&identifier(0), &tenant(), allowed, time(n)));
    let hash = HashedContact::forms(&identifier(0))[0];
    let own = Assertion::new("s".parse().unwrap(), "2".parse().unwrap(), 0, time(0)).with_hashed(hash);
    let never = own.clone().without_linking();
    let mut evidence = set([
        asserted(0, time(0), &["email:ada@shop.example", "crm:1"]),
        Fact::Asserted(own.keyed(&tenant()).unwrap()),
    ]);
    let linking = |evidence: &Evidence| evidence.sightings().filter(|one| one.linking).count();
    assert_eq!(linking(&evidence), 2);
    assert_eq!(evidence.add(said(false, 1)).unwrap().come.len(), 2, "whoever knows the hash alone, too");
    assert_eq!(linking(&evidence), 0);
    assert!(evidence.add(said(true, 0)).unwrap().is_empty(), "an older grant that comes late");
    assert_eq!(evidence.add(said(true, 2)).unwrap().come.len(), 2);
    assert_eq!(linking(&evidence), 2);
    let mut never = never;
    never.version = 1;
    evidence.add(Fact::Asserted(never.keyed(&tenant()).unwrap())).unwrap();
    evidence.add(said(true, 4)).unwrap();
    assert_eq!(linking(&evidence), 1, "a grant gives no linking to what never had it");
}

#[test]
fn contents_of_one_version_meet_by_digest_and_an_erasure_may_turn_them() {
    let (one, two) =
        (asserted(1, time(1), &["email:ada@shop.example", "crm:1"]), asserted(1, time(1), &["crm:2"]));
    let third = asserted(1, time(1), &["crm:1"]);
    let erased = Fact::Erased(Erasure::of_identifier(&identifier(0), &tenant()));
    let evidence = set([one.clone(), two.clone(), erased.clone()]);
    assert_equal(&evidence, &set([erased.clone(), two.clone(), one.clone()]));
    // What is left of the first equals the third, and so does the choice.
    assert_eq!(content(&evidence), content(&set([two.clone(), third.clone()])));
    assert_equal(&set([one, two.clone(), third.clone(), erased.clone()]), &set([third, two, erased]));
}

#[test]
fn evidence_of_another_tenant_does_not_merge() {
    let other = Evidence::new(TenantKey::new(&[8; 32]), Rules::default());
    assert_eq!(set([]).merge(&other), Err(EvidenceError::Tenant));
    let fact = Ruling { time: time(0), record: record(0), same: true, ends: (subject(1), subject(1)) };
    let fact = Fact::Ruled(Ruled { ruling: fact, by: "desk".parse().unwrap() });
    assert_eq!(set([]).add(fact), Err(EvidenceError::OneSubject));
}

#[test]
fn mailboxes_are_spelled_one_way_where_the_rules_say_so() {
    let mut evidence =
        set([asserted(0, time(0), &["email:a.ugusta+x@gmail.com", "email:augusta@gmail.com"])]);
    let named = |evidence: &Evidence| evidence.sightings().next().unwrap().named;
    let plain: Identifier = "email:augusta@gmail.com".parse().unwrap();
    let spelled: Identifier = "email:a.ugusta+x@gmail.com".parse().unwrap();
    let one = named(&evidence);
    assert_eq!((one.len(), one[0].key), (1, plain.key(&tenant())));
    assert!(one[0].forms.contains(&spelled.key(&tenant())));
    assert_eq!(one[0].spelling.as_deref(), Some("augusta@gmail.com"));
    let change = evidence.set_rules(Rules::default().with_gmail(false).with_repairs(false));
    assert_eq!((change.gone.len(), change.come.len()), (1, 1));
    let two = named(&evidence);
    assert!(two.len() == 2 && two.iter().all(|named| named.spelling.is_none()));
}

#[test]
fn nobody_is_printed() {
    let fact = asserted(0, time(0), &["email:ada@shop.example"]);
    let mut evidence = set([]);
    let change = evidence.add(fact.clone()).unwrap();
    let text = format!("{fact:?} {change:?} {evidence:?}");
    assert!(!text.contains("ada@"), "{text}");
    assert!(text.contains("Evidence(1 records, 1 identifiers, 0 rulings)"));
}
