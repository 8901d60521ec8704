//! What is permitted and why; giving and withdrawing.

use phygital_core::consent;
use phygital_core::event::kinds::conversation;
use phygital_core::event::{Body, Event};
use phygital_core::vocab::Identifier;

use crate::error::{Answer, PhygitalError};
use crate::events::Receipt;
use crate::names::{ConsentMethod, Purpose};
use crate::phygital::Phygital;
use crate::time::Time;

/// The source of what is said by these calls.
const SAID: &str = "//phygital/said";

/// Whether something is allowed, why, and what proves it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[expect(clippy::exhaustive_structs, reason = "read as a whole")]
pub struct Decision {
    /// What was asked for.
    pub purpose: Purpose,
    /// The answer.
    pub allowed: bool,
    /// Why, as stable words such as `granted` or `withdrawn`.
    pub reasons: Vec<String>,
    /// The keys of the events that decided, 32 digits each.
    pub proofs: Vec<String>,
    /// Who keeps messages away, beside its owner, as stable words such as `carrier`.
    pub suppressed_by: Vec<String>,
}

/// Consent that was given elsewhere than by tap and text: at the till, on the web, on paper.
#[derive(Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Display))]
#[expect(clippy::exhaustive_structs, reason = "hosts fill it in")]
pub struct OptedIn {
    /// The phone number or e-mail address that consents, as `phone:…` or `email:…`.
    pub contact: String,
    /// To what.
    pub purposes: Vec<Purpose>,
    /// How.
    pub method: ConsentMethod,
    /// The host's own name for this consent, so that it counts once; random, unless said.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub id: Option<String>,
    /// When; now, unless said.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub at: Option<Time>,
    /// The notice that was shown. The shop's own is proven with its text.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub notice_id: Option<String>,
    /// What proves it: ids of papers, messages.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub evidence: Vec<String>,
    /// After this time it no longer counts.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub expires_at: Option<Time>,
}

/// Consent that was withdrawn.
#[derive(Clone, Default)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Display))]
#[expect(clippy::exhaustive_structs, reason = "hosts fill it in")]
pub struct OptedOut {
    /// The phone number or e-mail address that withdraws.
    pub contact: String,
    /// What; everything, unless said.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub purposes: Vec<Purpose>,
    /// How.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub method: Option<ConsentMethod>,
    /// The host's own name for it; random, unless said.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub id: Option<String>,
    /// When; now, unless said.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub at: Option<Time>,
    /// What proves it.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub evidence: Vec<String>,
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Phygital {
    /// Whether a contact point, `phone:…` or `email:…`, may be used for a purpose now.
    ///
    /// # Errors
    /// 114 for no identifier.
    pub fn permits(&self, purpose: Purpose, contact: String) -> Result<Decision, PhygitalError> {
        let contact: Identifier = contact.parse()?;
        self.with(|engine, now| Decision::of(engine.consents().permits(purpose.core(), &contact, now)?))
    }

    /// Whether something may be done with a customer now: to recognise, show, measure or share her, which is no matter of one
    /// number. Allowed where one of what she is known by allows it and none has refused.
    ///
    /// # Errors
    /// 401 where there is no such customer.
    pub fn permits_customer(&self, purpose: Purpose, customer: String) -> Result<Decision, PhygitalError> {
        let customer = customer.parse()?;
        self.with(|engine, now| {
            Decision::of(engine.consents().permits_customer(purpose.core(), customer, now)?)
        })
    }

    /// Records that consent was given.
    ///
    /// # Errors
    /// 114 for no contact point, 110 where the rest is not as it should be.
    pub fn record_opt_in(&self, consent: OptedIn) -> Result<Receipt, PhygitalError> {
        let contact = consent.contact.parse()?;
        let purposes = consent.purposes.iter().map(|purpose| purpose.core()).collect();
        let mut body = conversation::OptedIn::new(contact, purposes, consent.method.core());
        body.notice_id = consent.notice_id.as_ref().map(|id| id.parse()).transpose()?;
        body.evidence = consent.evidence;
        body.expires_at = consent.expires_at.map(Time::core).transpose()?;
        let shown = self.with(|engine, _| Ok(engine.config().notice.clone()))?;
        if let Some(shown) = shown.filter(|shown| Some(shown.id()) == body.notice_id.as_ref()) {
            body.notice_hash = Some(shown.hash());
            body.language = shown.language().map(str::to_owned);
        }
        self.say(consent.id, consent.at, None, body)
    }

    /// Records that consent was withdrawn.
    ///
    /// # Errors
    /// As [`Phygital::record_opt_in`].
    pub fn record_opt_out(&self, consent: OptedOut) -> Result<Receipt, PhygitalError> {
        let mut body = conversation::OptedOut::new(consent.contact.parse()?);
        body.purposes = consent.purposes.iter().map(|purpose| purpose.core()).collect();
        body.method = consent.method.map(ConsentMethod::core);
        body.evidence = consent.evidence;
        self.say(consent.id, consent.at, None, body)
    }
}

impl Phygital {
    /// Records what somebody said, and whom it names beside.
    pub(crate) fn say(
        &self,
        id: Option<String>,
        at: Option<Time>,
        names: Option<Identifier>,
        body: impl Into<Body>,
    ) -> Answer<Receipt> {
        let id = match id {
            Some(id) => id.parse()?,
            None => self.fresh_id()?,
        };
        let at = at.map(Time::core).transpose()?;
        let (source, body) = (SAID.parse()?, body.into());
        self.with(|engine, now| {
            let mut event = Event::new(source, id, at.unwrap_or(now), body);
            event.identifiers.extend(names);
            Ok(Receipt::of(&engine.record(event, now)?))
        })
    }
}

impl Decision {
    fn of(decision: consent::Decision) -> Answer<Decision> {
        Ok(Decision {
            purpose: Purpose::of(decision.purpose)?,
            allowed: decision.allowed,
            reasons: decision.reasons.iter().map(|reason| reason.code().to_owned()).collect(),
            proofs: decision.proofs.iter().map(ToString::to_string).collect(),
            suppressed_by: decision.suppressed_by.iter().map(|cause| cause.name().to_owned()).collect(),
        })
    }
}
