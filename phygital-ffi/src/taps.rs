//! Taps: is it genuine, was it used, who is it.

use phygital_core::engine;
use phygital_core::optin::Platform;
use phygital_core::tap;
use phygital_core::vocab::Identifier;

use crate::error::{Answer, PhygitalError};
use crate::names::Role;
use crate::phygital::Phygital;
use crate::time::Time;
use crate::verifier::{Presented, TapProof};

/// A tap as the host received it. Only what was presented has to be given.
#[derive(Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Display))]
#[expect(clippy::exhaustive_structs, reason = "hosts fill it in")]
pub struct TapRequest {
    /// What was delivered.
    pub presented: Presented,
    /// Where it was tapped, where that is not where the tag was enrolled.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub place: Option<String>,
    /// What was tapped, where that is not what the tag was enrolled with.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub touchpoint: Option<String>,
    /// What tells this client from others, such as its session: it may send the same tap again for a short while.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub client: Option<String>,
    /// Identifiers that came with it, as `kind:value`.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub identifiers: Vec<String>,
    /// Asks for the customer's card as well, for somebody in this role.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub shown_to: Option<Role>,
}

/// Who tapped.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[expect(clippy::exhaustive_enums, reason = "she is known or she is not")]
pub enum Recognition {
    /// A customer who agreed to be known.
    Known {
        /// Her id.
        customer: String,
    },
    /// Somebody unknown, or somebody who did not agree to be known.
    Anonymous {
        /// The id of her history so far.
        customer: String,
    },
}

/// What a tap came to.
#[derive(Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Display))]
#[expect(clippy::exhaustive_structs, reason = "read as a whole")]
pub struct TapOutcome {
    /// The key of the event that the tap became, 32 digits.
    pub event: String,
    /// Whether the same client had sent it before, so that this is the first answer again.
    pub repeated: bool,
    /// Whether a later tap of the tag had counted before it.
    pub late: bool,
    /// What was proven.
    pub proof: TapProof,
    /// Where.
    pub place: Option<String>,
    /// On what.
    pub touchpoint: Option<String>,
    /// Who it is.
    pub recognition: Recognition,
    /// Her card as JSON, where it was asked for and she is known.
    pub card: Option<String>,
    /// What to offer somebody unknown.
    pub opt_in: Option<OptIn>,
}

/// An offer to opt in: the notice to show, and the link to show it with.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Display))]
#[expect(clippy::exhaustive_structs, reason = "read as a whole")]
pub struct OptIn {
    /// The one-time code.
    pub code: String,
    /// What she is to text: the keyword and the code.
    pub message: String,
    /// Where to.
    pub sender: String,
    /// The link that opens the phone's messages with both filled in, in a form that all phones read.
    pub link: String,
    /// The name of the notice.
    pub notice_id: String,
    /// The notice, to be shown whole beside the link.
    pub notice: String,
    /// Its language, BCP 47.
    pub language: Option<String>,
    /// When the code ends.
    pub expires_at: Time,
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Phygital {
    /// Verifies a tap, records it, and says who it is. When this returns, the tap is used up, durably.
    ///
    /// # Errors
    /// Numbers from 200 where it does not count: 210 where it was used before.
    pub fn verify_tap(&self, request: TapRequest) -> Result<TapOutcome, PhygitalError> {
        request.presented.lend(|presented| {
            let asked = request.core(presented)?;
            self.with(|engine, now| TapOutcome::of(engine.taps().verify(asked, now)?))
        })
    }
}

impl TapRequest {
    /// A tap with nothing but what was delivered.
    pub fn new(presented: Presented) -> TapRequest {
        TapRequest {
            presented,
            place: None,
            touchpoint: None,
            client: None,
            identifiers: Vec::new(),
            shown_to: None,
        }
    }

    fn core<'r>(&'r self, presented: tap::Presented<'r>) -> Answer<engine::TapRequest<'r>> {
        let mut request = engine::TapRequest::presented(presented);
        if let Some(place) = &self.place {
            request = request.at(place.parse()?);
        }
        if let Some(touchpoint) = &self.touchpoint {
            request = request.on(touchpoint.parse()?);
        }
        if let Some(client) = &self.client {
            request = request.from_client(client);
        }
        for identifier in &self.identifiers {
            request = request.seen(identifier.parse::<Identifier>()?);
        }
        if let Some(role) = self.shown_to {
            request = request.shown_to(role.core());
        }
        Ok(request)
    }
}

impl TapOutcome {
    fn of(outcome: engine::TapOutcome) -> Answer<TapOutcome> {
        let card = outcome.card.as_ref().map(serde_json::to_string).transpose();
        Ok(TapOutcome {
            event: outcome.receipt.key.to_string(),
            repeated: outcome.repeated,
            late: outcome.late,
            proof: TapProof::of(&outcome.proof)?,
            place: outcome.place.map(|place| place.to_string()),
            touchpoint: outcome.touchpoint.map(|touchpoint| touchpoint.to_string()),
            recognition: match outcome.recognition {
                engine::Recognition::Known(customer) => Recognition::Known { customer: customer.to_string() },
                engine::Recognition::Anonymous(customer) => {
                    Recognition::Anonymous { customer: customer.to_string() }
                }
            },
            card: card.map_err(PhygitalError::bug)?,
            opt_in: outcome.opt_in.map(|offer| OptIn {
                message: offer.notice.message(&offer.code),
                sender: offer.notice.sender().to_owned(),
                link: offer.link(Platform::Both),
                notice_id: offer.notice.id().to_string(),
                notice: offer.notice.text().to_owned(),
                language: offer.notice.language().map(str::to_owned),
                expires_at: offer.expires_at.into(),
                code: offer.code.as_str().to_owned(),
            }),
        })
    }
}
