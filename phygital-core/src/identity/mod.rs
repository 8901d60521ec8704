//! Who is who: which identifiers are one customer.
//!
//! The answer is a function of the set of what is known, never of its order:
//!
//! 1. What is known is [`evidence`]; what is live of it are [`Sighting`]s, and [`Ruling`]s of people.
//! 2. A blocked value (a junk number, a test address) links nothing ([`Rules::is_blocked`]). An
//!    identifier that was named with more others of a kind than its own kind allows is *shared*, and
//!    links nothing either ([`Class`]): a family's phone does not make one person of two. One that was
//!    given out again has an epoch for each who had it ([`hold`]).
//! 3. What is left falls into components. Within a component the links are taken in one fixed
//!    order, strongest first, and unite their ends unless a limit, names, dates of birth or a ruling
//!    stand in the way ([`union`]). Greedy in an order of the set itself, so the result does not
//!    depend on arrival.
//! 4. A customer is named by what was seen first of hers.
//!
//! [`resolver`] does all that for sightings in memory, and again for what a change touches; the engine
//! gives the cut what its rows say. Un-merging is a later ruling, or a fact taken back; [`why`] tells
//! what ties two together, and what keeps them apart.

mod births;
mod blocked;
mod class;
mod evaluation;
pub mod evidence;
mod golden;
pub mod history;
mod holding;
mod household;
pub mod matching;
mod names;
mod repair;
pub mod resolver;
pub mod review;
mod rules;
mod rules_json;
mod ruling;
mod sighting;
mod spelling;
pub mod union;
pub mod why;

pub use births::births_agree;
pub use class::Class;
pub use evaluation::{Blocking, Evaluation, Pairs};
pub use golden::{Criterion, Decided, Golden, Group, Other, Survivor, Survivorship, SurvivorshipError};
pub use holding::{EPOCHS_MAX, HOLDING_NAMES_MAX, HOLDING_PARTNERS_MAX, Holding, Seen, hold};
pub use household::{ADDRESS_PROFILES_MAX, Household, HouseholdClass, Resident, households};
pub use names::{Name, agree};
pub use repair::{REPAIRED_LOCAL_CHARS_MIN, REPAIRED_SIGHTINGS_MAX, Repairs, is_slip, slips};
pub use rules::{HouseholdLimits, Rules, primary};
pub use rules_json::{RULES_JSON_MAX, RULES_PATTERNS_MAX, RulesJsonError};
pub use ruling::{Ruling, Subject};
pub use sighting::{Details, Named, Sighting};
