//! The opening: links that real tags made, judged before anything else.

use phygital_core::crypto::Secret;
use phygital_core::engine::{Config, Engine, EntropyError, Error as EngineError, TapOutcome, TapRequest};
use phygital_core::event::kinds::shop::TagEnrolled;
use phygital_core::store::Memory;
use phygital_core::tap::{KeySet, Keys};
use phygital_core::vocab::Timestamp;
use serde::Deserialize;

use super::Error;
use super::feed::{Feed, Kind};

/// Links with the keys that were published beside them; `vectors/demo/README.md` says whose they are.
const PUBLISHED: &str = include_str!("../../../vectors/demo/published_taps.json");

#[derive(Deserialize)]
struct Published {
    source: String,
    url: String,
    meta_read_key: String,
    file_read_key: String,
    expect: Expected,
}

#[derive(Deserialize)]
struct Expected {
    uid: String,
}

/// What the opening showed, to be compared with what was published.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) what: &'static str,
    pub(super) verdict: String,
}

/// Shows each link four ways: as the tag made it, sent again, with a digit changed, and, for the last one, of a
/// tag that nobody enrolled. In a store of its own: these tags are none of the shops'.
pub(super) fn show(feed: &mut Feed, now: Timestamp) -> Result<Vec<Verdict>, Error> {
    let taps: Vec<Published> = serde_json::from_str(PUBLISHED).expect("a file of ours that a test reads");
    let key = |text: &str| Secret::from_hex(text).expect("published keys have 32 digits");
    let set = |tap: &Published| {
        KeySet::explicit(key(&tap.file_read_key)).meta_read_key(key(&tap.meta_read_key)).of_tag(uid(tap))
    };
    let keys = Keys::new(taps.iter().map(set)).expect("each tag has one key");
    let entropy = |bytes: &mut [u8]| {
        bytes.fill(7); // nothing here is kept or guessed at
        Ok::<(), EntropyError>(())
    };
    let mut engine = Engine::open(Memory::new(), Config::default(), keys, entropy)?;
    let (stranger, enrolled) = taps.split_last().expect("the file has several");
    for tap in enrolled {
        engine.tags().enroll(TagEnrolled::new(uid(tap)), None, now)?;
    }

    feed.heading("Links that real tags made, as published")?;
    let mut verdicts = Vec::new();
    for tap in enrolled {
        cite(feed, tap)?;
        for (what, url) in [
            ("as captured", tap.url.clone()),
            ("sent again", tap.url.clone()),
            ("a digit changed", forge(&tap.url)),
        ] {
            verdicts.push(judge(&mut engine, feed, what, &url, now)?);
        }
    }
    cite(feed, stranger)?;
    verdicts.push(judge(&mut engine, feed, "unknown tag", &stranger.url, now)?);
    Ok(verdicts)
}

/// The link and who published it.
fn cite(feed: &mut Feed, tap: &Published) -> Result<(), Error> {
    feed.line(Kind::Note, "     ", "link", &tap.url)?;
    feed.line(Kind::Note, "     ", "published in", &tap.source)
}

fn judge(
    engine: &mut Engine<Memory>,
    feed: &mut Feed,
    what: &'static str,
    url: &str,
    now: Timestamp,
) -> Result<Verdict, Error> {
    let (kind, verdict) = match engine.taps().verify(TapRequest::url(url), now) {
        Ok(TapOutcome { proof, .. }) => {
            let uid = proof.uid().map_or("-".to_owned(), |uid| uid.to_string());
            let counter = proof.read_ctr().map_or("-".to_owned(), |counter| counter.to_string());
            (Kind::Genuine, format!("tag {uid}, counter {counter}"))
        }
        Err(EngineError::Tap(refusal)) => (Kind::Refused, refusal.to_string()),
        Err(error) => return Err(error.into()),
    };
    feed.line(kind, "     ", what, &verdict)?;
    Ok(Verdict { what, verdict })
}

fn uid(tap: &Published) -> phygital_core::vocab::TagUid {
    tap.expect.uid.parse().expect("published UIDs have 14 digits")
}

/// The link with its last digit changed.
pub(super) fn forge(url: &str) -> String {
    let mut forged = url.to_owned();
    let last = if forged.pop() == Some('0') { '1' } else { '0' };
    forged.push(last);
    forged
}
