#include "store/wal_writer.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace retaind::store {
namespace {

// SQLite's own VFS writes less than 128 KB at once.
constexpr int most_gathered = 120 * 1024;
// A mail's two commits are some 20 pages.
constexpr sqlite3_int64 least_room = 256 * 1024;
constexpr sqlite3_int64 room_made = 2 * 1024 * 1024;

/// A WAL; the file of the VFS below stands behind it.
struct WalFile {
  sqlite3_file base;
  char* gathered;  ///< what was written from `at` on and is not in the file yet
  sqlite3_int64 at;
  int size;
  sqlite3_int64 reached;  ///< end of the last write
};

WalFile& wal(sqlite3_file* file) { return *reinterpret_cast<WalFile*>(file); }
sqlite3_file* below(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<WalFile*>(file) + 1);
}
sqlite3_vfs* below(sqlite3_vfs* vfs) { return static_cast<sqlite3_vfs*>(vfs->pAppData); }

int write_out(sqlite3_file* file) {
  WalFile& w = wal(file);
  const int size = std::exchange(w.size, 0);
  if (size == 0) return SQLITE_OK;
  return below(file)->pMethods->xWrite(below(file), w.gathered, size, w.at);
}

/// What no commit has flushed is of a transaction that came to nothing.
int wal_close(sqlite3_file* file) {
  sqlite3_free(wal(file).gathered);
  return below(file)->pMethods->xClose(below(file));
}

int wal_read(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
  const WalFile& w = wal(file);
  if (w.size > 0 && at < w.at + w.size && w.at < at + size) {
    if (const int code = write_out(file); code != SQLITE_OK) return code;
  }
  return below(file)->pMethods->xRead(below(file), to, size, at);
}

int wal_write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
  WalFile& w = wal(file);
  w.reached = at + size;
  if (w.gathered == nullptr) w.gathered = static_cast<char*>(sqlite3_malloc(most_gathered));
  if (w.size > 0 && (at != w.at + w.size || size > most_gathered - w.size)) {
    if (const int code = write_out(file); code != SQLITE_OK) return code;
  }
  if (w.gathered == nullptr || size > most_gathered)
    return below(file)->pMethods->xWrite(below(file), bytes, size, at);
  if (w.size == 0) w.at = at;
  std::memcpy(w.gathered + w.size, bytes, static_cast<std::size_t>(size));
  w.size += size;
  return SQLITE_OK;
}

int wal_truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (const int code = write_out(file); code != SQLITE_OK) return code;
  return below(file)->pMethods->xTruncate(below(file), size);
}

int wal_sync(sqlite3_file* file, int flags) {
  if (const int code = write_out(file); code != SQLITE_OK) return code;
  return below(file)->pMethods->xSync(below(file), flags);
}

int wal_size(sqlite3_file* file, sqlite3_int64* size) {
  if (const int code = write_out(file); code != SQLITE_OK) return code;
  return below(file)->pMethods->xFileSize(below(file), size);
}

int wal_lock(sqlite3_file* file, int kind) {
  return below(file)->pMethods->xLock(below(file), kind);
}
int wal_unlock(sqlite3_file* file, int kind) {
  return below(file)->pMethods->xUnlock(below(file), kind);
}
int wal_check_lock(sqlite3_file* file, int* held) {
  return below(file)->pMethods->xCheckReservedLock(below(file), held);
}
int wal_control(sqlite3_file* file, int what, void* argument) {
  return below(file)->pMethods->xFileControl(below(file), what, argument);
}
int wal_sector_size(sqlite3_file* file) { return below(file)->pMethods->xSectorSize(below(file)); }
int wal_traits(sqlite3_file* file) {
  return below(file)->pMethods->xDeviceCharacteristics(below(file));
}

// Version 1: shared memory and mapping are asked of the store's own file.
constexpr sqlite3_io_methods wal_methods{
    1,        wal_close,  wal_read,       wal_write,   wal_truncate,    wal_sync,   wal_size,
    wal_lock, wal_unlock, wal_check_lock, wal_control, wal_sector_size, wal_traits, nullptr,
    nullptr,  nullptr,    nullptr,        nullptr,     nullptr};

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* opened) {
  sqlite3_vfs* base = below(vfs);
  if ((flags & SQLITE_OPEN_WAL) == 0) return base->xOpen(base, name, file, flags, opened);
  std::memset(file, 0, static_cast<std::size_t>(vfs->szOsFile));
  const int code = base->xOpen(base, name, below(file), flags, opened);
  // Without methods SQLite does not close it.
  if (below(file)->pMethods != nullptr) file->pMethods = &wal_methods;
  return code;
}
int remove_file(sqlite3_vfs* vfs, const char* name, int flush) {
  return below(vfs)->xDelete(below(vfs), name, flush);
}
int access_file(sqlite3_vfs* vfs, const char* name, int flags, int* result) {
  return below(vfs)->xAccess(below(vfs), name, flags, result);
}
int full_path(sqlite3_vfs* vfs, const char* name, int size, char* path) {
  return below(vfs)->xFullPathname(below(vfs), name, size, path);
}
int randomness(sqlite3_vfs* vfs, int size, char* bytes) {
  return below(vfs)->xRandomness(below(vfs), size, bytes);
}
int pause(sqlite3_vfs* vfs, int microseconds) {
  return below(vfs)->xSleep(below(vfs), microseconds);
}
int current_time(sqlite3_vfs* vfs, double* julian_day) {
  return below(vfs)->xCurrentTime(below(vfs), julian_day);
}
int last_error(sqlite3_vfs* vfs, int size, char* text) {
  return below(vfs)->xGetLastError(below(vfs), size, text);
}

/// The WAL of the connection; nullptr before it has written, and where it has none of ours.
sqlite3_file* wal_of(Database& database) {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(database.handle(), "main", SQLITE_FCNTL_JOURNAL_POINTER,
                       static_cast<void*>(&file));
  const bool ours = file != nullptr && file->pMethods == &wal_methods;
  return ours && wal(file).reached > 0 ? file : nullptr;
}

/// What fails here, for a full disk say, fails for the next commit, which says so.
void lengthen(sqlite3_file* file, sqlite3_int64 size) {
  static const std::vector<char> zeros(most_gathered);
  const sqlite3_io_methods& methods = *below(file)->pMethods;
  for (const sqlite3_int64 end = size + room_made; size < end; size += most_gathered) {
    if (methods.xWrite(below(file), zeros.data(), most_gathered, size) != SQLITE_OK) return;
  }
  methods.xSync(below(file), SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
}

}  // namespace

void forget_rolled_back(Database& database) {
  if (sqlite3_file* const file = wal_of(database); file != nullptr) wal(file).size = 0;
}

void make_wal_room(Database& database) {
  sqlite3_file* const file = wal_of(database);
  sqlite3_int64 size = 0;
  if (file == nullptr || wal_size(file, &size) != SQLITE_OK) return;
  if (size - wal(file).reached >= least_room) return;
  sqlite3* const connection = database.handle();
  const auto patience = database.prepared("PRAGMA busy_timeout").single().value_or(0);
  sqlite3_busy_timeout(connection, 0);
  // Another process may append meanwhile, and zeros must not cover what it has committed.
  if (sqlite3_exec(connection, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK) {
    if (wal_size(file, &size) == SQLITE_OK) lengthen(file, size);
    sqlite3_exec(connection, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  sqlite3_busy_timeout(connection, static_cast<int>(patience));
}

const char* wal_writer(const char* base) {
  sqlite3_vfs* found = sqlite3_vfs_find(base);
  if (found == nullptr) return nullptr;
  const std::string name = std::string("retaind-") + found->zName;
  // SQLite keeps a pointer to each for as long as the process lives. One may be registered anew
  // under the name of one that is gone.
  static std::map<std::string, sqlite3_vfs> made;
  const auto [entry, is_new] = made.try_emplace(name);
  sqlite3_vfs& vfs = entry->second;
  if (!is_new && vfs.pAppData == found) return entry->first.c_str();
  if (!is_new) sqlite3_vfs_unregister(&vfs);
  vfs = {};
  vfs.iVersion = 1;
  vfs.szOsFile = found->szOsFile + static_cast<int>(sizeof(WalFile));
  vfs.mxPathname = found->mxPathname;
  vfs.zName = entry->first.c_str();
  vfs.pAppData = found;
  vfs.xOpen = open_file;
  vfs.xDelete = remove_file;
  vfs.xAccess = access_file;
  vfs.xFullPathname = full_path;
  vfs.xRandomness = randomness;
  vfs.xSleep = pause;
  vfs.xCurrentTime = current_time;
  vfs.xGetLastError = last_error;
  return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK ? vfs.zName : nullptr;
}

}  // namespace retaind::store
