#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>

#include "base/text.h"
#include "store/import_run.h"

namespace retaind::store {
namespace {

constexpr int rows_a_transaction = 10'000;
constexpr Duration longest_transaction{50};

}  // namespace

void Import::bulk_row(const Rejects::Line& line, MappedRow& mapped) {
  switch (bulk_->put(mapped.row, mapped.alias)) {
    case BulkLoad::Outcome::inserted: ++report_.inserted; break;
    case BulkLoad::Outcome::unchanged: ++report_.unchanged; break;
    case BulkLoad::Outcome::refused:
      ++report_.rejected;
      rejects_->add(line, bulk_->reason());
      break;
  }
}

/// What is stored already is found by reading: the write lock is taken for the rest only, or not at
/// all.
Result<void> Import::flush() {
  std::vector<std::size_t> todo;
  if (auto result = database_.begin_read(); !result) return result;
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    const Written seen = preview(batch_[i]);
    if (seen.change != Change::unchanged) {
      todo.push_back(i);
      continue;
    }
    report_.unchanged += batch_[i].counts ? 1 : 0;
    touch(seen.row);
  }
  if (auto result = database_.commit(); !result) return result;
  if (!todo.empty()) {
    if (auto result = write(todo); !result) return result;
  }
  batch_.clear();
  texts_[arena_].clear();
  arena_ = 1 - arena_;
  return {};
}

Written Import::preview(Waiting& waiting) {
  const MappedRow& mapped = waiting.mapped;
  const auto by_change = [](bool changes) {
    return Written{changes ? Change::updated : Change::unchanged, 0, 0};
  };
  if (options_.kind == ImportKind::consent) return by_change(facts_.would_change(mapped.consent));
  if (options_.kind == ImportKind::suppression)
    return by_change(facts_.would_change(mapped.suppression));
  Written seen = facts_.preview(mapped.row);
  if (seen.change == Change::unchanged && !mapped.alias.empty() &&
      !facts_.has_alias(mapped.alias, mapped.row.cell("key").text)) {
    seen.change = Change::updated;
    seen.columns = 0;
  }
  return seen;
}

Result<void> Import::write(const std::vector<std::size_t>& todo) {
  for (const std::size_t index : todo) {
    if (!database_.in_transaction()) {
      if (auto result = database_.begin(); !result) return result;
      transaction_began_ = clock_.elapsed();
      transaction_rows_ = 0;
    }
    if (auto result = write_one(batch_[index]); !result) return result;
    ++transaction_rows_;
    const bool long_enough =
        transaction_rows_ % 16 == 0 && clock_.elapsed() - transaction_began_ >= longest_transaction;
    if (transaction_rows_ >= rows_a_transaction || long_enough) {
      if (auto result = commit(&batch_[index]); !result) return result;
      sqlite3_sleep(1);  // a sender that waits for the lock gets it now
    }
  }
  return commit(&batch_.back());
}

Result<void> Import::write_one(Waiting& waiting) {
  MappedRow& mapped = waiting.mapped;
  const bool dated = mapped.row.has("as_of");
  const Written seen = preview(waiting);
  if (seen.change == Change::updated && seen.columns != 0 && !dated && touched(seen.row)) {
    reject(waiting, fmt::format("`{}` stands in an earlier line with other values, and the first "
                                "one counts: correct one of "
                                "them, or write `merge: yes` in the mapping",
                                mapped.row.cell("key").text));
    return {};
  }
  auto written = options_.kind == ImportKind::consent       ? facts_.put(mapped.consent)
                 : options_.kind == ImportKind::suppression ? facts_.put(mapped.suppression)
                                                            : facts_.put(mapped.row);
  if (!written) {
    reject(waiting, written.error().message);
    return {};
  }
  if (!mapped.alias.empty() && !facts_.has_alias(mapped.alias, mapped.row.cell("key").text)) {
    facts_.add_alias(mapped.alias, written->row);
    if (written->change == Change::unchanged) written->change = Change::updated;
  }
  touch(written->row);
  if (!waiting.counts) return {};
  switch (written->change) {
    case Change::inserted: ++report_.inserted; break;
    case Change::updated: ++report_.updated; break;
    case Change::unchanged: ++report_.unchanged; break;
  }
  return {};
}

/// The refused lines are on the disk before the mark says that they are done with.
Result<void> Import::commit(const Waiting* last) {
  if (!database_.in_transaction()) return {};
  if (auto result = rejects_->flush(last != nullptr ? last->end : INT64_MAX); !result) {
    database_.rollback();
    return result;
  }
  if (last != nullptr) {
    mark_.position = last->end;
    mark_.counts = {last->lines_done,
                    report_.inserted,
                    report_.updated,
                    report_.unchanged,
                    report_.rejected - rejects_->waiting(),
                    rejects_->bytes()};
    mark_.save(database_, clock_.now());
    marked_ = true;
  }
  return database_.commit();
}

/// The rows that several lines made, once all lines are known.
Result<void> Import::write_merged() {
  if (auto result = reject_spoiled(); !result) return result;
  MappedRow mapped(subject_of(options_.kind));
  for (std::size_t i = 0; i < merged_->size() && !report_.stopped; ++i) {
    if (!merged_->read(i, mapped)) continue;
    mapper_->finish(mapped);
    note(mapped);
    const auto& aliases = merged_->aliases(i);
    if (bulk_) {
      bulk_row({mapped.line, reader_->position(), mapped.number, mapped.row.cell("key").text},
               mapped);
      for (const std::string_view alias : aliases) (void)bulk_->put(mapped.row, alias);
    } else {
      // One waiting row for each further key; those after the first change nothing else.
      for (std::size_t n = 0; n < std::max<std::size_t>(aliases.size(), 1); ++n) {
        Waiting& waiting = batch_.emplace_back(mapped.row.subject);
        waiting.mapped = mapped;
        if (n < aliases.size()) waiting.mapped.alias = aliases[n];
        waiting.counts = n == 0;
        waiting.original = mapped.row.cell("key").text;
      }
      if (batch_.size() >= batch_rows) {
        if (auto result = flush(); !result) return result;
      }
    }
    if (i % 256 == 0 && !report("storing")) report_.stopped = true;
  }
  return {};
}

/// A second reading, only when there is something to find: the other lines of a row that one bad
/// line spoiled.
Result<void> Import::reject_spoiled() {
  if (!merged_->any_spoiled()) return {};
  const Mapping& mapping = mapper_->mapping();
  auto reader = CsvReader::open(options_.file, {mapping.separator, mapping.blanks});
  if (!reader) return reader.error();
  CsvRecord record;
  mapper_->count_anew();
  if (mapping.header) reader->next(record);
  while (reader->next(record)) {
    texts_[arena_].clear();
    MappedRow mapped(subject_of(options_.kind));
    const auto verdict = mapper_->map(record, texts_[arena_], mapped);
    if (verdict == RowMapper::Verdict::skipped || !mapped.row.has("key")) continue;
    const std::string_view key = mapped.row.cell("key").text;
    const std::int64_t line = merged_->spoiled_by(key);
    if (line == 0) continue;
    if (verdict == RowMapper::Verdict::row) --report_.merged;
    reject(record, verdict == RowMapper::Verdict::refused
                       ? mapper_->reason()
                       : fmt::format("line {} of the same row `{}` cannot be used", line, key));
  }
  report_.merged = std::max<std::int64_t>(report_.merged, 0);
  return {};
}

Result<void> Import::finish() {
  if (merged_ && !report_.stopped) {
    if (auto result = write_merged(); !result) return result;
  }
  if (bulk_ && report_.stopped) return {};  // nothing of it stays
  if (bulk_) {
    report("building indexes");
    if (auto result = rejects_->flush(); !result) return result;
    return bulk_->finish();
  }
  if (!batch_.empty()) {
    if (auto result = flush(); !result) return result;
  }
  if (auto result = rejects_->flush(); !result) return result;
  if (report_.stopped || !marked_) return {};
  if (auto result = database_.begin(); !result) return result;
  mark_.remove(database_);
  return database_.commit();
}

void Import::reject(const CsvRecord& record, std::string_view reason) {
  ++report_.rejected;
  rejects_->add(
      {record.line, reader_->position(), mapper_->number(), record.original, record.broken_quotes},
      reason);
}

void Import::reject(const Waiting& waiting, std::string_view reason) {
  ++report_.rejected;
  rejects_->add({waiting.mapped.line, waiting.end, waiting.mapped.number, waiting.original,
                 waiting.broken_quotes},
                reason);
}

/// What is stored as it is, though somebody may have meant something else.
void Import::note(const MappedRow& mapped) {
  const Row& row = mapped.row;
  if (row.subject == Subject::customer) return note_customer(row, mapped.line);
  if (row.subject == Subject::feedback && row.has("kind") && !row.cell("kind").is_null()) {
    const std::string_view kind = row.cell("kind").text;
    if (is_known_survey(kind)) return;
    ++report_.own_surveys;
    auto& kinds = report_.own_survey_kinds;
    constexpr std::size_t shown = 5;
    if (kinds.size() < shown && std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
      kinds.emplace_back(kind);
  }
  if (row.subject == Subject::item || row.subject == Subject::feedback) return;
  if (row.customer.empty() && row.has("customer")) ++report_.without_customer;
}

void Import::note_customer(const Row& row, std::int64_t line) {
  if (row.has("time_zone") && !is_zone(row.cell("time_zone").text)) report_.unknown_zones.add(line);
  if (!row.has("email") || row.cell("email").text.empty()) return;
  if (!parse_email(row.cell("email").text)) report_.unusable_emails.add(line);
}

void ImportReport::Noted::add(std::int64_t line) {
  constexpr std::size_t shown = 5;
  ++customers;
  if (lines.size() < shown) lines.push_back(line);
}

bool Import::is_zone(std::string_view name) {
  if (name.empty()) return true;
  auto known = zones_.find(name);
  if (known == zones_.end()) known = zones_.emplace(name, bool{Zone::find(name)}).first;
  return known->second;
}

bool Import::touched(std::int64_t row) const {
  const auto index = static_cast<std::size_t>(row);
  return index < touched_.size() && touched_[index];
}

void Import::touch(std::int64_t row) {
  if (row <= 0) return;
  const auto index = static_cast<std::size_t>(row);
  if (index >= touched_.size())
    touched_.resize(std::max<std::size_t>(index + 1, touched_.size() * 2));
  touched_[index] = true;
}

}  // namespace retaind::store
