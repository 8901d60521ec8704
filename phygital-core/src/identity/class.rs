//! What an identifier is good for: the class of its own neighbourhood.

use super::rules::Rules;
use crate::vocab::IdentifierKind;

/// What an identifier, in one of its epochs, is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Class {
    /// One person's, as far as anybody knows: it links.
    Normal,
    /// One person's at a time: it links within each epoch.
    Recycled {
        /// How many epochs it has, 2 at least.
        epochs: u8,
    },
    /// Several people's: it links nothing.
    Shared {
        /// The kind of the partners that are too many; of several, the strongest.
        partner: IdentifierKind,
        /// How many there are.
        count: u32,
        /// How many the rules allow.
        limit: u32,
    },
    /// So many people's that nobody counts: it links nothing.
    Crowded,
    /// Nobody's: its value is blocked, and links nothing.
    Junk,
}

impl Class {
    /// The class of an identifier in one epoch of `epochs`, by its distinct partners there: how many of each kind, over
    /// the sightings that use both. A kind that is not named has none.
    ///
    /// ```
    /// use phygital_core::identity::{Class, Rules};
    /// use phygital_core::vocab::IdentifierKind::{Email, Loyalty, Phone};
    /// let rules = Rules::default();
    /// assert_eq!(Class::of(&rules, Phone, 1, [(Loyalty, 1), (Email, 4)]), Class::Normal);
    /// let family = Class::of(&rules, Phone, 1, [(Loyalty, 2), (Email, 4)]);
    /// assert_eq!(family, Class::Shared { partner: Loyalty, count: 2, limit: 1 });
    /// ```
    #[must_use]
    pub fn of(
        rules: &Rules,
        kind: IdentifierKind,
        epochs: u8,
        partners: impl IntoIterator<Item = (IdentifierKind, u32)>,
    ) -> Class {
        let over = partners.into_iter().filter_map(|(partner, count)| {
            let limit = rules.limit(kind, partner)?;
            (count > limit).then_some(Class::Shared { partner, count, limit })
        });
        // The least is that of the strongest kind of partner.
        over.min().unwrap_or(if epochs > 1 { Class::Recycled { epochs } } else { Class::Normal })
    }

    /// Whether an identifier of this class links what it is seen with.
    #[must_use]
    pub fn links(self) -> bool {
        matches!(self, Class::Normal | Class::Recycled { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use IdentifierKind::{Card, Cookie, Crm, Device, Email, Loyalty, Phone};

    #[test]
    fn each_class_has_its_reason() {
        let rules = Rules::default();
        let class = |kind, epochs, partners: &[_]| Class::of(&rules, kind, epochs, partners.iter().copied());
        assert_eq!(class(Cookie, 1, &[]), Class::Normal);
        assert_eq!(class(Cookie, 3, &[(Email, 1)]), Class::Recycled { epochs: 3 });
        let shared = |partner, count, limit| Class::Shared { partner, count, limit };
        assert_eq!(class(Cookie, 3, &[(Email, 2)]), shared(Email, 2, 1));
        assert_eq!(class(Loyalty, 1, &[(Loyalty, 1)]), shared(Loyalty, 1, 0));
        assert_eq!(class(Phone, 1, &[(Email, 5), (Crm, 2), (Card, 100)]), shared(Crm, 2, 1));
        assert_eq!(class(Phone, 1, &[(Card, 100), (Email, 5)]), shared(Email, 5, 4));
        assert_eq!(class(Device, 1, &[(Email, 1), (Phone, 1), (Loyalty, 2), (Cookie, 99)]), Class::Normal);
    }

    #[test]
    fn shared_crowded_and_junk_link_nothing() {
        let shared = Class::Shared { partner: Email, count: 2, limit: 1 };
        assert!([Class::Normal, Class::Recycled { epochs: 2 }].into_iter().all(Class::links));
        assert!(![shared, Class::Crowded, Class::Junk].into_iter().any(Class::links));
    }
}
