-- Version 2: names tell people apart, and a store keeps the rules of identity that it was made with.
-- SQLite puts these lines into the schema as they are: a comment must not run to the end of a line.

ALTER TABLE identifier ADD COLUMN
    details TEXT /* JSON: names and dates of birth said of whoever has it; NULL where nothing is */;
ALTER TABLE store ADD COLUMN
    rules TEXT /* JSON: by which rules all but log is folded; NULL where it is to be made anew */;
