//! `attribution report`: what the channels earned, how firm that is, and which ways led to orders, on one page.

mod chart;
mod figures;
mod input;
mod page;
mod shop;
mod table;

use std::path::Path;
use std::time::Duration;

use phygital_core::attribution::{Count, Lookback, NOT_CAUSAL};
use phygital_core::journey::{Settings, TouchKind};
use phygital_core::vocab::Currency;
use ring::digest::{Context, SHA256, digest};
use serde_json::json;

use super::paths;
use crate::attribution_arguments::Paths;
use crate::attribution_report_arguments::Report;
use crate::failure::{Exit, Failure};
use crate::hex::hex;
use crate::output::Output;
use crate::settings::name;
use crate::shop::Shop;
use figures::{Figures, Setting};

/// Raised whenever the same input gives another page.
const REPORT_VERSION: u32 = 2;

/// Reads what is named, writes the page, and says in short what stands on it.
pub(super) fn report(shop: &Shop, with: &Report, output: &mut Output) -> Result<Exit, Failure> {
    let read = match (&with.file, &with.touches, &with.orders) {
        (Some(file), _, _) => of_paths(with, file, output)?,
        (None, Some(touches), Some(orders)) => of_people(with, touches, orders, output)?,
        _ => of_shop(shop, with, output)?,
    };
    let about = page::About {
        title: &with.title,
        model: with.model.to_string(),
        window: read.touches.window.clone(),
        own_visit: read.touches.own_visit.clone(),
        touches: read.touches.settings.as_deref(),
        threshold: with.min_people,
        target_roas: with.target_roas,
        samples: with.samples,
        currency: read.currency,
        decimals: read.decimals,
        costs: read.figures.channels.iter().any(|channel| channel.back.cost.is_some()),
        run: &read.run,
    };
    let html = page::render(&about, &read.figures);
    std::fs::write(&with.out, html).map_err(|error| Failure::io(&name(&with.out), &error))?;
    told(with, &read.figures, &about, output)?;
    Ok(Exit::Done)
}

/// What was read, and all figures of it.
struct Read {
    figures: Figures,
    currency: Option<Currency>,
    decimals: u8,
    run: String,
    touches: Touches,
}

/// By which rules touches count, in words.
struct Touches {
    window: String,
    own_visit: String,
    /// All of them, where they are those of journeys.
    settings: Option<String>,
}

impl Touches {
    fn of(lookback: &Lookback) -> Touches {
        let days = |kind| span(lookback.window_of(kind));
        let mut window = days(None);
        let others = TouchKind::ALL.iter().filter(|kind| days(Some(**kind)) != window);
        let others = others.map(|kind| format!("{kind} {}", days(Some(*kind)))).collect::<Vec<_>>();
        if !others.is_empty() {
            window += &format!(" ({})", others.join(", "));
        }
        Touches { window, own_visit: span(lookback.own_visit), settings: None }
    }
}

/// A span in words, in the largest unit that holds it whole.
fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let fits = |(unit, _): &&(u64, &str)| seconds.is_multiple_of(*unit) && seconds > 0;
    let (unit, name) = units.iter().find(fits).unwrap_or(&(1, "second"));
    let count = seconds / unit;
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

/// How far back touches of files count: one of no kind as those of a kind without a span of its own.
fn lookback(with: &Report) -> Lookback {
    let base = Settings::plain(u64::from(with.window) * 86_400).with_own_visit(Some(60 * 60));
    let of_all = with.journeys.look_back.iter().rev().find(|(kind, _)| kind.is_none());
    let window = of_all.map_or(u64::from(with.window) * 86_400, |(_, seconds)| *seconds);
    let mut lookback = Lookback::of(&with.journeys.settings_from(base));
    lookback.window = Duration::from_secs(window);
    lookback
}

fn of_shop(shop: &Shop, with: &Report, output: &Output) -> Result<Read, Failure> {
    let mut read = shop::read(shop, with, output)?;
    let groups = input::groups(with.groups.as_deref(), &mut read.digest, output)?;
    let costs = input::costs(with.costs.as_deref(), &mut read.digest, output)?;
    let calibrations = input::calibrations(with.calibration.as_deref(), &mut read.digest, output)?;
    let sides = read.sides(&groups);
    let lookback = Lookback::of(&read.settings);
    let setting =
        Setting { with, groups: &groups, costs: &costs, calibrations: &calibrations, lookback: &lookback };
    let mut figures = figures::of_people(&setting, &read.people, &read.trails, &sides, output)?;
    figures.held_out = read.held_out;
    let touches = Touches { settings: Some(read.settings.to_string()), ..Touches::of(&lookback) };
    let run = run_id(with, read.digest, read.currency, &touches);
    Ok(Read { figures, currency: read.currency, decimals: read.people.scale(), run, touches })
}

fn of_people(with: &Report, touches: &Path, orders: &Path, output: &Output) -> Result<Read, Failure> {
    let mut read = input::people(with, touches, orders, output)?;
    let groups = input::groups(with.groups.as_deref(), &mut read.digest, output)?;
    let costs = input::costs(with.costs.as_deref(), &mut read.digest, output)?;
    let calibrations = input::calibrations(with.calibration.as_deref(), &mut read.digest, output)?;
    let lookback = lookback(with);
    let sides = groups.sides(read.people.channels());
    let trails = read.people.trails(&lookback, &sides);
    let setting =
        Setting { with, groups: &groups, costs: &costs, calibrations: &calibrations, lookback: &lookback };
    let figures = figures::of_people(&setting, &read.people, &trails, &sides, output)?;
    let decimals = read.currency.map_or(0, |currency| currency.exponent());
    let touches = Touches::of(&lookback);
    let run = run_id(with, read.digest, read.currency, &touches);
    Ok(Read { figures, currency: read.currency, decimals, run, touches })
}

fn of_paths(with: &Report, file: &Path, output: &Output) -> Result<Read, Failure> {
    let asked = Paths {
        file: Some(file.to_owned()),
        separator: with.separator.clone(),
        currency: with.currency,
        decimals: None,
    };
    let grouped = paths::read(&asked, output)?;
    let mut context = Context::new(&SHA256);
    context.update(grouped.sha256.as_bytes());
    let groups = input::groups(with.groups.as_deref(), &mut context, output)?;
    let costs = input::costs(with.costs.as_deref(), &mut context, output)?;
    let calibrations = input::calibrations(with.calibration.as_deref(), &mut context, output)?;
    let lookback = lookback(with);
    let setting =
        Setting { with, groups: &groups, costs: &costs, calibrations: &calibrations, lookback: &lookback };
    let figures = figures::of_journeys(&setting, &grouped.journeys, output)?;
    let touches = Touches::of(&lookback);
    let run = run_id(with, context, grouped.currency, &touches);
    Ok(Read { figures, currency: grouped.currency, decimals: grouped.journeys.scale(), run, touches })
}

/// SHA-256 of the input and of everything that the page depends on.
fn run_id(with: &Report, input: Context, currency: Option<Currency>, touches: &Touches) -> String {
    let settings = json!({
        "version": REPORT_VERSION,
        "input": hex(input.finish()),
        "currency": currency.map(|currency| currency.to_string()),
        "model": with.model.to_string(),
        "window": touches.window,
        "own_visit": touches.own_visit,
        "dedupe": with.journeys.dedupe.map(|span| span.0),
        "cap": with.journeys.cap,
        "touches": touches.settings,
        "holdout": with.holdout,
        "target_roas_percent": with.target_roas,
        "min_people": with.min_people.persons(),
        "samples": with.samples,
        "separator": with.separator,
        "title": with.title,
    });
    hex(digest(&SHA256, settings.to_string().as_bytes()))
}

/// The answer in short.
fn told(
    with: &Report,
    figures: &Figures,
    about: &page::About<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let shaky = figures.stability.iter().flat_map(|stability| stability.shaky());
    let shaky = shaky.map(|(name, stresses)| {
        json!({ "channel": name, "with": stresses.iter().map(ToString::to_string).collect::<Vec<_>>() })
    });
    let shaky = shaky.collect::<Vec<_>>();
    if output.is_json() {
        let channel = |channel: &figures::ChannelFigures| {
            let interval = |interval: Option<phygital_core::attribution::Interval>| {
                interval.map(|interval| json!({ "low": interval.low, "high": interval.high }))
            };
            json!({
                "channel": channel.name,
                "value_minor": channel.back.value,
                "conversions": channel.back.conversions.to_string(),
                "share": channel.share,
                "share_95": interval(channel.interval),
                "window": figures.ropo.is_some().then_some(&about.window),
                "window_days": figures.ropo.is_some().then_some(channel.back.window.as_secs() / 86_400),
                "cost_minor": channel.back.cost,
                "roas": channel.back.roas(),
                "roas_95": interval(channel.roas),
                "roi": channel.back.roi(),
                "cpa_minor": channel.back.cpa(),
            })
        };
        return output.object(&json!({
            "report": name(&with.out),
            "run": about.run,
            "causal": false,
            "claim": NOT_CAUSAL,
            "model": about.model,
            "currency": about.currency.map(|currency| currency.to_string()),
            "decimals": about.decimals,
            "min_people": with.min_people.persons(),
            "touches": about.touches,
            "channels": figures.channels.iter().map(channel).collect::<Vec<_>>(),
            "held_out": figures.held_out.as_ref().map(|held_out| held_out.object()),
            "calibrated": figures.calibrated.iter().map(figures::Calibrated::object).collect::<Vec<_>>(),
            "changes": shaky,
        }));
    }
    let rows = figures.channels.iter().map(|channel| {
        let share = channel.share.map_or(String::new(), |share| format!("{:.1} %", share * 100.0));
        let interval = channel.interval.map_or(String::new(), |interval| {
            format!("{:.1} to {:.1} %", interval.low * 100.0, interval.high * 100.0)
        });
        vec![
            channel.name.clone(),
            crate::picture::money(channel.back.value.into(), about.decimals),
            share,
            interval,
        ]
    });
    let rows = rows.collect();
    output.table(&["channel", "net value", "share", "95 % of samples"], rows)?;
    let orders = figures.headline.total.conversions.millionths() / Count::ONE.millionths();
    let window = if figures.ropo.is_some() { format!(", {}", about.window) } else { String::new() };
    output.text(format_args!("{orders} orders, model {}{window}; {NOT_CAUSAL}", about.model))?;
    for one in &shaky {
        let stresses = one["with"].as_array().into_iter().flatten().filter_map(|text| text.as_str());
        let channel = crate::output::clean(one["channel"].as_str().unwrap_or_default());
        output.text(format_args!(
            "{channel} would be decided on otherwise: {}",
            stresses.collect::<Vec<_>>().join("; ")
        ))?;
    }
    output.text(format_args!("written: {}", crate::output::clean(&name(&with.out))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_words() {
        let told = |seconds| span(Duration::from_secs(seconds));
        assert_eq!(
            [0, 1, 90, 3_600, 14_400].map(told),
            ["0 seconds", "1 second", "90 seconds", "1 hour", "4 hours"]
        );
        assert_eq!((told(86_400), told(129_600)), ("1 day".to_owned(), "36 hours".to_owned()));
        let settings = Settings::plain(86_400).with_look_back_of(TouchKind::Visit, 2 * 86_400);
        let touches = Touches::of(&Lookback::of(&settings));
        assert!(touches.window.starts_with("2 days (tap 1 day, web 1 day"), "{}", touches.window);
    }
}
