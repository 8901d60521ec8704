//! Who holds an identifier, and since when: people by their names and their other identifiers, one after the other or at
//! the same time.
//!
//! A telephone number is given out again, a tablet is sold: then its sightings fall into *epochs*, one after the other,
//! each of its own people. An identifier that two people use at the same time is held by the one who was seen with it most,
//! and the other's sightings do not use it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::class::Class;
use super::names::{Name, groups};
use super::rules::Rules;
use super::sighting::Details;
use crate::vocab::{IdentifierKey, IdentifierKind, RecordKey, Timestamp};

/// Most different names that are compared for one identifier. Nobody is written in so many ways: what has more is
/// [`crowded`](Holding::crowded), and nothing more is asked.
pub const HOLDING_NAMES_MAX: usize = 64;

/// Most different partners of one identifier by which its sightings are told apart. The limits of the [`Rules`] call it
/// shared long before.
pub const HOLDING_PARTNERS_MAX: usize = 1_024;

/// Most epochs of one identifier; what comes later belongs to the last.
pub const EPOCHS_MAX: u8 = 255;

/// Least sightings of a group that makes an epoch of its own. One may be a slip of the pen.
const EPOCH_SIGHTINGS_MIN: usize = 2;

/// Most groups of people of whom the largest may hold an identifier without half of its sightings.
const GROUPS_WITHOUT_HALF_MAX: usize = 2;

/// Microseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// A sighting of one identifier.
#[derive(Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "all that is read of a sighting")]
pub struct Seen<'a> {
    /// When.
    pub time: Timestamp,
    /// In which record.
    pub record: RecordKey,
    /// What the record says of the person.
    pub details: &'a Details,
    /// The other usable identifiers that the record names.
    pub partners: &'a [(IdentifierKind, IdentifierKey)],
}

/// Who holds an identifier in each of its sightings.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the whole answer")]
pub struct Holding {
    /// For each sighting, in the order given, the epoch that it belongs to, counted from 0 for the earliest; `None` where
    /// somebody else holds the identifier, so that the sighting does not use it.
    pub epoch_of: Vec<Option<u8>>,
    /// How many epochs there are: 1 at least.
    pub epochs: u8,
    /// Whether so many people were seen with it that nobody holds it: it is shared, whatever the counts of its partners.
    pub crowded: bool,
}

/// Finds who holds an identifier of `kind`, from its own sightings that may link, in order of time and record.
///
/// 1. Sightings with a name fall into groups of names that agree; a sighting without one joins the group of its partners,
///    where these were seen with one group alone.
/// 2. The largest group holds the identifier, of two that are equal the one seen first. Another group that was seen twice
///    or oftener has an epoch of its own where [`Rules::recycled_after_days`] lie between its sightings and those of every
///    larger group that has one. Sightings of other groups do not use the identifier.
/// 3. Where that leaves one epoch, and the holder's partners are more than the rules allow, the same is asked of the groups
///    that a name or a partner ties together, devices and browsers left aside: a number that one family had before
///    another. All of the holder's sightings use the identifier then.
/// 4. What is in no group belongs to the epoch nearest in time, the earlier of two.
///
/// An identifier with more than [`HOLDING_NAMES_MAX`] names, or with three groups and more of which none has half of the
/// sightings, is crowded. Where all names agree and the partners are within the limits there is one epoch, and all
/// sightings use the identifier. Costs O(n log n) for n sightings, and at most `HOLDING_NAMES_MAX` squared comparisons of
/// names.
#[must_use]
pub fn hold(rules: &Rules, kind: IdentifierKind, seen: &[Seen<'_>]) -> Holding {
    debug_assert!(seen.is_sorted_by_key(|one| (one.time, one.record)), "in order of time and record");
    let Some(mut group_of) = by_name(rules, seen) else {
        return Holding { epoch_of: vec![Some(0); seen.len()], epochs: 1, crowded: true };
    };
    let partners = Partners::of(seen);
    if let Some(partners) = &partners {
        partners.join_groups(&mut group_of, seen);
    }
    let groups = spans(&group_of, seen);
    let epochs = pack(rules, &groups);
    if epochs.len() <= 1 {
        if is_crowd(&groups) {
            return Holding { epoch_of: vec![Some(0); seen.len()], epochs: 1, crowded: true };
        }
        let holder = epochs.first().map(|epoch| epoch.group);
        let held = |at: usize| group_of[at].is_none() || group_of[at] == holder;
        let turned = partners.filter(|partners| partners.exceed(rules, kind, seen, held));
        if let Some(partners) = turned {
            let periods = pack(rules, &spans(&partners.tie(&group_of, seen, held), seen));
            return assign(seen, &periods, |at| if held(at) { Place::ByTime } else { Place::Nowhere });
        }
    }
    assign(seen, &epochs, |at| match group_of[at] {
        None => Place::ByTime,
        Some(group) => epochs.iter().position(|epoch| epoch.group == group).map_or(Place::Nowhere, Place::In),
    })
}

/// The group of each sighting by its name; `None` for the whole where there are too many names.
fn by_name(rules: &Rules, seen: &[Seen<'_>]) -> Option<Vec<Option<u32>>> {
    let mut counts: BTreeMap<Name<'_>, u32> = BTreeMap::new();
    let names: Vec<Option<Name<'_>>> = seen.iter().map(|one| rules.name(one.details)).collect();
    for name in names.iter().flatten() {
        *counts.entry(*name).or_default() += 1;
        if counts.len() > HOLDING_NAMES_MAX {
            return None;
        }
    }
    let listed: Vec<(Name<'_>, u32)> = counts.into_iter().collect();
    let numbers = groups(&listed);
    let number =
        |name: &Name<'_>| listed.binary_search_by(|(other, _)| other.cmp(name)).map(|at| numbers[at]).ok();
    Some(names.iter().map(|name| name.as_ref().and_then(number)).collect())
}

/// The partners of an identifier, each with the places of the sightings that name it, in order.
struct Partners(BTreeMap<(IdentifierKind, IdentifierKey), Vec<u32>>);

impl Partners {
    /// `None` where they are too many to look at.
    fn of(seen: &[Seen<'_>]) -> Option<Partners> {
        let mut sightings: BTreeMap<_, Vec<u32>> = BTreeMap::new();
        for (at, one) in seen.iter().enumerate() {
            for partner in one.partners {
                sightings.entry(*partner).or_default().push(at as u32);
            }
            if sightings.len() > HOLDING_PARTNERS_MAX {
                return None;
            }
        }
        Some(Partners(sightings))
    }

    /// Puts sightings without a name into the group that alone was seen with their partners.
    fn join_groups(&self, group_of: &mut [Option<u32>], seen: &[Seen<'_>]) {
        // The one group that each partner was seen with.
        let mut one_group = BTreeMap::new();
        for (partner, sightings) in &self.0 {
            let mut groups = sightings.iter().filter_map(|&at| group_of[at as usize]);
            if let Some(first) = groups.next()
                && groups.all(|group| group == first)
            {
                one_group.insert(partner, first);
            }
        }
        let joined: Vec<(usize, u32)> = (0..seen.len())
            .filter(|&at| group_of[at].is_none())
            .filter_map(|at| {
                let mut groups = seen[at].partners.iter().filter_map(|partner| one_group.get(partner));
                let first = *groups.next()?;
                groups.all(|&group| group == first).then_some((at, first))
            })
            .collect();
        for (at, group) in joined {
            group_of[at] = Some(group);
        }
    }

    /// Whether those of the sightings that are held are more than the rules allow.
    fn exceed(
        &self,
        rules: &Rules,
        kind: IdentifierKind,
        seen: &[Seen<'_>],
        held: impl Fn(usize) -> bool,
    ) -> bool {
        let mut counts: BTreeMap<IdentifierKind, u32> = BTreeMap::new();
        for ((partner, _), sightings) in &self.0 {
            if sightings.iter().any(|&at| held(at as usize)) {
                *counts.entry(*partner).or_default() += 1;
            }
        }
        seen.len() >= 2 * EPOCH_SIGHTINGS_MIN && !Class::of(rules, kind, 1, counts).links()
    }

    /// The groups of held sightings that names or partners tie together. Those without such a tie are in no group.
    fn tie(
        &self,
        group_of: &[Option<u32>],
        seen: &[Seen<'_>],
        held: impl Fn(usize) -> bool,
    ) -> Vec<Option<u32>> {
        let mut root: Vec<u32> = (0..seen.len() as u32).collect();
        let mut tied = vec![false; seen.len()];
        let mut last_of_group: BTreeMap<u32, usize> = BTreeMap::new();
        for at in (0..seen.len()).filter(|&at| held(at)) {
            if let Some(group) = group_of[at] {
                tied[at] = true;
                if let Some(before) = last_of_group.insert(group, at) {
                    unite(&mut root, before, at);
                }
            }
        }
        for ((kind, _), sightings) in &self.0 {
            // Whoever borrows a browser is not its owner.
            if *kind >= IdentifierKind::Device {
                continue;
            }
            let mut before = None;
            for at in sightings.iter().map(|&at| at as usize).filter(|&at| held(at)) {
                tied[at] = true;
                if let Some(before) = before.replace(at) {
                    unite(&mut root, before, at);
                }
            }
        }
        (0..seen.len()).map(|at| tied[at].then(|| find(&mut root, at) as u32)).collect()
    }
}

fn find(root: &mut [u32], mut at: usize) -> usize {
    while root[at] as usize != at {
        root[at] = root[root[at] as usize];
        at = root[at] as usize;
    }
    at
}

/// Unites two groups under the earlier of their first sightings.
fn unite(root: &mut [u32], one: usize, two: usize) {
    let (one, two) = (find(root, one), find(root, two));
    root[one.max(two)] = one.min(two) as u32;
}

/// When a group was seen.
#[derive(Clone, Copy)]
struct Span {
    group: u32,
    sightings: usize,
    first: Timestamp,
    last: Timestamp,
}

/// The spans of all groups, the largest first, of two that are equal the one seen first.
fn spans(group_of: &[Option<u32>], seen: &[Seen<'_>]) -> Vec<Span> {
    let mut spans: BTreeMap<u32, (usize, Span)> = BTreeMap::new();
    for (at, (group, one)) in group_of.iter().zip(seen).enumerate() {
        let Some(group) = *group else { continue };
        let fresh = Span { group, sightings: 0, first: one.time, last: one.time };
        let (_, span) = spans.entry(group).or_insert((at, fresh));
        span.sightings += 1;
        span.last = one.time;
    }
    let mut spans: Vec<(usize, Span)> = spans.into_values().collect();
    spans.sort_unstable_by_key(|(at, span)| (Reverse(span.sightings), *at));
    spans.into_iter().map(|(_, span)| span).collect()
}

/// The groups that have an epoch, in order of time: each, from the largest, that leaves those before it their rest.
fn pack(rules: &Rules, groups: &[Span]) -> Vec<Span> {
    let rest = i64::from(rules.recycled_after_days()).saturating_mul(DAY);
    let follows = |early: &Span, late: &Span| {
        late.first > early.last && late.first.as_micros() - early.last.as_micros() >= rest
    };
    // In order of time. They do not overlap, so only the neighbours of a place are in the way.
    let mut epochs: Vec<Span> = Vec::new();
    for group in groups {
        let place = epochs.partition_point(|epoch| epoch.first < group.first);
        let free = (place == 0 || follows(&epochs[place - 1], group))
            && (place == epochs.len() || follows(group, &epochs[place]));
        let enough = epochs.is_empty() || group.sightings >= EPOCH_SIGHTINGS_MIN;
        if free && enough && epochs.len() < usize::from(EPOCHS_MAX) {
            epochs.insert(place, *group);
        }
    }
    epochs
}

/// Whether three people or more were seen with it, none of them in half of the sightings.
fn is_crowd(groups: &[Span]) -> bool {
    let sightings: usize = groups.iter().map(|group| group.sightings).sum();
    groups.len() > GROUPS_WITHOUT_HALF_MAX
        && groups.first().is_some_and(|most| 2 * most.sightings < sightings)
}

/// Where a sighting belongs.
enum Place {
    /// To this epoch.
    In(usize),
    /// To the epoch nearest in time.
    ByTime,
    /// To none: somebody else holds the identifier.
    Nowhere,
}

fn assign(seen: &[Seen<'_>], epochs: &[Span], place: impl Fn(usize) -> Place) -> Holding {
    let nearest = |time: Timestamp| {
        let after = epochs.partition_point(|epoch| epoch.first <= time);
        match (after.checked_sub(1).map(|before| epochs[before].last), epochs.get(after)) {
            (Some(before), Some(next))
                if time > before && next.first.distance(time) < time.distance(before) =>
            {
                after
            }
            (Some(_), _) => after - 1,
            (None, _) => 0,
        }
    };
    let epoch_of = seen.iter().enumerate().map(|(at, one)| match place(at) {
        Place::In(epoch) => Some(epoch as u8),
        Place::ByTime => Some(nearest(one.time) as u8),
        Place::Nowhere => None,
    });
    Holding { epoch_of: epoch_of.collect(), epochs: epochs.len().max(1) as u8, crowded: false }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PHONE: IdentifierKind = IdentifierKind::Phone;

    /// A sighting on a day: name, loyalty number (0 for none) and cookie (0 for none).
    type Day = (i64, &'static str, u8, u8);

    fn held(rules: &Rules, days: &[Day]) -> Holding {
        let details: Vec<Details> = days
            .iter()
            .map(|(_, name, ..)| Details {
                given_name: (!name.is_empty()).then(|| Box::from(*name)),
                surname: Some("allen".into()),
                ..Details::default()
            })
            .collect();
        let partners: Vec<Vec<(IdentifierKind, IdentifierKey)>> = days
            .iter()
            .map(|&(_, _, loyalty, cookie)| {
                let some = |kind, n: u8| (n > 0).then(|| (kind, IdentifierKey::from_bytes([n; 16])));
                let both = [some(IdentifierKind::Loyalty, loyalty), some(IdentifierKind::Cookie, cookie)];
                both.into_iter().flatten().collect()
            })
            .collect();
        let seen: Vec<Seen<'_>> = days
            .iter()
            .enumerate()
            .map(|(at, (day, ..))| Seen {
                time: Timestamp::from_micros(day * DAY).unwrap(),
                record: RecordKey::from_bytes([at as u8; 16]),
                details: &details[at],
                partners: &partners[at],
            })
            .collect();
        hold(rules, PHONE, &seen)
    }

    fn epochs(days: &[Day]) -> Vec<Option<u8>> {
        let holding = held(&Rules::default(), days);
        assert!(!holding.crowded);
        holding.epoch_of
    }

    #[test]
    fn one_person_holds_her_phone_however_she_is_written() {
        assert_eq!(
            epochs(&[(0, "robert", 1, 0), (9, "bob", 1, 0), (500, "r", 2, 0), (900, "", 0, 3)]),
            [Some(0); 4]
        );
        assert_eq!(epochs(&[]), []);
    }

    #[test]
    fn a_number_given_out_again_has_two_epochs() {
        let days = [
            (0, "robert", 0, 0),
            (9, "bob", 0, 0),
            (20, "", 0, 0),
            (100, "", 0, 0),
            (110, "mary", 0, 0),
            (120, "mary", 0, 0),
        ];
        assert_eq!(epochs(&days), [Some(0), Some(0), Some(0), Some(1), Some(1), Some(1)]);
        // Once may be a slip of the pen.
        assert_eq!(epochs(&days[..5]), [Some(0), Some(0), Some(0), Some(0), None]);
        // Nor has it rested.
        let soon = [(0, "robert", 0, 0), (9, "bob", 0, 0), (53, "mary", 0, 0), (60, "mary", 0, 0)];
        assert_eq!(epochs(&soon), [Some(0), Some(0), None, None]);
        let rested = [(0, "robert", 0, 0), (9, "bob", 0, 0), (54, "mary", 0, 0), (60, "mary", 0, 0)];
        assert_eq!(epochs(&rested), [Some(0), Some(0), Some(1), Some(1)]);
    }

    #[test]
    fn whoever_uses_it_most_holds_it() {
        let days = [
            (0, "mary", 0, 0),
            (10, "robert", 0, 0),
            (20, "mary", 0, 0),
            (400, "robert", 0, 0),
            (800, "mary", 0, 0),
        ];
        assert_eq!(epochs(&days), [Some(0), None, Some(0), None, Some(0)]);
        assert_eq!(epochs(&days[..2]), [Some(0), None], "of two that are equal the first");
    }

    #[test]
    fn a_partner_tells_whose_a_sighting_without_a_name_is() {
        let days = [
            (0, "mary", 1, 0),
            (10, "robert", 2, 0),
            (20, "mary", 1, 0),
            (30, "", 2, 0),
            (40, "", 1, 0),
            (50, "", 0, 0),
        ];
        assert_eq!(epochs(&days), [Some(0), None, Some(0), None, Some(0), Some(0)]);
        // One that both were seen with tells nothing.
        let days = [(0, "mary", 0, 7), (10, "robert", 0, 7), (20, "mary", 0, 0), (30, "", 0, 7)];
        assert_eq!(epochs(&days), [Some(0), None, Some(0), Some(0)]);
    }

    #[test]
    fn families_one_after_the_other_have_an_epoch_each_and_families_together_have_one() {
        let after =
            [(0, "", 1, 0), (5, "", 2, 0), (9, "", 1, 0), (15, "", 2, 0), (100, "", 3, 0), (110, "", 3, 0)];
        assert_eq!(epochs(&after), [Some(0), Some(0), Some(0), Some(0), Some(1), Some(1)]);
        let together =
            [(0, "", 1, 0), (5, "", 2, 0), (9, "", 3, 0), (100, "", 2, 0), (110, "", 3, 0), (200, "", 1, 0)];
        assert_eq!(epochs(&together), [Some(0); 6]);
        // Each once: nobody knows.
        assert_eq!(epochs(&[(0, "", 1, 0), (100, "", 2, 0), (200, "", 3, 0), (300, "", 4, 0)]), [Some(0); 4]);
        // Within the limits nothing is asked.
        assert_eq!(epochs(&[(0, "", 1, 0), (9, "", 1, 0), (100, "", 1, 0), (110, "", 1, 0)]), [Some(0); 4]);
    }

    #[test]
    fn nobody_holds_what_everybody_uses() {
        let rules = Rules::default();
        let three = ["ada", "robert", "mary"];
        let days: Vec<Day> = three.iter().enumerate().map(|(day, name)| (day as i64, *name, 0, 0)).collect();
        assert!(held(&rules, &days).crowded);
        assert!(!held(&rules, &days[..2]).crowded);
        let half: Vec<Day> = days.iter().copied().chain([(10, "ada", 0, 0)]).collect();
        assert!(!held(&rules, &half).crowded);
        assert!(!held(&rules.clone().with_names(false), &days).crowded);
    }

    #[test]
    fn names_are_counted_to_the_limit() {
        let rules = Rules::default();
        let names: Vec<&'static str> =
            (0..=HOLDING_NAMES_MAX).map(|n| &*format!("roberta{n:02}").leak()).collect();
        let days: Vec<Day> = names.iter().map(|name| (0, *name, 0, 0)).collect();
        assert!(held(&rules, &days).crowded);
        assert!(!held(&rules, &days[1..]).crowded);
    }

    proptest! {
        #[test]
        fn every_epoch_is_used_and_no_two_overlap(
            days in prop::collection::vec((0i64..400, 0usize..5, 0u8..4, 0u8..3), 0..24),
            names in any::<bool>(),
        ) {
            let mut days: Vec<Day> = days
                .into_iter()
                .map(|(day, name, loyalty, cookie)| (day, ["", "robert", "bob", "mary", "j"][name], loyalty, cookie))
                .collect();
            days.sort_by_key(|day| day.0);
            let rules = Rules::default().with_names(names);
            let holding = held(&rules, &days);
            prop_assert_eq!(holding.epoch_of.len(), days.len());
            prop_assert!(holding.epochs >= 1);
            prop_assert!(names || holding.epoch_of.iter().all(Option::is_some));
            for epoch in 0..holding.epochs {
                prop_assert!(days.is_empty() || holding.epoch_of.contains(&Some(epoch)));
            }
            prop_assert!(holding.epoch_of.iter().flatten().all(|epoch| *epoch < holding.epochs));
        }
    }
}
