//! What may be said to whom, and when: messages on their way out, topics, and what followed from what came in.

use std::ffi::c_char;

use phygital_ffi::{MessageClass, Opened, Outgoing, Phygital, Proposal, Purpose, Sending};

use crate::entry::{Answer, entry};
use crate::events::{phygital_message_received, phygital_receipt};
use crate::handle::{look, phygital_store};
use crate::input::{Caller, Out, Record, maybe_time, one_of, phygital_str};
use crate::output::{cut, fixed};
use crate::status::phygital_status;
use crate::text::{phygital_text, put_json};

/// What a message is in the eyes of the law, the mildest first.
#[repr(u32)]
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum phygital_message_class {
    /// About something she ordered or asked for: a receipt, a pickup that is ready.
    Transactional = 1,
    /// A reply within a conversation that she began or keeps up.
    Conversational = 2,
    /// Whatever advertises, also in part: the strictest rules.
    Marketing = 3,
}

/// What became of a message that was to be sent.
#[repr(u32)]
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum phygital_sending_state {
    /// It waits in the outbox: to be carried out now, or, where there is a reason, from `next_allowed` on.
    Waits = 1,
    /// It was asked for before, under the same id.
    Known = 2,
    /// It does not go out, and nothing was written.
    Refused = 3,
}

/// What somebody else makes of a text that came in, such as a language model of the host's.
#[repr(u32)]
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum phygital_proposal {
    /// It answers the question that waits.
    Answer = 1,
    /// A person should answer.
    HandOver = 2,
}

/// A message that the host wants to send.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct phygital_outgoing {
    /// Set by phygital_outgoing_init().
    pub size: usize,
    /// The host's own name for it: asking twice is asking once.
    pub id: phygital_str,
    /// To whom, as `phone:...` or `email:...`.
    pub to: phygital_str,
    /// What it says.
    pub text: phygital_str,
    /// After this time it is of no use any more, in microseconds since 1970, UTC; 0 for no end.
    pub expires_at: i64,
    /// A phygital_message_class.
    pub message_class: u32,
    /// To what end, a phygital_purpose: for this consent is asked.
    pub purpose: u32,
    /// 1 where it asks her to opt in: whoever opted out is left alone with that as well.
    pub invites: u32,
    /// 1 where it may wait for a lawful time; otherwise it goes out now or not at all.
    pub waits: u32,
}

// SAFETY: `repr(C)`, the size in front, and pointers and numbers alone.
unsafe impl Record for phygital_outgoing {}

/// What became of a message. It holds nothing that has to be freed.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct phygital_sending {
    /// Set by phygital_sending_init().
    pub size: usize,
    /// The next time at which hours, caps and pauses let it out, in microseconds since 1970, UTC; 0 where waiting does not help.
    pub next_allowed: i64,
    /// If it goes out now: it must have been delivered before this time, or not at all; 0 otherwise.
    pub expires_at: i64,
    /// A phygital_sending_state.
    pub state: u32,
    /// Why it does not go out now, as a word of a closed set such as `no_consent`, `withdrawn` or `quiet_hours`; empty where
    /// nothing is against it.
    pub reason: [c_char; 32],
    /// The key of the event that asks for it, 32 digits; empty where it is refused.
    pub event: [c_char; 40],
}

// SAFETY: `repr(C)`, the size in front, and numbers alone.
unsafe impl Record for phygital_sending {}

/// What the gate says of a message now. Writes nothing.
///
/// @param json Where the text goes: `allowed`; why not (`reasons`, of a closed set, and the `rules` that say so);
/// `next_allowed`, `expires_at`, what it was `judged_as`, and the `findings` of its text (`fault`, `at`, `refuses`).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_judge(
    store: *const phygital_store,
    message: *const phygital_outgoing,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("json", json, phygital_text::NONE)?;
        let message = phygital_outgoing::read(caller, message)?;
        put_json(out, &look::<Phygital>(store)?.judge(message)?)
    })
}

/// Asks for a message to be sent: where the gate lets it out, an action `send_message` of its id waits in the outbox. That it
/// does not go out is an answer, and no failure. The gate is asked again when the action is due.
///
/// @param sending Where it goes what became of it.
/// @param json Where it goes what the gate says, as of phygital_judge(); none where it was asked for before. May be NULL.
/// @return 0 for any answer; 115 for one that gets no messages.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_send(
    store: *const phygital_store,
    message: *const phygital_outgoing,
    sending: *mut phygital_sending,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let told = phygital_text::place(caller, json)?;
        let out = caller.out_sized("sending", sending)?;
        let message = phygital_outgoing::read(caller, message)?;
        let Sending { receipt, verdict } = look::<Phygital>(store)?.send(message)?;
        let state = match (&receipt, &verdict) {
            (None, _) => phygital_sending_state::Refused,
            (Some(_), None) => phygital_sending_state::Known,
            (Some(_), Some(_)) => phygital_sending_state::Waits,
        };
        let reason = verdict.as_ref().and_then(|verdict| verdict.reasons.first());
        let time = |time: Option<phygital_ffi::Time>| time.map_or(0, |time| time.0);
        out.put(phygital_sending {
            size: 0,
            next_allowed: time(verdict.as_ref().and_then(|verdict| verdict.next_allowed)),
            expires_at: time(verdict.as_ref().and_then(|verdict| verdict.expires_at)),
            state: state as u32,
            reason: cut(reason.map_or("", String::as_str))?,
            event: fixed(receipt.as_ref().map_or("", |receipt| &receipt.event))?,
        });
        match (told, &verdict) {
            (Some(told), Some(verdict)) => put_json(told, verdict),
            _ => Ok(()),
        }
    })
}

/// Opens a topic of the options with a customer.
///
/// @param language BCP 47; that of her profile where it is left out.
/// @param said Where a 1 goes where something was said, and waits in the outbox; 0 where there is nothing to ask, or the gate is
/// against it.
/// @param json Where it goes why the gate does not let it out, as of phygital_judge(); none where that is not why. May be NULL.
/// @return 115 for a topic that was not among the options.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_open_topic(
    store: *const phygital_store,
    contact: phygital_str,
    topic: phygital_str,
    language: phygital_str,
    said: *mut u32,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let (told, out) = (phygital_text::place(caller, json)?, caller.out("said", said, 0)?);
        let contact = caller.text("contact", contact)?.to_owned();
        let topic = caller.text("topic", topic)?.to_owned();
        let language = caller.maybe_string("language", language)?;
        put_opened(out, told, &look::<Phygital>(store)?.open_topic(contact, topic, language)?)
    })
}

/// Takes in a text message as phygital_record_message() does, with what somebody else makes of it. That counts only where the
/// rules find nothing in the text that answers the question that waits, or more than one thing, and only if the type of that
/// question reads it, as a whole and without doubt; it opts nobody in or out. What does not count is dropped, and is no failure.
///
/// A text counts once: ask the model first, by the topic and the question of phygital_contact_state(), and say when the message was
/// sent (`at`). Another question may wait by now, which it was sent too early to answer.
///
/// @param proposal A phygital_proposal.
/// @param answer Of PHYGITAL_PROPOSAL_ANSWER the answer, in the form in which it is kept: the value of a choice, `38.5 eu`, `180 cm`,
/// `2026-12-24`, `yes`. Not looked at otherwise.
/// @param receipt Where the receipt goes; may be NULL.
/// @return As phygital_record_message(); 106 for no proposal, and then nothing was recorded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_hear(
    store: *const phygital_store,
    message: *const phygital_message_received,
    proposal: u32,
    answer: phygital_str,
    receipt: *mut phygital_receipt,
) -> phygital_status {
    entry!(|caller| {
        let out = phygital_receipt::place(caller, receipt)?;
        let message = phygital_message_received::read(caller, message)?;
        let proposal = match one_of("proposal", proposal, phygital_proposal::from_number(proposal))? {
            phygital_proposal::Answer => {
                Proposal::Answer { value: caller.text("answer", answer)?.to_owned() }
            }
            phygital_proposal::HandOver => Proposal::HandOver,
        };
        phygital_receipt::put(out, &look::<Phygital>(store)?.hear(message, proposal)?)
    })
}

/// Lists the topics that are to be followed up now; the one whose question waits longest comes first. What the gate does not let
/// out stays in the list: to get by it ask again behind the `place` of the last, until none comes.
///
/// @param behind The `place` of one that was listed; empty from the start.
/// @param most How many at most, up to 1,000.
/// @param json Where the text goes: a list, each with `contact` (for phygital_follow_up()), `topic`, since when it is `due`, and its
/// `place`.
/// @return 106 for what is no place, 115 for more than 1,000.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_follow_ups(
    store: *const phygital_store,
    behind: phygital_str,
    most: u32,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("json", json, phygital_text::NONE)?;
        let behind = caller.maybe_string("behind", behind)?;
        put_json(out, &look::<Phygital>(store)?.follow_ups(behind, most)?)
    })
}

/// Takes note of silence in the open topic of a contact point: asks again, or ends it, where it is time to. phygital_follow_ups()
/// lists where that is, and phygital_contact_state() tells when.
///
/// @param said As of phygital_open_topic().
/// @param json As of phygital_open_topic().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_follow_up(
    store: *const phygital_store,
    contact: phygital_str,
    said: *mut u32,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let (told, out) = (phygital_text::place(caller, json)?, caller.out("said", said, 0)?);
        let contact = caller.text("contact", contact)?.to_owned();
        put_opened(out, told, &look::<Phygital>(store)?.follow_up(contact)?)
    })
}

/// What was decided because of an event. The same whenever it is asked.
///
/// @param event The key of its receipt, 32 digits.
/// @param json Where the text goes: a list of events in the form of CloudEvents, in the order of the log. Of a text that came
/// in their `type` is `com.phygital.opted_out`, `com.phygital.attribute_stated`, `com.phygital.action_requested` and the like.
/// @return 106 for no key.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_followed(
    store: *const phygital_store,
    event: phygital_str,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("json", json, phygital_text::NONE)?;
        let event = caller.text("event", event)?.to_owned();
        out.put(phygital_text::give(look::<Phygital>(store)?.followed(event)?));
        Ok(())
    })
}

fn put_opened(out: Out<u32>, told: Option<Out<phygital_text>>, opened: &Opened) -> Answer<()> {
    out.put(u32::from(opened.said));
    match (told, &opened.verdict) {
        (Some(told), Some(verdict)) => put_json(told, verdict),
        _ => Ok(()),
    }
}

impl phygital_proposal {
    fn from_number(number: u32) -> Option<phygital_proposal> {
        [phygital_proposal::Answer, phygital_proposal::HandOver].into_iter().find(|one| *one as u32 == number)
    }
}

impl phygital_outgoing {
    fn read(caller: &Caller, place: *const Self) -> Answer<Outgoing> {
        let message = caller.read("message", place)?;
        let (class, purpose) = (message.message_class, message.purpose);
        Ok(Outgoing {
            id: caller.text("id", message.id)?.to_owned(),
            to: caller.text("to", message.to)?.to_owned(),
            message_class: one_of("message_class", class, MessageClass::from_number(class))?,
            purpose: one_of("purpose", purpose, Purpose::from_number(purpose))?,
            text: caller.text("text", message.text)?.to_owned(),
            expires_at: maybe_time(message.expires_at),
            invites: message.invites != 0,
            waits: message.waits != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_facade() {
        use phygital_message_class::*;
        let ours = [Transactional, Conversational, Marketing];
        let ours = ours.map(|one| (one as u32, format!("{one:?}")));
        let facade: Vec<_> = MessageClass::ALL.iter().map(|one| (one.number(), format!("{one:?}"))).collect();
        assert_eq!(ours.as_slice(), facade);
    }
}
