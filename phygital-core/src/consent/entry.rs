//! One entry of a ledger: what an event says of consent, and what proves it.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::event::{Body, Event, FoldKey, Recorded};
use crate::vocab::{
    ConsentMethod, Digest, EventKey, Identifier, NoticeId, Personal, Purpose, SuppressionCause, Timestamp,
};

/// What an event says of consent, and what proves it (GDPR, article 7(1): who, when, to what text, how; the fields are
/// those of ISO/IEC TS 27560 that a shop has).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Entry {
    /// Place in the fold: when it was said, and the event that says so.
    pub fold: FoldKey,
    /// What was said.
    pub state: State,
    /// To what. None in a withdrawal or a reassignment: everything. None in a suppression: all that is sent.
    pub purposes: BTreeSet<Purpose>,
    /// How it was told.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub method: Option<ConsentMethod>,
    /// The notice that was shown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub notice_id: Option<NoticeId>,
    /// SHA-256 of the notice's text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub notice_hash: Option<Digest>,
    /// The notice's language, BCP 47.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub language: Option<String>,
    /// What proves it: ids of taps, messages, papers.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub evidence: Vec<Personal>,
    /// From this time on it no longer counts.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expires_at: Option<Timestamp>,
    /// Who suppresses, or no longer does.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cause: Option<SuppressionCause>,
    /// When the log received it.
    pub received_at: Timestamp,
}

/// What an [`Entry`] says. In this order: of two at the same time the later one here is the last word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum State {
    /// Consent was asked for; the answer is to come.
    Requested,
    /// Consent was given.
    Granted,
    /// A suppression ended.
    Lifted,
    /// Somebody else than its owner keeps messages from it.
    Suppressed,
    /// It passed to somebody else: what was granted before is no longer hers who has it.
    Reassigned,
    /// Consent was withdrawn.
    Withdrawn,
}

impl State {
    /// The name in JSON and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            State::Requested => "requested",
            State::Granted => "granted",
            State::Lifted => "lifted",
            State::Suppressed => "suppressed",
            State::Reassigned => "reassigned",
            State::Withdrawn => "withdrawn",
        }
    }
}

/// Which of two has the last word: the later one; at the same time the later [`State`]; of the same state the one that ends
/// first. The key of the event decides only between those that permit the same, since whoever sends an event chooses it.
pub(super) type Place = (Timestamp, State, Reverse<Timestamp>, EventKey);

/// What the evidence of a grant begins with that answers a request, before the key of that event.
pub const REQUEST: &str = "request:";

/// The contact points whose ledgers an event belongs in by what it says; none for most events.
///
/// "Opted In", "Opted Out" and their like name theirs. "Unsubscribed" counts for every phone number and e-mail address
/// that it names: an objection to direct marketing is absolute (GDPR, article 21(2)-(3)), and where a message leaves
/// open what is meant, all is meant (47 CFR 64.1200(a)(12)).
pub fn contacts(event: &Event) -> Vec<&Identifier> {
    match &event.body {
        Body::OptedIn(_)
        | Body::OptedOut(_)
        | Body::ConsentRequested(_)
        | Body::ContactSuppressed(_)
        | Body::SuppressionLifted(_)
        | Body::ContactReassigned(_) => event.body.whom().into_iter().collect(),
        Body::Unsubscribed(_) => {
            event.identifiers.iter().filter(|one| one.kind().is_contact_point()).collect()
        }
        _ => Vec::new(),
    }
}

impl Entry {
    /// The entry that an event is, or `None` for an event that says nothing of consent.
    ///
    /// An "Opted In" without purposes is no consent to anything, and no entry.
    pub(super) fn of(recorded: &Recorded) -> Option<Entry> {
        let blank = |state, purposes: &[Purpose]| Entry {
            fold: recorded.fold,
            state,
            purposes: purposes.iter().copied().collect(),
            method: None,
            notice_id: None,
            notice_hash: None,
            language: None,
            evidence: Vec::new(),
            expires_at: None,
            cause: None,
            received_at: recorded.received_at,
        };
        let evidence = |texts: &[String]| texts.iter().map(Personal::new).collect();
        match &recorded.event.body {
            Body::OptedIn(said) if !said.purposes.is_empty() => Some(Entry {
                method: Some(said.method),
                notice_id: said.notice_id.clone(),
                notice_hash: said.notice_hash,
                language: said.language.clone(),
                evidence: evidence(&said.evidence),
                expires_at: said.expires_at,
                ..blank(State::Granted, &said.purposes)
            }),
            Body::ConsentRequested(said) if !said.purposes.is_empty() => Some(Entry {
                method: Some(said.method),
                notice_id: said.notice_id.clone(),
                notice_hash: said.notice_hash,
                language: said.language.clone(),
                evidence: evidence(&said.evidence),
                expires_at: said.expires_at,
                ..blank(State::Requested, &said.purposes)
            }),
            Body::OptedOut(said) => Some(Entry {
                method: said.method,
                evidence: evidence(&said.evidence),
                ..blank(State::Withdrawn, &said.purposes)
            }),
            Body::Unsubscribed(_) => Some(blank(State::Withdrawn, &[Purpose::Marketing])),
            Body::ContactSuppressed(said) => Some(Entry {
                cause: Some(said.cause),
                evidence: evidence(&said.evidence),
                ..blank(State::Suppressed, &said.purposes)
            }),
            Body::SuppressionLifted(said) => Some(Entry {
                cause: Some(said.cause),
                evidence: evidence(&said.evidence),
                ..blank(State::Lifted, &[])
            }),
            Body::ContactReassigned(said) => {
                Some(Entry { evidence: evidence(&said.evidence), ..blank(State::Reassigned, &[]) })
            }
            // Nothing may be done with it for those purposes, whoever could be told that it is hers.
            Body::SuppressionKept(kept) => {
                let purposes = if kept.purposes.is_empty() { Purpose::ALL } else { &kept.purposes[..] };
                Some(Entry { cause: Some(SuppressionCause::Erasure), ..blank(State::Suppressed, purposes) })
            }
            _ => None,
        }
    }

    /// Where it stands among what was said.
    pub(super) fn place(&self) -> Place {
        let end = self.expires_at.unwrap_or(Timestamp::MAX);
        (self.fold.at, self.state, Reverse(end), self.fold.key)
    }

    /// Whether the entry speaks of a purpose.
    pub fn covers(&self, purpose: Purpose) -> bool {
        match self.state {
            State::Granted | State::Requested => self.purposes.contains(&purpose),
            State::Withdrawn => self.purposes.is_empty() || self.purposes.contains(&purpose),
            State::Suppressed if self.purposes.is_empty() => purpose.is_message(),
            State::Suppressed => self.purposes.contains(&purpose),
            State::Lifted | State::Reassigned => true,
        }
    }
}

impl fmt::Debug for Entry {
    /// Prints no evidence: it may name a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("fold", &self.fold)
            .field("state", &self.state)
            .field("purposes", &self.purposes)
            .field("method", &self.method)
            .field("evidence", &self.evidence.len())
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
