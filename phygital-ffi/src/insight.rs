//! What channels earned. It shares out what happened, and does not say what a touch caused.

use phygital_core::attribution::{
    ChannelId, Channels, Count, End, Journeys, Model, Outcome as Came, Scores, Sold, Trail, columns_of,
    outcome_of,
};
use phygital_core::journey::{Journey, Settings};
use phygital_core::profile::CHANNEL_DIRECT;
use phygital_core::vocab::Currency;
use serde::{Deserialize, Serialize};

use crate::error::{Answer, PhygitalError};
use crate::phygital::Phygital;

/// What channels earned by a model. Their sums and what no channel earned are all that came in, exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[expect(clippy::exhaustive_structs, reason = "read as a whole")]
pub struct Attribution {
    /// By which model.
    pub model: String,
    /// False: attribution does not say what a touch caused.
    pub causal: bool,
    /// The currency of the values, ISO 4217; none where there is none.
    pub currency: Option<String>,
    /// How many decimals the values have: 2 for cents.
    pub decimals: u8,
    /// Each channel, in order of name.
    pub channels: Vec<ChannelCredit>,
    /// All that came in.
    pub total: ChannelCredit,
    /// What no channel earned.
    pub unattributed: ChannelCredit,
}

/// What one channel earned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[expect(clippy::exhaustive_structs, reason = "read as a whole")]
pub struct ChannelCredit {
    /// Its name; empty for what is no channel's.
    pub channel: String,
    /// Value in the smallest unit: cents at two decimals.
    pub minor: i64,
    /// Conversions in millionths.
    pub millionths: i64,
}

/// Journeys of one path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[expect(clippy::exhaustive_structs, reason = "hosts fill it in")]
pub struct PathRow {
    /// The channels, first touch first.
    pub path: Vec<String>,
    /// How many of them converted.
    pub conversions: u64,
    /// What those were worth together, in the smallest unit.
    #[serde(default)]
    pub minor: i64,
    /// How many came to nothing.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = 0))]
    pub nulls: u64,
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Phygital {
    /// What the channels of this shop's orders earned by a model: `first`, `last`, `last-non-direct`, `linear`,
    /// `time-decay`, `position`, `shapley:sum`, `markov:1` to `markov:16`. Touches without consent to be measured do not
    /// count.
    ///
    /// # Errors
    /// 117 for no such model, or orders of several currencies.
    pub fn attribute(&self, model: String) -> Result<Attribution, PhygitalError> {
        let model: Model = model.parse()?;
        self.with(|engine, now| {
            let settings = Settings::default();
            let all = engine.insight().journeys(&settings, now)?;
            let (columns, currency) = columns_of(&all.journeys, &all.open, &settings)?;
            if model != Model::TimeDecay {
                return Attribution::of(model, &columns, currency);
            }
            // Columns hold no times. What led to no order earns nothing by a rule.
            let channels = columns.channels();
            let trails = all.journeys.iter().map(|journey| trail_of(journey, channels, &settings));
            let trails = trails.collect::<Answer<Vec<_>>>()?;
            let direct = channels.id(CHANNEL_DIRECT);
            let scores = model.scores(channels, columns.scale(), direct, &trails, |_| 1)?;
            Attribution::told(&scores, channels, columns.scale(), currency)
        })
    }
}

/// What the channels of these paths earned by a model, of those that [`Phygital::attribute`] takes but `time-decay`, since
/// paths have no times; `direct` is the channel that nothing led to. Needs no store.
///
/// # Errors
/// 117 for no such model, or paths that are none.
#[cfg_attr(feature = "uniffi", uniffi::export)]
pub fn attribute_paths(
    model: String,
    decimals: u8,
    rows: Vec<PathRow>,
) -> Result<Attribution, PhygitalError> {
    let model: Model = model.parse()?;
    if decimals > 18 {
        return Err(PhygitalError::argument("decimals", "expected at most 18"));
    }
    let mut journeys = Journeys::new(decimals);
    for row in &rows {
        let path = journeys.path(row.path.iter().map(String::as_str))?;
        let count = |count: u64| {
            Count::whole(count).ok_or_else(|| PhygitalError::argument("count", "expected a smaller one"))
        };
        let came = Came { conversions: count(row.conversions)?, value: row.minor, nulls: count(row.nulls)? };
        journeys.push(&path, came)?;
    }
    Attribution::of(model, &journeys, None)
}

impl Attribution {
    fn of(model: Model, journeys: &Journeys, currency: Option<Currency>) -> Answer<Attribution> {
        let names = journeys.channels();
        let scores = model.scores_of(journeys, names.id(CHANNEL_DIRECT))?;
        Attribution::told(&scores, names, journeys.scale(), currency)
    }

    fn told(
        scores: &Scores,
        names: &Channels,
        decimals: u8,
        currency: Option<Currency>,
    ) -> Answer<Attribution> {
        let mut channels: Vec<ChannelCredit> =
            names.iter().map(|(id, name)| ChannelCredit::of(scores, id, name)).collect();
        channels.sort_by(|one, other| one.channel.cmp(&other.channel));
        Ok(Attribution {
            model: scores.model.to_string(),
            causal: false,
            currency: currency.map(|currency| currency.to_string()),
            decimals,
            channels,
            total: ChannelCredit::sum(&scores.total)?,
            unattributed: ChannelCredit::sum(&scores.unattributed)?,
        })
    }
}

/// An order with the times of its touches.
fn trail_of(journey: &Journey, channels: &Channels, settings: &Settings) -> Answer<Trail> {
    let sold = if journey.order.is_in_store() { Sold::Store } else { Sold::Web };
    let came = outcome_of(journey, settings);
    let end = if came.conversions > Count::ZERO { End::Sale(sold, came.value, None) } else { End::Nothing };
    let id = |name| channels.id(name).ok_or_else(|| PhygitalError::bug("a channel that no journey has"));
    Ok(Trail::new(None, journey.channels().map(id).collect::<Answer<_>>()?, journey.ages(), end))
}

impl ChannelCredit {
    fn of(scores: &Scores, id: ChannelId, name: &str) -> ChannelCredit {
        let at = id.index();
        ChannelCredit { channel: name.to_owned(), minor: scores.minor[at], millionths: scores.millionths[at] }
    }

    fn sum(came: &Came) -> Answer<ChannelCredit> {
        let millionths = i64::try_from(came.conversions.millionths()).map_err(PhygitalError::bug)?;
        Ok(ChannelCredit { channel: String::new(), minor: came.value, millionths })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn row(path: &[&str], conversions: u64, minor: i64, nulls: u64) -> PathRow {
        PathRow { path: path.iter().map(|name| (*name).to_owned()).collect(), conversions, minor, nulls }
    }

    #[test]
    fn paths_are_shared_out_to_the_cent() {
        let rows = vec![row(&["web", "ad", "shop"], 1, 100, 0), row(&["ad"], 0, 0, 3), row(&[], 1, 7, 0)];
        for model in ["first", "last", "last-non-direct", "linear", "position", "shapley:sum", "markov:1"] {
            let earned = attribute_paths(model.to_owned(), 2, rows.clone()).unwrap();
            let sum: i64 = earned.channels.iter().map(|channel| channel.minor).sum();
            assert_eq!((sum + earned.unattributed.minor, earned.total.minor), (107, 107), "{model}");
            let sum: i64 = earned.channels.iter().map(|channel| channel.millionths).sum();
            assert_eq!(sum + earned.unattributed.millionths, 2_000_000, "{model}");
            assert_eq!((earned.model.as_str(), earned.causal), (model, false));
            let names: Vec<&str> = earned.channels.iter().map(|channel| channel.channel.as_str()).collect();
            assert_eq!(names, ["ad", "shop", "web"]);
        }
        let linear = attribute_paths("linear".to_owned(), 2, rows).unwrap();
        let minor: Vec<i64> = linear.channels.iter().map(|channel| channel.minor).collect();
        assert_eq!(minor, [34, 33, 33]);
    }

    #[test]
    fn what_is_no_model_is_refused() {
        let code = |model: &str, decimals| {
            attribute_paths(model.to_owned(), decimals, vec![row(&["a"], 1, 1, 0)]).unwrap_err().code()
        };
        assert_eq!((code("guess", 2), code("time-decay", 2), code("first", 19)), (117, 117, 106));
        let many = attribute_paths("first".to_owned(), 2, vec![row(&["a"], u64::MAX, 1, 0)]);
        assert_eq!(many.unwrap_err().code(), 106);
    }
}
