//! Rules: what share of an order each touch of its path gets, by its place, its time or its channel.

use thiserror::Error;

use super::channels::ChannelId;
use super::shares::{Shares, SharesError};

/// How the credit of one conversion goes to the touches of its path. All shares are exact fractions, except that those of
/// [`Rule::TimeDecay`] and [`Rule::RankDecay`] are rounded to 2^-62 of the largest.
///
/// ```
/// use phygital_core::attribution::{Journeys, Path, Rule};
/// let mut journeys = Journeys::new(2);
/// let path = journeys.path(["ad", "email", "email", "store", "direct"])?;
/// let shares = Rule::position().shares(&Path::new(&path))?;
/// assert_eq!((shares.parts(), shares.total()), (&[6, 1, 1, 1, 6][..], 15));
/// assert_eq!(shares.split(1999_00).credits(), [79960, 13327, 13327, 13326, 79960]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// All to the first touch.
    First,
    /// All to the last.
    Last,
    /// All to the last whose channel is another than this; where there is none, to the last.
    LastNonDirect(ChannelId),
    /// Equal shares: a channel that was touched twice earns twice.
    Linear,
    /// Equal shares for each channel of the path, at its first touch. Equals the Shapley value of the sum game.
    LinearPerChannel,
    /// Half as much for each half-life that a touch is older.
    TimeDecay {
        /// In milliseconds, above zero. Seven days is usual.
        half_life: u64,
    },
    /// Each touch gets so much of what the next one gets: `numerator / denominator`, at most 1.
    RankDecay {
        /// Of the ratio.
        numerator: u32,
        /// Of the ratio, above zero.
        denominator: u32,
    },
    /// Shares of the first touches, of the last ones, and one that the others have together.
    Places(Places),
    /// Shares of the first touch, the lead and the last, and one that the others have together.
    WShaped(Milestones),
    /// Shares of the first touch, the lead, the opportunity and the last, and one that the others have together.
    ZShaped(Milestones),
    /// Each touch gets what its channel weighs, by [`ChannelId::index`]; a channel past the end weighs nothing. So the
    /// removal effects of a Markov model explain a single order.
    ByChannel(Vec<u64>),
}

/// Sizes of shares by place, in any unit. A touch that has two places gets both shares; where no touch is left for the
/// rest, the others divide all in their proportions. Complete by nature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// Of the first touch, the second, and so on.
    pub head: Vec<u32>,
    /// Of the last touch, the one before it, and so on.
    pub tail: Vec<u32>,
    /// Of all other touches together.
    pub rest: u32,
}

/// Sizes of the shares of milestones, in any unit; the rules of [`Places`] hold. A milestone that a path does not have is
/// left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Milestones {
    /// Of the first touch, of each milestone and of the last touch.
    pub each: u32,
    /// Of all other touches together.
    pub rest: u32,
}

/// The touches of an order, oldest first, and what rules may ask about them.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Path<'a> {
    /// The channel of each.
    pub channels: &'a [ChannelId],
    /// How long before the conversion each was, in milliseconds. Asked for by [`Rule::TimeDecay`].
    pub ages: Option<&'a [u64]>,
    /// Which touch made a lead of the customer.
    pub lead: Option<usize>,
    /// Which made an opportunity of the lead.
    pub opportunity: Option<usize>,
}

/// Why a rule has no shares for a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RuleError {
    /// No touch that earns anything: the order is unattributed.
    #[error(transparent)]
    Shares(#[from] SharesError),
    /// The rule asks for times, and the path has none, or not one for each touch.
    #[error("the rule needs the age of each touch")]
    NoAges,
    /// A half-life or a denominator of zero, or a ratio above one.
    #[error("the half-life has to be above zero, the ratio above zero and at most one")]
    Setting,
    /// A milestone that is no touch of the path.
    #[error("touch {0} is no touch of the path")]
    NoTouch(usize),
}

/// The largest part of a rule that rounds.
const LARGEST: u64 = 1 << 62;

impl<'a> Path<'a> {
    /// A path of these channels.
    pub fn new(channels: &'a [ChannelId]) -> Path<'a> {
        Path { channels, ..Path::default() }
    }

    /// With the age of each touch at the conversion, in milliseconds.
    pub fn aged(self, ages: &'a [u64]) -> Path<'a> {
        Path { ages: Some(ages), ..self }
    }

    /// With the places of its milestones.
    pub fn with_milestones(self, lead: Option<usize>, opportunity: Option<usize>) -> Path<'a> {
        Path { lead, opportunity, ..self }
    }
}

impl Rule {
    /// 40 % to the first touch, 40 % to the last, 20 % to those between.
    pub fn position() -> Rule {
        Rule::ends(40, 20, 40)
    }

    /// Shares of the first touch, of those between together, and of the last, in any unit.
    pub fn ends(first: u32, rest: u32, last: u32) -> Rule {
        Rule::Places(Places { head: vec![first], tail: vec![last], rest })
    }

    /// 30 % each to the first touch, the lead and the last, 10 % to the others.
    pub fn w_shaped() -> Rule {
        Rule::WShaped(Milestones { each: 30, rest: 10 })
    }

    /// 22.5 % each to the first touch, the lead, the opportunity and the last, 10 % to the others.
    pub fn z_shaped() -> Rule {
        Rule::ZShaped(Milestones { each: 225, rest: 100 })
    }

    /// A half-life of seven days.
    pub fn time_decay() -> Rule {
        Rule::TimeDecay { half_life: 7 * 24 * 60 * 60 * 1000 }
    }

    /// The shares of the touches of a path.
    ///
    /// # Errors
    /// [`RuleError`]; [`SharesError::Nothing`] in it for an empty path, and where no touch earns anything.
    pub fn shares(&self, path: &Path<'_>) -> Result<Shares, RuleError> {
        let touches = path.channels.len();
        let Some(last) = touches.checked_sub(1) else { return Err(SharesError::Nothing.into()) };
        let only = |touch: usize| {
            let mut parts = vec![0; touches];
            parts[touch] = 1;
            parts
        };
        let parts = match self {
            Rule::First => only(0),
            Rule::Last => only(last),
            Rule::LastNonDirect(direct) => {
                only(path.channels.iter().rposition(|channel| channel != direct).unwrap_or(last))
            }
            Rule::Linear => vec![1; touches],
            Rule::LinearPerChannel => {
                let seen = |at: usize| path.channels[..at].contains(&path.channels[at]);
                (0..touches).map(|at| u64::from(!seen(at))).collect()
            }
            Rule::TimeDecay { half_life } => {
                let ages = path.ages.filter(|ages| ages.len() == touches).ok_or(RuleError::NoAges)?;
                by_age(ages, *half_life)?
            }
            Rule::RankDecay { numerator, denominator } => by_rank(touches, *numerator, *denominator)?,
            Rule::Places(places) => return Ok(places.shares(touches)?),
            Rule::WShaped(milestones) => return milestones.shares(touches, &[path.lead]),
            Rule::ZShaped(milestones) => {
                return milestones.shares(touches, &[path.lead, path.opportunity]);
            }
            Rule::ByChannel(weights) => {
                let weight = |channel: &ChannelId| weights.get(channel.index()).copied().unwrap_or(0);
                path.channels.iter().map(weight).collect()
            }
        };
        Ok(Shares::new(parts)?)
    }

    /// Whether a share depends on the place of the touch and the number of touches alone.
    pub(super) fn is_by_place(&self) -> bool {
        matches!(self, Rule::First | Rule::Last | Rule::Linear | Rule::RankDecay { .. } | Rule::Places(_))
    }
}

/// 2^(-age / half-life), after the smallest age is taken off: the youngest touch has the largest part, however old.
fn by_age(ages: &[u64], half_life: u64) -> Result<Vec<u64>, RuleError> {
    if half_life == 0 {
        return Err(RuleError::Setting);
    }
    let youngest = ages.iter().min().copied().unwrap_or(0);
    let part = |age: &u64| {
        let lives = (age - youngest) as f64 / half_life as f64;
        libm::round(libm::exp2(-lives) * LARGEST as f64) as u64
    };
    Ok(ages.iter().map(part).collect())
}

/// Powers of the ratio, from the last touch backwards.
fn by_rank(touches: usize, numerator: u32, denominator: u32) -> Result<Vec<u64>, RuleError> {
    if numerator == 0 || numerator > denominator {
        return Err(RuleError::Setting);
    }
    let mut parts = vec![0; touches];
    let mut part = LARGEST;
    for place in parts.iter_mut().rev() {
        *place = part;
        let next = u128::from(part) * u128::from(numerator) + u128::from(denominator / 2);
        part = u64::try_from(next / u128::from(denominator)).expect("the ratio is at most one");
    }
    Ok(parts)
}

impl Places {
    fn shares(&self, touches: usize) -> Result<Shares, SharesError> {
        let mut sizes = vec![None; touches];
        for (touch, size) in self.head.iter().enumerate().take(touches) {
            add(&mut sizes[touch], *size);
        }
        for (touch, size) in self.tail.iter().enumerate().take(touches) {
            add(&mut sizes[touches - 1 - touch], *size);
        }
        with_rest(&sizes, self.rest)
    }
}

impl Milestones {
    fn shares(&self, touches: usize, between: &[Option<usize>]) -> Result<Shares, RuleError> {
        let mut sizes = vec![None; touches];
        for touch in [0, touches - 1].into_iter().chain(between.iter().copied().flatten()) {
            add(sizes.get_mut(touch).ok_or(RuleError::NoTouch(touch))?, self.each);
        }
        Ok(with_rest(&sizes, self.rest)?)
    }
}

fn add(sum: &mut Option<u64>, size: u32) {
    *sum = Some(sum.unwrap_or(0) + u64::from(size));
}

/// All sizes in one denominator: the rest is divided among the touches without a size of their own.
fn with_rest(sizes: &[Option<u64>], rest: u32) -> Result<Shares, SharesError> {
    let others = sizes.iter().filter(|size| size.is_none()).count() as u64;
    let common = others.max(1);
    let parts = sizes.iter().map(|size| size.map_or(u64::from(rest), |size| size * common));
    let parts = parts.collect::<Vec<_>>();
    let divisor = parts.iter().fold(0, |one, other| gcd(one, *other)).max(1);
    let parts = parts.into_iter().map(|part| part / divisor).collect();
    Shares::with_rest(parts, sizes.iter().map(Option::is_none).collect())
}

fn gcd(one: u64, other: u64) -> u64 {
    if other == 0 { one } else { gcd(other, one % other) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ids(path: &[u16]) -> Vec<ChannelId> {
        path.iter().map(|id| ChannelId(*id)).collect()
    }

    fn parts(rule: &Rule, path: &[u16]) -> Vec<u64> {
        rule.shares(&Path::new(&ids(path))).unwrap().parts().to_vec()
    }

    #[test]
    fn places_of_short_paths() {
        assert_eq!(parts(&Rule::position(), &[0]), [1]);
        assert_eq!(parts(&Rule::ends(30, 20, 50), &[0, 1]), [3, 5]);
        assert_eq!(parts(&Rule::position(), &[0, 1, 0]), [2, 1, 2]);
        assert_eq!(parts(&Rule::LinearPerChannel, &[0, 1, 0, 2]), [1, 1, 0, 1]);
        assert_eq!(parts(&Rule::LastNonDirect(ChannelId(2)), &[0, 1, 2, 2]), [0, 1, 0, 0]);
        assert_eq!(parts(&Rule::LastNonDirect(ChannelId(2)), &[2, 2]), [0, 1]);
        let custom = Rule::Places(Places { head: vec![5, 2], tail: vec![2, 1], rest: 0 });
        assert_eq!(parts(&custom, &[0, 1, 2, 3, 4]), [5, 2, 0, 1, 2]);
        assert_eq!(parts(&custom, &[0, 1]), [6, 4].map(|part| part / 2));
    }

    #[test]
    fn ties_go_to_the_ends_first() {
        let shares = Rule::position().shares(&Path::new(&ids(&[0, 1, 2, 3, 4]))).unwrap();
        // 2.4, 0.4, 0.4, 0.4, 2.4: all lost as much.
        assert_eq!(shares.split(6).credits(), [3, 0, 0, 0, 3]);
    }

    #[test]
    fn decay_does_not_underflow() {
        let path = ids(&[0, 1]);
        let rule = Rule::TimeDecay { half_life: 1000 };
        let old = rule.shares(&Path::new(&path).aged(&[1_000_000_001_000, 1_000_000_000_000])).unwrap();
        assert_eq!(old.fraction(0), 1.0 / 3.0);
        let gone = rule.shares(&Path::new(&path).aged(&[u64::MAX, 0])).unwrap();
        assert_eq!(gone.parts(), [0, LARGEST]);
        assert_eq!(rule.shares(&Path::new(&path)).unwrap_err(), RuleError::NoAges);
        assert_eq!(rule.shares(&Path::new(&path).aged(&[1])).unwrap_err(), RuleError::NoAges);
    }

    #[test]
    fn settings_are_checked() {
        let path = ids(&[0, 1]);
        let path = Path::new(&path).aged(&[1, 0]);
        for rule in [
            Rule::TimeDecay { half_life: 0 },
            Rule::RankDecay { numerator: 1, denominator: 0 },
            Rule::RankDecay { numerator: 3, denominator: 2 },
            Rule::RankDecay { numerator: 0, denominator: 2 },
        ] {
            assert_eq!(rule.shares(&path).unwrap_err(), RuleError::Setting);
        }
        let outside = path.with_milestones(Some(2), None);
        assert_eq!(Rule::w_shaped().shares(&outside).unwrap_err(), RuleError::NoTouch(2));
        assert_eq!(Rule::First.shares(&Path::new(&[])).unwrap_err(), SharesError::Nothing.into());
        assert_eq!(Rule::ByChannel(vec![0]).shares(&path).unwrap_err(), SharesError::Nothing.into());
    }

    proptest! {
        /// The formulas of each rule in floating point, as they are written in a paper.
        #[test]
        fn as_the_formulas(path in prop::collection::vec(0..5_u16, 1..30), half in 1..1_000_000_u64) {
            let n = path.len();
            let channels = ids(&path);
            let ages = (0..n as u64).rev().map(|at| 5 + at * at * 977).collect::<Vec<_>>();
            let full = Path::new(&channels).aged(&ages);
            let normal = |weights: Vec<f64>| {
                let sum = weights.iter().sum::<f64>();
                weights.into_iter().map(|weight| weight / sum).collect::<Vec<_>>()
            };
            let close = |rule: &Rule, weights: Vec<f64>| {
                let shares = rule.shares(&full).unwrap();
                let ends = normal(weights);
                ends.iter().enumerate().all(|(at, weight)| (shares.fraction(at) - weight).abs() < 1e-12)
            };
            let age = |at: usize| 0.5_f64.powf(ages[at] as f64 / half as f64 - ages[n - 1] as f64 / half as f64);
            let (decay, rank) = (Rule::TimeDecay { half_life: half }, Rule::RankDecay { numerator: 2, denominator: 3 });
            prop_assert!(close(&decay, (0..n).map(age).collect()));
            prop_assert!(close(&rank, (0..n).map(|at| (2.0_f64 / 3.0).powi((n - 1 - at) as i32)).collect()));
            let position = |at: usize| match n {
                1 => 1.0,
                2 => [0.5, 0.3][at],
                _ if at == 0 => 0.5,
                _ if at == n - 1 => 0.3,
                _ => 0.2 / (n as f64 - 2.0),
            };
            prop_assert!(close(&Rule::ends(50, 20, 30), (0..n).map(position).collect()));
        }
    }
}
