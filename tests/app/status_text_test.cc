#include <catch2/catch.hpp>

#include "app/status_report.h"

using namespace retaind;
using namespace retaind::app;

TEST_CASE("a rule that works through what is due shows no next due time of the past", "[app]") {
  const Time now = from_ms(1'767'225'600'000);
  StatusReport report;
  report.at = now;
  report.running = true;
  for (const auto& [id, due] :
       {std::pair{"catching-up", now - std::chrono::hours(3)}, std::pair{"at-once", now},
        std::pair{"later", now + std::chrono::hours(1)}}) {
    RuleReport rule;
    rule.id = id;
    rule.status = "live";
    rule.next_due = due;
    report.rules.push_back(rule);
  }
  const std::string text = to_text(report, Site{});
  CAPTURE(text);
  const auto line = [&](std::string_view id) {
    const std::size_t begin = text.find(id);
    REQUIRE(begin != std::string::npos);
    return text.substr(begin, text.find('\n', begin) - begin);
  };
  CHECK(line("catching-up").ends_with("  under way"));
  CHECK(line("at-once").ends_with("  under way"));
  CHECK(line("later").ends_with("  2026-01-01 01:00"));
}
