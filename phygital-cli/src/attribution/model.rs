//! Models by name, as `--model` takes them.

use std::fmt;

use phygital_core::attribution::{Channels, Places, Rule};
use phygital_core::vocab::limits::MARKOV_ORDER_MAX;

/// A model, with its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Model {
    /// A share for each touch of a path.
    Rule(Named),
    /// By what is lost when a channel is taken out.
    Markov(Order),
    /// By what a channel adds to the others.
    Shapley(Game),
}

/// A rule; one whose channel is a name until there are journeys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Fixed(Rule),
    LastNonDirect(String),
}

/// How many touches a Markov chain remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Fixed(u8),
    /// What tells best what comes next, by cross-entropy.
    CrossEntropy,
    /// The same by the Bayesian information criterion.
    Bic,
}

/// What a set of channels is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Game {
    Sum,
    Rate,
    CoverRate,
    Subgame,
    Ordered,
}

/// What a model is called, and what may follow its name.
pub(crate) const MODELS: &str = "first, last, last-non-direct[:CHANNEL], linear, linear-per-channel, \
     time-decay[:7d], rank-decay[:1/2], position[:40,20,40], weights:HEAD/REST/TAIL, w, z, \
     markov[:ORDER|auto|bic], shapley[:sum|rate|cover-rate|subgame|ordered]";

/// Highest order that `auto` and `bic` look at.
pub(crate) const ORDER_TRIED_MAX: u8 = 4;

const DAY: u64 = 24 * 60 * 60 * 1000;

impl Model {
    /// Reads a model as it is typed.
    pub(crate) fn parse(text: &str) -> Result<Model, String> {
        let (name, setting) = match text.split_once(':') {
            Some((name, setting)) => (name, Some(setting)),
            None => (text, None),
        };
        let rule = |rule| Ok(Model::Rule(Named::Fixed(rule)));
        match (name, setting) {
            ("first", None) => rule(Rule::First),
            ("last", None) => rule(Rule::Last),
            ("last-non-direct", Some("")) => {
                Err("last-non-direct: expected the name of a channel".to_owned())
            }
            ("last-non-direct", channel) => {
                Ok(Model::Rule(Named::LastNonDirect(channel.unwrap_or("direct").to_owned())))
            }
            ("linear", None | Some("per-touch")) => rule(Rule::Linear),
            ("linear-per-channel", None) | ("linear", Some("per-channel")) => rule(Rule::LinearPerChannel),
            ("time-decay", None) => rule(Rule::time_decay()),
            ("time-decay", Some(half_life)) => rule(Rule::TimeDecay { half_life: duration(half_life)? }),
            ("rank-decay", None) => rule(Rule::RankDecay { numerator: 1, denominator: 2 }),
            ("rank-decay", Some(ratio)) => rule(rank_decay(ratio)?),
            ("position", None) => rule(Rule::position()),
            ("position", Some(ends)) => rule(position(ends)?),
            ("weights", Some(weights)) => rule(places(weights)?),
            ("w", None) => rule(Rule::w_shaped()),
            ("z", None) => rule(Rule::z_shaped()),
            ("markov", None) => Ok(Model::Markov(Order::Fixed(1))),
            ("markov", Some("auto")) => Ok(Model::Markov(Order::CrossEntropy)),
            ("markov", Some("bic")) => Ok(Model::Markov(Order::Bic)),
            ("markov", Some(order)) => {
                let most = MARKOV_ORDER_MAX as u8;
                let order = order.parse().ok().filter(|order| (1..=most).contains(order));
                let order =
                    order.ok_or(format!("markov: expected an order from 1 to {most}, auto or bic"))?;
                Ok(Model::Markov(Order::Fixed(order)))
            }
            ("shapley", None | Some("sum")) => Ok(Model::Shapley(Game::Sum)),
            ("shapley", Some("rate")) => Ok(Model::Shapley(Game::Rate)),
            ("shapley", Some("cover-rate")) => Ok(Model::Shapley(Game::CoverRate)),
            ("shapley", Some("subgame")) => Ok(Model::Shapley(Game::Subgame)),
            ("shapley", Some("ordered")) => Ok(Model::Shapley(Game::Ordered)),
            ("shapley", Some(_)) => {
                Err("shapley: expected the game: sum, rate, cover-rate, subgame or ordered".to_owned())
            }
            _ => Err(format!("expected one of {MODELS}")),
        }
    }
}

impl Named {
    /// The rule for these channels. Where the direct channel is none of them, the last touch has all.
    pub(crate) fn rule(&self, channels: &Channels) -> Rule {
        match self {
            Named::Fixed(rule) => rule.clone(),
            Named::LastNonDirect(name) => channels.id(name).map_or(Rule::Last, Rule::LastNonDirect),
        }
    }
}

impl Named {
    /// Whether it asks when each touch was.
    pub(crate) fn asks_for_times(&self) -> bool {
        matches!(self, Named::Fixed(Rule::TimeDecay { .. }))
    }
}

/// The same text for the same model, in whichever way it was typed.
impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |sizes: &mut dyn Iterator<Item = &u32>| {
            sizes.map(ToString::to_string).collect::<Vec<_>>().join(",")
        };
        match self {
            Model::Rule(Named::LastNonDirect(channel)) => write!(f, "last-non-direct:{channel}"),
            Model::Rule(Named::Fixed(rule)) => match rule {
                Rule::First => f.write_str("first"),
                Rule::Last => f.write_str("last"),
                Rule::Linear => f.write_str("linear"),
                Rule::LinearPerChannel => f.write_str("linear-per-channel"),
                Rule::TimeDecay { half_life } => write!(f, "time-decay:{half_life}ms"),
                Rule::RankDecay { numerator, denominator } => {
                    write!(f, "rank-decay:{numerator}/{denominator}")
                }
                Rule::Places(Places { head, tail, rest }) => {
                    let (head, tail) = (list(&mut head.iter()), list(&mut tail.iter().rev()));
                    write!(f, "weights:{head}/{rest}/{tail}")
                }
                Rule::WShaped(_) => f.write_str("w"),
                Rule::ZShaped(_) => f.write_str("z"),
                other => write!(f, "{other:?}"),
            },
            Model::Markov(Order::Fixed(order)) => write!(f, "markov:{order}"),
            Model::Markov(Order::CrossEntropy) => f.write_str("markov:auto"),
            Model::Markov(Order::Bic) => f.write_str("markov:bic"),
            Model::Shapley(game) => write!(f, "shapley:{}", game.name()),
        }
    }
}

impl Game {
    fn name(self) -> &'static str {
        match self {
            Game::Sum => "sum",
            Game::Rate => "rate",
            Game::CoverRate => "cover-rate",
            Game::Subgame => "subgame",
            Game::Ordered => "ordered",
        }
    }
}

/// A length of time in milliseconds: `7d`, `36h`, `90m`, `30s`, `500ms`.
fn duration(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "d" => Some(DAY),
        "h" => Some(DAY / 24),
        "m" => Some(60_000),
        "s" => Some(1000),
        "ms" => Some(1),
        _ => None,
    };
    let length = digits.parse::<u64>().ok().zip(unit).and_then(|(count, unit)| count.checked_mul(unit));
    length.filter(|length| *length > 0).ok_or("time-decay: expected a half-life such as 7d or 36h".to_owned())
}

fn rank_decay(text: &str) -> Result<Rule, String> {
    let ratio = text.split_once('/').and_then(|(one, other)| Some((one.parse().ok()?, other.parse().ok()?)));
    match ratio {
        Some((numerator, denominator)) if 0 < numerator && numerator <= denominator => {
            Ok(Rule::RankDecay { numerator, denominator })
        }
        _ => Err("rank-decay: expected a ratio such as 1/2, above 0 and at most 1".to_owned()),
    }
}

fn sizes(text: &str) -> Option<Vec<u32>> {
    text.split(',').map(|size| size.trim().parse().ok()).collect()
}

/// Three sizes in any unit.
fn position(text: &str) -> Result<Rule, String> {
    let sizes = sizes(text).unwrap_or_default();
    match sizes[..] {
        [first, rest, last] if sizes.iter().any(|size| *size > 0) => Ok(Rule::ends(first, rest, last)),
        _ => Err("position: expected the sizes of the first touch, of those between together and of the last, such \
             as 40,20,40"
            .to_owned()),
    }
}

/// Sizes of the first touches, of those between together, and of the last ones, as they stand in a path.
fn places(text: &str) -> Result<Rule, String> {
    let parse = || {
        let [head, rest, tail] = text.split('/').collect::<Vec<_>>().try_into().ok()?;
        let (head, rest, mut tail) = (sizes(head)?, rest.trim().parse().ok()?, sizes(tail)?);
        tail.reverse();
        let any = rest > 0 || head.iter().chain(&tail).any(|size| *size > 0);
        any.then_some(Rule::Places(Places { head, tail, rest }))
    };
    parse().ok_or(
        "weights: expected the sizes of the first touches, of those between together and of the last, such as \
         30,10/20/10,30"
            .to_owned(),
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_model_has_one_name() {
        for (typed, name) in [
            ("first", "first"),
            ("last-non-direct", "last-non-direct:direct"),
            ("last-non-direct:own: site", "last-non-direct:own: site"),
            ("linear:per-touch", "linear"),
            ("linear:per-channel", "linear-per-channel"),
            ("time-decay", "time-decay:604800000ms"),
            ("time-decay:36h", "time-decay:129600000ms"),
            ("rank-decay", "rank-decay:1/2"),
            ("position", "weights:40/20/40"),
            ("position:50,20,30", "weights:50/20/30"),
            ("weights:30,10/20/5,35", "weights:30,10/20/5,35"),
            ("w", "w"),
            ("z", "z"),
            ("markov", "markov:1"),
            ("markov:16", "markov:16"),
            ("markov:auto", "markov:auto"),
            ("markov:bic", "markov:bic"),
            ("shapley", "shapley:sum"),
            ("shapley:ordered", "shapley:ordered"),
        ] {
            let model = Model::parse(typed).unwrap();
            assert_eq!(model.to_string(), name, "{typed}");
            assert_eq!(Model::parse(name).unwrap(), model, "{name}");
        }
    }

    #[test]
    fn what_is_no_model_says_what_is_one() {
        for (typed, told) in [
            ("", "expected one of first"),
            ("First", "expected one of first"),
            ("first:1", "expected one of first"),
            ("last-non-direct:", "name of a channel"),
            ("time-decay:0d", "half-life"),
            ("time-decay:7", "half-life"),
            ("time-decay:9999999999999999d", "half-life"),
            ("rank-decay:3/2", "at most 1"),
            ("rank-decay:0/2", "at most 1"),
            ("rank-decay:.5", "such as 1/2"),
            ("position:40,40", "40,20,40"),
            ("position:0,0,0", "40,20,40"),
            ("position:-1,0,1", "40,20,40"),
            ("weights:1/2", "30,10/20/10,30"),
            ("weights:0/0/0", "30,10/20/10,30"),
            ("markov:0", "1 to 16"),
            ("markov:17", "1 to 16"),
            ("shapley:average", "cover-rate"),
        ] {
            let error = Model::parse(typed).unwrap_err();
            assert!(error.contains(told), "{typed}: {error}");
        }
    }

    #[test]
    fn last_weights_stand_as_in_the_path() {
        let rule = Model::parse("weights:5/0/2,3").unwrap();
        let Model::Rule(named) = rule else { panic!() };
        let Rule::Places(places) = named.rule(&Channels::new()) else { panic!() };
        assert_eq!((places.head, places.tail), (vec![5], vec![3, 2]));
    }
}
