//! Learning a model from records without labels.

use std::collections::BTreeMap;

use super::MatchingError;
use super::blocking;
use super::field::FIELDS_MAX;
use super::model::{FieldModel, LevelModel, MODEL_VERSION, Millibits, Model, millibits};
use super::records::{Levels, Records};

/// How many pairs of records drawn at random tell how often others agree.
const SAMPLE: u64 = 1_000_000;

/// Rounds of expectation and maximisation; what changes after them is below a hundredth of a bit.
const ROUNDS: usize = 40;

/// The average weight from which two clusters are one: 4 bits beyond even.
const MERGE: Millibits = 4_000;

/// What a pair that shares no key weighs.
const UNSHARED: Millibits = -4_000;

/// Most levels of any kind of field.
const LEVELS: usize = 5;

/// How often each level occurs, field by field.
type Rates = [[f64; LEVELS]; FIELDS_MAX];

impl Model {
    /// Learns from records, without labels: `u` from pairs drawn at random (Winkler 1989), less the matches among them; `m` by expectation maximisation over the pairs that share a key (Winkler 1988), for whose others it keeps
    /// rates of their own, since they agree more than random pairs do. The same records give the same model.
    ///
    /// # Errors
    /// Fewer than two records, or none that share a key.
    pub fn train(records: &Records) -> Result<Self, MatchingError> {
        let pairs = blocking::candidates(records);
        if records.len() < 2 || pairs.is_empty() {
            return Err(MatchingError::NothingToLearn);
        }
        let any = at_random(records);
        let mut patterns: BTreeMap<Levels, u64> = BTreeMap::new();
        for (one, two) in &pairs {
            *patterns.entry(records.levels(*one as usize, *two as usize)).or_default() += 1;
        }
        let patterns: Vec<(Levels, f64)> =
            patterns.into_iter().map(|(levels, n)| (levels, n as f64)).collect();
        let (matches, share) = maximise(records, &patterns, &any);
        let others = without_matches(records, &any, &matches, share * pairs.len() as f64);
        let fields = records.fields().iter().enumerate().map(|(at, field)| {
            let levels = (0..field.kind.levels()).map(|level| {
                let (m, u) = (matches[at][level], others[at][level]);
                let ppm = |rate: f64| libm::round(rate * 1e6) as u32;
                LevelModel { m_ppm: ppm(m), u_ppm: ppm(u), weight: millibits(m / u) }
            });
            FieldModel { levels: levels.collect(), field: field.clone() }
        });
        let fields = fields.collect();
        Ok(Self { version: MODEL_VERSION, fields, merge: MERGE, unshared: UNSHARED })
    }
}

/// Rates of the pairs that do not match: those of any two records, less the part of the matches among them. Among many
/// records that part is nothing; among a handful it is most of what agrees.
fn without_matches(records: &Records, any: &Rates, matches: &Rates, matching: f64) -> Rates {
    let total = records.len() as f64;
    let all = total * (total - 1.0) / 2.0;
    // At least half are taken for no matches, and what is left of a level for half a pair.
    let share = (matching / all).min(0.5);
    let least = 0.5 / all.min(SAMPLE as f64);
    let mut others = Rates::default();
    for (at, field) in records.fields().iter().enumerate() {
        let levels = field.kind.levels();
        let left = |level: usize| ((any[at][level] - share * matches[at][level]) / (1.0 - share)).max(least);
        let sum: f64 = (0..levels).map(left).sum();
        (0..levels).for_each(|level| others[at][level] = left(level) / sum);
    }
    others
}

/// How often two records drawn at random agree at each level.
fn at_random(records: &Records) -> Rates {
    let total = records.len() as u64;
    let all = total * (total - 1) / 2;
    let mut counts = [[0_u64; LEVELS]; FIELDS_MAX];
    let mut count = |one: u64, two: u64| {
        let levels = records.levels(one as usize, two as usize);
        for (counts, level) in counts.iter_mut().zip(levels) {
            if let Some(level) = level {
                counts[usize::from(level)] += 1;
            }
        }
    };
    if all <= SAMPLE {
        (0..total).for_each(|one| (one + 1..total).for_each(|two| count(one, two)));
    } else {
        // SplitMix64 (Steele, Lea and Flood 2014): the same pairs at each run.
        let mut state = 0_u64;
        let mut below = |most: u64| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((u128::from(mixed ^ (mixed >> 31)) * u128::from(most)) >> 64) as u64
        };
        for _ in 0..SAMPLE {
            let (one, other) = (below(total), below(total - 1));
            // Never the same record twice.
            count(one, if other < one { other } else { other + 1 });
        }
    }
    let mut rates = Rates::default();
    for ((rates, counts), field) in rates.iter_mut().zip(&counts).zip(records.fields()) {
        *rates = smoothed(counts.map(|n| n as f64), field.kind.levels());
    }
    rates
}

/// Rates from counts. A level that was never seen counts for half a pair: never seen is not impossible.
fn smoothed(counts: [f64; LEVELS], levels: usize) -> [f64; LEVELS] {
    let total: f64 = counts[..levels].iter().map(|n| n.max(0.5)).sum();
    std::array::from_fn(|level| if level < levels { counts[level].max(0.5) / total } else { 0.0 })
}

/// How often matching records agree at each level, and which share of the pairs match: expectation maximisation over the
/// patterns of agreement.
fn maximise(records: &Records, patterns: &[(Levels, f64)], any: &Rates) -> (Rates, f64) {
    let kinds: Vec<usize> = records.fields().iter().map(|field| field.kind.levels()).collect();
    let mut matches = Rates::default();
    let mut rest = Rates::default();
    for (at, levels) in kinds.iter().copied().enumerate().filter(|(_, levels)| *levels > 0) {
        for level in 0..levels {
            matches[at][level] = if level + 1 == levels { 0.6 } else { 0.4 / (levels - 1) as f64 };
            rest[at][level] = (any[at][level] + 0.1) / (1.0 + 0.1 * levels as f64);
        }
    }
    let mut share = 0.2;
    let total: f64 = patterns.iter().map(|(_, pairs)| pairs).sum();
    for _ in 0..ROUNDS {
        let mut found = Rates::default();
        let mut left = Rates::default();
        let mut matching = 0.0;
        for (levels, pairs) in patterns {
            let (mut yes, mut no) = (share, 1.0 - share);
            for (at, level) in levels.iter().enumerate() {
                if let Some(level) = level {
                    yes *= matches[at][usize::from(*level)];
                    no *= rest[at][usize::from(*level)];
                }
            }
            let chance = if yes + no > 0.0 { yes / (yes + no) } else { share };
            matching += chance * pairs;
            for (at, level) in levels.iter().enumerate() {
                if let Some(level) = level {
                    found[at][usize::from(*level)] += chance * pairs;
                    left[at][usize::from(*level)] += (1.0 - chance) * pairs;
                }
            }
        }
        share = (matching / total).clamp(1e-9, 1.0 - 1e-9);
        for (at, levels) in kinds.iter().copied().enumerate().filter(|(_, levels)| *levels > 0) {
            matches[at] = smoothed(found[at], levels);
            rest[at] = smoothed(left[at], levels);
        }
    }
    (matches, share)
}
