#include "model/ledger.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

namespace retaind {
namespace {

TEST_CASE("Every reason is found by its name and says what it means") {
  std::set<std::string_view> names;
  int number = 0;
  for (const ReasonRow& row : reasons()) {
    INFO(row.name);
    CHECK(static_cast<int>(row.reason) == number++);
    CHECK(names.insert(row.name).second);
    CHECK(find_reason(row.name) == row.reason);
    CHECK(name_of(row.reason) == row.name);
    CHECK(row.name.find('_') == std::string_view::npos);
    CHECK_FALSE(row.about.empty());
  }
  CHECK(number == 27);
  CHECK_FALSE(find_reason("no_address"));
  CHECK_FALSE(find_reason(""));
}

TEST_CASE("10: exactly these reasons wait") {
  std::set<std::string_view> waiting;
  for (const ReasonRow& row : reasons()) {
    if (row.waits) waiting.insert(row.name);
  }
  CHECK(waiting == std::set<std::string_view>{"brake", "capped", "clock", "hold-while", "limit",
                                              "on-hold", "outside-window", "paused"});
}

TEST_CASE("Numbers that are stored never change") {
  CHECK(static_cast<int>(Reason::none) == 0);
  CHECK(static_cast<int>(Reason::capped) == 12);
  CHECK(static_cast<int>(Reason::gone) == 26);
  CHECK(static_cast<int>(MessageState::planned) == 0);
  CHECK(static_cast<int>(MessageState::skipped) == 7);
  CHECK(static_cast<int>(Purpose::internal) == 3);
}

TEST_CASE("Message states are found by their names, and four are final") {
  for (const auto* name : {"planned", "held", "claimed", "handed"}) {
    const auto state = find_message_state(name);
    REQUIRE(state);
    CHECK(name_of(*state) == name);
    CHECK_FALSE(is_final(*state));
  }
  for (const auto* name : {"sent", "unknown", "failed", "skipped"}) {
    const auto state = find_message_state(name);
    REQUIRE(state);
    CHECK(name_of(*state) == name);
    CHECK(is_final(*state));
  }
  CHECK_FALSE(find_message_state("waiting"));
}

TEST_CASE("Purposes follow their table") {
  const PurposeRow& marketing = policy_of(Purpose::marketing);
  CHECK((marketing.needs_consent && marketing.counts_in_caps && marketing.suppression_applies));
  CHECK((!marketing.retried_after_unknown && marketing.late_limit_days == 3));
  const PurposeRow& feedback = policy_of(Purpose::feedback);
  CHECK((feedback.needs_consent && feedback.counts_in_caps && feedback.suppression_applies));
  CHECK((!feedback.retried_after_unknown && feedback.late_limit_days == 3));
  const PurposeRow& transactional = policy_of(Purpose::transactional);
  CHECK((!transactional.needs_consent && !transactional.counts_in_caps &&
         transactional.suppression_applies));
  CHECK((transactional.retried_after_unknown && transactional.late_limit_days == 3));
  const PurposeRow& internal = policy_of(Purpose::internal);
  CHECK((!internal.needs_consent && !internal.counts_in_caps && !internal.suppression_applies));
  CHECK((internal.retried_after_unknown && internal.late_limit_days == 0));
  for (const auto* name : {"marketing", "feedback", "transactional", "internal"}) {
    const auto purpose = find_purpose(name);
    REQUIRE(purpose);
    CHECK(name_of(*purpose) == name);
  }
  CHECK_FALSE(find_purpose("Marketing"));
}

}  // namespace
}  // namespace retaind
