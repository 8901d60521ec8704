//! Agreement on a secret over X25519 (RFC 7748).

use x25519_dalek::{PublicKey, StaticSecret};

use super::secret::Secret;

/// The other side's public key leads to a secret of zeros, whatever the private key: it is no honest one
/// (RFC 7748 §6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the public key gives a shared secret of zeros")]
pub struct ZeroSecret;

/// The secret that `private` and the other side's key share.
///
/// # Errors
/// [`ZeroSecret`].
///
/// ```
/// use phygital_core::crypto::{Secret, x25519, x25519_public_key};
/// let (one, two) = (Secret::take(&mut [1; 32]), Secret::take(&mut [2; 32]));
/// assert_eq!(x25519(&one, &x25519_public_key(&two)), x25519(&two, &x25519_public_key(&one)));
/// assert!(x25519(&one, &[0; 32]).is_err());
/// ```
pub fn x25519(private: &Secret<32>, public: &[u8; 32]) -> Result<Secret<32>, ZeroSecret> {
    let shared = StaticSecret::from(*private.expose()).diffie_hellman(&PublicKey::from(*public));
    if shared.was_contributory() { Ok(Secret::take(&mut shared.to_bytes())) } else { Err(ZeroSecret) }
}

/// The public key of a private one.
#[must_use]
pub fn x25519_public_key(private: &Secret<32>) -> [u8; 32] {
    PublicKey::from(&StaticSecret::from(*private.expose())).to_bytes()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::vocab::hex;

    fn hex(text: &str) -> [u8; 32] {
        hex::decode(text.as_bytes()).unwrap()
    }

    /// RFC 7748 §5.2, the first example.
    #[test]
    fn the_published_product() {
        let private =
            Secret::from_hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4").unwrap();
        let public = hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
        let shared = x25519(&private, &public).unwrap();
        assert_eq!(shared.expose(), &hex("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"));
    }

    /// Points of small order, from the list that every implementation is tried with.
    #[test]
    fn no_public_key_forces_a_secret() {
        let private = Secret::take(&mut [7; 32]);
        for point in [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        ] {
            assert_eq!(x25519(&private, &hex(point)), Err(ZeroSecret), "{point}");
        }
    }
}
