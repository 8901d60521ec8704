//! The file of a journal: made at once or not at all, every line on the disk before it counts.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use phygital_core::tap::personalise::{JOURNAL_BYTES_MAX, Journal};
use phygital_core::vocab::TagUid;

use crate::failure::Failure;
use crate::settings::name;
use crate::text_file;

/// An open journal, which no other process has open.
#[derive(Debug)]
pub(crate) struct JournalFile {
    path: PathBuf,
    file: File,
}

impl JournalFile {
    /// Makes the file with its first line. It is there whole, or not at all.
    ///
    /// # Errors
    /// Another one is there.
    pub(crate) fn create(path: &Path, header: &str) -> Result<JournalFile, Failure> {
        let failed = |error: io::Error| Failure::io(&name(path), &error);
        if let Some(folder) = folder(path)
            && !folder.exists()
        {
            fs::create_dir_all(folder).map_err(failed)?;
            sync_folder(folder).map_err(failed)?;
        }
        let draft = added(path, &format!("{}.new", std::process::id()));
        let made = write_new(&draft, header).and_then(|file| {
            // Fails where another one is there, which a renaming would replace.
            fs::hard_link(&draft, path)?;
            Ok(file)
        });
        let removed = fs::remove_file(&draft);
        let file = made.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => unfinished(path),
            _ => failed(error),
        })?;
        removed.map_err(failed)?;
        sync_folder(folder(path).unwrap_or(Path::new("."))).map_err(failed)?;
        Self::locked(path, file)
    }

    /// Opens the file and reads it; a last line that was cut off is taken away.
    pub(crate) fn open(path: &Path) -> Result<(Journal, JournalFile), Failure> {
        let failed = |error: io::Error| Failure::io(&name(path), &error);
        let bad = |what: &str| Failure::misuse("bad_journal", format!("{}: {what}", name(path)));
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
        let mut this = Self::locked(path, file)?;
        let text = text_file::read_open(&this.file, path, JOURNAL_BYTES_MAX as u64, bad)?;
        let journal = Journal::parse(&text).map_err(|error| bad(&error.to_string()))?;
        let whole = journal.text();
        if !text.starts_with(&whole) {
            return Err(bad("expected the lines as they were written"));
        }
        let end = whole.len() as u64;
        this.file.set_len(end).and_then(|()| this.file.sync_all()).map_err(failed)?;
        this.file.seek(SeekFrom::Start(end)).map_err(failed)?;
        Ok((journal, this))
    }

    /// Appends a line; it is on the disk when this returns.
    pub(crate) fn append(&mut self, line: &str) -> Result<(), Failure> {
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data());
        written.map_err(|error| Failure::io(&name(&self.path), &error))
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn locked(path: &Path, file: File) -> Result<JournalFile, Failure> {
        match file.try_lock() {
            Ok(()) => Ok(JournalFile { path: path.to_path_buf(), file }),
            Err(fs::TryLockError::WouldBlock) => {
                Err(Failure::failed("busy", format!("{}: another process has this journal", name(path))))
            }
            Err(fs::TryLockError::Error(error)) => Err(Failure::io(&name(path), &error)),
        }
    }
}

/// Where the journal of a tag lies unless it was said.
pub(crate) fn beside(db: &Path, uid: TagUid) -> PathBuf {
    db.parent().unwrap_or(Path::new("")).join("journals").join(format!("{uid}.jsonl"))
}

/// Keeps the journal of what is finished under another name, which ends in the first free number.
pub(crate) fn put_aside(path: &Path) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::io(&name(path), &error);
    for number in 1..=u16::MAX {
        let kept = added(path, &number.to_string());
        match fs::hard_link(path, &kept) {
            Ok(()) => {
                fs::remove_file(path).map_err(failed)?;
                return sync_folder(folder(path).unwrap_or(Path::new("."))).map_err(failed);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Err(unfinished(path))
}

fn unfinished(path: &Path) -> Failure {
    Failure::no(
        "unfinished",
        format!("{}: there is a journal already; `phygital tag recover` goes on with it", name(path)),
    )
}

/// The path with a dot and this behind it.
fn added(path: &Path, end: &str) -> PathBuf {
    let mut added = path.as_os_str().to_owned();
    added.push(".");
    added.push(end);
    added.into()
}

fn folder(path: &Path) -> Option<&Path> {
    path.parent().filter(|folder| !folder.as_os_str().is_empty())
}

/// Nobody else reads it: it holds no key, but says which tags have which.
fn write_new(path: &Path, text: &str) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(file)
}

/// Makes names durable. Windows has no such call, and needs none.
fn sync_folder(folder: &Path) -> io::Result<()> {
    match cfg!(unix) {
        true => File::open(folder)?.sync_all(),
        false => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use phygital_core::tap::personalise::{Entry, Plan, Step};
    use phygital_core::vocab::Digest;

    use super::*;

    fn journal() -> Journal {
        Journal::begin(Plan::new(TagUid::new([4; 7]), Digest::from_bytes([1; 32])))
    }

    #[test]
    fn a_journal_is_there_whole_and_goes_on_where_it_was_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = beside(&folder.path().join("shop.db"), TagUid::new([4; 7]));
        let mut journal = journal();
        let mut file = JournalFile::create(&path, &journal.header()).unwrap();
        assert_eq!(JournalFile::open(&path).unwrap_err().kind, "busy");
        let line = journal.record(Entry::Intended(Step::GetVersion)).unwrap();
        file.append(&line).unwrap();
        file.append(&line[..5]).unwrap();
        drop(file);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft is left");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let (read, mut file) = JournalFile::open(&path).unwrap();
        assert_eq!(read.entries(), journal.entries());
        assert_eq!(fs::read_to_string(&path).unwrap(), journal.text());
        let line = journal.record(Entry::Confirmed(Step::GetVersion)).unwrap();
        file.append(&line).unwrap();
        drop(file);
        assert_eq!(fs::read_to_string(&path).unwrap(), journal.text());
    }

    #[test]
    fn no_journal_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tag.jsonl");
        drop(JournalFile::create(&path, &journal().header()).unwrap());
        assert_eq!(JournalFile::create(&path, "{}\n").unwrap_err().kind, "unfinished");
        put_aside(&path).unwrap();
        drop(JournalFile::create(&path, &journal().header()).unwrap());
        put_aside(&path).unwrap();
        let kept =
            |number: u8| fs::read_to_string(folder.path().join(format!("tag.jsonl.{number}"))).unwrap();
        assert_eq!([kept(1), kept(2)], [journal().header(), journal().header()]);
        fs::write(&path, "{\"journal\":2}\n").unwrap();
        assert_eq!(JournalFile::open(&path).unwrap_err().kind, "bad_journal");
    }
}
