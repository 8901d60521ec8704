//! How to open a store.

use std::time::Duration;

/// How to open a [`Sqlite`](super::Sqlite).
///
/// ```
/// use std::time::Duration;
/// use phygital_store::{Options, Sqlite};
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("shop.db");
/// let options = Options::new().busy_timeout(Duration::from_secs(1)).cache_bytes(8 << 20);
/// let store = Sqlite::open_with(&path, &options)?;
/// # Ok::<(), phygital_core::store::StorageError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    pub(super) access: Access,
    pub(super) durability: Durability,
    pub(super) cache_bytes: u32,
    pub(super) busy_timeout: Duration,
    pub(super) check_every: u32,
    pub(super) remembers_place: bool,
    pub(super) exclusive: bool,
    pub(super) vfs: Option<String>,
}

/// What a commit waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Durability {
    /// Until the disk has it: what was acknowledged survives a power cut.
    #[default]
    Full,
    /// Until the operating system has it: it survives the end of the process; a power cut may take the last
    /// transactions, and leaves the file sound.
    Normal,
}

/// For what, and whether the file has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Create,
    Existing,
    ReadOnly,
}

impl Options {
    /// For reading and writing, made where there is none, durable in full.
    pub fn new() -> Options {
        Options {
            access: Access::Create,
            durability: Durability::Full,
            cache_bytes: 32 << 20,
            busy_timeout: Duration::from_secs(5),
            check_every: 16,
            remembers_place: true,
            exclusive: false,
            vfs: None,
        }
    }

    /// What a commit waits for; [`Durability::Full`] unless said.
    pub fn durability(self, durability: Durability) -> Options {
        Options { durability, ..self }
    }

    /// The most memory that pages of the file are kept in, in bytes; 32 MiB unless said.
    pub fn cache_bytes(self, cache_bytes: u32) -> Options {
        Options { cache_bytes, ..self }
    }

    /// How long to wait for another process that holds the file; 5 s unless said.
    pub fn busy_timeout(self, busy_timeout: Duration) -> Options {
        Options { busy_timeout, ..self }
    }

    /// For reading alone. The file has to be there.
    pub fn read_only(self) -> Options {
        Options { access: Access::ReadOnly, ..self }
    }

    /// For reading and writing a file that is there already.
    pub fn must_exist(self) -> Options {
        Options { access: Access::Existing, ..self }
    }

    /// Keeps the file for this connection alone while it is open, for a till that owns its file: all others,
    /// those that only read too, are told `Busy`. There is no `-shm` then, and no transaction asks the
    /// system for locks. A file that somebody else has open is `Busy` in turn.
    pub fn exclusive(self) -> Options {
        Options { exclusive: true, ..self }
    }

    /// Checks the pages of the file (SQLite's `quick_check`) at every so manieth opening by an engine; 16
    /// unless said, 0 for never.
    pub fn check_every(self, openings: u32) -> Options {
        Options { check_every: openings, ..self }
    }

    /// Whether the file remembers where it lies, so that a copy of it is told; yes unless said. Without,
    /// equal transactions give files of equal bytes.
    pub fn remember_place(self, remembers_place: bool) -> Options {
        Options { remembers_place, ..self }
    }

    /// The name under which the host registered a file system of its own with SQLite
    /// (<https://www.sqlite.org/vfs.html>). Copies are not told on one.
    pub fn vfs(self, name: impl Into<String>) -> Options {
        Options { vfs: Some(name.into()), ..self }
    }
}

impl Default for Options {
    fn default() -> Options {
        Options::new()
    }
}
