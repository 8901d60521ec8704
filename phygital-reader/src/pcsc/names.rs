//! Names of readers that stay when one is plugged in again.
//!
//! pcscd ends a name in two numbers, such as ` 00 01`: which reader it is, counted as they were plugged in, and which
//! of its slots. The first changes, so the name we give leaves it out, unless two readers would then be called the same.

use crate::reader::ReaderName;

/// The names to list for what the service calls its readers: contactless ones first, then those whose names do not say,
/// then slots for contact cards and modules.
pub(super) fn list(service: &[String]) -> Vec<ReaderName> {
    let mut names: Vec<_> = service.iter().map(|name| (kind(name), stable(name, service))).collect();
    names.sort();
    names.into_iter().map(|(_, name)| ReaderName::new(name)).collect()
}

/// Which of the service's readers a name of ours means: one that the service calls so, else the only one whose stable
/// name it is. Several that it could mean are none.
pub(super) fn find<'a>(name: &ReaderName, service: &'a [String]) -> Option<&'a String> {
    if let Some(exact) = service.iter().find(|known| *known == name.as_str()) {
        return Some(exact);
    }
    let mut meant = service.iter().filter(|known| without_index(known) == name.as_str());
    meant.next().filter(|_| meant.next().is_none())
}

fn stable(name: &str, service: &[String]) -> String {
    let stable = without_index(name);
    let unique =
        service.iter().filter(|other| without_index(other) == stable || **other == stable).count() == 1;
    if unique { stable } else { name.to_owned() }
}

/// `Reader 00 01` becomes `Reader slot 1`, and slot 0 goes without saying.
fn without_index(name: &str) -> String {
    let number = |text: &str| (text.len() == 2).then(|| u8::from_str_radix(text, 16).ok()).flatten();
    let mut words = name.rsplitn(3, ' ');
    let (slot, index) = (words.next().and_then(number), words.next().and_then(number));
    match (words.next(), index, slot) {
        (Some(base), Some(_), Some(0)) => base.to_owned(),
        (Some(base), Some(_), Some(slot)) => format!("{base} slot {slot}"),
        _ => name.to_owned(),
    }
}

/// What a reader is for, by the words that makers put in its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Contactless,
    Unknown,
    Contact,
}

fn kind(name: &str) -> Kind {
    let lower = name.to_lowercase();
    let mut words = lower.split(|letter: char| !letter.is_alphanumeric());
    let says = |known: &[&str]| words.clone().any(|word| known.contains(&word));
    if says(&["picc", "cl", "contactless", "nfc", "rfid"]) || lower.contains("acr122") {
        Kind::Contactless
    } else if words.any(|word| ["sam", "icc", "contact"].contains(&word)) {
        Kind::Contact
    } else {
        Kind::Unknown
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn service(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    fn listed(names: &[&str]) -> Vec<String> {
        list(&service(names)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_number_of_plugging_is_left_out() {
        assert_eq!(listed(&["ACS ACR122U PICC Interface 00 00"]), ["ACS ACR122U PICC Interface"]);
        assert_eq!(
            listed(&["Virtual PCD 00 00", "Virtual PCD 00 01"]),
            ["Virtual PCD", "Virtual PCD slot 1"]
        );
        assert_eq!(listed(&["ACS ACR122 0"]), ["ACS ACR122 0"]); // Windows
        assert_eq!(listed(&["00 00", "", "ab"]), ["", "00 00", "ab"]);
    }

    #[test]
    fn two_alike_keep_the_names_of_the_service() {
        let alike = ["Reader 00 00", "Reader 01 00"];
        assert_eq!(listed(&alike), alike);
        assert_eq!(find(&ReaderName::new("Reader"), &service(&alike)), None);
        assert_eq!(listed(&["Reader", "Reader 01 00"]), ["Reader", "Reader 01 00"]);
    }

    #[test]
    fn a_name_finds_its_reader_after_it_was_plugged_in_again() {
        let again = service(&["Other 00 00", "Reader 01 00", "Reader 01 01"]);
        for (name, meant) in [
            ("Reader", Some("Reader 01 00")),
            ("Reader slot 1", Some("Reader 01 01")),
            ("Reader 01 01", Some("Reader 01 01")),
            ("Reader 00 00", None),
            ("", None),
        ] {
            assert_eq!(find(&ReaderName::new(name), &again).map(String::as_str), meant, "{name}");
        }
    }

    #[test]
    fn contactless_readers_come_first() {
        let names = [
            "ACS ACR1252 Reader [ACR1252 Reader SAM] (1) 00 01",
            "HID Global OMNIKEY 5422 01 00",
            "ACS ACR1252 Reader [ACR1252 Reader PICC] (1) 00 00",
            "Identiv uTrust 3700 F CL Reader 02 00",
        ];
        let kinds = names.map(kind);
        assert_eq!(kinds, [Kind::Contact, Kind::Unknown, Kind::Contactless, Kind::Contactless]);
        assert!(listed(&names)[0].contains("PICC") && listed(&names)[3].contains("SAM"));
    }
}
