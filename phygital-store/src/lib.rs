//! The `Store` port of Phygital on SQLite: one file that a till can lose power with.
//!
//! ```
//! use phygital_core::store::{Read, Store, Write};
//! use phygital_store::Sqlite;
//!
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("shop.db");
//! let mut store = Sqlite::open(&path)?;
//! let mut writer = store.writer()?;
//! writer.put_offer("K7QM3", "{}")?;
//! writer.commit()?; // on the disk, or an error
//! assert!(store.reader()?.offer("K7QM3")?.is_some());
//! # Ok::<(), phygital_core::store::StorageError>(())
//! ```

#![forbid(unsafe_code)]

mod sqlite;

pub use sqlite::{Durability, Options, Reading, Sqlite, Transaction, Writing};
