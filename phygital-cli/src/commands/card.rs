//! `card`: what may be seen of a customer.

use phygital_core::profile::{
    CardContent, CardOrder, CustomerCard, ProductSummary, TalkingPoint, Topic, WantedProduct,
};
use phygital_core::vocab::Personal;
use serde::Serialize;

use crate::arguments::Card;
use crate::failure::{Exit, Failure};
use crate::output::{Output, clean};
use crate::shop::Shop;
use crate::who::Who;

/// Shows the card for a role; where it is withheld, why.
pub(crate) fn card(shop: &Shop, with: &Card, output: &mut Output) -> Result<Exit, Failure> {
    let settings = shop.settings()?;
    let whom = Who::parse(&with.identifier, settings.region()?)?;
    let engine = shop.read(&settings)?;
    let customer = whom.customer(&engine)?;
    let card = engine.people().card(customer, with.role.into(), shop.now()?)?;
    if output.is_json() {
        output.object(&card)?
    } else {
        print(&card, output)?
    }
    Ok(if card.withheld().is_some() { Exit::No } else { Exit::Done })
}

fn print(card: &CustomerCard, output: &mut Output) -> Result<(), Failure> {
    let (role, at) = (word(&card.role()), card.as_of());
    output.text(format_args!("customer {} for {role}, {at}", card.customer()))?;
    if let Some(reasons) = card.withheld() {
        let reasons: Vec<&str> = reasons.iter().map(|reason| reason.code()).collect();
        return output.text(format_args!("withheld: {}", reasons.join(", ")));
    }
    let Some(content) = card.content() else { return Ok(()) };
    let rows = sections(content).into_iter().filter(|(_, lines)| !lines.is_empty());
    let rows = rows.map(|(name, lines)| {
        // Each line is cleaned for itself: a name must not forge another line.
        let lines: Vec<String> = lines.iter().map(|line| clean(line)).collect();
        vec![name.to_owned(), lines.join("\n")]
    });
    output.table(&[], rows.collect())
}

/// The card, section by section.
fn sections(content: &CardContent) -> Vec<(&'static str, Vec<String>)> {
    let wanted = |all: &[WantedProduct]| -> Vec<String> {
        let line = |one: &WantedProduct| with_size(&one.product, one.size.as_deref(), one.quantity);
        all.iter().map(line).collect()
    };
    vec![
        ("name", content.name.iter().map(|name| name.reveal().to_owned()).collect()),
        ("known by", content.identifiers.clone()),
        ("seen", seen(content)),
        ("last visit", last_visit(content)),
        ("talk about", content.talking_points.iter().map(talk).collect()),
        ("preferences", preferences(content)),
        ("looked at", browsing(content)),
        ("cart", wanted(&content.cart)),
        ("wishes", wanted(&content.wishlist)),
        ("tried on", tried_on(content)),
        ("orders", content.orders.iter().map(order).collect()),
        ("do not offer", not_again(content)),
        ("spends", spends(content)),
        ("loyalty", loyalty(content)),
        ("came by", came_by(content)),
        ("permitted by", content.proofs.iter().map(|proof| format!("event {proof}")).collect()),
    ]
}

fn seen(content: &CardContent) -> Vec<String> {
    let Some(seen) = &content.seen else { return Vec::new() };
    let count = |count: u32, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let (visits, taps) = (count(seen.visits, "visit"), count(seen.taps, "tap"));
    let mut lines = vec![format!("{visits}, {taps}, {}", count(seen.orders, "order"))];
    if let (Some(first), Some(last)) = (seen.first_at, seen.last_at) {
        lines.push(format!("first {first}, last {last}"));
    }
    lines
}

fn last_visit(content: &CardContent) -> Vec<String> {
    let Some(visit) = &content.last_visit else { return Vec::new() };
    let open = if visit.open { ", still here" } else { "" };
    let mut lines = vec![format!("{} until {}{open}", visit.place, visit.last_at)];
    if let Some(associate) = &visit.assisted_by {
        let what = visit.activity.as_ref().map_or(String::new(), |activity| format!(" with {activity}"));
        lines.push(format!("helped by {associate}{what}"));
    }
    lines
}

fn talk(point: &TalkingPoint) -> String {
    let get = |name: &str| point.parameters.get(name).map_or("", String::as_str);
    let product = || {
        let name = if get("name").is_empty() { get("product") } else { get("name") };
        let size = get("size");
        if size.is_empty() { name.to_owned() } else { format!("{name}, size {size}") }
    };
    match point.topic {
        Topic::Occasion => format!("an occasion: {}", get("value")),
        Topic::CartLeft => format!("left in the cart: {}", product()),
        Topic::TriedOnNotBought => format!("tried on and not bought: {}", product()),
        Topic::ViewedAgain => format!("looked at {} times: {}", get("times"), product()),
        Topic::Wish => format!("wishes for: {}", product()),
        Topic::Tier => format!("tier {} {}", get("tier"), get("programme")).trim_end().to_owned(),
        Topic::LastOrder => format!("bought last: {}", product()),
        _ => point.text.to_owned(),
    }
}

fn preferences(content: &CardContent) -> Vec<String> {
    let line = |one: &phygital_core::profile::Preference| {
        let unit = one.unit.as_ref().map_or(String::new(), |unit| format!(" {unit}"));
        let said = one.sentence.as_ref().map(Personal::reveal);
        let said = said.map_or(String::new(), |sentence| format!(": \"{sentence}\""));
        format!("{} {}{unit} ({}{said})", one.attribute, one.value.reveal(), word(&one.basis))
    };
    content.preferences.iter().map(line).collect()
}

fn browsing(content: &CardContent) -> Vec<String> {
    let line = |one: &phygital_core::profile::Browsed| {
        let what = match (&one.product, &one.list, &one.search) {
            (Some(one), ..) => product(one),
            (_, Some(list), _) => format!("list {list}"),
            (_, _, Some(search)) => format!("searched for {}", search.reveal()),
            _ => one.url.clone().unwrap_or_default(),
        };
        let times = if one.times > 1 { format!(", {} times", one.times) } else { String::new() };
        format!("{what}{times}, {}", one.by.at)
    };
    content.browsing.iter().map(line).collect()
}

fn tried_on(content: &CardContent) -> Vec<String> {
    let line = |one: &phygital_core::profile::TriedOnProduct| {
        let fitted = match one.fitted {
            Some(true) => ", fitted",
            Some(false) => ", did not fit",
            None => "",
        };
        format!("{}{fitted}, {}", with_size(&one.product, one.size.as_deref(), 1), one.by.at)
    };
    content.tried_on.iter().map(line).collect()
}

fn order(order: &CardOrder) -> String {
    let at = order.place.as_ref().map_or("online".to_owned(), ToString::to_string);
    let net = order.net.map_or(String::new(), |net| format!(", {net}"));
    let lines = order.lines.iter().map(|line| {
        let back = if line.returned > 0 { format!(" ({} returned)", line.returned) } else { String::new() };
        with_size(&line.product, line.size.as_deref(), line.quantity) + &back
    });
    let lines: Vec<String> = lines.collect();
    let what = if lines.is_empty() { String::new() } else { format!(": {}", lines.join("; ")) };
    format!("{} {at}, {}{net}{what}", order.by.at, word(&order.status))
}

fn not_again(content: &CardContent) -> Vec<String> {
    let line =
        |one: &phygital_core::profile::NotAgain| format!("{} until {}", product(&one.product), one.until);
    content.not_again.iter().map(line).collect()
}

fn spends(content: &CardContent) -> Vec<String> {
    let Some(spend) = &content.spend else { return Vec::new() };
    let mut lines = vec![format!("{} on average", spend.average)];
    lines.extend(spend.band.map(|band| format!("rank {}", word(&band))));
    lines.extend(spend.total.map(|total| format!("{total} in all")));
    lines.extend(spend.refunded.map(|refunded| format!("{refunded} refunded")));
    lines
}

fn loyalty(content: &CardContent) -> Vec<String> {
    let line = |one: &phygital_core::profile::LoyaltySummary| {
        let names = [one.programme.as_deref(), one.tier.as_deref()];
        let names: Vec<&str> = names.into_iter().flatten().collect();
        let names = if names.is_empty() { "member".to_owned() } else { names.join(" ") };
        format!("{names}, {} points", one.points)
    };
    content.loyalty.iter().map(line).collect()
}

fn came_by(content: &CardContent) -> Vec<String> {
    let touches = [("first", &content.first_touch), ("last", &content.last_touch)];
    let touches = touches.into_iter().filter_map(|(when, touch)| Some((when, touch.as_ref()?)));
    let line = |(when, touch): (&str, &phygital_core::profile::CameBy)| {
        let campaign = touch.campaign.as_ref().map_or(String::new(), |campaign| format!(", {campaign}"));
        format!("{when} {}{campaign}, {}", touch.channel, touch.by.at)
    };
    touches.map(line).collect()
}

/// A product by its name, else its key.
fn product(product: &ProductSummary) -> String {
    let name = product.name.as_ref().unwrap_or(&product.key);
    let about: Vec<&str> =
        [&product.brand, &product.color].into_iter().flatten().map(String::as_str).collect();
    if about.is_empty() { name.clone() } else { format!("{name} ({})", about.join(", ")) }
}

fn with_size(one: &ProductSummary, size: Option<&str>, pieces: u32) -> String {
    let size = size.map_or(String::new(), |size| format!(", size {size}"));
    let pieces = if pieces > 1 { format!("{pieces} x ") } else { String::new() };
    format!("{pieces}{}{size}", product(one))
}

/// The name that a value has in JSON, as words.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name.replace('_', " "),
        _ => String::new(),
    }
}
