//! `vectors`: does this library give what published vectors say.

use std::path::Path;

use serde_json::Value;

use crate::arguments::Vectors;
use crate::failure::{Exit, Failure};
use crate::output::{Output, clean};
use crate::settings::name;
use crate::text_file;
use crate::vectors;

/// Longest vector file, in bytes; the published ones have 50 KB.
const FILE_MAX: u64 = 64 * 1024 * 1024;

/// Runs files of vectors; names those that fail, and counts.
pub(crate) fn vectors(with: &Vectors, output: &mut Output) -> Result<Exit, Failure> {
    let (mut passed, mut failed) = (0_u64, 0_u64);
    for file in &with.files {
        for vector in read(file)? {
            match vectors::judge(&vector) {
                Ok(()) => passed += 1,
                Err(mismatch) => {
                    failed += 1;
                    if output.is_json() {
                        output.object(&mismatch)?;
                    } else {
                        let vectors::Mismatch { id, expected, got } = mismatch;
                        output.text(clean(&format!("{id}: expected {expected}, got {got}")))?;
                    }
                }
            }
        }
    }
    if output.is_json() {
        output.object(&serde_json::json!({ "passed": passed, "failed": failed }))?;
    } else {
        output.text(format_args!("{passed} passed, {failed} failed"))?;
    }
    Ok(if failed == 0 { Exit::Done } else { Exit::No })
}

/// The vectors of a file: one JSON array.
fn read(file: &Path) -> Result<Vec<Value>, Failure> {
    let bad = |what: &str| Failure::misuse("malformed", format!("{}: {what}", name(file)));
    let text = text_file::read(file, FILE_MAX, bad)?;
    serde_json::from_str(&text).map_err(|error| bad(&format!("expected a JSON array of vectors: {error}")))
}
