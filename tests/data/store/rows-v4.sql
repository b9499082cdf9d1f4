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
