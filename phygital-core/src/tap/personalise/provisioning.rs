//! The driver: says what to write down and what to send, until a tag is as planned.

use std::collections::VecDeque;
use std::fmt;

use super::carry_out::Work;
use super::discovery::Discovery;
use super::journal::{Entry, Journal};
use super::plan::{Feature, KeySlot, Mode, Step};
use super::slot_keys::{SlotKeys, slot_key};
use super::state::{Next, Stuck, Try};
use super::target::Target;
use super::trouble::{ResumeError, Trouble, is_refusal};
use crate::contactless::Step as Exchange;
use crate::contactless::apdu::{Command, Response, StatusWord};
use crate::contactless::ntag424::{
    Authentication, Chain, CommMode, Native, Ntag424Error, Proof, Session, Version, card_uid, key_version,
    select_application,
};
use crate::crypto::Secret;
use crate::tap::originality::{ByteOrder, ChipFamily};
use crate::vocab::tag::TagUid;

/// What to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a reader has to handle each")]
pub enum Do {
    /// Append this to the journal's file and make it durable; only then ask on. The first text makes the file.
    Write(String),
    /// Send this to the tag and hand its answer in ([`Provisioning::answer`]), or say that there was none
    /// ([`Provisioning::lost`]).
    Send(Command),
    /// Take the field away, select the tag anew, and say so ([`Provisioning::lost`]): what was switched on holds from
    /// its next activation.
    Reactivate,
    /// The tag is as planned.
    Done(Report),
    /// A person has to look. The journal knows how to go on, another time or with another tag.
    Stuck(Trouble),
}

/// What a tag has become.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The tag.
    pub uid: TagUid,
    /// The key versions of slots 0 to 4; 0 is the delivery key, all zeros.
    pub versions: [u8; KeySlot::COUNT],
    /// How it authenticates.
    pub mode: Mode,
    /// What is switched on for good, as far as it showed.
    pub permanent: Vec<Feature>,
    /// Whether its originality signature was found to be NXP's; `None` where it was not judged this time.
    pub original: Option<bool>,
}

/// The provisioning of one tag, without the wire: it gives what to do ([`Provisioning::next`]) and takes the tag's
/// answers ([`Provisioning::answer`]).
///
/// Whatever changes the tag stands in the journal before it is sent. When the tag leaves the field, say
/// [`Provisioning::lost`] and go on once a tag is there again: it is asked who it is first. When power fails, read the
/// journal and [`Provisioning::resume`].
///
/// ```
/// use phygital_core::contactless::apdu::Response;
/// use phygital_core::crypto::Secret;
/// use phygital_core::tap::personalise::{Do, Provisioning, SlotKeyTable, Target};
/// use phygital_core::tap::{SdmMode, tag_setup::TagSetup};
/// let setup = TagSetup::from_text("tap.example/t?p={picc}&c={mac}", SdmMode::Aes)?;
/// let keys = SlotKeyTable::from_json(
///     r#"{"version": 1, "master_key": "c9eb67df090afc8ed0b4b15d0fd3d7f9", "picc_slot": 1}"#,
/// )?;
/// let mut provisioning = Provisioning::begin(Target::new(setup, 1), &keys);
/// # let random = || Secret::zeros();
/// loop {
///     match provisioning.next(random()) {
///         Do::Write(line) => { /* append it to the journal, and fsync */ }
///         Do::Send(command) => {
///             // let answer = link.transceive(&command.to_bytes(), within)?;
///             let answer = [0x6A, 0x82];
///             provisioning.answer(&Response::parse(&answer)?);
///         }
///         Do::Reactivate => provisioning.lost(),
///         Do::Done(report) => break println!("{} is provisioned", report.uid),
///         Do::Stuck(why) => break println!("{why}"), // "this is no NTAG 424 DNA"
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Provisioning<'k> {
    pub(super) keys: &'k dyn SlotKeys,
    pub(super) target: Target,
    /// Which tag it is, as the caller says.
    named: Option<TagUid>,
    /// None until the tag is known.
    pub(super) journal: Option<Journal>,
    pub(super) discovery: Discovery,
    /// To be written, in this order.
    lines: VecDeque<String>,
    /// While a tag that hides its UID has not shown who it is: the journal before, and lines that are written once it
    /// has.
    unproven: Option<(Option<Journal>, Vec<String>)>,
    identity: Identity,
    /// Whether the application is selected, and nothing of a failed attempt is left on the tag.
    pub(super) selected: bool,
    pub(super) session: Option<Session>,
    asked: Option<(Asked, Command)>,
    reactivate: bool,
    end: Option<Do>,
    original: Option<bool>,
    refused_with: Option<StatusWord>,
}

/// Whether NXP signed the UID of an NTAG 424 DNA. One batch was signed with the key of another family.
pub(super) fn is_original(uid: TagUid, signature: &[u8]) -> bool {
    [ChipFamily::Ntag424, ChipFamily::DesfireEv2]
        .into_iter()
        .any(|family| family.key().verify(uid.as_bytes(), signature, ByteOrder::Msb).is_ok())
}

/// Who the tag in the field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Identity {
    Unknown,
    /// It draws a random ID.
    Hidden,
    Known(TagUid),
}

/// What waits for its answer.
pub(super) enum Asked {
    /// Whether it is asked a second time.
    Select(bool),
    Version(Purpose, Chain),
    Signature(Chain),
    KeyVersion(Purpose, KeySlot),
    Probe(Mode),
    Challenge(Try, Authentication),
    Proof(Try, Proof),
    /// Who it is, in a session.
    CardUid,
    InSession(Step, Work),
}

/// Why something is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To know the tag; nothing is written down.
    Look,
    /// Because the journal says so.
    Journal,
}

impl<'k> Provisioning<'k> {
    /// Begins with whatever NTAG 424 DNA is in the field. It has the keys that its version bytes say.
    #[must_use]
    pub fn begin(target: Target, keys: &'k dyn SlotKeys) -> Self {
        Self {
            keys,
            target,
            named: None,
            journal: None,
            discovery: Discovery::default(),
            lines: VecDeque::new(),
            unproven: None,
            identity: Identity::Unknown,
            selected: false,
            session: None,
            asked: None,
            reactivate: false,
            end: None,
            original: None,
            refused_with: None,
        }
    }

    /// Begins with this tag and no other. A tag with a random ID has to be named, since its keys depend on the UID.
    #[must_use]
    pub fn of_tag(mut self, uid: TagUid) -> Self {
        self.named = Some(uid);
        self
    }

    /// Goes on where a journal ends. Its file has to hold [`Journal::text`] and nothing behind it.
    ///
    /// # Errors
    /// [`ResumeError`] for a journal of another target.
    pub fn resume(journal: Journal, target: Target, keys: &'k dyn SlotKeys) -> Result<Self, ResumeError> {
        let plan = journal.plan();
        if plan.content != target.content() {
            return Err(ResumeError::Content);
        }
        if plan.keys.iter().any(|key| key.now != key.then && key.then != target.version()) {
            return Err(ResumeError::Version);
        }
        let named = Some(plan.uid);
        Ok(Self { named, journal: Some(journal), ..Self::begin(target, keys) })
    }

    /// The journal; `None` until the tag is known.
    #[must_use]
    pub fn journal(&self) -> Option<&Journal> {
        self.journal.as_ref()
    }

    /// What the tag is to become.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// What to do now. `random` are 16 random bytes, fresh for each call; they are used where it authenticates.
    pub fn next(&mut self, random: Secret<16>) -> Do {
        // Each turn of the loop asks something, ends, or makes a line; a session that is given up makes one turn more.
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Do::Write(line);
            }
            if let Some(end) = &self.end {
                return end.clone();
            }
            if self.reactivate {
                return Do::Reactivate;
            }
            if let Some((_, command)) = &self.asked {
                return Do::Send(command.clone());
            }
            if let Err(trouble) = self.decide(&random) {
                self.stop(trouble);
            }
        }
    }

    /// Takes what the tag answered to the command sent last. Without one it is of no effect.
    pub fn answer(&mut self, response: &Response<'_>) {
        let Some((asked, _)) = self.asked.take() else { return };
        if let Err(trouble) = self.take(asked, response) {
            self.stop(trouble);
        }
    }

    /// Says that the tag left the field, or that no answer came: what was sent may have taken effect. The next tag is
    /// asked who it is.
    pub fn lost(&mut self) {
        self.forget_presence();
        self.reactivate = false;
        if let Some(journal) = &mut self.journal {
            journal.lose();
        }
    }

    fn forget_presence(&mut self) {
        self.session = None;
        self.asked = None;
        self.selected = false;
        self.identity = Identity::Unknown;
        self.discovery = Discovery::default();
        if let Some((journal, _)) = self.unproven.take() {
            self.journal = journal;
        }
    }

    fn stop(&mut self, trouble: Trouble) {
        let trouble = match (trouble, self.refused_with, &self.unproven) {
            (Trouble::Journal(_), _, Some(_)) => Trouble::NotRecognised,
            (Trouble::Journal(Stuck::Refused(step)), Some(status), None) => Trouble::Refused { step, status },
            (trouble, _, _) => trouble,
        };
        self.lost();
        self.end = Some(Do::Stuck(trouble));
    }

    /// Asks something, or ends.
    fn decide(&mut self, random: &Secret<16>) -> Result<(), Trouble> {
        if !self.selected {
            self.session = None;
            self.ask(Asked::Select(false), select_application());
            return Ok(());
        }
        if self.identity == Identity::Unknown {
            return self.ask_plain(Asked::Version(Purpose::Look, Chain::default()), &Native::get_version());
        }
        let Some(journal) = &self.journal else {
            return self.discover();
        };
        match journal.next() {
            Next::Done => {
                self.end = Some(Do::Done(self.report()));
                Ok(())
            }
            Next::Stuck(stuck) => Err(Trouble::Journal(stuck)),
            Next::ReadKeyVersion(_) if self.session.is_some() => {
                self.selected = false;
                Ok(())
            }
            Next::ReadKeyVersion(slot) => {
                let asked = Asked::KeyVersion(Purpose::Journal, slot);
                self.ask_plain(asked, &Native::get_key_version(slot.number()))
            }
            Next::Authenticate(one) => {
                let key = self.key(one.slot, one.version)?;
                self.record(Entry::Trying(one))?;
                let begun =
                    Authentication::first(one.mode.into(), one.slot.number(), key, random.duplicate());
                let command = begun.command();
                self.ask(Asked::Challenge(one, begun), command);
                Ok(())
            }
            Next::Step(step) => {
                self.record(Entry::Intended(step))?;
                match step {
                    Step::GetVersion => {
                        let asked = Asked::Version(Purpose::Journal, Chain::default());
                        self.ask_plain(asked, &Native::get_version())
                    }
                    Step::ReadSignature => {
                        self.ask_plain(Asked::Signature(Chain::default()), &Native::read_signature())
                    }
                    step => {
                        let (work, command) = self.begin_work(step)?;
                        self.ask(Asked::InSession(step, work), command);
                        Ok(())
                    }
                }
            }
        }
    }

    pub(super) fn ask(&mut self, asked: Asked, command: Command) {
        self.asked = Some((asked, command));
    }

    pub(super) fn ask_plain(&mut self, asked: Asked, native: &Native) -> Result<(), Trouble> {
        self.ask(asked, native.plain().map_err(Ntag424Error::from)?);
        Ok(())
    }

    /// The UID of the tag that is meant.
    pub(super) fn uid(&self) -> Result<TagUid, Trouble> {
        match (&self.journal, self.identity, self.named) {
            (Some(journal), _, _) => Ok(journal.plan().uid),
            (None, Identity::Known(uid), _) | (None, _, Some(uid)) => Ok(uid),
            (None, _, None) => Err(Trouble::HiddenUid),
        }
    }

    pub(super) fn key(&self, slot: KeySlot, version: u8) -> Result<Secret<16>, Trouble> {
        slot_key(self.keys, self.uid()?, slot, version).ok_or(Trouble::NoKey { slot, version })
    }

    /// Makes the journal of a tag that is known now.
    pub(super) fn begin_journal(&mut self, journal: Journal) {
        let header = journal.header();
        self.journal = Some(journal);
        self.write(header);
    }

    fn record(&mut self, entry: Entry) -> Result<(), Trouble> {
        let journal = self.journal.as_mut().expect("recorded only once the tag is known");
        let line = journal.record(entry)?;
        self.write(line);
        Ok(())
    }

    fn write(&mut self, line: String) {
        match &mut self.unproven {
            Some((_, held)) => held.push(line),
            None => self.lines.push_back(line),
        }
    }

    fn take(&mut self, asked: Asked, response: &Response<'_>) -> Result<(), Trouble> {
        match asked {
            Asked::Select(_) if response.status == StatusWord::OK => self.selected = true,
            // An exchange in several parts was not ended (NT4H2421Gx §10.9.1); it is now.
            Asked::Select(false) if response.status == StatusWord(0x6985) => {
                self.ask(Asked::Select(true), select_application());
            }
            Asked::Select(_) => return Err(Trouble::NotNtag424),
            Asked::Version(purpose, mut chain) => match chain.take(response) {
                Ok(Exchange::Send(more)) => self.ask(Asked::Version(purpose, chain), more),
                Ok(Exchange::Done(data)) => self.identify(purpose, &data)?,
                Err(_) if purpose == Purpose::Look => return Err(Trouble::NotNtag424),
                Err(error) => self.refused(Step::GetVersion, error)?,
            },
            Asked::Signature(mut chain) => match chain.take(response) {
                Ok(Exchange::Send(more)) => self.ask(Asked::Signature(chain), more),
                Ok(Exchange::Done(data)) => self.judge_originality(&data)?,
                // A tag with a random ID does not show it to everybody; and who does not check it may have none.
                Err(Ntag424Error::Status { status })
                    if is_refusal(status)
                        && (self.identity == Identity::Hidden || !self.target.checks_originality()) =>
                {
                    self.record(Entry::Confirmed(Step::ReadSignature))?;
                }
                Err(error) => self.refused(Step::ReadSignature, error)?,
            },
            Asked::KeyVersion(purpose, slot) => {
                let version = match response.status {
                    StatusWord(0x9100) => Some(key_version(response.data)?),
                    status if purpose == Purpose::Journal && is_refusal(status) => None,
                    status => return Err(Ntag424Error::Status { status }.into()),
                };
                match (purpose, version) {
                    (Purpose::Look, Some(version)) => self.discovered_version(version),
                    _ => self.record(Entry::Version { slot, version })?,
                }
            }
            Asked::Probe(mode) => self.probed(mode, response)?,
            Asked::Challenge(one, begun) => match begun.challenged(response) {
                Ok(proof) => {
                    let command = proof.command();
                    self.ask(Asked::Proof(one, proof), command);
                }
                // A challenge of the other mode is a length that is not expected.
                Err(Ntag424Error::Length { .. }) => self.wrong(one)?,
                Err(error) => self.not_opened(one, error)?,
            },
            Asked::Proof(one, proof) => match proof.answered(response) {
                Ok(session) => self.opened(one, session)?,
                Err(error) => self.not_opened(one, error)?,
            },
            Asked::CardUid => self.proven(response)?,
            Asked::InSession(step, work) => self.go_on(step, work, response)?,
        }
        Ok(())
    }

    /// Compares the tag in the field with the one that is meant.
    fn identify(&mut self, purpose: Purpose, data: &[u8]) -> Result<(), Trouble> {
        let version = Version::parse(data)?;
        let chip = version.hardware;
        if (chip.vendor, chip.kind, chip.major) != (0x04, 0x04, 0x30) {
            return Err(Trouble::NotNtag424);
        }
        let has_loop = chip.subtype & 0x0F == 0x08;
        if self.target.features().contains(&Feature::TagTamper) && !has_loop {
            return Err(Trouble::NoTamperLoop);
        }
        let hidden = version.uid == TagUid::new([0; TagUid::LENGTH]);
        let meant = self.journal.as_ref().map(|journal| journal.plan().uid).or(self.named);
        if let Some(meant) = meant.filter(|meant| !hidden && *meant != version.uid) {
            return Err(Trouble::OtherTag { expected: meant });
        }
        if purpose == Purpose::Journal {
            return self.record(Entry::Confirmed(Step::GetVersion));
        }
        if !hidden {
            self.identity = Identity::Known(version.uid);
        } else if meant.is_none() {
            return Err(Trouble::HiddenUid);
        } else {
            self.identity = Identity::Hidden;
            self.unproven = Some((self.journal.clone(), Vec::new()));
        }
        Ok(())
    }

    fn judge_originality(&mut self, data: &[u8]) -> Result<(), Trouble> {
        if self.target.checks_originality() {
            if !is_original(self.uid()?, data) {
                return Err(Trouble::NotOriginal);
            }
            self.original = Some(true);
        }
        self.record(Entry::Confirmed(Step::ReadSignature))
    }

    /// The tag has this key.
    fn opened(&mut self, one: Try, session: Session) -> Result<(), Trouble> {
        self.record(Entry::Right(one))?;
        self.session = Some(session);
        if self.unproven.is_some() {
            let command = self.in_session(&Native::get_card_uid(), CommMode::Full)?;
            self.ask(Asked::CardUid, command);
        }
        Ok(())
    }

    /// A tag that hides its UID has told it under our key.
    fn proven(&mut self, response: &Response<'_>) -> Result<(), Trouble> {
        let session = self.session.as_mut().ok_or(Ntag424Error::SessionOver)?;
        let Exchange::Done(data) = session.answer(response)? else {
            return Err(Ntag424Error::Malformed { expected: "a UID in one part" }.into());
        };
        let (found, expected) = (card_uid(&data)?, self.uid()?);
        if found != expected {
            return Err(Trouble::OtherTag { expected });
        }
        if let Some((_, held)) = self.unproven.take() {
            self.lines.extend(held);
        }
        Ok(())
    }

    fn not_opened(&mut self, one: Try, error: Ntag424Error) -> Result<(), Trouble> {
        match error {
            Ntag424Error::Status { status: StatusWord(0x91AD) } => Err(Trouble::Delayed),
            Ntag424Error::Status { status } if is_refusal(status) => self.wrong(one),
            error => Err(error.into()),
        }
    }

    fn wrong(&mut self, one: Try) -> Result<(), Trouble> {
        self.selected = false;
        self.record(Entry::Wrong(one))
    }

    /// A step failed: by a refusal that is written down, or in a way that says nothing.
    pub(super) fn refused(&mut self, step: Step, error: Ntag424Error) -> Result<(), Trouble> {
        match error {
            Ntag424Error::Status { status } if is_refusal(status) => {
                self.refused_with = Some(status);
                self.selected = false;
                self.record(Entry::Refused(step))
            }
            error => Err(error.into()),
        }
    }

    /// The tag has carried a step out.
    pub(super) fn confirm(&mut self, step: Step) -> Result<(), Trouble> {
        self.refused_with = None;
        match step {
            Step::ChangeKey(KeySlot::MASTER) => self.selected = false,
            Step::SetConfiguration(Feature::Lrp) => self.reactivate = true,
            _ => {}
        }
        self.record(Entry::Confirmed(step))
    }

    fn report(&self) -> Report {
        let journal = self.journal.as_ref().expect("done only once the tag is known");
        let plan = journal.plan();
        let mut permanent = plan.features.clone();
        permanent.extend((plan.mode == Mode::Lrp).then_some(Feature::Lrp));
        permanent.extend((self.identity == Identity::Hidden).then_some(Feature::RandomId));
        Report {
            uid: plan.uid,
            versions: plan.keys.map(|key| key.then),
            mode: if permanent.contains(&Feature::Lrp) { Mode::Lrp } else { Mode::Aes },
            permanent: permanent.into_iter().collect(),
            original: self.original,
        }
    }
}

impl fmt::Debug for Provisioning<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let next = self.journal.as_ref().map(Journal::next);
        write!(f, "Provisioning({:?}, {next:?}, keys elided)", self.identity)
    }
}
