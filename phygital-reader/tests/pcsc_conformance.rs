//! The PC/SC backend keeps what every reader promises, on a real pcscd with a virtual reader.
#![cfg(all(feature = "pcsc", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod conformance;
#[path = "support/pcscd.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod pcscd;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use conformance::soak::{presentations, soak};
use conformance::{Bench, conformance};
use pcsc::{Context, Error, ReaderState, Scope, State};
use phygital_reader::pcsc::PcscBackend;
use phygital_reader::{Backend, Clock, ReaderName, SystemClock};
use phygital_sim::{Dice, Fault, Faults, Field, Tear, VPCD_PORT, VpcdCard};

use pcscd::{NAME, Pcscd, inside, until};

conformance!(|name, case| inside(name, || case(&mut PcscBench::new())));

/// Virtual readers at once, each with a loop of its own: the driver takes 400 ms to see a card come or go, so they wait
/// more than they work.
const READERS: u16 = 16;

#[test]
fn soaks() {
    inside("soaks", || {
        let soaked = soak(&mut PcscBench::several(READERS), presentations(100), 500, 1);
        assert_eq!(soaked.presentations, presentations(100));
    });
}

/// A service, and what lies on one of its virtual readers.
struct PcscBench {
    pcscd: Arc<Mutex<Pcscd>>,
    /// How many share the service.
    readers: u16,
    name: String,
    field: Field,
    card: VpcdCard,
}

impl PcscBench {
    fn new() -> Self {
        Self::on(Arc::new(Mutex::new(Pcscd::start())), 1, NAME.to_owned(), VPCD_PORT)
    }

    fn several(readers: u16) -> Vec<Self> {
        let names = (0..readers.div_ceil(2)).map(|index| format!("{NAME} {}", index + 1)).collect::<Vec<_>>();
        let pcscd = Arc::new(Mutex::new(Pcscd::named(&names)));
        let slots = names.iter().flat_map(|name| [name.clone(), format!("{name} slot 1")]);
        let slots = slots.zip(VPCD_PORT..).take(readers.into());
        slots.map(|(name, port)| Self::on(Arc::clone(&pcscd), readers, name, port)).collect()
    }

    fn on(pcscd: Arc<Mutex<Pcscd>>, readers: u16, name: String, port: u16) -> Self {
        let field = Field::new();
        let card = VpcdCard::new(field.clone(), port);
        Self { pcscd, readers, name, field, card }
    }

    fn pcscd(&self) -> MutexGuard<'_, Pcscd> {
        self.pcscd.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bench for PcscBench {
    fn backend(&self) -> Box<dyn Backend> {
        Box::new(PcscBackend::new())
    }

    fn reader(&self) -> ReaderName {
        ReaderName::new(&*self.name)
    }

    fn field(&self) -> Field {
        self.field.clone()
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock::new())
    }

    fn unplug(&mut self) {
        self.pcscd().kill();
    }

    fn plug(&mut self) {
        self.pcscd().run();
        // The virtual reader takes 400 ms to look what lies there; one that is plugged in knows at once.
        if self.field.with_card(|_| ()).is_some() {
            until("the card", || card_present().unwrap_or(false));
        }
    }

    fn fault(&mut self, dice: &mut Dice) {
        // A service that is killed and comes back at once, to all that share it.
        if dice.per_mille(200 / self.readers) {
            let mut pcscd = self.pcscd();
            pcscd.kill();
            return pcscd.run();
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
