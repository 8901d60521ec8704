//! What brought her: the first and the last touch.

use serde::{Deserialize, Serialize};

use super::compact::{cut, elided_debug};
use super::limits::SHORT_TEXT_BYTES_MAX;
use crate::event::{Body, Campaign, Event, FoldKey};

/// The channel of a tap.
pub const CHANNEL_TAP: &str = "tap";
/// The channel of a click in an e-mail whose campaign nobody named.
pub const CHANNEL_EMAIL: &str = "email";
/// The channel of a customer who simply came to a place.
pub const CHANNEL_STORE: &str = "store";
/// The channel of a customer who came by herself to web or app.
pub const CHANNEL_DIRECT: &str = "direct";

/// How a customer came.
///
/// | event | channel |
/// |---|---|
/// | one with a campaign | `source/medium` of the campaign, else the one of them that it has, else its name |
/// | *Tag Tapped* | [`CHANNEL_TAP`] |
/// | *Email Link Clicked* | [`CHANNEL_EMAIL`] |
/// | another at a place | [`CHANNEL_STORE`] |
/// | another | [`CHANNEL_DIRECT`] |
///
/// The first touch is that of the first event that the customer herself made. The last touch is the
/// newest that is not direct, since coming back by oneself does not undo what brought one (the
/// trade's *last non-direct*).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Touch {
    /// Channel, as in the table.
    pub channel: String,
    /// Name of the campaign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// The event.
    #[serde(with = "super::compact::by")]
    pub by: FoldKey,
}

elided_debug!(Touch);

impl Touch {
    /// The touch that an event is, if its customer made it.
    pub(super) fn of(event: &Event, by: FoldKey) -> Option<Touch> {
        if !is_own_act(&event.body) {
            return None;
        }
        let campaign = event.context.campaign.as_ref();
        let named = campaign.and_then(channel);
        let channel = named.unwrap_or_else(|| {
            let plain = match (&event.body, &event.place) {
                (Body::TagTapped(_), _) => CHANNEL_TAP,
                (Body::EmailLinkClicked(_), _) => CHANNEL_EMAIL,
                (_, Some(_)) => CHANNEL_STORE,
                (_, None) => CHANNEL_DIRECT,
            };
            plain.to_owned()
        });
        let campaign = campaign.and_then(|campaign| campaign.name.as_ref());
        Some(Touch { channel, campaign: campaign.map(|name| cut(name, SHORT_TEXT_BYTES_MAX)), by })
    }

    pub(super) fn is_direct(&self) -> bool {
        self.channel == CHANNEL_DIRECT
    }
}

/// What a campaign is called as a channel; none where it says nothing.
pub(crate) fn channel(campaign: &Campaign) -> Option<String> {
    let name = match (&campaign.source, &campaign.medium) {
        (Some(source), Some(medium)) => format!("{source}/{medium}"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => campaign.name.clone()?,
    };
    Some(cut(&name, SHORT_TEXT_BYTES_MAX))
}

/// Whether the customer herself did it, rather than the shop, a gateway or the engine.
fn is_own_act(body: &Body) -> bool {
    match body {
        Body::OrderUpdated(_)
        | Body::OrderRefunded(_)
        | Body::OrderCancelled(_)
        | Body::EmailBounced(_)
        | Body::EmailDelivered(_)
        | Body::LiveChatMessageReceived(_)
        | Body::ExperimentViewed(_)
        | Body::InstallAttributed(_)
        | Body::PushNotificationReceived(_)
        | Body::PushNotificationBounced(_)
        | Body::TagEnrolled(_)
        | Body::TagStatusChanged(_)
        | Body::PointsEarned(_)
        | Body::TierChanged(_)
        | Body::StockCounted(_)
        | Body::PickupReady(_)
        | Body::IdentifiersLinked(_)
        | Body::IdentifiersSeparated(_)
        | Body::MessageSent(_)
        | Body::MessageDelivered(_)
        | Body::MessageFailed(_)
        | Body::ConversationHandedOver(_)
        | Body::ConversationHandedBack(_)
        | Body::Custom(_) => false,
        body => !body.is_decision(),
    }
}
