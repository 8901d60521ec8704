//! Rows of CSV, each with the line that it begins in.

use std::io::{self, BufRead};

use csv_core::ReadRecordResult;

use super::ROW_BYTES_MAX;
use super::ahead::Ahead;

/// Reads rows. The first one says how many fields each of them has.
pub(super) struct CsvRows<R = Ahead> {
    source: R,
    parser: csv_core::Reader,
    /// The fields of the row behind each other.
    text: String,
    /// Where each of them ends, with room for more.
    ends: Vec<usize>,
    found: usize,
    line: u64,
    expected: Option<usize>,
}

/// Why there is no row.
#[derive(Debug, thiserror::Error)]
pub(super) enum CsvFault {
    /// Reading failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A row that is no text; which field, from 1.
    #[error("expected UTF-8 in column {0}")]
    Utf8(usize),
    /// More or fewer fields than the first row has.
    #[error("expected {expected} columns, found {found}")]
    Fields { expected: usize, found: usize },
    /// A row without an end.
    #[error("expected at most {ROW_BYTES_MAX} bytes in a row; is there a quote that does not close?")]
    TooLong,
}

impl<R: BufRead> CsvRows<R> {
    pub(super) fn new(source: R) -> CsvRows<R> {
        let (parser, text, ends) = (csv_core::Reader::new(), String::new(), vec![0; 16]);
        CsvRows { source, parser, text, ends, found: 0, line: 1, expected: None }
    }

    /// Goes to the next row, if there is one.
    pub(super) fn next(&mut self) -> Result<bool, CsvFault> {
        if !self.pass_blank()? {
            return Ok(false);
        }
        self.line = self.parser.line();
        let mut text = std::mem::take(&mut self.text).into_bytes();
        text.resize(256, 0);
        let (mut taken, mut written, mut found) = (0, 0, 0);
        loop {
            let block = self.source.fill_buf()?;
            let (result, read, more, ended) =
                self.parser.read_record(block, &mut text[written..], &mut self.ends[found..]);
            self.source.consume(read);
            (taken, written, found) = (taken + read, written + more, found + ended);
            if taken > ROW_BYTES_MAX {
                return Err(CsvFault::TooLong);
            }
            match result {
                // An empty block says that there are no more.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => text.resize(2 * written, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(2 * found, 0),
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return Ok(false),
            }
        }
        text.truncate(written);
        self.found = found;
        self.hold(text)?;
        match *self.expected.get_or_insert(found) {
            expected if expected == found => Ok(true),
            expected => Err(CsvFault::Fields { expected, found }),
        }
    }

    /// The line in which the row begins, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// How many fields the row has.
    pub(super) fn fields(&self) -> usize {
        self.found
    }

    /// A field of the row, as it was written but for its quotes.
    pub(super) fn get(&self, field: usize) -> Option<&str> {
        let end = *self.ends[..self.found].get(field)?;
        let start = field.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.text[start..end])
    }

    /// Passes over ends of lines, so that the row's line is the one with its first sign; whether there is more.
    fn pass_blank(&mut self) -> io::Result<bool> {
        loop {
            let block = self.source.fill_buf()?;
            if block.is_empty() {
                return Ok(false);
            }
            let blank = block.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            let lines = block[..blank].iter().filter(|byte| **byte == b'\n').count();
            let more = blank < block.len();
            self.parser.set_line(self.parser.line() + lines as u64);
            self.source.consume(blank);
            if more {
                return Ok(true);
            }
        }
    }

    /// Holds a row, which has to be text.
    fn hold(&mut self, text: Vec<u8>) -> Result<(), CsvFault> {
        let ends = &self.ends[..self.found];
        let bytes = match String::from_utf8(text) {
            // A sign does not begin in one field and end in the next.
            Ok(text) if ends.iter().all(|end| text.is_char_boundary(*end)) => {
                self.text = text;
                return Ok(());
            }
            Ok(text) => text.into_bytes(),
            Err(error) => error.into_bytes(),
        };
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let mut fields = starts.zip(ends).map(|(start, end)| &bytes[start..*end]);
        let bad = fields.position(|field| std::str::from_utf8(field).is_err());
        Err(CsvFault::Utf8(bad.map_or(1, |at| at + 1)))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Row = (u64, Vec<String>);

    /// The rows, read through a buffer of so many bytes.
    fn rows(text: &[u8], buffer: usize) -> Result<Vec<Row>, CsvFault> {
        let source = io::BufReader::with_capacity(buffer, io::Cursor::new(text.to_vec()));
        let mut reader = CsvRows::new(source);
        let mut rows = Vec::new();
        while reader.next()? {
            let fields = (0..reader.fields()).map(|field| reader.get(field).unwrap().to_owned());
            rows.push((reader.line(), fields.collect()));
        }
        Ok(rows)
    }

    #[test]
    fn a_row_has_the_line_of_its_first_sign() {
        let lines = |text: &str| {
            let rows = rows(text.as_bytes(), 7).unwrap();
            rows.into_iter().map(|(line, fields)| (line, fields.join("|"))).collect::<Vec<_>>()
        };
        let row = |line: u64, text: &str| (line, text.to_owned());
        assert_eq!(lines("a,b\n\n\n1,2\n3,4"), [row(1, "a|b"), row(4, "1|2"), row(5, "3|4")]);
        assert_eq!(lines("a,b\r\n\r\n1,2\r\n3,4\r\n"), [row(1, "a|b"), row(3, "1|2"), row(4, "3|4")]);
        assert_eq!(
            lines("\n\u{e9},b\n\"1\n\n\",\"\"\"2\"\n3,"),
            [row(2, "\u{e9}|b"), row(3, "1\n\n|\"2"), row(6, "3|")]
        );
        assert_eq!(lines("\n\r\n"), []);
    }

    #[test]
    fn a_sign_does_not_run_over_fields() {
        let told = |bytes: &[u8]| rows(bytes, 64).unwrap_err().to_string();
        assert_eq!(told(b"a,\xc3,\xa9\n"), "expected UTF-8 in column 2");
        assert_eq!(told(b"a,b\n\xff,b\n"), "expected UTF-8 in column 1");
    }

    #[test]
    fn a_row_of_commas_has_a_limit_too() {
        assert_eq!(rows(&vec![b','; ROW_BYTES_MAX], 65_536).unwrap()[0].1.len(), ROW_BYTES_MAX + 1);
        assert!(matches!(rows(&vec![b','; ROW_BYTES_MAX + 1], 65_536), Err(CsvFault::TooLong)));
    }

    proptest! {
        /// The rows are those of the crate `csv`.
        #[test]
        fn as_the_csv_crate(text in "[ab,\"\r\n\u{e9}]{0,40}", buffer in 1_usize..50) {
            let mut reader =
                csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let theirs = reader.records().map(|row| row.unwrap()).collect::<Vec<_>>();
            match rows(text.as_bytes(), buffer) {
                Ok(ours) => {
                    let ours = ours.iter().map(|(_, fields)| fields.clone()).collect::<Vec<_>>();
                    prop_assert_eq!(&theirs, &ours);
                }
                Err(error) => {
                    prop_assert!(matches!(error, CsvFault::Fields { .. }), "{}", error);
                    prop_assert!(theirs.windows(2).any(|pair| pair[0].len() != pair[1].len()));
                }
            }
        }

        #[test]
        fn any_bytes_are_rows_or_a_fault(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = rows(&bytes, 16);
        }
    }
}
