//! Events: what happened, who was there, when and where.
//!
//! The vocabulary is closed: [`Body`] names every kind that a rule may read, and [`Body::Custom`]
//! holds the host's own. Names and fields are those of Segment's Spec where it has them. In JSON an
//! event is a CloudEvents 1.0 envelope ([`Event::to_json`]); Segment's wire form is read as well
//! ([`Event::from_json`]).

mod body;
mod cloudevents;
mod envelope;
mod error;
pub(crate) mod json;
pub mod kinds;
mod product;
mod recorded;
mod segment;

pub use body::{Body, Custom};
pub use envelope::{Campaign, CodecOptions, Context, Event, Page};
pub use error::{EventError, Expected};
pub use json::Extra;
pub use product::Product;
pub use recorded::{FoldKey, Origin, Recorded};
