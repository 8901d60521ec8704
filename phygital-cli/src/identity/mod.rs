//! Files of events and records, what their columns mean, and what becomes of them.

mod assertions;
mod config;
mod mapping;
mod names;
mod people;
mod records;
mod rulings;
mod waterfall;

pub(crate) use config::Config;
pub(crate) use people::{People, described_fields};
pub(crate) use records::{pair, records};
pub(crate) use waterfall::{Bar, Waterfall};
