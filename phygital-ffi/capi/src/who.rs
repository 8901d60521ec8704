//! Who is who, what may be shown of her, and what is permitted.

use std::ffi::c_char;

use phygital_ffi::{
    ConsentMethod, Decision, OptedIn, OptedOut, Phygital, PhygitalError, Purpose, Role, Status,
};

use crate::entry::{Answer, entry};
use crate::events::phygital_receipt;
use crate::handle::{look, phygital_store};
use crate::input::{Caller, Record, maybe_one_of, maybe_time, one_of, phygital_str};
use crate::output::{cut, fixed};
use crate::status::phygital_status;
use crate::text::{phygital_text, put_json};

/// Most purposes, and most proofs, of one consent.
const LIST_MAX: usize = 1_000;

/// What data is used for.
#[repr(u32)]
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum phygital_purpose {
    /// To know who it is that taps, and to tie visits to her profile.
    Recognition = 1,
    /// To show her profile to staff and to choose what to offer.
    Personalization = 2,
    /// To send messages about what she ordered or asked for.
    Service = 3,
    /// To send messages that advertise.
    Marketing = 4,
    /// To measure and attribute.
    Measurement = 5,
    /// To share with advertising platforms.
    Advertising = 6,
}

/// How a person told us of her consent.
#[repr(u32)]
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum phygital_consent_method {
    /// A tap, then a text message with the code of that tap: two proofs.
    TapToText = 1,
    /// A text message with a keyword.
    Keyword = 2,
    /// Told to an associate at the till.
    Till = 3,
    /// A form of the web shop.
    Web = 4,
    /// A screen of the app.
    App = 5,
    /// A signed paper.
    Paper = 6,
    /// Brought along from another system.
    Import = 7,
    /// A tag's own `sms:` link, then a yes to the question that came back.
    TagText = 8,
}

/// Whether something is allowed, why, and what proves it. It holds nothing that has to be freed.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct phygital_decision {
    /// Set by phygital_decision_init().
    pub size: usize,
    /// 1 where it is allowed, else 0.
    pub allowed: u32,
    /// Why, as a stable word such as `granted`, `withdrawn` or `never_asked`.
    pub reason: [c_char; 32],
    /// The key of the event that decided, 32 digits; empty where nothing was ever said.
    pub proof: [c_char; 40],
}

// SAFETY: `repr(C)`, the size in front, and numbers alone.
unsafe impl Record for phygital_decision {}

/// Consent that was given elsewhere than by tap and text, or withdrawn.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct phygital_consent {
    /// Set by phygital_consent_init().
    pub size: usize,
    /// The phone number or e-mail address, as `phone:...` or `email:...`.
    pub contact: phygital_str,
    /// Each a phygital_purpose. None to withdraw all.
    pub purposes: *const u32,
    /// How many.
    pub purposes_len: usize,
    /// The host's own name for it, so that it counts once; random where it is left out.
    pub id: phygital_str,
    /// The notice that was shown, where consent is given; may be left out.
    pub notice_id: phygital_str,
    /// What proves it: ids of papers, messages.
    pub evidence: *const phygital_str,
    /// How many.
    pub evidence_len: usize,
    /// When it was said, in microseconds since 1970, UTC; 0 for now.
    pub at: i64,
    /// When consent that is given ends; 0 for never.
    pub expires_at: i64,
    /// A phygital_consent_method; may be 0 to withdraw.
    pub method: u32,
}

// SAFETY: `repr(C)`, the size in front, and pointers and numbers alone.
unsafe impl Record for phygital_consent {}

/// The customer that an identifier, `kind:value`, belongs to.
///
/// @param customer Where her id goes: 40 bytes, of which 32 digits and a NUL are used.
/// @return 402 where no event names it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_find(
    store: *const phygital_store,
    identifier: phygital_str,
    customer: *mut c_char,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("customer", customer.cast::<[c_char; 40]>(), [0; 40])?;
        let identifier = caller.text("identifier", identifier)?.to_owned();
        let found = look::<Phygital>(store)?.find(identifier)?;
        let unknown = || {
            let detail = "no event names that identifier";
            PhygitalError::new(Status::UnknownIdentifier, "unknown_identifier", detail)
        };
        out.put(fixed(&found.ok_or_else(unknown)?)?);
        Ok(())
    })
}

/// A customer and her identifiers as JSON, by her id now or by one that she had before a merge: `customer`, `identifiers`.
///
/// @param json Where the text goes.
/// @return 401 where there is no such customer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_person(
    store: *const phygital_store,
    customer: phygital_str,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("json", json, phygital_text::NONE)?;
        let customer = caller.text("customer", customer)?.to_owned();
        put_json(out, &look::<Phygital>(store)?.person(customer)?)
    })
}

/// What may be shown of a customer to somebody in a role, as JSON. Where consent does not permit it the card says why in
/// `withheld` and holds nothing else.
///
/// @param role A phygital_role.
/// @param json Where the text goes.
/// @return 401 where there is no such customer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_card(
    store: *const phygital_store,
    customer: phygital_str,
    role: u32,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("json", json, phygital_text::NONE)?;
        let role = one_of("role", role, Role::from_number(role))?;
        let customer = caller.text("customer", customer)?.to_owned();
        out.put(phygital_text::give(look::<Phygital>(store)?.card(customer, role)?));
        Ok(())
    })
}

/// The whole profile of a customer, for a purpose that she permits, as JSON.
///
/// @param purpose A phygital_purpose.
/// @param json Where the text goes.
/// @return 301 where she does not permit it, 401 where there is no such customer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_profile(
    store: *const phygital_store,
    customer: phygital_str,
    purpose: u32,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("json", json, phygital_text::NONE)?;
        let purpose = one_of("purpose", purpose, Purpose::from_number(purpose))?;
        let customer = caller.text("customer", customer)?.to_owned();
        out.put(phygital_text::give(look::<Phygital>(store)?.profile(customer, purpose)?));
        Ok(())
    })
}

/// Whether a contact point, `phone:...` or `email:...`, may be used for a purpose now.
///
/// @param purpose A phygital_purpose.
/// @param decision Where the answer goes.
/// @return 0 for either answer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_permits(
    store: *const phygital_store,
    purpose: u32,
    contact: phygital_str,
    decision: *mut phygital_decision,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out_sized("decision", decision)?;
        let purpose = one_of("purpose", purpose, Purpose::from_number(purpose))?;
        let contact = caller.text("contact", contact)?.to_owned();
        out.put(phygital_decision::of(&look::<Phygital>(store)?.permits(purpose, contact)?)?);
        Ok(())
    })
}

/// Whether something may be done with a customer now: to recognise, show, measure or share her, which is no matter of one number.
///
/// @param purpose A phygital_purpose.
/// @param decision Where the answer goes.
/// @return 0 for either answer, 401 where there is no such customer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_permits_customer(
    store: *const phygital_store,
    purpose: u32,
    customer: phygital_str,
    decision: *mut phygital_decision,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out_sized("decision", decision)?;
        let purpose = one_of("purpose", purpose, Purpose::from_number(purpose))?;
        let customer = caller.text("customer", customer)?.to_owned();
        out.put(phygital_decision::of(&look::<Phygital>(store)?.permits_customer(purpose, customer)?)?);
        Ok(())
    })
}

/// Records that consent was given.
///
/// @param receipt Where the receipt goes; may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_record_opt_in(
    store: *const phygital_store,
    consent: *const phygital_consent,
    receipt: *mut phygital_receipt,
) -> phygital_status {
    entry!(|caller| {
        let out = phygital_receipt::place(caller, receipt)?;
        let consent = caller.read("consent", consent)?;
        let recorded = look::<Phygital>(store)?.record_opt_in(OptedIn {
            contact: caller.text("contact", consent.contact)?.to_owned(),
            purposes: consent.purposes(caller)?,
            method: one_of("method", consent.method, ConsentMethod::from_number(consent.method))?,
            id: caller.maybe_string("id", consent.id)?,
            at: maybe_time(consent.at),
            notice_id: caller.maybe_string("notice_id", consent.notice_id)?,
            evidence: consent.evidence(caller)?,
            expires_at: maybe_time(consent.expires_at),
        })?;
        phygital_receipt::put(out, &recorded)
    })
}

/// Records that consent was withdrawn.
///
/// @param receipt Where the receipt goes; may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_record_opt_out(
    store: *const phygital_store,
    consent: *const phygital_consent,
    receipt: *mut phygital_receipt,
) -> phygital_status {
    entry!(|caller| {
        let out = phygital_receipt::place(caller, receipt)?;
        let consent = caller.read("consent", consent)?;
        let recorded = look::<Phygital>(store)?.record_opt_out(OptedOut {
            contact: caller.text("contact", consent.contact)?.to_owned(),
            purposes: consent.purposes(caller)?,
            method: maybe_one_of("method", consent.method, ConsentMethod::from_number)?,
            id: caller.maybe_string("id", consent.id)?,
            at: maybe_time(consent.at),
            evidence: consent.evidence(caller)?,
        })?;
        phygital_receipt::put(out, &recorded)
    })
}

impl phygital_decision {
    fn of(found: &Decision) -> Answer<phygital_decision> {
        Ok(phygital_decision {
            size: 0,
            allowed: u32::from(found.allowed),
            reason: cut(found.reasons.first().map_or("", String::as_str))?,
            proof: fixed(found.proofs.first().map_or("", String::as_str))?,
        })
    }
}

impl phygital_consent {
    fn purposes(&self, caller: &Caller) -> Answer<Vec<Purpose>> {
        let listed = caller.list("purposes", self.purposes, self.purposes_len, LIST_MAX)?;
        listed.iter().map(|number| one_of("purposes", *number, Purpose::from_number(*number))).collect()
    }

    fn evidence(&self, caller: &Caller) -> Answer<Vec<String>> {
        let listed = caller.list("evidence", self.evidence, self.evidence_len, LIST_MAX)?;
        listed.iter().map(|one| Ok(caller.text("evidence", *one)?.to_owned())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_facade() {
        use phygital_purpose::*;
        let ours = [Recognition, Personalization, Service, Marketing, Measurement, Advertising];
        let ours = ours.map(|one| (one as u32, format!("{one:?}")));
        let facade: Vec<_> = Purpose::ALL.iter().map(|one| (one.number(), format!("{one:?}"))).collect();
        assert_eq!(ours.as_slice(), facade);
        use phygital_consent_method::*;
        let ours = [TapToText, Keyword, Till, Web, App, Paper, Import, TagText];
        let ours = ours.map(|one| (one as u32, format!("{one:?}")));
        let facade: Vec<_> =
            ConsentMethod::ALL.iter().map(|one| (one.number(), format!("{one:?}"))).collect();
        assert_eq!(ours.as_slice(), facade);
    }
}
