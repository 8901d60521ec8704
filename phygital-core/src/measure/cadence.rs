//! How often people come, and who stopped: the gaps between visits.

use super::experiment::Part;

/// With fewer visits than this nobody has a rhythm.
pub const VISITS_MIN: usize = 3;

/// The rhythm of one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cadence {
    /// Twice the median gap, so that the middle of two gaps stays whole.
    twice_median: i64,
    last: i64,
    visits: usize,
}

impl Cadence {
    /// From the times of visits, in any order and unit; visits at one time are one. None of fewer than three.
    ///
    /// ```
    /// use phygital_core::measure::Cadence;
    /// let days = Cadence::of(&[0, 7, 13, 21]).ok_or("too few visits")?;
    /// assert_eq!(days.median_gap(), 7.0);
    /// assert!(!days.dropped(35, 2, 1) && days.dropped(36, 2, 1));
    /// # Ok::<(), &str>(())
    /// ```
    pub fn of(visits: &[i64]) -> Option<Cadence> {
        let mut times = visits.to_vec();
        times.sort_unstable();
        times.dedup();
        if times.len() < VISITS_MIN {
            return None;
        }
        let mut gaps = times.windows(2).map(|two| two[1].checked_sub(two[0])).collect::<Option<Vec<_>>>()?;
        gaps.sort_unstable();
        let (low, high) = (gaps[(gaps.len() - 1) / 2], gaps[gaps.len() / 2]);
        let last = *times.last()?;
        Some(Cadence { twice_median: low.checked_add(high)?, last, visits: times.len() })
    }

    /// The median gap between two visits.
    pub fn median_gap(&self) -> f64 {
        self.twice_median as f64 / 2.0
    }

    /// How many visits, those at one time counted once.
    pub fn visits(&self) -> usize {
        self.visits
    }

    /// How long ago the last visit was, in median gaps; below 0 where it is still to come.
    pub fn overdue(&self, now: i64) -> f64 {
        2.0 * (now as f64 - self.last as f64) / self.twice_median as f64
    }

    /// Whether she stopped: the last visit is more than `times / by` median gaps ago (2 / 1 is customary). Decided in whole
    /// numbers.
    pub fn dropped(&self, now: i64, times: u32, by: u32) -> bool {
        let since = 2 * (i128::from(now) - i128::from(self.last)) * i128::from(by);
        since > i128::from(self.twice_median) * i128::from(times)
    }
}

/// The rhythm of a population.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// Twice the median gap of each person who has one, in order.
    gaps: Vec<i64>,
    people: u64,
}

impl Rhythm {
    /// From the visits of each person.
    pub fn of<'a>(people: impl IntoIterator<Item = &'a [i64]>) -> Rhythm {
        let mut rhythm = Rhythm { gaps: Vec::new(), people: 0 };
        for visits in people {
            rhythm.people += 1;
            rhythm.gaps.extend(Cadence::of(visits).map(|cadence| cadence.twice_median));
        }
        rhythm.gaps.sort_unstable();
        rhythm
    }

    /// How many people have a rhythm, of all.
    pub fn coverage(&self) -> Option<Part> {
        Part::new(self.gaps.len() as u64, self.people)
    }

    /// The least of the median gaps that is no less than those of this part of the people who have one (0.5 for the middle one);
    /// none where nobody has one, or for what is no part.
    pub fn quantile(&self, part: f64) -> Option<f64> {
        if !(0.0..=1.0).contains(&part) {
            return None;
        }
        let rank = (part * self.gaps.len() as f64).ceil().max(1.0) as usize;
        self.gaps.get(rank - 1).map(|twice| *twice as f64 / 2.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn later_is_more_overdue(visits in prop::collection::vec(0..500_i64, 3..12), now in 500..2_000_i64, times in 1..5_u32) {
            let Some(cadence) = Cadence::of(&visits) else { return Ok(()) };
            let mut turned = visits.clone();
            turned.reverse();
            turned.push(visits[0]);
            prop_assert_eq!(Cadence::of(&turned), Some(cadence));
            prop_assert!(cadence.median_gap() >= 1.0);
            prop_assert!(!cadence.dropped(now, times, 1) || cadence.dropped(now + 1, times, 1));
            let edge = cadence.overdue(now) - f64::from(times);
            prop_assert!(edge.abs() < 1e-9 || cadence.dropped(now, times, 1) == (edge > 0.0));
        }
    }

    #[test]
    fn nobody_has_a_rhythm_with_two_visits() {
        assert_eq!(Cadence::of(&[1, 2]), None);
        assert_eq!(Cadence::of(&[1, 2, 2, 1]), None);
        assert_eq!(Cadence::of(&[i64::MIN, 0, i64::MAX]), None);
        assert_eq!(Cadence::of(&[4, 1, 2]).unwrap().median_gap(), 1.5);
        assert_eq!(Cadence::of(&[4, 1, 2]).unwrap().visits(), 3);
    }

    #[test]
    fn quantiles_of_people() {
        let people = [&[0_i64, 10, 20][..], &[0, 30, 60], &[0, 20, 40], &[5]];
        let rhythm = Rhythm::of(people);
        assert_eq!(rhythm.coverage(), Part::new(3, 4));
        assert_eq!([0.0, 0.5, 1.0].map(|part| rhythm.quantile(part).unwrap()), [10.0, 20.0, 30.0]);
        assert_eq!((rhythm.quantile(1.1), rhythm.quantile(f64::NAN)), (None, None));
        assert_eq!(Rhythm::of([&[1_i64][..]]).quantile(0.5), None);
        assert_eq!(Rhythm::of([]).coverage(), None);
    }
}
