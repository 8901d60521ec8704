//! The ways to an order: how many touches, how long, and which ways are gone most.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::channels::{ChannelId, Channels};
use super::journeys::{Journeys, Touch, Visitor};
use super::outcome::{Count, Outcome};
use super::people::PersonKey;
use super::privacy::{Heads, Threshold};
use super::trails::{End, Trail};

/// What the ways to orders have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ways {
    /// Orders by the number of their touches, from none on; see [`Ways::LENGTHS`].
    pub lengths: Vec<Tally>,
    /// Orders with touches by whole days since the first one; see [`Ways::DAYS`]. Empty where no times are known.
    pub since_first: Vec<Tally>,
    /// The same since the last touch.
    pub since_last: Vec<Tally>,
    /// Half of the orders with touches have at most so many; none where there is no such order.
    pub median_length: Option<usize>,
    /// Half of them took at most so many milliseconds from the first touch.
    pub median_lag: Option<u64>,
    paths: BTreeMap<Vec<ChannelId>, Tally>,
}

/// Orders, their value, their buyers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// How many orders.
    pub orders: Count,
    /// Their net value, in units of the scale.
    pub net: i128,
    /// How many persons placed them.
    pub persons: u64,
}

/// The ways that are gone most, as they may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopPaths {
    /// The ways and their orders, most orders first.
    pub rows: Vec<(Vec<ChannelId>, Tally)>,
    /// How many ways of enough persons each there are besides, and all their orders.
    pub further: (usize, Tally),
    /// The orders without a touch; none where they are hidden.
    pub untouched: Option<Tally>,
    /// The orders of all ways that are gone by too few to be shown, with what hides them. Its persons are not told.
    pub other: Option<Tally>,
}

impl Ways {
    /// The least numbers of touches of each row of lengths: the fifth is of 5 and 6 touches, the last of 11 and more.
    pub const LENGTHS: [usize; 9] = [0, 1, 2, 3, 4, 5, 7, 9, 11];
    /// The least whole days of each row of lags.
    pub const DAYS: [u64; 9] = [0, 1, 2, 3, 5, 8, 15, 31, 61];

    /// Of the trails that ended with an order, of which those of one person stand together. Of several touches in a row
    /// through one channel the way has one.
    pub fn of(trails: &[Trail]) -> Ways {
        let mut lengths = Bins::new(Self::LENGTHS.len());
        let [mut first, mut last] = [(); 2].map(|()| Bins::new(Self::DAYS.len()));
        let mut paths: BTreeMap<Vec<ChannelId>, (Tally, Heads)> = BTreeMap::new();
        let (mut touches, mut lags) = (Vec::new(), Vec::new());
        for trail in trails {
            let End::Sale(_, net, _) = trail.end else { continue };
            lengths.add(bin(&Self::LENGTHS, trail.channels.len()), net, trail.person);
            let (Some(oldest), Some(newest)) = (trail.ages.first(), trail.ages.last()) else { continue };
            let days = |age: &u64| bin(&Self::DAYS, age / (24 * 60 * 60 * 1000));
            first.add(days(oldest), net, trail.person);
            last.add(days(newest), net, trail.person);
            touches.push(trail.channels.len());
            lags.push(*oldest);
            let mut way = trail.channels.clone();
            way.dedup();
            let (tally, heads) = paths.entry(way).or_default();
            tally.add(Count::ONE, net);
            heads.add(trail.person);
        }
        let paths = paths.into_iter();
        let paths = paths.map(|(way, (tally, heads))| (way, Tally { persons: heads.count(), ..tally }));
        Ways {
            lengths: lengths.tallies(),
            since_first: first.tallies(),
            since_last: last.tallies(),
            median_length: median(touches),
            median_lag: median(lags),
            paths: paths.collect(),
        }
    }

    /// Of journeys in columns, which hold no times and no persons: each whole conversion counts as one.
    pub fn of_journeys(journeys: &Journeys) -> Ways {
        let mut seen = Seen { lengths: vec![Tally::default(); Self::LENGTHS.len()], paths: BTreeMap::new() };
        for part in journeys.parts(1) {
            part.visit(&mut seen);
        }
        seen.lengths[0].take(&journeys.unattributed());
        let mut by_length = BTreeMap::<usize, u128>::new();
        for (way, tally) in &seen.paths {
            *by_length.entry(way.len()).or_default() += u128::from(tally.orders.millionths());
        }
        let mut paths = BTreeMap::<Vec<ChannelId>, Tally>::new();
        for (mut way, tally) in seen.paths {
            way.dedup();
            let sum = paths.entry(way).or_default();
            sum.add(tally.orders, 0);
            sum.net += tally.net;
        }
        for tally in paths.values_mut().chain(&mut seen.lengths) {
            tally.persons = tally.orders.millionths() / Count::ONE.millionths();
        }
        let half = by_length.values().sum::<u128>().div_ceil(2);
        let mut below = 0;
        let reached = by_length.iter().find(|(_, count)| {
            below += **count;
            below >= half && half > 0
        });
        Ways {
            lengths: seen.lengths,
            since_first: Vec::new(),
            since_last: Vec::new(),
            median_length: reached.map(|(length, _)| *length),
            median_lag: None,
            paths,
        }
    }

    /// The ways that are gone most, at most so many, as they may be shown; all that are gone by too few are one row. Orders
    /// without a touch are a row of the same table: with it all rows sum to all orders. `hide_untouched` hides it for the sake
    /// of another table.
    pub fn top(
        &self,
        channels: &Channels,
        threshold: Threshold,
        most: usize,
        hide_untouched: bool,
    ) -> TopPaths {
        // By name, so that the order depends on no figure and on no order of arrival.
        let names = |way: &[ChannelId]| way.iter().map(|id| channels.name(*id)).collect::<Vec<_>>();
        let mut paths = self.paths.iter().filter(|(_, tally)| tally.orders > Count::ZERO).collect::<Vec<_>>();
        paths.sort_by_cached_key(|(way, _)| names(way));
        // Less than a whole order is one of a person all the same.
        let heads = |tally: &Tally| tally.persons.max(u64::from(tally.orders > Count::ZERO));
        let mut persons = paths.iter().map(|(_, tally)| heads(tally)).collect::<Vec<_>>();
        persons.push(heads(&self.lengths[0]));
        let mut hidden = vec![false; persons.len()];
        hidden[paths.len()] = hide_untouched;
        let shown = threshold.protect_with(&persons, &hidden);
        let (mut rows, mut other) = (Vec::new(), None);
        for ((way, tally), shown) in paths.iter().zip(&shown.cells) {
            if *shown {
                rows.push(((*way).clone(), **tally));
            } else {
                other.get_or_insert_with(Tally::default).plus(tally);
            }
        }
        let untouched = shown.cells[paths.len()].then_some(self.lengths[0]);
        if untouched.is_none() {
            other.get_or_insert_with(Tally::default).plus(&self.lengths[0]);
        }
        rows.sort_by_key(|(_, tally)| Reverse((tally.orders, tally.net)));
        let mut further = (0, Tally::default());
        for (_, tally) in rows.drain(most.min(rows.len())..) {
            further.0 += 1;
            further.1.plus(&tally);
        }
        TopPaths { rows, further, untouched, other: other.filter(|_| shown.total) }
    }
}

impl Tally {
    fn add(&mut self, orders: Count, net: i64) {
        self.orders = Count::from_millionths(self.orders.millionths().saturating_add(orders.millionths()));
        self.net += i128::from(net);
    }

    fn take(&mut self, outcome: &Outcome) {
        self.add(outcome.conversions, outcome.value);
    }

    /// These orders and others: persons are counted once for each, though they may be the same.
    pub fn plus(&mut self, other: &Tally) {
        self.add(other.orders, 0);
        self.net += other.net;
        self.persons += other.persons;
    }
}

/// Rows of a distribution.
struct Bins(Vec<(Tally, Heads)>);

impl Bins {
    fn new(rows: usize) -> Bins {
        Bins(vec![Default::default(); rows])
    }

    fn add(&mut self, row: usize, net: i64, person: Option<PersonKey>) {
        let (tally, heads) = &mut self.0[row];
        tally.add(Count::ONE, net);
        heads.add(person);
    }

    fn tallies(self) -> Vec<Tally> {
        self.0.into_iter().map(|(tally, heads)| Tally { persons: heads.count(), ..tally }).collect()
    }
}

/// The last row whose least number is not above a number.
fn bin<N: Copy + PartialOrd>(least: &[N], number: N) -> usize {
    least.iter().rposition(|least| *least <= number).unwrap_or(0)
}

fn median<N: Copy + Ord>(mut all: Vec<N>) -> Option<N> {
    let middle = all.len().checked_sub(1)? / 2;
    Some(*all.select_nth_unstable(middle).1)
}

/// Grouped journeys on their way past.
struct Seen {
    lengths: Vec<Tally>,
    paths: BTreeMap<Vec<ChannelId>, Tally>,
}

impl Visitor for Seen {
    fn journey<T: Touch>(&mut self, path: &[T], outcome: &Outcome) {
        if outcome.conversions > Count::ZERO {
            self.lengths[bin(&Ways::LENGTHS, path.len())].take(outcome);
            self.paths.entry(path.iter().map(|touch| touch.id()).collect()).or_default().take(outcome);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::people::Sold;
    use super::*;

    const DAY: u64 = 24 * 60 * 60 * 1000;

    fn trail(person: u8, path: &[u16], oldest: u64) -> Trail {
        let channels = path.iter().map(|id| ChannelId(*id)).collect::<Vec<_>>();
        let ages = (0..path.len()).map(|at| if at == 0 { oldest } else { 0 }).collect();
        Trail { person: Some(PersonKey::of(&[person])), channels, ages, end: End::Sale(Sold::Web, 10, None) }
    }

    #[test]
    fn a_way_has_a_length_and_a_lag() {
        let trails = [
            trail(1, &[0], 0),
            trail(1, &[0, 0, 1], 4 * DAY),
            trail(2, &[], 0),
            trail(3, &[1; 12], 61 * DAY),
        ];
        let ways = Ways::of(&trails);
        let orders = |tallies: &[Tally]| {
            tallies.iter().map(|tally| tally.orders.millionths() / 1_000_000).collect::<Vec<_>>()
        };
        assert_eq!(orders(&ways.lengths), [1, 1, 0, 1, 0, 0, 0, 0, 1]);
        assert_eq!(orders(&ways.since_first), [1, 0, 0, 1, 0, 0, 0, 0, 1]);
        assert_eq!(orders(&ways.since_last), [3, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!((ways.median_length, ways.median_lag), (Some(3), Some(4 * DAY)));
    }

    #[test]
    fn ways_of_few_are_other() {
        let mut channels = Channels::new();
        for name in ["a", "b", "c"] {
            channels.intern(name).unwrap();
        }
        let mut trails = Vec::new();
        for person in 0..100_u8 {
            let path: &[u16] = match person {
                0..3 => &[2],
                3..40 => &[0, 1],
                _ => &[1, 1],
            };
            trails.push(trail(person, path, 0));
        }
        let ways = Ways::of(&trails);
        let top = ways.top(&channels, Threshold::new(10).unwrap(), 10, false);
        // a > b is hidden with c: it comes first, and together they are enough.
        assert_eq!(top.rows.iter().map(|(way, _)| way.clone()).collect::<Vec<_>>(), [vec![ChannelId(1)]]);
        assert_eq!(top.other.map(|other| other.orders), Count::whole(40));
        let top = ways.top(&channels, Threshold::new(10).unwrap(), 0, false);
        assert_eq!((top.rows.len(), top.further.0), (0, 1));
    }

    #[test]
    fn columns_have_ways_too() {
        let mut journeys = Journeys::new(2);
        let path = journeys.path(["a", "b", "b"]).unwrap();
        journeys
            .push_grouped(&path, "40.5".parse().unwrap(), "12".parse().unwrap(), "3".parse().unwrap())
            .unwrap();
        journeys.push(&[], Outcome::conversion(5)).unwrap();
        let ways = Ways::of_journeys(&journeys);
        assert_eq!((ways.lengths[0].persons, ways.lengths[3].persons, ways.median_length), (1, 40, Some(3)));
        let top = ways.top(journeys.channels(), Threshold::new(10).unwrap(), 5, true);
        assert_eq!((top.rows.len(), top.untouched, top.other.map(|other| other.net)), (0, None, Some(1205)));
    }
}
