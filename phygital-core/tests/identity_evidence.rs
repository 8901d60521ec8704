//! The evidence of identity against vectors of another implementation.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::fs;
use std::path::Path;

use phygital_core::identity::evidence::{Assertion, Fact, HashedContact, Lines};
use phygital_core::vocab::{Identifier, TenantKey, Timestamp};
use serde_json::Value;

fn vectors() -> (Value, TenantKey) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/identity/evidence.json");
    let vectors: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let digits = vectors["tenant"].as_str().unwrap();
    let byte = |at: usize| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap();
    let tenant = TenantKey::new(&std::array::from_fn(byte));
    (vectors, tenant)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn contacts_have_the_keys_and_hashes_of_the_vectors() {
    let (vectors, tenant) = vectors();
    let contacts = vectors["contacts"].as_array().unwrap();
    assert_eq!(contacts.len(), 8);
    for contact in contacts {
        let (id, kind) = (text(&contact["id"]), text(&contact["kind"]).parse().unwrap());
        let identifier = Identifier::new(kind, text(&contact["value"])).unwrap();
        assert_eq!(identifier.key(&tenant).to_string(), text(&contact["key"]), "{id}");
        let forms = HashedContact::forms(&identifier);
        let expected = contact["forms"].as_array().unwrap();
        assert_eq!(forms.len(), expected.len(), "{id}");
        for (form, expected) in forms.iter().zip(expected) {
            assert_eq!(Ok(*form), HashedContact::from_hex(kind, text(&expected["sha256"])), "{id}");
            assert_eq!(form.key(&tenant).to_string(), text(&expected["key"]), "{id}");
        }
    }
}

#[test]
fn an_assertion_is_the_line_of_the_vectors() {
    let (vectors, tenant) = vectors();
    let vector = &vectors["assertion"];
    let mut said = Assertion::new(
        text(&vector["source"]).parse().unwrap(),
        text(&vector["record"]).parse().unwrap(),
        vector["version"].as_u64().unwrap(),
        Timestamp::parse(text(&vector["time"])).unwrap(),
    )
    .stated();
    for identifier in vector["identifiers"].as_array().unwrap() {
        said = said.with(text(identifier).parse().unwrap());
    }
    for contact in vector["hashed"].as_array().unwrap() {
        let kind = text(&contact[0]).parse().unwrap();
        said = said.with_hashed(HashedContact::from_hex(kind, text(&contact[1])).unwrap());
    }
    for (name, value) in vector["traits"].as_object().unwrap() {
        said = said.with_trait(name.parse().unwrap(), text(value));
    }
    let lines = Lines::new(tenant.clone());
    let fact = Fact::Asserted(said.keyed(&tenant).unwrap());
    assert_eq!(lines.write(&fact), text(&vector["line"]));
    assert_eq!(lines.read(text(&vector["line"])), Ok(fact));
}
