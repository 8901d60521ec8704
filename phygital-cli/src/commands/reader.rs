//! `reader list` and `reader watch`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use phygital_reader::{TapEvent, TapLoop};
use serde::Serialize;
use signal_hook::consts::{SIGINT, SIGTERM};

use super::read::{Judged, technology};
use crate::at_reader::find;
use crate::failure::{Exit, Failure};
use crate::hex::hex;
use crate::output::{Output, clean};
use crate::reader_arguments::{AtReader, BackendKind, ReaderList, Watch};
use crate::shop::Shop;

/// How long Ctrl-C may take to be noticed.
const LISTEN: Duration = Duration::from_millis(100);

/// How long a reader may take to close.
const CLOSE: Duration = Duration::from_secs(5);

/// A reader, as programs read it.
#[derive(Debug, Serialize)]
struct Listed {
    backend: &'static str,
    reader: String,
}

/// Lists readers; a backend that cannot be asked is noted.
pub(crate) fn list(with: &ReaderList, output: &mut Output) -> Result<Exit, Failure> {
    let at = AtReader { backend: with.backend, reader: None, sim_tag: "tag.sim".into(), wait: 1 };
    let only = with.backend.map(|kind| [kind]);
    let kinds = only.as_ref().map_or(BackendKind::BUILT_IN, |kind| &kind[..]);
    let mut found = Vec::new();
    for kind in kinds {
        let mut backend = kind.backend(&at)?;
        let name = kind.name();
        match backend.list() {
            Ok(readers) => {
                let listed = |reader: phygital_reader::ReaderName| Listed {
                    backend: name,
                    reader: reader.to_string(),
                };
                found.extend(readers.into_iter().map(listed));
            }
            Err(error) if with.backend.is_some() => return Err(error.into()),
            Err(error) => output.note(&format!("{name}: {error}")),
        }
    }
    if output.is_json() {
        for listed in &found {
            output.object(listed)?;
        }
    } else {
        let rows = found.iter().map(|listed| vec![listed.backend.to_owned(), listed.reader.clone()]);
        output.table(&["backend", "reader"], rows.collect())?;
    }
    Ok(if found.is_empty() { Exit::No } else { Exit::Done })
}

/// What happened at the reader, as programs read it.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum View {
    ReaderUp,
    ReaderDown { reason: String, retry_in_ms: u64 },
    Tap(TapView),
    SameAgain(TapView),
    Unreadable { reason: String },
    CardGone,
}

#[derive(Debug, Serialize)]
struct TapView {
    at: String,
    technology: &'static str,
    card_uid: String,
    #[serde(flatten)]
    judged: Judged,
}

/// Tells taps until somebody ends it.
pub(crate) fn watch(shop: &Shop, with: &Watch, output: &mut Output) -> Result<Exit, Failure> {
    let verifier = shop.verifier(with.keys.as_deref(), &shop.settings()?, output)?;
    let (backend, name) = find(&with.at, output)?;
    let ended = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&ended))
            .map_err(|error| Failure::io("listening for Ctrl-C", &error))?;
    }
    let taps = TapLoop::boxed(backend, name, Arc::new(verifier));
    let mut taps = taps.spawn().map_err(|error| Failure::io("starting a thread", &error))?;
    let mut left = with.count;
    let ending = loop {
        if ended.load(Ordering::Relaxed) || left == Some(0) {
            break Ok(());
        }
        let event = match taps.next_within(LISTEN) {
            Ok(event) => event,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => {
                break Err(Failure::failed("reader", "the loop has ended"));
            }
        };
        if let (TapEvent::Tap(_), Some(left)) = (&event, &mut left) {
            *left -= 1;
        }
        if let Err(failure) = tell(&event, output) {
            break Err(failure);
        }
    };
    let stopped = taps.stop(CLOSE);
    ending?;
    stopped.map_err(|_| Failure::failed("reader", "the reader does not close"))?;
    Ok(Exit::Done)
}

fn tell(event: &TapEvent, output: &mut Output) -> Result<(), Failure> {
    let tap = |tap: &phygital_reader::Tap| TapView {
        at: tap.presentation.at.to_string(),
        technology: technology(&tap.presentation.card),
        card_uid: hex(tap.presentation.card.uid.as_bytes()),
        judged: Judged::from(tap.verdict()),
    };
    let view = match event {
        TapEvent::ReaderUp => View::ReaderUp,
        TapEvent::ReaderDown { error, retry_in } => View::ReaderDown {
            reason: error.to_string(),
            retry_in_ms: u64::try_from(retry_in.as_millis()).unwrap_or(u64::MAX),
        },
        TapEvent::Tap(one) => View::Tap(tap(one)),
        TapEvent::SameAgain(one) => View::SameAgain(tap(one)),
        TapEvent::Unreadable { why } => View::Unreadable { reason: why.to_string() },
        TapEvent::CardGone => View::CardGone,
        _ => return Ok(()),
    };
    if output.is_json() {
        output.object(&view)?;
    } else {
        output.text(view.line())?;
    }
    output.flush()
}

impl View {
    /// One line for people.
    fn line(&self) -> String {
        match self {
            View::ReaderUp => "the reader is there".to_owned(),
            View::ReaderDown { reason, retry_in_ms } => {
                format!("no reader: {}; again in {retry_in_ms} ms", clean(reason))
            }
            View::Tap(tap) => tap.line(""),
            View::SameAgain(tap) => tap.line(" (the same again)"),
            View::Unreadable { reason } => format!("not read: {}", clean(reason)),
            View::CardGone => "gone".to_owned(),
        }
    }
}

impl TapView {
    fn line(&self, again: &str) -> String {
        let Judged { verdict, uid, read_ctr, reason, .. } = &self.judged;
        let uid = uid.map_or_else(|| "-".to_owned(), |uid| uid.to_string());
        let counter = read_ctr.map_or_else(|| "-".to_owned(), |ctr| ctr.to_string());
        let why = reason.unwrap_or("-");
        format!("{:<15} {uid:<14} {counter:>8}  {why:<17} {}{again}", verdict.name(), self.at)
    }
}
