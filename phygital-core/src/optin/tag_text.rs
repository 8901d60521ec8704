//! What a tag mirrors into the text of an `sms:` link that it carries itself.

use super::text;

/// The tap that stands in a text: what the tag put into the body of its `sms:` link when it was read.
///
/// An NTAG 424 DNA or a chip of its kind mirrors its UID and counter, plain or encrypted, and the code over them into any
/// record (AN12196, section 3.3), so also into an `sms:` one. Whoever is near sends it by one press, with words around it.
/// Whether it is genuine is for the verifier: this only finds it.
///
/// ```
/// use phygital_core::optin::TagText;
/// let found = TagText::find("Hi! 04c2b5a2f17280x00003dx94eed9ee65337086 thanks").unwrap();
/// let link = found.link("https://tap.example/t?u={uid}&n={ctr}&c={mac}").unwrap();
/// assert_eq!(link, "https://tap.example/t?u=04C2B5A2F17280&n=00003D&c=94EED9EE65337086");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct TagText {
    fields: Fields,
    mac: String,
}

#[derive(Clone, PartialEq, Eq)]
enum Fields {
    Plain { uid: String, counter: String },
    Encrypted(String),
}

/// Digits of a UID, a counter, encrypted data under AES and under LRP, and a code, as mirrored (AN12196, table 4).
const UID: usize = 14;
const COUNTER: usize = 6;
const ENCRYPTED: [usize; 2] = [32, 48];
const MAC: usize = 16;

/// Most characters between two of them.
const GAP_MAX: usize = 3;

impl TagText {
    /// The first that stands in a text, of which the first
    /// [`INBOUND_BYTES_MAX`](crate::vocab::limits::INBOUND_BYTES_MAX) bytes are read, in either letter case.
    pub fn find(body: &str) -> Option<TagText> {
        let plain = text::plain(body);
        let runs = runs(&plain);
        let near = |one: &(usize, &str), two: &(usize, &str)| two.0 - (one.0 + one.1.len()) <= GAP_MAX;
        for (at, first) in runs.iter().enumerate() {
            let (second, third) = (runs.get(at + 1), runs.get(at + 2));
            let Some(second) = second.filter(|second| near(first, second)) else { continue };
            if ENCRYPTED.contains(&first.1.len()) && second.1.len() == MAC {
                let fields = Fields::Encrypted(first.1.to_owned());
                return Some(TagText { fields, mac: second.1.to_owned() });
            }
            let plain = first.1.len() == UID && second.1.len() == COUNTER;
            if let Some(third) = third.filter(|third| plain && third.1.len() == MAC && near(second, third)) {
                let fields = Fields::Plain { uid: first.1.to_owned(), counter: second.1.to_owned() };
                return Some(TagText { fields, mac: third.1.to_owned() });
            }
        }
        None
    }

    /// The link that a tag with a web address would have given, from one with `{uid}`, `{ctr}` and `{mac}`, or with `{picc}` and
    /// `{mac}`, in it; `None` where the tag mirrors what it has no place for.
    pub fn link(&self, template: &str) -> Option<String> {
        let places = |names: &[&str]| names.iter().all(|name| template.contains(name));
        match &self.fields {
            Fields::Plain { uid, counter } if places(&["{uid}", "{ctr}", "{mac}"]) => {
                Some(template.replace("{uid}", uid).replace("{ctr}", counter).replace("{mac}", &self.mac))
            }
            Fields::Encrypted(data) if places(&["{picc}", "{mac}"]) => {
                Some(template.replace("{picc}", data).replace("{mac}", &self.mac))
            }
            _ => None,
        }
    }

    /// Whether a template has the places that [`TagText::link`] fills.
    pub fn is_template(template: &str) -> bool {
        let has = |name: &str| template.contains(name);
        has("{mac}") && (has("{picc}") || has("{uid}") && has("{ctr}"))
    }
}

impl std::fmt::Debug for TagText {
    /// Prints nothing of the tap: it counts for whoever texts it first.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TagText")
    }
}

/// The hexadecimal numbers of a plain text that stand for themselves, each with where it begins.
fn runs(plain: &str) -> Vec<(usize, &str)> {
    let mut runs = Vec::new();
    let mut start = None;
    for (at, c) in plain.char_indices().chain([(plain.len(), ' ')]) {
        match (c.is_ascii_hexdigit(), start) {
            (true, None) => start = Some(at),
            (false, Some(began)) => {
                runs.push((began, &plain[began..at]));
                start = None;
            }
            _ => {}
        }
    }
    runs
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const PLAIN: &str = "https://t.example/?u={uid}&n={ctr}&c={mac}";
    const SEALED: &str = "https://t.example/?p={picc}&c={mac}";

    #[test]
    fn a_tap_is_found_however_it_is_dressed() {
        for text in [
            "Hi! 04C2B5A2F17280-00003D-94EED9EE65337086",
            "04c2b5a2f17280 00003d 94eed9ee65337086\n\nSent from my iPhone",
            "hello there 04C2B5A2F17280x00003Dx94EED9EE65337086!",
            "\u{201c}04C2B5A2F17280, 00003D, 94EED9EE65337086\u{201d}",
        ] {
            let link = TagText::find(text).and_then(|found| found.link(PLAIN));
            let expected = "https://t.example/?u=04C2B5A2F17280&n=00003D&c=94EED9EE65337086";
            assert_eq!(link.as_deref(), Some(expected), "{text}");
        }
        let sealed = format!("JOIN {}-{}", "EF".repeat(16), "94EED9EE65337086");
        let found = TagText::find(&sealed).unwrap();
        assert!(found.link(SEALED).unwrap().contains("?p=EFEF"));
        assert_eq!(found.link(PLAIN), None);
        assert_eq!(format!("{found:?}"), "TagText");
    }

    #[test]
    fn other_numbers_are_no_tap() {
        for text in [
            "",
            "JOIN K7QM4X",
            "04C2B5A2F17280 00003D",
            "04C2B5A2F17280-00003D-94EED9EE6533708",
            "04C2B5A2F17280-00003D-94EED9EE653370861",
            "04C2B5A2F17280 and then 00003D 94EED9EE65337086",
            "order 12345678901234, 123456",
        ] {
            assert_eq!(TagText::find(text), None, "{text}");
        }
        assert!(TagText::is_template(PLAIN) && TagText::is_template(SEALED));
        assert!(!TagText::is_template("https://t.example/?c={mac}") && !TagText::is_template("{picc}"));
    }
}
