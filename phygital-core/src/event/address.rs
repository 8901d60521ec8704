//! The postal address of a person.

use super::error::EventError;
use super::extra::Extra;
use super::fields::{Field, Member, Object, Path, Scope, Writer};
use super::json::Json;
use crate::vocab::Personal;

/// A postal address, by the names of Segment's trait `address`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Address {
    /// Street and house.
    pub street: Option<Personal>,
    /// City.
    pub city: Option<Personal>,
    /// State or province.
    pub state: Option<Personal>,
    /// Postal code. `postalCode` in JSON.
    pub postal_code: Option<Personal>,
    /// Country.
    pub country: Option<Personal>,
    /// The rest.
    pub extra: Extra,
}

impl Field for Address {
    fn read(json: Json<'_>, at: &Path<'_>, scope: &Scope) -> Result<Self, EventError> {
        let mut object = Object::read(json, at)?;
        Ok(Address {
            street: Member::pick(&mut object, "street", at, scope)?,
            city: Member::pick(&mut object, "city", at, scope)?,
            state: Member::pick(&mut object, "state", at, scope)?,
            postal_code: Member::pick(&mut object, "postalCode", at, scope)?,
            country: Member::pick(&mut object, "country", at, scope)?,
            extra: Extra::rest(object, at)?,
        })
    }
    fn write(&self, out: &mut String) {
        Writer::object(out, |out| {
            self.street.put("street", out);
            self.city.put("city", out);
            self.state.put("state", out);
            self.postal_code.put("postalCode", out);
            self.country.put("country", out);
            out.extra(&self.extra);
        });
    }
}
