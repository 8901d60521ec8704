//! A store in one SQLite file.

mod columns;
mod fault;
mod opening;
mod options;
mod place;
mod read;
mod schema;
mod settings;
mod transaction;
mod write;

use std::cell::Cell;
use std::fmt;
use std::path::Path;

use phygital_core::store::{StorageError, StorageFault, Store, Stored};
use rusqlite::Connection;

use opening::OPENING;
use options::Access;
pub use options::{Durability, Options};
use place::Place;
pub use transaction::{Reading, Transaction, Writing};

/// A store in one SQLite file, with its write-ahead log (`-wal`) and the index of that (`-shm`) beside it
/// while it is open.
///
/// One connection, used by one thread at a time; other processes may read the file meanwhile, and write in
/// turn. The file has to lie on a local file system, since the processes share memory.
///
/// # Settings
///
/// Applied and read back at each opening; `docs/store.md` has them with the reasons at length.
///
/// | setting | value | why |
/// |---|---|---|
/// | `journal_mode` | WAL | one sequential write and one sync a commit; readers do not wait |
/// | `synchronous` | FULL, or NORMAL on demand | FULL alone keeps what was acknowledged through a power cut |
/// | `fullfsync`, `checkpoint_fullfsync` | ON | on Apple's systems a plain sync leaves data in the drive's cache |
/// | `secure_delete` | ON | what was erased is overwritten, not only unlinked |
/// | `foreign_keys` | ON | any reference between tables holds |
/// | `trusted_schema` | OFF | a file made by somebody else cannot run functions from its schema |
/// | `cell_size_check` | ON | a damaged page is noticed when it is read |
/// | `temp_store` | MEMORY | no personal data in temporary files |
/// | `mmap_size` | 0 | a stray pointer or a file cut short must not become a crash or a damaged file |
/// | `cache_size` | 32 MiB | a million customers within 100 MB of memory |
/// | `busy_timeout` | 5 s | how long another process may hold the file |
/// | `locking_mode` | NORMAL, or EXCLUSIVE on demand | other processes may read; a till that owns its file saves the locks |
/// | `wal_autocheckpoint` | 4000 pages | a safety net: the owner calls [`Sqlite::checkpoint`] when idle |
/// | `journal_size_limit` | 32 MiB | one large batch does not leave a large `-wal` for ever |
/// | `application_id`, `user_version` | `PHYG`, the version of the schema | another program's file and a newer file are refused |
pub struct Sqlite {
    connection: Connection,
    place: Place,
    read_only: bool,
    /// How many transactions are open: several readers, or one writer.
    open: Cell<u32>,
    /// Whether a commit failed, so that nobody knows what it left.
    unsure: Cell<bool>,
}

impl Sqlite {
    /// Opens a store for reading and writing; makes it where there is none.
    ///
    /// # Errors
    /// See [`Sqlite::open_with`].
    pub fn open(path: impl AsRef<Path>) -> Stored<Sqlite> {
        Sqlite::open_with(path, &Options::new())
    }

    /// Opens a store as the options say.
    ///
    /// # Errors
    /// `Unopened`: no such folder or file, a folder, or not permitted. `ReadOnly`: it may be read, not
    /// written. `Corrupt`: no SQLite file, another program's, or damaged. `Newer`: a newer version of this
    /// library wrote it. `Busy`: another process held it for longer than the time-out. `Full`, `Io`: what the
    /// disk says.
    pub fn open_with(path: impl AsRef<Path>, options: &Options) -> Stored<Sqlite> {
        let (connection, place) = opening::open(path.as_ref(), options)?;
        let read_only = options.access == Access::ReadOnly;
        let store = Sqlite { connection, place, read_only, open: Cell::new(0), unsure: Cell::new(false) };
        if !read_only && options.check_every > 0 && store.openings()? % options.check_every == 0 {
            store.check("PRAGMA quick_check(1)")?;
        }
        Ok(store)
    }

    /// Moves what the write-ahead log holds into the file, as far as no reader needs it. Call it when
    /// nothing has happened for a while (200 ms, say): done then, no commit has to do it.
    pub fn checkpoint(&self) -> Stored<()> {
        self.run_checkpoint("PRAGMA wal_checkpoint(PASSIVE)").map(drop)
    }

    /// Moves all that the write-ahead log holds into the file and empties it: after an erasure, so that what
    /// was erased lies nowhere; before the file is copied; before a phone suspends the program.
    ///
    /// # Errors
    /// `Busy`: somebody reads an older state.
    pub fn settle(&self) -> Stored<()> {
        let busy = self.run_checkpoint("PRAGMA wal_checkpoint(TRUNCATE)")?;
        if busy {
            return Err(StorageError::new(StorageFault::Busy, CHECKPOINT, "a reader holds an older state"));
        }
        Ok(())
    }

    /// Closes the store and says whether that worked; dropping it closes as well, and is silent.
    ///
    /// # Errors
    /// What [`Sqlite::settle`] gives; all that was committed is safe even so.
    pub fn close(self) -> Stored<()> {
        let settled = if self.read_only { Ok(()) } else { self.settle() };
        self.connection.close().map_err(|(_, error)| fault::while_doing("closing the store")(error))?;
        settled
    }

    /// Reads the whole file, which takes its time, and says whether it is sound: every page and index, and that the
    /// log has no gap.
    ///
    /// # Errors
    /// `Corrupt` with the first finding.
    pub fn integrity_check(&self) -> Stored<()> {
        self.check("PRAGMA integrity_check(1)")?;
        self.check(schema::LOG_CHECK)
    }

    fn check(&self, sql: &str) -> Stored<()> {
        let found: String = self
            .connection
            .query_row(sql, [], |row| row.get(0))
            .map_err(fault::while_doing("checking the store"))?;
        if found == "ok" {
            return Ok(());
        }
        Err(StorageError::new(StorageFault::Corrupt, "checking the store", found))
    }

    /// How often an engine opened it.
    fn openings(&self) -> Stored<u32> {
        self.connection
            .query_row("SELECT openings FROM store", [], |row| row.get(0))
            .map_err(fault::while_doing(OPENING))
    }

    /// Whether it was kept from its end.
    fn run_checkpoint(&self, sql: &str) -> Stored<bool> {
        self.connection.query_row(sql, [], |row| row.get(0)).map_err(fault::while_doing(CHECKPOINT))
    }

    /// Begins a transaction where none is open. A statement that began one and was then interrupted reports an
    /// error and leaves it open, and so does a transaction that was leaked: they are ended first.
    fn begin(&self, sql: &str) -> Stored<()> {
        let begun = self.end().and_then(|()| self.execute(sql));
        if begun.is_err() {
            let _ = self.end(); // should this fail as well, the next one tries again
        }
        begun.map_err(fault::while_doing("beginning a transaction"))
    }

    /// Takes an open transaction back.
    fn end(&self) -> rusqlite::Result<()> {
        if self.connection.is_autocommit() { Ok(()) } else { self.execute("ROLLBACK") }
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }
}

const CHECKPOINT: &str = "moving the write-ahead log into the file";

impl Store for Sqlite {
    type Reader<'s> = Transaction<'s, Reading>;
    type Writer<'s> = Transaction<'s, Writing>;

    /// Readers that are open together see the same moment.
    fn reader(&self) -> Stored<Transaction<'_, Reading>> {
        if self.open.get() == 0 {
            self.place.check_unchanged("beginning to read")?;
            self.begin("BEGIN DEFERRED")?;
        }
        Ok(Transaction::of(self))
    }

    fn writer(&mut self) -> Stored<Transaction<'_, Writing>> {
        const DOING: &str = "beginning to write";
        if self.read_only {
            return Err(StorageError::new(StorageFault::ReadOnly, DOING, "it was opened for reading"));
        }
        if self.unsure.get() {
            return Err(StorageError::new(StorageFault::Reopen, DOING, "an earlier commit failed"));
        }
        self.place.check_unmoved(DOING)?;
        // Nobody holds a transaction now, though one may have been leaked.
        self.open.set(0);
        self.begin("BEGIN IMMEDIATE")?;
        Ok(Transaction::of(self))
    }

    /// Whether the file lies elsewhere than where its identity was last put.
    ///
    /// On Unix the place is the file's inode and its time of birth (its device where the file system keeps no
    /// such time); elsewhere its path. So a copy of the file is told, and a renamed file is none. Not told
    /// are a copy of the whole disk, and a file restored in place by writing over it: for those the host keeps
    /// the incarnation of the identity elsewhere.
    fn is_copy(&self) -> Stored<bool> {
        let remembered: Option<String> = self
            .connection
            .query_row("SELECT place FROM store", [], |row| row.get(0))
            .map_err(fault::while_doing("comparing the place of the file"))?;
        Ok(match (remembered, self.place.fingerprint()) {
            (Some(remembered), Some(here)) => remembered != here,
            _ => false,
        })
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").field("read_only", &self.read_only).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI32, Ordering};

    use phygital_core::store::{Read, Write};

    use super::*;

    /// A transaction of several rows under one number.
    fn transact(store: &mut Sqlite, n: i32) -> Stored<()> {
        let mut writer = store.writer()?;
        for part in ["a", "b", "c"] {
            writer.put_offer(&format!("{part}{n}"), "{}")?;
        }
        writer.commit()
    }

    fn offers(store: &Sqlite, n: i32) -> usize {
        let reader = store.reader().unwrap();
        ["a", "b", "c"].iter().filter(|part| reader.offer(&format!("{part}{n}")).unwrap().is_some()).count()
    }

    /// SQLite can be stopped before any of its steps, as by a host that loses patience. Whatever the answer, all
    /// of a transaction is there or nothing; and an error does not say which.
    #[test]
    fn an_interrupt_at_any_step_leaves_all_or_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.db");
        let (mut refused, mut ambiguous) = (0, 0);
        for step in 1.. {
            let mut store = Sqlite::open(&path).unwrap();
            let left = Arc::new(AtomicI32::new(step));
            let count = Arc::clone(&left);
            let handler = move || count.fetch_sub(1, Ordering::Relaxed) == 1;
            store.connection.progress_handler(1, Some(handler)).unwrap();
            let answer = transact(&mut store, step);
            store.connection.progress_handler(0, None::<fn() -> bool>).unwrap();
            let found = offers(&store, step);
            match answer {
                Ok(()) => assert_eq!(found, 3, "acknowledged, step {step}"),
                Err(error) => {
                    assert!(matches!(error.kind, StorageFault::Io), "{error}");
                    assert!(found == 0 || found == 3, "half of it, step {step}: {error}");
                    refused += 1;
                    ambiguous += usize::from(found == 3);
                }
            }
            drop(store);
            assert_eq!(offers(&Sqlite::open(&path).unwrap(), step), found, "after opening again");
            if left.load(Ordering::Relaxed) > 0 {
                break;
            }
        }
        assert!(refused > 20, "{refused} refused, {ambiguous} of them in place");
    }

    #[test]
    fn after_a_commit_that_failed_nobody_writes_before_opening_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.db");
        let mut store = Sqlite::open(&path).unwrap();
        store.unsure.set(true);
        assert_eq!(transact(&mut store, 1).unwrap_err().kind, StorageFault::Reopen);
        assert_eq!(offers(&store, 1), 0, "it can be read");
        drop(store);
        transact(&mut Sqlite::open(&path).unwrap(), 1).unwrap();
    }

    #[test]
    fn a_transaction_with_a_refused_statement_cannot_be_committed() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Sqlite::open(folder.path().join("shop.db")).unwrap();
        let mut writer = store.writer().unwrap();
        writer.put_offer("CODE", "{}").unwrap();
        writer.put("testing", "INSERT INTO offer (code) VALUES ('no offer')", []).unwrap_err();
        assert_eq!(writer.commit().unwrap_err().kind, StorageFault::Reopen);
        assert!(store.reader().unwrap().offer("CODE").unwrap().is_none());
        transact(&mut store, 1).unwrap();
    }

    #[test]
    fn readers_share_a_moment_and_a_leaked_one_is_no_harm() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.db");
        let mut store = Sqlite::open(&path).unwrap();
        let mut other = Sqlite::open(&path).unwrap();
        let reader = store.reader().unwrap();
        assert!(reader.offer("a1").unwrap().is_none());
        transact(&mut other, 1).unwrap();
        let second = store.reader().unwrap();
        drop(reader);
        assert!(second.offer("a1").unwrap().is_none(), "the moment of the first");
        drop(second);
        assert_eq!(offers(&store, 1), 3);
        std::mem::forget(store.reader().unwrap());
        std::mem::forget(store.writer().unwrap());
        transact(&mut store, 2).unwrap();
        assert_eq!(offers(&store, 2), 3);
    }
}
