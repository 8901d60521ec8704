//! `sms:` links, in the forms that phones accept.

use crate::vocab::limits::{SMS_BODY_BYTES_MAX, SMS_RECIPIENTS_MAX};

/// Whose form of the link is meant. They differ in what stands before the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Platform {
    /// `?body=`: RFC 5724, section 2.2.
    Rfc5724,
    /// `?body=`: Android follows the RFC.
    Android,
    /// `&body=`: what Messages of iOS 8 and later reads.
    Ios,
    /// `?&body=`: read by both, though no maker documents it. For a page that does not know the phone.
    Both,
}

/// Why no link can be made. Holds no number and no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SmsLinkError {
    /// Nobody to send to, or too many.
    #[error("to: expected 1 to {SMS_RECIPIENTS_MAX} recipients")]
    Recipients,
    /// A recipient that is no number.
    #[error("to: expected a phone number or short code, 3 to 15 digits with or without a plus")]
    Number,
    /// A control character in the body.
    #[error("body: expected no control character")]
    Control,
    /// A body that is too long.
    #[error("body: expected at most {SMS_BODY_BYTES_MAX} bytes")]
    BodyTooLong,
}

/// A link that opens the phone's message app with recipients and text filled in. Nothing is sent until
/// the person presses send, and she may change the text.
///
/// `to` has phone numbers or short codes, visual separators allowed; several are joined by commas as the
/// RFC has it, which iOS does not read. The body is percent-encoded UTF-8; only the unreserved characters
/// of RFC 3986, section 2.3, stay as they are.
///
/// ```
/// use phygital_core::optin::{Platform, sms_link};
/// let link = sms_link(&["+1 510 555 0101"], Some("JOIN K7QM4X"), Platform::Both)?;
/// assert_eq!(link, "sms:+15105550101?&body=JOIN%20K7QM4X");
/// # Ok::<(), phygital_core::optin::SmsLinkError>(())
/// ```
pub fn sms_link(to: &[&str], body: Option<&str>, platform: Platform) -> Result<String, SmsLinkError> {
    if to.is_empty() || to.len() > SMS_RECIPIENTS_MAX {
        return Err(SmsLinkError::Recipients);
    }
    let numbers = to.iter().map(|number| dialled(number).ok_or(SmsLinkError::Number));
    let mut link = format!("sms:{}", numbers.collect::<Result<Vec<_>, _>>()?.join(","));
    let Some(body) = body else { return Ok(link) };
    if body.len() > SMS_BODY_BYTES_MAX {
        return Err(SmsLinkError::BodyTooLong);
    }
    if body.chars().any(char::is_control) {
        return Err(SmsLinkError::Control);
    }
    link.push_str(match platform {
        Platform::Rfc5724 | Platform::Android => "?body=",
        Platform::Ios => "&body=",
        Platform::Both => "?&body=",
    });
    for byte in body.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            link.push(char::from(byte));
        } else {
            link.push_str(&format!("%{byte:02X}"));
        }
    }
    Ok(link)
}

/// A number without visual separators (RFC 3966, section 5.1.1): a plus perhaps, and 3 to 15 digits.
pub(super) fn dialled(number: &str) -> Option<String> {
    let dialled: String = number.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')')).collect();
    let digits = dialled.strip_prefix('+').unwrap_or(&dialled);
    ((3..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())).then_some(dialled)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn limits_are_kept_at_and_one_past() {
        let link = |to: &[&str], body: &str| sms_link(to, Some(body), Platform::Rfc5724).map(|_| ());
        let many = ["12345"; SMS_RECIPIENTS_MAX + 1];
        assert_eq!(link(&many[1..], ""), Ok(()));
        assert_eq!(link(&many, ""), Err(SmsLinkError::Recipients));
        assert_eq!(link(&[], ""), Err(SmsLinkError::Recipients));
        assert_eq!(link(&["12345"], &"x".repeat(SMS_BODY_BYTES_MAX)), Ok(()));
        assert_eq!(link(&["12345"], &"x".repeat(SMS_BODY_BYTES_MAX + 1)), Err(SmsLinkError::BodyTooLong));
        assert_eq!(link(&["123"], "a\u{0}b"), Err(SmsLinkError::Control));
    }

    #[test]
    fn only_numbers_are_dialled() {
        for good in ["123", "+123456789012345", "(510) 555-0101"] {
            assert!(dialled(good).is_some(), "{good}");
        }
        for bad in ["", "12", "+1234567890123456", "ACME", "1+2345", "12345;x", "\u{661}\u{662}\u{663}"] {
            assert_eq!(dialled(bad), None, "{bad}");
        }
    }
}
