//! The profile of each sighting: that of its strongest vertex, and where it has none, of whoever uses its shared
//! identifier most.

use std::collections::BTreeMap;

use super::Resolver;
use super::bounds::SEEN_MAX;
use super::graph::{CROWDED, LONELY, NORMAL, RULED};
use super::key_of_record;
use super::table::NONE;
use crate::vocab::CustomerId;

/// It has no profile yet.
pub(super) const NEW: u8 = 0;
/// It has a vertex, its home.
pub(super) const HOME: u8 = 1;
/// It is a profile of its own.
pub(super) const ALONE: u8 = 2;
/// It goes with another.
pub(super) const GUEST: u8 = 3;
/// It is to be looked at again.
pub(super) const PENDING: u8 = 4;
/// It came with these changes, and had no profile before.
pub(super) const FRESH: u8 = 8;

impl Resolver {
    /// A sighting may have another vertex.
    pub(super) fn unsettle(&mut self, at: u32) {
        if self.graph.seen[at as usize].state & PENDING != 0 {
            return;
        }
        let was = self.profile_told(at);
        self.graph.seen[at as usize].state |= PENDING;
        self.work.unsettled.insert(at, was);
    }

    /// The profile that a sighting had when what became of profiles was last told; `None` where it had none.
    pub(super) fn profile_told(&self, at: u32) -> Option<CustomerId> {
        let state = self.graph.seen[at as usize].state;
        if let Some(was) = self.work.unsettled.get(&at) {
            return *was;
        }
        if state == NEW || state & FRESH != 0 { None } else { self.profile_before(at) }
    }

    /// A sighting goes on from the profile that it had, although it was taken out and in again.
    pub(super) fn goes_on(&mut self, at: u32, was: Option<CustomerId>) {
        if was.is_some() {
            self.graph.seen[at as usize].state |= PENDING;
            self.work.unsettled.insert(at, was);
        }
    }

    /// All sightings of a row may.
    pub(super) fn unsettle_all(&mut self, row: u32) {
        let sightings: Vec<u32> = self.graph.sightings(row).collect();
        sightings.into_iter().for_each(|at| self.unsettle(at));
    }

    /// The present profile of a sighting that is settled.
    pub(super) fn profile_of_sighting(&self, at: u32) -> CustomerId {
        let seen = &self.graph.seen[at as usize];
        let alone = || CustomerId::from(key_of_record(seen.record));
        match seen.state & !(PENDING | FRESH) {
            HOME => self.id_of(self.anchor_of(seen.home)),
            GUEST => self.guests.get(&at).copied().unwrap_or_else(alone),
            _ => alone(),
        }
    }

    /// The profile that a sighting had before these changes.
    fn profile_before(&self, at: u32) -> Option<CustomerId> {
        let seen = &self.graph.seen[at as usize];
        if seen.state != HOME {
            return Some(self.profile_of_sighting(at));
        }
        let anchor = self.anchor_before(seen.home);
        (anchor != NONE).then(|| self.id_of(anchor))
    }

    /// A sighting leaves its profile.
    pub(super) fn leave(&mut self, at: u32) {
        let record = self.graph.seen[at as usize].record;
        let state = self.graph.seen[at as usize].state & !(PENDING | FRESH);
        if state == ALONE {
            let own = CustomerId::from(key_of_record(record));
            self.work.tally.member(Some(own), None);
        }
        self.guests.remove(&at);
        // Whoever uses what it names may be another without it.
        self.reconsider_named(at);
        self.work.unsettled.remove(&at);
    }

    /// The vertex that a sighting belongs to: the strongest that links, or else one that a ruling is about.
    pub(super) fn strongest(&self, at: u32) -> Option<u32> {
        let point = |row: u32| self.point_in(row, at);
        let linking = |row: &u32| {
            let found = self.graph.row(*row);
            found.is(NORMAL) || found.kind == super::graph::RECORD && found.is(RULED)
        };
        let ruled = |row: &u32| self.graph.row(*row).is(RULED);
        self.graph
            .named(at)
            .filter_map(point)
            .find(linking)
            .or_else(|| self.graph.named(at).filter_map(point).find(ruled))
    }

    /// The identifier by which a sighting without a vertex may go with another.
    fn meeting_point(&self, at: u32) -> Option<u32> {
        let held =
            |row: &u32| self.graph.row(*row).identifier_kind().is_some() && self.point_in(*row, at).is_some();
        let row = self.graph.named(at).find(held)?;
        let found = self.graph.row(row);
        (!found.is(CROWDED) && found.seen as usize <= SEEN_MAX).then_some(row)
    }

    /// The shared identifiers around a vertex may have other holders.
    pub(super) fn reconsider_around(&mut self, row: u32) {
        let owner = self.owner(row);
        let around: Vec<u32> = self.graph.partners(owner).map(|(other, _)| other).collect();
        self.work
            .reconsider
            .extend(around.into_iter().chain([owner]).filter(|other| self.graph.row(*other).is(LONELY)));
    }

    fn reconsider_named(&mut self, at: u32) {
        if self.lonely_rows > 0 {
            let named = self.graph.named(at).filter(|row| self.graph.row(*row).is(LONELY));
            self.work.reconsider.extend(named);
        }
    }

    /// Gives each sighting that was unsettled its profile, and those that go with others theirs.
    pub(super) fn settle_sightings(&mut self) {
        let unsettled = std::mem::take(&mut self.work.unsettled);
        for (&at, &was) in &unsettled {
            self.graph.seen[at as usize].state &= !(PENDING | FRESH);
            let home = self.strongest(at);
            self.reconsider_named(at);
            match home {
                Some(home) => {
                    self.guests.remove(&at);
                    let own = CustomerId::from(key_of_record(self.graph.seen[at as usize].record));
                    let alone = self.graph.seen[at as usize].state == ALONE;
                    let seen = &mut self.graph.seen[at as usize];
                    (seen.state, seen.home) = (HOME, home);
                    let is = self.id_of_vertex(home);
                    match was {
                        _ if alone && is != own => {
                            self.work.tally.member(Some(own), None);
                            self.work.tally.went(own, is);
                        }
                        Some(was) => self.work.tally.went(was, is),
                        None => {}
                    }
                }
                None => {
                    self.graph.seen[at as usize].home = NONE;
                    match self.meeting_point(at) {
                        Some(row) => {
                            if !self.graph.row(row).is(LONELY) {
                                self.graph.row_mut(row).flags |= LONELY;
                                self.lonely_rows += 1;
                            }
                            self.work.reconsider.insert(row);
                        }
                        None => self.seat(at, was, None),
                    }
                }
            }
        }
        for row in std::mem::take(&mut self.work.reconsider) {
            self.seat_guests(row, &unsettled);
        }
    }

    /// The id of the profile of a vertex, new where it changes with this batch.
    fn id_of_vertex(&self, row: u32) -> CustomerId {
        let anchor = self.anchor_of(row);
        self.work.rekeyed.get(&anchor).map_or_else(|| self.id_of(anchor), |key| CustomerId::from(*key))
    }

    /// Finds whom those go with who name a shared identifier alone.
    fn seat_guests(&mut self, row: u32, was: &BTreeMap<u32, Option<CustomerId>>) {
        let mut sightings: Vec<u32> = self.graph.sightings(row).collect();
        sightings.sort_unstable_by_key(|at| self.graph.when(*at));
        let home = |at: u32| self.graph.seen[at as usize].home;
        let lonely: Vec<u32> = sightings
            .iter()
            .copied()
            .filter(|at| home(*at) == NONE && self.meeting_point(*at) == Some(row))
            .collect();
        let hosts: Vec<(u32, CustomerId)> = sightings
            .iter()
            .filter(|at| home(**at) != NONE)
            .map(|at| (*at, self.id_of_vertex(home(*at))))
            .collect();
        if lonely.is_empty() && self.graph.row(row).is(LONELY) {
            self.graph.row_mut(row).flags &= !LONELY;
            self.lonely_rows -= 1;
        }
        for at in lonely {
            let host = self.host(row, at, &hosts);
            let before = was.get(&at).copied().unwrap_or_else(|| Some(self.profile_of_sighting(at)));
            self.seat(at, before, host);
        }
    }

    /// The profile that uses an identifier most, at the time of a sighting: among those whose names agree with its own, if
    /// there are any; of several that use it as much, the one that had it first.
    fn host(&self, row: u32, at: u32, hosts: &[(u32, CustomerId)]) -> Option<CustomerId> {
        let point = self.point_in(row, at);
        let (name, _) = self.said.labels(self.graph.seen[at as usize].details);
        let mut holders: Vec<(CustomerId, u32, u32)> = Vec::new();
        for (other, profile) in hosts.iter().filter(|(other, _)| self.point_in(row, *other) == point) {
            let (its, _) = self.said.labels(self.graph.seen[*other as usize].details);
            let alike = u32::from(name != NONE && its != NONE && self.said.names_agree(name, its));
            match holders.iter_mut().find(|(known, ..)| known == profile) {
                Some((_, all, agreeing)) => (*all, *agreeing) = (*all + 1, *agreeing + alike),
                None => holders.push((*profile, 1, alike)),
            }
        }
        if holders.len() > self.rules.holders() as usize {
            return None;
        }
        let alike = holders.iter().any(|(.., agreeing)| *agreeing > 0);
        let count = |(_, all, agreeing): &(CustomerId, u32, u32)| if alike { *agreeing } else { *all };
        holders.iter().rev().max_by_key(|holder| count(holder)).map(|(profile, ..)| *profile)
    }

    /// Puts a sighting without a vertex with another profile, or leaves it alone.
    fn seat(&mut self, at: u32, was: Option<CustomerId>, host: Option<CustomerId>) {
        let own = CustomerId::from(key_of_record(self.graph.seen[at as usize].record));
        let alone = self.graph.seen[at as usize].state == ALONE;
        self.graph.seen[at as usize].state = if host.is_some() { GUEST } else { ALONE };
        match host {
            Some(host) => {
                self.guests.insert(at, host);
            }
            None => {
                self.guests.remove(&at);
            }
        }
        self.work.tally.member(alone.then_some(own), host.is_none().then_some(own));
        if let Some(was) = was {
            self.work.tally.went(was, host.unwrap_or(own));
        }
    }
}
