//! Contacts that are known by a hash alone, read as the contact that others say in clear.

use std::collections::{BTreeMap, BTreeSet};

use super::table::{Table, hash_of_key, push};
use crate::identity::Named;
use crate::vocab::{IdentifierKey, IdentifierKind};

/// Which hash stands for which contact, and who needs to know.
#[derive(Clone, Debug, Default)]
pub(super) struct Hashes {
    /// A row for each hash and contact whose hash it is.
    forms: Vec<Form>,
    free: Vec<u32>,
    by_hash: Table,
    /// For each hash that stands for itself somewhere, the sightings that name it.
    users: BTreeMap<(IdentifierKind, IdentifierKey), BTreeSet<u32>>,
    /// What those sightings name, as they were given.
    given: BTreeMap<u32, Vec<Given>>,
    /// Contacts with their hashes that rulings are about.
    ruled: BTreeSet<(IdentifierKind, IdentifierKey, IdentifierKey)>,
}

#[derive(Clone, Debug)]
struct Form {
    hash: IdentifierKey,
    kind: IdentifierKind,
    clear: IdentifierKey,
    /// How many mentions say so.
    count: u32,
}

/// An identifier as it is meant.
pub(super) type Identified = (IdentifierKind, IdentifierKey);

/// An identifier as a sighting names it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Given {
    pub(super) kind: IdentifierKind,
    pub(super) key: IdentifierKey,
    /// Whether it is a hash.
    hashed: bool,
}

/// Whether a contact is known by its hash alone.
pub(super) fn is_hashed(named: &Named) -> bool {
    named.kind.is_contact_point() && named.forms.is_empty()
}

impl Given {
    pub(super) fn of(named: &Named) -> Given {
        Given { kind: named.kind, key: named.key, hashed: is_hashed(named) }
    }

    /// One that is what it says.
    pub(super) fn clear(kind: IdentifierKind, key: IdentifierKey) -> Given {
        Given { kind, key, hashed: false }
    }
}

impl Hashes {
    /// What identifiers mean, in order and each once.
    pub(super) fn read(&self, given: impl Iterator<Item = Given>, meant: &mut Vec<Identified>) {
        meant.clear();
        meant.extend(given.map(|one| {
            let clear = if one.hashed { self.clear(one.kind, &one.key) } else { None };
            (one.kind, clear.unwrap_or(one.key))
        }));
        meant.sort_unstable();
        meant.dedup();
    }

    /// Looks where the hashes of a contact are looked for.
    pub(super) fn warm(&self, named: &Named) -> u32 {
        named.forms.iter().fold(0, |sum, hash| sum ^ self.by_hash.warm(hash_of_key(hash.as_bytes())))
    }

    /// Looks at what is known of the hashes of a contact.
    pub(super) fn warm_forms(&self, named: &Named) -> u32 {
        let each = named.forms.iter().map(|hash| self.by_hash.guess(hash_of_key(hash.as_bytes())));
        each.fold(0, |sum, at| sum ^ self.forms.get(at as usize).map_or(at, |form| form.count))
    }

    /// The contact that a hash is of, as far as is known; of several the one of the least key.
    pub(super) fn clear(&self, kind: IdentifierKind, hash: &IdentifierKey) -> Option<IdentifierKey> {
        let mut least: Option<IdentifierKey> = None;
        self.by_hash.find(hash_of_key(hash.as_bytes()), |at| {
            let form = &self.forms[at as usize];
            if form.hash == *hash && form.kind == kind && least.is_none_or(|least| form.clear < least) {
                least = Some(form.clear);
            }
            false
        });
        least
    }

    /// The hashes that stand for a contact and that rulings are about.
    pub(super) fn ruled(
        &self,
        kind: IdentifierKind,
        clear: IdentifierKey,
    ) -> impl Iterator<Item = IdentifierKey> + '_ {
        let least = IdentifierKey::from_bytes([0; 16]);
        let from = self.ruled.range((kind, clear, least)..);
        from.take_while(move |(its, of, _)| (*its, *of) == (kind, clear)).map(|(.., hash)| *hash)
    }

    /// Remembers, or forgets, that rulings are about a key, which may be a hash.
    pub(super) fn set_ruled(&mut self, kind: IdentifierKind, hash: IdentifierKey, on: bool) {
        let mut clears = Vec::new();
        self.by_hash.find(hash_of_key(hash.as_bytes()), |at| {
            let form = &self.forms[at as usize];
            if form.hash == hash && form.kind == kind {
                clears.push(form.clear);
            }
            false
        });
        for clear in clears {
            match on {
                true => self.ruled.insert((kind, clear, hash)),
                false => self.ruled.remove(&(kind, clear, hash)),
            };
        }
    }

    /// A mention says a contact in clear. Gives the sightings that now mean it by its hash.
    pub(super) fn learn(&mut self, named: &Named) -> Vec<u32> {
        let mut changed = Vec::new();
        for hash in named.forms.iter().filter(|_| named.kind.is_contact_point()) {
            if let Some(at) = self.form(named, hash) {
                self.forms[at as usize].count += 1;
                continue;
            }
            let form = Form { hash: *hash, kind: named.kind, clear: named.key, count: 1 };
            let at = self.free.pop().unwrap_or(self.forms.len() as u32);
            match self.forms.get_mut(at as usize) {
                Some(place) => *place = form,
                None => push(&mut self.forms, form),
            }
            let forms = &self.forms;
            self.by_hash.insert(hash_of_key(hash.as_bytes()), at, |at| {
                hash_of_key(forms[at as usize].hash.as_bytes())
            });
            changed.extend(self.users.get(&(named.kind, *hash)).into_iter().flatten());
        }
        changed
    }

    /// A mention no longer says it. Gives the sightings that may mean something else now.
    pub(super) fn forget(&mut self, named: &Named) -> Vec<u32> {
        let mut changed = Vec::new();
        for hash in named.forms.iter().filter(|_| named.kind.is_contact_point()) {
            let Some(at) = self.form(named, hash) else { continue };
            self.forms[at as usize].count -= 1;
            if self.forms[at as usize].count == 0 {
                self.by_hash.remove(hash_of_key(hash.as_bytes()), at);
                self.free.push(at);
                self.ruled.remove(&(named.kind, named.key, *hash));
                changed.extend(self.users.get(&(named.kind, *hash)).into_iter().flatten());
            }
        }
        changed
    }

    fn form(&self, named: &Named, hash: &IdentifierKey) -> Option<u32> {
        self.by_hash.find(hash_of_key(hash.as_bytes()), |at| {
            let form = &self.forms[at as usize];
            form.hash == *hash && form.kind == named.kind && form.clear == named.key
        })
    }

    /// Remembers a sighting that names hashes.
    pub(super) fn keep(&mut self, sighting: u32, given: Vec<Given>) {
        for one in given.iter().filter(|one| one.hashed) {
            self.users.entry((one.kind, one.key)).or_default().insert(sighting);
        }
        self.given.insert(sighting, given);
    }

    /// Forgets it. Gives what it names.
    pub(super) fn drop(&mut self, sighting: u32) -> Option<Vec<Given>> {
        let given = self.given.remove(&sighting)?;
        for one in given.iter().filter(|one| one.hashed) {
            if let Some(users) = self.users.get_mut(&(one.kind, one.key)) {
                users.remove(&sighting);
                if users.is_empty() {
                    self.users.remove(&(one.kind, one.key));
                }
            }
        }
        Some(given)
    }

    /// Bytes on the heap of what every contact has.
    pub(super) fn bytes(&self) -> usize {
        self.forms.capacity() * size_of::<Form>() + self.by_hash.bytes()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use crate::identity::resolver::{ProfileChange, Resolver};
    use crate::identity::{Details, Named, Rules, Sighting};
    use crate::vocab::{IdentifierKey, IdentifierKind, RecordKey, Timestamp};

    fn key(n: u8) -> IdentifierKey {
        IdentifierKey::from_bytes([n; 16])
    }

    fn seen(record: u8, named: &[(IdentifierKind, u8, Option<u8>)]) -> Sighting {
        let named = named.iter().map(|&(kind, own, hash)| Named {
            kind,
            key: key(own),
            junk: false,
            forms: hash.map(key).into_iter().collect(),
            spelling: None,
        });
        let time = Timestamp::from_millis(i64::from(record)).unwrap();
        let record = RecordKey::from_bytes([record; 16]);
        let mut named: Vec<Named> = named.collect();
        named.sort();
        Sighting { record, time, linking: true, named, details: Details::default() }
    }

    /// Who was known by the hash of an address goes on under its key, and back again.
    #[test]
    fn a_hash_that_is_said_in_clear_is_another_id_and_nobody_new() {
        let mail = IdentifierKind::Email;
        let (hashed, clear) = (seen(1, &[(mail, 77, None)]), seen(2, &[(mail, 5, Some(77))]));
        let mut resolver = Resolver::new(Rules::default(), None);
        let first = resolver.replace(&[], std::slice::from_ref(&hashed), &[], &[]);
        let [ProfileChange::Created { profile: from }] = first[..] else { panic!("{first:?}") };
        let second = resolver.replace(&[], std::slice::from_ref(&clear), &[], &[]);
        let to = resolver.profile_of(&clear.record).unwrap();
        assert_eq!((second, resolver.profile(from)), (vec![ProfileChange::Renamed { from, to }], Some(to)));
        let third = resolver.replace(std::slice::from_ref(&clear), &[], &[], &[]);
        assert_eq!(third, [ProfileChange::Renamed { from: to, to: from }]);

        // With a cookie of a lesser key, the profile keeps its id.
        let cookie = (IdentifierKind::Cookie, 3, None);
        let both = seen(0, &[cookie, (mail, 77, None)]);
        resolver.replace(&[hashed], std::slice::from_ref(&both), &[], &[]);
        let whole = resolver.profile_of(&both.record).unwrap();
        assert_eq!(resolver.replace(&[], std::slice::from_ref(&clear), &[], &[]), []);
        assert_eq!(resolver.profile_of(&clear.record), Some(whole));
        // Two who turn out to be one by it are merged.
        let other = seen(3, &[(IdentifierKind::Login, 4, None), (mail, 88, None)]);
        let made = resolver.replace(&[], std::slice::from_ref(&other), &[], &[]);
        let [ProfileChange::Created { profile: from }] = made[..] else { panic!("{made:?}") };
        let again = seen(4, &[(mail, 5, Some(88))]);
        let changes = resolver.replace(&[], &[again], &[], &[]);
        assert_eq!(changes, [ProfileChange::Merged { from, into: whole }]);
    }
}
