//! What an event says of who is who.

use super::assertion::{Assertion, Provenance, TraitName};
use super::fact::{Fact, LinkingConsent, Ruled};
use super::limits::TRAIT_BYTES_MAX;
use crate::event::kinds::conversation::AttributeStated;
use crate::event::kinds::digital::UserIdentified;
use crate::event::{Body, Recorded};
use crate::identity::{Ruling, Subject};
use crate::vocab::{Identifier, Personal, Purpose, RecordId, RecordKey, TenantKey};

/// The facts that an event is; none of one that names nobody.
///
/// | event | facts |
/// |---|---|
/// | "Identifiers Linked" | of each two of its identifiers, that they are one person |
/// | "Identifiers Separated" | of each two, that they are different persons |
/// | any other with identifiers | [`Assertion::from_event`] |
/// | "Opted In" to [`Purpose::Recognition`] | and that its contact may be linked |
/// | "Opted Out" of that or of everything | and that its contact may not be linked |
///
/// `linking` says whether the policy lets this event link: it has no way to ask. A grant that expires is withdrawn by
/// an event of its own; the set knows no present.
///
/// Times are those of the fold, which no source can put after the clock of the log.
pub fn facts_of(recorded: &Recorded, tenant: &TenantKey, linking: bool) -> Vec<Fact> {
    let event = &recorded.event;
    let consent = |contact: &Identifier, allowed| {
        Fact::Linking(LinkingConsent::of(contact, tenant, allowed, recorded.fold.at))
    };
    let consent = match &event.body {
        Body::IdentifiersLinked(_) => return rulings(recorded, tenant, true),
        Body::IdentifiersSeparated(_) => return rulings(recorded, tenant, false),
        Body::OptedIn(said) => {
            said.purposes.contains(&Purpose::Recognition).then(|| consent(&said.contact, true))
        }
        Body::OptedOut(said) => {
            let meant = said.purposes.is_empty() || said.purposes.contains(&Purpose::Recognition);
            meant.then(|| consent(&said.contact, false))
        }
        _ => None,
    };
    let asserted = Assertion::from_event(recorded, linking);
    // An event has at most 16 identifiers, and its traits were cut to the limits.
    let asserted = asserted.and_then(|one| one.keyed(tenant).ok()).map(Fact::Asserted);
    asserted.into_iter().chain(consent).collect()
}

fn rulings(recorded: &Recorded, tenant: &TenantKey, same: bool) -> Vec<Fact> {
    let event = &recorded.event;
    let record = RecordKey::of(tenant, &event.source, &record_id(recorded));
    let subject = |one: &Identifier| Subject::Identifier(one.kind(), one.key(tenant));
    let subjects: Vec<Subject> = event.identifiers.iter().map(subject).collect();
    let mut facts = Vec::new();
    for (at, one) in subjects.iter().enumerate() {
        for two in subjects[at + 1..].iter().filter(|two| *two != one) {
            let ruling = Ruling { time: recorded.fold.at, record, same, ends: (*one, *two) };
            facts.push(Fact::Ruled(Ruled { ruling, by: event.source.clone() }));
        }
    }
    facts
}

fn record_id(recorded: &Recorded) -> RecordId {
    RecordId::new(recorded.event.id.as_str()).expect("ids have one form")
}

impl Assertion {
    /// What an event asserts: that its identifiers are one person, and what she said of herself. `None` of an event that
    /// names nobody, and of those that are rulings ([`facts_of`]).
    ///
    /// An event is a record of one version, 0; "User Identified" and "Attribute Stated" are her own words. A name in one
    /// piece is taken apart where it is two words. A value beyond [`TRAIT_BYTES_MAX`] is left out: what was recorded
    /// cannot be refused any more.
    pub fn from_event(recorded: &Recorded, linking: bool) -> Option<Assertion> {
        let event = &recorded.event;
        let ruling = matches!(event.body, Body::IdentifiersLinked(_) | Body::IdentifiersSeparated(_));
        if event.identifiers.is_empty() || ruling {
            return None;
        }
        let mut one = Assertion::new(event.source.clone(), record_id(recorded), 0, recorded.fold.at);
        one.linking = linking;
        one.identifiers.clone_from(&event.identifiers);
        match &event.body {
            Body::UserIdentified(said) => one.identified(said),
            Body::AttributeStated(said) => one.attribute(said),
            _ => {}
        }
        Some(one)
    }

    fn identified(&mut self, said: &UserIdentified) {
        self.provenance = Provenance::Stated;
        let (mut given, mut surname) = (said.first_name.clone(), said.last_name.clone());
        if let (None, None, Some(whole)) = (&given, &surname, &said.name) {
            let words: Vec<&str> = whole.reveal().split_whitespace().collect();
            match words.as_slice() {
                [first, last] => (given, surname) = (Some(Personal::new(*first)), Some(Personal::new(*last))),
                _ => self.put_other("name", Some(whole.reveal())),
            }
        }
        self.put(TraitName::GivenName, given.as_ref());
        self.put(TraitName::Surname, surname.as_ref());
        self.put(TraitName::Birthday, said.birthday.as_ref());
        if let Some(address) = &said.address {
            self.put(TraitName::Street, address.street.as_ref());
            self.put(TraitName::City, address.city.as_ref());
            self.put(TraitName::Postcode, address.postal_code.as_ref());
            self.put(TraitName::Country, address.country.as_ref());
            self.put_other("state", address.state.as_ref().map(Personal::reveal));
        }
        self.put_other("title", said.title.as_ref().map(Personal::reveal));
        self.put_other("gender", said.gender.as_ref().map(Personal::reveal));
        self.put_other("language", said.language.as_deref());
    }

    fn attribute(&mut self, said: &AttributeStated) {
        self.provenance = Provenance::Stated;
        self.put_other(&said.attribute, Some(said.value.reveal()));
    }

    fn put(&mut self, name: TraitName, value: Option<&Personal>) {
        if let Some(value) = value.filter(|value| value.reveal().len() <= TRAIT_BYTES_MAX) {
            self.traits.insert(name, value.clone());
        }
    }

    fn put_other(&mut self, name: &str, value: Option<&str>) {
        if let Ok(name) = name.parse() {
            self.put(name, value.map(Personal::new).as_ref());
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::event::kinds::conversation::{OptedIn, OptedOut};
    use crate::event::kinds::shop::{IdentifiersLinked, IdentifiersSeparated};
    use crate::event::{Address, Event, FoldKey, Origin};
    use crate::identity::Rules;
    use crate::identity::evidence::Evidence;
    use crate::vocab::{ConsentMethod, DeviceId, EventId, Hlc, SourceId, Timestamp};

    const NAMES: [&str; 3] = ["phone:+33612345678", "email:ada@shop.example", "loyalty:L-7"];

    fn recorded(id: &str, body: impl Into<Body>, names: &[&str]) -> Recorded {
        let now = Timestamp::parse("2026-11-21T12:00:00Z").unwrap();
        let hlc = Hlc::ZERO.tick(now).unwrap();
        let ahead = Timestamp::parse("9999-01-01T00:00:00Z").unwrap();
        let (source, id) = (SourceId::new("//shop").unwrap(), EventId::new(id).unwrap());
        let mut event = Event::new(source, id, ahead, body);
        event.identifiers = names.iter().map(|one| one.parse().unwrap()).collect();
        let origin = Origin { device: DeviceId::from_bytes([1; 16]), epoch: 0, seq: 1 };
        Recorded { fold: FoldKey::of(&event, hlc), event, origin, hlc, received_at: now }
    }

    fn tenant() -> TenantKey {
        TenantKey::new(&[7; 32])
    }

    #[test]
    fn who_she_says_she_is_becomes_an_assertion() {
        let mut said = UserIdentified::new();
        said.first_name = Some(Personal::new("Ada"));
        said.last_name = Some(Personal::new("x".repeat(TRAIT_BYTES_MAX + 1)));
        let address = Address { postal_code: Some(Personal::new("W1")), ..Address::default() };
        said.address = Some(address);
        said.language = Some("en".to_owned());
        let one = Assertion::from_event(&recorded("e-1", said, &NAMES), true).unwrap();
        assert_eq!((one.identifiers.len(), one.provenance, one.version), (3, Provenance::Stated, 0));
        let names: Vec<&str> = one.traits.keys().map(TraitName::as_str).collect();
        assert_eq!(names, ["given_name", "postcode", "language"], "a value that is too long is left out");
        assert!(
            one.time < Timestamp::parse("2026-11-22T00:00:00Z").unwrap(),
            "no source is ahead of the log"
        );

        let mut said = UserIdentified::new();
        said.name = Some(Personal::new(" Ada  Lovelace "));
        let one = Assertion::from_event(&recorded("e-2", said.clone(), &NAMES), true).unwrap();
        assert_eq!(one.traits[&TraitName::Surname].reveal(), "Lovelace");
        said.name = Some(Personal::new("Ada King Lovelace"));
        let one = Assertion::from_event(&recorded("e-2", said, &NAMES), true).unwrap();
        assert_eq!(one.traits.keys().map(TraitName::as_str).collect::<Vec<_>>(), ["name"]);
        let attribute = AttributeStated::new("size.shoes".to_owned(), Personal::new("38"));
        let one = Assertion::from_event(&recorded("e-3", attribute, &NAMES[..1]), true).unwrap();
        assert_eq!(one.traits.keys().map(TraitName::as_str).collect::<Vec<_>>(), ["size.shoes"]);
    }

    #[test]
    fn an_event_that_names_nobody_says_nothing() {
        assert_eq!(facts_of(&recorded("e-1", UserIdentified::new(), &[]), &tenant(), true), []);
    }

    #[test]
    fn links_and_separations_are_rulings_over_each_two() {
        let mut evidence = Evidence::new(tenant(), Rules::default());
        for fact in facts_of(&recorded("e-1", IdentifiersLinked::new(), &NAMES), &tenant(), true) {
            evidence.add(fact).unwrap();
        }
        assert_eq!(evidence.rulings().filter(|one| one.same).count(), 3);
        for fact in facts_of(&recorded("e-2", IdentifiersSeparated::new(), &NAMES[..2]), &tenant(), true) {
            evidence.add(fact).unwrap();
        }
        assert_eq!(evidence.rulings().filter(|one| one.same).count(), 2, "at one time, who parts is right");
        assert_eq!(evidence.sightings().count(), 0);
    }

    #[test]
    fn a_contact_that_opts_out_of_recognition_links_nothing() {
        let phone: Identifier = NAMES[0].parse().unwrap();
        let mut evidence = Evidence::new(tenant(), Rules::default());
        let mut tell = |one: Recorded| {
            for fact in facts_of(&one, &tenant(), true) {
                evidence.add(fact).unwrap();
            }
            evidence.sightings().map(|one| one.linking).collect::<Vec<_>>()
        };
        let grant = |purpose| OptedIn::new(phone.clone(), vec![purpose], ConsentMethod::Till);
        assert_eq!(tell(recorded("e-1", grant(Purpose::Marketing), &NAMES)), [true]);
        let mut out = OptedOut::new(phone.clone());
        out.purposes = vec![Purpose::Marketing];
        assert_eq!(tell(recorded("e-1", out.clone(), &NAMES)), [true]);
        out.purposes.clear();
        assert_eq!(tell(recorded("e-1", out, &NAMES)), [false]);
        let mut later = recorded("e-1", grant(Purpose::Recognition), &NAMES);
        later.fold.at = Timestamp::parse("2026-11-23T00:00:00Z").unwrap();
        assert_eq!(tell(later), [true]);
        assert!(
            !Assertion::from_event(&recorded("e-4", UserIdentified::new(), &NAMES), false).unwrap().linking
        );
    }
}
