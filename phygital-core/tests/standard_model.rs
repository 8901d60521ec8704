//! The model that comes with the core is what the benchmarks' generator gives.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may")]

use phygital_core::identity::matching::{Field, Index, Model};

#[path = "../../benches/src/people.rs"]
#[allow(dead_code, missing_docs, unreachable_pub, reason = "the generator has more readers than this test")]
mod people;
#[path = "../../benches/src/standard.rs"]
#[allow(dead_code, missing_docs, unreachable_pub, reason = "as above")]
mod standard;

const SHIPPED: &str = include_str!("../data/standard_model.json");

/// A fortieth of the records says roughly the same; where code is optimised, all of them say exactly the same.
#[test]
fn it_is_made_anew() {
    let shipped = Model::from_json(SHIPPED).unwrap();
    if !cfg!(debug_assertions) {
        assert_eq!(standard::model(standard::RECORDS).unwrap().to_json() + "\n", SHIPPED);
    }
    let small = standard::model(standard::RECORDS / 40).unwrap();
    assert_eq!(small.fields.len(), shipped.fields.len());
    for (small, shipped) in small.fields.iter().zip(&shipped.fields) {
        assert_eq!(small.field, shipped.field);
        let (equal, expected) = (small.levels.last().unwrap().weight, shipped.levels.last().unwrap().weight);
        // Of a fortieth of the values each is up to 40 times as frequent, so that agreement is worth up to 5.3 bits less.
        assert!((-6_300..1_000).contains(&(equal - expected)), "{}: {equal}, {expected}", small.field.name);
        let (differ, expected) = (small.levels[0].weight, shipped.levels[0].weight);
        assert!((differ - expected).abs() < 4_000, "{}: {differ}, {expected}", small.field.name);
    }
}

/// Two records that say all the same are a match from three fields on that tell people apart; a household is not.
#[test]
fn a_full_agreement_matches_and_a_household_does_not() {
    let shipped = Model::from_json(SHIPPED).unwrap();
    let fields: Vec<Field> = shipped.fields.iter().map(|field| field.field.clone()).collect();
    let model = Model::standard(&fields);
    let index: Index<u32> = Index::new(model.clone());
    let ada =
        ["Ada", "Byron", "1815-12-10", "", "ada@example.com", "12 St James Square", "London", "SW1Y 4JH", ""];
    let ralph = ["Ralph", "Byron", "1839-07-02", "", "", "12 St James Square", "London", "SW1Y 4JH", ""];
    assert!(index.weigh(&ada, &ada).unwrap() >= model.match_at);
    assert!(index.weigh(&ada, &ralph).unwrap() < model.review_at);
}
