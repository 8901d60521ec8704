//! The C side of [`CrashFs`](super::crashfs::CrashFs): SQLite's calls, turned into calls of a [`Disk`].
//!
//! SQLite's contract (<https://www.sqlite.org/c3ref/vfs.html>, `io_methods.html`) is what every `unsafe` here
//! leans on: names end with NUL, buffers are as long as said, a file is used between `xOpen` and `xClose`
//! alone, and by one thread at a time.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;
use std::slice;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::ffi;

use super::disk::{Code, Disk};

/// A registered VFS. Dropping it takes it out of SQLite again.
pub(super) struct Vfs {
    raw: *mut ffi::sqlite3_vfs,
    name: CString,
    disk: Arc<Mutex<Disk>>,
}

impl Vfs {
    /// Registers the disk under `name` and a number, since the tests of one process share SQLite's list.
    pub(super) fn register(name: &str, disk: &Arc<Mutex<Disk>>) -> Vfs {
        static REGISTERED: AtomicU64 = AtomicU64::new(0);
        let number = REGISTERED.fetch_add(1, Ordering::Relaxed);
        let name = CString::new(format!("{name}-{number}")).expect("a name without NUL");
        let raw = Box::into_raw(Box::new(ffi::sqlite3_vfs {
            iVersion: 2,
            szOsFile: size_of::<File>() as c_int,
            mxPathname: 512,
            pNext: ptr::null_mut(),
            zName: name.as_ptr(),
            pAppData: Arc::as_ptr(disk).cast_mut().cast(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_pathname),
            xDlOpen: None,
            xDlError: None,
            xDlSym: None,
            xDlClose: None,
            xRandomness: Some(randomness),
            xSleep: Some(sleep),
            xCurrentTime: None,
            xGetLastError: None,
            xCurrentTimeInt64: Some(current_time),
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
        }));
        // SAFETY: `raw`, the name and the disk behind `pAppData` live until `drop` has unregistered it.
        let code = unsafe { ffi::sqlite3_vfs_register(raw, 0) };
        assert_eq!(code, ffi::SQLITE_OK, "sqlite3_vfs_register");
        Vfs { raw, name, disk: Arc::clone(disk) }
    }

    pub(super) fn name(&self) -> &str {
        self.name.to_str().expect("made from a str")
    }
}

impl Drop for Vfs {
    fn drop(&mut self) {
        // SAFETY: registered by `register`, once.
        unsafe { ffi::sqlite3_vfs_unregister(self.raw) };
        let open = self.disk.lock().unwrap_or_else(PoisonError::into_inner).open;
        if open > 0 {
            // A connection still points here, so what it points at must stay.
            std::mem::forget((Arc::clone(&self.disk), std::mem::take(&mut self.name)));
            assert!(std::thread::panicking(), "{open} files are still open on this disk");
            return;
        }
        // SAFETY: made by `Box::into_raw`; SQLite has let go of it and no file of it is open.
        drop(unsafe { Box::from_raw(self.raw) });
    }
}

/// What SQLite allocates for an open file: its own head, then ours.
#[repr(C)]
struct File {
    head: ffi::sqlite3_file,
    handle: *mut Handle,
}

struct Handle {
    disk: Arc<Mutex<Disk>>,
    number: u64,
    name: String,
    delete_on_close: bool,
}

impl Handle {
    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// # Safety
/// `file` was opened by [`open`] and not yet closed.
unsafe fn handle<'a>(file: *mut ffi::sqlite3_file) -> &'a Handle {
    // SAFETY: `open` put a boxed handle there, which `close` alone frees.
    unsafe { &*(*file.cast::<File>()).handle }
}

/// # Safety
/// `vfs` was made by [`Vfs::register`] and is registered.
unsafe fn disk_of<'a>(vfs: *mut ffi::sqlite3_vfs) -> MutexGuard<'a, Disk> {
    // SAFETY: `pAppData` points into the `Arc` that the `Vfs` keeps as long as it is registered.
    let disk = unsafe { &*(*vfs).pAppData.cast::<Mutex<Disk>>() };
    disk.lock().unwrap_or_else(PoisonError::into_inner)
}

/// # Safety
/// `name` ends with NUL.
unsafe fn text(name: *const c_char) -> String {
    // SAFETY: as the caller says.
    unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned()
}

fn status(result: Result<(), Code>) -> c_int {
    result.err().unwrap_or(ffi::SQLITE_OK)
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: a VFS of ours; the `Arc` is alive, so counting it up once more is sound.
    let disk = unsafe {
        let disk = (*vfs).pAppData.cast::<Mutex<Disk>>().cast_const();
        Arc::increment_strong_count(disk);
        Arc::from_raw(disk)
    };
    // SAFETY: `file` has room for `szOsFile` bytes; no methods means that there is nothing to close.
    unsafe { (*file).pMethods = ptr::null() };
    let name = if name.is_null() {
        disk.lock().unwrap_or_else(PoisonError::into_inner).temporary_name()
    } else {
        // SAFETY: a name of SQLite's.
        unsafe { text(name) }
    };
    let opened =
        disk.lock().unwrap_or_else(PoisonError::into_inner).open(&name, flags & ffi::SQLITE_OPEN_CREATE != 0);
    let number = match opened {
        Ok(number) => number,
        Err(code) => return code,
    };
    let delete_on_close = flags & ffi::SQLITE_OPEN_DELETEONCLOSE != 0;
    let handle = Box::into_raw(Box::new(Handle { disk, number, name, delete_on_close }));
    // SAFETY: as above; `out_flags` may be null.
    unsafe {
        (*file.cast::<File>()).handle = handle;
        (*file).pMethods = &raw const METHODS;
        if !out_flags.is_null() {
            *out_flags = flags;
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: an open file, and the last use of it: the handle goes, and with it the way to it.
    let handle = unsafe {
        (*file).pMethods = ptr::null();
        Box::from_raw((*file.cast::<File>()).handle)
    };
    handle.disk().close(&handle.name, handle.number);
    if handle.delete_on_close { status(handle.disk().delete(&handle.name)) } else { ffi::SQLITE_OK }
}

unsafe extern "C" fn delete(vfs: *mut ffi::sqlite3_vfs, name: *const c_char, _sync_dir: c_int) -> c_int {
    // SAFETY: a VFS of ours and a name of SQLite's.
    let (mut disk, name) = unsafe { (disk_of(vfs), text(name)) };
    status(disk.delete(&name))
}

unsafe extern "C" fn access(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: a VFS of ours and a name of SQLite's.
    let (disk, name) = unsafe { (disk_of(vfs), text(name)) };
    // As in SQLite's own VFS for Unix, an empty file does not count as one that exists.
    let there = disk.len(&name).is_some_and(|len| len > 0 || flags != ffi::SQLITE_ACCESS_EXISTS);
    // SAFETY: `out` is SQLite's.
    unsafe { *out = c_int::from(there) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn full_pathname(
    _vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: a name of SQLite's.
    let name = unsafe { CStr::from_ptr(name) }.to_bytes_with_nul();
    if name.len() > room as usize {
        return ffi::SQLITE_CANTOPEN;
    }
    // SAFETY: `out` has `room` bytes, and the two do not overlap.
    unsafe { ptr::copy_nonoverlapping(name.as_ptr(), out.cast(), name.len()) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn randomness(_vfs: *mut ffi::sqlite3_vfs, bytes: c_int, out: *mut c_char) -> c_int {
    // SAFETY: `out` has that many bytes. SQLite asks its default VFS for chance, so this is hardly called.
    unsafe { ptr::write_bytes(out, 0x42, bytes as usize) };
    bytes
}

unsafe extern "C" fn sleep(_vfs: *mut ffi::sqlite3_vfs, microseconds: c_int) -> c_int {
    std::thread::sleep(Duration::from_micros(microseconds.unsigned_abs().into()));
    microseconds
}

unsafe extern "C" fn current_time(_vfs: *mut ffi::sqlite3_vfs, out: *mut ffi::sqlite3_int64) -> c_int {
    // SAFETY: `out` is SQLite's. Milliseconds of the Julian day: 2026-01-01, always, so that runs are equal.
    unsafe { *out = 212_634_028_800_000 };
    ffi::SQLITE_OK
}

/// Not mappable (version 2), or writes could go past the recording.
static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, into: *mut c_void, len: c_int, at: i64) -> c_int {
    // SAFETY: an open file, and a buffer of `len` bytes that nobody else looks at meanwhile. They may be
    // uninitialised, so they are written before a reference to them is made.
    let (handle, into) = unsafe {
        ptr::write_bytes(into.cast::<u8>(), 0, len as usize);
        (handle(file), slice::from_raw_parts_mut(into.cast::<u8>(), len as usize))
    };
    let whole = handle.disk().read(&handle.name, at as usize, into);
    if whole { ffi::SQLITE_OK } else { ffi::SQLITE_IOERR_SHORT_READ }
}

unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, from: *const c_void, len: c_int, at: i64) -> c_int {
    // SAFETY: an open file, and `len` bytes to read.
    let (handle, bytes) = unsafe { (handle(file), slice::from_raw_parts(from.cast::<u8>(), len as usize)) };
    status(handle.disk().write(&handle.name, at as usize, bytes))
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, len: i64) -> c_int {
    // SAFETY: an open file.
    let handle = unsafe { handle(file) };
    status(handle.disk().truncate(&handle.name, len as usize))
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: an open file.
    let handle = unsafe { handle(file) };
    status(handle.disk().sync(&handle.name))
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, out: *mut i64) -> c_int {
    // SAFETY: an open file, and `out` is SQLite's.
    unsafe {
        let handle = handle(file);
        *out = handle.disk().len(&handle.name).unwrap_or(0) as i64;
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: an open file.
    let handle = unsafe { handle(file) };
    status(handle.disk().lock(&handle.name, handle.number, level))
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: an open file.
    let handle = unsafe { handle(file) };
    handle.disk().unlock(&handle.name, handle.number, level);
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_reserved_lock(file: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: an open file, and `out` is SQLite's.
    unsafe {
        let handle = handle(file);
        *out = c_int::from(handle.disk().is_reserved(&handle.name));
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_control(_file: *mut ffi::sqlite3_file, _op: c_int, _arg: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

/// This and the next are what SQLite's own VFS for Unix answers, so that it writes as it does there.
unsafe extern "C" fn sector_size(_file: *mut ffi::sqlite3_file) -> c_int {
    4096
}

unsafe extern "C" fn device_characteristics(_file: *mut ffi::sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    region: c_int,
    bytes: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    // SAFETY: an open file, and `out` is SQLite's. The memory stays until the last user has unmapped it.
    unsafe {
        let handle = handle(file);
        let mut disk = handle.disk();
        *out = disk.map(&handle.name, handle.number, region as usize, bytes as usize, extend != 0).cast();
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn shm_lock(file: *mut ffi::sqlite3_file, offset: c_int, n: c_int, flags: c_int) -> c_int {
    // SAFETY: an open file.
    let handle = unsafe { handle(file) };
    let slots = offset as usize..(offset + n) as usize;
    status(handle.disk().lock_shared_memory(&handle.name, handle.number, slots, flags))
}

unsafe extern "C" fn shm_barrier(_file: *mut ffi::sqlite3_file) {
    fence(Ordering::SeqCst);
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, _delete: c_int) -> c_int {
    // SAFETY: an open file.
    let handle = unsafe { handle(file) };
    handle.disk().unmap(&handle.name, handle.number);
    ffi::SQLITE_OK
}
