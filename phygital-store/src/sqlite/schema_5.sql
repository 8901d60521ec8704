-- Version 5: since when a question of a topic waits for its answer.
-- SQLite puts these lines into the schema as they are: a comment must not run to the end of a line.

ALTER TABLE thread ADD COLUMN
    waits_since INTEGER /* microseconds since 1970; NULL where nothing waits for her */;

CREATE INDEX thread_waits ON thread (waits_since, contact) WHERE waits_since IS NOT NULL;

-- What version 4 folded says of messages out what is not kept any more: all is to be folded anew.
UPDATE rules SET digest = zeroblob(32);
