//! Who comes back: cohorts by the period of their first visit or purchase, and how many of each are active since.

use std::collections::{BTreeMap, BTreeSet};

/// When each person was active, in whole periods: days, weeks or months of the caller's calendar, numbered one after another.
///
/// Activities merge by union: order, split and repetition change nothing.
///
/// ```
/// use phygital_core::measure::Activity;
/// let mut weeks = Activity::default();
/// for (person, week) in [("ada", 0), ("ada", 1), ("bob", 0), ("cyd", 1)] {
///     weeks.add(person, week);
/// }
/// // Week 2 is not over yet.
/// let table = weeks.retention(2);
/// assert_eq!(table[0].first, 0);
/// assert_eq!(table[0].active, [Some(2), Some(1), None]);
/// assert_eq!(table[1].active, [Some(1), None, None]);
/// # Ok::<(), std::convert::Infallible>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity<P: Ord> {
    people: BTreeMap<P, BTreeSet<i32>>,
}

impl<P: Ord> Default for Activity<P> {
    fn default() -> Activity<P> {
        Activity { people: BTreeMap::new() }
    }
}

/// Most periods of a table: weeks of twenty years.
const PERIODS_MAX: i32 = 1_040;

/// The people whose first period was the same.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cohort {
    /// Their first period.
    pub first: i32,
    /// How many they are.
    pub people: u64,
    /// How many of them were active so many periods later, from 0; none where that period is not over.
    pub active: Vec<Option<u64>>,
}

impl Cohort {
    /// The part of the cohort that was active so many periods later; none where that is not known.
    pub fn retention(&self, later: usize) -> Option<f64> {
        let active = (*self.active.get(later)?)?;
        Some(active as f64 / self.people as f64)
    }
}

/// Who was active in a period, and how many of them did not come back within a number of periods after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Churn {
    /// How many were active in the period.
    pub active: u64,
    /// How many of them were not in those after it.
    pub lost: u64,
}

impl Churn {
    /// The part that was lost; none where nobody was active.
    pub fn rate(&self) -> Option<f64> {
        (self.active > 0).then(|| self.lost as f64 / self.active as f64)
    }
}

impl<P: Ord> Activity<P> {
    /// A person was active in a period.
    pub fn add(&mut self, person: P, period: i32) {
        self.people.entry(person).or_default().insert(period);
    }

    /// Takes in what others saw.
    pub fn merge(&mut self, other: Activity<P>) {
        for (person, periods) in other.people {
            self.people.entry(person).or_default().extend(periods);
        }
    }

    /// The cohorts in order of their first period, as if `now` were the first period that is not over: what was seen in it or
    /// later is left out, and so is what lies more than 1,040 periods behind it.
    pub fn retention(&self, now: i32) -> Vec<Cohort> {
        let mut cohorts = BTreeMap::<i32, BTreeMap<i32, u64>>::new();
        for periods in self.people.values() {
            let over = || periods.iter().copied().filter(|period| *period < now);
            let Some(first) = over().next().filter(|first| *first >= now.saturating_sub(PERIODS_MAX)) else {
                continue;
            };
            let cohort = cohorts.entry(first).or_default();
            for period in over() {
                *cohort.entry(period - first).or_default() += 1;
            }
        }
        let width = cohorts.keys().next().map_or(0, |first| now - first);
        let table = cohorts.into_iter().map(|(first, active)| {
            let known = |later: i32| (first + later < now).then(|| active.get(&later).copied().unwrap_or(0));
            Cohort {
                first,
                people: active.get(&0).copied().unwrap_or(0),
                active: (0..=width).map(known).collect(),
            }
        });
        table.collect()
    }

    /// How many of those who were active in a period did not come back within `after` periods; none where those are not over
    /// at `now`, or are none.
    pub fn churn(&self, period: i32, after: i32, now: i32) -> Option<Churn> {
        let last = period.checked_add(after)?;
        if after < 1 || last >= now {
            return None;
        }
        let mut churn = Churn { active: 0, lost: 0 };
        for periods in self.people.values().filter(|periods| periods.contains(&period)) {
            churn.active += 1;
            churn.lost += u64::from(periods.range(period + 1..=last).next().is_none());
        }
        Some(churn)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seen() -> impl Strategy<Value = Vec<(u8, i32)>> {
        prop::collection::vec((0..12_u8, -3..9_i32), 0..60)
    }

    fn of(seen: &[(u8, i32)]) -> Activity<u8> {
        let mut activity = Activity::default();
        seen.iter().for_each(|(person, period)| activity.add(*person, *period));
        activity
    }

    proptest! {
        #[test]
        fn cells_are_what_one_counts(seen in seen(), now in -3..10_i32, later in 0..13_usize) {
            for cohort in of(&seen).retention(now) {
                let at = |person: u8| seen.iter().filter(move |(who, period)| *who == person && *period < now);
                let first = |person: u8| at(person).map(|(_, period)| *period).min();
                let members = (0..12).filter(|person| first(*person) == Some(cohort.first)).collect::<Vec<_>>();
                prop_assert_eq!(cohort.people, members.len() as u64);
                let period = cohort.first + later as i32;
                let active = members.iter().filter(|person| at(**person).any(|(_, at)| *at == period)).count();
                let expected = (period < now).then_some(active as u64);
                prop_assert_eq!(cohort.active.get(later).copied().flatten(), expected);
            }
        }

        #[test]
        fn order_split_and_repetition(seen in seen(), cut in any::<prop::sample::Index>()) {
            let cut = if seen.is_empty() { 0 } else { cut.index(seen.len()) };
            let mut merged = of(&seen[cut..]);
            merged.merge(of(&seen[..cut]));
            merged.merge(of(&seen));
            prop_assert_eq!(merged, of(&seen));
        }

        #[test]
        fn who_is_lost_was_there(seen in seen(), period in -3..9_i32, after in 1..4_i32) {
            let activity = of(&seen);
            let churn = activity.churn(period, after, 20);
            prop_assert!(churn.is_some_and(|churn| churn.lost <= churn.active));
            prop_assert_eq!(activity.churn(period, after, period + after), None);
        }
    }

    #[test]
    fn ends_of_what_can_be_asked() {
        let activity = of(&[(1, 0), (2, -2_000)]);
        assert_eq!(activity.retention(1).len(), 1);
        assert_eq!(activity.retention(0).len(), 0);
        assert_eq!(activity.churn(0, 0, 5), None);
        assert_eq!(activity.churn(i32::MAX, 1, i32::MAX), None);
        assert_eq!(activity.churn(3, 1, 5).and_then(|churn| churn.rate()), None);
        assert_eq!(activity.churn(0, 1, 5).and_then(|churn| churn.rate()), Some(1.0));
        assert_eq!(activity.retention(i32::MIN).len(), 0);
    }
}
