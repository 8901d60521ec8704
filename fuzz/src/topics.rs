//! What the targets of topics check of arbitrary bytes. Plain functions, so that the corpus runs as a test too.

use phygital_core::conversation::template::{RENDERED_BYTES_MAX, Template, TemplateError};
use phygital_core::conversation::topic::{Ground, Topic};

/// A topic file, sound or not: no panic; one that is sound is walked to its end, whatever is known.
pub fn topic_file(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(topic) = Topic::from_json(text) else { return };
    assert!(topic.draft().findings().is_empty());
    for known in [0_u64, u64::MAX, 0x5555_5555_5555_5555] {
        let walk = topic.walk(&Chance { topic: &topic, known });
        for language in &topic.draft().languages {
            assert!(
                walk.say.iter().all(|texts| texts.get(language).is_some()),
                "a sound topic speaks all its languages"
            );
        }
    }
}

/// Of the steps some are known, by a bit each.
struct Chance<'t> {
    topic: &'t Topic,
    known: u64,
}

impl Chance<'_> {
    fn bit(&self, step: &str) -> bool {
        let place = self.topic.draft().steps.keys().position(|name| name == step);
        place.is_some_and(|place| self.known >> (place % 64) & 1 == 1)
    }
}

impl Ground for Chance<'_> {
    fn value(&self, field: &str) -> Option<&str> {
        self.bit(field).then_some("42")
    }
    fn is_passed(&self, step: &str) -> bool {
        self.bit(step)
    }
    fn was_met(&self, step: &str) -> bool {
        self.bit(step)
    }
}

/// A template and a value: no panic; what is taken as a template renders within its bounds, or names a field that is not
/// known; a value is text and never a template.
pub fn text_template(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (source, value) = text.split_once('\0').unwrap_or((text, "{{ brand }}{% for x in y %}"));
    let Ok(template) = Template::parse(source) else { return };
    let fields: Vec<&str> = template.fields().collect();
    match template.render(&fields.iter().map(|field| (*field, value)).collect()) {
        Ok(text) => assert!(text.len() <= RENDERED_BYTES_MAX),
        Err(error) => {
            assert!(matches!(error, TemplateError::TooMuch | TemplateError::Form { .. }), "{error}")
        }
    }
    match template.render(&[].into()) {
        Ok(_) | Err(TemplateError::TooMuch | TemplateError::Form { .. }) => {}
        Err(TemplateError::Unknown(field)) => assert!(fields.contains(&field.as_str())),
        Err(error) => panic!("{error}"),
    }
}
