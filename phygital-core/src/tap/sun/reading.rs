//! A link as read by one layout: where each field stands, and what text the tag put under its MAC.

use std::fmt;
use std::str::FromStr;

use super::link::TapLink;
use super::template::UrlTemplate;
use crate::tap::limits::{NDEF_FILE_MAX, NDEF_URL_OFFSET, TAG_TEXT_MAX};
use crate::tap::refusal::{Field, TapRefusal};
use crate::vocab::hex;

/// A stretch of a link, counted in bytes after the scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    start: u16,
    length: u16,
}

impl Span {
    pub(crate) const fn between(start: u16, end: u16) -> Self {
        Self { start, length: end - start }
    }

    pub(crate) const fn start(self) -> u16 {
        self.start
    }

    pub(crate) const fn end(self) -> u16 {
        self.start + self.length
    }

    pub(crate) const fn len(self) -> usize {
        self.length as usize
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.length == 0
    }

    /// The part from `from`, of `length` bytes.
    pub(crate) const fn part(self, from: u16, length: u16) -> Self {
        Self { start: self.start + from, length }
    }

    pub(crate) fn of(self, rest: &[u8]) -> &[u8] {
        &rest[usize::from(self.start)..usize::from(self.end())]
    }
}

/// Where each field stands.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Slots([Option<Span>; Field::COUNT]);

impl Slots {
    #[inline]
    pub(crate) fn get(&self, field: Field) -> Option<Span> {
        self.0[field as usize]
    }

    #[inline]
    pub(crate) fn set(&mut self, field: Field, span: Span) {
        self.0[field as usize] = Some(span);
    }
}

/// From where on a tag's MAC covers the URL text. It always ends where the MAC itself begins.
///
/// Printed and read as `empty`, `enc`, `mirrors`, `tt`, `query`, `path`, `host`, or as the number that
/// SDMMACInputOffset has, counted from the start of the NDEF file: 7 is the first character after the
/// scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MacStart {
    /// At the MAC: it covers no text, only UID and counter through its key.
    Empty,
    /// At the encrypted file data.
    FileData,
    /// At the first of UID, counter or PICCData.
    Mirrors,
    /// At the tamper status.
    TagTamper,
    /// After the `?`.
    Query,
    /// After the `/` that ends the host.
    Path,
    /// At the host.
    Host,
    /// At this byte of the NDEF file.
    Offset(u16),
    /// Wherever the caller took it from, who gave the MAC input itself. It has no text to be read from.
    Given,
}

/// A text that names no [`MacStart`] or [`MacInput`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a MAC input is empty, enc, mirrors, tt, query, path, host, search, or a file offset from 7 to 255")]
#[non_exhaustive]
pub struct MacInputError;

impl fmt::Display for MacStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "empty",
            Self::FileData => "enc",
            Self::Mirrors => "mirrors",
            Self::TagTamper => "tt",
            Self::Query => "query",
            Self::Path => "path",
            Self::Host => "host",
            Self::Given => "given",
            Self::Offset(offset) => return offset.fmt(f),
        })
    }
}

impl FromStr for MacStart {
    type Err = MacInputError;

    fn from_str(text: &str) -> Result<Self, MacInputError> {
        Ok(match text {
            "empty" => Self::Empty,
            "enc" => Self::FileData,
            "mirrors" => Self::Mirrors,
            "tt" => Self::TagTamper,
            "query" => Self::Query,
            "path" => Self::Path,
            "host" => Self::Host,
            number => {
                let offset = number.parse().map_err(|_| MacInputError)?;
                if !(NDEF_URL_OFFSET..NDEF_FILE_MAX).contains(&usize::from(offset)) {
                    return Err(MacInputError);
                }
                Self::Offset(offset)
            }
        })
    }
}

/// What is known of the MAC input of a fleet's tags.
///
/// Text as of [`MacStart`], and `search`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MacInput {
    /// Nothing: the usual starts are tried, nine at most, and the tap says which one verified.
    #[default]
    Search,
    /// It starts here.
    From(MacStart),
}

impl fmt::Display for MacInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Search => f.write_str("search"),
            Self::From(start) => start.fmt(f),
        }
    }
}

impl FromStr for MacInput {
    type Err = MacInputError;

    fn from_str(text: &str) -> Result<Self, MacInputError> {
        if text == "search" { Ok(Self::Search) } else { text.parse().map(Self::From) }
    }
}

/// A link as read by one layout.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading<'a> {
    pub(crate) link: TapLink<'a>,
    pub(crate) slots: Slots,
    /// The template that was followed: its text is what the tag wrote, however the link was rearranged.
    pub(crate) template: Option<&'a UrlTemplate>,
    /// What is wrong with a field that the link names but that was left out.
    pub(crate) complaint: Option<ComplaintAbout>,
}

/// A malformed field, kept small; see [`Reading::complaint`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct ComplaintAbout {
    pub(crate) field: Field,
    /// Characters found, if their number was wrong.
    pub(crate) length: Option<u16>,
}

impl ComplaintAbout {
    pub(crate) fn refusal(self) -> TapRefusal {
        match self.length {
            Some(found) => TapRefusal::BadLength { field: self.field, found: usize::from(found) },
            None => TapRefusal::BadHex { field: self.field },
        }
    }
}

impl<'a> Reading<'a> {
    pub(crate) fn text(&self, field: Field) -> Option<&'a [u8]> {
        self.slots.get(field).map(|span| self.link.text(span))
    }

    /// Decodes a field of `N` bytes, if it is there.
    #[inline]
    pub(crate) fn decode<const N: usize>(&self, field: Field) -> Result<Option<[u8; N]>, TapRefusal> {
        self.text(field).map(|text| decode_field(field, text)).transpose()
    }

    /// The text before the MAC as the link has it.
    pub(crate) fn raw_text(&self) -> Option<&'a [u8]> {
        let mac = self.slots.get(Field::Mac)?;
        self.link.rest().get(..usize::from(mac.start()))
    }

    /// The text before the MAC as the tag wrote it, or none if it is longer than a tag's memory.
    pub(crate) fn tag_text(&self) -> Option<TagText> {
        match self.template {
            Some(template) => template.tag_text(|field| self.text(field)),
            None => TagText::of_link(&self.link, &self.slots),
        }
    }
}

/// Decodes one mirror.
#[inline]
pub(crate) fn decode_field<const N: usize>(field: Field, text: &[u8]) -> Result<[u8; N], TapRefusal> {
    hex::decode(text).map_err(|_| not_digits(field, text))
}

/// What is wrong with a mirror that is not the digits it should be: it is no hexadecimal text at all, or one of another
/// length.
#[cold]
pub(crate) fn not_digits(field: Field, text: &[u8]) -> TapRefusal {
    if text.len().is_multiple_of(2) && text.iter().copied().all(hex::is_digit) {
        TapRefusal::BadLength { field, found: text.len() }
    } else {
        TapRefusal::BadHex { field }
    }
}

/// What the tag wrote before its MAC, from the first character after the scheme, with mirrors in upper
/// case as tags write them.
pub(crate) struct TagText {
    bytes: [u8; TAG_TEXT_MAX],
    length: usize,
    /// Where each field that stands before the MAC starts.
    fields: [Option<u16>; Field::COUNT],
    /// After the slash that ends the host, if there is a path.
    path: Option<u16>,
    /// After the question mark.
    query: Option<u16>,
}

impl TagText {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; TAG_TEXT_MAX], length: 0, fields: [None; Field::COUNT], path: None, query: None }
    }

    fn of_link(link: &TapLink<'_>, slots: &Slots) -> Option<Self> {
        let end = slots.get(Field::Mac)?.start();
        let mut text = Self::new();
        text.push(&link.rest()[..usize::from(end)])?;
        for field in Field::ALL {
            if let Some(span) = slots.get(field).filter(|span| span.end() <= end) {
                text.fields[field as usize] = Some(span.start());
                if field != Field::TagTamper {
                    text.bytes[usize::from(span.start())..usize::from(span.end())].make_ascii_uppercase();
                }
            }
        }
        text.mark_parts();
        Some(text)
    }

    /// Appends literal text; none if it does not fit.
    pub(crate) fn push(&mut self, text: &[u8]) -> Option<()> {
        let end = self.length + text.len();
        self.bytes.get_mut(self.length..end)?.copy_from_slice(text);
        self.length = end;
        Some(())
    }

    /// Appends a mirror.
    pub(crate) fn push_field(&mut self, field: Field, text: &[u8]) -> Option<()> {
        let start = self.length;
        self.push(text)?;
        self.fields[field as usize] = Some(start as u16);
        if field != Field::TagTamper {
            self.bytes[start..self.length].make_ascii_uppercase();
        }
        Some(())
    }

    /// Notes where path and query start; call it once the text is complete.
    pub(crate) fn mark_parts(&mut self) {
        let text = &self.bytes[..self.length];
        let fragment = text.iter().position(|&byte| byte == b'#').unwrap_or(text.len());
        let query = text[..fragment].iter().position(|&byte| byte == b'?');
        let path = text[..query.unwrap_or(fragment)].iter().position(|&byte| byte == b'/');
        self.query = query.map(|at| at as u16 + 1);
        self.path = path.map(|at| at as u16 + 1);
    }

    /// The text under the MAC if it starts at `start`, none if that start is not in this text.
    #[inline]
    pub(crate) fn from(&self, start: MacStart) -> Option<&[u8]> {
        self.offset(start).map(|at| &self.bytes[at..self.length])
    }

    /// Where in the text `start` is.
    pub(crate) fn offset(&self, start: MacStart) -> Option<usize> {
        let field = |field: Field| self.fields[field as usize];
        let at = match start {
            MacStart::Empty => return Some(self.length),
            MacStart::Host => 0,
            MacStart::Path => self.path?,
            MacStart::Query => self.query?,
            MacStart::FileData => field(Field::FileData)?,
            MacStart::TagTamper => field(Field::TagTamper)?,
            MacStart::Mirrors => {
                [Field::Uid, Field::ReadCounter, Field::PiccData].into_iter().filter_map(field).min()?
            }
            MacStart::Offset(offset) => offset.checked_sub(NDEF_URL_OFFSET as u16)?,
            MacStart::Given => return None,
        };
        Some(usize::from(at)).filter(|&at| at <= self.length)
    }

    /// The name for a start that was given as a file offset.
    pub(crate) fn name(&self, start: MacStart) -> MacStart {
        let MacStart::Offset(_) = start else { return start };
        let at = self.offset(start);
        SEARCHED.into_iter().find(|&named| self.offset(named) == at).unwrap_or(start)
    }

    /// Whether a field lies under a MAC that starts at `start`.
    pub(crate) fn covers(&self, start: MacStart, field: Field) -> bool {
        match (self.offset(start), self.fields[field as usize]) {
            (Some(start), Some(at)) => start <= usize::from(at),
            _ => false,
        }
    }

    /// Whether the whole path lies under a MAC that starts at `start`.
    pub(crate) fn covers_path(&self, start: MacStart) -> bool {
        match (self.offset(start), self.path) {
            (Some(start), Some(at)) => start <= usize::from(at) && usize::from(at) < self.length,
            _ => false,
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// The starts that [`MacInput::Search`] tries, likeliest first for a tag without file data. With file
/// data the tag itself insists that the MAC covers it (NT4H2421Gx §9.3.8), so `Empty` comes last there.
pub(crate) const SEARCHED: [MacStart; 7] = [
    MacStart::Empty,
    MacStart::FileData,
    MacStart::Mirrors,
    MacStart::TagTamper,
    MacStart::Path,
    MacStart::Host,
    MacStart::Query,
];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn mac_inputs_read_back() {
        for text in ["search", "empty", "enc", "mirrors", "tt", "query", "path", "host", "7", "255"] {
            assert_eq!(text.parse::<MacInput>().unwrap().to_string(), text);
        }
        for text in ["6", "256", "-1", "", "Empty", "70000"] {
            assert_eq!(text.parse::<MacInput>(), Err(MacInputError), "{text}");
        }
    }
}
