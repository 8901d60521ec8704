//! Command and response APDUs in short form (ISO/IEC 7816-4 §5.1).

use std::fmt;

/// Most bytes of data in a command: its length is one byte.
pub const COMMAND_DATA_MAX: usize = 255;

/// Most bytes of data in a response, which extended length allows. Protocols set tighter limits of their own.
pub const RESPONSE_DATA_MAX: usize = 65_536;

/// Longest name of an application, in bytes (ISO/IEC 7816-4 §8.2.1.2).
pub const AID_MAX: usize = 16;

/// A command to a card or phone.
///
/// ```
/// use phygital_core::contactless::apdu::Command;
/// let select = Command::select(b"OSE.VAS.01")?;
/// assert_eq!(select.to_bytes()[..5], [0x00, 0xA4, 0x04, 0x00, 10]);
/// assert_eq!(Command::parse(&select.to_bytes())?, select);
/// # Ok::<(), phygital_core::contactless::apdu::ApduError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    head: [u8; 4],
    data: Vec<u8>,
    le: Option<u8>,
}

/// Bytes that are no APDU, or an APDU that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApduError {
    /// Fewer bytes than the shortest there is.
    #[error("an APDU of {found} bytes, expected at least {least}")]
    TooShort {
        /// Bytes found.
        found: usize,
        /// Bytes of the shortest.
        least: usize,
    },
    /// More data than fits.
    #[error("an APDU with {found} bytes of data, at most {most} fit")]
    TooLong {
        /// Bytes of data found.
        found: usize,
        /// Bytes that fit.
        most: usize,
    },
    /// The length byte of a command does not fit its bytes.
    #[error("a command with as many bytes as its length says")]
    Length,
}

impl Command {
    /// A command without data that expects none: case 1.
    #[must_use]
    pub const fn new(cla: u8, ins: u8, p1: u8, p2: u8) -> Self {
        Self { head: [cla, ins, p1, p2], data: Vec::new(), le: None }
    }

    /// SELECT of an application by its name (ISO/IEC 7816-4 §11.2.2).
    ///
    /// # Errors
    /// [`ApduError::TooLong`] for a name of more than [`AID_MAX`] bytes.
    pub fn select(aid: &[u8]) -> Result<Self, ApduError> {
        if aid.len() > AID_MAX {
            return Err(ApduError::TooLong { found: aid.len(), most: AID_MAX });
        }
        Ok(Self::new(0x00, 0xA4, 0x04, 0x00).data(aid)?.le(0))
    }

    /// Sets the data.
    ///
    /// # Errors
    /// [`ApduError::TooLong`] for more than [`COMMAND_DATA_MAX`] bytes.
    pub fn data(mut self, data: &[u8]) -> Result<Self, ApduError> {
        if data.len() > COMMAND_DATA_MAX {
            return Err(ApduError::TooLong { found: data.len(), most: COMMAND_DATA_MAX });
        }
        self.data = data.to_vec();
        Ok(self)
    }

    /// Sets how many bytes are expected at most; 0 stands for 256.
    #[must_use]
    pub const fn le(mut self, le: u8) -> Self {
        self.le = Some(le);
        self
    }

    /// CLA, INS, P1 and P2.
    #[must_use]
    pub const fn head(&self) -> [u8; 4] {
        self.head
    }

    /// The data.
    #[must_use]
    pub fn data_bytes(&self) -> &[u8] {
        &self.data
    }

    /// How many bytes are expected at most, as on the wire: 0 stands for 256.
    #[must_use]
    pub const fn expected(&self) -> Option<u8> {
        self.le
    }

    /// The bytes to send.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.head.to_vec();
        if !self.data.is_empty() {
            bytes.push(u8::try_from(self.data.len()).expect("at most COMMAND_DATA_MAX"));
            bytes.extend_from_slice(&self.data);
        }
        bytes.extend(self.le);
        bytes
    }

    /// Reads a command, as a card does.
    ///
    /// # Errors
    /// [`ApduError`] for bytes that are none in short form.
    pub fn parse(bytes: &[u8]) -> Result<Self, ApduError> {
        let (head, body) =
            bytes.split_first_chunk().ok_or(ApduError::TooShort { found: bytes.len(), least: 4 })?;
        let command = Self { head: *head, data: Vec::new(), le: None };
        match body {
            [] => Ok(command),
            [le] => Ok(command.le(*le)),
            [0, ..] => Err(ApduError::Length),
            [length, rest @ ..] => match rest.split_at_checked(usize::from(*length)) {
                Some((data, [])) => command.data(data),
                Some((data, [le])) => Ok(command.data(data)?.le(*le)),
                _ => Err(ApduError::Length),
            },
        }
    }
}

/// The two bytes at the end of a response.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "two bytes, by standard")]
pub struct StatusWord(pub u16);

impl StatusWord {
    /// Normal end (ISO/IEC 7816-4 §5.6).
    pub const OK: Self = Self(0x9000);

    /// Its first byte, SW1.
    #[must_use]
    pub const fn sw1(self) -> u8 {
        self.0.to_be_bytes()[0]
    }

    /// Its second byte, SW2.
    #[must_use]
    pub const fn sw2(self) -> u8 {
        self.0.to_be_bytes()[1]
    }
}

impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StatusWord({self})")
    }
}

/// The answer to a command: data, then the status word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "data and status, by standard")]
pub struct Response<'a> {
    /// The data.
    pub data: &'a [u8],
    /// How it ended.
    pub status: StatusWord,
}

impl<'a> Response<'a> {
    /// Reads a response.
    ///
    /// # Errors
    /// [`ApduError`] for fewer than two bytes, or for more than [`RESPONSE_DATA_MAX`] before the status.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ApduError> {
        let (data, status) =
            bytes.split_last_chunk().ok_or(ApduError::TooShort { found: bytes.len(), least: 2 })?;
        if data.len() > RESPONSE_DATA_MAX {
            return Err(ApduError::TooLong { found: data.len(), most: RESPONSE_DATA_MAX });
        }
        Ok(Self { data, status: StatusWord(u16::from_be_bytes(*status)) })
    }

    /// The bytes to send, as a card does.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.data, &self.status.0.to_be_bytes()].concat()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_read_writes_back(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(command) = Command::parse(&bytes) {
                prop_assert_eq!(command.to_bytes(), bytes.clone());
            }
            match Response::parse(&bytes) {
                Ok(response) => prop_assert_eq!(response.to_bytes(), bytes),
                Err(_) => prop_assert!(bytes.len() < 2),
            }
        }

        #[test]
        fn what_is_written_reads_back(
            head: [u8; 4],
            data in prop::collection::vec(any::<u8>(), 0..=COMMAND_DATA_MAX),
            le: Option<u8>,
        ) {
            let [cla, ins, p1, p2] = head;
            let mut command = Command::new(cla, ins, p1, p2).data(&data).unwrap();
            command.le = le;
            prop_assert_eq!(Command::parse(&command.to_bytes()), Ok(command));
        }
    }

    #[test]
    fn lengths_are_kept() {
        let full = [7; COMMAND_DATA_MAX + 1];
        assert!(Command::new(0, 0, 0, 0).data(&full[1..]).is_ok());
        let error = ApduError::TooLong { found: 256, most: 255 };
        assert_eq!(Command::new(0, 0, 0, 0).data(&full), Err(error));
        assert!(Command::select(&full[..AID_MAX]).is_ok());
        assert_eq!(Command::select(&full[..=AID_MAX]), Err(ApduError::TooLong { found: 17, most: 16 }));
        let mut long = vec![0; RESPONSE_DATA_MAX + 3];
        assert_eq!(Response::parse(&long), Err(ApduError::TooLong { found: 65_537, most: 65_536 }));
        long.pop();
        assert_eq!(Response::parse(&long).unwrap().status, StatusWord(0));
        assert_eq!(Command::parse(&[0, 1, 2]), Err(ApduError::TooShort { found: 3, least: 4 }));
        assert_eq!(Command::parse(&[0, 0, 0, 0, 2, 1]), Err(ApduError::Length));
        // Extended length, which no command of ours has.
        assert_eq!(Command::parse(&[0, 0, 0, 0, 0, 0, 1, 9]), Err(ApduError::Length));
    }

    #[test]
    fn a_status_prints_as_four_digits() {
        let status = Response::parse(&[0x6A, 0x83]).unwrap().status;
        assert_eq!((status.sw1(), status.sw2(), status.to_string().as_str()), (0x6A, 0x83, "6A83"));
        assert_eq!(format!("{status:?}"), "StatusWord(6A83)");
        assert_ne!(status, StatusWord::OK);
    }
}
