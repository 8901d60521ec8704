//! The one door for facts, and forgetting them.

use phygital_core::engine::{self, Accepted, Error};
use phygital_core::event::kinds::conversation;
use phygital_core::event::{CodecOptions, Event};
use phygital_core::vocab::limits::BATCH_EVENTS_MAX;
use phygital_core::vocab::{Identifier, IdentifierKind, Personal, Region, Timestamp};

use crate::error::{Answer, PhygitalError, Status};
use crate::phygital::Phygital;
use crate::time::Time;

/// The source of texts whose gateway is not named.
const MESSAGES: &str = "//phygital/messages";

/// That an event is in the log.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[expect(clippy::exhaustive_structs, reason = "read as a whole")]
pub struct Receipt {
    /// The key of its source and id, 32 digits.
    pub event: String,
    /// Whether it was recorded now, or had been before with the same content.
    pub is_new: bool,
    /// When it was first received.
    pub received_at: Time,
}

/// What became of one event of a batch.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "recorded", rename_all = "snake_case")]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[expect(clippy::exhaustive_enums, reason = "it is in the log or it is not")]
pub enum Recorded {
    /// It is in the log.
    Accepted {
        /// Its receipt.
        receipt: Receipt,
    },
    /// It was refused, and held up no other.
    Refused {
        /// The number of a status.
        code: u32,
        /// A stable word.
        reason: String,
        /// A sentence.
        detail: String,
    },
}

/// A text message that came in.
#[derive(Clone, Default)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Display))]
#[expect(clippy::exhaustive_structs, reason = "hosts fill it in")]
pub struct MessageReceived {
    /// What the gateway calls it: a message counts once.
    pub id: String,
    /// The number that sent it.
    pub from: String,
    /// What it says.
    pub body: String,
    /// The number or short code it was sent to.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub to: Option<String>,
    /// The gateway, as the host names it: `//sms.example`.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub source: Option<String>,
    /// When it was sent; now, unless said.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub at: Option<Time>,
}

/// What an erasure came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[expect(clippy::exhaustive_structs, reason = "read as a whole")]
pub struct Erased {
    /// How many identifiers are forgotten by it.
    pub identifiers: u64,
    /// How many events lost an identifier and keep the rest.
    pub struck: u64,
    /// How many events lost all that they said.
    pub emptied: u64,
    /// How many notices to recipients of her data wait in the outbox.
    pub notices: u64,
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Phygital {
    /// Records an event, a CloudEvent or a Segment message in JSON, and decides what follows from it. To send it again
    /// gives the first receipt again.
    ///
    /// # Errors
    /// 110 for an event that is not as it should be, 111 for a known id with another content.
    pub fn record(&self, event: String) -> Result<Receipt, PhygitalError> {
        let event = Event::from_json(&event, &self.codec())?;
        self.with(|engine, now| Ok(Receipt::of(&engine.record(event, now)?)))
    }

    /// Records events in one transaction, and answers for each, in their order. Much faster than one by one; at most
    /// 10,000.
    ///
    /// # Errors
    /// 115 for more, malformed ones counted, and from 500 where nothing was recorded.
    pub fn record_all(&self, events: Vec<String>) -> Result<Vec<Recorded>, PhygitalError> {
        Phygital::check_batch(events.len())?;
        let codec = self.codec();
        let read: Vec<Answer<Event>> = events.iter().map(|text| read(text, &codec)).collect();
        drop(events);
        self.with(|engine, now| {
            let good = read.iter().filter_map(|event| event.as_ref().ok().cloned()).collect();
            let mut answers = engine.record_all(good, now)?.into_iter();
            let mut recorded = Vec::with_capacity(read.len());
            for event in read {
                let lost = || Err(Error::Bug("an event of a batch without an answer"));
                let answer = match event {
                    Ok(_) => answers.next().unwrap_or_else(lost).map_err(PhygitalError::from),
                    Err(error) => Err(error),
                };
                recorded.push(match answer {
                    Ok(accepted) => Recorded::Accepted { receipt: Receipt::of(&accepted) },
                    Err(error) => Recorded::Refused {
                        code: error.code(),
                        reason: error.reason().to_owned(),
                        detail: error.detail().to_owned(),
                    },
                });
            }
            Ok(recorded)
        })
    }

    /// Takes in a text message: a wish to be left alone, a code that joins, an answer to what was asked, or anything else. What
    /// is to be answered waits in [`Phygital::due`]; what was done says [`Phygital::followed`].
    ///
    /// # Errors
    /// 114 for a sender that is no phone number, 111 where the gateway sent another text under that id.
    pub fn record_message(&self, message: MessageReceived) -> Result<Receipt, PhygitalError> {
        let message = message.event(self.codec().region)?;
        self.with(|engine, now| Ok(Receipt::of(&engine.record(message(now), now)?)))
    }

    /// Forgets an identifier, `kind:value`, now and whenever it comes again. What it had opted out of stays, under a key.
    /// Recipients of her data are to be told: an action `notify_recipient` waits for each.
    ///
    /// # Errors
    /// 114 for no identifier.
    pub fn erase_identifier(&self, identifier: String) -> Result<Erased, PhygitalError> {
        let identifier: Identifier = identifier.parse()?;
        self.with(|engine, now| Ok(engine.erase_identifier(&identifier, now)?.into()))
    }

    /// Forgets a customer: the identifiers that are hers alone, and all that her events say. As
    /// [`Phygital::erase_identifier`] does.
    ///
    /// # Errors
    /// 401 where there is no such customer.
    pub fn erase_customer(&self, customer: String) -> Result<Erased, PhygitalError> {
        let customer = customer.parse()?;
        self.with(|engine, now| Ok(engine.erase_customer(customer, now)?.into()))
    }
}

impl Phygital {
    /// Whether so many events go into one batch, malformed ones counted.
    ///
    /// # Errors
    /// 115 for too many.
    pub fn check_batch(events: usize) -> Result<(), PhygitalError> {
        if events > BATCH_EVENTS_MAX {
            let detail = format!("at most {BATCH_EVENTS_MAX} events in a batch");
            return Err(PhygitalError::new(Status::Misuse, "misuse", detail));
        }
        Ok(())
    }
}

impl MessageReceived {
    /// The event of it, once it is known what time it is.
    pub(crate) fn event(self, region: Option<Region>) -> Answer<impl FnOnce(Timestamp) -> Event> {
        let from = Identifier::in_region(IdentifierKind::Phone, &self.from, region)?;
        let source = self.source.as_deref().unwrap_or(MESSAGES).parse()?;
        let at = self.at.map(Time::core).transpose()?;
        let id = self.id.parse()?;
        let mut body = conversation::MessageReceived::new(self.id.parse()?);
        body.body = Some(Personal::new(self.body));
        body.to = self.to;
        Ok(move |now| Event::new(source, id, at.unwrap_or(now), body).with(from))
    }
}

fn read(text: &str, codec: &CodecOptions) -> Answer<Event> {
    Ok(Event::from_json(text, codec)?)
}

impl Receipt {
    pub(crate) fn of(accepted: &Accepted) -> Receipt {
        Receipt { is_new: accepted.is_new(), ..Receipt::fresh(*accepted.receipt()) }
    }

    /// Of an event that the engine made itself.
    pub(crate) fn fresh(receipt: engine::Receipt) -> Receipt {
        Receipt { event: receipt.key.to_string(), is_new: true, received_at: receipt.received_at.into() }
    }
}

impl From<engine::Erased> for Erased {
    fn from(erased: engine::Erased) -> Erased {
        let engine::Erased { identifiers, struck, emptied, notices, .. } = erased;
        Erased { identifiers, struck, emptied, notices }
    }
}
