//! `attribution run`: grouped paths in, credits out; what is wrong with a row is said by line and column.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use support::{Folder, Ran};

/// Two conversions through ga alone, one through mail, one through both; one that came to nothing (Puzyrov 2019).
const TOY: &str = "path,conversions,value,nulls
ga,2,0,1
mail,1,0,0
ga > mail,1,0,0
";

/// Paths with money, a row without a touch, and parts of conversions.
const SHOP: &str = "path,total_conversions,total_conversion_value,total_null
email > store > direct,3,100.00,10
ad > email,1,19.99,4
direct,0.5,12.5,2
,1,5.00,7
ad > ad > store,2,-30.01,0
";

fn run(file: &str, text: &str, arguments: &str) -> Ran {
    let folder = Folder::new();
    folder.write(file, text);
    folder.at_now(&format!("attribution run {arguments} {file}"))
}

fn credits(text: &str, arguments: &str) -> String {
    let ran = run("paths.csv", text, arguments);
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.out
}

/// The one line that is said of a file which is refused.
fn refused(text: &str, arguments: &str) -> String {
    let ran = run("paths.csv", text, &format!("--model linear {arguments}"));
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    ran.err.trim_end().to_owned()
}

fn answer(text: &str, arguments: &str) -> Value {
    serde_json::from_str(&credits(text, &format!("--json {arguments}"))).unwrap()
}

#[test]
fn a_published_toy_comes_out() {
    assert_eq!(credits(TOY, "--model markov:1"), "channel,conversions,value\nga,2.4,0\nmail,1.6,0\n");
    let told = answer(TOY, "--model markov");
    assert_eq!(
        told["channels"][0],
        json!({"channel": "ga", "conversions": 2.4, "value": 0,
        "removal_effect": told["channels"][0]["removal_effect"], "removal_effect_of_value": 0.0})
    );
    assert!((told["channels"][0]["removal_effect"].as_f64().unwrap() - 0.75).abs() < 1e-12);
    assert_eq!((&told["model"]["order"], &told["model"]["states"]), (&json!(1), &json!(3)));
    assert_eq!(told["run"]["settings"]["model"], "markov:1");
    assert_eq!(told["run"]["causal"], false);
    assert_eq!(told["input"]["nulls"], 1);
}

/// Units of 10^-12, exactly.
fn exact(text: &str) -> i128 {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    sign * format!("{whole}{rest:0<12}").parse::<i128>().unwrap()
}

#[test]
fn credits_sum_to_what_came_in() {
    for model in [
        "first",
        "last",
        "last-non-direct",
        "linear",
        "linear-per-channel",
        "rank-decay:2/3",
        "position",
        "weights:5,2/1/3",
        "w",
        "z",
        "markov:1",
        "markov:2",
        "markov:1 --spread journey",
        "shapley:sum",
    ] {
        for currency in ["", "--currency EUR"] {
            let out = credits(SHOP, &format!("--model {model} {currency}"));
            let mut sums = [0, 0];
            for line in out.lines().skip(1) {
                let cells = line.split(',').collect::<Vec<_>>();
                for (sum, cell) in sums.iter_mut().zip(&cells[1..]) {
                    *sum += exact(cell);
                }
                if !currency.is_empty() {
                    assert_eq!(cells[2].split_once('.').unwrap().1.len(), 2, "{model}: {line}");
                }
            }
            assert_eq!(sums, [exact("7.5"), exact("107.48")], "{model} {currency}\n{out}");
            assert!(out.lines().any(|line| line.starts_with(",1")), "{model}: unattributed\n{out}");
        }
    }
}

#[test]
fn order_threads_form_and_packing_change_nothing() {
    let folder = Folder::new();
    let rows = SHOP.lines().skip(1).collect::<Vec<_>>();
    let shuffled = [2, 4, 0, 3, 1].map(|at| rows[at]).join("\n");
    folder.write("shuffled.csv", &format!("path,conversions,value,nulls\r\n{shuffled}\n"));
    folder.write("shop.csv", SHOP);
    let objects = rows.iter().map(|row| {
        let cells = row.split(',').collect::<Vec<_>>();
        let path = cells[0].split(" > ").filter(|name| !name.is_empty()).collect::<Vec<_>>();
        let path = if cells[1] == "1" { json!(path) } else { json!(cells[0]) };
        format!(
            "{{\"path\": {path}, \"conversions\": {}, \"value\": \"{}\", \"nulls\": {}}}\n",
            cells[1], cells[2], cells[3]
        )
    });
    folder.write("shop.jsonl", &objects.collect::<String>());
    folder.write("other.csv", &SHOP.replace(" > ", " | "));
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(SHOP.as_bytes()).unwrap();
    fs::write(folder.path("shop.csv.gz"), packed.finish().unwrap()).unwrap();
    for model in ["linear", "markov:2", "shapley:ordered", "shapley:subgame", "markov:auto"] {
        let expected = folder.done(&format!("attribution run --threads 1 --model {model} shop.csv"));
        for other in
            ["shuffled.csv", "--threads 3 shop.csv", "shop.jsonl", "shop.csv.gz", "--separator | other.csv"]
        {
            let ran = folder.done(&format!("attribution run --model {model} {other}"));
            assert_eq!((&ran.out, &ran.err), (&expected.out, &expected.err), "{model} {other}");
        }
        let piped = folder.fed(&format!("attribution run --model {model} -"), SHOP.as_bytes());
        assert_eq!((&piped.out, &piped.err), (&expected.out, &expected.err), "{model} from a pipe");
    }
}

#[test]
fn a_run_has_an_id_of_its_settings_and_its_input() {
    let id = |text: &str, arguments: &str| answer(text, arguments)["run"]["id"].as_str().unwrap().to_owned();
    let one = id(SHOP, "--model position");
    assert_eq!(one.len(), 64);
    // The same, asked for in other words.
    assert_eq!(id(SHOP, "--model position:40,20,40 --threads 2"), one);
    assert_ne!(id(SHOP, "--model position:30,40,30"), one);
    // The same rows in another order, and in parts of rows.
    let (head, rows) = SHOP.split_once('\n').unwrap();
    let turned = rows.lines().rev().collect::<Vec<_>>().join("\n");
    assert_eq!(id(&format!("{head}\n{turned}\n"), "--model position"), one);
    for model in ["markov:2", "markov:1 --spread journey", "shapley:rate", "shapley:ordered"] {
        let of = |text: &str| id(text, &format!("--model {model}"));
        assert_eq!(of(&format!("{head}\n{turned}\n")), of(SHOP), "{model}");
        assert_ne!(of(&SHOP.replace("19.99", "19.98")), of(SHOP), "{model}");
    }
    assert_ne!(id(&SHOP.replace("ad", "ads"), "--model position"), one);
    assert_ne!(id(SHOP, "--model position --currency EUR"), one);
    let told = answer(SHOP, "--model linear");
    assert_eq!(told["input"]["rows_without_touch"], 1);
    assert_eq!(told["unattributed"], json!({"conversions": 1, "value": 5}));
    assert_eq!((&told["input"]["touches"], &told["input"]["value"]), (&json!(9), &json!(107.48)));
}

#[test]
fn what_is_wrong_is_told_by_line_and_column() {
    let head = "path,conversions,value,nulls\n";
    for (row, line, told) in [
        ("a,NaN,1,0", 2, "column conversions: expected a decimal number"),
        ("a,1,inf,0", 2, "column value: expected a decimal number"),
        ("a,1,Infinity,0", 2, "column value: expected a decimal number"),
        ("a,1,nan,0", 2, "column value: expected a decimal number"),
        ("a,1,1,-inf", 2, "column nulls: expected a decimal number"),
        ("a,-1,1,0", 2, "column conversions: -1 is no count"),
        ("a,1,1,-2.5", 2, "column nulls: -2.5 is no count"),
        ("a,0.0000001,1,0", 2, "column conversions: 0.0000001 is no count"),
        ("a,1,0.0000000000000000001,0", 2, "column value: expected at most 18 digits"),
        ("a,99999999999999,1,0", 2, "conversions"),
        ("a,0,5,1", 2, "column value: a value without a conversion"),
        ("a > > b,1,1,0", 2, "column path: touch 2: a channel's name is empty"),
        ("a >,1,1,0", 2, "column path: touch 2: a channel's name is empty"),
        ("a,1,1,0\nb,one,1,0", 3, "column conversions: expected a decimal number"),
        ("a,1,1,0\nb,1", 3, "expected 4 columns, found 2"),
    ] {
        let text = format!("{head}{row}\n");
        let said = refused(&text, "");
        assert!(said.contains(&format!("line {line}: paths.csv: ")) && said.contains(told), "{row}: {said}");
    }
    let long = format!("{head}{},1,1,0\n", "x".repeat(257));
    assert!(
        refused(&long, "")
            .contains("line 2: paths.csv: column path: touch 1: a channel's name has 257 bytes")
    );
    assert!(refused("path,value\na,1\n", "").contains("expected a column conversions or total_conversions"));
    assert!(refused("", "").contains("expected a column path"));
    let both = "path,conversions,total_conversions\na,1,1\n";
    assert!(refused(both, "").contains("line 2: paths.csv: column conversions: the row has both"));
    let json = run("p.jsonl", "{\"path\": [\"a\", 1], \"conversions\": 1}\n", "--model linear");
    assert!(json.err.contains("line 1: p.jsonl: column path: expected"), "{json:?}");
    let json = run("p.jsonl", "{\"path\": \"a\", \"conversions\": 1, \"value\": null}\n", "--model linear");
    assert!(json.code == 0 && json.err.contains("2 numbers are left out and count as 0"), "{json:?}");
}

#[test]
fn parts_of_conversions_and_numbers_left_out_are_counted() {
    let told = answer("path,conversions,value,nulls\na > b,0.5,3,\na,2.25,,1\n", "--model last");
    assert_eq!(told["input"]["numbers_missing"], 2);
    assert_eq!(
        told["channels"],
        json!([{"channel": "a", "conversions": 2.25, "value": 0},
        {"channel": "b", "conversions": 0.5, "value": 3}])
    );
    // No column, no number that is missing.
    assert_eq!(answer("path,conversions\na,1\n", "--model last")["input"]["numbers_missing"], 0);
}

#[test]
fn values_keep_their_decimals_or_are_rounded_when_asked() {
    let text = "path,conversions,value\na,1,0.125\nb,1,1.00000000001\nc,1,2\n";
    let told = credits(text, "--model last");
    assert_eq!(told, "channel,conversions,value\na,1,0.125\nb,1,1.00000000001\nc,1,2\n");
    let ran = run("paths.csv", text, "--model last --decimals 2");
    assert_eq!(ran.out, "channel,conversions,value\na,1,0.12\nb,1,1\nc,1,2\n");
    assert!(ran.err.contains("2 values were rounded, half to even"), "{ran:?}");
    assert!(
        refused(text, "--currency EUR")
            .contains("line 2: paths.csv: column value: 0.125: expected at most 2 decimals")
    );
    // More digits than a sum of 64 bits has: as many as fit, in whatever order they come.
    let wide = "path,conversions,value\na,1,0.00450000000000006\nb,1,74000\n";
    let turned = "path,conversions,value\nb,1,74000\na,1,0.00450000000000006\n";
    let ran = run("paths.csv", wide, "--model last");
    assert_eq!(ran.out, "channel,conversions,value\na,1,0.0045\nb,1,74000\n");
    assert!(ran.err.contains("1 values were rounded"), "{ran:?}");
    let turned = run("paths.csv", turned, "--model last");
    assert_eq!((turned.out, turned.err), (ran.out, ran.err));
    let piped = Folder::new().fed("attribution run --model last -", wide.as_bytes());
    assert!(piped.code == 2 && piped.err.contains("round them with --decimals 14"), "{piped:?}");
}

#[test]
fn a_file_has_one_currency() {
    let text = "path,conversions,value,currency\na > b,1,10.01,EUR\nb,1,5.00,eur\n";
    assert_eq!(credits(text, "--model linear"), "channel,conversions,value\na,0.5,5.01\nb,1.5,10.00\n");
    let other = text.replace("eur", "USD");
    assert!(
        refused(&other, "")
            .contains("line 3: paths.csv: column currency: expected EUR as in line 2, found USD")
    );
    let unknown = text.replace("EUR", "EURO");
    assert!(
        refused(&unknown, "")
            .contains("line 2: paths.csv: column currency: expected a currency code of ISO 4217")
    );
    let none = text.replace(",eur", ",");
    assert!(
        refused(&none, "")
            .contains("line 3: paths.csv: column currency: expected EUR as in line 2, found none")
    );
    let late = text.replace(",EUR", ",");
    assert!(
        refused(&late, "")
            .contains("line 3: paths.csv: column currency: found EUR, in a row before it no currency")
    );
    assert!(
        refused(text, "--currency USD")
            .contains("line 2: paths.csv: column currency: expected USD as said by --currency, found EUR")
    );
    assert!(
        refused(&text.replace("10.01", "10.011"), "")
            .contains("column value: 10.011: expected at most 2 decimals for EUR")
    );
    assert!(refused(text, "--currency XXX").contains("--currency"));
}

#[test]
fn names_of_ends_are_channels_like_any_other() {
    for model in ["markov:1", "markov:2", "shapley:rate", "linear"] {
        let plain = credits(SHOP, &format!("--model {model}"));
        let mut named = plain.replace("\nemail,", "\n(null),").replace("\nad,", "\n(start),");
        let text = SHOP.replace("email", "(null)").replace("ad", "(start)");
        let mut lines = named.lines().skip(1).collect::<Vec<_>>();
        lines.sort_by_key(|line| (line.starts_with(','), *line));
        named = format!("channel,conversions,value\n{}\n", lines.join("\n"));
        let close = |one: &str, other: &str| {
            let cells = |text: &str| text.split([',', '\n']).map(str::to_owned).collect::<Vec<_>>();
            let same = |(one, other): (&String, &String)| match (one.parse::<f64>(), other.parse::<f64>()) {
                (Ok(one), Ok(other)) => (one - other).abs() < 1e-9,
                _ => one == other,
            };
            cells(one).iter().zip(&cells(other)).all(same)
        };
        let found = credits(&text, &format!("--model {model}"));
        assert!(close(&found, &named), "{model}:\n{found}\n{named}");
    }
}

#[test]
fn a_million_of_anything_is_refused_or_taken() {
    let head = "path,conversions\n";
    let channels = (0..1_000_000).map(|at| format!("c{at},1\n")).collect::<String>();
    let said = refused(&format!("{head}{channels}"), "");
    assert!(said.contains("line 65538: paths.csv: column path: touch 1: more than 65536 channels"), "{said}");
    let touches = vec!["a"; 1_000_000].join(">");
    let said = refused(&format!("{head}{touches},1\n"), "");
    assert!(
        said.contains("line 2: paths.csv: column path: a path of 1000000 touches, more than 65535"),
        "{said}"
    );
    let longest = ["a", "b"].repeat(32_767).join(">");
    assert_eq!(
        credits(&format!("{head}{longest},1\n"), "--model linear"),
        "channel,conversions,value\na,0.5,0\nb,0.5,0\n"
    );
}

#[test]
fn time_decay_asks_for_times() {
    let ran = run("paths.csv", TOY, "--model time-decay:7d");
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("needs the time of each touch") && ran.err.contains("rank-decay:1/2"),
        "{ran:?}"
    );
    let ran = run("paths.csv", TOY, "--model average");
    assert!(ran.code == 2 && ran.err.contains("expected one of first, last"), "{ran:?}");
    let ran = run("paths.csv", TOY, "--model linear --spread journey");
    assert!(ran.code == 2 && ran.err.contains("go with markov alone"), "{ran:?}");
}

#[test]
fn the_table_of_transitions_is_written() {
    let folder = Folder::new();
    folder.write("paths.csv", "path,conversions,value,nulls\na > a > b,1,10.5,1\nb,0,0,2\n");
    folder.done("attribution run --model markov:1 --transitions steps.csv paths.csv");
    let table = fs::read_to_string(folder.path("steps.csv")).unwrap();
    assert_eq!(
        table,
        "from,to,end,journeys,probability,value\n,a,,2,0.5,\n,b,,2,0.5,\na,b,,2,1,\nb,,conversion,1,0.25,10.5\nb,,null,3,0.75,\n"
    );
    folder.done("attribution run --model markov:2 --loops --transitions steps.csv paths.csv");
    let table = fs::read_to_string(folder.path("steps.csv")).unwrap();
    assert!(table.contains("\na > a,a > b,,2,1,\n"), "{table}");
    let ran = folder.at_now("attribution run --model linear --transitions steps.csv paths.csv");
    assert_eq!(ran.code, 2);
}

#[test]
fn too_many_channels_for_a_game_are_sampled_and_say_so() {
    let rows = (0..30).map(|at| format!("c{at:02} > c{:02},{},0,7\n", (at * 7 + 3) % 30, at % 4));
    let text = format!("path,conversions,value,nulls\n{}", rows.collect::<String>());
    let told = answer(&text, "--model shapley:cover-rate --samples 50 --seed 9");
    assert_eq!((&told["model"]["seed"], &told["model"]["pairs"]), (&json!(9), &json!(50)));
    assert!(told["channels"].as_array().unwrap().iter().all(|line| line["bound"].as_f64().unwrap() > 0.0));
    assert_eq!(answer(&text, "--model shapley:cover-rate --samples 50 --seed 9"), told);
    assert_eq!(told["run"]["settings"]["seed"], 9);
}

fn shared(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/attribution").join(name);
    if !path.exists() {
        println!("skipped: {} is not there", path.display());
    }
    path.exists().then_some(path)
}

/// A column of what the command said, by channel.
fn column(out: &str, at: usize) -> BTreeMap<String, f64> {
    let cells = out.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    cells
        .filter(|cells| !cells[0].is_empty())
        .map(|cells| (cells[0].to_owned(), cells[at].parse().unwrap()))
        .collect()
}

#[test]
fn files_with_known_answers_come_out() {
    for (file, answers) in
        [("channelattribution_pathdata", Some("exact")), ("dev_paths_a", None), ("dev_paths_b", None)]
    {
        let Some(path) = shared(&format!("{file}.csv.gz")) else { continue };
        let Some(expected) = shared(&format!("{file}.expected.json")) else { continue };
        let expected: Value = serde_json::from_slice(&fs::read(expected).unwrap()).unwrap();
        let expected = answers.map_or(&expected, |key| &expected[key]);
        let direct = expected["last_non_direct"]["direct"].as_str().unwrap();
        for (model, key) in [
            ("first", "first"),
            ("last", "last"),
            ("linear", "linear"),
            ("position", "position"),
            (&format!("last-non-direct:{direct}"), "last_non_direct"),
            ("markov:1", "markov_o1"),
            ("markov:2", "markov_o2"),
            ("shapley:sum", "shapley_sum_game"),
            ("shapley:rate", "shapley_rate_game"),
            ("shapley:subgame", "shapley_subgame"),
        ] {
            let out = Folder::new().run(&["attribution", "run", "--model", model, path.to_str().unwrap()]);
            assert_eq!(out.code, 0, "{out:?}");
            let expected = &expected[key];
            if expected.is_null() {
                continue;
            }
            for (at, name) in [(1, "conversions"), (2, "value")] {
                let expected = if expected["conversions"].is_object() { &expected[name] } else { expected };
                if at == 2 && !expected.is_object()
                    || at == 2 && key.starts_with("shapley_") && key != "shapley_sum_game"
                {
                    continue;
                }
                let found = column(&out.out, at);
                for (channel, expected) in expected.as_object().unwrap() {
                    let (found, expected) = (found[channel], expected.as_f64().unwrap());
                    let off = (found - expected).abs();
                    assert!(
                        off <= 1e-9 * expected.abs().max(1e-3),
                        "{file} {key} {name} {channel}: {found}, {expected}"
                    );
                }
            }
        }
    }
}
