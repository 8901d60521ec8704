//! The golden record: what counts of all that the records of one person say.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::evidence::{Provenance, Statement, TraitName};
use super::names::Name;
use super::rules::Rules;
use super::sighting::Details;
use crate::vocab::{Personal, RecordKey, SourceId, Timestamp};

/// By what one value is taken and another is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Criterion {
    /// What says more: of a group more traits, and no mere initials.
    Complete,
    /// What she said herself, over what others saw.
    Stated,
    /// What a source says that is trusted more ([`Rules::source_rank`]).
    Source,
    /// What more records say.
    Frequent,
    /// What was said later. What is dated after `now` counts as said at no known time.
    Recent,
}

/// Which criteria decide over which traits, and in which order.
///
/// Traits of a group are taken from one record, so that no street stands in another's town. The defaults:
///
/// | traits | by |
/// |---|---|
/// | given name, date of birth, each for itself | complete, stated, source, frequent, recent |
/// | surname, since people marry | stated, source, recent, frequent |
/// | street, city, postcode and country together, since people move | stated, complete, recent, source, frequent |
/// | any other, each for itself | stated, recent, source, frequent |
///
/// In JSON: `{"groups": [{"traits": ["street", "city"], "order": ["recent"]}], "others": ["stated", "recent"]}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Config")]
pub struct Survivorship {
    groups: Vec<Group>,
    others: Vec<Criterion>,
}

/// Traits that are taken from one record, and by what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "traits and what decides over them")]
pub struct Group {
    /// The traits.
    pub traits: Vec<TraitName>,
    /// What decides, first to last.
    pub order: Vec<Criterion>,
}

/// Why groups of traits make no [`Survivorship`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SurvivorshipError {
    /// A trait that stands in two groups, or twice in one.
    #[error("groups: expected {0} once")]
    TraitTwice(TraitName),
    /// A criterion that stands twice in one order.
    #[error("order: expected {0:?} once")]
    CriterionTwice(Criterion),
}

/// The form in JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    groups: Vec<Group>,
    others: Vec<Criterion>,
}

impl TryFrom<Config> for Survivorship {
    type Error = SurvivorshipError;
    fn try_from(config: Config) -> Result<Survivorship, SurvivorshipError> {
        Survivorship::new(config.groups, config.others)
    }
}

impl Default for Survivorship {
    fn default() -> Survivorship {
        use Criterion::{Complete, Frequent, Recent, Source, Stated};
        let group = |traits: &[TraitName], order: &[Criterion]| Group {
            traits: traits.to_vec(),
            order: order.to_vec(),
        };
        let lasting = [Complete, Stated, Source, Frequent, Recent];
        let address = [TraitName::Street, TraitName::City, TraitName::Postcode, TraitName::Country];
        Survivorship {
            groups: vec![
                group(&[TraitName::GivenName], &lasting),
                group(&[TraitName::Birthday], &lasting),
                group(&[TraitName::Surname], &[Stated, Source, Recent, Frequent]),
                group(&address, &[Stated, Complete, Recent, Source, Frequent]),
            ],
            others: vec![Stated, Recent, Source, Frequent],
        }
    }
}

impl Survivorship {
    /// These groups; `others` decide over every trait that is in none, each for itself.
    ///
    /// # Errors
    /// [`SurvivorshipError`] where something stands twice.
    pub fn new(groups: Vec<Group>, others: Vec<Criterion>) -> Result<Survivorship, SurvivorshipError> {
        let mut traits: Vec<&TraitName> = groups.iter().flat_map(|group| &group.traits).collect();
        traits.sort();
        if let Some(twice) = traits.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(SurvivorshipError::TraitTwice(twice[0].clone()));
        }
        for order in groups.iter().map(|group| &group.order).chain([&others]) {
            let mut sorted = order.clone();
            sorted.sort();
            if let Some(twice) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(SurvivorshipError::CriterionTwice(twice[0]));
            }
        }
        Ok(Survivorship { groups, others })
    }
}

/// What counts of all that the records of one person say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Golden {
    /// By trait, what counts of it.
    pub traits: BTreeMap<TraitName, Survivor>,
}

/// The value of a trait that counts, with where it comes from and what it left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Survivor {
    /// The value as its record has it.
    pub value: Personal,
    /// The record.
    pub record: RecordKey,
    /// Who keeps it.
    pub source: SourceId,
    /// What decided between it and the strongest other value.
    pub by: Decided,
    /// What other records say, strongest first.
    pub others: Vec<Other>,
}

/// What another record says of a trait.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Other {
    /// The value as the record has it.
    pub value: Personal,
    /// The record.
    pub record: RecordKey,
    /// What decided against it.
    pub by: Decided,
}

/// What decided between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decided {
    /// Nothing: they are the same but for their spelling, or there is but one.
    Same,
    /// The first criterion in which they differ.
    By(Criterion),
    /// They differ in no criterion; the one that stands first in the alphabet was taken.
    Order,
}

/// What a record says of a group.
struct Candidate<'e> {
    statement: Statement<'e>,
    /// In normal form, by the place of the trait in the group; empty where it says nothing.
    normal: Vec<String>,
}

impl Golden {
    /// The golden record of these records at `now`. The order in which they come changes nothing, nor does one that comes
    /// twice.
    ///
    /// A name or date of birth that the rules block, such as "walk in customer", counts for nothing.
    ///
    /// ```
    /// use phygital_core::identity::evidence::{Assertion, Evidence, Fact, TraitName};
    /// use phygital_core::identity::{Criterion, Decided, Golden, Rules, Survivorship};
    /// use phygital_core::vocab::{TenantKey, Timestamp};
    /// let tenant = TenantKey::new(&[7; 32]);
    /// let mut evidence = Evidence::new(tenant.clone(), Rules::default());
    /// let now = Timestamp::parse("2026-11-21T12:00:00Z")?;
    /// for (id, name) in [("1", "A."), ("2", "Ada")] {
    ///     let said = Assertion::new("till".parse()?, id.parse()?, 1, now).with_trait(TraitName::GivenName, name);
    ///     evidence.add(Fact::Asserted(said.keyed(&tenant)?))?;
    /// }
    /// let records: Vec<_> = evidence.sightings().map(|one| one.record).collect();
    /// let statements = records.iter().filter_map(|record| evidence.statement(record));
    /// let golden = Golden::of(statements, &Rules::default(), &Survivorship::default(), now);
    /// let name = &golden.traits[&TraitName::GivenName];
    /// assert_eq!((name.value.reveal(), name.by), ("Ada", Decided::By(Criterion::Complete)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn of<'e>(
        statements: impl IntoIterator<Item = Statement<'e>>,
        rules: &Rules,
        survivorship: &Survivorship,
        now: Timestamp,
    ) -> Golden {
        let by_record: BTreeMap<RecordKey, Statement<'e>> =
            statements.into_iter().map(|one| (one.record(), one)).collect();
        let statements: Vec<(Statement<'e>, Blocked)> =
            by_record.into_values().map(|one| (one, Blocked::of(&one, rules))).collect();
        let mut golden = Golden::default();
        for group in &survivorship.groups {
            golden.survive(&statements, &group.traits, &group.order, rules, now);
        }
        let grouped = |name: &TraitName| survivorship.groups.iter().any(|group| group.traits.contains(name));
        let mut rest: Vec<&TraitName> = statements
            .iter()
            .flat_map(|(one, _)| one.traits())
            .map(|(name, _)| name)
            .filter(|name| !grouped(name))
            .collect();
        rest.sort();
        rest.dedup();
        for name in rest {
            golden.survive(&statements, std::slice::from_ref(name), &survivorship.others, rules, now);
        }
        golden
    }

    /// Decides over one group.
    fn survive(
        &mut self,
        statements: &[(Statement<'_>, Blocked)],
        traits: &[TraitName],
        order: &[Criterion],
        rules: &Rules,
        now: Timestamp,
    ) {
        let candidates: Vec<Candidate<'_>> = statements
            .iter()
            .filter_map(|(statement, blocked)| {
                let normal = |name: &TraitName| match statement.trait_of(name) {
                    Some(value) if !blocked.covers(name) => name.normal(value),
                    _ => String::new(),
                };
                let normal: Vec<String> = traits.iter().map(normal).collect();
                normal
                    .iter()
                    .any(|one| !one.is_empty())
                    .then_some(Candidate { statement: *statement, normal })
            })
            .collect();
        let mut counts: BTreeMap<&[String], u64> = BTreeMap::new();
        for candidate in &candidates {
            *counts.entry(&candidate.normal).or_default() += 1;
        }
        // Greater is better.
        let marks = |one: &Candidate<'_>| -> Vec<u64> {
            let mark = |criterion: &Criterion| match criterion {
                Criterion::Complete => {
                    one.normal.iter().filter(|text| text.chars().nth(1).is_some()).count() as u64
                }
                Criterion::Stated => u64::from(one.statement.provenance() == Provenance::Stated),
                Criterion::Source => u64::MAX - rules.source_rank(one.statement.source()) as u64,
                Criterion::Frequent => counts[one.normal.as_slice()],
                Criterion::Recent if one.statement.time() <= now => {
                    one.statement.time().as_micros().unsigned_abs() + 1
                }
                Criterion::Recent => 0,
            };
            order.iter().map(mark).collect()
        };
        let mut ranked: Vec<(Vec<u64>, &Candidate<'_>)> =
            candidates.iter().map(|one| (marks(one), one)).collect();
        // By the criteria, then by what is the same wherever it is computed.
        ranked.sort_by(|(one_marks, one), (two_marks, two)| {
            let key = |one: &Candidate<'_>| (Reverse(one.statement.time()), one.statement.record());
            two_marks
                .cmp(one_marks)
                .then_with(|| one.normal.cmp(&two.normal))
                .then_with(|| key(one).cmp(&key(two)))
        });
        let Some(((best, winner), losers)) = ranked.split_first() else { return };
        let decided = |place: usize, (marks, loser): &(Vec<u64>, &Candidate<'_>)| {
            if loser.normal[place] == winner.normal[place] {
                return Decided::Same;
            }
            let differs = order.iter().zip(best.iter().zip(marks)).find(|(_, (one, two))| one != two);
            differs.map_or(Decided::Order, |(criterion, _)| Decided::By(*criterion))
        };
        for (place, name) in traits.iter().enumerate() {
            let said = |one: &Candidate<'_>| {
                let value = one.statement.trait_of(name).filter(|_| !one.normal[place].is_empty())?;
                Some(Personal::new(value))
            };
            let Some(value) = said(winner) else { continue };
            let others: Vec<Other> = losers
                .iter()
                .filter_map(|loser| {
                    let record = loser.1.statement.record();
                    Some(Other { value: said(loser.1)?, record, by: decided(place, loser) })
                })
                .collect();
            let strongest = others.iter().map(|other| other.by).find(|by| *by != Decided::Same);
            let survivor = Survivor {
                value,
                record: winner.statement.record(),
                source: winner.statement.source().clone(),
                by: strongest.unwrap_or(Decided::Same),
                others,
            };
            self.traits.insert(name.clone(), survivor);
        }
    }
}

/// What of a record names nobody.
struct Blocked {
    name: bool,
    birth: bool,
}

impl Blocked {
    fn of(statement: &Statement<'_>, rules: &Rules) -> Blocked {
        let normal = |name: &TraitName| {
            let normal = name.normal(statement.trait_of(name)?);
            (!normal.is_empty()).then(|| Box::from(normal))
        };
        let details = Details {
            given_name: normal(&TraitName::GivenName),
            surname: normal(&TraitName::Surname),
            birthday: normal(&TraitName::Birthday),
            ..Details::default()
        };
        Blocked {
            name: Name::of(&details).is_some_and(|name| rules.blocked.is_name(&name)),
            birth: details.birthday.is_some_and(|birth| rules.blocked.is_birth(&birth)),
        }
    }

    fn covers(&self, name: &TraitName) -> bool {
        match name {
            TraitName::GivenName | TraitName::Surname => self.name,
            TraitName::Birthday => self.birth,
            _ => false,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::identity::evidence::{Assertion, Erasure, Evidence, Fact, Retraction};
    use crate::vocab::TenantKey;

    fn tenant() -> TenantKey {
        TenantKey::new(&[7; 32])
    }

    fn time(n: i64) -> Timestamp {
        Timestamp::from_millis(n).unwrap()
    }

    const NOW: i64 = 100;

    /// A record: its source, its time, whether it is her own word, and its traits.
    type Told<'t> = (&'t str, i64, bool, &'t [(&'t str, &'t str)]);

    fn evidence(told: &[Told<'_>]) -> Evidence {
        let mut evidence = Evidence::new(tenant(), Rules::default());
        for (id, (source, at, stated, traits)) in told.iter().enumerate() {
            let id = id.to_string().parse().unwrap();
            let mut one = Assertion::new(source.parse().unwrap(), id, 1, time(*at));
            for (name, value) in *traits {
                one = one.with_trait(name.parse().unwrap(), *value);
            }
            let one = if *stated { one.stated() } else { one };
            evidence.add(Fact::Asserted(one.keyed(&tenant()).unwrap())).unwrap();
        }
        evidence
    }

    fn golden_of(evidence: &Evidence, survivorship: &Survivorship) -> Golden {
        let records: Vec<RecordKey> = evidence.sightings().map(|one| one.record).collect();
        let statements = records.iter().filter_map(|record| evidence.statement(record));
        Golden::of(statements, evidence.rules(), survivorship, time(NOW))
    }

    fn golden(told: &[Told<'_>]) -> Golden {
        golden_of(&evidence(told), &Survivorship::default())
    }

    fn taken(golden: &Golden, name: &str) -> Option<(String, Decided)> {
        let survivor = golden.traits.get(&name.parse().unwrap())?;
        Some((survivor.value.reveal().to_owned(), survivor.by))
    }

    fn by(value: &str, criterion: Criterion) -> Option<(String, Decided)> {
        Some((value.to_owned(), Decided::By(criterion)))
    }

    #[test]
    fn each_criterion_decides_where_the_earlier_do_not() {
        let told = golden(&[
            ("till", 9, false, &[("surname", "King"), ("language", "fr")]),
            ("web", 1, true, &[("surname", "Byron"), ("language", "en")]),
            ("web", 2, true, &[("surname", "Lovelace"), ("language", "EN")]),
        ]);
        assert_eq!(taken(&told, "surname"), by("Lovelace", Criterion::Recent));
        assert_eq!(taken(&told, "language"), by("EN", Criterion::Stated));
        let survivor = &told.traits[&TraitName::Surname];
        let others: Vec<_> = survivor.others.iter().map(|one| (one.value.reveal(), one.by)).collect();
        assert_eq!(
            others,
            [("Byron", Decided::By(Criterion::Recent)), ("King", Decided::By(Criterion::Stated))]
        );
        assert_eq!(survivor.source.as_str(), "web");

        let told = golden(&[
            ("till", 9, false, &[("birthday", "1815-12-10")]),
            ("till", 1, false, &[("birthday", "1816-12-10")]),
            ("web", 1, false, &[("birthday", "10/12/1816")]),
            ("web", 2, false, &[("birthday", "18161210")]),
        ]);
        assert_eq!(taken(&told, "birthday"), by("18161210", Criterion::Frequent));
        let told = golden(&[("a", 1, true, &[("city", "Rom")]), ("a", 1, true, &[("city", "Bonn")])]);
        assert_eq!(taken(&told, "city"), Some(("Bonn".to_owned(), Decided::Order)));
        let told = golden(&[("a", 1, false, &[("city", "BONN")]), ("a", 2, false, &[("city", "Bonn")])]);
        assert_eq!(taken(&told, "city"), Some(("Bonn".to_owned(), Decided::Same)));
        assert_eq!(golden(&[]), Golden::default());
    }

    #[test]
    fn a_trusted_source_decides() {
        let rules = Rules { sources: vec!["crm".parse().unwrap()], ..Rules::default() };
        let mut evidence = evidence(&[
            ("till", 9, false, &[("given_name", "Augusta")]),
            ("crm", 1, false, &[("given_name", "Ada")]),
        ]);
        evidence.set_rules(rules);
        let told = golden_of(&evidence, &Survivorship::default());
        assert_eq!(taken(&told, "given_name"), by("Ada", Criterion::Source));
    }

    #[test]
    fn an_address_is_taken_whole() {
        let told = golden(&[
            ("till", 8, false, &[("city", "Bonn"), ("country", "DE")]),
            ("web", 1, false, &[("street", "12 St James's Square"), ("postcode", "SW1"), ("city", "London")]),
            ("web", 2, false, &[("street", "1 Via Appia"), ("postcode", "00179"), ("city", "Rome")]),
        ]);
        assert_eq!(taken(&told, "street"), by("1 Via Appia", Criterion::Recent));
        assert_eq!(taken(&told, "city"), by("Rome", Criterion::Recent));
        assert_eq!(taken(&told, "country"), None, "that of another address");
    }

    #[test]
    fn what_is_dated_ahead_is_of_no_known_time() {
        let told = golden(&[
            ("till", NOW, false, &[("surname", "Lovelace")]),
            ("till", NOW + 1, false, &[("surname", "Nobody")]),
        ]);
        assert_eq!(taken(&told, "surname"), by("Lovelace", Criterion::Recent));
    }

    #[test]
    fn names_and_dates_of_nobody_count_for_nothing() {
        let told = golden(&[
            ("till", 9, true, &[("given_name", "Walk"), ("surname", "In"), ("city", "Bonn")]),
            ("till", 9, true, &[("birthday", "1900-01-01")]),
            ("till", 1, false, &[("given_name", "Ada"), ("surname", "Lovelace"), ("birthday", "1815-12-10")]),
        ]);
        assert_eq!(taken(&told, "given_name"), Some(("Ada".to_owned(), Decided::Same)));
        assert_eq!(taken(&told, "birthday"), Some(("1815-12-10".to_owned(), Decided::Same)));
        assert!(taken(&told, "city").is_some());
    }

    #[test]
    fn what_was_erased_or_taken_back_does_not_appear() {
        let mut evidence = evidence(&[
            ("a", 1, true, &[("surname", "Erased")]),
            ("a", 2, true, &[("surname", "Retracted")]),
            ("a", 0, false, &[("surname", "Lovelace")]),
        ]);
        let record = |id: &str| RecordKey::of(&tenant(), &"a".parse().unwrap(), &id.parse().unwrap());
        evidence.add(Fact::Erased(Erasure::of_record(record("0")))).unwrap();
        evidence.add(Fact::Retracted(Retraction { record: record("1"), version: 1 })).unwrap();
        let told = golden_of(&evidence, &Survivorship::default());
        assert_eq!(taken(&told, "surname"), Some(("Lovelace".to_owned(), Decided::Same)));
        assert!(told.traits[&TraitName::Surname].others.is_empty());
        assert!(evidence.statement(&record("0")).is_none() && evidence.statement(&record("1")).is_none());
        let text = format!("{told:?} {:?}", evidence.statement(&record("2")).unwrap());
        assert!(!text.contains("Lovelace"), "{text}");
    }

    #[test]
    fn survivorship_is_configured_in_json() {
        let text =
            r#"{"groups":[{"traits":["street","city"],"order":["recent"]}],"others":["stated","recent"]}"#;
        let read: Survivorship = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        for (text, expected) in [
            (
                r#"{"groups":[{"traits":["city","city"],"order":[]}],"others":[]}"#,
                "groups: expected city once",
            ),
            (r#"{"groups":[],"others":["recent","recent"]}"#, "order: expected Recent once"),
        ] {
            let error = serde_json::from_str::<Survivorship>(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
        let default = Survivorship::default();
        assert_eq!(Survivorship::new(default.groups.clone(), default.others.clone()), Ok(default));
    }

    /// The slow way: criterion by criterion, whoever is not best falls out.
    fn oracle(told: &[(usize, i64, bool, usize)], order: &[Criterion], values: &[&str]) -> Option<String> {
        let count = |value: usize| told.iter().filter(|one| one.3 == value).count() as i64;
        let mut left: Vec<_> = told.to_vec();
        for criterion in order {
            let mark = |one: &(usize, i64, bool, usize)| match criterion {
                Criterion::Complete => i64::from(values[one.3].len() > 1),
                Criterion::Stated => i64::from(one.2),
                Criterion::Source => -(one.0 as i64),
                Criterion::Frequent => count(one.3),
                Criterion::Recent => {
                    if one.1 > NOW {
                        -1
                    } else {
                        one.1
                    }
                }
            };
            let best = left.iter().map(mark).max()?;
            left.retain(|one| mark(one) == best);
        }
        left.iter().map(|one| values[one.3].to_owned()).min()
    }

    proptest! {
        #[test]
        fn the_survivor_is_the_one_that_elimination_leaves(
            told in prop::collection::vec((0usize..3, 98i64..103, any::<bool>(), 0usize..4), 0..8),
            order in Just(vec![
                Criterion::Complete, Criterion::Stated, Criterion::Source, Criterion::Frequent, Criterion::Recent,
            ]).prop_shuffle(),
            kept in 0usize..6,
        ) {
            let (sources, values) = (["crm", "web", "till"], ["a", "ada", "augusta", "b"]);
            let order = order[..kept.min(5)].to_vec();
            let traits: Vec<[(&str, &str); 1]> = told.iter().map(|one| [("given_name", values[one.3])]).collect();
            let records: Vec<Told<'_>> = told
                .iter()
                .zip(&traits)
                .map(|(one, traits)| (sources[one.0], one.1, one.2, &traits[..]))
                .collect();
            let ranked = sources.iter().map(|one| one.parse().unwrap()).collect();
            let rules = Rules { sources: ranked, ..Rules::default() };
            let mut evidence = evidence(&records);
            evidence.set_rules(rules);
            let survivorship = Survivorship::new(vec![], order.clone()).unwrap();
            let golden = golden_of(&evidence, &survivorship);
            let found = golden.traits.get(&TraitName::GivenName);
            prop_assert_eq!(found.map(|one| one.value.reveal().to_owned()), oracle(&told, &order, &values));
            if let Some(found) = found {
                prop_assert_eq!(found.others.len() + 1, told.len());
                for other in &found.others {
                    prop_assert_eq!(other.by == Decided::Same, other.value == found.value);
                }
            }
            // Backwards, and each twice.
            let keys: Vec<RecordKey> = evidence.sightings().map(|one| one.record).collect();
            let twice = keys.iter().rev().chain(&keys).filter_map(|record| evidence.statement(record));
            prop_assert_eq!(Golden::of(twice, evidence.rules(), &survivorship, time(NOW)), golden);
        }
    }
}
