//! The law of stores that meet later: however evidence was split over them, and whenever it was taken back, resolvers that
//! followed them agree with one that saw all, to the byte.
#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::{Resolver, partition};
use crate::identity::evidence::laws::{Told, tenant, told};
use crate::identity::evidence::{Change, Evidence};
use crate::identity::{Rules, Ruling, Sighting};

/// How many stores there are.
const STORES: usize = 3;

/// What happens to the stores.
#[derive(Debug, Clone)]
enum Step {
    /// One is told a fact.
    Told(usize, Told),
    /// One hears of all that another knows.
    Met(usize, usize),
}

/// Evidence, and a resolver that follows it.
struct Store {
    evidence: Evidence,
    resolver: Resolver,
}

impl Store {
    fn new() -> Store {
        let rules = Rules::default();
        Store { evidence: Evidence::new(tenant(), rules.clone()), resolver: Resolver::new(rules, None) }
    }

    fn follow(&mut self, change: Change) {
        self.resolver.replace(&change.gone, &change.come, &change.unruled, &change.ruled);
    }

    fn hear(&mut self, other: &Evidence) {
        let change = self.evidence.merge(other).unwrap();
        self.follow(change);
    }

    /// Holds the resolver to the oracle.
    fn check(&self) -> Result<(), TestCaseError> {
        let sightings: Vec<Sighting> = self.evidence.sightings().collect();
        let rulings: Vec<Ruling> = self.evidence.rulings().copied().collect();
        let expected = partition(&sightings, &rulings, self.evidence.rules(), None);
        prop_assert_eq!(self.resolver.partition().digest(), expected.digest());
        Ok(())
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..STORES, told()).prop_map(|(store, told)| Step::Told(store, told)),
        1 => (0..STORES, 0..STORES).prop_map(|(one, other)| Step::Met(one, other)),
    ];
    prop::collection::vec(step, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn stores_that_meet_later_agree_with_one_that_saw_all(steps in steps(), reversed: bool) {
        let mut stores: Vec<Store> = (0..STORES).map(|_| Store::new()).collect();
        let mut all = Store::new();
        for step in &steps {
            match step {
                Step::Told(store, told) => {
                    let Some(fact) = told.fact() else { continue };
                    let change = stores[*store].evidence.add(fact.clone()).unwrap();
                    stores[*store].follow(change);
                    let change = all.evidence.add(fact).unwrap();
                    all.follow(change);
                }
                Step::Met(one, other) => {
                    let heard = stores[*other].evidence.clone();
                    stores[*one].hear(&heard);
                }
            }
        }
        stores.iter().try_for_each(Store::check)?;
        all.check()?;
        // All meet: each hears of the others, in either order.
        let mut heard: Vec<Evidence> = stores.iter().map(|store| store.evidence.clone()).collect();
        if reversed {
            heard.reverse();
        }
        let expected = all.resolver.partition();
        for store in &mut stores {
            heard.iter().for_each(|other| store.hear(other));
            prop_assert_eq!(store.resolver.partition().digest(), expected.digest());
            prop_assert_eq!(store.resolver.partition().profiles(), expected.profiles());
        }
        // And one that hears of it at once.
        let mut late = Store::new();
        late.hear(&all.evidence);
        prop_assert_eq!(late.resolver.partition().digest(), expected.digest());
    }
}
