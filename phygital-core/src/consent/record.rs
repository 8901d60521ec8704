//! Consent records and receipts after ISO/IEC TS 27560:2023, as JSON.

use serde::{Deserialize, Serialize};

use super::catalogue::{Catalogue, Party};
use super::entry::{Entry, State};
use super::ledger::Ledger;
use super::policy::Policy;
use super::signal::Signal;
use crate::vocab::{Digest, NoticeId, Personal, Purpose, Timestamp};

/// What records and receipts name as their schema.
pub const SCHEMA: &str = "ISO/IEC TS 27560:2023";

/// The consent of one contact point to one purpose, with every event that shaped it: a consent record.
///
/// Fields have the names of the standard (6.3), in its four sections: header, processing, parties, events. What the
/// [`Catalogue`] does not say is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ConsentRecord {
    /// 6.3.3: [`SCHEMA`].
    pub schema_version: String,
    /// 6.3.3: the same for the same contact point and purpose.
    pub record_id: String,
    /// 6.3.3: whose consent it is.
    pub pii_principal_id: Personal,
    /// 6.3.4: to what.
    pub pii_processing: RecordProcessing,
    /// 6.3.6: who has to do with it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub party_identification: Vec<RecordParty>,
    /// 6.3.7: what happened to it, oldest first.
    #[serde(default, alias = "event", alias = "consent_events")]
    pub events: Vec<RecordEvent>,
}

/// 6.3.4 of a [`ConsentRecord`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RecordProcessing {
    /// The notice that was shown last: its id, or where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privacy_notice: Option<String>,
    /// Its language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// To what end.
    pub purposes: Vec<RecordPurpose>,
}

/// A purpose in a [`RecordProcessing`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RecordPurpose {
    /// Its name.
    pub purpose: String,
    /// What it is, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose_description: Option<String>,
    /// What allows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lawful_basis: Option<String>,
    /// Which data.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pii_information: Vec<RecordData>,
    /// Who answers for it: ids of parties.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pii_controllers: Vec<String>,
    /// Countries in which it is kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub storage_locations: Vec<String>,
    /// For how long: a duration of ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_period: Option<String>,
    /// Who gets it: ids of parties.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recipient_third_parties: Vec<String>,
    /// How to withdraw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawal_method: Option<String>,
    /// Whom to complain to: the id of a party.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority_party: Option<String>,
}

/// A kind of data in a [`RecordPurpose`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RecordData {
    /// Which.
    pub pii_type: String,
    /// Whether it is of a special category.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub special_pii_category: bool,
}

/// Somebody in a [`ConsentRecord`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RecordParty {
    /// A name for it within the record.
    pub party_id: String,
    /// What it is called.
    pub party_name: String,
    /// Postal address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party_address: Option<String>,
    /// How it is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party_contact: Option<String>,
    /// Page about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party_url: Option<String>,
    /// What it is to the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party_role: Option<String>,
}

/// Something that happened to a consent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RecordEvent {
    /// When.
    pub event_time: Timestamp,
    /// For how long it counts: a duration of ISO 8601 from then on; without end where it is absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub validity_duration: Option<String>,
    /// Who did it: `pii_principal`, the id of a party, or what did it.
    #[serde(default)]
    pub entity_id: String,
    /// How it was expressed: `expressed` by an act of hers, `signal` by her browser, none where somebody else says so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub event_type: Option<String>,
    /// What became of it.
    pub event_state: ConsentStatus,
    /// How it was told, as events name methods.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub collection_method: Option<String>,
    /// The notice that was shown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub notice_id: Option<NoticeId>,
    /// SHA-256 of its text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub notice_hash: Option<Digest>,
    /// Its language.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub language: Option<String>,
    /// What proves it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub evidence: Vec<Personal>,
}

/// What became of a consent: the states of the Data Privacy Vocabulary that a shop meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ConsentStatus {
    /// It was asked for.
    Requested,
    /// It was never given, and is not going to be.
    Refused,
    /// It was given.
    Given,
    /// It was given again while it held.
    Renewed,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Withdrawn,
    /// It counts no longer, though nobody took it back: the number passed to somebody else.
    Invalidated,
}

/// How much a receipt tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Detail {
    /// That there is a record, and its id: what the standard demands (6.4).
    Minimal,
    /// And to what end, on what basis, and what became of it.
    Summary,
    /// The whole record.
    #[default]
    Full,
}

/// The copy of a [`ConsentRecord`] that is handed to the person: a consent receipt (6.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ConsentReceipt {
    /// [`SCHEMA`].
    pub schema_version: String,
    /// The same for the same record and its last event.
    pub receipt_id: String,
    /// When it was made.
    pub issued_at: Timestamp,
    /// The record it is of.
    pub record_id: String,
    /// The purpose, from [`Detail::Summary`] on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// What became of the consent, from [`Detail::Summary`] on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<ConsentStatus>,
    /// How to withdraw, from [`Detail::Summary`] on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawal_method: Option<String>,
    /// The record, in full.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<ConsentRecord>,
}

impl Ledger {
    /// The record of consent to a purpose, as of `now`; `None` where nothing was ever said of it.
    ///
    /// `principal` is how she is named in it: her number in clear in what she is given herself, a key where others read it.
    pub fn record(
        &self,
        purpose: Purpose,
        principal: &str,
        (catalogue, policy): (&Catalogue, &Policy),
        now: Timestamp,
    ) -> Option<ConsentRecord> {
        let events = self.events(purpose, policy, now);
        let shown =
            self.entries().iter().rev().find(|entry| entry.covers(purpose) && entry.notice_id.is_some());
        if events.is_empty() {
            return None;
        }
        let language = shown.and_then(|entry| entry.language.clone());
        let processing = catalogue.of(purpose);
        let ids = |parties: Vec<&Party>| parties.into_iter().map(|party| party.id.clone()).collect();
        let data = |one: &super::catalogue::Processing| {
            let of = |name: &String| RecordData {
                pii_type: name.clone(),
                special_pii_category: one.special.contains(name),
            };
            one.data.iter().map(of).collect()
        };
        let record_purpose = RecordPurpose {
            purpose: purpose.name().to_owned(),
            purpose_description: processing.map(|one| one.description(language.as_deref()).to_owned()),
            lawful_basis: Some(policy.basis(purpose).article().to_owned()),
            pii_information: processing.map(data).unwrap_or_default(),
            pii_controllers: ids(catalogue.controller().into_iter().collect()),
            storage_locations: processing.map(|one| one.storage.clone()).unwrap_or_default(),
            retention_period: processing.map(|one| format!("P{}D", one.retention_days)),
            recipient_third_parties: ids(catalogue.recipients_of(purpose)),
            withdrawal_method: processing.and_then(|one| one.withdrawal.clone()),
            authority_party: catalogue.authority().map(|party| party.id.clone()),
        };
        let role = |role: &str, party: &Party| RecordParty {
            party_id: party.id.clone(),
            party_name: party.name.clone(),
            party_address: party.address.clone(),
            party_contact: party.contact.clone(),
            party_url: party.url.clone(),
            party_role: Some(party.role.clone().unwrap_or_else(|| role.to_owned())),
        };
        let mut parties: Vec<RecordParty> =
            catalogue.controller().into_iter().map(|party| role("controller", party)).collect();
        parties.extend(catalogue.recipients_of(purpose).into_iter().map(|party| role("recipient", party)));
        parties.extend(catalogue.authority().map(|party| role("authority", party)));
        Some(ConsentRecord {
            schema_version: SCHEMA.to_owned(),
            record_id: named(&["record", principal, purpose.name()]),
            pii_principal_id: Personal::new(principal),
            pii_processing: RecordProcessing {
                privacy_notice: shown.and_then(|entry| Some(entry.notice_id.as_ref()?.to_string())),
                language,
                purposes: vec![record_purpose],
            },
            party_identification: parties,
            events,
        })
    }

    /// What happened to the consent to a purpose, oldest first; that it ran out by `now` is the last of it.
    fn events(&self, purpose: Purpose, policy: &Policy, now: Timestamp) -> Vec<RecordEvent> {
        let mut events = Vec::new();
        // The grant that holds, and when it ends.
        let mut holds: Option<Option<Timestamp>> = None;
        let held = |holds: &Option<Option<Timestamp>>, at| {
            holds.is_some_and(|end: Option<Timestamp>| end.is_none_or(|end| at < end))
        };
        let mut said: Vec<(Timestamp, State, Option<&Entry>)> = Vec::new();
        for entry in self.entries().iter().filter(|entry| entry.covers(purpose)) {
            if !matches!(entry.state, State::Suppressed | State::Lifted) {
                said.push((entry.fold.at, entry.state, Some(entry)));
            }
        }
        if let Some(signal) = self.signal().filter(|_| purpose == Signal::PURPOSE) {
            said.extend([signal.first, signal.last].map(|seen| (seen.fold.at, State::Withdrawn, None)));
        }
        // As the last word is found: of two grants at the same time the one that ends first stands last.
        said.sort_by_key(|(at, state, entry)| (*at, *state, entry.map(Entry::place)));
        said.dedup();
        let terms = policy.terms(purpose);
        for (at, state, entry) in said {
            // What anybody may have typed is an asking, until its owner confirms it.
            let is_typed = |grant: &Entry| terms.double_opt_in && !self.is_confirmed(grant);
            let state = match state {
                State::Granted if entry.is_some_and(is_typed) => State::Requested,
                state => state,
            };
            let status = match state {
                State::Requested => ConsentStatus::Requested,
                State::Granted if held(&holds, at) => ConsentStatus::Renewed,
                State::Granted => ConsentStatus::Given,
                State::Reassigned => ConsentStatus::Invalidated,
                _ if holds.is_some() => ConsentStatus::Withdrawn,
                _ => ConsentStatus::Refused,
            };
            let end = entry.and_then(|entry| match state {
                State::Granted => terms.end(entry),
                _ => entry.expires_at,
            });
            match state {
                State::Granted => holds = Some(end),
                State::Reassigned | State::Withdrawn => holds = None,
                _ => {}
            }
            events.push(RecordEvent {
                event_time: at,
                validity_duration: end.map(|end| duration(at, end)),
                entity_id: match (state, entry) {
                    (State::Reassigned, _) => "registry".to_owned(),
                    (_, None) => "global_privacy_control".to_owned(),
                    _ => "pii_principal".to_owned(),
                },
                event_type: match (state, entry) {
                    (State::Granted | State::Withdrawn, Some(_)) => Some("expressed".to_owned()),
                    (State::Withdrawn, None) => Some("signal".to_owned()),
                    _ => None,
                },
                event_state: status,
                collection_method: entry.and_then(|entry| Some(entry.method?.name().to_owned())),
                notice_id: entry.and_then(|entry| entry.notice_id.clone()),
                notice_hash: entry.and_then(|entry| entry.notice_hash),
                language: entry.and_then(|entry| entry.language.clone()),
                evidence: entry.map(|entry| entry.evidence.clone()).unwrap_or_default(),
            });
        }
        if let Some(Some(end)) = holds.filter(|end| end.is_some_and(|end| end <= now)) {
            events.push(RecordEvent {
                event_time: end,
                validity_duration: None,
                entity_id: "time".to_owned(),
                event_type: None,
                event_state: ConsentStatus::Expired,
                collection_method: None,
                notice_id: None,
                notice_hash: None,
                language: None,
                evidence: Vec::new(),
            });
        }
        events
    }
}

impl ConsentRecord {
    /// What became of the consent last; `requested` where nobody answered.
    pub fn state(&self) -> Option<ConsentStatus> {
        self.events.last().map(|event| event.event_state)
    }

    /// The receipt for it.
    pub fn receipt(self, detail: Detail, now: Timestamp) -> ConsentReceipt {
        let last = self.events.last().map_or(String::new(), |event| event.event_time.to_string());
        let purpose = self.pii_processing.purposes.first();
        let summary = detail != Detail::Minimal;
        ConsentReceipt {
            schema_version: SCHEMA.to_owned(),
            receipt_id: named(&["receipt", &self.record_id, &last]),
            issued_at: now,
            record_id: self.record_id.clone(),
            purpose: purpose.filter(|_| summary).map(|one| one.purpose.clone()),
            state: self.state().filter(|_| summary),
            withdrawal_method: purpose.filter(|_| summary).and_then(|one| one.withdrawal_method.clone()),
            record: (detail == Detail::Full).then_some(self),
        }
    }
}

/// A name made of others: a UUID of version 8 (RFC 9562, 5.8) of their SHA-256.
fn named(parts: &[&str]) -> String {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    let digest = context.finish();
    let bytes: [u8; 16] = digest.as_ref()[..16].try_into().expect("32 bytes");
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

/// A span as a duration of ISO 8601 in seconds, or in days where it is whole days.
fn duration(from: Timestamp, to: Timestamp) -> String {
    let seconds = if to <= from { 0 } else { from.distance(to).as_secs() };
    match seconds % DAY {
        0 => format!("P{}D", seconds / DAY),
        _ => format!("PT{seconds}S"),
    }
}

pub(super) const DAY: u64 = 24 * 60 * 60;
