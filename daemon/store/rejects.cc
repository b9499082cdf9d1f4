#include "store/rejects.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

namespace retaind::store {
namespace fs = std::filesystem;
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

Result<void> Rejects::check(const fs::path& file, const fs::path& input, const fs::path& store) {
  const auto refuse = [&](std::string_view what) {
    return Error{ErrorKind::invalid,
                 fmt::format("{} is {}, which the list of refused lines would replace: name "
                             "another file with --rejected",
                             file.string(), what)};
  };
  std::error_code ignored;
  const fs::path path = fs::weakly_canonical(file, ignored);
  if (path == fs::weakly_canonical(input, ignored)) return refuse("the file to import");
  const fs::path stored = fs::weakly_canonical(store, ignored);
  const std::string name = path.string();
  const bool of_store = name.starts_with(stored.string());
  if (of_store && (path == stored || std::string_view("-.").find(name[stored.string().size()]) !=
                                         std::string_view::npos))
    return refuse("the store's");
  const fs::file_status status = fs::status(file, ignored);
  if (!fs::exists(status)) return {};
  if (!fs::is_regular_file(status)) return refuse("no plain file");
  std::ifstream in(file, std::ios::binary);
  std::string start(12, '\0');
  in.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<std::size_t>(in.gcount()));
  // Another import may have had another separator.
  const bool is_list = start.starts_with("line") && start.size() == 12 &&
                       start.substr(5, 6) == "reason" && start[4] == start[11];
  if (is_list || fs::is_empty(file, ignored)) return {};
  return refuse("a file of something else");
}

Rejects::Rejects(fs::path file, Format format, std::int64_t keep)
    : path_(std::move(file)), format_(std::move(format)), written_(keep) {
  // What an earlier import refused says nothing about this one.
  std::error_code ignored;
  if (keep == 0) fs::remove(path_, ignored);
}

Rejects::~Rejects() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void Rejects::add(const Line& line, std::string_view reason) {
  const char separator = format_.separator;
  std::string number;
  if (format_.numbered) {
    if (line.number > 0) number = std::to_string(line.number);
    number += separator;
  }
  waiting_.push_back(
      {line.line, line.end,
       fmt::format("{}{}{}{}{}{}\n", line.line, separator, quoted(reason), separator, number,
                   line.broken_quotes ? quoted(line.original) : std::string(line.original))});
}

Result<void> Rejects::flush(std::int64_t end) {
  const auto later = std::stable_partition(waiting_.begin(), waiting_.end(),
                                           [&](const Refused& r) { return r.end <= end; });
  if (later == waiting_.begin()) return {};
  std::stable_sort(waiting_.begin(), later,
                   [](const Refused& a, const Refused& b) { return a.line < b.line; });
  std::string text;
  if (written_ == 0) {
    text = fmt::format("line{0}reason{0}{1}{2}\n", format_.separator,
                       format_.numbered ? fmt::format("number{}", format_.separator) : "",
                       format_.header);
  }
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
