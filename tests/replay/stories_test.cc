#include "replay/stories.h"

#include <catch2/catch.hpp>

#include "base/text.h"
#include "rules.h"

using namespace retaind;
using namespace retaind::test;

namespace {

/// A story of anna, who agreed to everything, and bert, who did not, about these rules.
struct Told {
  Told(std::initializer_list<std::string> rules,
       const std::map<std::string, std::string>& templates = {}) {
    for (const auto& [name, text] : templates) shop.templates[name] = text;
    for (const std::string& rule : rules) shop.rule(rule);
    auto read = shop.files();
    INFO((read ? std::string() : read.error().message));
    REQUIRE(read);
    files = *std::move(read);
    coverage = replay::Coverage(files.rules);
  }

  /// What went wrong, or "passed".
  std::string play(const std::string& lines) {
    const std::string text =
        "test: everyone\nstarts: 2026-03-02 10:00\npeople:\n"
        "  anna: {email: anna@example.com, first_name: Anna, consent: [marketing, feedback]}\n"
        "  bert: {email: bert@example.com, first_name: Bert}\n"
        "cases:\n  - name: a case\n    story:\n" +
        lines;
    language::TemplateNames names{files.templates.names()};
    std::vector<language::Diagnostic> found;
    auto source = std::make_shared<language::Source>(language::Source{"tests/a.yaml", text});
    const auto story = language::check_story(source, {files.site, files.rules, names}, found);
    INFO(language::to_text(found, language::Format::human, false));
    REQUIRE(story);
    const auto result = replay::run_case(*story, story->cases.at(0), files, coverage);
    if (!result.failure) return "passed";
    std::string out = result.failure->when;
    for (const std::string& entry : result.failure->found) out += "\n" + entry;
    return out;
  }

  [[nodiscard]] Lines gaps() const {
    Lines lines;
    for (const auto& gap : coverage.gaps()) lines.push_back(gap.what);
    return lines;
  }

  Shop shop;
  delivery::SiteFiles files;
  replay::Coverage coverage{{}};
};

constexpr const char* bought =
    "      - {at: day 0, event: order.completed, order: {id: 1001, customer: anna}}\n";

}  // namespace

TEST_CASE("a story sends with the real engine and finds what was expected", "[story]") {
  Told told({thanks()});
  CHECK(told.play(std::string(bought) +
                  "      - {at: day 7 09:59, expect: nothing}\n"
                  "      - {at: day 7 10:00, expect: [{email: thanks, to: anna, about: 1001, rule: "
                  "thanks, subject: thanks, says: Hello   Anna, says-not: Bert}]}\n"
                  "      - {at: day 60, expect: nothing}\n") == "passed");
}

TEST_CASE("what happens at the very start is not taken for backlog", "[story]") {
  Told told({at_once()});
  CHECK(told.play(std::string(bought) +
                  "      - {at: day 0, expect: [{email: welcome, to: anna}]}\n") == "passed");
}

TEST_CASE("a message that did not go is explained by the line that decided", "[story]") {
  Told told({thanks("unless:\n  - order.refunded\n")});
  CHECK(told.play(std::string(bought) +
                  "      - {at: day 5, event: order.refunded, order: 1001}\n"
                  "      - {at: day 8, expect: [{email: thanks, to: anna, says: Dear Anna}]}\n") ==
        "day 8, Tuesday 2026-03-10 10:00\n"
        "expected    email `thanks` to anna, saying `Dear Anna`\n"
        "got         nothing of the kind\n"
        "because     condition-false: anna's order 1001, rule `thanks`\n"
        "            `unless: order.refunded` in rules/thanks:10:5\n"
        "            it read order.refunded = yes");
}

TEST_CASE("an unexpected message says what it is, and which rule sent it why", "[story]") {
  Told told({thanks(), at_once()});
  CHECK(told.play(std::string(bought) + "      - {at: day 3, expect: nothing}\n") ==
        "day 3, Thursday 2026-03-05 10:00\n"
        "unexpected  email `welcome` to anna about 1001 on day 0, Monday 2026-03-02 10:00\n"
        "            subject: welcome\n"
        "sent by     rule `at-once`, rules/at-once:7:5: order.completed on 2026-03-02 10:00");
  // Also beside what was expected, and behind the last line that expects something.
  CHECK(told.play(std::string(bought) + "      - {at: day 7, expect: [{email: thanks}]}\n")
            .find("unexpected  email `welcome` to anna") != std::string::npos);
  CHECK(told.play(std::string(bought) + "      - {at: day 6, expect: [{email: welcome}]}\n"
                                        "      - {at: day 9, daemon: reloads}\n")
            .find("unexpected  email `thanks` to anna about 1001 on day 7") != std::string::npos);
}

TEST_CASE("an unexpected message says its own time and its variant", "[story]") {
  Told told({at_once("    after: 2 days\n    variants: {short: 100%}\n")},
            {{"short", "---\nsubject: In short\n---\n<p>Ta</p>"}});
  CHECK(told.play(std::string(bought) + "      - {at: day 3, expect: nothing}\n") ==
        "day 3, Thursday 2026-03-05 10:00\n"
        "unexpected  email `welcome` to anna about 1001, variant `short`, on day 2, Wednesday "
        "2026-03-04 10:00\n"
        "            subject: In short\n"
        "sent by     rule `at-once`, rules/at-once:7:5: 2 days after order.completed on 2026-03-02 "
        "10:00");
  CHECK(told.play(std::string(bought) + "      - {at: day 3, expect: [{email: short}]}\n")
            .find("because     `short` is a variant of email `welcome`, by rule `at-once`; write: "
                  "{email: welcome, variant: short}\n") != std::string::npos);
  CHECK(told.play(std::string(bought) +
                  "      - {at: day 3, expect: [{email: welcome, variant: short}]}\n") == "passed");
}

TEST_CASE("whom a pass does not match has a reason in a story, with the line that decided",
          "[story][each]") {
  const std::string weekly =
      "rule: weekly\npurpose: marketing\nstatus: live\nwhen:\n  every: monday\n  at: 12:00\n"
      "  each: customer\nif: customer.last_active_at within last 30 days\nthen:\n  - email: "
      "thanks\n";
  Told told({weekly});
  const std::string asked = "      - {at: day 1, expect: nothing, because: ";
  CHECK(told.play(asked + "unknown-data, to: anna}\n") == "passed");
  CHECK(told.play(asked + "no-consent, to: bert}\n") == "passed");
  CHECK(told.play(asked + "on-hold, to: anna}\n")
            .find("unknown-data: anna, rule `weekly`\n"
                  "            `if: customer.last_active_at within last 30 days` in") !=
        std::string::npos);
  CHECK(told.play(std::string(bought) + "      - {at: day 0 12:00, expect: [{email: thanks, to: "
                                        "anna}]}\n      - {at: day 8, expect: [{email: thanks, "
                                        "to: anna}]}\n") == "passed");
}

TEST_CASE("a message that says something else is shown with its text", "[story]") {
  Told told({thanks()});
  CHECK(told.play(std::string(bought) +
                  "      - {at: day 7, expect: [{email: thanks, says: Hello Bert}]}\n") ==
        "day 7, Monday 2026-03-09 10:00\n"
        "expected    email `thanks`, saying `Hello Bert`\n"
        "got         email `thanks` to anna about 1001, which does not say `Hello Bert`\n"
        "            | thanks\n"
        "            | Hello Anna");
  const auto says = [&](const std::string& message) {
    return told.play(std::string(bought) + "      - {at: day 7, expect: [{" + message + "}]}\n");
  };
  CHECK(says("email: thanks, says-not: Anna").find("which says `Anna`") != std::string::npos);
  CHECK(says("email: thanks, subject: thank").find("which has the subject `thanks`") !=
        std::string::npos);
  CHECK(says("email: thanks, to: bert").find("which goes to anna") != std::string::npos);
  CHECK(says("email: thanks, to: anna") == "passed");
}

TEST_CASE("a reason is asserted, and told when it is another", "[story]") {
  Told told({thanks("unless:\n  - order.refunded\n")});
  const std::string refunded =
      std::string(bought) + "      - {at: day 5, event: order.refunded, order: 1001}\n";
  CHECK(told.play(refunded +
                  "      - {at: day 8, expect: nothing, because: condition-false, to: anna, rule: "
                  "thanks}\n") == "passed");
  CHECK(told.play(refunded + "      - {at: day 8, expect: nothing, because: no-consent}\n") ==
        "day 8, Tuesday 2026-03-10 10:00\n"
        "expected    nothing, because of no-consent\n"
        "got         condition-false: anna's order 1001, rule `thanks`\n"
        "            `unless: order.refunded` in rules/thanks:10:5\n"
        "            it read order.refunded = yes");
  CHECK(told.play(refunded +
                  "      - {at: day 8, expect: nothing, because: condition-false, to: bert}\n") ==
        "day 8, Tuesday 2026-03-10 10:00\n"
        "expected    nothing, because of condition-false, for bert\n"
        "got         nothing, and no reason: nothing has become due");
  // A reason that ended something is told once; the next look is about what came after.
  CHECK(told.play(refunded + "      - {at: day 8, expect: nothing, because: condition-false}\n"
                             "      - {at: day 9, expect: nothing, because: condition-false}\n")
            .find("nothing, and no reason") != std::string::npos);
}

TEST_CASE("a reason for which something waits holds as long as it waits", "[story]") {
  Told told({thanks("send-window: daytime\n")});
  CHECK(told.play("      - {at: day 0 22:00, event: order.completed, order: {id: 1, customer: "
                  "anna}}\n"
                  "      - {at: day 7 23:00, expect: nothing, because: outside-window}\n"
                  "      - {at: day 8 08:59, expect: nothing, because: outside-window}\n"
                  "      - {at: day 8 09:00, expect: [{email: thanks}]}\n") == "passed");
}

TEST_CASE("what a draft would send is nothing, for that reason", "[story]") {
  std::string draft = thanks();
  draft.replace(draft.find("status: live"), 12, "status: draft");
  Told told({draft});
  CHECK(told.play(std::string(bought) +
                  "      - {at: day 7, expect: nothing, because: would-send, to: anna}\n") ==
        "passed");
}

TEST_CASE("the daemon of a story stops, starts and crashes", "[story]") {
  Told told({thanks()});
  CHECK(told.play(std::string(bought) + "      - {at: day 6, daemon: stops}\n"
                                        "      - {at: day 8, expect: nothing}\n"
                                        "      - {at: day 9, daemon: starts}\n"
                                        "      - {at: day 9, expect: [{email: thanks, to: anna}]}\n"
                                        "      - {at: day 9 10:06, daemon: crashes-and-restarts}\n"
                                        "      - {at: day 60, expect: nothing}\n") == "passed");
  CHECK(told.play(std::string(bought) +
                  "      - {at: day 6, daemon: crashes}\n"
                  "      - {at: day 11, daemon: starts}\n"
                  "      - {at: day 60, expect: nothing, because: late-limit}\n") == "passed");
}

TEST_CASE("holds, rules and servers change in a story", "[story]") {
  Told told({thanks()});
  const auto until = [&](const std::string& lines) { return told.play(bought + lines); };
  CHECK(until("      - {at: day 6, hold: {customer: anna}}\n"
              "      - {at: day 7, expect: nothing, because: on-hold}\n"
              "      - {at: day 8, release: {customer: anna}}\n"
              "      - {at: day 8, expect: [{email: thanks}]}\n") == "passed");
  CHECK(until("      - {at: day 6, hold: all}\n"
              "      - {at: day 30, release: all}\n"
              "      - {at: day 30, expect: nothing, because: late-limit}\n") == "passed");
  CHECK(until("      - {at: day 6, rules: {thanks: paused}}\n"
              "      - {at: day 7, expect: nothing, because: paused}\n"
              "      - {at: day 8, rules: {thanks: live}}\n"
              "      - {at: day 8, expect: [{email: thanks}]}\n") == "passed");
  CHECK(until("      - {at: day 7, expect: [{email: thanks}]}\n"
              "      - {at: day 8, rules: {thanks: removed}}\n"
              "      - {at: day 9, event: order.completed, order: {id: 1002, customer: anna}}\n"
              "      - {at: day 60, expect: nothing}\n") == "passed");
  CHECK(until("      - {at: day 6, server: refuses}\n"
              "      - {at: day 7, expect: nothing, because: rejected}\n") == "passed");
  CHECK(until("      - {at: day 6, server: away}\n"
              "      - {at: day 8, expect: nothing}\n"
              "      - {at: day 8, server: answers}\n"
              "      - {at: day 8 10:10, expect: [{email: thanks}]}\n") == "passed");
  // It took the mail and never said so: it may have arrived, and is not sent again.
  CHECK(until("      - {at: day 6, server: silent}\n"
              "      - {at: day 7, expect: [{email: thanks}]}\n"
              "      - {at: day 60, expect: nothing}\n") == "passed");
}

TEST_CASE("facts of one instant become known together", "[story]") {
  Told told({at_once("unless:\n  - customer.open_tickets > 0\n")});
  CHECK(told.play(std::string(bought) +
                  "      - {at: day 0, event: ticket.opened, ticket: {id: T1, customer: anna}}\n"
                  "      - {at: day 1, expect: nothing, because: condition-false}\n") == "passed");
}

TEST_CASE("consent, suppression and the person's fields change in a story", "[story]") {
  Told told({thanks()});
  const auto told_of = [&](const std::string& line) {
    return told.play(std::string(bought) + line);
  };
  CHECK(told_of("      - {at: day 6, consent: {customer: anna, purpose: feedback, granted: no}}\n"
                "      - {at: day 60, expect: nothing, because: no-consent}\n") == "passed");
  CHECK(told_of("      - {at: day 6, suppress: anna}\n"
                "      - {at: day 60, expect: nothing, because: suppressed}\n") == "passed");
  CHECK(told_of("      - {at: day 6, customer: {id: anna, first_name: Annabel}}\n"
                "      - {at: day 7, expect: [{email: thanks, says: Hello Annabel}]}\n") ==
        "passed");
}

TEST_CASE("a digest is about all of its tickets", "[story]") {
  Told told(
      {"rule: unresolved\npurpose: internal\nstatus: live\nwhen:\n  ticket: unresolved\n  for: 48 "
       "hours\nthen:\n  - notify: support\n    template: ticket-reminder\n    digest: 15 "
       "minutes\n"});
  const std::string opened =
      "      - {at: day 0 10:00, event: ticket.opened, ticket: {id: T1, customer: anna}}\n"
      "      - {at: day 0 10:05, event: ticket.opened, ticket: {id: T2, customer: bert}}\n";
  CHECK(told.play(opened +
                  "      - {at: day 2 10:15, expect: [{notify: support, about: [T2, T1], says: "
                  "[ticket T1, ticket T2]}]}\n") == "passed");
  CHECK(told.play(opened + "      - {at: day 2 10:15, expect: [{notify: support, about: T1}]}\n")
            .find("which is about T1, T2") != std::string::npos);
}

TEST_CASE("a refused fact fails its line and says why", "[story]") {
  Told told({thanks()});
  const std::string said = told.play(
      "      - {at: day 1, event: feedback.received, feedback: {customer: anna, kind: nps, score: "
      "11}}\n      - {at: day 2, expect: nothing}\n");
  CHECK(said.starts_with("day 1, Tuesday 2026-03-03 10:00\n"));
  CHECK(said.find("nps") != std::string::npos);
}

TEST_CASE("what was never true, false, decided, fired or sent is a gap", "[story]") {
  Told told({thanks("unless:\n  - order.refunded\nstop-if:\n  - customer.open_tickets > 0\n"),
             escalated(), at_once("if:\n  - order.total > 10 EUR\n")});
  CHECK(told.gaps() == Lines{"rule `at-once` never fired in any test",
                             "rule `thanks` never fired in any test",
                             "rule `unresolved` never fired in any test"});
  const std::string first = told.play(std::string(bought) +
                                      "      - {at: day 2, event: ticket.opened, ticket: {id: T1, "
                                      "customer: bert}}\n"
                                      "      - {at: day 7, expect: [{email: thanks}, {notify: "
                                      "support}, {notify: support-lead}, {notify: support-lead}, "
                                      "{notify: support-lead}]}\n");
  CHECK(first == "passed");
  CHECK(told.gaps() == Lines{"`email:welcome` was never sent in any test",
                             "`if: order.total > 10 EUR` was never known in any test",
                             "`unless: order.refunded` was never true in any test",
                             "`stop-if: customer.open_tickets > 0` was never true in any test"});
  told.play(
      "      - {at: day 0, event: order.completed, order: {id: 1, customer: anna, total: 5 EUR}}\n"
      "      - {at: day 0, event: order.completed, order: {id: 2, customer: anna, total: 50 "
      "EUR}}\n"
      "      - {at: day 1, event: order.refunded, order: 1}\n"
      "      - {at: day 2, event: ticket.opened, ticket: {id: T1, customer: anna}}\n"
      "      - {at: day 60, expect: nothing}\n");
  CHECK(told.gaps() == Lines{"`unless: order.refunded` was never true in any test"});
  told.play(std::string(bought) +
            "      - {at: day 1, event: order.refunded, order: 1001}\n"
            "      - {at: day 60, expect: nothing}\n");
  CHECK(told.gaps().empty());
  CHECK(told.coverage.tried() == told.coverage.conditions());
}

TEST_CASE("a condition that no decision reached was never decided", "[story]") {
  Told told({thanks("unless:\n  - order.refunded\n")});
  CHECK(told.play("      - {at: day 0, event: order.completed, order: {id: 1, customer: bert}}\n"
                  "      - {at: day 60, expect: nothing, because: no-consent}\n") == "passed");
  CHECK(told.gaps() == Lines{"`email:thanks` was never sent in any test",
                             "`unless: order.refunded` was never decided in any test"});
}

TEST_CASE("a case that does not exist is an error with the nearest name", "[story]") {
  Told told({thanks()});
  language::TemplateNames names{told.files.templates.names()};
  std::vector<language::Diagnostic> found;
  auto source = std::make_shared<language::Source>(language::Source{
      "tests/a.yaml",
      "test: everyone\nstarts: 2026-03-02 10:00\ncases:\n  - name: silence\n    story:\n      - "
      "{at: day 1, expect: nothing}\n  - name: more silence\n    story:\n      - {at: day 1, "
      "expect: nothing}\n"});
  std::vector<language::Story> stories{
      *language::check_story(source, {told.files.site, told.files.rules, names}, found)};
  const SimClock clock{Time{}};
  const auto missing = replay::run_stories(stories, told.files, {"silense"}, clock);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message == "no case is called `silense`; did you mean `silence`?");
  const auto one = replay::run_stories(stories, told.files, {"silence"}, clock);
  REQUIRE(one);
  CHECK(one->cases() == 1);
  CHECK(replay::run_stories(stories, told.files, {}, clock)->cases() == 2);
}
