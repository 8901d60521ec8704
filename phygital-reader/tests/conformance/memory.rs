//! Readers in memory, on a virtual clock.

use std::sync::Arc;
use std::time::Duration;

use phygital_reader::{Backend, Clock, LinkFault, ReaderName, VirtualClock};
use phygital_sim::{Dice, Fault, Faults, Field, MemoryBackend, Tear};

use super::Bench;

const NAME: &str = "counter";

pub(crate) struct MemoryBench {
    clock: VirtualClock,
    backend: MemoryBackend,
    field: Field,
}

impl MemoryBench {
    pub(crate) fn new() -> Self {
        let clock = VirtualClock::new();
        let backend = MemoryBackend::with_clock(clock.clone());
        let field = backend.plug(NAME);
        Self { clock, backend, field }
    }
}

impl Bench for MemoryBench {
    fn backend(&self) -> Box<dyn Backend> {
        Box::new(self.backend.clone())
    }

    fn reader(&self) -> ReaderName {
        ReaderName::new(NAME)
    }

    fn field(&self) -> Field {
        self.field.clone()
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(self.clock.clone())
    }

    fn unplug(&mut self) {
        self.backend.unplug(NAME);
    }

    fn plug(&mut self) {
        self.backend.plug(NAME);
    }

    fn fault(&mut self, dice: &mut Dice) {
        let readers = [LinkFault::Timeout, LinkFault::Reader, LinkFault::Io, LinkFault::Busy];
        let reader = *dice.pick(&readers).expect("some");
        let exchanges = [
            Fault::CommandLost,
            Fault::AnswerLost,
            Fault::AnswerBroken,
            Fault::Slow(Duration::from_millis(900)),
            Fault::Slow(Duration::from_secs(3)),
            Fault::CardLifted(Tear::BeforeEffect),
            Fault::CardLifted(Tear::AfterEffect),
            Fault::Reader(reader),
        ];
        let mut plan = Faults::none();
        for _ in 0..=dice.below(2) {
            let at = dice.number() % 8;
            plan = match dice.below(4) {
                0 => plan.at_call(at, reader),
                1 => plan.at_open(0, LinkFault::Busy).at_call(at, LinkFault::Timeout),
                _ => plan.at_exchange(at, *dice.pick(&exchanges).expect("some")),
            };
        }
        self.backend.set_faults(NAME, plan);
        // A cable that is pulled, and put back before long.
        if dice.per_mille(100) {
            let (out, back) = (self.backend.clone(), self.backend.clone());
            let pulled = self.clock.now() + Duration::from_millis(dice.number() % 250);
            let put_back = pulled + Duration::from_millis(dice.number() % 2_000);
            self.clock.at(pulled, move || out.unplug(NAME));
            self.clock.at(put_back, move || drop(back.plug(NAME)));
        }
    }
}
