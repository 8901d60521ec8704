//! What a fleet's template means for a tag: the NDEF file to write and the file settings to set, and back.

use super::limits::{NDEF_FILE_MAX, NDEF_URL_OFFSET};
use super::refusal::Field;
use super::sun::SEARCHED;
use super::{MacInput, MacStart, PiccDataTag, SdmMode, SdmOffsets, TemplateError, UrlTemplate};
use crate::contactless::ntag424::{
    Access, AccessRights, CommMode, FileSettings, Mode, OFFSET_MAX, SdmAccess,
};
use crate::vocab::tag::ReadCounter;

/// The keys and options that a template does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the fields of a command, by data sheet")]
pub struct SdmRights {
    /// What the PICCData of `{picc}` hold; without, a setup says here what is mirrored in plain.
    pub picc_data: PiccDataTag,
    /// The number of the key of `{picc}`, 0 to 4; without, a setup says 0.
    pub meta_read_key: u8,
    /// The number of the key of the MAC and of `{enc}`, 0 to 4.
    pub file_read_key: u8,
    /// Who may ask for the counter.
    pub ctr_ret: Access,
    /// Where the counter stops.
    pub read_ctr_limit: Option<ReadCounter>,
    /// Whether the tag mirrors its tamper status into the first two bytes of `{enc}`.
    pub tamper_in_file_data: bool,
}

impl SdmRights {
    /// UID and counter under the first key, the MAC under the second, and nothing else.
    #[must_use]
    pub const fn new(meta_read_key: u8, file_read_key: u8) -> Self {
        Self {
            picc_data: PiccDataTag::UidAndCounter,
            meta_read_key,
            file_read_key,
            ctr_ret: Access::Never,
            read_ctr_limit: None,
            tamper_in_file_data: false,
        }
    }
}

/// A tag's secure dynamic messaging as a fleet wants it: template, mode, length of its file data, rights.
///
/// ```
/// use phygital_core::contactless::ntag424::{Access, AccessRights};
/// use phygital_core::tap::tag_setup::{SdmRights, TagSetup};
/// use phygital_core::tap::{MacInput, MacStart, SdmMode, UrlTemplate};
/// let template: UrlTemplate = "choose.url.com/ntag424?e={picc}&c={mac}".parse()?;
/// let template = template.with_mac_input(MacInput::From(MacStart::Empty))?;
/// let rights = SdmRights { ctr_ret: Access::Key(1), ..SdmRights::new(2, 1) };
/// let setup = TagSetup::new(template, SdmMode::Aes, 0, rights)?;
/// let access = AccessRights {
///     read: Access::Free, write: Access::Key(0), read_write: Access::Key(0), change: Access::Key(0),
/// };
/// let settings = setup.file_settings(access);
/// // AN12196 table 19.
/// assert_eq!(settings.encode()?, [0x40, 0x00, 0xE0, 0xC1, 0xF1, 0x21, 0x20, 0, 0, 0x43, 0, 0, 0x43, 0, 0]);
/// assert_eq!(TagSetup::read_back(&setup.ndef_file(), &settings, SdmMode::Aes)?, setup);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagSetup {
    template: UrlTemplate,
    mode: SdmMode,
    rights: SdmRights,
    offsets: SdmOffsets,
    /// The text with its mirrors as zeros.
    text: String,
}

/// Why there is no such tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TagSetupError {
    /// The template cannot be so on a tag.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A key that there is not.
    #[error("{field}: expected a key from 0 to 4")]
    Key {
        /// Which right.
        field: &'static str,
    },
    /// The tag's file is not one that a template can stand for.
    #[error("the file of the tag: expected {expected}")]
    File {
        /// What was expected.
        expected: &'static str,
    },
    /// The settings of the tag's file are none that a template can stand for.
    #[error("the settings of the file: expected {expected}")]
    Settings {
        /// What was expected.
        expected: &'static str,
    },
}

impl From<SdmMode> for Mode {
    fn from(mode: SdmMode) -> Self {
        match mode {
            SdmMode::Aes => Self::Aes,
            SdmMode::Lrp => Self::Lrp,
        }
    }
}

/// What stands in the file before the URL text: two bytes of length, then these with the payload's length between.
const RECORD: [u8; 2] = [0xD1, 0x01];
/// The kind of the record, and the code of `https://`.
const KIND: [u8; 2] = [b'U', 0x04];

impl TagSetup {
    /// A setup whose MAC input starts where the template says; `file_data_chars` are the characters of `{enc}`, twice
    /// its bytes, a multiple of 32, or 0 without `{enc}`.
    ///
    /// # Errors
    /// [`TagSetupError::Template`] for what does not fit in a tag, [`TagSetupError::Key`] for a key that there is not.
    pub fn new(
        template: UrlTemplate,
        mode: SdmMode,
        file_data_chars: u16,
        mut rights: SdmRights,
    ) -> Result<Self, TagSetupError> {
        let offsets = template.sdm_offsets(mode, usize::from(file_data_chars))?;
        let key = |field, number| if number <= 4 { Ok(()) } else { Err(TagSetupError::Key { field }) };
        key("file_read_key", rights.file_read_key)?;
        if let Access::Key(number) = rights.ctr_ret {
            key("ctr_ret", number)?;
        }
        if offsets.picc_offset.is_some() {
            key("meta_read_key", rights.meta_read_key)?;
        } else {
            rights.meta_read_key = 0;
            rights.picc_data = holding(offsets.uid_offset.is_some(), offsets.ctr_offset.is_some());
        }
        // File data are encrypted under a key made of both.
        let both = offsets.picc_offset.is_none() || rights.picc_data == PiccDataTag::UidAndCounter;
        if offsets.enc_offset.is_some() && !both || offsets.enc_offset.is_none() && rights.tamper_in_file_data
        {
            return Err(TagSetupError::Template(TemplateError::FileData));
        }
        let zeros = "0".repeat(NDEF_FILE_MAX);
        let text = template.fill(|field| &zeros[..mode.width(field).unwrap_or(file_data_chars.into())]);
        Ok(Self { template, mode, rights, offsets, text })
    }

    /// The template.
    #[must_use]
    pub fn template(&self) -> &UrlTemplate {
        &self.template
    }

    /// The mode.
    #[must_use]
    pub fn mode(&self) -> SdmMode {
        self.mode
    }

    /// Keys and options.
    #[must_use]
    pub fn rights(&self) -> &SdmRights {
        &self.rights
    }

    /// Where the mirrors stand.
    #[must_use]
    pub fn offsets(&self) -> SdmOffsets {
        self.offsets
    }

    /// The content of the NDEF file: one URI record, with zeros where the tag will mirror.
    #[must_use]
    pub fn ndef_file(&self) -> Vec<u8> {
        let payload = u8::try_from(self.text.len() + 1).expect("at most TAG_TEXT_MAX characters");
        let [a, b] = RECORD;
        let [kind, scheme] = KIND;
        let mut file = vec![0, payload + 4, a, b, payload, kind, scheme];
        file.extend_from_slice(self.text.as_bytes());
        file
    }

    /// The settings of the NDEF file with these access rights. Commands on it go in plain, as phones read it so.
    #[must_use]
    pub fn file_settings(&self, access: AccessRights) -> FileSettings {
        let (offsets, rights) = (self.offsets, self.rights);
        let wide = |offset: Option<u16>| offset.map(u32::from);
        let encrypted = offsets.picc_offset.is_some();
        let holds = |tag: PiccDataTag| encrypted && rights.picc_data != tag;
        let in_file_data = offsets.enc_offset.filter(|_| rights.tamper_in_file_data);
        let sdm = SdmAccess {
            uid: offsets.uid_offset.is_some() || holds(PiccDataTag::Counter),
            read_ctr: offsets.ctr_offset.is_some() || holds(PiccDataTag::Uid),
            meta_read: if encrypted { Access::Key(rights.meta_read_key) } else { Access::Free },
            file_read: Access::Key(rights.file_read_key),
            ctr_ret: rights.ctr_ret,
            uid_offset: wide(offsets.uid_offset),
            read_ctr_offset: wide(offsets.ctr_offset),
            picc_data_offset: wide(offsets.picc_offset),
            tt_status_offset: wide(in_file_data.or(offsets.tt_offset)),
            mac_input_offset: Some(offsets.mac_input_offset.into()),
            enc: wide(offsets.enc_offset).zip(wide(offsets.enc_length)),
            mac_offset: Some(offsets.mac_offset.into()),
            read_ctr_limit: rights.read_ctr_limit,
        };
        FileSettings { comm_mode: CommMode::Plain, access, sdm: Some(sdm) }
    }

    /// The setup that a tag has, from its NDEF file, as written or as read over the air, and its file settings.
    ///
    /// # Errors
    /// [`TagSetupError`] for a tag whose URL has another scheme than `http://` or `https://`, that sends no MAC, or
    /// whose mirrors overlap or stand where no placeholder can.
    pub fn read_back(file: &[u8], settings: &FileSettings, mode: SdmMode) -> Result<Self, TagSetupError> {
        let sdm = settings.sdm.as_ref().ok_or(TagSetupError::Settings { expected: "dynamic messaging" })?;
        let text = url_text(file)?;
        let offsets = offsets_of(sdm)?;
        let in_file_data = sdm.enc.is_some() && sdm.tt_status_offset == sdm.enc.map(|(offset, _)| offset);
        let chars = offsets.enc_length.unwrap_or(0);
        let template = template_of(text, &offsets, mode)?;
        let rights = SdmRights {
            picc_data: holding(sdm.uid, sdm.read_ctr),
            meta_read_key: if let Access::Key(number) = sdm.meta_read { number } else { 0 },
            file_read_key: match sdm.file_read {
                Access::Key(number) => number,
                _ => return Err(TagSetupError::Settings { expected: "a key of the MAC" }),
            },
            ctr_ret: sdm.ctr_ret,
            read_ctr_limit: sdm.read_ctr_limit,
            tamper_in_file_data: in_file_data,
        };
        let setup = Self::new(with_mac_start(template, &offsets, mode)?, mode, chars, rights)?;
        match setup.offsets == offsets {
            true => Ok(setup),
            false => Err(TagSetupError::Settings { expected: "offsets that a template has" }),
        }
    }
}

/// PICCData of a tag that mirrors these; it has to mirror one of them.
const fn holding(uid: bool, read_ctr: bool) -> PiccDataTag {
    match (uid, read_ctr) {
        (true, false) => PiccDataTag::Uid,
        (false, true) => PiccDataTag::Counter,
        _ => PiccDataTag::UidAndCounter,
    }
}

/// The text of the URL in a file, after its scheme.
fn url_text(file: &[u8]) -> Result<&str, TagSetupError> {
    let wrong = TagSetupError::File { expected: "one short URI record with http:// or https://" };
    let (length, message) = file.split_first_chunk().ok_or(wrong)?;
    let message = message.get(..usize::from(u16::from_be_bytes(*length))).ok_or(wrong)?;
    match message {
        [0xD1, 0x01, payload, b'U', 0x03 | 0x04, text @ ..] if usize::from(*payload) == text.len() + 1 => {
            std::str::from_utf8(text).ok().filter(|text| text.is_ascii()).ok_or(wrong)
        }
        _ => Err(wrong),
    }
}

/// The offsets in the terms of a template. A counter that is counted and not mirrored has none there.
fn offsets_of(sdm: &SdmAccess) -> Result<SdmOffsets, TagSetupError> {
    let outside = TagSetupError::Settings { expected: "offsets within the file" };
    let narrow = |offset: Option<u32>| match offset {
        Some(offset) if offset as usize >= NDEF_FILE_MAX => Err(outside),
        offset => Ok(offset.map(|offset| offset as u16)),
    };
    let (enc_offset, enc_length) = sdm.enc.unzip();
    let no_mac = TagSetupError::Settings { expected: "a MAC" };
    let mut offsets = SdmOffsets {
        uid_offset: narrow(sdm.uid_offset)?,
        ctr_offset: narrow(sdm.read_ctr_offset.filter(|offset| *offset != OFFSET_MAX))?,
        picc_offset: narrow(sdm.picc_data_offset)?,
        tt_offset: narrow(sdm.tt_status_offset)?,
        enc_offset: narrow(enc_offset)?,
        enc_length: narrow(enc_length)?,
        mac_input_offset: narrow(sdm.mac_input_offset)?.ok_or(no_mac)?,
        mac_offset: narrow(sdm.mac_offset)?.ok_or(no_mac)?,
    };
    if offsets.enc_offset.is_some() && offsets.tt_offset == offsets.enc_offset {
        offsets.tt_offset = None;
    }
    Ok(offsets)
}

/// The text with a placeholder for each mirror.
fn template_of(text: &str, offsets: &SdmOffsets, mode: SdmMode) -> Result<UrlTemplate, TagSetupError> {
    let mut mirrors: Vec<(u16, Field)> = [
        (offsets.uid_offset, Field::Uid),
        (offsets.ctr_offset, Field::ReadCounter),
        (offsets.picc_offset, Field::PiccData),
        (offsets.enc_offset, Field::FileData),
        (offsets.tt_offset, Field::TagTamper),
        (Some(offsets.mac_offset), Field::Mac),
    ]
    .into_iter()
    .filter_map(|(offset, field)| Some((offset?, field)))
    .collect();
    mirrors.sort_by_key(|(offset, _)| *offset);
    let (mut out, mut at) = (String::new(), 0);
    for (offset, field) in mirrors {
        let overlap = TagSetupError::Settings { expected: "mirrors within the URL that do not overlap" };
        let start = usize::from(offset).checked_sub(NDEF_URL_OFFSET).ok_or(overlap)?;
        out += text.get(at..start).ok_or(overlap)?;
        out += &format!("{{{field}}}");
        at = start + mode.width(field).unwrap_or(offsets.enc_length.unwrap_or(0).into());
    }
    out += text.get(at..).ok_or(TagSetupError::File { expected: "room for its mirrors" })?;
    Ok(out.parse()?)
}

/// The template with its MAC input where the tag has it, by name where there is one.
fn with_mac_start(
    template: UrlTemplate,
    offsets: &SdmOffsets,
    mode: SdmMode,
) -> Result<UrlTemplate, TagSetupError> {
    let chars = usize::from(offsets.enc_length.unwrap_or(0));
    // A name is told rather than a number.
    SEARCHED
        .into_iter()
        .chain([MacStart::Offset(offsets.mac_input_offset)])
        .filter_map(|start| template.clone().with_mac_input(MacInput::From(start)).ok())
        .find(|candidate| {
            let found = candidate.sdm_offsets(mode, chars);
            found.is_ok_and(|found| found.mac_input_offset == offsets.mac_input_offset)
        })
        .ok_or(TagSetupError::Settings { expected: "a MAC input that starts before file data and MAC" })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ACCESS: AccessRights = AccessRights {
        read: Access::Free,
        write: Access::Key(0),
        read_write: Access::Never,
        change: Access::Key(0),
    };

    const RIGHTS: SdmRights = SdmRights { ctr_ret: Access::Key(3), ..SdmRights::new(2, 1) };

    fn template(text: &str, start: MacStart) -> UrlTemplate {
        text.parse::<UrlTemplate>().unwrap().with_mac_input(MacInput::From(start)).unwrap()
    }

    fn read_back(file: &[u8], settings: &FileSettings) -> Result<TagSetup, TagSetupError> {
        TagSetup::read_back(file, settings, SdmMode::Aes)
    }

    #[test]
    fn what_a_tag_cannot_be_is_refused() {
        let new = |text: &str, start, chars, rights| {
            TagSetup::new(template(text, start), SdmMode::Aes, chars, rights).unwrap_err()
        };
        let plain = "h/?u={uid}&n={ctr}&c={mac}";
        let enc = "h/?p={picc}&e={enc}&c={mac}";
        let key = |field| TagSetupError::Key { field };
        let file_data = TagSetupError::Template(TemplateError::FileData);
        for (error, text, start, chars, rights) in [
            (key("file_read_key"), plain, MacStart::Empty, 0, SdmRights { file_read_key: 5, ..RIGHTS }),
            (key("ctr_ret"), plain, MacStart::Empty, 0, SdmRights { ctr_ret: Access::Key(9), ..RIGHTS }),
            (key("meta_read_key"), enc, MacStart::FileData, 32, SdmRights { meta_read_key: 5, ..RIGHTS }),
            (file_data, enc, MacStart::FileData, 0, RIGHTS),
            (file_data, enc, MacStart::FileData, 32, SdmRights { picc_data: PiccDataTag::Uid, ..RIGHTS }),
            (file_data, plain, MacStart::Empty, 0, SdmRights { tamper_in_file_data: true, ..RIGHTS }),
        ] {
            assert_eq!(new(text, start, chars, rights), error, "{text}");
        }
    }

    #[test]
    fn a_tag_that_no_template_stands_for_is_refused() {
        let setup = TagSetup::new(template("h/?u={uid}&c={mac}", MacStart::Path), SdmMode::Aes, 0, RIGHTS);
        let setup = setup.unwrap();
        let (file, settings) = (setup.ndef_file(), setup.file_settings(ACCESS));
        assert_eq!(read_back(&file, &settings), Ok(setup));
        let mut http = file.clone();
        http[6] = 0x03;
        assert!(read_back(&http, &settings).is_ok());
        for (at, value) in [(1, 0xFF), (2, 0x91), (4, 0), (6, 0x02), (9, 0xC3)] {
            let mut bad = file.clone();
            bad[at] = value;
            assert!(matches!(read_back(&bad, &settings), Err(TagSetupError::File { .. })), "byte {at}");
        }
        assert!(read_back(&[], &settings).is_err());
        let with = |change: fn(&mut SdmAccess)| {
            let mut settings = settings;
            change(settings.sdm.as_mut().unwrap());
            read_back(&file, &settings)
        };
        for change in [
            (|sdm| sdm.uid_offset = Some(6)) as fn(&mut SdmAccess),
            |sdm| sdm.uid_offset = Some(20),
            |sdm| sdm.uid_offset = Some(256),
            |sdm| sdm.mac_offset = None,
            |sdm| sdm.mac_offset = Some(44),
            |sdm| sdm.mac_input_offset = Some(200),
            |sdm| sdm.file_read = Access::Never,
        ] {
            let error = with(change).unwrap_err();
            assert!(matches!(error, TagSetupError::Settings { .. } | TagSetupError::File { .. }), "{error}");
        }
        assert!(read_back(&file, &FileSettings { sdm: None, ..settings }).is_err());
    }

    fn setups() -> impl Strategy<Value = TagSetup> {
        let templates = vec![
            "h/?u={uid}&n={ctr}&c={mac}",
            "tap.example/t/{uid}x{ctr}?tt={tt}&c={mac}&tail=1",
            "tap.example/{ctr}#{mac}",
            "tap.example/l/0042?p={picc}&c={mac}",
            "tap.example/l/0042?p={picc}&tt={tt}&e={enc}&c={mac}",
            "tap.example/?{uid}{ctr}{enc}{mac}",
            "tap.example/a?c={mac}&p={picc}",
        ];
        let starts = vec![
            MacStart::Empty,
            MacStart::FileData,
            MacStart::Mirrors,
            MacStart::TagTamper,
            MacStart::Path,
            MacStart::Host,
            MacStart::Query,
            MacStart::Offset(8),
            MacStart::Offset(21),
            MacStart::Offset(60),
        ];
        let accesses = vec![Access::Key(0), Access::Key(4), Access::Free, Access::Never];
        let tags = vec![PiccDataTag::UidAndCounter, PiccDataTag::Uid, PiccDataTag::Counter];
        (
            prop::sample::select(templates),
            prop::sample::select(starts),
            prop::sample::select(vec![SdmMode::Aes, SdmMode::Lrp]),
            prop::sample::select(vec![0u16, 32, 64]),
            (prop::sample::select(tags), 0..=4u8, 0..=4u8, prop::sample::select(accesses)),
            (prop::option::of(0..=0xFF_FFFFu32), any::<bool>()),
        )
            .prop_filter_map(
                "a tag that can be",
                |(text, start, mode, chars, keys, (limit, tamper))| {
                    let template =
                        text.parse::<UrlTemplate>().ok()?.with_mac_input(MacInput::From(start)).ok()?;
                    let rights = SdmRights {
                        picc_data: keys.0,
                        meta_read_key: keys.1,
                        file_read_key: keys.2,
                        ctr_ret: keys.3,
                        read_ctr_limit: limit.and_then(|limit| ReadCounter::new(limit).ok()),
                        tamper_in_file_data: tamper && !template.has(Field::TagTamper),
                    };
                    TagSetup::new(template, mode, chars, rights).ok()
                },
            )
    }

    proptest! {
        /// Template to file and settings, over the wire of both commands, and back: the same text, the same offsets.
        #[test]
        fn what_a_tag_is_given_says_what_it_was_given_for(setup in setups()) {
            let settings = setup.file_settings(ACCESS);
            let sent = settings.encode().unwrap();
            let answer = [&[0], &sent[..3], &[0, 1, 0], &sent[3..]].concat();
            let (told, size) = FileSettings::parse(&answer).unwrap();
            prop_assert_eq!((told, size), (settings, 256));
            let file = setup.ndef_file();
            prop_assert!(file.len() <= NDEF_FILE_MAX);
            let back = TagSetup::read_back(&file, &told, setup.mode()).unwrap();
            prop_assert_eq!(back.template().to_string(), setup.template().to_string());
            prop_assert_eq!((back.offsets(), back.rights()), (setup.offsets(), setup.rights()));
            prop_assert_eq!((back.ndef_file(), back.file_settings(ACCESS)), (file, settings));
        }
    }
}
