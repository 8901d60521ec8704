//! A real pcscd with the virtual reader, in a network and a file system of its own, with the test inside.
//!
//! The virtual reader listens on every address and pcscd's socket has one fixed place, so each test gets both for
//! itself, and tests run beside each other. That takes root and Debian's pcscd, vsmartcard-vpcd and iproute2.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const INSIDE: &str = "PHYGITAL_TEST_PCSCD";
const DRIVER: &str = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";
const SOCKET: &str = "/run/pcscd/pcscd.comm";
const CONFIG: &str = "/run/pcscd/config";

/// As the virtual reader is called where a test does not say otherwise.
pub(crate) const NAME: &str = "Virtual PCD";

/// Longest that a test may take, and what each presentation of a longer soak (`PHYGITAL_SOAK`) adds.
const SECONDS_MAX: u64 = 240;
const SECONDS_EACH: u64 = 1;

/// The way in: the loopback of the new network, and an empty folder where pcscd has its socket.
const ENTER: &str =
    "ip link set lo up && mkdir -p /run/pcscd && mount -t tmpfs tmpfs /run/pcscd && \"$0\" \"$@\"";

/// Runs the test of this full name once more, alone, in namespaces of its own, and the body there. Where that cannot be
/// had it says why and passes, unless `CI` is set.
pub(crate) fn inside(test: &str, body: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        return body();
    }
    if let Some(reason) = missing() {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci.is_empty()), "CI is set, and {reason}");
        eprintln!("skipped: {reason}");
        return;
    }
    let ran = unshare()
        .arg(ENTER)
        .arg(std::env::current_exe().expect("the path of this test"))
        .args(["--exact", test, "--include-ignored", "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .output()
        .expect("run this test again");
    let said = [&ran.stdout[..], &ran.stderr].map(String::from_utf8_lossy).concat();
    assert!(ran.status.success(), "{test} inside: {}\n{said}", ran.status);
    eprint!("{said}");
}

/// Namespaces for network, mounts and processes; whatever runs in them ends with them.
fn unshare() -> Command {
    let presentations = std::env::var("PHYGITAL_SOAK").ok().and_then(|number| number.parse::<u64>().ok());
    let seconds = SECONDS_MAX.saturating_add(presentations.unwrap_or(0).saturating_mul(SECONDS_EACH));
    let mut command = Command::new("timeout");
    command.args(["-k", "5", &seconds.to_string()]);
    command.args(["unshare", "-n", "-m", "-p", "-f", "--kill-child", "--mount-proc", "sh", "-c"]);
    command
}

fn missing() -> Option<String> {
    if !Path::new(DRIVER).exists() {
        return Some(format!("there is no {DRIVER} (package vsmartcard-vpcd)"));
    }
    let there = |program: &str| {
        Command::new("sh")
            .args(["-c", &format!("command -v {program}")])
            .output()
            .is_ok_and(|ran| ran.status.success())
    };
    if let Some(program) = ["pcscd", "ip"].iter().find(|program| !there(program)) {
        return Some(format!("there is no {program}"));
    }
    match unshare().args([ENTER, "true"]).output() {
        Ok(ran) if ran.status.success() => None,
        Ok(ran) => Some(format!("no namespaces: {}", String::from_utf8_lossy(&ran.stderr).trim())),
        Err(error) => Some(format!("no namespaces: {error}")),
    }
}

/// The service. It ends with this.
pub(crate) struct Pcscd {
    child: Option<Child>,
}

impl Pcscd {
    /// Starts it with the virtual reader.
    pub(crate) fn start() -> Self {
        Self::named(&[NAME])
    }

    /// Starts it with virtual readers of these names, eight at most: each has two slots, which listen at the next two
    /// ports.
    pub(crate) fn named(names: &[impl AsRef<str>]) -> Self {
        fs::create_dir_all(CONFIG).expect("a folder for its configuration");
        let mut readers = String::new();
        for (index, (name, port)) in names.iter().zip((phygital_sim::VPCD_PORT..).step_by(2)).enumerate() {
            // The driver keeps its slots in one place, so each reader has a driver of its own.
            let (name, driver) = (name.as_ref(), format!("/run/pcscd/vpcd-{index}.so"));
            fs::copy(DRIVER, &driver).expect("a copy of the driver");
            readers.push_str(&format!(
                "FRIENDLYNAME \"{name}\"\nDEVICENAME /dev/null:{port:#X}\nLIBPATH {driver}\nCHANNELID {port:#X}\n"
            ));
        }
        fs::write(Path::new(CONFIG).join("vpcd"), readers).expect("write the configuration");
        let mut pcscd = Self { child: None };
        pcscd.run();
        pcscd
    }

    /// Starts it, and waits until it can be reached.
    pub(crate) fn run(&mut self) {
        let log = fs::File::create("/run/pcscd/log").expect("a file for its log");
        let _ = fs::remove_file(SOCKET);
        let child = Command::new("pcscd")
            .args(["--foreground", "--config", CONFIG])
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the log once more"))
            .stderr(log)
            .spawn()
            .expect("start pcscd");
        self.child = Some(child);
        until("pcscd's socket", || Path::new(SOCKET).exists());
    }

    /// Kills it (SIGKILL).
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("kill pcscd");
            child.wait().expect("wait for pcscd");
        }
    }

    /// Sends it a signal, by name.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.as_ref().expect("it runs").id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status().expect("run kill");
        assert!(sent.success());
        if signal == "STOP" {
            // Its threads stop one by one.
            let stands = |stat: String| stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'));
            until("pcscd to stand still", || {
                let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("it runs");
                tasks.flatten().all(|task| fs::read_to_string(task.path().join("stat")).is_ok_and(stands))
            });
        }
    }
}

impl Drop for Pcscd {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("pcscd said: {}", fs::read_to_string("/run/pcscd/log").unwrap_or_default());
        }
        self.kill();
    }
}

/// Waits until something is so.
pub(crate) fn until(what: &str, mut so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < Duration::from_secs(30), "waiting for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
