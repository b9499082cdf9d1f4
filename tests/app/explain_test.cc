#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "app/explain_report.h"
#include "support/directory.h"
#include "support/shop.h"

using namespace retaind;
using namespace retaind::test;

namespace {

constexpr const char* win_back = R"(rule: win-back
purpose: marketing
status: live
when:
  customer: inactive
  for: 10 days
if:
  - customer.orders_count >= 2
unless:
  - customer.open_tickets > 0
then:
  - email: win-back
send-window: daytime
late-limit: 3 days
)";

/// A site's directory with this rule in it.
struct RuleFile {
  explicit RuleFile(const std::string& rule) {
    std::filesystem::create_directory(directory / "rules");
    std::ofstream(directory / "rules" / "win-back.yaml") << rule;
  }
  test::Directory directory;
};

std::string explained(Shop& shop, const RuleFile& file, const std::string& customer,
                      std::string_view rule = "win-back") {
  app::ExplainAsk asked{std::string(rule), customer, shop.clock.now()};
  if (shop.world != nullptr && shop.world->running() && shop.world->core().clock_held())
    asked.clock_until = shop.world->core().checks().clock_hold();
  const auto report = app::make_explain(shop.database, shop.site, file.directory.path(), asked);
  return report ? app::to_text(*report) : "error: " + report.error().message + "\n";
}

}  // namespace

TEST_CASE("explain prints every check in order, what was read, what decides and until when") {
  Shop shop;
  shop.rule(win_back);
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 21:30");
  shop.order("o1", "anna");
  shop.run_to("2026-03-12 21:30");
  const RuleFile directory(win_back);
  CHECK(explained(shop, directory, "anna") ==
        R"(win-back (live, marketing) for customer anna, anna, at 2026-03-12 21:30 Europe/Berlin

customer.inactive of customer anna
  counts from 2026-03-02 21:30
  due         2026-03-12 21:30, 0 minutes ago
  ledger      message 1: email:win-back held (outside-window), due 2026-03-12 21:30, next look 2026-03-13 09:00
  result      waits until 2026-03-13 09:00: outside-window, it waits for the send window to open
  decided by  rules/win-back.yaml:13  send-window: daytime
  can change  2026-03-13 09:00; before that only when facts change
  checks of email:win-back, in their order, the first NO decides (now):
    due          ok   2026-03-12 21:30
    address      ok   there is one
    suppression  ok   the address is not on the list
    consent      ok   marketing: given 2026-03-02 10:00
    state        ok   customer.inactive holds
    late-limit   ok   until 2026-03-16 09:00
    hold         ok   nothing is on hold
    window       NO   daytime opens 2026-03-13 09:00
    conditions   (no) every `if` true, no `unless` true
                      if: customer.orders_count >= 2  is false  because customer.orders_count = 1
                      unless: customer.open_tickets > 0  is false  because customer.open_tickets = 0
    cap          ok   2 in 7 days
)");
  shop.run_to("2026-03-13 09:00");
  const std::string over = explained(shop, directory, "anna");
  INFO(over);
  CHECK(over.find("  ledger      message 1: email:win-back skipped (condition-false)") !=
        std::string::npos);
  CHECK(over.find("              read then: customer.orders_count = 1, customer.open_tickets = "
                  "0\n") != std::string::npos);
  CHECK(over.find("  result      was not sent on 2026-03-13 09:00: condition-false "
                  "(`customer.orders_count >= 2`), an `if` line was false or an `unless` line was "
                  "true at the last moment\n"
                  "  decided by  rules/win-back.yaml:8  - customer.orders_count >= 2\n"
                  "  can change  never: what has ended stays ended\n") != std::string::npos);
}

TEST_CASE("explain says of a time to come what the facts of now say for it") {
  Shop shop;
  shop.rule(win_back);
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-03 10:00");
  shop.order("o1", "anna");
  shop.run_to("2026-03-05 10:00");
  const RuleFile directory(win_back);
  const std::string text = explained(shop, directory, "anna");
  INFO(text);
  CHECK(text.find(
            "  result      is due on 2026-03-13 10:00; by the facts as they are it then would "
            "not be sent: condition-false (`customer.orders_count >= 2`)") != std::string::npos);
  CHECK(text.find("  can change  2026-03-13 10:00; before that only when facts change\n") !=
        std::string::npos);
  CHECK(text.find("(for 2026-03-13 10:00):") != std::string::npos);
}

TEST_CASE("explain does not promise what a rule that has never run would leave out") {
  for (const bool all : {false, true}) {
    Shop shop;
    shop.customer("anna");
    shop.order("o1", "anna", "2026-02-01 10:00");
    const RuleFile directory(std::string(win_back) + (all ? "backlog: all\n" : ""));
    const std::string text = explained(shop, directory, "anna");
    INFO(text);
    CHECK(text.find("the rule has never run: `retaind run` or `retaind reload` takes it over") !=
          std::string::npos);
    const bool left_out =
        text.find(
            "is none of the rule's: it was due before the rule began to count (2026-03-02 "
            "10:00), and `backlog:` does not ask for it") != std::string::npos;
    CHECK(left_out == !all);
  }
}

TEST_CASE("explain finds customers by id, alias and address, and rules by their nearest name") {
  Shop shop;
  shop.rule(win_back);
  shop.customer("anna");
  shop.write([](store::Facts& facts) { facts.add_alias("guest-17", facts.find_customer("anna")); });
  CustomerFact twin;
  twin.key = "anna-2";
  twin.email = "anna@example.com";
  shop.start();
  const RuleFile directory(win_back);
  const std::string by_key = explained(shop, directory, "anna");
  CHECK(by_key.find("for customer anna,") != std::string::npos);
  CHECK(explained(shop, directory, "guest-17") == by_key);
  CHECK(explained(shop, directory, "Anna@Example.com") == by_key);
  shop.customer(twin);
  CHECK(explained(shop, directory, "anna@example.com") ==
        "error: 2 customers have the address `anna@example.com`; name one by its id:\n  anna  "
        "anna\n  anna-2\n");
  CHECK(explained(shop, directory, "ana") ==
        "error: there is no customer `ana` (near: `anna`); customers are found by the id that you "
        "imported, by another id of theirs, or by e-mail address\n");
  CHECK(explained(shop, directory, "anna", "win-bak") ==
        "error: there is no rule `win-bak`; did you mean `win-back`?\n");
}

TEST_CASE("explain is about the text that runs, and says when the file is another one") {
  Shop shop;
  shop.rule(win_back);
  shop.customer("anna");
  shop.start();
  std::string edited = win_back;
  edited.replace(edited.find("10 days"), 7, "20 days");
  const RuleFile directory(edited);
  std::string text = explained(shop, directory, "anna");
  INFO(text);
  CHECK(text.find("the rule rules/win-back.yaml has been edited since: this is about the text that "
                  "runs until `retaind reload`\n") != std::string::npos);
  CHECK(text.find("nothing of this customer makes an occurrence: the rule counts from "
                  "customer.inactive and 10 days, and none of 1 customer is there or has that "
                  "date\n") != std::string::npos);
}

TEST_CASE("explain says of a pass what the next one finds, and that the last did not match") {
  const std::string rule =
      "rule: weekly\npurpose: marketing\nstatus: live\nwhen:\n  every: monday\n  at: 12:00\n"
      "  each: customer\nif: customer.orders_count >= 2\nthen:\n  - email: thanks\n";
  Shop shop;
  shop.rule(rule);
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-04 10:00");
  const RuleFile directory(rule);
  const std::string text = explained(shop, directory, "anna", "weekly");
  INFO(text);
  CHECK(text.find("did not match when the pass of 2026-03-02 12:00 came to it: of those the ledger "
                  "has only how many there were, by reason; by the facts as they are now it would "
                  "not be sent: condition-false") != std::string::npos);
  CHECK(text.find("never: the next pass decides anew") != std::string::npos);
  CHECK(
      text.find("is due on 2026-03-09 12:00; by the facts as they are it then would not be sent") !=
      std::string::npos);
  CHECK(text.find("if: customer.orders_count >= 2  is false  because customer.orders_count = 0") !=
        std::string::npos);
  shop.order("o1", "anna");
  shop.order("o2", "anna");
  shop.run_to("2026-03-09 13:00");
  const std::string later = explained(shop, directory, "anna", "weekly");
  INFO(later);
  CHECK(later.find("was sent on 2026-03-09 12:00") != std::string::npos);
}

TEST_CASE("explain sees that the clock has jumped, and until when nothing leaves") {
  const std::string rule =
      "rule: at-once\npurpose: transactional\nstatus: live\nwhen:\n  event: order.completed\n"
      "then:\n  - email: thanks\nsend-window: daytime\n";
  Shop shop;
  shop.rule(rule);
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 21:00");
  shop.order("o1", "anna");
  shop.clock.jump(std::chrono::hours(13));
  Shop::expect_ok(shop.world->settle());
  Shop::expect_ok(shop.world->run_to(shop.clock.now() + std::chrono::minutes(4)));
  const RuleFile directory(rule);
  const std::string text = explained(shop, directory, "anna", "at-once");
  INFO(text);
  CHECK(text.find("  result      waits until 2026-03-03 10:10: clock, ") != std::string::npos);
  CHECK(text.find("  can change  2026-03-03 10:10; before that only when facts change\n") !=
        std::string::npos);
  CHECK(
      text.find("    clock        NO   the clock has jumped: `retaind release --clock` when it is "
                "right, or ten steady minutes\n") != std::string::npos);
  Shop::expect_ok(shop.world->run_to(shop.clock.now() + std::chrono::minutes(7)));
  const std::string later = explained(shop, directory, "anna", "at-once");
  INFO(later);
  CHECK(later.find("was sent on 2026-03-03 10:10") != std::string::npos);
  CHECK(later.find("clock") == std::string::npos);
}

TEST_CASE("explain says never where a calendar does not open") {
  const std::string rule =
      "rule: waiting\npurpose: transactional\nstatus: live\nwhen:\n  event: order.completed\n"
      "  after: 2 business days\nthen:\n  - email: thanks\nsend-window: closed\n";
  Shop shop;
  std::vector<LocalDate> mondays;
  for (std::chrono::sys_days day{LocalDate{std::chrono::year{2026} / 3 / 2}}; mondays.size() < 300;
       day += std::chrono::days{7})
    mondays.emplace_back(day);
  shop.site.calendars["closed"] =
      Calendar("closed", *Calendar::parse_line("mon 09:00-18:00"), mondays);
  shop.rule(rule);
  shop.customer("anna");
  shop.start();
  shop.order("o1", "anna");
  const RuleFile directory(rule);
  const std::string text = explained(shop, directory, "anna", "waiting");
  INFO(text);
  CHECK(text.find("2200") == std::string::npos);
  CHECK(text.find("never") != std::string::npos);
}
