//! A table of records, read row by row by the names of its columns.

mod ahead;
#[cfg(feature = "arrow")]
mod column_rows;
mod csv_rows;
mod input;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::ProgressBar;
use ring::digest::{Context, SHA256};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::failure::Failure;
use crate::lines::{Line, Lines};
use crate::output::Output;
use ahead::Ahead;
#[cfg(feature = "arrow")]
use column_rows::{ColumnFault, ColumnRows};
use csv_rows::{CsvFault, CsvRows};
use input::{Form, Input};

/// Longest row, in bytes: a cell of a megabyte and what stands beside it. What is longer is most likely a quote that never
/// closes.
pub(crate) const ROW_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A file of records (CSV with a header, JSON Lines; with the feature `arrow` Parquet and Arrow), open at its first row.
pub(crate) struct Table {
    name: String,
    columns: Vec<String>,
    rows: Rows,
    bar: ProgressBar,
    /// Of the bytes so far, where that was asked for.
    digest: Option<Arc<Mutex<Context>>>,
}

enum Rows {
    Csv(Box<CsvRows>),
    #[cfg(feature = "arrow")]
    Columns(Box<ColumnRows>),
    Json {
        lines: Lines<Ahead>,
        first: Option<Line>,
        asked: BTreeMap<String, Asked>,
        values: Vec<Cell>,
    },
}

/// A column of JSON Lines that somebody asked for.
struct Asked {
    place: usize,
    seen: bool,
    list: bool,
}

/// What stands in a column of a line of JSON Lines, or of a row of columns.
#[derive(Clone)]
enum Cell {
    Text(String),
    List(Vec<String>),
}

const NO_TEXT: Cell = Cell::Text(String::new());

/// A row.
pub(crate) struct Row<'t> {
    /// Its line in the file, from 1; of files of columns its number.
    pub(crate) line: u64,
    values: Values<'t>,
}

enum Values<'t> {
    Csv(&'t CsvRows),
    Cells(&'t [Cell]),
}

impl Row<'_> {
    /// The value of a column, without outer white space; empty where the row has none.
    pub(crate) fn get(&self, column: usize) -> &str {
        match self.values {
            Values::Csv(row) => trimmed(row.get(column).unwrap_or_default()),
            Values::Cells(values) => match values.get(column) {
                Some(Cell::Text(text)) => trimmed(text),
                _ => "",
            },
        }
    }

    /// The texts of a column of [`Table::lists`], where the row has a list there.
    pub(crate) fn list(&self, column: usize) -> Option<&[String]> {
        match self.values {
            Values::Cells(values) => match values.get(column) {
                Some(Cell::List(texts)) => Some(texts),
                _ => None,
            },
            Values::Csv(_) => None,
        }
    }
}

impl Table {
    /// Opens a file, or standard input where it is called `-`, and reads its header.
    pub(crate) fn open(file: &Path, output: &Output) -> Result<Self, Failure> {
        Self::of(Input::open(file, output)?)
    }

    /// As [`Table::open`], with a digest of the file: [`Table::sha256`].
    pub(crate) fn open_hashed(file: &Path, output: &Output) -> Result<Self, Failure> {
        let digest = Arc::new(Mutex::new(Context::new(&SHA256)));
        let fed = Arc::clone(&digest);
        let input = Input::open_through(file, output, |bytes| Box::new(Hashing { bytes, digest: fed }))?;
        Ok(Self { digest: Some(digest), ..Self::of(input)? })
    }

    /// SHA-256 of the bytes of the file as they lie, after its last row; `None` where it was not asked for.
    pub(crate) fn sha256(&self) -> Option<[u8; 32]> {
        let digest = self.digest.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner).clone().finish();
        digest.as_ref().try_into().ok()
    }

    /// What the file is called where something is wrong with it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    fn of(Input { name, form, reader, bar }: Input) -> Result<Self, Failure> {
        match form {
            Form::Csv => {
                let mut rows = Box::new(CsvRows::new(reader));
                rows.next().map_err(|fault| malformed(&name, &rows, fault))?;
                let columns = (0..rows.fields()).filter_map(|field| rows.get(field));
                let columns = columns.map(|column| column.trim().to_owned()).collect();
                Ok(Self { name, columns, rows: Rows::Csv(rows), bar, digest: None })
            }
            #[cfg(feature = "arrow")]
            Form::Columns(columns) => {
                let rows = ColumnRows::of(columns, reader).map_err(|fault| unreadable(&name, 0, fault))?;
                Ok(Self {
                    columns: rows.names(),
                    name,
                    rows: Rows::Columns(Box::new(rows)),
                    bar,
                    digest: None,
                })
            }
            #[cfg(not(feature = "arrow"))]
            Form::Columns => Err(Failure::misuse(
                "no_arrow",
                format!(
                    "{name}: Parquet and Arrow are read by a command that was built with the feature arrow; this one reads \
                     CSV and JSON Lines"
                ),
            )),
            Form::JsonLines => {
                let mut lines = Lines::of_at_most(ROW_BYTES_MAX, reader);
                let first = lines.next().map_err(|error| Failure::io(&name, &error))?;
                let columns = match &first {
                    Some(line) => keys(text(&name, line)?).map_err(|error| no_object(&name, line, &error))?,
                    None => Vec::new(),
                };
                let rows = Rows::Json { lines, first, asked: BTreeMap::new(), values: Vec::new() };
                Ok(Self { name, columns, rows, bar, digest: None })
            }
        }
    }

    /// The names of the columns, in order; of JSON Lines those of the first line.
    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Whether rows may have a column: it is in the header, and any line of JSON Lines may have it.
    pub(crate) fn may_have(&self, name: &str) -> bool {
        matches!(self.rows, Rows::Json { .. }) || self.columns.iter().any(|column| column == name)
    }

    /// Where [`Row::get`] finds a column. Any line of JSON Lines may have it.
    pub(crate) fn column(&mut self, name: &str) -> Result<usize, Failure> {
        if let Rows::Json { asked, values, .. } = &mut self.rows {
            let next = values.len();
            let new = Asked { place: next, seen: false, list: false };
            let place = asked.entry(name.to_owned()).or_insert(new).place;
            values.resize(next.max(place + 1), NO_TEXT);
            return Ok(place);
        }
        let mut places = (0..).zip(&self.columns).filter(|(_, column)| *column == name);
        let refuse = |what: &str| Err(Failure::misuse("no_column", format!("{}: {what}", self.name)));
        match (places.next(), places.next()) {
            (Some((place, _)), None) => {
                #[cfg(feature = "arrow")]
                if let Rows::Columns(rows) = &mut self.rows {
                    rows.ask(place);
                }
                Ok(place)
            }
            (None, _) => refuse(&format!("expected a column {name}, found none")),
            (Some(_), Some(_)) => refuse(&format!("expected one column {name}, found several")),
        }
    }

    /// The same of a column that need not be there. Any line of JSON Lines may have it.
    pub(crate) fn optional(&mut self, name: &str) -> Result<Option<usize>, Failure> {
        let may = matches!(self.rows, Rows::Json { .. }) || self.columns.iter().any(|column| column == name);
        may.then(|| self.column(name)).transpose()
    }

    /// Lets a column of JSON Lines, or of columns, that was asked for hold lists of texts too.
    pub(crate) fn lists(&mut self, name: &str) {
        #[cfg(feature = "arrow")]
        if let Rows::Columns(rows) = &mut self.rows
            && let Some(place) = self.columns.iter().position(|column| column == name)
        {
            rows.allow_lists(place);
        }
        if let Rows::Json { asked, .. } = &mut self.rows
            && let Some(asked) = asked.get_mut(name)
        {
            asked.list = true;
        }
    }

    /// The next row, if there is one.
    pub(crate) fn next(&mut self) -> Result<Option<Row<'_>>, Failure> {
        match &mut self.rows {
            Rows::Csv(rows) => {
                if !rows.next().map_err(|fault| malformed(&self.name, rows, fault))? {
                    self.bar.finish_and_clear();
                    return Ok(None);
                }
                Ok(Some(Row { line: rows.line(), values: Values::Csv(rows) }))
            }
            #[cfg(feature = "arrow")]
            Rows::Columns(rows) => {
                let name = &self.name;
                if !rows.next().map_err(|fault| unreadable(name, rows.row(), fault))? {
                    self.bar.finish_and_clear();
                    return Ok(None);
                }
                Ok(Some(Row { line: rows.row(), values: Values::Cells(rows.values()) }))
            }
            Rows::Json { lines, first, asked, values } => {
                let next = match first.take() {
                    Some(line) => Some(line),
                    None => lines.next().map_err(|error| Failure::io(&self.name, &error))?,
                };
                let Some(line) = next else {
                    self.bar.finish_and_clear();
                    return Ok(None);
                };
                object(&self.name, &line, asked, values)?;
                Ok(Some(Row { line: line.number, values: Values::Cells(values) }))
            }
        }
    }

    /// The columns that were asked for and that no line of JSON Lines had.
    pub(crate) fn unseen(&self) -> Vec<&str> {
        match &self.rows {
            Rows::Json { asked, .. } => {
                asked.iter().filter(|(_, asked)| !asked.seen).map(|(name, _)| name.as_str()).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// A text without outer white space. Of most texts the first and the last byte tell that there is none.
pub(crate) fn trimmed(text: &str) -> &str {
    let text = text.strip_prefix(' ').unwrap_or(text);
    let text = text.strip_suffix(' ').unwrap_or(text);
    match text.as_bytes() {
        [] | [b'!'..=b'~'] | [b'!'..=b'~', .., b'!'..=b'~'] => text,
        _ => text.trim(),
    }
}

/// Bytes that are taken into a digest as they are read.
struct Hashing {
    bytes: Box<dyn Read + Send>,
    digest: Arc<Mutex<Context>>,
}

impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(buffer)?;
        self.digest.lock().unwrap_or_else(PoisonError::into_inner).update(&buffer[..count]);
        Ok(count)
    }
}

fn malformed(name: &str, rows: &CsvRows, fault: CsvFault) -> Failure {
    match fault {
        CsvFault::Io(error) => Failure::io(name, &error),
        fault => Failure::misuse("malformed", format!("{name}: {fault}")).at_line(rows.line()),
    }
}

#[cfg(feature = "arrow")]
fn unreadable(name: &str, row: u64, fault: ColumnFault) -> Failure {
    match fault {
        ColumnFault::Io(error) => Failure::io(name, &error),
        fault => {
            let failure = Failure::misuse("malformed", format!("{name}: {fault}"));
            if row == 0 { failure } else { failure.at_line(row) }
        }
    }
}

/// The text of a line.
fn text<'l>(name: &str, line: &'l Line) -> Result<&'l str, Failure> {
    let refuse = |what: String| Failure::misuse("malformed", format!("{name}: {what}")).at_line(line.number);
    if line.cut {
        return Err(refuse(format!("expected at most {ROW_BYTES_MAX} bytes in a line")));
    }
    std::str::from_utf8(&line.bytes)
        .map_err(|error| refuse(format!("expected UTF-8 at byte {}", error.valid_up_to() + 1)))
}

fn no_object(name: &str, line: &Line, error: &serde_json::Error) -> Failure {
    let message =
        format!("{name}: expected a JSON object on the line, found none; at sign {}", error.column());
    Failure::misuse("malformed", message).at_line(line.number)
}

/// The keys of an object, in their order.
fn keys(text: &str) -> Result<Vec<String>, serde_json::Error> {
    let mut keys = Vec::new();
    each(text, |key, _| keys.push(key))?;
    Ok(keys)
}

/// Takes the values of an object that were asked for.
fn object(
    name: &str,
    line: &Line,
    asked: &mut BTreeMap<String, Asked>,
    values: &mut [Cell],
) -> Result<(), Failure> {
    values.fill(NO_TEXT);
    let mut wrong = None;
    let read = each(text(name, line)?, |key, raw| {
        let Some(asked) = asked.get_mut(&key) else { return };
        asked.seen = true;
        match plain(raw.get(), asked.list) {
            Some(value) => values[asked.place] = value,
            None => wrong = Some(key),
        }
    });
    read.map_err(|error| no_object(name, line, &error))?;
    match wrong {
        None => Ok(()),
        Some(key) => {
            let message = format!("{name}: column {key}: expected a text, a number, true, false or null");
            Err(Failure::misuse("malformed", message).at_line(line.number))
        }
    }
}

/// A value that is no list and no object, as its text; a number with every digit that it was written with. A list of texts
/// where one may stand.
fn plain(raw: &str, list: bool) -> Option<Cell> {
    match raw.as_bytes().first()? {
        b'"' => serde_json::from_str(raw).ok().map(Cell::Text),
        b'[' if list => serde_json::from_str(raw).ok().map(Cell::List),
        b'{' | b'[' => None,
        b'n' => Some(NO_TEXT),
        _ => Some(Cell::Text(raw.to_owned())),
    }
}

/// Gives every key of an object with its value as it is written.
fn each(text: &str, take: impl FnMut(String, &RawValue)) -> Result<(), serde_json::Error> {
    struct Each<F>(F);
    impl<'de, F: FnMut(String, &RawValue)> Visitor<'de> for Each<F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<M: MapAccess<'de>>(mut self, mut map: M) -> Result<(), M::Error> {
            while let Some((key, raw)) = map.next_entry::<String, &'de RawValue>()? {
                self.0(key, raw);
            }
            Ok(())
        }
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.deserialize_map(Each(take))?;
    reader.end()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn table(text: &[u8]) -> Result<Table, Failure> {
        let bytes = Box::new(io::Cursor::new(text.to_vec()));
        Table::of(Input::of("t".to_owned(), bytes, ProgressBar::hidden())?)
    }

    fn read(text: &[u8], columns: &[&str]) -> Result<Vec<(u64, Vec<String>)>, Failure> {
        let mut table = table(text)?;
        let places: Vec<usize> = columns.iter().map(|name| table.column(name)).collect::<Result<_, _>>()?;
        let mut rows = Vec::new();
        while let Some(row) = table.next()? {
            rows.push((row.line, places.iter().map(|place| row.get(*place).to_owned()).collect()));
        }
        Ok(rows)
    }

    fn row(line: u64, values: &[&str]) -> (u64, Vec<String>) {
        (line, values.iter().map(|value| (*value).to_owned()).collect())
    }

    #[test]
    fn csv_and_json_lines_give_the_same_rows() {
        let csv = "\u{feff}id,name,born\n1, Ada ,1815\n2,\"Grace,\nH.\",\n";
        let found = read(csv.as_bytes(), &["name", "id", "born"]).unwrap();
        assert_eq!(found, [row(2, &["Ada", "1", "1815"]), row(3, &["Grace,\nH.", "2", ""])]);
        let json = "{\"id\": 1, \"name\": \" Ada \", \"born\": \"1815\", \"tags\": [1]}\n\n{\"name\": \"Grace,\\nH.\", \"id\": \"2\", \"born\": null}\n";
        let found = read(json.as_bytes(), &["name", "id", "born"]).unwrap();
        assert_eq!(found, [row(1, &["Ada", "1", "1815"]), row(3, &["Grace,\nH.", "2", ""])]);
    }

    #[test]
    fn numbers_keep_their_digits_and_what_a_line_lacks_is_empty() {
        let json = b"{\"id\": 12345678901234567890123, \"a\": true}\n{\"id\": 1.50}\n";
        let found = read(json, &["id", "a", "b", "a"]).unwrap();
        let long = "12345678901234567890123";
        assert_eq!(found, [row(1, &[long, "true", "", "true"]), row(2, &["1.50", "", "", ""])]);
        let mut table = table(json).unwrap();
        assert_eq!(table.columns(), ["id", "a"]);
        for name in ["a", "b"] {
            table.column(name).unwrap();
        }
        while table.next().unwrap().is_some() {}
        assert_eq!(table.unseen(), ["b"]);
    }

    #[test]
    fn lists_stand_where_they_may() {
        let mut table =
            table(b"{\"path\": [\"a\", \" b > c\"], \"id\": 1}\n{\"path\": \"a\"}\n{\"id\": [\"1\"]}\n")
                .unwrap();
        let (path, id) = (table.column("path").unwrap(), table.column("id").unwrap());
        table.lists("path");
        let row = table.next().unwrap().unwrap();
        assert_eq!(
            (row.list(path).unwrap(), row.get(path), row.get(id)),
            (&["a".to_owned(), " b > c".to_owned()][..], "", "1")
        );
        let row = table.next().unwrap().unwrap();
        assert_eq!((row.list(path), row.get(path)), (None, "a"));
        assert!(table.next().is_err());
    }

    #[test]
    fn a_bad_row_is_named_by_line_and_column() {
        for (text, line, told) in [
            (&b"id,name\n1,Ada\n2\n"[..], 3, "t: expected 2 columns, found 1"),
            (b"id,name\n1,\xff\n", 2, "t: expected UTF-8 in column 2"),
            (
                b"{\"id\": 1}\n{\"id\": [1]}\n",
                2,
                "t: column id: expected a text, a number, true, false or null",
            ),
            (b"{\"id\": 1}\nx\n", 2, "t: expected a JSON object on the line, found none; at sign 1"),
            (
                b"{\"id\": 1}\n{\"id\": 1} 2\n",
                2,
                "t: expected a JSON object on the line, found none; at sign 11",
            ),
            (b"{\"id\": 1}\n{\"id\": \"\xff\"}\n", 2, "t: expected UTF-8 at byte 9"),
        ] {
            let failure = read(text, &["id"]).unwrap_err();
            assert_eq!((failure.line, failure.message.as_str()), (Some(line), told));
        }
        assert_eq!(read(b"id,a,a\n", &["a"]).unwrap_err().message, "t: expected one column a, found several");
        assert_eq!(read(b"id\n", &["a"]).unwrap_err().message, "t: expected a column a, found none");
    }

    #[test]
    fn a_row_has_a_limit() {
        let csv = |cell: usize| format!("id,name\n1,\"{}\"\n2,x\n", "a".repeat(cell)).into_bytes();
        assert_eq!(read(&csv(1024 * 1024), &["id"]).unwrap().len(), 2);
        let open = [b"id,name\n1,\"".to_vec(), vec![b'a'; ROW_BYTES_MAX + 64 * 1024]].concat();
        let failure = read(&open, &["id"]).unwrap_err();
        assert_eq!(failure.kind, "malformed");
        assert!(failure.message.contains("4194304 bytes in a row"), "{failure}");
        let json = |cell: usize| format!("{{\"id\":\"{}\"}}\n{{\"id\": 2}}\n", "a".repeat(cell)).into_bytes();
        assert_eq!(read(&json(ROW_BYTES_MAX - 9), &["id"]).unwrap().len(), 2);
        let failure = read(&json(ROW_BYTES_MAX - 8), &["id"]).unwrap_err();
        assert_eq!((failure.line, failure.kind), (Some(1), "malformed"));
    }

    proptest! {
        #[test]
        fn white_space_is_what_the_language_says(text in "[ab \t\n\u{a0}\u{3000}]{0,6}") {
            prop_assert_eq!(trimmed(&text), text.trim());
        }

        #[test]
        fn any_bytes_are_rows_or_a_failure(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes, &["id"]);
        }

        #[test]
        fn what_looks_like_a_table_is_rows_or_a_failure(text in "(id,name|\\{\"id\": 1\\})\n[a-z0-9,\"{}\\[\\]: \n\r\\\\]{0,80}") {
            if let Ok(rows) = read(text.as_bytes(), &["id"]) {
                prop_assert!(rows.windows(2).all(|pair| pair[0].0 <= pair[1].0));
            }
        }
    }
}
