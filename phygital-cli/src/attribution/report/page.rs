//! The report as one page: a self-contained HTML file with pictures, the numbers under each, and what each means.
//!
//! No script, no font, no address. The same figures give the same bytes.

use phygital_core::attribution::{
    Count, Crossing, Decision, Interval, NOT_CAUSAL, Outcome, Stability, Stress, Tally, Threshold,
};
use phygital_core::vocab::Currency;

use super::chart::{Bar, Bars, Columns};
use super::figures::{Calibrated, ChannelFigures, Credit, Crossings, Figures, HeldOut, Paths, Rows, Visits};
use super::table::Table;
use crate::picture::{PAGE, count, escape, mark, money, money_mark, page};

/// What stands about the figures.
pub(super) struct About<'a> {
    pub(super) title: &'a str,
    /// The model of the report.
    pub(super) model: String,
    /// How far back touches count, in words.
    pub(super) window: String,
    /// How shortly around an order a visit is its own, in words.
    pub(super) own_visit: String,
    /// By which settings touches count, where they are those of journeys.
    pub(super) touches: Option<&'a str>,
    pub(super) threshold: Threshold,
    pub(super) target_roas: u32,
    pub(super) samples: u16,
    pub(super) currency: Option<Currency>,
    /// Decimals of the unit that values are in.
    pub(super) decimals: u8,
    /// Whether any channel has a cost.
    pub(super) costs: bool,
    /// The id of the run.
    pub(super) run: &'a str,
}

/// Said where a figure is not defined.
const NONE: &str = "\u{2013}";

/// Renders the page.
pub(super) fn render(about: &About<'_>, figures: &Figures) -> String {
    let mut html = page(about.title, &format!("{PAGE}{}", include_str!("style.css")));
    html += &format!(
        "<header>\n<h1>{}</h1>\n<p>{}</p>\n</header>\n<main>\n",
        escape(about.title),
        about.subtitle(figures)
    );
    html += &format!("<p class=\"claim\" role=\"note\">{}</p>\n", escape(NOT_CAUSAL));
    html += &about.headline(figures);
    html += &about.credit(&figures.credit, &figures.without);
    html += "<div class=\"flow\">\n";
    html += &about.channels(&figures.channels);
    if about.costs {
        html += &about.returns(&figures.channels, figures.ropo.is_some());
    }
    html += &about.paths(&figures.paths);
    html += &about.shapes(&figures.paths);
    if let Some(crossings) = &figures.ropo {
        html += &about.crossings(crossings);
    }
    if let Some(visits) = &figures.visits {
        html += &about.visits(visits);
    }
    if let Some(held_out) = &figures.held_out {
        html += &about.held_out(held_out);
    }
    if !figures.calibrated.is_empty() {
        html += &about.calibrated(&figures.calibrated);
    }
    html += "</div>\n";
    if let Some(stability) = &figures.stability {
        html += &about.stability(stability);
    }
    html += "</main>\n<footer>\n";
    for note in about.rules(figures) {
        html += &format!("<p>{}</p>\n", escape(&note));
    }
    html + "<p>This file is complete by itself: it loads nothing and runs no script.</p>\n</footer>\n</body>\n</html>\n"
}

impl About<'_> {
    fn unit(&self) -> String {
        match self.currency {
            Some(currency) => currency.to_string(),
            None if self.decimals == 0 => "minor units".to_owned(),
            None => "units of the file".to_owned(),
        }
    }

    fn money(&self, minor: impl Into<i128>) -> String {
        money(minor.into(), self.decimals)
    }

    fn people(&self) -> u64 {
        self.threshold.persons()
    }

    fn subtitle(&self, figures: &Figures) -> String {
        let window = match figures.ropo.is_some() {
            true => format!("{} back from each order", self.window),
            false => "whole paths, as the file groups them".to_owned(),
        };
        let span =
            figures.headline.span.as_ref().map(|(first, last)| format!("orders of {first} to {last} · "));
        format!("{}{window} · net of refunds · {}", escape(&span.unwrap_or_default()), escape(&self.unit()))
    }

    fn headline(&self, figures: &Figures) -> String {
        let head = &figures.headline;
        let mut tiles = String::new();
        if let Some(persons) = head.persons {
            tiles += &tile("Buyers known", &count(persons.into()), "People who were recognised and ordered.");
        }
        let orders = if head.persons.is_some() { "Orders" } else { "Conversions" };
        tiles += &tile(orders, &counted(head.total.conversions), "All, with those of nobody known.");
        let unit = format!("Net value, {}", self.unit());
        tiles += &tile(&unit, &self.money(head.total.value), "Paid, less refunds, to the smallest unit.");
        tiles += &tile("Touches", &count(head.touches.into()), "Told in the file, each counted once.");
        let Outcome { conversions, .. } = head.unattributed;
        let none =
            if head.unattributed_shown { counted(conversions) } else { format!("under {}", self.people()) };
        tiles += &tile("Unattributed", &none, "Orders without a touch in the window: no channel earns them.");
        format!("<dl class=\"tiles\">\n{tiles}</dl>\n")
    }

    /// A panel for each model, with one order of channels and one scale.
    fn credit(&self, credit: &Credit, without: &[(phygital_core::attribution::Model, String)]) -> String {
        let leaves = || credit.rows.iter().filter(|row| !row.group);
        let all = || leaves().flat_map(|row| row.minor.iter().copied());
        let ends = (all().min().unwrap_or(0).min(0), all().max().unwrap_or(0));
        let mut order = leaves().collect::<Vec<_>>();
        order.sort_by(|one, two| {
            (two.minor.iter().sum::<i128>(), &one.name).cmp(&(one.minor.iter().sum(), &two.name))
        });
        let mark = |value: i128| money_mark(value, self.decimals);
        let mut panels = String::new();
        for (at, model) in credit.models.iter().enumerate() {
            let bar = |row: &&super::figures::CreditRow| (row.name.clone(), row.minor[at]);
            let rows = order.iter().map(bar).collect::<Vec<_>>();
            let bars = Bars {
                about: format!("Net value credited to each channel by the model {model}, in {}", self.unit()),
                unit: &format!("Net value, {}", self.unit()),
                rows: rows.iter().map(|(name, minor)| Bar::new(name, *minor, self.money(*minor))).collect(),
                mark: &mark,
                at_least: ends,
                measure: None,
            };
            panels += &format!("<figure>\n<figcaption>{model}</figcaption>\n{}</figure>\n", bars.svg());
        }
        let mut head = vec!["Channel".to_owned()];
        head.extend(credit.models.iter().map(ToString::to_string));
        let mut table = Table::new(&head.iter().map(String::as_str).collect::<Vec<_>>());
        for row in &credit.rows {
            let cells = row.minor.iter().map(|minor| self.money(*minor)).collect();
            table.row_within(row.depth, &row.name, cells);
        }
        if let Some(none) = &credit.unattributed {
            table.row("Unattributed", none.iter().map(|minor| self.money(*minor)).collect());
        }
        if let Some(hidden) = &credit.hidden {
            table.row(&self.hidden(), hidden.iter().map(|minor| self.money(*minor)).collect());
        }
        table.total("All", vec![self.money(credit.total); credit.models.len()]);
        let mut told = String::new();
        for (model, why) in without {
            told += &format!(" {model} has no answer here: {why}.");
        }
        format!(
            "<section class=\"wide\">\n<h2>Credit by model, side by side</h2>\n<div class=\"panels\">\n{panels}</div>\n\
             <p class=\"meaning\">The same orders, shared out in {} ways; every column sums to the net value. Where the \
             panels differ, the answer is the model's and not the data's.{}</p>\n{}</section>\n",
            credit.models.len(),
            escape(&told),
            table.html()
        )
    }

    fn hidden(&self) -> String {
        format!("Under {} people, and what hides them", self.people())
    }

    fn channels(&self, channels: &[ChannelFigures]) -> String {
        let bar = |channel: &ChannelFigures| {
            let value = channel.share.map_or(0, per_mille);
            (
                channel.name.clone(),
                value,
                percent(channel.share),
                channel.interval.map(|i| (per_mille(i.low), per_mille(i.high))),
            )
        };
        let rows = channels.iter().map(bar).collect::<Vec<_>>();
        let bars = Bars {
            about: format!(
                "Share of each channel in the credited value by the model {}, with its interval",
                self.model
            ),
            unit: "Share of the credited value",
            rows: rows
                .iter()
                .map(|(name, value, told, range)| Bar {
                    range: *range,
                    ..Bar::new(name, *value, told.clone())
                })
                .collect(),
            mark: &|value| format!("{} %", tenths(value)),
            at_least: (0, 0),
            measure: None,
        };
        let mut table = Table::new(&[
            "Channel",
            "Net value",
            "Conversions",
            "Share",
            "95 % interval",
            "Rank",
            "Rank in 95 %",
            "Rank held",
        ]);
        for channel in channels {
            let rank = channel.rank;
            table.row(
                &channel.name,
                vec![
                    self.money(channel.back.value),
                    counted(channel.back.conversions),
                    percent(channel.share),
                    range(channel.interval, |share| percent(Some(share))),
                    rank.map_or(NONE.to_owned(), |rank| rank.rank.to_string()),
                    rank.map_or(NONE.to_owned(), |rank| {
                        span(&rank.best.to_string(), &rank.worst.to_string())
                    }),
                    rank.map_or(NONE.to_owned(), |rank| {
                        percent((self.samples > 0).then(|| rank.held as f64 / f64::from(self.samples)))
                    }),
                ],
            );
        }
        let how = match self.samples {
            0 => "No samples were drawn, so there are no intervals.".to_owned(),
            samples => format!(
                "The line on a bar is where the middle 95 % of {samples} samples lie, each of the same people drawn anew \
                 (Poisson bootstrap over persons; the draw is a digest of the person, so the same data give the same line). \
                 It says how far chance moves the figure, not whether the model is right. Channels whose lines overlap have \
                 no firm order."
            ),
        };
        section(&format!("Shares by {}", self.model), &bars.svg(), &how, &table)
    }

    fn returns(&self, channels: &[ChannelFigures], timed: bool) -> String {
        let hundredths = |ratio: f64| libm::round(ratio * 100.0) as i128;
        let told = |ratio: Option<f64>| ratio.map_or(NONE.to_owned(), |ratio| money(hundredths(ratio), 2));
        let with_cost = channels.iter().filter(|channel| channel.back.cost.is_some()).collect::<Vec<_>>();
        let target = i128::from(self.target_roas);
        let mut rows = Vec::new();
        for channel in &with_cost {
            if let Some(roas) = channel.back.roas() {
                rows.push(Bar {
                    range: channel.roas.map(|i| (hundredths(i.low), hundredths(i.high))),
                    flagged: hundredths(roas) < target,
                    ..Bar::new(&channel.name, hundredths(roas), told(Some(roas)))
                });
            }
        }
        let bars = Bars {
            about: format!("Return on advertising spend of each channel by the model {}", self.model),
            unit: "Net value by cost",
            rows,
            mark: &|value| money_mark(value, 2),
            at_least: (0, 0),
            measure: Some(target),
        };
        let mut table = Table::new(&[
            "Channel",
            "Cost",
            "Net value",
            "ROAS",
            "95 % interval",
            "ROI",
            "Cost of a conversion",
        ]);
        for channel in &with_cost {
            let back = &channel.back;
            table.row(
                &channel.name,
                vec![
                    back.cost.map_or(NONE.to_owned(), |cost| self.money(cost)),
                    self.money(back.value),
                    told(back.roas()),
                    range(channel.roas, |ratio| told(Some(ratio))),
                    told(back.roi()),
                    back.cpa().map_or(NONE.to_owned(), |cpa| self.money(libm::round(cpa) as i128)),
                ],
            );
        }
        let how = format!(
            "With {} and the model {}: returns of other windows or models are not comparable. The vertical \
             line is the target of {}; channels below it are in the other colour. A figure that is not defined (no cost, no \
             conversion, cost of goods not known) is {NONE}, not zero and not infinite. What would have been sold without \
             the cost is not known from this.",
            if timed { format!("a window of {}", self.window) } else { "whole paths".to_owned() },
            self.model,
            money(target, 2)
        );
        section("Cost and return", &bars.svg(), &how, &table)
    }

    fn paths(&self, paths: &Paths) -> String {
        let names = paths.top.iter().map(|(way, _)| way.join(" \u{203a} ")).collect::<Vec<_>>();
        let rows = names.iter().zip(&paths.top);
        let bar = |(name, (_, tally)): (&'_ String, &(Vec<String>, Tally))| {
            (name.clone(), i128::from(tally.orders.millionths()), counted(tally.orders))
        };
        let rows = rows.map(bar).collect::<Vec<_>>();
        let bars = Bars {
            about: "The ways to an order that are gone most".to_owned(),
            unit: "Orders",
            rows: rows.iter().map(|(name, value, told)| Bar::new(name, *value, told.clone())).collect(),
            mark: &orders_mark,
            at_least: (0, 0),
            measure: None,
        };
        let mut table = Table::new(&["Way", "Orders", "Net value"]);
        let cells = |tally: &Tally| vec![counted(tally.orders), self.money(tally.net)];
        for (name, (_, tally)) in names.iter().zip(&paths.top) {
            table.row(name, cells(tally));
        }
        if paths.further.0 > 0 {
            table.row(
                &format!("{} further ways, each of {} people or more", paths.further.0, self.people()),
                cells(&paths.further.1),
            );
        }
        if let Some(none) = &paths.untouched {
            table.row("Without a touch", cells(none));
        }
        if let Some(other) = &paths.other {
            table.row("Other", cells(other));
        }
        let none = match rows.is_empty() {
            true => format!("Every way was gone by fewer than {} people. ", self.people()),
            false => String::new(),
        };
        let how = format!(
            "{none}Touches in a row through one channel are one step. Ways that fewer than {} people went, and some that keep \
             these from being reckoned, are together in Other.",
            self.people()
        );
        section("Ways to an order", &bars.svg(), &how, &table)
    }

    fn shapes(&self, paths: &Paths) -> String {
        let mut figures = String::new();
        let mut table = Table::new(&["", "Orders", "Net value"]);
        let mut one = |title: &str, across: &str, rows: &Rows| {
            let column = |(name, tally): &(String, Tally)| (name.clone(), tally.orders.millionths().into());
            let mut columns = rows.rows.iter().map(column).collect::<Vec<(String, i128)>>();
            // A path without a touch has a length, but no day.
            let none = rows.untouched.filter(|_| across == "Touches");
            columns.splice(..0, none.map(|none| ("0".to_owned(), none.orders.millionths().into())));
            columns.extend(rows.hidden.map(|hidden| ("rest".to_owned(), hidden.orders.millionths().into())));
            let columns = Columns {
                about: format!("Orders by {title}"),
                unit: "Orders",
                across,
                rows: columns,
                mark: &orders_mark,
            };
            figures +=
                &format!("<figure>\n<figcaption>By {title}</figcaption>\n{}</figure>\n", columns.svg());
            let cells = |tally: &Tally| vec![counted(tally.orders), self.money(tally.net)];
            for (name, tally) in &rows.rows {
                table.row(&format!("{across}: {name}"), cells(tally));
            }
            if let Some(none) = &rows.untouched {
                table.row(&format!("{across}: without a touch"), cells(none));
            }
            if let Some(hidden) = &rows.hidden {
                table.row(&format!("{across}: {}", self.hidden().to_lowercase()), cells(hidden));
            }
        };
        one("number of touches", "Touches", &paths.lengths);
        if let Some(rows) = &paths.since_first {
            one("days since the first touch", "Days since the first touch", rows);
        }
        if let Some(rows) = &paths.since_last {
            one("days since the last touch", "Days since the last touch", rows);
        }
        let median = paths
            .median_length
            .map(|length| format!("Half of the orders with a touch have at most {length}."));
        let lag = paths.median_lag.map(|lag| {
            let tenths_of_days = i128::from(lag) * 10 / (24 * 60 * 60 * 1000);
            format!(
                " Half of them came within {} days of the first touch in the window.",
                tenths(tenths_of_days)
            )
        });
        let how = format!("{}{}", median.unwrap_or_default(), lag.unwrap_or_default());
        let title =
            if paths.since_first.is_some() { "How many touches, how long" } else { "How many touches" };
        format!(
            "<section>\n<h2>{title}</h2>\n{figures}<p class=\"meaning\">{}</p>\n{}</section>\n",
            escape(&how),
            table.html()
        )
    }

    fn crossings(&self, crossings: &Crossings) -> String {
        let named = |crossing: Crossing| match crossing {
            Crossing::Ropo => "Research online, purchase offline",
            Crossing::Showroomed => "Showrooming: shop first, then web",
            Crossing::StoreOnly => "Store only",
            Crossing::WebOnly => "Web only",
            Crossing::Unidentified => "Nobody known",
        };
        let mut rows = crossings.rows.clone();
        rows.sort_by_key(|(_, orders, ..)| std::cmp::Reverse(*orders));
        let bar = |(crossing, orders, _, _): &(Crossing, u64, i128, Option<f64>)| {
            let told = count((*orders).into());
            Bar {
                flagged: *crossing == Crossing::Unidentified,
                ..Bar::new(named(*crossing), (*orders).into(), told)
            }
        };
        let bars = Bars {
            about: "Orders by whether the way to them crossed between screen and shop".to_owned(),
            unit: "Orders",
            rows: rows.iter().map(bar).collect(),
            mark: &|value| mark(value.unsigned_abs()),
            at_least: (0, 0),
            measure: None,
        };
        let mut table = Table::new(&["", "Orders", "Net value", "Share of identified"]);
        for (crossing, orders, net, share) in &rows {
            table.row(named(*crossing), vec![count((*orders).into()), self.money(*net), percent(*share)]);
        }
        if let Some((orders, net)) = crossings.hidden {
            table.row(&self.hidden(), vec![count(orders.into()), self.money(net), NONE.to_owned()]);
        }
        let rate = |at: usize| percent(crossings.match_rates[at]);
        let how = format!(
            "Of all orders {} are identified: {} in shops, {} on the web. Only of these it is known what came before. An order \
             in a shop after a digital touch within {} is researched online (what nobody led to does not count); one on \
             the web after a tap or a visit is showrooming.",
            rate(2),
            rate(0),
            rate(1),
            self.window
        );
        section("Between screen and shop", &bars.svg(), &how, &table)
    }

    fn visits(&self, visits: &Visits) -> String {
        let told = |millionths: u64| counted(Count::from_millionths(millionths));
        let bars = Bars {
            about: "Visits to shops credited to what was touched before".to_owned(),
            unit: "Visits",
            rows: visits
                .rows
                .iter()
                .map(|(name, value)| Bar::new(name, (*value).into(), told(*value)))
                .collect(),
            mark: &orders_mark,
            at_least: (0, 0),
            measure: None,
        };
        let mut table = Table::new(&["Channel", "Visits"]);
        for (name, value) in &visits.rows {
            table.row(name, vec![told(*value)]);
        }
        if let Some(none) = visits.unattributed {
            table.row("Nothing touched before", vec![told(none)]);
        }
        if let Some(hidden) = visits.hidden {
            table.row(&self.hidden(), vec![told(hidden)]);
        }
        table.total("All", vec![count(visits.visits.into())]);
        let how = format!(
            "A visit to a shop is a touch of later orders; here it is looked at as an outcome, credited by the model {} to \
             what was touched within {} before. Visits to one shop within {} are one.",
            self.model, self.window, self.own_visit
        );
        section("What led to visits", &bars.svg(), &how, &table)
    }

    fn held_out(&self, held_out: &HeldOut) -> String {
        let told =
            |number: Option<u64>| number.map_or(format!("under {}", self.people()), |one| count(one.into()));
        let mut table = Table::new(&["Held out", "People", "Of them bought", "Orders", "Net value"]);
        let bought = held_out.bought;
        table.row(
            &held_out.arms.join(", "),
            vec![
                told(held_out.people),
                bought.map_or(NONE.to_owned(), |(buyers, ..)| count(buyers.into())),
                bought.map_or(NONE.to_owned(), |(_, orders, _)| count(orders.into())),
                bought.map_or(NONE.to_owned(), |(.., net)| self.money(net)),
            ],
        );
        format!(
            "<section>\n<h2>Who was held out</h2>\n{}<p class=\"meaning\">{}</p>\n</section>\n",
            table.open(),
            escape(
                "These people were drawn to be left alone. Their orders are no part of any figure above: credit for them would \
                 take them for treated. Beside what the others did, they are what an experiment compares."
            )
        )
    }

    fn calibrated(&self, calibrated: &[Calibrated]) -> String {
        let mut table = Table::new(&["Channel", "Test", "Credited", "Factor", "Calibrated"]);
        for one in calibrated {
            let hundredths = libm::round(one.factor * 100.0) as i128;
            table.row(
                &one.channel,
                vec![
                    one.test.clone(),
                    self.money(one.credited),
                    money(hundredths, 2),
                    one.value.map_or(NONE.to_owned(), |value| self.money(value)),
                ],
            );
        }
        format!(
            "<section>\n<h2>Calibrated by tests</h2>\n{}<p class=\"meaning\">{}</p>\n</section>\n",
            table.open(),
            escape(&format!(
                "The factor is what the test named found incremental by what was credited over the same people and time. The last \
                 column is what the channel may have caused, if it works as it did in the test; without its test it means \
                 nothing. Credits are those of the model {}.",
                self.model
            ))
        )
    }

    fn stability(&self, stability: &Stability) -> String {
        let mut order = (0..stability.channels.len()).collect::<Vec<_>>();
        order.sort_by_key(|at| {
            (std::cmp::Reverse(stability.base.minor[*at]), stability.channels[*at].clone())
        });
        let share = |share: Option<f64>| share.map_or(0, per_mille);
        let bar = |at: &usize| {
            let all = stability.stressed.iter().map(|(_, standing)| share(standing.shares[*at]));
            let mut marks = all.collect::<Vec<_>>();
            marks.sort_unstable();
            marks.dedup();
            Bar {
                marks,
                flagged: !stability.changes[*at].is_empty(),
                ..Bar::new(
                    &stability.channels[*at],
                    share(stability.base.shares[*at]),
                    percent(stability.base.shares[*at]),
                )
            }
        };
        let bars = Bars {
            about: "Share of each channel, and what it is under each stress".to_owned(),
            unit: "Share of the credited value",
            rows: order.iter().map(bar).collect(),
            mark: &|value| format!("{} %", tenths(value)),
            at_least: (0, 0),
            measure: None,
        };
        let mut head = vec!["".to_owned()];
        head.extend(order.iter().map(|at| stability.channels[*at].to_string()));
        let mut table = Table::new(&head.iter().map(String::as_str).collect::<Vec<_>>());
        let cells = |standing: &phygital_core::attribution::Standing| {
            let cell = |at: &usize| {
                let otherwise = standing.decisions[*at] != stability.base.decisions[*at];
                let sign = match standing.decisions[*at] {
                    Decision::Keep if otherwise => " keep!",
                    Decision::Cut if otherwise => " cut!",
                    _ => "",
                };
                format!("{} (#{}){sign}", percent(standing.shares[*at]), standing.ranks[*at])
            };
            order.iter().map(cell).collect::<Vec<_>>()
        };
        table.row("As reported", cells(&stability.base));
        for (stress, standing) in &stability.stressed {
            table.row(&stress.to_string(), cells(standing));
        }
        let mut verdicts = String::new();
        for at in order.iter().filter(|at| !stability.changes[**at].is_empty()) {
            let now = match stability.base.decisions[*at] {
                Decision::Keep => "kept",
                Decision::Cut => "cut back",
            };
            let changes = stability.changes[*at].iter().map(Stress::to_string).collect::<Vec<_>>().join("; ");
            let name = escape(&stability.channels[*at]);
            verdicts += &format!(
                "<li><strong>{name}</strong> is {now} by the report, and would not be with: {}.</li>\n",
                escape(&changes)
            );
        }
        if !stability.left_out.is_empty() {
            let left_out = stability.left_out.iter().map(Stress::to_string).collect::<Vec<_>>().join("; ");
            let few = format!(
                "Left out, since some channel has fewer than {} people there: {left_out}.",
                self.people()
            );
            verdicts += &format!("<li>{}</li>\n", escape(&few));
        }
        let verdicts = match verdicts.is_empty() {
            true => "<p>No channel changes its decision under any of these.</p>\n".to_owned(),
            false => format!("<ul class=\"verdicts\">\n{verdicts}</ul>\n"),
        };
        let rule = match self.costs {
            true => format!(
                "A channel with a cost is kept while it earns {} % of it; one without, while it",
                self.target_roas
            ),
            false => "No cost is known, so a channel is kept while it".to_owned(),
        };
        format!(
            "<section class=\"wide\">\n<h2>What the answer rests on</h2>\n<div class=\"two\">\n<figure>\n{}</figure>\n\
             <div>\n{verdicts}</div>\n</div>\n<p class=\"meaning\">The bar is the share by {}; each tick is the same share with \
             another window, with touches doubled or lost, with persons known as two, or by another model. {} earns at least \
             the average of those without a cost. Channels in the other colour would be decided on otherwise somewhere. In the \
             table a rank stands behind each share, and keep! or cut! where the decision is another.</p>\n{}</section>\n",
            bars.svg(),
            escape(&self.model),
            escape(&rule),
            table.html()
        )
    }

    /// What has to be known of every number.
    fn rules(&self, figures: &Figures) -> Vec<String> {
        let k = self.people();
        let mut notes = vec![format!(
            "Settings: model {} where one is named; values net of refunds, in {}; credits of an order are whole units by \
             largest remainder and sum to it.",
            self.model,
            self.unit()
        )];
        match (figures.ropo.is_some(), self.touches) {
            (true, Some(settings)) => notes.push(format!(
                "Touches count by these settings, spans in seconds, both ends included: {settings}. They are those of the \
                 store, of people who permitted measurement then and permit it now, where it was known at the order that it \
                 was she; each order's credits are those of attribution run and explain. A stress looks at all touches that \
                 were ever known to be hers."
            )),
            (true, None) => notes.push(format!(
                "Window: {} for every kind of touch, both ends included, in UTC; a touch at the very time of the order \
                 counts. A visit within {} of an order at the same shop is that order's own. Touches are not merged \
                 but for those told twice, and where a dedupe is asked for. What comes late is in the next report.",
                self.window, self.own_visit
            )),
            (false, _) => notes.push(
                "Grouped paths have no times and no persons: each conversion counts as one person's; lags, crossings between \
                 screen and shop, intervals and the test of stability need touches and orders."
                    .to_owned(),
            ),
        }
        notes.push(format!(
            "Figures of fewer than {k} people are not shown, nor those from which one could be reckoned: where a total is \
             shown, at least {} people are hidden together. A person who is in several rows counts in each.",
            self.threshold.least_in_all()
        ));
        notes
            .push(format!("Run {}: the same files and settings give the same page, byte by byte.", self.run));
        notes
    }
}

fn tile(label: &str, figure: &str, meaning: &str) -> String {
    // A figure too long for its tile breaks between thousands, never within.
    let figure = escape(figure).replace(',', ",<wbr>");
    let (label, meaning) = (escape(label), escape(meaning));
    format!(
        "<div><dt>{label}</dt><dd class=\"figure\">{figure}</dd><dd class=\"meaning\">{meaning}</dd></div>\n"
    )
}

fn section(title: &str, picture: &str, meaning: &str, table: &Table) -> String {
    format!(
        "<section>\n<h2>{}</h2>\n<figure>\n{picture}</figure>\n<p class=\"meaning\">{}</p>\n{}</section>\n",
        escape(title),
        escape(meaning),
        table.html()
    )
}

/// A count of conversions: whole ones as they are, others to two decimals.
fn counted(count: Count) -> String {
    let (millionths, one) = (count.millionths(), Count::ONE.millionths());
    if millionths.is_multiple_of(one) {
        return crate::picture::count((millionths / one).into());
    }
    money((i128::from(millionths) + 5_000) / 10_000, 2)
}

/// A mark of an axis of conversions, which are in millionths.
fn orders_mark(millionths: i128) -> String {
    money_mark(millionths, 6)
}

fn per_mille(share: f64) -> i128 {
    libm::round(share * 1000.0) as i128
}

fn tenths(value: i128) -> String {
    let text = money(value, 1);
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

fn percent(share: Option<f64>) -> String {
    share.map_or(NONE.to_owned(), |share| format!("{} %", money(per_mille(share), 1)))
}

fn range(interval: Option<Interval>, told: impl Fn(f64) -> String) -> String {
    interval.map_or(NONE.to_owned(), |interval| span(&told(interval.low), &told(interval.high)))
}

fn span(low: &str, high: &str) -> String {
    if low == high { low.to_owned() } else { format!("{low} to {high}") }
}
