//! What people may ask of who keeps data of them.

use phygital_core::event::kinds::conversation;
use phygital_core::vocab::{Identifier, Personal};

use crate::error::PhygitalError;
use crate::events::Receipt;
use crate::names::{ConsentMethod, Right};
use crate::phygital::Phygital;
use crate::time::Time;

/// A person asked for one of her rights.
#[derive(Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Display))]
#[expect(clippy::exhaustive_structs, reason = "hosts fill it in")]
pub struct RightsRequested {
    /// Who she is, as `kind:value`.
    pub identifier: String,
    /// For which.
    pub right: Right,
    /// Where she lives, ISO 3166: `FR`, `US-CA`. Where it is not said, the shortest time to answer counts.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub jurisdiction: Option<String>,
    /// How she asked.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub method: Option<ConsentMethod>,
    /// What she said.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub detail: Option<String>,
    /// The host's own name for it, so that it counts once; random, unless said.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub id: Option<String>,
    /// When; now, unless said.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub at: Option<Time>,
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Phygital {
    /// Records that a person asked for one of her rights. An objection and an opt-out of sale and sharing hold at once, and
    /// recipients of her data are to be told; the others wait to be carried out: [`Phygital::export_person`],
    /// [`Phygital::erase_customer`], [`Phygital::correct`]. An action `answer_request` waits until it is acknowledged that she was
    /// answered: see [`Phygital::open_requests`].
    ///
    /// # Errors
    /// 114 for no identifier, 110 where the rest is not as it should be.
    pub fn request_right(&self, request: RightsRequested) -> Result<Receipt, PhygitalError> {
        let identifier: Identifier = request.identifier.parse()?;
        let mut body = conversation::RightsRequested::new(request.right.core());
        body.jurisdiction = request.jurisdiction;
        body.method = request.method.map(ConsentMethod::core);
        body.detail = request.detail.map(Personal::new);
        self.say(request.id, request.at, Some(identifier), body)
    }

    /// The requests of people that were not answered yet, the most urgent first, as a JSON list: each with the `action` to
    /// acknowledge, the `event` by which she asked, the `right`, when it was `received_at`, the first instant that is too late
    /// (`due_by`), its `deadlines` (`rule`, `what`: `confirm` or `answer`, `date`, `before`), and whether it `is_overdue`.
    ///
    /// # Errors
    /// From 500 where the store cannot be read.
    pub fn open_requests(&self) -> Result<String, PhygitalError> {
        self.with(|engine, now| {
            serde_json::to_string(&engine.open_requests(now)?).map_err(PhygitalError::bug)
        })
    }

    /// All that is kept of a customer, as JSON for her: `identifiers`, `consents`, `facts` with the events and sentences they
    /// come from, `events`, and what it is used for. Make sure that it is she who asks. Reads every event of hers.
    ///
    /// # Errors
    /// 401 where there is no such customer.
    pub fn export_person(&self, customer: String) -> Result<String, PhygitalError> {
        let customer = customer.parse()?;
        self.with(|engine, now| {
            serde_json::to_string(&engine.people().export(customer, now)?).map_err(PhygitalError::bug)
        })
    }

    /// Puts right what is held of a customer, as her own word, which outweighs every other source; an empty value takes back
    /// what she said herself. Recipients of her data are to be told.
    ///
    /// # Errors
    /// 401 where there is no such customer, 110 for a value that no event may have.
    pub fn correct(
        &self,
        customer: String,
        attribute: String,
        value: String,
    ) -> Result<Receipt, PhygitalError> {
        let customer = customer.parse()?;
        self.with(|engine, now| {
            Ok(Receipt::fresh(engine.rights().correct(customer, &attribute, &value, now)?))
        })
    }
}
