//! Commands of ISO/IEC 7816-4 (NT4H2421Gx §10.9).

use phygital_core::contactless::apdu::Command;
use phygital_core::contactless::ntag424::{Access, FILE_CC, FILE_PROPRIETARY};
use phygital_core::crypto::NTAG424_AID;

use super::{LastRead, Ntag424, Refusal, State};

/// The name of the PICC level, and identifiers of it, of the application and of its first file.
const PICC_NAME: [u8; 7] = [0xD2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x00];
const PICC_ID: u16 = 0x3F00;
const APPLICATION_ID: u16 = 0xE110;
const FILE_ID_BASE: u16 = 0xE102;

const OK: u16 = 0x9000;
const LENGTH: u16 = 0x6700;
const SECURITY: u16 = 0x6982;
const CONDITIONS: u16 = 0x6985;
const NOT_FOUND: u16 = 0x6A82;
const PARAMETERS: u16 = 0x6A86;
const DATA_LENGTH: u16 = 0x6A87;

impl Ntag424 {
    pub(super) fn iso(
        &mut self,
        command: &Command,
        before: Option<LastRead>,
    ) -> Result<(Vec<u8>, u16), Refusal> {
        if self.state.pending.is_some() {
            return Err(CONDITIONS);
        }
        let [_, ins, p1, p2] = command.head();
        match ins {
            0xA4 => self.select(p1, p2, command.data_bytes()),
            0xB0 => self.read_binary(p1, p2, command, before),
            0xD6 => self.update_binary(p1, p2, command.data_bytes()),
            _ => Err(0x6D00),
        }
    }

    fn select(&mut self, p1: u8, p2: u8, data: &[u8]) -> Result<(Vec<u8>, u16), Refusal> {
        if !matches!(p2, 0x00 | 0x0C) {
            return Err(PARAMETERS);
        }
        let id = <[u8; 2]>::try_from(data).map(u16::from_be_bytes);
        let (in_application, file) = match (p1, id) {
            (0x00 | 0x03, _) if data.is_empty() => (false, None),
            (0x00, Ok(PICC_ID)) => (false, None),
            (0x00 | 0x01, Ok(APPLICATION_ID)) => (true, None),
            (0x00 | 0x02, Ok(id)) => {
                let number = id.checked_sub(FILE_ID_BASE).and_then(|number| u8::try_from(number).ok());
                let number = number.filter(|number| (FILE_CC..=FILE_PROPRIETARY).contains(number));
                if !self.state.in_application || number.is_none() {
                    return Err(NOT_FOUND);
                }
                (true, number)
            }
            (0x01, Ok(_)) => return Err(NOT_FOUND),
            (0x04, _) if data == NTAG424_AID => (true, None),
            (0x04, _) if data == PICC_NAME => (false, None),
            (0x04, _) if !data.is_empty() && data.len() <= 16 => return Err(NOT_FOUND),
            (0x00..=0x04, _) => return Err(DATA_LENGTH),
            _ => return Err(PARAMETERS),
        };
        // A selection ends the session.
        self.state = State { in_application, file, looked_at_loop: true, ..State::default() };
        Ok((Vec::new(), OK))
    }

    fn read_binary(
        &mut self,
        p1: u8,
        p2: u8,
        command: &Command,
        before: Option<LastRead>,
    ) -> Result<(Vec<u8>, u16), Refusal> {
        let length = match command.expected() {
            Some(0) => 256,
            Some(le) => usize::from(le),
            None => return Err(LENGTH),
        };
        if !command.data_bytes().is_empty() {
            return Err(LENGTH);
        }
        let (number, offset) = self.place(p1, p2)?;
        let Some(file) = self.memory.file(number) else { return Err(NOT_FOUND) };
        let access = file.settings.access;
        let is_free = [access.read, access.read_write].contains(&Access::Free);
        let by_sdm = file.settings.sdm.is_some_and(|sdm| matches!(sdm.file_read, Access::Key(_)));
        if !(is_free || by_sdm) || self.state.session.is_some() {
            return Err(SECURITY);
        }
        if offset >= file.data.len() {
            return Err(PARAMETERS);
        }
        let data = self.mirrored(0xB0, number, before).map_err(|_| SECURITY)?;
        self.state.file = Some(number);
        let end = data.len().min(offset + length);
        Ok((data[offset..end].to_vec(), OK))
    }

    fn update_binary(&mut self, p1: u8, p2: u8, data: &[u8]) -> Result<(Vec<u8>, u16), Refusal> {
        if data.is_empty() {
            return Err(LENGTH);
        }
        let (number, offset) = self.place(p1, p2)?;
        let is_authenticated = self.state.session.is_some();
        let Some(file) = self.memory.file(number) else { return Err(NOT_FOUND) };
        let access = file.settings.access;
        if ![access.write, access.read_write].contains(&Access::Free) || is_authenticated {
            return Err(SECURITY);
        }
        self.write(number, offset, data).ok_or(CONDITIONS)?;
        self.state.file = Some(number);
        Ok((Vec::new(), OK))
    }

    /// Which file P1 and P2 mean, and where in it.
    fn place(&self, p1: u8, p2: u8) -> Result<(u8, usize), Refusal> {
        if !self.state.in_application {
            return Err(CONDITIONS);
        }
        let selected = || self.state.file.ok_or(CONDITIONS);
        if p1 & 0x80 == 0 {
            return Ok((selected()?, usize::from(u16::from_be_bytes([p1, p2]))));
        }
        // A short identifier: the last five bits of E103, E104, E105.
        match p1 & 0x7F {
            0x00 => Ok((selected()?, usize::from(p2))),
            short @ 0x01..=0x1E => {
                let number =
                    short.checked_sub(2).filter(|number| (FILE_CC..=FILE_PROPRIETARY).contains(number));
                Ok((number.ok_or(NOT_FOUND)?, usize::from(p2)))
            }
            _ => Err(PARAMETERS),
        }
    }
}
