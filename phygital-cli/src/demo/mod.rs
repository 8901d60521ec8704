//! The demonstration: a month at a small chain of three shops.
#![expect(dead_code, reason = "the story calls these")]

pub(crate) mod generator;
pub(crate) mod report;
