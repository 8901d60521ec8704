//! Which touches count for an order, in one stated order of rules, and why the others do not.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::order::Order;
use super::settings::Settings;
use super::touch::{Touch, TouchKind};
use crate::vocab::{PlaceId, Timestamp};

/// An order with the touches that count for it and those that do not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Journey {
    /// The order.
    pub order: Order,
    /// The touches that count, oldest first. None: the order is unattributed.
    pub touches: Vec<Touch>,
    /// Those that do not, oldest first, each with the first rule that it failed.
    pub excluded: Vec<Excluded>,
    /// Which of the touches made a lead of her.
    pub lead: Option<usize>,
    /// Which of them made an opportunity of the lead.
    pub opportunity: Option<usize>,
}

/// Touches that have come to no order yet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenJourney {
    /// The touches that count, oldest first; at least one. The last of them is where the look-back begins.
    pub touches: Vec<Touch>,
    /// Those that do not.
    pub excluded: Vec<Excluded>,
}

/// A touch that does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a touch and why")]
pub struct Excluded {
    /// The touch.
    pub touch: Touch,
    /// Why.
    pub reason: Exclusion,
}

/// Why a touch does not count for an order: the first of these rules, in this order, that it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Exclusion {
    /// She did not permit measurement when it happened.
    NoConsentThen,
    /// She does not permit it now.
    NoConsentNow,
    /// Somebody said that it was another person.
    IdentityRevoked,
    /// That it was she became known only after the order.
    IdentityLater,
    /// It was longer before the order than the look-back of its kind.
    OutsideWindow,
    /// It came after the order.
    AfterConversion,
    /// It is the visit during which the order was placed.
    OwnVisit,
    /// It repeats one of the same channel and source.
    Duplicate,
    /// More touches count than the cap allows, and it is not among the last.
    OverCap,
}

/// What holds for a touch and a person, whatever the order's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the three questions of eligibility")]
pub struct Standing {
    /// Whether measurement was permitted when it happened.
    pub permitted_then: bool,
    /// Whether it is permitted now.
    pub permitted_now: bool,
    /// Whether it was she.
    pub identity: Known,
}

/// Whether a touch is one of the person who placed an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it was known, became known, or was taken back")]
pub enum Known {
    /// It was known to be she when the order was placed.
    InTime,
    /// It became known later.
    Later,
    /// It was thought to be she, and was taken back.
    Revoked,
}

/// When a customer became what milestones count: where a rule rewards those.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Milestones {
    /// When she became known: the last touch until then made a lead of her.
    pub lead: Option<Timestamp>,
    /// When she first put something into her cart or began to pay, since her last order.
    pub opportunity: Option<Timestamp>,
}

impl Standing {
    /// A touch about which there is no question.
    pub const CLEAR: Standing =
        Standing { permitted_then: true, permitted_now: true, identity: Known::InTime };
}

impl Milestones {
    /// Milestones at these times.
    pub fn at(lead: Option<Timestamp>, opportunity: Option<Timestamp>) -> Milestones {
        Milestones { lead, opportunity }
    }
}

impl Exclusion {
    /// Every reason, in the order of the rules.
    pub const ALL: &[Exclusion] = &[
        Exclusion::NoConsentThen,
        Exclusion::NoConsentNow,
        Exclusion::IdentityRevoked,
        Exclusion::IdentityLater,
        Exclusion::OutsideWindow,
        Exclusion::AfterConversion,
        Exclusion::OwnVisit,
        Exclusion::Duplicate,
        Exclusion::OverCap,
    ];

    /// The code in JSON and on the command line; it keeps its meaning for ever.
    pub fn code(self) -> &'static str {
        match self {
            Exclusion::NoConsentThen => "no_consent_then",
            Exclusion::NoConsentNow => "no_consent_now",
            Exclusion::IdentityRevoked => "identity_revoked",
            Exclusion::IdentityLater => "identity_later",
            Exclusion::OutsideWindow => "outside_window",
            Exclusion::AfterConversion => "after_conversion",
            Exclusion::OwnVisit => "own_visit",
            Exclusion::Duplicate => "duplicate",
            Exclusion::OverCap => "over_cap",
        }
    }
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Exclusion::NoConsentThen => "no consent to measurement at the time",
            Exclusion::NoConsentNow => "no consent to measurement now",
            Exclusion::IdentityRevoked => "said to be another person",
            Exclusion::IdentityLater => "known to be the customer only after the order",
            Exclusion::OutsideWindow => "before the look-back",
            Exclusion::AfterConversion => "after the order",
            Exclusion::OwnVisit => "the visit of the order itself",
            Exclusion::Duplicate => "repeats an earlier touch",
            Exclusion::OverCap => "more touches than count",
        })
    }
}

impl Journey {
    /// Holds touches against an order. They may come in any order; a touch that comes twice (with the same id) is one.
    ///
    /// The rules, each on what those before it left: consent at the time and now; identity; look-back
    /// (0 <= order - touch <= its span, both ends included); before the order or at it, at the same time by sequence; not
    /// the order's own visit; no repetition; the last so many.
    pub fn of(
        order: Order,
        touches: impl IntoIterator<Item = (Touch, Standing)>,
        milestones: &Milestones,
        settings: &Settings,
    ) -> Journey {
        let end = End { at: order.at, sequence: order.sequence, place: order.place.as_ref() };
        let (touches, excluded) = sieve(&end, sorted(touches), settings);
        let until =
            |time: Option<Timestamp>| touches.iter().rposition(|touch| time.is_some_and(|at| touch.at <= at));
        let (lead, opportunity) = (until(milestones.lead), until(milestones.opportunity));
        Journey { order, touches, excluded, lead, opportunity }
    }

    /// How long before the order each touch was, in milliseconds, as
    /// [`Path::aged`](crate::attribution::Path::aged) takes it.
    pub fn ages(&self) -> Vec<u64> {
        let age = |touch: &Touch| self.order.at.distance(touch.at).as_millis();
        self.touches.iter().map(|touch| u64::try_from(age(touch)).unwrap_or(u64::MAX)).collect()
    }

    /// The channels of the touches, oldest first.
    pub fn channels(&self) -> impl Iterator<Item = &str> {
        self.touches.iter().map(|touch| &*touch.channel)
    }
}

impl OpenJourney {
    /// What has come to no order yet: the look-back is counted from the last touch that is permitted and hers. None where
    /// there is none.
    pub fn of(
        touches: impl IntoIterator<Item = (Touch, Standing)>,
        settings: &Settings,
    ) -> Option<OpenJourney> {
        let touches = sorted(touches);
        let last = touches.iter().rev().find(|(_, standing)| refused(standing, settings).is_none())?;
        let end = End { at: last.0.at, sequence: u64::MAX, place: None };
        let (touches, excluded) = sieve(&end, touches, settings);
        (!touches.is_empty()).then_some(OpenJourney { touches, excluded })
    }

    /// The channels of the touches, oldest first.
    pub fn channels(&self) -> impl Iterator<Item = &str> {
        self.touches.iter().map(|touch| &*touch.channel)
    }
}

/// What touches are held against.
struct End<'o> {
    at: Timestamp,
    sequence: u64,
    place: Option<&'o PlaceId>,
}

fn sorted(touches: impl IntoIterator<Item = (Touch, Standing)>) -> Vec<(Touch, Standing)> {
    let mut touches = touches.into_iter().collect::<Vec<_>>();
    // Standings of the same touch are the same; should they not be, the stricter one counts.
    let strictness = |standing: &Standing| {
        let known = [Known::Revoked, Known::Later, Known::InTime];
        let known = known.iter().position(|known| *known == standing.identity);
        (standing.permitted_then, standing.permitted_now, known)
    };
    touches.sort_by(|one, other| {
        one.0.cmp(&other.0).then_with(|| strictness(&one.1).cmp(&strictness(&other.1)))
    });
    touches.dedup_by(|next, kept| next.0.id == kept.0.id);
    touches
}

/// The rules about the person, which need no order.
fn refused(standing: &Standing, settings: &Settings) -> Option<Exclusion> {
    match standing {
        Standing { permitted_then: false, .. } => Some(Exclusion::NoConsentThen),
        Standing { permitted_now: false, .. } => Some(Exclusion::NoConsentNow),
        Standing { identity: Known::Revoked, .. } => Some(Exclusion::IdentityRevoked),
        Standing { identity: Known::Later, .. } if !settings.late_links => Some(Exclusion::IdentityLater),
        _ => None,
    }
}

fn sieve(end: &End<'_>, touches: Vec<(Touch, Standing)>, settings: &Settings) -> (Vec<Touch>, Vec<Excluded>) {
    let mut excluded = Vec::new();
    let mut kept: Vec<Touch> = Vec::new();
    // When the touch was that those of its channel and source repeat.
    let mut first: BTreeMap<(Box<str>, Box<str>), Timestamp> = BTreeMap::new();
    for (touch, standing) in touches {
        let reason = refused(&standing, settings).or_else(|| out_of_time(end, &touch, settings));
        let reason = reason.or_else(|| {
            let gap = Duration::from_secs(settings.dedupe?);
            let key = (touch.channel.clone(), touch.source.clone());
            let repeats = first.get(&key).is_some_and(|first| touch.at.distance(*first) <= gap);
            if !repeats {
                first.insert(key, touch.at);
            }
            repeats.then_some(Exclusion::Duplicate)
        });
        match reason {
            None => kept.push(touch),
            Some(reason) => excluded.push(Excluded { touch, reason }),
        }
    }
    let over = kept.len().saturating_sub(settings.cap());
    excluded.extend(kept.drain(..over).map(|touch| Excluded { touch, reason: Exclusion::OverCap }));
    excluded.sort_by(|one, other| one.touch.cmp(&other.touch));
    (kept, excluded)
}

fn out_of_time(end: &End<'_>, touch: &Touch, settings: &Settings) -> Option<Exclusion> {
    if (touch.at, touch.sequence) > (end.at, end.sequence) {
        return Some(Exclusion::AfterConversion);
    }
    let age = end.at.distance(touch.at);
    if age > Duration::from_secs(settings.look_back(touch.kind)) {
        return Some(Exclusion::OutsideWindow);
    }
    let own = settings.own_visit.filter(|_| touch.kind == TouchKind::Visit && end.place.is_some());
    let own = own.is_some_and(|span| touch.place.as_ref() == end.place && age <= Duration::from_secs(span));
    own.then_some(Exclusion::OwnVisit)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::vocab::{EventKey, Money, OrderId};

    const T: i64 = 1_700_000_000;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros((T + seconds) * 1_000_000).unwrap()
    }

    fn touch(n: u8, seconds: i64, channel: &str) -> Touch {
        Touch::new(at(seconds), EventKey::from_bytes([n; 16]), TouchKind::Web, channel)
    }

    fn order() -> Order {
        Order::new(OrderId::new("o").unwrap(), at(0), Money::new(100, "EUR".parse().unwrap()))
    }

    fn journey(touches: impl IntoIterator<Item = (Touch, Standing)>, settings: &Settings) -> Journey {
        Journey::of(order(), touches, &Milestones::default(), settings)
    }

    fn reasons(journey: &Journey) -> Vec<Exclusion> {
        journey.excluded.iter().map(|excluded| excluded.reason).collect()
    }

    #[test]
    fn both_ends_of_the_look_back_are_included() {
        let settings = Settings::plain(60).with_look_back_of(TouchKind::Tap, 90);
        let micro =
            |seconds: i64, micros: i64| Timestamp::from_micros(at(seconds).as_micros() + micros).unwrap();
        let tap = |n, seconds| Touch { kind: TouchKind::Tap, ..touch(n, seconds, "tap") };
        let early = Touch { at: micro(-60, -1), ..touch(4, 0, "a") };
        let touches =
            [touch(1, -60, "a"), touch(2, 0, "a"), touch(3, 1, "a"), early, tap(5, -90), tap(6, -91)];
        let journey = journey(touches.map(|touch| (touch, Standing::CLEAR)), &settings);
        assert_eq!(journey.touches.iter().map(|touch| touch.id.as_bytes()[0]).collect::<Vec<_>>(), [5, 1, 2]);
        use Exclusion::{AfterConversion, OutsideWindow};
        assert_eq!(reasons(&journey), [OutsideWindow, OutsideWindow, AfterConversion]);
        assert_eq!(journey.ages(), [90_000, 60_000, 0]);
    }

    #[test]
    fn at_the_same_time_the_sequence_decides() {
        let touches = [1, 2, 3].map(|n| (touch(n, 0, "a").in_sequence(n.into()), Standing::CLEAR));
        let order = order().in_sequence(2);
        let journey = Journey::of(order, touches, &Milestones::default(), &Settings::plain(60));
        assert_eq!((journey.touches.len(), reasons(&journey)), (2, vec![Exclusion::AfterConversion]));
    }

    #[test]
    fn the_first_rule_that_fails_is_the_reason() {
        let standing =
            |permitted_then, permitted_now, identity| Standing { permitted_then, permitted_now, identity };
        let cases = [
            (standing(false, false, Known::Revoked), Exclusion::NoConsentThen),
            (standing(true, false, Known::Revoked), Exclusion::NoConsentNow),
            (standing(true, true, Known::Revoked), Exclusion::IdentityRevoked),
            (standing(true, true, Known::Later), Exclusion::IdentityLater),
            (Standing::CLEAR, Exclusion::OutsideWindow),
        ];
        for (standing, reason) in cases {
            assert_eq!(reasons(&journey([(touch(1, -99, "a"), standing)], &Settings::plain(60))), [reason]);
        }
        let late = Settings::plain(60).with_late_links(true);
        let later = standing(true, true, Known::Later);
        assert_eq!(journey([(touch(1, -9, "a"), later)], &late).touches.len(), 1);
        for (place, reason) in Exclusion::ALL.iter().zip(0..) {
            assert_eq!(*place as i32, reason);
            assert!(!place.to_string().is_empty());
            assert_eq!(serde_json::to_string(place).unwrap(), format!("\"{}\"", place.code()));
        }
    }

    #[test]
    fn repetitions_are_counted_from_the_one_that_counts() {
        let settings = Settings::plain(1000).with_dedupe(Some(10));
        let touches = [-100, -90, -89, -80, -70].map(|at: i64| touch(at.unsigned_abs() as u8, at, "a"));
        let other = touch(1, -95, "b");
        let elsewhere = touch(2, -95, "a").from("x");
        let all = touches.into_iter().chain([other, elsewhere]).map(|touch| (touch, Standing::CLEAR));
        let journey = journey(all, &settings);
        let kept = journey.touches.iter().map(|touch| touch.id.as_bytes()[0]).collect::<Vec<_>>();
        assert_eq!(kept, [100, 1, 2, 89, 70]);
        assert_eq!(reasons(&journey), [Exclusion::Duplicate; 2]);
    }

    #[test]
    fn a_touch_outside_the_window_is_repeated_by_none() {
        let settings = Settings::plain(60).with_dedupe(Some(10));
        let journey =
            journey([touch(1, -65, "a"), touch(2, -58, "a")].map(|t| (t, Standing::CLEAR)), &settings);
        assert_eq!((journey.touches.len(), reasons(&journey)), (1, vec![Exclusion::OutsideWindow]));
    }

    #[test]
    fn the_visit_of_an_order_is_no_touch_of_it() {
        let shop = |name: &str| PlaceId::new(name).unwrap();
        let visit = |n, seconds, place: &str| {
            Touch { kind: TouchKind::Visit, ..touch(n, seconds, "store") }.at_place(shop(place))
        };
        let touches = [visit(1, -101, "a"), visit(2, -100, "a"), visit(3, -50, "b")];
        let touches = || touches.clone().map(|touch| (touch, Standing::CLEAR));
        let settings = Settings::plain(1000).with_own_visit(Some(100));
        let here = Journey::of(order().at_place(shop("a")), touches(), &Milestones::default(), &settings);
        assert_eq!((here.touches.len(), reasons(&here)), (2, vec![Exclusion::OwnVisit]));
        assert_eq!(journey(touches(), &settings).touches.len(), 3, "an order of the web has no visit");
    }

    #[test]
    fn the_last_touches_count() {
        let touches = (1..=5).map(|n| (touch(n, i64::from(n) - 10, "a"), Standing::CLEAR));
        let journey = journey(touches, &Settings::plain(60).with_cap(2));
        assert_eq!(journey.touches.iter().map(|t| t.id.as_bytes()[0]).collect::<Vec<_>>(), [4, 5]);
        assert_eq!(reasons(&journey), [Exclusion::OverCap; 3]);
    }

    #[test]
    fn milestones_are_the_last_touches_until_then() {
        let touches =
            [-50, -40, -30].map(|at: i64| (touch(at.unsigned_abs() as u8, at, "a"), Standing::CLEAR));
        let of = |lead: i64, opportunity: i64| {
            let milestones = Milestones::at(Some(at(lead)), Some(at(opportunity)));
            let journey = Journey::of(order(), touches.clone(), &milestones, &Settings::plain(60));
            (journey.lead, journey.opportunity)
        };
        assert_eq!(of(-40, -5), (Some(1), Some(2)));
        assert_eq!(of(-51, -41), (None, Some(0)));
    }

    #[test]
    fn an_open_journey_ends_at_its_last_touch() {
        let no = Standing { permitted_now: false, ..Standing::CLEAR };
        let touches = [
            (touch(1, -100, "a"), Standing::CLEAR),
            (touch(2, -40, "b"), Standing::CLEAR),
            (touch(3, 9, "c"), no),
        ];
        let open = OpenJourney::of(touches.clone(), &Settings::plain(60)).unwrap();
        assert_eq!(open.channels().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(open.excluded[0].reason, Exclusion::NoConsentNow);
        assert_eq!(OpenJourney::of(touches[2..].to_vec(), &Settings::plain(60)), None);
    }

    fn any_touch() -> impl Strategy<Value = (Touch, Standing)> {
        let kind = prop::sample::select(TouchKind::ALL);
        let known = prop::sample::select(vec![Known::InTime, Known::InTime, Known::Later, Known::Revoked]);
        let yes = prop::bool::weighted(0.9);
        let standing = (yes, yes, known).prop_map(|(then, now, identity)| Standing {
            permitted_then: then,
            permitted_now: now,
            identity,
        });
        let place = prop::option::of(prop::sample::select(vec!["p", "q"]));
        (any::<u8>(), -80..9_i64, 0..3_u64, kind, 0..3_usize, 0..2_usize, place, standing).prop_map(
            |(n, seconds, sequence, kind, channel, source, place, standing)| {
                // The same id is the same touch.
                let seconds = seconds / 4 * 4 + i64::from(n % 4);
                let touch = Touch { kind, ..touch(n, seconds, ["a", "b", "c"][channel]) };
                let touch = touch.from(["", "x"][source]).in_sequence(sequence);
                let touch = place.map_or(touch.clone(), |place| touch.at_place(PlaceId::new(place).unwrap()));
                (touch, standing)
            },
        )
    }

    fn any_settings() -> impl Strategy<Value = Settings> {
        (
            0..80_u64,
            0..80_u64,
            prop::option::of(0..20_u64),
            1..9_usize,
            prop::option::of(0..40_u64),
            any::<bool>(),
        )
            .prop_map(|(back, tap, dedupe, cap, own, late)| {
                let settings = Settings::plain(back).with_look_back_of(TouchKind::Tap, tap);
                settings.with_dedupe(dedupe).with_cap(cap).with_own_visit(own).with_late_links(late)
            })
    }

    /// Whether the touch at a place is out, among all that are left.
    type Fails<'a> = dyn Fn(&[(Touch, Standing)], usize) -> bool + 'a;

    /// Each rule by itself over the whole list, as the page states them.
    fn slowly(
        order: &Order,
        mut touches: Vec<(Touch, Standing)>,
        settings: &Settings,
    ) -> (Vec<Touch>, Vec<Excluded>) {
        touches.sort_by(|one, other| one.0.cmp(&other.0));
        let mut out = Vec::new();
        let mut drop = |touches: &mut Vec<_>, reason, fails: &Fails<'_>| {
            let gone = (0..touches.len()).filter(|at| fails(touches, *at)).collect::<Vec<_>>();
            for at in gone.into_iter().rev() {
                out.push(Excluded { touch: touches.remove(at).0, reason });
            }
        };
        let age = |touch: &Touch| order.at.as_micros() - touch.at.as_micros();
        let micros = |seconds: u64| seconds as i64 * 1_000_000;
        drop(&mut touches, Exclusion::NoConsentThen, &|all, at| !all[at].1.permitted_then);
        drop(&mut touches, Exclusion::NoConsentNow, &|all, at| !all[at].1.permitted_now);
        drop(&mut touches, Exclusion::IdentityRevoked, &|all, at| all[at].1.identity == Known::Revoked);
        drop(&mut touches, Exclusion::IdentityLater, &|all, at| {
            all[at].1.identity == Known::Later && !settings.late_links
        });
        drop(&mut touches, Exclusion::OutsideWindow, &|all, at| {
            age(&all[at].0) > micros(settings.look_back(all[at].0.kind))
        });
        drop(&mut touches, Exclusion::AfterConversion, &|all, at| {
            age(&all[at].0) < 0 || (age(&all[at].0) == 0 && all[at].0.sequence > order.sequence)
        });
        drop(&mut touches, Exclusion::OwnVisit, &|all, at| {
            let touch = &all[at].0;
            touch.kind == TouchKind::Visit
                && order.place.is_some()
                && touch.place == order.place
                && settings.own_visit.is_some_and(|span| age(touch) <= micros(span))
        });
        if let Some(gap) = settings.dedupe {
            let mut at = 0;
            while at < touches.len() {
                let kept = touches[at].0.clone();
                let (same, rest): (Vec<_>, Vec<_>) = touches.drain(at + 1..).partition(|(touch, _)| {
                    touch.channel == kept.channel
                        && touch.source == kept.source
                        && touch.at.as_micros() - kept.at.as_micros() <= micros(gap)
                });
                out.extend(
                    same.into_iter().map(|(touch, _)| Excluded { touch, reason: Exclusion::Duplicate }),
                );
                touches.extend(rest);
                at += 1;
            }
        }
        while touches.len() > settings.cap() {
            out.push(Excluded { touch: touches.remove(0).0, reason: Exclusion::OverCap });
        }
        out.sort_by(|one, other| one.touch.cmp(&other.touch));
        (touches.into_iter().map(|(touch, _)| touch).collect(), out)
    }

    proptest! {
        #[test]
        fn as_rule_after_rule(
            touches in prop::collection::vec(any_touch(), 0..24), settings in any_settings(),
            place in prop::option::of(Just("p")), sequence in 0..3_u64, rotation in any::<prop::sample::Index>(),
        ) {
            let mut by_id = BTreeMap::new();
            for (touch, standing) in touches {
                by_id.entry(touch.id).or_insert((touch, standing));
            }
            let touches = by_id.into_values().collect::<Vec<_>>();
            let order = order().in_sequence(sequence);
            let order = place.map_or(order.clone(), |place| order.at_place(PlaceId::new(place).unwrap()));
            let journey = Journey::of(order.clone(), touches.clone(), &Milestones::default(), &settings);
            let (kept, out) = slowly(&order, touches.clone(), &settings);
            prop_assert_eq!(&journey.touches, &kept);
            prop_assert_eq!(&journey.excluded, &out);
            // In any order, and with some of them twice.
            let mut turned = touches.clone();
            turned.rotate_left(rotation.index(touches.len().max(1)));
            turned.extend(touches.iter().take(5).cloned());
            prop_assert_eq!(&journey, &Journey::of(order, turned, &Milestones::default(), &settings));
            prop_assert_eq!(journey.touches.len() + journey.excluded.len(), touches.len());
        }
    }
}
