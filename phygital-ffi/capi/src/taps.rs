//! Taps: is it genuine, was it used, who is it.

use std::ffi::c_char;

use phygital_ffi::{OptIn, Phygital, Recognition, Role, TapOutcome, TapProof, TapRequest};

use crate::entry::{Answer, entry};
use crate::handle::{look, phygital_store};
use crate::input::{Caller, Record, maybe_one_of, phygital_str};
use crate::output::{cut, fixed};
use crate::status::phygital_status;
use crate::text::{free, phygital_text};
use crate::verifier::phygital_presented;

/// Most identifiers that come with one tap.
const IDENTIFIERS_MAX: usize = 1_000;

/// Who looks at a card.
#[repr(u32)]
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum phygital_role {
    /// Who serves the customer in the shop.
    Associate = 1,
    /// Who runs the shop.
    Manager = 2,
    /// Who plans campaigns, and needs no one's name for it.
    Marketing = 3,
}

/// A tap as the host received it. Only what was presented has to be given; zeros stand for "not given".
#[repr(C)]
#[derive(Clone, Copy)]
pub struct phygital_tap_request {
    /// Set by phygital_tap_request_init().
    pub size: usize,
    /// What was delivered.
    pub presented: phygital_presented,
    /// Where it was tapped, where that is not where the tag was enrolled.
    pub place: phygital_str,
    /// What was tapped, where that is not what the tag was enrolled with.
    pub touchpoint: phygital_str,
    /// What tells this client from others, such as its session: it may send the same tap again for a short while.
    pub client: phygital_str,
    /// Identifiers that came with it, each as `kind:value`.
    pub identifiers: *const phygital_str,
    /// How many.
    pub identifiers_len: usize,
    /// A phygital_role, to ask for the customer's card as well.
    pub shown_to: u32,
}

/// Who tapped.
#[repr(u32)]
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum phygital_recognition {
    /// A customer who agreed to be known.
    Known = 1,
    /// Somebody unknown, or somebody who did not agree to be known.
    Anonymous = 2,
}

/// What a tap came to. Free it with phygital_tap_outcome_free().
#[repr(C)]
#[derive(Clone, Copy)]
pub struct phygital_tap_outcome {
    /// Set by phygital_tap_outcome_init().
    pub size: usize,
    /// When the one-time code ends, in microseconds since 1970, UTC; 0 where nothing is offered.
    pub code_expires_at: i64,
    /// The customer's card as JSON, where it was asked for and she is known.
    pub card: phygital_text,
    /// Where.
    pub place: phygital_text,
    /// On what.
    pub touchpoint: phygital_text,
    /// The kind of token, such as `ntag424-aes`.
    pub scheme: phygital_text,
    /// Where something is offered: what she is to text, the keyword and the one-time code.
    pub opt_in_message: phygital_text,
    /// The number that it goes to.
    pub opt_in_sender: phygital_text,
    /// The link that opens the phone's messages with both filled in.
    pub opt_in_link: phygital_text,
    /// The notice, to be shown whole beside the link.
    pub notice: phygital_text,
    /// The name of the notice.
    pub notice_id: phygital_text,
    /// A phygital_recognition.
    pub recognition: u32,
    /// 1 where the same client had sent it before, so that this is the first answer again.
    pub repeated: u32,
    /// 1 where a later tap of the tag had counted before it.
    pub late: u32,
    /// A phygital_assurance.
    pub assurance: u32,
    /// 1 where `read_ctr` is there, else 0.
    pub has_read_ctr: u32,
    /// The tag's counter.
    pub read_ctr: u32,
    /// The customer's id, 32 digits.
    pub customer: [c_char; 40],
    /// The key of the event that the tap became, 32 digits.
    pub event: [c_char; 40],
    /// The tag, 14 digits; empty where it is of none.
    pub uid: [c_char; 16],
    /// The one-time code; empty where nothing is offered.
    pub code: [c_char; 16],
    /// Two letters of a tamper status; empty where there is none.
    pub tag_tamper: [c_char; 8],
}

// SAFETY: `repr(C)`, the size in front, and pointers and numbers alone.
unsafe impl Record for phygital_tap_request {}
// SAFETY: the same.
unsafe impl Record for phygital_tap_outcome {}

/// Verifies a tap, records it, and says who it is. When this returns 0, the tap is used up, durably.
///
/// @param outcome Where the answer goes: all zeros on failure, and then nothing has to be freed. What stood there is not
/// freed: give it back first.
/// @return From 200 on where it does not count: 210 where it was used before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_verify_tap(
    store: *const phygital_store,
    request: *const phygital_tap_request,
    outcome: *mut phygital_tap_outcome,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out_sized("outcome", outcome)?;
        let request = caller.read("request", request)?.read(caller)?;
        let found = look::<Phygital>(store)?.verify_tap(request)?;
        out.put(phygital_tap_outcome::of(found)?);
        Ok(())
    })
}

/// Frees what an outcome holds, and empties it. NULL, and an outcome that is empty, are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_tap_outcome_free(outcome: *mut phygital_tap_outcome) -> phygital_status {
    entry!(|caller| {
        if outcome.is_null() {
            return Ok(());
        }
        let mut found = caller.read("outcome", outcome)?;
        let out = caller.out_sized("outcome", outcome)?;
        found.each_text(|text| free(caller, text));
        out.put(phygital_tap_outcome::EMPTY);
        Ok(())
    })
}

impl phygital_tap_request {
    fn read(self, caller: &Caller) -> Answer<TapRequest> {
        let (kind, data, about) = self.presented.bytes(caller)?;
        let listed = caller.list("identifiers", self.identifiers, self.identifiers_len, IDENTIFIERS_MAX)?;
        let identifiers = listed.iter().map(|one| Ok(caller.text("identifiers", *one)?.to_owned()));
        Ok(TapRequest {
            presented: phygital_presented::owned_of(kind, data, about)?,
            place: caller.maybe_string("place", self.place)?,
            touchpoint: caller.maybe_string("touchpoint", self.touchpoint)?,
            client: caller.maybe_string("client", self.client)?,
            identifiers: identifiers.collect::<Answer<_>>()?,
            shown_to: maybe_one_of("shown_to", self.shown_to, Role::from_number)?,
        })
    }
}

impl phygital_tap_outcome {
    const EMPTY: phygital_tap_outcome = phygital_tap_outcome {
        size: 0,
        code_expires_at: 0,
        card: phygital_text::NONE,
        place: phygital_text::NONE,
        touchpoint: phygital_text::NONE,
        scheme: phygital_text::NONE,
        opt_in_message: phygital_text::NONE,
        opt_in_sender: phygital_text::NONE,
        opt_in_link: phygital_text::NONE,
        notice: phygital_text::NONE,
        notice_id: phygital_text::NONE,
        recognition: 0,
        repeated: 0,
        late: 0,
        assurance: 0,
        has_read_ctr: 0,
        read_ctr: 0,
        customer: [0; 40],
        event: [0; 40],
        uid: [0; 16],
        code: [0; 16],
        tag_tamper: [0; 8],
    };

    fn of(found: TapOutcome) -> Answer<phygital_tap_outcome> {
        let TapProof { scheme, assurance, uid, read_ctr, tag_tamper, .. } = found.proof;
        let (recognition, customer) = match &found.recognition {
            Recognition::Known { customer } => (phygital_recognition::Known, customer),
            Recognition::Anonymous { customer } => (phygital_recognition::Anonymous, customer),
        };
        // Texts of fixed length first: what fails here fails before anything is given away.
        let mut outcome = phygital_tap_outcome {
            recognition: recognition as u32,
            repeated: u32::from(found.repeated),
            late: u32::from(found.late),
            assurance: assurance.number(),
            has_read_ctr: u32::from(read_ctr.is_some()),
            read_ctr: read_ctr.unwrap_or(0),
            customer: fixed(customer)?,
            event: fixed(&found.event)?,
            uid: fixed(uid.as_deref().unwrap_or(""))?,
            tag_tamper: cut(tag_tamper.as_deref().unwrap_or(""))?,
            code: fixed(found.opt_in.as_ref().map_or("", |offer| &offer.code))?,
            ..phygital_tap_outcome::EMPTY
        };
        outcome.scheme = phygital_text::give(scheme);
        outcome.card = phygital_text::maybe(found.card);
        outcome.place = phygital_text::maybe(found.place);
        outcome.touchpoint = phygital_text::maybe(found.touchpoint);
        if let Some(OptIn { message, sender, link, notice_id, notice, expires_at, .. }) = found.opt_in {
            outcome.opt_in_message = phygital_text::give(message);
            outcome.opt_in_sender = phygital_text::give(sender);
            outcome.opt_in_link = phygital_text::give(link);
            outcome.notice = phygital_text::give(notice);
            outcome.notice_id = phygital_text::give(notice_id);
            outcome.code_expires_at = expires_at.0;
        }
        Ok(outcome)
    }

    fn each_text(&mut self, mut act: impl FnMut(&mut phygital_text)) {
        act(&mut self.card);
        act(&mut self.place);
        act(&mut self.touchpoint);
        act(&mut self.scheme);
        act(&mut self.opt_in_message);
        act(&mut self.opt_in_sender);
        act(&mut self.opt_in_link);
        act(&mut self.notice);
        act(&mut self.notice_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_facade() {
        let ours = [phygital_role::Associate, phygital_role::Manager, phygital_role::Marketing];
        let ours = ours.map(|one| (one as u32, format!("{one:?}")));
        let facade: Vec<_> = Role::ALL.iter().map(|one| (one.number(), format!("{one:?}"))).collect();
        assert_eq!(ours.as_slice(), facade);
    }
}
