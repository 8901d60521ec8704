//! Why two are one customer, whom a person should look at, and who lives together: views as JSON.

use phygital_core::engine::{Explanation, Step};
use phygital_core::identity::HouseholdClass;
use phygital_core::identity::union::Basis;
use phygital_core::vocab::Identifier;
use serde_json::{Value, json};

use crate::error::PhygitalError;
use crate::phygital::Phygital;

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Phygital {
    /// Why two identifiers, `kind:value` each, are one customer, or are not, as JSON: `same`; where they are not, `reason`,
    /// a stable word, and `because`, a sentence; where they are, the `steps` from the one to the other and which of them,
    /// from 0, is the `weakest`. A step has `from` and `to` (`kind`, `value`), its `basis` (`stated`, `together`, `alike`,
    /// `repaired`) and the event that says so: `event` (its key), `source`, `id`, `at`; or, of what is alike, what that is
    /// worth in `millibits`. Identifiers that were not asked for are masked.
    ///
    /// # Errors
    /// 114 for no identifier.
    pub fn explain(&self, one: String, other: String) -> Result<String, PhygitalError> {
        let (one, other): (Identifier, Identifier) = (one.parse()?, other.parse()?);
        self.with(|engine, _| {
            let told = match engine.people().explain(&one, &other)? {
                Explanation::Same { steps, weakest } => {
                    let named = |identifier: &Identifier| {
                        let asked = identifier == &one || identifier == &other;
                        let value = if asked { identifier.value().to_owned() } else { identifier.masked() };
                        json!({"kind": identifier.kind(), "value": value})
                    };
                    let steps = steps.iter().map(|step| tie(step, named)).collect::<Vec<_>>();
                    json!({"same": true, "reason": null, "because": null, "steps": steps, "weakest": weakest})
                }
                Explanation::Different(why) => json!({
                    "same": false, "reason": why.code(), "because": why.to_string(), "steps": [], "weakest": null,
                }),
            };
            Ok(told.to_string())
        })
    }

    /// What a person should look at, at most so many questions, the worst first, as JSON: `questions`, each with its `id`, the
    /// identifiers `one` and `two` (masked), whose they are (`customers`, two) and the `doubt`, a sentence; and `crowded`, how
    /// many keys are shared by so many descriptions that those were not held against each other. An event *Identifiers Linked*
    /// or *Identifiers Separated* of the two answers a question.
    ///
    /// Reads everything that ties identifiers: not a call for while somebody waits at a till.
    ///
    /// # Errors
    /// From 500 where the store cannot be read.
    pub fn review(&self, most: u32) -> Result<String, PhygitalError> {
        self.with(|engine, _| {
            let review = engine.people().review(most as usize)?;
            let masked = |identifier: &Identifier| format!("{}:{}", identifier.kind(), identifier.masked());
            let questions = review.doubts.iter().map(|one| {
                let question = &one.question;
                json!({
                    "id": question.id.to_string(),
                    "one": masked(&one.ends.0),
                    "two": masked(&one.ends.1),
                    "customers": [question.profiles.0, question.profiles.1],
                    "doubt": question.doubt.to_string(),
                })
            });
            let questions = questions.collect::<Vec<_>>();
            Ok(json!({"questions": questions, "crowded": review.crowded}).to_string())
        })
    }

    /// Who lives together, as a JSON list: of each household of more than one customer its `id`, its `kind` (`family`, or
    /// `institution` where they are too many to be one) and its `customers`. Who took linking back is in none.
    ///
    /// Reads every identifier, as [`Phygital::review`] does.
    ///
    /// # Errors
    /// From 500 where the store cannot be read.
    pub fn households(&self) -> Result<String, PhygitalError> {
        self.with(|engine, _| {
            let all = engine.people().households()?;
            let together = all.iter().filter_map(|one| {
                let kind = match one.class {
                    HouseholdClass::Single => return None,
                    HouseholdClass::Institution => "institution",
                    _ => "family",
                };
                Some(json!({"id": one.id, "kind": kind, "customers": one.members}))
            });
            Ok(Value::from(together.collect::<Vec<_>>()).to_string())
        })
    }
}

/// A step from one identifier to the next.
fn tie(step: &Step, named: impl Fn(&Identifier) -> Value) -> Value {
    let (basis, millibits) = match step.basis {
        Basis::Ruled { .. } => ("stated", None),
        Basis::Together { .. } => ("together", None),
        Basis::Matched { weight } => ("alike", Some(weight)),
        Basis::Repaired { .. } => ("repaired", None),
        _ => ("other", None),
    };
    json!({
        "from": named(&step.from),
        "to": named(&step.to),
        "basis": basis,
        "event": step.event.map(|event| event.key.to_string()),
        "source": step.name.as_ref().map(|(source, _)| source.to_string()),
        "id": step.name.as_ref().map(|(_, id)| id.to_string()),
        "at": step.event.map(|event| event.at),
        "millibits": millibits,
    })
}
