//! `log`: the entries of the log, and whether they are what was written.

use phygital_core::event::{Body, CodecOptions, Event};
use phygital_core::log::LogEntry;
use serde::Serialize;

use super::PAGE;
use super::rebuild::broken;
use crate::arguments::{Log, LogList};
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::shop::Shop;

/// How many entries people are shown unless they ask for more.
const SHOWN: u64 = 100;

/// An entry as programs read it.
#[derive(Debug, Serialize)]
struct View {
    position: u64,
    origin: String,
    event: String,
    received_at: String,
    occurred_at: String,
    payload_digest: String,
    link: String,
    /// The event; null where it was erased.
    payload: Option<Box<serde_json::value::RawValue>>,
}

/// Lists the log, or checks it.
pub(crate) fn log(shop: &Shop, with: Log, output: &mut Output) -> Result<Exit, Failure> {
    let mut engine = shop.read(&shop.settings()?)?;
    match with {
        Log::Check => {
            let entries = engine.log().check().map_err(|error| broken(error, true))?;
            if output.is_json() {
                output.object(&serde_json::json!({ "entries": entries, "sound": true }))?;
            } else {
                output.text(format_args!("{entries} entries, each as it was written"))?;
            }
        }
        Log::List(LogList { mut after, most }) => {
            let mut left = most.unwrap_or(if output.is_json() { u64::MAX } else { SHOWN });
            let mut rows = Vec::new();
            while left > 0 {
                let page = usize::try_from(left).unwrap_or(PAGE).min(PAGE);
                let entries = engine.log().entries(after, page)?;
                let Some((last, _)) = entries.last() else { break };
                after = *last;
                left -= entries.len() as u64;
                for (position, entry) in entries {
                    if output.is_json() {
                        output.object(&view(position, entry))?
                    } else {
                        rows.push(row(position, &entry))
                    }
                }
            }
            output.table(&["position", "received", "occurred", "event", "source", "id"], rows)?;
        }
    }
    Ok(Exit::Done)
}

fn view(position: u64, entry: LogEntry) -> View {
    let event = entry.key().to_string();
    let payload = entry.payload.map(|payload| payload.content);
    View {
        position,
        origin: entry.origin.to_string(),
        event,
        received_at: entry.received_at.to_string(),
        occurred_at: entry.fold.at.to_string(),
        payload_digest: entry.payload_digest.to_string(),
        link: entry.link.to_string(),
        payload: payload.and_then(|content| serde_json::value::RawValue::from_string(content).ok()),
    }
}

fn row(position: u64, entry: &LogEntry) -> Vec<String> {
    let content = entry.payload.as_ref().map(|payload| &payload.content);
    let event = content.and_then(|content| Event::from_json(content, &CodecOptions::default()).ok());
    let (name, source, id) = match &event {
        Some(event) => (Body::name(&event.body), event.source.as_str(), event.id.as_str()),
        None => ("(erased)", "", ""),
    };
    let times = [entry.received_at.to_string(), entry.fold.at.to_string()];
    let [received, occurred] = times;
    vec![position.to_string(), received, occurred, name.to_owned(), source.to_owned(), id.to_owned()]
}
