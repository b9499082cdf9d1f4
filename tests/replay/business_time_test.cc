#include <catch2/catch.hpp>

#include "rules.h"

using namespace retaind;
using namespace retaind::test;

namespace {

Calendar office(const std::vector<LocalDate>& days_off) {
  return {"support-hours", *Calendar::parse_line("mon-fri 09:00-18:00"), days_off};
}

const std::string remind =
    "rule: remind\npurpose: internal\nstatus: live\nwhen:\n  ticket: unresolved\n  for: 16 "
    "business "
    "hours\nthen:\n  - notify: support\n    template: ticket-reminder\n    after: 20 business "
    "hours\nsend-window: support-hours\n";

}  // namespace

TEST_CASE("13: a new holiday moves what counts by the calendar, as an edit of the rule does") {
  Shop shop("2026-03-02 09:00");
  shop.rule(remind);
  shop.customer("anna");
  shop.start();
  shop.ticket("t1", "open", "anna");  // 16 hours: Tuesday 16:00; 20 hours: Wednesday 11:00
  shop.run_to("2026-03-03 17:00");
  CHECK(shop.due("notify:ticket-reminder", "t1") == "2026-03-04 11:00");
  shop.ticket("t2", "open", "anna");  // Thursday 15:00, not yet planned
  shop.site.calendars["support-hours"] = office({*parse_date("2026-03-04")});
  shop.reload();
  CHECK(shop.due("notify:ticket-reminder", "t1") == "2026-03-05 11:00");
  shop.run_to("2026-03-20 09:00");
  CHECK(shop.ledger() == Lines{"notify:ticket-reminder t1 sent", "notify:ticket-reminder t2 sent"});
  CHECK(shop.due("notify:ticket-reminder", "t2") == "2026-03-09 10:00");
}

TEST_CASE("13: also when only a step counts by it, and the trigger does not") {
  Shop shop("2026-03-02 09:00");
  std::string text = remind;
  const std::string own = "16 business hours";
  shop.rule(text.replace(text.find(own), own.size(), "1 hour"));
  shop.customer("anna");
  shop.start();
  shop.ticket("t1", "open", "anna");
  shop.run_to("2026-03-03 17:00");
  CHECK(shop.due("notify:ticket-reminder", "t1") == "2026-03-04 11:00");
  shop.site.calendars["support-hours"] = office({*parse_date("2026-03-04")});
  shop.reload();
  shop.run_to("2026-03-05 10:00");
  CHECK(shop.due("notify:ticket-reminder", "t1") == "2026-03-05 11:00");
  shop.run_to("2026-03-20 09:00");
  CHECK(shop.ledger() == Lines{"notify:ticket-reminder t1 sent"});
}
