//! An emulated PN532 behind a pseudo-terminal, for what drives one.

use std::sync::Arc;
use std::time::Duration;

use phygital_reader::{Alarm, Backend, Clock, ReaderName, SystemClock};
use phygital_sim::pn532::{Pn532Chip, Pn532Fault};
use phygital_sim::{Dice, Field, Tear};

use super::Bench;

/// A chip, and a backend of this kind on its line.
pub(crate) struct SerialBench<B> {
    chip: Pn532Chip,
    field: Field,
    haste: u32,
    backend: fn() -> B,
    /// What may go wrong.
    faults: Vec<Pn532Fault>,
    /// What happens to the process behind the backend, if there is one.
    kill: Option<fn(&Pn532Chip)>,
}

/// Real time, so many times as fast: pauses, pings and windows shrink, what the reader itself takes does not.
struct FastClock(SystemClock, u32);

impl Clock for FastClock {
    fn now(&self) -> Duration {
        self.0.now() * self.1
    }

    fn sleep(&self, span: Duration, alarm: &Alarm) -> bool {
        self.0.sleep(span / self.1, alarm)
    }
}

impl<B: Backend + 'static> SerialBench<B> {
    pub(crate) fn new(backend: fn() -> B) -> Self {
        let field = Field::new();
        let faults = vec![
            Pn532Fault::NoAck,
            Pn532Fault::BadAck,
            Pn532Fault::Nack,
            Pn532Fault::Silent,
            Pn532Fault::HalfFrame,
            Pn532Fault::BadDcs,
            Pn532Fault::BadLcs,
            Pn532Fault::ZeroLen,
            Pn532Fault::OtherCode,
            Pn532Fault::Noise,
            Pn532Fault::Late(Duration::from_millis(30)),
            Pn532Fault::ErrorFrame,
            Pn532Fault::Status(0x01),
            Pn532Fault::Split,
            Pn532Fault::Hang,
            Pn532Fault::CardLifted(Tear::BeforeEffect),
            Pn532Fault::CardLifted(Tear::AfterEffect),
        ];
        let chip = Pn532Chip::start(field.clone()).unwrap();
        Self { chip, field, haste: 1, backend, faults, kill: None }
    }

    /// With a loop that goes so many times as fast.
    pub(crate) fn faster(mut self, times: u32) -> Self {
        self.haste = times;
        self
    }

    /// With these faults as well.
    pub(crate) fn faults(mut self, faults: &[Pn532Fault]) -> Self {
        self.faults.extend_from_slice(faults);
        self
    }

    /// Kills what stands behind the backend now and then.
    pub(crate) fn kill(mut self, kill: fn(&Pn532Chip)) -> Self {
        self.kill = Some(kill);
        self
    }
}

impl<B: Backend + 'static> Bench for SerialBench<B> {
    fn backend(&self) -> Box<dyn Backend> {
        Box::new((self.backend)())
    }

    fn reader(&self) -> ReaderName {
        ReaderName::new(self.chip.path().to_str().unwrap())
    }

    fn field(&self) -> Field {
        self.field.clone()
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(FastClock(SystemClock::new(), self.haste))
    }

    fn haste(&self) -> u32 {
        self.haste
    }

    fn unplug(&mut self) {
        self.chip.unplug().unwrap();
    }

    fn plug(&mut self) {
        self.chip.plug().unwrap();
    }

    fn fault(&mut self, dice: &mut Dice) {
        // Or the soak would measure the log.
        self.chip.chip().clear_log();
        match (dice.below(40), self.kill) {
            (0, _) => {
                self.chip.unplug().unwrap();
                self.chip.plug().unwrap();
            }
            (1, Some(kill)) => kill(&self.chip),
            _ => self.chip.chip().faults().next(dice.pick(&self.faults).expect("some").clone()),
        }
    }
}
