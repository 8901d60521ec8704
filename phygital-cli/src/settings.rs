//! The settings file beside a store: what a shop says once, and every command reads.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

pub(crate) use phygital_core::engine::{NoticeSettings, Settings};
use phygital_core::vocab::Region;
use phygital_core::vocab::limits::SETTINGS_BYTES_MAX;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::text_file;

/// Reads the settings of a file. Where it was not asked for by name it may be absent.
pub(crate) fn read_settings(path: &Path, must_exist: bool) -> Result<Settings, Failure> {
    if !must_exist && !path.exists() {
        return Ok(Settings::default());
    }
    parse(&read(path)?, path)
}

/// Reads a file that holds a notice alone.
pub(crate) fn read_notice(path: &Path) -> Result<NoticeSettings, Failure> {
    let notice = parse::<NoticeSettings>(&read(path)?, path)?;
    notice.notice()?;
    Ok(notice)
}

/// Writes settings to a file; one that is there already stays as it is.
///
/// # Errors
/// Misuse where there is one.
pub(crate) fn write_new(settings: &Settings, path: &Path) -> Result<(), Failure> {
    let mut text = serde_json::to_string_pretty(settings).map_err(|_| bad("settings without a JSON form"))?;
    text.push('\n');
    let failed = |error: io::Error| Failure::io(&name(path), &error);
    let mut file = File::create_new(path).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}

/// A country as ISO 3166-1 has it.
pub(crate) fn region(text: &str) -> Result<Region, &'static str> {
    text.parse().map_err(|_| "expected a country of ISO 3166-1 in two capital letters, such as FR")
}

/// Reads a file of at most [`SETTINGS_BYTES_MAX`].
pub(crate) fn read(path: &Path) -> Result<Zeroizing<String>, Failure> {
    text_file::read(path, SETTINGS_BYTES_MAX as u64, |what| malformed(path, what))
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
        read_settings(&path, true)
    }

    #[test]
    fn a_fault_names_its_line() {
        let failure = settings("{\n \"brandt\": \"x\"}").unwrap_err();
        assert!(failure.message.contains("unknown field `brandt`"), "{failure}");
        assert_eq!(failure.line, Some(2));
        let told = settings(r#"{"code_life_seconds": 1}"#).unwrap().config().unwrap_err();
        assert!(Failure::from(told).message.contains("code_life_seconds"));
    }

    #[test]
    fn a_settings_file_has_a_limit() {
        let sized = |bytes: usize| format!("{{}}{}", " ".repeat(bytes - 2));
        assert!(settings(&sized(SETTINGS_BYTES_MAX)).is_ok());
        assert!(settings(&sized(SETTINGS_BYTES_MAX + 1)).is_err());
    }
}
