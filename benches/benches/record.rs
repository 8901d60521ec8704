//! 100,000 mixed events recorded in batches over SQLite, with few and with many customers already there.
//!
//! `cargo bench --manifest-path benches/Cargo.toml --bench record [-- MANY [EVENTS [RUNS]]]`
//!
//! Each run is a process of its own, so that its peak memory is its own; the runs with few and with many customers
//! take turns. The stores with customers are made once and kept in the folder of the benchmarks' data.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use phygital_benches::disk::{file_system, folder, peak_mb, remove};
use phygital_benches::shop::{self, Result, at};
use phygital_core::store::{Read, Store};
use phygital_store::Sqlite;

const BATCH: u64 = 1_000;
const FEW: u64 = 1_000;
/// With few and with many customers within this many times of each other.
const RATIO_MAX: f64 = 1.5;
/// The process stays within this many megabytes.
const PEAK_MB_MAX: f64 = 100.0;

/// What one run came to: seconds of recording, seconds of reading the texts, peak memory, size of the file.
type Run = [f64; 4];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [child, path, customers, events] = arguments.as_slice()
        && child == "--child"
    {
        return run(Path::new(path), customers.parse()?, events.parse()?);
    }
    let mut numbers = arguments.iter().map(|text| text.parse::<u64>());
    let many = numbers.next().transpose()?.unwrap_or(1_000_000);
    let events = numbers.next().transpose()?.unwrap_or(100_000);
    let runs = numbers.next().transpose()?.unwrap_or(3);

    let folder = folder()?;
    println!("{}, {}", folder.display(), file_system(&folder));
    let mut found: [Vec<Run>; 2] = [Vec::new(), Vec::new()];
    for _ in 0..runs {
        for (customers, found) in [FEW, many].into_iter().zip(&mut found) {
            let (path, made) = shop::copy_of_base(&folder, customers, "record.db")?;
            if let Some(took) = made {
                println!("the store with {customers} customers was made in {:.0} s", took.as_secs_f64());
            }
            let output = Command::new(std::env::current_exe()?)
                .args(["--child".as_ref(), path.as_os_str()])
                .args([customers.to_string(), events.to_string()])
                .output()?;
            if !output.status.success() {
                return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
            }
            let text = String::from_utf8(output.stdout)?;
            let numbers =
                text.split_whitespace().map(str::parse).collect::<std::result::Result<Vec<f64>, _>>()?;
            found.push(numbers.try_into().map_err(|_| "expected four numbers of the child")?);
            remove(&path);
        }
    }

    println!("{events} events in batches of {BATCH}, SQLite FULL; medians of {runs} runs, in turn");
    println!(
        "{:<20}{:>12}{:>14}{:>12}{:>14}",
        "customers there", "events/s", "us an event", "peak MB", "file MB"
    );
    let median = |found: &[Run], column: usize| {
        let mut values: Vec<f64> = found.iter().map(|run| run[column]).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    for (customers, found) in [FEW, many].into_iter().zip(&found) {
        let seconds = median(found, 0);
        let (each, rate) = (seconds * 1e6 / events as f64, events as f64 / seconds);
        let (peak, file) = (median(found, 2), median(found, 3));
        println!("{customers:<20}{rate:>12.0}{each:>14.1}{peak:>12.1}{file:>14.1}");
    }
    let reading = median(&found[0], 1) * 1e6 / events as f64;
    println!("reading an event from its text before it is recorded, not counted above: {reading:.1} us");
    let ratio = median(&found[1], 0) / median(&found[0], 0);
    let within = ratio.max(1.0 / ratio) <= RATIO_MAX;
    println!(
        "aim: within {RATIO_MAX} times of each other: many take {ratio:.2} times as long as few, {}",
        met(within)
    );
    let peak = found.iter().flatten().map(|run| run[2]).fold(0.0, f64::max);
    println!("aim: at most {PEAK_MB_MAX} MB of memory: {peak:.1}, {}", met(peak <= PEAK_MB_MAX));
    Ok(())
}

fn met(met: bool) -> &'static str {
    if met { "met" } else { "not met" }
}

fn run(path: &Path, customers: u64, events: u64) -> Result<()> {
    let mut engine = shop::engine(Sqlite::open(path)?, 3)?;
    let (mut recording, mut reading) = (Duration::ZERO, Duration::ZERO);
    for from in (0..events).step_by(BATCH as usize) {
        let start = Instant::now();
        let batch = shop::web_events(from..events.min(from + BATCH), customers)?;
        reading += start.elapsed();
        let start = Instant::now();
        shop::record(&mut engine, batch, at(60_000 + from * 20))?;
        recording += start.elapsed();
    }
    let store = engine.into_store();
    assert!(store.reader()?.len()? >= events, "every event is in the log");
    store.close()?;
    let size = std::fs::metadata(path)?.len() as f64 / 1e6;
    let peak = peak_mb().ok_or("expected /proc/self/status")?;
    println!("{} {} {peak} {size}", recording.as_secs_f64(), reading.as_secs_f64());
    Ok(())
}
