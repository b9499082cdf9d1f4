#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <set>

#include "base/text.h"
#include "counted.h"
#include "rules.h"
#include "store/columns.h"
#include "support/sanitized.h"

// Random rules over random facts: however often the daemon looks, the ledger holds exactly the
// occurrences that a walk over all rows finds.
using namespace retaind;
using namespace retaind::test;
using namespace std::chrono_literals;

namespace {

enum class Kind { event, own_event, ticket, inactive, renewal, birthday, schedule };

struct Case {
  Kind kind = Kind::event;
  std::string when;
  Span offset;
  std::optional<int> at_minute;
  bool customer_zone = false;
  bool backlog_all = false;
  std::optional<Span> backlog;
  std::uint8_t weekdays = 0;
  bool monthly = false;
  Zone site = Zone::utc();
  Time starts, ends;
};

/// What is true of one row, kept beside the store.
struct Row {
  std::int64_t id = 0;
  int customer = -1;
  std::optional<Time> anchor;
  std::optional<LocalDate> birthday;
  std::optional<Time> created_at, history;
  struct Stretch {
    Time since;
    std::optional<Time> until;
  };
  std::vector<Stretch> stretches;  // of a state
};

struct Truth {
  std::vector<Row> rows;
  std::vector<std::string> zones;  // of the customers
};

Span span_of(int months, int days, int hours) {
  return {months, days, std::chrono::hours(hours), false};
}

std::string words(const Span& span) {
  const std::string open = span.business ? "business " : "";
  if (span.months > 0) return counted(span.months, "month");
  if (span.days > 0) return counted(span.days, open + "day");
  return counted(span.elapsed / 1h, open + "hour");
}

/// The shop's support-hours, with a long closed time in the middle of what is tried.
Calendar office() {
  std::vector<LocalDate> off;
  for (int day = 0; day < 24; ++day)
    off.emplace_back(std::chrono::sys_days{std::chrono::year{2026} / 3 / 20} +
                     std::chrono::days{day});
  return {"support-hours", *Calendar::parse_line("mon-fri 09:00-18:00"), off};
}

Time later(Time time, const Span& span, const Zone& zone) {
  static const Calendar calendar = office();
  return span.business ? *calendar.add(time, span, zone) : zone.add(time, span);
}

Span random_span(Rng& rng) {
  switch (rng.below(3)) {
    case 0: return span_of(1 + static_cast<int>(rng.below(3)), 0, 0);
    case 1: return span_of(0, 1 + static_cast<int>(rng.below(20)), 0);
    default: return span_of(0, 0, 1 + static_cast<int>(rng.below(200)));
  }
}

const std::vector<std::string>& zone_names() {
  static const std::vector<std::string> names{"Europe/Berlin",
                                              "America/New_York",
                                              "America/Sao_Paulo",
                                              "Australia/Lord_Howe",
                                              "Pacific/Apia",
                                              "Pacific/Kiritimati",
                                              "Pacific/Midway",
                                              "Asia/Kolkata",
                                              "America/St_Johns",
                                              "Atlantic/Azores",
                                              "UTC",
                                              "Africa/Casablanca"};
  return names;
}

Zone zone_named(const std::string& name, const Zone& otherwise) {
  auto zone = Zone::find(name);
  return zone ? *zone : otherwise;
}

Case random_case(Rng& rng) {
  Case c;
  c.kind = static_cast<Kind>(rng.below(7));
  c.site = zone_named(zone_names()[rng.below(zone_names().size())], Zone::utc());
  // Where clocks are changed and months end differently; Samoa skipped 30 December 2011.
  static const char* starts[] = {"2026-03-05", "2026-10-01", "2028-01-20", "2027-01-15",
                                 "2011-12-10", "2017-10-01", "2018-02-01"};
  c.starts = *parse_time(starts[rng.below(7)], Zone::utc()) + std::chrono::minutes(rng.below(1440));
  c.ends = c.starts + 75 * 24h;
  c.offset = random_span(rng);
  if (rng.below(3) == 0)
    c.backlog_all = true;
  else if (rng.below(3) == 0)
    c.backlog = span_of(0, 20, 0);
  const bool timed = rng.below(2) == 0;
  const int minute = static_cast<int>(rng.below(48)) * 30;
  const std::string at = fmt::format("{:02}:{:02}", minute / 60, minute % 60);
  switch (c.kind) {
    case Kind::event: c.when = "event: order.completed\n  after: " + words(c.offset); break;
    case Kind::own_event: c.when = "event: cart.abandoned\n  after: " + words(c.offset); break;
    case Kind::ticket: c.when = "ticket: unresolved\n  for: " + words(c.offset); break;
    case Kind::inactive: c.when = "customer: inactive\n  for: " + words(c.offset); break;
    case Kind::renewal: {
      const bool before = rng.below(2) == 0;
      if (timed) {
        c.offset = span_of(0, 1 + static_cast<int>(rng.below(20)), 0);
        c.at_minute = minute;
      }
      c.when = fmt::format("date: subscription.renews_at\n  {}: {}{}", before ? "before" : "after",
                           words(c.offset), timed ? "\n  at: " + at : "");
      if (before) c.offset = c.offset.negated();
      break;
    }
    case Kind::birthday:
      c.at_minute = minute;
      c.when = "date: customer.birthday\n  at: " + at;
      c.offset = {};
      if (timed) {
        c.offset = span_of(0, static_cast<int>(rng.below(10)) + 1, 0).negated();
        c.when += fmt::format("\n  before: {}", words(c.offset.negated()));
      }
      break;
    case Kind::schedule: {
      static const std::pair<const char*, int> days[] = {
          {"monday", 1}, {"sunday", 64}, {"day", 127}, {"weekday", 31}, {"month", 0}};
      const auto& [word, mask] = days[rng.below(5)];
      c.weekdays = static_cast<std::uint8_t>(mask);
      c.monthly = mask == 0;
      c.at_minute = minute;
      c.when = fmt::format("every: {}\n  at: {}", word, at);
      break;
    }
  }
  c.customer_zone = c.kind != Kind::schedule && rng.below(2) == 0;
  if (c.kind <= Kind::inactive && rng.below(3) == 0) {
    const std::string before = words(c.offset);
    c.offset = rng.below(2) == 0 ? Span{0, 1 + static_cast<int>(rng.below(12)), 0ms, true}
                                 : Span{0, 0, std::chrono::hours(1 + rng.below(60)), true};
    c.when.replace(c.when.rfind(before), before.size(), words(c.offset));
    c.customer_zone = false;
  }
  return c;
}

std::string yaml(const Case& c) {
  std::string text = "rule: tried\npurpose: internal\nstatus: live\nwhen:\n  " + c.when +
                     "\nthen:\n  - webhook: desk\n";
  if (c.customer_zone) text += "timezone: customer\n";
  if (c.offset.business) text += "send-window: support-hours\n";
  if (c.kind == Kind::schedule) return text;
  if (c.backlog_all) text += "backlog: all\n";
  if (c.backlog) text += "backlog: " + words(*c.backlog) + "\n";
  return text;
}

// The walk over all rows --------------------------------------------------------------------------

LocalDate moved(LocalDate date, const Span& span) {
  LocalDate month = date + std::chrono::months{span.months};
  if (!month.ok()) month = month.year() / month.month() / std::chrono::last;
  return LocalDate{std::chrono::sys_days{month} + std::chrono::days{span.days}};
}

Time at_wall(LocalDate date, int minute, const Zone& zone) {
  return zone.to_time(LocalTime{std::chrono::local_days{date}} + std::chrono::minutes{minute});
}

std::multiset<std::pair<std::int64_t, Time>> naive(const Case& c, const Truth& truth) {
  std::multiset<std::pair<std::int64_t, Time>> found;
  Time from = c.starts;
  if (c.backlog_all) from = Time{};
  if (c.backlog) from = c.site.add(c.starts, c.backlog->negated());
  if (c.kind == Kind::birthday)
    from = std::max(from, c.site.add(c.starts, Span{-12, 0, 0ms, false}));
  if (c.kind == Kind::schedule) from = c.starts;
  const auto take = [&](const Row& row, Time due) {
    if (due <= from || due > c.ends) return;
    if (row.history && due <= *row.history) {
      if (!c.backlog_all && !c.backlog) return;
      if (c.backlog && due <= c.site.add(*row.history, c.backlog->negated())) return;
    }
    found.emplace(row.id, due);
  };
  if (c.kind == Kind::schedule) {
    for (auto day = std::chrono::floor<std::chrono::days>(c.starts) - std::chrono::days(2);
         day <= c.ends + 48h; day += std::chrono::days(1)) {
      const LocalDate date{day};
      const unsigned weekday = std::chrono::weekday{day}.iso_encoding();
      const bool on =
          c.monthly ? date.day() == std::chrono::day{1} : (c.weekdays >> (weekday - 1) & 1) != 0;
      if (on) take({}, at_wall(date, *c.at_minute, c.site));
    }
    return found;
  }
  for (const Row& row : truth.rows) {
    if (row.customer < 0 && c.kind != Kind::ticket) continue;
    const Zone zone = c.customer_zone && row.customer >= 0
                          ? zone_named(truth.zones[static_cast<std::size_t>(row.customer)], c.site)
                          : c.site;
    if (c.kind == Kind::birthday) {
      if (!row.birthday) continue;
      for (int year = 2008; year <= 2030; ++year) {
        LocalDate date = std::chrono::year{year} / row.birthday->month() / row.birthday->day();
        if (!date.ok()) date = std::chrono::year{year} / 2 / 28;
        const Time due = at_wall(moved(date, c.offset), *c.at_minute, zone);
        if (!row.created_at || due > *row.created_at) take(row, due);
      }
      continue;
    }
    for (const Row::Stretch& stretch : row.stretches) {
      const Time due = later(stretch.since, c.offset, zone);
      if (!stretch.until || *stretch.until > due) take(row, due);
    }
    if (!row.anchor) continue;
    take(row, c.at_minute ? at_wall(moved(zone.date_of(*row.anchor), c.offset), *c.at_minute, zone)
                          : later(*row.anchor, c.offset, zone));
  }
  return found;
}

// Facts ------------------------------------------------------------------------------------------

/// One change of the world; the same for every way of driving.
struct Change {
  Time at;
  std::function<void(store::Facts&, Truth&)> what;
};

std::string key_of(const char* kind, std::size_t index) { return fmt::format("{}{}", kind, index); }

template <class Fact>
std::int64_t put(store::Facts& facts, const Fact& fact) {
  const auto written = facts.put(fact);
  if (!written) FAIL(written.error().message);
  return written->row;
}

/// A new row of the kind, or a correction of an old one.
class Script {
 public:
  Script(const Case& c, Rng& rng) : c_(&c), rng_(&rng) {}

  std::vector<Change> make() {
    for (int i = 0; i < 6; ++i) add_customer(c_->starts - 1h);
    for (int i = 0; i < 15; ++i) add_row(c_->starts - 30min);  // before the daemon's first start
    Time at = c_->starts;
    while (at < c_->ends - 24h) {
      at += std::chrono::minutes(rng_->below(3 * 1440));
      if (at >= c_->ends) break;
      const auto choice = rng_->below(10);
      if (choice < 5)
        add_row(at);
      else if (choice < 8)
        correct(at);
      else if (choice < 9)
        move_house(at);
      else
        add_customer(at);
    }
    return std::move(changes_);
  }

 private:
  /// What has happened is not after the time at which it is told.
  Time around(Time at) {
    const auto spread = std::chrono::minutes(static_cast<int>(rng_->below(80 * 1440)) - 60 * 1440);
    const bool announced = c_->kind == Kind::event || c_->kind == Kind::renewal;
    return announced ? at + spread : std::min(at, at + spread);
  }

  void add(Time at, std::function<void(store::Facts&, Truth&)> what) {
    changes_.push_back({at, std::move(what)});
  }

  void add_customer(Time at) {
    const int index = customers_++;
    const std::string zone =
        rng_->below(6) == 0 ? "" : zone_names()[rng_->below(zone_names().size())];
    add(at, [index, zone](store::Facts& facts, Truth& truth) {
      CustomerFact fact{.key = key_of("c", static_cast<std::size_t>(index))};
      if (!zone.empty()) fact.time_zone = zone;
      (void)put(facts, fact);
      truth.zones.push_back(zone);
    });
  }

  void move_house(Time at) {
    const auto index = rng_->below(static_cast<std::uint64_t>(customers_));
    const std::string zone = zone_names()[rng_->below(zone_names().size())];
    add(at, [index, zone](store::Facts& facts, Truth& truth) {
      (void)put(facts, CustomerFact{.key = key_of("c", index), .time_zone = zone});
      truth.zones[index] = zone;
    });
  }

  /// Sometimes nobody's, where rows may be.
  int anyone() {
    return rng_->below(8) == 0
               ? -1
               : static_cast<int>(rng_->below(static_cast<std::uint64_t>(customers_)));
  }

  void add_row(Time at) {
    const std::size_t index = rows_++;
    const int customer = anyone();
    const Time anchor = around(at);
    const bool history = rng_->below(6) == 0;
    const auto chance = rng_->below(4);
    const Kind kind = c_->kind;
    const auto birthday = LocalDate{std::chrono::sys_days{std::chrono::year{1990} / 1 / 1} +
                                    std::chrono::days(static_cast<int>(rng_->below(1100)))};
    add(at, [=](store::Facts& facts, Truth& truth) {
      Row row;
      row.customer = customer;
      if (history && kind != Kind::inactive && kind != Kind::birthday) {
        row.history = at;
        facts.set_history_until(at);
      }
      const std::string who = key_of("c", static_cast<std::size_t>(std::max(customer, 0)));
      const auto owner = customer < 0 ? std::nullopt : std::optional(who);
      switch (kind) {
        case Kind::event:
          if (chance > 0) row.anchor = anchor;
          row.id = put(
              facts,
              OrderFact{.key = key_of("o", index), .customer = owner, .completed_at = row.anchor});
          break;
        case Kind::own_event:
          row.anchor = anchor;
          if (chance == 0) row.anchor.reset();  // another event, which is none of the rule's
          row.id = put(facts, EventFact{.key = key_of("e", index),
                                        .customer = owner,
                                        .name = chance == 0 ? "cart.filled" : "cart.abandoned",
                                        .at = anchor});
          break;
        case Kind::ticket: {
          const Time opened = std::min(anchor, at);
          row.stretches.push_back({opened, std::nullopt});
          row.id = put(facts, TicketFact{.key = key_of("t", index),
                                         .customer = owner,
                                         .status = "open",
                                         .opened_at = opened});
          break;
        }
        case Kind::inactive: {
          row.customer = std::max(customer, 0);
          row.id = put(facts, CustomerFact{.key = who});
          const auto known = std::find_if(truth.rows.begin(), truth.rows.end(),
                                          [&](const Row& r) { return r.id == row.id; });
          (void)put(facts, OrderFact{.key = key_of("o", index), .customer = who, .placed_at = at});
          if (known == truth.rows.end()) {
            row.stretches.push_back({at, std::nullopt});
          } else if (known->stretches.back().since < at) {
            known->stretches.back().until = at;
            known->stretches.push_back({at, std::nullopt});
          }
          if (known != truth.rows.end()) return;
          break;
        }
        case Kind::renewal:
          if (chance > 0) row.anchor = anchor;
          row.id = put(facts,
                       SubscriptionFact{
                           .key = key_of("s", index), .customer = owner, .renews_at = row.anchor});
          break;
        case Kind::birthday: {
          row.customer = std::max(customer, 0);
          row.birthday = birthday;
          if (chance == 0) row.created_at = anchor;
          const auto known = std::find_if(truth.rows.begin(), truth.rows.end(),
                                          [&](const Row& r) { return r.customer == row.customer; });
          row.id = put(facts, CustomerFact{.key = who,
                                           .created_at = row.created_at,
                                           .birthday = to_string(birthday)});
          if (known != truth.rows.end()) {
            if (!row.created_at) row.created_at = known->created_at;
            *known = row;
            return;
          }
          break;
        }
        case Kind::schedule: return;
      }
      facts.set_history_until(std::nullopt);
      truth.rows.push_back(row);
    });
  }

  void correct(Time at) {
    const auto pick = rng_->below(1000);
    const Time anchor = around(at);
    const auto chance = rng_->below(5);
    const int customer = anyone();
    const Kind kind = c_->kind;
    add(at, [=](store::Facts& facts, Truth& truth) {
      if (truth.rows.empty()) return;
      const std::size_t index = pick % truth.rows.size();
      Row& row = truth.rows[index];
      // What a history row had caused before its correction stays, which a walk cannot know.
      if (row.history) return;
      std::optional<Time> next = anchor;
      if (chance == 0) next.reset();
      const auto cleared = [&](Subject subject, std::string_view column) {
        return next ? 0 : store::column_mask(subject, column);
      };
      const bool adopts = chance == 1 && row.customer < 0 && customer >= 0;
      const std::string who = key_of("c", static_cast<std::size_t>(std::max(customer, 0)));
      const auto owner = adopts ? std::optional(who) : std::nullopt;
      switch (kind) {
        case Kind::event:
          (void)put(facts, OrderFact{.key = key_of("o", index),
                                     .customer = owner,
                                     .completed_at = next,
                                     .cleared = cleared(Subject::order, "completed_at")});
          row.anchor = next;
          break;
        case Kind::renewal:
          (void)put(facts,
                    SubscriptionFact{.key = key_of("s", index),
                                     .customer = owner,
                                     .renews_at = next,
                                     .cleared = cleared(Subject::subscription, "renews_at")});
          row.anchor = next;
          break;
        case Kind::own_event: {
          const bool ours = row.anchor.has_value();
          (void)put(facts, EventFact{.key = key_of("e", index),
                                     .customer = owner,
                                     .name = ours ? "cart.abandoned" : "cart.filled",
                                     .at = anchor});
          if (ours) row.anchor = anchor;
          break;
        }
        case Kind::ticket: {
          const bool open = !row.stretches.back().until;
          (void)put(facts, TicketFact{.key = key_of("t", index),
                                      .status = open ? "solved" : "open",
                                      .as_of = at});
          if (!open && *row.stretches.back().until < at)
            row.stretches.push_back({at, std::nullopt});
          if (open && row.stretches.back().since < at) row.stretches.back().until = at;
          break;
        }
        default: return;
      }
      if (adopts) row.customer = customer;
    });
  }

  const Case* c_;
  Rng* rng_;
  std::vector<Change> changes_;
  int customers_ = 0;
  std::size_t rows_ = 0;
};

enum class Drive { every_due, daily, three_days_down };

void drive(Shop& shop, const Case& c, const std::vector<Change>& script, Drive how, Truth& truth) {
  const auto apply = [&](const Change& change) {
    auto transaction = store::Transaction::begin(shop.database);
    Shop::expect_ok(transaction);
    store::Facts facts{shop.database, shop.clock.now()};
    change.what(facts, truth);
    Shop::expect_ok(transaction->commit());
  };
  std::size_t next = 0;
  for (; next < script.size() && script[next].at < c.starts; ++next) apply(script[next]);
  shop.start();
  const Duration step = how == Drive::daily ? 24h : 3 * 24h;
  Time look = c.starts + step;
  while (true) {
    const bool more = next < script.size();
    if (how == Drive::every_due) {
      Shop::expect_ok(shop.world->run_to(more ? script[next].at : c.ends));
      if (!more) return;
      apply(script[next++]);
      Shop::expect_ok(shop.world->settle());
      continue;
    }
    if (more && script[next].at <= look) {
      shop.clock.advance_to(script[next].at);
      apply(script[next++]);
      continue;
    }
    shop.clock.advance_to(std::min(look, c.ends));
    if (how == Drive::daily) {
      Shop::expect_ok(shop.world->settle());
    } else {
      shop.world->crash();
      shop.start();
    }
    if (look >= c.ends) return;
    look += step;
  }
}

std::multiset<std::pair<std::int64_t, Time>> in_ledger(Shop& shop, const Case& c) {
  std::multiset<std::pair<std::int64_t, Time>> found;
  store::Statement& rows = shop.database.prepared(
      "SELECT row, due FROM firing WHERE withdrawn = 0 AND due <= ?1 AND due > "
      "(SELECT counts_from FROM rule)");
  rows.bind(1, c.ends);
  while (rows.step()) found.emplace(rows.integer(0), rows.time(1));
  return found;
}

std::string show(const Truth& truth, std::int64_t id) {
  for (const Row& row : truth.rows) {
    if (row.id != id) continue;
    return fmt::format(
        "customer {} ({}), anchor {}, history {}, created {}, {} stretches", row.customer,
        row.customer < 0 ? "" : truth.zones[static_cast<std::size_t>(row.customer)],
        row.anchor ? to_iso(*row.anchor) : "-", row.history ? to_iso(*row.history) : "-",
        row.created_at ? to_iso(*row.created_at) : "-", row.stretches.size());
  }
  return "no row";
}

std::string show(const Truth& truth, const std::multiset<std::pair<std::int64_t, Time>>& all,
                 const std::multiset<std::pair<std::int64_t, Time>>& others) {
  std::string text;
  for (const auto& one : all) {
    if (others.count(one) < all.count(one))
      text +=
          fmt::format("row {} due {}: {}\n", one.first, to_iso(one.second), show(truth, one.first));
  }
  return text;
}

}  // namespace

TEST_CASE("the ledger holds exactly the occurrences of the facts, however often one looks",
          "[trigger]") {
  constexpr std::uint64_t seeds = RETAIND_SANITIZED ? 20 : 100;
  std::map<Kind, std::int64_t> occurrences, counted;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    Rng rng{seed};
    const Case c = random_case(rng);
    const std::vector<Change> script = Script(c, rng).make();
    for (const Drive how : {Drive::every_due, Drive::daily, Drive::three_days_down}) {
      Shop shop(to_local_text(c.starts, *Zone::find("Europe/Berlin")));
      shop.site.zone = c.site;
      shop.site.calendars["support-hours"] = office();
      shop.rule(yaml(c));
      Truth truth;
      INFO("seed " << seed << ", drive " << static_cast<int>(how) << ", zone " << c.site.name()
                   << "\n"
                   << yaml(c));
      drive(shop, c, script, how, truth);
      const auto wanted = naive(c, truth);
      const auto found = in_ledger(shop, c);
      occurrences[c.kind] += static_cast<std::int64_t>(wanted.size());
      INFO("missed:\n"
           << show(truth, wanted, found) << "too many:\n"
           << show(truth, found, wanted));
      REQUIRE(found == wanted);
      counted[c.kind] += counts_alike(shop, c.starts, rng) ? 1 : 0;
    }
  }
  for (const Kind kind :
       {Kind::event, Kind::own_event, Kind::ticket, Kind::inactive, Kind::renewal})
    CHECK(counted[kind] > (RETAIND_SANITIZED ? 1 : 3));
  for (int kind = 0; kind < 7; ++kind)
    CHECK(occurrences[static_cast<Kind>(kind)] > static_cast<std::int64_t>(seeds));
}
