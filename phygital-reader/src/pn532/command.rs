//! What a host says to a PN532 and what the chip answers (UM0701-02, 7).
//!
//! A [`Command`] makes its body; the functions read the bytes after the code of an answer. A card writes part of them,
//! so each length is checked.

use crate::card::{Card, Technology, Uid};
use crate::link::LinkFault;

/// Most bytes of a body: its direction, its code, and 263 more (UM0701-02, 6.2.1.2).
pub const BODY_MAX: usize = 265;

/// Most bytes of an APDU in one command; what is longer goes in several (UM0701-02, 7.3.8).
pub const EXCHANGE_MAX: usize = 262;

/// The direction byte from the host to the chip.
pub const TO_CHIP: u8 = 0xD4;

/// The direction byte from the chip to the host.
pub const TO_HOST: u8 = 0xD5;

/// The number of the one target that we let the chip have.
const TARGET: u8 = 1;

/// In the target number: more of this command follows. In a status: more of this answer follows.
const MORE: u8 = 0x40;

/// In a status: a node address comes first, which we never asked for.
const NODE_ADDRESS: u8 = 0x80;

/// CIU registers that polling frames need (UM0701-02, 7.2.4; PN532/C1, 8.6.23).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Register {
    /// CIU_TxMode: bit 7 appends a CRC; 0 in the others is type A at 106 kbit/s.
    TxMode = 0x6302,
    /// CIU_RxMode: bit 7 checks and strips a CRC.
    RxMode = 0x6303,
    /// CIU_BitFraming: how many bits of the last byte are sent; 0 is all. The chip leaves 7 there after each poll.
    BitFraming = 0x633D,
}

/// How long the chip waits for the answer to [`Command::InCommunicateThru`]: 100 us, doubled for each step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the two that the driver needs")]
pub enum AirTimeout {
    /// 51.2 ms, as after a reset.
    Usual = 0x0A,
    /// 12.8 ms, for frames that nobody answers.
    Short = 0x08,
}

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command<'a> {
    /// Diagnose, test 0: the chip sends these bytes back.
    Echo(&'a [u8]),
    /// GetFirmwareVersion.
    GetFirmwareVersion,
    /// WriteRegister.
    WriteRegister(&'a [(Register, u8)]),
    /// SetParameters: answers to select (RATS) are asked for without being told.
    SetParameters,
    /// SAMConfiguration: normal mode, no secure element.
    SamConfiguration,
    /// PowerDown until a byte comes over the line.
    PowerDown,
    /// RFConfiguration, item 1: the field.
    Field(bool),
    /// RFConfiguration, item 2: waiting times.
    Timing(AirTimeout),
    /// RFConfiguration, item 5: a poll asks once. By default it asks for ever.
    PollOnce,
    /// InListPassiveTarget: one target of type A at 106 kbit/s.
    InListPassiveTarget,
    /// InDataExchange with our target.
    InDataExchange {
        /// Up to [`EXCHANGE_MAX`] bytes; none to ask for more of the answer.
        data: &'a [u8],
        /// Whether more of this command follows.
        more: bool,
    },
    /// InCommunicateThru: a frame as it is.
    InCommunicateThru(&'a [u8]),
    /// InRelease of all targets.
    InRelease,
}

/// What a chip says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Firmware {
    /// Version and revision of the firmware.
    pub version: (u8, u8),
}

/// A card that a poll found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Target {
    /// As the reader gives it out.
    pub card: Card,
    /// ATQA, most significant byte first, as the chip gives it.
    pub atqa: [u8; 2],
    /// SAK of the last cascade level.
    pub sak: u8,
    /// The answer to select with its length byte, empty where there was none.
    pub ats: Box<[u8]>,
}

/// What an exchange with a card gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exchange<'a> {
    /// What the card said, or the next part of it.
    pub data: &'a [u8],
    /// Whether more follows.
    pub more: bool,
}

impl Command<'_> {
    /// Its code. The answer has the next one.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self {
            Self::Echo(_) => 0x00,
            Self::GetFirmwareVersion => 0x02,
            Self::WriteRegister(_) => 0x08,
            Self::SetParameters => 0x12,
            Self::SamConfiguration => 0x14,
            Self::PowerDown => 0x16,
            Self::Field(_) | Self::Timing(_) | Self::PollOnce => 0x32,
            Self::InDataExchange { .. } => 0x40,
            Self::InCommunicateThru(_) => 0x42,
            Self::InListPassiveTarget => 0x4A,
            Self::InRelease => 0x52,
        }
    }

    /// What is being done, for an error.
    #[must_use]
    pub fn doing(&self) -> &'static str {
        match self {
            Self::Echo(_) => "asking the chip for an echo",
            Self::GetFirmwareVersion => "asking the chip for its version",
            Self::WriteRegister(_) | Self::SetParameters | Self::SamConfiguration => "configuring the chip",
            Self::PowerDown => "powering the chip down",
            Self::Field(_) => "switching the field",
            Self::Timing(_) | Self::PollOnce => "configuring the field",
            Self::InListPassiveTarget => "looking for a card",
            Self::InDataExchange { .. } => "exchanging with the card",
            Self::InCommunicateThru(_) => "sending a frame",
            Self::InRelease => "letting the card go",
        }
    }

    /// Its body, direction and code included.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let mut body = vec![TO_CHIP, self.code()];
        match *self {
            Self::Echo(data) => {
                body.push(0x00);
                body.extend(data);
            }
            Self::GetFirmwareVersion => {}
            Self::WriteRegister(writes) => {
                for &(register, value) in writes {
                    body.extend((register as u16).to_be_bytes());
                    body.push(value);
                }
            }
            // AutomaticATR_RES, the default, and AutomaticRATS.
            Self::SetParameters => body.push(0x14),
            Self::SamConfiguration => body.push(0x01),
            // I2C, GPIO, SPI, HSU: whatever line it hangs on wakes it.
            Self::PowerDown => body.push(0xF0),
            Self::Field(on) => body.extend([0x01, u8::from(on)]),
            // Reserved, ATR_RES (102.4 ms, the default, never used), InCommunicateThru.
            Self::Timing(timeout) => body.extend([0x02, 0x00, 0x0B, timeout as u8]),
            // ATR_REQ and PSL as by default, never used; passive activation: no retry.
            Self::PollOnce => body.extend([0x05, 0xFF, 0x01, 0x00]),
            Self::InListPassiveTarget => body.extend([TARGET, 0x00]),
            Self::InDataExchange { data, more } => {
                body.push(if more { TARGET | MORE } else { TARGET });
                body.extend(data);
            }
            Self::InCommunicateThru(frame) => body.extend(frame),
            Self::InRelease => body.push(0x00),
        }
        body
    }
}

impl Firmware {
    /// Reads the answer to [`Command::GetFirmwareVersion`].
    ///
    /// # Errors
    /// [`LinkFault::Reader`]: another chip, or no such answer.
    pub fn parse(answer: &[u8]) -> Result<Self, LinkFault> {
        match *answer {
            [0x32, version, revision, _support] => Ok(Self { version: (version, revision) }),
            _ => Err(LinkFault::Reader),
        }
    }
}

impl Target {
    /// Reads the answer to [`Command::InListPassiveTarget`]; `None` where no card is there.
    ///
    /// # Errors
    /// [`LinkFault::Card`]: a length that does not fit, which a card can bring about. [`LinkFault::Reader`]: more targets
    /// than were asked for.
    pub fn parse(answer: &[u8]) -> Result<Option<Self>, LinkFault> {
        let (atqa, sak, uid_len, rest) = match *answer {
            [0] => return Ok(None),
            [1, TARGET, atqa1, atqa0, sak, uid_len, ref rest @ ..] => {
                ([atqa1, atqa0], sak, usize::from(uid_len), rest)
            }
            [1, TARGET, ..] => return Err(LinkFault::Card),
            _ => return Err(LinkFault::Reader),
        };
        let (uid, ats) = rest.split_at_checked(uid_len).ok_or(LinkFault::Card)?;
        let uid = matches!(uid_len, 4 | 7 | 10).then(|| Uid::new(uid)).flatten().ok_or(LinkFault::Card)?;
        let iso_dep = sak & 0x20 != 0;
        match ats {
            [] => {}
            [len, ..] if iso_dep && usize::from(*len) == ats.len() => {}
            _ => return Err(LinkFault::Card),
        }
        let technology = match (atqa, sak) {
            _ if iso_dep && !ats.is_empty() => Technology::IsoDep,
            ([0x00, 0x44], 0x00) => Technology::Type2,
            _ => Technology::Other,
        };
        Ok(Some(Self { card: Card::new(technology, uid), atqa, sak, ats: ats.into() }))
    }
}

impl<'a> Exchange<'a> {
    /// Reads the answer to [`Command::InDataExchange`] or [`Command::InCommunicateThru`].
    ///
    /// # Errors
    /// As [`fault_of`] says; [`LinkFault::Card`] where a node address comes with it.
    pub fn parse(answer: &'a [u8]) -> Result<Self, LinkFault> {
        let (&status, data) = answer.split_first().ok_or(LinkFault::Reader)?;
        match fault_of(status) {
            Some(fault) => Err(fault),
            None if status & NODE_ADDRESS != 0 => Err(LinkFault::Card),
            None => Ok(Self { data, more: status & MORE != 0 }),
        }
    }
}

/// Which fault a status is (UM0701-02, 7.1); `None` where it is none. The upper two bits are flags.
///
/// What is lost or garbled on the air is a card that is leaving: held there again, it will do.
#[must_use]
pub fn fault_of(status: u8) -> Option<LinkFault> {
    Some(match status & 0x3F {
        0x00 => return None,
        // No answer; CRC; parity; bit count; framing; collision.
        0x01..=0x06 => LinkFault::CardGone,
        // The target is not (or no more) what the command needs; released; gone or exchanged (14443-3 B).
        0x27 | 0x29 | 0x2A | 0x2B => LinkFault::CardGone,
        // More than the chip can take; RF protocol; data format; authentication; check byte of the UID.
        0x07 | 0x09 | 0x0B | 0x13 | 0x14 | 0x23 => LinkFault::Card,
        // Field of the counterpart, temperature, buffer, parameter, DEP state, over-current, ...: none of a card's making.
        _ => LinkFault::Reader,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bodies_as_they_were_seen_to_work() {
        // Recorded between libnfc 1.8.0 and a PN532.
        for (command, body) in [
            (Command::SamConfiguration, &[0xD4, 0x14, 0x01][..]),
            (Command::Echo(b"libnfc"), b"\xD4\x00\x00libnfc"),
            (Command::GetFirmwareVersion, &[0xD4, 0x02]),
            (Command::SetParameters, &[0xD4, 0x12, 0x14]),
            (Command::Field(false), &[0xD4, 0x32, 0x01, 0x00]),
            (Command::Field(true), &[0xD4, 0x32, 0x01, 0x01]),
            (Command::PollOnce, &[0xD4, 0x32, 0x05, 0xFF, 0x01, 0x00]),
            (Command::Timing(AirTimeout::Short), &[0xD4, 0x32, 0x02, 0x00, 0x0B, 0x08]),
            (Command::InListPassiveTarget, &[0xD4, 0x4A, 0x01, 0x00]),
            (Command::InDataExchange { data: &[0x30, 0x04], more: false }, &[0xD4, 0x40, 0x01, 0x30, 0x04]),
            (Command::InDataExchange { data: &[], more: false }, &[0xD4, 0x40, 0x01]),
            (Command::WriteRegister(&[(Register::BitFraming, 0)]), &[0xD4, 0x08, 0x63, 0x3D, 0x00]),
            (Command::InCommunicateThru(&[0x3A, 0x04, 0x12]), &[0xD4, 0x42, 0x3A, 0x04, 0x12]),
            (Command::InRelease, &[0xD4, 0x52, 0x00]),
            (Command::PowerDown, &[0xD4, 0x16, 0xF0]),
        ] {
            assert_eq!(command.body(), body, "{command:?}");
        }
        let long = [0; EXCHANGE_MAX];
        assert_eq!(Command::InDataExchange { data: &long, more: true }.body().len(), BODY_MAX);
        assert_eq!(Command::InDataExchange { data: &long, more: true }.body()[2], 0x41);
    }

    #[test]
    fn a_target_is_told_by_sak_and_ats() {
        let seen = |hex: &[u8]| Target::parse(hex).unwrap().unwrap();
        // Recorded: a Type 4 tag and a Type 2 tag.
        let type4 = seen(b"\x01\x01\x03\x44\x20\x07\x04\xA1\xB2\xC3\xD4\xE5\xF6\x06\x77\x77\x71\x02\x80");
        assert_eq!((type4.card.technology, type4.sak, type4.ats.len()), (Technology::IsoDep, 0x20, 6));
        assert_eq!(type4.card.uid.to_string(), "04A1B2C3D4E5F6");
        let type2 = seen(b"\x01\x01\x00\x44\x00\x07\x04\x11\x22\x33\x44\x55\x66");
        assert_eq!(
            (type2.card.technology, type2.card.uid.to_string().as_str()),
            (Technology::Type2, "04112233445566")
        );
        // SAK 20 without an ATS: no APDUs.
        assert_eq!(seen(b"\x01\x01\x00\x04\x20\x04\x08\x01\x02\x03").card.technology, Technology::Other);
        // MIFARE Classic.
        assert_eq!(seen(b"\x01\x01\x00\x04\x08\x04\x01\x02\x03\x04").card.technology, Technology::Other);
        assert_eq!(Target::parse(&[0]), Ok(None));
    }

    #[test]
    fn lengths_that_lie_are_the_cards_fault() {
        for lie in [
            &b"\x01\x01\x00\x44\x20\x40\x04\x11\x22\x33"[..], // UID of 64 bytes, 4 there
            b"\x01\x01\x00\x44\x20\x05\x04\x11\x22\x33\x44",  // UID of 5 bytes
            b"\x01\x01\x00\x44\x20\x00",                      // no UID
            b"\x01\x01\x00\x44\x20\x04\x04\x11\x22\x33\x00",  // ATS of no length
            b"\x01\x01\x00\x44\x20\x04\x04\x11\x22\x33\x06\x77\x77", // ATS cut off
            b"\x01\x01\x00\x44\x20\x04\x04\x11\x22\x33\x02\x77\x77", // bytes after the ATS
            b"\x01\x01\x00\x44\x00\x04\x04\x11\x22\x33\x02\x77", // ATS without SAK 20
            b"\x01\x01\x00\x44",                              // cut off
        ] {
            assert_eq!(Target::parse(lie), Err(LinkFault::Card), "{lie:02X?}");
        }
        for lie in [
            &b""[..],
            b"\x02\x01\x00\x44\x20\x04\x04\x11\x22\x33",
            b"\x01\x02\x00\x44\x20\x04\x04\x11\x22\x33",
            b"\0\0",
        ] {
            assert_eq!(Target::parse(lie), Err(LinkFault::Reader), "{lie:02X?}");
        }
    }

    #[test]
    fn every_status_has_its_fault() {
        // UM0701-02, table of 7.1, and what it leaves free.
        let gone = [0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x27, 0x29, 0x2A, 0x2B];
        let card = [0x07, 0x09, 0x0B, 0x13, 0x14, 0x23];
        for status in 0..=0xFF_u8 {
            let expected = match status & 0x3F {
                0 => None,
                code if gone.contains(&code) => Some(LinkFault::CardGone),
                code if card.contains(&code) => Some(LinkFault::Card),
                _ => Some(LinkFault::Reader),
            };
            assert_eq!(fault_of(status), expected, "{status:02X}");
        }
        for reader in [0x0A, 0x0D, 0x0E, 0x10, 0x12, 0x25, 0x26, 0x2C, 0x2D, 0x2E] {
            assert_eq!(fault_of(reader), Some(LinkFault::Reader));
        }
    }

    #[test]
    fn the_flags_of_a_status() {
        let parsed = Exchange::parse(&[0x40, 1, 2]).unwrap();
        assert_eq!((parsed.data, parsed.more), (&[1, 2][..], true));
        assert!(!Exchange::parse(&[0x00]).unwrap().more);
        // A node address: libnfc ends its process on it.
        assert_eq!(Exchange::parse(&[0x80, 1, 2]), Err(LinkFault::Card));
        assert_eq!(Exchange::parse(&[0x41]), Err(LinkFault::CardGone));
        assert_eq!(Exchange::parse(&[]), Err(LinkFault::Reader));
    }

    #[test]
    fn another_chip_is_refused() {
        assert_eq!(Firmware::parse(&[0x32, 1, 6, 7]).unwrap().version, (1, 6));
        // A PN533, and answers of another length.
        for other in [&[0x33, 2, 7, 7][..], &[0x32, 1, 6], &[0x32, 1, 6, 7, 0], &[]] {
            assert_eq!(Firmware::parse(other), Err(LinkFault::Reader));
        }
    }

    proptest! {
        #[test]
        fn what_is_read_of_a_target_lay_in_its_bytes(answer in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(Some(target)) = Target::parse(&answer) {
                let uid = target.card.uid.as_bytes();
                prop_assert_eq!(&answer[6..6 + uid.len()], uid);
                prop_assert_eq!(&answer[6 + uid.len()..], &*target.ats);
            }
        }
    }
}
