//! What the opt-in target checks of arbitrary bytes. A plain function, so that the corpus runs as a test too.

use phygital_core::optin::{Code, CodeLength, Inbound, candidates};
use phygital_core::vocab::Identifier;
use phygital_core::vocab::limits::{CODE_CANDIDATES_MAX, INBOUND_BYTES_MAX};

/// Sixteen bytes that mint a code, then arbitrary text as what somebody texted: no panic, bounded candidates,
/// the same reading whatever its case, and a code on a line before it is found.
pub fn inbound_text(data: &[u8]) {
    let Some((random, text)) = data.split_first_chunk::<16>() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let from: Identifier = "phone:+15062345678".parse().expect("a number");
    let keywords = ["JOIN", "OK"];

    let codes = candidates(text, &keywords);
    assert!(codes.len() <= CODE_CANDIDATES_MAX);
    for code in &codes {
        assert_eq!(code.as_str().parse(), Ok(*code), "a candidate is a code");
    }
    let read = Inbound::read(text, &from, &keywords);
    if let Inbound::Codes { codes: read, .. } = &read {
        assert_eq!(*read, codes);
        assert!(!codes.is_empty());
    }
    if text.is_ascii() {
        assert_eq!(read, Inbound::read(&text.to_ascii_lowercase(), &from, &keywords));
    }

    // One that stands first is found, unless what follows has as many of its own as are told.
    let code = Code::mint(random, CodeLength::Six);
    if codes.len() < CODE_CANDIDATES_MAX {
        assert!(candidates(&format!("JOIN {code}\n{text}"), &keywords).contains(&code));
    }
    if text.len() < INBOUND_BYTES_MAX / 2
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ')
    {
        assert_eq!(candidates(&format!("JOIN {code}\n\nSent from my {text}"), &keywords), [code]);
    }
}
