#include "base/zone.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <iostream>
#include <thread>

#include "base/text.h"
#include "support/pipe_output.h"

namespace retaind {
namespace {

Zone zone(std::string_view name) {
  auto found = Zone::find(name);
  INFO(name);
  REQUIRE(found);
  return *found;
}
Time utc(std::string_view text) {
  const auto time = parse_time(text, Zone::utc());
  INFO(text);
  REQUIRE(time);
  return *time;
}
LocalTime wall(std::string_view text) { return LocalTime{utc(text).time_since_epoch()}; }
std::string instant(std::string_view name, std::string_view local) {
  return to_iso(zone(name).to_time(wall(local)));
}
std::string later(std::string_view name, std::string_view local, const Span& span) {
  const Zone z = zone(name);
  return to_local_text(z.add(z.to_time(wall(local)), span), z);
}
constexpr Span months(int count) { return {count, 0, Duration{0}, false}; }
constexpr Span a_day{0, 1, Duration{0}, false};

TEST_CASE("13: a wall time in a DST gap is the gap's end") {
  // Where RFC 5545 would shift by the gap's length the comment has its answer.
  CHECK(instant("America/New_York", "2026-03-08 02:30") == "2026-03-08T07:00:00Z");     // 07:30Z
  CHECK(instant("Europe/Berlin", "2026-03-29 02:30") == "2026-03-29T01:00:00Z");        // 01:30Z
  CHECK(instant("Australia/Lord_Howe", "2026-10-04 02:15") == "2026-10-03T15:30:00Z");  // 15:45Z
  CHECK(instant("America/Santiago", "2026-09-06 00:00") == "2026-09-06T04:00:00Z");
  CHECK(instant("Africa/Cairo", "2026-04-24 00:30") == "2026-04-23T22:00:00Z");  // 22:30Z
  CHECK(instant("Pacific/Apia", "2011-12-30 09:00") == "2011-12-30T10:00:00Z");  // 19:00Z
}

TEST_CASE("A wall time at the edges of a gap is itself") {
  CHECK(instant("Europe/Berlin", "2026-03-29 01:59:59.999") == "2026-03-29T00:59:59.999Z");
  CHECK(instant("Europe/Berlin", "2026-03-29 02:00") == "2026-03-29T01:00:00Z");
  CHECK(instant("Europe/Berlin", "2026-03-29 03:00") == "2026-03-29T01:00:00Z");
  CHECK(instant("Europe/Berlin", "2026-03-29 03:00:00.001") == "2026-03-29T01:00:00.001Z");
}

TEST_CASE("13: a doubled wall time is its first occurrence") {
  CHECK(instant("America/New_York", "2026-11-01 01:30") == "2026-11-01T05:30:00Z");
  CHECK(instant("Europe/Berlin", "2026-10-25 02:00") == "2026-10-25T00:00:00Z");
  CHECK(instant("Europe/Berlin", "2026-10-25 02:59:59.999") == "2026-10-25T00:59:59.999Z");
  CHECK(instant("Europe/Berlin", "2026-10-25 03:00") == "2026-10-25T02:00:00Z");
}

TEST_CASE("Zones without DST and with odd offsets keep their wall time") {
  CHECK(instant("Asia/Tokyo", "2026-03-02 09:00") == "2026-03-02T00:00:00Z");
  CHECK(instant("Asia/Kolkata", "2026-03-02 09:00") == "2026-03-02T03:30:00Z");
  CHECK(instant("Asia/Kathmandu", "2026-03-02 09:00") == "2026-03-02T03:15:00Z");
  CHECK(instant("Africa/Casablanca", "2026-02-25 09:00") == "2026-02-25T09:00:00Z");
  CHECK(instant("Africa/Casablanca", "2026-03-25 09:00") == "2026-03-25T08:00:00Z");
}

TEST_CASE("13: hours are elapsed time, days keep the wall time") {
  const Zone new_york = zone("America/New_York");
  const Time before = new_york.to_time(wall("2026-03-07 09:00"));
  const Span two_days{0, 2, Duration{0}, false};
  CHECK(new_york.add(before, two_days) - before == std::chrono::hours{47});
  CHECK(later("America/New_York", "2026-03-07 09:00", two_days) == "2026-03-09 09:00");
  CHECK(later("America/New_York", "2026-03-07 09:00", {0, 0, std::chrono::hours{48}, false}) ==
        "2026-03-09 10:00");
  CHECK(later("America/New_York", "2026-03-07 02:30", a_day) == "2026-03-08 03:00");
  CHECK(later("America/New_York", "2026-10-31 01:30", a_day) == "2026-11-01 01:30");
}

TEST_CASE("13: months end at the month's last day") {
  CHECK(later("Europe/Berlin", "2026-01-31 10:00", months(1)) == "2026-02-28 10:00");
  CHECK(later("Europe/Berlin", "2028-01-31 10:00", months(1)) == "2028-02-29 10:00");
  CHECK(later("Europe/Berlin", "2026-03-31 10:00", months(-1)) == "2026-02-28 10:00");
  CHECK(later("Europe/Berlin", "2028-02-29 10:00", months(12)) == "2029-02-28 10:00");
  CHECK(later("Europe/Berlin", "2026-01-31 10:00", {1, 1, std::chrono::hours{2}, false}) ==
        "2026-03-01 12:00");
  CHECK(later("Europe/Berlin", "2026-12-15 10:00", months(-24)) == "2024-12-15 10:00");
}

TEST_CASE("The second run of a doubled hour is not moved by an empty span") {
  const Zone berlin = zone("Europe/Berlin");
  const Time second = utc("2026-10-25T01:30:00Z");
  CHECK(berlin.add(second, {}) == second);
  CHECK(berlin.add(second, {0, 0, std::chrono::hours{1}, false}) == utc("2026-10-25T02:30:00Z"));
}

TEST_CASE("A day starts at its first existing instant") {
  CHECK(to_iso(zone("America/Santiago").start_of(*parse_date("2026-09-06"))) ==
        "2026-09-06T04:00:00Z");
  CHECK(to_iso(zone("Europe/Berlin").start_of(*parse_date("2026-03-29"))) ==
        "2026-03-28T23:00:00Z");
  CHECK(to_iso(zone("Pacific/Apia").start_of(*parse_date("2011-12-30"))) == "2011-12-30T10:00:00Z");
}

TEST_CASE("Names outside the tz database are refused with the name to write") {
  const auto message = [](std::string_view name) {
    const auto found = Zone::find(name);
    REQUIRE_FALSE(found);
    CHECK(found.error().kind == ErrorKind::not_found);
    return found.error().message;
  };
  CHECK(message("JST") == "unknown time zone `JST`; did you mean `Asia/Tokyo`?");
  CHECK(message("europe/berlin") ==
        "unknown time zone `europe/berlin`; did you mean `Europe/Berlin`?");
  CHECK(message("Tokyo") == "unknown time zone `Tokyo`; did you mean `Asia/Tokyo`?");
  CHECK(message("Europe/Berln") ==
        "unknown time zone `Europe/Berln`; did you mean `Europe/Berlin`?");
  // Etc/GMT+9 is nine hours WEST of Greenwich: no hint that looks right and is 18 hours off.
  CHECK(message("GMT+9").find("did you mean") == std::string::npos);
  CHECK(message("GMT+9").find("`Europe/Berlin`") != std::string::npos);
  CHECK(message("").find("write a name of the tz database") != std::string::npos);
  CHECK(message("../../etc/passwd").find("unknown time zone") == 0);
  CHECK(message("right/Europe/Berlin").find("unknown time zone") == 0);
  CHECK(message("Factory").find("unknown time zone") == 0);
}

TEST_CASE("Aliases resolve and keep their name") {
  const Zone alias = zone("US/Eastern");
  CHECK(alias.name() == "US/Eastern");
  CHECK(alias.to_local(utc("2026-07-01T12:00:00Z")) == wall("2026-07-01 08:00"));
  CHECK(zone("UTC") == Zone::utc());
  CHECK(zone("Europe/Berlin") == zone("Europe/Berlin"));
  CHECK_FALSE(zone("Europe/Berlin") == zone("Europe/Paris"));
}

TEST_CASE("The tz database says its version") { CHECK(tzdata_version().substr(0, 2) == "20"); }

TEST_CASE("Extreme instants do not overflow") {
  const Zone berlin = zone("Europe/Berlin");
  CHECK(static_cast<int>(berlin.date_of(Time::max()).year()) == 9999);
  CHECK(static_cast<int>(berlin.date_of(Time::min()).year()) <= 1);
  const auto all = berlin.inverse({Time::min(), utc("2026-03-02T00:00:00Z")}, months(1));
  REQUIRE(all.size() == 1);
  CHECK(to_iso(all.front().through) == "2026-02-02T00:00:00Z");
}

TEST_CASE("Local times agree with moment-timezone around 1,570 offset changes") {
  const std::string file = std::string(RETAIND_DATA) + "/timezones/tz_transitions_dev.csv.gz";
  if (!std::filesystem::exists(file)) {
    std::cout << "skipped: " << file << " is missing\n";
    return;
  }
  const auto text = test::output_of("zcat '" + file + "'");
  REQUIRE(text);
  int rows = 0;
  int differing = 0;
  int newer = 0;
  for (const std::string_view line : split(*text, '\n')) {
    const auto columns = split(trim(line), ',');
    if (columns.size() != 5 || columns[0] == "zone") continue;
    ++rows;
    const Time at = utc(columns[1]);
    const Zone z = zone(columns[0]);
    const auto offset = std::chrono::duration_cast<std::chrono::seconds>(
        z.to_local(at).time_since_epoch() - at.time_since_epoch());
    const std::string shown = to_local_text(at, z);
    const std::string seconds_shown =
        shown.size() == 16 ? shown.substr(11) + ":00" : shown.substr(11);
    if (std::to_string(offset.count()) == columns[4] && seconds_shown == columns[2]) continue;
    // The rows are tzdata 2025b; Morocco has since given up its summer time from 2026 on.
    if (columns[0] == "Africa/Casablanca" && columns[1] > "2026-09" && offset.count() == 0) {
      ++newer;
      continue;
    }
    ++differing;
    std::cout << "differs: " << line << " got " << shown << " " << offset.count() << "\n";
  }
  std::cout << rows << " rows, " << newer << " overtaken by a newer tzdata\n";
  CHECK(rows == 1570);
  CHECK(newer <= 24);
  CHECK(differing == 0);
}

// Python's zoneinfo reads the same TZif files with its own code, and goes beyond 2037 by their last
// line.
TEST_CASE("Every zone agrees with Python's zoneinfo from 1950 to 2150") {
  constexpr auto script = R"(python3 -c "
import zoneinfo, random, datetime as d
random.seed(20260302)
u=d.timezone.utc
for n in sorted(zoneinfo.available_timezones()):
    if n in ('Factory','localtime','posixrules') or n.startswith(('posix/','right/')): continue
    z=zoneinfo.ZoneInfo(n)
    for _ in range(60):
        t=d.datetime.fromtimestamp(random.randrange(-631152000,5680281600),u).replace(microsecond=0)
        l=t.astimezone(z)
        w=l.replace(tzinfo=None)
        print(n,t.strftime('%Y-%m-%dT%H:%M:%SZ'),int(l.utcoffset().total_seconds()),w.replace(tzinfo=z,fold=0).astimezone(u).strftime('%Y-%m-%dT%H:%M:%SZ'),sep=',')
" 2>/dev/null)";
  const auto text = test::output_of(script);
  if (!text) {
    std::cout << "skipped: python3 with zoneinfo is missing\n";
    return;
  }
  int rows = 0;
  int differing = 0;
  for (const std::string_view line : split(*text, '\n')) {
    const auto columns = split(line, ',');
    if (columns.size() != 4) continue;
    ++rows;
    const Zone z = zone(columns[0]);
    const Time at = utc(columns[1]);
    const auto offset = std::chrono::duration_cast<std::chrono::seconds>(
        z.to_local(at).time_since_epoch() - at.time_since_epoch());
    const std::string first = to_iso(z.to_time(z.to_local(at)));
    if (std::to_string(offset.count()) == columns[2] && first == columns[3]) continue;
    if (++differing < 20)
      std::cout << "differs: " << line << " got " << offset.count() << " " << first << "\n";
  }
  CHECK(rows > 20000);
  CHECK(differing == 0);
}

TEST_CASE("Zones may be used by several threads at once") {
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    threads.emplace_back([&wrong, i] {
      for (const auto* name : {"Europe/Vienna", "Asia/Tokyo", "America/Denver", "Europe/Oslo"}) {
        const auto found = Zone::find(name);
        if (!found || found->to_time(found->to_local(from_ms(0))) != from_ms(0)) ++wrong[i];
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(4, 0));
}

}  // namespace
}  // namespace retaind
