//! Arbitrary bytes as an event: no panic; what is accepted reads back equal from its canonical form, which
//! is a fixed point; a refusal says where and stays short.

#![no_main]

use libfuzzer_sys::fuzz_target;
use phygital_core::event::{CodecOptions, Event};
use phygital_core::vocab::SourceId;

fuzz_target!(|data: &[u8]| {
    check(data, &CodecOptions::default());
    let mut told = CodecOptions::default();
    told.source = SourceId::new("//shop.example/web").ok();
    told.currency = "EUR".parse().ok();
    told.region = "FR".parse().ok();
    check(data, &told);
});

fn check(data: &[u8], options: &CodecOptions) {
    let event = match Event::from_bytes(data, options) {
        Ok(event) => event,
        Err(error) => {
            assert!(!error.at.is_empty() && error.to_string().len() < 300, "{error}");
            return;
        }
    };
    let canonical = event.to_json();
    let again = Event::from_json(&canonical, &CodecOptions::default()).expect("canonical form is accepted");
    assert_eq!(again, event);
    assert_eq!(again.to_json(), canonical);

    let mut settled = event.clone();
    settled.settle().expect("what was read is settled");
    assert_eq!(settled, event);

    let mut unsent = event;
    unsent.sent_at = None;
    assert_eq!(unsent.to_json(), unsent.content());
    assert_eq!(unsent.content(), again.content());
}
