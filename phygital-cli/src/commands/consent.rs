//! `consent`: what is permitted and why; giving and withdrawing.

use phygital_core::consent::Entry;
use phygital_core::engine::{Accepted, Engine};
use phygital_core::event::kinds::conversation::{OptedIn, OptedOut};
use phygital_core::event::{Body, Event};
use phygital_core::vocab::{EventId, Identifier, Purpose, SourceId, Timestamp};
use phygital_store::Sqlite;

use super::{ReceiptView, consent_exchange as exchange};
use crate::arguments::{Consent, ConsentGrant, ConsentShow, ConsentWithdraw};
use crate::failure::{Exit, Failure};
use crate::output::{Output, clean};
use crate::settings::Settings;
use crate::shop::{Shop, random};
use crate::who::{self, Who};

/// The source of what is said with this command.
const SOURCE: &str = "//phygital/command";

/// Shows or changes consent.
pub(crate) fn consent(shop: &Shop, with: Consent, output: &mut Output) -> Result<Exit, Failure> {
    let settings = shop.settings()?;
    match with {
        Consent::Show(with) => show(shop, &settings, &with, output),
        Consent::Grant(with) => grant(shop, &settings, with, output),
        Consent::Withdraw(with) => withdraw(shop, &settings, with, output),
        Consent::Receipt(with) => exchange::receipt(shop, &settings, &with, output),
        Consent::Import(with) => exchange::import(shop, &settings, &with, output),
        Consent::Segment(with) => exchange::segment(shop, &settings, &with, output),
        Consent::Processing => exchange::processing(&settings, output),
    }
}

fn show(shop: &Shop, settings: &Settings, with: &ConsentShow, output: &mut Output) -> Result<Exit, Failure> {
    let whom = Who::parse(&with.identifier, settings.region()?)?;
    let engine = shop.read(settings)?;
    let now = shop.now()?;
    let contacts = match whom {
        Who::Identifier(identifier) => vec![identifier],
        Who::Customer(customer) => {
            let mut contacts = engine.people().get(customer)?.identifiers;
            let ledgers = engine.consents();
            let mut kept = Vec::new();
            for contact in contacts.drain(..) {
                if contact.kind().is_contact_point() || ledgers.ledger(&contact)?.is_some() {
                    kept.push(contact);
                }
            }
            kept
        }
    };
    let asked = if with.purpose.is_empty() { Purpose::ALL } else { &with.purpose[..] };
    let mut allowed = true;
    for contact in &contacts {
        allowed &= show_one(&engine, contact, asked, now, output)?;
    }
    if contacts.is_empty() && !output.is_json() {
        output.text("no phone number or e-mail address, and nothing was ever said")?;
    }
    let refused = !with.purpose.is_empty() && (!allowed || contacts.is_empty());
    Ok(if refused { Exit::No } else { Exit::Done })
}

/// Shows one contact point, and gives whether all that was asked is permitted.
fn show_one(
    engine: &Engine<Sqlite>,
    contact: &Identifier,
    asked: &[Purpose],
    now: Timestamp,
    output: &mut Output,
) -> Result<bool, Failure> {
    let ledger = engine.consents().ledger(contact)?.unwrap_or_default();
    let mut view = ledger.view(contact, &engine.config().policy, engine.latest(now));
    view.purposes.retain(|one| asked.contains(&one.decision.purpose));
    let allowed = view.purposes.iter().all(|one| one.decision.allowed);
    if output.is_json() {
        output.object(&view)?;
        return Ok(allowed);
    }
    output.text(format_args!("{}:{}", contact.kind(), clean(&contact.masked())))?;
    let rows = view.purposes.iter().map(|one| {
        let decision = &one.decision;
        let reasons = decision.reasons.iter().map(|reason| reason.code());
        let reasons: Vec<&str> =
            reasons.chain(decision.suppressed_by.iter().map(|cause| cause.name())).collect();
        let proofs: Vec<String> = decision.proofs.iter().map(ToString::to_string).collect();
        let answer = if decision.allowed { "yes" } else { "no" };
        vec![decision.purpose.to_string(), answer.to_owned(), reasons.join(" "), proofs.join(" ")]
    });
    output.table(&["purpose", "permitted", "reason", "proof"], rows.collect())?;
    output.table(
        &["said at", "what", "purposes", "method", "notice", "evidence"],
        ledger.entries().iter().map(entry).collect(),
    )?;
    Ok(allowed)
}

fn entry(entry: &Entry) -> Vec<String> {
    let purposes: Vec<&str> = entry.purposes.iter().map(|purpose| purpose.name()).collect();
    let evidence: Vec<&str> = entry.evidence.iter().map(|evidence| evidence.reveal()).collect();
    vec![
        entry.fold.at.to_string(),
        entry.cause.map_or(String::new(), |cause| format!("{cause} ")) + entry.state.name(),
        if purposes.is_empty() { "all".to_owned() } else { purposes.join(" ") },
        entry.method.map(|method| method.to_string()).unwrap_or_default(),
        entry.notice_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        evidence.join("\n"),
    ]
}

fn grant(shop: &Shop, settings: &Settings, with: ConsentGrant, output: &mut Output) -> Result<Exit, Failure> {
    let contact = who::identifier(&with.identifier, settings.region()?)?;
    let mut body = OptedIn::new(contact, with.purpose, with.method);
    let notice = settings.notice.as_ref().map(|notice| notice.notice()).transpose()?;
    if let Some(shown) = notice.filter(|notice| Some(notice.id()) == with.notice_id.as_ref()) {
        body.notice_hash = Some(shown.hash());
        body.language = shown.language().map(str::to_owned);
    }
    body.notice_id = with.notice_id;
    body.expires_at = with.expires;
    body.evidence = with.proof.evidence;
    say(shop, settings, with.proof.id, with.proof.at, body.into(), output)
}

fn withdraw(
    shop: &Shop,
    settings: &Settings,
    with: ConsentWithdraw,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let contact = who::identifier(&with.identifier, settings.region()?)?;
    let mut body = OptedOut::new(contact);
    body.purposes = with.purpose;
    body.method = with.method;
    body.evidence = with.proof.evidence;
    say(shop, settings, with.proof.id, with.proof.at, body.into(), output)
}

/// Records what was said.
fn say(
    shop: &Shop,
    settings: &Settings,
    id: Option<EventId>,
    at: Option<Timestamp>,
    body: Body,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let mut engine = shop.open(settings)?;
    let now = shop.now()?;
    let id = id.map_or_else(fresh_id, Ok)?;
    let source = SourceId::new(SOURCE).expect("a constant that is an id");
    let accepted = engine.record(Event::new(source, id, at.unwrap_or(now), body), now)?;
    if output.is_json() {
        output.object(&ReceiptView::from(accepted.receipt()))?;
    } else {
        let known = matches!(accepted, Accepted::Known(_));
        let again = if known { " before" } else { "" };
        output.text(format_args!("recorded{again} as event {}", accepted.receipt().key))?;
    }
    Ok(Exit::Done)
}

fn fresh_id() -> Result<EventId, Failure> {
    let mut bytes = [0; 16];
    random(&mut bytes)?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(EventId::new(format!("said-{digits}")).expect("made of hexadecimal digits"))
}
