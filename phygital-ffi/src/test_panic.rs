//! A call that panics, for the tests of the bindings: never part of a library that is shipped.

use crate::error::PhygitalError;
use crate::phygital::Phygital;

/// Panics.
///
/// # Errors
/// None: it panics.
#[cfg_attr(feature = "uniffi", uniffi::export)]
pub fn test_panic() -> Result<(), PhygitalError> {
    panic!("on purpose")
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Phygital {
    /// Panics while the engine is held.
    ///
    /// # Errors
    /// 901, always.
    pub fn test_panic_within(&self) -> Result<(), PhygitalError> {
        self.with(|_, _| panic!("on purpose"))
    }
}
