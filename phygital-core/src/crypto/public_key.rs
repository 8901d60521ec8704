//! Public keys of tags and issuers: verification of signatures, and recovery of the key from one.

use std::fmt;

use k256::ecdsa::signature::hazmat::PrehashVerifier;
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use ring::{digest, signature};

/// What signs: curve and hash together, so that a key can be used in one way only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// ECDSA on P-256 over SHA-256, signatures as `r | s` (RFC 9053 §2.1, ES256).
    Es256,
    /// Ed25519 (RFC 8032).
    EdDsa,
    /// ECDSA on secp256k1 over SHA-256, signatures as `r | s` (RFC 8812 §3.2, ES256K).
    Es256k,
}

impl SignatureAlgorithm {
    /// Bytes of a signature of each of these algorithms.
    pub const SIGNATURE_LENGTH: usize = 64;

    const fn expected(self) -> &'static str {
        match self {
            Self::Es256 => "65 bytes, the uncompressed point of SEC 1 with its 04",
            Self::EdDsa => "32 bytes",
            Self::Es256k => "33 or 65 bytes, a point on secp256k1 in a form of SEC 1",
        }
    }
}

/// A public key and the one algorithm that it is for.
///
/// ```
/// use phygital_core::crypto::{PublicKey, SignatureAlgorithm};
/// // RFC 8032, section 7.1, test 1: the empty message.
/// let hex = |text: &str| (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..][..2], 16).unwrap()).collect::<Vec<_>>();
/// let key = hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
/// let key = PublicKey::new(SignatureAlgorithm::EdDsa, &key)?;
/// let signature = hex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
/// assert!(key.verifies(b"", &signature));
/// assert!(!key.verifies(b"another message", &signature));
/// # Ok::<(), phygital_core::crypto::PublicKeyError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(Point);

#[derive(Clone, PartialEq, Eq)]
enum Point {
    Es256(Box<[u8; 65]>),
    EdDsa([u8; 32]),
    Es256k(Box<VerifyingKey>),
}

/// Bytes that are no public key of their algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this public key has to be {}", .algorithm.expected())]
#[non_exhaustive]
pub struct PublicKeyError {
    /// The algorithm that the key was said to be for.
    pub algorithm: SignatureAlgorithm,
}

impl PublicKey {
    /// Takes a key as its standard writes it: 65 bytes `04 | x | y` for [`SignatureAlgorithm::Es256`], 32 bytes for
    /// [`SignatureAlgorithm::EdDsa`], a compressed or uncompressed point for [`SignatureAlgorithm::Es256k`].
    ///
    /// # Errors
    /// [`PublicKeyError`] for another form. A P-256 or Ed25519 point that is not on its curve is noticed when it is
    /// used: it verifies nothing.
    pub fn new(algorithm: SignatureAlgorithm, bytes: &[u8]) -> Result<Self, PublicKeyError> {
        let point = match algorithm {
            SignatureAlgorithm::Es256 => {
                let point = bytes.try_into().ok().filter(|point: &[u8; 65]| point[0] == 4);
                point.map(|point| Point::Es256(Box::new(point)))
            }
            SignatureAlgorithm::EdDsa => bytes.try_into().ok().map(Point::EdDsa),
            SignatureAlgorithm::Es256k => {
                VerifyingKey::from_sec1_bytes(bytes).ok().map(|key| Point::Es256k(Box::new(key)))
            }
        };
        point.map(Self).ok_or(PublicKeyError { algorithm })
    }

    /// What it is for.
    #[must_use]
    pub fn algorithm(&self) -> SignatureAlgorithm {
        match &self.0 {
            Point::Es256(_) => SignatureAlgorithm::Es256,
            Point::EdDsa(_) => SignatureAlgorithm::EdDsa,
            Point::Es256k(_) => SignatureAlgorithm::Es256k,
        }
    }

    /// Whether `signature` (64 bytes) is this key's over `message`.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.0 {
            Point::Es256(point) => {
                signature::UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, &point[..])
                    .verify(message, signature)
                    .is_ok()
            }
            Point::EdDsa(point) => signature::UnparsedPublicKey::new(&signature::ED25519, &point[..])
                .verify(message, signature)
                .is_ok(),
            // Either of s and -s stands for the same signature; the crate insists on the lower.
            Point::Es256k(key) => Signature::from_slice(signature).is_ok_and(|signature| {
                key.verify_prehash(sha256(message).as_ref(), &signature.normalize_s()).is_ok()
            }),
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:?})", self.algorithm())
    }
}

/// The secp256k1 keys under which `signature` (`r | s`) is one over SHA-256 of `message`, compressed as in SEC 1:
/// at most four (SEC 1 §4.1.6), nearly always two.
///
/// Every signature has some, so this proves nothing until the key is compared with one that is known.
pub fn recovered_keys(message: &[u8], signature: &[u8; 64]) -> impl Iterator<Item = [u8; 33]> + use<> {
    let digest = sha256(message);
    let signature = Signature::from_slice(signature).ok();
    (0..4u8).filter_map(move |id| {
        let key =
            VerifyingKey::recover_from_prehash(digest.as_ref(), &signature?, RecoveryId::from_byte(id)?)
                .ok()?;
        key.to_sec1_point(true).as_bytes().try_into().ok()
    })
}

fn sha256(message: &[u8]) -> digest::Digest {
    digest::digest(&digest::SHA256, message)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use k256::ecdsa::SigningKey;
    use k256::ecdsa::signature::hazmat::PrehashSigner;
    use proptest::prelude::*;

    use super::*;

    fn signed(secret: [u8; 32], message: &[u8]) -> Option<([u8; 33], Signature)> {
        let key = SigningKey::from_slice(&secret).ok()?;
        let public = key.verifying_key().to_sec1_point(true).as_bytes().try_into().unwrap();
        Some((public, key.sign_prehash(sha256(message).as_ref()).unwrap()))
    }

    #[test]
    fn a_key_has_the_form_of_its_algorithm() {
        let (public, _) = signed([7; 32], b"").unwrap();
        for (algorithm, length) in [
            (SignatureAlgorithm::Es256, 65),
            (SignatureAlgorithm::EdDsa, 32),
            (SignatureAlgorithm::Es256k, 65),
        ] {
            for bytes in [vec![4; length - 1], vec![4; length + 1], vec![]] {
                assert_eq!(PublicKey::new(algorithm, &bytes), Err(PublicKeyError { algorithm }));
            }
        }
        // Compressed, and no point on the curve.
        assert!(PublicKey::new(SignatureAlgorithm::Es256, &[2; 65]).is_err());
        assert!(PublicKey::new(SignatureAlgorithm::Es256k, &[4; 65]).is_err());
        assert!(PublicKey::new(SignatureAlgorithm::Es256k, &public).is_ok());
        // A point off its curve verifies nothing.
        let off = PublicKey::new(SignatureAlgorithm::Es256, &[4; 65]).unwrap();
        assert!(!off.verifies(b"", &[1; 64]));
    }

    #[test]
    fn a_signature_of_another_length_is_none() {
        let (public, signature) = signed([7; 32], b"m").unwrap();
        let key = PublicKey::new(SignatureAlgorithm::Es256k, &public).unwrap();
        let bytes = signature.to_bytes();
        assert!(key.verifies(b"m", &bytes));
        assert!(!key.verifies(b"m", &bytes[1..]) && !key.verifies(b"m", &[&bytes[..], &[0]].concat()));
        assert!(!key.verifies(b"m", &[0; 64]) && !key.verifies(b"m", &[0xFF; 64]));
        assert_eq!(recovered_keys(b"m", &[0; 64]).count(), 0);
        assert_eq!(recovered_keys(b"m", &[0xFF; 64]).count(), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        /// The signer is among the recovered keys, for either of s and -s, and every recovered key verifies.
        #[test]
        fn the_signer_is_recovered(secret: [u8; 32], message: [u8; 20], high: bool) {
            let Some((public, mut signature)) = signed(secret, &message) else { return Ok(()) };
            if high {
                let (r, s) = signature.split_scalars();
                signature = Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).unwrap();
            }
            let bytes: [u8; 64] = signature.to_bytes().into();
            let recovered: Vec<_> = recovered_keys(&message, &bytes).collect();
            prop_assert!(recovered.contains(&public));
            prop_assert!((1..=4).contains(&recovered.len()));
            for key in recovered {
                let key = PublicKey::new(SignatureAlgorithm::Es256k, &key).unwrap();
                prop_assert!(key.verifies(&message, &bytes));
                prop_assert!(!key.verifies(&[&message[..], b"x"].concat(), &bytes));
            }
        }
    }
}
