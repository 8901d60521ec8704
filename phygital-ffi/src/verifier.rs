//! Taps judged without a store: what was presented, and what it proves.

use std::sync::Arc;

use phygital_core::contactless::apple_vas::PassTypeId;
use phygital_core::tap;
use phygital_core::tap::wallet::{PassId, VouchedPass, WalletTap};
use phygital_core::vocab::Timestamp;

use crate::error::{Answer, PhygitalError};
use crate::names::Assurance;
use crate::options::read_keys;
use crate::time::Time;

/// What a phone, a tag or a reader delivered.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum), uniffi::export(Display))]
#[non_exhaustive]
pub enum Presented {
    /// The URL that a phone opened.
    Url {
        /// The URL.
        url: String,
    },
    /// An NDEF message as a reader read it; its first URI record counts.
    NdefMessage {
        /// Its bytes.
        message: Vec<u8>,
    },
    /// A COSE_Sign1 token.
    Cose {
        /// Its bytes.
        token: Vec<u8>,
    },
    /// A PASETO token.
    Paseto {
        /// Its text.
        token: String,
    },
    /// A rotating code, and the screen that showed it.
    Code {
        /// The screen, as the keys name it.
        screen: String,
        /// Its digits.
        code: String,
    },
    /// What a beacon advertised, whole.
    Advertisement {
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// The originality signature of a chip, as Read_Sig gives it.
    Originality {
        /// The chip's UID.
        uid: Vec<u8>,
        /// Its signature.
        signature: Vec<u8>,
    },
    /// The cryptogram with which an iPhone answered a reader for a pass (Apple VAS). The keys have the merchant's, in
    /// `apple_vas`. Commercial use needs Apple's approval.
    AppleVas {
        /// The type of the pass, such as `pass.com.example.loyalty`.
        pass_type: String,
        /// What came.
        cryptogram: Vec<u8>,
    },
    /// A pass of Apple Wallet that a certified reader decrypted by itself: its word, which the host vouches for.
    ApplePass {
        /// The type of the pass.
        pass_type: String,
        /// Its message.
        message: Vec<u8>,
        /// The phone's clock, where the reader tells it.
        device_time: Option<Time>,
        /// What the host vouches for, at most `Dynamic`: `Static` for a reader that hands over the message alone.
        vouched: Assurance,
    },
    /// A pass of Google Wallet (Smart Tap) that a certified reader decrypted by itself: its word, which the host vouches for.
    GooglePass {
        /// The collector that it was given to.
        collector: u32,
        /// Its kind, such as `ly` for loyalty.
        kind: String,
        /// Its id at Google; empty where the phone does not tell it.
        object_id: Vec<u8>,
        /// Its message: the service number.
        message: Vec<u8>,
        /// What the host vouches for: `Static` for a reader that hands over the message alone.
        vouched: Assurance,
    },
}

/// What a tap proves.
#[derive(Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Display))]
#[expect(clippy::exhaustive_structs, reason = "read as a whole")]
pub struct TapProof {
    /// The kind of token, such as `ntag424-aes`.
    pub scheme: String,
    /// How much it proves.
    pub assurance: Assurance,
    /// The tag, 14 digits; proven unless the assurance is `Unauthenticated`.
    pub uid: Option<String>,
    /// The tag's counter.
    pub read_ctr: Option<u32>,
    /// The generation of the key that matched.
    pub key_epoch: Option<u32>,
    /// The name of the key that matched.
    pub key_label: Option<String>,
    /// Two letters of a tamper status: C closed, O open, I not initialised.
    pub tag_tamper: Option<String>,
    /// Whether the tamper status lay under the MAC.
    pub tamper_authenticated: bool,
    /// The decrypted file data, as digits.
    pub file_data: Option<String>,
    /// All that it says.
    pub facts: Vec<TapFact>,
}

/// One thing that a token says.
#[derive(Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Display))]
#[expect(clippy::exhaustive_structs, reason = "read as a whole")]
pub struct TapFact {
    /// What it is, such as `gtin`.
    pub name: String,
    /// Its value; bytes as digits.
    pub value: String,
    /// Whether it was authenticated, or is merely claimed.
    pub authenticated: bool,
}

/// Keys, read once: judges taps without a store, and so without knowing whether they were used before.
#[derive(Debug)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
pub struct Verifier {
    verifier: tap::Verifier,
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Verifier {
    /// Reads keys from JSON, as [`phygital_core::tap::Verifier::from_json`] has it.
    ///
    /// # Errors
    /// 112 where they are not as they should be. It names line and field, never what stands there.
    #[cfg_attr(feature = "uniffi", uniffi::constructor)]
    pub fn from_json(keys: String) -> Result<Arc<Verifier>, PhygitalError> {
        let keys = zeroize::Zeroizing::new(keys);
        Ok(Arc::new(Verifier { verifier: read_keys(&keys)? }))
    }

    /// Judges what was presented at a time, the system's unless one is given: it matters to tokens that expire.
    ///
    /// # Errors
    /// Numbers from 200 where it is no genuine tap.
    pub fn verify(&self, presented: Presented, at: Option<Time>) -> Result<TapProof, PhygitalError> {
        let at = at.map_or_else(Time::now, Ok)?;
        TapProof::of(&self.prove(&presented, at.core()?)?)
    }
}

impl Verifier {
    /// The same with the core's proof.
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    pub fn prove(&self, presented: &Presented, at: Timestamp) -> Result<tap::TapProof, PhygitalError> {
        presented.lend(|presented| self.judge(presented, at))
    }

    /// The same without copies, for C.
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    pub fn judge(
        &self,
        presented: tap::Presented<'_>,
        at: Timestamp,
    ) -> Result<tap::TapProof, PhygitalError> {
        Ok(self.verifier.verify(presented, at).outcome?)
    }
}

impl Presented {
    /// Does something with it as the core takes it.
    pub(crate) fn lend<T>(&self, act: impl FnOnce(tap::Presented<'_>) -> Answer<T>) -> Answer<T> {
        let (pass_type, pass);
        act(match self {
            Presented::Url { url } => tap::Presented::Url(url),
            Presented::NdefMessage { message } => tap::Presented::NdefMessage(message),
            Presented::Cose { token } => tap::Presented::Cose(token),
            Presented::Paseto { token } => tap::Presented::Paseto(token),
            Presented::Code { screen, code } => tap::Presented::Code { screen, code },
            Presented::Advertisement { bytes } => tap::Presented::Advertisement(bytes),
            Presented::Originality { uid, signature } => tap::Presented::Originality { uid, signature },
            Presented::AppleVas { pass_type: text, cryptogram } => {
                pass_type = text
                    .parse::<PassTypeId>()
                    .map_err(|error| PhygitalError::argument("pass_type", error))?;
                tap::Presented::AppleVas { pass: &pass_type, cryptogram }
            }
            Presented::ApplePass { pass_type: text, message, device_time, vouched } => {
                let id = PassId::Apple { pass_type: text.as_str().into() };
                pass = read_pass(id, message, *device_time, *vouched)?;
                tap::Presented::Wallet(&pass)
            }
            Presented::GooglePass { collector, kind, object_id, message, vouched } => {
                let (kind, object_id) = (kind.as_str().into(), object_id.as_slice().into());
                let id = PassId::Google { collector: *collector, kind, object_id };
                pass = read_pass(id, message, None, *vouched)?;
                tap::Presented::Wallet(&pass)
            }
        })
    }
}

/// A pass as a reader told it.
fn read_pass(pass: PassId, message: &[u8], at: Option<Time>, vouched: Assurance) -> Answer<WalletTap> {
    let device_time = at.map(Time::core).transpose()?;
    Ok(WalletTap::vouched(VouchedPass {
        pass,
        message: message.to_vec(),
        device_time,
        assurance: vouched.core(),
    })?)
}

impl TapProof {
    pub(crate) fn of(proof: &tap::TapProof) -> Answer<TapProof> {
        let tamper = proof.tag_tamper();
        let facts = proof.facts().into_iter().map(|fact| TapFact {
            name: fact.name.to_owned(),
            value: fact.value.reveal().to_owned(),
            authenticated: fact.authenticated,
        });
        Ok(TapProof {
            scheme: proof.scheme().to_string(),
            assurance: Assurance::of(proof.assurance())?,
            uid: proof.uid().map(|uid| uid.to_string()),
            read_ctr: proof.read_ctr().map(|counter| counter.get()),
            key_epoch: proof.key_epoch().map(|epoch| epoch.get()),
            key_label: proof.key_label().map(str::to_owned),
            tamper_authenticated: tamper.as_ref().is_some_and(|(_, authenticated)| *authenticated),
            tag_tamper: tamper.map(|(letters, _)| letters),
            file_data: proof.file_data(),
            facts: facts.collect(),
        })
    }
}
