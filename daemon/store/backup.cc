#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/Exception.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "store/connection.h"
#include "store/failure.h"

namespace retaind::store {
namespace fs = std::filesystem;

Result<void> create_file(const fs::path& file) {
  const int descriptor = ::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0640);
  if (descriptor < 0) return failure(SQLITE_CANTOPEN, file, "", "create");
  ::close(descriptor);
  flush(directory_of(file), O_RDONLY | O_DIRECTORY);
  return {};
}

namespace {

/// One step for all pages: the source's read snapshot lasts for the whole copy. Several steps would
/// each take their own, and SQLite begins again after every commit of another process: beside a
/// busy sender it would never end.
Result<void> copy_pages(SQLite::Database& from, const fs::path& to, bool marked) {
  try {
    SQLite::Database target(fs::absolute(to).string(),
                            SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    // The file is flushed once, at the end; a copy that was cut short is thrown away anyway.
    target.exec("PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF");
    SQLite::Backup backup(target, from);
    const int code = backup.executeStep(-1);
    if (code != SQLITE_DONE) return failure(code, to, "", "backup");
    if (marked) target.exec("INSERT OR REPLACE INTO meta (key, value) VALUES ('copied', '1')");
    // Out of WAL mode, so that the copy is one file; opening it as a store turns WAL on again.
    target.exec("PRAGMA journal_mode = DELETE");
    return {};
  } catch (const SQLite::Exception& exception) {
    // The extended code is -1 where SQLiteCpp was not told the connection.
    const int extended = exception.getExtendedErrorCode();
    return failure(extended > 0 ? extended : exception.getErrorCode(), to, exception.what(),
                   "backup");
  } catch (const std::exception& exception) {
    return failure(SQLITE_CANTOPEN, to, exception.what(), "backup");
  }
}

Result<void> copy_durably(SQLite::Database& from, const fs::path& file, bool marked) {
  std::error_code code;
  const fs::path part = beside(file, ".part");
  fs::remove(part, code);
  auto copied = create_file(part);
  if (copied) copied = copy_pages(from, part, marked);
  if (copied && !flush(part, O_RDWR))
    copied = failure(SQLITE_IOERR, part, "fsync failed", "backup");
  if (copied) {
    fs::rename(part, file, code);
    if (code) copied = failure(SQLITE_CANTOPEN, file, code.message(), "backup");
  }
  if (!copied) {
    fs::remove(part, code);
    return copied.error();
  }
  flush(directory_of(file), O_RDONLY | O_DIRECTORY);
  return {};
}

}  // namespace

Result<void> Database::backup_to(const fs::path& file) {
  std::error_code code;
  if (fs::is_directory(file, code)) {
    return Error{ErrorKind::invalid,
                 fmt::format("{} is a directory: name a file in it", file.string())};
  }
  if (fs::exists(file, code) && fs::equivalent(file, impl_->file, code)) {
    return Error{
        ErrorKind::invalid,
        fmt::format("{} is the store itself: name another file for the backup", file.string())};
  }
  if (fs::exists(beside(file, "-wal"), code)) {
    return Error{
        ErrorKind::conflict,
        fmt::format("{} is a store in use ({}-wal exists): name another file for the backup",
                    file.string(), file.string())};
  }
  return copy_durably(impl_->db, file, true);
}

Result<void> Database::copy_aside(const fs::path& file) {
  std::error_code code;
  if (fs::exists(file, code)) return {};
  try {
    // Through a second connection: SQLite does not copy from one that holds the write lock.
    SQLite::Database reader(fs::absolute(impl_->file).string(), SQLite::OPEN_READWRITE,
                            static_cast<int>(impl_->options.busy_timeout.count()),
                            impl_->options.vfs);
    return copy_durably(reader, file, false);
  } catch (const SQLite::Exception& exception) {
    return failure(exception.getExtendedErrorCode(), impl_->file, exception.what(), "copy");
  }
}

}  // namespace retaind::store
