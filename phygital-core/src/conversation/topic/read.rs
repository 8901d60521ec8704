//! Topics out of JSON.

use std::collections::BTreeMap;

use super::answers::answer;
use super::condition::Condition;
use super::json::{At, Fields, read};
use super::{Act, BRAND_FIELD, Branch, Draft, OnUnclear, Question, Remind, Step, Texts, TopicError, limits};
use crate::conversation::template::{Template, is_field};
use crate::vocab::{Digest, Purpose, TopicId, is_language};

/// The version of the form.
const VERSION: u32 = 1;

/// The step that is none: the end.
const END: &str = "end";

const STEP_NAME: &str = "a name of at most 40 small letters, digits and low lines that begins with a letter, is not end and means nothing in a template";

impl Draft {
    /// Reads a topic from JSON, sound or not.
    ///
    /// # Errors
    /// [`TopicError`], all but [`TopicError::Unsound`].
    pub fn from_json(text: &str) -> Result<Draft, TopicError> {
        if text.len() > limits::TOPIC_BYTES_MAX {
            return Err(TopicError::TooLong);
        }
        let json = read(text)?;
        let root = At::root(&json);
        let fields = root.fields(&[
            "version",
            "id",
            "languages",
            "purpose",
            "days",
            "remind",
            "fields",
            "start",
            "steps",
            "about",
            "$schema",
        ])?;
        fields.get("$schema").map_or(Ok(""), At::text)?;
        fields.must("version")?.whole(VERSION..=VERSION)?;
        let id = fields.must("id")?;
        let languages = languages(fields.must("languages")?)?;
        let steps = steps(fields.must("steps")?, &languages)?;
        let start = fields.must("start")?;
        let draft = Draft {
            id: TopicId::new(id.text()?)
                .map_err(|error| id.wrong(error.to_string().replace("expected ", "")))?,
            digest: Digest::of(text.as_bytes()),
            languages,
            purpose: match fields.get("purpose") {
                Some(at) => at.text()?.parse().map_err(|_| at.wrong("a purpose such as personalization"))?,
                None => Purpose::Personalization,
            },
            days: fields.get("days").map_or(Ok(14), |at| at.whole(1..=limits::TOPIC_DAYS_MAX))?,
            remind: fields.get("remind").map(remind).transpose()?,
            fields: fields.get("fields").map_or(Ok(BTreeMap::new()), |at| own_fields(at, &steps))?,
            start: start.text()?.to_owned(),
            steps,
        };
        if !draft.steps.contains_key(&draft.start) {
            return Err(start.wrong("the name of a step"));
        }
        check_names(&draft, fields.must("steps")?)?;
        Ok(draft)
    }
}

fn languages(at: &At<'_>) -> Result<Vec<String>, TopicError> {
    let mut languages: Vec<String> = Vec::new();
    for one in at.list(limits::TOPIC_LANGUAGES_MAX)? {
        let language = one.text()?;
        if !is_language(language) || languages.iter().any(|other| other.eq_ignore_ascii_case(language)) {
            return Err(one.wrong("each language once, as a tag of BCP 47 such as en or fr-CA"));
        }
        languages.push(language.to_owned());
    }
    if languages.is_empty() {
        return Err(at.wrong("at least one language"));
    }
    Ok(languages)
}

fn remind(at: &At<'_>) -> Result<Remind, TopicError> {
    let fields = at.fields(&["after_hours", "times"])?;
    Ok(Remind {
        after_hours: fields.must("after_hours")?.whole(1..=limits::REMIND_HOURS_MAX)?,
        times: fields.get("times").map_or(Ok(1), |at| at.whole(1..=limits::REMIND_TIMES_MAX))?,
    })
}

fn own_fields(at: &At<'_>, steps: &BTreeMap<String, Step>) -> Result<BTreeMap<String, String>, TopicError> {
    let mut fields = BTreeMap::new();
    for (name, attribute) in at.object()? {
        if !is_field(name) || name == BRAND_FIELD || steps.contains_key(name) {
            return Err(attribute.wrong("a name of small letters, digits and low lines that no step has"));
        }
        fields.insert(name.to_owned(), short(&attribute)?);
    }
    if fields.len() > limits::TOPIC_FIELDS_MAX {
        return Err(at.wrong(format!("at most {} of them", limits::TOPIC_FIELDS_MAX)));
    }
    Ok(fields)
}

/// A text that a fact's name or value may be.
pub(super) fn short(at: &At<'_>) -> Result<String, TopicError> {
    let text = at.text()?;
    if text.len() > limits::NAME_BYTES_MAX || text.trim() != text || text.chars().any(char::is_control) {
        return Err(at.wrong(format!(
            "at most {} bytes without outer white space and control characters",
            limits::NAME_BYTES_MAX
        )));
    }
    Ok(text.to_owned())
}

fn steps(at: &At<'_>, languages: &[String]) -> Result<BTreeMap<String, Step>, TopicError> {
    let mut steps = BTreeMap::new();
    for (name, step) in at.object()? {
        if !is_field(name) || name == END || name == BRAND_FIELD {
            return Err(step.wrong(STEP_NAME));
        }
        steps.insert(name.to_owned(), self::step(&step, languages)?);
    }
    if steps.is_empty() || steps.len() > limits::TOPIC_STEPS_MAX {
        return Err(at.wrong(format!("1 to {} steps", limits::TOPIC_STEPS_MAX)));
    }
    Ok(steps)
}

fn step(at: &At<'_>, languages: &[String]) -> Result<Step, TopicError> {
    let (act, fields) = if at.has("ask") {
        let fields = at.fields(&[
            "ask",
            "again",
            "remind",
            "attribute",
            "answer",
            "valid_days",
            "fades_percent_a_year",
            "tries",
            "unclear",
            "then",
        ])?;
        (Act::Ask(Box::new(question(&fields, languages)?)), fields)
    } else if at.has("hand_over") {
        let fields = at.fields(&["hand_over", "say", "then"])?;
        let hand_over = fields.must("hand_over")?;
        if !hand_over.flag()? {
            return Err(hand_over.wrong("true"));
        }
        (Act::HandOver { say: fields.get("say").map(|at| texts(at, languages)).transpose()? }, fields)
    } else {
        let fields = at.fields(&["say", "then"])?;
        (Act::Say(fields.get("say").map(|at| texts(at, languages)).transpose()?), fields)
    };
    Ok(Step { act, then: branches(fields.must("then")?)? })
}

fn question(fields: &Fields<'_>, languages: &[String]) -> Result<Question, TopicError> {
    let maybe = |key: &str| fields.get(key).map(|at| texts(at, languages)).transpose();
    Ok(Question {
        ask: texts(fields.must("ask")?, languages)?,
        again: maybe("again")?,
        remind: maybe("remind")?,
        attribute: short(fields.must("attribute")?)?,
        answer: answer(fields.must("answer")?, languages)?,
        valid_days: fields.get("valid_days").map(|at| at.whole(1..=limits::VALID_DAYS_MAX)).transpose()?,
        fades: fields.get("fades_percent_a_year").map_or(Ok(0), |at| at.whole(0..=100))?,
        tries: fields.get("tries").map_or(Ok(2), |at| at.whole(1..=limits::TRIES_MAX))?,
        unclear: match fields.get("unclear") {
            None => OnUnclear::Person,
            Some(at) => match at.text()? {
                "person" => OnUnclear::Person,
                "leave" => OnUnclear::Leave,
                _ => return Err(at.wrong("person or leave")),
            },
        },
    })
}

/// A text by language, or one text where the topic has one language.
fn texts(at: &At<'_>, languages: &[String]) -> Result<Texts, TopicError> {
    let template = |at: &At<'_>| {
        Template::parse(at.text()?).map_err(|error| TopicError::Template { path: at.path.clone(), error })
    };
    if let ([language], true) = (languages, at.is_text()) {
        return Ok(Texts([(language.clone(), template(at)?)].into()));
    }
    let mut texts = BTreeMap::new();
    for (language, text) in at.object()? {
        if !languages.iter().any(|one| one == language) {
            return Err(text.wrong(format!("a language of the topic: {}", languages.join(", "))));
        }
        texts.insert(language.to_owned(), template(&text)?);
    }
    Ok(Texts(texts))
}

/// The name of a step, or a list of `{"if", "to"}` whose last has no `if`.
fn branches(at: &At<'_>) -> Result<Vec<Branch>, TopicError> {
    let target = |at: &At<'_>| at.text().map(|to| (to != END).then(|| to.to_owned()));
    if at.is_text() {
        return Ok(vec![Branch { when: None, to: target(at)? }]);
    }
    let mut branches = Vec::new();
    for one in at.list(limits::BRANCHES_MAX)? {
        let fields = one.fields(&["if", "to"])?;
        let when = fields.get("if").map(Condition::read).transpose()?;
        branches.push(Branch { when, to: target(fields.must("to")?)? });
    }
    if branches.last().is_none_or(|last| last.when.is_some()) {
        return Err(at.wrong("a list whose last branch has no if, so that there is always a way on"));
    }
    Ok(branches)
}

/// Every name of a step or field has to be of one.
fn check_names(draft: &Draft, steps_at: &At<'_>) -> Result<(), TopicError> {
    let known = draft.field_names();
    for (name, at) in steps_at.object()? {
        let step = &draft.steps[name];
        let wrong = |what: &str, odd: &str, expected: &str| TopicError::Field {
            path: format!("{}.{what}", at.path),
            expected: format!("{expected}, not `{}`", odd.chars().take(40).collect::<String>()),
        };
        for branch in &step.then {
            if let Some(to) = branch.to.as_ref().filter(|to| !draft.steps.contains_key(*to)) {
                return Err(wrong("then", to, "the name of a step, or end"));
            }
            let asked = branch.when.iter().flat_map(Condition::fields);
            if let Some(odd) = asked.into_iter().find(|field| !known.contains(field)) {
                return Err(wrong("then", odd, "a field of the topic"));
            }
        }
        for (what, texts) in step.texts() {
            for (language, text) in texts.iter() {
                if let Some(odd) = text.fields().find(|field| !known.contains(field)) {
                    return Err(wrong(&format!("{what}.{language}"), odd, "a field of the topic"));
                }
            }
        }
    }
    Ok(())
}

impl Step {
    /// Its texts by the key that they stand under.
    pub(super) fn texts(&self) -> Vec<(&'static str, &Texts)> {
        let all = match &self.act {
            Act::Ask(question) => vec![
                ("ask", Some(&question.ask)),
                ("again", question.again.as_ref()),
                ("remind", question.remind.as_ref()),
            ],
            Act::Say(say) | Act::HandOver { say } => vec![("say", say.as_ref())],
        };
        all.into_iter().filter_map(|(key, texts)| Some((key, texts?))).collect()
    }
}
