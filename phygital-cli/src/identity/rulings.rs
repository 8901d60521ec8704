//! What people decided: these two are one person, or they are not.

use std::collections::BTreeMap;

use phygital_core::identity::evidence::{Fact, Ruled};
use phygital_core::identity::{Rules, Ruling, Subject};
use phygital_core::vocab::{RecordId, RecordKey, SourceId, TenantKey};

use super::assertions::{time, yes};
use crate::failure::Failure;
use crate::table::Table;
use crate::who;

/// Who makes the rulings of a table.
const SOURCE: &str = "rulings";

/// Reads a table of rulings: `one` and `two` are the ids of rows or identifiers, `same` is 1 or 0, `time` says when.
pub(super) fn rulings(
    table: &mut Table,
    rows: &BTreeMap<Box<str>, RecordKey>,
    tenant: &TenantKey,
    rules: &Rules,
) -> Result<Vec<Fact>, Failure> {
    let columns = [table.column("one")?, table.column("two")?, table.column("same")?, table.column("time")?];
    let by = SourceId::new(SOURCE).expect("a short word");
    let mut facts = Vec::new();
    while let Some(row) = table.next()? {
        let [one, two, same, at] = columns.map(|column| row.get(column));
        let bad = |column: &str, what: &str| {
            Failure::misuse("malformed", format!("column {column}: {what}")).at_line(row.line)
        };
        let end = |column: &str, text: &str| {
            subject(text, rows, tenant, rules).map_err(|what| bad(column, &what.message))
        };
        let ends = (end("one", one)?, end("two", two)?);
        let (same, time) =
            (yes(same).map_err(|what| bad("same", what))?, time(at).map_err(|what| bad("time", what))?);
        // The same ruling has the same key, wherever it stands in the table.
        let id = tenant.digest(format!("{one}\0{two}\0{same}\0{}", time.as_micros()).as_bytes());
        let id = RecordId::new(id.to_string()).expect("hexadecimal digits");
        let ruling = Ruling { time, record: RecordKey::of(tenant, &by, &id), same, ends };
        facts.push(Fact::Ruled(Ruled { ruling, by: by.clone() }));
    }
    Ok(facts)
}

/// What a text names: a row by its id, else an identifier as `kind:value`, a phone number with + or an email address. The
/// failure does not repeat it: it may be personal.
pub(super) fn subject(
    text: &str,
    rows: &BTreeMap<Box<str>, RecordKey>,
    tenant: &TenantKey,
    rules: &Rules,
) -> Result<Subject, Failure> {
    if let Some(record) = rows.get(text) {
        return Ok(Subject::Record(*record));
    }
    let named = who::identifier(text, None).map_err(|_| {
        let forms = "expected the id of a row, or an identifier: kind:value, a phone number with +, an e-mail address";
        Failure::misuse("unknown", forms)
    })?;
    Ok(Subject::Identifier(named.kind(), rules.linking_value(&named).key(tenant)))
}
