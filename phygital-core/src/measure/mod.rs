//! What was measured, and how sure of it one may be.
//!
//! Sums are exact and merge ([`Moments`], [`Paired`]); figures come with their standard errors ([`Estimate`]); what is not
//! defined is none, never infinite. [`experiment`] is the one room whose figures say what something caused.

pub mod experiment;

mod estimate;
mod exact;
mod moments;
mod numerics;

pub use estimate::{Alpha, AlphaError, Estimate, Interval};
pub use moments::{Moments, MomentsError, Paired};
