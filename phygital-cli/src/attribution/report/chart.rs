//! The pictures of a report: bars that lie, bars that stand, and ranges.

use crate::picture::{LETTERS, PX, RIGHT, Scale, escape, line, open, px, rect, shortened, text};

/// Bars that lie, each under its own name and number, so that long ones never meet.
pub(super) struct Bars<'a> {
    /// What is shown, for those who cannot see it.
    pub(super) about: String,
    /// Title of the axis.
    pub(super) unit: &'a str,
    /// As they shall stand.
    pub(super) rows: Vec<Bar<'a>>,
    /// How a mark of the axis is written.
    pub(super) mark: &'a dyn Fn(i128) -> String,
    /// The scale holds at least these, so that pictures can share one.
    pub(super) at_least: (i128, i128),
    /// A value to measure by, drawn as a line.
    pub(super) measure: Option<i128>,
}

/// One of them.
pub(super) struct Bar<'a> {
    pub(super) name: &'a str,
    pub(super) value: i128,
    /// The value as it is read.
    pub(super) told: String,
    /// From where to where it might as well be.
    pub(super) range: Option<(i128, i128)>,
    /// Other values that it has elsewhere, as marks on its bar.
    pub(super) marks: Vec<i128>,
    /// Whether it is one to look at.
    pub(super) flagged: bool,
}

impl<'a> Bar<'a> {
    pub(super) fn new(name: &'a str, value: i128, told: String) -> Bar<'a> {
        Bar { name, value, told, range: None, marks: Vec::new(), flagged: false }
    }
}

impl Bars<'_> {
    const LEFT: i128 = 6 * PX;
    const TOP: i128 = 4 * PX;
    const ROW: i128 = 38 * PX;
    const BAR: i128 = 12 * PX;

    /// The picture.
    pub(super) fn svg(&self) -> String {
        if self.rows.is_empty() {
            return "<p class=\"empty\">Nothing that may be shown.</p>\n".to_owned();
        }
        let all = || {
            let rows = self.rows.iter();
            let of_row = |bar: &Bar<'_>| {
                let range = bar.range.into_iter().flat_map(|(low, high)| [low, high]);
                range.chain(bar.marks.iter().copied()).chain([bar.value]).collect::<Vec<_>>()
            };
            rows.flat_map(of_row).chain([self.at_least.0, self.at_least.1]).chain(self.measure)
        };
        let scale = Scale::holding(all().min().unwrap_or(0), all().max().unwrap_or(0));
        let place = |value| Self::LEFT + scale.place(value, RIGHT - Self::LEFT - 12 * PX);
        let bottom = Self::TOP + Self::ROW * self.rows.len() as i128 + 4 * PX;
        let mut svg = open(&self.about, bottom + 38 * PX);
        for value in scale.marks() {
            let x = place(value);
            svg += &line(if value == 0 { "axis" } else { "grid" }, [x, Self::TOP, x, bottom]);
            let anchor = if x == Self::LEFT { "start" } else { "middle" };
            svg += &text(x, bottom + 14 * PX, anchor, &(self.mark)(value));
        }
        for (at, bar) in self.rows.iter().enumerate() {
            let top = Self::TOP + Self::ROW * at as i128;
            let room = LETTERS.saturating_sub(bar.told.chars().count() + 2);
            svg += &text(Self::LEFT + 3 * PX, top + 13 * PX, "name", &shortened(bar.name, room));
            svg += &text(RIGHT, top + 13 * PX, "name end", &bar.told);
            let (from, to) = (place(bar.value.min(0)), place(bar.value.max(0)));
            let (high, low) = (top + 18 * PX, top + 18 * PX + Self::BAR);
            if bar.value != 0 {
                let class = if bar.flagged { "s1" } else { "s0" };
                svg += &rect(class, [from, high, (to - from).max(5), Self::BAR]);
            }
            for mark in &bar.marks {
                svg += &line("tick", [place(*mark), high - 2 * PX, place(*mark), low + 2 * PX]);
            }
            if let Some((least, most)) = bar.range {
                let (least, most, middle) = (place(least), place(most), (high + low) / 2);
                svg += &line("range", [least, middle, most, middle]);
                for end in [least, most] {
                    svg += &line("range", [end, middle - 4 * PX, end, middle + 4 * PX]);
                }
            }
        }
        if let Some(measure) = self.measure {
            svg += &line("measure", [place(measure), Self::TOP, place(measure), bottom]);
        }
        svg += &text((Self::LEFT + RIGHT) / 2, bottom + 33 * PX, "title middle", self.unit);
        svg + "</svg>\n"
    }
}

/// Bars that stand beside each other: a distribution.
pub(super) struct Columns<'a> {
    pub(super) about: String,
    /// Title of the vertical axis.
    pub(super) unit: &'a str,
    /// Title of the horizontal one.
    pub(super) across: &'a str,
    /// Names and values.
    pub(super) rows: Vec<(String, i128)>,
    pub(super) mark: &'a dyn Fn(i128) -> String,
}

impl Columns<'_> {
    const LEFT: i128 = 38 * PX;
    const TOP: i128 = 26 * PX;
    const BOTTOM: i128 = 166 * PX;
    const HEIGHT: i128 = 204 * PX;

    /// The picture.
    pub(super) fn svg(&self) -> String {
        if self.rows.is_empty() {
            return "<p class=\"empty\">Nothing that may be shown.</p>\n".to_owned();
        }
        let scale = Scale::holding(0, self.rows.iter().map(|(_, value)| *value).max().unwrap_or(0));
        let height = |value: i128| scale.place(value, Self::BOTTOM - Self::TOP);
        let mut svg = open(&self.about, Self::HEIGHT);
        svg += &text(0, 11 * PX, "title", self.unit);
        for value in scale.marks() {
            let y = Self::BOTTOM - height(value);
            svg += &line(if value == 0 { "axis" } else { "grid" }, [Self::LEFT, y, RIGHT, y]);
            svg += &text(Self::LEFT - 5 * PX, y + 4 * PX, "end", &(self.mark)(value));
        }
        let room = (RIGHT - Self::LEFT) / self.rows.len() as i128;
        for (at, (name, value)) in self.rows.iter().enumerate() {
            let left = Self::LEFT + room * at as i128;
            let gap = (room / 5).min(6 * PX);
            if *value > 0 {
                // A value that is not 0 is never invisible.
                let high = height(*value).max(5);
                svg += &rect("s0", [left + gap / 2, Self::BOTTOM - high, room - gap, high]);
            }
            svg += &text(left + room / 2, Self::BOTTOM + 15 * PX, "middle", name);
            let said = escape(&format!("{name}: {}", (self.mark)(*value)));
            let [x, y, width, tall] = [left, Self::TOP, room, Self::BOTTOM - Self::TOP].map(px);
            svg += &format!(
                "<rect class=\"hit\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{tall}\"><title>{said}</title></rect>\n"
            );
        }
        svg += &text((Self::LEFT + RIGHT) / 2, Self::HEIGHT - 4 * PX, "title middle", self.across);
        svg + "</svg>\n"
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn places(svg: &str, element: &str, attribute: &str) -> Vec<f64> {
        let lines = svg.lines().filter(|line| line.starts_with(&format!("<{element} ")));
        let value =
            |line: &str| line.split(&format!(" {attribute}=\"")).nth(1)?.split('"').next()?.parse().ok();
        lines.filter_map(value).collect()
    }

    proptest! {
        #[test]
        fn everything_stays_inside_the_picture(
            rows in prop::collection::vec((-9_999..99_999_i128, 0..9_999_i128, 0..9_999_i128), 1..20),
            measure in prop::option::of(0..200_000_i128),
        ) {
            let bar = |(value, below, above): &(i128, i128, i128)| Bar {
                range: Some((value - below, value + above)),
                marks: vec![value - below / 2],
                ..Bar::new("name", *value, value.to_string())
            };
            let mark = |value: i128| value.to_string();
            let (about, rows) = (String::new(), rows.iter().map(bar).collect::<Vec<_>>());
            let columns = rows.iter().map(|bar| (bar.told.clone(), bar.value.abs())).collect();
            let bars = Bars { about, unit: "u", rows, mark: &mark, at_least: (0, 0), measure }.svg();
            let ends = places(&bars, "line", "x1").into_iter().chain(places(&bars, "line", "x2"));
            prop_assert!(ends.into_iter().all(|x| (5.9..=394.1).contains(&x)));
            let standing = Columns { about: String::new(), unit: "u", across: "a", rows: columns, mark: &mark }.svg();
            for svg in [&bars, &standing] {
                for (x, width) in places(svg, "rect", "x").iter().zip(places(svg, "rect", "width")) {
                    prop_assert!(*x >= 5.9 && x + width <= 394.2 && width > 0.0);
                }
            }
            for (y, height) in places(&standing, "rect", "y").iter().zip(places(&standing, "rect", "height")) {
                prop_assert!(*y >= 25.5 && y + height <= 166.1);
            }
        }
    }

    #[test]
    fn a_picture_of_nothing_says_so() {
        let mark = |value: i128| value.to_string();
        let bars = Bars {
            about: String::new(),
            unit: "",
            rows: Vec::new(),
            mark: &mark,
            at_least: (0, 0),
            measure: None,
        };
        assert!(bars.svg().contains("Nothing that may be shown."));
    }
}
