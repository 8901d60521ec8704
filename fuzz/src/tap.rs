//! What the tap targets check of arbitrary bytes. Plain functions, so that the corpora run as tests too.

use std::error::Error;
use std::sync::LazyLock;

use phygital_core::contactless::ntag424::{Access, AccessRights};
use phygital_core::crypto::Secret;
use phygital_core::tap::personalise::{KeySlot, SlotKeyTable, SlotKeys, Target};
use phygital_core::tap::simulator::{SoftTag, SoftTagError};
use phygital_core::tap::tag_setup::TagSetup;
use phygital_core::tap::{
    self, Field, KeySet, Keys, Layout, MacInput, Mirrors, ModeRule, SdmMode, SdmOffsets, UrlTemplate,
};
use phygital_core::vocab::tag::TagUid;

/// The factory keys of the published examples, read by shape and by a template, and a diversified fleet.
static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let template = "tap.example/t?picc_data={picc}&enc={enc}&cmac={mac}".parse().expect("a template");
    let factory = || KeySet::explicit(Secret::zeros()).meta_read_key(Secret::zeros());
    let fleet = KeySet::diversified(Secret::zeros(), 2, b"shop").expect("a short system id");
    Keys::new([
        factory().mode(ModeRule::Either),
        factory().layout(Layout::Template(template)),
        fleet.meta_read_key(Secret::zeros()),
    ])
    .expect("three sets")
});

/// Arbitrary bytes as a link, as an NDEF file and as mirrors: nothing panics, and nothing verifies but what a
/// tag with these keys wrote.
pub fn link(data: &[u8]) {
    if let Ok(url) = std::str::from_utf8(data) {
        let result = tap::verify(url, &*KEYS);
        assert_eq!(tap::diagnose(url, &*KEYS).result, result);
        if let Ok(verified) = result {
            // The MAC covers text that the link has, but for the case of its letters and, by template, its order.
            assert!(verified.authenticated_text().len() <= url.len());
        }
    }
    if let Ok(url) = tap::ndef_url(data) {
        let _ = tap::verify(&url, &*KEYS);
    }
    let (offsets, file) = data.split_at(data.len().min(8));
    if let [uid, ctr, picc, tt, enc, length, start, mac] = *offsets {
        let some = |offset: u8| (offset > 0).then_some(u16::from(offset));
        let sdm = SdmOffsets {
            uid_offset: some(uid),
            ctr_offset: some(ctr),
            picc_offset: some(picc),
            tt_offset: some(tt),
            enc_offset: some(enc),
            enc_length: some(length),
            mac_input_offset: u16::from(start),
            mac_offset: u16::from(mac),
        };
        let _ = tap::verify_file(file, &sdm, &*KEYS);
    }
    let third = data.len() / 3;
    let mirrors = Mirrors::new(&data[..third], &data[third..2 * third]).picc_data(&data[2 * third..]);
    let _ = tap::diagnose_mirrors(&mirrors, &*KEYS);
}

/// Arbitrary text as a template: what is accepted prints and reads back, and a tag made from it sends links
/// that verify.
pub fn template(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(template) = text.parse::<UrlTemplate>() else { return };
    let again: UrlTemplate = template.to_string().parse().expect("what was printed is a template");
    let again = again.with_mac_input(template.mac_input()).expect("the same MAC input");
    assert_eq!(again, template);
    if template.mac_input() != MacInput::Search {
        let chars = if template.has(Field::FileData) { 32 } else { 0 };
        template
            .sdm_offsets(SdmMode::Aes, chars)
            .expect("a template fits in the tag with its shortest file data");
    }
    // A tag has the id of its fleet's key in place of `{kid}`.
    let template = match template.has_key_id().then(|| template.with_key_id("k")) {
        Some(Ok(template)) => template,
        Some(Err(_)) => return,
        None => template,
    };
    let uid = TagUid::new([4, 1, 2, 3, 4, 5, 6]);
    for mode in [SdmMode::Aes, SdmMode::Lrp] {
        let tag = SoftTag::new(uid, template.clone(), &Secret::zeros()).meta_read_key(&Secret::zeros());
        let url = match tag.mode(mode).tap(&[7; 16]) {
            Ok(url) => url,
            // The template may be full with the PICCData of AES mode, which is shorter.
            Err(SoftTagError::TooLong) if mode == SdmMode::Lrp => continue,
            Err(error) => panic!("a tag that can be: {error}"),
        };
        let set = KeySet::explicit(Secret::zeros()).meta_read_key(Secret::zeros());
        let layout = Layout::Template(template.clone());
        let keys = Keys::new([set.layout(layout).mode(ModeRule::Only(mode))]).expect("one set");
        tap::verify(&url, &keys).expect("what the tag sent");
    }
}

/// Arbitrary text as a key file: no panic, and no error that repeats a key of the file.
pub fn keys_json(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Keys::from_json(text) {
        Ok(keys) => {
            let url = "https://ntag.nxp.com/424?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086";
            let _ = tap::diagnose(url, &keys);
        }
        Err(error) => repeats_no_key(text, &error),
    }
}

fn repeats_no_key<E: Error>(text: &str, error: &E) {
    let said = format!("{error} {error:?}").to_lowercase();
    let digits = |word: &&str| word.len() >= 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    for word in text.to_lowercase().split(|c: char| !c.is_ascii_alphanumeric()).filter(digits) {
        assert!(!said.contains(word), "an error repeats a key");
    }
}

/// Arbitrary text as provisioning keys: the latest version is there, has a key, and other tags have others unless they
/// are written down or open `{picc}`; no error repeats a key of the file.
pub fn slot_keys_json(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let keys = match SlotKeyTable::from_json(text) {
        Ok(keys) => keys,
        Err(error) => return repeats_no_key(text, &error),
    };
    let latest = keys.latest();
    assert!(latest > 0 && keys.has(latest) && !keys.has(0));
    let of = |uid: [u8; 7]| KeySlot::ALL.map(|slot| keys.key(TagUid::new(uid), slot, latest));
    let ([one, two], again) = ([[4; 7], [5; 7]].map(of), of([4; 7]));
    assert!(one.iter().any(Option::is_some));
    assert!(one.iter().zip(&again).all(|(key, again)| key == again));
    assert!(one.iter().zip(&two).all(|(one, two)| one.is_some() == two.is_some()));
    for version in 0..=u8::MAX {
        let has = keys.key(TagUid::new([4; 7]), KeySlot::MASTER, version).is_some();
        assert!(!has || keys.has(version));
    }
}

/// A byte for the mode, then arbitrary text as the setup of a tag: what is accepted fits a tag, and file and settings
/// say what it was.
pub fn tag_setup(data: &[u8]) {
    let Some((mode, text)) = data.split_first() else { return };
    let mode = if mode & 1 == 0 { SdmMode::Aes } else { SdmMode::Lrp };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let Ok(setup) = TagSetup::from_text(text, mode) else { return };
    let access = AccessRights {
        read: Access::Free,
        write: Access::Key(0),
        read_write: Access::Key(0),
        change: Access::Key(0),
    };
    let settings = setup.file_settings(access);
    settings.encode().expect("settings that a tag takes");
    let file = setup.ndef_file();
    assert!(file.len() <= 256, "longer than the file of a tag");
    let back = TagSetup::read_back(&file, &settings, mode).expect("what it was given");
    assert_eq!(back.ndef_file(), file);
    let target = Target::new(setup, 1);
    assert_eq!(target.content(), target.clone().content());
}
