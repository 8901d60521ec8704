//! The closed set of what can have happened.

use super::error::{EventError, Expected};
use super::extra::Extra;
use super::fields::{Field, Object, Path, Scope, Writer};
use super::json::Json;
use super::kinds::commerce::*;
use super::kinds::conversation::*;
use super::kinds::decisions::*;
use super::kinds::digital::*;
use super::kinds::shop::*;
use super::property::Property;
use crate::vocab::limits::CUSTOM_NAME_BYTES_MAX;
use crate::vocab::{Currency, Identifier};

/// An event of the host's own, outside the vocabulary: kept, shown, counted, read by no rule.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Custom {
    /// Its name, 1 to [`CUSTOM_NAME_BYTES_MAX`] bytes; what [`Body::custom`] says of it holds.
    pub name: String,
    /// Its properties.
    pub extra: Extra,
}

macro_rules! bodies {
    ($($kind:ident),* $(,)?) => {
        /// What happened: one of a closed set of kinds, or a bounded [`Custom`] for the rest.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Body {
            $(
                #[doc = concat!("See [`", stringify!($kind), "`].")]
                $kind($kind),
            )*
            /// See [`Custom`].
            Custom(Custom),
        }

        impl Body {
            /// The names of the vocabulary, custom events aside.
            pub const NAMES: &[&str] = &[$($kind::NAME),*];

            /// The name, as Segment writes names: `Product Viewed`.
            pub fn name(&self) -> &str {
                match self {
                    $(Body::$kind(_) => $kind::NAME,)*
                    Body::Custom(custom) => &custom.name,
                }
            }

            /// The properties of a kind, by its [name](Body::NAMES), in the order in which they are
            /// written; `None` for another name. Properties of the kind's product or order stand flat
            /// among them.
            pub fn properties(name: &str) -> Option<Vec<Property>> {
                match name {
                    $($kind::NAME => Some($kind::properties()),)*
                    _ => None,
                }
            }

            /// What a kind of that [name](Body::NAMES) tells, in words; `None` for another name.
            pub fn about(name: &str) -> Option<&'static str> {
                match name {
                    $($kind::NAME => Some($kind::ABOUT.trim_ascii()),)*
                    _ => None,
                }
            }

            /// The properties that the vocabulary does not know.
            pub fn extra(&self) -> &Extra {
                match self {
                    $(Body::$kind(kind) => &kind.extra,)*
                    Body::Custom(custom) => &custom.extra,
                }
            }

            /// The properties that the vocabulary does not know, to add to them.
            pub fn extra_mut(&mut self) -> &mut Extra {
                match self {
                    $(Body::$kind(kind) => &mut kind.extra,)*
                    Body::Custom(custom) => &mut custom.extra,
                }
            }

            /// Reads the properties of an event; a name outside the vocabulary is a custom event.
            pub(crate) fn read(
                (name, at_name): (&str, &Path<'_>),
                mut object: Object<'_>,
                at: &Path<'_>,
                scope: &Scope,
            ) -> Result<Body, EventError> {
                let known = Body::named(name);
                let mut scope = *scope;
                if known.is_some()
                    && let Some(Json::Text(code)) = object.peek("currency")
                {
                    let code = Json::Text(code.clone());
                    scope.currency = Some(Currency::read(code, &Path::Field(at, "currency"), &scope)?);
                }
                let scope = &scope;
                let mut body = match known {
                    $(Some($kind::NAME) => Body::$kind($kind::read(&mut object, at, scope)?),)*
                    _ => Body::custom_at(name, at_name)?,
                };
                let extra = Extra::rest(object, at)?;
                match &mut body {
                    $(Body::$kind(kind) => kind.extra = extra,)*
                    Body::Custom(custom) => custom.extra = extra,
                }
                Ok(body)
            }

            pub(crate) fn write(&self, out: &mut Writer<'_>) {
                match self {
                    $(Body::$kind(kind) => kind.write(out),)*
                    Body::Custom(custom) => out.extra(&custom.extra),
                }
            }
        }
    };
}

bodies! {
    // commerce
    ProductsSearched, ProductListViewed, ProductListFiltered, PromotionViewed, PromotionClicked,
    ProductClicked, ProductViewed, ProductAdded, ProductRemoved, CartViewed, CheckoutStarted,
    CheckoutStepViewed, CheckoutStepCompleted, PaymentInfoEntered, OrderUpdated, OrderCompleted,
    OrderRefunded, OrderCancelled, CouponEntered, CouponApplied, CouponDenied, CouponRemoved,
    ProductAddedToWishlist, ProductRemovedFromWishlist, WishlistProductAddedToCart, ProductShared,
    CartShared, ProductReviewed,
    // digital
    UserIdentified, GroupJoined, PageViewed, ScreenViewed, EmailBounced, EmailDelivered,
    EmailLinkClicked, EmailMarkedAsSpam, EmailOpened, Unsubscribed, LiveChatConversationStarted,
    LiveChatConversationEnded, LiveChatMessageSent, LiveChatMessageReceived, ExperimentViewed,
    ApplicationInstalled, ApplicationOpened, ApplicationBackgrounded, ApplicationForegrounded,
    ApplicationUpdated, ApplicationUninstalled, ApplicationCrashed, InstallAttributed,
    PushNotificationReceived, PushNotificationTapped, PushNotificationBounced, DeepLinkOpened,
    DeepLinkClicked,
    // shop
    TagTapped, TagEnrolled, TagStatusChanged, VisitStarted, VisitEnded, ProductTriedOn,
    AssociateAssisted, LoyaltyMemberEnrolled, PointsEarned, PointsRedeemed, TierChanged, StockCounted,
    ReservationHeld, PickupReady, PickupArrived, PickupCollected, IdentifiersLinked,
    IdentifiersSeparated,
    // conversation
    OptedIn, OptedOut, MessageSent, MessageReceived, MessageDelivered, MessageFailed, AttributeStated,
    ConsentRequested, ContactSuppressed, SuppressionLifted, ContactReassigned, RightsRequested,
    ConversationHandedOver, ConversationHandedBack,
    // decisions
    TapRefused, OptInOffered, OptInRefused, ActionRequested, ActionCompleted, TopicOpened, QuestionAsked,
    QuestionLeft, TopicClosed, CustomerChanged, IdentifierErased, PayloadStruck, SuppressionKept,
}

/// What the types of the vocabulary begin with in a CloudEvents envelope.
pub(crate) const TYPE_PREFIX: &str = "com.phygital.";
/// The type of a custom event.
pub(crate) const TYPE_CUSTOM: &str = "com.phygital.custom";

impl Body {
    /// A custom event of that name, without properties; [`Body::extra_mut`] takes them.
    ///
    /// # Errors
    /// The name is empty, too long, has control characters, or is of the vocabulary.
    pub fn custom(name: &str) -> Result<Body, EventError> {
        Body::custom_at(name, &Path::Field(&Path::Root, "event"))
    }

    fn custom_at(name: &str, at: &Path<'_>) -> Result<Body, EventError> {
        if name.len() > CUSTOM_NAME_BYTES_MAX {
            return Err(at.fail(Expected::AtMost { most: CUSTOM_NAME_BYTES_MAX, unit: "bytes" }));
        }
        if name.trim() != name || name.is_empty() || name.chars().any(char::is_control) {
            return Err(at.fail(Expected::Value("a name without outer white space and control characters")));
        }
        if Body::named(name).is_some() || name == TYPE_CUSTOM {
            return Err(at.fail(Expected::Value("a name outside the vocabulary")));
        }
        Ok(Body::Custom(Custom { name: name.to_owned(), extra: Extra::default() }))
    }

    /// The name of the vocabulary that a text stands for: `Product Viewed` itself, also in other
    /// letter case or with underscores, or its type `com.phygital.product_viewed`.
    pub fn named(text: &str) -> Option<&'static str> {
        let slug = text.strip_prefix(TYPE_PREFIX).unwrap_or(text);
        let same = |name: &&&str| {
            name.len() == slug.len()
                && name.bytes().zip(slug.bytes()).all(|(one, two)| match (one, two) {
                    (b' ', b' ' | b'_') => true,
                    _ => one.eq_ignore_ascii_case(&two),
                })
        };
        Body::NAMES.iter().find(same).copied()
    }

    /// The identifier that the event is about, and that it cannot do without: that of a consent, a suppression, an
    /// action.
    pub fn whom(&self) -> Option<&Identifier> {
        match self {
            Body::OptedIn(said) => Some(&said.contact),
            Body::OptedOut(said) => Some(&said.contact),
            Body::OptInRefused(said) => Some(&said.contact),
            Body::ConsentRequested(said) => Some(&said.contact),
            Body::ContactSuppressed(said) => Some(&said.contact),
            Body::SuppressionLifted(said) => Some(&said.contact),
            Body::ContactReassigned(said) => Some(&said.contact),
            Body::ConversationHandedOver(said) => Some(&said.contact),
            Body::ConversationHandedBack(said) => Some(&said.contact),
            Body::TopicOpened(said) => Some(&said.contact),
            Body::QuestionAsked(said) => Some(&said.contact),
            Body::QuestionLeft(said) => Some(&said.contact),
            Body::TopicClosed(said) => Some(&said.contact),
            Body::ActionRequested(action) => action.to.as_ref(),
            _ => None,
        }
    }

    /// Whether only the engine makes events of this kind.
    pub fn is_decision(&self) -> bool {
        matches!(
            self,
            Body::TapRefused(_)
                | Body::OptInOffered(_)
                | Body::OptInRefused(_)
                | Body::ActionRequested(_)
                | Body::ActionCompleted(_)
                | Body::TopicOpened(_)
                | Body::QuestionAsked(_)
                | Body::QuestionLeft(_)
                | Body::TopicClosed(_)
                | Body::CustomerChanged(_)
                | Body::IdentifierErased(_)
                | Body::PayloadStruck(_)
                | Body::SuppressionKept(_)
        )
    }
}
