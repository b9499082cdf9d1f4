#include "replay/plan.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <map>

#include "app/demo_shop.h"
#include "app/plan_report.h"
#include "app/site_files.h"
#include "replay/world.h"
#include "store/dated_facts.h"
#include "store/facts.h"
#include "store/import.h"
#include "support/lived_site.h"
#include "support/sanitized.h"

using namespace retaind;
using namespace retaind::test;
namespace fs = std::filesystem;
using replay::PlannedOutcome;

namespace {

/// What one wants to hold equal of a message: key, time, outcome, reason.
using Fate = std::map<std::string, std::string>;

std::string key_of(std::string_view rule, std::string_view step, std::string_view subject,
                   int repeat, Time due) {
  // An occurrence without a message has no step; several episodes of one row differ by their due.
  return std::string(rule) + " " + std::string(step) + " " + std::string(subject) + " " +
         std::to_string(repeat) + (step.empty() ? " " + to_iso(due) : "");
}

/// The ledger of the store, without what was final before.
Fate fates(store::Database& database) {
  Fate found;
  store::each_outcome(database, [&](const store::OutcomeRow& row) {
    const bool over = is_final(row.state);
    found[key_of(row.rule, row.step, row.subject, row.repeat, row.due)] =
        std::string(name_of(row.state)) + " " + std::string(name_of(row.reason)) + " due " +
        to_iso(row.due) + (over && row.at ? " at " + to_iso(*row.at) : "");
  });
  return found;
}

Fate fates(const replay::Plan& plan) {
  Fate found;
  for (const replay::PlannedRow& row : plan.rows) {
    const bool over = is_final(row.state);
    found[key_of(row.rule, row.step, row.subject, row.repeat, row.due)] =
        std::string(name_of(row.state)) + " " + std::string(name_of(row.reason)) + " due " +
        to_iso(row.due) + (over && row.at ? " at " + to_iso(*row.at) : "");
  }
  return found;
}

/// What changed from one ledger to the next, and is due by then or over.
Fate news(const Fate& before, const Fate& after, Time to) {
  Fate changed;
  for (const auto& [key, fate] : after) {
    const auto known = before.find(key);
    const bool same = known != before.end() && known->second == fate;
    const bool waits = fate.find(" at ") == std::string::npos;
    const auto due = parse_time(fate.substr(fate.find("due ") + 4, 24), Zone::utc());
    if (waits && due && *due > to) continue;
    // What waited all along belongs to the plan too.
    if (same && !waits) continue;
    changed[key] = fate;
  }
  return changed;
}

using Seen = std::map<std::string, std::int64_t>;

/// Plans the seven days from `day`; then a copy of the store lives them as a daemon does, with
/// nothing of plan in it, and so many connections to its mail server. Both must say the same of
/// every message. Counts what was planned.
void plan_and_live(LivedSite& site, Time day, int places, Seen& seen) {
  INFO(to_iso(day));
  const Time to = site.files().site.zone.add(day, Span{0, 7, Duration{0}, false});
  auto shadow = store::Database::shadow_of(site.store());
  REQUIRE(shadow);
  const auto plan = replay::plan(*shadow, site.files(), day, to);
  REQUIRE(plan);
  CHECK(plan->even());
  for (const replay::PlannedRow& row : plan->rows)
    ++seen[std::string(row.rule) + " " + std::string(name_of(row.reason))];

  store::Database then = site.copy();
  const Fate before = fates(then);
  SimClock clock{day};
  Rng rng{99};
  replay::World world{then, clock, rng,
                      [&]() -> Result<delivery::SiteFiles> { return site.files(); }};
  world.mail().places = world.webhooks().places = places;
  REQUIRE(world.start());
  REQUIRE(world.run_to(to));
  const Fate done = news(before, fates(then), to);
  const Fate planned = fates(*plan);
  for (const auto& [key, fate] : planned) {
    CAPTURE(key, fate, before.count(key) ? before.at(key) : "");
    CHECK(done.count(key) == 1);
  }
  for (const auto& [key, fate] : done) {
    CAPTURE(key, fate, before.count(key) ? before.at(key) : "");
    const auto found = planned.find(key);
    REQUIRE(found != planned.end());
    CHECK(found->second == fate);
  }
}

void check_seen(const Seen& seen, std::initializer_list<std::string_view> reasons) {
  for (const auto& [what, count] : seen) UNSCOPED_INFO(what << ": " << count);
  for (const std::string_view reason : reasons) {
    CAPTURE(reason);
    CHECK(std::any_of(seen.begin(), seen.end(),
                      [&](const auto& s) { return s.first.ends_with(" " + std::string(reason)); }));
  }
}

constexpr const char* nudge = R"(rule: nudge
purpose: marketing
status: live
when:
  event: order.completed
  after: 2 days
then:
  - email: welcome
  - wait: 2 days
  - email: welcome
    step: second
  - wait: 1 day
  - email: welcome
    step: third
stop-if:
  - order.refunded
holdout: 20%
send-window: daytime
limit: 4 per day
backlog: 30 days
)";
constexpr const char* rival =
    "rule: rival\npurpose: marketing\nstatus: live\nwhen:\n  event: order.completed\n  "
    "after: 49 hours\nthen:\n  - email: welcome\npriority: 5\nbacklog: 30 days\n";

}  // namespace

TEST_CASE("plan is message by message what the engine then does, on many days of the sample shop") {
  // The sample shop of months, lived through day by day; each day is planned, each eighth under
  // sanitizers: they look for what a plan touches, and that does not differ by the day.
  constexpr int each = RETAIND_SANITIZED ? 8 : 1;
  DemoSite demo(11, "2026-03-29 12:00");
  demo.add_rule("nudge", nudge);
  demo.add_rule("rival", rival);
  demo.add_rule("noted",
                "rule: noted\npurpose: marketing\nstatus: draft\nwhen:\n  event: order.placed\n  "
                "after: 3 hours\nthen:\n  - email: welcome\n");
  const Time begin = demo.now - std::chrono::hours(24 * 67);
  demo.begin(begin);
  Seen seen;
  int days = 0;
  for (Time day = begin + std::chrono::hours(24 * 7); day <= demo.now;
       day += each * std::chrono::minutes(24 * 60 + 37), ++days) {
    demo.live_to(day);
    plan_and_live(demo, day, 16, seen);
  }
  CHECK(days >= 58 / each);
  check_seen(seen, {"sent", "capped", "held-out", "no-consent", "condition-false", "would-send"});
}

TEST_CASE("plan is message by message what the engine then does, on days of Olist's orders") {
  if (!OlistSite::is_there()) {
    WARN("skipped: olist_5k is not there");
    return;
  }
  // With fewer connections a mail that waits for an answer to another of its recipient may come to
  // `limit` behind its neighbours: who gets a day's last places is then up to the mail server.
  constexpr int connections = 500;
  OlistSite olist;
  olist.add_rule("nudge", nudge);
  olist.add_rule("rival", rival);
  olist.add_rule("listen",
                 "rule: listen\npurpose: marketing\nstatus: live\nwhen:\n  event: "
                 "feedback.received\n  after: 1 day\nif:\n  - feedback.score >= 4\nthen:\n  - "
                 "email: welcome\nsend-window: daytime\n");
  const Time begin = *parse_time("2018-03-04 12:00", Zone::utc());
  olist.begin(begin);
  Seen seen;
  int days = 0;
  for (Time day = begin + std::chrono::hours(24 * 7); days < (RETAIND_SANITIZED ? 4 : 20);
       day += std::chrono::minutes(4 * 24 * 60 + 37), ++days) {
    olist.live_to(day);
    plan_and_live(olist, day, connections, seen);
  }
  check_seen(seen, {"sent", "capped", "held-out", "no-consent", "condition-false"});
}
