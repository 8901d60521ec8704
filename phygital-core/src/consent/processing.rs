//! The record of processing activities, made from the catalogue.

use serde::Serialize;

use super::catalogue::{Catalogue, Party, Processing};
use super::policy::Basis;
use crate::rules::is_in_eea;

/// What a controller has to keep of its processing (GDPR, article 30(1)); JSON for an authority that asks.
///
/// It says what the [`Catalogue`] says and nothing else, so that the two never differ.
///
/// ```
/// use phygital_core::consent::Catalogue;
/// let catalogue = Catalogue::from_json(r#"{"controller": {"id": "ada", "name": "Maison Ada", "country": "FR"},
///   "recipients": [{"id": "sms", "name": "Gateway", "country": "US", "safeguard": "standard clauses"}],
///   "purposes": [{"purpose": "service", "basis": "contract", "description": {"en": "Messages about orders"},
///     "data": ["phone number"], "retention_days": 3650, "recipients": ["sms"]}]}"#)?;
/// let record = serde_json::to_value(catalogue.record_of_processing()).unwrap();
/// assert_eq!(record["activities"][0]["article"], "GDPR 6(1)(b)");
/// assert_eq!(record["activities"][0]["transfers"][0]["country"], "US");
/// # Ok::<(), phygital_core::consent::CatalogueError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RecordOfProcessing<'c> {
    /// 30(1)(a): who answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controller: Option<&'c Party>,
    /// 30(1)(a): who represents the controller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub representative: Option<&'c Party>,
    /// 30(1)(a): the data protection officer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protection_officer: Option<&'c Party>,
    /// What is done, in order of purpose.
    pub activities: Vec<Activity<'c>>,
    /// 30(1)(g): how it is kept safe.
    pub security: &'c [String],
}

/// What is done for one purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Activity<'c> {
    /// 30(1)(b), (c) and (f): the purpose, whose and which data, for how long. And basis, notices, withdrawal.
    #[serde(flatten)]
    pub processing: &'c Processing,
    /// The article of the basis.
    pub article: &'static str,
    /// 30(1)(d): who gets it.
    pub disclosed_to: Vec<&'c Party>,
    /// 30(1)(e): those of them in a third country.
    pub transfers: Vec<&'c Party>,
}

impl Basis {
    /// Where it is laid down.
    pub fn article(self) -> &'static str {
        match self {
            Basis::Consent => "GDPR 6(1)(a)",
            Basis::Contract => "GDPR 6(1)(b)",
            Basis::LegitimateInterest => "GDPR 6(1)(f)",
        }
    }
}

impl Catalogue {
    /// The record of processing activities.
    pub fn record_of_processing<'c>(&'c self) -> RecordOfProcessing<'c> {
        let home = self.controller().and_then(|party| party.country.as_deref());
        let is_abroad = |party: &&Party| match party.country.as_deref() {
            // Of whom it is not said where they are nothing can be said.
            None => false,
            // Within the European Economic Area data goes as at home.
            Some(country) => Some(country) != home && !(is_in_eea(country) && home.is_none_or(is_in_eea)),
        };
        let activity = |processing: &'c Processing| {
            let (purpose, basis) = (processing.purpose, processing.basis);
            let disclosed_to = self.recipients_of(purpose);
            let transfers = disclosed_to.iter().copied().filter(is_abroad).collect();
            Activity { processing, article: basis.article(), disclosed_to, transfers }
        };
        RecordOfProcessing {
            controller: self.controller(),
            representative: self.representative(),
            protection_officer: self.protection_officer(),
            activities: self.purposes().iter().map(activity).collect(),
            security: self.security(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn transfers_are_those_out_of_the_area() {
        let transfers = |home: &str, there: &str| {
            let text = format!(
                r#"{{"controller": {{"id": "a", "name": "A"{home}}}, "recipients": [{{"id": "r", "name": "R"{there}}}],
                "purposes": [{{"purpose": "service", "basis": "contract", "description": {{"en": "x"}}, "data": ["x"],
                    "retention_days": 1, "recipients": ["r"]}}]}}"#
            );
            let catalogue = Catalogue::from_json(&text).unwrap();
            let record = catalogue.record_of_processing();
            record.activities[0].transfers.len()
        };
        let at = |country: &str| format!(r#", "country": "{country}""#);
        assert_eq!(transfers(&at("FR"), &at("DE")), 0);
        assert_eq!(transfers(&at("FR"), &at("US")), 1);
        assert_eq!(transfers(&at("US"), &at("US")), 0);
        assert_eq!(transfers(&at("US"), &at("FR")), 1);
        assert_eq!(transfers("", &at("IE")), 0);
        assert_eq!(transfers("", &at("GB")), 1);
        assert_eq!(transfers(&at("FR"), ""), 0);
    }
}
