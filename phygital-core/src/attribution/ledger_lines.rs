//! Entries of a ledger as lines of JSON: what lies in an append-only file and goes from shop to shop.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::ledger::{Cause, CreditLedger, Credited, LedgerEntry};
use super::shares::Shares;
use crate::vocab::limits::{CHANNEL_NAME_BYTES_MAX, PATH_TOUCHES_MAX};
use crate::vocab::{Currency, Digest, EventKey, Money, OrderId, Timestamp};

/// The version of the lines that are written, and the only one there is to read.
pub const LEDGER_VERSION: u32 = 1;

/// Why a line is no entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerFault {
    /// Not JSON, or not of this form.
    #[error("column {0}: expected an entry of a ledger as JSON")]
    Json(usize),
    /// Of another version.
    #[error("v: expected {LEDGER_VERSION}, found {0}")]
    Version(u32),
    /// No name, or too long a one.
    #[error("{0}: expected a name of 1 to {CHANNEL_NAME_BYTES_MAX} bytes")]
    Name(&'static str),
    /// Entries are counted from 1.
    #[error("n: expected at least 1")]
    Number,
    /// None is posted without one.
    #[error("causes: expected at least one, each once")]
    Causes,
    /// Too many touches, one twice, or none that weighs anything.
    #[error(
        "touches: expected none, or at most {PATH_TOUCHES_MAX}, each once, with a part above zero in all"
    )]
    Touches,
    /// No whole number.
    #[error("touches: expected a part as a whole number of 64 bits in digits")]
    Part,
}

/// An entry as it is written. Equal entries are equal bytes.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'l> {
    v: u32,
    #[serde(borrow)]
    model: Cow<'l, str>,
    order: OrderId,
    n: u64,
    at: Timestamp,
    run: Digest,
    causes: Vec<Cause>,
    currency: Currency,
    net: i64,
    /// Key of the event, channel, part, whether it is one of those between. Parts are texts: they have up to 64 bits, and
    /// many readers of JSON keep 53.
    touches: Vec<(EventKey, String, String, bool)>,
}

impl LedgerEntry {
    /// The entry as a line, without its end.
    ///
    /// ```
    /// use phygital_core::attribution::LedgerEntry;
    /// let line = concat!(
    ///     r#"{"v":1,"model":"linear","order":"o-1","n":1,"at":"2026-11-21T12:00:00Z","run":""#,
    ///     "abababababababababababababababababababababababababababababababab",
    ///     r#"","causes":["booked"],"currency":"EUR","net":1999,"touches":[["#,
    ///     r#""cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd","email","1",false]]}"#,
    /// );
    /// let entry = LedgerEntry::read(line)?;
    /// assert_eq!(entry.net.to_string(), "19.99 EUR");
    /// assert_eq!(entry.write(), line);
    /// # Ok::<(), phygital_core::attribution::LedgerFault>(())
    /// ```
    pub fn write(&self) -> String {
        let touch = |touch: &Credited| {
            (touch.touch, touch.channel.to_string(), touch.part.to_string(), touch.between)
        };
        let line = Line {
            v: LEDGER_VERSION,
            model: Cow::Borrowed(&self.model),
            order: self.order.clone(),
            n: self.number,
            at: self.posted_at,
            run: self.run,
            causes: self.causes.iter().copied().collect(),
            currency: self.net.currency(),
            net: self.net.minor(),
            touches: self.touches.iter().map(touch).collect(),
        };
        serde_json::to_string(&line).expect("texts and numbers have a JSON form")
    }

    /// The entry of a line.
    ///
    /// # Errors
    /// [`LedgerFault`] names the field.
    pub fn read(line: &str) -> Result<LedgerEntry, LedgerFault> {
        let line: Line<'_> = serde_json::from_str(line).map_err(|error| LedgerFault::Json(error.column()))?;
        if line.v != LEDGER_VERSION {
            return Err(LedgerFault::Version(line.v));
        }
        let name = |field, name: &str| match name.len() {
            1..=CHANNEL_NAME_BYTES_MAX => Ok(Box::from(name)),
            _ => Err(LedgerFault::Name(field)),
        };
        if line.n == 0 {
            return Err(LedgerFault::Number);
        }
        let causes = line.causes.iter().copied().collect::<BTreeSet<_>>();
        if causes.is_empty() || causes.len() != line.causes.len() {
            return Err(LedgerFault::Causes);
        }
        let touch = |(touch, channel, part, between): (EventKey, String, String, bool)| {
            let number = part.parse::<u64>().ok().filter(|number| number.to_string() == part);
            let part = number.ok_or(LedgerFault::Part)?;
            Ok(Credited { touch, channel: name("touches", &channel)?, part, between })
        };
        let touches = line.touches.into_iter().map(touch).collect::<Result<Vec<_>, LedgerFault>>()?;
        let keys = touches.iter().map(|touch| touch.touch).collect::<BTreeSet<_>>();
        let weighs =
            touches.is_empty() || Shares::new(touches.iter().map(|touch| touch.part).collect()).is_ok();
        if keys.len() != touches.len() || touches.len() > PATH_TOUCHES_MAX || !weighs {
            return Err(LedgerFault::Touches);
        }
        Ok(LedgerEntry {
            model: name("model", &line.model)?,
            order: line.order,
            number: line.n,
            posted_at: line.at,
            run: line.run,
            causes,
            net: Money::new(line.net, line.currency),
            touches,
        })
    }

    /// SHA-256 of the line.
    pub fn digest(&self) -> Digest {
        Digest::of(self.write().as_bytes())
    }
}

impl CreditLedger {
    /// The ledger of these lines, which may stand in any order and repeatedly; empty ones are passed over.
    ///
    /// # Errors
    /// The number of the line, from 1, and what is wrong with it.
    pub fn from_lines(text: &str) -> Result<CreditLedger, (u64, LedgerFault)> {
        let mut ledger = CreditLedger::new();
        for (number, line) in (1..).zip(text.lines()) {
            if !line.trim_ascii().is_empty() {
                ledger.insert(LedgerEntry::read(line).map_err(|fault| (number, fault))?);
            }
        }
        Ok(ledger)
    }

    /// All entries as lines, by model, order and time, each with its end: equal ledgers are equal bytes.
    pub fn to_lines(&self) -> String {
        self.entries().map(|entry| entry.write() + "\n").collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn line(change: impl FnOnce(&mut serde_json::Value)) -> Result<LedgerEntry, LedgerFault> {
        let mut value = serde_json::json!({
            "v": 1, "model": "linear", "order": "o-1", "n": 1, "at": "2026-11-21T12:00:00Z", "run": "ab".repeat(32),
            "causes": ["booked"], "currency": "EUR", "net": 100, "touches": [["cd".repeat(16), "email", "1", false]],
        });
        change(&mut value);
        LedgerEntry::read(&value.to_string())
    }

    #[test]
    fn lines_come_back_or_say_what_is_wrong() {
        let entry = line(|_| {}).unwrap();
        assert_eq!(LedgerEntry::read(&entry.write()).unwrap(), entry);
        assert_eq!(entry.accounts(), [(Some("email"), 100)].into());
        assert_eq!(
            line(|line| line["touches"] = serde_json::json!([])).unwrap().accounts(),
            [(None, 100)].into()
        );
        let fault = |field: &str, value: serde_json::Value| line(|line| line[field] = value).unwrap_err();
        assert_eq!(fault("v", 2.into()), LedgerFault::Version(2));
        assert_eq!(fault("model", "".into()), LedgerFault::Name("model"));
        assert_eq!(fault("n", 0.into()), LedgerFault::Number);
        assert_eq!(fault("causes", serde_json::json!([])), LedgerFault::Causes);
        assert_eq!(fault("causes", serde_json::json!(["booked", "booked"])), LedgerFault::Causes);
        let key = "cd".repeat(16);
        let touch = |channel: &str, part: &str| serde_json::json!([[key, channel, part, false]]);
        assert_eq!(fault("touches", touch("a", "0")), LedgerFault::Touches);
        assert_eq!(
            fault("touches", serde_json::json!([[key, "a", "1", false], [key, "b", "1", false]])),
            LedgerFault::Touches
        );
        for part in ["", "+1", "01", "1.0", "18446744073709551616"] {
            assert_eq!(fault("touches", touch("a", part)), LedgerFault::Part);
        }
        assert_eq!(fault("touches", touch("", "1")), LedgerFault::Name("touches"));
        let long = "x".repeat(CHANNEL_NAME_BYTES_MAX + 1);
        assert_eq!(fault("touches", touch(&long, "1")), LedgerFault::Name("touches"));
        assert!(line(|line| line["touches"] = touch(&long[1..], "1")).is_ok());
        for (field, value) in
            [("currency", "XXX"), ("order", ""), ("run", "ab"), ("at", "now"), ("more", "1")]
        {
            assert!(matches!(fault(field, value.into()), LedgerFault::Json(_)), "{field}");
        }
        let many = |count: usize| {
            let touches = (0..count).map(|n| serde_json::json!([format!("{n:032x}"), "a", "1", false]));
            line(|line| line["touches"] = touches.collect())
        };
        assert!(many(PATH_TOUCHES_MAX).is_ok());
        assert_eq!(many(PATH_TOUCHES_MAX + 1), Err(LedgerFault::Touches));
    }

    #[test]
    fn a_ledger_is_a_set_of_lines() {
        let one = line(|_| {}).unwrap().write();
        let other = line(|line| line["n"] = 2.into()).unwrap().write();
        let ledger = CreditLedger::from_lines(&format!("{other}\n\n{one}\r\n{other}")).unwrap();
        assert_eq!(ledger.to_lines(), format!("{one}\n{other}\n"));
        assert_eq!(CreditLedger::from_lines(&format!("{one}\n{{")).unwrap_err().0, 2);
    }
}
