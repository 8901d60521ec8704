//! `attribution ledger`: credits posted into an append-only file, and what it said at any time.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use phygital_core::attribution::{Cause, CreditLedger, LedgerEntry, LedgerFault, Posting, Sums};
use phygital_core::vocab::{Currency, Money, Timestamp};
use serde_json::json;

use super::shop;
use crate::attribution_order_arguments::{Ledger, OrderOfLedger, Post, ShowLedger};
use crate::failure::{Exit, Failure};
use crate::lines::Lines;
use crate::output::Output;
use crate::settings::name;
use crate::shop::Shop;

/// Longest line of a ledger, in bytes: an entry of some hundred thousand touches is a robot's.
const LINE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Runs one of the commands of `attribution ledger`.
pub(super) fn ledger(shop: &Shop, with: &Ledger, output: &mut Output) -> Result<Exit, Failure> {
    match with {
        Ledger::Post(with) => post(shop, with, output),
        Ledger::Show(with) => show(with, output),
        Ledger::Order(with) => order(with, output),
    }
}

fn post(shop: &Shop, with: &Post, output: &mut Output) -> Result<Exit, Failure> {
    let path = &with.file.ledger;
    let gathered = shop::gather(shop, &with.journeys, output)?;
    let credits = gathered.attribute(gathered.run(&with.model)?)?;
    let failed = |error: std::io::Error| Failure::io(&name(path), &error);
    let mut file = OpenOptions::new().create(true).read(true).append(true).open(path).map_err(failed)?;
    let read = read_open(&file, path)?;
    let mut ledger = read.ledger;
    let posted = ledger.post(&credits, gathered.now);
    let mut lines = posted.iter().map(|entry| entry.write() + "\n").collect::<String>();
    if !posted.is_empty() {
        if read.unended {
            lines.insert(0, '\n');
        }
        if let Some(sound) = read.torn {
            // A posting that a power cut ended: it was never answered for.
            output.note("the last line of the ledger was cut off while it was written, and is left out");
            file.set_len(sound).map_err(failed)?;
        }
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        file.write_all(lines.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    }
    gathered.notes(output);
    let causes = counted(&posted);
    let run = credits.run();
    if output.is_json() {
        let faults = shop::faults(&gathered.journeys.faults);
        output.object(&json!({
            "model": run.name(), "run": run.id(), "posted": posted.len(), "causes": causes,
            "orders": credits.orders().len(), "unidentified": gathered.journeys.unidentified, "faults": faults,
        }))?;
    } else {
        output.text(format_args!("{} entries posted for {} orders", posted.len(), credits.orders().len()))?;
        let rows = causes.iter().map(|(cause, count)| vec![(*cause).to_owned(), count.to_string()]);
        output.table(&["cause", "entries"], rows.collect())?;
    }
    Ok(Exit::Done)
}

fn counted(posted: &[LedgerEntry]) -> std::collections::BTreeMap<&'static str, u64> {
    let mut causes = std::collections::BTreeMap::new();
    for cause in posted.iter().flat_map(|entry| &entry.causes) {
        *causes.entry(Cause::code(*cause)).or_default() += 1;
    }
    causes
}

fn show(with: &ShowLedger, output: &mut Output) -> Result<Exit, Failure> {
    let (ledger, model, at) = open(with, output)?;
    let sums = ledger.sums(&model, at);
    if output.is_json() {
        let of_currency = |(currency, sums): (&Currency, &Sums)| {
            let told = json!({
                "currency": currency, "orders": sums.orders, "unattributed_orders": sums.unattributed_orders,
                "net_minor": whole(sums.net), "unattributed_minor": whole(sums.unattributed),
                "credits_minor": sums.by_channel.iter()
                    .map(|(channel, minor)| (channel.to_string(), whole(*minor)))
                    .collect::<serde_json::Map<_, _>>(),
            });
            told
        };
        let as_of = with.as_of;
        let sums = sums.iter().map(of_currency).collect::<Vec<_>>();
        output.object(&json!({ "model": model, "as_of": as_of, "sums": sums, "causal": false }))?;
        return Ok(Exit::Done);
    }
    for (currency, sums) in &sums {
        let money = |minor: i128| amount(minor, *currency);
        let channels =
            sums.by_channel.iter().map(|(channel, minor)| vec![channel.to_string(), money(*minor)]);
        let left = vec!["(unattributed)".to_owned(), money(sums.unattributed)];
        let all = vec!["(net value)".to_owned(), money(sums.net)];
        output.text(format_args!(
            "{}: {} orders, {} without a touch that counts",
            model, sums.orders, sums.unattributed_orders
        ))?;
        output.table(&["channel", "credit"], channels.chain([left, all]).collect())?;
    }
    Ok(Exit::Done)
}

fn order(with: &OrderOfLedger, output: &mut Output) -> Result<Exit, Failure> {
    let (ledger, model, at) = open(&with.ledger, output)?;
    let postings = ledger.postings(&model, &with.order);
    let postings = postings.iter().filter(|posting| posting.entry.posted_at <= at).collect::<Vec<_>>();
    if postings.is_empty() {
        return Err(Failure::no("unknown", "nothing was posted for an order of that id"));
    }
    let account = |channel: &Option<Box<str>>| channel.as_deref().unwrap_or("(unattributed)").to_owned();
    let causes =
        |posting: &Posting<'_>| posting.entry.causes.iter().map(|cause| cause.code()).collect::<Vec<_>>();
    if output.is_json() {
        for posting in postings {
            let lines = posting.lines.iter().map(|line| {
                json!({ "channel": line.channel, "currency": line.currency, "minor": whole(line.minor) })
            });
            output.object(&json!({
                "model": model, "order": posting.entry.order, "number": posting.entry.number,
                "at": posting.entry.posted_at, "run": posting.entry.run, "causes": causes(posting),
                "net_minor": posting.entry.net.minor(), "currency": posting.entry.net.currency(),
                "lines": lines.collect::<Vec<_>>(),
            }))?;
        }
        return Ok(Exit::Done);
    }
    let mut rows = Vec::new();
    for posting in postings {
        let first = vec![posting.entry.posted_at.to_string(), causes(posting).join(", ")];
        for (at, line) in posting.lines.iter().enumerate() {
            let head = if at == 0 { first.clone() } else { vec![String::new(); 2] };
            rows.push([head, vec![account(&line.channel), amount(line.minor, line.currency)]].concat());
        }
        if posting.lines.is_empty() {
            rows.push([first, vec![String::new(), "0".to_owned()]].concat());
        }
    }
    output.table(&["posted", "why", "channel", "amount"], rows)?;
    Ok(Exit::Done)
}

/// The ledger, the model that is asked about, and the time.
fn open(with: &ShowLedger, output: &Output) -> Result<(CreditLedger, String, Timestamp), Failure> {
    let path = &with.file.ledger;
    let file = File::open(path).map_err(|error| Failure::io(&name(path), &error))?;
    let read = read_open(&file, path)?;
    if read.torn.is_some() {
        output.note("the last line of the ledger was cut off while it was written, and is left out");
    }
    let models = read.ledger.models().into_iter().map(str::to_owned).collect::<Vec<_>>();
    let model = match (&with.model, &models[..]) {
        (Some(model), _) => model.to_string(),
        (None, [only]) => only.clone(),
        (None, _) => {
            let message = format!("--model: the ledger has books of {}; name one", models.join(", "));
            return Err(Failure::misuse("bad_argument", message));
        }
    };
    Ok((read.ledger, model, with.as_of.unwrap_or(Timestamp::MAX)))
}

/// A ledger as it lies in a file.
struct Lying {
    ledger: CreditLedger,
    /// How many bytes of the file are sound, where its last line is cut off.
    torn: Option<u64>,
    /// Whether its last line is an entry that has no end of line.
    unended: bool,
}

fn read_open(file: &File, path: &Path) -> Result<Lying, Failure> {
    let failed = |error: std::io::Error| Failure::io(&name(path), &error);
    let ends = ends_with_line(file).map_err(failed)?;
    let mut lines = Lines::of_at_most(LINE_BYTES_MAX, BufReader::new(file));
    let mut ledger = CreditLedger::new();
    let mut torn = None;
    let mut sound = 0;
    let length = file.metadata().map_err(failed)?.len();
    while let Some(line) = lines.next().map_err(failed)? {
        let last = lines.bytes() == length;
        let entry = match line.cut {
            true => Err("expected a line of at most 16 MiB".to_owned()),
            false => read_line(&line.bytes).map_err(|fault| fault.to_string()),
        };
        match entry {
            Ok(entry) => {
                ledger.insert(entry);
                sound = lines.bytes();
            }
            Err(_) if last && !ends => torn = Some(sound),
            Err(fault) => {
                let message = format!("{}: {fault}", name(path));
                return Err(Failure::misuse("malformed", message).at_line(line.number));
            }
        }
    }
    Ok(Lying { ledger, torn, unended: !ends && torn.is_none() })
}

fn read_line(bytes: &[u8]) -> Result<LedgerEntry, LedgerFault> {
    let text = std::str::from_utf8(bytes).map_err(|error| LedgerFault::Json(error.valid_up_to() + 1))?;
    LedgerEntry::read(text)
}

/// Whether the file is empty or its last byte ends a line. Leaves it at its start.
fn ends_with_line(mut file: &File) -> std::io::Result<bool> {
    let mut last = [b'\n'];
    if file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(last == [b'\n'])
}

/// A sum in JSON: a number where 64 bits hold it, else a text.
fn whole(minor: i128) -> serde_json::Value {
    i64::try_from(minor).map_or_else(|_| minor.to_string().into(), Into::into)
}

fn amount(minor: i128, currency: Currency) -> String {
    match i64::try_from(minor) {
        Ok(minor) => Money::new(minor, currency).to_string(),
        Err(_) => format!("{minor} minor units of {currency}"),
    }
}
