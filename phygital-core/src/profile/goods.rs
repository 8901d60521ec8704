//! The products that a profile speaks of, each described once.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::compact::{cut, elided_debug};
use super::limits::SHORT_TEXT_BYTES_MAX;
use crate::event::Product;

/// What is known of a product: of each property, what was said last.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Item {
    /// Name as the customer knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// Category, such as `Shoes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Colour, else variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// What the sizes and colours of one product share: its product id, where the key is a SKU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<String>,
}

/// The products by key; those that nothing speaks of any more are dropped.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Goods(BTreeMap<String, Item>);

elided_debug!(Item, Goods);

impl Goods {
    /// Notes what an event says of a product and gives its key, or `None` where it has none.
    pub(super) fn note(&mut self, product: &Product) -> Option<String> {
        let key = key(product)?;
        let item = self.0.entry(key.clone()).or_default();
        let style = product.product_id.as_ref().filter(|style| **style != key);
        for (known, said) in [
            (&mut item.name, &product.name),
            (&mut item.brand, &product.brand),
            (&mut item.category, &product.category),
            (&mut item.color, if product.color.is_some() { &product.color } else { &product.variant }),
            (&mut item.style, &style.cloned()),
        ] {
            if let Some(said) = said {
                *known = Some(cut(said, SHORT_TEXT_BYTES_MAX));
            }
        }
        Some(key)
    }

    pub(super) fn get(&self, key: &str) -> Option<&Item> {
        self.0.get(key)
    }

    /// Whether two keys name one product in any size and colour.
    pub(super) fn same_style(&self, one: &str, other: &str) -> bool {
        let style = |key| self.get(key).and_then(|item| item.style.as_deref());
        one == other
            || style(one) == Some(other)
            || style(other) == Some(one)
            || (style(one).is_some() && style(one) == style(other))
    }

    /// Drops what nothing speaks of, and what nothing is known of.
    pub(super) fn keep(&mut self, spoken_of: &BTreeSet<&str>) {
        self.0.retain(|key, item| spoken_of.contains(key.as_str()) && *item != Item::default());
    }
}

/// The key of a product within a profile.
pub(super) fn key(product: &Product) -> Option<String> {
    product.key().filter(|key| !key.is_empty()).map(|key| cut(key, SHORT_TEXT_BYTES_MAX))
}

/// The size that an event gives a product.
pub(super) fn size(product: &Product) -> Option<String> {
    product.size.as_ref().map(|size| cut(size, SHORT_TEXT_BYTES_MAX))
}
