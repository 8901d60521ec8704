//! The exchange: SELECT, then GET DATA for each pass.

use crate::contactless::Step;
use crate::contactless::apdu::{ApduError, Command, StatusWord};
use crate::contactless::ecp::Tci;
use crate::contactless::tlv::{Tag, TlvError};

use super::get_data::{GetData, GetDataAnswer, VasProtocol, is_url};
use super::pass::PassTypeId;
use super::select::VasSelect;
use super::status::VasStatus;

/// Most passes asked for in one tap. Each costs an exchange while the phone is held to the reader.
pub const PASSES_MAX: usize = 8;

/// The version of the protocol that is spoken here.
const VERSION: [u8; 2] = [1, 0];

/// What the terminal is after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "two bits, by the protocol; the fourth asks for no pass")]
pub enum VasMode {
    /// A pass, or else a payment.
    VasOrPayment,
    /// A pass and a payment, in one tap.
    VasAndPayment,
    /// A pass alone; only one can be read.
    VasOnly,
}

impl VasMode {
    /// The frame's identifier that goes with it.
    #[must_use]
    pub const fn tci(self) -> Tci {
        match self {
            Self::VasOrPayment => Tci::VAS_OR_PAYMENT,
            Self::VasAndPayment => Tci::VAS_AND_PAYMENT,
            Self::VasOnly => Tci::VAS_ONLY,
        }
    }
}

/// What the terminal tells the phone about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VasTerminal {
    /// What it is after.
    pub mode: VasMode,
    /// Whether it asks the owner to authenticate.
    pub authentication_required: bool,
    /// Whether it stands at a gate rather than at a till.
    pub transit: bool,
    /// A nonce of the terminal. It does not enter the cryptogram; some phones want to see it.
    pub nonce: Option<[u8; 4]>,
}

impl VasTerminal {
    /// A till without a nonce that leaves authentication to the phone.
    #[must_use]
    pub const fn new(mode: VasMode) -> Self {
        Self { mode, authentication_required: false, transit: false, nonce: None }
    }

    /// The capabilities of a request: VAS is supported, authentication, kind of terminal; more passes to come, mode.
    fn capabilities(self, more: bool) -> [u8; 4] {
        let terminal = 0x80 | u8::from(self.authentication_required) << 6 | u8::from(self.transit);
        [0, terminal, 0, u8::from(more) << 7 | self.mode.tci().0[2]]
    }
}

/// A pass that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PassRequest {
    /// The message of a pass.
    Pass {
        /// Which.
        pass: PassTypeId,
        /// Where one can sign up, offered to a phone that has no such pass.
        url: Option<String>,
        /// A filter; none unless Apple told one.
        filter: Option<[u8; 5]>,
    },
    /// No message: the phone is shown where one can sign up.
    Url(String),
}

impl PassRequest {
    /// The message of this pass.
    #[must_use]
    pub const fn pass(pass: PassTypeId) -> Self {
        Self::Pass { pass, url: None, filter: None }
    }

    fn get_data(&self, terminal: VasTerminal, more: bool) -> GetData {
        let (protocol, pass_hash, url, filter) = match self {
            Self::Pass { pass, url, filter } => (VasProtocol::Full, Some(*pass.hash()), url.clone(), *filter),
            Self::Url(url) => (VasProtocol::UrlOnly, None, Some(url.clone()), None),
        };
        let (capabilities, nonce) = (terminal.capabilities(more), terminal.nonce);
        GetData { protocol, version: VERSION, pass_hash, capabilities, filter, nonce, url }
    }

    fn url(&self) -> Option<&str> {
        match self {
            Self::Pass { url, .. } => url.as_deref(),
            Self::Url(url) => Some(url),
        }
    }
}

/// Why an exchange cannot begin or go on. The next tap begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VasError {
    /// No pass, or more than [`PASSES_MAX`], or more than one in [`VasMode::VasOnly`].
    #[error("1 to {PASSES_MAX} passes, and one alone in the mode for passes only")]
    Passes,
    /// A URL that is empty or not printable.
    #[error("a URL of printable ASCII characters")]
    Url,
    /// No APDU, or one that is too long.
    #[error(transparent)]
    Apdu(#[from] ApduError),
    /// No objects, or not those of the protocol.
    #[error(transparent)]
    Tlv(#[from] TlvError),
    /// A field of another length or content.
    #[error("the object {tag} as the protocol has it")]
    Field {
        /// Its tag.
        tag: Tag,
    },
    /// Another command than GET DATA.
    #[error("a GET DATA command")]
    Command,
    /// The phone has no wallet, or does not want to talk.
    #[error("the wallet is not there, status {status}")]
    NotSelected {
        /// What it said.
        status: StatusWord,
    },
    /// The wallet is not Apple's.
    #[error("another wallet than Apple's")]
    OtherWallet,
    /// The phone speaks another version.
    #[error("another version of the protocol than 1.0")]
    Version,
    /// The phone gives no passes now.
    #[error("the phone offers no passes")]
    NotOffered,
    /// The exchange is over, or was broken off.
    #[error("the exchange is over")]
    Over,
}

/// What a phone gave for one request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VasAnswer {
    /// How it ended.
    pub status: VasStatus,
    /// What came, with [`VasStatus::Ok`].
    pub data: Option<GetDataAnswer>,
}

/// What a tap gave.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VasRead {
    /// What the phone said of itself.
    pub phone: VasSelect,
    /// An answer for each request, in order, as far as it came: one that needs the owner, or went wrong, is the last.
    pub answers: Vec<VasAnswer>,
}

/// The exchange, from the reader's side.
///
/// ```
/// use phygital_core::contactless::{Step, apple_vas::{PassRequest, VasMode, VasReader, VasStatus, VasTerminal}};
/// let passes = [PassRequest::pass("pass.example.loyalty".parse()?)];
/// let (mut reader, first) = VasReader::new(VasTerminal::new(VasMode::VasOnly), &passes)?;
/// assert_eq!(first.to_bytes()[5..15], *b"OSE.VAS.01");
/// let selected = b"\x6F\x1D\x50\x08ApplePay\x9F\x21\x02\x01\x00\x9F\x24\x04abcd\x9F\x23\x04\0\0\0\x1E\x90\x00";
/// let Step::Send(_get_data) = reader.next(selected)? else { panic!() };
/// let Step::Done(read) = reader.next(&[0x62, 0x87])? else { panic!() };
/// assert_eq!(read.answers[0].status, VasStatus::UserAuthenticationRequired);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct VasReader {
    /// The commands that are still to be sent, last first.
    requests: Vec<Command>,
    phone: Option<VasSelect>,
    answers: Vec<VasAnswer>,
    over: bool,
}

impl VasReader {
    /// An exchange that asks for these passes, and its first command, which is [`VasSelect::command`].
    ///
    /// # Errors
    /// [`VasError::Passes`], [`VasError::Url`], or [`VasError::Apdu`] for a URL that is too long.
    pub fn new(terminal: VasTerminal, passes: &[PassRequest]) -> Result<(Self, Command), VasError> {
        let most = if terminal.mode == VasMode::VasOnly { 1 } else { PASSES_MAX };
        if !(1..=most).contains(&passes.len()) {
            return Err(VasError::Passes);
        }
        if !passes.iter().filter_map(PassRequest::url).all(is_url) {
            return Err(VasError::Url);
        }
        let requests = passes.iter().enumerate().rev();
        let requests = requests
            .map(|(index, request)| request.get_data(terminal, index + 1 < passes.len()).to_command())
            .collect::<Result<_, _>>()?;
        let this = Self { requests, phone: None, answers: Vec::new(), over: false };
        Ok((this, VasSelect::command()))
    }

    /// Takes the answer to the last command and says what is next.
    ///
    /// # Errors
    /// [`VasError`]; the exchange is over then.
    pub fn next(&mut self, answer: &[u8]) -> Result<Step<VasRead>, VasError> {
        if self.over {
            return Err(VasError::Over);
        }
        // Until the end is known to be a good one.
        self.over = true;
        let mut last = false;
        if self.phone.is_none() {
            let phone = VasSelect::parse(answer)?;
            if phone.version != VERSION {
                return Err(VasError::Version);
            }
            if !phone.offers_passes() {
                return Err(VasError::NotOffered);
            }
            self.phone = Some(phone);
        } else {
            let (status, data) = GetDataAnswer::parse(answer)?;
            self.answers.push(VasAnswer { status, data });
            last = !matches!(status, VasStatus::Ok | VasStatus::PassNotAvailable);
        }
        match self.requests.pop() {
            Some(request) if !last => {
                self.over = false;
                Ok(Step::Send(request))
            }
            _ => {
                let phone = self.phone.take().expect("selected before anything else");
                Ok(Step::Done(VasRead { phone, answers: std::mem::take(&mut self.answers) }))
            }
        }
    }
}
