//! What a link claims, decoded, before any key was tried; and what of it a MAC covers.

use super::content::TagTamper;
use super::diagnose::Input;
use super::mirrors::Mirrors;
use super::reading::{MacInput, MacStart, Reading, SEARCHED, TagText, not_digits};
use super::session::{EncryptedPiccData, PiccData, PiccDataTag};
use crate::tap::limits::{FILE_DATA_MAX, NDEF_URL_OFFSET};
use crate::tap::refusal::{Field, TapRefusal};
use crate::vocab::hex;
use crate::vocab::tag::{ReadCounter, TagUid};

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
    Encrypted(EncryptedPiccData),
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
            reading.text(Field::PiccData),
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
            mirrors.picc_data,
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
            let length = !text.is_empty() && text.len().is_multiple_of(32) && text.len() <= 2 * FILE_DATA_MAX;
            if !length || !text.iter().copied().all(hex::is_digit) {
                return Err(not_digits(field, text));
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
    pub(crate) fn complaint(&self) -> Option<TapRefusal> {
        match &self.text {
            Text::Link(reading) => reading.complaint.map(|complaint| complaint.refusal()),
            Text::Given(_) => None,
        }
    }

    /// The start of the MAC input that fits, among those of `mac_input`; `fits` compares the MAC of a text with
    /// [`Attempt::mac`].
    #[inline]
    pub(crate) fn matching_start(
        &self,
        mac_input: MacInput,
        text: &mut LazyText,
        mut fits: impl FnMut(&[u8]) -> bool,
    ) -> Option<MacStart> {
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

    /// The bytes of encrypted file data, for a MAC that starts at `start`: none if it does not cover them.
    pub(crate) fn covered_file_data(&self, start: MacStart, text: &mut LazyText) -> Option<Vec<u8>> {
        let digits = self.file_data?;
        let covered = match &self.text {
            Text::Given(mirrors) => mirrors.file_data_is_covered(),
            Text::Link(_) if start == MacStart::Empty => false,
            Text::Link(reading) => text.of(reading)?.covers(start, Field::FileData),
        };
        let mut data = vec![0; digits.len() / 2];
        (covered && hex::decode_into(digits, &mut data).is_ok()).then_some(data)
    }

    /// What the MAC covers besides, if it starts at `start`.
    pub(crate) fn covered(&self, start: MacStart, text: &mut LazyText) -> Covered {
        let (tamper, path, start, covered) = match &self.text {
            Text::Given(mirrors) => (mirrors.tamper_is_covered(), false, start, mirrors.mac_input),
            Text::Link(_) if start == MacStart::Empty => (false, false, start, &b""[..]),
            Text::Link(reading) => {
                let text = text.of(reading).expect("a start other than empty was found in it");
                let covered = text.from(start).unwrap_or_default();
                (text.covers(start, Field::TagTamper), text.covers_path(start), text.name(start), covered)
            }
        };
        Covered {
            tag_tamper: self.tag_tamper.and_then(|letters| TagTamper::from_mirror(letters, tamper)),
            path,
            start,
            text: if covered.is_empty() { Box::default() } else { String::from_utf8_lossy(covered).into() },
        }
    }
}

/// What a MAC covers, UID and counter apart.
pub(crate) struct Covered {
    /// The tamper status that stands in the link, covered or not.
    pub(crate) tag_tamper: Option<TagTamper>,
    /// Whether the path is covered.
    pub(crate) path: bool,
    /// The start, by its name.
    pub(crate) start: MacStart,
    pub(crate) text: Box<str>,
}

impl Claim {
    #[inline]
    fn new(picc: Option<&[u8]>, uid: Option<[u8; 7]>, ctr: Option<[u8; 3]>) -> Result<Self, TapRefusal> {
        if let Some(text) = picc {
            return EncryptedPiccData::from_hex(text).map(Self::Encrypted);
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
pub(crate) enum LazyText {
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
