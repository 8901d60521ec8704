//! Brings a Segment export into a store: one message a line (`track`, `identify`, `page`, …), then says who is known.
//!
//! ```sh
//! cargo run -p phygital-examples --example import_segment -- export.jsonl shop.db
//! ```
//!
//! Run it again and nothing is there twice: an event is known by its `messageId`.

#![allow(clippy::print_stdout, reason = "an example speaks to people")]

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::time::{SystemTime, UNIX_EPOCH};

use phygital_core::engine::{Config, Engine, EntropyError};
use phygital_core::event::{CodecOptions, Event};
use phygital_core::store::{Read, Store};
use phygital_core::tap::Keys;
use phygital_core::vocab::Timestamp;
use phygital_store::Sqlite;
use ring::rand::{SecureRandom, SystemRandom};

/// Events in one transaction: a commit waits for the disk once for all of them.
const BATCH: usize = 1_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(export), Some(store)) = (arguments.next(), arguments.next()) else {
        return Err("expected two arguments: the export, and the store to write to".into());
    };
    let random = SystemRandom::new();
    let entropy = move |bytes: &mut [u8]| random.fill(bytes).map_err(|_| EntropyError);
    let mut engine = Engine::open(Sqlite::open(store)?, Config::default(), Keys::none(), entropy)?;

    // What the messages do not say of themselves: who sent them, in which currency a bare price is, in which
    // country a number without a prefix.
    let mut options = CodecOptions::default();
    options.source = Some("//segment/web".parse()?);
    options.currency = Some("USD".parse()?);
    options.region = Some("US".parse()?);

    let (mut batch, mut counts) = (Vec::new(), Counts::default());
    for (number, line) in (1..).zip(BufReader::new(File::open(export)?).lines()) {
        match Event::from_json(&line?, &options) {
            Ok(event) => batch.push(event),
            // The error says which field, and never the value.
            Err(error) => println!("line {number}: {error}"),
        }
        if batch.len() == BATCH {
            send(&mut engine, std::mem::take(&mut batch), &mut counts)?;
        }
    }
    send(&mut engine, batch, &mut counts)?;
    let customers = engine.store().reader()?.customers()?;
    println!("{} new, {} known, {} refused; {customers} customers", counts.new, counts.known, counts.refused);
    Ok(())
}

#[derive(Default)]
struct Counts {
    new: u32,
    known: u32,
    refused: u32,
}

fn send(engine: &mut Engine<Sqlite>, events: Vec<Event>, counts: &mut Counts) -> Result<(), Box<dyn Error>> {
    for answer in engine.record_all(events, now()?)? {
        match answer {
            Ok(accepted) if accepted.is_new() => counts.new += 1,
            Ok(_) => counts.known += 1,
            Err(error) => {
                counts.refused += 1;
                println!("refused: {error}");
            }
        }
    }
    Ok(())
}

/// The library asks for no time: its host tells it.
fn now() -> Result<Timestamp, Box<dyn Error>> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(Timestamp::from_micros(i64::try_from(since.as_micros())?)?)
}
