//! Anyone's own events in place of the month: one a line, CloudEvents or Segment's wire form.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use chrono::{Days, NaiveDate};
use phygital_core::consent::{Basis, Policy};
use phygital_core::engine::{Config, Engine, EntropyError};
use phygital_core::event::{Body, CodecOptions, Event};
use phygital_core::tap::Keys;
use phygital_core::vocab::{Purpose, Timestamp, Zone};

use super::feed::{Feed, Kind};
use super::generator::draw::Draw;
use super::play::describe;
use super::report::ReportData;
use super::shops::streams;
use super::{Error, Options, finish, new_store, tally};
use crate::lines::Lines;

/// How many events are recorded in one transaction, at most.
const BATCH: usize = 1_000;
/// How many days the pictures show: the last of the data.
const DAYS_MAX: u64 = 366;
/// How many shops the pictures show: those with the most events.
const SHOPS_MAX: usize = 12;

/// Plays the events of a file into a new store, and gives their report.
///
/// The file's own times are the clock: an event is received when it was sent, or when it happened.
pub(super) fn play(
    file: &Path,
    options: &Options,
    store: &Path,
    feed: &mut Feed,
) -> Result<ReportData, Error> {
    let opened = File::open(file).map_err(|source| Error::Read { path: file.to_owned(), source })?;
    let mut lines = Lines::new(BufReader::new(opened));
    let mut random = Draw::new(options.seed, streams::ENGINE);
    let entropy = move |bytes: &mut [u8]| {
        random.fill(bytes);
        Ok::<(), EntropyError>(())
    };
    let policy = Policy::default().with(Purpose::Measurement, Basis::LegitimateInterest);
    let config = Config::default().with_policy(policy);
    let mut engine = Engine::open(new_store(store)?, config, Keys::none(), entropy)?;
    feed.heading(&format!("Events of {}", file.display()))?;

    let mut seen = Seen::default();
    let mut now = Timestamp::MIN;
    let mut batch = Vec::new();
    let mut day: Option<NaiveDate> = None;
    while let Some((line, event)) = next(file, &mut lines)? {
        let date = Zone::UTC.local(event.occurred_at).date();
        if day.is_some_and(|day| day != date) || batch.len() == BATCH {
            record(&mut engine, file, &mut batch, now)?;
        }
        if let Some(done) = day.filter(|day| *day != date) {
            feed.day(&done.to_string(), 0, 0)?;
        }
        day = Some(date);
        now = now.max(event.sent_at.unwrap_or(event.occurred_at));
        seen.note(&event, date);
        let place = event.place.as_ref().map_or("", |place| place.as_str());
        let clock = Zone::UTC.local(event.occurred_at).format("%H:%M").to_string();
        feed.usual(kind_of(&event.body), &clock, place, &describe(&event))?;
        batch.push((line, event));
    }
    record(&mut engine, file, &mut batch, now)?;
    let Some(last) = day else { return Err(Error::NoEvents(file.to_owned())) };
    feed.day(&last.to_string(), 1, 1)?;
    finish(engine, &seen.scope(file), now)
}

fn record(
    engine: &mut Engine<phygital_store::Sqlite>,
    file: &Path,
    batch: &mut Vec<(u64, Event)>,
    now: Timestamp,
) -> Result<(), Error> {
    let (lines, events): (Vec<u64>, Vec<Event>) = batch.drain(..).unzip();
    for (line, answer) in lines.into_iter().zip(engine.record_all(events, now)?) {
        answer.map_err(|source| Error::Refused { path: file.to_owned(), line, source })?;
    }
    Ok(())
}

fn kind_of(body: &Body) -> Kind {
    match body {
        Body::TagTapped(_) => Kind::Anonymous,
        Body::OrderCompleted(_) => Kind::Order,
        Body::OrderRefunded(_) => Kind::Refund,
        Body::OptedIn(_) => Kind::OptIn,
        Body::OptedOut(_) | Body::Unsubscribed(_) => Kind::OptOut,
        Body::AttributeStated(_) => Kind::Stated,
        Body::IdentifiersLinked(_) | Body::IdentifiersSeparated(_) => Kind::Identity,
        _ => Kind::Note,
    }
}

/// The next event of a file, with the number of its line.
fn next(path: &Path, lines: &mut Lines<impl BufRead>) -> Result<Option<(u64, Event)>, Error> {
    let line = lines.next().map_err(|source| Error::Read { path: path.to_owned(), source })?;
    let Some(line) = line else { return Ok(None) };
    // A line that was cut is longer than any event may be, so it is refused for that.
    let event = Event::from_bytes(&line.bytes, &CodecOptions::default());
    let refused = |source| Error::Line { path: path.to_owned(), line: line.number, source };
    event.map(|event| Some((line.number, event))).map_err(refused)
}

/// Days and places of the data.
#[derive(Default)]
struct Seen {
    dates: BTreeSet<NaiveDate>,
    places: BTreeMap<String, u64>,
}

impl Seen {
    fn note(&mut self, event: &Event, date: NaiveDate) {
        self.dates.insert(date);
        if let Some(place) = &event.place {
            *self.places.entry(place.to_string()).or_default() += 1;
        }
    }

    fn scope(self, file: &Path) -> tally::Scope {
        let mut notes = vec![
            "Taps of a file are claims: counted as the file tells them, and none called genuine, since only a link \
             can be verified. Known are those of people with a contact point at the end of the file."
                .to_owned(),
            "Measuring rests on legitimate interest (GDPR, article 6(1)(f)): each customer is asked for before her \
             first touch is looked up, and one who left is not measured."
                .to_owned(),
        ];
        let (first, last) = (self.dates.first().copied(), self.dates.last().copied());
        let (Some(first), Some(last)) = (first, last) else { unreachable!("there was an event") };
        let start = last.checked_sub_days(Days::new(DAYS_MAX - 1)).map_or(first, |start| start.max(first));
        if start > first {
            notes.push(format!(
                "The pictures begin {DAYS_MAX} days before the last one; the totals have all."
            ));
        }
        let mut shops: Vec<(String, u64)> = self.places.into_iter().collect();
        shops.sort_by_key(|(_, events)| std::cmp::Reverse(*events));
        if shops.len() > SHOPS_MAX {
            let text = format!(
                "The pictures show the {SHOPS_MAX} places with the most events; the totals have all."
            );
            notes.push(text);
        }
        shops.truncate(SHOPS_MAX);
        let name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        tally::Scope {
            title: format!("Events of {name}"),
            zone: Zone::UTC,
            shops: shops.into_iter().map(|(place, _)| (place.clone(), place)).collect(),
            days: start.iter_days().take_while(|day| *day <= last).collect(),
            claims: true,
            forged: 0,
            notes,
        }
    }
}
