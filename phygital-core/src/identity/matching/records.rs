//! Records in columns, each value kept once.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::MatchingError;
use super::blocking::candidates;
use super::candidates::Candidates;
use super::field::{FIELDS_MAX, Field};
use super::mark::Mark;

/// Records to compare, in the order of their ids, so that the order in which they came changes nothing.
///
/// ```
/// use phygital_core::identity::matching::{Field, FieldKind, Records};
/// let fields = [Field::new("given", FieldKind::GivenName), Field::new("born", FieldKind::Date)];
/// let records = Records::new(fields, [("r2", ["Ada", "1815-12-10"]), ("r1", ["A.", ""])])?;
/// assert_eq!(records.find("r2"), Some(1));
/// assert_eq!(records.value(1, 0), Some("ada"));
/// assert_eq!(records.value(0, 1), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Records {
    fields: Vec<Field>,
    ids: Arc<[Box<str>]>,
    columns: Vec<Column>,
    /// Which value of each field each record has: record by record, since two records are compared in all fields.
    rows: Vec<u32>,
    /// Their marks, beside each other for the same reason.
    marks: Vec<Mark>,
    /// The pairs to compare: found when first asked for, by training or by matching, whichever comes first.
    candidates: OnceLock<Arc<Candidates>>,
}

/// The values of a field.
#[derive(Clone, Default)]
pub(super) struct Column {
    /// Each value once, in normal form and in order, one after the other. The first is the empty one: missing.
    text: String,
    /// Where each of them ends.
    ends: Vec<usize>,
    /// How many records have the value.
    pub(super) counts: Vec<u32>,
}

/// What the records say in a field, one after the other.
#[derive(Default)]
struct Raw {
    text: String,
    /// How long each value is: at most [`super::VALUE_CHARS_MAX`] characters, which become no more than six of four bytes each.
    lengths: Vec<u16>,
}

impl Records {
    /// Takes records: for each an id of the caller's, and the values of the fields in their order; an empty value is missing.
    ///
    /// # Errors
    /// No field or more than [`FIELDS_MAX`]; a record with another number of values; an id twice; more than 2^32 - 1 records.
    pub fn new<I: Into<Box<str>>, V: AsRef<str>>(
        fields: impl IntoIterator<Item = Field>,
        rows: impl IntoIterator<Item = (I, impl AsRef<[V]>)>,
    ) -> Result<Self, MatchingError> {
        let fields: Vec<Field> = fields.into_iter().collect();
        if fields.is_empty() || fields.len() > FIELDS_MAX {
            return Err(MatchingError::Fields(fields.len()));
        }
        let mut raw: Vec<Raw> = fields.iter().map(|_| Raw::default()).collect();
        let mut ids: Vec<Box<str>> = Vec::new();
        for (id, values) in rows {
            let (id, values) = (id.into(), values.as_ref());
            if values.len() != fields.len() {
                let (expected, found) = (fields.len(), values.len());
                return Err(MatchingError::Values { record: id, expected, found });
            }
            for ((field, raw), value) in fields.iter().zip(&mut raw).zip(values) {
                let before = raw.text.len();
                field.kind.normalise(value.as_ref(), &mut raw.text);
                raw.lengths.push((raw.text.len() - before) as u16);
            }
            ids.push(id);
        }
        if u32::try_from(ids.len()).is_err() {
            return Err(MatchingError::TooMany);
        }
        let mut order: Vec<u32> = (0..ids.len() as u32).collect();
        order.sort_unstable_by(|one, two| ids[*one as usize].cmp(&ids[*two as usize]));
        if let Some(twice) = order.windows(2).find(|pair| ids[pair[0] as usize] == ids[pair[1] as usize]) {
            return Err(MatchingError::Twice(ids[twice[0] as usize].clone()));
        }
        let mut rows = vec![0; fields.len() * ids.len()];
        let mut marks = vec![Mark::default(); rows.len()];
        let columns = fields.iter().zip(raw).enumerate().map(|(at, (field, raw))| {
            let (column, of) = Column::of(&raw);
            let known: Vec<Mark> =
                (0..column.len() as u32).map(|place| Mark::of(field.kind, column.value(place))).collect();
            for (record, row) in order.iter().enumerate() {
                let place = of[*row as usize];
                rows[record * fields.len() + at] = place;
                marks[record * fields.len() + at] = known[place as usize];
            }
            column
        });
        let columns = columns.collect();
        let ids = order.iter().map(|row| std::mem::take(&mut ids[*row as usize])).collect();
        Ok(Self { fields, ids, columns, rows, marks, candidates: OnceLock::new() })
    }

    /// The fields.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The ids of the records, in order. A record is named by its place among them.
    #[must_use]
    pub fn ids(&self) -> &[Box<str>] {
        &self.ids
    }

    /// Their marks.
    pub(super) fn marks(&self, record: usize) -> &[Mark] {
        &self.marks[record * self.fields.len()..][..self.fields.len()]
    }

    pub(super) fn shared_ids(&self) -> Arc<[Box<str>]> {
        Arc::clone(&self.ids)
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The place of a record by its id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<usize> {
        self.ids.binary_search_by(|one| (**one).cmp(id)).ok()
    }

    /// What a record says in a field, in normal form; `None` where it says nothing.
    #[must_use]
    pub fn value(&self, record: usize, field: usize) -> Option<&str> {
        let column = self.columns.get(field)?;
        let place = *self.rows.get(record * self.fields.len() + field)?;
        (place > 0).then(|| column.value(place))
    }

    /// The places of a record's values, field by field.
    pub(super) fn row(&self, record: usize) -> &[u32] {
        &self.rows[record * self.fields.len()..][..self.fields.len()]
    }

    pub(super) fn candidates(&self) -> &Candidates {
        self.candidates.get_or_init(|| Arc::new(candidates(self)))
    }

    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }
}

impl Column {
    /// Sorts and counts values, and tells which each row has; sorting costs the same whatever the values are, which hashing
    /// does not.
    fn of(raw: &Raw) -> (Self, Vec<u32>) {
        struct Value<'t> {
            /// The first sixteen bytes, which decide nearly always.
            begin: u128,
            text: &'t str,
            row: u32,
        }
        let mut at = 0;
        let mut values: Vec<Value<'_>> = Vec::with_capacity(raw.lengths.len());
        for (row, length) in raw.lengths.iter().enumerate().filter(|(_, length)| **length > 0) {
            let text = &raw.text[at..at + usize::from(*length)];
            at += text.len();
            let mut begin = [0; 16];
            let upto = text.len().min(16);
            begin[..upto].copy_from_slice(&text.as_bytes()[..upto]);
            values.push(Value { begin: u128::from_be_bytes(begin), text, row: row as u32 });
        }
        values.sort_unstable_by(|one, two| {
            one.begin.cmp(&two.begin).then_with(|| match (one.text.len(), two.text.len()) {
                (a, b) if a.max(b) <= 16 => a.cmp(&b),
                _ => one.text.cmp(two.text),
            })
        });
        let missing = (raw.lengths.len() - values.len()) as u32;
        let mut column = Self { text: String::new(), ends: vec![0], counts: vec![missing] };
        let mut of = vec![0_u32; raw.lengths.len()];
        for same in values.chunk_by(|one, two| one.begin == two.begin && one.text == two.text) {
            let place = column.ends.len() as u32;
            column.text.push_str(same[0].text);
            column.ends.push(column.text.len());
            column.counts.push(same.len() as u32);
            same.iter().for_each(|value| of[value.row as usize] = place);
        }
        column.text.shrink_to_fit();
        column.ends.shrink_to_fit();
        column.counts.shrink_to_fit();
        (column, of)
    }

    /// How many values there are, the missing one among them.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// A value by its place; places are in the order of the values.
    pub(super) fn value(&self, place: u32) -> &str {
        let begin = if place == 0 { 0 } else { self.ends[place as usize - 1] };
        &self.text[begin..self.ends[place as usize]]
    }
}

/// Records are people: only how many there are is printed.
impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").field("fields", &self.fields).field("records", &self.ids.len()).finish()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::super::field::FieldKind;
    use super::*;

    #[test]
    fn what_cannot_be_compared_is_refused() {
        let field = || Field::new("a", FieldKind::Place);
        let many = |n: usize| vec![field(); n];
        assert!(Records::new(many(FIELDS_MAX), [("1", vec!["x"; FIELDS_MAX])]).is_ok());
        assert_eq!(
            Records::new(many(FIELDS_MAX + 1), [("1", vec!["x"; FIELDS_MAX + 1])]).unwrap_err(),
            MatchingError::Fields(FIELDS_MAX + 1)
        );
        assert_eq!(Records::new([], [("1", [""; 0])]).unwrap_err(), MatchingError::Fields(0));
        assert_eq!(
            Records::new([field()], [("1", ["x", "y"])]).unwrap_err().to_string(),
            "record 1: expected 1 values, found 2"
        );
        let twice = Records::new([field()], [("1", ["x"]), ("2", ["x"]), ("1", ["y"])]).unwrap_err();
        assert_eq!(twice.to_string(), "record 1 is there twice");
    }

    #[test]
    fn nobody_is_printed() {
        let fields = [Field::new("given", FieldKind::GivenName)];
        let records = Records::new(fields, [("1", ["ada"])]).unwrap();
        assert!(!format!("{records:?}").contains("ada"));
    }

    proptest! {
        #[test]
        fn values_are_kept_once_and_in_order(values in prop::collection::vec("[ab\u{0}é]{0,20}", 1..30)) {
            let rows = values.iter().enumerate().map(|(at, value)| (format!("{at:02}"), [value.as_str()]));
            let records = Records::new([Field::new("mail", FieldKind::Email)], rows).unwrap();
            let column = &records.columns()[0];
            for (at, value) in values.iter().enumerate() {
                let place = records.row(at)[0];
                prop_assert_eq!(column.value(place), value);
                prop_assert_eq!(column.counts[place as usize] as usize, values.iter().filter(|other| *other == value).count());
            }
            prop_assert!((1..column.len() as u32).all(|place| column.value(place - 1) < column.value(place)));
        }
    }
}
