//! All that is kept of one person, for her: the rights of access and portability.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::consent::{Activity, Entry, Party, PurposeView, Signal};
use crate::event::FoldKey;
use crate::profile::FactSource;
use crate::store::{Read, Store};
use crate::vocab::{CustomerId, DeviceId, EventKey, Identifier, IdentifierKind, Personal, Timestamp};

use super::Error;
use super::customers::{owner_of, read_entry};
use super::known::By;
use super::people::{People, known};
use super::profiles::stored_profile;

/// What [`PersonExport`] names as its form.
pub const EXPORT_SCHEMA: &str = "https://phygital.example/person/1";

/// All that is kept of one person: what she is known by, what she consented to, what is held to be true of her and since
/// which event, every event of hers, and what it is all used for.
///
/// It serialises to JSON that machines read (GDPR, articles 15 and 20(1); California Civil Code 1798.130(a)(3)). Of an event
/// that names others too, they are left out (GDPR, article 15(4)).
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct PersonExport<'e> {
    /// [`EXPORT_SCHEMA`].
    pub schema: &'static str,
    /// When it was made.
    pub exported_at: Timestamp,
    /// Her id now.
    pub customer: CustomerId,
    /// What she is known by, strongest kind first.
    pub identifiers: Vec<Named>,
    /// What she said of consent, and what follows from it.
    pub consents: Vec<ExportedConsent>,
    /// What holds of her.
    pub facts: Vec<ExportedFact>,
    /// All that she did, in order of time.
    pub events: Vec<ExportedEvent>,
    /// Who keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controller: Option<&'e Party>,
    /// What it is used for, for how long, and who gets it (GDPR, article 15(1)).
    pub processing: Vec<Activity<'e>>,
    /// To whom she may complain (GDPR, article 15(1)(f)).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority: Option<&'e Party>,
}

/// An identifier as it is exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Named {
    /// Its kind.
    pub kind: IdentifierKind,
    /// Its value.
    pub value: Personal,
}

/// Consent of one identifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ExportedConsent {
    /// Of which.
    pub of: Named,
    /// What is permitted now, why, and what proves it.
    pub purposes: Vec<PurposeView>,
    /// What was said, oldest first.
    pub entries: Vec<Entry>,
    /// The opt-out signal of her browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<Signal>,
}

/// What holds of her.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ExportedFact {
    /// What of.
    pub attribute: String,
    /// What.
    pub value: Personal,
    /// Unit of the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Where it comes from.
    pub source: FactSource,
    /// Since when.
    pub since: Timestamp,
    /// The event that says so.
    pub event: EventKey,
    /// The sentence it was read from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentence: Option<Personal>,
    /// How sure the reading of the sentence is, in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<u32>,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// An event of hers.
#[derive(Serialize)]
#[non_exhaustive]
pub struct ExportedEvent {
    /// Its key, as facts and proofs name it.
    pub key: EventKey,
    /// The device whose log has it.
    pub device: DeviceId,
    /// When that received it.
    pub received_at: Timestamp,
    /// The event, a CloudEvents envelope.
    pub event: Box<RawValue>,
}

impl std::fmt::Debug for ExportedEvent {
    /// Prints nothing of what it says: it is about a person.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExportedEvent").field("key", &self.key).finish_non_exhaustive()
    }
}

impl From<&Identifier> for Named {
    fn from(identifier: &Identifier) -> Named {
        Named { kind: identifier.kind(), value: Personal::new(identifier.value()) }
    }
}

impl<'e, S: Store> People<'e, S> {
    /// All that is kept of a customer, at `now`, by her id now or by one that she had before a merge.
    ///
    /// It is hers: make sure that it is she who asks. Reads every event of hers. What she shares with others, such as the
    /// shop's own tablet, is not among what she is known by.
    ///
    /// # Errors
    /// [`Error::Unknown`] where there is no such customer.
    pub fn export(&self, customer: CustomerId, now: Timestamp) -> Result<PersonExport<'e>, Error> {
        self.engine.usable()?;
        let engine = self.engine;
        let reader = engine.store.reader()?;
        let known = known(&reader, customer)?;
        let mut hers = Vec::new();
        for by in &known.by {
            if !reader.node(&by.key)?.is_some_and(|node| node.shared) {
                hers.push(by);
            }
        }
        hers.sort_by_key(|by| &by.identifier);
        let latest = engine.latest(now);
        let mut consents = Vec::new();
        let mut events: BTreeSet<FoldKey> = BTreeSet::new();
        for By { key, identifier, ledger } in &hers {
            events.extend(reader.events_of(key, None)?);
            let Some(ledger) = ledger else { continue };
            consents.push(ExportedConsent {
                of: identifier.into(),
                purposes: ledger.view(identifier, &engine.config.policy, latest).purposes,
                entries: ledger.entries().to_vec(),
                signal: ledger.signal().copied(),
            });
        }
        let is_hers = |one: &Identifier| hers.iter().any(|by| by.identifier == *one);
        let mut told = Vec::new();
        for at in events {
            let Some(entry) = reader.entry(&at.key)? else { continue };
            let Some(recorded) = read_entry(&entry)? else { continue };
            let mut event = recorded.event;
            let of_another = event.body.whom().is_some_and(|one| !is_hers(one));
            if of_another || owner_of(&reader, engine.lens(), &event.identifiers)? != Some(known.customer) {
                continue;
            }
            event.identifiers.retain(is_hers);
            let json = RawValue::from_string(event.to_json());
            told.push(ExportedEvent {
                key: at.key,
                device: recorded.origin.device,
                received_at: recorded.received_at,
                event: json.map_err(|_| Error::Bug("an event without a JSON form"))?,
            });
        }
        let profile = stored_profile(&reader, known.customer)?;
        let facts = profile.facts(now).map(|(attribute, fact)| ExportedFact {
            attribute: attribute.to_owned(),
            value: fact.value.clone(),
            unit: fact.unit.clone(),
            source: fact.source,
            since: fact.by.at,
            event: fact.by.key,
            sentence: fact.sentence.clone(),
            confidence: fact.confidence,
            expires_at: fact.expires_at,
        });
        let catalogue = &engine.config.catalogue;
        Ok(PersonExport {
            schema: EXPORT_SCHEMA,
            exported_at: now,
            customer: known.customer,
            identifiers: hers.iter().map(|by| (&by.identifier).into()).collect(),
            consents,
            facts: facts.collect(),
            events: told,
            controller: catalogue.controller(),
            processing: catalogue.record_of_processing().activities,
            authority: catalogue.authority(),
        })
    }
}
