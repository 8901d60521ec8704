//! `attribution explain`: one order with its touches, weights and credits, and those that do not count with their reasons.

use phygital_core::attribution::{Explained, ModelRun, RULES_VERSION};
use phygital_core::journey::{Exclusion, Touch};
use phygital_core::vocab::Money;
use serde::Serialize;

use super::shop::{self, Gathered};
use crate::attribution_order_arguments::Explain;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::shop::Shop;

/// A touch as programs read it.
#[derive(Debug, Serialize)]
struct TouchView {
    at: String,
    kind: &'static str,
    /// The event that it was.
    event: String,
    /// Null where consent or identity does not allow it to be shown.
    channel: Option<String>,
    source: Option<String>,
    place: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<Weight>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credit_minor: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// An exact fraction. Both numbers are texts: they have more digits than many readers of JSON keep.
#[derive(Debug, Serialize)]
struct Weight {
    numerator: String,
    denominator: String,
}

/// Explains an order by a model.
pub(super) fn explain(shop: &Shop, with: &Explain, output: &mut Output) -> Result<Exit, Failure> {
    let gathered = shop::gather_named(shop, &with.timed, with.currency, &with.journeys, output)?;
    let run = gathered.run(&with.model)?;
    let found = gathered.journeys.journeys.iter().find(|journey| journey.order.id == with.order);
    let journey = found.ok_or_else(|| Failure::no("unknown", "there is no order of that id"))?;
    let explained = run.explain(journey.clone());
    let explained = explained.map_err(|error| Failure::misuse("bad_rule", error.to_string()))?;
    match output.is_json() {
        true => output.object(&told(&gathered, &run, &explained))?,
        false => show(&gathered, &run, &explained, output)?,
    }
    Ok(Exit::Done)
}

fn told(gathered: &Gathered, run: &ModelRun, explained: &Explained) -> serde_json::Value {
    let journey = explained.journey();
    let order = &journey.order;
    let counted = journey.touches.iter().enumerate().map(|(at, touch)| {
        let (numerator, denominator) = explained.fraction(at);
        let weight = Weight { numerator: numerator.to_string(), denominator: denominator.to_string() };
        let credit_minor = explained.credits().get(at).copied();
        TouchView { weight: Some(weight), credit_minor, ..view(touch, true) }
    });
    let excluded = journey.excluded.iter().map(|excluded| TouchView {
        reason: Some(excluded.reason.code()),
        ..view(&excluded.touch, may_be_shown(excluded.reason))
    });
    let weights = run.weights().map(|weights| {
        let weight = |(channel, weight): (&str, u64)| (channel.to_owned(), weight.to_string().into());
        weights.into_iter().map(weight).collect::<serde_json::Map<_, _>>()
    });
    let milestone = |at: Option<usize>| at.map(|at| journey.touches[at].id.to_string());
    serde_json::json!({
        "order": order.id,
        "at": order.at,
        "place": order.place,
        "currency": order.value.map(|value| value.currency()),
        "value_minor": order.value.map(|value| value.minor()),
        "refunded_minor": order.refunded_minor,
        "cancelled": order.cancelled,
        "net_minor": explained.net().map(|net| net.minor()),
        "touches": counted.collect::<Vec<_>>(),
        "lead": milestone(journey.lead),
        "opportunity": milestone(journey.opportunity),
        "excluded": excluded.collect::<Vec<_>>(),
        "credits_minor": explained.by_channel(),
        "unattributed_minor": explained.unattributed(),
        "model": {
            "name": run.name(),
            "rule": run.rule(),
            "rules_version": RULES_VERSION,
            "weights": weights,
            "run": run.id(),
            "input": run.input(),
            "settings": gathered.settings.to_string(),
            "settings_digest": run.settings(),
            "as_of": gathered.now,
        },
        "causal": false,
    })
}

/// Touches that she does not permit, or that are another person's, are counted and not shown.
fn may_be_shown(reason: Exclusion) -> bool {
    !matches!(reason, Exclusion::NoConsentThen | Exclusion::NoConsentNow | Exclusion::IdentityRevoked)
}

fn view(touch: &Touch, shown: bool) -> TouchView {
    let text = |text: &str| Some(text.to_owned()).filter(|text| shown && !text.is_empty());
    TouchView {
        at: touch.at.to_string(),
        kind: touch.kind.name(),
        event: touch.id.to_string(),
        channel: text(&touch.channel),
        source: text(&touch.source),
        place: touch.place.as_ref().and_then(|place| text(place.as_str())),
        weight: None,
        credit_minor: None,
        reason: None,
    }
}

fn show(
    gathered: &Gathered,
    run: &ModelRun,
    explained: &Explained,
    output: &mut Output,
) -> Result<(), Failure> {
    let journey = explained.journey();
    let order = &journey.order;
    let money = |minor: i64| match order.value {
        Some(value) => Money::new(minor, value.currency()).to_string(),
        None => "-".to_owned(),
    };
    let place = order.place.as_ref().map_or("the web".to_owned(), ToString::to_string);
    let clean = crate::output::clean;
    output.text(format_args!("order {} of {}, {}", clean(order.id.as_str()), order.at, clean(&place)))?;
    let value = order.value.map_or("unknown".to_owned(), |value| value.to_string());
    let off = if order.cancelled { "; called off" } else { "" };
    let net = money(explained.net().map_or(0, |net| net.minor()));
    output.text(format_args!("value {value}, paid back {}{off}, net {net}", money(order.refunded_minor)))?;
    output.text(format_args!("model {}: {}", clean(run.name()), clean(run.rule())))?;
    output.text(format_args!("run {}", run.id()))?;
    output.text(format_args!("touches by {}", gathered.settings))?;
    let milestone = |at: usize| match (Some(at) == journey.lead, Some(at) == journey.opportunity) {
        (true, true) => "lead, opportunity",
        (true, false) => "lead",
        (false, true) => "opportunity",
        (false, false) => "",
    };
    let cells = |touch: TouchView| {
        let hidden = || "(not shown)".to_owned();
        vec![
            touch.at,
            touch.kind.to_owned(),
            touch.channel.unwrap_or_else(hidden),
            touch.source.unwrap_or_default(),
            touch.place.unwrap_or_default(),
        ]
    };
    let rows = journey.touches.iter().enumerate().map(|(at, touch)| {
        let (numerator, denominator) = explained.fraction(at);
        let credit = explained.credits().get(at).map_or("-".to_owned(), |credit| money(*credit));
        let more = vec![format!("{numerator}/{denominator}"), credit, milestone(at).to_owned()];
        [cells(view(touch, true)), more].concat()
    });
    let header = ["at", "kind", "channel", "source", "place", "weight", "credit", ""];
    output.table(&header, rows.collect())?;
    if explained.credits().is_empty() {
        output.text(format_args!("unattributed: {}", money(explained.unattributed())))?;
    }
    let rows = journey.excluded.iter().map(|excluded| {
        let touch = view(&excluded.touch, may_be_shown(excluded.reason));
        [cells(touch), vec![excluded.reason.to_string()]].concat()
    });
    let rows = rows.collect::<Vec<_>>();
    if !rows.is_empty() {
        output.text("touches that do not count")?;
        output.table(&["at", "kind", "channel", "source", "place", "why"], rows)?;
    }
    output.text("Attribution shares out what happened; it does not say what a touch caused.")
}
