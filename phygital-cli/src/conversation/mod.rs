//! `conversation`: topics that are looked at, played, and talked of with the customers of a store.

mod chat;
mod stage;
mod topics;

use std::path::Path;

use phygital_core::conversation::topic::limits::TOPIC_BYTES_MAX;
use phygital_core::conversation::topic::{Topic, TopicError};
use serde::Serialize;

use crate::conversation_arguments::{Conversation, Lint};
use crate::failure::{Exit, Failure};
use crate::output::{Output, clean};
use crate::settings::name;
use crate::shop::Shop;
use crate::text_file;

/// Does something with topics.
pub(crate) fn conversation(shop: &Shop, with: Conversation, output: &mut Output) -> Result<Exit, Failure> {
    match with {
        Conversation::Chat(with) => chat::chat(shop, &with, output),
        Conversation::Lint(with) => lint(&with, output),
        Conversation::Open(with) => topics::open(shop, &with, output),
        Conversation::FollowUp(with) => topics::follow_ups(shop, &with, output),
    }
}

/// What is not sound, as programs read it.
#[derive(Debug, Serialize)]
struct FindingView<'f> {
    file: &'f str,
    path: String,
    problem: String,
}

fn lint(with: &Lint, output: &mut Output) -> Result<Exit, Failure> {
    let mut sound = true;
    for path in &with.files {
        let file = name(path);
        let findings = match read(path)? {
            Ok(topic) => {
                if !output.is_json() {
                    let (draft, questions) = (topic.draft(), topic.questions().count());
                    output.text(format_args!(
                        "{}: sound; {} steps, {questions} of them questions, in {}",
                        clean(&file),
                        draft.steps.len(),
                        draft.languages.join(", ")
                    ))?;
                }
                continue;
            }
            Err(TopicError::Unsound(findings)) => findings,
            Err(error) => return Err(bad(path, &error)),
        };
        sound = false;
        for finding in findings {
            let (path, problem) = (finding.path, finding.problem.to_string());
            if output.is_json() {
                output.object(&FindingView { file: &file, path, problem })?;
            } else {
                output.text(format_args!("{}: {}: {}", clean(&file), clean(&path), clean(&problem)))?;
            }
        }
    }
    Ok(if sound { Exit::Done } else { Exit::No })
}

/// The topic of a file, or why it is none.
fn read(path: &Path) -> Result<Result<Topic, TopicError>, Failure> {
    let text = text_file::read(path, TOPIC_BYTES_MAX as u64, |expected| {
        Failure::misuse("bad_topic", format!("{}: {expected}", name(path)))
    })?;
    Ok(Topic::from_json(&text))
}

fn bad(path: &Path, error: &TopicError) -> Failure {
    Failure::misuse("bad_topic", format!("{}: {error}", name(path)))
}
