//! Where the conversation with one contact point stands: who may be written to, what was said last, what went out.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Handler, Sent, Talk};
use crate::event::kinds::conversation::AttributeStated;
use crate::event::kinds::decisions::{ActionCompleted, ActionRequested};
use crate::event::{Body, Event, FoldKey, Recorded};
use crate::profile::limits::CONFIDENCE_MIN_PERCENT;
use crate::vocab::limits::{DOINGS_KEPT, PARTS_KEPT, RECEIVED_KEPT};
use crate::vocab::{
    ActionId, ConsentMethod, EventKey, Identifier, MessageClass, MessageId, OrderId, Purpose,
    SuppressionCause, Timestamp, Zone,
};

/// How long after a message about an order a text of hers is taken to be about it, if nothing else was sent since. Later "cancel
/// it" may mean the messages.
pub const ORDER_TALK: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// The conversation of one phone number or e-mail address with the brand, whatever number of the brand it goes over: caps and
/// opt-outs count for all of them.
///
/// A fold of events: each part is the latest of its kind by the order of the fold, or a set of the latest, so the same events
/// give the same state in any order. What may be sent for is decided by the [`consent`](crate::consent) ledger; this says where
/// the conversation stands. Kept as JSON in one row of the store. Holds no contact point itself, and no text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Thread {
    /// The last that was given, how, and until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    joined: Option<Joined>,
    /// The last withdrawal of messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left: Option<FoldKey>,
    /// The last that was told by text, and so was confirmed by text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left_by_text: Option<FoldKey>,
    /// The last question of a double opt-in, and when it is too late to answer it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    requested: Option<(FoldKey, Option<Timestamp>)>,
    /// Since when the number is another's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reassigned: Option<FoldKey>,
    /// The last that was said of each cause: whether it keeps messages away.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    suppressed: BTreeMap<SuppressionCause, (FoldKey, bool)>,
    /// Messages that came in, the latest [`RECEIVED_KEPT`], in the order of the fold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    received: Vec<Received>,
    /// Parts of messages that came in, the latest [`PARTS_KEPT`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parts: Vec<Part>,
    /// Where it stands in its topics, and who answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    talk: Option<Talk>,
    /// The zone that she last named for herself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zone_said: Option<ZoneSaid>,
    /// The zone that was last seen or guessed of her.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zone_seen: Option<(FoldKey, Zone)>,
    /// What was done about messages out, the last of each doing: the latest [`DOINGS_KEPT`], in the order of the fold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    out: Vec<Doing>,
}

/// Where a contact point stands, the last that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// Nothing was said of messages.
    None,
    /// She was asked whether she joins.
    PendingDoubleOptIn,
    /// She joined.
    Subscribed,
    /// She left.
    OptedOut,
    /// A network, a gateway, a register or staff keeps messages away.
    Blocked,
    /// Nobody has the number, or it takes no messages.
    Invalid,
}

impl Status {
    /// The name in JSON and on the command line; it keeps its meaning for ever.
    pub fn code(self) -> &'static str {
        match self {
            Status::None => "none",
            Status::PendingDoubleOptIn => "pending_double_opt_in",
            Status::Subscribed => "subscribed",
            Status::OptedOut => "opted_out",
            Status::Blocked => "blocked",
            Status::Invalid => "invalid",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Joined {
    fold: FoldKey,
    method: ConsentMethod,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
}

/// A zone that she named, or took back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct ZoneSaid {
    fold: FoldKey,
    zone: Option<Zone>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Received {
    fold: FoldKey,
    message: MessageId,
    /// The number or short code it was sent to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<String>,
}

/// A part of a message that the gateway did not put together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Part {
    fold: FoldKey,
    reference: String,
    part: u32,
    parts: u32,
}

/// What an event says of a message that goes out.
///
/// Doings are kept, and not messages, so that the latest of them are the same in whatever order they came: what was let go of
/// a message could not be told from what never was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Doing {
    fold: FoldKey,
    what: Done,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Done {
    /// It was asked for, to go out before a time.
    Asked {
        action: ActionId,
        class: MessageClass,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        brand: bool,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        opt_out: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order: Option<OrderId>,
    },
    /// The host carried it out, or did not.
    Completed { action: ActionId, delivered: bool },
    /// It went out.
    Sent {
        message: MessageId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        action: Option<ActionId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        class: Option<MessageClass>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order: Option<OrderId>,
    },
    /// It could not be delivered.
    Failed { message: MessageId },
}

impl Done {
    /// What is done, and of what: of two that are alike the later one counts.
    fn about(&self) -> (u8, Option<&ActionId>, Option<&MessageId>) {
        match self {
            Done::Asked { action, .. } => (0, Some(action), None),
            Done::Completed { action, .. } => (1, Some(action), None),
            Done::Sent { message, action, .. } => (2, action.as_ref(), Some(message)),
            Done::Failed { message } => (3, None, Some(message)),
        }
    }
}

/// All that is known of one message that goes out.
#[derive(Debug, Default)]
struct Out<'t> {
    action: Option<&'t ActionId>,
    asked: Option<Timestamp>,
    sent: Option<Timestamp>,
    completed: Option<Timestamp>,
    class: Option<MessageClass>,
    brand: bool,
    opt_out: bool,
    until: Option<Timestamp>,
    order: Option<&'t OrderId>,
    failed: bool,
}

impl<'t> Out<'t> {
    /// Takes in what was done; a message's doings come in the order of the fold.
    fn take(&mut self, at: Timestamp, done: &'t Done) {
        match done {
            Done::Asked { action, class, brand, opt_out, until, order } => {
                (self.action, self.asked, self.until) = (Some(action), Some(at), *until);
                (self.brand, self.opt_out) = (*brand, *opt_out);
                self.class = self.class.max(Some(*class));
                self.order = order.as_ref().or(self.order);
            }
            Done::Completed { action, delivered } => {
                self.action = Some(action);
                self.failed |= !delivered;
                self.completed = self.completed.max(Some(at));
            }
            Done::Sent { action, class, order, .. } => {
                self.action = action.as_ref().or(self.action);
                self.class = self.class.max(*class);
                self.order = order.as_ref().or(self.order);
                self.sent = self.sent.max(Some(at));
            }
            Done::Failed { .. } => self.failed = true,
        }
    }

    /// When it went out, if it did.
    fn went(&self) -> Option<Timestamp> {
        self.sent.or(self.completed).filter(|_| !self.failed)
    }

    /// When it went out, or was asked for and may still go out at `now`.
    fn counts(&self, now: Timestamp) -> Option<Timestamp> {
        let waits = self.asked.filter(|_| !self.failed && self.until.is_none_or(|until| now < until));
        self.went().or(waits)
    }
}

/// The contact points whose threads an event belongs in; none for most events.
///
/// Whom an event of consent or of a topic, or an action, is about; for messages, each contact point that the event names. An "Action Completed"
/// names nobody: it belongs where its action does. For what tells a zone see [`tells_zone`].
pub fn contacts(event: &Event) -> Vec<&Identifier> {
    match &event.body {
        Body::MessageReceived(_)
        | Body::MessageSent(_)
        | Body::MessageDelivered(_)
        | Body::MessageFailed(_)
        | Body::Unsubscribed(_) => {
            event.identifiers.iter().filter(|one| one.kind().is_contact_point()).collect()
        }
        body => body.whom().filter(|one| one.kind().is_contact_point()).into_iter().collect(),
    }
}

/// Whether an event says in which zone she is: *Attribute Stated* of it, or *User Identified* away from any place. It belongs in
/// the thread of whatever it names that may link, an account too: it is true of her numbers as soon as they are known to be
/// hers.
pub fn tells_zone(event: &Event) -> bool {
    zone_of(event).is_some()
}

impl Thread {
    /// Takes an event of the contact point in, and says whether the thread has to be stored anew. The caller knows that it is
    /// one: see [`contacts`] and [`tells_zone`].
    pub fn apply(&mut self, recorded: &Recorded) -> bool {
        let before = self.clone();
        let fold = recorded.fold;
        match &recorded.event.body {
            Body::OptedIn(said) if said.purposes.iter().any(|one| is_sent(*one)) => {
                let joined = Joined { fold, method: said.method, until: said.expires_at };
                self.joined = self.joined.take().max(Some(joined));
            }
            Body::OptedOut(said)
                if said.purposes.is_empty() || said.purposes.contains(&Purpose::Marketing) =>
            {
                self.left = self.left.max(Some(fold));
                if said.method == Some(ConsentMethod::Keyword) {
                    self.left_by_text = self.left_by_text.max(Some(fold));
                }
            }
            Body::Unsubscribed(_) => self.left = self.left.max(Some(fold)),
            Body::ConsentRequested(asked) if asked.purposes.iter().any(|one| is_sent(*one)) => {
                self.requested = self.requested.max(Some((fold, asked.expires_at)));
            }
            Body::ContactReassigned(_) => self.reassigned = self.reassigned.max(Some(fold)),
            Body::ContactSuppressed(said) => self.suppress(said.cause, fold, true),
            Body::SuppressionLifted(said) => self.suppress(said.cause, fold, false),
            Body::MessageReceived(message) => {
                let received = Received { fold, message: message.message_id.clone(), to: message.to.clone() };
                keep(&mut self.received, received, RECEIVED_KEPT);
                if let (Some(reference), Some(part), Some(parts)) =
                    (&message.reference, message.part, message.parts)
                {
                    let part = Part { fold, reference: reference.clone(), part, parts };
                    keep(&mut self.parts, part, PARTS_KEPT);
                }
            }
            Body::ActionRequested(action) => self.ask(action, fold),
            Body::ActionCompleted(done) => {
                let delivered = done.outcome == ActionCompleted::DELIVERED;
                self.note(fold, Done::Completed { action: done.action_id.clone(), delivered });
            }
            Body::MessageSent(sent) => {
                let of_purpose = sent.action_id.is_none() || sent.purpose.is_some();
                let done = Done::Sent {
                    message: sent.message_id.clone(),
                    action: sent.action_id.clone(),
                    class: of_purpose.then(|| class_of(sent.purpose)),
                    order: sent.order_id.clone(),
                };
                self.note(fold, done);
            }
            Body::MessageFailed(failed) => {
                self.note(fold, Done::Failed { message: failed.message_id.clone() });
            }
            _ => match zone_of(&recorded.event) {
                Some(ZoneTold::Said(zone, until)) => {
                    self.zone_said = self.zone_said.max(Some(ZoneSaid { fold, zone, until }));
                }
                Some(ZoneTold::Seen(zone)) => self.zone_seen = self.zone_seen.max(Some((fold, zone))),
                None => {}
            },
        }
        Talk::fold(&mut self.talk, &recorded.event.body, fold);
        *self != before
    }

    /// Where it stands at `now`. A withdrawal at the same time as a grant is the last word.
    pub fn status(&self, now: Timestamp) -> Status {
        let stands = |cause: &SuppressionCause| self.suppressed.get(cause).is_some_and(|(_, put)| *put);
        if stands(&SuppressionCause::Invalid) {
            return Status::Invalid;
        }
        if SuppressionCause::ALL.iter().any(stands) {
            return Status::Blocked;
        }
        if self.is_out() {
            return Status::OptedOut;
        }
        let joined = self.holding().filter(|joined| joined.until.is_none_or(|until| now < until));
        if joined.is_some() {
            return Status::Subscribed;
        }
        if self.pending_double_opt_in(now).is_some() { Status::PendingDoubleOptIn } else { Status::None }
    }

    /// Whether the last word was to leave.
    pub fn is_out(&self) -> bool {
        let at = |fold: FoldKey| fold.at;
        self.left.is_some_and(|left| self.joined.as_ref().is_none_or(|joined| joined.fold.at <= at(left)))
    }

    /// Whether leaving at a time is to be confirmed: once, until she joins again, and not where she has joined since.
    pub(crate) fn owes_confirmation(&self, left_at: Timestamp) -> bool {
        let joined = self.joined.as_ref().map(|joined| joined.fold.at);
        joined.is_none_or(|joined| joined <= left_at)
            && self.left_by_text.is_none_or(|left| joined.is_some_and(|joined| joined > left.at))
    }

    /// How she joined, where that still holds: by a tap, by the text of a tag, by a keyword without a tap, or elsewhere.
    pub fn joined_by(&self) -> Option<ConsentMethod> {
        self.holding().map(|joined| joined.method)
    }

    /// The question of a double opt-in that waits at `now`: the event that asked.
    pub fn pending_double_opt_in(&self, now: Timestamp) -> Option<FoldKey> {
        let (asked, until) = self.requested?;
        let later = |other: Option<FoldKey>| other.is_some_and(|other| other.at > asked.at);
        let answered = later(self.joined.as_ref().map(|joined| joined.fold)) || later(self.left);
        (!answered && !later(self.reassigned) && until.is_none_or(|until| now < until)).then_some(asked)
    }

    /// Where it stands in its topics, and who answers; `None` where none was opened.
    pub fn talk(&self) -> Option<&Talk> {
        self.talk.as_ref()
    }

    /// Since when a question of a topic waits for her; none where none does, or where a person answers. Whether it is time to
    /// follow up is for the topic to say.
    pub fn waits_since(&self) -> Option<Timestamp> {
        let talk = self.talk.as_ref().filter(|talk| talk.handler() == Handler::Rules)?;
        talk.pending().map(|pending| pending.asked.at.at)
    }

    /// The zone that she named for herself, by this very number or account, where that holds at `now`; and the event that says
    /// so. None where the number has passed to somebody else since.
    pub fn zone_said(&self, now: Timestamp) -> Option<(FoldKey, Zone)> {
        let said = self.zone_said.filter(|said| said.until.is_none_or(|until| now < until))?;
        let hers = self.reassigned.is_none_or(|reassigned| said.fold.at > reassigned.at);
        said.zone.filter(|_| hers).map(|zone| (said.fold, zone))
    }

    /// The zone that her device last showed when she was identified, or that was guessed of what she said; and the event that
    /// says so.
    pub fn zone_seen(&self) -> Option<(FoldKey, Zone)> {
        self.zone_seen
    }

    /// When the last text of hers came in.
    pub fn last_inbound(&self) -> Option<Timestamp> {
        self.received.last().map(|received| received.fold.at)
    }

    /// The number or short code that she last wrote to, as far as her gateway says.
    pub fn last_sender(&self) -> Option<&str> {
        self.received.iter().rev().find_map(|received| received.to.as_deref())
    }

    /// Whether a message with this id came in as another event: a gateway told it twice.
    pub(crate) fn has_received(&self, message: &MessageId, but: EventKey) -> bool {
        self.received.iter().any(|known| known.message == *message && known.fold.key != but)
    }

    /// The events of a message in parts, in their order, where all are there.
    pub(crate) fn whole(&self, reference: &str, parts: u32) -> Option<Vec<FoldKey>> {
        let of = |part: u32| {
            let mut known =
                self.parts.iter().filter(|known| known.reference == reference && known.parts == parts);
            known.find(|known| known.part == part).map(|known| known.fold)
        };
        if parts as usize > PARTS_KEPT {
            return None;
        }
        (1..=parts).map(of).collect()
    }

    /// What went out, or waits at `now` to, oldest first. What waited past its expiry did not go out, and counts no more; if it
    /// turns out that it did, it counts again.
    pub fn sends(&self, now: Timestamp) -> Vec<Sent> {
        let sent = |out: &Out<'_>| {
            let class = out.class.unwrap_or(MessageClass::Marketing);
            let mut sent = Sent::new(out.counts(now)?, class).saying(out.brand, out.opt_out);
            sent.waiting = out.went().is_none();
            sent.action = out.action.cloned();
            Some(sent)
        };
        let mut sends: Vec<Sent> = self.messages().iter().filter_map(sent).collect();
        sends.sort();
        sends
    }

    /// The time up to which what went out may be forgotten; none where all is remembered.
    pub fn remembers_from(&self) -> Option<Timestamp> {
        self.out.first().filter(|_| self.out.len() >= DOINGS_KEPT).map(|first| first.fold.at)
    }

    /// The order that a text of hers, sent at a time, is likely about: what went out last before it was about that order, at
    /// most [`ORDER_TALK`] before.
    pub fn order_talked_of(&self, at: Timestamp) -> Option<&OrderId> {
        let said = self.messages().into_iter().filter_map(|out| Some((out.went()?, out.order)));
        let (went, order) = said.filter(|(went, _)| *went <= at).max()?;
        order.filter(|_| at < went.saturating_add(ORDER_TALK))
    }

    /// What is known of each message out, by whatever it is known.
    fn messages(&self) -> Vec<Out<'_>> {
        let mut actions: BTreeMap<&MessageId, &ActionId> = BTreeMap::new();
        for doing in &self.out {
            if let Done::Sent { message, action: Some(action), .. } = &doing.what {
                actions.insert(message, action);
            }
        }
        let mut messages: BTreeMap<(Option<&ActionId>, Option<&MessageId>), Out<'_>> = BTreeMap::new();
        for doing in &self.out {
            let (_, action, message) = doing.what.about();
            let action = action.or_else(|| actions.get(message?).copied());
            let message = message.filter(|_| action.is_none());
            messages.entry((action, message)).or_default().take(doing.fold.at, &doing.what);
        }
        messages.into_values().collect()
    }

    /// The grant that holds: given after the number was last given to somebody else, and not withdrawn.
    fn holding(&self) -> Option<&Joined> {
        let joined = self.joined.as_ref().filter(|_| !self.is_out())?;
        self.reassigned.is_none_or(|reassigned| joined.fold.at > reassigned.at).then_some(joined)
    }

    fn suppress(&mut self, cause: SuppressionCause, fold: FoldKey, put: bool) {
        let said = self.suppressed.entry(cause).or_insert((fold, put));
        *said = (*said).max((fold, put));
    }

    fn ask(&mut self, action: &ActionRequested, fold: FoldKey) {
        if action.action != ActionRequested::SEND && action.action != ActionRequested::ANSWER {
            return;
        }
        let answers = action.action == ActionRequested::ANSWER;
        let of_purpose = || if answers { MessageClass::Conversational } else { class_of(action.purpose) };
        let says = |what: &str| action.says.iter().any(|said| said == what);
        let asked = Done::Asked {
            action: action.action_id.clone(),
            class: action.class.unwrap_or_else(of_purpose),
            brand: says("brand"),
            opt_out: says("opt_out"),
            until: action.expires_at,
            order: action.order_id.clone(),
        };
        self.note(fold, asked);
    }

    /// Takes a doing in, and lets the oldest go where there are too many.
    fn note(&mut self, fold: FoldKey, what: Done) {
        if self.out.iter().any(|known| known.fold >= fold && known.what.about() == what.about()) {
            return;
        }
        self.out.retain(|known| known.what.about() != what.about());
        keep(&mut self.out, Doing { fold, what }, DOINGS_KEPT);
    }
}

/// What an event tells of the zone in which she is.
enum ZoneTold {
    /// Her own word, until a time; none takes it back.
    Said(Option<Zone>, Option<Timestamp>),
    /// Seen of her device, or read with too little confidence.
    Seen(Zone),
}

/// *Attribute Stated* of the zone; *User Identified* with one and away from any place, whose zone would be the place's.
fn zone_of(event: &Event) -> Option<ZoneTold> {
    match &event.body {
        Body::AttributeStated(stated) if stated.attribute == AttributeStated::TIME_ZONE => {
            let text = stated.value.reveal().trim();
            if text.is_empty() {
                return Some(ZoneTold::Said(None, None));
            }
            let zone: Zone = text.parse().ok()?;
            match stated.confidence.is_none_or(|percent| percent >= CONFIDENCE_MIN_PERCENT) {
                true => Some(ZoneTold::Said(Some(zone), stated.expires_at)),
                false => Some(ZoneTold::Seen(zone)),
            }
        }
        Body::UserIdentified(_) => event.zone.filter(|_| event.place.is_none()).map(ZoneTold::Seen),
        _ => None,
    }
}

/// Whether messages go out for a purpose.
fn is_sent(purpose: Purpose) -> bool {
    matches!(purpose, Purpose::Marketing | Purpose::Service)
}

/// What a message is of which only the purpose is known: the strictest where not even that is.
pub(crate) fn class_of(purpose: Option<Purpose>) -> MessageClass {
    match purpose {
        Some(Purpose::Service) => MessageClass::Transactional,
        _ => MessageClass::Marketing,
    }
}

/// Puts one more into a list in order, each once, and lets the first go where there are more than `most`.
fn keep<T: Ord>(list: &mut Vec<T>, one: T, most: usize) {
    if let Err(at) = list.binary_search(&one) {
        list.insert(at, one);
        if list.len() > most {
            list.remove(0);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::kinds::conversation::*;
    use crate::event::{Origin, Recorded};
    use crate::vocab::{DeviceId, EventId, Hlc, Personal, SourceId};

    const HER: &str = "phone:+33612345678";

    fn her() -> Identifier {
        HER.parse().unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros((second + 100) * 1_000_000).unwrap()
    }

    fn event(id: &str, second: i64, body: impl Into<Body>) -> Recorded {
        let mut event =
            Event::new(SourceId::new("test").unwrap(), EventId::new(id).unwrap(), at(second), body);
        event.identifiers.push(her());
        event.settle().unwrap();
        let hlc = Hlc::ZERO.tick(at(second.max(1_000))).unwrap();
        let fold = FoldKey::of(&event, hlc);
        let origin = Origin { device: DeviceId::from_bytes([0; 16]), epoch: 0, seq: 1 };
        Recorded { event, fold, origin, hlc, received_at: at(second) }
    }

    /// What may happen to a contact point, by number.
    fn happens(n: u8, second: i64) -> Recorded {
        let id = format!("e-{n}-{second}");
        let marketing = || vec![Purpose::Marketing];
        let message = |n: i64| format!("m-{n}").parse::<MessageId>().unwrap();
        let action = |n: i64| format!("a-{n}").parse::<ActionId>().unwrap();
        let body: Body = match n {
            0 => OptedIn::new(her(), marketing(), ConsentMethod::TapToText).into(),
            1 => {
                let mut left = OptedOut::new(her());
                left.method = Some(ConsentMethod::Keyword);
                left.into()
            }
            2 => OptedOut::new(her()).into(),
            3 => {
                let mut asked = ConsentRequested::new(her(), marketing(), ConsentMethod::Keyword);
                asked.expires_at = Some(at(second + 50));
                asked.into()
            }
            4 => ContactSuppressed::new(her(), SuppressionCause::Carrier).into(),
            5 => SuppressionLifted::new(her(), SuppressionCause::Carrier).into(),
            6 => ContactReassigned::new(her()).into(),
            7 => {
                let mut received = MessageReceived::new(message(second % 5));
                received.reference = Some("r".to_owned());
                received.to = (second % 2 == 0).then(|| second.to_string());
                (received.part, received.parts) = (Some(1 + second as u32 % 3), Some(3));
                received.into()
            }
            8 => {
                let id = action(second % 7);
                let mut requested = ActionRequested::new(id, ActionRequested::SEND.to_owned());
                requested.to = Some(her());
                requested.purpose = Some(if second % 2 == 0 { Purpose::Service } else { Purpose::Marketing });
                requested.expires_at = (second % 4 == 3).then(|| at(second + 5));
                requested.order_id = (second % 4 == 0).then(|| "o-1".parse().unwrap());
                requested.into()
            }
            9 => {
                let mut sent = MessageSent::new(message(second % 7));
                sent.action_id = (second % 3 > 0).then(|| action(second % 7));
                sent.into()
            }
            10 => MessageFailed::new(message(second % 7)).into(),
            12 => {
                let zone = ["Europe/Paris", "", "nowhere", "America/Chicago"][second as usize % 4];
                let mut stated =
                    AttributeStated::new(AttributeStated::TIME_ZONE.to_owned(), Personal::new(zone));
                stated.confidence = (second % 3 == 0).then_some(20);
                stated.expires_at = (second % 5 == 0).then(|| at(second + 10));
                stated.into()
            }
            _ => ActionCompleted::new(action(second % 7), "expired".to_owned()).into(),
        };
        event(&id, second, body)
    }

    fn thread<'e>(events: impl IntoIterator<Item = &'e Recorded>) -> Thread {
        let mut thread = Thread::default();
        for event in events {
            thread.apply(event);
        }
        thread
    }

    fn status(parts: &[(u8, i64)]) -> Status {
        thread(&parts.iter().map(|(n, second)| happens(*n, *second)).collect::<Vec<_>>()).status(at(40))
    }

    #[test]
    fn the_last_word_holds() {
        assert_eq!(status(&[]), Status::None);
        assert_eq!(status(&[(3, 1)]), Status::PendingDoubleOptIn);
        assert_eq!(status(&[(3, -60)]), Status::None, "too late to answer");
        assert_eq!(status(&[(3, 1), (0, 2)]), Status::Subscribed);
        assert_eq!(status(&[(0, 2), (1, 3)]), Status::OptedOut);
        assert_eq!(status(&[(0, 2), (1, 2)]), Status::OptedOut, "at one time the withdrawal is last");
        assert_eq!(status(&[(1, 3), (0, 2)]), Status::OptedOut, "an older grant that comes late");
        assert_eq!(status(&[(1, 3), (0, 4)]), Status::Subscribed);
        assert_eq!(status(&[(0, 2), (4, 3)]), Status::Blocked);
        assert_eq!(status(&[(0, 2), (4, 3), (5, 4)]), Status::Subscribed);
        assert_eq!(status(&[(0, 2), (6, 3)]), Status::None, "another has the number now");
    }

    #[test]
    fn the_last_zone_holds_until_it_is_taken_back_or_another_has_the_number() {
        let of = |parts: &[(u8, i64)]| {
            let thread = thread(&parts.iter().map(|(n, second)| happens(*n, *second)).collect::<Vec<_>>());
            let name = |zone: Option<(FoldKey, Zone)>| zone.map(|(_, zone)| zone.name());
            (name(thread.zone_said(at(60))), name(thread.zone_seen()))
        };
        let (paris, chicago) = (Some("Europe/Paris"), Some("America/Chicago"));
        assert_eq!(of(&[]), (None, None));
        assert_eq!(of(&[(12, 4)]), (paris, None));
        assert_eq!(of(&[(12, 7), (12, 4)]), (chicago, None), "an older word that comes late");
        assert_eq!(of(&[(12, 4), (12, 13)]), (None, None), "taken back");
        assert_eq!(of(&[(12, 4), (12, 14)]), (paris, None), "no zone at all");
        assert_eq!(of(&[(12, 20)]), (None, None), "it held until 30");
        assert_eq!(of(&[(12, 55)]), (chicago, None));
        assert_eq!(of(&[(12, 3), (12, 4)]), (paris, chicago), "a guess is no word of hers");
        assert_eq!(of(&[(12, 4), (6, 5)]), (None, None), "another has the number now");
        assert_eq!(of(&[(6, 5), (12, 8)]), (paris, None));
    }

    #[test]
    fn a_device_tells_a_zone_where_no_place_does() {
        use crate::event::kinds::digital::UserIdentified;
        let mut seen = event("i", 5, UserIdentified::new());
        assert!(!tells_zone(&seen.event));
        seen.event.zone = "Asia/Kolkata".parse().ok();
        assert!(tells_zone(&seen.event));
        assert_eq!(thread([&seen]).zone_seen().map(|(_, zone)| zone.name()), Some("Asia/Kolkata"));
        seen.event.place = "paris-1".parse().ok();
        assert!(!tells_zone(&seen.event), "the clock of the shop");
    }

    #[test]
    fn one_opt_out_is_confirmed_once() {
        let of = |parts: &[(u8, i64)]| {
            thread(&parts.iter().map(|(n, second)| happens(*n, *second)).collect::<Vec<_>>())
        };
        assert!(of(&[]).owes_confirmation(at(5)));
        assert!(of(&[(0, 1)]).owes_confirmation(at(5)));
        assert!(!of(&[(0, 1), (1, 2)]).owes_confirmation(at(5)), "she had one");
        assert!(of(&[(0, 1), (1, 2), (0, 3)]).owes_confirmation(at(5)), "she came back");
        assert!(!of(&[(0, 9)]).owes_confirmation(at(5)), "she has come back since");
        assert!(
            of(&[(0, 1), (2, 2)]).owes_confirmation(at(5)),
            "what was told at the till was not confirmed by text"
        );
    }

    #[test]
    fn a_message_counts_once_whatever_it_is_known_by() {
        let sends = |parts: &[(u8, i64)]| {
            thread(&parts.iter().map(|(n, second)| happens(*n, *second)).collect::<Vec<_>>()).sends(at(60))
        };
        // Action and message 1: asked for at 1, sent at 8.
        let sent = sends(&[(8, 1), (9, 8)]);
        assert_eq!((sent.len(), sent[0].at, sent[0].class), (1, at(8), MessageClass::Marketing));
        assert_eq!(sends(&[(8, 1), (9, 8), (10, 15)]), [], "it failed");
        assert_eq!(sends(&[(10, 15), (9, 8), (8, 1)]), []);
        assert_eq!(sends(&[(8, 2), (11, 9)]), [], "the host let it expire");
        assert_eq!(sends(&[(8, 2)])[0].class, MessageClass::Transactional);
    }

    #[test]
    fn the_number_she_last_wrote_to_is_known() {
        let thread = |seconds: &[i64]| thread(&seconds.iter().map(|at| happens(7, *at)).collect::<Vec<_>>());
        assert_eq!(thread(&[1]).last_sender(), None);
        assert_eq!(thread(&[4, 2, 5]).last_sender(), Some("4"), "of the fifth no gateway said it");
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let many = |n: u8, most: usize| {
            let events = (0..most as i64 + 1).map(|second| {
                let mut one = happens(n, second);
                if let Body::MessageReceived(message) = &mut one.event.body {
                    message.message_id = format!("m-{second}").parse().unwrap();
                }
                if let Body::ActionRequested(action) = &mut one.event.body {
                    action.action_id = format!("a-{second}").parse().unwrap();
                }
                one
            });
            thread(&events.collect::<Vec<_>>())
        };
        let received = many(7, RECEIVED_KEPT);
        assert_eq!((received.received.len(), received.parts.len()), (RECEIVED_KEPT, PARTS_KEPT));
        assert_eq!(received.last_inbound(), Some(at(RECEIVED_KEPT as i64)));
        let full = many(8, DOINGS_KEPT - 1);
        assert_eq!((full.out.len(), full.remembers_from()), (DOINGS_KEPT, Some(at(0))));
        let more = many(8, DOINGS_KEPT);
        assert_eq!((more.out.len(), more.remembers_from()), (DOINGS_KEPT, Some(at(1))));
        assert_eq!(many(8, DOINGS_KEPT - 2).remembers_from(), None);
    }

    #[test]
    fn what_expired_unsent_is_given_back() {
        let of = |parts: &[(u8, i64)], now: i64| {
            let thread = thread(&parts.iter().map(|(n, second)| happens(*n, *second)).collect::<Vec<_>>());
            thread.sends(at(now)).iter().map(|sent| (sent.at, sent.waiting)).collect::<Vec<_>>()
        };
        // Action 3, asked for at 3, was to go out before 8.
        assert_eq!(of(&[(8, 3)], 7), [(at(3), true)]);
        assert_eq!(of(&[(8, 3)], 8), []);
        // It was told late that it had gone out at 10.
        assert_eq!(of(&[(8, 3), (9, 10)], 60), [(at(10), false)]);
        assert_eq!(of(&[(8, 3), (9, 10)], 9), [(at(10), false)], "what is stamped later counts");
        assert_eq!(of(&[(8, 1)], 60), [(at(1), true)], "without an end it waits on");
    }

    #[test]
    fn an_order_is_talked_of_until_something_else_is() {
        let thread = |parts: &[(u8, i64)]| {
            thread(&parts.iter().map(|(n, second)| happens(*n, *second)).collect::<Vec<_>>())
        };
        let order = |parts: &[(u8, i64)], second: i64| {
            thread(parts).order_talked_of(at(second)).map(ToString::to_string)
        };
        let o1 = || Some("o-1".to_owned());
        // Action 4, about an order, is asked for at 4 and goes out at 11.
        assert_eq!(order(&[(8, 4)], 12), None, "nothing was said yet");
        assert_eq!(order(&[(8, 4), (9, 11)], 12), o1());
        assert_eq!(order(&[(8, 4), (9, 11)], 10), None, "she wrote before");
        let last = 11 + ORDER_TALK.as_secs() as i64;
        assert_eq!((order(&[(8, 4), (9, 11)], last - 1), order(&[(8, 4), (9, 11)], last)), (o1(), None));
        assert_eq!(order(&[(8, 4), (9, 11), (9, 13)], 14), None, "something else was sent since");
        assert_eq!(order(&[(8, 4), (9, 11), (9, 13)], 12), o1());
        assert_eq!(order(&[(8, 4), (9, 11), (10, 18)], 19), None, "it never arrived");
    }

    #[test]
    fn parts_make_a_whole() {
        let parts =
            |seconds: &[i64]| thread(&seconds.iter().map(|second| happens(7, *second)).collect::<Vec<_>>());
        assert_eq!(parts(&[3, 4]).whole("r", 3), None);
        let whole = parts(&[5, 3, 4]).whole("r", 3).unwrap();
        assert_eq!(whole.iter().map(|fold| fold.at).collect::<Vec<_>>(), [at(3), at(4), at(5)]);
        assert_eq!(parts(&[5, 3, 4]).whole("other", 3), None);
        assert_eq!(parts(&[5, 3, 4]).whole("r", PARTS_KEPT as u32 + 1), None);
    }

    proptest! {
        #[test]
        fn any_order_gives_the_same_thread(
            (events, shuffled) in prop::collection::vec((0..13u8, 0..60i64), 0..24).prop_flat_map(|events| {
                (Just(events.clone()), Just(events).prop_shuffle())
            }),
        ) {
            let make = |events: Vec<(u8, i64)>| events.into_iter().map(|(n, second)| happens(n, second)).collect::<Vec<_>>();
            let (events, shuffled) = (make(events), make(shuffled));
            let (one, two) = (thread(&events), thread(shuffled.iter().chain(&events)));
            prop_assert_eq!(&one, &two);
            let json = serde_json::to_string(&one).unwrap();
            prop_assert_eq!(serde_json::from_str::<Thread>(&json).unwrap(), one);
        }

        /// Time gives back nothing but what waited, and only what was to go out by then; what went out counts for ever.
        #[test]
        fn time_gives_back_what_never_went(
            events in prop::collection::vec((8..12u8, 0..60i64), 0..24), now in 0..70i64, later in 0..70i64,
        ) {
            let events: Vec<Recorded> = events.into_iter().map(|(n, second)| happens(n, second)).collect();
            let thread = thread(&events);
            let (before, after) = (thread.sends(at(now)), thread.sends(at(now + later)));
            prop_assert!(after.iter().all(|sent| before.contains(sent)));
            let until = |sent: &Sent| {
                let asked = events.iter().filter_map(|one| match &one.event.body {
                    Body::ActionRequested(action) if Some(&action.action_id) == sent.action.as_ref() => {
                        Some((one.fold, action.expires_at))
                    }
                    _ => None,
                });
                asked.max().and_then(|(_, until)| until)
            };
            for sent in before.iter().filter(|sent| !after.contains(sent)) {
                prop_assert!(sent.waiting && until(sent).is_some_and(|end| at(now) < end && end <= at(now + later)));
            }
        }

        /// Also where more happens than is remembered, each outcome told late: what is remembered is the same, and it is what
        /// the latest doings say.
        #[test]
        fn what_is_forgotten_does_not_depend_on_the_order(
            messages in (DOINGS_KEPT / 2 - 8..DOINGS_KEPT).prop_flat_map(|messages| {
                Just((0..messages).map(|n| (n, n * 7 % 5)).collect::<Vec<_>>()).prop_shuffle()
            }),
        ) {
            let doings = |&(n, how): &(usize, usize)| {
                let (second, action) = (n as i64, format!("a-{n}").parse::<ActionId>().unwrap());
                let mut asked = ActionRequested::new(action.clone(), ActionRequested::SEND.to_owned());
                asked.to = Some(her());
                let outcome = ["delivered", "failed", "dropped", "expired"].get(how);
                let done = outcome.map(|how| event(&format!("d-{n}"), second + 40, ActionCompleted::new(action, (*how).to_owned())));
                [Some(event(&format!("r-{n}"), second, asked)), done].into_iter().flatten()
            };
            let in_turn = messages.iter().flat_map(doings).collect::<Vec<_>>();
            let mut asked_first: Vec<_> = in_turn.clone();
            asked_first.sort_by_key(|event| (event.event.body.name().to_owned(), event.fold));
            let (one, two) = (thread(&in_turn), thread(asked_first.iter().rev()));
            prop_assert_eq!(&one, &two);
            let mut all: Vec<FoldKey> = in_turn.iter().map(|event| event.fold).collect();
            all.sort();
            let kept: Vec<FoldKey> = one.out.iter().map(|doing| doing.fold).collect();
            prop_assert_eq!(&kept[..], &all[all.len().saturating_sub(DOINGS_KEPT)..]);
            // Whatever is not remembered went out no later than the gate takes it to have.
            let now = at(100_000);
            let forgotten = messages.iter().filter(|(n, how)| {
                let counted = one.sends(now).iter().any(|sent| sent.action.as_ref().is_some_and(|id| id.as_str() == format!("a-{n}")));
                !counted && ![1, 2, 3].contains(how)
            });
            for (n, how) in forgotten {
                let went = at(*n as i64 + if *how == 0 { 40 } else { 0 });
                prop_assert!(one.remembers_from().is_some_and(|from| went <= from), "{n}");
            }
        }
    }
}
