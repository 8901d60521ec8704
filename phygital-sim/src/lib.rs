//! Tags, phones and readers in software.
//!
//! A [`SoftCard`] is a tag or a phone. A [`Field`] is the place above a reader where it may lie; whoever emulates a
//! reader looks into the field, so the same card serves in memory, behind an emulated chip on a pseudo-terminal and
//! behind a virtual PC/SC reader.

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
