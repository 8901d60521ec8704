//! What changed is settled; components as edges say them.

use std::collections::BTreeMap;

use super::Resolver;
use super::graph::{DESCRIPTION, DIRTY, EPOCH, LONELY, NORMAL, RECORD, RULED};
use super::said::SaidOf;
use super::table::NONE;
use super::{key_of_description, key_of_epoch};
use crate::identity::union::{Agreement, Basis, Component, Edge, Vertex};
use crate::vocab::RecordKey;

impl Agreement for SaidOf {
    fn names(&self, one: u32, two: u32) -> bool {
        self.names_agree(one, two)
    }
    fn births(&self, one: u32, two: u32) -> bool {
        self.births_agree(one, two)
    }
}

impl Resolver {
    /// Settles what changed, and says what became of profiles.
    pub(super) fn settle(&mut self) -> Vec<super::ProfileChange> {
        self.look_again();
        self.read_rulings();
        self.cut_again();
        self.settle_sightings();
        let rekeyed = std::mem::take(&mut self.work.rekeyed);
        for row in rekeyed.keys() {
            self.epochs.remove(&self.graph.row(*row).key);
        }
        for (row, key) in rekeyed {
            if self.graph.row(row).kind == EPOCH {
                self.epochs.insert(key, row);
            }
            self.graph.row_mut(row).key = key;
        }
        self.fade();
        self.tell_growth();
        self.work.tally.changes()
    }

    /// The component of a vertex is to be cut again, or the vertex is one no more.
    pub(super) fn soil(&mut self, row: u32) {
        self.dissolve(row);
        let found = self.graph.row_mut(row);
        if !found.is(DIRTY) {
            found.flags |= DIRTY;
            self.work.dirty.push(row);
        }
    }

    /// So is that of each vertex that an identifier, in any of its epochs, may be tied to.
    pub(super) fn soil_around(&mut self, row: u32) {
        self.soil(row);
        let mut around: Vec<u32> = self.graph.partners(row).map(|(other, _)| other).collect();
        if let Some(side) = self.side(row) {
            around.extend(side.matches.iter().map(|(other, _)| *other));
            around.extend(&side.alike);
            around.extend(side.knot.iter().flat_map(|knot| knot.epochs.iter().map(|epoch| epoch.row)));
        }
        if self.graph.row(row).is(RULED) {
            around.extend(self.rulings_on(row).into_iter().filter_map(|(other, ..)| other));
        }
        for other in around {
            self.soil_epochs(other);
        }
    }

    pub(super) fn soil_epochs(&mut self, row: u32) {
        self.soil(row);
        let epochs = self
            .side(row)
            .and_then(|side| side.knot.as_ref())
            .map(|knot| knot.epochs.iter().map(|epoch| epoch.row).collect::<Vec<u32>>());
        epochs.into_iter().flatten().for_each(|epoch| self.soil(epoch));
    }

    /// Cuts the components of all that changed.
    fn cut_again(&mut self) {
        let dirty = std::mem::take(&mut self.work.dirty);
        for &row in &dirty {
            let found = self.graph.row_mut(row);
            if !found.is(DIRTY) {
                continue;
            }
            found.flags &= !DIRTY;
            if found.is_vertex() && found.seen_or_epoch() {
                self.cut_around(row);
            } else if found.profile != NONE {
                let was = std::mem::replace(&mut found.profile, NONE);
                let was = self.id_of(was);
                self.work.tally.member(Some(was), None);
                self.reconsider_around(row);
            }
        }
        self.work.dirty = dirty;
        self.work.dirty.clear();
    }

    /// Writes a vertex into a component, with what is said of it.
    pub(super) fn describe_vertex(&self, row: u32, place: u32, component: &mut Component) {
        let found = self.graph.row(row);
        let (kind, key, linking) = (found.kind, found.key, found.is(NORMAL) || found.kind == RECORD);
        let owner = self.owner(row);
        let knot = self.side(owner).and_then(|side| side.knot.as_ref());
        let epoch = knot.and_then(|knot| knot.epochs.iter().find(|epoch| epoch.row == row));
        if let (Some(epoch), true) = (epoch, linking) {
            component.names.extend(epoch.names.iter().map(|name| (place, *name)));
            component.births.extend(epoch.births.iter().map(|birth| (place, *birth)));
        } else if let (Some(side), true) = (self.side(row), linking) {
            component.names.extend(side.names.keys().map(|name| (place, *name)));
            component.births.extend(side.births.keys().map(|birth| (place, *birth)));
        }
        let at = epoch.map_or_else(|| self.graph.first(row), |epoch| epoch.first);
        let first = self.graph.when(at);
        let key = match kind {
            DESCRIPTION => key_of_description(first.1),
            EPOCH => {
                let place = self.graph.identifiers(at).position(|row| row == owner);
                key_of_epoch(first.1, place.expect("an epoch begins where its identifier is named"))
            }
            _ => key,
        };
        let kind = self.graph.row(owner).identifier_kind();
        component.vertices.push(Vertex { key, kind, first });
    }

    /// The components of some vertices, put into one, and the row at each place: for questions, which change nothing.
    pub(super) fn gather_around(&self, starts: &[u32]) -> (Component, Vec<u32>) {
        let mut component = Component::default();
        let mut places: BTreeMap<u32, u32> = BTreeMap::new();
        let mut members: Vec<u32> = Vec::new();
        let mut found: Vec<(u32, Basis)> = Vec::new();
        let mut meet = |row: u32, component: &mut Component, members: &mut Vec<u32>| {
            *places.entry(row).or_insert_with(|| {
                members.push(row);
                self.describe_vertex(row, members.len() as u32 - 1, component);
                members.len() as u32 - 1
            })
        };
        for &row in starts {
            meet(row, &mut component, &mut members);
        }
        let mut at = 0;
        while let Some(&row) = members.get(at) {
            self.neighbours(row, &mut found);
            for (other, basis) in found.drain(..) {
                let place = meet(other, &mut component, &mut members);
                if place > at as u32 {
                    component.edges.push(Edge { ends: (at as u32, place), basis });
                }
            }
            at += 1;
        }
        for (place, &row) in members.iter().enumerate().filter(|(_, row)| self.graph.row(**row).is(RULED)) {
            let apart = self.rulings_on(row).into_iter().filter(|(.., same)| !same);
            let others = apart.filter_map(|(other, ..)| places.get(&other?).copied());
            component
                .apart
                .extend(others.filter(|other| *other > place as u32).map(|other| (place as u32, other)));
        }
        (component, members)
    }

    /// The vertices that edges tie to one, and why.
    pub(super) fn neighbours(&self, row: u32, found: &mut Vec<(u32, Basis)>) {
        let own = self.graph.row(row);
        let owner = self.owner(row);
        if own.is(NORMAL) || own.kind == RECORD {
            let knot = self.side(owner).and_then(|side| side.knot.as_ref());
            match knot {
                Some(knot) => {
                    let number = knot.epochs.iter().position(|epoch| epoch.row == row).unwrap_or(0) as u8;
                    for tie in knot.ties.iter().filter(|tie| tie.epoch == number) {
                        self.tie(row, tie.other, tie.its_epoch, tie.support, found);
                    }
                }
                None => {
                    for (other, support) in self.graph.partners(row) {
                        match self.side(other).and_then(|side| side.knot.as_ref()) {
                            None => self.tie(row, other, 0, support, found),
                            Some(knot) => {
                                for tie in knot.ties.iter().filter(|tie| tie.other == row) {
                                    self.tie(row, other, tie.epoch, tie.support, found);
                                }
                            }
                        }
                    }
                }
            }
            if let Some(side) = self.side(owner) {
                let linking = |other: &u32| self.graph.row(*other).is(NORMAL);
                let matches = side.matches.iter().filter(|(other, _)| linking(other));
                found.extend(matches.map(|&(other, weight)| (other, Basis::Matched { weight })));
                if self.rules.repairs() {
                    self.repairs(row, owner, &side.alike, found);
                }
            }
        }
        if own.is(RULED) {
            for (other, at, same) in self.rulings_on(row) {
                found.extend(
                    other.filter(|other| same && *other != row).map(|other| (other, Basis::Ruled { at })),
                );
            }
        }
    }

    /// An edge for sightings that name two together, if both are vertices for that.
    fn tie(&self, row: u32, other: u32, epoch: u8, support: u32, found: &mut Vec<(u32, Basis)>) {
        let point = match self.side(other).and_then(|side| side.knot.as_ref()) {
            Some(knot) => knot.epochs[usize::from(epoch)].row,
            None => other,
        };
        let its = self.graph.row(point);
        if !(its.is(NORMAL) || its.kind == RECORD && its.is(RULED)) {
            return;
        }
        let described = if self.graph.row(row).kind == DESCRIPTION { row } else { other };
        let basis = match (self.graph.row(described).kind, &self.index) {
            (DESCRIPTION, Some(_)) => {
                Basis::Matched { weight: self.side(described).map_or(0, |side| side.worth) }
            }
            _ => Basis::Together { support },
        };
        found.push((point, basis));
    }

    /// Edges to what an identifier, seen once, is with a typing error; and to those that are this one with an error.
    fn repairs(&self, row: u32, owner: u32, alike: &[u32], found: &mut Vec<(u32, Basis)>) {
        let is_slip = |row: u32, near: usize| self.graph.row(row).seen == 1 && near == 1;
        for &other in alike {
            let its_alike = self.side(other).map_or(0, |side| side.alike.len());
            let (wrong, right) = match (is_slip(owner, alike.len()), is_slip(other, its_alike)) {
                (true, _) => (owner, other),
                (false, true) => (other, owner),
                _ => continue,
            };
            let Some(at) = self.graph.sightings(wrong).next() else { continue };
            let point = self.point_at(right, self.graph.when(at).0);
            let far = if wrong == owner { point } else { wrong };
            if (wrong == owner || point == row) && self.graph.row(far).is(NORMAL) {
                found.push((far, Basis::Repaired { support: self.graph.row(right).seen }));
            }
        }
    }

    /// Lets go of rows that nobody names any more.
    fn fade(&mut self) {
        for row in std::mem::take(&mut self.work.fading) {
            let found = self.graph.row(row);
            let used = match found.kind {
                super::graph::FREE => continue,
                EPOCH => {
                    let owner = self.owner(row);
                    let knot = self.side(owner).and_then(|side| side.knot.as_ref());
                    knot.is_some_and(|knot| knot.epochs.iter().any(|epoch| epoch.row == row))
                }
                _ => found.seen > 0,
            };
            if used {
                continue;
            }
            match found.kind {
                RECORD => {
                    self.ruled.remove(&RecordKey::from_bytes(*found.key.as_bytes()));
                }
                EPOCH => {
                    self.epochs.remove(&found.key);
                }
                _ => {}
            }
            if found.is(LONELY) {
                self.lonely_rows -= 1;
            }
            let side = found.side;
            if side != NONE {
                self.sides[side as usize] = Default::default();
                self.free_sides.push(side);
            }
            self.graph.free_row(row);
        }
    }
}
