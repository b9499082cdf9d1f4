#include "store/import.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "store/import_run.h"

namespace retaind::store {
namespace {

constexpr Duration between_reports{200};

/// "1", "2", …
std::vector<std::string> numbered(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 1; i <= count; ++i) names.push_back(std::to_string(i));
  return names;
}

/// A header of one column that holds a separator of other programs.
std::string other_separator(const std::vector<std::string>& header) {
  if (header.size() != 1) return "";
  const std::size_t at = header.front().find_first_of(";\t|,");
  if (at == std::string::npos) return "";
  const char found = header.front()[at];
  return fmt::format(
      "; its fields seem to be separated by {0}: write `separator: {1}` in a mapping",
      found == '\t' ? std::string("tabs") : fmt::format("`{}`", found),
      found == '\t' ? std::string("tab") : fmt::format("\"{}\"", found));
}

}  // namespace

Result<ImportReport> Import::run() {
  began_ = reported_ = clock_.elapsed();
  if (auto result = open(); !result) return result.error();
  if (auto result = read_lines(); !result) return result.error();
  if (auto result = finish(); !result) return result.error();
  report_.took = clock_.elapsed() - began_;
  report_.customers_made = bulk_ ? bulk_->customers_made() : facts_.customers_made();
  if (report_.rejected > 0) report_.rejected_file = rejects_->file();
  return std::move(report_);
}

Result<void> Import::open() {
  const Mapping mapping = options_.mapping.value_or(Mapping{});
  auto reader = CsvReader::open(options_.file, {mapping.separator, mapping.blanks});
  if (!reader) return reader.error();
  reader_ = std::move(*reader);
  CsvRecord record;
  if (!reader_->next(record)) {
    if (auto result = reader_->take_error(); !result) return result;
    return Error{ErrorKind::invalid, fmt::format("{} is empty: it needs at least a header line",
                                                 options_.file.string())};
  }
  if (!record.defect.empty()) {
    return Error{ErrorKind::invalid,
                 fmt::format("{}, line 1: {}", options_.file.string(), record.defect)};
  }
  std::vector<std::string> header = numbered(record.fields.size());
  std::string header_line =
      fmt::format("{}", fmt::join(header, std::string_view(&mapping.separator, 1)));
  if (mapping.header) {
    header_line = record.original;
    for (std::size_t i = 0; i < header.size(); ++i) header[i] = trim(record.fields[i]);
  } else {
    first_ = record;
  }
  auto mapper = RowMapper::make(options_, header);
  if (!mapper) {
    return Error{mapper.error().kind, fmt::format("{}: {}{}", options_.file.string(),
                                                  mapper.error().message, other_separator(header))};
  }
  mapper_ = std::move(*mapper);
  report_.unused_columns = mapper_->unused();
  if (mapping.merge) merged_.emplace(*mapper_);
  if (options_.history) facts_.set_history_until(clock_.now());
  const std::filesystem::path rejected =
      options_.rejected.empty() ? std::filesystem::path(options_.file.string() + ".rejected.csv")
                                : options_.rejected;
  if (auto result = Rejects::check(rejected, options_.file, database_.file()); !result)
    return result;

  std::error_code ignored;
  file_bytes_ = static_cast<std::int64_t>(std::filesystem::file_size(options_.file, ignored));
  if (auto result = open_bulk(); !result) return result;
  if (auto result = resume(); !result) return result;
  rejects_.emplace(rejected,
                   Rejects::Format{mapping.separator, header_line, mapper_->numbers_lines()},
                   mark_.counts.rejected_bytes);
  return {};
}

Result<void> Import::open_bulk() {
  if (file_bytes_ < options_.bulk_from_bytes) return {};
  const auto history = options_.history ? std::optional(clock_.now()) : std::nullopt;
  auto bulk = BulkLoad::begin(database_, options_.kind, clock_.now(), history);
  if (!bulk) return bulk.error();
  bulk_ = std::move(*bulk);
  report_.bulk = bulk_.has_value();
  return {};
}

Result<void> Import::resume() {
  mark_ = ImportMark::of(options_);
  if (bulk_ || merged_) return {};  // these have nothing half-done to go on with
  const auto stored = ImportMark::find(database_, mark_.file);
  if (!stored) return database_.take_error();
  marked_ = true;
  if (stored->fingerprint != mark_.fingerprint) return {};
  mark_ = *stored;
  done_to_ = mark_.position;
  const ImportCounts& counts = mark_.counts;
  report_.resumed_at = counts.lines;
  report_.inserted = counts.inserted;
  report_.updated = counts.updated;
  report_.unchanged = counts.unchanged;
  report_.rejected = counts.rejected;
  return {};
}

Result<void> Import::read_lines() {
  CsvRecord record;
  if (first_) {
    record = *first_;
    if (auto result = take(record); !result) return result;
  }
  while (!report_.stopped && reader_->next(record)) {
    if (auto result = take(record); !result) return result;
    if (report_.lines % 256 == 0 && !report("reading")) report_.stopped = true;
  }
  if (report_.stopped) return {};
  return reader_->take_error();
}

Result<void> Import::take(const CsvRecord& record) {
  ++report_.lines;
  if (reader_->position() <= done_to_) {
    skip_done(record);
    return {};
  }
  if (bulk_ || merged_) texts_[arena_].clear();
  TextArena& texts = texts_[batch_.size() >= batch_rows ? 1 - arena_ : arena_];
  MappedRow mapped(subject_of(options_.kind));
  switch (mapper_->map(record, texts, mapped)) {
    case RowMapper::Verdict::skipped: ++report_.skipped; return {};
    case RowMapper::Verdict::refused:
      if (merged_ && mapped.row.has("key"))
        merged_->spoil(mapped.row.cell("key").text, record.line);
      else
        reject(record, mapper_->reason());
      return {};
    case RowMapper::Verdict::row: break;
  }
  return take_row(record, mapped);
}

/// Told apart from later lines with the same key, and counted where the mapping counts; otherwise
/// done.
void Import::skip_done(const CsvRecord& record) {
  texts_[arena_].clear();
  MappedRow mapped(subject_of(options_.kind));
  switch (mapper_->map(record, texts_[arena_], mapped)) {
    case RowMapper::Verdict::skipped: ++report_.skipped; return;
    case RowMapper::Verdict::refused: return;
    case RowMapper::Verdict::row: break;
  }
  note(mapped);
  if (options_.kind == ImportKind::consent || options_.kind == ImportKind::suppression) return;
  mapper_->finish(mapped);
  touch(facts_.preview(mapped.row).row);
}

Result<void> Import::take_row(const CsvRecord& record, MappedRow& mapped) {
  if (merged_) {
    if (!merged_->add(mapped)) ++report_.merged;
    return {};
  }
  mapper_->finish(mapped);
  if (!supersedes_last(mapped)) note(mapped);
  if (bulk_) {
    bulk_row(
        {record.line, reader_->position(), mapped.number, record.original, record.broken_quotes},
        mapped);
    return {};
  }
  if (!supersedes_last(mapped)) {
    if (batch_.size() >= batch_rows) {
      if (auto result = flush(); !result) return result;
    }
    batch_.emplace_back(mapped.row.subject);
  } else {
    ++report_.superseded;
    // A line that says nothing about the status leaves what the line before said about it.
    const Row& before = batch_.back().mapped.row;
    const bool silent = !mapped.row.has("status") || mapped.row.cell("status").is_null();
    if (silent && before.has("status")) mapped.row.set("status", before.cell("status"));
  }
  Waiting& waiting = batch_.back();
  waiting.mapped = mapped;
  waiting.original = texts_[arena_].keep(record.original);
  waiting.broken_quotes = record.broken_quotes;
  waiting.lines_done = report_.lines;
  waiting.end = reader_->position();
  return {};
}

/// Of several lines about one ticket at one instant the last one tells what was true after it.
bool Import::supersedes_last(const MappedRow& mapped) {
  if (batch_.empty() || !mapped.row.has("as_of")) return false;
  const Row& last = batch_.back().mapped.row;
  return last.cell("key").text == mapped.row.cell("key").text &&
         last.cell("as_of").integer == mapped.row.cell("as_of").integer;
}

bool Import::report(std::string_view doing) {
  if (!options_.progress) return true;
  const Duration now = clock_.elapsed();
  if (now - reported_ < between_reports) return true;
  reported_ = now;
  ImportProgress progress{report_.lines, reader_->consumed(), file_bytes_, 0, std::nullopt, doing};
  const auto spent = now - began_;
  if (spent.count() > 0) {
    const auto seconds = static_cast<double>(spent.count()) / 1000;
    progress.lines_per_second = static_cast<double>(report_.lines - report_.resumed_at) / seconds;
    if (progress.bytes > 0) {
      const double whole = static_cast<double>(file_bytes_) / static_cast<double>(progress.bytes);
      progress.left = Duration(
          static_cast<std::int64_t>(static_cast<double>(spent.count()) * std::max(whole - 1, 0.0)));
    }
  }
  return options_.progress(progress);
}

Result<ImportReport> import_file(Database& database, const ImportOptions& options,
                                 const Clock& clock) {
  Import import(database, options, clock);
  auto report = import.run();
  // Whatever went wrong in between, nothing half-done stays behind.
  if (database.in_transaction()) database.rollback();
  return report;
}

}  // namespace retaind::store
