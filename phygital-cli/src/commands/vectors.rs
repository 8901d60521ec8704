//! `vectors`: does this library give what published vectors say.

use std::path::PathBuf;

use serde_json::Value;

use crate::arguments::Vectors;
use crate::failure::{Exit, Failure};
use crate::output::{Output, clean};
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
fn read(file: &PathBuf) -> Result<Vec<Value>, Failure> {
    let name = file.display();
    let length = std::fs::metadata(file).map_err(|error| Failure::io(&name.to_string(), &error))?.len();
    if length > FILE_MAX {
        return Err(Failure::misuse(
            "too_long",
            format!("{name}: expected at most {FILE_MAX} bytes, found {length}"),
        ));
    }
    let text = std::fs::read(file).map_err(|error| Failure::io(&name.to_string(), &error))?;
    serde_json::from_slice(&text).map_err(|error| {
        Failure::misuse("malformed", format!("{name}: expected a JSON array of vectors: {error}"))
    })
}
