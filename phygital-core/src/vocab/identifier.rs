//! Identifiers: what a shop knows a person, a browser or a thing by.

use std::fmt;
use std::str::FromStr;

use email_address::EmailAddress;
use ring::hmac;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat};
use serde::{Deserialize, Serialize};

use super::ids::{Digest, IdentifierKey};
use super::limits::IDENTIFIER_BYTES_MAX;

/// The kinds of identifier, strongest first: a loyalty number names one person, a browser's cookie
/// hardly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IdentifierKind {
    /// Number of a loyalty programme.
    Loyalty,
    /// Account at the web shop or app (Segment's `userId`).
    Login,
    /// Key in the customer database of the brand.
    Crm,
    /// Phone number, E.164.
    Phone,
    /// E-mail address.
    Email,
    /// Customer key of a till's vendor. Means nothing to another vendor, so the value names its own: `pos_a:1042`.
    PosCustomer,
    /// Token of a payment card, as the acquirer gives it.
    Card,
    /// Phone, tablet or other device.
    Device,
    /// Browser (Segment's `anonymousId`).
    Cookie,
    /// Somebody who tapped a tag and said nothing of herself.
    TagVisitor,
}

impl IdentifierKind {
    /// Every kind, strongest first.
    pub const ALL: [IdentifierKind; 10] = [
        IdentifierKind::Loyalty,
        IdentifierKind::Login,
        IdentifierKind::Crm,
        IdentifierKind::Phone,
        IdentifierKind::Email,
        IdentifierKind::PosCustomer,
        IdentifierKind::Card,
        IdentifierKind::Device,
        IdentifierKind::Cookie,
        IdentifierKind::TagVisitor,
    ];

    /// The kind's name in JSON and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            IdentifierKind::Loyalty => "loyalty",
            IdentifierKind::Login => "login",
            IdentifierKind::Crm => "crm",
            IdentifierKind::Phone => "phone",
            IdentifierKind::Email => "email",
            IdentifierKind::PosCustomer => "pos_customer",
            IdentifierKind::Card => "card",
            IdentifierKind::Device => "device",
            IdentifierKind::Cookie => "cookie",
            IdentifierKind::TagVisitor => "tag_visitor",
        }
    }

    /// Whether a message can be sent to it: phone numbers and e-mail addresses.
    pub fn is_contact_point(self) -> bool {
        matches!(self, IdentifierKind::Phone | IdentifierKind::Email)
    }

    /// Whether the brand hands it to one person: loyalty number, login, customer key.
    pub fn is_personal(self) -> bool {
        matches!(self, IdentifierKind::Loyalty | IdentifierKind::Login | IdentifierKind::Crm)
    }
}

impl FromStr for IdentifierKind {
    type Err = IdentifierError;
    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        IdentifierKind::ALL.into_iter().find(|kind| kind.name() == text).ok_or(IdentifierError::UnknownKind)
    }
}

impl fmt::Display for IdentifierKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a value is no identifier of its kind. Never holds the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentifierError {
    /// No such kind.
    #[error(
        "expected a kind of identifier: loyalty, login, crm, phone, email, pos_customer, card, device, cookie or tag_visitor"
    )]
    UnknownKind,
    /// Nothing but white space.
    #[error("expected a value that is not empty")]
    Empty,
    /// Longer than [`IDENTIFIER_BYTES_MAX`].
    #[error("expected at most {IDENTIFIER_BYTES_MAX} bytes")]
    TooLong,
    /// A control character within.
    #[error("expected no control characters")]
    Control,
    /// No phone number, or one without a country.
    #[error("expected a phone number in international form such as +33612345678")]
    Phone,
    /// No e-mail address (RFC 5322).
    #[error("expected an e-mail address such as ada@shop.example")]
    Email,
}

/// An identifier: a kind and a value in the kind's normal form.
///
/// Equal identifiers are the same bytes, however they were typed. Normal forms:
///
/// | kind | form | rule |
/// |---|---|---|
/// | phone | E.164 | ITU-T E.164 with the metadata of libphonenumber; a length possible for its country |
/// | email | lower case | syntax of RFC 5322; compared without regard to case, as every mailbox does |
/// | others | as given, outer white space removed | opaque to us |
///
/// `Debug` prints the kind and length only.
///
/// ```
/// use phygital_core::vocab::{Identifier, IdentifierKind};
/// let typed = Identifier::new(IdentifierKind::Phone, "+33 6 12 34 56 78")?;
/// assert_eq!(typed, "phone:+33612345678".parse()?);
/// assert_eq!(typed.value(), "+33612345678");
/// # Ok::<(), phygital_core::vocab::IdentifierError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier {
    kind: IdentifierKind,
    value: Box<str>,
}

impl Identifier {
    /// Brings a value into the normal form of its kind.
    pub fn new(kind: IdentifierKind, value: &str) -> Result<Identifier, IdentifierError> {
        Identifier::in_region(kind, value, None)
    }

    /// As [`Identifier::new`], where a phone number without a country code belongs to `region`.
    pub fn in_region(
        kind: IdentifierKind,
        value: &str,
        region: Option<Region>,
    ) -> Result<Identifier, IdentifierError> {
        let value = value.trim();
        if value.is_empty() {
            return Err(IdentifierError::Empty);
        }
        if value.len() > IDENTIFIER_BYTES_MAX {
            return Err(IdentifierError::TooLong);
        }
        if value.chars().any(char::is_control) {
            return Err(IdentifierError::Control);
        }
        let value = match kind {
            IdentifierKind::Phone => e164(value, region)?,
            IdentifierKind::Email => {
                let address = EmailAddress::from_str(value).map_err(|_| IdentifierError::Email)?;
                address.email().to_lowercase()
            }
            _ => value.to_owned(),
        };
        Ok(Identifier { kind, value: value.into() })
    }

    /// An identifier as it lies in a store, already in normal form.
    pub fn from_normal(kind: IdentifierKind, value: &str) -> Identifier {
        Identifier { kind, value: value.into() }
    }

    /// The kind.
    pub fn kind(&self) -> IdentifierKind {
        self.kind
    }

    /// The value in its normal form. Personal data: show it only to whom it may concern.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The key under which the tenant's stores keep the identifier.
    pub fn key(&self, tenant: &TenantKey) -> IdentifierKey {
        let mut tag = hmac::Context::with_key(&tenant.0);
        tag.update(self.kind.name().as_bytes());
        tag.update(&[0]);
        tag.update(self.value.as_bytes());
        let tag = tag.sign();
        IdentifierKey::from_bytes(tag.as_ref()[..16].try_into().expect("32 bytes"))
    }

    /// The country or territory of a phone number, where its number plan tells.
    pub fn region(&self) -> Option<Region> {
        if self.kind != IdentifierKind::Phone {
            return None;
        }
        PHONE_NUMBER_UTIL.parse(&*self.value, None).ok()?.get_region_code().map(Region)
    }

    /// The value with all but its last characters hidden, as a person may see it on a screen.
    pub fn masked(&self) -> String {
        let keep = |text: &str, count: usize| {
            let hidden = text.chars().count().saturating_sub(count);
            let shown = text.char_indices().nth(hidden).map_or("", |(at, _)| &text[at..]);
            "•".repeat(hidden) + shown
        };
        match (self.kind, self.value.rsplit_once('@')) {
            (IdentifierKind::Email, Some((local, domain))) => {
                let first: String = local.chars().take(1).collect();
                format!("{first}•••@{domain}")
            }
            _ => keep(&self.value, 3),
        }
    }
}

fn e164(value: &str, region: Option<Region>) -> Result<String, IdentifierError> {
    let region = region.map(|region| region.0);
    let number = PHONE_NUMBER_UTIL.parse(value, region).map_err(|_| IdentifierError::Phone)?;
    // Possible, not valid: number plans grow faster than tills are updated.
    number.is_possible_with_reason().map_err(|_| IdentifierError::Phone)?;
    Ok(number.format_as(PhoneNumberFormat::E164).into_owned())
}

impl FromStr for Identifier {
    type Err = IdentifierError;

    /// Reads `kind:value`, such as `email:ada@shop.example`.
    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let (kind, value) = text.split_once(':').ok_or(IdentifierError::UnknownKind)?;
        Identifier::new(kind.parse()?, value)
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identifier({}, {} bytes)", self.kind, self.value.len())
    }
}

/// A country or territory of ISO 3166-1 whose national phone numbers are meant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Region(rlibphonenumber::enums::Region);

impl FromStr for Region {
    type Err = IdentifierError;
    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let code: [u8; 2] = text.as_bytes().try_into().map_err(|_| IdentifierError::Phone)?;
        if !code.iter().all(u8::is_ascii_uppercase) {
            return Err(IdentifierError::Phone);
        }
        rlibphonenumber::enums::Region::try_from(text).map(Region).map_err(|_| IdentifierError::Phone)
    }
}

impl fmt::Display for Region {
    /// The code, such as `FR`; `001` for networks of no country.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.as_region_str())
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The key of a tenant under which identifiers are hashed: 32 bytes, the same at every till and
/// service of one brand, kept secret since phone numbers are few enough to try them all.
#[derive(Clone)]
pub struct TenantKey(hmac::Key);

impl TenantKey {
    /// Takes 32 random bytes as the key.
    pub fn new(bytes: &[u8; 32]) -> TenantKey {
        TenantKey(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// A keyed digest of something that is to be compared later and not to be read.
    pub fn digest(&self, bytes: &[u8]) -> Digest {
        let tag = hmac::sign(&self.0, bytes);
        Digest::from_bytes(tag.as_ref().try_into().expect("HMAC-SHA-256 has 32 bytes"))
    }
}

impl fmt::Debug for TenantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TenantKey(elided)")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, IdentifierError> {
        text.parse::<Identifier>().map(|identifier| identifier.value().to_owned())
    }

    #[test]
    fn each_kind_has_its_normal_form() {
        for (typed, normal) in [
            ("phone:+33 6 12 34 56 78", "+33612345678"),
            ("phone:+1 (510) 555-0101", "+15105550101"),
            ("phone:tel:+44-7700-900123", "+447700900123"),
            ("email: Ada.Lovelace@Shop.Example ", "ada.lovelace@shop.example"),
            ("loyalty: L-0042 ", "L-0042"),
            ("cookie:AbC", "AbC"),
        ] {
            assert_eq!(read(typed).as_deref(), Ok(normal), "{typed}");
        }
    }

    #[test]
    fn national_numbers_need_a_region() {
        assert_eq!(read("phone:06 12 34 56 78"), Err(IdentifierError::Phone));
        let region = "FR".parse().unwrap();
        let number = Identifier::in_region(IdentifierKind::Phone, "06 12 34 56 78", Some(region));
        assert_eq!(number.unwrap().value(), "+33612345678");
        assert!("fr".parse::<Region>().is_err());
        let region = |text: &str| text.parse::<Identifier>().unwrap().region();
        assert_eq!(region("phone:+15062345678"), "CA".parse().ok());
        assert_eq!(region("phone:+12015550123"), "US".parse().ok());
        assert_eq!(region("email:ada@shop.example"), None);
    }

    #[test]
    fn what_is_no_identifier_is_refused() {
        assert_eq!(read("fax:+33612345678"), Err(IdentifierError::UnknownKind));
        assert_eq!(read("phone:+3361"), Err(IdentifierError::Phone));
        assert_eq!(read("email:ada"), Err(IdentifierError::Email));
        assert_eq!(read("cookie:   "), Err(IdentifierError::Empty));
        assert_eq!(read("cookie:a\u{7}b"), Err(IdentifierError::Control));
        assert!(read(&format!("cookie:{}", "x".repeat(IDENTIFIER_BYTES_MAX))).is_ok());
        let long = format!("cookie:{}", "x".repeat(IDENTIFIER_BYTES_MAX + 1));
        assert_eq!(read(&long), Err(IdentifierError::TooLong));
    }

    #[test]
    fn nothing_personal_is_printed() {
        let phone: Identifier = "phone:+33612345678".parse().unwrap();
        assert_eq!(format!("{phone:?}"), "Identifier(phone, 12 bytes)");
        assert_eq!(phone.masked(), "•••••••••678");
        let email: Identifier = "email:ada@shop.example".parse().unwrap();
        assert_eq!(email.masked(), "a•••@shop.example");
        assert_eq!(format!("{:?}", TenantKey::new(&[7; 32])), "TenantKey(elided)");
    }

    #[test]
    fn key_depends_on_tenant_kind_and_value() {
        let (one, two) = (TenantKey::new(&[1; 32]), TenantKey::new(&[2; 32]));
        let cookie: Identifier = "cookie:a".parse().unwrap();
        let device: Identifier = "device:a".parse().unwrap();
        assert_ne!(cookie.key(&one), cookie.key(&two));
        assert_ne!(cookie.key(&one), device.key(&one));
    }

    proptest::proptest! {
        #[test]
        fn normal_form_is_its_own_normal_form(text in "\\PC{0,40}") {
            for kind in IdentifierKind::ALL {
                if let Ok(once) = Identifier::new(kind, &text) {
                    proptest::prop_assert_eq!(Identifier::new(kind, once.value()), Ok(once));
                }
            }
        }
    }
}
