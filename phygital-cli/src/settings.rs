//! The settings file beside a store: what a shop says once, and every command reads.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use phygital_core::consent::{Basis, Policy};
use phygital_core::engine::Config;
use phygital_core::machine::FailureLimits;
use phygital_core::optin::{Notice, OptInConfig};
use phygital_core::tap::replay::ReplayPolicy;
use phygital_core::vocab::{NoticeId, Purpose, Region};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::text_file;

/// Longest settings file or notice, in bytes. A page of text, many times over.
pub(crate) const SETTINGS_BYTES_MAX: u64 = 256 * 1024;

/// The settings of a shop, as they stand in its JSON file. All may be absent; unknown ones are refused.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The brand, as messages name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) brand: Option<String>,
    /// The notice that an unknown visitor is shown after a tap; no opt-in is offered without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) notice: Option<NoticeFile>,
    /// The file of the tags' keys, relative to this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) keys: Option<PathBuf>,
    /// The currency of amounts that name none, ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) currency: Option<String>,
    /// The country of phone numbers without a country code, ISO 3166-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<String>,
    /// What purposes rest on that need no consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) basis: Option<BTreeMap<Purpose, Basis>>,
    /// What is answered to texts; `{brand}` stands for the brand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) answers: Option<Answers>,
    /// How long a one-time code lives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code_life_seconds: Option<u64>,
    /// How long the same client may send the same tap again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) repeat_window_seconds: Option<u64>,
    /// How late a tap may come after a later one of the same tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) late_window_minutes: Option<u64>,
    /// The same for fleets of their own rule, by the label of their keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) late_window_minutes_of: Option<BTreeMap<String, u64>>,
    /// How many failed taps are let pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure_limits: Option<Failures>,
}

/// How many failed taps are let pass, and for how long they count. What is absent is as by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Failures {
    #[serde(skip_serializing_if = "Option::is_none")]
    of_source: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    of_tag: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window_minutes: Option<u32>,
}

/// Longest window in which failed taps count: a source that was refused waits for its end.
const FAILURE_WINDOW_MINUTES_MAX: u32 = 24 * 60;

/// What is answered to texts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answers {
    #[serde(skip_serializing_if = "Option::is_none")]
    joined: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

/// A notice as it stands in a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoticeFile {
    id: NoticeId,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    purposes: BTreeSet<Purpose>,
    sender: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    keyword: Option<String>,
}

impl NoticeFile {
    /// Reads a file that holds a notice alone.
    pub(crate) fn read(path: &Path) -> Result<NoticeFile, Failure> {
        let file = parse::<NoticeFile>(&read(path)?, path)?;
        file.notice()?;
        Ok(file)
    }

    /// The notice, checked.
    pub(crate) fn notice(&self) -> Result<Notice, Failure> {
        let notice =
            Notice::new(self.id.clone(), self.text.clone(), &self.sender, self.purposes.iter().copied());
        let notice = notice.and_then(|notice| match &self.language {
            Some(language) => notice.with_language(language),
            None => Ok(notice),
        });
        let notice = notice.and_then(|notice| match &self.keyword {
            Some(keyword) => notice.with_keyword(keyword),
            None => Ok(notice),
        });
        notice.map_err(|error| bad(&format!("notice.{error}")))
    }
}

impl Failures {
    fn limits(self) -> Result<FailureLimits, Failure> {
        let default = FailureLimits::default();
        let minutes = self.window_minutes.map_or(Ok(default.window), |minutes| match minutes {
            1..=FAILURE_WINDOW_MINUTES_MAX => Ok(Duration::from_secs(60 * u64::from(minutes))),
            _ => Err(bad("failure_limits.window_minutes: expected 1 to 1440")),
        })?;
        let count = |field: &str, given: Option<u32>, default| match given {
            Some(0) => Err(bad(&format!("failure_limits.{field}: expected at least 1"))),
            given => Ok(given.unwrap_or(default)),
        };
        let of_source = count("of_source", self.of_source, default.of_source)?;
        Ok(FailureLimits::new(of_source, count("of_tag", self.of_tag, default.of_tag)?, minutes))
    }
}

impl Settings {
    /// Reads the file. Where it was not asked for by name it may be absent.
    pub(crate) fn read(path: &Path, must_exist: bool) -> Result<Settings, Failure> {
        if !must_exist && !path.exists() {
            return Ok(Settings::default());
        }
        parse(&read(path)?, path)
    }

    /// Writes the file; one that is there already stays as it is.
    ///
    /// # Errors
    /// Misuse where there is one.
    pub(crate) fn write_new(&self, path: &Path) -> Result<(), Failure> {
        let mut text = serde_json::to_string_pretty(self).map_err(|_| bad("settings without a JSON form"))?;
        text.push('\n');
        let failed = |error: io::Error| Failure::io(&name(path), &error);
        let mut file = File::create_new(path).map_err(failed)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
    }

    /// What an engine is opened with.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        let mut config = Config::default();
        if let Some(brand) = &self.brand {
            config = config.with_brand(brand);
        }
        if let Some(notice) = &self.notice {
            config = config.with_notice(notice.notice()?);
        }
        let policy = self.basis.iter().flatten();
        config = config
            .with_policy(policy.fold(Policy::default(), |all, (purpose, basis)| all.with(*purpose, *basis)));
        if let Some(answers) = &self.answers {
            let or = |answer: &Option<String>, default: &str| answer.clone().unwrap_or(default.to_owned());
            let joined = or(&answers.joined, &config.joined_text);
            let (left, help) = (or(&answers.left, &config.left_text), or(&answers.help, &config.help_text));
            config = config.with_answers(joined, left, help);
        }
        if let Some(seconds) = self.code_life_seconds {
            let opt_in = OptInConfig::default().with_code_life(Duration::from_secs(seconds));
            config = config.with_opt_in(opt_in.map_err(|error| bad(&format!("code_life_seconds: {error}")))?);
        }
        if let Some(seconds) = self.repeat_window_seconds {
            config = config.with_repeat_window(Duration::from_secs(seconds));
        }
        if let Some(minutes) = self.late_window_minutes {
            config = config.with_replay(late(minutes, "late_window_minutes")?);
        }
        for (label, minutes) in self.late_window_minutes_of.iter().flatten() {
            config = config.with_replay_of(label, late(*minutes, "late_window_minutes_of")?);
        }
        if let Some(failures) = &self.failure_limits {
            config = config.with_failure_limits(failures.limits()?);
        }
        Ok(config)
    }

    /// The country of phone numbers without a country code.
    pub(crate) fn region(&self) -> Result<Option<Region>, Failure> {
        self.region.as_deref().map(region).transpose().map_err(|error| bad(&format!("region: {error}")))
    }
}

/// The rule for taps that come out of order.
fn late(minutes: u64, field: &str) -> Result<ReplayPolicy, Failure> {
    ReplayPolicy::late_within(Duration::from_secs(minutes.saturating_mul(60)))
        .map_err(|error| bad(&format!("{field}: {error}")))
}

/// A country as ISO 3166-1 has it.
pub(crate) fn region(text: &str) -> Result<Region, &'static str> {
    text.parse().map_err(|_| "expected a country of ISO 3166-1 in two capital letters, such as FR")
}

/// Reads a file of at most [`SETTINGS_BYTES_MAX`].
pub(crate) fn read(path: &Path) -> Result<Zeroizing<String>, Failure> {
    text_file::read(path, SETTINGS_BYTES_MAX, |what| malformed(path, what))
}

/// Takes the text of a file as JSON.
pub(crate) fn parse<'t, T: Deserialize<'t>>(text: &'t str, path: &Path) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(|error| {
        let failure = malformed(path, &error.to_string());
        if error.line() > 0 { failure.at_line(error.line() as u64) } else { failure }
    })
}

fn malformed(path: &Path, what: &str) -> Failure {
    bad(&format!("{}: {what}", name(path)))
}

fn bad(what: &str) -> Failure {
    Failure::misuse("bad_settings", what)
}

/// A path as a message shows it.
pub(crate) fn name(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn settings(text: &str) -> Result<Settings, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.json");
        std::fs::write(&path, text).unwrap();
        Settings::read(&path, true)
    }

    #[test]
    fn unknown_settings_are_refused_by_name() {
        let failure = settings("{\n \"brandt\": \"x\"}").unwrap_err();
        assert!(failure.message.contains("unknown field `brandt`"), "{failure}");
        assert_eq!(failure.line, Some(2));
        let notice = r#"{"notice": {"id": "n", "text": "Hi", "purposes": ["marketing"], "sender": "72345", "languge": "en"}}"#;
        assert!(settings(notice).unwrap_err().message.contains("languge"));
        assert!(settings(&notice.replace("languge", "language")).unwrap().config().is_ok());
    }

    #[test]
    fn settings_are_checked() {
        for (text, told) in [
            (r#"{"region": "fr"}"#, "region"),
            (r#"{"code_life_seconds": 1}"#, "code_life_seconds"),
            (r#"{"basis": {"measurement": "whim"}}"#, "whim"),
            (r#"{"late_window_minutes": 721}"#, "late_window_minutes"),
            (r#"{"late_window_minutes_of": {"doors": 721}}"#, "late_window_minutes_of"),
            (r#"{"failure_limits": {"of_source": 0}}"#, "failure_limits.of_source"),
            (r#"{"failure_limits": {"of_tag": 0}}"#, "failure_limits.of_tag"),
            (r#"{"failure_limits": {"window_minutes": 0}}"#, "failure_limits.window_minutes"),
            (r#"{"failure_limits": {"window_minutes": 1441}}"#, "failure_limits.window_minutes"),
            (r#"{"failure_limits": {"of_phone": 3}}"#, "of_phone"),
        ] {
            let read = settings(text).and_then(|read| read.config().and(read.region()));
            assert!(read.unwrap_err().message.contains(told), "{text}");
        }
        let full = r#"{"brand": "Maison Ada", "region": "FR", "currency": "EUR", "keys": "tags.json",
            "basis": {"measurement": "legitimate_interest"}, "answers": {"help": "Ask us."},
            "code_life_seconds": 600, "repeat_window_seconds": 60,
            "late_window_minutes": 720, "late_window_minutes_of": {"doors": 0},
            "failure_limits": {"of_source": 5, "window_minutes": 1440}}"#;
        let config = settings(full).unwrap().config().unwrap();
        assert_eq!((config.brand.as_str(), config.help_text.as_str()), ("Maison Ada", "Ask us."));
        assert_eq!(config.policy.basis(Purpose::Measurement), Basis::LegitimateInterest);
        assert!(config.joined_text.contains("welcome"));
        assert_eq!(config.replay.window(), Duration::from_secs(12 * 60 * 60));
        assert!(config.replay_of["doors"].is_strict());
        let a_day = Duration::from_secs(60 * u64::from(FAILURE_WINDOW_MINUTES_MAX));
        assert_eq!(config.failure_limits, FailureLimits::new(5, 30, a_day));
        assert_eq!(settings("{}").unwrap().config().unwrap().failure_limits, FailureLimits::default());
    }

    #[test]
    fn a_settings_file_has_a_limit() {
        let sized = |bytes: u64| format!("{{}}{}", " ".repeat(usize::try_from(bytes).unwrap() - 2));
        assert!(settings(&sized(SETTINGS_BYTES_MAX)).is_ok());
        assert!(settings(&sized(SETTINGS_BYTES_MAX + 1)).is_err());
    }
}
