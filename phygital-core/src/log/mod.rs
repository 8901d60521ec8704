//! The log: append-only, chained, the one truth that every state is folded from.
//!
//! The format is written down field by field in `docs/log-format.md`. Each entry's link is a digest
//! over the link before it, the entry's header and the digest of its salted payload. So the chain
//! shows tampering, and yet a payload can be sealed or erased: its digest stays, and without salt
//! and payload nothing can be guessed from it.

mod entry;

pub(crate) use entry::seal_written;
pub use entry::{ChainFault, Head, LogEntry, Sealed, open, seal};
