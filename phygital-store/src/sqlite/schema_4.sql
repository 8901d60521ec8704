-- Version 4: where the conversation with a phone number or an email address stands.
-- SQLite puts these lines into the schema as they are: a comment must not run to the end of a line.

CREATE TABLE thread (
    -- One row for each contact point that was written to, or wrote.
    contact BLOB NOT NULL PRIMARY KEY, -- key of the identifier
    thread  TEXT NOT NULL              -- JSON
) STRICT, WITHOUT ROWID;

-- What older versions folded has no threads: the digest says to the engine that all is to be folded anew.
UPDATE rules SET digest = zeroblob(32);
