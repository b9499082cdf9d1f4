#include <charconv>
#include <filesystem>

#include "base/text.h"
#include "insight/baskets.h"
#include "support/pipe_output.h"

// The comparison that README.md specifies: what together.py prints is put into a store line by line
// and held against what it has counted.
namespace retaind::insight {
namespace {

using Words = std::vector<std::string_view>;

std::int64_t number(std::string_view text) {
  std::int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  REQUIRE(read.ec == std::errc{});
  return value;
}

class Shop {
 public:
  void take(const Words& words) {
    const std::string_view what = words[0];
    if (what == "totals" || what == "recommend" || what == "pair") return compare(words);
    if (!database_.in_transaction()) REQUIRE(database_.begin());
    const auto written =
        what == "item" || what == "sku" || what == "quantity" ? put_item(words) : put_order(words);
    if (!written) FAIL(written.error().message);
  }

  int totals = 0, lists = 0, filled = 0;
  Pairs expected;

  void finish() {
    CHECK(kept_pairs(database_) == expected);
    // Nothing is counted twice by whoever counts again.
    BoughtTogether::drop(database_);
    together_.forget();
    count_all(database_, together_);
    CHECK(kept_pairs(database_) == expected);
  }

 private:
  Result<store::Written> put_order(const Words& words) {
    OrderFact fact;
    fact.key = words[1];
    if (words[0] == "order") {
      const Time at = from_ms(number(words[3]));
      if (!words[2].empty()) fact.customer = words[2];
      fact.currency = "GBP";
      if (words[4] == "1") {
        fact.status = "refunded";
        fact.refunded_at = at;
      } else {
        fact.status = "completed";
        fact.placed_at = fact.completed_at = at;
      }
    } else {
      (words[0] == "refund" ? fact.refunded_at : fact.cancelled_at) = from_ms(number(words[2]));
    }
    return facts_.put(fact);
  }

  Result<store::Written> put_item(const Words& words) {
    ItemFact fact;
    fact.order = words[1];
    fact.key = words[2];
    if (words[0] == "item") {
      if (!words[3].empty()) fact.sku = words[3];
      fact.name = words[4];
      fact.quantity = std::stod(std::string(words[5]));
    } else if (words[0] == "sku") {
      fact.sku = words[3];
    } else {
      fact.quantity = std::stod(std::string(words[3]));
    }
    return facts_.put(fact);
  }

  void compare(const Words& words) {
    if (database_.in_transaction()) {
      REQUIRE(database_.commit());
      count_all(database_, together_);
    }
    if (words[0] == "totals") {
      ++totals;
      CHECK(store::rows(database_,
                        "SELECT count(*), coalesce(sum(orders), 0), coalesce(sum(orders * orders), "
                        "0) FROM item_pair WHERE product < other",
                        3) == fmt_words({words.begin() + 1, words.end()}, '|'));
    } else if (words[0] == "recommend") {
      ++lists;
      filled += words.size() > 2 ? 1 : 0;
      INFO("customer " << words[1] << " after comparison " << totals);
      CHECK(recommended(database_, std::string(words[1])) ==
            fmt_words({words.begin() + 2, words.end()}, ' '));
    } else {
      expected[{std::string(words[1]), std::string(words[2])}] = number(words[3]);
    }
  }

  static std::string fmt_words(const Words& words, char between) {
    std::string text;
    for (const std::string_view word : words) {
      if (!text.empty()) text += between;
      text += word;
    }
    return text;
  }

  store::Database database_ = store::memory_store();
  store::Facts facts_{database_, noon};
  BoughtTogether together_{database_};
};

/// The number of comparisons of totals.
int compare(const std::string& lines) {
  if (!std::filesystem::exists(std::filesystem::path(RETAIND_DATA) / "online_retail_2010_12")) {
    WARN("skipped: online_retail_2010_12 is not there");
    return 0;
  }
  const auto course = test::output_of(
      "python3 '" RETAIND_SOURCE "/tests/insight/together.py' '" RETAIND_DATA "' " + lines);
  REQUIRE(course);
  Shop shop;
  for (const std::string_view line : split(*course, '\n'))
    if (!line.empty()) shop.take(split(line, '\t'));
  shop.finish();
  CHECK(shop.expected.size() > 10'000);
  CHECK(shop.filled > shop.lists * 3 / 4);
  return shop.totals;
}

}  // namespace

TEST_CASE("Online Retail: recommendations are an independent count after every 1,000th insert",
          "[insight][real]") {
  const int totals = compare("12000");
  CHECK((totals == 0 || totals >= 13));
}

// Half a minute; tests/all.sh --full asks for it.
TEST_CASE("Online Retail: the same over all 42,481 lines and 7,000 changes of them", "[.full]") {
  const int totals = compare("");
  CHECK((totals == 0 || totals == 50));
}

}  // namespace retaind::insight
