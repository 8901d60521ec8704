//! `rules`: the law of messages as data, and what it says of a number at a time.

use std::path::Path;

use phygital_core::rules::{Rule, RuleBook, Whereabouts};
use phygital_core::vocab::limits::RULE_BOOK_BYTES_MAX;
use phygital_core::vocab::{Identifier, IdentifierKind};

use crate::arguments::{Rules, RulesCheck, RulesList};
use crate::failure::{Exit, Failure};
use crate::output::{Output, clean};
use crate::settings::name;
use crate::shop::{Shop, region};
use crate::text_file;

/// Lists rules, or holds a message against them.
pub(crate) fn rules(shop: &Shop, with: Rules, output: &mut Output) -> Result<Exit, Failure> {
    match with {
        Rules::List(with) => list(shop, &with, output),
        Rules::Check(with) => check(shop, &with, output),
    }
}

/// Those of the settings, where there are some, and of a file.
fn book(shop: &Shop, file: Option<&Path>) -> Result<RuleBook, Failure> {
    let book = shop.settings()?.config()?.gate.rules;
    let Some(path) = file else { return Ok(book) };
    let bad = |why: &str| Failure::misuse("bad_rules", format!("{}: {why}", name(path)));
    let text = text_file::read(path, RULE_BOOK_BYTES_MAX as u64, bad)?;
    let other = RuleBook::from_json(&text).map_err(|error| bad(&error.to_string()))?;
    book.extended_by(other).map_err(|error| bad(&error.to_string()))
}

fn list(shop: &Shop, with: &RulesList, output: &mut Output) -> Result<Exit, Failure> {
    let book = book(shop, with.rules.as_deref())?;
    let wanted = |rule: &&Rule| {
        with.place.is_none_or(|place| place.lies_in(rule.place))
            && with.class.is_none_or(|class| rule.concerns(class))
            && with.kind.as_ref().is_none_or(|kind| rule.body.kind() == kind)
    };
    let mut rows = Vec::new();
    for rule in book.rules().filter(wanted) {
        if output.is_json() {
            output.object(rule)?;
            continue;
        }
        let day = |day: Option<_>| day.map(|day: chrono::NaiveDate| day.to_string()).unwrap_or_default();
        rows.push(vec![
            rule.id.to_string(),
            rule.place.to_string(),
            rule.body.kind().to_owned(),
            clean(&rule.body.to_string()),
            day(rule.in_force),
            day(rule.superseded),
            clean(&rule.source),
        ]);
    }
    output.table(&["id", "place", "kind", "says", "from", "until", "source"], rows)?;
    Ok(Exit::Done)
}

fn check(shop: &Shop, with: &RulesCheck, output: &mut Output) -> Result<Exit, Failure> {
    let book = book(shop, with.rules.as_deref())?;
    let region = region(None, &shop.settings()?)?;
    let contact = Identifier::in_region(IdentifierKind::Phone, &with.phone, region)
        .map_err(|error| Failure::misuse("bad_argument", error.to_string()))?;
    let told = book.check(&Whereabouts::of(&contact), with.class, &with.sent, shop.now()?);
    if output.is_json() {
        output.object(&told)?;
    } else {
        let places: Vec<&str> = told.places.iter().map(|place| place.as_str()).collect();
        let zones: Vec<&str> = told.zones.iter().map(|zone| zone.name()).collect();
        let refused_by: Vec<&str> = told.refused_by.iter().map(|rule| rule.as_str()).collect();
        let places = if places.is_empty() { "nowhere known".to_owned() } else { places.join(", ") };
        output.text(format_args!("{places}: {}", zones.join(", ")))?;
        match (told.open_until, told.next_allowed) {
            (Some(until), _) if told.allowed => output.text(format_args!("lawful now, until {until}"))?,
            (_, Some(next)) => {
                output.text(format_args!("not now ({}), next {next}", refused_by.join(", ")))?
            }
            _ => output.text(format_args!("never ({})", refused_by.join(", ")))?,
        }
    }
    Ok(if told.allowed { Exit::Done } else { Exit::No })
}
