//! `attribution run` on a store, or on files of touches and orders: the orders credited one by one.

use phygital_core::attribution::{Credits, MergeError, Outcome, digest_of, outcome_of};

use super::model::{Game, Model};
use super::paths::Grouped;
use super::run::{Answer, Settings, Source, Totals, answer, tell};
use super::shop::{self, Gathered};
use crate::attribution_arguments::{Run, Spread};
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::shop::Shop;

/// Runs a model over the orders of a store, or of files.
pub(super) fn run(shop: &Shop, with: &Run, output: &mut Output) -> Result<Exit, Failure> {
    if with.paths.decimals.is_some() || (with.paths.currency.is_some() && with.timed.orders.is_none()) {
        let message = "--currency and --decimals go with a file: the orders of a store have theirs; see --only-currency";
        return Err(Failure::misuse("conflicting_arguments", message));
    }
    let gathered = shop::gather_named(shop, &with.timed, with.paths.currency, &with.journeys, output)?;
    let (journeys, currency) = gathered.columns()?;
    let all = &gathered.journeys;
    let read = Grouped {
        journeys,
        currency,
        empty: all.journeys.iter().filter(|journey| journey.touches.is_empty()).count() as u64,
        missing: 0,
        sha256: digest_of(&all.journeys, &all.open).to_string(),
    };
    let one_by_one = match with.model {
        Model::Rule(_) | Model::Shapley(Game::Sum) => true,
        Model::Markov(_) => with.spread == Spread::Journey && with.transitions.is_none(),
        Model::Shapley(_) => false,
    };
    let work = || if one_by_one { by_order(with, &gathered, &read) } else { answer(with, &read) };
    let answer = output.working("attributing", work)?;
    let settings =
        Settings { touches: Some(gathered.settings.to_string()), ..Settings::of(with, &read, &answer) };
    let source = Source { input_sha256: &read.sha256, file_sha256: None };
    tell(&settings, &read, &answer, source, output)?;
    gathered.notes(output);
    if read.empty > 0 && !output.is_json() {
        output.note(&format!(
            "{} orders have no touch that counts: they are in the line without a channel",
            read.empty
        ));
    }
    Ok(Exit::Done)
}

/// Each order by itself, as `attribution explain` and the ledger have it, so that all three say the same.
fn by_order(with: &Run, gathered: &Gathered, read: &Grouped) -> Result<Answer, Failure> {
    let attributed = gathered.attribute(gathered.run(&with.model)?)?;
    let channels = read.journeys.channels();
    let mut credits = Credits::new(read.journeys.scale());
    let refused = |error: MergeError| Failure::misuse("malformed", error.to_string());
    // So that channels that no order has have their lines too, as in every other model.
    for (id, _) in channels.iter() {
        credits.add(channels, &[id], None, &Outcome::default()).map_err(refused)?;
    }
    let path = |names: &mut dyn Iterator<Item = &str>| {
        names.filter_map(|name| channels.id(name)).collect::<Vec<_>>()
    };
    for order in attributed.orders() {
        let (journey, outcome) = (order.journey(), outcome_of(order.journey(), &gathered.settings));
        let path = path(&mut journey.channels());
        credits.add(channels, &path, order.shares(), &outcome).map_err(refused)?;
    }
    let sums = read.currency.and_then(|currency| attributed.sums().get(&currency));
    let minor = credits.channels().iter().map(|(_, name)| {
        let minor = sums.and_then(|sums| sums.by_channel.get(name)).copied().unwrap_or(0);
        i64::try_from(minor)
            .map_err(|_| Failure::misuse("too_wide", "the credits of a channel leave 64 bits"))
    });
    let minor = minor.collect::<Result<Vec<_>, _>>()?;
    Ok(Totals { read }.by_order(&credits, &minor))
}
