//! The settings of a connection: applied, read back, compared.

use std::time::{Duration, Instant};

use phygital_core::store::{StorageError, StorageFault, Stored};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension};

use super::fault;
use super::options::{Access, Durability, Options};

/// The first version of SQLite without the bug that damaged files under two connections
/// (<https://www.sqlite.org/wal.html#walresetbug>).
const VERSION_MIN: i32 = 3_051_003;

/// Pages of 4 KiB after which a commit has to move the write-ahead log into the file itself: 16 MB.
const AUTOCHECKPOINT_PAGES: i64 = 4000;

/// What a `-wal` is cut to when it begins anew, in bytes.
const WAL_BYTES_MAX: i64 = 32 << 20;

/// How long a setting that found the file busy rests before it is asked again.
const AGAIN_AFTER: Duration = Duration::from_millis(1);

const SETTING: &str = "setting SQLite up";

/// Refuses a SQLite that damages files.
pub(super) fn check_version(version: i32) -> Stored<()> {
    if version < VERSION_MIN {
        let detail = format!("expected SQLite {VERSION_MIN} or newer, found {version}");
        return Err(StorageError::new(StorageFault::Unopened, SETTING, detail));
    }
    Ok(())
}

/// Applies the settings and checks that SQLite took them.
pub(super) fn apply(connection: &Connection, options: &Options) -> Stored<()> {
    for (name, value) in settings(options) {
        let asked = match &value {
            Value::Text(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            _ => continue,
        };
        patiently(options.busy_timeout, || {
            // Some of them answer with a row, some with none.
            connection
                .prepare(&format!("PRAGMA {name} = {asked}"))
                .and_then(|mut pragma| pragma.query([])?.next().map(drop))
                .map_err(fault::while_doing(SETTING))
        })?;
        let taken: Option<Value> = connection
            .query_row(&format!("PRAGMA {name}"), [], |row| row.get(0))
            .optional()
            .map_err(fault::while_doing(SETTING))?;
        // A file system without memory mapping has no `mmap_size`.
        let absent = taken.is_none() && name == "mmap_size";
        if taken.as_ref() != Some(&value) && !absent {
            let detail = format!("asked for {name} {asked}, got {taken:?}");
            return Err(StorageError::new(StorageFault::Io, SETTING, detail));
        }
    }
    Ok(())
}

/// Asks again while another connection holds the file: SQLite's own waiting leaves out the change of the
/// journal mode, where it would wait with a lock of its own in hand.
fn patiently(patience: Duration, mut set: impl FnMut() -> Stored<()>) -> Stored<()> {
    let began = Instant::now();
    loop {
        match set() {
            Err(error) if error.kind == StorageFault::Busy && began.elapsed() < patience => {
                std::thread::sleep(AGAIN_AFTER);
            }
            done => return done,
        }
    }
}

/// Names and values, as they read back; the table in the documentation of [`Sqlite`](super::Sqlite) has the
/// reasons.
fn settings(options: &Options) -> Vec<(&'static str, Value)> {
    let synchronous = match options.durability {
        Durability::Normal => 1,
        Durability::Full => 2,
    };
    let cache = -i64::from(options.cache_bytes / 1024).max(64);
    let mut settings = vec![
        ("synchronous", Value::Integer(synchronous)),
        ("fullfsync", Value::Integer(1)),
        ("checkpoint_fullfsync", Value::Integer(1)),
        ("secure_delete", Value::Integer(1)),
        ("foreign_keys", Value::Integer(1)),
        ("trusted_schema", Value::Integer(0)),
        ("cell_size_check", Value::Integer(1)),
        ("temp_store", Value::Integer(2)),
        ("mmap_size", Value::Integer(0)),
        ("cache_size", Value::Integer(cache)),
        ("wal_autocheckpoint", Value::Integer(AUTOCHECKPOINT_PAGES)),
        ("journal_size_limit", Value::Integer(WAL_BYTES_MAX)),
    ];
    // The mode stands in the file: who only reads takes it as it is.
    if options.access != Access::ReadOnly {
        settings.insert(0, ("journal_mode", Value::Text("wal".to_owned())));
    }
    settings
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_with_the_wal_reset_bug_is_refused() {
        assert!(check_version(VERSION_MIN).is_ok());
        assert_eq!(check_version(VERSION_MIN - 1).unwrap_err().kind, StorageFault::Unopened);
        assert!(check_version(rusqlite::version_number()).is_ok());
    }

    #[test]
    fn every_setting_stands_in_the_documents() {
        let page = include_str!("../../../docs/store.md");
        let module = include_str!("mod.rs");
        for (name, _) in settings(&Options::new()) {
            assert!(page.contains(&format!("`{name}`")), "docs/store.md says nothing of {name}");
            assert!(module.contains(&format!("`{name}`")), "Sqlite says nothing of {name}");
        }
    }
}
