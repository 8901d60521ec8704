//! Writing: a row that stays as it is costs no page.

use phygital_core::event::FoldKey;
use phygital_core::identity::Details;
use phygital_core::log::{Head, LogEntry, Sealed};
use phygital_core::store::memory::text;
use phygital_core::store::{
    Action, Alike, CustomerRow, Link, Mark, Node, Position, Statement, StorageError, StorageFault,
    StoreIdentity, Stored, TagRow, Write,
};
use phygital_core::vocab::{
    ActionId, Currency, CustomerId, DescriptionKey, Digest, EventKey, Hlc, IdentifierKey, KeyEpoch, TagUid,
    Timestamp,
};
use rusqlite::{ErrorCode, Params, params};

use super::fault;
use super::transaction::{Transaction, Writing};

const APPENDING: &str = "appending to the log";
const COMMITTING: &str = "committing";

impl Transaction<'_, Writing> {
    /// Carries a statement out; gives how many rows it changed.
    fn run(&mut self, doing: &'static str, sql: &str, params: impl Params) -> Stored<usize> {
        let done =
            self.store.connection.prepare_cached(sql).and_then(|mut statement| statement.execute(params));
        self.failed |= done.is_err();
        done.map_err(fault::while_doing(doing))
    }

    /// As [`Transaction::run`], where the number of rows says nothing.
    pub(super) fn put(&mut self, doing: &'static str, sql: &str, params: impl Params) -> Stored<()> {
        self.run(doing, sql, params).map(drop)
    }

    fn put_end(&mut self, end: &Head) -> Stored<()> {
        let (clock_ms, clock_count) = clock(end.hlc);
        self.put(
            APPENDING,
            "INSERT INTO log_end (device, epoch, seq, clock_ms, clock_count, link)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (device, epoch) DO UPDATE
             SET seq = excluded.seq, clock_ms = excluded.clock_ms, clock_count = excluded.clock_count,
                 link = excluded.link",
            params![
                end.origin.device.as_bytes(),
                end.origin.epoch,
                end.origin.seq as i64,
                clock_ms,
                clock_count,
                end.link.as_bytes()
            ],
        )
    }

    fn refuse(&mut self, doing: &'static str, detail: impl Into<String>) -> StorageError {
        self.failed = true;
        StorageError::new(StorageFault::Corrupt, doing, detail)
    }

    fn count_customers(&mut self, change: i64) -> Stored<()> {
        self.put("counting customers", "UPDATE store SET customers = customers + ?1", [change])
    }
}

/// A reading of the clock as two columns.
fn clock(hlc: Hlc) -> (i64, u16) {
    ((hlc.as_raw() >> 16) as i64, hlc.counter())
}

impl Write for Transaction<'_, Writing> {
    fn put_identity(&mut self, identity: &StoreIdentity) -> Stored<()> {
        self.put(
            "writing the identity",
            "UPDATE store SET device = ?1, epoch = ?2, incarnation = ?3, tenant = ?4, place = ?5,
                              openings = openings + 1",
            (
                identity.device.as_bytes(),
                identity.epoch,
                identity.incarnation,
                identity.tenant,
                self.store.place.fingerprint(),
            ),
        )
    }

    fn put_rules(&mut self, rules: &str, model: Option<&str>, digest: &Digest) -> Stored<()> {
        self.put(
            "writing the rules",
            "INSERT INTO rules (one, digest, rules, model) VALUES (1, ?1, ?2, ?3)
             ON CONFLICT (one) DO UPDATE
             SET digest = excluded.digest, rules = excluded.rules, model = excluded.model",
            (digest.as_bytes(), rules, model),
        )
    }

    fn append(&mut self, entry: &LogEntry) -> Stored<Position> {
        let origin = entry.origin;
        let there = || format!("entry {origin} is there already");
        let Ok(seq) = i64::try_from(origin.seq) else {
            return Err(self.refuse(APPENDING, "expected a sequence number below 2^63"));
        };
        let (clock_ms, clock_count) = clock(entry.hlc);
        let (device, link) = (origin.device.as_bytes(), entry.link.as_bytes());
        let newest = self.newest()?;
        let chain = |head: &Head| (head.origin.device, head.origin.epoch);
        let before = match newest {
            Some(newest) if chain(&newest) == (origin.device, origin.epoch) => Some(newest),
            _ => self.end(origin.device, origin.epoch)?,
        };
        if before.is_some_and(|before| before.origin.seq >= origin.seq) {
            return Err(self.refuse(APPENDING, there()));
        }
        // The end of a chain lies in its newest entry while that is the newest of all.
        if let Some(ended) = newest.filter(|newest| chain(newest) != (origin.device, origin.epoch)) {
            self.put_end(&ended)?;
        }
        let (salt, payload) = match &entry.payload {
            Some(sealed) => (Some(sealed.salt), Some(sealed.content.as_str())),
            None => (None, None),
        };
        let inserted = self
            .store
            .connection
            .prepare_cached(
                "INSERT INTO log (event, device, epoch, seq, clock_ms, clock_count, at, received_at, sent_at,
                                  payload_digest, link, salt, payload, struck)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            )
            .and_then(|mut insert| {
                insert.insert(params![
                    entry.fold.key.as_bytes(),
                    device,
                    origin.epoch,
                    seq,
                    clock_ms,
                    clock_count,
                    entry.fold.at.as_micros(),
                    entry.received_at.as_micros(),
                    entry.sent_at.map(Timestamp::as_micros),
                    entry.payload_digest.as_bytes(),
                    link,
                    salt,
                    payload,
                    entry.struck.as_ref().map(|struck| struck.as_bytes()),
                ])
            });
        match inserted {
            Ok(position) => {
                self.newest.set(Some(Head { origin, hlc: entry.hlc, link: entry.link }));
                Ok(position.unsigned_abs())
            }
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                Err(self.refuse(APPENDING, there()))
            }
            Err(error) => {
                self.failed = true;
                Err(fault::while_doing(APPENDING)(error))
            }
        }
    }

    fn strike(&mut self, event: &EventKey, left: Option<&Sealed>) -> Stored<()> {
        const DOING: &str = "striking from the log";
        let digest = left.map(Sealed::digest);
        let there = self.run(
            DOING,
            "UPDATE log SET salt = ?2, payload = ?3, struck = ?4 WHERE event = ?1",
            (
                event.as_bytes(),
                left.map(|left| left.salt),
                left.map(|left| left.content.as_str()),
                digest.as_ref().map(|digest| digest.as_bytes()),
            ),
        )?;
        if there > 0 { Ok(()) } else { Err(self.refuse(DOING, format!("{event} is not there"))) }
    }

    fn put_node(&mut self, key: &IdentifierKey, node: &Node) -> Stored<()> {
        self.put(
            "writing an identifier",
            "INSERT INTO identifier (key, kind, value, first_at, first_event, shared, withdrawn, customer, details)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (key) DO UPDATE
             SET kind = excluded.kind, value = excluded.value, first_at = excluded.first_at,
                 first_event = excluded.first_event, shared = excluded.shared,
                 withdrawn = excluded.withdrawn, customer = excluded.customer, details = excluded.details
             WHERE (kind, value, first_at, first_event, shared, withdrawn, customer, details)
                   IS NOT (excluded.kind, excluded.value, excluded.first_at, excluded.first_event,
                       excluded.shared, excluded.withdrawn, excluded.customer, excluded.details)",
            params![
                key.as_bytes(),
                node.identifier.kind().name(),
                node.identifier.value(),
                node.first.at.as_micros(),
                node.first.key.as_bytes(),
                node.shared,
                node.withdrawn,
                node.customer.as_bytes(),
                (!node.details.is_empty()).then(|| text::details(&node.details)),
            ],
        )
    }

    fn remove_node(&mut self, key: &IdentifierKey) -> Stored<()> {
        self.put("removing an identifier", "DELETE FROM identifier WHERE key = ?1", [key.as_bytes()])
    }

    fn put_link(&mut self, key: &IdentifierKey, link: &Link) -> Stored<()> {
        self.put(
            "writing a link",
            "INSERT INTO link (identifier, other, kind, first_at, first_event) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (identifier, other) DO UPDATE
             SET kind = excluded.kind, first_at = excluded.first_at, first_event = excluded.first_event
             WHERE (kind, first_at, first_event)
                   <> (excluded.kind, excluded.first_at, excluded.first_event)",
            (
                key.as_bytes(),
                link.with.as_bytes(),
                link.kind.name(),
                link.first.at.as_micros(),
                link.first.key.as_bytes(),
            ),
        )
    }

    fn remove_link(&mut self, key: &IdentifierKey, with: &IdentifierKey) -> Stored<()> {
        const SQL: &str = "DELETE FROM link WHERE identifier = ?1 AND other = ?2";
        self.put("removing a link", SQL, (key.as_bytes(), with.as_bytes()))
    }

    fn put_statement(&mut self, key: &IdentifierKey, statement: &Statement) -> Stored<()> {
        self.put(
            "writing a statement",
            "INSERT INTO statement (identifier, other, same, said_at, said_event) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (identifier, other) DO UPDATE
             SET same = excluded.same, said_at = excluded.said_at, said_event = excluded.said_event
             WHERE (same, said_at, said_event) <> (excluded.same, excluded.said_at, excluded.said_event)",
            (
                key.as_bytes(),
                statement.with.as_bytes(),
                statement.same,
                statement.said.at.as_micros(),
                statement.said.key.as_bytes(),
            ),
        )
    }

    fn remove_statement(&mut self, key: &IdentifierKey, with: &IdentifierKey) -> Stored<()> {
        const SQL: &str = "DELETE FROM statement WHERE identifier = ?1 AND other = ?2";
        self.put("removing a statement", SQL, (key.as_bytes(), with.as_bytes()))
    }

    fn put_description(&mut self, key: &DescriptionKey, details: &Details) -> Stored<()> {
        let json = serde_json::to_string(details).expect("texts are always JSON");
        self.put(
            "writing a description",
            "INSERT INTO description (key, details) VALUES (?1, ?2)
             ON CONFLICT (key) DO UPDATE SET details = excluded.details WHERE details <> excluded.details",
            (key.as_bytes(), json),
        )
    }

    fn remove_description(&mut self, key: &DescriptionKey) -> Stored<()> {
        self.put("removing a description", "DELETE FROM description WHERE key = ?1", [key.as_bytes()])
    }

    fn put_described(&mut self, key: &DescriptionKey, identifier: &IdentifierKey) -> Stored<()> {
        const SQL: &str =
            "INSERT INTO described (description, identifier) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        self.put("writing who is described", SQL, (key.as_bytes(), identifier.as_bytes()))
    }

    fn remove_described(&mut self, key: &DescriptionKey, identifier: &IdentifierKey) -> Stored<()> {
        const SQL: &str = "DELETE FROM described WHERE description = ?1 AND identifier = ?2";
        self.put("removing who is described", SQL, (key.as_bytes(), identifier.as_bytes()))
    }

    fn put_in_block(&mut self, block: u64, key: &DescriptionKey) -> Stored<()> {
        const SQL: &str = "INSERT INTO block (block, description) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        self.put("writing a block", SQL, (block.to_be_bytes(), key.as_bytes()))
    }

    fn remove_from_block(&mut self, block: u64, key: &DescriptionKey) -> Stored<()> {
        const SQL: &str = "DELETE FROM block WHERE block = ?1 AND description = ?2";
        self.put("removing from a block", SQL, (block.to_be_bytes(), key.as_bytes()))
    }

    fn put_alike(&mut self, key: &DescriptionKey, alike: &Alike) -> Stored<()> {
        self.put(
            "writing what is alike",
            "INSERT INTO alike (description, other, weight) VALUES (?1, ?2, ?3)
             ON CONFLICT (description, other) DO UPDATE SET weight = excluded.weight
             WHERE weight <> excluded.weight",
            (key.as_bytes(), alike.with.as_bytes(), alike.weight),
        )
    }

    fn remove_alike(&mut self, key: &DescriptionKey, with: &DescriptionKey) -> Stored<()> {
        const SQL: &str = "DELETE FROM alike WHERE description = ?1 AND other = ?2";
        self.put("removing what is alike", SQL, (key.as_bytes(), with.as_bytes()))
    }

    fn put_event_of(&mut self, key: &IdentifierKey, event: &FoldKey) -> Stored<()> {
        self.put(
            "writing an event of an identifier",
            "INSERT INTO event_of (identifier, at, event) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            (key.as_bytes(), event.at.as_micros(), event.key.as_bytes()),
        )
    }

    fn remove_event_of(&mut self, key: &IdentifierKey, event: &FoldKey) -> Stored<()> {
        self.put(
            "removing an event of an identifier",
            "DELETE FROM event_of WHERE identifier = ?1 AND at = ?2 AND event = ?3",
            (key.as_bytes(), event.at.as_micros(), event.key.as_bytes()),
        )
    }

    fn put_erased(&mut self, key: &IdentifierKey) -> Stored<()> {
        const SQL: &str = "INSERT INTO erased (key) VALUES (?1) ON CONFLICT DO NOTHING";
        self.put("writing what was erased", SQL, [key.as_bytes()])
    }

    fn put_customer(&mut self, id: &CustomerId, row: &CustomerRow) -> Stored<()> {
        const DOING: &str = "writing a customer";
        let params = (id.as_bytes(), row.last.at.as_micros(), row.last.key.as_bytes(), row.profile.as_str());
        let known = self.run(
            DOING,
            "UPDATE customer SET last_at = ?2, last_event = ?3, profile = ?4 WHERE id = ?1",
            params,
        )?;
        if known == 0 {
            const NEW: &str =
                "INSERT INTO customer (id, last_at, last_event, profile) VALUES (?1, ?2, ?3, ?4)";
            self.put(DOING, NEW, params)?;
            self.count_customers(1)?;
        }
        Ok(())
    }

    fn remove_customer(&mut self, id: &CustomerId) -> Stored<()> {
        let there = self.run("removing a customer", "DELETE FROM customer WHERE id = ?1", [id.as_bytes()])?;
        if there > 0 { self.count_customers(-1) } else { Ok(()) }
    }

    fn put_snapshot(&mut self, id: &CustomerId, row: &CustomerRow) -> Stored<()> {
        self.put(
            "writing a snapshot of a customer",
            "INSERT INTO snapshot (customer, last_at, last_event, profile) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (customer, last_at, last_event) DO UPDATE SET profile = excluded.profile",
            (id.as_bytes(), row.last.at.as_micros(), row.last.key.as_bytes(), row.profile.as_str()),
        )
    }

    fn remove_snapshots(&mut self, id: &CustomerId, from: Option<&FoldKey>) -> Stored<()> {
        const DOING: &str = "removing snapshots of a customer";
        let Some(from) = from else {
            return self.put(DOING, "DELETE FROM snapshot WHERE customer = ?1", [id.as_bytes()]);
        };
        self.put(
            DOING,
            "DELETE FROM snapshot WHERE customer = ?1 AND (last_at, last_event) >= (?2, ?3)",
            (id.as_bytes(), from.at.as_micros(), from.key.as_bytes()),
        )
    }

    fn put_ledger(&mut self, contact: &IdentifierKey, ledger: &str) -> Stored<()> {
        self.put(
            "writing consents",
            "INSERT INTO consent (contact, ledger) VALUES (?1, ?2)
             ON CONFLICT (contact) DO UPDATE SET ledger = excluded.ledger WHERE ledger <> excluded.ledger",
            (contact.as_bytes(), ledger),
        )
    }

    fn remove_ledger(&mut self, contact: &IdentifierKey) -> Stored<()> {
        self.put("removing consents", "DELETE FROM consent WHERE contact = ?1", [contact.as_bytes()])
    }

    fn put_offer(&mut self, code: &str, offer: &str) -> Stored<()> {
        self.put(
            "writing an offer",
            "INSERT INTO offer (code, offer) VALUES (?1, ?2)
             ON CONFLICT (code) DO UPDATE SET offer = excluded.offer WHERE offer <> excluded.offer",
            (code, offer),
        )
    }

    fn put_tries(&mut self, contact: &IdentifierKey, tries: &str) -> Stored<()> {
        self.put(
            "writing failed tries",
            "INSERT INTO tries (contact, tries) VALUES (?1, ?2)
             ON CONFLICT (contact) DO UPDATE SET tries = excluded.tries WHERE tries <> excluded.tries",
            (contact.as_bytes(), tries),
        )
    }

    fn remove_tries(&mut self, contact: &IdentifierKey) -> Stored<()> {
        self.put("removing failed tries", "DELETE FROM tries WHERE contact = ?1", [contact.as_bytes()])
    }

    fn put_thread(
        &mut self,
        contact: &IdentifierKey,
        thread: &str,
        waits_since: Option<Timestamp>,
    ) -> Stored<()> {
        self.put(
            "writing a thread",
            "INSERT INTO thread (contact, thread, waits_since) VALUES (?1, ?2, ?3)
             ON CONFLICT (contact) DO UPDATE SET thread = excluded.thread, waits_since = excluded.waits_since
             WHERE thread <> excluded.thread OR waits_since IS NOT excluded.waits_since",
            (contact.as_bytes(), thread, waits_since.map(|since| since.as_micros())),
        )
    }

    fn remove_thread(&mut self, contact: &IdentifierKey) -> Stored<()> {
        self.put("removing a thread", "DELETE FROM thread WHERE contact = ?1", [contact.as_bytes()])
    }

    fn put_tag(&mut self, tag: &TagRow) -> Stored<()> {
        let json = serde_json::to_string(tag).expect("a tag is always JSON");
        self.put(
            "writing a tag",
            "INSERT INTO tag (uid, tag) VALUES (?1, ?2)
             ON CONFLICT (uid) DO UPDATE SET tag = excluded.tag WHERE tag <> excluded.tag",
            (tag.uid.to_string(), json),
        )
    }

    fn put_mark(&mut self, uid: &TagUid, epoch: KeyEpoch, mark: &Mark) -> Stored<()> {
        self.put(
            "writing a mark",
            "INSERT INTO mark (uid, epoch, highest, event, at, client) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (uid, epoch) DO UPDATE
             SET highest = excluded.highest, event = excluded.event, at = excluded.at,
                 client = excluded.client",
            (
                uid.to_string(),
                epoch.get(),
                mark.highest.get(),
                mark.event.as_bytes(),
                mark.at.as_micros(),
                mark.client.as_ref().map(|client| client.as_bytes()),
            ),
        )
    }

    fn put_spenders(&mut self, currency: Currency, bucket: u16, customers: u64) -> Stored<()> {
        const DOING: &str = "writing ranks";
        let Ok(customers) = i64::try_from(customers) else {
            return Err(self.refuse(DOING, "expected fewer than 2^63 customers"));
        };
        if customers == 0 {
            const NONE: &str = "DELETE FROM spenders WHERE currency = ?1 AND bucket = ?2";
            return self.put(DOING, NONE, (currency.code(), bucket));
        }
        self.put(
            DOING,
            "INSERT INTO spenders (currency, bucket, customers) VALUES (?1, ?2, ?3)
             ON CONFLICT (currency, bucket) DO UPDATE SET customers = excluded.customers",
            (currency.code(), bucket, customers),
        )
    }

    fn put_action(&mut self, action: &Action) -> Stored<()> {
        let json = serde_json::to_string(action).expect("an action is always JSON");
        self.put(
            "writing an action",
            "INSERT INTO action (id, cause_at, cause_event, action) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (id) DO UPDATE
             SET cause_at = excluded.cause_at, cause_event = excluded.cause_event, action = excluded.action",
            (action.id.as_str(), action.cause.at.as_micros(), action.cause.key.as_bytes(), json),
        )
    }

    fn remove_action(&mut self, id: &ActionId) -> Stored<()> {
        self.put("removing an action", "DELETE FROM action WHERE id = ?1", [id.as_str()])
    }

    fn clear_folded(&mut self) -> Stored<()> {
        const DOING: &str = "clearing the fold";
        for sql in [
            "DELETE FROM identifier",
            "DELETE FROM link",
            "DELETE FROM statement",
            "DELETE FROM event_of",
            "DELETE FROM description",
            "DELETE FROM described",
            "DELETE FROM block",
            "DELETE FROM alike",
            "DELETE FROM erased",
            "DELETE FROM customer",
            "DELETE FROM snapshot",
            "DELETE FROM consent",
            "DELETE FROM offer",
            "DELETE FROM tries",
            "DELETE FROM thread",
            "DELETE FROM tag",
            "DELETE FROM mark",
            "DELETE FROM spenders",
            "DELETE FROM action",
            "UPDATE store SET customers = 0",
        ] {
            self.put(DOING, sql, [])?;
        }
        Ok(())
    }

    /// An error does not say that nothing was written: look the event up, on the store opened again.
    fn commit(self) -> Stored<()> {
        if self.failed {
            let detail = "a statement of this transaction failed, so the rest would be half of something";
            return Err(StorageError::new(StorageFault::Reopen, COMMITTING, detail));
        }
        let store = self.store;
        let committed = store
            .execute("COMMIT")
            .map_err(fault::while_doing(COMMITTING))
            .and_then(|()| store.place.check_unmoved(COMMITTING));
        store.unsure.set(committed.is_err());
        committed
    }
}
