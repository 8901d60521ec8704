//! Keys on the curve P-256 (secp256r1, FIPS 186-5): agreement (ECDH, NIST SP 800-56A §5.7.1.2) and signatures.

use std::fmt;

#[cfg(feature = "smart-tap")]
use p256::ecdsa::signature::{Signer, Verifier};
#[cfg(feature = "smart-tap")]
use p256::ecdsa::{DerSignature, SigningKey, VerifyingKey};
use p256::{PublicKey, SecretKey};

use super::secret::Secret;

/// Bytes that are no key of the curve. They are never repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum P256Error {
    /// Zero, or not below the order of the curve.
    #[error("a private key between 1 and the order of P-256")]
    Scalar,
    /// No point of the curve, or the point at infinity.
    #[error("a point on P-256")]
    Point,
}

/// A public key: a point of the curve.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct P256Public(PublicKey);

impl P256Public {
    /// Reads a compressed point (SEC 1 §2.3.4): `02` or `03`, then X.
    ///
    /// # Errors
    /// [`P256Error::Point`] for any other bytes.
    pub fn from_compressed(bytes: &[u8; 33]) -> Result<Self, P256Error> {
        PublicKey::from_sec1_bytes(bytes).map(Self).map_err(|_| P256Error::Point)
    }

    /// A point with this X. There are two, which differ in the sign of Y; agreement gives the same secret with
    /// either, so the one with an even Y is taken.
    ///
    /// # Errors
    /// [`P256Error::Point`] if no point has this X.
    pub fn from_x(x: &[u8; 32]) -> Result<Self, P256Error> {
        let mut bytes = [2; 33];
        bytes[1..].copy_from_slice(x);
        Self::from_compressed(&bytes)
    }

    /// The compressed point.
    #[must_use]
    pub fn to_compressed(&self) -> [u8; 33] {
        use p256::elliptic_curve::sec1::ToSec1Point as _;
        let point = self.0.to_sec1_point(true);
        point.as_bytes().try_into().expect("a compressed point has 33 bytes")
    }

    /// The uncompressed point: `04`, X, Y. Keystores and modules ask for this form.
    #[must_use]
    pub fn to_uncompressed(&self) -> [u8; 65] {
        use p256::elliptic_curve::sec1::ToSec1Point as _;
        let point = self.0.to_sec1_point(false);
        point.as_bytes().try_into().expect("an uncompressed point has 65 bytes")
    }

    /// Its X.
    #[must_use]
    pub fn x(&self) -> [u8; 32] {
        let compressed = self.to_compressed();
        compressed[1..].try_into().expect("32 of 33 bytes")
    }

    /// Whether this is a signature (ECDSA with SHA-256, DER) of the key's owner over `message`.
    #[cfg(feature = "smart-tap")]
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        DerSignature::from_bytes(signature)
            .is_ok_and(|signature| VerifyingKey::from(self.0).verify(message, &signature).is_ok())
    }
}

impl fmt::Debug for P256Public {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("P256Public(")?;
        crate::vocab::hex::fmt_lower(&self.to_compressed(), f)?;
        f.write_str(")")
    }
}

/// A private key. It lives on the heap, is wiped when it is dropped, is not `Clone` and prints elided.
///
/// ```
/// use phygital_core::crypto::{P256Key, Secret};
/// let one = P256Key::new(Secret::take(&mut [1; 32]))?;
/// let two = P256Key::new(Secret::take(&mut [2; 32]))?;
/// assert_eq!(one.agree(&two.public()), two.agree(&one.public()));
/// # Ok::<(), phygital_core::crypto::P256Error>(())
/// ```
pub struct P256Key {
    secret: Secret<32>,
    public: P256Public,
}

impl P256Key {
    /// The key with this scalar, big-endian.
    ///
    /// # Errors
    /// [`P256Error::Scalar`] for zero, and from the curve's order up.
    pub fn new(secret: Secret<32>) -> Result<Self, P256Error> {
        let public = P256Public(scalar(&secret)?.public_key());
        Ok(Self { secret, public })
    }

    /// Its public key.
    #[must_use]
    pub fn public(&self) -> P256Public {
        self.public
    }

    /// The secret shared with the owner of `peer`: X of the product.
    #[must_use]
    pub fn agree(&self, peer: &P256Public) -> Secret<32> {
        let key = scalar(&self.secret).expect("checked when it was made");
        let shared = key.diffie_hellman(&peer.0);
        let mut x: [u8; 32] = (*shared.raw_secret_bytes()).into();
        Secret::take(&mut x)
    }

    /// A signature over `message`: ECDSA with SHA-256 and a nonce that follows from both (RFC 6979), in DER.
    #[cfg(feature = "smart-tap")]
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let key = SigningKey::from(scalar(&self.secret).expect("checked when it was made"));
        let signature: DerSignature = key.sign(message);
        signature.as_bytes().to_vec()
    }
}

/// The scalar as the crate wants it, wiped when it is dropped.
fn scalar(secret: &Secret<32>) -> Result<SecretKey, P256Error> {
    SecretKey::from_bytes(secret.expose().into()).map_err(|_| P256Error::Scalar)
}

impl fmt::Debug for P256Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "P256Key({:?}, private part elided)", self.public)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// RFC 6979 A.2.5: the key, its point, and the signature of "sample" with SHA-256.
    const SCALAR: &str = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
    const X: &str = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6";

    fn key() -> P256Key {
        P256Key::new(Secret::from_hex(SCALAR).unwrap()).unwrap()
    }

    #[test]
    fn the_published_key_has_the_published_point() {
        assert_eq!(crate::vocab::hex::lower(&key().public().x()), X);
        assert_eq!(P256Public::from_compressed(&key().public().to_compressed()), Ok(key().public()));
        assert_eq!(key().public().to_uncompressed()[..33], [&[4][..], &key().public().x()].concat());
        assert!(!format!("{:?}", key()).contains("c9afa9"));
    }

    #[test]
    fn either_y_gives_the_same_secret() {
        let peer = P256Key::new(Secret::take(&mut [7; 32])).unwrap().public();
        let mut other = peer.to_compressed();
        other[0] ^= 1;
        let other = P256Public::from_compressed(&other).unwrap();
        assert_ne!(peer, other);
        assert_eq!(key().agree(&peer), key().agree(&other));
        assert_eq!(key().agree(&P256Public::from_x(&peer.x()).unwrap()), key().agree(&peer));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        // The order of the curve, FIPS 186-5.
        let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
        assert_eq!(P256Key::new(Secret::zeros()).err(), Some(P256Error::Scalar));
        assert_eq!(P256Key::new(Secret::from_hex(order).unwrap()).err(), Some(P256Error::Scalar));
        let below = order.replace("632551", "632550");
        assert!(P256Key::new(Secret::from_hex(&below).unwrap()).is_ok());
        assert_eq!(P256Public::from_x(&[0xFF; 32]), Err(P256Error::Point)); // not below the prime
        assert_eq!(P256Public::from_compressed(&[0; 33]), Err(P256Error::Point));
        assert_eq!(P256Public::from_compressed(&[4; 33]), Err(P256Error::Point));
    }

    #[cfg(feature = "smart-tap")]
    #[test]
    fn signatures_are_those_of_the_standard() {
        let signature = key().sign(b"sample");
        let digits = crate::vocab::hex::lower(&signature);
        assert!(
            digits.contains("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"),
            "{digits}"
        );
        assert!(key().public().verifies(b"sample", &signature));
        assert!(!key().public().verifies(b"other", &signature));
        assert!(!key().public().verifies(b"sample", &signature[1..]));
    }
}
