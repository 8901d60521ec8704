//! SQLite keeps the contract of the port.

use phygital_core::store::contract;
use phygital_store::{Durability, Options, Sqlite};

#[test]
fn sqlite_keeps_the_contract() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut number = 0;
    contract::check(|| {
        number += 1;
        Sqlite::open(folder.path().join(format!("{number}.db"))).expect("a store")
    });
}

#[test]
fn a_file_of_ones_own_keeps_the_contract() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut number = 0;
    contract::check(|| {
        number += 1;
        let path = folder.path().join(format!("{number}.db"));
        Sqlite::open_with(&path, &Options::new().exclusive()).expect("a store")
    });
}

#[test]
fn a_file_opened_again_keeps_the_contract() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut number = 0;
    contract::check(|| {
        number += 1;
        let path = folder.path().join(format!("{number}.db"));
        Sqlite::open(&path).expect("a store").close().expect("closed");
        let options = Options::new().must_exist().durability(Durability::Normal).cache_bytes(64 << 10);
        Sqlite::open_with(&path, &options).expect("the store again")
    });
}
