//! How much a profile keeps of each thing.
//!
//! A profile is one row that is read and written with every event of its customer, so it keeps what
//! a card shows and what later events may change; the log keeps the rest. Past a limit the oldest
//! goes.

use std::time::Duration;

/// How long after the last sign of her a visit still goes on: longer than lunch, shorter than the
/// time between a morning and an evening visit.
pub const VISIT_GAP: Duration = Duration::from_secs(4 * 60 * 60);

/// Most visits kept.
pub const VISITS_MAX: usize = 5;

/// Most orders kept. An order past it stays in the sums but can no longer be refunded or cancelled
/// there: 64 orders outlast every return period but a wholesaler's.
pub const ORDERS_MAX: usize = 64;

/// Most orders of which only an update, refund or cancellation is known so far.
pub const ORDERS_PENDING_MAX: usize = 8;

/// Most lines kept of one order.
pub const ORDER_LINES_MAX: usize = 8;

/// Most lines kept of all orders; the lines of the oldest orders go first.
pub const LINES_MAX: usize = 16;

/// Greatest amount of one order, in minor units: sums of 90,000 such orders fit 64 bits.
pub const ORDER_MINOR_MAX: i64 = 100_000_000_000_000;

/// Most products, lists and searches kept that she looked at.
pub const LOOKS_MAX: usize = 8;

/// Most lines of the cart.
pub const CART_MAX: usize = 12;

/// Most products of the wish list.
pub const WISHES_MAX: usize = 12;

/// Most products kept that she tried on.
pub const TRIED_ON_MAX: usize = 6;

/// Most acts of help kept.
pub const ASSISTS_MAX: usize = 3;

/// Most loyalty programmes of one customer.
pub const MEMBERSHIPS_MAX: usize = 3;

/// Most attributes known of one customer.
pub const ATTRIBUTES_MAX: usize = 24;

/// Most facts kept of one attribute: what holds now, and what holds once that has expired or was
/// taken back.
pub const ATTRIBUTE_FACTS_MAX: usize = 4;

/// No profile's JSON is longer, in bytes, whatever the events: what the other limits add up to where
/// every text is of characters that JSON writes with six. An active customer's is about 2 KiB.
pub const PROFILE_BYTES_MAX: usize = 1024 * 1024;

/// Longest short text kept (key, name or size of a product, value of an attribute), in bytes; the
/// rest is cut off, so two keys that differ only past it are one product.
pub const SHORT_TEXT_BYTES_MAX: usize = 96;

/// Longest sentence or address kept, in bytes: two text messages.
pub const LONG_TEXT_BYTES_MAX: usize = 320;

/// Below this confidence, in percent, a statement that was read out of a sentence is a guess.
pub const CONFIDENCE_MIN_PERCENT: u32 = 50;

/// For so many days what was bought is not offered again.
pub const NOT_AGAIN_DAYS: u64 = 30;

/// A cart that was not touched for so long was left behind.
pub const CART_COLD: Duration = Duration::from_secs(60 * 60);

/// Fewest kept pieces of one brand or colour from which a liking is inferred.
pub const INFERRED_PIECES_MIN: u32 = 2;

/// Most talking points on a card: what an associate reads at a glance.
pub const TALKING_POINTS_MAX: usize = 6;

/// Most talking points on one topic, so that a long wish list does not hide the last order.
pub const TOPIC_POINTS_MAX: usize = 2;

/// Most orders on a card.
pub const CARD_ORDERS_MAX: usize = 5;
