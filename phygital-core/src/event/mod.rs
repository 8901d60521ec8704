//! Events: what happened, who was there, when and where.
//!
//! The vocabulary is closed: [`Body`] names every kind that a rule may read, and [`Body::Custom`]
//! holds the host's own. Names and fields are those of Segment's Spec where it has them. In JSON an
//! event is a CloudEvents 1.0 envelope ([`Event::to_json`]); Segment's wire form is read as well
//! ([`Event::from_json`]).

mod address;
mod body;
mod cloudevents;
mod context;
mod envelope;
mod error;
mod extra;
mod fields;
mod identifiers;
mod json;
pub mod kinds;
mod product;
mod property;
mod recorded;
mod segment;

pub use address::Address;
pub use body::{Body, Custom};
pub use context::{Campaign, Context, Page};
pub use envelope::{CodecOptions, Event};
pub use error::{EventError, Expected};
pub use extra::Extra;
pub use product::Product;
pub use property::Property;
pub use recorded::{FoldKey, Origin, Recorded};
