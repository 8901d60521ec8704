//! Consent that other systems kept, as events: records of ISO/IEC TS 27560, Segment's consent object and subscriptions.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::catalogue::Catalogue;
use super::decision::{Decision, Reason};
use super::record::{ConsentRecord, ConsentStatus, DAY};
use crate::event::kinds::conversation::{ConsentRequested, OptedIn, OptedOut};
use crate::event::{Body, CodecOptions, Event, EventError};
use crate::vocab::limits::{EVENT_BYTES_MAX, IMPORT_EVENTS_MAX};
use crate::vocab::{
    ConsentMethod, Digest, EventId, Identifier, IdentifierError, IdentifierKind, Personal, Purpose, SourceId,
    Timestamp,
};

/// What came in, as events to record; the same text gives the same events, so that twice is once.
///
/// Whatever comes in is of the method [`ConsentMethod::Import`]: another system's word that it was confirmed is its word.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Imported {
    /// In order of their time.
    pub events: Vec<Event>,
    /// What it names that is no purpose here and none in the catalogue.
    pub unknown: BTreeSet<String>,
}

/// Why a text could not be taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Longer than [`EVENT_BYTES_MAX`].
    #[error("expected at most {EVENT_BYTES_MAX} bytes")]
    TooLong,
    /// More events than [`IMPORT_EVENTS_MAX`] in one record.
    #[error("events: expected at most {IMPORT_EVENTS_MAX}")]
    TooMany,
    /// No record.
    #[error("expected a consent record of ISO/IEC TS 27560 or a Segment message with a consent object: {0}")]
    Json(String),
    /// A record of nobody that is known here.
    #[error("pii_principal_id: expected a phone number with +, an e-mail address, or kind:value: {0}")]
    Principal(#[from] IdentifierError),
    /// A subscription of nobody that is known here.
    #[error("messaging_subscriptions: key: expected a phone number or an e-mail address: {0}")]
    Subscription(IdentifierError),
    /// A duration that is none.
    #[error("validity_duration: expected a duration of ISO 8601 in days, hours, minutes and seconds")]
    Duration,
    /// The message is no event.
    #[error(transparent)]
    Event(#[from] EventError),
}

/// Reads one JSON text: a consent record, a receipt that holds one, or a message in Segment's form.
///
/// Of a record each event becomes "Opted In", "Opted Out" or "Consent Requested" at its own time. Of a message the consent
/// object (`context.consent.categoryPreferences`) becomes consent of each phone number and e-mail address that it names,
/// or where it names none, of every identifier: a category counts for the purposes that the catalogue [names
/// so](Catalogue::named), and one that two categories of the message disagree on is refused. `messaging_subscriptions`
/// become marketing consent of their own numbers and addresses.
///
/// `source` is who kept them.
///
/// # Errors
/// [`ImportError`]; nothing of the text is taken in then.
pub fn import(
    text: &str,
    source: &SourceId,
    catalogue: &Catalogue,
    options: &CodecOptions,
) -> Result<Imported, ImportError> {
    if text.len() > EVENT_BYTES_MAX {
        return Err(ImportError::TooLong);
    }
    // serde's own text may quote a value, so the error only says where.
    let bad = |error: serde_json::Error| {
        ImportError::Json(format!("line {} column {}", error.line(), error.column()))
    };
    let probe: Probe = serde_json::from_str(text).map_err(bad)?;
    let mut import = Import { source, catalogue, options, imported: Imported::default() };
    match (probe.record, probe.record_id) {
        (Some(record), _) => import.record(&serde_json::from_value(record).map_err(bad)?)?,
        (None, Some(_)) => import.record(&serde_json::from_str(text).map_err(bad)?)?,
        (None, None) => import.message(&Event::from_json(text, options)?)?,
    }
    import.imported.events.sort_by(|one, two| (one.occurred_at, &one.id).cmp(&(two.occurred_at, &two.id)));
    Ok(import.imported)
}

/// What tells the forms apart.
#[derive(Deserialize)]
struct Probe {
    record: Option<serde_json::Value>,
    record_id: Option<serde_json::Value>,
}

struct Import<'i> {
    source: &'i SourceId,
    catalogue: &'i Catalogue,
    options: &'i CodecOptions,
    imported: Imported,
}

/// `context.consent` of Segment.
#[derive(Deserialize)]
struct ConsentObject {
    #[serde(rename = "categoryPreferences", default)]
    category_preferences: BTreeMap<String, bool>,
}

/// One of `context.messaging_subscriptions` of Segment: the word on one number or address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Subscription {
    /// The number or address.
    pub key: Personal,
    /// `SMS` or `EMAIL`.
    #[serde(rename = "type")]
    pub channel: String,
    /// `SUBSCRIBED`, `UNSUBSCRIBED` or `DID_NOT_SUBSCRIBE`.
    pub status: String,
}

impl Subscription {
    /// What a decision on marketing comes to: where it is not permitted and nobody refused, nobody subscribed.
    pub fn of(key: &str, channel: &str, marketing: &Decision) -> Subscription {
        let refused = [Reason::Withdrawn, Reason::Suppressed, Reason::Reassigned];
        let status = match marketing.allowed {
            true => "SUBSCRIBED",
            false if marketing.reasons.iter().any(|reason| refused.contains(reason)) => "UNSUBSCRIBED",
            false => "DID_NOT_SUBSCRIBE",
        };
        Subscription { key: Personal::new(key), channel: channel.to_owned(), status: status.to_owned() }
    }
}

impl Import<'_> {
    fn record(&mut self, record: &ConsentRecord) -> Result<(), ImportError> {
        if record.events.len() > IMPORT_EVENTS_MAX {
            return Err(ImportError::TooMany);
        }
        let contact = self.identifier(record.pii_principal_id.reveal())?;
        let mut purposes = BTreeSet::new();
        for one in &record.pii_processing.purposes {
            let named = self.catalogue.named(&one.purpose);
            if named.is_empty() {
                self.imported.unknown.insert(one.purpose.clone());
            }
            purposes.extend(named);
        }
        let purposes: Vec<Purpose> = purposes.into_iter().collect();
        if purposes.is_empty() {
            return Ok(());
        }
        for event in &record.events {
            let mut evidence = vec![format!("record:{}", record.record_id)];
            evidence.extend(event.collection_method.iter().map(|method| format!("method:{method}")));
            evidence.extend(event.evidence.iter().map(|one| one.reveal().to_owned()));
            let end = match &event.validity_duration {
                Some(text) => Some(event.event_time.saturating_add(span(text).ok_or(ImportError::Duration)?)),
                None => None,
            };
            let body: Body = match event.event_state {
                ConsentStatus::Given | ConsentStatus::Renewed => {
                    let mut said = OptedIn::new(contact.clone(), purposes.clone(), ConsentMethod::Import);
                    said.notice_id = event.notice_id.clone();
                    said.notice_hash = event.notice_hash;
                    said.language = event.language.clone();
                    said.evidence = evidence;
                    said.expires_at = end;
                    said.into()
                }
                ConsentStatus::Requested => {
                    let mut said =
                        ConsentRequested::new(contact.clone(), purposes.clone(), ConsentMethod::Import);
                    said.notice_id = event.notice_id.clone();
                    said.notice_hash = event.notice_hash;
                    said.language = event.language.clone();
                    said.evidence = evidence;
                    said.expires_at = end;
                    said.into()
                }
                // That its time is over is seen by the end of what was given.
                ConsentStatus::Expired => continue,
                ConsentStatus::Refused | ConsentStatus::Withdrawn | ConsentStatus::Invalidated => {
                    let mut said = OptedOut::new(contact.clone());
                    said.purposes = purposes.clone();
                    said.method = Some(ConsentMethod::Import);
                    said.evidence = evidence;
                    said.into()
                }
            };
            self.push(event.event_time, body)?;
        }
        Ok(())
    }

    fn message(&mut self, message: &Event) -> Result<(), ImportError> {
        let of = |name: &str| message.context.extra.get(name);
        let bad = |error: serde_json::Error| ImportError::Json(format!("context: {}", error.column()));
        let consent: Option<ConsentObject> =
            of("consent").map(serde_json::from_str).transpose().map_err(bad)?;
        let subscriptions: Option<Vec<Subscription>> =
            of("messaging_subscriptions").map(serde_json::from_str).transpose().map_err(bad)?;
        if consent.is_none() && subscriptions.is_none() {
            return Err(ImportError::Json("context.consent is absent".to_owned()));
        }
        let (mut given, mut refused) = (BTreeSet::new(), BTreeSet::new());
        for (category, is_given) in consent.iter().flat_map(|consent| &consent.category_preferences) {
            let named = self.catalogue.named(category);
            if named.is_empty() {
                self.imported.unknown.insert(category.clone());
            }
            if *is_given {
                given.extend(named)
            } else {
                refused.extend(named)
            };
        }
        given.retain(|purpose| !refused.contains(purpose));
        let contacts: Vec<&Identifier> =
            message.identifiers.iter().filter(|one| one.kind().is_contact_point()).collect();
        let whose = if contacts.is_empty() { message.identifiers.iter().collect() } else { contacts };
        let evidence = format!("message:{}", message.key());
        for contact in whose {
            self.say(message.occurred_at, contact, &given, &refused, &evidence)?;
        }
        let marketing = BTreeSet::from([Purpose::Marketing]);
        let nothing = BTreeSet::new();
        for one in subscriptions.iter().flatten() {
            let kind = match one.channel.to_ascii_uppercase().as_str() {
                "SMS" => IdentifierKind::Phone,
                "EMAIL" => IdentifierKind::Email,
                _ => {
                    self.imported.unknown.insert(one.channel.clone());
                    continue;
                }
            };
            let contact = Identifier::in_region(kind, one.key.reveal(), self.options.region)
                .map_err(ImportError::Subscription)?;
            match one.status.to_ascii_uppercase().replace('-', "_").as_str() {
                "SUBSCRIBED" => self.say(message.occurred_at, &contact, &marketing, &nothing, &evidence)?,
                "UNSUBSCRIBED" => self.say(message.occurred_at, &contact, &nothing, &marketing, &evidence)?,
                "DID_NOT_SUBSCRIBE" => {}
                _ => drop(self.imported.unknown.insert(one.status.clone())),
            }
        }
        Ok(())
    }

    fn say(
        &mut self,
        at: Timestamp,
        contact: &Identifier,
        given: &BTreeSet<Purpose>,
        refused: &BTreeSet<Purpose>,
        evidence: &str,
    ) -> Result<(), ImportError> {
        if !given.is_empty() {
            let purposes = given.iter().copied().collect();
            let mut said = OptedIn::new(contact.clone(), purposes, ConsentMethod::Import);
            said.evidence = vec![evidence.to_owned()];
            self.push(at, said.into())?;
        }
        if !refused.is_empty() {
            let mut said = OptedOut::new(contact.clone());
            said.purposes = refused.iter().copied().collect();
            said.method = Some(ConsentMethod::Import);
            said.evidence = vec![evidence.to_owned()];
            self.push(at, said.into())?;
        }
        Ok(())
    }

    /// An event named after what it says, so that the same said twice is one.
    fn push(&mut self, at: Timestamp, body: Body) -> Result<(), ImportError> {
        let unnamed = EventId::new("import").expect("a constant that is an id");
        let event = Event::new(self.source.clone(), unnamed, at, body);
        let name = Digest::of(event.content().as_bytes()).to_string();
        let id = EventId::new(format!("import:{}", &name[..32])).expect("made of hexadecimal digits");
        let mut event = Event { id, ..event };
        event.settle()?;
        self.imported.events.push(event);
        Ok(())
    }

    /// `kind:value`, a phone number with a plus, or an e-mail address.
    fn identifier(&self, text: &str) -> Result<Identifier, IdentifierError> {
        match text.split_once(':').and_then(|(kind, value)| Some((kind.parse().ok()?, value))) {
            Some((kind, value)) => Identifier::in_region(kind, value, self.options.region),
            None if text.contains('@') => Identifier::new(IdentifierKind::Email, text),
            None => Identifier::in_region(IdentifierKind::Phone, text, self.options.region),
        }
    }
}

/// A duration of ISO 8601 without years, months and fractions: those have no length of their own.
fn span(text: &str) -> Option<std::time::Duration> {
    let rest = text.strip_prefix('P')?;
    let (days, times) = rest.split_once('T').map_or((rest, None), |(days, times)| (days, Some(times)));
    let mut seconds: u64 = 0;
    let mut found = false;
    for (part, units) in [
        (days, &[('W', 7 * DAY), ('D', DAY)][..]),
        (times.unwrap_or(""), &[('H', 3600), ('M', 60), ('S', 1)]),
    ] {
        let mut rest = part;
        for (unit, length) in units {
            if let Some((count, behind)) = rest.split_once(*unit) {
                let is_number = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
                let count: u64 = count.parse().ok().filter(|_| is_number)?;
                seconds = seconds.checked_add(count.checked_mul(*length)?)?;
                (rest, found) = (behind, true);
            }
        }
        if !rest.is_empty() {
            return None;
        }
    }
    (found && times != Some("")).then(|| std::time::Duration::from_secs(seconds))
}

/// What Segment's consent object and subscriptions say of a person: the `context` of a message to it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct SegmentConsent {
    /// The consent object.
    pub consent: SegmentPreferences,
    /// The word on each number and address.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub messaging_subscriptions: Vec<Subscription>,
}

/// The consent object of a [`SegmentConsent`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct SegmentPreferences {
    /// Whether each category is permitted: those of the catalogue, and where it names none, the purposes.
    #[serde(rename = "categoryPreferences")]
    pub category_preferences: BTreeMap<String, bool>,
}

impl Catalogue {
    /// Segment's consent object, where `permits` says what is permitted. A category is where each of its purposes is.
    pub fn segment_preferences(&self, permits: impl Fn(Purpose) -> bool) -> SegmentPreferences {
        let mut all: BTreeMap<String, bool> = BTreeMap::new();
        for &purpose in Purpose::ALL {
            let categories = self.of(purpose).map_or(&[][..], |one| &one.categories[..]);
            let own = [purpose.name().to_owned()];
            for category in if categories.is_empty() { &own[..] } else { categories } {
                *all.entry(category.clone()).or_insert(true) &= permits(purpose);
            }
        }
        SegmentPreferences { category_preferences: all }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::time::Duration;

    use super::*;

    fn catalogue() -> Catalogue {
        Catalogue::from_json(
            r#"{"purposes": [
                {"purpose": "marketing", "basis": "consent", "description": {"en": "Offers"}, "data": ["phone"],
                 "retention_days": 1, "withdrawal": "STOP", "categories": ["C0004", "Marketing"]},
                {"purpose": "advertising", "basis": "consent", "description": {"en": "Ads"}, "data": ["phone"],
                 "retention_days": 1, "withdrawal": "STOP", "categories": ["C0004"]}]}"#,
        )
        .unwrap()
    }

    fn take(text: &str) -> Result<Imported, ImportError> {
        import(text, &SourceId::new("//cmp").unwrap(), &catalogue(), &CodecOptions::default())
    }

    /// Who says yes or no to what.
    fn said(imported: &Imported) -> Vec<String> {
        let list = |purposes: &[Purpose]| purposes.iter().map(|one| one.name()).collect::<Vec<_>>().join(" ");
        let one = |event: &Event| match &event.body {
            Body::OptedIn(said) => format!("{} yes {}", said.contact.kind(), list(&said.purposes)),
            Body::OptedOut(said) => format!("{} no {}", said.contact.kind(), list(&said.purposes)),
            Body::ConsentRequested(said) => format!("{} asked {}", said.contact.kind(), list(&said.purposes)),
            _ => "else".to_owned(),
        };
        let mut all: Vec<String> = imported.events.iter().map(one).collect();
        all.sort();
        all
    }

    fn message(context: &str, who: &str) -> String {
        format!(
            r#"{{"type": "track", "event": "Segment Consent Preference Updated", "messageId": "m-1", {who},
                "timestamp": "2026-11-20T21:04:00Z", "context": {context}}}"#
        )
    }

    #[test]
    fn a_consent_object_is_the_word_of_whom_the_message_names() {
        let preferences = |text: &str| format!(r#"{{"consent": {{"categoryPreferences": {text}}}}}"#);
        let browser = r#""anonymousId": "a-1""#;
        let one = take(&message(&preferences(r#"{"C0004": true, "Functional": true}"#), browser)).unwrap();
        assert_eq!(said(&one), ["cookie yes marketing advertising"]);
        assert_eq!(one.unknown, BTreeSet::from(["Functional".to_owned()]));
        let both = take(&message(&preferences(r#"{"C0004": true, "Marketing": false}"#), browser)).unwrap();
        assert_eq!(said(&both), ["cookie no marketing", "cookie yes advertising"], "who disagrees refuses");
        let known =
            r#""anonymousId": "a-1", "identifiers": ["email:ada@shop.example", "phone:+33612345678"]"#;
        let all = take(&message(&preferences(r#"{"measurement": false}"#), known)).unwrap();
        assert_eq!(said(&all), ["email no measurement", "phone no measurement"], "a purpose by its own name");
        let again = take(&message(&preferences(r#"{"measurement": false}"#), known)).unwrap();
        assert_eq!(all, again);
        let nothing = take(&message(r#"{"ip": "1.1.1.1"}"#, browser));
        assert!(matches!(nothing, Err(ImportError::Json(_))));
        let typed = take(&message(&preferences(r#"{"C0004": "yes"}"#), browser)).unwrap_err();
        assert!(!typed.to_string().contains("yes"), "{typed}");
    }

    #[test]
    fn subscriptions_are_marketing_of_their_own_numbers() {
        let context = r#"{"messaging_subscriptions": [
            {"key": "+33612345678", "type": "SMS", "status": "SUBSCRIBED"},
            {"key": "ada@shop.example", "type": "EMAIL", "status": "UNSUBSCRIBED"},
            {"key": "bob@shop.example", "type": "EMAIL", "status": "DID_NOT_SUBSCRIBE"},
            {"key": "x", "type": "ANDROID_PUSH", "status": "SUBSCRIBED"}]}"#;
        let taken = take(&message(context, r#""userId": "u-1""#)).unwrap();
        assert_eq!(said(&taken), ["email no marketing", "phone yes marketing"]);
        assert_eq!(taken.unknown, BTreeSet::from(["ANDROID_PUSH".to_owned()]));
        let nobody =
            r#"{"messaging_subscriptions": [{"key": "Ada", "type": "SMS", "status": "SUBSCRIBED"}]}"#;
        let nobody = take(&message(nobody, r#""userId": "u-1""#)).unwrap_err();
        assert!(
            matches!(nobody, ImportError::Subscription(_)) && !nobody.to_string().contains("Ada"),
            "{nobody}"
        );
    }

    #[test]
    fn a_record_of_another_system_is_read() {
        let record = r#"{"schema_version": "1", "record_id": "r-1", "pii_principal_id": "ada@shop.example",
            "pii_processing": {"purposes": [{"purpose": "C0004"}, {"purpose": "fun"}]},
            "event": [
                {"event_time": "2026-01-01T00:00:00Z", "event_state": "requested"},
                {"event_time": "2026-01-02T00:00:00Z", "event_state": "given", "validity_duration": "P30D",
                 "collection_method": "checkbox"},
                {"event_time": "2026-02-01T00:00:00Z", "event_state": "expired"},
                {"event_time": "2026-03-01T00:00:00Z", "event_state": "withdrawn"}]}"#;
        let taken = take(record).unwrap();
        let all = [
            "email asked marketing advertising",
            "email no marketing advertising",
            "email yes marketing advertising",
        ];
        assert_eq!((said(&taken), taken.unknown.len()), (all.map(str::to_owned).to_vec(), 1));
        let Body::OptedIn(given) = &taken.events[1].body else { panic!("in order of time") };
        assert_eq!(given.expires_at, Some(Timestamp::parse("2026-02-01T00:00:00Z").unwrap()));
        assert_eq!(given.evidence, ["record:r-1", "method:checkbox"]);
        let receipt = format!(
            r#"{{"schema_version": "1", "receipt_id": "x", "record_id": "r-1", "record": {record}}}"#
        );
        assert_eq!(take(&receipt).unwrap(), taken, "a receipt that holds it, too");
        let nobody = take(&record.replace("ada@shop.example", "Ada")).unwrap_err();
        assert!(
            matches!(nobody, ImportError::Principal(_)) && !nobody.to_string().contains("Ada"),
            "{nobody}"
        );
        assert_eq!(take(&record.replace("P30D", "P1M")), Err(ImportError::Duration));
        assert!(matches!(take(&record.replace("\"given\"", "\"sold\"")), Err(ImportError::Json(_))));
        assert!(matches!(take("[]"), Err(ImportError::Json(_))));
    }

    #[test]
    fn what_is_too_much_is_refused() {
        let many = |count: usize| {
            let event = r#"{"event_time": "2026-01-01T00:00:00Z", "event_state": "given"}"#;
            take(&format!(
                r#"{{"schema_version": "1", "record_id": "r", "pii_principal_id": "+33612345678",
                    "pii_processing": {{"purposes": [{{"purpose": "marketing"}}]}}, "events": [{}]}}"#,
                vec![event; count].join(",")
            ))
        };
        assert!(many(IMPORT_EVENTS_MAX).is_ok());
        assert_eq!(many(IMPORT_EVENTS_MAX + 1), Err(ImportError::TooMany));
        assert_eq!(take(&" ".repeat(EVENT_BYTES_MAX + 1)), Err(ImportError::TooLong));
        assert!(matches!(take(&" ".repeat(EVENT_BYTES_MAX)), Err(ImportError::Json(_))));
    }

    #[test]
    fn durations_have_a_length() {
        let seconds = |text: &str| span(text).map(|span: Duration| span.as_secs());
        assert_eq!(seconds("P30D"), Some(30 * DAY));
        assert_eq!(seconds("P1W"), Some(7 * DAY));
        assert_eq!(seconds("P1DT2H3M4S"), Some(DAY + 2 * 3600 + 3 * 60 + 4));
        assert_eq!(seconds("PT0S"), Some(0));
        for bad in [
            "",
            "P",
            "PT",
            "P1",
            "P1Y",
            "P1M",
            "P-1D",
            "P+1D",
            "PD",
            "P1.5D",
            "PT1D",
            "P1DT",
            "P1H",
            "P99999999999999999999D",
        ] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_category_is_permitted_where_each_of_its_purposes_is() {
        let all = catalogue().segment_preferences(|purpose| purpose == Purpose::Marketing);
        assert_eq!((all.category_preferences["C0004"], all.category_preferences["Marketing"]), (false, true));
        assert!(!all.category_preferences["service"]);
        let context =
            serde_json::to_value(SegmentConsent { consent: all, ..SegmentConsent::default() }).unwrap();
        assert_eq!(context["consent"]["categoryPreferences"]["Marketing"], true);
    }
}
