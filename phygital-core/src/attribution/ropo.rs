//! Research online and purchase offline, its mirror, and what was bought without crossing over.

use super::groups::Side;
use super::people::Sold;
use super::privacy::Heads;
use super::trails::{End, Trail};

/// Orders by whether the way to them crossed between screen and shop.
///
/// It is defined of identified orders alone, so the rate at which orders are identified stands beside it. Every order is in
/// exactly one class.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ropo {
    /// A row for each class, in the order of [`Crossing::ALL`].
    pub rows: [RopoRow; 5],
    /// Orders in shops: all, and those whose buyer is known.
    pub store: (u64, u64),
    /// Orders on the web: all, and those whose buyer is known.
    pub web: (u64, u64),
}

/// How the way to an order went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "every order is in one of them")]
pub enum Crossing {
    /// Bought in a shop, without a digital touch in the window (direct ones do not count).
    StoreOnly,
    /// Bought on the web, without a touch in a shop in the window.
    WebOnly,
    /// Research online, purchase offline: bought in a shop after a digital touch.
    Ropo,
    /// Showrooming: bought on the web after a tap or a visit.
    Showroomed,
    /// Nobody known bought it.
    Unidentified,
}

/// The orders of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RopoRow {
    /// Which class.
    pub crossing: Crossing,
    /// How many orders.
    pub orders: u64,
    /// Those of them without any touch in the window: no channel earns them.
    pub untouched: u64,
    /// Their net value, in units of the scale.
    pub net: i128,
    /// How many persons placed them; an order of nobody known counts as one.
    pub persons: u64,
}

impl Crossing {
    /// All of them: those that hide least of the others first.
    pub const ALL: [Crossing; 5] = [
        Crossing::StoreOnly,
        Crossing::WebOnly,
        Crossing::Ropo,
        Crossing::Showroomed,
        Crossing::Unidentified,
    ];

    /// Of an order's trail; none of one without an order. `sides` says what each channel is, by its number.
    pub fn of(trail: &Trail, sides: &[Side]) -> Option<Crossing> {
        let End::Sale(sold, ..) = trail.end else { return None };
        let side = |at: usize| sides.get(at).copied().unwrap_or(Side::Digital);
        let has = |is: fn(Side) -> bool| trail.channels.iter().any(|channel| is(side(channel.index())));
        Some(match sold {
            _ if trail.person.is_none() => Crossing::Unidentified,
            Sold::Store if has(|side| side == Side::Digital) => Crossing::Ropo,
            Sold::Store => Crossing::StoreOnly,
            Sold::Web if has(Side::is_physical) => Crossing::Showroomed,
            Sold::Web => Crossing::WebOnly,
        })
    }
}

impl Ropo {
    /// Counts the orders of trails, of which those of one person stand together.
    pub fn of(trails: &[Trail], sides: &[Side]) -> Ropo {
        let empty = |crossing| RopoRow { crossing, orders: 0, untouched: 0, net: 0, persons: 0 };
        let mut ropo = Ropo { rows: Crossing::ALL.map(empty), store: (0, 0), web: (0, 0) };
        let mut heads: [Heads; 5] = Default::default();
        for trail in trails {
            let (Some(crossing), End::Sale(sold, net, _)) = (Crossing::of(trail, sides), trail.end) else {
                continue;
            };
            let row = &mut ropo.rows[crossing as usize];
            row.orders += 1;
            row.untouched += u64::from(trail.channels.is_empty());
            row.net += i128::from(net);
            heads[crossing as usize].add(trail.person);
            let side = if sold == Sold::Store { &mut ropo.store } else { &mut ropo.web };
            side.0 += 1;
            side.1 += u64::from(trail.person.is_some());
        }
        for (row, heads) in ropo.rows.iter_mut().zip(&heads) {
            row.persons = heads.count();
        }
        ropo
    }

    /// These orders and others, of other persons.
    pub fn merge(&mut self, other: &Ropo) {
        for (row, more) in self.rows.iter_mut().zip(&other.rows) {
            row.orders += more.orders;
            row.untouched += more.untouched;
            row.net += more.net;
            row.persons += more.persons;
        }
        for (side, more) in [(&mut self.store, other.store), (&mut self.web, other.web)] {
            *side = (side.0 + more.0, side.1 + more.1);
        }
    }

    /// Identified orders by all orders, in shops, on the web and together; none where there is no order.
    pub fn match_rates(&self) -> [Option<f64>; 3] {
        let both = (self.store.0 + self.web.0, self.store.1 + self.web.1);
        [self.store, self.web, both].map(|(all, known)| (all > 0).then(|| known as f64 / all as f64))
    }

    /// How many orders there are.
    pub fn orders(&self) -> u64 {
        self.rows.iter().map(|row| row.orders).sum()
    }

    /// What share of the identified orders is in a class; none of the unidentified, and where none is identified.
    pub fn share(&self, crossing: Crossing) -> Option<f64> {
        let known = self.store.1 + self.web.1;
        let row = &self.rows[crossing as usize];
        (known > 0 && crossing != Crossing::Unidentified).then(|| row.orders as f64 / known as f64)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::super::channels::ChannelId;
    use super::super::people::PersonKey;
    use super::*;

    const SIDES: [Side; 4] = [Side::Digital, Side::Direct, Side::Physical, Side::Visit];

    fn trails() -> impl Strategy<Value = Vec<Trail>> {
        let one = (0..4_u8, prop::collection::vec(0..4_u16, 0..5), any::<bool>(), -50..500_i64);
        prop::collection::vec(one, 0..40).prop_map(|rows| {
            let trail = |(person, channels, store, net): (u8, Vec<u16>, bool, i64)| Trail {
                person: (person > 0).then(|| PersonKey::of(&[person])),
                ages: vec![0; channels.len()],
                channels: channels.into_iter().map(ChannelId).collect(),
                end: End::Sale(if store { Sold::Store } else { Sold::Web }, net, None),
            };
            let mut trails = rows.into_iter().map(trail).collect::<Vec<_>>();
            trails.sort_by_key(|trail| trail.person);
            trails
        })
    }

    /// The definition in words, one class at a time.
    fn in_words(trail: &Trail, sold: Sold, crossing: Crossing) -> bool {
        let touched = |sides: &[Side]| trail.channels.iter().any(|id| sides.contains(&SIDES[id.index()]));
        let known = trail.person.is_some();
        let in_shop = touched(&[Side::Physical, Side::Visit]);
        match crossing {
            Crossing::Ropo => known && sold == Sold::Store && touched(&[Side::Digital]),
            Crossing::StoreOnly => known && sold == Sold::Store && !touched(&[Side::Digital]),
            Crossing::Showroomed => known && sold == Sold::Web && in_shop,
            Crossing::WebOnly => known && sold == Sold::Web && !in_shop,
            Crossing::Unidentified => !known,
        }
    }

    proptest! {
        /// Every order is in one class, and the classes have all of them.
        #[test]
        fn classes_part_the_orders(trails in trails(), at in 0..40_usize) {
            let ropo = Ropo::of(&trails, &SIDES);
            prop_assert_eq!(ropo.orders(), trails.len() as u64);
            let net = |trail: &Trail| if let End::Sale(_, net, _) = trail.end { i128::from(net) } else { 0 };
            prop_assert_eq!(ropo.rows.iter().map(|row| row.net).sum::<i128>(), trails.iter().map(net).sum());
            for row in &ropo.rows {
                let of_class = trails.iter().filter(|trail| {
                    let End::Sale(sold, ..) = trail.end else { unreachable!() };
                    in_words(trail, sold, row.crossing)
                });
                let of_class = of_class.collect::<Vec<_>>();
                prop_assert_eq!(row.orders, of_class.len() as u64);
                prop_assert_eq!(row.untouched, of_class.iter().filter(|trail| trail.channels.is_empty()).count() as u64);
                let persons = of_class.iter().filter_map(|trail| trail.person).collect::<std::collections::BTreeSet<_>>();
                let nobody = of_class.iter().filter(|trail| trail.person.is_none()).count();
                prop_assert_eq!(row.persons, (persons.len() + nobody) as u64);
            }
            // Parted between persons and merged it is the same.
            let cut = trails.iter().position(|trail| trail.person > trails[at.min(trails.len() - 1)].person);
            if let Some(cut) = cut {
                let mut merged = Ropo::of(&trails[cut..], &SIDES);
                merged.merge(&Ropo::of(&trails[..cut], &SIDES));
                prop_assert_eq!(merged, ropo);
            }
        }
    }

    #[test]
    fn without_orders_there_is_no_rate() {
        let ropo = Ropo::of(&[], &SIDES);
        assert_eq!((ropo.match_rates(), ropo.share(Crossing::Ropo)), ([None; 3], None));
    }
}
