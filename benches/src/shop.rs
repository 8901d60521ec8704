//! A shop to measure: customers who agreed to be known, what they do on the web and in the shop, and tags.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use phygital_core::crypto::Secret;
use phygital_core::engine::{Config, Engine, EntropyError};
use phygital_core::event::kinds::shop::TagEnrolled;
use phygital_core::event::{CodecOptions, Event};
use phygital_core::store::Store;
use phygital_core::tap::simulator::SoftTag;
use phygital_core::tap::{KeySet, Keys, Layout, UrlTemplate};
use phygital_core::vocab::limits::BATCH_EVENTS_MAX;
use phygital_core::vocab::{Identifier, Timestamp};
use phygital_store::{Durability, Options, Sqlite};

/// Shorthand: a benchmark stops at the first error.
pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// How many tags the shop has.
pub const TAGS: u8 = 200;

/// How many events one session on the web has.
pub const SESSION_EVENTS: u64 = 10;

/// How many sessions go on at a time.
const CONCURRENT: u64 = 50;

/// 2026-03-02T09:00:00Z: when the shop opens.
const START_MICROS: i64 = 1_772_442_000_000_000;

/// Part of the names of cached stores: another one when what is in them changes.
const CACHE: u32 = 2;

/// The moment so many milliseconds after the shop opens.
pub fn at(millis: u64) -> Timestamp {
    Timestamp::from_micros(START_MICROS + millis as i64 * 1_000).expect("within the year")
}

/// One number for each, spread over all: SplitMix64's last step.
pub fn mixed(n: u64) -> u64 {
    let z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Randomness that is the same each time.
pub fn entropy(seed: u64) -> impl FnMut(&mut [u8]) -> std::result::Result<(), EntropyError> + Send {
    let mut state = seed;
    move |bytes: &mut [u8]| {
        for chunk in bytes.chunks_mut(8) {
            state += 1;
            chunk.copy_from_slice(&mixed(state).to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// The phone of a customer.
pub fn phone(customer: u64) -> String {
    format!("+336{:08}", 40_000_007 + customer)
}

/// The cookie of a customer's browser.
pub fn cookie(customer: u64) -> String {
    format!("{:016x}", mixed(customer))
}

/// The cookie as an identifier.
pub fn cookie_of(customer: u64) -> Result<Identifier> {
    Ok(format!("cookie:{}", cookie(customer)).parse()?)
}

/// A customer's consent to be known, given at the till with her phone and her browser's cookie.
pub fn opted_in(customer: u64) -> Result<Event> {
    let (phone, cookie) = (phone(customer), cookie(customer));
    let text = format!(
        r#"{{"specversion":"1.0","id":"c-{customer}","source":"//till/1","type":"com.phygital.opted_in",
        "time":"{}","data":{{"identifiers":{{"cookie":"{cookie}"}},"place":"paris-1","properties":{{
        "contact":"phone:{phone}","method":"till","purposes":["recognition","personalization"]}}}}}}"#,
        at(0)
    );
    Ok(Event::from_json(&text, &CodecOptions::default())?)
}

/// The text of the `n`th event on the web, in Phygital's own form.
///
/// Sessions of ten events, fifty of them at a time: eight views, one thing put into the cart, and in every
/// second session an order, in the others one more view. In three sessions of ten the browser comes with a
/// new cookie, and the customer identifies herself half-way. The customers are drawn evenly.
pub fn web_event(n: u64, customers: u64) -> String {
    let (block, within) = (n / (CONCURRENT * SESSION_EVENTS), n % (CONCURRENT * SESSION_EVENTS));
    let (session, step) = (block * CONCURRENT + within % CONCURRENT, within / CONCURRENT);
    let dice = mixed(session ^ 0xd1ce << 32);
    let customer = dice % customers;
    let fresh = dice >> 32 & 0xff < 77;
    let cookie = if fresh { format!("n{session}") } else { cookie(customer) };
    let product = mixed(session * SESSION_EVENTS + step) % 500;
    let price = format!("{}.{:02}", 10 + product % 190, product % 100);
    let line = format!(
        r#""product_id":"p{product}","sku":"SKU-{product}","category":"Shoes","name":"Chelsea boot {product}","brand":"Acme","variant":"Black","price":{price},"quantity":1"#
    );
    let mut identifiers = format!(r#"{{"cookie":"{cookie}"}}"#);
    let (kind, properties) = match step {
        5 if fresh => {
            identifiers = format!(r#"{{"cookie":"{cookie}","phone":"{}"}}"#, phone(customer));
            ("user_identified", String::new())
        }
        8 => ("product_added", format!(r#""cart_id":"k{session}",{line},"currency":"EUR""#)),
        9 if dice >> 40 & 1 == 0 => (
            "order_completed",
            format!(
                r#""order_id":"o{session}","revenue":{price},"total":{price},"currency":"EUR","products":[{{{line}}}]"#
            ),
        ),
        _ => ("product_viewed", format!(r#"{line},"currency":"EUR""#)),
    };
    format!(
        r#"{{"specversion":"1.0","id":"w-{n}","source":"//shop.example/web","type":"com.phygital.{kind}","time":"{}","data":{{"identifiers":{identifiers},"context":{{"page":{{"path":"/boots/{product}","url":"https://shop.example/boots/{product}"}}}},"properties":{{{properties}}}}}}}"#,
        at(1_000 + n * 20)
    )
}

/// Events on the web, read from their texts.
pub fn web_events(range: std::ops::Range<u64>, customers: u64) -> Result<Vec<Event>> {
    range.map(|n| Ok(Event::from_json(&web_event(n, customers), &CodecOptions::default())?)).collect()
}

fn key(n: u8) -> Result<Secret<16>> {
    Ok(Secret::from_hex(&format!("{n:02x}").repeat(16))?)
}

fn template() -> Result<UrlTemplate> {
    Ok("tap.example/t?p={picc}&c={mac}".parse()?)
}

/// The shop's tags, in software.
pub fn tags() -> Result<Vec<SoftTag>> {
    (0..TAGS)
        .map(|n| {
            let uid = format!("04a1b2c3d4e5{n:02x}").parse()?;
            Ok(SoftTag::new(uid, template()?, &key(n)?).meta_read_key(&key(0xee)?))
        })
        .collect()
}

fn keys() -> Result<Keys> {
    let sets = tags()?
        .iter()
        .zip(0..)
        .map(|(tag, n)| {
            let layout = Layout::Template(template()?);
            Ok(KeySet::explicit(key(n)?).meta_read_key(key(0xee)?).of_tag(tag.uid()).layout(layout))
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Keys::new(sets)?)
}

/// An engine with the shop's keys over a store.
pub fn engine<S: Store>(store: S, seed: u64) -> Result<Engine<S>> {
    let config = Config::default().with_tenant([7; 32]).with_brand("Maison Ada");
    Ok(Engine::open(store, config, keys()?, entropy(seed))?)
}

/// Enrols the tags and lets the customers consent.
pub fn fill<S: Store>(engine: &mut Engine<S>, customers: u64) -> Result<()> {
    for tag in tags()? {
        let mut enrolled = TagEnrolled::new(tag.uid());
        enrolled.touchpoint = Some("shelf-1".parse()?);
        engine.tags().enroll(enrolled, Some("paris-1".parse()?), at(0))?;
    }
    let batch = BATCH_EVENTS_MAX as u64;
    for from in (0..customers).step_by(BATCH_EVENTS_MAX) {
        let events = (from..customers.min(from + batch)).map(opted_in).collect::<Result<Vec<_>>>()?;
        record(engine, events, at(0))?;
    }
    Ok(())
}

/// Records events, all of which have to be new.
pub fn record<S: Store>(engine: &mut Engine<S>, events: Vec<Event>, now: Timestamp) -> Result<()> {
    for answer in engine.record_all(events, now)? {
        if !answer?.is_new() {
            return Err("an event was known already".into());
        }
    }
    Ok(())
}

/// A store with so many customers, made once and kept; with how long that took, where it was made now.
pub fn base(folder: &Path, customers: u64) -> Result<(PathBuf, Option<Duration>)> {
    let schema = include_str!("../../phygital-store/src/sqlite/schema.sql");
    let form = schema.bytes().fold(u64::from(CACHE), |sum, byte| mixed(sum ^ u64::from(byte)));
    let path = folder.join(format!("base-{customers}-{:08x}.db", form as u32));
    if path.exists() {
        return Ok((path, None));
    }
    let partial = path.with_extension("partial");
    crate::disk::remove(&partial);
    let start = Instant::now();
    let options = Options::new().durability(Durability::Normal).cache_bytes(2 << 30);
    let mut engine = engine(Sqlite::open_with(&partial, &options)?, 1)?;
    fill(&mut engine, customers)?;
    engine.into_store().close()?;
    let took = start.elapsed();
    fs::rename(&partial, &path)?;
    Ok((path, Some(took)))
}

/// A copy of the store with so many customers, to be written to.
pub fn copy_of_base(folder: &Path, customers: u64, name: &str) -> Result<(PathBuf, Option<Duration>)> {
    let (base, took) = base(folder, customers)?;
    let path = folder.join(name);
    crate::disk::remove(&path);
    fs::copy(base, &path)?;
    fs::File::open(&path)?.sync_all()?;
    Ok((path, took))
}
