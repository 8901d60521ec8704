//! The registry of tags.

use phygital_core::event::kinds::shop;
use phygital_core::machine::TagRow;
use phygital_core::vocab::{KeyEpoch, TagUid};

use crate::error::{Answer, PhygitalError};
use crate::events::Receipt;
use crate::names::TagStatus;
use crate::phygital::Phygital;
use crate::time::Time;

/// A tag that goes into service, or is enrolled again with something else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[expect(clippy::exhaustive_structs, reason = "hosts fill it in")]
pub struct TagEnrolled {
    /// Its UID, 14 digits.
    pub uid: String,
    /// Where it hangs.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub place: Option<String>,
    /// What it hangs on.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub touchpoint: Option<String>,
    /// The generation of its keys: taps under older keys no longer count.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub key_epoch: Option<u32>,
    /// What staff call it.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub label: Option<String>,
}

/// A tag in the registry.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[expect(clippy::exhaustive_structs, reason = "read as a whole")]
pub struct Tag {
    /// Its UID, 14 digits.
    pub uid: String,
    /// Where it is in its life.
    pub status: TagStatus,
    /// Where it hangs.
    pub place: Option<String>,
    /// What it hangs on.
    pub touchpoint: Option<String>,
    /// The generation of its keys.
    pub key_epoch: Option<u32>,
    /// What staff call it.
    pub label: Option<String>,
    /// When it was last enrolled.
    pub enrolled_at: Option<Time>,
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Phygital {
    /// Enrols a tag, or enrols it again with another place, touchpoint or key epoch. It is active from then on.
    ///
    /// # Errors
    /// 106 for no UID, 116 for a tag that cannot become active.
    pub fn enroll(&self, tag: TagEnrolled) -> Result<Receipt, PhygitalError> {
        let place = tag.place.as_ref().map(|place| place.parse()).transpose()?;
        let mut body = shop::TagEnrolled::new(read_uid(&tag.uid)?);
        body.touchpoint = tag.touchpoint.as_ref().map(|touchpoint| touchpoint.parse()).transpose()?;
        body.key_epoch = tag.key_epoch.map(KeyEpoch::new);
        body.label = tag.label;
        self.with(|engine, now| Ok(Receipt::fresh(engine.tags().enroll(body, place, now)?)))
    }

    /// Changes where a tag is in its life.
    ///
    /// # Errors
    /// 404 for a tag that is not in the registry, 116 for a change that a tag's life does not have.
    pub fn set_tag_status(&self, uid: String, status: TagStatus) -> Result<Receipt, PhygitalError> {
        let uid = read_uid(&uid)?;
        self.with(|engine, now| Ok(Receipt::fresh(engine.tags().set_status(uid, status.core(), now)?)))
    }

    /// A tag; none where it is not in the registry.
    ///
    /// # Errors
    /// 106 for no UID.
    pub fn tag(&self, uid: String) -> Result<Option<Tag>, PhygitalError> {
        let uid = read_uid(&uid)?;
        self.with(|engine, _| engine.tags().get(uid)?.map(Tag::of).transpose())
    }

    /// At most `most` tags whose UID comes after one, in order of UID.
    ///
    /// # Errors
    /// 106 for no UID.
    pub fn tags(&self, after: Option<String>, most: u32) -> Result<Vec<Tag>, PhygitalError> {
        let after = after.as_deref().map(read_uid).transpose()?;
        self.with(|engine, _| engine.tags().list(after, most as usize)?.into_iter().map(Tag::of).collect())
    }
}

impl Tag {
    fn of(row: TagRow) -> Answer<Tag> {
        Ok(Tag {
            uid: row.uid.to_string(),
            status: TagStatus::of(row.status)?,
            place: row.place.map(|place| place.to_string()),
            touchpoint: row.touchpoint.map(|touchpoint| touchpoint.to_string()),
            key_epoch: row.key_epoch.map(|epoch| epoch.get()),
            label: row.label,
            enrolled_at: row.enrolled.map(|fold| fold.at.into()),
        })
    }
}

pub(crate) fn read_uid(text: &str) -> Answer<TagUid> {
    text.parse().map_err(|error| PhygitalError::argument("uid", error))
}
