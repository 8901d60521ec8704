//! `outbox`: what waits for the host to carry out.

use phygital_core::machine::Action;

use super::{PAGE, ReceiptView};
use crate::arguments::Outbox;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::shop::Shop;

/// Lists what waits, or takes note of how an action went.
pub(crate) fn outbox(shop: &Shop, with: Outbox, output: &mut Output) -> Result<Exit, Failure> {
    let settings = shop.settings()?;
    let mut engine = match &with {
        Outbox::Ack(_) => shop.open(&settings)?,
        Outbox::List(_) => shop.read(&settings)?,
    };
    let now = shop.now()?;
    match with {
        Outbox::Ack(with) => {
            let receipt = engine.actions().acknowledge(&with.id, with.outcome, now)?;
            if output.is_json() {
                output.object(&ReceiptView::from(&receipt))?;
            } else {
                output.text(format_args!(
                    "{}: {}",
                    with.outcome.name(),
                    crate::output::clean(with.id.as_str())
                ))?;
            }
        }
        Outbox::List(with) => {
            let mut rows = Vec::new();
            let mut last: Option<Action> = None;
            loop {
                let actions = engine.actions();
                let page = match with.due {
                    true => actions.due(last.as_ref(), PAGE, now)?,
                    false => actions.waiting(last.as_ref(), PAGE)?,
                };
                if page.is_empty() {
                    break;
                }
                for action in &page {
                    if output.is_json() { output.object(action)? } else { rows.push(row(action)) }
                }
                last = page.last().cloned();
            }
            output.table(&["id", "action", "to", "purpose", "text", "until"], rows)?;
        }
    }
    Ok(Exit::Done)
}

fn row(action: &Action) -> Vec<String> {
    vec![
        action.id.to_string(),
        action.action.clone(),
        action.to.as_ref().map(|to| format!("{}:{}", to.kind(), to.masked())).unwrap_or_default(),
        action.purpose.map(|purpose| purpose.to_string()).unwrap_or_default(),
        action.text.as_ref().map(|text| text.reveal().to_owned()).unwrap_or_default(),
        action.expires_at.map(|until| until.to_string()).unwrap_or_default(),
    ]
}
