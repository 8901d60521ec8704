//! Grouped paths from a file: each row a path, how many converted, their value together, how many did not.

use std::path::Path;

use phygital_core::attribution::Journeys;
use phygital_core::vocab::Currency;

use super::loader::{Loader, PathText, Scale, Wide};
use crate::attribution_arguments::Paths;
use crate::failure::Failure;
use crate::hex::hex;
use crate::output::Output;
use crate::table::Table;

/// The journeys of a file, and what there is to say of it.
pub(super) struct Grouped {
    pub(super) journeys: Journeys,
    /// Of all values, where it is known.
    pub(super) currency: Option<Currency>,
    /// How many rows have no touch.
    pub(super) empty: u64,
    /// How many numbers are left out; they count as 0.
    pub(super) missing: u64,
    /// SHA-256 of the bytes of the file as they lie, in hexadecimal digits.
    pub(super) sha256: String,
}

/// What each column is called: in short, and by ChannelAttribution.
const COLUMNS: [&[&str]; 5] = [
    &["path"],
    &["conversions", "total_conversions"],
    &["value", "total_conversion_value"],
    &["nulls", "total_null"],
    &["currency"],
];

/// Reads a file.
pub(super) fn read(with: &Paths, output: &Output) -> Result<Grouped, Failure> {
    match read_at(with, Scale::of(with), output)? {
        Ok(read) => Ok(read),
        // With all decimals that are written the values leave 64 bits: as many as fit, then.
        Err(Wide { decimals, fitting }) if with.file()? == Path::new("-") => Err(Failure::misuse(
            "too_wide",
            format!(
                "standard input: with {decimals} decimals the sum of all values leaves 64 bits; round them with \
                 --decimals {fitting}, or give the name of a file"
            ),
        )),
        Err(Wide { fitting, .. }) => match read_at(with, Scale::Rounded(fitting), output)? {
            Ok(read) => Ok(read),
            Err(_) => Err(Failure::failed("changed", "the file changed while it was read")),
        },
    }
}

fn read_at(with: &Paths, scale: Scale, output: &Output) -> Result<Result<Grouped, Wide>, Failure> {
    let mut table = Table::open_hashed(with.file()?, output)?;
    let mut loader = Loader::new(table.name(), with, scale);
    let mut columns = COLUMNS.map(|names| (names, Vec::new()));
    for (names, places) in &mut columns {
        for name in *names {
            places.extend(table.optional(name)?);
        }
    }
    table.lists(COLUMNS[0][0]);
    for (names, places) in &columns[..2] {
        if places.is_empty() {
            let message = format!("{}: expected a column {}, found none", table.name(), names.join(" or "));
            return Err(Failure::misuse("no_column", message));
        }
    }
    while let Some(row) = table.next()? {
        let mut texts = [""; 5];
        for (text, (names, places)) in texts.iter_mut().zip(&columns) {
            for found in places.iter().map(|place| row.get(*place)).filter(|found| !found.is_empty()) {
                if !text.is_empty() {
                    let both = format_args!("the row has both {}", names.join(" and "));
                    return Err(loader.refuse(row.line, names[0], both));
                }
                *text = found;
            }
        }
        let [path, conversions, value, nulls, currency] = texts;
        // A number is missing where its column is there and the row has none.
        let missing = |at: usize, text: &str| text.is_empty() && !columns[at].1.is_empty();
        loader.missing +=
            [(1, conversions), (2, value), (3, nulls)].iter().filter(|(at, text)| missing(*at, text)).count()
                as u64;
        let path = match columns[0].1.first().and_then(|place| row.list(*place)) {
            Some(names) => PathText::List(names),
            None => PathText::Text(path),
        };
        loader.row(row.line, path, [conversions, value, nulls], currency)?;
    }
    let sha256 = table.sha256().map(hex).unwrap_or_default();
    Ok(loader.finish().map(|loaded| Grouped { sha256, ..loaded }))
}
