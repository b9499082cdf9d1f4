#include "store/outlook.h"

#include <map>
#include <string>

#include "store/ledger.h"
#include "store/ledger_rows.h"

namespace retaind::store {
namespace {

const std::string message_rows =
    "SELECT m.id, f.id, r.name, m.step, " + subject_key() +
    ", c.key, c.time_zone, m.repeat, m.draft, m.due, coalesce(m.handed_at, m.ended_at), m.state, "
    "m.reason, m.line, f.planned > f.due, f.part, m.variant FROM message m JOIN firing f ON f.id = "
    "m.firing "
    "JOIN rule r ON r.id = m.rule "
    "LEFT JOIN customers c ON c.id = f.customer WHERE ";

const std::string one_message = message_rows + "m.id = ?1";
const std::string later_messages = message_rows + "m.id > ?1";
const std::string silent_firings =
    "SELECT 0, f.id, r.name, '', " + subject_key() +
    ", c.key, c.time_zone, 0, f.draft, f.due, f.planned, 7, f.reason, f.line, f.planned > f.due, "
    "f.part, NULL FROM firing f JOIN "
    "rule r ON r.id = f.rule LEFT JOIN customers c ON c.id = f.customer WHERE f.id > ?1 AND "
    "f.withdrawn = 0 AND NOT EXISTS (SELECT 1 FROM message m WHERE m.firing = f.id)";

Outlook::Row read_row(const Statement& row) {
  Outlook::Row read;
  read.message = row.integer(0);
  read.firing = row.integer(1);
  read.rule = row.text(2);
  read.step = row.text(3);
  read.subject = row.text(4);
  read.customer = row.text(5);
  read.zone = row.text(6);
  read.repeat = static_cast<int>(row.integer(7));
  read.draft = row.integer(8) != 0;
  read.due = row.time(9);
  read.at = row.maybe_time(10);
  read.state = static_cast<MessageState>(row.integer(11));
  read.reason = static_cast<Reason>(row.integer(12));
  read.line = static_cast<int>(row.integer(13));
  read.backlog = row.integer(14) != 0;
  read.part = row.integer(15);
  read.variant = row.text(16);
  return read;
}

}  // namespace

Outlook::Outlook(Database& database) : database_(&database) {
  last_message_ = database.prepared("SELECT max(id) FROM message").single().value_or(0);
  last_firing_ = database.prepared("SELECT max(id) FROM firing").single().value_or(0);
  Statement& rows = database.prepared(
      "SELECT id, rule FROM message WHERE next_at IS NOT NULL AND firing IS NOT NULL UNION SELECT "
      "id, rule FROM message WHERE state = 2 AND firing IS NOT NULL ORDER BY 1");
  while (rows.step()) waiting_.push_back({rows.integer(0), rows.integer(1)});
}

void Outlook::each(const std::function<void(const Row&)>& visit) {
  Statement& one = database_->prepared(one_message);
  for (const Waiting& waiting : waiting_) {
    one.bind(1, waiting.message);
    if (one.step()) visit(read_row(one));
    one.reset();
  }
  Statement& later = database_->prepared(later_messages).bind(1, last_message_);
  while (later.step()) visit(read_row(later));
  Statement& silent = database_->prepared(silent_firings).bind(1, last_firing_);
  while (silent.step()) visit(read_row(silent));
  each_aside(visit);
}

void Outlook::each_aside(const std::function<void(const Row&)>& visit) {
  const EndedFirings* ended = Ledger(*database_).ended_aside();
  if (ended == nullptr) return;
  std::map<std::int64_t, std::string> names;
  Statement& rules = database_->prepared("SELECT id, name FROM rule");
  while (rules.step()) names[rules.integer(0)] = rules.text(1);
  static const std::string keys_sql =
      "SELECT " + subject_key() +
      ", c.key, c.time_zone FROM (SELECT ?1 AS subject, ?2 AS row, ?3 AS customer) f LEFT JOIN "
      "customers c ON c.id = f.customer";
  Statement& keys = database_->prepared(keys_sql);
  for (std::size_t i = 0; i < ended->size(); ++i) {
    const Firing firing = ended->at(i);
    const auto sent = ended->sent_at(i);
    if (firing.withdrawn && !sent) continue;
    const auto known = ended->keys_at(i);
    Row row;
    row.firing = firing.id;
    row.rule = names[firing.rule];
    row.draft = firing.draft;
    row.backlog = firing.planned > firing.due;
    row.part = firing.part;
    row.due = firing.due;
    row.at = firing.planned;
    row.state = MessageState::skipped;
    row.reason = firing.reason;
    row.line = firing.line;
    if (sent) {
      row.message = sent->message;
      row.step = sent->step;
      row.variant = sent->variant;
      row.due = sent->due;
      row.at = sent->at;
      row.state = MessageState::sent;
      row.reason = Reason::sent;
    }
    if (known) {
      row.subject = known->subject;
      row.customer = known->customer;
    } else {
      keys.bind(1, static_cast<int>(firing.subject)).bind(2, firing.row).bind(3, firing.customer);
      if (!keys.step()) continue;
      row.subject = keys.text(0);
      row.customer = keys.text(1);
      row.zone = keys.text(2);
    }
    visit(row);
    if (!known) keys.reset();
  }
}

std::map<std::string, std::int64_t, std::less<>> Outlook::counts() {
  std::map<std::int64_t, std::int64_t> by_rule;
  for (const Waiting& waiting : waiting_) ++by_rule[waiting.rule];
  const auto add = [&](Statement& rows) {
    while (rows.step()) by_rule[rows.integer(0)] += rows.integer(1);
  };
  add(database_
          ->prepared(
              "SELECT rule, count(*) FROM message WHERE id > ?1 AND firing IS NOT NULL GROUP "
              "BY rule")
          .bind(1, last_message_));
  add(database_
          ->prepared("SELECT rule, count(*) FROM firing f WHERE id > ?1 AND withdrawn = 0 AND NOT "
                     "EXISTS (SELECT 1 FROM message m WHERE m.firing = f.id) GROUP BY rule")
          .bind(1, last_firing_));
  if (const EndedFirings* ended = Ledger(*database_).ended_aside()) {
    for (std::size_t i = 0; i < ended->size(); ++i) {
      if (const Firing firing = ended->at(i); !firing.withdrawn || ended->sent_at(i))
        ++by_rule[firing.rule];
    }
  }
  std::map<std::string, std::int64_t, std::less<>> counts;
  Statement& names = database_->prepared("SELECT id, name FROM rule");
  while (names.step()) {
    const auto count = by_rule.find(names.integer(0));
    if (count != by_rule.end()) counts[std::string(names.text(1))] = count->second;
  }
  return counts;
}

}  // namespace retaind::store
