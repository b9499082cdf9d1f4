#include "store/failure.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>

namespace retaind::store {
namespace {

std::uint32_t big_endian(const char* bytes, int count) {
  std::uint32_t value = 0;
  for (int i = 0; i < count; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

/// "it has 12 of its 40 pages", when the file is shorter than its header says (SQLite file format
/// 1.3.2 and 1.3.7); empty otherwise.
std::string missing_pages(const std::filesystem::path& file) {
  std::array<char, 100> header{};
  std::ifstream in(file, std::ios::binary);
  if (!in.read(header.data(), header.size())) return {};
  std::uint32_t page_size = big_endian(header.data() + 16, 2);
  if (page_size == 1) page_size = 65536;
  const std::uint32_t pages = big_endian(header.data() + 28, 4);
  std::error_code ignored;
  const auto bytes = std::filesystem::file_size(file, ignored);
  if (ignored || page_size < 512 || bytes / page_size >= pages) return {};
  return fmt::format("it has {} of its {} pages", bytes / page_size, pages);
}

Error damaged(const std::filesystem::path& file, std::string_view detail) {
  const std::string missing = missing_pages(file);
  return {ErrorKind::internal,
          fmt::format("store {} is {} ({}): stop retaind and put a backup in its place",
                      file.string(), missing.empty() ? "damaged" : "truncated",
                      missing.empty() ? std::string(detail) : missing)};
}

Error full(const std::string& name) {
  return {ErrorKind::unavailable,
          fmt::format("store {} cannot grow, the disk is full: free some space; nothing of this "
                      "transaction was kept",
                      name)};
}

constexpr const char* parts[] = {"", "-wal", "-journal"};

bool is_full(const std::filesystem::path& file) {
  constexpr std::uintmax_t next_to_nothing = std::uintmax_t{64} * 1024;  // two pages of a -shm
  std::error_code error;
  const auto space = std::filesystem::space(file, error);
  return !error && space.available < next_to_nothing;
}

/// Whether a file of the store has come to the largest size that this process may write.
bool is_at_limit(const std::filesystem::path& file) {
  constexpr std::uintmax_t one_page_more = std::uintmax_t{64} * 1024;
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return false;
  return std::any_of(std::begin(parts), std::end(parts), [&](const char* part) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file.string() + part, error);
    return !error && size + one_page_more > limit.rlim_cur;
  });
}

}  // namespace

Error failure(int code, const std::filesystem::path& file, std::string_view detail,
              std::string_view what) {
  const std::string name = file.string();
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorKind::unavailable,
              fmt::format("store {} is locked by another process: wait until it has finished, or "
                          "find it with `fuser {}`",
                          name, name)};
    case SQLITE_READONLY:
      return {ErrorKind::unavailable,
              fmt::format("store {} is read-only: let the user of retaind write the file and its "
                          "directory, in which SQLite keeps its -wal and -shm files",
                          name)};
    case SQLITE_FULL: return full(name);
    case SQLITE_CORRUPT: return damaged(file, detail);
    case SQLITE_NOTADB:
      return {ErrorKind::invalid,
              fmt::format("{} is not a store of retaind: check the path, or put a backup in its "
                          "place",
                          name)};
    case SQLITE_CANTOPEN:
      return {ErrorKind::unavailable,
              fmt::format("store {} cannot be opened: check that its directory exists and that the "
                          "user of retaind may write in it",
                          name)};
    case SQLITE_IOERR:
      // A full disk shows as this where SQLite grows the shared memory file or a log.
      if (is_full(file)) return full(name);
      if (is_at_limit(file)) {
        return {ErrorKind::unavailable,
                fmt::format("store {} cannot grow past the largest file that this process may "
                            "write: raise the limit (`ulimit -f`, or LimitFSIZE= of the unit); "
                            "nothing of this transaction was kept",
                            name)};
      }
      return {
          ErrorKind::unavailable,
          fmt::format("store {}: the disk reports an error ({}): check it with `dmesg`; nothing "
                      "of this transaction was kept",
                      name, detail)};
    case SQLITE_INTERRUPT:
      return {ErrorKind::unavailable,
              fmt::format("reading the store {} took too long while others wrote much: try again, "
                          "or read a copy made with `retaind backup`",
                          name)};
    default:
      return {ErrorKind::internal,
              fmt::format("store {}: {} (SQLite error {}) in: {}", name, detail, code,
                          what.substr(0, std::min<std::size_t>(what.size(), 200)))};
  }
}

}  // namespace retaind::store
