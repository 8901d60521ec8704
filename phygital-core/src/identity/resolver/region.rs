//! The part of a component that may change, gathered and cut.
//!
//! A component may be large where nobody in it is: a chain of ever new identifiers, each refused by the next. To cut all of
//! it for each event would cost its length. But an edge that is refused ties nothing, so what happens at one end of the
//! chain does not reach the other unless profiles change all the way. The law that makes a part enough:
//!
//! > Let `C` be profiles of the last cut that hold no vertex with a change of its own, nor of its edges; and let `R` be other
//! > vertices, whose edges lead to `R` and `C` alone. Cut `R` and `C` together, every edge between `C` and the rest left out.
//! > If each profile of `C` comes out as it was, then the cut of all is this one, with the rest as it was.
//!
//! For the edges of all are taken in one order, and each is decided by what the clusters of its ends hold at its turn. By
//! induction over the turns these are the same in both cuts: an edge within the rest, or within a profile of `C`, finds what
//! it found last time, since nothing else has joined; an edge between `C` and the rest was refused last time, or its ends
//! would have been one profile, and finds the same clusters.
//!
//! So a cut begins with the profiles that hold what changed, as `R`, and those around them as `C`, its rim. Where the rim
//! does not come out as it was, it changed, and goes to `R`, and its own neighbours are the rim. Each time at least twice as
//! much is gathered as before, so that all tries together cost no more than a few times the last. An event costs as much as
//! the profiles that it changes and those that these share edges with, which limits bound, and no longer the component.
//! More than that cannot be had: where each profile is as full as may be, one identifier less may move the border of every
//! one of them, and then each of them has changed.

use super::Resolver;
use super::graph::{DIRTY, EPOCH, RULED, WHOLE};
use super::table::NONE;
use crate::identity::union::{Basis, Component, Cut, Edge, Uniter};
use crate::vocab::CustomerId;

/// A component of hardly more vertices than this is cut as a whole: that costs less than to ask which part of it may change.
pub(super) const SMALL: usize = 64;

/// What is gathered for one cut, by place.
#[derive(Clone, Default)]
pub(super) struct Region {
    rows: Vec<u32>,
    /// Whether it may change; what may not is the rim.
    core: Vec<bool>,
    /// The edges of each, as rows: where they begin in `ends`.
    from: Vec<u32>,
    ends: Vec<(u32, Basis)>,
    /// Places of the core whose neighbours are not all gathered.
    open: Vec<u32>,
    /// Places of the rim; some may be of the core by now.
    rim: Vec<u32>,
    component: Component,
    /// What each cluster of a cut holds, at its root.
    held: Vec<Held>,
}

/// What a cluster holds.
#[derive(Clone, Copy)]
struct Held {
    core: bool,
    rim: bool,
    /// Vertices of more than one profile.
    mixed: bool,
}

impl Region {
    fn clear(&mut self) {
        let Region { rows, core, from, ends, open, rim, component, held } = self;
        rows.clear();
        core.clear();
        from.clear();
        ends.clear();
        open.clear();
        rim.clear();
        component.clear();
        held.clear();
    }

    /// Where the edges of a place lie.
    fn edges(&self, place: usize) -> std::ops::Range<usize> {
        let to = self.from.get(place + 1).map_or(self.ends.len(), |to| *to as usize);
        self.from[place] as usize..to
    }

    /// A place may change.
    fn open(&mut self, place: u32) {
        if !self.core[place as usize] {
            self.core[place as usize] = true;
            self.open.push(place);
        }
    }
}

impl Resolver {
    /// Cuts again what may change around a vertex.
    pub(super) fn cut_around(&mut self, row: u32) {
        let mut region = std::mem::take(&mut self.work.region);
        let limits = *self.uniter.limits();
        let mut uniter = std::mem::replace(&mut self.uniter, Uniter::new(limits));
        if self.gather_all(&mut region, row) {
            let cut = uniter.unite(&region.component, &self.said);
            self.take_cut(&region, cut);
            self.make_whole(&region.component, &region.rows, cut);
        } else {
            let mut enough = 0;
            loop {
                let is_all = self.gather_to(&mut region, enough);
                self.describe_region(&mut region);
                let cut = uniter.unite(&region.component, &self.said);
                if is_all || self.is_rim_as_it_was(&mut region, cut) {
                    self.take_cut(&region, cut);
                    if is_all {
                        self.make_whole(&region.component, &region.rows, cut);
                    }
                    break;
                }
                enough = 2 * region.rows.len();
            }
        }
        region.clear();
        self.uniter = uniter;
        self.work.region = region;
        let mut renamed = std::mem::take(&mut self.work.renamed);
        renamed.drain(..).for_each(|member| self.reconsider_around(member));
        self.work.renamed = renamed;
    }

    /// Gathers the component of a vertex. Whether that is all of it: what is not small is left off.
    fn gather_all(&mut self, region: &mut Region, row: u32) -> bool {
        self.gather_vertex(region, row, true);
        let mut at = 0;
        while at < region.rows.len() {
            if region.rows.len() > self.small {
                return false;
            }
            self.describe_vertex(region.rows[at], at as u32, &mut region.component);
            for n in region.edges(at) {
                let (other, basis) = region.ends[n];
                self.dissolve(other);
                if self.graph.row(other).place == NONE {
                    self.gather_vertex(region, other, true);
                }
                let place = self.graph.row(other).place;
                // Each edge is met from both of its ends.
                if place > at as u32 {
                    region.component.edges.push(Edge { ends: (at as u32, place), basis });
                }
            }
            at += 1;
        }
        (0..region.rows.len()).for_each(|place| self.describe_rulings(region, place));
        true
    }

    /// Gathers all around the core, and makes what is around it a part of it until so many vertices are gathered. Whether
    /// that is the whole component.
    fn gather_to(&mut self, region: &mut Region, enough: usize) -> bool {
        if enough == 0 {
            region.open.extend(0..region.rows.len() as u32);
        }
        loop {
            while let Some(place) = region.open.pop() {
                for n in region.edges(place as usize) {
                    let (other, _) = region.ends[n];
                    self.dissolve(other);
                    if self.graph.row(other).place == NONE {
                        self.gather_profile(region, other);
                    }
                }
            }
            let mut rim = std::mem::take(&mut region.rim);
            rim.retain(|place| !region.core[*place as usize]);
            if region.rows.len() >= enough || rim.is_empty() {
                region.rim = rim;
                return region.rim.is_empty();
            }
            rim.into_iter().for_each(|place| region.open(place));
        }
    }

    /// Gathers a vertex with all of its profile. If any of that changed, all of it may; else it is of the rim.
    fn gather_profile(&mut self, region: &mut Region, row: u32) {
        let from = region.rows.len();
        self.gather_vertex(region, row, false);
        let profile = self.graph.row(row).profile;
        let mut changed = profile == NONE;
        let mut at = from;
        while at < region.rows.len() {
            changed |= self.graph.row(region.rows[at]).is(DIRTY);
            for n in region.edges(at) {
                let (other, _) = region.ends[n];
                self.dissolve(other);
                let found = self.graph.row(other);
                if profile == NONE || found.profile != profile {
                    continue;
                }
                match found.place {
                    NONE => self.gather_vertex(region, other, false),
                    place => changed |= region.core[place as usize],
                }
            }
            at += 1;
        }
        let all = from as u32..region.rows.len() as u32;
        match changed {
            true => all.for_each(|place| region.open(place)),
            false => region.rim.extend(all),
        }
    }

    /// Gives a vertex its place.
    fn gather_vertex(&mut self, region: &mut Region, row: u32, core: bool) {
        self.dissolve(row);
        let first = if self.graph.row(row).kind == EPOCH { NONE } else { self.graph.first(row) };
        let found = self.graph.row_mut(row);
        found.place = region.rows.len() as u32;
        found.first = first;
        region.rows.push(row);
        region.core.push(core);
        region.from.push(region.ends.len() as u32);
        self.neighbours(row, &mut region.ends);
    }

    /// Writes what is gathered as a component; edges to anything else are left out.
    fn describe_region(&self, region: &mut Region) {
        region.component.clear();
        for (place, &row) in region.rows.iter().enumerate() {
            self.describe_vertex(row, place as u32, &mut region.component);
            for &(other, basis) in &region.ends[region.edges(place)] {
                let its = self.place_of(other);
                if its != NONE && its > place as u32 {
                    region.component.edges.push(Edge { ends: (place as u32, its), basis });
                }
            }
        }
        (0..region.rows.len()).for_each(|place| self.describe_rulings(region, place));
    }

    /// Writes down from whom a vertex was ruled to be different.
    fn describe_rulings(&self, region: &mut Region, place: usize) {
        let row = region.rows[place];
        if !self.graph.row(row).is(RULED) {
            return;
        }
        for (other, _, same) in self.rulings_on(row) {
            let other = other.map_or(NONE, |other| self.place_of(other));
            if !same && other != NONE && other > place as u32 {
                region.component.apart.push((place as u32, other));
            }
        }
    }

    /// The place of a vertex that is gathered; `NONE` of any other.
    fn place_of(&self, row: u32) -> u32 {
        let found = self.graph.row(row);
        if found.is(WHOLE) { NONE } else { found.place }
    }

    /// Whether each profile of the rim came out as it was. What did not is of the core from now on.
    fn is_rim_as_it_was(&self, region: &mut Region, cut: &Cut) -> bool {
        let Region { rows, core, held, .. } = region;
        let profile = |place: usize| self.graph.row(rows[place]).profile;
        held.clear();
        held.resize(rows.len(), Held { core: false, rim: false, mixed: false });
        for (place, root) in cut.cluster_of.iter().enumerate() {
            let its = &mut held[*root as usize];
            its.core |= core[place];
            its.rim |= !core[place];
            its.mixed |= profile(place) != profile(*root as usize);
        }
        let mut changed: Vec<u32> = Vec::new();
        for (place, root) in cut.cluster_of.iter().enumerate() {
            let its = &held[*root as usize];
            if !core[place] && (its.core || its.mixed) {
                changed.push(profile(place));
            }
        }
        changed.sort_unstable();
        changed.dedup();
        if changed.is_empty() {
            return true;
        }
        for place in 0..region.rows.len() {
            if changed.binary_search(&self.graph.row(region.rows[place]).profile).is_ok() {
                region.open(place as u32);
            }
        }
        false
    }

    /// The core is as it was cut.
    fn take_cut(&mut self, region: &Region, cut: &Cut) {
        let Region { rows, core, component, .. } = region;
        for (place, &row) in rows.iter().enumerate() {
            let found = self.graph.row_mut(row);
            found.place = NONE;
            if !core[place] {
                continue;
            }
            found.flags &= !DIRTY;
            let into = cut.cluster_of[place] as usize;
            let was = std::mem::replace(&mut found.profile, rows[into]);
            let key = component.vertices[place].key;
            if found.key != key {
                self.work.rekeyed.insert(row, key);
            }
            let was = (was != NONE).then(|| self.graph.row(was).key);
            let is = component.vertices[into].key;
            self.work.tally.member(was.map(CustomerId::from), Some(CustomerId::from(is)));
            if was != Some(is) && self.lonely_rows > 0 {
                self.work.renamed.push(row);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::Resolver;
    use crate::identity::{Details, Named, Rules, Sighting};
    use crate::vocab::{IdentifierKey, IdentifierKind, RecordKey, Timestamp};

    /// A sighting of two addresses of a chain, whose links are taken from its end.
    fn link(n: u32) -> Sighting {
        let email = |n: u32| {
            let mut key = [0; 16];
            key[..4].copy_from_slice(&(u32::MAX - n).to_be_bytes());
            let key = IdentifierKey::from_bytes(key);
            Named { kind: IdentifierKind::Email, key, junk: false, forms: vec![key], spelling: None }
        };
        let mut record = [0; 16];
        record[..4].copy_from_slice(&n.to_be_bytes());
        Sighting {
            record: RecordKey::from_bytes(record),
            time: Timestamp::from_millis(i64::from(n)).unwrap(),
            linking: true,
            named: vec![email(n + 1), email(n)],
            details: Details::default(),
        }
    }

    fn of(sightings: &[Sighting], per_profile: u32) -> Resolver {
        let email = IdentifierKind::Email;
        let rules = Rules::default().with_per_profile(email, per_profile).with_limit(email, email, 2);
        let mut resolver = Resolver::new(rules, None);
        resolver.replace(&[], sightings, &[], &[]);
        resolver
    }

    #[test]
    fn what_moves_every_profile_of_a_chain_does() {
        let all: Vec<Sighting> = (0..1_000).map(link).collect();
        for per_profile in 2..5 {
            let mut resolver = of(&all[1..999], per_profile);
            for (gone, come, is) in [
                (0..0, 999..1_000, 1..1_000),
                (0..0, 0..1, 0..1_000),
                (999..1_000, 0..0, 0..999),
                (500..501, 0..0, 0..999),
            ] {
                resolver.replace(&all[gone.clone()], &all[come], &[], &[]);
                let left: Vec<Sighting> =
                    all[is].iter().filter(|one| !all[gone.clone()].contains(one)).cloned().collect();
                assert_eq!(resolver.partition().digest(), of(&left, per_profile).partition().digest());
            }
        }
    }

    #[test]
    fn a_long_chain_is_not_gathered_for_what_changes_two_profiles() {
        let all: Vec<Sighting> = (0..10_000).map(link).collect();
        let mut resolver = of(&all, 2);
        resolver.work.region = Default::default();
        for one in all.chunks(1).step_by(999) {
            let known = resolver.partition().digest();
            resolver.replace(one, one, &[], &[]);
            assert_eq!(resolver.partition().digest(), known);
        }
        let most = resolver.work.region.rows.capacity();
        assert!(most < 1_000, "{most} vertices were gathered");
    }
}
