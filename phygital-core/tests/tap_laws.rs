//! Laws of taps on random tags and links: what the simulator sends verifies, what was changed does not, and
//! nothing that arrives makes us panic.

#![allow(clippy::unwrap_used, reason = "a test")]

use phygital_core::crypto::Secret;
use phygital_core::tap::replay::{Judgement, judge};
use phygital_core::tap::simulator::SoftTag;
use phygital_core::tap::{
    self, KeySet, Keys, Layout, MacInput, Mirrors, ModeRule, PiccDataTag, SdmMode, SdmOffsets, UrlTemplate,
    diagnose,
};
use phygital_core::vocab::tag::{KeyEpoch, ReadCounter, TagUid};
use proptest::prelude::*;

/// Shapes that are recognised without their template, each with the MAC inputs that its tag can have.
const SHAPES: [(&str, &[&str]); 16] = [
    ("H/t?p={picc}&c={mac}", &["empty", "mirrors", "query", "path", "host"]),
    ("H/t?picc_data={picc}&enc={enc}&cmac={mac}", &["enc", "mirrors", "query", "path", "host"]),
    ("H/t?e={picc}{enc}{mac}", &["enc", "mirrors", "query", "path", "host"]),
    ("H/t?e={picc}{enc}{tt}{mac}", &["enc", "mirrors", "path"]),
    ("H/t?e={picc}{mac}", &["empty", "mirrors", "path"]),
    ("H/t?e={picc}{enc}{mac}{tt}", &["enc", "mirrors", "path"]),
    ("H/t/{picc}x{enc}x{mac}", &["enc", "mirrors", "path", "host"]),
    ("H/t?m={picc}x{mac}", &["empty", "mirrors", "query", "path", "host"]),
    ("H/t?uid={uid}&ctr={ctr}&c={mac}", &["empty", "mirrors", "query", "path", "host"]),
    ("H/t?m={uid}x{ctr}x{mac}", &["empty", "mirrors", "path", "host"]),
    ("H/t?uid={uid}&c={mac}", &["empty", "mirrors", "path"]),
    ("H/t?ctr={ctr}&c={mac}", &["empty", "mirrors", "path"]),
    ("H/t?c={mac}&p={picc}", &["empty", "path", "host"]),
    ("H/#p={picc}&c={mac}", &["empty", "mirrors", "host"]),
    ("H/t?p={picc}&tt={tt}&c={mac}", &["empty", "mirrors", "tt", "path", "host"]),
    ("H/01/09506000134352/21/STORE-0042?p={picc}&c={mac}", &["empty", "mirrors", "path", "host"]),
];

#[derive(Clone, Debug)]
struct Case {
    mode: SdmMode,
    shape: usize,
    mac_input: usize,
    uid: [u8; 7],
    counter: u32,
    file_key: [u8; 16],
    meta_key: [u8; 16],
    picc_data_tag: PiccDataTag,
    data: Vec<[u8; 16]>,
    padding: [u8; 16],
}

fn cases() -> impl Strategy<Value = Case> {
    let tags = prop::sample::select(vec![PiccDataTag::UidAndCounter, PiccDataTag::Uid, PiccDataTag::Counter]);
    let modes = prop::sample::select(vec![SdmMode::Aes, SdmMode::Lrp]);
    (
        (modes, 0..SHAPES.len(), any::<prop::sample::Index>(), any::<[u8; 7]>(), 0..0xFF_FFFFu32),
        (any::<[u8; 16]>(), any::<[u8; 16]>(), tags),
        (prop::collection::vec(any::<[u8; 16]>(), 1..3), any::<[u8; 16]>()),
    )
        .prop_map(|((mode, shape, start, uid, counter), (file_key, meta_key, tag), (data, padding))| {
            let (template, starts) = SHAPES[shape];
            // File data needs both UID and counter.
            let picc_data_tag = if template.contains("{enc}") { PiccDataTag::UidAndCounter } else { tag };
            let mac_input = start.index(starts.len());
            Case { mode, shape, mac_input, uid, counter, file_key, meta_key, picc_data_tag, data, padding }
        })
}

impl Case {
    fn template(&self) -> UrlTemplate {
        let (text, starts) = SHAPES[self.shape];
        let template: UrlTemplate = text.replace('H', "tap.example").parse().unwrap();
        template.with_mac_input(starts[self.mac_input].parse().unwrap()).unwrap()
    }

    fn tag(&self) -> SoftTag {
        SoftTag::new(TagUid::new(self.uid), self.template(), &Secret::take(&mut self.file_key.clone()))
            .mode(self.mode)
            .meta_read_key(&Secret::take(&mut self.meta_key.clone()))
            .picc_data_tag(self.picc_data_tag)
            .file_data(&self.data.concat())
            .counted(ReadCounter::new(self.counter).unwrap())
    }

    fn keys(&self, layout: Layout) -> Keys {
        let set = KeySet::explicit(Secret::take(&mut self.file_key.clone()))
            .meta_read_key(Secret::take(&mut self.meta_key.clone()))
            .epoch(KeyEpoch::new(3))
            .mode(ModeRule::Only(self.mode))
            .layout(layout);
        Keys::new([set]).unwrap()
    }

    /// Without a template, with one whose MAC input is searched, and with all known.
    fn layouts(&self) -> [Layout; 3] {
        let searched: UrlTemplate = self.template().to_string().parse().unwrap();
        [Layout::default(), Layout::Template(searched), Layout::Template(self.template())]
    }

    /// Who the tag says it is: UID and counter.
    fn identity(&self) -> (bool, bool) {
        let text = SHAPES[self.shape].0;
        if text.contains("{picc}") {
            (self.picc_data_tag != PiccDataTag::Counter, self.picc_data_tag != PiccDataTag::Uid)
        } else {
            (text.contains("{uid}"), text.contains("{ctr}"))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_a_tag_sends_verifies(case in cases()) {
        let url = case.tag().tap(&case.padding).unwrap();
        for layout in case.layouts() {
            let tap = tap::verify(&url, &case.keys(layout));
            let tap = tap.map_err(|refusal| TestCaseError::fail(format!("{url}: {refusal}")))?;
            let (uid, ctr) = case.identity();
            prop_assert_eq!(tap.uid(), uid.then(|| TagUid::new(case.uid)));
            prop_assert_eq!(tap.read_ctr().map(ReadCounter::get), ctr.then_some(case.counter + 1));
            prop_assert_eq!(tap.key_epoch(), KeyEpoch::new(3));
            let text = SHAPES[case.shape].0;
            let data = text.contains("{enc}").then(|| case.data.concat());
            prop_assert_eq!(tap.file_data().map(|data| data.as_bytes().to_vec()), data);
            if text.contains("{tt}") {
                prop_assert_eq!(tap.tag_tamper().unwrap().letters(), "CC");
            }
            // What the MAC covers ends at the MAC and stands in the link.
            prop_assert!(url.contains(tap.authenticated_text()));
        }
    }

    #[test]
    fn the_file_verifies_by_its_offsets(case in cases()) {
        let url = case.tag().tap(&case.padding).unwrap();
        let file = case.tag().tap_file(&case.padding).unwrap();
        prop_assert_eq!(tap::ndef_url(&file).unwrap(), &url[..]);
        let template = case.template();
        let chars = if SHAPES[case.shape].0.contains("{enc}") { 32 * case.data.len() } else { 0 };
        let offsets: SdmOffsets = template.sdm_offsets(case.mode, chars).unwrap();
        let tap = tap::verify_file(&file, &offsets, &case.keys(Layout::default())).unwrap();
        let by_url = tap::verify(&url, &case.keys(Layout::Template(template))).unwrap();
        prop_assert_eq!((tap.uid(), tap.read_ctr(), tap.tag_tamper()), (by_url.uid(), by_url.read_ctr(), by_url.tag_tamper()));
        prop_assert_eq!((tap.file_data(), tap.authenticated_text()), (by_url.file_data(), by_url.authenticated_text()));
    }

    /// Any one character of what the tag wrote, mirrors and MAC input, changed into any other. The case of
    /// mirrors and hosts alone means nothing.
    #[test]
    fn what_was_changed_is_refused(case in cases(), at: prop::sample::Index, other in 0x21..0x7Fu8) {
        let url = case.tag().tap(&case.padding).unwrap();
        for layout in case.layouts() {
            let keys = case.keys(layout);
            let genuine = tap::verify(&url, &keys).unwrap();
            let mirrors = mirrors_of(&url, &case);
            let covered = url.find(genuine.authenticated_text()).unwrap();
            let covered = covered..covered + genuine.authenticated_text().len();
            let matters: Vec<usize> = (0..url.len())
                .filter(|at| covered.contains(at) || mirrors.iter().any(|mirror| mirror.contains(at)))
                .collect();
            let at = matters[at.index(matters.len())];
            let mut bytes = url.clone().into_bytes();
            if bytes[at].eq_ignore_ascii_case(&other) {
                continue;
            }
            bytes[at] = other;
            let changed = String::from_utf8(bytes).unwrap();
            let result = tap::verify(&changed, &keys);
            prop_assert!(result.is_err(), "{url} became {changed}: {result:?}");
        }
    }

    /// Wrappers change the scheme and append parameters; under a template also their order and the host's
    /// case.
    #[test]
    fn what_wrappers_do_is_tolerated(case in cases(), scheme in "[a-z]{1,8}", extra in "[a-z]{3,8}=[A-Za-z0-9_-]{0,40}") {
        let url = case.tag().tap(&case.padding).unwrap();
        let text = url.strip_prefix("https://").unwrap();
        let joint = if text.contains('?') && !text.contains('#') { "&" } else { "" };
        let appended = if joint.is_empty() { text.to_owned() } else { format!("{text}{joint}utm_{extra}") };
        for layout in case.layouts() {
            let is_template = matches!(layout, Layout::Template(_));
            let keys = case.keys(layout);
            prop_assert!(tap::verify(&format!("{scheme}://{appended}"), &keys).is_ok(), "{appended}");
            if is_template {
                let (host, rest) = text.split_once('/').unwrap();
                let mut moved = format!("https://{}/{rest}", host.to_uppercase());
                if let (Some((front, query)), false) = (moved.split_once('?'), moved.contains('#')) {
                    let mut params: Vec<&str> = query.split('&').collect();
                    params.reverse();
                    moved = format!("{front}?{}", params.join("&"));
                }
                prop_assert!(tap::verify(&moved, &keys).is_ok(), "{moved}");
            }
        }
    }

    /// Lower-case digits are the same bytes.
    #[test]
    fn lower_case_digits_are_the_same_tap(case in cases()) {
        let url = case.tag().tap(&case.padding).unwrap();
        let mut lower = url.clone().into_bytes();
        for mirror in mirrors_of(&url, &case) {
            if !url[mirror.clone()].bytes().all(|byte| b"COI".contains(&byte)) {
                lower[mirror].make_ascii_lowercase();
            }
        }
        let lower = String::from_utf8(lower).unwrap();
        for layout in case.layouts() {
            let keys = case.keys(layout);
            let said = |text: &str| {
                let tap = tap::verify(text, &keys).unwrap();
                // All but how many ways of reading the link were tried.
                (tap.uid(), tap.read_ctr(), tap.tag_tamper(), tap.file_data().cloned(), tap.authenticated_text().to_owned())
            };
            prop_assert_eq!(said(&lower), said(&url));
        }
    }

    #[test]
    fn taps_of_one_tag_are_accepted_once_and_in_order(case in cases()) {
        prop_assume!(case.identity().1 && case.counter < 0xFF_FFF0);
        let (mut tag, keys) = (case.tag(), case.keys(Layout::default()));
        let mut mark = None;
        for _ in 0..3 {
            let url = tag.tap(&case.padding).unwrap();
            let ctr = tap::verify(&url, &keys).unwrap().read_ctr().unwrap();
            let Judgement::Accepted { mark: next, .. } = judge(mark, ctr) else {
                return Err(TestCaseError::fail("a fresh tap was refused"));
            };
            prop_assert_eq!(judge(Some(next), ctr), Judgement::Replayed);
            mark = Some(next);
        }
    }

    #[test]
    fn no_link_makes_us_panic(case in cases(), noise in "\\PC{0,300}", cut: prop::sample::Index, insert: prop::sample::Index) {
        let url = case.tag().tap(&case.padding).unwrap();
        // A tamper status after the MAC is claimed, not proven: a link that lost it is still genuine.
        let proven = &url[..mirrors_of(&url, &case).iter().map(|mirror| mirror.end).max().unwrap()];
        let mut mixed = url[..cut.index(url.len())].to_owned();
        mixed.insert_str(insert.index(mixed.len() + 1), &noise);
        for layout in case.layouts() {
            let keys = case.keys(layout);
            for text in [&noise[..], &mixed] {
                let result = tap::verify(text, &keys);
                prop_assert!(result.is_err() || text.starts_with(proven));
                let _ = diagnose(text, &keys);
            }
        }
        let _ = noise.parse::<UrlTemplate>();
        let _ = noise.parse::<MacInput>();
        let _ = Keys::from_json(&noise);
    }

    #[test]
    fn no_mirrors_or_file_make_us_panic(case in cases(), bytes in prop::collection::vec(any::<u8>(), 0..300), offsets: [u16; 8]) {
        let keys = case.keys(Layout::default());
        let [uid, ctr, picc, tt, enc, length, start, mac] = offsets.map(|offset| offset % 300);
        let sdm = SdmOffsets {
            uid_offset: Some(uid),
            ctr_offset: (ctr > 100).then_some(ctr),
            picc_offset: (picc > 100).then_some(picc),
            tt_offset: (tt > 100).then_some(tt),
            enc_offset: (enc > 100).then_some(enc),
            enc_length: (length > 10).then_some(length),
            mac_input_offset: start,
            mac_offset: mac,
        };
        prop_assert!(tap::verify_file(&bytes, &sdm, &keys).is_err());
        let _ = tap::ndef_url(&bytes);
        let mirrors = Mirrors::new(&bytes, &bytes).uid(&bytes).tag_tamper(&bytes, Some(usize::MAX)).file_data(&bytes);
        prop_assert!(tap::verify_mirrors(&mirrors, &keys).is_err());
    }
}

/// Where the mirrors stand in a URL, by its template.
fn mirrors_of(url: &str, case: &Case) -> Vec<std::ops::Range<usize>> {
    let text = SHAPES[case.shape].0.replace('H', "https://tap.example");
    let mut mirrors = Vec::new();
    let (mut at, mut rest) = (0, &text[..]);
    while let Some(open) = rest.find('{') {
        let close = rest.find('}').unwrap();
        at += open;
        let width = match &rest[open + 1..close] {
            "uid" => 14,
            "ctr" => 6,
            "picc" if case.mode == SdmMode::Lrp => 48,
            "picc" => 32,
            "enc" => 32 * case.data.len(),
            "tt" => 2,
            _ => 16,
        };
        // A tamper status outside the MAC input is claimed, not proven.
        if &rest[open + 1..close] != "tt" {
            mirrors.push(at..at + width);
        }
        at += width;
        rest = &rest[close + 1..];
    }
    assert_eq!(at + rest.len(), url.len());
    mirrors
}
