//! Bounds that keep the work of one event constant, whatever else was said. They are part of the partition: the slow way
//! and the fast way keep to the same.

/// Most identifiers of one sighting that are used, in the order of their kinds and keys. Evidence holds as many at most.
pub const NAMED_MAX: usize = 32;

/// Most different partners that an identifier may have, whatever the rules say. What has more is crowded: a kiosk, a
/// switchboard. Nothing more is asked of it, and it links nothing.
pub const PARTNERS_MAX: usize = 1_024;

/// Most names that an identifier may be seen with before it is crowded. Nobody is written in so many ways.
pub const NAMES_MAX: usize = crate::identity::holding::HOLDING_NAMES_MAX;

/// Most sightings of an identifier among which epochs and other holders are looked for. With more it has one epoch, and
/// its class is by partners alone: a customer of many years stays one.
pub const SEEN_MAX: usize = 1_024;
