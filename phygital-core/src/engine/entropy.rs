//! Where randomness comes from.

/// A source of randomness: the system's, or a seeded one for simulations.
///
/// The engine draws salts, one-time codes and the ids of devices from it.
pub trait Entropy {
    /// Fills the buffer with random bytes.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError>;
}

/// No randomness was to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the source of randomness failed")]
pub struct EntropyError;

impl<F: FnMut(&mut [u8]) -> Result<(), EntropyError>> Entropy for F {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        self(bytes)
    }
}
