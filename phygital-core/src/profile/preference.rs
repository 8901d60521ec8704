//! Sizes and preferences: what she said first, else what her purchases say.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Profile;
use super::compact::elided_debug;
use super::facts::{Fact, FactSource};
use super::limits::INFERRED_PIECES_MIN;
use super::role::{Role, Section};
use crate::event::FoldKey;
use crate::vocab::{Personal, Timestamp};

/// What a preference rests on, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PreferenceBasis {
    /// She said so.
    Stated,
    /// The shop saw it.
    Observed,
    /// Another system brought it along.
    Imported,
    /// Read out of a sentence, not surely.
    Guessed,
    /// Concluded from what she bought and kept, or tried on and it fitted.
    Inferred,
}

/// A size or a preference, with what it rests on.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Preference {
    /// Of what: `size.shoes`, `favourite_color`, `brand`.
    pub attribute: String,
    /// Which.
    pub value: Personal,
    /// Unit of the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What it rests on.
    pub basis: PreferenceBasis,
    /// The event that says so; of several purchases the last.
    pub by: FoldKey,
    /// The sentence it was read from, where the role may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentence: Option<Personal>,
    /// How sure the reading of the sentence is, in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<u32>,
}

elided_debug!(Preference);

/// Attributes that say who she is rather than what she likes.
const NAME_ATTRIBUTES: [&str; 6] = ["birthday", "first_name", "gender", "last_name", "name", "title"];

/// All preferences that hold, those with the strongest basis first, then by attribute.
pub(super) fn preferences(profile: &Profile, role: Role, now: Timestamp) -> Vec<Preference> {
    let visible = |attribute: &str| role.sees(Section::Name) || !NAME_ATTRIBUTES.contains(&attribute);
    let mut found: Vec<Preference> = profile
        .facts(now)
        .filter(|(attribute, _)| visible(attribute) && !is_name(attribute))
        .map(|(attribute, fact)| known(attribute, fact, role))
        .collect();
    for (attribute, (value, by)) in inferred(profile) {
        if profile.fact(&attribute, now).is_none() {
            let (value, basis) = (Personal::new(value), PreferenceBasis::Inferred);
            found.push(Preference {
                attribute,
                value,
                unit: None,
                basis,
                by,
                sentence: None,
                confidence: None,
            });
        }
    }
    found.sort_by(|one, other| (one.basis, &one.attribute).cmp(&(other.basis, &other.attribute)));
    found
}

/// Her name as one text: `name`, else first and last name.
pub(super) fn name(profile: &Profile, now: Timestamp) -> Option<Personal> {
    let value = |attribute| profile.fact(attribute, now).map(|fact| fact.value.reveal());
    if let Some(name) = value("name") {
        return Some(Personal::new(name));
    }
    let parts: Vec<&str> = [value("first_name"), value("last_name")].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| Personal::new(parts.join(" ")))
}

/// Whether the name on top of the card says it already.
fn is_name(attribute: &str) -> bool {
    matches!(attribute, "name" | "first_name" | "last_name")
}

fn known(attribute: &str, fact: &Fact, role: Role) -> Preference {
    let needed = if fact.said_to_staff { Section::SentencesToStaff } else { Section::Sentences };
    Preference {
        attribute: attribute.to_owned(),
        value: fact.value.clone(),
        unit: fact.unit.clone(),
        basis: match fact.source {
            FactSource::Stated => PreferenceBasis::Stated,
            FactSource::Observed => PreferenceBasis::Observed,
            FactSource::Imported => PreferenceBasis::Imported,
            FactSource::Guessed => PreferenceBasis::Guessed,
        },
        by: fact.by,
        sentence: fact.sentence.clone().filter(|_| role.sees(needed)),
        confidence: fact.confidence,
    }
}

/// Which value of an attribute has how many pieces for it, and the last event that counts for it.
type Votes = BTreeMap<String, BTreeMap<String, (u32, FoldKey)>>;

/// The size of each category, the brand and the colour that most pieces speak for; of several the
/// one that was met last.
fn inferred(profile: &Profile) -> BTreeMap<String, (String, FoldKey)> {
    let mut votes = Votes::new();
    for order in profile.orders() {
        for line in &order.lines {
            let pieces = order.kept(line);
            let item = profile.item(&line.product);
            vote(&mut votes, size_of(profile, &line.product), line.size.as_ref(), pieces, order.by);
            vote(&mut votes, "brand".into(), item.and_then(|item| item.brand.as_ref()), pieces, order.by);
            vote(&mut votes, "color".into(), item.and_then(|item| item.color.as_ref()), pieces, order.by);
        }
    }
    for tried in profile.tried_on().iter().filter(|tried| tried.fitted == Some(true)) {
        vote(&mut votes, size_of(profile, &tried.product), tried.size.as_ref(), 1, tried.by);
    }
    let winner = |(attribute, values): (String, BTreeMap<String, (u32, FoldKey)>)| {
        let (value, (pieces, by)) = values.into_iter().max_by_key(|(_, votes)| *votes)?;
        let enough = attribute.starts_with("size") || pieces >= INFERRED_PIECES_MIN;
        enough.then_some((attribute, (value, by)))
    };
    votes.into_iter().filter_map(winner).collect()
}

fn vote(votes: &mut Votes, attribute: String, value: Option<&String>, pieces: u32, by: FoldKey) {
    let Some(value) = value.filter(|_| pieces > 0) else { return };
    let (count, last) = votes.entry(attribute).or_default().entry(value.clone()).or_insert((0, by));
    *count = count.saturating_add(pieces);
    *last = by.max(*last);
}

/// The attribute for sizes of a product's category: `size.shoes`.
fn size_of(profile: &Profile, product: &str) -> String {
    match profile.item(product).and_then(|item| item.category.as_ref()) {
        Some(category) => format!("size.{}", category.to_lowercase().replace(char::is_whitespace, "_")),
        None => "size".to_owned(),
    }
}
