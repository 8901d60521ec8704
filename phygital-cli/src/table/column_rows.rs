//! Rows of Parquet, and of Arrow's IPC as a file or a stream.

use std::fmt::{self, Write as _};
use std::io::{self, Cursor, Read};

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, DataType, SchemaRef, TimeUnit};
use chrono::{Days, NaiveDate};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use phygital_core::vocab::Timestamp;

use super::ahead::Ahead;
use super::{Cell, NO_TEXT};

/// Most bytes of a file that has its index at its end, which is held in memory whole.
pub(super) const FILE_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;

/// Which of the forms it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Columns {
    /// Apache Parquet, "File Format".
    Parquet,
    /// Arrow columnar format, "IPC File Format".
    ArrowFile,
    /// The same, "IPC Streaming Format".
    ArrowStream,
}

/// Reads rows out of columns. Values are the texts that they print as: numbers of the file meet no binary arithmetic.
pub(super) struct ColumnRows {
    batches: Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>>>,
    schema: SchemaRef,
    batch: Option<RecordBatch>,
    /// Of columns that have a dictionary: which of its values each row of the batch has.
    keys: Vec<Option<Vec<usize>>>,
    at: usize,
    row: u64,
    asked: Vec<Asked>,
    values: Vec<Cell>,
}

/// What somebody wants of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Nothing,
    Texts,
    Lists,
}

/// Why there is no row.
#[derive(Debug, thiserror::Error)]
pub(super) enum ColumnFault {
    /// Reading failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file is longer than can be held.
    #[error("expected at most {FILE_BYTES_MAX} bytes")]
    TooLong,
    /// It is not what its first bytes say.
    #[error("{0}")]
    Malformed(Box<str>),
    /// A value that cannot be one.
    #[error("column {column}: {what}")]
    Value { column: Box<str>, what: &'static str },
}

impl ColumnRows {
    pub(super) fn of(columns: Columns, reader: Ahead) -> Result<ColumnRows, ColumnFault> {
        let (schema, batches): (SchemaRef, Box<dyn Iterator<Item = _>>) = match columns {
            Columns::Parquet => {
                let bytes = bytes::Bytes::from(whole(reader)?);
                let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(|error| bad(&error))?;
                let reader = builder.build().map_err(|error| bad(&error))?;
                (arrow_array::RecordBatchReader::schema(&reader), Box::new(reader))
            }
            Columns::ArrowFile => {
                let reader =
                    FileReader::try_new(Cursor::new(whole(reader)?), None).map_err(|error| bad(&error))?;
                (reader.schema(), Box::new(reader))
            }
            Columns::ArrowStream => {
                let reader = StreamReader::try_new(reader, None).map_err(|error| bad(&error))?;
                (reader.schema(), Box::new(reader))
            }
        };
        let count = schema.fields().len();
        let (asked, values) = (vec![Asked::Nothing; count], vec![NO_TEXT; count]);
        Ok(ColumnRows { batches, schema, batch: None, keys: Vec::new(), at: 0, row: 0, asked, values })
    }

    /// The names of the columns.
    pub(super) fn names(&self) -> Vec<String> {
        self.schema.fields().iter().map(|field| field.name().clone()).collect()
    }

    /// Reads a column from now on.
    pub(super) fn ask(&mut self, column: usize) {
        if self.asked[column] == Asked::Nothing {
            self.asked[column] = Asked::Texts;
        }
    }

    /// Lets a column have lists of texts.
    pub(super) fn allow_lists(&mut self, column: usize) {
        self.asked[column] = Asked::Lists;
    }

    /// The number of the row, from 1.
    pub(super) fn row(&self) -> u64 {
        self.row
    }

    /// What stands in the columns that are read.
    pub(super) fn values(&self) -> &[Cell] {
        &self.values
    }

    /// Goes to the next row, if there is one.
    pub(super) fn next(&mut self) -> Result<bool, ColumnFault> {
        self.at += 1;
        while self.batch.as_ref().is_none_or(|batch| self.at >= batch.num_rows()) {
            let Some(batch) = self.batches.next() else { return Ok(false) };
            let batch = batch.map_err(|error| bad(&error))?;
            self.keys = batch.columns().iter().map(|array| keys(array)).collect();
            (self.batch, self.at) = (Some(batch), 0);
        }
        self.row += 1;
        let Some(batch) = &self.batch else { return Ok(false) };
        for (column, value) in self.values.iter_mut().enumerate() {
            let keys = self.keys[column].as_deref();
            let done = match self.asked[column] {
                Asked::Nothing => Ok(()),
                asked => cell(batch.column(column), keys, self.at, asked == Asked::Lists, value),
            };
            done.map_err(|what| {
                let column = self.schema.field(column).name().as_str().into();
                ColumnFault::Value { column, what }
            })?;
        }
        Ok(true)
    }
}

fn bad(error: &dyn fmt::Display) -> ColumnFault {
    // The crates' words may run over lines, and quote what stands there: their first line says the kind.
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    ColumnFault::Malformed(line.chars().take(200).collect::<String>().into())
}

fn whole(reader: Ahead) -> Result<Vec<u8>, ColumnFault> {
    let mut bytes = Vec::new();
    reader.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES_MAX { Err(ColumnFault::TooLong) } else { Ok(bytes) }
}

/// Which value of its dictionary each row has.
fn keys(array: &dyn Array) -> Option<Vec<usize>> {
    let dictionary = array.as_any_dictionary_opt()?;
    Some(match dictionary.values().is_empty() {
        true => vec![0; array.len()],
        false => dictionary.normalized_keys(),
    })
}

/// Puts a value into a cell: no value is an empty text.
fn cell(
    array: &dyn Array,
    keys: Option<&[usize]>,
    row: usize,
    lists: bool,
    into: &mut Cell,
) -> Result<(), &'static str> {
    let items = match array.data_type() {
        DataType::List(_) if lists => (!array.is_null(row)).then(|| array.as_list::<i32>().value(row)),
        DataType::LargeList(_) if lists => (!array.is_null(row)).then(|| array.as_list::<i64>().value(row)),
        _ => return text(array, keys, row, into),
    };
    *into = match items {
        None => NO_TEXT,
        Some(items) => {
            let keys = self::keys(&items);
            let mut texts = Vec::with_capacity(items.len());
            for at in 0..items.len() {
                let mut item = NO_TEXT;
                text(&items, keys.as_deref(), at, &mut item)?;
                texts.push(if let Cell::Text(text) = item { text } else { String::new() });
            }
            Cell::List(texts)
        }
    };
    Ok(())
}

fn text(array: &dyn Array, keys: Option<&[usize]>, row: usize, into: &mut Cell) -> Result<(), &'static str> {
    if !matches!(into, Cell::Text(_)) {
        *into = NO_TEXT;
    }
    let Cell::Text(text) = into else { return Ok(()) };
    text.clear();
    let (values, at) = match (array.as_any_dictionary_opt(), keys) {
        (Some(dictionary), Some(keys)) => (&**dictionary.values(), keys[row]),
        _ => (array, row),
    };
    if array.is_null(row) || values.is_null(at) { Ok(()) } else { write_value(values, at, text) }
}

fn write_value(array: &dyn Array, at: usize, into: &mut String) -> Result<(), &'static str> {
    macro_rules! value {
        ($type:ty) => {
            array.as_primitive::<$type>().value(at)
        };
    }
    let time = |count: i64, unit: &TimeUnit| match unit {
        TimeUnit::Second => count.checked_mul(1_000_000),
        TimeUnit::Millisecond => count.checked_mul(1_000),
        TimeUnit::Microsecond => Some(count),
        TimeUnit::Nanosecond => Some(count.div_euclid(1_000)),
    };
    let written = match array.data_type() {
        DataType::Utf8 => into.write_str(array.as_string::<i32>().value(at)),
        DataType::LargeUtf8 => into.write_str(array.as_string::<i64>().value(at)),
        DataType::Utf8View => into.write_str(array.as_string_view().value(at)),
        DataType::Boolean => write!(into, "{}", array.as_boolean().value(at)),
        DataType::Int8 => write!(into, "{}", value!(Int8Type)),
        DataType::Int16 => write!(into, "{}", value!(Int16Type)),
        DataType::Int32 => write!(into, "{}", value!(Int32Type)),
        DataType::Int64 => write!(into, "{}", value!(Int64Type)),
        DataType::UInt8 => write!(into, "{}", value!(UInt8Type)),
        DataType::UInt16 => write!(into, "{}", value!(UInt16Type)),
        DataType::UInt32 => write!(into, "{}", value!(UInt32Type)),
        DataType::UInt64 => write!(into, "{}", value!(UInt64Type)),
        DataType::Float32 => write!(into, "{}", value!(Float32Type)),
        DataType::Float64 => write!(into, "{}", value!(Float64Type)),
        DataType::Decimal128(..) => {
            into.write_str(&array.as_primitive::<Decimal128Type>().value_as_string(at))
        }
        DataType::Date32 => {
            let days = u64::try_from(value!(Date32Type)).ok();
            let day = days.and_then(|days| NaiveDate::default().checked_add_days(Days::new(days)));
            write!(into, "{}", day.ok_or("expected a day from 1970 on")?)
        }
        DataType::Timestamp(unit, _) => {
            let count = match unit {
                TimeUnit::Second => value!(TimestampSecondType),
                TimeUnit::Millisecond => value!(TimestampMillisecondType),
                TimeUnit::Microsecond => value!(TimestampMicrosecondType),
                TimeUnit::Nanosecond => value!(TimestampNanosecondType),
            };
            let time = time(count, unit).and_then(|micros| Timestamp::from_micros(micros).ok());
            write!(into, "{}", time.ok_or("expected a time from 1970 to 9999")?)
        }
        _ => return Err("expected texts, numbers, true or false, days or times"),
    };
    written.map_err(|_| "expected a value that can be written down")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::Arc;

    use arrow_array::builder::{ListBuilder, StringBuilder};
    use arrow_array::{
        ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float64Array, Int64Array,
        StringArray, TimestampMillisecondArray,
    };
    use arrow_ipc::writer::{FileWriter, StreamWriter};
    use parquet::arrow::ArrowWriter;
    use parquet::basic::Compression;
    use parquet::file::properties::WriterProperties;
    use proptest::prelude::*;

    use super::super::Table;
    use super::super::input::Input;
    use super::*;
    use crate::failure::Failure;

    /// A batch in each of the forms.
    fn forms(batch: &RecordBatch) -> Vec<Vec<u8>> {
        let mut forms = Vec::new();
        for compression in
            [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::GZIP(Default::default())]
        {
            let properties = WriterProperties::builder().set_compression(compression).build();
            let mut bytes = Vec::new();
            let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
            // Two batches, so that one begins anew.
            writer.write(&batch.slice(0, 1)).unwrap();
            writer.write(&batch.slice(1, batch.num_rows() - 1)).unwrap();
            writer.close().unwrap();
            forms.push(bytes);
        }
        let mut writer = FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
        writer.write(batch).unwrap();
        forms.push(writer.into_inner().unwrap());
        let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
        writer.write(batch).unwrap();
        forms.push(writer.into_inner().unwrap());
        forms
    }

    fn table(bytes: &[u8]) -> Result<Table, Failure> {
        let bytes = Box::new(Cursor::new(bytes.to_vec()));
        Table::of(Input::of("t".to_owned(), bytes, indicatif::ProgressBar::hidden())?)
    }

    fn rows(bytes: &[u8], columns: &[&str]) -> Result<Vec<(u64, Vec<String>)>, Failure> {
        let mut table = table(bytes)?;
        let places = columns.iter().map(|name| table.column(name)).collect::<Result<Vec<_>, _>>()?;
        let mut rows = Vec::new();
        while let Some(row) = table.next()? {
            rows.push((row.line, places.iter().map(|place| row.get(*place).to_owned()).collect()));
        }
        Ok(rows)
    }

    #[test]
    fn values_of_many_types_are_texts() {
        let words: DictionaryArray<Int32Type> = [Some("a > b"), None, Some("a > b")].into_iter().collect();
        let decimals = Decimal128Array::from(vec![10, 1250, -5]).with_precision_and_scale(20, 2).unwrap();
        let batch = RecordBatch::try_from_iter([
            ("text", Arc::new(StringArray::from(vec![Some(" x "), None, Some("y")])) as ArrayRef),
            ("word", Arc::new(words)),
            ("whole", Arc::new(Int64Array::from(vec![i64::MIN, 0, i64::MAX]))),
            ("float", Arc::new(Float64Array::from(vec![0.1, f64::NAN, 1e21]))),
            ("money", Arc::new(decimals)),
            ("day", Arc::new(Date32Array::from(vec![0, 20_000, 20_001]))),
            ("time", Arc::new(TimestampMillisecondArray::from(vec![0, 1_700_000_000_123, 1]))),
            ("flag", Arc::new(BooleanArray::from(vec![true, false, true]))),
        ])
        .unwrap();
        let names = ["text", "word", "whole", "float", "money", "day", "time", "flag"];
        let expected = [
            [
                "x",
                "a > b",
                "-9223372036854775808",
                "0.1",
                "0.10",
                "1970-01-01",
                "1970-01-01T00:00:00Z",
                "true",
            ],
            ["", "", "0", "NaN", "12.50", "2024-10-04", "2023-11-14T22:13:20.123Z", "false"],
            [
                "y",
                "a > b",
                "9223372036854775807",
                "1000000000000000000000",
                "-0.05",
                "2024-10-05",
                "1970-01-01T00:00:00.001Z",
                "true",
            ],
        ];
        for bytes in forms(&batch) {
            let found = rows(&bytes, &names).unwrap();
            assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 2, 3]);
            let found = found.into_iter().map(|(_, values)| values).collect::<Vec<_>>();
            assert_eq!(found, expected);
            assert!(rows(&bytes, &["none"]).unwrap_err().message.contains("expected a column none"));
        }
    }

    #[test]
    fn lists_stand_where_they_may() {
        let mut lists = ListBuilder::new(StringBuilder::new());
        lists.append_value([Some("a"), Some(" b > c")]);
        lists.append_null();
        let batch = RecordBatch::try_from_iter([("path", Arc::new(lists.finish()) as ArrayRef)]).unwrap();
        for bytes in forms(&batch) {
            let mut table = table(&bytes).unwrap();
            let path = table.column("path").unwrap();
            table.lists("path");
            let row = table.next().unwrap().unwrap();
            assert_eq!(row.list(path).unwrap(), ["a".to_owned(), " b > c".to_owned()]);
            let row = table.next().unwrap().unwrap();
            assert_eq!((row.list(path), row.get(path)), (None, ""));
            assert!(table.next().unwrap().is_none());
            let failure = rows(&bytes, &["path"]).unwrap_err();
            assert_eq!(failure.line, Some(1));
            assert!(failure.message.starts_with("t: column path: expected texts, numbers"), "{failure}");
        }
    }

    #[test]
    fn damaged_files_are_failures() {
        for head in [&b"PAR1"[..], b"ARROW1\0\0", &[0xFF; 4]] {
            for tail in [&b""[..], b"\x10\0\0\0 and what is no table at all", &[0xFF; 40]] {
                assert!(rows(&[head, tail].concat(), &["x"]).is_err());
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// A file that ends early is a failure, never a part of the rows.
        #[test]
        fn a_cut_file_is_a_failure(cut in any::<prop::sample::Index>()) {
            let batch = RecordBatch::try_from_iter([("x", Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef)]);
            for bytes in &forms(&batch.unwrap())[..4] {
                prop_assert!(rows(&bytes[..4 + cut.index(bytes.len() - 4)], &["x"]).is_err());
            }
        }
    }
}
