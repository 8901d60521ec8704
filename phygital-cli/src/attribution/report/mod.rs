//! `attribution report`: what the channels earned, how firm that is, and which ways led to orders, on one page.

mod chart;
mod figures;
mod input;
mod page;
mod table;

use std::path::Path;

use phygital_core::attribution::{Count, NOT_CAUSAL};
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
use figures::{Figures, Setting};

/// Raised whenever the same input gives another page.
const REPORT_VERSION: u32 = 1;

/// Reads what is named, writes the page, and says in short what stands on it.
pub(super) fn report(with: &Report, output: &mut Output) -> Result<Exit, Failure> {
    let (figures, currency, decimals, run) = match (&with.file, &with.touches, &with.orders) {
        (Some(file), _, _) => of_paths(with, file, output)?,
        (None, Some(touches), Some(orders)) => of_people(with, touches, orders, output)?,
        _ => return Err(Failure::misuse("no_input", "expected FILE, or --touches and --orders")),
    };
    let about = page::About {
        title: &with.title,
        model: with.model.to_string(),
        window: with.window,
        own_visit: with.own_visit,
        threshold: with.min_people,
        target_roas: with.target_roas,
        samples: with.samples,
        currency,
        decimals,
        costs: figures.channels.iter().any(|channel| channel.back.cost.is_some()),
        run: &run,
    };
    let html = page::render(&about, &figures);
    std::fs::write(&with.out, html).map_err(|error| Failure::io(&name(&with.out), &error))?;
    told(with, &figures, &about, output)?;
    Ok(Exit::Done)
}

type Read = (Figures, Option<Currency>, u8, String);

fn of_people(with: &Report, touches: &Path, orders: &Path, output: &Output) -> Result<Read, Failure> {
    let mut read = input::people(with, touches, orders, output)?;
    let groups = input::groups(with.groups.as_deref(), &mut read.digest, output)?;
    let costs = input::costs(with.costs.as_deref(), &mut read.digest, output)?;
    let setting = Setting { with, groups: &groups, costs: &costs };
    let figures = figures::of_people(&setting, &read.people, output)?;
    let decimals = read.currency.map_or(0, |currency| currency.exponent());
    let run = run_id(with, read.digest, read.currency);
    Ok((figures, read.currency, decimals, run))
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
    let setting = Setting { with, groups: &groups, costs: &costs };
    let figures = figures::of_journeys(&setting, &grouped.journeys, output)?;
    let run = run_id(with, context, grouped.currency);
    Ok((figures, grouped.currency, grouped.journeys.scale(), run))
}

/// SHA-256 of the input and of everything that the page depends on.
fn run_id(with: &Report, input: Context, currency: Option<Currency>) -> String {
    let settings = json!({
        "version": REPORT_VERSION,
        "input": hex(input.finish()),
        "currency": currency.map(|currency| currency.to_string()),
        "model": with.model.to_string(),
        "window_days": with.window,
        "own_visit_minutes": with.own_visit,
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
                "window_days": figures.ropo.is_some().then_some(with.window),
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
            "channels": figures.channels.iter().map(channel).collect::<Vec<_>>(),
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
    let window = if figures.ropo.is_some() { format!(", {} days", with.window) } else { String::new() };
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
