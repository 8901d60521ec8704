//! What a host may set about codes and tries.

use std::time::Duration;

use super::code::CodeLength;
use crate::vocab::limits::{CODE_LIFE_MAX, TRIES_MAX, TRIES_WINDOW_MAX};

/// How long codes are and live, and how often a contact point may be wrong.
///
/// By default six symbols, 15 minutes, and five failed tries in any hour.
///
/// ```
/// use phygital_core::optin::{CodeLength, OptInConfig};
/// use std::time::Duration;
/// let config = OptInConfig::default()
///     .with_code_length(CodeLength::Eight)
///     .with_code_life(Duration::from_secs(30 * 60))?
///     .with_tries(3, Duration::from_secs(60 * 60))?;
/// assert_eq!(config.tries(), 3);
/// # Ok::<(), phygital_core::optin::OptInConfigError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptInConfig {
    code_length: CodeLength,
    code_life: Duration,
    tries: usize,
    tries_window: Duration,
}

/// Which setting is out of its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptInConfigError {
    /// Too short to type a text, or longer than [`CODE_LIFE_MAX`].
    #[error("code_life: expected one minute to {} hours", CODE_LIFE_MAX.as_secs() / 3600)]
    CodeLife,
    /// None, or more than [`TRIES_MAX`].
    #[error("tries: expected 1 to {TRIES_MAX}")]
    Tries,
    /// Too short to slow anyone down, or longer than [`TRIES_WINDOW_MAX`].
    #[error("tries_window: expected one minute to {} hours", TRIES_WINDOW_MAX.as_secs() / 3600)]
    TriesWindow,
}

const MINUTE: Duration = Duration::from_secs(60);

impl Default for OptInConfig {
    fn default() -> OptInConfig {
        OptInConfig {
            code_length: CodeLength::Six,
            code_life: MINUTE * 15,
            tries: 5,
            tries_window: MINUTE * 60,
        }
    }
}

impl OptInConfig {
    /// With codes of another length.
    pub fn with_code_length(mut self, length: CodeLength) -> OptInConfig {
        self.code_length = length;
        self
    }

    /// With codes that live so long, from one minute to [`CODE_LIFE_MAX`].
    pub fn with_code_life(mut self, life: Duration) -> Result<OptInConfig, OptInConfigError> {
        if !(MINUTE..=CODE_LIFE_MAX).contains(&life) {
            return Err(OptInConfigError::CodeLife);
        }
        self.code_life = life;
        Ok(self)
    }

    /// With so many failed tries, 1 to [`TRIES_MAX`], in any window of one minute to
    /// [`TRIES_WINDOW_MAX`].
    pub fn with_tries(mut self, tries: usize, window: Duration) -> Result<OptInConfig, OptInConfigError> {
        if !(1..=TRIES_MAX).contains(&tries) {
            return Err(OptInConfigError::Tries);
        }
        if !(MINUTE..=TRIES_WINDOW_MAX).contains(&window) {
            return Err(OptInConfigError::TriesWindow);
        }
        (self.tries, self.tries_window) = (tries, window);
        Ok(self)
    }

    /// How long new codes are.
    pub fn code_length(&self) -> CodeLength {
        self.code_length
    }

    /// How long new codes live.
    pub fn code_life(&self) -> Duration {
        self.code_life
    }

    /// How many failed tries a contact point has in a window.
    pub fn tries(&self) -> usize {
        self.tries
    }

    /// The window in which failed tries count.
    pub fn tries_window(&self) -> Duration {
        self.tries_window
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_checked_at_their_limits() {
        let config = OptInConfig::default();
        let (tick, hour) = (Duration::from_micros(1), MINUTE * 60);
        for good in [MINUTE, CODE_LIFE_MAX] {
            assert!(config.with_code_life(good).is_ok());
        }
        for bad in [Duration::ZERO, MINUTE - tick, CODE_LIFE_MAX + tick] {
            assert_eq!(config.with_code_life(bad), Err(OptInConfigError::CodeLife));
        }
        assert!(
            config.with_tries(1, MINUTE).is_ok() && config.with_tries(TRIES_MAX, TRIES_WINDOW_MAX).is_ok()
        );
        assert_eq!(config.with_tries(0, hour), Err(OptInConfigError::Tries));
        assert_eq!(config.with_tries(TRIES_MAX + 1, hour), Err(OptInConfigError::Tries));
        assert_eq!(config.with_tries(1, MINUTE - tick), Err(OptInConfigError::TriesWindow));
        assert_eq!(config.with_tries(1, TRIES_WINDOW_MAX + tick), Err(OptInConfigError::TriesWindow));
    }
}
