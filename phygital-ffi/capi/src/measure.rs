//! How customers stand among all by what they bought, and which arm of an experiment somebody is in.

use phygital_ffi::{Phygital, assign_arm};

use crate::entry::entry;
use crate::handle::{look, phygital_store};
use crate::input::phygital_str;
use crate::status::phygital_status;
use crate::text::{phygital_text, put_json};

/// How lately, how often and for how much customers bought, of those who permit measurement. Reads the whole log.
///
/// @param classes How many classes each score has, 2 to 10; the highest is the best.
/// @param currency ISO 4217; may be left out where all orders are of one.
/// @param json Where the text goes: `currency`, `decimals`, `classes`; the `customers`, each with her id (`customer`), her
/// scores `recency`, `frequency` and `money`, and what they are made of: `days` since her last order, `orders`, and `minor`,
/// what those were worth net; and how many are left out: `not_permitted` (customers), `unidentified`, `other_currency`,
/// `unvalued` (orders).
/// @return 106 for no such number of classes, 117 for orders of several currencies where none was chosen.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_rfm(
    store: *const phygital_store,
    classes: u32,
    currency: phygital_str,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("json", json, phygital_text::NONE)?;
        let currency = caller.maybe_string("currency", currency)?;
        out.put(phygital_text::give(look::<Phygital>(store)?.rfm(classes, currency)?));
        Ok(())
    })
}

/// Which arm of an experiment somebody is in, by a hash of her id: the same at every till, phone and server, without asking
/// any. Needs no store; *Experiment Viewed* is the event that says that she met it.
///
/// @param experiment JSON: its `seed`, of its own; `arms`, a list of `arm` and `weight`, which sum to 1; and, where they are
/// wanted, `coverage`, `namespace` (`name`, `from`, `to`), `holdout` (`seed`, `part`) and `hash_version` (2, or 1).
/// @param unit Her id.
/// @param json Where the text goes: `status` (`assigned`, `outside`, `held_out`) and `arm`.
/// @return 106 for no such experiment.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_assign_arm(
    experiment: phygital_str,
    unit: phygital_str,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("json", json, phygital_text::NONE)?;
        let experiment = caller.text("experiment", experiment)?.to_owned();
        let unit = caller.text("unit", unit)?.to_owned();
        put_json(out, &assign_arm(experiment, unit)?)
    })
}
