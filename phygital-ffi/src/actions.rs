//! What waits for the host: pulled, carried out, acknowledged by id, at least once.

use phygital_core::machine;

use crate::error::{Answer, PhygitalError};
use crate::events::Receipt;
use crate::names::{Outcome, Purpose};
use crate::phygital::Phygital;
use crate::time::Time;

/// Something for the host to carry out.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Display))]
#[expect(clippy::exhaustive_structs, reason = "read as a whole")]
pub struct Action {
    /// Its id: to carry it out twice is to carry it out once.
    pub id: String,
    /// What: `answer_message`, `send_message`, `raise_alarm`, `answer_request`, `notify_recipient`, or one of a later version.
    pub action: String,
    /// Whom it concerns, as `kind:value`.
    pub to: Option<String>,
    /// To what end.
    pub purpose: Option<Purpose>,
    /// What to say.
    pub text: Option<String>,
    /// Not to be carried out later than this: for a message the end of its lawful window. Give it to the gateway.
    pub expires_at: Option<Time>,
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Phygital {
    /// At most `most` actions to carry out now, oldest cause first: not those that expired, nor messages that the gate does not
    /// let out now. They are due until they are acknowledged.
    ///
    /// # Errors
    /// From 500 where the store cannot be read.
    pub fn due(&self, most: u32) -> Result<Vec<Action>, PhygitalError> {
        self.with(|engine, now| {
            let due = engine.actions().due(None, most as usize, now)?;
            due.into_iter().map(Action::of).collect()
        })
    }

    /// Takes note of how an action went; it waits no longer. Saying it again changes nothing.
    ///
    /// # Errors
    /// 403 for an action that never was.
    pub fn acknowledge(&self, id: String, outcome: Outcome) -> Result<Receipt, PhygitalError> {
        let id = id.parse()?;
        self.with(|engine, now| Ok(Receipt::fresh(engine.actions().acknowledge(&id, outcome.core(), now)?)))
    }
}

impl Action {
    fn of(action: machine::Action) -> Answer<Action> {
        Ok(Action {
            id: action.id.to_string(),
            action: action.action,
            to: action.to.map(|to| format!("{}:{}", to.kind(), to.value())),
            purpose: action.purpose.map(Purpose::of).transpose()?,
            text: action.text.map(|text| text.reveal().to_owned()),
            expires_at: action.expires_at.map(Time::from),
        })
    }
}
