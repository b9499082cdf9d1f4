#include <string>

#include "store/dated_facts.h"
#include "store/ledger_rows.h"

namespace retaind::store {

Statement& outcome_rows(Database& database) {
  static const std::string sql =
      "SELECT r.name, m.step, m.repeat, " + subject_key() +
      " AS subject_key, c.key, m.due, coalesce(m.handed_at, m.ended_at), m.state, m.reason, "
      "m.line, "
      "m.id FROM message m JOIN firing f ON f.id = m.firing JOIN rule r ON r.id = m.rule LEFT JOIN "
      "customers c ON c.id = f.customer"
      " UNION ALL SELECT r.name, '', 0, " +
      subject_key() +
      ", c.key, f.due, f.planned, 7, f.reason, f.line, 0 FROM firing f JOIN rule r ON r.id = "
      "f.rule LEFT JOIN "
      "customers c ON c.id = f.customer"
      " WHERE NOT EXISTS (SELECT 1 FROM message m WHERE m.firing = f.id) ORDER BY 6, 1, 4, 2, 3";
  return database.prepared(sql);
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
