//! Recency, frequency, money: three scores of a customer by where she stands among all.

use std::collections::BTreeMap;

use thiserror::Error;

/// Most classes of a score.
const CLASSES_MAX: u8 = 10;

/// What a customer did, up to a time that is the same for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "recency, frequency and money, as the name says")]
pub struct Purchases {
    /// How long ago her last purchase was, in any unit; from 0.
    pub age: i64,
    /// How many purchases she made.
    pub count: u64,
    /// What they were worth, net of refunds, in minor units.
    pub value: i64,
}

/// Why there are no cuts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CutsError {
    /// Nobody to learn from.
    #[error("expected at least one customer")]
    Nobody,
    /// A number of classes that scores do not have.
    #[error("expected 2 to {CLASSES_MAX} classes")]
    Classes,
}

/// A customer's scores, each from 1 to the number of classes; the highest is the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "recency, frequency and money, as the name says")]
pub struct Scores {
    /// How lately she bought.
    pub recency: u8,
    /// How often.
    pub frequency: u8,
    /// For how much.
    pub money: u8,
}

/// Where the classes meet. It has a version, which stands beside every score made with it: cuts of another month put the same
/// customer elsewhere.
///
/// Cuts are quantiles of the customers that they were learned from; equal values have equal scores, so that classes may be of
/// unequal size and, where many are equal, empty.
///
/// ```
/// use phygital_core::measure::{Cuts, Purchases, Scores};
/// let customers = (1..=10).map(|n| Purchases { age: n as i64, count: n, value: 100 }).collect::<Vec<_>>();
/// let cuts = Cuts::learn("2026-03", &customers, 5)?;
/// let last = cuts.scores(&customers[9]);
/// assert_eq!(last, Scores { recency: 1, frequency: 5, money: 1 });
/// # Ok::<(), phygital_core::measure::CutsError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cuts {
    version: String,
    recency: Vec<i64>,
    frequency: Vec<u64>,
    money: Vec<i64>,
}

impl Cuts {
    /// Cuts that make so many classes of these customers, in any order.
    ///
    /// # Errors
    /// [`CutsError`] without customers, or for fewer than two classes or more than ten.
    pub fn learn(version: &str, customers: &[Purchases], classes: u8) -> Result<Cuts, CutsError> {
        if !(2..=CLASSES_MAX).contains(&classes) {
            return Err(CutsError::Classes);
        }
        if customers.is_empty() {
            return Err(CutsError::Nobody);
        }
        Ok(Cuts {
            version: version.to_owned(),
            // The latest is the best: ages are taken backwards.
            recency: quantiles(customers.iter().map(|one| -one.age).collect(), classes),
            frequency: quantiles(customers.iter().map(|one| one.count).collect(), classes),
            money: quantiles(customers.iter().map(|one| one.value).collect(), classes),
        })
    }

    /// What the cuts are called.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// How many classes there are.
    pub fn classes(&self) -> u8 {
        u8::try_from(self.frequency.len() + 1).expect("at most ten")
    }

    /// The scores of a customer, who need not be one of those that were learned from.
    pub fn scores(&self, customer: &Purchases) -> Scores {
        Scores {
            recency: score(&self.recency, &-customer.age),
            frequency: score(&self.frequency, &customer.count),
            money: score(&self.money, &customer.value),
        }
    }

    /// How many customers have each combination of scores.
    pub fn table(&self, customers: &[Purchases]) -> BTreeMap<Scores, u64> {
        let mut table = BTreeMap::new();
        for customer in customers {
            *table.entry(self.scores(customer)).or_default() += 1;
        }
        table
    }
}

/// The greatest value of each class but the last: at least so many of all are no greater.
fn quantiles<T: Ord + Copy>(mut values: Vec<T>, classes: u8) -> Vec<T> {
    values.sort_unstable();
    let classes = usize::from(classes);
    (1..classes).map(|class| values[(values.len() * class).div_ceil(classes) - 1]).collect()
}

/// One more than the cuts that a value exceeds.
fn score<T: Ord>(cuts: &[T], value: &T) -> u8 {
    u8::try_from(cuts.iter().filter(|cut| *cut < value).count() + 1).expect("at most ten")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn customers() -> impl Strategy<Value = Vec<Purchases>> {
        let one = (0..50_i64, 1..6_u64, -500..5_000_i64);
        let one = one.prop_map(|(age, count, value)| Purchases { age, count, value });
        prop::collection::vec(one, 1..60)
    }

    proptest! {
        #[test]
        fn ties_and_order(customers in customers(), classes in 2..11_u8) {
            let cuts = Cuts::learn("a", &customers, classes).unwrap();
            let mut turned = customers.clone();
            turned.reverse();
            prop_assert_eq!(&Cuts::learn("a", &turned, classes).unwrap(), &cuts);
            prop_assert_eq!(cuts.classes(), classes);
            for one in &customers {
                for other in &customers {
                    let (mine, hers) = (cuts.scores(one), cuts.scores(other));
                    prop_assert!(one.count != other.count || mine.frequency == hers.frequency);
                    prop_assert!(one.value > other.value || mine.money <= hers.money);
                    prop_assert!(one.age > other.age || mine.recency >= hers.recency);
                }
            }
            prop_assert_eq!(cuts.table(&customers).values().sum::<u64>(), customers.len() as u64);
        }

        #[test]
        fn without_ties_classes_are_as_large_as_can_be(count in 1..200_usize, classes in 2..11_u8) {
            let one = |n: usize| Purchases { age: n as i64, count: n as u64, value: n as i64 };
            let customers = (0..count).map(one).collect::<Vec<_>>();
            let cuts = Cuts::learn("a", &customers, classes).unwrap();
            for class in 1..=classes {
                let size = customers.iter().filter(|one| cuts.scores(one).money == class).count();
                prop_assert!(size.abs_diff(count / usize::from(classes)) <= 1);
            }
        }
    }

    #[test]
    fn no_cuts_of_nobody() {
        let one = Purchases { age: 0, count: 1, value: 5 };
        assert_eq!(Cuts::learn("a", &[], 5), Err(CutsError::Nobody));
        assert_eq!(Cuts::learn("a", &[one], 1), Err(CutsError::Classes));
        assert_eq!(Cuts::learn("a", &[one], CLASSES_MAX + 1), Err(CutsError::Classes));
        assert_eq!(Cuts::learn("a", &[one], CLASSES_MAX).unwrap().scores(&one).money, 1);
    }
}
