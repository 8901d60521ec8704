//! What it costs to read an inbound text: every labelled text of `vectors/engagement`, and long ones; and the longest ones as
//! answers, which may take so many times as long as they are longer, and no more.
//!
//! `cargo bench --manifest-path benches/Cargo.toml --bench intent`. Figures are medians of batches.

use std::process::ExitCode;

use phygital_benches::{Candidate, medians};
use phygital_core::conversation::answer::{AnswerType, Asking, DateAnswer, DateRange, Scale, SizeAnswer};
use phygital_core::conversation::intent::{Context, classify};
use serde_json::Value;

const BATCHES: usize = 31;
/// The aim, in microseconds a text.
const MICROS_MAX: f64 = 20.0;
/// How many times as long an answer of 4 KiB may take as one of 1 KiB: four times, and what a busy machine adds.
const TIMES_MAX: f64 = 8.0;

fn texts(name: &str) -> Vec<String> {
    let path = format!("{}/../vectors/engagement/{name}", env!("CARGO_MANIFEST_DIR"));
    let file: Value =
        serde_json::from_str(&std::fs::read_to_string(path).expect("a file of vectors")).expect("JSON");
    let cases = file["cases"].as_array().expect("cases").iter();
    cases.filter_map(|case| case["text"].as_str().map(str::to_owned)).collect()
}

fn main() -> ExitCode {
    let mut all = texts("inbound_phrases.json");
    all.extend(texts("inbound_intents.json"));
    let context = Context::default().with_keywords(&["JOIN"]);
    let talk =
        "I was at your shop on Saturday and liked the green coat, do you still have it in 38? ".repeat(2);
    let stops = "stop ".repeat(800);
    let negations = "please don't you ever want to ".repeat(130);
    let mut at = 0;
    let times = medians(
        &mut [
            Candidate::new("a labelled text", || {
                at = (at + 1) % all.len();
                classify(&all[at], &context).confidence > 0
            }),
            Candidate::new("two parts of talk", || classify(&talk, &context).confidence > 0),
            Candidate::new("4 KiB of stops", || classify(&stops, &context).class.is_opt_out()),
            Candidate::new("4 KiB of negations", || classify(&negations, &context).confidence > 0),
        ],
        BATCHES,
        1_000,
    );
    for (what, time) in
        ["a labelled text", "two parts of talk", "4 KiB of stops", "4 KiB of negations"].iter().zip(&times)
    {
        println!("{what:<24} {:>8.1} us", time / 1_000.0);
    }
    let linear = answers();
    let met = times[0] / 1_000.0 < MICROS_MAX;
    println!(
        "{} labelled texts: aim under {MICROS_MAX} us: {}",
        all.len(),
        if met { "met" } else { "missed" }
    );
    if met && linear { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether answers that say one word over and over take time in proportion to their length.
fn answers() -> bool {
    let sizes = (35..=47).map(|size| size.to_string());
    let scale = Scale::new(Some("eu".to_owned()), sizes).expect("sizes differ");
    let size = AnswerType::Size(SizeAnswer::new(vec![scale]));
    let date = AnswerType::Date(DateAnswer::new(DateRange::Any));
    let asking = Asking::new("en", "2026-11-22".parse().expect("a day"));
    let mut linear = true;
    for (what, answer, word) in [("a size", size, "a "), ("a date", date, "in ")] {
        let [short, long] = [1_024, 4_096].map(|bytes| word.repeat(bytes / word.len()));
        let times = medians(
            &mut [
                Candidate::new("1 KiB", || answer.read(&short, &asking)),
                Candidate::new("4 KiB", || answer.read(&long, &asking)),
            ],
            BATCHES,
            10,
        );
        let ratio = times[1] / times[0];
        linear &= ratio < TIMES_MAX;
        println!(
            "{what} of 4 KiB{:<12} {:>8.1} us, {ratio:.1} times one of 1 KiB; aim under {TIMES_MAX}: {}",
            "",
            times[1] / 1_000.0,
            if ratio < TIMES_MAX { "met" } else { "missed" }
        );
    }
    linear
}
