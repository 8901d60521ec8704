//! Links of any shape, and tags that have them under their MAC or not.

use proptest::prelude::*;

use super::*;
use crate::crypto::Secret;
use crate::tap::simulator::SoftTag;
use crate::tap::{KeySet, Keys, Layout, MacInput, UrlTemplate, verify};
use crate::vocab::TagUid;

fn code(url: &str) -> &'static str {
    match DigitalLink::parse(url) {
        Ok(_) => "ok",
        Err(refusal) => refusal.code(),
    }
}

fn value(url: &str, ai: &str) -> Option<String> {
    DigitalLink::parse(url).unwrap().value(ai).map(str::to_owned)
}

#[test]
fn any_resolver_and_prefix() {
    for url in [
        "https://id.gs1.org/01/09506000134352",
        "HTTP://Brand.Example:8080/a/b/01/9506000134352",
        "brand.example/01/09506000134352/",
        "https://brand.example/01/x/gtin/9506000134352",
        "https://brand.example/10/01/09506000134352?linkType=gs1:pip#top",
    ] {
        assert_eq!(value(url, "01").as_deref(), Some("09506000134352"), "{url}");
    }
}

#[test]
fn qualifiers_stand_in_order_behind_their_key() {
    const KEY: &str = "https://id.gs1.org/01/09506000134352";
    for (rest, expected) in [
        ("/22/V/10/L/21/S", "ok"),
        ("/10/L/21/S", "ok"),
        ("/22/V/21/S", "ok"),
        ("/cpv/V/lot/L/ser/S", "ok"),
        ("/235/T", "ok"),
        ("/21/S/10/L", "malformed"),
        ("/10/L/22/V", "malformed"),
        ("/21/S/21/T", "malformed"),
        ("/10/L/235/T", "malformed"),
        ("/235/T/21/S", "malformed"),
        ("/254/X", "malformed"),
        ("/10/L/17/271231", "ok"),
        ("/17/271231/10/L", "malformed"),
        ("/10/L?10=M", "malformed"),
        ("?17=271231&17=271231", "malformed"),
        ("/17/271231?exp=271231", "malformed"),
        ("/10/L/2", "not_digital_link"),
        ("/10//21/S", "bad_length"),
        ("/99/X", "malformed"),
    ] {
        assert_eq!(code(&format!("{KEY}{rest}")), expected, "{rest}");
    }
    assert_eq!(code("https://shop.example/414/9506000134352/254/TILL7"), "ok");
    assert_eq!(code("https://shop.example/414/9506000134352/10/L"), "malformed");
    assert_eq!(code("https://x.example/8006/095060001343520102/22/V/10/L/21/S"), "ok");
    assert_eq!(code("https://x.example/8010/AB-1/8011/17"), "ok");
    assert_eq!(code("https://x.example/8018/106141412345678908/8019/1"), "ok");
    assert_eq!(code("https://x.example/00/106141412345678908"), "ok");
    assert_eq!(code("https://x.example/253/9506000134352X1"), "ok");
    assert_eq!(code("https://x.example/255/950600013435217"), "ok");
}

#[test]
fn one_key_stands_in_the_path() {
    assert_eq!(code("https://x.example/414/9506000134352/01/09506000134352"), "malformed");
    // Not a key with a value of its form: part of the prefix.
    assert_eq!(code("https://x.example/414/shops/01/09506000134352"), "ok");
    // Values that look like keys.
    assert_eq!(value("https://x.example/01/09506000134352/10/01/21/414", "10").as_deref(), Some("01"));
    for none in [
        "https://x.example/",
        "https://x.example",
        "https://x.example/01",
        "",
        "https://x.example/?01=09506000134352",
    ] {
        assert_eq!(code(none), "not_digital_link", "{none}");
    }
}

#[test]
fn values_are_decoded_once() {
    let lot = |text: &str| DigitalLink::parse(&format!("https://x.example/01/09506000134352/10/{text}"));
    assert_eq!(lot("A%2FB").unwrap().lot(), Some("A/B"));
    assert_eq!(lot("A%2fB").unwrap().lot(), Some("A/B"));
    assert_eq!(lot("A%252F").unwrap().lot(), Some("A%2F"));
    assert_eq!(lot("A+B").unwrap().lot(), Some("A+B"));
    for bad in ["A%2", "A%", "A%G0", "A%20B", "A%00", "%C3%A4", "%23", "A%+1"] {
        assert_eq!(lot(bad).unwrap_err().code(), "malformed", "{bad}");
    }
}

#[test]
fn check_digits_and_lengths_are_told_apart() {
    assert_eq!(code("https://id.gs1.org/01/09506000134353"), "bad_check_digit");
    assert_eq!(code("https://id.gs1.org/01/0950600013435"), "bad_check_digit");
    assert_eq!(code("https://id.gs1.org/01/095060001343"), "bad_check_digit");
    assert_eq!(code("https://id.gs1.org/01/09506000134"), "bad_length");
    assert_eq!(code("https://id.gs1.org/414/9506000134353"), "bad_check_digit");
    assert_eq!(code("https://id.gs1.org/414/09506000134352"), "bad_length");
}

#[test]
fn a_link_is_bounded() {
    let url = |extra: usize| {
        let attributes: String = (0..extra).map(|at| format!("&{}=1", 9000 + at)).collect();
        format!("https://id.gs1.org/01/09506000134352?x{attributes}")
    };
    assert_eq!(code(&url(GS1_ELEMENTS_MAX - 1)), "ok");
    assert_eq!(code(&url(GS1_ELEMENTS_MAX)), "malformed");
    let long = |length: usize| format!("https://id.gs1.org/01/09506000134352?91={}", "a".repeat(length));
    assert_eq!(code(&long(GS1_VALUE_MAX)), "ok");
    assert_eq!(code(&long(GS1_VALUE_MAX + 1)), "bad_length");
    assert_eq!(code(&long(0)), "bad_length");
}

/// A tag with this template, tapped once.
fn tapped(template: &str, mac_input: &str) -> (String, VerifiedTap) {
    let template: UrlTemplate = template.parse().unwrap();
    let template = template.with_mac_input(mac_input.parse::<MacInput>().unwrap()).unwrap();
    let mut tag = SoftTag::new(TagUid::new([4, 1, 2, 3, 4, 5, 6]), template.clone(), &Secret::zeros())
        .meta_read_key(&Secret::zeros());
    let url = tag.tap(&[7; 16]).unwrap();
    let set = KeySet::explicit(Secret::zeros()).meta_read_key(Secret::zeros());
    let keys = Keys::new([set.layout(Layout::Template(template))]).unwrap();
    let tap = verify(&url, &keys).unwrap();
    (url, tap)
}

#[test]
fn a_product_under_the_mac_is_proven() {
    const TEMPLATE: &str = "brand.example/s/01/09506000134352/21/S42?p={picc}&c={mac}";
    for (mac_input, is_proven) in [
        ("host", true),
        ("path", true),
        ("9", true),
        ("query", false),
        ("mirrors", false),
        ("empty", false),
        ("24", false),
    ] {
        let (url, tap) = tapped(TEMPLATE, mac_input);
        let link = DigitalLink::parse(&url).unwrap();
        assert_eq!(link.serial(), Some("S42"));
        assert_eq!(link.is_authenticated_by(&tap), is_proven, "{mac_input}");
        assert_eq!(DigitalLink::authenticated(&tap).is_some(), is_proven);
        // Another product claimed beside a genuine tap.
        let other = DigitalLink::parse(&url.replace("S42", "S43")).unwrap();
        assert!(!other.is_authenticated_by(&tap));
    }
}

#[test]
fn an_attribute_is_proven_where_the_mac_covers_it() {
    let (url, tap) = tapped("b.example/01/09506000134352?17=271231&p={picc}&c={mac}&15=270101", "path");
    let claimed = DigitalLink::parse(&url).unwrap();
    assert_eq!((claimed.expiry(), claimed.value("15")), (Some("271231"), Some("270101")));
    let proven = DigitalLink::authenticated(&tap).unwrap();
    assert_eq!((proven.expiry(), proven.value("15")), (Some("271231"), None));
}

#[test]
fn a_path_that_goes_on_behind_the_mac_is_not_proven() {
    let (url, tap) = tapped("b.example/01/09506000134352/10/{picc}{mac}/21/S42", "path");
    assert!(DigitalLink::authenticated(&tap).is_none(), "{url}");
}

/// A link as its standard writes it.
fn link() -> impl Strategy<Value = String> {
    let text = "[!-z]{1,20}".prop_map(|text: String| {
        text.bytes()
            .filter(|byte| table::is_in_set_82(*byte))
            .map(|byte| format!("%{byte:02x}"))
            .collect::<String>()
    });
    let some = |ai: &'static str| {
        prop::option::of(text.clone()).prop_map(move |value| match value {
            Some(value) if !value.is_empty() => format!("/{ai}/{value}"),
            _ => String::new(),
        })
    };
    let query = prop::sample::subsequence(vec!["17=271231", "91=a%2Fb", "lang=en", "3103=000195"], 0..4);
    ("[0-9]{13}", some("22"), some("lot"), some("21"), query.prop_shuffle()).prop_map(
        |(digits, variant, lot, serial, query)| {
            let sum: u32 =
                digits.bytes().rev().zip([3, 1].iter().cycle()).map(|(d, w)| u32::from(d - b'0') * w).sum();
            let check = (10 - sum % 10) % 10;
            format!("https://x.example/p/01/{digits}{check}{variant}{lot}{serial}?{}", query.join("&"))
        },
    )
}

proptest! {
    /// The canonical link reads back as the same, and so it is canonical.
    #[test]
    fn the_canonical_link_is_the_same_link(url in link()) {
        let link = DigitalLink::parse(&url).unwrap();
        let canonical = link.to_string();
        prop_assert_eq!(DigitalLink::parse(&canonical).unwrap(), link.clone());
        prop_assert!(link.gtin().is_some());
    }
}
