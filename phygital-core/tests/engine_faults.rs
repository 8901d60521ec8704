//! The engine over a store that fails: what was acknowledged is there, nothing is half-written, and the
//! answer after an uncertain commit is the right one.

#![allow(clippy::unwrap_used, reason = "tests")]

mod model;

use model::faulty::{Faulty, Plan};
use model::{at, config, event, keys, over, tag};
use phygital_core::engine::{Accepted, Engine, EntropyError, Error, TapRefused, TapRequest};
use phygital_core::event::Event;
use phygital_core::event::kinds::shop::TagEnrolled;
use phygital_core::machine::{Outcome, TapRefusalReason};
use phygital_core::store::{Memory, Read, StorageFault, Store, Write};
use phygital_core::vocab::limits::{EVENT_IDENTIFIERS_MAX, TEXT_BYTES_MAX};
use phygital_core::vocab::{Digest, Identifier, ReadCounter};
use proptest::prelude::*;

const PHONE: &str = "phone:+15105550123";

type Shop = Engine<Faulty<Memory>>;

fn shop() -> (Shop, Plan) {
    let plan = Plan::default();
    let mut shop = over(Faulty::over(Memory::new(), &plan), 1).unwrap();
    shop.tags().enroll(TagEnrolled::new(tag(0).uid()), None, at(0)).unwrap();
    (shop, plan)
}

fn again(shop: Shop, plan: &Plan) -> Shop {
    plan.heal();
    over(shop.into_store(), 2).unwrap()
}

fn fault<T: std::fmt::Debug>(answer: Result<T, Error>) -> StorageFault {
    match answer {
        Err(Error::Storage(fault)) => fault.kind,
        other => panic!("expected a storage fault, got {other:?}"),
    }
}

fn visit(id: &str) -> Event {
    event(id, "visit_started", 1, &["loyalty:L-1"], "{}")
}

fn text(id: &str, body: &str) -> Event {
    event(id, "message_received", 5, &[PHONE], &format!(r#"{{"message_id":"{id}","body":"{body}"}}"#))
}

#[test]
fn a_commit_that_took_effect_is_answered_as_one() {
    let (mut shop, plan) = shop();
    plan.lie_at_commit(false);
    let first = shop.record(visit("e-1"), at(2)).unwrap();
    assert!(first.is_new());
    assert_eq!(fault(shop.record(visit("e-2"), at(2))), StorageFault::Reopen);
    assert_eq!(fault(shop.log().len()), StorageFault::Reopen);
    let mut shop = again(shop, &plan);
    assert_eq!(shop.record(visit("e-1"), at(9)), Ok(Accepted::Known(*first.receipt())));

    // A tap without a client: had its first answer been an error, the tap would be lost to the shopper.
    plan.lie_at_commit(false);
    let url = tag(0).tap(&[9; 16]).unwrap();
    let tapped = shop.taps().verify(TapRequest::url(&url), at(10)).unwrap();
    assert!(!tapped.repeated && tapped.opt_in.is_some());
    let mut shop = again(shop, &plan);
    let refused = shop.taps().verify(TapRequest::url(&url), at(11)).unwrap_err();
    let replayed = TapRefusalReason::Replayed;
    assert!(matches!(refused, Error::Tap(TapRefused::NotCounted { reason, .. }) if reason == replayed));

    plan.lie_at_commit(false);
    shop.record(text("m-1", "help"), at(20)).unwrap();
    let mut shop = again(shop, &plan);
    let action = shop.actions().due(None, 9, at(21)).unwrap().remove(0);
    plan.lie_at_commit(false);
    let done = shop.actions().acknowledge(&action.id, Outcome::Delivered, at(22)).unwrap();
    let mut shop = again(shop, &plan);
    assert_eq!(shop.actions().acknowledge(&action.id, Outcome::Failed, at(23)), Ok(done));
    assert!(shop.actions().waiting(None, 9).unwrap().is_empty());
}

#[test]
fn what_cannot_be_looked_up_is_told_as_uncertain_and_may_be_sent_again() {
    let (mut shop, plan) = shop();
    plan.lie_at_commit(true);
    assert_eq!(fault(shop.record(visit("e-1"), at(2))), StorageFault::Io);
    let mut shop = again(shop, &plan);
    assert!(matches!(shop.record(visit("e-1"), at(3)), Ok(Accepted::Known(_))));

    plan.lie_at_commit(true);
    let url = tag(0).tap(&[9; 16]).unwrap();
    let tap = |shop: &mut Shop| shop.taps().verify(TapRequest::url(&url).from_client("c"), at(10));
    assert_eq!(fault(tap(&mut shop)), StorageFault::Io);
    let mut shop = again(shop, &plan);
    assert!(tap(&mut shop).unwrap().repeated);
}

#[test]
fn a_batch_that_met_a_fault_answers_as_if_it_had_not() {
    let (mut shop, plan) = shop();
    let known = shop.record(visit("e-1"), at(2)).unwrap();
    let conflict = event("e-1", "visit_ended", 1, &["loyalty:L-1"], "{}");
    let decision = event("d-1", "tap_refused", 0, &[], r#"{"reason":"replayed"}"#);
    plan.lie_at_commit(false);
    let answers = shop.record_all(vec![visit("e-1"), conflict, decision, visit("e-2")], at(3)).unwrap();
    assert_eq!(answers[0], Ok(Accepted::Known(*known.receipt())));
    assert!(matches!(answers[1], Err(Error::Conflict { .. })));
    assert!(matches!(answers[2], Err(Error::Misuse(_))));
    assert!(matches!(answers[3], Ok(Accepted::New(_))));
}

/// Every operation of the store fails once: the text and what it leads to are there, or nothing is.
#[test]
fn a_fault_at_any_operation_leaves_all_or_nothing() {
    let mut failed = 0;
    for nth in 0.. {
        let (mut shop, plan) = shop();
        let before = shop.log().len().unwrap();
        plan.fail_after(nth, false);
        let answer = shop.record(text("m-1", "stop"), at(6));
        let happened = plan.heal();
        assert_eq!(answer.is_err(), happened);
        if nth > 0 && happened {
            assert_eq!(fault(shop.record(visit("e-1"), at(7))), StorageFault::Reopen);
        }
        let mut shop = again(shop, &plan);
        let more = shop.log().len().unwrap() - before;
        assert_eq!(more, if happened { 0 } else { 3 }, "the text, the opt-out, the answer");
        shop.record(text("m-1", "stop"), at(8)).unwrap();
        assert_eq!(shop.log().len().unwrap() - before, 3);
        assert_eq!(shop.actions().waiting(None, 9).unwrap().len(), 1);
        failed += u32::from(happened);
        if !happened {
            break;
        }
    }
    assert!(failed > 20, "{failed}");
}

#[test]
fn an_event_whose_consequence_cannot_be_recorded_is_not_recorded() {
    let (mut batches, mut events) = (0, 0);
    for most in 4..11 {
        let (mut left, mut inner) = (most, model::entropy(1));
        let failing = move |bytes: &mut [u8]| {
            left -= 1;
            if left == 0 { Err(EntropyError) } else { inner(bytes) }
        };
        let mut shop = Engine::open(Memory::new(), config(), keys(), failing).unwrap();
        let batch = vec![visit("e-1"), text("m-1", "stop"), visit("e-2")];
        match shop.record_all(batch.clone(), at(6)) {
            Err(error) => {
                batches += 1;
                assert_eq!(error, Error::Entropy(EntropyError));
                assert!(shop.log().is_empty().unwrap());
            }
            Ok(answers) => {
                let refused = answers.iter().filter(|answer| answer.is_err()).count() as u64;
                events += refused;
                let stopped = if answers[1].is_ok() { 2 } else { 0 };
                assert_eq!(shop.log().len().unwrap(), 3 - refused + stopped);
            }
        }
        shop.record_all(batch, at(6)).unwrap();
        assert_eq!(shop.log().len().unwrap(), 5);
    }
    assert_eq!((batches, events), (2, 3));
}

#[test]
fn nobody_takes_the_ids_of_the_engines_own_events() {
    let (mut shop, _) = shop();
    for source in ["//phygital/taps", "//phygital/decisions"] {
        let mut event = visit("tap:04a1b2c3d4e500:0:1");
        event.source = source.parse().unwrap();
        assert!(matches!(shop.record(event, at(1)), Err(Error::Misuse(_))));
    }
    let url = tag(0).tap(&[9; 16]).unwrap();
    shop.taps().verify(TapRequest::url(&url), at(10)).unwrap();
}

#[test]
fn a_tap_with_as_many_identifiers_as_there_may_be_can_join() {
    let (mut shop, _) = shop();
    let url = tag(0).tap(&[9; 16]).unwrap();
    let mut request = TapRequest::url(&url);
    for n in 0..EVENT_IDENTIFIERS_MAX {
        request = request.seen(format!("cookie:c-{n}").parse().unwrap());
    }
    let code = shop.taps().verify(request, at(1)).unwrap().opt_in.unwrap().code;
    shop.record(text("m-1", &format!("JOIN {code}")), at(6)).unwrap();
    let phone: Identifier = PHONE.parse().unwrap();
    assert_eq!(shop.consents().ledger(&phone).unwrap().unwrap().entries().len(), 1);
    let customer = shop.people().find(&phone).unwrap().unwrap();
    assert_eq!(shop.people().find(&"cookie:c-0".parse().unwrap()).unwrap(), Some(customer));

    let url = tag(0).counted(ReadCounter::new(9).unwrap()).tap(&[9; 16]).unwrap();
    let mut request = TapRequest::url(&url);
    for n in 0..=EVENT_IDENTIFIERS_MAX {
        request = request.seen(format!("cookie:d-{n}").parse().unwrap());
    }
    assert!(matches!(shop.taps().verify(request, at(7)), Err(Error::Event(_))));
}

#[test]
fn an_answer_that_could_not_be_recorded_is_refused_at_opening() {
    let open = |length: usize| {
        let config = config().with_answers("in", "x".repeat(length), "help");
        Engine::open(Memory::new(), config, keys(), model::entropy(1))
    };
    let mut shop = open(TEXT_BYTES_MAX).unwrap();
    shop.record(text("m-1", "stop"), at(6)).unwrap();
    assert!(matches!(open(TEXT_BYTES_MAX + 1), Err(Error::Misuse(_))));
}

/// 47 CFR 64.1200(a)(12): the text that confirms an opt-out has no marketing in it.
#[test]
fn a_confirmation_of_an_opt_out_offers_nothing() {
    let open = |brand: &str, left: &str| {
        let config = config().with_brand(brand).with_answers("in", left, "help");
        Engine::open(Memory::new(), config, keys(), model::entropy(1))
    };
    for left in ["{brand}: you are out. 20% to come back", "Sorry! 10 \u{20ac} if you stay"] {
        assert!(matches!(open("Acme", left), Err(Error::Misuse(_))), "{left}");
    }
    // What a brand is called is no offer.
    for brand in ["100% Silk", "$5 Gift Shop", "5", ""] {
        assert!(open(brand, "{brand}: you will get no more sales and deals from us.").is_ok(), "{brand}");
        assert!(open(brand, "{brand}: you have left. -20% if you stay").is_err(), "{brand}");
    }
}

#[test]
fn a_log_that_became_another_under_an_open_engine_is_noticed() {
    let mut shop = over(Memory::new(), 1).unwrap();
    shop.record(visit("e-1"), at(1)).unwrap();
    let backup = shop.into_store();
    // Two engines that think they are one: what a backup put in the place of an open file amounts to.
    let mut one = over(backup.clone(), 2).unwrap();
    one.record(visit("e-2"), at(2)).unwrap();
    let plan = Plan::default();
    let mut swapped =
        over(Swap { current: one.into_store(), other: Some(backup), plan: plan.clone() }, 3).unwrap();
    plan.lie_at_commit(false);
    assert_eq!(fault(swapped.record(visit("e-3"), at(3))), StorageFault::Corrupt);
    assert_eq!(fault(swapped.record(visit("e-3"), at(3))), StorageFault::Reopen);
}

/// A store that is replaced by another one when its plan says so.
struct Swap {
    current: Memory,
    other: Option<Memory>,
    plan: Plan,
}

impl Store for Swap {
    type Reader<'s> = &'s Memory;
    type Writer<'s> = <Memory as Store>::Writer<'s>;

    fn reader(&self) -> phygital_core::store::Stored<&Memory> {
        self.current.reader()
    }

    fn writer(&mut self) -> phygital_core::store::Stored<Self::Writer<'_>> {
        if self.plan.lies()
            && let Some(other) = self.other.take()
        {
            self.current = other;
        }
        self.current.writer()
    }
}

#[test]
fn the_end_of_the_log_has_to_be_where_it_says() {
    let mut shop = over(Memory::new(), 1).unwrap();
    for n in 0..3 {
        shop.record(visit(&format!("e-{n}")), at(n)).unwrap();
    }
    let whole = shop.into_store();
    let mut entries: Vec<_> =
        whole.reader().unwrap().entries(0, 9).unwrap().into_iter().map(|(_, entry)| entry).collect();
    let identity = whole.reader().unwrap().identity().unwrap().unwrap();
    let open = |entries: &[phygital_core::log::LogEntry]| {
        let mut store = Memory::new();
        let mut writer = store.writer().unwrap();
        writer.put_identity(&identity).unwrap();
        for entry in entries {
            writer.append(entry).unwrap();
        }
        writer.commit().unwrap();
        over(store, 2).map(drop)
    };
    assert_eq!(open(&entries), Ok(()));
    entries[2].link = Digest::from_bytes([1; 32]);
    assert!(matches!(open(&entries), Err(Error::Chain(_))));
    entries.remove(1);
    assert!(matches!(open(&entries), Err(Error::Chain(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_shop_keeps_its_promises_whatever_fails(bytes in prop::collection::vec(any::<u8>(), 4..320)) {
        model::play(&bytes);
    }
}

/// Whoever brought a tap is erased, and the same client sends it again: there is nobody to tell of, and no fault.
#[test]
fn a_tap_of_somebody_erased_is_refused_as_used() {
    model::play(&[[5, 0, 4, 0], [15, 6, 0, 0], [7, 0, 1, 0]].concat());
}

/// The fuzzer's corpus, without a fuzzer.
#[test]
fn the_corpus_of_games_passes() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus/engine_model");
    let mut games = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        model::play(&std::fs::read(file.unwrap().path()).unwrap());
        games += 1;
    }
    assert!(games > 0);
}
