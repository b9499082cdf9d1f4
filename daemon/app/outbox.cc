#include <fmt/format.h>

#include <cstdint>

#include "app/command.h"
#include "app/store_access.h"
#include "base/text.h"
#include "base/value.h"
#include "store/ledger.h"
#include "store/messages.h"
#include "store/overview.h"

namespace retaind::app {
namespace {

using store::Overview;

Value json_of(const Overview::Line& line) {
  Value row;
  row.set("id", Value(line.id));
  row.set("rule", Value(line.rule));
  if (!line.step.empty()) row.set("step", Value(line.step));
  if (!line.variant.empty()) row.set("variant", Value(line.variant));
  if (line.repeat > 0) row.set("repeat", Value(line.repeat));
  if (line.draft) row.set("draft", Value(true));
  if (!line.customer.empty()) row.set("customer", Value(line.customer));
  if (!line.row.empty()) {
    row.set("subject", Value(name_of(line.subject)));
    row.set("subject_id", Value(line.row));
  }
  row.set("state", Value(name_of(line.state)));
  if (line.reason != Reason::none) row.set("reason", Value(name_of(line.reason)));
  row.set("due", Value(to_iso(line.due)));
  if (const auto at = store::Messages::look_at(line.next_at))
    row.set("next_check", Value(to_iso(*at)));
  if (line.ended_at) row.set("ended", Value(to_iso(*line.ended_at)));
  if (line.envelope) row.set("digest", Value(*line.envelope));
  if (line.is_envelope) row.set("is_digest", Value(true));
  if (line.attempts > 0) row.set("attempts", Value(line.attempts));
  if (line.code != 0) row.set("code", Value(line.code));
  if (!line.reply.empty()) row.set("reply", Value(line.reply));
  return row;
}

void print_line(const Overview::Line& line, const Zone& zone) {
  std::string what =
      line.state == MessageState::sent ? std::string("sent") : std::string(name_of(line.state));
  if (line.reason != Reason::none && line.reason != Reason::sent)
    what += fmt::format(" ({})", name_of(line.reason));
  std::string whom = line.is_envelope ? "digest" : line.customer.empty() ? "-" : line.customer;
  std::string more;
  if (line.subject != Subject::customer && !line.row.empty())
    more += fmt::format("  {} {}", name_of(line.subject), line.row);
  if (line.envelope) more += fmt::format("  in digest {}", *line.envelope);
  if (!line.variant.empty()) more += "  variant " + line.variant;
  if (line.draft) more += "  draft";
  // Of a sent one it tells something only when not all recipients were taken.
  if (!line.reply.empty() && (line.state != MessageState::sent || line.code >= 400))
    more += "  " + line.reply;
  fmt::print("{:>8}  {}  {:<24} {:<28} {:<12} {}{}\n", line.id,
             to_local_text(line.ended_at.value_or(line.due), zone), line.rule,
             line.step.substr(0, line.step.find(' ')), whom, what, more);
}

std::vector<std::string> state_names() {
  std::vector<std::string> names;
  for (std::uint8_t state = 0; state <= static_cast<std::uint8_t>(MessageState::skipped); ++state) {
    names.emplace_back(name_of(static_cast<MessageState>(state)));
  }
  return names;
}

}  // namespace

int run_outbox(const Words& words) {
  std::string site;
  std::string state;
  Overview::Filter filter;
  std::int64_t limit = 100;
  bool json = false;
  bool occurrences = false;
  Options options("outbox",
                  "Lists messages, newest first: what each one's state is, and the reason.");
  options.site(site)
      .choice("--state", state_names(), state, "only these")
      .value("--rule", "RULE", filter.rule, "only this rule's")
      .value("--customer", "ID", filter.customer, "only this customer's, by your own id")
      .number("--limit", "N", limit, "at most so many (100)")
      .number("--before", "ID", filter.before, "only older ones than this message, to page on")
      .flag("--occurrences", occurrences,
            "occurrences that ended before a message was planned, instead")
      .flag("--json", json, "one JSON object a line");
  if (const std::optional<int> status = options.parse(words)) return *status;
  if (limit < 1 || limit > 1'000'000) return misused("outbox", "--limit is from 1 to 1000000");
  filter.limit = static_cast<int>(limit);
  if (occurrences && !state.empty())
    return misused("outbox", "--occurrences have no state; leave --state out");
  if (!state.empty()) filter.state = find_message_state(state);

  Result<OpenSite> open = open_site(site, store::Database::Mode::read);
  if (!open) return failed(open.error().message);
  store::Ledger ledger(open->database);
  for (const Result<void>& known :
       {known_rule(ledger, filter.rule), known_customer(ledger, filter.customer)}) {
    if (!known) return failed(known.error().message);
  }
  Overview overview(open->database);
  const std::vector<Overview::Line> lines =
      occurrences ? overview.occurrences(filter) : overview.messages(filter);
  if (Result<void> read = open->database.take_error(); !read) return failed(read.error().message);
  for (const Overview::Line& line : lines) {
    if (json) {
      fmt::print("{}\n", to_json(json_of(line)));
    } else {
      print_line(line, open->site.zone);
    }
  }
  if (!json && lines.size() == static_cast<std::size_t>(filter.limit)) {
    fmt::print("… more: --before {}\n", lines.back().id);
  }
  if (!json && lines.empty()) fmt::print("no {}\n", occurrences ? "occurrences" : "messages");
  return exit_fine;
}

}  // namespace retaind::app
