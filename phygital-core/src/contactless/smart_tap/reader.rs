//! The exchange: SELECT, NEGOTIATE, GET DATA until the phone has given all.

use std::fmt;

use crate::contactless::Step;
use crate::contactless::apdu::{Command, Response};
use crate::crypto::{P256Key, P256Public};

use super::bundle::SmartTapKeys;
use super::collector::{CollectorSigner, SIGNATURE_MAX};
use super::error::SmartTapError;
use super::get_data::{PosCapabilities, SERVICES_MAX, ServiceAnswer, ServiceRequest, VasTypes};
use super::negotiate::{Negotiate, NegotiateAnswer, SIGNED_LENGTH, to_be_signed};
use super::objects::{Bundle, ServiceObject};
use super::select::{SmartTapOse, SmartTapSelect};
use super::session::Session;
use super::status::SmartTapStatus;

/// Most bytes of one answer, all pieces together. More takes longer than anybody holds a phone still.
pub const RESPONSE_MAX: usize = 64 * 1024;

/// Most pieces that are asked for. A phone that gives nothing and always has more would never end.
pub const MORE_DATA_MAX: usize = 512;

/// What stays the same from tap to tap.
#[derive(Clone)]
#[non_exhaustive]
pub struct SmartTapTerminal<'k> {
    /// The collector's id at Google.
    pub collector: u32,
    /// The collector's key.
    pub signer: &'k dyn CollectorSigner,
    /// What the terminal can do and is after.
    pub capabilities: PosCapabilities,
    /// The kinds of service that are wanted: 0 for all.
    pub services: Vec<u8>,
    /// 1 for a signature that is made for this tap.
    pub live_auth: u8,
}

impl<'k> SmartTapTerminal<'k> {
    /// A terminal that signs for each tap and takes all passes.
    #[must_use]
    pub fn new(collector: u32, signer: &'k dyn CollectorSigner, vas: VasTypes) -> Self {
        Self { collector, signer, capabilities: PosCapabilities::new(vas), services: vec![0], live_auth: 1 }
    }
}

impl fmt::Debug for SmartTapTerminal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { collector, services, .. } = self;
        write!(f, "SmartTapTerminal(collector {collector}, services {services:?}, signer elided)")
    }
}

/// The randomness of one exchange. It must never be used for another one.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "what an exchange needs")]
pub struct SessionSeed {
    /// The id of the exchange.
    pub session_id: [u8; 8],
    /// The reader's nonce.
    pub reader_nonce: [u8; 32],
    /// The reader's fresh key.
    pub reader_key: P256Key,
}

/// How an exchange ends when nothing went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SmartTapOutcome {
    /// The phone gave passes.
    Passes(SmartTapRead),
    /// It has none for this collector.
    NoPass,
    /// Its owner has to unlock it or to choose; the tap is made again after that.
    NeedsOwner(SmartTapStatus),
}

/// Passes that a phone gave in an exchange. Only [`SmartTapReader`] makes one, so they were checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmartTapRead {
    collector: u32,
    objects: Vec<ServiceObject>,
}

impl SmartTapRead {
    /// The collector that they were given to.
    #[must_use]
    pub fn collector(&self) -> u32 {
        self.collector
    }

    /// The passes, and the owner of the wallet, in order.
    #[must_use]
    pub fn objects(&self) -> &[ServiceObject] {
        &self.objects
    }
}

/// The exchange, from the reader's side.
///
/// A reader that takes Apple's passes too sends the first command once: it is the same for both.
pub struct SmartTapReader<'k> {
    terminal: SmartTapTerminal<'k>,
    seed: SessionSeed,
    state: State,
}

enum State {
    Ose,
    Applet,
    Negotiating { sent: Session, signed: [u8; SIGNED_LENGTH], signature: Vec<u8> },
    Getting { sent: Session, keys: Box<SmartTapKeys>, data: Vec<u8>, pieces: usize },
    Over,
}

impl<'k> SmartTapReader<'k> {
    /// An exchange, and its first command, which is [`SmartTapOse::command`].
    ///
    /// # Errors
    /// [`SmartTapError::Field`] for no service, or more than [`SERVICES_MAX`].
    pub fn new(terminal: SmartTapTerminal<'k>, seed: SessionSeed) -> Result<(Self, Command), SmartTapError> {
        if !(1..=SERVICES_MAX).contains(&terminal.services.len()) {
            return Err(SmartTapError::Field { record: "str" });
        }
        Ok((Self { terminal, seed, state: State::Ose }, SmartTapOse::command()))
    }

    /// Takes the answer to the last command and says what is next.
    ///
    /// # Errors
    /// [`SmartTapError`]; the exchange is over then.
    pub fn next(&mut self, answer: &[u8]) -> Result<Step<SmartTapOutcome>, SmartTapError> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Ose => match SmartTapOse::parse(answer) {
                Ok(ose) => {
                    ose.check_version()?;
                    match ose.shortcut() {
                        Some(nonce) => self.negotiate(&nonce),
                        None => Ok(self.select()),
                    }
                }
                // A phone that has Smart Tap and no directory.
                Err(SmartTapError::NotSelected { .. }) => Ok(self.select()),
                Err(error) => Err(error),
            },
            State::Applet => {
                let select = SmartTapSelect::parse(answer)?;
                select.check_version()?;
                self.negotiate(&select.nonce)
            }
            State::Negotiating { sent, signed, signature } => {
                self.negotiated(sent, &signed, &signature, answer)
            }
            State::Getting { sent, keys, data, pieces } => self.got(sent, keys, data, pieces, answer),
            State::Over => Err(SmartTapError::Over),
        }
    }

    fn select(&mut self) -> Step<SmartTapOutcome> {
        self.state = State::Applet;
        Step::Send(SmartTapSelect::command())
    }

    fn negotiate(&mut self, device_nonce: &[u8; 32]) -> Result<Step<SmartTapOutcome>, SmartTapError> {
        let SessionSeed { session_id, reader_nonce, reader_key } = &self.seed;
        let (session, collector) = (Session::first(*session_id), self.terminal.collector);
        let reader_key = reader_key.public().to_compressed();
        let signed = to_be_signed(reader_nonce, device_nonce, collector, &reader_key);
        let signature = self.terminal.signer.sign(&signed).map_err(|_| SmartTapError::Signer)?;
        if !(1..=SIGNATURE_MAX).contains(&signature.len()) {
            return Err(SmartTapError::Signer);
        }
        let request = Negotiate {
            session,
            reader_nonce: *reader_nonce,
            live_auth: self.terminal.live_auth,
            reader_key,
            key_version: self.terminal.signer.key_version(),
            signature: signature.clone(),
            collector,
        };
        let command = request.to_command()?;
        self.state = State::Negotiating { sent: session, signed, signature };
        Ok(Step::Send(command))
    }

    fn negotiated(
        &mut self,
        sent: Session,
        signed: &[u8],
        signature: &[u8],
        answer: &[u8],
    ) -> Result<Step<SmartTapOutcome>, SmartTapError> {
        let response = Response::parse(answer)?;
        match SmartTapStatus::of(response.status) {
            SmartTapStatus::Ok | SmartTapStatus::PreSignedAuth => {}
            status if status.needs_owner() => return Ok(Step::Done(SmartTapOutcome::NeedsOwner(status))),
            status => return Err(SmartTapError::Refused { status }),
        }
        let answer = NegotiateAnswer::parse(response.data)?;
        answer.session.answers(sent)?;
        let phone = P256Public::from_compressed(&answer.phone_key).map_err(|_| SmartTapError::BadPoint)?;
        let shared = self.seed.reader_key.agree(&phone);
        let keys = Box::new(SmartTapKeys::derive(&shared, &answer.phone_key, signed, signature));
        let request = ServiceRequest {
            session: answer.session.following(),
            collector: self.terminal.collector,
            services: self.terminal.services.clone(),
            capabilities: self.terminal.capabilities,
        };
        let command = request.to_command()?;
        self.state = State::Getting { sent: request.session, keys, data: Vec::new(), pieces: 0 };
        Ok(Step::Send(command))
    }

    fn got(
        &mut self,
        sent: Session,
        keys: Box<SmartTapKeys>,
        mut data: Vec<u8>,
        pieces: usize,
        answer: &[u8],
    ) -> Result<Step<SmartTapOutcome>, SmartTapError> {
        let response = Response::parse(answer)?;
        let status = SmartTapStatus::of(response.status);
        match status {
            SmartTapStatus::Ok | SmartTapStatus::MoreData => {}
            SmartTapStatus::NoPayload if data.is_empty() => return Ok(Step::Done(SmartTapOutcome::NoPass)),
            status if status.needs_owner() => return Ok(Step::Done(SmartTapOutcome::NeedsOwner(status))),
            status => return Err(SmartTapError::Refused { status }),
        }
        if data.len() + response.data.len() > RESPONSE_MAX || pieces == MORE_DATA_MAX {
            return Err(SmartTapError::TooLong);
        }
        data.extend_from_slice(response.data);
        if status == SmartTapStatus::MoreData {
            self.state = State::Getting { sent, keys, data, pieces: pieces + 1 };
            return Ok(Step::Send(ServiceRequest::more()));
        }
        let answer = ServiceAnswer::parse(&data)?;
        answer.session.answers(sent)?;
        match answer.bundle {
            Some(sealed) => {
                let Bundle { objects } = Bundle::parse(&sealed.open(&keys)?)?;
                let collector = self.terminal.collector;
                Ok(Step::Done(SmartTapOutcome::Passes(SmartTapRead { collector, objects })))
            }
            None => Ok(Step::Done(SmartTapOutcome::NoPass)),
        }
    }
}

impl fmt::Debug for SmartTapReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Ose | State::Applet => "selecting",
            State::Negotiating { .. } => "negotiating",
            State::Getting { .. } => "getting data",
            State::Over => "over",
        };
        write!(f, "SmartTapReader({:?}, {state})", self.terminal)
    }
}
