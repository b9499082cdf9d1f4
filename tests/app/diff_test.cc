#include "replay/diff.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <tuple>
#include <vector>

#include "app/diff_report.h"
#include "app/explain_report.h"
#include "base/file.h"
#include "replay/world.h"
#include "support/lived_site.h"
#include "support/sanitized.h"

using namespace retaind;
using namespace retaind::test;
namespace fs = std::filesystem;

namespace {

/// The rule files of a site, put back at the end.
struct Edit {
  explicit Edit(const DemoSite& site) : rules(site.directory / "rules") {
    for (const auto& entry : fs::directory_iterator(rules))
      kept[entry.path()] = *read_file(entry.path(), 1U << 20U);
  }
  ~Edit() {
    for (const auto& entry : fs::directory_iterator(rules)) fs::remove(entry.path());
    for (const auto& [path, text] : kept) std::ofstream(path) << text;
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(rules / (name + ".yaml")) << text;
  }
  void replace(const std::string& name, const std::string& old, const std::string& with) const {
    std::string text = kept.at(rules / (name + ".yaml"));
    REQUIRE(text.find(old) != std::string::npos);
    write(name, text.replace(text.find(old), old.size(), with));
  }
  void remove(const std::string& name) const { fs::remove(rules / (name + ".yaml")); }
  fs::path rules;
  std::map<fs::path, std::string> kept;
};

std::string line_of(const replay::PlannedRow& row) {
  return row.rule + " " + row.step + " " + row.subject + " " + std::to_string(row.part) + " " +
         std::to_string(row.repeat) + " " + std::string(name_of(row.state)) + " " +
         std::string(name_of(row.reason)) + " " + to_iso(row.due) + " " +
         (is_final(row.state) && row.at ? to_iso(*row.at) : "") + " " +
         (row.outcome == replay::PlannedOutcome::sent ? row.text : "");
}

std::vector<std::string> lines_of(const std::vector<replay::PlannedRow>& rows) {
  std::vector<std::string> lines;
  for (const replay::PlannedRow& row : rows) lines.push_back(line_of(row));
  return lines;
}

std::string changes_of(const app::DiffReport& report) {
  const std::string text = app::to_text(report, 0);
  const std::size_t begin = text.find("\n\n") + 2;
  return text.substr(begin, text.find("\n\n", begin) + 1 - begin);
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
)";

}  // namespace

TEST_CASE("diff names what a reload would do, and applied it is exactly the change of the plan") {
  DemoSite demo(5, "2026-04-10 08:00");
  demo.add_rule("nudge", nudge);
  demo.begin(demo.now - std::chrono::hours(24 * 40));
  std::map<replay::Difference::Kind, int> kinds;
  for (const int days_ago : RETAIND_SANITIZED ? std::vector{7} : std::vector{28, 14, 7, 0}) {
    demo.live_to(demo.now - std::chrono::hours(24 * days_ago));
    const Time now = demo.now - std::chrono::hours(24 * days_ago);
    const auto asked = [&] {
      auto report = app::make_diff(demo.directory, 7, now, {});
      REQUIRE(report);
      // Carried out, the differences make the old plan the new one.
      CHECK(lines_of(replay::apply(report->before.rows, report->differences)) ==
            lines_of(report->after.rows));
      // And the new plan is what the files do: lived in a copy by a world of its own.
      auto shadow = store::Database::shadow_of(demo.store());
      REQUIRE(shadow);
      const auto plan = replay::plan(*shadow, demo.files(), now, report->after.to);
      REQUIRE(plan);
      CHECK(lines_of(plan->rows) == lines_of(report->after.rows));
      for (const replay::Difference& difference : report->differences) ++kinds[difference.kind];
      return *std::move(report);
    };
    {
      const auto same = asked();
      CHECK(changes_of(same) == "no rule differs\n");
      CHECK(same.differences.empty());
    }
    {
      Edit edit(demo);
      edit.replace("nudge", "after: 2 days", "after: 3 days");
      const auto report = asked();
      INFO(app::to_text(report, 20));
      CHECK(changes_of(report).find("changed   nudge (live): when\n") == 0);
    }
    {
      Edit edit(demo);
      edit.replace("nudge", "then:", "if:\n  - customer.orders_count >= 3\nthen:");
      edit.replace("thanks-and-feedback", "status: live", "status: paused");
      const auto report = asked();
      INFO(app::to_text(report, 20));
      CHECK(changes_of(report).find("changed   nudge (live): if\n") == 0);
      CHECK(changes_of(report).find("status    thanks-and-feedback (live → paused)\n") !=
            std::string::npos);
    }
    {
      // Many wait for the same opening of the window: nobody is told that these move.
      Edit edit(demo);
      edit.replace("thanks-and-feedback", "after: 7 days", "after: 170 hours");
      const auto report = asked();
      INFO(app::to_text(report, 20));
      for (const replay::Difference& difference : report.differences) {
        if (!difference.before || !difference.after) continue;
        const auto end_of = [](const replay::PlannedRow& row) {
          const bool sent = row.outcome == replay::PlannedOutcome::sent;
          return std::tuple(row.state, row.reason, sent ? row.when() : Time{},
                            sent ? row.text : "");
        };
        CHECK((difference.kind == replay::Difference::Kind::due) ==
              (end_of(*difference.before) == end_of(*difference.after)));
      }
    }
    {
      Edit edit(demo);
      for (const std::string locale : {"en", "ja", "zh"})
        fs::copy_file(demo.directory / "templates" / ("welcome." + locale + ".liquid"),
                      demo.directory / "templates" / ("brief." + locale + ".liquid"),
                      fs::copy_options::overwrite_existing);
      edit.replace("nudge", "    step: second", "    step: second\n    variants: {brief: 50%}");
      const auto report = asked();
      INFO(app::to_text(report, 20));
      CHECK(changes_of(report).find("changed   nudge (live): then\n") == 0);
      for (const replay::Difference& difference : report.differences) {
        CHECK(difference.kind == replay::Difference::Kind::reworded);
        CHECK(difference.after->text == "brief");
        CHECK(difference.before->text == "welcome");
      }
    }
    {
      Edit edit(demo);
      edit.remove("nudge");
      edit.write("fresh", std::string(nudge).replace(6, 5, "fresh") + "backlog: 5 days\n");
      const auto report = asked();
      INFO(app::to_text(report, 20));
      CHECK(changes_of(report).find("added     fresh (live)\n") != std::string::npos);
      CHECK(changes_of(report).find("taken by `backlog:`\n") != std::string::npos);
      CHECK(changes_of(report).find("removed   nudge (live)\n") != std::string::npos);
    }
    {
      Edit edit(demo);
      edit.remove("nudge");
      edit.write("renamed", std::string(nudge).replace(0, 11, "rule: renamed\nwas: nudge"));
      auto report = app::make_diff(demo.directory, 7, now, {});
      REQUIRE(report);
      INFO(app::to_text(*report, 20));
      CHECK(changes_of(*report).find("renamed   nudge → renamed (live)\n") == 0);
      CHECK(report->differences.empty());
    }
  }
  for (const auto kind : {replay::Difference::Kind::appears, replay::Difference::Kind::vanishes,
                          replay::Difference::Kind::moves, replay::Difference::Kind::reworded,
                          replay::Difference::Kind::other, replay::Difference::Kind::due}) {
    CAPTURE(static_cast<int>(kind));
    CHECK(kinds[kind] > 0);
  }
}

TEST_CASE("diff and explain take the rules that run with the settings that they run with") {
  DemoSite demo(5, "2026-04-10 08:00");
  demo.begin(demo.now - std::chrono::hours(24 * 20));
  demo.live_to(demo.now);
  const auto as_it_runs = app::make_diff(demo.directory, 7, demo.now, {});
  REQUIRE(as_it_runs);
  CHECK(as_it_runs->settings.empty());
  const fs::path file = demo.directory / "retaind.yaml";
  std::string text = *read_file(file, 1U << 20U);
  for (const auto& [old, with] :
       {std::pair<std::string, std::string>{"daytime: 05:00-15:00", "daytime: 14:00-15:00"},
        {"messages: 2", "messages: 1"}}) {
    REQUIRE(text.find(old) != std::string::npos);
    text.replace(text.find(old), old.size(), with);
  }
  std::ofstream(file) << text;
  const auto report = app::make_diff(demo.directory, 7, demo.now, {});
  REQUIRE(report);
  INFO(app::to_text(*report, 20));
  CHECK(changes_of(*report) == "no rule differs\nsettings  retaind.yaml: calendars, cap\n");
  // The running side is what it was before the edit, the other one what the files do.
  CHECK(lines_of(report->before.rows) == lines_of(as_it_runs->before.rows));
  CHECK(report->differences.size() > 10);
  for (const replay::PlannedRow& row : report->after.rows) {
    if (row.rule == "thanks-and-feedback" && row.outcome == replay::PlannedOutcome::sent)
      CHECK(to_local_text(row.when(), row.zone).substr(11, 2) == "14");
  }
  CHECK(report->restart.empty());
  store::Statement& customer = demo.live().prepared("SELECT key FROM customers LIMIT 1");
  REQUIRE(customer.step());
  const std::string key{customer.text(0)};
  customer.reset();
  const auto explained = app::make_explain(demo.live(), report->site, demo.directory,
                                           {"thanks-and-feedback", key, demo.now});
  REQUIRE(explained);
  CHECK(explained->site.cap.messages == 2);

  text.replace(text.find("time-zone: "), 11, "time-zone: Asia/Tokyo # ");
  std::ofstream(file) << text;
  const auto moved = app::make_diff(demo.directory, 7, demo.now, {});
  REQUIRE(moved);
  CHECK(changes_of(*moved) ==
        "no rule differs\nsettings  retaind.yaml: calendars, cap, time-zone\n          `time-zone` "
        "needs a restart: `retaind reload` would refuse all of it\n");
}
