//! Facts as lines of JSON: what lies in files and goes from store to store.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};

use super::assertion::{Assertion, AssertionError, Provenance, TraitName, TraitNameError};
use super::fact::{Erasure, EvidenceError, Fact, LinkingConsent, Retraction, Ruled};
use super::hashed::{HashedContact, HashedContactError};
use super::keyed::{Keyed, Keys, Value};
use super::limits::LINE_BYTES_MAX;
use super::sealed::Seal;
use super::set::Evidence;
use crate::identity::{Rules, Ruling, Subject};
use crate::vocab::limits::IDENTIFIER_BYTES_MAX;
use crate::vocab::{
    IdError, Identifier, IdentifierKey, IdentifierKind, Personal, RecordId, RecordKey, SourceId, TenantKey,
    Timestamp,
};

/// The version of the lines that are written, and the only one there is to read.
pub const LINES_VERSION: u32 = 1;

/// Writes facts as lines of JSON and reads them, for one tenant.
///
/// A line is one fact, so files may be cut, sorted and joined at will:
///
/// | `"v":1`, and one of | with |
/// |---|---|
/// | `asserted` | `record`, `id` sealed, `source`, `version`, `time`, `linking`, `provenance`, `identifiers` and `traits`, each with its `key` and its value `sealed` |
/// | `retracted` | `record`, `version` |
/// | `ruled` | `ends`, `same`, `time`, `record`, `by` |
/// | `linking` | `identifier` (its keys), `allowed`, `time` |
/// | `erased` | `identifiers`, `records` (keys) |
///
/// Keys are hexadecimal, sealed values base 64. No value of a person stands there in the clear; sources, times, kinds and
/// names of traits do. Equal facts are equal bytes.
///
/// ```
/// use phygital_core::identity::Rules;
/// use phygital_core::identity::evidence::{Evidence, Fact, Lines, Retraction};
/// use phygital_core::vocab::{RecordKey, TenantKey};
/// let tenant = TenantKey::new(&[7; 32]);
/// let lines = Lines::new(tenant.clone());
/// let fact = Fact::Retracted(Retraction { record: RecordKey::from_bytes([0xab; 16]), version: 2 });
/// let line = lines.write(&fact);
/// assert_eq!(line, r#"{"v":1,"retracted":{"record":"abababababababababababababababab","version":2}}"#);
/// assert_eq!(lines.read(&line)?, fact);
/// # Ok::<(), phygital_core::identity::evidence::LineFault>(())
/// ```
#[derive(Debug)]
pub struct Lines {
    tenant: TenantKey,
    seal: Seal,
}

/// Why a line is no fact. Never holds what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineFault {
    /// Longer than [`LINE_BYTES_MAX`].
    #[error("expected at most {LINE_BYTES_MAX} bytes")]
    TooLong,
    /// Not UTF-8, not JSON, or not of this form.
    #[error("column {0}: expected a fact as JSON")]
    Json(usize),
    /// Of another version.
    #[error("v: expected {LINES_VERSION}, found {0}")]
    Version(u32),
    /// None or several.
    #[error("expected one of asserted, retracted, ruled, linking and erased, found {0}")]
    Facts(usize),
    /// No base 64.
    #[error("{0}: expected base 64 without padding")]
    Base64(&'static str),
    /// A sealed value that does not open.
    #[error("{0}: expected a value sealed under this tenant's key, beside its own key")]
    Sealed(&'static str),
    /// A value that opens and is not what stands there.
    #[error("{0}: expected a value of which the key beside it was made")]
    Value(&'static str),
    /// A trait twice.
    #[error("traits.{0}: expected each trait once")]
    Twice(TraitName),
    /// A record's or a source's id.
    #[error("{0}: {1}")]
    Id(&'static str, IdError),
    /// The name of a trait.
    #[error("traits.name: {0}")]
    Trait(#[from] TraitNameError),
    /// A contact that is known by its hash.
    #[error("identifiers.sealed: {0}")]
    Hashed(#[from] HashedContactError),
    /// An assertion beyond a limit.
    #[error(transparent)]
    Assertion(#[from] AssertionError),
    /// A fact that the set refuses.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
}

/// Why evidence cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
#[non_exhaustive]
pub struct LineError {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub fault: LineFault,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    v: u32,
    #[serde(borrow, skip_serializing_if = "Option::is_none", default)]
    asserted: Option<AssertedLine<'a>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    retracted: Option<RetractedLine>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ruled: Option<RuledLine>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    linking: Option<LinkingLine>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    erased: Option<ErasedLine>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AssertedLine<'a> {
    record: RecordKey,
    #[serde(borrow)]
    id: Cow<'a, str>,
    source: SourceId,
    version: u64,
    time: Timestamp,
    linking: bool,
    provenance: ProvenanceName,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    identifiers: Vec<IdentifierLine<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    traits: Vec<TraitLine<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ProvenanceName {
    Observed,
    Stated,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentifierLine<'a> {
    kind: IdentifierKind,
    /// Whether the value is a hash.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    hashed: bool,
    key: IdentifierKey,
    #[serde(borrow)]
    sealed: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TraitLine<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    /// As long as an identifier's.
    key: IdentifierKey,
    #[serde(borrow)]
    sealed: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RetractedLine {
    record: RecordKey,
    version: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuledLine {
    ends: (SubjectLine, SubjectLine),
    same: bool,
    time: Timestamp,
    record: RecordKey,
    by: SourceId,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum SubjectLine {
    Identifier { kind: IdentifierKind, key: IdentifierKey },
    Record(RecordKey),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkingLine {
    identifier: Vec<IdentifierKey>,
    allowed: bool,
    time: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ErasedLine {
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    identifiers: Vec<IdentifierKey>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    records: Vec<RecordKey>,
}

impl Lines {
    /// For the facts of a tenant.
    pub fn new(tenant: TenantKey) -> Lines {
        Lines { seal: Seal::new(&tenant), tenant }
    }

    /// A fact as one line, without its end.
    pub fn write(&self, fact: &Fact) -> String {
        let mut line = Line {
            v: LINES_VERSION,
            asserted: None,
            retracted: None,
            ruled: None,
            linking: None,
            erased: None,
        };
        match fact {
            Fact::Asserted(keyed) => line.asserted = Some(self.asserted(keyed)),
            Fact::Retracted(Retraction { record, version }) => {
                line.retracted = Some(RetractedLine { record: *record, version: *version });
            }
            Fact::Ruled(Ruled { ruling, by }) => {
                let (one, two) = ruling.pair();
                let ends = (SubjectLine::from(one), SubjectLine::from(two));
                let Ruling { time, record, same, .. } = *ruling;
                line.ruled = Some(RuledLine { ends, same, time, record, by: by.clone() });
            }
            Fact::Linking(LinkingConsent { identifier, allowed, time }) => {
                let identifier = identifier.iter().collect();
                line.linking = Some(LinkingLine { identifier, allowed: *allowed, time: *time });
            }
            Fact::Erased(Erasure { identifiers, records }) => {
                let (identifiers, records) = (identifiers.clone(), records.clone());
                line.erased = Some(ErasedLine { identifiers, records });
            }
        }
        serde_json::to_string(&line).expect("texts and numbers have a form in JSON")
    }

    fn asserted<'a>(&self, keyed: &Keyed) -> AssertedLine<'a> {
        let Keyed { record, version, said, named } = keyed;
        let sealed = |key: &[u8; 16], value: &[u8]| Cow::Owned(BASE64.encode(self.seal.seal(key, value)));
        let identifiers = named.iter().map(|(key, value)| {
            let (hashed, bytes) = match value {
                Value::Clear(identifier) => (false, identifier.value().as_bytes()),
                Value::Hashed(contact) => (true, &contact.hash()[..]),
            };
            IdentifierLine { kind: value.kind(), hashed, key: *key, sealed: sealed(key.as_bytes(), bytes) }
        });
        let traits = said.traits.iter().map(|(name, value)| {
            let key = self.trait_key(record, name, value);
            let sealed = sealed(key.as_bytes(), value.as_bytes());
            TraitLine { name: Cow::Owned(name.as_str().to_owned()), key, sealed }
        });
        AssertedLine {
            record: *record,
            id: sealed(record.as_bytes(), said.id.as_str().as_bytes()),
            source: said.source.clone(),
            version: *version,
            time: said.time,
            linking: said.linking,
            provenance: match said.provenance {
                Provenance::Observed => ProvenanceName::Observed,
                Provenance::Stated => ProvenanceName::Stated,
            },
            identifiers: identifiers.collect(),
            traits: traits.collect(),
        }
    }

    /// The key of a trait's value within its record.
    fn trait_key(&self, record: &RecordKey, name: &TraitName, value: &str) -> IdentifierKey {
        // A key has one length, and a name no control character, so nothing runs together.
        let name = [b"\0trait\0", &record.as_bytes()[..], name.as_str().as_bytes(), &[0], value.as_bytes()];
        let digest = self.tenant.digest(&name.concat());
        IdentifierKey::from_bytes(digest.as_bytes()[..16].try_into().expect("32 bytes"))
    }

    /// Reads one line.
    ///
    /// # Errors
    /// [`LineFault`] for what is no fact, and for what was changed since it was written or is another tenant's.
    pub fn read(&self, line: &str) -> Result<Fact, LineFault> {
        if line.len() > LINE_BYTES_MAX {
            return Err(LineFault::TooLong);
        }
        // What serde says of it may quote a value.
        let line: Line<'_> = serde_json::from_str(line).map_err(|error| LineFault::Json(error.column()))?;
        if line.v != LINES_VERSION {
            return Err(LineFault::Version(line.v));
        }
        let Line { asserted, retracted, ruled, linking, erased, .. } = line;
        let mut facts = Vec::new();
        if let Some(asserted) = asserted {
            facts.push(Fact::Asserted(self.read_asserted(asserted)?));
        }
        facts.extend(retracted.map(|one| {
            let RetractedLine { record, version } = one;
            Fact::Retracted(Retraction { record, version })
        }));
        facts.extend(ruled.map(|one| {
            let ends = (one.ends.0.into(), one.ends.1.into());
            let ruling = Ruling { time: one.time, record: one.record, same: one.same, ends };
            Fact::Ruled(Ruled { ruling, by: one.by })
        }));
        facts.extend(linking.map(|one| {
            let identifier = Keys::from_keys(one.identifier);
            Fact::Linking(LinkingConsent { identifier, allowed: one.allowed, time: one.time })
        }));
        facts.extend(
            erased.map(|one| Fact::Erased(Erasure { identifiers: one.identifiers, records: one.records })),
        );
        let count = facts.len();
        facts.pop().filter(|_| count == 1).ok_or(LineFault::Facts(count))
    }

    fn read_asserted(&self, line: AssertedLine<'_>) -> Result<Keyed, LineFault> {
        let id = self.open("id", line.record.as_bytes(), &line.id)?;
        let id = RecordId::new(id).map_err(|error| LineFault::Id("id", error))?;
        if RecordKey::of(&self.tenant, &line.source, &id) != line.record {
            return Err(LineFault::Value("id"));
        }
        let mut one = Assertion::new(line.source, id, line.version, line.time);
        one.linking = line.linking;
        one.provenance = match line.provenance {
            ProvenanceName::Observed => Provenance::Observed,
            ProvenanceName::Stated => Provenance::Stated,
        };
        let mut keys = Vec::with_capacity(line.identifiers.len());
        for IdentifierLine { kind, hashed, key, sealed } in line.identifiers {
            const AT: &str = "identifiers.sealed";
            if hashed {
                let hash = self.open_bytes(AT, key.as_bytes(), &sealed)?;
                let hash = hash.try_into().map_err(|_| LineFault::Value(AT))?;
                let contact = HashedContact::new(kind, hash)?;
                if contact.key(&self.tenant) != key {
                    return Err(LineFault::Value(AT));
                }
                one.hashed.push(contact);
            } else {
                // In normal form when it was written; a newer table of phone numbers must not make it unreadable.
                let value = self.open(AT, key.as_bytes(), &sealed)?;
                let identifier = Identifier::from_normal(kind, &value);
                if value.is_empty()
                    || value.len() > IDENTIFIER_BYTES_MAX
                    || identifier.key(&self.tenant) != key
                {
                    return Err(LineFault::Value(AT));
                }
                one.identifiers.push(identifier);
                keys.push(key);
            }
        }
        let mut traits = BTreeMap::new();
        for TraitLine { name, key, sealed } in line.traits {
            const AT: &str = "traits.sealed";
            let name: TraitName = name.parse()?;
            let value = self.open(AT, key.as_bytes(), &sealed)?;
            if self.trait_key(&line.record, &name, &value) != key {
                return Err(LineFault::Value(AT));
            }
            if traits.insert(name.clone(), Personal::new(value)).is_some() {
                return Err(LineFault::Twice(name));
            }
        }
        one.traits = traits;
        Ok(one.with_keys(&self.tenant, line.record, keys)?)
    }

    fn open(&self, at: &'static str, key: &[u8; 16], sealed: &str) -> Result<String, LineFault> {
        let bytes = self.open_bytes(at, key, sealed)?;
        String::from_utf8(bytes).map_err(|_| LineFault::Value(at))
    }

    fn open_bytes(&self, at: &'static str, key: &[u8; 16], sealed: &str) -> Result<Vec<u8>, LineFault> {
        let sealed = BASE64.decode(sealed).map_err(|_| LineFault::Base64(at))?;
        self.seal.open(key, sealed).map_err(|_| LineFault::Sealed(at))
    }
}

impl From<Subject> for SubjectLine {
    fn from(subject: Subject) -> SubjectLine {
        match subject {
            Subject::Identifier(kind, key) => SubjectLine::Identifier { kind, key },
            Subject::Record(key) => SubjectLine::Record(key),
        }
    }
}

impl From<SubjectLine> for Subject {
    fn from(line: SubjectLine) -> Subject {
        match line {
            SubjectLine::Identifier { kind, key } => Subject::Identifier(kind, key),
            SubjectLine::Record(key) => Subject::Record(key),
        }
    }
}

impl Evidence {
    /// The set as lines, each without its end: the same lines for equal sets.
    pub fn to_lines(&self) -> impl Iterator<Item = String> {
        let lines = Lines::new(self.tenant().clone());
        self.facts().map(move |fact| lines.write(&fact))
    }

    /// Reads a set from the lines of a text, in any order. Lines without anything but white space are passed over.
    ///
    /// # Errors
    /// [`LineError`]: the first line that is no fact of this tenant.
    pub fn from_lines(tenant: TenantKey, rules: Rules, text: &str) -> Result<Evidence, LineError> {
        let lines = Lines::new(tenant.clone());
        let mut evidence = Evidence::new(tenant, rules);
        for (line, text) in (1..).zip(text.lines()) {
            if text.trim().is_empty() {
                continue;
            }
            let add = |fact| evidence.add(fact).map_err(LineFault::from);
            lines.read(text).and_then(add).map_err(|fault| LineError { line, fault })?;
        }
        Ok(evidence)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::identity::evidence::limits::{
        ASSERTION_IDENTIFIERS_MAX, ASSERTION_TRAITS_MAX, FACT_KEYS_MAX, TRAIT_BYTES_MAX, TRAIT_NAME_BYTES_MAX,
    };
    use crate::vocab::limits::ID_BYTES_MAX;

    fn tenant() -> TenantKey {
        TenantKey::new(&[7; 32])
    }

    fn lines() -> Lines {
        Lines::new(tenant())
    }

    fn said() -> Assertion {
        Assertion::new("crm".parse().unwrap(), "1042".parse().unwrap(), 1, Timestamp::MAX)
            .with("email:ada@shop.example".parse().unwrap())
            .with_hashed(HashedContact::phone([9; 32]))
            .with_trait(TraitName::Surname, "Lovelace")
    }

    fn line() -> String {
        lines().write(&Fact::Asserted(said().keyed(&tenant()).unwrap()))
    }

    fn facts() -> Vec<Fact> {
        let (identifier, record) = (IdentifierKey::from_bytes([3; 16]), RecordKey::from_bytes([4; 16]));
        let ends = (Subject::Record(record), Subject::Identifier(IdentifierKind::Crm, identifier));
        let ruling = Ruling { time: Timestamp::MIN, record, same: false, ends: (ends.1, ends.0) };
        let email: Identifier = "email:a.da@gmail.com".parse().unwrap();
        vec![
            Fact::Asserted(said().keyed(&tenant()).unwrap()),
            Fact::Retracted(Retraction { record, version: u64::MAX }),
            Fact::Ruled(Ruled { ruling, by: "desk".parse().unwrap() }),
            Fact::Linking(LinkingConsent::of(&email, &tenant(), false, Timestamp::MAX)),
            Fact::Erased(Erasure { identifiers: vec![identifier], records: vec![record] }),
        ]
    }

    #[test]
    fn every_fact_reads_back_and_tells_nothing() {
        for fact in facts() {
            let line = lines().write(&fact);
            assert_eq!(lines().read(&line).as_ref(), Ok(&fact), "{line}");
            for word in ["ada", "Lovelace", "1042"] {
                assert!(!line.contains(word), "{line}");
            }
        }
    }

    #[test]
    fn a_set_reads_back_from_its_lines_in_any_order() {
        let mut evidence = Evidence::new(tenant(), Rules::default());
        for fact in facts() {
            evidence.add(fact).unwrap();
        }
        let mut all: Vec<String> = evidence.to_lines().collect();
        assert_eq!(all.len(), 6, "the record is forgotten, and with it the ruling");
        all.reverse();
        let text = all.join("\r\n") + "\n \n";
        let read = Evidence::from_lines(tenant(), Rules::default(), &text).unwrap();
        assert_eq!(read.digest(), evidence.digest());
        assert!(read.to_lines().eq(evidence.to_lines()));
    }

    #[test]
    fn what_was_changed_or_is_anothers_is_refused() {
        let whole = line();
        let fault = |line: &str| lines().read(line).unwrap_err();
        assert_eq!(Lines::new(TenantKey::new(&[8; 32])).read(&whole), Err(LineFault::Sealed("id")));
        for (from, to, expected) in [
            ("\"v\":1", "\"v\":2", "v: expected 1, found 2"),
            (
                "\"source\":\"crm\"",
                "\"source\":\"web\"",
                "id: expected a value of which the key beside it was made",
            ),
            (
                "\"kind\":\"email\"",
                "\"kind\":\"crm\"",
                "identifiers.sealed: expected a value of which the key beside it was made",
            ),
            (
                "\"kind\":\"email\"",
                "\"kind\":\"email\",\"hashed\":true",
                "identifiers.sealed: expected a value of which the key beside it was made",
            ),
            ("\"name\":\"surname\"", "\"name\":\"city\"", "traits.sealed: expected a value of which"),
            ("\"name\":\"surname\"", "\"name\":\" \"", "traits.name: expected the name of a trait"),
            ("\"id\":\"", "\"id\":\"*", "id: expected base 64"),
            ("\"id\":\"", "\"id\":\"AAAA", "id: expected a value sealed under this tenant's key"),
        ] {
            let changed = whole.replacen(from, to, 1);
            assert_ne!(changed, whole);
            assert!(fault(&changed).to_string().starts_with(expected), "{}", fault(&changed));
        }
        let twice = whole.replacen("\"traits\":[", "\"traits\":[{},", 1);
        let one = whole.split_once("\"traits\":[").unwrap().1.split_once(']').unwrap().0;
        assert_eq!(fault(&twice.replacen("{}", one, 1)), LineFault::Twice(TraitName::Surname));
        assert_eq!(fault("{\"v\":1}"), LineFault::Facts(0));
        let two = whole.replacen("{\"v\":1,", "{\"v\":1,\"erased\":{},", 1);
        assert_eq!(fault(&two), LineFault::Facts(2));
        for bad in ["", "{", "[]", "{\"v\":1,\"ada\":1}", "{\"v\":1,\"erased\":{\"identifiers\":[\"ada\"]}}"]
        {
            let fault = fault(bad);
            assert!(matches!(fault, LineFault::Json(_)) && !format!("{fault} {fault:?}").contains("ada"));
        }
    }

    #[test]
    fn the_line_of_a_fault_is_told() {
        let text = format!("{}\n\n{{\"v\":1}}\n", line());
        let error = Evidence::from_lines(tenant(), Rules::default(), &text).unwrap_err();
        assert_eq!(error, LineError { line: 3, fault: LineFault::Facts(0) });
        assert_eq!(
            error.to_string(),
            "line 3: expected one of asserted, retracted, ruled, linking and erased, found 0"
        );
    }

    #[test]
    fn a_fact_at_every_limit_is_a_line_and_a_longer_line_is_none() {
        let id = "\"".repeat(ID_BYTES_MAX);
        let mut said = Assertion::new(id.parse().unwrap(), id.parse().unwrap(), u64::MAX, Timestamp::MAX);
        for n in 0..ASSERTION_IDENTIFIERS_MAX {
            let value = format!("{n:0>IDENTIFIER_BYTES_MAX$}");
            said = said.with(Identifier::new(IdentifierKind::TagVisitor, &value).unwrap());
        }
        for n in 0..ASSERTION_TRAITS_MAX {
            let name = format!("{n:\"<TRAIT_NAME_BYTES_MAX$}").parse().unwrap();
            said = said.with_trait(name, "\u{1}".repeat(TRAIT_BYTES_MAX));
        }
        let record = RecordKey::from_bytes([4; 16]);
        let erased = Erasure { identifiers: Vec::new(), records: vec![record; FACT_KEYS_MAX] };
        for fact in [Fact::Asserted(said.keyed(&tenant()).unwrap()), Fact::Erased(erased.clone())] {
            let line = lines().write(&fact);
            assert_eq!(lines().read(&line).as_ref(), Ok(&fact), "{} bytes", line.len());
        }
        let mut evidence = Evidence::new(tenant(), Rules::default());
        evidence.add(Fact::Erased(erased.clone())).unwrap();
        let over = Erasure { identifiers: vec![IdentifierKey::from_bytes([1; 16])], ..erased };
        let refused = evidence.add(Fact::Erased(over)).unwrap_err();
        assert_eq!(refused, EvidenceError::Keys(FACT_KEYS_MAX + 1));
        let spaces = " ".repeat(LINE_BYTES_MAX - 19);
        assert!(lines().read(&format!("{{\"v\":1,\"erased\":{{}}{spaces}}}")).is_ok());
        assert_eq!(lines().read(&format!("{{\"v\":1,\"erased\":{{}} {spaces}}}")), Err(LineFault::TooLong));
    }
}
