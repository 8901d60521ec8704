//! Registered beacons, found again at any time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::eid::Eid;
use super::table::{Beacon, Drift, EidTable, EidTableError, Sighting};
use crate::tap::refusal::TapRefusal;
use crate::vocab::{BeaconId, PlaceId, Timestamp};

/// How long one table is for. A longer one is made more seldom and holds more.
const SPAN: Duration = Duration::from_secs(60 * 60);

/// The beacons of a shop: their keys and clocks, and where they hang.
///
/// It answers for any time: the identifiers of an hour are computed when the first of them is asked for, and kept until
/// another hour is. What it answers follows from the registrations and the time alone, as hours begin on the hour.
///
/// ```
/// use phygital_core::crypto::Secret;
/// use phygital_core::tap::beacon::{Beacon, BeaconClock, BeaconRegistry, Drift, IdentityKey, RotationExponent};
/// use phygital_core::vocab::Timestamp;
/// let at = Timestamp::parse("2026-11-21T12:00:00Z")?;
/// let shelf = || Ok::<_, Box<dyn std::error::Error>>(Beacon {
///     id: "shelf-7".parse()?,
///     key: IdentityKey::new(Secret::take(&mut [7; 16])),
///     exponent: RotationExponent::new(10)?,
///     clock: BeaconClock { counter: 0, at },
/// });
/// let registry = BeaconRegistry::new([(shelf()?, Some("paris-1".parse()?))], Drift::default())?;
/// let a_week = std::time::Duration::from_secs(7 * 86_400);
/// let heard = shelf()?.key.eid(RotationExponent::new(10)?, 7 * 86_400);
/// let sighting = registry.resolve(heard, at.saturating_add(a_week))?;
/// assert_eq!(sighting.place().map(|place| place.as_str()), Some("paris-1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct BeaconRegistry {
    beacons: Vec<Beacon>,
    places: BTreeMap<BeaconId, PlaceId>,
    drift: Drift,
    /// The table of the hour that was asked for last.
    table: Mutex<Option<Arc<EidTable>>>,
}

impl BeaconRegistry {
    /// These beacons, each with where it hangs.
    ///
    /// # Errors
    /// [`EidTableError`], as of the time of the latest registration; [`EidTableError::SameId`].
    pub fn new(
        beacons: impl IntoIterator<Item = (Beacon, Option<PlaceId>)>,
        drift: Drift,
    ) -> Result<Self, EidTableError> {
        let mut this = Self { beacons: Vec::new(), places: BTreeMap::new(), drift, table: Mutex::default() };
        let mut ids = BTreeSet::new();
        for (beacon, place) in beacons {
            if !ids.insert(beacon.id.clone()) {
                return Err(EidTableError::SameId { beacon: beacon.id });
            }
            this.places.extend(place.map(|place| (beacon.id.clone(), place)));
            this.beacons.push(beacon);
        }
        if let Some(latest) = this.beacons.iter().map(|beacon| beacon.clock.at).max() {
            this.build(latest)?;
        }
        Ok(this)
    }

    /// How many beacons there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.beacons.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.beacons.is_empty()
    }

    /// Finds the beacon that sends `eid` at `now`.
    ///
    /// # Errors
    /// As [`EidTable::resolve`]; [`TapRefusal::OutOfScope`] too where clocks have run for so long without being set that
    /// their identifiers are more than a table holds.
    pub fn resolve(&self, eid: Eid, now: Timestamp) -> Result<Sighting, TapRefusal> {
        let drifted = TapRefusal::OutOfScope { reason: "the clocks of the beacons were set too long ago" };
        let table = self.table(now).map_err(|_| drifted)?;
        let sighting = table.resolve(eid, now)?;
        let place = self.places.get(sighting.beacon()).cloned();
        Ok(sighting.at_place(place))
    }

    /// The table of this hour. Whoever comes first makes it, and the others wait.
    fn table(&self, now: Timestamp) -> Result<Arc<EidTable>, EidTableError> {
        // A thread that panicked left the table before, which is a whole one.
        let mut kept = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let from = hour(now);
        match &*kept {
            Some(table) if table.from() == from => Ok(table.clone()),
            _ => {
                let table = Arc::new(self.build(now)?);
                *kept = Some(table.clone());
                Ok(table)
            }
        }
    }

    fn build(&self, now: Timestamp) -> Result<EidTable, EidTableError> {
        EidTable::build(&self.beacons, self.drift, hour(now), SPAN)
    }
}

/// When the hour of this time began.
fn hour(now: Timestamp) -> Timestamp {
    let span = i64::try_from(SPAN.as_millis()).expect("an hour");
    let from = now.as_millis().div_euclid(span) * span;
    Timestamp::from_millis(from).unwrap_or(Timestamp::MIN)
}

impl fmt::Debug for BeaconRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BeaconRegistry({} beacons, keys elided)", self.beacons.len())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::super::eid::{IdentityKey, RotationExponent};
    use super::super::table::BeaconClock;
    use super::*;
    use crate::crypto::Secret;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000).unwrap()
    }

    fn beacon(byte: u8, exponent: u8, since: i64) -> Beacon {
        Beacon {
            id: format!("beacon-{byte}").parse().unwrap(),
            key: IdentityKey::new(Secret::take(&mut [byte; 16])),
            exponent: RotationExponent::new(exponent).unwrap(),
            clock: BeaconClock { counter: 0, at: at(since) },
        }
    }

    fn registry(exponent: u8) -> BeaconRegistry {
        let beacons = (1..4).map(|byte| (beacon(byte, exponent, 0), None));
        BeaconRegistry::new(beacons, Drift::default()).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// What was asked before does not matter, and a table made for the moment says the same.
        #[test]
        fn the_answer_follows_from_the_time_alone(
            asked in prop::collection::vec((0..40 * 86_400i64, -90_000..90_000i64), 1..12),
            exponent in 8..15u8,
        ) {
            let all = registry(exponent);
            for (now, off) in asked {
                let counter = u32::try_from((now + off).max(0)).unwrap();
                let eid = beacon(2, exponent, 0).key.eid(RotationExponent::new(exponent).unwrap(), counter);
                let answer = all.resolve(eid, at(now));
                prop_assert_eq!(&answer, &registry(exponent).resolve(eid, at(now)));
                let table = EidTable::build(&all.beacons, all.drift, at(now), Duration::ZERO).unwrap();
                prop_assert_eq!(answer.ok(), table.resolve(eid, at(now)).ok());
            }
        }
    }

    #[test]
    fn a_table_is_kept_for_its_hour() {
        let all = registry(10);
        let first = all.table(at(7_200)).unwrap();
        assert!(Arc::ptr_eq(&first, &all.table(at(10_799)).unwrap()));
        let second = all.table(at(10_800)).unwrap();
        assert!(!Arc::ptr_eq(&first, &second) && second.covers(at(10_800)) && second.covers(at(14_399)));
        for now in [Timestamp::MIN, at(1), Timestamp::MAX] {
            assert!(EidTable::build([], all.drift, hour(now), SPAN).unwrap().covers(now), "{now}");
        }
    }

    #[test]
    fn registrations_that_cannot_be_are_refused() {
        let build = |beacons: Vec<Beacon>| {
            BeaconRegistry::new(beacons.into_iter().map(|beacon| (beacon, None)), Drift::default())
                .unwrap_err()
        };
        let other = Beacon { id: "other".parse().unwrap(), ..beacon(1, 10, 0) };
        assert!(matches!(build(vec![beacon(1, 10, 0), other]), EidTableError::SameKey { .. }));
        assert!(matches!(build(vec![beacon(1, 10, 0), beacon(1, 9, 0)]), EidTableError::SameId { .. }));
        assert!(BeaconRegistry::new([], Drift::default()).unwrap().is_empty());
    }

    #[test]
    fn clocks_that_ran_for_too_long_are_told() {
        let one = BeaconRegistry::new([(beacon(1, 0, 0), None)], Drift::default()).unwrap();
        let heard = |now: u32| beacon(1, 0, 0).key.eid(RotationExponent::new(0).unwrap(), now);
        assert!(one.resolve(heard(86_400), at(86_400)).is_ok());
        let year = 365 * 86_400;
        assert_eq!(one.resolve(heard(year), at(year.into())).unwrap_err().code(), "out_of_scope");
        assert!(!format!("{one:?}").contains("01"));
    }
}
