//! Consent as others have it: receipts, records and signals of other systems, blocks of carriers and gateways.

use phygital_ffi::{Phygital, Purpose, SuppressionCause};

use crate::entry::entry;
use crate::events::phygital_receipt;
use crate::handle::{look, phygital_store};
use crate::input::{maybe_one_of, one_of, phygital_str};
use crate::status::phygital_status;
use crate::text::{phygital_text, put_json};

/// Who keeps messages from a contact point, beside its owner.
#[repr(u32)]
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum phygital_suppression_cause {
    /// The network blocks it.
    Carrier = 1,
    /// The gateway has it on a list of its own.
    Gateway = 2,
    /// Nobody has that number or address, or it takes no messages.
    Invalid = 3,
    /// Mail to it came back for good.
    Bounce = 4,
    /// Its owner called a message spam.
    Complaint = 5,
    /// It stands in a register of those who want no calls.
    Registry = 6,
    /// Staff decided so.
    Staff = 7,
    /// It was erased, and had wanted no messages before.
    Erasure = 8,
}

/// Receipts of the consent of a contact point, for its owner.
///
/// @param purpose A phygital_purpose; 0 for each of which anything was said.
/// @param json Where the text goes: a list of receipts after ISO/IEC TS 27560, each with its whole `record`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_consent_receipts(
    store: *const phygital_store,
    contact: phygital_str,
    purpose: u32,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("json", json, phygital_text::NONE)?;
        let purpose = maybe_one_of("purpose", purpose, Purpose::from_number)?;
        let contact = caller.text("contact", contact)?.to_owned();
        out.put(phygital_text::give(look::<Phygital>(store)?.consent_receipts(contact, purpose)?));
        Ok(())
    })
}

/// What is permitted of a contact point as Segment has it.
///
/// @param json Where the text goes: `consent` and `messaging_subscriptions`, which go into the `context` of a message.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_segment_consent(
    store: *const phygital_store,
    contact: phygital_str,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("json", json, phygital_text::NONE)?;
        let contact = caller.text("contact", contact)?.to_owned();
        out.put(phygital_text::give(look::<Phygital>(store)?.segment_consent(contact)?));
        Ok(())
    })
}

/// Records consent that another system kept. The same text again is known. The signal of a browser (Global Privacy Control) needs
/// no call of its own: an event with `gpc` in its context brings it.
///
/// @param consent JSON: a record or a receipt of ISO/IEC TS 27560, or a message of Segment with its consent object.
/// @param source That system, as `//consent.example`.
/// @param json Where it goes what came of it: how many events were `recorded` now, how many were `known`, and what is
/// `unknown` of what it names; may be NULL.
/// @return 118 for a text that is none of these.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_import_consent(
    store: *const phygital_store,
    consent: phygital_str,
    source: phygital_str,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = phygital_text::place(caller, json)?;
        let consent = caller.text("consent", consent)?.to_owned();
        let source = caller.text("source", source)?.to_owned();
        let imported = look::<Phygital>(store)?.import_consent(consent, source)?;
        out.map_or(Ok(()), |out| put_json(out, &imported))
    })
}

/// Takes note that somebody else than its owner keeps messages from a contact point.
///
/// @param cause A phygital_suppression_cause.
/// @param code What the gateway calls it, such as `21610`; may be left out.
/// @param receipt Where the receipt goes; may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_suppress(
    store: *const phygital_store,
    contact: phygital_str,
    cause: u32,
    code: phygital_str,
    receipt: *mut phygital_receipt,
) -> phygital_status {
    entry!(|caller| {
        let out = phygital_receipt::place(caller, receipt)?;
        let cause = one_of("cause", cause, SuppressionCause::from_number(cause))?;
        let contact = caller.text("contact", contact)?.to_owned();
        let code = caller.maybe_string("code", code)?;
        phygital_receipt::put(out, &look::<Phygital>(store)?.suppress(contact, cause, code)?)
    })
}

/// Takes note that a cause keeps messages no longer from a contact point. What its owner said stands.
///
/// @param cause A phygital_suppression_cause.
/// @param receipt Where the receipt goes; may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_lift_suppression(
    store: *const phygital_store,
    contact: phygital_str,
    cause: u32,
    receipt: *mut phygital_receipt,
) -> phygital_status {
    entry!(|caller| {
        let out = phygital_receipt::place(caller, receipt)?;
        let cause = one_of("cause", cause, SuppressionCause::from_number(cause))?;
        let contact = caller.text("contact", contact)?.to_owned();
        phygital_receipt::put(out, &look::<Phygital>(store)?.lift_suppression(contact, cause)?)
    })
}

/// Where a contact point stands.
///
/// @param json Where the text goes: its `kind` and `contact` (masked); what is permitted (`purposes`) and what was said
/// (`entries`, `signal`); the conversation: `status` (`none`, `pending_double_opt_in`, `subscribed`, `opted_out`, `blocked`,
/// `invalid`), `joined_by`, `last_inbound`, `handler` (`rules`, `person`), and of the open `topic` its `id`, `started_at`, the
/// `question` that waits, in which `language`, and when to phygital_follow_up() (`follow_up`).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_contact_state(
    store: *const phygital_store,
    contact: phygital_str,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("json", json, phygital_text::NONE)?;
        let contact = caller.text("contact", contact)?.to_owned();
        out.put(phygital_text::give(look::<Phygital>(store)?.contact_state(contact)?));
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_facade() {
        use phygital_suppression_cause::*;
        let ours = [Carrier, Gateway, Invalid, Bounce, Complaint, Registry, Staff, Erasure];
        let ours = ours.map(|one| (one as u32, format!("{one:?}")));
        let facade: Vec<_> =
            SuppressionCause::ALL.iter().map(|one| (one.number(), format!("{one:?}"))).collect();
        assert_eq!(ours.as_slice(), facade);
    }
}
