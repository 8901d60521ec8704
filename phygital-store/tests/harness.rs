//! The crash harness, judged on plain SQLite: it must find durable what is, and catch what is not.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may")]

mod support;

use rusqlite::{Connection, ErrorCode, OpenFlags, Row};
use support::crashfs::{CrashFs, FILE, Fault, Image, Lasting};
use support::killloop::{self, KillLoop};
use support::{Random, effort};

/// Appends rows 1, 2, 3... of different lengths, acknowledging each, with checkpoints in between.
fn append(path: &str, pragmas: &str, rows: u64, mut acknowledge: impl FnMut(u64)) -> rusqlite::Result<()> {
    let connection = Connection::open(path)?;
    connection.execute_batch(pragmas)?;
    connection
        .execute_batch("CREATE TABLE IF NOT EXISTS log (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")?;
    let mut random = Random(7);
    for id in 1..=rows {
        let body = vec![id as u8; random.below(6000) as usize];
        connection.execute("INSERT INTO log VALUES (?1, ?2)", (id as i64, body))?;
        acknowledge(id);
    }
    Ok(())
}

#[derive(Debug, Default)]
struct Verdict {
    images: u64,
    damaged: u64,
    lost: u64,
    invented: u64,
    first: Option<String>,
}

impl Verdict {
    /// What a reader finds against what was promised: acknowledged <= found <= acknowledged + 1.
    fn judge(&mut self, image: &Image, acked: &[u64]) {
        self.images += 1;
        let disk = image.mount("judge");
        let fault = match found(&disk) {
            Err(_) => &mut self.damaged,
            Ok(found) if found < acked.len() as u64 => &mut self.lost,
            Ok(found) if found > acked.len() as u64 + 1 => &mut self.invented,
            Ok(_) => return,
        };
        *fault += 1;
        self.first.get_or_insert_with(|| format!("{image}, {} acknowledged", acked.len()));
    }
}

/// How many rows there are, 1, 2, 3... without a gap, in a file that SQLite finds sound.
fn found(disk: &CrashFs) -> Result<u64, String> {
    let fault = |error: rusqlite::Error| error.to_string();
    let connection = Connection::open(disk.path()).map_err(fault)?;
    let check: String = connection.query_row("PRAGMA quick_check", [], |row| row.get(0)).map_err(fault)?;
    if check != "ok" {
        return Err(check);
    }
    let table: bool = connection
        .query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'log'", [], |row| row.get(0))
        .map_err(fault)?;
    if !table {
        return Ok(0);
    }
    let mut statement = connection.prepare("SELECT id, body FROM log ORDER BY id").map_err(fault)?;
    let rows = statement.query_map([], |row| Ok((number(row)?, row.get::<_, Vec<u8>>(1)?))).map_err(fault)?;
    let mut count = 0;
    for row in rows {
        let (id, body) = row.map_err(fault)?;
        count += 1;
        if id != count || body.iter().any(|byte| *byte != id as u8) {
            return Err(format!("row {count} is {id} or holds another's bytes"));
        }
    }
    Ok(count)
}

/// SQLite's integers have a sign, ours do not.
fn number(row: &Row<'_>) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(0)? as u64)
}

fn power_cuts(name: &str, pragmas: &str) -> Verdict {
    let fs = CrashFs::new(name);
    let rows = effort(40, 6);
    fs.record(|path| append(path, pragmas, rows, |id| fs.acknowledge(id))).unwrap();
    let mut verdict = Verdict::default();
    for (image, acked) in fs.images(1, 4) {
        verdict.judge(&image, &acked);
    }
    println!("{pragmas}: {verdict:?}");
    assert_eq!(found(&fs.image().mount("end")), Ok(rows));
    verdict
}

const WAL_FULL: &str = "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 8; PRAGMA synchronous = FULL";

#[test]
fn wal_full_loses_nothing() {
    let verdict = power_cuts("wal-full", WAL_FULL);
    assert!(verdict.images > effort(600, 90), "{verdict:?}");
    assert_eq!((verdict.damaged, verdict.lost, verdict.invented), (0, 0, 0), "{verdict:?}");
}

#[test]
fn rollback_journal_full_loses_nothing() {
    let verdict = power_cuts("delete-full", "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL");
    assert_eq!((verdict.damaged, verdict.lost, verdict.invented), (0, 0, 0), "{verdict:?}");
}

#[test]
fn wal_normal_is_caught_losing() {
    let pragmas = "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 8; PRAGMA synchronous = NORMAL";
    let verdict = power_cuts("wal-normal", pragmas);
    assert!(verdict.lost > 0, "{verdict:?}");
    assert_eq!((verdict.damaged, verdict.invented), (0, 0), "NORMAL stays sound: {verdict:?}");
}

#[test]
fn wal_off_is_caught_damaging() {
    let pragmas = "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 8; PRAGMA synchronous = OFF";
    let verdict = power_cuts("wal-off", pragmas);
    assert!(verdict.damaged > 0 && verdict.lost > 0, "{verdict:?}");
}

#[test]
fn an_acknowledgement_before_the_commit_is_caught() {
    let fs = CrashFs::new("early");
    fs.record(|path| {
        let connection = Connection::open(path).unwrap();
        connection.execute_batch(WAL_FULL).unwrap();
        connection.execute_batch("CREATE TABLE log (id INTEGER PRIMARY KEY, body BLOB NOT NULL)").unwrap();
        for id in 1..=3_i64 {
            fs.acknowledge(id as u64);
            connection.execute("INSERT INTO log VALUES (?1, x'')", [id]).unwrap();
        }
    });
    let mut verdict = Verdict::default();
    fs.images(1, 4).for_each(|(image, acked)| verdict.judge(&image, &acked));
    assert!(verdict.lost > 0, "{verdict:?}");
}

/// Every operation fails once, and once for good, with each kind of fault; then the machine restarts.
#[test]
fn no_failing_operation_loses_what_was_acknowledged() {
    let rows = effort(12, 3);
    let healthy = CrashFs::new("healthy");
    healthy.record(|path| append(path, WAL_FULL, rows, |_| {})).unwrap();
    let (mut errors, mut ambiguous) = (0, 0);
    for (fault, lasting) in [
        (Fault::Io, Lasting::Once),
        (Fault::Io, Lasting::FromThenOn),
        (Fault::Full, Lasting::Once),
        (Fault::Full, Lasting::FromThenOn),
    ] {
        for nth in 1..=healthy.mutations() {
            let fs = CrashFs::new("failing");
            let mut acked = 0;
            fs.fail(nth, fault, lasting);
            let result = fs.record(|path| {
                append(path, WAL_FULL, rows, |id| {
                    acked = id;
                    fs.acknowledge(id);
                })
            });
            errors += u64::from(result.is_err());
            let happened = fs.heal();
            assert!(happened || result.is_ok(), "{fault:?} {nth}: {result:?} without a fault");
            let after = found(&fs.image().mount("after"));
            let after = after.unwrap_or_else(|damage| panic!("{fault:?} {lasting:?} {nth}: {damage}"));
            assert!((acked..=acked + 1).contains(&after), "{fault:?} {lasting:?} {nth}: {acked}, {after}");
            ambiguous += u64::from(after == acked + 1);
        }
    }
    // A commit that reports an error and stands all the same: the reason to look an id up before answering.
    println!("{errors} runs ended in an error, {ambiguous} of them with the row in place");
    assert!(errors > 0);
}

#[test]
fn two_connections_see_each_other_through_shared_memory() {
    let fs = CrashFs::new("two");
    let writer = Connection::open(fs.path()).unwrap();
    writer.execute_batch(WAL_FULL).unwrap();
    writer.execute_batch("CREATE TABLE log (id INTEGER PRIMARY KEY)").unwrap();
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let other = Connection::open_with_flags_and_vfs(FILE, flags, fs.name()).unwrap();
    other.busy_timeout(std::time::Duration::ZERO).unwrap();
    let count = |of: &Connection| of.query_row("SELECT count(*) FROM log", [], number).unwrap();

    assert_eq!(count(&other), 0);
    writer.execute_batch("BEGIN IMMEDIATE; INSERT INTO log VALUES (1)").unwrap();
    assert_eq!(count(&other), 0, "not yet committed");
    let refused = other.execute_batch("BEGIN IMMEDIATE").unwrap_err();
    assert_eq!(refused.sqlite_error_code(), Some(ErrorCode::DatabaseBusy));
    writer.execute_batch("COMMIT").unwrap();
    assert_eq!(count(&other), 1);
    other.execute_batch("BEGIN IMMEDIATE; INSERT INTO log VALUES (2); COMMIT").unwrap();
    assert_eq!(count(&writer), 2);
}

#[test]
fn an_unsynced_write_is_whole_or_absent_or_torn() {
    const LEN: usize = 3000;
    let fs = CrashFs::new("torn");
    fs.record(|path| {
        let connection = Connection::open(path).unwrap();
        connection.execute_batch(WAL_FULL).unwrap();
        connection.execute_batch("CREATE TABLE log (body BLOB NOT NULL)").unwrap();
        connection.execute("INSERT INTO log VALUES (?1)", [vec![0xab_u8; LEN]]).unwrap();
    });
    let (mut absent, mut torn, mut whole) = (0, 0, 0);
    for (image, _) in fs.images(1, 16) {
        let wal = image.file("/shop.db-wal").unwrap_or_default();
        match wal.iter().filter(|byte| **byte == 0xab).count() {
            there if there >= LEN => whole += 1,
            // One or two bytes may be anything's, a checksum's for instance.
            there if there >= 128 => torn += 1,
            _ => absent += 1,
        }
    }
    assert!(absent > 0 && torn > 0 && whole > 0, "{absent} absent, {torn} torn, {whole} whole");
}

#[test]
fn equal_seeds_give_equal_images() {
    let fs = CrashFs::new("seeds");
    fs.record(|path| append(path, WAL_FULL, 4, |id| fs.acknowledge(id))).unwrap();
    let list = |seed| {
        let text = |(image, acked): (Image, Vec<u64>)| {
            let wal = image.file("/shop.db-wal").map(<[u8]>::to_vec);
            (image.to_string().split(',').skip(1).collect::<String>(), wal, acked)
        };
        fs.images(seed, 4).map(text).collect::<Vec<_>>()
    };
    assert_eq!(list(3), list(3));
    assert_ne!(list(3), list(4));
}

#[test]
fn a_changed_byte_is_damage() {
    let fs = CrashFs::new("flip");
    append(fs.path(), WAL_FULL, 4, |_| {}).unwrap();
    let mut image = fs.image();
    assert!(image.flip(FILE, 100), "the file reaches beyond its header");
    assert!(found(&image.mount("flipped")).is_err());
    assert!(!image.flip(FILE, usize::MAX));
}

#[test]
fn a_killed_writer_loses_nothing() {
    if let Some(writer) = killloop::writer() {
        let connection = Connection::open(writer.dir().join("shop.db")).unwrap();
        connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
        connection.execute_batch(WAL_FULL).unwrap();
        connection.execute_batch("CREATE TABLE IF NOT EXISTS log (id INTEGER PRIMARY KEY)").unwrap();
        loop {
            connection.execute("INSERT INTO log DEFAULT VALUES", []).unwrap();
            writer.acknowledge(connection.last_insert_rowid() as u64);
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let mut last = Vec::new();
    // Each kill may leave one row that was committed and not acknowledged.
    KillLoop::of("a_killed_writer_loses_nothing").rounds(effort(30, 5)).seed(5).run(dir.path(), |round| {
        let connection = Connection::open(dir.path().join("shop.db")).unwrap();
        let check: String = connection.query_row("PRAGMA quick_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok", "{round:?}");
        let rows: Vec<u64> = match connection.prepare("SELECT id FROM log ORDER BY id") {
            Ok(mut rows) => rows.query_map([], number).unwrap().map(Result::unwrap).collect(),
            Err(_) => Vec::new(), // killed before the table was made
        };
        assert!(round.acked.iter().all(|id| rows.contains(id)), "lost: {round:?}, {rows:?}");
        let unacked = rows.iter().filter(|id| !round.acked.contains(id)).count() as u64;
        assert!(unacked <= round.number, "invented: {round:?}, {rows:?}");
        last = round.acked;
    });
    println!("{} rows acknowledged", last.len());
    assert!(!last.is_empty(), "no writer lived long enough to write");
}
