//! What the rules alone say of a message to somebody at a time: hours and caps, without consent and text, which are the gate's.

use serde::Serialize;

use super::book::RuleBook;
use super::hours;
use super::place::Place;
use super::rule::{Rule, RuleBody, RuleId};
use super::whereabouts::Whereabouts;
use crate::vocab::{MessageClass, Timestamp, Zone};

/// What hours and caps say of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Checked {
    /// Whether it may go out now, as far as hours and caps go.
    pub allowed: bool,
    /// The places whose rules may apply.
    pub places: Vec<Place>,
    /// The zones in which she may be.
    pub zones: Vec<Zone>,
    /// The rules that are against it.
    pub refused_by: Vec<RuleId>,
    /// The next time at which nothing is; `None` where there is none.
    pub next_allowed: Option<Timestamp>,
    /// If it may go out now: when the window closes, if it does.
    pub open_until: Option<Timestamp>,
}

impl RuleBook {
    /// Holds a message of a class against the hours and caps of every rule that may apply where she may be, when messages of that
    /// class went to her at the times `sent`.
    ///
    /// ```
    /// use phygital_core::rules::{MessageClass, RuleBook, Whereabouts};
    /// use phygital_core::vocab::Timestamp;
    /// let florida = Whereabouts::of(&"phone:+18505550123".parse()?);
    /// let night = Timestamp::parse("2026-07-02T03:30:00Z").unwrap();
    /// let told = RuleBook::standard().check(&florida, MessageClass::Marketing, &[], night);
    /// assert!(!told.allowed);
    /// assert_eq!(told.next_allowed, Timestamp::parse("2026-07-02T13:00:00Z").ok());
    /// # Ok::<(), phygital_core::vocab::IdentifierError>(())
    /// ```
    pub fn check(
        &self,
        whereabouts: &Whereabouts,
        class: MessageClass,
        sent: &[Timestamp],
        now: Timestamp,
    ) -> Checked {
        let (places, zones) = (whereabouts.places(), whereabouts.zones());
        let windows = self.windows(places, class, now);
        let caps = self.caps(places, class, now);
        let refuses = |rule: &&Rule| match &rule.body {
            RuleBody::Hours { .. } => {
                self.hours_of(rule).is_some_and(|hours| !hours::allowed(&[hours], zones, now))
            }
            RuleBody::Cap(cap) => !cap.strict_verdict(sent, zones, now).allowed,
            _ => false,
        };
        let against = self.applying(places, class, now).filter(refuses);
        let refused_by: Vec<RuleId> = against.map(|rule| rule.id.clone()).collect();
        // What hours leave open caps may put off, and the other way round.
        let mut next_allowed = None;
        let mut next = Some(now);
        for _ in 0..ROUNDS {
            let before = next;
            next = next.and_then(|time| hours::next_allowed(&windows, zones, time));
            for (_, cap) in &caps {
                next = next.and_then(|time| cap.strict_verdict(sent, zones, time).next_allowed);
            }
            if next == before {
                next_allowed = next;
                break;
            }
        }
        let allowed = refused_by.is_empty();
        Checked {
            allowed,
            places: places.to_vec(),
            zones: zones.to_vec(),
            refused_by,
            next_allowed,
            open_until: hours::open_until(&windows, zones, now).filter(|_| allowed),
        }
    }
}

/// How often hours and caps may put each other off before there is no next time: a day of each for two months.
const ROUNDS: usize = 64;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// It is allowed now exactly where the next lawful time is now; and at that time nothing is against it.
        #[test]
        fn the_next_lawful_time_is_lawful(
            number in prop::sample::select(vec!["+13055550123", "+18505550123", "+12145550123", "+33612345678", "+18005550123"]),
            minutes in 0..60 * 24 * 14_i64,
            before in prop::collection::vec(0..60 * 24 * 3_u64, 0..6),
            class in prop::sample::select(MessageClass::ALL),
        ) {
            let now = Timestamp::from_millis(1_795_262_400_000 + minutes * 60_000).unwrap();
            let sent: Vec<Timestamp> =
                before.iter().map(|minutes| now.saturating_sub(Duration::from_secs(60 * minutes))).collect();
            let whereabouts = Whereabouts::of(&format!("phone:{number}").parse().unwrap());
            let book = RuleBook::standard();
            let told = book.check(&whereabouts, class, &sent, now);
            prop_assert_eq!(told.allowed, told.next_allowed == Some(now), "{:?}", &told);
            prop_assert_eq!(told.allowed, told.refused_by.is_empty());
            if let Some(next) = told.next_allowed {
                let then = book.check(&whereabouts, class, &sent, next);
                prop_assert!(then.allowed && next >= now, "{:?}", then);
            }
        }
    }
}
