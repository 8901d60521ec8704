//! Reading: each question of the port is one prepared statement.

use phygital_core::event::{FoldKey, Origin};
use phygital_core::identity::Details;
use phygital_core::log::{Head, LogEntry};
use phygital_core::store::memory::text;
use phygital_core::store::{
    Action, Alike, CustomerRow, KnownBy, Link, Mark, Node, Position, Read, Statement, StoreIdentity, Stored,
    TagRow, Waiting,
};
use phygital_core::vocab::{
    ActionId, Currency, CustomerId, DescriptionKey, DeviceId, Digest, EventKey, Hlc, Identifier,
    IdentifierKey, KeyEpoch, ReadCounter, TagUid,
};
use rusqlite::types::Type;
use rusqlite::{Error, Params};
use serde::de::DeserializeOwned;

use super::columns::{Columns, entry_columns};
use super::fault;
use super::transaction::Transaction;

impl<Mode> Transaction<'_, Mode> {
    /// The first row of a statement.
    fn one<T>(
        &self,
        doing: &'static str,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&mut Columns<'_>) -> rusqlite::Result<T>,
    ) -> Stored<Option<T>> {
        (|| {
            let mut statement = self.store.connection.prepare_cached(sql)?;
            let mut rows = statement.query(params)?;
            rows.next()?.map(|row| read(&mut Columns::of(row))).transpose()
        })()
        .map_err(fault::while_doing(doing))
    }

    /// Shows each row of a statement.
    fn each(
        &self,
        doing: &'static str,
        sql: &str,
        params: impl Params,
        mut show: impl FnMut(&mut Columns<'_>) -> rusqlite::Result<()>,
    ) -> Stored<()> {
        (|| {
            let mut statement = self.store.connection.prepare_cached(sql)?;
            let mut rows = statement.query(params)?;
            while let Some(row) = rows.next()? {
                show(&mut Columns::of(row))?;
            }
            Ok(())
        })()
        .map_err(fault::while_doing(doing))
    }

    /// All rows of a statement.
    fn all<T>(
        &self,
        doing: &'static str,
        sql: &str,
        params: impl Params,
        mut read: impl FnMut(&mut Columns<'_>) -> rusqlite::Result<T>,
    ) -> Stored<Vec<T>> {
        let mut found = Vec::new();
        self.each(doing, sql, params, |row| {
            found.push(read(row)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// A text by its key.
    fn text(&self, doing: &'static str, sql: &str, params: impl Params) -> Stored<Option<String>> {
        self.one(doing, sql, params, |row| row.take())
    }

    /// The end of the chain that the newest entry belongs to: that entry.
    pub(super) fn newest(&self) -> Stored<Option<Head>> {
        if self.newest.get().is_none() {
            self.newest.set(self.one(
                "reading the end of the log",
                "SELECT device, epoch, seq, clock_ms, clock_count, link FROM log
                 ORDER BY position DESC LIMIT 1",
                [],
                head,
            )?);
        }
        Ok(self.newest.get())
    }

    /// The end of another chain than the newest entry's.
    pub(super) fn end(&self, device: DeviceId, epoch: u32) -> Stored<Option<Head>> {
        self.one(
            "reading the end of a chain",
            "SELECT device, epoch, seq, clock_ms, clock_count, link FROM log_end
             WHERE device = ?1 AND epoch = ?2",
            (device.as_bytes(), epoch),
            head,
        )
    }

    fn count(&self, doing: &'static str, sql: &str) -> Stored<u64> {
        Ok(self.one(doing, sql, [], |row| row.number())?.unwrap_or(0))
    }
}

/// As many rows as SQLite can be asked for.
fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

fn identifier(row: &mut Columns<'_>) -> rusqlite::Result<Identifier> {
    let kind = row.parse()?;
    let value: String = row.take()?;
    Ok(Identifier::from_normal(kind, &value))
}

fn node(row: &mut Columns<'_>) -> rusqlite::Result<Node> {
    Ok(Node {
        identifier: identifier(row)?,
        first: row.fold()?,
        shared: row.take()?,
        withdrawn: row.take()?,
        customer: CustomerId::from_bytes(row.take()?),
        details: details(row)?,
    })
}

fn head(row: &mut Columns<'_>) -> rusqlite::Result<Head> {
    let device = DeviceId::from_bytes(row.take()?);
    let origin = Origin { device, epoch: row.number()?, seq: row.number()? };
    Ok(Head { origin, hlc: row.clock()?, link: Digest::from_bytes(row.take()?) })
}

fn link(row: &mut Columns<'_>) -> rusqlite::Result<Link> {
    Ok(Link { with: IdentifierKey::from_bytes(row.take()?), kind: row.parse()?, first: row.fold()? })
}

fn statement(row: &mut Columns<'_>) -> rusqlite::Result<Statement> {
    Ok(Statement { with: IdentifierKey::from_bytes(row.take()?), same: row.take()?, said: row.fold()? })
}

fn alike(row: &mut Columns<'_>) -> rusqlite::Result<Alike> {
    Ok(Alike { with: DescriptionKey::from_bytes(row.take()?), weight: row.take()? })
}

fn customer(row: &mut Columns<'_>) -> rusqlite::Result<CustomerRow> {
    Ok(CustomerRow { last: row.fold()?, profile: row.take()? })
}

fn mark(row: &mut Columns<'_>) -> rusqlite::Result<Mark> {
    let highest = ReadCounter::new(row.number()?)
        .map_err(|_| Error::FromSqlConversionFailure(0, Type::Integer, "above 24 bits".into()))?;
    let event = EventKey::from_bytes(row.take()?);
    Ok(Mark { highest, event, at: row.time()?, client: row.take::<Option<_>>()?.map(Digest::from_bytes) })
}

/// What is said of whoever has an identifier.
fn details(row: &mut Columns<'_>) -> rusqlite::Result<Vec<Details>> {
    let text: Option<String> = row.take()?;
    text.map_or_else(|| Ok(Vec::new()), |text| from_json(&text))
}

/// A value kept as JSON. What the parser says may quote it, so it is not told.
fn from_json<T: DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text)
        .map_err(|_| Error::FromSqlConversionFailure(0, Type::Text, "not what was written".into()))
}

fn json<T: DeserializeOwned>(row: &mut Columns<'_>) -> rusqlite::Result<T> {
    from_json(&row.take::<String>()?)
}

impl<Mode> Read for Transaction<'_, Mode> {
    fn identity(&self) -> Stored<Option<StoreIdentity>> {
        self.one(
            "reading the identity",
            "SELECT device, epoch, incarnation, tenant FROM store WHERE device IS NOT NULL",
            [],
            |row| {
                Ok(StoreIdentity {
                    device: DeviceId::from_bytes(row.take()?),
                    epoch: row.number()?,
                    incarnation: row.take()?,
                    tenant: row.take()?,
                })
            },
        )
    }

    fn rules(&self) -> Stored<Option<String>> {
        self.text("reading the rules", "SELECT rules FROM rules", [])
    }

    fn model(&self) -> Stored<Option<String>> {
        self.text("reading the model", "SELECT model FROM rules WHERE model IS NOT NULL", [])
    }

    fn rules_digest(&self) -> Stored<Option<Digest>> {
        self.one("reading the digest of the rules", "SELECT digest FROM rules", [], |row| {
            Ok(Digest::from_bytes(row.take()?))
        })
    }

    fn head(&self, device: DeviceId, epoch: u32) -> Stored<Option<Head>> {
        match self.newest()? {
            Some(newest) if (newest.origin.device, newest.origin.epoch) == (device, epoch) => {
                Ok(Some(newest))
            }
            _ => self.end(device, epoch),
        }
    }

    fn clock(&self) -> Stored<Hlc> {
        let greatest = self.one(
            "reading the clock",
            "SELECT clock_ms, clock_count FROM log_end ORDER BY clock_ms DESC, clock_count DESC LIMIT 1",
            [],
            |row| row.clock(),
        )?;
        let newest = self.newest()?.map(|newest| newest.hlc);
        Ok(greatest.max(newest).unwrap_or_default())
    }

    fn entry(&self, key: &EventKey) -> Stored<Option<LogEntry>> {
        const SQL: &str = concat!("SELECT ", entry_columns!(), " FROM log WHERE event = ?1");
        self.one("reading an entry of the log", SQL, [key.as_bytes()], |row| row.entry())
    }

    fn entries(&self, behind: Position, most: usize) -> Stored<Vec<(Position, LogEntry)>> {
        const SQL: &str = concat!(
            "SELECT position, ",
            entry_columns!(),
            " FROM log WHERE position > ?1 ORDER BY position LIMIT ?2"
        );
        let behind = i64::try_from(behind).unwrap_or(i64::MAX);
        self.all("reading the log", SQL, [behind, limit(most)], |row| Ok((row.number()?, row.entry()?)))
    }

    fn len(&self) -> Stored<u64> {
        // Positions have no gap.
        self.count("counting the log", "SELECT coalesce(max(position), 0) FROM log")
    }

    fn node(&self, key: &IdentifierKey) -> Stored<Option<Node>> {
        self.one(
            "reading an identifier",
            "SELECT kind, value, first_at, first_event, shared, withdrawn, customer, details
             FROM identifier WHERE key = ?1",
            [key.as_bytes()],
            node,
        )
    }

    fn links(&self, key: &IdentifierKey) -> Stored<Vec<Link>> {
        self.all(
            "reading links",
            "SELECT other, kind, first_at, first_event FROM link WHERE identifier = ?1 ORDER BY other",
            [key.as_bytes()],
            link,
        )
    }

    fn link(&self, key: &IdentifierKey, with: &IdentifierKey) -> Stored<Option<Link>> {
        self.one(
            "reading a link",
            "SELECT other, kind, first_at, first_event FROM link WHERE identifier = ?1 AND other = ?2",
            [key.as_bytes(), with.as_bytes()],
            link,
        )
    }

    fn statements(&self, key: &IdentifierKey) -> Stored<Vec<Statement>> {
        self.all(
            "reading statements",
            "SELECT other, same, said_at, said_event FROM statement WHERE identifier = ?1 ORDER BY other",
            [key.as_bytes()],
            statement,
        )
    }

    fn description(&self, key: &DescriptionKey) -> Stored<Option<Details>> {
        const SQL: &str = "SELECT details FROM description WHERE key = ?1";
        self.one("reading a description", SQL, [key.as_bytes()], json)
    }

    fn described(&self, key: &DescriptionKey, most: usize) -> Stored<Vec<IdentifierKey>> {
        self.all(
            "reading who is described",
            "SELECT identifier FROM described WHERE description = ?1 ORDER BY identifier LIMIT ?2",
            (key.as_bytes(), limit(most)),
            |row| Ok(IdentifierKey::from_bytes(row.take()?)),
        )
    }

    fn block(&self, block: u64, most: usize) -> Stored<Vec<DescriptionKey>> {
        self.all(
            "reading a block",
            "SELECT description FROM block WHERE block = ?1 ORDER BY description LIMIT ?2",
            (block.to_be_bytes(), limit(most)),
            |row| Ok(DescriptionKey::from_bytes(row.take()?)),
        )
    }

    fn blocks_above(&self, most: usize) -> Stored<u64> {
        const SQL: &str = "SELECT count(*) FROM (SELECT 1 FROM block GROUP BY block HAVING count(*) > ?1)";
        Ok(self.one("counting blocks", SQL, [limit(most)], |row| row.number())?.unwrap_or(0))
    }

    fn alike(&self, key: &DescriptionKey) -> Stored<Vec<Alike>> {
        self.all(
            "reading what is alike",
            "SELECT other, weight FROM alike WHERE description = ?1 ORDER BY other",
            [key.as_bytes()],
            alike,
        )
    }

    fn events_of(&self, key: &IdentifierKey, behind: Option<&FoldKey>) -> Stored<Vec<FoldKey>> {
        const DOING: &str = "reading the events of an identifier";
        let Some(behind) = behind else {
            const SQL: &str = "SELECT at, event FROM event_of WHERE identifier = ?1 ORDER BY at, event";
            return self.all(DOING, SQL, [key.as_bytes()], |row| row.fold());
        };
        self.all(
            DOING,
            "SELECT at, event FROM event_of WHERE identifier = ?1 AND (at, event) > (?2, ?3)
             ORDER BY at, event",
            (key.as_bytes(), behind.at.as_micros(), behind.key.as_bytes()),
            |row| row.fold(),
        )
    }

    fn customer(&self, id: &CustomerId) -> Stored<Option<CustomerRow>> {
        self.one(
            "reading a customer",
            "SELECT last_at, last_event, profile FROM customer WHERE id = ?1",
            [id.as_bytes()],
            customer,
        )
    }

    fn snapshot(&self, id: &CustomerId, before: &FoldKey) -> Stored<Option<CustomerRow>> {
        self.one(
            "reading a snapshot of a customer",
            "SELECT last_at, last_event, profile FROM snapshot
             WHERE customer = ?1 AND (last_at, last_event) < (?2, ?3)
             ORDER BY last_at DESC, last_event DESC LIMIT 1",
            (id.as_bytes(), before.at.as_micros(), before.key.as_bytes()),
            customer,
        )
    }

    fn identifiers_of(&self, id: &CustomerId) -> Stored<Vec<IdentifierKey>> {
        self.all(
            "reading the identifiers of a customer",
            "SELECT key FROM identifier WHERE customer = ?1 ORDER BY key",
            [id.as_bytes()],
            |row| Ok(IdentifierKey::from_bytes(row.take()?)),
        )
    }

    fn known_by(&self, id: &CustomerId) -> Stored<Vec<KnownBy>> {
        self.all(
            "reading what a customer is known by",
            "SELECT key, kind, value, ledger FROM identifier LEFT JOIN consent ON contact = key
             WHERE customer = ?1 ORDER BY key",
            [id.as_bytes()],
            |row| {
                let key = IdentifierKey::from_bytes(row.take()?);
                Ok(KnownBy { key, identifier: identifier(row)?, ledger: row.take()? })
            },
        )
    }

    fn each_identifier(&self, show: &mut dyn FnMut(IdentifierKey, CustomerId)) -> Stored<()> {
        let doing = "reading whose each identifier is";
        self.each(doing, "SELECT key, customer FROM identifier ORDER BY key", [], |row| {
            show(IdentifierKey::from_bytes(row.take()?), CustomerId::from_bytes(row.take()?));
            Ok(())
        })
    }

    fn customers(&self) -> Stored<u64> {
        self.count("counting customers", "SELECT customers FROM store")
    }

    fn ledger(&self, contact: &IdentifierKey) -> Stored<Option<String>> {
        const SQL: &str = "SELECT ledger FROM consent WHERE contact = ?1";
        self.text("reading consents", SQL, [contact.as_bytes()])
    }

    fn offer(&self, code: &str) -> Stored<Option<String>> {
        self.text("reading an offer", "SELECT offer FROM offer WHERE code = ?1", [code])
    }

    fn tries(&self, contact: &IdentifierKey) -> Stored<Option<String>> {
        const SQL: &str = "SELECT tries FROM tries WHERE contact = ?1";
        self.text("reading failed tries", SQL, [contact.as_bytes()])
    }

    fn thread(&self, contact: &IdentifierKey) -> Stored<Option<String>> {
        const SQL: &str = "SELECT thread FROM thread WHERE contact = ?1";
        self.text("reading a thread", SQL, [contact.as_bytes()])
    }

    fn waiting_threads(&self, behind: Option<&Waiting>, most: usize) -> Stored<Vec<Waiting>> {
        // Before every other one there is no time.
        let since = behind.map_or(i64::MIN, |behind| behind.since.as_micros());
        let contact = behind.map_or(&[][..], |behind| behind.contact.as_bytes());
        self.all(
            "reading what waits",
            "SELECT waits_since, contact FROM thread
             WHERE waits_since IS NOT NULL AND (waits_since, contact) > (?1, ?2)
             ORDER BY waits_since, contact LIMIT ?3",
            (since, contact, limit(most)),
            |row| Ok(Waiting { since: row.time()?, contact: IdentifierKey::from_bytes(row.take()?) }),
        )
    }

    fn is_erased(&self, key: &IdentifierKey) -> Stored<bool> {
        let there = self.one(
            "reading what was erased",
            "SELECT 1 FROM erased WHERE key = ?1",
            [key.as_bytes()],
            |row| row.take::<i64>(),
        )?;
        Ok(there.is_some())
    }

    fn has_erased(&self) -> Stored<bool> {
        let any =
            self.one("reading what was erased", "SELECT 1 FROM erased LIMIT 1", [], |row| row.take::<i64>())?;
        Ok(any.is_some())
    }

    fn tag(&self, uid: &TagUid) -> Stored<Option<TagRow>> {
        self.one("reading a tag", "SELECT tag FROM tag WHERE uid = ?1", [uid.to_string()], json)
    }

    fn tags(&self, after: Option<&TagUid>, most: usize) -> Stored<Vec<TagRow>> {
        // Before every UID comes the empty text.
        let after = after.map_or_else(String::new, TagUid::to_string);
        self.all(
            "reading tags",
            "SELECT tag FROM tag WHERE uid > ?1 ORDER BY uid LIMIT ?2",
            (after, limit(most)),
            json,
        )
    }

    fn mark(&self, uid: &TagUid, epoch: KeyEpoch) -> Stored<Option<Mark>> {
        self.one(
            "reading a mark",
            "SELECT highest, event, at, client FROM mark WHERE uid = ?1 AND epoch = ?2",
            (uid.to_string(), epoch.get()),
            mark,
        )
    }

    fn spenders(&self, currency: Currency) -> Stored<Vec<(u16, u64)>> {
        self.all(
            "reading ranks",
            "SELECT bucket, customers FROM spenders WHERE currency = ?1 ORDER BY bucket",
            [currency.code()],
            |row| Ok((row.number()?, row.number()?)),
        )
    }

    fn action(&self, id: &ActionId) -> Stored<Option<Action>> {
        self.one("reading an action", "SELECT action FROM action WHERE id = ?1", [id.as_str()], json)
    }

    fn actions(&self, behind: Option<&Action>, most: usize) -> Stored<Vec<Action>> {
        const DOING: &str = "reading actions";
        let Some(behind) = behind else {
            const SQL: &str = "SELECT action FROM action ORDER BY cause_at, cause_event, id LIMIT ?1";
            return self.all(DOING, SQL, [limit(most)], json);
        };
        self.all(
            DOING,
            "SELECT action FROM action WHERE (cause_at, cause_event, id) > (?1, ?2, ?3)
             ORDER BY cause_at, cause_event, id LIMIT ?4",
            (behind.cause.at.as_micros(), behind.cause.key.as_bytes(), behind.id.as_str(), limit(most)),
            json,
        )
    }

    fn each_folded(&self, show: &mut dyn FnMut(&str, &str)) -> Stored<()> {
        let mut table =
            |name: &str, sql: &str, text: &dyn Fn(&mut Columns<'_>) -> rusqlite::Result<String>| {
                self.each("reading the fold", sql, [], |row| {
                    show(name, &text(row)?);
                    Ok(())
                })
            };
        let key = |row: &mut Columns<'_>| Ok::<_, Error>(IdentifierKey::from_bytes(row.take()?));
        let pair = |row: &mut Columns<'_>| {
            let (key, json): (_, String) = (key(row)?, row.take()?);
            Ok(format!("{key} {json}"))
        };
        table(
            "identifier",
            "SELECT key, kind, value, first_at, first_event, shared, withdrawn, customer, details
             FROM identifier ORDER BY key",
            &|row| Ok(text::node(&key(row)?, &node(row)?)),
        )?;
        table(
            "link",
            "SELECT identifier, other, kind, first_at, first_event FROM link ORDER BY identifier, other",
            &|row| Ok(text::link(&key(row)?, &link(row)?)),
        )?;
        table(
            "statement",
            "SELECT identifier, other, same, said_at, said_event FROM statement ORDER BY identifier, other",
            &|row| Ok(text::statement(&key(row)?, &statement(row)?)),
        )?;
        table(
            "event_of",
            "SELECT identifier, at, event FROM event_of ORDER BY identifier, at, event",
            &|row| Ok(text::event_of(&key(row)?, &row.fold()?)),
        )?;
        let described = |row: &mut Columns<'_>| Ok::<_, Error>(DescriptionKey::from_bytes(row.take()?));
        table("description", "SELECT key, details FROM description ORDER BY key", &|row| {
            let (key, details): (_, Details) = (described(row)?, json(row)?);
            Ok(format!("{key} {}", text::details(std::slice::from_ref(&details))))
        })?;
        table(
            "described",
            "SELECT description, identifier FROM described ORDER BY description, identifier",
            &|row| Ok(format!("{} {}", described(row)?, key(row)?)),
        )?;
        table("block", "SELECT block, description FROM block ORDER BY block, description", &|row| {
            Ok(text::block(u64::from_be_bytes(row.take()?), &described(row)?))
        })?;
        table("alike", "SELECT description, other, weight FROM alike ORDER BY description, other", &|row| {
            Ok(text::alike(&described(row)?, &alike(row)?))
        })?;
        table("erased", "SELECT key FROM erased ORDER BY key", &|row| Ok(key(row)?.to_string()))?;
        table("customer", "SELECT id, last_at, last_event, profile FROM customer ORDER BY id", &|row| {
            Ok(text::customer(&CustomerId::from(key(row)?), &customer(row)?))
        })?;
        table("consent", "SELECT contact, ledger FROM consent ORDER BY contact", &pair)?;
        table("offer", "SELECT code, offer FROM offer ORDER BY code", &|row| {
            let (code, offer): (String, String) = (row.take()?, row.take()?);
            Ok(format!("{code} {offer}"))
        })?;
        table("tries", "SELECT contact, tries FROM tries ORDER BY contact", &pair)?;
        table("thread", "SELECT contact, thread, waits_since FROM thread ORDER BY contact", &|row| {
            let (key, thread): (_, String) = (key(row)?, row.take()?);
            Ok(text::thread(&key, &thread, row.maybe_time()?))
        })?;
        table("tag", "SELECT tag FROM tag ORDER BY uid", &|row| Ok(text::tag(&json(row)?)))?;
        table(
            "mark",
            "SELECT uid, epoch, highest, event, at, client FROM mark ORDER BY uid, epoch",
            &|row| Ok(text::mark(&row.parse()?, KeyEpoch::new(row.number()?), &mark(row)?)),
        )?;
        table(
            "spenders",
            "SELECT currency, bucket, customers FROM spenders ORDER BY currency, bucket",
            &|row| {
                let (currency, bucket, customers): (Currency, u16, u64) =
                    (row.parse()?, row.number()?, row.number()?);
                Ok(format!("{currency} {bucket} {customers}"))
            },
        )?;
        table("action", "SELECT action FROM action ORDER BY id", &|row| Ok(text::action(&json(row)?)))
    }
}
