//! The model for those who have too little to learn from.

use std::sync::LazyLock;

use super::field::Field;
use super::model::{FieldModel, Model};

/// From so many records on there is something to learn: a hundred have about five thousand pairs. Fewer are better weighed by
/// [`Model::standard`].
pub const LEARN_MIN: usize = 100;

/// A field of each kind (`data/README.md` says how it was made).
static STANDARD: LazyLock<Model> = LazyLock::new(|| {
    Model::from_json(include_str!("../../../data/standard_model.json")).expect("a test reads it")
});

impl Model {
    /// A model of these fields that was learned from generated customers: for two records without others beside them, and for
    /// fewer than [`LEARN_MIN`]. It knows what each kind of agreement is worth among a hundred thousand records of a shop, and
    /// no names: which value is rare, and that one place is home to all, only records themselves tell ([`Model::train`]).
    ///
    /// ```
    /// use phygital_core::identity::matching::{Field, FieldKind, Index, Model};
    /// let fields = [
    ///     Field::new("first_name", FieldKind::GivenName),
    ///     Field::new("last_name", FieldKind::Surname),
    ///     Field::new("born", FieldKind::Date),
    /// ];
    /// let model = Model::standard(&fields);
    /// let index: Index<u32> = Index::new(model.clone());
    /// let ada = ["Ada", "Lovelace", "1815-12-10"];
    /// assert!(index.weigh(&ada, &ada)? >= model.match_at);
    /// assert!(index.weigh(&ada, &["Annabella", "Lovelace", "1837-09-22"])? < model.review_at);
    /// # Ok::<(), phygital_core::identity::matching::MatchingError>(())
    /// ```
    #[must_use]
    pub fn standard(fields: &[Field]) -> Self {
        let fields = fields.iter().map(|field| {
            let known = STANDARD.fields.iter().find(|known| known.field.kind == field.kind);
            let unknown = || FieldModel {
                field: field.clone(),
                levels: Vec::new(),
                common: Default::default(),
                rare_ppb: 1,
            };
            known.map_or_else(unknown, |known| FieldModel { field: field.clone(), ..known.clone() })
        });
        Self { fields: fields.collect(), ..STANDARD.clone() }
    }

    /// The same without a word of any value: each is as rare as values of its field are on average.
    #[must_use]
    pub fn without_values(mut self) -> Self {
        for field in &mut self.fields {
            field.common.clear();
            field.rare_ppb = field.levels.last().map_or(1, |equal| equal.u_ppb);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::super::field::FieldKind;
    use super::*;

    #[test]
    fn every_kind_is_known_and_no_value_is() {
        for kind in FieldKind::COMPARED {
            let model = Model::standard(&[Field::new("x", kind)]);
            assert_eq!(model.fields[0].levels.len(), kind.levels(), "{kind:?}");
            assert_eq!(model.fields[0].rarity("anything"), (0, 0), "{kind:?}");
            assert!(model.fields[0].common.is_empty());
            assert_eq!(Model::from_json(&model.to_json()), Ok(model));
        }
        let words = Model::standard(&[Field::new("x", FieldKind::Words)]);
        assert_eq!(Model::from_json(&words.to_json()), Ok(words));
    }
}
