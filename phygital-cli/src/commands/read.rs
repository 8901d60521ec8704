//! `read`: one card that is held to the reader, and what it says.

use phygital_core::contactless::Step;
use phygital_core::contactless::ndef::{Message, Record};
use phygital_core::contactless::reading::{CardKind, ReadOut, Reading, Wanted};
use phygital_core::tap::{Assurance, Presented, Scheme, TapVerdict};
use phygital_core::vocab::{ReadCounter, TagUid};
use phygital_reader::{Card, Technology};
use serde::Serialize;

use super::verify::Verdict;
use crate::at_reader::Desk;
use crate::failure::{Exit, Failure};
use crate::hex::hex;
use crate::output::{Output, clean};
use crate::reader_arguments::Read;
use crate::shop::{Shop, read_keys};

/// How often a card that moves is read anew.
const TRIES_MAX: u32 = 5;

/// A card, as programs read it.
#[derive(Debug, Serialize)]
struct View {
    technology: &'static str,
    /// As the card called itself; drawn anew each time where `random_uid`.
    card_uid: String,
    random_uid: bool,
    url: Option<String>,
    records: Vec<RecordView>,
    exchanges: usize,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    judged: Option<Judged>,
}

#[derive(Debug, Serialize)]
struct RecordView {
    kind: String,
    bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// What a verifier says of it.
#[derive(Debug, Serialize)]
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    pub(super) scheme: Option<Scheme>,
    pub(super) uid: Option<TagUid>,
    pub(super) read_ctr: Option<ReadCounter>,
    pub(super) reason: Option<&'static str>,
}

impl From<&TapVerdict> for Judged {
    fn from(verdict: &TapVerdict) -> Judged {
        match &verdict.outcome {
            Ok(proof) => {
                let proves = proof.assurance() > Assurance::Unauthenticated;
                Judged {
                    verdict: if proves { Verdict::Genuine } else { Verdict::Unauthenticated },
                    scheme: Some(proof.scheme()),
                    uid: proof.uid(),
                    read_ctr: proof.read_ctr(),
                    reason: (!proves).then_some("unauthenticated"),
                }
            }
            Err(refusal) => Judged {
                verdict: Verdict::from(refusal),
                scheme: verdict.scheme,
                uid: None,
                read_ctr: None,
                reason: Some(refusal.code()),
            },
        }
    }
}

/// Reads one card.
pub(crate) fn read(shop: &Shop, with: &Read, output: &mut Output) -> Result<Exit, Failure> {
    let verifier = with.keys.as_deref().map(read_keys).transpose()?;
    let mut desk = Desk::open(&with.at, output)?;
    let (card, read) = one(&mut desk)?;
    let message = read.ndef.as_deref();
    let judged = match (&verifier, message) {
        (Some(verifier), Some(message)) => {
            Some(Judged::from(&verifier.verify(Presented::NdefMessage(message), shop.now()?)))
        }
        _ => None,
    };
    let genuine = judged.as_ref().is_none_or(|judged| judged.verdict == Verdict::Genuine);
    let parsed = message.and_then(|message| Message::parse(message).ok());
    let view = View {
        technology: technology(&card),
        card_uid: hex(card.uid.as_bytes()),
        random_uid: card.uid.is_random(),
        url: parsed.as_ref().and_then(|message| message.uri().ok().flatten()),
        records: parsed.iter().flat_map(|message| message.records()).map(RecordView::from).collect(),
        exchanges: read.cost.exchanges,
        judged,
    };
    show(&view, &read, output)?;
    Ok(if read.ndef.is_some() && genuine { Exit::Done } else { Exit::No })
}

/// Waits for a card and reads it, anew where it moved.
pub(super) fn one(desk: &mut Desk) -> Result<(Card, ReadOut), Failure> {
    let mut last = None;
    for _ in 0..TRIES_MAX {
        let card = desk.card()?;
        let kind = match card.technology {
            Technology::IsoDep => CardKind::iso_dep(card.uid.as_bytes()),
            Technology::Type2 => CardKind::Type2,
            _ => return Ok((card, ReadOut::default())),
        };
        let (mut reading, mut step) = Reading::new(kind, Wanted::ndef());
        let read = loop {
            match step {
                Step::Done(read) => return Ok((card, read)),
                Step::Send(command) => match desk.transceive(&command)? {
                    Some(answer) => step = reading.next(&answer),
                    None => break reading.lost(),
                },
            }
        };
        last = Some((card, read));
    }
    last.ok_or_else(|| Failure::no("card_gone", "the card left the reader too often"))
}

/// How a card is spoken to, as people say it.
pub(super) fn technology(card: &Card) -> &'static str {
    match card.technology {
        Technology::IsoDep => "iso-dep",
        Technology::Type2 => "type-2",
        _ => "other",
    }
}

impl From<&Record<'_>> for RecordView {
    fn from(record: &Record<'_>) -> RecordView {
        RecordView {
            kind: String::from_utf8_lossy(record.kind).into_owned(),
            bytes: record.payload.len(),
            uri: record.uri().ok().flatten(),
            text: record.text().ok().flatten().map(|text| text.text),
        }
    }
}

fn show(view: &View, read: &ReadOut, output: &mut Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.object(view);
    }
    let uid =
        format!("{}{}", view.card_uid, if view.random_uid { " (drawn for this encounter)" } else { "" });
    let mut rows = vec![vec!["card".to_owned(), view.technology.to_owned()], vec!["UID".to_owned(), uid]];
    for record in &view.records {
        let said = record.uri.as_ref().or(record.text.as_ref());
        let said = said.map_or_else(|| format!("{} bytes", record.bytes), |said| clean(said));
        rows.push(vec![format!("record {}", clean(&record.kind)), said]);
    }
    if let Some(judged) = &view.judged {
        let uid = judged.uid.map_or("-".to_owned(), |uid| uid.to_string());
        let ctr = judged.read_ctr.map_or("-".to_owned(), |ctr| ctr.to_string());
        let why = judged.reason.unwrap_or_default();
        rows.push(vec![
            "verdict".to_owned(),
            format!("{} {why}", judged.verdict.name()).trim_end().to_owned(),
        ]);
        rows.push(vec!["tag".to_owned(), uid]);
        rows.push(vec!["read counter".to_owned(), ctr]);
    }
    for miss in &read.misses {
        rows.push(vec!["not read".to_owned(), miss.fault.to_string()]);
    }
    output.table(&[], rows)
}
