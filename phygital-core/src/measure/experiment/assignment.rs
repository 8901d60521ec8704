//! Who gets what: a hash of the unit's id decides, so that every till, phone and server says the same without asking.
//!
//! The hash and the ranges are those of GrowthBook's SDK specification 0.8.0 (versions 1 and 2 of the hash), with its
//! floating-point operations in its order, so that an experiment may run in its SDKs and here at once.

use thiserror::Error;

/// How an id becomes a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HashVersion {
    /// A thousand buckets, of FNV-1a of the id and the seed. Experiments with related seeds share people unevenly.
    V1,
    /// Ten thousand buckets, of FNV-1a twice, the seed first.
    V2,
}

/// Why there is no such experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DesignError {
    /// Fewer than two variations, or more than a thousand.
    #[error("expected 2 to 1000 variations")]
    Variations,
    /// Weights that are no parts of one.
    #[error("weights: expected numbers from 0 that sum to 1 within a hundredth, one for each variation")]
    Weights,
    /// A coverage that is no part.
    #[error("coverage: expected a number from 0 to 1")]
    Coverage,
    /// A range within a namespace that is none.
    #[error("namespace: expected a range within 0 to 1")]
    Namespace,
    /// A part held out that is none.
    #[error("holdout: expected a number from 0 to 1")]
    Holdout,
    /// No seed: each experiment needs its own, or all put the same people into the same arm.
    #[error("expected a seed, one for each experiment")]
    Seed,
}

/// What became of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Assignment {
    /// It gets the variation of this number, from 0.
    Variation(usize),
    /// It is not part of the experiment: outside its namespace or its coverage.
    Outside,
    /// It is held out of all that is done: reported, never treated.
    HeldOut,
}

/// A part of all units that gets nothing, whatever the experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Holdout {
    seed: String,
    part: f64,
}

impl Holdout {
    /// The part of all units, from 0 to 1, by a seed of its own.
    ///
    /// # Errors
    /// [`DesignError::Holdout`], [`DesignError::Seed`].
    pub fn new(seed: &str, part: f64) -> Result<Holdout, DesignError> {
        if seed.is_empty() {
            return Err(DesignError::Seed);
        }
        let part = Some(part).filter(|part| (0.0..=1.0).contains(part)).ok_or(DesignError::Holdout)?;
        Ok(Holdout { seed: seed.to_owned(), part })
    }

    /// Whether a unit is held out.
    pub fn holds(&self, unit: &str) -> bool {
        bucket(&self.seed, unit, HashVersion::V2) < self.part
    }
}

/// How the units of an experiment are shared out.
///
/// ```
/// use phygital_core::measure::experiment::{Assignment, Design};
/// let design = Design::new("winback-2026", 2)?.weights(vec![0.3, 0.7])?;
/// assert_eq!(design.assign("customer-1"), Assignment::Variation(1));
/// assert_eq!(design.coverage(0.1)?.assign("customer-1"), Assignment::Outside);
/// # Ok::<(), phygital_core::measure::experiment::DesignError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    seed: String,
    version: HashVersion,
    variations: usize,
    coverage: f64,
    weights: Option<Vec<f64>>,
    namespace: Option<(String, f64, f64)>,
    holdout: Option<Holdout>,
}

impl Design {
    /// So many variations of equal weight, all units, hash version 2. The seed is the experiment's own.
    ///
    /// # Errors
    /// [`DesignError::Variations`], [`DesignError::Seed`].
    pub fn new(seed: &str, variations: usize) -> Result<Design, DesignError> {
        if !(2..=1_000).contains(&variations) {
            return Err(DesignError::Variations);
        }
        if seed.is_empty() {
            return Err(DesignError::Seed);
        }
        let seed = seed.to_owned();
        let version = HashVersion::V2;
        Ok(Design { seed, version, variations, coverage: 1.0, weights: None, namespace: None, holdout: None })
    }

    /// By another version of the hash.
    #[must_use]
    pub fn version(self, version: HashVersion) -> Design {
        Design { version, ..self }
    }

    /// Only this part of each variation's units takes part.
    ///
    /// # Errors
    /// [`DesignError::Coverage`].
    pub fn coverage(self, coverage: f64) -> Result<Design, DesignError> {
        if !(0.0..=1.0).contains(&coverage) {
            return Err(DesignError::Coverage);
        }
        Ok(Design { coverage, ..self })
    }

    /// The variations' parts. Other SDKs silently use equal ones where these do not sum to one; here they are refused.
    ///
    /// # Errors
    /// [`DesignError::Weights`].
    pub fn weights(self, weights: Vec<f64>) -> Result<Design, DesignError> {
        let sound = weights.iter().all(|weight| (0.0..=1.0).contains(weight));
        if !sound || weights.len() != self.variations || !sums_to_one(&weights) {
            return Err(DesignError::Weights);
        }
        Ok(Design { weights: Some(weights), ..self })
    }

    /// Only units whose hash in the namespace lies in `from..to` take part, so that experiments with disjoint ranges never
    /// share a unit.
    ///
    /// # Errors
    /// [`DesignError::Namespace`].
    pub fn namespace(self, name: &str, from: f64, to: f64) -> Result<Design, DesignError> {
        if !(0.0 <= from && from <= to && to <= 1.0) {
            return Err(DesignError::Namespace);
        }
        Ok(Design { namespace: Some((name.to_owned(), from, to)), ..self })
    }

    /// Units that are held out of everything are held out of this too.
    #[must_use]
    pub fn holdout(self, holdout: Holdout) -> Design {
        Design { holdout: Some(holdout), ..self }
    }

    /// What becomes of a unit. A unit without an id takes part in nothing.
    pub fn assign(&self, unit: &str) -> Assignment {
        if unit.is_empty() {
            return Assignment::Outside;
        }
        if self.holdout.as_ref().is_some_and(|holdout| holdout.holds(unit)) {
            return Assignment::HeldOut;
        }
        let inside = |(name, from, to): &(String, f64, f64)| in_namespace(unit, name, *from, *to);
        if !self.namespace.as_ref().is_none_or(inside) {
            return Assignment::Outside;
        }
        let ranges = bucket_ranges(self.variations, self.coverage, self.weights.as_deref());
        let chosen = choose(bucket(&self.seed, unit, self.version), &ranges);
        chosen.map_or(Assignment::Outside, Assignment::Variation)
    }
}

/// A unit's bucket, from 0 to below 1.
pub fn bucket(seed: &str, unit: &str, version: HashVersion) -> f64 {
    match version {
        HashVersion::V1 => {
            let hash = fnv(unit.encode_utf16().chain(seed.encode_utf16()));
            f64::from(hash % 1_000) / 1_000.0
        }
        HashVersion::V2 => {
            let inner = fnv(seed.encode_utf16().chain(unit.encode_utf16())).to_string();
            f64::from(fnv(inner.encode_utf16()) % 10_000) / 10_000.0
        }
    }
}

/// Whether a unit's bucket in a namespace lies in `from..to`.
pub fn in_namespace(unit: &str, name: &str, from: f64, to: f64) -> bool {
    (from..to).contains(&bucket(&format!("__{name}"), unit, HashVersion::V1))
}

/// The range of buckets of each variation, as the specification has it: a coverage outside 0 to 1 is taken to its end, and
/// weights of another number, or that do not sum to one within a hundredth, are taken as equal. [`Design`] refuses both.
pub fn bucket_ranges(variations: usize, coverage: f64, weights: Option<&[f64]>) -> Vec<(f64, f64)> {
    let coverage = if coverage > 0.0 { coverage.min(1.0) } else { 0.0 };
    let equal = vec![1.0 / variations as f64; variations];
    let sound = |weights: &&[f64]| weights.len() == variations && sums_to_one(weights);
    let weights = weights.filter(sound).unwrap_or(&equal);
    let mut from = 0.0;
    let mut ranges = Vec::with_capacity(variations);
    for weight in weights {
        ranges.push((from, from + coverage * weight));
        from += weight;
    }
    ranges
}

/// The first range that holds a bucket.
pub fn choose(bucket: f64, ranges: &[(f64, f64)]) -> Option<usize> {
    ranges.iter().position(|(from, to)| (*from..*to).contains(&bucket))
}

fn sums_to_one(weights: &[f64]) -> bool {
    (0.99..=1.01).contains(&weights.iter().sum::<f64>())
}

/// FNV-1a of 32 bits over UTF-16 code units, as JavaScript's `charCodeAt` gives them.
fn fnv(units: impl Iterator<Item = u16>) -> u32 {
    units.fold(0x811c_9dc5, |hash, unit| (hash ^ u32::from(unit)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn vectors() -> Value {
        serde_json::from_str(include_str!("../../../../vectors/engagement/experiment_bucketing.json"))
            .unwrap()
    }

    fn floats(value: &Value) -> Vec<f64> {
        value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
    }

    fn ranges(value: &Value) -> Vec<(f64, f64)> {
        value.as_array().unwrap().iter().map(floats).map(|ends| (ends[0], ends[1])).collect()
    }

    #[test]
    fn as_the_specification() {
        let vectors = vectors();
        for case in vectors["cases"].as_array().unwrap() {
            let text = |key: &str| case[key].as_str().unwrap();
            let version = if case["version"] == 1 { HashVersion::V1 } else { HashVersion::V2 };
            assert_eq!(
                bucket(text("seed"), text("value"), version),
                case["expect"].as_f64().unwrap(),
                "{case}"
            );
        }
        for case in vectors["getBucketRange"].as_array().unwrap() {
            let (with, expected) = (&case[1], ranges(&case[2]));
            let weights = with[2].as_array().map(|_| floats(&with[2]));
            let count = usize::try_from(with[0].as_u64().unwrap()).unwrap();
            let found = bucket_ranges(count, with[1].as_f64().unwrap(), weights.as_deref());
            assert_eq!(found.len(), expected.len(), "{case}");
            for (found, expected) in found.iter().zip(&expected) {
                assert!(
                    (found.0 - expected.0).abs() < 1e-12 && (found.1 - expected.1).abs() < 1e-12,
                    "{case}"
                );
            }
        }
        for case in vectors["chooseVariation"].as_array().unwrap() {
            let expected = usize::try_from(case[3].as_i64().unwrap()).ok();
            assert_eq!(choose(case[1].as_f64().unwrap(), &ranges(&case[2])), expected, "{case}");
        }
    }

    #[test]
    fn parts_come_out_as_weighed() {
        let design = Design::new("spring", 3).unwrap().weights(vec![0.5, 0.3, 0.2]).unwrap();
        let design = design.coverage(0.8).unwrap().holdout(Holdout::new("global", 0.1).unwrap());
        let mut counts = [0_u32; 5];
        for unit in 0..20_000 {
            let at = match design.assign(&format!("c-{unit}")) {
                Assignment::Variation(at) => at,
                Assignment::Outside => 3,
                Assignment::HeldOut => 4,
            };
            counts[at] += 1;
        }
        for (count, expected) in counts.iter().zip([7_200, 4_320, 2_880, 3_600, 2_000]) {
            assert!(count.abs_diff(expected) < 200, "{counts:?}");
        }
    }

    #[test]
    fn namespaces_with_disjoint_ranges_share_nobody() {
        let within = |seed, from, to| Design::new(seed, 2).unwrap().namespace("checkout", from, to).unwrap();
        let (one, two) = (within("a", 0.0, 0.5), within("b", 0.5, 1.0));
        for unit in (0..2_000).map(|unit| unit.to_string()) {
            let out = [&one, &two].map(|design| design.assign(&unit) == Assignment::Outside);
            assert!(out[0] != out[1], "{unit}");
        }
    }

    #[test]
    fn what_is_no_design_is_refused() {
        let two = || Design::new("x", 2).unwrap();
        assert_eq!(Design::new("x", 1), Err(DesignError::Variations));
        assert_eq!(Design::new("x", 1_001), Err(DesignError::Variations));
        assert_eq!(Design::new("", 2), Err(DesignError::Seed));
        assert_eq!(two().coverage(f64::NAN), Err(DesignError::Coverage));
        for bad in [vec![0.5, 0.4], vec![1.0], vec![f64::NAN, 1.0], vec![1.5, -0.5]] {
            assert_eq!(two().weights(bad), Err(DesignError::Weights));
        }
        assert_eq!(two().namespace("n", 0.6, 0.5), Err(DesignError::Namespace));
        assert_eq!(Holdout::new("x", 1.1), Err(DesignError::Holdout));
        assert_eq!(two().assign(""), Assignment::Outside);
        assert!(Design::new("x", 1_000).is_ok());
    }
}
