//! What she looked at, put into her cart, wished for and tried on.

use serde::{Deserialize, Serialize, Serializer};

use super::compact::{cut, elided_debug, is_one, one};
use super::goods::{Goods, key, size};
use super::limits::{
    CART_MAX, LONG_TEXT_BYTES_MAX, LOOKS_MAX, SHORT_TEXT_BYTES_MAX, TRIED_ON_MAX, WISHES_MAX,
};
use crate::event::kinds::commerce::OrderSums;
use crate::event::{Context, FoldKey, Product};

/// What somebody looked at online.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sight {
    /// A product, by its key.
    Product(String),
    /// A list or category.
    List(String),
    /// The results of a search, by what she typed.
    Search(String),
}

/// Something looked at online, once or several times.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "LookRow<String>")]
#[non_exhaustive]
pub struct Look {
    /// What.
    pub what: Sight,
    /// How often in all.
    pub times: u32,
    /// The last time.
    pub by: FoldKey,
    /// The page, without its query, which may carry more than an address.
    pub url: Option<String>,
    /// The campaign that led there, as [`Touch`](super::Touch) names it.
    pub campaign: Option<String>,
}

/// A look as it is stored: one of the first three is there. serde could flatten [`Sight`] into it, by
/// keeping all fields in between, which takes as long again as reading the whole profile.
#[derive(Serialize, Deserialize)]
struct LookRow<T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    search: Option<T>,
    #[serde(default = "one", skip_serializing_if = "is_one")]
    times: u32,
    #[serde(with = "super::compact::by")]
    by: FoldKey,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign: Option<T>,
}

impl Serialize for Look {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (url, campaign) = (self.url.as_deref(), self.campaign.as_deref());
        let mut row =
            LookRow { item: None, list: None, search: None, times: self.times, by: self.by, url, campaign };
        match &self.what {
            Sight::Product(key) => row.item = Some(key),
            Sight::List(name) => row.list = Some(name),
            Sight::Search(query) => row.search = Some(query),
        }
        row.serialize(serializer)
    }
}

impl TryFrom<LookRow<String>> for Look {
    type Error = &'static str;
    fn try_from(row: LookRow<String>) -> Result<Look, &'static str> {
        let what = match (row.item, row.list, row.search) {
            (Some(key), None, None) => Sight::Product(key),
            (None, Some(name), None) => Sight::List(name),
            (None, None, Some(query)) => Sight::Search(query),
            _ => return Err("expected one of item, list and search"),
        };
        Ok(Look { what, times: row.times, by: row.by, url: row.url, campaign: row.campaign })
    }
}

/// A product in the cart or on the wish list.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Wanted {
    /// Key of the product.
    #[serde(rename = "item")]
    pub product: String,
    /// Size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// How many pieces.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub quantity: u32,
    /// The event that put it there, or changed it last.
    #[serde(with = "super::compact::by")]
    pub by: FoldKey,
}

/// A product that was tried on.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TriedOn {
    /// Key of the product.
    #[serde(rename = "item")]
    pub product: String,
    /// Size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// Whether it fitted, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fitted: Option<bool>,
    /// The event.
    #[serde(with = "super::compact::by")]
    pub by: FoldKey,
}

/// Looks, cart, wish list and try-ons, each oldest first.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Interest {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) looks: Vec<Look>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) cart: Vec<Wanted>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) wishes: Vec<Wanted>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) tried_on: Vec<TriedOn>,
}

elided_debug!(Sight, Look, Wanted, TriedOn, Interest);

impl Interest {
    pub(super) fn products(&self) -> impl Iterator<Item = &str> {
        let looked_at = self.looks.iter().filter_map(|look| match &look.what {
            Sight::Product(product) => Some(product.as_str()),
            _ => None,
        });
        let wanted = self.cart.iter().chain(&self.wishes).map(|wanted| wanted.product.as_str());
        looked_at.chain(wanted).chain(self.tried_on.iter().map(|tried| tried.product.as_str()))
    }

    /// Something was looked at: moves to the end, and its times grow.
    pub(super) fn look(&mut self, what: Sight, url: Option<&str>, context: &Context, by: FoldKey) {
        let page = context.page.as_ref().and_then(|page| page.url.as_deref());
        let url = url.or(page).map(without_query).filter(|url| url.len() <= LONG_TEXT_BYTES_MAX);
        let campaign = context.campaign.as_ref().and_then(super::touch::channel);
        let known = self.looks.iter().position(|look| look.what == what).map(|at| self.looks.remove(at));
        let times = known.map_or(1, |look| look.times.saturating_add(1));
        push(&mut self.looks, Look { what, times, by, url: url.map(str::to_owned), campaign }, LOOKS_MAX);
    }

    /// A product went into the cart: one line a product, its pieces added up.
    pub(super) fn add(&mut self, product: &Product, by: FoldKey, goods: &mut Goods) {
        let Some(wanted) = wanted(product, by, goods) else { return };
        match self.cart.iter_mut().find(|line| line.product == wanted.product) {
            Some(line) => {
                line.quantity = line.quantity.saturating_add(wanted.quantity);
                line.size = wanted.size.or(line.size.take());
                line.by = by;
            }
            None if wanted.quantity > 0 => push(&mut self.cart, wanted, CART_MAX),
            None => {}
        }
    }

    /// A product was taken out of the cart: so many pieces, or all where nothing is said.
    pub(super) fn remove(&mut self, product: &Product, by: FoldKey) {
        let Some(key) = key(product) else { return };
        let pieces = product.quantity.unwrap_or(u32::MAX);
        self.cart.retain_mut(|line| {
            if line.product == key {
                line.quantity = line.quantity.saturating_sub(pieces);
                line.by = by;
            }
            line.quantity > 0
        });
    }

    /// The cart as the web shop shows it: its lines replace what we knew, the times of lines that
    /// are still there stay.
    pub(super) fn show(&mut self, products: &[Product], by: FoldKey, goods: &mut Goods) {
        if products.is_empty() {
            return;
        }
        let before = std::mem::take(&mut self.cart);
        for product in products {
            self.add(product, by, goods);
        }
        for line in &mut self.cart {
            if let Some(was) = before.iter().find(|was| was.product == line.product) {
                line.by = was.by;
            }
        }
    }

    /// A product went onto the wish list, once.
    pub(super) fn wish(&mut self, product: &Product, by: FoldKey, goods: &mut Goods) {
        let Some(wanted) = wanted(product, by, goods) else { return };
        self.wishes.retain(|known| known.product != wanted.product);
        push(&mut self.wishes, wanted, WISHES_MAX);
    }

    /// A product was taken off the wish list.
    pub(super) fn unwish(&mut self, product: &Product) {
        let key = key(product);
        self.wishes.retain(|known| Some(&known.product) != key.as_ref());
    }

    pub(super) fn try_on(&mut self, product: &Product, fitted: Option<bool>, by: FoldKey, goods: &mut Goods) {
        let Some(product_key) = goods.note(product) else { return };
        let tried = TriedOn { product: product_key, size: size(product), fitted, by };
        push(&mut self.tried_on, tried, TRIED_ON_MAX);
    }

    /// What was bought is wanted no more: it leaves the cart and the wish list.
    pub(super) fn bought(&mut self, order: &OrderSums) {
        for key in order.products.iter().filter_map(key) {
            self.cart.retain(|line| line.product != key);
            self.wishes.retain(|wish| wish.product != key);
        }
    }
}

/// A search as it is kept.
pub(super) fn search(query: &str) -> Sight {
    Sight::Search(cut(query, SHORT_TEXT_BYTES_MAX))
}

/// A list or category as it is kept.
pub(super) fn list(name: &str) -> Sight {
    Sight::List(cut(name, SHORT_TEXT_BYTES_MAX))
}

fn wanted(product: &Product, by: FoldKey, goods: &mut Goods) -> Option<Wanted> {
    let (key, size, quantity) = (goods.note(product)?, size(product), product.pieces());
    Some(Wanted { product: key, size, quantity, by })
}

fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

fn push<T>(list: &mut Vec<T>, entry: T, most: usize) {
    list.push(entry);
    if list.len() > most {
        list.remove(0);
    }
}
