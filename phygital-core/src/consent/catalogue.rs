//! The purpose catalogue: what a shop does with data of people, on what basis, told by which notice, for how long, and
//! who else gets it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::policy::{Basis, Policy, Terms};
use crate::vocab::limits::{CATALOGUE_LIST_MAX, SETTINGS_BYTES_MAX, TEXT_BYTES_MAX};
use crate::vocab::{Digest, NoticeId, Purpose, SourceId, Timestamp, is_language};

/// What a shop does with data of people: the purposes, the parties, the notices. Data of the host.
///
/// From it come the [`Policy`] that decides, the [record of processing](Catalogue::record_of_processing), the texts of
/// consent records and receipts, and to whom an erasure is told.
///
/// ```
/// use phygital_core::consent::{Basis, Catalogue, Policy};
/// use phygital_core::vocab::Purpose;
/// let catalogue = Catalogue::from_json(r#"{
///   "controller": {"id": "ada", "name": "Maison Ada", "address": "1 rue X, Paris", "contact": "privacy@ada.example"},
///   "recipients": [{"id": "sms", "name": "Gateway Inc.", "country": "US", "safeguard": "standard clauses"}],
///   "purposes": [{
///     "purpose": "marketing", "basis": "consent", "description": {"en": "Offers by text message"},
///     "data": ["phone number"], "retention_days": 1095, "recipients": ["sms"], "valid_days": 730,
///     "withdrawal": "Reply STOP", "notices": [{"id": "tap-2026", "language": "en", "text": "Get offers. STOP ends it."}]
///   }]
/// }"#)?;
/// let policy = catalogue.policy(Policy::default());
/// assert_eq!(policy.basis(Purpose::Marketing), Basis::Consent);
/// assert_eq!(policy.terms(Purpose::Marketing).valid_days, Some(730));
/// # Ok::<(), phygital_core::consent::CatalogueError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Fields")]
pub struct Catalogue {
    #[serde(skip_serializing_if = "Option::is_none")]
    controller: Option<Party>,
    #[serde(skip_serializing_if = "Option::is_none")]
    representative: Option<Party>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protection_officer: Option<Party>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authority: Option<Party>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    recipients: Vec<Party>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    security: Vec<String>,
    purposes: Vec<Processing>,
}

/// Somebody who has to do with the data: ISO/IEC TS 27560, 6.3.6.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Party {
    /// A name for it in this catalogue and in notices to it, unique.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Postal address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// How it is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// Page about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What it is: `processor`, `controller`, `third_party`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Where it keeps the data, ISO 3166-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// What protects the data where it goes to another country (GDPR, article 46).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub safeguard: Option<String>,
}

/// What is done for one purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Processing {
    /// To what end.
    pub purpose: Purpose,
    /// What allows it.
    pub basis: Basis,
    /// What it is, by language (BCP 47).
    pub description: BTreeMap<String, String>,
    /// Which interest it is, where a legitimate one is the basis (GDPR, article 13(1)(d)).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub interest: Option<String>,
    /// Whose data: customers, visitors.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub subjects: Vec<String>,
    /// Which data.
    pub data: Vec<String>,
    /// Which of it is of a special category (GDPR, article 9): with consent alone.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub special: Vec<String>,
    /// For how many days data is kept for it.
    pub retention_days: u32,
    /// Who gets data for it: ids of recipients.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub recipients: Vec<String>,
    /// Countries in which it is kept, ISO 3166-1.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub storage: Vec<String>,
    /// How consent is withdrawn, or objection told. Needed where consent is the basis: it has to be as easy as to give
    /// it (GDPR, article 7(3)).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub withdrawal: Option<String>,
    /// For how many days a consent counts.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub valid_days: Option<u32>,
    /// Whether a consent has to be confirmed by the contact point itself.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub double_opt_in: bool,
    /// The notices that tell of it, every version that was ever shown.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub notices: Vec<NoticeVersion>,
    /// What other systems call it: categories of a consent management platform, purposes of TCF. For import.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub categories: Vec<String>,
}

/// One text of a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NoticeVersion {
    /// The notice, the same in all languages.
    pub id: NoticeId,
    /// Its language, BCP 47.
    pub language: String,
    /// The text as it was shown, byte for byte.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub text: Option<String>,
    /// SHA-256 of the text, where it is kept elsewhere.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hash: Option<Digest>,
    /// Since when it has been shown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<Timestamp>,
}

/// Why a catalogue does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogueError {
    /// Longer than [`SETTINGS_BYTES_MAX`].
    #[error("expected at most {SETTINGS_BYTES_MAX} bytes of catalogue")]
    TooLong,
    /// No JSON, an unknown field, a value of another type, or one of the others below.
    #[error("line {line}: {expected}")]
    Json {
        /// From 1; 0 where no line can be named.
        line: usize,
        /// What is wrong there.
        expected: String,
    },
    /// A value that cannot be.
    #[error("{at}: expected {expected}")]
    Field {
        /// Where: `purposes.marketing.recipients`.
        at: String,
        /// What has to stand there.
        expected: &'static str,
    },
}

impl NoticeVersion {
    /// SHA-256 of the text.
    pub fn digest(&self) -> Option<Digest> {
        self.text.as_ref().map(|text| Digest::of(text.as_bytes())).or(self.hash)
    }
}

impl Processing {
    /// What a consent to it has to be.
    pub fn terms(&self) -> Terms {
        Terms { valid_days: self.valid_days, double_opt_in: self.double_opt_in }
    }

    /// What it is, in that language or one of the same first part, else in the first there is.
    pub fn description(&self, language: Option<&str>) -> &str {
        let first = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let wanted = language.unwrap_or_default();
        let exact = self.description.get(wanted);
        let like =
            || self.description.iter().find(|(tag, _)| first(tag) == first(wanted)).map(|(_, text)| text);
        exact.or_else(like).or_else(|| self.description.values().next()).map_or("", String::as_str)
    }
}

impl Catalogue {
    /// Reads a catalogue from JSON.
    ///
    /// # Errors
    /// [`CatalogueError`] with the field that does not hold: a purpose twice, an unknown recipient, consent without a way
    /// to withdraw it, an interest that is not named, a special category on another basis than consent, a notice whose
    /// text is not that of its hash.
    pub fn from_json(text: &str) -> Result<Catalogue, CatalogueError> {
        if text.len() > SETTINGS_BYTES_MAX {
            return Err(CatalogueError::TooLong);
        }
        let fields: Fields = serde_json::from_str(text)
            .map_err(|error| CatalogueError::Json { line: error.line(), expected: error.to_string() })?;
        fields.try_into()
    }

    /// Whether nothing stands in it.
    pub fn is_empty(&self) -> bool {
        *self == Catalogue::default()
    }

    /// Who answers for it all.
    pub fn controller(&self) -> Option<&Party> {
        self.controller.as_ref()
    }

    /// Who represents the controller in the Union (GDPR, article 27).
    pub fn representative(&self) -> Option<&Party> {
        self.representative.as_ref()
    }

    /// The data protection officer.
    pub fn protection_officer(&self) -> Option<&Party> {
        self.protection_officer.as_ref()
    }

    /// To whom one may complain.
    pub fn authority(&self) -> Option<&Party> {
        self.authority.as_ref()
    }

    /// Everybody who gets data, in order of id.
    pub fn recipients(&self) -> &[Party] {
        &self.recipients
    }

    /// How data is kept safe, in general (GDPR, article 32(1)).
    pub fn security(&self) -> &[String] {
        &self.security
    }

    /// What is done, in order of purpose.
    pub fn purposes(&self) -> &[Processing] {
        &self.purposes
    }

    /// What is done for a purpose.
    pub fn of(&self, purpose: Purpose) -> Option<&Processing> {
        self.purposes.iter().find(|one| one.purpose == purpose)
    }

    /// Who gets data for a purpose.
    pub fn recipients_of(&self, purpose: Purpose) -> Vec<&Party> {
        let named = self.of(purpose).map_or(&[][..], |one| &one.recipients[..]);
        self.recipients.iter().filter(|party| named.contains(&party.id)).collect()
    }

    /// The notice with a text of that SHA-256.
    pub fn notice(&self, hash: &Digest) -> Option<&NoticeVersion> {
        let mut all = self.purposes.iter().flat_map(|one| &one.notices);
        all.find(|notice| notice.digest() == Some(*hash))
    }

    /// The purposes that another system calls so, or that are called so here.
    pub fn named(&self, category: &str) -> BTreeSet<Purpose> {
        let called = self.purposes.iter().filter(|one| one.categories.iter().any(|name| name == category));
        called.map(|one| one.purpose).chain(category.parse()).collect()
    }

    /// The policy that it makes of another: its own bases and terms in place of those.
    pub fn policy(&self, base: Policy) -> Policy {
        self.purposes.iter().fold(base, |policy, one| {
            policy.with(one.purpose, one.basis).with_terms(one.purpose, one.terms())
        })
    }

    fn check(&self) -> Result<(), CatalogueError> {
        let field = |at: String, expected| Err(CatalogueError::Field { at, expected });
        let mut ids = BTreeSet::new();
        let roles = [&self.controller, &self.representative, &self.protection_officer, &self.authority];
        for party in roles.into_iter().flatten().chain(&self.recipients) {
            // Notices name it: an id as all others are.
            if SourceId::new(&party.id).is_err() || party.name.trim().is_empty() {
                return field(format!("party {}", party.id), "an id of at most 256 bytes, and a name");
            }
            if !party.country.iter().all(|country| is_country(country)) {
                return field(format!("party {}", party.id), COUNTRY);
            }
        }
        for party in &self.recipients {
            if !ids.insert(party.id.as_str()) {
                return field(format!("recipients.{}", party.id), "each id once");
            }
        }
        if self.recipients.len() > CATALOGUE_LIST_MAX {
            return field("recipients".to_owned(), "at most 256");
        }
        let mut purposes = BTreeSet::new();
        for one in &self.purposes {
            let at = |name: &str| {
                format!("purposes.{}{}{name}", one.purpose, if name.is_empty() { "" } else { "." })
            };
            if !purposes.insert(one.purpose) {
                return field(at(""), "each purpose once");
            }
            if one.description.is_empty() || !one.description.keys().all(|tag| is_language(tag)) {
                return field(at("description"), "a text for each language, by its tag of BCP 47");
            }
            if one.data.is_empty() {
                return field(at("data"), "which data is used");
            }
            if one.basis == Basis::LegitimateInterest && one.interest.is_none() {
                return field(at("interest"), "the interest that is the basis");
            }
            if one.basis == Basis::Consent && one.withdrawal.is_none() {
                return field(at("withdrawal"), "how consent is withdrawn");
            }
            if !one.special.is_empty() && one.basis != Basis::Consent {
                return field(at("special"), "consent as the basis of special categories");
            }
            if !one.recipients.iter().all(|id| ids.contains(id.as_str())) {
                return field(at("recipients"), "ids of recipients of this catalogue");
            }
            if !one.storage.iter().all(|country| is_country(country)) {
                return field(at("storage"), COUNTRY);
            }
            if one.valid_days == Some(0) || one.retention_days == 0 {
                return field(at(""), "at least one day");
            }
            if one.notices.len() > CATALOGUE_LIST_MAX || one.recipients.len() > CATALOGUE_LIST_MAX {
                return field(at(""), "at most 256 notices and recipients");
            }
            for notice in &one.notices {
                let long = notice.text.as_ref().is_some_and(|text| text.len() > TEXT_BYTES_MAX);
                // The digest is of the text, where there is one.
                let other = notice.hash.is_some_and(|hash| notice.digest() != Some(hash));
                if long || other || notice.digest().is_none() || !is_language(&notice.language) {
                    let expected = "a language, and a text of at most 4,096 bytes, its SHA-256, or both";
                    return field(at(&format!("notices.{}", notice.id)), expected);
                }
            }
        }
        Ok(())
    }
}

const COUNTRY: &str = "a country of ISO 3166-1 in two capital letters";

fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|letter| letter.is_ascii_uppercase())
}

/// A catalogue as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    controller: Option<Party>,
    representative: Option<Party>,
    protection_officer: Option<Party>,
    authority: Option<Party>,
    #[serde(default)]
    recipients: Vec<Party>,
    #[serde(default)]
    security: Vec<String>,
    #[serde(default)]
    purposes: Vec<Processing>,
}

impl TryFrom<Fields> for Catalogue {
    type Error = CatalogueError;

    fn try_from(fields: Fields) -> Result<Catalogue, CatalogueError> {
        let Fields { controller, representative, protection_officer, authority, .. } = fields;
        let (mut recipients, security, mut purposes) = (fields.recipients, fields.security, fields.purposes);
        recipients.sort_by(|one, two| one.id.cmp(&two.id));
        purposes.sort_by_key(|one| one.purpose);
        let catalogue = Catalogue {
            controller,
            representative,
            protection_officer,
            authority,
            recipients,
            security,
            purposes,
        };
        catalogue.check()?;
        Ok(catalogue)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const ADA: &str = r#"{
        "controller": {"id": "ada", "name": "Maison Ada"},
        "recipients": [{"id": "sms", "name": "Gateway"}, {"id": "ads", "name": "Ads", "country": "US"}],
        "purposes": [
            {"purpose": "marketing", "basis": "consent", "description": {"en": "Offers", "fr-FR": "Offres"},
             "data": ["phone"], "retention_days": 1095, "recipients": ["sms"], "withdrawal": "STOP", "double_opt_in": true,
             "categories": ["C0005"], "notices": [{"id": "n", "language": "en", "text": "abc"}]},
            {"purpose": "measurement", "basis": "legitimate_interest", "interest": "to know what sells",
             "description": {"en": "Measuring"}, "data": ["orders"], "retention_days": 365}
        ]}"#;

    #[test]
    fn a_catalogue_makes_the_policy_and_finds_its_notices() {
        let ada = Catalogue::from_json(ADA).unwrap();
        let policy = ada.policy(Policy::default());
        assert_eq!(policy.basis(Purpose::Measurement), Basis::LegitimateInterest);
        assert_eq!(policy.basis(Purpose::Service), Basis::Contract, "of which it says nothing");
        assert!(policy.terms(Purpose::Marketing).double_opt_in);
        // FIPS 180-2, appendix B.1.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".parse().unwrap();
        assert_eq!(ada.notice(&abc).unwrap().id.as_str(), "n");
        assert_eq!(ada.named("C0005"), BTreeSet::from([Purpose::Marketing]));
        assert_eq!(ada.named("advertising"), BTreeSet::from([Purpose::Advertising]));
        assert!(ada.named("C0009").is_empty());
        let marketing = ada.of(Purpose::Marketing).unwrap();
        let said = [Some("fr-CA"), Some("en"), Some("de"), None].map(|tag| marketing.description(tag));
        assert_eq!(said, ["Offres", "Offers", "Offers", "Offers"]);
        let again = Catalogue::from_json(&serde_json::to_string(&ada).unwrap()).unwrap();
        assert_eq!(again, ada);
    }

    #[test]
    fn what_does_not_hold_is_named() {
        for (from, to, told) in [
            (
                r#""purpose": "measurement""#,
                r#""purpose": "marketing""#,
                "purposes.marketing: expected each purpose once",
            ),
            (r#""recipients": ["sms"]"#, r#""recipients": ["fax"]"#, "purposes.marketing.recipients"),
            (r#", "withdrawal": "STOP""#, "", "purposes.marketing.withdrawal"),
            (r#""interest": "to know what sells","#, "", "purposes.measurement.interest"),
            (
                r#""data": ["orders"]"#,
                r#""data": ["orders"], "special": ["health"]"#,
                "purposes.measurement.special",
            ),
            (r#""text": "abc""#, r#""from": "2026-01-01T00:00:00Z""#, "purposes.marketing.notices.n"),
            (r#""fr-FR""#, r#""fr_FR""#, "purposes.marketing.description"),
            (r#""retention_days": 365"#, r#""retention_days": 0"#, "purposes.measurement"),
            (r#"{"id": "ads""#, r#"{"id": "sms""#, "recipients.sms"),
            (r#""data": ["phone"]"#, r#""data": []"#, "purposes.marketing.data"),
            (r#""basis": "consent""#, r#""basis": "whim""#, "whim"),
            (r#""double_opt_in""#, r#""double_optin""#, "double_optin"),
        ] {
            let text = ADA.replace(from, to);
            assert_ne!(text, ADA, "{from}");
            let error = Catalogue::from_json(&text).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
        let hash = format!(r#""text": "abc", "hash": "{}""#, "0".repeat(64));
        let error = Catalogue::from_json(&ADA.replace(r#""text": "abc""#, &hash)).unwrap_err().to_string();
        assert!(error.contains("notices.n"), "{error}");
        let parties = |count: usize| {
            let all: Vec<String> = (0..count).map(|n| format!(r#"{{"id": "r{n}", "name": "R"}}"#)).collect();
            Catalogue::from_json(&format!(r#"{{"recipients": [{}]}}"#, all.join(",")))
        };
        assert!(parties(CATALOGUE_LIST_MAX).is_ok() && parties(CATALOGUE_LIST_MAX + 1).is_err());
        let long = format!("{ADA}{}", " ".repeat(SETTINGS_BYTES_MAX));
        assert_eq!(Catalogue::from_json(&long), Err(CatalogueError::TooLong));
    }
}
