//! The notice that somebody is shown before she consents.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::code::Code;
use super::sms::{Platform, dialled, sms_link};
use crate::vocab::limits::{KEYWORD_BYTES_MAX, LANGUAGE_BYTES_MAX, NOTICE_BYTES_MAX};
use crate::vocab::{Digest, NoticeId, Purpose, is_language};

/// What a person reads before she agrees, to what she agrees by it, and where her text goes.
///
/// Configuration of the host. Consent has to be informed and provable (GDPR, articles 4(11) and 7(1));
/// so each consent names the notice and the SHA-256 of its text, and the host keeps every text it ever
/// showed. In JSON `{"id", "text", "language", "purposes", "sender", "keyword"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Fields")]
pub struct Notice {
    id: NoticeId,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    purposes: BTreeSet<Purpose>,
    sender: String,
    keyword: String,
}

/// Which field of a notice is not as it has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoticeError {
    /// Empty, too long or with control characters other than line breaks.
    #[error("text: expected 1 to {NOTICE_BYTES_MAX} bytes without control characters other than line breaks")]
    Text,
    /// No purpose.
    #[error("purposes: expected one purpose or more")]
    Purposes,
    /// No language tag.
    #[error("language: expected a tag of BCP 47 such as en or fr-CA, at most {LANGUAGE_BYTES_MAX} bytes")]
    Language,
    /// Nothing that texts can be sent to.
    #[error("sender: expected a phone number or short code, 3 to 15 digits with or without a plus")]
    Sender,
    /// No word of ASCII letters, or one that means something else.
    #[error("keyword: expected 2 to {KEYWORD_BYTES_MAX} letters from A to Z that mean neither stop nor help")]
    Keyword,
}

impl Notice {
    /// A notice without a language, with the keyword `JOIN`.
    ///
    /// `text` is kept byte for byte. `sender` is the number or short code of the shop, as people write
    /// it; it loses its visual separators.
    pub fn new(
        id: NoticeId,
        text: impl Into<String>,
        sender: &str,
        purposes: impl IntoIterator<Item = Purpose>,
    ) -> Result<Notice, NoticeError> {
        let text = text.into();
        let odd = |c: char| c.is_control() && c != '\n';
        if text.trim().is_empty() || text.len() > NOTICE_BYTES_MAX || text.chars().any(odd) {
            return Err(NoticeError::Text);
        }
        let purposes: BTreeSet<Purpose> = purposes.into_iter().collect();
        if purposes.is_empty() {
            return Err(NoticeError::Purposes);
        }
        let sender = dialled(sender).ok_or(NoticeError::Sender)?;
        Ok(Notice { id, text, language: None, purposes, sender, keyword: "JOIN".to_owned() })
    }

    /// The notice with the language of its text.
    pub fn with_language(mut self, language: &str) -> Result<Notice, NoticeError> {
        if !is_language(language) {
            return Err(NoticeError::Language);
        }
        self.language = Some(language.to_owned());
        Ok(self)
    }

    /// The notice with another keyword; it is kept in upper case.
    pub fn with_keyword(mut self, keyword: &str) -> Result<Notice, NoticeError> {
        let keyword = keyword.to_ascii_uppercase();
        let is_word = keyword.bytes().all(|b| b.is_ascii_uppercase());
        if !(2..=KEYWORD_BYTES_MAX).contains(&keyword.len())
            || !is_word
            || super::keywords::is_taken(&keyword)
        {
            return Err(NoticeError::Keyword);
        }
        self.keyword = keyword;
        Ok(self)
    }

    /// Its name.
    pub fn id(&self) -> &NoticeId {
        &self.id
    }

    /// Its text, as it has to be shown.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The language of the text, BCP 47.
    pub fn language(&self) -> Option<&str> {
        self.language.as_deref()
    }

    /// What a person agrees to by it; never empty.
    pub fn purposes(&self) -> &BTreeSet<Purpose> {
        &self.purposes
    }

    /// The number or short code that texts go to.
    pub fn sender(&self) -> &str {
        &self.sender
    }

    /// The word before the code, upper case.
    pub fn keyword(&self) -> &str {
        &self.keyword
    }

    /// SHA-256 of the text in UTF-8.
    pub fn hash(&self) -> Digest {
        Digest::of(self.text.as_bytes())
    }

    /// What the person is to send: the keyword and the code.
    pub fn message(&self, code: &Code) -> String {
        format!("{} {code}", self.keyword)
    }

    /// The link that fills in [`Notice::message`].
    pub fn link(&self, code: &Code, platform: Platform) -> String {
        sms_link(&[&self.sender], Some(&self.message(code)), platform)
            .expect("a sender was checked, and a keyword and a code are short and plain")
    }
}

/// A notice as a host writes it down.
#[derive(Deserialize)]
struct Fields {
    id: NoticeId,
    text: String,
    language: Option<String>,
    purposes: BTreeSet<Purpose>,
    sender: String,
    keyword: Option<String>,
}

impl TryFrom<Fields> for Notice {
    type Error = NoticeError;

    fn try_from(fields: Fields) -> Result<Notice, NoticeError> {
        let mut notice = Notice::new(fields.id, fields.text, &fields.sender, fields.purposes)?;
        if let Some(language) = fields.language {
            notice = notice.with_language(&language)?;
        }
        match fields.keyword {
            Some(keyword) => notice.with_keyword(&keyword),
            None => Ok(notice),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn notice(text: &str) -> Result<Notice, NoticeError> {
        Notice::new(NoticeId::new("n-1").unwrap(), text, "+1 510 555 0101", [Purpose::Marketing])
    }

    #[test]
    fn the_hash_is_of_the_text_alone() {
        // FIPS 180-2, appendix B.1.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(notice("abc").unwrap().hash().to_string(), abc);
        assert_eq!(notice("abc").unwrap().with_language("en").unwrap().hash().to_string(), abc);
        assert_ne!(notice("abc ").unwrap().hash().to_string(), abc);
    }

    #[test]
    fn fields_are_checked_at_their_limits() {
        assert!(notice(&"x".repeat(NOTICE_BYTES_MAX)).is_ok());
        assert_eq!(notice(&"x".repeat(NOTICE_BYTES_MAX + 1)), Err(NoticeError::Text));
        assert_eq!(notice(" \n"), Err(NoticeError::Text));
        assert_eq!(notice("a\u{7}"), Err(NoticeError::Text));
        let with = |language: &str| notice("a").unwrap().with_language(language).map(|_| ());
        let long = format!("en{}", "-abcdefgh".repeat(3));
        assert_eq!(long.len() + "-abcde".len(), LANGUAGE_BYTES_MAX);
        assert_eq!(with(&format!("{long}-abcde")), Ok(()));
        assert_eq!(with(&format!("{long}-abcdef")), Err(NoticeError::Language));
        for bad in ["", "e", "en_GB", "en-", "1n", "fran\u{e7}ais"] {
            assert_eq!(with(bad), Err(NoticeError::Language), "{bad}");
        }
        let keyed = |keyword: &str| notice("a").unwrap().with_keyword(keyword).map(|one| one.keyword);
        assert_eq!(keyed("join"), Ok("JOIN".to_owned()));
        assert!(keyed(&"A".repeat(KEYWORD_BYTES_MAX)).is_ok());
        assert_eq!(keyed(&"A".repeat(KEYWORD_BYTES_MAX + 1)), Err(NoticeError::Keyword));
        for bad in ["", "A", "JOIN US", "J01N", "STOP", "quit", "Help", "START"] {
            assert_eq!(keyed(bad), Err(NoticeError::Keyword), "{bad}");
        }
        let id = NoticeId::new("n-1").unwrap();
        assert_eq!(Notice::new(id.clone(), "a", "ACME", [Purpose::Marketing]), Err(NoticeError::Sender));
        assert_eq!(Notice::new(id, "a", "12345", []), Err(NoticeError::Purposes));
    }

    #[test]
    fn json_is_checked_too() {
        let read = |json: &str| serde_json::from_str::<Notice>(json);
        let text = r#"{"id": "n", "text": "Hi", "purposes": ["marketing"], "sender": "72 345"}"#;
        let notice = read(text).unwrap();
        assert_eq!((notice.sender(), notice.keyword()), ("72345", "JOIN"));
        assert_eq!(read(&serde_json::to_string(&notice).unwrap()).unwrap(), notice);
        assert!(read(&text.replace("\"Hi\"", "\"\"")).is_err());
        assert!(read(&text.replace("[\"marketing\"]", "[]")).is_err());
    }
}
