//! GET DATA: which passes the reader wants, and the sealed bundle that comes.

use crate::contactless::apdu::Command;
use crate::contactless::ndef::Message;

use super::bundle::SealedBundle;
use super::error::SmartTapError;
use super::fields::{VERSION, envelope, find, fixed, message, payload, versioned};
use super::negotiate::{COLLECTOR, collector_bytes, read_collector};
use super::session::Session;

/// Most kinds of service asked for at once; there are fourteen.
pub const SERVICES_MAX: usize = 32;

/// What the terminal can do and is after: five bytes of flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "five bytes, by the protocol")]
pub struct PosCapabilities(pub [u8; 5]);

/// What the terminal is after: the last byte of [`PosCapabilities`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "four, by the protocol")]
pub enum VasTypes {
    /// Passes alone.
    PassOnly,
    /// A payment alone.
    PaymentOnly,
    /// Passes and a payment.
    PassAndPayment,
    /// Passes, or else a payment.
    PassOverPayment,
}

impl PosCapabilities {
    /// Bit of the first byte: the terminal can inflate.
    const ZLIB: u8 = 0x40;

    /// A terminal that can inflate and is after this.
    #[must_use]
    pub const fn new(vas: VasTypes) -> Self {
        let vas = match vas {
            VasTypes::PassOnly => 0x01,
            VasTypes::PaymentOnly => 0x02,
            VasTypes::PassAndPayment => 0x04,
            VasTypes::PassOverPayment => 0x08,
        };
        Self([Self::ZLIB, 0, 0, 0, vas])
    }

    /// Whether passes may come compressed.
    #[must_use]
    pub const fn inflates(self) -> bool {
        self.0[0] & Self::ZLIB != 0
    }
}

/// The command's data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the fields of the command")]
pub struct ServiceRequest {
    /// The message's place in the exchange.
    pub session: Session,
    /// The collector.
    pub collector: u32,
    /// The kinds of service that are wanted: 0 for all, 3 for loyalty, 4 for offers, and so on.
    pub services: Vec<u8>,
    /// What the terminal can do.
    pub capabilities: PosCapabilities,
}

const REQUEST: &str = "srq";
const MERCHANT: &str = "mer";
const SERVICES: &str = "slr";
const SERVICE: &str = "str";
const CAPABILITIES: &str = "pcr";

impl ServiceRequest {
    /// The command.
    ///
    /// # Errors
    /// [`SmartTapError::Apdu`] for more services than fit.
    pub fn to_command(&self) -> Result<Command, SmartTapError> {
        Ok(Command::new(0x90, 0x50, 0, 0).data(&self.to_bytes())?.le(0))
    }

    /// The command for what is left of an answer.
    #[must_use]
    pub const fn more() -> Command {
        Command::new(0x90, 0xC0, 0, 0).le(0)
    }

    /// The command's data.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let inside = message(&[
            (Session::RECORD, &self.session.to_bytes()),
            (MERCHANT, &message(&[(COLLECTOR, &collector_bytes(self.collector))])),
            (SERVICES, &message(&[(SERVICE, &self.services)])),
            (CAPABILITIES, &self.capabilities.0),
        ]);
        message(&[(REQUEST, &[&VERSION[..], &inside].concat())])
    }

    /// Reads the command's data, as a phone does.
    ///
    /// # Errors
    /// [`SmartTapError`] for anything else.
    pub fn parse(data: &[u8]) -> Result<Self, SmartTapError> {
        let inside = versioned(envelope(data, REQUEST)?, REQUEST)?;
        let merchant = Message::parse(payload(&inside, MERCHANT)?)?;
        let list = Message::parse(payload(&inside, SERVICES)?)?;
        let services = payload(&list, SERVICE)?.to_vec();
        if !(1..=SERVICES_MAX).contains(&services.len()) {
            return Err(SmartTapError::Field { record: SERVICE });
        }
        Ok(Self {
            session: Session::read(&inside)?,
            collector: read_collector(&merchant)?,
            services,
            capabilities: PosCapabilities(fixed(&inside, CAPABILITIES)?),
        })
    }
}

/// The answer's data, put together from its pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the fields of the answer")]
pub struct ServiceAnswer {
    /// The message's place in the exchange.
    pub session: Session,
    /// The passes, sealed; none if there are none.
    pub bundle: Option<SealedBundle>,
}

const ANSWER: &str = "srs";
const BUNDLE: &str = "reb";

impl ServiceAnswer {
    /// Reads the answer's data.
    ///
    /// # Errors
    /// [`SmartTapError`] for anything else.
    pub fn parse(data: &[u8]) -> Result<Self, SmartTapError> {
        let inside = Message::parse(envelope(data, ANSWER)?)?;
        let bundle = find(&inside, BUNDLE)?.map(|record| SealedBundle::parse(record.payload)).transpose()?;
        Ok(Self { session: Session::read(&inside)?, bundle })
    }

    /// The answer's data, as a phone makes it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let session = self.session.to_bytes();
        let inside = match &self.bundle {
            Some(bundle) => message(&[(Session::RECORD, &session), (BUNDLE, &bundle.to_bytes())]),
            None => message(&[(Session::RECORD, &session)]),
        };
        message(&[(ANSWER, &inside)])
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::contactless::smart_tap::Negotiate;
    use crate::vocab::hex;

    /// Requests of another implementation: `gen-flow-4` of `vectors/taps/smart_tap.json`.
    const NEGOTIATE: &str = "d403b86e6772000194030a736573b4b55a465c998a6c00015403a06370726fab4aec4533757b6e74e3b0118056185c4a422ae4b7089557e690733f7ccf8c0102c9a8ee923377f028c2fe3bce08ae953f2ce36ffb48bb81c52b6da483dcff791a00000001940349736967043046022100fc0820855baed2ac818ab175c0547aa6c5e829d232066fa1c7714455f3945850022100e17d077740f3c4a0da01ee3c2504cbab1fc09e2ab7b3f02355bf93d4e5d0c036540305636c64044856c8e3";
    const GET_DATA: &str = "d4033b737271000194030a736573b4b55a465c998a6c020114030b6d6572d40305636c64044856c8e3140307736c72d40301737472005403057063724000000008";

    fn bytes(digits: &str) -> Vec<u8> {
        let mut out = vec![0; digits.len() / 2];
        hex::decode_into(digits.as_bytes(), &mut out).unwrap();
        out
    }

    #[test]
    fn requests_write_back_byte_for_byte() {
        let negotiate = Negotiate::parse(&bytes(NEGOTIATE)).unwrap();
        assert_eq!((negotiate.collector, negotiate.key_version), (1213647075, 1));
        assert_eq!(negotiate.to_bytes(), bytes(NEGOTIATE));
        let request = ServiceRequest::parse(&bytes(GET_DATA)).unwrap();
        assert_eq!((&request.services[..], request.capabilities.inflates()), (&[0][..], true));
        assert_eq!(request.to_bytes(), bytes(GET_DATA));
    }

    #[test]
    fn services_are_counted() {
        let request = ServiceRequest::parse(&bytes(GET_DATA)).unwrap();
        let of = |count| ServiceRequest { services: vec![3; count], ..request.clone() };
        assert_eq!(ServiceRequest::parse(&of(SERVICES_MAX).to_bytes()), Ok(of(SERVICES_MAX)));
        for count in [0, SERVICES_MAX + 1] {
            let refused = ServiceRequest::parse(&of(count).to_bytes());
            assert_eq!(refused, Err(SmartTapError::Field { record: SERVICE }));
        }
    }
}
