//! How a command ends: done, no, misuse or failure, and what is said then.

use std::process::ExitCode;

use phygital_core::engine::{EntropyError, Error, SettingsError};
use phygital_core::event::EventError;
use phygital_core::store::{StorageError, StorageFault};
use serde::Serialize;

use crate::output::clean;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what it was asked.
    Done,
    /// The answer is no: not genuine, not permitted, two customers, another state.
    No,
    /// The arguments or an input file are not as they should be.
    Misuse,
    /// Storage, input or output failed.
    Failed,
}

impl Exit {
    /// The number for the shell.
    pub(crate) fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::No => 1,
            Exit::Misuse => 2,
            Exit::Failed => 3,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

/// Why a command ended early. Its message holds no key and nothing personal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    /// What it means for the shell.
    pub(crate) exit: Exit,
    /// A stable code.
    pub(crate) kind: &'static str,
    /// What happened and what was expected, in one line.
    pub(crate) message: String,
    /// The line of the input, from 1.
    pub(crate) line: Option<u64>,
}

impl Failure {
    /// The answer is no.
    pub(crate) fn no(kind: &'static str, message: impl Into<String>) -> Failure {
        Failure { exit: Exit::No, kind, message: message.into(), line: None }
    }

    /// The caller has to change an argument or a file.
    pub(crate) fn misuse(kind: &'static str, message: impl Into<String>) -> Failure {
        Failure { exit: Exit::Misuse, kind, message: message.into(), line: None }
    }

    /// Something below us failed.
    pub(crate) fn failed(kind: &'static str, message: impl Into<String>) -> Failure {
        Failure { exit: Exit::Failed, kind, message: message.into(), line: None }
    }

    /// The failure at a line of the input.
    pub(crate) fn at_line(self, line: u64) -> Failure {
        Failure { line: Some(line), ..self }
    }

    /// The failure with words before its message, such as what was attempted.
    pub(crate) fn while_doing(self, doing: &str) -> Failure {
        Failure { message: format!("{doing}: {}", self.message), ..self }
    }

    /// Reading or writing `what` failed.
    pub(crate) fn io(what: &str, error: &std::io::Error) -> Failure {
        Failure::failed("io", format!("{what}: {error}"))
    }

    /// As one line on standard error, text or JSON.
    pub(crate) fn line(&self, json: bool) -> String {
        if json {
            let (kind, exit, message, line) = (self.kind, self.exit.code(), &self.message, self.line);
            let line = Line { error: Told { kind, exit, message, line } };
            return serde_json::to_string(&line).unwrap_or_default();
        }
        match self.line {
            Some(line) => format!("phygital: line {line}: {}", clean(&self.message)),
            None => format!("phygital: {}", clean(&self.message)),
        }
    }
}

#[derive(Serialize)]
struct Line<'f> {
    error: Told<'f>,
}

#[derive(Serialize)]
struct Told<'f> {
    kind: &'static str,
    exit: u8,
    message: &'f str,
    line: Option<u64>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let message = error.to_string();
        match error {
            Error::Event(_) => Failure::misuse("malformed", message),
            Error::Conflict { .. } => Failure::misuse("conflict", message),
            Error::Misuse(_) => Failure::misuse("misuse", message),
            Error::Tap(refused) => Failure::no(refused.code(), message),
            Error::NotPermitted(_) => Failure::no("not_permitted", message),
            Error::Unknown(_) => Failure::no("unknown", message),
            Error::Status(_) => Failure::no("status_refused", message),
            Error::Extension(refused) => Failure::no(refused.code(), message),
            Error::Storage(fault) => fault.into(),
            Error::Chain(_) => Failure::failed("chain_broken", message),
            Error::Entropy(_) => Failure::failed("entropy", message),
            Error::Bug(_) => Failure::failed("bug", message),
            _ => Failure::failed("other", message),
        }
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Failure {
        let kind = match error.kind {
            StorageFault::Busy => "busy",
            StorageFault::Full => "disk_full",
            StorageFault::ReadOnly => "read_only",
            StorageFault::Unopened => "unopened",
            StorageFault::Corrupt => "corrupt",
            StorageFault::Newer => "newer",
            StorageFault::Io => "io",
            StorageFault::Reopen => "reopen",
            _ => "storage",
        };
        Failure::failed(kind, error.to_string())
    }
}

impl From<EventError> for Failure {
    fn from(error: EventError) -> Failure {
        Failure::misuse("malformed", error.to_string())
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Failure {
        Failure::misuse("bad_settings", error.to_string())
    }
}

impl From<EntropyError> for Failure {
    fn from(error: EntropyError) -> Failure {
        Failure::failed("entropy", error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line() {
        let failure = Failure::misuse("malformed", "a\nb\u{1b}[31m").at_line(7);
        assert_eq!(failure.line(false), "phygital: line 7: a\\u{a}b\\u{1b}[31m");
        let json = r#"{"error":{"kind":"malformed","exit":2,"message":"a\nb\u001b[31m","line":7}}"#;
        assert_eq!(failure.line(true), json);
    }
}
