//! A serial line that one program holds, and a wait on it that another thread can end.
//!
//! Everything that differs between systems is here. On Unix a wait is one `poll(2)` on the line and on a socket that a
//! [`Waker`] writes to, so that it ends at once. On Windows reads of [`windows::SLICE`] take turns with looking at a flag.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::link::{LinkError, LinkFault};

#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

/// Longest that a write may take: a frame is 275 bytes at most, 24 ms at 115,200 baud.
const WRITE_WITHIN: Duration = Duration::from_millis(500);

/// An open serial line: 8 bits, no parity, one stop bit, no flow control, nothing translated.
pub(super) struct Port {
    line: system::Line,
    cancelled: Arc<AtomicBool>,
}

/// Ends the wait that runs, or the next one.
#[derive(Clone)]
pub(super) struct Waker {
    bell: system::Bell,
    cancelled: Arc<AtomicBool>,
}

/// How a wait ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// The time is over.
    Timeout,
    /// A [`Waker`] ended it.
    Cancelled,
    /// The line is gone.
    Gone(io::Error),
}

impl Port {
    /// Opens a line and keeps every other program from it until it is dropped or its process ends.
    pub(super) fn open(path: &Path, baud: u32) -> Result<Self, LinkError> {
        Ok(Self { line: system::Line::open(path, baud)?, cancelled: Arc::default() })
    }

    pub(super) fn waker(&self) -> Waker {
        Waker { bell: self.line.bell(), cancelled: Arc::clone(&self.cancelled) }
    }

    /// Whether it was cancelled since this was last asked, by this or by a wait.
    pub(super) fn take_cancel(&self) -> bool {
        self.cancelled.swap(false, Ordering::SeqCst)
    }

    /// Reads what is there, at least one byte, or waits for it.
    pub(super) fn read(&mut self, buffer: &mut [u8], until: Instant) -> Result<usize, Ended> {
        loop {
            if self.take_cancel() {
                return Err(Ended::Cancelled);
            }
            match self.line.read(buffer, until) {
                Ok(Some(0)) => return Err(Ended::Gone(io::ErrorKind::UnexpectedEof.into())),
                Ok(Some(len)) => return Ok(len),
                // Cancelled, or nothing yet.
                Ok(None) if Instant::now() < until || self.cancelled.load(Ordering::SeqCst) => {}
                Ok(None) => return Err(Ended::Timeout),
                Err(error) => return Err(Ended::Gone(error)),
            }
        }
    }

    /// Waits. Bytes that come meanwhile stay where they are.
    pub(super) fn pause(&self, until: Instant) -> Result<(), Ended> {
        loop {
            if self.take_cancel() {
                return Err(Ended::Cancelled);
            }
            if Instant::now() >= until {
                return Ok(());
            }
            self.line.wait_for_bell(until).map_err(Ended::Gone)?;
        }
    }

    /// Writes all of it. No cancellation ends that: half a frame helps nobody.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Ended> {
        match self.line.write(bytes, Instant::now() + WRITE_WITHIN) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Ended::Timeout),
            Err(error) => Err(Ended::Gone(error)),
        }
    }

    /// Throws away what came and was not read.
    pub(super) fn discard(&mut self) -> Result<(), Ended> {
        self.line.discard().map_err(Ended::Gone)
    }
}

impl Waker {
    pub(super) fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
        self.bell.ring();
    }
}

/// The serial lines of this machine, by names that stay with a device where the system has such.
pub(super) fn list() -> Result<Vec<PathBuf>, LinkError> {
    system::list()
        .map_err(|error| LinkError::new(LinkFault::Io, "listing serial lines").detail(error.to_string()))
}

/// What an error of opening means.
fn open_fault(error: &io::Error) -> LinkFault {
    match error.kind() {
        io::ErrorKind::NotFound => LinkFault::NoSuchReader,
        io::ErrorKind::PermissionDenied if cfg!(windows) => LinkFault::Busy,
        io::ErrorKind::PermissionDenied => LinkFault::Permission,
        io::ErrorKind::ResourceBusy | io::ErrorKind::WouldBlock => LinkFault::Busy,
        _ => LinkFault::Io,
    }
}

fn opening(fault: LinkFault, detail: impl ToString) -> LinkError {
    LinkError::new(fault, "opening the serial line").detail(detail.to_string())
}

#[cfg(unix)]
mod unix {
    use std::collections::BTreeSet;
    use std::io::{self, Read, Write};
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::path::{Path, PathBuf};
    use std::sync::Arc;
    use std::time::Instant;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};
    use rustix::io::{Errno, read, write};
    use rustix::termios::{
        ControlModes, OptionalActions, QueueSelector, SpecialCodeIndex, ioctl_tiocexcl, tcflush, tcgetattr,
        tcsetattr,
    };

    use super::{open_fault, opening};
    use crate::link::{LinkError, LinkFault};

    /// Links whose names say which device it is, whatever number it has today (udev).
    const BY_ID: &str = "serial/by-id";

    /// Lines that no link names: USB adapters, the UART of a Raspberry Pi, the callout devices of macOS. Ports that
    /// every PC claims to have, such as `ttyS0`, are left out.
    const PREFIXES: [&str; 6] = ["ttyUSB", "ttyACM", "ttyAMA", "serial0", "cu.usb", "cu.wchusb"];

    pub(super) struct Line {
        line: OwnedFd,
        rung: UnixStream,
        bell: Bell,
    }

    #[derive(Clone)]
    pub(super) struct Bell(Arc<UnixStream>);

    impl Bell {
        pub(super) fn ring(&self) {
            // Full is rung as well.
            let _ = (&*self.0).write(&[1]);
        }
    }

    impl Line {
        pub(super) fn open(path: &Path, baud: u32) -> Result<Self, LinkError> {
            // Without NONBLOCK a line with modem control waits for a carrier.
            let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let line = open(path, flags, Mode::empty())
                .map_err(|errno| opening(open_fault(&errno.into()), errno))?;
            let mut settings =
                tcgetattr(&line).map_err(|_| opening(LinkFault::NoSuchReader, "no serial line"))?;
            // Between programs that heed it, ours among them. It ends with the process.
            flock(&line, FlockOperation::NonBlockingLockExclusive)
                .map_err(|errno| opening(open_fault(&errno.into()), errno))?;
            // Against all others. It ends with the last close, which for a pseudo-terminal may never come.
            if !is_pseudo_terminal(path) {
                ioctl_tiocexcl(&line).map_err(|errno| opening(open_fault(&errno.into()), errno))?;
            }

            settings.make_raw();
            settings.control_modes |= ControlModes::CLOCAL | ControlModes::CREAD;
            settings.control_modes -= ControlModes::CRTSCTS | ControlModes::CSTOPB;
            settings.special_codes[SpecialCodeIndex::VMIN] = 1;
            settings.special_codes[SpecialCodeIndex::VTIME] = 0;
            let set =
                settings.set_speed(baud).and_then(|()| tcsetattr(&line, OptionalActions::Now, &settings));
            set.map_err(|errno| opening(LinkFault::Unsupported, format!("{baud} baud: {errno}")))?;
            // A speed that the line cannot do is not always refused.
            match tcgetattr(&line) {
                Ok(now) if now.output_speed() == baud => {}
                _ => return Err(opening(LinkFault::Unsupported, format!("{baud} baud"))),
            }

            let bell = UnixStream::pair().and_then(|(rung, bell)| {
                rung.set_nonblocking(true)?;
                bell.set_nonblocking(true)?;
                Ok((rung, Bell(Arc::new(bell))))
            });
            let (rung, bell) = bell.map_err(|error| opening(LinkFault::Io, error))?;
            Ok(Self { line, rung, bell })
        }

        pub(super) fn bell(&self) -> Bell {
            self.bell.clone()
        }

        /// Reads; `None` where the time is over or the bell rang first.
        pub(super) fn read(&mut self, buffer: &mut [u8], until: Instant) -> io::Result<Option<usize>> {
            loop {
                // First without waiting: most answers are there already.
                match read(&self.line, &mut *buffer) {
                    Ok(len) => return Ok(Some(len)),
                    Err(Errno::INTR) => continue,
                    Err(Errno::AGAIN) => {}
                    Err(errno) => return Err(errno.into()),
                }
                let mut waits =
                    [PollFd::new(&self.line, PollFlags::IN), PollFd::new(&self.rung, PollFlags::IN)];
                wait(&mut waits, until)?;
                if !waits[1].revents().is_empty() {
                    self.silence();
                    return Ok(None);
                }
                match waits[0].revents() {
                    ready if ready.is_empty() => return Ok(None),
                    ready if ready.contains(PollFlags::IN) => {}
                    // Hung up, and nothing left to read.
                    _ => return Err(io::ErrorKind::UnexpectedEof.into()),
                }
            }
        }

        pub(super) fn wait_for_bell(&self, until: Instant) -> io::Result<()> {
            let mut waits = [PollFd::new(&self.rung, PollFlags::IN)];
            wait(&mut waits, until)?;
            self.silence();
            Ok(())
        }

        /// Writes all of it; `false` where the time is over first.
        pub(super) fn write(&mut self, mut bytes: &[u8], until: Instant) -> io::Result<bool> {
            while !bytes.is_empty() {
                match write(&self.line, bytes) {
                    Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                    Ok(len) => bytes = &bytes[len..],
                    Err(Errno::INTR) => {}
                    Err(Errno::AGAIN) => {
                        let mut waits = [PollFd::new(&self.line, PollFlags::OUT)];
                        if !wait(&mut waits, until)? {
                            return Ok(false);
                        }
                    }
                    Err(errno) => return Err(errno.into()),
                }
            }
            Ok(true)
        }

        pub(super) fn discard(&mut self) -> io::Result<()> {
            Ok(tcflush(&self.line, QueueSelector::IFlush)?)
        }

        /// Takes away what the bell left.
        fn silence(&self) {
            let mut rings = [0; 64];
            while matches!((&self.rung).read(&mut rings), Ok(64)) {}
        }
    }

    /// Waits for one of them; `false` where the time is over first. A signal may end it early.
    fn wait(waits: &mut [PollFd<'_>], until: Instant) -> io::Result<bool> {
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        };
        match poll(waits, Some(&left)) {
            Ok(ready) => Ok(ready > 0),
            Err(Errno::INTR) => Ok(true),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Whether the line is one side of a pseudo-terminal: a test, or a line that comes over the network.
    fn is_pseudo_terminal(path: &Path) -> bool {
        let path = path.canonicalize().unwrap_or_else(|_| path.into());
        path.starts_with("/dev/pts") || path.to_string_lossy().starts_with("/dev/ttys")
    }

    pub(super) fn list() -> io::Result<Vec<PathBuf>> {
        list_in(Path::new("/dev"))
    }

    fn list_in(dev: &Path) -> io::Result<Vec<PathBuf>> {
        let names = |dir: &Path| match dir.read_dir() {
            Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect::<io::Result<BTreeSet<_>>>(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeSet::new()),
            Err(error) => Err(error),
        };
        let mut lines: Vec<_> = names(&dev.join(BY_ID))?.into_iter().collect();
        lines.extend(names(dev)?.into_iter().filter(|path| {
            let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
            PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        }));
        let mut devices = BTreeSet::new();
        lines.retain(|path| path.canonicalize().is_ok_and(|device| devices.insert(device)));
        Ok(lines)
    }

    #[cfg(test)]
    #[allow(clippy::unwrap_used, reason = "tests")]
    mod tests {
        use std::fs::{create_dir_all, write};
        use std::os::unix::fs::symlink;

        use super::*;

        #[test]
        fn names_that_stay_come_first_and_each_line_once() {
            let dev = tempfile::tempdir().unwrap();
            let dev = dev.path();
            create_dir_all(dev.join(BY_ID)).unwrap();
            for name in ["ttyUSB0", "ttyUSB1", "ttyACM0", "ttyS0", "null"] {
                write(dev.join(name), []).unwrap();
            }
            symlink("../../ttyUSB1", dev.join(BY_ID).join("usb-FTDI-if00-port0")).unwrap();
            symlink("../../ttyUSB9", dev.join(BY_ID).join("usb-gone")).unwrap();
            let lines = list_in(dev).unwrap();
            let names: Vec<_> =
                lines.iter().map(|line| line.strip_prefix(dev).unwrap().to_str().unwrap()).collect();
            assert_eq!(names, ["serial/by-id/usb-FTDI-if00-port0", "ttyACM0", "ttyUSB0"]);
            assert_eq!(list_in(&dev.join("nothing")).unwrap(), Vec::<PathBuf>::new());
        }

        #[test]
        fn what_is_no_serial_line_is_no_reader() {
            let error = Line::open(Path::new("/dev/null"), 115_200).err().unwrap();
            assert_eq!(error.fault, LinkFault::NoSuchReader);
            let error = Line::open(Path::new("/dev/no-such-line"), 115_200).err().unwrap();
            assert_eq!(error.fault, LinkFault::NoSuchReader);
        }
    }
}

#[cfg(windows)]
mod windows {
    use std::io;
    use std::path::{Path, PathBuf};
    use std::time::{Duration, Instant};

    use serial2::SerialPort;

    use super::{open_fault, opening};
    use crate::link::LinkError;

    /// How long a read goes on before it looks whether it was cancelled.
    pub(super) const SLICE: Duration = Duration::from_millis(10);

    pub(super) struct Line(SerialPort);

    #[derive(Clone)]
    pub(super) struct Bell;

    impl Bell {
        /// The flag is enough: nobody waits longer than a slice.
        pub(super) fn ring(&self) {}
    }

    impl Line {
        pub(super) fn open(path: &Path, baud: u32) -> Result<Self, LinkError> {
            // Windows gives a serial line to one program at a time.
            let mut line =
                SerialPort::open(path, baud).map_err(|error| opening(open_fault(&error), error))?;
            let set = line.set_read_timeout(SLICE).and_then(|()| line.set_write_timeout(super::WRITE_WITHIN));
            set.map_err(|error| opening(open_fault(&error), error))?;
            Ok(Self(line))
        }

        pub(super) fn bell(&self) -> Bell {
            Bell
        }

        pub(super) fn read(&mut self, buffer: &mut [u8], _until: Instant) -> io::Result<Option<usize>> {
            match self.0.read(buffer) {
                Ok(len) => Ok(Some(len)),
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::Interrupted) =>
                {
                    Ok(None)
                }
                Err(error) => Err(error),
            }
        }

        pub(super) fn wait_for_bell(&self, until: Instant) -> io::Result<()> {
            std::thread::sleep(SLICE.min(until.saturating_duration_since(Instant::now())));
            Ok(())
        }

        pub(super) fn write(&mut self, bytes: &[u8], _until: Instant) -> io::Result<bool> {
            match self.0.write_all(bytes) {
                Ok(()) => Ok(true),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => Ok(false),
                Err(error) => Err(error),
            }
        }

        pub(super) fn discard(&mut self) -> io::Result<()> {
            self.0.discard_input_buffer()
        }
    }

    pub(super) fn list() -> io::Result<Vec<PathBuf>> {
        SerialPort::available_ports()
    }
}
