//! `tap verify`: is it genuine, was it used, whose is it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use phygital_core::engine::{Engine, Error, Recognition, TapOutcome, TapRefused, TapRequest};
use phygital_core::machine::TapRefusalReason;
use phygital_core::optin::Platform;
use phygital_core::tap::limits::URL_LENGTH_MAX;
use phygital_core::tap::replay::{Judgement, ReplayMark, judge};
use phygital_core::tap::{
    Assurance, Freshness, Presented, RefusalClass, Scheme, TapProof, TapRefusal, TapVerdict, Verifier,
};
use phygital_core::vocab::{
    CustomerId, Digest, EventKey, Identifier, KeyEpoch, PlaceId, ReadCounter, TagUid, Timestamp, TouchpointId,
};
use phygital_store::Sqlite;
use serde::Serialize;

use crate::arguments::Verify;
use crate::failure::{Exit, Failure};
use crate::lines::Lines;
use crate::output::{Output, clean};
use crate::presented::Written;
use crate::shop::Shop;
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
            _ if *refusal == TapRefusal::Used => Verdict::Replayed,
            _ => Verdict::Unauthenticated,
        }
    }
}

impl From<TapRefusalReason> for Verdict {
    fn from(reason: TapRefusalReason) -> Verdict {
        match reason {
            TapRefusalReason::Replayed => Verdict::Replayed,
            TapRefusalReason::Uncounted | TapRefusalReason::Unauthenticated => Verdict::Unauthenticated,
            _ => Verdict::NotEnrolled,
        }
    }
}

/// One answer. All keys are always there, those of the store with `--record`.
#[derive(Debug, Serialize)]
struct Answer {
    input: String,
    verdict: Verdict,
    scheme: Option<Scheme>,
    uid: Option<TagUid>,
    read_ctr: Option<ReadCounter>,
    file_data: Option<String>,
    tag_tamper: Option<String>,
    reason: Option<&'static str>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    details: Option<Details>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    visit: Option<Visit>,
}

/// How much it proves, with `--details`.
#[derive(Debug, Default, Serialize)]
struct Details {
    assurance: Option<Assurance>,
    /// What was authenticated, by name.
    authenticated: BTreeMap<&'static str, String>,
    /// What is said and not proven.
    claimed: BTreeMap<&'static str, String>,
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
    let verifier = shop.verifier(with.keys.as_deref(), &settings, output)?;
    let judged_by = if with.no_replay {
        JudgedBy::MacAlone
    } else if with.record || shop.db_named || shop.db.exists() {
        let region = settings.region()?;
        let seen = with.seen.iter().map(|text| who::identifier(text, region));
        let seen = seen.collect::<Result<Vec<_>, _>>()?;
        JudgedBy::Store(Box::new(shop.open_with(&settings, verifier.clone())?), seen)
    } else {
        JudgedBy::Run(Seen::default())
    };
    let mut judge = Judge { shop, verifier, judged_by, with: &with, all_genuine: true };
    for url in &with.urls {
        if url == "-" {
            judge.stream(output)?;
        } else {
            judge.answer(url.as_bytes(), false, output)?;
        }
    }
    Ok(if judge.all_genuine { Exit::Done } else { Exit::No })
}

/// What a genuine tap is held against.
enum JudgedBy {
    /// Nothing.
    MacAlone,
    /// What came in this run.
    Run(Seen),
    /// The registry and the marks of the store, which records the tap; and who was seen.
    Store(Box<Engine<Sqlite>>, Vec<Identifier>),
}

/// What came before.
#[derive(Default)]
struct Seen {
    marks: BTreeMap<(TagUid, KeyEpoch), ReplayMark>,
    once: BTreeSet<Digest>,
}

struct Judge<'v> {
    shop: &'v Shop,
    verifier: Verifier,
    judged_by: JudgedBy,
    with: &'v Verify,
    all_genuine: bool,
}

impl Judge<'_> {
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
            _ if input.len() > URL_LENGTH_MAX => refused(None, &TapRefusal::TooLong { found: input.len() }),
            _ => refused(None, &TapRefusal::NotAscii),
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

    fn judge(&mut self, input: &str) -> Result<Answer, Failure> {
        let Some(written) = Written::read(input) else {
            return Ok(self.whole(refused(None, &NO_DIGITS)));
        };
        let now = self.shop.now()?;
        let TapVerdict { scheme, outcome, .. } = self.verifier.verify(written.presented(), now);
        let mut answer = match &outcome {
            Ok(proof) => read(proof),
            Err(refusal) => refused(scheme, refusal),
        };
        match &mut self.judged_by {
            JudgedBy::MacAlone => {
                if outcome.is_ok_and(|proof| proof.assurance() == Assurance::Unauthenticated) {
                    answer.refuse(TapRefusalReason::Unauthenticated);
                }
            }
            JudgedBy::Run(seen) => {
                if let Some(reason) = outcome.ok().and_then(|proof| seen.judge(&proof)) {
                    answer.refuse(reason);
                }
            }
            // A forged tap goes there too: the engine counts them.
            JudgedBy::Store(engine, seen) => {
                match engine.taps().verify(request(written.presented(), self.with, seen), now) {
                    Ok(outcome) if self.with.record => answer.visit = Some(visit(outcome)),
                    Ok(_) => {}
                    Err(Error::Tap(TapRefused::NotCounted { reason, .. })) => answer.refuse(reason),
                    Err(Error::Tap(TapRefused::NotGenuine(refusal))) => answer = refused(scheme, &refusal),
                    Err(Error::Tap(waits)) => {
                        answer = Answer { reason: Some(waits.code()), ..refused(None, &TapRefusal::NoKey) };
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(self.whole(answer))
    }

    /// With `--record`, the keys of the store stand in every answer; with `--details`, how much it proves.
    fn whole(&self, mut answer: Answer) -> Answer {
        answer.details = self.with.details.then(|| answer.details.take().unwrap_or_default());
        if self.with.record && answer.visit.is_none() {
            answer.visit = Some(Visit::default());
        }
        answer
    }
}

/// What the store is asked.
fn request<'r>(presented: Presented<'r>, with: &'r Verify, seen: &[Identifier]) -> TapRequest<'r> {
    let mut request = TapRequest::presented(presented);
    if let Some(place) = &with.place {
        request = request.at(place.clone());
    }
    if let Some(client) = &with.client {
        request = request.from_client(client);
    }
    seen.iter().fold(request, |request, identifier| request.seen(identifier.clone()))
}

/// What stands behind a name such as `ndef:` and is no bytes.
const NO_DIGITS: TapRefusal = TapRefusal::Malformed { expected: "two hexadecimal digits a byte" };

impl Seen {
    /// Judges a tap by what came before, and remembers it; gives why it does not count.
    fn judge(&mut self, proof: &TapProof) -> Option<TapRefusalReason> {
        if proof.assurance() == Assurance::Unauthenticated {
            return Some(TapRefusalReason::Unauthenticated);
        }
        match proof.freshness() {
            Freshness::Counter { uid: Some(uid), epoch, counter } => {
                let tag = (uid, epoch);
                match judge(self.marks.get(&tag).copied(), counter) {
                    Judgement::Accepted { mark, .. } => {
                        self.marks.insert(tag, mark);
                        None
                    }
                    Judgement::Replayed => Some(TapRefusalReason::Replayed),
                }
            }
            Freshness::Once { key, .. } => (!self.once.insert(key)).then_some(TapRefusalReason::Replayed),
            _ => Some(TapRefusalReason::Uncounted),
        }
    }
}

fn refused(scheme: Option<Scheme>, refusal: &TapRefusal) -> Answer {
    Answer {
        input: String::new(),
        verdict: refusal.into(),
        scheme,
        uid: None,
        read_ctr: None,
        file_data: None,
        tag_tamper: None,
        reason: Some(refusal.code()),
        details: None,
        visit: None,
    }
}

impl Answer {
    /// It proves what it says, and does not count.
    fn refuse(&mut self, reason: TapRefusalReason) {
        self.verdict = reason.into();
        self.reason = Some(reason.code());
    }
}

fn read(proof: &TapProof) -> Answer {
    let (mut authenticated, mut claimed) = (BTreeMap::new(), BTreeMap::new());
    for fact in proof.facts() {
        let facts = if fact.authenticated { &mut authenticated } else { &mut claimed };
        facts.insert(fact.name, fact.value.reveal().to_owned());
    }
    Answer {
        input: String::new(),
        verdict: Verdict::Genuine,
        scheme: Some(proof.scheme()),
        uid: proof.uid(),
        read_ctr: proof.read_ctr(),
        file_data: proof.file_data(),
        tag_tamper: proof.tag_tamper().map(|(letters, _)| letters),
        reason: None,
        details: Some(Details { assurance: Some(proof.assurance()), authenticated, claimed }),
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
    if let Some(Details { assurance: Some(assurance), authenticated, claimed }) = &answer.details {
        output.text(format_args!("    assurance {assurance}"))?;
        for (how, facts) in [("authenticated", authenticated), ("claimed", claimed)] {
            for (name, value) in facts {
                output.text(format_args!("    {how} {name} {}", clean(value)))?;
            }
        }
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
