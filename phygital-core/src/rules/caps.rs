//! Caps on how many messages may go out.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::span::next_day;
use crate::vocab::limits::{CAP_LIMIT_MAX, CAP_WINDOW_HOURS_MAX};
use crate::vocab::{Timestamp, Zone};

/// At most so many messages in a time.
///
/// In JSON `{"kind": "rolling", "limit": 3, "window_hours": 24}` or `{"kind": "calendar_day", "limit": 1, "zone":
/// "America/New_York"}`.
///
/// ```
/// use phygital_core::rules::Cap;
/// use phygital_core::vocab::Timestamp;
/// let at = |text| Timestamp::parse(text).unwrap();
/// let cap = Cap::rolling(1, 24).unwrap();
/// let verdict = cap.verdict(&[at("2026-07-01T13:00:00Z")], at("2026-07-01T20:00:00Z"));
/// assert!(!verdict.allowed);
/// assert_eq!(verdict.next_allowed, Some(at("2026-07-02T13:00:00Z")));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Cap {
    limit: u32,
    over: Over,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    /// The interval `(t - window, t]`.
    Rolling(Duration),
    /// The day that a zone's calendar shows; where none is named, that of the zone where she may be.
    CalendarDay(Option<Zone>),
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Written {
    Rolling {
        limit: u32,
        window_hours: u32,
    },
    CalendarDay {
        limit: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        zone: Option<Zone>,
    },
}

/// Whether one message more may go out, and when it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "yes or no, and when: that is all")]
pub struct CapVerdict {
    /// Whether it may now.
    pub allowed: bool,
    /// When it may: the time asked for where it may now, `None` where it never may.
    pub next_allowed: Option<Timestamp>,
}

impl Cap {
    /// At most `limit` messages in any `window_hours` hours: a message sent exactly so long ago counts no more.
    ///
    /// `None` for a limit above [`CAP_LIMIT_MAX`], or hours of 0 or above [`CAP_WINDOW_HOURS_MAX`].
    pub fn rolling(limit: u32, window_hours: u32) -> Option<Cap> {
        Cap::try_from(Written::Rolling { limit, window_hours }).ok()
    }

    /// At most `limit` messages on any day of a zone's calendar; without a zone, in each zone where she may be.
    ///
    /// `None` for a limit above [`CAP_LIMIT_MAX`].
    pub fn calendar_day(limit: u32, zone: Option<Zone>) -> Option<Cap> {
        Cap::try_from(Written::CalendarDay { limit, zone }).ok()
    }

    /// How many messages.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Whether one message more may go out at `at`, where `sends` are those that went out, in any order, one entry for each.
    /// What is stamped later than `at` is not counted at `at`. UTC's day is counted where no zone is named.
    pub fn verdict(&self, sends: &[Timestamp], at: Timestamp) -> CapVerdict {
        let next_allowed = self.next(sends, &[], at, false);
        CapVerdict { allowed: next_allowed == Some(at), next_allowed }
    }

    /// As [`Cap::verdict`], where what is stamped later than `at` counts as well: a clock that was set back frees nothing.
    /// A day is counted in each of `zones` where none is named, in UTC's without any.
    pub fn strict_verdict(&self, sends: &[Timestamp], zones: &[Zone], at: Timestamp) -> CapVerdict {
        let next_allowed = self.next(sends, zones, at, true);
        CapVerdict { allowed: next_allowed == Some(at), next_allowed }
    }

    /// The earliest time from `at` on at which fewer than the limit count.
    fn next(&self, sends: &[Timestamp], zones: &[Zone], at: Timestamp, strict: bool) -> Option<Timestamp> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        if limit == 0 {
            return None;
        }
        let utc = [Zone::UTC];
        let mut next = at;
        loop {
            let counted = |send: &&Timestamp| strict || **send <= next;
            let freed = match &self.over {
                Over::Rolling(window) => {
                    // In numbers that do not end with time.
                    let window = i64::try_from(window.as_micros()).unwrap_or(i64::MAX);
                    let leaves = |send: &Timestamp| send.as_micros().saturating_add(window);
                    let mut within: Vec<i64> = sends.iter().filter(counted).map(leaves).collect();
                    within.retain(|leaves| *leaves > next.as_micros());
                    within.sort_unstable();
                    // When so many have left that one is free.
                    match within.len().checked_sub(limit) {
                        None => None,
                        Some(full) => Some(Timestamp::from_micros(within[full]).ok()?),
                    }
                }
                Over::CalendarDay(zone) => {
                    let zones = match zone {
                        Some(zone) => std::slice::from_ref(zone),
                        None if zones.is_empty() => &utc[..],
                        None => zones,
                    };
                    let full = |zone: &Zone| {
                        let today = zone.local(next).date();
                        let days = sends.iter().filter(counted).map(|send| zone.local(*send).date());
                        // What is stamped on a later day counts today for who is strict.
                        let here = days.filter(|day| *day == today || (strict && *day > today)).count();
                        (here >= limit).then(|| zone.start_of(next_day(today)))
                    };
                    zones.iter().filter_map(full).max()
                }
            };
            match freed {
                None => return Some(next),
                // The end of time: there is no later one.
                Some(later) if later <= next => return None,
                Some(later) => next = later,
            }
        }
    }
}

impl TryFrom<Written> for Cap {
    type Error = String;
    fn try_from(written: Written) -> Result<Cap, String> {
        let (limit, over) = match written {
            Written::Rolling { window_hours, .. } if !(1..=CAP_WINDOW_HOURS_MAX).contains(&window_hours) => {
                return Err(format!("window_hours: expected 1 to {CAP_WINDOW_HOURS_MAX}"));
            }
            Written::Rolling { limit, window_hours } => {
                (limit, Over::Rolling(Duration::from_secs(u64::from(window_hours) * 3600)))
            }
            Written::CalendarDay { limit, zone } => (limit, Over::CalendarDay(zone)),
        };
        if limit > CAP_LIMIT_MAX {
            return Err(format!("limit: expected at most {CAP_LIMIT_MAX}"));
        }
        Ok(Cap { limit, over })
    }
}

impl From<Cap> for Written {
    fn from(cap: Cap) -> Written {
        let limit = cap.limit;
        match cap.over {
            Over::Rolling(window) => {
                let window_hours = u32::try_from(window.as_secs() / 3600).expect("checked when it was made");
                Written::Rolling { limit, window_hours }
            }
            Over::CalendarDay(zone) => Written::CalendarDay { limit, zone },
        }
    }
}

impl std::fmt::Display for Cap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.over {
            Over::Rolling(window) => write!(f, "{} in {} hours", self.limit, window.as_secs() / 3600),
            Over::CalendarDay(Some(zone)) => write!(f, "{} a day of {zone}", self.limit),
            Over::CalendarDay(None) => write!(f, "{} a day", self.limit),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: i64 = 3600 * 1_000_000;

    fn time(quarter: i64) -> Timestamp {
        // Around the end of summer time in New York, a quarter of an hour at a time.
        Timestamp::from_micros(1_793_400_300_000_000 + quarter * HOUR / 4).unwrap()
    }

    /// Counting, by the definition.
    fn counts(cap: &Cap, sends: &[Timestamp], at: Timestamp, strict: bool) -> usize {
        let inside = |send: &&Timestamp| match &cap.over {
            Over::Rolling(window) => {
                (strict || **send <= at)
                    && send.as_micros() > at.as_micros() - i64::try_from(window.as_micros()).unwrap()
            }
            Over::CalendarDay(zone) => {
                let zone = zone.unwrap_or(Zone::UTC);
                let (then, now) = (zone.local(**send).date(), zone.local(at).date());
                (then == now && (strict || **send <= at)) || (strict && then > now)
            }
        };
        sends.iter().filter(inside).count()
    }

    fn cap() -> impl Strategy<Value = Cap> {
        let zone = prop::sample::select(vec!["America/New_York", "Asia/Kolkata", "UTC"]);
        prop_oneof![
            (0_u32..4, 1_u32..60).prop_map(|(limit, hours)| Cap::rolling(limit, hours).unwrap()),
            (0_u32..3, zone).prop_map(|(limit, zone)| Cap::calendar_day(limit, zone.parse().ok()).unwrap()),
        ]
    }

    proptest! {
        #[test]
        fn next_is_the_first_at_which_few_enough_count(
            cap in cap(), sends in prop::collection::vec(0_i64..400, 0..8), at in 0_i64..400, strict: bool,
        ) {
            let sends: Vec<Timestamp> = sends.into_iter().map(time).collect();
            let given = if strict { cap.strict_verdict(&sends, &[], time(at)) } else { cap.verdict(&sends, time(at)) };
            // All sends have left after so many steps.
            let found = (at..at + 1_000).find(|step| counts(&cap, &sends, time(*step), strict) < cap.limit() as usize);
            prop_assert_eq!(given.next_allowed, found.map(time));
            prop_assert_eq!(given.allowed, found == Some(at));
        }

        #[test]
        fn a_send_more_or_a_clock_set_back_never_loosens(
            cap in cap(), sends in prop::collection::vec(0_i64..400, 1..8), at in 0_i64..400, back in 0_i64..100,
        ) {
            let sends: Vec<Timestamp> = sends.into_iter().map(time).collect();
            let at = time(at);
            let next = |sends: &[Timestamp], at| cap.strict_verdict(sends, &[], at).next_allowed.unwrap_or(Timestamp::MAX);
            prop_assert!(next(&sends[1..], at) <= next(&sends, at));
            let earlier = at.saturating_sub(Duration::from_secs(900 * back as u64));
            let allowed = |at| cap.strict_verdict(&sends, &[], at).allowed;
            prop_assert!(allowed(at) || !allowed(earlier));
        }
    }

    #[test]
    fn caps_have_limits() {
        assert!(Cap::rolling(CAP_LIMIT_MAX, CAP_WINDOW_HOURS_MAX).is_some());
        assert_eq!(Cap::rolling(CAP_LIMIT_MAX + 1, 1), None);
        assert_eq!(Cap::rolling(1, CAP_WINDOW_HOURS_MAX + 1), None);
        assert_eq!(Cap::rolling(1, 0), None);
        assert_eq!(Cap::calendar_day(CAP_LIMIT_MAX + 1, None), None);
        let text = r#"{"kind":"calendar_day","limit":1,"zone":"America/New_York"}"#;
        let cap: Cap = serde_json::from_str(text).unwrap();
        assert_eq!(
            (serde_json::to_string(&cap).unwrap().as_str(), cap.to_string().as_str()),
            (text, "1 a day of America/New_York")
        );
        assert_eq!(Cap::rolling(3, 24).unwrap().to_string(), "3 in 24 hours");
    }

    #[test]
    fn nothing_overflows_at_the_end_of_time() {
        let cap = Cap::rolling(1, 24).unwrap();
        assert_eq!(cap.verdict(&[Timestamp::MAX], Timestamp::MAX).next_allowed, None);
        let cap = Cap::calendar_day(1, None).unwrap();
        assert_eq!(cap.verdict(&[Timestamp::MAX], Timestamp::MAX).next_allowed, None);
    }
}
