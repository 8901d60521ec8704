//! The one gate before every message that goes out.

mod judging;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::lint::{Finding, Style};
use super::sent::Sent;
use crate::consent::Decision;
use crate::rules::{RuleBook, RuleId, Whereabouts};
use crate::vocab::{Identifier, MessageClass, OrderId, Personal, Purpose, Timestamp};
use judging::Judging;

/// What decides whether a message may go out: the rules, the brand's style, and a few times.
///
/// ```
/// use phygital_core::consent::Policy;
/// use phygital_core::conversation::gate::{Gate, Outgoing, Refusal, Standing};
/// use phygital_core::conversation::lint::Style;
/// use phygital_core::rules::{MessageClass, RuleBook, Whereabouts};
/// use phygital_core::vocab::{Purpose, Timestamp};
///
/// let gate = Gate::new(RuleBook::standard().clone(), Style::new("Maison Ada"));
/// let ready = Outgoing::new(
///     "phone:+18505550123".parse()?, MessageClass::Transactional, Purpose::Service, "Maison Ada: your shoes are ready.",
/// );
/// let night = Timestamp::parse("2026-07-02T03:30:00Z").unwrap();
/// let consent = Policy::default().permits(None, ready.purpose, night);
/// let mut standing = Standing::new(consent, Whereabouts::of(&ready.to));
/// assert!(gate.decide(&ready, &standing, night).allowed, "what she ordered may be told at any hour");
///
/// let advert = Outgoing::new(ready.to.clone(), MessageClass::Marketing, Purpose::Marketing, "Maison Ada: reply STOP to opt out");
/// standing.consent = Policy::default().permits(None, Purpose::Marketing, night);
/// let verdict = gate.decide(&advert, &standing, night);
/// assert_eq!(verdict.reasons(), [Refusal::NoConsent, Refusal::QuietHours]);
/// # Ok::<(), phygital_core::vocab::IdentifierError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gate {
    /// The law, and what the brand adds to it.
    pub rules: RuleBook,
    /// What the brand's texts may hold.
    pub style: Style,
    /// So long after her last message a conversational message still answers it; later it counts as marketing.
    pub replies_for: Duration,
    /// Whether replies fall under the rules of marketing as well: hours, caps and pauses.
    pub replies_as_marketing: bool,
    /// How long a message may wait at the gateway at most. Gateways hold messages for hours.
    pub life: Duration,
    /// How long a message needs at least to be delivered: what would have to arrive sooner is not sent any more.
    pub life_least: Duration,
}

/// A message that somebody wants to send.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outgoing {
    /// To whom.
    pub to: Identifier,
    /// What it is in the eyes of the law.
    pub class: MessageClass,
    /// To what end: for this consent is asked.
    pub purpose: Purpose,
    /// What it says.
    pub text: Personal,
    /// After this time it is of no use any more.
    pub expires_at: Option<Timestamp>,
    /// Whether it asks her to opt in: whoever opted out is left alone with that as well.
    pub invites: bool,
    /// Whether it may wait for a lawful time, until it expires; otherwise it goes out now or not at all.
    pub waits: bool,
    /// Whether it answers her very text, as the confirmation of an opt-out, or help: that is owed whatever she agreed to, at
    /// any hour (47 CFR 64.1200(a)(12), CTIA Messaging Principles).
    pub owed: bool,
    /// The order that it is about: what she writes next may be about it too.
    pub about: Option<OrderId>,
}

/// What is known of who is to get a message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Standing {
    /// What [`Policy::permits`](crate::consent::Policy::permits) says of the purpose and the very contact point.
    pub consent: Decision,
    /// When that consent ends, if it does.
    pub consent_until: Option<Timestamp>,
    /// Where she may be.
    pub whereabouts: Whereabouts,
    /// What went out to this contact point, or waits to, in any order. What is stamped later than now counts as well.
    pub sends: Vec<Sent>,
    /// What went out up to this time may be forgotten: so much is taken to have gone out then as fills every cap.
    pub remembers_from: Option<Timestamp>,
    /// When she last wrote.
    pub last_inbound: Option<Timestamp>,
    /// When she last opted out of marketing, if no consent to it followed.
    pub opted_out_at: Option<Timestamp>,
}

/// Whether a message may go out, why not, when it may, and how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
#[must_use = "a verdict that is not read guards nothing"]
pub struct Verdict {
    /// Whether it may go out now.
    pub allowed: bool,
    /// Why not, each reason with the rule that says so; in order, each once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused_by: Vec<Refused>,
    /// The next time at which hours, caps and pauses let it out: now where they do. `None` where waiting does not help, or
    /// where it would be too late. Ask again then: more may have happened.
    pub next_allowed: Option<Timestamp>,
    /// If it may go out: it must have been delivered before this time, or not at all. The end of the lawful window, of the
    /// consent, of its use, or of what may wait at a gateway, whichever comes first. Give it to the gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// As what it was judged: a reply to nothing counts as marketing.
    pub class: MessageClass,
    /// What is to be said of its text; not all of it refuses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Whether it names the brand.
    pub says_brand: bool,
    /// Whether it says how to opt out.
    pub says_opt_out: bool,
}

/// A reason, and the rule behind it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct Refused {
    /// Why.
    pub reason: Refusal,
    /// Which rule, where it is one of the book.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "id_text")]
    pub rule: Option<RuleId>,
}

fn id_text<S: Serializer>(id: &Option<RuleId>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(id.as_ref().map_or("", RuleId::as_str))
}

/// Why a message does not go out. The set is closed, and the codes keep their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "whoever reads a refusal can handle all there are")]
pub enum Refusal {
    /// Consent is needed and is not there, has expired, is not confirmed, or does not begin yet.
    NoConsent,
    /// She opted out of it.
    Withdrawn,
    /// The network, the gateway, a register or staff keep messages from the contact point.
    Suppressed,
    /// The number passed to somebody else.
    Reassigned,
    /// It is marketing, and the purpose says that it is not.
    WrongPurpose,
    /// Not at this hour.
    QuietHours,
    /// At no hour: nobody knows where she is, or the windows of all places where she may be have nothing in common.
    NeverLawful,
    /// Enough went out already.
    FrequencyCapped,
    /// She is to be left alone for a while.
    CoolingOff,
    /// The text may not go out as it is: see the findings.
    Content,
    /// It is too late for it.
    Expired,
}

impl Refusal {
    /// Every reason, in order.
    pub const ALL: [Refusal; 11] = [
        Refusal::NoConsent,
        Refusal::Withdrawn,
        Refusal::Suppressed,
        Refusal::Reassigned,
        Refusal::WrongPurpose,
        Refusal::QuietHours,
        Refusal::NeverLawful,
        Refusal::FrequencyCapped,
        Refusal::CoolingOff,
        Refusal::Content,
        Refusal::Expired,
    ];

    /// The code in JSON and on the command line.
    pub fn code(self) -> &'static str {
        match self {
            Refusal::NoConsent => "no_consent",
            Refusal::Withdrawn => "withdrawn",
            Refusal::Suppressed => "suppressed",
            Refusal::Reassigned => "reassigned",
            Refusal::WrongPurpose => "wrong_purpose",
            Refusal::QuietHours => "quiet_hours",
            Refusal::NeverLawful => "never_lawful",
            Refusal::FrequencyCapped => "frequency_capped",
            Refusal::CoolingOff => "cooling_off",
            Refusal::Content => "content",
            Refusal::Expired => "expired",
        }
    }

    /// Whether time alone may lift it.
    pub fn passes(self) -> bool {
        matches!(self, Refusal::QuietHours | Refusal::FrequencyCapped | Refusal::CoolingOff)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Outgoing {
    /// A message.
    pub fn new(to: Identifier, class: MessageClass, purpose: Purpose, text: impl Into<String>) -> Outgoing {
        let text = Personal::new(text.into());
        Outgoing {
            to,
            class,
            purpose,
            text,
            expires_at: None,
            invites: false,
            waits: false,
            owed: false,
            about: None,
        }
    }

    /// Of no use after a time.
    pub fn until(self, expires_at: Timestamp) -> Outgoing {
        Outgoing { expires_at: Some(expires_at), ..self }
    }

    /// That asks her to opt in.
    pub fn inviting(self) -> Outgoing {
        Outgoing { invites: true, ..self }
    }

    /// That may wait for a lawful time.
    pub fn waiting(self) -> Outgoing {
        Outgoing { waits: true, ..self }
    }

    /// About an order, a reservation or an appointment.
    pub fn about(self, order: OrderId) -> Outgoing {
        Outgoing { about: Some(order), ..self }
    }

    /// That answers her very text.
    pub fn owed(self) -> Outgoing {
        Outgoing { owed: true, ..self }
    }
}

impl Standing {
    /// Somebody to whom nothing was sent yet, and who never wrote.
    pub fn new(consent: Decision, whereabouts: Whereabouts) -> Standing {
        Standing {
            consent,
            consent_until: None,
            whereabouts,
            sends: Vec::new(),
            remembers_from: None,
            last_inbound: None,
            opted_out_at: None,
        }
    }
}

impl Verdict {
    /// Whether it may go out at another time, if nothing else happens until then.
    pub fn may_wait(&self) -> bool {
        !self.allowed && self.next_allowed.is_some()
    }

    /// Why not: each reason once, in order.
    pub fn reasons(&self) -> Vec<Refusal> {
        self.refused_by.iter().map(|refused| refused.reason).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

const HOUR: Duration = Duration::from_secs(60 * 60);

impl Gate {
    /// A gate with the times that suit most: replies for a day, four hours at a gateway, a minute for delivery.
    pub fn new(rules: RuleBook, style: Style) -> Gate {
        Gate {
            rules,
            style,
            replies_for: HOUR * 24,
            replies_as_marketing: false,
            life: HOUR * 4,
            life_least: Duration::from_secs(60),
        }
    }

    /// Decides on a message at `now`, which has to be the later of the host's clock and the log's: a clock set back then
    /// opens nothing that was closed.
    ///
    /// All that stands against it is told, not the first alone. What it allows lies, from now until it expires, within every
    /// window of every zone where she may be.
    pub fn decide(&self, message: &Outgoing, standing: &Standing, now: Timestamp) -> Verdict {
        let class = self.class_of(message, standing, now);
        let judging = Judging::new(self, message, standing, class, now);
        let mut refused_by = Vec::new();
        judging.consent(&mut refused_by);
        judging.hours_at(now, &mut refused_by);
        judging.caps_at(now, &mut refused_by);
        judging.pauses_at(now, &mut refused_by);
        let (findings, says_brand, says_opt_out) = judging.content(&mut refused_by);
        let last = judging.last();
        let end = judging.end(now);
        if end.saturating_sub(self.life_least) < now {
            // A window that closes before it can be delivered is as good as closed.
            let reason = if last.saturating_sub(self.life_least) < now {
                Refusal::Expired
            } else {
                Refusal::QuietHours
            };
            let told = refused_by
                .iter()
                .any(|one: &Refused| one.reason == Refusal::QuietHours || one.reason == Refusal::NeverLawful);
            if reason == Refusal::Expired || !told {
                refused_by.push(Refused { reason, rule: None });
            }
        }
        refused_by.sort_unstable();
        refused_by.dedup();
        let next_allowed =
            if refused_by.iter().all(|one| one.reason.passes()) { judging.next() } else { None };
        let allowed = refused_by.is_empty();
        let expires_at = allowed.then_some(end);
        Verdict { allowed, refused_by, next_allowed, expires_at, class, findings, says_brand, says_opt_out }
    }

    /// As what a message is judged.
    fn class_of(&self, message: &Outgoing, standing: &Standing, now: Timestamp) -> MessageClass {
        if message.class != MessageClass::Conversational || message.owed {
            return message.class;
        }
        let answers = standing.last_inbound.is_some_and(|last| now < last.saturating_add(self.replies_for));
        if answers && !self.replies_as_marketing {
            MessageClass::Conversational
        } else {
            MessageClass::Marketing
        }
    }
}
