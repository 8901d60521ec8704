//! The story that every binding plays: a tag is enrolled, tapped, a copied link refused; somebody opts in by text, is
//! known, shown, and leaves again.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::sync::Arc;
use std::thread;

use phygital_ffi::{
    Assurance, ConsentMethod, MessageReceived, OptedIn, OptedOut, Options, Outcome, Phygital, PhygitalError,
    Presented, Purpose, Recognition, Recorded, Role, SoftTag, Status, TagEnrolled, TagStatus, TapRequest,
    Time, Verifier, assign_arm, simulate_tap,
};

const KEY: &str = "5ace7e50ab65d5d51fd5bf5a16b8205b";
const UID: &str = "04a1b2c3d4e5f6";
const NUMBER: &str = "+12015550123";
const NOON: i64 = 1_795_262_400_000_000;
const SETTINGS: &str = r#"{"brand": "Wren & Co", "notice": {"id": "tap-sms-1",
    "text": "Text us the code to be known here. Reply STOP to leave.", "sender": "+12015550101",
    "purposes": ["recognition", "personalization", "measurement"]}}"#;

fn keys() -> String {
    format!(r#"{{"file_read_key": "{KEY}", "meta_read_key": "{KEY}"}}"#)
}

fn options(folder: &tempfile::TempDir) -> Options {
    Options {
        path: folder.path().join("till.db").display().to_string(),
        settings: SETTINGS.to_owned(),
        keys: keys(),
        clock: Some(Time(NOON)),
        seed: Some(b"story".to_vec()),
        ..Options::default()
    }
}

fn link(read_ctr: u32) -> String {
    simulate_tap(SoftTag {
        uid: UID.to_owned(),
        template: "tap.example/t?p={picc}&c={mac}".to_owned(),
        file_read_key: KEY.to_owned(),
        meta_read_key: Some(KEY.to_owned()),
        read_ctr,
    })
    .unwrap()
}

fn tap(read_ctr: u32) -> TapRequest {
    TapRequest::new(Presented::Url { url: link(read_ctr) })
}

fn seen(request: TapRequest) -> TapRequest {
    TapRequest { identifiers: vec![format!("phone:{NUMBER}")], shown_to: Some(Role::Associate), ..request }
}

fn code<T>(answer: Result<T, PhygitalError>) -> u32 {
    answer.map(|_| ()).unwrap_err().code()
}

#[test]
fn a_tap_becomes_a_known_customer() {
    let folder = tempfile::tempdir().unwrap();
    let till = Phygital::open(options(&folder)).unwrap();
    assert_eq!(code(till.verify_tap(tap(0))), Status::TapNotCounted.number(), "it is not enrolled");
    let place = Some("paris-1".to_owned());
    till.enroll(TagEnrolled { uid: UID.to_owned(), place, ..TagEnrolled::default() }).unwrap();

    let first = till.verify_tap(tap(1)).unwrap();
    assert!(matches!(first.recognition, Recognition::Anonymous { .. }));
    assert_eq!((first.proof.read_ctr, first.place.as_deref()), (Some(2), Some("paris-1")));
    let offer = first.opt_in.unwrap();
    assert!(offer.link.starts_with("sms:+12015550101?&body=JOIN%20"), "{}", offer.link);
    assert_eq!(code(till.verify_tap(tap(1))), Status::TapReplayed.number());
    let forged = format!("{}0", &link(5)[..link(5).len() - 1]);
    let forged = TapRequest::new(Presented::Url { url: forged });
    assert_eq!(code(till.verify_tap(forged)), Status::TapForged.number());

    let text = |id: &str, body: &str| MessageReceived {
        id: id.to_owned(),
        from: NUMBER.to_owned(),
        body: body.to_owned(),
        ..MessageReceived::default()
    };
    assert!(till.record_message(text("m-1", &offer.message)).unwrap().is_new);
    assert!(!till.record_message(text("m-1", &offer.message)).unwrap().is_new, "a gateway may say it twice");
    assert_eq!(code(till.record_message(text("m-1", "other"))), Status::Conflict.number());
    let due = till.due(10).unwrap();
    assert_eq!((due.len(), due[0].action.as_str()), (1, "answer_message"));
    assert!(due[0].text.as_ref().unwrap().starts_with("Wren & Co: welcome"));
    till.acknowledge(due[0].id.clone(), Outcome::Delivered).unwrap();
    assert!(till.due(10).unwrap().is_empty());
    assert_eq!(code(till.acknowledge("never".to_owned(), Outcome::Failed)), Status::UnknownAction.number());

    let known = till.verify_tap(seen(tap(2))).unwrap();
    let Recognition::Known { customer } = known.recognition else { panic!("she agreed to be known") };
    assert_eq!(known.card.unwrap(), till.card(customer.clone(), Role::Associate).unwrap());
    let found = till.find(format!("phone:{NUMBER}")).unwrap();
    assert_eq!(found.as_deref(), Some(customer.as_str()));
    let person = till.person(customer.clone()).unwrap();
    assert!(person.identifiers.contains(&format!("phone:{NUMBER}")));
    let allowed = till.permits(Purpose::Personalization, format!("phone:{NUMBER}")).unwrap();
    assert_eq!((allowed.allowed, allowed.reasons.as_slice()), (true, &["granted".to_owned()][..]));

    let order = format!(
        r#"{{"specversion": "1.0", "id": "o-1", "source": "//till/1", "type": "com.phygital.order_completed",
            "time": "2026-11-21T12:00:00Z", "data": {{"identifiers": {{"phone": "{NUMBER}"}}, "place": "paris-1",
            "properties": {{"order_id": "o-1", "revenue": 149.90, "currency": "EUR",
                "products": [{{"sku": "BOOT-38", "category": "Shoes", "size": "38"}}]}}}}}}"#
    );
    let answers = till.record_all(vec![order.clone(), "{}".to_owned(), order]).unwrap();
    let [
        Recorded::Accepted { receipt: new },
        Recorded::Refused { code: bad, .. },
        Recorded::Accepted { receipt: old },
    ] = &answers[..]
    else {
        panic!("{answers:?}")
    };
    assert_eq!((new.is_new, *bad, old.is_new), (true, Status::MalformedEvent.number(), false));
    assert!(till.card(customer.clone(), Role::Associate).unwrap().contains("BOOT-38"));
    let earned = till.attribute("linear".to_owned()).unwrap();
    assert_eq!((earned.total.minor, earned.currency.as_deref()), (14_990, Some("EUR")));
    let sum: i64 = earned.channels.iter().map(|channel| channel.minor).sum();
    assert_eq!(sum + earned.unattributed.minor, 14_990);
    stands_among_all(&till, &customer);

    let contact = format!("phone:{NUMBER}");
    till.record_opt_out(OptedOut { contact: contact.clone(), ..OptedOut::default() }).unwrap();
    assert!(matches!(till.verify_tap(seen(tap(3))).unwrap().recognition, Recognition::Anonymous { .. }));
    let card = till.card(customer.clone(), Role::Associate).unwrap();
    assert!(card.contains(r#""withheld":["withdrawn"]"#) && !card.contains("BOOT"), "{card}");
    assert_eq!(code(till.profile(customer.clone(), Purpose::Personalization)), Status::NotPermitted.number());

    let erased = till.erase_identifier(contact.clone()).unwrap();
    assert_eq!(erased.identifiers, 1);
    assert_eq!(till.find(contact).unwrap(), None);
    till.set_tag_status(UID.to_owned(), TagStatus::Lost).unwrap();
    assert_eq!(code(till.verify_tap(tap(4))), Status::TapNotCounted.number());
    assert_eq!(till.tag(UID.to_owned()).unwrap().unwrap().status, TagStatus::Lost);
}

/// Views of her among all others.
fn stands_among_all(till: &Phygital, customer: &str) {
    let json = |text: String| serde_json::from_str::<serde_json::Value>(&text).unwrap();
    // The same sums by a model that looks at times, and by one that does not.
    let [decayed, linear] = ["time-decay", "linear"].map(|model| till.attribute(model.to_owned()).unwrap());
    assert_eq!((&decayed.total, &decayed.unattributed), (&linear.total, &linear.unattributed));
    let sums = |earned: &phygital_ffi::Attribution| {
        let each = earned.channels.iter().map(|one| (one.minor, one.millionths));
        each.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    };
    assert_eq!((decayed.model.as_str(), sums(&decayed)), ("time-decay", sums(&linear)));

    let phone = || format!("phone:{NUMBER}");
    let explain = |other: &str| json(till.explain(phone(), other.to_owned()).unwrap());
    let apart = explain("loyalty:L-7");
    assert_eq!((&apart["same"], &apart["reason"]), (&false.into(), &"unknown".into()), "{apart}");
    let visit = format!(
        r#"{{"specversion": "1.0", "id": "v-1", "source": "//till/1", "type": "com.phygital.visit_started",
            "time": "2026-11-21T12:00:00Z", "data": {{"identifiers": {{"phone": "{NUMBER}", "loyalty": "L-7"}},
                "place": "paris-1"}}}}"#
    );
    till.record(visit).unwrap();
    let same = explain("loyalty:L-7");
    let step = &same["steps"][0];
    assert_eq!(
        (&same["same"], &same["weakest"], &step["id"]),
        (&true.into(), &0.into(), &"v-1".into()),
        "{same}"
    );
    assert_eq!(step["from"], serde_json::json!({"kind": "phone", "value": NUMBER}));
    assert_eq!(code(till.explain("ada".to_owned(), phone())), Status::MalformedIdentifier.number());
    assert_eq!(json(till.review(10).unwrap()), serde_json::json!({"questions": [], "crowded": 0}));
    assert_eq!(till.households().unwrap(), "[]");

    let stands = json(till.rfm(5, None).unwrap());
    let hers = &stands["customers"][0];
    assert_eq!(
        (hers["customer"].as_str(), &hers["minor"], &hers["orders"]),
        (Some(customer), &14_990.into(), &1.into())
    );
    assert_eq!(
        (&stands["currency"], &stands["classes"], &hers["days"]),
        (&"EUR".into(), &5.into(), &0.into())
    );
    let dollars = json(till.rfm(5, Some("USD".to_owned())).unwrap());
    assert_eq!((&dollars["customers"], &dollars["other_currency"]), (&serde_json::json!([]), &1.into()));
    for (classes, currency) in [(1, None), (11, None), (300, None), (5, Some("€".to_owned()))] {
        assert_eq!(code(till.rfm(classes, currency)), Status::InvalidArgument.number());
    }
    let experiment =
        r#"{"seed": "winback-2026", "arms": [{"arm": "a", "weight": 0.5}, {"arm": "b", "weight": 0.5}]}"#;
    let arm = || assign_arm(experiment.to_owned(), customer.to_owned()).unwrap();
    assert_eq!((arm().status.as_str(), arm()), ("assigned", arm()));
}

#[test]
fn a_batch_is_counted_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let till = Phygital::open(options(&folder)).unwrap();
    assert_eq!(till.record_all(vec!["{}".to_owned(); 10_000]).unwrap().len(), 10_000);
    assert_eq!(code(till.record_all(vec!["{}".to_owned(); 10_001])), Status::Misuse.number());
}

#[test]
fn the_same_story_gives_the_same_bytes() {
    let codes = [(); 2].map(|()| {
        let folder = tempfile::tempdir().unwrap();
        let till = Phygital::open(options(&folder)).unwrap();
        till.enroll(TagEnrolled { uid: UID.to_owned(), ..TagEnrolled::default() }).unwrap();
        let outcome = till.verify_tap(tap(1)).unwrap();
        (till.identity().unwrap(), outcome.event, outcome.opt_in.unwrap().code)
    });
    assert_eq!(codes[0], codes[1]);
}

#[test]
fn consent_at_the_till_counts_until_it_expires() {
    let folder = tempfile::tempdir().unwrap();
    let till = Phygital::open(options(&folder)).unwrap();
    let contact = "email:ada@shop.example".to_owned();
    let permitted = |till: &Phygital| till.permits(Purpose::Marketing, contact.clone()).unwrap();
    assert_eq!(permitted(&till).reasons, ["never_asked"]);
    let consent = OptedIn {
        contact: contact.clone(),
        purposes: vec![Purpose::Marketing],
        method: ConsentMethod::Till,
        id: Some("paper-7".to_owned()),
        at: None,
        notice_id: Some("tap-sms-1".to_owned()),
        evidence: vec!["paper 7".to_owned()],
        expires_at: Some(Time(NOON + 60_000_000)),
    };
    assert!(till.record_opt_in(consent.clone()).unwrap().is_new);
    assert!(!till.record_opt_in(consent).unwrap().is_new);
    assert!(permitted(&till).allowed);
    till.set_clock(Some(Time(NOON + 60_000_000))).unwrap();
    assert_eq!(permitted(&till).reasons, ["expired"]);
    assert_eq!(code(till.set_clock(Some(Time(-1)))), Status::InvalidArgument.number());
}

#[test]
fn eight_threads_and_two_stores_on_one_file_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let tills: Vec<Arc<Phygital>> = (0..2).map(|_| Phygital::open(options(&folder)).unwrap()).collect();
    let event = |thread: usize, number: usize| {
        format!(
            r#"{{"specversion": "1.0", "id": "e-{thread}-{number}", "source": "//till/{thread}",
                "type": "com.phygital.visit_started", "time": "2026-11-21T12:00:00Z",
                "data": {{"identifiers": {{"loyalty": "L-{number}"}}, "place": "paris-1"}}}}"#
        )
    };
    thread::scope(|scope| {
        for thread in 0..8 {
            let till = &tills[thread % 2];
            scope.spawn(move || {
                for number in 0..5 {
                    assert!(till.record(event(thread, number)).unwrap().is_new);
                }
            });
        }
    });
    for thread in 0..8 {
        for number in 0..5 {
            assert!(!tills[0].record(event(thread, number)).unwrap().is_new);
        }
    }
}

#[test]
fn a_store_written_elsewhere_opens() {
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/../phygital-store/tests/fixtures/log-v2.db");
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(fixture, folder.path().join("till.db")).unwrap();
    let till = Phygital::open(Options { must_exist: true, ..options(&folder) }).unwrap();
    assert_eq!(till.tag("04de5f1eacc040".to_owned()).unwrap().unwrap().place.as_deref(), Some("shop-1"));
    assert!(till.permits(Purpose::Service, "phone:+33612345678".to_owned()).unwrap().allowed);
}

#[test]
fn a_verifier_needs_no_store() {
    let verifier = Verifier::from_json(keys()).unwrap();
    let proof = verifier.verify(Presented::Url { url: link(40) }, None).unwrap();
    assert_eq!((proof.scheme.as_str(), proof.uid.as_deref()), ("ntag424-aes", Some(UID)));
    assert_eq!((proof.read_ctr, proof.key_epoch), (Some(41), Some(0)));
    assert!(proof.facts.iter().any(|fact| fact.name == "uid" && fact.value == UID && fact.authenticated));
    let answer = verifier.verify(Presented::NdefMessage { message: vec![0; 4] }, Some(Time(NOON)));
    assert_eq!(code(answer), Status::TapMalformed.number());
    let none = Verifier::from_json(String::new()).unwrap();
    let answer = none.verify(Presented::Url { url: link(1) }, Some(Time(NOON)));
    assert_eq!(code(answer), Status::TapUnauthenticated.number());
    assert_eq!(code(Verifier::from_json("{".to_owned())), Status::MalformedKeys.number());
}

/// The first case of vectors/taps/apple_vas.json that decrypts.
const CRYPTOGRAM: &str = "496a283c8f37bd45035b6b021a191b9e44f7205f159ac26819763fc938d0da75\
                          08b8656cdd052ae36f3bb97a5fd5142e44bbed2a2f1d0a19aa";
const MERCHANT: &str = "737fe5a6b42ab7388e1124a01bdf5ae0d9e6284423b19d245735ae13a73a8cee";
const SHOWN: i64 = 1_848_854_582_000_000;

#[test]
fn passes_of_phone_wallets_are_taps() {
    let verifier = Verifier::from_json(format!(r#"{{"apple_vas": ["{MERCHANT}"]}}"#)).unwrap();
    let digits = CRYPTOGRAM.as_bytes().chunks_exact(2);
    let cryptogram: Vec<u8> =
        digits.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect();
    let pass = |pass_type: &str| Presented::AppleVas {
        pass_type: pass_type.to_owned(),
        cryptogram: cryptogram.clone(),
    };
    let proof = verifier.verify(pass("pass.example.shop0.loyalty"), Some(Time(SHOWN))).unwrap();
    assert_eq!((proof.scheme.as_str(), proof.assurance), ("apple-vas", Assurance::Dynamic));
    let other = verifier.verify(pass("pass.example.other"), Some(Time(SHOWN)));
    assert_eq!(code(other), Status::TapForged.number());
    assert_eq!(code(verifier.verify(pass(""), Some(Time(SHOWN)))), Status::InvalidArgument.number());

    let told = |vouched| Presented::ApplePass {
        pass_type: "pass.example.loyalty".to_owned(),
        message: b"token".to_vec(),
        device_time: Some(Time(SHOWN)),
        vouched,
    };
    let shown = |presented| verifier.verify(presented, Some(Time(SHOWN))).unwrap().assurance;
    // A reader's word is worth no more than the pass can prove.
    assert_eq!(shown(told(Assurance::Live)), Assurance::Dynamic);
    assert_eq!(shown(told(Assurance::Static)), Assurance::Static);
    let google = |message: &[u8]| Presented::GooglePass {
        collector: 20_180_608,
        kind: "ly".to_owned(),
        object_id: Vec::new(),
        message: message.to_vec(),
        vouched: Assurance::Live,
    };
    assert_eq!(shown(google(b"42")), Assurance::Live);
    assert_eq!(code(verifier.verify(google(b""), Some(Time(SHOWN)))), Status::TapMalformed.number());

    let folder = tempfile::tempdir().unwrap();
    let till = Phygital::open(options(&folder)).unwrap();
    let outcome = till.verify_tap(TapRequest::new(google(b"42"))).unwrap();
    assert_eq!((outcome.proof.scheme.as_str(), outcome.late), ("smart-tap", false));
}
