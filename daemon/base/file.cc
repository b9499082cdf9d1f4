#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace retaind {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int number() const { return number_; }
  /// False when the system reports a late write error.
  bool close() {
    const int closing = number_;
    number_ = -1;
    return ::close(closing) == 0;
  }

 private:
  int number_;
};

Error failure(std::string_view what, const std::filesystem::path& path, int code) {
  const std::string reason = std::generic_category().message(code);
  std::string_view remedy = "check the path and the disk";
  ErrorKind kind = ErrorKind::unavailable;
  if (code == ENOENT || code == ENOTDIR) {
    remedy = "check the path, or create it";
    kind = ErrorKind::not_found;
  } else if (code == EACCES || code == EPERM || code == EROFS) {
    remedy = "give the user of this process access to it";
  } else if (code == ENOSPC || code == EDQUOT) {
    remedy = "free some space on that disk";
  } else if (code == EISDIR) {
    remedy = "name a file";
    kind = ErrorKind::invalid;
  }
  return {kind, fmt::format("cannot {} `{}`: {}; {}", what, path.string(), reason, remedy)};
}

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Error too_large(const std::filesystem::path& path, std::size_t limit) {
  return {ErrorKind::invalid, fmt::format("`{}` is over {} bytes; split it or name another file",
                                          path.string(), limit)};
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) return failure("read", path, errno);
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) return failure("read", path, errno);
  if (S_ISDIR(status.st_mode)) return failure("read", path, EISDIR);
  if (S_ISREG(status.st_mode) && static_cast<std::size_t>(status.st_size) > limit) {
    return too_large(path, limit);
  }
  // The size is only a hint: credentials and files in /proc come as pipes or with size 0.
  std::string bytes(static_cast<std::size_t>(status.st_size) + 1, '\0');
  std::size_t used = 0;
  for (;;) {
    if (used == bytes.size()) bytes.resize(bytes.size() * 2 + 4096);
    const ssize_t got = ::read(file.number(), bytes.data() + used, bytes.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failure("read", path, errno);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
    if (used > limit) return too_large(path, limit);
  }
  bytes.resize(used);
  return bytes;
}

Result<void> write_file_durably(const std::filesystem::path& path, std::string_view bytes,
                                unsigned mode) {
  const std::filesystem::path directory = path.has_parent_path() ? path.parent_path() : ".";
  std::string beside = (directory / ("." + path.filename().string() + ".XXXXXX")).string();
  Descriptor file(::mkostemp(beside.data(), O_CLOEXEC));
  if (file.number() < 0) return failure("write", path, errno);
  const bool written = write_all(file.number(), bytes) && ::fchmod(file.number(), mode) == 0 &&
                       ::fsync(file.number()) == 0 && file.close() &&
                       ::rename(beside.c_str(), path.c_str()) == 0;
  if (!written) {
    const int code = errno;
    ::unlink(beside.c_str());
    return failure("write", path, code);
  }
  const Descriptor parent(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (parent.number() < 0 || ::fsync(parent.number()) != 0) return failure("write", path, errno);
  return {};
}

}  // namespace retaind
