//! SQLite on a disk in memory, and the disks that a power cut would leave of it.
//!
//! A [`CrashFs`] registers a SQLite VFS that keeps its files in memory and writes down every create, write,
//! truncate, sync and delete of a run, with the points at which the program under test acknowledged
//! something. [`CrashFs::images`] then goes through that list and, after each operation, gives what the
//! disk could hold if the power failed there:
//!
//! - what was synced is there, and a file that was synced once has its name;
//! - of what was written since, each write is there, absent, or torn at 512-byte sectors, whatever
//!   became of the others (so later ones may survive earlier ones); a truncation took place or did not;
//! - a delete took place at once;
//! - shared memory (the WAL index) is gone, as memory is.
//!
//! Of the images of one point the first has lost all that was not synced and the second has kept it all (which is
//! also what a killed process leaves); the rest are drawn from the seed. SQLite's VFS has no rename, so there
//! is none here.
//!
//! ```ignore
//! let fs = CrashFs::new("power");
//! fs.record(|path| {
//!     let mut store = Sqlite::open(path).unwrap();
//!     for event in &events {
//!         store.append(event).unwrap();
//!         fs.acknowledge(event.id);
//!     }
//! });
//! for (image, acked) in fs.images(seed, 4) {
//!     let disk = image.mount("judge");
//!     let store = Sqlite::open(disk.path()).unwrap();
//!     assert!(contains_all(&store, &acked), "{image}");
//! }
//! ```
//!
//! [`CrashFs::fail`] makes one operation fail instead: the disk is full, or gives an I/O error.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Random;
use super::disk::{Disk, Files, Op, apply};
pub(crate) use super::disk::{Fault, Lasting};
use super::vfs::Vfs;

/// The file that [`CrashFs::path`] names.
pub(crate) const FILE: &str = "/shop.db";

/// A disk in memory, registered with SQLite under a name until it is dropped.
pub(crate) struct CrashFs {
    disk: Arc<Mutex<Disk>>,
    vfs: Vfs,
    path: String,
}

impl CrashFs {
    /// An empty disk. `name` shows in error messages and stands in a URI: letters, digits, `-`.
    pub(crate) fn new(name: &str) -> CrashFs {
        CrashFs::holding(name, Files::new())
    }

    fn holding(name: &str, files: Files) -> CrashFs {
        assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'), "name {name:?}");
        let disk = Arc::new(Mutex::new(Disk::holding(files)));
        let vfs = Vfs::register(name, &disk);
        let path = format!("file:{FILE}?vfs={}", vfs.name());
        CrashFs { disk, vfs, path }
    }

    /// The database as a URI, for `Connection::open` and whatever opens with `SQLITE_OPEN_URI`.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The name of the VFS, for `open_with_flags_and_vfs` with the path [`FILE`].
    pub(crate) fn name(&self) -> &str {
        self.vfs.name()
    }

    /// Runs the program under test and writes down what it does to the disk. What stands on the disk before
    /// counts as synced; a recording made before is forgotten.
    pub(crate) fn record<T>(&self, run: impl FnOnce(&str) -> T) -> T {
        self.disk().start_recording();
        run(&self.path)
    }

    /// Says that from here on the program under test has promised `token`.
    pub(crate) fn acknowledge(&self, token: u64) {
        self.disk().ops.push(Op::Acknowledge(token));
    }

    /// How many operations could have failed since the recording began; see [`CrashFs::fail`].
    pub(crate) fn mutations(&self) -> u64 {
        self.disk().mutations
    }

    /// Makes the `nth` creation, write, truncation, sync or deletion from now on fail (the first is 1).
    pub(crate) fn fail(&self, nth: u64, fault: Fault, lasting: Lasting) {
        self.disk().fail(nth, fault, lasting);
    }

    /// Takes back what [`CrashFs::fail`] asked for. Whether it came to that.
    pub(crate) fn heal(&self) -> bool {
        self.disk().heal()
    }

    /// What is on the disk now: the state that a killed process leaves.
    pub(crate) fn image(&self) -> Image {
        Image { files: self.disk().files.clone(), label: "the disk as it is".to_owned() }
    }

    /// For each crash point of the recording up to `per_point` disks, each with the tokens acknowledged by then.
    pub(crate) fn images(&self, seed: u64, per_point: u64) -> Images {
        let disk = self.disk();
        Images {
            ops: disk.ops.clone(),
            synced: disk.base.clone(),
            pending: Vec::new(),
            acked: Vec::new(),
            point: 0,
            nth: 0,
            per_point,
            seed,
        }
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a disk holds after a power cut. Prints how it came about, so that a failure can be had again.
#[derive(Clone)]
pub(crate) struct Image {
    files: Files,
    label: String,
}

impl Image {
    /// Puts the disk into a machine again.
    pub(crate) fn mount(&self, name: &str) -> CrashFs {
        CrashFs::holding(name, self.files.clone())
    }

    /// Changes a byte of a file, for tests of damage. Whether the file reaches that far.
    pub(crate) fn flip(&mut self, file: &str, at: usize) -> bool {
        let byte = self.files.get_mut(file).and_then(|bytes| bytes.get_mut(at));
        byte.map(|byte| *byte ^= 0x5a).is_some()
    }

    /// The bytes of a file.
    pub(crate) fn file(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(Vec::as_slice)
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [", self.label)?;
        for (name, bytes) in &self.files {
            write!(f, " {name}:{}", bytes.len())?;
        }
        write!(f, " ]")
    }
}

/// The disks of [`CrashFs::images`], in the order of the crash points.
pub(crate) struct Images {
    ops: Vec<Op>,
    /// What is certain at this point.
    synced: Files,
    /// What was done since and not synced, in order.
    pending: Vec<Op>,
    acked: Vec<u64>,
    /// How many operations lie before this point.
    point: usize,
    /// Which image of this point comes next.
    nth: u64,
    per_point: u64,
    seed: u64,
}

impl Iterator for Images {
    type Item = (Image, Vec<u64>);

    fn next(&mut self) -> Option<Self::Item> {
        // With nothing unsynced, all images of a point are one.
        let images_here = if self.pending.is_empty() { 1.min(self.per_point) } else { self.per_point };
        if self.nth >= images_here {
            self.advance(self.ops.get(self.point)?.clone());
            self.point += 1;
            self.nth = 0;
        }
        let image = self.image();
        self.nth += 1;
        Some((image, self.acked.clone()))
    }
}

impl Images {
    /// Lets one operation happen.
    fn advance(&mut self, op: Op) {
        match op {
            Op::Acknowledge(token) => self.acked.push(token),
            Op::Sync { file } => {
                let (done, rest): (Vec<Op>, Vec<Op>) =
                    std::mem::take(&mut self.pending).into_iter().partition(|op| op.file() == Some(&file));
                self.pending = rest;
                done.iter().for_each(|op| apply(&mut self.synced, op));
            }
            Op::Delete { file } => {
                self.pending.retain(|op| op.file() != Some(&file));
                self.synced.remove(&file);
            }
            op => self.pending.push(op),
        }
    }

    /// The disk of this point and number.
    fn image(&self) -> Image {
        let mut random = Random(self.seed ^ Random(self.point as u64).next() ^ self.nth);
        let mut files = self.synced.clone();
        let mut nameless = BTreeMap::new();
        for op in &self.pending {
            let kept = match self.nth {
                0 => Kept::None,
                1 => Kept::All,
                _ => [Kept::None, Kept::All, Kept::Torn][random.below(3) as usize],
            };
            let file = op.file().expect("acknowledgements are never pending");
            match (op, kept) {
                // Whatever is written into a file whose name did not reach the disk is lost with it.
                (Op::Create { .. }, Kept::None) => drop(nameless.insert(file.clone(), ())),
                _ if nameless.contains_key(file) => {}
                (_, Kept::None) => {}
                (Op::Write { at, bytes, .. }, Kept::Torn) => {
                    for (at, sector) in sectors(*at, bytes) {
                        if random.below(2) == 0 {
                            let bytes = sector.to_vec();
                            apply(&mut files, &Op::Write { file: file.clone(), at, bytes });
                        }
                    }
                }
                _ => apply(&mut files, op),
            }
        }
        let last = match self.point.checked_sub(1) {
            Some(last) => self.ops[last].to_string(),
            None => "nothing".to_owned(),
        };
        let label = format!(
            "seed {}, point {} of {} (after {last}), image {}",
            self.seed,
            self.point,
            self.ops.len(),
            self.nth
        );
        Image { files, label }
    }
}

/// What becomes of an operation that was not synced.
#[derive(Clone, Copy)]
enum Kept {
    None,
    All,
    Torn,
}

/// Disks of today write 512 bytes at once or not at all; larger sectors only lose less.
const SECTOR: usize = 512;

/// Cuts a write where the disk's sectors end.
fn sectors(at: usize, bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let head = (SECTOR - at % SECTOR).min(bytes.len());
    let (first, rest) = bytes.split_at(head);
    let tail = rest.chunks(SECTOR).enumerate().map(move |(n, part)| (at + head + n * SECTOR, part));
    std::iter::once((at, first)).chain(tail)
}
