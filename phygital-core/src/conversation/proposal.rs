//! What somebody else makes of a text: a language model of the host's, whose word the same types judge.

use super::answer::{Answer, AnswerType, Asking, CONFIDENCE_WHOLE, Reading};
use crate::vocab::Personal;
use crate::vocab::limits::INBOUND_BYTES_MAX;

/// How sure a proposed answer is, in percent, whatever its maker thinks: it counts, and any plain word of hers counts more.
pub const CONFIDENCE_PROPOSED: u32 = 60;

/// What a text is taken to say. It counts only where no rule reads the text.
///
/// ```
/// use chrono::NaiveDate;
/// use phygital_core::conversation::answer::{AnswerType, Asking};
/// use phygital_core::conversation::proposal::Proposal;
/// let asking = Asking::new("en", NaiveDate::from_ymd_opt(2026, 11, 22).unwrap());
/// let judged = Proposal::answer("yes").judge(&AnswerType::YesNo, &asking).unwrap();
/// assert_eq!((judged.value.reveal(), judged.confidence), ("yes", 60));
/// assert_eq!(Proposal::answer("probably").judge(&AnswerType::YesNo, &asking), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proposal {
    /// An answer to the question that waits, in the form in which it is kept: the value of a choice, `38.5 eu`, `180 cm`,
    /// `2026-12-24`, `yes`.
    Answer(Personal),
    /// A person should answer.
    HandOver,
}

impl Proposal {
    /// A proposed answer.
    pub fn answer(text: impl Into<String>) -> Proposal {
        Proposal::Answer(Personal::new(text))
    }

    /// The answer, if the question's type reads it as a whole and without doubt.
    pub fn judge(&self, answer: &AnswerType, asking: &Asking<'_>) -> Option<Answer> {
        let Proposal::Answer(text) = self else { return None };
        // In her own words there is nothing to propose: they are hers. What is longer than is read is not read as a whole.
        if matches!(answer, AnswerType::Text) || text.reveal().len() > INBOUND_BYTES_MAX {
            return None;
        }
        // What is kept is written alike in every language: `yes`, a point before decimals, the month before the day.
        let kept = Asking { language: "en-US", ..*asking };
        match answer.read(text.reveal(), &kept) {
            Reading::Understood(mut answer) if answer.confidence == CONFIDENCE_WHOLE => {
                answer.confidence = CONFIDENCE_PROPOSED;
                Some(answer)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::conversation::answer::{DateAnswer, DateRange, Quantity, Scale, SizeAnswer, Unit};

    /// The value and the unit that a proposal comes to.
    fn judged(answer: &AnswerType, text: &str, language: &str) -> Option<(String, Option<String>)> {
        let asking = Asking::new(language, NaiveDate::from_ymd_opt(2026, 11, 22).unwrap());
        let judged = Proposal::answer(text).judge(answer, &asking)?;
        assert_eq!(judged.confidence, CONFIDENCE_PROPOSED);
        Some((judged.value.reveal().to_owned(), judged.unit))
    }

    /// Of a language that nothing is known of, and of all that are: what is kept is no language's.
    #[test]
    fn what_is_kept_is_read_alike_whatever_she_speaks() {
        let mut birthday = DateAnswer::new(DateRange::Any);
        birthday.year_optional = true;
        let mut height = Quantity::new(0, 230_000);
        (height.unit, height.also, height.decimals) = (Some("cm".to_owned()), vec![Unit::Metre], 3);
        let scale = |system: &str, sizes: [&str; 2]| {
            Scale::new(Some(system.to_owned()), sizes.map(str::to_owned)).unwrap()
        };
        let shoes = SizeAnswer::new(vec![scale("uk", ["5", "5.5"]), scale("eu", ["38", "38.5"])]);
        let cases = [
            (AnswerType::Date(birthday), "--03-04", "--03-04", None),
            (AnswerType::Date(birthday), "2026-03-04", "2026-03-04", None),
            (AnswerType::YesNo, "yes", "yes", None),
            (AnswerType::YesNo, "no", "no", None),
            (AnswerType::Number(height.clone()), "1.125", "1.125", Some("cm")),
            (AnswerType::Number(height), "180 cm", "180", Some("cm")),
            (AnswerType::Size(shoes), "38.5 eu", "38.5", Some("eu")),
        ];
        for language in ["en", "fr", "de-AT", "es", "it", "pt", "nl", "cy", ""] {
            for (answer, text, value, unit) in &cases {
                let expected = Some(((*value).to_owned(), unit.map(str::to_owned)));
                assert_eq!(judged(answer, text, language), expected, "{language}: {text}");
            }
        }
    }

    #[test]
    fn what_is_in_doubt_and_what_is_hers_is_not_proposed() {
        assert_eq!(judged(&AnswerType::YesNo, "yes, I think", "en"), None);
        assert_eq!(judged(&AnswerType::YesNo, "skip", "en"), None);
        assert_eq!(judged(&AnswerType::Text, "a wedding", "en"), None);
        assert_eq!(Proposal::HandOver.judge(&AnswerType::YesNo, &Asking::new("en", NaiveDate::MIN)), None);
    }

    #[test]
    fn a_proposal_that_is_too_long_to_be_read_whole_is_none() {
        let of = |len: usize| judged(&AnswerType::YesNo, &format!("yes{}", " ".repeat(len - 3)), "en");
        assert!(of(INBOUND_BYTES_MAX).is_some());
        assert_eq!(of(INBOUND_BYTES_MAX + 1), None);
    }
}
