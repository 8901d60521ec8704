//! Rows of grouped paths into journeys, whatever file they come from.

use std::fmt;

use phygital_core::attribution::{ChannelId, Count, JourneyFault, Journeys};
use phygital_core::vocab::{Currency, Decimal, MoneyError};

use super::paths::Grouped;
use crate::attribution_arguments::Paths;
use crate::failure::Failure;
use crate::table::trimmed;

/// How many decimals a value has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// As many as anyone wrote, or those of the currency, which no value exceeds.
    AsWritten,
    /// So many, half to even.
    Rounded(u8),
}

/// The values have more decimals than 64 bits hold of their sum.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wide {
    /// How many they have.
    pub(super) decimals: u8,
    /// How many there is room for.
    pub(super) fitting: u8,
}

/// Takes rows in.
pub(super) struct Loader {
    name: String,
    separator: String,
    scale: Scale,
    journeys: Journeys,
    /// The path of the row, and its channels that were seen lately.
    path: Vec<ChannelId>,
    memo: Memo,
    currency: Option<Currency>,
    /// The line of the first currency; 0 for one that came as an argument.
    currency_line: u64,
    empty: u64,
    pub(super) missing: u64,
    /// Set where the values are too wide: from then on rows are only checked and measured.
    wide: bool,
    /// The most decimals, and the sum of the sizes of all values in units of 10^-18.
    decimals: u8,
    size: u128,
    rows: u64,
}

/// A path as a row has it.
#[derive(Clone, Copy, Debug)]
pub(super) enum PathText<'r> {
    /// Channels with a separator between them.
    Text(&'r str),
    /// Channels one by one, whatever signs are in their names.
    List(&'r [String]),
}

impl Scale {
    /// What the arguments ask for.
    pub(super) fn of(with: &Paths) -> Scale {
        with.decimals.map_or(Scale::AsWritten, Scale::Rounded)
    }
}

impl Loader {
    /// Nothing yet, of a file with this name.
    pub(super) fn new(name: &str, with: &Paths, scale: Scale) -> Loader {
        let decimals = match scale {
            Scale::Rounded(decimals) => decimals,
            Scale::AsWritten => with.currency.map_or(0, |currency| currency.exponent()),
        };
        Loader {
            name: name.to_owned(),
            separator: with.separator.clone(),
            scale,
            journeys: Journeys::new(decimals),
            path: Vec::new(),
            memo: Memo::default(),
            currency: with.currency,
            currency_line: 0,
            empty: 0,
            missing: 0,
            wide: false,
            decimals,
            size: 0,
            rows: 0,
        }
    }

    /// What is wrong with a cell.
    pub(super) fn refuse(&self, line: u64, column: &str, what: impl fmt::Display) -> Failure {
        Failure::misuse("malformed", format!("{}: column {column}: {what}", self.name)).at_line(line)
    }

    /// One row as it is written: conversions, value and nulls may be empty, which is 0.
    pub(super) fn row(
        &mut self,
        line: u64,
        path: PathText<'_>,
        [conversions, value, nulls]: [&str; 3],
        currency: &str,
    ) -> Result<(), Failure> {
        match self.currency {
            Some(known) if currency.is_empty() && self.currency_line > 0 => {
                let what = format_args!("expected {known} as in line {}, found none", self.currency_line);
                return Err(self.refuse(line, "currency", what));
            }
            _ if currency.is_empty() => {}
            _ => self.of_currency(line, currency)?,
        }
        self.path.clear();
        match path {
            PathText::Text("") => {}
            PathText::Text(text) => self.split(line, text)?,
            PathText::List(names) => self.touches(line, names.iter().map(String::as_str))?,
        }
        let number = |text: &str, column: &str| {
            match text {
                "" => "0".parse(),
                text => text.parse(),
            }
            .map_err(|error: MoneyError| self.refuse(line, column, error))
        };
        let numbers = [number(conversions, "conversions")?, number(value, "value")?, number(nulls, "nulls")?];
        self.push(line, numbers)
    }

    /// Takes in the row whose path was split.
    fn push(&mut self, line: u64, [conversions, value, nulls]: [Decimal; 3]) -> Result<(), Failure> {
        self.rows += 1;
        self.measure(line, value)?;
        if !self.wide {
            let pushed = self.journeys.push_grouped(&self.path, conversions, value, nulls);
            match pushed.map_err(|error| error.fault) {
                Ok(()) => {}
                // Most likely the values: with fewer decimals it turns out whether it is the counts.
                Err(JourneyFault::TooMuch) if self.scale == Scale::AsWritten => self.wide = true,
                Err(fault) => {
                    let column = match &fault {
                        JourneyFault::Count(_) if Count::from_decimal(conversions).is_none() => "conversions",
                        JourneyFault::Count(_) => "nulls",
                        JourneyFault::ValueWithoutConversion => "value",
                        JourneyFault::TooMuch => "conversions, value, nulls",
                        _ => "path",
                    };
                    return Err(self.refuse(line, column, fault));
                }
            }
        }
        self.empty += u64::from(self.path.is_empty());
        Ok(())
    }

    /// Makes room for the decimals of a value, or measures how much would be needed.
    fn measure(&mut self, line: u64, value: Decimal) -> Result<(), Failure> {
        if self.scale != Scale::AsWritten {
            return Ok(());
        }
        if let Some(currency) = self.currency.filter(|currency| value.scale() > currency.exponent()) {
            let most = currency.exponent();
            let what = format_args!(
                "{value}: expected at most {most} decimals for {currency}; --decimals {most} rounds"
            );
            return Err(self.refuse(line, "value", what));
        }
        let unit = 10_u128.pow(18 - u32::from(value.scale()));
        self.size = self.size.saturating_add(u128::from(value.units().unsigned_abs()) * unit);
        if value.scale() > self.decimals {
            self.decimals = value.scale();
            self.wide |= self.journeys.widen(self.decimals).is_err();
        }
        Ok(())
    }

    fn of_currency(&mut self, line: u64, code: &str) -> Result<(), Failure> {
        if self.currency.is_some_and(|known| known.code() == code) {
            return Ok(());
        }
        let currency = code.parse::<Currency>().map_err(|error| self.refuse(line, "currency", error))?;
        match self.currency {
            None if self.rows > 0 => {
                let what = format_args!("found {currency}, in a row before it no currency");
                Err(self.refuse(line, "currency", what))
            }
            None => {
                (self.currency, self.currency_line) = (Some(currency), line);
                if self.scale == Scale::AsWritten {
                    self.decimals = currency.exponent();
                    self.wide |= self.journeys.widen(self.decimals).is_err();
                }
                Ok(())
            }
            Some(known) if known == currency => Ok(()),
            Some(known) => {
                let of = match self.currency_line {
                    0 => "as said by --currency".to_owned(),
                    line => format!("as in line {line}"),
                };
                Err(self.refuse(line, "currency", format_args!("expected {known} {of}, found {currency}")))
            }
        }
    }

    /// Reads the channels of a path.
    fn split(&mut self, line: u64, path: &str) -> Result<(), Failure> {
        let separator = std::mem::take(&mut self.separator);
        // A sign is found faster than a text.
        let mut signs = separator.chars();
        let done = match (signs.next(), signs.next()) {
            (Some(sign), None) => self.touches(line, path.split(sign)),
            _ => self.touches(line, path.split(&separator)),
        };
        self.separator = separator;
        done
    }

    /// Takes the channels of a path.
    fn touches<'p>(&mut self, line: u64, names: impl Iterator<Item = &'p str>) -> Result<(), Failure> {
        for name in names {
            let name = trimmed(name);
            let id = match self.memo.id(name) {
                Some(id) => id,
                None => {
                    let id = self.journeys.channel(name).map_err(|error| {
                        let touch = self.path.len() + 1;
                        self.refuse(line, "path", format_args!("touch {touch}: {}", error.fault))
                    })?;
                    self.memo.keep(name, id);
                    id
                }
            };
            self.path.push(id);
        }
        Ok(())
    }

    /// The journeys, or why there are none.
    pub(super) fn finish(self) -> Result<Grouped, Wide> {
        if self.wide {
            // A row that is rounded up adds less than a unit.
            let fits = |decimals: &u8| {
                let units = self.size / 10_u128.pow(18 - u32::from(*decimals)) + u128::from(self.rows);
                units <= i64::MAX.unsigned_abs().into()
            };
            let fitting = (0..self.decimals).rev().find(fits).unwrap_or(0);
            return Err(Wide { decimals: self.decimals, fitting });
        }
        Ok(Grouped {
            journeys: self.journeys,
            currency: self.currency,
            empty: self.empty,
            missing: self.missing,
            sha256: String::new(),
        })
    }
}

/// Channels that were seen lately, each in the one place where its name belongs: a look there is cheaper than a search.
struct Memo(Vec<Seen>);

/// A channel. Of a name of at most eight bytes its bytes and their number say all.
#[derive(Clone, Default)]
struct Seen {
    bytes: u64,
    length: usize,
    name: Box<str>,
    id: ChannelId,
}

/// A power of two.
const MEMO_PLACES: usize = 1024;

impl Default for Memo {
    fn default() -> Memo {
        Memo(vec![Seen::default(); MEMO_PLACES])
    }
}

impl Memo {
    /// The last up to eight bytes of a name, and its place.
    fn place(name: &str) -> (u64, usize) {
        let mut bytes = name.as_bytes();
        let mut hash = bytes.len() as u64;
        while let Some((eight, rest)) = bytes.split_first_chunk().filter(|(_, rest)| !rest.is_empty()) {
            hash = (hash ^ u64::from_le_bytes(*eight)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
            bytes = rest;
        }
        let last = bytes.iter().fold(0, |last, byte| last << 8 | u64::from(*byte));
        hash = (hash ^ last).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (last, (hash >> (u64::BITS - MEMO_PLACES.trailing_zeros())) as usize)
    }

    fn id(&self, name: &str) -> Option<ChannelId> {
        let (bytes, place) = Memo::place(name);
        let seen = &self.0[place];
        let same =
            seen.bytes == bytes && seen.length == name.len() && (name.len() <= 8 || *seen.name == *name);
        (same && !name.is_empty()).then_some(seen.id)
    }

    fn keep(&mut self, name: &str, id: ChannelId) {
        let (bytes, place) = Memo::place(name);
        self.0[place] = Seen { bytes, length: name.len(), name: name.into(), id };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A channel that was seen lately is the one of that name, or none.
        #[test]
        fn what_was_seen_is_what_was_kept(names in prop::collection::vec("[ab\u{e9}\0]{0,17}", 1..40)) {
            let mut channels = phygital_core::attribution::Channels::new();
            let mut memo = Memo::default();
            for name in &names {
                let Ok(id) = channels.intern(name) else { continue };
                memo.keep(name, id);
                prop_assert_eq!(memo.id(name), Some(id));
                for other in &names {
                    prop_assert!(memo.id(other).is_none_or(|id| channels.name(id) == other));
                }
            }
        }
    }
}
