//! Who is who in public files of records, without labels and with nothing tuned. Reads them where they are present; they are
//! no part of the project.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_types, reason = "a test may")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use phygital_core::identity::Evaluation;
use phygital_core::identity::matching::FieldKind::{
    Category, Date, Email, GivenName, Number, Place, Postcode, Street, Surname, Words,
};
use phygital_core::identity::matching::{Field, FieldKind, Model, Records, resolve};

/// The entities of a file beside its truth, by its columns: the id, the truth, and what is compared.
fn found(file: &str, id: &str, truth: &str, fields: &[(&str, FieldKind)]) -> Option<Evaluation> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let Some(open) =
        above.map(|path| path.join("shared/data/identity").join(file)).find_map(|path| File::open(path).ok())
    else {
        println!("skipped: shared/data/identity/{file} is not there");
        return None;
    };
    let text: Box<dyn Read> =
        if file.ends_with(".gz") { Box::new(MultiGzDecoder::new(open)) } else { Box::new(open) };
    let rows: Vec<BTreeMap<String, String>> =
        csv::Reader::from_reader(text).deserialize().map(Result::unwrap).collect();
    let said = |row: &BTreeMap<String, String>| -> Vec<String> {
        fields.iter().map(|(column, _)| row[*column].clone()).collect()
    };
    let records = Records::new(
        fields.iter().map(|(column, kind)| Field::new(*column, *kind)),
        rows.iter().map(|row| (row[id].as_str(), said(row))),
    );
    let records = records.unwrap();
    let entities = resolve(&records, &Model::train(&records).unwrap()).unwrap();
    let found = Evaluation::of(rows.iter().map(|row| (entities.of(&row[id]), &row[truth])));
    println!(
        "{file}: pairs P {:.4} R {:.4} F1 {:.4}, B-cubed F1 {:.4}",
        found.pairs.precision().unwrap(),
        found.pairs.recall().unwrap(),
        found.pairs.f1().unwrap(),
        found.b_cubed_f1().unwrap()
    );
    Some(found)
}

/// Senzing's truth set: three files of records with lists of features, of which the first value of each is taken.
#[test]
fn senzing_is_found_in_part() {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let Some(folder) =
        above.map(|path| path.join("shared/data/identity/senzing-truthset")).find(|path| path.exists())
    else {
        println!("skipped: shared/data/identity/senzing-truthset is not there");
        return;
    };
    let fields = [
        ("NAME_FIRST", GivenName),
        ("NAME_LAST", Surname),
        ("DATE_OF_BIRTH", Date),
        ("PHONE_NUMBER", Number),
        ("EMAIL_ADDRESS", Email),
        ("ADDR_LINE1", Street),
        ("ADDR_CITY", Place),
        ("ADDR_POSTAL_CODE", Postcode),
    ];
    let mut rows: Vec<(String, Vec<String>)> = Vec::new();
    for file in ["customers", "reference", "watchlist"] {
        let text = std::fs::read_to_string(folder.join(format!("{file}.jsonl"))).unwrap();
        for line in text.lines() {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            let features = record["FEATURES"].as_array().unwrap();
            let first =
                |name: &str| features.iter().find_map(|feature| feature[name].as_str()).unwrap_or_default();
            let mut values: Vec<String> = fields.iter().map(|(name, _)| first(name).to_owned()).collect();
            // A whole name is taken apart before its last word.
            if values[1].is_empty() {
                let whole = first("NAME_FULL").trim();
                let (given, surname) = whole.rsplit_once(' ').unwrap_or(("", whole));
                (values[0], values[1]) = (given.to_owned(), surname.to_owned());
            }
            let id = ["DATA_SOURCE", "RECORD_ID"].map(|key| record[key].as_str().unwrap());
            rows.push((id.join("/"), values));
        }
    }
    let truth: BTreeMap<String, String> = csv::Reader::from_path(folder.join("actual_truthset_key.csv"))
        .unwrap()
        .deserialize::<BTreeMap<String, String>>()
        .map(Result::unwrap)
        .map(|row| (format!("{}/{}", row["DATA_SOURCE"], row["RECORD_ID"]), row["CLUSTER_ID"].clone()))
        .collect();
    let fields = fields.map(|(name, kind)| Field::new(name, kind));
    let records = Records::new(fields.clone(), rows).unwrap();
    let entities = |model: &Model| {
        let entities = resolve(&records, model).unwrap();
        Evaluation::of(entities.iter().map(|(id, entity)| (entity, &truth[id])))
    };
    let learned = entities(&Model::train(&records).unwrap());
    for (what, found) in [("learned", &learned), ("standard model", &entities(&Model::standard(&fields)))] {
        println!(
            "senzing, {what}: pairs P {:.4} R {:.4} F1 {:.4}, B-cubed F1 {:.4}",
            found.pairs.precision().unwrap(),
            found.pairs.recall().unwrap(),
            found.pairs.f1().unwrap(),
            found.b_cubed_f1().unwrap()
        );
    }
    assert!(reaches(&learned, 0.66, 0.85));
}

/// Whether a partition reaches both measures.
fn reaches(found: &Evaluation, f1: f64, b_cubed: f64) -> bool {
    found.pairs.f1() >= Some(f1) && found.b_cubed_f1() >= Some(b_cubed)
}

#[test]
fn febrl3_is_found_whole() {
    let fields = [
        ("given_name", GivenName),
        ("surname", Surname),
        ("date_of_birth", Date),
        ("address_1", Street),
        ("street_number", Category),
        ("suburb", Place),
        ("postcode", Postcode),
        ("soc_sec_id", Number),
    ];
    let Some(found) = found("febrl3.csv", "rec_id", "truth_entity", &fields) else { return };
    assert!(reaches(&found, 0.9994, 0.9996));
}

#[test]
fn fake_1000_is_found_mostly() {
    let fields =
        [("first_name", GivenName), ("surname", Surname), ("dob", Date), ("city", Place), ("email", Email)];
    let Some(found) = found("fake_1000.csv", "unique_id", "cluster", &fields) else { return };
    assert!(reaches(&found, 0.95, 0.96));
}

#[test]
fn historical_50k_is_found_mostly() {
    if cfg!(debug_assertions) {
        println!("skipped: takes minutes where nothing is optimised");
        return;
    }
    let fields = [
        ("first_name", GivenName),
        ("surname", Surname),
        ("dob", Date),
        ("birth_place", Place),
        ("postcode_fake", Postcode),
        ("occupation", Category),
        ("full_name", Words),
    ];
    let Some(found) = found("historical_50k.csv.gz", "unique_id", "cluster", &fields) else { return };
    assert!(reaches(&found, 0.84, 0.86));
}
