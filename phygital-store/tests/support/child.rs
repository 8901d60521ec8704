//! The test program once more, as another process that one test plays against.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const DIR: &str = "PHYGITAL_TEST_CHILD_DIR";
const ROLE: &str = "PHYGITAL_TEST_CHILD_ROLE";

/// What a process that was started by [`start`] is to do, and in which folder. `None` in every other.
pub(crate) fn role() -> Option<(String, PathBuf)> {
    Some((std::env::var(ROLE).ok()?, PathBuf::from(std::env::var_os(DIR)?)))
}

/// Starts the test of this full name as another process, in a role.
pub(crate) fn start(test: &str, role: &str, dir: &Path) -> Other {
    let child = Command::new(std::env::current_exe().expect("the path of this test"))
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(ROLE, role)
        .env(DIR, dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("run this test again");
    Other(child)
}

/// Says to the starter that something is so: a file of that name.
pub(crate) fn say(dir: &Path, word: &str) {
    std::fs::write(dir.join(word), "").expect("say it");
}

/// Waits until the other side has said so.
pub(crate) fn await_word(dir: &Path, word: &str) {
    let began = Instant::now();
    while !dir.join(word).exists() {
        assert!(began.elapsed() < Duration::from_secs(60), "nobody says {word}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Another process; it ends with the test.
pub(crate) struct Other(Child);

impl Other {
    /// Kills it (SIGKILL on Unix).
    pub(crate) fn kill(mut self) {
        self.0.kill().expect("kill it");
        self.0.wait().expect("wait for it");
    }

    /// Waits until it has ended well.
    pub(crate) fn join(mut self) {
        let status = self.0.wait().expect("wait for it");
        assert!(status.success(), "the other process: {status}");
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Becomes nobody, if this is root, to whom no permission is denied.
#[cfg(unix)]
pub(crate) fn drop_root() {
    unsafe extern "C" {
        safe fn geteuid() -> u32;
        safe fn setuid(uid: u32) -> i32;
    }
    if geteuid() == 0 {
        assert_eq!(setuid(65_534), 0, "setuid");
    }
}
