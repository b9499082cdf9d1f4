#include "base/zone_rules.h"

#include <catch2/catch.hpp>

namespace retaind {
namespace {

YearlyRule rule(std::string_view text) {
  const auto parsed = parse_yearly_rule(text);
  INFO(text);
  REQUIRE(parsed);
  return *parsed;
}
std::string change(const YearlyRule::Change& change, int year) {
  return to_iso(Time{change.in(year)});
}

TEST_CASE("The last line of a zone's file is read as RFC 8536 says") {
  const YearlyRule berlin = rule("CET-1CEST,M3.5.0,M10.5.0/3");
  CHECK(berlin.standard == std::chrono::hours{1});
  CHECK(berlin.summer == std::chrono::hours{2});
  CHECK(change(berlin.to_summer, 2040) == "2040-03-25T02:00:00Z");
  CHECK(change(berlin.to_standard, 2040) == "2040-10-28T03:00:00Z");
  const YearlyRule lord_howe = rule("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0");
  CHECK(lord_howe.standard == std::chrono::minutes{630});
  CHECK(lord_howe.summer == std::chrono::hours{11});
  CHECK(change(lord_howe.to_summer, 2040) == "2040-10-07T02:00:00Z");
  // Greenland changes on the Saturday evening before the last Sunday.
  const YearlyRule nuuk = rule("<-02>2<-01>,M3.5.0/-1,M10.5.0/0");
  CHECK(nuuk.standard == -std::chrono::hours{2});
  CHECK(change(nuuk.to_summer, 2040) == "2040-03-24T23:00:00Z");
  // Times over 24 hours: Israel changes on the Friday before the last Sunday, written from
  // Thursday.
  CHECK(change(rule("IST-2IDT,M3.4.4/26,M10.5.0").to_summer, 2040) == "2040-03-23T02:00:00Z");
  // Winter time as the exception (Ireland).
  const YearlyRule dublin = rule("IST-1GMT0,M10.5.0,M3.5.0/1");
  CHECK(dublin.standard == std::chrono::hours{1});
  CHECK(dublin.summer == std::chrono::hours{0});
}

TEST_CASE("Julian days leave 29 February out and days of the year count it") {
  const YearlyRule julian = rule("AAA3BBB,J60/0,J365/0:30:15");
  CHECK(change(julian.to_summer, 2027) == "2027-03-01T00:00:00Z");
  CHECK(change(julian.to_summer, 2028) == "2028-03-01T00:00:00Z");
  CHECK(change(julian.to_standard, 2028) == "2028-12-31T00:30:15Z");
  CHECK(change(rule("AAA3BBB,J59/0,J365").to_summer, 2028) == "2028-02-28T00:00:00Z");
  const YearlyRule counted = rule("AAA3BBB,59/0,0");
  CHECK(change(counted.to_summer, 2027) == "2027-03-01T00:00:00Z");
  CHECK(change(counted.to_summer, 2028) == "2028-02-29T00:00:00Z");
  CHECK(change(counted.to_standard, 2028) == "2028-01-01T02:00:00Z");
}

TEST_CASE("A line without summer time or with anything else is no rule") {
  for (const auto* text :
       {"", "JST-9", "<+03>-3", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0,M10.5.0/3 ",
        "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,M3-5.0,M10.5.0", "C-1D,M3.5.0,M10.5.0", "<+03-3", "CET-xCEST,M3.5.0,M10.5.0",
        "CET-1CEST,,", "\xff\xff"}) {
    INFO(text);
    CHECK_FALSE(parse_yearly_rule(text));
  }
}

TEST_CASE("The offset of a time is found as by looking at every segment") {
  ZoneRules rules{"test", {}, {}, {}};
  rules.append(Time{std::chrono::sys_days{std::chrono::year{1900} / 1 / 1}}, std::chrono::hours{1});
  rules.append(*parse_time("1940-05-16T02:40:00Z", Zone::utc()), std::chrono::hours{2});
  rules.append(*parse_time("1977-04-03T02:00:00Z", Zone::utc()), std::chrono::hours{1});
  rules.append(*parse_time("1977-04-04T02:00:00Z", Zone::utc()), std::chrono::hours{-11});
  extend(rules, rule("CET-1CEST,M3.5.0,M10.5.0/3"), 2039);
  rules.finish();
  std::vector<Time> times{Time{Duration{0}}, Time{Duration{-1}},
                          Time{std::chrono::hours{9'000'000}}};
  for (const ZoneRules::Segment& segment : rules.segments) {
    for (const int off : {-1, 0, 1}) times.push_back(segment.begin + Duration{off});
  }
  for (Time time{std::chrono::hours{-500'000}}; time < Time{std::chrono::hours{700'000}};
       time += std::chrono::hours{997})
    times.push_back(time);
  for (const Time time : times) {
    std::size_t expected = 0;
    while (expected + 1 < rules.segments.size() && rules.segments[expected + 1].begin <= time)
      ++expected;
    REQUIRE(rules.at(time) == expected);
    for (const int hours : {-14, 0, 2, 14}) {
      const LocalTime local{time.time_since_epoch() + std::chrono::hours{hours}};
      std::size_t shown = 0;
      while (shown + 1 < rules.segments.size() && rules.reached[shown] <= local) ++shown;
      REQUIRE(rules.showing(local) == shown);
    }
  }
}

TEST_CASE("A table is extended behind its last known change only") {
  ZoneRules rules{"test", {}, {}, {}};
  rules.append(Time{std::chrono::sys_days{std::chrono::year{1900} / 1 / 1}}, std::chrono::hours{1});
  rules.append(*parse_time("2037-10-25T01:00:00Z", Zone::utc()), std::chrono::hours{2});
  rules.append(*parse_time("2037-10-25T01:00:00Z", Zone::utc()),
               std::chrono::hours{1});  // changes nothing
  REQUIRE(rules.segments.size() == 1);
  rules.append(*parse_time("2037-03-29T01:00:00Z", Zone::utc()), std::chrono::hours{2});
  extend(rules, rule("CET-1CEST,M3.5.0,M10.5.0/3"), 2039);
  rules.finish();
  REQUIRE(rules.segments.size() == 7);
  CHECK(to_iso(rules.segments[2].begin) == "2037-10-25T01:00:00Z");
  CHECK(to_iso(rules.segments[6].begin) == "2039-10-30T01:00:00Z");
  CHECK(rules.segments[6].offset == std::chrono::hours{1});
  for (std::size_t i = 1; i < rules.reached.size(); ++i)
    CHECK(rules.reached[i - 1] <= rules.reached[i]);
}

}  // namespace
}  // namespace retaind
