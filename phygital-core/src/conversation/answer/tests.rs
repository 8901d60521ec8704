//! Answers by hand, and laws over any text. The labelled set of `vectors/engagement/answers.json`.

use chrono::NaiveDate;
use proptest::prelude::*;

use super::*;

fn asking(language: &str) -> Asking<'_> {
    // A Sunday.
    Asking::new(language, NaiveDate::from_ymd_opt(2026, 11, 22).expect("a day"))
}

fn types() -> Vec<AnswerType> {
    let label = |value: &str| Label::new(value);
    let choice =
        Choice::new(vec![label("red"), label("dark blue"), label("blue")], true).expect("names differ");
    let eu =
        (70..=92).map(|half| if half % 2 == 0 { (half / 2).to_string() } else { format!("{}.5", half / 2) });
    let scale = |system: Option<&str>, sizes: Vec<String>| {
        Scale::new(system.map(str::to_owned), sizes).expect("sizes differ")
    };
    let letters = ["XS", "S", "M", "L", "XL"].map(str::to_owned).to_vec();
    let shoes = SizeAnswer::new(vec![
        scale(Some("eu"), eu.collect()),
        scale(Some("uk"), (3..=9).map(|size| size.to_string()).collect()),
    ]);
    let mut height = Quantity::new(100_000, 230_000);
    (height.unit, height.also) = (Some("cm".to_owned()), vec![Unit::Metre, Unit::Foot, Unit::Inch]);
    let mut birthday = DateAnswer::new(DateRange::Any);
    birthday.year_optional = true;
    vec![
        AnswerType::Choice(choice),
        AnswerType::Number(height),
        AnswerType::Number(Quantity::new(0, 10_000)),
        AnswerType::Size(shoes),
        AnswerType::Size(SizeAnswer::new(vec![scale(None, letters)])),
        AnswerType::Date(DateAnswer::new(DateRange::Future)),
        AnswerType::Date(DateAnswer::new(DateRange::Past)),
        AnswerType::Date(birthday),
        AnswerType::YesNo,
        AnswerType::Text,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is texted, reading ends, and says no more than the type allows.
    #[test]
    fn any_text_has_a_reading(
        text in prop_oneof![
            "\\PC{0,40}",
            "[0-9./,' -]{0,24}",
            "(yes|no|42|1/2|m|ft|in|next|may|of|not|,|[?]| ){0,10}",
        ],
        language in prop_oneof![Just("en"), Just("en-US"), Just("de"), Just("fr"), Just("zz"), Just("")],
    ) {
        for kind in types() {
            let reading = kind.read(&text, &asking(language));
            prop_assert_eq!(&kind.read(&text, &asking(language)), &reading);
            let Reading::Understood(answer) = reading else { continue };
            prop_assert!((1..=100).contains(&answer.confidence));
            let value = answer.value.reveal();
            match &kind {
                AnswerType::Choice(choice) => prop_assert!(choice.labels().iter().any(|label| label.value == value)),
                AnswerType::Size(size) => {
                    prop_assert!(size.scales.iter().any(|scale| scale.system() == answer.unit.as_deref() && scale.sizes().any(|one| one == value)));
                }
                AnswerType::Number(quantity) => {
                    let (whole, rest) = value.split_once('.').unwrap_or((value, "0"));
                    let places: i64 = format!("{rest:0<3}").parse().expect("digits");
                    let number = whole.parse::<i64>().expect("digits") * 1_000 + places;
                    prop_assert!((quantity.min..=quantity.max).contains(&number));
                }
                AnswerType::Date(date) => {
                    let today = asking(language).today;
                    match value.strip_prefix("--") {
                        Some(_) => prop_assert!(date.year_optional),
                        None => {
                            let day: NaiveDate = value.parse().expect("a day");
                            prop_assert!(date.range != DateRange::Future || day >= today);
                            prop_assert!(date.range != DateRange::Past || day <= today);
                        }
                    }
                }
                AnswerType::YesNo => prop_assert!(["yes", "no"].contains(&value)),
                AnswerType::Text => prop_assert_eq!(value, text.trim()),
            }
        }
    }

    /// What is kept, texted back, is read as it was kept.
    #[test]
    fn values_read_themselves(half in 70..=92_u32, letters in 0..5_usize, tall in 100..=230_u32, ahead in 0..3_000_u64) {
        let read = |kind: usize, text: &str| match types()[kind].read(text, &asking("en")) {
            Reading::Understood(answer) => answer.value.reveal().to_owned(),
            other => format!("{other:?}"),
        };
        let size = if half % 2 == 0 { (half / 2).to_string() } else { format!("{}.5", half / 2) };
        prop_assert_eq!(read(3, &size), size);
        let size = ["XS", "S", "M", "L", "XL"][letters];
        prop_assert_eq!(read(4, size), size);
        prop_assert_eq!(read(1, &format!("{tall} cm")), tall.to_string());
        let day = asking("en").today.checked_add_days(chrono::Days::new(ahead)).expect("a day").to_string();
        prop_assert_eq!(read(5, &day), day);
    }
}

#[test]
fn a_text_that_is_too_long_is_read_in_part() {
    let long = format!("{}yes", "a ".repeat(5_000));
    assert_eq!(AnswerType::YesNo.read(&long, &asking("en")), Reading::Unclear(Unclear::Nothing));
    assert!(
        matches!(AnswerType::YesNo.read(&format!("yes {long}"), &asking("en")), Reading::Understood(answer) if answer.confidence == CONFIDENCE_LONG)
    );
}

#[test]
fn what_needs_no_words_is_as_sure_in_every_language() {
    let sure = |kind: usize, text: &str, language: &str| match types()[kind].read(text, &asking(language)) {
        Reading::Understood(answer) => answer.confidence,
        other => panic!("{other:?}"),
    };
    for language in ["en", "fr", "cy", ""] {
        assert_eq!(sure(0, "dark blue", language), CONFIDENCE_WHOLE, "{language}");
        assert_eq!(sure(9, "a wedding", language), CONFIDENCE_WHOLE, "{language}");
    }
    assert_eq!(sure(8, "yes", "cy"), CONFIDENCE_WHOLE - CONFIDENCE_DOUBT);
}

#[test]
fn debug_shows_no_answer() {
    let reading = AnswerType::Text.read("my secret", &asking("en"));
    assert!(!format!("{reading:?}").contains("secret"));
}

#[derive(serde::Deserialize)]
struct Labelled {
    questions: std::collections::BTreeMap<String, serde_json::Value>,
    cases: Vec<Case>,
}

#[derive(serde::Deserialize)]
struct Case {
    id: String,
    question: String,
    language: String,
    text: String,
    expect: String,
    value: Option<String>,
    unit: Option<String>,
    unclear: Option<String>,
}

/// A false fact is the worst fault: she is taken to have said what she did not. There is none in the set.
#[test]
fn labelled_answers_are_read_as_labelled() {
    let set = include_str!("../../../../vectors/engagement/answers.json");
    let set: Labelled = serde_json::from_str(set).expect("the form above");
    let types: std::collections::BTreeMap<&str, AnswerType> = set
        .questions
        .iter()
        .map(|(name, answer)| {
            let topic = serde_json::json!({
                "version": 1, "id": "t", "start": "q", "languages": ["en", "fr", "de"],
                "steps": {"q": {"ask": {"en": "?"}, "attribute": "q", "answer": answer, "then": "end"}}
            });
            let draft = crate::conversation::topic::Draft::from_json(&topic.to_string()).expect("a question");
            let crate::conversation::topic::Act::Ask(question) = &draft.steps["q"].act else {
                panic!("asks")
            };
            (name.as_str(), question.answer.clone())
        })
        .collect();
    let (mut wrong, mut understood, mut false_facts, mut missed) = (Vec::new(), 0, 0, 0);
    for case in &set.cases {
        let reading = types[case.question.as_str()].read(&case.text, &asking(&case.language));
        let said = match &reading {
            Reading::Understood(answer) => {
                ("understood", Some(answer.value.reveal().to_owned()), answer.unit.clone(), None)
            }
            Reading::Declined => ("declined", None, None, None),
            Reading::Unclear(why) => ("unclear", None, None, Some(why.name().to_owned())),
        };
        let label = (case.expect.as_str(), case.value.clone(), case.unit.clone(), case.unclear.clone());
        understood += usize::from(label.0 == "understood");
        if said != label {
            false_facts += usize::from(said.0 == "understood");
            missed += usize::from(label.0 == "understood");
            wrong.push(format!("{} {} {:?}: {said:?} for {label:?}", case.id, case.language, case.text));
        }
    }
    assert!(set.cases.len() >= 390 && understood >= 250);
    assert_eq!((false_facts, missed, wrong.len()), (0, 0, 0), "{}", wrong.join("\n"));
}
