//! Readers of the system's PC/SC service: pcscd, Windows, macOS.
//!
//! The service's calls block, some of them for as long as another program or a silent card pleases, and only one kind
//! can be cancelled. So each open reader has a thread of its own that speaks to the service, and a desk between it and
//! the caller: the caller leaves a request and waits for the outcome, its time limit or its cancellation, whichever
//! comes first.
//!
//! A reader lives as long as its connection to the service. When the service ends, every call says so, and opening the
//! reader anew is what helps; the service's own test of a connection says that all is well even then.

mod atr;
mod backend;
mod desk;
mod fault;
mod names;
mod reader;
mod threads;
mod type2;
mod worker;

pub use backend::PcscBackend;
