//! What tells at a glance that two values differ, without a look at their texts.

use super::compare::{ALIKE, PLACE, SPELLING, area};
use super::field::FieldKind;
use super::keys::hash;
use super::nicknames;
use super::similarity::likeness_at_most;

/// A value in 64 bits. What they hold depends on the kind of its field; 0 says nothing.
///
/// Of words: which letters, how many signs, of a given name the names that it may stand for, a bit each by their hashes, and
/// of an email address a hash of the part before the `@`. Of numbers: how often each digit, and hashes of the parts that may agree alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark(u64);

/// Longest value that has a mark, in bytes.
const LONGEST: usize = 63;

/// The first of the bits for the names that a given name may stand for, which go to the last.
const FULL: u32 = 38;

impl Mark {
    pub(super) fn of(kind: FieldKind, value: &str) -> Self {
        if !value.is_ascii() || value.len() > LONGEST || value.is_empty() {
            return Self(0);
        }
        let few = |part: &str, bits: u32| hash(part.as_bytes()) >> (64 - bits);
        match kind {
            FieldKind::GivenName
            | FieldKind::Surname
            | FieldKind::Street
            | FieldKind::Place
            | FieldKind::Email => {
                let signs = value.bytes().fold(0_u64, |signs, sign| signs | 1 << (sign & 31));
                let mark = signs | (value.len() as u64) << 32;
                match kind {
                    // An initial is looked at.
                    FieldKind::GivenName | FieldKind::Surname | FieldKind::Street if value.len() == 1 => {
                        Self(0)
                    }
                    FieldKind::GivenName => {
                        let bit =
                            |name: &&str| 1 << (FULL + (hash(name.as_bytes()) % u64::from(64 - FULL)) as u32);
                        Self(nicknames::full(value).iter().map(bit).fold(mark, |mark, bit: u64| mark | bit))
                    }
                    FieldKind::Email => {
                        Self(mark | few(value.split('@').next().unwrap_or_default(), 24) << 40)
                    }
                    _ => Self(mark),
                }
            }
            FieldKind::Date | FieldKind::Number | FieldKind::Postcode => {
                let digits = value.bytes().fold(0_u64, |digits, sign| {
                    let at = 4 * u32::from(sign % 10);
                    // The last count stands for all above it, and so does one less than they are.
                    if digits >> at & 15 == 15 { digits } else { digits + (1 << at) }
                });
                let parts = match kind {
                    FieldKind::Date => {
                        few(value.get(..4).unwrap_or(value), 12) << 12
                            | few(value.get(4..).unwrap_or(value), 12)
                    }
                    FieldKind::Postcode => few(area(value).0, 12) << 12 | few(area(value).1, 12),
                    _ => 0,
                };
                Self(digits | parts << 40)
            }
            FieldKind::Category | FieldKind::Words => Self(0),
        }
    }

    /// Whether two values, which are not equal, surely agree at level 0.
    pub(super) fn differs(self, other: Self, kind: FieldKind) -> bool {
        if self.0 == 0 || other.0 == 0 {
            return kind == FieldKind::Category;
        }
        let parts_differ = |first: u32, bits: u32| (self.0 ^ other.0) >> first & ((1 << bits) - 1) != 0;
        match kind {
            FieldKind::GivenName if self.may_stand_for_one(other) => false,
            FieldKind::GivenName | FieldKind::Surname | FieldKind::Street => self.likeness(other) < ALIKE,
            FieldKind::Place => {
                let (one, two) = (self.0 as u32, other.0 as u32);
                one & !two != 0 && two & !one != 0 && self.likeness(other) < PLACE
            }
            FieldKind::Email => parts_differ(40, 24) && self.likeness(other) < SPELLING,
            FieldKind::Date => parts_differ(40, 12) && parts_differ(52, 12) && self.slips(other) > 2,
            FieldKind::Postcode => parts_differ(40, 12) && parts_differ(52, 12) && self.slips(other) > 1,
            FieldKind::Number => self.slips(other) > 2,
            FieldKind::Category | FieldKind::Words => true,
        }
    }

    /// Whether two given names, which are not equal, may stand for one name.
    pub(super) fn may_stand_for_one(self, other: Self) -> bool {
        self.0 == 0 || other.0 == 0 || (self.0 & other.0) >> FULL != 0
    }

    /// At most how alike.
    fn likeness(self, other: Self) -> f64 {
        let length = |mark: Self| (mark.0 >> 32 & 63) as usize;
        likeness_at_most((self.0 as u32, length(self)), (other.0 as u32, length(other)), 4)
    }

    /// At least how many slips: one changes no more than one sign into another.
    fn slips(self, other: Self) -> u64 {
        let (mut more, mut less) = (0, 0);
        for at in 0..10 {
            let (one, two) = (self.0 >> (4 * at) & 15, other.0 >> (4 * at) & 15);
            more += one.saturating_sub(two);
            less += two.saturating_sub(one);
        }
        more.max(less)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::compare::level;
    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn what_differs_at_a_glance_differs(
            one in "[a-e]{1,9}|[0-9]{1,8}|[0-3]{8}|(bob|robert|bill|will|b)|[a-c]{1,4}@[a-c]{1,3}|[ab]{1,2}[1-3]{1,2} [1-2][ab]|[a-z]{14}",
            two in "[a-e]{1,9}|[0-9]{1,8}|[0-3]{8}|(bob|robert|bill|will|b)|[a-c]{1,4}@[a-c]{1,3}|[ab]{1,2}[1-3]{1,2} [1-2][ab]|[a-z]{14}",
        ) {
            for kind in FieldKind::COMPARED {
                let (one, two) = (kind.normal(&one), kind.normal(&two));
                if one.is_empty() || two.is_empty() || one == two { continue; }
                let (first, second) = (Mark::of(kind, &one), Mark::of(kind, &two));
                prop_assert_eq!(first.differs(second, kind), second.differs(first, kind));
                prop_assert!(!first.differs(second, kind) || level(kind, &one, &two) == 0, "{:?} {} {}", kind, one, two);
            }
        }
    }

    #[test]
    fn most_others_differ_at_a_glance() {
        for (kind, one, two) in [
            (FieldKind::Surname, "lovelace", "hopper"),
            (FieldKind::Date, "18151210", "19061209"),
            (FieldKind::Number, "14155550100", "12127778899"),
            (FieldKind::Email, "ada@example.com", "grace.hopper@example.org"),
            (FieldKind::Place, "london", "new york"),
        ] {
            assert!(Mark::of(kind, one).differs(Mark::of(kind, two), kind), "{kind:?}");
        }
    }
}
