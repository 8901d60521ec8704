//! Topics that are sound, and what is said of those that are not.

use super::limits::*;
use super::*;
use crate::conversation::template::TEMPLATE_BYTES_MAX;

const FITTING: &str = include_str!("../../../../examples/topics/fitting.json");

/// A topic of one language with those steps, the first of which is `a`.
fn one(steps: &str) -> String {
    format!(r#"{{"version": 1, "id": "t", "languages": ["en"], "start": "a", "steps": {{{steps}}}}}"#)
}

fn ask(attribute: &str, answer: &str, then: &str) -> String {
    format!(r#"{{"ask": "?", "attribute": "{attribute}", "answer": {answer}, "then": {then}}}"#)
}

const YES_NO: &str = r#"{"type": "yes_no"}"#;

fn error(text: &str) -> String {
    Topic::from_json(text).expect_err("not sound").to_string()
}

#[test]
fn the_example_is_sound() {
    let topic = Topic::from_json(FITTING).expect("sound");
    assert_eq!(
        topic.questions().map(|(name, _)| name).collect::<Vec<_>>(),
        ["day", "keep", "occasion", "shoes"]
    );
    assert_eq!(topic.language(Some("fr-CH")), "fr");
    assert_eq!((topic.language(Some("pt")), topic.language(None)), ("en", "en"));
    let fields: Vec<_> = topic.draft().field_names().into_iter().collect();
    assert_eq!(fields, ["brand", "day", "first_name", "keep", "occasion", "shoes"]);
}

#[test]
fn an_error_names_the_path() {
    let asks = |answer: &str| one(&format!(r#""a": {}"#, ask("x", answer, "\"end\"")));
    for (text, expected) in [
        ("{".to_owned(), "line 1, column 1: expected JSON with each key once"),
        (r#"{"version": 1, "version": 1}"#.to_owned(), "line 1, column 28: expected JSON with each key once"),
        ("[]".to_owned(), "topic: expected an object"),
        ("{}".to_owned(), "version: expected a value"),
        (one("").replace("\"version\": 1", "\"version\": 2"), "version: expected a whole number from 1 to 1"),
        (one(""), "steps: expected 1 to 64 steps"),
        (one(r#""b": {"then": "end"}"#), "start: expected the name of a step"),
        (one(r#""a": {"then": "b"}"#), "steps.a.then: expected the name of a step, or end, not `b`"),
        (
            one(r#""a": {"say": "{{ x }}", "then": "end"}"#),
            "steps.a.say.en: expected a field of the topic, not `x`",
        ),
        (
            one(r#""a": {"say": "{% for x in brand %}{% endfor %}", "then": "end"}"#),
            "steps.a.say: line 1: expected if, elif, else or endif, not `for`",
        ),
        (
            one(r#""a": {"then": [{"if": {"known": "b"}, "to": "end"}]}"#),
            "steps.a.then: expected a list whose last branch has no if, so that there is always a way on",
        ),
        (
            one(r#""a": {"then": [{"if": {"known": "b"}, "to": "end"}, {"to": "end"}]}"#),
            "steps.a.then: expected a field of the topic, not `b`",
        ),
        (
            one(r#""a": {"then": [{"if": {"unknown": "b"}, "to": "end"}, {"to": "end"}]}"#),
            "steps.a.then[0].if: expected one of {\"known\": field}, {\"field\", \"is\" or \"at_least\" or \"below\"}, \
             {\"all\": [...]}, {\"any\": [...]} and {\"not\": {...}}",
        ),
        (
            one(r#""a": {"sy": "x", "then": "end"}"#),
            "steps.a.sy: expected no such key here, but one of say, then",
        ),
        (one(r#""end": {"then": "end"}"#), "steps.end: expected a name of at most 40 small letters"),
        (
            one(r#""a": {"say": {"fr": "x"}, "then": "end"}"#),
            "steps.a.say.fr: expected a language of the topic: en",
        ),
        (
            asks(r#"{"type": "colour"}"#),
            "steps.a.answer.type: expected a type: choice, number, size, date, yes_no or text",
        ),
        (
            asks(r#"{"type": "choice", "options": ["x"]}"#),
            "steps.a.answer.options: expected at least two things",
        ),
        (
            asks(r#"{"type": "choice", "options": ["red", "Red!"]}"#),
            "steps.a.answer.options: expected names with a letter or digit that no other thing has, not those of `Red!`",
        ),
        (
            asks(r#"{"type": "choice", "options": ["x", {"value": "y", "names": {"de": ["z"]}}]}"#),
            "steps.a.answer.options[1].names.de: expected a language of the topic: en",
        ),
        (
            asks(r#"{"type": "number", "min": 5, "max": 1}"#),
            "steps.a.answer.max: expected a number that is not below min",
        ),
        (
            asks(r#"{"type": "number", "min": 0.0001, "max": 1}"#),
            "steps.a.answer.min: expected a number with at most three",
        ),
        (
            asks(r#"{"type": "number", "min": 0, "max": 1, "unit": "cm", "also": ["kg"]}"#),
            "steps.a.answer.also[0]: expected another unit of what unit measures",
        ),
        (asks(r#"{"type": "size", "scales": []}"#), "steps.a.answer.scales: expected at least one scale"),
        (
            asks(r#"{"type": "size", "scales": [{"from": 35, "to": 30}]}"#),
            "steps.a.answer.scales[0].to: expected 1 to 128 sizes",
        ),
        (
            asks(r#"{"type": "size", "scales": [{"from": 36, "to": 35.5}]}"#),
            "steps.a.answer.scales[0].to: expected 1 to 128 sizes",
        ),
        (
            asks(r#"{"type": "size", "scales": [{"from": 35, "to": 40, "step": 1.25}]}"#),
            "steps.a.answer.scales[0].step: expected a number from 0.5 to 10, whole or half",
        ),
        (asks(r#"{"type": "date", "range": "soon"}"#), "steps.a.answer.range: expected any, future or past"),
    ] {
        let error = error(&text);
        assert!(error.starts_with(expected), "{text}\n{error}\n{expected}");
    }
    let languages = one("").replace(r#"["en"]"#, r#"["en", "EN"]"#);
    assert!(error(&languages).starts_with("languages[1]: expected each language once"));
}

#[test]
fn sizes_are_counted_from_one_number_to_another() {
    let sizes = |scale: &str| {
        let answer = format!(r#"{{"type": "size", "scales": [{{{scale}}}]}}"#);
        let draft =
            Draft::from_json(&one(&format!(r#""a": {}"#, ask("x", &answer, "\"end\"")))).expect("a topic");
        let Act::Ask(question) = &draft.steps["a"].act else { panic!("asks") };
        let AnswerType::Size(size) = &question.answer else { panic!("a size") };
        size.scales[0].sizes().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(sizes(r#""from": 35, "to": 36, "step": 0.5"#), ["35", "35.5", "36"]);
    assert_eq!(sizes(r#""from": 35.5, "to": 40, "step": 1.5"#), ["35.5", "37", "38.5", "40"]);
    assert_eq!(sizes(r#""from": 30, "to": 55, "step": 10"#), ["30", "40", "50"]);
    assert_eq!(sizes(r#""from": 36, "to": 36"#), ["36"]);
    assert_eq!(sizes(r#""from": 0, "to": 127"#).len(), SIZES_MAX);
    assert!(
        Draft::from_json(&one(&format!(
            r#""a": {}"#,
            ask("x", r#"{"type": "size", "scales": [{"from": 0, "to": 128}]}"#, "\"end\"")
        )))
        .is_err()
    );
}

#[test]
fn what_is_not_sound_is_found() {
    let text = |text: &str| format!(r#"{{"say": "{text}", "then": "end"}}"#);
    for (steps, expected) in [
        (r#""a": {"then": "b"}, "b": {"then": "a"}"#.to_owned(), "steps.a: leads in a circle: a -> b -> a"),
        (r#""a": {"then": "a"}"#.to_owned(), "steps.a: leads in a circle: a -> a"),
        (
            r#""a": {"then": [{"if": {"known": "brand"}, "to": "b"}, {"to": "end"}]}, "b": {"then": [{"if": {"known": "brand"}, "to": "a"}, {"to": "end"}]}"#.to_owned(),
            "steps.a: leads in a circle: a -> b -> a",
        ),
        (r#""a": {"then": "end"}, "b": {"then": "end"}"#.to_owned(), "steps.b: no way leads to this step"),
        (
            r#""a": {"then": [{"to": "end"}, {"to": "end"}]}"#.to_owned(),
            "steps.a.then[1]: never taken, since the branch before it always is",
        ),
        (
            format!(r#""a": {}, "b": {}"#, ask("x", YES_NO, "\"b\""), text("{{ a }}")),
            "steps.b.say.en: `a` may not be known there; give it a default or ask whether it is defined",
        ),
        (
            format!(
                r#""a": {}"#,
                ask("x", YES_NO, r#"[{"if": {"field": "a", "is": ["yes", "maybe"]}, "to": "end"}, {"to": "end"}]"#)
            ),
            "steps.a.then[0]: no answer to that question is `maybe`",
        ),
        (
            format!(r#""a": {}, "b": {}"#, ask("x", YES_NO, "\"b\""), ask("x", r#"{"type": "text"}"#, "\"end\"")),
            "steps.b.attribute: asks for another kind of answer to the same attribute than `a`",
        ),
        (format!(r#""a": {}"#, text(&"x".repeat(460))), "steps.a.say.en: may take 4 parts of a text message, more than 3"),
        (
            // Two texts in one message.
            format!(r#""a": {{"say": "{}", "then": "b"}}, "b": {}"#, "x".repeat(300), text(&"x".repeat(160))),
            "steps.b.say.en: may take 4 parts of a text message, more than 3",
        ),
    ] {
        assert_eq!(error(&one(&steps)), expected, "{steps}");
    }
    // A field that is surely known, by the way that leads there.
    let sure = format!(
        r#""a": {}, "b": {}"#,
        ask("x", YES_NO, r#"[{"if": {"known": "a"}, "to": "b"}, {"to": "end"}]"#),
        text("{{ a }}")
    );
    assert!(Topic::from_json(&one(&sure)).is_ok());
    assert!(Topic::from_json(&one(&format!(r#""a": {}"#, text(&"x".repeat(459))))).is_ok());

    let two = FITTING.replacen("\"fr\": \"Merci et \\u00e0 tr\\u00e8s vite !\", ", "", 1);
    assert_eq!(error(&two), "steps.thanks.say: expected a text in fr");
    let klingon = one(&format!(r#""a": {}"#, ask("x", YES_NO, "\"end\""))).replace(r#"["en"]"#, r#"["tlh"]"#);
    assert_eq!(
        error(&klingon),
        "steps.a.answer: such answers are read in de, en, es, fr, it, nl, pt, not in tlh"
    );
    let named = r#"{"type": "choice", "options": ["x", {"value": "y", "names": {"en": ["why"]}}]}"#;
    let two = one(&format!(r#""a": {}"#, ask("x", named, "\"end\"")))
        .replace(r#"["en"]"#, r#"["en", "fr"]"#)
        .replace("\"?\"", r#"{"en": "?", "fr": "?"}"#);
    assert_eq!(error(&two), "steps.a.answer: expected names of what there is to choose in fr");
}

#[test]
fn limits_hold() {
    let steps = |count: usize| {
        let step = |n: usize| {
            format!(
                r#""s{n}": {{"then": "{}"}}"#,
                if n + 1 < count { format!("s{}", n + 1) } else { "end".into() }
            )
        };
        one(&(0..count).map(step).collect::<Vec<_>>().join(","))
            .replace("\"start\": \"a\"", "\"start\": \"s0\"")
    };
    assert!(Topic::from_json(&steps(TOPIC_STEPS_MAX)).is_ok());
    assert_eq!(error(&steps(TOPIC_STEPS_MAX + 1)), "steps: expected 1 to 64 steps");
    let fits = |text: String, path: &str| match Topic::from_json(&text) {
        Ok(_) => true,
        Err(error) => {
            assert!(error.to_string().starts_with(path), "{error}");
            false
        }
    };
    let list =
        |count: usize, one: &dyn Fn(usize) -> String| (0..count).map(one).collect::<Vec<_>>().join(",");
    let asks = |answer: String| one(&format!(r#""a": {}"#, ask("x", &answer, "\"end\"")));
    let try_both = |most: usize, path: &str, text: &dyn Fn(usize) -> String| {
        assert!(fits(text(most), path), "{path} at {most}");
        assert!(!fits(text(most + 1), path), "{path} past {most}");
    };
    try_both(OPTIONS_MAX, "steps.a.answer.options", &|n| {
        asks(format!(r#"{{"type": "choice", "options": [{}]}}"#, list(n, &|n| format!("\"o{n}\""))))
    });
    try_both(NAMES_MAX, "steps.a.answer.options[1].names.en", &|n| {
        let names = list(n, &|n| format!("\"n{n}\""));
        asks(format!(
            r#"{{"type": "choice", "options": ["x", {{"value": "y", "names": {{"en": [{names}]}}}}]}}"#
        ))
    });
    try_both(NAME_BYTES_MAX, "steps.a.attribute", &|n| {
        one(&format!(r#""a": {}"#, ask(&"x".repeat(n), YES_NO, "\"end\"")))
    });
    try_both(SCALES_MAX, "steps.a.answer.scales", &|n| {
        let scales = list(n, &|n| format!(r#"{{"system": "s{n}", "sizes": ["1"]}}"#));
        asks(format!(r#"{{"type": "size", "scales": [{scales}]}}"#))
    });
    try_both(SIZES_MAX, "steps.a.answer.scales[0].to", &|n| {
        asks(format!(r#"{{"type": "size", "scales": [{{"from": 1, "to": {n}}}]}}"#))
    });
    try_both(BRANCHES_MAX, "steps.a.then", &|n| {
        let branches = list(n - 1, &|_| r#"{"if": {"known": "brand"}, "to": "end"}"#.to_owned());
        one(&format!(r#""a": {{"then": [{branches}, {{"to": "end"}}]}}"#))
    });
    try_both(CONDITIONS_MAX, "steps.a.then[0].if.all", &|n| {
        let all = list(n, &|_| r#"{"known": "brand"}"#.to_owned());
        one(&format!(r#""a": {{"then": [{{"if": {{"all": [{all}]}}, "to": "end"}}, {{"to": "end"}}]}}"#))
    });
    try_both(CONDITION_DEPTH_MAX, "steps.a.then[0].if", &|n| {
        let deep = format!("{}{{\"known\": \"brand\"}}{}", "{\"not\": ".repeat(n - 1), "}".repeat(n - 1));
        one(&format!(r#""a": {{"then": [{{"if": {deep}, "to": "end"}}, {{"to": "end"}}]}}"#))
    });
    let with = |key: &str, value: String| {
        one(r#""a": {"then": "end"}"#).replacen('{', &format!("{{\"{key}\": {value}, "), 1)
    };
    try_both(TOPIC_FIELDS_MAX, "fields", &|n| {
        with("fields", format!("{{{}}}", list(n, &|n| format!(r#""f{n}": "x""#))))
    });
    try_both(TOPIC_DAYS_MAX as usize, "days", &|n| with("days", n.to_string()));
    try_both(REMIND_HOURS_MAX as usize, "remind.after_hours", &|n| {
        with("remind", format!(r#"{{"after_hours": {n}}}"#))
    });
    try_both(REMIND_TIMES_MAX as usize, "remind.times", &|n| {
        with("remind", format!(r#"{{"after_hours": 1, "times": {n}}}"#))
    });
    let asks_with = |key: &str, n: usize| {
        one(&format!(
            r#""a": {}"#,
            ask("x", YES_NO, "\"end\"").replacen('{', &format!("{{\"{key}\": {n}, "), 1)
        ))
    };
    try_both(VALID_DAYS_MAX as usize, "steps.a.valid_days", &|n| asks_with("valid_days", n));
    try_both(TRIES_MAX as usize, "steps.a.tries", &|n| asks_with("tries", n));
    try_both(TOPIC_LANGUAGES_MAX, "languages", &|n| {
        let tags = list(n, &|n| format!("\"en-x-{n}\""));
        one(r#""a": {"then": "end"}"#).replace(r#"["en"]"#, &format!("[{tags}]"))
    });
    let padded = |bytes: usize| {
        let text = one(r#""a": {"then": "end"}"#);
        format!("{text}{}", " ".repeat(bytes - text.len()))
    };
    assert!(Topic::from_json(&padded(TOPIC_BYTES_MAX)).is_ok());
    assert_eq!(Topic::from_json(&padded(TOPIC_BYTES_MAX + 1)), Err(TopicError::TooLong));
    assert_eq!(TEXT_PARTS_MAX, 3, "the test above tries 459 and 460 characters");
    let long = one(&format!(r#""a": {{"say": "{}", "then": "end"}}"#, "x".repeat(TEMPLATE_BYTES_MAX + 1)));
    assert_eq!(error(&long), "steps.a.say: expected a template of at most 4096 bytes");
    assert!(Topic::from_json(&"[".repeat(100_000)).is_err());
}
