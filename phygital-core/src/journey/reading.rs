//! From the log's events: which of them are touches, what they say of orders, and what they make of a customer.

use std::collections::BTreeMap;
use std::time::Duration;

use super::orders::{Fact, Said};
use super::settings::Settings;
use super::touch::{Touch, TouchKind};
use crate::event::kinds::commerce::OrderSums;
use crate::event::{Body, Campaign, Event, Recorded};
use crate::profile::{CHANNEL_DIRECT, CHANNEL_EMAIL, CHANNEL_STORE, CHANNEL_TAP, campaign_channel};
use crate::vocab::{Identifier, Purpose, SourceId, Timestamp};

/// The channel of a text that advertised, whose campaign nobody named.
pub const CHANNEL_SMS: &str = "sms";
/// The channel of a push notification that was tapped.
pub const CHANNEL_PUSH: &str = "push";
/// The channel of an associate's help.
pub const CHANNEL_ASSOCIATE: &str = "associate";
/// The channel of a chat.
pub const CHANNEL_CHAT: &str = "chat";
/// The channel of an installation that was ascribed to an advertisement.
pub const CHANNEL_AD: &str = "ad";

/// Reads the touches of one customer out of the [`sign`]s of her events, given in the order of the fold.
///
/// | event | kind | channel unless its campaign names one | source |
/// |---|---|---|---|
/// | *Tag Tapped* | tap | `tap` | the tag, else the touchpoint, else the place |
/// | *Visit Started*, *Product Tried On*, *Pickup Arrived* | visit | `store` | the place |
/// | *Email Link Clicked* | email | `email` | the campaign, else the e-mail |
/// | *Message Sent* for marketing | sms | `sms` | the message |
/// | *Push Notification Tapped* | web | `push` | the campaign, else the app |
/// | *Associate Assisted* | associate | `associate` | the associate, else the place |
/// | *Live Chat Conversation Started* | associate | `chat` | the agent, else the site |
/// | *Install Attributed* | ad | its provider, else `ad` | the campaign, else the app |
/// | pages, screens, looks at products, searches, cart and checkout on the web | web | `direct` | the campaign, else the site |
///
/// - A campaign names the channel `source/medium`, else the one of them that it has, else by its name. Its medium makes the
///   touch one of `email`, `sms` or `ad` (`cpc`, `ppc`, `cpm`, `paid...`, `display`, `banner`, `retargeting`, `affiliate`).
/// - On a web site or in an app a visit is one touch: what follows within [`Settings::session`] at the same source, in the
///   same browser, goes on with it, unless it names another channel.
/// - An e-mail that was opened is no touch: mail programs open by themselves. Nor is what the shop does alone.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    session: Duration,
    /// The visit that is going on at each site, by its channel and the last sign of her.
    visits: BTreeMap<Site, (Box<str>, Timestamp)>,
}

/// What an event makes of a customer, for rules that reward it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Milestone {
    /// She became known: *Opted In*, *User Identified*, *Loyalty Member Enrolled*.
    Lead,
    /// She was about to buy: *Product Added*, *Checkout Started*, *Reservation Held*.
    Opportunity,
}

/// What an event makes of its customer.
pub fn milestone(body: &Body) -> Option<Milestone> {
    match body {
        Body::OptedIn(_) | Body::UserIdentified(_) | Body::LoyaltyMemberEnrolled(_) => Some(Milestone::Lead),
        Body::ProductAdded(_) | Body::CheckoutStarted(_) | Body::ReservationHeld(_) => {
            Some(Milestone::Opportunity)
        }
        _ => None,
    }
}

/// What an event says of an order; none for most. The value is [`OrderSums::net`].
pub fn fact(recorded: &Recorded) -> Option<Fact> {
    let event = &recorded.event;
    let total = |order: &OrderSums| order.total;
    let (order, said) = match &event.body {
        Body::OrderCompleted(placed) => {
            let (value, total) = (placed.order.net(), total(&placed.order));
            (&placed.order_id, Said::Placed { value, total, place: event.place.clone() })
        }
        Body::OrderUpdated(now) => {
            (&now.order_id, Said::Updated { value: now.order.net(), total: total(&now.order) })
        }
        Body::OrderRefunded(back) => (&back.order_id, Said::Refunded(back.order.net())),
        Body::OrderCancelled(off) => (&off.order_id, Said::Cancelled),
        _ => return None,
    };
    Some(Fact { at: recorded.fold.at, sequence: 0, id: recorded.fold.key, order: order.clone(), said })
}

/// A web site or an app, in one browser or on one device where that has an identifier.
type Site = (SourceId, Option<Identifier>);

/// What one event says of how a customer came: a touch, or a sign of her on a web site, which may go on with a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sign {
    /// The touch that it is, unless it goes on with a visit.
    pub touch: Touch,
    /// The site or app of which it is a sign, and whether a campaign named the channel.
    visit: Option<(Site, bool)>,
}

/// What an event says of how its customer came, if it says anything.
pub fn sign(recorded: &Recorded) -> Option<Sign> {
    let event = &recorded.event;
    let campaign = event.context.campaign.as_ref();
    let named = campaign.and_then(campaign_channel);
    let said = campaign.and_then(kind_of);
    if let Some(Plain { kind, channel, source }) = plain(event) {
        let kind = said.filter(|_| !kind.is_physical()).unwrap_or(kind);
        let touch = made(recorded, kind, named.unwrap_or(channel), source);
        return Some(Sign { touch, visit: None });
    }
    if !is_of_the_web(event) {
        return None;
    }
    let browser =
        event.identifiers.iter().filter(|one| !one.kind().is_personal() && !one.kind().is_contact_point());
    let visit = Some(((event.source.clone(), browser.min().cloned()), named.is_some()));
    let channel = named.unwrap_or_else(|| CHANNEL_DIRECT.to_owned());
    let source = named_or(event, event.source.as_str());
    Some(Sign { touch: made(recorded, said.unwrap_or(TouchKind::Web), channel, source), visit })
}

impl Reading {
    /// Reads by these settings, from the first event of a customer.
    pub fn new(settings: &Settings) -> Reading {
        Reading { session: Duration::from_secs(settings.session), visits: BTreeMap::new() }
    }

    /// The touch that the customer's next sign is, unless it goes on with a visit.
    pub fn touch(&mut self, sign: Sign) -> Option<Touch> {
        let Sign { touch, visit } = sign;
        let Some((site, named)) = visit else { return Some(touch) };
        let going_on =
            self.visits.get_mut(&site).filter(|(_, last)| touch.at.distance(*last) <= self.session);
        if let Some((channel, last)) = going_on
            && (!named || *channel == touch.channel)
        {
            *last = touch.at;
            return None;
        }
        self.visits.insert(site, (touch.channel.clone(), touch.at));
        Some(touch)
    }
}

/// A touch by the event alone.
struct Plain {
    kind: TouchKind,
    channel: String,
    source: String,
}

fn plain(event: &Event) -> Option<Plain> {
    let place = event.place.as_ref().map_or("", |place| place.as_str());
    let site = event.source.as_str();
    let (kind, channel, source) = match &event.body {
        Body::TagTapped(tap) => {
            let touchpoint = || tap.touchpoint.as_ref().map_or(place.to_owned(), ToString::to_string);
            (TouchKind::Tap, CHANNEL_TAP, tap.uid.map_or_else(touchpoint, |uid| uid.to_string()))
        }
        Body::VisitStarted(_) | Body::ProductTriedOn(_) | Body::PickupArrived(_) => {
            (TouchKind::Visit, CHANNEL_STORE, place.to_owned())
        }
        Body::EmailLinkClicked(click) => {
            let id = click.campaign_id.as_ref().or(click.campaign_name.as_ref()).or(click.email_id.as_ref());
            (TouchKind::Email, CHANNEL_EMAIL, named_or(event, id.map_or(site, |id| id)))
        }
        Body::MessageSent(sent) if sent.purpose == Some(Purpose::Marketing) => {
            (TouchKind::Sms, CHANNEL_SMS, sent.message_id.to_string())
        }
        Body::PushNotificationTapped(_) => (TouchKind::Web, CHANNEL_PUSH, named_or(event, site)),
        Body::AssociateAssisted(help) => {
            let who = help.associate_id.as_ref().map_or(place.to_owned(), ToString::to_string);
            (TouchKind::Associate, CHANNEL_ASSOCIATE, who)
        }
        Body::LiveChatConversationStarted(chat) => {
            (TouchKind::Associate, CHANNEL_CHAT, chat.agent_id.clone().unwrap_or(site.to_owned()))
        }
        Body::InstallAttributed(install) => {
            let provider = install.provider.as_deref().filter(|name| !name.is_empty());
            (TouchKind::Ad, provider.unwrap_or(CHANNEL_AD), named_or(event, site))
        }
        _ => return None,
    };
    Some(Plain { kind, channel: channel.to_owned(), source })
}

/// Whether it is something that she did on a web site or in an app.
fn is_of_the_web(event: &Event) -> bool {
    match &event.body {
        Body::PageViewed(_)
        | Body::ScreenViewed(_)
        | Body::ApplicationInstalled(_)
        | Body::ApplicationOpened(_)
        | Body::DeepLinkOpened(_)
        | Body::DeepLinkClicked(_) => true,
        Body::ProductsSearched(_)
        | Body::ProductListViewed(_)
        | Body::ProductListFiltered(_)
        | Body::PromotionViewed(_)
        | Body::PromotionClicked(_)
        | Body::ProductClicked(_)
        | Body::ProductViewed(_)
        | Body::ProductAdded(_)
        | Body::ProductRemoved(_)
        | Body::CartViewed(_)
        | Body::CheckoutStarted(_)
        | Body::CheckoutStepViewed(_)
        | Body::CheckoutStepCompleted(_)
        | Body::ProductAddedToWishlist(_)
        | Body::WishlistProductAddedToCart(_) => event.place.is_none(),
        _ => false,
    }
}

/// The name of the event's campaign, else something else.
fn named_or(event: &Event, other: &str) -> String {
    let name = event.context.campaign.as_ref().and_then(|campaign| campaign.name.as_deref());
    name.unwrap_or(other).to_owned()
}

/// What kind of touch the medium of a campaign says.
fn kind_of(campaign: &Campaign) -> Option<TouchKind> {
    let medium = campaign.medium.as_deref()?.to_ascii_lowercase();
    let paid =
        ["cpc", "ppc", "cpm", "cpv", "cpa", "display", "banner", "retargeting", "affiliate", "ad", "ads"];
    match &*medium {
        "email" | "e-mail" | "newsletter" => Some(TouchKind::Email),
        "sms" | "mms" => Some(TouchKind::Sms),
        medium if medium.starts_with("paid") || paid.contains(&medium) => Some(TouchKind::Ad),
        _ => None,
    }
}

fn made(recorded: &Recorded, kind: TouchKind, channel: String, source: String) -> Touch {
    let touch = Touch::new(recorded.fold.at, recorded.fold.key, kind, fit(channel)).from(source);
    Touch { place: recorded.event.place.clone().filter(|_| kind.is_physical()), ..touch }
}

/// A channel's name within its limit.
fn fit(mut name: String) -> String {
    use crate::vocab::limits::CHANNEL_NAME_BYTES_MAX;
    let mut ends = (0..=CHANNEL_NAME_BYTES_MAX.min(name.len())).rev();
    name.truncate(ends.find(|end| name.is_char_boundary(*end)).unwrap_or(0));
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::limits::CHANNEL_NAME_BYTES_MAX;

    #[test]
    fn a_channel_has_a_name_of_its_length() {
        let most = "x".repeat(CHANNEL_NAME_BYTES_MAX);
        assert_eq!(fit(most.clone()), most);
        assert_eq!(fit(format!("{most}y")), most);
        assert_eq!(fit(format!("{}\u{e9}", &most[1..])), most[1..]);
        assert_eq!(fit(String::new()), "");
    }
}
