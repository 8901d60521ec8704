//! A tag in the field against what it was to become: what differs.

use std::fmt;
use std::ops::ControlFlow;

use super::plan::{KeySlot, Mode};
use super::provisioning::is_original;
use super::slot_keys::{SlotKeys, slot_key};
use super::target::PROVISIONED_ACCESS;
use super::trouble::is_refusal;
use crate::contactless::Step as Exchange;
use crate::contactless::apdu::{Command, Response, StatusWord};
use crate::contactless::ntag424::{
    Access, Authentication, Chain, CommMode, FILE_NDEF, FileSettings, Native, Ntag424Error, Proof, Session,
    Version, card_uid, key_version, select_application,
};
use crate::crypto::Secret;
use crate::tap::limits::NDEF_FILE_MAX;
use crate::tap::tag_setup::TagSetup;
use crate::tap::{
    FileKey, Fleet, KeyRing, Layout, ModeRule, SdmMode, SdmOffsets, TapRefusal, VerifiedTap, ndef_url,
    verify_file,
};
use crate::vocab::tag::TagUid;

/// What a tag was found to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Findings {
    /// The tag; `None` where it hides its UID and its message did not tell either.
    pub uid: Option<TagUid>,
    /// The URL that it gave, a whole tap of it: its counter has gone up by one.
    pub url: Option<String>,
    /// That tap under the keys, whose counter is for the caller to judge; `None` where there was none to verify.
    pub tap: Option<VerifiedTap>,
    /// The versions of the keys in slots 0 to 4, as the tag says.
    pub versions: [Option<u8>; KeySlot::COUNT],
    /// Whether its originality signature is NXP's; `None` where it shows none, or it was not to be judged.
    pub original: Option<bool>,
    /// What is not as it was to be; nothing for a tag that is as planned.
    pub differences: Vec<Difference>,
}

/// What differs from the plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Difference {
    /// It does not have the application.
    #[error("it is no NTAG 424 DNA")]
    NotNtag424,
    /// The signature does not fit the UID.
    #[error("originality: the signature is not the maker's")]
    NotOriginal,
    /// It hides its UID, and its message does not tell it either.
    #[error("uid: hidden, and not told by its message")]
    HiddenUid,
    /// What it says in a session is another UID than it shows.
    #[error("uid: another one than it shows")]
    Uid,
    /// The file cannot be read, or holds no URL.
    #[error("NDEF file: expected one short URI record")]
    NoUrl,
    /// The URL is of another template.
    #[error("NDEF file: another URL than the template's")]
    Url,
    /// The settings of the NDEF file.
    #[error("file settings: {field}: another one than the template's")]
    Settings {
        /// Which.
        field: &'static str,
    },
    /// The version byte of a key.
    #[error("key {slot}: version {found}, expected {expected}")]
    KeyVersion {
        /// The slot.
        slot: KeySlot,
        /// What the tag says.
        found: u8,
        /// What it is to be.
        expected: u8,
    },
    /// The version byte fits and the key does not.
    #[error("key {slot}: not the key of its version")]
    Key {
        /// The slot.
        slot: KeySlot,
    },
    /// It authenticates in the other mode.
    #[error("mode: expected {expected:?}")]
    Mode {
        /// What it is to be.
        expected: Mode,
    },
    /// Its message does not verify.
    #[error("its message: {0}")]
    Tap(TapRefusal),
    /// It answered what does not follow from the question.
    #[error("{what}: {error}")]
    Answer {
        /// What was asked.
        what: &'static str,
        /// The fault.
        error: Ntag424Error,
    },
}

/// The check of one tag: gives the command to send, takes the answer, ends with [`Findings`].
///
/// It reads the tag once as a phone does, which counts as a tap, compares the file and its settings with the setup,
/// verifies the message under the keys, and authenticates with each key whose version byte fits. It writes nothing; a
/// key that does not fit its version costs the tag one failed authentication.
pub struct Check<'k> {
    setup: &'k TagSetup,
    version: u8,
    keys: &'k dyn SlotKeys,
    named: Option<TagUid>,
    check_originality: bool,
    stage: Stage,
    /// What was sent, until its answer comes.
    sent: Option<Command>,
    session: Option<Session>,
    shown: Option<TagUid>,
    found: Findings,
}

/// What is asked next, or waits for its answer.
enum Stage {
    Select,
    Version(Chain),
    Signature(Chain),
    Settings,
    KeyVersion(usize),
    SelectFile,
    Read,
    /// Before the keys are tried, the last first.
    SelectAgain(usize),
    Challenge(usize, Option<Authentication>),
    Proof(usize, Option<Proof>),
    CardUid,
    Done,
}

impl<'k> Check<'k> {
    /// The check of a tag that was to have this setup and the keys of `version`.
    #[must_use]
    pub fn begin(setup: &'k TagSetup, version: u8, keys: &'k dyn SlotKeys) -> Self {
        Self {
            setup,
            version,
            keys,
            named: None,
            check_originality: true,
            stage: Stage::Select,
            sent: None,
            session: None,
            shown: None,
            found: Findings::default(),
        }
    }

    /// Says which tag it is to be. One that hides its UID, and does not mirror it, has to be named.
    #[must_use]
    pub fn of_tag(mut self, uid: TagUid) -> Self {
        self.named = Some(uid);
        self
    }

    /// Takes tags whose originality signature is not NXP's, such as tags in software.
    #[must_use]
    pub fn without_originality(mut self) -> Self {
        self.check_originality = false;
        self
    }

    /// What to send, or what was found. `random` are 16 random bytes, fresh for each call.
    pub fn next(&mut self, random: &Secret<16>) -> Exchange<Findings> {
        loop {
            if let Some(command) = &self.sent {
                return Exchange::Send(command.clone());
            }
            if matches!(self.stage, Stage::Done) {
                return Exchange::Done(self.found.clone());
            }
            self.sent = self.command(random);
        }
    }

    /// Takes the tag's answer to the command sent last. Without one it is of no effect.
    pub fn answer(&mut self, response: &Response<'_>) {
        if self.sent.take().is_some() {
            self.take(response);
        }
    }

    fn differs(&mut self, difference: Difference) {
        self.found.differences.push(difference);
    }

    /// The command of this stage; none where it has nothing to ask, and the next one follows.
    fn command(&mut self, random: &Secret<16>) -> Option<Command> {
        let plain = |native: Native| native.plain().ok();
        match &self.stage {
            Stage::Select | Stage::SelectAgain(_) => Some(select_application()),
            Stage::Version(_) => plain(Native::get_version()),
            Stage::Signature(_) => plain(Native::read_signature()),
            Stage::Settings => plain(Native::get_file_settings(FILE_NDEF)),
            Stage::KeyVersion(slot) => plain(Native::get_key_version(KeySlot::ALL[*slot].number())),
            // ISO/IEC 7816-4: the file by its identifier, no answer but the status; then 256 bytes of it.
            Stage::SelectFile => Command::new(0x00, 0xA4, 0x00, 0x0C).data(&[0xE1, 0x04]).ok(),
            Stage::Read => Some(Command::new(0x00, 0xB0, 0x00, 0x00).le(0)),
            Stage::Challenge(slot, _) => {
                let slot = *slot;
                let Some(key) = self.key_to_try(KeySlot::ALL[slot]) else {
                    self.after_key(slot);
                    return None;
                };
                let begun = Authentication::first(
                    self.setup.mode().into(),
                    KeySlot::ALL[slot].number(),
                    key,
                    random.duplicate(),
                );
                let command = begun.command();
                self.stage = Stage::Challenge(slot, Some(begun));
                Some(command)
            }
            Stage::Proof(_, proof) => proof.as_ref().map(Proof::command),
            Stage::CardUid => {
                let session = self.session.as_mut()?;
                session.command(&Native::get_card_uid(), CommMode::Full).ok()
            }
            Stage::Done => None,
        }
    }

    /// The key that a slot is to have, where the tag says that it has it.
    fn key_to_try(&self, slot: KeySlot) -> Option<Secret<16>> {
        let uid = self.found.uid?;
        self.found.versions[slot.index()].filter(|version| *version == self.version)?;
        slot_key(self.keys, uid, slot, self.version)
    }

    /// After a slot was tried: the one before it, the master key last.
    fn after_key(&mut self, slot: usize) {
        self.stage = match slot {
            0 if self.session.is_some() => Stage::CardUid,
            0 => Stage::Done,
            slot => Stage::SelectAgain(slot - 1),
        };
    }

    fn take(&mut self, response: &Response<'_>) {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Select if response.status == StatusWord::OK => {
                self.stage = Stage::Version(Chain::default())
            }
            Stage::Select => self.differs(Difference::NotNtag424),
            Stage::Version(mut chain) => match chain.take(response) {
                Ok(Exchange::Send(more)) => {
                    self.sent = Some(more);
                    self.stage = Stage::Version(chain);
                }
                Ok(Exchange::Done(data)) => self.take_version(&data),
                Err(_) => self.differs(Difference::NotNtag424),
            },
            Stage::Signature(mut chain) => {
                match chain.take(response) {
                    Ok(Exchange::Send(more)) => {
                        self.sent = Some(more);
                        self.stage = Stage::Signature(chain);
                        return;
                    }
                    Ok(Exchange::Done(signature)) => {
                        self.found.original = self.shown.map(|uid| is_original(uid, &signature));
                    }
                    Err(_) => {}
                }
                self.stage = Stage::Settings;
            }
            Stage::Settings => {
                let data = Chain::default().take(response);
                match data {
                    Ok(Exchange::Done(data)) => self.compare_settings(&data),
                    Ok(Exchange::Send(_)) => self.differs(Difference::Settings { field: "length" }),
                    Err(error) => self.differs(Difference::Answer { what: "file settings", error }),
                }
                self.stage = Stage::KeyVersion(0);
            }
            Stage::KeyVersion(slot) => {
                if response.status == StatusWord(0x9100) {
                    self.found.versions[slot] = key_version(response.data).ok();
                }
                self.stage = match KeySlot::ALL.get(slot + 1) {
                    Some(_) => Stage::KeyVersion(slot + 1),
                    None => Stage::SelectFile,
                };
            }
            Stage::SelectFile if response.status == StatusWord::OK => self.stage = Stage::Read,
            Stage::SelectFile => self.take_file(&[]),
            Stage::Read => {
                self.take_file(if response.status == StatusWord::OK { response.data } else { &[] });
            }
            Stage::SelectAgain(slot) => self.stage = Stage::Challenge(slot, None),
            Stage::Challenge(slot, begun) => match begun.map(|begun| begun.challenged(response)) {
                Some(Ok(proof)) => self.stage = Stage::Proof(slot, Some(proof)),
                Some(Err(error)) => self.not_opened(slot, error),
                None => self.after_key(slot),
            },
            Stage::Proof(slot, proof) => match proof.map(|proof| proof.answered(response)) {
                Some(Ok(session)) => {
                    self.session = (slot == 0).then_some(session);
                    self.after_key(slot);
                }
                Some(Err(error)) => self.not_opened(slot, error),
                None => self.after_key(slot),
            },
            Stage::CardUid => {
                let answer = self.session.as_mut().map(|session| session.answer(response));
                let uid = match answer {
                    Some(Ok(Exchange::Done(data))) => card_uid(&data).ok(),
                    _ => None,
                };
                if uid != self.found.uid {
                    self.differs(Difference::Uid);
                }
            }
            Stage::Done => {}
        }
    }

    fn take_version(&mut self, data: &[u8]) {
        let version = match Version::parse(data) {
            Ok(version) if version.hardware.vendor == 0x04 && version.hardware.kind == 0x04 => version,
            _ => return self.differs(Difference::NotNtag424),
        };
        let hidden = version.uid == TagUid::new([0; TagUid::LENGTH]);
        self.shown = (!hidden).then_some(version.uid);
        if let (Some(named), Some(shown)) = (self.named, self.shown)
            && named != shown
        {
            self.found.uid = self.shown;
            return self.differs(Difference::Uid);
        }
        self.stage = match hidden || !self.check_originality {
            true => Stage::Settings,
            false => Stage::Signature(Chain::default()),
        };
    }

    fn compare_settings(&mut self, data: &[u8]) {
        let expected = self.setup.file_settings(PROVISIONED_ACCESS);
        let found = match FileSettings::parse(data) {
            Ok((found, _)) => found,
            Err(error) => {
                return self.differs(Difference::Answer { what: "file settings", error: error.into() });
            }
        };
        let fields = [
            ("comm_mode", found.comm_mode != expected.comm_mode),
            ("access rights", found.access != expected.access),
            ("dynamic messaging", found.sdm != expected.sdm),
        ];
        for (field, _) in fields.into_iter().filter(|(_, differs)| *differs) {
            self.differs(Difference::Settings { field });
        }
    }

    /// The NDEF file as a phone reads it.
    fn take_file(&mut self, file: &[u8]) {
        let file = &file[..file.len().min(NDEF_FILE_MAX)];
        match ndef_url(file) {
            Ok(url) => {
                self.found.url = Some(url);
                if !self.is_of_template(file) {
                    self.differs(Difference::Url);
                }
                self.verify(file);
            }
            Err(_) => self.differs(Difference::NoUrl),
        }
        let told = self.found.tap.as_ref().and_then(VerifiedTap::uid);
        self.found.uid = self.shown.or(told).or(self.named);
        if self.found.uid.is_none() {
            self.differs(Difference::HiddenUid);
        }
        if self.found.original == Some(false) {
            self.differs(Difference::NotOriginal);
        }
        for slot in KeySlot::ALL {
            let expected = self.found.uid.and_then(|uid| slot_key(self.keys, uid, slot, self.version));
            if let (Some(found), Some(_)) = (self.found.versions[slot.index()], expected)
                && found != self.version
            {
                self.differs(Difference::KeyVersion { slot, found, expected: self.version });
            }
        }
        self.stage = Stage::SelectAgain(KeySlot::COUNT - 1);
    }

    /// Whether a file is the template's but for what is mirrored into it.
    fn is_of_template(&self, file: &[u8]) -> bool {
        let expected = self.setup.ndef_file();
        let Some(found) = file.get(..expected.len()) else { return false };
        let mirrors = mirrors(&self.setup.offsets(), self.setup.mode());
        let is_mirror =
            |at: usize| mirrors.iter().any(|(start, length)| (*start..start + length).contains(&at));
        expected.iter().zip(found).enumerate().all(|(at, (one, other))| one == other || is_mirror(at))
    }

    fn verify(&mut self, file: &[u8]) {
        let ring = OneTag {
            check: self,
            fleets: [Fleet::new(self.meta_key().as_ref(), Layout::default())
                .mode(ModeRule::Only(self.setup.mode()))],
        };
        match verify_file(file, &self.setup.offsets(), &ring) {
            Ok(tap) => self.found.tap = Some(tap),
            Err(refusal) => self.differs(Difference::Tap(refusal)),
        }
    }

    /// The key of the PICCData. Where the tag hides its UID and is not named, only one that does not depend on it.
    fn meta_key(&self) -> Option<Secret<16>> {
        let Access::Key(number) = self.setup.file_settings(PROVISIONED_ACCESS).sdm?.meta_read else {
            return None;
        };
        let uid = self.shown.or(self.named).unwrap_or(TagUid::new([0; TagUid::LENGTH]));
        slot_key(self.keys, uid, KeySlot::new(number).ok()?, self.version)
    }

    fn not_opened(&mut self, slot: usize, error: Ntag424Error) {
        match error {
            Ntag424Error::Length { .. } => {
                self.differs(Difference::Mode { expected: mode_of(self.setup.mode()) });
                // It would be the same with each key.
                self.stage = Stage::Done;
                return;
            }
            Ntag424Error::AuthMismatch => self.differs(Difference::Key { slot: KeySlot::ALL[slot] }),
            Ntag424Error::Status { status } if is_refusal(status) => {
                self.differs(Difference::Key { slot: KeySlot::ALL[slot] });
            }
            error => self.differs(Difference::Answer { what: "authentication", error }),
        }
        self.after_key(slot);
    }
}

impl fmt::Debug for Check<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Check(version {}, keys elided, {:?})", self.version, self.found)
    }
}

fn mode_of(mode: SdmMode) -> Mode {
    match mode {
        SdmMode::Aes => Mode::Aes,
        SdmMode::Lrp => Mode::Lrp,
    }
}

/// Where the mirrors of a setup stand, and how many characters they have.
fn mirrors(offsets: &SdmOffsets, mode: SdmMode) -> Vec<(usize, usize)> {
    let data = offsets.enc_length.map_or(0, usize::from);
    let picc = mode.picc_data_width();
    [
        (offsets.uid_offset, 14),
        (offsets.ctr_offset, 6),
        (offsets.picc_offset, picc),
        (offsets.tt_offset, 2),
        (offsets.enc_offset, data),
        (Some(offsets.mac_offset), 16),
    ]
    .into_iter()
    .filter_map(|(offset, length)| Some((usize::from(offset?), length)))
    .collect()
}

/// The keys of the tag in the field as a key ring, whichever tag it turns out to be.
struct OneTag<'c> {
    check: &'c Check<'c>,
    fleets: [Fleet; 1],
}

impl KeyRing for OneTag<'_> {
    fn fleets(&self) -> &[Fleet] {
        &self.fleets
    }

    fn file_keys(&self, _: usize, uid: Option<TagUid>, found: &mut dyn FnMut(&FileKey) -> ControlFlow<()>) {
        let Some(uid) = uid.or(self.check.shown).or(self.check.named) else { return };
        let number = self.check.setup.rights().file_read_key;
        let key = KeySlot::new(number)
            .ok()
            .and_then(|slot| slot_key(self.check.keys, uid, slot, self.check.version));
        if let Some(key) = key {
            let _ = found(&FileKey::new(&key).of_tag(uid));
        }
    }
}
