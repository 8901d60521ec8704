//! What may link whom: blocked values, limits, strength.

use std::collections::{BTreeMap, BTreeSet};

use crate::vocab::{Identifier, IdentifierKey, IdentifierKind};

/// Why two identifiers are linked, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Basis {
    /// Somebody said that they are one person.
    Stated,
    /// An event names them together.
    Together,
}

/// The rules of deterministic identity: which values never link, and how many partners make an
/// identifier shared.
///
/// The defaults of the limits, by kind of the identifier (rows) and of its partners (columns):
///
/// | | loyalty, login, crm | phone, email | pos customer, card | device, cookie, tag visitor |
/// |---|---|---|---|---|
/// | loyalty, login, crm | 3 | 5 | 10 | none |
/// | phone, email, pos customer, card | 1 | 5 | 10 | none |
/// | device, cookie | 1 | 3 | 5 | 100 |
/// | tag visitor | 1 | 1 | 1 | 100 |
///
/// So a phone with two loyalty numbers is a family's; a tablet where two people logged in is the
/// household's; a loyalty card shown with six phone numbers is the cashier's.
#[derive(Debug, Clone)]
pub struct Rules {
    limits: BTreeMap<(IdentifierKind, IdentifierKind), u32>,
    blocked: BTreeSet<(IdentifierKind, String)>,
}

impl Default for Rules {
    fn default() -> Rules {
        let mut rules = Rules { limits: BTreeMap::new(), blocked: BTreeSet::new() };
        for kind in IdentifierKind::ALL {
            for partner in IdentifierKind::ALL {
                if let Some(most) = default_limit(kind, partner) {
                    rules.limits.insert((kind, partner), most);
                }
            }
        }
        for value in BLOCKED_EMAILS {
            rules.blocked.insert((IdentifierKind::Email, (*value).to_owned()));
        }
        for kind in IdentifierKind::ALL {
            for value in BLOCKED_WORDS {
                rules.blocked.insert((kind, (*value).to_owned()));
            }
        }
        rules
    }
}

/// The class of a kind in the table of limits.
fn default_limit(kind: IdentifierKind, partner: IdentifierKind) -> Option<u32> {
    use IdentifierKind::{Card, Cookie, Crm, Device, Email, Login, Loyalty, Phone, PosCustomer, TagVisitor};
    let row = match kind {
        Loyalty | Login | Crm => [Some(3), Some(5), Some(10), None],
        Phone | Email | PosCustomer | Card => [Some(1), Some(5), Some(10), None],
        Device | Cookie => [Some(1), Some(3), Some(5), Some(100)],
        TagVisitor => [Some(1), Some(1), Some(1), Some(100)],
    };
    match partner {
        Loyalty | Login | Crm => row[0],
        Phone | Email => row[1],
        PosCustomer | Card => row[2],
        Device | Cookie | TagVisitor => row[3],
    }
}

/// Addresses that cashiers and forms use when there is none.
const BLOCKED_EMAILS: &[&str] = &[
    "a@a.com",
    "asdf@asdf.com",
    "email@email.com",
    "info@example.com",
    "me@me.com",
    "mail@mail.com",
    "na@na.com",
    "no@email.com",
    "no@no.com",
    "noemail@noemail.com",
    "none@none.com",
    "noreply@example.com",
    "test@example.com",
    "test@test.com",
    "user@example.com",
    "x@x.com",
];

/// Texts that mean that there is no value, in lower case.
const BLOCKED_WORDS: &[&str] = &[
    "-",
    "0",
    "00000000-0000-0000-0000-000000000000",
    "anonymous",
    "guest",
    "n/a",
    "na",
    "nil",
    "none",
    "null",
    "test",
    "undefined",
    "unknown",
];

impl Rules {
    /// Sets how many partners of a kind an identifier of a kind may have before it counts as
    /// shared.
    pub fn with_limit(mut self, kind: IdentifierKind, partner: IdentifierKind, most: u32) -> Rules {
        self.limits.insert((kind, partner), most);
        self
    }

    /// Blocks a value: the brand's own switchboard, the shop's tablet.
    pub fn with_blocked(mut self, identifier: &Identifier) -> Rules {
        self.blocked.insert((identifier.kind(), identifier.value().to_ascii_lowercase()));
        self
    }

    /// How many partners of a kind an identifier of a kind may have; `None` for any number.
    pub fn limit(&self, kind: IdentifierKind, partner: IdentifierKind) -> Option<u32> {
        self.limits.get(&(kind, partner)).copied()
    }

    /// Whether a value names nobody: listed, or a phone number of one repeated digit.
    pub fn is_blocked(&self, identifier: &Identifier) -> bool {
        let value = identifier.value();
        // Almost no value has capitals, and the set owns its texts.
        let lower = value.to_ascii_lowercase();
        self.blocked.contains(&(identifier.kind(), lower))
            || (identifier.kind() == IdentifierKind::Phone && is_junk_number(value))
    }

    /// Whether an identifier with so many partners of each kind is shared.
    pub fn is_shared(&self, kind: IdentifierKind, partners: &BTreeMap<IdentifierKind, u32>) -> bool {
        partners.iter().any(|(partner, &count)| self.limit(kind, *partner).is_some_and(|most| count > most))
    }
}

/// A number whose last seven digits are one digit over and over.
fn is_junk_number(e164: &str) -> bool {
    let digits: Vec<u8> = e164.bytes().filter(u8::is_ascii_digit).collect();
    let Some(tail) = digits.len().checked_sub(7).map(|from| &digits[from..]) else { return false };
    tail.windows(2).all(|pair| pair[0] == pair[1])
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

    fn blocked(text: &str) -> bool {
        Rules::default().is_blocked(&text.parse().unwrap())
    }

    #[test]
    fn junk_is_blocked_and_people_are_not() {
        for junk in [
            "email:Test@Test.com",
            "phone:+15555555555",
            "phone:+33600000000",
            "login:NULL",
            "cookie:undefined",
        ] {
            assert!(blocked(junk), "{junk}");
        }
        for real in ["email:ada@shop.example", "phone:+33612345679", "login:nulla", "phone:+15105550101"] {
            assert!(!blocked(real), "{real}");
        }
        let own: Identifier = "phone:+33142000000".parse().unwrap();
        assert!(Rules::default().with_blocked(&own).is_blocked(&own));
    }

    #[test]
    fn limits_hold_at_and_past() {
        let rules = Rules::default();
        let partners = |count| BTreeMap::from([(IdentifierKind::Email, count)]);
        assert!(!rules.is_shared(IdentifierKind::Phone, &partners(5)));
        assert!(rules.is_shared(IdentifierKind::Phone, &partners(6)));
        let rules = rules.with_limit(IdentifierKind::Phone, IdentifierKind::Email, 6);
        assert!(!rules.is_shared(IdentifierKind::Phone, &partners(6)));
        assert!(
            !rules.is_shared(IdentifierKind::Loyalty, &BTreeMap::from([(IdentifierKind::Cookie, 10_000)]))
        );
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
