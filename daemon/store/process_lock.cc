#include "store/process_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/text.h"

namespace retaind::store {

Result<ProcessLock> ProcessLock::take(const std::filesystem::path& store) {
  const std::string name = store.string() + ".lock";
  const int file = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (file < 0) {
    return Error{ErrorKind::unavailable,
                 fmt::format("cannot open {}: {}: let the user of retaind write in that directory",
                             name, std::system_category().message(errno))};
  }
  ProcessLock lock(file);
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    std::array<char, 32> pid{};
    const auto bytes = ::pread(file, pid.data(), pid.size() - 1, 0);
    const std::string_view text(pid.data(), bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
    return Error{
        ErrorKind::conflict,
        fmt::format(
            "retaind already runs with the store {} (process {}): only one may send; stop it first",
            store.string(), trim(text))};
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, pid.data(), pid.size(), 0) < 0) {
    return Error{ErrorKind::unavailable,
                 fmt::format("cannot write {}: {}: free some space on the disk", name,
                             std::system_category().message(errno))};
  }
  return lock;
}

ProcessLock::ProcessLock(ProcessLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

ProcessLock::~ProcessLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace retaind::store
