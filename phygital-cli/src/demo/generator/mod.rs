//! A month of purchases with the shape of real ones, from a seed.
//!
//! # Whose month it is
//! Thirty days are short beside the weeks that people leave between purchases, and the models start at a person's first
//! purchase. So the cohort is sampled as a shop would meet it: each customer's first purchase falls anywhere, with equal
//! chance, in the year before the month or in the month; from there the customer's own life is played (BG/NBD), and the
//! month is what falls within it. Thus the month holds a steady mix: new customers, regulars, people who come back after
//! half a year, and many who were customers once and do not show up. With the published parameters about one customer in
//! thirteen is new, one in six buys in the month, and a hundred customers make about nineteen orders in it.
//!
//! # What is measured and what is made up
//! When people buy and how much follows published models with published parameters (see `behaviour`). The hour of a
//! shop purchase (moved into opening hours, the day kept), the place, the goods that fill the amount and the people are
//! made up.

mod behaviour;
pub(crate) mod catalogue;
pub(crate) mod draw;
pub(crate) mod people;

use behaviour::{CDNOW_PURCHASES, CDNOW_SPEND};
use catalogue::{Line, Taste};
use draw::Draw;
use people::{PEOPLE_MAX, Person};

/// Days in the month.
pub(crate) const DAYS: u32 = 30;
/// Currency of every amount (ISO 4217, two decimals).
pub(crate) const CURRENCY: &str = "USD";
/// Most customers in a cohort: beyond, invented telephone numbers would belong to two people.
pub(crate) const CUSTOMERS_MAX: u32 = PEOPLE_MAX;

const DAY_SECONDS: u32 = 86_400;
const WEEK_SECONDS: f64 = 604_800.0;
const MONTH_WEEKS: f64 = DAYS as f64 / 7.0;
/// How long before the month the oldest customers bought first.
const HISTORY_WEEKS: f64 = 52.0;

/// A shop of the chain.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shop {
    /// Short name for ids.
    pub(crate) id: &'static str,
    /// Name for people.
    pub(crate) name: &'static str,
}

/// The three shops, the busiest first.
pub(crate) static SHOPS: [Shop; 3] = [
    Shop { id: "harbour", name: "Harbour Street" },
    Shop { id: "oldtown", name: "Old Town" },
    Shop { id: "station", name: "Station Arcade" },
];

/// Shops open at 10:00 and close at 20:00 local time.
const OPENS: u32 = 10 * 3_600;
const OPEN_FOR: u32 = 10 * 3_600;

/// How a customer came to know the chain: the campaign source and medium of a first web visit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Campaign {
    /// As in `utm_source`.
    pub(crate) source: &'static str,
    /// As in `utm_medium`.
    pub(crate) medium: &'static str,
}

/// Ways by which customers come; `None` is someone who walked in.
static WAYS: [(usize, Option<Campaign>); 6] = [
    (30, None),
    (25, Some(Campaign { source: "google", medium: "organic" })),
    (15, Some(Campaign { source: "google", medium: "cpc" })),
    (15, Some(Campaign { source: "instagram", medium: "paid_social" })),
    (10, Some(Campaign { source: "newsletter", medium: "email" })),
    (5, Some(Campaign { source: "friend", medium: "referral" })),
];

/// A customer of the chain, with the month's purchases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Customer {
    /// Place in the cohort, from 0.
    pub(crate) number: u32,
    /// The person.
    pub(crate) person: Person,
    /// Likes and sizes.
    pub(crate) taste: Taste,
    /// The shop of this customer's neighbourhood: a place in [`SHOPS`].
    pub(crate) home_shop: usize,
    /// How the customer came; `None` walked in.
    pub(crate) came_by: Option<&'static Campaign>,
    /// Purchases before the month; 0 means that the first one falls in the month.
    pub(crate) orders_before: usize,
    /// The month's purchases in order of time, perhaps none.
    pub(crate) purchases: Vec<Purchase>,
}

/// A purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Purchase {
    /// Seconds since the local midnight with which the month begins, below `DAYS` days.
    pub(crate) at: u32,
    /// Where.
    pub(crate) place: Place,
    /// What was paid, in hundredths of [`CURRENCY`]: the lines' list prices less the discount.
    pub(crate) amount_minor: i64,
    /// What was bought, at least one line.
    pub(crate) lines: Vec<Line>,
    /// Taken off the list prices, in hundredths, not negative.
    pub(crate) discount_minor: i64,
}

/// Where a purchase happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a shop: a place in [`SHOPS`].
    Shop(usize),
    /// On the web.
    Web,
}

/// More customers were asked for than the cohort can have.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{asked} customers were asked for; at most {CUSTOMERS_MAX} can have a telephone number of their own")]
pub(crate) struct TooManyCustomers {
    /// How many were asked for.
    pub(crate) asked: u32,
}

/// The month of `customers` customers, from a seed. The same arguments give the same cohort on every platform, and a
/// larger cohort begins with the smaller one.
///
/// # Errors
/// More than [`CUSTOMERS_MAX`] customers.
pub(crate) fn month(seed: u64, customers: u32) -> Result<Vec<Customer>, TooManyCustomers> {
    if customers > CUSTOMERS_MAX {
        return Err(TooManyCustomers { asked: customers });
    }
    Ok((0..customers).map(|number| Customer::new(seed, number)).collect())
}

impl Customer {
    fn new(seed: u64, number: u32) -> Self {
        let draw = &mut Draw::new(seed, number.into());
        let (orders_before, times) = times_in_month(draw);
        let spend_rate = CDNOW_SPEND.rate(draw);
        let person = Person::new(number, draw);
        let taste = Taste::new(draw);
        let home_shop = *draw.weighted(&[(5, 0), (3, 1), (2, 2)]);
        let came_by = draw.weighted(&WAYS).as_ref();
        let mut purchases: Vec<Purchase> = times
            .into_iter()
            .map(|at| {
                let place = Place::new(home_shop, draw);
                let amount_minor = CDNOW_SPEND.order_minor(spend_rate, draw);
                let (lines, discount_minor) = catalogue::fill(amount_minor, &taste, draw);
                Purchase { at: place.open_at(at), place, amount_minor, lines, discount_minor }
            })
            .collect();
        // Opening hours may have moved a shop purchase past a web purchase of the same day.
        purchases.sort_by_key(|purchase| purchase.at);
        Self { number, person, taste, home_shop, came_by, orders_before, purchases }
    }
}

/// One customer's life: how many purchases came before the month, and the seconds in the month of those within it.
fn times_in_month(draw: &mut Draw) -> (usize, Vec<u32>) {
    let first = draw.unit() * (HISTORY_WEEKS + MONTH_WEEKS) - HISTORY_WEEKS;
    let repeats = CDNOW_PURCHASES.repeats(MONTH_WEEKS - first, draw);
    let weeks = || std::iter::once(first).chain(repeats.iter().map(|gap| first + gap));
    let seconds = |at: f64| ((at * WEEK_SECONDS) as u32).min(DAYS * DAY_SECONDS - 1);
    (weeks().filter(|&at| at < 0.0).count(), weeks().filter(|&at| at >= 0.0).map(seconds).collect())
}

impl Place {
    /// A third of the purchases are made on the web; of the others most are made in the shop nearby.
    fn new(home_shop: usize, draw: &mut Draw) -> Self {
        match *draw.weighted(&[(33, 0), (57, 1), (10, 2)]) {
            0 => Self::Web,
            1 => Self::Shop(home_shop),
            _ => Self::Shop(draw.below(SHOPS.len())),
        }
    }

    /// The time of a purchase made here: the web never closes; a shop's day is squeezed into its opening hours.
    fn open_at(self, at: u32) -> u32 {
        let in_day = at % DAY_SECONDS;
        match self {
            Self::Web => at,
            Self::Shop(_) => at - in_day + OPENS + in_day * (OPEN_FOR / 3_600) / (DAY_SECONDS / 3_600),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::behaviour::tests::expected_repeats;
    use super::*;
    use ring::digest::{SHA256, digest};
    use std::fmt::Write;

    const MONTH_SECONDS: u32 = DAYS * DAY_SECONDS;

    /// Every field as text, so that two months can be compared to the byte.
    fn text(customers: &[Customer]) -> String {
        let mut out = String::new();
        for c in customers {
            let (p, t, way) = (&c.person, &c.taste, c.came_by.map_or("-", |way| way.source));
            writeln!(out, "{} {} {} {} {}", c.number, p.given_name, p.family_name, p.email, p.phone).unwrap();
            writeln!(out, "{} {} {} {}", t.category, t.clothing, t.shoes, way).unwrap();
            writeln!(out, "{} {}", c.home_shop, c.orders_before).unwrap();
            for buy in &c.purchases {
                let place = match buy.place {
                    Place::Shop(shop) => SHOPS[shop].id,
                    Place::Web => "web",
                };
                write!(out, "{} {place} {} {}", buy.at, buy.amount_minor, buy.discount_minor).unwrap();
                for line in &buy.lines {
                    let (sku, gtin) = (line.product.sku(line.size), line.product.gtin14(line.size));
                    write!(out, " {}x{sku}/{gtin}", line.quantity).unwrap();
                }
                out.push('\n');
            }
        }
        out
    }

    /// A change of these bytes changes everyone's demonstration; another platform must give them too.
    #[test]
    fn the_month_of_seed_1_is_pinned() {
        let bytes = text(&month(1, 1_000).unwrap());
        let hex = digest(&SHA256, bytes.as_bytes())
            .as_ref()
            .iter()
            .fold(String::new(), |hex, b| format!("{hex}{b:02x}"));
        assert_eq!(hex, "eec2769bd0858ad7fc939eab182ae67c955683d2036da5f3c9424586cd2f6a12");
    }

    #[test]
    fn a_seed_gives_one_month_and_another_seed_another() {
        assert_eq!(text(&month(9, 300).unwrap()), text(&month(9, 300).unwrap()));
        assert_ne!(text(&month(9, 300).unwrap()), text(&month(10, 300).unwrap()));
    }

    #[test]
    fn a_larger_cohort_begins_with_the_smaller() {
        let large = month(2, 400).unwrap();
        assert!(month(2, 150).unwrap() == large[..150]);
    }

    #[test]
    fn the_cohort_has_a_limit() {
        assert_eq!(month(1, CUSTOMERS_MAX).unwrap().len(), CUSTOMERS_MAX as usize);
        let error = month(1, CUSTOMERS_MAX + 1).unwrap_err();
        assert!(error.to_string().contains("at most 10000"), "{error}");
        assert_eq!(month(1, 0).unwrap(), []);
    }

    /// With first purchases spread evenly over H + M weeks, the orders that a customer makes in the last M of them come
    /// to (M + integral of E[X(u)] over u in H..H+M) / (H + M). Stated tolerance: four standard errors.
    #[test]
    fn the_month_holds_the_steady_mix() {
        const PEOPLE: u64 = 50_000;
        let counts: Vec<(usize, f64)> = (0..PEOPLE)
            .map(|i| times_in_month(&mut Draw::new(6, i)))
            .map(|(before, times)| (before, times.len() as f64))
            .collect();
        let steps = 100;
        let integral: f64 = (0..steps)
            .map(|i| HISTORY_WEEKS + MONTH_WEEKS * (f64::from(i) + 0.5) / f64::from(steps))
            .map(|week| expected_repeats(&CDNOW_PURCHASES, week) * MONTH_WEEKS / f64::from(steps))
            .sum();
        let expected = (MONTH_WEEKS + integral) / (HISTORY_WEEKS + MONTH_WEEKS);
        let n = PEOPLE as f64;
        let mean = counts.iter().map(|(_, x)| x).sum::<f64>() / n;
        let variance = counts.iter().map(|(_, x)| (x - mean) * (x - mean)).sum::<f64>() / n;
        assert!((mean - expected).abs() < 4.0 * (variance / n).sqrt(), "{mean} {expected}");

        let new = counts.iter().filter(|(before, _)| *before == 0).count() as f64 / n;
        let expected = MONTH_WEEKS / (HISTORY_WEEKS + MONTH_WEEKS);
        assert!((new - expected).abs() < 4.0 * (expected / n).sqrt(), "{new} {expected}");
    }

    #[test]
    fn purchases_are_in_order_in_hours_and_add_up() {
        let customers = month(3, 3_000).unwrap();
        let mut places = [0_u32; 4];
        for c in &customers {
            assert!(c.orders_before > 0 || !c.purchases.is_empty(), "everyone has bought at least once");
            assert!(c.purchases.is_sorted_by_key(|buy| buy.at));
            for buy in &c.purchases {
                assert!(buy.at < MONTH_SECONDS && buy.amount_minor > 0);
                let list: i64 = buy.lines.iter().map(|l| l.product.price_minor * l.quantity).sum();
                assert_eq!(list - buy.discount_minor, buy.amount_minor);
                match buy.place {
                    Place::Web => places[3] += 1,
                    Place::Shop(shop) => {
                        places[shop] += 1;
                        assert!((OPENS..OPENS + OPEN_FOR).contains(&(buy.at % DAY_SECONDS)));
                    }
                }
            }
        }
        assert!(places.iter().all(|&n| n > 30), "every shop and the web sell: {places:?}");
    }
}
