//! What a message costs on its way through the gate: the decision alone, the same over SQLite beside the bare look-ups that it
//! needs, and a million decisions over numbers of every area code.
//!
//! `cargo bench --manifest-path benches/Cargo.toml --bench conversation [-- CUSTOMERS [ROUNDS]]`
//!
//! Figures are medians of batches that take turns in one run.

use std::hint::black_box;
use std::time::{Duration, Instant};

use phygital_benches::disk::{folder, peak_mb, remove};
use phygital_benches::shop::{self, Result, at, mixed};
use phygital_core::consent::Policy;
use phygital_core::conversation::Sent;
use phygital_core::conversation::gate::{Gate, Outgoing, Standing};
use phygital_core::conversation::lint::Style;
use phygital_core::rules::{MessageClass, RuleBook, Whereabouts};
use phygital_core::store::{Read, Store};
use phygital_core::vocab::{Identifier, Purpose, TenantKey, Timestamp};
use phygital_store::Sqlite;

const BATCHES: usize = 9;
/// Microseconds of a decision beside its look-ups, at most.
const MICROS_MAX: f64 = 20.0;
const MILLION: u64 = 1_000_000;

fn main() -> Result<()> {
    let mut numbers = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let customers: u64 = numbers.next().map_or(Ok(20_000), |text| text.parse())?;
    let rounds: u64 = numbers.next().map_or(Ok(5_000), |text| text.parse())?;
    let alone = gate_alone(rounds)?;
    let (whole, bare) = over_sqlite(customers, rounds)?;
    million()?;
    println!(
        "a decision beside its look-ups: {:.1} us (aim: under {MICROS_MAX}), alone {alone:.1} us: {}",
        whole - bare,
        if whole - bare < MICROS_MAX && alone < MICROS_MAX { "met" } else { "missed" }
    );
    Ok(())
}

fn gate() -> Gate {
    Gate::new(RuleBook::standard().clone(), Style::new("Maison Ada").with_domain("ada.example"))
}

const TEXT: &str = "Maison Ada: the boots that you tried on are back in size 38, https://ada.example/b/38 Reply STOP to opt out";

/// A number of Florida, ten messages before, marketing: two zones, windows, caps, content.
fn gate_alone(rounds: u64) -> Result<f64> {
    let gate = gate();
    let to: Identifier = "phone:+18505550123".parse()?;
    let message = Outgoing::new(to.clone(), MessageClass::Marketing, Purpose::Marketing, TEXT);
    let start = Timestamp::parse("2026-07-01T16:00:00Z")?;
    let basis = Policy::default().with(Purpose::Marketing, phygital_core::consent::Basis::LegitimateInterest);
    let consent = basis.permits(None, Purpose::Marketing, start);
    let mut standing = Standing::new(consent, Whereabouts::of(&to));
    for day in 1..=10 {
        let sent = start.saturating_sub(Duration::from_secs(day * 86_400));
        standing.sends.push(Sent::new(sent, MessageClass::Marketing).saying(true, true));
    }
    let [mut lawful, mut refused, mut found, mut texts] = [const { Vec::new() }; 4];
    for _ in 0..BATCHES {
        let time = |hours: u64, times: &mut Vec<f64>| {
            let began = Instant::now();
            for n in 0..rounds {
                let now = start.saturating_add(Duration::from_secs(hours * 3600 + n % 3600));
                let _ = black_box(gate.decide(black_box(&message), &standing, now));
            }
            times.push(micros(began, rounds));
        };
        time(0, &mut lawful);
        time(10, &mut refused);
        let began = Instant::now();
        for _ in 0..rounds {
            black_box(Whereabouts::of(black_box(&to)));
        }
        found.push(micros(began, rounds));
        let began = Instant::now();
        for _ in 0..rounds {
            black_box(gate.style.lint(black_box(TEXT), Default::default()));
        }
        texts.push(micros(began, rounds));
    }
    let [lawful, refused, found, texts] = [lawful, refused, found, texts].map(median);
    println!("the gate alone, Florida, marketing, ten messages before:");
    println!("  let out {lawful:.2} us, refused at night with the next time {refused:.2} us");
    println!("  of it the text {texts:.2} us; where a number may be {found:.2} us");
    Ok(lawful.max(refused) + found)
}

/// `Conversations::judge` over SQLite beside reading the same rows.
fn over_sqlite(customers: u64, rounds: u64) -> Result<(f64, f64)> {
    let folder = folder()?;
    let path = folder.join("conversation.db");
    remove(&path);
    let mut engine = shop::engine(Sqlite::open(&path)?, 1)?;
    shop::fill(&mut engine, customers)?;
    let tenant = TenantKey::new(&engine.identity().tenant);
    let now = at(10_000_000);
    let contacts: Vec<Identifier> = (0..rounds)
        .map(|n| format!("phone:{}", shop::phone(mixed(n) % customers)).parse())
        .collect::<std::result::Result<_, _>>()?;
    let [mut whole, mut bare] = [const { Vec::new() }; 2];
    for _ in 0..BATCHES {
        let began = Instant::now();
        for contact in &contacts {
            let message = Outgoing::new(contact.clone(), MessageClass::Marketing, Purpose::Marketing, TEXT);
            black_box(engine.conversations().judge(&message, now)?.allowed);
        }
        whole.push(micros(began, rounds));
        let began = Instant::now();
        for contact in &contacts {
            let key = contact.key(&tenant);
            let reader = engine.store().reader()?;
            black_box((reader.ledger(&key)?, reader.thread(&key)?));
            if let Some(node) = reader.node(&key)? {
                for other in reader.identifiers_of(&node.customer)? {
                    if other != key {
                        black_box(reader.thread(&other)?);
                    }
                }
            }
        }
        bare.push(micros(began, rounds));
    }
    drop(engine);
    remove(&path);
    let (whole, bare) = (median(whole), median(bare));
    println!("over SQLite with {customers} customers: judged {whole:.1} us, the bare look-ups {bare:.1} us");
    Ok((whole, bare))
}

/// A million decisions, one after another, over numbers of many places at all hours of a year.
fn million() -> Result<()> {
    let gate = gate();
    let areas =
        ["212", "850", "305", "713", "915", "205", "401", "206", "907", "808", "605", "800", "514", "604"];
    let others = ["+33612345678", "+447700900123", "+4915112345678", "+34612345678", "+5511961234567"];
    let numbers =
        areas.iter().map(|area| format!("+1{area}5550123")).chain(others.iter().map(|one| (*one).to_owned()));
    let contacts: Vec<Identifier> =
        numbers.map(|number| format!("phone:{number}").parse()).collect::<std::result::Result<_, _>>()?;
    let known: Vec<Whereabouts> = contacts.iter().map(Whereabouts::of).collect();
    let start = Timestamp::parse("2026-07-01T00:00:00Z")?;
    let policy =
        Policy::default().with(Purpose::Marketing, phygital_core::consent::Basis::LegitimateInterest);
    let before = peak_mb();
    let began = Instant::now();
    let mut out = 0_u64;
    for n in 0..MILLION {
        let at = start.saturating_add(Duration::from_secs(mixed(n) % (365 * 86_400)));
        let which = usize::try_from(mixed(n + MILLION)).unwrap_or(0) % contacts.len();
        let class = MessageClass::ALL[usize::try_from(n % 3).unwrap_or(0)];
        let purpose = if class == MessageClass::Marketing { Purpose::Marketing } else { Purpose::Service };
        let message = Outgoing::new(contacts[which].clone(), class, purpose, TEXT);
        let mut standing = Standing::new(policy.permits(None, purpose, at), known[which].clone());
        for back in 0..n % 5 {
            let sent = at.saturating_sub(Duration::from_secs(back * 20_000 + 60));
            standing.sends.push(Sent::new(sent, class).saying(true, true));
        }
        out += u64::from(gate.decide(&message, &standing, at).allowed);
    }
    let took = began.elapsed().as_secs_f64();
    println!(
        "a million decisions over {} numbers at all hours of a year: {took:.1} s, {:.1} us each, {out} let out; peak memory {:.0} MB, {:.0} MB before",
        contacts.len(),
        took * 1e6 / MILLION as f64,
        peak_mb().unwrap_or_default(),
        before.unwrap_or_default(),
    );
    Ok(())
}

fn micros(began: Instant, rounds: u64) -> f64 {
    began.elapsed().as_secs_f64() * 1e6 / rounds as f64
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
