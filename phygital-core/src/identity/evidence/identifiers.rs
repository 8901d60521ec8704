//! The identifiers that the evidence has met, each kept once.

use super::keyed::Value;
use super::places::{PLACES_MAX, Places};
use super::reading::Judged;
use crate::vocab::{IdentifierKey, IdentifierKind};

/// Rows of identifiers, found by their own key or by that of a hash.
#[derive(Clone)]
pub(super) struct Identifiers {
    rows: Vec<Row>,
    places: Places,
    /// The keys of the hashes of each contact, one contact's beside each other.
    forms: Vec<Form>,
    /// The first of `forms` with a key.
    heads: Places,
}

/// What is known of an identifier.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) key: IdentifierKey,
    pub(super) kind: IdentifierKind,
    /// Whether what names it may not be used to link.
    pub(super) withdrawn: bool,
    forms_len: u8,
    forms_from: u32,
    /// `None` once it is erased.
    pub(super) value: Option<Value>,
    /// What the rules say of it.
    pub(super) judged: Judged,
    /// Records that name it or once did.
    records: Vec<u32>,
}

/// A hash under which a contact may be known.
#[derive(Clone)]
struct Form {
    key: IdentifierKey,
    owner: u32,
    /// The next with the same key, [`NONE`] at the end.
    next: u32,
}

const NONE: u32 = u32::MAX;

impl Identifiers {
    pub(super) fn new(secret: [u64; 2]) -> Identifiers {
        let places = Places::new(secret);
        Identifiers { rows: Vec::new(), heads: places.clone(), places, forms: Vec::new() }
    }

    pub(super) fn get(&self, place: u32) -> &Row {
        &self.rows[place as usize]
    }

    pub(super) fn get_mut(&mut self, place: u32) -> &mut Row {
        &mut self.rows[place as usize]
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn find(&self, key: &IdentifierKey) -> Option<u32> {
        self.places.find(key.as_bytes(), |place| *self.rows[place as usize].key.as_bytes())
    }

    /// Adds an identifier that is not there, with the keys of its hashes; `None` where there are too many.
    pub(super) fn add(&mut self, key: IdentifierKey, value: Value, forms: &[IdentifierKey]) -> Option<u32> {
        if self.rows.len() >= PLACES_MAX || self.forms.len() + forms.len() >= PLACES_MAX {
            return None;
        }
        let (place, forms_from) = (self.rows.len() as u32, self.forms.len() as u32);
        for form in forms {
            let link = self.forms.len() as u32;
            let key_of = |link: u32| *self.forms[link as usize].key.as_bytes();
            let next = match self.heads.find(form.as_bytes(), key_of) {
                Some(head) => std::mem::replace(&mut self.forms[head as usize].next, link),
                None => {
                    self.heads.insert(form.as_bytes(), link, key_of);
                    NONE
                }
            };
            self.forms.push(Form { key: *form, owner: place, next });
        }
        self.rows.push(Row {
            key,
            kind: value.kind(),
            withdrawn: false,
            forms_len: forms.len() as u8,
            forms_from,
            value: Some(value),
            judged: Judged::default(),
            records: Vec::new(),
        });
        self.places.insert(key.as_bytes(), place, |place| *self.rows[place as usize].key.as_bytes());
        Some(place)
    }

    /// The keys of the hashes of a contact.
    pub(super) fn forms(&self, place: u32) -> impl Iterator<Item = IdentifierKey> {
        let row = self.get(place);
        let from = row.forms_from as usize;
        self.forms[from..from + usize::from(row.forms_len)].iter().map(|form| form.key)
    }

    /// Every identifier that one of these keys may mean.
    pub(super) fn meant_by(&self, keys: impl Iterator<Item = IdentifierKey>) -> Vec<u32> {
        let mut meant = Vec::new();
        for key in keys {
            meant.extend(self.find(&key));
            let key_of = |link: u32| *self.forms[link as usize].key.as_bytes();
            let mut link = self.heads.find(key.as_bytes(), key_of).unwrap_or(NONE);
            while link != NONE {
                let form = &self.forms[link as usize];
                meant.push(form.owner);
                link = form.next;
            }
        }
        meant.sort_unstable();
        meant.dedup();
        meant
    }

    /// Notes that a record names an identifier. `still` tells whether a record noted before does so still: those that
    /// do not are dropped when room runs out.
    pub(super) fn note(&mut self, place: u32, record: u32, still: impl Fn(u32) -> bool) {
        let records = &mut self.rows[place as usize].records;
        if records.len() == records.capacity() && records.len() >= 8 {
            records.sort_unstable();
            records.dedup();
            records.retain(|one| still(*one));
            // Room for as many again, or the next one would look through them all once more.
            records.reserve(records.len());
        }
        records.push(record);
    }

    /// Records that name an identifier or once did, each once and in order of place.
    pub(super) fn records(&self, place: u32) -> Vec<u32> {
        let mut records = self.get(place).records.clone();
        records.sort_unstable();
        records.dedup();
        records
    }

    /// Forgets what an identifier is.
    pub(super) fn strike(&mut self, place: u32) {
        let row = self.get_mut(place);
        row.value = None;
        row.judged = Judged::default();
        row.records = Vec::new();
    }
}
