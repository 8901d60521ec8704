//! Verification: from a link to a [`VerifiedTap`], the only way there is.

use std::sync::Arc;

use super::attempt::Attempt;
use super::auto;
use super::content::{FileData, TagTamper};
use super::keyring::{Fleet, KeyRing, Layout};
use super::link::TapLink;
use super::mirrors::Mirrors;
use super::mode::{ModeRule, SdmMode};
use super::ndef::SdmOffsets;
use super::reading::{MacInput, MacStart};
use super::search::Search;
use super::session::PiccDataTag;
use super::template::UrlTemplate;
use crate::tap::limits::{FLEETS_MAX, KEY_ID_MAX};
use crate::tap::refusal::{Field, TapRefusal};
use crate::tap::scheme::Scheme;
use crate::vocab::tag::{KeyEpoch, ReadCounter, TagUid};

/// A tap whose MAC was checked: a tag with this key made exactly this message.
///
/// Only [`verify`] and its sisters make one, so holding it is the proof. It says nothing yet about the
/// counter: whether the tap is new is for [`crate::tap::replay`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedTap {
    pub(super) scheme: Scheme,
    pub(super) uid: Option<TagUid>,
    pub(super) read_ctr: Option<ReadCounter>,
    pub(super) picc_data_tag: Option<PiccDataTag>,
    pub(super) file_data: Option<FileData>,
    pub(super) tag_tamper: Option<TagTamper>,
    pub(super) key_epoch: KeyEpoch,
    pub(super) key_label: Option<Arc<str>>,
    pub(super) keys_tried: u32,
    pub(super) mac_start: MacStart,
    pub(super) authenticated_text: Box<str>,
    pub(super) authenticates_path: bool,
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

    /// How many file read keys were tried until one fitted: 1 where fleet and tag tell the key.
    #[must_use]
    pub fn keys_tried(&self) -> u32 {
        self.keys_tried
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
    try_keys(link, keys).result
}

/// What became of a link, and how many keys were tried for it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trial {
    /// As [`verify_link`] gives it.
    pub result: Result<VerifiedTap, TapRefusal>,
    /// File read keys of which a MAC was computed, at most [`crate::tap::limits::MAC_TRIES_MAX`]. A fleet whose count
    /// is high for taps that are genuine wants templates with a `{kid}`, or keys that are bound to their tags.
    pub keys_tried: u32,
}

/// As [`verify_link`], counting the keys that were tried, also for a link that is refused.
pub fn try_keys<K: KeyRing + ?Sized>(link: TapLink<'_>, keys: &K) -> Trial {
    let mut search = Search::new(keys);
    let verified = find(link, keys, &mut search);
    let keys_tried = search.keys_tried();
    Trial { result: verified.ok_or_else(|| search.refusal()), keys_tried }
}

/// Goes through the fleets until a key of one fits.
fn find<K: KeyRing + ?Sized>(link: TapLink<'_>, keys: &K, search: &mut Search<'_, K>) -> Option<VerifiedTap> {
    let mut guesses: [Option<Result<Guess<'_>, TapRefusal>>; 2] = [const { None }; 2];
    let named = KeyIds::of(link, keys.fleets());
    for (index, fleet) in keys.fleets().iter().take(FLEETS_MAX).enumerate() {
        if !named.allow(fleet) {
            continue;
        }
        match fleet.layout() {
            Layout::Template(template) => match read_template(template, link, fleet.mode_rule()) {
                Ok(attempt) => {
                    if let Some(tap) = search.attempt(&attempt, template.mac_input(), index, fleet) {
                        return Some(tap);
                    }
                }
                Err(refusal) => search.unread(refusal),
            },
            Layout::Auto(mac_input) => {
                for (second, guess) in guesses.iter_mut().enumerate() {
                    match guess.get_or_insert_with(|| Guess::read(link, second == 1)) {
                        Ok(guess) => {
                            if let Some(tap) = search.attempt(&guess.attempt, *mac_input, index, fleet) {
                                return Some(tap);
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
    None
}

/// What in a link may be the id of a key.
enum KeyIds<'a> {
    /// No fleet has one.
    Unused,
    /// Texts of the link, and whether one of them is the id of some fleet.
    Texts { texts: Vec<&'a [u8]>, named: bool },
}

impl<'a> KeyIds<'a> {
    #[inline]
    fn of(link: TapLink<'a>, fleets: &[Fleet]) -> Self {
        let mut ids = fleets.iter().take(FLEETS_MAX).filter_map(Fleet::key_id_text).peekable();
        if ids.peek().is_none() {
            return Self::Unused;
        }
        let values = [link.query(), link.fragment()].into_iter().flat_map(|part| link.params(part));
        let spans = link.segments().chain(values.map(|param| param.value));
        let short = |text: &&[u8]| text.len() <= KEY_ID_MAX;
        let texts: Vec<&[u8]> = spans.map(|span| link.text(span)).filter(short).collect();
        let named = ids.any(|id| texts.contains(&id.as_bytes()));
        Self::Texts { texts, named }
    }

    /// Whether a fleet is to be tried.
    #[inline]
    fn allow(&self, fleet: &Fleet) -> bool {
        match (self, fleet.key_id_text()) {
            (Self::Unused, _) => true,
            (Self::Texts { named, .. }, None) => !named,
            (Self::Texts { texts, .. }, Some(id)) => texts.contains(&id.as_bytes()),
        }
    }
}

/// Reads a link by a template, in the mode that its length tells, where the fleet may be in either.
#[inline]
pub(super) fn read_template<'a>(
    template: &'a UrlTemplate,
    link: TapLink<'a>,
    rule: ModeRule,
) -> Result<Attempt<'a>, TapRefusal> {
    let read = |mode| template.read(link, mode).and_then(Attempt::of_reading);
    if let ModeRule::Only(mode) = rule {
        return read(mode);
    }
    read(SdmMode::Aes).or_else(|refusal| {
        if !template.has(Field::PiccData) {
            return Err(refusal);
        }
        read(SdmMode::Lrp).map_err(|in_lrp| match refusal {
            TapRefusal::BadLength { field: Field::PiccData, found }
                if found == SdmMode::Lrp.picc_data_width() =>
            {
                in_lrp
            }
            refusal => refusal,
        })
    })
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::crypto::Secret;
    use crate::tap::limits::MAC_TRIES_MAX;
    use crate::tap::simulator::SoftTag;
    use crate::tap::{FileKey, KeySet, Keys, MacInput, MacStart, ModeRule, SdmMode};

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

    /// Fleets told apart by the id of their key, by template and by shape, beside one without.
    #[test]
    fn a_key_id_picks_the_fleet() {
        let uid: TagUid = "04010203040506".parse().unwrap();
        let secret = |byte: u8| Secret::take(&mut [byte; 16]);
        let template: UrlTemplate = "tap.example/{kid}/t?p={picc}&c={mac}".parse().unwrap();
        let set = |number: u8| KeySet::explicit(secret(number)).meta_read_key(secret(100));
        let by_template = (0..30).map(|number| {
            set(number).key_id(format!("k{number}")).layout(Layout::Template(template.clone()))
        });
        let by_shape = (30..60).map(|number| set(number).key_id(format!("k{number}")));
        let keys = Keys::new([set(99)].into_iter().chain(by_template).chain(by_shape)).unwrap();
        let tap = |key: u8, kid: &str, mode| {
            let template = template.with_key_id(kid).unwrap();
            let mut tag = SoftTag::new(uid, template, &secret(key)).mode(mode).meta_read_key(&secret(100));
            try_keys(TapLink::parse(&tag.tap(&[1; 16]).unwrap()).unwrap(), &keys)
        };
        for mode in SdmMode::ALL {
            for key in [0, 29, 59] {
                let trial = tap(key, &format!("k{key}"), mode);
                assert_eq!(trial.keys_tried, 1, "{key}");
                assert_eq!(trial.result.unwrap().keys_tried(), 1);
                // The key of a fleet does not serve under the name of another, nor under none.
                assert_eq!(tap(key, "k5", mode).result.is_ok(), key == 5);
                assert_eq!(tap(key, "unknown", mode).result, Err(TapRefusal::MacMismatch));
            }
            assert_eq!(tap(99, "unknown", mode).keys_tried, 1);
            assert_eq!(tap(99, "k7", mode).result, Err(TapRefusal::MacMismatch));
        }
        let named = Keys::new([set(1).key_id("k1")]).unwrap();
        assert_eq!(verify(URL, &named), Err(TapRefusal::NoKey));
    }

    /// Without another way each fleet is tried, and it is told how many were.
    #[test]
    fn trial_is_counted() {
        let set =
            |number: u8| KeySet::explicit(Secret::take(&mut [number; 16])).meta_read_key(Secret::zeros());
        let keys = Keys::new((0..9).rev().map(|number| set(number).mode(ModeRule::ByLength))).unwrap();
        let trial = try_keys(TapLink::parse(URL).unwrap(), &keys);
        assert_eq!((trial.result.unwrap().keys_tried(), trial.keys_tried), (9, 9));
        let keys = Keys::new((1..9).map(set)).unwrap();
        let trial = try_keys(TapLink::parse(URL).unwrap(), &keys);
        assert_eq!((trial.result, trial.keys_tried), (Err(TapRefusal::MacMismatch), 8));
    }
}
