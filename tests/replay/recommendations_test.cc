#include <catch2/catch.hpp>

#include "delivery/preview.h"
#include "delivery/rehearsal.h"
#include "replay/plan.h"
#include "rules.h"
#include "store/item_pairs.h"
#include "support/read_mail.h"

// `recommendations` in mails: who counts when, and what a customer reads.
using namespace retaind;
using namespace retaind::test;

namespace {

constexpr const char* cross_sell =
    "rule: cross-sell\npurpose: transactional\nstatus: live\nwhen:\n  event: order.completed\n  "
    "after: 2 hours\nthen:\n  - email: goes-with\n";

/// Through a partial, which is found as well as the body itself.
void write_texts(Shop& shop) {
  shop.templates["goes-with"] =
      "---\nsubject: \"{{ recommendations.size }} for you\"\n---\n<p>[{% render 'list' %}]</p>\n";
  shop.templates["_list"] =
      "{% for product in recommendations limit: 2 %}{{ product.name }} {{ product.price | money "
      "}} {{ product.count }};{% endfor %}";
}

void basket(Shop& shop, const std::string& key, const std::string& customer, const Lines& names) {
  shop.write([&](store::Facts& facts) {
    OrderFact order;
    order.key = order.number.emplace(key);
    if (!customer.empty()) order.customer = customer;
    order.status = "completed";
    order.currency = "EUR";
    order.placed_at = order.completed_at = shop.clock.now();
    Shop::expect_ok(facts.put(order));
    for (const std::string& name : names) {
      ItemFact item;
      item.order = key;
      item.key = item.name.emplace(name);
      item.price_minor = 1250;
      Shop::expect_ok(facts.put(item));
    }
  });
}

/// What stands between the brackets of the mails that came since the last call.
Lines lists(Shop& shop) {
  Lines found;
  for (const Shop::Arrived& each : shop.arrived) {
    const std::string html = part(each.message.bytes, "text/html");
    const std::size_t open = html.find('[');
    REQUIRE(open != std::string::npos);
    found.push_back(html.substr(open + 1, html.find(']') - open - 1));
  }
  shop.arrived.clear();
  return found;
}

std::string errors_in(const std::vector<language::Diagnostic>& found) {
  std::string text;
  for (const language::Diagnostic& one : found)
    if (one.severity == language::Severity::error) text += language::to_text(one, false);
  return text;
}

std::string counted(store::Database& database) {
  store::Statement& row = database.prepared(
      "SELECT (SELECT count(*) FROM item_pair) || ' ' || (SELECT count(*) FROM meta WHERE key = "
      "'item_pairs_feed')");
  REQUIRE(row.step());
  std::string counts{row.text(0)};
  row.reset();
  return counts;
}

}  // namespace

TEST_CASE("A mail shows what others bought together with what its customer has, as of its sending",
          "[recommendations]") {
  Shop shop;
  write_texts(shop);
  shop.rule(cross_sell);
  shop.customer("anna");
  shop.start();
  basket(shop, "1", "", {"tea", "pot", "cup"});
  basket(shop, "2", "", {"tea", "pot", "cup"});
  basket(shop, "3", "", {"tea", "pot"});
  basket(shop, "4", "anna", {"tea"});
  shop.run_to("2026-03-02 12:00");
  CHECK(lists(shop) == Lines{"pot €12.50 3;cup €12.50 2;"});

  // One of them is refunded between the order and the mail about it.
  basket(shop, "5", "anna", {"tea"});
  shop.run_to("2026-03-02 13:00");
  OrderFact refunded;
  refunded.key = "2";
  refunded.refunded_at = shop.clock.now();
  shop.put(refunded);
  shop.crash();
  shop.run_to("2026-03-02 14:00");
  CHECK(lists(shop) == Lines{"pot €12.50 2;"});

  // Bought: no longer offered. Nothing is left, and the list is empty.
  basket(shop, "6", "anna", {"pot"});
  shop.run_to("2026-03-02 16:00");
  CHECK(lists(shop) == Lines{""});
}

TEST_CASE("Pairs are counted while a rule that is no draft shows them, and go when none does",
          "[recommendations]") {
  Shop shop;
  write_texts(shop);
  shop.rule(at_once());
  shop.customer("anna");
  shop.start();
  basket(shop, "1", "anna", {"tea", "pot"});
  shop.run_to("2026-03-02 11:00");
  CHECK(counted(shop.database) == "0 0");

  std::string draft = cross_sell;
  draft.replace(draft.find("live"), 4, "draft");
  shop.rule(draft);
  shop.reload();
  shop.run_to("2026-03-02 11:10");
  CHECK(counted(shop.database) == "0 0");

  const std::string status = GENERATE("live", "paused");
  std::string running = cross_sell;
  running.replace(running.find("live"), 4, status);
  shop.rule(running);
  shop.reload();
  shop.run_to("2026-03-02 11:20");  // what was there before is walked through
  CHECK(counted(shop.database) == "2 1");

  shop.rules.erase("cross-sell");
  shop.reload();
  shop.run_to("2026-03-02 11:30");
  CHECK(counted(shop.database) == "0 0");
}

TEST_CASE("A text that a variant, a layout or its subject makes ask for them is counted for",
          "[recommendations]") {
  Shop shop;
  const bool in_layout = GENERATE(true, false);
  shop.templates["goes-with"] = "---\nsubject: Hello\nformat: text\n---\nHello\n";
  if (in_layout) {
    shop.templates["_frame"] = "<p>{{ content }} [{{ recommendations[0].key }}]</p>\n";
    shop.templates["other"] = "---\nsubject: Hello\nlayout: frame\n---\nHello\n";
  } else {
    shop.templates["other"] = "---\nsubject: Hello {{ recommendations.size }}\n---\nHello []\n";
  }
  shop.rule(std::string(cross_sell) + "    variants: {other: 99%}\n");
  shop.customer("anna");
  shop.start();
  basket(shop, "1", "", {"tea", "pot"});
  basket(shop, "2", "", {"tea", "pot"});
  basket(shop, "3", "anna", {"tea"});
  shop.run_to("2026-03-02 12:00");
  REQUIRE(shop.arrived.size() == 1);
  CHECK(counted(shop.database) == "2 1");
  if (!in_layout) {
    CHECK(header(shop.arrived[0].message.bytes, "Subject") == "Hello 1");
  } else {
    CHECK(lists(shop) == Lines{"pot"});
  }
}

TEST_CASE("A preview of a rule that does not run yet counts for itself, a plan does not",
          "[recommendations]") {
  Shop shop;
  write_texts(shop);
  shop.customer("anna");
  basket(shop, "1", "", {"tea", "pot"});
  basket(shop, "2", "", {"tea", "pot"});
  basket(shop, "3", "anna", {"tea"});
  shop.rule(cross_sell);
  const auto files = shop.files();
  REQUIRE(files);
  delivery::PreviewOrder order;
  order.rule = &files->rules.front();
  order.customer = 1;
  order.step = &files->rules.front().steps.front();
  const auto made =
      delivery::preview(shop.database, files->site, files->templates, order, shop.clock.now());
  REQUIRE(made);
  CHECK(made->letter.subject == "1 for you");
  CHECK(made->letter.html.find("[pot €12.50 2;]") != std::string::npos);

  const auto now = shop.clock.now();
  store::ItemPairs(shop.database).drop();
  store::Database shadow = shop.shadow();
  const auto plan = replay::plan(shadow, *files, now, now + std::chrono::hours(24));
  REQUIRE(plan);
  CHECK(counted(shadow) == "0 0");
}

TEST_CASE(
    "check composes a text that shows them about a list of one, and finds what is wrong there",
    "[recommendations]") {
  Shop shop;
  write_texts(shop);
  shop.rule(cross_sell);
  const auto good = shop.files();
  REQUIRE(good);
  const auto fine = delivery::rehearse(good->site, good->rules, good->templates);
  REQUIRE(fine);
  CHECK(errors_in(*fine).empty());

  shop.templates["_list"] = "{% for product in recommendations %}{{ product.title }}{% endfor %}";
  const auto bad = shop.files();
  REQUIRE(bad);
  const auto found = delivery::rehearse(bad->site, bad->rules, bad->templates);
  REQUIRE(found);
  const std::string said = errors_in(*found);
  INFO(said);
  for (const char* word : {"product.title", "_list.en.liquid:1:"})
    CHECK(said.find(word) != std::string::npos);
}
