//! Tags, phones and readers in software.
//!
//! A [`SoftCard`] is a tag or a phone. A [`Field`] is the place above a reader where it may lie; whoever emulates a
//! reader looks into the field, so the same card serves in memory ([`MemoryBackend`]), behind an emulated chip on a
//! pseudo-terminal ([`pn532`]) and behind a virtual PC/SC reader ([`VpcdCard`]).
//!
//! | card | what it is |
//! |---|---|
//! | [`Ntag424`] | an NTAG 424 DNA or TagTamper, whole: to be personalised, read, torn away |
//! | [`Type2Tag`] | NTAG 213, 215, 216, and 22x DNA with their MAC |
//! | [`Type4Tag`] | a message and no more |
//! | [`SoftPhone`] | a phone with wallets and an emulated tag, which may wait for polling frames |
//! | [`HostileCard`] | answers what no card should |
//!
//! All chance follows seeds ([`Dice`]), all faults a plan ([`Faults`]). A tap from the card to the verdict:
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//! use phygital_core::contactless::Step;
//! use phygital_core::contactless::reading::{CardKind, Reading, Wanted};
//! use phygital_core::crypto::Secret;
//! use phygital_core::tap::tag_setup::{SdmRights, TagSetup};
//! use phygital_core::tap::{Assurance, KeySet, Keys, Presented, SdmMode, Verifier};
//! use phygital_core::vocab::Timestamp;
//! use phygital_reader::{Backend, ReaderName, VirtualClock};
//! use phygital_sim::{MemoryBackend, Ntag424};
//!
//! // A tag of this fleet lies on a reader.
//! let key = |byte: u8| Secret::take(&mut [byte; 16]);
//! let setup = TagSetup::new("tap.example/?p={mac_input}{picc}&c={mac}".parse()?, SdmMode::Aes, 0, SdmRights::new(2, 1))?;
//! let mut backend = MemoryBackend::with_clock(VirtualClock::new());
//! let tag = Ntag424::personalised("04a1b2c3d4e5f6".parse()?, 7, &setup, [0, 1, 2, 3, 4].map(key));
//! backend.plug("counter").put(tag);
//!
//! // It is found and read.
//! let second = Duration::from_secs(1);
//! let mut reader = backend.open(&ReaderName::new("counter"))?;
//! let card = reader.poll(second)?.expect("it lies there");
//! let kind = CardKind::IsoDep { random_uid: card.uid.is_random() };
//! let (mut reading, mut step) = Reading::new(kind, Wanted::ndef());
//! let read = loop {
//!     match step {
//!         Step::Send(command) => step = reading.next(&reader.link().transceive(&command, second)?),
//!         Step::Done(read) => break read,
//!     }
//! };
//!
//! // What it said is judged.
//! let keys = Keys::new([KeySet::explicit(key(1)).meta_read_key(key(2))])?;
//! let verifier = Verifier::new().sun(Arc::new(keys));
//! let message = read.ndef.expect("it has one");
//! let verdict = verifier.verify(Presented::NdefMessage(&message), Timestamp::parse("2026-11-21T12:00:00Z")?);
//! assert_eq!(verdict.assurance(), Some(Assurance::Dynamic));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod card;
mod dice;
mod faults;
mod field;
mod hostile;
mod memory;
mod ntag424;
mod phone;
pub mod pn532;
mod type2;
mod type4;
mod vpcd;

pub use card::{Activation, Answer, SharedCard, SoftCard, Tear};
pub use dice::Dice;
pub use faults::{Fault, Faults};
pub use field::Field;
pub use hostile::{HostileCard, Hostility};
pub use memory::{MemoryBackend, MemoryReader};
pub use ntag424::Ntag424;
pub use phone::SoftPhone;
pub use type2::{Mirrored, Type2Tag, Type2TagChip, Type2TagError};
pub use type4::Type4Tag;
pub use vpcd::{VPCD_PORT, VpcdCard, VpcdMessage};
