//! What a text says: what it costs and lacks on its way out, what it asks for when it comes in. Needs no store.

use phygital_core::conversation::intent::{Asked, Context, classify};
use phygital_core::conversation::lint::{Occasion, Style};
use phygital_core::conversation::segments::{Encoding, segments};
use serde::{Deserialize, Serialize};

use crate::conversation::Finding;
use crate::error::PhygitalError;

/// What a text costs on the air, and what is to be said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[expect(clippy::exhaustive_structs, reason = "read as a whole")]
pub struct TextLint {
    /// In what it is sent: `GSM-7` or `UCS-2`.
    pub encoding: String,
    /// What it costs as a whole: septets, or UTF-16 units.
    pub units: u64,
    /// How many parts.
    pub segments: u64,
    /// What is wrong with it; advice is among it.
    pub findings: Vec<Finding>,
}

/// What a brand's texts may hold, and what is due.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[expect(clippy::exhaustive_structs, reason = "hosts fill it in")]
pub struct TextStyle {
    /// The brand, as texts name it.
    pub brand: String,
    /// Domains that links may lead to.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub domains: Vec<String>,
    /// Contact points of the brand itself, which a text may name.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub contacts: Vec<String>,
    /// Whether it is the first message to somebody: the brand and how to opt out are due.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub is_first: bool,
}

/// What was said before a text that came in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[expect(clippy::exhaustive_structs, reason = "hosts fill it in")]
pub struct TextContext {
    /// The keywords of the notices that are shown.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub keywords: Vec<String>,
    /// The country of the number that texts, ISO 3166-1.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub region: Option<String>,
    /// The question that waits: `yes_no`, `number`, `choice`, `text` or `any`.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub pending: Option<String>,
    /// Whether she was asked to confirm that she joins.
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub double_opt_in: bool,
    /// Whether an order, a reservation or an appointment is talked of, so that "cancel it" may mean that.
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub order: bool,
}

/// What a text was read as, how sure that is, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[expect(clippy::exhaustive_structs, reason = "read as a whole")]
pub struct TextReading {
    /// What it asks for, as a stable word such as `opt_out`, `opt_out_likely`, `help`, `answer_yes`, `other`.
    pub intent: String,
    /// Whether it is a wish to get no more texts, in whatever words.
    pub is_opt_out: bool,
    /// How sure that is, in percent.
    pub confidence: u32,
    /// Why, as a stable word such as `keyword` or `phrase`.
    pub reason: String,
}

/// What a text costs on the air, and what it lacks or must not hold. Needs no store.
///
/// # Errors
/// None of its own.
#[cfg_attr(feature = "uniffi", uniffi::export)]
pub fn lint_text(text: String, style: TextStyle) -> Result<TextLint, PhygitalError> {
    let TextStyle { brand, domains, contacts, is_first } = style;
    let mut with = Style::new(brand);
    for domain in domains {
        with = with.with_domain(domain);
    }
    for contact in contacts {
        with = with.with_contact(contact);
    }
    let occasion = Occasion { brand_due: is_first, opt_out_due: is_first };
    let told = segments(&text);
    let encoding = match told.encoding {
        Encoding::Gsm7 => "GSM-7",
        Encoding::Ucs2 => "UCS-2",
    };
    Ok(TextLint {
        encoding: encoding.to_owned(),
        units: told.units as u64,
        segments: told.segments() as u64,
        findings: with.lint(&text, occasion).iter().map(Finding::of).collect(),
    })
}

/// What a text that came in asks for. Needs no store, and decides nothing: [`crate::Phygital::record_message`] does.
///
/// # Errors
/// 114 for no region, 106 for no such question.
#[cfg_attr(feature = "uniffi", uniffi::export)]
pub fn classify_text(text: String, context: TextContext) -> Result<TextReading, PhygitalError> {
    let keywords: Vec<&str> = context.keywords.iter().map(String::as_str).collect();
    let mut before = Context::default().with_keywords(&keywords);
    before.region = context.region.map(|region| region.parse()).transpose()?;
    before.pending = match context.pending.as_deref() {
        None => None,
        Some("yes_no") => Some(Asked::YesNo),
        Some("number") => Some(Asked::Number),
        Some("choice") => Some(Asked::Choice),
        Some("text") => Some(Asked::Text),
        Some("any") => Some(Asked::Any),
        Some(_) => {
            return Err(PhygitalError::argument("pending", "expected yes_no, number, choice, text or any"));
        }
    };
    before.double_opt_in_pending = context.double_opt_in;
    before.order_talked_of = context.order;
    let read = classify(&text, &before);
    Ok(TextReading {
        intent: read.class.code().to_owned(),
        is_opt_out: read.class.is_opt_out(),
        confidence: read.confidence.into(),
        reason: read.reason.code().to_owned(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use phygital_core::vocab::limits::{INBOUND_BYTES_MAX, TEXT_BYTES_MAX};

    use super::*;

    fn faults(text: &str, style: TextStyle) -> Vec<(String, u64, bool)> {
        let found = lint_text(text.to_owned(), style).unwrap().findings;
        found.into_iter().map(|one| (one.fault, one.at, one.refuses)).collect()
    }

    #[test]
    fn a_text_is_counted_and_held_against_the_style() {
        let style = |is_first| TextStyle {
            brand: "Wren & Co".to_owned(),
            domains: vec!["wren.example".to_owned()],
            contacts: vec!["ask@wren.example".to_owned()],
            is_first,
        };
        let good = "Wren & Co: new boots, https://wren.example/b or ask@wren.example. Reply STOP to opt out";
        assert_eq!(faults(good, style(true)), []);
        let told = lint_text(good.to_owned(), style(true)).unwrap();
        assert_eq!((told.encoding.as_str(), told.units, told.segments), ("GSM-7", good.len() as u64, 1));
        let found = faults("New boots, bit.ly/3xY", style(true));
        let names: Vec<&str> = found.iter().map(|one| one.0.as_str()).collect();
        assert_eq!(names, ["brand_missing", "opt_out_missing", "short_link"]);
        assert_eq!(faults("New boots", style(false)), []);
        let told = lint_text("\u{2019}".repeat(71), style(false)).unwrap();
        assert_eq!((told.encoding.as_str(), told.units, told.segments), ("UCS-2", 71, 2));
        let most = lint_text("a".repeat(TEXT_BYTES_MAX), style(false)).unwrap();
        assert_eq!(most.findings[0].fault, "too_many_segments");
        let more = lint_text("a".repeat(TEXT_BYTES_MAX + 1), style(false)).unwrap();
        assert_eq!((more.findings[0].fault.as_str(), more.units), ("too_long", TEXT_BYTES_MAX as u64 + 1));
    }

    #[test]
    fn a_text_is_read_by_what_was_said_before() {
        let read = |text: &str, context: &str| {
            let context = serde_json::from_str(context).unwrap();
            let read = classify_text(text.to_owned(), context)?;
            Ok::<_, PhygitalError>((read.intent, read.is_opt_out, read.confidence, read.reason))
        };
        let of = |class: &str, out, confidence, reason: &str| {
            Ok((class.to_owned(), out, confidence, reason.to_owned()))
        };
        assert_eq!(read("stop", "{}"), of("opt_out", true, 100, "keyword"));
        assert_eq!(read("yes", r#"{"pending": "yes_no"}"#).unwrap().0, "answer_yes");
        assert_eq!(read("yes", r#"{"double_opt_in": true}"#).unwrap().0, "confirm_opt_in");
        assert!(read("stop texting me", r#"{"region": "US", "order": true}"#).unwrap().1);
        assert!(!read("don't stop", r#"{"keywords": ["JOIN"]}"#).unwrap().1);
        assert_eq!(read("yes", r#"{"pending": "maybe"}"#).unwrap_err().code(), 106);
        assert_eq!(read("yes", r#"{"region": "us"}"#).unwrap_err().code(), 114);
        // What stands behind the limit is not read.
        let far = |spaces: usize| read(&format!("{}stop", " ".repeat(spaces)), "{}").unwrap().1;
        assert!(far(INBOUND_BYTES_MAX - 4) && !far(INBOUND_BYTES_MAX));
        assert!(serde_json::from_str::<TextContext>(r#"{"pendnig": "any"}"#).is_err());
        assert!(serde_json::from_str::<TextStyle>("{}").is_err());
    }
}
