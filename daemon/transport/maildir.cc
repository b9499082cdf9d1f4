#include "transport/maildir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

#include "base/digest.h"
#include "base/log.h"

namespace retaind::transport {

using delivery::Outcome;
using delivery::OutcomeKind;

namespace {

namespace fs = std::filesystem;

/// One round's files share one flush of the directory; more would keep the loop from its other
/// work.
constexpr int most_waiting = 32;

std::string remedy_for(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT: return "; make room on its disk";
    case EACCES:
    case EPERM:
    case EROFS: return "; give the daemon's user the right to write there";
    case ENOENT:
    case ENOTDIR: return "; create the directory or change `maildir`";
    default: return {};
  }
}

/// The name of a message's file holds the address and would not be logged.
std::string cannot_write(const fs::path& path, int error) {
  return fmt::format("cannot write {}: {}{}", path.string(), std::generic_category().message(error),
                     remedy_for(error));
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::write(file, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

/// Writes and flushes tmp/NAME, renames it to new/NAME. Empty when done, else what went wrong.
std::string write_file(const fs::path& directory, const std::string& name, std::string_view bytes) {
  const fs::path path = directory / "tmp" / name;
  const int file =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return cannot_write(path.parent_path(), errno);
  const bool written = write_all(file, bytes) && ::fsync(file) == 0;
  const int problem = errno;
  ::close(file);
  if (!written) {
    ::unlink(path.c_str());  // on a full disk the half file would keep its space
    return cannot_write(path.parent_path(), problem);
  }
  const fs::path target = directory / "new" / name;
  if (::rename(path.c_str(), target.c_str()) != 0) return cannot_write(target.parent_path(), errno);
  return {};
}

std::string flush_directory(const fs::path& directory) {
  const int file = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return cannot_write(directory, errno);
  const int problem = ::fsync(file) == 0 ? 0 : errno;
  ::close(file);
  return problem == 0 ? std::string() : cannot_write(directory, problem);
}

std::string make_directories(const fs::path& directory) {
  std::error_code error;
  for (const char* part : {"tmp", "new", "cur"}) {
    const bool made = fs::create_directories(directory / part, error);
    if (made && !error)
      fs::permissions(directory / part, fs::perms::owner_all,
                      error);  // mail is nobody else's business
    if (error) return cannot_write(directory / part, error.value());
  }
  return {};
}

}  // namespace

std::string Maildir::file_name(const delivery::Outgoing& message) {
  constexpr std::size_t longest =
      180;  // file systems take 255 bytes; the digest and the ending follow
  const std::string& id = message.message_id;
  std::string name;
  for (const char c : id.substr(0, longest)) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '@' || c == '-' || c == '_' || (c == '.' && !name.empty());
    name += plain ? c : '_';
  }
  if (name != id || name.empty())
    name += '-' + hex(sha256(id)).substr(0, 16);  // two ids never share a file
  return name + (message.endpoint.empty() ? ".eml" : ".json");
}

Maildir::Maildir(Loop& loop, fs::path directory, std::function<void()> ready, const Clock& clock)
    : loop_(loop),
      directory_(std::move(directory)),
      ready_(std::move(ready)),
      clock_(clock),
      retry_(loop),
      alive_(std::make_shared<bool>(true)) {}

Maildir::~Maildir() { *alive_ = false; }

int Maildir::capacity() const {
  if (back_off_.left(clock_).count() > 0) return 0;
  return std::max(most_waiting - static_cast<int>(waiting_.size()), 0);
}

void Maildir::want(int waiting) {
  if (waiting <= 0 || !back_off_.failing() || retry_.armed()) return;
  // Also when the pause has just ended: the caller may have seen no capacity a moment before.
  retry_.arm(back_off_.left(clock_), [this] { ready_(); });
}

std::string Maildir::trouble() const { return back_off_.describe(clock_); }

void Maildir::send(delivery::Outgoing message, Done done) {
  waiting_.push_back({std::move(message), std::move(done)});
  if (scheduled_) return;
  scheduled_ = true;
  post(loop_, [this, alive = alive_] {
    if (*alive) turn();
  });
}

void Maildir::turn() {
  scheduled_ = false;
  std::deque<Waiting> round;
  round.swap(waiting_);
  std::vector<std::string> problems(round.size());
  std::string trouble = make_directories(directory_);
  for (std::size_t i = 0; i < round.size(); ++i) {
    if (trouble.empty())
      trouble = write_file(directory_, file_name(round[i].message), round[i].message.bytes);
    problems[i] = trouble;
  }
  const std::string unflushed = flush_directory(directory_ / "new");
  if (trouble.empty()) trouble = unflushed;
  if (trouble.empty()) {
    back_off_.succeed();
  } else {
    fail(trouble);
  }
  const std::shared_ptr<bool> alive = alive_;
  for (std::size_t i = 0; i < round.size() && *alive; ++i) {
    const std::string& problem = problems[i].empty() ? unflushed : problems[i];
    const std::int64_t id = round[i].message.id;
    if (problem.empty()) {
      round[i].done(id,
                    {OutcomeKind::sent, 0, "filed as " + file_name(round[i].message), false, {}});
    } else {
      round[i].done(id, {OutcomeKind::deferred, 0, problem, true, {}});
    }
  }
  if (*alive) ready_();
}

void Maildir::fail(const std::string& what) {
  if (back_off_.fail(what, clock_)) log::error("maildir: " + back_off_.describe(clock_));
}

}  // namespace retaind::transport
