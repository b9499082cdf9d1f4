#include <sqlite3.h>

#include <string>

#include "store/dated_facts.h"
#include "store/ledger.h"
#include "store/ledger_rows.h"

namespace retaind::store {
namespace {

/// Into a table, so that all are joined and sorted together.
Result<void> write_down(Database& database, const EndedFirings& ended) {
  auto made = database.execute(
      "CREATE TEMP TABLE IF NOT EXISTS ended_aside (rule INTEGER, subject INTEGER, row INTEGER, "
      "customer INTEGER, due INTEGER, planned INTEGER, reason INTEGER, line INTEGER, step TEXT, "
      "state INTEGER, message INTEGER)");
  if (!made) return made;
  auto transaction = Transaction::begin(database);
  if (!transaction) return transaction.error();
  database.prepared("DELETE FROM temp.ended_aside").run();
  Statement& row = database.prepared(
      "INSERT INTO temp.ended_aside (rule, subject, row, customer, due, planned, reason, line, "
      "step, state, message) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
  for (std::size_t i = 0; i < ended.size(); ++i) {
    const Firing f = ended.at(i);
    const auto sent = ended.sent_at(i);
    row.bind(1, f.rule).bind(2, static_cast<int>(f.subject)).bind(3, f.row).bind(4, f.customer);
    row.bind(5, sent ? sent->due : f.due).bind(6, sent ? sent->at : f.planned);
    row.bind(7, static_cast<int>(sent ? Reason::sent : f.reason)).bind(8, f.line);
    row.bind(9, sent ? sent->step : std::string_view());
    row.bind(10, static_cast<int>(sent ? MessageState::sent : MessageState::skipped));
    row.bind(11, sent ? sent->message : 0).run();
  }
  return transaction->commit();
}

/// `step`, `state` and `message` as the table f has them.
std::string firings_of(std::string_view table, std::string_view step, std::string_view state,
                       std::string_view message) {
  std::string sql = " UNION ALL SELECT r.name, ";
  sql.append(step).append(", 0, ").append(subject_key()).append(", c.key, f.due, f.planned, ");
  sql.append(state).append(", f.reason, f.line, ").append(message).append(" FROM ").append(table);
  return sql + " f JOIN rule r ON r.id = f.rule LEFT JOIN customers c ON c.id = f.customer";
}

}  // namespace

Statement& outcome_rows(Database& database) {
  static const std::string in_tables =
      "SELECT r.name, m.step, m.repeat, " + subject_key() +
      " AS subject_key, c.key, m.due, coalesce(m.handed_at, m.ended_at), m.state, m.reason, "
      "m.line, "
      "m.id FROM message m JOIN firing f ON f.id = m.firing JOIN rule r ON r.id = m.rule LEFT JOIN "
      "customers c ON c.id = f.customer" +
      firings_of("firing", "''", "7", "0") +
      " WHERE NOT EXISTS (SELECT 1 FROM message m WHERE m.firing = f.id)";
  static const std::string order = " ORDER BY 6, 1, 4, 2, 3";
  static const std::string sql = in_tables + order;
  static const std::string sql_aside =
      in_tables + firings_of("temp.ended_aside", "f.step", "f.state", "f.message") + order;
  const EndedFirings* ended = Ledger(database).ended_aside();
  if (ended == nullptr) return database.prepared(sql);
  if (!write_down(database, *ended)) database.fail(SQLITE_ERROR, "temp.ended_aside");
  return database.prepared(sql_aside);
}

OutcomeRow read_outcome(const Statement& row) {
  OutcomeRow outcome;
  outcome.rule = row.text(0);
  outcome.step = row.text(1);
  outcome.repeat = static_cast<int>(row.integer(2));
  outcome.subject = row.text(3);
  outcome.customer = row.text(4);
  outcome.due = row.time(5);
  outcome.at = row.maybe_time(6);
  outcome.state = static_cast<MessageState>(row.integer(7));
  outcome.reason = static_cast<Reason>(row.integer(8));
  outcome.line = static_cast<int>(row.integer(9));
  outcome.message = row.integer(10);
  return outcome;
}

}  // namespace retaind::store
