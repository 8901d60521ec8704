//! The words that everything else is written in: ids, time, money, identifiers, limits.

pub mod tag;

