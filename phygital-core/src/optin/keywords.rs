//! The words that mean something of themselves when they are all that somebody texts.

use crate::vocab::Region;

/// What a word that stands alone asks for, whatever was said before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keyword {
    /// To stop, in a word that always counts.
    Stop,
    /// To stop, in a word that may as well answer a question or speak of an order.
    Remove,
    /// The help text.
    Help,
    /// To be a subscriber again.
    Start,
}

/// Words that end messages: those that always count in the United States (47 CFR 64.1200(a)(10)), of CTIA's Messaging
/// Principles, and the defaults of Twilio, Telnyx, AWS and Braze, as `vectors/engagement/opt_out_keywords.json` lists them with
/// their sources. Hyphens count as spaces.
const STOP: [&str; 13] = [
    "ARRET",
    "ARRETE",
    "ARRETT",
    "CANCEL",
    "END",
    "OPT OUT",
    "OPTOUT",
    "QUIT",
    "REVOKE",
    "STOP",
    "STOP ALL",
    "STOPALL",
    "UNSUBSCRIBE",
];

/// On the list of AWS alone; no law names it.
pub(crate) const REMOVE: &str = "REMOVE";

/// The same for numbers in Canada, by a convention of its carriers.
const STOP_CANADA: &str = "TD";

/// Twilio's defaults, `HELP` of CTIA among them, and what carriers in Canada and Spanish programmes in the United States answer.
const HELP: [&str; 4] = ["HELP", "INFO", "AIDE", "AYUDA"];

/// CTIA's keywords to come back, and the plain words for it. `YES` is none here: it answers whatever was asked last.
const START: [&str; 7] = ["START", "UNSTOP", "SUBSCRIBE", "RESUBSCRIBE", "OPT IN", "OPTIN", "START ALL"];

/// What a text means that is all of one keyword, in plain form and with one space between its words; `region` is that of the
/// number that sent it.
pub(crate) fn keyword(said: &str, region: Option<Region>) -> Option<Keyword> {
    if STOP.contains(&said) || (said == STOP_CANADA && is_canada(region)) {
        return Some(Keyword::Stop);
    }
    if said == REMOVE {
        return Some(Keyword::Remove);
    }
    if HELP.contains(&said) {
        return Some(Keyword::Help);
    }
    START.contains(&said).then_some(Keyword::Start)
}

/// Whether an upper-case word means something of itself, so that it can be no keyword of a notice.
pub(super) fn is_taken(word: &str) -> bool {
    word == STOP_CANADA || keyword(word, None).is_some()
}

fn is_canada(region: Option<Region>) -> bool {
    region.is_some_and(|region| Ok(region) == "CA".parse())
}
