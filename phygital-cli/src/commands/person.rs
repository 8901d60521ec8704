//! `person`: what is kept of her, given or erased.

use phygital_core::engine::OpenRequest;

use crate::arguments::{Erase, Person, PersonExport, PersonRequests};
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::shop::Shop;
use crate::who::Who;

/// Gives a person what is kept of her, or erases it.
pub(crate) fn person(shop: &Shop, with: &Person, output: &mut Output) -> Result<Exit, Failure> {
    match with {
        Person::Export(with) => export(shop, with, output),
        Person::Erase(with) => erase(shop, with, output),
        Person::Requests(with) => requests(shop, with, output),
    }
}

/// Lists who waits for an answer, and until when; puts off one before.
fn requests(shop: &Shop, with: &PersonRequests, output: &mut Output) -> Result<Exit, Failure> {
    let settings = shop.settings()?;
    if let (Some(request), Some(reason)) = (&with.extend, &with.reason) {
        shop.open(&settings)?.rights().extend(request, reason, shop.now()?)?;
    }
    let engine = shop.read(&settings)?;
    let open = engine.open_requests(shop.now()?)?;
    let overdue = open.iter().any(|one| one.is_overdue);
    if output.is_json() {
        for one in &open {
            output.object(one)?;
        }
    } else if open.is_empty() {
        output.text("nobody waits for an answer")?;
    }
    if !output.is_json() {
        let due = |one: &OpenRequest| {
            let dates =
                one.deadlines.iter().map(|due| format!("{} by {} ({})", due.what, due.date, due.rule));
            let untold = one.extension.as_ref().filter(|extension| !extension.is_told);
            let tell = untold.map(|extension| format!("tell her before {}", extension.tell_before));
            dates.chain(tell).collect::<Vec<_>>().join("\n")
        };
        let rows = open.iter().map(|one| {
            let overdue = if one.is_overdue { "overdue" } else { "" };
            vec![
                one.right.to_string(),
                one.received_at.to_string(),
                due(one),
                overdue.to_owned(),
                one.action.to_string(),
            ]
        });
        output.table(&["right", "received", "to be done", "", "action"], rows.collect())?;
    }
    Ok(if overdue { Exit::No } else { Exit::Done })
}

fn export(shop: &Shop, with: &PersonExport, output: &mut Output) -> Result<Exit, Failure> {
    let settings = shop.settings()?;
    let who = Who::parse(&with.who, settings.region()?)?;
    let engine = shop.read(&settings)?;
    let customer = who.customer(&engine)?;
    let export = engine.people().export(customer, shop.now()?)?;
    output.json(&export)?;
    Ok(Exit::Done)
}

/// Erases an identifier, or a customer, from the log and from all that is folded from it.
fn erase(shop: &Shop, with: &Erase, output: &mut Output) -> Result<Exit, Failure> {
    let settings = shop.settings()?;
    let who = Who::parse(&with.who, settings.region()?)?;
    if !with.yes {
        let text = "nothing brings back what was erased, and nobody can be known by it again: say --yes";
        return Err(Failure::misuse("not_confirmed", text));
    }
    let mut engine = shop.open(&settings)?;
    let now = shop.now()?;
    let erased = match (&who, with.customer) {
        (Who::Identifier(identifier), false) => engine.erase_identifier(identifier, now)?,
        (who, true) => {
            let customer = who.customer(&engine)?;
            engine.erase_customer(customer, now)?
        }
        (Who::Customer(_), false) => {
            return Err(Failure::misuse("not_an_identifier", "an id is that of a customer: say --customer"));
        }
    };
    if output.is_json() {
        output.object(&serde_json::json!({
            "identifiers": erased.identifiers, "struck": erased.struck, "emptied": erased.emptied,
            "notices": erased.notices,
        }))?;
    } else {
        output.text(format_args!(
            "{} identifiers erased: {} events keep the rest of what they say, of {} nothing is left",
            erased.identifiers, erased.struck, erased.emptied
        ))?;
        if erased.notices > 0 {
            output.text(format_args!("{} notices to who got data wait in the outbox", erased.notices))?;
        }
    }
    Ok(Exit::Done)
}
