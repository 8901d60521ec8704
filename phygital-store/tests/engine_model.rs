//! A shop at random over SQLite: the same game gives the same state as over the reference store, and keeps
//! its promises when the store fails.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[path = "../../phygital-core/tests/model/mod.rs"]
mod model;
mod support;

use std::path::Path;

use model::faulty::{Faulty, Plan};
use model::{Command, Game};
use phygital_core::store::Memory;
use phygital_store::{Durability, Options, Sqlite};
use proptest::prelude::*;

/// Without waiting for the disk: nothing here loses power.
fn open(path: &Path) -> Sqlite {
    Sqlite::open_with(path, &Options::new().durability(Durability::Normal)).unwrap()
}

fn commands(most: usize) -> impl Strategy<Value = Vec<Command>> {
    prop::collection::vec(any::<Command>(), 1..most)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(support::effort(24, 2) as u32))]

    #[test]
    fn both_stores_come_to_the_same_state(commands in commands(60)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.db");
        let mut reference = Game::new(Memory::new(), |store| store, None);
        reference.play(&commands);
        let mut game = Game::new(open(&path), move |store| { drop(store); open(&path) }, None);
        game.play(&commands);
        prop_assert_eq!(game.judge(), reference.judge());
    }

    #[test]
    fn a_shop_over_sqlite_keeps_its_promises_whatever_fails(commands in commands(60)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.db");
        let plan = Plan::default();
        let same = plan.clone();
        let reopen = move |store| {
            drop(store);
            Faulty::over(open(&path), &same)
        };
        let first = Faulty::over(open(&folder.path().join("shop.db")), &plan);
        let mut game = Game::new(first, reopen, Some(plan));
        game.play(&commands);
        game.judge();
    }
}
