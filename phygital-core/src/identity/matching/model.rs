//! What agreement and difference are worth: the learned model.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::MatchingError;
use super::field::{FIELDS_MAX, Field, FieldKind};
use super::records::Records;

/// A weight in thousandths of a bit: a thousand times the base 2 logarithm of a Bayes factor.
pub type Millibits = i32;

/// The version of the file format.
pub const MODEL_VERSION: u32 = 1;

/// The least and the greatest weight that a model may give, in millibits: 2^±64 is certainty among any number of people.
pub const WEIGHT_MAX: Millibits = 64_000;

/// What each level of agreement is worth, learned from records without labels ([`Model::train`]) and kept as a file.
///
/// A pair of records weighs the sum of its fields: log2(m / u), where `m` is how often matching records agree at that level
/// and `u` how often others do (Fellegi and Sunter 1969). Where two records have one and the same value, how rare it is
/// counts: `u` is its own frequency then (Winkler 1989). From here on everything is integers, so that every machine decides
/// alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Model {
    /// [`MODEL_VERSION`].
    pub version: u32,
    /// The fields, in the order of the records'.
    pub fields: Vec<FieldModel>,
    /// The average weight of all pairs across, from which two clusters are one entity; in millibits.
    pub merge: Millibits,
    /// What a pair that shares no key weighs, in millibits: below zero.
    pub unshared: Millibits,
}

/// A field of a [`Model`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FieldModel {
    /// The field.
    #[serde(flatten)]
    pub field: Field,
    /// Its levels, from "differ" to "equal"; none where the field is not compared.
    pub levels: Vec<LevelModel>,
}

/// A level of agreement of a [`FieldModel`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LevelModel {
    /// Of a million matching pairs that both say something, how many agree at this level.
    pub m_ppm: u32,
    /// Of a million other pairs, how many do.
    pub u_ppm: u32,
    /// log2(m / u), in millibits.
    pub weight: Millibits,
}

impl Model {
    /// The model in its file form: JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("strings and numbers")
    }

    /// Reads a model.
    ///
    /// # Errors
    /// No JSON of a model, another version, levels that the kind of a field does not have, or weights beyond
    /// [`WEIGHT_MAX`].
    pub fn from_json(text: &str) -> Result<Self, MatchingError> {
        let malformed = |why: String| MatchingError::Model(why);
        let model: Self = serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
        if model.version != MODEL_VERSION {
            return Err(malformed(format!("expected version {MODEL_VERSION}, found {}", model.version)));
        }
        if model.fields.is_empty() || model.fields.len() > FIELDS_MAX {
            return Err(MatchingError::Fields(model.fields.len()));
        }
        let within = |weight: Millibits| (-WEIGHT_MAX..=WEIGHT_MAX).contains(&weight);
        for FieldModel { field, levels } in &model.fields {
            if levels.len() != field.kind.levels() {
                let (expected, found) = (field.kind.levels(), levels.len());
                return Err(malformed(format!(
                    "field {}: expected {expected} levels, found {found}",
                    field.name
                )));
            }
            if !levels.iter().all(|level| within(level.weight)) {
                return Err(malformed(format!("field {}: a weight beyond {WEIGHT_MAX}", field.name)));
            }
        }
        if ![model.merge, model.unshared].into_iter().all(within) || model.unshared >= 0 {
            return Err(malformed("merge and unshared: weights in millibits, the second below 0".to_owned()));
        }
        Ok(model)
    }

    /// Whether it is of these records.
    ///
    /// # Errors
    /// Other fields, or other kinds of them.
    pub fn fits(&self, records: &Records) -> Result<(), MatchingError> {
        let own: Vec<&Field> = self.fields.iter().map(|field| &field.field).collect();
        if own.iter().copied().eq(records.fields()) {
            return Ok(());
        }
        let names = |fields: &mut dyn Iterator<Item = &Field>| {
            fields.map(|field| field.name.as_str()).collect::<Vec<_>>().join(", ")
        };
        let (expected, found) = (names(&mut own.into_iter()), names(&mut records.fields().iter()));
        Err(MatchingError::Model(format!("expected the fields {expected}, of the same kinds; found {found}")))
    }
}

/// The weight of one field of a pair: a bar of the waterfall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Contribution {
    /// The field.
    pub field: String,
    /// The level at which both agree; `None` where either says nothing.
    pub level: Option<u8>,
    /// What that is worth, in millibits.
    pub weight: Millibits,
    /// Of it, what the rarity of the value is worth; in millibits.
    pub rarity: Millibits,
}

/// Weighs pairs of records by a model.
pub(super) struct Scale<'r> {
    records: &'r Records,
    weights: Vec<Vec<Millibits>>,
    /// For each value of each field: what it is worth beyond the weight of "equal", since it is rarer or more common.
    rarity: Vec<Vec<Millibits>>,
}

impl<'r> Scale<'r> {
    pub(super) fn new(model: &Model, records: &'r Records) -> Self {
        let weights =
            model.fields.iter().map(|field| field.levels.iter().map(|level| level.weight).collect());
        let rarity = model.fields.iter().zip(records.columns()).map(|(field, column)| {
            let said: u64 = column.counts[1..].iter().map(|count| u64::from(*count)).sum();
            let usual = field.levels.last().map_or(1, |level| level.u_ppm.max(1));
            // By count: most values share theirs with many.
            let mut known: BTreeMap<u32, Millibits> = BTreeMap::new();
            let mut worth = |count: u32| {
                *known.entry(count).or_insert_with(|| {
                    // What was seen once may be twice as common.
                    let frequency = f64::from(count.max(2)) / said.max(1) as f64;
                    millibits(f64::from(usual) / 1e6 / frequency)
                })
            };
            column.counts.iter().map(|count| worth(*count)).collect()
        });
        Self { records, weights: weights.collect(), rarity: rarity.collect() }
    }

    /// What a pair weighs.
    pub(super) fn weight(&self, one: usize, two: usize) -> Millibits {
        let levels = self.records.levels(one, two);
        (0..self.weights.len()).map(|field| self.of_field(field, one, two, levels[field]).0).sum()
    }

    /// The weight of a field, and what of it is for the rarity of the value.
    fn of_field(&self, field: usize, one: usize, two: usize, level: Option<u8>) -> (Millibits, Millibits) {
        let Some(level) = level else { return (0, 0) };
        let weight = self.weights[field][usize::from(level)];
        let of = &self.records.columns()[field].of;
        let rarity = if of[one] == of[two] { self.rarity[field][of[one] as usize] } else { 0 };
        (weight + rarity, rarity)
    }

    /// Every field's part in the weight of a pair.
    pub(super) fn explain(&self, one: usize, two: usize) -> Vec<Contribution> {
        let levels = self.records.levels(one, two);
        let compared =
            self.records.fields().iter().enumerate().filter(|(_, field)| field.kind != FieldKind::Words);
        let each = compared.map(|(at, field)| {
            let (weight, rarity) = self.of_field(at, one, two, levels[at]);
            Contribution { field: field.name.clone(), level: levels[at], weight, rarity }
        });
        each.collect()
    }
}

/// A thousand times the base 2 logarithm of a factor above zero, within [`WEIGHT_MAX`].
pub(super) fn millibits(factor: f64) -> Millibits {
    let bits = libm::log2(factor) * 1000.0;
    libm::round(bits.clamp(f64::from(-WEIGHT_MAX), f64::from(WEIGHT_MAX))) as Millibits
}
