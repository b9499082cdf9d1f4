// A million customers and five million orders into an empty store, with indexes and roll-ups,
// against what a person would type: sqlite3 .import, CREATE INDEX, GROUP BY. Then the nightly file
// again, with one row in 200 changed.
//
//     import_bench [customers] [rounds]
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/clock.h"
#include "base/rng.h"
#include "bench/measure.h"
#include "store/import.h"

using namespace retaind;
namespace fs = std::filesystem;

namespace {

fs::path directory;

std::string date(std::int64_t day, std::int64_t second) {
  char text[40];
  const std::time_t time = 1'640'995'200 + day * 86'400 + second;  // from 2022 on
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

void write_customers(const fs::path& file, int count) {
  std::ofstream out(file, std::ios::binary);
  Rng rng(1);
  out << "key,email,first_name,last_name,city,country,created_at\n";
  for (int i = 0; i < count; ++i) {
    out << "C" << i << ",person." << i << "@example.com,Given" << i % 5000 << ",Family" << i % 20000
        << ",City" << i % 800 << ",DE,"
        << date(static_cast<std::int64_t>(rng.below(1000)),
                static_cast<std::int64_t>(rng.below(86400)))
        << "\n";
  }
}

/// Every `changed`-th order has another total; 0: none.
void write_orders(const fs::path& file, int customers, int changed) {
  std::ofstream out(file, std::ios::binary);
  Rng rng(2);
  out << "key,customer,number,status,total,currency,placed_at,completed_at\n";
  for (int i = 0; i < 5 * customers; ++i) {
    const auto day = static_cast<std::int64_t>(rng.below(1000));
    const auto second = static_cast<std::int64_t>(rng.below(86400));
    const auto customer = std::min(rng.below(static_cast<std::uint64_t>(customers)),
                                   rng.below(static_cast<std::uint64_t>(customers)));
    const auto cents = rng.below(30000) + (changed > 0 && i % changed == 7 ? 1 : 0);
    out << "O" << i << ",C" << customer << "," << 100000 + i << ",completed," << cents / 100 << "."
        << cents / 10 % 10 << cents % 10 << ",EUR," << date(day, second) << ","
        << date(day + 3, second) << "\n";
  }
}

struct Run {
  double seconds = 0;
  long peak_kib = 0;
};

/// In a process of its own, so that its peak memory is its own.
Run apart(const std::function<bool()>& work) {
  Run run;
  run.seconds = bench::seconds([&] {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(work() ? 0 : 1);
    int status = 0;
    rusage usage{};
    ::wait4(child, &status, 0, &usage);
    if (status != 0) std::exit(1);
    run.peak_kib = usage.ru_maxrss;
  });
  return run;
}

bool import(ImportKind kind, const fs::path& file, bool expect_bulk) {
  auto database = store::Database::open(directory / "ours.db",
                                        {.mode = store::Database::Mode::create, .vfs = {}});
  if (!database) return false;
  store::ImportOptions options;
  options.kind = kind;
  options.file = file;
  const auto report = store::import_file(*database, options, SystemClock{});
  if (!report) {
    std::printf("%s\n", report.error().message.c_str());
    return false;
  }
  std::printf("  %s: %lld inserted, %lld updated, %lld unchanged, %lld rejected, %s, %.1f s\n",
              std::string(name_of(kind)).c_str(), static_cast<long long>(report->inserted),
              static_cast<long long>(report->updated), static_cast<long long>(report->unchanged),
              static_cast<long long>(report->rejected), report->bulk ? "bulk" : "row by row",
              static_cast<double>(report->took.count()) / 1000);
  return report->bulk == expect_bulk && report->rejected == 0;
}

long peak_kib = 0;

double ours() {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"})
    fs::remove(directory / (std::string("ours.db") + suffix));
  const Run people =
      apart([] { return import(ImportKind::customers, directory / "customers.csv", true); });
  const Run orders =
      apart([] { return import(ImportKind::orders, directory / "orders.csv", true); });
  peak_kib = std::max({peak_kib, people.peak_kib, orders.peak_kib});
  return people.seconds + orders.seconds;
}

/// The same columns, the same indexes, the same sums.
double theirs() {
  fs::remove(directory / "theirs.db");
  std::ofstream(directory / "theirs.sql") << R"(
CREATE TABLE customers (key TEXT, email TEXT, first_name TEXT, last_name TEXT, city TEXT, country TEXT, created_at TEXT);
CREATE TABLE orders (key TEXT, customer TEXT, number TEXT, status TEXT, total NUMERIC, currency TEXT, placed_at TEXT, completed_at TEXT);
.mode csv
.import --skip 1 customers.csv customers
.import --skip 1 orders.csv orders
CREATE UNIQUE INDEX customers_key ON customers (key);
CREATE INDEX customers_created ON customers (created_at);
CREATE INDEX customers_email ON customers (email);
CREATE UNIQUE INDEX orders_key ON orders (key);
CREATE INDEX orders_customer ON orders (customer, placed_at);
CREATE INDEX orders_placed ON orders (placed_at);
CREATE INDEX orders_completed ON orders (completed_at);
CREATE TABLE sums AS SELECT customer, count(*) AS orders_count, sum(total) AS total_spent, max(placed_at) AS last_order_at
  FROM orders GROUP BY customer;
CREATE UNIQUE INDEX sums_customer ON sums (customer);
CREATE INDEX sums_last ON sums (last_order_at);
)";
  return apart([] {
           return std::system(("cd " + directory.string() + " && sqlite3 theirs.db < theirs.sql")
                                  .c_str()) == 0;
         })
      .seconds;
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const int customers = argc > 1 ? std::atoi(argv[1]) : 1'000'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  std::string name = (fs::temp_directory_path() / "retaind-import-bench-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) return 1;
  directory = name;
  write_customers(directory / "customers.csv", customers);
  write_orders(directory / "orders.csv", customers, 0);
  write_orders(directory / "nightly.csv", customers, 200);

  const auto pair = bench::in_turn(rounds, ours, theirs);
  const bool fast = bench::report("import into an empty store", pair, "s", 1, 1.0);
  const bool small = peak_kib >> 10 < 300;
  std::printf("peak memory of the import: %ld MB, at most 300: %s\n", peak_kib >> 10,
              small ? "PASS" : "MISSED");

  const Run nightly =
      apart([] { return import(ImportKind::orders, directory / "nightly.csv", false); });
  std::printf("the nightly file, 1 in 200 changed: %.1f s, %.0f lines a second, peak %ld MB\n",
              nightly.seconds, 5.0 * customers / nightly.seconds, nightly.peak_kib >> 10);
  fs::remove_all(directory);
  return fast && small ? 0 : 1;
}
