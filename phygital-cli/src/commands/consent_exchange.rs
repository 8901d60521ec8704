//! `consent receipt`, `import`, `segment`, `processing`: consent as other systems, persons and authorities read it.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use phygital_core::consent::{self, Detail};
use phygital_core::event::Event;
use serde_json::json;

use crate::arguments::{self, ConsentImport, ConsentReceipt, ConsentSegment};
use crate::failure::{Exit, Failure};
use crate::lines::{LINE_BYTES_MAX, Lines};
use crate::output::{Output, clean};
use crate::settings::{Settings, name};
use crate::shop::Shop;
use crate::who;

/// How many events are recorded together.
const BATCH: usize = 1_000;

/// Prints a receipt for each purpose of which anything was said.
pub(super) fn receipt(
    shop: &Shop,
    settings: &Settings,
    with: &ConsentReceipt,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let contact = who::identifier(&with.identifier, settings.region()?)?;
    let engine = shop.read(settings)?;
    let now = shop.now()?;
    let detail = match with.detail {
        arguments::Detail::Minimal => Detail::Minimal,
        arguments::Detail::Summary => Detail::Summary,
        arguments::Detail::Full => Detail::Full,
    };
    let mut any = false;
    for record in engine.consents().records(&contact, now)? {
        let named = record.pii_processing.purposes.iter().any(|one| {
            with.purpose.is_empty() || with.purpose.iter().any(|purpose| purpose.name() == one.purpose)
        });
        if named {
            any = true;
            output.json(&record.receipt(detail, now))?;
        }
    }
    if !any && !output.is_json() {
        output.text("nothing was ever said")?;
    }
    Ok(if any { Exit::Done } else { Exit::No })
}

/// Records what another system kept.
pub(super) fn import(
    shop: &Shop,
    settings: &Settings,
    with: &ConsentImport,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let config = settings.config()?;
    let options = settings.codec_options()?;
    let mut engine = shop.open(settings)?;
    let now = shop.now()?;
    let failed = |error: io::Error| Failure::io(&name(&with.file), &error);
    let input: Box<dyn BufRead> = match with.file == Path::new("-") {
        true => Box::new(io::stdin().lock()),
        false => Box::new(BufReader::new(File::open(&with.file).map_err(failed)?)),
    };
    let mut lines = Lines::new(input);
    let mut unknown = BTreeSet::new();
    let (mut read, mut recorded, mut known, mut refused) = (0_u64, 0_u64, 0_u64, 0_u64);
    let mut waiting: Vec<Event> = Vec::new();
    loop {
        let line = lines.next().map_err(failed)?;
        let ended = line.is_none();
        if let Some(line) = line {
            read += 1;
            let text = match line.cut {
                true => Err(format!("expected at most {LINE_BYTES_MAX} bytes in a line")),
                false => std::str::from_utf8(&line.bytes).map_err(|_| "expected UTF-8".to_owned()),
            };
            let taken = text.and_then(|text| {
                let taken = consent::import(text, &with.source, &config.catalogue, &options);
                taken.map_err(|error| error.to_string())
            });
            match taken {
                Ok(taken) => {
                    unknown.extend(taken.unknown);
                    waiting.extend(taken.events);
                }
                Err(what) => {
                    refused += 1;
                    output.refusal(&Failure::misuse("bad_consent", what).at_line(line.number));
                }
            }
        }
        while waiting.len() >= BATCH || ended && !waiting.is_empty() {
            let rest = waiting.split_off(waiting.len().min(BATCH));
            for answer in engine.record_all(std::mem::replace(&mut waiting, rest), now)? {
                *(if answer?.is_new() { &mut recorded } else { &mut known }) += 1;
            }
        }
        if ended {
            break;
        }
    }
    let called: Vec<&String> = unknown.iter().collect();
    if output.is_json() {
        output.object(&json!({
            "read": read, "refused": refused, "recorded": recorded, "known": known, "unknown": called,
        }))?;
    } else {
        output.text(format_args!(
            "{recorded} events recorded, {known} known before, {refused} of {read} lines refused"
        ))?;
        for one in called {
            output.note(&format!("no purpose of the catalogue is called {}", clean(one)));
        }
    }
    Ok(if refused > 0 { Exit::Misuse } else { Exit::Done })
}

/// Prints Segment's consent object.
pub(super) fn segment(
    shop: &Shop,
    settings: &Settings,
    with: &ConsentSegment,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let contact = who::identifier(&with.identifier, settings.region()?)?;
    let engine = shop.read(settings)?;
    output.json(&engine.consents().segment(&contact, shop.now()?)?)?;
    Ok(Exit::Done)
}

/// Prints the record of processing activities.
pub(super) fn processing(settings: &Settings, output: &mut Output) -> Result<Exit, Failure> {
    let config = settings.config()?;
    if config.catalogue.is_empty() {
        return Err(Failure::misuse("no_catalogue", "the settings have no purpose catalogue"));
    }
    output.json(&config.catalogue.record_of_processing())?;
    Ok(Exit::Done)
}
