#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "store/bulk_load.h"
#include "store/facts.h"
#include "store/import.h"
#include "store/import_progress.h"
#include "store/merge.h"
#include "store/rejects.h"

// One run of import_file(): import.cc reads, import_write.cc stores.
namespace retaind::store {

/// A line that waits for its batch: what it says, and what the rejected file needs.
struct Waiting {
  explicit Waiting(Subject subject) : mapped(subject) {}
  MappedRow mapped;
  std::string_view original;
  bool broken_quotes = false;
  std::int64_t lines_done = 0;
  std::int64_t end = 0;  ///< position behind it
  bool counts = true;    ///< not a further key of the row before
};

class Import {
 public:
  Import(Database& database, const ImportOptions& options, const Clock& clock)
      : database_(database), options_(options), clock_(clock), facts_(database, clock.now()) {}

  Result<ImportReport> run();

 private:
  Result<void> open();
  Result<void> open_bulk();
  Result<void> resume();
  Result<void> read_lines();
  Result<void> take(const CsvRecord& record);
  void skip_done(const CsvRecord& record);
  Result<void> take_row(const CsvRecord& record, MappedRow& mapped);
  bool supersedes_last(const MappedRow& mapped);
  void bulk_row(const Rejects::Line& line, MappedRow& mapped);
  Result<void> flush();
  Result<void> write(const std::vector<std::size_t>& todo);
  Result<void> write_one(Waiting& waiting);
  Result<void> commit(const Waiting* last);
  Result<void> write_merged();
  Result<void> reject_spoiled();
  Result<void> finish();
  Written preview(Waiting& waiting);
  void reject(const CsvRecord& record, std::string_view reason);
  void reject(const Waiting& waiting, std::string_view reason);
  void note(const MappedRow& mapped);
  void note_customer(const Row& row, std::int64_t line);
  bool is_zone(std::string_view name);
  bool touched(std::int64_t row) const;
  void touch(std::int64_t row);
  bool report(std::string_view doing);

  Database& database_;
  const ImportOptions& options_;
  const Clock& clock_;
  Facts facts_;
  ImportReport report_;
  std::optional<CsvReader> reader_;
  std::optional<RowMapper> mapper_;
  std::optional<Rejects> rejects_;
  std::optional<MergedRows> merged_;
  std::optional<BulkLoad> bulk_;
  ImportMark mark_;
  std::optional<CsvRecord> first_;  // of a file without a header
  std::int64_t done_to_ = 0;        // position that an earlier run reached
  bool marked_ = false;             // the store holds a mark of ours
  // The line after a full batch is read while the batch still waits, because it may supersede its
  // last row: two arenas take turns.
  TextArena texts_[2];
  int arena_ = 0;
  static constexpr std::size_t batch_rows = 2000;
  std::vector<Waiting> batch_;
  std::map<std::string, bool, std::less<>> zones_;  // whether there is one of that name
  std::vector<bool> touched_;                       // rows of the table that this file named
  Duration began_{0}, reported_{0}, transaction_began_{0};
  int transaction_rows_ = 0;
  std::int64_t file_bytes_ = 0;
};

}  // namespace retaind::store
