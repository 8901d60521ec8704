//! A CSV file, read by column names.

use std::fs::File;
use std::path::Path;

use crate::failure::Failure;

/// A CSV file with a header (RFC 4180), open at its first row.
pub(crate) struct Table {
    name: String,
    header: csv::StringRecord,
    reader: csv::Reader<File>,
}

impl Table {
    /// Opens a file and reads its header.
    pub(crate) fn open(file: &Path) -> Result<Self, Failure> {
        let name = file.display().to_string();
        let opened = File::open(file).map_err(|error| Failure::io(&name, &error))?;
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(opened);
        let header = reader.headers().map_err(|error| malformed(&name, &error))?.clone();
        Ok(Self { name, header, reader })
    }

    /// The names of the columns, in order.
    pub(crate) fn columns(&self) -> Vec<&str> {
        self.header.iter().collect()
    }

    /// Where a column stands.
    pub(crate) fn column(&self, name: &str) -> Result<usize, Failure> {
        self.header.iter().position(|column| column == name).ok_or_else(|| {
            Failure::misuse("no_column", format!("{}: expected a column {name}, found none", self.name))
        })
    }

    /// Gives every row to `take`, the values of these columns in this order.
    pub(crate) fn rows<const N: usize>(
        mut self,
        columns: [usize; N],
        mut take: impl FnMut([&str; N]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.each(|row| take(columns.map(|at| row.get(at).unwrap_or_default())))
    }

    /// Gives every row to `take`.
    pub(crate) fn each(
        &mut self,
        mut take: impl FnMut(&csv::StringRecord) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut row = csv::StringRecord::new();
        while self.reader.read_record(&mut row).map_err(|error| malformed(&self.name, &error))? {
            let line = row.position().map_or(0, csv::Position::line);
            take(&row).map_err(|failure| failure.at_line(line))?;
        }
        Ok(())
    }
}

fn malformed(name: &str, error: &csv::Error) -> Failure {
    if let csv::ErrorKind::Io(error) = error.kind() {
        return Failure::io(name, error);
    }
    let line = error.position().map(csv::Position::line);
    // The crate's own words may quote what stands there.
    let what = match error.kind() {
        csv::ErrorKind::Utf8 { err, .. } => format!("expected UTF-8 in column {}", err.field() + 1),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("expected {expected_len} columns, found {len}")
        }
        _ => "expected CSV".to_owned(),
    };
    let failure = Failure::misuse("malformed", format!("{name}: {what}"));
    line.map_or(failure.clone(), |line| failure.at_line(line))
}
