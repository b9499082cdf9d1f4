-- Times are UTC milliseconds since 1970, money is in minor units, names of people and addresses appear in the facts,
-- the consent and the suppression only: the ledger holds row ids and keyed addresses.
-- history_until: the row came with `import --history` at that time; what was due by then is backlog.

CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Facts -------------------------------------------------------------------------------------------
-- The keys are the site's own ids. Their indexes are named, so that an import into an empty table can build them last.

CREATE TABLE customers (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  email TEXT,
  email_key TEXT,
  first_name TEXT,
  last_name TEXT,
  locale TEXT,
  time_zone TEXT,
  country TEXT,
  city TEXT,
  currency TEXT,
  created_at INTEGER,
  birthday TEXT,
  birth_month_day INTEGER GENERATED ALWAYS AS
    (CAST(substr(birthday, 6, 2) AS INTEGER) * 100 + CAST(substr(birthday, 9, 2) AS INTEGER)) VIRTUAL,
  marketing_paused_until INTEGER,
  attributes TEXT,
  -- roll-ups, kept in the transaction of the fact
  orders_count INTEGER NOT NULL DEFAULT 0,
  total_spent_minor INTEGER NOT NULL DEFAULT 0,
  last_order_at INTEGER,
  last_active_at INTEGER,
  active_episode INTEGER NOT NULL DEFAULT 0,
  open_tickets INTEGER NOT NULL DEFAULT 0,
  -- the latest word on each consent, kept by triggers below: 1 given, 0 never given or withdrawn
  consent_marketing INTEGER NOT NULL DEFAULT 0,
  consent_marketing_until INTEGER,
  consent_feedback INTEGER NOT NULL DEFAULT 0,
  consent_feedback_until INTEGER,
  -- which suppressions of the address stand, kept by triggers below: 1 all, 2 marketing, 4 feedback
  suppressed INTEGER NOT NULL DEFAULT 0,
  history_until INTEGER
) STRICT;
CREATE UNIQUE INDEX customers_key ON customers (key);
CREATE INDEX customers_last_active ON customers (last_active_at) WHERE last_active_at IS NOT NULL;
CREATE INDEX customers_created ON customers (created_at) WHERE created_at IS NOT NULL;
CREATE INDEX customers_birthday ON customers (birth_month_day) WHERE birth_month_day IS NOT NULL;
CREATE INDEX customers_email ON customers (email_key) WHERE email_key IS NOT NULL;

-- Further keys of a customer: exports that give a person another id with each order.
CREATE TABLE customer_alias (
  alias TEXT PRIMARY KEY,
  customer INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE orders (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  customer INTEGER,           -- NULL: an order without a customer: stored and counted, never matched
  number TEXT,
  status TEXT NOT NULL DEFAULT 'other',
  total_minor INTEGER,
  currency TEXT,
  placed_at INTEGER,
  paid_at INTEGER,
  shipped_at INTEGER,
  completed_at INTEGER,
  cancelled_at INTEGER,
  refunded_at INTEGER,
  items_count INTEGER NOT NULL DEFAULT 0,
  attributes TEXT,
  history_until INTEGER
) STRICT;
CREATE UNIQUE INDEX orders_key ON orders (key);
CREATE INDEX orders_customer ON orders (customer, placed_at) WHERE customer IS NOT NULL;
CREATE INDEX orders_placed ON orders (placed_at) WHERE placed_at IS NOT NULL;
CREATE INDEX orders_completed ON orders (completed_at) WHERE completed_at IS NOT NULL;

CREATE TABLE items (
  id INTEGER PRIMARY KEY,
  "order" INTEGER NOT NULL,
  key TEXT NOT NULL,
  sku TEXT,
  name TEXT,
  quantity REAL,
  price_minor INTEGER,
  attributes TEXT
) STRICT;
CREATE UNIQUE INDEX items_key ON items ("order", key);

CREATE TABLE subscriptions (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  customer INTEGER,
  plan TEXT,
  status TEXT NOT NULL DEFAULT 'active',
  price_minor INTEGER,
  currency TEXT,
  started_at INTEGER,
  renews_at INTEGER,
  cancelled_at INTEGER,
  ended_at INTEGER,
  attributes TEXT,
  history_until INTEGER
) STRICT;
CREATE UNIQUE INDEX subscriptions_key ON subscriptions (key);
CREATE INDEX subscriptions_customer ON subscriptions (customer) WHERE customer IS NOT NULL;
CREATE INDEX subscriptions_renews ON subscriptions (renews_at) WHERE renews_at IS NOT NULL;

CREATE TABLE tickets (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  customer INTEGER,
  number TEXT,
  subject TEXT,
  status TEXT NOT NULL DEFAULT 'new',
  priority TEXT,
  assignee TEXT,
  team TEXT,
  url TEXT,
  opened_at INTEGER,
  first_response_at INTEGER,
  solved_at INTEGER,
  closed_at INTEGER,
  unresolved_since INTEGER,   -- opened or last reopened; NULL while solved or closed
  unresolved_episode INTEGER NOT NULL DEFAULT 0,
  reopens INTEGER NOT NULL DEFAULT 0,
  as_of INTEGER,              -- the newest dated row seen: older ones only complete the history
  attributes TEXT,
  history_until INTEGER
) STRICT;
CREATE UNIQUE INDEX tickets_key ON tickets (key);
CREATE INDEX tickets_customer ON tickets (customer) WHERE customer IS NOT NULL;
CREATE INDEX tickets_opened ON tickets (opened_at) WHERE opened_at IS NOT NULL;
CREATE INDEX tickets_unresolved ON tickets (unresolved_since) WHERE unresolved_since IS NOT NULL;

CREATE TABLE feedback (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  customer INTEGER,
  "order" INTEGER,
  ticket INTEGER,
  kind TEXT,
  score INTEGER,
  comment TEXT,
  received_at INTEGER,
  attributes TEXT,
  history_until INTEGER
) STRICT;
CREATE UNIQUE INDEX feedback_key ON feedback (key);
CREATE INDEX feedback_customer ON feedback (customer) WHERE customer IS NOT NULL;
CREATE INDEX feedback_received ON feedback (received_at) WHERE received_at IS NOT NULL;

CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  customer INTEGER,
  name TEXT NOT NULL,
  at INTEGER NOT NULL,
  attributes TEXT,
  history_until INTEGER
) STRICT;
CREATE UNIQUE INDEX events_key ON events (key);
CREATE INDEX events_customer ON events (customer, at) WHERE customer IS NOT NULL;
CREATE INDEX events_name_at ON events (name, at);

-- What a mutable value was, and since when. subject is the number of model/fields.h.
CREATE TABLE history (
  subject INTEGER NOT NULL,
  row INTEGER NOT NULL,
  field TEXT NOT NULL,
  valid_from INTEGER NOT NULL,
  value TEXT,
  PRIMARY KEY (subject, row, field, valid_from)
) STRICT, WITHOUT ROWID;

-- Episodes of a shipped state that are over: active in [since, until). With the open ones on the rows they are the
-- facts against which the ledger is balanced, and what a daemon that was down learns of.
CREATE TABLE ended_episode (
  state TEXT NOT NULL,
  row INTEGER NOT NULL,
  episode INTEGER NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER NOT NULL,
  history_until INTEGER,
  PRIMARY KEY (state, row, episode)
) STRICT, WITHOUT ROWID;
CREATE INDEX ended_episode_since ON ended_episode (state, since);

CREATE TABLE consent (
  id INTEGER PRIMARY KEY,
  customer INTEGER NOT NULL,
  purpose TEXT NOT NULL,      -- marketing | feedback | tracking
  granted INTEGER NOT NULL,   -- 1 given, 0 withdrawn
  basis TEXT,
  at INTEGER NOT NULL,
  expires_at INTEGER,
  source TEXT,
  text_version TEXT,
  UNIQUE (customer, purpose, at)
) STRICT;
-- Of two words at one time the withdrawal counts; UNIQUE leaves only one of them anyway.
CREATE TRIGGER consent_marketing_kept AFTER INSERT ON consent WHEN NEW.purpose = 'marketing' BEGIN
  UPDATE customers SET consent_marketing = NEW.granted, consent_marketing_until = NEW.expires_at
  WHERE id = NEW.customer AND NOT EXISTS (SELECT 1 FROM consent c
    WHERE c.customer = NEW.customer AND c.purpose = 'marketing' AND c.at > NEW.at);
END;
CREATE TRIGGER consent_feedback_kept AFTER INSERT ON consent WHEN NEW.purpose = 'feedback' BEGIN
  UPDATE customers SET consent_feedback = NEW.granted, consent_feedback_until = NEW.expires_at
  WHERE id = NEW.customer AND NOT EXISTS (SELECT 1 FROM consent c
    WHERE c.customer = NEW.customer AND c.purpose = 'feedback' AND c.at > NEW.at);
END;

CREATE TABLE suppression (
  email_key TEXT NOT NULL,
  scope TEXT NOT NULL,        -- all | marketing | feedback
  cause TEXT,
  source TEXT,
  at INTEGER NOT NULL,
  lifted_at INTEGER,
  PRIMARY KEY (email_key, scope)
) STRICT, WITHOUT ROWID;
CREATE VIEW suppressed_address (email_key, scopes) AS
  SELECT email_key, sum(CASE scope WHEN 'all' THEN 1 WHEN 'marketing' THEN 2 ELSE 4 END)
  FROM suppression WHERE lifted_at IS NULL GROUP BY email_key;
CREATE TRIGGER suppression_added AFTER INSERT ON suppression BEGIN
  UPDATE customers SET suppressed =
    coalesce((SELECT scopes FROM suppressed_address a WHERE a.email_key = NEW.email_key), 0)
  WHERE email_key = NEW.email_key;
END;
CREATE TRIGGER suppression_changed AFTER UPDATE ON suppression BEGIN
  UPDATE customers SET suppressed =
    coalesce((SELECT scopes FROM suppressed_address a WHERE a.email_key = NEW.email_key), 0)
  WHERE email_key = NEW.email_key;
END;
CREATE TRIGGER suppression_removed AFTER DELETE ON suppression BEGIN
  UPDATE customers SET suppressed =
    coalesce((SELECT scopes FROM suppressed_address a WHERE a.email_key = OLD.email_key), 0)
  WHERE email_key = OLD.email_key;
END;
CREATE TRIGGER customers_suppressed AFTER INSERT ON customers
WHEN EXISTS (SELECT 1 FROM suppression p WHERE p.email_key = NEW.email_key) BEGIN
  UPDATE customers SET suppressed =
    coalesce((SELECT scopes FROM suppressed_address a WHERE a.email_key = NEW.email_key), 0)
  WHERE id = NEW.id;
END;
CREATE TRIGGER customers_address_changed AFTER UPDATE OF email_key ON customers
WHEN NEW.email_key IS NOT OLD.email_key BEGIN
  UPDATE customers SET suppressed =
    coalesce((SELECT scopes FROM suppressed_address a WHERE a.email_key = NEW.email_key), 0)
  WHERE id = NEW.id;
END;

-- The change feed: what the engine has to look at again. row 0 stands for "any row": a bulk load.
CREATE TABLE change (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  subject INTEGER NOT NULL,
  row INTEGER NOT NULL,
  columns INTEGER NOT NULL,   -- bits of store/columns.h
  at INTEGER NOT NULL
) STRICT;

-- Where an import stands, in the transaction of its rows: one that was killed goes on from there.
CREATE TABLE import_progress (
  file TEXT PRIMARY KEY,      -- kind and absolute path
  fingerprint TEXT NOT NULL,  -- of the file and the mapping: another content begins anew
  position INTEGER NOT NULL,  -- bytes of the uncompressed text
  state TEXT NOT NULL,        -- counts so far
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Ledger -------------------------------------------------------------------------------------------

CREATE TABLE rule (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,  -- the permanent id
  first_name TEXT NOT NULL,   -- before renames: holdout buckets hang on it
  status INTEGER NOT NULL,    -- language::RuleStatus
  revision TEXT NOT NULL,
  timing TEXT NOT NULL,       -- what of the revision decides when an occurrence is due
  activated_at INTEGER,       -- live since; NULL while it was only ever a draft
  revised_at INTEGER NOT NULL,
  counts_from INTEGER,        -- occurrences due after this are this revision's
  evaluated INTEGER,          -- every occurrence due up to here is in the ledger
  left_out INTEGER NOT NULL DEFAULT 0,
  resumed_at INTEGER,
  removed_at INTEGER
) STRICT;

CREATE TABLE rule_revision (
  rule INTEGER NOT NULL,
  at INTEGER NOT NULL,
  revision TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (rule, at)
) STRICT, WITHOUT ROWID;

-- Names of triggers as small numbers, for the keys.
CREATE TABLE trigger_name (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- One rule's one occurrence, once, for ever. The key is (rule, draft, trigger, row, part): part is the episode of a state,
-- the local date (yyyymmdd) of a date, the slot (minutes since 1970, nominal local time) of a schedule, 0 for an event.
CREATE TABLE firing (
  id INTEGER PRIMARY KEY,
  rule INTEGER NOT NULL,
  draft INTEGER NOT NULL,
  "trigger" INTEGER NOT NULL,
  subject INTEGER NOT NULL,
  row INTEGER NOT NULL,
  part INTEGER NOT NULL,
  customer INTEGER,
  anchor INTEGER,
  due INTEGER NOT NULL,       -- by the facts as last seen
  planned INTEGER NOT NULL,   -- when it was put into the plan: due, or later for backlog
  open INTEGER NOT NULL,
  reason INTEGER NOT NULL,    -- of an occurrence that planned no message, or that ended the run
  line INTEGER NOT NULL DEFAULT -1,  -- which condition decided
  scope INTEGER,              -- row of the once-per subject
  held_out INTEGER,           -- NULL undecided, 0 no, 1 yes
  withdrawn INTEGER NOT NULL DEFAULT 0,  -- the fact is gone: no part of the balance
  UNIQUE (rule, draft, "trigger", row, part)
) STRICT;
CREATE INDEX firing_due ON firing (rule, due);
CREATE INDEX firing_open ON firing (subject, row) WHERE open = 1;

CREATE TABLE message (
  id INTEGER PRIMARY KEY,
  firing INTEGER,             -- NULL: the envelope of a digest; its step is "step recipient due"
  rule INTEGER NOT NULL,
  customer INTEGER,
  step TEXT NOT NULL,
  repeat INTEGER NOT NULL DEFAULT 0,
  channel INTEGER NOT NULL,   -- model Channel
  draft INTEGER NOT NULL,
  recipient TEXT,             -- keyed address, team or endpoint: the unit that is served one at a time
  state INTEGER NOT NULL,
  reason INTEGER NOT NULL,
  line INTEGER NOT NULL DEFAULT -1,
  due INTEGER NOT NULL,       -- planned time
  late_from INTEGER NOT NULL, -- from which the late limit counts
  next_at INTEGER,            -- next check; NULL when nothing will happen any more
  priority INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  envelope INTEGER,           -- the digest that this item rides in
  is_envelope INTEGER NOT NULL DEFAULT 0,
  planned_at INTEGER NOT NULL,
  handed_at INTEGER,
  ended_at INTEGER,
  code INTEGER,
  reply TEXT,
  UNIQUE (firing, step, repeat)
) STRICT;
CREATE INDEX message_next ON message (channel, next_at, priority DESC, due, id) WHERE next_at IS NOT NULL;
-- Whoever waits behind another message of the same recipient (Messages::parked).
CREATE INDEX message_parked ON message (channel, recipient, priority DESC, due, id)
  WHERE next_at = 253370851200000;
CREATE INDEX message_due ON message (rule, due);
CREATE INDEX message_handed ON message (state) WHERE state IN (2, 3);
CREATE INDEX message_customer ON message (customer) WHERE next_at IS NOT NULL;
CREATE INDEX message_envelope ON message (envelope) WHERE envelope IS NOT NULL;

-- Sends that count in caps: one row a marketing or feedback message that left or may have left.
CREATE TABLE cap (
  recipient TEXT NOT NULL,
  at INTEGER NOT NULL,
  message INTEGER NOT NULL,
  PRIMARY KEY (recipient, at, message)
) STRICT, WITHOUT ROWID;

-- once-per: who has the place.
CREATE TABLE once (
  rule INTEGER NOT NULL,
  draft INTEGER NOT NULL,
  scope INTEGER NOT NULL,
  firing INTEGER NOT NULL,
  kept INTEGER NOT NULL,      -- 1: something was sent, unknown or held out; 0: the firing is open
  first_at INTEGER,           -- first send of the firing in kept_by
  kept_by INTEGER,
  PRIMARY KEY (rule, draft, scope)
) STRICT, WITHOUT ROWID;

-- How many of a rule's messages left on a local day (limit).
CREATE TABLE rule_day (
  rule INTEGER NOT NULL,
  day INTEGER NOT NULL,       -- yyyymmdd
  used INTEGER NOT NULL DEFAULT 0,
  reserved INTEGER NOT NULL DEFAULT 0,  -- moved here from a day that was full
  PRIMARY KEY (rule, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE coupon (
  code TEXT PRIMARY KEY,
  message INTEGER NOT NULL UNIQUE,
  rule INTEGER NOT NULL,
  customer INTEGER,
  name TEXT NOT NULL,
  percent_off INTEGER,
  amount_minor INTEGER,
  currency TEXT,
  single_use INTEGER NOT NULL,
  valid_until INTEGER,
  minted_at INTEGER NOT NULL,
  voided_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE survey (
  token TEXT PRIMARY KEY,
  message INTEGER NOT NULL UNIQUE,
  rule INTEGER NOT NULL,
  customer INTEGER,
  kind TEXT NOT NULL,
  subject INTEGER,
  row INTEGER,
  minted_at INTEGER NOT NULL,
  voided_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE hold (
  id INTEGER PRIMARY KEY,
  scope TEXT NOT NULL,        -- all | rule | customer
  target TEXT NOT NULL,       -- rule name, customer key; '' for all
  cause TEXT NOT NULL,        -- operator | brake | clock | restored
  until INTEGER,
  because TEXT NOT NULL,
  author TEXT NOT NULL,
  at INTEGER NOT NULL,
  released_at INTEGER
) STRICT;
CREATE INDEX hold_active ON hold (scope, target) WHERE released_at IS NULL;

-- What a decision read, for people who ask why.
CREATE TABLE decision (
  id INTEGER PRIMARY KEY,
  firing INTEGER,
  message INTEGER,
  at INTEGER NOT NULL,
  reason INTEGER NOT NULL,
  "values" TEXT
) STRICT;

-- Texts of messages, whole or as what differs from a base (store/text_delta.h).
CREATE TABLE message_body (
  message INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  base INTEGER,               -- NULL: bytes are the whole text
  bytes BLOB NOT NULL
) STRICT;

-- What mails of one step have in common; used for a day.
CREATE TABLE body_base (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
-- Which text of a step with variants a message has: the name of its template. NULL: the step had none when the message
-- was planned.
ALTER TABLE message ADD COLUMN variant TEXT;
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
-- What is bought together (insight/bought_together): kept from the change feed, and only while a mail shows it. No row
-- of these tables knows a customer.
CREATE TABLE product (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,   -- the item's sku, else its name
  newest INTEGER              -- of the orders that count, the one placed last: whose name and price are shown
) STRICT;

-- The products of each order as they are in the counts now: what an order that changes has to take back.
CREATE TABLE counted_item (
  "order" INTEGER NOT NULL,
  product INTEGER NOT NULL,
  PRIMARY KEY ("order", product)
) STRICT, WITHOUT ROWID;
CREATE INDEX counted_item_product ON counted_item (product, "order");

-- In how many orders two products stand together; each pair from both sides.
CREATE TABLE item_pair (
  product INTEGER NOT NULL,
  other INTEGER NOT NULL,
  orders INTEGER NOT NULL,
  PRIMARY KEY (product, other)
) STRICT, WITHOUT ROWID;
-- A small ledger as it may stand on the day of an upgrade: sent, unknown, held out, waiting, skipped.
PRAGMA application_id = 0x72746e64;
PRAGMA user_version = 4;
INSERT INTO customers (id, key, email, email_key, last_active_at, active_episode) VALUES
  (1, 'anna', 'anna@example.com', 'anna@example.com', 1767225600000, 3), (2, 'ben', NULL, NULL, NULL, 0);
INSERT INTO orders (id, key, customer, status, total_minor, currency, placed_at, completed_at) VALUES
  (1, '1001', 1, 'completed', 4900, 'EUR', 1767225600000, 1767398400000);
INSERT INTO history VALUES (4, 1, 'status', 1767225600000, 'new');
INSERT INTO ended_episode VALUES ('customer.inactive', 1, 2, 1760000000000, 1767225600000, NULL);
INSERT INTO rule (id, name, first_name, status, revision, timing, activated_at, revised_at, counts_from, evaluated) VALUES
  (1, 'thanks', 'thanks', 1, 'r1', 't1', 1760000000000, 1760000000000, 1760000000000, 1768000000000),
  (2, 'win-back', 'come-back', 1, 'r2', 't2', 1760000000000, 1765000000000, 1765000000000, 1768000000000);
INSERT INTO trigger_name (id, name) VALUES (1, 'order.completed'), (2, 'customer.inactive');
INSERT INTO firing (id, rule, draft, "trigger", subject, row, part, customer, anchor, due, planned, open, reason, line, scope, held_out) VALUES
  (1, 1, 0, 1, 1, 1, 0, 1, 1767398400000, 1768003200000, 1768003200000, 0, 1, -1, 1, 0),
  (2, 2, 0, 2, 0, 1, 2, 1, 1760000000000, 1767776000000, 1767776000000, 0, 6, 3, NULL, NULL),
  (3, 2, 0, 2, 0, 1, 3, 1, 1767225600000, 1775001600000, 1775001600000, 1, 0, -1, 1, 1),
  (4, 1, 1, 1, 1, 1, 0, 1, 1767398400000, 1768003200000, 1768003200000, 0, 2, -1, NULL, NULL);
INSERT INTO message (id, firing, rule, customer, step, channel, draft, recipient, state, reason, due, late_from, next_at, priority, attempts, planned_at, handed_at, ended_at, code, reply) VALUES
  (1, 1, 1, 1, 'email:thanks', 0, 0, 'anna@example.com', 4, 1, 1768003200000, 1768003200000, NULL, 10, 1, 1768003200000, 1768003201000, 1768003201500, 250, '2.0.0 Ok'),
  (2, 3, 2, 1, 'email:win-back', 0, 0, 'anna@example.com', 5, 0, 1775001600000, 1775001600000, NULL, 0, 2, 1775001600000, 1775001601000, 1775001602000, NULL, NULL),
  (3, 4, 1, 1, 'email:thanks', 0, 1, NULL, 7, 2, 1768003200000, 1768003200000, NULL, 10, 0, 1768003200000, NULL, 1768003200000, NULL, NULL);
INSERT INTO once (rule, draft, scope, firing, kept, first_at) VALUES (2, 0, 1, 3, 1, 1775001601000);
INSERT INTO cap (recipient, at, message) VALUES ('anna@example.com', 1768003201000, 1);
INSERT INTO meta VALUES ('ledger', 'ABC 00000000000000000007 00001775001602000');
UPDATE message SET variant = 'win-back-short' WHERE id = 2;
INSERT INTO pass (id, rule, draft, "trigger", subject, part, due, last_row, through_row, fired, ended) VALUES (1, 1, 0, 1, 0, 29467440, 1768046400000, 2, 2, 1, 1768046400500);
INSERT INTO pass_count (pass, reason, line, narrowed, rows) VALUES (1, 6, 0, 0, 1);
INSERT INTO product (id, key, newest) VALUES (1, 'tea', 1), (2, 'pot', 1);
INSERT INTO counted_item ("order", product) VALUES (1, 1), (1, 2);
INSERT INTO item_pair (product, other, orders) VALUES (1, 2, 1), (2, 1, 1);
INSERT INTO meta VALUES ('item_pairs_feed', '0');
