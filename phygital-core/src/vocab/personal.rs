//! Personal data that does not print itself.

use std::fmt;

/// A text about a person. `Debug` prints its length, so that no log line or error carries it.
///
/// ```
/// use phygital_core::vocab::Personal;
/// let name = Personal::new("Ada");
/// assert_eq!(format!("{name:?}"), "Personal(3 bytes)");
/// assert_eq!(name.reveal(), "Ada");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Personal(String);

impl Personal {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Personal {
        Personal(text.into())
    }

    /// The text itself, for the one who may see it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Personal({} bytes)", self.0.len())
    }
}
