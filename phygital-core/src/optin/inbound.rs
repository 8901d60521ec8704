//! What an inbound text is: a stop, a call for help, a keyword, codes, or conversation.

use super::candidates::{Finds, find};
use super::code::Code;
use super::text;
use crate::vocab::Identifier;

/// What a text asks for, as far as it can be told without knowing the conversation.
///
/// The caller acts on this alone; how a text is read may grow, and more kinds may come.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Inbound {
    /// To stop at once, and to confirm it once: an exact keyword.
    OptOut,
    /// The help text: `HELP` or `INFO` alone.
    Help,
    /// To be a subscriber (again), without a tap: `START`, `UNSTOP` or a keyword of ours alone.
    OptInKeyword,
    /// Codes that may stand in it.
    Codes {
        /// One to [`CODE_CANDIDATES_MAX`](crate::vocab::limits::CODE_CANDIDATES_MAX), likeliest first.
        codes: Vec<Code>,
        /// Whether a keyword stands with them. Where it does not and no code is known, the text was
        /// conversation: a try all the same, since guesses need no keyword, but nothing to answer.
        asked: bool,
    },
    /// Anything else.
    Other,
}

/// Words that end messages when they stand alone: those that always count in the United States (47 CFR
/// 64.1200(a)(10)), of CTIA's Messaging Principles, and the defaults of Twilio, Telnyx, AWS and Braze, as
/// `vectors/engagement/opt_out_keywords.json` lists them with their sources. Hyphens count as spaces.
const STOP: [&str; 14] = [
    "ARRET",
    "ARRETE",
    "ARRETT",
    "CANCEL",
    "END",
    "OPT OUT",
    "OPTOUT",
    "QUIT",
    "REMOVE",
    "REVOKE",
    "STOP",
    "STOP ALL",
    "STOPALL",
    "UNSUBSCRIBE",
];

/// The same for numbers in Canada, by a convention of its carriers.
const STOP_CANADA: &str = "TD";

/// Words that leave no doubt even beside others: a text with one of them is never taken as consent.
const STOP_ANYWHERE: [&str; 7] =
    [" STOP ", " STOPALL ", " UNSUBSCRIBE ", " OPT OUT ", " OPTOUT ", " REVOKE ", " ARRET "];

/// Twilio's defaults, `HELP` of CTIA among them.
const HELP: [&str; 2] = ["HELP", "INFO"];

/// CTIA's keywords to come back. `YES` is none here: it answers whatever was asked last, and consent has
/// to be unambiguous (GDPR, article 4(11)).
const START: [&str; 2] = ["START", "UNSTOP"];

impl Inbound {
    /// Reads a text that came `from` a number, where `keywords` are those of the notices that are shown.
    ///
    /// Compared is the body in compatibility form (NFKC), upper case, without accents, invisible and
    /// surrounding characters, and without the signature of a phone. A keyword counts when it is the
    /// whole text, or stands alone with a code: `nonstop` is no stop, and `STOP K7QM4X` does not join.
    ///
    /// ```
    /// use phygital_core::optin::Inbound;
    /// let from = "phone:+15105550199".parse()?;
    /// let read = |text| Inbound::read(text, &from, &["JOIN"]);
    /// assert_eq!(read("\u{201c}Stop!\u{201d}"), Inbound::OptOut);
    /// assert_eq!(read("nonstop fun"), Inbound::Other);
    /// assert_eq!(read("join"), Inbound::OptInKeyword);
    /// # Ok::<(), phygital_core::vocab::IdentifierError>(())
    /// ```
    pub fn read(body: &str, from: &Identifier, keywords: &[&str]) -> Inbound {
        let lines = text::lines(&text::plain(body));
        let runs = || lines.iter().flatten();
        let is_code = |letters: &[char]| Code::read(letters.iter().copied()).is_ok();
        let said = text::words(runs());
        let beside_code = text::words(runs().filter(|run| !is_code(&run.letters)));
        if STOP.contains(&&*beside_code) || (said == STOP_CANADA && is_canadian(from)) {
            return Inbound::OptOut;
        }
        let spaced = format!(" {said} ");
        if STOP_ANYWHERE.iter().any(|word| spaced.contains(word)) {
            return Inbound::Other;
        }
        if HELP.contains(&&*said) {
            return Inbound::Help;
        }
        if START.contains(&&*said)
            || keywords.iter().any(|word| text::plain(word) == said && !said.is_empty())
        {
            return Inbound::OptInKeyword;
        }
        match find(&lines, keywords) {
            Finds { codes, .. } if codes.is_empty() => Inbound::Other,
            Finds { codes, keyword } => Inbound::Codes { codes, asked: keyword },
        }
    }
}

/// Whether an upper-case word means something of itself, so that it can be no keyword of a notice.
pub(super) fn is_taken(word: &str) -> bool {
    STOP.contains(&word) || word == STOP_CANADA || HELP.contains(&word) || START.contains(&word)
}

fn is_canadian(from: &Identifier) -> bool {
    from.region().is_some_and(|region| Ok(region) == "CA".parse())
}
