//! One verifier for all that a shop meets.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::beacon::{BeaconRegistry, EidTable, Frame, ProximityUuid};
use super::gs1::DigitalLink;
use super::limits::NDEF_MESSAGE_MAX;
use super::ntag21x::Template21x;
use super::ntag22x::{self, SuncmacRing};
use super::originality;
use super::otp::Totp;
use super::signed_url::UrlSignature;
use super::verdict::{TapProof, TapVerdict};
use super::wallet::WalletTap;
#[cfg(feature = "apple-vas")]
use super::wallet::verify_vas_once;
use super::{
    KeyRing, PublicKeys, RefusalClass, Scheme, TapLink, TapRefusal, TokenPolicy, claimed_uid, cose, paseto,
    verify_link,
};
#[cfg(feature = "apple-vas")]
use crate::contactless::apple_vas::{PassTypeId, VasKeyRing, freshness::TimeWindow};
use crate::contactless::ndef;
use crate::vocab::Timestamp;
use crate::vocab::tag::TagUid;

/// What a phone, a tag or a reader delivered.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Presented<'p> {
    /// The URL that a phone opened.
    Url(&'p str),
    /// An NDEF message as a reader read it; its first URI record counts.
    NdefMessage(&'p [u8]),
    /// A COSE_Sign1 token.
    Cose(&'p [u8]),
    /// A PASETO token.
    Paseto(&'p str),
    /// A rotating code, and the screen that showed it.
    Code {
        /// The screen, as [`Verifier::screens`] named it.
        screen: &'p str,
        /// Its digits.
        code: &'p str,
    },
    /// What a beacon advertised, whole.
    Advertisement(&'p [u8]),
    /// The originality signature of a chip, as Read_Sig gives it: by the makers' keys that are built in
    /// ([`super::originality`]).
    Originality {
        /// The chip's UID.
        uid: &'p [u8],
        /// Its signature.
        signature: &'p [u8],
    },
    /// The cryptogram with which an iPhone answered for a pass ([`crate::contactless::apple_vas`]).
    #[cfg(feature = "apple-vas")]
    AppleVas {
        /// The pass that was asked for.
        pass: &'p PassTypeId,
        /// What came.
        cryptogram: &'p [u8],
    },
    /// A pass that was opened already: by the exchange of Google Smart Tap
    /// (`wallet::from_smart_tap`, feature `smart-tap`), or by a certified reader
    /// ([`super::wallet::WalletTap::vouched`]).
    Wallet(&'p WalletTap),
}

/// Judges every kind of token that it was given keys for.
///
/// It has no state: it says what a token proves, and [`TapProof::freshness`] says what the caller has to keep so that
/// a copy does not count again. [`crate::engine::Engine`] keeps it.
///
/// A URL is offered to each scheme in turn. The first that proves something decides; a scheme that finds the URL forged
/// or stale decides as well, so that a weaker scheme never accepts what a stronger one refused. Schemes that prove
/// nothing come last.
///
/// ```
/// use std::sync::Arc;
/// use phygital_core::crypto::Secret;
/// use phygital_core::tap::{Assurance, KeySet, Keys, Presented, Verifier};
/// use phygital_core::vocab::Timestamp;
/// let keys = Keys::new([KeySet::explicit(Secret::zeros()).meta_read_key(Secret::zeros())])?;
/// let verifier = Verifier::new().sun(Arc::new(keys)).ntag21x("tap.example/t?m={uid}x{ctr}".parse()?);
/// let now = Timestamp::parse("2026-11-21T12:00:00Z")?;
/// let verdict = verifier.verify(
///     Presented::Url("https://ntag.nxp.com/424?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086"), now);
/// assert_eq!(verdict.assurance(), Some(Assurance::Dynamic));
/// let verdict = verifier.verify(Presented::Url("https://tap.example/t?m=04E1415A2B3C80x00001F"), now);
/// assert_eq!(verdict.assurance(), Some(Assurance::Unauthenticated));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Verifier {
    sun: Option<Arc<dyn KeyRing + Send + Sync>>,
    ntag22x: Option<Arc<dyn SuncmacRing + Send + Sync>>,
    ntag21x: Vec<Template21x>,
    signed_urls: Vec<UrlSignature>,
    tokens: Option<Arc<Tokens>>,
    screens: Arc<BTreeMap<Box<str>, Totp>>,
    beacons: Option<Beacons>,
    ibeacons: Arc<BTreeSet<ProximityUuid>>,
    digital_links: bool,
    #[cfg(feature = "apple-vas")]
    apple_vas: Option<Arc<dyn VasKeyRing + Send + Sync>>,
}

/// Where the identifiers of beacons come from.
#[derive(Clone, Debug)]
enum Beacons {
    Table(Arc<EidTable>),
    Registry(Arc<BeaconRegistry>),
}

/// How tokens are judged.
struct Tokens {
    keys: PublicKeys,
    policy: TokenPolicy,
    context: Box<[u8]>,
}

impl Verifier {
    /// A verifier that knows no scheme yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Knows tags of the NTAG 424 DNA family by these keys.
    #[must_use]
    pub fn sun(self, keys: Arc<dyn KeyRing + Send + Sync>) -> Self {
        Self { sun: Some(keys), ..self }
    }

    /// Knows NTAG 223 and 224 DNA by these keys.
    #[must_use]
    pub fn ntag22x(self, keys: Arc<dyn SuncmacRing + Send + Sync>) -> Self {
        Self { ntag22x: Some(keys), ..self }
    }

    /// Reads what NTAG 213, 215 and 216 of this layout claim. May be called for several.
    #[must_use]
    pub fn ntag21x(mut self, template: Template21x) -> Self {
        self.ntag21x.push(template);
        self
    }

    /// Knows URLs signed in this way. May be called for several.
    #[must_use]
    pub fn signed_urls(mut self, signature: UrlSignature) -> Self {
        self.signed_urls.push(signature);
        self
    }

    /// Knows COSE_Sign1 and PASETO tokens by these keys. `context` is what issuer and verifier know without sending it
    /// (external_aad, implicit assertion), mostly nothing.
    #[must_use]
    pub fn tokens(self, keys: PublicKeys, policy: TokenPolicy, context: &[u8]) -> Self {
        Self { tokens: Some(Arc::new(Tokens { keys, policy, context: context.into() })), ..self }
    }

    /// Knows the screens that show a rotating code, each by a name of the host's.
    #[must_use]
    pub fn screens(self, screens: impl IntoIterator<Item = (Box<str>, Totp)>) -> Self {
        Self { screens: Arc::new(screens.into_iter().collect()), ..self }
    }

    /// Knows beacons by their rotating identifiers. A table is for a window of time: put a new one before it ends.
    #[must_use]
    pub fn beacons(self, table: Arc<EidTable>) -> Self {
        Self { beacons: Some(Beacons::Table(table)), ..self }
    }

    /// Knows beacons by their registrations, at any time. Takes the place of [`Verifier::beacons`].
    #[must_use]
    pub fn registered_beacons(self, registry: Arc<BeaconRegistry>) -> Self {
        Self { beacons: Some(Beacons::Registry(registry)), ..self }
    }

    /// Takes iBeacons with these UUIDs alone; without any, all of them. What they say is a claim all the same.
    #[must_use]
    pub fn ibeacons(self, uuids: impl IntoIterator<Item = ProximityUuid>) -> Self {
        Self { ibeacons: Arc::new(uuids.into_iter().collect()), ..self }
    }

    /// Opens passes of Apple Wallet with these merchant keys, within [`TimeWindow::default`].
    #[cfg(feature = "apple-vas")]
    #[must_use]
    pub fn apple_vas(self, keys: Arc<dyn VasKeyRing + Send + Sync>) -> Self {
        Self { apple_vas: Some(keys), ..self }
    }

    /// Reads products and places out of GS1 Digital Links: what a tag's MAC covers is proven, all else a claim.
    #[must_use]
    pub fn digital_links(self) -> Self {
        Self { digital_links: true, ..self }
    }

    /// The tag that something which did not verify claims to be of, as far as keys or digits tell: for counting
    /// forgeries, nothing more.
    #[must_use]
    pub(crate) fn claimed_uid(&self, presented: Presented<'_>) -> Option<TagUid> {
        let Presented::Url(url) = presented else { return None };
        let sun = self.sun.as_deref().and_then(|keys| claimed_uid(url, keys));
        sun.or_else(|| {
            self.ntag22x.as_ref()?;
            Some(ntag22x::Message22x::find(TapLink::parse(url).ok()?).ok()?.claimed_uid())
        })
    }

    /// The keys of NTAG 424 DNA, for [`super::diagnose`].
    #[must_use]
    pub fn sun_keys(&self) -> Option<&(dyn KeyRing + Send + Sync)> {
        self.sun.as_deref()
    }

    /// Judges what was presented at `now`.
    #[must_use]
    pub fn verify(&self, presented: Presented<'_>, now: Timestamp) -> TapVerdict {
        let answer = match presented {
            Presented::Url(url) => self.url(url),
            Presented::NdefMessage(bytes) => self.ndef(bytes),
            Presented::Cose(token) => self.token(Scheme::CoseSign1, |tokens| {
                cose::verify(token, &tokens.keys, &tokens.context, &tokens.policy, now)
            }),
            Presented::Paseto(token) => self.token(Scheme::PasetoV4Public, |tokens| {
                paseto::verify(token, &tokens.keys, &tokens.context, &tokens.policy, now)
            }),
            Presented::Code { screen, code } => self.code(screen, code, now),
            Presented::Advertisement(bytes) => self.advertisement(bytes, now),
            Presented::Originality { uid, signature } => match originality::identify(uid, signature) {
                Ok(original) => Ok(TapProof::Original { uid: uid.into(), original }),
                Err(refusal) => Err(Refused { scheme: Some(Scheme::Originality), refusal }),
            },
            #[cfg(feature = "apple-vas")]
            Presented::AppleVas { pass, cryptogram } => self.vas(pass, cryptogram, now),
            Presented::Wallet(tap) => {
                Ok(TapProof::Wallet { tap: Box::new(tap.clone()), freshness: tap.shown_at(now) })
            }
        };
        match answer {
            Ok(proof) => TapVerdict { scheme: Some(proof.scheme()), outcome: Ok(proof) },
            Err(Refused { scheme, refusal }) => TapVerdict { scheme, outcome: Err(refusal) },
        }
    }
}

/// A refusal, and who refused.
struct Refused {
    scheme: Option<Scheme>,
    refusal: TapRefusal,
}

impl From<TapRefusal> for Refused {
    fn from(refusal: TapRefusal) -> Self {
        Self { scheme: None, refusal }
    }
}

type Judged = Result<TapProof, Refused>;

impl Verifier {
    fn url(&self, url: &str) -> Judged {
        let link = TapLink::parse(url)?;
        let mut told = Told::default();
        if let Some(keys) = &self.sun
            && let Some(tap) = told.hear(Scheme::Ntag424Aes, verify_link(link, &**keys))
        {
            let link = self.digital_link(url);
            return Ok(TapProof::Sun { tap: Box::new(tap), link });
        }
        if let Some(keys) = &self.ntag22x
            && let Some(tap) = told.hear(Scheme::Ntag22x, ntag22x::verify(url, &**keys))
        {
            return Ok(TapProof::Ntag22x(tap));
        }
        for signature in &self.signed_urls {
            if let Some(tap) = told.hear(Scheme::SignedUrl, signature.verify(url)) {
                return Ok(TapProof::SignedUrl(Box::new(tap)));
            }
        }
        if told.is_decided() {
            return Err(told.refused());
        }
        for template in &self.ntag21x {
            if let Some(claim) = told.hear(Scheme::Ntag21x, template.read(url)) {
                return Ok(TapProof::Ntag21x(claim));
            }
        }
        if self.digital_links
            && let Some(link) = told.hear(Scheme::Gs1DigitalLink, DigitalLink::parse(url))
        {
            return Ok(TapProof::Link(Box::new(link)));
        }
        Err(told.refused())
    }

    fn digital_link(&self, url: &str) -> Option<Box<DigitalLink>> {
        let link = self.digital_links.then(|| DigitalLink::parse(url))?;
        link.ok().map(Box::new)
    }

    fn ndef(&self, bytes: &[u8]) -> Judged {
        if bytes.len() > NDEF_MESSAGE_MAX {
            return Err(TapRefusal::malformed("an NDEF message of at most 4096 bytes").into());
        }
        let malformed = TapRefusal::malformed("an NDEF message (NFC Forum NDEF 1.0)");
        let message = ndef::Message::parse(bytes).map_err(|_| malformed.clone())?;
        match message.uri() {
            Ok(Some(uri)) => self.url(&uri),
            Ok(None) => Err(TapRefusal::NoTap.into()),
            Err(_) => Err(malformed.into()),
        }
    }

    fn token(
        &self,
        scheme: Scheme,
        verify: impl FnOnce(&Tokens) -> Result<super::VerifiedToken, TapRefusal>,
    ) -> Judged {
        let verified = self.tokens.as_deref().map_or(Err(TapRefusal::NoKey), verify);
        match verified {
            Ok(token) => Ok(TapProof::Token(Box::new(token))),
            Err(refusal) => Err(Refused { scheme: Some(scheme), refusal }),
        }
    }
}

impl Verifier {
    fn code(&self, screen: &str, code: &str, now: Timestamp) -> Judged {
        let totp = self.screens.get(screen).ok_or(TapRefusal::NoKey);
        match totp.and_then(|totp| totp.verify(code, now, None)) {
            Ok(tap) => Ok(TapProof::Code { screen: screen.into(), tap }),
            Err(refusal) => Err(Refused { scheme: Some(Scheme::Totp), refusal }),
        }
    }

    #[cfg(feature = "apple-vas")]
    fn vas(&self, pass: &PassTypeId, cryptogram: &[u8], now: Timestamp) -> Judged {
        let keys = self.apple_vas.as_deref().ok_or(TapRefusal::NoKey);
        let opened =
            keys.and_then(|keys| verify_vas_once(cryptogram, pass, keys, now, TimeWindow::default()));
        match opened {
            Ok((tap, freshness)) => Ok(TapProof::Wallet { tap: Box::new(tap), freshness }),
            Err(refusal) => Err(Refused { scheme: Some(Scheme::AppleVas), refusal }),
        }
    }

    fn advertisement(&self, bytes: &[u8], now: Timestamp) -> Judged {
        let frame = Frame::of_advertisement(bytes)?;
        let Some(scheme) = frame.scheme() else { return Err(TapRefusal::NoTap.into()) };
        if let Frame::IBeacon(ibeacon) = &frame
            && !self.ibeacons.is_empty()
            && !self.ibeacons.contains(&ibeacon.uuid)
        {
            // Nobody's try: shops are full of them.
            return Err(TapRefusal::NoTap.into());
        }
        let (Frame::EddystoneEid { eid, .. }, Some(beacons)) = (&frame, &self.beacons) else {
            return Ok(TapProof::Frame(Box::new(frame)));
        };
        let resolved = match beacons {
            Beacons::Table(table) => table.resolve(*eid, now),
            Beacons::Registry(registry) => registry.resolve(*eid, now),
        };
        match resolved {
            Ok(sighting) => Ok(TapProof::Beacon(Box::new(sighting))),
            Err(refusal) => Err(Refused { scheme: Some(scheme), refusal }),
        }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("sun", &self.sun.is_some())
            .field("ntag22x", &self.ntag22x.is_some())
            .field("ntag21x", &self.ntag21x)
            .field("signed_urls", &self.signed_urls.len())
            .field("tokens", &self.tokens.is_some())
            .field("screens", &self.screens.len())
            .field("beacons", &self.beacons)
            .field("ibeacons", &self.ibeacons.len())
            .field("digital_links", &self.digital_links)
            .finish()
    }
}

/// What the schemes said of a URL: the refusal that tells most.
#[derive(Default)]
struct Told(Option<(u8, Refused)>);

impl Told {
    /// Takes an answer in; gives what was proven.
    fn hear<T>(&mut self, scheme: Scheme, answer: Result<T, TapRefusal>) -> Option<T> {
        match answer {
            Ok(proof) => Some(proof),
            Err(refusal) => {
                let weight = weight(&refusal);
                if self.0.as_ref().is_none_or(|(heaviest, _)| weight > *heaviest) {
                    let scheme = (weight > NOT_MINE).then_some(scheme);
                    self.0 = Some((weight, Refused { scheme, refusal }));
                }
                None
            }
        }
    }

    /// Whether somebody recognised the URL as its own and said no.
    fn is_decided(&self) -> bool {
        self.0.as_ref().is_some_and(|(weight, _)| *weight > MALFORMED)
    }

    fn refused(self) -> Refused {
        self.0.map_or(Refused { scheme: None, refusal: TapRefusal::NoTap }, |(_, refused)| refused)
    }
}

const NOT_MINE: u8 = 0;
const MALFORMED: u8 = 1;

/// How much a refusal tells.
fn weight(refusal: &TapRefusal) -> u8 {
    match refusal {
        TapRefusal::NoTap
        | TapRefusal::NotDigitalLink
        | TapRefusal::TemplateMismatch
        | TapRefusal::Missing { .. } => NOT_MINE,
        refusal => match refusal.class() {
            RefusalClass::Malformed => MALFORMED,
            RefusalClass::Unauthenticated => 2,
            RefusalClass::Stale => 3,
            RefusalClass::Forged => 4,
        },
    }
}

/// The keys of NTAG 424 DNA alone.
impl<K: KeyRing + Send + Sync + 'static> From<K> for Verifier {
    fn from(keys: K) -> Self {
        Self::new().sun(Arc::new(keys))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::crypto::{Secret, SecretBytes};
    use crate::tap::ntag22x::{SoftNtag22x, SuncmacKeys};
    use crate::tap::otp::{OtpHash, OtpKey};
    use crate::tap::simulator::SoftTag;
    use crate::tap::{Assurance, Freshness, KeySet, Keys};
    use crate::vocab::tag::KeyEpoch;

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-21T12:00:00Z").unwrap()
    }

    fn secret(byte: u8) -> Secret<16> {
        Secret::take(&mut [byte; 16])
    }

    fn sun() -> Arc<Keys> {
        Arc::new(Keys::new([KeySet::explicit(secret(1)).meta_read_key(secret(2))]).unwrap())
    }

    fn tap(template: &str) -> String {
        let uid = TagUid::new([4, 1, 2, 3, 4, 5, 6]);
        let tag = SoftTag::new(uid, template.parse().unwrap(), &secret(1));
        tag.meta_read_key(&secret(2)).tap(&[7; 16]).unwrap()
    }

    fn code(verdict: TapVerdict) -> &'static str {
        verdict.outcome.unwrap_err().code()
    }

    #[test]
    fn each_kind_of_tag_is_known_by_its_own_keys() {
        let mut weak = SoftNtag22x::from_seed(&[9; 16], "https://tap.example/t?m=");
        let mut keys = SuncmacKeys::new();
        keys.insert(weak.uid(), KeyEpoch::FIRST, secret_of(&weak)).unwrap();
        let verifier = Verifier::new().sun(sun()).ntag22x(Arc::new(keys));
        let verdict = verifier.verify(Presented::Url(&tap("tap.example/t?p={picc}&c={mac}")), now());
        assert_eq!(
            (verdict.scheme, verdict.assurance()),
            (Some(Scheme::Ntag424Aes), Some(Assurance::Dynamic))
        );
        let url = weak.tap().unwrap();
        let verdict = verifier.verify(Presented::Url(&url), now());
        assert_eq!(
            (verdict.scheme, verdict.assurance()),
            (Some(Scheme::Ntag22x), Some(Assurance::DynamicWeak))
        );
        assert!(matches!(verdict.outcome.unwrap().freshness(), Freshness::Counter { uid: Some(_), .. }));
    }

    fn secret_of(tag: &SoftNtag22x) -> Secret<16> {
        Secret::take(&mut { *tag.key().expose() })
    }

    #[test]
    fn a_weaker_scheme_never_accepts_what_a_stronger_refused() {
        let verifier = Verifier::new().sun(sun()).digital_links();
        let url = tap("tap.example/01/09506000134352?p={picc}&c={mac}");
        let genuine = verifier.verify(Presented::Url(&url), now());
        assert_eq!(genuine.assurance(), Some(Assurance::Dynamic));
        // The MAC does not cover the path, so the product stays a claim.
        let gtin = genuine.outcome.unwrap().facts().into_iter().find(|fact| fact.name == "gtin").unwrap();
        assert!(!gtin.authenticated);
        let (rest, last) = url.split_at(url.len() - 1);
        let forged = format!("{rest}{}", if last == "0" { '1' } else { '0' });
        assert_eq!(code(verifier.verify(Presented::Url(&forged), now())), "mac_mismatch");
        let bare = verifier.verify(Presented::Url("https://tap.example/01/09506000134352"), now());
        assert_eq!(
            (bare.scheme, bare.assurance()),
            (Some(Scheme::Gs1DigitalLink), Some(Assurance::Unauthenticated))
        );
    }

    #[test]
    fn a_product_under_the_mac_is_proven() {
        let verifier = Verifier::new().sun(sun()).digital_links();
        let url = tap("{mac_input}tap.example/01/09506000134352?p={picc}&c={mac}");
        let proof = verifier.verify(Presented::Url(&url), now()).outcome.unwrap();
        assert!(proof.facts().iter().any(|fact| fact.name == "gtin" && fact.authenticated));
    }

    #[test]
    fn an_ndef_message_is_read_for_its_link() {
        let verifier = Verifier::new().sun(sun());
        let url = tap("tap.example/t?p={picc}&c={mac}");
        let text = url.strip_prefix("https://").unwrap();
        let message = [&[0xD1, 0x01, text.len() as u8 + 1, b'U', 0x04], text.as_bytes()].concat();
        assert!(verifier.verify(Presented::NdefMessage(&message), now()).outcome.is_ok());
        assert_eq!(code(verifier.verify(Presented::NdefMessage(&message[1..]), now())), "malformed");
        // One long record of an unknown type, at the limit and one past it.
        let long = |length: usize| {
            let payload = vec![0; length - 6];
            [&[0xC5, 0x00][..], &(payload.len() as u32).to_be_bytes(), &payload].concat()
        };
        assert_eq!(code(verifier.verify(Presented::NdefMessage(&long(NDEF_MESSAGE_MAX)), now())), "no_tap");
        assert_eq!(
            code(verifier.verify(Presented::NdefMessage(&long(NDEF_MESSAGE_MAX + 1)), now())),
            "malformed"
        );
    }

    #[test]
    fn a_code_names_its_step() {
        let secret = SecretBytes::take(&mut b"12345678901234567890".to_vec()).unwrap();
        let screen = Totp::new(OtpKey::new(secret, OtpHash::Sha1, 6).unwrap(), 30).unwrap();
        let shown = screen.code(now());
        let verifier = Verifier::new().screens([("till 3".into(), screen)]);
        let judge = |screen: &str, code: &str| verifier.verify(Presented::Code { screen, code }, now());
        let first = judge("till 3", &shown).outcome.unwrap();
        assert_eq!(first.freshness(), judge("till 3", &shown).outcome.unwrap().freshness());
        assert_eq!(code(judge("till 4", &shown)), "no_key");
    }

    #[test]
    fn an_original_chip_is_told_and_proves_no_presence() {
        // AN12196, section 7.2.
        let uid = [0x04, 0x51, 0x8D, 0xFA, 0xA9, 0x61, 0x80];
        let text = "d1940d17cfeda4bff80359ab975f9f6514313e8f90c1d3caaf5941ad744a1cdf9a83f883cafe0fe95d1939b1b7e47113993324473b785d21";
        let mut signature = [0; 56];
        crate::vocab::hex::decode_into(text.as_bytes(), &mut signature).unwrap();
        let judge =
            |signature: &[u8]| Verifier::new().verify(Presented::Originality { uid: &uid, signature }, now());
        assert_eq!(judge(&signature).assurance(), Some(Assurance::Static));
        assert_eq!(judge(&signature).outcome.unwrap().freshness(), Freshness::None);
        signature[0] ^= 1;
        assert_eq!(code(judge(&signature)), "signature_invalid");
    }

    #[test]
    fn what_nobody_knows_is_no_tap() {
        assert_eq!(code(Verifier::new().verify(Presented::Url("https://tap.example/"), now())), "no_tap");
        assert_eq!(code(Verifier::new().verify(Presented::Paseto("v4.public.AA"), now())), "no_key");
        assert_eq!(code(Verifier::new().verify(Presented::Advertisement(&[2, 1, 6]), now())), "no_tap");
    }
}
