//! What the targets of the way out check of arbitrary bytes. Plain functions, so that the corpora run as tests too.

use phygital_core::conversation::lint::{Occasion, Style};
use phygital_core::conversation::segments::segments;
use phygital_core::rules::{MessageClass, RuleBook, Whereabouts, hours};
use phygital_core::vocab::Timestamp;

/// Arbitrary text as a rule book: no panic, the same book from what it is written as, and what it lets out lies within the
/// windows of its rules, at both ends.
pub fn rule_book(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(book) = RuleBook::from_json(text) else { return };
    let written = serde_json::to_string(&book).expect("a book has a form");
    assert_eq!(RuleBook::from_json(&written).as_ref(), Ok(&book));
    let at = Timestamp::parse("2026-11-01T05:45:00Z").expect("a time");
    for number in ["phone:+18505550123", "phone:+33612345678"] {
        let known = Whereabouts::of(&number.parse().expect("a number"));
        let (places, zones) = (known.places(), known.zones());
        let windows = book.windows(places, MessageClass::Marketing, at);
        if let Some(next) = hours::next_allowed(&windows, zones, at) {
            assert!(next >= at && hours::allowed(&windows, zones, next));
            let end = hours::open_until(&windows, zones, next).expect("it is open");
            let last = Timestamp::from_micros(end.as_micros() - 1).expect("a time");
            assert!(end > next && hours::allowed(&windows, zones, last));
        }
        for (_, cap) in book.caps(places, MessageClass::Marketing, at) {
            let verdict = cap.strict_verdict(&[at, at], zones, at);
            assert!(verdict.next_allowed.is_none_or(|next| next >= at));
        }
        for (_, pause) in book.cooling_offs(places, MessageClass::Marketing, at) {
            assert!(pause.ends(at) >= at);
        }
    }
    for (place, calendar) in book.calendars() {
        assert_eq!(book.calendar(place), Some(calendar));
        for rule in book.rules() {
            if let Some(deadline) = book.deadline(rule.id.as_str()) {
                let received = "2026-11-22".parse().expect("a date");
                assert!(deadline.due_date(received, calendar) >= received);
            }
        }
    }
}

/// Arbitrary text as one that is to go out: no panic, findings within it, parts that add up.
pub fn outgoing_text(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let told = segments(text);
    assert_eq!(told.segment_units.iter().sum::<usize>(), told.units);
    let style = Style::new("Maison Ada").with_domain("ada.example");
    let occasion = Occasion { brand_due: true, opt_out_due: true };
    for finding in style.lint(text, occasion) {
        assert!(finding.at <= text.len() && text.is_char_boundary(finding.at));
    }
}
