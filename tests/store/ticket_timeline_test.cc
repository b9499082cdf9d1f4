#include "store/ticket_timeline.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "base/rng.h"
#include "open_store.h"
#include "store/dated_facts.h"
#include "store/facts.h"

using namespace retaind;
using namespace retaind::store;

namespace {

struct Desk {
  Desk() { REQUIRE(database.begin()); }
  Written put(const TicketFact& fact) {
    auto written = facts.put(fact);
    if (!written) FAIL(written.error().message);
    return *written;
  }
  Written dated(const std::string& when, const std::string& status) {
    return put({.key = "T",
                .customer = "anna",
                .status = status,
                .opened_at = at("2026-03-01"),
                .as_of = at(when)});
  }
  /// status since solved closed episode reopens, times as yyyy-mm-dd
  std::string ticket() {
    return rows(database,
                "SELECT status, date(unresolved_since/1000, 'unixepoch'), date(solved_at/1000, "
                "'unixepoch'), "
                "date(closed_at/1000, 'unixepoch'), unresolved_episode, reopens FROM tickets",
                6);
  }
  std::string ended(const std::string& state = "ticket.unresolved") {
    return rows(database,
                "SELECT episode, date(since/1000, 'unixepoch'), date(until/1000, 'unixepoch') FROM "
                "ended_episode "
                "WHERE state = '" +
                    state + "' ORDER BY episode",
                3);
  }
  Database database = memory_store();
  Facts facts{database, at("2026-06-01")};
};

}  // namespace

TEST_CASE("a ticket is unresolved from its opening, and again from its reopening", "[store]") {
  Desk desk;
  desk.dated("2026-03-01", "new");
  CHECK(desk.ticket() == "new|2026-03-01|-|-|1|0");
  desk.dated("2026-03-04", "solved");
  CHECK(desk.ticket() == "solved|-|2026-03-04|-|1|0");
  CHECK(desk.ended() == "1|2026-03-01|2026-03-04");
  CHECK(ask(desk.database, "SELECT open_tickets FROM customers") == "0");
  desk.dated("2026-03-09", "open");
  CHECK(desk.ticket() == "open|2026-03-09|-|-|2|1");
  CHECK(ask(desk.database, "SELECT open_tickets FROM customers") == "1");
  desk.dated("2026-03-10", "solved");
  desk.dated("2026-03-15", "closed");
  CHECK(desk.ticket() == "closed|-|2026-03-10|2026-03-15|2|1");
  CHECK(desk.ended() == "1|2026-03-01|2026-03-04\n2|2026-03-09|2026-03-10");
}

TEST_CASE("a dated row told again changes nothing", "[store]") {
  Desk desk;
  const std::vector<std::pair<std::string, std::string>> events{{"2026-03-01", "new"},
                                                                {"2026-03-02", "open"},
                                                                {"2026-03-04", "solved"},
                                                                {"2026-03-09", "open"}};
  for (const auto& [when, status] : events) desk.dated(when, status);
  for (const auto& [when, status] : events)
    CHECK(desk.dated(when, status).change == Change::unchanged);
}

TEST_CASE("changes that arrive in any order give the same ticket", "[store]") {
  std::vector<std::pair<std::string, std::string>> events{
      {"2026-03-02", "open"},    {"2026-03-04", "solved"}, {"2026-03-06", "open"},
      {"2026-03-07", "on_hold"}, {"2026-03-08", "solved"}, {"2026-03-12", "closed"}};
  Rng rng(GENERATE(1u, 2u, 3u, 4u, 5u));
  for (std::size_t i = events.size(); i > 1; --i) std::swap(events[i - 1], events[rng.below(i)]);
  Desk desk;
  for (const auto& [when, status] : events) desk.dated(when, status);
  const std::string ticket = desk.ticket();
  CHECK(ticket.starts_with("closed|-|2026-03-08|2026-03-12|"));
  CHECK(ticket.ends_with("|1"));
  CHECK(
      rows(desk.database,
           "SELECT date(since/1000, 'unixepoch'), date(until/1000, 'unixepoch') FROM ended_episode "
           "WHERE state = 'ticket.unresolved' ORDER BY since",
           2) == "2026-03-01|2026-03-04\n2026-03-06|2026-03-08");
}

TEST_CASE("a number once given stays with its episode", "[store]") {
  Desk desk;
  desk.dated("2026-03-01", "new");
  desk.dated("2026-03-20", "open");
  CHECK(desk.ticket() == "open|2026-03-01|-|-|1|0");
  SECTION("when its beginning is corrected") {
    desk.put({.key = "T", .opened_at = at("2026-02-20")});
    CHECK(desk.ticket() == "open|2026-02-20|-|-|1|0");
  }
  SECTION("when it turns out that it had ended long ago") {
    desk.dated("2026-03-05", "solved");
    CHECK(desk.ticket() == "open|2026-03-20|-|-|2|1");
    CHECK(desk.ended() == "1|2026-03-01|2026-03-05");
    desk.dated("2026-03-10", "open");
    CHECK(desk.ticket() == "open|2026-03-10|-|-|2|1");
    desk.dated("2026-03-12", "solved");  // so there was one in between, which is new
    CHECK(desk.ticket() == "open|2026-03-20|-|-|3|2");
    CHECK(desk.ended() == "1|2026-03-01|2026-03-05\n2|2026-03-10|2026-03-12");
  }
}

TEST_CASE("a ticket solved at its very opening was never unresolved", "[store]") {
  Desk desk;
  desk.dated("2026-03-01", "solved");
  CHECK(desk.ticket() == "solved|-|2026-03-01|-|0|0");
  CHECK(desk.ended().empty());
  desk.dated("2026-03-03", "open");
  CHECK(desk.ticket() == "open|2026-03-03|-|-|1|1");
}

TEST_CASE("a ticket told without dates of its changes has those that it names", "[store]") {
  Desk desk;
  TicketFact fact{.key = "T",
                  .status = "closed",
                  .opened_at = at("2026-03-01"),
                  .solved_at = at("2026-03-05"),
                  .closed_at = at("2026-03-09")};
  desk.put(fact);
  CHECK(desk.ticket() == "closed|-|2026-03-05|2026-03-09|1|0");
  CHECK(desk.ended() == "1|2026-03-01|2026-03-05");
  CHECK_FALSE(desk.facts.would_change(row_of(fact)));
  fact.solved_at = at("2026-03-06");  // corrected
  desk.put(fact);
  CHECK(desk.ticket() == "closed|-|2026-03-06|2026-03-09|1|0");
  CHECK(desk.ended() == "1|2026-03-01|2026-03-06");
  fact.status = "open";  // reopened, nobody says when: now
  desk.put(fact);
  CHECK(desk.ticket() == "open|2026-06-01|-|-|2|1");
  CHECK(desk.put(fact).change == Change::unchanged);
}

TEST_CASE("a dated row says since when a ticket has been solved and closed", "[store]") {
  Desk desk;
  TicketFact fact{.key = "T",
                  .customer = "anna",
                  .status = "closed",
                  .opened_at = at("2026-03-01"),
                  .solved_at = at("2026-03-05"),
                  .closed_at = at("2026-03-09"),
                  .as_of = at("2026-03-20")};
  const bool known = GENERATE(false, true);
  if (known) desk.dated("2026-03-02", "open");
  desk.put(fact);
  CHECK(desk.ticket() == "closed|-|2026-03-05|2026-03-09|1|0");
  CHECK(desk.ended() == "1|2026-03-01|2026-03-05");
  CHECK(desk.ended("ticket.unanswered") == "1|2026-03-01|2026-03-05");
  CHECK(desk.put(fact).change == Change::unchanged);
  fact.as_of = at("2026-03-25");  // touched again
  desk.put(fact);
  CHECK(desk.ticket() == "closed|-|2026-03-05|2026-03-09|1|0");
  SECTION("reopened, and solved anew with the first date told again") {
    desk.dated("2026-04-01", "open");
    fact.as_of = at("2026-04-05");
    desk.put(fact);
    CHECK(desk.ticket() == "closed|-|2026-04-05|2026-04-05|2|1");
    CHECK(desk.ended() == "1|2026-03-01|2026-03-05\n2|2026-04-01|2026-04-05");
  }
  SECTION("a row between says that it was not") {
    desk.dated("2026-03-15", "open");
    CHECK(desk.ticket() == "closed|-|2026-03-20|2026-03-20|1|0");
    CHECK(desk.ended() == "1|2026-03-01|2026-03-20");
  }
  SECTION("the date that a row had without it is news") {
    Desk other;
    other.put({.key = "T",
               .customer = "anna",
               .status = "closed",
               .opened_at = fact.opened_at,
               .as_of = fact.as_of});
    CHECK(other.ticket() == "closed|-|2026-03-25|2026-03-25|1|0");
    CHECK(other.put(fact).change == Change::updated);
    CHECK(other.ticket() == "closed|-|2026-03-05|2026-03-09|1|0");
  }
}

TEST_CASE("a past lived again solves a ticket when a later row says it was", "[store]") {
  Desk source;
  source.dated("2026-03-02", "open");
  source.put({.key = "T",
              .customer = "anna",
              .status = "closed",
              .solved_at = at("2026-03-05"),
              .closed_at = at("2026-03-09"),
              .as_of = at("2026-03-20")});
  DatedFacts past(source.database);
  const auto steps = past.steps(at("2026-02-01"), at("2026-06-01"));
  REQUIRE(steps);
  Desk again;
  std::vector<std::string> lived;
  for (const DatedFacts::Step& step : *steps) {
    REQUIRE(past.apply(step, again.facts));
    const std::string ticket = again.ticket();
    if (!ticket.empty() && (lived.empty() || lived.back() != ticket)) lived.push_back(ticket);
  }
  CHECK(lived == std::vector<std::string>{"new|2026-03-01|-|-|1|0", "open|2026-03-01|-|-|1|0",
                                          "solved|-|2026-03-05|-|1|0",
                                          "closed|-|2026-03-05|2026-03-09|1|0"});
}

TEST_CASE("a dated row solved at its opening or before was never unresolved", "[store]") {
  Desk desk;
  desk.put({.key = "T",
            .customer = "anna",
            .status = "solved",
            .opened_at = at("2026-03-05"),
            .solved_at = at("2026-03-04"),
            .as_of = at("2026-03-20")});
  CHECK(desk.ticket() == "solved|-|2026-03-05|-|0|0");
  CHECK(desk.ended().empty());
  CHECK(ask(desk.database, "SELECT open_tickets FROM customers") == "0");
}

TEST_CASE("dated rows with dates of their own give the same ticket in any order", "[store]") {
  struct Told {
    std::string when, status, solved, closed;
  };
  // Their dates are sometimes the first solution's, sometimes still to come, sometimes denied.
  std::vector<Told> rows{{"2026-03-02", "open", "2026-03-08", ""},
                         {"2026-03-05", "solved", "2026-03-04", ""},
                         {"2026-03-06", "open", "2026-03-04", ""},
                         {"2026-03-07", "on_hold", "", ""},
                         {"2026-03-10", "solved", "2026-03-04", ""},
                         {"2026-03-12", "solved", "2026-03-08", ""},
                         {"2026-03-16", "closed", "2026-03-08", "2026-03-14"}};
  Rng rng(GENERATE(1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u));
  for (std::size_t i = rows.size(); i > 1; --i) std::swap(rows[i - 1], rows[rng.below(i)]);
  Desk desk;
  for (const Told& told : rows) {
    TicketFact fact{.key = "T",
                    .customer = "anna",
                    .status = told.status,
                    .opened_at = at("2026-03-01"),
                    .as_of = at(told.when)};
    if (!told.solved.empty()) fact.solved_at = at(told.solved);
    if (!told.closed.empty()) fact.closed_at = at(told.closed);
    desk.put(fact);
  }
  CHECK(desk.ticket().starts_with("closed|-|2026-03-08|2026-03-14|"));
  CHECK(desk.ticket().ends_with("|1"));
}

TEST_CASE("an older row completes the history and leaves the newer values", "[store]") {
  Desk desk;
  desk.put({.key = "T",
            .status = "open",
            .priority = "high",
            .opened_at = at("2026-03-01"),
            .as_of = at("2026-03-05")});
  desk.put({.key = "T", .status = "new", .priority = "low", .as_of = at("2026-03-02")});
  CHECK(ask(desk.database, "SELECT priority FROM tickets") == "high");
  desk.put({.key = "T", .status = "open", .priority = "urgent", .as_of = at("2026-03-06")});
  CHECK(
      rows(desk.database,
           "SELECT date(valid_from/1000, 'unixepoch'), value FROM history WHERE field = 'priority'",
           2) == "1970-01-01|high\n2026-03-06|urgent");
}

TEST_CASE("ticket.unanswered ends with the first answer or the solution", "[store]") {
  Desk desk;
  desk.dated("2026-03-01", "new");
  CHECK(desk.ended("ticket.unanswered").empty());
  desk.put({.key = "T", .first_response_at = at("2026-03-03")});
  CHECK(desk.ended("ticket.unanswered") == "1|2026-03-01|2026-03-03");
  desk.put({.key = "T", .cleared = column_mask(Subject::ticket, "first_response_at")});
  CHECK(desk.ended("ticket.unanswered").empty());
  desk.dated("2026-03-04", "solved");
  CHECK(desk.ended("ticket.unanswered") == "1|2026-03-01|2026-03-04");
}

TEST_CASE("a ticket that was solved or closed before it was opened is no open one", "[store]") {
  const bool closed = GENERATE(false, true);
  const std::string status = closed ? "closed" : "solved";
  TicketFact fact{.key = "T", .customer = "anna", .status = status, .opened_at = at("2026-03-05")};
  (closed ? fact.closed_at : fact.solved_at) = at("2026-03-04");
  const std::string ended = status + "|-|2026-03-05|" + (closed ? "2026-03-05" : "-");
  Desk desk;
  SECTION("new to the store") {
    desk.put(fact);
    CHECK(desk.ticket() == ended + "|0|0");
  }
  SECTION("known as open") {
    desk.put({.key = "T", .customer = "anna", .status = "open", .opened_at = at("2026-03-05")});
    desk.put(fact);
    CHECK(desk.ticket() == ended + "|1|0");
  }
  CHECK(desk.ended().empty());
  CHECK(ask(desk.database, "SELECT open_tickets FROM customers") == "0");
  CHECK(desk.put(fact).change == Change::unchanged);
}

TEST_CASE("a ticket that was closed before it was solved is closed", "[store]") {
  Desk desk;
  const TicketFact fact{.key = "T",
                        .status = "closed",
                        .opened_at = at("2026-03-01"),
                        .solved_at = at("2026-03-06"),
                        .closed_at = at("2026-03-04")};
  desk.put(fact);
  CHECK(desk.ticket() == "closed|-|2026-03-04|2026-03-04|1|0");
  CHECK(desk.put(fact).change == Change::unchanged);
}

TEST_CASE("an opening that moves behind the solution leaves the ticket solved", "[store]") {
  Desk desk;
  TicketFact fact{.key = "T",
                  .customer = "anna",
                  .status = "solved",
                  .opened_at = at("2026-03-01"),
                  .solved_at = at("2026-03-04")};
  desk.put(fact);
  desk.put({.key = "T", .opened_at = at("2026-03-09")});
  CHECK(desk.ticket() == "solved|-|2026-03-09|-|1|0");
  CHECK(desk.ended().empty());
  CHECK(ask(desk.database, "SELECT open_tickets FROM customers") == "0");
}

TEST_CASE(
    "a reopened ticket that is solved again is solved, though its export repeats the first time",
    "[store]") {
  Desk desk;
  TicketFact solved{.key = "T",
                    .customer = "anna",
                    .status = "solved",
                    .opened_at = at("2026-03-01"),
                    .solved_at = at("2026-03-04")};
  desk.put(solved);
  desk.facts.set_now(at("2026-06-03"));
  desk.put({.key = "T", .status = "open", .solved_at = at("2026-03-04")});
  CHECK(desk.ticket() == "open|2026-06-03|-|-|2|1");
  desk.facts.set_now(at("2026-06-05"));
  desk.put(solved);
  CHECK(desk.ticket() == "solved|-|2026-06-05|-|2|1");
  CHECK(desk.ended() == "1|2026-03-01|2026-03-04\n2|2026-06-03|2026-06-05");
  desk.facts.set_now(at("2026-06-07"));
  CHECK(desk.put(solved).change == Change::unchanged);
  solved.assignee = "bea";
  desk.put(solved);
  CHECK(desk.ticket() == "solved|-|2026-06-05|-|2|1");
}
