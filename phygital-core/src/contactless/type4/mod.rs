//! NFC Forum Type 4 tags: an NDEF message in a file, read and written by APDUs (Type 4 Tag 2.0 and 3.0).
//!
//! [`Type4Reader`] and [`Type4Writer`] are state machines; answers are whole, so a card that chains them is read through
//! [`super::chaining::Chained`], as [`super::reading`] does.

mod capability;
mod error;
mod opening;
mod reader;
#[cfg(test)]
pub(crate) mod tests;
mod writer;

pub use capability::{CapabilityContainer, NdefFile};
pub use error::Type4Error;
pub use reader::{TYPE4_PIECES_MAX, Type4Path, Type4Reader};
pub use writer::Type4Writer;

use super::apdu::Command;

/// The name of the NDEF application.
pub const NDEF_AID: [u8; 7] = [0xD2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x01];

/// The file with the capability container.
pub const FILE_CC: [u8; 2] = [0xE1, 0x03];

/// The file that has the message on most tags; the capability container tells which it is.
pub const FILE_NDEF: [u8; 2] = [0xE1, 0x04];

/// SELECT of the NDEF application.
fn select_application() -> Command {
    Command::select(&NDEF_AID).expect("seven bytes")
}

/// SELECT of a file within it, without an answer.
fn select_file(id: [u8; 2]) -> Command {
    Command::new(0x00, 0xA4, 0x00, 0x0C).data(&id).expect("two bytes")
}

/// READ BINARY of `length` bytes, at most 256, from `offset`, which has 15 bits.
fn read_binary(offset: usize, length: usize) -> Command {
    let [high, low] = place(offset);
    let le = u8::try_from(length % 256).expect("below 256");
    Command::new(0x00, 0xB0, high, low).le(le)
}

/// UPDATE BINARY of at most 255 bytes from `offset`, which has 15 bits.
fn update_binary(offset: usize, data: &[u8]) -> Command {
    let [high, low] = place(offset);
    Command::new(0x00, 0xD6, high, low).data(data).expect("a piece of at most 255 bytes")
}

fn place(offset: usize) -> [u8; 2] {
    u16::try_from(offset)
        .ok()
        .filter(|offset| *offset < 0x8000)
        .expect("within NDEF_MESSAGE_MAX")
        .to_be_bytes()
}
