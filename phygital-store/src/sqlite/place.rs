//! Where the file lies: whether it is still there, and whether it is a copy.

use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use phygital_core::store::{StorageError, StorageFault, Stored};

use super::opening::OPENING;
use super::options::Access;

/// The file of an open store.
pub(super) struct Place {
    /// Its path and what it was there when it was opened; `None` where that cannot be told.
    file: Option<(PathBuf, FileId)>,
    fingerprint: Option<String>,
    /// Length and time of change of a file that was opened as one that does not change.
    unchanging: Option<(u64, SystemTime)>,
}

/// A file on one machine while it runs. Empty where the system does not say.
type FileId = Option<(u64, u64)>;

impl Place {
    /// The place of a file that was just opened.
    pub(super) fn of(path: PathBuf, remembers: bool, unchanging: bool) -> Place {
        let Ok(metadata) = fs::metadata(&path) else { return Place::unknown() };
        let fingerprint = remembers.then(|| fingerprint(&path, &metadata));
        let unchanging = if unchanging { change(&metadata) } else { None };
        Place { file: Some((path, file_id(&metadata))), fingerprint, unchanging }
    }

    /// A place on a file system that is not the machine's.
    pub(super) fn unknown() -> Place {
        Place { file: None, fingerprint: None, unchanging: None }
    }

    /// What the file remembers of its place.
    pub(super) fn fingerprint(&self) -> Option<&str> {
        self.fingerprint.as_deref()
    }

    /// Refuses to go on with a file that was deleted, moved or replaced: SQLite would write on into one that
    /// nobody finds again.
    pub(super) fn check_unmoved(&self, doing: &'static str) -> Stored<()> {
        let Some((path, Some(opened))) = &self.file else { return Ok(()) };
        match fs::metadata(path) {
            Ok(metadata) if file_id(&metadata) == Some(*opened) => Ok(()),
            _ => {
                let detail = "the file was deleted, moved or replaced since it was opened";
                Err(StorageError::new(StorageFault::Unopened, doing, detail))
            }
        }
    }

    /// Refuses to read on in a file that was opened as one that does not change, and did.
    pub(super) fn check_unchanged(&self, doing: &'static str) -> Stored<()> {
        let (Some(before), Some((path, _))) = (self.unchanging, &self.file) else { return Ok(()) };
        if fs::metadata(path).ok().and_then(|metadata| change(&metadata)) == Some(before) {
            return Ok(());
        }
        let detail = "somebody wrote to the file, which could not be shared when it was opened";
        Err(StorageError::new(StorageFault::Reopen, doing, detail))
    }
}

fn change(metadata: &Metadata) -> Option<(u64, SystemTime)> {
    Some((metadata.len(), metadata.modified().ok()?))
}

/// The path in full, so that no name is special to SQLite (`:memory:`) and a change of folder changes nothing.
pub(super) fn absolute(path: &Path) -> Stored<PathBuf> {
    std::path::absolute(path)
        .map_err(|error| StorageError::new(StorageFault::Unopened, OPENING, format!("the path: {error}")))
}

/// Says in plain words what SQLite would call "unable to open database file".
pub(super) fn check(path: &Path, access: Access) -> Stored<()> {
    let unopened = |detail: &str| Err(StorageError::new(StorageFault::Unopened, OPENING, detail));
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => unopened("there is a folder of that name"),
        Ok(metadata) if metadata.len() == 0 && access != Access::Create => unopened("the file is empty"),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            if !path.parent().is_some_and(Path::is_dir) {
                unopened("there is no such folder")
            } else if access == Access::Create {
                Ok(())
            } else {
                unopened("there is no such file")
            }
        }
        Err(error) => unopened(&format!("the file: {error}")),
    }
}

/// The file as a URI that tells SQLite of a file that does not change; `None` where somebody has it open, or left
/// it with a write-ahead log.
#[cfg(unix)]
pub(super) fn unchanging(path: &Path) -> Option<String> {
    use std::os::unix::ffi::OsStrExt;
    for tail in ["-wal", "-shm"] {
        let mut beside = path.as_os_str().to_owned();
        beside.push(tail);
        if fs::exists(beside).unwrap_or(true) {
            return None;
        }
    }
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                uri.push(char::from(*byte))
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    Some(uri + "?immutable=1")
}

#[cfg(not(unix))]
pub(super) fn unchanging(_path: &Path) -> Option<String> {
    None
}

#[cfg(unix)]
fn file_id(metadata: &Metadata) -> FileId {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn file_id(_metadata: &Metadata) -> FileId {
    None // an open file cannot be deleted there
}

/// What tells a file from its copies, and stays when the machine starts anew or the file is renamed. Numbers of
/// devices are given out anew at each start on some systems, so they serve only where a file has no birth.
#[cfg(unix)]
fn fingerprint(_path: &Path, metadata: &Metadata) -> String {
    use std::os::unix::fs::MetadataExt;
    let born = metadata.created().ok().and_then(|born| born.duration_since(SystemTime::UNIX_EPOCH).ok());
    match born {
        Some(born) => format!("inode {} born {}", metadata.ino(), born.as_nanos()),
        None => format!("device {} inode {}", metadata.dev(), metadata.ino()),
    }
}

#[cfg(not(unix))]
fn fingerprint(path: &Path, _metadata: &Metadata) -> String {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    format!("path {}", path.display())
}
