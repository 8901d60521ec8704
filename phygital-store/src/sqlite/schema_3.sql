-- Version 3: a store may hold a model by which names, dates of birth and addresses tell that two identifiers are one person's;
-- and customers as they were, so that an event that comes late need not fold all of hers again.
-- SQLite puts these lines into the schema as they are: a comment must not run to the end of a line.

ALTER TABLE rules ADD COLUMN
    model TEXT /* JSON; NULL where descriptions of people are not held against each other */;

CREATE TABLE description (
    -- What is said of people, each once; this and the three below are empty without a model.
    key     BLOB NOT NULL PRIMARY KEY, -- start of HMAC-SHA-256 over it under the tenant's secret
    details TEXT NOT NULL              -- JSON: a name, a date of birth, an address
) STRICT, WITHOUT ROWID;

CREATE TABLE described (
    -- The identifiers of which a description was said.
    description BLOB NOT NULL,
    identifier  BLOB NOT NULL,
    PRIMARY KEY (description, identifier)
) STRICT, WITHOUT ROWID;

CREATE TABLE block (
    -- The blocking keys of each description: those that share one are compared.
    block       BLOB NOT NULL, -- 8 bytes, start of HMAC-SHA-256 over the key under the tenant's secret
    description BLOB NOT NULL,
    PRIMARY KEY (block, description)
) STRICT, WITHOUT ROWID;

CREATE TABLE alike (
    -- Two descriptions that are alike; each pair stands here twice, once from each side.
    description BLOB NOT NULL,
    other       BLOB NOT NULL,
    weight      INTEGER NOT NULL, -- how much that speaks for one person, in thousandths of a bit
    PRIMARY KEY (description, other)
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshot (
    -- A customer as she was after some of her events.
    customer   BLOB NOT NULL,
    last_at    INTEGER NOT NULL, -- the last event folded in
    last_event BLOB NOT NULL,
    profile    TEXT NOT NULL,    -- JSON
    PRIMARY KEY (customer, last_at, last_event)
) STRICT;
