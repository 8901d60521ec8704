//! The timed example of `vectors/attribution`: its rows, and which rule and look-back each expected answer is of.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test file uses its share")]

use std::path::Path;

use phygital_core::attribution::{ChannelId, Rule};
use serde_json::Value;

/// The text of a file of the vectors.
pub fn vectors(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/attribution");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// The rows of `dev_timed_touches.csv` (person, number, channel, seconds) or `dev_timed_orders.csv` (person, order, seconds,
/// where it was sold, value, refund).
pub fn rows(name: &str) -> Vec<csv::StringRecord> {
    csv::Reader::from_reader(vectors(name).as_bytes()).into_records().map(|row| row.unwrap()).collect()
}

/// A whole number.
pub fn number(text: &str) -> i64 {
    text.parse().unwrap()
}

/// What is expected of it.
pub fn expected() -> Value {
    serde_json::from_str(&vectors("dev_timed.expected.json")).unwrap()
}

/// The rule and the look-back in days that a key of the expected answers names, if it names some.
pub fn asked(key: &str) -> Option<(&str, u32)> {
    let (rule, days) = key.strip_suffix('d')?.split_once("_lookback")?;
    Some((rule, days.parse().unwrap()))
}

/// The rule of a name, for journeys with this direct channel.
pub fn rule(name: &str, direct: ChannelId) -> Rule {
    match name {
        "first" => Rule::First,
        "last" => Rule::Last,
        "linear" => Rule::Linear,
        "position" => Rule::position(),
        "time_decay_7d" => Rule::time_decay(),
        "last_non_direct" => Rule::LastNonDirect(direct),
        other => panic!("{other}"),
    }
}
