//! What the shops sell. Brands and goods are invented.

use super::draw::Draw;

/// A product, sold in one or more sizes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Product {
    /// Place in [`CATALOGUE`] plus one; part of the GTIN, so a product keeps it for good.
    pub(crate) number: u16,
    /// Style code; with a size it makes the stock-keeping unit.
    pub(crate) code: &'static str,
    /// Name as on the label.
    pub(crate) name: &'static str,
    /// Category.
    pub(crate) category: &'static str,
    /// Brand.
    pub(crate) brand: &'static str,
    /// Sizes in ascending order, at least one.
    pub(crate) sizes: &'static [&'static str],
    /// List price in hundredths of [`CURRENCY`](super::CURRENCY).
    pub(crate) price_minor: i64,
}

impl Product {
    /// Stock-keeping unit of one size, such as `TEE-RIV-M`; `size` is a place in [`sizes`](Self::sizes).
    pub(crate) fn sku(&self, size: usize) -> String {
        format!("{}-{}", self.code, self.size(size).to_uppercase())
    }

    /// Name of one size; a place past the last means the last.
    pub(crate) fn size(&self, size: usize) -> &'static str {
        self.sizes[size.min(self.sizes.len() - 1)]
    }

    /// GTIN-14 of one size.
    ///
    /// The GTIN-13 in it begins with 200, of the prefixes 200 to 299 that GS1 keeps for restricted circulation (*GS1 General
    /// Specifications*, table of GS1 prefixes), so no article of the open trade is meant.
    pub(crate) fn gtin14(&self, size: usize) -> String {
        let digits = format!("0200{:05}{:04}", self.number, size + 1);
        format!("{digits}{}", check_digit(&digits))
    }
}

/// The digit that completes a GTIN: from the right, digits weigh 3, 1, 3, …, and the sum with the check digit is a
/// multiple of ten (*GS1 General Specifications*, section 7.9.1).
fn check_digit(digits: &str) -> u32 {
    let weighted = |(i, digit): (usize, u8)| u32::from(digit - b'0') * if i % 2 == 0 { 3 } else { 1 };
    let sum: u32 = digits.bytes().rev().enumerate().map(weighted).sum();
    (10 - sum % 10) % 10
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// What was bought.
    pub(crate) product: &'static Product,
    /// In which size: a place in the product's sizes.
    pub(crate) size: usize,
    /// How many, at least 1.
    pub(crate) quantity: i64,
}

/// What a customer likes and wears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taste {
    /// The category that this customer looks at first.
    pub(crate) category: &'static str,
    /// Place in [`CLOTHING_SIZES`].
    pub(crate) clothing: usize,
    /// Place in [`SHOE_SIZES`].
    pub(crate) shoes: usize,
}

impl Taste {
    pub(super) fn new(draw: &mut Draw) -> Self {
        Self {
            category: CATALOGUE[draw.below(CATALOGUE.len())].category,
            clothing: *draw.weighted(&[(1, 0), (2, 1), (3, 2), (2, 3), (1, 4)]),
            shoes: draw.below(SHOE_SIZES.len()),
        }
    }

    fn size_of(&self, product: &Product) -> usize {
        match product.sizes {
            CLOTHING_SIZES => self.clothing,
            SHOE_SIZES => self.shoes,
            _ => 0,
        }
    }
}

/// How many goods are picked by taste before the rest of the amount is filled up.
const PICKS: usize = 4;

/// Fills an order of `amount` (hundredths, positive) with goods. Gives the lines, at least one, and the discount that
/// brings their list prices down to the amount; it is below the price of one product.
pub(super) fn fill(amount: i64, taste: &Taste, draw: &mut Draw) -> (Vec<Line>, i64) {
    let mut lines: Vec<Line> = Vec::new();
    let mut add = |product: &'static Product, quantity| {
        match lines.iter_mut().find(|line| line.product == product) {
            Some(line) => line.quantity += quantity,
            None => lines.push(Line { product, size: taste.size_of(product), quantity }),
        }
        product.price_minor * quantity
    };
    let mut left = amount;
    for _ in 0..PICKS {
        let liked = draw.chance(50);
        let picked = pick(left, |p| liked && p.category == taste.category, draw)
            .or_else(|| pick(left, |_| true, draw));
        let Some(product) = picked else { break };
        left -= add(product, 1);
    }
    let dearest = CATALOGUE.iter().max_by_key(|p| p.price_minor).expect("the catalogue has goods");
    if left > dearest.price_minor {
        left -= add(dearest, left / dearest.price_minor);
    }
    if left > 0 {
        let enough = CATALOGUE.iter().filter(|p| p.price_minor >= left).min_by_key(|p| p.price_minor);
        left -= add(enough.expect("what is left is at most the dearest price"), 1);
    }
    (lines, -left)
}

/// One of the wanted goods that cost at most `limit`; the dearer of two, so that large orders are not all small change.
fn pick(limit: i64, wanted: impl Fn(&Product) -> bool, draw: &mut Draw) -> Option<&'static Product> {
    let goods: Vec<_> = CATALOGUE.iter().filter(|p| p.price_minor <= limit && wanted(p)).collect();
    let two = [draw.below(goods.len()), draw.below(goods.len())];
    two.into_iter().filter_map(|i| goods.get(i).copied()).max_by_key(|p| p.price_minor)
}

/// Sizes of clothing.
pub(crate) const CLOTHING_SIZES: &[&str] = &["XS", "S", "M", "L", "XL"];
/// Sizes of shoes (United States).
pub(crate) const SHOE_SIZES: &[&str] = &["6", "7", "8", "9", "10", "11", "12"];
const ONE_SIZE: &[&str] = &["one size"];

#[rustfmt::skip]
const fn product(
    number: u16, code: &'static str, name: &'static str, category: &'static str, brand: &'static str,
    sizes: &'static [&'static str], price_minor: i64,
) -> Product {
    Product { number, code, name, category, brand, sizes, price_minor }
}

/// Everything on sale.
#[rustfmt::skip]
pub(crate) static CATALOGUE: [Product; 40] = [
    product(1, "TEE-RIV", "River tee", "Tops", "Alder & Wren", CLOTHING_SIZES, 1_900),
    product(2, "TEE-POC", "Pocket tee", "Tops", "Alder & Wren", CLOTHING_SIZES, 2_200),
    product(3, "TEE-STR", "Striped long-sleeve tee", "Tops", "Fieldmark", CLOTHING_SIZES, 2_800),
    product(4, "SHI-OXF", "Oxford shirt", "Tops", "Fieldmark", CLOTHING_SIZES, 4_900),
    product(5, "SHI-LIN", "Linen shirt", "Tops", "Alder & Wren", CLOTHING_SIZES, 5_400),
    product(6, "HOO-ZIP", "Zip hoodie", "Tops", "Northlight", CLOTHING_SIZES, 5_900),
    product(7, "TRO-CHI", "Slim chinos", "Trousers", "Fieldmark", CLOTHING_SIZES, 4_500),
    product(8, "TRO-DEN", "Straight jeans", "Trousers", "Fieldmark", CLOTHING_SIZES, 6_200),
    product(9, "TRO-LIN", "Linen trousers", "Trousers", "Alder & Wren", CLOTHING_SIZES, 5_200),
    product(10, "TRO-SHO", "Walking shorts", "Trousers", "Northlight", CLOTHING_SIZES, 3_400),
    product(11, "KNI-MER", "Merino jumper", "Knitwear", "Alder & Wren", CLOTHING_SIZES, 7_900),
    product(12, "KNI-CAR", "Lambswool cardigan", "Knitwear", "Alder & Wren", CLOTHING_SIZES, 8_400),
    product(13, "KNI-COT", "Cotton crew jumper", "Knitwear", "Fieldmark", CLOTHING_SIZES, 4_800),
    product(14, "KNI-VES", "Knitted vest", "Knitwear", "Fieldmark", CLOTHING_SIZES, 3_900),
    product(15, "JAC-RAI", "Rain jacket", "Jackets", "Northlight", CLOTHING_SIZES, 9_900),
    product(16, "JAC-QUI", "Quilted jacket", "Jackets", "Northlight", CLOTHING_SIZES, 11_900),
    product(17, "JAC-CHO", "Chore jacket", "Jackets", "Fieldmark", CLOTHING_SIZES, 8_900),
    product(18, "JAC-FLE", "Fleece gilet", "Jackets", "Northlight", CLOTHING_SIZES, 5_600),
    product(19, "SHO-COU", "Court trainers", "Shoes", "Pavement", SHOE_SIZES, 6_900),
    product(20, "SHO-RUN", "Running shoes", "Shoes", "Pavement", SHOE_SIZES, 8_800),
    product(21, "SHO-CHE", "Chelsea boots", "Shoes", "Pavement", SHOE_SIZES, 12_900),
    product(22, "SHO-SAN", "Leather sandals", "Shoes", "Pavement", SHOE_SIZES, 4_400),
    product(23, "SHO-ESP", "Espadrilles", "Shoes", "Pavement", SHOE_SIZES, 2_900),
    product(24, "ACC-BEA", "Ribbed beanie", "Accessories", "Northlight", ONE_SIZE, 1_600),
    product(25, "ACC-SCA", "Wool scarf", "Accessories", "Alder & Wren", ONE_SIZE, 2_600),
    product(26, "ACC-GLO", "Touchscreen gloves", "Accessories", "Northlight", ONE_SIZE, 1_800),
    product(27, "ACC-BEL", "Leather belt", "Accessories", "Fieldmark", ONE_SIZE, 2_400),
    product(28, "ACC-SOC", "Ankle socks", "Accessories", "Pavement", ONE_SIZE, 600),
    product(29, "ACC-CAP", "Canvas cap", "Accessories", "Northlight", ONE_SIZE, 1_400),
    product(30, "ACC-UMB", "Folding umbrella", "Accessories", "Northlight", ONE_SIZE, 2_100),
    product(31, "BAG-TOT", "Canvas tote", "Bags", "Fieldmark", ONE_SIZE, 1_200),
    product(32, "BAG-DAY", "Day pack", "Bags", "Northlight", ONE_SIZE, 6_400),
    product(33, "BAG-CRO", "Cross-body bag", "Bags", "Alder & Wren", ONE_SIZE, 4_200),
    product(34, "BAG-WAL", "Card wallet", "Bags", "Alder & Wren", ONE_SIZE, 2_700),
    product(35, "CAR-LAC", "Shoe laces", "Care", "Pavement", ONE_SIZE, 300),
    product(36, "CAR-WAX", "Leather wax", "Care", "Pavement", ONE_SIZE, 900),
    product(37, "CAR-BRU", "Suede brush", "Care", "Pavement", ONE_SIZE, 800),
    product(38, "CAR-WOO", "Wool wash", "Care", "Alder & Wren", ONE_SIZE, 1_000),
    product(39, "CAR-PRO", "Rain proofing spray", "Care", "Northlight", ONE_SIZE, 1_300),
    product(40, "CAR-INS", "Cork insoles", "Care", "Pavement", ONE_SIZE, 1_100),
];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn check_digits_match_published_examples() {
        // GS1's own worked example, the EAN-13 example in common use, and a UPC-A.
        assert_eq!(check_digit("629104150021"), 3);
        assert_eq!(check_digit("400638133393"), 1);
        assert_eq!(check_digit("03600029145"), 2);
        // Leading zeros change nothing, so a GTIN-13 reads as a GTIN-14.
        assert_eq!(check_digit("0629104150021"), 3);
    }

    #[test]
    fn every_variant_has_its_own_valid_numbers() {
        let (mut gtins, mut skus) = (BTreeSet::new(), BTreeSet::new());
        let mut variants = 0;
        for (i, product) in CATALOGUE.iter().enumerate() {
            assert_eq!(usize::from(product.number), i + 1);
            assert!(product.price_minor > 0 && !product.sizes.is_empty());
            for size in 0..product.sizes.len() {
                let gtin = product.gtin14(size);
                assert_eq!(gtin.len(), 14);
                let sum: u32 =
                    gtin.bytes().enumerate().map(|(i, d)| u32::from(d - b'0') * [3, 1][i % 2]).sum();
                assert_eq!(sum % 10, 0, "{gtin}");
                gtins.insert(gtin);
                skus.insert(product.sku(size));
                variants += 1;
            }
        }
        assert_eq!((gtins.len(), skus.len()), (variants, variants));
        assert_eq!(CATALOGUE[0].sku(2), "TEE-RIV-M");
        assert_eq!(CATALOGUE[0].size(99), "XL");
    }

    #[test]
    fn an_order_comes_to_its_amount() {
        let mut draw = Draw::new(3, 0);
        let dearest = CATALOGUE.iter().map(|p| p.price_minor).max().unwrap();
        for amount in (1..20_000).chain([dearest, dearest + 1, 1_000_000, 123_456_789, i64::MAX / 4]) {
            let taste = Taste::new(&mut draw);
            let (lines, discount) = fill(amount, &taste, &mut draw);
            let list: i64 = lines.iter().map(|line| line.product.price_minor * line.quantity).sum();
            assert_eq!(list - discount, amount);
            assert!((0..dearest).contains(&discount));
            assert!(lines.len() <= PICKS + 2 && lines.iter().all(|line| line.quantity > 0));
            assert!(lines.iter().all(|line| line.size < line.product.sizes.len()));
        }
    }

    #[test]
    fn discounts_are_small() {
        let mut draw = Draw::new(4, 0);
        let taste = Taste::new(&mut draw);
        let total: i64 = (2_000..8_000).map(|amount| fill(amount, &taste, &mut draw).1).sum();
        assert!(total < 6_000 * 5_000 / 20, "below five percent of what was bought: {total}");
    }
}
