//! What may be said to whom, and when: messages on their way out, topics, and what followed from what came in.

use phygital_core::conversation::gate;
use phygital_core::conversation::lint;
use phygital_core::conversation::proposal;
use phygital_core::engine;
use phygital_core::event::Event;
use phygital_core::store::Waiting;
use phygital_core::vocab::{ActionId, EventKey, Identifier, IdentifierKey, Timestamp, TopicId};

use crate::error::{Answer, PhygitalError};
use crate::events::{MessageReceived, Receipt};
use crate::names::{MessageClass, Purpose};
use crate::phygital::Phygital;
use crate::time::Time;

/// A message that the host wants to send.
#[derive(Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Display))]
#[expect(clippy::exhaustive_structs, reason = "hosts fill it in")]
pub struct Outgoing {
    /// The host's own name for it: asking twice is asking once.
    pub id: String,
    /// To whom, as `phone:…` or `email:…`.
    pub to: String,
    /// What it is in the eyes of the law.
    pub message_class: MessageClass,
    /// To what end: for this consent is asked.
    pub purpose: Purpose,
    /// What it says.
    pub text: String,
    /// After this time it is of no use any more.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub expires_at: Option<Time>,
    /// Whether it asks her to opt in: whoever opted out is left alone with that as well.
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub invites: bool,
    /// Whether it may wait for a lawful time; otherwise it goes out now or not at all.
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub waits: bool,
}

/// Whether a message may go out, why not, when it may, and how long.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[expect(clippy::exhaustive_structs, reason = "read as a whole")]
pub struct Verdict {
    /// Whether it may go out now.
    pub allowed: bool,
    /// Why not, of a closed set of words: `no_consent`, `withdrawn`, `suppressed`, `reassigned`, `wrong_purpose`, `quiet_hours`,
    /// `never_lawful`, `frequency_capped`, `cooling_off`, `content`, `expired`.
    pub reasons: Vec<String>,
    /// The rules that say so, by their ids.
    pub rules: Vec<String>,
    /// The next time at which hours, caps and pauses let it out; none where waiting does not help.
    pub next_allowed: Option<Time>,
    /// If it may go out: it must have been delivered before this time, or not at all. Give it to the gateway.
    pub expires_at: Option<Time>,
    /// As what it was judged: a reply to nothing counts as marketing.
    pub judged_as: MessageClass,
    /// What is to be said of its text; not all of it refuses.
    pub findings: Vec<Finding>,
}

/// Something about a text.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[expect(clippy::exhaustive_structs, reason = "read as a whole")]
pub struct Finding {
    /// What, as a stable word such as `brand_missing` or `short_link`.
    pub fault: String,
    /// Where, in bytes of UTF-8 from the start; 0 for the text as a whole.
    pub at: u64,
    /// Whether a text with it must not go out; otherwise it is advice.
    pub refuses: bool,
}

/// What became of a message that was to be sent.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[expect(clippy::exhaustive_structs, reason = "read as a whole")]
pub struct Sending {
    /// That it waits in the outbox: now, or since it was asked for before. None where it does not go out, and nothing was
    /// written.
    pub receipt: Option<Receipt>,
    /// What the gate says; none where it was asked for before.
    pub verdict: Option<Verdict>,
}

/// What became of a topic that was to be opened or followed up.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[expect(clippy::exhaustive_structs, reason = "read as a whole")]
pub struct Opened {
    /// Whether something was said, and waits in the outbox.
    pub said: bool,
    /// Why the gate does not let out what would be said, now or later; none where there is nothing to say.
    pub verdict: Option<Verdict>,
}

/// What somebody else makes of a text that came in, such as a language model of the host's.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum), uniffi::export(Display))]
#[non_exhaustive]
pub enum Proposal {
    /// It answers the question that waits.
    Answer {
        /// In the form in which the answer is kept: the value of a choice, `38.5 eu`, `180 cm`, `2026-12-24`, `yes`.
        value: String,
    },
    /// A person should answer.
    HandOver,
}

/// A topic that is to be followed up.
#[derive(Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Display))]
#[expect(clippy::exhaustive_structs, reason = "read as a whole")]
pub struct FollowUp {
    /// With whom, as `phone:…` or `email:…`.
    pub contact: String,
    /// Which.
    pub topic: String,
    /// Since when.
    pub due: Time,
    /// Its place among all whose questions wait, which says nothing of her: the next page begins behind it.
    pub place: String,
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Phygital {
    /// What the gate says of a message now. Writes nothing.
    ///
    /// # Errors
    /// 114 for no identifier.
    pub fn judge(&self, message: Outgoing) -> Result<Verdict, PhygitalError> {
        let message = message.core()?.1;
        self.with(|engine, now| Verdict::of(engine.conversations().judge(&message, now)?))
    }

    /// Asks for a message to be sent. Where the gate lets it out, an action `send_message` of its id waits in the outbox with
    /// the time at which it expires; one that [waits](Outgoing::waits) does so too where only hours, caps or pauses are against
    /// it. That it does not go out is an answer, and no error. The gate is asked again when the action is due.
    ///
    /// # Errors
    /// 114 for no identifier, 115 for one that gets no messages, 110 for a text that is too long.
    pub fn send(&self, message: Outgoing) -> Result<Sending, PhygitalError> {
        let (id, message) = message.core()?;
        self.with(|engine, now| {
            Ok(match engine.conversations().send(id, &message, now)? {
                engine::Sending::Waits(receipt, verdict) => {
                    let verdict = Some(Verdict::of(*verdict)?);
                    Sending { receipt: Some(Receipt::fresh(receipt)), verdict }
                }
                engine::Sending::Known(receipt) => {
                    let receipt = Receipt { is_new: false, ..Receipt::fresh(receipt) };
                    Sending { receipt: Some(receipt), verdict: None }
                }
                engine::Sending::Refused(verdict) => {
                    Sending { receipt: None, verdict: Some(Verdict::of(*verdict)?) }
                }
                _ => return Err(PhygitalError::bug("the facade lacks a fate of messages")),
            })
        })
    }

    /// Opens a topic of the options with a customer, in the language that suits `language` best; where none is said, in that of
    /// her profile.
    ///
    /// # Errors
    /// 114 for no identifier, 115 for a topic that was not among the options, or who gets no messages.
    pub fn open_topic(
        &self,
        contact: String,
        topic: String,
        language: Option<String>,
    ) -> Result<Opened, PhygitalError> {
        let contact: Identifier = contact.parse()?;
        let topic: TopicId = topic.parse()?;
        self.with(|engine, now| {
            Opened::of(engine.topics().open(&contact, &topic, language.as_deref(), now)?)
        })
    }

    /// Takes in a text message as [`Phygital::record_message`] does, with what somebody else makes of it. That counts only where
    /// the rules find nothing in the text that answers the question that waits, or more than one thing, and only if the type of
    /// that question reads it, as a whole and without doubt; it opts nobody in or out. What does not count is dropped, and is no
    /// error.
    ///
    /// A text counts once: ask the model first, by the topic and the question of [`Phygital::contact_state`], and say when the
    /// message was sent. Another question may wait by now, which it was sent too early to answer.
    ///
    /// # Errors
    /// As [`Phygital::record_message`].
    pub fn hear(&self, message: MessageReceived, proposal: Proposal) -> Result<Receipt, PhygitalError> {
        let message = message.event(self.codec().region)?;
        let proposal = match proposal {
            Proposal::Answer { value } => proposal::Proposal::answer(value),
            Proposal::HandOver => proposal::Proposal::HandOver,
        };
        self.with(|engine, now| Ok(Receipt::of(&engine.topics().hear(message(now), proposal, now)?)))
    }

    /// At most `most` topics, and never more than 1,000, that are to be [followed up](Phygital::follow_up) now; the one whose
    /// question waits longest comes first. What the gate does not let out stays in the list: to get by it ask again `behind` the
    /// [place](FollowUp::place) of the last, until none comes.
    ///
    /// # Errors
    /// 106 for what is no place, 115 for more than 1,000.
    pub fn follow_ups(&self, behind: Option<String>, most: u32) -> Result<Vec<FollowUp>, PhygitalError> {
        let behind = behind.as_deref().map(FollowUp::waiting).transpose()?;
        self.with(|engine, now| {
            let due = engine.topics().follow_ups(behind, most as usize, now)?;
            Ok(due.into_iter().map(FollowUp::of).collect())
        })
    }

    /// Takes note of silence in the open topic of a contact point: asks again, or ends it, where it is time to.
    /// [`Phygital::follow_ups`] lists where that is, and [`Phygital::contact_state`] tells when.
    ///
    /// # Errors
    /// 114 for no identifier.
    pub fn follow_up(&self, contact: String) -> Result<Opened, PhygitalError> {
        let contact: Identifier = contact.parse()?;
        self.with(|engine, now| Opened::of(engine.topics().follow_up(&contact, now)?))
    }

    /// What was decided because of an event, by the key of its receipt: a JSON list of events in the form of CloudEvents, in the
    /// order of the log. Of a text that came in: `com.phygital.opted_out`, `com.phygital.attribute_stated`,
    /// `com.phygital.action_requested` and the like. The same whenever it is asked.
    ///
    /// # Errors
    /// 106 for no key.
    pub fn followed(&self, event: String) -> Result<String, PhygitalError> {
        let cause: EventKey =
            event.parse().map_err(|_| PhygitalError::argument("event", "expected 32 digits"))?;
        self.with(|engine, _| {
            let events = engine.followed(&cause)?;
            let events: Vec<String> = events.iter().map(Event::to_json).collect();
            Ok(format!("[{}]", events.join(",")))
        })
    }
}

impl Outgoing {
    fn core(self) -> Answer<(ActionId, gate::Outgoing)> {
        let (to, class) = (self.to.parse()?, self.message_class.core());
        let mut message = gate::Outgoing::new(to, class, self.purpose.core(), self.text);
        message.expires_at = self.expires_at.map(Time::core).transpose()?;
        message.invites = self.invites;
        message.waits = self.waits;
        Ok((self.id.parse()?, message))
    }
}

impl Verdict {
    fn of(verdict: gate::Verdict) -> Answer<Verdict> {
        let rules = verdict.refused_by.iter().filter_map(|one| one.rule.as_ref());
        Ok(Verdict {
            allowed: verdict.allowed,
            reasons: verdict.reasons().iter().map(|reason| reason.code().to_owned()).collect(),
            rules: rules.map(ToString::to_string).collect(),
            next_allowed: verdict.next_allowed.map(Time::from),
            expires_at: verdict.expires_at.map(Time::from),
            judged_as: MessageClass::of(verdict.class)?,
            findings: verdict.findings.iter().map(Finding::of).collect(),
        })
    }
}

impl Finding {
    pub(crate) fn of(finding: &lint::Finding) -> Finding {
        let fault = finding.fault;
        Finding { fault: fault.code().to_owned(), at: finding.at as u64, refuses: fault.refuses() }
    }
}

impl FollowUp {
    fn of(due: engine::FollowUp) -> FollowUp {
        let engine::FollowUp { contact, topic, due, place, .. } = due;
        FollowUp {
            contact: format!("{}:{}", contact.kind(), contact.value()),
            topic: topic.to_string(),
            due: due.into(),
            place: format!("{}-{}", place.since.as_micros(), place.contact),
        }
    }

    /// The place that a text stands for.
    fn waiting(place: &str) -> Answer<Waiting> {
        let parts = place.split_once('-').and_then(|(since, contact)| {
            let since = Timestamp::from_micros(since.parse().ok()?).ok()?;
            Some(Waiting { since, contact: contact.parse::<IdentifierKey>().ok()? })
        });
        parts
            .ok_or_else(|| PhygitalError::argument("behind", "expected the place of a topic that was listed"))
    }
}

impl Opened {
    fn of(opened: engine::Opened) -> Answer<Opened> {
        Ok(match opened {
            engine::Opened::Said => Opened { said: true, verdict: None },
            engine::Opened::Nothing => Opened { said: false, verdict: None },
            engine::Opened::Refused(verdict) => Opened { said: false, verdict: Some(Verdict::of(*verdict)?) },
            _ => return Err(PhygitalError::bug("the facade lacks a fate of topics")),
        })
    }
}
