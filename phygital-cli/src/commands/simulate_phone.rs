//! `tap simulate` with a phone: the whole exchange with a reader, over bytes, with true material from a seed.

use phygital_core::contactless::Step;
use phygital_core::contactless::apple_vas::phone::{SoftPass, VasPhone};
use phygital_core::contactless::apple_vas::{KdfVariant, PassRequest, VasMode, VasReader, VasTerminal};
use phygital_core::contactless::smart_tap::phone::{PhoneSeed, SmartTapPhone, SoftObject};
use phygital_core::contactless::smart_tap::{
    CollectorKey, ObjectKind, SessionSeed, SmartTapOutcome, SmartTapReader, SmartTapTerminal, VasTypes,
};
use phygital_core::crypto::{P256Key, Secret};
use phygital_core::vocab::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::Rng;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::hex::hex;

/// The pass of the phones.
const PASS: &str = "pass.example.loyalty";

/// The collector of the phones: the id of Google's published sample, with a key of ours.
const COLLECTOR: u32 = 20_180_608;

/// What one exchange came to.
pub(super) struct Exchange {
    /// Each command and its answer, status word included.
    pub(super) steps: Vec<(Vec<u8>, Vec<u8>)>,
    /// What the reader has in the end: a token that `tap verify` takes, or the message of a pass.
    pub(super) result: String,
}

/// A phone with a pass of Apple Wallet, whose owner holds it to the reader again and again.
pub(super) struct ApplePhone {
    pass: SoftPass,
    clock: Timestamp,
    pub(super) keys: Value,
}

impl ApplePhone {
    pub(super) fn new(clock: Timestamp, random: &mut ChaCha20Rng) -> Result<ApplePhone, Failure> {
        let mut secret = [0; 32];
        random.fill_bytes(&mut secret);
        let keys = json!({ "apple_vas": [hex(secret)] });
        let merchant = P256Key::new(Secret::take(&mut secret)).map_err(unlucky)?.public();
        let pass = PASS.parse().map_err(unlucky)?;
        let message = token(random).into_bytes();
        Ok(ApplePhone { pass: SoftPass { pass, merchant, message, variant: KdfVariant::One }, clock, keys })
    }

    pub(super) fn tap(&self, random: &mut ChaCha20Rng) -> Result<Exchange, Failure> {
        let mut phone = VasPhone::new(vec![self.pass.clone()], self.clock);
        phone.add_key(key(random)?);
        let passes = [PassRequest::pass(self.pass.pass.clone())];
        let (mut reader, mut command) =
            VasReader::new(VasTerminal::new(VasMode::VasOnly), &passes).map_err(unlucky)?;
        let mut steps = Vec::new();
        loop {
            let sent = command.to_bytes();
            let answer = phone.answer(&sent);
            let step = reader.next(&answer).map_err(unlucky)?;
            steps.push((sent, answer));
            match step {
                Step::Send(next) => command = next,
                Step::Done(read) => {
                    let data = read.answers.first().and_then(|answer| answer.data.as_ref());
                    let cryptogram = data.and_then(|data| data.cryptogram.as_deref()).unwrap_or_default();
                    return Ok(Exchange { steps, result: format!("vas:{PASS}:{}", hex(cryptogram)) });
                }
            }
        }
    }
}

/// A phone with a pass of Google Wallet.
pub(super) struct GooglePhone {
    card: SoftObject,
    collector: Secret<32>,
    pub(super) keys: Value,
}

impl GooglePhone {
    pub(super) fn new(random: &mut ChaCha20Rng) -> GooglePhone {
        let mut secret = [0; 32];
        random.fill_bytes(&mut secret);
        let keys =
            json!({ "collector_id": COLLECTOR, "key_version": 1, "collector_private_key": hex(secret) });
        let mut object_id = [0; 8];
        random.fill_bytes(&mut object_id);
        let card =
            SoftObject { kind: ObjectKind::Loyalty, issuer: 1, object_id, service_number: token(random) };
        GooglePhone { card, collector: Secret::take(&mut secret), keys }
    }

    pub(super) fn tap(&self, random: &mut ChaCha20Rng) -> Result<Exchange, Failure> {
        let collector = P256Key::new(self.collector.duplicate()).map_err(unlucky)?;
        let mut phone = SmartTapPhone::new(vec![self.card.clone()]);
        phone.trust(COLLECTOR, 1, collector.public());
        let (mut nonce, mut iv) = ([0; 32], [0; 12]);
        random.fill_bytes(&mut nonce);
        random.fill_bytes(&mut iv);
        phone.add_seed(PhoneSeed { nonce, key: key(random)?, iv });
        let signer = CollectorKey::new(collector, 1);
        let (mut session_id, mut reader_nonce) = ([0; 8], [0; 32]);
        random.fill_bytes(&mut session_id);
        random.fill_bytes(&mut reader_nonce);
        let seed = SessionSeed { session_id, reader_nonce, reader_key: key(random)? };
        let terminal = SmartTapTerminal::new(COLLECTOR, &signer, VasTypes::PassOnly);
        let (mut reader, mut command) = SmartTapReader::new(terminal, seed).map_err(unlucky)?;
        let mut steps = Vec::new();
        loop {
            let sent = command.to_bytes();
            let answer = phone.answer(&sent);
            let step = reader.next(&answer).map_err(unlucky)?;
            steps.push((sent, answer));
            match step {
                Step::Send(next) => command = next,
                Step::Done(SmartTapOutcome::Passes(read)) => {
                    let number = read.objects().iter().find_map(|object| object.service_number.as_ref());
                    let number = number.map(|number| String::from_utf8_lossy(number.bytes()).into_owned());
                    return Ok(Exchange { steps, result: number.unwrap_or_default() });
                }
                Step::Done(_) => return Err(Failure::failed("bug", "the phone gave no pass")),
            }
        }
    }
}

/// A private key; one number in 2^32 is none.
fn key(random: &mut ChaCha20Rng) -> Result<P256Key, Failure> {
    let mut secret = [0; 32];
    random.fill_bytes(&mut secret);
    P256Key::new(Secret::take(&mut secret)).map_err(unlucky)
}

/// What stands in a pass: a random token, since a number that can be guessed would prove nothing.
fn token(random: &mut ChaCha20Rng) -> String {
    let mut bytes = [0; 16];
    random.fill_bytes(&mut bytes);
    hex(bytes)
}

fn unlucky(error: impl std::fmt::Display) -> Failure {
    Failure::failed("simulation", format!("another seed may do: {error}"))
}
