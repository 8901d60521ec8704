//! The three shops as the engine sees them: their tags, their keys, their settings.

use phygital_core::conversation::topic::Topic;
use phygital_core::crypto::{Diversifier, Secret, diversify_aes128, ntag424_input};
use phygital_core::engine::{Config, Engine, EntropyError};
use phygital_core::event::kinds::shop::TagEnrolled;
use phygital_core::optin::Notice;
use phygital_core::tap::simulator::SoftTag;
use phygital_core::tap::{KeySet, Keys, Layout, UrlTemplate};
use phygital_core::vocab::{Purpose, TagUid, Timestamp};
use phygital_store::Sqlite;

use super::Error;
use super::generator::SHOPS;
use super::generator::draw::Draw;

/// The brand.
pub(super) const BRAND: &str = "Wren & Co";
/// The time zone of the shops.
pub(super) const ZONE: &str = "America/New_York";
/// Midnight at the shops when the month begins: 1 September 2026, which has no change of clocks.
pub(super) const START: &str = "2026-09-01T04:00:00Z";

/// Where tags hang in each shop. The last is at the till.
const TOUCHPOINTS: [&str; 5] = ["shelf-tops", "shelf-shoes", "fitting-room", "window", "till"];
/// Tags a shop has.
pub(super) const TAGS_A_SHOP: usize = TOUCHPOINTS.len();
/// The window's place among a shop's tags.
pub(super) const WINDOW: usize = 3;
/// The till's.
pub(super) const TILL: usize = 4;
/// A tag that came with the last delivery and is in no registry.
pub(super) const STRANGER: usize = SHOPS.len() * TAGS_A_SHOP;

/// What the shops ask whoever joins.
const WARDROBE: &str = include_str!("wardrobe.json");

const URL: &str = "tap.example/t?p={picc}&c={mac}";
const KEY_NO: u8 = 2;
const SYSTEM: &[u8] = b"WREN";

/// Streams of randomness besides those of the customers.
pub(super) mod streams {
    pub(in super::super) const ENGINE: u64 = 1 << 40;
    pub(in super::super) const TAGS: u64 = ENGINE + 1;
    pub(in super::super) const PLAN: u64 = ENGINE + 2;
    /// One for each customer from here on.
    pub(in super::super) const CUSTOMERS: u64 = 1 << 41;
}

/// A tag in software, and where it hangs.
pub(super) struct Tag {
    pub(super) soft: SoftTag,
    pub(super) shop: usize,
    pub(super) touchpoint: &'static str,
}

impl Tag {
    /// Reads the tag.
    pub(super) fn tap(&mut self, draw: &mut Draw) -> String {
        let mut padding = [0; 16];
        draw.fill(&mut padding);
        self.soft.tap(&padding).expect("a tag is read some hundred times in a month")
    }
}

/// Makes the tags and opens the shops' engine over a store, with every tag enrolled but the stranger.
pub(super) fn open(seed: u64, store: Sqlite, now: Timestamp) -> Result<(Engine<Sqlite>, Vec<Tag>), Error> {
    let mut draw = Draw::new(seed, streams::TAGS);
    let mut master = [0; 16];
    draw.fill(&mut master);
    let master = Secret::take(&mut master);
    let template: UrlTemplate = URL.parse().expect("a template of ours");
    let tags = tags(&master, &template, &mut draw);

    let set = KeySet::diversified(master, KEY_NO, SYSTEM).expect("a short system identifier");
    let keys =
        Keys::new([set.derive_meta_read_key().layout(Layout::Template(template))]).expect("one key set");
    let mut random = Draw::new(seed, streams::ENGINE);
    let entropy = move |bytes: &mut [u8]| {
        random.fill(bytes);
        Ok::<(), EntropyError>(())
    };
    let mut engine = Engine::open(store, config(), keys, entropy)?;
    for tag in tags.iter().take(STRANGER) {
        let mut enrolled = TagEnrolled::new(tag.soft.uid());
        enrolled.touchpoint = tag.touchpoint.parse().ok();
        enrolled.label = Some(format!("{}, {}", SHOPS[tag.shop].name, tag.touchpoint));
        engine.tags().enroll(enrolled, SHOPS[tag.shop].id.parse().ok(), now)?;
    }
    Ok((engine, tags))
}

/// The settings. Measurement rests on consent like the rest, and the notice asks for it: who did not join, or left, is not
/// measured.
fn config() -> Config {
    let purposes = [Purpose::Recognition, Purpose::Personalization, Purpose::Marketing, Purpose::Measurement];
    let text = "Text us the code to be known at our shops, to be served as you like it, to let us measure what brings you, \
                and to get our offers: at most 4 a month. Consent is no condition of buying. Message rates may apply. Reply STOP to \
                leave, HELP for help.";
    let id = "tap-sms-2026-09".parse().expect("a short id");
    let notice = Notice::new(id, text, "+12015550101", purposes).expect("a short notice");
    let notice = notice.with_language("en").expect("a tag of BCP 47");
    Config::default().with_brand(BRAND).with_notice(notice).with_topic(wardrobe())
}

/// What they ask, as a topic.
pub(super) fn wardrobe() -> Topic {
    Topic::from_json(WARDROBE).expect("a sound topic of ours")
}

fn tags(master: &Secret<16>, template: &UrlTemplate, draw: &mut Draw) -> Vec<Tag> {
    let meta = Diversifier::new(master).derive(b"PICC").expect("a short input");
    (0..=STRANGER)
        .map(|number| {
            let mut uid = [0; 7];
            draw.fill(&mut uid);
            // NXP's manufacturer byte; the last makes sure that no two are one.
            (uid[0], uid[6]) = (0x04, u8::try_from(number).expect("a handful of tags"));
            let uid = TagUid::new(uid);
            let input = ntag424_input(uid, KEY_NO, SYSTEM).expect("a short system identifier");
            let key = diversify_aes128(master, &input).expect("a short input");
            let soft = SoftTag::new(uid, template.clone(), &key).meta_read_key(&meta);
            let shop = (number / TAGS_A_SHOP).min(SHOPS.len() - 1);
            Tag { soft, shop, touchpoint: TOUCHPOINTS[number % TAGS_A_SHOP] }
        })
        .collect()
}
