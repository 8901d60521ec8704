//! What the engine decided. Only the engine makes these events; replaying the log never decides
//! again.

use super::kinds;
use crate::vocab::{
    ActionId, CustomerId, Digest, EventKey, Identifier, IdentifierKey, KeyEpoch, MessageId, NoticeId,
    Personal, Purpose, ReadCounter, TagUid, Timestamp, TouchpointId,
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
        text: Option<Personal>,
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
}
