//! The phrases are read, and every text is: in bounded time, whatever it is.

#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::lexicon::Lexicon;
use super::*;
use crate::vocab::limits::INBOUND_BYTES_MAX;

fn class(text: &str) -> Class {
    classify(text, &Context::default().with_keywords(&["JOIN"])).class
}

#[test]
fn the_phrases_that_come_with_the_library_are_read() {
    Lexicon::read(include_str!("phrases.txt")).unwrap();
    for (text, told) in
        [("wish x stop", "percent"), ("wisp 90 stop", "kind"), ("same nowhere at", "another word")]
    {
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
