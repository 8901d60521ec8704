//! What people say when they are asked: net promoter score and satisfaction.

use std::collections::BTreeMap;

use thiserror::Error;

use super::experiment::Part;
use super::{Alpha, Estimate, Interval};

/// Fewer answers than this give a score that tells nothing; [`Answers::promoters`] takes another number where one insists.
pub const ANSWERS_MIN: u64 = 30;

/// A number that was no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected an answer from {least} to {most}, found {found}")]
pub struct AnswerError {
    /// The lowest answer of the scale.
    pub least: u8,
    /// The highest.
    pub most: u8,
    /// What was there.
    pub found: i64,
}

/// The answers of one wave of a survey: one for each person, the latest.
///
/// They merge by person, so that shops that asked the same person count her once, in whatever order they are read. Of two
/// answers at one time the lower one holds.
///
/// ```
/// use phygital_core::measure::{Alpha, Answers};
/// let mut wave = Answers::net_promoter();
/// for (person, score) in [("ada", 10), ("bob", 3), ("cyd", 9), ("dan", 8)] {
///     wave.answer(person, 1, score)?;
/// }
/// wave.answer("bob", 2, 9)?;
/// assert_eq!(wave.replaced(), 1);
/// assert_eq!(wave.promoters(4).ok_or("too few")?.score.value, 75.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers<P: Ord> {
    least: u8,
    most: u8,
    latest: BTreeMap<P, (i64, u8)>,
    given: u64,
}

impl<P: Ord> Answers<P> {
    /// "How likely are you to recommend us?", 0 to 10.
    pub fn net_promoter() -> Answers<P> {
        Answers { least: 0, most: 10, latest: BTreeMap::new(), given: 0 }
    }

    /// "How satisfied are you?", 1 to 5.
    pub fn satisfaction() -> Answers<P> {
        Answers { least: 1, most: 5, latest: BTreeMap::new(), given: 0 }
    }

    /// Takes an answer that a person gave at a time, in any unit.
    ///
    /// # Errors
    /// [`AnswerError`] where it is not on the scale.
    pub fn answer(&mut self, person: P, at: i64, answer: i64) -> Result<(), AnswerError> {
        let scale = self.least..=self.most;
        let number = u8::try_from(answer).ok().filter(|number| scale.contains(number));
        let number = number.ok_or(AnswerError { least: self.least, most: self.most, found: answer })?;
        self.given += 1;
        self.keep(person, at, number);
        Ok(())
    }

    fn keep(&mut self, person: P, at: i64, number: u8) {
        let latest = self.latest.entry(person).or_insert((at, number));
        if at > latest.0 || (at == latest.0 && number < latest.1) {
            *latest = (at, number);
        }
    }

    /// Takes in what others were told in the same wave.
    pub fn merge(&mut self, other: Answers<P>) {
        self.given += other.given;
        for (person, (at, number)) in other.latest {
            self.keep(person, at, number);
        }
    }

    /// How many people answered.
    pub fn people(&self) -> u64 {
        self.latest.len() as u64
    }

    /// How many answers a later one of the same person took the place of.
    pub fn replaced(&self) -> u64 {
        self.given - self.people()
    }

    fn count(&self, from: u8, to: u8) -> u64 {
        self.latest.values().filter(|(_, number)| (from..=to).contains(number)).count() as u64
    }

    /// The net promoter score; none of fewer than `least` people (see [`ANSWERS_MIN`]), or on another scale.
    pub fn promoters(&self, least: u64) -> Option<NetPromoter> {
        let people = self.people();
        if people == 0 || people < least || (self.least, self.most) != (0, 10) {
            return None;
        }
        Some(NetPromoter::of(self.count(9, 10), self.count(7, 8), self.count(0, 6)))
    }

    /// Who is satisfied (4 or 5 of 5), as a part of all; none of fewer than `least` people, or on another scale.
    pub fn satisfied(&self, least: u64) -> Option<Part> {
        let people = self.people();
        Part::new(self.count(4, 5), people).filter(|_| people >= least && (self.least, self.most) == (1, 5))
    }
}

/// A net promoter score: promoters (9 and 10) less detractors (0 to 6), in a hundred people.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct NetPromoter {
    /// How many gave 9 or 10.
    pub promoters: u64,
    /// How many gave 7 or 8.
    pub passives: u64,
    /// How many gave 0 to 6.
    pub detractors: u64,
    /// The score, -100 to 100, and its standard error.
    pub score: Estimate,
}

impl NetPromoter {
    fn of(promoters: u64, passives: u64, detractors: u64) -> NetPromoter {
        let n = (promoters + passives + detractors) as f64;
        let (p, d) = (promoters as f64 / n, detractors as f64 / n);
        let variance = (p + d - (p - d) * (p - d)) / n;
        // By counts first: 75 for three quarters, without the rounding of two parts.
        let value = 100.0 * (promoters as f64 - detractors as f64) / n;
        let score =
            Estimate { value, standard_error: 100.0 * variance.max(0.0).sqrt(), degrees: f64::INFINITY };
        NetPromoter { promoters, passives, detractors, score }
    }

    /// The interval of the score, within -100 to 100; none where all gave answers of one kind.
    pub fn interval(&self, alpha: Alpha) -> Option<Interval> {
        let found = self.score.interval(alpha)?;
        Some(Interval { low: found.low.max(-100.0), high: found.high.min(100.0) })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn order_and_split_change_nothing(
            answers in prop::collection::vec((0..8_u8, 0..4_i64, 0..11_i64), 0..40), cut in any::<prop::sample::Index>(),
        ) {
            let of = |answers: &[(u8, i64, i64)]| {
                let mut wave = Answers::net_promoter();
                for (person, at, answer) in answers {
                    wave.answer(*person, *at, *answer).unwrap();
                }
                wave
            };
            let cut = if answers.is_empty() { 0 } else { cut.index(answers.len()) };
            let (front, back) = answers.split_at(cut);
            let mut merged = of(back);
            merged.merge(of(front));
            prop_assert_eq!(&merged, &of(&answers));
            prop_assert_eq!(merged.people() + merged.replaced(), answers.len() as u64);
        }
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let mut wave = Answers::satisfaction();
        for bad in [0, 6, -1, 1_000] {
            assert_eq!(wave.answer("ada", 0, bad), Err(AnswerError { least: 1, most: 5, found: bad }));
        }
        wave.answer("ada", 0, 5).unwrap();
        wave.answer("bob", 0, 3).unwrap();
        assert_eq!((wave.satisfied(2), wave.satisfied(3)), (Part::new(1, 2), None));
        assert_eq!(wave.promoters(0), None);
        assert_eq!(Answers::<u8>::net_promoter().promoters(0), None);
    }

    #[test]
    fn all_of_one_mind_have_no_interval() {
        let found = NetPromoter::of(5, 0, 0);
        assert_eq!((found.score.value, found.interval(Alpha::CUSTOMARY)), (100.0, None));
        let found = NetPromoter::of(40, 1, 0).interval(Alpha::CUSTOMARY).unwrap();
        assert!(found.high == 100.0 && found.low > 90.0);
    }
}
