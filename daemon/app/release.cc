#include "delivery/release.h"

#include <fmt/format.h>

#include "app/command.h"
#include "app/control.h"
#include "app/hold_scope.h"
#include "app/site_load.h"
#include "app/store_access.h"

namespace retaind::app {
namespace {

/// The jump is known to the running process alone.
int resume_after_jump(const std::string& given) {
  const Result<std::filesystem::path> directory = find_site(given);
  if (!directory) return failed(directory.error().message);
  const Result<Site> site = settings_of(*directory);
  if (!site) return failed(site.error().message);
  Value request;
  request.set("do", Value("resume-after-jump"));
  const Result<Value> reply = ask_daemon(site->socket, request, Duration{10'000});
  if (!reply) return failed(reply.error().message);
  const Value* done = reply->find("done");
  if (done == nullptr || done->as_bool() == nullptr || !*done->as_bool())
    return failed("the clock is not held; `retaind status` tells what is");
  fmt::print("released: the clock\n");
  return exit_fine;
}

Result<delivery::Released> release(OpenSite& open, const HoldScope& scope,
                                   const std::string& until) {
  store::Ledger ledger(open.database);
  if (Result<void> known = scope.look_up(ledger); !known) return known.error();
  delivery::Release what;
  what.scope = scope.scope();
  what.target = scope.target();
  if (!until.empty()) {
    what.mark_sent_until = parse_time(until, open.site.zone);
    if (!what.mark_sent_until) {
      return Error{
          ErrorKind::invalid,
          fmt::format("`{}` is no time; write it as 2026-03-02 or 2026-03-02 09:30", until)};
    }
  }
  return delivery::release(open.database, what, SystemClock().now());
}

}  // namespace

int run_release(const Words& words) {
  std::string site;
  std::string until;
  HoldScope scope;
  bool clock = false;
  Options options("release",
                  "Ends a hold. What waited is checked again and goes out, as far as it is not too "
                  "late.");
  options.site(site);
  scope.add_to(options);
  options.flag("--clock", clock, "go on after a jump of the clock")
      .value("--mark-sent-until", "TIME", until,
             "of a restored store: what was due by then counts as sent");
  if (const std::optional<int> status = options.parse(words)) return *status;
  if (clock) return resume_after_jump(site);
  if (const std::string mistake = scope.mistake(); !mistake.empty())
    return misused("release", mistake);
  if (!until.empty() && !scope.all) return misused("release", "--mark-sent-until goes with --all");

  Result<OpenSite> open = open_site(site, store::Database::Mode::write);
  if (!open) return failed(open.error().message);
  const Result<delivery::Released> released = release(*open, scope, until);
  if (!released) return failed(released.error().message);
  poke_daemon(open->site.socket);
  if (released->marking) {
    fmt::print(
        "what was due by {} counts as sent; the daemon marks it and then releases everything\n",
        until);
  } else {
    fmt::print("released: {}\n", scope.text());
  }
  return exit_fine;
}

}  // namespace retaind::app
