//! Inbound texts brought into one plain form, and taken apart into runs of letters and digits.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::vocab::limits::INBOUND_BYTES_MAX;

/// The text in compatibility form (NFKD of Unicode Standard Annex 15), upper case by Unicode's own
/// rules, without accents and invisible characters; Arabic and Devanagari digits as European ones. At
/// most the first [`INBOUND_BYTES_MAX`] bytes.
pub(crate) fn plain(text: &str) -> String {
    let mut end = text.len().min(INBOUND_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let visible = text[..end].nfkd().filter(|c| !is_combining_mark(*c) && !is_invisible(*c));
    visible.map(european_digit).flat_map(char::to_uppercase).collect()
}

fn european_digit(c: char) -> char {
    let digits = [0x0660_u32, 0x06f0, 0x0966].map(|zero| u32::from(c).wrapping_sub(zero));
    digits.into_iter().find(|digit| *digit < 10).and_then(|digit| char::from_digit(digit, 10)).unwrap_or(c)
}

/// Soft hyphen, joiners, direction marks and the like, which phones insert and nobody sees.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'
        // Blanks that count as letters or symbols, and what stands for an object.
        | '\u{115f}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{fff9}'..='\u{fffc}')
}

/// White space within a line.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() && !is_break(c)
}

/// What people put between the parts of a code: hyphens and dashes, dots, low lines.
pub(crate) fn is_joint(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '.' | '\u{b7}' | '\u{2022}' | '_')
}

/// What ends a line; quotation marks do so as well, since a reaction quotes a whole message.
pub(crate) fn is_break(c: char) -> bool {
    matches!(
        c,
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' | '"' | '\u{201c}'
            ..='\u{201f}' | '\u{ab}' | '\u{bb}'
    )
}

/// What stands before a [`Run`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Gap {
    /// Nothing, or only hyphens, dots and low lines.
    Joint,
    /// White space as well.
    Space,
    /// Anything else, or the start of the line.
    Hard,
}

/// Letters and digits that stand together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) gap: Gap,
    pub(crate) letters: Vec<char>,
}

/// The lines of a plain text, each as its runs; none is empty. A signature that a phone or mail
/// program puts below is left out.
pub(crate) fn lines(plain: &str) -> Vec<Vec<Run>> {
    let lines = plain.split(is_break).map(runs).filter(|line| !line.is_empty());
    let mut lines: Vec<Vec<Run>> = lines.collect();
    if lines.len() > 1 && lines.last().is_some_and(|line| is_signature(&words(line.iter()))) {
        lines.pop();
    }
    lines
}

fn runs(line: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut gap = Some(Gap::Hard);
    for c in line.chars() {
        if c.is_alphanumeric() {
            match (gap.take(), runs.last_mut()) {
                (None, Some(run)) => run.letters.push(c),
                (gap, _) => runs.push(Run { gap: gap.unwrap_or(Gap::Hard), letters: vec![c] }),
            }
        } else {
            let here = if is_joint(c) {
                Gap::Joint
            } else if is_space(c) {
                Gap::Space
            } else {
                Gap::Hard
            };
            gap = gap.max(Some(here));
        }
    }
    runs
}

/// Beginnings of what phones and mail programs put below a message, in plain form.
const SIGNATURES: [&str; 14] = [
    "SENT BY ",
    "SENT WITH ",
    "VERZONDEN VANAF ",
    "SKICKAT FRAN ",
    "SENT FROM ",
    "SENT VIA ",
    "GET OUTLOOK FOR ",
    "ENVOYE DE ",
    "ENVOYE DEPUIS ",
    "VON MEINEM ",
    "GESENDET VON ",
    "ENVIADO DESDE ",
    "ENVIADO DO ",
    "INVIATO DA ",
];

/// Whether a line is a signature: its words, with one space between.
pub(crate) fn is_signature(said: &str) -> bool {
    SIGNATURES.iter().any(|signature| said.starts_with(signature))
}

/// Runs with one space between them.
fn words<'r>(runs: impl Iterator<Item = &'r Run>) -> String {
    runs.map(|run| run.letters.iter().collect()).collect::<Vec<String>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        lines(&plain(text)).iter().map(|line| words(line.iter())).collect()
    }

    #[test]
    fn forms_of_the_same_text_become_one() {
        for text in [
            "Arr\u{ea}t 7",
            "ARRE\u{302}T  7",
            "\u{ff21}\u{ff32}\u{ff32}\u{ff25}\u{ff34} \u{ff17}",
            "arr\u{200b}et \u{667}",
        ] {
            assert_eq!(said(text), ["ARRET 7"], "{text}");
        }
        assert_eq!(
            said("\u{1d412}\u{1d413}\u{1d40e}\u{1d40f} 7\u{fe0f}\u{20e3}"),
            ["STOP 7"],
            "bold, keycap"
        );
    }

    #[test]
    fn signatures_and_quotes_end_lines() {
        assert_eq!(said("Stop\n\nSent from my iPhone"), ["STOP"]);
        assert_eq!(said("Sent from my iPhone"), ["SENT FROM MY IPHONE"]);
        assert_eq!(said("Liked \u{201c}JOIN K7QM4X\u{201d}"), ["LIKED", "JOIN K7QM4X"]);
        assert_eq!(said(" \n \"\" !"), [""; 0]);
    }

    #[test]
    fn only_so_much_is_read() {
        let long = |bytes: usize| plain(&"\u{e9}".repeat(bytes / 2)).len();
        assert_eq!(long(INBOUND_BYTES_MAX), INBOUND_BYTES_MAX / 2);
        assert_eq!(long(INBOUND_BYTES_MAX + 2), INBOUND_BYTES_MAX / 2);
        assert_eq!(plain(&format!("a{}", "\u{e9}".repeat(INBOUND_BYTES_MAX))).len(), INBOUND_BYTES_MAX / 2);
    }
}
