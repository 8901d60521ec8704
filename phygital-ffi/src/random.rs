//! Randomness: the system's, or a test's own.

use std::sync::{Arc, Mutex, PoisonError};

use phygital_core::engine::{Entropy, EntropyError};
use ring::digest::{Context, SHA256};
use ring::rand::{SecureRandom, SystemRandom};

/// Where randomness comes from. Clones of a seeded one go on where the other stopped.
#[derive(Clone)]
pub(crate) enum Random {
    System(SystemRandom),
    Seeded(Arc<Mutex<Seeded>>),
}

/// SHA-256 of a seed and a count: the same bytes in every run.
pub(crate) struct Seeded {
    seed: Vec<u8>,
    count: u64,
}

impl Random {
    /// The system's; with a seed that which follows from it.
    pub(crate) fn new(seed: Option<Vec<u8>>) -> Random {
        match seed {
            None => Random::System(SystemRandom::new()),
            Some(seed) => Random::Seeded(Arc::new(Mutex::new(Seeded { seed, count: 0 }))),
        }
    }
}

impl Entropy for Random {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        match self {
            Random::System(system) => system.fill(bytes).map_err(|_| EntropyError),
            Random::Seeded(seeded) => {
                let mut seeded = seeded.lock().unwrap_or_else(PoisonError::into_inner);
                for piece in bytes.chunks_mut(32) {
                    let mut hash = Context::new(&SHA256);
                    hash.update(&seeded.count.to_be_bytes());
                    hash.update(&seeded.seed);
                    piece.copy_from_slice(&hash.finish().as_ref()[..piece.len()]);
                    seeded.count = seeded.count.wrapping_add(1);
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_bytes_and_goes_on() {
        let draw = |random: &mut Random| {
            let mut bytes = [0; 70];
            random.fill(&mut bytes).unwrap();
            bytes
        };
        let mut one = Random::new(Some(b"seed".to_vec()));
        let mut other = one.clone();
        let (first, second) = (draw(&mut one), draw(&mut other));
        assert_ne!(first, second);
        let mut again = Random::new(Some(b"seed".to_vec()));
        assert_eq!((draw(&mut again), draw(&mut again)), (first, second));
        let mut system = Random::new(None);
        assert_ne!(draw(&mut system), draw(&mut system));
    }
}
