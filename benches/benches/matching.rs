//! Records of made-up customers through training and matching: CPU time, memory, and how good the entities are.
//!
//! ```sh
//! cargo bench --bench matching                       # 100,000 records
//! cargo bench --bench matching -- write N FILE.csv   # the file for a peer: peers/customers_splink.py FILE.csv
//! cargo bench --bench matching -- FILE.csv           # that file
//! cargo bench --bench matching -- standard FILE      # the model that comes with the core, made anew
//! ```

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter};
use std::time::Instant;

use phygital_benches::people::{self, COLUMNS};
use phygital_benches::standard;
use phygital_core::identity::Evaluation;
use phygital_core::identity::matching::{Field, FieldKind, Model, Records, resolve};

/// What the compared columns hold, in the order of the file.
const KINDS: [FieldKind; 8] = [
    FieldKind::GivenName,
    FieldKind::Surname,
    FieldKind::Date,
    FieldKind::Number,
    FieldKind::Email,
    FieldKind::Street,
    FieldKind::Place,
    FieldKind::Postcode,
];

/// The seed of the generated records.
const SEED: u64 = 7;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["write", count, file] => {
            people::write(&people::records(count.parse()?, SEED), BufWriter::new(File::create(file)?))?;
            Ok(())
        }
        ["standard", file] => {
            fs::write(file, standard::model(standard::RECORDS)?.to_json() + "\n")?;
            Ok(())
        }
        [file] => measure(file),
        _ => {
            let file = std::env::temp_dir().join(format!("phygital-customers-{}.csv", std::process::id()));
            people::write(&people::records(100_000, SEED), BufWriter::new(File::create(&file)?))?;
            let measured = measure(&file.to_string_lossy());
            fs::remove_file(&file)?;
            measured
        }
    }
}

fn measure(file: &str) -> Result<(), Box<dyn Error>> {
    let (wall, begin) = (Instant::now(), cpu_seconds());
    let fields = COLUMNS[1..9].iter().zip(KINDS).map(|(name, kind)| Field::new(*name, kind));
    let rows = lines(file)?.map(|line| {
        let mut values: Vec<String> = line.split(',').map(str::to_owned).collect();
        values.truncate(9);
        (values.remove(0), values)
    });
    let records = Records::new(fields, rows)?;
    let read = cpu_seconds();
    let model = Model::train(&records)?;
    let trained = cpu_seconds();
    let entities = resolve(&records, &model)?;
    let done = cpu_seconds();
    let memory = peak_megabytes();
    println!(
        "{} records: {:.1} CPU s (read {:.1}, train {:.1}, match {:.1}), wall {:.0} s, peak {memory} MB",
        records.len(),
        done - begin,
        read - begin,
        trained - read,
        done - trained,
        wall.elapsed().as_secs_f64(),
    );
    let truth: Vec<String> =
        lines(file)?.map(|line| line.rsplit(',').next().unwrap_or_default().to_owned()).collect();
    // The ids count the lines.
    let found = Evaluation::of(entities.iter().map(|(record, entity)| {
        let line: usize = record[1..].parse().unwrap_or_default();
        (entity, truth[line].as_str())
    }));
    let share = |value: Option<f64>| value.unwrap_or_default();
    println!(
        "clusters: P {:.4} R {:.4} F1 {:.4}; B-cubed P {:.4} R {:.4} F1 {:.4}; {} found, {} people, {} true pairs",
        share(found.pairs.precision()),
        share(found.pairs.recall()),
        share(found.pairs.f1()),
        share(found.b_cubed_precision),
        share(found.b_cubed_recall),
        share(found.b_cubed_f1()),
        found.clusters,
        found.entities,
        found.pairs.truth,
    );
    let (near, weights) = (model.near.unwrap_or_default(), [model.merge, model.review_at, model.match_at]);
    println!("weights in millibits: near pairs {near}, merge, review and match {weights:?}");
    Ok(())
}

/// The lines of a file after the head.
fn lines(file: &str) -> Result<impl Iterator<Item = String>, Box<dyn Error>> {
    Ok(BufReader::new(File::open(file)?).lines().skip(1).map_while(Result::ok))
}

/// What this process has used of processors, in seconds (`/proc/self/stat`, in ticks of a hundredth); 0 elsewhere.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    ticks.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// The most memory this process has had at a time; 0 where `/proc/self/status` is not.
fn peak_megabytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() / 1024
}
