//! Verification: from a link to a [`VerifiedTap`], the only way there is.

use std::ops::ControlFlow;
use std::sync::Arc;

use subtle::ConstantTimeEq;

use super::auto;
use super::content::{FileData, TagTamper};
use super::diagnose::Input;
use super::keyring::{FileKey, Fleet, KeyRing, Layout};
use super::link::TapLink;
use super::mirrors::Mirrors;
use super::ndef::SdmOffsets;
use super::reading::{MacInput, MacStart, Reading, SEARCHED, TagText};
use super::session::{MacSession, PiccData, PiccDataTag, SdmFileKey};
use crate::crypto::Block;
use crate::tap::limits::{FILE_DATA_MAX, FLEETS_MAX, MAC_TRIES_MAX, NDEF_URL_OFFSET};
use crate::tap::refusal::{Field, TapRefusal};
use crate::tap::scheme::Scheme;
use crate::vocab::hex;
use crate::vocab::tag::{KeyEpoch, ReadCounter, TagUid};

/// A tap whose MAC was checked: a tag with this key made exactly this message.
///
/// Only [`verify`] and its sisters make one, so holding it is the proof. It says nothing yet about the
/// counter: whether the tap is new is for [`crate::tap::replay`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedTap {
    scheme: Scheme,
    uid: Option<TagUid>,
    read_ctr: Option<ReadCounter>,
    picc_data_tag: Option<PiccDataTag>,
    file_data: Option<FileData>,
    tag_tamper: Option<TagTamper>,
    key_epoch: KeyEpoch,
    key_label: Option<Arc<str>>,
    mac_start: MacStart,
    authenticated_text: Box<str>,
    authenticates_path: bool,
}

impl VerifiedTap {
    /// The kind of token.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Which tag it is. None if the tag mirrors its counter alone and its key is not bound to one tag.
    #[must_use]
    pub fn uid(&self) -> Option<TagUid> {
        self.uid
    }

    /// The tag's read counter at this tap. None if the tag mirrors its UID alone; such a link can be replayed
    /// for ever.
    #[must_use]
    pub fn read_ctr(&self) -> Option<ReadCounter> {
        self.read_ctr
    }

    /// What the PICCData held; none if UID and counter came in plain.
    #[must_use]
    pub fn picc_data_tag(&self) -> Option<PiccDataTag> {
        self.picc_data_tag
    }

    /// The decrypted file data. None if there is none, or none that the MAC covers.
    #[must_use]
    pub fn file_data(&self) -> Option<&FileData> {
        self.file_data.as_ref()
    }

    /// The tamper status; see [`TagTamper::authenticated`].
    #[must_use]
    pub fn tag_tamper(&self) -> Option<TagTamper> {
        self.tag_tamper
    }

    /// The generation of the key that matched.
    #[must_use]
    pub fn key_epoch(&self) -> KeyEpoch {
        self.key_epoch
    }

    /// The name of the key that matched.
    #[must_use]
    pub fn key_label(&self) -> Option<&str> {
        self.key_label.as_deref()
    }

    /// From where on the MAC covers the URL.
    #[must_use]
    pub fn mac_start(&self) -> MacStart {
        self.mac_start
    }

    /// The text that the MAC covers, as the tag wrote it. All else in the link, UID and counter apart, is
    /// claimed, not proven.
    #[must_use]
    pub fn authenticated_text(&self) -> &str {
        &self.authenticated_text
    }

    /// Whether the MAC covers the whole path of the URL, so that a place or product in it is proven.
    #[must_use]
    pub fn authenticates_path(&self) -> bool {
        self.authenticates_path
    }
}

/// Verifies the URL that a phone opened.
///
/// Each fleet of the key ring reads the link by its layout, opens the PICCData with its meta read key and
/// offers the file read keys of that UID; the first whose MAC matches decides. Comparison is in constant
/// time, and a link that reaches no key costs as much as one whose MAC fails.
///
/// # Errors
/// [`TapRefusal`]: malformed, forged, or without a key.
///
/// ```
/// use phygital_core::{crypto::Secret, tap::{self, KeySet, Keys}};
/// // The example of NXP's AN12196, table 5, with its all-zero keys.
/// let keys = Keys::new([KeySet::explicit(Secret::zeros()).meta_read_key(Secret::zeros())])?;
/// let url = "https://ntag.nxp.com/424?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086";
/// let tap = tap::verify(url, &keys)?;
/// assert_eq!(tap.uid(), Some("04de5f1eacc040".parse()?));
/// assert_eq!(tap.read_ctr().map(|ctr| ctr.get()), Some(61));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify<K: KeyRing + ?Sized>(url: &str, keys: &K) -> Result<VerifiedTap, TapRefusal> {
    verify_link(TapLink::parse(url)?, keys)
}

/// Verifies a link that was parsed before; see [`verify`].
///
/// # Errors
/// As [`verify`].
pub fn verify_link<K: KeyRing + ?Sized>(link: TapLink<'_>, keys: &K) -> Result<VerifiedTap, TapRefusal> {
    let mut search = Search::new(keys);
    let mut guesses: [Option<Result<Guess<'_>, TapRefusal>>; 2] = [const { None }; 2];
    for (index, fleet) in keys.fleets().iter().take(FLEETS_MAX).enumerate() {
        match fleet.layout() {
            Layout::Template(template) => match template.read(link).and_then(Attempt::of_reading) {
                Ok(attempt) => {
                    if let Some(tap) = search.attempt(&attempt, template.mac_input(), index, fleet) {
                        return Ok(tap);
                    }
                }
                Err(refusal) => search.unread(refusal),
            },
            Layout::Auto(mac_input) => {
                for (second, guess) in guesses.iter_mut().enumerate() {
                    match guess.get_or_insert_with(|| Guess::read(link, second == 1)) {
                        Ok(guess) => {
                            if let Some(tap) = search.attempt(&guess.attempt, *mac_input, index, fleet) {
                                return Ok(tap);
                            }
                            if !guess.ambiguous {
                                break;
                            }
                        }
                        Err(refusal) => {
                            search.unread(refusal.clone());
                            break;
                        }
                    }
                }
            }
        }
    }
    Err(search.refusal())
}

/// Verifies mirrors that were cut out of a URL or file before.
///
/// # Errors
/// As [`verify`].
pub fn verify_mirrors<K: KeyRing + ?Sized>(
    mirrors: &Mirrors<'_>,
    keys: &K,
) -> Result<VerifiedTap, TapRefusal> {
    let attempt = Attempt::of_mirrors(mirrors)?;
    let mut search = Search::new(keys);
    for (index, fleet) in keys.fleets().iter().take(FLEETS_MAX).enumerate() {
        if let Some(tap) = search.attempt(&attempt, MacInput::Search, index, fleet) {
            return Ok(tap);
        }
    }
    Err(search.refusal())
}

/// Verifies an NDEF file as it was read from a tag whose offsets are known.
///
/// # Errors
/// As [`verify`]; [`TapRefusal::BadFile`] if an offset points outside the file.
pub fn verify_file<K: KeyRing + ?Sized>(
    file: &[u8],
    offsets: &SdmOffsets,
    keys: &K,
) -> Result<VerifiedTap, TapRefusal> {
    verify_mirrors(&offsets.mirrors(file)?, keys)
}

/// A link of unknown layout, read.
struct Guess<'a> {
    attempt: Attempt<'a>,
    ambiguous: bool,
}

impl<'a> Guess<'a> {
    fn read(link: TapLink<'a>, second: bool) -> Result<Self, TapRefusal> {
        let auto::Found { reading, ambiguous } = auto::read(link, second)?;
        Ok(Self { attempt: Attempt::of_reading(reading)?, ambiguous })
    }
}

/// What a link claims, decoded, before any key was tried.
pub(crate) struct Attempt<'a> {
    pub(crate) claim: Claim,
    pub(crate) mac: [u8; 8],
    file_data: Option<&'a [u8]>,
    tag_tamper: Option<&'a [u8]>,
    text: Text<'a>,
}

/// Who tapped, as the link says.
#[derive(Clone, Copy)]
pub(crate) enum Claim {
    Encrypted(Block),
    Plain(Option<TagUid>, Option<ReadCounter>),
}

/// Where the MAC input comes from.
enum Text<'a> {
    Given(&'a Mirrors<'a>),
    Link(Reading<'a>),
}

impl<'a> Attempt<'a> {
    pub(crate) fn of_reading(reading: Reading<'a>) -> Result<Self, TapRefusal> {
        let mac = reading.decode(Field::Mac)?.ok_or(TapRefusal::Missing { field: Field::Mac })?;
        let claim = Claim::new(
            reading.decode(Field::PiccData)?,
            reading.decode(Field::Uid)?,
            reading.decode(Field::ReadCounter)?,
        )?;
        let attempt = Self {
            claim,
            mac,
            file_data: reading.text(Field::FileData),
            tag_tamper: reading.text(Field::TagTamper),
            text: Text::Link(reading),
        };
        attempt.check()
    }

    pub(crate) fn of_mirrors(mirrors: &'a Mirrors<'a>) -> Result<Self, TapRefusal> {
        let claim = Claim::new(
            Mirrors::decode_picc_data(mirrors.picc_data)?,
            Mirrors::decode(Field::Uid, mirrors.uid)?,
            Mirrors::decode(Field::ReadCounter, mirrors.read_ctr)?,
        )?;
        let mac = Mirrors::decode(Field::Mac, Some(mirrors.mac))?;
        let attempt = Self {
            claim,
            mac: mac.ok_or(TapRefusal::Missing { field: Field::Mac })?,
            file_data: mirrors.file_data,
            tag_tamper: mirrors.tag_tamper,
            text: Text::Given(mirrors),
        };
        attempt.check()
    }

    /// Checks what is not decoded before the MAC is known to be right.
    fn check(self) -> Result<Self, TapRefusal> {
        if let Some(text) = self.file_data {
            let field = Field::FileData;
            if text.is_empty() || !text.len().is_multiple_of(32) || text.len() > 2 * FILE_DATA_MAX {
                return Err(TapRefusal::BadLength { field, found: text.len() });
            }
            if !text.iter().copied().all(hex::is_digit) {
                return Err(TapRefusal::BadHex { field });
            }
        }
        if let Some(text) = self.tag_tamper {
            let field = Field::TagTamper;
            if text.len() != 2 {
                return Err(TapRefusal::BadLength { field, found: text.len() });
            }
            if TagTamper::from_mirror(text, false).is_none() {
                return Err(TapRefusal::BadHex { field });
            }
        }
        Ok(self)
    }

    /// Every text that the MAC may cover, likeliest first, for diagnosis: from each place up to the MAC, with
    /// mirrors in upper case and then as they came.
    pub(crate) fn all_inputs(&self) -> Vec<Input> {
        let from_each = |text: &[u8], file: bool, keeps_case| -> Vec<Input> {
            let offset = |at: usize| u16::try_from(NDEF_URL_OFFSET + at).ok().filter(|_| file);
            (0..=text.len())
                .map(|at| Input { text: text[at..].to_vec(), offset: offset(at), keeps_case })
                .collect()
        };
        match &self.text {
            Text::Given(mirrors) => from_each(mirrors.mac_input, false, false),
            Text::Link(reading) => {
                let Some(text) = reading.tag_text() else { return Vec::new() };
                let mut inputs = from_each(text.as_bytes(), true, false);
                // The usual places first, so that they are told rather than an accident.
                inputs.sort_by_key(|input| {
                    let is_usual =
                        |start: &MacStart| text.from(*start).map(<[u8]>::len) == Some(input.text.len());
                    !SEARCHED.iter().any(is_usual)
                });
                if let Some(raw) = reading.raw_text().filter(|raw| *raw != text.as_bytes()) {
                    inputs.extend(from_each(raw, true, true));
                }
                inputs
            }
        }
    }

    /// Whether a mirror has digits in lower case.
    pub(crate) fn has_lower_case(&self) -> bool {
        let lower = |text: Option<&[u8]>| text.is_some_and(|text| text.iter().any(u8::is_ascii_lowercase));
        match &self.text {
            Text::Given(mirrors) => {
                [mirrors.uid, mirrors.read_ctr, mirrors.picc_data, mirrors.file_data, Some(mirrors.mac)]
                    .into_iter()
                    .any(lower)
            }
            Text::Link(reading) => Field::ALL.into_iter().any(|field| lower(reading.text(field))),
        }
    }

    /// What was wrong with the link from the outset, if that may be why its MAC fails.
    fn complaint(&self) -> Option<TapRefusal> {
        match &self.text {
            Text::Link(reading) => reading.complaint.map(|complaint| complaint.refusal()),
            Text::Given(_) => None,
        }
    }

    /// The start of the MAC input under which the session's MAC is the link's, among those of `mac_input`.
    #[inline]
    fn matching_start(
        &self,
        session: &MacSession,
        mac_input: MacInput,
        text: &mut LazyText,
        tries: &mut u32,
    ) -> Option<MacStart> {
        let mut fits = |input: &[u8]| {
            *tries += 1;
            bool::from(session.mac(input).ct_eq(&self.mac))
        };
        let reading = match &self.text {
            Text::Given(mirrors) => return fits(mirrors.mac_input).then_some(mirrors.mac_start),
            Text::Link(reading) => reading,
        };
        let starts: &[MacStart] = match &mac_input {
            MacInput::From(MacStart::Empty) => &[MacStart::Empty],
            MacInput::From(start) => std::slice::from_ref(start),
            // A tag with file data insists that its MAC covers it, so an empty input comes last.
            MacInput::Search if self.file_data.is_some() => &SEARCHED[1..],
            MacInput::Search => &SEARCHED,
        };
        for start in starts {
            let input = match start {
                MacStart::Empty => Some(&b""[..]),
                start => text.of(reading).and_then(|text| text.from(*start)),
            };
            if input.is_some_and(&mut fits) {
                return Some(*start);
            }
        }
        let empty_last = self.file_data.is_some() && mac_input == MacInput::Search;
        (empty_last && fits(b"")).then_some(MacStart::Empty)
    }

    /// Puts together what was proven.
    fn verified(
        &self,
        found: PiccDataOrPlain,
        key: &FileKey,
        start: MacStart,
        text: &mut LazyText,
    ) -> VerifiedTap {
        let PiccDataOrPlain { tag, uid, read_ctr } = found;
        let (file_data_covered, tamper_covered, path_covered, start, authenticated_text) = match &self.text {
            Text::Given(mirrors) => (
                mirrors.file_data_is_covered(),
                mirrors.tamper_is_covered(),
                false,
                start,
                String::from_utf8_lossy(mirrors.mac_input).into(),
            ),
            Text::Link(_) if start == MacStart::Empty => (false, false, false, start, Box::default()),
            Text::Link(reading) => {
                let text = text.of(reading).expect("a start other than empty was found in it");
                let covered = text.from(start).unwrap_or_default();
                (
                    text.covers(start, Field::FileData),
                    text.covers(start, Field::TagTamper),
                    text.covers_path(start),
                    text.name(start),
                    String::from_utf8_lossy(covered).into(),
                )
            }
        };
        let file_data = match (self.file_data, uid, read_ctr) {
            (Some(text), Some(uid), Some(ctr)) if file_data_covered => {
                decrypt_file_data(&key.key, uid, ctr, text)
            }
            _ => None,
        };
        let tag_tamper = match self.tag_tamper {
            Some(letters) => TagTamper::from_mirror(letters, tamper_covered),
            None => file_data.as_ref().and_then(|data| TagTamper::from_file_data(data.as_bytes())),
        };
        VerifiedTap {
            scheme: Scheme::Ntag424Aes,
            uid: uid.or(key.tag_uid()),
            read_ctr,
            picc_data_tag: tag,
            file_data,
            tag_tamper,
            key_epoch: key.key_epoch(),
            key_label: key.key_label().cloned(),
            mac_start: start,
            authenticated_text,
            authenticates_path: path_covered,
        }
    }
}

impl Claim {
    #[inline]
    fn new(picc: Option<Block>, uid: Option<[u8; 7]>, ctr: Option<[u8; 3]>) -> Result<Self, TapRefusal> {
        if let Some(block) = picc {
            return Ok(Self::Encrypted(block));
        }
        if uid.is_none() && ctr.is_none() {
            return Err(TapRefusal::Missing { field: Field::PiccData });
        }
        // The plain mirror has the most significant byte first.
        let ctr = ctr.map(|[high, middle, low]| ReadCounter::from_lsb([low, middle, high]));
        Ok(Self::Plain(uid.map(TagUid::new), ctr))
    }
}

/// The claim of a link as one meta read key opens it.
#[derive(Clone, Copy)]
pub(crate) struct PiccDataOrPlain {
    pub(crate) tag: Option<PiccDataTag>,
    pub(crate) uid: Option<TagUid>,
    pub(crate) read_ctr: Option<ReadCounter>,
}

impl From<PiccData> for PiccDataOrPlain {
    fn from(data: PiccData) -> Self {
        Self { tag: Some(data.tag), uid: data.uid, read_ctr: data.read_ctr }
    }
}

/// The tag's text, put together when a MAC over text is first tried.
#[derive(Default)]
enum LazyText {
    #[default]
    Unknown,
    None,
    Some(Box<TagText>),
}

impl LazyText {
    fn of(&mut self, reading: &Reading<'_>) -> Option<&TagText> {
        if let Self::Unknown = self {
            *self = reading.tag_text().map_or(Self::None, |text| Self::Some(Box::new(text)));
        }
        match self {
            Self::Some(text) => Some(text),
            _ => None,
        }
    }
}

/// Decrypts file data that is known to be well-formed.
fn decrypt_file_data(key: &SdmFileKey, uid: TagUid, ctr: ReadCounter, text: &[u8]) -> Option<FileData> {
    let mut data = vec![0; text.len() / 2];
    hex::decode_into(text, &mut data).ok()?;
    key.decrypt(uid, ctr, &mut data);
    FileData::new(data).ok()
}

/// The search for a key, and what it met on its way.
struct Search<'k, K: ?Sized> {
    keys: &'k K,
    tries: u32,
    given_up: bool,
    /// A fleet opened the PICCData to nonsense.
    implausible: bool,
    /// A fleet opened it, or needed not to, and had no key for the tag.
    no_key: bool,
    unread: Option<TapRefusal>,
    complaint: Option<TapRefusal>,
}

impl<'k, K: KeyRing + ?Sized> Search<'k, K> {
    fn new(keys: &'k K) -> Self {
        Self {
            keys,
            tries: 0,
            given_up: false,
            implausible: false,
            no_key: false,
            unread: None,
            complaint: None,
        }
    }

    /// Tries the keys of one fleet.
    #[inline]
    fn attempt(
        &mut self,
        attempt: &Attempt<'_>,
        mac_input: MacInput,
        index: usize,
        fleet: &Fleet,
    ) -> Option<VerifiedTap> {
        let claim = match attempt.claim {
            Claim::Plain(uid, read_ctr) => PiccDataOrPlain { tag: None, uid, read_ctr },
            Claim::Encrypted(block) => {
                let Some(meta) = fleet.meta() else {
                    self.no_key = true;
                    return None;
                };
                match PiccData::parse(&meta.decrypt(&block)) {
                    Some(data) => data.into(),
                    None => {
                        self.implausible = true;
                        return None;
                    }
                }
            }
        };
        let before = self.tries;
        let mut text = LazyText::default();
        let mut verified = None;
        self.keys.file_keys(index, claim.uid, &mut |key| {
            if self.tries >= MAC_TRIES_MAX {
                self.given_up = true;
                return ControlFlow::Break(());
            }
            let session = key.key.mac_session(claim.uid, claim.read_ctr);
            match attempt.matching_start(&session, mac_input, &mut text, &mut self.tries) {
                Some(start) => {
                    verified = Some(attempt.verified(claim, key, start, &mut text));
                    ControlFlow::Break(())
                }
                None => ControlFlow::Continue(()),
            }
        });
        if verified.is_none() {
            self.no_key |= self.tries == before;
            if self.complaint.is_none() {
                self.complaint = attempt.complaint();
            }
        }
        verified
    }

    /// Notes that a fleet's layout could not read the link; what says most is kept.
    fn unread(&mut self, refusal: TapRefusal) {
        let vague =
            |refusal: &TapRefusal| matches!(refusal, TapRefusal::NoTap | TapRefusal::TemplateMismatch);
        if self.unread.as_ref().is_none_or(|known| vague(known) && !vague(&refusal)) {
            self.unread = Some(refusal);
        }
    }

    /// Why nothing fits.
    fn refusal(self) -> TapRefusal {
        if self.tries == 0 {
            decoy();
        }
        if self.given_up {
            return TapRefusal::SearchLimit;
        }
        match (self.tries, self.no_key, self.implausible) {
            (1.., ..) => self.complaint.unwrap_or(TapRefusal::MacMismatch),
            // A key that opens the PICCData says more than one that does not.
            (0, true, false) => TapRefusal::NoKey,
            (0, _, true) => TapRefusal::BadPiccData,
            (0, false, false) => self.unread.unwrap_or(TapRefusal::NoKey),
        }
    }
}

/// The work of a MAC that fails, for links that never came to one, so that an unknown tag and bad PICCData
/// take as long as a known tag.
fn decoy() {
    let key = SdmFileKey::new(&[0; 16]);
    let mac = key.mac_session(Some(TagUid::new([0; 7])), Some(ReadCounter::ZERO)).mac(b"");
    std::hint::black_box(mac.ct_eq(&[0; 8]));
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::crypto::Secret;
    use crate::tap::{KeySet, Keys};

    /// AN12196 table 5; its keys are all zero.
    const URL: &str = "https://ntag.nxp.com/424?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086";

    /// A ring whose one key comes after so many others.
    struct Late {
        fleet: [Fleet; 1],
        before: u32,
    }

    impl KeyRing for Late {
        fn fleets(&self) -> &[Fleet] {
            &self.fleet
        }

        fn file_keys(&self, _: usize, _: Option<TagUid>, found: &mut dyn FnMut(&FileKey) -> ControlFlow<()>) {
            let other = FileKey::from_bytes(&[1; 16]);
            let right = FileKey::new(&Secret::zeros());
            let _ =
                (0..self.before).try_for_each(|_| found(&other)).is_continue() && found(&right).is_continue();
        }
    }

    #[test]
    fn the_search_for_a_key_is_bounded() {
        let layout = || Layout::Auto(MacInput::From(MacStart::Empty));
        let late = |before| Late { fleet: [Fleet::new(Some(&Secret::zeros()), layout())], before };
        assert!(verify(URL, &late(MAC_TRIES_MAX - 1)).is_ok());
        assert_eq!(verify(URL, &late(MAC_TRIES_MAX)), Err(TapRefusal::SearchLimit));
    }

    #[test]
    fn a_refusal_tells_whose_fault_it_is() {
        let set = |file: u8, meta: u8| {
            KeySet::explicit(Secret::take(&mut [file; 16])).meta_read_key(Secret::take(&mut [meta; 16]))
        };
        let other: TagUid = "04000000000000".parse().unwrap();
        for (keys, expected) in [
            (set(1, 0), TapRefusal::MacMismatch),
            (set(0, 1), TapRefusal::BadPiccData),
            (set(0, 0).of_tag(other), TapRefusal::NoKey),
            (KeySet::explicit(Secret::zeros()), TapRefusal::NoKey),
        ] {
            assert_eq!(verify(URL, &Keys::new([keys]).unwrap()), Err(expected));
        }
    }
}
