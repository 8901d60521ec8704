//! What people may ask of who keeps data of them.

use phygital_ffi::{ConsentMethod, Phygital, Right, RightsRequested};

use crate::entry::entry;
use crate::events::phygital_receipt;
use crate::handle::{look, phygital_store};
use crate::input::{Record, maybe_one_of, maybe_time, one_of, phygital_str};
use crate::status::phygital_status;
use crate::text::phygital_text;

/// What a person may ask of who keeps data of her.
#[repr(u32)]
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum phygital_right {
    /// To know what is kept, why, and who got it.
    Access = 1,
    /// To have it in a form that machines read.
    Portability = 2,
    /// To have it erased.
    Erasure = 3,
    /// To have it put right.
    Correction = 4,
    /// To be left alone with direct marketing, and with profiling for it.
    Objection = 5,
    /// To have it neither sold nor shared.
    OptOut = 6,
}

/// A person asked for one of her rights.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct phygital_rights_requested {
    /// Set by phygital_rights_requested_init().
    pub size: usize,
    /// Who she is, as `kind:value`.
    pub identifier: phygital_str,
    /// Where she lives, ISO 3166: `FR`, `US-CA`; where it is left out the shortest time to answer counts.
    pub jurisdiction: phygital_str,
    /// What she said; may be left out.
    pub detail: phygital_str,
    /// The host's own name for it, so that it counts once; random where it is left out.
    pub id: phygital_str,
    /// When, in microseconds since 1970, UTC; 0 for now.
    pub at: i64,
    /// A phygital_right.
    pub right: u32,
    /// How she asked, a phygital_consent_method; 0 where it is not said.
    pub method: u32,
}

// SAFETY: `repr(C)`, the size in front, and pointers and numbers alone.
unsafe impl Record for phygital_rights_requested {}

/// Records that a person asked for one of her rights. An objection and an opt-out of sale and sharing hold at once; the others
/// wait to be carried out: phygital_export_person(), phygital_erase_customer(), phygital_correct(). An action `answer_request`
/// waits until it is acknowledged that she was answered.
///
/// @param receipt Where the receipt goes; may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_request_right(
    store: *const phygital_store,
    request: *const phygital_rights_requested,
    receipt: *mut phygital_receipt,
) -> phygital_status {
    entry!(|caller| {
        let out = phygital_receipt::place(caller, receipt)?;
        let request = caller.read("request", request)?;
        let recorded = look::<Phygital>(store)?.request_right(RightsRequested {
            identifier: caller.text("identifier", request.identifier)?.to_owned(),
            right: one_of("right", request.right, Right::from_number(request.right))?,
            jurisdiction: caller.maybe_string("jurisdiction", request.jurisdiction)?,
            method: maybe_one_of("method", request.method, ConsentMethod::from_number)?,
            detail: caller.maybe_string("detail", request.detail)?,
            id: caller.maybe_string("id", request.id)?,
            at: maybe_time(request.at),
        })?;
        phygital_receipt::put(out, &recorded)
    })
}

/// The requests of people that were not answered yet, the most urgent first.
///
/// @param json Where the text goes: a list, each with the `action` to acknowledge, the `event` by which she asked, the `right`,
/// `received_at`, the first instant that is too late (`due_by`), its `deadlines` (`rule`, `what`, `date`, `before`) and
/// `is_overdue`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_open_requests(
    store: *const phygital_store,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("json", json, phygital_text::NONE)?;
        out.put(phygital_text::give(look::<Phygital>(store)?.open_requests()?));
        Ok(())
    })
}

/// All that is kept of a customer, for her. Make sure that it is she who asks. Reads every event of hers.
///
/// @param json Where the text goes: `identifiers`, `consents`, `facts` with the events and sentences they come from, `events`,
/// and what it is used for.
/// @return 401 where there is no such customer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_export_person(
    store: *const phygital_store,
    customer: phygital_str,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("json", json, phygital_text::NONE)?;
        let customer = caller.text("customer", customer)?.to_owned();
        out.put(phygital_text::give(look::<Phygital>(store)?.export_person(customer)?));
        Ok(())
    })
}

/// Puts right what is held of a customer, as her own word, which outweighs every other source.
///
/// @param attribute What of, such as `first_name` or `size.shoes`.
/// @param value What is right; an empty one takes back what she said herself.
/// @param receipt Where the receipt goes; may be NULL.
/// @return 401 where there is no such customer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_correct(
    store: *const phygital_store,
    customer: phygital_str,
    attribute: phygital_str,
    value: phygital_str,
    receipt: *mut phygital_receipt,
) -> phygital_status {
    entry!(|caller| {
        let out = phygital_receipt::place(caller, receipt)?;
        let customer = caller.text("customer", customer)?.to_owned();
        let attribute = caller.text("attribute", attribute)?.to_owned();
        let value = caller.text("value", value)?.to_owned();
        phygital_receipt::put(out, &look::<Phygital>(store)?.correct(customer, attribute, value)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_facade() {
        use phygital_right::*;
        let ours = [Access, Portability, Erasure, Correction, Objection, OptOut];
        let ours = ours.map(|one| (one as u32, format!("{one:?}")));
        let facade: Vec<_> = Right::ALL.iter().map(|one| (one.number(), format!("{one:?}"))).collect();
        assert_eq!(ours.as_slice(), facade);
    }
}
