//! Who is who, kept up to date: what comes and goes is taken in, and only what it touches is cut again.
//!
//! [`Resolver`] holds the sightings and rulings that are live, and at every moment the partition that they make: the same
//! as of that set at once, whatever came first and whatever has gone since. Its steps:
//!
//! 1. A contact that is known by its hash alone is the one that others say in clear.
//! 2. Who holds each identifier, and when ([`hold`](super::holding::hold)): people who have it one after the other
//!    are epochs of it.
//! 3. The class of each epoch, by its partners ([`Class`]); what is shared or crowded links nothing.
//! 4. What links is a vertex: an epoch, or a description of a person that is worth a match by itself; and whatever a
//!    ruling is about.
//! 5. Edges: what sightings name together, descriptions that match, typing errors, rulings.
//! 6. Each component is cut into profiles ([`Uniter`]); of a large one the part that may change.
//! 7. A record belongs to the profile of its strongest vertex; one that names shared identifiers alone to whoever uses
//!    the first of them most, where few do; any other is a profile of its own.
//! 8. A profile is named by its first vertex, so that an id once given leads by that vertex to where it is now.
//!
//! ```
//! use phygital_core::identity::resolver::Resolver;
//! use phygital_core::identity::{Details, Named, Rules, Sighting};
//! use phygital_core::vocab::{IdentifierKey, IdentifierKind, RecordKey, Timestamp};
//! let sighting = |record: u8, named: &[(IdentifierKind, u8)]| Sighting {
//!     record: RecordKey::from_bytes([record; 16]),
//!     time: Timestamp::MIN,
//!     linking: true,
//!     named: named.iter().map(|&(kind, key)| Named {
//!         kind,
//!         key: IdentifierKey::from_bytes([key; 16]),
//!         junk: false,
//!         forms: Vec::new(),
//!         spelling: None,
//!     }).collect(),
//!     details: Details::default(),
//! };
//! let mut resolver = Resolver::new(Rules::default(), None);
//! let browsed = sighting(1, &[(IdentifierKind::Cookie, 11)]);
//! let bought = sighting(2, &[(IdentifierKind::Loyalty, 12)]);
//! resolver.replace(&[], &[browsed.clone(), bought.clone()], &[], &[]);
//! assert_ne!(resolver.profile_of(&browsed.record), resolver.profile_of(&bought.record));
//! // She signs in: what her browser did before is hers.
//! let signed_in = sighting(3, &[(IdentifierKind::Loyalty, 12), (IdentifierKind::Cookie, 11)]);
//! resolver.replace(&[], &[signed_in.clone()], &[], &[]);
//! assert_eq!(resolver.profile_of(&browsed.record), resolver.profile_of(&bought.record));
//! // It was not her: it is given back.
//! resolver.replace(&[signed_in], &[], &[], &[]);
//! assert_ne!(resolver.profile_of(&browsed.record), resolver.profile_of(&bought.record));
//! ```

mod answers;
mod bounds;
mod changes;
mod cut;
mod described;
mod graph;
mod hashes;
mod holders;
mod intake;
#[cfg(test)]
mod laws;
mod lonely;
mod near;
#[cfg(any(test, feature = "contract"))]
mod oracle;
mod partition;
mod preview;
mod region;
mod rulings;
mod said;
mod side;
mod slips;
#[cfg(test)]
mod stores;
mod table;
mod whole;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub use answers::HISTORY_MAX;
pub use bounds::{NAMED_MAX, NAMES_MAX, PARTNERS_MAX, SEEN_MAX};
pub use changes::ProfileChange;
pub use described::train;
pub(crate) use described::{compared, weighs_details, worth};
#[cfg(any(test, feature = "contract"))]
pub use oracle::partition;
pub use partition::Partition;
pub use preview::{PREVIEW_MAX, Preview};

use super::matching::{Index, Model};
use super::union::{Component, Cut, Limits, Uniter};
use super::{Class, Rules, Ruling, Sighting, Subject};
use crate::vocab::{CustomerId, IdentifierKey, IdentifierKind, RecordKey};
pub(crate) use changes::Tally;
use graph::Graph;
use hashes::{Hashes, Identified};
use region::Region;
use rulings::Rulings;
use said::SaidOf;
use side::Side;
use table::{NONE, Notes};
use whole::Whole;

/// The state of who is who.
#[derive(Clone)]
pub struct Resolver {
    rules: Rules,
    index: Option<Index<u32>>,
    graph: Graph,
    /// Components that are one profile whatever their order.
    wholes: Vec<Whole>,
    free_wholes: Vec<u32>,
    sides: Vec<Side>,
    free_sides: Vec<u32>,
    said: SaidOf,
    hashes: Hashes,
    rulings: Rulings,
    /// Rows of records that rulings are about.
    ruled: BTreeMap<RecordKey, u32>,
    /// Rows of later epochs, by key.
    epochs: BTreeMap<IdentifierKey, u32>,
    /// Hashes of spellings and of what a typing error makes of them, with the rows.
    slips: BTreeSet<(u64, u32)>,
    /// Sightings that go with whoever uses their shared identifier most.
    guests: BTreeMap<u32, CustomerId>,
    /// How many rows have sightings without a vertex of their own.
    lonely_rows: usize,
    /// A component of more vertices is cut where it may have changed alone.
    small: usize,
    work: Work,
    uniter: Uniter,
}

/// Bytes that a [`Resolver`] has on the heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Memory {
    /// The graph: identifiers, what was named together, the present profiles, and the look-ups of these.
    pub index: usize,
    /// Which record names what, and when.
    pub records: usize,
    /// Hashes by which contacts are known.
    pub contacts: usize,
}

/// What a batch of changes has left to do.
#[derive(Clone, Default)]
struct Work {
    touched: Vec<u32>,
    /// Identifiers whose epochs are new, or that were named with one whose are.
    reclass: BTreeSet<u32>,
    knotted: BTreeSet<u32>,
    dirty: Vec<u32>,
    /// Sightings that may have another vertex, with the profile that they had.
    unsettled: BTreeMap<u32, Option<CustomerId>>,
    /// What rulings are about that have changed.
    reruled: BTreeSet<Subject>,
    /// Shared identifiers whose holders may be others.
    reconsider: BTreeSet<u32>,
    renamed: Vec<u32>,
    fading: Vec<u32>,
    /// Rows whose key is another from now on.
    rekeyed: BTreeMap<u32, IdentifierKey>,
    /// Rows that are in another whole, or new, with the row that named their profile before; `NONE` for none.
    was: Notes,
    /// Wholes that have grown, with the row that named them before; `NONE` for none.
    grown: Notes,
    /// Wholes that are no more.
    dissolved: Vec<u32>,
    /// Sightings that are new.
    fresh: Vec<u32>,
    tally: Tally,
    region: Region,
    /// Of one sighting: the identifiers that it names, and their rows.
    meant: Vec<Identified>,
    rows: Vec<u32>,
    guesses: Vec<u32>,
}

impl Resolver {
    /// Of nobody yet. Without a model, names and addresses alone tie nobody.
    #[must_use]
    pub fn new(rules: Rules, model: Option<Model>) -> Resolver {
        let limits = Limits::new(|kind| rules.per_profile(kind));
        Resolver {
            index: model.map(Index::new),
            graph: Graph::default(),
            wholes: Vec::new(),
            free_wholes: Vec::new(),
            sides: Vec::new(),
            free_sides: Vec::new(),
            said: SaidOf::default(),
            hashes: Hashes::default(),
            rulings: Rulings::default(),
            ruled: BTreeMap::new(),
            epochs: BTreeMap::new(),
            slips: BTreeSet::new(),
            guests: BTreeMap::new(),
            lonely_rows: 0,
            small: region::SMALL,
            work: Work::default(),
            uniter: Uniter::new(limits),
            rules,
        }
    }

    /// Takes in what came and went, and settles what it touches. What goes is given as it came; a record or ruling that is
    /// not there goes without a word, and a sighting whose record is still there is left out: let the old one go in the same
    /// call. Gives what became of profiles, in order.
    ///
    /// A sighting that only adds to profiles of which nothing can be refused costs a few look-ups, however large they are.
    /// Anything else costs the profiles that change and those that they share edges with, and an identifier's sightings
    /// where its holders or its class change. Limits bound a profile and the neighbours of an identifier. A component is not
    /// bounded, and need not be: of a chain of ever new identifiers, each refused by the next, only the part is cut that may
    /// change; the law of that, and why no bound can be had on how much does change, stand at the top of `region.rs`.
    pub fn replace(
        &mut self,
        gone: &[Sighting],
        come: &[Sighting],
        unruled: &[Ruling],
        ruled: &[Ruling],
    ) -> Vec<ProfileChange> {
        unruled.iter().for_each(|ruling| self.unrule(ruling));
        ruled.iter().for_each(|ruling| self.rule(ruling));
        gone.iter().for_each(|sighting| self.take_out(sighting));
        self.take_all_in(come);
        self.settle()
    }

    /// The profile of a record; `None` where there is no such record.
    #[must_use]
    pub fn profile_of(&self, record: &RecordKey) -> Option<CustomerId> {
        Some(self.profile_of_sighting(self.graph.sighting(record)?))
    }

    /// The profile that an id stands for now, whichever profile it was given for; `None` where nothing is left of what it
    /// was given for.
    #[must_use]
    pub fn profile(&self, id: CustomerId) -> Option<CustomerId> {
        let key = IdentifierKey::from(id);
        let hashed = || IdentifierKind::ALL.into_iter().find_map(|kind| self.row_of(kind, &key));
        if let Some(row) = self.graph.find(&key).or_else(|| self.epochs.get(&key).copied()).or_else(hashed) {
            return self.profile_of_row(row);
        }
        let record = RecordKey::from_bytes(*id.as_bytes());
        let described = || self.profile_of(&record_of_description(record));
        self.profile_of(&record).or_else(described).or_else(|| self.profile_of_epoch(record))
    }

    /// The profile of what an epoch began with that has another key by now, or is no epoch any more.
    fn profile_of_epoch(&self, id: RecordKey) -> Option<CustomerId> {
        let begun = |place: usize| {
            let at = self.graph.sighting(&RecordKey::from_bytes(*key_of_epoch(id, place).as_bytes()))?;
            let row = self.graph.identifiers(at).nth(place).and_then(|row| self.point_in(row, at));
            let vertex = row.filter(|row| self.graph.row(*row).profile != NONE);
            Some(vertex.map_or_else(|| self.profile_of_sighting(at), |row| self.id_of(self.anchor_of(row))))
        };
        (0..NAMED_MAX).find_map(begun)
    }

    /// The profile of an identifier: of its first holder, where it had several; for one that is shared, that of its first
    /// sighting. `None` where no live sighting names it.
    #[must_use]
    pub fn profile_of_identifier(&self, key: &IdentifierKey) -> Option<CustomerId> {
        self.graph.find(key).and_then(|row| self.profile_of_row(row))
    }

    fn profile_of_row(&self, row: u32) -> Option<CustomerId> {
        let found = self.graph.row(row);
        if found.profile != NONE {
            return Some(self.id_of(self.anchor_of(row)));
        }
        let first = self.graph.sightings(row).min_by_key(|at| self.graph.when(*at))?;
        Some(self.profile_of_sighting(first))
    }

    /// What an identifier is good for, the first holder's where it had several; `None` where no live sighting names it.
    #[must_use]
    pub fn class(&self, key: &IdentifierKey) -> Option<Class> {
        self.graph.find(key).map(|row| self.class_of(row))
    }

    /// The records of a profile, in order; none where the id is no present one.
    #[must_use]
    pub fn members(&self, profile: CustomerId) -> Vec<RecordKey> {
        let mut records: BTreeSet<RecordKey> = BTreeSet::new();
        let record = |at: u32| self.graph.seen[at as usize].record;
        for row in self.cluster(profile) {
            let owner = self.owner(row);
            let own = self.graph.sightings(owner).filter(|at| self.graph.seen[*at as usize].home == row);
            records.extend(own.map(record));
            for (other, _) in
                self.graph.partners(owner).filter(|(other, _)| self.graph.row(*other).is(graph::LONELY))
            {
                let guests = self.graph.sightings(other).filter(|at| self.guests.get(at) == Some(&profile));
                records.extend(guests.map(record));
            }
        }
        let itself = RecordKey::from_bytes(*profile.as_bytes());
        records.extend(Some(itself).filter(|record| self.profile_of(record) == Some(profile)));
        records.into_iter().collect()
    }

    /// The identifiers that are one profile, in order of kind and key; of one that had several holders, the epoch counts.
    #[must_use]
    pub fn identifiers(&self, profile: CustomerId) -> Vec<(IdentifierKind, IdentifierKey)> {
        let rows = self.cluster(profile).into_iter().map(|row| self.graph.row(self.owner(row)));
        let mut named: Vec<_> = rows.filter_map(|row| Some((row.identifier_kind()?, row.key))).collect();
        named.sort_unstable();
        named.dedup();
        named
    }

    /// The vertices of a profile; none where the id is no present one.
    fn cluster(&self, profile: CustomerId) -> Vec<u32> {
        let key = IdentifierKey::from(profile);
        let record = RecordKey::from_bytes(*profile.as_bytes());
        let home = |record: &RecordKey| Some(self.graph.seen[self.graph.sighting(record)? as usize].home);
        let named = self.graph.find(&key).or_else(|| self.epochs.get(&key).copied());
        let start = named.or_else(|| home(&record)).or_else(|| home(&record_of_description(record)));
        let start = start.filter(|row| *row != NONE && self.graph.row(*row).profile != NONE);
        let Some(anchor) = start.map(|row| self.anchor_of(row)) else { return Vec::new() };
        if self.graph.row(anchor).key != key {
            return Vec::new();
        }
        if self.graph.row(anchor).is(graph::WHOLE) {
            let mut all: Vec<u32> = self.ring(anchor).collect();
            all.sort_unstable();
            return all;
        }
        let mut met = BTreeSet::from([anchor]);
        let mut queue = vec![anchor];
        let mut found = Vec::new();
        while let Some(row) = queue.pop() {
            self.neighbours(row, &mut found);
            for (other, _) in found.drain(..) {
                if self.anchor_of(other) == anchor && met.insert(other) {
                    queue.push(other);
                }
            }
        }
        met.into_iter().collect()
    }

    /// All that edges tie to an identifier, in any of its epochs, or to a record; and how it is cut. `None` where nothing
    /// live is meant, or it links nothing.
    #[must_use]
    pub fn around(&self, subject: &Subject) -> Option<(Component, Cut)> {
        let (component, _) = self.gather_around(&self.vertices_of(subject));
        let cut = self.uniter.clone().unite(&component, &self.said).clone();
        (!component.vertices.is_empty()).then_some((component, cut))
    }

    /// The vertices of an identifier, one for each epoch, or that of a record.
    fn vertices_of(&self, subject: &Subject) -> Vec<u32> {
        let rows: Vec<u32> = match subject {
            Subject::Record(record) => {
                self.graph.sighting(record).map(|at| self.graph.seen[at as usize].home).into_iter().collect()
            }
            Subject::Identifier(kind, key) => {
                let row = self.row_of(*kind, key);
                match row.and_then(|row| self.side(row)?.knot.as_ref()) {
                    Some(knot) => knot.epochs.iter().map(|epoch| epoch.row).collect(),
                    None => row.into_iter().collect(),
                }
            }
        };
        rows.into_iter().filter(|row| *row != NONE && self.graph.row(*row).is_vertex()).collect()
    }

    /// The whole partition.
    #[must_use]
    pub fn partition(&self) -> Partition {
        self.live().map(|at| (self.graph.seen[at as usize].record, self.profile_of_sighting(at))).collect()
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.graph.live()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How much memory it takes, as far as that grows with every event.
    #[must_use]
    pub fn memory(&self) -> Memory {
        let (index, records) = self.graph.bytes();
        let wholes = self.wholes.capacity() * size_of::<Whole>();
        Memory { index: index + wholes, records, contacts: self.hashes.bytes() }
    }

    /// The rules that it keeps.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    fn live(&self) -> impl Iterator<Item = u32> + '_ {
        let all = 0..self.graph.seen.len() as u32;
        all.filter(|at| self.graph.sighting(&self.graph.seen[*at as usize].record) == Some(*at))
    }

    fn id_of(&self, row: u32) -> CustomerId {
        CustomerId::from(self.graph.row(row).key)
    }

    /// The row whose sightings an epoch's are among; any other row itself.
    fn owner(&self, row: u32) -> u32 {
        match self.graph.row(row).kind {
            graph::EPOCH => self.side(row).map_or(row, |side| side.owner),
            _ => row,
        }
    }

    fn side(&self, row: u32) -> Option<&Side> {
        self.sides.get(self.graph.row(row).side as usize)
    }

    fn side_mut(&mut self, row: u32) -> &mut Side {
        let mut at = self.graph.row(row).side;
        if at == NONE {
            at = self.free_sides.pop().unwrap_or(self.sides.len() as u32);
            if at as usize == self.sides.len() {
                self.sides.push(Side::default());
            }
            self.graph.row_mut(row).side = at;
        }
        &mut self.sides[at as usize]
    }
}

/// The key of a record as a vertex and as a profile of its own.
fn key_of_record(record: RecordKey) -> IdentifierKey {
    IdentifierKey::from_bytes(*record.as_bytes())
}

/// The key of a description: its first record's, changed so that both may stand side by side.
fn key_of_description(first: RecordKey) -> IdentifierKey {
    key_of_record(record_of_description(first))
}

fn record_of_description(key: RecordKey) -> RecordKey {
    let mut bytes = *key.as_bytes();
    bytes[15] ^= 0xff;
    RecordKey::from_bytes(bytes)
}

/// The key of a later epoch of an identifier: its first record's, changed by the place that the identifier has there among
/// those that the record names. So an id of it leads by that record to wherever it is now.
fn key_of_epoch(first: RecordKey, place: usize) -> IdentifierKey {
    let mut bytes = *first.as_bytes();
    bytes[15] ^= place as u8 + 1;
    IdentifierKey::from_bytes(bytes)
}

/// Nobody is printed: only how many.
impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").field("records", &self.len()).finish_non_exhaustive()
    }
}
