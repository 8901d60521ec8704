//! Actions: what the engine asks the host to carry out.

use serde::{Deserialize, Serialize};

use crate::event::FoldKey;
use crate::event::kinds::decisions::{ActionCompleted, ActionRequested};
use crate::vocab::{ActionId, Identifier, MessageClass, OrderId, Personal, Purpose, Timestamp};

/// An action that waits for the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Action {
    /// Its id: to carry it out twice is to carry it out once.
    pub id: ActionId,
    /// What: [`Action::ANSWER`], [`Action::SEND`], [`Action::ALARM`], [`Action::REQUEST`], [`Action::EXTENSION`],
    /// [`Action::NOTIFY`].
    pub action: String,
    /// The event that asked for it.
    pub cause: FoldKey,
    /// Whom it concerns.
    #[serde(with = "identifier_text", skip_serializing_if = "Option::is_none", default)]
    pub to: Option<Identifier>,
    /// To what end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub purpose: Option<Purpose>,
    /// What the message is in the eyes of the law; where it is absent, marketing for [`Action::SEND`].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub class: Option<MessageClass>,
    /// What to say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub text: Option<Personal>,
    /// The order that it is about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub order_id: Option<OrderId>,
    /// By when it has to be carried out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub due_by: Option<Timestamp>,
    /// Not to be carried out later than this.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expires_at: Option<Timestamp>,
}

impl Action {
    /// To answer a customer's own message by a message to `to`: due even where she has opted out,
    /// since it confirms just that.
    pub const ANSWER: &str = ActionRequested::ANSWER;
    /// To send a message to `to`: due only while the gate lets it out, by consent, hours, caps and pauses.
    pub const SEND: &str = ActionRequested::SEND;
    /// To tell staff.
    pub const ALARM: &str = "raise_alarm";
    /// To answer a person who asked for one of her rights, by `due_by`. The text is JSON: see
    /// [`Engine::rights`](crate::engine::Engine::rights).
    pub const REQUEST: &str = "answer_request";
    /// To tell a person, before `due_by`, that the answer to her request takes longer, why, and until when. The text is JSON: see
    /// [`Rights::extend`](crate::engine::Rights::extend).
    pub const EXTENSION: &str = "tell_extension";
    /// To tell somebody who got data of her of an erasure, a correction or an opt-out. The text is JSON and names her: it is
    /// struck from the log when the action is acknowledged.
    pub const NOTIFY: &str = "notify_recipient";

    /// An action with what it must have.
    pub fn new(id: ActionId, action: impl Into<String>, cause: FoldKey) -> Action {
        let action = action.into();
        Action {
            id,
            action,
            cause,
            to: None,
            purpose: None,
            class: None,
            text: None,
            order_id: None,
            due_by: None,
            expires_at: None,
        }
    }

    /// Whether it is a message to her.
    pub fn is_message(&self) -> bool {
        self.action == Action::SEND || self.action == Action::ANSWER
    }

    /// The action that an event asks for.
    pub fn requested(event: &ActionRequested, cause: FoldKey) -> Action {
        Action {
            id: event.action_id.clone(),
            action: event.action.clone(),
            cause,
            to: event.to.clone(),
            purpose: event.purpose,
            class: event.class,
            text: event.text.clone(),
            order_id: event.order_id.clone(),
            due_by: event.due_by,
            expires_at: event.expires_at,
        }
    }
}

/// How an action went, as the host says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// It was carried out.
    Delivered,
    /// It could not be carried out.
    Failed,
    /// It was too late to carry it out.
    Expired,
    /// The host decided against it.
    Dropped,
}

/// The text names no [`Outcome`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an outcome: delivered, failed, expired or dropped")]
pub struct UnknownOutcome;

impl Outcome {
    /// The name in events and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Delivered => ActionCompleted::DELIVERED,
            Outcome::Failed => "failed",
            Outcome::Expired => "expired",
            Outcome::Dropped => "dropped",
        }
    }
}

impl std::str::FromStr for Outcome {
    type Err = UnknownOutcome;
    fn from_str(text: &str) -> Result<Self, UnknownOutcome> {
        [Outcome::Delivered, Outcome::Failed, Outcome::Expired, Outcome::Dropped]
            .into_iter()
            .find(|outcome| outcome.name() == text)
            .ok_or(UnknownOutcome)
    }
}

/// An identifier as `kind:value`.
mod identifier_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::vocab::Identifier;

    pub(super) fn serialize<S: Serializer>(
        identifier: &Option<Identifier>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match identifier {
            Some(one) => serializer.collect_str(&format_args!("{}:{}", one.kind(), one.value())),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Identifier>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}
