//! The first exchange: which wallet answers, and what it can do.

use crate::contactless::apdu::{Command, Response, StatusWord};
use crate::contactless::tlv::{Tag, TlvError, Tlvs, push};

use super::reader::VasError;

/// The application that both wallets answer to: `OSE.VAS.01`.
pub const VAS_AID: &[u8; 10] = b"OSE.VAS.01";

/// What an iPhone or Apple Watch says to SELECT.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VasSelect {
    /// The wallet: `ApplePay`.
    pub wallet: String,
    /// The version, 1.0 as `01 00`.
    pub version: [u8; 2],
    /// A random number that the protocol does not use.
    pub nonce: Option<[u8; 4]>,
    /// What the phone can do; bits of the last byte.
    pub capabilities: [u8; 4],
}

/// Bit of the last byte of the capabilities: passes may be read.
const VAS_OFFERED: u8 = 0x08;

impl VasSelect {
    /// The wallet of a phone that does Apple VAS.
    pub const WALLET: &str = "ApplePay";

    /// The command. The exchange of Google Smart Tap begins with the same one: a reader that takes both wallets sends it
    /// once, and hands the answer to the exchange of the wallet that it names.
    #[must_use]
    pub fn command() -> Command {
        Command::select(VAS_AID).expect("ten bytes")
    }

    /// Reads the answer: `6F` with `50` (wallet), `9F21` (version), `9F24` (nonce), `9F23` (capabilities).
    ///
    /// # Errors
    /// [`VasError`] for another wallet, another status or a malformed answer.
    pub fn parse(answer: &[u8]) -> Result<Self, VasError> {
        let response = Response::parse(answer)?;
        if response.status != StatusWord::OK {
            return Err(VasError::NotSelected { status: response.status });
        }
        let outside = Tlvs::parse(response.data)?;
        let inside = Tlvs::parse(outside.only(FCI)?)?;
        let wallet = inside.only(LABEL)?;
        if wallet != Self::WALLET.as_bytes() {
            return Err(VasError::OtherWallet);
        }
        let fixed = |tag| -> Result<[u8; 4], VasError> {
            inside.only(tag)?.try_into().map_err(|_| VasError::Field { tag })
        };
        let version = inside.only(VERSION)?.try_into().map_err(|_| VasError::Field { tag: VERSION })?;
        let nonce = match inside.find(NONCE)? {
            Some(_) => Some(fixed(NONCE)?),
            None => None,
        };
        Ok(Self { wallet: Self::WALLET.to_owned(), version, nonce, capabilities: fixed(CAPABILITIES)? })
    }

    /// The answer's bytes, as a phone sends them.
    ///
    /// # Errors
    /// [`TlvError::Length`] for a wallet's name that is too long.
    pub fn to_bytes(&self) -> Result<Vec<u8>, TlvError> {
        let mut inside = Vec::new();
        push(&mut inside, LABEL, self.wallet.as_bytes())?;
        push(&mut inside, VERSION, &self.version)?;
        if let Some(nonce) = &self.nonce {
            push(&mut inside, NONCE, nonce)?;
        }
        push(&mut inside, CAPABILITIES, &self.capabilities)?;
        let mut data = Vec::new();
        push(&mut data, FCI, &inside)?;
        Ok(Response { data: &data, status: StatusWord::OK }.to_bytes())
    }

    /// Whether passes may be read now.
    #[must_use]
    pub fn offers_passes(&self) -> bool {
        self.capabilities[3] & VAS_OFFERED != 0
    }
}

const FCI: Tag = Tag(0x6F);
const LABEL: Tag = Tag(0x50);
const VERSION: Tag = Tag(0x9F21);
const NONCE: Tag = Tag(0x9F24);
const CAPABILITIES: Tag = Tag(0x9F23);
