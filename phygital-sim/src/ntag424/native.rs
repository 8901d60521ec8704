//! Native commands in their wrapping (NT4H2421Gx §10.5 to §10.8, §10.10).

use phygital_core::contactless::apdu::Command;
use phygital_core::contactless::ntag424::{Access, CommMode, FILE_NDEF, Mode, Ntag424Error, changed_key};
use phygital_core::vocab::tag::ReadCounter;

use super::memory::File;
use super::settings::{self, Limits};
use super::{LastRead, Ntag424, Overflow, Pending, Refusal, status};

/// Vendor, kind, subtype, version, storage, protocol, of chip and program.
const HARDWARE: [u8; 7] = [0x04, 0x04, 0x02, 0x30, 0x00, 0x11, 0x05];
const SOFTWARE: [u8; 7] = [0x04, 0x04, 0x02, 0x01, 0x02, 0x11, 0x05];
/// Batch and key of the factory, week and year of production.
const PRODUCTION: [u8; 7] = [0xCF, 0x39, 0xD4, 0x49, 0x80, 0x34, 0x20];
const SUBTYPE_TAMPER: u8 = 0x08;
const SUBTYPE_STANDARD_MODULATION: u8 = 0x80;

/// Most bytes of an answer: its length is one byte, 0 stands for 256.
const ANSWER_BYTES_MAX: usize = 256;

/// Why a command may be done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Granted {
    ByKey,
    ToAll,
}

type Answered = Result<(Vec<u8>, u8), Refusal>;

impl Ntag424 {
    pub(super) fn native(
        &mut self,
        command: &Command,
        before: Option<LastRead>,
    ) -> Result<(Vec<u8>, u16), Refusal> {
        let [_, ins, p1, p2] = command.head();
        let data = command.data_bytes();
        if [p1, p2] != [0, 0] {
            return Err(status::PARAMETER);
        }
        if command.expected() != Some(0) {
            return Err(status::LENGTH);
        }
        let (answer, status) = match (self.state.pending.take(), ins) {
            (Some(Pending::Proof(authentication)), 0xAF) => {
                self.state.session = None;
                self.prove(authentication, data)?
            }
            (Some(Pending::Version(parts, is_protected)), 0xAF) if data.is_empty() => {
                self.version_part(parts, is_protected)
            }
            (Some(_), _) => return Err(status::ABORTED),
            (None, 0x71) => self.challenge(data, true)?,
            (None, 0x77) => self.challenge(data, false)?,
            (None, 0x60) => {
                self.bare(0x60, data, CommMode::Mac)?;
                let is_protected = self.state.session.is_some();
                self.version_part(0, is_protected)
            }
            (None, 0x3C) => self.read_signature(data)?,
            (None, 0x51) => self.card_uid(data)?,
            (None, 0xF7) if self.memory.has_tamper => self.tamper_status(data)?,
            (None, 0x64) => self.key_version(data)?,
            (None, 0xC4) => self.change_key(data)?,
            (None, 0x5C) => self.set_configuration(data)?,
            (None, 0xF5) => self.get_file_settings(data)?,
            (None, 0x5F) => self.change_file_settings(data)?,
            (None, 0xF6) => self.file_counters(data)?,
            (None, 0xAD) => self.read_data(data, before)?,
            (None, 0x8D) => self.write_data(data)?,
            _ => return Err(status::ILLEGAL_COMMAND),
        };
        Ok((answer, u16::from_be_bytes([0x91, status])))
    }

    /// Splits a command into header and data, and takes off what protects it where there is a session.
    fn enter(&mut self, ins: u8, data: &[u8], header: usize, mode: CommMode) -> Result<Vec<u8>, Refusal> {
        let (header, body) = data.split_at_checked(header).ok_or(status::LENGTH)?;
        match &mut self.state.session {
            Some(session) => session.unwrap(ins, header, body, mode).map_err(|_| status::INTEGRITY),
            None => Ok(body.to_vec()),
        }
    }

    /// As [`Self::enter`], of a command without data.
    fn bare<'a>(&mut self, ins: u8, data: &'a [u8], mode: CommMode) -> Result<&'a [u8], Refusal> {
        let header = match ins {
            0x60 | 0x51 | 0xF7 => 0,
            0xAD => 7,
            _ => 1,
        };
        match self.enter(ins, data, header, mode)?.is_empty() {
            true => Ok(&data[..header]),
            false => Err(status::LENGTH),
        }
    }

    /// Protects an answer where there is a session.
    fn leave(&mut self, status: u8, data: &[u8], mode: CommMode) -> (Vec<u8>, u8) {
        let answer = match &mut self.state.session {
            Some(session) => session.wrap(status, data, mode),
            None => data.to_vec(),
        };
        (answer, status)
    }

    /// Whether one of these rights is given now.
    fn granted(&self, rights: &[Access]) -> Result<Granted, Refusal> {
        let key = self.state.session.as_ref().map(|session| Access::Key(session.key_no()));
        if key.is_some_and(|key| rights.contains(&key)) {
            Ok(Granted::ByKey)
        } else if rights.contains(&Access::Free) {
            Ok(Granted::ToAll)
        } else if rights.iter().all(|right| *right == Access::Never) {
            Err(status::PERMISSION_DENIED)
        } else {
            Err(status::AUTHENTICATION)
        }
    }

    /// Whether a session with the master key runs.
    fn as_master(&self) -> Result<(), Refusal> {
        self.granted(&[Access::Key(0)]).map(drop)
    }

    /// The file that a command names first.
    fn named(&self, data: &[u8]) -> Result<(u8, &File), Refusal> {
        let number = *data.first().ok_or(status::LENGTH)?;
        if number & 0xE0 != 0 {
            return Err(status::PARAMETER);
        }
        if !self.state.in_application {
            return Err(status::PERMISSION_DENIED);
        }
        Ok((number, self.memory.file(number).ok_or(status::FILE_NOT_FOUND)?))
    }

    /// A part of GetVersion after so many; a MAC over all of them ends the last.
    fn version_part(&mut self, after: usize, is_protected: bool) -> (Vec<u8>, u8) {
        let mut hardware = HARDWARE;
        if self.memory.has_tamper {
            hardware[2] = SUBTYPE_TAMPER;
        }
        if !self.memory.strong_modulation {
            hardware[2] |= SUBTYPE_STANDARD_MODULATION;
        }
        let uid = if self.memory.random_id { [0; 7] } else { *self.memory.uid.as_bytes() };
        let last = [uid, PRODUCTION].concat();
        if let Some(part) = [hardware, SOFTWARE].get(after) {
            self.state.pending = Some(Pending::Version(after + 1, is_protected));
            return (part.to_vec(), status::MORE);
        }
        let mode = if is_protected { CommMode::Mac } else { CommMode::Plain };
        let (whole, ok) = self.leave(status::OK, &[&hardware, &SOFTWARE, &last[..]].concat(), mode);
        (whole[hardware.len() + SOFTWARE.len()..].to_vec(), ok)
    }

    fn read_signature(&mut self, data: &[u8]) -> Answered {
        if self.memory.random_id && self.state.session.is_none() {
            return Err(status::COMMAND_NOT_FOUND);
        }
        if self.bare(0x3C, data, CommMode::Full)? != [0x00] {
            return Err(status::PARAMETER);
        }
        let signature = self.memory.signature;
        Ok(self.leave(status::SIGNATURE, &signature, CommMode::Full))
    }

    fn card_uid(&mut self, data: &[u8]) -> Answered {
        if self.state.session.is_none() {
            return Err(status::AUTHENTICATION);
        }
        self.bare(0x51, data, CommMode::Full)?;
        let uid = self.memory.uid;
        Ok(self.leave(status::OK, uid.as_bytes(), CommMode::Full))
    }

    fn tamper_status(&mut self, data: &[u8]) -> Answered {
        self.granted(&[self.memory.tamper.unwrap_or(Access::Free)])?;
        self.bare(0xF7, data, CommMode::Full)?;
        self.memory.remember_loop(self.loop_is);
        let letters = self.memory.tamper_status(self.loop_is).map(|state| state.letter());
        let letters: String = letters.iter().collect();
        Ok(self.leave(status::OK, letters.as_bytes(), CommMode::Full))
    }

    fn key_version(&mut self, data: &[u8]) -> Answered {
        let header = self.bare(0x64, data, CommMode::Mac)?;
        let version = self.memory.versions.get(usize::from(header[0])).ok_or(status::NO_SUCH_KEY)?;
        Ok(self.leave(status::OK, &[*version], CommMode::Mac))
    }

    fn change_key(&mut self, data: &[u8]) -> Answered {
        self.as_master()?;
        let number = *data.first().ok_or(status::LENGTH)?;
        if number & 0xC0 != 0 {
            return Err(status::PARAMETER);
        }
        let at = usize::from(number);
        if at >= self.memory.keys.len() {
            return Err(status::NO_SUCH_KEY);
        }
        let sent = self.enter(0xC4, data, 1, CommMode::Full)?;
        let old = (number != 0).then(|| &self.memory.keys[at]);
        let (key, version) = changed_key(&sent, old).map_err(|error| match error {
            Ntag424Error::Length { .. } => status::LENGTH,
            _ => status::INTEGRITY,
        })?;
        self.memory.keys[at] = key;
        self.memory.versions[at] = version;
        self.memory.failures[at] = 0;
        if number == 0 {
            // Its own session ends with the key, so nothing is left to protect the answer with.
            self.state.session = None;
        }
        Ok(self.leave(status::OK, &[], CommMode::Full))
    }

    fn set_configuration(&mut self, data: &[u8]) -> Answered {
        self.as_master()?;
        let option = *data.first().ok_or(status::LENGTH)?;
        let sent = self.enter(0x5C, data, 1, CommMode::Full)?;
        let length = match option {
            0x00 | 0x0B => 1,
            0x04 => 2,
            0x07 if self.memory.has_tamper => 2,
            0x05 => 10,
            0x0A => 5,
            _ => return Err(status::PARAMETER),
        };
        if sent.len() != length {
            return Err(status::LENGTH);
        }
        let memory = &mut self.memory;
        match (option, &sent[..]) {
            (0x00, [bits]) if bits & !0x02 == 0 => memory.random_id |= bits & 0x02 != 0,
            (0x05, [_, _, _, _, first, _, _, _, fifth, sixth]) => {
                if first & 0x02 != 0 && memory.mode == Mode::Aes {
                    memory.mode = Mode::Lrp;
                    memory.ndef_mut().settings.sdm = None;
                }
                memory.capabilities = [*fifth, *sixth];
            }
            (0x07, [bits, access]) if bits & !0x01 == 0 => {
                let access = Access::from_number(*access).ok_or(status::PARAMETER)?;
                if bits & 0x01 != 0 && memory.tamper.is_none() {
                    memory.tamper = Some(access);
                }
            }
            (0x0A, [bits, max_low, max_high, less_low, less_high]) => {
                let [max, less] = [[*max_low, *max_high], [*less_low, *less_high]].map(u16::from_le_bytes);
                if bits & 0x01 != 0 && max == 0 {
                    return Err(status::PARAMETER);
                }
                memory.failures_max = (bits & 0x01 != 0).then_some(max);
                memory.failures_forgiven = less;
            }
            (0x0B, [bits]) => memory.strong_modulation = bits & 0x01 != 0,
            // Chained writes are not for the commands of this tag to see.
            (0x04, _) => {}
            _ => return Err(status::PARAMETER),
        }
        Ok(self.leave(status::OK, &[], CommMode::Full))
    }

    fn get_file_settings(&mut self, data: &[u8]) -> Answered {
        let (_, file) = self.named(data)?;
        let size = u32::try_from(file.data.len()).expect("at most 256").to_le_bytes();
        let set = file.settings.encode().expect("it took them");
        let answer = [&[0x00], &set[..3], &size[..3], &set[3..]].concat();
        self.bare(0xF5, data, CommMode::Mac)?;
        Ok(self.leave(status::OK, &answer, CommMode::Mac))
    }

    fn change_file_settings(&mut self, data: &[u8]) -> Answered {
        let (file_no, file) = self.named(data)?;
        let mirrored = file.settings.sdm.is_some();
        let file_size = u32::try_from(file.data.len()).expect("at most 256");
        let mode = match self.granted(&[file.settings.access.change])? {
            Granted::ByKey => CommMode::Full,
            Granted::ToAll => CommMode::Plain,
        };
        let sent = self.enter(0x5F, data, 1, mode)?;
        // Switching the mirrors on starts the counter over.
        let read_ctr = if mirrored { self.memory.read_ctr } else { ReadCounter::ZERO };
        let Self { memory, .. } = self;
        let limits =
            Limits { file_no, file_size, mode: memory.mode, has_tamper: memory.has_tamper, read_ctr };
        let settings = settings::parse(&sent, &limits)?;
        if file_no == FILE_NDEF && settings.sdm.is_some() {
            memory.read_ctr = read_ctr;
        }
        memory.file_mut(file_no).ok_or(status::FILE_NOT_FOUND)?.settings = settings;
        Ok(self.leave(status::OK, &[], mode))
    }

    fn file_counters(&mut self, data: &[u8]) -> Answered {
        let (_, file) = self.named(data)?;
        let sdm = file.settings.sdm.ok_or(status::PERMISSION_DENIED)?;
        let mode = match self.granted(&[sdm.ctr_ret])? {
            Granted::ByKey => CommMode::Full,
            Granted::ToAll => CommMode::Plain,
        };
        self.bare(0xF6, data, mode)?;
        let [low, middle, high] = self.memory.read_ctr.to_lsb();
        Ok(self.leave(status::OK, &[low, middle, high, 0, 0], mode))
    }

    fn read_data(&mut self, data: &[u8], before: Option<LastRead>) -> Answered {
        let (number, file) = self.named(data)?;
        let (size, access) = (file.data.len(), file.settings.access);
        let mut rights = vec![access.read, access.read_write];
        if self.state.session.is_none() {
            let by_sdm = file.settings.sdm.is_some_and(|sdm| matches!(sdm.file_read, Access::Key(_)));
            rights.extend(by_sdm.then_some(Access::Free));
        }
        let mode = match self.granted(&rights)? {
            Granted::ByKey => file.settings.comm_mode,
            Granted::ToAll => CommMode::Plain,
        };
        let (offset, length) = place(self.bare(0xAD, data, mode)?);
        let end = if length == 0 { size } else { offset + length };
        if offset >= size || end > size {
            return Err(status::BOUNDARY);
        }
        let protection = match mode {
            _ if self.state.session.is_none() => 0,
            CommMode::Plain => 0,
            CommMode::Mac => 8,
            CommMode::Full => 16 - (end - offset) % 16 + 8,
        };
        if end - offset + protection > ANSWER_BYTES_MAX {
            return Err(status::LENGTH);
        }
        let read = self.mirrored(0xAD, number, before).map_err(|overflow| match overflow {
            Overflow::Limit => status::PERMISSION_DENIED,
            Overflow::Counter => status::INTEGRITY,
        })?;
        Ok(self.leave(status::OK, &read[offset..end], mode))
    }

    fn write_data(&mut self, data: &[u8]) -> Answered {
        let (number, file) = self.named(data)?;
        let access = file.settings.access;
        let mode = match self.granted(&[access.write, access.read_write])? {
            Granted::ByKey => file.settings.comm_mode,
            Granted::ToAll => CommMode::Plain,
        };
        let sent = self.enter(0x8D, data, 7, mode)?;
        let (offset, length) = place(&data[..7]);
        if length == 0 || length != sent.len() {
            return Err(status::LENGTH);
        }
        self.write(number, offset, &sent).ok_or(status::BOUNDARY)?;
        Ok(self.leave(status::OK, &[], mode))
    }
}

/// Offset and length of a header of seven bytes, both least significant byte first.
fn place(header: &[u8]) -> (usize, usize) {
    let number = |from: usize| (0..3).fold(0, |number, i| number | usize::from(header[from + i]) << (8 * i));
    (number(1), number(4))
}
