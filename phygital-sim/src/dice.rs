//! Chance from a seed, so that whatever happened by chance happens again.

/// A stream of numbers that a seed decides (SplitMix64). No secret: it is for scenarios.
///
/// ```
/// use phygital_sim::Dice;
/// assert_eq!(Dice::new(7).bytes::<4>(), Dice::new(7).bytes::<4>());
/// ```
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The stream of this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    /// The next number below `end`; 0 where `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).expect("a usize has 64 bits at most");
        usize::try_from(self.number() % end).expect("it is below a usize")
    }

    /// Whether something that happens in so many of 1000 cases happens now.
    pub fn per_mille(&mut self, chance: u16) -> bool {
        self.below(1000) < usize::from(chance)
    }

    /// The next bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.number().to_be_bytes()[0])
    }

    /// So many next bytes.
    pub fn vec(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.number().to_be_bytes()[0]).collect()
    }

    /// One of these; `None` where there are none.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_stream() {
        // The reference of SplitMix64 (S. Vigna), seed 1234567.
        let mut dice = Dice::new(1_234_567);
        assert_eq!([dice.number(), dice.number()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn bounds_are_kept() {
        let mut dice = Dice::new(3);
        assert_eq!(dice.below(0), 0);
        assert!((0..1000).all(|_| dice.below(3) < 3));
        assert!(!(0..1000).any(|_| dice.per_mille(0)) && (0..1000).all(|_| dice.per_mille(1000)));
        assert_eq!(dice.pick::<u8>(&[]), None);
    }
}
