#include "simulation_parts.h"

// What has to occur over many seeds.
namespace sim {

const std::vector<std::string>& expected_crash_points() {
  static const std::vector<std::string> points(crash_names.begin() + 1, crash_names.end());
  return points;
}

std::vector<std::string> missing(const Tally& tally) {
  std::vector<std::string> absent;
  const auto want = [&](const std::map<std::string, std::int64_t>& seen, const std::string& name) {
    if (seen.count(name) == 0) absent.push_back(name);
  };
  for (const auto& row : retaind::reasons()) {
    // Erasure is not there yet.
    if (row.reason != Reason::none && row.reason != Reason::erased)
      want(tally.reasons, std::string(row.name));
  }
  for (const char* state :
       {"planned", "held", "claimed", "handed", "sent", "unknown", "failed", "skipped"})
    want(tally.states, state);
  for (const std::string& point : expected_crash_points()) want(tally.crash_points, point);
  for (const char* fault : {"taken twice",
                            "lost and delivered",
                            "lost and not delivered",
                            "unknown and delivered",
                            "unknown and not delivered",
                            "down for a while",
                            "host trouble",
                            "peer away",
                            "a transaction failed",
                            "clock forward",
                            "clock back",
                            "operator resumes",
                            "reload",
                            "faulty reload",
                            "hold all",
                            "hold rule",
                            "hold customer",
                            "history imported",
                            "matched by a pass",
                            "counted by a pass",
                            "brake holds: blast",
                            "brake released: blast",
                            "brake holds: draft-note",
                            "brake holds: first-steps"})
    want(tally.faults, fault);
  for (const auto& rule : Files(read_site()).rules()) {
    if (rule.status != retaind::language::RuleStatus::paused) want(tally.rules, rule.id);
  }
  return absent;
}

}  // namespace sim
