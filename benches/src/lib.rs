//! Interleaved timing: each batch runs every candidate once, so that a slow moment of the machine hits all.

#![forbid(unsafe_code)]

pub mod disk;
pub mod people;
pub mod shop;
pub mod standard;

use std::hint::black_box;
use std::sync::OnceLock;
use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

/// One thing to time: its name and the work.
pub struct Candidate<'a> {
    /// What the row is called.
    pub name: &'static str,
    /// The work of one call.
    pub work: Box<dyn FnMut() + 'a>,
}

impl<'a> Candidate<'a> {
    /// Times a function; what it gives is kept from being optimised away.
    pub fn new<T>(name: &'static str, mut work: impl FnMut() -> T + 'a) -> Self {
        Self {
            name,
            work: Box::new(move || {
                black_box(work());
            }),
        }
    }
}

/// The median nanoseconds of one call for each candidate, over `batches` batches of `calls` calls each.
pub fn medians(candidates: &mut [Candidate<'_>], batches: usize, calls: u32) -> Vec<f64> {
    medians_and_leasts(candidates, batches, calls, &clock).0
}

/// The median nanoseconds of one call for each candidate by a clock of the caller's, such as [`thread_time`], over batches of
/// one call each.
pub fn medians_by(candidates: &mut [Candidate<'_>], batches: usize, clock: &dyn Fn() -> f64) -> Vec<f64> {
    medians_and_leasts(candidates, batches, 1, clock).0
}

/// The same, and the least of the batches: what it took when the machine was busy with nothing else, if it ever was.
pub fn medians_and_leasts(
    candidates: &mut [Candidate<'_>],
    batches: usize,
    calls: u32,
    clock: &dyn Fn() -> f64,
) -> (Vec<f64>, Vec<f64>) {
    let mut times = vec![Vec::with_capacity(batches); candidates.len()];
    // One batch more, to warm up.
    for batch in 0..=batches {
        for (candidate, times) in candidates.iter_mut().zip(&mut times) {
            let start = clock();
            for _ in 0..calls {
                (candidate.work)();
            }
            if batch > 0 {
                times.push((clock() - start) / f64::from(calls));
            }
        }
    }
    times
        .into_iter()
        .map(|mut times| {
            times.sort_by(f64::total_cmp);
            (times[times.len() / 2], times[0])
        })
        .unzip()
}

/// Nanoseconds of the clock, since some moment.
pub fn clock() -> f64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as f64
}

/// The nanoseconds that this thread has had a processor for: others who wait for the processor do not count then.
pub fn thread_time() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}
