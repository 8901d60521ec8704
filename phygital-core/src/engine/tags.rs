//! The registry of tags.

use std::time::Duration;

use crate::event::Event;
use crate::event::kinds::shop::{TagEnrolled, TagStatusChanged};
use crate::machine::{FIRST_STATUSES, TagRow, change_status};
use crate::store::{Read, Store};
use crate::vocab::{EventId, PlaceId, SourceId, TagStatus, TagUid, Timestamp};

use super::{Engine, Error, Missing, Receipt};

/// The source of what the host says of its tags through this view.
const REGISTRY: &str = "//phygital/registry";

/// The tags of an [`Engine`].
#[derive(Debug)]
pub struct Tags<'e, S: Store> {
    pub(super) engine: &'e mut Engine<S>,
}

impl<S: Store> Tags<'_, S> {
    /// Enrols a tag at a place, or enrols it again with another place, touchpoint or key epoch. It
    /// is active from then on.
    ///
    /// # Errors
    /// [`Error::Status`] for a tag that [cannot become](crate::machine::may_follow) active: one that was
    /// said to be blank, or whose retiring is not confirmed.
    pub fn enroll(
        &mut self,
        tag: TagEnrolled,
        place: Option<PlaceId>,
        now: Timestamp,
    ) -> Result<Receipt, Error> {
        let uid = tag.uid;
        if let Some(known) = self.get(uid)? {
            change_status(known.status, TagStatus::Active)?;
        }
        let said = self.moment(uid, now)?;
        let mut event = Event::new(source(), self.fresh_id("enrolled", uid, now)?, said, tag);
        event.place = place;
        self.engine.record(event, now).map(|accepted| *accepted.receipt())
    }

    /// Changes where a tag is in its life, as [`may_follow`](crate::machine::may_follow) allows. A tag that is
    /// not in the registry may begin there as [blank or provisioning](FIRST_STATUSES).
    ///
    /// # Errors
    /// [`Error::Unknown`] for another status of a tag that is not in the registry, [`Error::Status`] for a
    /// change that a tag's life does not have.
    pub fn set_status(&mut self, uid: TagUid, status: TagStatus, now: Timestamp) -> Result<Receipt, Error> {
        match self.get(uid)? {
            Some(known) => change_status(known.status, status)?,
            None if FIRST_STATUSES.contains(&status) => {}
            None => return Err(Error::Unknown(Missing::Tag)),
        }
        let body = TagStatusChanged::new(uid, status);
        let said = self.moment(uid, now)?;
        let event = Event::new(source(), self.fresh_id(status.name(), uid, now)?, said, body);
        self.engine.record(event, now).map(|accepted| *accepted.receipt())
    }

    /// A tag.
    pub fn get(&self, uid: TagUid) -> Result<Option<TagRow>, Error> {
        self.engine.usable()?;
        Ok(self.engine.store.reader()?.tag(&uid)?)
    }

    /// At most `most` tags whose UID comes after one, in order of UID.
    pub fn list(&self, after: Option<TagUid>, most: usize) -> Result<Vec<TagRow>, Error> {
        self.engine.usable()?;
        Ok(self.engine.store.reader()?.tags(after.as_ref(), most)?)
    }

    /// When something is said of a tag: just after what was said of it at the same moment, so that the
    /// later word holds.
    fn moment(&self, uid: TagUid, now: Timestamp) -> Result<Timestamp, Error> {
        let said = self.get(uid)?.and_then(|tag| tag.status_said);
        let same = said.filter(|said| said.at >= now && said.at.distance(now) < Duration::from_millis(1));
        Ok(same.map_or(now, |said| said.at.saturating_add(Duration::from_micros(1))))
    }

    /// An id that no other word on the registry has: what is said twice at one moment is said twice.
    fn fresh_id(&mut self, what: &str, uid: TagUid, now: Timestamp) -> Result<EventId, Error> {
        let mut random = [0; 4];
        self.engine.entropy.fill(&mut random)?;
        let text = format!("{what}:{uid}:{}:{:08x}", now.as_micros(), u32::from_be_bytes(random));
        EventId::new(text).map_err(|_| Error::Bug("an event of the registry without an id"))
    }
}

fn source() -> SourceId {
    SourceId::new(REGISTRY).expect("a constant that is an id")
}
