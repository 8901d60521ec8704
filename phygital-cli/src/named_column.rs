//! A column of a table that goes by several names.

use std::fmt;

use crate::failure::Failure;
use crate::table::Table;

/// A column that is there.
pub(crate) struct Column {
    /// Which, for [`Row::get`](crate::table::Row::get).
    pub(crate) place: usize,
    /// As the file names it.
    pub(crate) name: String,
}

impl Column {
    /// The column of one of these names, in any case.
    pub(crate) fn find(table: &mut Table, names: &[&str]) -> Result<Option<Column>, Failure> {
        let is = |column: &String| names.contains(&column.to_ascii_lowercase().as_str());
        let found = table.columns().iter().filter(|column| is(column)).cloned().collect::<Vec<_>>();
        match &found[..] {
            [] => Ok(None),
            [name] => Ok(Some(Column { place: table.column(name)?, name: name.clone() })),
            [one, other, ..] => {
                let message = format!("{}: expected one of the columns {one} and {other}", table.name());
                Err(Failure::misuse("no_column", message))
            }
        }
    }

    /// The column, which has to be there.
    pub(crate) fn needed(table: &mut Table, names: &[&str]) -> Result<Column, Failure> {
        let found = Column::find(table, names)?;
        found.ok_or_else(|| no_column(table.name(), names))
    }

    /// What is wrong with its cell in a line.
    pub(crate) fn refuse(&self, file: &str, line: u64, what: impl fmt::Display) -> Failure {
        Failure::misuse("malformed", format!("{file}: column {}: {what}", self.name)).at_line(line)
    }
}

/// That a file has no column of these names.
pub(crate) fn no_column(file: &str, names: &[&str]) -> Failure {
    Failure::misuse("no_column", format!("{file}: expected a column {}, found none", names.join(" or ")))
}
