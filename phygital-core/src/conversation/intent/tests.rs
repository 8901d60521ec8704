//! The phrases are read, and every text is: in bounded time, whatever it is.

#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::lexicon::Lexicon;
use super::*;
use crate::rules::{RuleBody, RuleBook};
use crate::vocab::limits::INBOUND_BYTES_MAX;

fn class(text: &str) -> Class {
    classify(text, &Context::default().with_keywords(&["JOIN"])).class
}

#[test]
fn the_phrases_that_come_with_the_library_are_read() {
    Lexicon::read(include_str!("phrases.txt")).unwrap();
    for (text, told) in [
        ("wish x stop", "percent"),
        ("wisp 90 stop", "kind"),
        ("same nowhere at", "another word"),
        ("stem nowhere at", "another word"),
    ] {
        let fault = format!("{:?}", Lexicon::read(text).unwrap_err());
        assert!(fault.contains(told), "{fault}");
    }
}

#[test]
fn what_is_pending_decides_what_is_ambiguous() {
    let asked = Context::default().with_pending(Asked::YesNo);
    for text in ["cancel it", "no more", "enough", "remove"] {
        assert!(class(text).is_opt_out(), "{text}");
        for context in [asked, Context::default().with_order()] {
            assert!(!classify(text, &context).class.is_opt_out(), "{text}");
        }
    }
    for text in ["STOP", "cancel", "end", "Quit", "REVOKE", "opt out", "unsubscribe"] {
        assert_eq!(classify(text, &asked.with_order()).class, Class::OptOut, "{text}: always counts");
    }
    let number = Context::default().with_pending(Asked::Number);
    assert_eq!(classify("yes", &number).class, Class::Other, "no number");
    assert_eq!(classify("7 out of 10", &number).class, Class::AnswerNumber);
}

#[test]
fn a_wish_in_a_text_with_a_code_joins_nobody() {
    for text in ["STOP K7QM4X", "I don't want to join K7QM4X", "please don't stop K7QM4X"] {
        let read = classify(text, &Context::default().with_keywords(&["JOIN"]));
        assert!(read.codes.is_empty(), "{text}: {read:?}");
    }
    let read = classify("my code is K7QM4X", &Context::default().with_keywords(&["JOIN"]));
    assert_eq!((read.class, read.codes.len(), read.asked), (Class::Other, 1, false));
}

#[test]
fn wrong_numbers_and_typing_errors_are_told() {
    let reason = |text| classify(text, &Context::default()).reason;
    assert_eq!(reason("you have the wrong number"), Reason::WrongNumber);
    assert_eq!(reason("plese stpo"), Reason::Mistyped);
    assert_eq!(reason("please stop"), Reason::Phrase);
    assert_eq!(reason("stop by the store"), Reason::Everyday);
    assert_eq!(reason("Liked \u{201c}Reply STOP to end\u{201d}"), Reason::Reaction);
}

/// A word as phones of any locale write it: in any case, between marks, in full width, with the letters of a Turkish keyboard.
fn dresses(word: &str) -> Vec<String> {
    let mixed = word.chars().enumerate().map(|(n, c)| if n % 2 == 0 { c } else { c.to_ascii_lowercase() });
    let wide = |c: char| match c {
        'A'..='Z' => char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c),
        ' ' => '\u{3000}',
        other => other,
    };
    vec![
        word.to_owned(),
        word.to_lowercase(),
        mixed.collect(),
        word.chars().map(wide).collect(),
        word.replace('I', "\u{130}"),
        word.to_lowercase().replace('i', "\u{131}"),
        word.to_lowercase().replace('s', "\u{17f}"),
        format!(" \u{a0}{word}\u{200f}\r\n"),
        format!("\u{201c}{word}!!\u{201d}"),
        format!("\u{bf}{word}?"),
        format!("*{word}*."),
    ]
}

#[test]
fn every_keyword_of_the_rule_book_is_read_in_any_dress() {
    let book = RuleBook::standard();
    let vocabulary = Vocabulary::of(book);
    let now = Timestamp::parse("2026-11-22T12:00:00Z").unwrap();
    let mut read = 0;
    for rule in book.rules() {
        let RuleBody::Keywords(keywords) = &rule.body else { continue };
        let expected = match keywords.kind {
            WordKind::OptOut => Class::OptOut,
            WordKind::OptIn => Class::OptIn,
            WordKind::Help => Class::Help,
        };
        let places = [rule.place];
        let context = Context::default().with_vocabulary(&vocabulary, &places, now);
        for word in &keywords.words {
            assert!(vocabulary.has(word));
            for typed in dresses(word) {
                assert_eq!(classify(&typed, &context).class, expected, "{typed}");
                let signed = classify(&format!("{typed}\n\nSent from my iPhone"), &context).class;
                assert_eq!(
                    signed.is_opt_out(),
                    expected.is_opt_out(),
                    "{typed}: a signature leaves the wish"
                );
                for quoted in [
                    format!("Liked \u{201c}{typed}\u{201d}"),
                    format!("\u{1f44d} to \u{201c}{typed}\u{201d}"),
                ] {
                    assert_eq!(classify(&quoted, &context).reason, Reason::Reaction, "{quoted}");
                }
                read += 1;
            }
        }
    }
    assert!(read > 20 * 11, "{read}");
}

#[test]
fn a_host_adds_keywords_and_the_strictest_wins() {
    let rule = |id: &str, place: &str, more: &str, kind: &str, words: &str| {
        format!(
            r#"{{"id":"{id}","place":"{place}","source":"ours"{more},"keywords":{{"kind":"{kind}","words":[{words}]}}}}"#
        )
    };
    let book = [
        rule("cy", "GB", "", "opt_out", r#""DIGON", "Dim mwy", "\u062a\u0648\u0642\u0641""#),
        rule("help", "*", "", "help", r#""CYMORTH", "DIGON", "no more texts", "INFO PLUS""#),
        rule("in", "*", "", "opt_in", r#""YN OL", "CYMORTH", "STOP", "NO MORE TEXTS""#),
        rule("later", "GB", r#","in_force":"2027-01-01""#, "opt_out", r#""FORY""#),
    ];
    let book = RuleBook::from_json(&format!(r#"{{"rules":[{}]}}"#, book.join(","))).unwrap();
    let vocabulary = Vocabulary::of(&RuleBook::standard().extended_by(book).unwrap());
    let now = Timestamp::parse("2026-11-22T12:00:00Z").unwrap();
    let places =
        |text: &str| -> Vec<Place> { text.split_whitespace().map(|one| one.parse().unwrap()).collect() };
    let at = |text: &str, place: &str, at: Timestamp| {
        classify(text, &Context::default().with_vocabulary(&vocabulary, &places(place), at)).class
    };
    let gb = |text: &str| at(text, "GB-WLS", now);
    for text in ["Digon.", "dim  mwy", "DIM-MWY!", "\u{062a}\u{0648}\u{0642}\u{0641}"] {
        assert_eq!(gb(text), Class::OptOut, "{text}");
    }
    assert_eq!(gb("please digon"), Class::OptOutLikely);
    assert_eq!(gb("digon \u{1f64f}"), Class::OptOutLikely);
    assert_eq!(gb("digon o fwyd i bawb"), Class::Other, "a word of a sentence is no keyword");
    assert_eq!(at("digon", "FR", now), Class::Help, "elsewhere it asks for help");
    assert_eq!(at("digon", "FR GB", now), Class::OptOut, "where she may be there the strictest wins");
    assert_eq!(at("digon", "", now), Class::OptOut, "so it does where nobody knows");
    assert_eq!(at("td", "", now), Class::OptOut);
    assert_eq!((gb("cymorth"), gb("yn ol"), gb("info plus")), (Class::Help, Class::OptIn, Class::Help));
    assert_eq!(gb("stop"), Class::OptOut, "what always counts is not taken back");
    assert!(gb("no more texts").is_opt_out(), "nor is a wish in plain words");
    assert_eq!(gb("fory"), Class::Other);
    assert_eq!(at("fory", "GB", Timestamp::parse("2027-01-01T12:00:00Z").unwrap()), Class::OptOut);
    let wales = places("GB");
    let asked = Context::default().with_pending(Asked::YesNo).with_vocabulary(&vocabulary, &wales, now);
    assert_eq!(classify("yn ol", &asked).class, Class::Other, "it may answer what was asked");
    assert_eq!(classify("digon", &asked.with_order()).class, Class::OptOut, "it always counts");
    assert_eq!(classify("remove", &asked).class, Class::Other, "no law names it");
}

#[test]
fn a_stem_stands_for_all_its_forms() {
    for text in
        ["unsubscribing", "Je me désabonnerai", "desinscribidme", "odhlaste", "відпишіться", "unenrolling me"]
    {
        assert_eq!(classify(text, &Context::default()).reason, Reason::Phrase, "{text}");
    }
    assert_eq!(classify("subscribing", &Context::default()).reason, Reason::Nothing);
}

#[test]
fn words_are_read_up_to_a_limit() {
    use super::words::{WORDS_MAX, words};
    let text = |many: usize| format!("{}STOP", "A ".repeat(many - 1));
    let read = |many: usize| words(&[&text(many)], &STANDARD).words.len();
    assert_eq!(read(WORDS_MAX), WORDS_MAX);
    assert_eq!(read(WORDS_MAX + 1), WORDS_MAX);
    assert!(class(&format!("stop {}", "\u{1f600}".repeat(INBOUND_BYTES_MAX))).is_opt_out());
}

proptest! {
    #[test]
    fn whatever_is_texted_is_read(text in "(?s).{0,200}") {
        let read = classify(&text, &Context::default());
        prop_assert!((1..=100).contains(&read.confidence));
    }

    #[test]
    fn a_stop_in_any_dress_is_a_stop(
        word in prop::sample::select(vec!["stop", "unsubscribe", "quit", "end", "cancel", "revoke", "opt out", "stopall"]),
        upper in any::<u32>(),
        around in prop::sample::select(vec!["", " ", "\n", "\"", "!", "...", "\u{201c}", "*", "\u{200b}", "\u{202e}", "'"]),
    ) {
        let letters = word.chars().enumerate();
        let typed: String =
            letters.map(|(n, c)| if upper >> n & 1 == 1 { c.to_ascii_uppercase() } else { c }).collect();
        prop_assert_eq!(class(&format!("{around}{typed}{around}")), Class::OptOut);
    }

    #[test]
    fn texts_made_of_words_of_phrases_are_read(
        words in prop::collection::vec(prop::sample::select(vec![
            "stop", "don't", "please", "texting", "me", "order", "my", "cancel", "how", "do", "i", "wrong", "number",
            "no", "more", "want", "to", "these", ",", ".", "K7QM4X", "\u{1f6d1}", "until", "you", "keep", "out",
        ]), 0..60),
    ) {
        let text = words.join(" ");
        let read = classify(&text, &Context::default().with_keywords(&["JOIN"]));
        prop_assert!(!read.class.is_opt_out() || read.codes.is_empty());
    }
}
