//! `identity review`: what a person should look at.

use phygital_core::identity::review::{Policy, Question};
use serde_json::json;

use super::ask::{Asked, ask};
use crate::failure::{Exit, Failure};
use crate::identity_arguments::Review;
use crate::output::Output;

/// Least rows that name two identifiers together before it is asked why they are two profiles: one may be a slip.
const SUPPORT_MIN: u32 = 2;

pub(super) fn review(with: &Review, output: &mut Output) -> Result<Exit, Failure> {
    let mut asked = ask(&with.learned, output)?;
    let (threshold, review) = asked.thresholds;
    let policy = Policy { questions: with.limit, support: SUPPORT_MIN, threshold, review };
    let queue = asked.resolver.review(policy);
    if output.is_json() {
        for question in queue.questions() {
            let [one, two] = ends(&asked, question);
            let profiles = [question.profiles.0, question.profiles.1].map(|profile| profile.to_string());
            let (id, doubt) = (question.id.to_string(), question.doubt.to_string());
            output
                .object(&json!({ "id": id, "one": one, "two": two, "profiles": profiles, "doubt": doubt }))?;
        }
    } else {
        let row = |question: &Question| {
            let [one, two] = ends(&asked, question);
            vec![one, two, question.doubt.to_string()]
        };
        let rows: Vec<Vec<String>> = queue.questions().map(row).collect();
        if rows.is_empty() {
            output.text("nothing is doubtful")?;
        }
        output.table(&["one", "two", "doubt"], rows)?;
    }
    Ok(Exit::Done)
}

fn ends(asked: &Asked, question: &Question) -> [String; 2] {
    [question.ends.0, question.ends.1].map(|node| asked.node(&node))
}
