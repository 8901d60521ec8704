//! The files of a report: touches, orders, groups, costs.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use phygital_core::attribution::{CellError, Costs, Groups, People, SaleLines, TouchLines};
use phygital_core::vocab::Currency;
use ring::digest::{Context, SHA256};

use crate::attribution_report_arguments::Report;
use crate::failure::Failure;
use crate::lines::{Line, Lines};
use crate::output::Output;
use crate::settings::name;
use crate::text_file;

/// Longest file of groups or costs, in bytes: a line for each of 65,536 channels.
const TABLE_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Longest line of touches or orders, in bytes.
const ROW_BYTES_MAX: usize = 16 * 1024;

/// Who came when, and what was bought.
pub(super) struct Read {
    pub(super) people: People,
    pub(super) currency: Option<Currency>,
    /// SHA-256 over the lines, for the id of the run.
    pub(super) digest: Context,
}

/// Reads touches and orders.
pub(super) fn people(with: &Report, touches: &Path, orders: &Path, output: &Output) -> Result<Read, Failure> {
    // Amounts are in minor units already; the scale only says how they are shown.
    let mut people = People::new(with.currency.map_or(0, |currency| currency.exponent()));
    let mut digest = Context::new(&SHA256);
    let of_touches = TouchLines::new;
    let reader = each_line(touches, output, &mut digest, of_touches, |reader, number, line| {
        reader.read(number, line, &mut people)
    })?;
    passed_over(touches, reader.passed_over(), output);
    let reader = each_line(orders, output, &mut digest, SaleLines::new, |reader, number, line| {
        reader.read(number, line, &mut people)
    })?;
    passed_over(orders, reader.passed_over(), output);
    if people.repeated() > 0 {
        output.note(&format!("{} touches were told twice and count once", people.repeated()));
    }
    let currency = match (with.currency, reader.currency()) {
        (Some(asked), Some(told)) if asked != told => {
            let message = format!("{}: amounts are in {told}, not in {asked}", name(orders));
            return Err(Failure::misuse("currency", message));
        }
        (asked, told) => asked.or(told),
    };
    Ok(Read { people, currency, digest })
}

/// The header to a reader, then each line to it.
fn each_line<R>(
    file: &Path,
    output: &Output,
    digest: &mut Context,
    header: impl FnOnce(&str) -> Result<R, CellError>,
    mut take: impl FnMut(&mut R, u64, &str) -> Result<(), CellError>,
) -> Result<R, Failure> {
    let of_file = |failure: Failure| failure.while_doing(&name(file));
    let io = |error: &std::io::Error| Failure::io(&name(file), error);
    let open = File::open(file).map_err(|error| io(&error))?;
    let bar = output.progress(open.metadata().map_or(0, |metadata| metadata.len()), "bytes");
    let mut lines = Lines::of_at_most(ROW_BYTES_MAX, BufReader::new(open));
    let first = lines.next().map_err(|error| io(&error))?;
    let mut reader = match &first {
        None => header("").map_err(|error| of_file(refused(&error)))?,
        Some(line) => header(text(line).map_err(of_file)?).map_err(|error| of_file(refused(&error)))?,
    };
    let mut line = first;
    while let Some(taken) = line {
        digest.update(&taken.bytes);
        digest.update(b"\n");
        line = lines.next().map_err(|error| io(&error))?;
        if let Some(line) = &line {
            let text = text(line).map_err(of_file)?;
            take(&mut reader, line.number, text).map_err(|error| of_file(refused(&error)))?;
            bar.set_position(lines.bytes());
        }
    }
    bar.finish_and_clear();
    digest.update(&[0]);
    Ok(reader)
}

fn text(line: &Line) -> Result<&str, Failure> {
    if line.cut {
        let message = format!("expected a line of at most {ROW_BYTES_MAX} bytes");
        return Err(Failure::misuse("malformed", message).at_line(line.number));
    }
    std::str::from_utf8(&line.bytes)
        .map_err(|_| Failure::misuse("malformed", "expected UTF-8").at_line(line.number))
}

/// A fault with its line where all failures have it.
fn refused(error: &CellError) -> Failure {
    let message = format!("column {}: {}", error.column, error.fault);
    Failure::misuse("malformed", message).at_line(error.line)
}

fn passed_over<'a>(file: &Path, columns: impl Iterator<Item = &'a str>, output: &Output) {
    let columns = columns.collect::<Vec<_>>();
    if !columns.is_empty() {
        output.note(&format!("{}: columns that are not read: {}", name(file), columns.join(", ")));
    }
}

/// The groups of channels; none where no file was named.
pub(super) fn groups(file: Option<&Path>, digest: &mut Context) -> Result<Groups, Failure> {
    table(file, digest, Groups::parse)
}

/// What channels cost; nothing where no file was named.
pub(super) fn costs(file: Option<&Path>, digest: &mut Context) -> Result<Costs, Failure> {
    table(file, digest, Costs::parse)
}

fn table<T: Default>(
    file: Option<&Path>,
    digest: &mut Context,
    parse: impl FnOnce(&str) -> Result<T, CellError>,
) -> Result<T, Failure> {
    digest.update(&[1]);
    let Some(file) = file else { return Ok(T::default()) };
    let bad = |what: &str| Failure::misuse("malformed", format!("{}: {what}", name(file)));
    let text = text_file::read(file, TABLE_BYTES_MAX, bad)?;
    digest.update(text.as_bytes());
    parse(&text).map_err(|error| refused(&error).while_doing(&name(file)))
}
