//! Sums of numbers and of their products without rounding: integers of 384 bits.
//!
//! A [`Decimal`] counts in units of 10^-18 and stays below 10^36 of them, 120 bits. So 2^62 products of two fit 302 bits, and
//! the differences of products of sums that variances are made of fit 366.

use std::cmp::Ordering;

use crate::vocab::Decimal;

const LIMBS: usize = 6;

/// How many units of [`units`] are one.
pub(super) const SCALE: f64 = 1e18;

/// Most values in one sum, so that none of it overflows.
pub(super) const COUNT_MAX: u64 = 1 << 62;

/// A number in units of 10^-18.
pub(super) fn units(number: Decimal) -> i128 {
    let places = 18_u32.checked_sub(u32::from(number.scale())).expect("a decimal has at most 18 decimals");
    i128::from(number.units()) * 10_i128.pow(places)
}

/// An integer in two's complement, the lowest limb first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Wide([u64; LIMBS]);

impl Wide {
    pub(super) fn of(number: i128) -> Wide {
        let bits = number.cast_unsigned();
        let fill = if number < 0 { u64::MAX } else { 0 };
        let low = |bits: u128| u64::try_from(bits & u128::from(u64::MAX)).expect("masked");
        Wide([low(bits), low(bits >> 64), fill, fill, fill, fill])
    }

    pub(super) fn product(one: i128, other: i128) -> Wide {
        Wide::of(one).times(Wide::of(other))
    }

    pub(super) fn is_negative(self) -> bool {
        self.0[LIMBS - 1] >> 63 == 1
    }

    pub(super) fn plus(self, other: Wide) -> Wide {
        let mut sum = [0; LIMBS];
        let mut carry = false;
        for (at, limb) in sum.iter_mut().enumerate() {
            let (part, one) = self.0[at].overflowing_add(other.0[at]);
            let (part, two) = part.overflowing_add(u64::from(carry));
            (*limb, carry) = (part, one || two);
        }
        Wide(sum)
    }

    pub(super) fn negated(self) -> Wide {
        Wide(self.0.map(|limb| !limb)).plus(Wide::of(1))
    }

    pub(super) fn minus(self, other: Wide) -> Wide {
        self.plus(other.negated())
    }

    /// The product, which has to fit: it is exact modulo 2^384, for signed numbers too.
    pub(super) fn times(self, other: Wide) -> Wide {
        let mut product = [0_u64; LIMBS];
        for (at, one) in self.0.iter().enumerate().filter(|(_, one)| **one != 0) {
            let mut carry = 0_u128;
            for (place, limb) in product.iter_mut().enumerate().skip(at) {
                carry += u128::from(*one) * u128::from(other.0[place - at]) + u128::from(*limb);
                *limb = u64::try_from(carry & u128::from(u64::MAX)).expect("masked");
                carry >>= 64;
            }
        }
        Wide(product)
    }

    /// As a count, where it is one.
    pub(super) fn to_u64(self) -> Option<u64> {
        let [low, high @ ..] = self.0;
        (high == [0; LIMBS - 1]).then_some(low)
    }

    /// How many bits its size has.
    pub(super) fn bits(self) -> u32 {
        let size = if self.is_negative() { self.negated() } else { self };
        let top = size.0.iter().rposition(|limb| *limb != 0);
        top.map_or(0, |top| top as u32 * 64 + 64 - size.0[top].leading_zeros())
    }

    /// The nearest floating number.
    pub(super) fn to_f64(self) -> f64 {
        let size = if self.is_negative() { self.negated() } else { self };
        let shift = size.bits().saturating_sub(64);
        let (limbs, bits) = (shift as usize / 64, shift % 64);
        let limb = |at: usize| size.0.get(at).copied().unwrap_or(0);
        let upper = if bits == 0 { 0 } else { limb(limbs + 1) << (64 - bits) };
        let mut top = (limb(limbs) >> bits) | upper;
        let lost =
            size.0[..limbs].iter().any(|limb| *limb != 0) || (bits > 0 && limb(limbs) << (64 - bits) != 0);
        // 64 bits are eleven more than a floating number has: what was cut off decides a tie alone.
        top |= u64::from(lost);
        let exponent = i32::try_from(shift).expect("at most 384");
        let number = libm::ldexp(top as f64, exponent);
        if self.is_negative() { -number } else { number }
    }

    /// Its bytes, lowest first, no more than needed for the sign to show in the last.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        let bytes = self.0.iter().flat_map(|limb| limb.to_le_bytes()).collect::<Vec<_>>();
        let length = minimal(&bytes);
        out.push(u8::try_from(length).expect("at most 48"));
        out.extend(&bytes[..length]);
    }

    /// What [`write`](Self::write) wrote, and what follows it; none where it is not written so.
    pub(super) fn read(bytes: &[u8]) -> Option<(Wide, &[u8])> {
        let (&length, rest) = bytes.split_first()?;
        let (bytes, rest) = rest.split_at_checked(usize::from(length))?;
        if bytes.is_empty() || bytes.len() > LIMBS * 8 {
            return None;
        }
        let fill = if bytes[bytes.len() - 1] & 0x80 == 0 { 0 } else { 0xFF };
        let mut all = [fill; LIMBS * 8];
        all[..bytes.len()].copy_from_slice(bytes);
        let mut limbs = [0; LIMBS];
        for (limb, bytes) in limbs.iter_mut().zip(all.chunks_exact(8)) {
            *limb = u64::from_le_bytes(bytes.try_into().expect("eight"));
        }
        (minimal(&all) == bytes.len()).then_some((Wide(limbs), rest))
    }
}

impl PartialOrd for Wide {
    fn partial_cmp(&self, other: &Wide) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Wide {
    fn cmp(&self, other: &Wide) -> Ordering {
        let of_signs = other.is_negative().cmp(&self.is_negative());
        of_signs.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

/// How many of the bytes say it all.
fn minimal(bytes: &[u8]) -> usize {
    let mut length = bytes.len();
    while length > 1 {
        let (last, before) = (bytes[length - 1], bytes[length - 2]);
        let redundant = (last == 0 && before & 0x80 == 0) || (last == 0xFF && before & 0x80 != 0);
        if !redundant {
            break;
        }
        length -= 1;
    }
    length
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn as_128_bits(one in any::<i128>(), other in any::<i128>(), shift in 0..100_u32) {
            let (one, other) = (one >> (shift / 2 + 64), other >> (shift + 2));
            let (wide, second) = (Wide::of(one), Wide::of(other));
            prop_assert_eq!(wide.plus(second), Wide::of(one + other));
            prop_assert_eq!(wide.minus(second), Wide::of(one - other));
            prop_assert_eq!(wide.cmp(&second), one.cmp(&other));
            let small = other >> 64;
            prop_assert_eq!(wide.times(Wide::of(small)), Wide::of(one * small));
            prop_assert_eq!(second.to_f64(), other as f64);
        }

        #[test]
        fn products_distribute(one in any::<i128>(), two in any::<i128>(), three in any::<i128>()) {
            let (two, three) = (two >> 1, three >> 1);
            let together = Wide::product(one, two + three);
            prop_assert_eq!(Wide::product(one, two).plus(Wide::product(one, three)), together);
            // 2^255 at most, so a power of two below 2^128 more still fits.
            let scaled = together.times(Wide::of(1 << 100));
            prop_assert_eq!(scaled.to_f64(), together.to_f64() * 2_f64.powi(100));
        }

        #[test]
        fn bytes_come_back(one in any::<i128>(), two in any::<i128>(), shift in 0..127_u32, tail in any::<u8>()) {
            for wide in [Wide::of(one >> shift), Wide::product(one, two >> shift)] {
                let mut bytes = Vec::new();
                wide.write(&mut bytes);
                prop_assert!(bytes.len() <= wide.bits() as usize / 8 + 2);
                bytes.push(tail);
                prop_assert_eq!(Wide::read(&bytes), Some((wide, &[tail][..])));
            }
        }

        #[test]
        fn one_text_for_a_number(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Some((wide, rest)) = Wide::read(&bytes) {
                let mut written = Vec::new();
                wide.write(&mut written);
                prop_assert_eq!(&written[..], &bytes[..bytes.len() - rest.len()]);
            }
        }
    }

    #[test]
    fn rounds_to_the_nearest_and_ties_to_even() {
        let high = Wide::of(1 << 60).times(Wide::of(1 << 60)).times(Wide::of(1 << 60));
        assert_eq!(high.plus(Wide::of((1 << 126) + 1)).to_f64(), 2_f64.powi(180));
        // Half of the last place: to even. A unit more: up.
        let half = Wide::of(1 << 120).times(Wide::of(1 << 7));
        assert_eq!(high.plus(half).to_f64(), 2_f64.powi(180));
        assert_eq!(high.plus(half).plus(Wide::of(1)).to_f64(), 2_f64.powi(180) + 2_f64.powi(128));
    }

    #[test]
    fn decimals_at_their_limits() {
        for (text, number) in [
            ("999999999999999999", 999_999_999_999_999_999_i128 * 1_000_000_000_000_000_000),
            ("-0.000000000000000001", -1),
            ("1.5", 1_500_000_000_000_000_000),
        ] {
            assert_eq!(units(text.parse().unwrap()), number);
        }
    }
}
