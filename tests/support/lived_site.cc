#include "support/lived_site.h"

#include <unistd.h>

#include <fstream>
#include <stdexcept>
#include <utility>

#include "app/demo_shop.h"
#include "app/site_files.h"
#include "app/site_init.h"
#include "app/site_load.h"
#include "language/mapping.h"
#include "store/import.h"

namespace retaind::test {
namespace {

namespace fs = std::filesystem;

template <class Value>
void expect(const Result<Value>& result) {
  if (!result) throw std::runtime_error(result.error().message);
}

store::Database open(const fs::path& file) {
  store::Database::Options options;
  options.mode = store::Database::Mode::create;
  options.durable = false;
  auto database = store::Database::open(file, options);
  expect(database);
  return *std::move(database);
}

void import(store::Database& source, store::ImportOptions import, const Site& site, Time now) {
  SimClock clock{now};
  import.currency = site.currency;
  import.zone = site.zone;
  expect(store::import_file(source, import, clock));
}

fs::path olist() { return fs::path(RETAIND_DATA) / "olist_5k"; }

}  // namespace

LivedSite::LivedSite(std::string_view name, Time last) : now(last) {
  directory = fs::temp_directory_path() /
              ("retaind-" + std::string(name) + "-" + std::to_string(::getpid()));
  fs::remove_all(directory);
}

store::Database& LivedSite::make_source() { return source_.emplace(open(directory / "source.db")); }

LivedSite::~LivedSite() {
  world_.reset();
  live_.reset();
  source_.reset();
  fs::remove_all(directory);
}

DemoSite::DemoSite(std::uint64_t seed, std::string_view last)
    : LivedSite("demo-" + std::to_string(seed), *parse_time(last, Zone::utc())) {
  expect(app::make_demo_site(directory, seed, now));
  store::Database& source = make_source();
  const Site site = files().site;
  for (const ImportKind kind :
       {ImportKind::customers, ImportKind::orders, ImportKind::items, ImportKind::subscriptions,
        ImportKind::tickets, ImportKind::feedback, ImportKind::events, ImportKind::consent,
        ImportKind::suppression}) {
    store::ImportOptions from;
    from.kind = kind;
    from.file = directory / "demo" / (std::string(name_of(kind)) + ".csv");
    import(source, from, site, now);
  }
}

bool OlistSite::is_there() { return fs::exists(olist()); }

OlistSite::OlistSite() : LivedSite("olist", *parse_time("2018-09-01 12:00", Zone::utc())) {
  expect(app::make_site(directory));
  store::Database& source = make_source();
  const Site site = files().site;
  const std::pair<ImportKind, std::string> sets[] = {{ImportKind::customers, "customers"},
                                                     {ImportKind::orders, "orders"},
                                                     {ImportKind::feedback, "feedback"}};
  for (const auto& [kind, name] : sets) {
    const auto checked = language::read_mapping(
        fs::path(RETAIND_SOURCE) / "tests/real" / ("olist-" + name + ".yaml"), kind, site.zone);
    if (!checked.mapping) throw std::runtime_error(name + " has no mapping");
    store::ImportOptions from;
    from.kind = kind;
    from.file = olist() / ("olist_" + (name == "feedback" ? "order_reviews" : name) + ".csv.gz");
    from.mapping = checked.mapping;
    from.rejected = directory / (name + ".rejected.csv");
    import(source, from, site, now);
  }
  std::vector<ConsentFact> consents;
  store::Statement& rows = source.prepared(
      "SELECT c.key, min(o.placed_at) FROM customers c JOIN orders o ON o.customer = c.id GROUP BY "
      "c.id ORDER BY c.id");
  for (int i = 0; rows.step(); ++i) {
    if (i % 4 == 3) continue;
    for (const char* purpose : {"marketing", "feedback"}) {
      ConsentFact consent;
      consent.customer = rows.text(0);
      consent.purpose = purpose;
      consent.granted = true;
      consent.at = rows.time(1);
      consents.push_back(std::move(consent));
    }
  }
  auto transaction = store::Transaction::begin(source);
  expect(transaction);
  store::Facts facts{source, now};
  for (const ConsentFact& consent : consents) expect(facts.put(consent));
  expect(transaction->commit());
}

void LivedSite::add_rule(const std::string& name, const std::string& text) const {
  std::ofstream(directory / "rules" / (name + ".yaml")) << text;
}

fs::path LivedSite::store() const { return directory / "retaind.db"; }

delivery::SiteFiles LivedSite::files() const {
  auto taken = app::take_files(app::load_site(directory));
  expect(taken);
  return *std::move(taken);
}

void LivedSite::begin(Time from) {
  facts_.emplace(*source_);
  auto steps = facts_->steps(from, now);
  expect(steps);
  steps_ = *std::move(steps);
  live_.emplace(open(store()));
  target_.emplace(*live_, from);
  clock_.emplace(from);
  world_ = std::make_unique<replay::World>(
      *live_, *clock_, rng_, [this]() -> Result<delivery::SiteFiles> { return files(); });
  apply(from);
  expect(world_->start());
  expect(world_->settle());
}

void LivedSite::apply(Time until) {
  auto transaction = store::Transaction::begin(*live_);
  expect(transaction);
  target_->set_now(until);
  for (; next_ < steps_.size() && steps_[next_].at <= until; ++next_)
    expect(facts_->apply(steps_[next_], *target_));
  expect(transaction->commit());
}

void LivedSite::live_to(Time time) {
  while (next_ < steps_.size() && steps_[next_].at <= time) {
    const Time at = steps_[next_].at;
    expect(world_->run_to(at - Duration{1}));
    clock_->advance_to(at);
    apply(at);
    expect(world_->settle());
  }
  expect(world_->run_to(time));
}

store::Database LivedSite::copy() {
  const fs::path file = directory / ("copy" + std::to_string(++copies_) + ".db");
  auto shot = live_->backup_to(file);
  expect(shot);
  return open(file);
}

}  // namespace retaind::test
