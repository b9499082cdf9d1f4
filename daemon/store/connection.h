#pragma once
#include <SQLiteCpp/Database.h>
#include <sqlite3.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "store/database.h"
#include "store/ledger_cache.h"

// What a Database holds; only for database.cc, write_behind.cc, backup.cc and shadow.cc.
namespace retaind::store {

/// Of SQL, whose texts differ in length and in their ends: hashing all of it takes longer than
/// finding a row.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    constexpr std::size_t end = 32;
    const std::string_view last = text.size() > end ? text.substr(text.size() - end) : text;
    return std::hash<std::string_view>{}(last) ^ (text.size() * 0x9e3779b97f4a7c15U);
  }
};

struct Finalizer {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

struct CachedStatement {
  std::unique_ptr<sqlite3_stmt, Finalizer> handle;
  unsigned touches;  ///< Behind tables
  Statement statement;
};

struct Database::Impl {
  Impl(std::filesystem::path path, const Options& opened_with, SQLite::Database&& opened);

  /// Of a shadow: what `db` reads from. First, so that it goes last.
  std::shared_ptr<void> beneath;
  std::filesystem::path file;
  Options options;
  SQLite::Database db;
  std::optional<Error> error;
  LedgerCache ledger_cache;
  std::array<WriteBehind, 3> behind;  ///< by Behind
  unsigned waiting = 0;               ///< a bit for each of these that has rows
  unsigned touched = 0;               ///< by the statement that is being prepared
  bool begun = false;                 ///< inside begin() … commit() or rollback()
  bool together = false;
  std::int64_t version = 0;  ///< while it has the write lock
  std::int64_t warned_at = 0;
  /// Handed out for SQL that does not prepare: it has no rows.
  std::optional<Statement> without_rows;
  /// After `db`, so that the statements are finalized before the connection closes.
  std::unordered_map<std::string, CachedStatement, TextHash, std::equal_to<>> statements;
  /// Where the text of a statement was the last time: most are literals, which stay where they are,
  /// and comparing a text costs far less than hashing it.
  struct Recent {
    const char* text = nullptr;
    std::pair<const std::string, CachedStatement>* entry = nullptr;
  };
  std::array<Recent, 256> recent{};
};

/// fsync of a file or directory.
bool flush(const std::filesystem::path& path, int open_flags);
/// The directory of a file, "." when it has none.
std::filesystem::path directory_of(const std::filesystem::path& file);
/// An empty file. Facts about people are not for everyone on the machine; SQLite gives -wal and
/// -shm the same rights.
Result<void> create_file(const std::filesystem::path& file);
/// The file with something appended to its name.
std::filesystem::path beside(const std::filesystem::path& file, std::string_view suffix);

/// SQLite calls it every so many steps of its machine with the path of a store; true interrupts the
/// statement, because the WAL has grown while somebody reads.
int gives_way(void* file);

}  // namespace retaind::store
