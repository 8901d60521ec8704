//! What data is used for, and how a person agreed to it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! names {
    ($(#[$doc:meta])* $name:ident, $unknown:ident($expected:literal) {
        $($(#[$variant_doc:meta])* $variant:ident = $text:literal),* $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant),*
        }

        impl $name {
            /// Every one, in order.
            pub const ALL: &[$name] = &[$($name::$variant),*];

            /// The name in JSON and on the command line.
            pub fn name(self) -> &'static str {
                match self {
                    $($name::$variant => $text),*
                }
            }
        }

        #[doc = concat!("The text names no [`", stringify!($name), "`].")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
        #[error($expected)]
        pub struct $unknown;

        impl FromStr for $name {
            type Err = $unknown;
            fn from_str(text: &str) -> Result<Self, $unknown> {
                $name::ALL.iter().copied().find(|one| one.name() == text).ok_or($unknown)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

pub(super) use names;

names! {
    /// What data is used for. Each exit of the library asks for its own (GDPR, article 6: a basis
    /// for each purpose).
    Purpose, UnknownPurpose("expected a purpose: recognition, personalization, service, marketing, measurement or advertising") {
        /// To know who it is that taps, and to tie visits to her profile.
        Recognition = "recognition",
        /// To show her profile to staff and to choose what to offer.
        Personalization = "personalization",
        /// To send messages about what she ordered or asked for.
        Service = "service",
        /// To send messages that advertise.
        Marketing = "marketing",
        /// To measure and attribute.
        Measurement = "measurement",
        /// To share with advertising platforms.
        Advertising = "advertising",
    }
}

impl Purpose {
    /// Whether it is to send something to a contact point, and not to do something with a person.
    pub fn is_message(self) -> bool {
        matches!(self, Purpose::Service | Purpose::Marketing)
    }
}

names! {
    /// How a person told us of her consent.
    ConsentMethod, UnknownMethod("expected a method: tap_to_text, tag_text, keyword, till, web, app, paper or import") {
        /// A tap, then a text message with the code of that tap: two proofs.
        TapToText = "tap_to_text",
        /// The text that a tag carries itself, and a yes: the tap is proof as well.
        TagText = "tag_text",
        /// A text message with a keyword, and a yes: without a tap.
        Keyword = "keyword",
        /// Told to an associate at the till.
        Till = "till",
        /// A form of the web shop.
        Web = "web",
        /// A screen of the app.
        App = "app",
        /// A signed paper.
        Paper = "paper",
        /// Brought along from another system.
        Import = "import",
    }
}

names! {
    /// Who keeps messages from a contact point, beside its owner.
    SuppressionCause, UnknownCause("expected a cause: carrier, gateway, invalid, bounce, complaint, registry, staff or erasure") {
        /// The network blocks it, as where a STOP was answered at its edge.
        Carrier = "carrier",
        /// The gateway has it on a list of its own, as Twilio after error 21610.
        Gateway = "gateway",
        /// Nobody has that number or address, or it takes no messages.
        Invalid = "invalid",
        /// Mail to it came back for good.
        Bounce = "bounce",
        /// Its owner called a message spam.
        Complaint = "complaint",
        /// It stands in a register of those who want no calls.
        Registry = "registry",
        /// Staff decided so.
        Staff = "staff",
        /// It was erased, and had wanted no messages before.
        Erasure = "erasure",
    }
}

names! {
    /// What a person may ask of who keeps data of her.
    Right, UnknownRight("expected a right: access, portability, erasure, correction, objection or opt_out") {
        /// To know what is kept, why, and who got it (GDPR, article 15; California Civil Code 1798.110).
        Access = "access",
        /// To have it in a form that machines read (GDPR, article 20; California Civil Code 1798.130(a)(3)).
        Portability = "portability",
        /// To have it erased (GDPR, article 17; California Civil Code 1798.105).
        Erasure = "erasure",
        /// To have it put right (GDPR, article 16; California Civil Code 1798.106).
        Correction = "correction",
        /// To be left alone with direct marketing, and with profiling for it (GDPR, article 21(2) and (3)).
        Objection = "objection",
        /// To have it neither sold nor shared (California Code of Regulations, title 11, section 7026).
        OptOut = "opt_out",
    }
}

names! {
    /// What a message is in the eyes of the law, the mildest first: it decides which rules it falls under.
    MessageClass, UnknownClass("expected a class of message: transactional, conversational or marketing") {
        /// About something she ordered or asked for: a receipt, a pickup that is ready.
        Transactional = "transactional",
        /// A reply within a conversation that she began or keeps up.
        Conversational = "conversational",
        /// Whatever advertises, also in part: the strictest rules.
        Marketing = "marketing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for &purpose in Purpose::ALL {
            assert_eq!(purpose.name().parse(), Ok(purpose));
        }
        for &method in ConsentMethod::ALL {
            assert_eq!(method.name().parse(), Ok(method));
        }
        for &cause in SuppressionCause::ALL {
            assert_eq!(cause.name().parse(), Ok(cause));
        }
        for &right in Right::ALL {
            assert_eq!(right.name().parse(), Ok(right));
        }
        for &class in MessageClass::ALL {
            assert_eq!(class.name().parse(), Ok(class));
        }
        assert_eq!("spam".parse::<Purpose>(), Err(UnknownPurpose));
    }
}
