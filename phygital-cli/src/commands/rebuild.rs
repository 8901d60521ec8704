//! `rebuild`: all state made anew from the log.

use std::path::Path;

use phygital_core::engine::{Error, Rebuilt};
use phygital_core::identity::Rules;
use phygital_core::identity::resolver::ProfileChange;

use super::identity;
use crate::arguments::Rebuild;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::settings;
use crate::shop::Shop;

/// Checks the log, folds it again, and puts the result in place of the state; with `--check` only compares. With `--rules`
/// or `--model` by those, from now on.
pub(crate) fn rebuild(shop: &Shop, with: &Rebuild, output: &mut Output) -> Result<Exit, Failure> {
    let rules = with.rules.as_deref().map(read_rules).transpose()?;
    let model = match &with.model {
        Some(file) => Some(Some(identity::read_model(file)?)),
        None => with.no_model.then_some(None),
    };
    let changes = rules.is_some() || model.is_some();
    let mut engine = shop.open(&shop.settings()?)?;
    let bar = output.progress(engine.log().len()?, "entries");
    let checked = engine.log().check().map_err(|error| broken(error, with.check))?;
    let progress = |entries| bar.set_position(entries);
    let rebuilt = match (rules, model) {
        (None, None) => engine.log().rebuild(!with.check, progress),
        (None, Some(model)) => engine.log().change_model(model, !with.check, shop.now()?, progress),
        (Some(rules), _) => engine.log().change_rules(rules, !with.check, shop.now()?, progress),
    };
    bar.finish_and_clear();
    let rebuilt = rebuilt?;
    if changes {
        return changed(&rebuilt, with.check, output);
    }
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

/// Tells what other rules come to.
fn changed(rebuilt: &Rebuilt, check: bool, output: &mut Output) -> Result<Exit, Failure> {
    let (before, after) = (rebuilt.customers_before, rebuilt.customers_after);
    let count = |is: fn(&ProfileChange) -> bool| rebuilt.changes.iter().filter(|one| is(one)).count();
    let merged = count(|one| matches!(one, ProfileChange::Merged { .. }));
    let split = count(|one| matches!(one, ProfileChange::Split { .. } | ProfileChange::Moved { .. }));
    let renamed = count(|one| matches!(one, ProfileChange::Renamed { .. }));
    if output.is_json() {
        output.object(&serde_json::json!({
            "entries": rebuilt.entries, "customers_before": before, "customers_after": after,
            "merged": merged, "split": split, "renamed": renamed, "kept": !check,
        }))?;
    } else {
        let changes = format!("{merged} merged, {split} split, {renamed} renamed");
        match check {
            true => output.text(format_args!(
                "{before} customers would become {after}: {changes}; nothing was changed"
            ))?,
            false => output.text(format_args!("{before} customers became {after}: {changes}"))?,
        }
    }
    Ok(Exit::Done)
}

fn read_rules(file: &Path) -> Result<Rules, Failure> {
    Rules::from_json(&settings::read(file)?)
        .map_err(|error| Failure::misuse("malformed", format!("{}: {error}", file.display())))
}

/// Who asks whether the log is sound is answered no; to everybody else a broken log is a failure.
pub(super) fn broken(error: Error, asked: bool) -> Failure {
    let is_chain = matches!(error, Error::Chain(_));
    let failure = Failure::from(error);
    if asked && is_chain { Failure { exit: Exit::No, ..failure } } else { failure }
}
