#include <fmt/format.h>

#include "app/command.h"
#include "app/control.h"
#include "app/explain_report.h"
#include "app/store_access.h"
#include "base/value.h"

namespace retaind::app {
namespace {

constexpr std::size_t most_shown = 3;
// A daemon that answers does so between two passes.
constexpr Duration patience{2'000};

Result<Time> time_asked(const std::string& text, const Zone& zone, Time now) {
  if (text.empty()) return now;
  const std::optional<Time> time = parse_time(text, zone);
  if (!time) {
    return Error{
        ErrorKind::invalid,
        fmt::format("--at `{}` is no time; write it as 2026-03-02 or 2026-03-02 09:30", text)};
  }
  return *time;
}

/// Whether the daemon's clock has jumped, which stands in no table: the next start asks anew.
void ask_for_clock(ExplainAsk& what, const Site& site) {
  Value request;
  request.set("do", Value("status"));
  const Result<Value> reply = ask_daemon(site.socket, request, patience);
  what.daemon_silent = !reply && reply.error().kind != ErrorKind::not_found;
  const Value* until = reply ? reply->find("clock_held_until") : nullptr;
  if (until != nullptr && until->as_text() != nullptr)
    what.clock_until = parse_time(*until->as_text(), Zone::utc());
}

}  // namespace

int run_explain(const Words& words) {
  std::string site;
  std::string rule;
  std::string customer;
  std::string at;
  bool json = false;
  bool all = false;
  Options options(
      "explain",
      "Why a rule sends to a customer, waits or does not, check by check, and when that "
      "can next change. Reads only.");
  options.positional("RULE", rule, "id of the rule")
      .site(site)
      .value("--customer", "ID", customer, "your own id of the customer, an alias or the address")
      .value(
          "--at", "TIME", at,
          "a time to come, with the facts as they are now, or one that has passed, which is lived "
          "again: 2026-03-02 09:30")
      .flag("--all", all, "every occurrence, also those long over")
      .flag("--json", json, "as JSON")
      .footer("About the rule as it runs; a file that was edited counts after `retaind reload`.");
  if (const std::optional<int> status = options.parse(words)) return *status;
  if (customer.empty()) return misused("explain", "--customer is needed: whom is it about?");
  const Result<std::filesystem::path> directory = find_site(site);
  if (!directory) return failed(directory.error().message);
  Result<OpenSite> open = open_site(site, store::Database::Mode::read);
  if (!open) return failed(open.error().message);
  const Time now = SystemClock().now();
  const Result<Time> asked = time_asked(at, open->site.zone, now);
  if (!asked) return misused("explain", asked.error().message);
  const std::size_t most = all ? SIZE_MAX : most_shown;
  ExplainAsk what{rule, customer, *asked, *asked > now, most, std::nullopt, false};
  if (*asked >= now) ask_for_clock(what, open->site);
  const Result<ExplainReport> report =
      *asked < now ? make_explain_past(open->database, open->site, *directory, what)
                   : make_explain(open->database, open->site, *directory, what);
  if (!report) return failed(report.error().message);
  if (json) {
    fmt::print("{}\n", to_json(to_value(*report)));
  } else {
    fmt::print("{}", to_text(*report));
  }
  return exit_fine;
}

}  // namespace retaind::app
