//! Journeys: which touches an order had before it, which of them count, and why the others do not.
//!
//! A [`Touch`] is how a customer met the shop; an [`Order`] is what came of it. [`Journey::of`] holds the touches of a
//! customer against one of her orders, by [`Settings`], in one stated order of rules; a touch that does not count is kept
//! with its [`Exclusion`]. An order without a touch that counts is *unattributed*: a journey all the same, without touches.
//! [`Orders`] folds what was said of orders (placed, changed, paid back, called off) into what they came to, and
//! [`Reading`] reads both out of the log's events.
//!
//! Everything here is a function of a set: the order in which touches and facts come in changes nothing.

mod eligible;
mod order;
mod orders;
mod reading;
mod settings;
mod touch;

pub use eligible::{Excluded, Exclusion, Journey, Known, Milestones, OpenJourney, Standing};
pub use order::Order;
pub use orders::{Fact, OrderFaults, Orders, Said};
pub use reading::{
    CHANNEL_AD, CHANNEL_ASSOCIATE, CHANNEL_CHAT, CHANNEL_PUSH, CHANNEL_SMS, Milestone, Reading, Sign, fact,
    milestone, sign,
};
pub use settings::{Refunded, Settings};
pub use touch::{Touch, TouchKind, UnknownTouchKind};
