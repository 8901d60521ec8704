//! What was seen together, in arrays of small rows that know each other by number.
//!
//! Counted as they are said, whoever holds what: a row for each identifier, an edge for each two that a sighting names, a
//! mention for each identifier of a sighting. What links and what does not is decided elsewhere.

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

/// Something that sightings may have in common.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) key: IdentifierKey,
    pub(super) kind: u8,
    pub(super) flags: u16,
    /// The newest of its mentions.
    pub(super) mentions: u32,
    /// How many it has.
    pub(super) seen: u32,
    /// The newest of its edges.
    pub(super) edges: u32,
    /// How many distinct identifiers it was named with.
    pub(super) degree: u32,
    /// Its first sighting; `NONE` while it is not known.
    pub(super) first: u32,
    /// The row that names its profile, or its whole; `NONE` where it is no vertex.
    pub(super) profile: u32,
    /// What else is known of it.
    pub(super) side: u32,
    /// Its place in the component at hand; in a whole the next of its ring.
    pub(super) place: u32,
}

/// Two rows that a sighting names together, the lesser first.
#[derive(Clone, Debug)]
pub(super) struct Edge {
    pub(super) ends: [u32; 2],
    /// How many sightings name both.
    pub(super) support: u32,
    next: [u32; 2],
    before: [u32; 2],
}

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

#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    pub(super) rows: Vec<Row>,
    free_rows: Vec<u32>,
    by_key: Table,
    edges: Vec<Edge>,
    free_edges: Vec<u32>,
    by_ends: Table,
    mentions: Vec<Mention>,
    /// Free places for so many mentions side by side.
    free_mentions: Vec<Vec<u32>>,
    pub(super) seen: Vec<Seen>,
    free_seen: Vec<u32>,
    by_record: Table,
}

impl Row {
    pub(super) fn is(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    pub(super) fn is_vertex(&self) -> bool {
        self.is(NORMAL | RULED)
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
            flags: 0,
            mentions: NONE,
            seen: 0,
            edges: NONE,
            degree: 0,
            first: NONE,
            profile: NONE,
            side: NONE,
            place: NONE,
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
            let rows = &self.rows;
            let hash_of = |row: u32| hash_of_key(rows[row as usize].key.as_bytes());
            self.by_key.remove(hash_of(row), row, hash_of);
        }
        self.row_mut(row).kind = FREE;
        self.free_rows.push(row);
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
        }
        at
    }

    /// Takes a sighting out, with its mentions.
    pub(super) fn remove_sighting(&mut self, at: u32) {
        let Seen { record, from, count, .. } = self.seen[at as usize];
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
            self.mentions[mention as usize].row = NONE;
        }
        let size = usize::from(count);
        if self.free_mentions.len() <= size {
            self.free_mentions.resize(size + 1, Vec::new());
        }
        if size > 0 {
            self.free_mentions[size].push(from);
        }
        let seen = &self.seen;
        let hash_of = |at: u32| hash_of_key(seen[at as usize].record.as_bytes());
        self.by_record.remove(hash_of_key(record.as_bytes()), at, hash_of);
        self.free_seen.push(at);
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

    /// The edge between two rows.
    pub(super) fn edge(&self, one: u32, two: u32) -> Option<u32> {
        let ends = [one.min(two), one.max(two)];
        self.by_ends.find(hash_of_ends(ends), |edge| self.edges[edge as usize].ends == ends)
    }

    /// One more sighting names both. Gives how many it is now.
    pub(super) fn tie(&mut self, one: u32, two: u32) -> u32 {
        if let Some(edge) = self.edge(one, two) {
            let support = &mut self.edges[edge as usize].support;
            *support += 1;
            return *support;
        }
        let ends = [one.min(two), one.max(two)];
        let next = ends.map(|end| self.rows[end as usize].edges);
        let edge = Edge { ends, support: 1, next, before: [NONE; 2] };
        let at = match self.free_edges.pop() {
            Some(at) => {
                self.edges[at as usize] = edge;
                at
            }
            None => {
                push(&mut self.edges, edge);
                self.edges.len() as u32 - 1
            }
        };
        for end in ends {
            let next = self.rows[end as usize].edges;
            if next != NONE {
                let side = self.side(next, end);
                self.edges[next as usize].before[side] = at;
            }
            self.rows[end as usize].edges = at;
        }
        self.count_partners(ends, 1);
        let edges = &self.edges;
        self.by_ends.insert(hash_of_ends(ends), at, |edge| hash_of_ends(edges[edge as usize].ends));
        1
    }

    /// One sighting less names both. Gives how many are left.
    pub(super) fn untie(&mut self, one: u32, two: u32) -> u32 {
        let Some(at) = self.edge(one, two) else { return 0 };
        let edge = &mut self.edges[at as usize];
        edge.support -= 1;
        if edge.support > 0 {
            return edge.support;
        }
        let Edge { ends, next, before, .. } = *edge;
        for (side, end) in ends.into_iter().enumerate() {
            match before[side] {
                NONE => self.rows[end as usize].edges = next[side],
                before => {
                    let its = self.side(before, end);
                    self.edges[before as usize].next[its] = next[side];
                }
            }
            if next[side] != NONE {
                let its = self.side(next[side], end);
                self.edges[next[side] as usize].before[its] = before[side];
            }
        }
        self.count_partners(ends, -1);
        let edges = &self.edges;
        self.by_ends.remove(hash_of_ends(ends), at, |edge| hash_of_ends(edges[edge as usize].ends));
        self.free_edges.push(at);
        0
    }

    fn side(&self, edge: u32, row: u32) -> usize {
        usize::from(self.edges[edge as usize].ends[1] == row)
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

    /// What a row was named with, and by how many sightings.
    pub(super) fn partners(&self, row: u32) -> impl Iterator<Item = (u32, u32)> + '_ {
        let mut at = self.rows[row as usize].edges;
        std::iter::from_fn(move || {
            let edge = self.edges.get(at as usize)?;
            let side = usize::from(edge.ends[1] == row);
            at = edge.next[side];
            Some((edge.ends[1 - side], edge.support))
        })
    }

    /// When a sighting was, as the order of sightings has it.
    pub(super) fn when(&self, at: u32) -> (Timestamp, RecordKey) {
        let seen = &self.seen[at as usize];
        (seen.time, seen.record)
    }

    /// The first sighting of a row; `NONE` where it has none.
    pub(super) fn first(&self, row: u32) -> u32 {
        match self.row(row).first {
            NONE => self.sightings(row).min_by_key(|at| self.when(*at)).unwrap_or(NONE),
            first => first,
        }
    }

    /// Bytes on the heap: rows, edges and their look-ups; then sightings and mentions.
    pub(super) fn bytes(&self) -> (usize, usize) {
        let rows = self.rows.capacity() * size_of::<Row>() + self.by_key.bytes();
        let edges = self.edges.capacity() * size_of::<Edge>() + self.by_ends.bytes();
        let seen = self.seen.capacity() * size_of::<Seen>() + self.by_record.bytes();
        (rows + edges, seen + self.mentions.capacity() * size_of::<Mention>())
    }
}

fn hash_of_ends([one, two]: [u32; 2]) -> u64 {
    u64::from(one) << 32 | u64::from(two)
}
