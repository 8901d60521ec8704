//! Enhanced contactless polling: the frame that a reader sends between its polls, so that an iPhone knows what the
//! reader wants and offers the right pass.
//!
//! Frames as published by the community (kormax, apple-enhanced-contactless-polling): `6A`, version, payload, and the
//! CRC of the modulation. They are sent between two polls, every 100 to 250 milliseconds; nobody answers them, the
//! phone answers the second to fourth poll after. A plain PC/SC reader cannot send them. Commercial use needs Apple's
//! approval.

use std::fmt;

/// Most bytes of data in a frame of version 2: its length has four bits.
pub const ECP_DATA_MAX: usize = 15;

/// The modulation of a poll, which decides the CRC (ISO/IEC 14443-3, annex B).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "two, by standard")]
pub enum Modulation {
    /// Type A.
    A,
    /// Type B.
    B,
}

/// A terminal capabilities identifier: what the reader wants.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "three bytes")]
pub struct Tci(pub [u8; 3]);

impl Tci {
    /// A pass, or else a payment. Version 1.
    pub const VAS_OR_PAYMENT: Self = Self([0x00, 0x00, 0x00]);
    /// A pass and a payment in one tap; several passes may be read. Version 1.
    pub const VAS_AND_PAYMENT: Self = Self([0x00, 0x00, 0x01]);
    /// A pass alone. Version 1.
    pub const VAS_ONLY: Self = Self([0x00, 0x00, 0x02]);
    /// A payment alone. Version 1.
    pub const PAYMENT_ONLY: Self = Self([0x00, 0x00, 0x03]);
    /// A watch to be paired with a machine in a gym. Version 1.
    pub const GYM_KIT: Self = Self([0xC3, 0x00, 0x00]);
    /// Nothing: phones do not react to the field. Version 1.
    pub const IGNORE: Self = Self([0xCF, 0x00, 0x00]);
    /// A home key. Version 2, access.
    pub const HOME_KEY: Self = Self([0x02, 0x11, 0x00]);

    const NAMED: [(Self, &'static str); 7] = [
        (Self::VAS_OR_PAYMENT, "VAS or payment"),
        (Self::VAS_AND_PAYMENT, "VAS and payment"),
        (Self::VAS_ONLY, "VAS only"),
        (Self::PAYMENT_ONLY, "payment only"),
        (Self::GYM_KIT, "GymKit"),
        (Self::IGNORE, "ignore"),
        (Self::HOME_KEY, "home key"),
    ];

    /// What it is called, where it has a name here.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        Self::NAMED.iter().find(|(tci, _)| *tci == self).map(|(_, name)| *name)
    }
}

impl fmt::Debug for Tci {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c] = self.0;
        write!(f, "Tci({a:02X}{b:02X}{c:02X})")
    }
}

/// A frame, without its CRC.
///
/// ```
/// use phygital_core::contactless::ecp::{Frame, Modulation, Tci};
/// let frame = Frame::Tci(Tci::VAS_ONLY).to_bytes(Modulation::A);
/// assert_eq!(frame, [0x6A, 0x01, 0x00, 0x00, 0x02, 0xE4, 0xD2]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Frame {
    /// Version 1: an identifier alone.
    Tci(Tci),
    /// Version 2.
    Terminal(Terminal),
}

/// A frame of version 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terminal {
    flags: u8,
    kind: u8,
    subtype: u8,
    data: Vec<u8>,
}

/// Bytes that are no frame, or a frame that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EcpError {
    /// It does not begin with `6A` and version 1 or 2.
    #[error("a frame of polling that begins with 6A 01 or 6A 02")]
    Header,
    /// Another number of bytes than the version and the length within say.
    #[error("as many bytes as the frame's version and length say")]
    Length,
    /// The CRC is not that of the modulation.
    #[error("the CRC of the frame")]
    Crc,
}

impl Terminal {
    /// Transit, whose data is an identifier and a mask of payment networks.
    pub const TRANSIT: u8 = 0x01;
    /// Access: doors, cars, homes.
    pub const ACCESS: u8 = 0x02;
    /// Identity documents.
    pub const IDENTITY: u8 = 0x03;
    /// AirDrop between phones.
    pub const AIRDROP: u8 = 0x05;

    /// A terminal of this type and subtype, with data that begins with its identifiers. The matching pass is shown by
    /// itself and without authentication.
    ///
    /// # Errors
    /// [`EcpError::Length`] for more than [`ECP_DATA_MAX`] bytes of data.
    pub fn new(kind: u8, subtype: u8, data: &[u8]) -> Result<Self, EcpError> {
        if data.len() > ECP_DATA_MAX {
            return Err(EcpError::Length);
        }
        Ok(Self { flags: 0xC0, kind, subtype, data: data.to_vec() })
    }

    /// Whether the phone shows the pass by itself, and whether it may be used without authentication.
    #[must_use]
    pub fn presented(mut self, automatically: bool, without_authentication: bool) -> Self {
        self.flags = u8::from(automatically) << 7 | u8::from(without_authentication) << 6;
        self
    }

    /// Its type and subtype.
    #[must_use]
    pub fn kind(&self) -> (u8, u8) {
        (self.kind, self.subtype)
    }

    /// Its data: identifiers, then what belongs to the type.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }
}

impl Frame {
    /// The first byte of every frame.
    const HEADER: u8 = 0x6A;

    /// Reads a frame without its CRC, as [`Frame::payload`] writes it.
    ///
    /// # Errors
    /// [`EcpError::Header`] and [`EcpError::Length`].
    pub fn from_payload(bytes: &[u8]) -> Result<Self, EcpError> {
        match bytes {
            [Self::HEADER, 1, rest @ ..] => {
                rest.try_into().map(|tci| Self::Tci(Tci(tci))).map_err(|_| EcpError::Length)
            }
            [Self::HEADER, 2, config, kind, subtype, data @ ..]
                if usize::from(config & 0x0F) == data.len() =>
            {
                Ok(Self::Terminal(Terminal {
                    flags: config & 0xF0,
                    kind: *kind,
                    subtype: *subtype,
                    data: data.to_vec(),
                }))
            }
            [Self::HEADER, 2, ..] => Err(EcpError::Length),
            _ => Err(EcpError::Header),
        }
    }

    /// The frame without its CRC, for a chip that adds it.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        match self {
            Self::Tci(Tci(tci)) => [&[Self::HEADER, 1][..], tci].concat(),
            Self::Terminal(terminal) => {
                let length = u8::try_from(terminal.data.len()).expect("at most ECP_DATA_MAX");
                let head = [Self::HEADER, 2, terminal.flags | length, terminal.kind, terminal.subtype];
                [&head[..], &terminal.data].concat()
            }
        }
    }

    /// Reads a frame with its CRC.
    ///
    /// # Errors
    /// [`EcpError`] for anything else.
    pub fn parse(bytes: &[u8], modulation: Modulation) -> Result<Self, EcpError> {
        let (payload, crc) = bytes.split_last_chunk().ok_or(EcpError::Header)?;
        let frame = Self::from_payload(payload)?;
        if *crc != modulation.crc(payload) {
            return Err(EcpError::Crc);
        }
        Ok(frame)
    }

    /// The bytes to send under this modulation.
    #[must_use]
    pub fn to_bytes(&self, modulation: Modulation) -> Vec<u8> {
        let mut bytes = self.payload();
        bytes.extend(modulation.crc(&bytes));
        bytes
    }
}

impl Modulation {
    /// CRC-A or CRC-B, low byte first (ISO/IEC 14443-3, annex B): polynomial 1021h, reflected.
    #[must_use]
    pub fn crc(self, bytes: &[u8]) -> [u8; 2] {
        let (start, last) = match self {
            Self::A => (0x6363, 0x0000),
            Self::B => (0xFFFF, 0xFFFF),
        };
        let crc = bytes.iter().fold(start, |crc: u16, byte| {
            (0..8).fold(crc ^ u16::from(*byte), |crc, _| (crc >> 1) ^ (0x8408 & 0u16.wrapping_sub(crc & 1)))
        });
        (crc ^ last).to_le_bytes()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// ISO/IEC 14443-3, annex B: the examples of CRC-A and CRC-B.
    #[test]
    fn the_standards_examples() {
        assert_eq!(Modulation::A.crc(&[0x00, 0x00]), [0xA0, 0x1E]);
        assert_eq!(Modulation::A.crc(&[0x12, 0x34]), [0x26, 0xCF]);
        assert_eq!(Modulation::B.crc(&[0x00, 0x00, 0x00]), [0xCC, 0xC6]);
        assert_eq!(Modulation::B.crc(&[0x0F, 0xAA, 0xFF]), [0xFC, 0xD1]);
    }

    #[test]
    fn terminals_have_their_lengths() {
        let home = Terminal::new(Terminal::ACCESS, 6, &[&Tci::HOME_KEY.0[..], &[0xDE; 8]].concat()).unwrap();
        assert_eq!(home.kind(), (2, 6));
        assert_eq!(Frame::Terminal(home).payload()[..8], [0x6A, 2, 0xCB, 2, 6, 2, 0x11, 0]);
        let airdrop = Terminal::new(Terminal::AIRDROP, 0, &[1]).unwrap().presented(true, false);
        assert_eq!(Frame::Terminal(airdrop).payload(), [0x6A, 2, 0x81, 5, 0, 1]);
        let data = [0; ECP_DATA_MAX + 1];
        assert!(Terminal::new(1, 0, &data[1..]).is_ok());
        assert_eq!(Terminal::new(1, 0, &data), Err(EcpError::Length));
        for (bytes, error) in [
            (&[][..], EcpError::Header),
            (&[0x6B, 1, 0, 0, 0], EcpError::Header),
            (&[0x6A, 3, 0, 0, 0], EcpError::Header),
            (&[0x6A, 1, 0, 0], EcpError::Length),
            (&[0x6A, 1, 0, 0, 0, 0], EcpError::Length),
            (&[0x6A, 2, 0xC1, 0, 0], EcpError::Length),
            (&[0x6A, 2, 0xC0], EcpError::Length),
        ] {
            assert_eq!(Frame::from_payload(bytes), Err(error), "{bytes:02X?}");
        }
        assert_eq!((Tci::VAS_ONLY.name(), Tci([9; 3]).name()), (Some("VAS only"), None));
    }

    proptest! {
        #[test]
        fn what_is_read_writes_back(
            payload in prop::collection::vec(any::<u8>(), 0..20), version in 1..3u8, b: bool,
        ) {
            let modulation = if b { Modulation::B } else { Modulation::A };
            let mut payload = [&[0x6A, version][..], &payload].concat();
            if version == 2 && payload.len() >= 5 {
                payload[2] = payload[2] & 0xF0 | (payload.len() - 5).min(15) as u8;
            }
            if let Ok(frame) = Frame::from_payload(&payload) {
                prop_assert_eq!(frame.payload(), payload);
                let mut bytes = frame.to_bytes(modulation);
                prop_assert_eq!(Frame::parse(&bytes, modulation), Ok(frame));
                *bytes.last_mut().unwrap() ^= 1;
                prop_assert_eq!(Frame::parse(&bytes, modulation), Err(EcpError::Crc));
            }
        }
    }
}
