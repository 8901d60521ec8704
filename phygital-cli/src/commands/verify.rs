//! `tap verify`: is it genuine, was it used, whose is it.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use phygital_core::engine::{Engine, Error, Recognition, TapOutcome, TapRefused, TapRequest};
use phygital_core::machine::TapRefusalReason;
use phygital_core::optin::Platform;
use phygital_core::tap::limits::URL_LENGTH_MAX;
use phygital_core::tap::replay::{Judgement, ReplayMark, judge};
use phygital_core::tap::{self, RefusalClass, TapRefusal, VerifiedTap};
use phygital_core::vocab::{
    CustomerId, EventKey, Identifier, KeyEpoch, PlaceId, ReadCounter, TagUid, Timestamp, TouchpointId,
};
use phygital_store::Sqlite;
use serde::Serialize;

use crate::arguments::Verify;
use crate::failure::{Exit, Failure};
use crate::lines::Lines;
use crate::output::{Output, clean};
use crate::shop::{SharedKeys, Shop};
use crate::who;

/// What becomes of a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// An enrolled tag made it, and it was not used before.
    Genuine,
    /// A tag made it, and it was used before.
    Replayed,
    /// The tag that it names did not make it.
    Forged,
    /// A tag made it that does not count: unknown, set aside, lost, retired, or with newer keys.
    NotEnrolled,
    /// It is no tap, or was damaged on its way.
    Malformed,
    /// It cannot be judged: there is no key, or no counter.
    Unauthenticated,
}

impl Verdict {
    pub(super) fn name(self) -> &'static str {
        match self {
            Verdict::Genuine => "genuine",
            Verdict::Replayed => "replayed",
            Verdict::Forged => "forged",
            Verdict::NotEnrolled => "not_enrolled",
            Verdict::Malformed => "malformed",
            Verdict::Unauthenticated => "unauthenticated",
        }
    }
}

impl From<&TapRefusal> for Verdict {
    fn from(refusal: &TapRefusal) -> Verdict {
        match refusal.class() {
            RefusalClass::Malformed => Verdict::Malformed,
            RefusalClass::Forged => Verdict::Forged,
            _ => Verdict::Unauthenticated,
        }
    }
}

impl From<TapRefusalReason> for Verdict {
    fn from(reason: TapRefusalReason) -> Verdict {
        match reason {
            TapRefusalReason::Replayed => Verdict::Replayed,
            TapRefusalReason::Uncounted => Verdict::Unauthenticated,
            _ => Verdict::NotEnrolled,
        }
    }
}

/// One answer. All keys are always there, those of the store with `--record`.
#[derive(Debug, Serialize)]
struct Answer {
    input: String,
    verdict: Verdict,
    scheme: Option<String>,
    uid: Option<TagUid>,
    read_ctr: Option<ReadCounter>,
    file_data: Option<String>,
    tag_tamper: Option<String>,
    reason: Option<&'static str>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    visit: Option<Visit>,
}

/// Who tapped, where, and what to offer her.
#[derive(Debug, Default, Serialize)]
struct Visit {
    event: Option<EventKey>,
    repeated: Option<bool>,
    late: Option<bool>,
    recognition: Option<&'static str>,
    customer: Option<CustomerId>,
    place: Option<PlaceId>,
    touchpoint: Option<TouchpointId>,
    opt_in: Option<Offer>,
}

#[derive(Debug, Serialize)]
struct Offer {
    code: String,
    notice: String,
    link: String,
    expires_at: Timestamp,
}

/// Verifies URLs, one answer for each, in their order.
pub(crate) fn verify(shop: &Shop, with: Verify, output: &mut Output) -> Result<Exit, Failure> {
    let settings = shop.settings()?;
    let keys = SharedKeys(Arc::new(shop.keys(with.keys.as_deref(), &settings, output)?));
    let judged_by = if with.no_replay {
        JudgedBy::MacAlone
    } else if with.record || shop.db_named || shop.db.exists() {
        let region = settings.region()?;
        let seen = with.seen.iter().map(|text| who::identifier(text, region));
        let seen = seen.collect::<Result<Vec<_>, _>>()?;
        JudgedBy::Store(Box::new(shop.open_with(&settings, keys.clone())?), seen)
    } else {
        JudgedBy::Run(BTreeMap::new())
    };
    let mut verifier = Verifier { shop, keys, judged_by, with: &with, all_genuine: true };
    for url in &with.urls {
        if url == "-" {
            verifier.stream(output)?;
        } else {
            verifier.answer(url.as_bytes(), false, output)?;
        }
    }
    Ok(if verifier.all_genuine { Exit::Done } else { Exit::No })
}

/// What a genuine tap is held against.
enum JudgedBy {
    /// Nothing.
    MacAlone,
    /// The counters of this run.
    Run(BTreeMap<(TagUid, KeyEpoch), ReplayMark>),
    /// The registry and the marks of the store, which records the tap; and who was seen.
    Store(Box<Engine<Sqlite>>, Vec<Identifier>),
}

struct Verifier<'v> {
    shop: &'v Shop,
    keys: SharedKeys,
    judged_by: JudgedBy,
    with: &'v Verify,
    all_genuine: bool,
}

impl Verifier<'_> {
    /// Answers each line of standard input as it comes.
    fn stream(&mut self, output: &mut Output) -> Result<(), Failure> {
        let mut lines = Lines::new(io::stdin().lock());
        loop {
            let line = lines.next().map_err(|error| Failure::io("standard input", &error))?;
            let Some(line) = line else { return Ok(()) };
            self.answer(&line.bytes, line.cut, output).map_err(|failure| failure.at_line(line.number))?;
        }
    }

    fn answer(&mut self, input: &[u8], cut: bool, output: &mut Output) -> Result<(), Failure> {
        let answer = match std::str::from_utf8(input) {
            Ok(url) if !cut => self.judge(url)?,
            _ if input.len() > URL_LENGTH_MAX => refused(&TapRefusal::TooLong { found: input.len() }),
            _ => refused(&TapRefusal::NotAscii),
        };
        // What is too long for a tap is not repeated in full either.
        let shown = String::from_utf8_lossy(&input[..input.len().min(URL_LENGTH_MAX)]).into_owned();
        let answer = Answer { input: shown, ..answer };
        self.all_genuine &= answer.verdict == Verdict::Genuine;
        if output.is_json() {
            output.object(&answer)?
        } else {
            print(&answer, output)?
        }
        output.flush()
    }

    fn judge(&mut self, url: &str) -> Result<Answer, Failure> {
        let verified = tap::verify(url, &self.keys);
        let mut answer = match &verified {
            Ok(tap) => read(tap),
            Err(refusal) => refused(refusal),
        };
        match &mut self.judged_by {
            JudgedBy::MacAlone => {}
            JudgedBy::Run(marks) => {
                if let Some(reason) = verified.ok().and_then(|tap| replayed(&tap, marks)) {
                    answer.verdict = reason.into();
                    answer.reason = Some(reason.code());
                }
            }
            // A forged tap goes there too: the engine counts them.
            JudgedBy::Store(engine, seen) => {
                match engine.taps().verify(request(url, self.with, seen), self.shop.now()?) {
                    Ok(outcome) if self.with.record => answer.visit = Some(visit(outcome)),
                    Ok(_) => {}
                    Err(Error::Tap(TapRefused::NotCounted { reason, .. })) => {
                        answer.verdict = reason.into();
                        answer.reason = Some(reason.code());
                    }
                    Err(Error::Tap(TapRefused::NotGenuine(refusal))) => answer = refused(&refusal),
                    Err(Error::Tap(waits)) => {
                        answer = Answer { reason: Some(waits.code()), ..refused(&TapRefusal::NoKey) };
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(self.with_visit(answer))
    }

    /// With `--record`, the keys of the store stand in every answer.
    fn with_visit(&self, mut answer: Answer) -> Answer {
        if self.with.record && answer.visit.is_none() {
            answer.visit = Some(Visit::default());
        }
        answer
    }
}

/// What the store is asked.
fn request<'r>(url: &'r str, with: &'r Verify, seen: &[Identifier]) -> TapRequest<'r> {
    let mut request = TapRequest::url(url);
    if let Some(place) = &with.place {
        request = request.at(place.clone());
    }
    if let Some(client) = &with.client {
        request = request.from_client(client);
    }
    seen.iter().fold(request, |request, identifier| request.seen(identifier.clone()))
}

/// Judges a tap by the counters of this run, and moves them.
fn replayed(
    tap: &VerifiedTap,
    marks: &mut BTreeMap<(TagUid, KeyEpoch), ReplayMark>,
) -> Option<TapRefusalReason> {
    let (Some(uid), Some(ctr)) = (tap.uid(), tap.read_ctr()) else {
        return Some(TapRefusalReason::Uncounted);
    };
    let tag = (uid, tap.key_epoch());
    match judge(marks.get(&tag).copied(), ctr) {
        Judgement::Accepted { mark, .. } => {
            marks.insert(tag, mark);
            None
        }
        Judgement::Replayed => Some(TapRefusalReason::Replayed),
    }
}

fn refused(refusal: &TapRefusal) -> Answer {
    Answer {
        input: String::new(),
        verdict: refusal.into(),
        scheme: None,
        uid: None,
        read_ctr: None,
        file_data: None,
        tag_tamper: None,
        reason: Some(refusal.code()),
        visit: None,
    }
}

fn read(tap: &VerifiedTap) -> Answer {
    Answer {
        input: String::new(),
        verdict: Verdict::Genuine,
        scheme: Some(tap.scheme().to_string()),
        uid: tap.uid(),
        read_ctr: tap.read_ctr(),
        file_data: tap.file_data().map(|data| data.to_hex()),
        tag_tamper: tap.tag_tamper().map(|tamper| tamper.letters()),
        reason: None,
        visit: None,
    }
}

fn visit(outcome: TapOutcome) -> Visit {
    let (recognition, customer) = match outcome.recognition {
        Recognition::Known(customer) => ("known", customer),
        Recognition::Anonymous(customer) => ("anonymous", customer),
    };
    let offer = outcome.opt_in.map(|offer| Offer {
        code: offer.code.to_string(),
        notice: offer.notice.text().to_owned(),
        link: offer.link(Platform::Both),
        expires_at: offer.expires_at,
    });
    Visit {
        event: Some(outcome.receipt.key),
        repeated: Some(outcome.repeated),
        late: Some(outcome.late),
        recognition: Some(recognition),
        customer: Some(customer),
        place: outcome.place,
        touchpoint: outcome.touchpoint,
        opt_in: offer,
    }
}

/// A line for people, and more lines where there is more to say.
fn print(answer: &Answer, output: &mut Output) -> Result<(), Failure> {
    let uid = answer.uid.map_or("-".to_owned(), |uid| uid.to_string());
    let counter = answer.read_ctr.map_or("-".to_owned(), |ctr| ctr.to_string());
    let reason = answer.reason.unwrap_or("-");
    let verdict = answer.verdict.name();
    output
        .text(format_args!("{verdict:<15} {uid:<14} {counter:>8}  {reason:<17} {}", clean(&answer.input)))?;
    if let Some(data) = &answer.file_data {
        output.text(format_args!("    file data {data}"))?;
    }
    if let Some(tamper) = &answer.tag_tamper {
        output.text(format_args!("    tamper status {tamper}"))?;
    }
    let Some(visit) = &answer.visit else { return Ok(()) };
    if let (Some(recognition), Some(customer)) = (visit.recognition, visit.customer) {
        let again = if visit.repeated == Some(true) { ", the same tap again" } else { "" };
        let late = if visit.late == Some(true) { ", late" } else { "" };
        output.text(format_args!("    {recognition} customer {customer}{again}{late}"))?;
    }
    if let Some(offer) = &visit.opt_in {
        let (link, until) = (clean(&offer.link), offer.expires_at);
        output.text(format_args!("    offer until {until}: {link}"))?;
    }
    Ok(())
}
