//! How customers stand among all by what they bought, and which arm of an experiment somebody is in.

use std::collections::BTreeMap;

use phygital_core::measure::experiment::{Assignment, Design, DesignError, HashVersion, Holdout};
use phygital_core::measure::{Cuts, Purchases};
use phygital_core::vocab::Currency;
use serde::Deserialize;
use serde_json::json;

use crate::error::{PhygitalError, Status};
use crate::phygital::Phygital;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Which arm of an experiment somebody is in.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[expect(clippy::exhaustive_structs, reason = "read as a whole")]
pub struct Assigned {
    /// `assigned`, `outside` of the experiment, or `held_out` of all that is done.
    pub status: String,
    /// The name of the arm, where there is one.
    pub arm: Option<String>,
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Phygital {
    /// How lately, how often and for how much customers bought, of those who permit measurement, in so many classes of each (2
    /// to 10; the highest is the best), as JSON: `currency`, `decimals`, `classes`, and of each of the `customers` her id
    /// (`customer`), her scores `recency`, `frequency` and `money`, and what they are made of: `days` since her last order,
    /// `orders`, and `minor`, what those were worth net. Orders that were called off or paid back in full are none. Besides, how
    /// many are left out: `not_permitted` (customers), `unidentified`, `other_currency` and `unvalued` (orders).
    ///
    /// `currency` may be left out where all orders are of one. Reads the whole log.
    ///
    /// # Errors
    /// 106 for no currency or no such number of classes, 117 for orders of several currencies where none was chosen.
    pub fn rfm(&self, classes: u32, currency: Option<String>) -> Result<String, PhygitalError> {
        let classes = u8::try_from(classes).unwrap_or(u8::MAX);
        let chosen = currency.map(|code| code.parse::<Currency>()).transpose();
        let chosen = chosen.map_err(|error| PhygitalError::argument("currency", error))?;
        self.with(|engine, now| {
            let all = engine.insight().customers(now)?;
            let currency = match (chosen, Vec::from_iter(all.currencies())) {
                (Some(chosen), _) => Some(chosen),
                (None, of_orders) if of_orders.len() > 1 => {
                    let detail = "orders of several currencies: choose one";
                    return Err(PhygitalError::new(Status::ModelRefused, "currencies", detail));
                }
                (None, of_orders) => of_orders.first().copied(),
            };
            let (mut other_currency, mut unvalued) = (0_u64, 0_u64);
            let mut found = BTreeMap::new();
            for custom in &all.customers {
                for order in custom.purchases() {
                    let Some(net) = order.net() else {
                        unvalued += 1;
                        continue;
                    };
                    if Some(net.currency()) != currency {
                        other_currency += 1;
                        continue;
                    }
                    let age = now.as_micros().saturating_sub(order.at.as_micros()).div_euclid(DAY).max(0);
                    let nothing = Purchases { age, count: 0, value: 0 };
                    let hers: &mut Purchases = found.entry(custom.customer).or_insert(nothing);
                    hers.age = hers.age.min(age);
                    hers.count += 1;
                    hers.value = hers.value.checked_add(net.minor()).ok_or_else(too_much)?;
                }
            }
            let purchases: Vec<Purchases> = found.values().copied().collect();
            // Nobody has no cuts, and a number of classes that there is not is refused all the same.
            let learned = if purchases.is_empty() {
                &[Purchases { age: 0, count: 0, value: 0 }][..]
            } else {
                &purchases
            };
            let cuts = Cuts::learn("", learned, classes);
            let cuts = cuts.map_err(|error| PhygitalError::argument("classes", error))?;
            let customers = found.iter().map(|(customer, hers)| {
                let scores = cuts.scores(hers);
                json!({
                    "customer": customer,
                    "recency": scores.recency, "frequency": scores.frequency, "money": scores.money,
                    "days": hers.age, "orders": hers.count, "minor": hers.value,
                })
            });
            let customers = customers.collect::<Vec<_>>();
            Ok(json!({
                "currency": currency, "decimals": currency.map_or(2, |currency| currency.exponent()),
                "classes": classes, "customers": customers, "not_permitted": all.not_permitted,
                "unidentified": all.unidentified, "other_currency": other_currency, "unvalued": unvalued,
            })
            .to_string())
        })
    }
}

fn too_much() -> PhygitalError {
    PhygitalError::new(Status::ModelRefused, "too_much", "the amounts of a customer leave 64 bits")
}

/// Which arm of an experiment somebody is in, by a hash of her id: the same at every till, phone and server, without asking
/// any. Needs no store; *Experiment Viewed* is the event that says that she met it.
///
/// The experiment is JSON: its `seed`, of its own; `arms`, a list of `arm` and `weight`, which sum to 1; and, where they are
/// wanted, `coverage` (the part of all that takes part), `namespace` (`name`, `from`, `to`: ranges that do not overlap share
/// nobody), `holdout` (`seed`, `part`: who is held out of everything) and `hash_version` (2, or 1).
///
/// # Errors
/// 106 for no such experiment.
#[cfg_attr(feature = "uniffi", uniffi::export)]
pub fn assign_arm(experiment: String, unit: String) -> Result<Assigned, PhygitalError> {
    let experiment: Experiment = serde_json::from_str(&experiment).map_err(|error| {
        let place = format!("no experiment at line {}, column {}", error.line(), error.column());
        PhygitalError::argument("experiment", place)
    })?;
    let assigned = experiment.assigned(&unit);
    assigned.map_err(|error| PhygitalError::argument("experiment", error))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Experiment {
    seed: String,
    arms: Vec<Arm>,
    coverage: Option<f64>,
    namespace: Option<Namespace>,
    holdout: Option<HeldOut>,
    #[serde(default)]
    hash_version: Version,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arm {
    arm: String,
    weight: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Namespace {
    name: String,
    from: f64,
    to: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeldOut {
    seed: String,
    part: f64,
}

/// A version of the hash.
#[derive(Deserialize)]
#[serde(try_from = "u8")]
struct Version(HashVersion);

impl Default for Version {
    fn default() -> Version {
        Version(HashVersion::V2)
    }
}

impl TryFrom<u8> for Version {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Version, &'static str> {
        match number {
            1 => Ok(Version(HashVersion::V1)),
            2 => Ok(Version(HashVersion::V2)),
            _ => Err("expected 1 or 2"),
        }
    }
}

impl Experiment {
    fn assigned(&self, unit: &str) -> Result<Assigned, DesignError> {
        let weights = self.arms.iter().map(|arm| arm.weight).collect();
        let mut design =
            Design::new(&self.seed, self.arms.len())?.version(self.hash_version.0).weights(weights)?;
        if let Some(coverage) = self.coverage {
            design = design.coverage(coverage)?;
        }
        if let Some(namespace) = &self.namespace {
            design = design.namespace(&namespace.name, namespace.from, namespace.to)?;
        }
        if let Some(holdout) = &self.holdout {
            design = design.holdout(Holdout::new(&holdout.seed, holdout.part)?);
        }
        let (status, arm) = match design.assign(unit) {
            Assignment::Variation(at) => ("assigned", self.arms.get(at).map(|arm| arm.arm.clone())),
            Assignment::HeldOut => ("held_out", None),
            _ => ("outside", None),
        };
        Ok(Assigned { status: status.to_owned(), arm })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn of(experiment: &str, unit: &str) -> Result<(String, Option<String>), PhygitalError> {
        let assigned = assign_arm(experiment.to_owned(), unit.to_owned())?;
        Ok((assigned.status, assigned.arm))
    }

    #[test]
    fn an_arm_is_that_of_the_core() {
        let arms = r#""seed": "winback-2026", "arms": [{"arm": "hold", "weight": 0.3}, {"arm": "send", "weight": 0.7}]"#;
        let plain = format!("{{{arms}}}");
        assert_eq!(of(&plain, "customer-1").unwrap(), ("assigned".into(), Some("send".into())));
        let narrow = format!(r#"{{{arms}, "coverage": 0.1, "hash_version": 2}}"#);
        assert_eq!(of(&narrow, "customer-1").unwrap(), ("outside".into(), None));
        let held = format!(r#"{{{arms}, "holdout": {{"seed": "all", "part": 1}}}}"#);
        assert_eq!(of(&held, "customer-1").unwrap(), ("held_out".into(), None));
        let elsewhere = format!(r#"{{{arms}, "namespace": {{"name": "n", "from": 0, "to": 0}}}}"#);
        assert_eq!(of(&elsewhere, "customer-1").unwrap().0, "outside");
        assert_eq!(of(&plain, "").unwrap().0, "outside");
    }

    #[test]
    fn what_is_no_experiment_is_refused() {
        for bad in [
            "{",
            r#"{"seed": "s", "arms": []}"#,
            r#"{"seed": "", "arms": [{"arm": "a", "weight": 0.5}, {"arm": "b", "weight": 0.5}]}"#,
            r#"{"seed": "s", "arms": [{"arm": "a", "weight": 0.5}, {"arm": "b", "weight": 0.7}]}"#,
            r#"{"seed": "s", "arms": [{"arm": "a", "weight": 0.5}, {"arm": "b", "weight": 0.5}], "hash_version": 3}"#,
            r#"{"seed": "s", "arms": [{"arm": "a", "weight": 0.5}, {"arm": "b", "weight": 0.5}], "more": 1}"#,
        ] {
            assert_eq!(of(bad, "u").unwrap_err().code(), 106, "{bad}");
        }
    }
}
