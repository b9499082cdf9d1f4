#include "support/demo_site.h"

#include <unistd.h>

#include <fstream>
#include <stdexcept>
#include <utility>

#include "app/demo_shop.h"
#include "app/site_files.h"
#include "app/site_load.h"
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

}  // namespace

DemoSite::DemoSite(std::uint64_t seed, std::string_view last) {
  now = *parse_time(last, Zone::utc());
  directory = fs::temp_directory_path() /
              ("retaind-demo-" + std::to_string(::getpid()) + "-" + std::to_string(seed));
  fs::remove_all(directory);
  expect(app::make_demo_site(directory, seed, now));
  source_.emplace(open(directory / "source.db"));
  const Site site = files().site;
  SimClock clock{now};
  for (const ImportKind kind :
       {ImportKind::customers, ImportKind::orders, ImportKind::items, ImportKind::subscriptions,
        ImportKind::tickets, ImportKind::feedback, ImportKind::events, ImportKind::consent,
        ImportKind::suppression}) {
    store::ImportOptions import;
    import.kind = kind;
    import.file = directory / "demo" / (std::string(name_of(kind)) + ".csv");
    import.currency = site.currency;
    import.zone = site.zone;
    expect(store::import_file(*source_, import, clock));
  }
}

DemoSite::~DemoSite() {
  world_.reset();
  live_.reset();
  source_.reset();
  fs::remove_all(directory);
}

void DemoSite::add_rule(const std::string& name, const std::string& text) {
  std::ofstream(directory / "rules" / (name + ".yaml")) << text;
}

fs::path DemoSite::store() const { return directory / "retaind.db"; }

delivery::SiteFiles DemoSite::files() {
  auto taken = app::take_files(app::load_site(directory));
  expect(taken);
  return *std::move(taken);
}

void DemoSite::begin(Time from) {
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

void DemoSite::apply(Time until) {
  auto transaction = store::Transaction::begin(*live_);
  expect(transaction);
  target_->set_now(until);
  for (; next_ < steps_.size() && steps_[next_].at <= until; ++next_)
    expect(facts_->apply(steps_[next_], *target_));
  expect(transaction->commit());
}

void DemoSite::live_to(Time time) {
  while (next_ < steps_.size() && steps_[next_].at <= time) {
    const Time at = steps_[next_].at;
    expect(world_->run_to(at - Duration{1}));
    clock_->advance_to(at);
    apply(at);
    expect(world_->settle());
  }
  expect(world_->run_to(time));
}

store::Database DemoSite::copy() {
  const fs::path file = directory / ("copy" + std::to_string(++copies_) + ".db");
  auto shot = live_->backup_to(file);
  expect(shot);
  return open(file);
}

}  // namespace retaind::test
