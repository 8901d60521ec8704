//! Weighs pairs by a model.

use serde::Serialize;

use super::compare::{Comparer, Levels};
use super::model::{Millibits, Model};
use super::records::Records;

/// The weight of one field of a pair: a bar of the waterfall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Contribution {
    /// The field; empty for what is said of the pair as a whole: that near pairs are rarer than strangers.
    pub field: String,
    /// The level at which both agree; `None` where either says nothing.
    pub level: Option<u8>,
    /// What that is worth, in millibits.
    pub weight: Millibits,
    /// Of it, what the rarity of the value is worth; in millibits.
    pub rarity: Millibits,
}

/// What each level is worth: against strangers, and against near pairs.
#[derive(Clone)]
pub(super) struct Weights {
    fields: Vec<[(Millibits, Millibits); 16]>,
    near: Option<Millibits>,
}

impl Weights {
    pub(super) fn of(model: &Model) -> Self {
        let fields = model.fields.iter().map(|field| {
            let mut weights = [(0, 0); 16];
            for (weight, level) in weights[1..].iter_mut().zip(&field.levels) {
                *weight = (level.weight, level.near_weight);
            }
            let unequal = field.levels.split_last().map_or(&[][..], |(_, unequal)| unequal);
            // What is not seen is worth no more than this.
            weights[usize::from(Levels::UNCLEAR) + 1] = (
                unequal.iter().map(|level| level.weight).fold(0, Millibits::max),
                unequal.iter().map(|level| level.near_weight).fold(0, Millibits::max),
            );
            weights
        });
        Self { fields: fields.collect(), near: model.near }
    }

    /// What a pair weighs, or at most weighs where a level is unclear; `rarity` gives that of a field whose values are equal, and nothing where they are not.
    pub(super) fn weigh(
        &self,
        levels: Levels,
        mut rarity: impl FnMut(usize) -> (Millibits, Millibits),
    ) -> Millibits {
        let (mut strangers, mut near) = (0, self.near.unwrap_or(0));
        for (at, weights) in self.fields.iter().enumerate() {
            let Some(level) = levels.get(at) else { continue };
            let (weight, beside) = weights[usize::from(level) + 1];
            let rare = rarity(at);
            strangers += weight + rare.0;
            near += beside + rare.1;
        }
        if self.near.is_some() { strangers.min(near) } else { strangers }
    }
}

/// Weighs the records of a batch.
pub(super) struct Scale<'r> {
    records: &'r Records,
    weights: Weights,
    /// For each value of each field what it is worth that both have it.
    rarity: Vec<Vec<(Millibits, Millibits)>>,
}

impl<'r> Scale<'r> {
    pub(super) fn new(model: &Model, records: &'r Records) -> Self {
        let rarity = model.fields.iter().zip(records.columns()).map(|(field, column)| {
            let rare = field.rarity("");
            // Both are in the order of the values.
            let mut common = field.common.keys().map(String::as_str).peekable();
            let each = (0..column.len() as u32).map(|place| {
                let value = column.value(place);
                while common.next_if(|name| *name < value).is_some() {}
                if common.peek() == Some(&value) { field.rarity(value) } else { rare }
            });
            each.collect()
        });
        Self { records, weights: Weights::of(model), rarity: rarity.collect() }
    }

    /// What two records weigh that agree so, or at most weigh where a level is unclear.
    pub(super) fn weigh(&self, one: usize, two: usize, levels: Levels) -> Millibits {
        self.weights.weigh(levels, |field| self.rarity(field, one, two))
    }

    fn rarity(&self, field: usize, one: usize, two: usize) -> (Millibits, Millibits) {
        let (one, two) = (self.records.row(one)[field], self.records.row(two)[field]);
        if one == two { self.rarity[field][one as usize] } else { (0, 0) }
    }

    /// Every field's part in the weight of a pair; their sum is the weight.
    pub(super) fn explain(&self, one: usize, two: usize) -> Vec<Contribution> {
        let levels = Comparer::new(self.records).levels(one, two);
        let compared =
            (0..self.weights.fields.len()).filter(|at| self.records.fields()[*at].kind.levels() > 0);
        let parts = compared.map(|at| {
            let level = levels.get(at);
            let weight = level.map_or((0, 0), |level| self.weights.fields[at][usize::from(level) + 1]);
            (at, level, weight, level.map_or((0, 0), |_| self.rarity(at, one, two)))
        });
        let parts: Vec<_> = parts.collect();
        let strangers: Millibits = parts.iter().map(|part| part.2.0 + part.3.0).sum();
        let near: Millibits = parts.iter().map(|part| part.2.1 + part.3.1).sum();
        // The lesser of both is the weight, and is what is explained.
        let beside = self.weights.near.filter(|rarer| near + rarer < strangers);
        let mut told: Vec<Contribution> = parts
            .iter()
            .map(|&(at, level, weight, rarity)| {
                let (weight, rarity) =
                    if beside.is_some() { (weight.1, rarity.1) } else { (weight.0, rarity.0) };
                let field = self.records.fields()[at].name.clone();
                Contribution { field, level, weight: weight + rarity, rarity }
            })
            .collect();
        if let Some(rarer) = beside {
            told.push(Contribution { field: String::new(), level: None, weight: rarer, rarity: 0 });
        }
        told
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::super::field::{Field, FieldKind};
    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_glance_never_weighs_too_little(
            rows in prop::collection::vec(
                ["(ada|adah|bob|robert|lovelace|r|)", "(lovelace|lovelac|smith|ada|bob|)", "(18151210|18151012|19010101|)", "(14155550100|14155550101|)"],
                3..30,
            ),
        ) {
            let fields = [("a", FieldKind::GivenName), ("b", FieldKind::Surname), ("c", FieldKind::Date), ("d", FieldKind::Number)];
            let fields = fields.map(|(name, kind)| Field::new(name, kind));
            let records = Records::new(fields, rows.into_iter().enumerate().map(|(at, row)| (format!("{at:02}"), row))).unwrap();
            let Ok(model) = Model::train(&records) else { return Ok(()) };
            let (scale, comparer) = (Scale::new(&model, &records), Comparer::new(&records));
            for one in 0..records.len() {
                for two in 0..one {
                    let (glance, levels) = (comparer.glance(one, two), comparer.levels(one, two));
                    let (most, weight) = (scale.weigh(one, two, glance), scale.weigh(one, two, levels));
                    prop_assert!(most >= weight);
                    prop_assert!(glance.is_unclear() || most == weight);
                }
            }
        }
    }
}
