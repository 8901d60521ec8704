//! `tap diagnose`: why a URL does not verify.

use phygital_core::tap::{self, Keys};

use super::verify::Verdict;
use crate::arguments::Diagnose;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::shop::Shop;

/// Tries what may be wrong with a URL or its keys. For the operator's own tags: it tells what a forger wants to know.
pub(crate) fn diagnose(shop: &Shop, with: &Diagnose, output: &mut Output) -> Result<Exit, Failure> {
    let verifier = shop.verifier(with.keys.as_deref(), &shop.settings()?, output)?;
    let none = Keys::none();
    let diagnosis = tap::diagnose(&with.url, verifier.sun_keys().unwrap_or(&none));
    let notes: Vec<String> = diagnosis.notes.iter().map(ToString::to_string).collect();
    let (verdict, reason, message) = match &diagnosis.result {
        Ok(_) => (Verdict::Genuine, None, "the link verifies".to_owned()),
        Err(refusal) => (Verdict::from(refusal), Some(refusal.code()), refusal.to_string()),
    };
    if output.is_json() {
        output.object(&serde_json::json!({
            "input": with.url, "verdict": verdict, "reason": reason, "message": message, "notes": notes,
        }))?;
    } else {
        output.text(format_args!("{}: {message}", verdict.name()))?;
        for note in &notes {
            output.text(format_args!("  - {}", crate::output::clean(note)))?;
        }
        if notes.is_empty() && diagnosis.result.is_err() {
            output.text("  - nothing else fits: other keys, or the link was changed")?;
        }
    }
    Ok(if diagnosis.result.is_ok() { Exit::Done } else { Exit::No })
}
