//! What the disk and a bare SQLite can do in a folder: the limits that a durable transaction stands beside.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ToSql};

use crate::shop::{TAGS, mixed};

/// How many 4 KiB writes the preallocated file takes before it begins anew.
const WRITES: u64 = 4_000;

/// The folder of the benchmarks' stores: `PHYGITAL_BENCH_DATA`, or `target/bench-data` of this package.
///
/// # Errors
/// It cannot be made.
pub fn folder() -> io::Result<PathBuf> {
    let folder = std::env::var_os("PHYGITAL_BENCH_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-data"), PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    folder.canonicalize()
}

/// The kind of file system that a folder lies on, as Linux tells it.
pub fn file_system(folder: &Path) -> String {
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    let under = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ');
        let (device, at, kind) = (words.next()?, words.next()?, words.next()?);
        folder.starts_with(at).then(|| (at.len(), format!("{kind} on {device}")))
    });
    under.max().map_or_else(|| "unknown".to_owned(), |(_, found)| found)
}

/// The most memory that this process had, in megabytes, as Linux tells it.
pub fn peak_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? * 1024.0 / 1e6)
}

/// Removes a SQLite file and what lies beside it.
pub fn remove(path: &Path) {
    for end in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        let _ = std::fs::remove_file(PathBuf::from(name));
    }
}

/// A file that is written in turn and synced: `pwrite` and `fdatasync` of 4 KiB where there is space already.
#[derive(Debug)]
pub struct Preallocated {
    file: File,
    next: u64,
}

impl Preallocated {
    /// Makes the file.
    ///
    /// # Errors
    /// What the disk says.
    pub fn new(path: &Path) -> io::Result<Preallocated> {
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).open(path)?;
        for _ in 0..WRITES {
            file.write_all(&[0; 4096])?;
        }
        file.sync_all()?;
        Ok(Preallocated { file, next: 0 })
    }

    /// Writes 4 KiB and waits until the disk has them.
    ///
    /// # Errors
    /// What the disk says.
    pub fn write(&mut self) -> io::Result<()> {
        self.file.write_all_at(&[self.next as u8; 4096], self.next % WRITES * 4096)?;
        self.next += 1;
        self.file.sync_data()
    }
}

/// One table of rows of 256 bytes in a SQLite file with a write-ahead log, `synchronous=FULL`.
#[derive(Debug)]
pub struct BareSqlite(Connection);

impl BareSqlite {
    /// Makes the file anew.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn new(path: &Path) -> rusqlite::Result<BareSqlite> {
        remove(path);
        let connection = Connection::open(path)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
             CREATE TABLE log (id INTEGER PRIMARY KEY, body BLOB NOT NULL)",
        )?;
        Ok(BareSqlite(connection))
    }

    /// Inserts a row and commits it.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn commit(&self) -> rusqlite::Result<()> {
        self.0.prepare_cached("INSERT INTO log (body) VALUES (?1)")?.execute([[7_u8; 256]]).map(drop)
    }
}

/// The rows that a tap changes, in bare SQLite: a new entry of the log with its index, a new row of what an
/// identifier did, a profile and a mark. Five trees in one transaction, with no rule and no question around it.
#[derive(Debug)]
pub struct BareTap {
    connection: Connection,
    customers: u64,
    count: u64,
}

impl BareTap {
    /// Makes the file anew.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn new(path: &Path, synchronous: &str, customers: u64) -> rusqlite::Result<BareTap> {
        remove(path);
        let connection = Connection::open(path)?;
        connection.execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA wal_autocheckpoint = 4000;
             PRAGMA cache_size = -32768; PRAGMA secure_delete = ON;
             CREATE TABLE log (position INTEGER PRIMARY KEY, event BLOB NOT NULL, payload BLOB NOT NULL);
             CREATE UNIQUE INDEX log_event ON log (event);
             CREATE TABLE event_of (identifier BLOB, at INTEGER, event BLOB, PRIMARY KEY (identifier, at, event))
                 WITHOUT ROWID;
             CREATE TABLE customer (id INTEGER PRIMARY KEY, profile BLOB NOT NULL);
             CREATE TABLE mark (uid INTEGER PRIMARY KEY, highest INTEGER NOT NULL, event BLOB NOT NULL);
             BEGIN"
        ))?;
        for id in 0..customers as i64 {
            connection
                .prepare_cached("INSERT INTO customer VALUES (?1, ?2)")?
                .execute((id, [1_u8; PROFILE_BYTES]))?;
        }
        for uid in 0..i64::from(TAGS) {
            connection.prepare_cached("INSERT INTO mark VALUES (?1, 0, x'00')")?.execute([uid])?;
        }
        connection.execute_batch("COMMIT")?;
        Ok(BareTap { connection, customers, count: 0 })
    }

    /// Changes the rows of one tap and commits them.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn commit(&mut self) -> rusqlite::Result<()> {
        self.count += 1;
        let (count, customer) = (self.count, mixed(self.count) % self.customers);
        let event = (u128::from(mixed(count)) << 64 | u128::from(count)).to_be_bytes();
        let identifier = (u128::from(mixed(customer)) << 64).to_be_bytes();
        let (count, customer, tag) = (count as i64, customer as i64, (count % u64::from(TAGS)) as i64);
        let run =
            |sql: &str, params: &[&dyn ToSql]| self.connection.prepare_cached(sql)?.execute(params).map(drop);
        run("BEGIN IMMEDIATE", &[])?;
        run("INSERT INTO log (event, payload) VALUES (?1, ?2)", &[&event, &[7_u8; ENTRY_BYTES]])?;
        run("INSERT INTO event_of VALUES (?1, ?2, ?3)", &[&identifier, &count, &event])?;
        run("UPDATE customer SET profile = ?2 WHERE id = ?1", &[&customer, &[count as u8; PROFILE_BYTES]])?;
        run("UPDATE mark SET highest = ?2, event = ?3 WHERE uid = ?1", &[&tag, &count, &event])?;
        run("COMMIT", &[])
    }
}

/// As long as an entry of the log with a tap in it, and as a profile, in the shop that is measured.
const ENTRY_BYTES: usize = 760;
const PROFILE_BYTES: usize = 1_600;
