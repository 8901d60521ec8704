//! What many failed taps lead to: a source waits, staff is told of a tag that is forged.

use crate::event::Event;
use crate::event::kinds::decisions::ActionRequested;
use crate::machine::{ALARM_EVERY, Action, TapSource};
use crate::store::{Read, Store};
use crate::tap::{Presented, RefusalClass, TapRefusal};
use crate::vocab::{ActionId, EventId, EventKey, Personal, SourceId, TagUid, Timestamp};

use super::session::DECISIONS;
use super::{Engine, Error, TapRefused};

impl<S: Store> Engine<S> {
    /// Refuses a source that failed as often as it may.
    pub(super) fn may_ask(&self, source: Option<&TapSource>, now: Timestamp) -> Result<(), TapRefused> {
        match source.and_then(|source| self.watch.refused_until(source, now)) {
            Some(until) => Err(TapRefused::TooManyFailures { until }),
            None => Ok(()),
        }
    }

    /// Counts a link that is not genuine, and raises an alarm where one tag is forged too often.
    pub(super) fn count_failure(
        &mut self,
        presented: Presented<'_>,
        refusal: &TapRefusal,
        source: Option<TapSource>,
        now: Timestamp,
    ) -> Result<(), Error> {
        if !may_be_guessing(refusal) {
            return Ok(());
        }
        if let Some(source) = source {
            self.watch.source_failed(source, now);
        }
        let Some(uid) = self.verifier.claimed_uid(presented) else { return Ok(()) };
        match self.watch.tag_failed(uid, now) {
            Some(failed) => self.raise_alarm(uid, failed, now),
            None => Ok(()),
        }
    }

    /// Asks staff to look at an enrolled tag, once an hour also where the engine was opened anew meanwhile.
    /// Anybody can claim a tag that is not ours, so that raises none.
    fn raise_alarm(&mut self, uid: TagUid, failed: u32, now: Timestamp) -> Result<(), Error> {
        let hour = now.as_micros() / i64::try_from(ALARM_EVERY.as_micros()).unwrap_or(i64::MAX);
        let minutes = self.config.failure_limits.window.as_secs().div_ceil(60);
        let source = SourceId::new(DECISIONS).expect("a constant that is an id");
        let name = |hour: i64| format!("alarm:forged:{uid}:{hour}");
        let id = |hour| EventId::new(name(hour)).map_err(|_| Error::Bug("an alarm without an id"));
        let action = name(hour).parse::<ActionId>().map_err(|_| Error::Bug("an action without an id"))?;
        let (this, before) = (id(hour)?, EventKey::of(&source, &id(hour - 1)?));
        self.transact(now, |session| {
            let ours = session.tx.tag(&uid)?.is_some_and(|tag| tag.enrolled.is_some());
            let last = session.tx.entry(&before)?.map(|entry| entry.received_at);
            let told = last.is_some_and(|last| now.distance(last) < ALARM_EVERY)
                || session.tx.entry(&EventKey::of(&source, &this))?.is_some();
            if !ours || told {
                return Ok(());
            }
            let mut alarm = ActionRequested::new(action, Action::ALARM.to_owned());
            let text = format!("tag {uid}: {failed} forged taps within {minutes} minutes");
            alarm.text = Some(Personal::new(text));
            alarm.expires_at = Some(now.saturating_add(ALARM_EVERY));
            session.append(Event::new(source, this, now, alarm)).map(drop)
        })
    }
}

/// Whether somebody who guesses gets this refusal. A link that is damaged or no tap at all counts for nothing:
/// crawlers send them all day.
fn may_be_guessing(refusal: &TapRefusal) -> bool {
    refusal.class() == RefusalClass::Forged
        || matches!(refusal, TapRefusal::BadPiccData | TapRefusal::NoKey | TapRefusal::SearchLimit)
}
