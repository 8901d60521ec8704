//! Touches and sales with their times, by person: what reports are made of.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ring::digest::{SHA256, digest};
use thiserror::Error;

use super::channels::{ChannelError, ChannelId, Channels};
use crate::journey::TouchKind;
use crate::vocab::{OrderId, PlaceId, Timestamp};

/// Who came when, and what was sold to whom. In which order it is told makes no difference.
///
/// ```
/// use phygital_core::attribution::{Contact, People, PersonKey, Sale, Sold};
/// use phygital_core::vocab::Timestamp;
/// let mut people = People::new(2);
/// let ann = PersonKey::of(b"ann");
/// let search = people.channel("search")?;
/// let at = Timestamp::parse("2026-11-20T12:00:00Z")?;
/// people.touch(ann, Contact::new(search, at, 1))?;
/// people.sale(Some(ann), Sale::new("order-1".parse()?, at, Sold::Store, 19_99))?;
/// assert_eq!((people.persons(), people.touches(), people.sales()), (1, 1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct People {
    channels: Channels,
    scale: u8,
    pub(super) persons: BTreeMap<PersonKey, Person>,
    pub(super) unidentified: BTreeMap<OrderId, Sale>,
    orders: BTreeSet<OrderId>,
    /// The sum of the values without their signs: none of its parts leaves 64 bits.
    value_size: u64,
    touches: u64,
    repeated: u64,
}

/// A person, told from others: a digest of whatever names her. It is not printed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonKey([u8; 16]);

/// A touch of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Contact {
    /// What it came through.
    pub channel: ChannelId,
    /// When.
    pub at: Timestamp,
    /// Its number among the person's touches: of two at one time the lower is first.
    pub number: u64,
    /// The shop, where it was in one.
    pub place: Option<PlaceId>,
    /// Of which kind it was, where that is known: it may decide how far back it counts ([`Lookback`](super::Lookback)).
    pub kind: Option<TouchKind>,
    /// What of the channel it was (the campaign, the tag), where that is known: touches of one channel and source may repeat
    /// each other.
    pub source: Box<str>,
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sale {
    /// Which.
    pub order: OrderId,
    /// When.
    pub at: Timestamp,
    /// Where it was placed.
    pub sold: Sold,
    /// What was paid less what was given back, in units of the scale (cents at 2).
    pub net: i64,
    /// What the goods had cost, in the same units; none where it is not known.
    pub goods: Option<i64>,
    /// The shop, where it was in one.
    pub place: Option<PlaceId>,
}

/// Where an order was placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "with a shop between buyer and seller, or without")]
pub enum Sold {
    /// In a shop.
    Store,
    /// On the web, in an app, by telephone.
    Web,
}

/// Why a touch or a sale was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PeopleError {
    /// The channel is none, or is one too many.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// A channel of other people.
    #[error("a channel that these people do not have")]
    Unknown,
    /// Another touch of the same person has this time and number.
    #[error("another touch of this person has the same time and number")]
    SameNumber,
    /// The order is there already.
    #[error("an order of this id is there already")]
    SameOrder,
    /// More was given back than was paid.
    #[error("more was refunded than the order was worth")]
    RefundOverOrder,
    /// All values together leave 64 bits.
    #[error("the sums leave 64 bits")]
    TooMuch,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Person {
    pub(super) touches: BTreeMap<(Timestamp, u64), Contact>,
    pub(super) sales: BTreeMap<(Timestamp, OrderId), Sale>,
}

impl PersonKey {
    /// The person whom these bytes name: an id, a hash of an identifier.
    pub fn of(name: &[u8]) -> PersonKey {
        let hash = digest(&SHA256, name);
        PersonKey(hash.as_ref()[..16].try_into().expect("a digest of 32 bytes"))
    }

    /// A number of 64 bits that looks like chance, for this person, a purpose and a count of it.
    pub(super) fn chance(self, purpose: u64, count: u64) -> u64 {
        let [low, high] = [&self.0[..8], &self.0[8..]]
            .map(|half| u64::from_le_bytes(half.try_into().expect("half of 16 bytes")));
        mixed(mixed(low ^ mixed(purpose)) ^ high ^ mixed(count.wrapping_add(1)))
    }
}

/// SplitMix64's step (Steele, Lea and Flood 2014): every bit of the input moves half of the output.
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonKey(..)")
    }
}

impl Contact {
    /// A touch that was in no shop, of no kind and source that is known.
    pub fn new(channel: ChannelId, at: Timestamp, number: u64) -> Contact {
        Contact { channel, at, number, place: None, kind: None, source: "".into() }
    }
}

impl Sale {
    /// An order of which no shop and no cost is known.
    pub fn new(order: OrderId, at: Timestamp, sold: Sold, net: i64) -> Sale {
        Sale { order, at, sold, net, goods: None, place: None }
    }

    /// The same with so much given back of what it says.
    ///
    /// # Errors
    /// [`PeopleError::RefundOverOrder`].
    pub fn refunded(self, refund: u64) -> Result<Sale, PeopleError> {
        let net = self.net.checked_sub_unsigned(refund).filter(|net| *net >= 0);
        Ok(Sale { net: net.ok_or(PeopleError::RefundOverOrder)?, ..self })
    }
}

impl People {
    /// Nobody yet, with values of so many decimals (2 for cents; at most 18).
    pub fn new(scale: u8) -> People {
        People { scale: scale.min(18), ..People::default() }
    }

    /// The id of a channel, a new one where it was not seen before.
    ///
    /// # Errors
    /// [`PeopleError::Channel`].
    pub fn channel(&mut self, name: &str) -> Result<ChannelId, PeopleError> {
        Ok(self.channels.intern(name)?)
    }

    /// One more touch. Told twice it counts once; see [`People::repeated`].
    ///
    /// # Errors
    /// [`PeopleError`]; nothing is changed then.
    pub fn touch(&mut self, person: PersonKey, touch: Contact) -> Result<(), PeopleError> {
        if touch.channel.index() >= self.channels.len() {
            return Err(PeopleError::Unknown);
        }
        let touches = &mut self.persons.entry(person).or_default().touches;
        match touches.get(&(touch.at, touch.number)) {
            Some(known) if *known == touch => self.repeated += 1,
            Some(_) => return Err(PeopleError::SameNumber),
            None => {
                touches.insert((touch.at, touch.number), touch);
                self.touches += 1;
            }
        }
        Ok(())
    }

    /// One more order; without a person where nobody was recognised.
    ///
    /// # Errors
    /// [`PeopleError`]; nothing is changed then.
    pub fn sale(&mut self, person: Option<PersonKey>, sale: Sale) -> Result<(), PeopleError> {
        let goods = sale.goods.unwrap_or(0).unsigned_abs();
        let size = sale.net.unsigned_abs().checked_add(goods);
        let size = size.and_then(|size| self.value_size.checked_add(size));
        let size = size.filter(|size| *size <= i64::MAX as u64).ok_or(PeopleError::TooMuch)?;
        if !self.orders.insert(sale.order.clone()) {
            return Err(PeopleError::SameOrder);
        }
        self.value_size = size;
        match person {
            Some(person) => {
                let sales = &mut self.persons.entry(person).or_default().sales;
                sales.insert((sale.at, sale.order.clone()), sale);
            }
            None => drop(self.unidentified.insert(sale.order.clone(), sale)),
        }
        Ok(())
    }

    /// The channels.
    pub fn channels(&self) -> &Channels {
        &self.channels
    }

    /// How many decimals a value has.
    pub fn scale(&self) -> u8 {
        self.scale
    }

    /// How many persons there are.
    pub fn persons(&self) -> usize {
        self.persons.len()
    }

    /// How many persons ordered.
    pub fn buyers(&self) -> usize {
        self.persons.values().filter(|person| !person.sales.is_empty()).count()
    }

    /// The times of the first and the last order; none without one.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let known = self.persons.values().flat_map(|person| person.sales.values());
        let times = || known.clone().chain(self.unidentified.values()).map(|sale| sale.at);
        times().min().zip(times().max())
    }

    /// How many touches there are, each told once.
    pub fn touches(&self) -> u64 {
        self.touches
    }

    /// How many orders there are, those of nobody known among them.
    pub fn sales(&self) -> usize {
        self.orders.len()
    }

    /// How many touches were told again.
    pub fn repeated(&self) -> u64 {
        self.repeated
    }

    /// The same channels, and nobody.
    pub(super) fn emptied(&self) -> People {
        People { channels: self.channels.clone(), scale: self.scale, ..People::default() }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000).unwrap()
    }

    #[test]
    fn what_is_told_twice_counts_once() {
        let mut people = People::new(2);
        let (one, other) = (people.channel("one").unwrap(), people.channel("other").unwrap());
        let who = PersonKey::of(b"who");
        people.touch(who, Contact::new(one, at(5), 1)).unwrap();
        people.touch(who, Contact::new(one, at(5), 1)).unwrap();
        assert_eq!((people.touches(), people.repeated()), (1, 1));
        assert_eq!(people.touch(who, Contact::new(other, at(5), 1)), Err(PeopleError::SameNumber));
        people.touch(who, Contact::new(other, at(5), 2)).unwrap();
        assert_eq!(people.touch(who, Contact::new(ChannelId(2), at(5), 3)), Err(PeopleError::Unknown));
    }

    #[test]
    fn an_order_is_one_and_sums_stay_in_range() {
        let mut people = People::new(2);
        let sale = |order: &str, net| Sale::new(order.parse().unwrap(), at(1), Sold::Web, net);
        people.sale(None, sale("a", i64::MAX - 1)).unwrap();
        assert_eq!(people.sale(Some(PersonKey::of(b"x")), sale("a", 1)), Err(PeopleError::SameOrder));
        assert_eq!(people.sale(None, sale("b", -2)), Err(PeopleError::TooMuch));
        people.sale(None, sale("b", -1)).unwrap();
        assert_eq!(people.sales(), 2);
    }

    #[test]
    fn no_more_is_given_back_than_was_paid() {
        let sale = Sale::new("a".parse().unwrap(), at(1), Sold::Web, 5);
        assert_eq!(sale.clone().refunded(5).unwrap().net, 0);
        assert_eq!(sale.clone().refunded(6), Err(PeopleError::RefundOverOrder));
        assert_eq!(sale.refunded(u64::MAX), Err(PeopleError::RefundOverOrder));
    }

    #[test]
    fn a_person_is_not_printed() {
        assert_eq!(format!("{:?}", PersonKey::of(b"ann")), "PersonKey(..)");
    }

    #[test]
    fn chance_is_spread_evenly() {
        let mut buckets = [0_u32; 16];
        for person in 0..400_u32 {
            for count in 0..40 {
                let draw = PersonKey::of(&person.to_le_bytes()).chance(3, count);
                buckets[(draw >> 60) as usize] += 1;
            }
        }
        // 1,000 each; the chance that one is 4.5 standard deviations off is below 1 in 10,000.
        assert!(buckets.iter().all(|count| (860..1140).contains(count)), "{buckets:?}");
    }
}
