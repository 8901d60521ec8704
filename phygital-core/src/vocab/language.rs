//! Tags of languages.

use super::limits::LANGUAGE_BYTES_MAX;

/// Whether a text has the form of a language tag of BCP 47, such as `en` or `fr-CA`: a first part of 2 to 8 letters,
/// others of 1 to 8 letters or digits, hyphens between them, at most [`LANGUAGE_BYTES_MAX`] bytes.
///
/// ```
/// use phygital_core::vocab::is_language;
/// assert!(is_language("fr-CA") && !is_language("en_GB") && !is_language("e"));
/// ```
pub fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    let is_first = (2..=8).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic());
    let is_part =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    text.len() <= LANGUAGE_BYTES_MAX && is_first && parts.all(is_part)
}

/// The one of `offered` that suits a tag: the tag itself or what is left of it when its last subtags are cut off one by one
/// (RFC 4647, section 3.4, lookup). Letter case does not count.
pub(crate) fn lookup<'o>(wanted: &str, offered: impl Iterator<Item = &'o str> + Clone) -> Option<&'o str> {
    let mut range = wanted;
    loop {
        if let Some(found) = offered.clone().find(|tag| tag.eq_ignore_ascii_case(range)) {
            return Some(found);
        }
        // A subtag of one character introduces the next one, so it goes with it.
        let cut = range.rfind('-')?;
        range = &range[..cut];
        if range.len() > 1 && range.as_bytes()[range.len() - 2] == b'-' {
            range = &range[..range.len() - 2];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lookup_cuts_from_the_end() {
        let find = |wanted| lookup(wanted, ["en", "fr", "zh-Hant"].into_iter());
        assert_eq!(find("fr-CH"), Some("fr"));
        assert_eq!(find("zh-hant-TW"), Some("zh-Hant"));
        assert_eq!(find("en-a-bbb"), Some("en"));
        assert_eq!((find("de"), find("zh"), find("")), (None, None, None));
    }
}
