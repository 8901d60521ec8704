//! Contacts that somebody knows by a hash alone, and the hashes under which others may know a clear one.

use std::fmt;

use ring::digest::{SHA256, digest};

use crate::vocab::hex;
use crate::vocab::{Identifier, IdentifierKey, IdentifierKind, TenantKey};

/// SHA-256 of an email address or a phone number, as advertising and partner systems exchange them.
///
/// A hash of a phone number is as good as the number to whoever tries them all, so it counts as personal data: it is kept
/// sealed, met by its key, and `Debug` prints its kind alone.
///
/// | kind | forms that are hashed | customary with |
/// |---|---|---|
/// | email | white space around it cut off, lower case | all |
/// | email | the same with the rules of Gmail ([`mailbox`]) | Google's enhanced conversions, UID2 |
/// | phone | E.164 with its "+" | Google, UID2 |
/// | phone | E.164 without "+" | Meta |
///
/// ```
/// use phygital_core::identity::evidence::HashedContact;
/// let phone = "phone:+33612345678".parse()?;
/// let known = HashedContact::from_hex(
///     "phone".parse()?,
///     "42d573cfc315801d4cd8eddd5416b416a0bf298b9b9e12d6b07442c91db42bd8",
/// )?;
/// assert!(HashedContact::forms(&phone).contains(&known));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HashedContact {
    kind: IdentifierKind,
    hash: [u8; 32],
}

/// Why something is no [`HashedContact`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HashedContactError {
    /// Of a kind that is not hashed.
    #[error("expected phone or email")]
    Kind,
    /// No SHA-256.
    #[error("expected 64 hexadecimal digits")]
    Hash,
}

impl HashedContact {
    /// A phone number by its hash.
    pub const fn phone(hash: [u8; 32]) -> HashedContact {
        HashedContact { kind: IdentifierKind::Phone, hash }
    }

    /// An email address by its hash.
    pub const fn email(hash: [u8; 32]) -> HashedContact {
        HashedContact { kind: IdentifierKind::Email, hash }
    }

    /// A contact of that kind by its hash.
    ///
    /// # Errors
    /// A kind other than phone and email.
    pub fn new(kind: IdentifierKind, hash: [u8; 32]) -> Result<HashedContact, HashedContactError> {
        if kind.is_contact_point() { Ok(HashedContact { kind, hash }) } else { Err(HashedContactError::Kind) }
    }

    /// Reads 64 hexadecimal digits of either case, white space around them cut off.
    ///
    /// # Errors
    /// A kind other than phone and email, or another text.
    pub fn from_hex(kind: IdentifierKind, text: &str) -> Result<HashedContact, HashedContactError> {
        let hash = hex::decode(text.trim().as_bytes()).map_err(|_| HashedContactError::Hash)?;
        HashedContact::new(kind, hash)
    }

    /// The kind: phone or email.
    pub fn kind(&self) -> IdentifierKind {
        self.kind
    }

    /// The hash. Personal data.
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// The key under which the tenant's evidence meets it.
    pub fn key(&self, tenant: &TenantKey) -> IdentifierKey {
        // A control character begins no kind of identifier, and a hash has one length, so nothing runs together.
        let mut name = Vec::with_capacity(48);
        name.extend_from_slice(b"\0sha256\0");
        name.extend_from_slice(self.kind.name().as_bytes());
        name.push(0);
        name.extend_from_slice(&self.hash);
        let digest = tenant.digest(&name);
        IdentifierKey::from_bytes(digest.as_bytes()[..16].try_into().expect("32 bytes"))
    }

    /// The hashes under which others may know a contact, each once; none of what is no contact.
    pub fn forms(identifier: &Identifier) -> Vec<HashedContact> {
        let value = identifier.value();
        let of = |text: &str| HashedContact { kind: identifier.kind(), hash: sha256(text) };
        match identifier.kind() {
            IdentifierKind::Phone => vec![of(value), of(value.trim_start_matches('+'))],
            IdentifierKind::Email => {
                let plain = [Some(of(value)), mailbox(value).map(|gmail| of(&gmail))];
                plain.into_iter().flatten().collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The one address of a Gmail mailbox, where `email` is another of its spellings: Gmail reads no dots, nothing from a "+"
/// on, and `googlemail.com` as `gmail.com`. `None` for an address that is spelled so already or is none of Gmail's.
pub fn mailbox(email: &str) -> Option<String> {
    let (local, domain) = email.rsplit_once('@')?;
    if !matches!(domain, "gmail.com" | "googlemail.com") || local.starts_with('"') {
        return None;
    }
    let name = local.split('+').next().unwrap_or_default();
    let plain: String = name.chars().filter(|sign| *sign != '.').collect();
    let address = format!("{plain}@gmail.com");
    (!plain.is_empty() && address != email).then_some(address)
}

fn sha256(text: &str) -> [u8; 32] {
    digest(&SHA256, text.as_bytes()).as_ref().try_into().expect("SHA-256 has 32 bytes")
}

impl fmt::Debug for HashedContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HashedContact({}, elided)", self.kind)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_gmail_mailbox_has_one_address() {
        for (spelled, address) in [
            ("a.da@gmail.com", Some("ada@gmail.com")),
            ("ada+shop@gmail.com", Some("ada@gmail.com")),
            ("a.d.a+x+y@googlemail.com", Some("ada@gmail.com")),
            ("ada@googlemail.com", Some("ada@gmail.com")),
            ("ada@gmail.com", None),
            ("a.da@shop.example", None),
            ("ada@mail.gmail.com", None),
            ("+x@gmail.com", None),
            ("\"a.b\"@gmail.com", None),
            ("ada", None),
        ] {
            assert_eq!(mailbox(spelled).as_deref(), address, "{spelled}");
        }
    }

    #[test]
    fn what_is_no_hash_of_a_contact_is_refused() {
        let digits = "AB".repeat(32);
        let email = HashedContact::from_hex(IdentifierKind::Email, &format!(" {digits} ")).unwrap();
        assert_eq!(email, HashedContact::email([0xAB; 32]));
        assert_ne!(email, HashedContact::phone([0xAB; 32]));
        let read = |kind, text: &str| HashedContact::from_hex(kind, text);
        assert_eq!(read(IdentifierKind::Crm, &digits), Err(HashedContactError::Kind));
        assert_eq!(read(IdentifierKind::Email, &digits[1..]), Err(HashedContactError::Hash));
        assert_eq!(read(IdentifierKind::Email, "ada@shop.example"), Err(HashedContactError::Hash));
    }

    #[test]
    fn a_hash_is_another_key_in_another_kind_or_tenant() {
        let (one, two) = (TenantKey::new(&[1; 32]), TenantKey::new(&[2; 32]));
        let (email, phone) = (HashedContact::email([7; 32]), HashedContact::phone([7; 32]));
        assert_ne!(email.key(&one), phone.key(&one));
        assert_ne!(email.key(&one), email.key(&two));
        assert_eq!(format!("{email:?}"), "HashedContact(email, elided)");
    }
}
