//! What can go wrong below the store.

/// Why a store could not do what it was asked. Says what kind of fault and where, never whose data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} while {doing}: {detail}")]
#[non_exhaustive]
pub struct StorageError {
    /// What kind of fault.
    pub kind: StorageFault,
    /// What the store was doing.
    pub doing: &'static str,
    /// What the layer below said.
    pub detail: String,
}

/// The kinds of fault, by who can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StorageFault {
    /// Another process holds the file. Try again, or close the other.
    #[error("the store is busy")]
    Busy,
    /// No room on the disk. Make room.
    #[error("the disk is full")]
    Full,
    /// The file or its folder may not be written.
    #[error("the store is read-only")]
    ReadOnly,
    /// There is no such file, or it may not be opened.
    #[error("the store cannot be opened")]
    Unopened,
    /// The file is damaged, or is something else.
    #[error("the store is corrupt")]
    Corrupt,
    /// A newer version of this library wrote the file. Update this one.
    #[error("the store is of a newer version")]
    Newer,
    /// Reading, writing or syncing failed.
    #[error("input or output failed")]
    Io,
    /// An earlier fault left it open what was written. Close and open the store again.
    #[error("the store has to be opened again")]
    Reopen,
}

impl StorageError {
    /// A fault of a kind, while doing something, as the layer below told it.
    pub fn new(kind: StorageFault, doing: &'static str, detail: impl Into<String>) -> StorageError {
        StorageError { kind, doing, detail: detail.into() }
    }
}
