//! Records matched one at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::MatchingError;
use super::compare::{Levels, level};
use super::field::{Field, VALUE_CHARS_MAX};
use super::keys::{BLOCK_MAX, Family, Hashed, families, names};
use super::model::{Millibits, Model};
use super::scale::Weights;

/// Records in memory that a new one is held against: the same keys, the same limit of [`super::BLOCK_MAX`] and the same
/// weights as [`super::pairs`] has, so that any order of insertions and removals ends in the pairs of a batch of what is left.
///
/// A record takes about three kilobytes: its values, and an entry of a tree for each of its keys, which are about a hundred
/// and fifty where there are eight fields. A call looks at no more than [`super::BLOCK_MAX`] records for each key of one
/// record, however many records there are; finding a key costs the logarithm of their number.
///
/// ```
/// use phygital_core::identity::matching::{Field, FieldKind, Index, Model, Records, WEIGHT_MAX, pairs};
/// let fields = [Field::new("given", FieldKind::GivenName), Field::new("surname", FieldKind::Surname)];
/// let rows = [("1", ["Ada", "Lovelace"]), ("2", ["Ada", "Lovelace"]), ("3", ["Alan", "Turing"]), ("4", ["Alan", "Smith"])];
/// let records = Records::new(fields, rows)?;
/// let model = Model::train(&records)?;
/// let mut index = Index::new(model.clone());
/// for (id, values) in rows {
///     index.insert(id, &values)?;
/// }
/// let all = -WEIGHT_MAX; // four people teach little: take every pair that was compared
/// let found = index.matches(&["Ada", "Lovelace"], all)?;
/// assert_eq!(found.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ["1", "2"]);
/// assert_eq!(found[0].1, pairs(&records, &model, all)?[0].weight);
/// assert!(index.remove(&"1").is_some());
/// assert_eq!(index.matches(&["Ada", "Lovelace"], all)?.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Index<K> {
    model: Model,
    fields: Vec<Field>,
    families: Vec<Family>,
    names: Option<(usize, usize)>,
    weights: Weights,
    /// Records by slot; a slot is used again.
    rows: Vec<Option<(K, Row)>>,
    free: Vec<u32>,
    slots: BTreeMap<K, u32>,
    /// Each key beside the slot of each record that has it, as bytes in the order of their numbers.
    keyed: BTreeSet<[u8; 12]>,
}

/// What a record says, in normal form.
#[derive(Clone)]
struct Row {
    text: Box<str>,
    /// Where each value ends.
    ends: Box<[u16]>,
}

impl<K: Ord + Clone> Index<K> {
    /// An empty one.
    #[must_use]
    pub fn new(model: Model) -> Self {
        let fields: Vec<Field> = model.fields.iter().map(|field| field.field.clone()).collect();
        Self {
            families: families(&fields),
            names: names(&fields),
            weights: Weights::of(&model),
            model,
            fields,
            rows: Vec::new(),
            free: Vec::new(),
            slots: BTreeMap::new(),
            keyed: BTreeSet::new(),
        }
    }

    /// The model by which it weighs.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Whether there is a record of this id.
    #[must_use]
    pub fn contains(&self, id: &K) -> bool {
        self.slots.contains_key(id)
    }

    /// Takes a record in, in place of one of the same id: the values of the model's fields, in their order; an empty value is
    /// missing.
    ///
    /// Gives the other records whose pairs among each other may have changed by it, in order, mostly none: those that share a
    /// key which has now become too common to tell anything. Ask for theirs again.
    ///
    /// # Errors
    /// More or fewer values than the model has fields; or 2^32 records.
    pub fn insert<V: AsRef<str>>(&mut self, id: K, values: &[V]) -> Result<Vec<K>, MatchingError> {
        let row = self.row(values)?;
        if self.free.is_empty() && u32::try_from(self.rows.len() + 1).is_err() {
            return Err(MatchingError::TooMany);
        }
        let mut changed: BTreeSet<K> = self.remove(&id).into_iter().flatten().collect();
        let keys = self.keys(&self.hashed(&row));
        let slot = self.free.pop().unwrap_or(self.rows.len() as u32);
        for &key in &keys {
            let others = self.holders(key);
            if others.len() == BLOCK_MAX {
                changed.extend(others.iter().filter_map(|slot| self.id(*slot)));
            }
            self.keyed.insert(entry(key, slot));
        }
        if slot as usize == self.rows.len() {
            self.rows.push(None);
        }
        self.rows[slot as usize] = Some((id.clone(), row));
        self.slots.insert(id, slot);
        Ok(changed.into_iter().collect())
    }

    /// Forgets a record. Gives the others whose pairs among each other may have changed by it, in order: those that share a
    /// key which is no longer too common. `None` where there is no such record.
    pub fn remove(&mut self, id: &K) -> Option<Vec<K>> {
        let slot = self.slots.remove(id)?;
        let (_, row) = self.rows[slot as usize].take()?;
        self.free.push(slot);
        let mut changed = BTreeSet::new();
        for key in self.keys(&self.hashed(&row)) {
            self.keyed.remove(&entry(key, slot));
            let others = self.holders(key);
            if others.len() == BLOCK_MAX {
                changed.extend(others.iter().filter_map(|slot| self.id(*slot)));
            }
        }
        Some(changed.into_iter().collect())
    }

    /// The records that a new one of these values would make a pair with, of at least so much weight in millibits: the
    /// weightiest first, among equals the least id.
    ///
    /// # Errors
    /// More or fewer values than the model has fields.
    pub fn matches<V: AsRef<str>>(
        &self,
        values: &[V],
        least: Millibits,
    ) -> Result<Vec<(K, Millibits)>, MatchingError> {
        let row = self.row(values)?;
        Ok(self.found(&row, None, least))
    }

    /// What two records of these values would weigh as a pair, whether or not they share a key.
    ///
    /// # Errors
    /// More or fewer values than the model has fields.
    pub fn weigh<V: AsRef<str>>(&self, one: &[V], two: &[V]) -> Result<Millibits, MatchingError> {
        Ok(self.weight(&self.row(one)?, &self.row(two)?))
    }

    /// The records that one of them makes a pair with, as [`Index::matches`] gives them. `None` where there is no such record.
    #[must_use]
    pub fn matches_of(&self, id: &K, least: Millibits) -> Option<Vec<(K, Millibits)>> {
        let slot = *self.slots.get(id)?;
        let (_, row) = self.rows[slot as usize].as_ref()?;
        Some(self.found(row, Some(slot), least))
    }

    fn found(&self, row: &Row, own: Option<u32>, least: Millibits) -> Vec<(K, Millibits)> {
        let mut met: Vec<u32> = Vec::new();
        for key in self.keys(&self.hashed(row)) {
            // The record asked about is one of them, or would be.
            let mut others = self.holders(key);
            others.retain(|slot| Some(*slot) != own);
            if others.len() < BLOCK_MAX {
                met.append(&mut others);
            }
        }
        met.sort_unstable();
        met.dedup();
        let weighed = met.into_iter().filter_map(|slot| {
            let (id, other) = self.rows[slot as usize].as_ref()?;
            Some((id.clone(), self.weight(row, other)))
        });
        let mut found: Vec<(K, Millibits)> = weighed.filter(|(_, weight)| *weight >= least).collect();
        found.sort_unstable_by(|one, two| two.1.cmp(&one.1).then_with(|| one.0.cmp(&two.0)));
        found
    }

    /// The blocking keys of a record of these values, each once: records that share one are worth comparing.
    ///
    /// # Errors
    /// More or fewer values than the model has fields.
    pub(crate) fn keys_of<V: AsRef<str>>(&self, values: &[V]) -> Result<Vec<u64>, MatchingError> {
        Ok(self.keys(&self.hashed(&self.row(values)?)))
    }

    fn weight(&self, one: &Row, two: &Row) -> Millibits {
        let levels = Levels::of(&self.fields, self.names, |a, b, kind| {
            let (first, second) = (one.value(a), two.value(b));
            (!first.is_empty() && !second.is_empty()).then(|| level(kind, first, second))
        });
        self.weights.weigh(levels, |field| match one.value(field) {
            value if value == two.value(field) => self.model.fields[field].rarity(value),
            _ => (0, 0),
        })
    }

    /// The records that have a key, up to one more than may.
    fn holders(&self, key: u64) -> Vec<u32> {
        let all = self.keyed.range(entry(key, 0)..=entry(key, u32::MAX));
        let slot = |entry: &[u8; 12]| u32::from_be_bytes([entry[8], entry[9], entry[10], entry[11]]);
        all.take(BLOCK_MAX + 1).map(slot).collect()
    }

    fn id(&self, slot: u32) -> Option<K> {
        self.rows[slot as usize].as_ref().map(|(id, _)| id.clone())
    }

    /// The keys of a record, each once.
    fn keys(&self, record: &Hashed) -> Vec<u64> {
        let mut keys = Vec::new();
        for family in &self.families {
            family.keys(record, |key| keys.push(key));
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    fn row<V: AsRef<str>>(&self, values: &[V]) -> Result<Row, MatchingError> {
        if values.len() != self.fields.len() {
            let (expected, found) = (self.fields.len(), values.len());
            return Err(MatchingError::Values { record: "".into(), expected, found });
        }
        let mut text = String::new();
        let ends = self.fields.iter().zip(values).map(|(field, value)| {
            field.kind.normalise(value.as_ref(), &mut text);
            // Twelve values of a hundred characters, of which each may become three of four bytes.
            const { assert!(super::FIELDS_MAX * VALUE_CHARS_MAX * 12 < u16::MAX as usize) };
            text.len() as u16
        });
        let ends = ends.collect();
        Ok(Row { ends, text: text.into() })
    }

    fn hashed(&self, row: &Row) -> Hashed {
        Hashed::of(&self.fields, |field| row.value(field))
    }
}

impl Row {
    fn value(&self, field: usize) -> &str {
        let begin = if field == 0 { 0 } else { self.ends[field - 1] };
        &self.text[usize::from(begin)..usize::from(self.ends[field])]
    }
}

fn entry(key: u64, slot: u32) -> [u8; 12] {
    let mut entry = [0; 12];
    entry[..8].copy_from_slice(&key.to_be_bytes());
    entry[8..].copy_from_slice(&slot.to_be_bytes());
    entry
}

/// Records are people: only how many there are is printed.
impl<K> fmt::Debug for Index<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Index").field("fields", &self.fields).field("records", &self.slots.len()).finish()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::super::{FieldKind, Records, pairs};
    use super::*;

    fn fields() -> [Field; 4] {
        [
            Field::new("given", FieldKind::GivenName),
            Field::new("surname", FieldKind::Surname),
            Field::new("born", FieldKind::Date),
            Field::new("phone", FieldKind::Number),
        ]
    }

    fn model(rows: &BTreeMap<u64, [String; 4]>) -> Model {
        Model::train(&batch(rows)).unwrap_or_else(|_| {
            let row = |id: &'static str, born: &'static str| (id, ["ada", "lovelace", born, "1"]);
            Model::train(&Records::new(fields(), [row("1", "1815"), row("2", "1816"), row("3", "")]).unwrap())
                .unwrap()
        })
    }

    fn batch(rows: &BTreeMap<u64, [String; 4]>) -> Records {
        Records::new(fields(), rows.iter().map(|(id, values)| (format!("{id:03}"), values.clone()))).unwrap()
    }

    /// The pairs of a batch, by id.
    fn of_batch(rows: &BTreeMap<u64, [String; 4]>, model: &Model) -> BTreeMap<(u64, u64), Millibits> {
        let ids: Vec<u64> = rows.keys().copied().collect();
        let found = pairs(&batch(rows), model, -100_000).unwrap();
        found.iter().map(|pair| ((ids[pair.one as usize], ids[pair.two as usize]), pair.weight)).collect()
    }

    fn of_index(index: &Index<u64>) -> BTreeMap<(u64, u64), Millibits> {
        let ids = index.slots.keys();
        ids.flat_map(|id| {
            let found = index.matches_of(id, -100_000).unwrap();
            found.into_iter().map(|(other, weight)| (((*id).min(other), (*id).max(other)), weight))
        })
        .collect()
    }

    fn row() -> impl Strategy<Value = [String; 4]> {
        let of = |values: &'static [&'static str]| prop::sample::select(values).prop_map(str::to_owned);
        (
            of(&["ada", "adah", "bob", "robert", "r", ""]),
            of(&["lovelace", "lovelac", "smith", "smyth", "bob"]),
            of(&["18151210", "18151012", "19010101", ""]),
            of(&["14155550100", "14155550101", ""]),
        )
            .prop_map(|(a, b, c, d)| [a, b, c, d])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_order_ends_in_the_pairs_of_a_batch(
            steps in prop::collection::vec((0u64..40, prop::option::weighted(0.8, row())), 1..150),
        ) {
            let mut rows: BTreeMap<u64, [String; 4]> = BTreeMap::new();
            let told: BTreeMap<u64, [String; 4]> = steps.iter().filter_map(|(id, row)| Some((*id, row.clone()?))).collect();
            let model = model(&told);
            let mut index = Index::new(model.clone());
            for (id, row) in steps {
                match row {
                    Some(row) => {
                        let fresh = (!rows.contains_key(&id)).then(|| index.matches(&row, 0).unwrap());
                        index.insert(id, &row).unwrap();
                        if let Some(fresh) = fresh {
                            prop_assert_eq!(Some(fresh), index.matches_of(&id, 0));
                        }
                        rows.insert(id, row);
                    }
                    None => prop_assert_eq!(index.remove(&id).is_some(), rows.remove(&id).is_some()),
                }
            }
            prop_assert_eq!(of_index(&index), of_batch(&rows, &model));
        }
    }

    /// A key at its limit and one past it, and back: the pairs are those of the batch, and who is touched is told.
    #[test]
    fn a_crowd_is_told_when_it_parts_and_meets_again() {
        let values = |n: u64| ["ada", "lovelace", "", if n == 0 { "1" } else { "" }].map(str::to_owned);
        let mut rows: BTreeMap<u64, [String; 4]> = BTreeMap::new();
        let mut index = Index::new(model(&rows));
        let most = BLOCK_MAX as u64;
        for id in 0..most {
            assert!(index.insert(id, &values(id)).unwrap().is_empty());
            rows.insert(id, values(id));
        }
        let model = index.model().clone();
        assert_eq!(of_index(&index), of_batch(&rows, &model));
        assert_eq!(of_index(&index).len(), BLOCK_MAX * (BLOCK_MAX - 1) / 2);
        assert_eq!(index.insert(most, &values(most)).unwrap(), (0..most).collect::<Vec<_>>());
        assert_eq!(of_index(&index).len(), 0);
        assert_eq!(index.matches(&values(1), 0).unwrap(), []);
        assert_eq!(index.remove(&3).unwrap().len(), BLOCK_MAX);
        assert_eq!(of_index(&index).len(), BLOCK_MAX * (BLOCK_MAX - 1) / 2);
    }

    #[test]
    fn nothing_stays_of_what_is_removed() {
        let mut index = Index::new(model(&BTreeMap::new()));
        index.insert(1, &["ada", "lovelace", "18151210", ""]).unwrap();
        assert_eq!(index.remove(&1), Some(Vec::new()));
        assert_eq!(index.remove(&1), None);
        assert!(index.is_empty() && index.keyed.is_empty());
        assert!(index.insert(1, &["ada"]).is_err());
        assert!(!format!("{index:?}").contains("ada"));
    }
}
