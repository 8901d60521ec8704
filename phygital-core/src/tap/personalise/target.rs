//! What a tag is to become, as far as it is the same for a whole fleet.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::plan::{Feature, KeyChange, KeySlot, Mode, Plan};
use super::slot_keys::DELIVERY_VERSION;
use crate::contactless::ntag424::{Access, AccessRights, CommMode, FileSettings};
use crate::tap::tag_setup::{SdmRights, TagSetup, TagSetupError};
use crate::tap::{MacInput, MacInputError, MacStart, PiccDataTag, SdmMode, TemplateError, UrlTemplate};
use crate::vocab::Digest;
use crate::vocab::tag::{ReadCounter, TagUid};

/// Who may do what with the NDEF file of a provisioned tag: everybody reads, the master key does all else.
pub const PROVISIONED_ACCESS: AccessRights = AccessRights {
    read: Access::Free,
    write: Access::Key(0),
    read_write: Access::Key(0),
    change: Access::Key(0),
};

/// The settings of the NDEF file at delivery (NT4H2421Gx §8.2.3.1): everybody reads and writes.
pub const DELIVERY_SETTINGS: FileSettings = FileSettings {
    comm_mode: CommMode::Plain,
    access: AccessRights {
        read: Access::Free,
        write: Access::Free,
        read_write: Access::Free,
        change: Access::Key(0),
    },
    sdm: None,
};

/// Longest JSON text of a template, in bytes: a URL and a few names, with room.
pub const TAG_TEMPLATE_JSON_MAX: usize = 16 * 1024;

/// What a tag is to become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// None for a tag as it was delivered.
    setup: Option<TagSetup>,
    version: u8,
    features: BTreeSet<Feature>,
    check_originality: bool,
}

impl Target {
    /// A tag with this setup and the keys of `version`, 1 to 255.
    #[must_use]
    pub fn new(setup: TagSetup, version: u8) -> Self {
        Self { setup: Some(setup), version, features: BTreeSet::new(), check_originality: true }
    }

    /// A tag as it was delivered: an empty NDEF file that everybody may write, all keys zero. What was switched on
    /// for good stays on.
    #[must_use]
    pub fn delivery() -> Self {
        Self { setup: None, version: DELIVERY_VERSION, features: BTreeSet::new(), check_originality: false }
    }

    /// Switches something on for good. A setup for LRP mode needs [`Feature::Lrp`], or a tag that has it.
    #[must_use]
    pub fn switch_on(mut self, feature: Feature) -> Self {
        self.features.insert(feature);
        self
    }

    /// Takes tags whose originality signature is not NXP's, such as tags in software.
    #[must_use]
    pub fn without_originality(mut self) -> Self {
        self.check_originality = false;
        self
    }

    /// The setup; `None` for a tag as it was delivered.
    #[must_use]
    pub fn setup(&self) -> Option<&TagSetup> {
        self.setup.as_ref()
    }

    /// The version of its keys.
    #[must_use]
    pub fn version(&self) -> u8 {
        self.version
    }

    pub(super) fn checks_originality(&self) -> bool {
        self.check_originality
    }

    pub(super) fn features(&self) -> &BTreeSet<Feature> {
        &self.features
    }

    /// What is to stand in the NDEF file, without the zeros behind it.
    pub(super) fn ndef_file(&self) -> Vec<u8> {
        self.setup.as_ref().map_or_else(Vec::new, TagSetup::ndef_file)
    }

    /// The settings of the NDEF file.
    pub(super) fn settings(&self) -> FileSettings {
        self.setup.as_ref().map_or(DELIVERY_SETTINGS, |setup| setup.file_settings(PROVISIONED_ACCESS))
    }

    /// The slots whose keys make the messages of the setup.
    pub(super) fn messaging_slots(&self) -> impl Iterator<Item = KeySlot> {
        let sdm = self.settings().sdm;
        let rights = sdm.map(|sdm| [sdm.meta_read, sdm.file_read]);
        rights.into_iter().flatten().filter_map(|access| match access {
            Access::Key(number) => KeySlot::new(number).ok(),
            _ => None,
        })
    }

    /// The mode that the setup is for; `None` where either will do.
    pub(super) fn mode(&self) -> Option<Mode> {
        let setup = self.setup.as_ref()?;
        Some(match setup.mode() {
            SdmMode::Aes => Mode::Aes,
            SdmMode::Lrp => Mode::Lrp,
        })
    }

    /// SHA-256 of the settings as they are sent, then the file.
    #[must_use]
    pub fn content(&self) -> Digest {
        // Settings that cannot be are found out when they are sent; a digest of nothing is as good as any there.
        let mut content = self.settings().encode().unwrap_or_default();
        content.extend_from_slice(&self.ndef_file());
        Digest::of(&content)
    }

    /// The plan for a tag with these key versions in this mode; `gets` says which slots get the key of the version.
    pub(super) fn plan(
        &self,
        uid: TagUid,
        mode: Mode,
        versions: [u8; KeySlot::COUNT],
        gets: impl Fn(KeySlot) -> bool,
    ) -> Plan {
        let mut plan = Plan::new(uid, self.content());
        for (slot, now) in KeySlot::ALL.into_iter().zip(versions) {
            plan.keys[slot.index()] = KeyChange { now, then: if gets(slot) { self.version } else { now } };
        }
        plan.mode = mode;
        plan.features.clone_from(&self.features);
        plan
    }
}

/// Why a text is no template of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TagTemplateError {
    /// Longer than [`TAG_TEMPLATE_JSON_MAX`].
    #[error("a template has at most {TAG_TEMPLATE_JSON_MAX} bytes")]
    TooLong,
    /// Not JSON, or not of this form.
    #[error(
        "line {line}, column {column}: expected an object with template, mac_input, meta_read_key, file_read_key, \
         ctr_ret, picc_data, file_data_bytes, tamper_in_file_data and read_ctr_limit alone"
    )]
    Form {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// The URL.
    #[error("template: {0}")]
    Template(#[from] TemplateError),
    /// Where the MAC input starts.
    #[error("mac_input: {0}")]
    MacInput(#[from] MacInputError),
    /// Who may ask for the counter.
    #[error("ctr_ret: expected a key from 0 to 4, 14 for everybody or 15 for nobody")]
    CtrRet,
    /// Another setting.
    #[error(transparent)]
    Setup(#[from] TagSetupError),
}

/// A template as it stands in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    template: String,
    mac_input: Option<String>,
    #[serde(default = "one")]
    meta_read_key: u8,
    #[serde(default = "two")]
    file_read_key: u8,
    #[serde(default)]
    ctr_ret: u8,
    #[serde(default = "both")]
    picc_data: PiccDataTag,
    #[serde(default)]
    file_data_bytes: Option<u16>,
    #[serde(default)]
    tamper_in_file_data: bool,
    #[serde(default)]
    read_ctr_limit: Option<ReadCounter>,
}

fn one() -> u8 {
    1
}

fn two() -> u8 {
    2
}

fn both() -> PiccDataTag {
    PiccDataTag::UidAndCounter
}

impl Written {
    fn of_url(template: &str) -> Self {
        Self {
            template: template.to_owned(),
            mac_input: None,
            meta_read_key: one(),
            file_read_key: two(),
            ctr_ret: 0,
            picc_data: both(),
            file_data_bytes: None,
            tamper_in_file_data: false,
            read_ctr_limit: None,
        }
    }

    fn setup(self, mode: SdmMode) -> Result<TagSetup, TagTemplateError> {
        let mut template: UrlTemplate = self.template.parse()?;
        if let Some(start) = self.mac_input {
            template = template.with_mac_input(start.parse()?)?;
        } else if template.mac_input() == MacInput::Search {
            template = template.with_mac_input(MacInput::From(MacStart::Host))?;
        }
        let has_data = template.has(crate::tap::Field::FileData);
        let bytes = self.file_data_bytes.unwrap_or(if has_data { 16 } else { 0 });
        let rights = SdmRights {
            picc_data: self.picc_data,
            meta_read_key: self.meta_read_key,
            file_read_key: self.file_read_key,
            ctr_ret: Access::from_number(self.ctr_ret).ok_or(TagTemplateError::CtrRet)?,
            read_ctr_limit: self.read_ctr_limit,
            tamper_in_file_data: self.tamper_in_file_data,
        };
        Ok(TagSetup::new(template, mode, bytes.saturating_mul(2), rights)?)
    }
}

impl TagSetup {
    /// Reads a setup from a URL template, or from a JSON object that holds one:
    ///
    /// | field | value |
    /// |---|---|
    /// | `template` | the URL with its placeholders, a [`UrlTemplate`] |
    /// | `mac_input` | where the MAC input starts, a [`MacInput`]; `host` if absent and not marked in the template, so that the whole text is authenticated |
    /// | `meta_read_key` | the slot of the key of `{picc}`, 1 if absent |
    /// | `file_read_key` | the slot of the key of the MAC, 2 if absent |
    /// | `ctr_ret` | who may ask for the counter: a slot, 14 for everybody, 15 for nobody; 0 if absent |
    /// | `picc_data` | what `{picc}` holds: `"c7"` UID and counter, `"87"` UID, `"40"` counter; `"c7"` if absent |
    /// | `file_data_bytes` | the bytes of `{enc}`, a multiple of 16; 16 if absent |
    /// | `tamper_in_file_data` | whether the tamper status stands in the first two bytes of `{enc}` |
    /// | `read_ctr_limit` | where the counter stops; nowhere if absent |
    ///
    /// # Errors
    /// [`TagTemplateError`], also for unknown fields.
    ///
    /// ```
    /// use phygital_core::tap::{SdmMode, tag_setup::TagSetup};
    /// let setup = TagSetup::from_text("https://tap.example/t?p={picc}&c={mac}", SdmMode::Aes)?;
    /// let same = r#"{"template": "tap.example/t?p={picc}&c={mac}", "mac_input": "host"}"#;
    /// assert_eq!(TagSetup::from_text(same, SdmMode::Aes)?, setup);
    /// # Ok::<(), phygital_core::tap::personalise::TagTemplateError>(())
    /// ```
    pub fn from_text(text: &str, mode: SdmMode) -> Result<Self, TagTemplateError> {
        if text.len() > TAG_TEMPLATE_JSON_MAX {
            return Err(TagTemplateError::TooLong);
        }
        let text = text.trim();
        if !text.starts_with('{') {
            return Written::of_url(text).setup(mode);
        }
        let form =
            |error: serde_json::Error| TagTemplateError::Form { line: error.line(), column: error.column() };
        serde_json::from_str::<Written>(text).map_err(form)?.setup(mode)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn refused(text: &str) -> TagTemplateError {
        TagSetup::from_text(&text.replace('\'', "\""), SdmMode::Aes).unwrap_err()
    }

    #[test]
    fn a_template_names_what_is_wrong() {
        let with =
            |more: &str| refused(&format!("{{'template':'h/?p={{picc}}&c={{mac}}',{more}}}")).to_string();
        assert!(with("'ctr_ret':5").starts_with("ctr_ret: expected"));
        assert!(with("'mac_input':'there'").starts_with("mac_input: "));
        assert!(with("'meta_read_key':5").starts_with("meta_read_key: "));
        assert!(with("'picc_data':'c6'").starts_with("line 1, column "));
        assert!(with("'colour':1").contains("expected an object with template"));
        assert!(with("'file_data_bytes':16").contains("{enc}"));
        assert!(refused("h/?p={picc}").to_string().starts_with("template: "));
        let full = format!("h/?c={{mac}}&p={{picc}}{}", " ".repeat(TAG_TEMPLATE_JSON_MAX));
        assert_eq!(refused(&full[..=TAG_TEMPLATE_JSON_MAX]), TagTemplateError::TooLong);
        assert!(TagSetup::from_text(&full[..TAG_TEMPLATE_JSON_MAX], SdmMode::Aes).is_ok());
    }

    #[test]
    fn the_content_of_a_target_is_file_and_settings() {
        let target = |text: &str| Target::new(TagSetup::from_text(text, SdmMode::Aes).unwrap(), 1);
        let one = target("h/?p={picc}&c={mac}");
        assert_eq!(one.content(), target("h/?p={picc}&c={mac}").switch_on(Feature::RandomId).content());
        assert_ne!(one.content(), target("h/?q={picc}&c={mac}").content());
        assert_ne!(one.content(), target("{\"template\":\"h/?p={picc}&c={mac}\",\"ctr_ret\":15}").content());
        assert_ne!(one.content(), Target::delivery().content());
        assert_eq!(Target::delivery().settings().encode().unwrap(), [0x00, 0xE0, 0xEE]);
        assert!(Target::delivery().ndef_file().is_empty());
    }
}
