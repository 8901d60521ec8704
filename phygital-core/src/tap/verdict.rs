//! What a tap was found to be: one answer for all kinds of token.

use std::fmt;

use ring::digest;

use super::beacon::{ClockState, Frame, Sighting};
use super::gs1::DigitalLink;
use super::ntag21x::Claim21x;
use super::ntag22x::Tap22x;
use super::originality::Original;
use super::otp::OtpTap;
use super::signed_url::SignedUrlTap;
use super::wallet::{PassId, WalletTap};
use super::{Assurance, Scheme, TapRefusal, VerifiedTap, VerifiedToken};
use crate::vocab::hex;
use crate::vocab::tag::{KeyEpoch, ReadCounter, TagUid};
use crate::vocab::{Digest, Personal, Timestamp};

/// The answer of a [`super::Verifier`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TapVerdict {
    /// The kind of token; none if it was refused and no scheme can be told.
    pub scheme: Option<Scheme>,
    /// What was proven, or why it was refused.
    pub outcome: Result<TapProof, TapRefusal>,
}

impl TapVerdict {
    /// How much was proven; none if it was refused.
    #[must_use]
    pub fn assurance(&self) -> Option<Assurance> {
        self.outcome.as_ref().ok().map(TapProof::assurance)
    }
}

/// A token that was not refused, as its scheme has it. What it proves is said by [`TapProof::assurance`]: some prove
/// nothing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TapProof {
    /// NTAG 424 DNA.
    Sun {
        /// What it proves.
        tap: Box<VerifiedTap>,
        /// The product or place that its URL names, proven where the MAC covers it.
        link: Option<Box<DigitalLink>>,
    },
    /// NTAG 223 or 224 DNA.
    Ntag22x(Tap22x),
    /// NTAG 213, 215 or 216: a claim.
    Ntag21x(Claim21x),
    /// A URL signed by a tag's own key.
    SignedUrl(Box<SignedUrlTap>),
    /// A token that an issuer signed.
    Token(Box<VerifiedToken>),
    /// A rotating code that a screen showed.
    Code {
        /// The screen, as the verifier names it.
        screen: Box<str>,
        /// What it proves.
        tap: OtpTap,
    },
    /// A pass of a phone wallet.
    Wallet {
        /// What it proves.
        tap: Box<WalletTap>,
        /// What tells it from its copies.
        freshness: Freshness,
    },
    /// A chip that its maker signed.
    Original {
        /// Its UID, of 4 to 10 bytes.
        uid: Box<[u8]>,
        /// What it proves.
        original: Original,
    },
    /// A beacon that is known and was heard.
    Beacon(Box<Sighting>),
    /// What a beacon without a proof says: a claim.
    Frame(Box<Frame>),
    /// A product or place that a URL names: a claim.
    Link(Box<DigitalLink>),
}

/// What tells a tap from its copies, and so what whoever accepts it has to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Freshness {
    /// A counter that only goes up: keep the highest of each tag and key epoch; see [`super::replay`].
    Counter {
        /// The tag; none if it mirrors its counter alone and its key is not bound to one tag.
        uid: Option<TagUid>,
        /// The generation of its keys.
        epoch: KeyEpoch,
        /// The counter.
        counter: ReadCounter,
    },
    /// Something that is never the same twice: keep the digest, at least until the time where there is one.
    Once {
        /// What to keep.
        key: Digest,
        /// When it can be forgotten.
        until: Option<Timestamp>,
    },
    /// Nothing: a copy cannot be told from the original.
    None,
}

impl TapProof {
    /// The kind of token.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        match self {
            Self::Sun { tap, .. } => tap.scheme(),
            Self::Ntag22x(tap) => tap.scheme(),
            Self::Ntag21x(claim) => claim.scheme(),
            Self::SignedUrl(_) => Scheme::SignedUrl,
            Self::Token(token) => token.scheme(),
            Self::Code { tap, .. } => tap.scheme(),
            Self::Wallet { tap, .. } => tap.scheme(),
            Self::Original { original, .. } => original.scheme(),
            Self::Beacon(_) => Scheme::EddystoneEid,
            // Telemetry never gets here: it identifies nothing.
            Self::Frame(frame) => frame.scheme().unwrap_or(Scheme::EddystoneUid),
            Self::Link(_) => Scheme::Gs1DigitalLink,
        }
    }

    /// How much it proves.
    #[must_use]
    pub fn assurance(&self) -> Assurance {
        match self {
            // Without a counter the link never changes.
            Self::Sun { tap, .. } if tap.read_ctr().is_none() => Assurance::Static,
            Self::Sun { .. } => Assurance::Dynamic,
            Self::Ntag22x(tap) => tap.assurance(),
            Self::Ntag21x(claim) => claim.assurance(),
            Self::SignedUrl(tap) => tap.assurance(),
            Self::Token(token) => token.assurance(),
            Self::Code { tap, .. } => tap.assurance(),
            Self::Wallet { tap, .. } => tap.assurance(),
            Self::Original { original, .. } => original.assurance(),
            Self::Beacon(sighting) => sighting.assurance(),
            Self::Frame(_) | Self::Link(_) => Assurance::Unauthenticated,
        }
    }

    /// The tag that it is of, proven unless the assurance is [`Assurance::Unauthenticated`].
    #[must_use]
    pub fn uid(&self) -> Option<TagUid> {
        match self {
            Self::Sun { tap, .. } => tap.uid(),
            Self::Ntag22x(tap) => Some(tap.uid()),
            Self::Ntag21x(claim) => claim.claimed_uid(),
            _ => None,
        }
    }

    /// The tag's counter, proven unless the assurance is [`Assurance::Unauthenticated`].
    #[must_use]
    pub fn read_ctr(&self) -> Option<ReadCounter> {
        match self {
            Self::Sun { tap, .. } => tap.read_ctr(),
            Self::Ntag22x(tap) => Some(tap.read_ctr()),
            Self::Ntag21x(claim) => claim.claimed_read_ctr(),
            _ => None,
        }
    }

    /// The generation of the tag's key that matched; none where tags have no keys.
    #[must_use]
    pub fn key_epoch(&self) -> Option<KeyEpoch> {
        match self {
            Self::Sun { tap, .. } => Some(tap.key_epoch()),
            Self::Ntag22x(tap) => Some(tap.key_epoch()),
            _ => None,
        }
    }

    /// The name of the tag's key that matched.
    #[must_use]
    pub fn key_label(&self) -> Option<&str> {
        match self {
            Self::Sun { tap, .. } => tap.key_label(),
            Self::Ntag22x(tap) => tap.key_label(),
            _ => None,
        }
    }

    /// The two letters of a tamper status, and whether they are authenticated.
    #[must_use]
    pub fn tag_tamper(&self) -> Option<(String, bool)> {
        match self {
            Self::Sun { tap, .. } => tap.tag_tamper().map(|tamper| (tamper.letters(), tamper.authenticated)),
            Self::Ntag22x(tap) => tap.status().map(|status| (status.letters(), true)),
            _ => None,
        }
    }

    /// The decrypted file data, as lower-case digits.
    #[must_use]
    pub fn file_data(&self) -> Option<String> {
        match self {
            Self::Sun { tap, .. } => tap.file_data().map(|data| data.to_hex()),
            _ => None,
        }
    }

    /// Whether a key that was known before made it. A key that is recovered from a signature is an identity to look
    /// up: anybody can make one.
    #[must_use]
    pub fn is_of_known_key(&self) -> bool {
        match self {
            Self::Ntag21x(_) | Self::Frame(_) | Self::Link(_) => false,
            Self::SignedUrl(tap) => tap.public_key().is_none(),
            _ => true,
        }
    }

    /// What tells it from its copies.
    #[must_use]
    pub fn freshness(&self) -> Freshness {
        match self {
            Self::Sun { tap, .. } => match tap.read_ctr() {
                Some(counter) => Freshness::Counter { uid: tap.uid(), epoch: tap.key_epoch(), counter },
                None => Freshness::None,
            },
            Self::Ntag22x(tap) => {
                Freshness::Counter { uid: Some(tap.uid()), epoch: tap.key_epoch(), counter: tap.read_ctr() }
            }
            Self::Code { screen, tap } => Freshness::Once { key: step_key(screen, *tap), until: None },
            Self::Wallet { freshness, .. } => *freshness,
            Self::Original { .. } | Self::Ntag21x(_) | Self::Beacon(_) | Self::Frame(_) | Self::Link(_) => {
                Freshness::None
            }
            Self::SignedUrl(tap) => match tap.replay_key() {
                Some(key) => Freshness::Once { key, until: None },
                None => Freshness::None,
            },
            Self::Token(token) => {
                Freshness::Once { key: token.replay_key(), until: token.claims().expires() }
            }
        }
    }
}

impl TapProof {
    /// What it says, each thing with whether it was authenticated. Names are those of `phygital tap verify`.
    #[must_use]
    pub fn facts(&self) -> Vec<TapFact> {
        let mut facts = Facts(Vec::new());
        match self {
            Self::Sun { tap, link } => {
                facts.proven("uid", tap.uid());
                facts.proven("read_ctr", tap.read_ctr().map(ReadCounter::get));
                facts.proven("file_data", tap.file_data().map(|data| data.to_hex()));
                if let Some(tamper) = tap.tag_tamper() {
                    facts.add("tag_tamper", tamper.letters(), tamper.authenticated);
                }
                facts.proven("text", Some(tap.authenticated_text()).filter(|text| !text.is_empty()));
                if let Some(link) = link {
                    facts.link(link, link.is_authenticated_by(tap));
                }
            }
            Self::Ntag22x(tap) => {
                facts.proven("uid", Some(tap.uid()));
                facts.proven("read_ctr", Some(tap.read_ctr().get()));
                facts.proven("tag_tamper", tap.status().map(|status| status.letters()));
                facts.proven("measurement", tap.status().map(|status| hex::lower(&status.measurement)));
            }
            Self::Ntag21x(claim) => {
                facts.claimed("uid", claim.claimed_uid());
                facts.claimed("read_ctr", claim.claimed_read_ctr().map(ReadCounter::get));
            }
            Self::SignedUrl(tap) => {
                facts.proven("nonce", tap.nonce());
                facts.proven("key_id", tap.key_id());
                facts.proven("public_key", tap.public_key().map(|key| hex::lower(key)));
                facts.proven("address", tap.address().map(|address| address.as_str()));
                facts.proven("text", Some(tap.signed_text()));
            }
            Self::Token(token) => {
                let claims = token.claims();
                facts.proven("key_id", token.key_id().map(hex::lower));
                facts.proven("issuer", claims.issuer());
                facts.proven("subject", claims.subject());
                facts.proven("audience", claims.audience());
                facts.proven("issued_at", claims.issued_at());
                facts.proven("expires", claims.expires());
                facts.proven("token_id", claims.token_id().map(hex::lower));
            }
            Self::Code { screen, tap } => {
                facts.proven("screen", Some(screen));
                facts.proven("step", Some(tap.counter()));
            }
            Self::Wallet { tap, .. } => {
                match tap.pass() {
                    PassId::Apple { pass_type } => facts.proven("pass_type", Some(pass_type)),
                    PassId::Google { collector, kind, object_id } => {
                        facts.proven("collector", Some(collector));
                        facts.proven("kind", Some(kind));
                        facts.proven("object_id", Some(hex::lower(object_id)));
                    }
                }
                facts.proven("message", Some(String::from_utf8_lossy(tap.message())));
                facts.proven("customer_id", tap.customer_id().map(hex::lower));
                facts.claimed("device_time", tap.device_time());
            }
            Self::Original { uid, original } => {
                facts.proven("chip", Some(hex::lower(uid)));
                facts.proven("family", original.family().map(|family| family.as_str()));
            }
            Self::Beacon(sighting) => {
                facts.proven("beacon", Some(sighting.beacon()));
                facts.proven("place", sighting.place());
                facts.proven("in_step", Some(sighting.state() == ClockState::InStep));
            }
            Self::Frame(frame) => match &**frame {
                Frame::EddystoneUid { id, .. } => facts.claimed("beacon", Some(id)),
                Frame::EddystoneUrl { url, .. } => facts.claimed("url", Some(url)),
                Frame::EddystoneEid { eid, .. } => facts.claimed("eid", Some(eid)),
                Frame::IBeacon(beacon) => {
                    facts.claimed("uuid", Some(beacon.uuid));
                    facts.claimed("major", Some(beacon.major));
                    facts.claimed("minor", Some(beacon.minor));
                }
                Frame::Telemetry(_) | Frame::EncryptedTelemetry(_) => {}
            },
            Self::Link(link) => facts.link(link, false),
        }
        facts.0
    }
}

/// A step of a screen, of which one tap counts.
fn step_key(screen: &str, tap: OtpTap) -> Digest {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&(screen.len() as u64).to_be_bytes());
    context.update(screen.as_bytes());
    context.update(&tap.counter().to_be_bytes());
    Digest::from_bytes(context.finish().as_ref().try_into().expect("SHA-256 has 32 bytes"))
}

/// Collects facts.
struct Facts(Vec<TapFact>);

impl Facts {
    fn proven(&mut self, name: &'static str, value: Option<impl fmt::Display>) {
        if let Some(value) = value {
            self.add(name, value, true);
        }
    }

    fn claimed(&mut self, name: &'static str, value: Option<impl fmt::Display>) {
        if let Some(value) = value {
            self.add(name, value, false);
        }
    }

    /// A product or place; what else a link says goes with it.
    fn link(&mut self, link: &DigitalLink, authenticated: bool) {
        let mut add = |name, value: Option<String>| {
            if let Some(value) = value {
                self.add(name, value, authenticated);
            }
        };
        add("gtin", link.gtin().map(|gtin| gtin.to_string()));
        add("gln", link.gln().map(|gln| gln.to_string()));
        add("sscc", link.sscc().map(|sscc| sscc.to_string()));
        add("variant", link.variant().map(str::to_owned));
        add("lot", link.lot().map(str::to_owned));
        add("serial", link.serial().map(str::to_owned));
        add("expiry", link.expiry().map(str::to_owned));
        add("gln_extension", link.gln_extension().map(str::to_owned));
    }

    fn add(&mut self, name: &'static str, value: impl fmt::Display, authenticated: bool) {
        self.0.push(TapFact { name, value: Personal::new(value.to_string()), authenticated });
    }
}

/// One thing that a token says: a name such as `uid`, and a value that does not print itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TapFact {
    /// What it is.
    pub name: &'static str,
    /// Its value; bytes are lower-case hexadecimal digits.
    pub value: Personal,
    /// Whether it was authenticated, or is merely claimed.
    pub authenticated: bool,
}
