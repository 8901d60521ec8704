//! The postal address of a person.

use super::error::EventError;
use super::fields::{Field, Object, Path, Scope, Writer};
use super::json::Json;
use super::property::part;
use crate::vocab::Personal;

part! {
    /// A postal address, by the names of Segment's trait `address`.
    Address {
        /// Street and house.
        street: Option<Personal>,
        /// City.
        city: Option<Personal>,
        /// State or province.
        state: Option<Personal>,
        /// Postal code.
        postal_code as "postalCode": Option<Personal>,
        /// Country.
        country: Option<Personal>,
    }
    with extra
}

impl Field for Address {
    const FORM: &'static str = "address";

    fn read(json: Json<'_>, at: &Path<'_>, scope: &Scope) -> Result<Self, EventError> {
        Address::whole(Object::read(json, at)?, at, scope)
    }
    fn write(&self, out: &mut String) {
        Writer::object(out, |out| self.put(out));
    }
}
