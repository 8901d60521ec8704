//! `identity`: tables of people, what their columns mean, and what is said of them.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::Stdio;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use support::Folder;

/// People in pairs, with slips of the pen.
const PEOPLE: &str = "id,given,surname,born,city
1,Robert,Allen,1971-06-24,London
2,Bob,Alen,1971-06-24,London
3,Grace,Hopper,1906-12-09,New York
4,Grace,Hooper,1906-12-09,New York
5,Ada,Lovelace,1815-12-10,London
6,Alan,Turing,1912-06-23,London
7,Mary,Jackson,1921-04-09,Hampton
8,Edith,Clarke,1883-02-10,Albany
9,Hedy,Lamarr,1914-11-09,Vienna
";

const CONFIG: &str = r#"{"mapping": {"id": "id", "fields": [
    {"name": "given", "kind": "given_name"}, {"name": "surname", "kind": "surname"},
    {"name": "born", "kind": "date"}, {"name": "city", "kind": "place"}]}}"#;

/// Visits of Ada, Grace and others; the tills number their customers each for itself.
const VISITS: &str = "visit,at,till,phone,mail,phone_sha256,customer,cookie,first,last,consent
v1,2026-03-01T09:00:00Z,,,,,,c-1,,,yes
v2,2026-03-02 12:00:00,,,ada@shop.example,,,c-1,,,yes
v3,2026-03-02T11:30:00+01:00,north,06 12 34 56 78,ADA@shop.example,,42,,Ada,Lovelace,yes
v4,2026-03-02,south,,grace@shop.example,,42,,Grace,Hopper,yes
v5,2026-03-03,,,,42d573cfc315801d4cd8eddd5416b416a0bf298b9b9e12d6b07442c91db42bd8,,,,,yes
v6,2026-03-03,,0612345678,,,,c-9,,,no
v7,2026-03-04,,n/a,grace@shop.example,,,c-3,,,yes
v8,2026-03-04,,12,,,,c-4,,,yes
";

const MEANING: &str = r#"{"mapping": {"id": "visit", "time": "at", "source": "till", "linking": "consent",
    "default_region": "FR", "null": ["n/a"],
    "identifiers": [
        {"name": "phone", "kind": "phone"}, {"name": "phone_sha256", "kind": "phone", "sha256": true},
        {"name": "mail", "kind": "email"}, {"name": "customer", "kind": "pos_customer", "prefix": "till"},
        {"name": "cookie", "kind": "cookie"}],
    "details": {"given_name": "first", "surname": "last"}}}"#;

fn visits() -> Folder {
    let folder = Folder::new();
    folder.write("visits.csv", VISITS);
    folder.write("visits.json", MEANING);
    folder
}

/// Which rows stand together, by the first of each.
fn together(out: &str) -> Vec<Vec<String>> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for line in out.lines().skip(1) {
        let (row, profile) = line.split_once(',').unwrap();
        match found.iter_mut().find(|(known, _)| known == profile) {
            Some((_, rows)) => rows.push(row.to_owned()),
            None => found.push((profile.to_owned(), vec![row.to_owned()])),
        }
    }
    found.into_iter().map(|(_, rows)| rows).collect()
}

fn people() -> Folder {
    let folder = Folder::new();
    folder.write("people.csv", PEOPLE);
    folder.write("people.json", CONFIG);
    folder
}

/// The same people as JSON Lines.
fn json_lines() -> String {
    let mut lines = PEOPLE.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let object = |line: &str| {
        let values =
            names.iter().zip(line.split(',')).map(|(name, value)| ((*name).to_owned(), json!(value)));
        Value::from(serde_json::Map::from_iter(values)).to_string() + "\n"
    };
    lines.map(object).collect()
}

fn packed(text: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

/// A file of the shared data, where it is there.
fn shared(file: &str) -> Option<PathBuf> {
    let path = PathBuf::from(format!("{}/../../shared/data/identity/{file}", env!("CARGO_MANIFEST_DIR")));
    let found = path.exists();
    if !found {
        eprintln!("{file}: not here, passed over");
    }
    found.then_some(path)
}

/// What is said of the nine people.
const FEW: &str = "phygital: note: 9 records are too few to learn from: weighed by the standard model\n";

/// Two equal records are one person, though two teach nothing.
#[test]
fn a_file_of_two_is_weighed_by_the_standard_model() {
    let folder = people();
    let head = PEOPLE.lines().next().unwrap();
    let row = |id: &str| PEOPLE.lines().nth(1).unwrap().replacen("1,", &format!("{id},"), 1);
    let ran = folder.fed(
        "identity resolve - --config people.json",
        format!("{head}\n{}\n{}\n", row("1"), row("2")).as_bytes(),
    );
    assert_eq!(ran.out, "record_id,profile_id\n1,1\n2,1\n");
    assert!(ran.err.contains("2 records are too few to learn from"), "{ran:?}");
}

#[test]
fn the_same_rows_give_the_same_profiles_however_they_come() {
    let folder = people();
    let expected = folder.done("identity resolve people.csv --config people.json").out;
    assert_eq!(expected.lines().take(4).collect::<Vec<_>>(), ["record_id,profile_id", "1,1", "2,1", "3,3"]);
    folder.write("people.jsonl", &json_lines());
    fs::write(folder.path("people"), packed(&json_lines())).unwrap();
    for file in ["people.jsonl", "people"] {
        assert_eq!(folder.done(&format!("identity resolve {file} --config people.json")).out, expected);
    }
    for bytes in [PEOPLE.as_bytes().to_vec(), packed(PEOPLE), json_lines().into_bytes()] {
        let ran = folder.fed("identity resolve - --config people.json", &bytes);
        assert_eq!((ran.out, ran.err.as_str(), ran.code), (expected.clone(), FEW, 0));
    }
    // Rows in another order, columns too.
    let mut lines: Vec<String> =
        PEOPLE.lines().map(|line| line.split(',').rev().collect::<Vec<_>>().join(",")).collect();
    lines[1..].reverse();
    let ran = folder.fed("identity resolve - --config people.json", (lines.join("\n") + "\n").as_bytes());
    assert_eq!(ran.out, expected);
    // The option stands anywhere, as for every command.
    assert_eq!(folder.done("--config people.json identity resolve people.csv").out, expected);
    let ran = folder.done("identity resolve people.csv --config people.json --json");
    assert_eq!(ran.lines()[1], json!({ "record_id": "2", "profile_id": "1" }));
    let ran = folder.done("identity resolve people.csv --config people.json --out out.csv --json");
    assert_eq!(ran.object(), json!({ "records": 9, "profiles": 7 }));
    assert_eq!(fs::read_to_string(folder.path("out.csv")).unwrap(), expected);
}

#[test]
fn a_model_is_learned_once_and_judged_by_thresholds() {
    let folder = people();
    folder.done("identity train people.csv --config people.json --out model.json");
    let learned = "identity resolve people.csv --config people.json";
    let kept = format!("{learned} --model model.json");
    assert_eq!(folder.done(&kept).out, folder.done(learned).out);
    folder.write("strict.json", &CONFIG.replace("]}}", r#"]}, "thresholds": {"merge": 60}}"#));
    let ran = folder.done("identity resolve people.csv --config strict.json --out out.csv --json");
    assert_eq!(ran.object()["profiles"], 9);
    folder.write("model.json", "{}");
    let ran = folder.at_now(&format!("--json {kept}"));
    let error = ran.error();
    assert_eq!((ran.code, &error["kind"]), (2, &json!("malformed")));
    assert!(error["message"].as_str().unwrap().starts_with("model.json: the model: "), "{error}");
}

#[test]
fn a_match_is_told_and_drawn() {
    let folder = people();
    let ran = folder.done("identity match people.csv 1 2 --config people.json --json --chart match.svg");
    let told = ran.object();
    let parts = told["parts"].as_array().unwrap();
    let sum: i64 = parts.iter().map(|part| part["weight"].as_i64().unwrap()).sum();
    assert_eq!((&told["weight"], &told["match"]), (&json!(sum), &json!(true)));
    assert!(ran.err.contains("standard model"), "{ran:?}");
    assert_eq!((&parts[0]["field"], &parts[0]["values"]), (&json!("given"), &json!(["robert", "bob"])));
    let svg = fs::read_to_string(folder.path("match.svg")).unwrap();
    assert!(svg.starts_with("<svg xmlns=") && svg.contains(">given: robert | bob<"), "{svg}");
    let ran = folder.at_now("identity match people.csv 1 3 --config people.json --chart match.html");
    assert_eq!((ran.code, ran.out.lines().last().unwrap().ends_with("no match")), (1, true), "{ran:?}");
    let page = fs::read_to_string(folder.path("match.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains("<h1>1 and 3: "), "{page}");
    let ran = folder.at_now("identity match people.csv 1 2 --config people.json --chart match.png");
    assert_eq!((ran.code, ran.err.contains(".svg or .html")), (2, true), "{ran:?}");
    let ran = folder.at_now("identity match people.csv 1 99 --config people.json");
    assert_eq!((ran.code, ran.err.contains("there is no record 99")), (2, true), "{ran:?}");
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = people();
    let bad = |arguments: &str, input: &str| {
        let ran = folder.fed(&format!("--json {arguments}"), input.as_bytes());
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
        let error = ran.error();
        let told = format!("{}: {}", error["kind"].as_str().unwrap(), error["message"].as_str().unwrap());
        (told, error["line"].as_u64())
    };
    let resolve = |input: &str| bad("identity resolve - --config people.json", input);
    let head = "id,given,surname,born,city\n";
    for (input, told, line) in [
        (
            format!("{head}1,a,b,c,d\n,a,b,c,d\n"),
            "malformed: column id: expected an id that is not empty",
            Some(3),
        ),
        (format!("{head}1,a,b,c\n"), "malformed: standard input: expected 5 columns, found 4", Some(2)),
        ("id,given\n".to_owned(), "no_column: standard input: expected a column surname, found none", None),
        (format!("{head}1,a,b,c,d\n1,a,b,c,d\n"), "malformed: record 1 is there twice", None),
        (head.to_owned(), "malformed: no two records have anything in common to learn from", None),
        (
            "[1]".to_owned(),
            "malformed: standard input: expected CSV or JSON Lines, an object on each line; found a JSON array",
            None,
        ),
    ] {
        assert_eq!(resolve(&input), (told.to_owned(), line));
    }
    let (told, _) = bad("identity resolve -", PEOPLE);
    assert!(told.starts_with("no_mapping: "), "{told}");
    folder.write("people.json", &CONFIG.replace("\"fields\"", "\"felds\""));
    let (told, line) = resolve(PEOPLE);
    assert!(told.contains("unknown field `felds`") && line == Some(1), "{told}");
}

#[test]
fn a_column_that_no_line_has_is_told() {
    let folder = people();
    let ran = folder
        .fed("identity resolve - --config people.json", json_lines().replace("born", "birth").as_bytes());
    assert_eq!((ran.code, ran.err), (0, format!("phygital: note: no line has born\n{FEW}")));
}

#[test]
fn a_long_cell_does_no_harm() {
    let folder = people();
    let long = PEOPLE.replace("Hedy", &"Hedwig ".repeat(150_000));
    let ran = folder.fed("identity resolve - --config people.json", long.as_bytes());
    assert_eq!((ran.code, ran.out.lines().count()), (0, 10));
    let open = format!("{PEOPLE}10,\"{}", "x".repeat(5 * 1024 * 1024));
    let ran = folder.fed("identity resolve - --config people.json", open.as_bytes());
    assert_eq!((ran.code, ran.err.contains("a quote that does not close")), (2, true), "{}", ran.err);
}

#[test]
fn a_truth_judges_profiles() {
    let folder = people();
    folder.write("found.csv", "record_id,profile_id\n1,a\n2,a\n3,b\n");
    folder.write("truth.jsonl", "{\"person\": \"x\", \"record\": 1}\n{\"person\": \"x\", \"record\": 2}\n{\"person\": \"x\", \"record\": 3}\n{\"person\": \"y\", \"record\": 4}\n");
    let ran = folder.done("identity evaluate found.csv truth.jsonl --record record --entity person --json");
    let told = ran.object();
    assert_eq!(
        (&told["pairwise"]["precision"], &told["split_entities"], &told["missing"]),
        (&json!(1.0), &json!(1), &json!(1))
    );
    assert!(ran.err.contains("1 records of the truth"), "{}", ran.err);
    folder.write("found.csv", "record_id,profile_id\n1,a\n1,b\n");
    let ran = folder.at_now("identity evaluate found.csv truth.jsonl --record record --entity person");
    assert_eq!((ran.code, ran.err.as_str()), (2, "phygital: line 3: a record is there twice\n"));
}

#[test]
fn shipped_mappings_resolve_their_files() {
    let folder = Folder::new();
    for (file, record, entity, least) in
        [("febrl1.csv", "rec_id", "truth_entity", 0.999), ("fake_1000.csv", "unique_id", "cluster", 0.94)]
    {
        let Some(path) = shared(file) else { continue };
        let path = path.display();
        folder.done(&format!("identity resolve {path} --out found.csv"));
        let ran = folder
            .done(&format!("identity evaluate found.csv {path} --record {record} --entity {entity} --json"));
        let f1 = ran.object()["pairwise"]["f1"].as_f64().unwrap();
        assert!(f1 >= least, "{file}: {f1}");
    }
}

#[test]
fn events_are_resolved_by_identifiers_and_what_may_link() {
    let folder = visits();
    let resolve = "identity resolve visits.csv --config visits.json";
    let ran = folder.done(resolve);
    let expected: [&[&str]; 4] = [&["v1", "v2", "v3", "v5"], &["v4", "v7"], &["v6"], &["v8"]];
    assert_eq!(together(&ran.out), expected);
    assert_eq!(
        ran.err,
        "phygital: note: column phone: 1 value left out, the first in line 9: expected a phone number in international form such as +33612345678\n\
            phygital: note: 2 descriptions of people are too few to learn from: weighed by the standard model\n"
    );
    // In any order of rows the same bytes.
    let mut lines: Vec<&str> = VISITS.lines().collect();
    lines[1..].reverse();
    folder.write("turned.csv", &(lines.join("\n") + "\n"));
    assert_eq!(folder.done("identity resolve turned.csv --config visits.json").out, ran.out);
    // Another secret gives the same profiles other names.
    let named = folder.done(&format!("{resolve} --tenant-key {}", "07".repeat(32)));
    assert_eq!(together(&named.out), expected);
    assert!(named.out.lines().skip(1).all(|line| !ran.out.contains(line)), "{}", named.out);
    let bad = folder.at_now(&format!("{resolve} --tenant-key 0707"));
    assert_eq!((bad.code, bad.err.contains("--tenant-key: ")), (2, true), "{bad:?}");
    // What may not be left out ends it.
    let strict = folder.at_now(&format!("{resolve} --strict --json"));
    let error = strict.error();
    assert_eq!((strict.code, error["line"].as_u64(), strict.out.as_str()), (2, Some(9), ""));
    let message = error["message"].as_str().unwrap();
    assert!(message.starts_with("column phone: expected") && !message.contains("12,"), "{message}");
    folder.write("twice.csv", &format!("{VISITS}v1,,,,,,,c-1,,,yes\n"));
    let twice = folder.at_now("identity resolve twice.csv --config visits.json");
    assert_eq!(
        (twice.code, twice.err.contains("line 10: column visit: this id is there twice")),
        (2, true),
        "{twice:?}"
    );
}

#[test]
fn who_lives_together_is_told_where_it_is_asked_for() {
    let folder = visits();
    let head = VISITS.lines().next().unwrap();
    let rows = [("a", "ada", "0612345678"), ("b", "bob", "0612345678"), ("c", "carl", "0687654321")];
    let rows = rows.map(|(visit, first, phone)| {
        let mail = format!("{first}.byron@shop.example");
        let value = |column: &str| match column {
            "visit" => visit.to_owned(),
            "phone" => phone.to_owned(),
            "mail" => mail.clone(),
            "first" => first.to_owned(),
            "last" => "Byron".to_owned(),
            "consent" => "yes".to_owned(),
            _ => String::new(),
        };
        head.split(',').map(value).collect::<Vec<_>>().join(",")
    });
    folder.write("home.csv", &format!("{head}\n{}\n", rows.join("\n")));
    let out = folder.done("identity resolve home.csv --config visits.json --households").out;
    let lines: Vec<Vec<&str>> = out.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines[0][1..], ["profile_id", "household_id"]);
    let (profiles, houses): (Vec<&str>, Vec<&str>) = lines[1..].iter().map(|row| (row[1], row[2])).unzip();
    assert!(profiles[0] != profiles[1] && houses[0] == houses[1] && profiles.contains(&houses[0]), "{out}");
    assert_eq!(houses[2], profiles[2]);
    let none = people().at_now("identity resolve people.csv --config people.json --households");
    assert_eq!((none.code, none.err.contains("--households goes with")), (2, true), "{none:?}");
}

#[test]
fn a_reader_who_leaves_is_nothing_to_complain_of() {
    let folder = visits();
    let rows: String = (0..3_000).map(|n| format!("w{n},,,,,,,c-{n},,,yes\n")).collect();
    folder.write("many.csv", &format!("{}\n{rows}", VISITS.lines().next().unwrap()));
    let mut command = folder.command();
    command.args(["identity", "resolve", "many.csv", "--config", "visits.json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // More than a pipe holds is still to come.
    child.stdout.take().unwrap().read_exact(&mut [0; 10]).unwrap();
    let ran = support::ran(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.err.as_str()), (3, ""));
}

#[test]
fn rules_of_the_file_are_kept() {
    let folder = visits();
    let rules = |rules: &str| {
        folder.write("visits.json", &MEANING.replace("}}}", &format!("}}}}, \"rules\": {rules}}}")))
    };
    rules(r#"{"version": 1, "blocked": {"values": {"email": ["ada@shop.example"]}}}"#);
    let ran = folder.done("identity resolve visits.csv --config visits.json");
    assert_eq!(together(&ran.out)[..2], [vec!["v1", "v2"], vec!["v3", "v5"]]);
    rules(r#"{"version": 1, "holders": true}"#);
    let ran = folder.at_now("identity resolve visits.csv --config visits.json");
    assert_eq!(
        (ran.code, ran.err.starts_with("phygital: visits.json: rules: holders: ")),
        (2, true),
        "{ran:?}"
    );
}

#[test]
fn what_a_person_decided_outranks_the_rest() {
    let folder = visits();
    folder.write(
        "rulings.csv",
        "one,two,same,time\nv8,email:Grace@shop.example,1,2026-03-05\nv1,+33 6 12 34 56 78,0,2026-03-05T08:00:00Z\n",
    );
    let resolve = "identity resolve visits.csv --config visits.json --rulings rulings.csv";
    let found = together(&folder.done(resolve).out);
    let of = |row: &str| found.iter().position(|rows| rows.iter().any(|known| known == row)).unwrap();
    assert_eq!((of("v8") == of("v4"), of("v1") == of("v3")), (true, false), "{found:?}");
    for (row, told) in [
        ("v8,nobody,1,2026-03-05", "line 2: column two: expected the id of a row, or an identifier"),
        ("v8,v1,maybe,2026-03-05", "line 2: column same: expected 1 or 0"),
        ("v8,v1,1,", "line 2: column time: expected a time"),
    ] {
        folder.write("rulings.csv", &format!("one,two,same,time\n{row}\n"));
        let ran = folder.at_now(resolve);
        assert_eq!((ran.code, ran.err.contains(told)), (2, true), "{ran:?}");
    }
    let ran = people().at_now("identity resolve people.csv --config people.json --rulings people.csv");
    assert_eq!((ran.code, ran.err.contains("--rulings goes with")), (2, true), "{ran:?}");
}

#[test]
fn why_and_how_are_told() {
    let folder = visits();
    let ask = |what: &str| folder.at_now(&format!("--json --config visits.json identity {what}"));
    let ran = ask("explain visits.csv v1 v5");
    let told = ran.object();
    let steps = told["steps"].as_array().unwrap();
    assert_eq!((ran.code, &told["same"], steps.len()), (0, &json!(true), 2), "{told}");
    assert_eq!((&steps[0]["from"], &steps[0]["row"]), (&json!("cookie:c-1"), &json!("v2")));
    assert!(steps.iter().any(|step| step["weakest"] == true) && !ran.out.contains("ada@"), "{told}");
    let ran = ask("explain visits.csv v1 grace@shop.example");
    assert_eq!((ran.code, &ran.object()["same"]), (1, &json!(false)));
    let ran = ask("why-not visits.csv v6 v3");
    assert_eq!((ran.code, &ran.object()["same"]), (0, &json!(false)));
    assert!(ran.out.contains("consent"), "{}", ran.out);
    assert_eq!(ask("why-not visits.csv v1 v3").code, 1);
    let profile = told["profile"].as_str().unwrap();
    let ran = ask(&format!("history visits.csv {profile}"));
    let rows: Vec<Value> = ran.lines().iter().map(|line| line["row"].clone()).collect();
    assert_eq!(rows, ["v1", "v3", "v2", "v5"]);
    assert!(ran.lines()[2]["turns"][0].as_str().unwrap().contains("joined"), "{}", ran.out);
    for (asked, code, told) in [
        ("history visits.csv 00000000000000000000000000000000", 1, "there is no such profile"),
        ("explain visits.csv v1 v99", 2, "expected the id of a row, or an identifier"),
    ] {
        let ran = ask(asked);
        assert_eq!((ran.code, ran.err.contains(told)), (code, true), "{ran:?}");
    }
    assert_eq!(ask("review visits.csv").out, "");
    let ran = people().at_now("identity explain people.csv 1 2 --config people.json");
    assert_eq!((ran.code, ran.err.contains("identity match")), (2, true), "{ran:?}");
}

#[test]
fn other_rules_are_tried_before_they_are_kept() {
    let folder = visits();
    folder.write(
        "other.json",
        r#"{"rules": {"version": 1, "blocked": {"values": {"email": ["ada@shop.example"]}}}}"#,
    );
    let preview = "identity preview visits.csv --config visits.json --rules";
    let ran = folder.done(&format!("{preview} other.json --json"));
    let told =
        json!({ "rows": 8, "profiles": { "now": 4, "then": 5 }, "unchanged": 3, "split": 1, "merged": 0 });
    assert_eq!(ran.object(), told);
    folder.write("same.json", "{}");
    let ran = folder.done(&format!("{preview} same.json --json"));
    assert_eq!((&ran.object()["unchanged"], &ran.object()["split"]), (&json!(4), &json!(0)));
    let people = people();
    people.write("other.json", r#"{"thresholds": {"merge": 60}}"#);
    let ran = people.done("identity preview people.csv --config people.json --rules other.json --json");
    assert_eq!(
        (&ran.object()["profiles"], &ran.object()["split"]),
        (&json!({ "now": 7, "then": 9 }), &json!(2))
    );
}

#[test]
fn the_omnichannel_stream_is_understood() {
    let (Some(stream), Some(truth)) =
        (shared("omnichannel-dev.csv.gz"), shared("omnichannel-dev.truth.csv.gz"))
    else {
        return;
    };
    let folder = Folder::new();
    let text = std::io::read_to_string(MultiGzDecoder::new(fs::File::open(stream).unwrap())).unwrap();
    let part: Vec<&str> = text.lines().take(1 + 2_000).collect();
    fs::write(folder.path("part"), packed(&(part.join("\n") + "\n"))).unwrap();
    let ran = folder.done("identity resolve part --out found.csv --json");
    assert_eq!((ran.object()["events"].as_u64(), ran.err.as_str()), (Some(2_000), ""));
    let ran =
        folder.done(&format!("identity evaluate found.csv {} --entity person_id --json", truth.display()));
    let told = ran.object();
    assert!(told["pairwise"]["precision"].as_f64() > Some(0.9) && told["missing"] == 18_000, "{told}");
}
