#include "engine/decide.h"

#include <array>
#include <utility>

namespace retaind::engine {
namespace {

using language::Condition;
using language::Rule;

/// A look while it goes through the checks. A check that hits says in `answer` what follows.
struct Look {
  const Rule& rule;
  const Situation& s;
  Decision answer = {};
  bool unknown = false;  ///< a condition was unknown and the rule is internal
};

bool answer(Look& look, Verdict verdict, Reason reason, std::optional<Time> until, int line = -1) {
  look.answer = {verdict, reason, until, line, false};
  return true;
}
bool skip(Look& look, Reason reason, int line = -1) {
  return answer(look, Verdict::skip, reason, std::nullopt, line);
}
// If the next look lies after the late limit there is nothing to wait for.
bool hold(Look& look, Reason reason, std::optional<Time> until) {
  if (until && look.s.late_at && *until > *look.s.late_at) return skip(look, Reason::late_limit);
  return answer(look, Verdict::hold, reason, until);
}

std::size_t lines_before_stop_if(const Rule& rule) {
  return rule.if_all.size() + rule.unless_any.size();
}

// Most checks are one comparison and a call each would cost more than they do, hence `inline`.

// What ends a message at the instant of the fact, also before it is due.
inline bool rule_removed(Look& look) {
  return look.s.rule_removed && skip(look, Reason::rule_removed);
}
inline bool row_gone(Look& look) {
  if (look.s.erased) return skip(look, Reason::erased);
  return look.s.gone && skip(look, Reason::gone);
}

bool stops(Look& look) {
  const Situation& s = look.s;
  int line = static_cast<int>(lines_before_stop_if(look.rule));
  for (const Condition& condition : look.rule.stop_if) {
    const Truth truth = evaluate(condition, s.facts, s.now, *s.zone);
    // Unknown stops, once the message is due: a run that nobody can vouch for does not go on.
    if (truth == Truth::yes || (truth == Truth::unknown && s.now >= s.due))
      return skip(look, Reason::stopped, line);
    ++line;
  }
  return false;
}
inline bool stopped(Look& look) { return !look.rule.stop_if.empty() && stops(look); }

inline bool state_ended(Look& look) {
  return look.s.state_ended && skip(look, Reason::state_ended);
}

inline bool before_due(Look& look) {
  if (look.s.now >= look.s.due) return false;
  return state_ended(look) || stopped(look) ||
         answer(look, Verdict::hold, Reason::none, look.s.due);
}

// While nobody knows what time it is, nothing is too late.
inline bool clock_held(Look& look) {
  return look.s.hold == Reason::clock &&
         answer(look, Verdict::hold, Reason::clock, look.s.hold_until);
}

inline bool no_address(Look& look) {
  return look.s.needs_address && !look.s.has_address && skip(look, Reason::no_address);
}
inline bool suppressed(Look& look) { return look.s.suppressed && skip(look, Reason::suppressed); }
inline bool no_consent(Look& look) {
  return look.s.needs_consent && !look.s.consented && skip(look, Reason::no_consent);
}
inline bool place_taken(Look& look) {
  return look.s.place_taken && skip(look, Reason::already_sent);
}
inline bool too_late(Look& look) {
  const bool late = look.s.overtaken || (look.s.late_at && look.s.now > *look.s.late_at);
  return late && skip(look, Reason::late_limit);
}

inline bool paused(Look& look) {
  return look.s.paused && hold(look, Reason::paused, look.s.paused_until);
}
inline bool on_hold(Look& look) {
  return look.s.hold && look.s.hold != Reason::clock && hold(look, *look.s.hold, look.s.hold_until);
}
inline bool outside_window(Look& look) {
  const Situation& s = look.s;
  if (s.window_never_opens) {
    return s.late_at ? skip(look, Reason::late_limit)
                     : hold(look, Reason::outside_window, std::nullopt);
  }
  return s.opens && hold(look, Reason::outside_window, s.opens);
}

bool holds_while(Look& look) {
  const Situation& s = look.s;
  int line = static_cast<int>(lines_before_stop_if(look.rule) + look.rule.stop_if.size());
  for (const Condition& condition : look.rule.hold_while) {
    const Truth truth = evaluate(condition, s.facts, s.now, *s.zone);
    // Unknown never sends, so it holds; an internal message goes and says so.
    const bool holds =
        truth == Truth::yes || (truth == Truth::unknown && look.rule.purpose != Purpose::internal);
    // Facts may end it at any time, so it does not end because time alone would do so too late.
    if (holds) {
      const auto turn =
          next_turn(condition, s.facts, s.now, s.late_at.value_or(Time::max()), *s.zone);
      return answer(look, Verdict::hold, Reason::hold_while, turn, line);
    }
    ++line;
  }
  return false;
}
inline bool held_by_condition(Look& look) {
  return !look.rule.hold_while.empty() && holds_while(look);
}

int first_line_of(const Rule& rule, const language::Step& step) {
  std::size_t line =
      rule.if_all.size() + rule.unless_any.size() + rule.stop_if.size() + rule.hold_while.size();
  for (const language::Step& before : rule.steps) {
    if (&before == &step) break;
    line += before.if_all.size();
  }
  return static_cast<int>(line);
}

// `if` lines must all be true and `unless` lines all false. A false one is the reason before an
// unknown one: it would stay false whatever the unknown value is.
bool conditions(Look& look) {
  const Rule& rule = look.rule;
  const Situation& s = look.s;
  int unknown_line = -1;
  const auto any_against = [&](const std::vector<Condition>& lines, int number, Truth against) {
    for (const Condition& condition : lines) {
      const Truth truth = evaluate(condition, s.facts, s.now, *s.zone);
      if (truth == against) return skip(look, Reason::condition_false, number);
      if (truth == Truth::unknown && unknown_line < 0) unknown_line = number;
      ++number;
    }
    return false;
  };
  if (any_against(rule.if_all, 0, Truth::no) ||
      any_against(rule.unless_any, static_cast<int>(rule.if_all.size()), Truth::yes))
    return true;
  if (s.step != nullptr && !s.step->if_all.empty() &&
      any_against(s.step->if_all, first_line_of(rule, *s.step), Truth::no))
    return true;
  if (unknown_line < 0) return false;
  look.unknown = true;
  return rule.purpose != Purpose::internal && skip(look, Reason::unknown_data, unknown_line);
}

inline bool draft(Look& look) { return look.s.draft && skip(look, Reason::would_send); }
// Its late limit counts anew from the day to which it moves.
inline bool over_limit(Look& look) {
  return look.s.limited_until && answer(look, Verdict::hold, Reason::limit, look.s.limited_until);
}
inline bool capped(Look& look) {
  return look.s.capped_until && hold(look, Reason::capped, look.s.capped_until);
}
inline bool held_out(Look& look) { return look.s.held_out && skip(look, Reason::held_out); }

struct Entry {
  Check check;
  bool (*hits)(Look& look);
};
/// The one order (semantics 10).
constexpr std::array checks_in_order{
    Entry{Check::rule, rule_removed},
    Entry{Check::row, row_gone},
    Entry{Check::due, before_due},
    Entry{Check::clock, clock_held},
    Entry{Check::address, no_address},
    Entry{Check::suppression, suppressed},
    Entry{Check::consent, no_consent},
    Entry{Check::state, state_ended},
    Entry{Check::stop_if, stopped},
    Entry{Check::once_per, place_taken},
    Entry{Check::late_limit, too_late},
    Entry{Check::pause, paused},
    Entry{Check::hold, on_hold},
    Entry{Check::window, outside_window},
    Entry{Check::hold_while, held_by_condition},
    Entry{Check::conditions, conditions},
    Entry{Check::draft, draft},
    Entry{Check::limit, over_limit},
    Entry{Check::cap, capped},
    Entry{Check::holdout, held_out},
};

/// Written out check by check by the compiler. Not checks_in_order[Index].hits(look): that it takes
/// for a call through a pointer until it is too late to put the check itself in its place.
template <bool (*hits)(Look&)>
bool is_hit(Look& look) {
  return hits(look);
}
template <std::size_t... Index>
bool any_hits(Look& look, std::index_sequence<Index...>) {
  return (is_hit<checks_in_order[Index].hits>(look) || ...);
}

}  // namespace

Decision decide(const Rule& rule, const Situation& s) {
  Look look{rule, s};
  if (!any_hits(look, std::make_index_sequence<checks_in_order.size()>{}))
    look.answer.marked_unknown = look.unknown;
  return look.answer;
}

std::optional<Decision> conditions_against(const Rule& rule, const Situation& s) {
  Look look{rule, s};
  return conditions(look) ? std::optional(look.answer) : std::nullopt;
}

std::vector<Checked> check_each(const Rule& rule, const Situation& s) {
  std::vector<Checked> all;
  Look look{rule, s};
  for (const Entry& entry : checks_in_order)
    all.push_back({entry.check, entry.hits(look) ? std::optional(look.answer) : std::nullopt});
  return all;
}

}  // namespace retaind::engine
