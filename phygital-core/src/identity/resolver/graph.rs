//! What was seen together, in arrays of small rows that know each other by number.
//!
//! Counted as they are said, whoever holds what: a row for each identifier, its partners, a
//! mention for each identifier of a sighting. What links and what does not is decided elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use super::near::{Circle, Circles};
use super::table::{NONE, Table, hash_of_key, push};
use crate::vocab::{IdentifierKey, IdentifierKind, RecordKey, Timestamp};

/// What a row stands for, as its `kind`: the place of a kind of identifier, or one of these.
pub(super) const DESCRIPTION: u8 = 32;
pub(super) const RECORD: u8 = 33;
/// A later epoch of an identifier.
pub(super) const EPOCH: u8 = 34;
/// No row at all: free.
pub(super) const FREE: u8 = 35;

/// It links, as a vertex: neither shared nor crowded.
pub(super) const NORMAL: u16 = 1;
/// A ruling is about it, so it is a vertex whatever its class.
pub(super) const RULED: u16 = 2;
/// It has too many partners or names to look at.
pub(super) const CROWDED: u16 = 4;
/// Its holders are asked for at each change: names at odds, or partners beyond a limit.
pub(super) const WATCHED: u16 = 8;
/// Its holders and class are to be found again.
pub(super) const TOUCHED: u16 = 16;
/// Its component is to be cut again.
pub(super) const DIRTY: u16 = 32;
/// A sighting of it has no vertex of its own.
pub(super) const LONELY: u16 = 64;
/// It has nobody left, and goes when the changes are settled.
pub(super) const FADING: u16 = 128;
/// Some identifier that it was named with is no vertex of its component.
pub(super) const OUTER: u16 = 256;
/// It is a component of its own, and plain.
pub(super) const SINGLE: u16 = 512;
/// It is part of a [whole](super::whole).
pub(super) const WHOLE: u16 = 1024;

/// So many sightings of a row are looked through for the first of them.
const FEW: usize = 64;

/// Something that sightings may have in common: 64 bytes, in the order in which an event asks for them, so that most of
/// what it asks lies in one cache line.
#[derive(Clone, Debug)]
#[repr(C)]
pub(super) struct Row {
    pub(super) key: IdentifierKey,
    pub(super) kind: u8,
    /// How its partners lie.
    class: u8,
    pub(super) flags: u16,
    /// The row that names its profile, or its whole; `NONE` where it is no vertex.
    pub(super) profile: u32,
    /// How many mentions it has.
    pub(super) seen: u32,
    /// What else is known of it.
    pub(super) side: u32,
    /// How many distinct identifiers it was named with.
    pub(super) degree: u32,
    /// The newest of its mentions.
    pub(super) mentions: u32,
    /// Its first sighting; `NONE` while it is not known.
    pub(super) first: u32,
    /// Its place in the component at hand; in a whole the next of its ring.
    pub(super) place: u32,
    circle: Circle,
}

const _: () = assert!(size_of::<Row>() == 64, "a row fills a cache line");

/// One row in one sighting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mention {
    pub(super) row: u32,
    pub(super) sighting: u32,
    next: u32,
    before: u32,
}

/// A live sighting.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) record: RecordKey,
    pub(super) time: Timestamp,
    /// What it says of the person, by number; `NONE` where nothing.
    pub(super) details: u32,
    /// Its mentions lie side by side from here on.
    pub(super) from: u32,
    pub(super) count: u8,
    /// How it belongs to its profile.
    pub(super) state: u8,
    /// Whether it may link.
    pub(super) linking: bool,
    /// The vertex whose profile it belongs to; `NONE` where it has none.
    pub(super) home: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Graph {
    pub(super) rows: Vec<Row>,
    free_rows: Vec<u32>,
    by_key: Table,
    circles: Circles,
    mentions: Vec<Mention>,
    /// Free places for so many mentions side by side.
    free_mentions: Vec<Vec<u32>>,
    pub(super) seen: Vec<Seen>,
    free_seen: Vec<u32>,
    by_record: Table,
    /// The sightings of some rows in their order: of those that lost their first, and have more than are soon looked through.
    orders: BTreeMap<u32, BTreeSet<(Timestamp, RecordKey, u32)>>,
    /// No sighting is or was later than this.
    latest: Option<Timestamp>,
    /// The sighting that is later than all others; `NONE` where there may be none.
    newest: u32,
}

impl Default for Graph {
    fn default() -> Graph {
        Graph {
            rows: Vec::new(),
            free_rows: Vec::new(),
            by_key: Table::default(),
            circles: Circles::default(),
            mentions: Vec::new(),
            free_mentions: Vec::new(),
            seen: Vec::new(),
            free_seen: Vec::new(),
            by_record: Table::default(),
            orders: BTreeMap::new(),
            latest: None,
            newest: NONE,
        }
    }
}

impl Row {
    pub(super) fn is(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    pub(super) fn is_vertex(&self) -> bool {
        self.is(NORMAL | RULED)
    }

    /// Whether it was seen before the sighting at hand, and is no vertex.
    pub(super) fn is_outside(&self) -> bool {
        self.flags & NORMAL == 0 && self.seen > 1
    }

    /// Whether it stands for anything that is live.
    pub(super) fn seen_or_epoch(&self) -> bool {
        self.seen > 0 || self.kind == EPOCH
    }

    pub(super) fn identifier_kind(&self) -> Option<IdentifierKind> {
        IdentifierKind::ALL.get(usize::from(self.kind)).copied()
    }
}

impl Graph {
    pub(super) fn row(&self, row: u32) -> &Row {
        &self.rows[row as usize]
    }

    pub(super) fn row_mut(&mut self, row: u32) -> &mut Row {
        &mut self.rows[row as usize]
    }

    /// The row of an identifier.
    pub(super) fn find(&self, key: &IdentifierKey) -> Option<u32> {
        self.by_key.find(hash_of_key(key.as_bytes()), |row| self.rows[row as usize].key == *key)
    }

    /// The row of an identifier, made where there is none.
    pub(super) fn identifier(&mut self, kind: IdentifierKind, key: IdentifierKey) -> u32 {
        if let Some(row) = self.find(&key) {
            return row;
        }
        let row = self.new_row(kind as u8, key);
        let rows = &self.rows;
        let hash_of = |row: u32| hash_of_key(rows[row as usize].key.as_bytes());
        self.by_key.insert(hash_of_key(key.as_bytes()), row, hash_of);
        row
    }

    /// A row that no key leads to.
    pub(super) fn new_row(&mut self, kind: u8, key: IdentifierKey) -> u32 {
        let row = Row {
            key,
            kind,
            class: 0,
            flags: 0,
            profile: NONE,
            seen: 0,
            side: NONE,
            degree: 0,
            mentions: NONE,
            first: NONE,
            place: NONE,
            circle: Circle::EMPTY,
        };
        match self.free_rows.pop() {
            Some(at) => {
                self.rows[at as usize] = row;
                at
            }
            None => {
                push(&mut self.rows, row);
                self.rows.len() as u32 - 1
            }
        }
    }

    pub(super) fn free_row(&mut self, row: u32) {
        if usize::from(self.row(row).kind) < IdentifierKind::ALL.len() {
            self.by_key.remove(hash_of_key(self.row(row).key.as_bytes()), row);
        }
        self.row_mut(row).kind = FREE;
        self.free_rows.push(row);
    }

    /// Looks where a record is looked for.
    pub(super) fn warm_record(&self, record: &RecordKey) -> u32 {
        self.by_record.warm(hash_of_key(record.as_bytes()))
    }

    /// Looks where an identifier is looked for.
    pub(super) fn warm_key(&self, key: &IdentifierKey) -> u32 {
        self.by_key.warm(hash_of_key(key.as_bytes()))
    }

    /// The row of an identifier, most likely; `NONE` where it has none.
    pub(super) fn guess(&self, key: &IdentifierKey) -> u32 {
        self.by_key.guess(hash_of_key(key.as_bytes()))
    }

    /// Looks at a row and at what one more mention of it changes. Gives what names its profile.
    pub(super) fn warm_row(&self, row: u32) -> (u32, u32) {
        let row = self.row(row);
        let mention = self.mentions.get(row.mentions as usize).map_or(0, |mention| mention.before);
        (row.profile, mention ^ self.circles.warm(row.class, &row.circle))
    }

    /// The sighting of a record.
    pub(super) fn sighting(&self, record: &RecordKey) -> Option<u32> {
        self.by_record.find(hash_of_key(record.as_bytes()), |at| self.seen[at as usize].record == *record)
    }

    /// Adds a sighting that names these rows.
    pub(super) fn add_sighting(
        &mut self,
        record: RecordKey,
        time: Timestamp,
        details: u32,
        rows: &[u32],
    ) -> u32 {
        let from = match self.free_mentions.get_mut(rows.len()).and_then(Vec::pop) {
            Some(from) => from,
            None => {
                let from = self.mentions.len() as u32;
                let none = Mention { row: NONE, sighting: NONE, next: NONE, before: NONE };
                rows.iter().for_each(|_| push(&mut self.mentions, none));
                from
            }
        };
        let seen = Seen {
            record,
            time,
            details,
            from,
            count: rows.len() as u8,
            state: 0,
            linking: false,
            home: NONE,
        };
        let at = match self.free_seen.pop() {
            Some(at) => {
                self.seen[at as usize] = seen;
                at
            }
            None => {
                push(&mut self.seen, seen);
                self.seen.len() as u32 - 1
            }
        };
        if self.latest.is_none_or(|latest| latest < time) {
            (self.latest, self.newest) = (Some(time), at);
        } else if self.latest == Some(time) {
            self.newest = NONE;
        }
        let seen = &self.seen;
        let hash_of = |at: u32| hash_of_key(seen[at as usize].record.as_bytes());
        self.by_record.insert(hash_of_key(record.as_bytes()), at, hash_of);
        for (n, &row) in rows.iter().enumerate() {
            let mention = from + n as u32;
            let next = self.rows[row as usize].mentions;
            self.mentions[mention as usize] = Mention { row, sighting: at, next, before: NONE };
            if next != NONE {
                self.mentions[next as usize].before = mention;
            }
            self.rows[row as usize].mentions = mention;
            self.rows[row as usize].seen += 1;
            if let Some(order) = self.order(row) {
                order.insert((time, record, at));
            }
        }
        at
    }

    /// Takes a sighting out, with its mentions.
    pub(super) fn remove_sighting(&mut self, at: u32) {
        if self.newest == at {
            self.newest = NONE;
        }
        let Seen { record, time, from, count, .. } = self.seen[at as usize];
        for mention in from..from + u32::from(count) {
            let Mention { row, next, before, .. } = self.mentions[mention as usize];
            match before {
                NONE => self.rows[row as usize].mentions = next,
                before => self.mentions[before as usize].next = next,
            }
            if next != NONE {
                self.mentions[next as usize].before = before;
            }
            self.rows[row as usize].seen -= 1;
            if let Some(order) = self.order(row) {
                order.remove(&(time, record, at));
                if order.len() <= FEW / 2 {
                    self.orders.remove(&row);
                }
            }
            self.mentions[mention as usize].row = NONE;
        }
        let size = usize::from(count);
        if self.free_mentions.len() <= size {
            self.free_mentions.resize(size + 1, Vec::new());
        }
        if size > 0 {
            self.free_mentions[size].push(from);
        }
        self.by_record.remove(hash_of_key(record.as_bytes()), at);
        self.free_seen.push(at);
    }

    fn order(&mut self, row: u32) -> Option<&mut BTreeSet<(Timestamp, RecordKey, u32)>> {
        if self.orders.is_empty() { None } else { self.orders.get_mut(&row) }
    }

    /// The first sighting of a row is gone. Another may be next, so what links is put in order once: that is paid for by
    /// those that came, and each after it costs the height of a tree.
    pub(super) fn lose_first(&mut self, row: u32) {
        self.row_mut(row).first = NONE;
        let found = self.row(row);
        if found.is_vertex() && found.seen as usize > FEW && !self.orders.contains_key(&row) {
            let each = self.sightings(row).map(|at| {
                let (time, record) = self.when(at);
                (time, record, at)
            });
            let order = each.collect();
            self.orders.insert(row, order);
        }
    }

    /// How many sightings there are.
    pub(super) fn live(&self) -> usize {
        self.seen.len() - self.free_seen.len()
    }

    /// The rows that a sighting names.
    pub(super) fn named(&self, at: u32) -> impl Iterator<Item = u32> + '_ {
        let Seen { from, count, .. } = self.seen[at as usize];
        self.mentions[from as usize..from as usize + usize::from(count)].iter().map(|one| one.row)
    }

    /// Those of them that are identifiers, in order of kind and key.
    pub(super) fn identifiers(&self, at: u32) -> impl Iterator<Item = u32> + '_ {
        self.named(at).filter(|row| self.row(*row).identifier_kind().is_some())
    }

    /// The sightings that name a row.
    pub(super) fn sightings(&self, row: u32) -> impl Iterator<Item = u32> + '_ {
        let mut at = self.rows[row as usize].mentions;
        std::iter::from_fn(move || {
            let mention = self.mentions.get(at as usize)?;
            at = mention.next;
            Some(mention.sighting)
        })
    }

    /// Whether a sighting names both rows.
    pub(super) fn are_tied(&self, one: u32, two: u32) -> bool {
        let (first, second) = (self.row(one), self.row(two));
        let (row, other) = if first.class <= second.class { (first, two) } else { (second, one) };
        self.circles.support(row.class, &row.circle, other).is_some()
    }

    /// One more sighting names both. Gives how many it is now.
    pub(super) fn tie(&mut self, one: u32, two: u32) -> u32 {
        let Graph { rows, circles, .. } = self;
        let mut add = |row: u32, other: u32| {
            let Row { class, circle, .. } = &mut rows[row as usize];
            circles.add(class, circle, other)
        };
        let support = add(one, two);
        add(two, one);
        if support == 1 {
            self.count_partners([one, two], 1);
        }
        support
    }

    /// One sighting less names both. Gives how many are left.
    pub(super) fn untie(&mut self, one: u32, two: u32) -> u32 {
        if !self.are_tied(one, two) {
            return 0;
        }
        let Graph { rows, circles, .. } = self;
        let mut less = |row: u32, other: u32| {
            let Row { class, circle, .. } = &mut rows[row as usize];
            circles.less(class, circle, other)
        };
        let support = less(one, two);
        less(two, one);
        if support == 0 {
            self.count_partners([one, two], -1);
        }
        support
    }

    fn count_partners(&mut self, ends: [u32; 2], by: i32) {
        let is = ends.map(|end| self.rows[end as usize].identifier_kind().is_some());
        for (end, other) in [(0, 1), (1, 0)] {
            if is[other] {
                let degree = &mut self.rows[ends[end] as usize].degree;
                *degree = degree.wrapping_add_signed(by);
            }
        }
    }

    /// What a row was named with, and by how many sightings; in no order.
    pub(super) fn partners(&self, row: u32) -> impl Iterator<Item = (u32, u32)> + '_ {
        let row = self.row(row);
        self.circles.all(row.class, &row.circle).map(|near| (near.other, near.support))
    }

    /// No sighting is later than this.
    pub(super) fn latest(&self) -> Timestamp {
        self.latest.unwrap_or(Timestamp::MIN)
    }

    /// Whether one sighting was before another, without a look at them where one is the newest of all.
    pub(super) fn is_before(&self, one: u32, two: u32) -> bool {
        match (one == self.newest, two == self.newest) {
            (true, _) => false,
            (false, true) => true,
            (false, false) => self.when(one) < self.when(two),
        }
    }

    /// When a sighting was, as the order of sightings has it.
    pub(super) fn when(&self, at: u32) -> (Timestamp, RecordKey) {
        let seen = &self.seen[at as usize];
        (seen.time, seen.record)
    }

    /// The first sighting of a row; `NONE` where it has none.
    pub(super) fn first(&self, row: u32) -> u32 {
        match self.row(row).first {
            NONE => match self.orders.get(&row) {
                Some(order) => order.first().map_or(NONE, |(.., at)| *at),
                None => self.sightings(row).min_by_key(|at| self.when(*at)).unwrap_or(NONE),
            },
            first => first,
        }
    }

    /// Bytes on the heap: rows, their partners and look-ups; then sightings and mentions.
    pub(super) fn bytes(&self) -> (usize, usize) {
        let rows = self.rows.capacity() * size_of::<Row>() + self.by_key.bytes();
        let seen = self.seen.capacity() * size_of::<Seen>() + self.by_record.bytes();
        (rows + self.circles.bytes(), seen + self.mentions.capacity() * size_of::<Mention>())
    }
}
