#include <catch2/catch.hpp>

#include "rules.h"
#include "support/read_mail.h"

// Fields and events of the site's own vocabulary, from the rule file to the mail.

using namespace retaind;
using namespace retaind::test;

namespace {

Field own(Subject subject, std::string_view name, Type type, std::string_view words = "",
          std::string_view currency = "") {
  Field field{};
  field.subject = subject;
  field.name = name;
  field.type = type;
  field.words = words;
  if (!currency.empty()) field.currency = *find_currency(currency);
  return field;
}

std::shared_ptr<const Vocabulary> words() {
  auto made = std::make_shared<Vocabulary>();
  made->add(own(Subject::customer, "tier", Type::enumeration, "gold|silver|in-between"));
  made->add(own(Subject::customer, "vip", Type::boolean));
  made->add(own(Subject::customer, "points", Type::number));
  made->add(own(Subject::customer, "rebate", Type::percent));
  made->add(own(Subject::customer, "credit", Type::money, "", "EUR"));
  made->add(own(Subject::customer, "nickname", Type::text));
  made->add(own(Subject::customer, "contract_until", Type::date));
  made->add(own(Subject::customer, "called_at", Type::time));
  made->add(own(Subject::order, "channel", Type::text));
  made->add(own(Subject::item, "margin", Type::money, "", "EUR"));
  made->add_event("webinar.attended", "");
  made->add_property("webinar.attended", made->add(own(Subject::event, "minutes", Type::number)));
  return made;
}

struct OwnShop : Shop {
  OwnShop() { site.vocabulary = words(); }

  /// A customer with these attributes, who orders: what the ledger says then.
  std::string orders(const std::string& attributes) {
    const std::string key = "c" + std::to_string(++customers_);
    customer(key);
    put(CustomerFact{.key = key, .attributes = attributes});
    order("o" + key, key);
    const std::string last = ledger().back();
    return last.substr(last.rfind(' ') + 1);
  }

 private:
  int customers_ = 0;
};

}  // namespace

TEST_CASE("an attribute of each type decides", "[replay]") {
  struct Case {
    const char* condition;
    const char* sent;    // attributes with which it goes
    const char* not_so;  // with which the condition is false
    const char* unfit;   // which do not fit the type
  };
  const Case of =
      GENERATE(Case{"customer.tier = gold", R"({"tier":"gold"})", R"({"tier":"silver"})",
                    R"({"tier":"platinum"})"},
               Case{"customer.tier in [gold, in-between]", R"({"tier":"in-between"})",
                    R"({"tier":"silver"})", R"({"tier":["gold"]})"},
               Case{"customer.vip", R"({"vip":true})", R"({"vip":"no"})", R"({"vip":"perhaps"})"},
               Case{"customer.points >= 2.5", R"({"points":"2.5"})", R"({"points":2})",
                    R"({"points":"many"})"},
               Case{"customer.rebate > 10%", R"({"rebate":"10.5%"})", R"({"rebate":10})",
                    R"({"rebate":"half"})"},
               Case{"customer.credit >= 49 EUR", R"({"credit":"49"})", R"({"credit":"48.99 EUR"})",
                    R"({"credit":"49 coins"})"},
               Case{"customer.credit >= 49 EUR", R"({"credit":{"minor":4900,"currency":"EUR"}})",
                    R"({"credit":12})", R"({"credit":{"minor":4900}})"},
               Case{"customer.nickname = 'B \"b\" 2'", R"({"nickname":"B \"b\" 2"})",
                    R"({"nickname":"Bo"})", R"({"nickname":{"b":2}})"},
               Case{"customer.contract_until < 2026-04-01", R"({"contract_until":"2026-03-31"})",
                    R"({"contract_until":"2026-04-01"})", R"({"contract_until":"31.3.2026"})"},
               Case{"customer.called_at within last 2 hours", R"({"called_at":"2026-03-02 09:30"})",
                    R"({"called_at":"2026-03-02T06:59:00Z"})", R"({"called_at":"yesterday"})"});
  CAPTURE(of.condition);
  OwnShop shop;
  shop.rule(at_once(std::string("if: ") + of.condition + "\n"));
  shop.start();
  shop.run_to("2026-03-02 10:10");
  CHECK(shop.orders(of.sent) == "sent");
  CHECK(shop.orders(of.not_so) == "condition-false");
  CHECK(shop.orders(of.unfit) == "unknown-data");
  CHECK(shop.orders("{}") == "unknown-data");
  CHECK(shop.orders("") == "unknown-data");
  CHECK(shop.orders("{\"broken") == "unknown-data");
  CHECK(shop.orders("[1]") == "unknown-data");
}

TEST_CASE("a value that does not fit is not empty, and the trace says what it was", "[replay]") {
  OwnShop shop;
  shop.rule(at_once("if: customer.tier is empty\n", "none"));
  shop.rule(at_once("unless: customer.tier = gold\n", "not-gold"));
  shop.rule(at_once("if: customer.tier is not empty\n", "some"));
  shop.start();
  shop.run_to("2026-03-02 10:10");
  shop.customer("anna");
  shop.put(CustomerFact{.key = "anna", .attributes = R"({"tier":"platinum"})"});
  shop.order("o1", "anna");
  CHECK(shop.ledger("none") == Lines{"- o1 condition-false"});
  CHECK(shop.ledger("not-gold") == Lines{"- o1 unknown-data"});
  CHECK(shop.ledger("some") == Lines{"email:welcome o1 sent"});
  CHECK(
      shop.ask("SELECT group_concat(\"values\") FROM decision")
          .find("customer.tier = unknown (`platinum` in the data is not one of a list of words)") !=
      std::string::npos);
  shop.customer("bert");
  shop.order("o2", "bert");
  CHECK(shop.ledger("none").back() == "email:welcome o2 sent");
}

TEST_CASE("attributes of rows are counted and summed", "[replay]") {
  OwnShop shop;
  shop.rule(
      "rule: counted\npurpose: transactional\nstatus: live\nwhen:\n  event: ticket.opened\nif:\n"
      "  - count(orders where order.channel = 'phone') = 1\n"
      "  - sum(items.margin where order.channel = 'phone') >= 10 EUR\n"
      "  - max(events.minutes where event.name = 'webinar.attended') > 30\n"
      "then:\n  - email: welcome\n");
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 10:10");
  const auto placed = [&](const std::string& key, const std::string& channel) {
    shop.put(OrderFact{.key = key,
                       .customer = "anna",
                       .placed_at = shop.clock.now(),
                       .attributes = R"({"channel":")" + channel + "\"}"});
  };
  placed("p1", "phone");
  placed("w1", "web");
  shop.put(ItemFact{.order = "p1", .key = "1", .attributes = R"({"margin":"10.00"})"});
  shop.put(ItemFact{.order = "w1", .key = "1", .attributes = R"({"margin":"99.00"})"});
  shop.put(EventFact{.key = "e1",
                     .customer = "anna",
                     .name = "webinar.attended",
                     .at = shop.clock.now(),
                     .attributes = R"({"minutes":31})"});
  shop.ticket("t1", "open", "anna");
  CHECK(shop.ledger() == Lines{"email:welcome t1 sent"});
  shop.order("o1", "anna");  // of unknown channel
  shop.ticket("t2", "open", "anna");
  CHECK(shop.ledger().back() == "- t2 unknown-data");
}

TEST_CASE("a property of the triggering event decides", "[replay]") {
  OwnShop shop;
  shop.rule(
      "rule: stayed\npurpose: transactional\nstatus: live\nwhen:\n  event: webinar.attended\n"
      "if: event.minutes >= 30\nthen:\n  - email: welcome\n");
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 10:10");
  for (const auto& [key, minutes] :
       {std::pair{"e1", "29"}, std::pair{"e2", "30"}, std::pair{"e3", "\"all\""}}) {
    shop.put(EventFact{.key = key,
                       .customer = "anna",
                       .name = "webinar.attended",
                       .at = shop.clock.now(),
                       .attributes = std::string("{\"minutes\":") + minutes + "}"});
  }
  CHECK(shop.ledger() ==
        Lines{"- e1 condition-false", "email:welcome e2 sent", "- e3 unknown-data"});
}

TEST_CASE("a message held by an attribute goes when the attribute changes", "[replay]") {
  OwnShop shop;
  shop.rule(at_once("hold-while: customer.vip\n"));
  shop.customer("anna");
  shop.put(CustomerFact{.key = "anna", .attributes = R"({"vip":"yes","points":1})"});
  shop.start();
  shop.run_to("2026-03-02 10:10");
  shop.order("o1", "anna");
  CHECK(shop.ledger() == Lines{"email:welcome o1 held hold-while"});
  shop.put(CustomerFact{.key = "anna", .attributes = R"({"vip":"no","points":1})"});
  CHECK(shop.ledger() == Lines{"email:welcome o1 sent"});
}

TEST_CASE("templates read the site's own fields by name", "[replay]") {
  OwnShop shop;
  shop.rule(at_once());
  shop.templates["welcome"] =
      "---\nsubject: {{ customer.tier | default: 'nobody' }} {{ customer.credit.minor }} {{ "
      "order.channel }}\n---\nx\n";
  shop.customer("anna");
  shop.put(CustomerFact{.key = "anna", .attributes = R"({"tier":"gold","credit":"12.5"})"});
  shop.start();
  shop.run_to("2026-03-02 10:10");
  shop.put(OrderFact{.key = "o1",
                     .customer = "anna",
                     .placed_at = shop.clock.now(),
                     .completed_at = shop.clock.now(),
                     .attributes = R"({"channel":"phone"})"});
  REQUIRE(shop.arrived.size() == 1);
  CHECK(header(shop.arrived[0].message.bytes, "Subject") == "gold 1250 phone");
}
