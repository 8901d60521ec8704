//! A line of CSV as its fields, and what is wrong with one.

use std::borrow::Cow;

use thiserror::Error;

use super::people::PeopleError;
use crate::vocab::{Currency, IdError, TimeError};

/// Why a line of a table was refused. It tells where, and never what stood there.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {fault}")]
#[non_exhaustive]
pub struct CellError {
    /// The line, from 1, the header counted.
    pub line: u64,
    /// The column by its name in the header, or by its number from 1 where it has none.
    pub column: Box<str>,
    /// What is wrong there.
    pub fault: CellFault,
}

/// What is wrong with a cell.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CellFault {
    /// The header has no such column.
    #[error("the header has no such column")]
    NoColumn,
    /// The header has the column twice.
    #[error("the header has the column twice")]
    TwoColumns,
    /// A quote that does not end on its line, or text behind a closing one.
    #[error("expected a quote that ends at the end of its field")]
    Quote,
    /// More or fewer fields than the header has.
    #[error("expected {expected} fields as in the header, found {found}")]
    Fields {
        /// As many as the header has.
        expected: usize,
        /// As many as the line has.
        found: usize,
    },
    /// Nothing, where something is needed.
    #[error("expected a value")]
    Empty,
    /// No whole number, or one of more than 64 bits.
    #[error("expected a whole number")]
    Number,
    /// Below zero.
    #[error("expected a number that is not below zero")]
    Negative,
    /// Neither seconds since 1970 nor a time of RFC 3339.
    #[error("expected whole seconds since 1970, or else: {0}")]
    Time(TimeError),
    /// An id that is none.
    #[error(transparent)]
    Id(#[from] IdError),
    /// Another place of sale.
    #[error("expected store or web")]
    Sold,
    /// More was given back than was paid.
    #[error("more was refunded than the order was worth")]
    RefundOverOrder,
    /// A currency that is none.
    #[error("expected a currency of ISO 4217 with a minor unit")]
    Currency,
    /// Another currency than that of the lines before.
    #[error("expected {0}, as before: amounts of two currencies have no sum")]
    Mixed(Currency),
    /// Another kind of channel.
    #[error("expected physical, visit, digital or direct")]
    Side,
    /// The name stands in two lines.
    #[error("the name stands in a line before")]
    Twice,
    /// A group that is within itself.
    #[error("the group is within itself")]
    Ring,
    /// A channel that cannot be one, or what the people before refuse.
    #[error(transparent)]
    People(#[from] PeopleError),
}

/// A header: which field has which name.
#[derive(Clone, Debug)]
pub(super) struct Header {
    names: Vec<Box<str>>,
}

/// A line under a header.
pub(super) struct Row<'a> {
    header: &'a Header,
    line: u64,
    fields: Vec<Cow<'a, str>>,
}

impl Header {
    pub(super) fn read(line: &str) -> Result<Header, CellError> {
        let line = line.strip_prefix('\u{feff}').unwrap_or(line);
        let names = fields(line).map_err(|at| fault(1, &(at + 1).to_string(), CellFault::Quote))?;
        let names = names.iter().map(|name| Box::from(name.trim())).collect::<Vec<Box<str>>>();
        for (at, name) in names.iter().enumerate() {
            if !name.is_empty() && names[..at].contains(name) {
                return Err(fault(1, name, CellFault::TwoColumns));
            }
        }
        Ok(Header { names })
    }

    /// Where a column is, if there is one.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|other| **other == *name)
    }

    /// Where a column is that has to be there.
    pub(super) fn need(&self, name: &str) -> Result<usize, CellError> {
        self.find(name).ok_or_else(|| fault(1, name, CellFault::NoColumn))
    }

    /// The columns with other names than these.
    pub(super) fn others<'a>(&'a self, known: &'a [&str]) -> impl Iterator<Item = &'a str> {
        self.names.iter().map(|name| &**name).filter(|name| !known.contains(name))
    }

    /// A line as fields, as many as the header has.
    pub(super) fn row<'a>(&'a self, number: u64, line: &'a str) -> Result<Row<'a>, CellError> {
        let name = |at: usize| self.names.get(at).map_or((at + 1).to_string(), |name| name.to_string());
        let fields = fields(line).map_err(|at| fault(number, &name(at), CellFault::Quote))?;
        let (expected, found) = (self.names.len(), fields.len());
        if found != expected {
            let at = name(found.min(expected));
            return Err(fault(number, &at, CellFault::Fields { expected, found }));
        }
        Ok(Row { header: self, line: number, fields })
    }
}

impl Row<'_> {
    /// What stands in a column, without outer white space.
    pub(super) fn text(&self, column: usize) -> &str {
        self.fields[column].trim()
    }

    /// The same, which has to be something.
    pub(super) fn some(&self, column: usize) -> Result<&str, CellError> {
        match self.text(column) {
            "" => Err(self.fault(column, CellFault::Empty)),
            text => Ok(text),
        }
    }

    /// A whole number.
    pub(super) fn number<N: std::str::FromStr>(&self, column: usize) -> Result<N, CellError> {
        self.some(column)?.parse().map_err(|_| self.fault(column, CellFault::Number))
    }

    /// An amount that is not below zero.
    pub(super) fn amount(&self, column: usize) -> Result<i64, CellError> {
        let amount = self.number::<i64>(column)?;
        if amount < 0 { Err(self.fault(column, CellFault::Negative)) } else { Ok(amount) }
    }

    pub(super) fn fault(&self, column: usize, what: impl Into<CellFault>) -> CellError {
        fault(self.line, &self.header.names[column], what.into())
    }
}

fn fault(line: u64, column: &str, fault: CellFault) -> CellError {
    CellError { line, column: column.into(), fault }
}

/// The fields of a line (RFC 4180, but for quoted line breaks), or the number of the one with a quote at fault.
fn fields(line: &str) -> Result<Vec<Cow<'_, str>>, usize> {
    let mut rest = line;
    let mut fields = Vec::new();
    loop {
        let (field, after) = match rest.strip_prefix('"') {
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                (Cow::Borrowed(&rest[..end]), &rest[end..])
            }
            Some(inside) => {
                let end = closing(inside).ok_or(fields.len())?;
                let field = match inside[..end].contains('"') {
                    true => Cow::Owned(inside[..end].replace("\"\"", "\"")),
                    false => Cow::Borrowed(&inside[..end]),
                };
                (field, &inside[end + 1..])
            }
        };
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None if after.is_empty() => {
                fields.push(field);
                return Ok(fields);
            }
            None => return Err(fields.len()),
        }
        fields.push(field);
    }
}

/// Where the quote closes: the first that is not doubled.
fn closing(inside: &str) -> Option<usize> {
    let bytes = inside.as_bytes();
    let mut at = 0;
    loop {
        at += bytes[at..].iter().position(|byte| *byte == b'"')?;
        if bytes.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_is_split_at_commas_outside_quotes() {
        let split = |line| fields(line).map(|fields| fields.join("|"));
        assert_eq!(split("a,b,"), Ok("a|b|".to_owned()));
        assert_eq!(split(""), Ok(String::new()));
        assert_eq!(split("\"a,\"\"b\"\"\",c"), Ok("a,\"b\"|c".to_owned()));
        assert_eq!(split("a,\"b"), Err(1));
        assert_eq!(split("\"a\"b"), Err(0));
        assert_eq!(split("\"\"\"\""), Ok("\"".to_owned()));
    }

    #[test]
    fn a_fault_says_where() {
        let header = Header::read("\u{feff}one, two").unwrap();
        let told = |line| header.row(7, line).err().unwrap().to_string();
        assert_eq!(told("1"), "line 7, column two: expected 2 fields as in the header, found 1");
        assert_eq!(told("1,2,3"), "line 7, column 3: expected 2 fields as in the header, found 3");
        assert_eq!(told("1,\"2"), "line 7, column two: expected a quote that ends at the end of its field");
        let row = header.row(7, "1,x").unwrap();
        assert_eq!(
            row.number::<u64>(1).unwrap_err().to_string(),
            "line 7, column two: expected a whole number"
        );
        assert_eq!(Header::read("a,a").unwrap_err().fault, CellFault::TwoColumns);
        assert_eq!(header.need("three").unwrap_err().fault, CellFault::NoColumn);
    }

    proptest! {
        /// What is taken is what the crate `csv` reads.
        #[test]
        fn as_the_csv_crate(line in "[a-c,\" ]{1,24}") {
            let mut reader =
                csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(line.as_bytes());
            let record = reader.records().next().map(|record| record.unwrap());
            if let (Ok(ours), Some(record)) = (fields(&line), record) {
                prop_assert_eq!(ours, record.iter().collect::<Vec<_>>());
            }
        }

        /// What is written with quotes reads back.
        #[test]
        fn as_written(values in prop::collection::vec("[a-c,\" ]{0,9}", 1..6)) {
            let quoted = values.iter().map(|value| format!("\"{}\"", value.replace('"', "\"\"")));
            let line = quoted.collect::<Vec<_>>().join(",");
            prop_assert_eq!(fields(&line).unwrap(), values);
        }
    }
}
