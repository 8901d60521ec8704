//! What of a text she wrote herself: without the signature of her phone, and without what she quotes of us.

use crate::optin::text::is_signature;

/// A text without what is not hers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct OwnWords<'t> {
    /// What she wrote, line by line.
    pub(super) lines: Vec<&'t str>,
    /// Whether the text is what a phone sends when somebody reacts to a message of ours.
    pub(super) reaction: bool,
    /// Whether anything was left out.
    pub(super) cut: bool,
}

/// What stands before the message that is reacted to, as phones write it, in plain form and without emoji: iPhones that are
/// set to English, French, German, Spanish, Italian, Portuguese and Dutch; Google Messages writes the emoji and `to`.
const REACTIONS: [&str; 46] = [
    "LIKED",
    "LOVED",
    "DISLIKED",
    "LAUGHED AT",
    "EMPHASIZED",
    "EMPHASISED",
    "QUESTIONED",
    "REACTED TO",
    "REACTED WITH TO",
    "REACTED WITH A STICKER TO",
    "TO",
    "A",
    "AIME",
    "A AIME",
    "A ADORE",
    "N A PAS AIME",
    "A RI DE",
    "A RI A",
    "A MIS EN EVIDENCE",
    "A MIS EN AVANT",
    "A REMIS EN QUESTION",
    "A REAGI A",
    "A REAGI AVEC A",
    "A REAGI PAR A",
    "GEFALLT",
    "LIEBT",
    "MAG",
    "LACHT UBER",
    "HAT BETONT",
    "HAT MIT AUF",
    "REAGIERTE MIT AUF",
    "HAT REAGIERT AUF",
    "LE GUSTO",
    "LE ENCANTO",
    "NO LE GUSTO",
    "SE RIO DE",
    "REACCIONO CON A",
    "REACCIONO A",
    "HA MESSO MI PIACE A",
    "HA REAGITO CON A",
    "HA REAGITO A",
    "CURTIU",
    "AMOU",
    "GOSTOU DE",
    "REAGIU COM A",
    "REAGEERDE MET OP",
];

/// The same where what is reacted to is no text.
const REACTED_TO: [&str; 6] =
    ["LIKED A", "LOVED A", "DISLIKED A", "LAUGHED AT A", "EMPHASIZED A", "QUESTIONED A"];
const NO_TEXTS: [&str; 8] = ["IMAGE", "PHOTO", "VIDEO", "MOVIE", "ATTACHMENT", "STICKER", "LINK", "MESSAGE"];

/// A quotation of so many words is of something we wrote; a shorter one may be her own word.
const QUOTED_WORDS: usize = 4;

/// What of a plain text is hers.
pub(super) fn own_words(plain: &str) -> OwnWords<'_> {
    let mut own = OwnWords::default();
    match quotation(plain) {
        Some((before, quoted, behind)) => {
            own.reaction = is_reaction(before);
            if own.reaction || (count(quoted) >= QUOTED_WORDS && count(before) + count(behind) > 0) {
                own.cut = true;
                own.take(before);
                own.take(behind);
            } else {
                own.take(plain);
            }
        }
        None => {
            let said = letters(plain);
            own.reaction = REACTED_TO.iter().any(|verb| {
                let rest = said.strip_prefix(verb).map(|rest| rest.strip_prefix('N').unwrap_or(rest));
                rest.is_some_and(|rest| NO_TEXTS.contains(&rest.trim_start()))
            });
            own.take(plain);
        }
    }
    own
}

impl<'t> OwnWords<'t> {
    /// Takes the lines of a part of the text, but for those that quote, and for the signature below.
    fn take(&mut self, part: &'t str) {
        let first = self.lines.len();
        for line in part.split(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']) {
            let line = line.trim();
            let answered = line.starts_with("ON ") && line.ends_with("WROTE:");
            if answered || line.contains("--ORIGINAL MESSAGE--") {
                self.cut = true;
                break;
            }
            if line.starts_with('>') {
                self.cut = true;
            } else if !line.is_empty() {
                self.lines.push(line);
            }
        }
        if self.lines.len() > 1 && self.lines[first..].last().is_some_and(|line| is_signature(&letters(line)))
        {
            self.lines.pop();
            self.cut = true;
        }
    }
}

/// What stands before the first quotation of a text, within it, and behind the last mark that ends it; one that never ends
/// goes to the end.
fn quotation(plain: &str) -> Option<(&str, &str, &str)> {
    let opens = |c: char| {
        matches!(
            c,
            '"' | '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{bb}' | '\u{300c}' | '\u{300e}'
        )
    };
    let closes =
        |c: char| matches!(c, '"' | '\u{201c}' | '\u{201d}' | '\u{bb}' | '\u{ab}' | '\u{300d}' | '\u{300f}');
    let start = plain.find(opens)?;
    let (before, rest) = plain.split_at(start);
    let quoted = &rest[rest.chars().next().map_or(0, char::len_utf8)..];
    match quoted.rfind(closes) {
        Some(end) => {
            let mark = quoted[end..].chars().next().map_or(0, char::len_utf8);
            Some((before, &quoted[..end], &quoted[end + mark..]))
        }
        None => Some((before, quoted, "")),
    }
}

fn is_reaction(before: &str) -> bool {
    let said = letters(before);
    let takes_back = said.starts_with("REMOVED A") && said.ends_with(" FROM");
    // These two are words: an emoji has to stand before them.
    let bare = matches!(said.as_str(), "TO" | "A");
    let emoji = || before.chars().any(|c| !c.is_alphanumeric() && !c.is_whitespace() && !c.is_ascii());
    takes_back || (REACTIONS.contains(&said.as_str()) && (!bare || emoji()))
}

/// Letters and digits, with one space for whatever stands between.
fn letters(text: &str) -> String {
    let mut said = String::with_capacity(text.len());
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if !said.is_empty() {
            said.push(' ');
        }
        said.push_str(word);
    }
    said
}

fn count(text: &str) -> usize {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reactions_are_told_from_words() {
        for text in [
            "LIKED \u{201c}REPLY STOP TO END\u{201d}",
            "REACTED \u{1f44d} TO \u{201c}STOP\u{201d}",
            "\u{1f44d} TO \u{201c}ACME: REPLY STOP TO END\u{201d}",
            "REMOVED A HEART FROM \u{201c}REPLY STOP\u{201d}",
            "A AIME \u{ab} STOP POUR ARRETER \u{bb}",
            "LOVED AN IMAGE",
            "EMPHASIZED \"CUT OFF HERE, REPLY STOP TO",
        ] {
            assert!(own_words(text).reaction, "{text}");
        }
        for text in ["LIKED IT", "TO \u{201c}STOP\u{201d}", "LOVED A LOT", "I SAID \u{201c}STOP\u{201d}"] {
            assert!(!own_words(text).reaction, "{text}");
        }
    }

    #[test]
    fn what_is_quoted_of_us_is_left_out() {
        let lines = |text| own_words(text).lines;
        assert_eq!(lines("WHY \u{201c}REPLY STOP TO END\u{201d}?"), ["WHY", "?"]);
        assert_eq!(lines("I REPLIED \u{201c}STOP\u{201d} TWICE"), ["I REPLIED \u{201c}STOP\u{201d} TWICE"]);
        assert_eq!(lines("OK\n> REPLY STOP TO END"), ["OK"]);
        assert_eq!(lines("THANKS\nON MONDAY ACME WROTE:\nREPLY STOP"), ["THANKS"]);
        assert_eq!(lines("STOP\n\nSENT FROM MY IPHONE"), ["STOP"]);
        assert_eq!(lines("\u{201c}REPLY STOP TO END\u{201d}"), ["\u{201c}REPLY STOP TO END\u{201d}"]);
    }
}
