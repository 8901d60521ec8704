//! Who is who: which identifiers are one customer.
//!
//! The answer is a function of the set of events, never of their order:
//!
//! 1. An event that names several identifiers links them; an *Identifiers Linked* event says that
//!    two are one person, an *Identifiers Separated* event that they are not. The later of the two
//!    holds.
//! 2. A blocked value (a junk number, a test address) links nothing ([`Rules::is_blocked`]). An
//!    identifier that was named with more others of a kind than its own kind allows is *shared*, and
//!    links nothing either ([`Rules::limit`]): a family's phone does not make one person of two.
//! 3. What is left falls into components. Within a component the links are taken in one fixed
//!    order, strongest first, and unite their ends unless that would join two that were separated
//!    ([`partition`]). Greedy in an order of the set itself, so the result does not depend on
//!    arrival.
//! 4. A customer is named by the identifier seen first among hers.
//!
//! Un-merging is a later event; [`path`] tells which events tie two identifiers together.

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
