#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "render/filter.h"
#include "render/parser.h"
#include "render/trace.h"

namespace retaind::render {

/// Partials by the name that render and include use.
using Partials = std::map<std::string, const Tree*, std::less<>>;

namespace limits {
inline constexpr std::size_t output = 4U << 20U;    ///< bytes that one rendering may print
inline constexpr std::size_t iterations = 100'000;  ///< of all its loops together
inline constexpr std::size_t partial_work = 256;    ///< steps that one use of a partial counts for
/// Steps and bytes that filters and `contains` read, together. Bounds the time, to about a second
/// on a slow machine, in the same place on every one.
inline constexpr std::size_t work = std::size_t{1} << 28U;
}  // namespace limits

struct RunSetting {
  Mode mode = Mode::mail;
  bool html = false;        ///< escape what is printed
  std::string_view locale;  ///< of the template, for money and dates
  const Partials* partials = nullptr;
  Trace* trace = nullptr;  ///< for traced trees: where each piece comes from
};

/// One rendering of a tree. In mail mode an unknown variable is a fault, except as the operand of a
/// condition and in front of `default` or `honorific`; nil is a known value that prints nothing.
class Run {
 public:
  Run(const Tree& tree, const Value& context, const RunSetting& setting);
  /// Sets a variable that the context does not have; `text` must outlive the run.
  void set(std::string_view name, const Datum& value);
  /// Appends to `out`; false when `fault` says why it stopped.
  bool render(std::string& out, Fault& fault);

 private:
  enum class Flow : std::uint8_t { on, broken, continued, failed };
  struct Named {
    std::string_view name;
    Datum value;
  };
  /// Variables of a template, or of an isolated partial.
  struct Frame {
    const Value* globals = nullptr;
    std::vector<Named> assigned;
    std::vector<Named> scoped;  // loop variables and arguments, innermost last
    std::vector<Named> counters;
    std::vector<Named> offsets;  // where a loop of that name stopped
    std::vector<Named> cycles;
    const LoopState* loop = nullptr;
  };

  // run.cc
  Flow steps(Index from, Index to);
  Flow inside(Index from, Index to);
  Flow step(const Node& node, Index at);
  Flow choice(const Node& node, Index at);
  Flow match(const Node& node, Index at);
  Flow captured(const Node& node, Index at, std::string& text);
  void count(const Node& node);
  void print(const Datum& value, const Node& node);
  void put_text(std::string_view text, bool safe);
  void trace(const Node& node, std::size_t length);
  void fail_too_long(std::size_t at);

  // run_blocks.cc
  Flow loop(const Node& node, Index at);
  Flow iterate(const Loop& made, const Datum& collection, std::size_t begin, std::size_t end,
               Index body);
  Flow iterate_table(const Loop& made, const Datum& collection, std::size_t begin, std::size_t end,
                     Index body);
  Datum loop_item(const Datum& collection, std::size_t i);
  bool bound(Index expression, bool table, std::int64_t& number);
  void cycle(const Node& node);
  Flow partial(const Node& node);
  Flow partial_once(const Partial& made, const Tree& tree, std::string_view target,
                    const Datum& value, const LoopState* loop);
  void give_arguments(const Partial& made, std::vector<Named>& to);
  bool spend_iteration(std::uint32_t at);
  bool spend(std::size_t work, std::size_t at);

  // run_values.cc
  Datum evaluate(Index index);
  Datum bracketed(Index index);
  Datum path(const Expression& expression);
  Datum variable(std::string_view name) const;
  Datum stepped(const Datum& value, const Segment& segment);
  Datum special(const Datum& value, std::string_view name);
  Datum piped(const Pipeline& pipeline);
  Datum apply(const Call& call, const Datum& input);
  bool holds(const Condition& condition);
  bool holds(const Test& test);
  void unknown_variable(const Expression& expression);
  std::vector<std::string_view> names_of(const Expression& expression, Index known);

  void fail(std::size_t at, std::size_t length, std::string message,
            FaultKind kind = FaultKind::bad_value);
  [[nodiscard]] static Datum* find(std::vector<Named>& list, std::string_view name);
  static void put(std::vector<Named>& list, std::string_view name, const Datum& value);

  const Tree* tree_;
  const RunSetting& setting_;
  Arena arena_;
  FilterScope scope_;
  Frame top_;
  Frame* frame_ = &top_;
  std::string* out_ = nullptr;
  const std::string* whole_ = nullptr;  // what is not captured
  Fault fault_;
  bool failed_ = false;
  bool lenient_ = false;  // an unknown variable is nil, not a fault
  std::string_view last_change_;
  std::size_t iterations_ = 0;
  std::size_t work_ = 0;
  std::size_t depth_ = 0;  // blocks, partials and brackets around, up to max_nesting
};

/// Appends with & < > " ' as entities.
void append_escaped(std::string& out, std::string_view text);

}  // namespace retaind::render
