//! What the consent targets check of arbitrary bytes. Plain functions, so that the corpora run as tests too.

use phygital_core::consent::{Catalogue, Policy, import};
use phygital_core::event::{Body, CodecOptions, Event};
use phygital_core::vocab::{Purpose, SourceId};

/// Arbitrary text as a consent record, a receipt or a Segment message: no panic, the same events each time, and each of them
/// an event that the log can keep, of consent and nothing else.
pub fn consent_import(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let source = SourceId::new("//elsewhere").expect("an id");
    let take = || import(text, &source, &Catalogue::default(), &CodecOptions::default());
    let Ok(taken) = take() else { return };
    assert_eq!(take().as_ref(), Ok(&taken));
    for event in &taken.events {
        assert!(matches!(event.body, Body::OptedIn(_) | Body::OptedOut(_) | Body::ConsentRequested(_)));
        let read = Event::from_json(&event.to_json(), &CodecOptions::default());
        assert_eq!(read.as_ref(), Ok(event));
    }
    assert!(taken.events.is_sorted_by_key(|event| event.occurred_at));
}

/// Arbitrary text as a purpose catalogue: no panic, what is read reads back the same, and what it makes says no more than it.
pub fn catalogue_json(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(catalogue) = Catalogue::from_json(text) else { return };
    let written = serde_json::to_string(&catalogue).expect("a catalogue has a JSON form");
    assert_eq!(Catalogue::from_json(&written).as_ref(), Ok(&catalogue));
    let policy = catalogue.policy(Policy::default());
    for one in catalogue.purposes() {
        assert_eq!((policy.basis(one.purpose), policy.terms(one.purpose)), (one.basis, one.terms()));
        assert!(catalogue.recipients_of(one.purpose).len() <= catalogue.recipients().len());
    }
    assert_eq!(catalogue.record_of_processing().activities.len(), catalogue.purposes().len());
    assert!(catalogue.purposes().len() <= Purpose::ALL.len());
}
