//! How far figures would move with other people: a bootstrap over persons.

use super::channels::{ChannelError, ChannelId, Channels, Roster};
use super::codec::{AggregateError, Form, MergeError, Reader, Writer};
use super::model::{Model, ModelError, Scores};
use super::people::PersonKey;
use super::rule::{Path, Rule, RuleError};
use super::trails::{End, Trail};

/// Sums of many samples of the same persons. In each sample a person counts so many times as a Poisson draw of mean 1 says
/// (the online bootstrap of Oza and Russell 2001). The draw is a digest of the person and the sample's number: so it needs
/// no seed, is the same on every machine, and samples of parts that are merged are those of the whole, to the byte.
///
/// A person's orders stay together: they are not independent of each other.
///
/// ```
/// use phygital_core::attribution::{PersonKey, Samples};
/// let ann = PersonKey::of(b"ann");
/// let draws = (0..1000).map(|sample| Samples::weight(ann, sample)).collect::<Vec<_>>();
/// let mean = f64::from(draws.iter().sum::<u32>()) / 1000.0;
/// assert!((mean - 1.0).abs() < 0.15);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Samples {
    roster: Roster,
    count: usize,
    /// Values by sample and channel, in units of the scale.
    values: Vec<i128>,
}

/// The middle 95 % of the samples. It says how far the figure would move with other people of the same kind; whether the model
/// is right it does not say.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Interval {
    /// One sample in forty is lower.
    pub low: f64,
    /// One in forty is higher.
    pub high: f64,
    /// In how many samples the figure was defined.
    pub samples: usize,
}

/// How firmly a channel holds its place among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RankHold {
    /// Its place by value, from 1; of equals all have the best.
    pub rank: usize,
    /// The places that it has in the middle 95 % of the samples: the best.
    pub best: usize,
    /// The worst of them.
    pub worst: usize,
    /// In how many samples it has the very same place.
    pub held: usize,
}

/// 2^64 times the chance that a draw is at most 0, 1, 2 and so on, rounded down.
const POISSON: [u64; 20] = [
    6_786_177_901_268_885_274,
    13_572_355_802_537_770_549,
    16_965_444_753_172_213_186,
    18_096_474_403_383_694_065,
    18_379_231_815_936_564_285,
    18_435_783_298_447_138_329,
    18_445_208_545_532_234_003,
    18_446_555_009_401_533_385,
    18_446_723_317_385_195_808,
    18_446_742_018_272_269_410,
    18_446_743_888_360_976_771,
    18_446_744_058_369_041_076,
    18_446_744_072_536_379_768,
    18_446_744_073_626_175_052,
    18_446_744_073_704_017_573,
    18_446_744_073_709_207_074,
    18_446_744_073_709_531_418,
    18_446_744_073_709_550_497,
    18_446_744_073_709_551_557,
    18_446_744_073_709_551_613,
];

/// A sum beyond this, either way, leaves its range: then the sums of all channels together stay within 128 bits.
const SUM_MAX: u128 = 1 << 110;

/// Most samples that are read from bytes: a hundred times as many as an interval of two digits needs.
const SAMPLES_MAX: usize = 100_000;

fn in_range(sum: i128) -> bool {
    sum.unsigned_abs() <= SUM_MAX
}

impl Samples {
    /// No persons yet, in so many samples. 200 do for an interval, 1,000 for its second digit.
    pub fn new(count: usize) -> Samples {
        Samples { roster: Roster::default(), count, values: Vec::new() }
    }

    /// How many times a person counts in a sample: 0 in 37 % of them, 1 in 37 %, 2 in 18 %, and so on.
    pub fn weight(person: PersonKey, sample: u32) -> u32 {
        let draw = person.chance(u64::from_le_bytes(*b"bootstrp"), u64::from(sample));
        // Nearly always 0 or 1 or 2: a walk is shorter than a search.
        let below = POISSON.iter().take_while(|most| draw >= **most).count();
        u32::try_from(below).expect("as many as the table has")
    }

    /// The samples of trails by a rule for each path. Trails of nobody known count once in every sample.
    ///
    /// # Errors
    /// [`RuleError`] for a rule that asks for what trails do not have; [`ChannelError`] never, of channels that were taken.
    pub fn of_rule(
        count: usize,
        channels: &Channels,
        trails: &[Trail],
        rule: &Rule,
    ) -> Result<Samples, ModelError> {
        let (roster, map) = channels.roster();
        let mut samples = Samples { values: vec![0; count * roster.len()], roster, count };
        let mut credits = vec![0_i128; samples.roster.len()];
        // The trails of a person are added up before they are weighed.
        for trails in trails.chunk_by(|one, next| one.person.is_some() && one.person == next.person) {
            let mut any = false;
            for trail in trails {
                let End::Sale(_, net, _) = trail.end else { continue };
                let shares = match rule.shares(&Path::new(&trail.channels).aged(&trail.ages)) {
                    Ok(shares) => shares,
                    Err(RuleError::Shares(_)) => continue,
                    Err(error) => return Err(error.into()),
                };
                any = true;
                for (channel, minor) in trail.channels.iter().zip(shares.split(net).credits()) {
                    credits[map[channel.index()].index()] += i128::from(*minor);
                }
            }
            if any {
                samples.weigh(trails[0].person, &credits);
                credits.fill(0);
            }
        }
        Ok(samples)
    }

    fn weigh(&mut self, person: Option<PersonKey>, credits: &[i128]) {
        let earned = credits.iter().enumerate().filter(|(_, credit)| **credit != 0).collect::<Vec<_>>();
        for (sample, row) in self.values.chunks_exact_mut(credits.len()).enumerate() {
            let number = u32::try_from(sample).unwrap_or(u32::MAX);
            let times = person.map_or(1, |person| Samples::weight(person, number));
            if times > 0 {
                for (channel, credit) in &earned {
                    row[*channel] += *credit * i128::from(times);
                }
            }
        }
    }

    /// The samples of any model: it is fitted anew on each. `score` gets the number of a sample and gives the scores of the
    /// trails as they count there (by [`Samples::weight`]); so samples may be fitted on several threads.
    ///
    /// # Errors
    /// What `score` says.
    pub fn of_scores(
        count: usize,
        channels: &Channels,
        mut score: impl FnMut(u32) -> Result<Scores, ModelError>,
    ) -> Result<Samples, ModelError> {
        let (roster, map) = channels.roster();
        let mut values = vec![0; count * roster.len()];
        for sample in 0..count {
            let scores = score(u32::try_from(sample).unwrap_or(u32::MAX))?;
            for (id, minor) in map.iter().zip(&scores.minor) {
                values[sample * roster.len() + id.index()] = i128::from(*minor);
            }
        }
        Ok(Samples { roster, count, values })
    }

    /// The samples of trails by a model: by its rule, or fitted anew on each.
    ///
    /// # Errors
    /// [`ModelError`].
    pub fn of_model(
        count: usize,
        channels: &Channels,
        scale: u8,
        direct: Option<ChannelId>,
        trails: &[Trail],
        model: Model,
    ) -> Result<Samples, ModelError> {
        match model.rule(direct) {
            Some(rule) => Samples::of_rule(count, channels, trails, &rule),
            None => Samples::of_scores(count, channels, |sample| {
                let weight =
                    |person: Option<PersonKey>| person.map_or(1, |person| Samples::weight(person, sample));
                model.scores(channels, scale, direct, trails, weight)
            }),
        }
    }

    /// These samples and those of other trails by the same rule. Trails of one person may be in both.
    ///
    /// # Errors
    /// [`MergeError`] for another number of samples, for too many channels, and for sums out of range; nothing is changed then.
    pub fn merge(&mut self, other: &Samples) -> Result<(), MergeError> {
        if self.count != other.count {
            return Err(MergeError::Samples(self.count, other.count));
        }
        let union =
            self.roster.union(&other.roster).map_err(|error: ChannelError| MergeError::from(error))?;
        let mut values = vec![0_i128; self.count * union.roster.len()];
        for (samples, map) in [(&*self, &union.ours), (other, &union.theirs)] {
            for sample in 0..self.count {
                for (id, value) in map.iter().zip(samples.row(sample)) {
                    let sum = &mut values[sample * union.roster.len() + id.index()];
                    *sum = sum.checked_add(*value).filter(|sum| in_range(*sum)).ok_or(MergeError::TooMuch)?;
                }
            }
        }
        (self.roster, self.values) = (union.roster, values);
        Ok(())
    }

    /// The bytes of these samples: the same for the same persons, in whatever order and parts they came.
    ///
    /// ```
    /// use phygital_core::attribution::Samples;
    /// let samples = Samples::new(200);
    /// assert_eq!(Samples::decode(&samples.encode())?, samples);
    /// # Ok::<(), phygital_core::attribution::AggregateError>(())
    /// ```
    pub fn encode(&self) -> Vec<u8> {
        // They have no scale: whoever sums values of two scales has to know.
        let mut writer = Writer::new(Form::Samples, 0, &self.roster);
        writer.length(self.count);
        for value in &self.values {
            writer.signed(*value);
        }
        writer.finish()
    }

    /// The samples of these bytes.
    ///
    /// # Errors
    /// [`AggregateError`] for anything that [`Samples::encode`] does not write, and for more than 100,000 samples.
    pub fn decode(bytes: &[u8]) -> Result<Samples, AggregateError> {
        let (mut reader, scale, roster) = Reader::new(bytes, Form::Samples)?;
        let count = reader.narrow::<usize>()?;
        if scale != 0 || count > SAMPLES_MAX {
            return Err(AggregateError::Form);
        }
        // Each takes a byte at least: what is not there is not allocated.
        let mut values = Vec::new();
        for _ in 0..count as u64 * roster.len() as u64 {
            values.push(Some(reader.signed()?).filter(|value| in_range(*value)).ok_or(AggregateError::Form)?);
        }
        reader.finish()?;
        Ok(Samples { roster, count, values })
    }

    fn row(&self, sample: usize) -> &[i128] {
        let channels = self.roster.len();
        &self.values[sample * channels..(sample + 1) * channels]
    }

    /// The channels, by name.
    pub fn channels(&self) -> &Roster {
        &self.roster
    }

    /// How many samples there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// How far a channel's share of the credited value moves; none where no sample has any value, or no such channel.
    pub fn share(&self, channel: &str) -> Option<Interval> {
        let id = self.roster.id(channel)?.index();
        let share = |row: &[i128]| {
            let all = row.iter().sum::<i128>();
            (all > 0).then(|| row[id] as f64 / all as f64)
        };
        self.interval(share)
    }

    /// How far a channel's return on a cost moves, in units of the scale; none without a cost above zero. The cost is what it
    /// is: it is not drawn.
    pub fn roas(&self, channel: &str, cost: i64) -> Option<Interval> {
        let id = self.roster.id(channel)?.index();
        self.interval(|row| (cost > 0).then(|| row[id] as f64 / cost as f64))
    }

    fn interval(&self, figure: impl Fn(&[i128]) -> Option<f64>) -> Option<Interval> {
        let mut figures = (0..self.count).filter_map(|sample| figure(self.row(sample))).collect::<Vec<_>>();
        figures.sort_by(f64::total_cmp);
        let (low, high) = middle(figures.len())?;
        Some(Interval { low: figures[low], high: figures[high], samples: figures.len() })
    }

    /// How firmly each of some channels holds the place that `values` give it among them, in their order.
    pub fn ranks(&self, channels: &[&str], values: &[i64]) -> Vec<RankHold> {
        let ids = channels.iter().map(|name| self.roster.id(name)).collect::<Vec<_>>();
        let value = |row: &[i128], id: Option<ChannelId>| id.map_or(0, |id| row[id.index()]);
        let mut places = vec![Vec::with_capacity(self.count); channels.len()];
        for sample in 0..self.count {
            let row = ids.iter().map(|id| value(self.row(sample), *id)).collect::<Vec<_>>();
            for (place, rank) in places.iter_mut().zip(ranks(&row)) {
                place.push(rank);
            }
        }
        let hold = |(rank, mut places): (usize, Vec<usize>)| {
            let held = places.iter().filter(|place| **place == rank).count();
            places.sort_unstable();
            let (best, worst) =
                middle(places.len()).map_or((rank, rank), |(low, high)| (places[low], places[high]));
            RankHold { rank, best, worst, held }
        };
        ranks(values).into_iter().zip(places).map(hold).collect()
    }
}

/// The places of values, the largest first: 1 for it; of equals all have the best.
pub(super) fn ranks<N: PartialOrd>(values: &[N]) -> Vec<usize> {
    values.iter().map(|value| 1 + values.iter().filter(|other| *other > value).count()).collect()
}

/// The first and last of the middle 95 % of so many.
fn middle(count: usize) -> Option<(usize, usize)> {
    let low = count / 40;
    Some((low, count.checked_sub(1 + low)?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::super::people::Sold;
    use super::*;

    fn channels() -> Channels {
        let mut channels = Channels::new();
        for name in ["c", "a", "b"] {
            channels.intern(name).unwrap();
        }
        channels
    }

    fn trail(person: u8, path: &[u16], net: i64) -> Trail {
        Trail {
            person: (person > 0).then(|| PersonKey::of(&[person])),
            channels: path.iter().map(|id| ChannelId(*id)).collect(),
            ages: vec![0; path.len()],
            end: End::Sale(Sold::Web, net, None),
        }
    }

    fn trails() -> impl Strategy<Value = Vec<Trail>> {
        let one = (0..9_u8, prop::collection::vec(0..3_u16, 0..5), -50..5_000_i64);
        prop::collection::vec(one, 0..30)
            .prop_map(|rows| rows.iter().map(|(person, path, net)| trail(*person, path, *net)).collect())
    }

    #[test]
    fn draws_are_of_poisson() {
        let mut counts = [0_u32; 5];
        for person in 0..200_u32 {
            for sample in 0..100 {
                let weight = Samples::weight(PersonKey::of(&person.to_le_bytes()), sample) as usize;
                counts[weight.min(4)] += 1;
            }
        }
        // Of 20,000: e^-1, e^-1, e^-1 / 2, / 6 and the rest, each within 4.5 standard deviations.
        for (count, expected) in counts.iter().zip([7_357.6, 7_357.6, 3_678.8, 1_226.3, 379.8]) {
            let off = (f64::from(*count) - expected).abs();
            assert!(off < 4.5 * expected.sqrt(), "{counts:?}");
        }
        // The table is the sum of e^-1 / k!, to the precision of floating numbers.
        let (mut chance, mut sum) = ((-1.0_f64).exp(), 0.0);
        for (at, most) in POISSON.iter().enumerate() {
            sum += chance;
            chance /= at as f64 + 1.0;
            assert!((*most as f64 / 2_f64.powi(64) - sum).abs() < 1e-15);
        }
    }

    proptest! {
        /// Any order of the trails and any split, merged in any order, gives the same sums; so does weighing every trail by
        /// itself with the draw of its person.
        #[test]
        fn order_and_split_change_nothing(trails in trails(), cut in 0..30_usize, turn in 0..30_usize) {
            let (channels, count) = (channels(), 12);
            let whole = Samples::of_rule(count, &channels, &trails, &Rule::Linear).unwrap();
            let mut turned = trails.clone();
            turned.rotate_left(turn.min(trails.len()));
            let (one, other) = turned.split_at(cut.min(trails.len()));
            let mut merged = Samples::of_rule(count, &channels, other, &Rule::Linear).unwrap();
            merged.merge(&Samples::of_rule(count, &channels, one, &Rule::Linear).unwrap()).unwrap();
            prop_assert_eq!(&merged, &whole);
            let mut empty = Samples::new(count);
            empty.merge(&whole).unwrap();
            prop_assert_eq!(&empty, &whole);
            prop_assert_eq!(merged.encode(), whole.encode());
            prop_assert_eq!(Samples::decode(&whole.encode()).unwrap(), whole.clone());
            let slow = Samples::of_scores(count, &channels, |sample| {
                let weight = |person: Option<PersonKey>| person.map_or(1, |person| Samples::weight(person, sample));
                Model::Linear.scores(&channels, 2, None, &trails, weight)
            });
            prop_assert_eq!(slow.unwrap(), whole);
        }
    }

    #[test]
    fn an_interval_holds_the_figure_and_its_neighbours() {
        let trails = (1..=200_u8).map(|at| trail(at, &[u16::from(at % 4 == 0)], 100)).collect::<Vec<_>>();
        let samples = Samples::of_rule(400, &channels(), &trails, &Rule::Last).unwrap();
        let share = samples.share("a").unwrap();
        // A quarter of 200 persons: a standard deviation of about 3 in 100.
        assert!(share.low > 0.16 && share.low < 0.22 && share.high > 0.28 && share.high < 0.34, "{share:?}");
        let roas = samples.roas("c", 10_000).unwrap();
        assert!(roas.low < 1.5 && roas.high > 1.5);
        assert_eq!(samples.roas("c", 0), None);
        assert_eq!(samples.share("none"), None);
        let ranks = samples.ranks(&["a", "b", "c"], &[5_000, 0, 15_000]);
        assert_eq!((ranks[2].rank, ranks[2].best, ranks[2].worst, ranks[2].held), (1, 1, 1, 400));
        assert_eq!((ranks[0].rank, ranks[1].rank), (2, 3));
    }

    #[test]
    fn only_one_way_to_write_them() {
        let trails = [trail(1, &[0, 1], 100), trail(2, &[2], -30)];
        let samples = Samples::of_rule(3, &channels(), &trails, &Rule::Linear).unwrap();
        let bytes = samples.encode();
        for cut in 0..bytes.len() {
            assert!(Samples::decode(&bytes[..cut]).is_err(), "{cut}");
        }
        assert_eq!(Samples::decode(&[&bytes[..], &[0]].concat()), Err(AggregateError::Long));
        // Another kind of aggregate.
        let mut other = bytes.clone();
        other[4] = 1;
        assert_eq!(Samples::decode(&other), Err(AggregateError::Kind));
        let mut scaled = bytes;
        scaled[6] = 2;
        assert_eq!(Samples::decode(&scaled), Err(AggregateError::Form));
    }

    #[test]
    fn samples_and_sums_have_limits() {
        assert!(Samples::decode(&Samples::new(SAMPLES_MAX).encode()).is_ok());
        assert_eq!(Samples::decode(&Samples::new(SAMPLES_MAX + 1).encode()), Err(AggregateError::Form));
        let most = i128::try_from(SUM_MAX).unwrap();
        let of = |value| Samples { roster: channels().roster().0, count: 1, values: vec![value, 0, -1] };
        assert!(Samples::decode(&of(-most).encode()).is_ok());
        assert_eq!(Samples::decode(&of(most + 1).encode()), Err(AggregateError::Form));
        let mut sum = of(most - 1);
        sum.merge(&of(1)).unwrap();
        assert_eq!(sum.merge(&of(1)), Err(MergeError::TooMuch));
        assert_eq!(sum.values, [most, 0, -2]);
    }

    #[test]
    fn without_samples_there_is_no_interval() {
        let none = Samples::new(0);
        assert_eq!((none.share("a"), none.ranks(&["a"], &[1])[0].rank), (None, 1));
        assert_eq!(Samples::new(3).merge(&Samples::new(4)), Err(MergeError::Samples(3, 4)));
    }
}
