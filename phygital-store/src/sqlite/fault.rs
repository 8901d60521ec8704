//! What SQLite's errors mean to the port: one table.

use phygital_core::store::{StorageError, StorageFault};
use rusqlite::Error;
use rusqlite::ffi;

/// Turns an error of SQLite into one of the port. The detail is SQLite's own text, which names tables and
/// columns and never holds a value.
pub(super) fn while_doing(doing: &'static str) -> impl Fn(Error) -> StorageError {
    move |error| {
        let (kind, detail) = match &error {
            Error::SqliteFailure(failure, message) => {
                let code = failure.extended_code;
                let text = message.clone().unwrap_or_else(|| failure.to_string());
                (kind(code), format!("{text} (SQLite {code})"))
            }
            Error::SqlInputError { error, msg, .. } => (kind(error.extended_code), msg.clone()),
            Error::InvalidPath(_) | Error::NulError(_) => {
                (StorageFault::Unopened, "the path is none that SQLite takes".to_owned())
            }
            // What follows may quote the value it could not read, so it is told in our words.
            Error::FromSqlConversionFailure(column, ..)
            | Error::IntegralValueOutOfRange(column, _)
            | Error::InvalidColumnType(column, ..)
            | Error::Utf8Error(column, _) => {
                (StorageFault::Corrupt, format!("column {} holds what was never written there", column + 1))
            }
            Error::QueryReturnedNoRows => (StorageFault::Corrupt, "a row is missing".to_owned()),
            _ => (StorageFault::Corrupt, "a row is not as it was written".to_owned()),
        };
        StorageError::new(kind, doing, detail)
    }
}

/// The kind of an extended result code (<https://www.sqlite.org/rescode.html>).
fn kind(code: i32) -> StorageFault {
    match code {
        ffi::SQLITE_READONLY_DBMOVED => return StorageFault::Unopened,
        ffi::SQLITE_READONLY_CANTINIT | ffi::SQLITE_READONLY_DIRECTORY => return StorageFault::ReadOnly,
        ffi::SQLITE_IOERR_CORRUPTFS => return StorageFault::Corrupt,
        _ => {}
    }
    // The low byte is the primary code.
    match code & 0xff {
        ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED | ffi::SQLITE_PROTOCOL => StorageFault::Busy,
        ffi::SQLITE_FULL => StorageFault::Full,
        ffi::SQLITE_READONLY => StorageFault::ReadOnly,
        ffi::SQLITE_CANTOPEN | ffi::SQLITE_PERM | ffi::SQLITE_AUTH => StorageFault::Unopened,
        // Ours are fixed statements on a schema of ours: where a table or a column is missing, a value has
        // another type or a rule does not hold, the file is not what we wrote.
        ffi::SQLITE_CORRUPT
        | ffi::SQLITE_NOTADB
        | ffi::SQLITE_FORMAT
        | ffi::SQLITE_CONSTRAINT
        | ffi::SQLITE_MISMATCH
        | ffi::SQLITE_SCHEMA
        | ffi::SQLITE_ERROR => StorageFault::Corrupt,
        // I/O, memory, an interrupt.
        _ => StorageFault::Io,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_the_kind_of_who_can_help() {
        for (code, expected) in [
            (ffi::SQLITE_BUSY, StorageFault::Busy),
            (ffi::SQLITE_BUSY_SNAPSHOT, StorageFault::Busy),
            (ffi::SQLITE_LOCKED_SHAREDCACHE, StorageFault::Busy),
            (ffi::SQLITE_FULL, StorageFault::Full),
            (ffi::SQLITE_READONLY, StorageFault::ReadOnly),
            (ffi::SQLITE_READONLY_ROLLBACK, StorageFault::ReadOnly),
            (ffi::SQLITE_READONLY_DBMOVED, StorageFault::Unopened),
            (ffi::SQLITE_CANTOPEN_ISDIR, StorageFault::Unopened),
            (ffi::SQLITE_CORRUPT_INDEX, StorageFault::Corrupt),
            (ffi::SQLITE_NOTADB, StorageFault::Corrupt),
            (ffi::SQLITE_IOERR_CORRUPTFS, StorageFault::Corrupt),
            (ffi::SQLITE_CONSTRAINT_UNIQUE, StorageFault::Corrupt),
            (ffi::SQLITE_IOERR_FSYNC, StorageFault::Io),
            (ffi::SQLITE_INTERRUPT, StorageFault::Io),
            (ffi::SQLITE_NOMEM, StorageFault::Io),
        ] {
            assert_eq!(kind(code), expected, "SQLite {code}");
        }
    }
}
