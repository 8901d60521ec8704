//! Loyalty programmes: tier and points as far as a profile shows them.

use serde::{Deserialize, Serialize};

use super::compact::{cut, elided_debug, is_default};
use super::limits::{MEMBERSHIPS_MAX, SHORT_TEXT_BYTES_MAX};
use crate::event::FoldKey;

/// A membership in a loyalty programme.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Membership {
    /// The programme; none where the shop has but one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programme: Option<String>,
    /// Tier as last said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// Points earned less points spent; below zero where more were spent than we saw earned.
    #[serde(default, skip_serializing_if = "is_default")]
    pub points: i64,
    /// The event that enrolled her, else the first that speaks of the programme.
    #[serde(with = "super::compact::by")]
    pub by: FoldKey,
}

/// The memberships, by first mention.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Memberships(pub(super) Vec<Membership>);

elided_debug!(Membership, Memberships);

impl Memberships {
    /// The membership in a programme, begun by this event where there is none.
    fn of(&mut self, programme: &Option<String>, by: FoldKey) -> &mut Membership {
        let programme = programme.as_ref().map(|name| cut(name, SHORT_TEXT_BYTES_MAX));
        let at = self.0.iter().position(|known| known.programme == programme).unwrap_or_else(|| {
            if self.0.len() == MEMBERSHIPS_MAX {
                self.0.remove(0);
            }
            self.0.push(Membership { programme, tier: None, points: 0, by });
            self.0.len() - 1
        });
        &mut self.0[at]
    }

    pub(super) fn enroll(&mut self, programme: &Option<String>, tier: &Option<String>, by: FoldKey) {
        let membership = self.of(programme, by);
        membership.by = by;
        if let Some(tier) = tier {
            membership.tier = Some(cut(tier, SHORT_TEXT_BYTES_MAX));
        }
    }

    pub(super) fn rise(&mut self, programme: &Option<String>, tier: &str, by: FoldKey) {
        self.of(programme, by).tier = Some(cut(tier, SHORT_TEXT_BYTES_MAX));
    }

    pub(super) fn points(&mut self, programme: &Option<String>, points: i64, by: FoldKey) {
        let membership = self.of(programme, by);
        membership.points = membership.points.saturating_add(points);
    }
}
