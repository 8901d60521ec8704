//! Typing errors: an identifier that was seen once, and is one slip of the pen from one other alone.
//!
//! A pair one edit apart shares a text with one sign left out (the deletion neighbourhood of Mor and Fraenkel 1982), so
//! it is found by look-ups, never by comparing all with all.

use std::collections::{BTreeMap, BTreeSet};

use super::rules::Rules;
use super::spelling::within;
use crate::vocab::{Identifier, IdentifierKey, IdentifierKind};

/// In how many sightings an identifier is seen at most that is taken for a typing error. Who writes it twice means it.
pub const REPAIRED_SIGHTINGS_MAX: u32 = 1;

/// Fewest characters before the `@` of an address in which a typing error is looked for. In shorter ones one letter tells
/// people apart.
pub const REPAIRED_LOCAL_CHARS_MIN: usize = 7;

impl Rules {
    /// What a typing error is looked for in: the digits of a phone number, an email address as it links whose name has at
    /// least [`REPAIRED_LOCAL_CHARS_MIN`] characters. `None` for any other, and where the rules ask for no repairs.
    ///
    /// ```
    /// use phygital_core::identity::Rules;
    /// let spelling = |text: &str| Rules::default().spelling(&text.parse().unwrap());
    /// assert_eq!(spelling("phone:+33612345678").as_deref(), Some("33612345678"));
    /// assert_eq!(spelling("email:a.da.byron@gmail.com").as_deref(), Some("adabyron@gmail.com"));
    /// assert_eq!(spelling("email:ada@shop.example"), None);
    /// assert_eq!(spelling("card:4000"), None);
    /// ```
    #[must_use]
    pub fn spelling(&self, identifier: &Identifier) -> Option<Box<str>> {
        if !self.repairs() {
            return None;
        }
        match identifier.kind() {
            IdentifierKind::Phone => Some(identifier.value().trim_start_matches('+').into()),
            IdentifierKind::Email => {
                let linking = self.linking_value(identifier);
                let (local, _) = linking.value().rsplit_once('@')?;
                (local.chars().nth(REPAIRED_LOCAL_CHARS_MIN - 1).is_some()).then(|| linking.value().into())
            }
            _ => None,
        }
    }
}

/// Whether one spelling is the other with one slip of the pen: a sign put in, left out or put for another, or two
/// neighbours swapped. Equal ones are none.
#[must_use]
pub fn is_slip(one: &str, two: &str) -> bool {
    one != two && within(one, two, 1)
}

/// Hashes of a spelling and of all that is left of it without one sign, in order and each once. Two spellings one slip
/// apart have one in common; two that have one in common may still be further apart.
///
/// The hashes may be kept: they are the same on every machine and in every version.
#[must_use]
pub fn slips(kind: IdentifierKind, spelling: &str) -> Vec<u64> {
    let signs = || spelling.char_indices().map(|(at, sign)| (at, at + sign.len_utf8()));
    let without = |(from, to): (usize, usize)| fnv(kind, &[&spelling[..from], &spelling[to..]]);
    let mut hashes: Vec<u64> = signs().map(without).chain([fnv(kind, &[spelling])]).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// FNV-1a of 64 bits (RFC 9923) over the kind's name, a zero and the parts. What it collides is told apart by [`is_slip`].
fn fnv(kind: IdentifierKind, parts: &[&str]) -> u64 {
    let bytes = kind.name().bytes().chain([0]).chain(parts.iter().flat_map(|part| part.bytes()));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// An identifier that may be a typing error or have one.
#[derive(Clone, PartialEq, Eq)]
struct Written {
    kind: IdentifierKind,
    spelling: Box<str>,
    sightings: u32,
}

/// Identifiers among which typing errors are looked for, one at a time.
///
/// ```
/// use phygital_core::identity::Repairs;
/// use phygital_core::vocab::{IdentifierKey, IdentifierKind};
/// let (typed, meant) = (IdentifierKey::from_bytes([1; 16]), IdentifierKey::from_bytes([2; 16]));
/// let mut repairs = Repairs::default();
/// repairs.insert(IdentifierKind::Phone, meant, "33612345678", 7);
/// repairs.insert(IdentifierKind::Phone, typed, "33612345687", 1);
/// assert_eq!(repairs.meant_by(&typed), Some(meant));
/// assert_eq!(repairs.meant_by(&meant), None, "seen too often for an error");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Repairs {
    written: BTreeMap<IdentifierKey, Written>,
    by_slip: BTreeSet<(u64, IdentifierKey)>,
}

impl Repairs {
    /// Puts an identifier in, with its [spelling](Rules::spelling) and in how many sightings it is used. One that is there
    /// already is replaced.
    pub fn insert(&mut self, kind: IdentifierKind, key: IdentifierKey, spelling: &str, sightings: u32) {
        match self.written.get_mut(&key) {
            Some(known) if known.kind == kind && *known.spelling == *spelling => known.sightings = sightings,
            _ => {
                self.remove(&key);
                self.by_slip.extend(slips(kind, spelling).into_iter().map(|slip| (slip, key)));
                self.written.insert(key, Written { kind, spelling: spelling.into(), sightings });
            }
        }
    }

    /// Takes an identifier out; gives whether it was there.
    pub fn remove(&mut self, key: &IdentifierKey) -> bool {
        let Some(gone) = self.written.remove(key) else { return false };
        for slip in slips(gone.kind, &gone.spelling) {
            self.by_slip.remove(&(slip, *key));
        }
        true
    }

    /// The identifiers one slip from this one, in order of their keys. What may have changed when it came or went.
    #[must_use]
    pub fn near(&self, key: &IdentifierKey) -> Vec<IdentifierKey> {
        let Some(one) = self.written.get(key) else { return Vec::new() };
        let near: BTreeSet<IdentifierKey> = self.neighbours(key, one).collect();
        near.into_iter().collect()
    }

    /// What was meant by this identifier, where it is taken for a typing error: it is used in at most
    /// [`REPAIRED_SIGHTINGS_MAX`] sightings, and one other alone is one slip from it.
    #[must_use]
    pub fn meant_by(&self, key: &IdentifierKey) -> Option<IdentifierKey> {
        let one = self.written.get(key).filter(|one| one.sightings <= REPAIRED_SIGHTINGS_MAX)?;
        let mut near = self.neighbours(key, one);
        let first = near.next()?;
        near.all(|other| other == first).then_some(first)
    }

    /// All pairs of an identifier that is taken for a typing error and what was meant by it, the smaller key first, in order
    /// and each once.
    #[must_use]
    pub fn pairs(&self) -> Vec<(IdentifierKey, IdentifierKey)> {
        let pair =
            |key: &IdentifierKey| self.meant_by(key).map(|meant| ((*key).min(meant), (*key).max(meant)));
        let pairs: BTreeSet<_> = self.written.keys().filter_map(pair).collect();
        pairs.into_iter().collect()
    }

    /// The identifiers one slip from this one; some twice.
    fn neighbours<'s>(
        &'s self,
        key: &IdentifierKey,
        one: &'s Written,
    ) -> impl Iterator<Item = IdentifierKey> + 's {
        let key = *key;
        let (least, most) = (IdentifierKey::from_bytes([0; 16]), IdentifierKey::from_bytes([255; 16]));
        slips(one.kind, &one.spelling)
            .into_iter()
            .flat_map(move |slip| self.by_slip.range((slip, least)..=(slip, most)).map(|(_, other)| *other))
            .filter(move |other| {
                let is_near = |two: &Written| two.kind == one.kind && is_slip(&one.spelling, &two.spelling);
                *other != key && self.written.get(other).is_some_and(is_near)
            })
    }
}

/// Nobody is printed: only how many there are.
impl std::fmt::Debug for Repairs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Repairs({} identifiers)", self.written.len())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use IdentifierKind::{Email, Phone};

    fn key(n: u8) -> IdentifierKey {
        IdentifierKey::from_bytes([n; 16])
    }

    #[test]
    fn short_addresses_are_not_looked_at() {
        let rules = Rules::default();
        let spelling = |rules: &Rules, text: &str| rules.spelling(&text.parse().unwrap()).is_some();
        assert!(spelling(&rules, "email:adalove@shop.example"));
        assert!(!spelling(&rules, "email:adalov@shop.example"));
        assert!(!spelling(&rules, "email:ada.lov@gmail.com"), "counted as it links");
        assert!(!spelling(&rules.with_repairs(false), "phone:+33612345678"));
    }

    #[test]
    fn who_is_near_two_is_neither() {
        let mut repairs = Repairs::default();
        repairs.insert(Phone, key(1), "33612345678", 9);
        repairs.insert(Phone, key(2), "33612345679", REPAIRED_SIGHTINGS_MAX);
        assert_eq!(repairs.pairs(), [(key(1), key(2))]);
        repairs.insert(Phone, key(2), "33612345679", REPAIRED_SIGHTINGS_MAX + 1);
        assert_eq!(repairs.pairs(), []);
        repairs.insert(Phone, key(2), "33612345679", 1);
        repairs.insert(Phone, key(3), "33612345670", 4);
        assert_eq!(repairs.meant_by(&key(2)), None);
        assert_eq!(repairs.near(&key(2)), [key(1), key(3)]);
        assert!(repairs.remove(&key(3)) && !repairs.remove(&key(3)));
        assert_eq!(repairs.meant_by(&key(2)), Some(key(1)));
        // A number is no address.
        repairs.insert(Email, key(4), "33612345677", 1);
        assert_eq!(repairs.near(&key(4)), []);
    }

    #[test]
    fn hashes_are_those_of_every_version() {
        assert_eq!(slips(Phone, ""), [fnv(Phone, &[])]);
        assert_eq!(fnv(Phone, &["a"]), fnv(Phone, &["", "a"]));
        assert_eq!(fnv(Phone, &["a"]), FNV_OF_PHONE_A);
    }

    /// Python: `h = 0xcbf29ce484222325; for b in b"phone\0a": h = (h ^ b) * 0x100000001b3 % 2**64`.
    const FNV_OF_PHONE_A: u64 = 0xda88_09a4_833d_0534;

    fn spellings() -> impl Strategy<Value = Vec<(bool, String, u32)>> {
        prop::collection::vec((any::<bool>(), "[ab\u{e9}]{2,5}", 1u32..3), 0..14)
    }

    /// All pairs, by comparing all with all.
    fn all_pairs(written: &[(bool, String, u32)]) -> Vec<(IdentifierKey, IdentifierKey)> {
        let mut pairs = BTreeSet::new();
        for (at, (kind, spelling, sightings)) in written.iter().enumerate() {
            let near: Vec<usize> = (0..written.len())
                .filter(|&other| {
                    written[other].0 == *kind && strsim::osa_distance(&written[other].1, spelling) == 1
                })
                .collect();
            if let ([other], true) = (&near[..], *sightings <= REPAIRED_SIGHTINGS_MAX) {
                pairs.insert((key(at.min(*other) as u8), key(at.max(*other) as u8)));
            }
        }
        pairs.into_iter().collect()
    }

    proptest! {
        #[test]
        fn pairs_are_those_of_comparing_all_with_all(
            written in spellings(),
            order in prop::collection::vec(any::<prop::sample::Index>(), 0..30),
        ) {
            let kind = |phone: bool| if phone { Phone } else { Email };
            let put = |repairs: &mut Repairs, at: usize| {
                let (phone, spelling, sightings) = &written[at];
                repairs.insert(kind(*phone), key(at as u8), spelling, *sightings);
            };
            let mut straight = Repairs::default();
            (0..written.len()).for_each(|at| put(&mut straight, at));
            prop_assert_eq!(straight.pairs(), all_pairs(&written));

            // Whatever comes and goes before, and in whatever order.
            let mut crooked = Repairs::default();
            for at in order.iter().filter(|_| !written.is_empty()).map(|at| at.index(written.len())) {
                if !crooked.remove(&key(at as u8)) {
                    put(&mut crooked, at);
                }
            }
            (0..written.len()).rev().for_each(|at| put(&mut crooked, at));
            prop_assert!(crooked == straight);
        }

        #[test]
        fn one_slip_leaves_a_text_in_common(one in "[ab\u{e9}]{0,6}", two in "[ab\u{e9}]{0,6}") {
            let in_common = slips(Email, &one).into_iter().any(|slip| slips(Email, &two).contains(&slip));
            prop_assert!(in_common || strsim::osa_distance(&one, &two) > 1);
            prop_assert_eq!(is_slip(&one, &two), strsim::osa_distance(&one, &two) == 1);
        }
    }
}
