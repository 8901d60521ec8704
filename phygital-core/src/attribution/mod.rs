//! What each touch was worth: credit for conversions among the channels of their journeys, exact and reproducible.
//!
//! Attribution shares out what happened; it does not say what a touch caused.
//!
//! [`Journeys`] hold touches and outcomes in columns. [`Rule`]s give each touch of a path its [`Shares`], which are exact
//! fractions and split an order's money to the cent. [`Credits`] sum a rule over journeys. All aggregates here are sums of
//! integers: parts folded apart and merged give the same bytes as the whole, in any order and on every platform.

mod bootstrap;
mod calibration;
mod channels;
mod coalitions;
mod codec;
mod columns;
mod costs;
mod credits;
mod explain;
mod groups;
mod journeys;
mod ledger;
mod ledger_lines;
mod markov;
mod model;
mod order;
mod ordered;
mod outcome;
mod people;
mod privacy;
mod ropo;
mod rule;
mod shapley;
mod shares;
mod solve;
mod stability;
mod sums;
mod table;
mod trails;
mod transitions;
mod ways;

pub use bootstrap::{Interval, RankHold, Samples};
pub use calibration::{Calibration, CalibrationError, Calibrations};
pub use channels::{ChannelError, ChannelId, Channels, Roster};
pub use coalitions::Coalitions;
pub use codec::{AggregateError, MergeError};
pub use columns::{ColumnsFault, columns_of, outcome_of};
pub use costs::{CostError, Costs, Return};
pub use credits::Credits;
pub use explain::{
    Attributed, AttributedFault, Explained, ModelRun, RULES_VERSION, Sums, digest_of, weights_of,
};
pub use groups::{Branch, GroupError, Groups, Side};
pub use journeys::{JourneyError, JourneyFault, Journeys, Part};
pub use ledger::{Cause, CreditLedger, Credited, LedgerEntry, Posting, PostingLine};
pub use ledger_lines::{LEDGER_VERSION, LedgerFault};
pub use markov::{Markov, MarkovError};
pub use model::{Model, ModelError, NOT_CAUSAL, Scores, UnknownModel};
pub use order::{OrderChoice, OrderFit};
pub use ordered::{Ordered, PlaceCredit};
pub use outcome::{Count, Outcome};
pub use people::{Contact, People, PeopleError, PersonKey, Sale, Sold};
pub use privacy::{Shown, Threshold, ThresholdError};
pub use ropo::{Crossing, Ropo, RopoRow};
pub use rule::{Milestones, Path, Places, Rule, RuleError};
pub use shapley::{
    Measure, Sampled, ShapleyError, cover_rate_game, cover_rate_game_sampled, journey_subgame, rate_game,
    shapley, sum_game,
};
pub use shares::{Credit, Shares, SharesError};
pub use stability::{Decision, Stability, Standing, Stress, Yardstick, direct};
pub use trails::{End, Lookback, Trail};
pub use transitions::{Target, Transition, Transitions};
pub use ways::{Tally, TopPaths, Ways};
