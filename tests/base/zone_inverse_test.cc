#include <catch2/catch.hpp>
#include <iostream>

#include "base/rng.h"
#include "base/zone.h"

namespace retaind {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr const char* names[] = {"Europe/Berlin",        "America/New_York", "Australia/Lord_Howe",
                                 "America/Santiago",     "Africa/Cairo",     "Pacific/Apia",
                                 "Africa/Casablanca",    "Asia/Tokyo",       "Asia/Kolkata",
                                 "America/Sao_Paulo",    "Antarctica/Troll", "Asia/Gaza",
                                 "America/Scoresbysund", "Europe/Dublin",    "UTC",
                                 "America/Caracas",      "Asia/Pyongyang"};

Zone zone(std::string_view name) {
  auto found = Zone::find(name);
  REQUIRE(found);
  return *found;
}
Time utc(std::string_view text) {
  const auto time = parse_time(text, Zone::utc());
  REQUIRE(time);
  return *time;
}
bool within(Time time, const TimeRange& range) {
  return range.after < time && time <= range.through;
}
bool within(Time time, const std::vector<TimeRange>& ranges) {
  for (const TimeRange& range : ranges) {
    if (within(time, range)) return true;
  }
  return false;
}
Duration offset_at(const Zone& z, Time time) {
  return z.to_local(time).time_since_epoch() - time.time_since_epoch();
}

/// The next change of the offset within 400 days, or else the next end of a month.
Time interesting_after(const Zone& z, Time time) {
  for (int day = 0; day < 400; ++day) {
    Time low = time + hours{24 * day}, high = low + hours{24};
    if (offset_at(z, low) == offset_at(z, high)) continue;
    while (high - low > Duration{1}) {
      const Time middle = low + (high - low) / 2;
      (offset_at(z, middle) == offset_at(z, low) ? low : high) = middle;
    }
    return high;
  }
  const auto date = z.date_of(time);
  return z.start_of((date.year() / date.month() / 1) + std::chrono::months{1});
}

Span random_span(Rng& rng) {
  Span span;
  const int sign = rng.below(2) == 0 ? 1 : -1;
  if (rng.below(3) == 0) span.months = sign * static_cast<int>(rng.below(14));
  if (rng.below(2) == 0) span.days = sign * static_cast<int>(rng.below(40));
  if (rng.below(2) == 0) span.elapsed = sign * minutes{static_cast<int>(rng.below(3000))};
  if (rng.below(4) == 0) span.elapsed += Duration{static_cast<int>(rng.below(100000))};
  return span;
}

/// How many of the anchors around `range` are in the inverse though their due is not in the range,
/// or the other way round.
int count_wrong(const Zone& z, const TimeRange& due, const Span& span,
                const std::vector<TimeRange>& anchors) {
  int wrong = 0;
  const auto check = [&](Time anchor) {
    wrong += within(z.add(anchor, span), due) != within(anchor, anchors) ? 1 : 0;
  };
  for (const TimeRange& range : anchors) {
    for (const Time edge : {range.after, range.through}) {
      for (int ms = -1; ms <= 1; ++ms) check(edge + Duration{ms});
    }
  }
  // Candidates: everything from well before to well after the span counted back without any
  // clamping.
  const Span back = span.negated();
  const Time from = z.add(due.after, back) - hours{110};
  const Time until = z.add(due.through, back) + hours{110};
  for (Time anchor = from; anchor <= until; anchor += minutes{10}) check(anchor);
  return wrong;
}

TEST_CASE("Days later it is the same wall time, whatever the clocks do between") {
  Rng rng(20260303);
  int wrong = 0, changed = 0;
  for (const auto* name : names) {
    const Zone z = zone(name);
    for (int i = 0; i < 400; ++i) {
      const Time start = utc("1960-01-01") + hours{24} * static_cast<int>(rng.below(50000));
      Time at = interesting_after(z, start);
      Span span;
      const bool near = rng.below(2) == 0;
      span.days = static_cast<int>(near ? rng.below(5) : rng.below(400)) - (near ? 2 : 200);
      if (span.days == 0) span.days = 3;  // by no days nothing changes, whatever clocks show
      if (rng.below(2) == 0) span.elapsed = minutes{static_cast<int>(rng.below(3000))};
      // The time or the due lies near the change.
      if (rng.below(2) == 0) at = z.add(at, span.negated());
      at += minutes{static_cast<int>(rng.below(480)) - 240};
      const Time expected = z.to_time(z.to_local(at) + std::chrono::days{span.days}) + span.elapsed;
      wrong += z.add(at, span) == expected ? 0 : 1;
      changed += expected - at == span.elapsed + std::chrono::days{span.days} ? 0 : 1;
    }
  }
  CHECK(wrong == 0);
  CHECK(changed > 500);
}

TEST_CASE("13: an anchor is in the inverse image exactly when its due time is in the range") {
  Rng rng(20260302);
  int cases = 0, several = 0, none = 0;
  for (const auto* name : names) {
    const Zone z = zone(name);
    for (int i = 0; i < 120; ++i) {
      const Time start = utc("1972-01-01") + hours{24} * static_cast<int>(rng.below(32850));
      const Span span = random_span(rng);
      // Either the due time or the anchor lies near a change of the offset or a month's end.
      Time middle = interesting_after(z, start);
      if (rng.below(3) == 0) {
        const auto date = z.date_of(start);
        middle = z.start_of((date.year() / date.month() / 1) + std::chrono::months{1});
      }
      if (rng.below(2) == 0) middle = z.add(middle, span);
      TimeRange due;
      due.after = middle + minutes{static_cast<int>(rng.below(5760)) - 2 * 1440};
      if (rng.below(2) == 0) due.after = middle + minutes{static_cast<int>(rng.below(240)) - 120};
      due.through =
          due.after +
          Duration{static_cast<int>(rng.below(rng.below(2) == 0 ? 86400000 : 3600000)) + 1};
      if (rng.below(10) == 0) due.through = due.after + Duration{1};
      if (rng.below(20) == 0)
        due.through = due.after + hours{24} * static_cast<int>(rng.below(100));
      const auto anchors = z.inverse(due, span);
      for (std::size_t k = 0; k < anchors.size(); ++k) {
        REQUIRE(anchors[k].after < anchors[k].through);
        if (k > 0) REQUIRE(anchors[k - 1].through < anchors[k].after);
      }
      INFO(name << " span " << to_string(span) << " due (" << to_iso(due.after) << ", "
                << to_iso(due.through) << "]");
      REQUIRE(count_wrong(z, due, span, anchors) == 0);
      ++cases;
      several += anchors.size() > 1 ? 1 : 0;
      none += anchors.empty() ? 1 : 0;
    }
  }
  std::cout << "inverse: " << cases << " cases, " << several << " with several ranges, " << none
            << " empty\n";
  CHECK(several > 20);
  CHECK(none > 5);
}

TEST_CASE("13: consecutive ticks share no anchor and lose none") {
  Rng rng(7);
  for (const auto* name : names) {
    const Zone z = zone(name);
    const Span span{1, 2, hours{3}, false};
    const Time from = interesting_after(z, utc("2026-01-15")) - hours{48};
    std::vector<TimeRange> all;
    Time at = from;
    while (at < from + hours{96}) {
      const Time next = at + minutes{static_cast<int>(rng.below(300)) + 1};
      for (const TimeRange& part : z.inverse({at, next}, span)) {
        for (const TimeRange& other : all)
          REQUIRE_FALSE((part.after < other.through && other.after < part.through));
        all.push_back(part);
      }
      at = next;
    }
    Duration total{0}, whole{0};
    for (const TimeRange& part : all) total += part.through - part.after;
    for (const TimeRange& part : z.inverse({from, at}, span)) whole += part.through - part.after;
    CHECK(total == whole);
  }
}

TEST_CASE("Three anchors' days share the end of February") {
  const Zone tokyo = zone("Asia/Tokyo");
  const Span month{1, 0, Duration{0}, false};
  const TimeRange due{utc("2026-02-28T00:00:00Z"), utc("2026-02-28T01:00:00Z")};
  const auto anchors = tokyo.inverse(due, month);
  REQUIRE(anchors.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(to_iso(anchors[i].after) == "2026-01-" + std::to_string(28 + i) + "T00:00:00Z");
    CHECK(to_iso(anchors[i].through) == "2026-01-" + std::to_string(28 + i) + "T01:00:00Z");
  }
}

TEST_CASE("An hour that runs twice has two ranges of anchors") {
  const Zone berlin = zone("Europe/Berlin");
  const Span day{0, 1, Duration{0}, false};
  // Due 26 October 02:10 to 02:20 in Berlin, which is 01:10Z to 01:20Z.
  const auto anchors =
      berlin.inverse({utc("2026-10-26T01:10:00Z"), utc("2026-10-26T01:20:00Z")}, day);
  REQUIRE(anchors.size() == 2);
  CHECK(to_iso(anchors[0].after) == "2026-10-25T00:10:00Z");
  CHECK(to_iso(anchors[1].after) == "2026-10-25T01:10:00Z");
}

TEST_CASE("Long due ranges are one range of anchors") {
  const Zone berlin = zone("Europe/Berlin");
  const auto anchors =
      berlin.inverse({utc("1990-01-01"), utc("2026-03-15")}, {1, 0, Duration{0}, false});
  REQUIRE(anchors.size() == 1);
  CHECK(to_iso(anchors[0].through) == "2026-02-15T00:00:00Z");
  CHECK(berlin.inverse({utc("2026-03-15"), utc("2026-03-15")}, {}).empty());
  CHECK(berlin.inverse({utc("2026-03-15"), utc("2026-03-14")}, {1, 1, Duration{0}, false}).empty());
}

}  // namespace
}  // namespace retaind
