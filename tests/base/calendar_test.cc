#include "base/calendar.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "base/rng.h"

namespace retaind {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

Zone zone(std::string_view name) {
  auto found = Zone::find(name);
  REQUIRE(found);
  return *found;
}
Time at(std::string_view text, const Zone& z) {
  const auto time = parse_time(text, z);
  INFO(text);
  REQUIRE(time);
  return *time;
}
Calendar calendar(const std::vector<std::string>& lines, const std::vector<std::string>& off = {}) {
  std::vector<Calendar::Window> windows;
  for (const auto& line : lines) {
    const auto parsed = Calendar::parse_line(line);
    INFO(line);
    REQUIRE(parsed);
    windows.insert(windows.end(), parsed->begin(), parsed->end());
  }
  std::vector<LocalDate> days(off.size());
  std::transform(off.begin(), off.end(), days.begin(),
                 [](const auto& day) { return *parse_date(day); });
  return {"test", windows, days};
}
std::string opening(const Calendar& c, std::string_view from, const Zone& z) {
  const auto time = c.opening(at(from, z), z);
  return time ? to_local_text(*time, z) : "never";
}
std::string closing(const Calendar& c, std::string_view from, const Zone& z) {
  const auto time = c.closing(at(from, z), z);
  return time ? to_local_text(*time, z) : "never";
}

TEST_CASE("11: an opening holds for every time of its stretch") {
  const Zone berlin = zone("Europe/Berlin");
  Rng rng{11};
  for (const Calendar& c :
       {calendar({"09:00-18:00"}), calendar({"mon-fri 22:00-06:00", "sat 23:00-01:00"}),
        calendar({"mon 08:00-12:00", "mon 13:00-17:00"}, {"2026-03-09"})}) {
    for (int i = 0; i < 300; ++i) {
      const Time time = at("2026-03-01", berlin) + minutes(rng.below(40 * 1440));
      const auto next = c.next_opening(time, berlin);
      REQUIRE(next);
      REQUIRE(next->holds_at(time));
      const auto length = static_cast<std::uint64_t>((next->closes - next->since).count());
      for (const Time other :
           {next->since, next->closes - Duration{1},
            next->since + Duration{static_cast<std::int64_t>(rng.below(length))}})
        REQUIRE(c.opening(other, berlin) == std::max(next->opens, other));
    }
  }
}

TEST_CASE("11: a window opens at its first instant and its end is outside") {
  const Zone berlin = zone("Europe/Berlin");
  const Calendar day = calendar({"09:00-18:00"});
  CHECK_FALSE(day.open_at(at("2026-03-02 08:59:59.999", berlin), berlin));
  CHECK(day.open_at(at("2026-03-02 09:00", berlin), berlin));
  CHECK(day.open_at(at("2026-03-02 17:59:59.999", berlin), berlin));
  CHECK_FALSE(day.open_at(at("2026-03-02 18:00", berlin), berlin));
  CHECK(opening(day, "2026-03-02 08:00", berlin) == "2026-03-02 09:00");
  CHECK(opening(day, "2026-03-02 12:00", berlin) == "2026-03-02 12:00");
  CHECK(opening(day, "2026-03-02 18:00", berlin) == "2026-03-03 09:00");
  CHECK(closing(day, "2026-03-02 09:00", berlin) == "2026-03-02 18:00");
}

TEST_CASE("11: a window may cross midnight") {
  const Zone tokyo = zone("Asia/Tokyo");
  const Calendar night = calendar({"sat,sun 22:00-06:00"});
  CHECK(
      night.open_at(at("2026-03-08 05:59:59", tokyo), tokyo));  // Sunday morning: Saturday's window
  CHECK_FALSE(night.open_at(at("2026-03-08 06:00", tokyo), tokyo));
  CHECK(night.open_at(at("2026-03-09 01:00", tokyo), tokyo));  // Monday morning: Sunday's window
  CHECK_FALSE(night.open_at(at("2026-03-09 22:00", tokyo), tokyo));
  CHECK(opening(night, "2026-03-09 12:00", tokyo) == "2026-03-14 22:00");
  CHECK(closing(night, "2026-03-07 23:00", tokyo) == "2026-03-08 06:00");
}

TEST_CASE("Quiet hours from 21:00 to 08:00 allow 08:00:00 and not 07:59:59") {
  const Zone new_york = zone("America/New_York");
  const Calendar awake = calendar({"08:00-21:00"});
  CHECK_FALSE(awake.open_at(at("2026-03-08 07:59:59", new_york), new_york));
  CHECK(awake.open_at(at("2026-03-08 08:00:00", new_york), new_york));
  CHECK(opening(awake, "2026-03-07 21:00", new_york) == "2026-03-08 08:00");
}

TEST_CASE("Nothing opens on a day off, but the evening before still closes at its own end") {
  const Zone berlin = zone("Europe/Berlin");
  const Calendar night = calendar({"20:00-04:00"}, {"2026-12-25"});
  CHECK(night.open_at(at("2026-12-25 03:00", berlin), berlin));
  CHECK_FALSE(night.open_at(at("2026-12-25 21:00", berlin), berlin));
  CHECK_FALSE(night.open_at(at("2026-12-26 03:00", berlin), berlin));
  CHECK(opening(night, "2026-12-25 04:00", berlin) == "2026-12-26 20:00");
}

TEST_CASE("Windows that touch or overlap are one") {
  const Zone berlin = zone("Europe/Berlin");
  const Calendar split = calendar({"09:00-12:00", "12:00-18:00", "fri 17:00-20:00"});
  CHECK(closing(split, "2026-03-02 09:00", berlin) == "2026-03-02 18:00");
  CHECK(closing(split, "2026-03-06 09:00", berlin) == "2026-03-06 20:00");
  const Calendar always = calendar({"00:00-24:00"});
  CHECK(closing(always, "2026-03-02 09:00", berlin) == "never");
  CHECK(always.longest_gap() == Duration{0});
  CHECK(closing(calendar({"00:00-24:00"}, {"2027-05-01"}), "2026-03-02 09:00", berlin) ==
        "2027-05-01 00:00");
}

TEST_CASE("A calendar without windows is always open, one that never opens says so") {
  const Zone berlin = zone("Europe/Berlin");
  const Calendar none;
  CHECK(none.always_open());
  CHECK(none.open_at(from_ms(0), berlin));
  CHECK(none.opening(from_ms(5), berlin) == from_ms(5));
  CHECK_FALSE(none.closing(from_ms(5), berlin));
  std::vector<LocalDate> off;
  for (auto day = std::chrono::local_days{*parse_date("2026-01-01")}; off.size() < 1200;
       day += std::chrono::days{1}) {
    off.emplace_back(day);
  }
  const Calendar holiday("test", *Calendar::parse_line("09:00-18:00"), off);
  CHECK_FALSE(holiday.opening(at("2026-03-02", berlin), berlin));
}

TEST_CASE("Hours follow the wall clock on DST days") {
  const Zone berlin = zone("Europe/Berlin");
  const Calendar early = calendar({"02:00-04:00"});
  CHECK(opening(early, "2026-03-29 01:00", berlin) == "2026-03-29 03:00");
  CHECK(closing(early, "2026-03-29 03:30", berlin) == "2026-03-29 04:00");
  // The whole window falls into the gap: nothing opens that day.
  CHECK(opening(calendar({"02:00-03:00"}), "2026-03-28 12:00", berlin) == "2026-03-30 02:00");
  // The hour from 02:00 runs twice: open from its first start to 04:00, three hours in all.
  const Time opens = *early.opening(at("2026-10-25 00:00", berlin), berlin);
  CHECK(*early.closing(opens, berlin) - opens == hours{3});
}

TEST_CASE("Business hours count open time only") {
  const Zone tokyo = zone("Asia/Tokyo");
  const Calendar office = calendar({"mon-fri 09:00-18:00"});
  const auto later = [&](const Zone& z, std::string_view from, Duration open) {
    const auto time = office.add_open(at(from, z), open, z);
    return time ? to_local_text(*time, z) : "never";
  };
  CHECK(later(tokyo, "2026-03-06 16:00", hours{8}) == "2026-03-09 15:00");
  CHECK(later(zone("America/New_York"), "2026-03-06 16:00", hours{8}) == "2026-03-09 15:00");
  CHECK(later(tokyo, "2026-03-07 12:00", hours{9}) == "2026-03-09 18:00");
  CHECK(later(tokyo, "2026-03-02 09:00", hours{16}) == "2026-03-03 16:00");
  CHECK(later(tokyo, "2026-03-07 12:00", hours{0}) == "2026-03-07 12:00");
  // 150 weeks: further than the two years that a search for the next opening looks ahead.
  CHECK(later(tokyo, "2026-03-02 09:00", hours{9 * 5 * 150}) == "2029-01-12 18:00");
  const TimeRange due{at("2029-01-12 17:59", tokyo), at("2029-01-12 18:00", tokyo)};
  const auto anchors = office.inverse_open(due, hours{9 * 5 * 150}, tokyo);
  REQUIRE(anchors.size() == 1);
  // Until 09:00 on Monday no open time is lost.
  CHECK(to_local_text(anchors[0].after, tokyo) == "2026-02-27 17:59");
  CHECK(to_local_text(anchors[0].through, tokyo) == "2026-03-02 09:00");
}

TEST_CASE(
    "An anchor is in the inverse of business hours exactly when its due time is in the range") {
  Rng rng(11);
  const Zone berlin = zone("Europe/Berlin");
  const Calendar calendars[] = {calendar({"mon-fri 09:00-18:00"}, {"2026-04-03", "2026-04-06"}),
                                calendar({"22:00-06:00"}),
                                calendar({"mon-sat 08:00-12:00", "mon-fri 13:00-17:30"})};
  int empty = 0;
  for (int i = 0; i < 300; ++i) {
    const Calendar& c = calendars[rng.below(3)];
    const Time start = at(rng.below(2) == 0 ? "2026-03-25" : "2026-10-20", berlin);
    const Duration open =
        minutes{static_cast<int>(rng.below(2400))} + Duration{static_cast<int>(rng.below(3))};
    TimeRange due{start + minutes{static_cast<int>(rng.below(20000))}, {}};
    due.through = due.after + minutes{static_cast<int>(rng.below(600)) + 1};
    const auto anchors = c.inverse_open(due, open, berlin);
    REQUIRE(anchors.size() <= 1);
    empty += anchors.empty() ? 1 : 0;
    int wrong = 0;
    const auto check = [&](Time anchor) {
      const auto reached = c.add_open(anchor, open, berlin);
      const bool is_due = reached && *reached > due.after && *reached <= due.through;
      const bool listed =
          !anchors.empty() && anchor > anchors[0].after && anchor <= anchors[0].through;
      wrong += is_due != listed ? 1 : 0;
    };
    for (const auto& range : anchors) {
      for (const Time edge : {range.after, range.through}) {
        for (int ms = -1; ms <= 1; ++ms) check(edge + Duration{ms});
      }
    }
    for (Time a = due.after - hours{24 * 14}; a <= due.through + hours{1}; a += minutes{47})
      check(a);
    INFO(to_iso(due.after) << " " << to_iso(due.through) << " open " << open.count());
    REQUIRE(wrong == 0);
  }
  CHECK(empty > 20);
}

TEST_CASE("A search through a calendar that hardly opens has an end") {
  const Zone berlin = zone("Europe/Berlin");
  const Calendar tiny = calendar({"mon 09:00-09:01"});
  const Time start = at("2026-03-02", berlin);
  CHECK_FALSE(tiny.add_open(start, hours{876'000}, berlin));
  CHECK(tiny.inverse_open({start, start + hours{24}}, hours{876'000}, berlin).empty());
  CHECK(tiny.add_open(start, minutes{520}, berlin).has_value());
}

TEST_CASE("13: business days keep the time of day and pass over what is closed") {
  const Zone berlin = zone("Europe/Berlin");
  const Calendar office =
      calendar({"mon-fri 09:00-18:00"}, {"2026-04-03", "2026-04-06", "2026-05-01"});
  const auto later = [&](std::string_view from, int days) {
    const auto time = office.add_days(at(from, berlin), days, berlin);
    return time ? to_local_text(*time, berlin) : "never";
  };
  CHECK(later("2026-03-02 10:00", 2) == "2026-03-04 10:00");
  CHECK(later("2026-03-06 17:30", 1) == "2026-03-09 17:30");
  CHECK(later("2026-03-06 20:00", 1) == "2026-03-09 20:00");  // by dates, not by hours
  // Saturday counts from the midnight behind Sunday, as Friday's last instant does.
  CHECK(later("2026-03-07 12:00", 1) == "2026-03-10 00:00");
  CHECK(later("2026-03-08 23:59", 1) == "2026-03-10 00:00");
  CHECK(later("2026-03-09 00:00", 1) == "2026-03-10 00:00");
  // Good Friday and Easter Monday; the clocks change in between.
  CHECK(later("2026-04-02 10:00", 1) == "2026-04-07 10:00");
  CHECK(later("2026-03-27 10:00", 5) == "2026-04-07 10:00");
  CHECK(later("2026-03-02 10:00", 0) == "2026-03-02 10:00");
  CHECK(calendar({"sat,sun 10:00-14:00"}).add_days(at("2026-03-28 02:30", berlin), 1, berlin) ==
        at("2026-03-29 03:00", berlin));  // 02:30 does not exist that night
  // 02:00 to 03:00 comes twice; whoever begins in the second one is not due before the first.
  const Time first = at("2026-10-25 02:50", berlin);
  const Time second = first + minutes{20};
  REQUIRE(to_local_text(second, berlin) == "2026-10-25 02:10");
  const Calendar daily = calendar({"09:00-18:00"});
  CHECK(*daily.add_days(first, 1, berlin) <= *daily.add_days(second, 1, berlin));
}

TEST_CASE("13: an anchor is in the inverse of business time exactly when its due is in the range") {
  Rng rng(23);
  const Zone zones[] = {zone("Europe/Berlin"),       zone("America/Santiago"),
                        zone("Australia/Lord_Howe"), zone("America/St_Johns"),
                        zone("Pacific/Apia"),        zone("UTC")};
  const char* starts[] = {"2026-03-20", "2026-10-15", "2011-12-20", "2006-10-20", "2006-04-01"};
  int empty = 0;
  for (int i = 0; i < 400; ++i) {
    const Zone& z = zones[rng.below(6)];
    const Time start = at(starts[rng.below(5)], z);
    std::vector<std::string> off;
    for (int day = 0; day < 40; ++day)
      if (rng.below(4) == 0) off.push_back(to_string(z.date_of(start + hours{24 * day - 240})));
    const char* lines[] = {"mon-fri 09:00-18:00", "00:00-24:00", "sat,sun 22:00-06:00",
                           "tue 12:00-13:00"};
    const Calendar c = calendar({lines[rng.below(4)]}, off);
    const Span span = rng.below(3) == 0
                          ? Span{0, 0, minutes{static_cast<int>(rng.below(3000)) + 1}, true}
                          : Span{0, 1 + static_cast<int>(rng.below(6)), Duration{0}, true};
    TimeRange due{start + minutes{static_cast<int>(rng.below(30000))}, {}};
    due.through = due.after + minutes{static_cast<int>(rng.below(3000)) + 1};
    const auto anchors = c.inverse(due, span, z);
    REQUIRE(anchors.size() <= 1);
    empty += anchors.empty() ? 1 : 0;
    int wrong = 0;
    std::optional<Time> before;
    const auto check = [&](Time anchor) {
      const auto reached = c.add(anchor, span, z);
      REQUIRE(reached);
      const bool is_due = *reached > due.after && *reached <= due.through;
      const bool listed =
          !anchors.empty() && anchor > anchors[0].after && anchor <= anchors[0].through;
      wrong += is_due != listed ? 1 : 0;
      wrong += *reached < anchor ? 1 : 0;
      return *reached;
    };
    for (const auto& range : anchors)
      for (const Time edge : {range.after, range.through})
        for (int ms = -1; ms <= 1; ++ms) check(edge + Duration{ms});
    for (Time a = due.after - hours{24 * 45}; a <= due.through + hours{1}; a += minutes{97}) {
      const Time reached = check(a);
      wrong += before && *before > reached ? 1 : 0;  // never back
      before = reached;
    }
    INFO(z.name() << " " << to_iso(due.after) << " " << to_iso(due.through) << " "
                  << to_string(span));
    REQUIRE(wrong == 0);
  }
  CHECK(empty > 20);
}

TEST_CASE("Opening and closing agree with walking minute by minute") {
  Rng rng(3);
  const Zone zones[] = {zone("Europe/Berlin"), zone("America/Santiago"),
                        zone("Australia/Lord_Howe")};
  for (int i = 0; i < 30; ++i) {
    const Zone& z = zones[rng.below(3)];
    std::vector<Calendar::Window> windows;
    for (std::uint64_t k = 0; k <= rng.below(6); ++k) {
      const int opens = static_cast<int>(rng.below(1440));
      windows.push_back({static_cast<unsigned>(rng.below(7)) + 1, opens,
                         opens + 1 + static_cast<int>(rng.below(1440))});
    }
    const Calendar c("test", windows, {*parse_date("2026-09-08")});
    const Time start = at(rng.below(2) == 0 ? "2026-09-03" : "2026-04-02", z);
    Time walked = start + minutes{static_cast<int>(rng.below(1440))};
    for (int step = 0; step < 3; ++step) {
      Time expected = walked;
      while (!c.open_at(expected, z)) expected += minutes{1};
      REQUIRE(c.opening(walked, z) == expected);
      Time end = expected;
      while (c.open_at(end, z) && end < expected + hours{24 * 8}) end += minutes{1};
      if (end >= expected + hours{24 * 8}) break;
      REQUIRE(c.closing(expected, z) == end);
      walked = end;
    }
  }
}

TEST_CASE("Away from DST changes a calendar is a table of weekday and minute") {
  const Zone berlin = zone("Europe/Berlin");
  const Calendar c = calendar({"mon-fri 09:00-18:00", "fri,sat 22:30-02:15"});
  for (Time t = at("2026-06-01", berlin); t < at("2026-06-08", berlin); t += minutes{5}) {
    const LocalTime local = berlin.to_local(t);
    const auto day = std::chrono::floor<std::chrono::days>(local);
    const unsigned weekday = std::chrono::weekday{day}.iso_encoding();
    const auto minute = std::chrono::duration_cast<minutes>(local - day).count();
    const bool office = weekday <= 5 && minute >= 540 && minute < 1080;
    const bool evening = (weekday == 5 || weekday == 6) && minute >= 1350;
    const bool night = (weekday == 6 || weekday == 7) && minute < 135;
    INFO(to_local_text(t, berlin));
    REQUIRE(c.open_at(t, berlin) == (office || evening || night));
  }
}

TEST_CASE("The longest gap of a week leaves days off aside") {
  CHECK(calendar({"09:00-18:00"}).longest_gap() == hours{15});
  CHECK(calendar({"mon-fri 09:00-18:00"}).longest_gap() == hours{63});
  CHECK(calendar({"sun 22:00-06:00"}).longest_gap() == hours{160});
  CHECK(calendar({"mon 09:00-18:00"}, {"2026-03-09"}).longest_gap() == hours{24 * 7 - 9});
  CHECK(calendar({"fri-mon 00:00-24:00"}).longest_gap() == hours{72});
}

TEST_CASE("Lines name days singly, in lists and in ranges around the week") {
  const auto days = [](std::string_view line) {
    const auto windows = Calendar::parse_line(line);
    INFO(line);
    REQUIRE(windows);
    std::string text;
    for (const auto& window : *windows) text += std::to_string(window.weekday);
    return text;
  };
  CHECK(days("09:00-20:00") == "1234567");
  CHECK(days("mon-fri 09:00-18:00") == "12345");
  CHECK(days("fri-mon 9:00-18:00") == "1567");
  CHECK(days("Saturday, SUN 22:00 - 06:00") == "67");
  CHECK(days("wed 09:00-18:00") == "3");
  const auto night = Calendar::parse_line("sat 22:00-06:00");
  CHECK(night->front().opens_minute == 1320);
  CHECK(night->front().closes_minute == 1800);
}

TEST_CASE("A line that cannot be read says what to write") {
  const auto message = [](std::string_view line) {
    const auto windows = Calendar::parse_line(line);
    INFO(line);
    REQUIRE_FALSE(windows);
    return windows.error().message;
  };
  const std::string remedy = "; write hours such as `09:00-18:00` or `mon-fri 09:00-18:00`";
  CHECK(message("mon-fri") == "`mon-fri`: has no hours" + remedy);
  CHECK(message("") == "``: has no hours" + remedy);
  CHECK(message("09:00") == "`09:00`: has no closing time" + remedy);
  CHECK(message("9-18") == "`9-18`: times run from 00:00 to 24:00, with a colon" + remedy);
  CHECK(message("09:00-25:00") ==
        "`09:00-25:00`: times run from 00:00 to 24:00, with a colon" + remedy);
  CHECK(message("24:00-06:00") ==
        "`24:00-06:00`: times run from 00:00 to 24:00, with a colon" + remedy);
  CHECK(message("09:00-09:00") ==
        "`09:00-09:00`: opens and closes at the same time (all day is `00:00-24:00`)" + remedy);
  CHECK(message("mo-fr 09:00-18:00") ==
        "`mo-fr 09:00-18:00`: days are mon tue wed thu fri sat sun, as in `mon-fri` or `sat,sun`" +
            remedy);
  CHECK(message("mon-fri, 09:00-18:00").find("days are mon") != std::string::npos);
}

}  // namespace
}  // namespace retaind
