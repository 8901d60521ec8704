//! What the tag keeps without power.

use phygital_core::contactless::ntag424::{
    Access, AccessRights, CommMode, FILE_CC, FILE_NDEF, FileSettings, Mode,
};
use phygital_core::crypto::Secret;
use phygital_core::tap::simulator::Mirroring;
use phygital_core::tap::{LoopState, SdmMode};
use phygital_core::vocab::tag::{ReadCounter, TagUid};

/// The capability container as delivered (NT4H2421Gx §8.2.3.2).
const CONTAINER: [u8; 23] = [
    0x00, 0x17, 0x20, 0x01, 0x00, 0x00, 0xFF, 0x04, 0x06, 0xE1, 0x04, 0x01, 0x00, 0x00, 0x00, 0x05, 0x06,
    0xE1, 0x05, 0x00, 0x80, 0x82, 0x83,
];

/// Failed authentications with a key before it is locked, and what each good one takes back (NT4H2421Gx §10.5.1).
const FAILURES_MAX: u16 = 1000;
const FAILURES_FORGIVEN: u16 = 10;

/// What stays.
pub(super) struct Memory {
    pub(super) uid: TagUid,
    pub(super) signature: [u8; 56],
    pub(super) keys: [Secret<16>; 5],
    pub(super) versions: [u8; 5],
    pub(super) mode: Mode,
    pub(super) random_id: bool,
    /// PDCap2.5 and PDCap2.6.
    pub(super) capabilities: [u8; 2],
    pub(super) strong_modulation: bool,
    /// TotFailCtr of each key, its limit where it is on, and TotFailCtrDecr.
    pub(super) failures: [u16; 5],
    pub(super) failures_max: Option<u16>,
    pub(super) failures_forgiven: u16,
    /// Failures in a row, with any key, and how often it still says that it has to be asked again.
    pub(super) in_a_row: u16,
    pub(super) delay: u16,
    /// It is a TagTamper; who may ask for the status, once it is on; whether the loop was ever open.
    pub(super) has_tamper: bool,
    pub(super) tamper: Option<Access>,
    pub(super) was_open: bool,
    pub(super) read_ctr: ReadCounter,
    files: [File; 3],
}

/// A file.
#[derive(PartialEq, Eq)]
pub(super) struct File {
    pub(super) data: Vec<u8>,
    pub(super) settings: FileSettings,
}

impl Memory {
    /// As from the factory.
    pub(super) fn delivered(uid: TagUid, signature: [u8; 56]) -> Self {
        Self {
            uid,
            signature,
            keys: [(); 5].map(|()| Secret::zeros()),
            versions: [0; 5],
            mode: Mode::Aes,
            random_id: false,
            capabilities: [0; 2],
            strong_modulation: true,
            failures: [0; 5],
            failures_max: Some(FAILURES_MAX),
            failures_forgiven: FAILURES_FORGIVEN,
            in_a_row: 0,
            delay: 0,
            has_tamper: false,
            tamper: None,
            was_open: false,
            read_ctr: ReadCounter::ZERO,
            files: delivered_files(),
        }
    }

    pub(super) fn is_blank(&self) -> bool {
        self.keys.iter().all(|key| *key == Secret::zeros())
            && self.versions == [0; 5]
            && (self.mode, self.random_id, self.capabilities) == (Mode::Aes, false, [0; 2])
            && self.tamper.is_none()
            && self.files == delivered_files()
    }

    /// The file of this number.
    pub(super) fn file(&self, number: u8) -> Option<&File> {
        self.files.get(usize::from(number.checked_sub(FILE_CC)?))
    }

    pub(super) fn file_mut(&mut self, number: u8) -> Option<&mut File> {
        self.files.get_mut(usize::from(number.checked_sub(FILE_CC)?))
    }

    pub(super) fn ndef_mut(&mut self) -> &mut File {
        &mut self.files[usize::from(FILE_NDEF - FILE_CC)]
    }

    /// PDCap2: what this tag can do.
    pub(super) fn capabilities(&self) -> [u8; 6] {
        let [fifth, sixth] = self.capabilities;
        let lrp = if self.mode == Mode::Lrp { 0x02 } else { 0x00 };
        [lrp, 0, 0, 0, fifth, sixth]
    }

    /// An open loop stays remembered, once it is looked at.
    pub(super) fn remember_loop(&mut self, is: LoopState) {
        self.was_open |= self.tamper.is_some() && is == LoopState::Open;
    }

    /// Whether the loop was ever open, and how it is; neither before it is switched on.
    pub(super) fn tamper_status(&self, is: LoopState) -> [LoopState; 2] {
        match (self.tamper, self.was_open) {
            (None, _) => [LoopState::NotInitialised; 2],
            (Some(_), false) => [LoopState::Closed, is],
            (Some(_), true) => [LoopState::Open, is],
        }
    }

    /// A read of now.
    pub(super) fn mirroring<'a>(&'a self, padding: &'a [u8; 16], is: LoopState) -> Mirroring<'a> {
        Mirroring {
            mode: match self.mode {
                Mode::Aes => SdmMode::Aes,
                Mode::Lrp => SdmMode::Lrp,
            },
            uid: self.uid,
            read_ctr: self.read_ctr,
            tamper: self.tamper_status(is),
            keys: &self.keys,
            padding,
        }
    }
}

/// Contents and rights of NT4H2421Gx §8.2.3.
fn delivered_files() -> [File; 3] {
    use Access::{Free, Key};
    let file = |head: &[u8], size: usize, comm_mode, read, write| {
        let mut data = head.to_vec();
        data.resize(size, 0);
        let access = AccessRights { read, write, read_write: write, change: Key(0) };
        File { data, settings: FileSettings { comm_mode, access, sdm: None } }
    };
    [
        file(&CONTAINER, 32, CommMode::Plain, Free, Key(0)),
        file(&[], 256, CommMode::Plain, Free, Free),
        file(&[0x00, 0x7E], 128, CommMode::Full, Key(2), Key(3)),
    ]
}
