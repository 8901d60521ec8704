//! `identity explain`, `why-not`, `history`: what is asked of who is who.

use phygital_core::identity::history::{Moment, Turn};
use phygital_core::identity::matching::Millibits;
use phygital_core::identity::resolver::Resolver;
use phygital_core::identity::why::{Hop, Node, Step, WhyNot};
use phygital_core::identity::{Sighting, Subject};
use phygital_core::vocab::CustomerId;
use serde_json::{Value, json};

use super::{Said, read_named};
use crate::failure::{Exit, Failure};
use crate::identity::People;
use crate::identity_arguments::{History, Learned, Two};
use crate::output::{Output, clean};

/// A file of people, and who is who in it.
pub(super) struct Asked {
    pub(super) people: Box<People>,
    pub(super) resolver: Resolver,
    /// The weights from which two descriptions match, and from which a person should look at them.
    pub(super) thresholds: (Millibits, Millibits),
}

/// Reads the file and finds out who is who.
pub(super) fn ask(with: &Learned, output: &Output) -> Result<Asked, Failure> {
    let read = read_named(&with.source, output)?;
    let model = read.model(with, output)?;
    let Said::People(people) = read.said else {
        let what = "expected a mapping with identifiers or details; of records with fields, `identity match` tells more";
        return Err(Failure::misuse("no_identifiers", what));
    };
    // Without a model nothing is weighed.
    let thresholds = model.as_ref().map_or((0, 0), |model| (model.match_at, model.review_at));
    let resolver = people.resolver(model, output);
    Ok(Asked { people, resolver, thresholds })
}

impl Asked {
    /// The profile that something belongs to.
    fn profile(&self, subject: Subject) -> Option<CustomerId> {
        match subject {
            Subject::Record(record) => self.resolver.profile_of(&record),
            Subject::Identifier(_, key) => self.resolver.profile_of_identifier(&key),
        }
    }

    /// A node as people read it: an identifier masked, or a row.
    pub(super) fn node(&self, node: &Node) -> String {
        self.people.names.subject(self.resolver.subject_of(node), node)
    }

    /// A step as people read it: from where, to where, since what, and a row that says so.
    fn step(&self, step: &Step) -> [String; 4] {
        let row = step.record.and_then(|record| self.people.names.row(&record)).unwrap_or_default();
        [self.node(&step.from), self.node(&step.to), step.basis.to_string(), row.to_owned()]
    }
}

pub(super) fn explain(with: &Two, output: &mut Output) -> Result<Exit, Failure> {
    let mut asked = ask(&with.learned, output)?;
    let (one, two) = (asked.people.subject(&with.one)?, asked.people.subject(&with.two)?);
    let Some(explanation) = asked.resolver.explain(one, two) else {
        match output.is_json() {
            true => output.object(&json!({ "same": false, "profile": null, "steps": [] }))?,
            false => output.text("two profiles, or none; `identity why-not` tells why")?,
        }
        return Ok(Exit::No);
    };
    let profile = asked.profile(one).map(|profile| profile.to_string());
    let weakest = |at: usize| explanation.steps.len() > 1 && explanation.weakest == Some(at);
    if output.is_json() {
        let step = |(at, step): (usize, &Step)| {
            let [from, to, since, row] = asked.step(step);
            json!({ "from": from, "to": to, "since": since, "row": row, "weakest": weakest(at) })
        };
        let steps: Vec<Value> = explanation.steps.iter().enumerate().map(step).collect();
        output.object(&json!({ "same": true, "profile": profile, "steps": steps }))?;
    } else {
        output.text(format_args!("one profile: {}", profile.unwrap_or_default()))?;
        let row = |(at, step): (usize, &Step)| {
            let [from, to, since, row] = asked.step(step);
            let weakest = if weakest(at) { " (the weakest)" } else { "" };
            vec![from, to, since + weakest, row]
        };
        let rows = explanation.steps.iter().enumerate().map(row).collect();
        output.table(&["from", "to", "since", "row"], rows)?;
    }
    Ok(Exit::Done)
}

pub(super) fn why_not(with: &Two, output: &mut Output) -> Result<Exit, Failure> {
    let mut asked = ask(&with.learned, output)?;
    let (one, two) = (asked.people.subject(&with.one)?, asked.people.subject(&with.two)?);
    let why = asked.resolver.why_not(one, two);
    let reasons: Vec<String> = match &why {
        WhyNot::Gaps(hops) => {
            let told = |hop: &Hop| {
                let basis = hop.basis.map_or(String::new(), |basis| format!("{basis}, but "));
                format!("{} and {}: {basis}{}", asked.node(&hop.from), asked.node(&hop.to), hop.gap)
            };
            hops.iter().map(told).collect()
        }
        why => why.to_string().lines().map(str::to_owned).collect(),
    };
    let together = why == WhyNot::Together;
    if output.is_json() {
        output.object(&json!({ "same": together, "reasons": reasons }))?;
    } else {
        reasons.iter().try_for_each(|reason| output.text(clean(reason)))?;
    }
    Ok(if together { Exit::No } else { Exit::Done })
}

pub(super) fn history(with: &History, output: &mut Output) -> Result<Exit, Failure> {
    let mut asked = ask(&with.learned, output)?;
    let profile = match with.who.parse::<CustomerId>() {
        Ok(id) => asked.resolver.profile(id),
        Err(_) => asked.profile(asked.people.subject(&with.who)?),
    };
    let profile = profile.ok_or_else(|| Failure::no("unknown", "there is no such profile"))?;
    let sightings: Vec<Sighting> = asked.people.evidence.sightings().collect();
    let moments = asked.resolver.history(profile, &sightings);
    let row = |moment: &Moment| asked.people.names.row(&moment.record).unwrap_or("a ruling").to_owned();
    let turns = |moment: &Moment| moment.turns.iter().map(|turn| asked.turn(turn)).collect::<Vec<String>>();
    if output.is_json() {
        for moment in &moments {
            let profile = moment.profile.map(|profile| profile.to_string());
            let time = moment.time.to_string();
            let turns = turns(moment);
            output
                .object(&json!({ "time": time, "row": row(moment), "profile": profile, "turns": turns }))?;
        }
    } else {
        output.text(format_args!("profile {profile}"))?;
        let rows = moments.iter().map(|moment| {
            vec![moment.time.to_string(), row(moment), turns(moment).join("\n").replace("; ", "\n  ")]
        });
        output.table(&["time", "row", "what it changed"], rows.collect())?;
    }
    Ok(Exit::Done)
}

impl Asked {
    fn turn(&self, turn: &Turn) -> String {
        let list = |ids: &[CustomerId]| ids.iter().map(CustomerId::to_string).collect::<Vec<_>>().join(", ");
        match turn {
            Turn::Joined { parts, into, by } => {
                let ties = by.iter().map(|step| {
                    let [from, to, since, _] = self.step(step);
                    format!("; {from} and {to}: {since}")
                });
                format!("{} joined as {into}{}", list(parts), ties.collect::<String>())
            }
            Turn::Separated { from, parts, lost, refused } => {
                let lost = lost.iter().map(|node| format!("; {} no longer links", self.node(node)));
                let refused = refused
                    .iter()
                    .map(|hop| format!("; {} and {}: {}", self.node(&hop.from), self.node(&hop.to), hop.gap));
                format!("{from} separated into {}{}", list(parts), lost.chain(refused).collect::<String>())
            }
            other => other.to_string(),
        }
    }
}
