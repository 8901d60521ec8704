//! What agreement and difference are worth: the learned model.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::MatchingError;
use super::field::{FIELDS_MAX, Field, VALUE_CHARS_MAX};

/// A weight in thousandths of a bit: a thousand times the base 2 logarithm of a Bayes factor.
pub type Millibits = i32;

/// The version of the file format.
pub const MODEL_VERSION: u32 = 1;

/// The least and the greatest weight that a model may give, in millibits: 2^±64 is certainty among any number of people.
pub const WEIGHT_MAX: Millibits = 64_000;

/// So many records share a value before a model names it: fewer might be one person.
pub const COMMON_MIN: u32 = 20;

/// Most values that a model names for a field: the most common. What comes after them is as good as rare.
pub const COMMON_MAX: usize = 20_000;

/// A billion: frequencies are counted in parts of it.
pub(super) const BILLION: u32 = 1_000_000_000;

/// What each level of agreement is worth, learned from records without labels ([`Model::train`]) and kept as a file.
///
/// A pair of records weighs the sum of its fields: log2(m / u), where `m` is how often records of one person agree at that
/// level and `u` how often those of two strangers do (Fellegi and Sunter 1969). Where two records have one and the same
/// value, how rare it is counts: `u` is its own frequency then (Winkler 1989).
///
/// Two people who live together agree in address, phone and surname all at once, which strangers never do. So the sum is
/// taken a second time with rates of such near pairs in place of the strangers', and a pair weighs the lesser of both: it has
/// to be told from strangers and from a household.
///
/// The model stands alone: it carries how common common values are, so that a pair weighs the same in any batch and one at a
/// time. It names no value that fewer than [`COMMON_MIN`] records share. From here on everything is integers, so that every
/// machine decides alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Model {
    /// [`MODEL_VERSION`].
    pub version: u32,
    /// The fields, in the order of the records'.
    pub fields: Vec<FieldModel>,
    /// How much rarer near pairs are than strangers, in millibits; `None` where there are none to tell from.
    pub near: Option<Millibits>,
    /// The average weight of all pairs across, from which two clusters are one entity; in millibits.
    pub merge: Millibits,
    /// What a pair that shares no key weighs, in millibits: below zero.
    pub unshared: Millibits,
    /// The weight from which two records alone are taken for one person's, in millibits; `match` in the file.
    #[serde(rename = "match")]
    pub match_at: Millibits,
    /// The weight from which a person should look at two records, in millibits, at most that of a match; `review` in the
    /// file.
    #[serde(rename = "review")]
    pub review_at: Millibits,
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
    /// Values in normal form that many records share, and how many of a billion records that say something have them.
    pub common: BTreeMap<String, u32>,
    /// How many of a billion have a value that is not among them: the average over records that have such a value.
    pub rare_ppb: u32,
}

/// A level of agreement of a [`FieldModel`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LevelModel {
    /// Of a billion pairs of one person's records that both say something, how many agree at this level.
    pub m_ppb: u32,
    /// Of a billion pairs of strangers', how many do.
    pub u_ppb: u32,
    /// Of a billion near pairs, how many do.
    pub near_ppb: u32,
    /// log2(m / u), in millibits.
    pub weight: Millibits,
    /// log2(m / near), in millibits.
    pub near_weight: Millibits,
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
    /// No JSON of a model, another version, levels that the kind of a field does not have, shares above a whole, weights
    /// beyond [`WEIGHT_MAX`], or common values that are too many, too long or not in normal form.
    pub fn from_json(text: &str) -> Result<Self, MatchingError> {
        let model: Self =
            serde_json::from_str(text).map_err(|error| MatchingError::Model(error.to_string()))?;
        model.check()?;
        Ok(model)
    }

    /// Whether it holds what a model may hold.
    fn check(&self) -> Result<(), MatchingError> {
        let malformed = |why: String| Err(MatchingError::Model(why));
        if self.version != MODEL_VERSION {
            return malformed(format!("expected version {MODEL_VERSION}, found {}", self.version));
        }
        if self.fields.is_empty() || self.fields.len() > FIELDS_MAX {
            return Err(MatchingError::Fields(self.fields.len()));
        }
        let within = |weight: Millibits| (-WEIGHT_MAX..=WEIGHT_MAX).contains(&weight);
        for FieldModel { field, levels, common, rare_ppb } in &self.fields {
            let name = &field.name;
            let (expected, found) = (field.kind.levels(), levels.len());
            if expected != found {
                return malformed(format!("field {name}: expected {expected} levels, found {found}"));
            }
            if !levels.iter().all(|level| within(level.weight) && within(level.near_weight)) {
                return malformed(format!("field {name}: a weight beyond {WEIGHT_MAX}"));
            }
            let rates = levels.iter().flat_map(|level| [level.m_ppb, level.u_ppb, level.near_ppb]);
            if rates.chain(common.values().copied()).chain([*rare_ppb]).any(|rate| rate > BILLION) {
                return malformed(format!("field {name}: more than a billion of a billion"));
            }
            let named =
                |value: &String| value.chars().nth(2 * VALUE_CHARS_MAX).is_none() && !value.is_empty();
            if common.len() > COMMON_MAX || !common.keys().all(named) {
                return malformed(format!(
                    "field {name}: common values that are too many, too long or empty"
                ));
            }
        }
        if ![self.merge, self.unshared, self.match_at, self.review_at].into_iter().all(within)
            || !self.near.is_none_or(within)
            || self.unshared >= 0
            || self.review_at > self.match_at
        {
            return malformed("merge, unshared, match, review, near: expected weights, unshared below 0, review at most match".to_owned());
        }
        Ok(())
    }

    /// Whether it is of records with these fields.
    ///
    /// # Errors
    /// Other fields, or other kinds of them.
    pub fn fits(&self, fields: &[Field]) -> Result<(), MatchingError> {
        let own: Vec<&Field> = self.fields.iter().map(|field| &field.field).collect();
        if own.iter().copied().eq(fields) {
            return Ok(());
        }
        let names = |fields: &mut dyn Iterator<Item = &Field>| {
            fields.map(|field| field.name.as_str()).collect::<Vec<_>>().join(", ")
        };
        let (expected, found) = (names(&mut own.into_iter()), names(&mut fields.iter()));
        Err(MatchingError::Model(format!("expected the fields {expected}, of the same kinds; found {found}")))
    }
}

impl FieldModel {
    /// What it is worth that two records have this very value, beyond the weight of "equal": against strangers, and against
    /// near pairs.
    pub(super) fn rarity(&self, value: &str) -> (Millibits, Millibits) {
        let Some(equal) = self.levels.last() else { return (0, 0) };
        let part = |ppb: u32| f64::from(ppb.max(1)) / f64::from(BILLION);
        let frequency = part(self.common.get(value).copied().unwrap_or(self.rare_ppb));
        let (usual, near) = (part(equal.u_ppb), part(equal.near_ppb));
        // What near people share, they share whatever it is; the rest of them agree by chance, as strangers do.
        let shared = ((near - usual) / (1.0 - usual).max(1e-9)).clamp(0.0, 1.0);
        (millibits(usual / frequency), millibits(near / (shared + (1.0 - shared) * frequency)))
    }
}

/// A thousand times the base 2 logarithm of a factor above zero, within [`WEIGHT_MAX`].
pub(super) fn millibits(factor: f64) -> Millibits {
    let bits = libm::log2(factor) * 1000.0;
    libm::round(bits.clamp(f64::from(-WEIGHT_MAX), f64::from(WEIGHT_MAX))) as Millibits
}
