//! Counts by day and amounts, as pictures.

use crate::picture::{
    LETTERS, PX, RIGHT, Scale, WIDTH, count, day_label, escape, labelled_days, line, mark, money, money_mark,
    open, px, rect, shortened, text,
};

/// One row of bars, with a value a day.
pub(super) struct Series<'a> {
    /// What is counted, as it follows a number.
    pub(super) name: &'a str,
    /// One value a day.
    pub(super) values: &'a [u64],
}

/// How the series of a day stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrangement {
    /// Beside one another.
    SideBySide,
    /// On top of one another: together they are a whole.
    Stacked,
}

/// Bars by day.
pub(super) struct DayChart<'a> {
    /// What is shown, for those who cannot see it.
    pub(super) about: String,
    /// Title of the vertical axis.
    pub(super) unit: &'a str,
    /// The days.
    pub(super) days: &'a [String],
    /// The series, each as long as the days.
    pub(super) series: &'a [Series<'a>],
    /// How they stand.
    pub(super) arrangement: Arrangement,
    /// The scale holds at least this, so that pictures can share one.
    pub(super) at_least: i128,
}

impl DayChart<'_> {
    const LEFT: i128 = 38 * PX;
    const TOP: i128 = 26 * PX;
    const BOTTOM: i128 = 166 * PX;
    const HEIGHT: i128 = 204 * PX;
    /// Width that the longest label, such as `30 Sep`, takes with a gap.
    const LABEL: i128 = 44 * PX;

    /// The picture.
    pub(super) fn svg(&self) -> String {
        if self.days.is_empty() {
            return "<p class=\"empty\">No days.</p>\n".to_owned();
        }
        let highest = (0..self.days.len()).map(|day| self.top_of(day)).max().unwrap_or(0);
        let scale = Scale::holding(0, highest.max(self.at_least));
        let mut svg = open(&self.about, Self::HEIGHT);
        svg += &text(0, 11 * PX, "title", self.unit);
        for value in scale.marks() {
            let y = Self::BOTTOM - scale.place(value, Self::BOTTOM - Self::TOP);
            svg += &line(if value == 0 { "axis" } else { "grid" }, [Self::LEFT, y, RIGHT, y]);
            svg += &text(Self::LEFT - 5 * PX, y + 4 * PX, "end", &mark(value.unsigned_abs()));
        }
        for day in 0..self.days.len() {
            svg += &self.bars(day, &scale);
        }
        svg += &self.day_axis();
        svg + "</svg>\n"
    }

    /// Where day number `day` begins.
    fn edge(&self, day: usize) -> i128 {
        Self::LEFT + (RIGHT - Self::LEFT) * day as i128 / self.days.len() as i128
    }

    fn values(&self, day: usize) -> impl Iterator<Item = i128> {
        self.series.iter().map(move |series| i128::from(series.values[day]))
    }

    fn top_of(&self, day: usize) -> i128 {
        match self.arrangement {
            Arrangement::SideBySide => self.values(day).max().unwrap_or(0),
            Arrangement::Stacked => self.values(day).sum(),
        }
    }

    fn bars(&self, day: usize, scale: &Scale) -> String {
        let (from, to) = (self.edge(day), self.edge(day + 1));
        // A fifth of the day's width is left free, at most 4 pixels.
        let gap = ((to - from) / 5).min(4 * PX);
        let (left, room) = (from + gap / 2, to - from - gap);
        let height = |value| scale.place(value, Self::BOTTOM - Self::TOP);
        let mut out = String::new();
        let mut below = 0;
        for (i, value) in self.values(day).enumerate() {
            let (x, width, base) = match self.arrangement {
                Arrangement::Stacked => (left, room, below),
                Arrangement::SideBySide => {
                    let share = room / self.series.len() as i128;
                    (left + share * i as i128, share, 0)
                }
            };
            let (bottom, top) = (Self::BOTTOM - height(base), Self::BOTTOM - height(base + value));
            if value > 0 {
                // A value that is not 0 is never invisible.
                out += &rect(&format!("s{i}"), [x, top.min(bottom - 5), width.max(1), (bottom - top).max(5)]);
            }
            below += value;
        }
        // The whole column answers to the pointer, since a bar can be too small to hit.
        let said: Vec<_> =
            self.series.iter().map(|s| format!("{} {}", count(s.values[day].into()), s.name)).collect();
        let said = escape(&format!("{}: {}", self.days[day], said.join(", ")));
        let [x, y, width, height] = [from, Self::TOP, to - from, Self::BOTTOM - Self::TOP].map(px);
        out + &format!(
            "<rect class=\"hit\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"><title>{said}</title></rect>\n"
        )
    }

    fn day_axis(&self) -> String {
        let length = RIGHT - Self::LEFT;
        let mut out = String::new();
        for day in labelled_days(self.days.len(), length as usize, Self::LABEL as usize) {
            let middle = (self.edge(day) + self.edge(day + 1)) / 2;
            out += &line("axis", [middle, Self::BOTTOM, middle, Self::BOTTOM + 4 * PX]);
            // The last label may be too near the edge; its mark stays.
            if middle + Self::LABEL / 2 <= WIDTH {
                out += &text(middle, Self::BOTTOM + 17 * PX, "middle", &day_label(&self.days[day]));
            }
        }
        out + &text((Self::LEFT + RIGHT) / 2, Self::HEIGHT - 4 * PX, "title middle", "Day")
    }
}

/// Amounts as bars that lie: each under its own name and number, so that long ones never meet.
pub(super) struct MoneyChart<'a> {
    /// ISO 4217 code.
    pub(super) currency: &'a str,
    /// Decimals of the minor unit.
    pub(super) exponent: u8,
    /// Names and amounts in minor units, as they shall stand.
    pub(super) rows: &'a [(String, i128)],
}

impl MoneyChart<'_> {
    const LEFT: i128 = 6 * PX;
    const TOP: i128 = 4 * PX;
    const ROW: i128 = 38 * PX;
    const BAR: i128 = 12 * PX;

    /// The picture.
    pub(super) fn svg(&self) -> String {
        let amounts = || self.rows.iter().map(|(_, minor)| *minor);
        let scale = Scale::holding(amounts().min().unwrap_or(0), amounts().max().unwrap_or(0));
        let place = |value| Self::LEFT + scale.place(value, RIGHT - Self::LEFT - 12 * PX);
        let bottom = Self::TOP + Self::ROW * self.rows.len() as i128 + 4 * PX;
        let mut svg = open(&format!("Revenue by first touch in {}", self.currency), bottom + 38 * PX);
        for value in scale.marks() {
            let x = place(value);
            svg += &line(if value == 0 { "axis" } else { "grid" }, [x, Self::TOP, x, bottom]);
            let anchor = if x == Self::LEFT { "start" } else { "middle" };
            svg += &text(x, bottom + 14 * PX, anchor, &money_mark(value, self.exponent));
        }
        for (i, (name, minor)) in self.rows.iter().enumerate() {
            let top = Self::TOP + Self::ROW * i as i128;
            let amount = money(*minor, self.exponent);
            let room = LETTERS.saturating_sub(amount.chars().count() + 2);
            svg += &text(Self::LEFT + 3 * PX, top + 13 * PX, "name", &shortened(name, room));
            svg += &text(RIGHT, top + 13 * PX, "name end", &amount);
            let (from, to) = (place((*minor).min(0)), place((*minor).max(0)));
            if *minor != 0 {
                svg += &rect("s0", [from, top + 18 * PX, (to - from).max(5), Self::BAR]);
            }
        }
        let unit = format!("Revenue, {}", self.currency);
        svg += &text((Self::LEFT + RIGHT) / 2, bottom + 33 * PX, "title middle", &unit);
        svg + "</svg>\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::places;

    fn days(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("2026-{:02}-{:02}", i / 28 % 12 + 1, i % 28 + 1)).collect()
    }

    #[test]
    fn bars_are_as_high_as_their_values() {
        let chart = |arrangement| {
            DayChart {
                about: "x".to_owned(),
                unit: "Count",
                days: &days(2),
                series: &[Series { name: "a", values: &[10, 0] }, Series { name: "b", values: &[5, 4] }],
                arrangement,
                at_least: 0,
            }
            .svg()
        };
        let beside = chart(Arrangement::SideBySide);
        // 0 to 10 on 140 pixels; a zero has no bar.
        assert_eq!(places(&beside, "s0", "height"), [140.0]);
        assert_eq!(places(&beside, "s1", "height"), [70.0, 56.0]);
        let stacked = chart(Arrangement::Stacked);
        // 0 to 15: the second stands on the first.
        assert_eq!(places(&stacked, "s0", "y"), [166.0 - 93.3]);
        assert_eq!(places(&stacked, "s1", "y")[0], 26.0);
        assert!(stacked.contains("<title>2026-01-01: 10 a, 5 b</title>"));
    }

    #[test]
    fn everything_stays_inside_the_picture() {
        for n in [1, 2, 7, 30, 31, 90, 366, 5_000] {
            for top in [0, 1, 1_000_000, u64::MAX] {
                let days = days(n);
                let values: Vec<u64> = (0..n as u64).map(|i| top / (i + 1)).collect();
                let series = [Series { name: "a", values: &values }, Series { name: "b", values: &values }];
                for arrangement in [Arrangement::SideBySide, Arrangement::Stacked] {
                    let about = String::new();
                    let svg =
                        DayChart { about, unit: "", days: &days, series: &series, arrangement, at_least: 0 }
                            .svg();
                    for class in ["s0", "s1", "hit"] {
                        let (x, width) = (places(&svg, class, "x"), places(&svg, class, "width"));
                        assert!(x.iter().zip(&width).all(|(x, w)| *x >= 38.0 && x + w <= 394.2), "{n} {top}");
                        let (y, height) = (places(&svg, class, "y"), places(&svg, class, "height"));
                        assert!(
                            y.iter().zip(&height).all(|(y, h)| *y >= 25.5 && y + h <= 166.1),
                            "{n} {top}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn amounts_lie_on_their_side_of_zero() {
        let rows = [("sold".to_owned(), 6_000), ("back".to_owned(), -4_000), ("none".to_owned(), 0)];
        let svg = MoneyChart { currency: "EUR", exponent: 2, rows: &rows }.svg();
        // -40 to 60 on 376 pixels from 6.
        assert_eq!(places(&svg, "s0", "x"), [156.4, 6.0]);
        assert_eq!(places(&svg, "s0", "width"), [225.6, 150.4]);
        assert!(svg.contains(">\u{2212}40.00<") && svg.contains(">60.00<") && svg.contains(">0.00<"));
    }
}
