-- Version 1 of a Phygital store.
--
-- One event is one row of `log`; every other table is folded from the log and can be made anew from it.
-- Times are microseconds since 1970-01-01 UTC. Keys of 16 bytes are blobs: hex(key) shows them, and the
-- views ending in _readable show keys and times as text.

CREATE TABLE store (
    -- Whose store this is. One row.
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    device      BLOB,    -- the device that writes, 16 random bytes
    epoch       INTEGER, -- grows whenever the file is found copied or restored
    incarnation BLOB,    -- 16 random bytes, new at every opening
    tenant      BLOB,    -- SECRET, 32 bytes: identifiers are hashed under it
    place       TEXT,    -- where the file lay when the four above were written
    openings    INTEGER NOT NULL, -- how often they were written
    customers   INTEGER NOT NULL  -- rows of the table customer, counted
) STRICT;
INSERT INTO store (one, openings, customers) VALUES (1, 0, 0);

CREATE TABLE log (
    -- The truth: every event, in order of arrival, never changed. docs/log-format.md has the chain.
    position       INTEGER PRIMARY KEY, -- order of arrival, from 1, without a gap
    event          BLOB NOT NULL,    -- key of the event: start of SHA-256 over source, 0, id
    device         BLOB NOT NULL,    -- who recorded it
    epoch          INTEGER NOT NULL,
    seq            INTEGER NOT NULL, -- the how-manieth of that device and epoch, from 1
    clock_ms       INTEGER NOT NULL, -- hybrid logical clock: milliseconds since 1970
    clock_count    INTEGER NOT NULL, -- and its counter
    at             INTEGER NOT NULL, -- when it happened, as far as the clock believes it: order of the fold
    received_at    INTEGER NOT NULL,
    sent_at        INTEGER,
    payload_digest BLOB NOT NULL,    -- SHA-256 of salt and payload
    link           BLOB NOT NULL,    -- SHA-256 over the link before and the fields above
    salt           BLOB,             -- NULL after the payload was erased
    payload        TEXT,             -- the event as JSON (CloudEvents 1.0); NULL after it was erased
    CHECK ((salt IS NULL) = (payload IS NULL))
) STRICT;
CREATE UNIQUE INDEX log_event ON log (event);

CREATE TABLE log_end (
    -- The last entry of each device and epoch, but of the one that the newest row of log belongs to: its
    -- last entry is that row, and what stands here of it is older.
    device      BLOB NOT NULL,
    epoch       INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    clock_ms    INTEGER NOT NULL,
    clock_count INTEGER NOT NULL,
    link        BLOB NOT NULL,
    PRIMARY KEY (device, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE identifier (
    -- Phone numbers, loyalty numbers, cookies: whatever names a customer.
    key         BLOB NOT NULL,    -- start of HMAC-SHA-256 over kind, 0, value under the tenant's secret
    kind        TEXT NOT NULL,    -- loyalty, login, crm, phone, email, card, device, cookie, tag_visitor
    value       TEXT NOT NULL,
    first_at    INTEGER NOT NULL, -- the first event that names it
    first_event BLOB NOT NULL,
    shared      INTEGER NOT NULL CHECK (shared IN (0, 1)), -- 1: too many people use it to tie any together
    customer    BLOB NOT NULL,    -- whose it is
    PRIMARY KEY (key)
) STRICT, WITHOUT ROWID;
CREATE INDEX identifier_customer ON identifier (customer, key, kind, value); -- all that a card asks

CREATE TABLE link (
    -- Two identifiers that an event names together; each pair stands here twice, once from each side.
    identifier  BLOB NOT NULL,
    other       BLOB NOT NULL,
    kind        TEXT NOT NULL,    -- of the other
    first_at    INTEGER NOT NULL, -- the first event that names both
    first_event BLOB NOT NULL,
    PRIMARY KEY (identifier, other)
) STRICT, WITHOUT ROWID;

CREATE TABLE statement (
    -- What was last said of two identifiers; from each side as well.
    identifier BLOB NOT NULL,
    other      BLOB NOT NULL,
    same       INTEGER NOT NULL CHECK (same IN (0, 1)), -- 1: one person; 0: two
    said_at    INTEGER NOT NULL, -- the event that says so
    said_event BLOB NOT NULL,
    PRIMARY KEY (identifier, other)
) STRICT, WITHOUT ROWID;

CREATE TABLE event_of (
    -- The events that name an identifier, in order of the fold.
    identifier BLOB NOT NULL,
    at         INTEGER NOT NULL,
    event      BLOB NOT NULL,
    PRIMARY KEY (identifier, at, event)
) STRICT, WITHOUT ROWID;

CREATE TABLE customer (
    -- What the fold of a customer's events gave.
    id         BLOB NOT NULL PRIMARY KEY, -- the key of her oldest identifier
    last_at    INTEGER NOT NULL, -- the last event folded in
    last_event BLOB NOT NULL,
    profile    TEXT NOT NULL     -- JSON
) STRICT;

CREATE TABLE consent (
    -- What was granted and withdrawn for a phone number or an email address.
    contact BLOB NOT NULL PRIMARY KEY, -- key of the identifier
    ledger  TEXT NOT NULL              -- JSON
) STRICT, WITHOUT ROWID;

CREATE TABLE offer (
    -- Offers to opt in, by their one-time code.
    code  TEXT NOT NULL PRIMARY KEY,
    offer TEXT NOT NULL -- JSON
) STRICT;

CREATE TABLE tries (
    -- Codes that somebody tried and that were none.
    contact BLOB NOT NULL PRIMARY KEY, -- key of the identifier
    tries   TEXT NOT NULL              -- JSON
) STRICT;

CREATE TABLE tag (
    -- The registry of tags.
    uid TEXT NOT NULL PRIMARY KEY, -- 14 hexadecimal digits
    tag TEXT NOT NULL              -- JSON: place, touchpoint, label, status, key_epoch
) STRICT, WITHOUT ROWID;

CREATE TABLE mark (
    -- The high-water mark of each tag and generation of its keys: a counter not above it is a replay.
    uid     TEXT NOT NULL,
    epoch   INTEGER NOT NULL, -- generation of keys, from 0
    highest INTEGER NOT NULL, -- highest read counter accepted
    event   BLOB NOT NULL,    -- the tap that brought it
    at      INTEGER NOT NULL, -- when that was received
    client  BLOB,             -- SHA-256 of who sent it, where it said so
    PRIMARY KEY (uid, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE spenders (
    -- How many customers spent what falls into a bucket, for ranks.
    currency  TEXT NOT NULL, -- ISO 4217
    bucket    INTEGER NOT NULL,
    customers INTEGER NOT NULL,
    PRIMARY KEY (currency, bucket)
) STRICT, WITHOUT ROWID;

CREATE TABLE action (
    -- What the host is still to carry out.
    id          TEXT NOT NULL PRIMARY KEY,
    cause_at    INTEGER NOT NULL, -- the event that asked for it
    cause_event BLOB NOT NULL,
    action      TEXT NOT NULL     -- JSON: action, to, purpose, text, expires_at
) STRICT;
CREATE INDEX action_cause ON action (cause_at, cause_event, id);

CREATE VIEW log_readable AS
    SELECT position, lower(hex(device)) || '-' || epoch || '-' || seq AS origin,
           strftime('%Y-%m-%dT%H:%M:%S', at / 1000000, 'unixepoch') || printf('.%06dZ', at % 1000000) AS at,
           strftime('%Y-%m-%dT%H:%M:%S', received_at / 1000000, 'unixepoch')
               || printf('.%06dZ', received_at % 1000000) AS received_at,
           payload ->> '$.type' AS type, payload ->> '$.source' AS source, payload ->> '$.id' AS id,
           lower(hex(event)) AS event, lower(hex(link)) AS link, payload
    FROM log;

CREATE VIEW identifier_readable AS
    SELECT kind, value, shared, lower(hex(customer)) AS customer, lower(hex(key)) AS key,
           strftime('%Y-%m-%dT%H:%M:%S', first_at / 1000000, 'unixepoch')
               || printf('.%06dZ', first_at % 1000000) AS first_at
    FROM identifier;

CREATE VIEW customer_readable AS
    SELECT lower(hex(id)) AS id,
           strftime('%Y-%m-%dT%H:%M:%S', last_at / 1000000, 'unixepoch')
               || printf('.%06dZ', last_at % 1000000) AS last_at,
           (SELECT group_concat(kind || ':' || value, ' ') FROM identifier WHERE customer = id) AS identifiers,
           profile
    FROM customer;

CREATE VIEW consent_readable AS
    SELECT kind, value, ledger FROM consent JOIN identifier ON key = contact;

CREATE VIEW mark_readable AS
    SELECT uid, epoch, highest, lower(hex(event)) AS event,
           strftime('%Y-%m-%dT%H:%M:%S', at / 1000000, 'unixepoch') || printf('.%06dZ', at % 1000000) AS at
    FROM mark;
