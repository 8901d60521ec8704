//! Trails: the touches within the window before each order, or before each visit, and those that led to nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use super::channels::ChannelId;
use super::groups::Side;
use super::outcome::Outcome;
use super::people::{Contact, People, Person, PersonKey, Sale, Sold};
use crate::journey::{Settings, TouchKind};
use crate::vocab::limits::PATH_TOUCHES_MAX;
use crate::vocab::{PlaceId, Timestamp};

/// Which touches may earn an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lookback {
    /// How old a touch may be at the order, both ends included; one of a kind with a window of its own has that.
    pub window: Duration,
    of_kind: [Option<Duration>; TouchKind::ALL.len()],
    /// Of touches of one channel and source that lie within so long of the first of them, the first alone counts; none where all
    /// do.
    pub dedupe: Option<Duration>,
    /// A visit so shortly before or after an order at the same shop is that order's own: the way to it, no touch of it. It
    /// stays a touch of later orders. Nothing is known to be at the same shop without a place.
    pub own_visit: Duration,
    /// Of more touches than this the last ones count.
    pub last: usize,
}

/// A way to an order, to a visit, or to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trail {
    /// Who went it; none for an order of nobody known.
    pub person: Option<PersonKey>,
    /// What was touched, oldest first.
    pub channels: Vec<ChannelId>,
    /// How long before its end each touch was, in milliseconds.
    pub ages: Vec<u64>,
    /// Where it ended.
    pub end: End,
}

/// Where a trail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "with an order, in a shop, or nowhere")]
pub enum End {
    /// An order: where it was placed, its net value, what its goods had cost.
    Sale(Sold, i64, Option<i64>),
    /// A visit to a shop, where visits are looked at as outcomes.
    Visit,
    /// Nothing so far.
    Nothing,
}

impl Lookback {
    /// A window of so many days; a visit within an hour of an order at the same shop is that order's own.
    pub fn days(days: u32) -> Lookback {
        let window = Duration::from_secs(u64::from(days) * 24 * 60 * 60);
        let own_visit = Duration::from_secs(60 * 60);
        let of_kind = [None; TouchKind::ALL.len()];
        Lookback { window, of_kind, dedupe: None, own_visit, last: PATH_TOUCHES_MAX }
    }

    /// What the settings of journeys say, as far as it concerns times: windows by kind, repetitions, the order's own visit, the
    /// cap. Where no visit is an order's own, one at the very time of an order still is.
    pub fn of(settings: &Settings) -> Lookback {
        let seconds = Duration::from_secs;
        let mut of_kind = [None; TouchKind::ALL.len()];
        for kind in TouchKind::ALL {
            of_kind[*kind as usize] = Some(seconds(settings.look_back(*kind)));
        }
        Lookback {
            window: of_kind.into_iter().flatten().max().unwrap_or_default(),
            of_kind,
            dedupe: settings.dedupe.map(seconds),
            own_visit: settings.own_visit.map_or(Duration::ZERO, seconds),
            last: settings.cap(),
        }
    }

    /// The same with one window for all kinds of touches.
    pub fn with_window(self, window: Duration) -> Lookback {
        Lookback { window, of_kind: [None; TouchKind::ALL.len()], ..self }
    }

    /// How old a touch of a kind may be.
    pub fn window_of(&self, kind: Option<TouchKind>) -> Duration {
        kind.and_then(|kind| self.of_kind[kind as usize]).unwrap_or(self.window)
    }

    fn longest(&self) -> Duration {
        self.of_kind.into_iter().flatten().fold(self.window, Duration::max)
    }

    /// The same with another span around an order in which a visit to the same shop is that order's own; zero for none but
    /// one at the very same time.
    pub fn with_own_visit(self, own_visit: Duration) -> Lookback {
        Lookback { own_visit, ..self }
    }

    /// The same with a cap: of more touches the last so many count.
    pub fn with_last(self, last: usize) -> Lookback {
        Lookback { last: last.min(PATH_TOUCHES_MAX), ..self }
    }
}

impl Trail {
    /// A way through channels, oldest first, each so many milliseconds before the end.
    pub fn new(person: Option<PersonKey>, channels: Vec<ChannelId>, ages: Vec<u64>, end: End) -> Trail {
        Trail { person, channels, ages, end }
    }

    /// What came of it.
    pub fn outcome(&self) -> Outcome {
        match self.end {
            End::Sale(_, net, _) => Outcome::conversion(net),
            End::Visit => Outcome::conversion(0),
            End::Nothing => Outcome::nothing(),
        }
    }

    /// The same trail with the margin of its order in place of the net value: what was paid less what the goods had cost. None
    /// where that is not known, or leaves 64 bits.
    pub fn with_margin(&self) -> Option<Trail> {
        let end = match self.end {
            End::Sale(sold, net, goods) => End::Sale(sold, net.checked_sub(goods?)?, goods),
            other => other,
        };
        Some(Trail { end, ..self.clone() })
    }

    /// Whether it ended with an order or a visit.
    pub fn converted(&self) -> bool {
        self.end != End::Nothing
    }
}

impl People {
    /// One trail for each order, and one for each person with touches that no order followed: those of the window before the
    /// last of them. `sides` says of each channel what it is, by [`ChannelId::index`].
    ///
    /// The trails of a person stand together; persons are in the order of their keys, then come the orders of nobody known.
    pub fn trails(&self, lookback: &Lookback, sides: &[Side]) -> Vec<Trail> {
        let mut trails = Vec::new();
        for (key, person) in &self.persons {
            for sale in person.sales.values() {
                let own = |touch: &Contact| {
                    is_visit(sides, touch)
                        && touch.place.is_some()
                        && touch.place == sale.place
                        && touch.at.distance(sale.at) <= lookback.own_visit
                };
                trails.push(person.before(*key, sale.at, (sale.at, u64::MAX), lookback, own, ended(sale)));
            }
            let since = person.sales.keys().next_back().map(|(at, _)| *at);
            if let Some((at, number)) = person.touches.keys().next_back()
                && since.is_none_or(|since| *at > since)
            {
                let before_sale = |touch: &Contact| since.is_some_and(|since| touch.at <= since);
                trails.push(person.before(*key, *at, (*at, *number), lookback, before_sale, End::Nothing));
            }
        }
        let nobody =
            |sale: &Sale| Trail { person: None, channels: Vec::new(), ages: Vec::new(), end: ended(sale) };
        trails.extend(self.unidentified.values().map(nobody));
        trails
    }

    /// Visits as outcomes of what was touched before: one trail for each visit to a shop. Visits to one shop within
    /// [`Lookback::own_visit`] of each other are one, the first; a visit is no touch of itself, but of later ones.
    pub fn trails_to_visits(&self, lookback: &Lookback, sides: &[Side]) -> Vec<Trail> {
        let mut trails = Vec::new();
        for (key, person) in &self.persons {
            let mut counted: BTreeMap<Option<&PlaceId>, Timestamp> = BTreeMap::new();
            for ((at, number), touch) in &person.touches {
                if !is_visit(sides, touch) {
                    continue;
                }
                let place = touch.place.as_ref();
                if counted.get(&place).is_some_and(|last| last.distance(*at) <= lookback.own_visit) {
                    continue;
                }
                counted.insert(place, *at);
                let own = |touch: &Contact| {
                    is_visit(sides, touch)
                        && touch.place.as_ref() == place
                        && touch.at.distance(*at) <= lookback.own_visit
                };
                trails.push(person.before(*key, *at, (*at, *number), lookback, own, End::Visit));
            }
        }
        trails
    }
}

impl Person {
    /// The touches of their windows before `at`, up to a touch, without those that `left_out` names and those that repeat
    /// another.
    fn before(
        &self,
        key: PersonKey,
        at: Timestamp,
        up_to: (Timestamp, u64),
        lookback: &Lookback,
        left_out: impl Fn(&Contact) -> bool,
        end: End,
    ) -> Trail {
        let from = (at.saturating_sub(lookback.longest()), 0);
        let in_time =
            |touch: &&Contact| touch.at.distance(at) <= lookback.window_of(touch.kind) && !left_out(touch);
        let touches = self.touches.range(from..=up_to.max(from)).map(|(_, touch)| touch).filter(in_time);
        let most = lookback.last.min(PATH_TOUCHES_MAX);
        let mut counted: Vec<&Contact> = Vec::new();
        match lookback.dedupe {
            // The last ones are found from the end on.
            None => {
                counted.extend(touches.rev().take(most));
                counted.reverse();
            }
            Some(gap) => {
                let mut first: BTreeMap<(ChannelId, &str), Timestamp> = BTreeMap::new();
                for touch in touches {
                    let what = (touch.channel, &*touch.source);
                    if first.get(&what).is_none_or(|first| touch.at.distance(*first) > gap) {
                        first.insert(what, touch.at);
                        counted.push(touch);
                    }
                }
                counted.drain(..counted.len().saturating_sub(most));
            }
        }
        let age = |touch: &&Contact| {
            u64::try_from(touch.at.distance(at).as_millis()).expect("within the range of times")
        };
        Trail {
            person: Some(key),
            channels: counted.iter().map(|touch| touch.channel).collect(),
            ages: counted.iter().map(age).collect(),
            end,
        }
    }
}

fn ended(sale: &Sale) -> End {
    End::Sale(sale.sold, sale.net, sale.goods)
}

fn is_visit(sides: &[Side], touch: &Contact) -> bool {
    let side = || sides.get(touch.channel.index()).copied().unwrap_or(Side::Digital);
    touch.kind == Some(TouchKind::Visit) || (touch.kind.is_none() && side() == Side::Visit)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::journey::{Journey, Milestones, Order, Standing, Touch};
    use crate::vocab::{EventKey, Money};

    const DAY: i64 = 24 * 60 * 60;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + seconds * 1000).unwrap()
    }

    fn names(people: &People, trail: &Trail) -> Vec<String> {
        trail.channels.iter().map(|id| people.channels().name(*id).to_owned()).collect()
    }

    #[test]
    fn both_ends_of_the_window_count() {
        let mut people = People::new(2);
        let ad = people.channel("ad").unwrap();
        let who = PersonKey::of(b"who");
        for (number, seconds) in [-7 * DAY - 1, -7 * DAY, -1, 0, 1].into_iter().enumerate() {
            people.touch(who, Contact::new(ad, at(seconds), number as u64)).unwrap();
        }
        people.sale(Some(who), Sale::new("o".parse().unwrap(), at(0), Sold::Web, 5)).unwrap();
        let trails = people.trails(&Lookback::days(7), &[Side::Digital]);
        assert_eq!(trails.len(), 2);
        assert_eq!(trails[0].ages, [7 * 86_400_000, 1000, 0]);
        // What came after the order led to nothing yet; the touch at its very time did.
        assert_eq!((trails[1].ages.as_slice(), trails[1].end), (&[0][..], End::Nothing));
        assert_eq!(people.trails(&Lookback::days(7).with_last(1), &[Side::Digital])[0].ages, [0]);
    }

    /// As journeys have it: see [`Journey::of`](crate::journey::Journey::of), whose rules of time these are.
    #[test]
    fn windows_are_of_kinds_and_repetitions_count_once() {
        let mut people = People::new(2);
        let (ad, tap) = (people.channel("ad").unwrap(), people.channel("tap").unwrap());
        let who = PersonKey::of(b"who");
        let told = [
            (tap, -20 * DAY, TouchKind::Tap, "shelf"),
            (ad, -20 * DAY, TouchKind::Ad, "spring"),
            (ad, -3 * DAY, TouchKind::Ad, "spring"),
            (ad, -3 * DAY + 60, TouchKind::Ad, "spring"),
            (ad, -3 * DAY + 61, TouchKind::Ad, "spring"),
            (ad, -3 * DAY + 62, TouchKind::Ad, "summer"),
        ];
        for (number, (channel, seconds, kind, source)) in told.into_iter().enumerate() {
            let touch = Contact::new(channel, at(seconds), number as u64);
            people.touch(who, Contact { kind: Some(kind), source: source.into(), ..touch }).unwrap();
        }
        people.sale(Some(who), Sale::new("o".parse().unwrap(), at(0), Sold::Web, 5)).unwrap();
        let settings = Settings::plain(7 * 86_400).with_look_back_of(TouchKind::Tap, 20 * 86_400);
        let lookback = Lookback::of(&settings.with_dedupe(Some(60)));
        let trail = |lookback: &Lookback| names(&people, &people.trails(lookback, &[Side::Digital; 2])[0]);
        assert_eq!(trail(&lookback), ["tap", "ad", "ad", "ad"]);
        assert_eq!(trail(&lookback.with_last(3)), ["ad", "ad", "ad"]);
        assert_eq!(trail(&Lookback { dedupe: None, ..lookback }).len(), 5);
        assert_eq!(trail(&lookback.with_window(Lookback::days(30).window)).len(), 5);
        assert_eq!(lookback.window_of(Some(TouchKind::Web)), Lookback::days(7).window);
        assert_eq!(lookback.window_of(None), Lookback::days(20).window);
    }

    proptest! {
        /// What a store's journeys say of an order, trails of people say too: by windows of kinds, repetitions, the order's own
        /// visit and the cap.
        #[test]
        fn trails_are_those_of_journeys(
            told in prop::collection::vec((0..4_usize, 0..3_u8, -40_i64..3, any::<bool>()), 0..25),
            spans in prop::collection::vec(0..40_u64, 4),
            dedupe in prop::option::of(0..6_u64),
            own in prop::option::of(1..6_u64),
            cap in 1..12_usize,
        ) {
            const KINDS: [TouchKind; 4] = [TouchKind::Tap, TouchKind::Visit, TouchKind::Web, TouchKind::Ad];
            let mut settings = Settings::default().with_dedupe(dedupe).with_own_visit(own).with_cap(cap);
            for (kind, span) in KINDS.into_iter().zip(&spans) {
                settings = settings.with_look_back_of(kind, *span);
            }
            let place = |here: bool| -> PlaceId { if here { "here" } else { "there" }.parse().unwrap() };
            let touch = |(number, (kind, source, seconds, here)): (usize, &(usize, u8, i64, bool))| {
                let id = EventKey::from_bytes([u8::try_from(number).unwrap(); 16]);
                let touch = Touch::new(at(*seconds), id, KINDS[*kind], KINDS[*kind].name());
                touch.from(source.to_string()).at_place(place(*here))
            };
            let mut touches = told.iter().enumerate().map(touch).collect::<Vec<_>>();
            touches.sort();
            let mut people = People::new(2);
            let who = PersonKey::of(b"who");
            for (number, touch) in (0..).zip(&touches) {
                let contact = Contact::new(people.channel(&touch.channel).unwrap(), touch.at, number);
                let (kind, source) = (Some(touch.kind), touch.source.clone());
                people.touch(who, Contact { place: touch.place.clone(), kind, source, ..contact }).unwrap();
            }
            let sale = Sale::new("o".parse().unwrap(), at(0), Sold::Store, 5);
            people.sale(Some(who), Sale { place: Some(place(true)), ..sale }).unwrap();
            let order = Order::new("o".parse().unwrap(), at(0), Money::new(5, "EUR".parse().unwrap()));
            let clear = touches.iter().map(|touch| (touch.clone(), Standing::CLEAR));
            let journey = Journey::of(order.at_place(place(true)), clear, &Milestones::default(), &settings);
            // A visit at the very second of the order is its own in either, unless all visits are touches.
            prop_assume!(own.is_some() || told.iter().all(|(kind, _, seconds, _)| *kind != 1 || *seconds != 0));
            let trail = &people.trails(&Lookback::of(&settings), &[])[0];
            prop_assert_eq!(names(&people, trail), journey.channels().map(str::to_owned).collect::<Vec<_>>());
            prop_assert_eq!(&trail.ages, &journey.ages());
        }
    }

    #[test]
    fn a_visit_is_not_a_touch_of_its_own_order() {
        let mut people = People::new(2);
        let (visit, ad) = (people.channel("visit").unwrap(), people.channel("ad").unwrap());
        let sides = [Side::Visit, Side::Digital];
        let who = PersonKey::of(b"who");
        let shop: PlaceId = "shop".parse().unwrap();
        let mut call = |seconds, number, place: Option<&PlaceId>| {
            let touch = Contact { place: place.cloned(), ..Contact::new(visit, at(seconds), number) };
            people.touch(who, touch).unwrap();
        };
        call(-600, 1, Some(&shop));
        call(-500, 2, None);
        call(-4000, 3, Some(&shop));
        people.touch(who, Contact::new(ad, at(-5000), 4)).unwrap();
        let mut sale = |order: &str, seconds, place: Option<&PlaceId>| {
            let sale = Sale::new(order.parse().unwrap(), at(seconds), Sold::Store, 5);
            people.sale(Some(who), Sale { place: place.cloned(), ..sale }).unwrap();
        };
        sale("own", 0, Some(&shop));
        sale("later", 2 * DAY, Some(&shop));
        let trails = people.trails(&Lookback::days(7), &sides);
        assert_eq!(names(&people, &trails[0]), ["ad", "visit", "visit"]);
        assert_eq!(names(&people, &trails[1]), ["ad", "visit", "visit", "visit"]);
        // Of the two visits to the shop within an hour the second is the same; the one of no known shop is another.
        let visits = people.trails_to_visits(&Lookback::days(7), &sides);
        let ways = visits.iter().map(|trail| names(&people, trail)).collect::<Vec<_>>();
        assert_eq!(ways, [vec!["ad"], vec!["ad", "visit", "visit"]]);
    }
}
