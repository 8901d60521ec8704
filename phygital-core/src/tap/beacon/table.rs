//! Whose identifier was heard: the identifiers of many beacons over a window of their clocks, computed ahead.

use std::time::Duration;

use super::eid::{Eid, IdentityKey, RotationExponent, Schedule};
use crate::tap::assurance::Assurance;
use crate::tap::limits::{BEACONS_MAX, EID_TABLE_MAX, EID_WINDOW_MAX};
use crate::tap::refusal::TapRefusal;
use crate::vocab::{BeaconId, PlaceId, Timestamp};

/// When a beacon's counter had which value: at its registration, or when it was last heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a value and its moment")]
pub struct BeaconClock {
    /// The counter, in seconds.
    pub counter: u32,
    /// When it had that value.
    pub at: Timestamp,
}

/// How far a beacon's clock may be from where it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drift {
    parts_per_million: u32,
    lost: Duration,
}

impl Default for Drift {
    /// What the specification allows: 150 parts in a million, and the day between two writings of the clock to memory
    /// (Eddystone `eid-computation`, "Recovering from power loss").
    fn default() -> Self {
        Self { parts_per_million: 150, lost: Duration::from_secs(24 * 60 * 60) }
    }
}

impl Drift {
    /// Clocks that run at most so much fast or slow (a million at most, which is any), and lose at most `lost` when their
    /// battery is changed, the time without one included.
    #[must_use]
    pub fn new(parts_per_million: u32, lost: Duration) -> Self {
        Self { parts_per_million: parts_per_million.min(1_000_000), lost }
    }

    /// Where the clock may be at `now`.
    fn window(self, clock: BeaconClock, exponent: RotationExponent, now: Timestamp) -> Window {
        let elapsed = (now.as_micros() - clock.at.as_micros()).div_euclid(1_000_000);
        let expected = i64::from(clock.counter) + elapsed;
        let million = 1_000_000;
        let drift = elapsed.abs() * i64::from(self.parts_per_million) / million + 1;
        let lost = i64::try_from(self.lost.as_secs()).unwrap_or(i64::MAX).min(i64::from(u32::MAX));
        // A beacon may change its identifier anywhere within its rotation, so the one before may still be sent.
        let behind = expected - drift - i64::from(exponent.seconds());
        let rotation = |counter: i64| counter >> exponent.get();
        Window {
            expected,
            first: rotation(behind - lost),
            first_in_step: rotation(behind),
            last: rotation(expected + drift),
        }
    }
}

/// Rotations, counted from the beacon's zero.
struct Window {
    /// The counter that the beacon should have.
    expected: i64,
    first: i64,
    first_in_step: i64,
    last: i64,
}

/// A registered beacon.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "what a registration consists of")]
pub struct Beacon {
    /// Which it is.
    pub id: BeaconId,
    /// Its key.
    pub key: IdentityKey,
    /// How often it rotates.
    pub exponent: RotationExponent,
    /// Its clock, as last known.
    pub clock: BeaconClock,
}

/// Why a table cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EidTableError {
    /// Too many beacons.
    #[error("a table is for at most {BEACONS_MAX} beacons")]
    Beacons,
    /// A beacon has more identifiers in the time of the table than are kept.
    #[error("beacon {beacon} has more than {EID_WINDOW_MAX} identifiers in this time: ask for a shorter one")]
    Window {
        /// The beacon.
        beacon: BeaconId,
    },
    /// More identifiers than a table holds.
    #[error(
        "a table holds at most {EID_TABLE_MAX} identifiers: ask for a shorter time, or for fewer beacons"
    )]
    Full,
    /// A beacon is there twice.
    #[error("beacon {beacon} is there twice")]
    SameId {
        /// The beacon.
        beacon: BeaconId,
    },
    /// Two beacons send the same, so they have the same key.
    #[error("beacons {one} and {two} have the same key")]
    SameKey {
        /// One of them.
        one: BeaconId,
        /// The other.
        two: BeaconId,
    },
}

/// The identifiers that registered beacons may send in a stretch of time.
///
/// Looking one up costs a binary search, however many beacons there are. It holds no key.
///
/// ```
/// use std::time::Duration;
/// use phygital_core::crypto::Secret;
/// use phygital_core::tap::beacon::{Beacon, BeaconClock, Drift, EidTable, IdentityKey, RotationExponent};
/// use phygital_core::vocab::Timestamp;
/// let noon = Timestamp::parse("2026-11-21T12:00:00Z")?;
/// let exponent = RotationExponent::new(10)?;
/// let shelf = Beacon {
///     id: "shelf-7".parse()?,
///     key: IdentityKey::new(Secret::take(&mut [7; 16])),
///     exponent,
///     clock: BeaconClock { counter: 65_280, at: noon },
/// };
/// let an_hour = Duration::from_secs(3_600);
/// let table = EidTable::build([&shelf], Drift::default(), noon, an_hour)?;
/// let heard = shelf.key.eid(exponent, 65_280 + 1_800);
/// let sighting = table.resolve(heard, noon.saturating_add(an_hour / 2))?;
/// assert_eq!(sighting.beacon().as_str(), "shelf-7");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct EidTable {
    beacons: Vec<Known>,
    /// In order.
    entries: Vec<Entry>,
    drift: Drift,
    from: Timestamp,
    until: Timestamp,
}

#[derive(Clone, Debug)]
struct Known {
    id: BeaconId,
    exponent: RotationExponent,
    clock: BeaconClock,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    eid: Eid,
    beacon: u32,
    rotation: i64,
}

impl EidTable {
    /// Computes the identifiers of all `beacons` from `from` on, for `span`.
    ///
    /// Of clocks that lost power the latest [`EID_WINDOW_MAX`] rotations are kept.
    ///
    /// # Errors
    /// [`EidTableError`].
    pub fn build<'b>(
        beacons: impl IntoIterator<Item = &'b Beacon>,
        drift: Drift,
        from: Timestamp,
        span: Duration,
    ) -> Result<Self, EidTableError> {
        let until = from.saturating_add(span);
        let mut table = Self { beacons: Vec::new(), entries: Vec::new(), drift, from, until };
        for Beacon { id, key, exponent, clock } in beacons {
            if table.beacons.len() >= BEACONS_MAX {
                return Err(EidTableError::Beacons);
            }
            let start = drift.window(*clock, *exponent, from);
            let end = drift.window(*clock, *exponent, until);
            let first_kept = end.last.max(start.last) + 1 - EID_WINDOW_MAX as i64;
            let (first, last) = (start.first.min(end.first).max(first_kept), end.last.max(start.last));
            if start.first_in_step.min(end.first_in_step) < first {
                return Err(EidTableError::Window { beacon: id.clone() });
            }
            if table.entries.len() + (last + 1 - first) as usize > EID_TABLE_MAX {
                return Err(EidTableError::Full);
            }
            let beacon = table.beacons.len() as u32;
            let mut schedule = Schedule::new(key);
            table.entries.extend((first..=last).map(|rotation| {
                let eid = schedule.eid(*exponent, counter(rotation, *exponent));
                Entry { eid, beacon, rotation }
            }));
            table.beacons.push(Known { id: id.clone(), exponent: *exponent, clock: *clock });
        }
        table.entries.sort_unstable();
        for pair in table.entries.windows(2) {
            if pair[0].eid == pair[1].eid && pair[0].beacon != pair[1].beacon {
                let id = |entry: &Entry| table.beacons[entry.beacon as usize].id.clone();
                return Err(EidTableError::SameKey { one: id(&pair[0]), two: id(&pair[1]) });
            }
        }
        Ok(table)
    }

    /// Whether the table is for this time.
    #[must_use]
    pub fn covers(&self, now: Timestamp) -> bool {
        (self.from..=self.until).contains(&now)
    }

    /// When it begins.
    pub(super) fn from(&self) -> Timestamp {
        self.from
    }

    /// How many identifiers it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Finds the beacon that sends `eid` at `now`.
    ///
    /// # Errors
    /// [`TapRefusal::NoKey`] for an identifier of none of them; [`TapRefusal::OutOfScope`] for one that its beacon cannot
    /// send at this time, so that it is an old one played back, and for a time that the table does not cover.
    pub fn resolve(&self, eid: Eid, now: Timestamp) -> Result<Sighting, TapRefusal> {
        if !self.covers(now) {
            return Err(TapRefusal::OutOfScope { reason: "the table of beacons is for another time" });
        }
        let start = self.entries.partition_point(|entry| entry.eid < eid);
        let entry = self.entries.get(start).filter(|entry| entry.eid == eid).ok_or(TapRefusal::NoKey)?;
        let Known { id, exponent, clock } = &self.beacons[entry.beacon as usize];
        let window = self.drift.window(*clock, *exponent, now);
        if !(window.first..=window.last).contains(&entry.rotation) {
            return Err(TapRefusal::OutOfScope { reason: "the beacon sends this at another time" });
        }
        let start = entry.rotation << exponent.get();
        let likeliest = window.expected.clamp(start, start + i64::from(exponent.seconds()) - 1);
        let state =
            if entry.rotation >= window.first_in_step { ClockState::InStep } else { ClockState::Behind };
        Ok(Sighting {
            beacon: id.clone(),
            counter: counter(entry.rotation, *exponent),
            offset: entry.rotation - (window.expected >> exponent.get()),
            state,
            clock: BeaconClock { counter: wrapped(likeliest), at: now },
            place: None,
        })
    }
}

/// What a sighting says of the beacon's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "it fits the drift or it does not")]
pub enum ClockState {
    /// Where its drift allows it to be.
    InStep,
    /// Further behind: the beacon lost power, or somebody plays back what it sent earlier.
    Behind,
}

/// A beacon that was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    beacon: BeaconId,
    counter: u32,
    offset: i64,
    state: ClockState,
    clock: BeaconClock,
    place: Option<PlaceId>,
}

impl Sighting {
    /// Where the beacon hangs, as [`super::BeaconRegistry`] was told.
    #[must_use]
    pub fn place(&self) -> Option<&PlaceId> {
        self.place.as_ref()
    }

    pub(super) fn at_place(self, place: Option<PlaceId>) -> Self {
        Self { place, ..self }
    }

    /// Which beacon.
    #[must_use]
    pub fn beacon(&self) -> &BeaconId {
        &self.beacon
    }

    /// The beacon's counter when the rotation of its identifier began.
    #[must_use]
    pub fn counter(&self) -> u32 {
        self.counter
    }

    /// How many rotations it is ahead of where it should be; negative if behind.
    #[must_use]
    pub fn offset(&self) -> i64 {
        self.offset
    }

    /// What it says of the beacon's clock.
    #[must_use]
    pub fn state(&self) -> ClockState {
        self.state
    }

    /// The clock to store in place of the one before, so that drift counts from here on.
    ///
    /// With [`ClockState::Behind`] store it only once somebody knows that the beacon lost power: what an attacker plays
    /// back would set it back, and the true beacon would be lost.
    #[must_use]
    pub fn clock(&self) -> BeaconClock {
        self.clock
    }

    /// [`Assurance::Rotating`].
    #[must_use]
    pub fn assurance(&self) -> Assurance {
        Assurance::Rotating
    }
}

/// The counter at which a rotation begins. The counter has 32 bits and wraps.
fn counter(rotation: i64, exponent: RotationExponent) -> u32 {
    wrapped(rotation << exponent.get())
}

fn wrapped(counter: i64) -> u32 {
    counter as u32
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::crypto::Secret;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000).unwrap()
    }

    fn beacon(byte: u8, exponent: u8, counter: u32, since: i64) -> Beacon {
        Beacon {
            id: format!("beacon-{byte}").parse().unwrap(),
            key: IdentityKey::new(Secret::take(&mut [byte; 16])),
            exponent: RotationExponent::new(exponent).unwrap(),
            clock: BeaconClock { counter, at: at(since) },
        }
    }

    fn heard(beacon: &Beacon, counter: u32) -> Eid {
        beacon.key.eid(beacon.exponent, counter)
    }

    #[test]
    fn each_of_many_beacons_is_told_from_the_others() {
        let beacons: Vec<Beacon> = (0..40).map(|byte| beacon(byte, 10, u32::from(byte) * 1_000, 0)).collect();
        let table = EidTable::build(&beacons, Drift::default(), at(500_000), HOUR).unwrap();
        for one in &beacons {
            let eid = heard(one, one.clock.counter + 500_100);
            let sighting = table.resolve(eid, at(500_100)).unwrap();
            assert_eq!(sighting.beacon(), &one.id);
            assert_eq!(sighting.state(), ClockState::InStep);
            assert_eq!(sighting.assurance(), Assurance::Rotating);
        }
        assert_eq!(table.resolve(Eid::new([7; 8]), at(500_100)), Err(TapRefusal::NoKey));
    }

    #[test]
    fn the_window_closes_on_both_sides() {
        let one = beacon(1, 4, 0, 0);
        // After 1,000,000 seconds a drift of 150 + 1 seconds; 600 lost.
        let drift = Drift::new(150, Duration::from_secs(600));
        let now = 1_000_000;
        let table = EidTable::build([&one], drift, at(now), HOUR).unwrap();
        let resolve = |counter: i64| {
            let sighting = table.resolve(heard(&one, counter as u32), at(now));
            sighting.map(|sighting| sighting.state()).map_err(|refusal| refusal.code())
        };
        assert_eq!(resolve(now + 151), Ok(ClockState::InStep));
        assert_eq!(resolve(now + 151 + 16), Err("out_of_scope"), "it will be sent later");
        assert_eq!(resolve(now - 151 - 16), Ok(ClockState::InStep));
        assert_eq!(resolve(now - 151 - 32), Ok(ClockState::Behind));
        assert_eq!(resolve(now - 151 - 16 - 600), Ok(ClockState::Behind));
        assert_eq!(resolve(now - 151 - 32 - 600), Err("no_key"), "too old for the table");
        assert_eq!(table.resolve(heard(&one, now as u32), at(now - 1)).unwrap_err().code(), "out_of_scope");
        let end = now + 3_600;
        assert!(table.resolve(heard(&one, end as u32), at(end)).is_ok());
        assert_eq!(table.resolve(heard(&one, end as u32), at(end + 1)).unwrap_err().code(), "out_of_scope");
        // What was fresh at the beginning is old at the end.
        assert_eq!(
            table.resolve(heard(&one, (now - 151) as u32), at(end)).unwrap_err().code(),
            "out_of_scope"
        );
    }

    #[test]
    fn a_sighting_sets_the_clock() {
        let mut one = beacon(1, 8, 0, 0);
        // It runs 100 seconds slow in a million.
        for days in 1..40 {
            let now = days * 86_400;
            let table = EidTable::build([&one], Drift::new(150, Duration::ZERO), at(now), HOUR).unwrap();
            let sighting = table.resolve(heard(&one, (now - now / 10_000) as u32), at(now)).unwrap();
            assert_eq!(sighting.state(), ClockState::InStep);
            assert!((-1..=0).contains(&sighting.offset()), "drift never adds up: {}", sighting.offset());
            one.clock = sighting.clock();
        }
    }

    #[test]
    fn no_clock_and_no_drift_is_too_much() {
        for (counter, since, now) in
            [(u32::MAX, Timestamp::MIN, Timestamp::MAX), (0, Timestamp::MAX, Timestamp::MIN)]
        {
            let mut one = beacon(1, 15, counter, 0);
            one.clock.at = since;
            let built = EidTable::build([&one], Drift::new(u32::MAX, Duration::MAX), now, Duration::MAX);
            assert!(matches!(built, Err(EidTableError::Window { .. })));
            let table = EidTable::build([&one], Drift::new(0, Duration::MAX), now, Duration::ZERO).unwrap();
            assert_eq!(table.len(), EID_WINDOW_MAX);
        }
    }

    #[test]
    fn two_beacons_with_one_key_are_told() {
        let (one, mut two) = (beacon(1, 10, 0, 0), beacon(1, 10, 0, 0));
        two.id = "two".parse().unwrap();
        let built = EidTable::build([&one, &two], Drift::default(), at(0), HOUR);
        assert!(matches!(built, Err(EidTableError::SameKey { .. })));
    }

    #[test]
    fn tables_are_bounded() {
        let build = |beacon: &Beacon, lost, span| {
            EidTable::build(
                [beacon],
                Drift::new(0, Duration::from_secs(lost)),
                at(100_000),
                Duration::from_secs(span),
            )
        };
        // A second of rotation and one of rounding on either side.
        let fast = beacon(1, 0, 100_000, 100_000);
        let most = EID_WINDOW_MAX as u64 - 4;
        assert_eq!(build(&fast, 0, most).unwrap().len(), EID_WINDOW_MAX);
        assert!(matches!(build(&fast, 0, most + 1), Err(EidTableError::Window { .. })));
        assert_eq!(build(&fast, 1_000_000, 10).unwrap().len(), EID_WINDOW_MAX, "the oldest are left out");
        let many: Vec<Beacon> = (0..=u8::MAX).map(|byte| beacon(byte, 0, 100_000, 100_000)).collect();
        let whole = |span| {
            EidTable::build(&many, Drift::new(0, Duration::ZERO), at(100_000), Duration::from_secs(span))
        };
        assert_eq!(EID_TABLE_MAX / many.len(), EID_WINDOW_MAX);
        assert_eq!(whole(most).unwrap().len(), EID_TABLE_MAX);
        let more = many.iter().chain([&fast]);
        let built =
            EidTable::build(more, Drift::new(0, Duration::ZERO), at(100_000), Duration::from_secs(most));
        assert_eq!(built.unwrap_err(), EidTableError::Full);
        let slow = beacon(1, 15, 0, 0);
        let same = std::iter::repeat_n(&slow, BEACONS_MAX + 1);
        let built = EidTable::build(same, Drift::new(0, Duration::ZERO), at(0), Duration::ZERO);
        assert_eq!(built.unwrap_err(), EidTableError::Beacons);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The oracle asks of each rotation whether some clock within the drift, or one that lost power, would send it.
        #[test]
        fn agrees_with_every_clock_that_may_be(
            exponent in 0..8u8,
            counter: u32,
            elapsed in -3_000..20_000i64,
            ppm in 0..2_000u32,
            lost in 0..300i64,
            off in -1_000..1_000i64,
        ) {
            let since = 1_000_000;
            let one = beacon(1, exponent, counter, since);
            let now = since + elapsed;
            let drift = Drift::new(ppm, Duration::from_secs(lost as u64));
            let table = EidTable::build([&one], drift, at(now), Duration::ZERO).unwrap();
            let value = i64::from(counter) + elapsed + off;
            let slack = elapsed.abs() * i64::from(ppm) / 1_000_000 + 1;
            let length = 1i64 << exponent;
            let expected = i64::from(counter) + elapsed;
            // The clock is anywhere here, and the identifier is of its rotation or the one before.
            let sends = |low: i64, high: i64| {
                (low..=high).any(|clock| [clock, clock - length].iter().any(|c| c.div_euclid(length) == value.div_euclid(length)))
            };
            let in_step = sends(expected - slack, expected + slack);
            let may = in_step || sends(expected - slack - lost, expected + slack);
            let found = table.resolve(heard(&one, value as u32), at(now)).ok();
            prop_assert_eq!(found.is_some(), may);
            if let Some(found) = found {
                prop_assert_eq!(found.state() == ClockState::InStep, in_step);
                prop_assert_eq!(found.offset(), value.div_euclid(length) - expected.div_euclid(length));
                // A clock that is stored sends what was heard.
                prop_assert_eq!(heard(&one, found.clock().counter), heard(&one, value as u32));
            }
        }
    }
}
