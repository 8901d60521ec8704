//! `tag`: the registry of tags.

use phygital_core::engine::Engine;
use phygital_core::event::kinds::shop::TagEnrolled;
use phygital_core::machine::TagRow;
use phygital_core::vocab::{PlaceId, TagStatus, TagUid, Timestamp, TouchpointId};
use phygital_store::Sqlite;
use serde::Serialize;

use super::PAGE;
use super::check::check;
use super::provision::{provision, recover, reset};
use crate::arguments::{Enroll, Tag};
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::shop::Shop;

/// A tag as programs read it.
#[derive(Debug, Serialize)]
struct View {
    uid: TagUid,
    status: TagStatus,
    place: Option<PlaceId>,
    touchpoint: Option<TouchpointId>,
    key_epoch: Option<u32>,
    label: Option<String>,
    enrolled_at: Option<Timestamp>,
}

impl From<TagRow> for View {
    fn from(tag: TagRow) -> View {
        View {
            uid: tag.uid,
            status: tag.status,
            place: tag.place,
            touchpoint: tag.touchpoint,
            key_epoch: tag.key_epoch.map(|epoch| epoch.get()),
            label: tag.label,
            enrolled_at: tag.enrolled.map(|fold| fold.at),
        }
    }
}

/// Changes the registry, or lists it.
pub(crate) fn tag(shop: &Shop, with: Tag, output: &mut Output) -> Result<Exit, Failure> {
    // At a reader the registry is of use, and not needed.
    let with = match with {
        Tag::Provision(with) => return provision(shop, with, output),
        Tag::Verify(with) => return check(&with, output),
        Tag::Recover(with) => return recover(shop, with, output),
        Tag::Reset(with) => return reset(shop, with, output),
        with => with,
    };
    let settings = shop.settings()?;
    let mut engine = match &with {
        Tag::List => shop.read(&settings)?,
        _ => shop.open(&settings)?,
    };
    let now = shop.now()?;
    let uid = match with {
        Tag::List => return list(&mut engine, output),
        Tag::Enroll(Enroll { uid, place, touchpoint, key_epoch, label }) => {
            let mut tag = TagEnrolled::new(uid);
            tag.touchpoint = touchpoint;
            tag.key_epoch = key_epoch;
            tag.label = label;
            engine.tags().enroll(tag, place, now)?;
            uid
        }
        Tag::Blank(named) => set(&mut engine, named.uid, TagStatus::Blank, now)?,
        Tag::Provisioning(named) => set(&mut engine, named.uid, TagStatus::Provisioning, now)?,
        Tag::Activate(named) => set(&mut engine, named.uid, TagStatus::Active, now)?,
        Tag::Suspend(named) => set(&mut engine, named.uid, TagStatus::Suspended, now)?,
        Tag::Lost(named) => set(&mut engine, named.uid, TagStatus::Lost, now)?,
        Tag::Retiring(named) => set(&mut engine, named.uid, TagStatus::Retiring, now)?,
        Tag::Retire(named) => set(&mut engine, named.uid, TagStatus::Retired, now)?,
        Tag::Provision(_) | Tag::Verify(_) | Tag::Recover(_) | Tag::Reset(_) => return Ok(Exit::Done),
    };
    let tags = engine.tags().get(uid)?.into_iter().map(View::from).collect();
    show(tags, output)
}

fn set(
    engine: &mut Engine<Sqlite>,
    uid: TagUid,
    status: TagStatus,
    now: Timestamp,
) -> Result<TagUid, Failure> {
    engine.tags().set_status(uid, status, now)?;
    Ok(uid)
}

fn list(engine: &mut Engine<Sqlite>, output: &mut Output) -> Result<Exit, Failure> {
    let mut tags: Vec<View> = Vec::new();
    loop {
        let page = engine.tags().list(tags.last().map(|tag| tag.uid), PAGE)?;
        if page.is_empty() {
            return show(tags, output);
        }
        tags.extend(page.into_iter().map(View::from));
    }
}

fn show(tags: Vec<View>, output: &mut Output) -> Result<Exit, Failure> {
    if output.is_json() {
        for tag in &tags {
            output.object(tag)?;
        }
        return Ok(Exit::Done);
    }
    let text = |text: Option<String>| text.unwrap_or_default();
    let rows = tags.into_iter().map(|tag| {
        vec![
            tag.uid.to_string(),
            tag.status.to_string(),
            text(tag.place.map(|place| place.to_string())),
            text(tag.touchpoint.map(|touchpoint| touchpoint.to_string())),
            text(tag.key_epoch.map(|epoch| epoch.to_string())),
            text(tag.label),
            text(tag.enrolled_at.map(|at| at.to_string())),
        ]
    });
    let header = ["UID", "status", "place", "touchpoint", "key epoch", "label", "enrolled"];
    output.table(&header, rows.collect())?;
    Ok(Exit::Done)
}
