//! Consent as others have it: receipts for its owner, records and signals of other systems, blocks of carriers and gateways.

use phygital_core::consent::{self, Detail, ImportError};
use phygital_core::event::kinds::conversation::{ContactSuppressed, SuppressionLifted};
use phygital_core::vocab::{Identifier, SourceId};
use serde_json::{Value, json};

use crate::error::{PhygitalError, Status};
use crate::events::Receipt;
use crate::names::{Purpose, SuppressionCause};
use crate::phygital::Phygital;

/// What came of consent that another system kept.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[expect(clippy::exhaustive_structs, reason = "read as a whole")]
pub struct Imported {
    /// How many events were recorded now.
    pub recorded: u64,
    /// How many had been before.
    pub known: u64,
    /// What it names that is no purpose here and none of the catalogue.
    pub unknown: Vec<String>,
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Phygital {
    /// Receipts of the consent of a contact point, for its owner: a JSON list, of each purpose of which anything was said one
    /// receipt after ISO/IEC TS 27560, with its whole record. One purpose alone, where it is given.
    ///
    /// # Errors
    /// 114 for no identifier.
    pub fn consent_receipts(
        &self,
        contact: String,
        purpose: Option<Purpose>,
    ) -> Result<String, PhygitalError> {
        let contact: Identifier = contact.parse()?;
        let wanted = purpose.map(|purpose| purpose.core().name());
        self.with(|engine, now| {
            let records = engine.consents().records(&contact, now)?;
            let of = |record: &consent::ConsentRecord| {
                wanted.is_none_or(|name| record.pii_processing.purposes.iter().any(|one| one.purpose == name))
            };
            let receipts = records.into_iter().filter(of).map(|record| record.receipt(Detail::Full, now));
            serde_json::to_string(&receipts.collect::<Vec<_>>()).map_err(PhygitalError::bug)
        })
    }

    /// What is permitted of a contact point as Segment has it, as JSON: the consent object and the messaging subscriptions that
    /// go into the `context` of a message.
    ///
    /// # Errors
    /// 114 for no identifier.
    pub fn segment_consent(&self, contact: String) -> Result<String, PhygitalError> {
        let contact: Identifier = contact.parse()?;
        self.with(|engine, now| {
            let consent = engine.consents().segment(&contact, now)?;
            serde_json::to_string(&consent).map_err(PhygitalError::bug)
        })
    }

    /// Records consent that another system kept: a record or a receipt of ISO/IEC TS 27560, or a message of Segment with its
    /// consent object or subscriptions, in JSON. `source` names that system, as `//consent.example`. The same text again is
    /// known.
    ///
    /// The signal of a browser (Global Privacy Control) needs no call of its own: an event with `gpc` in its context brings it.
    ///
    /// # Errors
    /// 118 for a text that is none of these, 114 for a record of nobody who is known here.
    pub fn import_consent(&self, text: String, source: String) -> Result<Imported, PhygitalError> {
        let source: SourceId = source.parse()?;
        let codec = self.codec();
        self.with(|engine, now| {
            let taken = consent::import(&text, &source, &engine.config().catalogue, &codec)?;
            let mut imported =
                Imported { recorded: 0, known: 0, unknown: taken.unknown.into_iter().collect() };
            for answer in engine.record_all(taken.events, now)? {
                *(if answer?.is_new() { &mut imported.recorded } else { &mut imported.known }) += 1;
            }
            Ok(imported)
        })
    }

    /// Takes note that somebody else than its owner keeps messages from a contact point: the network, the gateway, a register,
    /// staff. `code` is what the gateway calls it, such as `21610`.
    ///
    /// # Errors
    /// 114 for no contact point.
    pub fn suppress(
        &self,
        contact: String,
        cause: SuppressionCause,
        code: Option<String>,
    ) -> Result<Receipt, PhygitalError> {
        let mut body = ContactSuppressed::new(contact.parse()?, cause.core());
        body.code = code;
        self.say(None, None, None, body)
    }

    /// Takes note that a cause keeps messages no longer from a contact point. What its owner said stands.
    ///
    /// # Errors
    /// 114 for no contact point.
    pub fn lift_suppression(
        &self,
        contact: String,
        cause: SuppressionCause,
    ) -> Result<Receipt, PhygitalError> {
        self.say(None, None, None, SuppressionLifted::new(contact.parse()?, cause.core()))
    }

    /// Where a contact point stands, as JSON: its `kind` and `contact` (masked); what is permitted (`purposes`, each with
    /// `purpose`, `basis`, `allowed`, `reasons`, `proofs`, `suppressed_by`) and what was said (`entries`, `signal`); and the
    /// conversation: its `status` (`none`, `pending_double_opt_in`, `subscribed`, `opted_out`, `blocked`, `invalid`), how she
    /// `joined_by`, when she wrote last (`last_inbound`), who answers (`handler`: `rules` or `person`), and of the open `topic`
    /// its `id`, since when it is open (`started_at`), the `question` that waits, in which `language`, and when to
    /// [`Phygital::follow_up`].
    ///
    /// # Errors
    /// 114 for no identifier.
    pub fn contact_state(&self, contact: String) -> Result<String, PhygitalError> {
        let contact: Identifier = contact.parse()?;
        self.with(|engine, now| {
            let now = engine.latest(now);
            let ledger = engine.consents().ledger(&contact)?.unwrap_or_default();
            let view = ledger.view(&contact, &engine.config().policy, now);
            let thread = engine.consents().thread(&contact)?.unwrap_or_default();
            let talk = thread.talk().cloned().unwrap_or_default();
            let topic = match talk.open() {
                None => Value::Null,
                Some((id, started_at)) => json!({
                    "id": id.as_str(),
                    "started_at": started_at,
                    "question": talk.pending().map(|pending| pending.question),
                    "language": talk.language(),
                    "follow_up": engine.topics().due(&contact, now)?,
                }),
            };
            let mut state = serde_json::to_value(&view).map_err(PhygitalError::bug)?;
            state["status"] = thread.status(now).code().into();
            state["joined_by"] = thread.joined_by().map(|method| method.name()).into();
            state["last_inbound"] = json!(thread.last_inbound());
            state["handler"] = json!(talk.handler());
            state["topic"] = topic;
            Ok(state.to_string())
        })
    }
}

impl From<ImportError> for PhygitalError {
    fn from(error: ImportError) -> PhygitalError {
        match error {
            ImportError::Principal(error) | ImportError::Subscription(error) => error.into(),
            error => PhygitalError::new(Status::MalformedConsent, "malformed_consent", error),
        }
    }
}
