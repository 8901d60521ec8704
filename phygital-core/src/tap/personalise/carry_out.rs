//! The steps that need a session under the master key, command by command.

use super::plan::{Feature, KeySlot, Step};
use super::provisioning::{Asked, Provisioning};
use super::trouble::Trouble;
use crate::contactless::Step as Exchange;
use crate::contactless::apdu::{Command, Response};
use crate::contactless::ntag424::{
    Access, AccessRights, ChangeKeyCase, CommMode, FILE_NDEF, FileSettings, Native, Ntag424Error,
};
use crate::tap::limits::NDEF_FILE_MAX;

/// Bytes of the NDEF file in one command: half of it, which every reader sends in one piece.
const PART: usize = 128;

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// The settings of the NDEF file were asked for, which say how to write it.
    Settings,
    /// A part of the file was sent.
    Part { mode: CommMode, at: usize },
    /// The length in front was sent.
    Length,
    /// Its only command was sent.
    Only,
}

impl Provisioning<'_> {
    /// The first command of a step.
    pub(super) fn begin_work(&mut self, step: Step) -> Result<(Work, Command), Trouble> {
        let command = match step {
            Step::WriteNdef => {
                let command = self.in_session(&Native::get_file_settings(FILE_NDEF), CommMode::Mac)?;
                return Ok((Work::Settings, command));
            }
            Step::ChangeFileSettings => {
                let native = Native::change_file_settings(FILE_NDEF, &self.target.settings())?;
                self.in_session(&native, CommMode::Full)?
            }
            Step::ChangeKey(slot) => self.change_key(slot)?,
            Step::SetConfiguration(feature) => self.in_session(&switch_on(feature), CommMode::Full)?,
            Step::GetVersion | Step::ReadSignature => {
                return Err(Ntag424Error::Malformed { expected: "a step in a session" }.into());
            }
        };
        Ok((Work::Only, command))
    }

    pub(super) fn in_session(&mut self, native: &Native, mode: CommMode) -> Result<Command, Trouble> {
        let session = self.session.as_mut().ok_or(Ntag424Error::SessionOver)?;
        Ok(session.command(native, mode)?)
    }

    fn change_key(&mut self, slot: KeySlot) -> Result<Command, Trouble> {
        let journal = self.journal.as_ref().expect("a step follows from a journal");
        let change = journal.plan().keys[slot.index()];
        let (old, new) = (self.key(slot, change.now)?, self.key(slot, change.then)?);
        let case = match slot {
            KeySlot::MASTER => ChangeKeyCase::Own,
            _ => ChangeKeyCase::Other { old: &old },
        };
        let session = self.session.as_mut().ok_or(Ntag424Error::SessionOver)?;
        Ok(session.change_key(slot.number(), case, &new, change.then)?)
    }

    /// Takes an answer: sends the step's next command, or records how it ended.
    pub(super) fn go_on(&mut self, step: Step, work: Work, response: &Response<'_>) -> Result<(), Trouble> {
        let session = self.session.as_mut().ok_or(Ntag424Error::SessionOver)?;
        let data = match session.answer(response) {
            Ok(Exchange::Send(more)) => {
                self.ask(Asked::InSession(step, work), more);
                return Ok(());
            }
            Ok(Exchange::Done(data)) => data,
            Err(error) => return self.refused(step, error),
        };
        let next = match work {
            Work::Settings => Some(Work::Part { mode: self.how_to_write(&data)?, at: 0 }),
            Work::Part { mode, at } if at + PART < NDEF_FILE_MAX => Some(Work::Part { mode, at: at + PART }),
            // Until its length is there the file is empty to whoever reads it.
            Work::Part { mode, .. } if self.target.setup().is_some() => {
                let file = self.target.ndef_file();
                let native = Native::write_data(FILE_NDEF, 0, &file[..2])?;
                let command = self.in_session(&native, mode)?;
                self.ask(Asked::InSession(step, Work::Length), command);
                return Ok(());
            }
            _ => None,
        };
        match next {
            Some(Work::Part { mode, at }) => {
                let mut file = self.target.ndef_file();
                file.resize(NDEF_FILE_MAX, 0);
                file[..2].fill(0);
                let offset = u32::try_from(at).expect("within the file");
                let native = Native::write_data(FILE_NDEF, offset, &file[at..at + PART])?;
                let command = self.in_session(&native, mode)?;
                self.ask(Asked::InSession(step, Work::Part { mode, at }), command);
                Ok(())
            }
            _ => self.confirm(step),
        }
    }

    /// How commands that write the NDEF file are protected (NT4H2421Gx §8.2.3.3): as the file says where the master
    /// key opens it, in plain where everybody may.
    fn how_to_write(&self, data: &[u8]) -> Result<CommMode, Trouble> {
        let (settings, size) = FileSettings::parse(data).map_err(Ntag424Error::from)?;
        let AccessRights { write, read_write, change, .. } = settings.access;
        if change != Access::Key(0) {
            return Err(Trouble::Locked { what: "change its settings" });
        }
        if (size as usize) < NDEF_FILE_MAX {
            return Err(Trouble::Locked { what: "write 256 bytes" });
        }
        let is = |access| [write, read_write].contains(&access);
        match (is(Access::Key(0)), is(Access::Free)) {
            (true, _) => Ok(settings.comm_mode),
            (false, true) => Ok(CommMode::Plain),
            (false, false) => Err(Trouble::Locked { what: "write it" }),
        }
    }
}

/// SetConfiguration (NT4H2421Gx §10.5.1, NT4H2421Tx §11.5.1).
fn switch_on(feature: Feature) -> Native {
    match feature {
        Feature::RandomId => Native::set_configuration(0x00, &[0x02]),
        // PDCap2.1 bit 1.
        Feature::Lrp => Native::set_configuration(0x05, &[0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0]),
        // Everybody may ask for the status.
        Feature::TagTamper => Native::set_configuration(0x07, &[0x01, 0x0E]),
    }
}
