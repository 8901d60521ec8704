//! A transaction, for reading or for writing.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use phygital_core::log::Head;

use super::Sqlite;

/// A transaction on a [`Sqlite`]. Dropped without a commit, it leaves nothing behind.
pub struct Transaction<'s, Mode> {
    pub(super) store: &'s Sqlite,
    /// Whether a statement that writes failed, so that a commit would leave half of something.
    pub(super) failed: bool,
    /// The newest entry of the log, once it was read.
    pub(super) newest: Cell<Option<Head>>,
    mode: PhantomData<Mode>,
}

/// Marks a [`Transaction`] that reads.
#[derive(Debug)]
#[non_exhaustive]
pub struct Reading;

/// Marks a [`Transaction`] that writes.
#[derive(Debug)]
#[non_exhaustive]
pub struct Writing;

impl<'s, Mode> Transaction<'s, Mode> {
    pub(super) fn of(store: &'s Sqlite) -> Self {
        store.open.set(store.open.get() + 1);
        Transaction { store, failed: false, newest: Cell::new(None), mode: PhantomData }
    }
}

impl<Mode> Drop for Transaction<'_, Mode> {
    fn drop(&mut self) {
        let open = self.store.open.get().saturating_sub(1);
        self.store.open.set(open);
        if open == 0 {
            let _ = self.store.end(); // should this fail, the next one to begin tries again
        }
    }
}

impl<Mode> fmt::Debug for Transaction<'_, Mode> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").field("failed", &self.failed).finish_non_exhaustive()
    }
}
