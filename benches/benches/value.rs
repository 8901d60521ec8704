//! Models of customer value on generated customers, and on those of CDNOW where their file is given: CPU time.
//!
//! ```sh
//! cargo bench --bench value                              # a million customers
//! cargo bench --bench value -- CDNOW.csv.gz              # those too: ID,x,t_x,T,zbar; unpacked by gzip
//! cargo bench --bench value -- write N FILE.csv          # the file for a peer: peers/value_lifetimes.py FILE.csv
//! ```
//!
//! Customers buy as BG/NBD says with r .5, alpha 8, a .9, b 3, in weeks, seen for 20 to 80 of them, to the second; they
//! are drawn by a counter (splitmix64), so the same on every machine.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::{Command, ExitCode};
use std::sync::OnceLock;
use std::time::Instant;

use phygital_benches::shop::mixed;
use phygital_benches::{Candidate, medians};
use phygital_core::measure::value::{
    BgNbd, Customers, GammaGamma, MbgNbd, ParetoNbd, Relation, Spending, Summary, Sums,
};

const MANY: u64 = 1_000_000;
/// The aims, in milliseconds.
const MANY_MS: f64 = 1_000.0;
const CDNOW_MS: f64 = 5.0;
const PARETO_MS: f64 = 30.0;

/// Numbers of one customer.
struct Draw(u64, u64);

impl Draw {
    /// From 0 to 1, neither of them.
    fn share(&mut self) -> f64 {
        self.1 += 1;
        ((mixed(mixed(self.0) ^ self.1) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.share().ln()).sqrt() * (std::f64::consts::TAU * self.share()).cos()
    }

    /// A gamma distribution of this shape (Marsaglia and Tsang 2000).
    fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            return self.gamma(shape + 1.0) * self.share().powf(1.0 / shape);
        }
        let d = shape - 1.0 / 3.0;
        loop {
            let x = self.normal();
            let v = (1.0 + x / (9.0 * d).sqrt()).powi(3);
            if v > 0.0 && self.share().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }

    fn customer(&mut self) -> (u32, f64, f64) {
        let rate = self.gamma(0.5) / 8.0;
        let (stop, on) = (self.gamma(0.9), self.gamma(3.0));
        let second = |weeks: f64| (weeks * 604_800.0).ceil() / 604_800.0;
        let age = second(20.0 + 60.0 * self.share());
        let (mut repeats, mut recency, mut time) = (0, 0.0, 0.0);
        loop {
            time += -self.share().ln() / rate;
            if time > age {
                return (repeats, second(recency).min(age), age);
            }
            (repeats, recency) = (repeats + 1, time);
            if self.share() < stop / (stop + on) {
                time = f64::INFINITY;
            }
        }
    }
}

fn draw(count: u64) -> impl Iterator<Item = (u32, f64, f64)> {
    (0..count).map(|customer| Draw(customer, 0).customer())
}

fn gathered(rows: &[Summary]) -> Customers {
    let mut gather = Customers::gather(Relation::AtWill).expect("no contract");
    rows.iter().for_each(|summary| gather.push(*summary, 1).expect("not too many"));
    gather.finish()
}

/// The milliseconds that this process has had a processor for, where Linux tells; else those of the clock.
fn milliseconds() -> f64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let threads = std::fs::read_dir("/proc/self/task").ok().map(|tasks| {
        let own = |task: std::fs::DirEntry| {
            let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<f64>().ok()
        };
        tasks.flatten().filter_map(own).sum::<f64>() / 1e6
    });
    threads.unwrap_or_else(|| START.get_or_init(Instant::now).elapsed().as_secs_f64() * 1e3)
}

/// What one call takes on a processor, the best of some runs: others who wait for the machine slow its memory too.
fn best_of<T>(runs: u32, calls: u32, mut work: impl FnMut() -> T) -> (f64, T) {
    let mut best = f64::INFINITY;
    let mut last = None;
    for _ in 0..runs {
        let start = milliseconds();
        for _ in 0..calls {
            last = Some(work());
        }
        best = best.min((milliseconds() - start) / f64::from(calls));
    }
    (best, last.expect("at least one run"))
}

fn best<T>(runs: u32, work: impl FnMut() -> T) -> (f64, T) {
    best_of(runs, 1, work)
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["write", count, file] = arguments[..] {
        let mut file = BufWriter::new(File::create(file)?);
        writeln!(file, "frequency,recency,T")?;
        for (repeats, recency, age) in draw(count.parse()?) {
            writeln!(file, "{repeats},{recency},{age}")?;
        }
        file.flush()?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut missed = false;
    let mut aim = |what: &str, met: bool| {
        println!("{} {what}", if met { "met:   " } else { "MISSED:" });
        missed |= !met;
    };

    let rows =
        draw(MANY).map(|(x, recency, age)| Summary::new(x, recency, age)).collect::<Result<Vec<_>, _>>()?;
    let (grouping, customers) = best(3, || gathered(&rows));
    println!("{MANY} customers in {} groups: grouped in {grouping:.0} ms", customers.groups());
    let (bg, fit) = best(3, || BgNbd::fit(&customers));
    let fit = fit?;
    println!("BG/NBD {bg:.0} ms, {} passes, {}", fit.status.passes, fit.status);
    for (parameter, truth) in fit.parameters.iter().zip([0.5, 8.0, 0.9, 3.0]) {
        let error = parameter.standard_error.unwrap_or(f64::NAN);
        println!("    {:5} {:9.5} +- {error:.5}, drawn with {truth}", parameter.name, parameter.value);
    }
    aim("BG/NBD of a million customers, grouping included: at most 1 s", grouping + bg <= MANY_MS);
    let (mbg, _) = best(1, || MbgNbd::fit(&customers));
    let (pareto, _) = best(1, || ParetoNbd::fit(&customers));
    println!("MBG/NBD {mbg:.0} ms, Pareto/NBD {pareto:.0} ms");
    let (ahead, sum) = best(3, || rows.iter().map(|of| fit.model.expected(of, 39.0)).sum::<f64>());
    let (alive, _) = best(3, || rows.iter().map(|of| fit.model.probability_alive(of)).sum::<f64>());
    println!("expected purchases {ahead:.0} ms ({sum:.0} in all), probability alive {alive:.0} ms");

    // Customers are sorted, so the pieces are dealt in turn, as the command does.
    let two = |pieces: usize, piece: &(dyn Fn(usize) -> Sums + Sync)| {
        let hand = move |first: usize| (first..pieces).step_by(2).map(piece).collect::<Vec<_>>();
        let (even, odd) = std::thread::scope(|scope| {
            let odd = scope.spawn(move || hand(1));
            (hand(0), odd.join().expect("it does not panic"))
        });
        let (mut even, mut odd) = (even.into_iter(), odd.into_iter());
        (0..pieces)
            .map(|at| if at % 2 == 0 { even.next() } else { odd.next() })
            .map(|one| one.expect("dealt"))
            .collect()
    };
    let double = BgNbd::fit_with(&customers, &two)?;
    aim("two threads give the bits of one", double == fit);
    let mut candidates = [
        Candidate::new("one thread", || BgNbd::fit(&customers)),
        Candidate::new("two threads", || BgNbd::fit_with(&customers, &two)),
    ];
    let times = medians(&mut candidates, 5, 1);
    println!("two threads {:.2} times as fast as one, by the clock", times[0] / times[1]);
    drop(candidates);

    if let [file] = arguments[..] {
        let text = Command::new("gzip").args(["-dc", file]).output()?.stdout;
        let mut rows = Vec::new();
        let mut spending = Spending::gather();
        for line in String::from_utf8(text)?.lines().skip(1) {
            let cells = line.split(',').collect::<Vec<_>>();
            rows.push(Summary::parse(cells[1], cells[2], cells[3])?);
            if cells[1] != "0" {
                spending.push(cells[1].parse()?, cells[4].parse()?, 1)?;
            }
        }
        let spending = spending.finish();
        let (bg, fit) = best_of(5, 50, || BgNbd::fit(&gathered(&rows)));
        println!("CDNOW: BG/NBD {bg:.2} ms, log-likelihood {}", fit?.log_likelihood);
        let (mbg, fit) = best_of(5, 50, || MbgNbd::fit(&gathered(&rows)));
        println!("CDNOW: MBG/NBD {mbg:.2} ms, log-likelihood {}", fit?.log_likelihood);
        let (pareto, fit) = best_of(5, 50, || ParetoNbd::fit(&gathered(&rows)));
        println!("CDNOW: Pareto/NBD {pareto:.2} ms, log-likelihood {}", fit?.log_likelihood);
        let (gg, fit) = best_of(5, 50, || GammaGamma::fit(&spending));
        println!("CDNOW: Gamma-Gamma {gg:.2} ms, log-likelihood {}", fit?.log_likelihood);
        aim("BG/NBD of CDNOW, grouping included: at most 5 ms", bg <= CDNOW_MS);
        aim("Pareto/NBD of CDNOW, grouping included: at most 30 ms", pareto <= PARETO_MS);
    }
    Ok(if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
