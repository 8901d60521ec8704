//! `rebuild`: all state made anew from the log.

use phygital_core::engine::Error;

use crate::arguments::Rebuild;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::shop::Shop;

/// Checks the log, folds it again, and puts the result in place of the state; with `--check` only compares.
pub(crate) fn rebuild(shop: &Shop, with: &Rebuild, output: &mut Output) -> Result<Exit, Failure> {
    let mut engine = shop.open(&shop.settings()?)?;
    let bar = output.progress(engine.log().len()?, "entries");
    let checked = engine.log().check().map_err(|error| broken(error, with.check))?;
    let rebuilt = engine.log().rebuild(!with.check, |entries| bar.set_position(entries));
    bar.finish_and_clear();
    let rebuilt = rebuilt?;
    let equal = rebuilt.before == rebuilt.after;
    if output.is_json() {
        output.object(&serde_json::json!({
            "entries": rebuilt.entries, "checked": checked, "before": rebuilt.before, "after": rebuilt.after,
            "equal": equal, "kept": !with.check,
        }))?;
    } else {
        let state = match (equal, with.check) {
            (true, _) => "the state is what the log says",
            (false, true) => "the state differs from what the log says; `phygital rebuild` puts it right",
            (false, false) => "the state differed from what the log says, and was put right",
        };
        output.text(format_args!("{} entries checked and folded: {state}", rebuilt.entries))?;
        output.text(format_args!("before {}\nafter  {}", rebuilt.before, rebuilt.after))?;
    }
    Ok(if equal || !with.check { Exit::Done } else { Exit::No })
}

/// Who asks whether the log is sound is answered no; to everybody else a broken log is a failure.
pub(super) fn broken(error: Error, asked: bool) -> Failure {
    let is_chain = matches!(error, Error::Chain(_));
    let failure = Failure::from(error);
    if asked && is_chain { Failure { exit: Exit::No, ..failure } } else { failure }
}
