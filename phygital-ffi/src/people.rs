//! Who is who, and what may be shown of her.

use phygital_core::engine;
use phygital_core::vocab::Identifier;

use crate::error::PhygitalError;
use crate::names::{Purpose, Role};
use crate::phygital::Phygital;

/// A customer and what she is known by.
#[derive(Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Display))]
#[expect(clippy::exhaustive_structs, reason = "read as a whole")]
pub struct Person {
    /// Her id now: an older one that was merged into it leads here.
    pub customer: String,
    /// Her identifiers as `kind:value`, strongest kind first.
    pub identifiers: Vec<String>,
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Phygital {
    /// The customer that an identifier, `kind:value`, belongs to; none where no event names it.
    ///
    /// # Errors
    /// 114 for no identifier.
    pub fn find(&self, identifier: String) -> Result<Option<String>, PhygitalError> {
        let identifier: Identifier = identifier.parse()?;
        self.with(|engine, _| Ok(engine.people().find(&identifier)?.map(|customer| customer.to_string())))
    }

    /// A customer and her identifiers, by her id now or by one that she had before a merge.
    ///
    /// # Errors
    /// 401 where there is no such customer.
    pub fn person(&self, customer: String) -> Result<Person, PhygitalError> {
        let customer = customer.parse()?;
        self.with(|engine, _| Ok(engine.people().get(customer)?.into()))
    }

    /// What may be shown of a customer to somebody in a role, as JSON. Where consent does not permit it the card says
    /// why in `withheld` and holds nothing else.
    ///
    /// # Errors
    /// 401 where there is no such customer.
    pub fn card(&self, customer: String, role: Role) -> Result<String, PhygitalError> {
        let customer = customer.parse()?;
        self.with(|engine, now| {
            let card = engine.people().card(customer, role.core(), now)?;
            serde_json::to_string(&card).map_err(PhygitalError::bug)
        })
    }

    /// The whole profile of a customer, for a purpose that she permits, as JSON.
    ///
    /// # Errors
    /// 301 where she does not, 401 where there is no such customer.
    pub fn profile(&self, customer: String, purpose: Purpose) -> Result<String, PhygitalError> {
        let customer = customer.parse()?;
        self.with(|engine, now| {
            let profile = engine.people().profile(customer, purpose.core(), now)?;
            serde_json::to_string(&profile).map_err(PhygitalError::bug)
        })
    }
}

impl From<engine::Person> for Person {
    fn from(person: engine::Person) -> Person {
        let text = |one: &Identifier| format!("{}:{}", one.kind(), one.value());
        Person {
            customer: person.customer.to_string(),
            identifiers: person.identifiers.iter().map(text).collect(),
        }
    }
}
