//! Interleaved timing: each batch runs every candidate once, so that a slow moment of the machine hits all.

#![forbid(unsafe_code)]

pub mod disk;
pub mod people;
pub mod shop;

use std::hint::black_box;
use std::time::Instant;

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
    let mut times = vec![Vec::with_capacity(batches); candidates.len()];
    // One batch more, to warm up.
    for batch in 0..=batches {
        for (candidate, times) in candidates.iter_mut().zip(&mut times) {
            let start = Instant::now();
            for _ in 0..calls {
                (candidate.work)();
            }
            if batch > 0 {
                times.push(start.elapsed().as_nanos() as f64 / f64::from(calls));
            }
        }
    }
    times
        .into_iter()
        .map(|mut times| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        })
        .collect()
}
