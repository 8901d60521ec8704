//! Files and neighbours that are not as they should be: each gives an error that says so.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may")]

mod support;

use std::fs;
use std::path::Path;
use std::time::Duration;

use phygital_core::store::{Read, StorageError, StorageFault, Store, StoreIdentity, Write};
use phygital_store::{Durability, Options, Sqlite};
use rusqlite::Connection;
use support::{Random, child, effort, shop};
use tempfile::TempDir;

/// A folder with a store of some taps, closed.
fn shop_of(taps: u64) -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let mut store = Sqlite::open(&path).unwrap();
    shop::identify(&mut store).unwrap();
    (1..=taps).for_each(|n| shop::tap(&mut store, n).unwrap());
    store.close().unwrap();
    (folder, path)
}

fn refusal(path: &Path, options: &Options) -> StorageError {
    Sqlite::open_with(path, options).expect_err("refused")
}

/// The kind of the refusal, and that it left the file as it was.
fn refused(path: &Path, options: &Options) -> StorageFault {
    let before = fs::read(path).unwrap();
    let error = refusal(path, options);
    assert!(fs::read(path).unwrap() == before, "refused and written to: {error}");
    error.kind
}

#[test]
fn what_is_no_store_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let new = &Options::new();

    fs::write(&path, "name,phone\nAda,+33612345678\n".repeat(400)).unwrap();
    assert_eq!(refused(&path, new), StorageFault::Corrupt);
    assert!(!refusal(&path, new).to_string().contains("Ada"));

    fs::remove_file(&path).unwrap();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE notes (text TEXT)").unwrap();
    assert_eq!(refused(&path, new), StorageFault::Corrupt);
    Connection::open(&path).unwrap().execute_batch("PRAGMA application_id = 7").unwrap();
    assert_eq!(refused(&path, new), StorageFault::Corrupt);

    assert_eq!(refusal(folder.path(), new).kind, StorageFault::Unopened);
    assert_eq!(refusal(&folder.path().join("no/such/folder.db"), new).kind, StorageFault::Unopened);
    assert_eq!(refusal(Path::new(""), new).kind, StorageFault::Unopened);
    let missing = folder.path().join("missing.db");
    assert_eq!(refusal(&missing, &Options::new().must_exist()).kind, StorageFault::Unopened);
    assert_eq!(refusal(&missing, &Options::new().read_only()).kind, StorageFault::Unopened);
    assert!(!missing.exists());
}

#[test]
fn an_empty_file_is_a_new_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    fs::write(&path, "").unwrap();
    assert_eq!(refused(&path, &Options::new().must_exist()), StorageFault::Unopened);
    assert_eq!(refused(&path, &Options::new().read_only()), StorageFault::Unopened);
    let mut store = Sqlite::open(&path).unwrap();
    shop::tap(&mut store, 1).unwrap();
}

#[test]
fn names_that_mean_something_to_sqlite_are_names() {
    let folder = tempfile::tempdir().unwrap();
    for name in [":memory:", "file:a.db?mode=memory", "a b%20c.db", "ça.db"] {
        let path = folder.path().join(name);
        let mut store = Sqlite::open(&path).unwrap();
        shop::tap(&mut store, 1).unwrap();
        store.close().unwrap();
        assert!(fs::metadata(&path).unwrap().len() > 0, "{name}");
        let store = Sqlite::open_with(&path, &Options::new().read_only()).unwrap();
        assert_eq!(shop::judge(&store, &[1]), Ok(1), "{name}");
    }
}

#[test]
fn a_newer_file_is_refused_and_left_alone() {
    let (_folder, path) = shop_of(2);
    let file = Connection::open(&path).unwrap();
    let version: u32 = file.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    file.execute_batch(&format!("PRAGMA user_version = {}", version + 1)).unwrap();
    drop(file);
    for options in [Options::new(), Options::new().must_exist(), Options::new().read_only()] {
        assert_eq!(refused(&path, &options), StorageFault::Newer);
    }
}

#[test]
fn a_reader_reads_and_does_not_write() {
    let (_folder, path) = shop_of(4);
    let before = fs::read(&path).unwrap();
    let mut store = Sqlite::open_with(&path, &Options::new().read_only()).unwrap();
    assert_eq!(shop::judge(&store, &[4]), Ok(4));
    store.integrity_check().unwrap();
    assert_eq!(store.writer().unwrap_err().kind, StorageFault::ReadOnly);
    store.close().unwrap();
    assert!(fs::read(&path).unwrap() == before);
}

/// Who may not write gets a plain answer. Root may everything, so as root another process stops being root first.
#[cfg(unix)]
#[test]
fn permissions_are_told() {
    use std::os::unix::fs::PermissionsExt;
    const TEST: &str = "permissions_are_told";
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    if let Some((_, folder)) = child::role() {
        child::drop_root();
        let (path, secret) = (folder.join("shop.db"), folder.join("secret.db"));
        assert_eq!(refusal(&path, &Options::new()).kind, StorageFault::ReadOnly);
        let store = Sqlite::open_with(&path, &Options::new().read_only()).unwrap();
        assert_eq!(shop::judge(&store, &[4]), Ok(4));
        child::say(&folder.join("words"), "reading");
        child::await_word(&folder, "written");
        assert_eq!(store.reader().unwrap_err().kind, StorageFault::Reopen);
        assert_eq!(refusal(&folder.join("writable.db"), &Options::new()).kind, StorageFault::ReadOnly);
        assert_eq!(refusal(&secret, &Options::new()).kind, StorageFault::Unopened);
        assert_eq!(refusal(&secret, &Options::new().read_only()).kind, StorageFault::Unopened);
        assert_eq!(refusal(&folder.join("new.db"), &Options::new()).kind, StorageFault::Unopened);
        return;
    }
    let (folder, path) = shop_of(4);
    let secret = folder.path().join("secret.db");
    fs::copy(&path, &secret).unwrap();
    let words = folder.path().join("words");
    fs::create_dir(&words).unwrap();
    mode(&words, 0o777);
    mode(&path, 0o444);
    mode(&secret, 0o000);
    let writable = folder.path().join("writable.db");
    fs::copy(&path, &writable).unwrap();
    mode(&writable, 0o666);
    mode(folder.path(), 0o555);
    let other = child::start(TEST, "another user", folder.path());
    child::await_word(&words, "reading");
    mode(folder.path(), 0o755);
    mode(&path, 0o644);
    let mut store = Sqlite::open(&path).unwrap();
    shop::tap(&mut store, 5).unwrap();
    store.close().unwrap();
    mode(&path, 0o444);
    child::say(folder.path(), "written");
    mode(folder.path(), 0o555);
    other.join();
    mode(folder.path(), 0o755);
}

#[test]
fn a_second_process_waits_and_is_told() {
    const TEST: &str = "a_second_process_waits_and_is_told";
    if let Some((_, folder)) = child::role() {
        let mut store = Sqlite::open(folder.join("shop.db")).unwrap();
        let mut writer = store.writer().unwrap();
        writer.put_offer("HELD", "{}").unwrap();
        child::say(&folder, "writing");
        loop {
            std::thread::sleep(Duration::from_secs(1));
        }
    }
    let (folder, path) = shop_of(1);
    let other = child::start(TEST, "holder", folder.path());
    child::await_word(folder.path(), "writing");
    let mut store =
        Sqlite::open_with(&path, &Options::new().busy_timeout(Duration::from_millis(20))).unwrap();
    assert_eq!(store.writer().unwrap_err().kind, StorageFault::Busy);
    assert_eq!(shop::judge(&store, &[1]), Ok(1), "reading goes on");
    other.kill();
    shop::tap(&mut store, 2).unwrap();
    assert_eq!(store.reader().unwrap().offer("HELD").unwrap(), None, "what was not committed is gone");
    assert_eq!(shop::judge(&store, &[1, 2]), Ok(2));
}

#[test]
fn a_file_of_ones_own_is_busy_for_everybody_else() {
    const TEST: &str = "a_file_of_ones_own_is_busy_for_everybody_else";
    if let Some((_, folder)) = child::role() {
        let mut store = Sqlite::open_with(folder.join("shop.db"), &Options::new().exclusive()).unwrap();
        shop::tap(&mut store, 2).unwrap();
        child::say(&folder, "owning");
        loop {
            std::thread::sleep(Duration::from_secs(1));
        }
    }
    let (folder, path) = shop_of(1);
    let other = child::start(TEST, "owner", folder.path());
    child::await_word(folder.path(), "owning");
    assert!(!folder.path().join("shop.db-shm").exists());
    let hasty = Options::new().busy_timeout(Duration::from_millis(20));
    for options in [hasty.clone(), hasty.clone().read_only(), hasty.clone().exclusive()] {
        assert_eq!(refused(&path, &options), StorageFault::Busy);
    }
    other.kill();
    let mut store = Sqlite::open_with(&path, &hasty.clone().exclusive()).unwrap();
    assert_eq!(shop::judge(&store, &[1, 2]), Ok(2), "what the owner was told is there");
    shop::tap(&mut store, 3).unwrap();
    drop(store);
    // A file that somebody else has open cannot become one's own.
    let mut store = Sqlite::open(&path).unwrap();
    assert_eq!(shop::judge(&store, &[1, 2, 3]), Ok(3));
    assert_eq!(refused(&path, &hasty.exclusive()), StorageFault::Busy);
    shop::tap(&mut store, 4).unwrap();
}

/// SQLite asks no one to wait while a file changes its journal mode, and a new file has to.
#[test]
fn many_may_make_the_file_at_once() {
    for _ in 0..effort(40, 4) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.db");
        let start = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            for n in 0..8 {
                let (path, start) = (&path, &start);
                scope.spawn(move || {
                    start.wait();
                    let mut store =
                        Sqlite::open_with(path, &Options::new().busy_timeout(Duration::from_secs(60)))
                            .unwrap();
                    let mut writer = store.writer().unwrap();
                    writer.put_offer(&format!("OFFER{n}"), "{}").unwrap();
                    writer.commit().unwrap();
                });
            }
        });
        let store = Sqlite::open(&path).unwrap();
        let reader = store.reader().unwrap();
        assert!((0..8).all(|n| reader.offer(&format!("OFFER{n}")).unwrap().is_some()));
    }
}

#[test]
fn two_processes_that_write_in_turn_lose_nothing() {
    const TEST: &str = "two_processes_that_write_in_turn_lose_nothing";
    let count = effort(60, 5);
    let write = |path: &Path, who: &str| {
        let mut store =
            Sqlite::open_with(path, &Options::new().busy_timeout(Duration::from_secs(60))).unwrap();
        for n in 0..count {
            let mut writer = store.writer().unwrap();
            writer.put_offer(&format!("{who}{n}"), "{}").unwrap();
            // Each adds one to what it finds: a lost update would show.
            let sum = writer.offer("SUM").unwrap().map_or(0, |sum| sum.parse::<u64>().unwrap());
            writer.put_offer("SUM", &(sum + 1).to_string()).unwrap();
            writer.commit().unwrap();
            if n % 16 == 0 {
                store.checkpoint().unwrap();
            }
        }
    };
    if let Some((who, folder)) = child::role() {
        return write(&folder.join("shop.db"), &who);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    // Both make the file, too.
    let other = child::start(TEST, "OTHER", folder.path());
    write(&path, "ONE");
    other.join();
    let store = Sqlite::open(&path).unwrap();
    store.integrity_check().unwrap();
    let reader = store.reader().unwrap();
    assert_eq!(reader.offer("SUM").unwrap(), Some((2 * count).to_string()));
    for n in 0..count {
        assert!(reader.offer(&format!("ONE{n}")).unwrap().is_some());
        assert!(reader.offer(&format!("OTHER{n}")).unwrap().is_some());
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_vanishes_is_noticed() {
    type Harm = fn(&Path);
    let harms: [Harm; 3] = [
        |path| fs::remove_file(path).unwrap(),
        |path| fs::rename(path, path.with_extension("old")).unwrap(),
        |path| {
            let copy = path.with_extension("copy");
            fs::copy(path, &copy).unwrap();
            fs::rename(copy, path).unwrap();
        },
    ];
    for harm in harms {
        let (_folder, path) = shop_of(1);
        let mut store = Sqlite::open(&path).unwrap();
        harm(&path);
        assert_eq!(store.writer().unwrap_err().kind, StorageFault::Unopened);

        let (_folder, path) = shop_of(1);
        let mut store = Sqlite::open(&path).unwrap();
        let mut writer = store.writer().unwrap();
        writer.put_offer("CODE", "{}").unwrap();
        harm(&path);
        assert_eq!(writer.commit().unwrap_err().kind, StorageFault::Unopened, "not acknowledged");
        assert_eq!(store.writer().unwrap_err().kind, StorageFault::Reopen);
    }
}

/// Bytes of the file changed, one at a time and in runs: never a panic, never a log that reads otherwise.
#[test]
fn a_damaged_file_is_an_error_or_no_harm_to_the_log() {
    let (folder, path) = shop_of(effort(40, 4));
    let whole = fs::read(&path).unwrap();
    let log = |store: &Sqlite| shop::chain(&store.reader().unwrap(), shop::device(), 1);
    let expected = log(&Sqlite::open(&path).unwrap()).unwrap();
    let damaged = folder.path().join("damaged.db");
    let mut random = Random(3);
    let (mut refused, mut broken, mut harmless) = (0, 0, 0);
    let step = effort(1, 23) as usize;
    for case in (0..700).step_by(step) {
        let mut bytes = whole.clone();
        // The header and the heads of pages byte by byte, then anywhere.
        let at = match case {
            0..100 => case,
            100..300 => (case - 100) / 10 * 4096 + case % 10,
            _ => random.below(bytes.len() as u64),
        } as usize
            % bytes.len();
        let len = if case % 3 == 2 { (1 + random.below(600)) as usize } else { 1 };
        let end = bytes.len().min(at + len);
        bytes[at..end].iter_mut().for_each(|byte| *byte ^= 1 << random.below(8));
        if case % 50 == 49 {
            bytes.truncate(at);
        }
        for tail in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(folder.path().join(format!("damaged.db{tail}")));
        }
        fs::write(&damaged, &bytes).unwrap();
        let store = match Sqlite::open_with(&damaged, &Options::new().durability(Durability::Normal)) {
            Ok(store) => store,
            Err(error) => {
                use StorageFault::{Corrupt, Full, Io, Newer, Unopened};
                assert!(matches!(error.kind, Corrupt | Newer | Io | Full | Unopened), "byte {at}: {error}");
                refused += 1;
                continue;
            }
        };
        let sound = store.integrity_check().is_ok();
        // Questions may fail, and do not panic.
        let _ = shop::judge(&store, &[]);
        match log(&store) {
            Ok(entries) if entries == expected => harmless += 1,
            // Emptied or cut: the file is a new one, or pages are missing, and the check says so.
            Ok(entries) => assert!(!sound || entries.is_empty(), "byte {at}: {} entries", entries.len()),
            Err(_) => broken += 1,
        }
    }
    println!("{refused} refused, {broken} with a broken log, {harmless} without harm to it");
    assert!(step > 1 || (refused > 0 && broken > 0 && harmless > 0), "{refused} {broken} {harmless}");
}

#[test]
fn damage_is_found_at_the_opening_whose_turn_it_is() {
    let (_folder, path) = shop_of(20);
    let options = Options::new().check_every(3);
    // An index that misses a row: every page is well-formed.
    Connection::open(&path)
        .unwrap()
        .execute_batch(
            "PRAGMA writable_schema = ON;
             UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'tag')
             WHERE name = 'log'",
        )
        .unwrap();
    let damage = |path: &Path| Sqlite::open_with(path, &options).and_then(|store| store.integrity_check());
    assert_eq!(damage(&path).unwrap_err().kind, StorageFault::Corrupt);

    let (_folder, path) = shop_of(1);
    let mut found = 0;
    for opening in 0..6 {
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch("PRAGMA ignore_check_constraints = ON; UPDATE identifier SET shared = 7")
            .unwrap();
        drop(connection);
        match Sqlite::open_with(&path, &options) {
            // A rule that does not hold.
            Err(error) => {
                assert_eq!(error.kind, StorageFault::Corrupt);
                found += 1;
                let connection = Connection::open(&path).unwrap();
                connection.execute_batch("UPDATE identifier SET shared = 0").unwrap();
            }
            Ok(_) => assert_ne!(opening, 2, "the third"),
        }
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("UPDATE store SET openings = openings + 1").unwrap();
    }
    assert_eq!(found, 2, "at the third opening and the sixth");
}

#[test]
fn what_stands_where_it_should_not_is_not_repeated_in_the_error() {
    let (_folder, path) = shop_of(1);
    let harm = |sql: &str| Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    harm(
        "UPDATE identifier SET kind = 'Ada Lovelace';
         UPDATE customer SET last_at = -987654321;
         UPDATE mark SET highest = 987654321;
         UPDATE action SET action = '{\"id\":\"Ada Lovelace\"}';
         UPDATE log SET device = x'414141'",
    );
    let store = Sqlite::open(&path).unwrap();
    let reader = store.reader().unwrap();
    let mut errors = vec![reader.entries(0, 10).unwrap_err(), reader.actions(None, 10).unwrap_err()];
    errors.push(reader.each_folded(&mut |_, _| {}).unwrap_err());
    for error in errors {
        assert_eq!(error.kind, StorageFault::Corrupt);
        let text = format!("{error} {error:?}");
        assert!(!text.contains("Ada") && !text.contains("987654321") && !text.contains("414141"), "{text}");
    }
}

#[test]
fn a_copy_is_told_and_a_renamed_file_is_none() {
    let identity = |store: &mut Sqlite, epoch| {
        let mut writer = store.writer().unwrap();
        let identity =
            StoreIdentity { device: shop::device(), epoch, incarnation: [epoch as u8; 16], tenant: [2; 32] };
        writer.put_identity(&identity).unwrap();
        writer.commit().unwrap();
    };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut store = Sqlite::open(path("shop.db")).unwrap();
    assert!(!store.is_copy().unwrap(), "new");
    identity(&mut store, 1);
    store.close().unwrap();
    assert!(!Sqlite::open(path("shop.db")).unwrap().is_copy().unwrap(), "opened again");
    fs::copy(path("shop.db"), path("copy.db")).unwrap();
    let mut copy = Sqlite::open(path("copy.db")).unwrap();
    assert!(copy.is_copy().unwrap());
    drop(copy.writer().unwrap());
    assert!(copy.is_copy().unwrap(), "until it has an identity of its own");
    identity(&mut copy, 2);
    assert!(!copy.is_copy().unwrap());
    #[cfg(unix)]
    {
        fs::rename(path("shop.db"), path("renamed.db")).unwrap();
        assert!(!Sqlite::open(path("renamed.db")).unwrap().is_copy().unwrap());
        // Deleted and copied back: file systems like to give the same inode again.
        fs::copy(path("renamed.db"), path("backup.db")).unwrap();
        fs::remove_file(path("renamed.db")).unwrap();
        fs::copy(path("backup.db"), path("renamed.db")).unwrap();
        assert!(Sqlite::open(path("renamed.db")).unwrap().is_copy().unwrap());
    }
    let forgetful = Options::new().remember_place(false);
    let mut store = Sqlite::open_with(path("forgetful.db"), &forgetful).unwrap();
    identity(&mut store, 1);
    store.close().unwrap();
    fs::copy(path("forgetful.db"), path("second.db")).unwrap();
    assert!(!Sqlite::open(path("second.db")).unwrap().is_copy().unwrap());
}

#[test]
fn equal_transactions_give_equal_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = |name: &str| {
        let path = folder.path().join(name);
        let mut store = Sqlite::open_with(&path, &Options::new().remember_place(false)).unwrap();
        shop::identify(&mut store).unwrap();
        (1..=20).for_each(|n| shop::tap(&mut store, n).unwrap());
        let mut writer = store.writer().unwrap();
        writer.clear_folded().unwrap();
        writer.commit().unwrap();
        store.close().unwrap();
        fs::read(path).unwrap()
    };
    assert!(bytes("one.db") == bytes("two.db"));
}

#[test]
fn what_was_removed_is_nowhere_in_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let mut store = Sqlite::open(&path).unwrap();
    let everywhere = |word: &str| {
        let files = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut all = files.filter_map(|file| fs::read(file).ok());
        all.any(|bytes| bytes.windows(word.len()).any(|window| window == word.as_bytes()))
    };
    let mut writer = store.writer().unwrap();
    for n in 0..200 {
        writer.put_offer(&format!("CODE{n}"), &format!("{{\"phone\":\"MARKED-{n:04}\"}}")).unwrap();
    }
    writer.commit().unwrap();
    store.settle().unwrap();
    assert!(everywhere("MARKED"));
    let mut writer = store.writer().unwrap();
    writer.clear_folded().unwrap();
    writer.commit().unwrap();
    store.settle().unwrap();
    assert!(!everywhere("MARKED"));
}
