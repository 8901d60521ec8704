//! Who lives together: profiles put into households, looser than records into profiles.
//!
//! A household is made of whole profiles, so no person is ever in two. What two people of a house share ties them here and
//! nowhere else: an address with one surname, a telephone, a mailbox, a card, a tablet.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::names::{Name, words_agree};
use super::rules::Rules;
use super::sighting::Details;
use crate::vocab::{CustomerId, IdentifierKey, IdentifierKind, Timestamp};

/// Most profiles at one address among whom families are looked for. Larger buildings write their flats, or are offices.
pub const ADDRESS_PROFILES_MAX: usize = 256;

/// A profile, as households are made of it.
#[derive(Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "all that is read of a profile")]
pub struct Resident<'a> {
    /// The profile.
    pub profile: CustomerId,
    /// When it was first seen.
    pub first: Timestamp,
    /// What its sightings say of the person, in any order.
    pub details: &'a [&'a Details],
    /// The identifiers that its sightings name, junk left out, whether they use them or not: also those that are shared or
    /// that somebody else holds. Of one that has epochs, the key of the epoch's node. In any order; only those of the kinds
    /// phone, email, card and device count.
    pub identifiers: &'a [(IdentifierKind, IdentifierKey)],
}

/// Profiles that live together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "the whole answer")]
pub struct Household {
    /// The profile seen first names the household; of two, the one with the lesser id.
    pub id: CustomerId,
    /// The profiles, in order.
    pub members: Vec<CustomerId>,
    /// What it is by its size.
    pub class: HouseholdClass,
}

/// What profiles that live together are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum HouseholdClass {
    /// One profile, which shares nothing with another.
    Single,
    /// A few.
    Family,
    /// More than [`HouseholdLimits::profiles`](super::HouseholdLimits::profiles): an office, a dormitory, a clan. Its
    /// members are no family, for all that anybody knows.
    Institution,
}

/// Puts profiles into households, in order of their ids. Each profile comes once and lies in one household.
///
/// Two profiles live together
/// - at one address, where their surnames agree: the same postcode and house number, or the same street and town, and no
///   two different flats; among at most [`ADDRESS_PROFILES_MAX`] profiles at the address,
/// - by an identifier of the kinds phone, email, card or device that both name, and at most
///   [`HouseholdLimits::holders`](super::HouseholdLimits::holders) profiles,
///
/// and with all that live with either. A function of the set of profiles: their order and that of their details says
/// nothing. Costs O(n log n), and for each address a comparison of each two of its surnames and flats.
#[must_use]
pub fn households(rules: &Rules, residents: &[Resident<'_>]) -> Vec<Household> {
    let mut houses = Houses { root: (0..residents.len()).collect() };
    houses.join_by_identifier(rules, residents);
    houses.join_by_address(rules, residents);

    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in 0..residents.len() {
        members.entry(houses.find(at)).or_default().push(at);
    }
    let most = rules.household().profiles as usize;
    let household = |places: Vec<usize>| {
        let head = places.iter().map(|&at| (residents[at].first, residents[at].profile)).min();
        let mut members: Vec<CustomerId> = places.iter().map(|&at| residents[at].profile).collect();
        members.sort_unstable();
        let class = match members.len() {
            1 => HouseholdClass::Single,
            count if count <= most => HouseholdClass::Family,
            _ => HouseholdClass::Institution,
        };
        head.map(|(_, id)| Household { id, members, class })
    };
    let mut all: Vec<Household> = members.into_values().filter_map(household).collect();
    all.sort_unstable();
    all
}

/// Profiles tied so far.
struct Houses {
    root: Vec<usize>,
}

impl Houses {
    fn find(&mut self, mut at: usize) -> usize {
        while self.root[at] != at {
            self.root[at] = self.root[self.root[at]];
            at = self.root[at];
        }
        at
    }

    fn join(&mut self, one: usize, two: usize) {
        let (one, two) = (self.find(one), self.find(two));
        self.root[one.max(two)] = one.min(two);
    }

    fn join_by_identifier(&mut self, rules: &Rules, residents: &[Resident<'_>]) {
        let mut holders: BTreeMap<(IdentifierKind, IdentifierKey), BTreeSet<usize>> = BTreeMap::new();
        for (at, resident) in residents.iter().enumerate() {
            for identifier in resident.identifiers.iter().filter(|(kind, _)| is_of_a_house(*kind)) {
                holders.entry(*identifier).or_default().insert(at);
            }
        }
        let few = |at: &&BTreeSet<usize>| at.len() <= rules.household().holders as usize;
        for holders in holders.values().filter(few) {
            let mut holders = holders.iter();
            let Some(first) = holders.next() else { continue };
            holders.for_each(|other| self.join(*first, *other));
        }
    }

    fn join_by_address(&mut self, rules: &Rules, residents: &[Resident<'_>]) {
        let mut homes: BTreeMap<Address<'_>, BTreeMap<Door<'_>, BTreeSet<usize>>> = BTreeMap::new();
        for (at, resident) in residents.iter().enumerate() {
            for details in resident.details {
                let Some(door) = Door::of(rules, details) else { continue };
                for address in Address::all(details) {
                    homes.entry(address).or_default().entry(door).or_default().insert(at);
                }
            }
        }
        for doors in homes.values() {
            let people: BTreeSet<usize> = doors.values().flatten().copied().collect();
            if people.len() > ADDRESS_PROFILES_MAX {
                continue;
            }
            let doors: Vec<(&Door<'_>, &BTreeSet<usize>)> = doors.iter().collect();
            for (place, (door, people)) in doors.iter().enumerate() {
                let Some(first) = people.first() else { continue };
                people.iter().for_each(|other| self.join(*first, *other));
                for (other, neighbours) in &doors[place + 1..] {
                    if door.is_one_with(other) {
                        neighbours.iter().for_each(|neighbour| self.join(*first, *neighbour));
                    }
                }
            }
        }
    }
}

/// Whether people of one house share identifiers of a kind.
fn is_of_a_house(kind: IdentifierKind) -> bool {
    use IdentifierKind::{Card, Device, Email, Phone};
    matches!(kind, Phone | Email | Card | Device)
}

/// Where a house stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Address<'a> {
    /// A postcode and the number of a house.
    Number(&'a str, &'a str),
    /// A street, with its number if it has one, and a town.
    Street(&'a str, &'a str),
}

impl<'a> Address<'a> {
    fn all(details: &'a Details) -> impl Iterator<Item = Address<'a>> {
        let street = details.street.as_deref().filter(|street| !street.is_empty());
        let number = street.and_then(|street| numbers(street).next());
        let by_number =
            details.postcode.as_deref().zip(number).map(|(code, number)| Address::Number(code, number));
        let by_street =
            street.zip(details.city.as_deref()).map(|(street, city)| Address::Street(street, city));
        by_number.into_iter().chain(by_street)
    }
}

/// The numbers in a line of an address, as digits.
fn numbers(line: &str) -> impl Iterator<Item = &str> {
    line.split(|sign: char| !sign.is_ascii_digit()).filter(|digits| !digits.is_empty())
}

/// Whose door it is at an address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Door<'a> {
    surname: &'a str,
    /// The second number of the line, where there is one: that of a flat.
    flat: Option<&'a str>,
}

impl<'a> Door<'a> {
    fn of(rules: &Rules, details: &'a Details) -> Option<Door<'a>> {
        let surname = details.surname.as_deref().filter(|surname| surname.chars().nth(1).is_some())?;
        if Name::of(details).is_some_and(|name| rules.blocked.is_name(&name)) {
            return None;
        }
        Some(Door { surname, flat: details.street.as_deref().and_then(|street| numbers(street).nth(1)) })
    }

    fn is_one_with(&self, other: &Door<'_>) -> bool {
        let two_flats = self.flat.zip(other.flat).is_some_and(|(one, two)| one != two);
        !two_flats && words_agree(self.surname, other.surname)
    }
}

/// Nobody is printed: only which profile.
impl fmt::Debug for Resident<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Resident({} first seen {})", self.profile, self.first)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::identity::HouseholdLimits;

    /// What one profile says: surname, street, city, postcode; and the phones that it names.
    #[derive(Debug, Clone, Default)]
    struct Written {
        surname: &'static str,
        street: &'static str,
        city: &'static str,
        postcode: &'static str,
        phones: Vec<u8>,
    }

    fn id(n: usize) -> CustomerId {
        CustomerId::from_bytes([n as u8; 16])
    }

    fn details(written: &Written) -> Details {
        let some = |text: &str| (!text.is_empty()).then(|| Box::from(text));
        Details {
            surname: some(written.surname),
            street: some(written.street),
            city: some(written.city),
            postcode: some(written.postcode),
            ..Details::default()
        }
    }

    fn phones(written: &Written) -> Vec<(IdentifierKind, IdentifierKey)> {
        let phone = |n: &u8| (IdentifierKind::Phone, IdentifierKey::from_bytes([*n; 16]));
        written.phones.iter().map(phone).collect()
    }

    /// The households of profiles numbered from 0, the later the earlier seen.
    fn live(rules: &Rules, written: &[Written]) -> Vec<Household> {
        let owned: Vec<_> = written.iter().map(|one| (details(one), phones(one))).collect();
        let details: Vec<[&Details; 1]> = owned.iter().map(|(details, _)| [details]).collect();
        let residents: Vec<Resident<'_>> = owned
            .iter()
            .enumerate()
            .map(|(at, (_, phones))| Resident {
                profile: id(at),
                first: Timestamp::from_micros((99 - at.min(99)) as i64).unwrap(),
                details: &details[at],
                identifiers: phones,
            })
            .collect();
        let straight = households(rules, &residents);
        let turned: Vec<Resident<'_>> = residents.into_iter().rev().collect();
        assert_eq!(households(rules, &turned), straight, "order says nothing");
        straight
    }

    fn at(surname: &'static str, street: &'static str, postcode: &'static str) -> Written {
        Written { surname, street, postcode, ..Written::default() }
    }

    fn together(one: Written, two: Written) -> bool {
        live(&Rules::default(), &[one, two]).len() == 1
    }

    #[test]
    fn a_family_lives_at_one_address() {
        let home = || at("allen", "12 rose street", "m30 9ef");
        assert!(together(home(), at("alen", "rose st 12", "m30 9ef")));
        assert!(together(home(), at("allen", "12 rose street flat 4", "m30 9ef")));
        assert!(!together(home(), at("byron", "12 rose street", "m30 9ef")));
        assert!(!together(home(), at("allen", "14 rose street", "m30 9ef")));
        assert!(!together(home(), at("allen", "12 rose street", "")));
        assert!(!together(home(), at("", "12 rose street", "m30 9ef")));
        let flat = |street| at("allen", street, "m30 9ef");
        assert!(!together(flat("12 rose street flat 4"), flat("12 rose street flat 5")));
        let town = |city| Written { surname: "allen", street: "rose cottage", city, ..Written::default() };
        assert!(together(town("eccles"), town("eccles")) && !together(town("eccles"), town("irlam")));
    }

    #[test]
    fn a_household_is_named_by_the_profile_seen_first() {
        let home = || at("allen", "12 rose street", "m30 9ef");
        let found = live(&Rules::default(), &[home(), home(), at("byron", "", "")]);
        let family = Household { id: id(1), members: vec![id(0), id(1)], class: HouseholdClass::Family };
        let single = Household { id: id(2), members: vec![id(2)], class: HouseholdClass::Single };
        assert_eq!(found, [family, single]);
        assert_eq!(live(&Rules::default(), &[]), []);
    }

    #[test]
    fn a_phone_of_few_is_a_familys_and_of_many_a_shops() {
        let rules = Rules::default().with_household(HouseholdLimits { holders: 3, profiles: 12 });
        let one = Written { phones: vec![7], ..Written::default() };
        assert_eq!(live(&rules, &vec![one.clone(); 3]).len(), 1);
        assert_eq!(live(&rules, &vec![one; 4]).len(), 4);
    }

    #[test]
    fn what_is_too_large_is_an_institution() {
        let rules = Rules::default().with_household(HouseholdLimits { holders: 6, profiles: 3 });
        let class = |count: usize| {
            let found = live(&rules, &vec![at("allen", "12 rose street", "m30 9ef"); count]);
            (found.len(), found[0].class)
        };
        assert_eq!(class(3), (1, HouseholdClass::Family));
        assert_eq!(class(4), (1, HouseholdClass::Institution));
        assert_eq!(class(ADDRESS_PROFILES_MAX), (1, HouseholdClass::Institution));
    }

    #[test]
    fn a_building_of_hundreds_ties_nobody() {
        let people = vec![at("allen", "12 rose street", "m30 9ef"); ADDRESS_PROFILES_MAX + 1];
        let owned: Vec<Details> = people.iter().map(details).collect();
        let each: Vec<[&Details; 1]> = owned.iter().map(|one| [one]).collect();
        let number = |at: usize| {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&(at as u64).to_be_bytes());
            CustomerId::from_bytes(bytes)
        };
        let residents: Vec<Resident<'_>> = each
            .iter()
            .enumerate()
            .map(|(at, details)| Resident {
                profile: number(at),
                first: Timestamp::MIN,
                details,
                identifiers: &[],
            })
            .collect();
        let rules = Rules::default();
        assert_eq!(households(&rules, &residents).len(), ADDRESS_PROFILES_MAX + 1);
        assert_eq!(households(&rules, &residents[1..]).len(), 1);
    }

    /// Households by asking of each two profiles whether they live together.
    fn by_all_pairs(rules: &Rules, written: &[Written]) -> Vec<Vec<CustomerId>> {
        let holders = |phone: &u8| written.iter().filter(|one| one.phones.contains(phone)).count();
        let tied = |one: &Written, two: &Written| {
            let phone = one.phones.iter().any(|phone| {
                two.phones.contains(phone) && holders(phone) <= rules.household().holders as usize
            });
            let number = |one: &Written| numbers(one.street).next().map(str::to_owned);
            let by_number = !one.postcode.is_empty() && one.postcode == two.postcode && number(one).is_some();
            let by_street = !one.city.is_empty() && one.city == two.city && !one.street.is_empty();
            let home = by_number && number(one) == number(two) || by_street && one.street == two.street;
            let flat = |one: &Written| numbers(one.street).nth(1).map(str::to_owned);
            let flats = flat(one).is_none() || flat(two).is_none() || flat(one) == flat(two);
            let named = one.surname.len() > 1 && two.surname.len() > 1;
            phone || home && flats && named && words_agree(one.surname, two.surname)
        };
        let mut house: Vec<usize> = (0..written.len()).collect();
        for one in 0..written.len() {
            for two in 0..written.len() {
                if tied(&written[one], &written[two]) {
                    let (keep, drop) = (house[one], house[two]);
                    house.iter_mut().filter(|at| **at == drop).for_each(|at| *at = keep);
                }
            }
        }
        let mut all: BTreeMap<usize, Vec<CustomerId>> = BTreeMap::new();
        house.iter().enumerate().for_each(|(at, house)| all.entry(*house).or_default().push(id(at)));
        let mut all: Vec<Vec<CustomerId>> = all.into_values().collect();
        all.sort();
        all
    }

    proptest! {
        #[test]
        fn households_are_those_of_all_pairs(
            people in prop::collection::vec(
                (0usize..4, 0usize..6, 0usize..3, 0usize..3, prop::collection::vec(0u8..6, 0..3)),
                0..14,
            ),
            holders in 1u32..5,
            profiles in 1u32..6,
        ) {
            let written: Vec<Written> = people
                .into_iter()
                .map(|(surname, street, city, postcode, phones)| Written {
                    surname: ["", "allen", "alen", "byron"][surname],
                    street: ["", "12 rose street", "12 rose street 4", "12 rose street 5", "14 rose street", "mill"][street],
                    city: ["", "eccles", "irlam"][city],
                    postcode: ["", "m30 9ef", "94107"][postcode],
                    phones,
                })
                .collect();
            let rules = Rules::default().with_household(HouseholdLimits { holders, profiles });
            let found = live(&rules, &written);
            let mut members: Vec<Vec<CustomerId>> = found.iter().map(|one| one.members.clone()).collect();
            members.sort();
            prop_assert_eq!(members, by_all_pairs(&rules, &written));
            for one in found {
                prop_assert!(one.members.contains(&one.id));
                prop_assert_eq!(one.class == HouseholdClass::Institution, one.members.len() > profiles.max(1) as usize);
            }
        }
    }
}
