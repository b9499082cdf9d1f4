#include "store/rejects.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

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

void Rejects::add(std::int64_t line, std::int64_t end, std::string_view original,
                  bool broken_quotes, std::string_view reason) {
  waiting_.push_back({line, end,
                      fmt::format("{}{}{}{}{}\n", line, separator_, quoted(reason), separator_,
                                  broken_quotes ? quoted(original) : std::string(original))});
}

Result<void> Rejects::flush(std::int64_t end) {
  const auto later = std::stable_partition(waiting_.begin(), waiting_.end(),
                                           [&](const Refused& r) { return r.end <= end; });
  if (later == waiting_.begin()) return {};
  std::stable_sort(waiting_.begin(), later,
                   [](const Refused& a, const Refused& b) { return a.line < b.line; });
  std::string text;
  if (written_ == 0) text = fmt::format("line{0}reason{0}{1}\n", separator_, header_);
  for (auto refused = waiting_.begin(); refused != later; ++refused) text += refused->text;
  const auto failed = [&] {
    return Error{ErrorKind::unavailable,
                 fmt::format("cannot write the refused lines to {}: {}: name another file with "
                             "--rejected",
                             path_.string(), std::system_category().message(errno))};
  };
  if (descriptor_ < 0) {
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
    if (descriptor_ < 0 || ::ftruncate(descriptor_, written_) != 0) return failed();
  }
  for (std::string_view rest = text; !rest.empty();) {
    const auto bytes = ::pwrite(descriptor_, rest.data(), rest.size(), written_);
    if (bytes < 0) return failed();
    written_ += bytes;
    rest.remove_prefix(static_cast<std::size_t>(bytes));
  }
  waiting_.erase(waiting_.begin(), later);
  return ::fdatasync(descriptor_) == 0 ? Result<void>{} : failed();
}

}  // namespace retaind::store
