#include "store/overview.h"

#include <fmt/format.h>

#include <numeric>

#include "store/ledger_rows.h"

namespace retaind::store {

std::int64_t Overview::Firings::all() const {
  return std::accumulate(without.begin(), without.end(), with_messages,
                         [](std::int64_t sum, const auto& entry) { return sum + entry.second; });
}

std::vector<Overview::Line> Overview::messages(const Filter& filter) {
  // Which parameters count is part of the text, so each combination is prepared once.
  std::string sql =
      "SELECT m.id, r.name, m.step, m.repeat, m.draft, coalesce(c.key, ''), m.state, m.reason, "
      "m.due, m.next_at,"
      " m.ended_at, m.envelope, m.is_envelope, m.attempts, coalesce(m.code, 0), coalesce(m.reply, "
      "''), m.variant, coalesce(f.subject, 0), coalesce(" +
      subject_key() +
      ", '') FROM message m JOIN rule r ON r.id = m.rule LEFT JOIN firing f ON f.id = m.firing "
      "LEFT "
      "JOIN customers c ON c.id = m.customer WHERE m.id < ?1";
  if (filter.state) sql += " AND m.state = ?2";
  if (!filter.rule.empty()) sql += " AND r.name = ?3";
  if (!filter.customer.empty()) sql += " AND c.key = ?4";
  sql += " ORDER BY m.id DESC LIMIT ?5";
  Statement& rows = database_->prepared(sql);
  rows.bind(1, filter.before > 0 ? filter.before : INT64_MAX).bind(5, filter.limit);
  if (filter.state) rows.bind(2, static_cast<int>(*filter.state));
  if (!filter.rule.empty()) rows.bind(3, filter.rule);
  if (!filter.customer.empty()) rows.bind(4, filter.customer);
  std::vector<Line> lines;
  while (rows.step()) {
    Line line;
    line.id = rows.integer(0);
    line.rule = rows.text(1);
    line.step = rows.text(2);
    line.repeat = static_cast<int>(rows.integer(3));
    line.draft = rows.integer(4) != 0;
    line.customer = rows.text(5);
    line.state = static_cast<MessageState>(rows.integer(6));
    line.reason = static_cast<Reason>(rows.integer(7));
    line.due = rows.time(8);
    line.next_at = rows.maybe_time(9);
    line.ended_at = rows.maybe_time(10);
    line.envelope = rows.maybe_integer(11);
    line.is_envelope = rows.integer(12) != 0;
    line.attempts = static_cast<int>(rows.integer(13));
    line.code = static_cast<int>(rows.integer(14));
    line.reply = rows.text(15);
    line.variant = rows.text(16);
    line.subject = static_cast<Subject>(rows.integer(17));
    line.row = rows.text(18);
    lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<Overview::Line> Overview::occurrences(const Filter& filter) {
  std::string sql =
      "SELECT f.id, r.name, f.draft, coalesce(c.key, ''), f.reason, f.due, f.subject, coalesce(" +
      subject_key() +
      ", '') FROM firing f JOIN rule r ON r.id = f.rule"
      " LEFT JOIN customers c ON c.id = f.customer WHERE f.id < ?1 AND f.withdrawn = 0"
      " AND NOT EXISTS (SELECT 1 FROM message m WHERE m.firing = f.id)";
  if (!filter.rule.empty()) sql += " AND r.name = ?2";
  if (!filter.customer.empty()) sql += " AND c.key = ?3";
  sql += " ORDER BY f.id DESC LIMIT ?4";
  Statement& rows = database_->prepared(sql);
  rows.bind(1, filter.before > 0 ? filter.before : INT64_MAX).bind(4, filter.limit);
  if (!filter.rule.empty()) rows.bind(2, filter.rule);
  if (!filter.customer.empty()) rows.bind(3, filter.customer);
  std::vector<Line> lines;
  while (rows.step()) {
    Line line;
    line.id = rows.integer(0);
    line.rule = rows.text(1);
    line.draft = rows.integer(2) != 0;
    line.customer = rows.text(3);
    line.state = MessageState::skipped;
    line.reason = static_cast<Reason>(rows.integer(4));
    line.due = rows.time(5);
    line.subject = static_cast<Subject>(rows.integer(6));
    line.row = rows.text(7);
    lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<Overview::Count> Overview::messages_due(std::int64_t rule, Time from, Time to) {
  Statement& rows = database_->prepared(
      "SELECT state, reason, state > 3 AND next_at IS NULL AS over, count(*) FROM message WHERE "
      "rule = ?1 AND due >= ?2 AND due < ?3 AND draft = 0 AND is_envelope = 0 GROUP BY state, "
      "reason, over ORDER BY state, reason, over");
  rows.bind(1, rule).bind(2, from).bind(3, to);
  std::vector<Count> counts;
  while (rows.step()) {
    counts.push_back({static_cast<MessageState>(rows.integer(0)),
                      static_cast<Reason>(rows.integer(1)), rows.integer(2) != 0, rows.integer(3)});
  }
  return counts;
}

std::vector<Overview::VariantCount> Overview::variants_due(std::int64_t rule, Time from, Time to) {
  Statement& rows = database_->prepared(
      "SELECT step, variant, state, state > 3 AND next_at IS NULL AS over, count(*) FROM message "
      "WHERE rule = ?1 AND due >= ?2 AND due < ?3 AND draft = 0 AND variant <> '' GROUP BY step, "
      "variant, state, over ORDER BY step, variant");
  rows.bind(1, rule).bind(2, from).bind(3, to);
  std::vector<VariantCount> counts;
  while (rows.step()) {
    const bool same = !counts.empty() && counts.back().step == rows.text(0) &&
                      counts.back().variant == rows.text(1);
    if (!same) counts.push_back({std::string(rows.text(0)), std::string(rows.text(1))});
    VariantCount& count = counts.back();
    const auto state = static_cast<MessageState>(rows.integer(2));
    std::int64_t& part = rows.integer(3) == 0             ? count.waiting
                         : state == MessageState::sent    ? count.sent
                         : state == MessageState::unknown ? count.unknown
                                                          : count.ended;
    part += rows.integer(4);
  }
  return counts;
}

std::int64_t Overview::planned(std::int64_t rule, Time from, Time to) {
  Statement& row = database_->prepared(
      "SELECT count(*) FROM message WHERE rule = ?1 AND due >= ?2 AND due < ?3 AND draft = 0 AND "
      "is_envelope = 0");
  row.bind(1, rule).bind(2, from).bind(3, to);
  const std::int64_t count = row.step() ? row.integer(0) : 0;
  row.reset();
  return count;
}

std::int64_t Overview::stranded(std::int64_t rule, Time from, Time to) {
  // Reasons that wait, and none, go with planned, held and a repeated unknown; sent with sent; the
  // others with failed and skipped. What waits has a next check, rides in a digest that has one, or
  // is on its way.
  static const std::string waiting = [] {
    std::string numbers = "0";
    for (const ReasonRow& row : reasons()) {
      if (row.waits) numbers += fmt::format(", {}", static_cast<int>(row.reason));
    }
    return numbers;
  }();
  static const std::string sql = fmt::format(
      "SELECT (SELECT count(*) FROM message m WHERE rule = ?1 AND due >= ?2 AND due < ?3 AND draft "
      "= 0 AND is_envelope = 0 AND NOT CASE state"
      " WHEN 0 THEN next_at IS NOT NULL AND reason IN ({0})"
      " WHEN 1 THEN next_at IS NOT NULL AND reason IN ({0})"
      " WHEN 2 THEN next_at IS NULL AND EXISTS (SELECT 1 FROM message e WHERE e.id = m.envelope "
      "AND (e.state = 3 OR e.next_at IS NOT NULL))"
      " WHEN 3 THEN next_at IS NULL"
      " WHEN 4 THEN next_at IS NULL AND reason = {1} AND ended_at IS NOT NULL"
      " WHEN 5 THEN reason IN ({0})"
      " ELSE next_at IS NULL AND reason NOT IN ({0}, {1}) AND ended_at IS NOT NULL END)"
      " + (SELECT count(*) FROM firing f WHERE rule = ?1 AND due >= ?2 AND due < ?3 AND draft = 0"
      " AND open <> EXISTS (SELECT 1 FROM message m WHERE m.firing = f.id AND (state < 2 OR (state "
      "= 5 AND next_at IS NOT NULL) OR (state IN (2, 3) AND f.open = 1))))",
      waiting, static_cast<int>(Reason::sent));
  Statement& row = database_->prepared(sql);
  row.bind(1, rule).bind(2, from).bind(3, to);
  const std::int64_t count = row.step() ? row.integer(0) : 0;
  row.reset();
  return count;
}

std::vector<Overview::Unknown> Overview::unknown_data(std::int64_t rule, Time from, Time to) {
  Statement& rows = database_->prepared(
      "SELECT line, sum(n) FROM (SELECT line, count(*) AS n FROM message WHERE rule = ?1 AND due "
      ">= ?2 AND due < ?3 AND draft = 0 AND reason = ?4 GROUP BY line UNION ALL SELECT line, "
      "count(*) FROM firing f WHERE rule = ?1 AND due >= ?2 AND due < ?3 AND draft = 0 AND reason "
      "= ?4 AND withdrawn = 0 AND NOT EXISTS (SELECT 1 FROM message m WHERE m.firing = f.id) GROUP "
      "BY line UNION ALL SELECT line, sum(rows) FROM pass p JOIN pass_count n ON n.pass = p.id "
      "WHERE rule = ?1 AND due >= ?2 AND due < ?3 AND draft = 0 AND reason = ?4 GROUP BY line) "
      "GROUP BY line ORDER BY line");
  rows.bind(1, rule).bind(2, from).bind(3, to).bind(4, static_cast<int>(Reason::unknown_data));
  std::vector<Unknown> found;
  while (rows.step()) found.push_back({static_cast<int>(rows.integer(0)), rows.integer(1)});
  return found;
}

std::int64_t Overview::orders_in_other_currency() {
  return database_
      ->prepared("SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'orders_in_other_currency'")
      .single()
      .value_or(0);
}

Overview::Firings Overview::firings(std::int64_t rule, bool draft, Time from, Time to) {
  Statement& rows = database_->prepared(
      "SELECT reason, EXISTS (SELECT 1 FROM message m WHERE m.firing = f.id) AS planned, count(*) "
      "FROM firing f"
      " WHERE rule = ?1 AND due >= ?2 AND due < ?3 AND draft = ?4 AND withdrawn = 0 GROUP BY "
      "planned, reason");
  rows.bind(1, rule).bind(2, from).bind(3, to).bind(4, draft ? 1 : 0);
  Firings found;
  while (rows.step()) {
    if (rows.integer(1) != 0) {
      found.with_messages += rows.integer(2);
    } else {
      found.without[static_cast<Reason>(rows.integer(0))] += rows.integer(2);
    }
  }
  Statement& counts = database_->prepared(
      "SELECT reason, sum(rows) FROM pass p JOIN pass_count n ON n.pass = p.id WHERE rule = ?1 AND "
      "due >= ?2 AND due < ?3 AND draft = ?4 GROUP BY reason");
  counts.bind(1, rule).bind(2, from).bind(3, to).bind(4, draft ? 1 : 0);
  while (counts.step()) found.without[static_cast<Reason>(counts.integer(0))] += counts.integer(1);
  return found;
}

}  // namespace retaind::store
