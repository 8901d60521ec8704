//! What the opt-in target checks of arbitrary bytes. A plain function, so that the corpus runs as a test too.

use phygital_core::conversation::intent::{Asked, Class, Context, classify};
use phygital_core::optin::{Code, CodeLength, candidates};
use phygital_core::vocab::limits::{CODE_CANDIDATES_MAX, INBOUND_BYTES_MAX};

/// Sixteen bytes that mint a code, then arbitrary text as what somebody texted: no panic, bounded candidates,
/// the same reading whatever its case, no code in a wish to stop, and a code on a line before it is found.
pub fn inbound_text(data: &[u8]) {
    let Some((random, text)) = data.split_first_chunk::<16>() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let context = Context::default().with_region("CA".parse().expect("a country"));
    let keywords = ["JOIN", "OK"];

    let codes = candidates(text, &keywords);
    assert!(codes.len() <= CODE_CANDIDATES_MAX);
    for code in &codes {
        assert_eq!(code.as_str().parse(), Ok(*code), "a candidate is a code");
    }
    let context = context.with_keywords(&keywords);
    let read = classify(text, &context);
    assert!(read.codes.is_empty() || read.codes == codes);
    assert!(!read.class.is_opt_out() || read.codes.is_empty(), "a wish to stop joins nobody");
    assert!((1..=100).contains(&read.confidence));
    if text.is_ascii() {
        assert_eq!(read, classify(&text.to_ascii_lowercase(), &context));
    }
    // A keyword that always counts does so whatever was asked; a question never makes a wish of what is none.
    let asked = classify(text, &context.with_pending(Asked::Any).with_order());
    assert!(
        read.class != Class::OptOut
            || asked.class == Class::OptOut
            || text.to_ascii_uppercase().contains("REMOVE")
    );
    assert!(!asked.class.is_opt_out() || read.class.is_opt_out());

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
