#pragma once
#include <map>
#include <string>
#include <vector>

#include "delivery/core.h"

namespace sim {

/// The rule files of the simulated site as texts that a reload may change.
class Files {
 public:
  explicit Files(retaind::Site site);

  /// The site, its templates and the rules; an error when a rule has a mistake.
  retaind::Result<retaind::delivery::SiteFiles> read() const;
  [[nodiscard]] std::vector<retaind::language::Rule> rules() const;

  /// Replaces a part of a rule's text. False when it is not there.
  bool edit(const std::string& rule, const std::string& from, const std::string& to);
  void remove(const std::string& rule);
  void add(const std::string& rule);
  [[nodiscard]] bool has(const std::string& rule) const { return texts_.count(rule) != 0; }

 private:
  retaind::Site site_;
  std::map<std::string, std::string> texts_, all_;
};

/// The settings of tests/sim/site.
retaind::Site read_site();

}  // namespace sim
