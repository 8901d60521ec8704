//! Components that are one profile whatever the order of their edges, grown without being cut.
//!
//! Where a component has no ruling, no two names and no two dates of birth, no more of any kind than one profile may have,
//! and no two email addresses that a browser could be the first to join, nothing in it can be refused: each edge unites
//! its ends when its turn comes. Such a component is a *whole*. What a sighting names is all tied together, so where it
//! names wholes alone, and their sum has nothing to refuse either, that sum is the next whole, and nobody needs to be cut.
//! Nearly every event is of that kind. Whatever else changes dissolves the wholes that it touches, and what is left of
//! them is cut as any other component.

use super::Resolver;
use super::bounds::{PARTNERS_MAX, SEEN_MAX};
use super::graph::{CROWDED, DIRTY, NORMAL, OUTER, Row, SINGLE, WATCHED, WHOLE};
use super::lonely::{FRESH, HOME};
use super::side::{Side, count_in};
use super::table::{NONE, push};
use crate::identity::Subject;
use crate::identity::union::{Basis, Component, Cut, Limits};
use crate::vocab::{CustomerId, IdentifierKind, RecordKey, Timestamp};

/// How many kinds of identifier there are.
const KINDS: usize = IdentifierKind::ALL.len();

/// Bits of a count of vertices of one kind; the highest that they hold means that and more.
const BITS: usize = 6;
const COUNT_MAX: u32 = (1 << BITS) - 1;
const _: () = assert!(BITS * KINDS < 64, "the counts fit, and a bit beside them");

/// A bit for each kind that names a thing rather than a person.
const WEAK: [IdentifierKind; 3] =
    [IdentifierKind::Device, IdentifierKind::Cookie, IdentifierKind::TagVisitor];

/// A component that is one profile. Its vertices are a ring by their [`Row::place`].
#[derive(Clone, Debug)]
pub(super) struct Whole {
    /// The row that names the profile.
    pub(super) anchor: u32,
    /// How many vertices it has; none where the place is free.
    size: u32,
    sum: Sum,
}

/// What decides whether anything in a component may be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sum {
    /// How many vertices of each kind, in [`BITS`] each; and [`TIED`].
    counts: u64,
    /// The one name, and the one date of birth, by number; `NONE` where nobody says any.
    name: u32,
    birth: u32,
}

/// Edges between strong identifiers tie all that are strong.
const TIED: u64 = 1 << 63;

impl Sum {
    fn of(kind: u8, (name, birth): (u32, u32)) -> Sum {
        Sum { counts: TIED | 1 << (BITS * usize::from(kind)), name, birth }
    }

    fn count(&self, kind: usize) -> u32 {
        (self.counts >> (BITS * kind)) as u32 & COUNT_MAX
    }

    fn weak(&self) -> bool {
        WEAK.iter().any(|kind| self.count(*kind as usize) > 0)
    }

    fn strong(&self) -> bool {
        (0..KINDS).any(|kind| self.count(kind) > 0 && !WEAK.iter().any(|weak| *weak as usize == kind))
    }

    /// Says one more name and date of birth. Whether there is still one of each at most.
    fn say(&mut self, name: u32, birth: u32) -> bool {
        let same = |known: &mut u32, said: u32| {
            if *known == NONE {
                *known = said;
            }
            said == NONE || *known == said
        };
        same(&mut self.name, name) && same(&mut self.birth, birth)
    }

    fn add(&mut self, other: &Sum) -> bool {
        let mut counts = self.counts & other.counts & TIED;
        for kind in 0..KINDS {
            let count = (self.count(kind) + other.count(kind)).min(COUNT_MAX);
            counts |= u64::from(count) << (BITS * kind);
        }
        self.counts = counts;
        self.say(other.name, other.birth)
    }

    /// Whether nothing that adds up to this can be refused.
    fn is_free(&self, limits: &Limits) -> bool {
        let few = |kind: IdentifierKind| {
            let count = self.count(kind as usize);
            // What is beyond counting is too many, unless any number will do.
            count < 2 || limits.of(kind).is_none_or(|most| count <= most && count < COUNT_MAX)
        };
        let emails = self.count(IdentifierKind::Email as usize);
        (emails < 2 || self.counts & TIED != 0 || !self.weak()) && IdentifierKind::ALL.into_iter().all(few)
    }
}

/// How a sighting adds to wholes.
pub(super) struct Growth {
    sum: Sum,
    /// The first of its vertices, which is its home.
    home: u32,
}

impl Resolver {
    /// The row that names the profile of a vertex; `NONE` where it is none.
    pub(super) fn anchor_of(&self, row: u32) -> u32 {
        let found = self.graph.row(row);
        match found.is(WHOLE) {
            true => self.wholes[found.profile as usize].anchor,
            false => found.profile,
        }
    }

    /// The same as it was before these changes.
    pub(super) fn anchor_before(&self, row: u32) -> u32 {
        if let Some(was) = self.work.was.get(row) {
            return was;
        }
        let found = self.graph.row(row);
        match found.is(WHOLE) {
            true => self.whole_before(found.profile),
            false => found.profile,
        }
    }

    /// The row that named a whole before these changes, for those that were in it then.
    fn whole_before(&self, whole: u32) -> u32 {
        self.work.grown.get(whole).unwrap_or(self.wholes[whole as usize].anchor)
    }

    /// The vertices of a whole, from one of them on; a row that is in none is its own.
    pub(super) fn ring(&self, row: u32) -> impl Iterator<Item = u32> + '_ {
        let mut next = Some(row);
        std::iter::from_fn(move || {
            let at = next?;
            let found = self.graph.row(at);
            next = Some(found.place).filter(|next| found.is(WHOLE) && *next != row);
            Some(at)
        })
    }

    /// How a sighting of these rows adds to wholes; `None` where it does not, or where what it makes of them may have
    /// something to refuse.
    pub(super) fn growth(
        &self,
        (record, time): (RecordKey, Timestamp),
        rows: &[u32],
        number: u32,
    ) -> Option<Growth> {
        if self.said.each.get(number as usize).is_some_and(|one| one.row != NONE)
            || self.rulings.is_about(&Subject::Record(record))
        {
            return None;
        }
        let (name, birth) = self.said.labels(number);
        let mut growth: Option<Growth> = None;
        let mut crowd = false;
        let mut met: [u32; 8] = [NONE; 8];
        let mut count = 0;
        for &row in rows {
            let found = self.graph.row(row);
            if name == NONE && birth == NONE && self.stays_outside(row, found, rows.len(), time) {
                crowd = true;
                continue;
            }
            let sum = self.sum_of(row, found)?;
            if found.seen as usize == SEEN_MAX || found.degree as usize + rows.len() > PARTNERS_MAX {
                return None;
            }
            // Wholes that were met are known by one of their rows.
            let part = if found.is(WHOLE) { self.wholes[found.profile as usize].anchor } else { row };
            let Some(growth) = &mut growth else {
                growth = Some(Growth { sum, home: row });
                (met[0], count) = (part, 1);
                continue;
            };
            if met[..count].contains(&part) {
                continue;
            }
            *met.get_mut(count)? = part;
            count += 1;
            let both = growth.sum.strong() && sum.strong();
            if !growth.sum.add(&sum) {
                return None;
            }
            // What is strong is tied to what is strong of the others if each has some in this sighting: as rows are in
            // order of strength, the first of all is, and this one has to be.
            let is_weak = |row: u32| WEAK.iter().any(|weak| *weak as u8 == self.graph.row(row).kind);
            if both && (is_weak(row) || is_weak(growth.home)) {
                growth.sum.counts &= !TIED;
            }
        }
        let mut growth = growth?;
        if !growth.sum.say(name, birth) || count > 1 && !growth.sum.is_free(self.uniter.limits()) {
            return None;
        }
        (rows.len() == 1 || self.all_link(rows, &growth.sum, crowd)).then_some(growth)
    }

    /// Whether a row is no vertex, and is none either when a sighting at this time names it with so many rows, no name among
    /// them: it is crowded; or shared, and has one holder as far as anybody knows.
    fn stays_outside(&self, row: u32, found: &Row, count: usize, time: Timestamp) -> bool {
        match found.flags & !OUTER {
            CROWDED => true,
            flags @ (WATCHED | 0) => {
                // With too many sightings to look at it has one holder, whoever that is.
                let held = match flags {
                    WATCHED => found.seen as usize != SEEN_MAX && self.is_held_by_one(row, Some(time)),
                    _ => found.seen as usize > SEEN_MAX,
                };
                let few = found.degree as usize + count <= PARTNERS_MAX;
                held && few && self.side(row).is_none_or(Side::is_plain)
            }
            _ => false,
        }
    }

    /// What a row, or the whole that it is in, adds up to; `None` where it is none, or changing.
    fn sum_of(&self, row: u32, found: &Row) -> Option<Sum> {
        if found.flags == 0 && found.seen == 0 {
            let kind = found.identifier_kind()?;
            let ruled = !self.rulings.is_empty() && self.is_ruled(row);
            return (found.side == NONE && !ruled).then(|| Sum::of(kind as u8, (NONE, NONE)));
        }
        let side = self.side(row);
        if side.is_some_and(|side| !side.is_plain()) {
            return None;
        }
        match found.flags & !OUTER {
            flags if flags == NORMAL | WHOLE => Some(self.wholes[found.profile as usize].sum),
            flags if flags == NORMAL | SINGLE => {
                let said = |side: &Side| (only(&side.names), only(&side.births));
                Some(Sum::of(found.kind, side.map_or((NONE, NONE), said)))
            }
            _ => None,
        }
    }

    /// Whether the identifiers of a sighting still link when it ties them, as part of a whole with this sum.
    fn all_link(&self, rows: &[u32], sum: &Sum, crowd: bool) -> bool {
        rows.iter().all(|&row| {
            let found = self.graph.row(row);
            let Some(kind) = found.identifier_kind() else { return false };
            if found.is_outside() {
                return true;
            }
            let outer = crowd || found.is(OUTER);
            let few = |other: u32| {
                let Some(partner) = self.graph.row(other).identifier_kind() else { return false };
                let Some(limit) = self.rules.limit(kind, partner) else { return true };
                let own = u32::from(kind == partner);
                // All partners are in the whole, unless they are few altogether.
                let most = sum.count(partner as usize);
                !outer && most < COUNT_MAX && most - own <= limit
                    || found.degree + rows.len() as u32 - 1 <= limit
                    || self.partners_with(row, rows, partner) <= limit
            };
            rows.iter().all(|&other| other == row || few(other))
        })
    }

    /// How many partners of a kind an identifier has once a sighting names these rows.
    fn partners_with(&self, row: u32, rows: &[u32], kind: IdentifierKind) -> u32 {
        let is = |other: u32| self.graph.row(other).identifier_kind() == Some(kind);
        let known = self.graph.partners(row).filter(|(other, _)| is(*other)).count();
        let new = |other: &&u32| **other != row && is(**other) && !self.graph.are_tied(row, **other);
        (known + rows.iter().filter(new).count()) as u32
    }

    /// Takes in a sighting that adds to wholes.
    pub(super) fn grow(
        &mut self,
        growth: &Growth,
        (record, time): (RecordKey, Timestamp),
        number: u32,
        rows: &[u32],
    ) -> u32 {
        let at = self.graph.add_sighting(record, time, number, rows);
        let seen = &mut self.graph.seen[at as usize];
        (seen.linking, seen.state, seen.home) = (true, HOME | FRESH, growth.home);
        self.work.fresh.push(at);
        for (n, &one) in rows.iter().enumerate() {
            for &two in &rows[n + 1..] {
                self.graph.tie(one, two);
            }
        }
        let (name, birth) = self.said.labels(number);
        let crowd = rows.iter().any(|row| self.graph.row(*row).is_outside());
        let mut whole = growth.home;
        for &row in rows {
            let found = self.graph.row(row);
            if found.is_outside() {
                if found.first != NONE && self.graph.is_before(at, found.first) {
                    self.graph.row_mut(row).first = at;
                }
                continue;
            }
            if found.seen == 1 {
                self.begin(row, at);
            } else if self.graph.is_before(at, self.graph.first(row)) {
                self.first_seen_at(row, at);
            }
            if crowd {
                self.graph.row_mut(row).flags |= OUTER;
            }
            if name != NONE || birth != NONE {
                let side = self.side_mut(row);
                if name != NONE {
                    count_in(&mut side.names, name);
                }
                if birth != NONE {
                    count_in(&mut side.births, birth);
                }
            }
            whole = self.join(whole, row);
        }
        if self.graph.row(whole).is(WHOLE) {
            let whole = self.graph.row(whole).profile;
            self.wholes[whole as usize].sum = growth.sum;
        }
        at
    }

    /// A row is a vertex from now on, by itself.
    fn begin(&mut self, row: u32, at: u32) {
        let found = self.graph.row_mut(row);
        found.flags = NORMAL | SINGLE;
        (found.first, found.profile) = (at, row);
        self.work.was.note(row, NONE);
    }

    /// A row was seen before it was known to be: it may name its whole now.
    fn first_seen_at(&mut self, row: u32, at: u32) {
        self.graph.row_mut(row).first = at;
        let found = self.graph.row(row);
        if !found.is(WHOLE) {
            return;
        }
        let whole = found.profile;
        let anchor = self.wholes[whole as usize].anchor;
        if self.before(row, anchor) {
            self.note_whole(whole);
            self.wholes[whole as usize].anchor = row;
            self.renamed_ring(row);
        }
    }

    /// Whether one row would name a profile rather than another.
    fn before(&self, one: u32, two: u32) -> bool {
        let (first, second) = (self.graph.first(one), self.graph.first(two));
        match first == second {
            true => self.graph.row(one).key < self.graph.row(two).key,
            false => self.graph.is_before(first, second),
        }
    }

    fn note_whole(&mut self, whole: u32) {
        self.work.grown.note(whole, self.wholes[whole as usize].anchor);
    }

    /// The shared identifiers around a whole that goes by another name may have other holders.
    fn renamed_ring(&mut self, row: u32) {
        if self.lonely_rows == 0 {
            return;
        }
        let all: Vec<u32> = self.ring(row).collect();
        all.into_iter().for_each(|row| self.reconsider_around(row));
    }

    /// Makes the wholes, or single rows, of two vertices one. Gives a vertex of it.
    fn join(&mut self, one: u32, two: u32) -> u32 {
        let size = |row: u32| match self.graph.row(row) {
            found if found.is(WHOLE) => self.wholes[found.profile as usize].size,
            _ => 1,
        };
        let is_one = {
            let (one, two) = (self.graph.row(one), self.graph.row(two));
            one.is(WHOLE) && two.is(WHOLE) && one.profile == two.profile
        };
        if one == two || is_one {
            return one;
        }
        let (large, small, added) = match (size(one), size(two)) {
            (first, second) if first >= second => (one, two, second),
            (first, _) => (two, one, first),
        };
        let whole = self.whole_with(large);
        self.note_whole(whole);
        let (anchor, other) = (self.wholes[whole as usize].anchor, self.anchor_of(small));
        if self.before(other, anchor) {
            self.wholes[whole as usize].anchor = other;
            self.renamed_ring(large);
        } else {
            self.renamed_ring(small);
        }
        let found = self.graph.row(small);
        if found.is(WHOLE) {
            let given = found.profile;
            let before = self.whole_before(given);
            let mut row = small;
            loop {
                self.work.was.note(row, before);
                let found = self.graph.row_mut(row);
                found.profile = whole;
                row = found.place;
                if row == small {
                    break;
                }
            }
            self.wholes[given as usize].size = 0;
            self.work.dissolved.push(given);
        } else {
            self.work.was.note(small, small);
            let found = self.graph.row_mut(small);
            found.flags = found.flags & !SINGLE | WHOLE;
            (found.profile, found.place) = (whole, small);
        }
        // Two rings that exchange what follows one of each are one.
        let after = self.graph.row(large).place;
        let next = std::mem::replace(&mut self.graph.row_mut(small).place, after);
        self.graph.row_mut(large).place = next;
        self.wholes[whole as usize].size += added;
        large
    }

    /// The whole of a row, made where it is single.
    fn whole_with(&mut self, row: u32) -> u32 {
        let found = self.graph.row(row);
        if found.is(WHOLE) {
            return found.profile;
        }
        let sum = Sum::of(found.kind, (NONE, NONE));
        let whole = self.new_whole(Whole { anchor: row, size: 1, sum });
        self.work.was.note(row, row);
        self.work.grown.note(whole, NONE);
        let found = self.graph.row_mut(row);
        found.flags = found.flags & !SINGLE | WHOLE;
        (found.profile, found.place) = (whole, row);
        whole
    }

    fn new_whole(&mut self, whole: Whole) -> u32 {
        match self.free_wholes.pop() {
            Some(at) => {
                self.wholes[at as usize] = whole;
                at
            }
            None => {
                push(&mut self.wholes, whole);
                self.wholes.len() as u32 - 1
            }
        }
    }

    /// Something about a vertex has changed: what was a whole is a component like any other.
    pub(super) fn dissolve(&mut self, row: u32) {
        let found = self.graph.row(row);
        if found.is(SINGLE) {
            let before = self.anchor_before(row);
            let found = self.graph.row_mut(row);
            found.flags &= !SINGLE;
            found.profile = before;
        } else if found.is(WHOLE) {
            let whole = found.profile;
            let before = self.whole_before(whole);
            // What it grew by is not known to be a change of each vertex, but is one.
            let grown = self.work.grown.get(whole).is_some();
            let mut at = row;
            loop {
                let before = self.work.was.get(at).unwrap_or(before);
                let found = self.graph.row_mut(at);
                found.flags &= !WHOLE;
                if grown && !found.is(DIRTY) {
                    found.flags |= DIRTY;
                    self.work.dirty.push(at);
                }
                found.profile = before;
                at = std::mem::replace(&mut found.place, NONE);
                if at == row {
                    break;
                }
            }
            self.wholes[whole as usize].size = 0;
            self.work.dissolved.push(whole);
        }
    }

    /// Makes a whole of a component that was cut, if it is one.
    pub(super) fn make_whole(&mut self, component: &Component, members: &[u32], cut: &Cut) {
        if cut.taken.len() + 1 != members.len() || !component.apart.is_empty() {
            return;
        }
        let plain = |row: &u32| {
            let found = self.graph.row(*row);
            found.identifier_kind().is_some()
                && found.is(NORMAL)
                && !found.is(super::graph::RULED)
                && self.side(*row).is_none_or(|side| side.knot.is_none())
        };
        let together = |basis: Basis| matches!(basis, Basis::Together { .. });
        if !members.iter().all(plain) || !component.edges.iter().all(|edge| together(edge.basis)) {
            return;
        }
        let mut sum = Sum { counts: 0, name: NONE, birth: NONE };
        for row in members {
            sum.add(&Sum::of(self.graph.row(*row).kind, (NONE, NONE)));
        }
        let one = component.names.iter().all(|(_, name)| sum.say(*name, NONE))
            && component.births.iter().all(|(_, birth)| sum.say(NONE, *birth));
        let weak =
            |place: &u32| WEAK.iter().any(|weak| Some(*weak) == component.vertices[*place as usize].kind);
        let strong = (0..members.len() as u32).filter(|place| !weak(place)).count();
        let ties = cut.taken.iter().filter(|at| !component.is_weak(&component.edges[**at as usize])).count();
        if ties + 1 >= strong {
            sum.counts |= TIED;
        }
        if !one || members.len() > 1 && !sum.is_free(self.uniter.limits()) {
            return;
        }
        let mut degrees = vec![0; members.len()];
        for edge in &component.edges {
            degrees[edge.ends.0 as usize] += 1;
            degrees[edge.ends.1 as usize] += 1;
        }
        let anchor = members[cut.cluster_of[0] as usize];
        let is = match members.len() {
            1 => SINGLE,
            count => {
                let whole = self.new_whole(Whole { anchor, size: count as u32, sum });
                for (row, next) in members.iter().zip(members.iter().cycle().skip(1)) {
                    let found = self.graph.row_mut(*row);
                    (found.profile, found.place) = (whole, *next);
                }
                self.work.grown.note(whole, NONE);
                WHOLE
            }
        };
        for (row, degree) in members.iter().zip(degrees) {
            let found = self.graph.row_mut(*row);
            let outer = if found.degree == degree { 0 } else { OUTER };
            found.flags = found.flags & !OUTER | is | outer;
        }
    }

    /// Tells what became of profiles by growth alone, and begins anew.
    pub(super) fn tell_growth(&mut self) {
        let id = |row: u32| CustomerId::from(self.graph.row(row).key);
        for n in 0..self.work.was.len() {
            let (row, was) = self.work.was.nth(n);
            if self.graph.row(row).is(WHOLE | SINGLE) {
                let was = (was != NONE).then(|| id(was));
                self.work.tally.member(was, Some(id(self.anchor_of(row))));
            }
        }
        self.work.was.clear();
        for n in 0..self.work.grown.len() {
            let (whole, was) = self.work.grown.nth(n);
            let whole = &self.wholes[whole as usize];
            if was != NONE && whole.size > 0 {
                self.work.tally.member(Some(id(was)), Some(id(whole.anchor)));
            }
        }
        self.work.grown.clear();
        self.free_wholes.append(&mut self.work.dissolved);
        for at in self.work.fresh.drain(..) {
            self.graph.seen[at as usize].state &= !FRESH;
        }
    }
}

/// The number of the one key of a map; `NONE` where it has none.
fn only(counts: &std::collections::BTreeMap<u32, u32>) -> u32 {
    counts.keys().next().copied().unwrap_or(NONE)
}
