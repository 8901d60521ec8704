//! Learning a model from records without labels.

use std::collections::BTreeMap;

use super::MatchingError;
use super::compare::{Comparer, Levels};
use super::field::{FIELDS_MAX, Field, FieldKind};
use super::keys::mixed;
use super::model::{
    BILLION, COMMON_MAX, COMMON_MIN, FieldModel, LevelModel, MODEL_VERSION, Millibits, Model, WEIGHT_MAX,
    millibits,
};
use super::records::{Column, Records};

/// How many pairs of records drawn at random tell how often others agree.
const SAMPLE: u64 = 1 << 18;

/// About how many of the pairs that share a key tell how matches agree.
const PAIRS: u64 = 1 << 18;

/// Rounds of expectation and maximisation; what changes after them is below a hundredth of a bit.
const ROUNDS: usize = 40;

/// The least average weight from which two clusters are one.
const MERGE: Millibits = 4_000;

/// How far below even that average may lie: clusters are held together by their best pairs, and an average is of all. Among
/// twice as many people even lies a bit higher, and so does the cut, or chance would join them.
const BELOW_EVEN: Millibits = 8_000;

/// How far above even two records alone are a match (ninety-nine of a hundred such pairs are, where the
/// model holds), and how far below they are worth a look.
const MATCH: Millibits = 6_629;
const REVIEW: Millibits = -4_000;

/// What a pair that shares no key weighs.
const UNSHARED: Millibits = -4_000;

/// Most levels of any kind of field.
const LEVELS: usize = 5;

/// How often each level occurs, field by field.
type Rates = [[f64; LEVELS]; FIELDS_MAX];

/// What two records may be to each other: one person's, near people's, strangers'.
const CLASSES: usize = 4;
const SAME: usize = 0;
const NEAR: usize = 1;
const AREA: usize = 2;
const REST: usize = 3;

impl Model {
    /// Learns from records, without labels: `u` from pairs drawn at random (Winkler 1989), less the matches among them; `m` by
    /// expectation maximisation over the pairs that share a key (Winkler 1988), for whose others it keeps rates of their own,
    /// since they agree more than random pairs do. Among these others are near pairs, who agree in what a household shares,
    /// but in given names and dates only by chance. The same records give the same model.
    ///
    /// # Errors
    /// Fewer than two records, or none that share a key.
    pub fn train(records: &Records) -> Result<Self, MatchingError> {
        let pairs = records.candidates();
        if pairs.len() == 0 {
            return Err(MatchingError::NothingToLearn);
        }
        let comparer = Comparer::new(records);
        let any = at_random(records, &comparer);
        let mut patterns: BTreeMap<Levels, u64> = BTreeMap::new();
        // Spread over all, and the same at each run.
        let each = (pairs.len() as u64).div_ceil(PAIRS).max(1);
        let drawn =
            |pair: &(u32, u32)| mixed(u64::from(pair.0) << 32 | u64::from(pair.1)).is_multiple_of(each);
        for (one, two) in pairs.iter().filter(drawn) {
            *patterns.entry(comparer.levels(one as usize, two as usize)).or_default() += 1;
        }
        let patterns: Vec<(Levels, f64)> =
            patterns.into_iter().map(|(levels, n)| (levels, n as f64)).collect();
        let Mixture { rates, shares } = maximise(records.fields(), &patterns, &any);
        let count = pairs.len() as f64;
        let total = records.len() as f64;
        let all = total * (total - 1.0) / 2.0;
        let others = without_matches(records.fields(), all, &any, &rates[SAME], shares[SAME] * count);
        let near = (shares[NEAR] > 0.0).then(|| millibits(all / (shares[NEAR] * count).max(0.5)));
        let fields =
            records.fields().iter().zip(records.columns()).enumerate().map(|(at, (field, column))| {
                let levels = (0..field.kind.levels()).map(|level| {
                    let (m, u, near) = (rates[SAME][at][level], others[at][level], rates[NEAR][at][level]);
                    let ppb = |rate: f64| libm::round(rate * f64::from(BILLION)) as u32;
                    LevelModel {
                        m_ppb: ppb(m),
                        u_ppb: ppb(u),
                        near_ppb: ppb(near),
                        weight: millibits(m / u),
                        near_weight: millibits(m / near),
                    }
                });
                let (common, rare_ppb) = frequencies(column);
                FieldModel { levels: levels.collect(), field: field.clone(), common, rare_ppb }
            });
        let fields = fields.collect();
        let even = millibits(all / (shares[SAME] * count).max(0.5));
        Ok(Self {
            version: MODEL_VERSION,
            fields,
            near,
            merge: MERGE.max(even - BELOW_EVEN),
            unshared: UNSHARED,
            match_at: (even + MATCH).min(WEIGHT_MAX),
            review_at: even + REVIEW,
        })
    }
}

/// How common the common values of a field are, and how common the others.
fn frequencies(column: &Column) -> (BTreeMap<String, u32>, u32) {
    let said: u64 = column.counts[1..].iter().map(|count| u64::from(*count)).sum();
    let mut common: Vec<u32> =
        (1..column.len() as u32).filter(|place| column.counts[*place as usize] >= COMMON_MIN).collect();
    common.sort_by_key(|place| std::cmp::Reverse(column.counts[*place as usize]));
    common.truncate(COMMON_MAX);
    common.sort_unstable();
    let (mut records, mut squares) = (0.0, 0.0);
    for place in (1..column.len() as u32).filter(|place| common.binary_search(place).is_err()) {
        // What was seen once may be twice as common.
        let count = f64::from(column.counts[place as usize].max(2));
        records += count;
        squares += count * count;
    }
    let share = |count: f64| (count / (said.max(1) as f64)).min(1.0);
    let ppb = |count: f64| libm::round(share(count) * f64::from(BILLION)).max(1.0) as u32;
    let rare = if records > 0.0 { squares / records } else { 2.0 };
    let named = common
        .into_iter()
        .map(|place| (column.value(place).to_owned(), ppb(f64::from(column.counts[place as usize]))));
    (named.collect(), ppb(rare))
}

/// Rates of the pairs that do not match: those of any two records, less the part of the matches among them. Among many
/// records that part is nothing; among a handful it is most of what agrees.
fn without_matches(fields: &[Field], all: f64, any: &Rates, matches: &Rates, matching: f64) -> Rates {
    // At least half are taken for no matches, and what is left of a level for half a pair.
    let share = (matching / all).min(0.5);
    let least = 0.5 / all.min(SAMPLE as f64);
    let mut others = Rates::default();
    for (at, field) in fields.iter().enumerate() {
        let levels = field.kind.levels();
        let least = |level: usize| if level + 1 == levels { 0.5 / all } else { least };
        let left =
            |level: usize| ((any[at][level] - share * matches[at][level]) / (1.0 - share)).max(least(level));
        let sum: f64 = (0..levels).map(left).sum();
        (0..levels).for_each(|level| others[at][level] = left(level) / sum);
    }
    others
}

/// How often two records drawn at random agree at each level.
fn at_random(records: &Records, comparer: &Comparer<'_>) -> Rates {
    let total = records.len() as u64;
    let all = total * (total - 1) / 2;
    let mut counts = [[0_u64; LEVELS]; FIELDS_MAX];
    let mut count = |one: u64, two: u64| {
        let levels = comparer.levels(one as usize, two as usize);
        for (at, counts) in counts.iter_mut().enumerate() {
            if let Some(level) = levels.get(at) {
                counts[usize::from(level)] += 1;
            }
        }
    };
    if all <= SAMPLE {
        (0..total).for_each(|one| (one + 1..total).for_each(|two| count(one, two)));
    } else {
        // The same pairs at each run.
        let mut drawn = 0_u64;
        let mut below = |most: u64| {
            drawn = drawn.wrapping_add(0x9e37_79b9_7f4a_7c15);
            ((u128::from(mixed(drawn)) * u128::from(most)) >> 64) as u64
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
    // How often two records have one value is known exactly.
    for ((rates, column), field) in rates.iter_mut().zip(records.columns()).zip(records.fields()) {
        let Some(equal) = field.kind.levels().checked_sub(1) else { continue };
        let said: f64 = column.counts[1..].iter().map(|count| f64::from(*count)).sum();
        let same: f64 = column.counts[1..].iter().map(|count| f64::from(*count)).map(|n| n * (n - 1.0)).sum();
        let share = same.max(1.0) / (said * (said - 1.0)).max(2.0);
        let others = 1.0 - rates[equal];
        rates[..equal].iter_mut().for_each(|rate| *rate *= (1.0 - share) / others.max(1e-9));
        rates[equal] = share;
    }
    rates
}

/// Rates from counts. A level that was never seen counts for half a pair: never seen is not impossible.
fn smoothed(counts: [f64; LEVELS], levels: usize) -> [f64; LEVELS] {
    let total: f64 = counts[..levels].iter().map(|n| n.max(0.5)).sum();
    std::array::from_fn(|level| if level < levels { counts[level].max(0.5) / total } else { 0.0 })
}

/// What the pairs that share a key are made of.
struct Mixture {
    rates: [Rates; CLASSES],
    shares: [f64; CLASSES],
}

/// Whether pairs of a class agree in a field by chance only: near people in what is a person's own, neighbours in all but
/// where they live.
fn by_chance(class: usize, kind: FieldKind) -> bool {
    match class {
        NEAR => matches!(kind, FieldKind::GivenName | FieldKind::Date),
        AREA => !matches!(kind, FieldKind::Place | FieldKind::Postcode),
        _ => false,
    }
}

/// How often pairs of each class agree at each level, and which share of the pairs each class is: expectation maximisation
/// over the patterns of agreement.
fn maximise(fields: &[Field], patterns: &[(Levels, f64)], any: &Rates) -> Mixture {
    let kinds: Vec<(usize, usize)> = fields
        .iter()
        .enumerate()
        .map(|(at, field)| (at, field.kind.levels()))
        .filter(|(_, levels)| *levels > 0)
        .collect();
    let mut rates = [Rates::default(); CLASSES];
    for &(at, levels) in &kinds {
        for level in 0..levels {
            let agreeing =
                |equal: f64| if level + 1 == levels { equal } else { (1.0 - equal) / (levels - 1) as f64 };
            rates[SAME][at][level] = agreeing(0.6);
            for class in [NEAR, AREA] {
                rates[class][at][level] =
                    if by_chance(class, fields[at].kind) { any[at][level] } else { agreeing(0.6) };
            }
            rates[REST][at][level] = (any[at][level] + 0.1) / (1.0 + 0.1 * levels as f64);
        }
    }
    // A class that differs from others in nothing is none.
    let told = |class: usize| {
        let chance = fields.iter().filter(|field| by_chance(class, field.kind)).count();
        (1..kinds.len()).contains(&chance)
    };
    let told: [bool; CLASSES] = [true, told(NEAR), told(AREA), true];
    let mut shares = [0.2, 0.1, 0.1, 0.6];
    (0..CLASSES).filter(|class| !told[*class]).for_each(|class| shares[class] = 0.0);
    let total: f64 = patterns.iter().map(|(_, pairs)| pairs).sum();
    for _ in 0..ROUNDS {
        let mut found = [Rates::default(); CLASSES];
        let mut sums = [0.0; CLASSES];
        for (levels, pairs) in patterns {
            let mut chances = shares;
            for &(at, _) in &kinds {
                if let Some(level) = levels.get(at) {
                    (0..CLASSES).for_each(|class| chances[class] *= rates[class][at][usize::from(level)]);
                }
            }
            let sum: f64 = chances.iter().sum();
            for class in 0..CLASSES {
                let part = if sum > 0.0 { chances[class] / sum } else { shares[class] } * pairs;
                sums[class] += part;
                for &(at, _) in &kinds {
                    if let Some(level) = levels.get(at) {
                        found[class][at][usize::from(level)] += part;
                    }
                }
            }
        }
        for class in 0..CLASSES {
            if !told[class] {
                continue;
            }
            shares[class] = (sums[class] / total).clamp(1e-9, 1.0 - 1e-9);
            for &(at, levels) in &kinds {
                if !by_chance(class, fields[at].kind) {
                    rates[class][at] = smoothed(found[class][at], levels);
                }
            }
        }
    }
    Mixture { rates, shares }
}
