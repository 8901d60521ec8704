//! Records of people that share no identifier: who is who by names, dates and addresses.
//!
//! Probabilistic record linkage (Fellegi and Sunter 1969), from records to entities in one call and without labels:
//!
//! 1. [`Records`] puts values into normal form, each kept once.
//! 2. Pairs that share a key are compared, field by field, into levels of agreement ([`FieldKind`]). In a large batch they have
//!    to share two, or an identifier: one key is shared by chance.
//! 3. [`Model::train`] learns what each level is worth; a rare value that two records share is worth more.
//! 4. [`resolve`] merges clusters while the average weight across is high enough, so that one agreement by chance joins
//!    nobody.
//!
//! Nothing depends on the order of the records: they are taken in the order of their ids, and every decision is one of
//! integers.
//!
//! ```
//! use phygital_core::identity::matching::{Field, FieldKind, Model, Records, resolve};
//! let fields = [
//!     Field::new("given", FieldKind::GivenName),
//!     Field::new("surname", FieldKind::Surname),
//!     Field::new("born", FieldKind::Date),
//!     Field::new("city", FieldKind::Place),
//! ];
//! let records = Records::new(fields, [
//!     ("1", ["Robert", "Allen", "1971-06-24", "London"]),
//!     ("2", ["Bob", "Alen", "1971-06-24", "London"]),
//!     ("3", ["Grace", "Hopper", "1906-12-09", "New York"]),
//!     ("4", ["Grace", "Hooper", "1906-12-09", "New York"]),
//!     ("5", ["Ada", "Lovelace", "1815-12-10", "London"]),
//!     ("6", ["Alan", "Turing", "1912-06-23", "London"]),
//!     ("7", ["Mary", "Jackson", "1921-04-09", "Hampton"]),
//!     ("8", ["Edith", "Clarke", "1883-02-10", "Albany"]),
//!     ("9", ["Hedy", "Lamarr", "1914-11-09", "Vienna"]),
//! ])?;
//! let model = Model::train(&records)?; // better from more records; it may come from a file
//! let entities = resolve(&records, &model)?;
//! assert_eq!(entities.of("1"), entities.of("2"));
//! assert_eq!(entities.of("3"), entities.of("4"));
//! assert_eq!(entities.len(), 7);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod blocking;
mod candidates;
mod compare;
mod field;
mod index;
mod keys;
mod linkage;
mod mark;
mod model;
pub(super) mod nicknames;
mod parts;
mod records;
mod resolve;
mod scale;
mod similarity;
mod standard;
mod train;

pub use field::{FIELDS_MAX, Field, FieldKind, VALUE_CHARS_MAX};
pub use index::Index;
pub use keys::BLOCK_MAX;
pub use model::{
    COMMON_MAX, COMMON_MIN, FieldModel, LevelModel, MODEL_VERSION, Millibits, Model, WEIGHT_MAX,
};
pub use records::Records;
pub use resolve::{Entities, Pair, explain, pairs, resolve};
pub use scale::Contribution;
pub use standard::LEARN_MIN;

/// Why records cannot be matched. Names records and fields, never what they hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MatchingError {
    /// So many fields.
    #[error("expected 1 to {FIELDS_MAX} fields, found {0}")]
    Fields(usize),
    /// A record with more or fewer values than there are fields.
    #[error("record {record}: expected {expected} values, found {found}")]
    Values {
        /// Its id.
        record: Box<str>,
        /// As many as there are fields.
        expected: usize,
        /// As many as it has.
        found: usize,
    },
    /// Two records of one id.
    #[error("record {0} is there twice")]
    Twice(Box<str>),
    /// No record of that id.
    #[error("there is no record {0}")]
    Unknown(Box<str>),
    /// More records than can be numbered.
    #[error("expected fewer than 2^32 records")]
    TooMany,
    /// No two records share a key, so there is nothing to learn from.
    #[error("no two records have anything in common to learn from")]
    NothingToLearn,
    /// A model that is none, or one of other records.
    #[error("the model: {0}")]
    Model(String),
}
