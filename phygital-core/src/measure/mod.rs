//! What was measured, and how sure of it one may be.
//!
//! Sums are exact and merge ([`Moments`], [`Paired`]); figures come with their standard errors ([`Estimate`]); what is not
//! defined is none, never infinite. [`value`] says what customers will bring. [`experiment`] is the one room whose figures say
//! what something caused; all others tell what goes together. Figures carry the counts of people behind them, so that small
//! ones can be held back.

pub mod experiment;
pub mod value;

mod cadence;
mod cohorts;
mod estimate;
mod exact;
mod frequency;
mod landmark;
mod moments;
mod numerics;
mod rfm;
mod survey;
mod survival;

pub use cadence::{Cadence, Rhythm, VISITS_MIN};
pub use cohorts::{Activity, Churn, Cohort};
pub use estimate::{Alpha, AlphaError, Estimate, Interval};
pub use frequency::{FrequencyError, History, RateRatio, VisitClass, VisitRates};
pub use landmark::{Follow, Landmark, LandmarkError};
pub use moments::{Moments, MomentsError, Paired};
pub use rfm::{Cuts, CutsError, Purchases, Scores};
pub use survey::{ANSWERS_MIN, AnswerError, Answers, NetPromoter};
pub use survival::{Span, SpanError, Step, Survival};
