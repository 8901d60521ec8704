//! Folding a recorded event into every state: nothing here decides, and nothing refuses.

use super::customers::{self, Lens};
use super::profiles::Profiles;
use crate::consent::{Ledger, Signal, contacts};
use crate::conversation::thread::{self, Thread};
use crate::event::{Body, Recorded};
use crate::machine::{Action, Mark, TagRow};
use crate::optin::{Code, Offer, Tries};
use crate::store::{Read, StorageError, StorageFault, Stored, Write};
use crate::vocab::{CustomerId, IdentifierKey};

/// Folds one event, and gives the customer that it belongs to. Called once for each, right after it was
/// appended, and again by a rebuild.
///
/// What becomes of `profiles` is in the store only after [`Profiles::write`].
pub(crate) fn apply<W: Write>(
    tx: &mut W,
    lens: Lens<'_>,
    recorded: &Recorded,
    profiles: &mut Profiles,
) -> Stored<Option<CustomerId>> {
    match &recorded.event.body {
        Body::TagEnrolled(event) => {
            let mut tag = tx.tag(&event.uid)?.unwrap_or_else(|| TagRow::unknown(event.uid));
            tag.enroll(event, recorded);
            tx.put_tag(&tag)?;
        }
        Body::TagStatusChanged(event) => {
            let mut tag = tx.tag(&event.uid)?.unwrap_or_else(|| TagRow::unknown(event.uid));
            tag.change_status(event, recorded.fold);
            tx.put_tag(&tag)?;
        }
        Body::TagTapped(event) => {
            if let (Some(uid), Some(epoch)) = (event.uid, event.key_epoch)
                && let Some(mark) = Mark::after(tx.mark(&uid, epoch)?, event, recorded)
            {
                tx.put_mark(&uid, epoch, &mark)?;
            }
        }
        Body::TapRefused(event) => {
            if let (Some(uid), Some(epoch)) = (event.uid, event.key_epoch)
                && let Some(mark) = Mark::after_refusal(tx.mark(&uid, epoch)?, event, recorded)
            {
                tx.put_mark(&uid, epoch, &mark)?;
            }
        }
        Body::OptInOffered(event) => fold_offer(tx, &event.code, recorded)?,
        Body::OptedIn(event) => {
            if let Some(code) = &event.code {
                fold_offer(tx, code, recorded)?;
            }
        }
        Body::OptInRefused(event) => {
            let key = event.contact.key(lens.tenant);
            let mut tries = read_tries(tx, &key)?.unwrap_or_default();
            if tries.apply(&event.contact, recorded) {
                tx.put_tries(&key, &json(&tries)?)?;
            }
        }
        Body::ActionRequested(event) => tx.put_action(&Action::requested(event, recorded.fold))?,
        Body::ActionCompleted(event) => {
            // Whom it concerns is known while it waits.
            if let Some(to) = tx.action(&event.action_id)?.filter(Action::is_message).and_then(|one| one.to) {
                fold_thread(tx, &to.key(lens.tenant), recorded)?;
            }
            tx.remove_action(&event.action_id)?;
        }
        Body::IdentifierErased(event) => tx.put_erased(&event.key)?,
        Body::SuppressionKept(event) => {
            let mut ledger = read_ledger(tx, &event.key)?.unwrap_or_default();
            if ledger.keep(recorded) {
                tx.put_ledger(&event.key, &json(&ledger)?)?;
            }
        }
        _ => {}
    }
    let mut said = contacts(&recorded.event);
    if Signal::is_in(&recorded.event) {
        said.extend(lens.usable(&recorded.event.identifiers).into_iter().map(|(_, one)| one));
        said.sort();
        said.dedup();
    }
    for contact in said {
        let key = contact.key(lens.tenant);
        let mut ledger = read_ledger(tx, &key)?.unwrap_or_default();
        if ledger.apply(contact, recorded) {
            tx.put_ledger(&key, &json(&ledger)?)?;
        }
    }
    for contact in thread::contacts(&recorded.event) {
        fold_thread(tx, &contact.key(lens.tenant), recorded)?;
    }
    if thread::tells_zone(&recorded.event) {
        for (key, _) in lens.usable(&recorded.event.identifiers) {
            fold_thread(tx, &key, recorded)?;
        }
    }
    customers::apply(tx, lens, recorded, profiles)
}

/// Folds an event into the thread of a contact point.
fn fold_thread<W: Write>(tx: &mut W, contact: &IdentifierKey, recorded: &Recorded) -> Stored<()> {
    let mut thread = read_thread(tx, contact)?.unwrap_or_default();
    if thread.apply(recorded) {
        tx.put_thread(contact, &json(&thread)?, thread.waits_since())?;
    }
    Ok(())
}

pub(super) const READING_LEDGER: &str = "reading a consent ledger";

/// The consent ledger of a contact point.
pub(crate) fn read_ledger(tx: &impl Read, contact: &IdentifierKey) -> Stored<Option<Ledger>> {
    tx.ledger(contact)?.map(|text| read(&text, READING_LEDGER)).transpose()
}

/// The thread of a contact point.
pub(crate) fn read_thread(tx: &impl Read, contact: &IdentifierKey) -> Stored<Option<Thread>> {
    tx.thread(contact)?.map(|text| read(&text, "reading a thread")).transpose()
}

/// The failed tries of a contact point.
pub(crate) fn read_tries(tx: &impl Read, contact: &IdentifierKey) -> Stored<Option<Tries>> {
    tx.tries(contact)?.map(|text| read(&text, "reading tries")).transpose()
}

/// An offer to opt in.
pub(crate) fn read_offer(tx: &impl Read, code: &Code) -> Stored<Option<Offer>> {
    tx.offer(code.as_str())?.map(|text| read(&text, "reading an offer")).transpose()
}

/// Folds an offer, or a consent that used its code. What a host calls a code and is none ties nothing.
fn fold_offer<W: Write>(tx: &mut W, code: &str, recorded: &Recorded) -> Stored<()> {
    let Ok(code) = code.parse::<Code>() else { return Ok(()) };
    let mut offer = read_offer(tx, &code)?.unwrap_or_default();
    if offer.apply(&code, recorded) {
        tx.put_offer(code.as_str(), &json(&offer)?)?;
    }
    Ok(())
}

/// Reads a state from its JSON. serde's own text may quote the value, so the error only says where.
pub(crate) fn read<T: serde::de::DeserializeOwned>(text: &str, doing: &'static str) -> Stored<T> {
    serde_json::from_str(text).map_err(|error| {
        let detail = format!("line {} column {}", error.line(), error.column());
        StorageError::new(StorageFault::Corrupt, doing, detail)
    })
}

pub(crate) fn json(state: &impl serde::Serialize) -> Stored<String> {
    serde_json::to_string(state)
        .map_err(|_| StorageError::new(StorageFault::Corrupt, "writing a state", "it has no JSON form"))
}
