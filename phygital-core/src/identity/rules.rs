//! What may link whom: limits, blocked values, what is put right.

use std::borrow::Cow;

use super::blocked::Blocked;
use super::evidence::mailbox;
use super::names::Name;
use super::sighting::Details;
use crate::vocab::{Identifier, IdentifierKey, IdentifierKind, SourceId};

/// How many kinds of identifier there are.
const KINDS: usize = IdentifierKind::ALL.len();

/// The rules of deterministic identity: which values never link, how many partners make an identifier shared, how many
/// identifiers one person has.
///
/// The defaults of [`Rules::limit`], by kind of the identifier (rows) and of its partners (columns), other ones of its own
/// kind included:
///
/// | | loyalty, login | crm | phone | email | pos customer | card | device | cookie, tag visitor |
/// |---|---|---|---|---|---|---|---|---|
/// | loyalty, login | 2, its own kind 0 | 1 | 3 | 4 | 6 | 9 | 99 | 999 |
/// | crm | 4 | 1 | 9 | 9 | 12 | 20 | 99 | 999 |
/// | phone, email | 1 | 1 | 4 | 4 | 8 | 99 | 99 | 999 |
/// | pos customer | 2 | 1 | 3 | 3 | 8 | 9 | 99 | 999 |
/// | card | 2 | 1 | 3 | 2 | 2 | 9 | 99 | 999 |
/// | device | loyalty 2, login 1 | 1 | 1 | 1 | 5 | 9 | 99 | 99 |
/// | cookie | 1 | 1 | 2 | 1 | 5 | 9 | 99 | 99 |
/// | tag visitor | 1 | 1 | 1 | 1 | 1 | 1 | 99 | 99 |
///
/// So a phone with two loyalty numbers is a family's; a tablet where two people gave their address is the household's; a
/// loyalty card swiped beside another is the cashier's. Since every pair of kinds has a limit, what is not shared has a
/// bounded number of partners.
///
/// The defaults of [`Rules::per_profile`]: crm 1, loyalty 2, login 2, phone 3, email 3, pos customer 5, card 9, device 12,
/// cookie 60, tag visitor 60.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    pub(super) limits: [[Option<u32>; KINDS]; KINDS],
    pub(super) per_profile: [Option<u32>; KINDS],
    pub(super) blocked: Blocked,
    pub(super) gmail: bool,
    pub(super) repairs: bool,
    pub(super) names: bool,
    pub(super) births: bool,
    pub(super) holders: u32,
    pub(super) recycled_after_days: u32,
    pub(super) household: HouseholdLimits,
    pub(super) sources: Vec<SourceId>,
}

/// When profiles are one household.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "part of the rules, written as a whole")]
pub struct HouseholdLimits {
    /// Most profiles that may share an identifier of a household. What more hold is a shop's or an office's.
    pub holders: u32,
    /// Most profiles of a household. What is larger is an institution: an office, a dormitory.
    pub profiles: u32,
}

impl Default for Rules {
    fn default() -> Rules {
        let limit = |kind, partner| Some(default_limit(kind, partner));
        Rules {
            limits: IdentifierKind::ALL.map(|kind| IdentifierKind::ALL.map(|partner| limit(kind, partner))),
            per_profile: IdentifierKind::ALL.map(|kind| Some(default_per_profile(kind))),
            blocked: Blocked::default(),
            gmail: true,
            repairs: true,
            names: true,
            births: true,
            holders: 4,
            recycled_after_days: 45,
            household: HouseholdLimits { holders: 6, profiles: 12 },
            sources: Vec::new(),
        }
    }
}

/// The table of limits.
fn default_limit(kind: IdentifierKind, partner: IdentifierKind) -> u32 {
    use IdentifierKind::{Card, Cookie, Crm, Device, Email, Login, Loyalty, Phone, PosCustomer, TagVisitor};
    // In the order of the kinds: loyalty, login, crm, phone, email, pos customer, card, device, cookie, tag visitor.
    let row = match kind {
        Loyalty => [0, 2, 1, 3, 4, 6, 9, 99, 999, 999],
        Login => [2, 0, 1, 3, 4, 6, 9, 99, 999, 999],
        Crm => [4, 4, 1, 9, 9, 12, 20, 99, 999, 999],
        Phone | Email => [1, 1, 1, 4, 4, 8, 99, 99, 999, 999],
        PosCustomer => [2, 2, 1, 3, 3, 8, 9, 99, 999, 999],
        Card => [2, 2, 1, 3, 2, 2, 9, 99, 999, 999],
        Device => [2, 1, 1, 1, 1, 5, 9, 99, 99, 99],
        Cookie => [1, 1, 1, 2, 1, 5, 9, 99, 99, 99],
        TagVisitor => [1, 1, 1, 1, 1, 1, 1, 99, 99, 99],
    };
    row[partner as usize]
}

fn default_per_profile(kind: IdentifierKind) -> u32 {
    use IdentifierKind::{Card, Cookie, Crm, Device, Email, Login, Loyalty, Phone, PosCustomer, TagVisitor};
    match kind {
        Crm => 1,
        Loyalty | Login => 2,
        Phone | Email => 3,
        PosCustomer => 5,
        Card => 9,
        Device => 12,
        Cookie | TagVisitor => 60,
    }
}

impl Rules {
    /// Sets how many partners of a kind an identifier of a kind may have before it counts as shared.
    #[must_use]
    pub fn with_limit(mut self, kind: IdentifierKind, partner: IdentifierKind, most: u32) -> Rules {
        self.limits[kind as usize][partner as usize] = Some(most);
        self
    }

    /// Sets how many identifiers of a kind one person may have.
    #[must_use]
    pub fn with_per_profile(mut self, kind: IdentifierKind, most: u32) -> Rules {
        self.per_profile[kind as usize] = Some(most);
        self
    }

    /// Blocks a value: the brand's own switchboard, the shop's tablet.
    #[must_use]
    pub fn with_blocked(mut self, identifier: &Identifier) -> Rules {
        self.blocked.add(identifier);
        self
    }

    /// Sets whether addresses of Gmail are compared without dots and tags.
    #[must_use]
    pub fn with_gmail(mut self, on: bool) -> Rules {
        self.gmail = on;
        self
    }

    /// Sets whether an identifier seen hardly ever is taken for a typing error of another.
    #[must_use]
    pub fn with_repairs(mut self, on: bool) -> Rules {
        self.repairs = on;
        self
    }

    /// Sets whether names tell people apart.
    #[must_use]
    pub fn with_names(mut self, on: bool) -> Rules {
        self.names = on;
        self
    }

    /// Sets whether dates of birth tell people apart.
    #[must_use]
    pub fn with_births(mut self, on: bool) -> Rules {
        self.births = on;
        self
    }

    /// Sets when profiles are one household.
    #[must_use]
    pub fn with_household(mut self, household: HouseholdLimits) -> Rules {
        self.household = household;
        self
    }

    /// How many partners of a kind an identifier of a kind may have; `None` for any number.
    #[must_use]
    pub fn limit(&self, kind: IdentifierKind, partner: IdentifierKind) -> Option<u32> {
        self.limits[kind as usize][partner as usize]
    }

    /// How many identifiers of a kind one person may have; `None` for any number.
    #[must_use]
    pub fn per_profile(&self, kind: IdentifierKind) -> Option<u32> {
        self.per_profile[kind as usize]
    }

    /// Whether a value names nobody: listed, a word that means nothing, a number of one digit, the zero advertising id.
    #[must_use]
    pub fn is_blocked(&self, identifier: &Identifier) -> bool {
        self.blocked.is_value(identifier)
    }

    /// The identifier as it links: an address of Gmail without dots and tags, where the rules say so; any other as it is.
    ///
    /// ```
    /// use phygital_core::identity::Rules;
    /// let (one, two) = ("email:a.da+shop@googlemail.com".parse()?, "email:ada@gmail.com".parse()?);
    /// assert_eq!(Rules::default().linking_value(&one), Rules::default().linking_value(&two));
    /// assert_ne!(Rules::default().with_gmail(false).linking_value(&one).value(), "ada@gmail.com");
    /// # Ok::<(), phygital_core::vocab::IdentifierError>(())
    /// ```
    #[must_use]
    pub fn linking_value<'i>(&self, identifier: &'i Identifier) -> Cow<'i, Identifier> {
        if !self.gmail || identifier.kind() != IdentifierKind::Email {
            return Cow::Borrowed(identifier);
        }
        match mailbox(identifier.value()) {
            Some(plain) => Cow::Owned(Identifier::from_normal(IdentifierKind::Email, &plain)),
            None => Cow::Borrowed(identifier),
        }
    }

    /// The name that a record may be compared by; `None` where it says too little, is blocked, or names do not count.
    #[must_use]
    pub fn name<'d>(&self, details: &'d Details) -> Option<Name<'d>> {
        if !self.names {
            return None;
        }
        Name::of(details).filter(|name| !self.blocked.is_name(name))
    }

    /// The date of birth that a record may be compared by; `None` where it has none, it is blocked, or dates of birth do
    /// not count.
    #[must_use]
    pub fn birth<'d>(&self, details: &'d Details) -> Option<&'d str> {
        let birth = details.birthday.as_deref().filter(|birth| !birth.is_empty());
        birth.filter(|birth| self.births && !self.blocked.is_birth(birth))
    }

    /// Whether the name that a record gives is nobody's: "cash customer", "test". Such a name matches no other.
    #[must_use]
    pub fn is_nobody(&self, details: &Details) -> bool {
        Name::of(details).is_some_and(|name| self.blocked.is_name(&name))
    }

    /// Whether a date of birth, digits alone, is nobody's: what a form has where none was given.
    #[must_use]
    pub fn is_nobodys_birth(&self, birth: &str) -> bool {
        self.blocked.is_birth(birth)
    }

    /// Whether an identifier seen hardly ever is taken for a typing error of another.
    #[must_use]
    pub fn repairs(&self) -> bool {
        self.repairs
    }

    /// To how many profiles a shared identifier may belong for what names it alone to go to the one that uses it most.
    #[must_use]
    pub fn holders(&self) -> u32 {
        self.holders
    }

    /// For how many days nobody uses an identifier before it is somebody else's. Telephone numbers rest for 45 days at
    /// least before they are given out again (47 CFR 52.15(f)(1)(ii) allows up to 90).
    #[must_use]
    pub fn recycled_after_days(&self) -> u32 {
        self.recycled_after_days
    }

    /// When profiles are one household.
    #[must_use]
    pub fn household(&self) -> HouseholdLimits {
        self.household
    }

    /// The place of a source among those that are trusted, 0 for the most trusted; those that are not listed come last
    /// together.
    #[must_use]
    pub fn source_rank(&self, source: &SourceId) -> usize {
        self.sources.iter().position(|one| one == source).unwrap_or(self.sources.len())
    }
}

/// The identifier that an event belongs to: the strongest that is not shared, else the strongest.
///
/// The customer of an event is the customer of its primary identifier. `None` where every
/// identifier is blocked, which the caller has left out.
pub fn primary(
    identifiers: impl IntoIterator<Item = (IdentifierKey, IdentifierKind, bool)>,
) -> Option<IdentifierKey> {
    let rank = |&(key, kind, shared): &(IdentifierKey, IdentifierKind, bool)| (shared, kind, key);
    identifiers.into_iter().min_by_key(rank).map(|(key, ..)| key)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn limits_hold_at_and_past() {
        use crate::identity::Class;
        use IdentifierKind::{Cookie, Email, Loyalty, Phone};
        let rules = Rules::default();
        let links = |rules: &Rules, kind, partner| Class::of(rules, kind, 1, [partner]).links();
        assert!(links(&rules, Phone, (Email, 4)));
        assert!(!links(&rules, Phone, (Email, 5)));
        let rules = rules.with_limit(Phone, Email, 6);
        assert!(links(&rules, Phone, (Email, 6)));
        assert!(links(&rules, Loyalty, (Cookie, 999)));
        assert!(!links(&rules, Loyalty, (Cookie, 1_000)));
    }

    #[test]
    fn the_table_of_the_manual_is_true() {
        use IdentifierKind::{Card, Cookie, Crm, Device, Email, Loyalty, Phone, PosCustomer};
        let rules = Rules::default();
        for (kind, partner, most) in [
            (Loyalty, Loyalty, 0),
            (Loyalty, Email, 4),
            (Phone, Crm, 1),
            (Email, Loyalty, 1),
            (Card, PosCustomer, 2),
            (Card, Phone, 3),
            (Device, Email, 1),
            (Cookie, Phone, 2),
        ] {
            assert_eq!(rules.limit(kind, partner), Some(most), "{kind} {partner}");
        }
        assert_eq!(rules.per_profile(Crm), Some(1));
        assert_eq!(rules.with_per_profile(Crm, 2).per_profile(Crm), Some(2));
    }

    #[test]
    fn gmail_is_one_mailbox_however_it_is_dotted() {
        let rules = Rules::default();
        let plain = |text: &str| {
            let identifier: Identifier = text.parse().unwrap();
            rules.linking_value(&identifier).value().to_owned()
        };
        assert_eq!(plain("email:A.D.A+till@GMail.com"), "ada@gmail.com");
        assert_eq!(plain("email:ada@googlemail.com"), "ada@gmail.com");
        assert_eq!(plain("email:a.da+x@shop.example"), "a.da+x@shop.example");
        assert_eq!(plain("email:+x@gmail.com"), "+x@gmail.com");
        assert_eq!(plain("login:a.da@gmail.com"), "a.da@gmail.com");
    }

    #[test]
    fn an_event_belongs_to_its_strongest_unshared_identifier() {
        let key = |n| IdentifierKey::from_bytes([n; 16]);
        let phone = (key(1), IdentifierKind::Phone, true);
        let cookie = (key(2), IdentifierKind::Cookie, false);
        assert_eq!(primary([phone, cookie]), Some(key(2)));
        assert_eq!(primary([phone]), Some(key(1)));
        assert_eq!(primary([]), None);
    }
}
