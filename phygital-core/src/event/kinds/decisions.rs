//! What the engine decided. Only the engine makes these events; replaying the log never decides
//! again.

use super::kinds;
use crate::vocab::{
    ActionId, CustomerId, Digest, EventKey, Identifier, IdentifierKey, KeyEpoch, MessageClass, MessageId,
    NoticeId, OrderId, Personal, Purpose, ReadCounter, TagUid, Timestamp, TopicId, TouchpointId,
};

kinds! {
    /// A tap that was genuine and yet refused: replayed, of a tag not enrolled, lost or set aside.
    TapRefused "Tap Refused" (
        /// Why: the name of the verdict.
        reason: String,
    ) {
        uid: Option<TagUid>,
        read_ctr: Option<ReadCounter>,
        /// The generation of keys that fitted.
        key_epoch: Option<KeyEpoch>,
        touchpoint: Option<TouchpointId>,
    }

    /// After the tap of somebody unknown: a notice to show and a code to text.
    OptInOffered "Opt In Offered" (
        /// The one-time code.
        code: String,
        /// The tap it belongs to.
        tap: EventKey,
        expires_at: Timestamp,
        notice_id: NoticeId,
        /// SHA-256 of the notice.
        notice_hash: Digest,
    ) {
        touchpoint: Option<TouchpointId>,
    }

    /// A text with a code that was not accepted.
    OptInRefused "Opt In Refused" (
        /// Who texted.
        contact: Identifier,
        /// Why: `unknown_code`, `expired`, `used`, `too_many_tries`.
        reason: String,
    ) {
        message_id: Option<MessageId>,
    }

    /// Something for the host to carry out.
    ActionRequested "Action Requested" (
        action_id: ActionId,
        /// What: `answer_message`, `send_message`, `raise_alarm`.
        action: String,
    ) {
        /// Whom it concerns.
        to: Option<Identifier>,
        purpose: Option<Purpose>,
        /// What the message is in the eyes of the law.
        class: Option<MessageClass>,
        text: Option<Personal>,
        /// What the text was found to say: `brand`, `opt_out`.
        says: Vec<String>,
        /// The order that it is about.
        order_id: Option<OrderId>,
        /// By when it has to be carried out.
        due_by: Option<Timestamp>,
        /// The host must not carry it out later than this.
        expires_at: Option<Timestamp>,
    }

    /// The host carried an action out, or could not.
    ActionCompleted "Action Completed" (
        action_id: ActionId,
        /// How it went: `delivered`, `failed`, `expired`, `dropped`.
        outcome: String,
    ) {
        /// What the host says of it.
        detail: Option<Personal>,
    }

    /// A topic was opened with a customer: questions follow.
    TopicOpened "Topic Opened" (
        /// Her phone number or address.
        contact: Identifier,
        topic: TopicId,
        /// When; with the topic it names this run of it.
        started_at: Timestamp,
    ) {
        /// SHA-256 of the topic as it was.
        digest: Option<Digest>,
        /// The language that it began in, BCP 47.
        language: Option<String>,
    }

    /// A question of a topic was asked, or asked again.
    QuestionAsked "Question Asked" (
        contact: Identifier,
        topic: TopicId,
        /// When the topic was opened.
        started_at: Timestamp,
        question: String,
        /// How often it has been asked in this run, from 1.
        attempt: u32,
    ) {
        /// What it asks for: `choice`, `number`, `size`, `date`, `yes_no`, `text`.
        answer: Option<String>,
        /// Why it was asked again: `unclear`, `silence`, `back`.
        again: Option<String>,
        action_id: Option<ActionId>,
        /// The language it was asked in, BCP 47.
        language: Option<String>,
        /// A later text does not answer it.
        expires_at: Option<Timestamp>,
    }

    /// A question of a topic is let be, without an answer.
    QuestionLeft "Question Left" (
        contact: Identifier,
        topic: TopicId,
        /// When the topic was opened.
        started_at: Timestamp,
        question: String,
        /// Why: `declined`, `unclear`.
        reason: String,
    ) {
        message_id: Option<MessageId>,
    }

    /// A topic came to its end.
    TopicClosed "Topic Closed" (
        contact: Identifier,
        topic: TopicId,
        /// When it was opened.
        started_at: Timestamp,
        /// How: `completed`, or `silent` where nothing came until its time was over.
        outcome: String,
    ) {}

    /// A customer, or part of one, goes by another id from now on: what keeps customers by their id has to follow.
    CustomerChanged "Customer Changed" (
        /// What became of her: `renamed`, `merged`, `split` where part of her is a customer of its own, `moved` where
        /// part of her is another customer's, `ended` where nothing is left of her.
        change: String,
        /// The id that it was.
        from: CustomerId,
    ) {
        /// The id that it is; none where nothing is left.
        into: Option<CustomerId>,
        /// The rules of identity that brought it about, where they were changed.
        rules: Option<Digest>,
    }

    /// An identifier is to be forgotten, now and whenever it comes again: the tombstone.
    IdentifierErased "Identifier Erased" (
        /// Its key under the tenant's secret, which tells nothing to who has not the secret.
        key: IdentifierKey,
    ) {}

    /// Something was erased from the payload of an earlier entry of the log.
    PayloadStruck "Payload Struck" (
        /// The event of that entry.
        event: EventKey,
    ) {
        /// SHA-256 of salt and payload as they are now; none where nothing is left.
        left: Option<Digest>,
    }

    /// What stays of an erased identifier: that messages to it are not wanted.
    SuppressionKept "Suppression Kept" (
        /// Its key under the tenant's secret, which tells nothing to who has not the secret.
        key: IdentifierKey,
    ) {
        /// For what it is not to be used; for nothing at all where none is said.
        purposes: Vec<Purpose>,
    }
}

impl ActionRequested {
    /// To answer a customer's own message by a message to her.
    pub const ANSWER: &str = "answer_message";
    /// To send a message.
    pub const SEND: &str = "send_message";
}

impl ActionCompleted {
    /// The outcome of what was carried out.
    pub const DELIVERED: &str = "delivered";
}
