//! What speaks for and against two records being one person, as a chart: every field adds to where the one before ended.

use crate::picture::{
    LETTERS, PX, RIGHT, STYLE, Scale, WIDTH, escape, line, open, page, px, rect, shortened, text,
};

/// The weights of a pair of records, in millibits.
pub(crate) struct Waterfall<'a> {
    /// The ids of both.
    pub(crate) records: (&'a str, &'a str),
    /// The fields, as they shall stand.
    pub(crate) bars: &'a [Bar],
    /// From which sum on two records are a match.
    pub(crate) threshold: i32,
    /// What is said of both, in a word.
    pub(crate) verdict: &'a str,
}

/// A field.
pub(crate) struct Bar {
    /// Its name, and what both say.
    pub(crate) label: String,
    /// What it is worth, in millibits.
    pub(crate) weight: i32,
}

/// What a standalone picture needs beside [`STYLE`]: its letters, and a ground of its own, so that it is read on any page.
const ALONE: &str = "svg { font-family: system-ui, -apple-system, \"Segoe UI\", Roboto, \"Noto Sans\", sans-serif; }\n\
    svg .ground { fill: var(--card); }\n";

const PAGE: &str = "body { margin: 0 auto; max-width: 36rem; padding: 1rem; background: var(--card); color: var(--text); \
    font: 1rem/1.45 system-ui, -apple-system, \"Segoe UI\", Roboto, \"Noto Sans\", sans-serif; overflow-wrap: anywhere; }\n\
    h1 { margin: 0 0 .8rem; font-size: 1.25rem; }\np { color: var(--soft); font-size: .9rem; }\n";

/// Lines and letters of a chart of weights alone.
const MARKS: &str =
    "svg .limit { stroke: var(--text); stroke-dasharray: 3 3; }\nsvg .sum { fill: var(--axis); }\n";

impl Waterfall<'_> {
    const LEFT: i128 = 6 * PX;
    const TOP: i128 = 4 * PX;
    const ROW: i128 = 38 * PX;
    const BAR: i128 = 12 * PX;

    /// The picture in a file of its own.
    pub(crate) fn svg(&self) -> String {
        let picture = self.picture();
        let (head, body) = picture.split_once('\n').expect("the first line opens the picture");
        let head = head.replacen("<svg ", "<svg xmlns=\"http://www.w3.org/2000/svg\" ", 1);
        let ground = "<rect class=\"ground\" width=\"100%\" height=\"100%\"/>";
        format!("{head}\n<style>\n{STYLE}{ALONE}{MARKS}</style>\n{ground}\n{body}")
    }

    /// The picture on a page.
    pub(crate) fn html(&self) -> String {
        let title = self.title();
        let mut out = page(&title, &format!("{PAGE}{MARKS}"));
        out += &format!("<h1>{}</h1>\n{}", escape(&title), self.picture());
        out += "<p>Each bar begins where the one before ended. To the right a field speaks for one person, to the left for \
            two; one bit doubles the odds. From the dashed line on two records are a match; whether they become one profile, \
            other records of both have a say in.</p>\n";
        out + "<p>This file is complete by itself: it loads nothing and runs no script.</p>\n</body>\n</html>\n"
    }

    fn sum(&self) -> i128 {
        self.bars.iter().map(|bar| i128::from(bar.weight)).sum()
    }

    fn title(&self) -> String {
        let (one, two) = self.records;
        format!("{one} and {two}: {} bits, {}", bits(self.sum()), self.verdict)
    }

    fn picture(&self) -> String {
        // Where the sum stands before each field and after the last.
        let mut ends = vec![0_i128];
        for bar in self.bars {
            ends.push(ends[ends.len() - 1] + i128::from(bar.weight));
        }
        let threshold = i128::from(self.threshold);
        let all = || ends.iter().copied().chain([threshold]);
        let scale = Scale::holding(all().min().unwrap_or(0), all().max().unwrap_or(0));
        let place = |value| Self::LEFT + scale.place(value, RIGHT - Self::LEFT - 12 * PX);
        let bottom = Self::TOP + Self::ROW * (self.bars.len() as i128 + 1) + 4 * PX;
        let mut svg = open(&self.title(), bottom + 38 * PX);
        for value in scale.marks() {
            let x = place(value);
            svg += &line(if value == 0 { "axis" } else { "grid" }, [x, Self::TOP, x, bottom]);
            let anchor = if x == Self::LEFT { "start" } else { "middle" };
            svg += &text(x, bottom + 14 * PX, anchor, &mark(value));
        }
        let limit = place(threshold);
        svg += &line("limit", [limit, Self::TOP, limit, bottom]);
        for (i, (bar, ends)) in self.bars.iter().zip(ends.windows(2)).enumerate() {
            let class = if bar.weight < 0 { "s1" } else { "s0" };
            svg +=
                &self.row(i, (&bar.label, i128::from(bar.weight)), class, [place(ends[0]), place(ends[1])]);
            // To where the next bar begins.
            let (x, top) = (place(ends[1]), Self::TOP + Self::ROW * i as i128 + 18 * PX);
            svg += &line("axis", [x, top, x, top + Self::ROW + Self::BAR]);
        }
        let sum = self.sum();
        svg += &self.row(self.bars.len(), ("together", sum), "sum", [place(0), place(sum)]);
        let legend = format!("Bits; a match from {} on", bits(threshold));
        svg += &text(WIDTH / 2, bottom + 33 * PX, "title middle", &legend);
        svg + "</svg>\n"
    }

    fn row(&self, number: usize, (label, weight): (&str, i128), class: &str, ends: [i128; 2]) -> String {
        let top = Self::TOP + Self::ROW * number as i128;
        let worth = bits(weight);
        let room = LETTERS.saturating_sub(worth.chars().count() + 2);
        let (from, to) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
        let mut out = String::new();
        if weight != 0 {
            // A weight that is not 0 is never invisible.
            out += &rect(class, [from, top + 18 * PX, (to - from).max(5), Self::BAR]);
        }
        out += &text(Self::LEFT + 3 * PX, top + 13 * PX, "name", &shortened(label, room));
        out += &text(RIGHT, top + 13 * PX, "name end", &worth);
        // The whole row answers to the pointer, with all of a long label.
        let said = escape(&format!("{label}: {worth} bits"));
        let [x, y, width, height] = [0, top, WIDTH, Self::ROW].map(px);
        out + &format!(
            "<rect class=\"hit\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"><title>{said}</title></rect>\n"
        )
    }
}

/// Millibits as bits with their sign and one decimal, rounded half away from zero.
pub(crate) fn bits(millibits: i128) -> String {
    let tenths = (millibits.abs() + 50) / 100;
    let sign = if millibits < 0 && tenths > 0 { '\u{2212}' } else { '+' };
    format!("{sign}{}.{}", tenths / 10, tenths % 10)
}

/// A mark of the axis, which is a round number of millibits: bits without needless decimals.
fn mark(millibits: i128) -> String {
    let sign = if millibits < 0 { "\u{2212}" } else { "" };
    let (whole, part) = (millibits.abs() / 1000, format!("{:03}", millibits.abs() % 1000));
    match part.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        part => format!("{sign}{whole}.{part}"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::picture::places;

    fn bars(weights: &[i32]) -> Vec<Bar> {
        weights.iter().map(|weight| Bar { label: format!("field {weight}"), weight: *weight }).collect()
    }

    fn chart(bars: &[Bar]) -> Waterfall<'_> {
        Waterfall { records: ("1", "2"), bars, threshold: 4_000, verdict: "a match" }
    }

    #[test]
    fn each_bar_begins_where_the_one_before_ended() {
        // 0 to 10 bits on 376 pixels from 6.
        let svg = chart(&bars(&[4_000, 6_000, -2_500, 0])).svg();
        assert_eq!(places(&svg, "s0", "x"), [6.0, 156.4]);
        assert_eq!(places(&svg, "s0", "width"), [150.4, 225.6]);
        assert_eq!((places(&svg, "s1", "x"), places(&svg, "s1", "width")), (vec![288.0], vec![94.0]));
        assert_eq!((places(&svg, "sum", "x"), places(&svg, "sum", "width")), (vec![6.0], vec![282.0]));
        assert_eq!(places(&svg, "limit", "x1"), [156.4]);
        assert!(svg.contains("aria-label=\"1 and 2: +7.5 bits, a match\""), "{svg}");
    }

    #[test]
    fn everything_stays_inside_the_picture() {
        for weights in [&[][..], &[64_000; 12], &[-64_000; 12], &[1], &[-1, 1], &[64_000, -64_000, -64_000]] {
            let svg = chart(&bars(weights)).svg();
            let height: f64 =
                svg.split("viewBox=\"0 0 400 ").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
            for class in ["s0", "s1", "sum"] {
                let (x, width) = (places(&svg, class, "x"), places(&svg, class, "width"));
                assert!(x.iter().zip(&width).all(|(x, w)| *x >= 6.0 && x + w <= 394.0), "{weights:?}");
                let (y, tall) = (places(&svg, class, "y"), places(&svg, class, "height"));
                assert!(y.iter().zip(&tall).all(|(y, h)| y + h < height - 38.0), "{weights:?}");
            }
        }
    }

    #[test]
    fn a_file_is_complete_by_itself_and_harmless() {
        let evil = "<script>alert('x')</script>\"&";
        let bars = [Bar { label: evil.to_owned(), weight: 1_000 }];
        let chart = Waterfall { records: (evil, evil), bars: &bars, threshold: 4_000, verdict: "no match" };
        for text in [chart.svg(), chart.html()] {
            let text = text.replacen("http://www.w3.org/2000/svg", "", 1);
            for word in ["<script", "alert('x')", "http:", "https:", "src=", "href", "@import", "url("] {
                assert!(!text.contains(word), "{word}");
            }
            assert!(text.contains("prefers-color-scheme: dark") && text.contains("no match"));
        }
    }

    #[test]
    fn bits_have_a_sign_and_one_decimal() {
        let shown = [0, 49, 50, -49, -50, 1_000, -12_345, 64_000].map(bits);
        assert_eq!(shown, ["+0.0", "+0.0", "+0.1", "+0.0", "\u{2212}0.1", "+1.0", "\u{2212}12.3", "+64.0"]);
        assert_eq!([0, 5_000, -200, 50].map(mark), ["0", "5", "\u{2212}0.2", "0.05"]);
    }
}
