-- Version 2: names tell people apart, and a store keeps the rules of identity that it was made with.
-- SQLite puts these lines into the schema as they are: a comment must not run to the end of a line.

ALTER TABLE identifier ADD COLUMN
    details TEXT /* JSON: names and dates of birth said of whoever has it; NULL where nothing is */;

CREATE TABLE rules (
    -- The rules of identity by which all but log is folded. One row; none where it is to be made anew.
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    digest BLOB NOT NULL, -- SHA-256 of the rules: before them, so that reading it reads one page
    rules  TEXT NOT NULL  -- JSON
) STRICT;
