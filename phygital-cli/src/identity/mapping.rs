//! What the columns of a file mean: which name a record, which name a person, which say something of her.

use std::collections::BTreeSet;

use phygital_core::identity::matching::{Field, FieldKind};
use phygital_core::vocab::IdentifierKind;
use serde::Deserialize;

use crate::failure::Failure;
use crate::settings::region;

/// What the columns of a file mean. Other columns say nothing.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mapping {
    /// The column with the id of a record or event.
    pub(crate) id: String,
    /// Words that stand where there is no value, in any case of letters.
    #[serde(default)]
    pub(crate) null: BTreeSet<String>,
    /// Of records without identifiers: the columns that are compared, by their names. Instead of all that follows.
    #[serde(default)]
    pub(crate) fields: Vec<Field>,
    /// The columns with identifiers.
    #[serde(default)]
    pub(crate) identifiers: Vec<IdentifierColumn>,
    /// The columns with what is said of a person beside.
    #[serde(default)]
    pub(crate) details: DetailColumns,
    /// The column that says when it was so.
    pub(crate) time: Option<String>,
    /// The column that names who says so; ids are unique within a source.
    pub(crate) source: Option<String>,
    /// The column that says whether a row may be used to link.
    pub(crate) linking: Option<String>,
    /// The column with the country of phone numbers that name none.
    pub(crate) region: Option<String>,
    /// That country where there is no column, or nothing in it.
    pub(crate) default_region: Option<String>,
}

/// A column with identifiers.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentifierColumn {
    /// Its name.
    pub(crate) name: String,
    /// What it holds.
    pub(crate) kind: IdentifierKind,
    /// Whether it holds the SHA-256 of a phone number or an email address and not the contact itself.
    #[serde(default)]
    pub(crate) sha256: bool,
    /// The column whose value stands before the identifier, where it means nothing without: the vendor of a till.
    pub(crate) prefix: Option<String>,
}

/// The columns with what is said of a person beside identifiers.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DetailColumns {
    pub(crate) given_name: Option<String>,
    pub(crate) surname: Option<String>,
    pub(crate) birthday: Option<String>,
    pub(crate) street: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) postcode: Option<String>,
    pub(crate) country: Option<String>,
}

impl DetailColumns {
    /// The columns with the kind of what they hold, in the order of the fields; `None` where there is none.
    pub(crate) fn each(&self) -> [(Option<&str>, FieldKind); 7] {
        [
            (self.given_name.as_deref(), FieldKind::GivenName),
            (self.surname.as_deref(), FieldKind::Surname),
            (self.birthday.as_deref(), FieldKind::Date),
            (self.street.as_deref(), FieldKind::Street),
            (self.city.as_deref(), FieldKind::Place),
            (self.postcode.as_deref(), FieldKind::Postcode),
            (self.country.as_deref(), FieldKind::Category),
        ]
    }
}

impl Mapping {
    /// Whether rows are evidence of who is who, and not records to compare by fields alone.
    pub(crate) fn is_evidence(&self) -> bool {
        self.fields.is_empty()
    }

    /// Every column that it names.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        let single = [&self.time, &self.source, &self.linking, &self.region];
        let prefixes = self.identifiers.iter().filter_map(|column| column.prefix.as_deref());
        [self.id.as_str()]
            .into_iter()
            .chain(self.fields.iter().map(|field| field.name.as_str()))
            .chain(self.identifiers.iter().map(|column| column.name.as_str()))
            .chain(prefixes)
            .chain(self.details.each().into_iter().filter_map(|(column, _)| column))
            .chain(single.into_iter().filter_map(|column| column.as_deref()))
    }

    /// The columns that name a person or say something of her.
    pub(crate) fn telling(&self) -> impl Iterator<Item = &str> {
        let details = self.details.each().into_iter().filter_map(|(column, _)| column);
        let fields = self.fields.iter().map(|field| field.name.as_str());
        fields.chain(self.identifiers.iter().map(|column| column.name.as_str())).chain(details)
    }

    /// Leaves out the columns that a file does not have, and gives their names; never that of the ids.
    pub(crate) fn keep(&mut self, has: impl Fn(&str) -> bool) -> BTreeSet<String> {
        let absent =
            self.columns().filter(|name| *name != self.id && !has(name)).map(str::to_owned).collect();
        self.fields.retain(|field| has(&field.name));
        // Without its prefix an identifier means nothing.
        self.identifiers.retain(|one| has(&one.name) && one.prefix.as_deref().is_none_or(&has));
        let DetailColumns { given_name, surname, birthday, street, city, postcode, country } =
            &mut self.details;
        let Self { time, source, linking, region, .. } = self;
        let details = [given_name, surname, birthday, street, city, postcode, country];
        for single in details.into_iter().chain([time, source, linking, region]) {
            single.take_if(|name| !has(name));
        }
        absent
    }

    /// Whether a value stands for none.
    pub(crate) fn is_null(&self, value: &str) -> bool {
        value.is_empty() || self.null.iter().any(|word| word.eq_ignore_ascii_case(value))
    }

    /// Refuses one that contradicts itself.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let bad = |what: String| Err(Failure::misuse("bad_mapping", format!("mapping: {what}")));
        if let Some(column) = self.identifiers.iter().find(|one| one.sha256 && !one.kind.is_contact_point()) {
            return bad(format!("{}: sha256 goes with phone and email, found {}", column.name, column.kind));
        }
        if let Some(code) = &self.default_region
            && let Err(error) = region(code)
        {
            return bad(format!("default_region: {error}"));
        }
        if self.is_evidence() {
            if self.identifiers.is_empty() && self.details == DetailColumns::default() {
                return bad("expected fields, or identifiers and details; found neither".to_owned());
            }
        } else if self.columns().count() > 1 + self.fields.len() || self.default_region.is_some() {
            return bad(
                "fields go with id and null alone; beside identifiers, name columns under details".to_owned()
            );
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<Mapping, String> {
        let mapping: Mapping = serde_json::from_str(text).map_err(|error| error.to_string())?;
        mapping.check().map_err(|failure| failure.message)?;
        Ok(mapping)
    }

    #[test]
    fn a_mapping_does_not_contradict_itself() {
        for (text, told) in [
            (r#"{"id": "i"}"#, "found neither"),
            (r#"{"id": "i", "fields": [{"name": "a", "kind": "email"}], "time": "t"}"#, "fields go with id"),
            (
                r#"{"id": "i", "fields": [{"name": "a", "kind": "email"}], "default_region": "FR"}"#,
                "fields go with id",
            ),
            (
                r#"{"id": "i", "identifiers": [{"name": "a", "kind": "card", "sha256": true}]}"#,
                "a: sha256 goes with",
            ),
            (r#"{"id": "i", "identifiers": [{"name": "a", "kind": "fax"}]}"#, "fax"),
            (r#"{"id": "i", "details": {"first_name": "a"}}"#, "first_name"),
            (
                r#"{"id": "i", "details": {"surname": "a"}, "default_region": "fr"}"#,
                "default_region: expected",
            ),
            (r#"{"fields": []}"#, "id"),
        ] {
            let error = check(text).unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn every_column_is_named() {
        let mapping = check(
            r#"{"id": "i", "null": ["None"], "identifiers": [{"name": "till", "kind": "pos_customer", "prefix": "vendor"}],
                "details": {"city": "town"}, "time": "at", "source": "from", "linking": "may", "region": "land"}"#,
        );
        let mapping = mapping.unwrap();
        let columns: Vec<&str> = mapping.columns().collect();
        assert_eq!(columns, ["i", "till", "vendor", "town", "at", "from", "may", "land"]);
        assert!(mapping.is_null("") && mapping.is_null("nONE") && !mapping.is_null("nobody"));
        assert!(mapping.is_evidence());
    }
}
