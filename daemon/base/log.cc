#include "base/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <memory>
#include <string>

namespace retaind::log {
namespace {

bool stderr_is_journal() {
  // The only place that reads the environment: systemd names device and inode of the stream here,
  // and a redirected standard error no longer matches them (systemd.exec(5), JOURNAL_STREAM).
  const char* stream =
      std::getenv("JOURNAL_STREAM");  // NOLINT(concurrency-mt-unsafe): nothing here sets variables
  struct stat status {};
  return stream != nullptr && ::fstat(STDERR_FILENO, &status) == 0 &&
         fmt::format("{}:{}", status.st_dev, status.st_ino) == stream;
}

struct Output {
  bool journal = stderr_is_journal();
  spdlog::logger logger{"retaind", std::make_shared<spdlog::sinks::stderr_sink_mt>()};

  Output() {
    // The journal stamps lines itself.
    logger.set_pattern(journal ? "%v" : "%Y-%m-%dT%H:%M:%SZ %l: %v",
                       spdlog::pattern_time_type::utc);
    logger.set_level(spdlog::level::info);
    logger.flush_on(spdlog::level::trace);
  }
};

Output& output() {
  static Output instance;
  return instance;
}

bool is_atom(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || byte >= 0x80 ||
         std::string_view(".!#$%&'*+/=?^_`{|}~-").find(c) != std::string_view::npos;
}

/// A mail server's answer may repeat the recipient: the log has ids and never an address.
std::string without_addresses(std::string_view line) {
  std::string out;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const bool inside = line[at] == '@' && !out.empty() && is_atom(out.back()) &&
                        at + 1 < line.size() && is_atom(line[at + 1]);
    if (!inside) {
      out += line[at];
      continue;
    }
    while (!out.empty() && is_atom(out.back())) out.pop_back();
    while (at + 1 < line.size() && is_atom(line[at + 1])) ++at;
    out += "(address)";
  }
  return out;
}

void write(spdlog::level::level_enum level, int priority, std::string_view line) {
  Output& out = output();
  if (!out.logger.should_log(level)) return;
  std::string safe = out.journal ? fmt::format("<{}>", priority) : std::string();
  // One call is one line: data in a message must not be able to forge another.
  for (const char c : without_addresses(line))
    safe += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  out.logger.log(level, safe);
}

}  // namespace

void set_level(Level level) {
  switch (level) {
    case Level::error: return output().logger.set_level(spdlog::level::err);
    case Level::warning: return output().logger.set_level(spdlog::level::warn);
    case Level::info: return output().logger.set_level(spdlog::level::info);
    case Level::debug: return output().logger.set_level(spdlog::level::debug);
  }
}

void error(std::string_view line) { write(spdlog::level::err, 3, line); }
void warning(std::string_view line) { write(spdlog::level::warn, 4, line); }
void info(std::string_view line) { write(spdlog::level::info, 6, line); }
void debug(std::string_view line) { write(spdlog::level::debug, 7, line); }

}  // namespace retaind::log
