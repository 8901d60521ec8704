//! `review`: what a person should look at in the shop, and who lives together.

use phygital_core::engine::Doubtful;
use phygital_core::identity::{Household, HouseholdClass};
use phygital_core::vocab::Identifier;
use serde_json::json;

use crate::arguments::Review;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::shop::Shop;

/// Lists the doubtful pairs, the worst first; or the households of more than one.
pub(crate) fn review(shop: &Shop, with: &Review, output: &mut Output) -> Result<Exit, Failure> {
    let engine = shop.read(&shop.settings()?)?;
    if with.households {
        let all = output.working("reading the customers", || engine.people().households())?;
        return households(&all, output);
    }
    let review = output.working("looking at the customers", || engine.people().review(with.limit))?;
    if output.is_json() {
        for Doubtful { question, ends, .. } in &review.doubts {
            let [one, two] = [&ends.0, &ends.1].map(masked);
            let profiles = [question.profiles.0, question.profiles.1].map(|id| id.to_string());
            let (id, doubt) = (question.id.to_string(), question.doubt.to_string());
            output.object(
                &json!({ "id": id, "one": one, "two": two, "customers": profiles, "doubt": doubt }),
            )?;
        }
        return Ok(Exit::Done);
    }
    if review.doubts.is_empty() {
        output.text("nothing is doubtful")?;
    }
    let rows = review.doubts.iter().map(|one| {
        let Doubtful { question, ends, .. } = one;
        let customers = [question.profiles.0, question.profiles.1].map(|id| id.to_string());
        let [first, second] = customers;
        vec![masked(&ends.0), first, masked(&ends.1), second, question.doubt.to_string()]
    });
    output.table(&["one", "customer", "two", "customer", "doubt"], rows.collect())?;
    if review.crowded > 0 {
        output.note(&format!(
            "{} blocking keys are shared by so many that those who share nothing else were not compared",
            review.crowded
        ));
    }
    Ok(Exit::Done)
}

fn households(all: &[Household], output: &mut Output) -> Result<Exit, Failure> {
    let together = all.iter().filter(|one| one.class != HouseholdClass::Single);
    let kind =
        |one: &Household| if one.class == HouseholdClass::Institution { "institution" } else { "family" };
    if output.is_json() {
        for one in together {
            output.object(&json!({ "id": one.id, "kind": kind(one), "customers": one.members }))?;
        }
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = together
        .flat_map(|one| {
            one.members
                .iter()
                .map(|member| vec![one.id.to_string(), kind(one).to_owned(), member.to_string()])
        })
        .collect();
    if rows.is_empty() {
        output.text("no two customers live together, as far as is known")?;
    }
    output.table(&["household", "kind", "customer"], rows)?;
    Ok(Exit::Done)
}

fn masked(identifier: &Identifier) -> String {
    format!("{}:{}", identifier.kind(), identifier.masked())
}
