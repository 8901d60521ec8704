//! The month on one page: a self-contained HTML file with pictures, the numbers under each, and what each number means.
//!
//! No script, no font, no address: a content security policy in the file forbids even the attempt. The same data give
//! the same bytes.

mod chart;
mod html;
mod section;

use crate::picture::{PAGE, count, escape, money, page};

/// What the report shows. A matrix that lacks a shop or a day is read as 0 there; what it has beyond them is not shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReportData {
    /// Heading of the page.
    pub(crate) title: String,
    /// The days as `YYYY-MM-DD`, ascending. The pictures read well up to about a year.
    pub(crate) days: Vec<String>,
    /// In which time zone a day begins at midnight, such as `America/New_York`.
    pub(crate) time_zone: String,
    /// Names of the shops.
    pub(crate) shops: Vec<String>,
    /// The figures over the whole time.
    pub(crate) headline: Headline,
    /// Genuine taps, by shop, then day.
    pub(crate) taps: Vec<Vec<u64>>,
    /// Opt-ins, by shop, then day.
    pub(crate) opt_ins: Vec<Vec<u64>>,
    /// Genuine taps by customers who agreed to be known, by day.
    pub(crate) known_taps: Vec<u64>,
    /// Genuine taps by anybody else, by day.
    pub(crate) anonymous_taps: Vec<u64>,
    /// First visits, by day.
    pub(crate) first_visits: Vec<u64>,
    /// Repeat visits, by day.
    pub(crate) repeat_visits: Vec<u64>,
    /// Net revenue by the channel of the customer's first touch, in any order; it sums to the headline's revenue, so
    /// orders without a known first touch need a row of their own.
    pub(crate) revenue: Vec<Revenue>,
    /// What a reader has to know of the data, a sentence or two each.
    pub(crate) notes: Vec<String>,
}

/// Figures over the whole time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Headline {
    /// Taps judged.
    pub(crate) taps: u64,
    /// Taps found genuine.
    pub(crate) genuine: u64,
    /// Taps found replayed.
    pub(crate) replayed: u64,
    /// Taps found forged.
    pub(crate) forged: u64,
    /// Taps of tags that are not enrolled.
    pub(crate) not_enrolled: u64,
    /// Taps of tags that are lost, suspended or retired.
    pub(crate) out_of_service: u64,
    /// Consents given.
    pub(crate) opt_ins: u64,
    /// Consents withdrawn.
    pub(crate) opt_outs: u64,
    /// Facts that customers stated of themselves by text.
    pub(crate) stated: u64,
    /// Known customers at the end.
    pub(crate) customers_known: u64,
    /// Orders completed.
    pub(crate) orders: u64,
}

/// An amount of revenue.
#[derive(Clone, Debug)]
pub(crate) struct Revenue {
    /// Channel of the first touch.
    pub(crate) channel: String,
    /// ISO 4217 code.
    pub(crate) currency: String,
    /// Amount in minor units, negative if more came back than was sold.
    pub(crate) minor: i64,
    /// How many decimals the minor unit has.
    pub(crate) exponent: u8,
}

/// Renders the report as one HTML file.
pub(crate) fn render(data: &ReportData) -> String {
    let title = escape(&data.title);
    let revenue = section::by_currency(&data.revenue);
    let mut page = page(&data.title, PAGE);
    page += &format!("<header>\n<h1>{title}</h1>\n<p>{}</p>\n</header>\n<main>\n", subtitle(data));
    page += &section::headline(&data.headline, &revenue);
    page += &section::shops(data);
    page += "<div class=\"panels\">\n";
    page += &section::known_and_anonymous(data);
    page += &section::visits(data);
    page += &section::revenue_by_channel(&revenue);
    page += "</div>\n</main>\n<footer>\n";
    for note in &data.notes {
        page += &format!("<p>{}</p>\n", escape(note));
    }
    page += "<p>";
    page += &format!("A day runs from midnight to midnight, {}. ", escape(&data.time_zone));
    page += "Amounts are exact sums in the currency's smallest unit; nothing is estimated or converted. ";
    page += "This file is complete by itself: it loads nothing and runs no script.</p>\n</footer>\n</body>\n</html>\n";
    page
}

/// An amount for people: grouped, with its decimals.
pub(crate) fn amount(minor: i64, exponent: u8) -> String {
    money(minor.into(), exponent)
}

fn subtitle(data: &ReportData) -> String {
    let shops = match data.shops.len() {
        1 => "1 shop".to_owned(),
        n => format!("{} shops", count(n as u128)),
    };
    match (data.days.first(), data.days.last()) {
        (Some(first), Some(last)) => format!("{} to {} · {shops}", escape(first), escape(last)),
        _ => format!("No days · {shops}"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "../../../tests/support/balance.rs"]
mod balance;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::balance::check_balance;
    use super::*;

    /// A month whose numbers are made from their places.
    fn sample(shops: usize, days: usize) -> ReportData {
        let names = ["Harbour Street", "Old Town", "Station Arcade"];
        let wave = |shop: usize, day: usize, of: usize| {
            ((day * 7 + shop * 13 + day * day) % of + of / (shop + 2)) as u64
        };
        let by_day = |of: usize| (0..days).map(|day| wave(1, day, of)).collect::<Vec<_>>();
        let by_shop =
            |of: usize| (0..shops).map(|s| (0..days).map(|d| wave(s, d, of)).collect()).collect::<Vec<_>>();
        let revenue = |channel: &str, minor| Revenue {
            channel: channel.to_owned(),
            currency: "USD".to_owned(),
            minor,
            exponent: 2,
        };
        ReportData {
            title: "A month at three shops".to_owned(),
            days: (0..days).map(|d| format!("2026-{:02}-{:02}", d / 30 % 12 + 3, d % 30 + 1)).collect(),
            time_zone: "America/New_York".to_owned(),
            shops: (0..shops)
                .map(|s| names.get(s).map_or(format!("Shop {s}"), |n| (*n).to_owned()))
                .collect(),
            headline: Headline {
                taps: 1_482,
                genuine: 1_391,
                replayed: 48,
                forged: 31,
                not_enrolled: 12,
                out_of_service: 2,
                opt_ins: 412,
                opt_outs: 23,
                stated: 31,
                customers_known: 389,
                orders: 1_106,
            },
            taps: by_shop(26),
            opt_ins: by_shop(9),
            known_taps: by_day(31),
            anonymous_taps: by_day(22),
            first_visits: by_day(12),
            repeat_visits: by_day(28),
            revenue: vec![
                revenue("instagram / paid social", 412_355),
                revenue("store tap", 1_633_420),
                revenue("google / organic", 1_204_910),
                revenue("newsletter / email", 288_001),
                revenue("google / cpc", 731_250),
                revenue("no known touch", 96_400),
            ],
            notes: vec!["Taps in a file are claims.".to_owned()],
        }
    }

    #[test]
    fn pages_are_well_formed_whatever_the_data() {
        for (shops, days) in [(3, 30), (1, 30), (40, 30), (3, 1), (2, 0), (0, 30), (0, 0), (3, 366)] {
            check_balance(&render(&sample(shops, days)));
        }
        check_balance(&render(&ReportData::default()));
    }

    #[test]
    fn the_same_data_give_the_same_bytes() {
        let mut data = sample(3, 30);
        let page = render(&data);
        assert!(page == render(&data));
        data.revenue.reverse();
        assert!(page == render(&data), "the order of the revenue rows does not matter");
    }

    #[test]
    fn the_page_is_complete_by_itself() {
        let page = render(&sample(3, 30));
        for word in ["<script", "http:", "https:", "src=", "@import", "url(", "<link", "<img"] {
            assert!(!page.contains(word), "{word}");
        }
    }

    #[test]
    fn an_empty_report_says_so() {
        let page = render(&ReportData::default());
        for text in ["No days · 0 shops", "No shops.", "No days.", "No revenue.", "Nothing was recorded."] {
            assert!(page.contains(text), "{text}");
        }
    }

    #[test]
    fn all_text_is_escaped() {
        let evil = "<script>alert('x')</script>&\"";
        let mut data = sample(2, 3);
        data.title = evil.to_owned();
        data.time_zone = evil.to_owned();
        data.days = vec![evil.to_owned(); 3];
        data.shops = vec![evil.to_owned(); 2];
        data.revenue[0].channel = evil.to_owned();
        data.notes = vec![evil.to_owned()];
        data.revenue[1].currency = evil.to_owned();
        let page = render(&data);
        check_balance(&page);
        assert!(!page.contains("<script") && !page.contains("alert('x')"));
        assert!(page.contains("<h1>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;</h1>"));
    }

    #[test]
    fn revenue_is_summed_by_currency_and_exact() {
        let row = |channel: &str, currency: &str, minor, exponent| Revenue {
            channel: channel.to_owned(),
            currency: currency.to_owned(),
            minor,
            exponent,
        };
        let mut data = sample(1, 2);
        data.revenue = vec![
            row("a", "USD", i64::MAX, 2),
            row("b", "USD", i64::MAX, 2),
            row("a", "USD", 1, 2),
            row("a", "JPY", 1_200, 0),
            row("b", "KWD", -1_001, 3),
            row("c", "SEK", 0, 2),
        ];
        let page = render(&data);
        check_balance(&page);
        for text in [
            "<dt>Revenue, USD</dt><dd class=\"figure\">184,<wbr>467,<wbr>440,<wbr>737,<wbr>095,<wbr>516.15",
            "<td>92,233,720,368,547,758.08</td>",
            "<dt>Revenue, JPY</dt><dd class=\"figure\">1,<wbr>200<",
            "<dd class=\"figure\">\u{2212}1.001<",
            "<dd class=\"figure\">0.00<",
            "Revenue, KWD",
        ] {
            assert!(page.contains(text), "{text}");
        }
    }

    #[test]
    fn what_a_matrix_lacks_is_zero() {
        let mut data = sample(3, 4);
        data.taps = vec![vec![5]];
        data.opt_ins = vec![vec![1; 9]; 9];
        data.known_taps.clear();
        let page = render(&data);
        check_balance(&page);
        assert!(page.contains("<th scope=\"row\">2026-03-02</th><td>0</td><td>1</td><td>0</td><td>1</td>"));
        assert!(page.contains(
            "<th scope=\"row\">Total</th><td>5</td><td>4</td><td>0</td><td>4</td><td>0</td><td>4</td>"
        ));
    }

    #[test]
    fn big_numbers_are_exact() {
        let mut data = sample(1, 2);
        data.taps = vec![vec![u64::MAX, 1]];
        data.headline.taps = u64::MAX;
        let page = render(&data);
        check_balance(&page);
        assert!(
            page.contains(
                "<dd class=\"figure\">18,<wbr>446,<wbr>744,<wbr>073,<wbr>709,<wbr>551,<wbr>615</dd>"
            )
        );
        assert!(page.contains("<td>18,446,744,073,709,551,616</td>"));
        assert!(page.contains(">20e18</text>"));
    }
}
