//! The law of messages as data: listed, and held against a number at a time. Needs no store.

use std::borrow::Cow;

use phygital_core::rules::{Rule, RuleBook, Whereabouts};
use phygital_core::vocab::{Identifier, IdentifierKind, Timestamp};

use crate::error::{Answer, PhygitalError, Status};
use crate::names::MessageClass;
use crate::time::Time;

/// Most messages that went out before: more than any cap counts.
const SENT_MAX: usize = 1_000;

/// The rules of messages, as a JSON list, each as `docs/rules.md` has it: of a place, ISO 3166 (`US-FL`), and of a class, where
/// they are given. `book` is a JSON of rules that replace and add by their ids, as the settings have it; empty for none. Not
/// legal advice. Needs no store.
///
/// # Errors
/// 106 for no place, 119 for rules that do not hold.
#[cfg_attr(feature = "uniffi", uniffi::export)]
pub fn rules(
    place: Option<String>,
    message_class: Option<MessageClass>,
    book: String,
) -> Result<String, PhygitalError> {
    let place = place.map(|place| place.parse::<phygital_core::rules::Place>()).transpose();
    let place = place.map_err(|error| PhygitalError::argument("place", error))?;
    let book = read(&book)?;
    let wanted = |rule: &&Rule| {
        place.is_none_or(|place| place.lies_in(rule.place))
            && message_class.is_none_or(|class| rule.concerns(class.core()))
    };
    serde_json::to_string(&book.rules().filter(wanted).collect::<Vec<_>>()).map_err(PhygitalError::bug)
}

/// What hours and caps say of a message of a class to a phone number at a time (now, where none is said), when such messages
/// went to it at the times `sent`, at most 1,000, as JSON: `allowed`, the `places` whose rules may apply, the `zones` in which
/// she may be, the rules that are against it (`refused_by`), `next_allowed` and `open_until`. Consent and the text are the
/// gate's: [`crate::Phygital::judge`]. `book` is as of [`rules`]. Needs no store.
///
/// # Errors
/// 114 for no phone number, 105 for more times, 119 for rules that do not hold.
#[cfg_attr(feature = "uniffi", uniffi::export)]
pub fn check_rules(
    phone: String,
    message_class: MessageClass,
    at: Option<Time>,
    sent: Vec<Time>,
    book: String,
) -> Result<String, PhygitalError> {
    if sent.len() > SENT_MAX {
        let detail = format!("sent: expected at most {SENT_MAX}");
        return Err(PhygitalError::new(Status::TooLarge, "too_large", detail));
    }
    let contact = Identifier::new(IdentifierKind::Phone, &phone)?;
    let now = at.map_or_else(Time::now, Ok)?.core()?;
    let sent = sent.into_iter().map(Time::core).collect::<Answer<Vec<Timestamp>>>()?;
    let told = read(&book)?.check(&Whereabouts::of(&contact), message_class.core(), &sent, now);
    serde_json::to_string(&told).map_err(PhygitalError::bug)
}

/// The rules of the library with those of a text.
fn read(book: &str) -> Answer<Cow<'static, RuleBook>> {
    let standard = RuleBook::standard();
    if book.is_empty() {
        return Ok(Cow::Borrowed(standard));
    }
    Ok(Cow::Owned(standard.extended_by(RuleBook::from_json(book)?)?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::Value;

    use super::*;

    const NIGHT: Time = Time(1_795_318_200_000_000); // 2026-11-22T03:30:00Z
    const MIAMI: &str = "+13055550123";

    fn check(sent: usize, book: &str) -> Answer<Value> {
        let sent = vec![NIGHT; sent];
        let told =
            check_rules(MIAMI.to_owned(), MessageClass::Marketing, Some(NIGHT), sent, book.to_owned())?;
        Ok(serde_json::from_str(&told).unwrap())
    }

    #[test]
    fn rules_are_listed_by_place_and_class() {
        let list = |place: &str, class| {
            let told = rules(Some(place.to_owned()), class, String::new()).unwrap();
            let told: Vec<Value> = serde_json::from_str(&told).unwrap();
            told.iter().map(|rule| rule["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let florida = list("US-FL", Some(MessageClass::Marketing));
        assert!(florida.contains(&"us_fl".to_owned()) && !list("FR", None).contains(&"us_fl".to_owned()));
        assert!(list("US-FL", Some(MessageClass::Transactional)).len() < florida.len());
        let all = rules(None, None, String::new()).unwrap();
        assert_eq!(
            serde_json::from_str::<Vec<Value>>(&all).unwrap().len(),
            RuleBook::standard().rules().count()
        );
        assert_eq!(rules(Some("Florida".to_owned()), None, String::new()).unwrap_err().code(), 106);
        assert_eq!(rules(None, None, "{".to_owned()).unwrap_err().code(), 119);
    }

    #[test]
    fn a_message_is_held_against_them() {
        let told = check(0, "").unwrap();
        assert_eq!((&told["allowed"], &told["open_until"]), (&false.into(), &Value::Null));
        assert!(told["refused_by"].as_array().unwrap().contains(&"us_fl".into()), "{told}");
        assert_eq!(told["next_allowed"], "2026-11-22T13:00:00Z");
        let gone = r#"{"rules": [{"id": "us_fl", "place": "US-FL", "source": "ours", "superseded": "2020-01-01", "windows": {}},
            {"id": "us_federal", "place": "US", "source": "ours", "superseded": "2020-01-01", "windows": {}}]}"#;
        let told = check(0, gone).unwrap();
        assert!(!told["refused_by"].as_array().unwrap().contains(&"us_fl".into()), "{told}");
        assert!(check(SENT_MAX, "").is_ok());
        assert_eq!(check(SENT_MAX + 1, "").unwrap_err().code(), 105);
        let nobody = check_rules("ada".to_owned(), MessageClass::Marketing, None, Vec::new(), String::new());
        assert_eq!(nobody.unwrap_err().code(), 114);
    }
}
