//! The JSON form of a verifier: one file with the keys of all schemes, as an operator writes it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, Visitor};
use serde_json::value::RawValue;

use super::beacon::{Beacon, BeaconClock, BeaconRegistry, Drift, IdentityKey, RotationExponent};
use super::limits::KEYS_JSON_MAX;
use super::ntag22x::SuncmacKeys;
use super::otp::{OtpHash, OtpKey, Totp};
use super::signed_url::{KeySource, SignatureText, SignedFrom, SignedTo, UrlPart, UrlSignature, coinkite};
use super::verifier::Verifier;
use super::{Keys, KeysJsonError, PublicKeys, TokenPolicy};
#[cfg(feature = "apple-vas")]
use crate::contactless::apple_vas::VasKeys;
#[cfg(feature = "apple-vas")]
use crate::crypto::P256Key;
use crate::crypto::{PublicKey, Secret, SecretBytes, SignatureAlgorithm};
use crate::vocab::tag::{KeyEpoch, TagUid};
use crate::vocab::{BeaconId, PlaceId, Timestamp, hex};

/// Why a JSON text is no verifier. It names section and place, never what stands there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifierJsonError {
    /// The keys of NTAG 424 DNA tags are not as they should be.
    #[error(transparent)]
    Keys(#[from] KeysJsonError),
    /// Another section is not.
    #[error("line {line}, column {column}: {expected}")]
    Section {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What was expected there.
        expected: String,
    },
    /// A section says what cannot be, such as two keys of the same id.
    #[error("{section}, number {number}: {expected}")]
    Entry {
        /// Its name.
        section: &'static str,
        /// Which entry, counted from 1.
        number: usize,
        /// What was expected.
        expected: String,
    },
}

impl Verifier {
    /// Reads a verifier from JSON: the keys of NTAG 424 DNA alone, as [`Keys::from_json`] takes them, or an object with
    /// any of these sections.
    ///
    /// | section | value |
    /// |---|---|
    /// | `keys` | key sets of NTAG 424 DNA, as [`Keys::from_json`] takes them |
    /// | `ntag22x` | a list: `suncmac_key` (32 digits) with `uid`, or `master_key` with `system_id`; `epoch`, `label` |
    /// | `ntag21x` | a list of templates, such as `"tap.example/t?m={uid}x{ctr}"` |
    /// | `signed_urls` | a list: `"satscard"`, `"tapsigner"`, or an object with `signature` (its parameter), `keys`, and `part`, `from`, `to`, `text`, `nonce`, `key_id` where they differ from `query`, `parameters`, `name`, `hex`, none, none |
    /// | `screens` | a list of TOTP screens: `name`, `secret` (digits), and `hash` (`sha1`, `sha256`, `sha512`), `digits`, `period` where they differ from `sha1`, 6, 30 |
    /// | `digital_links` | `true` to read GS1 Digital Links |
    /// | `beacons` | a list: Eddystone-EID beacons with `id`, `identity_key` (32 digits), `rotation_exponent`, `at` (a time) and `counter` (its clock then, in seconds) where that is not 0, `place`; or iBeacons with a `uuid` |
    /// | `apple_vas` | a list of merchant private keys, 64 digits each (feature `apple-vas`) |
    /// | `tokens` | `keys`; `issuer`, `audience`, `leeway_seconds`, `needs_expiry`, `context` (digits) |
    ///
    /// A public key is `{"algorithm": "es256" | "eddsa" | "es256k", "public_key": digits, "id": text}`, the id being
    /// optional.
    ///
    /// # Errors
    /// [`VerifierJsonError`], also for unknown fields.
    ///
    /// ```
    /// use phygital_core::tap::Verifier;
    /// let verifier = Verifier::from_json(r#"{
    ///     "keys": [{ "file_read_key": "00000000000000000000000000000000" }],
    ///     "ntag21x": ["tap.example/t?m={uid}x{ctr}"]
    /// }"#)?;
    /// # Ok::<(), phygital_core::tap::VerifierJsonError>(())
    /// ```
    pub fn from_json(text: &str) -> Result<Self, VerifierJsonError> {
        if text.len() > KEYS_JSON_MAX {
            return Err(KeysJsonError::TooLong.into());
        }
        if !has_sections(text) {
            return Ok(Keys::from_json(text)?.into());
        }
        let document: Document<'_> = serde_json::from_str(text).map_err(|error| told(&error))?;
        document.verifier()
    }
}

/// Whether it is an object with a section beside the keys; anything else is for [`Keys`] to judge.
fn has_sections(text: &str) -> bool {
    struct Names;
    impl<'de> Visitor<'de> for Names {
        type Value = bool;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
            let mut found = false;
            while let Some((name, _)) = map.next_entry::<std::borrow::Cow<'de, str>, IgnoredAny>()? {
                found |= SECTIONS.contains(&&*name);
            }
            Ok(found)
        }
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.deserialize_map(Names).unwrap_or(false)
}

const SECTIONS: [&str; 8] =
    ["apple_vas", "beacons", "digital_links", "ntag21x", "ntag22x", "screens", "signed_urls", "tokens"];

/// Where and what, without what stands there.
fn told(error: &serde_json::Error) -> VerifierJsonError {
    let text = error.to_string();
    let (said, _) = text.rsplit_once(" at line ").unwrap_or((&text, ""));
    // serde quotes a value of the wrong type, and that may be a key.
    let expected = match said.rsplit_once(", expected ") {
        Some((said, expected)) if said.starts_with("unknown field") => {
            format!("unknown field, expected {expected}")
        }
        Some((_, expected)) => format!("expected {expected}"),
        None => said.to_owned(),
    };
    VerifierJsonError::Section { line: error.line(), column: error.column(), expected }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<'a> {
    #[serde(borrow)]
    keys: Option<&'a RawValue>,
    #[serde(default)]
    ntag22x: Vec<Suncmac>,
    #[serde(default)]
    ntag21x: Vec<String>,
    #[serde(default)]
    signed_urls: Vec<SignedUrl>,
    tokens: Option<Tokens>,
    #[serde(default)]
    screens: Vec<Screen>,
    #[serde(default)]
    digital_links: bool,
    #[serde(default)]
    beacons: Vec<BeaconEntry>,
    #[cfg(feature = "apple-vas")]
    #[serde(default)]
    apple_vas: Vec<MerchantKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Screen {
    name: Box<str>,
    #[serde(deserialize_with = "secret_bytes")]
    secret: SecretBytes,
    #[serde(default)]
    hash: Hash,
    #[serde(default = "six")]
    digits: u8,
    #[serde(default = "thirty")]
    period: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BeaconEntry {
    id: Option<BeaconId>,
    #[serde(default, deserialize_with = "secret")]
    identity_key: Option<Secret<16>>,
    rotation_exponent: Option<u8>,
    #[serde(default)]
    counter: u32,
    at: Option<Timestamp>,
    place: Option<PlaceId>,
    uuid: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum Hash {
    #[default]
    Sha1,
    Sha256,
    Sha512,
}

fn six() -> u8 {
    6
}

fn thirty() -> u32 {
    30
}

#[cfg(feature = "apple-vas")]
#[derive(Deserialize)]
struct MerchantKey(#[serde(deserialize_with = "secret")] Option<Secret<32>>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Suncmac {
    #[serde(default, deserialize_with = "secret")]
    suncmac_key: Option<Secret<16>>,
    uid: Option<TagUid>,
    #[serde(default, deserialize_with = "secret")]
    master_key: Option<Secret<16>>,
    #[serde(default, deserialize_with = "digits")]
    system_id: Vec<u8>,
    #[serde(default)]
    epoch: KeyEpoch,
    label: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "satscard, tapsigner, or an object that says how URLs are signed")]
enum SignedUrl {
    Ready(Ready),
    Own(Box<OwnSignature>),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Ready {
    Satscard,
    Tapsigner,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnSignature {
    signature: String,
    keys: Vec<Key>,
    #[serde(default)]
    part: Part,
    #[serde(default)]
    from: From,
    #[serde(default)]
    to: To,
    #[serde(default)]
    text: Text,
    nonce: Option<String>,
    key_id: Option<Box<str>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum Part {
    #[default]
    Query,
    Fragment,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum From {
    Url,
    Host,
    #[default]
    Parameters,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum To {
    #[default]
    Name,
    Separator,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum Text {
    #[default]
    Hex,
    Base64url,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    algorithm: Algorithm,
    #[serde(deserialize_with = "digits")]
    public_key: Vec<u8>,
    id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Algorithm {
    Es256,
    EdDsa,
    Es256k,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tokens {
    keys: Vec<Key>,
    issuer: Option<String>,
    audience: Option<String>,
    #[serde(default)]
    leeway_seconds: u16,
    #[serde(default = "yes")]
    needs_expiry: bool,
    #[serde(default, deserialize_with = "digits")]
    context: Vec<u8>,
}

fn yes() -> bool {
    true
}

impl Document<'_> {
    fn verifier(self) -> Result<Verifier, VerifierJsonError> {
        let mut verifier = Verifier::new();
        if let Some(keys) = self.keys {
            verifier = verifier.sun(Arc::new(Keys::from_json(keys.get())?));
        }
        if !self.ntag22x.is_empty() {
            verifier = verifier.ntag22x(Arc::new(suncmac_keys(self.ntag22x)?));
        }
        for (index, template) in self.ntag21x.iter().enumerate() {
            let template = template.parse().map_err(|error| entry("ntag21x", index, error))?;
            verifier = verifier.ntag21x(template);
        }
        for (index, signed) in self.signed_urls.into_iter().enumerate() {
            verifier = verifier.signed_urls(match signed {
                SignedUrl::Ready(Ready::Satscard) => coinkite::satscard(),
                SignedUrl::Ready(Ready::Tapsigner) => coinkite::tapsigner(),
                SignedUrl::Own(own) => own.signature(index)?,
            });
        }
        let mut screens = Vec::new();
        for (index, Screen { name, secret, hash, digits, period }) in self.screens.into_iter().enumerate() {
            let hash = match hash {
                Hash::Sha1 => OtpHash::Sha1,
                Hash::Sha256 => OtpHash::Sha256,
                Hash::Sha512 => OtpHash::Sha512,
            };
            let totp = OtpKey::new(secret, hash, digits).and_then(|key| Totp::new(key, period));
            let totp = totp.map_err(|error| entry("screens", index, error))?;
            if screens.iter().any(|(other, _)| *other == name) {
                return Err(entry("screens", index, "expected a name that no other screen has"));
            }
            screens.push((name, totp));
        }
        verifier = verifier.screens(screens);
        if self.digital_links {
            verifier = verifier.digital_links();
        }
        if !self.beacons.is_empty() {
            verifier = beacons(verifier, self.beacons)?;
        }
        #[cfg(feature = "apple-vas")]
        if !self.apple_vas.is_empty() {
            verifier = verifier.apple_vas(Arc::new(merchant_keys(self.apple_vas)?));
        }
        if let Some(tokens) = self.tokens {
            let keys = public_keys("tokens", tokens.keys)?;
            let mut policy = TokenPolicy::new().leeway(Duration::from_secs(tokens.leeway_seconds.into()));
            if !tokens.needs_expiry {
                policy = policy.without_expiry();
            }
            if let Some(issuer) = &tokens.issuer {
                policy = policy.issuer(issuer);
            }
            if let Some(audience) = &tokens.audience {
                policy = policy.audience(audience);
            }
            verifier = verifier.tokens(keys, policy, &tokens.context);
        }
        Ok(verifier)
    }
}

#[cfg(feature = "apple-vas")]
fn merchant_keys(entries: Vec<MerchantKey>) -> Result<VasKeys, VerifierJsonError> {
    let mut keys = Vec::new();
    for (index, MerchantKey(secret)) in entries.into_iter().enumerate() {
        let secret = secret.ok_or_else(|| entry("apple_vas", index, "expected 64 hexadecimal digits"))?;
        keys.push(P256Key::new(secret).map_err(|error| entry("apple_vas", index, error))?);
    }
    VasKeys::new(keys).map_err(|error| entry("apple_vas", 0, error))
}

fn beacons(verifier: Verifier, entries: Vec<BeaconEntry>) -> Result<Verifier, VerifierJsonError> {
    const SECTION: &str = "beacons";
    let mut registered: Vec<(Beacon, Option<PlaceId>)> = Vec::new();
    let mut uuids = Vec::new();
    for (index, one) in entries.into_iter().enumerate() {
        match (one.id, one.identity_key, one.rotation_exponent, one.at, one.uuid) {
            (Some(id), Some(key), Some(exponent), Some(at), None) => {
                let exponent =
                    RotationExponent::new(exponent).map_err(|error| entry(SECTION, index, error))?;
                let clock = BeaconClock { counter: one.counter, at };
                let beacon = Beacon { id, key: IdentityKey::new(key), exponent, clock };
                registered.push((beacon, one.place));
            }
            (None, None, None, None, Some(uuid)) if one.counter == 0 && one.place.is_none() => {
                uuids.push(uuid.parse().map_err(|error| entry(SECTION, index, error))?);
            }
            _ => {
                let expected = "expected id, identity_key, rotation_exponent and at, or a uuid alone";
                return Err(entry(SECTION, index, expected));
            }
        }
    }
    let registry = BeaconRegistry::new(registered, Drift::default());
    let registry = registry.map_err(|error| entry(SECTION, 0, error))?;
    let verifier = verifier.ibeacons(uuids);
    Ok(if registry.is_empty() { verifier } else { verifier.registered_beacons(Arc::new(registry)) })
}

fn suncmac_keys(entries: Vec<Suncmac>) -> Result<SuncmacKeys, VerifierJsonError> {
    let mut keys = SuncmacKeys::new();
    for (index, one) in entries.into_iter().enumerate() {
        let added = match (one.suncmac_key, one.uid, one.master_key) {
            (Some(key), Some(uid), None) => keys.insert(uid, one.epoch, key),
            (None, None, Some(master)) => {
                keys.insert_fleet(&master, &one.system_id, one.epoch, one.label.map(Arc::from))
            }
            _ => return Err(entry("ntag22x", index, "expected suncmac_key and uid, or master_key")),
        };
        added.map_err(|error| entry("ntag22x", index, error))?;
    }
    Ok(keys)
}

impl OwnSignature {
    fn signature(self, index: usize) -> Result<UrlSignature, VerifierJsonError> {
        let keys = public_keys("signed_urls", self.keys)?;
        let part = match self.part {
            Part::Query => UrlPart::Query,
            Part::Fragment => UrlPart::Fragment,
        };
        let from = match self.from {
            From::Url => SignedFrom::Url,
            From::Host => SignedFrom::Host,
            From::Parameters => SignedFrom::Parameters,
        };
        let to = match self.to {
            To::Name => SignedTo::Name,
            To::Separator => SignedTo::Separator,
        };
        let text = match self.text {
            Text::Hex => SignatureText::Hex,
            Text::Base64url => SignatureText::Base64Url,
        };
        if self.signature.is_empty() {
            return Err(entry("signed_urls", index, "signature: expected the name of a parameter"));
        }
        let source = KeySource::Ring { keys, id: self.key_id };
        let signature = UrlSignature::new(part, &self.signature, source).signs(from, to).written_in(text);
        Ok(match &self.nonce {
            Some(nonce) => signature.nonce(nonce),
            None => signature,
        })
    }
}

fn public_keys(section: &'static str, entries: Vec<Key>) -> Result<PublicKeys, VerifierJsonError> {
    let mut keys = PublicKeys::new();
    for (index, one) in entries.into_iter().enumerate() {
        let algorithm = match one.algorithm {
            Algorithm::Es256 => SignatureAlgorithm::Es256,
            Algorithm::EdDsa => SignatureAlgorithm::EdDsa,
            Algorithm::Es256k => SignatureAlgorithm::Es256k,
        };
        let key = PublicKey::new(algorithm, &one.public_key).map_err(|error| entry(section, index, error))?;
        keys = match &one.id {
            Some(id) => keys.with_id(id.as_bytes(), key),
            None => keys.without_id(key),
        }
        .map_err(|error| entry(section, index, error))?;
    }
    Ok(keys)
}

fn entry(section: &'static str, index: usize, expected: impl fmt::Display) -> VerifierJsonError {
    VerifierJsonError::Entry { section, number: index + 1, expected: expected.to_string() }
}

/// A key of `N` bytes. The text is not copied, and an error does not hold it.
fn secret<'de, D: Deserializer<'de>, const N: usize>(reader: D) -> Result<Option<Secret<N>>, D::Error> {
    struct Digits<const N: usize>;
    impl<const N: usize> Visitor<'_> for Digits<N> {
        type Value = Secret<N>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{} hexadecimal digits", 2 * N)
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Secret<N>, E> {
            Secret::from_hex(text).map_err(E::custom)
        }
    }
    reader.deserialize_str(Digits).map(Some)
}

/// A secret of any length.
fn secret_bytes<'de, D: Deserializer<'de>>(reader: D) -> Result<SecretBytes, D::Error> {
    struct Digits;
    impl Visitor<'_> for Digits {
        type Value = SecretBytes;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("two hexadecimal digits a byte")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<SecretBytes, E> {
            SecretBytes::from_hex(text).map_err(E::custom)
        }
    }
    reader.deserialize_str(Digits)
}

/// Bytes in hexadecimal digits.
fn digits<'de, D: Deserializer<'de>>(reader: D) -> Result<Vec<u8>, D::Error> {
    let text = std::borrow::Cow::<'de, str>::deserialize(reader)?;
    let mut bytes = vec![0; text.len() / 2];
    match hex::decode_into(text.as_bytes(), &mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(D::Error::custom("expected two hexadecimal digits a byte")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::tap::{Assurance, Presented, Scheme};
    use crate::vocab::Timestamp;

    fn refused(text: &str) -> String {
        Verifier::from_json(text).unwrap_err().to_string()
    }

    #[test]
    fn a_file_of_keys_alone_is_a_verifier() {
        let set = r#"{"file_read_key":"00000000000000000000000000000000","meta_read_key":"00000000000000000000000000000000"}"#;
        let url = "https://ntag.nxp.com/424?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086";
        for text in [set.to_owned(), format!("[{set}]"), format!(r#"{{"ntag21x":[],"keys":[{set}]}}"#)] {
            let verdict = Verifier::from_json(&text)
                .unwrap()
                .verify(Presented::Url(url), Timestamp::from_millis(0).unwrap());
            assert_eq!(
                (verdict.scheme, verdict.assurance()),
                (Some(Scheme::Ntag424Aes), Some(Assurance::Dynamic))
            );
        }
    }

    #[test]
    fn a_fault_is_told_by_its_place_and_without_the_key() {
        let key = "00112233445566778899aabbccddeef";
        for text in [
            format!(r#"{{"ntag22x":[{{"suncmac_key":"{key}","uid":"04010203040506"}}]}}"#),
            format!(r#"{{"ntag22x":[{{"epoch":"{key}"}}]}}"#),
            format!(r#"{{"ntag22x":"{key}"}}"#),
            format!(r#"{{"ntag22x":[{{"uid":"{key}"}}]}}"#),
            format!(r#"{{"tokens":{{"keys":[{{"algorithm":"{key}"}}]}}}}"#),
            format!(r#"{{"signed_urls":["{key}"]}}"#),
        ] {
            let error = refused(&text);
            assert!(!error.contains(&key[..8]), "{error}");
            assert!(error.contains("line 1"), "{error}");
        }
    }

    #[test]
    fn entries_that_cannot_be_are_named() {
        assert_eq!(
            refused(r#"{"ntag22x":[{"uid":"04010203040506"}]}"#),
            "ntag22x, number 1: expected suncmac_key and uid, or master_key"
        );
        assert!(
            refused(r#"{"ntag21x":["tap.example/{uid}","tap.example/"]}"#).starts_with("ntag21x, number 2")
        );
        assert!(
            refused(r#"{"tokens":{"keys":[{"algorithm":"es256","public_key":"00"}]}}"#)
                .starts_with("tokens, number 1")
        );
        assert!(refused(r#"{"ntag21x":[],"other":1}"#).contains("unknown field"));
    }

    /// An advertisement with this service or manufacturer data.
    fn advertised(kind: u8, data: &[u8]) -> Vec<u8> {
        [&[u8::try_from(data.len()).unwrap() + 1, kind][..], data].concat()
    }

    #[test]
    fn beacons_are_known_by_their_section() {
        let verifier = Verifier::from_json(
            r#"{"beacons": [
                {"id": "shelf-7", "identity_key": "07070707070707070707070707070707", "rotation_exponent": 10,
                 "at": "2026-11-21T12:00:00Z", "counter": 65280, "place": "paris-1"},
                {"uuid": "01010101-0101-0101-0101-010101010101"}]}"#,
        )
        .unwrap();
        let at = Timestamp::parse("2026-11-21T12:00:00Z").unwrap();
        let key = IdentityKey::new(Secret::take(&mut [7; 16]));
        for later in [0, 5_400, 40 * 86_400] {
            let eid = key.eid(RotationExponent::new(10).unwrap(), 65_280 + later);
            let heard = advertised(0x16, &[&[0xAA, 0xFE, 0x30, 0xEE][..], eid.as_bytes()].concat());
            let now = at.saturating_add(Duration::from_secs(later.into()));
            let proof = verifier.verify(Presented::Advertisement(&heard), now).outcome.unwrap();
            assert_eq!(proof.assurance(), Assurance::Rotating);
            let place = proof.facts().into_iter().find(|fact| fact.name == "place").unwrap();
            assert_eq!((place.value.reveal(), place.authenticated), ("paris-1", true));
            let stale = now.saturating_add(Duration::from_secs(3 * 86_400));
            assert!(verifier.verify(Presented::Advertisement(&heard), stale).outcome.is_err());
        }
        for (byte, code) in [(1, None), (2, Some("no_tap"))] {
            let data = [&[0x4C, 0, 2, 0x15][..], &[byte; 16], &[0, 1, 0, 2, 0xC5]].concat();
            let heard = advertised(0xFF, &data);
            let verdict = verifier.verify(Presented::Advertisement(&heard), at);
            assert_eq!(verdict.scheme, code.is_none().then_some(Scheme::IBeacon));
            assert_eq!(verdict.outcome.err().map(|refusal| refusal.code()), code);
        }
    }

    #[test]
    fn beacons_that_cannot_be_are_named() {
        let key = "0707070707070707070707070707070";
        let one = |id: &str, last: &str, exponent: u8| {
            format!(
                r#"{{"id":"{id}","identity_key":"{key}{last}","rotation_exponent":{exponent},"at":"2026-11-21T12:00:00Z"}}"#
            )
        };
        let told = |entries: &[String]| refused(&format!(r#"{{"beacons":[{}]}}"#, entries.join(",")));
        for (entries, expected) in [
            (vec![one("a", "7", 16)], "beacons, number 1: a rotation exponent is 0 to 15"),
            (vec![one("a", "7", 9), one("a", "8", 9)], "beacon a is there twice"),
            (vec![one("a", "7", 9), one("b", "7", 9)], "have the same key"),
            (
                vec![one("a", "7", 9), r#"{"uuid":"01"}"#.to_owned()],
                "beacons, number 2: expected 32 hexadecimal",
            ),
            (vec![r#"{"id":"a"}"#.to_owned()], "or a uuid alone"),
            (vec![one("a", "", 9)], "line 1"),
        ] {
            let error = told(&entries);
            assert!(error.contains(expected) && !error.contains(&key[..8]), "{error}");
        }
    }
}
