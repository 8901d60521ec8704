//! A phone with passes of Google Wallet, in software, for tests of one's own.

use std::collections::BTreeMap;

use crate::contactless::apdu::{Command, Response, StatusWord};
use crate::contactless::ndef::{Record, Tnf, encode};
use crate::crypto::{P256Key, P256Public};

use super::bundle::{SealedBundle, SmartTapKeys};
use super::fields::{BINARY, message};
use super::get_data::{ServiceAnswer, ServiceRequest};
use super::negotiate::{Negotiate, NegotiateAnswer, to_be_signed};
use super::objects::ObjectKind;
use super::select::{DirectoryEntry, SmartTapOse, SmartTapSelect};
use super::session::Session;

/// A pass on the phone.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "what a pass has")]
pub struct SoftObject {
    /// What it is; not the customer.
    pub kind: ObjectKind,
    /// Its issuer's id.
    pub issuer: u32,
    /// Its id at Google.
    pub object_id: [u8; 8],
    /// Its number, which readers want.
    pub service_number: String,
}

/// What the phone does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SmartTapBehaviour {
    /// Answers.
    Ready,
    /// Is locked: 9300 until it is unlocked.
    Locked,
    /// Has several passes, and shows them: 9302.
    NeedsChoice,
    /// Has no wallet: SELECT fails.
    NoWallet,
}

/// The randomness of one exchange, from the phone's side.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "what an exchange needs")]
pub struct PhoneSeed {
    /// The phone's nonce.
    pub nonce: [u8; 32],
    /// The phone's fresh key.
    pub key: P256Key,
    /// The vector of the cipher.
    pub iv: [u8; 12],
}

/// A phone that answers the commands of [`super::SmartTapReader`] as a real one does: it checks the collector's
/// signature, seals its passes under the keys of the session, and gives them in pieces. Its randomness is an argument,
/// so the same calls give the same bytes.
///
/// ```
/// use phygital_core::contactless::{Step, smart_tap::{CollectorKey, ObjectKind, SessionSeed, SmartTapOutcome,
///     SmartTapReader, SmartTapTerminal, VasTypes, phone::{PhoneSeed, SmartTapPhone, SoftObject}}};
/// use phygital_core::crypto::{P256Key, Secret};
/// let key = |byte: u8| P256Key::new(Secret::take(&mut [byte; 32]));
/// let card = SoftObject { kind: ObjectKind::Loyalty, issuer: 7, object_id: [1; 8], service_number: "token".into() };
/// let mut phone = SmartTapPhone::new(vec![card]);
/// phone.trust(20180608, 1, key(1)?.public());
/// phone.add_seed(PhoneSeed { nonce: [2; 32], key: key(3)?, iv: [4; 12] });
/// let signer = CollectorKey::new(key(1)?, 1);
/// let terminal = SmartTapTerminal::new(20180608, &signer, VasTypes::PassOnly);
/// let seed = SessionSeed { session_id: [5; 8], reader_nonce: [6; 32], reader_key: key(7)? };
/// let (mut reader, mut command) = SmartTapReader::new(terminal, seed)?;
/// let outcome = loop {
///     match reader.next(&phone.answer(&command.to_bytes()))? {
///         Step::Send(next) => command = next,
///         Step::Done(outcome) => break outcome,
///     }
/// };
/// let SmartTapOutcome::Passes(read) = outcome else { panic!() };
/// assert_eq!(read.objects()[0].service_number.as_ref().unwrap().bytes(), b"token");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SmartTapPhone {
    objects: Vec<SoftObject>,
    collectors: BTreeMap<(u32, u32), P256Public>,
    seeds: Vec<PhoneSeed>,
    behaviour: SmartTapBehaviour,
    piece: usize,
    selects_twice: bool,
    exchange: Option<Exchange>,
}

/// How far the reader has come.
#[derive(Debug)]
struct Exchange {
    seed: PhoneSeed,
    keys: Option<SmartTapKeys>,
    /// What was not fetched yet of an answer, once there is one.
    rest: Option<Vec<u8>>,
}

impl SmartTapPhone {
    /// A phone with these passes, ready, whose directory tells the nonce, and which gives 200 bytes at a time.
    #[must_use]
    pub fn new(objects: Vec<SoftObject>) -> Self {
        Self {
            objects,
            collectors: BTreeMap::new(),
            seeds: Vec::new(),
            behaviour: SmartTapBehaviour::Ready,
            piece: 200,
            selects_twice: false,
            exchange: None,
        }
    }

    /// Lets a collector with this version of its key read the passes.
    pub fn trust(&mut self, collector: u32, version: u32, key: P256Public) {
        self.collectors.insert((collector, version), key);
    }

    /// Gives it randomness for one exchange. Without any it answers 9201.
    pub fn add_seed(&mut self, seed: PhoneSeed) {
        self.seeds.insert(0, seed);
    }

    /// Sets what it does.
    pub fn set_behaviour(&mut self, behaviour: SmartTapBehaviour) {
        self.behaviour = behaviour;
    }

    /// Sets how many bytes it gives at a time, at least 1.
    pub fn set_piece(&mut self, bytes: usize) {
        self.piece = bytes.max(1);
    }

    /// Sets whether Smart Tap has to be selected after the directory, as with older phones.
    pub fn set_selects_twice(&mut self, twice: bool) {
        self.selects_twice = twice;
    }

    /// Answers a command, status word included.
    pub fn answer(&mut self, command: &[u8]) -> Vec<u8> {
        let answered = Command::parse(command).map_err(|_| 0x6700).and_then(|command| self.run(&command));
        let failed = |status| Response { data: &[], status: StatusWord(status) }.to_bytes();
        answered.unwrap_or_else(failed)
    }

    fn run(&mut self, command: &Command) -> Result<Vec<u8>, u16> {
        if *command == SmartTapOse::command() {
            return self.selected().map(|nonce| self.directory(nonce));
        }
        if *command == SmartTapSelect::command() {
            let nonce = self.selected()?;
            return Ok(SmartTapSelect { min_version: [0, 0], max_version: [0, 1], nonce }.to_bytes());
        }
        match command.head() {
            [0x90, 0x53, 0, 0] => self.negotiate(command.data_bytes()),
            [0x90, 0x50, 0, 0] => self.get_data(command.data_bytes()),
            [0x90, 0xC0, 0, 0] => self.next_piece(),
            _ => Err(0x9400),
        }
    }

    /// Begins an exchange, unless one has just begun.
    fn selected(&mut self) -> Result<[u8; 32], u16> {
        if self.behaviour == SmartTapBehaviour::NoWallet {
            return Err(0x6A82);
        }
        if self.exchange.as_ref().is_none_or(|exchange| exchange.keys.is_some()) {
            let seed = self.seeds.pop().ok_or(0x9201u16)?;
            self.exchange = Some(Exchange { seed, keys: None, rest: None });
        }
        self.exchange.as_ref().map(|exchange| exchange.seed.nonce).ok_or(0x9203)
    }

    fn directory(&self, nonce: [u8; 32]) -> Vec<u8> {
        let capabilities = if self.selects_twice { 0x02 } else { 0x03 };
        let (min_version, max_version) = (Some([0, 0]), Some([0, 1]));
        let entry =
            DirectoryEntry { min_version, max_version, capabilities: Some(capabilities), nonce: None };
        let ose = SmartTapOse {
            version: Some([0, 1]),
            features: None,
            nonce: Some(nonce).filter(|_| !self.selects_twice),
            phone_key: None,
            entry: Some(entry),
        };
        ose.to_bytes().expect("short values")
    }

    fn negotiate(&mut self, data: &[u8]) -> Result<Vec<u8>, u16> {
        let exchange = self.exchange.as_mut().ok_or(0x9400u16)?;
        let request = Negotiate::parse(data).map_err(|_| 0x9402u16)?;
        let collector = self.collectors.get(&(request.collector, request.key_version)).ok_or(0x9500u16)?;
        let nonce = &exchange.seed.nonce;
        let signed = to_be_signed(&request.reader_nonce, nonce, request.collector, &request.reader_key);
        if !collector.verifies(&signed, &request.signature) {
            return Err(0x9500);
        }
        let reader = P256Public::from_compressed(&request.reader_key).map_err(|_| 0x9403u16)?;
        let shared = exchange.seed.key.agree(&reader);
        let phone_key = exchange.seed.key.public().to_compressed();
        exchange.keys = Some(SmartTapKeys::derive(&shared, &phone_key, &signed, &request.signature));
        let answer = NegotiateAnswer { session: request.session.following(), phone_key };
        Ok(Response { data: &answer.to_bytes(), status: StatusWord::OK }.to_bytes())
    }

    fn get_data(&mut self, data: &[u8]) -> Result<Vec<u8>, u16> {
        let request = ServiceRequest::parse(data).map_err(|_| 0x9402u16)?;
        match self.behaviour {
            SmartTapBehaviour::Locked => return Err(0x9300),
            SmartTapBehaviour::NeedsChoice => return Err(0x9302),
            SmartTapBehaviour::Ready | SmartTapBehaviour::NoWallet => {}
        }
        let passes = self.passes();
        let exchange = self.exchange.as_mut().ok_or(0x9500u16)?;
        let keys = exchange.keys.as_ref().ok_or(0x9500u16)?;
        let session: Session = request.session.following();
        let Some(passes) = passes else {
            let answer = ServiceAnswer { session, bundle: None }.to_bytes();
            return Ok(Response { data: &answer, status: StatusWord(0x9001) }.to_bytes());
        };
        let bundle = SealedBundle::seal(keys, &exchange.seed.iv, &passes, request.capabilities.inflates());
        exchange.rest = Some(ServiceAnswer { session, bundle: Some(bundle) }.to_bytes());
        self.next_piece()
    }

    fn next_piece(&mut self) -> Result<Vec<u8>, u16> {
        let exchange = self.exchange.as_mut().ok_or(0x9404u16)?;
        let mut piece = exchange.rest.take().ok_or(0x9405u16)?;
        let rest = piece.split_off(self.piece.min(piece.len()));
        let status = if rest.is_empty() { 0x9000 } else { 0x9100 };
        exchange.rest = Some(rest).filter(|rest| !rest.is_empty());
        Ok(Response { data: &piece, status: StatusWord(status) }.to_bytes())
    }

    /// The passes as a message, if there are any.
    fn passes(&self) -> Option<Vec<u8>> {
        let objects: Vec<Vec<u8>> = self.objects.iter().map(SoftObject::to_bytes).collect();
        let records: Vec<(&str, &[u8])> = objects.iter().map(|object| ("asv", &object[..])).collect();
        (!records.is_empty()).then(|| message(&records))
    }
}

impl SoftObject {
    fn to_bytes(&self) -> Vec<u8> {
        const MERCHANT: u8 = 1;
        let issuer = [&[BINARY, MERCHANT][..], &self.issuer.to_be_bytes()].concat();
        let object_id = [&[BINARY][..], &self.object_id].concat();
        let number = [&[0][..], self.service_number.as_bytes()].concat();
        let number = Record { tnf: Tnf::WellKnown, kind: b"T", id: b"n", payload: &number };
        let fields = encode(&[Record::external(b"oid", &object_id), number]).expect("two short names");
        message(&[("i", &issuer), (self.kind.as_str(), &fields)])
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::contactless::Step;
    use crate::contactless::smart_tap::{
        CollectorKey, CollectorSigner, MORE_DATA_MAX, RESPONSE_MAX, SERVICES_MAX, SIGNATURE_MAX, SessionSeed,
        SignerUnavailable, SmartTapError, SmartTapOutcome, SmartTapReader, SmartTapStatus, SmartTapTerminal,
        VasTypes,
    };
    use crate::crypto::Secret;

    const COLLECTOR: u32 = 20_180_608;

    fn key(byte: u8) -> P256Key {
        P256Key::new(Secret::take(&mut [byte; 32])).unwrap()
    }

    fn object(number: &str) -> SoftObject {
        let (issuer, object_id) = (7, [1; 8]);
        SoftObject { kind: ObjectKind::Loyalty, issuer, object_id, service_number: number.to_owned() }
    }

    fn phone(objects: Vec<SoftObject>) -> SmartTapPhone {
        let mut phone = SmartTapPhone::new(objects);
        phone.trust(COLLECTOR, 1, key(1).public());
        phone.add_seed(PhoneSeed { nonce: [2; 32], key: key(3), iv: [4; 12] });
        phone
    }

    fn seed() -> SessionSeed {
        SessionSeed { session_id: [5; 8], reader_nonce: [6; 32], reader_key: key(7) }
    }

    /// Runs the exchange; `bend` may change each answer.
    fn read_with(
        phone: &mut SmartTapPhone,
        signer: &dyn CollectorSigner,
        compressed: bool,
        mut bend: impl FnMut(usize, &mut Vec<u8>),
    ) -> Result<SmartTapOutcome, SmartTapError> {
        let mut terminal = SmartTapTerminal::new(COLLECTOR, signer, VasTypes::PassOverPayment);
        if !compressed {
            terminal.capabilities.0[0] = 0;
        }
        let (mut reader, mut command) = SmartTapReader::new(terminal, seed())?;
        for round in 0.. {
            let mut answer = phone.answer(&command.to_bytes());
            bend(round, &mut answer);
            match reader.next(&answer)? {
                Step::Send(next) => command = next,
                Step::Done(outcome) => {
                    assert_eq!(reader.next(&answer), Err(SmartTapError::Over));
                    return Ok(outcome);
                }
            }
            assert!(round <= MORE_DATA_MAX + 4, "it ends");
        }
        unreachable!()
    }

    fn read(phone: &mut SmartTapPhone) -> Result<SmartTapOutcome, SmartTapError> {
        read_with(phone, &CollectorKey::new(key(1), 1), true, |_, _| {})
    }

    fn numbers(outcome: &SmartTapOutcome) -> Vec<String> {
        let SmartTapOutcome::Passes(read) = outcome else { panic!("{outcome:?}") };
        let number = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        read.objects().iter().map(|object| number(object.service_number.as_ref().unwrap().bytes())).collect()
    }

    #[test]
    fn the_owner_is_asked_and_comes_back() {
        let mut phone = phone(vec![object("token")]);
        for (behaviour, status) in [
            (SmartTapBehaviour::Locked, SmartTapStatus::DeviceLocked),
            (SmartTapBehaviour::NeedsChoice, SmartTapStatus::DisambiguationShown),
        ] {
            phone.set_behaviour(behaviour);
            assert_eq!(read(&mut phone), Ok(SmartTapOutcome::NeedsOwner(status)));
            phone.add_seed(PhoneSeed { nonce: [8; 32], key: key(9), iv: [4; 12] });
        }
        phone.set_behaviour(SmartTapBehaviour::NoWallet);
        let status = StatusWord(0x6A82);
        assert_eq!(read(&mut phone), Err(SmartTapError::NotSelected { status }));
        phone.set_behaviour(SmartTapBehaviour::Ready);
        assert_eq!(numbers(&read(&mut phone).unwrap()), ["token"]);
        let exhausted = read(&mut phone);
        assert!(
            matches!(exhausted, Err(SmartTapError::NotSelected { .. })),
            "a key is used once: {exhausted:?}"
        );
    }

    #[test]
    fn a_phone_without_a_pass_has_none() {
        assert_eq!(read(&mut phone(vec![])), Ok(SmartTapOutcome::NoPass));
    }

    #[test]
    fn only_the_collector_is_answered() {
        for signer in [CollectorKey::new(key(2), 1), CollectorKey::new(key(1), 2)] {
            let refused = read_with(&mut phone(vec![object("token")]), &signer, true, |_, _| {});
            assert_eq!(refused, Err(SmartTapError::Refused { status: SmartTapStatus::AuthFailed }));
        }
        struct Module(Result<Vec<u8>, SignerUnavailable>);
        impl CollectorSigner for Module {
            fn key_version(&self) -> u32 {
                1
            }
            fn sign(&self, _: &[u8]) -> Result<Vec<u8>, SignerUnavailable> {
                self.0.clone()
            }
        }
        for (signature, error) in [
            (Err(SignerUnavailable), SmartTapError::Signer),
            (Ok(vec![0; SIGNATURE_MAX + 1]), SmartTapError::Signer),
            (Ok(vec![0; SIGNATURE_MAX]), SmartTapError::Refused { status: SmartTapStatus::AuthFailed }),
        ] {
            let refused = read_with(&mut phone(vec![object("token")]), &Module(signature), true, |_, _| {});
            assert_eq!(refused, Err(error));
        }
        let signer = CollectorKey::new(key(1), 1);
        let mut terminal = SmartTapTerminal::new(COLLECTOR, &signer, VasTypes::PassOnly);
        terminal.services = vec![3; SERVICES_MAX + 1];
        assert!(SmartTapReader::new(terminal, seed()).is_err());
    }

    #[test]
    fn a_phone_that_never_ends_is_left() {
        let endless = |piece: Vec<u8>| {
            let answer = [&piece[..], &[0x91, 0x00]].concat();
            let mut phone = phone(vec![object("token")]);
            read_with(&mut phone, &CollectorKey::new(key(1), 1), true, move |round, bytes| {
                if round >= 2 {
                    bytes.clone_from(&answer);
                }
            })
        };
        assert_eq!(endless(vec![]), Err(SmartTapError::TooLong));
        assert_eq!(endless(vec![0; RESPONSE_MAX / MORE_DATA_MAX + 1]), Err(SmartTapError::TooLong));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn passes_come_through_in_any_pieces(
            numbers_in in prop::collection::vec("[a-z0-9]{0,40}", 1..6),
            piece in 1..300usize, twice: bool, compressed: bool,
        ) {
            let mut phone = phone(numbers_in.iter().map(|number| object(number)).collect());
            phone.set_piece(piece);
            phone.set_selects_twice(twice);
            let outcome = read_with(&mut phone, &CollectorKey::new(key(1), 1), compressed, |_, _| {});
            prop_assert_eq!(numbers(&outcome.unwrap()), numbers_in);
        }

        /// A byte changed on the way: refused, or the same pass (the seal covers the pass, not every bit of the records
        /// around it), or the phone's owner is asked to act.
        #[test]
        fn a_changed_byte_never_gives_another_pass(
            round in 0..4usize, at: prop::sample::Index, mask in 1..=255u8, cut: bool, twice: bool, compressed: bool,
        ) {
            let mut phone = phone(vec![object("token")]);
            phone.set_piece(60);
            phone.set_selects_twice(twice);
            let bent = read_with(&mut phone, &CollectorKey::new(key(1), 1), compressed, |now, answer| {
                if now == round {
                    let at = at.index(answer.len());
                    if cut { answer.truncate(at) } else { answer[at] ^= mask }
                }
            });
            if let Ok(outcome @ SmartTapOutcome::Passes(_)) = bent {
                prop_assert_eq!(numbers(&outcome), ["token"]);
            }
        }
    }
}
