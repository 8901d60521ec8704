//! Which protocols to try on which card, in which order, without the wire: one machine for a whole tap.
//!
//! [`Reading`] gives the bytes to send and takes the answers; it ends with a [`ReadOut`] whatever a card does, within
//! [`READING_EXCHANGES_MAX`] commands and [`READING_BYTES_MAX`] bytes. A phone, which draws a UID of four bytes that begin
//! with 08, is asked for passes first; a tag for its message. A protocol that a card does not speak costs one exchange.
//!
//! What was read becomes what a verifier judges:
//!
//! ```
//! # #[cfg(all(feature = "apple-vas", feature = "simulate"))] fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use phygital_core::contactless::{Step, apple_vas::{PassRequest, VasKeys, VasMode, VasTerminal, KdfVariant}};
//! use phygital_core::contactless::apple_vas::phone::{SoftPass, VasPhone};
//! use phygital_core::contactless::reading::{CardKind, ReadOut, Reading, Wanted};
//! use phygital_core::crypto::{P256Key, Secret};
//! use phygital_core::tap::{Assurance, Presented, TapVerdict, Verifier};
//! use phygital_core::vocab::Timestamp;
//!
//! // A phone in software, with a pass of this shop.
//! let now = Timestamp::parse("2026-11-21T12:00:00Z")?;
//! let merchant = P256Key::new(Secret::take(&mut [1; 32]))?;
//! let pass = SoftPass {
//!     pass: "pass.example.loyalty".parse()?,
//!     merchant: merchant.public(),
//!     message: b"a random token".to_vec(),
//!     variant: KdfVariant::One,
//! };
//! let mut phone = VasPhone::new(vec![pass.clone()], now);
//! phone.add_key(P256Key::new(Secret::take(&mut [9; 32]))?);
//!
//! // The tap: a message of a tag is wanted, or this pass.
//! let requests = [PassRequest::pass(pass.pass.clone())];
//! let wanted = Wanted::ndef().vas(VasTerminal::new(VasMode::VasOnly), &requests)?;
//! let (mut reading, mut step) = Reading::new(CardKind::IsoDep { random_uid: true }, wanted);
//! let read: ReadOut = loop {
//!     match step {
//!         Step::Send(command) => step = reading.next(&phone.answer(&command)),
//!         Step::Done(read) => break read,
//!     }
//! };
//!
//! // The verdict.
//! let verifier = Verifier::new().apple_vas(Arc::new(VasKeys::new([merchant])?));
//! let mut verdicts: Vec<TapVerdict> = Vec::new();
//! if let Some(message) = &read.ndef {
//!     verdicts.push(verifier.verify(Presented::NdefMessage(message), now));
//! }
//! for (pass, cryptogram) in read.vas.iter().filter_map(|vas| vas.cryptogram()) {
//!     verdicts.push(verifier.verify(Presented::AppleVas { pass, cryptogram }, now));
//! }
//! // With `smart-tap`: `SmartTapOutcome::Passes(read)`, `tap::wallet::from_smart_tap(&read)`, `Presented::Wallet`.
//! assert_eq!(verdicts[0].assurance(), Some(Assurance::Dynamic));
//! assert_eq!((verdicts.len(), read.cost.exchanges), (1, 2));
//! # Ok(()) }
//! # #[cfg(not(all(feature = "apple-vas", feature = "simulate")))] fn main() {}
//! ```

mod read_out;
#[cfg(test)]
mod tests;
mod wanted;

#[cfg(feature = "apple-vas")]
pub use read_out::VasPass;
pub use read_out::{Cost, Miss, Protocol, ReadFault, ReadOut};
pub use wanted::{CardKind, Wanted};

use std::fmt;

use super::Step;
use super::apdu::{Command, Response};
#[cfg(feature = "apple-vas")]
use super::apple_vas::VasReader;
use super::chaining::Chained;
use super::ntag424::{Chain, Native, Ntag424Error, originality_signature};
#[cfg(feature = "smart-tap")]
use super::smart_tap::{SmartTapOutcome, SmartTapReader};
use super::type2::{GET_VERSION, READ_SIGNATURE, Type2Error, Type2Reader, Type2Version, signature};
use super::type4::Type4Reader;

/// Most commands sent to one card: a message of 4,096 bytes from the slowest tag, and some for the protocols before it.
/// At some 7 ms each that is two seconds, longer than anybody holds a card still.
pub const READING_EXCHANGES_MAX: usize = 320;

/// Most bytes that a card may answer in all: the fullest wallet (64 KiB) with what leads to it.
pub const READING_BYTES_MAX: usize = 80 * 1024;

/// The reading of one card.
pub struct Reading<'k> {
    /// What is still to be tried, last first.
    plan: Vec<Protocol>,
    wanted: Wanted<'k>,
    talk: Talk<'k>,
    /// The answer to an APDU, whose pieces are being fetched.
    chained: Option<Chained>,
    /// What the phone said to SELECT of `OSE.VAS.01`, with which both wallets begin.
    #[cfg(all(feature = "apple-vas", feature = "smart-tap"))]
    ose: Option<Vec<u8>>,
    out: ReadOut,
}

/// The protocol that is being spoken.
enum Talk<'k> {
    Type4(Type4Reader),
    ReadSig(Chain),
    Type2(Type2Reader),
    Type2Version,
    Type2Signature,
    #[cfg(feature = "apple-vas")]
    Vas(VasReader),
    #[cfg(feature = "smart-tap")]
    SmartTap(Box<SmartTapReader<'k>>),
    /// None, or none any more.
    Over(std::marker::PhantomData<&'k ()>),
}

impl<'k> Reading<'k> {
    /// The reading of a card of this kind, and its first command.
    ///
    /// Nothing is sent where nothing is wanted that the card could have.
    #[must_use]
    pub fn new(kind: CardKind, wanted: Wanted<'k>) -> (Self, Step<ReadOut, Vec<u8>>) {
        let mut this = Self {
            plan: wanted.plan(kind),
            wanted,
            talk: Talk::over(),
            chained: None,
            #[cfg(all(feature = "apple-vas", feature = "smart-tap"))]
            ose: None,
            out: ReadOut::default(),
        };
        let first = this.following();
        (this, first)
    }

    /// Takes the answer to the last command, and gives the next or the end. After the end it gives an empty one.
    pub fn next(&mut self, answer: &[u8]) -> Step<ReadOut, Vec<u8>> {
        if self.talk.protocol().is_none() {
            return Step::Done(ReadOut::default());
        }
        self.out.cost.received += answer.len();
        if self.out.cost.received > READING_BYTES_MAX {
            return self.break_off(ReadFault::TooLong);
        }
        let Some(chained) = &mut self.chained else { return self.hear(answer) };
        match chained.next(answer) {
            Ok(Step::Send(command)) => self.send(command.to_bytes()),
            Ok(Step::Done(whole)) => self.hear(&whole),
            Err(error) => self.missed(error),
        }
    }

    /// The card has left, or gives no answer: what was read until then.
    ///
    /// Tags that were asked for more than they can fall silent too: a message may have been read before.
    pub fn lost(&mut self) -> ReadOut {
        self.miss(ReadFault::Lost);
        self.finish()
    }

    /// Goes on with the protocol that is next, if any.
    fn following(&mut self) -> Step<ReadOut, Vec<u8>> {
        self.talk = Talk::over();
        self.chained = None;
        let Some(protocol) = self.plan.pop() else { return Step::Done(self.finish()) };
        match protocol {
            Protocol::Ndef => {
                let (reader, command) = Type4Reader::new(self.wanted.path());
                self.say(Talk::Type4(reader), command)
            }
            Protocol::Signature => {
                let command = Native::read_signature().plain().expect("one byte");
                self.say(Talk::ReadSig(Chain::default()), command)
            }
            Protocol::Type2 => {
                let (reader, command) = Type2Reader::new();
                self.talk = Talk::Type2(reader);
                self.send(command)
            }
            Protocol::Type2Signature => {
                self.talk = Talk::Type2Version;
                self.send(GET_VERSION.to_vec())
            }
            #[cfg(feature = "apple-vas")]
            Protocol::AppleVas => match self.wanted.take_vas() {
                Some((reader, command)) => self.say(Talk::Vas(reader), command),
                None => self.following(),
            },
            #[cfg(feature = "smart-tap")]
            Protocol::SmartTap => match self.wanted.take_smart_tap() {
                Some((reader, command)) => self.smart_tap(reader, command),
                None => self.following(),
            },
        }
    }

    /// The answer to the first command may be known already.
    #[cfg(feature = "smart-tap")]
    fn smart_tap(&mut self, reader: Box<SmartTapReader<'k>>, command: Command) -> Step<ReadOut, Vec<u8>> {
        #[cfg(feature = "apple-vas")]
        if let Some(ose) = self.ose.take() {
            self.talk = Talk::SmartTap(reader);
            return self.hear(&ose);
        }
        self.say(Talk::SmartTap(reader), command)
    }

    /// Takes a whole answer.
    fn hear(&mut self, answer: &[u8]) -> Step<ReadOut, Vec<u8>> {
        match std::mem::replace(&mut self.talk, Talk::over()) {
            Talk::Over(_) => Step::Done(self.finish()),
            Talk::Type4(mut reader) => match reader.next(answer) {
                Ok(Step::Send(command)) => self.say(Talk::Type4(reader), command),
                Ok(Step::Done(message)) => {
                    self.out.ndef = Some(message);
                    // A tag that has a message is no phone with a wallet.
                    self.plan.retain(|protocol| *protocol == Protocol::Signature);
                    self.following()
                }
                Err(error) => {
                    self.talk = Talk::Type4(reader);
                    self.missed(error)
                }
            },
            Talk::ReadSig(mut chain) => match read_sig(&mut chain, answer) {
                Ok(Step::Send(command)) => self.say(Talk::ReadSig(chain), command),
                Ok(Step::Done(signature)) => {
                    self.out.signature = Some(signature);
                    self.following()
                }
                Err(error) => {
                    self.talk = Talk::ReadSig(chain);
                    self.missed(error)
                }
            },
            Talk::Type2(mut reader) => match reader.next(answer) {
                Ok(Step::Send(command)) => {
                    self.talk = Talk::Type2(reader);
                    self.send(command)
                }
                Ok(Step::Done(read)) => {
                    self.out.ndef = Some(read.message);
                    self.following()
                }
                Err(error) => self.type2_missed(Talk::Type2(reader), error),
            },
            Talk::Type2Version => match Type2Version::parse(answer) {
                Ok(version) => {
                    self.out.version = Some(version);
                    self.talk = Talk::Type2Signature;
                    self.send(READ_SIGNATURE.to_vec())
                }
                Err(error) => self.type2_missed(Talk::Type2Version, error),
            },
            Talk::Type2Signature => match signature(answer) {
                Ok(signature) => {
                    self.out.signature = Some(signature);
                    self.following()
                }
                Err(error) => self.type2_missed(Talk::Type2Signature, error),
            },
            #[cfg(feature = "apple-vas")]
            Talk::Vas(mut reader) => {
                #[cfg(feature = "smart-tap")]
                if self.wanted.has_smart_tap() && self.ose.is_none() {
                    self.ose = Some(answer.to_vec());
                }
                match reader.next(answer) {
                    Ok(Step::Send(command)) => self.say(Talk::Vas(reader), command),
                    Ok(Step::Done(read)) => {
                        self.out.vas = self.wanted.passes(read);
                        self.met(self.out.vas.iter().any(|pass| pass.settles()))
                    }
                    Err(error) => {
                        self.talk = Talk::Vas(reader);
                        self.missed(error)
                    }
                }
            }
            #[cfg(feature = "smart-tap")]
            Talk::SmartTap(mut reader) => match reader.next(answer) {
                Ok(Step::Send(command)) => self.say(Talk::SmartTap(reader), command),
                Ok(Step::Done(outcome)) => {
                    let settles = !matches!(outcome, SmartTapOutcome::NoPass);
                    self.out.smart_tap = Some(outcome);
                    self.met(settles)
                }
                Err(error) => {
                    self.talk = Talk::SmartTap(reader);
                    self.missed(error)
                }
            },
        }
    }

    /// A wallet gave a pass or asks for its owner: nothing else is tried. A wallet without our pass may stand beside an
    /// application with a message.
    #[cfg(any(feature = "apple-vas", feature = "smart-tap"))]
    fn met(&mut self, settles: bool) -> Step<ReadOut, Vec<u8>> {
        if settles {
            self.plan.clear();
        }
        self.following()
    }

    /// The protocol gave nothing; the next one may.
    fn missed(&mut self, fault: impl Into<ReadFault>) -> Step<ReadOut, Vec<u8>> {
        self.miss(fault.into());
        self.following()
    }

    /// A tag that refused a command has left its selection: it hears nothing more.
    fn type2_missed(&mut self, talk: Talk<'k>, error: Type2Error) -> Step<ReadOut, Vec<u8>> {
        if matches!(error, Type2Error::Refused { .. }) {
            self.plan.clear();
        }
        self.talk = talk;
        self.missed(error)
    }

    /// Sends an APDU, whose answer is fetched whole.
    fn say(&mut self, talk: Talk<'k>, command: Command) -> Step<ReadOut, Vec<u8>> {
        self.talk = talk;
        let bytes = command.to_bytes();
        self.chained = Some(Chained::new(command));
        self.send(bytes)
    }

    fn send(&mut self, command: Vec<u8>) -> Step<ReadOut, Vec<u8>> {
        if self.out.cost.exchanges == READING_EXCHANGES_MAX {
            return self.break_off(ReadFault::TooMany);
        }
        self.out.cost.exchanges += 1;
        self.out.cost.sent += command.len();
        Step::Send(command)
    }

    /// A card that would go on for ever.
    fn break_off(&mut self, fault: ReadFault) -> Step<ReadOut, Vec<u8>> {
        self.miss(fault);
        Step::Done(self.finish())
    }

    fn miss(&mut self, fault: ReadFault) {
        if let Some(protocol) = self.talk.protocol() {
            self.out.misses.push(Miss { protocol, fault });
        }
    }

    fn finish(&mut self) -> ReadOut {
        self.plan.clear();
        self.talk = Talk::over();
        self.chained = None;
        std::mem::take(&mut self.out)
    }
}

impl fmt::Debug for Reading<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reading({:?}, then {:?}, {:?})", self.talk.protocol(), self.plan, self.out.cost)
    }
}

impl Talk<'_> {
    const fn over() -> Self {
        Self::Over(std::marker::PhantomData)
    }

    const fn protocol(&self) -> Option<Protocol> {
        Some(match self {
            Self::Over(_) => return None,
            Self::Type4(_) => Protocol::Ndef,
            Self::ReadSig(_) => Protocol::Signature,
            Self::Type2(_) => Protocol::Type2,
            Self::Type2Version | Self::Type2Signature => Protocol::Type2Signature,
            #[cfg(feature = "apple-vas")]
            Self::Vas(_) => Protocol::AppleVas,
            #[cfg(feature = "smart-tap")]
            Self::SmartTap(_) => Protocol::SmartTap,
        })
    }
}

/// A part of the answer to Read_Sig.
fn read_sig(chain: &mut Chain, answer: &[u8]) -> Result<Step<Vec<u8>>, Ntag424Error> {
    Ok(match chain.take(&Response::parse(answer)?)? {
        Step::Send(command) => Step::Send(command),
        Step::Done(data) => Step::Done(originality_signature(&data)?.to_vec()),
    })
}
