//! The records that the evidence has met: of each what its newest version says.

use super::assertion::{Provenance, TraitName};
use super::identifiers::Identifiers;
use super::places::{PLACES_MAX, Places};
use crate::vocab::{Digest, RecordId, RecordKey, TenantKey, Timestamp};

/// Rows of records, found by key.
#[derive(Clone)]
pub(super) struct Records {
    rows: Vec<Row>,
    places: Places,
}

/// A record at its newest version.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) key: RecordKey,
    pub(super) version: u64,
    pub(super) state: State,
}

/// What the newest version is.
#[derive(Clone)]
pub(super) enum State {
    /// Taken back.
    Retracted,
    /// Forgotten for ever.
    Erased,
    /// One content.
    One(Content),
    /// Contents that contradict each other, in order of digest: the last counts. All are kept, since an erasure may make
    /// another one the last.
    Several(Vec<(Digest, Content)>),
}

/// What one version says, without what was erased.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) id: RecordId,
    pub(super) source: u32,
    pub(super) linking: bool,
    pub(super) provenance: Provenance,
    pub(super) time: Timestamp,
    /// Places of identifiers, in order of kind and key.
    pub(super) named: Box<[u32]>,
    /// In order of name.
    pub(super) traits: Box<[(TraitName, Box<str>)]>,
}

impl Records {
    pub(super) fn new(secret: [u64; 2]) -> Records {
        Records { rows: Vec::new(), places: Places::new(secret) }
    }

    pub(super) fn get(&self, place: u32) -> &Row {
        &self.rows[place as usize]
    }

    pub(super) fn get_mut(&mut self, place: u32) -> &mut Row {
        &mut self.rows[place as usize]
    }

    pub(super) fn find(&self, key: &RecordKey) -> Option<u32> {
        self.places.find(key.as_bytes(), |place| *self.rows[place as usize].key.as_bytes())
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no room for one more.
    pub(super) fn is_full(&self) -> bool {
        self.rows.len() >= PLACES_MAX
    }

    /// Adds a record that is not there.
    pub(super) fn add(&mut self, row: Row) -> u32 {
        let (place, key) = (self.rows.len() as u32, row.key);
        self.rows.push(row);
        self.places.insert(key.as_bytes(), place, |place| *self.rows[place as usize].key.as_bytes());
        place
    }

    /// The places of all, in order of key.
    pub(super) fn in_order(&self) -> Vec<u32> {
        let mut places: Vec<u32> = (0..self.rows.len() as u32).collect();
        places.sort_unstable_by_key(|place| self.get(*place).key);
        places
    }
}

impl State {
    /// The content that counts; `None` where there is none.
    pub(super) fn live(&self) -> Option<&Content> {
        match self {
            State::Retracted | State::Erased => None,
            State::One(content) => Some(content),
            State::Several(contents) => contents.last().map(|(_, content)| content),
        }
    }

    /// Every content, whether it counts or not.
    pub(super) fn contents(&self) -> Vec<&Content> {
        match self {
            State::Retracted | State::Erased => Vec::new(),
            State::One(content) => vec![content],
            State::Several(contents) => contents.iter().map(|(_, content)| content).collect(),
        }
    }

    /// Whether any content names the identifier of that place.
    pub(super) fn names(&self, identifier: u32) -> bool {
        match self {
            State::Retracted | State::Erased => false,
            State::One(content) => content.named.contains(&identifier),
            State::Several(contents) => contents.iter().any(|(_, one)| one.named.contains(&identifier)),
        }
    }

    /// Takes in another content of the same version; `false` where it is there already.
    pub(super) fn contradict(&mut self, content: Content, digest: impl Fn(&Content) -> Digest) -> bool {
        match self {
            State::One(known) if *known != content => *self = State::of(vec![known.clone(), content], digest),
            State::Several(contents) => {
                let digest = digest(&content);
                match contents.binary_search_by_key(&digest, |(digest, _)| *digest) {
                    Ok(_) => return false,
                    Err(at) => contents.insert(at, (digest, content)),
                }
            }
            _ => return false,
        }
        true
    }

    /// The state of these contents, none of them twice.
    fn of(contents: Vec<Content>, digest: impl Fn(&Content) -> Digest) -> State {
        let mut several: Vec<_> = contents.into_iter().map(|one| (digest(&one), one)).collect();
        several.sort_unstable_by_key(|(digest, _)| *digest);
        several.dedup_by_key(|(digest, _)| *digest);
        match several.len() {
            1 => State::One(several.remove(0).1),
            _ => State::Several(several),
        }
    }

    /// Takes identifiers out of every content.
    pub(super) fn without(self, struck: impl Fn(u32) -> bool, digest: impl Fn(&Content) -> Digest) -> State {
        let strip = |mut content: Content| {
            content.named = content.named.iter().copied().filter(|one| !struck(*one)).collect();
            content
        };
        match self {
            State::One(content) => State::One(strip(content)),
            State::Several(all) => State::of(all.into_iter().map(|(_, one)| strip(one)).collect(), digest),
            other => other,
        }
    }
}

impl Content {
    /// A keyed digest of all that it says, by keys of identifiers, so that it is the same in every store.
    pub(super) fn digest(&self, identifiers: &Identifiers, tenant: &TenantKey) -> Digest {
        let mut bytes = b"\0content\0".to_vec();
        bytes.extend_from_slice(&self.time.as_micros().to_be_bytes());
        bytes.push(u8::from(self.linking));
        bytes.push(u8::from(self.provenance == Provenance::Stated));
        bytes.extend_from_slice(&(self.named.len() as u32).to_be_bytes());
        for place in &self.named {
            bytes.extend_from_slice(identifiers.get(*place).key.as_bytes());
        }
        for (name, value) in &self.traits {
            for text in [name.as_str(), value] {
                bytes.extend_from_slice(&(text.len() as u32).to_be_bytes());
                bytes.extend_from_slice(text.as_bytes());
            }
        }
        tenant.digest(&bytes)
    }
}
