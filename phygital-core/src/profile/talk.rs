//! Talking points: what an associate may bring up, and why.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Profile;
use super::compact::elided_debug;
use super::interest::Sight;
use super::limits::{CART_COLD, TALKING_POINTS_MAX, TOPIC_POINTS_MAX};
use super::orders::OrderStatus;
use crate::event::FoldKey;
use crate::vocab::Timestamp;

/// What a talking point is about, the most telling first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Topic {
    /// She told of an occasion (attribute `occasion`, or one below it). Parameters: `attribute`, `value`.
    Occasion,
    /// She left a cart behind. Parameters: `product`, `name`, `size`; `lines`, how many there are.
    CartLeft,
    /// She tried something on that she did not buy, and it may have fitted. Parameters: `product`,
    /// `name`, `size`.
    TriedOnNotBought,
    /// She looked at a product more than once. Parameters: `product`, `name`, `times`.
    ViewedAgain,
    /// She wishes for something; whether this shop has it is to be looked up. Parameters:
    /// `product`, `name`, `size`.
    Wish,
    /// Her tier. Parameters: `tier`, `programme`.
    Tier,
    /// What she bought last. Parameters: `product`, `name`, `order`.
    LastOrder,
}

impl Topic {
    /// The key of its text in a host's translations.
    pub fn text_key(self) -> &'static str {
        match self {
            Topic::Occasion => "talk.occasion",
            Topic::CartLeft => "talk.cart_left",
            Topic::TriedOnNotBought => "talk.tried_on_not_bought",
            Topic::ViewedAgain => "talk.viewed_again",
            Topic::Wish => "talk.wish",
            Topic::Tier => "talk.tier",
            Topic::LastOrder => "talk.last_order",
        }
    }
}

/// Something to talk about, as a text key with parameters, and the event it rests on.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TalkingPoint {
    /// About what.
    pub topic: Topic,
    /// [`Topic::text_key`].
    pub text: &'static str,
    /// What the text speaks of; see [`Topic`].
    pub parameters: BTreeMap<&'static str, String>,
    /// The event it rests on.
    pub by: FoldKey,
}

elided_debug!(TalkingPoint);

/// The talking points, by topic, then the newest first; at most [`TALKING_POINTS_MAX`] and, on one
/// topic, [`TOPIC_POINTS_MAX`]. No product
/// is named twice, and none that she has bought is offered.
pub(super) fn talking_points(profile: &Profile, now: Timestamp) -> Vec<TalkingPoint> {
    let mut found = Vec::new();
    let mut point = |topic, by, parameters: Vec<(&'static str, Option<String>)>| {
        let parameters = parameters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        found.push(TalkingPoint { topic, text: Topic::text_key(topic), parameters, by });
    };
    let name = |product: &str| profile.item(product).and_then(|item| item.name.clone());

    for (attribute, fact) in profile.facts(now) {
        if attribute == "occasion" || attribute.starts_with("occasion.") {
            let value = fact.value.reveal().to_owned();
            point(
                Topic::Occasion,
                fact.by,
                vec![("attribute", Some(attribute.to_owned())), ("value", Some(value))],
            );
        }
    }
    let left = profile.cart().iter().filter(|line| !profile.has(&line.product));
    let lines = left.clone().count();
    if let Some(line) = left.max_by_key(|line| line.by)
        && line.by.at.saturating_add(CART_COLD) <= now
    {
        let product = Some(line.product.clone());
        let parameters = vec![
            ("product", product),
            ("name", name(&line.product)),
            ("size", line.size.clone()),
            ("lines", Some(lines.to_string())),
        ];
        point(Topic::CartLeft, line.by, parameters);
    }
    for tried in profile.tried_on() {
        if tried.fitted != Some(false) && !profile.has(&tried.product) {
            let product = Some(tried.product.clone());
            let parameters =
                vec![("product", product), ("name", name(&tried.product)), ("size", tried.size.clone())];
            point(Topic::TriedOnNotBought, tried.by, parameters);
        }
    }
    for look in profile.looks() {
        let Sight::Product(product) = &look.what else { continue };
        if look.times > 1 && !profile.has(product) {
            let times = Some(look.times.to_string());
            let parameters =
                vec![("product", Some(product.clone())), ("name", name(product)), ("times", times)];
            point(Topic::ViewedAgain, look.by, parameters);
        }
    }
    for wish in profile.wishlist() {
        if !profile.has(&wish.product) {
            let product = Some(wish.product.clone());
            let parameters =
                vec![("product", product), ("name", name(&wish.product)), ("size", wish.size.clone())];
            point(Topic::Wish, wish.by, parameters);
        }
    }
    for membership in profile.memberships() {
        if let Some(tier) = &membership.tier {
            let parameters = vec![("tier", Some(tier.clone())), ("programme", membership.programme.clone())];
            point(Topic::Tier, membership.by, parameters);
        }
    }
    let kept = |status| matches!(status, OrderStatus::Placed | OrderStatus::PartlyRefunded);
    if let Some(order) = profile.orders().iter().rev().find(|order| kept(order.status()))
        && let Some(line) = order.lines.iter().find(|line| order.kept(line) > 0)
    {
        let parameters = vec![
            ("product", Some(line.product.clone())),
            ("name", name(&line.product)),
            ("order", Some(order.id.to_string())),
        ];
        point(Topic::LastOrder, order.by, parameters);
    }

    found.sort_by(|one, other| one.topic.cmp(&other.topic).then(other.by.cmp(&one.by)));
    let mut named = BTreeSet::new();
    found.retain(|point| point.parameters.get("product").is_none_or(|product| named.insert(product.clone())));
    let mut of_topic = BTreeMap::new();
    found.retain(|point| {
        let count = of_topic.entry(point.topic).or_insert(0);
        *count += 1;
        *count <= TOPIC_POINTS_MAX
    });
    found.truncate(TALKING_POINTS_MAX);
    found
}

impl Profile {
    /// Whether she bought and kept that product in any size and colour, as far as lines are kept.
    pub(super) fn has(&self, product: &str) -> bool {
        self.orders().iter().any(|order| {
            let mine = |line: &&super::Line| order.kept(line) > 0;
            order.lines.iter().filter(mine).any(|line| self.goods.same_style(&line.product, product))
        })
    }
}
