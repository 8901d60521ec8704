//! Tags: what the registry knows of one, its high-water mark, and whether a genuine tap counts.

use std::cmp::Reverse;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::event::kinds::decisions::TapRefused;
use crate::event::kinds::shop::{TagEnrolled, TagStatusChanged, TagTapped};
use crate::event::{FoldKey, Recorded};
use crate::tap::replay::{Judgement, ReplayMark, judge};
use crate::vocab::{
    Digest, EventKey, KeyEpoch, PlaceId, ReadCounter, TagStatus, TagUid, Timestamp, TouchpointId,
};

/// A tag in the registry: the fold of its enrolments and changes of status, in any order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TagRow {
    /// Its UID.
    pub uid: TagUid,
    /// Where it hangs.
    pub place: Option<PlaceId>,
    /// What it hangs on.
    pub touchpoint: Option<TouchpointId>,
    /// What staff call it.
    pub label: Option<String>,
    /// The generation of its keys: taps under older keys no longer count.
    pub key_epoch: Option<KeyEpoch>,
    /// The last enrolment; `None` while only a status is known.
    pub enrolled: Option<FoldKey>,
    /// Where it is in its life.
    pub status: TagStatus,
    /// The event that last said so.
    pub status_said: Option<FoldKey>,
}

impl TagRow {
    /// A tag of which nothing is known yet.
    pub fn unknown(uid: TagUid) -> TagRow {
        TagRow {
            uid,
            place: None,
            touchpoint: None,
            label: None,
            key_epoch: None,
            enrolled: None,
            status: TagStatus::Active,
            status_said: None,
        }
    }

    /// Takes an enrolment in. The latest holds; it also makes the tag active, unless a later event
    /// says otherwise.
    pub fn enroll(&mut self, event: &TagEnrolled, recorded: &Recorded) {
        if self.enrolled < Some(recorded.fold) {
            self.enrolled = Some(recorded.fold);
            self.place = recorded.event.place.clone();
            self.touchpoint = event.touchpoint.clone();
            self.label = event.label.clone();
            self.key_epoch = event.key_epoch;
        }
        self.say(TagStatus::Active, recorded.fold);
    }

    /// Takes a change of status in. The latest holds.
    pub fn change_status(&mut self, event: &TagStatusChanged, fold: FoldKey) {
        self.say(event.status, fold);
    }

    fn say(&mut self, status: TagStatus, fold: FoldKey) {
        if self.status_said < Some(fold) {
            self.status_said = Some(fold);
            self.status = status;
        }
    }
}

/// The high-water mark of a tag under one generation of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what replay protection rests on")]
pub struct Mark {
    /// The highest counter accepted, or used up by a refused tap.
    pub highest: ReadCounter,
    /// The event that the tap, or its refusal, became.
    pub event: EventKey,
    /// When it was received.
    pub at: Timestamp,
    /// Digest of the client that sent it, where it named itself.
    pub client: Option<Digest>,
}

impl Mark {
    /// The mark of a tag after one more tap; taps may come in any order.
    ///
    /// `None` for an event that moves no mark: one that was not verified, or names no counter.
    pub fn after(before: Option<Mark>, event: &TagTapped, recorded: &Recorded) -> Option<Mark> {
        if event.verified != Some(true) {
            return None;
        }
        let mark = Mark {
            highest: event.read_ctr?,
            event: recorded.fold.key,
            at: recorded.received_at,
            client: event.client,
        };
        Some(mark.over(before))
    }

    /// The mark of a tag after one more genuine tap of it was refused, in any order.
    ///
    /// `None` for a refusal that moves no mark: its reason is none of [`TapRefusalReason::USES_UP`], or it
    /// names no counter.
    pub fn after_refusal(before: Option<Mark>, event: &TapRefused, recorded: &Recorded) -> Option<Mark> {
        if !TapRefusalReason::USES_UP.iter().any(|reason| reason.code() == event.reason) {
            return None;
        }
        let highest = event.read_ctr?;
        let mark = Mark { highest, event: recorded.fold.key, at: recorded.received_at, client: None };
        Some(mark.over(before))
    }

    /// The higher of two. At one counter that of a tap whose client may repeat it, since a till may have
    /// refused what another one accepted; else that of the lesser key, whichever came first.
    fn over(self, before: Option<Mark>) -> Mark {
        let rank = |mark: &Mark| (mark.highest, mark.client.is_some(), Reverse(mark.event));
        before.filter(|before| rank(before) >= rank(&self)).unwrap_or(self)
    }
}

/// Why a tap with a good MAC does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TapRefusalReason {
    /// The tag is not in the registry, or does not say which it is.
    #[error("the tag is not enrolled")]
    NotEnrolled,
    /// The tag was set aside.
    #[error("the tag is suspended")]
    Suspended,
    /// The tag was lost or stolen.
    #[error("the tag was reported lost")]
    Lost,
    /// The tag is out of use, or on its way there.
    #[error("the tag is retired")]
    Retired,
    /// The tag is being personalised, which is not confirmed yet.
    #[error("the tag is being personalised")]
    Provisioning,
    /// The tap is under keys older than the tag's enrolment.
    #[error("the tag has newer keys than this tap")]
    OldKeys,
    /// The counter was seen before, or one above it.
    #[error("the tap was used before")]
    Replayed,
    /// Anybody could have made it: it is no proof of anything.
    #[error("the tap is not authenticated")]
    Unauthenticated,
    /// The tag mirrors no counter, so a copy of the link cannot be told from a tap.
    #[error("the tag mirrors no counter, so a copy cannot be told from a tap")]
    Uncounted,
}

impl TapRefusalReason {
    /// The reasons for which a tap of an enrolled tag is refused and its counter is used up all the same:
    /// what the registry says may change, and the link must not count then.
    pub const USES_UP: &[TapRefusalReason] = &[
        TapRefusalReason::Suspended,
        TapRefusalReason::Lost,
        TapRefusalReason::Retired,
        TapRefusalReason::Provisioning,
        TapRefusalReason::OldKeys,
    ];

    /// A stable code for events, logs and tests.
    pub fn code(self) -> &'static str {
        match self {
            TapRefusalReason::NotEnrolled => "not_enrolled",
            TapRefusalReason::Suspended => "suspended",
            TapRefusalReason::Lost => "lost",
            TapRefusalReason::Retired => "retired",
            TapRefusalReason::Provisioning => "provisioning",
            TapRefusalReason::OldKeys => "old_keys",
            TapRefusalReason::Replayed => "replayed",
            TapRefusalReason::Uncounted => "uncounted",
            TapRefusalReason::Unauthenticated => "unauthenticated",
        }
    }
}

/// What becomes of a genuine tap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a tap counts, was counted, or does not count")]
pub enum TapDecision {
    /// It counts, and the mark moves.
    Accept,
    /// It counts although a later one was before it, and the mark stays.
    AcceptLate,
    /// The same client sent it a moment ago: answer as then.
    Repeat(EventKey),
    /// It does not count.
    Refuse(TapRefusalReason),
}

/// Decides whether a tap whose MAC was checked counts.
///
/// - `tag`: the registry's row of the tag, where it is known;
/// - `counter`: what the tag mirrored, with the generation of keys that fitted;
/// - `mark`: the mark of that tag and generation;
/// - `client`, `now`, `window`: who asks, when, and how long the same client may ask again (a page
///   reloaded, a link previewed), however the clock moved meanwhile.
///
/// The counter is judged by [`tap::replay`](crate::tap::replay): strictly above the mark. Whether one below
/// it counts as late, where that is allowed, the log has to say: see
/// [`ReplayPolicy`](crate::tap::replay::ReplayPolicy).
pub fn decide_tap(
    tag: Option<&TagRow>,
    counter: Option<(ReadCounter, KeyEpoch)>,
    mark: Option<&Mark>,
    client: Option<Digest>,
    now: Timestamp,
    window: Duration,
) -> TapDecision {
    let refuse = TapDecision::Refuse;
    let Some(tag) = tag.filter(|tag| tag.enrolled.is_some()) else {
        return refuse(TapRefusalReason::NotEnrolled);
    };
    match tag.status {
        TagStatus::Active => {}
        TagStatus::Blank => return refuse(TapRefusalReason::NotEnrolled),
        TagStatus::Provisioning => return refuse(TapRefusalReason::Provisioning),
        TagStatus::Suspended => return refuse(TapRefusalReason::Suspended),
        TagStatus::Lost => return refuse(TapRefusalReason::Lost),
        TagStatus::Retiring | TagStatus::Retired => return refuse(TapRefusalReason::Retired),
    }
    let Some((counter, epoch)) = counter else { return refuse(TapRefusalReason::Uncounted) };
    if tag.key_epoch.is_some_and(|oldest| epoch < oldest) {
        return refuse(TapRefusalReason::OldKeys);
    }
    let seen = mark.map(|mark| ReplayMark { highest: mark.highest });
    match (judge(seen, counter), mark) {
        (Judgement::Accepted { .. }, _) => TapDecision::Accept,
        (Judgement::Replayed, Some(mark))
            if counter == mark.highest
                && client.is_some()
                && client == mark.client
                && now.distance(mark.at) <= window =>
        {
            TapDecision::Repeat(mark.event)
        }
        (Judgement::Replayed, _) => refuse(TapRefusalReason::Replayed),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(120);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000).unwrap()
    }

    fn tag(status: TagStatus) -> TagRow {
        let mut tag = TagRow::unknown(TagUid::new([4; 7]));
        tag.enrolled = Some(FoldKey { at: at(1), key: EventKey::from_bytes([1; 16]) });
        tag.status = status;
        tag
    }

    fn mark() -> Mark {
        Mark {
            highest: ReadCounter::new(10).unwrap(),
            event: EventKey::from_bytes([2; 16]),
            at: at(1000),
            client: Some(Digest::from_bytes([3; 32])),
        }
    }

    fn decide(counter: u32, client: Option<[u8; 32]>, now: i64) -> TapDecision {
        let counter = Some((ReadCounter::new(counter).unwrap(), KeyEpoch::FIRST));
        let client = client.map(Digest::from_bytes);
        decide_tap(Some(&tag(TagStatus::Active)), counter, Some(&mark()), client, at(now), WINDOW)
    }

    #[test]
    fn only_a_higher_counter_counts() {
        let replayed = TapDecision::Refuse(TapRefusalReason::Replayed);
        assert_eq!(decide(11, None, 1001), TapDecision::Accept);
        assert_eq!(decide(500, None, 1001), TapDecision::Accept);
        assert_eq!(decide(10, None, 1001), replayed);
        assert_eq!(decide(9, Some([3; 32]), 1001), replayed);
        assert_eq!(decide(0, None, 1001), replayed);
    }

    #[test]
    fn the_same_client_may_ask_again_for_a_while() {
        let replayed = TapDecision::Refuse(TapRefusalReason::Replayed);
        let again = TapDecision::Repeat(mark().event);
        assert_eq!(decide(10, Some([3; 32]), 1120), again);
        assert_eq!(decide(10, Some([3; 32]), 1121), replayed);
        assert_eq!(decide(10, Some([4; 32]), 1001), replayed);
        assert_eq!(decide(10, Some([3; 32]), 999), again, "the clock was set back a second");
        assert_eq!(decide(10, Some([3; 32]), 800), replayed);
    }

    #[test]
    fn of_two_marks_the_same_holds_in_any_order() {
        let key = |n| EventKey::from_bytes([n; 16]);
        let low = Mark { highest: ReadCounter::new(9).unwrap(), ..mark() };
        let refused = Mark { event: key(1), client: None, ..mark() };
        let other = Mark { event: key(3), client: None, ..mark() };
        for (holds, other) in [(mark(), low), (mark(), refused), (mark(), other), (refused, other)] {
            assert_eq!((holds.over(Some(other)), other.over(Some(holds))), (holds, holds));
            assert_eq!(holds.over(None), holds);
        }
    }

    #[test]
    fn only_an_active_enrolled_tag_counts() {
        let counter = Some((ReadCounter::new(1).unwrap(), KeyEpoch::FIRST));
        let judge = |tag: Option<&TagRow>, counter| decide_tap(tag, counter, None, None, at(1), WINDOW);
        for (status, expected) in [
            (TagStatus::Active, TapDecision::Accept),
            (TagStatus::Blank, TapDecision::Refuse(TapRefusalReason::NotEnrolled)),
            (TagStatus::Provisioning, TapDecision::Refuse(TapRefusalReason::Provisioning)),
            (TagStatus::Retiring, TapDecision::Refuse(TapRefusalReason::Retired)),
            (TagStatus::Suspended, TapDecision::Refuse(TapRefusalReason::Suspended)),
            (TagStatus::Lost, TapDecision::Refuse(TapRefusalReason::Lost)),
            (TagStatus::Retired, TapDecision::Refuse(TapRefusalReason::Retired)),
        ] {
            assert_eq!(judge(Some(&tag(status)), counter), expected);
        }
        let not_enrolled = TapDecision::Refuse(TapRefusalReason::NotEnrolled);
        assert_eq!(judge(None, counter), not_enrolled);
        assert_eq!(judge(Some(&TagRow::unknown(TagUid::new([4; 7]))), counter), not_enrolled);
        let uncounted = TapDecision::Refuse(TapRefusalReason::Uncounted);
        assert_eq!(judge(Some(&tag(TagStatus::Active)), None), uncounted);
        let mut renewed = tag(TagStatus::Active);
        renewed.key_epoch = Some(KeyEpoch::new(1));
        assert_eq!(judge(Some(&renewed), counter), TapDecision::Refuse(TapRefusalReason::OldKeys));
    }
}
