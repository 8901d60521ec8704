//! Who holds an identifier, and what it is good for: found again for what was touched.

use std::collections::{BTreeMap, BTreeSet};

use super::Resolver;
use super::bounds::{NAMES_MAX, PARTNERS_MAX, SEEN_MAX};
use super::graph::{CROWDED, DESCRIPTION, EPOCH, NORMAL, RECORD, RULED, TOUCHED, WATCHED};
use super::key_of_record;
use super::side::{Epoch, Knot, Tie};
use super::table::NONE;
use crate::identity::{Class, Details, Seen, Subject, hold};
use crate::vocab::{IdentifierKey, IdentifierKind, RecordKey, Timestamp};

/// How many kinds of identifier there are.
const KINDS: usize = IdentifierKind::ALL.len();

/// Microseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

impl Resolver {
    /// Finds holders and classes of what was touched.
    pub(super) fn look_again(&mut self) {
        let touched = std::mem::take(&mut self.work.touched);
        for &row in &touched {
            self.graph.row_mut(row).flags &= !TOUCHED;
            if self.graph.row(row).identifier_kind().is_some() {
                self.find_holders(row);
            }
        }
        for row in std::mem::take(&mut self.work.knotted) {
            self.tie_knot(row);
        }
        let reclass = std::mem::take(&mut self.work.reclass);
        for row in touched.iter().copied().filter(|row| !reclass.contains(row)) {
            self.classify(row);
        }
        for row in reclass {
            self.classify(row);
        }
        self.work.touched = touched;
        self.work.touched.clear();
    }

    /// Finds the epochs of an identifier, where it may have any.
    fn find_holders(&mut self, row: u32) {
        let found = self.graph.row(row);
        let names = self.side(row).map_or(0, |side| side.names.len());
        let mut crowded = found.degree as usize > PARTNERS_MAX || names > NAMES_MAX;
        let looked_at = !crowded && found.seen as usize <= SEEN_MAX;
        let watched = looked_at && (self.side(row).is_some_and(|side| side.at_odds) || self.is_over(row));
        let mut epoch_of: Vec<(u32, Option<u8>)> = Vec::new();
        if watched && !self.is_held_by_one(row, None) {
            let (holders, crowd) = self.holders(row);
            crowded |= crowd;
            if !crowd && holders.iter().any(|(_, epoch)| *epoch != Some(0)) {
                epoch_of = holders;
            }
        }
        let was = self.graph.row(row).flags;
        let flag = |flags: u16, flag: u16, on: bool| if on { flags | flag } else { flags & !flag };
        let flags = flag(flag(was, WATCHED, watched), CROWDED, crowded);
        self.graph.row_mut(row).flags = flags;
        let crossed = self.graph.row(row).seen as usize;
        if (was ^ flags) & CROWDED != 0 || crossed == SEEN_MAX || crossed == SEEN_MAX + 1 {
            self.unsettle_all(row);
        }
        let had = self.side(row).is_some_and(|side| side.knot.is_some());
        if had || !epoch_of.is_empty() {
            self.new_knot(row, epoch_of);
        }
    }

    /// Whether an identifier has one epoch, known without a look at its sightings, and once there is one more at a
    /// time: where all names of it agree, and it was first seen too short ago for one holder to have followed another.
    pub(super) fn is_held_by_one(&self, row: u32, time: Option<Timestamp>) -> bool {
        let rest = i64::from(self.rules.recycled_after_days()).saturating_mul(DAY);
        let (first, at_odds) = (self.graph.row(row).first, self.side(row).is_some_and(|side| side.at_odds));
        !at_odds && first != NONE && {
            let (first, latest) = (self.graph.when(first).0, self.graph.latest());
            let time = time.unwrap_or(first);
            latest.max(time).as_micros() - first.min(time).as_micros() < rest
        }
    }

    /// Whether an identifier was named with more partners than its rules allow, whoever holds what.
    fn is_over(&self, row: u32) -> bool {
        let kinds = self.graph.partners(row).filter_map(|(other, _)| self.graph.row(other).identifier_kind());
        !self.links_by(row, kinds)
    }

    /// Whether an identifier links, by the kinds of its distinct partners: as their class says, with no more of them looked
    /// at than it takes.
    fn links_by(&self, row: u32, mut partners: impl Iterator<Item = IdentifierKind>) -> bool {
        let Some(kind) = self.graph.row(row).identifier_kind() else { return true };
        let mut counts = [0; KINDS];
        partners.all(|partner| {
            let count = &mut counts[partner as usize];
            *count += 1;
            self.rules.limit(kind, partner).is_none_or(|limit| *count <= limit)
        })
    }

    /// The class of an identifier by the kinds of its distinct partners.
    fn class_by(&self, row: u32, partners: impl Iterator<Item = IdentifierKind>) -> Class {
        let mut counts = [0; KINDS];
        partners.for_each(|kind| counts[kind as usize] += 1);
        let counts =
            IdentifierKind::ALL.into_iter().map(|kind| (kind, counts[kind as usize])).filter(|(_, n)| *n > 0);
        match self.graph.row(row).identifier_kind() {
            Some(kind) => Class::of(&self.rules, kind, 1, counts),
            None => Class::Normal,
        }
    }

    /// The epoch of each sighting of an identifier, in the order of their numbers; and whether nobody holds it.
    fn holders(&self, row: u32) -> (Vec<(u32, Option<u8>)>, bool) {
        let mut sightings: Vec<u32> = self.graph.sightings(row).collect();
        sightings.sort_unstable_by_key(|at| self.graph.when(*at));
        let partners: Vec<Vec<(IdentifierKind, IdentifierKey)>> = sightings
            .iter()
            .map(|at| {
                let others =
                    self.graph.named(*at).filter(|other| *other != row).map(|other| self.graph.row(other));
                others.filter_map(|other| Some((other.identifier_kind()?, other.key))).collect()
            })
            .collect();
        let nothing = Details::default();
        let seen: Vec<Seen<'_>> = sightings
            .iter()
            .zip(&partners)
            .map(|(at, partners)| {
                let (time, record) = self.graph.when(*at);
                let details = self.said.details(self.graph.seen[*at as usize].details).unwrap_or(&nothing);
                Seen { time, record, details, partners }
            })
            .collect();
        let kind = self.graph.row(row).identifier_kind().expect("identifiers have holders");
        let holding = hold(&self.rules, kind, &seen);
        let mut epochs: Vec<(u32, Option<u8>)> = sightings.into_iter().zip(holding.epoch_of).collect();
        epochs.sort_unstable();
        (epochs, holding.crowded)
    }

    /// Cuts an identifier into other epochs, or makes it whole again.
    fn new_knot(&mut self, row: u32, epoch_of: Vec<(u32, Option<u8>)>) {
        self.unsettle_all(row);
        self.soil_around(row);
        let old = self.side_mut(row).knot.take();
        let mut spare: Vec<u32> =
            old.map_or(Vec::new(), |old| old.epochs[1..].iter().map(|epoch| epoch.row).collect());
        spare.reverse();
        if !epoch_of.is_empty() {
            let count =
                epoch_of.iter().filter_map(|(_, epoch)| *epoch).max().map_or(1, |last| usize::from(last) + 1);
            let mut epochs = vec![Epoch { row, first: NONE, ..Epoch::default() }; count];
            for (number, epoch) in epochs.iter_mut().enumerate() {
                let own = || epoch_of.iter().filter(|(_, of)| *of == Some(number as u8)).map(|(at, _)| *at);
                epoch.first = own().min_by_key(|at| self.graph.when(*at)).unwrap_or(NONE);
                let labels = |which: fn((u32, u32)) -> u32| -> Vec<u32> {
                    let each = own().map(|at| which(self.said.labels(self.graph.seen[at as usize].details)));
                    each.filter(|label| *label != NONE).collect::<BTreeSet<u32>>().into_iter().collect()
                };
                epoch.names = labels(|(name, _)| name);
                epoch.births = labels(|(_, birth)| birth);
            }
            for epoch in &mut epochs[1..] {
                epoch.row = match spare.pop() {
                    Some(row) => row,
                    None => self.graph.new_row(EPOCH, key_of_record(RecordKey::from_bytes([0; 16]))),
                };
                self.side_mut(epoch.row).owner = row;
                self.soil(epoch.row);
            }
            self.side_mut(row).knot = Some(Box::new(Knot { epochs, epoch_of, ties: Vec::new() }));
            self.work.knotted.insert(row);
        }
        for gone in spare {
            let gone_row = self.graph.row_mut(gone);
            gone_row.flags &= !(NORMAL | RULED);
            self.work.fading.push(gone);
            self.soil(gone);
        }
        self.work.reclass.insert(row);
        let partners: Vec<u32> = self.graph.partners(row).map(|(other, _)| other).collect();
        for other in partners {
            if self.side(other).is_some_and(|side| side.knot.is_some()) {
                self.work.knotted.insert(other);
            }
            self.work.reclass.insert(other);
        }
        self.rulings_of_row_changed(row);
    }

    /// What rulings say of a row is to be read again, at both of their ends.
    pub(super) fn rulings_of_row_changed(&mut self, row: u32) {
        if self.rulings.is_empty() {
            return;
        }
        for subject in self.subjects(row) {
            self.work.reruled.extend(self.rulings.about(&subject).map(|(other, _)| other));
            self.work.reruled.insert(subject);
        }
    }

    /// Whether rulings are about a row, by whatever they call it.
    pub(super) fn is_ruled(&self, row: u32) -> bool {
        self.subjects(row).iter().any(|subject| self.rulings.is_about(subject))
    }

    /// What rulings may call a row: an identifier by its own key and by hashes of it, a record.
    fn subjects(&self, row: u32) -> Vec<Subject> {
        let found = self.graph.row(row);
        match found.identifier_kind() {
            Some(kind) => {
                let hashes = self.hashes.ruled(kind, found.key).map(|hash| Subject::Identifier(kind, hash));
                [Subject::Identifier(kind, found.key)].into_iter().chain(hashes).collect()
            }
            None if found.kind == RECORD => {
                vec![Subject::Record(RecordKey::from_bytes(*found.key.as_bytes()))]
            }
            None => Vec::new(),
        }
    }

    /// Counts what is named together with each epoch of an identifier.
    fn tie_knot(&mut self, row: u32) {
        let Some(knot) = self.side(row).and_then(|side| side.knot.as_ref()) else { return };
        let mut counts: BTreeMap<(u8, u32, u8), u32> = BTreeMap::new();
        for &(at, epoch) in &knot.epoch_of {
            let Some(epoch) = epoch else { continue };
            for other in self.graph.named(at).filter(|other| *other != row) {
                let its_epoch = match self.side(other).and_then(|side| side.knot.as_ref()) {
                    Some(knot) => knot.epoch(at),
                    None => Some(0),
                };
                if let Some(its_epoch) = its_epoch {
                    *counts.entry((epoch, other, its_epoch)).or_default() += 1;
                }
            }
        }
        let ties = counts.into_iter().map(|((epoch, other, its_epoch), support)| Tie {
            epoch,
            other,
            its_epoch,
            support,
        });
        let ties = ties.collect();
        if let Some(knot) = &mut self.side_mut(row).knot {
            knot.ties = ties;
        }
        self.soil_around(row);
    }

    /// Finds again which epochs of a row link.
    fn classify(&mut self, row: u32) {
        let found = self.graph.row(row);
        if found.kind == RECORD || found.kind == EPOCH {
            return;
        }
        let crowded = found.is(CROWDED) || found.kind == DESCRIPTION && found.degree as usize > PARTNERS_MAX;
        let points: Vec<(u32, bool)> = match self.side(row).and_then(|side| side.knot.as_ref()) {
            _ if crowded || found.seen == 0 => vec![(row, false)],
            Some(knot) => {
                let each = knot.epochs.iter().enumerate();
                each.map(|(number, epoch)| {
                    (epoch.row, self.links_by(row, self.partners_in(row, number as u8)))
                })
                .collect()
            }
            None => vec![(row, self.links_by(row, self.partners_in(row, 0)))],
        };
        let mut changed = false;
        for (point, links) in points {
            let found = self.graph.row_mut(point);
            if found.is(NORMAL) != links {
                found.flags ^= NORMAL;
                changed = true;
            }
        }
        if changed {
            self.unsettle_all(row);
            self.soil_around(row);
        }
    }

    /// The class of an epoch that is not crowded.
    fn class_of_epoch(&self, row: u32, epoch: u8) -> Class {
        self.class_by(row, self.partners_in(row, epoch))
    }

    /// The kinds of the distinct identifiers that an identifier was named with in an epoch, by sightings that hold both.
    fn partners_in(&self, row: u32, epoch: u8) -> impl Iterator<Item = IdentifierKind> + '_ {
        let knot = self.side(row).and_then(|side| side.knot.as_ref());
        // Ties are in order, so those with one other lie side by side.
        let mut last = NONE;
        let ties = knot.into_iter().flat_map(|knot| &knot.ties).filter(move |tie| tie.epoch == epoch);
        let tied =
            ties.map(|tie| tie.other).filter(move |other| std::mem::replace(&mut last, *other) != *other);
        let held = move |other: &u32| match self.side(*other).and_then(|side| side.knot.as_ref()) {
            Some(knot) => knot.ties.iter().any(|tie| tie.other == row),
            None => true,
        };
        let all = knot.is_none().then(|| self.graph.partners(row).map(|(other, _)| other).filter(held));
        tied.chain(all.into_iter().flatten()).filter_map(|other| self.graph.row(other).identifier_kind())
    }

    /// The class of an identifier, in its first epoch.
    pub(super) fn class_of(&self, row: u32) -> Class {
        if self.graph.row(row).is(CROWDED) {
            return Class::Crowded;
        }
        let epochs = self.side(row).and_then(|side| side.knot.as_ref()).map_or(1, |knot| knot.epochs.len());
        match self.class_of_epoch(row, 0) {
            Class::Normal if epochs > 1 => Class::Recycled { epochs: epochs as u8 },
            class => class,
        }
    }

    /// The vertex of an identifier for a sighting of it; `None` where another name holds the identifier then.
    pub(super) fn point_in(&self, row: u32, sighting: u32) -> Option<u32> {
        match self.side(row).and_then(|side| side.knot.as_ref()) {
            None => Some(row),
            Some(knot) => Some(knot.epochs[usize::from(knot.epoch(sighting)?)].row),
        }
    }

    /// The vertex of an identifier at a time: the last epoch that had begun, or else the first.
    pub(super) fn point_at(&self, row: u32, time: Timestamp) -> u32 {
        let Some(knot) = self.side(row).and_then(|side| side.knot.as_ref()) else { return row };
        let begun = |epoch: &&Epoch| self.graph.when(epoch.first).0 <= time;
        knot.epochs.iter().rev().find(begun).unwrap_or(&knot.epochs[0]).row
    }

    /// The row that a ruling is about at its time; `None` where nothing live is.
    pub(super) fn subject(&self, subject: &Subject, time: Timestamp) -> Option<u32> {
        match subject {
            Subject::Record(record) => {
                let row = *self.ruled.get(record)?;
                (self.graph.row(row).seen > 0).then_some(row)
            }
            Subject::Identifier(kind, key) => {
                let row = self.row_of(*kind, key)?;
                Some(self.point_at(row, time))
            }
        }
    }

    /// The row of a live identifier, by its own key or that of a hash of it.
    pub(super) fn row_of(&self, kind: IdentifierKind, key: &IdentifierKey) -> Option<u32> {
        let live = |key: &IdentifierKey| {
            let row = self.graph.find(key)?;
            (self.graph.row(row).seen > 0 && self.graph.row(row).identifier_kind() == Some(kind))
                .then_some(row)
        };
        live(key).or_else(|| live(&self.hashes.clear(kind, key)?))
    }

    /// Finds again which rows rulings are about.
    pub(super) fn read_rulings(&mut self) {
        for subject in std::mem::take(&mut self.work.reruled) {
            let rows: Vec<u32> = match subject {
                Subject::Record(record) => self.ruled.get(&record).copied().into_iter().collect(),
                Subject::Identifier(kind, key) => {
                    let row = self.row_of(kind, &key);
                    let knot = row.and_then(|row| self.side(row)?.knot.as_ref());
                    match knot {
                        Some(knot) => knot.epochs.iter().map(|epoch| epoch.row).collect(),
                        None => row.into_iter().collect(),
                    }
                }
            };
            for row in rows {
                let ruled = self.graph.row(row).seen_or_epoch() && !self.rulings_on(row).is_empty();
                let found = self.graph.row_mut(row);
                if found.is(RULED) != ruled {
                    found.flags ^= RULED;
                    let owner = self.owner(row);
                    self.unsettle_all(owner);
                }
                self.soil(row);
            }
        }
    }

    /// What is in force about a vertex: the other vertex, where it is live; when it was said; whether they are the same.
    pub(super) fn rulings_on(&self, row: u32) -> Vec<(Option<u32>, Timestamp, bool)> {
        if self.rulings.is_empty() {
            return Vec::new();
        }
        // Of several on one pair of vertices the newest counts, and "different" first at one time.
        let mut newest: BTreeMap<Option<u32>, super::rulings::Word> = BTreeMap::new();
        for subject in self.subjects(self.owner(row)) {
            for (other, word) in self.rulings.about(&subject) {
                if self.subject(&subject, word.0) != Some(row) {
                    continue;
                }
                let known = newest.entry(self.subject(&other, word.0)).or_insert(word);
                *known = (*known).max(word);
            }
        }
        newest.into_iter().map(|(other, (time, same, _))| (other, time, same.0)).collect()
    }
}
