//! What each touch was worth: credit for conversions among the channels of their journeys, exact and reproducible.
//!
//! Attribution shares out what happened; it does not say what a touch caused.
//!
//! [`Journeys`] hold touches and outcomes in columns. [`Rule`]s give each touch of a path its [`Shares`], which are exact
//! fractions and split an order's money to the cent. [`Credits`] sum a rule over journeys. All aggregates here are sums of
//! integers: parts folded apart and merged give the same bytes as the whole, in any order and on every platform.

mod channels;
mod codec;
mod credits;
mod journeys;
mod outcome;
mod rule;
mod shares;

pub use channels::{ChannelError, ChannelId, Channels, Roster};
pub use codec::{AggregateError, MergeError};
pub use credits::Credits;
pub use journeys::{JourneyError, JourneyFault, Journeys, Part};
pub use outcome::{Count, Outcome};
pub use rule::{Milestones, Path, Places, Rule, RuleError};
pub use shares::{Credit, Shares, SharesError};
