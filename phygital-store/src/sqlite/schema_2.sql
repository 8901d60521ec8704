-- Version 2: names tell people apart, a store keeps the rules of identity that it was made with, what was erased stays so.
-- SQLite puts these lines into the schema as they are: a comment must not run to the end of a line.

ALTER TABLE identifier ADD COLUMN
    details TEXT /* JSON: names, dates of birth, addresses said of whoever has it; NULL where nothing is */;
ALTER TABLE identifier ADD COLUMN
    withdrawn INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1)) /* 1: linking by it was withdrawn */;
ALTER TABLE log ADD COLUMN
    struck BLOB /* SHA-256 of salt and payload after something was erased from it; NULL where nothing was */;

CREATE TABLE rules (
    -- The rules of identity by which all but log is folded. One row; none where it is to be made anew.
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    digest BLOB NOT NULL, -- SHA-256 of the rules: before them, so that reading it reads one page
    rules  TEXT NOT NULL  -- JSON
) STRICT;

CREATE TABLE erased (
    -- Identifiers that are to be forgotten whenever they come again, as keys alone.
    key BLOB NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;
