//! A product as an event names it.

use super::error::EventError;
use super::extra::Extra;
use super::fields::{Field, Member, Object, Path, Scope, Writer};
use super::json::Json;
use crate::vocab::{Currency, Price};

/// A product, with the properties of Segment's Spec and, for shops, its GTIN, size and colour.
///
/// What else a source says of the product stays in `extra`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Product {
    /// Database id of the product.
    pub product_id: Option<String>,
    /// Stock keeping unit: one size and colour of the product.
    pub sku: Option<String>,
    /// Global Trade Item Number, 8 to 14 digits.
    pub gtin: Option<String>,
    /// Category, such as `Shoes`.
    pub category: Option<String>,
    /// Name as the customer knows it.
    pub name: Option<String>,
    /// Brand.
    pub brand: Option<String>,
    /// Variant, such as `Black`.
    pub variant: Option<String>,
    /// Size, such as `38` or `M`.
    pub size: Option<String>,
    /// Colour.
    pub color: Option<String>,
    /// Price of one piece.
    pub price: Option<Price>,
    /// How many pieces; one where nothing is said.
    pub quantity: Option<u32>,
    /// Coupon that goes with it.
    pub coupon: Option<String>,
    /// Place in a list, from one.
    pub position: Option<u32>,
    /// Page of the product.
    pub url: Option<String>,
    /// Picture of the product.
    pub image_url: Option<String>,
    /// Other properties.
    pub extra: Extra,
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

    /// Takes the product's own properties out of an object, leaving the rest there.
    pub(crate) fn pick(object: &mut Object<'_>, at: &Path<'_>, scope: &Scope) -> Result<Product, EventError> {
        Ok(Product {
            product_id: Member::pick(object, "product_id", at, scope)?,
            sku: Member::pick(object, "sku", at, scope)?,
            gtin: Member::pick(object, "gtin", at, scope)?,
            category: Member::pick(object, "category", at, scope)?,
            name: Member::pick(object, "name", at, scope)?,
            brand: Member::pick(object, "brand", at, scope)?,
            variant: Member::pick(object, "variant", at, scope)?,
            size: Member::pick(object, "size", at, scope)?,
            color: Member::pick(object, "color", at, scope)?,
            price: Member::pick(object, "price", at, scope)?,
            quantity: Member::pick(object, "quantity", at, scope)?,
            coupon: Member::pick(object, "coupon", at, scope)?,
            position: Member::pick(object, "position", at, scope)?,
            url: Member::pick(object, "url", at, scope)?,
            image_url: Member::pick(object, "image_url", at, scope)?,
            extra: Extra::default(),
        })
    }

    pub(crate) fn put(&self, out: &mut Writer<'_>) {
        self.product_id.put("product_id", out);
        self.sku.put("sku", out);
        self.gtin.put("gtin", out);
        self.category.put("category", out);
        self.name.put("name", out);
        self.brand.put("brand", out);
        self.variant.put("variant", out);
        self.size.put("size", out);
        self.color.put("color", out);
        self.price.put("price", out);
        self.quantity.put("quantity", out);
        self.coupon.put("coupon", out);
        self.position.put("position", out);
        self.url.put("url", out);
        self.image_url.put("image_url", out);
        out.extra(&self.extra);
    }
}

impl Field for Product {
    fn read(json: Json<'_>, at: &Path<'_>, scope: &Scope) -> Result<Self, EventError> {
        let mut object = Object::read(json, at)?;
        let mut scope = *scope;
        // A currency beside the price goes into it; without a price it tells nothing, and is kept.
        if object.peek("price").is_some()
            && let Some(currency) = Option::<Currency>::pick(&mut object, "currency", at, &scope)?
        {
            scope.currency = Some(currency);
        }
        let mut product = Product::pick(&mut object, at, &scope)?;
        product.extra = Extra::rest(object, at)?;
        Ok(product)
    }
    fn write(&self, out: &mut String) {
        Writer::object(out, |out| self.put(out));
    }
}
