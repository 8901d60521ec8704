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

names! {
    /// How a person told us of her consent.
    ConsentMethod, UnknownMethod("expected a method: tap_to_text, keyword, till, web, app, paper or import") {
        /// A tap, then a text message with the code of that tap: two proofs.
        TapToText = "tap_to_text",
        /// A text message with a keyword.
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
        assert_eq!("spam".parse::<Purpose>(), Err(UnknownPurpose));
    }
}
