//! Where a customer stands among all, from counts alone.

use serde::{Deserialize, Serialize};

/// Buckets to an octave: amounts of one bucket differ by less than an eighth.
const BUCKETS_PER_OCTAVE: u64 = 8;

/// A range of amounts: exact below 16 minor units, then eight buckets to an octave, so that a count
/// for each bucket answers where a customer stands among a million without a look at the others.
///
/// Monotone: a greater amount never has a smaller bucket. Covers every amount; below zero is zero.
///
/// ```
/// use phygital_core::profile::SpendBucket;
/// assert_eq!(SpendBucket::of(0).index(), 0);
/// assert!(SpendBucket::of(12_000) > SpendBucket::of(10_000));
/// assert!(SpendBucket::of(i64::MAX).index() < SpendBucket::COUNT);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SpendBucket(u16);

impl SpendBucket {
    /// How many buckets there are.
    pub const COUNT: u16 = 488;

    /// The bucket of an amount in minor units.
    pub fn of(minor: i64) -> SpendBucket {
        let amount = u64::try_from(minor).unwrap_or(0);
        // So many low bits do not matter: the three below the leading one do.
        let octave = amount.checked_ilog2().unwrap_or(0).saturating_sub(BUCKETS_PER_OCTAVE.ilog2());
        let index = u64::from(octave) * BUCKETS_PER_OCTAVE + (amount >> octave);
        SpendBucket(u16::try_from(index).expect("at most 59 octaves of eight and fifteen"))
    }

    /// The bucket of that index, as a store keeps it; none from [`SpendBucket::COUNT`] on.
    pub fn from_index(index: u16) -> Option<SpendBucket> {
        (index < SpendBucket::COUNT).then_some(SpendBucket(index))
    }

    /// Its index, from zero.
    pub fn index(self) -> u16 {
        self.0
    }
}

/// Where a customer's spend stands among that of all who bought in the same currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Rank {
    /// She is among the top so many percent, 1 to 100: the share, rounded up, of those in her
    /// bucket or above. So it never flatters.
    pub top_percent: u8,
    /// Among how many.
    pub among: u64,
}

/// A rank as an associate is told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RankBand {
    /// Among the top 1 percent.
    #[serde(rename = "top_1")]
    Top1,
    /// Among the top 5 percent.
    #[serde(rename = "top_5")]
    Top5,
    /// Among the top 10 percent.
    #[serde(rename = "top_10")]
    Top10,
    /// Among the top 25 percent.
    #[serde(rename = "top_25")]
    Top25,
    /// Among the upper half.
    #[serde(rename = "top_50")]
    Top50,
    /// In the lower half.
    LowerHalf,
}

impl Rank {
    /// The rank of a customer in bucket `own`, from how many customers stand in each bucket, in any
    /// order; none where nobody stands in `own` or above.
    ///
    /// ```
    /// use phygital_core::profile::{Rank, SpendBucket};
    /// let counts = [(SpendBucket::of(1_000), 95), (SpendBucket::of(50_000), 5)];
    /// let rank = Rank::from_counts(counts, SpendBucket::of(50_000)).unwrap();
    /// assert_eq!((rank.top_percent, rank.among), (5, 100));
    /// ```
    pub fn from_counts(
        counts: impl IntoIterator<Item = (SpendBucket, u64)>,
        own: SpendBucket,
    ) -> Option<Rank> {
        let (mut among, mut at_or_above) = (0_u64, 0_u64);
        for (bucket, count) in counts {
            among = among.saturating_add(count);
            if bucket >= own {
                at_or_above = at_or_above.saturating_add(count);
            }
        }
        let percent = (u128::from(at_or_above) * 100).div_ceil(u128::from(among.max(1)));
        let top_percent = u8::try_from(percent).ok().filter(|percent| *percent > 0)?;
        Some(Rank { top_percent, among })
    }

    /// The band it falls in.
    pub fn band(&self) -> RankBand {
        match self.top_percent {
            ..=1 => RankBand::Top1,
            2..=5 => RankBand::Top5,
            6..=10 => RankBand::Top10,
            11..=25 => RankBand::Top25,
            26..=50 => RankBand::Top50,
            _ => RankBand::LowerHalf,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn buckets_reach_from_nothing_to_the_greatest_amount() {
        for minor in 0..16 {
            assert_eq!(i64::from(SpendBucket::of(minor).index()), minor);
        }
        assert_eq!(SpendBucket::of(-5), SpendBucket::of(0));
        assert_eq!(SpendBucket::of(i64::MAX).index(), SpendBucket::COUNT - 1);
        assert!(SpendBucket::from_index(SpendBucket::COUNT - 1).is_some());
        assert!(SpendBucket::from_index(SpendBucket::COUNT).is_none());
    }

    #[test]
    fn each_bucket_is_met_and_narrow() {
        let mut index = 0;
        let mut low: u64 = 0;
        while index < SpendBucket::COUNT - 1 {
            // The next bucket begins where the leading four bits change.
            let step = 1 << low.checked_ilog2().unwrap_or(0).saturating_sub(3);
            let next = low + step;
            assert_eq!(SpendBucket::of((next - 1) as i64).index(), index);
            assert_eq!(SpendBucket::of(next as i64).index(), index + 1);
            assert!(low < 16 || step * 8 <= low, "{low} is wider than an eighth");
            (low, index) = (next, index + 1);
        }
    }

    #[test]
    fn rank_of_nobody_is_none() {
        assert_eq!(Rank::from_counts([], SpendBucket::of(1)), None);
        assert_eq!(Rank::from_counts([(SpendBucket::of(1), 3)], SpendBucket::of(9)), None);
        let all =
            Rank::from_counts([(SpendBucket::of(1), u64::MAX), (SpendBucket::of(2), 1)], SpendBucket::of(1));
        assert_eq!(all.unwrap().top_percent, 100);
    }

    proptest::proptest! {
        #[test]
        fn buckets_are_monotone(one in 0..i64::MAX, other in 0..i64::MAX) {
            let (low, high) = (one.min(other), one.max(other));
            proptest::prop_assert!(SpendBucket::of(low) <= SpendBucket::of(high));
        }

        #[test]
        fn rank_never_flatters(amounts in proptest::collection::vec(0i64..2_000_000, 1..200), pick: proptest::sample::Index) {
            let own = *pick.get(&amounts);
            let rank = Rank::from_counts(amounts.iter().map(|&one| (SpendBucket::of(one), 1)), SpendBucket::of(own)).unwrap();
            let at_or_above = amounts.iter().filter(|&&one| one >= own).count();
            proptest::prop_assert!(usize::from(rank.top_percent) * amounts.len() >= at_or_above * 100);
            proptest::prop_assert!((1..=100).contains(&rank.top_percent));
        }
    }
}
