#include <fmt/format.h>

#include "app/command.h"
#include "app/control.h"
#include "app/site_load.h"

namespace retaind::app {
namespace {

// A large site is read and checked in well under a second; the daemon may be in the middle of a
// slow commit.
constexpr Duration patience{60'000};

struct Reload {
  bool taken_over = false;
  std::string text;  ///< what the daemon says: findings and a summary
};

Result<Reload> reload(const Site& site) {
  Value request;
  request.set("do", Value("reload"));
  const Result<Value> reply = ask_daemon(site.socket, request, patience);
  if (!reply) return reply.error();
  const Value* done = reply->find("done");
  const Value* text = reply->find("text");
  if (done == nullptr || done->as_bool() == nullptr || text == nullptr ||
      text->as_text() == nullptr) {
    return Error{ErrorKind::internal,
                 "the daemon gave no answer to reload; is it of the same version?"};
  }
  return Reload{*done->as_bool(), *text->as_text()};
}

}  // namespace

int run_reload(const Words& words) {
  std::string directory;
  Options options("reload",
                  "Has the running daemon read settings, rules and templates anew: all, or on a "
                  "mistake nothing.");
  options.site(directory);
  if (const std::optional<int> status = options.parse(words)) return *status;
  const Result<std::filesystem::path> found = find_site(directory);
  if (!found) return failed(found.error().message);
  // The daemon is reached even when the new settings have a mistake, as long as they name the
  // socket.
  const Result<Site> site = settings_of(*found);
  if (!site) return failed(site.error().message);
  const Result<Reload> outcome = reload(*site);
  if (!outcome) return failed(outcome.error().message);
  fmt::print(outcome->taken_over ? stdout : stderr, "{}\n", outcome->text);
  return outcome->taken_over ? exit_fine : exit_wrong;
}

}  // namespace retaind::app
