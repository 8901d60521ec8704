//! Why a link does not verify: for the operator of a fleet, never for the public.
//!
//! The usual reasons are not forgeries but set-ups: the MAC input starts elsewhere, the tag still has factory
//! keys or the diversified key of another number, it is in LRP mode and nobody said so, a link wrapper changed letters, the
//! placeholder of the MAC is too short, or a home-made tag cuts the MAC or turns the counter the wrong way round. Each can be tried, and the MAC tells which it is.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::attempt::{Attempt, Claim, PiccDataOrPlain};
use super::auto;
use super::file_key::FileKey;
use super::keyring::{Fleet, KeyRing, Layout, Mistake};
use super::link::TapLink;
use super::meta_key::MetaKey;
use super::mirrors::Mirrors;
use super::mode::{ModeRule, SdmMode};
use super::session::{PiccData, SdmSession};
use super::verify::{Trial, VerifiedTap, read_template, try_keys, verify_mirrors};
use crate::crypto::{Block, truncate_mac};
use crate::tap::limits::{DIAGNOSIS_TRIES_MAX, FLEETS_MAX};
use crate::tap::refusal::TapRefusal;
use crate::vocab::hex;
use crate::vocab::tag::KeyEpoch;

/// What became of a link, and what explains it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Diagnosis {
    /// As [`crate::tap::verify`] judges it.
    pub result: Result<VerifiedTap, TapRefusal>,
    /// What was found out, most telling first. Nothing here makes the tap genuine.
    pub notes: Vec<Note>,
}

/// One thing that was found out about a link. `Display` says it in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// The MAC is right under another assumption.
    Matches(Match),
    /// The PICCData opens with the meta read key of this fleet (an index into [`KeyRing::fleets`]), so that
    /// key is probably right.
    Opens {
        /// The fleet.
        fleet: usize,
    },
    /// The PICCData opens with the all-zero factory key.
    OpensWithZeros,
    /// The link does not follow the template of this fleet, but reads as a tap by its shape.
    ReadsByShape {
        /// The fleet.
        fleet: usize,
    },
    /// Mirrors are in lower case. Tags write upper case, so something has rewritten the link.
    LowerCase,
    /// The PICCData has the length of this mode, which this fleet's tags are said not to be in.
    OtherMode {
        /// The fleet.
        fleet: usize,
        /// The mode of the link.
        mode: SdmMode,
    },
    /// The link verifies under keys of this tag that newer ones have followed.
    OlderEpoch {
        /// The generation that matched.
        epoch: KeyEpoch,
        /// The newest that the ring has for the tag.
        newest: KeyEpoch,
    },
    /// The search was given up after [`crate::tap::limits::DIAGNOSIS_TRIES_MAX`] MACs.
    GivenUp,
}

/// An assumption under which the MAC is right.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Match {
    /// The fleet whose keys or layout were used.
    pub fleet: usize,
    /// Which file read key.
    pub key: MatchingKey,
    /// The PICCData opened with the all-zero factory key instead of the fleet's meta read key.
    pub meta_is_zeros: bool,
    /// The generation of the key.
    pub key_epoch: KeyEpoch,
    /// The name of the key.
    pub key_label: Option<Arc<str>>,
    /// The link was read by its shape, not by the fleet's template.
    pub by_shape: bool,
    /// The start of the MAC input, counted in bytes from the start of the NDEF file, if there is a URL.
    pub mac_input_offset: Option<u16>,
    /// The characters that the MAC covers.
    pub mac_input_length: usize,
    /// The MAC covers the mirrors in the letter case of the link.
    pub keeps_case: bool,
    /// The tag is in this mode, which is not what was said of the fleet ([`super::ModeRule`]).
    pub other_mode: Option<SdmMode>,
    /// Which bytes of the CMAC were sent.
    pub truncation: Truncation,
    /// The counter went into the session vector most significant byte first.
    pub counter_reversed: bool,
    /// How many digits of the MAC the link has: 16, or fewer where it ends within the MAC because the placeholder in the
    /// tag's file is too short.
    pub mac_digits: usize,
}

/// Which file read key fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MatchingKey {
    /// One that the ring gives for the tag.
    Own,
    /// One that it has after a mistake.
    Mistaken(Mistake),
    /// The all-zero factory key.
    Zeros,
}

/// Which bytes of the CMAC make up the MAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Truncation {
    /// Every other one, as tags do.
    Tag,
    /// The first eight.
    First,
    /// The last eight.
    Last,
}

/// Tells why a link does not verify. It tries far more than [`crate::tap::verify`] does, so it is for the
/// operator's own links: never answer a stranger with it.
///
/// ```
/// use phygital_core::{crypto::Secret, tap::{diagnose, KeySet, Keys}};
/// let own = Keys::new([KeySet::explicit(Secret::take(&mut [1; 16]))])?;
/// let url = "https://ntag.nxp.com/424?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086";
/// let said: Vec<String> = diagnose(url, &own).notes.iter().map(|note| note.to_string()).collect();
/// assert!(said[0].contains("the factory key"));
/// # Ok::<(), phygital_core::tap::KeysError>(())
/// ```
pub fn diagnose<K: KeyRing + ?Sized>(url: &str, keys: &K) -> Diagnosis {
    let link = match TapLink::parse(url) {
        Ok(link) => link,
        Err(refusal) => return Diagnosis { result: Err(refusal), notes: Vec::new() },
    };
    let Trial { result, .. } = try_keys(link, keys);
    let mut inquiry = Inquiry::new(keys);
    if let Ok(tap) = &result {
        let notes = older_epoch(link, keys, tap).into_iter().collect();
        return Diagnosis { result, notes };
    }
    let by_shape = inquiry.link(link);
    if by_shape.first().is_some_and(Attempt::has_lower_case) {
        inquiry.note(Note::LowerCase);
    }
    if let Some((whole, digits)) = completed(url)
        && let Ok(link) = TapLink::parse(&whole)
    {
        inquiry.mac_digits = digits;
        inquiry.link(link);
    }
    Diagnosis { result, notes: inquiry.notes() }
}

/// Newer keys of a tag whose link verifies.
fn older_epoch<K: KeyRing + ?Sized>(link: TapLink<'_>, keys: &K, tap: &VerifiedTap) -> Option<Note> {
    // Which fleet it was is found anew.
    let mut inquiry = Inquiry::new(keys);
    inquiry.link(link);
    let fleet = inquiry.notes.iter().find_map(|note| match note {
        Note::Matches(found) => Some(found.fleet),
        _ => None,
    })?;
    let (epoch, mut newest) = (tap.key_epoch(), tap.key_epoch());
    keys.file_keys(fleet, tap.uid(), &mut |key| {
        newest = newest.max(key.key_epoch());
        ControlFlow::Continue(())
    });
    (newest > epoch).then_some(Note::OlderEpoch { epoch, newest })
}

/// A link that ends within its MAC, with zeros in place of what is missing, and how many digits of the MAC it has: at
/// least eight, so that nothing matches by accident.
fn completed(url: &str) -> Option<(String, usize)> {
    let digits = url.bytes().rev().take_while(|byte| hex::is_digit(*byte)).count();
    // The MAC alone, or behind PICCData in one piece.
    let whole = [
        MAC_DIGITS,
        SdmMode::Aes.picc_data_width() + MAC_DIGITS,
        SdmMode::Lrp.picc_data_width() + MAC_DIGITS,
    ];
    let missing = whole
        .into_iter()
        .find_map(|whole| whole.checked_sub(digits).filter(|missing| (1..=8).contains(missing)))?;
    Some((format!("{url}{}", "0".repeat(missing)), MAC_DIGITS - missing))
}

/// Digits of a MAC.
const MAC_DIGITS: usize = 16;

/// As [`diagnose`], for mirrors.
pub fn diagnose_mirrors<K: KeyRing + ?Sized>(mirrors: &Mirrors<'_>, keys: &K) -> Diagnosis {
    let result = verify_mirrors(mirrors, keys);
    let mut inquiry = Inquiry::new(keys);
    match Attempt::of_mirrors(mirrors) {
        Ok(attempt) if result.is_err() => {
            for (index, fleet) in keys.fleets().iter().take(FLEETS_MAX).enumerate() {
                inquiry.fleet(&attempt, index, fleet, false);
            }
            if attempt.has_lower_case() {
                inquiry.note(Note::LowerCase);
            }
        }
        _ => {}
    }
    Diagnosis { result, notes: inquiry.notes() }
}

struct Inquiry<'k, K: ?Sized> {
    keys: &'k K,
    notes: Vec<Note>,
    tries: u32,
    found: bool,
    /// How many digits of the MAC are compared.
    mac_digits: usize,
}

impl<'k, K: KeyRing + ?Sized> Inquiry<'k, K> {
    fn new(keys: &'k K) -> Self {
        Self { keys, notes: Vec::new(), tries: 0, found: false, mac_digits: MAC_DIGITS }
    }

    fn note(&mut self, note: Note) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// The notes, matches first.
    fn notes(mut self) -> Vec<Note> {
        if self.tries >= DIAGNOSIS_TRIES_MAX && !self.found {
            self.notes.push(Note::GivenUp);
        }
        self.notes.sort_by_key(|note| !matches!(note, Note::Matches(_)));
        self.notes
    }

    /// Reads a link in every way and tries what may be wrong with it. Gives what it reads as by its shape.
    fn link<'l>(&mut self, link: TapLink<'l>) -> Vec<Attempt<'l>> {
        let shapes = [false, true].map(|second| auto::read(link, second));
        let by_shape: Vec<_> =
            shapes.into_iter().filter_map(|found| Attempt::of_reading(found.ok()?.reading).ok()).collect();
        let keys = self.keys;
        for (index, fleet) in keys.fleets().iter().take(FLEETS_MAX).enumerate() {
            if let Layout::Template(template) = fleet.layout() {
                match read_template(template, link, ModeRule::Either) {
                    Ok(attempt) => self.fleet(&attempt, index, fleet, false),
                    Err(_) if !by_shape.is_empty() => self.note(Note::ReadsByShape { fleet: index }),
                    Err(_) => {}
                }
            }
            let is_template = matches!(fleet.layout(), Layout::Template(_));
            for attempt in &by_shape {
                self.fleet(attempt, index, fleet, is_template);
            }
        }
        by_shape
    }

    /// Tries what may be wrong with a tag of this fleet.
    fn fleet(&mut self, attempt: &Attempt<'_>, index: usize, fleet: &Fleet, by_shape: bool) {
        if self.found {
            return;
        }
        let rule = fleet.mode_rule();
        let assumed = |mode, meta_is_zeros, other_mode: bool| Assumed {
            fleet: index,
            mode,
            meta_is_zeros,
            by_shape,
            other_mode: other_mode.then_some(mode),
        };
        match &attempt.claim {
            Claim::Plain(uid, read_ctr) => {
                let claim = PiccDataOrPlain { tag: None, uid: *uid, read_ctr: *read_ctr };
                // What was said of the fleet first.
                let mut modes = SdmMode::ALL;
                modes.sort_by_key(|mode| !rule.allows_plain(*mode));
                for mode in modes {
                    self.claim(attempt, claim, &assumed(mode, false, !rule.allows_plain(mode)));
                }
            }
            Claim::Encrypted(data) => {
                let mode = data.mode();
                let other_mode = !rule.allows_encrypted(mode);
                if other_mode {
                    self.note(Note::OtherMode { fleet: index, mode });
                }
                let own = fleet.open(index, self.keys, data).and_then(Result::ok);
                if let Some(data) = own.and_then(|plain| PiccData::parse(&plain)) {
                    self.note(Note::Opens { fleet: index });
                    self.claim(attempt, data.into(), &assumed(mode, false, other_mode));
                }
                let zeros = PiccData::parse(&MetaKey::from_bytes(&[0; 16]).decrypt(data));
                if let Some(data) = zeros.filter(|_| !self.found) {
                    self.note(Note::OpensWithZeros);
                    self.claim(attempt, data.into(), &assumed(mode, true, other_mode));
                }
            }
        }
    }

    /// Tries all keys for a claim: what the ring gives, what it gives after mistakes, factory keys.
    fn claim(&mut self, attempt: &Attempt<'_>, claim: PiccDataOrPlain, assumed: &Assumed) {
        if self.found {
            return;
        }
        let inputs = attempt.all_inputs();
        let keys = self.keys;
        let mut step = |key: &FileKey, which| {
            if self.key(attempt, claim, assumed, &inputs, key, which) || self.tries >= DIAGNOSIS_TRIES_MAX {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        keys.file_keys(assumed.fleet, claim.uid, &mut |key| step(key, MatchingKey::Own));
        keys.mistaken_file_keys(assumed.fleet, claim.uid, &mut |key, mistake| {
            step(key, MatchingKey::Mistaken(mistake))
        });
        let _ = step(&FileKey::from_bytes(&[0; 16]), MatchingKey::Zeros);
    }

    /// Tries one key with all inputs, truncations and both orders of the counter.
    fn key(
        &mut self,
        attempt: &Attempt<'_>,
        claim: PiccDataOrPlain,
        assumed: &Assumed,
        inputs: &[Input],
        key: &FileKey,
        which: MatchingKey,
    ) -> bool {
        if self.found {
            return true;
        }
        let session = SdmSession::new(assumed.mode, claim.uid, claim.read_ctr);
        let reversed = claim.read_ctr.map(|_| session.reversed());
        for session in [Some(session), reversed].into_iter().flatten() {
            let counter_reversed = Some(session) == reversed;
            let opened = key.open(&session);
            for input in inputs {
                self.tries += match assumed.mode {
                    SdmMode::Aes => 1,
                    SdmMode::Lrp => LRP_TRY,
                };
                let mac = match &opened {
                    Some(opened) => Ok(opened.full_mac(&input.text)),
                    None => self.keys.session_mac(assumed.fleet, key, &session, &input.text),
                };
                let Ok(mac) = mac else { return false };
                for truncation in [Truncation::Tag, Truncation::First, Truncation::Last] {
                    let compared = self.mac_digits / 2;
                    if truncation.of(&mac)[..compared] == attempt.mac[..compared] {
                        self.found = true;
                        self.note(Note::Matches(Match {
                            fleet: assumed.fleet,
                            key: which,
                            meta_is_zeros: assumed.meta_is_zeros,
                            key_epoch: key.key_epoch(),
                            key_label: key.key_label().cloned(),
                            by_shape: assumed.by_shape,
                            mac_input_offset: input.offset,
                            mac_input_length: input.text.len(),
                            keeps_case: input.keeps_case,
                            other_mode: assumed.other_mode,
                            truncation,
                            counter_reversed,
                            mac_digits: self.mac_digits,
                        }));
                        return true;
                    }
                }
            }
        }
        false
    }
}

/// What was assumed before a key was tried.
struct Assumed {
    fleet: usize,
    mode: SdmMode,
    meta_is_zeros: bool,
    by_shape: bool,
    /// The mode, if it is not what was said of the fleet.
    other_mode: Option<SdmMode>,
}

/// A MAC in LRP mode takes 33 block operations with a key of its own each for every one of AES.
const LRP_TRY: u32 = 32;

/// A text that the MAC may cover.
pub(crate) struct Input {
    pub(crate) text: Vec<u8>,
    /// Where it starts in the NDEF file.
    pub(crate) offset: Option<u16>,
    pub(crate) keeps_case: bool,
}

impl Truncation {
    fn of(self, mac: &Block) -> [u8; 8] {
        match self {
            Self::Tag => truncate_mac(mac),
            Self::First => std::array::from_fn(|i| mac[i]),
            Self::Last => std::array::from_fn(|i| mac[8 + i]),
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Matches(found) => found.fmt(f),
            Self::Opens { fleet } => {
                write!(f, "the PICCData opens with the meta read key of fleet {}", fleet + 1)
            }
            Self::OpensWithZeros => f.write_str("the PICCData opens with the factory key (all zeros)"),
            Self::ReadsByShape { fleet } => write!(
                f,
                "the link does not follow the template of fleet {}, but has the shape of a tap",
                fleet + 1
            ),
            Self::LowerCase => {
                f.write_str("the digits are in lower case: tags write upper case, so the link was rewritten")
            }
            Self::OtherMode { fleet, mode } => write!(
                f,
                "the PICCData has {} digits: the tag is in {mode} mode, which fleet {} is said not to be in",
                mode.picc_data_width(),
                fleet + 1
            ),
            Self::OlderEpoch { epoch, newest } => {
                write!(f, "the keys of epoch {epoch} made it, and the tag has had newer ones since: {newest}")
            }
            Self::GivenUp => f.write_str("the search was given up: too many keys"),
        }
    }
}

impl fmt::Display for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the MAC matches with ")?;
        match self.key {
            MatchingKey::Own => write!(f, "the file read key of epoch {}", self.key_epoch)?,
            MatchingKey::Zeros => f.write_str("the factory key (all zeros) as file read key")?,
            MatchingKey::Mistaken(Mistake::KeyNumber(key_no)) => {
                write!(f, "the diversified key number {key_no} as file read key")?;
            }
            MatchingKey::Mistaken(Mistake::MasterKey) => {
                f.write_str("the master key itself as file read key, not diversified")?;
            }
            MatchingKey::Mistaken(Mistake::MetaReadKey) => {
                f.write_str("the meta read key as file read key")?;
            }
        }
        if let Some(label) = &self.key_label {
            write!(f, " ({label})")?;
        }
        if self.meta_is_zeros {
            f.write_str(", the PICCData opened with the factory key")?;
        }
        match (self.mac_input_offset, self.mac_input_length) {
            (_, 0) => f.write_str(", over an empty MAC input")?,
            (Some(offset), length) => {
                write!(f, ", over {length} characters: SDMMACInputOffset is {offset}")?;
            }
            (None, length) => write!(f, ", over the last {length} bytes of the MAC input")?,
        }
        if self.by_shape {
            f.write_str(", the link read by its shape instead of its template")?;
        }
        if self.keeps_case {
            f.write_str(", the mirrors taken in the case of the link")?;
        }
        if let Some(mode) = self.other_mode {
            write!(f, ", in {mode} mode, which the fleet is said not to be in")?;
        }
        match self.truncation {
            Truncation::Tag => {}
            Truncation::First => f.write_str(", if the first eight bytes of the CMAC are taken")?,
            Truncation::Last => f.write_str(", if the last eight bytes of the CMAC are taken")?,
        }
        if self.counter_reversed {
            f.write_str(", with the counter most significant byte first in the session vector")?;
        }
        if self.mac_digits < MAC_DIGITS {
            let digits = self.mac_digits;
            write!(f, ", of which the link has the first {digits} digits: its placeholder is too short")?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::crypto::{Diversifier, Secret, ntag424_input};
    use crate::tap::simulator::SoftTag;
    use crate::tap::{KeySet, Keys, MacInput, MacStart, UrlTemplate};
    use crate::vocab::tag::{ReadCounter, TagUid};

    const UID: TagUid = TagUid::new([4, 1, 2, 3, 4, 5, 6]);

    fn secret(byte: u8) -> Secret<16> {
        Secret::take(&mut [byte; 16])
    }

    fn url(template: &str, file_key: &Secret<16>) -> String {
        SoftTag::new(UID, template.parse().unwrap(), file_key)
            .meta_read_key(&secret(2))
            .tap(&[3; 16])
            .unwrap()
    }

    fn keys(layout: Layout) -> Keys {
        Keys::new([KeySet::explicit(secret(1)).meta_read_key(secret(2)).layout(layout).label("own")]).unwrap()
    }

    fn first(url: &str, keys: &Keys) -> String {
        let diagnosis = diagnose(url, keys);
        assert!(diagnosis.result.is_err());
        diagnosis.notes.first().map(Note::to_string).unwrap_or_default()
    }

    #[test]
    fn a_mac_input_that_starts_elsewhere() {
        let url = url("h/{mac_input}t?p={picc}&c={mac}", &secret(1));
        let told = "the MAC matches with the file read key of epoch 0 (own), over 39 characters: SDMMACInputOffset is 9";
        assert_eq!(first(&url, &keys(Layout::Auto(MacInput::From(MacStart::Empty)))), told);
        let template: UrlTemplate = "h/t?p={picc}&c={mac}".parse().unwrap();
        let empty = template.with_mac_input(MacInput::From(MacStart::Empty)).unwrap();
        assert_eq!(first(&url, &keys(Layout::Template(empty))), told);
    }

    #[test]
    fn factory_keys_and_other_key_numbers() {
        let template = "h/t?p={picc}&c={mac}";
        assert_eq!(
            first(&url(template, &Secret::zeros()), &keys(Layout::default())),
            "the MAC matches with the factory key (all zeros) as file read key, over an empty MAC input"
        );
        let master = || secret(7);
        let fleet =
            Keys::new([KeySet::diversified(master(), 2, b"s").unwrap().meta_read_key(secret(2))]).unwrap();
        let key_of =
            |key_no| Diversifier::new(&master()).derive(&ntag424_input(UID, key_no, b"s").unwrap()).unwrap();
        assert!(diagnose(&url(template, &key_of(2)), &fleet).result.is_ok());
        for (key, told) in [
            (key_of(0), "the diversified key number 0 as file read key"),
            (key_of(3), "the diversified key number 3 as file read key"),
            (master(), "the master key itself as file read key, not diversified"),
            (secret(2), "the meta read key as file read key"),
        ] {
            let expected = format!("the MAC matches with {told}, over an empty MAC input");
            assert_eq!(first(&url(template, &key), &fleet), expected);
        }
    }

    #[test]
    fn a_tag_in_the_other_mode() {
        let tag = |template: &str, mode| {
            let tag = SoftTag::new(UID, template.parse().unwrap(), &secret(1)).mode(mode);
            tag.meta_read_key(&secret(2)).tap(&[3; 16]).unwrap()
        };
        let keys = |rule| {
            let set = KeySet::explicit(secret(1)).meta_read_key(secret(2)).label("own");
            Keys::new([set.mode(rule)]).unwrap()
        };
        for mode in SdmMode::ALL {
            let other = if mode == SdmMode::Aes { SdmMode::Lrp } else { SdmMode::Aes };
            for template in ["h/t?u={uid}&n={ctr}&c={mac}", "h/t?p={picc}&c={mac}"] {
                let url = tag(template, mode);
                assert!(diagnose(&url, &keys(ModeRule::Only(mode))).result.is_ok());
                assert!(diagnose(&url, &keys(ModeRule::Either)).result.is_ok());
                let told = format!(
                    "the MAC matches with the file read key of epoch 0 (own), over an empty MAC input, \
                     in {mode} mode, which the fleet is said not to be in"
                );
                assert_eq!(first(&url, &keys(ModeRule::Only(other))), told);
            }
            let encrypted = diagnose(&tag("h/t?p={picc}&c={mac}", mode), &keys(ModeRule::Only(other)));
            assert!(encrypted.notes.contains(&Note::OtherMode { fleet: 0, mode }));
        }
    }

    /// A link with plain mirrors whose MAC over nothing is made in this way.
    fn home_made(mode: SdmMode, reversed: bool, truncation: Truncation) -> String {
        let read_ctr = ReadCounter::from_lsb([0x3D, 0x01, 0]);
        let session = SdmSession::new(mode, Some(UID), Some(read_ctr));
        let session = if reversed { session.reversed() } else { session };
        let mac = FileKey::new(&secret(1)).open(&session).unwrap().full_mac(b"");
        format!("https://h/t?u=04010203040506&n=00013D&c={}", hex::lower(&truncation.of(&mac)).to_uppercase())
    }

    #[test]
    fn home_made_macs() {
        let keys = keys(Layout::default());
        for mode in SdmMode::ALL {
            let rule = ModeRule::Only(mode);
            let own = KeySet::explicit(secret(1)).label("own").mode(rule);
            let own = Keys::new([own]).unwrap();
            assert!(diagnose(&home_made(mode, false, Truncation::Tag), &own).result.is_ok());
            let expected = "the MAC matches with the file read key of epoch 0 (own), over an empty MAC input";
            for (reversed, truncation, told) in [
                (
                    true,
                    Truncation::Tag,
                    ", with the counter most significant byte first in the session vector",
                ),
                (false, Truncation::First, ", if the first eight bytes of the CMAC are taken"),
                (false, Truncation::Last, ", if the last eight bytes of the CMAC are taken"),
            ] {
                assert_eq!(first(&home_made(mode, reversed, truncation), &own), format!("{expected}{told}"));
            }
        }
        let both = first(&home_made(SdmMode::Aes, true, Truncation::First), &keys);
        assert!(both.contains("first eight bytes") && both.ends_with("in the session vector"), "{both}");
    }

    #[test]
    fn a_placeholder_that_is_too_short() {
        for template in ["h/t?p={picc}&c={mac}", "h/t?u={uid}&n={ctr}&c={mac}", "h/{picc}{mac}"] {
            let whole = url(template, &secret(1));
            for digits in 8..16 {
                let cut = &whole[..whole.len() - (16 - digits)];
                let told = first(cut, &keys(Layout::default()));
                let expected = format!("the first {digits} digits: its placeholder is too short");
                assert!(
                    told.contains("over an empty MAC input") && told.ends_with(&expected),
                    "{cut}: {told}"
                );
            }
            let told = diagnose(&whole[..whole.len() - 9], &keys(Layout::default())).notes;
            assert!(!told.iter().any(|note| matches!(note, Note::Matches(_))), "{told:?}");
            let forged =
                diagnose(&whole[..whole.len() - 8], &Keys::new([KeySet::explicit(secret(5))]).unwrap());
            assert!(!forged.notes.iter().any(|note| matches!(note, Note::Matches(_))));
        }
    }

    #[test]
    fn keys_that_newer_ones_followed() {
        let set = |byte, epoch| {
            let set = KeySet::explicit(secret(byte)).meta_read_key(secret(2));
            set.epoch(KeyEpoch::new(epoch))
        };
        let rotated = Keys::new([set(1, 3), set(8, 5)]).unwrap();
        let old = diagnose(&url("h/t?p={picc}&c={mac}", &secret(1)), &rotated);
        assert!(old.result.is_ok());
        let (epoch, newest) = (KeyEpoch::new(3), KeyEpoch::new(5));
        assert_eq!(old.notes, [Note::OlderEpoch { epoch, newest }]);
        assert_eq!(
            old.notes[0].to_string(),
            "the keys of epoch 3 made it, and the tag has had newer ones since: 5"
        );
        assert!(diagnose(&url("h/t?p={picc}&c={mac}", &secret(8)), &rotated).notes.is_empty());
    }

    #[test]
    fn a_link_that_does_not_follow_its_template() {
        let layout = Layout::Template("h/other?p={picc}&c={mac}".parse().unwrap());
        let diagnosis = diagnose(&url("h/t?p={picc}&c={mac}", &secret(1)), &keys(layout));
        assert_eq!(diagnosis.result, Err(TapRefusal::TemplateMismatch));
        assert!(diagnosis.notes.contains(&Note::ReadsByShape { fleet: 0 }));
        assert!(
            diagnosis.notes[0].to_string().ends_with("the link read by its shape instead of its template")
        );
    }

    #[test]
    fn a_forged_link_matches_nothing() {
        let url = url("h/t?p={picc}&c={mac}", &secret(9));
        let diagnosis = diagnose(&url, &keys(Layout::default()));
        assert_eq!(diagnosis.notes, [Note::Opens { fleet: 0 }]);
        let lower = diagnose(&url.to_lowercase(), &keys(Layout::default()));
        assert_eq!(lower.notes, [Note::Opens { fleet: 0 }, Note::LowerCase]);
    }

    #[test]
    fn the_search_is_bounded() {
        let url = url("h/t?p={picc}&c={mac}", &secret(9));
        let attempt = Attempt::of_reading(auto::read(TapLink::parse(&url).unwrap(), false).unwrap().reading);
        let keys = keys(Layout::default());
        for (tries, given_up) in [(0, false), (DIAGNOSIS_TRIES_MAX, true)] {
            let mut inquiry = Inquiry { tries, ..Inquiry::new(&keys) };
            inquiry.fleet(attempt.as_ref().unwrap(), 0, &keys.fleets()[0], false);
            assert_eq!(inquiry.notes().contains(&Note::GivenUp), given_up);
        }
    }
}
