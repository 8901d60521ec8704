//! The one door for facts, and forgetting them.

use std::ffi::c_char;

use phygital_core::vocab::limits::BATCH_EVENTS_MAX;
use phygital_ffi::{MessageReceived, Phygital, Receipt};

use crate::entry::{Answer, entry};
use crate::handle::{look, phygital_store};
use crate::input::{Caller, OutSized, Record, maybe_time, phygital_str};
use crate::output::fixed;
use crate::status::phygital_status;
use crate::text::{phygital_text, put_json};

/// That an event is in the log. It holds nothing that has to be freed.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct phygital_receipt {
    /// Set by phygital_receipt_init().
    pub size: usize,
    /// When it was first received, in microseconds since 1970, UTC.
    pub received_at: i64,
    /// 1 where it was recorded now, 0 where it had been before with the same content.
    pub is_new: u32,
    /// The key of its source and id, 32 digits.
    pub event: [c_char; 40],
}

// SAFETY: `repr(C)`, the size in front, and numbers alone.
unsafe impl Record for phygital_receipt {}

/// A text message that came in.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct phygital_message_received {
    /// Set by phygital_message_received_init().
    pub size: usize,
    /// What the gateway calls it: a message counts once.
    pub id: phygital_str,
    /// The number that sent it.
    pub from: phygital_str,
    /// What it says.
    pub body: phygital_str,
    /// The number or short code that it was sent to; may be left out.
    pub to: phygital_str,
    /// The gateway, as the host names it: `//sms.example`; may be left out.
    pub source: phygital_str,
    /// When it was sent, in microseconds since 1970, UTC; 0 for now.
    pub at: i64,
}

// SAFETY: `repr(C)`, the size in front, and pointers and numbers alone.
unsafe impl Record for phygital_message_received {}

/// Records an event, a CloudEvent or a Segment message in JSON, and decides what follows from it. To send it again gives
/// the first receipt again.
///
/// @param receipt Where the receipt goes; may be NULL.
/// @return 110 for an event that is not as it should be, 111 for a known id with another content.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_record(
    store: *const phygital_store,
    event: phygital_str,
    receipt: *mut phygital_receipt,
) -> phygital_status {
    entry!(|caller| {
        let out = phygital_receipt::place(caller, receipt)?;
        let event = caller.text("event", event)?.to_owned();
        phygital_receipt::put(out, &look::<Phygital>(store)?.record(event)?)
    })
}

/// Records events in one transaction, at most 10,000, and answers for each. Much faster than one by one.
///
/// @param json Where the answers go: a list in the order of the events, each with `recorded` (`accepted` or `refused`),
/// and then a `receipt`, or `code`, `reason` and `detail`.
/// @return 115 for more, malformed ones counted. Not 0 where nothing was recorded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_record_all(
    store: *const phygital_store,
    events: *const phygital_str,
    events_len: usize,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("json", json, phygital_text::NONE)?;
        Phygital::check_batch(events_len)?;
        let listed = caller.list("events", events, events_len, BATCH_EVENTS_MAX)?;
        let events = listed.iter().map(|event| Ok(caller.text("events", *event)?.to_owned()));
        let events = events.collect::<Answer<Vec<String>>>()?;
        put_json(out, &look::<Phygital>(store)?.record_all(events)?)
    })
}

/// Takes in a text message: a wish to be left alone, a code that joins, an answer to what was asked, or anything else. What is to
/// be answered waits in phygital_due(); what was done says phygital_followed().
///
/// @param receipt Where the receipt goes; may be NULL.
/// @return 114 for a sender that is no phone number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_record_message(
    store: *const phygital_store,
    message: *const phygital_message_received,
    receipt: *mut phygital_receipt,
) -> phygital_status {
    entry!(|caller| {
        let out = phygital_receipt::place(caller, receipt)?;
        let message = phygital_message_received::read(caller, message)?;
        phygital_receipt::put(out, &look::<Phygital>(store)?.record_message(message)?)
    })
}

/// Forgets an identifier, `kind:value`, now and whenever it comes again. What it had opted out of stays, under a key.
///
/// @param json Where it goes what that came to: `identifiers`, `struck`, `emptied`, and the `notices` to recipients of her data
/// that wait as actions `notify_recipient`; may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_erase_identifier(
    store: *const phygital_store,
    identifier: phygital_str,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = phygital_text::place(caller, json)?;
        let identifier = caller.text("identifier", identifier)?.to_owned();
        let erased = look::<Phygital>(store)?.erase_identifier(identifier)?;
        out.map_or(Ok(()), |out| put_json(out, &erased))
    })
}

/// Forgets a customer: the identifiers that are hers alone, and all that her events say.
///
/// @param json As of phygital_erase_identifier().
/// @return 401 where there is no such customer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_erase_customer(
    store: *const phygital_store,
    customer: phygital_str,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = phygital_text::place(caller, json)?;
        let customer = caller.text("customer", customer)?.to_owned();
        let erased = look::<Phygital>(store)?.erase_customer(customer)?;
        out.map_or(Ok(()), |out| put_json(out, &erased))
    })
}

impl phygital_message_received {
    pub(crate) fn read(caller: &Caller, place: *const Self) -> Answer<MessageReceived> {
        let message = caller.read("message", place)?;
        Ok(MessageReceived {
            id: caller.text("id", message.id)?.to_owned(),
            from: caller.text("from", message.from)?.to_owned(),
            body: caller.text("body", message.body)?.to_owned(),
            to: caller.maybe_string("to", message.to)?,
            source: caller.maybe_string("source", message.source)?,
            at: maybe_time(message.at),
        })
    }
}

impl phygital_receipt {
    /// A place for a receipt that may be left out.
    pub(crate) fn place(caller: &Caller, place: *mut Self) -> Answer<Option<OutSized<Self>>> {
        (!place.is_null()).then(|| caller.out_sized("receipt", place)).transpose()
    }

    pub(crate) fn put(out: Option<OutSized<Self>>, receipt: &Receipt) -> Answer<()> {
        if let Some(out) = out {
            let (received_at, is_new) = (receipt.received_at.0, u32::from(receipt.is_new));
            out.put(phygital_receipt { size: 0, received_at, is_new, event: fixed(&receipt.event)? });
        }
        Ok(())
    }
}
