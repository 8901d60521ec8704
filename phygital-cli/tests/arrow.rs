//! Tables as Parquet and Arrow give the answers that they give as CSV.

#![cfg(feature = "arrow")]
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{
    ArrayRef, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow_ipc::writer::{FileWriter, StreamWriter};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use support::Folder;

fn vectors(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/attribution").join(name);
    path.to_str().unwrap().to_owned()
}

/// Writes a batch in every form, and gives the names of the files.
fn write(folder: &Folder, name: &str, batch: &RecordBatch) -> Vec<String> {
    let file = |end: &str| std::fs::File::create(folder.path(&format!("{name}.{end}"))).unwrap();
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = ArrowWriter::try_new(file("parquet"), batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    let mut writer = FileWriter::try_new(file("arrow"), &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    let mut writer = StreamWriter::try_new(file("arrows"), &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    ["parquet", "arrow", "arrows"].iter().map(|end| format!("{name}.{end}")).collect()
}

fn rows(name: &str) -> Vec<csv::StringRecord> {
    let bytes = std::fs::read(vectors(name)).unwrap();
    let reader: Box<dyn std::io::Read> = match name.ends_with("gz") {
        true => Box::new(flate2::read::GzDecoder::new(&bytes[..])),
        false => Box::new(&bytes[..]),
    };
    csv::Reader::from_reader(reader).into_records().map(|row| row.unwrap()).collect()
}

fn whole(rows: &[csv::StringRecord], column: usize) -> ArrayRef {
    Arc::new(rows.iter().map(|row| row[column].parse::<i64>().ok()).collect::<Int64Array>())
}

fn text(rows: &[csv::StringRecord], column: usize) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row[column].to_owned())))
}

#[test]
fn grouped_paths_have_the_answer_of_csv() {
    let folder = Folder::new();
    let rows = rows("dev_paths_a.csv.gz");
    let mut paths = ListBuilder::new(StringBuilder::new());
    for row in &rows {
        paths.append_value(row[0].split(" > ").map(Some));
    }
    let cents = |row: &csv::StringRecord| (row[2].parse::<f64>().unwrap() * 100.0).round() as i128;
    let decimals = Decimal128Array::from_iter_values(rows.iter().map(cents));
    let decimals: ArrayRef = Arc::new(decimals.with_precision_and_scale(20, 2).unwrap());
    let floats: ArrayRef =
        Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| row[2].parse::<f64>().unwrap())));
    let (conversions, nulls) = (whole(&rows, 1), whole(&rows, 3));
    for (path, value) in [(text(&rows, 0), decimals), (Arc::new(paths.finish()) as ArrayRef, floats)] {
        let columns = [
            ("path", path),
            ("conversions", conversions.clone()),
            ("value", value),
            ("nulls", nulls.clone()),
        ];
        let files = write(&folder, "paths", &RecordBatch::try_from_iter(columns).unwrap());
        for model in ["linear", "markov:2"] {
            let run = |file: &str| folder.done(&format!("attribution run --model {model} {file}")).out;
            let expected = run(&vectors("dev_paths_a.csv.gz"));
            for file in &files {
                assert_eq!(run(file), expected, "{model} {file}");
            }
            let piped = std::fs::read(folder.path("paths.arrows")).unwrap();
            assert_eq!(folder.fed(&format!("attribution run --model {model} -"), &piped).out, expected);
        }
    }
}

#[test]
fn touches_and_orders_have_the_answer_of_csv() {
    let folder = Folder::new();
    let touches = rows("dev_timed_touches.csv");
    let times = touches.iter().map(|row| row[3].parse::<i64>().unwrap() * 1_000_000);
    let times: ArrayRef = Arc::new(TimestampMicrosecondArray::from_iter_values(times).with_timezone("UTC"));
    let names = [
        ("person", text(&touches, 0)),
        ("touch", whole(&touches, 1)),
        ("channel", text(&touches, 2)),
        ("ts", times),
    ];
    let files = write(&folder, "touches", &RecordBatch::try_from_iter(names).unwrap());
    let run = |touches: &str| {
        let orders = vectors("dev_timed_orders.csv");
        let more = format!("--touches {touches} --orders {orders} --currency EUR");
        folder.done(&format!("attribution run --model time-decay {more}")).out
    };
    let expected = run(&vectors("dev_timed_touches.csv"));
    for file in &files {
        assert_eq!(run(file), expected, "{file}");
    }
}

#[test]
fn what_is_no_number_is_told_by_row_and_column() {
    let folder = Folder::new();
    let batch = RecordBatch::try_from_iter([
        ("path", Arc::new(StringArray::from(vec!["a", "b"])) as ArrayRef),
        ("conversions", Arc::new(Float64Array::from(vec![1.0, f64::NAN]))),
    ]);
    for file in write(&folder, "bad", &batch.unwrap()) {
        let ran = folder.at_now(&format!("attribution run --model first {file}"));
        let told = format!("phygital: line 2: {file}: column conversions: expected a decimal number");
        assert!(ran.code == 2 && ran.err.starts_with(&told), "{}", ran.err);
    }
}
