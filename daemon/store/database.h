#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/statement.h"
#include "store/write_behind.h"

struct sqlite3;

namespace retaind::store {

class LedgerCache;

/// One connection to the store: SQLite in WAL mode. Not thread-safe; each thread or process opens
/// its own.
class Database {
 public:
  enum class Mode { create, write, read };

  struct Options {
    Mode mode = Mode::write;
    /// `synchronous=FULL` makes every commit durable. Off only to prove that the tests would
    /// notice.
    bool durable = true;
    Duration busy_timeout{5000};
    /// Of the page cache. Small, because the promise is a small process; an import into an empty
    /// store asks for more.
    std::int64_t cache_kib = 16 * 1024;
    /// Name of the SQLite VFS; empty: the default. Tests pass one that drops or tears unsynced
    /// writes.
    std::string vfs;
  };

  /// Opens and, in the writing modes, migrates to this binary's schema; a store with data is first
  /// copied to
  /// `<file>.before-v<N>`. Errors say what to do: no such store, locked, read-only, not a store,
  /// truncated, of a newer version (refused), disk full.
  static Result<Database> open(const std::filesystem::path& file, const Options& options);
  static Result<Database> in_memory();
  /// For as long as this object lives, in a file that nobody sees: of a store that grows large no
  /// more is in memory than `cache_kib`.
  static Result<Database> temporary(std::int64_t cache_kib);
  /// The store as it is now, to live on in: reads see one snapshot of the file, writes stay in
  /// memory and end with this object. Costs the pages that are written and those of the WAL,
  /// whatever the store's size; leaves no file. It takes a reader's lock while it lives, and gives
  /// way as a reader does (`unavailable`).
  static Result<Database> shadow_of(const std::filesystem::path& file);
  /// Several that begin with the same snapshot, each for itself.
  static Result<std::vector<Database>> shadows_of(const std::filesystem::path& file, int count);

  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  /// Of these tables rows may wait (write_behind), because a transaction that writes them seldom
  /// reads them again.
  enum class Behind : unsigned { message, decision, body };
  /// A row, its values in the order of the columns, which is written with others: as soon as a
  /// statement of this connection reads or writes the table, and at the latest with the commit. So
  /// nobody sees that it waited. One that cannot be written fails the transaction as a statement
  /// does.
  void write_behind(Behind table, std::initializer_list<BehindValue> row, std::int64_t id = 0);
  /// Whether the row with this id is one that waits: writing it behind again changes it there.
  [[nodiscard]] bool waits(Behind table, std::int64_t id) const;
  /// Writes what waits of the tables with these bits; false when the transaction has failed.
  bool written(unsigned tables);

  /// The statement for this SQL, prepared once. The text must be the whole identity: no values
  /// spliced in.
  Statement& prepared(std::string_view sql);
  /// Statements without rows, run at once.
  Result<void> execute(const std::string& sql);

  /// BEGIN IMMEDIATE; `unavailable` when another process holds the write lock longer than the
  /// time-out.
  Result<void> begin();
  /// Reports the first error since begin() and then rolls back instead.
  Result<void> commit();
  void rollback();
  [[nodiscard]] bool in_transaction() const;
  /// What begins and commits until end_together() is one transaction, and a rollback takes back all
  /// of it: for a world in memory, which lives through instants by the thousand, and in which
  /// nobody crashes between two.
  Result<void> begin_together();
  Result<void> end_together();
  /// A read snapshot over several statements, ended by commit() or rollback(). While it is open the
  /// WAL cannot be emptied, so a statement of a Mode::read connection is interrupted
  /// (`unavailable`) once the WAL has grown over `reader_gives_way_at`.
  Result<void> begin_read();

  /// Changes whenever another connection has committed (PRAGMA data_version); not while this one
  /// has the write lock.
  std::int64_t data_version();
  /// Grows with every row that this connection changes.
  [[nodiscard]] std::int64_t rows_changed() const;
  [[nodiscard]] std::int64_t last_insert_id() const;
  [[nodiscard]] const std::filesystem::path& file() const;
  /// False once the file has been moved, removed or replaced: what is written here is seen by
  /// nobody who opens the path now.
  [[nodiscard]] bool is_in_place() const;
  /// The first error since begin(), or since the last call outside a transaction; internal users
  /// only.
  void fail(int code, std::string_view what);
  Result<void> take_error();
  /// A statement of this write transaction has failed. SQLite may have rolled it back by itself (a
  /// full disk, an interrupt), and what came now would be committed on its own: nothing more is
  /// carried out before rollback().
  [[nodiscard]] bool is_void() const;

  /// A consistent copy while others read and write, marked as a copy (semantics 23). One read
  /// snapshot for the whole copy: in WAL mode no writer waits for it. Written beside `file`,
  /// flushed and renamed: the old backup or the new one, never half. Needs to be outside a
  /// transaction.
  Result<void> backup_to(const std::filesystem::path& file);
  /// The same without the mark; keeps an existing `file`. May run while this connection holds the
  /// write lock.
  Result<void> copy_aside(const std::filesystem::path& file);
  /// Moves what readers allow from the WAL into the file. A WAL over `wal_limit` is emptied and
  /// truncated; when a reader of another program prevents that, it warns, once for each doubling.
  /// Returns the bytes of the WAL.
  Result<std::int64_t> checkpoint();

  static constexpr std::int64_t wal_limit = 64LL << 20;
  static constexpr std::int64_t reader_gives_way_at = 256LL << 20;
  [[nodiscard]] std::int64_t wal_bytes() const;

  /// SQLite's connection, for the .cc files of this module.
  [[nodiscard]] sqlite3* handle() const;
  /// For the files that write what it keeps.
  LedgerCache& ledger_cache();

 private:
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  static Result<Database> nowhere(const char* name, const Options& options);
  std::unique_ptr<Impl> impl_;
};

/// Rolls back unless committed.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(other.database_) {
    other.database_ = nullptr;
  }
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

/// Version of the schema that this binary writes.
int schema_version();

}  // namespace retaind::store
