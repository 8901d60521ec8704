//! Trails: the touches within the window before each order, or before each visit, and those that led to nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use super::channels::ChannelId;
use super::groups::Side;
use super::outcome::Outcome;
use super::people::{People, Person, PersonKey, Sale, Sold};
use crate::vocab::limits::PATH_TOUCHES_MAX;
use crate::vocab::{PlaceId, Timestamp};

/// Which touches may earn an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lookback {
    /// How old a touch may be at the order, both ends included.
    pub window: Duration,
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
        Lookback { window, own_visit: Duration::from_secs(60 * 60), last: PATH_TOUCHES_MAX }
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
                let own = |channel: ChannelId, at: Timestamp, place: Option<&PlaceId>| {
                    side(sides, channel) == Side::Visit
                        && place.is_some()
                        && place == sale.place.as_ref()
                        && at.distance(sale.at) <= lookback.own_visit
                };
                trails.push(person.before(*key, sale.at, (sale.at, u64::MAX), lookback, own, ended(sale)));
            }
            let since = person.sales.keys().next_back().map(|(at, _)| *at);
            if let Some((at, number)) = person.touches.keys().next_back()
                && since.is_none_or(|since| *at > since)
            {
                let before_sale = |_: ChannelId, touch: Timestamp, _: Option<&PlaceId>| {
                    since.is_some_and(|since| touch <= since)
                };
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
            for ((at, number), (channel, place)) in &person.touches {
                if side(sides, *channel) != Side::Visit {
                    continue;
                }
                let place = place.as_ref();
                if counted.get(&place).is_some_and(|last| last.distance(*at) <= lookback.own_visit) {
                    continue;
                }
                counted.insert(place, *at);
                let own = |channel: ChannelId, touch: Timestamp, shop: Option<&PlaceId>| {
                    side(sides, channel) == Side::Visit
                        && shop == place
                        && touch.distance(*at) <= lookback.own_visit
                };
                trails.push(person.before(*key, *at, (*at, *number), lookback, own, End::Visit));
            }
        }
        trails
    }
}

impl Person {
    /// The touches of the window before `at`, up to a touch, without those that `left_out` names.
    fn before(
        &self,
        key: PersonKey,
        at: Timestamp,
        up_to: (Timestamp, u64),
        lookback: &Lookback,
        left_out: impl Fn(ChannelId, Timestamp, Option<&PlaceId>) -> bool,
        end: End,
    ) -> Trail {
        let from = (at.saturating_sub(lookback.window), 0);
        let touches = self.touches.range(from..=up_to.max(from)).rev();
        let touches = touches.filter(|((at, _), (channel, place))| !left_out(*channel, *at, place.as_ref()));
        let (mut channels, mut ages) = (Vec::new(), Vec::new());
        for ((touched, _), (channel, _)) in touches.take(lookback.last.min(PATH_TOUCHES_MAX)) {
            channels.push(*channel);
            ages.push(u64::try_from(touched.distance(at).as_millis()).expect("within the range of times"));
        }
        channels.reverse();
        ages.reverse();
        Trail { person: Some(key), channels, ages, end }
    }
}

fn ended(sale: &Sale) -> End {
    End::Sale(sale.sold, sale.net, sale.goods)
}

fn side(sides: &[Side], channel: ChannelId) -> Side {
    sides.get(channel.index()).copied().unwrap_or(Side::Digital)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::people::Contact;
    use super::*;

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
