//! What waits for the host: pulled, carried out, acknowledged by id, at least once.

use crate::event::Event;
use crate::event::kinds::decisions::ActionCompleted;
use crate::machine::{Action, Outcome};
use crate::store::{Read, Store};
use crate::vocab::{ActionId, EventId, EventKey, SourceId, Timestamp};

use super::session::DECISIONS;
use super::{Engine, Error, Missing, Receipt, conversations, fold};

/// The outbox of an [`Engine`].
#[derive(Debug)]
pub struct Actions<'e, S: Store> {
    pub(super) engine: &'e mut Engine<S>,
}

impl<S: Store> Actions<'_, S> {
    /// At most `most` actions to carry out at `now`, oldest cause first, behind one of them.
    ///
    /// Left out are those that have expired, and messages that the [gate](super::Config::gate) does not let out at `now`: what
    /// was lawful when it was decided may not be so any more, and what was not may be so later. They stay in
    /// [`Actions::waiting`]. A message has to be delivered before its `expires_at`, which is the end of the lawful window at
    /// the latest: give it to the gateway as the time until which it may try. Messages to one contact point are let out in the
    /// order in which they were asked for.
    pub fn due(&self, behind: Option<&Action>, most: usize, now: Timestamp) -> Result<Vec<Action>, Error> {
        self.engine.usable()?;
        let reader = self.engine.store.reader()?;
        let mut due = Vec::new();
        let mut behind = behind.cloned();
        while due.len() < most {
            let page = reader.actions(behind.as_ref(), most)?;
            let Some(last) = page.last() else { break };
            behind = Some(last.clone());
            for action in page {
                if due.len() < most {
                    due.extend(self.at_its_time(&reader, action, now)?);
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
    /// Say it as soon as a message is handed on: one that nobody speaks of until it expires is taken not to have gone out, and
    /// counts in no cap; if its outcome comes later, it counts again from when it is told.
    ///
    /// # Errors
    /// [`Error::Unknown`] for an action that never was.
    pub fn acknowledge(&mut self, id: &ActionId, outcome: Outcome, now: Timestamp) -> Result<Receipt, Error> {
        let (source, event_id) = outcome_of(id);
        let key = EventKey::of(&source, &event_id);
        let id = id.clone();
        self.engine.transact(now, |session| {
            if let Some(entry) = session.tx.entry(&key)? {
                return Ok(Receipt::of(&entry));
            }
            let action = session.tx.action(&id)?.ok_or(Error::Unknown(Missing::Action))?;
            let body = ActionCompleted::new(id, outcome.name().to_owned());
            let accepted = session.append(Event::new(source, event_id, now, body))?;
            if action.action == Action::NOTIFY {
                // It named whom the recipient has to forget, and nobody has to know it any longer.
                session.unsay(&action.cause.key)?;
            }
            Ok(*accepted.receipt())
        })
    }

    /// The action as it is to be carried out at `now`, if it is.
    fn at_its_time(
        &self,
        reader: &impl Read,
        action: Action,
        now: Timestamp,
    ) -> Result<Option<Action>, Error> {
        if action.expires_at.is_some_and(|end| end < now) {
            return Ok(None);
        }
        let Some(to) = &action.to else { return Ok(Some(action)) };
        let engine = &*self.engine;
        let now = engine.latest(now);
        if let Some(message) = conversations::message_of(&action) {
            let (tenant, config) = (&engine.tenant, &engine.config);
            let asking = conversations::Asking { tx: reader, tenant, config, now };
            let verdict = asking.ask(&message, Some(&action))?;
            let sooner = |end: Timestamp| Some(action.expires_at.map_or(end, |other| other.min(end)));
            return Ok(verdict.expires_at.map(|end| Action { expires_at: sooner(end), ..action }));
        }
        let Some(purpose) = action.purpose else { return Ok(Some(action)) };
        let ledger = fold::read_ledger(reader, &to.key(&engine.tenant))?;
        let permitted = engine.config.policy.permits(ledger.as_ref(), purpose, now).allowed;
        Ok(permitted.then_some(action))
    }
}

/// The name of the event that says how an action went, whatever the length of the action's own.
pub(super) fn outcome_of(id: &ActionId) -> (SourceId, EventId) {
    let source = SourceId::new("action").expect("a constant that is an id");
    let digest = EventKey::of(&source, &EventId::new(id.as_str()).expect("an id of the same form"));
    let source = SourceId::new(DECISIONS).expect("a constant that is an id");
    (source, EventId::new(format!("done:{digest}")).expect("made of hexadecimal digits"))
}
