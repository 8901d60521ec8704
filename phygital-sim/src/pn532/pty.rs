//! The chip behind a pseudo-terminal.

use std::fs;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use super::chip::Pn532;
use super::wire::{Exchange, WireTime};
use crate::field::Field;

/// Bytes that are read from the line at once.
const READ_BYTES: usize = 4096;

/// A [`Pn532`] behind a pseudo-terminal, served by a thread of its own. Dropping it takes both away.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use phygital_sim::{Field, pn532::Pn532Chip};
/// let chip = Pn532Chip::start(Field::new())?;
/// let name = format!("pn532_uart:{}", chip.path().display()); // as libnfc wants it
/// # assert!(chip.path().exists());
/// # Ok(())
/// # }
/// ```
pub struct Pn532Chip {
    chip: Arc<Mutex<Pn532>>,
    path: PathBuf,
    folder: PathBuf,
    orders: Sender<Order>,
    wake: PipeWriter,
    thread: Option<JoinHandle<()>>,
}

/// Something for the thread to do.
enum Order {
    Plug(Sender<io::Result<()>>),
    Unplug(Sender<io::Result<()>>),
    Stop,
}

/// A pseudo-terminal.
struct Line {
    master: OwnedFd,
    /// Kept open: without it the master gives errors between two hosts, and each host would find the line echoing.
    _slave: OwnedFd,
}

impl Pn532Chip {
    /// Plugs a chip in over this field.
    ///
    /// # Errors
    /// The system gives no pseudo-terminal, no thread or no place for its name.
    pub fn start(field: Field) -> io::Result<Self> {
        let folder = new_folder()?;
        let path = folder.join("tty");
        let (orders, to_do) = channel();
        let (awake, wake) = io::pipe()?;
        let chip = Arc::new(Mutex::new(Pn532::new(field)));
        let server = Server { chip: Arc::clone(&chip), path: path.clone(), line: None, to_do, awake };
        let thread = thread::Builder::new().name("pn532".to_owned()).spawn(|| server.run())?;
        let started = Self { chip, path, folder, orders, wake, thread: Some(thread) };
        started.plug()?;
        Ok(started)
    }

    /// The name under which a host opens it; the same each time it is plugged in. It holds no colon.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Pulls it out: the line hangs up, the name is gone, the chip loses its power. Returns when that is so.
    ///
    /// # Errors
    /// The name cannot be removed.
    pub fn unplug(&self) -> io::Result<()> {
        self.order(Order::Unplug)
    }

    /// Plugs it in again, under the same name. Nothing happens if it is.
    ///
    /// # Errors
    /// The system gives no pseudo-terminal or no place for its name.
    pub fn plug(&self) -> io::Result<()> {
        self.order(Order::Plug)
    }

    /// The chip itself: its faults, its pace. It stands still as long as this is held.
    pub fn chip(&self) -> MutexGuard<'_, Pn532> {
        lock(&self.chip)
    }

    /// What passed, oldest first.
    #[must_use]
    pub fn log(&self) -> Vec<Exchange> {
        self.chip().log().cloned().collect()
    }

    /// What passed, summed.
    #[must_use]
    pub fn wire_time(&self) -> WireTime {
        self.chip().wire_time()
    }

    fn order(&self, order: impl FnOnce(Sender<io::Result<()>>) -> Order) -> io::Result<()> {
        let (done, answer) = channel();
        self.send(order(done));
        answer.recv().unwrap_or_else(|_| Err(io::Error::other("the chip's thread has ended")))
    }

    fn send(&self, order: Order) {
        // Where the thread is gone, the answer says so.
        let _ = self.orders.send(order);
        let _ = (&self.wake).write_all(&[0]);
    }
}

impl Drop for Pn532Chip {
    fn drop(&mut self) {
        self.send(Order::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// What the thread holds.
struct Server {
    chip: Arc<Mutex<Pn532>>,
    path: PathBuf,
    line: Option<Line>,
    to_do: Receiver<Order>,
    awake: PipeReader,
}

impl Server {
    fn run(mut self) {
        let start = Instant::now();
        loop {
            let next = self.line.as_ref().and_then(|_| lock(&self.chip).next_event());
            let timeout = next.map(|next| next.saturating_sub(start.elapsed()));
            let (ordered, readable) = wait(&self.awake, self.line.as_ref(), timeout);
            if ordered && !self.obey() {
                return;
            }
            let Some(line) = &self.line else { continue };
            let mut bytes = [0; READ_BYTES];
            let len = if readable { rustix::io::read(&line.master, &mut bytes).unwrap_or(0) } else { 0 };
            let mut chip = lock(&self.chip);
            chip.receive(&bytes[..len], start.elapsed());
            let sent = chip.transmit(start.elapsed());
            drop(chip);
            // A host that reads nothing loses bytes, as on any line without flow control.
            let _ = rustix::io::write(&line.master, &sent);
        }
    }

    /// Does what was ordered; `false` at the end.
    fn obey(&mut self) -> bool {
        let _ = self.awake.read(&mut [0; 64]);
        while let Ok(order) = self.to_do.try_recv() {
            let (done, result) = match order {
                Order::Stop => return false,
                Order::Plug(done) => (done, self.plug()),
                Order::Unplug(done) => (done, self.unplug()),
            };
            let _ = done.send(result);
        }
        true
    }

    fn plug(&mut self) -> io::Result<()> {
        if self.line.is_some() {
            return Ok(());
        }
        let (line, name) = Line::open()?;
        symlink(name, &self.path)?;
        self.line = Some(line);
        Ok(())
    }

    fn unplug(&mut self) -> io::Result<()> {
        if self.line.is_none() {
            return Ok(());
        }
        fs::remove_file(&self.path)?;
        self.line = None;
        lock(&self.chip).reset();
        Ok(())
    }
}

impl Line {
    /// A pseudo-terminal that passes bytes as they are, and the name of its slave.
    fn open() -> io::Result<(Self, PathBuf)> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let name = ptsname(&master, Vec::new())?;
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave = rustix::fs::open(&name, flags, Mode::empty())?;
        let mut settings = tcgetattr(&slave)?;
        settings.make_raw();
        tcsetattr(&slave, OptionalActions::Now, &settings)?;
        let flags = rustix::fs::fcntl_getfl(&master)?;
        rustix::fs::fcntl_setfl(&master, flags | OFlags::NONBLOCK)?;
        let name = PathBuf::from(std::ffi::OsStr::from_bytes(name.as_bytes()));
        Ok((Self { master, _slave: slave }, name))
    }
}

/// Waits for an order, for bytes or for the time; says which of the first two came.
fn wait(awake: &PipeReader, line: Option<&Line>, timeout: Option<Duration>) -> (bool, bool) {
    let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
    let mut waits = vec![PollFd::new(awake, PollFlags::IN)];
    waits.extend(line.map(|line| PollFd::new(&line.master, PollFlags::IN)));
    match poll(&mut waits, timeout.as_ref()) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(error) => unreachable!("poll takes two open descriptors: {error}"),
    }
    let came = |at: usize| waits.get(at).is_some_and(|wait| !wait.revents().is_empty());
    (came(0), came(1))
}

/// A folder for the name, which no other chip has.
fn new_folder() -> io::Result<PathBuf> {
    static CHIPS: AtomicU64 = AtomicU64::new(0);
    loop {
        let number = CHIPS.fetch_add(1, Ordering::Relaxed);
        let name = format!("phygital-pn532-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            other => return other.map(|()| folder),
        }
    }
}

fn lock(chip: &Mutex<Pn532>) -> MutexGuard<'_, Pn532> {
    chip.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::fs::File;

    use super::*;
    use crate::pn532::{ACK, Pn532Fault, encode};
    use crate::type4::Type4Tag;

    const FIRMWARE: [u8; 4] = [0x32, 0x01, 0x06, 0x07];

    /// Opens the line as a host does.
    fn open(chip: &Pn532Chip) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let line = File::from(rustix::fs::open(chip.path(), flags, Mode::empty())?);
        (&line).write_all(&[0x55, 0x55, 0x00, 0x00])?;
        Ok(line)
    }

    fn ask(line: &File, command: &[u8], answer: &[u8]) {
        let (mut line, expected) = (line, [&ACK[..], &encode(answer)].concat());
        line.write_all(&encode(command)).unwrap();
        let mut bytes = vec![0; expected.len()];
        line.read_exact(&mut bytes).unwrap();
        assert_eq!(bytes, expected);
    }

    fn ask_firmware(line: &File) {
        ask(line, &[0xD4, 0x02], &[&[0xD5, 0x03][..], &FIRMWARE].concat());
    }

    #[test]
    fn a_host_opens_it_again_and_again() {
        let chip = Pn532Chip::start(Field::new()).unwrap();
        for _ in 0..20 {
            ask_firmware(&open(&chip).unwrap());
        }
        assert_eq!(chip.wire_time().exchanges, 20);
        assert_eq!(chip.log()[7].answer(), [0xD5, 0x03, 0x32, 0x01, 0x06, 0x07]);
    }

    #[test]
    fn every_byte_passes_as_it_is() {
        let chip = Pn532Chip::start(Field::new()).unwrap();
        let line = open(&chip).unwrap();
        let all = (0..=u8::MAX).collect::<Vec<_>>();
        for bytes in [&all[..128], &all[128..]] {
            ask(&line, &[&[0xD4, 0x00, 0x00], bytes].concat(), &[&[0xD5, 0x01, 0x00], bytes].concat());
        }
    }

    #[test]
    fn pulled_out_it_hangs_up_and_comes_back_under_its_name() {
        let chip = Pn532Chip::start(Field::new()).unwrap();
        let line = open(&chip).unwrap();
        ask(&line, &[0xD4, 0x08, 0x63, 0x05, 0x40], &[0xD5, 0x09]);
        let waits = thread::spawn(move || (&line).read(&mut [0; 16]).unwrap_or(0));
        chip.unplug().unwrap();
        assert_eq!(waits.join().unwrap(), 0, "it hung up");
        assert_eq!(open(&chip).unwrap_err().kind(), io::ErrorKind::NotFound);
        chip.unplug().unwrap();
        chip.plug().unwrap();
        chip.plug().unwrap();
        let line = open(&chip).unwrap();
        ask(&line, &[0xD4, 0x06, 0x63, 0x05], &[0xD5, 0x07, 0x00]);
    }

    #[test]
    fn a_command_that_waits_ends_when_a_card_comes() {
        let field = Field::new();
        let chip = Pn532Chip::start(field.clone()).unwrap();
        let line = open(&chip).unwrap();
        (&line).write_all(&encode(&[0xD4, 0x4A, 0x01, 0x00])).unwrap();
        let mut ack = ACK;
        (&line).read_exact(&mut ack).unwrap();
        field.put(Type4Tag::new(b""));
        let mut head = [0; 7];
        (&line).read_exact(&mut head).unwrap();
        assert_eq!((ack, head[5..].to_vec()), (ACK, vec![0xD5, 0x4B]));
    }

    #[test]
    fn a_late_answer_comes_late() {
        let chip = Pn532Chip::start(Field::new()).unwrap();
        let line = open(&chip).unwrap();
        let late = Duration::from_millis(60);
        chip.chip().faults().next(Pn532Fault::Late(late));
        let began = Instant::now();
        ask_firmware(&line);
        assert!(began.elapsed() >= late);
    }

    #[test]
    fn two_chips_are_two_and_leave_nothing() {
        let [one, two] = [(); 2].map(|()| Pn532Chip::start(Field::new()).unwrap());
        let (first, second) = (open(&one).unwrap(), open(&two).unwrap());
        ask_firmware(&first);
        ask_firmware(&second);
        let folder = one.path().parent().unwrap().to_owned();
        drop(one);
        assert!(!folder.exists());
        ask_firmware(&second);
    }

    #[test]
    fn a_host_that_reads_nothing_does_not_stop_it() {
        let chip = Pn532Chip::start(Field::new()).unwrap();
        let line = open(&chip).unwrap();
        for _ in 0..5000 {
            (&line).write_all(&encode(&[0xD4, 0x02])).unwrap();
        }
        chip.unplug().unwrap();
        chip.plug().unwrap();
        ask_firmware(&open(&chip).unwrap());
    }
}
