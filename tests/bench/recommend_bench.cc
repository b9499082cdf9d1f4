// What `recommendations` cost: orders of five lines stored and counted beside the same orders only
// stored, and the reading of one list while a mail is composed. Articles are bought as they are in
// shops, a few of them often and most seldom.
#include <fmt/format.h>

#include <filesystem>

#include "base/rng.h"
#include "bench/measure.h"
#include "insight/bought_together.h"
#include "store/facts.h"

using namespace retaind;

namespace {

constexpr int articles = 5000;
constexpr int customers = 20'000;
constexpr int lines = 5;
constexpr int orders_a_commit = 500;
constexpr double limit_ratio = 4;
constexpr double limit_list_us = 3000;

const Time noon = from_ms(1'770'000'000'000);

class Store {
 public:
  explicit Store(const std::filesystem::path& file) {
    std::filesystem::remove(file);
    auto opened = store::Database::open(file, {.mode = store::Database::Mode::create, .vfs = {}});
    if (!opened) std::exit(2);
    database = std::make_unique<store::Database>(*std::move(opened));
  }

  void add(int count, bool counting) {
    insight::BoughtTogether together{*database};
    for (int done = 0; done < count; done += orders_a_commit) {
      if (!database->begin()) std::exit(2);
      store::Facts facts{*database, noon};
      for (int i = 0; i < orders_a_commit; ++i) put(facts);
      while (counting && together.keep_up()) {
      }
      if (!database->commit()) std::exit(2);
    }
  }

  std::unique_ptr<store::Database> database;

 private:
  void put(store::Facts& facts) {
    OrderFact order;
    order.key = std::to_string(++number_);
    order.customer = "c" + std::to_string(rng_.below(customers));
    order.status = "completed";
    order.currency = "EUR";
    order.placed_at = noon;
    if (!facts.put(order)) std::exit(2);
    for (int line = 0; line < lines; ++line) {
      ItemFact item;
      item.order = order.key;
      item.key = std::to_string(line);
      const double where = rng_.unit();
      item.sku = "a" + std::to_string(static_cast<int>(where * where * where * articles));
      item.name = "An article";
      item.price_minor = 1250;
      if (!facts.put(item)) std::exit(2);
    }
  }

  Rng rng_{1};
  int number_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const int before = argc > 1 ? std::atoi(argv[1]) : 100'000;
  const int rounds = static_cast<int>(bench::number_from("BENCH_ROUNDS", 5));
  constexpr int a_round = 5000;
  const auto directory = std::filesystem::temp_directory_path() / "retaind-recommend-bench";
  std::filesystem::create_directories(directory);
  Store counted{directory / "counted.db"};
  Store plain{directory / "plain.db"};
  counted.add(before, false);
  plain.add(before, false);
  const double first = bench::cpu_seconds([&] { counted.add(orders_a_commit, true); });
  const bench::Pair pair = bench::in_turn(
      rounds, [&] { return bench::cpu_seconds([&] { counted.add(a_round, true); }); },
      [&] { return bench::cpu_seconds([&] { plain.add(a_round, false); }); });
  std::size_t shown = 0;
  constexpr int asked = 2000;
  std::vector<double> lists;
  for (int round = 0; round < rounds; ++round) {
    lists.push_back(bench::cpu_seconds([&] {
      for (int i = 1; i <= asked; ++i)
        shown +=
            insight::recommendations(*counted.database, i * 7 % customers + 1).as_array()->size();
    }));
  }
  std::filesystem::remove_all(directory);
  const double ratio = bench::median(pair.ratios());
  const double list = bench::median(lists) / asked * 1e6;
  const double each = 1e6 / a_round;
  fmt::print("the first count: {} orders of {} lines, {:.1f} us each\n", before, lines,
             first / before * 1e6);
  fmt::print("an order stored and counted {:.1f} us, only stored {:.1f} us: {:.2f}, limit {}: {}\n",
             bench::median(pair.ours) * each, bench::median(pair.theirs) * each, ratio, limit_ratio,
             ratio <= limit_ratio ? "PASS" : "MISSED");
  fmt::print("a list for a mail {:.0f} us ({:.1f} products), limit {} us: {}\n", list,
             static_cast<double>(shown) / asked / rounds, limit_list_us,
             list <= limit_list_us ? "PASS" : "MISSED");
  return ratio <= limit_ratio && list <= limit_list_us ? 0 : 1;
}
