//! One file for each command.

mod card;
mod check;
mod consent;
mod consent_exchange;
mod diagnose;
mod explain;
mod identity;
mod init;
mod log;
mod outbox;
mod person;
mod provision;
mod read;
mod reader;
mod rebuild;
mod record;
mod review;
mod rules;
mod segment_batch;
mod selftest;
mod simulate;
mod simulate_phone;
mod tag;
mod vectors;
mod verify;

pub(crate) use card::card;
pub(crate) use consent::consent;
pub(crate) use diagnose::diagnose;
pub(crate) use explain::explain;
pub(crate) use identity::identity;
pub(crate) use init::init;
pub(crate) use log::log;
pub(crate) use outbox::outbox;
pub(crate) use person::person;
pub(crate) use read::read;
pub(crate) use reader::{list, watch};
pub(crate) use rebuild::rebuild;
pub(crate) use record::record;
pub(crate) use review::review;
pub(crate) use rules::rules;
pub(crate) use selftest::selftest;
pub(crate) use simulate::simulate;
pub(crate) use tag::tag;
pub(crate) use vectors::vectors;
pub(crate) use verify::verify;

use phygital_core::engine::Receipt;
use phygital_core::event::Origin;
use phygital_core::vocab::{DeviceId, EventKey, Timestamp};
use serde::Serialize;

use crate::arguments::Demo;
use crate::demo;
use crate::failure::{Exit, Failure};
use crate::output::Output;

/// How many rows a list reads at once.
const PAGE: usize = 256;

/// Plays the demonstration.
pub(crate) fn demo(with: Demo, output: &Output) -> Result<Exit, Failure> {
    let Demo { seed, customers, events, out, quiet } = with;
    demo::run(&demo::Options { seed, customers, events, out, quiet, json: output.is_json() })?;
    Ok(Exit::Done)
}

impl From<demo::Error> for Failure {
    fn from(error: demo::Error) -> Failure {
        let message = error.to_string();
        if error.is_misuse() {
            Failure::misuse("bad_argument", message)
        } else {
            Failure::failed("demo", message)
        }
    }
}

/// A receipt as programs read it.
#[derive(Debug, Serialize)]
struct ReceiptView {
    /// The key of the event's source and id.
    event: EventKey,
    device: DeviceId,
    epoch: u32,
    seq: u64,
    received_at: Timestamp,
}

impl From<&Receipt> for ReceiptView {
    fn from(receipt: &Receipt) -> ReceiptView {
        let Origin { device, epoch, seq } = receipt.origin;
        ReceiptView { event: receipt.key, device, epoch, seq, received_at: receipt.received_at }
    }
}
