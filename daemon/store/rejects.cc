#include "store/rejects.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace retaind::store {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

}  // namespace

Rejects::Rejects(std::filesystem::path file, char separator, std::string header, std::int64_t keep)
    : path_(std::move(file)), separator_(separator), header_(std::move(header)), written_(keep) {
  // What an earlier import refused says nothing about this one.
  std::error_code ignored;
  if (keep == 0) std::filesystem::remove(path_, ignored);
}

Rejects::~Rejects() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void Rejects::add(std::int64_t line, std::string_view original, bool broken_quotes,
                  std::string_view reason) {
  if (written_ == 0 && waiting_.empty())
    waiting_ = fmt::format("line{0}reason{0}{1}\n", separator_, header_);
  waiting_ += fmt::format("{}{}{}{}", line, separator_, quoted(reason), separator_);
  waiting_ += broken_quotes ? quoted(original) : std::string(original);
  waiting_ += '\n';
}

Result<void> Rejects::flush() {
  if (waiting_.empty()) return {};
  const auto failed = [&] {
    return Error{ErrorKind::unavailable,
                 fmt::format("cannot write the refused lines to {}: {}: name another file with "
                             "--rejected",
                             path_.string(), std::strerror(errno))};
  };
  if (descriptor_ < 0) {
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
    if (descriptor_ < 0 || ::ftruncate(descriptor_, written_) != 0) return failed();
  }
  for (std::string_view rest = waiting_; !rest.empty();) {
    const auto bytes = ::pwrite(descriptor_, rest.data(), rest.size(), written_);
    if (bytes < 0) return failed();
    written_ += bytes;
    rest.remove_prefix(static_cast<std::size_t>(bytes));
  }
  waiting_.clear();
  return ::fdatasync(descriptor_) == 0 ? Result<void>{} : failed();
}

}  // namespace retaind::store
