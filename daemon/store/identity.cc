#include "store/identity.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/digest.h"
#include "base/text.h"
#include "store/connection.h"
#include "store/meta.h"

namespace retaind::store {
namespace {

bool number(std::string_view text, std::int64_t& value) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

Error cannot_write(const std::filesystem::path& file, int code) {
  return {ErrorKind::unavailable, fmt::format("cannot write {}: {}: retaind keeps there how far "
                                              "the store has sent, so that it recognises a "
                                              "restored copy; let its user write in that directory",
                                              file.string(), std::system_category().message(code))};
}

bool in_memory(const Database& database) { return database.file() == ":memory:"; }

}  // namespace

Identity::Identity(Identity&& other) noexcept
    : database_(other.database_),
      next_id_(std::move(other.next_id_)),
      mark_(std::move(other.mark_)),
      recognised_(std::move(other.recognised_)),
      seen_file_(std::exchange(other.seen_file_, -1)) {}

Identity::~Identity() {
  if (seen_file_ >= 0) ::close(seen_file_);
}

/// "id counter at": fixed width in the file, so that one write replaces all of it within a sector.
std::string Identity::text_of(const Mark& mark) {
  return fmt::format("{} {:020} {:020}", mark.id, mark.counter, mark.at);
}

std::optional<Identity::Mark> Identity::parse(const std::string& text) {
  const auto parts = split(text, ' ');
  Mark mark;
  if (parts.size() != 3 || !number(parts[1], mark.counter) || !number(parts[2], mark.at))
    return std::nullopt;
  mark.id = parts[0];
  return mark;
}

std::optional<Identity::Mark> Identity::stored() {
  return parse(meta_value(*database_, "ledger").value_or(""));
}

Result<Identity> Identity::open(Database& database, Rng& rng) {
  Identity identity(database, rng.code(26));
  const auto stored = identity.stored();
  identity.mark_ = stored.value_or(Mark{rng.code(26), 0, 0});

  std::optional<Mark> seen;
  if (!in_memory(database)) {
    if (auto result = identity.open_seen(seen); !result) return result.error();
  }
  identity.compare(seen, meta_value(database, "copied").has_value());
  if (!stored && identity.recognised_.kind == Kind::fresh) {
    auto transaction = Transaction::begin(database);
    if (!transaction) return transaction.error();
    identity.write_mark();
    if (auto result = transaction->commit(); !result) return result.error();
  }
  if (identity.recognised_.must_hold()) return identity;
  if (auto result = identity.note(); !result) return result.error();
  if (identity.seen_file_ >= 0) {
    ::fsync(identity.seen_file_);
    flush(directory_of(database.file()), O_RDONLY | O_DIRECTORY);
  }
  return identity;
}

Result<void> Identity::open_seen(std::optional<Mark>& seen) {
  const auto file = beside(database_->file(), ".seen");
  seen_file_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (seen_file_ < 0) return cannot_write(file, errno);
  std::array<char, 256> buffer{};
  const auto bytes = ::pread(seen_file_, buffer.data(), buffer.size(), 0);
  const std::string text(buffer.data(), bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
  // A file that was torn is treated like a missing one: the daemon then asks once too often, never
  // too seldom.
  const auto end = text.find(" #");
  if (end != std::string::npos &&
      trim(text.substr(end + 2)) == fmt::format("{:016x}", stable_hash(text.substr(0, end)))) {
    seen = parse(text.substr(0, end));
  }
  return {};
}

void Identity::compare(const std::optional<Mark>& seen, bool marked) {
  const auto since = [&]() -> std::optional<Time> {
    if (mark_.at == 0) return std::nullopt;
    return from_ms(mark_.at);
  };
  if (marked) {
    recognised_ = {Kind::copy, since(), "the store was restored from a backup"};
  } else if (seen && seen->id != mark_.id) {
    recognised_ = {Kind::copy, since(), "the store was put in another one's place"};
  } else if (seen && seen->counter > mark_.counter) {
    recognised_ = {Kind::older, since(),
                   "the store is an older copy of the one that last sent from here"};
  } else if (!seen && mark_.counter > 0 && !in_memory(*database_)) {
    recognised_ = {Kind::copy, since(), "the store was copied or moved here"};
  } else {
    recognised_.kind = seen ? Kind::same : Kind::fresh;
  }
}

void Identity::write_mark() { set_meta_value(*database_, "ledger", text_of(mark_)); }

void Identity::adopt(Time now) {
  mark_.id = next_id_;
  ++mark_.counter;
  mark_.at = to_ms(now);
  write_mark();
  database_->prepared("DELETE FROM meta WHERE key = 'copied'").run();
  recognised_ = {};
}

void Identity::advance(Time now) {
  ++mark_.counter;
  mark_.at = to_ms(now);
  write_mark();
}

Result<void> Identity::note() {
  if (seen_file_ < 0) return {};
  std::string text = text_of(mark_);
  text += fmt::format(" #{:016x}\n", stable_hash(text));
  if (::pwrite(seen_file_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()))
    return {};
  return cannot_write(beside(database_->file(), ".seen"), errno);
}

}  // namespace retaind::store
