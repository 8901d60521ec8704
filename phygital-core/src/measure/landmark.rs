//! Whether a visit is followed by more revenue: people compared at a day fixed beforehand.
//!
//! "Who ever visited" have lived to visit, so that they are richer whatever a visit does. At a landmark, so many days after the
//! tap, each is one who has visited by then or one who has not, and only what comes after counts.

use std::collections::BTreeMap;

use thiserror::Error;

use super::experiment::{Side, difference};
use super::{Estimate, Moments, MomentsError};

/// What is known of a person; all times in one unit, such as days or seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what a landmark needs of a person, and no more")]
pub struct Follow<'a> {
    /// Her tap; of one held out, when she would have been asked to.
    pub start: i64,
    /// Until when she was seen.
    pub end: i64,
    /// When she visited, in any order.
    pub visits: &'a [i64],
    /// When she bought, and for how much in minor units, net of refunds.
    pub purchases: &'a [(i64, i64)],
    /// With whom she is compared: people of one number were alike before the tap (in value, store, month).
    pub stratum: u32,
    /// Whether she was held out, by lot, from being asked to tap.
    pub held_out: bool,
}

/// Why there is no landmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LandmarkError {
    /// A day or a horizon of no length.
    #[error("expected a landmark and a horizon longer than 0")]
    Times,
    /// Sums of other landmarks.
    #[error("expected sums of the same landmark and horizon")]
    Others,
    /// Sums out of range.
    #[error(transparent)]
    Moments(#[from] MomentsError),
    /// Purchases of one person that leave 10^17 minor units.
    #[error("expected purchases of at most 10^17 minor units together")]
    TooMuch,
}

/// Most a person may have bought, in minor units.
const VALUE_MAX: i64 = 100_000_000_000_000_000;

/// Revenue after a landmark, of people who had visited by then and of those who had not.
///
/// ```
/// use phygital_core::measure::{Follow, Landmark};
/// // A visit in the first 7 days, and revenue of the 30 after them.
/// let mut landmark = Landmark::new(7, 30)?;
/// for (visits, value) in [(&[3][..], 900), (&[5], 1_100), (&[], 600), (&[20], 400)] {
///     let follow = Follow { start: 0, end: 60, visits, purchases: &[(10, value)], stratum: 0, held_out: false };
///     landmark.add(&follow)?;
/// }
/// assert_eq!(landmark.matched().ok_or("too few")?.value, 500.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landmark {
    day: i64,
    horizon: i64,
    /// By stratum: those who had visited, and those who had not.
    strata: BTreeMap<u32, [Moments; 2]>,
    held_out: Moments,
    not_seen: u64,
}

impl Landmark {
    /// A landmark so long after the start, and revenue within a horizon after it.
    ///
    /// # Errors
    /// [`LandmarkError::Times`].
    pub fn new(day: i64, horizon: i64) -> Result<Landmark, LandmarkError> {
        if day <= 0 || horizon <= 0 {
            return Err(LandmarkError::Times);
        }
        let held_out = Moments::default();
        Ok(Landmark { day, horizon, strata: BTreeMap::new(), held_out, not_seen: 0 })
    }

    /// Adds a person. Who was not seen to the end of the horizon is counted apart.
    ///
    /// # Errors
    /// [`LandmarkError`]; nothing is added then.
    pub fn add(&mut self, person: &Follow<'_>) -> Result<(), LandmarkError> {
        let landmark = person.start.checked_add(self.day);
        let ends = landmark.and_then(|from| Some((from, from.checked_add(self.horizon)?)));
        let Some((from, to)) = ends.filter(|(_, to)| *to <= person.end) else {
            self.not_seen += 1;
            return Ok(());
        };
        let within = person.purchases.iter().filter(|(at, _)| from < *at && *at <= to);
        let value = within.map(|(_, value)| i128::from(*value)).sum::<i128>();
        let value =
            i64::try_from(value).ok().filter(|value| value.unsigned_abs() <= VALUE_MAX.unsigned_abs());
        let value = value.ok_or(LandmarkError::TooMuch)?;
        if person.held_out {
            self.held_out.push_whole(value)?;
            return Ok(());
        }
        let visited = person.visits.iter().any(|at| person.start < *at && *at <= from);
        let stratum = self.strata.entry(person.stratum).or_default();
        stratum[usize::from(!visited)].push_whole(value)?;
        Ok(())
    }

    /// Takes in what others saw.
    ///
    /// # Errors
    /// [`LandmarkError::Others`], [`LandmarkError::Moments`]; nothing is changed then.
    pub fn merge(&mut self, other: &Landmark) -> Result<(), LandmarkError> {
        if (self.day, self.horizon) != (other.day, other.horizon) {
            return Err(LandmarkError::Others);
        }
        let mut both = self.clone();
        both.not_seen = both.not_seen.checked_add(other.not_seen).ok_or(MomentsError::TooMany)?;
        both.held_out.merge(&other.held_out)?;
        for (stratum, sums) in &other.strata {
            let mine = both.strata.entry(*stratum).or_default();
            mine[0].merge(&sums[0])?;
            mine[1].merge(&sums[1])?;
        }
        *self = both;
        Ok(())
    }

    /// How many had visited by the landmark, and how many had not, of those who were seen to the end of the horizon and not held
    /// out.
    pub fn people(&self) -> [u64; 2] {
        let count = |at: usize| self.strata.values().map(|sums| sums[at].count()).sum();
        [count(0), count(1)]
    }

    /// How many were not seen to the end of the horizon.
    pub fn not_seen(&self) -> u64 {
        self.not_seen
    }

    /// How many of those who had visited have fewer than two like them who had not, or stand alone: they are not compared.
    pub fn unmatched(&self) -> u64 {
        self.strata.values().filter(|sums| !is_matched(sums)).map(|sums| sums[0].count()).sum()
    }

    /// By how much the revenue of those who had visited exceeds that of people like them who had not: differences within
    /// strata, weighed by those who had visited. People who visit differ in more than their stratum: this is no proof that the
    /// visit caused it. None where no stratum has two of each.
    pub fn matched(&self) -> Option<Estimate> {
        let strata = || self.strata.values().filter(|sums| is_matched(sums));
        let visited = strata().map(|sums| sums[0].count() as f64).sum::<f64>();
        let (mut value, mut variance, mut parts) = (0.0, 0.0, 0.0);
        for sums in strata() {
            let weight = sums[0].count() as f64 / visited;
            let [one, other] = [Side::of(&sums[0])?, Side::of(&sums[1])?];
            value += weight * (one.mean - other.mean);
            for side in [one, other] {
                let part = weight * weight * side.variance;
                variance += part;
                parts += part * part / side.degrees;
            }
        }
        let degrees = variance * variance / parts;
        (visited > 0.0).then(|| Estimate { value, standard_error: variance.sqrt(), degrees })
    }

    /// By how much the revenue of all who were asked to tap, whether or not they visited, exceeds that of those held out by lot:
    /// what asking caused. None of fewer than two of each.
    pub fn against_holdout(&self) -> Option<Estimate> {
        let mut asked = Moments::default();
        for sums in self.strata.values().flatten() {
            asked.merge(sums).ok()?;
        }
        Some(difference(&Side::of(&asked)?, &Side::of(&self.held_out)?))
    }
}

/// Two of each have a variance.
fn is_matched(sums: &[Moments; 2]) -> bool {
    sums.iter().all(|sums| sums.count() >= 2)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::measure::Alpha;
    use crate::measure::experiment::simulated::Draws;

    /// Visits change nothing; loyal people visit and buy more, and strata tell them apart.
    #[test]
    fn visits_without_effect_have_none() {
        let mut draws = Draws::new(2);
        const RUNS: u32 = 500;
        let (mut held, mut by_lot, mut apart) = (0, 0, 0.0);
        for _ in 0..RUNS {
            let mut landmark = Landmark::new(14, 60).unwrap();
            let mut ever = [(0_i64, 0_i64); 2];
            for person in 0..240 {
                let stratum = u32::from(draws.uniform() < 0.4);
                let rate = if stratum == 1 { 0.05 } else { 0.02 };
                let mut times = |rate: f64| {
                    let count = draws.poisson(rate * 90.0);
                    (0..count).map(|_| 1 + (draws.uniform() * 89.0) as i64).collect::<Vec<_>>()
                };
                let (visits, bought) = (times(rate), times(rate));
                let purchases = bought.iter().map(|at| (*at, 1_000 + 37 * *at)).collect::<Vec<_>>();
                let held_out = person % 4 == 0;
                let follow =
                    Follow { start: 0, end: 90, visits: &visits, purchases: &purchases, stratum, held_out };
                landmark.add(&follow).unwrap();
                let place = &mut ever[usize::from(!visits.is_empty())];
                *place = (place.0 + 1, place.1 + purchases.iter().map(|(_, value)| value).sum::<i64>());
            }
            let holds = |found: Estimate| u32::from(found.interval(Alpha::CUSTOMARY).unwrap().contains(0.0));
            held += holds(landmark.matched().unwrap());
            by_lot += holds(landmark.against_holdout().unwrap());
            apart += (ever[1].1 / ever[1].0 - ever[0].1 / ever[0].0) as f64 / f64::from(RUNS);
            assert_eq!(landmark.unmatched() + landmark.not_seen(), 0);
        }
        for count in [held, by_lot] {
            let rate = f64::from(count) / f64::from(RUNS);
            assert!((0.92..0.98).contains(&rate), "{rate}");
        }
        // "Ever visited" would have found a difference.
        assert!(apart > 1_000.0, "{apart}");
    }

    #[test]
    fn what_comes_before_the_landmark_does_not_count() {
        let mut landmark = Landmark::new(7, 30).unwrap();
        let mut follow = |start, end, visits: &[i64], purchases: &[(i64, i64)], stratum| {
            landmark.add(&Follow { start, end, visits, purchases, stratum, held_out: false }).unwrap();
        };
        // At the landmark, the day itself: a visit counts, a purchase does not; at the horizon's end one does.
        follow(0, 37, &[7], &[(7, 100), (37, 5), (38, 100)], 0);
        follow(0, 37, &[0, 8], &[(8, 3)], 0);
        follow(0, 36, &[1], &[(8, 100)], 0);
        follow(i64::MAX - 1, i64::MAX, &[], &[], 0);
        follow(0, 40, &[1], &[], 9);
        assert_eq!((landmark.people(), landmark.not_seen(), landmark.unmatched()), ([2, 1], 2, 2));
        assert_eq!(landmark.strata[&0].map(|sums| sums.sum()), [5.0, 3.0]);
        assert_eq!((landmark.matched(), landmark.against_holdout()), (None, None));
        let before = landmark.clone();
        landmark.merge(&Landmark::new(7, 30).unwrap()).unwrap();
        assert_eq!(landmark, before);
        assert_eq!(landmark.merge(&Landmark::new(8, 30).unwrap()), Err(LandmarkError::Others));
        assert_eq!(Landmark::new(0, 1), Err(LandmarkError::Times));
        for (value, refused) in [(VALUE_MAX, false), (VALUE_MAX + 1, true)] {
            let follow = Follow {
                start: 0,
                end: 40,
                visits: &[],
                purchases: &[(9, value)],
                stratum: 0,
                held_out: true,
            };
            assert_eq!(landmark.add(&follow) == Err(LandmarkError::TooMuch), refused);
        }
    }
}
