//! `experiment power`: how many it takes.

use phygital_core::measure::Alpha;
use phygital_core::measure::experiment::{
    ClusterShape, PowerError, Sureness, people_for_means, people_for_rates, power as power_of,
};
use serde::Serialize;

use super::bad;
use super::told::figure;
use crate::experiment_arguments::Power;
use crate::failure::{Exit, Failure};
use crate::output::Output;

/// What it takes, or what it gives.
#[derive(Serialize)]
struct Told {
    people_each: Option<u64>,
    clusters_each: Option<u64>,
    design_effect: Option<f64>,
    power: f64,
    alpha: f64,
}

/// Tells sizes, or power.
pub(super) fn power(with: &Power, output: &mut Output) -> Result<Exit, Failure> {
    let alpha = Alpha::new(with.alpha).map_err(|error| bad("--alpha", error))?;
    let told = told(with, alpha).map_err(|error| bad("power", error))?;
    if output.is_json() {
        output.object(&told)?;
        return Ok(Exit::Done);
    }
    if with.with.is_some() {
        output.text(format_args!("power {} at alpha {}", figure(told.power), with.alpha))?;
    } else {
        let people = told.people_each.unwrap_or_default();
        let sure = format!("power {} at alpha {}", with.power, with.alpha);
        match told.clusters_each {
            Some(clusters) => output.text(format_args!(
                "{clusters} clusters in each of two arms, for {sure}; {people} people drawn one by one would do"
            ))?,
            None => output.text(format_args!("{people} people in each of two arms, for {sure}"))?,
        }
    }
    if let Some(effect) = told.design_effect {
        output
            .text(format_args!("a person of a cluster counts as 1/{} of one drawn alone", figure(effect)))?;
    }
    Ok(Exit::Done)
}

fn told(with: &Power, alpha: Alpha) -> Result<Told, PowerError> {
    let shape = with.cluster_size.zip(with.correlation);
    let shape = shape.map(|(size, correlation)| ClusterShape::new(size, correlation)).transpose()?;
    let design_effect = shape.map(ClusterShape::design_effect);
    if let Some(count) = with.with {
        // People in each arm; of clusters those that say as much if drawn alone.
        let count = count as f64;
        let (people, degrees) = match (shape, with.cluster_size) {
            (Some(shape), Some(size)) => (count * size / shape.design_effect(), 2.0 * (count - 1.0)),
            _ => (count, f64::INFINITY),
        };
        let (difference, variance) = match (with.rate, with.lift) {
            (Some(rate), Some(lift)) => {
                let spread = |rate: f64| rate * (1.0 - rate);
                let other = rate * (1.0 + lift);
                if !(rate > 0.0 && rate < 1.0 && other > 0.0 && other < 1.0) {
                    return Err(PowerError::Rate);
                }
                (other - rate, spread(rate) + spread(other))
            }
            _ => {
                let deviation = with.deviation.unwrap_or_default();
                (with.difference.unwrap_or_default(), 2.0 * deviation * deviation)
            }
        };
        let power = power_of(difference, (variance / people).sqrt(), degrees, alpha)?;
        return Ok(Told { people_each: None, clusters_each: None, design_effect, power, alpha: with.alpha });
    }
    let sureness = Sureness::new(alpha, with.power)?;
    let people = match (with.rate, with.lift) {
        (Some(rate), Some(lift)) => people_for_rates(rate, lift, sureness)?,
        _ => people_for_means(
            with.deviation.unwrap_or_default(),
            with.difference.unwrap_or_default(),
            sureness,
        )?,
    };
    let clusters_each = shape.map(|shape| shape.clusters(people, sureness)).transpose()?;
    let people_each = Some(people);
    Ok(Told { people_each, clusters_each, design_effect, power: with.power, alpha: with.alpha })
}
