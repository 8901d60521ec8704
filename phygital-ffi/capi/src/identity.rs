//! Why two are one customer, whom a person should look at, and who lives together.

use phygital_ffi::Phygital;

use crate::entry::entry;
use crate::handle::{look, phygital_store};
use crate::input::phygital_str;
use crate::status::phygital_status;
use crate::text::phygital_text;

/// Why two identifiers, `kind:value` each, are one customer, or are not.
///
/// @param json Where the text goes: `same`; where they are not, `reason` (a stable word) and `because` (a sentence); where
/// they are, the `steps` from the one to the other and which of them, from 0, is the `weakest`. A step has `from` and `to`
/// (`kind`, `value`), its `basis` (`stated`, `together`, `alike`, `repaired`), and the event that says so (`event`, `source`,
/// `id`, `at`) or what an agreement is worth (`millibits`). Identifiers that were not asked for are masked.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_explain(
    store: *const phygital_store,
    one: phygital_str,
    other: phygital_str,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("json", json, phygital_text::NONE)?;
        let one = caller.text("one", one)?.to_owned();
        let other = caller.text("other", other)?.to_owned();
        out.put(phygital_text::give(look::<Phygital>(store)?.explain(one, other)?));
        Ok(())
    })
}

/// What a person should look at, the worst first. Reads everything that ties identifiers: not a call for while somebody
/// waits at a till.
///
/// @param most How many questions at most.
/// @param json Where the text goes: `questions`, each with its `id`, the identifiers `one` and `two` (masked), whose they are
/// (`customers`, two) and the `doubt`, a sentence; and `crowded`, how many keys are shared by so many descriptions that those
/// were not held against each other.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_review(
    store: *const phygital_store,
    most: u32,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("json", json, phygital_text::NONE)?;
        out.put(phygital_text::give(look::<Phygital>(store)?.review(most)?));
        Ok(())
    })
}

/// Who lives together. Reads every identifier, as phygital_review() does.
///
/// @param json Where the text goes: a list of the households of more than one customer, each with its `id`, its `kind`
/// (`family`, or `institution` where they are too many to be one) and its `customers`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_households(
    store: *const phygital_store,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("json", json, phygital_text::NONE)?;
        out.put(phygital_text::give(look::<Phygital>(store)?.households()?));
        Ok(())
    })
}
