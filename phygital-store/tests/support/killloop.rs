//! A writer that is killed again and again, and judged after each time.
//!
//! The writer is the test program itself, run anew with one test selected and an environment variable set.
//! SIGKILL leaves no time for anything, but what reached the operating system stays: it is the crash of a
//! process, not of a machine ([`crashfs`](super::crashfs) has those).
//!
//! ```ignore
//! #[test]
//! fn survives_kill() {
//!     if let Some(writer) = killloop::writer() {
//!         let mut store = Sqlite::open(writer.dir().join("shop.db")).unwrap();
//!         loop {
//!             let id = ...;
//!             store.append(id).unwrap();
//!             writer.acknowledge(id); // after success alone
//!         }
//!     }
//!     let dir = tempfile::tempdir().unwrap();
//!     KillLoop::of("survives_kill").run(dir.path(), |round| { /* reopen, compare with round.acked */ });
//! }
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Random;

const DIR: &str = "PHYGITAL_KILL_LOOP_DIR";
const ACKED: &str = "acked";
const READY: &str = "ready";

/// How long a writer may take to come up before the test is at fault.
const START_MAX: Duration = Duration::from_secs(60);

/// The writer's side, in the process that will be killed. `None` in every other.
pub(crate) fn writer() -> Option<Writer> {
    let dir = PathBuf::from(std::env::var_os(DIR)?);
    let acked = OpenOptions::new().create(true).append(true).open(dir.join(ACKED)).expect("open acked");
    File::create(dir.join(READY)).expect("create ready");
    Some(Writer { dir, acked })
}

pub(crate) struct Writer {
    dir: PathBuf,
    acked: File,
}

impl Writer {
    /// The folder that outlives the writer.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Says that `token` was promised. One small unbuffered write, so it is there whole or not at all.
    pub(crate) fn acknowledge(&self, token: u64) {
        (&self.acked).write_all(&token.to_le_bytes()).expect("write acked");
    }
}

/// The killer's side.
pub(crate) struct KillLoop {
    test: &'static str,
    rounds: u64,
    delay_max: Duration,
    seed: u64,
}

/// What a judge is told after a kill.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) number: u64,
    /// How long the writer had.
    pub(crate) delay: Duration,
    /// All that was acknowledged, in every round so far, in order.
    pub(crate) acked: Vec<u64>,
}

impl KillLoop {
    /// Kills the test of this full name (`module::function`), by default 50 times within 20 ms.
    pub(crate) fn of(test: &'static str) -> KillLoop {
        KillLoop { test, rounds: 50, delay_max: Duration::from_millis(20), seed: 1 }
    }

    pub(crate) fn rounds(self, rounds: u64) -> KillLoop {
        KillLoop { rounds, ..self }
    }

    /// The longest life of a writer; each is drawn from zero to here, so opening is interrupted too.
    pub(crate) fn delay_max(self, delay_max: Duration) -> KillLoop {
        KillLoop { delay_max, ..self }
    }

    pub(crate) fn seed(self, seed: u64) -> KillLoop {
        KillLoop { seed, ..self }
    }

    /// Lets a writer loose in `dir`, kills it, judges, and again.
    pub(crate) fn run(self, dir: &Path, mut judge: impl FnMut(Round)) {
        let mut random = Random(self.seed);
        for number in 1..=self.rounds {
            let delay = Duration::from_micros(random.below(self.delay_max.as_micros() as u64 + 1));
            let ready = dir.join(READY);
            let _ = fs::remove_file(&ready);
            let mut writer = self.spawn(dir);
            let spawned = Instant::now();
            while !ready.exists() {
                assert!(spawned.elapsed() < START_MAX, "round {number}: the writer does not come up");
                stop_if_ended(&mut writer, number, dir);
                std::thread::sleep(Duration::from_micros(200));
            }
            std::thread::sleep(delay);
            stop_if_ended(&mut writer, number, dir);
            writer.kill().expect("kill the writer");
            writer.wait().expect("wait for the writer");
            judge(Round { number, delay, acked: acked(dir) });
        }
    }

    fn spawn(&self, dir: &Path) -> Child {
        let output = File::create(dir.join("output")).expect("create output");
        Command::new(std::env::current_exe().expect("the path of this test"))
            .args(["--exact", self.test, "--nocapture", "--test-threads=1"])
            .env(DIR, dir)
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a second handle"))
            .stderr(output)
            .spawn()
            .expect("run this test again as a writer")
    }
}

/// A writer that ended by itself found a fault, or no test has that name.
fn stop_if_ended(writer: &mut Child, number: u64, dir: &Path) {
    if let Some(status) = writer.try_wait().expect("look at the writer") {
        let output = fs::read_to_string(dir.join("output")).unwrap_or_default();
        panic!("round {number}: the writer ended by itself with {status}:\n{output}");
    }
}

fn acked(dir: &Path) -> Vec<u64> {
    let mut bytes = Vec::new();
    if let Ok(mut file) = File::open(dir.join(ACKED)) {
        file.read_to_end(&mut bytes).expect("read acked");
    }
    let tokens = bytes.chunks_exact(8);
    assert!(tokens.remainder().is_empty(), "an acknowledgement was torn");
    tokens.map(|token| u64::from_le_bytes(token.try_into().expect("chunks of 8"))).collect()
}
