#include "language/story.h"

#include <catch2/catch.hpp>

#include "language/codes.h"
#include "rule_text.h"
#include "support/directory.h"

namespace lang = retaind::language;
using namespace retaind;
using lang::StoryLine;

namespace {

lang::Story story(const std::string& text) {
  auto checked = rule_text::check_story(text);
  INFO(checked.text());
  REQUIRE(checked.story);
  return *std::move(checked.story);
}

/// The lines of a case with one person, anna.
std::vector<StoryLine> lines(const std::string& text) {
  return story(rule_text::completed_story(text)).cases.at(0).lines;
}

const lang::StoryFact& fact(const std::vector<StoryLine>& all, std::size_t index) {
  REQUIRE(all.at(index).fact);
  return *all[index].fact;
}

std::string value(const lang::StoryFact& fact, std::string_view field) {
  const lang::StoryValue* found = fact.find(field);
  if (found == nullptr) return "-";
  if (found->value.kind == Cell::Kind::text) return found->text;
  if (found->field->type == ImportType::time) return to_iso(from_ms(found->value.integer));
  return std::to_string(found->value.integer) + std::string(found->currency.view());
}

}  // namespace

TEST_CASE("a day of a story has the time of day of its start unless it says another", "[story]") {
  const auto all = lines(
      "- {at: day 0, expect: nothing}\n"
      "- {at: day 7, expect: nothing}\n"
      "- {at: day 7 10:00:30, expect: nothing}\n"
      "- {at: day 30, expect: nothing}\n"
      "- {at: 2026-04-02, expect: nothing}\n"
      "- {at: \"2026-04-02T10:00:00Z\", expect: nothing}\n");
  const std::vector<std::string> expected{
      "2026-03-02T09:00:00Z", "2026-03-09T09:00:00Z", "2026-03-09T09:00:30Z",
      "2026-04-01T08:00:00Z",  // behind the change to summer time: still ten in the morning
      "2026-04-01T22:00:00Z", "2026-04-02T10:00:00Z"};
  REQUIRE(all.size() == expected.size());
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(to_iso(all[i].at) == expected[i]);
}

TEST_CASE("a story may have a zone of its own", "[story]") {
  const auto in_tokyo = story(
      "test: everyone\nstarts: 2026-03-02 10:00 Asia/Tokyo\ncases:\n  - name: a\n    story:\n"
      "      - {at: day 1, expect: nothing}\n");
  CHECK(to_iso(in_tokyo.starts) == "2026-03-02T01:00:00Z");
  CHECK(lang::time_text(in_tokyo, in_tokyo.cases[0].lines[0].at) ==
        "day 1, Tuesday 2026-03-03 10:00");
}

TEST_CASE("a story that is called like a rule runs it alone, unless it says otherwise", "[story]") {
  const std::string rest =
      "starts: 2026-03-02 10:00\ncases:\n  - name: a\n    story:\n"
      "      - {at: day 1, expect: nothing}\n";
  CHECK(story("test: thanks\n" + rest).rules == std::vector<std::string>{"thanks"});
  CHECK(story("test: thanks\nrules: all\n" + rest).rules.empty());
  CHECK(story("test: everyone\n" + rest).rules.empty());
  CHECK(story("test: everyone\nrules: [thanks, win-back]\n" + rest).rules.size() == 2);
}

TEST_CASE("what an event says goes without saying in a story", "[story]") {
  const auto all = lines(
      "- {at: day 0, event: order.completed, order: {id: 7, customer: anna, total: 49.50 EUR}}\n"
      "- {at: day 1, event: order.refunded, order: 7}\n"
      "- {at: day 2, event: ticket.opened, ticket: {id: T, customer: anna}}\n"
      "- {at: day 3, event: ticket.solved, ticket: T}\n"
      "- {at: day 4, event: feedback.received, feedback: {customer: anna, kind: nps, score: 3}}\n"
      "- {at: day 5, event: subscription.started, subscription: {id: S, customer: anna, "
      "renews-at: day 30 12:00}}\n"
      "- {at: day 6, consent: {customer: anna, purpose: marketing}}\n"
      "- {at: day 7, event: webinar.attended, customer: anna, attributes: {title: Roses}}\n"
      "- {at: day 8, expect: nothing}\n");
  const auto& bought = fact(all, 0);
  CHECK(value(bought, "completed_at") == "2026-03-02T09:00:00Z");
  CHECK(value(bought, "placed_at") == "2026-03-02T09:00:00Z");
  CHECK(value(bought, "status") == "completed");
  CHECK(value(bought, "number") == "7");
  CHECK(value(bought, "total") == "4950EUR");
  const auto& refunded = fact(all, 1);
  CHECK(value(refunded, "refunded_at") == "2026-03-03T09:00:00Z");
  CHECK(value(refunded, "placed_at") == "-");
  CHECK(value(refunded, "number") == "-");
  CHECK(value(fact(all, 2), "status") == "open");
  CHECK(value(fact(all, 2), "opened_at") == "2026-03-04T09:00:00Z");
  CHECK(value(fact(all, 3), "status") == "solved");
  CHECK(value(fact(all, 3), "as_of") == "2026-03-05T09:00:00Z");
  CHECK(value(fact(all, 3), "opened_at") == "-");
  CHECK(value(fact(all, 4), "received_at") == "2026-03-06T09:00:00Z");
  CHECK(value(fact(all, 5), "renews_at") == "2026-04-01T10:00:00Z");
  CHECK(value(fact(all, 5), "status") == "active");
  CHECK(value(fact(all, 6), "granted") == "1");
  CHECK(fact(all, 7).kind == ImportKind::events);
  CHECK(value(fact(all, 7), "name") == "webinar.attended");
  CHECK(value(fact(all, 7), "customer") == "anna");
  CHECK(fact(all, 7).attributes.at(0) == std::pair<std::string, retaind::Value>{"title", "Roses"});
}

TEST_CASE("a fact keeps the dates that the author gives it", "[story]") {
  const auto all = lines(
      "- {at: day 0, event: order.completed, order: {id: 7, customer: anna, completed_at: "
      "2026-01-02 12:00}}\n"
      "- {at: day 0, ticket: {id: T, customer: anna, opened_at: 2026-02-20 10:00}}\n"
      "- {at: day 8, expect: nothing}\n");
  CHECK(value(fact(all, 0), "completed_at") == "2026-01-02T11:00:00Z");
  CHECK(value(fact(all, 0), "placed_at") == "2026-01-02T11:00:00Z");
  CHECK(value(fact(all, 1), "as_of") == "2026-02-20T09:00:00Z");
}

TEST_CASE("a misspelt `people` is one mistake, not one for each name", "[story]") {
  auto checked = rule_text::check_story(
      "test: everyone\nstarts: 2026-03-02 10:00\npeopel: {anna: {email: a@example.com}}\ncases:\n"
      "  - name: a\n    story:\n      - {at: day 1, suppress: anna}\n"
      "      - {at: day 2, expect: nothing, because: suppressed, to: anna}\n");
  CHECK(checked.diagnostics.size() == 1);
  CHECK(checked.text().find("did you mean `people`?") != std::string::npos);
}

TEST_CASE("a directory without stories is an error", "[story]") {
  const retaind::test::Directory directory;
  const auto context =
      lang::StoryContext{rule_text::site(), rule_text::story_rules(), rule_text::templates()};
  const auto empty = lang::check_stories(directory.path(), context);
  const auto missing = lang::check_stories(directory / "missing", context);
  REQUIRE(empty.diagnostics.size() == 1);
  CHECK(empty.diagnostics[0].code == lang::name_of(lang::Code::no_stories));
  CHECK(lang::to_text(missing.diagnostics, lang::Format::human, false) ==
        "error[R079]: the directory of stories cannot be read: No such file or directory\n"
        "  --> " +
            (directory / "missing").string() + "\n       check the path and its permissions\n");
}
