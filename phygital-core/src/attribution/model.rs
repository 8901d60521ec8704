//! Models by name, and what each says that the channels earned.

use std::fmt;

use thiserror::Error;

use super::channels::{ChannelId, Channels};
use super::codec::MergeError;
use super::credits::Credits;
use super::journeys::{JourneyError, Journeys};
use super::markov::{Markov, MarkovError};
use super::outcome::{Count, Outcome};
use super::people::PersonKey;
use super::rule::{Path, Rule, RuleError};
use super::shares::{Shares, UNIT, whole_units};
use super::trails::{End, Trail};
use super::transitions::Transitions;

/// What the channels earned, by any of these ways of sharing out. None of them says what a channel caused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Model {
    /// All to the first touch.
    First,
    /// All to the last.
    Last,
    /// All to the last that was not direct.
    LastNonDirect,
    /// The same to each touch.
    Linear,
    /// Half as much for each week that a touch is older.
    TimeDecay,
    /// 40 % to the first, 40 % to the last, 20 % to those between.
    Position,
    /// The sum game of Shapley: the same to each channel of a path.
    Shapley,
    /// By removal effects, with so many channels in a state.
    Markov(u8),
}

/// Said of every figure here, wherever it is shown.
pub const NOT_CAUSAL: &str = "Attribution shares out what happened; it does not say what a touch caused. Only an experiment with a holdout does.";

/// What the channels earned by a model: sums over whole orders, with the window left to whoever made the trails.
///
/// [`NOT_CAUSAL`] belongs beside these figures.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scores {
    /// By which model.
    pub model: Model,
    /// What each channel earned in units of the scale, by [`ChannelId::index`]. They sum to what is attributed.
    pub minor: Vec<i64>,
    /// Conversions of each channel, in millionths. They sum to what is attributed.
    pub millionths: Vec<i64>,
    /// All that came in.
    pub total: Outcome,
    /// What no channel earned.
    pub unattributed: Outcome,
}

/// Why a model has no scores.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The rule asks for what the journeys do not have.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// The chain was not solved.
    #[error(transparent)]
    Markov(#[from] MarkovError),
    /// The sums leave their range.
    #[error(transparent)]
    Journey(#[from] JourneyError),
    /// The sums leave their range.
    #[error(transparent)]
    Merge(#[from] MergeError),
}

impl Model {
    /// Every rule, and Markov of the first and second order.
    pub const USUAL: [Model; 9] = [
        Model::First,
        Model::Last,
        Model::LastNonDirect,
        Model::Linear,
        Model::TimeDecay,
        Model::Position,
        Model::Shapley,
        Model::Markov(1),
        Model::Markov(2),
    ];

    /// The rule, where the model looks at one path at a time. `direct` are the channels that nothing led to.
    pub(super) fn rule(self, direct: Option<ChannelId>) -> Option<Rule> {
        Some(match self {
            Model::First => Rule::First,
            Model::Last => Rule::Last,
            Model::LastNonDirect => direct.map_or(Rule::Last, Rule::LastNonDirect),
            Model::Linear => Rule::Linear,
            Model::TimeDecay => Rule::time_decay(),
            Model::Position => Rule::position(),
            Model::Shapley => Rule::LinearPerChannel,
            Model::Markov(_) => return None,
        })
    }

    /// The scores of trails, each counted so many times as `weight` says of its person (once, usually). Credits of an
    /// order are whole cents by largest remainder; those of Markov are its first way of spreading, over all orders.
    ///
    /// # Errors
    /// [`ModelError`] where a chain cannot be solved, or sums leave 64 bits.
    pub fn scores(
        self,
        channels: &Channels,
        scale: u8,
        direct: Option<ChannelId>,
        trails: &[Trail],
        weight: impl Fn(Option<PersonKey>) -> u32,
    ) -> Result<Scores, ModelError> {
        let Some(rule) = self.rule(direct) else {
            let mut journeys = Journeys::new(scale);
            for (_, name) in channels.iter() {
                journeys.path([name])?;
            }
            for trail in trails {
                let times = u64::from(weight(trail.person));
                if times > 0 {
                    journeys.push(&trail.channels, times_over(&trail.outcome(), times, &journeys)?)?;
                }
            }
            return self.scores_of(&journeys, direct);
        };
        let mut sums = Sums::new(channels.len());
        for trail in trails.iter().filter(|trail| trail.converted()) {
            let times = weight(trail.person);
            if times > 0 {
                sums.add(trail, &rule, times)?;
            }
        }
        sums.scores(self)
    }

    /// The scores of journeys in columns. A time decay has none: columns hold no times.
    ///
    /// # Errors
    /// [`ModelError`].
    pub fn scores_of(self, journeys: &Journeys, direct: Option<ChannelId>) -> Result<Scores, ModelError> {
        let (roster, minor, millionths, total, unattributed) = match (self.rule(direct), self) {
            (None, Model::Markov(order)) => {
                let model = Markov::solve(&Transitions::of(journeys, order))?;
                let (total, empty) = (model.total(), model.unattributed());
                let all = total.checked_add(&empty).ok_or(MergeError::TooMuch)?;
                let credit = model.minor().map(|credit| credit.credits().to_vec());
                let minor = credit.unwrap_or_else(|_| vec![0; model.channels().len()]);
                let counts = model.conversions().into_iter().map(|count| libm::round(count * 1e6) as u64);
                let shares = Shares::new(counts.collect());
                let whole = i64::try_from(total.conversions.millionths()).map_err(|_| MergeError::TooMuch)?;
                let counts = shares.map(|shares| shares.split(whole).credits().to_vec());
                let counts = counts.unwrap_or_else(|_| vec![0; minor.len()]);
                let earned = |credits: &[i64]| credits.iter().map(|credit| i128::from(*credit)).sum::<i128>();
                let missing = |all: i128, credits: &[i64]| all - earned(credits);
                let value = missing(i128::from(all.value), &minor);
                let conversions = missing(i128::from(all.conversions.millionths()), &counts);
                let unattributed = Outcome {
                    conversions: Count::from_millionths(u64::try_from(conversions).unwrap_or(0)),
                    value: i64::try_from(value).map_err(|_| MergeError::TooMuch)?,
                    nulls: empty.nulls,
                };
                (model.channels().clone(), minor, counts, all, unattributed)
            }
            (rule, _) => {
                let credits = Credits::of(journeys, &rule.unwrap_or(Rule::Last))?;
                let (minor, millionths) = (credits.minor(), credits.millionths());
                (credits.channels().clone(), minor, millionths, credits.total(), credits.unattributed())
            }
        };
        let by_id = |figures: &[i64]| {
            let figure = |name: &str| roster.id(name).and_then(|id| figures.get(id.index())).copied();
            journeys.channels().iter().map(|(_, name)| figure(name).unwrap_or(0)).collect()
        };
        Ok(Scores { model: self, minor: by_id(&minor), millionths: by_id(&millionths), total, unattributed })
    }
}

/// An outcome so many times over, where the sums hold it.
fn times_over(outcome: &Outcome, times: u64, journeys: &Journeys) -> Result<Outcome, JourneyError> {
    let count = |count: Count| count.millionths().checked_mul(times).map(Count::from_millionths);
    let value = i64::try_from(times).ok().and_then(|times| outcome.value.checked_mul(times));
    let all = || {
        Some(Outcome {
            conversions: count(outcome.conversions)?,
            value: value?,
            nulls: count(outcome.nulls)?,
        })
    };
    all().ok_or(JourneyError { row: journeys.rows() + 1, fault: super::journeys::JourneyFault::TooMuch })
}

/// Exact sums of a rule over trails.
pub(super) struct Sums {
    /// Values in units of the scale, and conversions in units of 2^-60, by channel.
    values: Vec<i128>,
    counts: Vec<u128>,
    total: (i128, u64),
    unattributed: (i128, u64),
}

impl Sums {
    pub(super) fn new(channels: usize) -> Sums {
        Sums { values: vec![0; channels], counts: vec![0; channels], total: (0, 0), unattributed: (0, 0) }
    }

    /// A trail that converted, so many times.
    pub(super) fn add(&mut self, trail: &Trail, rule: &Rule, times: u32) -> Result<(), RuleError> {
        let net = if let End::Sale(_, net, _) = trail.end { net } else { 0 };
        let many = |sum: &mut (i128, u64)| {
            sum.0 += i128::from(net) * i128::from(times);
            sum.1 += u64::from(times);
        };
        many(&mut self.total);
        let path = Path::new(&trail.channels).aged(&trail.ages);
        let shares = match rule.shares(&path) {
            Ok(shares) => shares,
            Err(RuleError::Shares(_)) => {
                many(&mut self.unattributed);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let units = trail.channels.iter().zip(shares.units());
        for ((channel, unit), minor) in units.zip(shares.split(net).credits()) {
            self.values[channel.index()] += i128::from(*minor) * i128::from(times);
            self.counts[channel.index()] += u128::from(unit) * u128::from(times);
        }
        Ok(())
    }

    pub(super) fn scores(self, model: Model) -> Result<Scores, ModelError> {
        let narrow = |wide: i128| i64::try_from(wide).map_err(|_| ModelError::from(MergeError::TooMuch));
        let outcome = |(value, count): (i128, u64)| {
            let conversions = Count::whole(count).ok_or(MergeError::TooMuch)?;
            Ok::<_, ModelError>(Outcome { conversions, value: narrow(value)?, nulls: Count::ZERO })
        };
        let (total, unattributed) = (outcome(self.total)?, outcome(self.unattributed)?);
        let counts = self.counts.iter().map(|count| i128::try_from(*count));
        let counts = counts.collect::<Result<Vec<_>, _>>().map_err(|_| MergeError::TooMuch)?;
        let attributed = i128::from(self.total.1 - self.unattributed.1);
        let finer = i128::from(Count::ONE.millionths());
        Ok(Scores {
            model,
            minor: self.values.into_iter().map(narrow).collect::<Result<_, _>>()?,
            millionths: whole_units(attributed, &counts, i128::from(UNIT), finer),
            total,
            unattributed,
        })
    }
}

impl Scores {
    /// The value that channels earned, in units of the scale.
    pub fn attributed(&self) -> i128 {
        self.minor.iter().map(|minor| i128::from(*minor)).sum()
    }

    /// A channel's share of the value that channels earned; none where that is not above zero.
    pub fn share(&self, channel: ChannelId) -> Option<f64> {
        let all = self.attributed();
        let own = self.minor.get(channel.index())?;
        (all > 0).then(|| *own as f64 / all as f64)
    }

    /// A channel's conversions.
    pub fn conversions(&self, channel: ChannelId) -> Count {
        let millionths = self.millionths.get(channel.index()).copied().unwrap_or(0);
        Count::from_millionths(u64::try_from(millionths).unwrap_or(0))
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Model::First => f.write_str("first"),
            Model::Last => f.write_str("last"),
            Model::LastNonDirect => f.write_str("last-non-direct"),
            Model::Linear => f.write_str("linear"),
            Model::TimeDecay => f.write_str("time-decay"),
            Model::Position => f.write_str("position"),
            Model::Shapley => f.write_str("shapley:sum"),
            Model::Markov(order) => write!(f, "markov:{order}"),
        }
    }
}

/// A name of no model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "expected first, last, last-non-direct, linear, time-decay, position, shapley:sum or markov:1 to markov:16"
)]
pub struct UnknownModel;

impl std::str::FromStr for Model {
    type Err = UnknownModel;

    fn from_str(text: &str) -> Result<Model, UnknownModel> {
        if let Some(order) = text.strip_prefix("markov:") {
            let most = crate::vocab::limits::MARKOV_ORDER_MAX;
            let order = order.parse::<u8>().ok().filter(|order| (1..=most).contains(&usize::from(*order)));
            return order.map(Model::Markov).ok_or(UnknownModel);
        }
        Model::USUAL.into_iter().find(|model| model.to_string() == text).ok_or(UnknownModel)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::people::Sold;
    use super::*;

    fn trail(channels: &[ChannelId], net: i64) -> Trail {
        let ages = (0..channels.len() as u64).rev().map(|at| at * 1000).collect();
        Trail { person: None, channels: channels.to_vec(), ages, end: End::Sale(Sold::Web, net, None) }
    }

    #[test]
    fn every_model_shares_out_all_there_is() {
        let mut channels = Channels::new();
        let [a, b, direct] = ["a", "b", "direct"].map(|name| channels.intern(name).unwrap());
        let trails =
            [trail(&[a, b, direct], 100), trail(&[direct], 33), trail(&[], 7), trail(&[b, a, b], 10)];
        for model in Model::USUAL {
            let scores = model.scores(&channels, 2, Some(direct), &trails, |_| 3).unwrap();
            assert_eq!((scores.total.value, scores.unattributed.value), (450, 21), "{model}");
            assert_eq!(scores.attributed(), 429);
            assert_eq!(scores.millionths.iter().sum::<i64>(), 9_000_000);
            assert_eq!(model.to_string().parse(), Ok(model));
        }
        let last = Model::LastNonDirect.scores(&channels, 2, Some(direct), &trails, |_| 1).unwrap();
        assert_eq!(last.minor, [0, 110, 33]);
        assert_eq!(last.share(b), Some(110.0 / 143.0));
    }

    #[test]
    fn columns_and_trails_agree() {
        let mut journeys = Journeys::new(2);
        let path = journeys.path(["a", "b", "a"]).unwrap();
        journeys.push(&path, Outcome::conversion(100)).unwrap();
        let trails = [trail(&path, 100)];
        for model in Model::USUAL.into_iter().filter(|model| *model != Model::TimeDecay) {
            let ours = model.scores(journeys.channels(), 2, None, &trails, |_| 1).unwrap();
            assert_eq!(ours, model.scores_of(&journeys, None).unwrap(), "{model}");
        }
        assert!(Model::TimeDecay.scores_of(&journeys, None).is_err());
        assert_eq!("markov:0".parse::<Model>(), Err(UnknownModel));
        assert_eq!("markov:17".parse::<Model>(), Err(UnknownModel));
    }
}
