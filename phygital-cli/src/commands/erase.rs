//! `erase`: an identifier or a customer is forgotten, and stays so.

use crate::arguments::Erase;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::shop::Shop;
use crate::who::Who;

/// Erases an identifier, or a customer, from the log and from all that is folded from it.
pub(crate) fn erase(shop: &Shop, with: &Erase, output: &mut Output) -> Result<Exit, Failure> {
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
        }))?;
    } else {
        output.text(format_args!(
            "{} identifiers erased: {} events keep the rest of what they say, of {} nothing is left",
            erased.identifiers, erased.struck, erased.emptied
        ))?;
    }
    Ok(Exit::Done)
}
