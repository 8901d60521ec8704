//! What is not sound about a topic that can be read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Act, BRAND_FIELD, Condition, Draft, Question, limits};
use crate::conversation::answer::{AnswerType, Label, languages};
use crate::conversation::segments::segments;
use crate::conversation::template::{Template, TemplateError};

/// How long a field of her profile, or an answer in her own words, is taken to be where the parts of a text are counted, in
/// characters.
const FIELD_CHARS: usize = 40;

/// How long the brand's name is taken to be.
const BRAND_CHARS: usize = 20;

/// Something that is not sound.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
#[non_exhaustive]
pub struct Finding {
    /// Where: `steps.shoes.ask.fr`.
    pub path: String,
    /// What.
    pub problem: Problem,
}

/// What is not sound.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// No way leads to the step.
    Unreachable,
    /// The branch stands behind one that is always taken.
    NeverTaken,
    /// These steps lead in a circle, so that the topic may never end.
    Endless(Vec<String>),
    /// The text is missing in these languages.
    MissingLanguages(Vec<String>),
    /// Answers of this kind cannot be read in these languages.
    UnreadLanguages(Vec<String>),
    /// What there is to choose has no name in these languages, or not all of it.
    UnnamedLanguages(Vec<String>),
    /// The field may not be known there, and has no default.
    MayBeUnknown(String),
    /// The text takes up so many parts of a text message where its fields are long: more than
    /// [`TEXT_PARTS_MAX`](limits::TEXT_PARTS_MAX).
    TooManyParts(usize),
    /// The text cannot be filled in.
    Unfilled(TemplateError),
    /// The condition asks for a value that no answer to the question has.
    NeverSo(String),
    /// Another step asks for the same attribute another kind of answer.
    OtherType(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Unreachable => f.write_str("no way leads to this step"),
            Problem::NeverTaken => f.write_str("never taken, since the branch before it always is"),
            Problem::Endless(steps) => write!(f, "leads in a circle: {}", steps.join(" -> ")),
            Problem::MissingLanguages(missing) => write!(f, "expected a text in {}", missing.join(", ")),
            Problem::UnreadLanguages(unread) => {
                let read: Vec<&str> = languages().collect();
                write!(f, "such answers are read in {}, not in {}", read.join(", "), unread.join(", "))
            }
            Problem::UnnamedLanguages(missing) => {
                write!(f, "expected names of what there is to choose in {}", missing.join(", "))
            }
            Problem::MayBeUnknown(field) => {
                write!(f, "`{field}` may not be known there; give it a default or ask whether it is defined")
            }
            Problem::TooManyParts(parts) => {
                write!(f, "may take {parts} parts of a text message, more than {}", limits::TEXT_PARTS_MAX)
            }
            Problem::Unfilled(error) => write!(f, "cannot be filled in: {error}"),
            Problem::NeverSo(value) => write!(f, "no answer to that question is `{value}`"),
            Problem::OtherType(step) => {
                write!(f, "asks for another kind of answer to the same attribute than `{step}`")
            }
        }
    }
}

impl Draft {
    /// What is not sound; nothing for a topic that is. A circle comes first, then the steps by their names, and the texts that
    /// cannot be filled in or become too long at the end, by language.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut find = |path: String, problem| findings.push(Finding { path, problem });
        let circle = self.circle();
        if let Some(circle) = &circle {
            find(format!("steps.{}", circle[0]), Problem::Endless(circle.clone()));
        }
        let reached = self.reached();
        let mut types: BTreeMap<&str, (&str, &AnswerType)> = BTreeMap::new();
        for (name, step) in &self.steps {
            if !reached.contains(name.as_str()) {
                find(format!("steps.{name}"), Problem::Unreachable);
            }
            let always = step.then.iter().position(|branch| branch.when.is_none()).unwrap_or(step.then.len());
            for (place, branch) in step.then.iter().enumerate() {
                let path = format!("steps.{name}.then[{place}]");
                if place > always {
                    find(path.clone(), Problem::NeverTaken);
                }
                if let Some(condition) = &branch.when {
                    self.impossible(condition, &mut |value| find(path.clone(), Problem::NeverSo(value)));
                }
            }
            for (key, texts) in step.texts() {
                let missing = self.languages.iter().filter(|language| texts.get(language).is_none());
                let missing: Vec<String> = missing.cloned().collect();
                if !missing.is_empty() {
                    find(format!("steps.{name}.{key}"), Problem::MissingLanguages(missing));
                }
            }
            if let Act::Ask(question) = &step.act {
                if let Some(problem) = self.unread(&question.answer) {
                    find(format!("steps.{name}.answer"), problem);
                }
                match types.get(&*question.attribute) {
                    Some((other, answer)) if **answer != question.answer => {
                        find(format!("steps.{name}.attribute"), Problem::OtherType((*other).to_owned()));
                    }
                    Some(_) => {}
                    None => {
                        types.insert(&question.attribute, (name, &question.answer));
                    }
                }
            }
        }
        // Where a way leads in a circle, it cannot be told what is known on it.
        if circle.is_none() {
            findings.extend(self.unfilled());
        }
        findings
    }

    /// The steps of one circle, the first again as the last; `None` where no way leads back.
    fn circle(&self) -> Option<Vec<String>> {
        let mut done: BTreeSet<&str> = BTreeSet::new();
        for start in self.steps.keys() {
            // Depth first, without recursion: each step with the branches that are left to look at.
            let mut path: Vec<(&str, usize)> = vec![(start, 0)];
            while let Some((name, place)) = path.last_mut() {
                let name: &str = name;
                let next = self.steps.get(name).and_then(|step| step.then.get(*place));
                *place += 1;
                let Some(branch) = next.filter(|_| !done.contains(name)) else {
                    done.insert(name);
                    path.pop();
                    continue;
                };
                let Some(to) = branch.to.as_deref() else { continue };
                if let Some(begin) = path.iter().position(|(step, _)| *step == to) {
                    let circle = path[begin..].iter().map(|(step, _)| *step).chain([to]);
                    return Some(circle.map(str::to_owned).collect());
                }
                path.push((to, 0));
            }
        }
        None
    }

    fn reached(&self) -> BTreeSet<&str> {
        let mut reached: BTreeSet<&str> = BTreeSet::new();
        let mut ahead = vec![self.start.as_str()];
        while let Some(name) = ahead.pop() {
            if let Some(step) = self.steps.get(name).filter(|_| reached.insert(name)) {
                ahead.extend(step.then.iter().filter_map(|branch| branch.to.as_deref()));
            }
        }
        reached
    }

    /// Why answers of that type are not read in all languages.
    fn unread(&self, answer: &AnswerType) -> Option<Problem> {
        let without = |has: &dyn Fn(&str) -> bool| -> Vec<String> {
            self.languages.iter().filter(|language| !has(language)).cloned().collect()
        };
        let (missing, problem): (_, fn(Vec<String>) -> Problem) = match answer {
            AnswerType::YesNo | AnswerType::Date(_) => {
                let primary = |language: &str| language.split('-').next().unwrap_or_default().to_lowercase();
                let known = |language: &str| languages().any(|one| one == primary(language));
                (without(&known), Problem::UnreadLanguages)
            }
            // What has a name in the language, or in none, is found without its words.
            AnswerType::Choice(choice) => {
                let named = |label: &Label, language: &str| {
                    label.names.is_empty() || label.names.get(language).is_some_and(|names| !names.is_empty())
                };
                let all = |language: &str| choice.labels().iter().all(|label| named(label, language));
                (without(&all), Problem::UnnamedLanguages)
            }
            AnswerType::Number(_) | AnswerType::Size(_) | AnswerType::Text => return None,
        };
        (!missing.is_empty()).then(|| problem(missing))
    }

    /// Values that a condition asks for and that a choice or a yes-or-no does not have.
    fn impossible(&self, condition: &Condition, find: &mut impl FnMut(String)) {
        match condition {
            Condition::In(field, values) => {
                let Some(Act::Ask(question)) = self.steps.get(field).map(|step| &step.act) else { return };
                let has = |value: &&String| match &question.answer {
                    AnswerType::Choice(choice) => {
                        choice.labels().iter().any(|label| label.value.to_lowercase() == value.to_lowercase())
                    }
                    AnswerType::YesNo => ["yes", "no"].contains(&value.to_lowercase().as_str()),
                    _ => true,
                };
                values.iter().filter(|value| !has(value)).for_each(|value| find(value.clone()));
            }
            Condition::All(several) | Condition::Any(several) => {
                several.iter().for_each(|one| self.impossible(one, find));
            }
            Condition::Not(one) => self.impossible(one, find),
            Condition::Known(_) | Condition::AtLeast(..) | Condition::Below(..) => {}
        }
    }

    /// Texts that may not be filled in, or become too long, of a topic without circles.
    fn unfilled(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let order = self.in_order();
        for language in &self.languages {
            // What is surely known at each step, and what may have been said before it since she last took part.
            let mut known: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
            let mut before: BTreeMap<&str, String> = BTreeMap::new();
            known.insert(&self.start, [BRAND_FIELD].into());
            for name in &order {
                let step = &self.steps[*name];
                let sure = known.get(name).cloned().unwrap_or_default();
                let heard = before.remove(name).unwrap_or_default();
                let mut longest = None;
                for (key, texts) in step.texts() {
                    let Some(text) = texts.get(language) else { continue };
                    match self.fill(text, &sure, language) {
                        Err(problem) => {
                            let path = format!("steps.{name}.{key}.{language}");
                            findings.push(Finding { path, problem });
                        }
                        Ok(filled) => {
                            let begins = ["ask", "say"].contains(&key);
                            let whole = if begins { joined(&heard, &filled) } else { filled };
                            let parts = segments(&whole).segments();
                            if parts > limits::TEXT_PARTS_MAX {
                                let path = format!("steps.{name}.{key}.{language}");
                                findings.push(Finding { path, problem: Problem::TooManyParts(parts) });
                            }
                            longest = longest.or(Some(whole));
                        }
                    }
                }
                // Past a question that is known nothing was asked, so what was said before may still be unheard.
                let onward = match (&step.act, longest) {
                    (Act::Say(_), Some(whole)) => whole,
                    (Act::Say(_) | Act::Ask(_) | Act::HandOver { .. }, _) => heard,
                };
                for branch in &step.then {
                    let Some(to) = branch.to.as_deref() else { continue };
                    let mut there = sure.clone();
                    there.extend(branch.when.iter().flat_map(implied));
                    match known.get_mut(to) {
                        Some(others) => others.retain(|field| there.contains(field)),
                        None => drop(known.insert(to, there)),
                    }
                    let pending = before.entry(to).or_default();
                    if weight(&onward) > weight(pending) {
                        pending.clone_from(&onward);
                    }
                }
            }
        }
        findings
    }

    /// The steps that can be reached, each behind all that lead to it.
    fn in_order(&self) -> Vec<&str> {
        let reached = self.reached();
        let mut left: BTreeMap<&str, usize> = reached.iter().map(|name| (*name, 0)).collect();
        let onward = |name: &str| self.steps[name].then.iter().filter_map(|branch| branch.to.as_deref());
        for name in &reached {
            onward(name).for_each(|to| *left.entry(to).or_default() += 1);
        }
        let mut order = Vec::new();
        let mut ready = vec![self.start.as_str()];
        while let Some(name) = ready.pop() {
            order.push(name);
            for to in onward(name) {
                let count = left.entry(to).or_default();
                *count -= 1;
                if *count == 0 {
                    ready.push(to);
                }
            }
        }
        order
    }

    /// The longest that a text can become, where `sure` fields are known and every other may be or not.
    fn fill(&self, text: &Template, sure: &BTreeSet<&str>, language: &str) -> Result<String, Problem> {
        let values: BTreeMap<&str, String> =
            text.fields().map(|field| (field, self.sample(field, language))).collect();
        let open: Vec<&str> = text.fields().filter(|field| !sure.contains(field)).collect();
        let mut longest = String::new();
        for chosen in 0_u32..1 << open.len() {
            let is_left_out = |field: &str| {
                open.iter().position(|one| *one == field).is_some_and(|place| chosen >> place & 1 == 0)
            };
            let fields = values.iter().filter(|(field, _)| !is_left_out(field));
            match text.render(&fields.map(|(field, value)| (*field, value.as_str())).collect()) {
                Ok(filled) if weight(&filled) > weight(&longest) => longest = filled,
                Ok(_) => {}
                Err(TemplateError::Unknown(field)) => return Err(Problem::MayBeUnknown(field)),
                Err(error) => return Err(Problem::Unfilled(error)),
            }
        }
        Ok(longest)
    }

    /// A long value of a field.
    fn sample(&self, field: &str, language: &str) -> String {
        if field == BRAND_FIELD {
            return "B".repeat(BRAND_CHARS);
        }
        let Some(Act::Ask(question)) = self.steps.get(field).map(|step| &step.act) else {
            return "x".repeat(FIELD_CHARS);
        };
        question.longest(language)
    }
}

impl Question {
    /// A long answer as texts of that language say it.
    fn longest(&self, language: &str) -> String {
        match &self.answer {
            AnswerType::Choice(choice) => {
                let names = choice.labels().iter().map(|label| label.name_in(language));
                names.max_by_key(|name| weight(name)).unwrap_or_default().to_owned()
            }
            AnswerType::Number(quantity) => "8".repeat(quantity.longest()),
            AnswerType::Size(size) => {
                let sizes = size.scales.iter().flat_map(|scale| scale.sizes());
                sizes.max_by_key(|size| weight(size)).unwrap_or_default().to_owned()
            }
            AnswerType::Date(_) => "2026-12-24".to_owned(),
            AnswerType::YesNo => "yes".to_owned(),
            AnswerType::Text => "x".repeat(FIELD_CHARS),
        }
    }
}

/// Two texts in one message.
pub(crate) fn joined(before: &str, text: &str) -> String {
    match (before.is_empty(), text.is_empty()) {
        (true, _) => text.to_owned(),
        (_, true) => before.to_owned(),
        _ => format!("{before}\n{text}"),
    }
}

/// What a text costs, to tell the greater of two.
fn weight(text: &str) -> (usize, usize) {
    (segments(text).segments(), text.len())
}

/// The fields that are known where a condition holds.
fn implied(condition: &Condition) -> BTreeSet<&str> {
    match condition {
        Condition::Known(field)
        | Condition::In(field, _)
        | Condition::AtLeast(field, _)
        | Condition::Below(field, _) => [field.as_str()].into(),
        Condition::All(several) => several.iter().flat_map(implied).collect(),
        Condition::Any(several) => {
            let mut all = several.iter().map(implied);
            let first = all.next().unwrap_or_default();
            all.fold(first, |known, other| known.intersection(&other).copied().collect())
        }
        Condition::Not(_) => BTreeSet::new(),
    }
}
