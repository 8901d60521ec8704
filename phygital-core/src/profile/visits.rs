//! Visits to a place, and who helped there.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::compact::{cut, elided_debug, is_default};
use super::limits::{ASSISTS_MAX, SHORT_TEXT_BYTES_MAX, VISIT_GAP, VISITS_MAX};
use crate::event::FoldKey;
use crate::event::kinds::shop::AssociateAssisted;
use crate::vocab::{PlaceId, StaffId, Timestamp};

/// What made a visit known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum VisitSign {
    /// She tapped a tag.
    Tap,
    /// The host said that she came in.
    Arrival,
    /// She tried something on.
    TryOn,
    /// An associate helped her.
    Assistance,
    /// She bought something at the till.
    Order,
    /// She fetched an order.
    Pickup,
}

/// A visit: signs of her at one place, none more than [`VISIT_GAP`] after the one before.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Visit {
    /// Where.
    pub place: PlaceId,
    /// The first sign of her; its time is when the visit started.
    #[serde(with = "super::compact::by")]
    pub by: FoldKey,
    /// What that sign was.
    pub sign: VisitSign,
    /// Microseconds from the first to the last sign of her.
    #[serde(default, skip_serializing_if = "is_default")]
    stayed_us: u64,
    /// Whether the host said that she left.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ended: bool,
}

/// An associate's help.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Assist {
    /// Who helped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub associate: Option<StaffId>,
    /// What was done, such as `styling`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<String>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceId>,
    /// The event that says so.
    #[serde(with = "super::compact::by")]
    pub by: FoldKey,
}

/// The last visits, by their last sign, and the last acts of help; oldest first.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Visits {
    #[serde(default, skip_serializing_if = "is_default")]
    count: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    list: Vec<Visit>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    assists: Vec<Assist>,
}

elided_debug!(Visit, Assist, Visits);

impl Visit {
    /// Whether she may still be there: no leave was seen, and the last sign is no older than
    /// [`VISIT_GAP`].
    pub fn is_open(&self, now: Timestamp) -> bool {
        !self.ended && now <= self.last_at().saturating_add(VISIT_GAP)
    }

    /// When the last sign of her was.
    pub fn last_at(&self) -> Timestamp {
        self.by.at.saturating_add(Duration::from_micros(self.stayed_us))
    }

    fn stay(&mut self, at: Timestamp) {
        if at > self.last_at() {
            self.stayed_us = u64::try_from(at.distance(self.by.at).as_micros()).unwrap_or(u64::MAX);
        }
    }
}

impl Visits {
    pub(super) fn list(&self) -> &[Visit] {
        &self.list
    }

    pub(super) fn assists(&self) -> &[Assist] {
        &self.assists
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// A sign of her at a place: goes on with the open visit there, or opens one.
    pub(super) fn sign(&mut self, place: &PlaceId, sign: VisitSign, by: FoldKey) {
        let known = self.list.iter().rposition(|visit| visit.place == *place && visit.is_open(by.at));
        let open = known.map(|at| self.list.remove(at));
        if open.is_none() {
            self.count = self.count.saturating_add(1);
        }
        let new = || Visit { place: place.clone(), by, sign, stayed_us: 0, ended: false };
        let mut visit = open.unwrap_or_else(new);
        visit.stay(by.at);
        self.list.push(visit);
        if self.list.len() > VISITS_MAX {
            self.list.remove(0);
        }
    }

    /// She left: closes the open visit there, if there is one.
    pub(super) fn end(&mut self, place: &PlaceId, at: Timestamp) {
        let mut here = self.list.iter_mut().rev().filter(|visit| visit.place == *place);
        if let Some(open) = here.find(|visit| visit.is_open(at)) {
            open.stay(at);
            open.ended = true;
        }
    }

    pub(super) fn assist(&mut self, help: &AssociateAssisted, place: Option<&PlaceId>, by: FoldKey) {
        self.assists.push(Assist {
            associate: help.associate_id.clone(),
            activity: help.activity.as_ref().map(|activity| cut(activity, SHORT_TEXT_BYTES_MAX)),
            place: place.cloned(),
            by,
        });
        if self.assists.len() > ASSISTS_MAX {
            self.assists.remove(0);
        }
    }
}
