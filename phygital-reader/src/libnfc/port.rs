//! The serial port of a reader: its name, its node, the lock on it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;

use crate::link::{LinkError, LinkFault};
use crate::reader::ReaderName;

use super::protocol::NAMES_MAX;

/// The driver of libnfc for a PN532 on a serial line, as connection strings begin with it.
pub(super) const DRIVER: &str = "pn532_uart";

/// Speeds of the line that libnfc sets; at another it logs an error and goes on at the old one.
const BAUDS: [u32; 7] = [9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800];

/// The longest connection string that `nfc1` passes on uncut.
pub(super) const CONNSTRING_BYTES_MAX: usize = 1023;

const OPENING: &str = "opening the reader";

/// A reader's name, taken apart: `/dev/serial/by-id/...`, with `pn532_uart:` before it or not, with `:` and a speed after
/// it or not.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PortName {
    path: PathBuf,
    baud: Option<u32>,
}

/// A node that this process holds alone. libnfc itself keeps nobody out.
#[derive(Debug)]
pub(super) struct Port {
    lock: File,
    connstring: String,
}

impl PortName {
    pub(super) fn parse(name: &ReaderName) -> Result<Self, LinkError> {
        let refuse = |why: &str| {
            Err(LinkError::new(LinkFault::NoSuchReader, OPENING).detail(format!("{name}: {why}")))
        };
        let text = name.as_str();
        let text = text.strip_prefix(DRIVER).and_then(|rest| rest.strip_prefix(':')).unwrap_or(text);
        if text.contains(char::is_control) {
            return refuse("a control character in the name");
        }
        let speed = text
            .rsplit_once(':')
            .filter(|(_, speed)| !speed.is_empty() && speed.bytes().all(|byte| byte.is_ascii_digit()));
        let (path, baud) = match speed {
            // A name of /dev/serial/by-path ends in `:1.0-port0`, which is no speed; one that is there goes first.
            Some((path, speed)) if !Path::new(text).exists() => {
                match speed.parse().ok().filter(|baud| BAUDS.contains(baud)) {
                    Some(baud) => (path, Some(baud)),
                    None => return refuse("libnfc does not set that speed"),
                }
            }
            _ => (text, None),
        };
        if !path.starts_with('/') {
            return refuse("not the path of a serial port");
        }
        Ok(Self { path: path.into(), baud })
    }

    /// Finds the node that the name leads to now, and takes it for this process alone.
    pub(super) fn take(&self) -> Result<Port, LinkError> {
        let fault = |fault, why: &dyn ToString| {
            Err(LinkError::new(fault, OPENING).detail(format!(
                "{}: {}",
                self.path.display(),
                why.to_string()
            )))
        };
        let opened = fs::canonicalize(&self.path).and_then(|node| Ok((open_node(&node)?, node)));
        let (lock, node) = match opened {
            Ok(opened) => opened,
            Err(error) => return fault(fault_of(&error), &error),
        };
        // libnfc splits at colons, so it gets the node, whose name has none, where a link to it may.
        let connstring = match node.to_str() {
            Some(node) if !node.contains(':') => connstring(node, self.baud),
            _ => None,
        };
        let Some(connstring) = connstring else {
            return fault(LinkFault::NoSuchReader, &"libnfc cannot be told of that path");
        };
        match lock.try_lock() {
            Ok(()) => Ok(Port { lock, connstring }),
            Err(TryLockError::WouldBlock) => fault(LinkFault::Busy, &"locked"),
            Err(TryLockError::Error(error)) => fault(LinkFault::Io, &error),
        }
    }
}

impl Port {
    /// What libnfc is to open.
    pub(super) fn connstring(&self) -> &str {
        &self.connstring
    }

    /// Whether the port was unplugged, or its other end hung up.
    pub(super) fn is_gone(&self) -> bool {
        let mut fds = [PollFd::new(&self.lock, PollFlags::empty())];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut fds, Some(&now)).is_ok()
            && fds[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL)
    }
}

/// `None` where it would be cut.
fn connstring(node: &str, baud: Option<u32>) -> Option<String> {
    let baud = baud.map(|baud| format!(":{baud}")).unwrap_or_default();
    let text = format!("{DRIVER}:{node}{baud}");
    (text.len() <= CONNSTRING_BYTES_MAX).then_some(text)
}

fn open_node(node: &Path) -> io::Result<File> {
    // Without a carrier an open would wait for one; and a terminal must not become ours.
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits();
    OpenOptions::new().read(true).write(true).custom_flags(flags.cast_signed()).open(node)
}

fn fault_of(error: &io::Error) -> LinkFault {
    match error.kind() {
        ErrorKind::NotFound
        | ErrorKind::NotADirectory
        | ErrorKind::IsADirectory
        | ErrorKind::InvalidFilename => LinkFault::NoSuchReader,
        ErrorKind::PermissionDenied => LinkFault::Permission,
        ErrorKind::ResourceBusy => LinkFault::Busy,
        _ => LinkFault::Io,
    }
}

/// Serial ports that may be readers, by the names that stay with the device; where there are none, by the others that
/// devices on USB get. Nothing is asked: what is written to a port that is no reader may do anything.
pub(super) fn list() -> Vec<ReaderName> {
    let named = names_in(Path::new("/dev/serial/by-id"), |_| true);
    if !named.is_empty() {
        return named;
    }
    names_in(Path::new("/dev"), |name| {
        ["ttyUSB", "ttyACM", "tty.usbserial", "tty.SLAB_USBtoUART"].iter().any(|usb| name.starts_with(usb))
    })
}

fn names_in(folder: &Path, wanted: impl Fn(&str) -> bool) -> Vec<ReaderName> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names = entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name();
            let name = name.to_str().filter(|name| wanted(name))?;
            let name = ReaderName::new(folder.join(name).to_str()?);
            (name.as_str().len() <= super::protocol::NAME_BYTES_MAX).then_some(name)
        })
        .collect::<Vec<_>>();
    names.sort();
    names.truncate(NAMES_MAX);
    names
}

/// Whether a name leads to a port now.
pub(super) fn is_there(name: &ReaderName) -> bool {
    PortName::parse(name).is_ok_and(|port| port.path.exists())
}

/// A time that libnfc takes, in milliseconds: nought would mean for ever, and more than an `int` a time in the past.
pub(super) fn milliseconds(time: Duration) -> Duration {
    time.clamp(WITHIN_MIN, WITHIN_MAX)
}

pub(super) const WITHIN_MIN: Duration = Duration::from_millis(1);

/// Nobody waits longer for a card's answer; ISO/IEC 14443-4 allows 5 s before a card must ask for more.
pub(super) const WITHIN_MAX: Duration = Duration::from_secs(60);

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn parse(name: &str) -> Result<PortName, LinkFault> {
        PortName::parse(&ReaderName::new(name)).map_err(|error| error.fault)
    }

    #[test]
    fn a_name_is_a_path_with_or_without_driver_and_speed() {
        let port = |path: &str, baud| Ok(PortName { path: path.into(), baud });
        assert_eq!(parse("/dev/ttyUSB0"), port("/dev/ttyUSB0", None));
        assert_eq!(parse("pn532_uart:/dev/ttyUSB0"), port("/dev/ttyUSB0", None));
        assert_eq!(parse("pn532_uart:/dev/ttyUSB0:460800"), port("/dev/ttyUSB0", Some(460_800)));
        assert_eq!(parse("/dev/serial/by-path/a:1.0-port0"), port("/dev/serial/by-path/a:1.0-port0", None));
    }

    #[test]
    fn what_libnfc_would_misread_is_refused() {
        for name in [
            "/dev/ttyUSB0:921600",
            "/dev/ttyUSB0:0",
            "/dev/ttyUSB0:99999999999",
            "/dev/tty\0USB0",
            "acr122_usb:001:004",
            "pn532_uart:",
            "pcsc:x",
            "",
        ] {
            assert_eq!(parse(name), Err(LinkFault::NoSuchReader), "{name}");
        }
    }

    #[test]
    fn a_connection_string_is_never_cut() {
        let node = |bytes: usize| format!("/{}", "n".repeat(bytes - DRIVER.len() - 2));
        assert_eq!(connstring(&node(CONNSTRING_BYTES_MAX), None).unwrap().len(), CONNSTRING_BYTES_MAX);
        assert_eq!(connstring(&node(CONNSTRING_BYTES_MAX + 1), None), None);
        assert_eq!(connstring(&node(CONNSTRING_BYTES_MAX), Some(9600)), None);
    }

    #[test]
    fn a_link_with_colons_leads_to_its_node() {
        let folder = tempfile::tempdir().unwrap();
        let node = folder.path().join("node");
        File::create(&node).unwrap();
        let link = folder.path().join("pci-0000:00:14.0-usb-0:1:1.0");
        std::os::unix::fs::symlink(&node, &link).unwrap();
        let port = PortName::parse(&ReaderName::new(link.to_str().unwrap())).unwrap().take().unwrap();
        let node = node.canonicalize().unwrap();
        assert_eq!(port.connstring(), format!("{DRIVER}:{}", node.display()));
        assert!(!port.is_gone());

        let colon = folder.path().join("no:de");
        File::create(&colon).unwrap();
        let port = PortName { path: colon, baud: None };
        assert_eq!(port.take().unwrap_err().fault, LinkFault::NoSuchReader);
    }

    #[test]
    fn a_node_is_held_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let node = folder.path().join("node");
        File::create(&node).unwrap();
        let name = PortName { path: node.clone(), baud: None };
        let first = name.take().unwrap();
        assert_eq!(name.take().unwrap_err().fault, LinkFault::Busy);
        drop(first);
        assert!(name.take().is_ok());
        fs::remove_file(node).unwrap();
        assert_eq!(name.take().unwrap_err().fault, LinkFault::NoSuchReader);
    }

    #[test]
    fn no_time_is_for_ever() {
        assert_eq!(milliseconds(Duration::ZERO), WITHIN_MIN);
        assert_eq!(milliseconds(Duration::from_micros(999)), WITHIN_MIN);
        assert_eq!(milliseconds(Duration::from_millis(7)), Duration::from_millis(7));
        assert_eq!(milliseconds(Duration::MAX), WITHIN_MAX);
    }
}
