//! `value predict`: what to expect of each customer.

use std::io;
use std::path::Path;

use phygital_core::measure::value::{GammaGamma, Kind, Model, ModelError, Outlook, OutlookError};
use phygital_core::vocab::limits::{OUTLOOK_STEPS_MAX, VALUE_MODEL_BYTES_MAX};
use serde_json::{Map, Value, json};

use super::customers::{Customer, Said, malformed, no_mean, read, refuse};
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::settings;
use crate::shop::Shop;
use crate::text_file;
use crate::value_arguments::Predict;

/// What is told of a customer.
struct Told<'c> {
    id: &'c str,
    alive: f64,
    expected: f64,
    /// The expected value of a purchase, what is to come, and that with what was.
    worth: Option<(f64, f64, Option<f64>)>,
}

/// The value of purchases, and how it is summed.
struct Worth {
    model: GammaGamma,
    outlook: Outlook,
}

pub(super) fn predict(shop: &Shop, with: &Predict, output: &mut Output) -> Result<Exit, Failure> {
    let model = model(&with.model)?;
    if model.kind() == Kind::GammaGamma {
        let message = "--model expects a model of purchases; one of their value goes to --value-model";
        return Err(Failure::misuse("bad_argument", message));
    }
    if !(with.horizon > 0.0 && with.horizon.is_finite()) {
        return Err(Failure::misuse("bad_argument", "--horizon: expected a time longer than 0"));
    }
    let worth = with.value_model.as_deref().map(|file| Worth::new(file, with)).transpose()?;
    let json = output.is_json();
    // What comes out is written as it comes, so that a million customers need no memory.
    let mut lines = Vec::new();
    let mut headed = false;
    let said = {
        let written = &mut *output;
        // Reading shows how far it is, while the answers go out through the other.
        let reading = Output::new(json);
        read(shop, &with.customers, &reading, |said, customer| {
            let told = tell(&model, worth.as_ref(), with.horizon, said, &customer)?;
            lines.clear();
            match json {
                true => object(&told, &mut lines),
                false => {
                    if !headed {
                        header(worth.as_ref(), told.worth, &mut lines);
                    }
                    row(&told, &mut lines)
                }
            }
            .map_err(|error| Failure::io("standard output", &error))?;
            headed = true;
            written.written(|out| out.write_all(&lines))
        })?
    };
    if !headed && !json {
        header(worth.as_ref(), None, &mut lines);
        output.written(|out| out.write_all(&lines))?;
    }
    if let Some(left_out) = said.left_out {
        output.note(&format!(
            "{} transactions after the end, {} refunded in full",
            left_out.after_end, left_out.refunded
        ));
    }
    if let Some(shop) = &said.shop {
        shop.notes(output);
    }
    Ok(Exit::Done)
}

impl Worth {
    fn new(file: &Path, with: &Predict) -> Result<Worth, Failure> {
        let Model::GammaGamma(model) = model(file)? else {
            return Err(Failure::misuse(
                "bad_argument",
                "--value-model expects a model of the name gamma-gamma",
            ));
        };
        let bad = |what: OutlookError| {
            let argument = match what {
                OutlookError::Margin => "margin",
                OutlookError::Discount => "discount",
                _ => "step",
            };
            Failure::misuse("bad_argument", format!("--{argument}: {what}"))
        };
        let steps = (with.horizon / with.step).round();
        let whole = (steps * with.step - with.horizon).abs() <= 1e-9 * with.horizon;
        if !(whole && (1.0..=f64::from(OUTLOOK_STEPS_MAX)).contains(&steps)) {
            let message = format!("--step: expected a horizon of 1 to {OUTLOOK_STEPS_MAX} whole steps");
            return Err(Failure::misuse("bad_argument", message));
        }
        let outlook = Outlook::new(steps as u32, with.horizon / steps).and_then(|outlook| {
            let time = with.discount.time.unwrap_or(with.step);
            outlook.margin(with.margin)?.discount(with.discount.rate, time)
        });
        Ok(Worth { model, outlook: outlook.map_err(bad)? })
    }
}

fn model(file: &Path) -> Result<Model, Failure> {
    let bad = |what: &str| Failure::misuse("malformed", format!("{}: {what}", settings::name(file)));
    let text = text_file::read(file, VALUE_MODEL_BYTES_MAX as u64, bad)?;
    Model::from_json(&text).map_err(|error| bad(&error.to_string()))
}

fn tell<'c>(
    model: &Model,
    worth: Option<&Worth>,
    horizon: f64,
    said: &Said,
    customer: &Customer<'c>,
) -> Result<Told<'c>, Failure> {
    let Customer { place, id, summary, mean, spent, .. } = *customer;
    let bad = |error: ModelError| malformed(&said.name, place, error);
    let alive = model.probability_alive(&summary).map_err(bad)?;
    let expected = model.expected(&summary, horizon).map_err(bad)?;
    let Some(worth) = worth else { return Ok(Told { id, alive, expected, worth: None }) };
    let column = said.mean.as_ref().ok_or_else(|| no_mean(said))?;
    let repeats = summary.repeats();
    let mean = match mean {
        _ if repeats == 0 => 0.0,
        Some(mean) if mean > 0.0 => mean,
        _ => {
            return Err(refuse(
                &said.name,
                place,
                column,
                "expected a mean value above 0 with repeat purchases",
            ));
        }
    };
    let value = worth.model.expected(repeats, mean).ok_or_else(|| {
        Failure::misuse(
            "malformed",
            "--value-model: with q at most 1 it gives no mean to those without a repeat purchase",
        )
    })?;
    // A horizon of whole occasions has whole steps, or the first of them says so.
    model.expected(&summary, worth.outlook.horizon() / f64::from(worth.outlook.steps())).map_err(bad)?;
    let residual = worth.outlook.residual(|ahead| model.expected(&summary, ahead).unwrap_or(0.0), value);
    let total = spent.map(|spent| worth.outlook.total(residual, spent));
    Ok(Told { id, alive, expected, worth: Some((value, residual, total)) })
}

fn header(worth: Option<&Worth>, first: Option<(f64, f64, Option<f64>)>, out: &mut Vec<u8>) {
    out.extend(b"id,expected,alive");
    if worth.is_some() {
        out.extend(b",value,clv");
    }
    if let Some((_, _, Some(_))) = first {
        out.extend(b",clv_total");
    }
    out.push(b'\n');
}

fn row(told: &Told<'_>, out: &mut Vec<u8>) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(out);
    let mut cells = vec![told.id.to_owned(), told.expected.to_string(), told.alive.to_string()];
    if let Some((value, residual, total)) = told.worth {
        cells.extend([value.to_string(), residual.to_string()]);
        cells.extend(total.map(|total| total.to_string()));
    }
    writer.write_record(&cells)?;
    writer.flush()
}

fn object(told: &Told<'_>, out: &mut Vec<u8>) -> io::Result<()> {
    let mut object = Map::new();
    object.insert("id".to_owned(), told.id.into());
    object.insert("expected".to_owned(), told.expected.into());
    object.insert("alive".to_owned(), told.alive.into());
    if let Some((value, residual, total)) = told.worth {
        object.insert("value".to_owned(), value.into());
        object.insert("clv".to_owned(), residual.into());
        if let Some(total) = total {
            object.insert("clv_total".to_owned(), json!(total));
        }
    }
    serde_json::to_writer(&mut *out, &Value::Object(object))?;
    out.push(b'\n');
    Ok(())
}
