//! `value fit`: a model that fits customers.

use std::num::NonZeroUsize;
use std::thread;

use phygital_core::measure::value::{
    BgBb, BgNbd, Customers, Fit as Fitted, FitError, GammaGamma, GroupError, Kind, MbgNbd, Model, ParetoNbd,
    Relation, Scale, Spending, SpendingError, Sums, Verdict,
};
use ring::digest::{SHA256, digest};
use serde_json::{Map, Value, json};

use super::customers::{Customer, Said, no_mean, read, refuse};
use crate::failure::{Exit, Failure};
use crate::hex::hex;
use crate::output::Output;
use crate::shop::Shop;
use crate::value_arguments::Fit;

pub(super) fn fit(shop: &Shop, with: &Fit, output: &mut Output) -> Result<Exit, Failure> {
    let threads = with.threads.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    let spread = move |pieces: usize, piece: &(dyn Fn(usize) -> Sums + Sync)| spread(threads, pieces, piece);
    let mut told = Map::new();
    let (fitted, bytes, said) = if with.model == Kind::GammaGamma {
        let (spending, without, said) = spending(shop, with, output)?;
        told.insert("without_repeat".to_owned(), without.into());
        told.insert("correlation".to_owned(), spending.correlation().into());
        let fitted = output.working("fitting", || GammaGamma::fit_with(&spending, &spread));
        (fitted.map(Fitted::general), spending.encode(), said)
    } else {
        let (customers, said) = customers(shop, with, output)?;
        let fitted = output.working("fitting", || match with.model {
            Kind::MbgNbd => MbgNbd::fit_with(&customers, &spread).map(Fitted::general),
            Kind::ParetoNbd => ParetoNbd::fit_with(&customers, &spread).map(Fitted::general),
            Kind::BgBb => BgBb::fit_with(&customers, &spread).map(Fitted::general),
            _ => BgNbd::fit_with(&customers, &spread).map(Fitted::general),
        });
        (fitted, customers.encode(), said)
    };
    let fitted =
        fitted.map_err(|error: FitError| Failure::misuse("malformed", format!("{}: {error}", said.name)))?;
    if let Some(left_out) = said.left_out {
        let scale = Scale::from(with.customers.unit);
        let end = with.customers.end.map(|end| end.to_string());
        let of = json!({
            "unit": scale.code(), "end": end, "zone": with.customers.zone.name(),
            "after_end": left_out.after_end, "refunded": left_out.refunded,
        });
        told.insert("transactions".to_owned(), of);
    }
    if let Some(shop) = &said.shop {
        told.insert("shop".to_owned(), shop.object());
        shop.notes(output);
    }
    // Of the groups and not of the file: the same customers in another order are the same input.
    told.insert("input_sha256".to_owned(), hex(digest(&SHA256, &bytes)).into());
    if fitted.status.verdict != Verdict::Converged {
        output.note(&fitted.status.to_string());
    }
    output.object(&object(&fitted, told))?;
    Ok(Exit::Done)
}

fn object(fitted: &Fitted<Model>, more: Map<String, Value>) -> Value {
    let status = &fitted.status;
    let named = |of: &dyn Fn(usize) -> Value| -> Value {
        (0..fitted.parameters.len())
            .map(|at| (fitted.parameters[at].name.to_owned(), of(at)))
            .collect::<Map<_, _>>()
            .into()
    };
    let boundaries = status.boundaries.iter().map(|boundary| {
        let end = if boundary.highest { "highest" } else { "lowest" };
        json!({ "parameter": boundary.parameter, "end": end, "meaning": boundary.meaning })
    });
    let mut told = json!({
        "model": fitted.model.kind().code(),
        "params": named(&|at| fitted.parameters[at].value.into()),
        "standard_errors": named(&|at| fitted.parameters[at].standard_error.into()),
        "log_likelihood": fitted.log_likelihood,
        "customers": fitted.people,
        "groups": fitted.groups,
        "status": {
            "verdict": status.verdict.code(), "meaning": status.to_string(), "gradient_norm": status.gradient_norm,
            "hessian_condition": status.condition, "boundaries": boundaries.collect::<Vec<_>>(),
            "passes": status.passes, "simplex": status.simplex,
        },
    });
    if let Value::Object(told) = &mut told {
        told.extend(more);
    }
    told
}

fn customers(shop: &Shop, with: &Fit, output: &Output) -> Result<(Customers, Said), Failure> {
    let mut gather = Customers::gather(Relation::AtWill).map_err(grouping)?;
    let said = read(shop, &with.customers, output, |_, customer| {
        gather.push(customer.summary, customer.weight).map_err(grouping)
    })?;
    Ok((output.working("grouping", || gather.finish()), said))
}

/// Also how many customers without a repeat purchase there were, of whom it says nothing.
fn spending(shop: &Shop, with: &Fit, output: &Output) -> Result<(Spending, u64, Said), Failure> {
    let (mut gather, mut without) = (Spending::gather(), 0);
    let said = read(shop, &with.customers, output, |said, customer| {
        let Customer { place, summary, mean, weight, .. } = customer;
        let Some(column) = &said.mean else { return Err(no_mean(said)) };
        if summary.repeats() == 0 {
            without += weight;
            return Ok(());
        }
        let mean = mean.ok_or_else(|| refuse(&said.name, place, column, "expected a number, found none"))?;
        gather.push(summary.repeats(), mean, weight).map_err(|error| match error {
            SpendingError::Group(error) => grouping(error),
            _ => refuse(&said.name, place, column, error),
        })
    })?;
    if said.mean.is_none() {
        return Err(no_mean(&said));
    }
    Ok((gather.finish(), without, said))
}

fn grouping(error: GroupError) -> Failure {
    Failure::misuse("malformed", error.to_string())
}

/// Shares pieces among threads as cards are dealt: customers are sorted, so pieces that follow one another cost alike.
fn spread(threads: usize, pieces: usize, piece: &(dyn Fn(usize) -> Sums + Sync)) -> Vec<Sums> {
    let threads = threads.clamp(1, pieces.max(1));
    if threads == 1 {
        return (0..pieces).map(piece).collect();
    }
    let hand = |first: usize| (first..pieces).step_by(threads).map(piece).collect::<Vec<_>>();
    let hands = thread::scope(|scope| {
        let workers = (0..threads).map(|first| scope.spawn(move || hand(first))).collect::<Vec<_>>();
        workers.into_iter().map(|worker| worker.join().expect("a piece does not panic")).collect::<Vec<_>>()
    });
    let mut hands = hands.into_iter().map(Vec::into_iter).collect::<Vec<_>>();
    (0..pieces).map(|at| hands[at % threads].next().expect("each was dealt its share")).collect()
}
