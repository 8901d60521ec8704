//! The customer card: what may be shown of a profile, to whom, and why not the rest.

use std::fmt;

use serde::Serialize;

use super::Profile;
use super::content::CardContent;
use super::rank::Rank;
use super::role::Role;
use crate::consent::{Decision, Reason};
use crate::vocab::{CustomerId, EventKey, Timestamp};

/// Whether showing the profile is permitted: made from consent's [`Decision`] on
/// [`Purpose::Personalization`](crate::vocab::Purpose). There is no card without one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a permission is given or it is not")]
pub enum Permission {
    /// It is, and these events prove it.
    Granted {
        /// The consents it rests on; none where the law asks for none.
        proofs: Vec<EventKey>,
    },
    /// It is not.
    Refused {
        /// Why.
        reasons: Vec<Reason>,
    },
}

/// What a card is asked for with. `Debug` prints no identifier.
#[derive(Clone)]
#[non_exhaustive]
pub struct CardRequest {
    /// Whose card.
    pub customer: CustomerId,
    /// Who looks.
    pub role: Role,
    /// When she looks.
    pub now: Timestamp,
    /// Whether she may, for the purpose of personalization.
    pub permission: Permission,
    /// The customer's rank in her [main currency](Profile::main_currency).
    pub rank: Option<Rank>,
    /// Her identifiers, [masked](crate::vocab::Identifier::masked).
    pub identifiers: Vec<String>,
}

/// What may be shown of a customer. Only [`card`] makes one, and only a [`Permission::Granted`]
/// fills it. `Debug` prints no content.
///
/// ```compile_fail,E0451
/// use phygital_core::profile::CustomerCard;
/// fn filled(withheld: CustomerCard) -> CustomerCard {
///     CustomerCard { content: None, ..withheld }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CustomerCard {
    customer: CustomerId,
    role: Role,
    as_of: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    withheld: Option<Vec<Reason>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Box<CardContent>>,
}

impl From<&Decision> for Permission {
    fn from(decision: &Decision) -> Permission {
        if decision.allowed {
            Permission::Granted { proofs: decision.proofs.clone() }
        } else {
            Permission::Refused { reasons: decision.reasons.clone() }
        }
    }
}

impl CardRequest {
    /// A request without rank and identifiers.
    pub fn new(customer: CustomerId, role: Role, now: Timestamp, permission: Permission) -> CardRequest {
        CardRequest { customer, role, now, permission, rank: None, identifiers: Vec::new() }
    }
}

impl fmt::Debug for CardRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (customer, role, permission) = (&self.customer, &self.role, &self.permission);
        write!(
            f,
            "CardRequest({customer:?}, {role:?}, {permission:?}, {} identifiers)",
            self.identifiers.len()
        )
    }
}

impl CustomerCard {
    /// Whose card it is.
    pub fn customer(&self) -> CustomerId {
        self.customer
    }

    /// For whom it was made.
    pub fn role(&self) -> Role {
        self.role
    }

    /// When it was made.
    pub fn as_of(&self) -> Timestamp {
        self.as_of
    }

    /// What may be shown; none where it is withheld.
    pub fn content(&self) -> Option<&CardContent> {
        self.content.as_deref()
    }

    /// Why nothing may be shown; none where something may.
    pub fn withheld(&self) -> Option<&[Reason]> {
        self.withheld.as_deref()
    }
}

/// The card of a customer: all that the role may see where it is permitted, else nothing but the
/// reasons why not.
pub fn card(profile: &Profile, request: &CardRequest) -> CustomerCard {
    let (withheld, content) = match &request.permission {
        Permission::Granted { proofs } => (None, Some(Box::new(CardContent::of(profile, request, proofs)))),
        Permission::Refused { reasons } => (Some(reasons.clone()), None),
    };
    CustomerCard { customer: request.customer, role: request.role, as_of: request.now, withheld, content }
}
