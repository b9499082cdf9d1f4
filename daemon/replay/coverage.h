#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/checks.h"
#include "language/plan.h"
#include "store/ledger_entries.h"

namespace retaind::replay {

/// What the stories have tried of the rules. It only watches: for each situation that the engine
/// decided on it asks the same pure functions which checks were reached, and what their lines say.
class Coverage {
 public:
  /// The rules outlive this object.
  explicit Coverage(std::span<const language::Rule> rules);

  void saw(const engine::Checks::Subject& subject, const engine::Situation& situation);
  /// The ledger at a case's end: which rules fired, which steps went.
  void saw(const std::vector<store::LedgerEntry>& ledger);
  void add(const Coverage& other);

  struct Gap {
    language::Where where;
    std::string what;  ///< "`unless: order.refunded` was never true in any test"
  };
  /// By file and place.
  [[nodiscard]] std::vector<Gap> gaps() const;
  /// Of all conditions, how many were both true and false.
  [[nodiscard]] int conditions() const;
  [[nodiscard]] int tried() const;

 private:
  struct Line {
    language::Line line;
    bool yes = false, no = false, unknown = false;
  };
  struct Tried {
    const language::Rule* rule = nullptr;
    std::vector<Line> lines;  ///< by the number of the condition
    bool fired = false;
    std::set<std::pair<std::string, std::string>> steps;  ///< and their variants
  };
  static void add_untried(std::vector<Gap>& gaps, const Tried& tried, const language::Step& step);
  static void read_lines(std::vector<Line>& lines, const engine::Checked& check,
                         const engine::Situation& situation);

  std::map<std::string, Tried, std::less<>> rules_;
};

/// "`unless: order.refunded`", with its step when it is a step's own.
std::string line_text(const language::Line& line);

}  // namespace retaind::replay
