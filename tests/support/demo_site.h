#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/rng.h"
#include "delivery/core.h"
#include "replay/world.h"
#include "store/dated_facts.h"
#include "store/facts.h"

namespace retaind::test {

/// The sample shop that `retaind init --demo` makes, in a directory of its own, lived through day
/// by day: its dated facts become known at their time while its rules run.
class DemoSite {
 public:
  /// `now` is the shop's last day, in UTC.
  DemoSite(std::uint64_t seed, std::string_view now);
  ~DemoSite();
  DemoSite(const DemoSite&) = delete;
  DemoSite& operator=(const DemoSite&) = delete;

  void add_rule(const std::string& name, const std::string& text);
  /// From then on facts come and rules run.
  void begin(Time from);
  void live_to(Time time);

  /// As a start reads them.
  delivery::SiteFiles files();
  [[nodiscard]] std::filesystem::path store() const;
  /// The store as it is, in a file of its own.
  store::Database copy();

  Time now;
  std::filesystem::path directory;

 private:
  void apply(Time until);

  std::optional<store::Database> source_;  ///< the whole shop
  std::optional<store::Database> live_;    ///< what is known so far
  std::optional<store::DatedFacts> facts_;
  std::optional<store::Facts> target_;
  std::vector<store::DatedFacts::Step> steps_;
  std::size_t next_ = 0;
  std::optional<SimClock> clock_;
  Rng rng_{5};
  std::unique_ptr<replay::World> world_;
  int copies_ = 0;
};

}  // namespace retaind::test
