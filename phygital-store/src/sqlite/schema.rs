//! The tables, and how a file of one version becomes one of the next.

use phygital_core::store::{StorageError, StorageFault, Stored};
use rusqlite::{Connection, ErrorCode};

use super::fault;
use super::opening::OPENING;

/// Each makes the version of its place in the list, counted from 1, out of the one before.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("schema.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
];

/// `PHYG`: the file command and SQLite's tools tell whose file it is.
const APPLICATION_ID: i32 = 0x5048_5947;

/// Gives `ok` where the log has no gap and its chains end as `log_end` says, which is behind in the chain of the
/// newest entry alone.
pub(super) const LOG_CHECK: &str = "
    SELECT CASE
        WHEN (SELECT count(*) <> coalesce(max(position), 0) FROM log) THEN 'the log has a gap'
        WHEN EXISTS (
            SELECT device, epoch, max(seq), count(*), link FROM log GROUP BY device, epoch
            EXCEPT SELECT device, epoch, seq, seq, link FROM log_end
            EXCEPT SELECT * FROM (SELECT device, epoch, seq, seq, link FROM log ORDER BY position DESC LIMIT 1)
        ) OR EXISTS (SELECT device, epoch FROM log_end EXCEPT SELECT device, epoch FROM log)
            THEN 'the log does not end as it says'
        WHEN (SELECT count(*) FROM customer) <> (SELECT customers FROM store) THEN 'customers are miscounted'
        ELSE 'ok'
    END";

/// Says which version of the schema a file has, before anything is written to it; 0 where it is new.
pub(super) fn examine(connection: &Connection) -> Stored<i32> {
    let number = |sql: &str| {
        connection.query_row(sql, [], |row| row.get::<_, i32>(0)).map_err(|error| {
            if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) {
                let detail = "expected a SQLite file, found something else";
                return StorageError::new(StorageFault::Corrupt, OPENING, detail);
            }
            fault::while_doing(OPENING)(error)
        })
    };
    // All three of one moment: another process may be making the file meanwhile.
    let _moment = match connection.is_autocommit() {
        true => Some(connection.unchecked_transaction().map_err(fault::while_doing(OPENING))?),
        false => None,
    };
    let application = number("PRAGMA application_id")?;
    let version = number("PRAGMA user_version")?;
    let is_new = application == 0 && version == 0 && number("SELECT count(*) FROM sqlite_schema")? == 0;
    if application != APPLICATION_ID && !is_new {
        let detail = "expected a store of Phygital, found another program's SQLite file";
        return Err(StorageError::new(StorageFault::Corrupt, OPENING, detail));
    }
    Ok(version)
}

/// Brings a file to the newest version, in one transaction, or leaves it as it is.
pub(super) fn migrate(connection: &Connection, migrations: &[&str]) -> Stored<()> {
    let current = newest(migrations);
    if known(examine(connection)?, current)? == current {
        return Ok(());
    }
    let doing = "migrating the store";
    let run = |sql: &str| connection.execute_batch(sql).map_err(fault::while_doing(doing));
    run("BEGIN IMMEDIATE")?;
    let migrated = (|| {
        // Another process may have been faster.
        let version = known(examine(connection)?, current)?;
        for migration in migrations.iter().skip(version.unsigned_abs() as usize) {
            run(migration)?;
        }
        run(&format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {current}; COMMIT"))
    })();
    if migrated.is_err() && !connection.is_autocommit() {
        run("ROLLBACK")?;
    }
    migrated
}

/// Refuses, for reading, a file that would have to be migrated first.
pub(super) fn require_current(version: i32) -> Stored<()> {
    let current = newest(MIGRATIONS);
    if known(version, current)? == current {
        return Ok(());
    }
    let detail = format!("the file is of version {version} and has to be opened for writing once");
    Err(StorageError::new(StorageFault::ReadOnly, OPENING, detail))
}

fn newest(migrations: &[&str]) -> i32 {
    i32::try_from(migrations.len()).expect("a handful")
}

fn known(version: i32, newest: i32) -> Stored<i32> {
    if (0..=newest).contains(&version) {
        return Ok(version);
    }
    let detail = format!("expected version {newest} or older, found {version}");
    Err(StorageError::new(StorageFault::Newer, OPENING, detail))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const FIRST: &str = "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1), (2)";
    const SECOND: &str = "ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = 10 * x";
    const BROKEN: &str = "CREATE TABLE b (x INTEGER); UPDATE a SET x = 0; INSERT INTO nowhere VALUES (1)";

    fn version(connection: &Connection) -> i32 {
        connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
    }

    fn sum(connection: &Connection, column: &str) -> i32 {
        connection.query_row(&format!("SELECT sum({column}) FROM a"), [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_file_of_any_version_becomes_the_newest() {
        let connection = Connection::open_in_memory().unwrap();
        migrate(&connection, &[FIRST]).unwrap();
        assert_eq!(version(&connection), 1);
        migrate(&connection, &[FIRST, SECOND]).unwrap();
        assert_eq!((version(&connection), sum(&connection, "y")), (2, 30));
        migrate(&connection, &[FIRST, SECOND]).unwrap();
        assert_eq!((version(&connection), sum(&connection, "y")), (2, 30));
        let at_once = Connection::open_in_memory().unwrap();
        migrate(&at_once, &[FIRST, SECOND]).unwrap();
        assert_eq!((version(&at_once), sum(&at_once, "y")), (2, 30));
    }

    #[test]
    fn a_migration_that_fails_leaves_the_file_as_it_was() {
        let connection = Connection::open_in_memory().unwrap();
        migrate(&connection, &[FIRST]).unwrap();
        let error = migrate(&connection, &[FIRST, SECOND, BROKEN]).unwrap_err();
        assert_eq!(error.kind, StorageFault::Corrupt);
        assert!(connection.is_autocommit());
        assert_eq!((version(&connection), sum(&connection, "x")), (1, 3));
        let tables: i32 =
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
        assert_eq!(tables, 1);
        migrate(&connection, &[FIRST, SECOND]).unwrap();
        assert_eq!(version(&connection), 2);
    }

    #[test]
    fn a_newer_file_is_refused_and_so_is_a_foreign_one() {
        let connection = Connection::open_in_memory().unwrap();
        migrate(&connection, &[FIRST, SECOND]).unwrap();
        assert_eq!(migrate(&connection, &[FIRST]).unwrap_err().kind, StorageFault::Newer);
        let foreign = Connection::open_in_memory().unwrap();
        foreign.execute_batch("CREATE TABLE notes (text TEXT)").unwrap();
        assert_eq!(migrate(&foreign, &[FIRST]).unwrap_err().kind, StorageFault::Corrupt);
    }

    #[test]
    fn the_views_can_be_read() {
        let connection = Connection::open_in_memory().unwrap();
        migrate(&connection, MIGRATIONS).unwrap();
        for view in ["log", "identifier", "customer", "consent", "mark"] {
            let count: i32 = connection
                .query_row(&format!("SELECT count(*) FROM (SELECT * FROM {view}_readable)"), [], |row| {
                    row.get(0)
                })
                .unwrap();
            assert_eq!(count, 0);
        }
    }
}
