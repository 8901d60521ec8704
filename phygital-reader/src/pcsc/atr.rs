//! What an answer to reset tells of a contactless card (PC/SC part 3, 3.1.3.2.3).
//!
//! A contactless card has no answer to reset; the reader makes one up. Of a card that speaks ISO/IEC 14443-4 it holds
//! the historical bytes, of one that only stores it holds the card's name in PC/SC's list.

use crate::card::Technology;

/// Historical bytes of a card that only stores: a status indicator, an application identifier of 12 bytes (0x4F), of
/// which the first five are those of the PC/SC workgroup.
const STORAGE: [u8; 8] = [0x80, 0x4F, 0x0C, 0xA0, 0x00, 0x00, 0x03, 0x06];

/// The standard ISO/IEC 14443-A, part 3, in PC/SC's list.
const TYPE_A_PART_3: u8 = 0x03;

/// MIFARE Ultralight, which readers call NTAG 21x too, Ultralight C and Ultralight EV1 in PC/SC's list.
const TYPE_2_NAMES: [[u8; 2]; 3] = [[0x00, 0x03], [0x00, 0x3A], [0x00, 0x3D]];

/// How a card with this answer to reset is spoken to.
pub(super) fn technology(atr: &[u8]) -> Technology {
    // 3B, 8n: n historical bytes, 80 and 01: T=0, then T=1 with nothing further; the last byte is a checksum.
    let [0x3B, t0, 0x80, 0x01, rest @ ..] = atr else { return Technology::Other };
    let length = usize::from(t0 & 0x0F);
    if t0 & 0xF0 != 0x80 || rest.len() != length + 1 {
        return Technology::Other;
    }
    match rest[..length].strip_prefix(&STORAGE) {
        None => Technology::IsoDep,
        Some([TYPE_A_PART_3, high, low, ..]) if TYPE_2_NAMES.contains(&[*high, *low]) => Technology::Type2,
        Some(_) => Technology::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn storage(standard: u8, name: [u8; 2]) -> Vec<u8> {
        let head = [0x3B, 0x8F, 0x80, 0x01];
        [&head[..], &STORAGE, &[standard], &name, &[0, 0, 0, 0], &[0x68]].concat()
    }

    #[test]
    fn historical_bytes_tell_a_card_that_speaks_from_one_that_stores() {
        let cases = [
            (&[0x3B, 0x81, 0x80, 0x01, 0x80, 0x80][..], Technology::IsoDep),
            (&[0x3B, 0x80, 0x80, 0x01, 0x01], Technology::IsoDep),
            (&storage(0x03, [0x00, 0x03]), Technology::Type2),
            (&storage(0x03, [0x00, 0x3A]), Technology::Type2),
            (&storage(0x03, [0x00, 0x3D]), Technology::Type2),
            (&storage(0x03, [0x00, 0x01]), Technology::Other), // MIFARE Classic
            (&storage(0x11, [0x00, 0x3B]), Technology::Other), // FeliCa
        ];
        for (atr, expected) in cases {
            assert_eq!(technology(atr), expected, "{atr:02X?}");
        }
    }

    #[test]
    fn contact_cards_and_cut_answers_are_others() {
        let contact = [0x3B, 0x68, 0x00, 0x00, 0x00, 0x73, 0xC8, 0x40, 0x12, 0x00, 0x90, 0x00];
        assert_eq!(technology(&contact), Technology::Other);
        let whole = storage(0x03, [0x00, 0x03]);
        for end in 0..whole.len() {
            assert_eq!(technology(&whole[..end]), Technology::Other, "{end} bytes");
        }
        assert_eq!(technology(&[&whole[..], &[0]].concat()), Technology::Other);
    }
}
