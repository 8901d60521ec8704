//! What the crash tests stand on. Each test file uses a part of it.

#![allow(dead_code, reason = "each test file is a program of its own and uses a part of this")]

pub(crate) mod child;
pub(crate) mod crashfs;
mod disk;
pub(crate) mod killloop;
pub(crate) mod shop;
mod vfs;

/// SplitMix64 (Steele, Lea, Flood 2014): enough chance for a test, and its seed says it all.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// `full`, or `low` where `./test valgrind` asked for little: valgrind runs 20 to 50 times slower.
pub(crate) fn effort(full: u64, low: u64) -> u64 {
    if std::env::var("PHYGITAL_TEST_EFFORT").is_ok_and(|effort| effort == "low") { low } else { full }
}
