//! The settings of a shop as an operator writes them: one JSON text for the command and for every binding.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Config;
use crate::consent::{Basis, Catalogue, Policy};
use crate::event::CodecOptions;
use crate::machine::FailureLimits;
use crate::optin::{Notice, OptInConfig, TagText};
use crate::rules::RuleBook;
use crate::tap::replay::ReplayPolicy;
use crate::vocab::limits::{CONFIRM_LIFE_MAX, SETTINGS_BYTES_MAX};
use crate::vocab::{Currency, NoticeId, Purpose, Region};

/// Longest window in which failed taps count: a source that was refused waits for its end.
const FAILURE_WINDOW_MINUTES_MAX: u32 = 24 * 60;

/// The settings of a shop. All may be absent; unknown ones are refused.
///
/// ```
/// use phygital_core::engine::Settings;
/// let settings = Settings::from_json(r#"{"brand": "Maison Ada", "region": "FR", "currency": "EUR"}"#)?;
/// assert_eq!(settings.config()?.brand, "Maison Ada");
/// # Ok::<(), phygital_core::engine::SettingsError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Settings {
    /// The brand, as messages name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// The notice that an unknown visitor is shown after a tap; no opt-in is offered without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<NoticeSettings>,
    /// The file of the tags' keys, relative to the file of these settings: for hosts that keep them in files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<String>,
    /// The currency of amounts that name none, ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The country of phone numbers without a country code, ISO 3166-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// What purposes rest on that need no consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<BTreeMap<Purpose, Basis>>,
    /// The purpose catalogue: what data is used for, on what basis, and who gets it. A basis here and one in `basis` have to
    /// be the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalogue: Option<Catalogue>,
    /// What is answered to texts; `{brand}` stands for the brand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<AnswerSettings>,
    /// Rules of messages that replace or add to those of the library, by their ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<RuleBook>,
    /// The brand's own domains: links in messages lead to these and to what lies under them, and nowhere else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_domains: Option<Vec<String>>,
    /// Whether replies to a customer's texts keep the hours and caps of marketing, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replies_as_marketing: Option<bool>,
    /// Which ways lead from a tap to a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ways: Option<WaySettings>,
    /// How long the question of a double opt-in waits for its answer, 1 to 720.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirm_hours: Option<u64>,
    /// How long a one-time code lives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_life_seconds: Option<u64>,
    /// How long the same client may send the same tap again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat_window_seconds: Option<u64>,
    /// How late a tap may come after a later one of the same tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_window_minutes: Option<u64>,
    /// The same for fleets of their own rule, by the label of their keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_window_minutes_of: Option<BTreeMap<String, u64>>,
    /// How many failed taps are let pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_limits: Option<FailureSettings>,
}

/// How many failed taps are let pass, and for how long they count. What is absent is as by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FailureSettings {
    /// Of one client or touchpoint, at least 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of_source: Option<u32>,
    /// Of one tag before an alarm is raised, at least 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of_tag: Option<u32>,
    /// How long a failure counts, 1 to 1440.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_minutes: Option<u32>,
}

/// What is answered to texts. What is absent is as by default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AnswerSettings {
    /// To one that joins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joined: Option<String>,
    /// To one that leaves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
    /// To one that asks for help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// To one that has to agree first; `{notice}` stands for the notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
}

/// Which ways lead from a tap to a text. What is absent is as by default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct WaySettings {
    /// A page after the tap, with a one-time code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub landing: Option<bool>,
    /// The link that a tag with an `sms:` link of its own stands for, with places for what it mirrors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag_text: Option<String>,
    /// The notice's keyword alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyword: Option<bool>,
}

/// A [`Notice`] as it is written, with a keyword that may be absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NoticeSettings {
    /// Its name.
    pub id: NoticeId,
    /// Its text.
    pub text: String,
    /// Its language, BCP 47.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What one agrees to by it.
    pub purposes: BTreeSet<Purpose>,
    /// Where texts go.
    pub sender: String,
    /// The word before the code; `JOIN` where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyword: Option<String>,
}

/// Why settings do not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// Longer than [`SETTINGS_BYTES_MAX`].
    #[error("expected at most {SETTINGS_BYTES_MAX} bytes of settings")]
    TooLong,
    /// No JSON, an unknown setting, or a value of another type.
    #[error("line {line}: {expected}")]
    Json {
        /// From 1; 0 where no line can be named.
        line: usize,
        /// What is wrong there.
        expected: String,
    },
    /// A value that cannot be.
    #[error("{field}: {expected}")]
    Field {
        /// Which setting.
        field: &'static str,
        /// What was expected.
        expected: String,
    },
}

impl Settings {
    /// Reads settings from JSON.
    ///
    /// # Errors
    /// [`SettingsError`]: also where [`Settings::config`] would refuse a value.
    pub fn from_json(text: &str) -> Result<Settings, SettingsError> {
        if text.len() > SETTINGS_BYTES_MAX {
            return Err(SettingsError::TooLong);
        }
        let settings: Settings = serde_json::from_str(text)
            .map_err(|error| SettingsError::Json { line: error.line(), expected: error.to_string() })?;
        settings.config()?;
        settings.codec_options()?;
        Ok(settings)
    }

    /// What an engine is opened with.
    ///
    /// # Errors
    /// [`SettingsError::Field`] for a value that cannot be.
    pub fn config(&self) -> Result<Config, SettingsError> {
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
        if let Some(catalogue) = &self.catalogue {
            for (purpose, basis) in self.basis.iter().flatten() {
                if catalogue.of(*purpose).is_some_and(|one| one.basis != *basis) {
                    return Err(bad("basis", format!("expected the catalogue's basis of {purpose}")));
                }
            }
            config = config.with_catalogue(catalogue.clone());
        }
        if let Some(answers) = &self.answers {
            let or = |answer: &Option<String>, default: &str| answer.clone().unwrap_or(default.to_owned());
            let joined = or(&answers.joined, &config.joined_text);
            let (left, help) = (or(&answers.left, &config.left_text), or(&answers.help, &config.help_text));
            config = config.with_answers(joined, left, help);
        }
        if let Some(rules) = &self.rules {
            let book = RuleBook::standard().extended_by(rules.clone());
            config = config.with_rule_book(book.map_err(|error| bad("rules", error))?);
        }
        for domain in self.link_domains.iter().flatten() {
            config.gate.style = config.gate.style.with_domain(domain);
        }
        config.gate.replies_as_marketing = self.replies_as_marketing.unwrap_or_default();
        if let Some(text) = self.answers.as_ref().and_then(|answers| answers.confirm.as_ref()) {
            config.confirm_text.clone_from(text);
        }
        if let Some(hours) = self.confirm_hours {
            let life = Duration::from_secs(hours.saturating_mul(60 * 60));
            if hours == 0 || life > CONFIRM_LIFE_MAX {
                return Err(bad("confirm_hours", "expected 1 to 720"));
            }
            config.confirm_life = life;
        }
        if let Some(ways) = &self.ways {
            if ways.tag_text.as_ref().is_some_and(|link| !TagText::is_template(link)) {
                let expected = "expected a link with {uid}, {ctr} and {mac}, or {picc} and {mac}, in it";
                return Err(bad("ways.tag_text", expected));
            }
            config.ways.landing = ways.landing.unwrap_or(config.ways.landing);
            config.ways.keyword = ways.keyword.unwrap_or(config.ways.keyword);
            config.ways.tag_text.clone_from(&ways.tag_text);
        }
        if let Some(seconds) = self.code_life_seconds {
            let opt_in = OptInConfig::default().with_code_life(Duration::from_secs(seconds));
            config = config.with_opt_in(opt_in.map_err(|error| bad("code_life_seconds", error))?);
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
    ///
    /// # Errors
    /// [`SettingsError::Field`] for no country.
    pub fn region(&self) -> Result<Option<Region>, SettingsError> {
        let expected = "expected a country of ISO 3166-1 in two capital letters, such as FR";
        let read = |text: &String| text.parse().map_err(|_| bad("region", expected));
        self.region.as_ref().map(read).transpose()
    }

    /// The currency of amounts that name none.
    ///
    /// # Errors
    /// [`SettingsError::Field`] for no currency.
    pub fn currency(&self) -> Result<Option<Currency>, SettingsError> {
        let read = |text: &String| text.parse().map_err(|error| bad("currency", error));
        self.currency.as_ref().map(read).transpose()
    }

    /// What events are read with: region and currency.
    ///
    /// # Errors
    /// As [`Settings::region`] and [`Settings::currency`].
    pub fn codec_options(&self) -> Result<CodecOptions, SettingsError> {
        Ok(CodecOptions { source: None, currency: self.currency()?, region: self.region()? })
    }
}

impl NoticeSettings {
    /// The notice, checked.
    ///
    /// # Errors
    /// [`SettingsError::Field`].
    pub fn notice(&self) -> Result<Notice, SettingsError> {
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
        notice.map_err(|error| bad("notice", error))
    }
}

impl FailureSettings {
    fn limits(self) -> Result<FailureLimits, SettingsError> {
        let default = FailureLimits::default();
        let window = self.window_minutes.map_or(Ok(default.window), |minutes| match minutes {
            1..=FAILURE_WINDOW_MINUTES_MAX => Ok(Duration::from_secs(60 * u64::from(minutes))),
            _ => Err(bad("failure_limits.window_minutes", "expected 1 to 1440")),
        })?;
        let count = |field, given: Option<u32>, default| match given {
            Some(0) => Err(bad(field, "expected at least 1")),
            given => Ok(given.unwrap_or(default)),
        };
        let of_source = count("failure_limits.of_source", self.of_source, default.of_source)?;
        let of_tag = count("failure_limits.of_tag", self.of_tag, default.of_tag)?;
        Ok(FailureLimits::new(of_source, of_tag, window))
    }
}

/// The rule for taps that come out of order.
fn late(minutes: u64, field: &'static str) -> Result<ReplayPolicy, SettingsError> {
    ReplayPolicy::late_within(Duration::from_secs(minutes.saturating_mul(60)))
        .map_err(|error| bad(field, error))
}

fn bad(field: &'static str, expected: impl ToString) -> SettingsError {
    SettingsError::Field { field, expected: expected.to_string() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn unknown_settings_are_refused_by_name() {
        let error = Settings::from_json("{\n \"brandt\": \"x\"}").unwrap_err();
        assert!(matches!(&error, SettingsError::Json { line: 2, .. }), "{error}");
        assert!(error.to_string().contains("unknown field `brandt`"), "{error}");
        let notice = r#"{"notice": {"id": "n", "text": "Hi", "purposes": ["marketing"], "sender": "72345", "languge": "en"}}"#;
        assert!(Settings::from_json(notice).unwrap_err().to_string().contains("languge"));
        assert!(Settings::from_json(&notice.replace("languge", "language")).is_ok());
    }

    #[test]
    fn settings_are_checked() {
        for (text, told) in [
            (r#"{"region": "fr"}"#, "region"),
            (r#"{"currency": "florin"}"#, "currency"),
            (r#"{"code_life_seconds": 1}"#, "code_life_seconds"),
            (r#"{"basis": {"measurement": "whim"}}"#, "whim"),
            (r#"{"late_window_minutes": 721}"#, "late_window_minutes"),
            (r#"{"late_window_minutes_of": {"doors": 721}}"#, "late_window_minutes_of"),
            (r#"{"failure_limits": {"of_source": 0}}"#, "failure_limits.of_source"),
            (r#"{"failure_limits": {"of_tag": 0}}"#, "failure_limits.of_tag"),
            (r#"{"failure_limits": {"window_minutes": 0}}"#, "failure_limits.window_minutes"),
            (r#"{"failure_limits": {"window_minutes": 1441}}"#, "failure_limits.window_minutes"),
            (r#"{"failure_limits": {"of_phone": 3}}"#, "of_phone"),
            (r#"{"confirm_hours": 0}"#, "confirm_hours"),
            (r#"{"confirm_hours": 721}"#, "confirm_hours"),
            (r#"{"ways": {"tag_text": "https://tap.example"}}"#, "ways.tag_text"),
            (r#"{"ways": {"page": true}}"#, "page"),
            (r#"{"rules": {"rules": [{"id": "x", "place": "*", "source": ""}]}}"#, "expected one of windows"),
            (r#"{"catalogue": {"purposes": [{"purpose": "marketing"}]}}"#, "basis"),
            (
                r#"{"basis": {"service": "legitimate_interest"}, "catalogue": {"purposes": [{"purpose": "service",
                    "basis": "contract", "description": {"en": "x"}, "data": ["x"], "retention_days": 1}]}}"#,
                "the catalogue's basis of service",
            ),
        ] {
            assert!(Settings::from_json(text).unwrap_err().to_string().contains(told), "{text}");
        }
        let full = r#"{"brand": "Maison Ada", "region": "FR", "currency": "EUR", "keys": "tags.json",
            "basis": {"measurement": "legitimate_interest"}, "answers": {"help": "Ask us."},
            "rules": {"rules": [{"id": "brand", "place": "*", "source": "ours", "windows": {"mon": [["11:00", "20:00"]]}}]},
            "link_domains": ["Ada.example"], "replies_as_marketing": true,
            "ways": {"landing": false, "keyword": true, "tag_text": "https://t.example/?p={picc}&c={mac}"},
            "confirm_hours": 720, "code_life_seconds": 600, "repeat_window_seconds": 60,
            "late_window_minutes": 720, "late_window_minutes_of": {"doors": 0},
            "failure_limits": {"of_source": 5, "window_minutes": 1440}}"#;
        let config = Settings::from_json(full).unwrap().config().unwrap();
        assert_eq!((config.brand.as_str(), config.help_text.as_str()), ("Maison Ada", "Ask us."));
        assert_eq!(config.policy.basis(Purpose::Measurement), Basis::LegitimateInterest);
        assert!(config.joined_text.contains("welcome"));
        assert!(!config.ways.landing && config.ways.keyword && config.ways.tag_text.is_some());
        assert_eq!(config.confirm_life, CONFIRM_LIFE_MAX);
        assert!(config.gate.rules.rule("brand").is_some() && config.gate.rules.rule("us_fl").is_some());
        assert_eq!(
            (config.gate.style.domains.as_slice(), config.gate.style.brand.as_str()),
            (&["ada.example".to_owned()][..], "Maison Ada")
        );
        assert!(config.gate.replies_as_marketing);
        assert_eq!(config.replay.window(), Duration::from_secs(12 * 60 * 60));
        assert!(config.replay_of["doors"].is_strict());
        let a_day = Duration::from_secs(60 * u64::from(FAILURE_WINDOW_MINUTES_MAX));
        assert_eq!(config.failure_limits, FailureLimits::new(5, 30, a_day));
        assert_eq!(
            Settings::from_json("{}").unwrap().config().unwrap().failure_limits,
            FailureLimits::default()
        );
    }

    #[test]
    fn settings_have_a_limit() {
        let sized = |bytes: usize| format!("{{}}{}", " ".repeat(bytes - 2));
        assert!(Settings::from_json(&sized(SETTINGS_BYTES_MAX)).is_ok());
        assert_eq!(Settings::from_json(&sized(SETTINGS_BYTES_MAX + 1)), Err(SettingsError::TooLong));
    }
}
