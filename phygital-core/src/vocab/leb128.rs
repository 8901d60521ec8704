//! Whole numbers as seven bits a byte, low bits first (unsigned LEB128), each in the one way that has no needless byte.

/// Why bytes are no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// They end within it.
    Short,
    /// Written longer than need be, or of more than 128 bits.
    Form,
}

/// Appends a number.
pub(crate) fn write(bytes: &mut Vec<u8>, mut number: u128) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

/// Takes a number off the front.
pub(crate) fn read(bytes: &mut &[u8]) -> Result<u128, Fault> {
    let mut number = 0_u128;
    for shift in (0..128).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or(Fault::Short)?;
        *bytes = rest;
        let bits = u128::from(byte & 0x7F);
        if (bits << shift) >> shift != bits || (byte == 0 && shift > 0) {
            return Err(Fault::Form);
        }
        number |= bits << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(Fault::Form)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back(number in any::<u128>(), shift in 0..128_u32) {
            let number = number >> shift;
            let mut bytes = Vec::new();
            write(&mut bytes, number);
            prop_assert_eq!(bytes.len(), (128 - number.leading_zeros()).max(1).div_ceil(7) as usize);
            let mut rest = &bytes[..];
            prop_assert_eq!(read(&mut rest), Ok(number));
            prop_assert!(rest.is_empty());
        }
    }

    #[test]
    fn one_way_to_write_a_number() {
        let read = |mut bytes: &[u8]| read(&mut bytes);
        assert_eq!(read(&[0x80, 0x01]), Ok(128));
        assert_eq!(read(&[0x80, 0x00]), Err(Fault::Form));
        assert_eq!(read(&[0x80]), Err(Fault::Short));
        assert_eq!(read(&[0xFF; 20]), Err(Fault::Form));
        assert_eq!(read(&[&[0xFF; 18][..], &[0x03]].concat()), Ok(u128::MAX));
        assert_eq!(read(&[&[0xFF; 18][..], &[0x04]].concat()), Err(Fault::Form));
    }
}
