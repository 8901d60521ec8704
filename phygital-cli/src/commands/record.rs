//! `record`: events from a file or a pipe into the log.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Instant;

use indicatif::ProgressBar;
use phygital_core::engine::{Accepted, Engine, Error};
use phygital_core::event::{CodecOptions, Event};
use phygital_store::Sqlite;
use serde::Serialize;

use super::ReceiptView;
use super::segment_batch::Batch;
use crate::arguments::Record;
use crate::failure::{Exit, Failure};
use crate::lines::{LINE_BYTES_MAX, Line, Lines};
use crate::output::Output;
use crate::settings::name;
use crate::shop::{Shop, currency, region};

/// One event of the input, or why there is none.
struct Item {
    line: u64,
    /// Which message of a batch, from 1.
    message: Option<usize>,
    /// How far the input is read.
    bytes: u64,
    event: Result<Box<Event>, Failure>,
}

/// What became of one event, as programs read it.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<usize>,
    /// `accepted`, `known` or `refused`.
    result: &'static str,
    #[serde(flatten)]
    receipt: Option<ReceiptView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

/// How many events became what.
#[derive(Debug, Default, Clone, Copy, Serialize)]
struct Summary {
    accepted: u64,
    known: u64,
    refused: u64,
    seconds: f64,
    events_per_second: u64,
}

/// Records events as they come: one transaction for all that wait, up to the batch; a refused event holds up
/// nobody.
pub(crate) fn record(shop: &Shop, with: Record, output: &mut Output) -> Result<Exit, Failure> {
    let settings = shop.settings()?;
    let mut options = CodecOptions::default();
    options.source = with.source;
    options.currency = currency(with.currency.as_deref(), &settings)?;
    options.region = region(with.region.as_deref(), &settings)?;
    let mut engine = shop.open(&settings)?;
    let is_pipe = with.file == Path::new("-");
    let input = Input::open(&with.file)?;
    let bar = output.progress(input.length, "bytes");
    // A second thread reads and parses while this one waits for the disk.
    let (sender, receiver) = sync_channel(2 * with.batch);
    thread::spawn(move || parse(input, &options, &sender));
    let mut recorder = Recorder { shop, engine: &mut engine, output, bar: &bar, summary: Summary::default() };
    let began = Instant::now();
    let result = recorder.run(&receiver, with.batch, is_pipe);
    bar.finish_and_clear();
    let mut summary = recorder.summary;
    summary.seconds = began.elapsed().as_secs_f64();
    let events = summary.accepted + summary.known + summary.refused;
    // Whole events, so the fraction may go.
    summary.events_per_second = (events as f64 / summary.seconds.max(1e-6)) as u64;
    report(&summary, output)?;
    result?;
    Ok(if summary.refused > 0 { Exit::Misuse } else { Exit::Done })
}

/// Where events come from.
struct Input {
    reader: Box<dyn BufRead + Send>,
    name: String,
    length: u64,
}

impl Input {
    fn open(path: &PathBuf) -> Result<Input, Failure> {
        if path == Path::new("-") {
            let reader = Box::new(BufReader::new(io::stdin()));
            return Ok(Input { reader, name: "standard input".to_owned(), length: 0 });
        }
        let name = name(path);
        let failed = |error: io::Error| Failure::io(&name, &error);
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        Ok(Input { reader: Box::new(BufReader::with_capacity(256 * 1024, file)), name, length })
    }
}

/// Reads all lines and sends their events, until nobody receives them any more.
fn parse(input: Input, options: &CodecOptions, sender: &SyncSender<Result<Item, Failure>>) {
    let mut lines = Lines::new(input.reader);
    loop {
        let line = match lines.next() {
            Ok(Some(line)) => line,
            Ok(None) => return,
            Err(error) => {
                let _ = sender.send(Err(Failure::io(&input.name, &error)));
                return;
            }
        };
        for (message, event) in events(&line, options) {
            let (line, bytes) = (line.number, lines.bytes());
            let event = event.map_err(|failure| failure.at_line(line));
            if sender.send(Ok(Item { line, message, bytes, event })).is_err() {
                return;
            }
        }
    }
}

/// An event, or why there is none, with its number in a batch.
type Numbered = (Option<usize>, Result<Box<Event>, Failure>);

/// The events of a line: one, or those of a batch with their number in it.
fn events(line: &Line, options: &CodecOptions) -> Vec<Numbered> {
    if line.cut {
        let failure =
            Failure::misuse("too_long", format!("expected at most {LINE_BYTES_MAX} bytes in a line"));
        return vec![(None, Err(failure))];
    }
    if let Some(batch) = std::str::from_utf8(&line.bytes).ok().and_then(Batch::read) {
        let events = batch.events(options).into_iter().zip(1..);
        let named = |(event, number): (Result<Event, _>, usize)| {
            let event = event
                .map(Box::new)
                .map_err(|error| Failure::from(error).while_doing(&format!("message {number}")));
            (Some(number), event)
        };
        return events.map(named).collect();
    }
    vec![(None, Event::from_bytes(&line.bytes, options).map(Box::new).map_err(Failure::from))]
}

struct Recorder<'r> {
    shop: &'r Shop,
    engine: &'r mut Engine<Sqlite>,
    output: &'r mut Output,
    bar: &'r ProgressBar,
    summary: Summary,
}

impl Recorder<'_> {
    /// Takes what waits, at least one event and at most a batch, until there is nothing more. From a pipe an
    /// event is recorded at once when no other waits behind it.
    fn run(
        &mut self,
        receiver: &Receiver<Result<Item, Failure>>,
        most: usize,
        is_pipe: bool,
    ) -> Result<(), Failure> {
        while let Ok(first) = receiver.recv() {
            let mut items = vec![first?];
            let mut failed = None;
            while items.len() < most && failed.is_none() {
                let next = if is_pipe { receiver.try_recv().ok() } else { receiver.recv().ok() };
                match next {
                    Some(Ok(item)) => items.push(item),
                    Some(Err(failure)) => failed = Some(failure),
                    None => break,
                }
            }
            self.commit(items)?;
            if let Some(failure) = failed {
                return Err(failure);
            }
        }
        Ok(())
    }

    /// Records a batch in one transaction and answers for each of its events, in order.
    fn commit(&mut self, items: Vec<Item>) -> Result<(), Failure> {
        let (first, last) =
            (items.first().map_or(0, |item| item.line), items.last().map_or(0, |item| item.line));
        let bytes = items.last().map_or(0, |item| item.bytes);
        let mut events = Vec::with_capacity(items.len());
        let mut places = Vec::with_capacity(items.len());
        for item in items {
            let refused = match item.event {
                Ok(event) => {
                    events.push(*event);
                    None
                }
                Err(failure) => Some(failure),
            };
            places.push((item.line, item.message, refused));
        }
        let answers = self.engine.record_all(events, self.shop.now()?).map_err(|error| {
            Failure::from(error).while_doing(&format!("lines {first} to {last} are not recorded"))
        })?;
        let mut answers = answers.into_iter();
        for (line, message, refused) in places {
            match refused {
                Some(failure) => self.refuse(line, message, &failure)?,
                None => match answers.next() {
                    Some(Ok(accepted)) => self.accept(line, message, &accepted)?,
                    // In doubt whether it was written: the rest of the answers would be guesses.
                    Some(Err(error @ (Error::Storage(_) | Error::Bug(_)))) => {
                        return Err(Failure::from(error).at_line(line));
                    }
                    Some(Err(error)) => self.refuse(line, message, &Failure::from(error).at_line(line))?,
                    None => return Err(Failure::failed("bug", "an event has no answer").at_line(line)),
                },
            }
        }
        self.bar.set_position(bytes);
        self.output.flush()
    }

    fn accept(&mut self, line: u64, message: Option<usize>, accepted: &Accepted) -> Result<(), Failure> {
        let result = if accepted.is_new() { "accepted" } else { "known" };
        let count = if accepted.is_new() { &mut self.summary.accepted } else { &mut self.summary.known };
        *count += 1;
        if !self.output.is_json() {
            return Ok(());
        }
        let receipt = Some(ReceiptView::from(accepted.receipt()));
        self.output.object(&Answer { line, message, result, receipt, reason: None, detail: None })
    }

    fn refuse(&mut self, line: u64, message: Option<usize>, failure: &Failure) -> Result<(), Failure> {
        self.summary.refused += 1;
        self.bar.suspend(|| self.output.refusal(failure));
        if !self.output.is_json() {
            return Ok(());
        }
        let (reason, detail) = (Some(failure.kind), Some(failure.message.as_str()));
        self.output.object(&Answer { line, message, result: "refused", receipt: None, reason, detail })
    }
}

fn report(summary: &Summary, output: &mut Output) -> Result<(), Failure> {
    if output.is_json() {
        // The answers alone stand on standard output.
        crate::output::complain(&serde_json::json!({ "summary": summary }).to_string());
        return Ok(());
    }
    let row = |name: &str, count: u64| vec![name.to_owned(), count.to_string()];
    let rows = vec![
        row("accepted", summary.accepted),
        row("already known", summary.known),
        row("refused", summary.refused),
        row("events a second", summary.events_per_second),
    ];
    output.table(&[], rows)
}
