//! Consent, messages, and what a customer says of herself.

use super::kinds;
use crate::vocab::{
    ActionId, ConsentMethod, Digest, Identifier, MessageId, NoticeId, OrderId, Personal, Purpose, Right,
    StaffId, SuppressionCause, Timestamp, TopicId,
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
        /// The order that it is about.
        order_id: Option<OrderId>,
    }

    /// A text message came in. Who sent it is an identifier of the event.
    MessageReceived "Message Received" (message_id: MessageId) {
        /// The number or short code it was sent to.
        to: Option<String>,
        body: Option<Personal>,
        /// What the parts of one message have in common, where the gateway did not put them together (3GPP TS 23.040, section
        /// 9.2.3.24.1).
        reference: Option<String>,
        /// Which part this is, from 1.
        part: Option<u32>,
        /// How many parts there are.
        parts: Option<u32>,
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
        /// What of: `size.shoes`, `favourite_color`, `occasion`; `time_zone`, which says by what clock messages go out.
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

    /// Consent was asked for, and the answer is to come: the first half of a double opt-in. The second is an Opted In
    /// whose evidence is `request:` and the key of this event.
    ConsentRequested "Consent Requested" (
        /// The phone number or e-mail address that was asked.
        contact: Identifier,
        /// For what: one or more.
        purposes: Vec<Purpose>,
        /// How she came to be asked.
        method: ConsentMethod,
    ) {
        notice_id: Option<NoticeId>,
        /// SHA-256 of the notice as it was shown.
        notice_hash: Option<Digest>,
        /// Language of the notice, BCP 47.
        language: Option<String>,
        /// What proves it: ids of forms, messages.
        evidence: Vec<String>,
        /// An answer after this time comes too late.
        expires_at: Option<Timestamp>,
    }

    /// Somebody else than its owner keeps messages from a contact point: the network, the gateway, a register, staff.
    ContactSuppressed "Contact Suppressed" (
        /// The phone number or e-mail address.
        contact: Identifier,
        /// Who, or why.
        cause: SuppressionCause,
    ) {
        /// Which messages; all where none is said.
        purposes: Vec<Purpose>,
        /// What the gateway calls it, such as `21610`.
        code: Option<String>,
        message_id: Option<MessageId>,
        /// What proves it: ids of webhooks, lists.
        evidence: Vec<String>,
    }

    /// A cause keeps messages no longer from a contact point. What its owner said stands.
    SuppressionLifted "Suppression Lifted" (
        /// The phone number or e-mail address.
        contact: Identifier,
        /// Which of the causes.
        cause: SuppressionCause,
    ) {
        evidence: Vec<String>,
    }

    /// A number or address has been somebody else's from this time on, as a registry says: consent given before is no
    /// longer hers who has it.
    ContactReassigned "Contact Reassigned" (
        /// The phone number or e-mail address.
        contact: Identifier,
    ) {
        /// What proves it: the registry, the query.
        evidence: Vec<String>,
    }

    /// A person asked for one of her rights. Who she is are the identifiers of the event.
    RightsRequested "Rights Requested" (
        /// Which.
        right: Right,
    ) {
        /// Where she lives, ISO 3166: `FR`, `US-CA`. Where it is not said, the shortest time to answer counts.
        jurisdiction: Option<String>,
        /// How she asked.
        method: Option<ConsentMethod>,
        /// What she said.
        detail: Option<Personal>,
    }

    /// A person takes a conversation over, and is to answer: topics wait until she gives it back.
    ConversationHandedOver "Conversation Handed Over" (
        /// The phone number or address of the customer.
        contact: Identifier,
        /// Why: `question` where she asks something, `unclear`, `topic`, `model`, or a word of the host's own.
        reason: String,
    ) {
        /// The topic that waits.
        topic: Option<TopicId>,
        /// When it was opened.
        started_at: Option<Timestamp>,
        /// The step of it that hands over.
        step: Option<String>,
        /// The message that led to it.
        message_id: Option<MessageId>,
        /// The order that is talked of: what went out last was about it.
        order_id: Option<OrderId>,
    }

    /// A conversation is given back to the rules: the open topic goes on.
    ConversationHandedBack "Conversation Handed Back" (
        /// The phone number or address of the customer.
        contact: Identifier,
    ) {
        /// Who gives it back.
        staff: Option<StaffId>,
    }
}

impl AttributeStated {
    /// The attribute whose value is the zone of the IANA database that she lives by, such as `Europe/Paris`.
    pub const TIME_ZONE: &str = "time_zone";
}
