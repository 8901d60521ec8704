//! Names with a number: the closed lists that cross the border, each variant with a number that never changes.

use crate::error::PhygitalError;

/// Makes an enum with the variants of one of the core's.
macro_rules! names {
    ($(
        $(#[doc = $about:literal])*
        $name:ident of $core:path {
            $( $(#[doc = $variant_about:literal])* $variant:ident = $number:tt, )*
        }
    )*) => {$(
        $(#[doc = $about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
        #[repr(u32)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[doc = $variant_about])* $variant = $number, )*
        }

        impl $name {
            /// Every one, in order of number.
            pub const ALL: &[$name] = &[$( $name::$variant ),*];

            /// The number.
            pub fn number(self) -> u32 {
                self as u32
            }

            /// The one of a number.
            pub fn from_number(number: u32) -> Option<$name> {
                $name::ALL.iter().copied().find(|one| one.number() == number)
            }

            pub(crate) fn core(self) -> $core {
                type Core = $core;
                match self {
                    $( $name::$variant => Core::$variant, )*
                }
            }

            /// The one of the core's list.
            ///
            /// # Errors
            /// 902 for one that is newer than the facade.
            pub fn of(core: $core) -> Result<$name, PhygitalError> {
                type Core = $core;
                match core {
                    $( Core::$variant => Ok($name::$variant), )*
                    _ => Err(PhygitalError::bug(concat!("the facade lacks a ", stringify!($name)))),
                }
            }
        }
    )*};
}

names! {
    /// Who looks at a card.
    Role of phygital_core::profile::Role {
        /// Who serves the customer in the shop.
        Associate = 1,
        /// Who runs the shop.
        Manager = 2,
        /// Who plans campaigns, and needs no one's name for it.
        Marketing = 3,
    }

    /// What data is used for.
    Purpose of phygital_core::vocab::Purpose {
        /// To know who it is that taps, and to tie visits to her profile.
        Recognition = 1,
        /// To show her profile to staff and to choose what to offer.
        Personalization = 2,
        /// To send messages about what she ordered or asked for.
        Service = 3,
        /// To send messages that advertise.
        Marketing = 4,
        /// To measure and attribute.
        Measurement = 5,
        /// To share with advertising platforms.
        Advertising = 6,
    }

    /// How a person told us of her consent.
    ConsentMethod of phygital_core::vocab::ConsentMethod {
        /// A tap, then a text message with the code of that tap: two proofs.
        TapToText = 1,
        /// A text message with a keyword.
        Keyword = 2,
        /// Told to an associate at the till.
        Till = 3,
        /// A form of the web shop.
        Web = 4,
        /// A screen of the app.
        App = 5,
        /// A signed paper.
        Paper = 6,
        /// Brought along from another system.
        Import = 7,
        /// A tag's own `sms:` link, then a yes to the question that came back.
        TagText = 8,
    }

    /// What a message is in the eyes of the law, the mildest first.
    MessageClass of phygital_core::vocab::MessageClass {
        /// About something she ordered or asked for: a receipt, a pickup that is ready.
        Transactional = 1,
        /// A reply within a conversation that she began or keeps up.
        Conversational = 2,
        /// Whatever advertises, also in part: the strictest rules.
        Marketing = 3,
    }

    /// What a person may ask of who keeps data of her.
    Right of phygital_core::vocab::Right {
        /// To know what is kept, why, and who got it.
        Access = 1,
        /// To have it in a form that machines read.
        Portability = 2,
        /// To have it erased.
        Erasure = 3,
        /// To have it put right.
        Correction = 4,
        /// To be left alone with direct marketing, and with profiling for it.
        Objection = 5,
        /// To have it neither sold nor shared.
        OptOut = 6,
    }

    /// Who keeps messages from a contact point, beside its owner.
    SuppressionCause of phygital_core::vocab::SuppressionCause {
        /// The network blocks it.
        Carrier = 1,
        /// The gateway has it on a list of its own.
        Gateway = 2,
        /// Nobody has that number or address, or it takes no messages.
        Invalid = 3,
        /// Mail to it came back for good.
        Bounce = 4,
        /// Its owner called a message spam.
        Complaint = 5,
        /// It stands in a register of those who want no calls.
        Registry = 6,
        /// Staff decided so.
        Staff = 7,
        /// It was erased, and had wanted no messages before.
        Erasure = 8,
    }

    /// Where a tag is in its life.
    TagStatus of phygital_core::vocab::TagStatus {
        /// As it left the factory, or wiped.
        Blank = 1,
        /// Being personalised, which is not confirmed yet.
        Provisioning = 2,
        /// In its place; its taps count.
        Active = 3,
        /// Set aside for now; its taps are refused.
        Suspended = 4,
        /// Lost or stolen; its taps are refused and raise an alarm.
        Lost = 5,
        /// Being wiped or locked for good, which is not confirmed yet.
        Retiring = 6,
        /// Out of use; its taps are refused.
        Retired = 7,
    }

    /// How an action went.
    Outcome of phygital_core::machine::Outcome {
        /// It was carried out.
        Delivered = 1,
        /// It could not be carried out.
        Failed = 2,
        /// It was too late to carry it out.
        Expired = 3,
        /// The host decided against it.
        Dropped = 4,
    }

    /// How much a tap proves. Higher is more.
    Assurance of phygital_core::tap::Assurance {
        /// Nothing: anybody can type it.
        Unauthenticated = 1,
        /// An issuer made it once and it never changes, so it can be copied.
        Static = 2,
        /// It changes with time, so a copy is good for its window only.
        Rotating = 3,
        /// It changes with each read, under a key that can be recovered from some tags.
        DynamicWeak = 4,
        /// It changes with each tap, under a key that does not leave the chip.
        Dynamic = 5,
        /// It answers a challenge that was just made.
        Live = 6,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn lists_are_those_of_the_core() {
        use phygital_core::vocab;
        let purposes: Vec<Purpose> =
            vocab::Purpose::ALL.iter().map(|one| Purpose::of(*one).unwrap()).collect();
        assert_eq!(purposes, Purpose::ALL);
        let mut methods: Vec<ConsentMethod> =
            vocab::ConsentMethod::ALL.iter().map(|one| ConsentMethod::of(*one).unwrap()).collect();
        // Numbers never change, so what came later stands last here.
        methods.sort_by_key(|one| one.number());
        assert_eq!(methods, ConsentMethod::ALL);
        let statuses: Vec<TagStatus> =
            vocab::TagStatus::ALL.iter().map(|one| TagStatus::of(*one).unwrap()).collect();
        assert_eq!(statuses, TagStatus::ALL);
        let classes: Vec<MessageClass> =
            vocab::MessageClass::ALL.iter().map(|one| MessageClass::of(*one).unwrap()).collect();
        assert_eq!(classes, MessageClass::ALL);
        let rights: Vec<Right> = vocab::Right::ALL.iter().map(|one| Right::of(*one).unwrap()).collect();
        assert_eq!(rights, Right::ALL);
        let causes: Vec<SuppressionCause> =
            vocab::SuppressionCause::ALL.iter().map(|one| SuppressionCause::of(*one).unwrap()).collect();
        assert_eq!(causes, SuppressionCause::ALL);
    }

    #[test]
    fn numbers_lead_back() {
        for &role in Role::ALL {
            assert_eq!(Role::from_number(role.number()), Some(role));
            assert_eq!(Role::of(role.core()).unwrap(), role);
        }
        for &outcome in Outcome::ALL {
            assert_eq!(Outcome::from_number(outcome.number()), Some(outcome));
        }
        assert_eq!((Role::from_number(0), Role::from_number(4)), (None, None));
        assert!(Assurance::ALL.is_sorted());
    }
}
