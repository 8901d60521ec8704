//! The domain of Phygital: a tap becomes a known customer.
//!
//! Every fact that reaches the shop becomes an immutable [event]; who is who, what
//! we may do and what we know are deterministic folds over the set of events; what leaves is an
//! action that the host carries out. This crate holds the domain and no I/O: the time, ids, keys and
//! randomness come in as arguments, and state lives behind the [store] port.

#![forbid(unsafe_code)]

pub mod attribution;
pub mod consent;
pub mod contactless;
pub mod conversation;
pub mod crypto;
pub mod engine;
pub mod event;
pub mod identity;
pub mod journey;
pub mod log;
pub mod machine;
pub mod measure;
pub mod optin;
pub mod profile;
pub mod rules;
pub mod store;
pub mod tap;
pub mod vocab;
