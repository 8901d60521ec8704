//! Where the holder of a phone number may be: places whose rules may apply, zones whose clocks count.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::place::Place;
use crate::vocab::{Identifier, IdentifierKind, Timestamp, Zone};

/// Area codes of the North American Numbering Plan in the United States and Canada.
const AREA_CODES: &str = include_str!("../../data/area_codes.csv");
/// The zones of each country.
const COUNTRY_ZONES: &str = include_str!("../../data/country_zones.csv");

/// The places whose rules may apply to somebody, and the zones in which she may be.
///
/// Mobile phones travel and numbers are taken along, so a number only says where its holder is likely to be; some laws presume
/// it (Fla. Stat. 501.616(6)). Where a number leaves open which zone is hers it has all of them, and a number that says
/// nothing has none, so that no window ever holds for it. A host that knows more says so with [`Whereabouts::known`]; what its
/// holder says herself goes into [`Whereabouts::told`].
///
/// ```
/// use phygital_core::rules::Whereabouts;
/// let florida = Whereabouts::of(&"phone:+18505550123".parse()?);
/// assert_eq!(florida.places()[0].as_str(), "US-FL");
/// assert_eq!(florida.zones().len(), 2, "Pensacola is an hour behind Tallahassee");
/// # Ok::<(), phygital_core::vocab::IdentifierError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Whereabouts {
    places: Vec<Place>,
    zones: Vec<Zone>,
}

#[derive(Debug)]
struct Tables {
    area_codes: BTreeMap<u16, Whereabouts>,
    countries: BTreeMap<Place, Whereabouts>,
    /// The countries behind each calling code.
    calling: BTreeMap<u16, Vec<Place>>,
    /// Wherever numbers begin with +1 whose area code says no more.
    north_america: Whereabouts,
    /// Every place in which a zone's clock is kept.
    keeping: BTreeMap<Zone, BTreeSet<Place>>,
}

impl Whereabouts {
    /// What a phone number tells. Nothing for other identifiers, and for numbers of no country.
    pub fn of(contact: &Identifier) -> Whereabouts {
        if contact.kind() != IdentifierKind::Phone {
            return Whereabouts::default();
        }
        let number = contact.value();
        let tables = tables();
        let area = number.strip_prefix("+1").and_then(|rest| rest.get(..3)?.parse::<u16>().ok());
        if let Some(known) = area.and_then(|code| tables.area_codes.get(&code)) {
            return known.clone();
        }
        if number.starts_with("+1") {
            let country = country_of(contact);
            let island = country.filter(|country| !["US", "CA"].contains(&country.as_str()));
            // Toll-free numbers, and area codes younger than the table, may be anywhere.
            return island
                .and_then(|island| tables.countries.get(&island))
                .unwrap_or(&tables.north_america)
                .clone();
        }
        // No calling code begins another one.
        let calling =
            (2..=4).find_map(|end| tables.calling.get(number.get(1..end)?.parse::<u16>().as_ref().ok()?));
        match calling.map(Vec::as_slice) {
            None | Some([]) => Whereabouts::default(),
            Some([country]) => tables.countries[country].clone(),
            Some(countries) => match country_of(contact).and_then(|country| tables.countries.get(&country)) {
                Some(known) => known.clone(),
                None => {
                    let each = countries.iter().map(|country| tables.countries[country].clone());
                    each.fold(Whereabouts::default(), Whereabouts::and)
                }
            },
        }
    }

    /// What the host knows: the zones in which she surely is, and the places whose rules may apply. Each one more is stricter.
    pub fn known(
        places: impl IntoIterator<Item = Place>,
        zones: impl IntoIterator<Item = Zone>,
    ) -> Whereabouts {
        Whereabouts::default()
            .and(Whereabouts { places: places.into_iter().collect(), zones: zones.into_iter().collect() })
    }

    /// Here or there: the rules of both may apply.
    pub fn and(mut self, other: Whereabouts) -> Whereabouts {
        self.places.extend(other.places);
        self.zones.extend(other.zones);
        self.places.sort_unstable();
        self.places.dedup();
        self.zones.sort_unstable();
        self.zones.dedup();
        self
    }

    /// With the zone that the holder of the number named for herself, and those that others tell of her: what her phone
    /// showed, what somebody said who turned out to be her.
    ///
    /// - Her own word answers what the number leaves open: of its zones the one that she named is left. The law asks for the
    ///   time where she is (47 CFR 64.1200(c)(1)); candidates stand in where nobody knows it. Its places stay.
    /// - A zone that the number does not have is one more, with every place that keeps it: numbers are taken along, and laws
    ///   that presume by area code (Fla. Stat. 501.616(6)) are not lifted by her word.
    /// - What others tell is one more zone, whatever the number says: it may be old, or somebody else's. It takes nothing away,
    ///   so that two who turn out to be one are sent no more than before; and a number that says nothing, of which she says
    ///   nothing, stays nowhere.
    ///
    /// ```
    /// # use phygital_core::rules::Whereabouts;
    /// let pensacola = Whereabouts::of(&"phone:+18505550123".parse()?);
    /// let told = pensacola.told("America/Chicago".parse().ok(), []);
    /// assert_eq!((told.places(), told.zones().len()), (pensacola.places(), 1));
    /// let moved = pensacola.told("America/Los_Angeles".parse().ok(), []);
    /// assert_eq!(moved.zones().len(), 3);
    /// # Ok::<(), phygital_core::vocab::IdentifierError>(())
    /// ```
    #[must_use]
    pub fn told(&self, own: Option<Zone>, others: impl IntoIterator<Item = Zone>) -> Whereabouts {
        let mut told = self.clone();
        if let Some(own) = own.filter(|own| self.zones.contains(own)) {
            told.zones = vec![own];
        }
        let nowhere = self.zones.is_empty() && own.is_none();
        for zone in own.into_iter().chain(others).filter(|_| !nowhere) {
            let places = match self.zones.contains(&zone) {
                true => Vec::new(),
                false => tables().keeping.get(&zone).into_iter().flatten().copied().collect(),
            };
            told = told.and(Whereabouts { places, zones: vec![zone] });
        }
        told
    }

    /// The zone in the middle of those in which she may be, by what their clocks show at a time: the least wrong calendar for
    /// words such as "tomorrow". None where there is none.
    pub fn middle(&self, at: Timestamp) -> Option<Zone> {
        let mut zones: Vec<(i32, Zone)> =
            self.zones.iter().map(|zone| (zone.offset_seconds(at), *zone)).collect();
        zones.sort_unstable();
        zones.get(zones.len().saturating_sub(1) / 2).map(|(_, zone)| *zone)
    }

    /// The places whose rules may apply, in order.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// The zones in which she may be, in order.
    pub fn zones(&self) -> &[Zone] {
        &self.zones
    }
}

/// The country of a number, where its plan tells one apart.
fn country_of(contact: &Identifier) -> Option<Place> {
    contact.region()?.to_string().parse().ok()
}

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| {
        let rows = |text: &'static str| text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
        fn all<T: std::str::FromStr>(cell: &str) -> impl Iterator<Item = T> {
            cell.split(' ').map(|one| one.parse().ok().expect("a test reads it"))
        }
        let area_codes: BTreeMap<u16, Whereabouts> = rows(AREA_CODES)
            .map(|row| {
                (
                    row[0].parse().expect("a test reads it"),
                    Whereabouts::known(all::<Place>(row[1]), all::<Zone>(row[2])),
                )
            })
            .collect();
        let mut countries: BTreeMap<Place, Whereabouts> = BTreeMap::new();
        let mut calling: BTreeMap<u16, Vec<Place>> = BTreeMap::new();
        for row in rows(COUNTRY_ZONES) {
            let place: Place = row[0].parse().expect("a test reads it");
            countries.insert(place, Whereabouts::known([place], all::<Zone>(row[2])));
            calling.entry(row[1].parse().expect("a test reads it")).or_default().push(place);
        }
        let whole = ["US", "CA"].into_iter().filter_map(|code| countries.get(&code.parse().ok()?));
        let anywhere: Vec<&Whereabouts> = area_codes.values().chain(whole).collect();
        let north_america = Whereabouts::known(
            anywhere.iter().flat_map(|one| one.places.iter().copied()),
            anywhere.iter().flat_map(|one| one.zones.iter().copied()),
        );
        let mut keeping: BTreeMap<Zone, BTreeSet<Place>> = BTreeMap::new();
        for found in area_codes.values().chain(countries.values()) {
            for zone in &found.zones {
                keeping.entry(*zone).or_default().extend(&found.places);
            }
        }
        Tables { area_codes, countries, calling, north_america, keeping }
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NUMBERS: [&str; 7] = [
        "+12125550123",
        "+18505550123",
        "+19075550123",
        "+18005550123",
        "+33612345678",
        "+34612345678",
        "+447700900123",
    ];
    const ZONES: [&str; 9] = [
        "America/New_York",
        "America/Chicago",
        "America/Los_Angeles",
        "America/Adak",
        "Europe/Paris",
        "Atlantic/Canary",
        "Asia/Kolkata",
        // Kept by no place of the tables.
        "Etc/GMT+5",
        "US/Eastern",
    ];

    fn zone() -> impl Strategy<Value = Zone> {
        prop::sample::select(ZONES.to_vec()).prop_map(|zone| zone.parse().unwrap())
    }

    fn number() -> impl Strategy<Value = Whereabouts> {
        let known = prop::sample::select(NUMBERS.to_vec())
            .prop_map(|number| Whereabouts::of(&format!("phone:{number}").parse().unwrap()));
        prop_oneof![9 => known, 1 => Just(Whereabouts::default())]
    }

    fn has(more: &Whereabouts, less: &Whereabouts) -> bool {
        less.places().iter().all(|place| more.places().contains(place))
            && less.zones().iter().all(|zone| more.zones().contains(zone))
    }

    proptest! {
        /// A place or a zone more is never looser (see `hours`, `caps`): so these say that what is told loosens nothing but
        /// what the number leaves open, and that only to the zone that she named.
        #[test]
        fn what_is_told_takes_nothing_away_but_what_the_number_leaves_open(
            number in number(), own in prop::option::of(zone()), others in prop::collection::vec(zone(), 0..4),
        ) {
            let told = number.told(own, others.clone());
            // No law is lifted by anybody's word.
            prop_assert!(number.places().iter().all(|place| told.places().contains(place)));
            // What others tell only adds; where nobody knew anything it adds nothing.
            prop_assert!(has(&told, &number.told(own, others.iter().skip(1).copied())));
            prop_assert!(has(&number.told(None, others.clone()), &number));
            let nowhere = number.zones().is_empty() && own.is_none();
            prop_assert_eq!(told.zones().is_empty(), nowhere);
            let kept = |zone: &Zone| told.zones().contains(zone);
            prop_assert!(own.as_ref().is_none_or(kept) && (nowhere || others.iter().all(kept)));
            // Candidates go where she named one of them, and otherwise stay.
            let named = own.filter(|own| number.zones().contains(own));
            for zone in number.zones() {
                prop_assert_eq!(kept(zone), named.is_none_or(|own| own == *zone) || others.contains(zone));
            }
            // A clock that the number does not have brings the laws of where it is kept.
            for (zone, place) in [("America/Los_Angeles", "US-CA"), ("Europe/Paris", "FR"), ("America/Chicago", "US-FL")] {
                let zone = zone.parse().unwrap();
                if kept(&zone) && !number.zones().contains(&zone) {
                    prop_assert!(told.places().contains(&place.parse().unwrap()), "{}", place);
                }
            }
        }

        #[test]
        fn the_middle_is_one_of_them_with_as_many_before_as_behind(number in number(), hours in 0_i64..20_000) {
            let at = Timestamp::from_micros(1_700_000_000_000_000 + hours * 3_600_000_000).unwrap();
            let offset = |zone: &Zone| zone.offset_seconds(at);
            match number.middle(at) {
                None => prop_assert!(number.zones().is_empty()),
                Some(middle) => {
                    prop_assert!(number.zones().contains(&middle));
                    let count = |of: std::cmp::Ordering| {
                        number.zones().iter().filter(|zone| offset(zone).cmp(&offset(&middle)) == of).count()
                    };
                    let half = number.zones().len() / 2;
                    prop_assert!(count(std::cmp::Ordering::Less) <= half && count(std::cmp::Ordering::Greater) <= half);
                }
            }
        }
    }

    fn of(number: &str) -> (String, String) {
        let found = Whereabouts::of(&format!("phone:{number}").parse().unwrap());
        let zones: Vec<_> = found.zones().iter().map(Zone::name).collect();
        let places: Vec<_> = found.places().iter().map(Place::as_str).collect();
        (places.join(" "), zones.join(" "))
    }

    #[test]
    fn numbers_tell_where_they_are_from() {
        for (number, places, zones) in [
            ("+12125550123", "US-NY", "America/New_York"),
            ("+18505550123", "US-FL", "America/Chicago America/New_York"),
            ("+14485550123", "US-FL", "America/Chicago America/New_York"),
            ("+19075550123", "US-AK", "America/Adak America/Anchorage Pacific/Honolulu"),
            ("+17875550123", "US-PR", "America/Puerto_Rico"),
            ("+15145550123", "CA-QC", "America/Toronto"),
            ("+18765550123", "JM", "America/Jamaica"),
            ("+33612345678", "FR", "Europe/Paris"),
            // A number for plays: any country of the calling code.
            (
                "+447700900123",
                "GB GG IM JE",
                "Europe/Guernsey Europe/Isle_of_Man Europe/Jersey Europe/London",
            ),
            ("+447400123456", "GB", "Europe/London"),
            ("+77011234567", "KZ", "Asia/Almaty"),
            ("+34612345678", "ES", "Atlantic/Canary Europe/Madrid"),
        ] {
            assert_eq!(of(number), (places.to_owned(), zones.to_owned()), "{number}");
        }
    }

    #[test]
    fn who_tells_nothing_may_be_anywhere_or_is_nowhere() {
        let (places, zones) = of("+18005550123");
        assert!(places.contains("US-FL") && places.contains("CA-QC"));
        assert!(zones.contains("Pacific/Guam") && zones.contains("America/St_Johns"));
        let email = "email:ada@shop.example".parse().unwrap();
        assert_eq!(Whereabouts::of(&email), Whereabouts::default());
    }

    #[test]
    fn tables_are_whole() {
        let tables = tables();
        assert_eq!(tables.area_codes.len(), AREA_CODES.lines().count() - 1);
        assert_eq!(tables.countries.len(), COUNTRY_ZONES.lines().count() - 1);
        for (code, found) in &tables.area_codes {
            assert!(
                (200..1000).contains(code) && !found.places().is_empty() && !found.zones().is_empty(),
                "{code}"
            );
        }
    }

    #[test]
    fn area_codes_agree_with_the_number_plan() {
        for (code, found) in &tables().area_codes {
            let number: Identifier = format!("phone:+1{code}2345678").parse().unwrap();
            let Some(region) = number.region() else { continue };
            let country = found.places()[0].as_str();
            let territory = country.strip_prefix("US-").unwrap_or(country);
            let region = region.to_string();
            assert!(country.starts_with(&region) || territory == region, "{code}: {country}, {region}");
        }
    }

    #[test]
    fn two_whereabouts_are_both() {
        let one = Whereabouts::of(&"phone:+12125550123".parse().unwrap());
        let other = Whereabouts::of(&"phone:+33612345678".parse().unwrap());
        let both = one.clone().and(other).and(one);
        assert_eq!((both.places().len(), both.zones().len()), (2, 2));
    }
}
