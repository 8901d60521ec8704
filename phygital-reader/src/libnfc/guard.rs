//! Every call of libnfc, guarded: what it or its crate would take amiss is checked before or set right after. No other
//! file calls it.
//!
//! | what goes wrong | what stands against it |
//! |---|---|
//! | no card is `Ok` of a zeroed target | [`Guarded::select`] looks at the length of its UID |
//! | `list_passive_targets` counts wrongly, and selects each card twice | never called |
//! | a command over 262 bytes, a selection over 12, overflow a buffer on the stack | refused before the call |
//! | an abort needs what the aborted call holds, and is lost when early | never called; all calls are short |
//! | a time below 1 ms waits for ever | [`milliseconds`] |
//! | a period of `poll_target` below 150 ms is none, and unending polls block | never called |
//! | an answer longer than the buffer is lost | [`RECEIVE_BYTES`] |
//! | an open leaks its connection string, and cuts a long one | no open of a port that is gone or busy; length checked |
//! | two first contexts at once race for the list of drivers | one context, under a lock, for ever |
//! | a descriptor of 1024 or more aborts the process | [`check_descriptors`] |
//! | two programs on one port disturb each other | [`Port`] locks it |
//! | a lost answer in an open fails it | three tries |
//! | a fault in the chip's set-up is forgotten, and later a null pointer read | the device's last error is asked |
//! | a lost part of an answer in parts goes unnoticed | an answer so long that it has parts is refused |
//! | a card's target stays after a fault | the reader speaks to none until it was selected anew |
//! | a scan writes to every port | never called; a port is named |
//!
//! What cannot be guarded here, because libnfc dies within the call: a status byte with its highest bit set (`abort`), an
//! answer to select of length 0, or a chip that says it is none of libnfc's. And what it does not end by itself: a card
//! that sends empty parts for ever. These are why there is a helper.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use nfc1::target_info::{Iso14443a, TargetInfo};
use nfc1::{BaudRate, Context, Device, Error, Modulation, ModulationType, Property, Timeout};

use crate::link::{LinkError, LinkFault};
use crate::reader::ReaderName;

use super::port::{Port, PortName, milliseconds};

/// The longest command: libnfc puts it behind two bytes in a buffer of 264, unchecked.
pub(super) const COMMAND_BYTES_MAX: usize = 262;

/// The longest answer. The chip gives 262 bytes and more in parts, and libnfc takes the status of the first part for that
/// of all: where a later one is lost, the answer comes out cut and as if it were whole. No answer to a short APDU is that
/// long (258 bytes, ISO/IEC 7816-3, 12.1.3).
pub(super) const ANSWER_BYTES_MAX: usize = 261;

/// What `nfc1` is told to have room for. Less than an answer needs, and libnfc drops it.
const RECEIVE_BYTES: usize = 264;

/// The most that a selection may be told: libnfc puts it behind three bytes in a buffer of 15, unchecked.
const INIT_BYTES_MAX: usize = 12;

/// The first descriptor that `select` cannot wait for.
const DESCRIPTOR_LIMIT: i32 = 1024;

/// Descriptors that an open takes: the port and libnfc's pipe.
const DESCRIPTORS: usize = 3;

/// An answer that gets lost fails an open, and libnfc does not try again.
const OPEN_TRIES: u32 = 3;

/// What the chip takes to say that a card did not answer, with the line: it waits 51 ms. Only libnfc that waits longer
/// hears it, and the chip is at rest then.
const CHIP_TIMEOUT: Duration = Duration::from_millis(80);

/// Cards of ISO/IEC 14443 type A at 106 kbit/s: all that this project reads.
const TYPE_A: Modulation =
    Modulation { modulation_type: ModulationType::Iso14443a, baud_rate: BaudRate::Baud106 };

/// The one context, which is never dropped: devices point to it, and its first making is not safe to do twice at once.
static CONTEXT: Mutex<Option<Context>> = Mutex::new(None);

/// An open device of libnfc, as an initiator with its field on.
pub(super) struct Guarded {
    /// Before the port, so that it is closed before the lock is let go.
    device: Device,
    port: Port,
}

/// What libnfc says of a card that it selected.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) atqa: [u8; 2],
    pub(super) sak: u8,
    pub(super) uid: Vec<u8>,
}

/// How the chip is to send a command.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// In blocks of ISO/IEC 14443-4.
    Blocks,
    /// As it is. The checksums are the caller's, since an answer of four bits has none.
    Plain,
}

impl Guarded {
    pub(super) fn open(name: &ReaderName) -> Result<Self, LinkError> {
        const DOING: &str = "opening the reader";
        let port = PortName::parse(name)?.take()?;
        check_descriptors(DOING)?;
        let mut context = CONTEXT.lock().unwrap_or_else(PoisonError::into_inner);
        let context = match &mut *context {
            Some(context) => context,
            none => none.insert(Context::new().map_err(|error| fault(&error, DOING, LinkFault::Io))?),
        };
        let mut last = LinkError::new(LinkFault::Timeout, DOING).detail("libnfc found no PN532 there");
        for _ in 0..OPEN_TRIES {
            if port.is_gone() {
                return Err(LinkError::new(LinkFault::ReaderGone, DOING));
            }
            let Ok(mut device) = context.open_with_connstring(port.connstring()) else { continue };
            // libnfc sets the chip up within the open and forgets whether that went well; where it did not, parts of
            // the device are null.
            match device.get_last_error().map_or(Ok(()), Err).and_then(|()| set_up(&mut device)) {
                Ok(()) => return Ok(Self { device, port }),
                Err(error) => last = fault(&error, DOING, LinkFault::Reader),
            }
        }
        Err(last)
    }

    /// Tries once to find a card and selects it: this one if bytes of a UID are given.
    pub(super) fn select(&mut self, uid: &[u8]) -> Result<Option<Target>, LinkError> {
        const DOING: &str = "looking for a card";
        if uid.len() > INIT_BYTES_MAX {
            return Err(LinkError::new(LinkFault::Unsupported, DOING).detail("a UID that long"));
        }
        self.frame(Framing::Blocks).map_err(|error| self.fault(&error, DOING, LinkFault::Reader))?;
        let found = if uid.is_empty() {
            self.device.initiator_select_passive_target(&TYPE_A)
        } else {
            self.device.initiator_select_passive_target_with_init_data(&TYPE_A, uid)
        };
        match found.map(|target| target.target_info) {
            Ok(TargetInfo::Iso14443a(card)) => target(&card, DOING),
            Ok(_) => Err(LinkError::new(LinkFault::Reader, DOING).detail("a card of another kind")),
            // What came over the air was not to be read: as good as nothing.
            Err(Error::RfTransmissionError | Error::TargetReleased) => Ok(None),
            Err(error) => Err(self.fault(&error, DOING, LinkFault::Reader)),
        }
    }

    /// Sends a command to the card that is selected.
    pub(super) fn exchange(
        &mut self,
        command: &[u8],
        framing: Framing,
        within: Duration,
    ) -> Result<Vec<u8>, LinkError> {
        const DOING: &str = "speaking to the card";
        if command.is_empty() || command.len() > COMMAND_BYTES_MAX {
            return Err(LinkError::new(LinkFault::Unsupported, DOING).detail("a command of that length"));
        }
        let within = Timeout::Duration(milliseconds(within.saturating_add(CHIP_TIMEOUT)));
        self.frame(framing).map_err(|error| self.fault(&error, DOING, LinkFault::Reader))?;
        let answer = self.device.initiator_transceive_bytes(command, RECEIVE_BYTES, within);
        let answer = answer.map_err(|error| match error {
            // The chip did not answer in time, which is as much the card's doing if it still answers itself.
            Error::Timeout if self.is_alive(DOING) => LinkError::new(LinkFault::CardGone, DOING),
            // The chip says that it has no card to send this to.
            Error::InvalidArgument => LinkError::new(LinkFault::CardGone, DOING),
            _ => self.fault(&error, DOING, LinkFault::Card),
        })?;
        if answer.len() > ANSWER_BYTES_MAX {
            return Err(LinkError::new(LinkFault::Card, DOING).detail("an answer of that length"));
        }
        Ok(answer)
    }

    /// Whether the card of ISO/IEC 14443-4 that is selected is still there.
    pub(super) fn ping(&mut self) -> Result<bool, LinkError> {
        match self.device.initiator_target_is_present_any() {
            Ok(()) => Ok(true),
            Err(
                Error::TargetReleased | Error::RfTransmissionError | Error::InvalidArgument | Error::Chip,
            ) => Ok(false),
            Err(error) => Err(self.fault(&error, "looking whether the card is there", LinkFault::Reader)),
        }
    }

    /// Lets the card go, for libnfc and for the chip. What the card says to it does not matter.
    pub(super) fn forget(&mut self) -> Result<(), LinkError> {
        match self.device.initiator_deselect_target() {
            Err(error @ (Error::Io | Error::Timeout)) => {
                Err(self.fault(&error, "letting the card go", LinkFault::Reader))
            }
            _ => Ok(()),
        }
    }

    /// Switches the field on or off.
    pub(super) fn field(&mut self, on: bool) -> Result<(), LinkError> {
        self.device
            .set_property_bool(Property::ActivateField, on)
            .map_err(|error| self.fault(&error, "switching the field", LinkFault::Reader))
    }

    /// Asks the chip for something that it answers without a card and that changes nothing.
    pub(super) fn sign_of_life(&mut self, doing: &'static str) -> Result<(), LinkError> {
        let asked = self.device.set_property_bool(Property::InfiniteSelect, false);
        asked.map_err(|error| self.fault(&error, doing, LinkFault::Reader))
    }

    /// As that, where what is left of an answer may still be on the line: the first try clears it.
    fn is_alive(&mut self, doing: &'static str) -> bool {
        self.sign_of_life(doing).or_else(|_| self.sign_of_life(doing)).is_ok()
    }

    /// What is set already is not sent again.
    fn frame(&mut self, framing: Framing) -> Result<(), Error> {
        let blocks = framing == Framing::Blocks;
        self.device.set_property_bool(Property::EasyFraming, blocks)?;
        self.device.set_property_bool(Property::HandleCrc, blocks)
    }

    fn fault(&self, error: &Error, doing: &'static str, of_chip: LinkFault) -> LinkError {
        let mut fault = fault(error, doing, of_chip);
        if self.port.is_gone() {
            fault.fault = LinkFault::ReaderGone;
        }
        fault
    }
}

/// Makes it a reader that tries a few times and not for ever.
fn set_up(device: &mut Device) -> Result<(), Error> {
    device.initiator_init()?;
    device.set_property_bool(Property::InfiniteSelect, false)
}

/// libnfc takes the lengths as the chip gave them.
fn target(card: &Iso14443a, doing: &'static str) -> Result<Option<Target>, LinkError> {
    if card.uid_len == 0 {
        return Ok(None);
    }
    let broken = LinkError::new(LinkFault::Card, doing).detail("lengths that cannot be");
    if card.ats_len > card.ats.len() {
        return Err(broken);
    }
    let uid = card.uid.get(..card.uid_len).ok_or(broken)?.to_vec();
    Ok(Some(Target { atqa: card.atqa, sak: card.sak, uid }))
}

/// libnfc waits with `select`, which knows no descriptor from 1024 on. What was opened now shows what it would get.
fn check_descriptors(doing: &'static str) -> Result<(), LinkError> {
    let probes = (0..DESCRIPTORS).map(|_| File::open("/dev/null")).collect::<Result<Vec<_>, _>>();
    let probes = probes.map_err(|error| LinkError::new(LinkFault::Io, doing).detail(error.to_string()))?;
    if probes.iter().all(|probe| waitable(probe.as_raw_fd())) {
        return Ok(());
    }
    Err(LinkError::new(LinkFault::Unsupported, doing).detail("too many open files for libnfc"))
}

fn waitable(descriptor: i32) -> bool {
    descriptor < DESCRIPTOR_LIMIT
}

/// The fault that an error of libnfc is. Those of the chip are the card's or the reader's, by what was being done.
fn fault(error: &Error, doing: &'static str, of_chip: LinkFault) -> LinkError {
    let fault = match error {
        Error::RfTransmissionError | Error::TargetReleased => LinkFault::CardGone,
        Error::MifareAuthFailed | Error::BufferOverflow => LinkFault::Card,
        Error::Chip => of_chip,
        Error::Timeout => LinkFault::Timeout,
        Error::OperationAborted => LinkFault::Cancelled,
        Error::NotImplemented | Error::DeviceNotSupported => LinkFault::Unsupported,
        Error::Malloc | Error::Soft => LinkFault::Io,
        Error::NoDeviceFound | Error::NoSuchDeviceFound => LinkFault::ReaderGone,
        Error::Io | Error::InvalidArgument | Error::Undefined(_) | Error::UndefinedModulationType => {
            LinkFault::Reader
        }
    };
    LinkError::new(fault, doing).detail(error.to_string())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn card(uid_len: usize, ats_len: usize) -> Iso14443a {
        Iso14443a { atqa: [0x03, 0x44], sak: 0x20, uid: [7; 10], uid_len, ats: [0; 254], ats_len }
    }

    #[test]
    fn a_target_of_noughts_is_none() {
        assert_eq!(target(&card(0, 0), "").unwrap(), None);
        assert_eq!(target(&card(7, 4), "").unwrap().unwrap().uid, [7; 7]);
        assert_eq!(target(&card(10, 254), "").unwrap().unwrap().uid, [7; 10]);
    }

    #[test]
    fn lengths_that_cannot_be_are_the_cards_fault() {
        for (uid_len, ats_len) in [(11, 0), (usize::MAX, 0), (7, 255), (7, usize::MAX)] {
            assert_eq!(target(&card(uid_len, ats_len), "").unwrap_err().fault, LinkFault::Card);
        }
    }

    #[test]
    fn select_knows_descriptors_up_to_1023() {
        assert!(waitable(DESCRIPTOR_LIMIT - 1) && !waitable(DESCRIPTOR_LIMIT));
        assert!(check_descriptors("").is_ok());
    }

    #[test]
    fn the_first_opens_may_be_at_once() {
        let open = || Guarded::open(&ReaderName::new("/dev/no-such-port")).err().map(|error| error.fault);
        std::thread::scope(|scope| {
            for thread in [(); 8].map(|()| scope.spawn(open)) {
                assert_eq!(thread.join().unwrap(), Some(LinkFault::NoSuchReader));
            }
        });
    }

    /// What libnfc cannot be called for safely is called nowhere, and nothing of it is called elsewhere.
    #[test]
    fn only_what_is_guarded_is_called() {
        let guard = include_str!("guard.rs");
        let code = guard.split("#[cfg(test)]").next().unwrap();
        for banned in [
            "list_passive_targets(",
            "poll_target(",
            "abort_command(",
            "list_devices(",
            "context.open()",
            ".idle(",
        ] {
            assert!(!code.contains(banned), "{banned}");
        }
        for (name, other) in [
            ("device.rs", include_str!("device.rs")),
            ("serve.rs", include_str!("serve.rs")),
            ("port.rs", include_str!("port.rs")),
        ] {
            let other = other.split("#[cfg(test)]").next().unwrap();
            assert!(!other.replace("nfc1::version", "").contains("nfc1::"), "{name}");
        }
    }
}
