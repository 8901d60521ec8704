//! What the targets of rules and names check of arbitrary bytes. Plain functions, so that the corpora run as tests too.

use phygital_core::identity::matching::FieldKind;
use phygital_core::identity::{Details, Rules, Seen, agree, births_agree, hold};
use phygital_core::vocab::{IdentifierKind, RecordKey, Timestamp};

/// Most names of one input: each is compared with each.
const NAMES_MAX: usize = 40;

/// Arbitrary text as rules: no panic, no error that repeats a number of the file, and rules that are read come back as they
/// were written.
pub fn rules_json(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Rules::from_json(text) {
        Ok(rules) => {
            let again = Rules::from_json(&rules.to_json()).expect("what was written");
            assert_eq!(again, rules);
            assert_eq!(again.digest(), rules.digest());
            for kind in IdentifierKind::ALL {
                for value in ["+33612345678", "ada@shop.example", "kiosk-0000000"] {
                    if let Ok(identifier) = phygital_core::vocab::Identifier::new(kind, value) {
                        let _ = (rules.is_blocked(&identifier), rules.spelling(&identifier));
                    }
                }
            }
        }
        Err(error) => {
            let said = format!("{error} {error:?}");
            for number in text.split(|c: char| !c.is_ascii_digit()).filter(|digits| digits.len() >= 8) {
                assert!(!said.contains(number), "an error repeats a value");
            }
        }
    }
}

/// Lines of `given|surname|day|birthday` as sightings of one identifier: names and dates agree the same both ways, and
/// holding gives each sighting an epoch that there is, or none.
pub fn names(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let some = |text: &str| (!text.is_empty()).then(|| Box::from(text));
    let mut seen: Vec<(u16, Details)> = text
        .lines()
        .take(NAMES_MAX)
        .map(|line| {
            let mut parts = line.split('|');
            let mut next = || parts.next().unwrap_or_default();
            // Half of them as they come, half in normal form.
            let (given, surname) = (next(), next());
            let day = next().parse().unwrap_or(0);
            let normal =
                |kind: FieldKind, text: &str| if day % 2 == 0 { kind.normal(text) } else { text.to_owned() };
            let details = Details {
                given_name: some(&normal(FieldKind::GivenName, given)),
                surname: some(&normal(FieldKind::Surname, surname)),
                birthday: some(next()),
                ..Details::default()
            };
            (day, details)
        })
        .collect();
    seen.sort();
    for (_, one) in &seen {
        for (_, two) in &seen {
            assert_eq!(agree(one, two), agree(two, one));
            let births = |one: &Details, two: &Details| {
                births_agree(
                    one.birthday.as_deref().unwrap_or_default(),
                    two.birthday.as_deref().unwrap_or_default(),
                )
            };
            assert_eq!(births(one, two), births(two, one));
        }
        assert_ne!(agree(one, one), Some(false));
    }
    let day = |day: u16| Timestamp::from_millis(i64::from(day) * 86_400_000).expect("within two centuries");
    let seen: Vec<Seen<'_>> = seen
        .iter()
        .enumerate()
        .map(|(at, (time, details))| Seen {
            time: day(*time),
            record: RecordKey::from_bytes([at as u8; 16]),
            details,
            partners: &[],
        })
        .collect();
    let holding = hold(&Rules::default(), IdentifierKind::Phone, &seen);
    assert_eq!(holding.epoch_of.len(), seen.len());
    assert!(holding.epoch_of.iter().flatten().all(|epoch| *epoch < holding.epochs));
}
