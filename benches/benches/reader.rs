//! One tap by kind of card through the PN532 driver: exchanges, bytes, and the time that they take on a line; what the
//! driver adds to that; how soon it is cancelled, how soon a card that was taken away is missed and a reader that was
//! unplugged, and how long opening one takes.
//!
//! `cargo bench --manifest-path benches/Cargo.toml --bench reader [-- ROUNDS]`
//!
//! The first table is computed from the bytes that the emulated chip counted. The rest is measured on it, at the pace
//! of a chip at 115,200 baud; the limit is a program that writes the same bytes and reads as many.

use std::error::Error;
use std::fs::File;
use std::io::{Read, Write};
use std::process::ExitCode;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use phygital_core::contactless::Step;
use phygital_core::contactless::apple_vas::phone::{SoftPass, VasPhone};
use phygital_core::contactless::apple_vas::{KdfVariant, PassRequest, VasMode, VasTerminal};
use phygital_core::contactless::reading::{CardKind, Reading, Wanted};
use phygital_core::contactless::smart_tap::phone::{SmartTapPhone, SoftObject};
use phygital_core::contactless::smart_tap::{
    CollectorKey, ObjectKind, SessionSeed, SmartTapTerminal, VasTypes,
};
use phygital_core::contactless::type4::Type4Path;
use phygital_core::crypto::{P256Key, Secret};
use phygital_core::tap::SdmMode;
use phygital_core::tap::tag_setup::{SdmRights, TagSetup};
use phygital_core::vocab::Timestamp;
use phygital_reader::pn532::Pn532Backend;
use phygital_reader::{Backend, Card, Reader, ReaderName, Technology};
use phygital_sim::pn532::{Exchange, Pace, Pn532Chip, WireTime};
use phygital_sim::{Field, Ntag424, SoftCard, SoftPhone, Type2Tag, Type2TagChip, Type4Tag};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// At most this many times the bare line.
const RATIO_MAX: f64 = 1.05;
const SOON: Duration = Duration::from_secs(10);
/// Half a frame of full-speed USB, which a transfer waits for its turn on average, and what a byte takes.
const USB_TURN: Duration = Duration::from_micros(500);
const USB_BYTE: Duration = Duration::from_nanos(667);
/// Command, acknowledgement, answer.
const TRANSFERS: u32 = 3;
const MESSAGE: &[u8] =
    b"\xD1\x01\x45U\x04example.test/t?e=00112233445566778899AABBCCDDEEFF&c=0123456789ABCDEF";
const COLLECTOR: u32 = 20_180_608;

/// A kind of card, and what is asked of it.
struct Kind<'k> {
    name: &'static str,
    card: Box<dyn Fn() -> Box<dyn SoftCard> + 'k>,
    wanted: Box<dyn Fn() -> Wanted<'k> + 'k>,
}

fn main() -> Result<ExitCode> {
    let rounds = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let rounds: usize = rounds.map_or(Ok(31), |text| text.parse())?;
    let signer = CollectorKey::new(key(1), 1);
    let kinds = kinds(&signer)?;

    println!("one tap: a selection, and what is read\n");
    println!(
        "{:<34} {:>9} {:>9} {:>6} {:>6} {:>9} {:>9} {:>6} {:>6} {:>9}",
        "kind", "exchanges", "with card", "sent", "read", "115,200", "460,800", "USB", "air", "115,200"
    );
    println!(
        "{:<34} {:>9} {:>9} {:>6} {:>6} {:>9} {:>9} {:>6} {:>6} {:>9}",
        "", "", "", "bytes", "bytes", "ms", "ms", "ms", "ms", "with air"
    );
    for kind in &kinds {
        let (mut bench, mut reader) = Bench::open(Pace::AtOnce)?;
        bench.field.put_boxed((kind.card)());
        let before = bench.chip.wire_time();
        let with_card = tap(reader.as_mut(), (kind.wanted)())?;
        let spent = bench.chip.wire_time().since(&before);
        bench.row(kind.name, with_card, &spent);
    }

    let ratio = overhead(&kinds[0], rounds)?;
    cancelling(rounds)?;
    removal(&kinds[0], rounds)?;
    opening(rounds)?;
    unplugging(rounds)?;
    println!("aim: at most {RATIO_MAX} times the bare line, found {ratio:.3}");
    Ok(if ratio <= RATIO_MAX { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// An emulated chip.
struct Bench {
    field: Field,
    chip: Pn532Chip,
}

impl Bench {
    fn open(pace: Pace) -> Result<(Self, Box<dyn Reader>)> {
        let field = Field::new();
        let chip = Pn532Chip::start(field.clone())?;
        chip.chip().set_pace(pace);
        let reader = Pn532Backend::new().open(&ReaderName::new(chip.path().to_string_lossy()))?;
        Ok((Self { field, chip }, reader))
    }

    fn row(&mut self, name: &str, with_card: u32, spent: &WireTime) {
        let bytes = spent.host_bytes + spent.chip_bytes;
        let turns = USB_TURN * TRANSFERS * u32::try_from(spent.exchanges).unwrap_or(u32::MAX);
        let usb = turns + USB_BYTE * u32::try_from(bytes).unwrap_or(u32::MAX);
        println!(
            "{name:<34} {:>9} {with_card:>9} {:>6} {:>6} {:>9.1} {:>9.1} {:>6.1} {:>6.1} {:>9.1}",
            spent.exchanges,
            spent.host_bytes,
            spent.chip_bytes,
            ms(spent.line(115_200)),
            ms(spent.line(460_800)),
            ms(usb),
            ms(spent.air),
            ms(spent.line(115_200) + spent.air),
        );
    }
}

/// The driver beside the bare line, in turns; gives the ratio.
fn overhead(kind: &Kind<'_>, rounds: usize) -> Result<f64> {
    let (bench, mut reader) = Bench::open(Pace::Real)?;
    let (bare, _closed) = {
        // Opened once, so that it is set as the driver sets it.
        let (bare, reader) = Bench::open(Pace::Real)?;
        (bare, drop(reader))
    };
    let mut line = File::options().read(true).write(true).open(bare.chip.path())?;
    for bench in [&bench, &bare] {
        bench.field.put_boxed((kind.card)());
    }
    // Between field and selection both must wait for the card; so what is measured is the reading of a selected one.
    let card = reader.poll(SOON)?.ok_or("a card lies there")?;
    replay(&mut line, &bench.chip.log())?;
    let [mut driven, mut bared] = [Vec::new(), Vec::new()];
    let before = bench.chip.wire_time();
    for _ in 0..rounds {
        bench.chip.chip().clear_log();
        let began = Instant::now();
        read(reader.as_mut(), &card, (kind.wanted)())?;
        driven.push(began.elapsed());
        let log = bench.chip.log();
        let began = Instant::now();
        replay(&mut line, &log)?;
        bared.push(began.elapsed());
    }
    let spent = bench.chip.wire_time().since(&before);
    let implied = ms(spent.line(115_200) + spent.air) / rounds as f64;
    // A line takes as long as it takes, and a busy machine only adds to it: the least says what is ours.
    let least = |times: &[Duration]| ms(times.iter().min().copied().unwrap_or_default());
    let ratio = least(&driven) / least(&bared);
    println!("\n{}, read {rounds} times in turns: least, ratio, median, ms", kind.name);
    println!("{:<34} {implied:>9.2}", "implied by bytes and air");
    println!("{:<34} {:>9.2} {:>9.3} {:>9.2}", "the bare line", least(&bared), 1.0, ms(median(bared)));
    println!("{:<34} {:>9.2} {ratio:>9.3} {:>9.2}", "the driver", least(&driven), ms(median(driven)));
    Ok(ratio)
}

/// Writes what a host wrote, and reads as much as it was answered.
fn replay(line: &mut File, log: &[Exchange]) -> Result<()> {
    for exchange in log {
        line.write_all(&exchange.host)?;
        line.read_exact(&mut vec![0; exchange.chip.len()])?;
    }
    Ok(())
}

/// From the cancelling to the return of a poll that would last.
fn cancelling(rounds: usize) -> Result<()> {
    let (_bench, mut reader) = Bench::open(Pace::Real)?;
    let canceller = reader.canceller();
    let (starts, started) = channel::<()>();
    let (cancels, cancelled) = channel();
    let other = thread::spawn(move || {
        while started.recv().is_ok() {
            thread::sleep(Duration::from_millis(30));
            let at = Instant::now();
            canceller.cancel();
            if cancels.send(at).is_err() {
                break;
            }
        }
    });
    let mut times = Vec::new();
    for _ in 0..rounds {
        starts.send(())?;
        let polled = reader.poll(SOON);
        let returned = Instant::now();
        assert!(polled.is_err(), "it was cancelled");
        times.push(returned - cancelled.recv()?);
    }
    drop(starts);
    other.join().map_err(|_| "the other thread panicked")?;
    line("from cancelling to the return", times);
    Ok(())
}

/// From the taking away to the answer that no card is there, asked without a pause.
fn removal(kind: &Kind<'_>, rounds: usize) -> Result<()> {
    let (bench, mut reader) = Bench::open(Pace::Real)?;
    let mut times = Vec::new();
    for _ in 0..rounds {
        bench.field.put_boxed((kind.card)());
        reader.poll(SOON)?.ok_or("a card lies there")?;
        assert!(reader.link().is_present()?);
        bench.field.take();
        let taken = Instant::now();
        while reader.link().is_present()? {}
        times.push(taken.elapsed());
        reader.release()?;
    }
    line("from taking a card to missing it", times);
    Ok(())
}

/// From the wish for a reader that is there to a reader.
fn opening(rounds: usize) -> Result<()> {
    let (bench, reader) = Bench::open(Pace::Real)?;
    drop(reader);
    let name = ReaderName::new(bench.chip.path().to_string_lossy());
    let mut times = Vec::new();
    for _ in 0..rounds {
        let began = Instant::now();
        let reader = Pn532Backend::new().open(&name)?;
        times.push(began.elapsed());
        drop(reader);
    }
    line("opening a reader", times);
    Ok(())
}

/// From the pulling of the cable to the end of the poll that runs.
fn unplugging(rounds: usize) -> Result<()> {
    let (bench, reader) = Bench::open(Pace::Real)?;
    drop(reader);
    let name = ReaderName::new(bench.chip.path().to_string_lossy());
    let mut times = Vec::new();
    for _ in 0..rounds {
        let mut reader = Pn532Backend::new().open(&name)?;
        let polling = thread::spawn(move || (reader.poll(SOON).is_err(), Instant::now()));
        thread::sleep(Duration::from_millis(30));
        let pulled = Instant::now();
        bench.chip.unplug()?;
        let (failed, ended) = polling.join().map_err(|_| "the other thread panicked")?;
        assert!(failed, "the reader is gone");
        times.push(ended - pulled);
        bench.chip.plug()?;
    }
    line("from unplugging to noticing", times);
    Ok(())
}

fn line(name: &str, times: Vec<Duration>) {
    let most = times.iter().max().copied().unwrap_or_default();
    println!("{name:<34} {:>9.2} ms, at most {:.2}", ms(median(times)), ms(most));
}

/// Selects the card and reads it; gives the exchanges with it.
fn tap(reader: &mut dyn Reader, wanted: Wanted<'_>) -> Result<u32> {
    let card = reader.poll(SOON)?.ok_or("a card lies there")?;
    read(reader, &card, wanted)
}

/// Reads a selected card; gives the exchanges with it.
fn read(reader: &mut dyn Reader, card: &Card, wanted: Wanted<'_>) -> Result<u32> {
    let kind = match card.technology {
        Technology::Type2 => CardKind::Type2,
        _ => CardKind::iso_dep(card.uid.as_bytes()),
    };
    let (mut reading, mut step) = Reading::new(kind, wanted);
    let mut exchanges = 0;
    let read = loop {
        match step {
            Step::Send(command) => {
                exchanges += 1;
                step = reading.next(&reader.link().transceive(&command, SOON)?);
            }
            Step::Done(read) => break read,
        }
    };
    assert!(read.misses.is_empty(), "{:?}", read.misses);
    Ok(exchanges)
}

fn kinds(signer: &CollectorKey) -> Result<Vec<Kind<'_>>> {
    let template = "tap.example/?p={mac_input}{picc}&c={mac}".parse()?;
    let setup = TagSetup::new(template, SdmMode::Aes, 0, SdmRights::new(2, 1))?;
    let uid = "04a1b2c3d4e5f6".parse()?;
    let sun = move || -> Box<dyn SoftCard> {
        let keys = [1, 2, 3, 4, 5].map(|byte| Secret::take(&mut [byte; 16]));
        Box::new(Ntag424::personalised(uid, 7, &setup, keys))
    };
    let again = sun.clone();
    let ndef = |path| move || Wanted::nothing().ndef_by(path);
    Ok(vec![
        Kind {
            name: "NTAG 424 DNA, a SUN link",
            card: Box::new(sun),
            wanted: Box::new(ndef(Type4Path::Known)),
        },
        Kind {
            name: "  by way of the container",
            card: Box::new(again),
            wanted: Box::new(ndef(Type4Path::Standard)),
        },
        Kind {
            name: "Type 4 tag, 73 bytes",
            card: Box::new(|| Box::new(Type4Tag::new(MESSAGE))),
            wanted: Box::new(ndef(Type4Path::Standard)),
        },
        Kind {
            name: "Type 2 tag, 73 bytes",
            card: Box::new(move || {
                let tag = Type2Tag::new(Type2TagChip::Ntag213, uid, 7);
                Box::new(tag.ndef(MESSAGE).expect("it fits"))
            }),
            wanted: Box::new(Wanted::ndef),
        },
        Kind {
            name: "phone, a pass of Apple VAS",
            card: Box::new(|| Box::new(iphone())),
            wanted: Box::new(|| {
                let requests = [PassRequest::pass("pass.example.shop".parse().expect("a name"))];
                let terminal = VasTerminal::new(VasMode::VasOnly);
                Wanted::nothing().vas(terminal, &requests).expect("one pass")
            }),
        },
        Kind {
            name: "phone, a pass of Google Smart Tap",
            card: Box::new(|| Box::new(android())),
            wanted: Box::new(|| {
                let seed = SessionSeed { session_id: [5; 8], reader_nonce: [6; 32], reader_key: key(7) };
                let terminal = SmartTapTerminal::new(COLLECTOR, signer, VasTypes::PassOnly);
                Wanted::nothing().smart_tap(terminal, seed).expect("a terminal")
            }),
        },
    ])
}

fn iphone() -> SoftPhone {
    let pass = SoftPass {
        pass: "pass.example.shop".parse().expect("a name"),
        merchant: key(1).public(),
        message: b"0123456789abcdef0123456789abcdef".to_vec(),
        variant: KdfVariant::One,
    };
    let now = Timestamp::parse("2026-11-21T12:00:00Z").expect("a time");
    SoftPhone::new(7).apple_wallet(VasPhone::new(vec![pass], now))
}

fn android() -> SoftPhone {
    let object = SoftObject {
        kind: ObjectKind::Loyalty,
        issuer: 7,
        object_id: [1; 8],
        service_number: "0123456789abcdef0123456789abcdef".to_owned(),
    };
    let mut wallet = SmartTapPhone::new(vec![object]);
    wallet.trust(COLLECTOR, 1, key(1).public());
    SoftPhone::new(7).google_wallet(wallet)
}

fn key(byte: u8) -> P256Key {
    P256Key::new(Secret::take(&mut [byte; 32])).expect("a small number")
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
