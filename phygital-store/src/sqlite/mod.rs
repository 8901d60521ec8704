//! A store in one SQLite file.

mod columns;
mod fault;
mod options;
mod place;
mod read;
mod schema;
mod settings;
mod write;

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::path::Path;

use phygital_core::store::{StorageError, StorageFault, Store, Stored};
use rusqlite::{Connection, OpenFlags};

use options::Access;
pub use options::{Durability, Options};
use place::Place;

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
        settings::check_version(rusqlite::version_number())?;
        let path = place::absolute(path.as_ref())?;
        if options.vfs.is_none() {
            place::check(&path, options.access)?;
        }
        let read_only = options.access == Access::ReadOnly;
        let connection = connect(&path, options)?;
        if !read_only && connection.is_readonly("main").map_err(fault::while_doing(OPENING))? {
            return Err(StorageError::new(StorageFault::ReadOnly, OPENING, "the file may not be written"));
        }
        let version = schema::examine(&connection)?;
        settings::apply(&connection, options)?;
        if read_only {
            schema::require_current(version)?;
        } else {
            schema::migrate(&connection, schema::MIGRATIONS)?;
        }
        let place =
            if options.vfs.is_none() { Place::of(path, options.remembers_place) } else { Place::unknown() };
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

    /// Reads the whole file and says whether it is sound: every page and index, and that the log has no gap.
    /// Takes about a second for each 500 MB.
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

    fn begin(&self, sql: &str) -> Stored<()> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut begin| begin.execute([]))
            .map_err(fault::while_doing("beginning a transaction"))
            .map(drop)
    }
}

const OPENING: &str = "opening the store";
const CHECKPOINT: &str = "moving the write-ahead log into the file";

/// How many statements stay prepared: all that there are.
const STATEMENTS: usize = 96;

fn connect(path: &Path, options: &Options) -> Stored<Connection> {
    let access = match options.access {
        Access::Create => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        Access::Existing => OpenFlags::SQLITE_OPEN_READ_WRITE,
        Access::ReadOnly => OpenFlags::SQLITE_OPEN_READ_ONLY,
    };
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match &options.vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs.as_str()),
        None => Connection::open_with_flags(path, flags),
    };
    let connection = connection.map_err(fault::while_doing(OPENING))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.busy_timeout(options.busy_timeout).map_err(fault::while_doing(OPENING))?;
    Ok(connection)
}

impl Store for Sqlite {
    type Reader<'s> = Transaction<'s, Reading>;
    type Writer<'s> = Transaction<'s, Writing>;

    /// Readers that are open together see the same moment.
    fn reader(&self) -> Stored<Transaction<'_, Reading>> {
        if self.open.get() == 0 {
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
        // Nobody can hold a transaction now; but one may have been leaked without being dropped.
        self.open.set(0);
        if !self.connection.is_autocommit() {
            self.begin("ROLLBACK")?;
        }
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

/// Marks a [`Transaction`] that reads.
#[derive(Debug)]
#[non_exhaustive]
pub struct Reading;

/// Marks a [`Transaction`] that writes.
#[derive(Debug)]
#[non_exhaustive]
pub struct Writing;

/// A transaction on a [`Sqlite`]. Dropped without a commit, it leaves nothing behind.
pub struct Transaction<'s, Mode> {
    store: &'s Sqlite,
    /// Whether a statement that writes failed, so that a commit would leave half of something.
    failed: bool,
    mode: PhantomData<Mode>,
}

impl<'s, Mode> Transaction<'s, Mode> {
    fn of(store: &'s Sqlite) -> Self {
        store.open.set(store.open.get() + 1);
        Transaction { store, failed: false, mode: PhantomData }
    }
}

impl<Mode> Drop for Transaction<'_, Mode> {
    fn drop(&mut self) {
        let open = self.store.open.get().saturating_sub(1);
        self.store.open.set(open);
        if open == 0 && !self.store.connection.is_autocommit() {
            // Should this fail, the next one to begin is told.
            let _ = self.store.begin("ROLLBACK");
        }
    }
}

impl<Mode> fmt::Debug for Transaction<'_, Mode> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").field("failed", &self.failed).finish_non_exhaustive()
    }
}
