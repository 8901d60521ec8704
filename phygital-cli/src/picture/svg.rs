//! Pieces of a picture, and of the page around it.

/// Everything is placed in tenths of a pixel.
pub(crate) const PX: i128 = 10;
/// How wide a picture is: as wide as a phone.
pub(crate) const WIDTH: i128 = 400 * PX;
/// Where the drawing ends.
pub(crate) const RIGHT: i128 = WIDTH - 6 * PX;

/// What a line of text holds at the size used, in letters of ordinary width.
pub(crate) const LETTERS: usize = 48;

/// Colours by their use, for light and dark, and how a picture's texts and lines look.
pub(crate) const STYLE: &str = include_str!("style.css");
/// How a page of figures, pictures and tables looks.
pub(crate) const PAGE: &str = include_str!("page.css");

/// At most `room` letters of a name; those beyond Latin, Greek and Cyrillic count for two, since they may be wide.
pub(crate) fn shortened(name: &str, room: usize) -> String {
    let width = |c: char| if c < '\u{590}' { 1 } else { 2 };
    if name.chars().map(width).sum::<usize>() <= room {
        return name.to_owned();
    }
    let mut left = room.saturating_sub(1);
    let fits = |c: &char| {
        let fits = width(*c) <= left;
        left = left.saturating_sub(width(*c));
        fits
    };
    name.chars().take_while(fits).chain(['…']).collect()
}

/// The beginning of a picture of this height; `about` says what it shows to those who cannot see it.
pub(crate) fn open(about: &str, height: i128) -> String {
    let (about, width, height) = (escape(about), px(WIDTH), px(height));
    format!("<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{about}\">\n")
}

/// A bar: left, top, width, height.
pub(crate) fn rect(class: &str, place: [i128; 4]) -> String {
    let [x, y, width, height] = place.map(px);
    format!("<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>\n")
}

/// A line from the first two coordinates to the last two.
pub(crate) fn line(class: &str, ends: [i128; 4]) -> String {
    let [x1, y1, x2, y2] = ends.map(px);
    format!("<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>\n")
}

/// A text; `y` is where its letters stand.
pub(crate) fn text(x: i128, y: i128, class: &str, content: &str) -> String {
    format!("<text class=\"{class}\" x=\"{}\" y=\"{}\">{}</text>\n", px(x), px(y), escape(content))
}

/// Tenths of a pixel as a decimal.
pub(crate) fn px(tenths: i128) -> String {
    match tenths % PX {
        0 => (tenths / PX).to_string(),
        part => format!("{}.{part}", tenths / PX),
    }
}

/// Text that can stand in an element or a quoted attribute. Control characters, which HTML does not allow, become the
/// replacement character.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            '\t' | '\n' => out.push(' '),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// The beginning of a page that is complete by itself: it runs no script and loads nothing. `style` stands behind
/// [`STYLE`].
pub(crate) fn page(title: &str, style: &str) -> String {
    let title = escape(title);
    let mut page = String::from("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page += "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n";
    page += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
    page += "<meta name=\"color-scheme\" content=\"light dark\">\n";
    page + &format!("<title>{title}</title>\n<style>\n{STYLE}{style}</style>\n</head>\n<body>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_made_harmless() {
        assert_eq!(
            escape("<b a='1' c=\"2\">&</b>"),
            "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;&lt;/b&gt;"
        );
        assert_eq!(escape("a\u{0}b\u{1b}[31m\nc\u{85}"), "a\u{fffd}b\u{fffd}[31m c\u{fffd}");
        assert_eq!(escape("Köln 東京 مرحبا"), "Köln 東京 مرحبا");
    }

    #[test]
    fn long_names_make_room_for_the_number() {
        assert_eq!(shortened("organic", 20), "organic");
        assert_eq!(shortened("organic search", 8), "organic…");
        assert_eq!(shortened("東京東京", 8), "東京東京");
        assert_eq!(shortened("東京東京東", 8), "東京東…");
        assert_eq!(shortened("abc", 0), "…");
    }

    #[test]
    fn tenths_print_as_decimals() {
        assert_eq!([0, 5, 10, 1_234].map(px), ["0", "0.5", "1", "123.4"]);
    }
}
