#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/rng.h"
#include "delivery/core.h"
#include "replay/world.h"
#include "store/dated_facts.h"
#include "store/facts.h"

namespace retaind::test {

/// A site in a directory of its own, lived through day by day: its dated facts become known at
/// their time while its rules run.
class LivedSite {
 public:
  ~LivedSite();
  LivedSite(const LivedSite&) = delete;
  LivedSite& operator=(const LivedSite&) = delete;

  void add_rule(const std::string& name, const std::string& text) const;
  /// From then on facts come and rules run.
  void begin(Time from);
  void live_to(Time time);

  /// As a start reads them.
  [[nodiscard]] delivery::SiteFiles files() const;
  [[nodiscard]] std::filesystem::path store() const;
  /// The store as it is, in a file of its own.
  store::Database copy();
  /// The store that the rules run in.
  store::Database& live() { return *live_; }

  Time now;  ///< the last day
  std::filesystem::path directory;

 protected:
  LivedSite(std::string_view name, Time last);
  /// Makes the store of all facts, when the site's files are there.
  store::Database& make_source();

 private:
  void apply(Time until);

  std::optional<store::Database> source_;  ///< all facts
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

/// The sample shop that `retaind init --demo` makes.
class DemoSite final : public LivedSite {
 public:
  /// `last` is the shop's last day, in UTC.
  DemoSite(std::uint64_t seed, std::string_view last);
};

/// The orders and reviews of Olist under the rules of a new site. Consents are ours: three of four
/// customers agree with their first order.
class OlistSite final : public LivedSite {
 public:
  static bool is_there();
  OlistSite();
};

}  // namespace retaind::test
