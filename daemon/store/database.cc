#include "store/database.h"

#include <SQLiteCpp/Exception.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "store/connection.h"
#include "store/failure.h"
#include "store/schema.h"
#include "store/wal_writer.h"

namespace retaind::store {
namespace fs = std::filesystem;

bool flush(const fs::path& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool flushed = ::fsync(descriptor) == 0;
  ::close(descriptor);
  return flushed;
}

fs::path directory_of(const fs::path& file) {
  const fs::path parent = file.parent_path();
  return parent.empty() ? fs::path(".") : parent;
}

fs::path beside(const fs::path& file, std::string_view suffix) {
  return fs::path(file.string() + std::string(suffix));
}

int gives_way(void* file) {
  std::error_code ignored;
  const auto bytes = fs::file_size(beside(*static_cast<const fs::path*>(file), "-wal"), ignored);
  return !ignored && static_cast<std::int64_t>(bytes) > Database::reader_gives_way_at ? 1 : 0;
}

namespace {

/// What can be said better than by SQLite's own codes, before it opens the file.
Result<void> examine(const fs::path& file, Database::Mode mode) {
  const std::string name = file.string();
  std::error_code code;
  const auto status = fs::status(file, code);
  const bool used_before = fs::exists(beside(file, ".seen"), code);
  const auto lost = [&](std::string_view how) {
    return Error{ErrorKind::conflict,
                 fmt::format("store {} {} although messages were sent from it ({}.seen): put a "
                             "backup in its place, or remove {}.seen to begin with an empty one",
                             name, how, name, name)};
  };
  if (fs::is_directory(status)) {
    return Error{ErrorKind::invalid,
                 fmt::format("store {} is a directory: name a file in it", name)};
  }
  if (status.type() == fs::file_type::not_found) {
    if (used_before) return lost("is missing");
    if (mode != Database::Mode::create) {
      return Error{ErrorKind::not_found,
                   fmt::format("there is no store {}: check `store:` in retaind.yaml, or create it "
                               "with `retaind import` or `retaind run`",
                               name)};
    }
    return {};
  }
  if (fs::file_size(file, code) == 0 && !code) {
    if (used_before) return lost("is empty");
    if (mode != Database::Mode::create) {
      return Error{
          ErrorKind::invalid,
          fmt::format("store {} is an empty file: put a backup in its place, or remove it", name)};
    }
  }
  const bool writes = mode != Database::Mode::read;
  if (::access(file.c_str(), R_OK) != 0) {
    return Error{ErrorKind::unavailable,
                 fmt::format("store {} may not be read by user {}: change its owner or its rights",
                             name, ::geteuid())};
  }
  if (writes &&
      (::access(file.c_str(), W_OK) != 0 || ::access(directory_of(file).c_str(), W_OK) != 0)) {
    return Error{
        ErrorKind::unavailable,
        fmt::format("store {} is read-only for user {}: change the rights of the file and of "
                    "its directory, in which SQLite keeps its -wal and -shm files",
                    name, ::geteuid())};
  }
  return {};
}

int open_flags(const fs::path& file, Database::Mode mode) {
  // A reader also opens for writing where it may: after a crash somebody has to recover the WAL.
  const bool writable =
      mode != Database::Mode::read ||
      (::access(file.c_str(), W_OK) == 0 && ::access(directory_of(file).c_str(), W_OK) == 0);
  return (writable ? SQLite::OPEN_READWRITE : SQLite::OPEN_READONLY) | SQLite::OPEN_NOMUTEX;
}

/// Before SQLite's first call. Its account of the memory in use, which nobody reads, costs a lock
/// and a look-up of the size with each allocation.
void configure() {
  [[maybe_unused]] static const int configured = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/// The settings of a connection; first the ones that must come before any table is touched.
std::string pragmas(const Database::Options& options, bool in_memory) {
  std::string sql = fmt::format(
      "PRAGMA cache_size = -{}; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; "
      "PRAGMA foreign_keys = OFF; PRAGMA trusted_schema = OFF; ",
      options.cache_kib);
  if (in_memory) return sql;
  if (options.mode == Database::Mode::read) return sql + "PRAGMA query_only = ON; ";
  // 10,000 pages are 40 MB: with SQLite's default of 1,000 the same hot pages are copied into the
  // file over and over, which cost 20 to 40 % of an import.
  return sql + fmt::format(
                   "PRAGMA synchronous = {}; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint "
                   "= 10000; "
                   "PRAGMA journal_size_limit = {}; ",
                   options.durable ? "FULL" : "OFF", Database::wal_limit);
}

}  // namespace

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::~Database() = default;

Database::Database(Database&& other) noexcept : impl_(std::move(other.impl_)) {
  for (auto& [sql, cached] : impl_->statements)
    cached.statement = Statement(cached.handle.get(), *this, cached.touches);
}

Database& Database::operator=(Database&& other) noexcept {
  impl_ = std::move(other.impl_);
  for (auto& [sql, cached] : impl_->statements)
    cached.statement = Statement(cached.handle.get(), *this, cached.touches);
  return *this;
}

Result<Database> Database::open(const fs::path& file, const Options& options) {
  if (auto result = examine(file, options.mode); !result) return result.error();
  std::error_code ignored;
  if (options.mode == Mode::create && !fs::exists(file, ignored)) {
    if (auto result = create_file(file); !result) return result.error();
  }
  configure();
  try {
    const fs::path absolute =
        fs::absolute(file, ignored);  // a name that begins with "file:" is no URI
    // Another connection sees what is gathered only when a commit flushes it.
    const bool gathers = options.durable && options.mode != Mode::read;
    const char* vfs = options.vfs.empty() ? nullptr : options.vfs.c_str();
    const char* writer = gathers ? wal_writer(vfs) : vfs;
    SQLite::Database db(absolute.string(), open_flags(file, options.mode),
                        static_cast<int>(options.busy_timeout.count()),
                        writer == nullptr ? "" : writer);
    sqlite3_extended_result_codes(db.getHandle(), 1);
    Database database(std::make_unique<Impl>(file, options, std::move(db)));
    if (auto result = database.execute(pragmas(options, false)); !result) return result.error();
    if (options.mode == Mode::read) {
      sqlite3_progress_handler(database.handle(), 100'000, gives_way, &database.impl_->file);
    }
    auto ready = options.mode == Mode::read ? require_current(database) : migrate(database);
    if (!ready) return ready.error();
    return database;
  } catch (const SQLite::Exception& exception) {
    return failure(exception.getExtendedErrorCode(), file, exception.what(), "open");
  }
}

Result<Database> Database::nowhere(const char* name, const Options& options) {
  configure();
  try {
    SQLite::Database db(name, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_NOMUTEX);
    Database database(std::make_unique<Impl>(":memory:", options, std::move(db)));
    if (auto result = database.execute(pragmas(options, true)); !result) return result.error();
    if (auto result = migrate(database); !result) return result.error();
    return database;
  } catch (const SQLite::Exception& exception) {
    return failure(exception.getExtendedErrorCode(), ":memory:", exception.what(), "open");
  }
}

Result<Database> Database::in_memory() { return nowhere(":memory:", Options{}); }

// SQLite's own way, a file without a name, keeps whatever was written in its list of dirty pages
// and walks through it with every commit.
Result<Database> Database::temporary(std::int64_t cache_kib) {
  std::error_code error;
  std::string name = (std::filesystem::temp_directory_path(error) / "retaind-XXXXXX").string();
  const int made = error ? -1 : ::mkstemp(name.data());
  if (made < 0) {
    return Error{ErrorKind::unavailable,
                 fmt::format("cannot make {}: {}; TMPDIR names another directory", name,
                             std::generic_category().message(errno))};
  }
  ::close(made);
  Options options;
  options.cache_kib = cache_kib;
  auto database = nowhere(name.c_str(), options);
  if (database) {
    auto set = database->execute(
        "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; "
        "BEGIN IMMEDIATE; COMMIT");
    if (!set) database = set.error();
  }
  ::unlink(name.c_str());
  return database;
}

Statement& Database::prepared(std::string_view sql) {
  auto& recent =
      impl_->recent[(reinterpret_cast<std::uintptr_t>(sql.data()) >> 3U) % impl_->recent.size()];
  if (recent.text == sql.data() && recent.entry->first == sql)
    return recent.entry->second.statement;
  auto found = impl_->statements.find(sql);
  if (found == impl_->statements.end()) {
    sqlite3_stmt* handle = nullptr;
    impl_->touched = 0;
    const int code = sqlite3_prepare_v3(this->handle(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
    if (code != SQLITE_OK) fail(code, sql);
    found = impl_->statements
                .emplace(std::string(sql),
                         CachedStatement{std::unique_ptr<sqlite3_stmt, Finalizer>(handle),
                                         impl_->touched, Statement(handle, *this, impl_->touched)})
                .first;
    if (code != SQLITE_OK) {
      // Not kept: the table may exist the next time. The caller gets a statement that has no rows.
      impl_->statements.erase(found);
      return impl_->without_rows.emplace(nullptr, *this, 0U);
    }
  }
  recent = {sql.data(), &*found};
  return found->second.statement;
}

LedgerCache& Database::ledger_cache() { return impl_->ledger_cache; }

Result<void> Database::execute(const std::string& sql) {
  written(~0U);
  impl_->ledger_cache.clear();
  const int code = impl_->db.tryExec(sql);
  if (code == SQLITE_OK) return {};
  return failure(sqlite3_extended_errcode(handle()), file(), sqlite3_errmsg(handle()), sql);
}

namespace {

/// A query that was not read to its end keeps the connection on its old snapshot: no checkpoint
/// gets past it, and once another process has written, every BEGIN IMMEDIATE fails
/// (SQLITE_BUSY_SNAPSHOT). What was read ends with the transaction.
void end_queries(sqlite3* handle) {
  for (sqlite3_stmt* query = sqlite3_next_stmt(handle, nullptr); query != nullptr;
       query = sqlite3_next_stmt(handle, query)) {
    if (sqlite3_stmt_busy(query) != 0) sqlite3_reset(query);
  }
}

}  // namespace

Result<void> Database::begin() {
  if (impl_->together) {
    impl_->begun = true;
    return {};
  }
  end_queries(handle());
  impl_->error.reset();
  prepared("BEGIN IMMEDIATE").run();
  auto result = take_error();
  impl_->begun = false;
  if (!result) {
    rollback();
  } else {
    impl_->version = data_version();
    impl_->begun = true;
    impl_->ledger_cache.open(impl_->version);
  }
  return result;
}

Result<void> Database::begin_together() {
  auto begun = begin();
  impl_->together = static_cast<bool>(begun);
  return begun;
}

Result<void> Database::end_together() {
  impl_->together = false;
  return commit();
}

Result<void> Database::begin_read() {
  impl_->error.reset();
  // A deferred transaction has its snapshot only from the first read on.
  if (auto result = execute("BEGIN"); !result) return result;
  Statement& touch = prepared("SELECT 1 FROM sqlite_schema LIMIT 1");
  touch.step();
  touch.reset();
  return take_error();
}

Result<void> Database::commit() {
  if (!impl_->together) written(~0U);
  if (impl_->error) {
    Error error = *impl_->error;
    rollback();
    return error;
  }
  if (impl_->together) return {};
  end_queries(handle());
  prepared("COMMIT").run();
  auto result = take_error();
  impl_->begun = false;
  impl_->ledger_cache.close();
  if (!result) rollback();
  return result;
}

void Database::rollback() {
  for (WriteBehind& rows : impl_->behind) rows.forget();
  impl_->waiting = 0;
  impl_->begun = impl_->together = false;
  impl_->ledger_cache.clear();
  impl_->ledger_cache.close();
  end_queries(handle());
  // SQLite itself rolls back on a full disk; a second ROLLBACK would be an error.
  if (in_transaction()) impl_->db.tryExec("ROLLBACK");
  forget_rolled_back(*this);
  impl_->error.reset();
}

bool Database::in_transaction() const { return sqlite3_get_autocommit(handle()) == 0; }

std::int64_t Database::data_version() {
  if (impl_->begun) return impl_->version;
  Statement& statement = prepared("PRAGMA data_version");
  const std::int64_t version = statement.step() ? statement.integer(0) : 0;
  statement.reset();
  return version;
}

std::int64_t Database::rows_changed() const { return sqlite3_total_changes64(handle()); }
std::int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(handle()); }
const fs::path& Database::file() const { return impl_->file; }

bool Database::is_in_place() const {
  int moved = 0;
  const int asked = sqlite3_file_control(handle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return asked != SQLITE_OK || moved == 0;
}
sqlite3* Database::handle() const { return impl_->db.getHandle(); }

void Database::fail(int code, std::string_view what) {
  if (!impl_->error) impl_->error = failure(code, file(), sqlite3_errmsg(handle()), what);
}

bool Database::is_void() const { return impl_->begun && impl_->error; }

Result<void> Database::take_error() {
  if (!impl_->error) return {};
  Error error = std::move(*impl_->error);
  impl_->error.reset();
  return error;
}

std::int64_t Database::wal_bytes() const {
  std::error_code missing;
  const auto bytes = fs::file_size(beside(file(), "-wal"), missing);
  return missing ? 0 : static_cast<std::int64_t>(bytes);
}

Result<std::int64_t> Database::checkpoint() {
  // PASSIVE waits for nobody and blocks nobody.
  sqlite3_wal_checkpoint_v2(handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (wal_bytes() <= wal_limit) return wal_bytes();
  // TRUNCATE must not wait for a reader, or every sender would wait with it: it is tried again the
  // next time.
  sqlite3_busy_timeout(handle(), 0);
  const int code =
      sqlite3_wal_checkpoint_v2(handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  sqlite3_busy_timeout(handle(), static_cast<int>(impl_->options.busy_timeout.count()));
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) {
    return failure(code, file(), sqlite3_errmsg(handle()), "checkpoint");
  }
  const std::int64_t bytes = wal_bytes();
  if (bytes > wal_limit && bytes >= 2 * impl_->warned_at) {
    impl_->warned_at = bytes;
    log::warning(fmt::format(
        "store: a process has been reading for long, so {}-wal has grown to {} MB: find it "
        "with `fuser {}` and let it end",
        file().string(), bytes >> 20, file().string()));
  }
  if (bytes <= wal_limit) impl_->warned_at = 0;
  return bytes;
}

Transaction::~Transaction() {
  if (database_ != nullptr) database_->rollback();
}

Result<Transaction> Transaction::begin(Database& database) {
  if (auto result = database.begin(); !result) return result.error();
  return Transaction(database);
}

Result<void> Transaction::commit() {
  Database* database = std::exchange(database_, nullptr);
  return database->commit();
}

}  // namespace retaind::store
