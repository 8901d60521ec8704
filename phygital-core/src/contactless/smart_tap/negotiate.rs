//! NEGOTIATE: the reader shows that it is the collector's, and both agree on keys.

use crate::contactless::apdu::Command;
use crate::contactless::ndef::Message;

use super::collector::SIGNATURE_MAX;
use super::error::SmartTapError;
use super::fields::{BINARY, VERSION, envelope, fixed, message, payload, versioned};
use super::session::Session;

/// Bytes under the collector's signature: two nonces, the collector, the reader's key.
pub const SIGNED_LENGTH: usize = 32 + 32 + 4 + 33;

/// What the collector signs: the reader's nonce, the phone's nonce, the collector's id, the reader's fresh key.
#[must_use]
pub fn to_be_signed(
    reader_nonce: &[u8; 32],
    device_nonce: &[u8; 32],
    collector: u32,
    reader_key: &[u8; 33],
) -> [u8; SIGNED_LENGTH] {
    let parts = [&reader_nonce[..], device_nonce, &collector.to_be_bytes(), reader_key].concat();
    parts.try_into().expect("the sum of its parts")
}

/// The command's data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the fields of the command")]
pub struct Negotiate {
    /// The first message of the exchange.
    pub session: Session,
    /// The reader's nonce.
    pub reader_nonce: [u8; 32],
    /// 1 if the signature is made now; others have another meaning to phones.
    pub live_auth: u8,
    /// The reader's fresh public key, compressed.
    pub reader_key: [u8; 33],
    /// The version of the collector's key.
    pub key_version: u32,
    /// The collector's signature, in DER.
    pub signature: Vec<u8>,
    /// The collector.
    pub collector: u32,
}

const REQUEST: &str = "ngr";
const PARAMETERS: &str = "cpr";
const SIGNATURE: &str = "sig";
pub(super) const COLLECTOR: &str = "cld";

impl Negotiate {
    /// The command.
    ///
    /// # Errors
    /// [`SmartTapError::Apdu`] for a signature that does not fit.
    pub fn to_command(&self) -> Result<Command, SmartTapError> {
        Ok(Command::new(0x90, 0x53, 0, 0).data(&self.to_bytes())?.le(0))
    }

    /// The command's data.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let signature = [&[BINARY][..], &self.signature].concat();
        let proof = message(&[(SIGNATURE, &signature), (COLLECTOR, &collector_bytes(self.collector))]);
        let parameters = [
            &self.reader_nonce[..],
            &[self.live_auth],
            &self.reader_key,
            &self.key_version.to_be_bytes(),
            &proof,
        ];
        let inside =
            message(&[(Session::RECORD, &self.session.to_bytes()), (PARAMETERS, &parameters.concat())]);
        message(&[(REQUEST, &[&VERSION[..], &inside].concat())])
    }

    /// Reads the command's data, as a phone does.
    ///
    /// # Errors
    /// [`SmartTapError`] for anything else.
    pub fn parse(data: &[u8]) -> Result<Self, SmartTapError> {
        let inside = versioned(envelope(data, REQUEST)?, REQUEST)?;
        let session = Session::read(&inside)?;
        let wrong = SmartTapError::Field { record: PARAMETERS };
        let (reader_nonce, rest) = payload(&inside, PARAMETERS)?.split_first_chunk().ok_or(wrong)?;
        let (live_auth, rest) = rest.split_first().ok_or(wrong)?;
        let (reader_key, rest) = rest.split_first_chunk().ok_or(wrong)?;
        let (key_version, rest) = rest.split_first_chunk().ok_or(wrong)?;
        let proof = Message::parse(rest)?;
        let signature = match payload(&proof, SIGNATURE)? {
            [BINARY, signature @ ..] if (1..=SIGNATURE_MAX).contains(&signature.len()) => signature.to_vec(),
            _ => return Err(SmartTapError::Field { record: SIGNATURE }),
        };
        Ok(Self {
            session,
            reader_nonce: *reader_nonce,
            live_auth: *live_auth,
            reader_key: *reader_key,
            key_version: u32::from_be_bytes(*key_version),
            signature,
            collector: read_collector(&proof)?,
        })
    }
}

/// The record of a collector, after its format.
pub(super) fn collector_bytes(collector: u32) -> [u8; 5] {
    let [a, b, c, d] = collector.to_be_bytes();
    [BINARY, a, b, c, d]
}

pub(super) fn read_collector(message: &Message<'_>) -> Result<u32, SmartTapError> {
    match fixed(message, COLLECTOR)? {
        [BINARY, a, b, c, d] => Ok(u32::from_be_bytes([a, b, c, d])),
        _ => Err(SmartTapError::Field { record: COLLECTOR }),
    }
}

/// The answer's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the fields of the answer")]
pub struct NegotiateAnswer {
    /// The message's place in the exchange.
    pub session: Session,
    /// The phone's fresh public key, compressed.
    pub phone_key: [u8; 33],
}

const ANSWER: &str = "nrs";
const PHONE_KEY: &str = "dpk";

impl NegotiateAnswer {
    /// Reads the answer's data.
    ///
    /// # Errors
    /// [`SmartTapError`] for anything else.
    pub fn parse(data: &[u8]) -> Result<Self, SmartTapError> {
        let inside = Message::parse(envelope(data, ANSWER)?)?;
        Ok(Self { session: Session::read(&inside)?, phone_key: fixed(&inside, PHONE_KEY)? })
    }

    /// The answer's data, as a phone sends it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let inside = message(&[(Session::RECORD, &self.session.to_bytes()), (PHONE_KEY, &self.phone_key)]);
        message(&[(ANSWER, &inside)])
    }
}
