#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/mapping.h"
#include "store/database.h"

namespace retaind::store {

struct ImportProgress {
  std::int64_t lines = 0;
  std::int64_t bytes = 0, total_bytes = 0;  ///< of the file, compressed or not
  double lines_per_second = 0;
  std::optional<Duration> left;  ///< at the present rate
  std::string_view doing;        ///< "reading", "building indexes"
};

struct ImportOptions {
  ImportKind kind = ImportKind::customers;
  std::filesystem::path file;
  std::optional<Mapping> mapping;
  /// `--history`: what is due by now for these rows is backlog.
  bool history = false;
  Currency currency;               ///< of the site, for amounts without one
  Zone zone = Zone::utc();         ///< of the site, for times without an offset
  std::filesystem::path rejected;  ///< empty: FILE.rejected.csv
  /// Called about five times a second; false stops the import after the current transaction.
  std::function<bool(const ImportProgress&)> progress;
  /// Files from this size on take the bulk path when the store allows it; below, it gains nothing.
  std::int64_t bulk_from_bytes = 1 << 20;
};

struct ImportReport {
  struct Noted {
    std::int64_t customers = 0;
    std::vector<std::int64_t> lines;  ///< the first few
    void add(std::int64_t line);
  };
  std::int64_t lines = 0;  ///< records read, without the header
  std::int64_t inserted = 0, updated = 0, unchanged = 0;
  std::int64_t skipped = 0;     ///< by `skip:` in the mapping
  std::int64_t merged = 0;      ///< lines that were added to the row of an earlier line
  std::int64_t superseded = 0;  ///< tickets: a later line tells the same instant
  std::int64_t rejected = 0;
  std::int64_t without_customer =
      0;  ///< orders and other rows that name none: stored, and matched by no rule but reminders
  std::int64_t customers_made = 0;  ///< unknown ones that rows named: they have only their key
  Noted unknown_zones;              ///< customers whose time zone is none: they get the site's
  Noted unusable_emails;            ///< customers whose address is none: they get no mail
  std::int64_t own_surveys = 0;     ///< answers of a kind whose scores nobody checks
  std::vector<std::string> own_survey_kinds;  ///< the first few
  std::int64_t resumed_at = 0;  ///< lines that an import which was stopped had done already
  bool bulk = false, stopped = false;
  std::vector<std::string> unused_columns;
  std::filesystem::path rejected_file;  ///< empty when nothing was refused
  Duration took{0};
};

/// Reads a CSV file into the store: many short transactions (at most 10,000 rows or 50 ms each),
/// beside a daemon that sends. Rows that are stored already are found by reading alone, without the
/// write lock.
///
/// - The same row again changes nothing. Two lines with one key and different values: the first
/// counts and the second is
///   refused, unless the mapping says `merge: yes` or dates the lines (`as_of`).
/// - A line that cannot be used goes to the rejected file with number and reason; nothing of it is
/// stored.
/// - An import that was stopped, or killed, goes on where it was when the same file is imported
/// again.
/// - Into a table without rows, in a store without rules, that nobody else has open: the bulk path,
/// one transaction that
///   builds the indexes last. Killed there, the store is as before.
Result<ImportReport> import_file(Database& database, const ImportOptions& options,
                                 const Clock& clock);

}  // namespace retaind::store
