//! Native commands of the chip (NT4H2421Gx §10), bare, and answers that come in parts.

use super::error::Ntag424Error;
use super::file_settings::{FileSettings, FileSettingsError, OFFSET_MAX};
use crate::contactless::Step;
use crate::contactless::apdu::{ApduError, Command, Response};
use crate::crypto::NTAG424_AID;

/// The file of the capability container, 32 bytes.
pub const FILE_CC: u8 = 0x01;
/// The file of the NDEF message, 256 bytes.
pub const FILE_NDEF: u8 = 0x02;
/// The proprietary file, 128 bytes.
pub const FILE_PROPRIETARY: u8 = 0x03;

/// Most bytes of an answer in parts: the longest, GetVersion, has 29.
pub(super) const CHAIN_MAX: usize = 1_024;

/// Most parts of an answer: [`CHAIN_MAX`] bytes in parts of the 32 that fit in the smallest frames, and then some. A tag
/// that gives nothing and always has more would never end.
pub(super) const CHAIN_PARTS_MAX: usize = 40;

/// SELECT of the NDEF application: the first command to a tag.
#[must_use]
pub fn select_application() -> Command {
    Command::select(&NTAG424_AID).expect("seven bytes")
}

/// A native command: instruction, header, data. The header is never encrypted, the data are in full mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Native {
    pub(super) ins: u8,
    pub(super) header: Vec<u8>,
    pub(super) data: Vec<u8>,
}

impl Native {
    /// Any command: instruction, header, data. It must not hold a key: it prints and stays in memory.
    #[must_use]
    pub fn new(ins: u8, header: &[u8], data: &[u8]) -> Self {
        Self { ins, header: header.to_vec(), data: data.to_vec() }
    }

    /// GetVersion; see [`super::Version::parse`]. The answer comes in parts.
    #[must_use]
    pub fn get_version() -> Self {
        Self::new(0x60, &[], &[])
    }

    /// Read_Sig; see [`super::originality_signature`].
    #[must_use]
    pub fn read_signature() -> Self {
        Self::new(0x3C, &[0x00], &[])
    }

    /// GetCardUID, in full mode; see [`super::card_uid`].
    #[must_use]
    pub fn get_card_uid() -> Self {
        Self::new(0x51, &[], &[])
    }

    /// GetTTStatus of a TagTamper; see [`super::TamperStatus::parse`].
    #[must_use]
    pub fn get_tamper_status() -> Self {
        Self::new(0xF7, &[], &[])
    }

    /// GetKeyVersion; see [`super::key_version`].
    #[must_use]
    pub fn get_key_version(key_no: u8) -> Self {
        Self::new(0x64, &[key_no], &[])
    }

    /// GetFileSettings; see [`FileSettings::parse`].
    #[must_use]
    pub fn get_file_settings(file_no: u8) -> Self {
        Self::new(0xF5, &[file_no], &[])
    }

    /// GetFileCounters; see [`super::file_counter`].
    #[must_use]
    pub fn get_file_counters(file_no: u8) -> Self {
        Self::new(0xF6, &[file_no], &[])
    }

    /// ChangeFileSettings, in full mode.
    ///
    /// # Errors
    /// As [`FileSettings::encode`].
    pub fn change_file_settings(file_no: u8, settings: &FileSettings) -> Result<Self, Ntag424Error> {
        Ok(Self::new(0x5F, &[file_no], &settings.encode()?))
    }

    /// ReadData of `length` bytes from `offset`, both at most [`super::OFFSET_MAX`]; a length of 0 reads to the end.
    ///
    /// # Errors
    /// [`FileSettingsError::Range`] for more than three bytes.
    pub fn read_data(file_no: u8, offset: u32, length: u32) -> Result<Self, Ntag424Error> {
        Ok(Self::new(0xAD, &place(file_no, offset, length)?, &[]))
    }

    /// WriteData from `offset`, at most [`super::OFFSET_MAX`]. In full mode 239 bytes fit in one command.
    ///
    /// # Errors
    /// [`FileSettingsError::Range`] for an offset of more than three bytes.
    pub fn write_data(file_no: u8, offset: u32, data: &[u8]) -> Result<Self, Ntag424Error> {
        let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
        Ok(Self::new(0x8D, &place(file_no, offset, length)?, data))
    }

    /// SetConfiguration, in full mode. Random ID (option 00), LRP mode (05) and TagTamper (07) cannot be taken back.
    #[must_use]
    pub fn set_configuration(option: u8, data: &[u8]) -> Self {
        Self::new(0x5C, &[option], data)
    }

    /// The command without any protection.
    ///
    /// # Errors
    /// [`ApduError::TooLong`] if header and data do not fit.
    pub fn plain(&self) -> Result<Command, ApduError> {
        wrapped(self.ins, &[&self.header, &self.data])
    }
}

/// File number, offset and length, these least significant byte first.
fn place(file_no: u8, offset: u32, length: u32) -> Result<[u8; 7], FileSettingsError> {
    for (field, value) in [("offset", offset), ("length", length)] {
        if value > OFFSET_MAX {
            return Err(FileSettingsError::Range { field });
        }
    }
    let ([a, b, c, _], [d, e, f, _]) = (offset.to_le_bytes(), length.to_le_bytes());
    Ok([file_no, a, b, c, d, e, f])
}

/// A native command as an APDU: class 90, parameters zero, any length of answer.
pub(super) fn wrapped(ins: u8, parts: &[&[u8]]) -> Result<Command, ApduError> {
    Ok(Command::new(0x90, ins, 0x00, 0x00).data(&parts.concat())?.le(0))
}

/// An answer that may come in parts: status 91AF says that there is more, which 90 AF fetches.
///
/// ```
/// use phygital_core::contactless::apdu::Response;
/// use phygital_core::contactless::{Step, ntag424::Chain};
/// let mut chain = Chain::default();
/// let more = chain.take(&Response::parse(&[1, 2, 0x91, 0xAF])?)?;
/// assert!(matches!(more, Step::Send(command) if command.to_bytes() == [0x90, 0xAF, 0, 0, 0]));
/// assert_eq!(chain.take(&Response::parse(&[3, 0x91, 0x00])?)?, Step::Done(vec![1, 2, 3]));
/// # Ok::<(), phygital_core::contactless::ntag424::Ntag424Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    data: Vec<u8>,
    parts: usize,
    /// The last status was not 91AF.
    pub(super) status: u8,
}

impl Chain {
    /// Takes the next part.
    ///
    /// # Errors
    /// [`Ntag424Error::Status`] if the tag refused, [`Ntag424Error::Length`] beyond 1024 bytes or 40 parts.
    pub fn take(&mut self, response: &Response<'_>) -> Result<Step<Vec<u8>>, Ntag424Error> {
        // Read_Sig ends with 9190.
        Ntag424Error::unless(response.status, &[0x9100, 0x9190, 0x91AF, 0x9000])?;
        if self.data.len() + response.data.len() > CHAIN_MAX {
            let found = self.data.len() + response.data.len();
            return Err(Ntag424Error::Length { what: "an answer", found, expected: "at most 1024" });
        }
        self.data.extend_from_slice(response.data);
        self.parts += 1;
        if response.status.0 == 0x91AF {
            if self.parts == CHAIN_PARTS_MAX {
                let found = self.data.len();
                return Err(Ntag424Error::Length { what: "an answer", found, expected: "at most 40 parts" });
            }
            return Ok(Step::Send(wrapped(0xAF, &[])?));
        }
        self.status = response.status.sw2();
        Ok(Step::Done(std::mem::take(&mut self.data)))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn bytes(command: &Native) -> Vec<u8> {
        command.plain().unwrap().to_bytes()
    }

    #[test]
    fn commands_are_those_of_the_data_sheet() {
        assert_eq!(
            select_application().to_bytes(),
            [0x00, 0xA4, 0x04, 0x00, 0x07, 0xD2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x01, 0x00]
        );
        assert_eq!(bytes(&Native::get_version()), [0x90, 0x60, 0, 0, 0]);
        assert_eq!(bytes(&Native::read_signature()), [0x90, 0x3C, 0, 0, 1, 0, 0]);
        assert_eq!(bytes(&Native::get_file_settings(FILE_NDEF)), [0x90, 0xF5, 0, 0, 1, 2, 0]);
        let read = Native::read_data(FILE_NDEF, 0x0A_0B0C, 256).unwrap();
        assert_eq!(bytes(&read), [0x90, 0xAD, 0, 0, 7, 2, 0x0C, 0x0B, 0x0A, 0, 1, 0, 0]);
        let write = Native::write_data(FILE_PROPRIETARY, 0, &[9, 8]).unwrap();
        assert_eq!(bytes(&write), [0x90, 0x8D, 0, 0, 9, 3, 0, 0, 0, 2, 0, 0, 9, 8, 0]);
        let long = |length: usize| Native::write_data(2, 0, &vec![0; length]).unwrap();
        assert!(long(248).plain().is_ok() && long(249).plain().is_err());
        assert!(Native::read_data(2, OFFSET_MAX, OFFSET_MAX).is_ok());
        for (offset, length) in [(OFFSET_MAX + 1, 0), (0, OFFSET_MAX + 1)] {
            assert_eq!(Native::read_data(2, offset, length).unwrap_err().code(), "bad_offset");
        }
        assert!(Native::write_data(2, OFFSET_MAX + 1, &[]).is_err());
    }

    #[test]
    fn a_chain_is_bounded_and_stops_at_a_refusal() {
        let mut chain = Chain::default();
        let part = [[0; 256].as_slice(), &[0x91, 0xAF]].concat();
        for _ in 0..CHAIN_MAX / 256 {
            assert!(matches!(chain.take(&Response::parse(&part).unwrap()), Ok(Step::Send(_))));
        }
        let error = chain.take(&Response::parse(&[0, 0x91, 0x00]).unwrap()).unwrap_err();
        assert_eq!(error.code(), "bad_length");
        let mut chain = Chain::default();
        let more = Response::parse(&[0x91, 0xAF]).unwrap();
        for _ in 1..CHAIN_PARTS_MAX {
            assert!(matches!(chain.take(&more), Ok(Step::Send(_))));
        }
        assert_eq!(chain.clone().take(&Response::parse(&[7, 0x91, 0x00]).unwrap()), Ok(Step::Done(vec![7])));
        assert_eq!(chain.take(&more).unwrap_err().code(), "bad_length");
        let error = Chain::default().take(&Response::parse(&[0x91, 0x7E]).unwrap()).unwrap_err();
        assert_eq!(error.code(), "status");
    }
}
