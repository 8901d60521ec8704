//! The disk that SQLite sees: files, locks and shared memory on the heap, and a list of what was done.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::AtomicU64;

use rusqlite::ffi;

/// An error number of SQLite.
pub(super) type Code = std::ffi::c_int;

/// Files by name.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// One thing that happened to the disk.
#[derive(Clone)]
pub(super) enum Op {
    Create { file: String },
    Write { file: String, at: usize, bytes: Vec<u8> },
    Truncate { file: String, len: usize },
    Sync { file: String },
    Delete { file: String },
    Acknowledge(u64),
}

impl Op {
    pub(super) fn file(&self) -> Option<&String> {
        match self {
            Op::Create { file }
            | Op::Write { file, .. }
            | Op::Truncate { file, .. }
            | Op::Sync { file }
            | Op::Delete { file } => Some(file),
            Op::Acknowledge(_) => None,
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Op::Create { file } => write!(f, "create {file}"),
            Op::Write { file, at, bytes } => write!(f, "write {file} {at}+{}", bytes.len()),
            Op::Truncate { file, len } => write!(f, "truncate {file} to {len}"),
            Op::Sync { file } => write!(f, "sync {file}"),
            Op::Delete { file } => write!(f, "delete {file}"),
            Op::Acknowledge(token) => write!(f, "acknowledge {token}"),
        }
    }
}

/// Carries an operation out. Writing beyond the end fills the gap with zeros, as file systems do.
pub(super) fn apply(files: &mut Files, op: &Op) {
    match op {
        Op::Create { file } => drop(files.entry(file.clone()).or_default()),
        Op::Write { file, at, bytes } => {
            let content = files.entry(file.clone()).or_default();
            let end = at + bytes.len();
            if content.len() < end {
                content.resize(end, 0);
            }
            content[*at..end].copy_from_slice(bytes);
        }
        Op::Truncate { file, len } => files.entry(file.clone()).or_default().resize(*len, 0),
        Op::Delete { file } => drop(files.remove(file)),
        Op::Sync { .. } | Op::Acknowledge(_) => {}
    }
}

/// How an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// `SQLITE_IOERR_*`, or `SQLITE_CANTOPEN` when a file is created.
    Io,
    /// `SQLITE_FULL`, of the next write: nothing else needs space.
    Full,
}

/// How long it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lasting {
    Once,
    FromThenOn,
}

struct Failing {
    /// How many operations succeed before.
    left: u64,
    fault: Fault,
    lasting: Lasting,
    happened: bool,
}

#[derive(Default)]
pub(super) struct Disk {
    /// What a reader sees.
    pub(super) files: Files,
    /// What stood there when the recording began.
    pub(super) base: Files,
    pub(super) ops: Vec<Op>,
    /// How many operations that can fail were tried since then.
    pub(super) mutations: u64,
    failing: Option<Failing>,
    /// The lock that each open file holds, by file and handle.
    locks: BTreeMap<String, BTreeMap<u64, Code>>,
    shared_memory: BTreeMap<String, SharedMemory>,
    /// Handles given out, and how many are open.
    handles: u64,
    pub(super) open: u64,
}

impl Disk {
    pub(super) fn holding(files: Files) -> Disk {
        Disk { base: files.clone(), files, ..Disk::default() }
    }

    pub(super) fn start_recording(&mut self) {
        self.base = self.files.clone();
        self.ops.clear();
        self.mutations = 0;
    }

    pub(super) fn fail(&mut self, nth: u64, fault: Fault, lasting: Lasting) {
        self.failing = Some(Failing { left: nth - 1, fault, lasting, happened: false });
    }

    pub(super) fn heal(&mut self) -> bool {
        self.failing.take().is_some_and(|failing| failing.happened)
    }

    /// Carries an operation out and writes it down, unless it is to fail.
    fn perform(&mut self, op: Op) -> Result<(), Code> {
        self.mutations += 1;
        if let Some(failing) = &mut self.failing
            && !(failing.happened && failing.lasting == Lasting::Once)
        {
            if failing.left > 0 {
                failing.left -= 1;
            } else if let Some(code) = code(failing.fault, &op) {
                failing.happened = true;
                return Err(code);
            }
        }
        apply(&mut self.files, &op);
        self.ops.push(op);
        Ok(())
    }

    /// Opens a file, and makes it where there is none. The number names the handle.
    pub(super) fn open(&mut self, file: &str, create: bool) -> Result<u64, Code> {
        if !self.files.contains_key(file) {
            if !create {
                return Err(ffi::SQLITE_CANTOPEN);
            }
            self.perform(Op::Create { file: file.to_owned() })?;
        }
        self.handles += 1;
        self.open += 1;
        Ok(self.handles)
    }

    /// A name that no file has, for a file without one.
    pub(super) fn temporary_name(&self) -> String {
        format!("/temporary-{}", self.handles)
    }

    pub(super) fn close(&mut self, file: &str, handle: u64) {
        self.unlock(file, handle, ffi::SQLITE_LOCK_NONE);
        self.unmap(file, handle);
        self.open -= 1;
    }

    /// Copies what there is and fills the rest with zeros; whether the file reached that far.
    pub(super) fn read(&self, file: &str, at: usize, into: &mut [u8]) -> bool {
        let content = self.files.get(file).map_or(&[][..], Vec::as_slice);
        let from = content.get(at.min(content.len())..).unwrap_or_default();
        let there = from.len().min(into.len());
        into[..there].copy_from_slice(&from[..there]);
        into[there..].fill(0);
        there == into.len()
    }

    pub(super) fn write(&mut self, file: &str, at: usize, bytes: &[u8]) -> Result<(), Code> {
        self.perform(Op::Write { file: file.to_owned(), at, bytes: bytes.to_vec() })
    }

    pub(super) fn truncate(&mut self, file: &str, len: usize) -> Result<(), Code> {
        self.perform(Op::Truncate { file: file.to_owned(), len })
    }

    pub(super) fn sync(&mut self, file: &str) -> Result<(), Code> {
        self.perform(Op::Sync { file: file.to_owned() })
    }

    pub(super) fn delete(&mut self, file: &str) -> Result<(), Code> {
        if !self.files.contains_key(file) {
            return Err(ffi::SQLITE_IOERR_DELETE_NOENT);
        }
        self.perform(Op::Delete { file: file.to_owned() })
    }

    pub(super) fn len(&self, file: &str) -> Option<usize> {
        self.files.get(file).map(Vec::len)
    }

    /// SQLite's lock ladder: shared, reserved (one writer), pending (no new readers), exclusive.
    pub(super) fn lock(&mut self, file: &str, handle: u64, level: Code) -> Result<(), Code> {
        let locks = self.locks.entry(file.to_owned()).or_default();
        let held = locks.get(&handle).copied().unwrap_or(ffi::SQLITE_LOCK_NONE);
        let others = locks.iter().filter(|(other, _)| **other != handle).map(|(_, held)| *held).max();
        let others = others.unwrap_or(ffi::SQLITE_LOCK_NONE);
        if held >= level {
            return Ok(());
        }
        let refused_above = match level {
            ffi::SQLITE_LOCK_SHARED => ffi::SQLITE_LOCK_RESERVED,
            _ => ffi::SQLITE_LOCK_SHARED,
        };
        if others > refused_above {
            return Err(ffi::SQLITE_BUSY);
        }
        if level == ffi::SQLITE_LOCK_EXCLUSIVE && others > ffi::SQLITE_LOCK_NONE {
            locks.insert(handle, ffi::SQLITE_LOCK_PENDING);
            return Err(ffi::SQLITE_BUSY);
        }
        locks.insert(handle, level);
        Ok(())
    }

    pub(super) fn unlock(&mut self, file: &str, handle: u64, level: Code) {
        if let Some(held) = self.locks.get_mut(file).and_then(|locks| locks.get_mut(&handle)) {
            *held = level.min(*held);
        }
    }

    pub(super) fn is_reserved(&self, file: &str) -> bool {
        self.locks.get(file).is_some_and(|locks| locks.values().any(|held| *held > ffi::SQLITE_LOCK_SHARED))
    }

    /// The address of a region of shared memory, null where it does not exist and `extend` is false.
    pub(super) fn map(
        &mut self,
        file: &str,
        handle: u64,
        region: usize,
        bytes: usize,
        extend: bool,
    ) -> *mut u8 {
        let memory = self.shared_memory.entry(file.to_owned()).or_default();
        memory.users.insert(handle);
        while extend && memory.regions.len() <= region {
            memory.regions.push((0..bytes / 8).map(|_| AtomicU64::new(0)).collect());
        }
        // Through an atomic's own cell, so that SQLite may write there while we hold a reference.
        memory.regions.get(region).map_or(std::ptr::null_mut(), |words| words.as_ptr().cast_mut().cast())
    }

    pub(super) fn lock_shared_memory(
        &mut self,
        file: &str,
        handle: u64,
        slots: std::ops::Range<usize>,
        flags: Code,
    ) -> Result<(), Code> {
        let slots = &mut self.shared_memory.entry(file.to_owned()).or_default().slots[slots];
        if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
            slots.iter_mut().for_each(|slot| slot.release(handle));
            return Ok(());
        }
        let exclusive = flags & ffi::SQLITE_SHM_EXCLUSIVE != 0;
        let taken = |slot: &Slot| {
            slot.exclusive.is_some_and(|holder| holder != handle)
                || (exclusive && slot.shared.iter().any(|holder| *holder != handle))
        };
        if slots.iter().any(taken) {
            return Err(ffi::SQLITE_BUSY);
        }
        for slot in slots {
            if exclusive {
                slot.exclusive = Some(handle);
            } else {
                slot.shared.insert(handle);
            }
        }
        Ok(())
    }

    /// Lets go of shared memory; with its last user it is gone, as the WAL index is after a restart.
    pub(super) fn unmap(&mut self, file: &str, handle: u64) {
        if let Some(memory) = self.shared_memory.get_mut(file) {
            memory.slots.iter_mut().for_each(|slot| slot.release(handle));
            memory.users.remove(&handle);
            if memory.users.is_empty() {
                self.shared_memory.remove(file);
            }
        }
    }
}

/// The code with which an operation fails, if this fault can meet it.
fn code(fault: Fault, op: &Op) -> Option<Code> {
    match (fault, op) {
        (_, Op::Acknowledge(_)) => None,
        (Fault::Full, Op::Write { .. }) => Some(ffi::SQLITE_FULL),
        (Fault::Full, _) => None,
        (Fault::Io, Op::Create { .. }) => Some(ffi::SQLITE_CANTOPEN),
        (Fault::Io, Op::Write { .. }) => Some(ffi::SQLITE_IOERR_WRITE),
        (Fault::Io, Op::Truncate { .. }) => Some(ffi::SQLITE_IOERR_TRUNCATE),
        (Fault::Io, Op::Sync { .. }) => Some(ffi::SQLITE_IOERR_FSYNC),
        (Fault::Io, Op::Delete { .. }) => Some(ffi::SQLITE_IOERR_DELETE),
    }
}

/// The WAL index of one database.
#[derive(Default)]
struct SharedMemory {
    regions: Vec<Box<[AtomicU64]>>,
    users: BTreeSet<u64>,
    slots: [Slot; ffi::SQLITE_SHM_NLOCK as usize],
}

/// One of its eight locks.
#[derive(Default)]
struct Slot {
    shared: BTreeSet<u64>,
    exclusive: Option<u64>,
}

impl Slot {
    fn release(&mut self, handle: u64) {
        self.shared.remove(&handle);
        if self.exclusive == Some(handle) {
            self.exclusive = None;
        }
    }
}
