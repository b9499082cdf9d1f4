#include "replay/diff.h"

#include <algorithm>
#include <tuple>

namespace retaind::replay {
namespace {

using Key = std::tuple<std::string, std::string, std::int64_t, std::string, int, bool>;

Key key_of(const PlannedRow& row, const std::string& rule) {
  return {rule, row.subject, row.part, row.step, row.repeat, row.draft};
}

bool goes(const PlannedRow& row) {
  return row.outcome == PlannedOutcome::sent || row.outcome == PlannedOutcome::would_send;
}

auto place_of(const PlannedRow& row) {
  return std::tuple(row.when(), row.rule, row.subject, row.step, row.repeat);
}

/// For who reads it: leaves at the same time, or does not leave for the same reason.
bool same_end(const PlannedRow& a, const PlannedRow& b) {
  if (a.outcome != b.outcome || a.state != b.state || a.reason != b.reason) return false;
  return !goes(a) || (a.when() == b.when() && a.text == b.text);
}

Difference::Kind kind_of(const Difference& difference) {
  if (difference.before && difference.after && same_end(*difference.before, *difference.after))
    return Difference::Kind::due;
  const bool before = difference.before && goes(*difference.before);
  const bool after = difference.after && goes(*difference.after);
  if (before && after) {
    const bool at_once = difference.before->when() == difference.after->when();
    return at_once && difference.before->text != difference.after->text ? Difference::Kind::reworded
                                                                        : Difference::Kind::moves;
  }
  if (after) return Difference::Kind::appears;
  return before ? Difference::Kind::vanishes : Difference::Kind::other;
}

}  // namespace

bool same_fate(const PlannedRow& a, const PlannedRow& b) {
  const bool both_go = goes(a) && goes(b);
  return a.outcome == b.outcome && (!both_go || a.text == b.text) && a.state == b.state &&
         a.reason == b.reason && a.due == b.due && (!is_final(a.state) || a.at == b.at);
}

std::vector<Difference> compare(const Plan& before, const Plan& after,
                                const std::map<std::string, std::string, std::less<>>& renamed) {
  std::map<Key, Difference> found;
  for (const PlannedRow& row : before.rows) found[key_of(row, row.rule)].before = row;
  for (const PlannedRow& row : after.rows) {
    const auto old = renamed.find(row.rule);
    const Key key = key_of(row, old == renamed.end() ? row.rule : old->second);
    const auto known = found.find(key);
    if (known != found.end() && known->second.before && old == renamed.end() &&
        same_fate(*known->second.before, row)) {
      found.erase(known);
      continue;
    }
    found[key].after = row;
  }
  std::vector<Difference> differences;
  for (auto& [key, difference] : found) {
    // A new name alone is no difference of the message.
    if (difference.before && difference.after &&
        difference.before->rule != difference.after->rule &&
        same_fate(*difference.before, *difference.after))
      continue;
    difference.kind = kind_of(difference);
    differences.push_back(std::move(difference));
  }
  std::stable_sort(differences.begin(), differences.end(),
                   [](const auto& a, const auto& b) { return a.when() < b.when(); });
  return differences;
}

std::vector<PlannedRow> apply(const std::vector<PlannedRow>& before,
                              const std::vector<Difference>& differences) {
  std::vector<PlannedRow> rows = before;
  for (const Difference& difference : differences) {
    if (difference.before) {
      const Key gone = key_of(*difference.before, difference.before->rule);
      std::erase_if(rows, [&](const PlannedRow& row) { return key_of(row, row.rule) == gone; });
    }
    if (difference.after) rows.push_back(*difference.after);
  }
  std::sort(rows.begin(), rows.end(),
            [](const PlannedRow& a, const PlannedRow& b) { return place_of(a) < place_of(b); });
  return rows;
}

}  // namespace retaind::replay
