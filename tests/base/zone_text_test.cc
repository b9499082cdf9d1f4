#include <catch2/catch.hpp>

#include "base/zone.h"

namespace retaind {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

Zone berlin() {
  auto zone = Zone::find("Europe/Berlin");
  REQUIRE(zone);
  return *zone;
}
std::string parsed(std::string_view text) {
  const auto time = parse_time(text, berlin());
  return time ? to_iso(*time) : "none";
}
std::string parsed_as(std::string_view text, std::string_view pattern) {
  const auto time = parse_time_as(text, pattern, berlin());
  return time ? to_iso(*time) : "none";
}

TEST_CASE("Spans are written in the largest exact units") {
  CHECK(to_string(Span{0, 7, Duration{0}, false}) == "7 days");
  CHECK(to_string(Span{0, 1, Duration{0}, false}) == "1 day");
  CHECK(to_string(Span{0, 0, hours{48}, false}) == "48 hours");
  CHECK(to_string(Span{1, 0, Duration{0}, false}) == "1 month");
  CHECK(to_string(Span{0, 0, hours{16}, true}) == "16 business hours");
  CHECK(to_string(Span{0, 0, minutes{90}, false}) == "1 hour 30 minutes");
  CHECK(to_string(Span{2, 3, seconds{61}, false}) == "2 months 3 days 1 minute 1 second");
  CHECK(to_string(Span{0, 0, Duration{250}, false}) == "250 milliseconds");
  CHECK(to_string(Span{}) == "0 seconds");
  CHECK(to_string(Span{0, 14, Duration{0}, false}.negated()) == "-14 days");
}

TEST_CASE("Dates are four, two and two digits and real") {
  CHECK(to_string(*parse_date("2026-03-02")) == "2026-03-02");
  CHECK(to_string(*parse_date("2028-02-29")) == "2028-02-29");
  for (const auto* text :
       {"2026-02-29", "2026-13-01", "2026-00-10", "2026-3-2", "20260302", "2026-03-02 ",
        " 2026-03-02", "2026-03-32", "", "tomorrow", "2026-03-02T00:00"}) {
    INFO(text);
    CHECK_FALSE(parse_date(text));
  }
}

TEST_CASE("RFC 3339 times are read") {
  CHECK(parsed("2026-03-02T09:30:00Z") == "2026-03-02T09:30:00Z");
  CHECK(parsed("2026-03-02t09:30:00z") == "2026-03-02T09:30:00Z");
  CHECK(parsed("2026-03-02T09:30:00.25Z") == "2026-03-02T09:30:00.250Z");
  CHECK(parsed("2026-03-02T09:30:00.123456789Z") == "2026-03-02T09:30:00.123Z");
  CHECK(parsed("2026-03-02T09:30:00+01:00") == "2026-03-02T08:30:00Z");
  CHECK(parsed("2026-03-02 09:30:00-05:30") == "2026-03-02T15:00:00Z");
  CHECK(parsed("1990-12-31T23:59:60Z") == "1991-01-01T00:00:00Z");  // RFC 3339 5.8
  CHECK(parsed("1937-01-01T12:00:27.87+00:20") == "1937-01-01T11:40:27.870Z");
}

TEST_CASE("Times without an offset are wall time in the zone") {
  CHECK(parsed("2026-03-02") == "2026-03-01T23:00:00Z");
  CHECK(parsed("2026-03-02 09:30") == "2026-03-02T08:30:00Z");
  CHECK(parsed("2026-07-02 09:30:15.5") == "2026-07-02T07:30:15.500Z");
  CHECK(parsed("2026-03-29 02:30") == "2026-03-29T01:00:00Z");
}

TEST_CASE("What is no time is refused") {
  for (const auto* text :
       {"2026-03-02T", "2026-03-02T9:30", "2026-03-02 24:00", "2026-03-02 09:60",
        "2026-03-02 09:30:61", "2026-03-02 09:30:00.", "2026-03-02T09:30:00+25:00",
        "2026-03-02T09:30:00 Z", "2026-03-02x09:30", "2026-02-30 10:00", "", "now",
        "2026-03-02 09:30 Europe/Berlin", "2026-03-02T09:30:00.1234567890Z"}) {
    INFO(text);
    CHECK(parsed(text) == "none");
  }
}

TEST_CASE("Times are written for people and for machines") {
  const Time time = *parse_time("2026-03-02T08:30:00Z", berlin());
  CHECK(to_local_text(time, berlin()) == "2026-03-02 09:30");
  CHECK(to_local_text(time + seconds{5}, berlin()) == "2026-03-02 09:30:05");
  CHECK(to_local_text(time + Duration{5}, berlin()) == "2026-03-02 09:30:00.005");
  CHECK(to_iso(from_ms(-1)) == "1969-12-31T23:59:59.999Z");
  CHECK(to_iso(from_ms(0)) == "1970-01-01T00:00:00Z");
}

TEST_CASE("Mail dates are RFC 5322") {
  const Time time = *parse_time("2026-03-02T09:00:00Z", berlin());
  CHECK(to_rfc5322(time, berlin()) == "Mon, 02 Mar 2026 10:00:00 +0100");
  CHECK(to_rfc5322(time, *Zone::find("America/St_Johns")) == "Mon, 02 Mar 2026 05:30:00 -0330");
  CHECK(to_rfc5322(time, Zone::utc()) == "Mon, 02 Mar 2026 09:00:00 +0000");
  // A local mean time with seconds: the offset is whole minutes.
  CHECK(to_rfc5322(*parse_time("1890-01-01T00:00:00Z", berlin()), berlin()).substr(26) == "+0053");
}

TEST_CASE("Patterns of real exports are read") {
  CHECK(parsed_as("10/2/2017 10:56", "%m/%d/%Y %H:%M") == "2017-10-02T08:56:00Z");
  CHECK(parsed_as("1/12/2010 8:26", "%d/%m/%Y %H:%M") == "2010-12-01T07:26:00Z");
  CHECK(parsed_as("20260302", "%Y%m%d") == "2026-03-01T23:00:00Z");
  CHECK(parsed_as("02 Mar 26 09:30:00.5", "%d %b %y %H:%M:%S.%f") == "2026-03-02T08:30:00.500Z");
  CHECK(parsed_as("2 march 1999", "%e %b %Y") == "1999-03-01T23:00:00Z");
  CHECK(parsed_as(" 2 Mar 99", "%e %b %y") == "1999-03-01T23:00:00Z");
  CHECK(parsed_as("3/2/2026 12:05 AM", "%m/%d/%Y %I:%M %p") == "2026-03-01T23:05:00Z");
  CHECK(parsed_as("3/2/2026 12:05 pm", "%m/%d/%Y %I:%M %p") == "2026-03-02T11:05:00Z");
  CHECK(parsed_as("2026-03-02 09:30:00 +0900", "%Y-%m-%d %H:%M:%S %z") == "2026-03-02T00:30:00Z");
  CHECK(parsed_as("2026-03-02 09:30:00 UTC", "%Y-%m-%d %H:%M:%S %Z") == "2026-03-02T08:30:00Z");
  CHECK(parsed_as("100% 2026-3-2", "100%% %Y-%m-%d") == "2026-03-01T23:00:00Z");
}

TEST_CASE("A pattern uses up the whole text or yields nothing") {
  CHECK(parsed_as("2026-03-02 09:30", "%Y-%m-%d") == "none");
  CHECK(parsed_as("2026-03", "%Y-%m-%d") == "none");
  CHECK(parsed_as("2026-02-30", "%Y-%m-%d") == "none");
  CHECK(parsed_as("13/13/2026", "%m/%d/%Y") == "none");
  CHECK(parsed_as("09:30", "%H:%M") == "none");               // no date
  CHECK(parsed_as("2026-03-02 9", "%Y-%m-%d %I") == "none");  // morning or evening?
  CHECK(parsed_as("2026-03-02 9 PM", "%Y-%m-%d %H %p") == "none");
  CHECK(parsed_as("2026-03-02", "%Y-%m-%d%") == "none");
  CHECK(parsed_as("2026-03-02", "%Y-%m-%d%Q") == "none");
  CHECK(parsed_as("0/3/2026", "%d/%m/%Y") == "none");
}

}  // namespace
}  // namespace retaind
