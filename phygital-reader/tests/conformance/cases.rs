//! The cases. Each gets a bench of its own.

use std::thread;
use std::time::{Duration, Instant};

use phygital_core::tap::{Assurance, Scheme};
use phygital_reader::{DEBOUNCE, LinkFault, TapEvent, Technology};
use phygital_sim::{HostileCard, Hostility};

use super::cards::{self, Leaving, Meter};
use super::till::{Till, taps};
use super::{Bench, PATIENCE};

const MOMENT: Duration = Duration::from_millis(300);

/// Past the debounce window.
fn past_window() -> Duration {
    DEBOUNCE + MOMENT
}

pub(crate) fn finds_a_tag_and_sees_it_leave(bench: &mut dyn Bench) {
    let mut backend = bench.backend();
    let mut reader = backend.open(&bench.reader()).unwrap();
    reader.health().unwrap();
    assert_eq!(reader.poll(MOMENT).unwrap(), None);
    let nobody = reader.link().transceive(&[0, 0xA4, 4, 0], MOMENT).map_err(|error| error.fault);
    assert_eq!(nobody, Err(LinkFault::CardGone));
    bench.field().put(cards::tag(1));
    let card = reader.poll(PATIENCE).unwrap().expect("a tag lies there");
    assert_eq!(card.technology, Technology::IsoDep);
    assert!(reader.link().is_present().unwrap());
    bench.field().take();
    let began = Instant::now();
    while reader.link().is_present().unwrap() {
        assert!(began.elapsed() < PATIENCE, "it is there still");
    }
    assert_eq!(reader.poll(MOMENT).unwrap(), None);
    reader.release().unwrap();
    reader.health().unwrap();
}

pub(crate) fn reads_a_tag_and_verifies_it(bench: &mut dyn Bench) {
    let mut till = Till::new(bench);
    let tag = cards::tag(1);
    bench.field().put(tag.clone());
    let tap = till.tap();
    let proof = tap.verdict().outcome.as_ref().unwrap();
    assert_eq!((proof.assurance(), proof.uid()), (Assurance::Dynamic, Some(cards::uid(1))));
    assert_eq!(proof.read_ctr().map(|counter| counter.get()), Some(cards::reads(&tag)));
    assert_eq!(cards::reads(&tag), 1);
}

pub(crate) fn reads_a_type_2_tag(bench: &mut dyn Bench) {
    let speaks = bench.backend().open(&bench.reader()).unwrap().capabilities().type2;
    let mut till = Till::new(bench);
    bench.field().put(cards::type2());
    if speaks {
        assert_eq!(till.tap().verdict().scheme, Some(Scheme::Ntag21x));
    } else {
        till.until("a refusal", |event| matches!(event, TapEvent::Unreadable { .. }));
    }
    bench.field().take();
    till.gone();
}

pub(crate) fn asks_an_iphone_for_its_pass(bench: &mut dyn Bench) {
    let mut till = Till::new(bench);
    let mut credentials = Vec::new();
    for _ in 0..2 {
        bench.field().put(cards::iphone());
        let tap = till.tap();
        assert_eq!(tap.verdict().scheme, Some(Scheme::AppleVas));
        assert_eq!(tap.verdict().assurance(), Some(Assurance::Dynamic));
        credentials.push(tap.credentials.clone());
        bench.field().take();
        till.gone();
        till.quiet(past_window());
    }
    assert_eq!(credentials[0], credentials[1]);
}

pub(crate) fn asks_an_android_phone_for_its_pass(bench: &mut dyn Bench) {
    let mut till = Till::new(bench);
    bench.field().put(cards::android());
    let tap = till.tap();
    assert_eq!(tap.verdict().scheme, Some(Scheme::SmartTap));
    assert_eq!(tap.verdict().assurance(), Some(Assurance::Live));
    // Lifted for a moment: under another UID, and the same.
    let phone = bench.field().take().unwrap();
    till.gone();
    bench.field().put_boxed(phone);
    let TapEvent::SameAgain(again) = till.next("the same") else { panic!("the same again") };
    assert_eq!(tap.credentials, again.credentials);
}

pub(crate) fn notices_that_a_tag_left(bench: &mut dyn Bench) {
    let mut till = Till::new(bench);
    bench.field().put(cards::tag(1));
    till.tap();
    bench.field().take();
    let left = till.now();
    till.gone();
    let took = till.now() - left;
    assert!(took < Duration::from_secs(5), "noticed after {took:?}");
}

pub(crate) fn each_presentation_is_one_tap(bench: &mut dyn Bench) {
    let mut till = Till::new(bench);
    let (one, other) = (cards::tag(1), cards::tag(2));
    for (number, tag) in [(1, &one), (2, &other), (1, &one)] {
        bench.field().put(tag.clone());
        assert_eq!(till.tap().verdict().outcome.as_ref().unwrap().uid(), Some(cards::uid(number)));
        bench.field().take();
        till.gone();
        till.quiet(past_window());
    }
    assert_eq!((cards::reads(&one), cards::reads(&other)), (2, 1));
}

pub(crate) fn a_held_tag_is_one_tap_and_one_read(bench: &mut dyn Bench) {
    let mut till = Till::new(bench);
    let tag = cards::tag(1);
    bench.field().put(tag.clone());
    till.tap();
    till.quiet(past_window() * 2);
    assert_eq!(cards::reads(&tag), 1);
    bench.field().take();
    till.gone();
}

pub(crate) fn what_is_torn_away_is_read_when_it_is_held_again(bench: &mut dyn Bench) {
    let mut till = Till::new(bench);
    for answers in 1..=4 {
        let card = cards::tag(u8::try_from(answers).unwrap());
        bench.field().put(Leaving { card: card.clone(), answers });
        let event = till.next("that it was unreadable");
        assert!(matches!(event, TapEvent::Unreadable { .. }), "{event:?}");
        bench.field().take();
        till.gone();
        bench.field().put(card);
        assert!(till.tap().verdict().outcome.is_ok());
        bench.field().take();
        till.gone();
    }
}

pub(crate) fn a_hostile_card_costs_itself_alone(bench: &mut dyn Bench) {
    let mut till = Till::new(bench);
    for (seed, hostility) in (1..).zip(Hostility::EACH) {
        bench.field().put(HostileCard::new(seed, hostility));
        till.until("a word about it", |event| {
            matches!(event, TapEvent::Unreadable { .. } | TapEvent::Tap(_) | TapEvent::SameAgain(_))
        });
        bench.field().take();
        till.until("that it is gone", |event| matches!(event, TapEvent::CardGone));
        bench.field().put(cards::tag(u8::try_from(seed).unwrap()));
        till.until("the next tap", |event| match event {
            TapEvent::Tap(tap) => tap.verdict().outcome.is_ok(),
            _ => false,
        });
        bench.field().take();
        till.until("that it is gone", |event| matches!(event, TapEvent::CardGone));
    }
}

pub(crate) fn is_cancelled_from_another_thread(bench: &mut dyn Bench) {
    // On the system's clock: a thread on a virtual one never rests.
    let mut events = taps(bench).clock(phygital_reader::SystemClock::new()).spawn().unwrap();
    assert!(matches!(events.next(), Some(TapEvent::ReaderUp)));
    thread::sleep(MOMENT);
    let began = Instant::now();
    events.canceller().cancel();
    let returned = began.elapsed();
    events.stop(PATIENCE).unwrap();
    assert!(returned < MOMENT, "the caller waited for {returned:?}");
    // The reader is free again.
    drop(bench.backend().open(&bench.reader()).unwrap());
}

pub(crate) fn comes_back_after_it_was_unplugged(bench: &mut dyn Bench) {
    let mut till = Till::new(bench);
    let tag = cards::tag(1);
    bench.field().put(tag.clone());
    till.tap();
    bench.unplug();
    till.until("that it is down", |event| matches!(event, TapEvent::ReaderDown { .. }));
    till.pass(MOMENT);
    bench.plug();
    // What lay there all the time is no new tap.
    till.until("that it is up", |event| matches!(event, TapEvent::ReaderUp));
    till.until("the same", |event| match event {
        TapEvent::SameAgain(_) => true,
        // A reader may need a while to find it again.
        TapEvent::CardGone => false,
        other => panic!("{other:?}"),
    });
    bench.field().take();
    till.gone();
    // In the middle of nothing.
    bench.unplug();
    till.until("that it is down", |event| matches!(event, TapEvent::ReaderDown { .. }));
    bench.plug();
    till.until("that it is up", |event| matches!(event, TapEvent::ReaderUp));
    till.quiet(past_window());
    bench.field().put(tag);
    till.tap();
}

pub(crate) fn takes_commands_up_to_its_limit(bench: &mut dyn Bench) {
    let mut backend = bench.backend();
    let mut reader = backend.open(&bench.reader()).unwrap();
    bench.field().put(Meter);
    reader.poll(PATIENCE).unwrap().expect("a card lies there");
    let most = reader.capabilities().command_bytes_max;
    let command = |length: usize| [&[0x00, 0xD6, 0x00, 0x00], &vec![0; length - 4][..]].concat();
    let answer = |length: usize| [&u32::try_from(length).unwrap().to_be_bytes()[..], &[0x90, 0x00]].concat();
    for length in [5, 255, most] {
        assert_eq!(reader.link().transceive(&command(length), PATIENCE).unwrap(), answer(length));
    }
    let past = reader.link().transceive(&command(most + 1), PATIENCE).map_err(|error| error.fault);
    assert_eq!(past, Err(LinkFault::Unsupported));
    assert_eq!(reader.link().transceive(&command(5), PATIENCE).unwrap(), answer(5));
}
