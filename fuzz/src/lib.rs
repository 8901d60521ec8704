//! What the fuzz targets check, as plain functions: `phygital-core/tests/fuzz_corpus.rs` runs them on the
//! corpora in every `cargo test`.

#![forbid(unsafe_code)]

pub mod attribution;
pub mod beacons;
pub mod chips;
pub mod consent;
pub mod contactless;
pub mod evidence;
pub mod gate;
pub mod identity;
pub mod journal;
pub mod matching;
pub mod measure;
pub mod names;
pub mod optin;
pub mod pn532;
pub mod pn532_line;
pub mod provisioning;
pub mod reader;
pub mod tag_side;
pub mod tap;
pub mod tokens;
pub mod topics;
pub mod value;
pub mod wallet;
