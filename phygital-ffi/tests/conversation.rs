//! The story goes on: consent has a receipt, messages pass the gate, a STOP is heard, rights are asked for and given.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::sync::Arc;

use phygital_ffi::{
    ConsentMethod, FollowUp, MessageClass, MessageReceived, OptedIn, Options, Outcome, Outgoing, Phygital,
    PhygitalError, Proposal, Purpose, Receipt, Right, RightsRequested, Status, SuppressionCause, Time,
};
use serde_json::{Value, json};

/// A number of New Jersey.
const NUMBER: &str = "+12015550123";
const CONTACT: &str = "phone:+12015550123";
/// Seven in the morning there.
const NOON: i64 = 1_795_262_400_000_000;
const HOUR: i64 = 3_600_000_000;
const SETTINGS: &str = r#"{"brand": "Wren & Co", "link_domains": ["wren.example"],
    "notice": {"id": "tap-sms-1", "text": "Text us the code to be known here. Reply STOP to leave.",
        "sender": "+12015550101", "purposes": ["recognition", "personalization", "measurement"]},
    "catalogue": {"controller": {"id": "wren", "name": "Wren & Co"}, "recipients": [{"id": "post", "name": "Post Ltd"}],
        "purposes": [{"purpose": "marketing", "basis": "consent", "description": {"en": "To tell of new things."},
            "data": ["phone"], "retention_days": 400, "withdrawal": "Reply STOP.", "recipients": ["post"]}]}}"#;
const TOPIC: &str = r#"{"version": 1, "id": "fit", "languages": ["en"], "purpose": "personalization", "days": 3, "start": "size",
    "remind": {"after_hours": 20, "times": 1},
    "steps": {"size": {"ask": {"en": "{{ brand }}: which shoe size?"}, "attribute": "size.shoes",
        "answer": {"type": "number", "min": 30, "max": 50}, "then": "thanks"},
        "thanks": {"say": {"en": "Thank you."}, "then": "end"}}}"#;

fn open(folder: &tempfile::TempDir) -> Arc<Phygital> {
    let till = Phygital::open(Options {
        path: folder.path().join("till.db").display().to_string(),
        settings: SETTINGS.to_owned(),
        topics: vec![TOPIC.to_owned()],
        clock: Some(Time(NOON)),
        seed: Some(b"story".to_vec()),
        ..Options::default()
    })
    .unwrap();
    let purposes = vec![Purpose::Marketing, Purpose::Personalization];
    till.record_opt_in(OptedIn {
        contact: CONTACT.to_owned(),
        purposes,
        method: ConsentMethod::Paper,
        id: Some("paper-7".to_owned()),
        at: None,
        notice_id: Some("tap-sms-1".to_owned()),
        evidence: vec!["paper 7".to_owned()],
        expires_at: None,
    })
    .unwrap();
    till
}

fn code<T>(answer: Result<T, PhygitalError>) -> u32 {
    answer.map(|_| ()).unwrap_err().code()
}

fn read(text: Result<String, PhygitalError>) -> Value {
    serde_json::from_str(&text.unwrap()).unwrap()
}

fn advert(id: &str) -> Outgoing {
    Outgoing {
        id: id.to_owned(),
        to: CONTACT.to_owned(),
        message_class: MessageClass::Marketing,
        purpose: Purpose::Marketing,
        text: "Wren & Co: new boots, https://wren.example/b. Reply STOP to opt out".to_owned(),
        expires_at: None,
        invites: false,
        waits: false,
    }
}

fn message(id: &str, from: &str, body: &str) -> MessageReceived {
    MessageReceived {
        id: id.to_owned(),
        from: from.to_owned(),
        body: body.to_owned(),
        ..MessageReceived::default()
    }
}

/// She texts, and the names of what followed are given.
fn texts(till: &Phygital, id: &str, body: &str) -> Vec<String> {
    followed(till, till.record_message(message(id, NUMBER, body)).unwrap())
}

fn followed(till: &Phygital, receipt: Receipt) -> Vec<String> {
    let followed = read(till.followed(receipt.event));
    let of = |event: &Value| event["type"].as_str().unwrap().trim_start_matches("com.phygital.").to_owned();
    followed.as_array().unwrap().iter().map(of).collect()
}

fn permitted(till: &Phygital, purpose: Purpose) -> (bool, String, Vec<String>) {
    let decision = till.permits(purpose, CONTACT.to_owned()).unwrap();
    (decision.allowed, decision.reasons.join(" "), decision.suppressed_by)
}

#[test]
fn a_clock_set_back_revives_nothing() {
    const ANOTHER: &str = "phone:+12015550177";
    let folder = tempfile::tempdir().unwrap();
    let till = open(&folder);
    till.record_opt_in(OptedIn {
        contact: ANOTHER.to_owned(),
        purposes: vec![Purpose::Marketing],
        method: ConsentMethod::Paper,
        id: Some("paper-8".to_owned()),
        at: None,
        notice_id: None,
        evidence: Vec::new(),
        expires_at: Some(Time(NOON + HOUR)),
    })
    .unwrap();
    let state = || {
        let state = read(till.contact_state(ANOTHER.to_owned()));
        let marketing =
            state["purposes"].as_array().unwrap().iter().find(|one| one["purpose"] == "marketing");
        (state["at"].clone(), state["status"].clone(), marketing.unwrap()["allowed"].clone())
    };
    assert_eq!(state(), (json!("2026-11-21T12:00:00Z"), json!("subscribed"), json!(true)));
    till.set_clock(Some(Time(NOON + 2 * HOUR))).unwrap();
    texts(&till, "m-1", "hello");
    till.set_clock(Some(Time(NOON))).unwrap();
    assert_eq!(state(), (json!("2026-11-21T14:00:00Z"), json!("none"), json!(false)));
}

#[test]
fn consent_has_a_receipt_and_comes_and_goes() {
    let folder = tempfile::tempdir().unwrap();
    let till = open(&folder);
    let receipts = read(till.consent_receipts(CONTACT.to_owned(), None));
    let receipts = receipts.as_array().unwrap();
    assert_eq!(receipts.len(), 2, "one for each purpose");
    let one = read(till.consent_receipts(CONTACT.to_owned(), Some(Purpose::Marketing)));
    let receipt = &one[0];
    assert_eq!(one.as_array().unwrap().len(), 1);
    assert_eq!(receipt["schema_version"], "ISO/IEC TS 27560:2023");
    let record = &receipt["record"];
    assert_eq!(record["pii_principal_id"], CONTACT);
    assert_eq!(record["events"][0]["evidence"], json!(["paper 7"]));
    assert_eq!(record["pii_processing"]["purposes"][0]["recipient_third_parties"], json!(["post"]));
    assert!(record["events"][0]["notice_hash"].is_string(), "{record}");
    let never = till.consent_receipts(CONTACT.to_owned(), Some(Purpose::Advertising));
    assert_eq!(never.unwrap(), "[]");
    assert_eq!(code(till.consent_receipts("ada".to_owned(), None)), Status::MalformedIdentifier.number());

    // To another shop, and back.
    let other = tempfile::tempdir().unwrap();
    let web = Phygital::open(Options {
        path: other.path().join("web.db").display().to_string(),
        settings: SETTINGS.to_owned(),
        clock: Some(Time(NOON)),
        ..Options::default()
    })
    .unwrap();
    let import = |text: &str| web.import_consent(text.to_owned(), "//till.example".to_owned());
    let first = import(&receipt.to_string()).unwrap();
    assert_eq!((first.recorded, first.known, first.unknown), (1, 0, Vec::new()));
    assert_eq!(import(&receipt.to_string()).unwrap().known, 1);
    assert_eq!(permitted(&web, Purpose::Marketing).1, "granted");
    let segment = read(web.segment_consent(CONTACT.to_owned()));
    assert_eq!(segment["messaging_subscriptions"][0]["status"], "SUBSCRIBED", "{segment}");
    let left = json!({
        "type": "track", "event": "Consent", "messageId": "m-1", "timestamp": "2026-11-21T12:00:00Z",
        "context": {"consent": {"categoryPreferences": {"marketing": false, "Unheard": true}},
            "traits": {"phone": NUMBER}},
    });
    let taken = import(&left.to_string()).unwrap();
    assert_eq!((taken.recorded, taken.unknown), (1, vec!["Unheard".to_owned()]));
    assert_eq!(permitted(&web, Purpose::Marketing).1, "withdrawn");
    for bad in ["{", "{}", r#"{"record_id": "r"}"#] {
        assert_eq!(code(import(bad)), Status::MalformedConsent.number(), "{bad}");
    }

    till.suppress(CONTACT.to_owned(), SuppressionCause::Carrier, Some("21610".to_owned())).unwrap();
    let by = vec!["carrier".to_owned()];
    assert_eq!(permitted(&till, Purpose::Marketing), (false, "suppressed".to_owned(), by));
    assert_eq!(read(till.contact_state(CONTACT.to_owned()))["status"], "blocked");
    assert_eq!(till.judge(advert("a")).unwrap().reasons, ["suppressed", "quiet_hours"]);
    till.set_clock(Some(Time(NOON + 1))).unwrap();
    till.lift_suppression(CONTACT.to_owned(), SuppressionCause::Carrier).unwrap();
    assert!(permitted(&till, Purpose::Marketing).0);

    // The signal of a browser that is hers.
    let page = json!({
        "type": "page", "messageId": "p-1", "anonymousId": "web-1", "timestamp": "2026-11-21T12:00:00Z",
        "context": {"gpc": true, "traits": {"phone": NUMBER}},
    });
    till.record(page.to_string()).unwrap();
    assert_eq!(permitted(&till, Purpose::Advertising).1, "withdrawn");
    let customer = till.find(CONTACT.to_owned()).unwrap().unwrap();
    assert!(!till.permits_customer(Purpose::Advertising, customer).unwrap().allowed);
    assert_eq!(
        code(till.permits_customer(Purpose::Advertising, "0".repeat(32))),
        Status::UnknownCustomer.number()
    );
}

#[test]
fn messages_pass_the_gate() {
    let folder = tempfile::tempdir().unwrap();
    let till = open(&folder);
    let early = till.send(advert("a-1")).unwrap();
    let verdict = early.verdict.unwrap();
    assert!(early.receipt.is_none() && !verdict.allowed && verdict.expires_at.is_none());
    assert_eq!(verdict.reasons, ["quiet_hours"]);
    assert_eq!(verdict.next_allowed, Some(Time(NOON + HOUR)), "eight in the morning");
    assert!(verdict.rules.contains(&"us_federal".to_owned()), "{:?}", verdict.rules);
    assert!(till.due(10).unwrap().is_empty(), "and nothing was written");

    let patient = till.send(Outgoing { waits: true, ..advert("a-2") }).unwrap();
    assert!(patient.receipt.unwrap().is_new && !patient.verdict.unwrap().allowed);
    assert!(till.due(10).unwrap().is_empty(), "it waits for the morning");
    till.set_clock(Some(Time(NOON + HOUR))).unwrap();
    let due = till.due(10).unwrap();
    assert_eq!((due.len(), due[0].id.as_str(), due[0].action.as_str()), (1, "a-2", "send_message"));
    assert!(due[0].expires_at.unwrap() > Time(NOON + HOUR), "it is not sent late");
    let again = till.send(advert("a-2")).unwrap();
    assert!(again.verdict.is_none() && !again.receipt.unwrap().is_new);
    till.acknowledge("a-2".to_owned(), Outcome::Delivered).unwrap();

    let text = "New boots at bit.ly/3xY".to_owned();
    let poor = till.judge(Outgoing { text, ..advert("a-3") }).unwrap();
    assert_eq!((poor.reasons, poor.findings[0].fault.as_str()), (vec!["content".to_owned()], "short_link"));
    assert_eq!(texts(&till, "m-1", "STOP"), ["opted_out", "action_requested"]);
    assert_eq!(texts(&till, "m-1", "STOP"), ["opted_out", "action_requested"], "a gateway may say it twice");
    assert_eq!(texts(&till, "m-2", "please stop"), ["opted_out"], "it is confirmed once");
    let gone = till.send(advert("a-4")).unwrap().verdict.unwrap();
    assert_eq!((gone.reasons, gone.next_allowed), (vec!["withdrawn".to_owned()], None));
    let state = read(till.contact_state(CONTACT.to_owned()));
    let masked = state["contact"].as_str().unwrap();
    assert!(state["status"] == "opted_out" && masked.ends_with("\u{2022}123"), "{state}");

    let nobody = Outgoing { to: "loyalty:L-7".to_owned(), ..advert("a-5") };
    assert_eq!(code(till.send(nobody)), Status::Misuse.number());
    let nameless = Outgoing { to: "ada".to_owned(), ..advert("a-6") };
    assert_eq!(code(till.judge(nameless)), Status::MalformedIdentifier.number());
    assert_eq!(code(till.judge(advert(""))), Status::InvalidArgument.number());
    let endless = Outgoing { expires_at: Some(Time(-1)), ..advert("a-7") };
    assert_eq!(code(till.judge(endless)), Status::InvalidArgument.number());
    assert_eq!(code(till.followed("a-1".to_owned())), Status::InvalidArgument.number());
    assert_eq!(till.followed("0".repeat(32)).unwrap(), "[]");
}

#[test]
fn a_topic_asks_and_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let till = open(&folder);
    till.set_clock(Some(Time(NOON + 3 * HOUR))).unwrap();
    let state = read(till.contact_state("phone:+12015550199".to_owned()));
    assert_eq!(
        (&state["status"], &state["handler"], &state["topic"]),
        (&"none".into(), &"rules".into(), &Value::Null)
    );
    assert_eq!(texts(&till, "m-1", "hello"), Vec::<String>::new());
    let topic = || till.open_topic(CONTACT.to_owned(), "fit".to_owned(), None).unwrap();
    assert!(topic().said);
    let again = topic();
    assert!(!again.said && again.verdict.is_none(), "it is open");
    let state = read(till.contact_state(CONTACT.to_owned()));
    let open = &state["topic"];
    assert_eq!((&open["id"], &open["question"]), (&"fit".into(), &"size".into()), "{state}");
    assert_eq!((&open["language"], &open["follow_up"]), (&"en".into(), &"2026-11-22T11:00:00Z".into()));
    assert_eq!(
        (&state["handler"], &state["last_inbound"]),
        (&"rules".into(), &"2026-11-21T15:00:00Z".into())
    );
    let due = till.due(10).unwrap();
    assert_eq!(due[0].text.as_deref(), Some("Wren & Co: which shoe size?"));
    assert_eq!(
        till.follow_up(CONTACT.to_owned()).unwrap(),
        phygital_ffi::Opened { said: false, verdict: None }
    );
    let followed = texts(&till, "m-2", "39");
    assert!(followed.contains(&"attribute_stated".to_owned()), "{followed:?}");
    let customer = till.find(CONTACT.to_owned()).unwrap().unwrap();
    let profile = till.profile(customer, Purpose::Personalization).unwrap();
    assert!(profile.contains("size.shoes"), "{profile}");
    assert_eq!(read(till.contact_state(CONTACT.to_owned()))["topic"], Value::Null);

    // A topic is no way around the gate.
    texts(&till, "m-3", "STOP");
    let refused = topic();
    assert!(!refused.said && refused.verdict.is_none_or(|verdict| verdict.reasons == ["withdrawn"]));
    let of = |contact: &str, topic: &str| till.open_topic(contact.to_owned(), topic.to_owned(), None);
    assert_eq!(code(of(CONTACT, "never")), Status::Misuse.number());
    assert_eq!(code(of("loyalty:L-7", "fit")), Status::Misuse.number());
    assert_eq!(code(of("ada", "fit")), Status::MalformedIdentifier.number());
    let options = Options { path: "x.db".to_owned(), topics: vec!["{".to_owned()], ..Options::default() };
    assert_eq!(code(Phygital::open(options)), Status::MalformedTopic.number());
}

/// A value of her profile and how sure it is, in percent; none where it is not known, or may not be.
fn shoes(till: &Phygital) -> Option<(String, u64)> {
    let customer = till.find(CONTACT.to_owned()).unwrap().unwrap();
    let profile: Value =
        serde_json::from_str(&till.profile(customer, Purpose::Personalization).ok()?).unwrap();
    let fact = profile["facts"]["size.shoes"][0].as_object()?;
    let confidence = fact.get("confidence").map_or(100, |percent| percent.as_u64().unwrap());
    Some((fact["value"].as_str().unwrap().to_owned(), confidence))
}

#[test]
fn a_model_proposes() {
    let answer = |value: &str| Proposal::Answer { value: value.to_owned() };
    for (body, proposal, named, known) in [
        ("the same as my sister", answer("39"), "attribute_stated", Some(("39", 60))),
        ("38", answer("39"), "attribute_stated", Some(("38", 100))),
        ("the same as my sister", answer("large"), "question_asked", None),
        ("the same as my sister", answer(""), "question_asked", None),
        ("the same as my sister", Proposal::HandOver, "conversation_handed_over", None),
        ("STOP", answer("39"), "opted_out", None),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let till = open(&folder);
        till.set_clock(Some(Time(NOON + 3 * HOUR))).unwrap();
        texts(&till, "m-1", "hello");
        assert!(till.open_topic(CONTACT.to_owned(), "fit".to_owned(), None).unwrap().said);
        let hear = |proposal: &Proposal| till.hear(message("m-2", NUMBER, body), proposal.clone()).unwrap();
        let receipt = hear(&proposal);
        assert!(receipt.is_new && !hear(&Proposal::HandOver).is_new, "a text counts once");
        let followed = followed(&till, receipt);
        assert!(followed.iter().any(|one| one == named), "{body}, {proposal}: {followed:?}");
        assert_eq!(shoes(&till), known.map(|(size, percent)| (size.to_owned(), percent)), "{body}");
    }
    let folder = tempfile::tempdir().unwrap();
    let till = open(&folder);
    let early = MessageReceived { at: Some(Time(NOON)), ..message("m-1", NUMBER, "as my sister's") };
    till.set_clock(Some(Time(NOON + 3 * HOUR))).unwrap();
    texts(&till, "m-0", "hello");
    till.open_topic(CONTACT.to_owned(), "fit".to_owned(), None).unwrap();
    till.hear(early, answer("39")).unwrap();
    assert_eq!(shoes(&till), None, "it was sent before the question");
    let of = |message: MessageReceived| code(till.hear(message, Proposal::HandOver));
    assert_eq!(of(message("m-2", "ada", "hello")), Status::MalformedIdentifier.number());
    assert_eq!(of(message("m-0", NUMBER, "another")), Status::Conflict.number());
}

#[test]
fn what_is_to_be_followed_up_is_listed_in_pages() {
    let folder = tempfile::tempdir().unwrap();
    let till = open(&folder);
    till.set_clock(Some(Time(NOON + 3 * HOUR))).unwrap();
    let numbers = [NUMBER, "+12015550124", "+12015550125"];
    let contacts = numbers.map(|number| format!("phone:{number}"));
    for (place, contact) in contacts.iter().enumerate() {
        till.record_opt_in(OptedIn {
            contact: contact.clone(),
            purposes: vec![Purpose::Personalization],
            method: ConsentMethod::Till,
            id: Some(format!("till-{place}")),
            at: None,
            notice_id: None,
            evidence: Vec::new(),
            expires_at: None,
        })
        .unwrap();
        till.record_message(message(&format!("hello-{place}"), numbers[place], "hello")).unwrap();
        till.set_clock(Some(Time(NOON + 3 * HOUR + place as i64))).unwrap();
        assert!(till.open_topic(contact.clone(), "fit".to_owned(), None).unwrap().said);
    }
    assert_eq!(till.follow_ups(None, 10).unwrap(), [], "they have time");
    // It is dark by now, and nobody wrote for a day: whoever withdrew is not asked again.
    till.set_clock(Some(Time(NOON + 24 * HOUR))).unwrap();
    till.suppress(contacts[0].clone(), SuppressionCause::Staff, None).unwrap();
    let page =
        |behind: Option<&FollowUp>, most| till.follow_ups(behind.map(|one| one.place.clone()), most).unwrap();
    let all = page(None, 1_000);
    let listed: Vec<_> = all.iter().map(|one| (one.contact.clone(), one.topic.as_str(), one.due)).collect();
    let due = |place: usize| Time(NOON + 23 * HOUR + place as i64);
    let expected: Vec<_> = (0..3).map(|place| (contacts[place].clone(), "fit", due(place))).collect();
    assert_eq!(listed, expected, "who waits longest comes first");
    for (behind, one) in [None, Some(&all[0]), Some(&all[1])].into_iter().zip(&all) {
        assert_eq!(page(behind, 1), std::slice::from_ref(one));
    }
    assert_eq!((page(all.last(), 9), page(None, 0)), (Vec::new(), Vec::new()));

    let refused = till.follow_up(contacts[0].clone()).unwrap();
    assert_eq!(
        refused.verdict.as_ref().map(|verdict| verdict.reasons.join(" ")).as_deref(),
        Some("suppressed"),
        "{refused:?}"
    );
    assert!(till.follow_up(contacts[1].clone()).unwrap().said);
    let left: Vec<_> = page(None, 9).into_iter().map(|one| one.contact).collect();
    assert_eq!(left, [contacts[0].clone(), contacts[2].clone()], "what is refused is in nobody's way");
    let behind: Vec<_> = page(Some(&all[0]), 9).into_iter().map(|one| one.contact).collect();
    assert_eq!(behind, [contacts[2].clone()]);
    // A place is plain data: it holds when the store is opened again, and where nothing is any more.
    till.suspend().unwrap();
    till.resume().unwrap();
    assert_eq!(page(Some(&all[1]), 9).len(), 1);

    assert_eq!(code(till.follow_ups(None, 1_001)), Status::Misuse.number());
    let place = &all[0].place;
    for bad in ["", "-", "x", &place[1..].replace('-', ""), &format!("{place}0"), &format!("-{place}")] {
        assert_eq!(code(till.follow_ups(Some(bad.to_owned()), 9)), Status::InvalidArgument.number(), "{bad}");
    }
    let printed = format!("{:?} {:?}", all[0], Proposal::Answer { value: "39".to_owned() });
    assert_eq!(printed, "FollowUp(..) Proposal(..)");
}

#[test]
fn rights_are_asked_for_and_given() {
    let folder = tempfile::tempdir().unwrap();
    let till = open(&folder);
    let ask = |right: Right, id: &str| {
        till.request_right(RightsRequested {
            identifier: CONTACT.to_owned(),
            right,
            jurisdiction: Some("US-CA".to_owned()),
            method: Some(ConsentMethod::Web),
            detail: None,
            id: Some(id.to_owned()),
            at: None,
        })
    };
    assert!(ask(Right::Access, "r-1").unwrap().is_new && !ask(Right::Access, "r-1").unwrap().is_new);
    let open = read(till.open_requests());
    let asked = &open[0];
    assert_eq!((&asked["right"], &asked["is_overdue"]), (&"access".into(), &false.into()));
    assert_eq!(asked["due_by"], "2027-01-06T00:00:00Z", "{asked}");
    let customer = till.find(CONTACT.to_owned()).unwrap().unwrap();
    till.correct(customer.clone(), "first_name".to_owned(), "Ada".to_owned()).unwrap();
    let export = read(till.export_person(customer.clone()));
    assert_eq!(export["identifiers"][0]["value"], NUMBER);
    let facts = export["facts"].as_array().unwrap();
    assert!(facts.iter().any(|fact| fact["attribute"] == "first_name" && fact["value"] == "Ada"), "{export}");
    till.acknowledge(asked["action"].as_str().unwrap().to_owned(), Outcome::Delivered).unwrap();
    assert_eq!(read(till.open_requests()), json!([]));

    ask(Right::OptOut, "r-2").unwrap();
    assert_eq!(permitted(&till, Purpose::Advertising).1, "withdrawn");
    assert!(permitted(&till, Purpose::Marketing).0);
    let objection = ask(Right::Objection, "r-3").unwrap();
    assert!(!permitted(&till, Purpose::Marketing).0);
    assert!(till.followed(objection.event).unwrap().contains("com.phygital.opted_out"));
    let erased = till.erase_customer(customer.clone()).unwrap();
    assert_eq!((erased.identifiers, erased.notices), (1, 1), "the post is told");
    let notice = till.due(100).unwrap().into_iter().find(|one| one.action == "notify_recipient").unwrap();
    assert!(notice.text.unwrap().contains("\"post\""));
    assert_eq!(till.find(CONTACT.to_owned()).unwrap(), None);
    assert_eq!(code(till.export_person(customer.clone())), Status::UnknownCustomer.number());
    assert_eq!(code(till.correct(customer, "a".to_owned(), String::new())), Status::UnknownCustomer.number());
    // What she had refused is kept under a key.
    till.record_opt_in(OptedIn {
        contact: CONTACT.to_owned(),
        purposes: vec![Purpose::Marketing],
        method: ConsentMethod::Import,
        id: None,
        at: None,
        notice_id: None,
        evidence: Vec::new(),
        expires_at: None,
    })
    .unwrap();
    assert_eq!(
        permitted(&till, Purpose::Marketing),
        (false, "suppressed".to_owned(), vec!["erasure".to_owned()])
    );
    let nobody = RightsRequested {
        identifier: "ada".to_owned(),
        right: Right::Access,
        jurisdiction: None,
        method: None,
        detail: None,
        id: None,
        at: None,
    };
    assert_eq!(code(till.request_right(nobody)), Status::MalformedIdentifier.number());
}
