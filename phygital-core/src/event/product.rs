//! A product as an event names it.

use super::error::EventError;
use super::fields::{Field, Member, Object, Path, Scope, Writer};
use super::json::Json;
use super::property::part;
use crate::vocab::{Currency, Price};

part! {
    /// A product, with the properties of Segment's Spec and, for shops, its GTIN, size and colour.
    ///
    /// What else a source says of the product stays in `extra`.
    Product {
        /// Database id of the product.
        product_id: Option<String>,
        /// Stock keeping unit: one size and colour of the product.
        sku: Option<String>,
        /// Global Trade Item Number, 8 to 14 digits.
        gtin: Option<String>,
        /// Category, such as `Shoes`.
        category: Option<String>,
        /// Name as the customer knows it.
        name: Option<String>,
        /// Brand.
        brand: Option<String>,
        /// Variant, such as `Black`.
        variant: Option<String>,
        /// Size, such as `38` or `M`.
        size: Option<String>,
        /// Colour.
        color: Option<String>,
        /// Price of one piece.
        price: Option<Price>,
        /// How many pieces; one where nothing is said.
        quantity: Option<u32>,
        /// Coupon that goes with it.
        coupon: Option<String>,
        /// Place in a list, from one.
        position: Option<u32>,
        /// Page of the product.
        url: Option<String>,
        /// Picture of the product.
        image_url: Option<String>,
    }
    with extra
}

impl Product {
    /// What tells two products apart: the SKU, else the product id, else the GTIN, else the name.
    pub fn key(&self) -> Option<&str> {
        [&self.sku, &self.product_id, &self.gtin, &self.name].into_iter().find_map(|id| id.as_deref())
    }

    /// How many pieces.
    pub fn pieces(&self) -> u32 {
        self.quantity.unwrap_or(1)
    }
}

impl Field for Product {
    const FORM: &'static str = "product";

    fn read(json: Json<'_>, at: &Path<'_>, scope: &Scope) -> Result<Self, EventError> {
        let mut object = Object::read(json, at)?;
        let mut scope = *scope;
        // A currency beside the price goes into it; without a price it tells nothing, and is kept.
        if object.peek("price").is_some()
            && let Some(currency) = Option::<Currency>::pick(&mut object, "currency", at, &scope)?
        {
            scope.currency = Some(currency);
        }
        Product::whole(object, at, &scope)
    }
    fn write(&self, out: &mut String) {
        Writer::object(out, |out| self.put(out));
    }
}
