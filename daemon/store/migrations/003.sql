-- A slot of `every … each`: the pass over all rows of the subject. Who gets a message has a firing with this part;
-- everybody else is counted, for a pass over a million customers writes no million rows.
CREATE TABLE pass (
  id INTEGER PRIMARY KEY,
  rule INTEGER NOT NULL,
  draft INTEGER NOT NULL,
  "trigger" INTEGER NOT NULL,
  subject INTEGER NOT NULL,
  part INTEGER NOT NULL,         -- the slot, as in firing
  due INTEGER NOT NULL,
  last_row INTEGER NOT NULL,     -- the cursor: rows up to here are decided
  through_row INTEGER NOT NULL,  -- the newest row when it began
  fired INTEGER NOT NULL,
  ended INTEGER,                 -- NULL: under way
  UNIQUE (rule, draft, "trigger", part)
) STRICT;
CREATE INDEX pass_open ON pass (rule, draft) WHERE ended IS NULL;
CREATE INDEX pass_due ON pass (rule, due);

CREATE TABLE pass_count (
  pass INTEGER NOT NULL,
  reason INTEGER NOT NULL,
  line INTEGER NOT NULL,
  narrowed INTEGER NOT NULL,     -- 1: an index says that the condition is not true
  rows INTEGER NOT NULL,
  PRIMARY KEY (pass, reason, line, narrowed)
) STRICT, WITHOUT ROWID;
