//! What keys stand for: rows by their ids, identifiers masked.

use std::collections::BTreeMap;

use phygital_core::identity::evidence::{Assertion, HashedContact};
use phygital_core::identity::why::Node;
use phygital_core::identity::{Rules, Subject};
use phygital_core::vocab::{IdentifierKey, RecordKey, TenantKey};

/// Keys, and what people call what they stand for.
#[derive(Default)]
pub(crate) struct Names {
    rows: BTreeMap<RecordKey, Box<str>>,
    identifiers: BTreeMap<IdentifierKey, Box<str>>,
}

impl Names {
    /// Remembers what a row names.
    pub(super) fn add(&mut self, said: &Assertion, tenant: &TenantKey, rules: &Rules) {
        let record = RecordKey::of(tenant, &said.source, &said.record);
        self.rows.insert(record, said.record.as_str().into());
        for identifier in &said.identifiers {
            let shown = || format!("{}:{}", identifier.kind(), identifier.masked()).into();
            self.identifiers.entry(identifier.key(tenant)).or_insert_with(shown);
            let linking = rules.linking_value(identifier);
            if *linking != *identifier {
                self.identifiers.entry(linking.key(tenant)).or_insert_with(shown);
            }
        }
        for contact in &said.hashed {
            let shown = || format!("{}:sha256 {}\u{2026}", contact.kind(), hash_of(contact)).into();
            self.identifiers.entry(contact.key(tenant)).or_insert_with(shown);
        }
    }

    /// A row by its id.
    pub(crate) fn row(&self, record: &RecordKey) -> Option<&str> {
        self.rows.get(record).map(|id| &**id)
    }

    /// What an answer speaks of: an identifier masked, or a row. `node` is where it speaks of it.
    pub(crate) fn subject(&self, subject: Option<Subject>, node: &Node) -> String {
        let shown = match subject {
            Some(Subject::Identifier(_, key)) => self.identifiers.get(&key).map(|shown| shown.to_string()),
            Some(Subject::Record(record)) => self.row(&record).map(|row| format!("row {row}")),
            None => None,
        };
        shown.unwrap_or_else(|| {
            node.kind.map_or("what is said of a person".to_owned(), |kind| kind.to_string())
        })
    }
}

/// The first digits of a hash, enough to find it in the file.
fn hash_of(contact: &HashedContact) -> String {
    contact.hash()[..4].iter().map(|byte| format!("{byte:02x}")).collect()
}
