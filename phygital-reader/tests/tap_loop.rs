//! The loop over readers in memory, on a virtual clock and on threads.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use phygital_core::crypto::Secret;
use phygital_core::tap::simulator::SoftTag;
use phygital_core::tap::{FileKey, Fleet, KeyRing, KeySet, Keys, Verifier};
use phygital_core::vocab::Timestamp;
use phygital_core::vocab::tag::TagUid;
use phygital_reader::{
    Alarm, Backend, Canceller, Capabilities, Card, CardLink, Clock, EVENTS_MAX, LinkError, LinkFault, Reader,
    ReaderName, StillRunning, TapEvent, TapLoop, VirtualClock,
};
use phygital_sim::{Activation, Answer, Fault, Faults, Field, MemoryBackend, SoftCard, Tear, Type4Tag};

const SECOND: Duration = Duration::from_secs(1);

fn name() -> ReaderName {
    ReaderName::new("counter")
}

fn verifier() -> Arc<Verifier> {
    let keys = Keys::new([KeySet::explicit(Secret::zeros())]).unwrap();
    Arc::new(Verifier::new().sun(Arc::new(keys)))
}

/// A tag that says this URL for ever, which verifies.
fn tag(number: u8) -> Type4Tag {
    let uid = format!("04{number:02x}b2c3d4e5f6").parse().unwrap();
    let template = "tap.example/?u={uid}&n={ctr}&c={mac}".parse().unwrap();
    let file = SoftTag::new(uid, template, &Secret::zeros()).tap_file(&[7; 16]).unwrap();
    Type4Tag::new(&file[2..]).random_uid(u64::from(number))
}

struct Bench {
    clock: VirtualClock,
    backend: MemoryBackend,
    field: Field,
}

impl Bench {
    fn new() -> Self {
        let clock = VirtualClock::new();
        let backend = MemoryBackend::with_clock(clock.clone());
        let field = backend.plug("counter");
        Self { clock, backend, field }
    }

    fn taps(&self) -> TapLoop {
        let clock = self.clock.clone();
        let wall = move || Timestamp::MIN.saturating_add(clock.now());
        TapLoop::new(self.backend.clone(), name(), verifier()).clock(self.clock.clone()).wall_clock(wall)
    }

    /// Holds this tag there from one time to another, in milliseconds.
    fn hold(&self, tag: Type4Tag, from: u64, to: u64) {
        let (put, take) = (self.field.clone(), self.field.clone());
        self.clock.at(Duration::from_millis(from), move || drop(put.put(tag)));
        self.clock.at(Duration::from_millis(to), move || drop(take.take()));
    }

    /// What happens until this time, in words.
    fn until(&self, taps: &mut TapLoop, seconds: u64) -> Vec<String> {
        let mut told = Vec::new();
        while self.clock.now() < SECOND * u32::try_from(seconds).unwrap() {
            told.extend(taps.turn().map(|event| word(&event)));
        }
        told
    }
}

fn word(event: &TapEvent) -> String {
    match event {
        TapEvent::ReaderUp => "up".into(),
        TapEvent::ReaderDown { error, retry_in } => format!("down: {} {}", error.fault, retry_in.as_millis()),
        TapEvent::Tap(tap) => format!("tap {}", tap.verdict().outcome.is_ok()),
        TapEvent::SameAgain(_) => "again".into(),
        TapEvent::Unreadable { why } => format!("unreadable: {why}"),
        TapEvent::CardGone => "gone".into(),
        other => format!("{other:?}"),
    }
}

#[test]
fn taps_come_and_go() {
    let bench = Bench::new();
    let mut taps = bench.taps();
    bench.hold(tag(1), 1_000, 4_000);
    // Within the window, and past it.
    bench.hold(tag(1), 5_000, 6_000);
    bench.hold(tag(1), 8_000, 9_000);
    // Another one at once.
    bench.hold(tag(2), 9_500, 10_000);
    let told = bench.until(&mut taps, 12);
    let expected = ["up", "tap true", "gone", "again", "gone", "tap true", "gone", "tap true", "gone"];
    assert_eq!(told, expected);
}

#[test]
fn a_held_tag_is_read_once() {
    let bench = Bench::new();
    let mut taps = bench.taps();
    bench.hold(tag(1), 0, 600_000);
    assert_eq!(bench.until(&mut taps, 1), ["up", "tap true"]);
    let exchanges = bench.backend.exchanges("counter");
    assert_eq!(bench.until(&mut taps, 599), [""; 0]);
    assert_eq!(bench.backend.exchanges("counter"), exchanges);
}

#[test]
fn a_reader_that_goes_comes_back_and_the_same_fault_is_told_once() {
    let bench = Bench::new();
    let mut taps = bench.taps();
    let (out, back) = (bench.backend.clone(), bench.backend.clone());
    bench.clock.at(SECOND * 5, move || out.unplug("counter"));
    bench.clock.at(SECOND * 65, move || drop(back.plug("counter")));
    // It lies there all the time, and is one tap.
    bench.hold(tag(1), 1_000, 80_000);
    let told = bench.until(&mut taps, 90);
    let expected =
        ["up", "tap true", "down: the reader is gone 200", "down: no such reader 400", "up", "again", "gone"];
    assert_eq!(told, expected);
}

#[test]
fn a_reader_that_is_not_there_is_waited_for() {
    let bench = Bench::new();
    bench.backend.unplug("counter");
    let mut taps = bench.taps();
    let back = bench.backend.clone();
    bench.clock.at(SECOND * 3600, move || drop(back.plug("counter")));
    assert_eq!(bench.until(&mut taps, 3606), ["down: no such reader 200", "up"]);
}

#[test]
fn what_is_torn_away_and_held_again_is_one_tap() {
    for exchange in 0..5 {
        for tear in [Tear::BeforeEffect, Tear::AfterEffect] {
            let bench = Bench::new();
            let mut taps = bench.taps();
            let plan = Faults::none().at_exchange(exchange, Fault::CardTaken(tear));
            bench.backend.set_faults("counter", plan);
            bench.hold(tag(1), 1_000, 20_000);
            bench.hold(tag(1), 21_000, 22_000);
            let told = bench.until(&mut taps, 23);
            let left = "unreadable: speaking to the card: the card is gone";
            assert_eq!(told, ["up", left, "gone", "tap true", "gone"], "{exchange} {tear:?}");
        }
    }
}

#[test]
fn a_card_that_stutters_is_one_tap() {
    for fault in [
        Fault::CommandLost,
        Fault::AnswerLost,
        Fault::AnswerBroken,
        Fault::Slow(SECOND),
        Fault::CardLifted(Tear::AfterEffect),
        Fault::Reader(LinkFault::Timeout),
    ] {
        let bench = Bench::new();
        let mut taps = bench.taps();
        let plan = Faults::none().at_exchange(1, fault).at_exchange(3, fault);
        bench.backend.set_faults("counter", plan);
        bench.hold(tag(1), 1_000, 20_000);
        let mut told = bench.until(&mut taps, 22);
        told.retain(|word| !word.starts_with("down") && word != "up");
        assert_eq!(told, ["tap true", "gone"], "{fault:?}");
    }
}

#[test]
fn what_has_nothing_is_unreadable_once() {
    struct Deaf;
    impl SoftCard for Deaf {
        fn activate(&mut self) -> Activation {
            let (uid, ats) = (vec![4, 1, 2, 3, 4, 5, 6], Some(vec![1]));
            Activation { atqa: [0x44, 0x03], sak: 0x20, uid, ats }
        }
        fn lose_power(&mut self) {}
        fn answer(&mut self, _: &[u8]) -> Answer {
            Answer::Bytes(vec![0x6A, 0x82])
        }
    }
    let bench = Bench::new();
    let mut taps = bench.taps();
    bench.field.put(Deaf);
    let nothing = "unreadable: nothing that is wished, after 1 protocols";
    assert_eq!(bench.until(&mut taps, 10), ["up", nothing]);
    bench.field.put(tag(1));
    assert_eq!(bench.until(&mut taps, 12), ["gone", "tap true"]);
}

// --- panics --------------------------------------------------------------------------------------

/// A backend whose first readers panic, each at another call.
struct Panicking(MemoryBackend, u32);

impl Backend for Panicking {
    fn name(&self) -> &'static str {
        "panicking"
    }

    fn list(&mut self) -> Result<Vec<ReaderName>, LinkError> {
        self.0.list()
    }

    fn open(&mut self, reader: &ReaderName) -> Result<Box<dyn Reader>, LinkError> {
        self.1 += 1;
        assert_ne!(self.1, 1, "a driver that panics");
        Ok(Box::new(PanickingReader(self.0.open(reader)?, self.1)))
    }
}

struct PanickingReader(Box<dyn Reader>, u32);

impl Reader for PanickingReader {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }
    fn canceller(&self) -> Canceller {
        self.0.canceller()
    }
    fn poll(&mut self, within: Duration) -> Result<Option<Card>, LinkError> {
        assert_ne!(self.1, 2, "a driver that panics");
        self.0.poll(within)
    }
    fn link(&mut self) -> &mut dyn CardLink {
        assert_ne!(self.1, 3, "a driver that panics");
        self.0.link()
    }
    fn release(&mut self) -> Result<(), LinkError> {
        self.0.release()
    }
    fn health(&mut self) -> Result<(), LinkError> {
        self.0.health()
    }
}

impl Drop for PanickingReader {
    fn drop(&mut self) {
        assert_ne!(self.1, 2, "a driver that panics");
    }
}

#[test]
fn a_driver_that_panics_costs_a_reopening() {
    let bench = Bench::new();
    let mut taps = TapLoop::new(Panicking(bench.backend.clone(), 0), name(), verifier());
    taps = taps.clock(bench.clock.clone());
    bench.field.put(tag(1));
    let told = bench.until(&mut taps, 10);
    let down = |pause| format!("down: the reader broke its protocol {pause}");
    let expected = [&*down(200), "up", &*down(400), "up", &*down(800), "up", "tap true"];
    assert_eq!(told, expected);
}

struct PanickingKeys(Keys);

impl KeyRing for PanickingKeys {
    fn fleets(&self) -> &[Fleet] {
        self.0.fleets()
    }
    fn file_keys(&self, _: usize, _: Option<TagUid>, _: &mut dyn FnMut(&FileKey) -> ControlFlow<()>) {
        panic!("a key ring that panics");
    }
}

#[test]
fn a_key_ring_that_panics_costs_a_tap() {
    let bench = Bench::new();
    let keys = PanickingKeys(Keys::new([KeySet::explicit(Secret::zeros())]).unwrap());
    let verifier = Arc::new(Verifier::new().sun(Arc::new(keys)));
    let mut taps = TapLoop::new(bench.backend.clone(), name(), verifier).clock(bench.clock.clone());
    bench.hold(tag(1), 1_000, 2_000);
    assert_eq!(bench.until(&mut taps, 3), ["up", "unreadable: the verifier failed", "gone"]);
}

// --- threads -------------------------------------------------------------------------------------

#[test]
fn a_loop_on_a_thread_tells_and_is_ended_at_once() {
    let backend = MemoryBackend::new();
    let field = backend.plug("counter");
    let mut events = TapLoop::new(backend.clone(), name(), verifier()).spawn().unwrap();
    assert!(matches!(events.next(), Some(TapEvent::ReaderUp)));
    field.put(tag(1));
    assert!(matches!(events.next(), Some(TapEvent::Tap(_))));
    field.take();
    assert!(matches!(events.next_within(60 * SECOND), Ok(TapEvent::CardGone)));
    let canceller = events.canceller();
    let began = Instant::now();
    canceller.cancel();
    assert!(events.next().is_none());
    events.stop(60 * SECOND).unwrap();
    assert!(began.elapsed() < 30 * SECOND);
    // It was closed.
    let mut backend = backend;
    backend.open(&name()).unwrap();
}

#[test]
fn a_loop_that_is_cancelled_closes_its_reader() {
    let bench = Bench::new();
    let mut taps = bench.taps();
    assert!(taps.next().is_some());
    bench.field.put(tag(1));
    taps.canceller().cancel();
    assert!(taps.next().is_none() && taps.next().is_none() && taps.turn().is_none());
    bench.backend.clone().open(&name()).unwrap();
}

#[test]
fn a_till_that_does_not_listen_stops_the_loop_and_loses_nothing() {
    // Faults by the thousand: each opening fails, each time in another way than before.
    struct Moody(Arc<AtomicU32>);
    impl Backend for Moody {
        fn name(&self) -> &'static str {
            "moody"
        }
        fn list(&mut self) -> Result<Vec<ReaderName>, LinkError> {
            Ok(Vec::new())
        }
        fn open(&mut self, _: &ReaderName) -> Result<Box<dyn Reader>, LinkError> {
            let times = self.0.fetch_add(1, Ordering::SeqCst);
            let fault = if times.is_multiple_of(2) { LinkFault::Busy } else { LinkFault::Permission };
            Err(LinkError::new(fault, "opening the reader"))
        }
    }
    let times = Arc::new(AtomicU32::new(0));
    let (moody, clock) = (Moody(Arc::clone(&times)), VirtualClock::new());
    let mut events = TapLoop::new(moody, name(), verifier()).clock(clock).spawn().unwrap();
    let most = u32::try_from(EVENTS_MAX).unwrap() + 1;
    while times.load(Ordering::SeqCst) < most {
        thread::yield_now();
    }
    thread::sleep(Duration::from_millis(100));
    assert_eq!(times.load(Ordering::SeqCst), most, "one in its hand, the others wait");
    for index in 0..3 * most {
        let Some(TapEvent::ReaderDown { error, .. }) = events.next() else { panic!("a fault") };
        let expected = if index.is_multiple_of(2) { LinkFault::Busy } else { LinkFault::Permission };
        assert_eq!(error.fault, expected);
    }
    // It ends though nobody listens.
    thread::sleep(Duration::from_millis(50));
    events.stop(60 * SECOND).unwrap();
}

#[test]
fn a_driver_that_never_comes_back_does_not_hold_the_caller() {
    struct Stuck(Alarm, Alarm);
    impl Backend for Stuck {
        fn name(&self) -> &'static str {
            "stuck"
        }
        fn list(&mut self) -> Result<Vec<ReaderName>, LinkError> {
            Ok(Vec::new())
        }
        fn open(&mut self, _: &ReaderName) -> Result<Box<dyn Reader>, LinkError> {
            self.1.ring();
            let _ = self.0.wait(SECOND * 3600);
            Err(LinkError::new(LinkFault::Timeout, "opening the reader"))
        }
    }
    let (alarm, inside) = (Alarm::new(), Alarm::new());
    let stuck = Stuck(alarm.clone(), inside.clone());
    let events = TapLoop::new(stuck, name(), verifier()).spawn().unwrap();
    assert!(inside.wait(SECOND * 60));
    assert_eq!(format!("{events:?}"), "TapEvents(running)");
    assert_eq!(events.stop(Duration::from_millis(30)), Err(StillRunning));
    alarm.ring();
}
