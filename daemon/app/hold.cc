#include <fmt/format.h>

#include <algorithm>

#include "app/command.h"
#include "app/control.h"
#include "app/environment.h"
#include "app/hold_scope.h"
#include "app/store_access.h"
#include "store/holds.h"

namespace retaind::app {
namespace {

Result<store::HoldRow> hold(OpenSite& open, const HoldScope& scope, const std::string& until,
                            const std::string& because) {
  store::HoldRow row;
  row.scope = scope.scope();
  row.target = scope.target();
  row.cause = "operator";
  row.because = because;
  row.author = operator_name();
  row.at = SystemClock().now();
  if (!until.empty()) {
    row.until = parse_time(until, open.site.zone);
    if (!row.until) {
      return Error{
          ErrorKind::invalid,
          fmt::format("`{}` is no time; write it as 2026-03-02 or 2026-03-02 09:30", until)};
    }
    if (*row.until <= row.at) {
      return Error{ErrorKind::invalid, fmt::format("{} is past; a hold ends in the future", until)};
    }
  }
  store::Ledger ledger(open.database);
  Result<store::Transaction> transaction = store::Transaction::begin(open.database);
  if (!transaction) return transaction.error();
  if (Result<void> known = scope.look_up(ledger); !known) return known.error();
  row.id = store::Holds(open.database).add(row);
  if (Result<void> done = transaction->commit(); !done) return done.error();
  return row;
}

}  // namespace

int run_hold(const Words& words) {
  std::string site;
  std::string until;
  std::string because;
  HoldScope scope;
  Options options(
      "hold", "Stops sending, with a reason and perhaps an end. Times run on; what is due waits.");
  options.site(site);
  scope.add_to(options);
  options
      .value("--until", "TIME", until,
             "ends by itself then: 2026-03-02 09:30, in the site's time zone")
      .value("--because", "TEXT", because, "why, for everybody who looks at it later");
  if (const std::optional<int> status = options.parse(words)) return *status;
  if (const std::string mistake = scope.mistake(); !mistake.empty())
    return misused("hold", mistake);
  if (because.empty())
    return misused("hold", "--because is missing: say why, for those who find the hold");
  if (std::any_of(because.begin(), because.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
    return misused("hold", "--because is one line of plain text");

  Result<OpenSite> open = open_site(site, store::Database::Mode::write);
  if (!open) return failed(open.error().message);
  const Result<store::HoldRow> row = hold(*open, scope, until, because);
  if (!row) return failed(row.error().message);
  poke_daemon(open->site.socket);
  fmt::print("held: {}{} ({})\n", scope.text(),
             row->until ? " until " + to_local_text(*row->until, open->site.zone) : std::string(),
             because);
  return exit_fine;
}

}  // namespace retaind::app
