//! What is known of a customer's attributes, and which of several facts holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::compact::{cut, elided_debug, is_default};
use super::limits::{
    ATTRIBUTE_FACTS_MAX, ATTRIBUTES_MAX, CONFIDENCE_MIN_PERCENT, LONG_TEXT_BYTES_MAX, SHORT_TEXT_BYTES_MAX,
};
use crate::event::kinds::conversation::AttributeStated;
use crate::event::kinds::digital::UserIdentified;
use crate::event::{Event, FoldKey};
use crate::vocab::{IdentifierKind, Personal, Timestamp};

/// Where a fact comes from, weakest first: a stronger one survives a weaker one, however new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FactSource {
    /// Read out of a sentence with less than [`CONFIDENCE_MIN_PERCENT`] of confidence.
    Guessed,
    /// From the customer database of the brand: *User Identified* with an identifier of kind `crm`.
    Imported,
    /// Seen by the shop itself: *User Identified* by account or device.
    Observed,
    /// Said by the customer: *Attribute Stated* (zero-party data).
    #[default]
    Stated,
}

/// A fact about a customer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Fact {
    /// What holds, cut to [`SHORT_TEXT_BYTES_MAX`].
    pub value: Personal,
    /// Unit of the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Where it comes from.
    #[serde(default, skip_serializing_if = "is_default")]
    pub source: FactSource,
    /// The event that says so.
    #[serde(with = "super::compact::by")]
    pub by: FoldKey,
    /// The sentence it was read from, cut to [`LONG_TEXT_BYTES_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentence: Option<Personal>,
    /// Whether she said it to staff: at a place, not in a message.
    #[serde(default, skip_serializing_if = "is_default")]
    pub said_to_staff: bool,
    /// How sure the reading of the sentence is, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<u32>,
    /// From then on it no longer holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// The facts by attribute, strongest last.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Facts(BTreeMap<String, Vec<Fact>>);

elided_debug!(Fact, Facts);

impl Fact {
    fn new(value: &Personal, source: FactSource, by: FoldKey) -> Fact {
        Fact {
            value: Personal::new(cut(value.reveal().trim(), SHORT_TEXT_BYTES_MAX)),
            unit: None,
            source,
            by,
            sentence: None,
            said_to_staff: false,
            confidence: None,
            expires_at: None,
        }
    }

    /// Whether it holds at that time.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether it can be taken back by an empty statement.
    fn can_be_taken_back(&self) -> bool {
        matches!(self.source, FactSource::Stated | FactSource::Guessed)
    }

    /// Whether `other` wins over it for as long as it holds, and does not go before it.
    fn yields_to(&self, other: &Fact) -> bool {
        let outlived = match (self.expires_at, other.expires_at) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(own), Some(others)) => own <= others,
        };
        let stays = self.can_be_taken_back() || !other.can_be_taken_back();
        outlived && stays && (self.source, self.by) < (other.source, other.by)
    }
}

impl Facts {
    /// The fact that survives for an attribute at that time.
    pub(super) fn get(&self, attribute: &str, now: Timestamp) -> Option<&Fact> {
        self.0.get(attribute)?.iter().rev().find(|fact| fact.holds(now))
    }

    /// Every attribute with the fact that survives, by name.
    pub(super) fn iter(&self, now: Timestamp) -> impl Iterator<Item = (&str, &Fact)> {
        self.0.keys().filter_map(move |attribute| Some((attribute.as_str(), self.get(attribute, now)?)))
    }

    /// *Attribute Stated*. An empty value takes back whatever she said of the attribute before.
    pub(super) fn state(&mut self, stated: &AttributeStated, event: &Event, by: FoldKey) {
        let attribute = cut(&stated.attribute, SHORT_TEXT_BYTES_MAX);
        if stated.value.reveal().trim().is_empty() {
            if let Some(facts) = self.0.get_mut(&attribute) {
                facts.retain(|fact| !fact.can_be_taken_back());
            }
            self.0.retain(|_, facts| !facts.is_empty());
            return;
        }
        let sure = stated.confidence.is_none_or(|percent| percent >= CONFIDENCE_MIN_PERCENT);
        let source = if sure { FactSource::Stated } else { FactSource::Guessed };
        let sentence = stated.sentence.as_ref().map(|said| cut(said.reveal(), LONG_TEXT_BYTES_MAX));
        self.put(
            attribute,
            Fact {
                unit: stated.unit.as_ref().map(|unit| cut(unit, SHORT_TEXT_BYTES_MAX)),
                sentence: sentence.map(Personal::new),
                said_to_staff: event.place.is_some() && stated.message_id.is_none(),
                confidence: stated.confidence,
                expires_at: stated.expires_at,
                ..Fact::new(&stated.value, source, by)
            },
        );
    }

    /// *User Identified*: each of her traits.
    pub(super) fn identify(&mut self, traits: &UserIdentified, event: &Event, by: FoldKey) {
        let imported = event.identifiers.iter().any(|one| one.kind() == IdentifierKind::Crm);
        let source = if imported { FactSource::Imported } else { FactSource::Observed };
        let language = traits.language.as_ref().map(Personal::new);
        for (attribute, value) in [
            ("first_name", &traits.first_name),
            ("last_name", &traits.last_name),
            ("name", &traits.name),
            ("title", &traits.title),
            ("gender", &traits.gender),
            ("birthday", &traits.birthday),
            ("language", &language),
        ] {
            if let Some(value) = value.as_ref().filter(|value| !value.reveal().trim().is_empty()) {
                self.put(attribute.to_owned(), Fact::new(value, source, by));
            }
        }
    }

    fn put(&mut self, attribute: String, fact: Fact) {
        let facts = self.0.entry(attribute.clone()).or_default();
        if facts.iter().any(|known| fact.yields_to(known)) {
            return;
        }
        facts.retain(|known| !known.yields_to(&fact));
        facts.push(fact);
        facts.sort_by_key(|fact| (fact.source, fact.by));
        if facts.len() > ATTRIBUTE_FACTS_MAX {
            facts.remove(0);
        }
        if self.0.len() > ATTRIBUTES_MAX {
            let last = |facts: &Vec<Fact>| facts.iter().map(|fact| fact.by).max();
            let oldest = self.0.iter().min_by_key(|(_, facts)| last(facts)).map(|(name, _)| name.clone());
            oldest.map(|name| self.0.remove(&name));
        }
    }
}
