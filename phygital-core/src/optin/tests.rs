//! Opting in end to end: every code is found however it is mangled, and judged alike in any order.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::event::kinds::conversation::OptedIn;
use crate::event::kinds::decisions::{OptInOffered, OptInRefused};
use crate::event::{Body, Event, FoldKey, Origin, Recorded};
use crate::vocab::limits::{CODE_CANDIDATES_MAX, CODE_LIFE_MAX, INBOUND_BYTES_MAX, TRIES_MAX};
use crate::vocab::{
    ConsentMethod, DeviceId, Digest, EventId, EventKey, Hlc, Identifier, NoticeId, Purpose, SourceId,
    Timestamp,
};

fn phone(n: usize) -> Identifier {
    format!("phone:+3361234567{n}").parse().unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000).unwrap()
}

fn code() -> Code {
    "K7QM4X".parse().unwrap()
}

fn found(text: &str) -> Vec<String> {
    candidates(text, &["JOIN"]).iter().map(ToString::to_string).collect()
}

#[test]
fn words_numbers_and_sizes_are_no_codes() {
    for text in [
        "",
        "See you on Thursday, 12 March 2026 at 12:30",
        "Is the size 38B in stock? I take 42.",
        "My number is +1 (510) 555-0101, order 1042",
        "STREET THANKS CHEESE PLEASE ARRETE",
        "nonstop",
        "\u{1f44d}\u{1f44d}",
    ] {
        assert_eq!(found(text), [""; 0], "{text}");
    }
}

#[test]
fn the_likeliest_reading_comes_first() {
    assert_eq!(found("JOIN K7QM4X"), ["K7QM4X"]);
    assert_eq!(found("joink7qm4x please")[0], "K7QM4X");
    assert_eq!(found("JOIN K7QM 4X")[0], "K7QM4X");
    assert_eq!(found("K7Q M4X"), ["K7QM4X"]);
    assert_eq!(found("Liked \u{201c}Join k7q m4x\u{201d}")[0], "K7QM4X");
    assert_eq!(found("JOIN2X")[0], "J01N2X", "a code that looks like the keyword");
    assert_eq!(found("join k7qm4xthanks"), ["K7QM4XTH", "K7QM4XT", "K7QM4X"], "longest first");
}

#[test]
fn candidates_are_bounded() {
    let many = |count: usize| (0..count).map(|n| format!("K7QM{n:02} ")).collect::<String>();
    assert_eq!(found(&many(CODE_CANDIDATES_MAX)).len(), CODE_CANDIDATES_MAX);
    assert_eq!(found(&many(CODE_CANDIDATES_MAX + 1)).len(), CODE_CANDIDATES_MAX);
    let behind = |space: usize| format!("{}K7QM4X", " ".repeat(space));
    assert_eq!(found(&behind(INBOUND_BYTES_MAX - 6)), ["K7QM4X"]);
    assert_eq!(found(&behind(INBOUND_BYTES_MAX - 5)), [""; 0]);
}

/// What eyes and keyboards do to one symbol.
fn symbol_forms(symbol: char) -> Vec<String> {
    let mut forms = vec![symbol.to_string(), symbol.to_lowercase().to_string()];
    match symbol {
        '0' => forms.extend(["O", "o", "\u{ff2f}"].map(String::from)),
        '1' => forms.extend(["I", "i", "L", "l", "\u{2113}"].map(String::from)),
        _ => {}
    }
    let wide = char::from_u32(u32::from(symbol) + 0xfee0).unwrap();
    forms.extend([wide.to_string(), format!("{symbol}\u{200b}"), format!("{symbol}\u{301}")]);
    if let Some(digit) = symbol.to_digit(10) {
        forms.push(format!("{symbol}\u{fe0f}\u{20e3}"));
        forms.push(char::from_u32(0x0660 + digit).unwrap().to_string());
        forms.push(char::from_u32(0x1d7ce + digit).unwrap().to_string());
    }
    forms
}

/// What stands between the symbols of a code, and where a code so torn is still found.
const TORN: [(&str, bool); 8] = [
    ("", true),
    ("-", true),
    (".", true),
    ("\u{2013}", true),
    ("_", true),
    (" ", false),
    (" - ", false),
    (". ", false),
];

/// What stands around a code: `{}` is its place. Those that may hold spaces within.
const AROUND_TORN: [&str; 12] = [
    "{}",
    "  {} \n",
    "JOIN {}",
    "Join. {}",
    "join:{}",
    "Hi! JOIN {}",
    "\u{201c}JOIN {}\u{201d}",
    "\u{201c}{}\u{201d}",
    "Liked \u{201c}JOIN {}\u{201d}",
    "Reacted \u{1f44d} to \u{201c}Join {}\u{201d}",
    "JOIN {}\n\nSent from my iPhone 15",
    "{}\nEnvoy\u{e9} de mon iPhone",
];

/// Those where a code is found when it stands together or has hyphens and dots within.
const AROUND_WHOLE: [&str; 8] = [
    "Hi! JOIN {} please",
    "hello {}!",
    "({}) thanks so much",
    "My code is \u{2018}{}\u{2019}, size 38B",
    "Joint {} at 12:30",
    "> JOIN {}\n> Reply HELP\nok 2 go",
    "join the club with {}, see you at 5pm on the 12th",
    "\u{1f600}{}\u{1f600}",
];

proptest! {
    #[test]
    fn every_code_is_found_however_mangled(
        random: [u8; 16],
        length in 0..3usize,
        forms in proptest::collection::vec(any::<prop::sample::Index>(), 8),
        torn in proptest::sample::select(TORN.to_vec()),
        tears in 0..256usize,
        glued: bool,
        around in any::<prop::sample::Index>(),
    ) {
        let code = Code::mint(&random, [CodeLength::Six, CodeLength::Seven, CodeLength::Eight][length]);
        let mut typed = String::new();
        for (n, symbol) in code.as_str().chars().enumerate() {
            if n > 0 && tears >> n & 1 == 1 {
                typed.push_str(torn.0);
            }
            typed.push_str(forms[n].get(&symbol_forms(symbol)[..]).as_str());
        }
        let arounds: Vec<&str> =
            if torn.1 { [&AROUND_TORN[..], &AROUND_WHOLE].concat() } else { AROUND_TORN.to_vec() };
        let mut around = around.get(&arounds).to_string();
        if glued {
            around = around.replace("JOIN {}", "JOIN{}");
        }
        let text = around.replace("{}", &typed);
        let codes = candidates(&text, &["JOIN"]);
        prop_assert!(codes.contains(&code), "{} in {:?} gave {:?}", code, text, found(&text));
    }

    #[test]
    fn letters_glued_behind_a_keyword_and_code_do_no_harm(random: [u8; 16], behind in "[a-z]{1,12}") {
        let code = Code::mint(&random, CodeLength::Six);
        let text = format!("join{code}{behind}");
        prop_assert!(candidates(&text, &["JOIN"]).contains(&code));
    }

    #[test]
    fn whatever_is_texted_is_read(text in "(?s).{0,200}", keyword in "\\PC{0,4}") {
        prop_assert!(candidates(&text, &[&keyword]).len() <= CODE_CANDIDATES_MAX);
    }

    #[test]
    fn texts_made_of_parts_of_codes_are_read(parts in proptest::collection::vec("[JOIN0-9K -]{0,9}|JOIN|\n", 0..400)) {
        prop_assert!(candidates(&parts.concat(), &["JOIN", "O", ""]).len() <= CODE_CANDIDATES_MAX);
    }

    #[test]
    fn words_alone_are_never_codes(words in proptest::collection::vec("[A-Za-z]{1,12}", 0..12)) {
        prop_assert_eq!(found(&format!("JOIN {}", words.join(" "))), [""; 0]);
    }
}

// --- the folds -----------------------------------------------------------------------------------

fn recorded(id: &str, seconds: i64, body: impl Into<Body>) -> Recorded {
    let source = SourceId::new("test").unwrap();
    let mut event = Event::new(source, EventId::new(id).unwrap(), at(seconds), body)
        .with("tag_visitor:v-1".parse().unwrap());
    event.settle().unwrap();
    let hlc = Hlc::ZERO.tick(at(seconds)).unwrap();
    let fold = FoldKey::of(&event, hlc);
    let origin = Origin { device: DeviceId::from_bytes([0; 16]), epoch: 0, seq: 1 };
    Recorded { event, fold, origin, hlc, received_at: at(seconds) }
}

fn offered(id: &str, seconds: i64, expires: i64) -> Recorded {
    let (tap, notice) = (EventKey::from_bytes([1; 16]), NoticeId::new("n-1").unwrap());
    let offer = OptInOffered::new("K7QM4X".into(), tap, at(expires), notice, Digest::from_bytes([2; 32]));
    recorded(id, seconds, offer)
}

fn used(id: &str, seconds: i64, by: usize) -> Recorded {
    let mut said = OptedIn::new(phone(by), vec![Purpose::Marketing], ConsentMethod::TapToText);
    said.code = Some("K7QM4X".into());
    recorded(id, seconds, said)
}

fn refused(id: &str, seconds: i64, reason: CodeRefusal) -> Recorded {
    recorded(id, seconds, OptInRefused::new(phone(0), reason.code().into()))
}

fn offer<'r>(events: impl IntoIterator<Item = &'r Recorded>) -> Offer {
    let mut offer = Offer::default();
    events.into_iter().for_each(|event| {
        offer.apply(&code(), event);
    });
    offer
}

fn tries<'r>(events: impl IntoIterator<Item = &'r Recorded>) -> Tries {
    let mut tries = Tries::default();
    events.into_iter().for_each(|event| {
        tries.apply(&phone(0), event);
    });
    tries
}

fn verdict(offer: &Offer, tries: &Tries, by: usize, now: i64) -> Result<bool, CodeRefusal> {
    let judged = judge(Some(offer), Some(tries), &phone(by), at(now), &OptInConfig::default());
    judged.map(|acceptance| matches!(acceptance, Acceptance::Join(_)))
}

#[test]
fn a_code_counts_once_and_until_it_expires() {
    let none = Tries::default();
    let fresh = offer([&offered("o", 100, 1_000)]);
    assert_eq!(verdict(&fresh, &none, 0, 999), Ok(true));
    assert_eq!(verdict(&fresh, &none, 0, 1_000), Err(CodeRefusal::Expired));
    assert_eq!(verdict(&Offer::default(), &none, 0, 0), Err(CodeRefusal::UnknownCode));
    assert_eq!(judge(None, None, &phone(0), at(0), &OptInConfig::default()), Err(CodeRefusal::UnknownCode));
    let spent = offer([&used("u", 200, 0), &offered("o", 100, 1_000)]);
    assert_eq!(verdict(&spent, &none, 0, 300), Ok(false), "sent twice");
    assert_eq!(verdict(&spent, &none, 0, 9_999), Ok(false), "sent again long after");
    assert_eq!(verdict(&spent, &none, 1, 300), Err(CodeRefusal::Used));
    assert_eq!(verdict(&spent, &none, 1, 0), Err(CodeRefusal::Used), "the clock was set back");
    let foresight = offer([&used("u", 200, 0)]);
    assert_eq!(verdict(&foresight, &none, 1, 300), Err(CodeRefusal::Used), "the offer is still to come");
}

#[test]
fn no_offer_outlives_the_limit() {
    let life = CODE_LIFE_MAX.as_secs() as i64;
    let ends = |expires: i64| offer([&offered("o", 100, expires)]).offered().unwrap().expires_at;
    assert_eq!(ends(100 + life), at(100 + life));
    assert_eq!(ends(101 + life), at(100 + life));
}

#[test]
fn tries_are_counted_in_a_sliding_window() {
    let fresh = offer([&offered("o", 0, 80_000)]);
    let wrong: Vec<_> = (0..5).map(|n| refused(&format!("r{n}"), n * 60, CodeRefusal::UnknownCode)).collect();
    let window = 60 * 60;
    assert_eq!(verdict(&fresh, &tries(&wrong[..4]), 0, 300), Ok(true));
    assert_eq!(verdict(&fresh, &tries(&wrong), 0, 300), Err(CodeRefusal::TooManyTries));
    assert_eq!(verdict(&fresh, &tries(&wrong), 0, window - 1), Err(CodeRefusal::TooManyTries));
    assert_eq!(verdict(&fresh, &tries(&wrong), 0, window), Ok(true));
    let locked = [wrong, vec![refused("r9", 400, CodeRefusal::TooManyTries)]].concat();
    assert_eq!(verdict(&fresh, &tries(&locked), 0, window), Ok(true), "waiting is not punished");
    let spent = offer([&offered("o", 0, 80_000), &used("u", 10, 0)]);
    assert_eq!(verdict(&spent, &tries(&locked), 0, 300), Ok(false), "who joined has joined");
    assert!(!Tries::default().apply(&phone(1), &locked[0]), "another number's");
}

#[test]
fn as_many_tries_are_kept_as_may_be_allowed() {
    let wrong = |count: usize| {
        let events: Vec<_> =
            (0..count).map(|n| refused(&format!("r{n}"), n as i64, CodeRefusal::Used)).collect();
        tries(&events).within(Duration::from_secs(3_600), at(0))
    };
    assert_eq!((wrong(TRIES_MAX), wrong(TRIES_MAX + 1)), (TRIES_MAX, TRIES_MAX));
}

#[test]
fn refusals_are_ordered_and_named() {
    assert!(CodeRefusal::ALL.is_sorted());
    for refusal in CodeRefusal::ALL {
        assert_eq!(refusal.to_string(), refusal.code());
    }
}

#[test]
fn nothing_personal_is_printed() {
    let spent = offer([&offered("o", 0, 100), &used("u", 10, 3)]);
    let printed = format!("{spent:?} {:?}", candidates("JOIN K7QM4X", &["JOIN"]));
    for secret in ["+336", "v-1", "K7QM4X"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

proptest! {
    #[test]
    fn order_of_arrival_and_repeats_do_not_matter(
        (events, shuffled) in proptest::collection::vec((0..5i64, 0..4usize, 0..3usize), 0..10).prop_flat_map(|parts| {
            let events: Vec<Recorded> = parts.into_iter().enumerate().map(|(n, (time, what, who))| {
                let id = format!("e{n}");
                match what {
                    0 => offered(&id, time, time + 3),
                    1 => used(&id, time, who),
                    2 => refused(&id, time, CodeRefusal::ALL[who]),
                    _ => recorded(&id, time, OptedIn::new(phone(who), vec![Purpose::Service], ConsentMethod::Web)),
                }
            }).collect();
            (Just(events.clone()), Just(events).prop_shuffle())
        })
    ) {
        let (one, two) = (offer(&events), offer(shuffled.iter().chain(&events)));
        prop_assert_eq!(&one, &two);
        prop_assert_eq!(serde_json::from_str::<Offer>(&serde_json::to_string(&one).unwrap()).unwrap(), one);
        let (one, two) = (tries(&events), tries(shuffled.iter().chain(&events)));
        prop_assert_eq!(&one, &two);
        prop_assert_eq!(serde_json::from_str::<Tries>(&serde_json::to_string(&one).unwrap()).unwrap(), one);
    }
}
