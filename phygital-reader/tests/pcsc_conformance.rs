//! The PC/SC backend keeps what every reader promises, on a real pcscd with a virtual reader.
#![cfg(all(feature = "pcsc", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod conformance;
#[path = "support/pcscd.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod pcscd;

use std::sync::Arc;
use std::time::Duration;

use conformance::soak::{presentations, soak};
use conformance::{Bench, conformance};
use pcsc::{Context, Error, ReaderState, Scope, State};
use phygital_reader::pcsc::PcscBackend;
use phygital_reader::{Backend, Clock, ReaderName, SystemClock};
use phygital_sim::{Dice, Fault, Faults, Field, Tear, VPCD_PORT, VpcdCard};

use pcscd::{NAME, Pcscd, inside, until};

conformance!(|name, case| inside(name, || case(&mut PcscBench::new())));

#[test]
fn soaks() {
    inside("soaks", || {
        let soaked = soak(&mut PcscBench::new(), presentations(25), 500, 1);
        assert_eq!(soaked.presentations, presentations(25));
    });
}

/// A service, and what lies on its virtual reader.
struct PcscBench {
    pcscd: Pcscd,
    field: Field,
    card: VpcdCard,
}

impl PcscBench {
    fn new() -> Self {
        let pcscd = Pcscd::start();
        let field = Field::new();
        let card = VpcdCard::new(field.clone(), VPCD_PORT);
        Self { pcscd, field, card }
    }
}

impl Bench for PcscBench {
    fn backend(&self) -> Box<dyn Backend> {
        Box::new(PcscBackend::new())
    }

    fn reader(&self) -> ReaderName {
        ReaderName::new(NAME)
    }

    fn field(&self) -> Field {
        self.field.clone()
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock::new())
    }

    fn unplug(&mut self) {
        self.pcscd.kill();
    }

    fn plug(&mut self) {
        self.pcscd.run();
        // The virtual reader takes 400 ms to look what lies there; one that is plugged in knows at once.
        if self.field.with_card(|_| ()).is_some() {
            until("the card", || card_present().unwrap_or(false));
        }
    }

    fn fault(&mut self, dice: &mut Dice) {
        // A service that is killed and comes back at once.
        if dice.per_mille(100) {
            self.pcscd.kill();
            return self.pcscd.run();
        }
        let exchanges = [
            Fault::CommandLost,
            Fault::AnswerLost,
            Fault::AnswerBroken,
            Fault::Slow(Duration::from_millis(100)),
            Fault::Slow(Duration::from_millis(1_500)),
            Fault::CardLifted(Tear::BeforeEffect),
            Fault::CardLifted(Tear::AfterEffect),
        ];
        let mut plan = Faults::none();
        for _ in 0..=dice.below(2) {
            plan = plan.at_exchange(dice.number() % 8, *dice.pick(&exchanges).unwrap());
        }
        self.card.set_faults(plan);
    }
}

/// Whether the service says that a card lies there.
fn card_present() -> Result<bool, Error> {
    let mut states = [ReaderState::new(c"Virtual PCD 00 00", State::UNAWARE)];
    Context::establish(Scope::User)?.get_status_change(Duration::ZERO, &mut states)?;
    Ok(states[0].event_state().contains(State::PRESENT))
}
