#include "store/ledger_entries.h"

#include "store/ledger_rows.h"

namespace retaind::store {
namespace {

std::string query() {
  const std::string key = subject_key();
  return "SELECT m.id, coalesce(m.firing, 0), r.name, m.step, m.repeat, m.recipient, f.subject, "
         "f.row, " +
         key +
         ", c.key, m.state, m.reason, m.line, m.due, f.anchor, m.next_at, m.envelope, m.variant "
         "FROM message m JOIN rule r ON r.id = m.rule LEFT JOIN firing f ON f.id = m.firing "
         "LEFT JOIN customers c ON c.id = m.customer "
         "UNION ALL SELECT 0, f.id, r.name, '', 0, '', f.subject, f.row, " +
         key +
         ", c.key, 7, f.reason, f.line, f.planned, f.anchor, NULL, NULL, NULL "
         "FROM firing f JOIN rule r ON r.id = f.rule LEFT JOIN customers c ON c.id = f.customer "
         "WHERE f.withdrawn = 0 AND NOT EXISTS (SELECT 1 FROM message m WHERE m.firing = f.id) "
         "ORDER BY 14, 3, 1, 2";
}

}  // namespace

std::vector<LedgerEntry> ledger_entries(Database& database) {
  static const std::string sql = query();
  Statement& row = database.prepared(sql);
  std::vector<LedgerEntry> entries;
  while (row.step()) {
    LedgerEntry entry;
    entry.message = row.integer(0);
    entry.firing = row.integer(1);
    entry.rule = row.text(2);
    entry.step = row.text(3);
    if (entry.firing == 0) entry.step = entry.step.substr(0, entry.step.find(' '));
    entry.repeat = static_cast<int>(row.integer(4));
    entry.recipient = row.text(5);
    entry.subject = static_cast<Subject>(row.integer(6));
    entry.row = row.integer(7);
    entry.key = row.text(8);
    entry.customer = row.text(9);
    entry.state = static_cast<MessageState>(row.integer(10));
    entry.reason = static_cast<Reason>(row.integer(11));
    entry.line = static_cast<int>(row.integer(12));
    entry.due = row.time(13);
    entry.anchor = row.maybe_time(14);
    entry.next_at = row.maybe_time(15);
    entry.envelope = row.maybe_integer(16);
    entry.variant = row.text(17);
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace retaind::store
