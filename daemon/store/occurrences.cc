#include "store/occurrences.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "store/field_values.h"

namespace retaind::store {
namespace {

// Tickets are reminded of even when nobody knows who wrote them; every other subject without a
// customer is never matched.
bool needs_customer(Subject subject) {
  return subject != Subject::ticket && subject != Subject::customer;
}

std::string customer_of(const Watch& watch) {
  if (watch.subject == Subject::customer) return "s.id";
  return "s.customer";
}

std::string source_of(const Watch& watch) {
  const std::string table{table_of(watch.subject)};
  if (watch.subject == Subject::customer) return table + " s";
  return fmt::format("{} s {} customers c ON c.id = s.customer", table,
                     needs_customer(watch.subject) ? "JOIN" : "LEFT JOIN");
}

/// In the table's own order. Where nothing is read of customers, whether there is one suffices.
std::string counted_of(const Watch& watch, const std::string& state) {
  std::string source = source_of(watch);
  if (needs_customer(watch.subject) && state.find("c.") == std::string::npos)
    return fmt::format("{} s NOT INDEXED WHERE s.customer IS NOT NULL AND",
                       table_of(watch.subject));
  return source.insert(source.find(" s") + 2, " NOT INDEXED") + " WHERE";
}

std::string filter_of(const Watch& watch) {
  std::string filter;
  if (!watch.event_name.empty()) filter += " AND s.name = ?6";
  return filter;
}

std::string state_of(const Watch& watch) {
  if (watch.state == nullptr || watch.state->is_sql.empty()) return "1";
  return fmt::format("({})", watch.state->is_sql);
}

std::string episode_of(const Watch& watch) {
  if (watch.state->episode.empty()) return "1";
  return fmt::format("s.{}", watch.state->episode);
}

std::string columns_of(const Watch& watch) {
  const std::string_view c = watch.subject == Subject::customer ? "s" : "c";
  // A birthday is a text; its anchor is settled by the caller, who asks since when it can be known.
  const std::string anchor = watch.column.empty()         ? "NULL"
                             : watch.column == "birthday" ? "s.created_at"
                                                          : "s." + watch.column;
  std::string columns = fmt::format("s.id, {}, {}, s.history_until", anchor, customer_of(watch));
  if (watch.state != nullptr) columns += ", " + episode_of(watch);
  if (watch.addressed) {
    columns += fmt::format(", {0}.email_key, {0}.suppressed", c);
    if (watch.consent == "marketing") columns += fmt::format(", {}.marketing_paused_until", c);
    if (!watch.consent.empty())
      columns += fmt::format(", {0}.consent_{1}, {0}.consent_{1}_until", c, watch.consent);
  }
  if (watch.customer_zone) columns += fmt::format(", {}.time_zone", c);
  for (const Field* field : watch.fields) {
    const std::string_view alias = field->subject == watch.subject ? "s" : "c";
    columns += selected(*field, alias, alias);
  }
  return columns;
}

std::string place_join_of(const Watch& watch) {
  if (!watch.once_per) return {};
  const Subject subject = *watch.once_per;
  const std::string row = subject == watch.subject ? "s.id" : customer_of(watch);
  return fmt::format(" LEFT JOIN once o ON o.rule = ?7 AND o.draft = ?8 AND o.scope = {} * {} + {}",
                     row, scope_of(Subject::customer, 1), scope_of(subject, 0));
}

/// Where columns_of() has the address: behind what every watch reads.
int address_column(const Watch& watch) { return watch.state == nullptr ? 4 : 5; }

int scopes_of(const Watch& watch) {
  constexpr int all = 1, marketing = 2, feedback = 4;
  if (watch.consent == "marketing") return all | marketing;
  return watch.consent == "feedback" ? all | feedback : all;
}

}  // namespace

Occurrences::Occurrences(Database& database, Watch watch)
    : database_(&database),
      watch_(std::move(watch)),
      scopes_(scopes_of(watch_)),
      yearly_(watch_.column == "birthday"),
      pausable_(watch_.consent == "marketing") {
  const std::string columns = columns_of(watch_);
  const std::string source = source_of(watch_);
  const std::string filter = filter_of(watch_);
  const std::string state = state_of(watch_);
  const std::string anchor = "s." + watch_.column;
  const std::string table{table_of(watch_.subject)};
  const std::string in_state = state == "1" ? "" : " AND " + state;
  const std::string_view c = watch_.subject == Subject::customer ? "s" : "c";
  const std::string whose = watch_.addressed ? fmt::format(", {}.key", c) : "";
  const std::string whose_place = watch_.once_per ? ", o.firing, o.kept, o.first_at" : "";
  const auto scan = [&](std::string_view from, std::string_view order, std::string_view more = {}) {
    return fmt::format("SELECT {0}{1}{2} FROM {3}{4} WHERE {5}{6}{7} ORDER BY {8}s.id LIMIT ?5",
                       columns, whose_place, more, source, place_join_of(watch_), from, filter,
                       in_state, order);
  };
  if (watch_.column.empty()) {
    // By id, whatever indexes there are: nothing that changes on the way moves a row behind it.
    sql_.walk = scan("s.id > ?1 AND s.id <= ?2", "");
    sql_.walk_narrowed = scan(
        fmt::format("s.id > ?1 AND s.id <= ?2 AND +s.{0} > ?3 AND +s.{0} <= ?4", watch_.narrow),
        "");
    sql_.within = fmt::format(
        "SELECT id FROM {0} WHERE {1} > ?3 AND {1} <= ?4 AND +id > ?1 AND +id <= ?2 LIMIT ?5",
        table, watch_.narrow);
  } else {
    const std::string range = fmt::format("{0} > ?1 AND {0} <= ?2", anchor);
    const std::string tie = fmt::format("{} = ?1 AND s.id > ?3", anchor);
    const std::string ahead = fmt::format(
        ", s.key, {0}.key, {0}.email_key, EXISTS (SELECT 1 FROM firing f WHERE f.rule = ?7 AND "
        "f.draft = ?8 AND f.\"trigger\" = ?9 AND f.row = s.id)",
        c);
    sql_.scan = scan(range, anchor + ", ");
    sql_.tied = scan(tie, anchor + ", ");
    sql_.scan_ahead = scan(range, anchor + ", ", ahead);
    sql_.tied_ahead = scan(tie, anchor + ", ", ahead);
    sql_.count = fmt::format("SELECT count(*) FROM {0} {1} > ?1 AND {1} <= ?2{2}{3}",
                             counted_of(watch_, state), anchor, filter, in_state);
  }
  // Whether the row is in the state: by_row is asked about rows that may have left it.
  sql_.by_row = fmt::format("SELECT {0}, {3}{4} FROM {1} WHERE s.id = ?1{2}", columns, source,
                            filter, state, whose);
  sql_.month_day = fmt::format(
      "SELECT {0} FROM {1} WHERE s.birth_month_day = ?1 AND s.id > ?2 ORDER BY s.id LIMIT ?3",
      columns, source);
  sql_.first_after =
      fmt::format("SELECT min({0}) FROM {1} s WHERE {0} > ?1{2}", anchor, table, filter);
  sql_.next_month_day =
      "SELECT coalesce((SELECT min(birth_month_day) FROM customers WHERE birth_month_day >= ?1),"
      " (SELECT min(birth_month_day) FROM customers WHERE birth_month_day IS NOT NULL))";
  const bool own = watch_.subject == Subject::customer;
  const std::string ended = fmt::format(
      "SELECT e.row, e.episode, {0}, e.since, e.until, e.history_until{1} FROM ended_episode e "
      "JOIN "
      "{2} WHERE s.id = e.row AND e.state = ?1 AND ",
      own ? "e.row" : "s.customer",
      watch_.customer_zone ? (own ? ", s.time_zone" : ", c.time_zone") : "", source);
  sql_.most_rows = fmt::format("SELECT max(id) FROM {}", table);
  sql_.rows_of = own ? std::string("SELECT id FROM customers WHERE id = ?1")
                     : fmt::format("SELECT id FROM {} WHERE customer = ?1 ORDER BY id", table);
  sql_.ended = ended + "e.since > ?2 AND e.since <= ?3 ORDER BY e.since, e.row, e.episode";
  sql_.ended_of = ended + "e.row = ?2 ORDER BY e.episode";
}

std::optional<std::int64_t> Occurrences::count(TimeRange anchors) {
  if (sql_.count.empty() || watch_.is || yearly_) return std::nullopt;
  Statement& statement = database_->prepared(sql_.count);
  statement.bind(1, anchors.after).bind(2, anchors.through);
  if (!watch_.event_name.empty()) statement.bind(6, watch_.event_name);
  return statement.single();
}

Statement& Occurrences::start(TimeRange anchors, const Cursor& cursor, int limit) {
  Statement& statement = database_->prepared(ahead_ != nullptr ? sql_.scan_ahead : sql_.scan);
  statement.bind(1, std::max(to_ms(anchors.after), cursor.anchor)).bind(2, anchors.through);
  return bind_scan(statement, limit);
}

Statement& Occurrences::start_tied(const Cursor& cursor, int limit) {
  Statement& statement = database_->prepared(ahead_ != nullptr ? sql_.tied_ahead : sql_.tied);
  statement.bind(1, cursor.anchor).bind(3, cursor.row);
  return bind_scan(statement, limit);
}

Statement& Occurrences::bind_scan(Statement& statement, int limit) const {
  statement.bind(5, limit);
  if (!watch_.event_name.empty()) statement.bind(6, watch_.event_name);
  if (watch_.once_per || ahead_ != nullptr)
    statement.bind(7, places_.rule).bind(8, int{places_.draft});
  if (ahead_ != nullptr) statement.bind(9, ahead_->trigger);
  return statement;
}

Statement& Occurrences::start_walk(std::int64_t after, std::int64_t through,
                                   const std::optional<TimeRange>& range, int limit) {
  Statement& statement = database_->prepared(range ? sql_.walk_narrowed : sql_.walk);
  statement.bind(1, after).bind(2, through);
  if (range) statement.bind(3, range->after).bind(4, range->through);
  return bind_scan(statement, limit);
}

std::optional<std::vector<std::int64_t>> Occurrences::within(TimeRange range, std::int64_t after,
                                                             std::int64_t through,
                                                             std::size_t most) {
  Statement& rows = database_->prepared(sql_.within);
  rows.bind(1, after).bind(2, through).bind(3, range.after).bind(4, range.through);
  rows.bind(5, static_cast<std::int64_t>(most) + 1);
  std::vector<std::int64_t> found;
  while (rows.step()) found.push_back(rows.integer(0));
  if (found.size() > most) return std::nullopt;
  std::sort(found.begin(), found.end());
  return found;
}

Statement& Occurrences::start_month_day(int month_day, const Cursor& cursor, int limit) {
  return database_->prepared(sql_.month_day).bind(1, month_day).bind(2, cursor.row).bind(3, limit);
}

int Occurrences::read(const Statement& row, Time now, bool with_place, Candidate& c) const {
  int at = 0;
  c.row = row.integer(at++);
  c.anchor.reset();
  c.known_since.reset();
  (yearly_ ? c.known_since : c.anchor) = row.maybe_time(at++);
  if (ahead_ != nullptr && c.anchor) now = ahead_->due(*c.anchor);
  c.customer = row.maybe_integer(at++);
  c.history_until = row.rare_time(at++);
  if (watch_.state != nullptr) c.episode = row.integer(at++);
  c.address = c.customer_key = c.subject_key = {};
  if (watch_.addressed) {
    c.has_address = !row.is_null(at++);
    c.suppressed = (row.integer(at++) & scopes_) != 0;
    if (pausable_) c.marketing_paused_until = row.rare_time(at++);
    if (!watch_.consent.empty()) {
      c.consent = row.integer(at++) != 0;
      c.consent_until = row.rare_time(at++);
    }
  }
  if (watch_.customer_zone) c.zone = row.text(at++);
  c.cells.resize(watch_.fields.size());
  if (!c.texts.empty()) c.texts.clear();
  Cell* cell = c.cells.data();
  for (const Field* field : watch_.fields)
    read_field(row, at, *field, now, watch_.zone, c.texts, *cell++);
  c.in_state = !watch_.is || watch_.is(c, now);
  c.place_read = with_place && watch_.once_per && places_.rule != 0;
  c.place.reset();
  if (c.place_read && !row.is_null(at))
    c.place = Place{row.integer(at), row.integer(at + 1) != 0, row.maybe_time(at + 2)};
  if (ahead_ != nullptr && with_place) {
    const int keys = at + (watch_.once_per ? 3 : 0);
    c.subject_key = row.text(keys);
    c.customer_key = row.text(keys + 1);
    if (watch_.addressed) c.address = row.text(keys + 2);
    c.has_firing = row.integer(keys + 3) != 0;
  }
  return at;
}

std::size_t Occurrences::read_on(Statement& rows, Time now, bool with_place) {
  std::size_t count = 0;
  shown_ = nullptr;
  while (count < rows_at_once && rows.step()) {
    if (count == read_.size()) read_.emplace_back();
    read(rows, now, with_place, read_[count]);
    keep_texts(read_[count++]);
  }
  return count;
}

void Occurrences::keep_texts(Candidate& c) {
  const auto each_text = [&](const auto& visit) {
    visit(c.zone);
    visit(c.address);
    visit(c.customer_key);
    visit(c.subject_key);
    for (Cell& cell : c.cells) visit(cell.text);
  };
  std::size_t size = 0;
  each_text([&](std::string_view text) { size += text.size(); });
  if (size == 0) return;
  if (c.kept.size() < size) c.kept.resize(size);
  char* next = c.kept.data();
  each_text([&](std::string_view& text) {
    if (text.empty()) return;
    std::memcpy(next, text.data(), text.size());
    text = {next, text.size()};
    next += text.size();
  });
}

void Occurrences::read_whose() {
  if (!watch_.addressed || shown_ == nullptr || !shown_->customer) return;
  if (!shown_->address.empty()) return;  // read ahead
  Statement& whose = database_->prepared("SELECT email_key, key FROM customers WHERE id = ?1");
  // Its row is left open for the texts, as by by_row().
  whose.reset();
  if (!whose.bind(1, *shown_->customer).step()) return;
  shown_->address = whose.text(0);
  shown_->customer_key = whose.text(1);
}

void Occurrences::index_anchor() {
  // Events are found by their name and time.
  if (watch_.column.empty() || yearly_ || !watch_.event_name.empty()) return;
  const std::string_view table = table_of(watch_.subject);
  const bool has_one = database_
                           ->prepared(
                               "SELECT 1 FROM pragma_index_list(?1) l, pragma_index_info(l.name) i "
                               "WHERE i.seqno = 0 AND i.name = ?2 LIMIT 1")
                           .bind(1, table)
                           .bind(2, watch_.column)
                           .single()
                           .has_value();
  if (has_one) return;
  database_
      ->prepared(fmt::format("CREATE INDEX {0}_{1} ON {0} ({1}) WHERE {1} IS NOT NULL", table,
                             watch_.column))
      .run();
}

const Candidate* Occurrences::by_row(std::int64_t row, Time now) {
  Statement& statement = database_->prepared(sql_.by_row);
  // Never stepped to the end, so that the texts of the candidate stay valid until the next one is
  // asked for; and nothing can be bound before a reset.
  statement.reset();
  statement.bind(1, row);
  if (!watch_.event_name.empty()) statement.bind(6, watch_.event_name);
  if (!statement.step()) return nullptr;
  const int rest = read(statement, now, false, current_);
  if (watch_.state != nullptr)
    current_.in_state = current_.in_state && current_.anchor && statement.integer(rest) != 0;
  if (watch_.addressed) {
    current_.address = statement.text(address_column(watch_));
    current_.customer_key = statement.text(rest + 1);
  }
  return &current_;
}

std::optional<Time> Occurrences::first_after(Time after) {
  Statement& statement = database_->prepared(sql_.first_after).bind(1, after);
  if (!watch_.event_name.empty()) statement.bind(6, watch_.event_name);
  std::optional<Time> first;
  if (statement.step()) first = statement.maybe_time(0);
  statement.reset();
  return first;
}

std::int64_t Occurrences::most_rows() {
  return database_->prepared(sql_.most_rows).single().value_or(0);
}

std::optional<int> Occurrences::next_month_day(int month_day) {
  Statement& statement = database_->prepared(sql_.next_month_day).bind(1, month_day);
  std::optional<int> next;
  if (statement.step() && !statement.is_null(0)) next = static_cast<int>(statement.integer(0));
  statement.reset();
  return next;
}

std::optional<LocalDate> Occurrences::birthday(std::int64_t customer) {
  Statement& statement =
      database_->prepared("SELECT birthday FROM customers WHERE id = ?1").bind(1, customer);
  std::optional<LocalDate> date;
  if (statement.step()) date = parse_date(statement.text(0));
  statement.reset();
  return date;
}

std::vector<std::int64_t> Occurrences::rows_of(std::int64_t customer) {
  Statement& rows = database_->prepared(sql_.rows_of).bind(1, customer);
  std::vector<std::int64_t> found;
  while (rows.step()) found.push_back(rows.integer(0));
  return found;
}

std::vector<PastEpisode> Occurrences::collect(Statement& rows) const {
  std::vector<PastEpisode> ended;
  while (rows.step()) {
    ended.push_back({rows.integer(0), rows.integer(1), rows.maybe_integer(2), rows.time(3),
                     rows.time(4), rows.maybe_time(5),
                     watch_.customer_zone ? std::string(rows.text(6)) : std::string()});
  }
  return ended;
}

std::vector<PastEpisode> Occurrences::ended(TimeRange since) {
  if (watch_.state == nullptr) return {};
  return collect(database_->prepared(sql_.ended)
                     .bind(1, watch_.state->name)
                     .bind(2, since.after)
                     .bind(3, since.through));
}

std::vector<PastEpisode> Occurrences::ended_of(std::int64_t row) {
  if (watch_.state == nullptr) return {};
  return collect(database_->prepared(sql_.ended_of).bind(1, watch_.state->name).bind(2, row));
}

}  // namespace retaind::store
