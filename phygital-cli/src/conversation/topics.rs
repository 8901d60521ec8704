//! `conversation open` and `follow-up`: topics with the customers of a store.

use std::path::PathBuf;

use phygital_core::conversation::gate::Verdict;
use phygital_core::engine::{Config, FollowUp, Opened};
use phygital_core::tap::Keys;
use phygital_core::vocab::limits::FOLLOW_UPS_MAX;
use phygital_core::vocab::{Timestamp, TopicId};
use phygital_store::Options;
use serde::Serialize;

use super::{bad, read};
use crate::conversation_arguments::{FollowUps, Open};
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::settings::name;
use crate::shop::Shop;
use crate::who;

/// What came of it.
#[derive(Debug, Serialize)]
struct CameView {
    /// Whether something waits in the outbox, or the run ended without a word.
    done: bool,
    /// Why the gate does not let it out.
    reasons: Vec<&'static str>,
}

/// A topic that is to be followed up, and what came of it where it was.
#[derive(Debug, Serialize)]
struct FollowUpView<'f> {
    contact: String,
    topic: &'f TopicId,
    due: Timestamp,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    came: Option<CameView>,
}

/// Opens a topic.
pub(super) fn open(shop: &Shop, with: &Open, output: &mut Output) -> Result<Exit, Failure> {
    let topic = read(&with.file)?.map_err(|error| bad(&with.file, &error))?;
    let (settings, id) = (shop.settings()?, topic.id().clone());
    let contact = who::identifier(&with.contact, settings.region()?)?;
    let config = settings.config()?.with_topic(topic);
    let mut engine = shop.engine(&Options::new().must_exist(), config, Keys::none())?;
    let opened = engine.topics().open(&contact, &id, with.language.as_deref(), shop.now()?)?;
    let came = CameView::of(&opened);
    if output.is_json() {
        output.object(&came)?;
    } else {
        output.text(came.words("opened", "nothing to ask: all of it is known, or a topic is open"))?;
    }
    Ok(if came.done { Exit::Done } else { Exit::No })
}

/// Lists what is to be followed up, and does it where that is asked for.
pub(super) fn follow_ups(shop: &Shop, with: &FollowUps, output: &mut Output) -> Result<Exit, Failure> {
    let config = with_topics(shop, &with.files)?;
    let mut engine = match with.apply {
        true => shop.engine(&Options::new().must_exist(), config, Keys::none())?,
        false => shop.read_as(config)?,
    };
    let now = shop.now()?;
    let (mut rows, mut behind) = (Vec::new(), None);
    loop {
        let page = engine.topics().follow_ups(behind, FOLLOW_UPS_MAX, now)?;
        let Some(last) = page.last() else { break };
        behind = Some(last.place);
        for due in &page {
            let came = match with.apply {
                true => Some(CameView::of(&engine.topics().follow_up(&due.contact, now)?)),
                false => None,
            };
            if output.is_json() {
                output.object(&FollowUpView::of(due, came))?;
            } else {
                rows.push(row(due, came.as_ref()));
            }
        }
    }
    let header = ["contact", "topic", "due", "came of it"];
    output.table(if with.apply { &header } else { &header[..3] }, rows)?;
    Ok(Exit::Done)
}

/// The settings of the shop, with the topics of these files.
fn with_topics(shop: &Shop, files: &[PathBuf]) -> Result<Config, Failure> {
    let mut config = shop.settings()?.config()?;
    for path in files {
        let topic = read(path)?.map_err(|error| bad(path, &error))?;
        if config.topics.contains_key(topic.id()) {
            let message = format!("{}: a topic of this id was given before", name(path));
            return Err(Failure::misuse("bad_topic", message));
        }
        config = config.with_topic(topic);
    }
    Ok(config)
}

fn row(due: &FollowUp, came: Option<&CameView>) -> Vec<String> {
    let mut row = vec![
        format!("{}:{}", due.contact.kind(), due.contact.masked()),
        due.topic.to_string(),
        due.due.to_string(),
    ];
    row.extend(came.map(|came| came.words("done", "nothing: something came meanwhile")));
    row
}

impl CameView {
    fn of(opened: &Opened) -> CameView {
        let reasons = |verdict: &Verdict| verdict.reasons().iter().map(|reason| reason.code()).collect();
        match opened {
            Opened::Said => CameView { done: true, reasons: Vec::new() },
            Opened::Refused(verdict) => CameView { done: false, reasons: reasons(verdict) },
            _ => CameView { done: false, reasons: Vec::new() },
        }
    }

    fn words(&self, done: &str, nothing: &str) -> String {
        match (self.done, &self.reasons[..]) {
            (true, _) => done.to_owned(),
            (false, []) => nothing.to_owned(),
            (false, reasons) => format!("not let out: {}", reasons.join(", ")),
        }
    }
}

impl FollowUpView<'_> {
    fn of(due: &FollowUp, came: Option<CameView>) -> FollowUpView<'_> {
        let contact = format!("{}:{}", due.contact.kind(), due.contact.value());
        FollowUpView { contact, topic: &due.topic, due: due.due, came }
    }
}
