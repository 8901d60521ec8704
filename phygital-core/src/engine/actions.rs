//! What waits for the host: pulled, carried out, acknowledged by id, at least once.

use crate::event::Event;
use crate::event::kinds::decisions::ActionCompleted;
use crate::machine::{Action, Outcome};
use crate::store::{Read, Store};
use crate::vocab::{ActionId, EventId, EventKey, SourceId, Timestamp};

use super::session::DECISIONS;
use super::{Engine, Error, Missing, Receipt, fold};

/// The outbox of an [`Engine`].
#[derive(Debug)]
pub struct Actions<'e, S: Store> {
    pub(super) engine: &'e mut Engine<S>,
}

impl<S: Store> Actions<'_, S> {
    /// At most `most` actions to carry out at `now`, oldest cause first, behind one of them.
    ///
    /// Left out are those that have expired, and those that consent no longer permits: an action that
    /// was lawful when it was decided may not be so any more. They stay in [`Actions::waiting`].
    pub fn due(&self, behind: Option<&Action>, most: usize, now: Timestamp) -> Result<Vec<Action>, Error> {
        let mut due = Vec::new();
        let mut behind = behind.cloned();
        while due.len() < most {
            let page = self.waiting(behind.as_ref(), most)?;
            let Some(last) = page.last() else { break };
            behind = Some(last.clone());
            for action in page {
                if due.len() < most && self.is_due(&action, now)? {
                    due.push(action);
                }
            }
        }
        Ok(due)
    }

    /// At most `most` actions that wait, due or not, behind one of them.
    pub fn waiting(&self, behind: Option<&Action>, most: usize) -> Result<Vec<Action>, Error> {
        self.engine.usable()?;
        Ok(self.engine.store.reader()?.actions(behind, most)?)
    }

    /// Takes note of how an action went; it waits no longer. Saying it again changes nothing.
    ///
    /// # Errors
    /// [`Error::Unknown`] for an action that never was.
    pub fn acknowledge(&mut self, id: &ActionId, outcome: Outcome, now: Timestamp) -> Result<Receipt, Error> {
        let source = SourceId::new(DECISIONS).expect("a constant that is an id");
        let event_id = EventId::new(format!("done:{}", digest(id))).expect("made of hexadecimal digits");
        let key = EventKey::of(&source, &event_id);
        let id = id.clone();
        self.engine.transact(now, |session| {
            use crate::store::Read as _;
            if let Some(entry) = session.tx.entry(&key)? {
                return Ok(Receipt {
                    key,
                    origin: entry.origin,
                    hlc: entry.hlc,
                    received_at: entry.received_at,
                });
            }
            if session.tx.action(&id)?.is_none() {
                return Err(Error::Unknown(Missing::Action));
            }
            let body = ActionCompleted::new(id, outcome.name().to_owned());
            session.append(Event::new(source, event_id, now, body)).map(|accepted| *accepted.receipt())
        })
    }

    fn is_due(&self, action: &Action, now: Timestamp) -> Result<bool, Error> {
        if action.expires_at.is_some_and(|end| end < now) {
            return Ok(false);
        }
        let (Some(to), Some(purpose)) = (&action.to, action.purpose) else { return Ok(true) };
        // The confirmation of an opt-out is owed in spite of it (47 CFR 64.1200(a)(12)), and so is an
        // answer to whoever asks for help.
        if action.action == Action::ANSWER {
            return Ok(true);
        }
        let engine = &*self.engine;
        let ledger = fold::read_ledger(&engine.store.reader()?, &to.key(&engine.tenant))?;
        let now = now.max(engine.head.hlc.wall());
        Ok(engine.config.policy.permits(ledger.as_ref(), purpose, now).allowed)
    }
}

/// A short text for an id of any length.
fn digest(id: &ActionId) -> EventKey {
    let source = SourceId::new("action").expect("a constant that is an id");
    EventKey::of(&source, &EventId::new(id.as_str()).expect("an id of the same form"))
}
