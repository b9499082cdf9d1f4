#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "rules.h"
#include "store/columns.h"
#include "support/sanitized.h"

// Random schedules with `each:` over orders that come and change meanwhile: however often the
// daemon looks, crashes and sleeps, the last slot that is due has its pass, and the ledger has whom
// a walk over all rows finds at that look.
using namespace retaind;
using namespace retaind::test;
using namespace std::chrono_literals;

namespace {

enum class Drive { every_due, daily, three_days_down };

struct Case {
  std::string every;
  unsigned weekdays = 0;  // from monday; 0: the first of the month
  int minute = 0;
  bool by_index = false;  // the condition asks a time that has an index
  Time starts, ends;
  Zone zone = Zone::utc();
};

struct Order {
  std::int64_t id = 0;
  std::optional<Time> completed;
  int total = 0;
};

using Found = std::multiset<std::pair<std::int64_t, Time>>;

Case random_case(Rng& rng) {
  static const char* zones[] = {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
                                "Pacific/Apia", "UTC"};
  static const char* starts[] = {"2026-03-05", "2026-10-01", "2028-01-20", "2011-12-10"};
  static const std::pair<const char*, unsigned> days[] = {
      {"monday", 1}, {"sunday", 64}, {"day", 127}, {"weekday", 31}, {"month", 0}};
  Case c;
  std::tie(c.every, c.weekdays) = days[rng.below(5)];
  c.minute = static_cast<int>(rng.below(48)) * 30;
  c.by_index = rng.below(2) == 0;
  c.zone = *Zone::find(zones[rng.below(5)]);
  c.starts = *parse_time(starts[rng.below(4)], Zone::utc()) + std::chrono::minutes(rng.below(1440));
  c.ends = c.starts + 60 * 24h;
  return c;
}

std::string yaml(const Case& c) {
  return fmt::format(
      "rule: tried\npurpose: transactional\nstatus: live\nwhen:\n  every: {}\n  at: {:02}:{:02}\n  "
      "each: order\nif: {}\nthen:\n  - webhook: desk\n",
      c.every, c.minute / 60, c.minute % 60,
      c.by_index ? "order.completed_at within last 12 days" : "order.total >= 20 EUR");
}

std::vector<Time> slots_of(const Case& c) {
  std::vector<Time> slots;
  for (auto day = std::chrono::floor<std::chrono::days>(c.starts) - std::chrono::days(2);
       day <= c.ends + 48h; day += std::chrono::days(1)) {
    const LocalDate date{day};
    const bool on = c.weekdays == 0
                        ? date.day() == std::chrono::day{1}
                        : (c.weekdays >> (std::chrono::weekday{day}.iso_encoding() - 1) & 1U) != 0;
    const LocalTime wall{std::chrono::local_days{date} + std::chrono::minutes{c.minute}};
    const Time due = c.zone.to_time(wall);
    // A date that a zone has skipped has no time of its own.
    if (on && due > c.starts && due <= c.ends && (slots.empty() || slots.back() < due))
      slots.push_back(due);
  }
  return slots;
}

/// A shop, and beside it what must be in its ledger.
class Tried {
 public:
  Tried(const Case& c, Rng& rng, Drive how)
      : c_(&c),
        rng_(&rng),
        how_(how),
        shop_(to_local_text(c.starts, *Zone::find("Europe/Berlin"))) {
    shop_.site.zone = c.zone;
    shop_.rule(yaml(c));
    shop_.customer("anna");
    for (int i = 0; i < 12; ++i) change(c.starts);
    shop_.start();
  }

  void run() {
    const Duration step = how_ == Drive::daily ? 24h : 72h;
    Time change_at = c_->starts;
    Time look_at = c_->starts + step;
    while (true) {
      change_at += std::chrono::minutes(rng_->below(2 * 1440)) + 1min;
      if (how_ == Drive::every_due) {
        look(std::min(change_at, c_->ends));
      } else {
        for (; look_at < std::min(change_at, c_->ends); look_at += step) look(look_at);
      }
      if (change_at >= c_->ends) return look(c_->ends);
      shop_.clock.advance_to(change_at);
      change(change_at);
    }
  }

  [[nodiscard]] const Found& wanted() const { return wanted_; }
  Found in_ledger() {
    Found found;
    store::Statement& rows = shop_.database.prepared("SELECT row, due FROM firing");
    while (rows.step()) found.emplace(rows.integer(0), rows.time(1));
    return found;
  }

 private:
  /// An order comes, or one is corrected.
  void change(Time at) {
    const bool fresh = orders_.size() < 8 || rng_->below(2) == 0;
    const std::size_t index = fresh ? orders_.size() : rng_->below(orders_.size());
    if (fresh) orders_.emplace_back();
    Order& order = orders_[index];
    OrderFact fact{.key = fmt::format("o{}", index), .customer = "anna"};
    order.completed = at - std::chrono::minutes(rng_->below(40 * 1440));
    if (rng_->below(4) == 0) order.completed.reset();
    if (!order.completed && !fresh)
      fact.cleared = store::column_mask(Subject::order, "completed_at");
    order.total = static_cast<int>(rng_->below(40)) * 100;
    fact.completed_at = order.completed;
    fact.total_minor = order.total;
    fact.currency = "EUR";
    // Nobody looks meanwhile.
    auto transaction = store::Transaction::begin(shop_.database);
    Shop::expect_ok(transaction);
    store::Facts facts{shop_.database, shop_.clock.now()};
    const auto put = facts.put(fact);
    Shop::expect_ok(put);
    order.id = put->row;
    Shop::expect_ok(transaction->commit());
  }

  void look(Time at) {
    if (how_ == Drive::every_due) {
      for (const Time slot : slots_)
        if (slot > seen_ && slot <= at) pass(slot, slot);
      Shop::expect_ok(shop_.world->run_to(at));
    } else {
      const auto last = std::upper_bound(slots_.begin(), slots_.end(), at);
      if (last != slots_.begin() && *(last - 1) > seen_) pass(*(last - 1), at);
      if (how_ == Drive::three_days_down) shop_.world->crash();
      shop_.clock.advance_to(at);
      if (how_ == Drive::three_days_down) shop_.start();
      Shop::expect_ok(shop_.world->settle());
    }
    seen_ = at;
  }

  void pass(Time slot, Time at) {
    const Time from = c_->zone.add(at, Span{0, -12, 0ms, false});
    for (const Order& order : orders_) {
      const bool recent = order.completed && *order.completed >= from && *order.completed <= at;
      if (c_->by_index ? recent : order.total >= 2000) wanted_.emplace(order.id, slot);
    }
  }

  const Case* c_;
  Rng* rng_;
  Drive how_;
  Shop shop_;
  std::vector<Order> orders_;
  std::vector<Time> slots_ = slots_of(*c_);
  Time seen_ = c_->starts;
  Found wanted_;
};

std::string without(const Found& all, const Found& others) {
  std::string text;
  for (const auto& one : all)
    if (others.count(one) < all.count(one))
      text += fmt::format(" {} {}", one.first, to_iso(one.second));
  return text;
}

}  // namespace

TEST_CASE("each slot is passed through once, and whom a walk finds is whom the ledger has",
          "[each]") {
  std::size_t occurrences[2] = {0, 0};
  constexpr std::uint64_t seeds = RETAIND_SANITIZED ? 10 : 30;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    for (const Drive how : {Drive::every_due, Drive::daily, Drive::three_days_down}) {
      Rng rng{seed};
      const Case c = random_case(rng);
      INFO("seed " << seed << ", drive " << static_cast<int>(how) << ", zone " << c.zone.name()
                   << "\n"
                   << yaml(c));
      Tried tried(c, rng, how);
      tried.run();
      occurrences[c.by_index ? 1 : 0] += tried.wanted().size();
      const Found found = tried.in_ledger();
      INFO("missed:" << without(tried.wanted(), found)
                     << "\ntoo many:" << without(found, tried.wanted()));
      REQUIRE((found == tried.wanted()));
    }
  }
  CHECK(occurrences[0] > seeds * 50 / 3);
  CHECK(occurrences[1] > seeds * 50 / 3);
}
