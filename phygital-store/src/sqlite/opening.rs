//! From a path to a connection that is ours, set up and of this version.

use std::path::Path;

use phygital_core::store::{StorageError, StorageFault, Stored};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::options::{Access, Options};
use super::place::{self, Place};
use super::{fault, schema, settings};

pub(super) const OPENING: &str = "opening the store";

/// Opens the file, makes it ours where it is new, and applies the settings.
///
/// # Errors
/// See [`Sqlite::open_with`](super::Sqlite::open_with).
pub(super) fn open(path: &Path, options: &Options) -> Stored<(Connection, Place)> {
    settings::check_version(rusqlite::version_number())?;
    let path = place::absolute(path)?;
    let on_this_machine = options.vfs.is_none();
    if on_this_machine {
        place::check(&path, options.access)?;
    }
    let read_only = options.access == Access::ReadOnly;
    let mut connection = connect(&path, options)?;
    if !read_only && connection.is_readonly("main").map_err(fault::while_doing(OPENING))? {
        return Err(StorageError::new(StorageFault::ReadOnly, OPENING, "the file may not be written"));
    }
    let mut unchanging = false;
    let version = match schema::examine(&connection) {
        Err(error) if read_only && on_this_machine && is_of_folder(&error) => {
            connection = connect_unchanging(&path, error)?;
            unchanging = true;
            schema::examine(&connection)?
        }
        // The file itself is open by now.
        Err(error) if error.kind == StorageFault::Unopened => {
            let detail = format!("the files beside it cannot be made: {}", error.detail);
            return Err(StorageError::new(StorageFault::ReadOnly, OPENING, detail));
        }
        version => version?,
    };
    settings::apply(&connection, options)?;
    if read_only {
        schema::require_current(version)?;
    } else {
        schema::migrate(&connection, schema::MIGRATIONS)?;
    }
    let place = match on_this_machine {
        true => Place::of(path, options.remembers_place, unchanging),
        false => Place::unknown(),
    };
    Ok((connection, place))
}

/// How many statements stay prepared: all that there are.
const STATEMENTS: usize = 128;

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
    prepare(&connection)?;
    connection.busy_timeout(options.busy_timeout).map_err(fault::while_doing(OPENING))?;
    if options.exclusive {
        // Before anything is read, since SQLite would make the `-shm` to read.
        let taken =
            connection.query_row("PRAGMA locking_mode = EXCLUSIVE", [], |row| row.get::<_, String>(0));
        if taken.map_err(fault::while_doing(OPENING))? != "exclusive" {
            return Err(StorageError::new(StorageFault::Io, OPENING, "asked for locking_mode EXCLUSIVE"));
        }
    }
    Ok(connection)
}

/// Whether a reader may have been refused because it may not make the `-shm` beside the file.
fn is_of_folder(error: &StorageError) -> bool {
    matches!(error.kind, StorageFault::Unopened | StorageFault::ReadOnly)
}

/// Opens a file that nobody has open, in a folder where this process may not make the files for sharing it: as
/// one that does not change. Gives `error` where somebody has it open.
fn connect_unchanging(path: &Path, error: StorageError) -> Stored<Connection> {
    let Some(uri) = place::unchanging(path) else { return Err(error) };
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(uri, flags).map_err(fault::while_doing(OPENING))?;
    prepare(&connection)?;
    Ok(connection)
}

/// Keeps each statement prepared, with the one plan that it was given: else SQLite plans those that order by
/// what follows from a parameter anew at every call, for whatever value it has.
fn prepare(connection: &Connection) -> Stored<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    let kept = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true);
    kept.map(drop).map_err(fault::while_doing(OPENING))
}
