//! What waits for the host: pulled, carried out, acknowledged by id.

use std::ffi::c_char;
use std::ptr;
use std::sync::Arc;

use phygital_ffi::{Action, Outcome, Phygital, PhygitalError, Status};

use crate::entry::entry;
use crate::handle::{give, look, phygital_actions, phygital_store, take};
use crate::input::{Record, one_of, phygital_str};
use crate::status::phygital_status;

/// How an action went.
#[repr(u32)]
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum phygital_outcome {
    /// It was carried out.
    Delivered = 1,
    /// It could not be carried out.
    Failed = 2,
    /// It was too late to carry it out.
    Expired = 3,
    /// The host decided against it.
    Dropped = 4,
}

/// Something for the host to carry out. Its texts belong to the list that it was asked of, and live as long; each has a NUL
/// behind it. What is not there has NULL and 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct phygital_action {
    /// Set by phygital_action_init().
    pub size: usize,
    /// Its id: to carry it out twice is to carry it out once.
    pub id: phygital_str,
    /// What: `answer_message`, `send_message`, `raise_alarm`, `answer_request`, `notify_recipient`, or one of a later version.
    pub action: phygital_str,
    /// Whom it concerns, as `kind:value`.
    pub to: phygital_str,
    /// What to say.
    pub text: phygital_str,
    /// Not to be carried out later than this, for a message the end of its lawful window, in microseconds since 1970, UTC; 0 for
    /// no end. Give it to the gateway.
    pub expires_at: i64,
    /// A phygital_purpose; 0 where there is none.
    pub purpose: u32,
}

// SAFETY: `repr(C)`, the size in front, and pointers and numbers alone.
unsafe impl Record for phygital_action {}

/// Actions with a NUL behind each text.
pub(crate) struct ActionList(Vec<Kept>);

struct Kept {
    id: Box<str>,
    action: Box<str>,
    to: Option<Box<str>>,
    text: Option<Box<str>>,
    expires_at: i64,
    purpose: u32,
}

/// At most `most` actions to carry out now, oldest cause first: not those that expired, nor messages that the gate does not let
/// out now. They are due until they are acknowledged.
///
/// @param actions Where the handle of the list goes; NULL on failure. Free it with phygital_actions_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_due(
    store: *const phygital_store,
    most: u32,
    actions: *mut *mut phygital_actions,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("actions", actions, ptr::null_mut())?;
        let due = look::<Phygital>(store)?.due(most)?;
        let list = ActionList(due.into_iter().map(Kept::of).collect());
        out.put(give(Arc::new(list))?);
        Ok(())
    })
}

/// How many actions a list has; 0 for a handle that is none of a list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_actions_len(actions: *const phygital_actions) -> usize {
    look::<ActionList>(actions).map_or(0, |list| list.0.len())
}

/// An action of a list.
///
/// @param at Its place, from 0.
/// @param action Where it goes; its texts live until the list is freed.
/// @return 106 for a place beyond the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_actions_get(
    actions: *const phygital_actions,
    at: usize,
    action: *mut phygital_action,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out_sized("action", action)?;
        let list = look::<ActionList>(actions)?;
        let beyond = || PhygitalError::new(Status::InvalidArgument, "invalid_argument", "at: beyond the end");
        out.put(list.0.get(at).ok_or_else(beyond)?.lend());
        Ok(())
    })
}

/// Frees a list. NULL is fine.
///
/// @return 102 for a handle that was freed already, or is none of a list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_actions_free(actions: *mut phygital_actions) -> phygital_status {
    entry!(|_caller| take::<ActionList>(actions))
}

/// Takes note of how an action went; it waits no longer. Saying it again changes nothing.
///
/// @param outcome A phygital_outcome.
/// @return 403 for an action that never was.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_acknowledge(
    store: *const phygital_store,
    id: phygital_str,
    outcome: u32,
) -> phygital_status {
    entry!(|caller| {
        let outcome = one_of("outcome", outcome, Outcome::from_number(outcome))?;
        let id = caller.text("id", id)?.to_owned();
        look::<Phygital>(store)?.acknowledge(id, outcome).map(drop)
    })
}

impl Kept {
    fn of(action: Action) -> Kept {
        let text = |text: String| (text + "\0").into_boxed_str();
        Kept {
            id: text(action.id),
            action: text(action.action),
            to: action.to.map(text),
            text: action.text.map(text),
            expires_at: action.expires_at.map_or(0, |time| time.0),
            purpose: action.purpose.map_or(0, |purpose| purpose.number()),
        }
    }

    fn lend(&self) -> phygital_action {
        let lend = |text: &str| phygital_str { data: text.as_ptr().cast::<c_char>(), len: text.len() - 1 };
        let maybe = |text: &Option<Box<str>>| {
            text.as_deref().map_or(phygital_str { data: ptr::null(), len: 0 }, lend)
        };
        phygital_action {
            size: 0,
            id: lend(&self.id),
            action: lend(&self.action),
            to: maybe(&self.to),
            text: maybe(&self.text),
            expires_at: self.expires_at,
            purpose: self.purpose,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_facade() {
        use phygital_outcome::*;
        let ours = [Delivered, Failed, Expired, Dropped];
        let ours = ours.map(|one| (one as u32, format!("{one:?}")));
        let facade: Vec<_> = Outcome::ALL.iter().map(|one| (one.number(), format!("{one:?}"))).collect();
        assert_eq!(ours.as_slice(), facade);
    }
}
