//! An NTAG 424 DNA at the level of its APDUs.

mod authentication;
mod iso;
mod memory;
mod native;
mod settings;
#[cfg(test)]
mod tests;

use std::fmt;

use phygital_core::contactless::apdu::Command;
use phygital_core::contactless::ntag424::{
    AccessRights, FILE_NDEF, FileSettings, Mode, TagAuthentication, TagSession,
};
use phygital_core::crypto::Secret;
use phygital_core::tap::tag_setup::TagSetup;
use phygital_core::tap::{LoopState, SdmMode};
use phygital_core::vocab::tag::{ReadCounter, TagUid};

use crate::card::{Activation, Answer, SoftCard, Tear};
use crate::dice::Dice;
use memory::Memory;

/// An NTAG 424 DNA or TagTamper in software, that a reader cannot tell from one of silicon: authentication, secure
/// messaging, keys, files, configuration and mirrors in AES and in LRP mode, with the status words of the data sheet
/// (NT4H2421Gx rev. 3.0; AN12196). What is written stays when it loses power.
///
/// It comes as from the factory. Its randomness follows a seed, so the same commands get the same answers. It is not
/// for keeping secrets.
///
/// ```
/// use phygital_core::contactless::ntag424::{FILE_NDEF, select_application};
/// use phygital_core::crypto::Secret;
/// use phygital_core::tap::{KeySet, Keys, SdmMode, ndef_url, verify};
/// use phygital_core::tap::tag_setup::{SdmRights, TagSetup};
/// use phygital_sim::{Answer, Ntag424, SoftCard};
///
/// let setup = TagSetup::new("tap.example/?p={mac_input}{picc}&c={mac}".parse()?, SdmMode::Aes, 0, SdmRights::new(2, 1))?;
/// let keys = [1, 2, 3, 4, 5].map(|byte| Secret::take(&mut [byte; 16]));
/// let mut tag = Ntag424::personalised("04a1b2c3d4e5f6".parse()?, 7, &setup, keys);
///
/// tag.activate();
/// tag.answer(&select_application().to_bytes());
/// tag.answer(&[0x00, 0xA4, 0x00, 0x0C, 2, 0xE1, 0x04]);
/// let Answer::Bytes(read) = tag.answer(&[0x00, 0xB0, 0x00, 0x00, 0x00]) else { panic!("it always answers") };
/// let url = ndef_url(&read[..256])?;
/// let keys = KeySet::explicit(Secret::take(&mut [2; 16])).meta_read_key(Secret::take(&mut [3; 16]));
/// assert_eq!(verify(&url, &Keys::new([keys])?)?.read_ctr().map(|ctr| ctr.get()), Some(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Ntag424 {
    memory: Memory,
    state: State,
    dice: Dice,
    loop_is: LoopState,
    commands: u64,
    tear: Option<(u64, Torn)>,
    /// The write that runs ends after so many bytes.
    cut: Option<usize>,
}

/// How a command is torn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Torn {
    At(Tear),
    /// A write after so many bytes.
    Within(usize),
}

/// What is written at once or not at all (NT4H2421Gx §8.6).
const WHOLE_BYTES: usize = 128;

/// What is forgotten without power.
#[derive(Default)]
struct State {
    /// It has lost power in the middle of a command and waits to be activated.
    torn: bool,
    /// A TagTamper looks at its loop at the first command.
    looked_at_loop: bool,
    in_application: bool,
    /// The number of the selected file.
    file: Option<u8>,
    session: Option<TagSession>,
    pending: Option<Pending>,
    last_read: Option<LastRead>,
}

/// What a command in several parts waits for.
enum Pending {
    Proof(TagAuthentication),
    /// So many parts of GetVersion are answered; whether a MAC ends them.
    Version(usize, bool),
}

/// A read that the next one of its kind goes on with: neither counter nor randomness change (NT4H2421Gx §9.3.1).
#[derive(Clone, Copy, PartialEq, Eq)]
struct LastRead {
    ins: u8,
    file: u8,
    padding: [u8; 16],
}

/// A status word.
type Refusal = u16;

/// Of a native command.
mod status {
    pub(super) const OK: u8 = 0x00;
    pub(super) const COMMAND_NOT_FOUND: u16 = 0x910B;
    pub(super) const ILLEGAL_COMMAND: u16 = 0x911C;
    pub(super) const INTEGRITY: u16 = 0x911E;
    pub(super) const NO_SUCH_KEY: u16 = 0x9140;
    pub(super) const LENGTH: u16 = 0x917E;
    pub(super) const SIGNATURE: u8 = 0x90;
    pub(super) const PERMISSION_DENIED: u16 = 0x919D;
    pub(super) const PARAMETER: u16 = 0x919E;
    pub(super) const AUTHENTICATION_DELAY: u16 = 0x91AD;
    pub(super) const AUTHENTICATION: u16 = 0x91AE;
    pub(super) const MORE: u8 = 0xAF;
    pub(super) const BOUNDARY: u16 = 0x91BE;
    pub(super) const ABORTED: u16 = 0x91CA;
    pub(super) const FILE_NOT_FOUND: u16 = 0x91F0;
}

impl Ntag424 {
    /// A tag as the factory delivers it: keys of zeros, empty NDEF file that everybody may write, AES mode, its own
    /// UID (NT4H2421Gx §8.2). Its signature is none that anybody would accept.
    #[must_use]
    pub fn new(uid: TagUid, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let memory = Memory::delivered(uid, dice.bytes());
        Self {
            memory,
            state: State::default(),
            dice,
            loop_is: LoopState::Closed,
            commands: 0,
            tear: None,
            cut: None,
        }
    }

    /// A tag that was personalised: file and settings of a setup, these keys with version 1, and nobody but key 0
    /// writes the NDEF file. It is in the mode of the setup.
    #[must_use]
    pub fn personalised(uid: TagUid, seed: u64, setup: &TagSetup, keys: [Secret<16>; 5]) -> Self {
        use phygital_core::contactless::ntag424::Access::{Free, Key};
        let mut tag = Self::new(uid, seed);
        let access = AccessRights { read: Free, write: Key(0), read_write: Key(0), change: Key(0) };
        let written = setup.ndef_file();
        let file = tag.memory.ndef_mut();
        file.data[..written.len()].copy_from_slice(&written);
        file.settings = setup.file_settings(access);
        tag.memory.keys = keys;
        tag.memory.versions = [1; 5];
        tag.memory.mode = match setup.mode() {
            SdmMode::Aes => Mode::Aes,
            SdmMode::Lrp => Mode::Lrp,
        };
        tag
    }

    /// As a TagTamper, its loop closed and not yet switched on.
    #[must_use]
    pub fn tag_tamper(mut self) -> Self {
        self.memory.has_tamper = true;
        self
    }

    /// With this signature of the factory.
    #[must_use]
    pub fn signature(mut self, signature: [u8; 56]) -> Self {
        self.memory.signature = signature;
        self
    }

    /// As if it had been read so often.
    #[must_use]
    pub fn counted(mut self, counter: ReadCounter) -> Self {
        self.memory.read_ctr = counter;
        self
    }

    /// Loses power at the n-th command from now, counted from 0: it says nothing until it is activated again.
    pub fn tear_at(&mut self, n: u64, tear: Tear) {
        self.tear = Some((self.commands + n, Torn::At(tear)));
    }

    /// As [`Ntag424::tear_at`], in the middle of a write: of each frame of 128 bytes, as many as are whole in `bytes` are
    /// written. A shorter write, and any other command, has no effect.
    pub fn tear_within(&mut self, n: u64, bytes: usize) {
        self.tear = Some((self.commands + n, Torn::Within(bytes / WHOLE_BYTES * WHOLE_BYTES)));
    }

    /// Breaks or mends the loop of a TagTamper, which notices when it is next asked.
    pub fn set_loop(&mut self, state: LoopState) {
        self.loop_is = state;
    }

    /// Which tag it is.
    #[must_use]
    pub fn uid(&self) -> TagUid {
        self.memory.uid
    }

    /// The counter of reads.
    #[must_use]
    pub fn counter(&self) -> ReadCounter {
        self.memory.read_ctr
    }

    /// AES, or LRP for good.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.memory.mode
    }

    /// Whether it draws a new UID each time.
    #[must_use]
    pub fn has_random_id(&self) -> bool {
        self.memory.random_id
    }

    /// Its key of this number, 0 to 4, and the key's version; `None` for another number.
    #[must_use]
    pub fn key(&self, number: u8) -> Option<(&Secret<16>, u8)> {
        let at = usize::from(number);
        Some((self.memory.keys.get(at)?, *self.memory.versions.get(at)?))
    }

    /// What is written in its file of this number, 1 to 3, and the file's settings; `None` for another number.
    #[must_use]
    pub fn file(&self, number: u8) -> Option<(&[u8], &FileSettings)> {
        self.memory.file(number).map(|file| (&file.data[..], &file.settings))
    }

    /// Whether it is as delivered, but for its counters: keys, their versions, files, settings and configuration.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.memory.is_blank()
    }

    /// How many commands it has heard.
    #[must_use]
    pub fn commands(&self) -> u64 {
        self.commands
    }

    fn run(&mut self, command: &[u8]) -> Vec<u8> {
        self.look_at_loop();
        let before = self.state.last_read.take();
        let class = command.first().copied();
        let parsed = Command::parse(command).map_err(|_| match class {
            Some(0x90) => status::LENGTH,
            Some(0x00) => 0x6700,
            _ => 0x6E00,
        });
        let answered = parsed.and_then(|command| match command.head()[0] {
            0x90 => self.native(&command, before),
            0x00 => self.iso(&command, before),
            _ => Err(0x6E00),
        });
        let (mut answer, status) = answered.unwrap_or_else(|refusal| {
            // Whatever fails ends the session, and what was begun (NT4H2421Gx §9.1.10).
            self.state.session = None;
            self.state.pending = None;
            (Vec::new(), refusal)
        });
        answer.extend(status.to_be_bytes());
        answer
    }

    /// Writes into a file, or a part where the write is torn; gives none where it does not fit.
    fn write(&mut self, file: u8, offset: usize, data: &[u8]) -> Option<()> {
        let cut = self.cut.unwrap_or(data.len()).min(data.len());
        let place = self.memory.file_mut(file)?.data.get_mut(offset..offset + data.len())?;
        place[..cut].copy_from_slice(&data[..cut]);
        Some(())
    }

    /// At the first command after the activation, unless it was open before (AN12196 §7.5).
    fn look_at_loop(&mut self) {
        if !std::mem::replace(&mut self.state.looked_at_loop, true) {
            self.memory.remember_loop(self.loop_is);
        }
    }

    /// Takes the counter to this read, where the file mirrors and the read is the first of its kind.
    fn mirrored(&mut self, ins: u8, file: u8, before: Option<LastRead>) -> Result<Vec<u8>, Overflow> {
        let Some(number) = self.memory.file(file) else { return Ok(Vec::new()) };
        let mut data = number.data.clone();
        let Some(sdm) = number.settings.sdm.filter(|_| file == FILE_NDEF && self.state.session.is_none())
        else {
            return Ok(data);
        };
        let goes_on = before.filter(|before| (before.ins, before.file) == (ins, file));
        let read = goes_on.unwrap_or_else(|| LastRead { ins, file, padding: self.dice.bytes() });
        if goes_on.is_none() {
            let limit = sdm.read_ctr_limit.filter(|limit| *limit < ReadCounter::MAX);
            if limit.is_some_and(|limit| self.memory.read_ctr >= limit) {
                return Err(Overflow::Limit);
            }
            self.memory.read_ctr =
                ReadCounter::new(self.memory.read_ctr.get() + 1).map_err(|_| Overflow::Counter)?;
        }
        self.memory.mirroring(&read.padding, self.loop_is).apply(&sdm, &mut data);
        self.state.last_read = Some(read);
        Ok(data)
    }
}

/// Why a file that mirrors cannot be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Overflow {
    /// At SDMReadCtrLimit.
    Limit,
    /// At the last value of the counter.
    Counter,
}

impl SoftCard for Ntag424 {
    fn activate(&mut self) -> Activation {
        self.state = State::default();
        let (atqa, uid) = match self.memory.random_id {
            true => ([0x04, 0x03], [&[0x08][..], &self.dice.bytes::<3>()].concat()),
            false => ([0x44, 0x03], self.memory.uid.as_bytes().to_vec()),
        };
        Activation { atqa, sak: 0x20, uid, ats: Some(vec![0x06, 0x77, 0x77, 0x71, 0x02, 0x80]) }
    }

    fn lose_power(&mut self) {
        self.state = State { torn: self.state.torn, ..State::default() };
    }

    fn answer(&mut self, command: &[u8]) -> Answer {
        if self.state.torn {
            return Answer::Silence;
        }
        let number = self.commands;
        self.commands += 1;
        let tear = self.tear.take_if(|(at, _)| *at == number).map(|(_, tear)| tear);
        let is_write = matches!(command, [0x90, 0x8D, ..] | [0x00, 0xD6, ..]);
        let answer = match tear {
            Some(Torn::At(Tear::BeforeEffect)) => Answer::Silence,
            Some(Torn::Within(_)) if !is_write => Answer::Silence,
            _ => {
                self.cut =
                    tear.and_then(|torn| if let Torn::Within(bytes) = torn { Some(bytes) } else { None });
                let answer = Answer::Bytes(self.run(command));
                self.cut = None;
                answer
            }
        };
        if tear.is_some() {
            self.state = State { torn: true, ..State::default() };
            return Answer::Silence;
        }
        answer
    }
}

impl fmt::Debug for Ntag424 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (uid, counter, mode) = (self.uid(), self.counter(), self.mode());
        write!(f, "Ntag424({uid}, {mode:?}, counter {counter}, keys elided)")
    }
}
