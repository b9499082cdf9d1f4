#include "store/ledger.h"

#include <algorithm>

#include "store/holds.h"
#include "store/ledger_cache.h"
#include "store/ledger_rows.h"
#include "store/meta.h"

namespace retaind::store {
namespace {

constexpr const char* rule_columns =
    "id, name, first_name, status, revision, timing, activated_at, revised_at, counts_from, "
    "evaluated, left_out, removed_at";

RuleRow read_rule(const Statement& row) {
  RuleRow rule;
  rule.id = row.integer(0);
  rule.name = row.text(1);
  rule.first_name = row.text(2);
  rule.status = static_cast<int>(row.integer(3));
  rule.revision = row.text(4);
  rule.timing = row.text(5);
  rule.activated_at = row.maybe_time(6);
  rule.revised_at = row.time(7);
  rule.counts_from = row.maybe_time(8);
  rule.evaluated = row.maybe_time(9);
  rule.left_out = row.integer(10);
  rule.removed_at = row.maybe_time(11);
  return rule;
}

}  // namespace

std::vector<RuleRow> Ledger::rules() {
  static const std::string sql = std::string("SELECT ") + rule_columns + " FROM rule ORDER BY id";
  Statement& rows = database_->prepared(sql);
  std::vector<RuleRow> rules;
  const auto& evaluated = database_->ledger_cache().evaluated;
  while (rows.step()) {
    RuleRow& rule = rules.emplace_back(read_rule(rows));
    const auto later = evaluated.find(rule.id);
    if (later != evaluated.end()) rule.evaluated = later->second;
  }
  return rules;
}

std::int64_t Ledger::add_rule(const RuleRow& rule, std::string_view text) {
  database_
      ->prepared(
          "INSERT INTO rule (name, first_name, status, revision, timing, activated_at, revised_at, "
          "counts_from, evaluated, left_out)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")
      .bind(1, rule.name)
      .bind(2, rule.first_name)
      .bind(3, rule.status)
      .bind(4, rule.revision)
      .bind(5, rule.timing)
      .bind(6, rule.activated_at)
      .bind(7, rule.revised_at)
      .bind(8, rule.counts_from)
      .bind(9, rule.evaluated)
      .bind(10, rule.left_out)
      .run();
  const std::int64_t id = database_->last_insert_id();
  add_revision(id, rule.revised_at, rule.revision, text);
  return id;
}

void Ledger::save_rule(const RuleRow& rule) {
  database_->ledger_cache().evaluated.erase(rule.id);
  database_
      ->prepared(
          "UPDATE rule SET status = ?2, revision = ?3, timing = ?4, activated_at = ?5, revised_at "
          "= ?6, counts_from = ?7,"
          " evaluated = ?8, left_out = ?9, removed_at = ?10 WHERE id = ?1")
      .bind(1, rule.id)
      .bind(2, rule.status)
      .bind(3, rule.revision)
      .bind(4, rule.timing)
      .bind(5, rule.activated_at)
      .bind(6, rule.revised_at)
      .bind(7, rule.counts_from)
      .bind(8, rule.evaluated)
      .bind(9, rule.left_out)
      .bind(10, rule.removed_at)
      .run();
}

void Ledger::rename_rule(RuleRow& rule, const std::string& name) {
  database_->prepared("UPDATE rule SET name = ?2 WHERE id = ?1")
      .bind(1, rule.id)
      .bind(2, name)
      .run();
  Holds(*database_).rename_rule(rule.name, name);
  rule.name = name;
}

void Ledger::add_revision(std::int64_t rule, Time at, std::string_view revision,
                          std::string_view text) {
  database_
      ->prepared(
          "INSERT OR REPLACE INTO rule_revision (rule, at, revision, text) VALUES (?1, ?2, ?3, ?4)")
      .bind(1, rule)
      .bind(2, at)
      .bind(3, revision)
      .bind(4, text)
      .run();
}

std::string Ledger::running_text(std::int64_t rule) {
  Statement& row = database_->prepared(
      "SELECT text FROM rule_revision WHERE rule = ?1 ORDER BY at DESC LIMIT 1");
  std::string text;
  if (row.bind(1, rule).step()) text = row.text(0);
  row.reset();
  return text;
}

void Ledger::set_evaluated(std::int64_t rule, Time through) {
  if (aside() != nullptr) {
    database_->ledger_cache().evaluated[rule] = through;
    return;
  }
  database_->prepared("UPDATE rule SET evaluated = ?2 WHERE id = ?1")
      .bind(1, rule)
      .bind(2, through)
      .run();
}

std::int64_t Ledger::trigger_id(std::string_view name) {
  database_->prepared("INSERT OR IGNORE INTO trigger_name (name) VALUES (?1)").bind(1, name).run();
  Statement& row = database_->prepared("SELECT id FROM trigger_name WHERE name = ?1").bind(1, name);
  const std::int64_t id = row.step() ? row.integer(0) : 0;
  row.reset();
  return id;
}

std::int64_t Ledger::feed_seen() {
  const auto value = meta_value(*database_, "feed_seen");
  return value ? std::stoll(*value) : 0;
}

std::string Ledger::running_vocabulary() {
  return meta_value(*database_, "vocabulary").value_or("");
}

void Ledger::set_running_vocabulary(std::string_view text) {
  set_meta_value(*database_, "vocabulary", text);
}

void Ledger::set_feed_seen(std::int64_t seq) {
  set_meta_value(*database_, "feed_seen", std::to_string(seq));
}

std::vector<FeedRow> Ledger::changes_after(std::int64_t seq, int limit) {
  Statement& rows = database_->prepared(
      "SELECT seq, subject, row, columns FROM change WHERE seq > ?1 ORDER BY seq LIMIT ?2");
  rows.bind(1, seq).bind(2, limit);
  std::vector<FeedRow> changes;
  while (rows.step()) {
    changes.push_back({rows.integer(0), static_cast<Subject>(rows.integer(1)), rows.integer(2),
                       static_cast<std::uint64_t>(rows.integer(3))});
  }
  return changes;
}

std::int64_t Ledger::last_change() {
  LedgerCache& cache = database_->ledger_cache();
  if (cache.is_open() && cache.last_change) return *cache.last_change;
  Statement& row = database_->prepared("SELECT coalesce(max(seq), 0) FROM change");
  const std::int64_t seq = row.step() ? row.integer(0) : 0;
  row.reset();
  if (cache.is_open()) cache.last_change = seq;
  return seq;
}

EndedFirings* Ledger::aside() {
  auto& ended = database_->ledger_cache().ended;
  return ended ? &*ended : nullptr;
}

void Ledger::keep_ended_aside() { database_->ledger_cache().ended.emplace(); }

const EndedFirings* Ledger::ended_aside() { return aside(); }

void Ledger::add_ended(const Firing& firing, const EndedFirings::Keys& keys) {
  aside()->add(firing, &keys);
}

bool Ledger::has_room_aside() {
  constexpr std::size_t most = 4'000'000;
  const EndedFirings* ended = aside();
  return ended != nullptr && ended->size() < most;
}

void Ledger::add_sent(const Firing& firing, const Message& message,
                      const std::optional<EndedFirings::Keys>& keys) {
  const EndedFirings::Sent sent{message.id, message.due, *message.handed_at, message.step,
                                message.variant};
  aside()->add(firing, keys ? &*keys : nullptr, &sent);
  database_->ledger_cache().set_last_message(message.id);
}

bool Ledger::has_firing(const Firing& key) {
  const EndedFirings* ended = aside();
  return (ended != nullptr && ended->find(key)) || is_in_table(key);
}

bool Ledger::is_in_table(const Firing& key) {
  return database_
      ->prepared(
          "SELECT 1 FROM firing WHERE rule = ?1 AND draft = ?2 AND \"trigger\" = ?3 AND row = ?4 "
          "AND part = ?5")
      .bind(1, key.rule)
      .bind(2, int{key.draft})
      .bind(3, key.trigger)
      .bind(4, key.row)
      .bind(5, key.part)
      .single()
      .has_value();
}

std::optional<std::int64_t> Ledger::add_firing(const Firing& f) {
  if (EndedFirings* ended = aside()) {
    if (ended->find(f)) return std::nullopt;
    if (!f.open && has_room_aside()) return is_in_table(f) ? std::nullopt : ended->add(f);
  }
  const int added =
      database_
          ->prepared(
              "INSERT OR IGNORE INTO firing (rule, draft, \"trigger\", subject, row, part, "
              "customer, anchor, due,"
              " planned, open, reason, line, scope, held_out)"
              " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)")
          .bind(1, f.rule)
          .bind(2, int{f.draft})
          .bind(3, f.trigger)
          .bind(4, static_cast<int>(f.subject))
          .bind(5, f.row)
          .bind(6, f.part)
          .bind(7, f.customer)
          .bind(8, f.anchor)
          .bind(9, f.due)
          .bind(10, f.planned)
          .bind(11, int{f.open})
          .bind(12, static_cast<int>(f.reason))
          .bind(13, f.line)
          .bind(14, f.scope)
          .bind(15, f.held_out ? std::optional<std::int64_t>(*f.held_out) : std::nullopt)
          .run();
  if (added == 0) return std::nullopt;
  const std::int64_t id = database_->last_insert_id();
  if (f.open) {
    Firing known = f;
    known.id = id;
    database_->ledger_cache().put({known, 0, false});
  }
  return id;
}

std::optional<Firing> Ledger::firing(std::int64_t id) {
  if (const auto* known = database_->ledger_cache().firing(id)) return known->firing;
  if (id < 0 && aside() != nullptr) return aside()->firing(id);
  static const std::string sql = firing_select() + " FROM firing f WHERE id = ?1";
  Statement& row = database_->prepared(sql).bind(1, id);
  if (!row.step()) return std::nullopt;
  Firing found = read_firing(row);
  row.reset();
  return found;
}

std::int64_t Ledger::firings_through(std::int64_t rule, bool draft, std::int64_t trigger,
                                     Time through) {
  return database_
      ->prepared(
          "SELECT count(*) FROM firing WHERE rule = ?1 AND due <= ?4 AND draft = ?2 AND "
          "\"trigger\" = ?3 AND withdrawn = 0")
      .bind(1, rule)
      .bind(2, int{draft})
      .bind(3, trigger)
      .bind(4, through)
      .single()
      .value_or(0);
}

std::optional<Firing> Ledger::find_firing(const Firing& key) {
  if (const EndedFirings* ended = aside()) {
    if (auto found = ended->find(key)) return found;
  }
  static const std::string sql = firing_select() +
                                 " FROM firing f WHERE rule = ?1 AND draft = ?2 AND \"trigger\" = "
                                 "?3 AND row = ?4 AND part = ?5";
  Statement& row = database_->prepared(sql);
  row.bind(1, key.rule)
      .bind(2, int{key.draft})
      .bind(3, key.trigger)
      .bind(4, key.row)
      .bind(5, key.part);
  if (!row.step()) return std::nullopt;
  Firing found = read_firing(row);
  row.reset();
  return found;
}

std::vector<std::int64_t> Ledger::open_firings_of_rule(std::int64_t rule, bool draft,
                                                       std::int64_t after, int limit) {
  Statement& rows = database_->prepared(
      "SELECT id FROM firing WHERE rule = ?1 AND draft = ?2 AND open = 1 AND id > ?3 ORDER BY id "
      "LIMIT ?4");
  rows.bind(1, rule).bind(2, int{draft}).bind(3, after).bind(4, limit);
  std::vector<std::int64_t> ids;
  while (rows.step()) ids.push_back(rows.integer(0));
  return ids;
}

std::vector<Firing> Ledger::firings_of_row(std::int64_t rule, bool draft, std::int64_t trigger,
                                           std::int64_t row) {
  static const std::string sql = firing_select() +
                                 " FROM firing f WHERE rule = ?1 AND draft = ?2 AND \"trigger\" = "
                                 "?3 AND row = ?4 ORDER BY part";
  Statement& rows = database_->prepared(sql);
  rows.bind(1, rule).bind(2, int{draft}).bind(3, trigger).bind(4, row);
  std::vector<Firing> found;
  while (rows.step()) found.push_back(read_firing(rows));
  const EndedFirings* ended = aside();
  if (ended == nullptr) return found;
  Firing key;
  key.rule = rule;
  key.draft = draft;
  key.trigger = trigger;
  key.row = row;
  const auto silent = ended->of_row(key);
  const auto middle = static_cast<std::ptrdiff_t>(found.size());
  found.insert(found.end(), silent.begin(), silent.end());
  std::inplace_merge(found.begin(), found.begin() + middle, found.end(),
                     [](const Firing& a, const Firing& b) { return a.part < b.part; });
  return found;
}

void Ledger::move_firing(const Firing& f) {
  if (f.id < 0) return aside()->move(f);
  database_->ledger_cache().drop_firing(f.id);
  database_
      ->prepared(
          "UPDATE firing SET anchor = ?2, due = ?3, planned = ?4, customer = ?5, withdrawn = 0 "
          "WHERE id = ?1")
      .bind(1, f.id)
      .bind(2, f.anchor)
      .bind(3, f.due)
      .bind(4, f.planned)
      .bind(5, f.customer)
      .run();
}

void Ledger::withdraw_firing(std::int64_t id) {
  if (id < 0) return aside()->withdraw(id);
  database_->ledger_cache().drop_firing(id);
  database_->prepared("UPDATE firing SET withdrawn = 1 WHERE id = ?1").bind(1, id).run();
}

void Ledger::set_held_out(std::int64_t id, bool held_out) {
  database_->ledger_cache().drop_firing(id);
  database_->prepared("UPDATE firing SET held_out = ?2 WHERE id = ?1")
      .bind(1, id)
      .bind(2, int{held_out})
      .run();
}

void Ledger::close_firing(std::int64_t id, Reason reason, int line) {
  database_->ledger_cache().drop_firing(id);
  database_->prepared("UPDATE firing SET open = 0, reason = ?2, line = ?3 WHERE id = ?1")
      .bind(1, id)
      .bind(2, static_cast<int>(reason))
      .bind(3, line)
      .run();
}

void Ledger::add_decision(std::optional<std::int64_t> firing, std::optional<std::int64_t> message,
                          Time at, Reason reason, std::string_view values) {
  database_->write_behind(
      Database::Behind::decision,
      {firing, message, at, static_cast<int>(reason), BehindValue::or_null(values)});
}

std::int64_t Ledger::customers() {
  Statement& row = database_->prepared("SELECT coalesce(max(id), 0) FROM customers");
  const std::int64_t count = row.step() ? row.integer(0) : 0;
  row.reset();
  return count;
}

std::optional<std::int64_t> Ledger::customer_by_key(std::string_view key) {
  Statement& row = database_->prepared("SELECT id FROM customers WHERE key = ?1").bind(1, key);
  if (!row.step()) return std::nullopt;
  const std::int64_t id = row.integer(0);
  row.reset();
  return id;
}

}  // namespace retaind::store
