//! Consent, messages, and what a customer says of herself.

use super::kinds;
use crate::vocab::{
    ActionId, ConsentMethod, Digest, Identifier, MessageId, NoticeId, Personal, Purpose, Timestamp,
};

kinds! {
    /// Consent was given for a contact point: who, to what, on which notice, how, with what proofs.
    OptedIn "Opted In" (
        /// The phone number or e-mail address that consents.
        contact: Identifier,
        /// To what: one or more, each a consent of its own.
        purposes: Vec<Purpose>,
        method: ConsentMethod,
    ) {
        notice_id: Option<NoticeId>,
        /// SHA-256 of the notice as it was shown.
        notice_hash: Option<Digest>,
        /// Language of the notice, BCP 47.
        language: Option<String>,
        /// What proves it: ids of taps, messages, papers.
        evidence: Vec<String>,
        /// The one-time code that tied a text to a tap.
        code: Option<String>,
        /// After this time the consent no longer counts.
        expires_at: Option<Timestamp>,
    }

    /// Consent was withdrawn for a contact point: for the purposes named, or for all.
    OptedOut "Opted Out" (
        /// The phone number or e-mail address that withdraws.
        contact: Identifier,
    ) {
        purposes: Vec<Purpose>,
        method: Option<ConsentMethod>,
        evidence: Vec<String>,
    }

    /// A text message went out. Who got it is an identifier of the event.
    MessageSent "Message Sent" (message_id: MessageId) {
        action_id: Option<ActionId>,
        purpose: Option<Purpose>,
        body: Option<Personal>,
    }

    /// A text message came in. Who sent it is an identifier of the event.
    MessageReceived "Message Received" (message_id: MessageId) {
        /// The number or short code it was sent to.
        to: Option<String>,
        body: Option<Personal>,
    }

    /// A message arrived, as the gateway says.
    MessageDelivered "Message Delivered" (message_id: MessageId) {}

    /// A message could not be delivered.
    MessageFailed "Message Failed" (message_id: MessageId) {
        /// What the gateway says of it; gateways like to repeat the number.
        reason: Option<Personal>,
    }

    /// A customer said something of herself (zero-party data).
    AttributeStated "Attribute Stated" (
        /// What of: `size.shoes`, `favourite_color`, `occasion`.
        attribute: String,
        /// What she said, in the form the host reads it.
        value: Personal,
    ) {
        unit: Option<String>,
        /// The sentence it came from.
        sentence: Option<Personal>,
        message_id: Option<MessageId>,
        /// How sure the reading of the sentence is, in percent.
        confidence: Option<u32>,
        /// After this time it no longer holds.
        expires_at: Option<Timestamp>,
    }
}
