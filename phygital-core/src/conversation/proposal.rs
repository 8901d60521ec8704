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
        match answer.read(text.reveal(), asking) {
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
    use super::*;

    #[test]
    fn a_proposal_that_is_too_long_to_be_read_whole_is_none() {
        let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
        let judged = |len: usize| {
            let text = format!("yes{}", " ".repeat(len - 3));
            Proposal::answer(text).judge(&AnswerType::YesNo, &Asking::new("en", today))
        };
        assert_eq!(judged(INBOUND_BYTES_MAX).unwrap().confidence, CONFIDENCE_PROPOSED);
        assert_eq!(judged(INBOUND_BYTES_MAX + 1), None);
    }
}
