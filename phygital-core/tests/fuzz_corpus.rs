//! The fuzz targets' functions on their corpora, and on random changes of them: a smoke run without a fuzzer.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test, which tells what it skipped or runs")]

#[path = "../../fuzz/src/attribution.rs"]
#[allow(unreachable_pub, reason = "a module of the fuzz package")]
mod attribution;
#[path = "../../fuzz/src/beacons.rs"]
#[allow(unreachable_pub, reason = "a module of the fuzz package")]
mod beacons;
#[path = "../../fuzz/src/chips.rs"]
#[allow(unreachable_pub, reason = "a module of the fuzz package")]
mod chips;
#[path = "../../fuzz/src/consent.rs"]
#[allow(unreachable_pub, reason = "a module of the fuzz package")]
mod consent;
#[path = "../../fuzz/src/contactless.rs"]
#[allow(unreachable_pub, reason = "a module of the fuzz package")]
mod contactless;
#[path = "../../fuzz/src/evidence.rs"]
#[allow(unreachable_pub, reason = "a module of the fuzz package")]
mod evidence;
#[path = "../../fuzz/src/gate.rs"]
#[allow(unreachable_pub, reason = "a module of the fuzz package")]
mod gate;
#[cfg(feature = "contract")]
#[path = "../../fuzz/src/identity.rs"]
#[allow(unreachable_pub, reason = "a module of the fuzz package")]
mod identity;
#[path = "../../fuzz/src/journal.rs"]
#[allow(unreachable_pub, reason = "a module of the fuzz package")]
mod journal;
#[path = "../../fuzz/src/matching.rs"]
#[allow(unreachable_pub, reason = "a module of the fuzz package")]
mod matching;
#[path = "../../fuzz/src/measure.rs"]
#[allow(unreachable_pub, reason = "a module of the fuzz package")]
mod measure;
#[path = "../../fuzz/src/names.rs"]
#[allow(unreachable_pub, reason = "a module of the fuzz package")]
mod names;
#[path = "../../fuzz/src/optin.rs"]
#[allow(unreachable_pub, reason = "a module of the fuzz package")]
mod optin;
#[cfg(all(feature = "apple-vas", feature = "simulate", feature = "smart-tap"))]
#[path = "../../fuzz/src/tag_side.rs"]
#[allow(unreachable_pub, reason = "a module of the fuzz package")]
mod tag_side;
#[path = "../../fuzz/src/tap.rs"]
#[allow(unreachable_pub, reason = "a module of the fuzz package")]
mod tap;
#[path = "../../fuzz/src/tokens.rs"]
#[allow(unreachable_pub, reason = "a module of the fuzz package")]
mod tokens;
#[path = "../../fuzz/src/topics.rs"]
#[allow(unreachable_pub, reason = "a module of the fuzz package")]
mod topics;
#[path = "../../fuzz/src/value.rs"]
#[allow(unreachable_pub, reason = "a module of the fuzz package")]
mod value;
#[cfg(all(feature = "apple-vas", feature = "simulate", feature = "smart-tap"))]
#[path = "../../fuzz/src/wallet.rs"]
#[allow(unreachable_pub, reason = "a module of the fuzz package")]
mod wallet;

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

type Target = fn(&[u8]);

const TARGETS: &[(&str, Target)] = &[
    ("aggregates", attribution::aggregates),
    ("catalogue_json", consent::catalogue_json),
    ("consent_import", consent::consent_import),
    ("credit_lines", attribution::credit_lines),
    #[cfg(feature = "contract")]
    ("identity_union", identity::union),
    ("evidence_lines", evidence::evidence_lines),
    ("experiment_rows", measure::experiment_rows),
    ("experiment_sums", measure::experiment_sums),
    ("inbound_text", optin::inbound_text),
    ("text_template", topics::text_template),
    ("topic_file", topics::topic_file),
    ("outgoing_text", gate::outgoing_text),
    ("rule_book", gate::rule_book),
    ("matching_model", matching::model),
    ("matching_values", matching::values),
    ("ntag2xx", chips::ntag2xx),
    ("ntag424", chips::ntag424),
    ("tag_journal", journal::journal),
    ("tap_link", tap::link),
    ("tap_template", tap::template),
    ("keys_json", tap::keys_json),
    ("names", names::names),
    ("rules_json", names::rules_json),
    ("slot_keys_json", tap::slot_keys_json),
    ("tag_setup", tap::tag_setup),
    ("ndef", contactless::ndef),
    ("tlv", contactless::tlv),
    ("beacon_frame", beacons::frame),
    ("cose", tokens::cose),
    ("gs1_link", tokens::gs1_link),
    ("paseto", tokens::paseto),
    ("signed_url", tokens::signed_url),
    #[cfg(all(feature = "apple-vas", feature = "simulate", feature = "smart-tap"))]
    ("smart_tap_bundle", wallet::smart_tap_bundle),
    #[cfg(all(feature = "apple-vas", feature = "simulate", feature = "smart-tap"))]
    ("smart_tap_response", wallet::smart_tap_response),
    #[cfg(all(feature = "apple-vas", feature = "simulate", feature = "smart-tap"))]
    ("tag_side", tag_side::tag_side),
    ("value_groups", value::value_groups),
    #[cfg(all(feature = "apple-vas", feature = "simulate", feature = "smart-tap"))]
    ("vas_response", wallet::vas_response),
];

/// The files of a corpus, in order of their names.
fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn corpora_pass() {
    for (name, target) in TARGETS {
        let files = corpus(name);
        assert!(!files.is_empty(), "{name} has no seeds");
        for (path, data) in files {
            println!("{}", path.display());
            target(&data);
        }
    }
}

#[test]
fn changed_seeds_pass() {
    let change = (any::<prop::sample::Index>(), 0..3u8, any::<u8>(), any::<prop::sample::Index>());
    let changes = prop::collection::vec(change, 1..6);
    for (name, target) in TARGETS {
        let seeds: Vec<Vec<u8>> = corpus(name).into_iter().map(|(_, data)| data).collect();
        let cases = (prop::sample::select(seeds), changes.clone());
        let mut runner = TestRunner::new(Config::with_cases(300));
        let result = runner.run(&cases, |(mut data, changes)| {
            for (at, kind, byte, from) in changes {
                let at = at.index(data.len().max(1));
                match kind {
                    0 if at < data.len() => data[at] = byte,
                    1 => data.insert(at, byte & 0x7F),
                    // Repeats a piece of itself, as a doubled parameter would be.
                    _ => {
                        let from = from.index(data.len() + 1);
                        let piece = data[from..].to_vec();
                        data.splice(at..at, piece);
                    }
                }
                data.truncate(4096);
            }
            target(&data);
            Ok(())
        });
        result.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
