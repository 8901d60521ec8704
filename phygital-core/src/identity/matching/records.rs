//! Records in columns, each value kept once.

use std::collections::BTreeMap;
use std::fmt;

use super::MatchingError;
use super::compare::level;
use super::field::{FIELDS_MAX, Field, FieldKind};

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
    ids: Vec<Box<str>>,
    columns: Vec<Column>,
}

/// The values of a field.
#[derive(Clone, Default)]
pub(super) struct Column {
    /// Each value once, in normal form. The first is the empty one: missing.
    pub(super) values: Vec<Box<str>>,
    /// How many records have the value.
    pub(super) counts: Vec<u32>,
    /// Which value each record has.
    pub(super) of: Vec<u32>,
}

/// How two records agree: for each field the level, or `None` where either says nothing or the field is not compared.
pub(super) type Levels = [Option<u8>; FIELDS_MAX];

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
        let mut known: Vec<BTreeMap<Box<str>, u32>> = vec![BTreeMap::new(); fields.len()];
        let mut columns: Vec<Column> = vec![Column::default(); fields.len()];
        for column in &mut columns {
            column.values.push("".into());
            column.counts.push(0);
        }
        let mut ids: Vec<Box<str>> = Vec::new();
        for (id, values) in rows {
            let (id, values) = (id.into(), values.as_ref());
            if values.len() != fields.len() {
                return Err(MatchingError::Values {
                    record: id,
                    expected: fields.len(),
                    found: values.len(),
                });
            }
            for ((field, column), (known, value)) in
                fields.iter().zip(&mut columns).zip(known.iter_mut().zip(values))
            {
                let normal = field.kind.normal(value.as_ref());
                let place = if normal.is_empty() {
                    0
                } else if let Some(place) = known.get(normal.as_str()) {
                    *place
                } else {
                    let place = column.values.len() as u32;
                    column.values.push(normal.as_str().into());
                    column.counts.push(0);
                    known.insert(normal.into(), place);
                    place
                };
                column.counts[place as usize] += 1;
                column.of.push(place);
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
        for column in &mut columns {
            column.of = order.iter().map(|row| column.of[*row as usize]).collect();
        }
        let ids = order.iter().map(|row| std::mem::take(&mut ids[*row as usize])).collect();
        Ok(Self { fields, ids, columns })
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
        let place = *column.of.get(record)?;
        (place > 0).then(|| &*column.values[place as usize])
    }

    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The first field of a kind.
    pub(super) fn field_of(&self, kind: FieldKind) -> Option<usize> {
        self.fields.iter().position(|field| field.kind == kind)
    }

    /// How two records agree. Where given names and surnames agree in neither field but crosswise, they were swapped.
    pub(super) fn levels(&self, one: usize, two: usize) -> Levels {
        let mut levels = Levels::default();
        for (at, (field, column)) in self.fields.iter().zip(&self.columns).enumerate() {
            if field.kind == FieldKind::Words {
                continue;
            }
            let (a, b) = (column.of[one], column.of[two]);
            levels[at] = match (a, b) {
                (0, _) | (_, 0) => None,
                _ if a == b => Some((field.kind.levels() - 1) as u8),
                _ => Some(level(field.kind, &column.values[a as usize], &column.values[b as usize])),
            };
        }
        self.unswap(one, two, &mut levels);
        levels
    }

    /// The level of names that stand in the wrong field: another spelling, at best.
    const SWAPPED: u8 = 3;

    fn unswap(&self, one: usize, two: usize, levels: &mut Levels) {
        let (Some(given), Some(surname)) =
            (self.field_of(FieldKind::GivenName), self.field_of(FieldKind::Surname))
        else {
            return;
        };
        // An initial is no agreement to hold on to.
        if levels[given].is_some_and(|level| level > 1) || levels[surname].is_some_and(|level| level > 1) {
            return;
        }
        let cross = |a: (usize, usize), b: (usize, usize)| {
            let (a, b) = (self.value(a.0, a.1)?, self.value(b.0, b.1)?);
            Some(level(FieldKind::Surname, a, b) >= Self::SWAPPED)
        };
        let there = cross((one, given), (two, surname));
        let back = cross((one, surname), (two, given));
        match (there, back) {
            (Some(true), Some(true)) => {
                levels[given] = Some(Self::SWAPPED);
                levels[surname] = Some(Self::SWAPPED);
            }
            // One name alone, in the wrong field.
            (Some(true), None) | (None, Some(true)) => {
                levels[given] = None;
                levels[surname] = Some(Self::SWAPPED);
            }
            _ => {}
        }
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
    use super::*;

    fn people(rows: &[(&str, [&str; 3])]) -> Records {
        let fields = [
            Field::new("given", FieldKind::GivenName),
            Field::new("surname", FieldKind::Surname),
            Field::new("born", FieldKind::Date),
        ];
        Records::new(fields, rows.iter().copied()).unwrap()
    }

    #[test]
    fn swapped_names_are_seen() {
        let records = people(&[
            ("1", ["mikhayla", "hannagan", "19770501"]),
            ("2", ["hannagan", "mikhayla", ""]),
            ("3", ["muirhead", "", ""]),
            ("4", ["findlay", "muirhead", ""]),
        ]);
        assert_eq!(records.levels(0, 1)[..3], [Some(3), Some(3), None]);
        assert_eq!(records.levels(2, 3)[..3], [None, Some(3), None]);
        assert_eq!(records.levels(0, 3)[..2], [Some(0), Some(0)]);
    }

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
        let records = people(&[("1", ["ada", "lovelace", ""])]);
        assert!(!format!("{records:?}").contains("ada"));
    }
}
