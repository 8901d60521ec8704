//! Commerce, as Segment's Ecommerce Spec (V2) names it.

use super::kinds;
use crate::event::product::Product;
use crate::event::property::part;
use crate::vocab::{Currency, Money, MoneyError, OrderId, Personal, Price};

part! {
    /// The sums and lines of an order. All amounts are of one currency.
    ///
    /// `revenue` leaves out shipping and tax, `total` includes them, `subtotal` is after discounts.
    OrderSums {
        /// Shop or site where it was placed.
        affiliation: Option<String>,
        /// After discounts, before tax and shipping.
        subtotal: Option<Money>,
        /// With tax and shipping.
        total: Option<Money>,
        /// Without tax and shipping.
        revenue: Option<Money>,
        /// Shipping.
        shipping: Option<Money>,
        /// Tax.
        tax: Option<Money>,
        /// Discount.
        discount: Option<Money>,
        /// Coupon used.
        coupon: Option<String>,
        /// Currency of the amounts.
        currency: Option<Currency>,
        /// The lines.
        products: Vec<Product>,
    }
}

impl OrderSums {
    /// What the shop earned by the order: revenue, else subtotal, else total, else the sum of the
    /// lines that have a price in one currency.
    pub fn net(&self) -> Option<Money> {
        self.revenue.or(self.subtotal).or(self.total).or_else(|| {
            let lines = self.products.iter().map(|product| {
                let price = product.price.and_then(|price| price.money())?;
                let minor = price.minor().checked_mul(i64::from(product.pieces()))?;
                Some(Money::new(minor, price.currency()))
            });
            lines.reduce(|sum, line| sum?.checked_add(line?).ok()).flatten()
        })
    }

    /// The currency of the amounts, or [`MoneyError::Sum`] where there are several.
    pub(crate) fn one_currency(&self) -> Result<Option<Currency>, MoneyError> {
        let amounts = [self.subtotal, self.total, self.revenue, self.shipping, self.tax, self.discount];
        let named = amounts.into_iter().flatten().map(|amount| amount.currency());
        let mut one = None;
        for currency in self.currency.into_iter().chain(named) {
            if *one.get_or_insert(currency) != currency {
                return Err(MoneyError::Sum);
            }
        }
        Ok(one)
    }
}

kinds! {
    /// A search in the shop.
    ProductsSearched "Products Searched" () { query: Option<String> }

    /// A list or category of products was seen.
    ProductListViewed "Product List Viewed" () {
        list_id: Option<String>,
        category: Option<String>,
        currency: Option<Currency>,
        products: Vec<Product>,
    }

    /// A list was narrowed or sorted. The filters and sorts stay in `extra`.
    ProductListFiltered "Product List Filtered" () {
        list_id: Option<String>,
        category: Option<String>,
        currency: Option<Currency>,
        products: Vec<Product>,
    }

    /// A promotion was seen.
    PromotionViewed "Promotion Viewed" () {
        promotion_id: Option<String>,
        creative: Option<String>,
        name: Option<String>,
        position: Option<String>,
    }

    /// A promotion was clicked.
    PromotionClicked "Promotion Clicked" () {
        promotion_id: Option<String>,
        creative: Option<String>,
        name: Option<String>,
        position: Option<String>,
    }

    /// A product was clicked in a list.
    ProductClicked "Product Clicked" () [product: Product] { currency: Option<Currency> }

    /// The page of a product was seen.
    ProductViewed "Product Viewed" () [product: Product] {
        currency: Option<Currency>,
        value: Option<Price>,
    }

    /// A product went into the cart.
    ProductAdded "Product Added" () [product: Product] {
        cart_id: Option<String>,
        currency: Option<Currency>,
    }

    /// A product was taken out of the cart.
    ProductRemoved "Product Removed" () [product: Product] {
        cart_id: Option<String>,
        currency: Option<Currency>,
    }

    /// The cart was looked at.
    CartViewed "Cart Viewed" () {
        cart_id: Option<String>,
        currency: Option<Currency>,
        products: Vec<Product>,
    }

    /// Paying began.
    CheckoutStarted "Checkout Started" () [order: OrderSums] {
        order_id: Option<OrderId>,
        value: Option<Money>,
    }

    /// A step of the checkout was seen.
    CheckoutStepViewed "Checkout Step Viewed" () {
        checkout_id: Option<String>,
        step: Option<u32>,
        shipping_method: Option<String>,
        payment_method: Option<String>,
    }

    /// A step of the checkout was done.
    CheckoutStepCompleted "Checkout Step Completed" () {
        checkout_id: Option<String>,
        step: Option<u32>,
        shipping_method: Option<String>,
        payment_method: Option<String>,
    }

    /// The means of payment were given.
    PaymentInfoEntered "Payment Info Entered" () {
        checkout_id: Option<String>,
        order_id: Option<OrderId>,
        step: Option<u32>,
        shipping_method: Option<String>,
        payment_method: Option<String>,
    }

    /// An order changed. It holds the order as it now is.
    OrderUpdated "Order Updated" (order_id: OrderId) [order: OrderSums] {}

    /// An order was placed and paid, in a shop or on the web.
    OrderCompleted "Order Completed" (order_id: OrderId) [order: OrderSums] {
        checkout_id: Option<String>,
    }

    /// An order was paid back: in full where no total is given, else that much of it.
    OrderRefunded "Order Refunded" (order_id: OrderId) [order: OrderSums] {}

    /// An order was called off.
    OrderCancelled "Order Cancelled" (order_id: OrderId) [order: OrderSums] {}

    /// A coupon was typed.
    CouponEntered "Coupon Entered" () {
        order_id: Option<OrderId>,
        cart_id: Option<String>,
        coupon_id: Option<String>,
    }

    /// A coupon was accepted.
    CouponApplied "Coupon Applied" () {
        order_id: Option<OrderId>,
        cart_id: Option<String>,
        coupon_id: Option<String>,
        coupon_name: Option<String>,
        currency: Option<Currency>,
        discount: Option<Price>,
    }

    /// A coupon was refused.
    CouponDenied "Coupon Denied" () {
        order_id: Option<OrderId>,
        cart_id: Option<String>,
        coupon_id: Option<String>,
        coupon_name: Option<String>,
        reason: Option<String>,
    }

    /// A coupon was taken back.
    CouponRemoved "Coupon Removed" () {
        order_id: Option<OrderId>,
        cart_id: Option<String>,
        coupon_id: Option<String>,
        coupon_name: Option<String>,
        currency: Option<Currency>,
        discount: Option<Price>,
    }

    /// A product went onto a wish list.
    ProductAddedToWishlist "Product Added to Wishlist" () [product: Product] {
        wishlist_id: Option<String>,
        wishlist_name: Option<String>,
        currency: Option<Currency>,
    }

    /// A product was taken off a wish list.
    ProductRemovedFromWishlist "Product Removed from Wishlist" () [product: Product] {
        wishlist_id: Option<String>,
        wishlist_name: Option<String>,
        currency: Option<Currency>,
    }

    /// A product went from a wish list into the cart.
    WishlistProductAddedToCart "Wishlist Product Added to Cart" () [product: Product] {
        wishlist_id: Option<String>,
        wishlist_name: Option<String>,
        cart_id: Option<String>,
        currency: Option<Currency>,
    }

    /// A product was recommended to somebody.
    ProductShared "Product Shared" () [product: Product] {
        share_via: Option<String>,
        share_message: Option<Personal>,
        recipient: Option<Personal>,
        currency: Option<Currency>,
    }

    /// A cart was shown to somebody.
    CartShared "Cart Shared" () {
        share_via: Option<String>,
        share_message: Option<Personal>,
        recipient: Option<Personal>,
        cart_id: Option<String>,
        currency: Option<Currency>,
        products: Vec<Product>,
    }

    /// A product was reviewed.
    ProductReviewed "Product Reviewed" () {
        product_id: Option<String>,
        review_id: Option<String>,
        review_body: Option<Personal>,
        /// As the shop rates, such as `5`.
        rating: Option<String>,
    }
}
