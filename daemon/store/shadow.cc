#include <SQLiteCpp/Exception.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <unordered_map>

#include "store/connection.h"
#include "store/failure.h"

// A store to live on in: reads come from the live one as it was, writes stay in memory.
namespace retaind::store {
namespace fs = std::filesystem;
namespace {

/// What shadows of a store stand on: the pages of the live file as one snapshot has them, and in
/// memory those of its WAL.
///
/// A read transaction held all the while keeps the live file's pages as they are: no checkpoint
/// writes what came after it. The frames of the WAL are copied at the beginning (a reader does not
/// keep one that is in the file already from being overwritten): WAL format of
/// https://www.sqlite.org/fileformat2.html, section 4. The live file is mapped, as far as SQLite
/// maps one: each page that is asked for is there without a copy.
class Snapshot {
 public:
  explicit Snapshot(Database reader) : reader_(std::move(reader)) {}
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  Result<void> open(const fs::path& path);
  int read(char* into, std::int64_t page);
  /// The page as it lies in memory, or nothing.
  [[nodiscard]] const char* find(std::int64_t page) const;
  [[nodiscard]] std::int64_t page_size() const { return page_size_; }
  [[nodiscard]] std::int64_t pages() const { return pages_; }

 private:
  Result<void> read_wal(const fs::path& path);
  void map();
  void take_frames(std::string_view wal);
  /// The live file, opened through SQLite's own VFS: a plain close would drop the locks of every
  /// connection of this process.
  sqlite3_file* file() { return reinterpret_cast<sqlite3_file*>(memory_.get()); }

  Database reader_;  ///< holds the snapshot
  std::unique_ptr<char[]> memory_;
  const char* name_ = nullptr;
  std::unordered_map<std::int64_t, std::unique_ptr<char[]>> wal_;  ///< from 0
  void* mapped_ = nullptr;
  std::int64_t mapped_pages_ = 0;
  std::int64_t page_size_ = 4096;
  std::int64_t pages_ = 0;
};

/// One shadow: what it has written, over the snapshot.
class ShadowPages {
 public:
  explicit ShadowPages(std::shared_ptr<Snapshot> snapshot);
  ~ShadowPages();
  ShadowPages(const ShadowPages&) = delete;
  ShadowPages& operator=(const ShadowPages&) = delete;
  [[nodiscard]] const std::string& vfs() const { return name_; }

  // For the functions that SQLite calls
  int read(char* into, int amount, std::int64_t at);
  int write(const char* from, int amount, std::int64_t at);
  /// Nothing where the page has to be read.
  [[nodiscard]] const char* find(int amount, std::int64_t at) const;
  void truncate(std::int64_t size);
  [[nodiscard]] std::int64_t size() const { return pages_ * page_size_; }

 private:
  std::shared_ptr<Snapshot> snapshot_;
  std::unordered_map<std::int64_t, std::unique_ptr<char[]>> written_;  ///< from 0
  std::int64_t page_size_ = 4096;
  std::int64_t pages_ = 0;
  std::string name_;
  sqlite3_vfs vfs_{};
};

constexpr std::size_t wal_header = 32;
constexpr std::size_t frame_header = 24;

std::uint32_t big_endian(const char* at) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8U | static_cast<unsigned char>(at[i]);
  return value;
}

/// The running checksum of a WAL, over words in the order of bytes that its header names.
struct Checksum {
  bool reversed = false;
  std::uint32_t a = 0, b = 0;

  void add(const char* bytes, std::size_t count) {
    for (std::size_t i = 0; i < count; i += 8) {
      a += word(bytes + i) + b;
      b += word(bytes + i + 4) + a;
    }
  }
  [[nodiscard]] bool is(const char* at) const {
    return a == big_endian(at) && b == big_endian(at + 4);
  }

 private:
  [[nodiscard]] std::uint32_t word(const char* at) const {
    std::uint32_t value = 0;
    std::memcpy(&value, at, 4);
    return reversed ? __builtin_bswap32(value) : value;
  }
};

/// The file that SQLite holds: its methods first.
struct File {
  sqlite3_file base;
  ShadowPages* pages;
};
ShadowPages& pages_of(sqlite3_file* file) { return *reinterpret_cast<File*>(file)->pages; }
sqlite3_vfs* system_vfs() { return sqlite3_vfs_find(nullptr); }

int file_close(sqlite3_file* /*file*/) { return SQLITE_OK; }
int file_read(sqlite3_file* file, void* into, int amount, sqlite3_int64 at) {
  return pages_of(file).read(static_cast<char*>(into), amount, at);
}
int file_write(sqlite3_file* file, const void* from, int amount, sqlite3_int64 at) {
  return pages_of(file).write(static_cast<const char*>(from), amount, at);
}
int file_truncate(sqlite3_file* file, sqlite3_int64 size) {
  pages_of(file).truncate(size);
  return SQLITE_OK;
}
int file_sync(sqlite3_file* /*file*/, int /*flags*/) { return SQLITE_OK; }
int file_size(sqlite3_file* file, sqlite3_int64* size) {
  *size = pages_of(file).size();
  return SQLITE_OK;
}
int file_lock(sqlite3_file* /*file*/, int /*lock*/) { return SQLITE_OK; }
int file_is_reserved(sqlite3_file* /*file*/, int* reserved) {
  *reserved = 0;
  return SQLITE_OK;
}
int file_control(sqlite3_file* /*file*/, int /*op*/, void* /*argument*/) { return SQLITE_NOTFOUND; }
int file_sector(sqlite3_file* /*file*/) { return 4096; }
int file_traits(sqlite3_file* /*file*/) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

// SQLite writes to no page that it has fetched.
int file_fetch(sqlite3_file* file, sqlite3_int64 at, int amount, void** page) {
  *page = const_cast<char*>(pages_of(file).find(amount, at));
  return SQLITE_OK;
}
int file_unfetch(sqlite3_file* /*file*/, sqlite3_int64 /*at*/, void* /*page*/) { return SQLITE_OK; }

// The third version is the one with `fetch`; the methods between are for a WAL.
constexpr sqlite3_io_methods file_methods{
    3,         file_close, file_read,        file_write,   file_truncate, file_sync,   file_size,
    file_lock, file_lock,  file_is_reserved, file_control, file_sector,   file_traits, nullptr,
    nullptr,   nullptr,    nullptr,          file_fetch,   file_unfetch};

// Journals and temporary files stay in memory by the connection's settings, so that there is one
// file.
int vfs_open(sqlite3_vfs* vfs, const char* /*name*/, sqlite3_file* file, int flags, int* out) {
  file->pMethods = nullptr;
  if ((flags & SQLITE_OPEN_MAIN_DB) == 0) return SQLITE_CANTOPEN;
  reinterpret_cast<File*>(file)->pages = static_cast<ShadowPages*>(vfs->pAppData);
  file->pMethods = &file_methods;
  if (out != nullptr) *out = flags;
  return SQLITE_OK;
}
int vfs_delete(sqlite3_vfs* /*vfs*/, const char* /*name*/, int /*sync*/) { return SQLITE_OK; }
int vfs_access(sqlite3_vfs* /*vfs*/, const char* /*name*/, int /*flags*/, int* found) {
  *found = 0;
  return SQLITE_OK;
}
int vfs_full_name(sqlite3_vfs* /*vfs*/, const char* name, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", name);
  return SQLITE_OK;
}
int vfs_random(sqlite3_vfs* /*vfs*/, int amount, char* out) {
  return system_vfs()->xRandomness(system_vfs(), amount, out);
}
int vfs_sleep(sqlite3_vfs* /*vfs*/, int /*microseconds*/) { return SQLITE_OK; }
int vfs_time(sqlite3_vfs* /*vfs*/, double* out) {
  return system_vfs()->xCurrentTime(system_vfs(), out);
}

std::string all_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

std::string head_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string head(wal_header, '\0');
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(in.gcount()));
  return head;
}

Snapshot::~Snapshot() {
  if (mapped_ != nullptr) file()->pMethods->xUnfetch(file(), 0, mapped_);
  if (memory_ && file()->pMethods != nullptr) file()->pMethods->xClose(file());
  if (name_ != nullptr) sqlite3_free_filename(const_cast<char*>(name_));
}

ShadowPages::ShadowPages(std::shared_ptr<Snapshot> snapshot)
    : snapshot_(std::move(snapshot)),
      page_size_(snapshot_->page_size()),
      pages_(snapshot_->pages()) {
  static std::atomic<int> number{0};
  name_ = fmt::format("retaind-shadow-{}", ++number);
  vfs_.iVersion = 1;
  vfs_.szOsFile = sizeof(File);
  vfs_.mxPathname = system_vfs()->mxPathname;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = vfs_open;
  vfs_.xDelete = vfs_delete;
  vfs_.xAccess = vfs_access;
  vfs_.xFullPathname = vfs_full_name;
  vfs_.xRandomness = vfs_random;
  vfs_.xSleep = vfs_sleep;
  vfs_.xCurrentTime = vfs_time;
  sqlite3_vfs_register(&vfs_, 0);
}

ShadowPages::~ShadowPages() { sqlite3_vfs_unregister(&vfs_); }

Result<void> Snapshot::open(const fs::path& path) {
  if (auto begun = reader_.begin_read(); !begun) return begun;
  sqlite3_vfs* system = system_vfs();
  memory_ = std::make_unique<char[]>(static_cast<std::size_t>(system->szOsFile));
  name_ = sqlite3_create_filename(path.c_str(), "", "", 0, nullptr);
  int flags = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READONLY;
  const int code = system->xOpen(system, name_, file(), flags, &flags);
  if (code != SQLITE_OK) return failure(code, path, "", "open");
  char head[100] = {};
  if (file()->pMethods->xRead(file(), head, sizeof head, 0) == SQLITE_OK) {
    const auto high = static_cast<unsigned char>(head[16]);
    const auto low = static_cast<unsigned char>(head[17]);
    const int size = high * 256 + low;
    page_size_ = size == 1 ? 65536 : size;
  }
  if (auto read = read_wal(path); !read) return read;
  if (pages_ == 0) {
    sqlite3_int64 bytes = 0;
    file()->pMethods->xFileSize(file(), &bytes);
    pages_ = bytes / page_size_;
  }
  map();
  return {};
}

void Snapshot::map() {
  const sqlite3_io_methods* methods = file()->pMethods;
  sqlite3_int64 size = 0;
  if (methods->iVersion < 3 || methods->xFileSize(file(), &size) != SQLITE_OK) return;
  sqlite3_int64 most = size;
  methods->xFileControl(file(), SQLITE_FCNTL_MMAP_SIZE, &most);
  most = -1;  // asks, and changes nothing
  if (methods->xFileControl(file(), SQLITE_FCNTL_MMAP_SIZE, &most) != SQLITE_OK) return;
  if (methods->xFetch(file(), 0, static_cast<int>(page_size_), &mapped_) != SQLITE_OK) return;
  if (mapped_ != nullptr) mapped_pages_ = std::min(size, most) / page_size_;
}

const char* Snapshot::find(std::int64_t page) const {
  if (const auto kept = wal_.find(page); kept != wal_.end()) return kept->second.get();
  if (page >= mapped_pages_) return nullptr;
  return static_cast<const char*>(mapped_) + page * page_size_;
}

int Snapshot::read(char* into, std::int64_t page) {
  int code = SQLITE_OK;
  if (const char* bytes = find(page)) {
    std::memcpy(into, bytes, static_cast<std::size_t>(page_size_));
  } else {
    code = file()->pMethods->xRead(file(), into, static_cast<int>(page_size_), page * page_size_);
  }
  // Out of WAL mode: a shadow has one connection and no file beside it.
  if (page == 0) into[18] = into[19] = 1;
  return code == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : code;
}

Result<void> Snapshot::read_wal(const fs::path& path) {
  const fs::path wal = beside(path, "-wal");
  // Whoever begins the WAL anew writes its header before any frame: the same header before and
  // behind means that what was read between is of one piece.
  for (int tries = 0; tries < 100; ++tries) {
    const std::string before = head_of(wal);
    if (before.size() < wal_header) return {};
    const std::string text = all_of(wal);
    if (head_of(wal) != before || text.compare(0, wal_header, before) != 0) continue;
    take_frames(text);
    return {};
  }
  return Error{
      ErrorKind::unavailable,
      fmt::format("store {} is written faster than it can be read; try again", path.string())};
}

/// Up to the last commit; as SQLite does it after a crash.
void Snapshot::take_frames(std::string_view wal) {
  const std::uint32_t magic = big_endian(wal.data());
  if ((magic & ~1U) != 0x377f0682U) return;
  Checksum sum;
  const bool big = (magic & 1U) != 0;
  sum.reversed = big != (std::endian::native == std::endian::big);
  sum.add(wal.data(), frame_header);
  if (!sum.is(wal.data() + frame_header)) return;
  page_size_ = big_endian(wal.data() + 8);
  const std::size_t step = frame_header + static_cast<std::size_t>(page_size_);
  std::unordered_map<std::int64_t, const char*> since_commit;
  std::unordered_map<std::int64_t, const char*> committed;
  for (std::size_t at = wal_header; at + step <= wal.size(); at += step) {
    const char* frame = wal.data() + at;
    if (std::memcmp(frame + 8, wal.data() + 16, 8) != 0) break;  // of an earlier WAL
    sum.add(frame, 8);
    sum.add(frame + frame_header, static_cast<std::size_t>(page_size_));
    if (!sum.is(frame + 16)) break;
    since_commit[std::int64_t{big_endian(frame)} - 1] = frame + frame_header;
    const std::uint32_t size = big_endian(frame + 4);
    if (size == 0) continue;
    for (const auto& [number, bytes] : since_commit) committed[number] = bytes;
    since_commit.clear();
    pages_ = size;
  }
  for (const auto& [number, bytes] : committed) {
    auto kept = std::make_unique<char[]>(static_cast<std::size_t>(page_size_));
    std::memcpy(kept.get(), bytes, static_cast<std::size_t>(page_size_));
    wal_[number] = std::move(kept);
  }
}

int ShadowPages::read(char* into, int amount, std::int64_t at) {
  const std::int64_t number = at / page_size_;
  const auto within = static_cast<std::size_t>(at % page_size_);
  const auto length = static_cast<std::size_t>(amount);
  if (number >= pages_) {
    std::memset(into, 0, length);
    return SQLITE_IOERR_SHORT_READ;
  }
  const auto size = static_cast<std::size_t>(page_size_);
  if (within + length > size) return SQLITE_IOERR_READ;
  if (const auto written = written_.find(number); written != written_.end()) {
    std::memcpy(into, written->second.get() + within, length);
    return SQLITE_OK;
  }
  if (length == size) return snapshot_->read(into, number);
  // SQLite reads whole pages, and pieces of the first.
  const auto page = std::make_unique<char[]>(size);
  const int code = snapshot_->read(page.get(), number);
  std::memcpy(into, page.get() + within, length);
  return code;
}

const char* ShadowPages::find(int amount, std::int64_t at) const {
  const std::int64_t number = at / page_size_;
  if (amount != page_size_ || at % page_size_ != 0 || number == 0 || number >= pages_)
    return nullptr;
  const auto written = written_.find(number);
  return written != written_.end() ? written->second.get() : snapshot_->find(number);
}

int ShadowPages::write(const char* from, int amount, std::int64_t at) {
  const std::int64_t number = at / page_size_;
  if (at % page_size_ + amount > page_size_) return SQLITE_IOERR_WRITE;
  auto& written = written_[number];
  if (!written) {
    written = std::make_unique<char[]>(static_cast<std::size_t>(page_size_));
    if (amount < page_size_ && number < pages_) snapshot_->read(written.get(), number);
  }
  std::memcpy(written.get() + at % page_size_, from, static_cast<std::size_t>(amount));
  pages_ = std::max(pages_, number + 1);
  return SQLITE_OK;
}

void ShadowPages::truncate(std::int64_t size) {
  pages_ = size / page_size_;
  std::erase_if(written_, [&](const auto& entry) { return entry.first >= pages_; });
}

}  // namespace

Result<std::vector<Database>> Database::shadows_of(const fs::path& file, int count) {
  std::error_code ignored;
  const fs::path absolute = fs::absolute(file, ignored);
  Options options;
  options.mode = Mode::read;
  auto reader = open(absolute, options);
  if (!reader) return reader.error();
  auto snapshot = std::make_shared<Snapshot>(std::move(*reader));
  if (auto opened = snapshot->open(absolute); !opened) return opened.error();
  options.mode = Mode::write;
  std::vector<Database> shadows;
  try {
    while (static_cast<int>(shadows.size()) < count) {
      auto pages = std::make_shared<ShadowPages>(snapshot);
      SQLite::Database db(absolute.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX, 0,
                          pages->vfs());
      sqlite3_extended_result_codes(db.getHandle(), 1);
      Database shadow(std::make_unique<Impl>(file, options, std::move(db)));
      shadow.impl_->beneath = std::move(pages);
      auto set = shadow.execute(
          "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = "
          "OFF; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY; "
          // Any size but none makes SQLite fetch pages; how far the file is mapped the snapshot
          // knows.
          "PRAGMA mmap_size = 1; PRAGMA foreign_keys = OFF; PRAGMA trusted_schema = OFF");
      if (!set) return set.error();
      sqlite3_progress_handler(shadow.handle(), 100'000, gives_way, &shadow.impl_->file);
      shadows.push_back(std::move(shadow));
    }
    return shadows;
  } catch (const SQLite::Exception& exception) {
    return failure(exception.getExtendedErrorCode(), file, exception.what(), "open");
  }
}

Result<Database> Database::shadow_of(const fs::path& file) {
  auto shadows = shadows_of(file, 1);
  if (!shadows) return shadows.error();
  return std::move(shadows->front());
}

}  // namespace retaind::store
