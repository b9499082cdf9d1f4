#include "support/faulty_vfs.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>

namespace retaind::test {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t sector = 512;

/// What SQLite allocates for an open file; the file of the VFS below follows it in memory.
struct File {
  sqlite3_file base;
  FaultyVfs* vfs;
  FaultyVfs::Disk* disk;
  [[nodiscard]] sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
FaultyVfs& of(sqlite3_vfs* vfs) { return *static_cast<FaultyVfs*>(vfs->pAppData); }

int close_file(sqlite3_file* file) { return of(file).real()->pMethods->xClose(of(file).real()); }

int read_file(sqlite3_file* file, void* to, int bytes, sqlite3_int64 at) {
  if (of(file).vfs->is_off()) return SQLITE_IOERR_READ;
  return of(file).real()->pMethods->xRead(of(file).real(), to, bytes, at);
}

int write_file(sqlite3_file* file, const void* from, int bytes, sqlite3_int64 at) {
  File& f = of(file);
  if (!f.vfs->powered()) return SQLITE_IOERR_WRITE;
  if (!f.vfs->has_room(*f.disk, at + bytes)) return SQLITE_FULL;
  f.vfs->wrote(*f.disk, at, {static_cast<const char*>(from), static_cast<std::size_t>(bytes)});
  if (f.vfs->is_off()) return SQLITE_IOERR_WRITE;
  return f.real()->pMethods->xWrite(f.real(), from, bytes, at);
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  File& f = of(file);
  if (!f.vfs->powered()) return SQLITE_IOERR_TRUNCATE;
  f.vfs->truncated(*f.disk, size);
  if (f.vfs->is_off()) return SQLITE_IOERR_TRUNCATE;
  return f.real()->pMethods->xTruncate(f.real(), size);
}

int sync_file(sqlite3_file* file, int flags) {
  File& f = of(file);
  if (!f.vfs->powered() || f.vfs->is_off()) return SQLITE_IOERR_FSYNC;
  const int code = f.real()->pMethods->xSync(f.real(), flags);
  if (code == SQLITE_OK) f.vfs->synced(*f.disk);
  return code;
}

int size_of_file(sqlite3_file* file, sqlite3_int64* size) {
  return of(file).real()->pMethods->xFileSize(of(file).real(), size);
}
int lock_file(sqlite3_file* file, int level) {
  return of(file).real()->pMethods->xLock(of(file).real(), level);
}
int unlock_file(sqlite3_file* file, int level) {
  return of(file).real()->pMethods->xUnlock(of(file).real(), level);
}
int check_lock(sqlite3_file* file, int* out) {
  return of(file).real()->pMethods->xCheckReservedLock(of(file).real(), out);
}
int control_file(sqlite3_file* file, int what, void* with) {
  return of(file).real()->pMethods->xFileControl(of(file).real(), what, with);
}
int sector_size(sqlite3_file* /*file*/) { return static_cast<int>(sector); }
int characteristics(sqlite3_file* /*file*/) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }
int map_shared(sqlite3_file* file, int page, int size, int extend, void volatile** to) {
  return of(file).real()->pMethods->xShmMap(of(file).real(), page, size, extend, to);
}
int lock_shared(sqlite3_file* file, int offset, int count, int flags) {
  return of(file).real()->pMethods->xShmLock(of(file).real(), offset, count, flags);
}
void barrier_shared(sqlite3_file* file) { of(file).real()->pMethods->xShmBarrier(of(file).real()); }
int unmap_shared(sqlite3_file* file, int remove) {
  return of(file).real()->pMethods->xShmUnmap(of(file).real(), remove);
}

constexpr sqlite3_io_methods methods{2,
                                     close_file,
                                     read_file,
                                     write_file,
                                     truncate_file,
                                     sync_file,
                                     size_of_file,
                                     lock_file,
                                     unlock_file,
                                     check_lock,
                                     control_file,
                                     sector_size,
                                     characteristics,
                                     map_shared,
                                     lock_shared,
                                     barrier_shared,
                                     unmap_shared,
                                     nullptr,
                                     nullptr};

int open_file(sqlite3_vfs* vfs, sqlite3_filename path, sqlite3_file* file, int flags, int* got) {
  File& f = of(file);
  f.base.pMethods = nullptr;
  FaultyVfs& faulty = of(vfs);
  if (faulty.is_off()) return SQLITE_CANTOPEN;
  if (path == nullptr) return SQLITE_CANTOPEN;  // the store keeps temporary tables in memory
  std::error_code ignored;
  const bool created = !fs::exists(path, ignored);
  const int code = faulty.under()->xOpen(faulty.under(), path, f.real(), flags, got);
  if (f.real()->pMethods == nullptr || code != SQLITE_OK) return code;
  f.vfs = &faulty;
  f.disk = &faulty.disk(path, created);
  f.base.pMethods = &methods;
  return code;
}

int remove_file(sqlite3_vfs* vfs, const char* path, int durably) {
  return of(vfs).remove(path, durably != 0);
}
int may_access(sqlite3_vfs* vfs, const char* path, int flags, int* out) {
  return of(vfs).under()->xAccess(of(vfs).under(), path, flags, out);
}
int full_path(sqlite3_vfs* vfs, const char* path, int bytes, char* out) {
  return of(vfs).under()->xFullPathname(of(vfs).under(), path, bytes, out);
}
int randomness(sqlite3_vfs* vfs, int bytes, char* out) {
  return of(vfs).under()->xRandomness(of(vfs).under(), bytes, out);
}
int pause(sqlite3_vfs* vfs, int microseconds) {
  return of(vfs).under()->xSleep(of(vfs).under(), microseconds);
}
int current_time(sqlite3_vfs* vfs, double* out) {
  return of(vfs).under()->xCurrentTime(of(vfs).under(), out);
}
int last_error(sqlite3_vfs* vfs, int bytes, char* out) {
  return of(vfs).under()->xGetLastError(of(vfs).under(), bytes, out);
}

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void put(std::string& image, std::int64_t at, std::string_view bytes) {
  const auto end = static_cast<std::size_t>(at) + bytes.size();
  if (image.size() < end) image.resize(end, '\0');
  std::memcpy(image.data() + at, bytes.data(), bytes.size());
}

}  // namespace

FaultyVfs::FaultyVfs(std::uint64_t seed)
    : rng_(seed),
      name_("faulty-" + std::to_string(seed)),
      under_(sqlite3_vfs_find(nullptr)),
      vfs_(std::make_unique<sqlite3_vfs>()) {
  vfs_->iVersion = 1;
  vfs_->szOsFile = static_cast<int>(sizeof(File)) + under_->szOsFile;
  vfs_->mxPathname = under_->mxPathname;
  vfs_->zName = name_.c_str();
  vfs_->pAppData = this;
  vfs_->xOpen = open_file;
  vfs_->xDelete = remove_file;
  vfs_->xAccess = may_access;
  vfs_->xFullPathname = full_path;
  vfs_->xRandomness = randomness;
  vfs_->xSleep = pause;
  vfs_->xCurrentTime = current_time;
  vfs_->xGetLastError = last_error;
  sqlite3_vfs_register(vfs_.get(), 0);
}

FaultyVfs::~FaultyVfs() { sqlite3_vfs_unregister(vfs_.get()); }

FaultyVfs::Disk& FaultyVfs::disk(const std::string& path, bool created) {
  const auto known = disks_.find(path);
  if (known != disks_.end() && !known->second.removed) return known->second;
  Disk& made = disks_[path];
  // One that was removed and not durably so may come back as it was; what is written now is new.
  made = Disk{};
  made.durable = content_of(path);
  made.size = static_cast<std::int64_t>(made.durable.size());
  made.entry_durable = !created;
  return made;
}

bool FaultyVfs::powered() {
  if (power_for_ == 0) return false;
  if (power_for_ > 0) --power_for_;
  return true;
}

bool FaultyVfs::has_room(const Disk& disk, std::int64_t end) {
  if (room_for_ < 0) return true;
  if (room_for_ > 0) --room_for_;
  if (room_for_ > 0 || end <= disk.size) return true;
  ++seen_.refused;
  return false;
}

void FaultyVfs::wrote(Disk& disk, std::int64_t at, std::string_view bytes) {
  ++seen_.writes;
  disk.since.push_back({at, std::string(bytes), false});
  disk.size = std::max(disk.size, at + static_cast<std::int64_t>(bytes.size()));
}

void FaultyVfs::truncated(Disk& disk, std::int64_t size) {
  disk.since.push_back({size, {}, true});
  disk.size = size;
}

void FaultyVfs::synced(Disk& disk) {
  ++seen_.syncs;
  for (const Change& change : disk.since) {
    if (change.truncation)
      disk.durable.resize(static_cast<std::size_t>(change.at), '\0');
    else
      put(disk.durable, change.at, change.bytes);
  }
  disk.since.clear();
  if (!disk.entry_durable) directory_synced();  // as SQLite does with a new file's first sync
}

void FaultyVfs::directory_synced() {
  std::erase_if(disks_, [](const auto& known) { return known.second.removed; });
  for (auto& [path, disk] : disks_) disk.entry_durable = true;
}

int FaultyVfs::remove(const std::string& path, bool durably) {
  if (!powered() || is_off()) return SQLITE_IOERR_DELETE;
  const int code = under_->xDelete(under_, path.c_str(), durably ? 1 : 0);
  const auto known = disks_.find(path);
  if (code != SQLITE_OK || known == disks_.end()) return code;
  known->second.removed = true;
  if (durably)
    directory_synced();
  else if (!known->second.entry_durable)
    disks_.erase(known);
  return code;
}

std::string FaultyVfs::survivor(const Disk& disk, int kept_percent) {
  const auto kept = [&] { return static_cast<int>(rng_.below(100)) < kept_percent; };
  std::string image = disk.durable;
  for (const Change& change : disk.since) {
    if (change.truncation) {
      if (kept()) image.resize(static_cast<std::size_t>(change.at), '\0');
      continue;
    }
    const auto end = change.at + static_cast<std::int64_t>(change.bytes.size());
    for (std::int64_t from = change.at; from < end;) {
      const std::int64_t until = std::min(end, (from / sector + 1) * sector);
      const bool stays = kept();
      ++(stays ? seen_.kept_sectors : seen_.lost_sectors);
      if (stays)
        put(image, from,
            std::string_view(change.bytes)
                .substr(static_cast<std::size_t>(from - change.at),
                        static_cast<std::size_t>(until - from)));
      from = until;
    }
  }
  return image;
}

void FaultyVfs::restore_power() {
  ++seen_.cuts;
  static constexpr int shares[]{0, 30, 60, 90, 97, 100};
  const int kept = shares[rng_.below(std::size(shares))];
  for (const auto& [path, disk] : disks_) {
    const bool comes_back = disk.removed && rng_.below(2) == 0;
    const bool gone = !disk.entry_durable && static_cast<int>(rng_.below(100)) >= kept;
    if (gone) ++seen_.lost_files;
    if ((disk.removed && !comes_back) || gone) {
      fs::remove(path);
      continue;
    }
    const std::string image = survivor(disk, kept);
    std::ofstream(path, std::ios::binary | std::ios::trunc)
        .write(image.data(), static_cast<std::streamsize>(image.size()));
  }
  for (const auto& [path, disk] : disks_) fs::remove(path + "-shm");  // it lives in memory
  disks_.clear();
  power_for_ = -1;
}

}  // namespace retaind::test
