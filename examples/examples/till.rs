//! A till in one file: opens `till.db`, enrols a tag, judges taps and reads texts, shows the card.
//!
//! ```sh
//! cargo run -p phygital-examples --example till
//! ```
//!
//! Each line of standard input is a link, as a phone or a reader gives it, or a number and what it texted. No tag at
//! hand? It prints links that a tag in software made; paste one, then answer its offer, then paste the next:
//!
//! ```text
//! https://tap.example/t?p=...&c=...
//! +12015550123 join k7qm4x
//! https://tap.example/t?p=...&c=... +12015550123
//! ```
//!
//! A number behind a link stands for what the shop's page knows of the phone, such as its cookie.

#![allow(clippy::print_stdout, reason = "an example speaks to people")]

use std::error::Error;
use std::io::{self, BufRead};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use phygital_core::crypto::Secret;
use phygital_core::engine::{self, Config, Engine, EntropyError, Recognition, TapRequest};
use phygital_core::event::Event;
use phygital_core::event::kinds::conversation::MessageReceived;
use phygital_core::event::kinds::shop::TagEnrolled;
use phygital_core::machine::Outcome;
use phygital_core::optin::{Notice, Platform};
use phygital_core::profile::Role;
use phygital_core::store::{Read, Store};
use phygital_core::tap::simulator::SoftTag;
use phygital_core::tap::{KeySet, Keys};
use phygital_core::vocab::{
    Identifier, IdentifierKind, KeyEpoch, Personal, Purpose, ReadCounter, TagUid, Timestamp,
};
use phygital_store::Sqlite;
use ring::rand::{SecureRandom, SystemRandom};

/// The tag at the till. Yours are in a registry of yours.
const TAG: &str = "04a1b2c3d4e5f6";
/// Its keys, which yours are not: they come from your key ring, never from the source.
const KEY: &str = "5ace7e50ab65d5d51fd5bf5a16b8205b";

fn main() -> Result<(), Box<dyn Error>> {
    let mut till = open(Path::new("till.db"))?;
    let uid: TagUid = TAG.parse()?;
    let used =
        till.store().reader()?.mark(&uid, KeyEpoch::FIRST)?.map_or(ReadCounter::ZERO, |mark| mark.highest);
    let mut tag = SoftTag::new(uid, "tap.example/t?p={picc}&c={mac}".parse()?, &key())
        .meta_read_key(&key())
        .counted(used);
    for _ in 0..3 {
        println!("a link to try: {}", tag.tap(&[7; 16])?);
    }
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (first, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let answer = match first {
            "" => continue,
            number if number.starts_with('+') => text(&mut till, number, rest, now()?)?,
            link => tap(&mut till, link, rest, now()?)?,
        };
        println!("{answer}");
    }
    Ok(())
}

/// Opens the store, with the tag enrolled.
fn open(path: &Path) -> Result<Engine<Sqlite>, Box<dyn Error>> {
    let keys = Keys::new([KeySet::explicit(key()).meta_read_key(key())])?;
    let random = SystemRandom::new();
    let entropy = move |bytes: &mut [u8]| random.fill(bytes).map_err(|_| EntropyError);
    let notice = Notice::new(
        "tap-sms-1".parse()?,
        "Text us the code to be known here. Reply STOP to leave.",
        "+12015550101",
        [Purpose::Recognition, Purpose::Personalization],
    )?;
    let config = Config::default().with_brand("Wren & Co").with_notice(notice);
    let mut till = Engine::open(Sqlite::open(path)?, config, keys, entropy)?;
    let uid: TagUid = TAG.parse()?;
    if till.tags().get(uid)?.is_none() {
        till.tags().enroll(TagEnrolled::new(uid), Some("paris-1".parse()?), now()?)?;
    }
    Ok(till)
}

/// Judges one link, and says what the screen at the till shows.
fn tap(
    till: &mut Engine<Sqlite>,
    link: &str,
    number: &str,
    now: Timestamp,
) -> Result<String, Box<dyn Error>> {
    let mut request = TapRequest::url(link);
    if !number.is_empty() {
        request = request.seen(Identifier::new(IdentifierKind::Phone, number)?);
    }
    let tap = match till.taps().verify(request, now) {
        Ok(tap) => tap,
        Err(engine::Error::Tap(refusal)) => return Ok(format!("please tap again: {refusal}")),
        Err(error) => return Err(error.into()),
    };
    match (tap.recognition, tap.opt_in) {
        (Recognition::Known(customer), _) => {
            let card = till.people().card(customer, Role::Associate, now)?;
            Ok(serde_json::to_string_pretty(&card)?)
        }
        (_, Some(offer)) => Ok(format!("{}\n{}", offer.notice.text(), offer.link(Platform::Both))),
        (_, None) => Ok("welcome".to_owned()),
    }
}

/// Takes in a text, and gives the answers that are due: yours go to a gateway.
fn text(till: &mut Engine<Sqlite>, from: &str, body: &str, now: Timestamp) -> Result<String, Box<dyn Error>> {
    let name = format!("m-{}", now.as_micros()); // the gateway's own name for the message
    let mut message = MessageReceived::new(name.parse()?);
    message.body = Some(Personal::new(body));
    let from = Identifier::new(IdentifierKind::Phone, from)?;
    till.record(Event::new("//sms.example".parse()?, name.parse()?, now, message).with(from), now)?;
    let mut answers = Vec::new();
    for action in till.actions().due(None, 10, now)? {
        answers.extend(action.text.as_ref().map(|text| text.reveal().to_owned()));
        till.actions().acknowledge(&action.id, Outcome::Delivered, now)?;
    }
    Ok(answers.join("\n"))
}

fn key() -> Secret<16> {
    Secret::from_hex(KEY).expect("a constant of 32 digits")
}

/// The library asks for no time: its host tells it.
fn now() -> Result<Timestamp, Box<dyn Error>> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(Timestamp::from_micros(i64::try_from(since.as_micros())?)?)
}
