//! The URL that was written to a fleet's tags, with placeholders for what the tag mirrors into it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::link::{Param, TapLink};
use super::mode::SdmMode;
use super::ndef::SdmOffsets;
use super::reading::{MacInput, MacStart, Reading, Slots, Span, TagText};
use crate::tap::limits::{KEY_ID_MAX, NDEF_URL_OFFSET, TAG_TEXT_MAX};
use crate::tap::refusal::{Field, TapRefusal};
use crate::vocab::hex;

/// The URL of a fleet's tags, such as `tap.example/t?picc_data={picc}&enc={enc}&cmac={mac}`.
///
/// Placeholders are `{uid}`, `{ctr}`, `{picc}`, `{enc}`, `{tt}` and `{mac}`; the marker `{mac_input}`
/// may stand where the MAC input starts (SDMMACInputOffset), else the usual starts are tried. A scheme in
/// front is dropped: links come back with another one. The text must fit in the tag, 249 characters. `{picc}`
/// takes 32 of them, or 48 in a tag in LRP mode; the same template serves both, unless its MAC input starts in
/// the midst of text behind `{picc}`, where a marker or offset counts as in AES mode.
///
/// `{kid}` stands for the id of a fleet's key, a whole segment of the path or value of a parameter, such as
/// `tap.example/{kid}/t?p={picc}&c={mac}`: [`UrlTemplate::with_key_id`] puts it in, as [`super::KeySet::key_id`] does.
///
/// A link need not equal the template to the letter: browsers, messengers and campaigns change the
/// scheme, the case of the host, the order of parameters, and append their own. What the MAC is computed
/// over is the template's text with the link's mirrors, which is what the tag wrote, so none of this
/// disturbs it; but host, path, and every parameter of the template must be there, each once.
///
/// ```
/// use phygital_core::tap::UrlTemplate;
/// let template: UrlTemplate = "tap.example/l/STORE-0042/t?p={picc}&c={mac}".parse()?;
/// assert_eq!(template.to_string(), "tap.example/l/STORE-0042/t?p={picc}&c={mac}");
/// # Ok::<(), phygital_core::tap::TemplateError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct UrlTemplate {
    parts: Arc<Parts>,
    mac_input: MacInput,
}

/// What a template is made of. Behind a pointer, so that a layout is small: a value that is moved takes along what
/// stood on the stack in the room that it does not use, which may have been a key.
#[derive(PartialEq, Eq)]
struct Parts {
    text: String,
    /// The whole text, in order.
    pieces: Vec<Piece>,
    host: String,
    path: Vec<Piece>,
    query: Vec<ParamPattern>,
    fragment: Fragment,
}

/// A text that is no [`UrlTemplate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// Longer than what fits in the tag.
    #[error("a template has at most {TAG_TEXT_MAX} characters after the scheme, with its mirrors filled in")]
    TooLong,
    /// A character that may not stand in a URL.
    #[error("a template holds printable ASCII without spaces")]
    NotAscii,
    /// A brace without its partner, or a name that is no placeholder.
    #[error(
        "placeholders are {{uid}}, {{ctr}}, {{picc}}, {{enc}}, {{tt}}, {{mac}}, {{kid}} and {{mac_input}}"
    )]
    Placeholder,
    /// The same placeholder again.
    #[error("{{{0}}} may stand once")]
    Twice(Field),
    /// No MAC, so nothing to verify.
    #[error("a template needs {{mac}}")]
    NoMac,
    /// Nothing that names the tag or the tap.
    #[error("a template needs {{picc}}, {{uid}} or {{ctr}}")]
    NoIdentity,
    /// A tag mirrors UID and counter either encrypted or in plain.
    #[error("{{picc}} excludes {{uid}} and {{ctr}}")]
    EncryptedAndPlain,
    /// File data is encrypted under a key made of both UID and counter (NT4H2421Gx §9.3.9).
    #[error("{{enc}} needs {{picc}}, or {{uid}} with {{ctr}}, and must stand before {{mac}}")]
    FileData,
    /// Browsers change the case of a host, and a parameter's name must be known to find it.
    #[error("placeholders may stand in path, fragment and values of parameters only")]
    Place,
    /// Two parameters with one name cannot be told apart.
    #[error("a parameter may stand once")]
    ParameterTwice,
    /// An id of a key that is none, or has no place.
    #[error(
        "{{kid}} stands once, for a whole path segment or parameter, and is 1 to {KEY_ID_MAX} letters, digits and -._~"
    )]
    KeyId,
    /// The MAC input must start before the file data and the MAC (NT4H2421Gx §9.3.8), and be given once.
    #[error("the MAC input starts once, within the text, not after {{enc}} or {{mac}}")]
    MacInput,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    /// Bytes of the template's text.
    Literal {
        start: u16,
        end: u16,
    },
    Slot(Field),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct ParamPattern {
    name: Option<String>,
    value: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fragment {
    None,
    Whole(Vec<Piece>),
    Params(Vec<ParamPattern>),
}

impl UrlTemplate {
    /// Sets where the MAC input starts, in place of a marker in the text.
    ///
    /// # Errors
    /// [`TemplateError::MacInput`] if the text has no such place, or has another one marked.
    pub fn with_mac_input(mut self, mac_input: MacInput) -> Result<Self, TemplateError> {
        if self.mac_input == mac_input {
            return Ok(self);
        }
        if self.mac_input != MacInput::Search {
            return Err(TemplateError::MacInput);
        }
        if let MacInput::From(start) = mac_input {
            // An offset counts in the text of one mode.
            let fits = |text: TagText| {
                let at = text.offset(start)?;
                text.offset(MacStart::FileData).is_none_or(|data| at <= data).then_some(())
            };
            let mut modes = SdmMode::ALL.into_iter().filter_map(|mode| self.shortest(mode));
            modes.find_map(fits).ok_or(TemplateError::MacInput)?;
        }
        self.mac_input = mac_input;
        Ok(self)
    }

    /// Puts the id of a key in place of `{kid}`: 1 to [`KEY_ID_MAX`] letters, digits and `-._~`.
    ///
    /// # Errors
    /// [`TemplateError::KeyId`] for another text, or if the template has no `{kid}`; [`TemplateError::TooLong`] if it
    /// does not fit.
    pub fn with_key_id(&self, key_id: &str) -> Result<Self, TemplateError> {
        let at = self.parts.text.find(KEY_ID).filter(|_| is_key_id(key_id)).ok_or(TemplateError::KeyId)?;
        let filled: Self = self.parts.text.replacen(KEY_ID, key_id, 1).parse()?;
        let mac_input = match self.mac_input {
            // Behind the id it moves with the text.
            MacInput::From(MacStart::Offset(offset)) => {
                let mut head = NDEF_URL_OFFSET;
                for piece in &self.parts.pieces {
                    match *piece {
                        Piece::Literal { start, end } if at < usize::from(end) => {
                            head += at - usize::from(start);
                            break;
                        }
                        Piece::Literal { start, end } => head += usize::from(end - start),
                        Piece::Slot(field) => head += field.width().unwrap_or(0),
                    }
                }
                let offset = usize::from(offset);
                let moved =
                    if offset > head { (offset + key_id.len()).saturating_sub(KEY_ID.len()) } else { offset };
                let moved = u16::try_from(moved).map_err(|_| TemplateError::TooLong)?;
                MacInput::From(MacStart::Offset(moved))
            }
            mac_input => mac_input,
        };
        filled.with_mac_input(mac_input)
    }

    /// Whether `{kid}` still stands in the template.
    #[must_use]
    pub fn has_key_id(&self) -> bool {
        self.parts.text.contains(KEY_ID)
    }

    /// What is known of the MAC input.
    #[must_use]
    pub fn mac_input(&self) -> MacInput {
        self.mac_input
    }

    /// Whether the placeholder stands in the template.
    #[must_use]
    pub fn has(&self, field: Field) -> bool {
        self.parts.pieces.contains(&Piece::Slot(field))
    }

    /// The offsets to set in a tag (ChangeFileSettings) in this mode when its file data takes `file_data_chars`
    /// characters in the URL: twice its bytes, a multiple of 32, or 0 without `{enc}`.
    ///
    /// # Errors
    /// [`TemplateError`] if the text does not fit then, or the MAC input is [`MacInput::Search`].
    pub fn sdm_offsets(&self, mode: SdmMode, file_data_chars: usize) -> Result<SdmOffsets, TemplateError> {
        let MacInput::From(start) = self.mac_input else { return Err(TemplateError::MacInput) };
        if !file_data_chars.is_multiple_of(32) || (file_data_chars > 0) != self.has(Field::FileData) {
            return Err(TemplateError::FileData);
        }
        let mut at = NDEF_URL_OFFSET;
        let mut offsets = SdmOffsets::default();
        for piece in &self.parts.pieces {
            let offset = u16::try_from(at).map_err(|_| TemplateError::TooLong)?;
            match *piece {
                Piece::Literal { start, end } => at += usize::from(end - start),
                Piece::Slot(field) => {
                    match field {
                        Field::Uid => offsets.uid_offset = Some(offset),
                        Field::ReadCounter => offsets.ctr_offset = Some(offset),
                        Field::PiccData => offsets.picc_offset = Some(offset),
                        Field::FileData => offsets.enc_offset = Some(offset),
                        Field::TagTamper => offsets.tt_offset = Some(offset),
                        Field::Mac => offsets.mac_offset = offset,
                    }
                    at += mode.width(field).unwrap_or(file_data_chars);
                }
            }
        }
        if at > NDEF_URL_OFFSET + TAG_TEXT_MAX {
            return Err(TemplateError::TooLong);
        }
        let filler = [b'0'; TAG_TEXT_MAX];
        let text = self
            .tag_text(|field| filler.get(..mode.width(field).unwrap_or(file_data_chars)))
            .ok_or(TemplateError::TooLong)?;
        let start = text.offset(start).ok_or(TemplateError::MacInput)?;
        offsets.mac_input_offset = (NDEF_URL_OFFSET + start) as u16;
        offsets.enc_length = offsets.enc_offset.map(|_| file_data_chars as u16);
        Ok(offsets)
    }

    /// The text with every placeholder filled in, as the tag shows it; `value` gives each mirror.
    pub(crate) fn fill<'v>(&self, value: impl Fn(Field) -> &'v str) -> String {
        let mut url = String::new();
        for piece in &self.parts.pieces {
            match *piece {
                Piece::Literal { start, end } => {
                    url += &self.parts.text[usize::from(start)..usize::from(end)]
                }
                Piece::Slot(field) => url += value(field),
            }
        }
        url
    }

    /// Finds the mirrors of a tag in this mode in a link that follows this template.
    pub(crate) fn read<'a>(&'a self, link: TapLink<'a>, mode: SdmMode) -> Result<Reading<'a>, TapRefusal> {
        let whole = Span::between(0, link.fragment().end());
        // Appended parameters can be as long as a block of file data: they are no digits.
        let in_digits = |slots: &Slots| {
            let digits = |span: Span| link.text(span).iter().copied().all(hex::is_digit);
            slots
                .get(Field::FileData)
                .is_none_or(|data| digits(data) && slots.get(Field::Mac).is_none_or(digits))
        };
        let slots = match self.match_pieces(&link, mode, whole, &self.parts.pieces).filter(in_digits) {
            Some(slots) => slots,
            None => self.read_rearranged(&link, mode)?,
        };
        Ok(Reading { link, slots, template: Some(self), complaint: None })
    }

    /// The template's text up to the MAC with these mirrors.
    pub(crate) fn tag_text<'v>(&self, value: impl Fn(Field) -> Option<&'v [u8]>) -> Option<TagText> {
        let mut text = TagText::new();
        for piece in &self.parts.pieces {
            match *piece {
                Piece::Literal { .. } => text.push(self.literal(piece))?,
                Piece::Slot(Field::Mac) => break,
                Piece::Slot(field) => text.push_field(field, value(field)?)?,
            }
        }
        text.mark_parts();
        Some(text)
    }

    /// The text in this mode with the shortest mirrors that can be.
    fn shortest(&self, mode: SdmMode) -> Option<TagText> {
        self.tag_text(|field| {
            [b'0'; SdmMode::Lrp.picc_data_width()].as_slice().get(..mode.width(field).unwrap_or(32))
        })
    }

    /// Characters of the whole text with the shortest mirrors that can be, also behind the MAC.
    fn shortest_len(&self) -> usize {
        let length = |piece: &Piece| match piece {
            Piece::Literal { start, end } => usize::from(end - start),
            Piece::Slot(field) => field.width().unwrap_or(32),
        };
        self.parts.pieces.iter().map(length).sum()
    }

    fn literal(&self, piece: &Piece) -> &[u8] {
        match *piece {
            Piece::Literal { start, end } => {
                &self.parts.text.as_bytes()[usize::from(start)..usize::from(end)]
            }
            Piece::Slot(_) => &[],
        }
    }

    /// Matches part by part, so that parameters may be reordered and appended to.
    fn read_rearranged(&self, link: &TapLink<'_>, mode: SdmMode) -> Result<Slots, TapRefusal> {
        if !link.text(link.host()).eq_ignore_ascii_case(self.parts.host.as_bytes()) {
            return Err(TapRefusal::TemplateMismatch);
        }
        let mut slots = Slots::default();
        let no_path = |pieces: &[Piece]| match pieces {
            [] => true,
            [only] => self.literal(only) == b"/",
            _ => false,
        };
        if !(no_path(&self.parts.path) && matches!(link.text(link.path()), b"" | b"/")) {
            self.match_part(link, mode, link.path(), &self.parts.path, &mut slots)?;
        }
        self.match_params(link, mode, link.query(), &self.parts.query, &mut slots)?;
        match &self.parts.fragment {
            Fragment::None => {}
            Fragment::Whole(pieces) => self.match_part(link, mode, link.fragment(), pieces, &mut slots)?,
            Fragment::Params(params) => self.match_params(link, mode, link.fragment(), params, &mut slots)?,
        }
        Ok(slots)
    }

    fn match_params(
        &self,
        link: &TapLink<'_>,
        mode: SdmMode,
        part: Span,
        patterns: &[ParamPattern],
        slots: &mut Slots,
    ) -> Result<(), TapRefusal> {
        for pattern in patterns {
            let named = |param: &Param| match (&pattern.name, param.name) {
                (Some(name), Some(found)) => link.text(found) == name.as_bytes(),
                // A value without a name is recognised by its shape.
                (None, None) => self.match_pieces(link, mode, param.value, &pattern.value).is_some(),
                _ => false,
            };
            let mut found = link.params(part).filter(named);
            let first = pattern.value.iter().find_map(|piece| match piece {
                Piece::Slot(field) => Some(*field),
                Piece::Literal { .. } => None,
            });
            let Some(param) = found.next() else {
                return Err(first.map_or(TapRefusal::TemplateMismatch, |field| TapRefusal::Missing { field }));
            };
            if found.next().is_some() {
                let field = first.unwrap_or(Field::Mac);
                return Err(first.map_or(TapRefusal::TemplateMismatch, |_| TapRefusal::Duplicate { field }));
            }
            self.match_part(link, mode, param.value, &pattern.value, slots)?;
        }
        Ok(())
    }

    fn match_part(
        &self,
        link: &TapLink<'_>,
        mode: SdmMode,
        part: Span,
        pieces: &[Piece],
        slots: &mut Slots,
    ) -> Result<(), TapRefusal> {
        match self.match_pieces(link, mode, part, pieces) {
            Some(found) => {
                for field in Field::ALL {
                    if let Some(span) = found.get(field) {
                        slots.set(field, span);
                    }
                }
                Ok(())
            }
            None => Err(match pieces {
                [Piece::Slot(field)] => TapRefusal::BadLength { field: *field, found: part.len() },
                _ => TapRefusal::TemplateMismatch,
            }),
        }
    }

    /// Where the pieces' fields stand, if exactly these pieces make up the part. Only file data has no
    /// fixed width, so it takes what the others leave.
    fn match_pieces(&self, link: &TapLink<'_>, mode: SdmMode, part: Span, pieces: &[Piece]) -> Option<Slots> {
        let fixed: usize = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Literal { start, end } => usize::from(end - start),
                Piece::Slot(field) => mode.width(*field).unwrap_or(0),
            })
            .sum();
        let left = part.len().checked_sub(fixed)?;
        let flexible = pieces.contains(&Piece::Slot(Field::FileData));
        if if flexible { left == 0 || !left.is_multiple_of(32) } else { left != 0 } {
            return None;
        }
        let text = link.text(part);
        let mut slots = Slots::default();
        let mut at = 0;
        for piece in pieces {
            match *piece {
                Piece::Literal { start, end } => {
                    let length = usize::from(end - start);
                    if &text[at..at + length] != self.literal(piece) {
                        return None;
                    }
                    at += length;
                }
                Piece::Slot(field) => {
                    let length = mode.width(field).unwrap_or(left);
                    slots.set(field, part.part(at as u16, length as u16));
                    at += length;
                }
            }
        }
        Some(slots)
    }
}

impl FromStr for UrlTemplate {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        // Placeholders are longer than some of their mirrors; this only bounds the work.
        if text.len() > 2 * TAG_TEXT_MAX {
            return Err(TemplateError::TooLong);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TemplateError::NotAscii);
        }
        let text = without_scheme(text);
        // What is printed is read again: no host looks like a scheme.
        if without_scheme(text) != text {
            return Err(TemplateError::Place);
        }
        Parser::default().parse(text)
    }
}

/// Where the id of a key stands.
const KEY_ID: &str = "{kid}";

/// Whether a text may be the id of a key: unreserved characters (RFC 3986 §2.3), which nobody rewrites in a URL.
pub(super) fn is_key_id(text: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (1..=KEY_ID_MAX).contains(&text.len()) && text.bytes().all(unreserved)
}

fn without_scheme(text: &str) -> &str {
    match text.find("://") {
        Some(at) if text[..at].bytes().all(|byte| byte.is_ascii_alphanumeric()) => &text[at + 3..],
        _ => text,
    }
}

impl fmt::Display for UrlTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.parts.text)
    }
}

impl fmt::Debug for UrlTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UrlTemplate({:?}, mac_input {})", self.parts.text, self.mac_input)
    }
}

#[derive(Default)]
struct Parser {
    text: String,
    pieces: Vec<Piece>,
    /// Characters so far with mirrors filled in, while no file data came.
    filled: usize,
    marker: Option<u16>,
}

impl Parser {
    fn parse(mut self, text: &str) -> Result<UrlTemplate, TemplateError> {
        let mut rest = text;
        while !rest.is_empty() {
            let brace = rest.find(['{', '}']).unwrap_or(rest.len());
            self.push_literal(&rest[..brace])?;
            rest = &rest[brace..];
            if rest.is_empty() {
                break;
            }
            let end = rest.find('}').filter(|_| rest.starts_with('{')).ok_or(TemplateError::Placeholder)?;
            self.push_placeholder(&rest[1..end])?;
            rest = &rest[end + 1..];
        }
        self.check()?;
        let mut template = self.split()?;
        if template.shortest(SdmMode::Aes).is_none() || template.shortest_len() > TAG_TEXT_MAX {
            return Err(TemplateError::TooLong);
        }
        if let Some(marker) = self.marker {
            // By its name, where it has one, for then it is right in both modes.
            let text = template.shortest(SdmMode::Aes).ok_or(TemplateError::TooLong)?;
            let start = text.name(MacStart::Offset(marker));
            template = template.with_mac_input(MacInput::From(start))?;
        }
        Ok(template)
    }

    fn push_literal(&mut self, literal: &str) -> Result<(), TemplateError> {
        if literal.is_empty() {
            return Ok(());
        }
        let short = |at: usize| u16::try_from(at).map_err(|_| TemplateError::TooLong);
        let start = short(self.text.len())?;
        self.text += literal;
        self.filled += literal.len();
        let grown = short(self.text.len())?;
        match self.pieces.last_mut() {
            // A marker between two literals leaves no trace.
            Some(Piece::Literal { end, .. }) => *end = grown,
            _ => self.pieces.push(Piece::Literal { start, end: grown }),
        }
        Ok(())
    }

    fn push_placeholder(&mut self, name: &str) -> Result<(), TemplateError> {
        if name == "mac_input" {
            if self.marker.is_some() || self.has(Field::FileData) || self.has(Field::Mac) {
                return Err(TemplateError::MacInput);
            }
            let offset = u16::try_from(NDEF_URL_OFFSET + self.filled).map_err(|_| TemplateError::TooLong)?;
            self.marker = Some(offset);
            return Ok(());
        }
        if name == "kid" {
            // Text like any other, for which another is put in.
            return if self.text.contains(KEY_ID) {
                Err(TemplateError::KeyId)
            } else {
                self.push_literal(KEY_ID)
            };
        }
        let field =
            Field::ALL.into_iter().find(|field| field.name() == name).ok_or(TemplateError::Placeholder)?;
        if self.has(field) {
            return Err(TemplateError::Twice(field));
        }
        self.filled += field.width().unwrap_or(0);
        self.text += &format!("{{{name}}}");
        self.pieces.push(Piece::Slot(field));
        Ok(())
    }

    fn has(&self, field: Field) -> bool {
        self.pieces.contains(&Piece::Slot(field))
    }

    /// What a tag could not be set up to do.
    fn check(&self) -> Result<(), TemplateError> {
        if let Some(at) = self.text.find(KEY_ID) {
            let before = self.text[..at].chars().next_back();
            let after = self.text[at + KEY_ID.len()..].chars().next();
            if !before.is_some_and(|c| "/?&=#".contains(c)) || after.is_some_and(|c| !"/?&#".contains(c)) {
                return Err(TemplateError::KeyId);
            }
        }
        let place = |field| self.pieces.iter().position(|piece| *piece == Piece::Slot(field));
        let mac = place(Field::Mac).ok_or(TemplateError::NoMac)?;
        let (picc, uid, ctr) =
            (self.has(Field::PiccData), self.has(Field::Uid), self.has(Field::ReadCounter));
        match place(Field::FileData) {
            _ if !(picc || uid || ctr) => Err(TemplateError::NoIdentity),
            _ if picc && (uid || ctr) => Err(TemplateError::EncryptedAndPlain),
            Some(data) if data > mac || !(picc || uid && ctr) => Err(TemplateError::FileData),
            _ => Ok(()),
        }
    }

    /// Cuts the pieces into host, path, parameters and fragment.
    fn split(&self) -> Result<UrlTemplate, TemplateError> {
        let text = self.text.as_bytes();
        let end = text.len();
        let find = |byte: u8, to: usize| text[..to].iter().position(|&other| other == byte);
        let fragment = find(b'#', end).unwrap_or(end);
        let query = find(b'?', fragment).unwrap_or(fragment);
        let path = find(b'/', query).unwrap_or(query);
        if text[..path].contains(&b'{') {
            return Err(TemplateError::Place);
        }
        let fragment_text = (fragment + 1).min(end);
        let fragment = match () {
            () if fragment_text >= end => Fragment::None,
            () if text[fragment_text..].contains(&b'=') => Fragment::Params(self.params(fragment_text, end)?),
            () => Fragment::Whole(self.slice(fragment_text, end)),
        };
        let query_text = (query + 1).min(end);
        let query_end = find(b'#', end).unwrap_or(end);
        let parts = Parts {
            text: self.text.clone(),
            pieces: self.pieces.clone(),
            host: self.text[..path].to_owned(),
            path: self.slice(path, query),
            query: if query_text < query_end { self.params(query_text, query_end)? } else { Vec::new() },
            fragment,
        };
        Ok(UrlTemplate { parts: Arc::new(parts), mac_input: MacInput::Search })
    }

    fn params(&self, start: usize, end: usize) -> Result<Vec<ParamPattern>, TemplateError> {
        let mut params: Vec<ParamPattern> = Vec::new();
        let mut at = start;
        for cell in self.text[start..end].split('&') {
            let (name, value) = match cell.split_once('=') {
                Some((name, _)) => (Some(name.to_owned()), at + name.len() + 1),
                None => (None, at),
            };
            if name.as_ref().is_some_and(|name| name.contains('{')) {
                return Err(TemplateError::Place);
            }
            if params.iter().any(|param| param.name.is_some() && param.name == name) {
                return Err(TemplateError::ParameterTwice);
            }
            if !cell.is_empty() {
                params.push(ParamPattern { name, value: self.slice(value, at + cell.len()) });
            }
            at += cell.len() + 1;
        }
        Ok(params)
    }

    /// The pieces that lie in a range of the text. Placeholders hold no separators, so none is cut.
    fn slice(&self, start: usize, end: usize) -> Vec<Piece> {
        let mut slice = Vec::new();
        let mut at = 0;
        for piece in &self.pieces {
            let length = match *piece {
                Piece::Literal { start, end } => usize::from(end - start),
                Piece::Slot(field) => field.name().len() + 2,
            };
            let (from, to) = (at.max(start), (at + length).min(end));
            if from < to {
                slice.push(match *piece {
                    Piece::Literal { .. } => Piece::Literal { start: from as u16, end: to as u16 },
                    slot @ Piece::Slot(_) => slot,
                });
            }
            at += length;
        }
        slice
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const UID: &str = "04DE5F1EACC040";
    const MAC: &str = "94EED9EE65337086";

    fn read(template: &str, url: &str) -> Result<Vec<(Field, String)>, TapRefusal> {
        let template: UrlTemplate = template.parse().unwrap();
        let reading = template.read(TapLink::parse(url).unwrap(), SdmMode::Aes)?;
        let text = |field| reading.text(field).map(|text| String::from_utf8(text.to_vec()).unwrap());
        Ok(Field::ALL.into_iter().filter_map(|field| Some((field, text(field)?))).collect())
    }

    #[test]
    fn a_link_may_be_rearranged() {
        let template = "tap.example/t?uid={uid}&k=7&c={mac}";
        let expected = Ok(vec![(Field::Uid, UID.to_owned()), (Field::Mac, MAC.to_owned())]);
        for url in [
            format!("https://tap.example/t?uid={UID}&k=7&c={MAC}"),
            format!("http://tap.example/t?uid={UID}&k=7&c={MAC}"),
            format!("tap.example/t?uid={UID}&k=7&c={MAC}"),
            format!("https://TAP.Example/t?uid={UID}&k=7&c={MAC}&utm_source=x&fbclid=y#top"),
            format!("https://tap.example/t?c={MAC}&gclid=1&gclid=2&uid={UID}&k=7"),
        ] {
            assert_eq!(read(template, &url), expected, "{url}");
        }
    }

    #[test]
    fn what_the_template_says_must_be_there_once() {
        let template = "tap.example/t?uid={uid}&k=7&c={mac}";
        for (url, code) in [
            (format!("https://tap.example/u?uid={UID}&k=7&c={MAC}"), "template_mismatch"),
            (format!("https://tap.example.org/t?uid={UID}&k=7&c={MAC}"), "template_mismatch"),
            (format!("https://tap.example/t?uid={UID}&k=8&c={MAC}"), "template_mismatch"),
            (format!("https://tap.example/t?uid={UID}&c={MAC}"), "template_mismatch"),
            (format!("https://tap.example/t?uid={UID}&k=7"), "missing_field"),
            (format!("https://tap.example/t?uid={UID}&uid={UID}&k=7&c={MAC}"), "duplicate_parameter"),
            (format!("https://tap.example/t?uid={UID}00&k=7&c={MAC}"), "bad_length"),
            (format!("https://tap.example/t?uid=%3{UID}&k=7&c={MAC}"), "bad_length"),
        ] {
            assert_eq!(read(template, &url).unwrap_err().code(), code, "{url}");
        }
    }

    #[test]
    fn file_data_takes_what_is_left() {
        let picc = "0".repeat(32);
        for blocks in 1..4 {
            let enc = "1".repeat(32 * blocks);
            let found = read("h/{picc}{enc}x{mac}", &format!("h/{picc}{enc}x{MAC}")).unwrap();
            assert_eq!(found[1], (Field::FileData, enc));
        }
        assert!(read("h/{picc}{enc}x{mac}", &format!("h/{picc}x{MAC}")).is_err());
        assert!(read("h/{picc}{enc}x{mac}", &format!("h/{picc}11x{MAC}")).is_err());
    }

    #[test]
    fn an_appended_parameter_as_long_as_a_block_is_no_file_data() {
        let (picc, enc) = ("0".repeat(32), "1".repeat(32));
        let url = format!("h/?e={picc}{enc}{MAC}");
        let exact = read("h/?e={picc}{enc}{mac}", &url).unwrap();
        let appended = format!("{url}&utm_campaign={}", "a".repeat(18));
        assert_eq!(appended.len() - url.len(), 32);
        assert_eq!(read("h/?e={picc}{enc}{mac}", &appended).unwrap(), exact);
    }

    #[test]
    fn fragments_and_nameless_parameters() {
        let picc = "0".repeat(32);
        assert!(read("h/#p={picc}&c={mac}", &format!("https://h/?x=1#c={MAC}&p={picc}")).is_ok());
        assert!(read("h/?x#{picc}{mac}", &format!("https://h?x#{picc}{MAC}")).is_ok());
        assert!(read("h/?{picc}{mac}", &format!("https://h?utm&{picc}{MAC}")).is_ok());
        assert!(read("h?{picc}{mac}", &format!("https://h/?{picc}{MAC}&{picc}{MAC}")).is_err());
    }

    #[test]
    fn templates_that_no_tag_can_have() {
        for (text, error) in [
            ("h/?p={picc}", TemplateError::NoMac),
            ("h/?c={mac}", TemplateError::NoIdentity),
            ("h/?p={picc}&u={uid}&c={mac}", TemplateError::EncryptedAndPlain),
            ("h/?p={picc}&c={mac}&d={mac}", TemplateError::Twice(Field::Mac)),
            ("h/?p={picc}&c={mac}&e={enc}", TemplateError::FileData),
            ("h/?u={uid}&e={enc}&c={mac}", TemplateError::FileData),
            ("{uid}.h/?c={mac}", TemplateError::Place),
            ("h/?{uid}=1&c={mac}", TemplateError::Place),
            ("h/?c={uid}&c={mac}", TemplateError::ParameterTwice),
            ("h/?p={picc&c={mac}", TemplateError::Placeholder),
            ("h/?p=picc}&c={mac}", TemplateError::Placeholder),
            ("h/?p={pic}&c={mac}", TemplateError::Placeholder),
            ("h/ ?p={picc}&c={mac}", TemplateError::NotAscii),
            ("h/?p={picc}&e={enc}{mac_input}&c={mac}", TemplateError::MacInput),
            ("h/?{mac_input}p={picc}{mac_input}&c={mac}", TemplateError::MacInput),
        ] {
            assert_eq!(text.parse::<UrlTemplate>(), Err(error), "{text}");
        }
    }

    #[test]
    fn the_text_must_fit_in_the_tag() {
        let host = |length: usize| "h".repeat(length) + "/{uid}{mac}";
        assert!(host(TAG_TEXT_MAX - 31).parse::<UrlTemplate>().is_ok());
        assert_eq!(host(TAG_TEXT_MAX - 30).parse::<UrlTemplate>(), Err(TemplateError::TooLong));
    }

    #[test]
    fn offsets_count_from_the_start_of_the_file() {
        // Those of the published example, AN12196 §4.4.1.
        let template: UrlTemplate =
            "tap.example/t?picc_data={picc}&enc={mac_input}{enc}&cmac={mac}".parse().unwrap();
        let offsets = template.sdm_offsets(SdmMode::Aes, 96).unwrap();
        assert_eq!(
            (offsets.picc_offset, offsets.enc_offset, offsets.enc_length),
            (Some(31), Some(68), Some(96))
        );
        assert_eq!((offsets.mac_offset, offsets.mac_input_offset), (170, 68));
        assert_eq!(template.sdm_offsets(SdmMode::Aes, 0), Err(TemplateError::FileData));
        assert_eq!(template.sdm_offsets(SdmMode::Aes, 33), Err(TemplateError::FileData));
        assert_eq!(template.sdm_offsets(SdmMode::Aes, 192), Err(TemplateError::TooLong));
        let lrp = template.sdm_offsets(SdmMode::Lrp, 96).unwrap();
        assert_eq!((lrp.picc_offset, lrp.enc_offset, lrp.mac_offset), (Some(31), Some(84), 186));
    }

    #[test]
    fn the_id_of_a_key_stands_alone_and_is_put_in() {
        let template: UrlTemplate = "h/{kid}/t?p={picc}&x=1{mac_input}2&c={mac}".parse().unwrap();
        assert_eq!(template.mac_input(), MacInput::From(MacStart::Offset(55)));
        assert!(template.has_key_id());
        let filled = template.with_key_id("fleet-0042").unwrap();
        assert_eq!(filled.to_string(), "h/fleet-0042/t?p={picc}&x=12&c={mac}");
        assert_eq!((filled.mac_input(), filled.has_key_id()), (MacInput::From(MacStart::Offset(60)), false));
        let before: UrlTemplate = "h/t{mac_input}t?p={picc}&k={kid}&c={mac}".parse().unwrap();
        let filled = before.with_key_id("7").unwrap();
        assert_eq!(filled.mac_input(), MacInput::From(MacStart::Offset(10)));
        for id in ["", "a b", "a/b", "{kid}", &"k".repeat(KEY_ID_MAX + 1)] {
            assert_eq!(template.with_key_id(id), Err(TemplateError::KeyId), "{id}");
        }
        assert!(template.with_key_id(&"k".repeat(KEY_ID_MAX)).is_ok());
        assert_eq!(filled.with_key_id("7"), Err(TemplateError::KeyId));
        for text in [
            "h/x{kid}?p={picc}&c={mac}",
            "h/{kid}x?p={picc}&c={mac}",
            "h/{kid}/{kid}?p={picc}&c={mac}",
            "{kid}.h/?p={picc}&c={mac}",
        ] {
            assert_eq!(text.parse::<UrlTemplate>(), Err(TemplateError::KeyId), "{text}");
        }
    }

    #[test]
    fn the_marker_or_the_argument_says_where_the_mac_input_starts() {
        let plain: UrlTemplate = "h/t?p={picc}&c={mac}".parse().unwrap();
        assert_eq!(plain.mac_input(), MacInput::Search);
        let marked: UrlTemplate = "h/{mac_input}t?p={picc}&c={mac}".parse().unwrap();
        let path = MacInput::From(MacStart::Path);
        assert_eq!(marked.mac_input(), path);
        assert_eq!(plain.clone().with_mac_input(path).unwrap().mac_input(), path);
        let host = MacInput::From(MacStart::Host);
        assert_eq!(marked.with_mac_input(host), Err(TemplateError::MacInput));
        let midst: UrlTemplate = "h/t{mac_input}t?p={picc}&c={mac}".parse().unwrap();
        assert_eq!(midst.mac_input(), MacInput::From(MacStart::Offset(10)));
        assert_eq!(plain.with_mac_input(MacInput::From(MacStart::FileData)), Err(TemplateError::MacInput));
    }
}
