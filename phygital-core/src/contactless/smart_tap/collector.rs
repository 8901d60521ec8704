//! The collector's signing key, and the port to where it is kept.

use crate::crypto::P256Key;

/// Longest signature, in bytes: DER of two numbers below the order of the curve.
pub const SIGNATURE_MAX: usize = 72;

/// Where the collector's private key is.
///
/// [`CollectorKey`] has it in memory. A host that keeps it in a module implements this, and the key does not cross the
/// port.
pub trait CollectorSigner {
    /// The version under which Google knows the public key.
    fn key_version(&self) -> u32;

    /// A signature over `message`: ECDSA on P-256 with SHA-256, in DER.
    ///
    /// # Errors
    /// [`SignerUnavailable`] if it cannot be had now.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerUnavailable>;
}

/// The place where the key is kept does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the collector's key cannot be used now")]
#[expect(clippy::exhaustive_structs, reason = "there is no more to say")]
pub struct SignerUnavailable;

/// A collector's private key in memory. Its signatures follow from key and message (RFC 6979).
#[derive(Debug)]
pub struct CollectorKey {
    key: P256Key,
    version: u32,
}

impl CollectorKey {
    /// The key, and the version under which Google knows its public part.
    #[must_use]
    pub fn new(key: P256Key, version: u32) -> Self {
        Self { key, version }
    }
}

impl CollectorSigner for CollectorKey {
    fn key_version(&self) -> u32 {
        self.version
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerUnavailable> {
        Ok(self.key.sign(message))
    }
}
