//! What is printed of a value that holds something secret or personal: the name of its type.
//!
//! Without it Kotlin, Swift and Python print every field, and so write keys and phone numbers into the host's logs.

use std::fmt;

use crate::actions::Action;
use crate::consents::{OptedIn, OptedOut};
use crate::conversation::{FollowUp, Outgoing, Proposal};
use crate::events::MessageReceived;
use crate::options::Options;
use crate::people::Person;
use crate::rights::RightsRequested;
use crate::simulate::SoftTag;
use crate::taps::{OptIn, TapOutcome, TapRequest};
use crate::verifier::{Presented, TapFact, TapProof};

macro_rules! elided {
    ($($name:ident)*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )*};
}

elided! {
    Action FollowUp MessageReceived OptIn OptedIn OptedOut Options Outgoing Person Presented Proposal RightsRequested SoftTag
    TapFact TapOutcome TapProof TapRequest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_the_name_is_printed() {
        let options = Options { path: "till.db".to_owned(), keys: "secret".to_owned(), ..Options::default() };
        assert_eq!(
            (options.to_string(), format!("{options:?}")),
            ("Options(..)".into(), "Options(..)".into())
        );
    }
}
