//! The helper's process, found by what it has open.

use std::fs;
use std::path::Path;

use rustix::process::Pid;

/// The helper that has this serial port open.
pub(crate) fn with_open(port: &Path) -> Option<Pid> {
    let port = port.canonicalize().ok()?;
    fs::read_dir("/proc").ok()?.find_map(|process| {
        let process = process.ok()?.path();
        let id = process.file_name()?.to_str()?.parse().ok()?;
        let named = fs::read_to_string(process.join("comm")).ok()? == "phygital-nfcd\n";
        let opens = named
            && fs::read_dir(process.join("fd"))
                .ok()?
                .any(|file| file.is_ok_and(|file| fs::read_link(file.path()).is_ok_and(|to| to == port)));
        opens.then(|| Pid::from_raw(id)).flatten()
    })
}
