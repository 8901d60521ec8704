//! Which answers survive what may be wrong with the data: other windows, doubled and lost touches, people in two halves, other
//! models.

use std::fmt;

use super::bootstrap::ranks;
use super::channels::{ChannelId, Channels};
use super::costs::Costs;
use super::groups::Side;
use super::model::{Model, ModelError, Scores};
use super::people::{Contact, People, PersonKey};
use super::privacy::{Heads, Threshold};
use super::trails::{Lookback, Trail};

/// Shares and places of channels under stress, and the channels about which one would decide otherwise.
///
/// Attribution shares out what happened: what stands every stress is still no proof of a cause.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Stability {
    /// The channels that were compared, by name.
    pub channels: Vec<Box<str>>,
    /// The figures as they are reported.
    pub base: Standing,
    /// The figures under each stress.
    pub stressed: Vec<(Stress, Standing)>,
    /// The stresses under which some channel has too few persons for its figure to be shown. They are left out.
    pub left_out: Vec<Stress>,
    /// For each channel the stresses under which one would decide otherwise.
    pub changes: Vec<Vec<Stress>>,
}

/// What is done to the data, or how else they are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Stress {
    /// A look-back of so many days.
    Window(u32),
    /// So many of a hundred touches were told twice.
    Doubled(u8),
    /// So many of a hundred persons are known as two: each touch and order fell to one half.
    Halved(u8),
    /// So many of a hundred touches were lost.
    Lost(u8),
    /// Another model.
    Model(Model),
}

/// How channels stand beside each other.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Standing {
    /// The value of each, in units of the scale.
    pub minor: Vec<i64>,
    /// The share of each in the value of all; none where that is not above zero.
    pub shares: Vec<Option<f64>>,
    /// The place of each by value, from 1.
    pub ranks: Vec<usize>,
    /// What one would decide for each.
    pub decisions: Vec<Decision>,
}

/// What one would decide about a channel by its figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the sign of a difference")]
pub enum Decision {
    /// It earns at least its part.
    Keep,
    /// It earns less.
    Cut,
}

/// Which channels are compared, and what each has to earn: with a cost so many times it; without one, as much as the channels
/// without a cost on average.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Yardstick<'a> {
    /// The channels that are looked at: those that may be shown as reported.
    pub compared: &'a [ChannelId],
    /// What channels cost.
    pub costs: &'a Costs,
    /// The return on a cost from which on a channel is kept, in hundredths: 100 is once the cost.
    pub roas_percent: u32,
    /// From how many persons on a figure may be shown.
    pub threshold: Threshold,
}

impl Stress {
    /// Look-backs of 7, 14, 30 and 90 days, 20 touches of a hundred doubled, 20 persons of a hundred in two halves, 30
    /// touches of a hundred lost, and every usual model.
    pub fn usual() -> Vec<Stress> {
        let mut all = [7, 14, 30, 90].map(Stress::Window).to_vec();
        all.extend([Stress::Doubled(20), Stress::Halved(20), Stress::Lost(30)]);
        all.extend(Model::USUAL.map(Stress::Model));
        all
    }

    /// The people as they would be known. Who and what is hit is a digest of person and touch: the same on every machine.
    fn hit(self, people: &People) -> People {
        let mut after = people.emptied();
        for (key, person) in &people.persons {
            let half = matches!(self, Stress::Halved(percent) if hits(*key, b"halved..", 0, percent));
            let other = PersonKey::of(&key.chance(u64::from_le_bytes(*b"the half"), 0).to_le_bytes());
            let side = |at: u64| if half && hits(*key, b"which...", at, 50) { other } else { *key };
            for (at, touch) in person.touches.values().enumerate() {
                let at = at as u64;
                if matches!(self, Stress::Lost(percent) if hits(*key, b"lost....", at, percent)) {
                    continue;
                }
                let doubled =
                    matches!(self, Stress::Doubled(percent) if hits(*key, b"doubled.", at, percent));
                if doubled {
                    // A touch of that number may be there; then there are two of them already.
                    let again = Contact { number: touch.number ^ (1 << 63), ..touch.clone() };
                    let _ = after.touch(*key, again);
                }
                after.touch(side(at), touch.clone()).expect("as it was taken before");
            }
            for (at, sale) in person.sales.values().enumerate() {
                after.sale(Some(side(!(at as u64))), sale.clone()).expect("as it was taken before");
            }
        }
        for sale in people.unidentified.values() {
            after.sale(None, sale.clone()).expect("as it was taken before");
        }
        after
    }
}

/// Whether chance hits what has this number, of a person, for a purpose.
fn hits(person: PersonKey, purpose: &[u8; 8], number: u64, percent: u8) -> bool {
    // The high 32 bits times a hundred: no bias that matters.
    let draw = person.chance(u64::from_le_bytes(*purpose), number) >> 32;
    (draw * 100) >> 32 < u64::from(percent)
}

impl Stability {
    /// Puts the answer of a model within a window under stress. Where one of the compared channels would have fewer persons
    /// than the threshold, a stress is left out.
    ///
    /// # Errors
    /// [`ModelError`] where a chain cannot be solved under some stress.
    pub fn of(
        people: &People,
        sides: &[Side],
        lookback: &Lookback,
        model: Model,
        stresses: &[Stress],
        yardstick: &Yardstick<'_>,
    ) -> Result<Stability, ModelError> {
        let (direct, compared) = (direct(sides, people.channels()), yardstick.compared);
        let look = |people: &People, lookback: &Lookback, model: Model| {
            let trails = people.trails(lookback, sides);
            let scores = model.scores(people.channels(), people.scale(), direct, &trails, |_| 1)?;
            let few = heads(&trails, compared)
                .into_iter()
                .any(|heads| heads > 0 && heads < yardstick.threshold.persons());
            Ok::<_, ModelError>((Standing::of(&scores, people.channels(), yardstick), few))
        };
        let base = look(people, lookback, model)?.0;
        let (mut stressed, mut left_out) = (Vec::with_capacity(stresses.len()), Vec::new());
        for stress in stresses {
            let (standing, few) = match *stress {
                Stress::Window(days) => {
                    look(people, &lookback.with_window(Lookback::days(days).window), model)
                }
                Stress::Model(model) => look(people, lookback, model),
                _ => look(&stress.hit(people), lookback, model),
            }?;
            if few {
                left_out.push(*stress);
            } else {
                stressed.push((*stress, standing));
            }
        }
        let otherwise = |at: usize| {
            let changed =
                stressed.iter().filter(|(_, standing)| standing.decisions[at] != base.decisions[at]);
            changed.map(|(stress, _)| *stress).collect()
        };
        Ok(Stability {
            channels: compared.iter().map(|id| people.channels().name(*id).into()).collect(),
            changes: (0..compared.len()).map(otherwise).collect(),
            base,
            stressed,
            left_out,
        })
    }

    /// The channels about which one would decide otherwise under some stress, with those stresses.
    pub fn shaky(&self) -> impl Iterator<Item = (&str, &[Stress])> {
        let all = self.channels.iter().zip(&self.changes);
        all.filter(|(_, changes)| !changes.is_empty()).map(|(name, changes)| (&**name, &changes[..]))
    }
}

impl Standing {
    fn of(scores: &Scores, channels: &Channels, yardstick: &Yardstick<'_>) -> Standing {
        let compared = yardstick.compared;
        let minor = compared.iter().map(|id| scores.minor.get(id.index()).copied().unwrap_or(0));
        let minor = minor.collect::<Vec<_>>();
        let costs = compared.iter().map(|id| yardstick.costs.of(channels.name(*id))).collect::<Vec<_>>();
        let free = minor.iter().zip(&costs).filter(|(_, cost)| cost.is_none());
        let (count, all) =
            free.fold((0, 0), |(count, all), (minor, _)| (count + 1, all + i128::from(*minor)));
        let decide = |(minor, cost): (&i64, &Option<i64>)| {
            let minor = i128::from(*minor);
            let enough = match cost {
                Some(cost) => minor * 100 >= i128::from(*cost) * i128::from(yardstick.roas_percent),
                None => minor * count >= all,
            };
            if enough { Decision::Keep } else { Decision::Cut }
        };
        Standing {
            shares: compared.iter().map(|id| scores.share(*id)).collect(),
            ranks: ranks(&minor),
            decisions: minor.iter().zip(&costs).map(decide).collect(),
            minor,
        }
    }
}

impl<'a> Yardstick<'a> {
    /// A channel with a cost has to earn at least the cost.
    pub fn new(compared: &'a [ChannelId], costs: &'a Costs, threshold: Threshold) -> Yardstick<'a> {
        Yardstick { compared, costs, roas_percent: 100, threshold }
    }

    /// With another return from which on a channel is kept, in hundredths.
    pub fn with_roas_percent(self, roas_percent: u32) -> Yardstick<'a> {
        Yardstick { roas_percent, ..self }
    }
}

/// How many persons came to an order through each channel. The trails of a person stand together.
fn heads(trails: &[Trail], channels: &[ChannelId]) -> Vec<u64> {
    let mut heads = vec![Heads::default(); channels.len()];
    for trail in trails.iter().filter(|trail| trail.converted()) {
        for (heads, channel) in heads.iter_mut().zip(channels) {
            if trail.channels.contains(channel) {
                heads.add(trail.person);
            }
        }
    }
    heads.iter().map(Heads::count).collect()
}

/// The channel that nothing led to: of several the first by name.
pub fn direct(sides: &[Side], channels: &Channels) -> Option<ChannelId> {
    let direct = channels.iter().zip(sides).filter(|(_, side)| **side == Side::Direct);
    direct.min_by_key(|((_, name), _)| *name).map(|((id, _), _)| id)
}

impl fmt::Display for Stress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stress::Window(days) => write!(f, "window {days} d"),
            Stress::Doubled(percent) => write!(f, "{percent} % of touches doubled"),
            Stress::Halved(percent) => write!(f, "{percent} % of persons known as two"),
            Stress::Lost(percent) => write!(f, "{percent} % of touches lost"),
            Stress::Model(model) => write!(f, "model {model}"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::groups::Groups;
    use super::super::people::{Sale, Sold};
    use super::*;
    use crate::vocab::Timestamp;

    const DAY: i64 = 24 * 60 * 60;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + seconds * 1000).unwrap()
    }

    /// Persons of whom each saw an ad 20 days and a letter one day before an order of 10.
    fn people(count: u32) -> People {
        let mut people = People::new(2);
        let (ad, mail) = (people.channel("ad").unwrap(), people.channel("mail").unwrap());
        for person in 0..count {
            let key = PersonKey::of(&person.to_le_bytes());
            people.touch(key, Contact::new(ad, at(-20 * DAY), 0)).unwrap();
            people.touch(key, Contact::new(mail, at(-DAY), 1)).unwrap();
            let sale = Sale::new(format!("o{person}").parse().unwrap(), at(0), Sold::Web, 10_00);
            people.sale(Some(key), sale).unwrap();
        }
        people
    }

    #[test]
    fn what_would_be_decided_otherwise_is_told() {
        let people = people(100);
        let sides = Groups::default().sides(people.channels());
        let compared = people.channels().iter().map(|(id, _)| id).collect::<Vec<_>>();
        let mut costs = Costs::default();
        costs.add("ad", 40_000).unwrap();
        costs.add("mail", 20_000).unwrap();
        let of = |stresses: &[Stress]| {
            let yardstick = Yardstick::new(&compared, &costs, Threshold::default());
            Stability::of(&people, &sides, &Lookback::days(30), Model::Linear, stresses, &yardstick).unwrap()
        };
        let all = of(&Stress::usual());
        // 500 each of 1,000: both are worth their cost.
        assert_eq!(all.base.minor, [50_000, 50_000]);
        assert_eq!(all.base.decisions, [Decision::Keep; 2]);
        let shaky = all.shaky().collect::<Vec<_>>();
        let of_ad: &[Stress] = &[
            Stress::Window(7),
            Stress::Window(14),
            Stress::Model(Model::Last),
            Stress::Model(Model::LastNonDirect),
            Stress::Model(Model::TimeDecay),
        ];
        assert_eq!(shaky[0], ("ad", of_ad));
        assert_eq!(shaky[1], ("mail", &[Stress::Model(Model::First)][..]));
        assert!(all.left_out.is_empty());
        assert_eq!(all, of(&Stress::usual()), "the same data give the same answer");
        // Without a cost each is measured by the average.
        let none = Costs::default();
        let last = Stability::of(
            &people,
            &sides,
            &Lookback::days(30),
            Model::Last,
            &[],
            &Yardstick::new(&compared, &none, Threshold::default()),
        );
        assert_eq!(last.unwrap().base.decisions, [Decision::Cut, Decision::Keep]);
    }

    #[test]
    fn stress_hits_as_many_as_it_says() {
        let people = people(2_000);
        let touches = |stress: Stress| stress.hit(&people).touches();
        // Of 4,000: 20 % more, 30 % less, each within 4.5 standard deviations.
        assert!((4_686..4_914).contains(&touches(Stress::Doubled(20))));
        assert!((2_670..2_930).contains(&touches(Stress::Lost(30))));
        let halved = Stress::Halved(20).hit(&people);
        assert_eq!((halved.touches(), halved.sales()), (4_000, 2_000));
        // Of 400 persons with three things each, three quarters are in two halves.
        assert!((2_240..2_360).contains(&halved.persons()), "{}", halved.persons());
        assert_eq!(Stress::Lost(100).hit(&people).touches(), 0);
        assert_eq!(touches(Stress::Lost(0)), 4_000);
    }
}
