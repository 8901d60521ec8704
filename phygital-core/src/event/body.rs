//! The closed set of what can have happened.

use super::error::{EventError, Expected};
use super::json::{Extra, Object, Path, Scope, Writer};
use super::kinds::commerce::*;
use super::kinds::conversation::*;
use super::kinds::decisions::*;
use super::kinds::digital::*;
use super::kinds::shop::*;
use crate::vocab::limits::CUSTOM_NAME_BYTES_MAX;

/// An event of the host's own, outside the vocabulary: kept, shown, counted, read by no rule.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Custom {
    /// Its name, 1 to [`CUSTOM_NAME_BYTES_MAX`] bytes.
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

            /// The properties that the vocabulary does not know.
            pub fn extra(&self) -> &Extra {
                match self {
                    $(Body::$kind(kind) => &kind.extra,)*
                    Body::Custom(custom) => &custom.extra,
                }
            }

            /// Reads the properties of an event of that name; a name outside the vocabulary is a
            /// custom event.
            pub(crate) fn read(
                name: &str,
                mut object: Object<'_>,
                at: &Path<'_>,
                scope: &Scope,
            ) -> Result<Body, EventError> {
                let object = &mut object;
                let mut body = match name {
                    $($kind::NAME => Body::$kind($kind::read(object, at, scope)?),)*
                    _ => Body::custom(name)?,
                };
                let extra = std::mem::take(object).rest(at)?;
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
    // decisions
    TapRefused, OptInOffered, OptInRefused, ActionRequested, ActionCompleted,
}

impl Body {
    /// A custom event of that name, without properties.
    ///
    /// # Errors
    /// The name is empty, too long, has control characters, or is of the vocabulary.
    pub fn custom(name: &str) -> Result<Body, EventError> {
        let at = Path::Field(&Path::Root, "event");
        if name.len() > CUSTOM_NAME_BYTES_MAX {
            return Err(at.fail(Expected::AtMost { most: CUSTOM_NAME_BYTES_MAX, unit: "bytes" }));
        }
        if name.trim() != name || name.is_empty() || name.chars().any(char::is_control) {
            return Err(at.fail(Expected::Value("a name without outer white space and control characters")));
        }
        if Body::NAMES.contains(&name) {
            return Err(at.fail(Expected::Value("a name outside the vocabulary")));
        }
        Ok(Body::Custom(Custom { name: name.to_owned(), extra: Extra::default() }))
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
        )
    }
}
