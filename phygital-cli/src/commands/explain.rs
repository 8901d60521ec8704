//! `explain`: why two identifiers are one customer, or are not.

use phygital_core::engine::{Explanation, Step};
use phygital_core::identity::union::Basis;
use phygital_core::vocab::Identifier;
use serde::Serialize;

use crate::arguments::Explain;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::shop::Shop;
use crate::who;

/// One event of the chain.
#[derive(Debug, Serialize)]
struct Link {
    from: Named,
    to: Named,
    basis: &'static str,
    event: Option<String>,
    source: Option<String>,
    id: Option<String>,
    at: Option<String>,
    /// What says so where it is no event, in bits.
    bits: Option<f64>,
}

/// An identifier, masked where the one who asks did not name it herself.
#[derive(Debug, Serialize)]
struct Named {
    kind: &'static str,
    value: String,
}

/// Tells the chain of events from one identifier to the other.
pub(crate) fn explain(shop: &Shop, with: &Explain, output: &mut Output) -> Result<Exit, Failure> {
    let settings = shop.settings()?;
    let region = settings.region()?;
    let one = who::identifier(&with.one, region)?;
    let other = who::identifier(&with.other, region)?;
    let engine = shop.read(&settings)?;
    match engine.people().explain(&one, &other)? {
        Explanation::Same { steps, .. } => {
            let named = |identifier: &Identifier| Named {
                kind: identifier.kind().name(),
                value: match identifier == &one || identifier == &other {
                    true => identifier.value().to_owned(),
                    false => identifier.masked(),
                },
            };
            let links: Vec<Link> = steps.iter().map(|step| link(step, named)).collect();
            same(links, output)?;
            Ok(Exit::Done)
        }
        Explanation::Different(why) => {
            if output.is_json() {
                let answer = serde_json::json!({
                    "same": false, "reason": why.code(), "because": why.to_string(), "steps": [],
                });
                output.object(&answer)?;
            } else {
                output.text(format_args!("not one customer: {why}"))?;
            }
            Ok(Exit::No)
        }
    }
}

fn link(step: &Step, named: impl Fn(&Identifier) -> Named) -> Link {
    Link {
        from: named(&step.from),
        to: named(&step.to),
        basis: match step.basis {
            Basis::Ruled { .. } => "stated",
            Basis::Together { .. } => "together",
            Basis::Matched { .. } => "alike",
            _ => "other",
        },
        event: step.event.map(|event| event.key.to_string()),
        source: step.name.as_ref().map(|(source, _)| source.to_string()),
        id: step.name.as_ref().map(|(_, id)| id.to_string()),
        at: step.event.map(|event| event.at.to_string()),
        bits: match step.basis {
            Basis::Matched { weight } => Some(f64::from(weight) / 1_000.0),
            _ => None,
        },
    }
}

fn same(links: Vec<Link>, output: &mut Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.object(&serde_json::json!({ "same": true, "reason": null, "steps": links }));
    }
    output.text("one customer")?;
    let rows = links.into_iter().map(|link| {
        let event = match (link.source, link.id, link.event, link.bits) {
            (Some(source), Some(id), ..) => format!("{source} {id}"),
            (_, _, Some(event), _) => format!("{event} (erased)"),
            (_, _, None, bits) => format!("{:.1} bits", bits.unwrap_or_default()),
        };
        let name = |named: Named| format!("{}:{}", named.kind, named.value);
        vec![name(link.from), name(link.to), link.basis.to_owned(), event, link.at.unwrap_or_default()]
    });
    output.table(&["from", "to", "since", "event", "at"], rows.collect())
}
