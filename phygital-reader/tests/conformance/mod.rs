//! What every reader has to do, whatever drives it and however high above the wire its card is emulated.
//!
//! A backend joins with a [`Bench`] (a backend, the field on its reader, what can go wrong) and one line, which makes a
//! test of each case:
//!
//! ```ignore
//! mod conformance;
//! conformance!(|_name, case| case(&mut MyBench::new()));
//! ```
//!
//! `name` is the name of the test, for benches that run it in a process of its own. [`soak::soak`] holds cards to the
//! same bench by the thousand, with faults.
#![allow(dead_code, unused_macros, unused_imports, reason = "each backend uses its part")]

pub(crate) mod cards;
pub(crate) mod cases;
pub(crate) mod memory;
#[cfg(unix)]
pub(crate) mod serial;
pub(crate) mod soak;
mod till;

use std::sync::Arc;
use std::time::Duration;

use phygital_reader::{Backend, Clock, ReaderName};
use phygital_sim::{Dice, Field};

pub(crate) use till::Till;

/// A backend, and a counter with its reader.
pub(crate) trait Bench {
    /// The backend; each call gives one of its own.
    fn backend(&self) -> Box<dyn Backend>;

    /// The reader.
    fn reader(&self) -> ReaderName;

    /// The place above it.
    fn field(&self) -> Field;

    /// The time that the loop goes by.
    fn clock(&self) -> Arc<dyn Clock>;

    /// How many times as fast as real time that goes, where the reader itself takes real time.
    fn haste(&self) -> u32 {
        1
    }

    /// Takes the reader away: its cable is pulled, its service ends.
    fn unplug(&mut self);

    /// Gives it back, under the same name.
    fn plug(&mut self);

    /// Something that passes goes wrong in a moment, or does not.
    fn fault(&mut self, dice: &mut Dice);
}

/// Longest that anything takes here, of the bench's time.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

/// Makes a test of each case. Takes what runs a case, which gets the name of the test and the case.
macro_rules! conformance {
    ($run:expr) => {
        conformance! { $run;
            finds_a_tag_and_sees_it_leave
            reads_a_tag_and_verifies_it
            reads_a_type_2_tag
            asks_an_iphone_for_its_pass
            asks_an_android_phone_for_its_pass
            notices_that_a_tag_left
            each_presentation_is_one_tap
            a_held_tag_is_one_tap_and_one_read
            what_is_torn_away_is_read_when_it_is_held_again
            a_hostile_card_costs_itself_alone
            is_cancelled_from_another_thread
            comes_back_after_it_was_unplugged
            takes_commands_up_to_its_limit
        }
    };
    ($run:expr; $($case:ident)*) => {
        $(
            #[test]
            fn $case() {
                let run: fn(&str, fn(&mut dyn conformance::Bench)) = $run;
                run(stringify!($case), conformance::cases::$case);
            }
        )*
    };
}
pub(crate) use conformance;
