//! The parts of the page: each a heading, a picture, the numbers and what they mean.

use super::chart::{Arrangement, DayChart, MoneyChart, Series};
use super::html::{Table, legend};
use super::{Headline, ReportData, Revenue};
use crate::picture::{count, escape, money};
use std::collections::BTreeMap;

/// The figures over the whole time, each with what it means.
pub(super) fn headline(figures: &Headline, revenue: &[CurrencyRevenue]) -> String {
    let n = |label, value: u64, meaning| tile(label, &count(value.into()), meaning);
    let mut tiles = String::new();
    tiles += &n(
        "Taps",
        figures.taps,
        "Tap links judged, whatever the verdict. The same link, reloaded or copied, does not count again.",
    );
    tiles += &n("Genuine", figures.genuine, "The tag is ours, its code is right and its counter is new.");
    tiles += &n(
        "Replayed",
        figures.replayed,
        "The code is right, but its counter had been used: a copied link, counted once.",
    );
    tiles += &n("Forged", figures.forged, "The code does not fit the tag's key: made up, not tapped.");
    tiles +=
        &n("Not enrolled", figures.not_enrolled, "The code is right, but the tag is not in service here.");
    tiles += &n(
        "Out of service",
        figures.out_of_service,
        "The code is right, but the tag is reported lost, suspended or retired.",
    );
    tiles += &n("Opt-ins", figures.opt_ins, "Times that somebody agreed to hear from us.");
    tiles += &n("Opt-outs", figures.opt_outs, "Times that somebody withdrew.");
    tiles += &n(
        "Facts stated",
        figures.stated,
        "What customers said of themselves by text, in answer to a question: a size, a colour.",
    );
    tiles += &n(
        "Customers known",
        figures.customers_known,
        "People with a contact point of their own at the end of the last day.",
    );
    tiles += &n("Orders", figures.orders, "Orders completed, in the shops and on the web.");
    if revenue.is_empty() {
        tiles += &tile("Revenue", "none", "Paid for orders, less refunds. Nothing was recorded.");
    }
    for r in revenue {
        let label = format!("Revenue, {}", escape(&r.currency));
        let meaning = "Paid for orders, less refunds, to the smallest unit.";
        tiles += &tile(&label, &money(r.total, r.exponent), meaning);
    }
    format!("<dl class=\"tiles\">\n{tiles}</dl>\n")
}

fn tile(label: &str, figure: &str, meaning: &str) -> String {
    // A figure too long for its tile breaks between thousands, never within.
    let figure = figure.replace(',', ",<wbr>");
    format!(
        "<div><dt>{label}</dt><dd class=\"figure\">{figure}</dd><dd class=\"meaning\">{meaning}</dd></div>\n"
    )
}

pub(super) fn shops(data: &ReportData) -> String {
    let days = data.days.len();
    let rows: Vec<_> = (0..data.shops.len())
        .map(|shop| {
            let of = |matrix: &[Vec<u64>]| padded(matrix.get(shop).map_or(&[], Vec::as_slice), days);
            [of(&data.taps), of(&data.opt_ins)]
        })
        .collect();
    // One scale for all shops, so that their pictures can be compared.
    let highest = rows.iter().flatten().flatten().copied().max().unwrap_or(0);
    let mut panels = String::new();
    let mut table = Table::by_day(&data.days);
    for (name, [taps, opt_ins]) in data.shops.iter().zip(&rows) {
        let chart = DayChart {
            about: format!("Taps and opt-ins by day at {name}"),
            unit: "Count a day",
            days: &data.days,
            series: &[Series { name: "taps", values: taps }, Series { name: "opt-ins", values: opt_ins }],
            arrangement: Arrangement::SideBySide,
            at_least: highest.into(),
        };
        panels += &format!("<figure>\n<figcaption>{}</figcaption>\n{}</figure>\n", escape(name), chart.svg());
        table.group(name, &[("taps", taps), ("opt-ins", opt_ins)]);
    }
    if data.shops.is_empty() {
        panels += "<p class=\"empty\">No shops.</p>\n";
    }
    format!(
        "<section class=\"wide\">\n<h2>Taps and opt-ins by shop and day</h2>\n{}<div class=\"panels\">\n{panels}</div>\n\
         <p class=\"meaning\">Genuine taps, at the shop whose tag was tapped, on the day of the tap; opt-ins at the shop of \
         the tap that led to them, on the day they were given. All shops have the same scale.</p>\n{}</section>\n",
        legend(&["Taps", "Opt-ins"]),
        table.html(),
    )
}

pub(super) fn known_and_anonymous(data: &ReportData) -> String {
    two_by_day(
        data,
        "Known and anonymous taps by day",
        "Taps a day",
        [("known", &data.known_taps), ("anonymous", &data.anonymous_taps)],
        "Known: the visitor was a customer who had agreed to be known. Anonymous: not, so she was offered to opt in. \
         Together they are the day's genuine taps.",
    )
}

pub(super) fn visits(data: &ReportData) -> String {
    two_by_day(
        data,
        "First and repeat visits by day",
        "Visits a day",
        [("first", &data.first_visits), ("repeat", &data.repeat_visits)],
        "First: the first visit of a customer or anonymous visitor to any of the shops. Repeat: every later one. Together \
         they are the day's visits.",
    )
}

/// A section with two series that together make a whole.
fn two_by_day(
    data: &ReportData,
    title: &str,
    unit: &str,
    parts: [(&str, &Vec<u64>); 2],
    meaning: &str,
) -> String {
    let [one, two] = parts.map(|(name, values)| (name, padded(values, data.days.len())));
    let chart = DayChart {
        about: title.to_owned(),
        unit,
        days: &data.days,
        series: &[Series { name: one.0, values: &one.1 }, Series { name: two.0, values: &two.1 }],
        arrangement: Arrangement::Stacked,
        at_least: 0,
    };
    let mut table = Table::by_day(&data.days);
    table.columns(&[(one.0, &one.1), (two.0, &two.1)]);
    table.sum_of_columns();
    format!(
        "<section>\n<h2>{title}</h2>\n{}<figure>\n{}</figure>\n<p class=\"meaning\">{meaning}</p>\n{}</section>\n",
        legend(&[one.0, two.0]),
        chart.svg(),
        table.html(),
    )
}

pub(super) fn revenue_by_channel(revenue: &[CurrencyRevenue]) -> String {
    let mut figures = String::new();
    for r in revenue {
        let chart = MoneyChart { currency: &r.currency, exponent: r.exponent, rows: &r.channels };
        figures += &format!("<figure>\n{}</figure>\n", chart.svg());
    }
    let tables: String = revenue
        .iter()
        .map(|r| {
            Table::of_money(&format!("Channel, {}", r.currency), r.exponent, &r.channels, r.total).html()
        })
        .collect();
    if revenue.is_empty() {
        figures += "<p class=\"empty\">No revenue.</p>\n";
    }
    format!(
        "<section>\n<h2>Revenue by first touch</h2>\n{figures}<p class=\"meaning\">An order's whole amount, less refunds, \
         stands with the channel by which its customer first came, whatever came later; where nobody is known, or she \
         did not agree to be measured, in a row that says so. The channels sum to the revenue above, to the smallest \
         unit.</p>\n{tables}</section>\n"
    )
}

/// Revenue of one currency: its exponent apart, since a sum over two would be meaningless; channels by amount.
pub(super) struct CurrencyRevenue {
    currency: String,
    exponent: u8,
    total: i128,
    channels: Vec<(String, i128)>,
}

pub(super) fn by_currency(revenue: &[Revenue]) -> Vec<CurrencyRevenue> {
    let mut currencies: BTreeMap<(&str, u8), BTreeMap<&str, i128>> = BTreeMap::new();
    for row in revenue {
        let channels = currencies.entry((&row.currency, row.exponent)).or_default();
        *channels.entry(&row.channel).or_default() += i128::from(row.minor);
    }
    let one = |((currency, exponent), channels): ((&str, u8), BTreeMap<&str, i128>)| {
        let total = channels.values().sum();
        let mut channels: Vec<_> =
            channels.into_iter().map(|(name, minor)| (name.to_owned(), minor)).collect();
        // A stable sort: channels of one amount stay in the order of their names.
        channels.sort_by_key(|(_, minor)| std::cmp::Reverse(*minor));
        CurrencyRevenue { currency: currency.to_owned(), exponent, total, channels }
    };
    currencies.into_iter().map(one).collect()
}

/// One value a day: what is missing is 0.
fn padded(values: &[u64], days: usize) -> Vec<u64> {
    (0..days).map(|day| values.get(day).copied().unwrap_or(0)).collect()
}
