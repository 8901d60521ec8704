//! The set of facts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ring::digest::{Context, SHA256};

use super::fact::{Erasure, EvidenceError, Fact, LinkingConsent, Retraction, Ruled};
use super::hashed::HashedContact;
use super::identifiers::Identifiers;
use super::keyed::{Keyed, Keys, Said, Value};
use super::limits::FACT_KEYS_MAX;
use super::reading;
use super::records::{Content, Records, Row, State};
use crate::identity::{Rules, Ruling, Sighting, Subject};
use crate::vocab::{Digest, IdentifierKey, IdentifierKind, RecordKey, SourceId, TenantKey, Timestamp};

/// What is known of who is who: a set of facts that merges by union.
///
/// Adding facts in any order, once or several times, at one store or at several that are merged later, gives the same
/// set, the same [`digest`](Evidence::digest) and the same [`sightings`](Evidence::sightings):
///
/// - of each record the newest version counts; of contents that one version is given, the one with the greatest digest;
/// - of each pair of subjects the newest ruling counts, of each identifier the newest consent;
/// - what was erased stays erased, and the sightings are those of a set that never had it.
///
/// Any time that a [`Timestamp`] can say is taken, since a refusal by the clock would make the set depend on when
/// a fact came. Whoever makes a fact bounds its time by its own clock; how facts of equal or absurd times meet, [`Fact`] says.
///
/// ```
/// use phygital_core::identity::Rules;
/// use phygital_core::identity::evidence::{Assertion, Erasure, Evidence, Fact};
/// use phygital_core::vocab::{Identifier, TenantKey, Timestamp};
/// let tenant = TenantKey::new(&[7; 32]);
/// let mut evidence = Evidence::new(tenant.clone(), Rules::default());
/// let email: Identifier = "email:ada@shop.example".parse()?;
/// let said = Assertion::new("//shop.example/crm".parse()?, "1042".parse()?, 1, Timestamp::MIN)
///     .with(email.clone())
///     .with("loyalty:L-7".parse()?);
/// let fact = Fact::Asserted(said.keyed(&tenant)?);
/// let change = evidence.add(fact.clone())?;
/// assert_eq!((change.gone.len(), change.come.len()), (0, 1));
/// assert!(evidence.add(fact.clone())?.is_empty());
///
/// evidence.add(Fact::Erased(Erasure::of_identifier(&email, &tenant)))?;
/// evidence.add(fact)?; // a replay brings nothing back
/// assert_eq!(evidence.sightings().next().map(|one| one.named.len()), Some(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Evidence {
    tenant: TenantKey,
    rules: Rules,
    sources: Vec<SourceId>,
    source_places: BTreeMap<SourceId, u32>,
    records: Records,
    identifiers: Identifiers,
    erased_identifiers: BTreeSet<IdentifierKey>,
    erased_records: BTreeSet<RecordKey>,
    /// Of each key when the newest consent was said, and whether it withdraws.
    consents: BTreeMap<IdentifierKey, (Timestamp, bool)>,
    rulings: BTreeMap<Pair, Ruled>,
    /// The pairs of `rulings`, the greater subject first.
    ruled: BTreeSet<Pair>,
}

/// What a fact changed: what the partition has to take in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "the difference of two sets of sightings and rulings")]
pub struct Change {
    /// Sightings that are no more, in order of record.
    pub gone: Vec<Sighting>,
    /// Sightings that are new or in place of one that is gone, in order of record.
    pub come: Vec<Sighting>,
    /// Rulings that no longer hold, in order of subjects.
    pub unruled: Vec<Ruling>,
    /// Rulings that hold now, in order of subjects.
    pub ruled: Vec<Ruling>,
}

impl Change {
    /// Whether nothing changed for the partition.
    pub fn is_empty(&self) -> bool {
        self.gone.is_empty() && self.come.is_empty() && self.unruled.is_empty() && self.ruled.is_empty()
    }
}

/// Two subjects, the smaller first.
type Pair = (Subject, Subject);

/// Rows that a fact may have changed, each with what was effective before.
#[derive(Default)]
struct Touched {
    records: Vec<(u32, Option<Sighting>)>,
    rulings: Vec<(Pair, Option<Ruling>)>,
}

impl Evidence {
    /// No facts yet, of this tenant and read under these rules.
    pub fn new(tenant: TenantKey, rules: Rules) -> Evidence {
        let digest = tenant.digest(b"\0places");
        let half = |from: usize| u64::from_le_bytes(digest.as_bytes()[from..from + 8].try_into().expect("8"));
        let secret = [half(0), half(8)];
        Evidence {
            tenant,
            rules,
            sources: Vec::new(),
            source_places: BTreeMap::new(),
            records: Records::new(secret),
            identifiers: Identifiers::new(secret),
            erased_identifiers: BTreeSet::new(),
            erased_records: BTreeSet::new(),
            consents: BTreeMap::new(),
            rulings: BTreeMap::new(),
            ruled: BTreeSet::new(),
        }
    }

    /// Takes a fact in, and tells what changed by it. A fact that is known already, or is superseded, changes nothing.
    ///
    /// Costs a look-up for the record and each identifier; an erasure or a consent as much again for every record that
    /// names the identifier.
    ///
    /// # Errors
    /// [`EvidenceError`]; the set is then as before.
    pub fn add(&mut self, fact: Fact) -> Result<Change, EvidenceError> {
        let touched = self.take(fact)?;
        Ok(self.change(touched))
    }

    /// Takes in all facts of another set, and tells what changed by them.
    ///
    /// # Errors
    /// [`EvidenceError::Tenant`], and then nothing is taken in; [`EvidenceError::Full`], where some facts are.
    pub fn merge(&mut self, other: &Evidence) -> Result<Change, EvidenceError> {
        if self.tenant.digest(b"\0tenant") != other.tenant.digest(b"\0tenant") {
            return Err(EvidenceError::Tenant);
        }
        let (mut records, mut rulings) = (BTreeMap::new(), BTreeMap::new());
        for fact in other.facts() {
            let touched = self.take(fact)?;
            for (place, before) in touched.records {
                records.entry(place).or_insert(before);
            }
            for (pair, before) in touched.rulings {
                rulings.entry(pair).or_insert(before);
            }
        }
        let touched =
            Touched { records: records.into_iter().collect(), rulings: rulings.into_iter().collect() };
        Ok(self.change(touched))
    }

    /// What each live record says, in order of record key.
    pub fn sightings(&self) -> impl Iterator<Item = Sighting> {
        self.records.in_order().into_iter().filter_map(|place| self.sighting_at(place))
    }

    /// What a record says; `None` where it says nothing, or nothing any more.
    pub fn sighting(&self, record: &RecordKey) -> Option<Sighting> {
        self.records.find(record).and_then(|place| self.sighting_at(place))
    }

    /// The rulings that hold, in order of subjects: of each pair the newest, its ends in order.
    pub fn rulings(&self) -> impl Iterator<Item = &Ruling> {
        self.rulings.values().map(|ruled| &ruled.ruling)
    }

    /// The ruling over a pair, given in any order, and who said it.
    pub fn ruling(&self, one: Subject, two: Subject) -> Option<&Ruled> {
        self.rulings.get(&(one.min(two), one.max(two)))
    }

    /// The rules under which it is read.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Reads the set under other rules from now on, and tells what changed by it. The facts stay as they are.
    pub fn set_rules(&mut self, rules: Rules) -> Change {
        let respell = rules.repairs() != self.rules.repairs();
        let mut turned = Vec::new();
        for place in 0..self.identifiers.len() as u32 {
            let row = self.identifiers.get(place);
            let Some(value) = &row.value else { continue };
            let judged = reading::judge(&rules, &self.tenant, value);
            if judged != row.judged || respell && row.kind.is_contact_point() {
                turned.push((place, judged));
            }
        }
        let places: Vec<u32> = turned.iter().map(|(place, _)| *place).collect();
        let records = self.naming(&places);
        for (place, judged) in turned {
            self.identifiers.get_mut(place).judged = judged;
        }
        self.rules = rules;
        self.change(Touched { records, rulings: Vec::new() })
    }

    /// The tenant whose keys it holds.
    pub fn tenant(&self) -> &TenantKey {
        &self.tenant
    }

    /// Facts that make up the set, in one order: the least that have to be told to make an equal one.
    pub fn facts(&self) -> impl Iterator<Item = Fact> {
        let identifiers = self.erased_identifiers.iter();
        let erased = identifiers
            .map(|key| Erasure { identifiers: vec![*key], records: Vec::new() })
            .chain(self.erased_records.iter().map(|key| Erasure::of_record(*key)))
            .map(Fact::Erased);
        let records = self.records.in_order().into_iter().flat_map(|place| self.facts_at(place));
        let linking = self.consents.iter().map(|(key, (time, withdrawn))| {
            let identifier = Keys::from_keys([*key]);
            Fact::Linking(LinkingConsent { identifier, allowed: !withdrawn, time: *time })
        });
        let rulings = self.rulings.values().cloned().map(Fact::Ruled);
        erased.chain(records).chain(linking).chain(rulings)
    }

    /// Equal for equal sets, whatever the rules; a keyed digest, so that nothing can be guessed from it without the key.
    pub fn digest(&self) -> Digest {
        let mut all = Context::new(&SHA256);
        let mut put = |kind: u8, parts: &[&[u8]]| {
            all.update(&[kind]);
            parts.iter().for_each(|part| all.update(part));
        };
        self.erased_identifiers.iter().for_each(|key| put(1, &[key.as_bytes()]));
        self.erased_records.iter().for_each(|key| put(2, &[key.as_bytes()]));
        for place in self.records.in_order() {
            let row = self.records.get(place);
            let (key, version) = (row.key.as_bytes(), row.version.to_be_bytes());
            match &row.state {
                State::Erased => {}
                State::Retracted => put(3, &[key, &version]),
                state => {
                    for content in state.contents() {
                        let digest = content.digest(&self.identifiers, &self.tenant);
                        put(4, &[key, &version, digest.as_bytes()]);
                    }
                }
            }
        }
        for (key, (time, withdrawn)) in &self.consents {
            put(5, &[key.as_bytes(), &time.as_micros().to_be_bytes(), &[u8::from(*withdrawn)]]);
        }
        for Ruled { ruling, by } in self.rulings.values() {
            for subject in [ruling.ends.0, ruling.ends.1] {
                match subject {
                    Subject::Identifier(kind, key) => put(6, &[kind.name().as_bytes(), &[0], key.as_bytes()]),
                    Subject::Record(key) => put(7, &[key.as_bytes()]),
                }
            }
            let time = ruling.time.as_micros().to_be_bytes();
            put(
                8,
                &[&[u8::from(ruling.same)], &time, ruling.record.as_bytes(), by.as_str().as_bytes(), &[0]],
            );
        }
        self.tenant.digest(&[b"\0evidence\0", all.finish().as_ref()].concat())
    }

    fn take(&mut self, fact: Fact) -> Result<Touched, EvidenceError> {
        let mut touched = Touched::default();
        let keys = match &fact {
            Fact::Linking(consent) => consent.identifier.iter().count(),
            Fact::Erased(erasure) => erasure.identifiers.len() + erasure.records.len(),
            _ => 0,
        };
        if keys > FACT_KEYS_MAX {
            return Err(EvidenceError::Keys(keys));
        }
        match fact {
            Fact::Asserted(keyed) => touched.records.extend(self.assert(keyed)?),
            Fact::Retracted(retraction) => touched.records.extend(self.retract(retraction)?),
            Fact::Ruled(ruling) => touched.rulings.extend(self.rule(ruling)?),
            Fact::Linking(consent) => touched.records = self.consent(&consent),
            Fact::Erased(erasure) => touched = self.erase(&erasure),
        }
        Ok(touched)
    }

    fn assert(&mut self, keyed: Keyed) -> Result<Option<(u32, Option<Sighting>)>, EvidenceError> {
        let Keyed { record, version, said, named } = keyed;
        let Some(place) = self.records.find(&record) else {
            if self.erased_records.contains(&record) {
                return Ok(None);
            }
            if self.records.is_full() {
                return Err(EvidenceError::Full);
            }
            let content = self.content(said, named)?;
            let named = content.named.clone();
            let place = self.records.add(Row { key: record, version, state: State::One(content) });
            self.note(place, &named, &State::Retracted);
            return Ok(Some((place, None)));
        };
        let row = self.records.get(place);
        let settled = match row.state {
            State::Erased => true,
            State::Retracted => row.version >= version,
            _ => row.version > version,
        };
        if settled {
            return Ok(None);
        }
        let content = self.content(said, named)?;
        let named = content.named.clone();
        let newer = self.records.get(place).version < version;
        let before = self.sighting_at(place);
        let old = if newer {
            let row = self.records.get_mut(place);
            row.version = version;
            std::mem::replace(&mut row.state, State::One(content))
        } else {
            let digest = |one: &Content| one.digest(&self.identifiers, &self.tenant);
            if !self.records.get_mut(place).state.contradict(content, digest) {
                return Ok(None);
            }
            State::Retracted
        };
        self.note(place, &named, &old);
        Ok(Some((place, before)))
    }

    /// Notes a record with the identifiers that it names, but for those that it named before.
    fn note(&mut self, place: u32, named: &[u32], before: &State) {
        for identifier in named.iter().copied().filter(|one| !before.names(*one)) {
            let still = |record: u32| self.records.get(record).state.names(identifier);
            self.identifiers.note(identifier, place, still);
        }
    }

    fn content(&mut self, said: Said, named: Vec<(IdentifierKey, Value)>) -> Result<Content, EvidenceError> {
        let mut places = Vec::with_capacity(named.len());
        for (key, value) in named {
            let place = self.place_of(key, value)?;
            if self.identifiers.get(place).value.is_some() {
                places.push(place);
            }
        }
        let source = match self.source_places.get(&said.source) {
            Some(place) => *place,
            None => {
                let place = u32::try_from(self.sources.len()).map_err(|_| EvidenceError::Full)?;
                self.sources.push(said.source.clone());
                self.source_places.insert(said.source, place);
                place
            }
        };
        let Said { id, time, linking, provenance, traits, .. } = said;
        Ok(Content { id, source, linking, provenance, time, named: places.into(), traits })
    }

    /// The place of an identifier, which is added where it is new.
    fn place_of(&mut self, key: IdentifierKey, value: Value) -> Result<u32, EvidenceError> {
        if let Some(place) = self.identifiers.find(&key) {
            return Ok(place);
        }
        let forms: Vec<IdentifierKey> = match &value {
            Value::Clear(identifier) => {
                HashedContact::forms(identifier).iter().map(|form| form.key(&self.tenant)).collect()
            }
            Value::Hashed(_) => Vec::new(),
        };
        let judged = reading::judge(&self.rules, &self.tenant, &value);
        let place = self.identifiers.add(key, value, &forms).ok_or(EvidenceError::Full)?;
        if self.keys_of(place).any(|key| self.erased_identifiers.contains(&key)) {
            self.identifiers.strike(place);
            return Ok(place);
        }
        let withdrawn = self.is_withdrawn(place);
        let row = self.identifiers.get_mut(place);
        (row.judged, row.withdrawn) = (judged, withdrawn);
        Ok(place)
    }

    fn keys_of(&self, place: u32) -> impl Iterator<Item = IdentifierKey> {
        [self.identifiers.get(place).key].into_iter().chain(self.identifiers.forms(place))
    }

    /// Whether the newest that was said of an identifier, by any of its keys, withdraws it.
    fn is_withdrawn(&self, place: u32) -> bool {
        let newest = self.keys_of(place).filter_map(|key| self.consents.get(&key)).max();
        newest.is_some_and(|(_, withdrawn)| *withdrawn)
    }

    fn retract(&mut self, said: Retraction) -> Result<Option<(u32, Option<Sighting>)>, EvidenceError> {
        let Retraction { record, version } = said;
        let Some(place) = self.records.find(&record) else {
            if self.erased_records.contains(&record) {
                return Ok(None);
            }
            if self.records.is_full() {
                return Err(EvidenceError::Full);
            }
            let place = self.records.add(Row { key: record, version, state: State::Retracted });
            return Ok(Some((place, None)));
        };
        let row = self.records.get(place);
        let newer = match row.state {
            State::Erased => false,
            State::Retracted => version > row.version,
            _ => version >= row.version,
        };
        if !newer {
            return Ok(None);
        }
        let before = self.sighting_at(place);
        let row = self.records.get_mut(place);
        (row.version, row.state) = (version, State::Retracted);
        Ok(Some((place, before)))
    }

    fn rule(&mut self, mut said: Ruled) -> Result<Option<(Pair, Option<Ruling>)>, EvidenceError> {
        let pair = said.ruling.pair();
        if pair.0 == pair.1 {
            return Err(EvidenceError::OneSubject);
        }
        said.ruling.ends = pair;
        let older = self.rulings.get(&pair).is_some_and(|known| known.rank() >= said.rank());
        if older || self.is_erased(pair.0) || self.is_erased(pair.1) {
            return Ok(None);
        }
        self.ruled.insert((pair.1, pair.0));
        let before = self.rulings.insert(pair, said);
        Ok(Some((pair, before.map(|before| before.ruling))))
    }

    fn is_erased(&self, subject: Subject) -> bool {
        match subject {
            Subject::Identifier(_, key) => self.erased_identifiers.contains(&key),
            Subject::Record(key) => self.erased_records.contains(&key),
        }
    }

    fn consent(&mut self, said: &LinkingConsent) -> Vec<(u32, Option<Sighting>)> {
        let new = (said.time, !said.allowed);
        let mut changed = Vec::new();
        for key in said.identifier.iter().filter(|key| !self.erased_identifiers.contains(key)) {
            let known = self.consents.entry(key).or_insert(new);
            if *known <= new {
                *known = new;
                changed.push(key);
            }
        }
        let meant = self.identifiers.meant_by(changed.into_iter());
        let turned = |place: &u32| self.identifiers.get(*place).withdrawn != self.is_withdrawn(*place);
        let turned: Vec<u32> = meant.into_iter().filter(turned).collect();
        let touched = self.naming(&turned);
        for place in turned {
            let row = self.identifiers.get_mut(place);
            row.withdrawn = !row.withdrawn;
        }
        touched
    }

    /// The records that name any of these identifiers, as they are.
    fn naming(&self, identifiers: &[u32]) -> Vec<(u32, Option<Sighting>)> {
        let mut records = Vec::new();
        for place in identifiers {
            let names = |record: &u32| self.records.get(*record).state.names(*place);
            records.extend(self.identifiers.records(*place).into_iter().filter(names));
        }
        records.sort_unstable();
        records.dedup();
        records.into_iter().map(|place| (place, self.sighting_at(place))).collect()
    }

    fn erase(&mut self, what: &Erasure) -> Touched {
        let mut touched = Touched::default();
        let mut keys = Vec::new();
        for key in &what.identifiers {
            if self.erased_identifiers.insert(*key) {
                keys.push(*key);
                self.consents.remove(key);
                for kind in IdentifierKind::ALL {
                    self.unrule(Subject::Identifier(kind, *key), &mut touched);
                }
            }
        }
        let known = |place: &u32| self.identifiers.get(*place).value.is_some();
        let struck: Vec<u32> =
            self.identifiers.meant_by(keys.into_iter()).into_iter().filter(known).collect();
        touched.records = self.naming(&struck);
        for (place, _) in &touched.records {
            let state = std::mem::replace(&mut self.records.get_mut(*place).state, State::Retracted);
            let is_struck = |one: u32| struck.binary_search(&one).is_ok();
            let state = state.without(is_struck, |one| one.digest(&self.identifiers, &self.tenant));
            self.records.get_mut(*place).state = state;
        }
        struck.into_iter().for_each(|place| self.identifiers.strike(place));
        let stripped: BTreeSet<u32> = touched.records.iter().map(|(place, _)| *place).collect();
        for key in &what.records {
            if !self.erased_records.insert(*key) {
                continue;
            }
            self.unrule(Subject::Record(*key), &mut touched);
            if let Some(place) = self.records.find(key) {
                if !stripped.contains(&place) {
                    touched.records.push((place, self.sighting_at(place)));
                }
                self.records.get_mut(place).state = State::Erased;
            }
        }
        touched
    }

    /// Drops every ruling over a subject.
    fn unrule(&mut self, subject: Subject, touched: &mut Touched) {
        let first = Subject::Identifier(IdentifierKind::ALL[0], IdentifierKey::from_bytes([0; 16]));
        let least = (subject, first);
        let first = self.rulings.range(least..).map(|(pair, _)| *pair).take_while(|pair| pair.0 == subject);
        let second =
            self.ruled.range(least..).take_while(|pair| pair.0 == subject).map(|pair| (pair.1, pair.0));
        let pairs: Vec<Pair> = first.chain(second).collect();
        for pair in pairs {
            let before = self.rulings.remove(&pair);
            self.ruled.remove(&(pair.1, pair.0));
            touched.rulings.push((pair, before.map(|before| before.ruling)));
        }
    }

    fn change(&self, touched: Touched) -> Change {
        let mut change = Change::default();
        for (place, before) in touched.records {
            let after = self.sighting_at(place);
            if before != after {
                change.gone.extend(before);
                change.come.extend(after);
            }
        }
        for (pair, before) in touched.rulings {
            let after = self.rulings.get(&pair).map(|after| after.ruling);
            if before != after {
                change.unruled.extend(before);
                change.ruled.extend(after);
            }
        }
        change.gone.sort_unstable_by_key(|one| one.record);
        change.come.sort_unstable_by_key(|one| one.record);
        change.unruled.sort_unstable_by_key(|one| one.ends);
        change.ruled.sort_unstable_by_key(|one| one.ends);
        change
    }

    fn sighting_at(&self, place: u32) -> Option<Sighting> {
        let row = self.records.get(place);
        row.state.live().map(|content| reading::sighting(row.key, content, &self.identifiers, &self.rules))
    }

    /// The row of a record, and the identifiers that it may name.
    pub(super) fn row_of(&self, record: &RecordKey) -> Option<(&Row, &Identifiers)> {
        self.records.find(record).map(|place| (self.records.get(place), &self.identifiers))
    }

    /// Who keeps a record with this content.
    pub(super) fn source_of(&self, content: &Content) -> &SourceId {
        &self.sources[content.source as usize]
    }

    /// The facts that make a record what it is.
    fn facts_at(&self, place: u32) -> Vec<Fact> {
        let row = self.records.get(place);
        let (record, version) = (row.key, row.version);
        let asserted = |content: &Content| {
            let named = content.named.iter().filter_map(|place| {
                let row = self.identifiers.get(*place);
                Some((row.key, row.value.clone()?))
            });
            let said = Said {
                source: self.source_of(content).clone(),
                id: content.id.clone(),
                time: content.time,
                linking: content.linking,
                provenance: content.provenance,
                traits: content.traits.clone(),
            };
            Fact::Asserted(Keyed { record, version, said, named: named.collect() })
        };
        match &row.state {
            State::Erased => Vec::new(),
            State::Retracted => vec![Fact::Retracted(Retraction { record, version })],
            state => state.contents().into_iter().map(asserted).collect(),
        }
    }
}

impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (records, rulings) = (self.records.len(), self.rulings.len());
        write!(f, "Evidence({records} records, {} identifiers, {rulings} rulings)", self.identifiers.len())
    }
}
