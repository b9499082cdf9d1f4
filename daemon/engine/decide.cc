#include "engine/decide.h"

#include <array>
#include <utility>

namespace retaind::engine {
namespace {

using language::Condition;
using language::Rule;

Decision skip(Reason reason, int line = -1) {
  return {Verdict::skip, reason, std::nullopt, line, false};
}

// If the next look lies after the late limit there is nothing to wait for.
Decision hold(const Situation& s, Reason reason, std::optional<Time> until, int line = -1) {
  if (until && s.late_at && *until > *s.late_at) return skip(Reason::late_limit);
  return {Verdict::hold, reason, until, line, false};
}

/// A look while it goes through the checks.
struct Look {
  const Rule& rule;
  const Situation& s;
  bool unknown = false;  ///< a condition was unknown and the rule is internal
};
using Hit = std::optional<Decision>;

std::size_t lines_before_stop_if(const Rule& rule) {
  return rule.if_all.size() + rule.unless_any.size();
}

// What ends a message at the instant of the fact, also before it is due.
Hit rule_removed(Look& look) {
  return look.s.rule_removed ? Hit{skip(Reason::rule_removed)} : std::nullopt;
}
Hit row_gone(Look& look) {
  if (look.s.erased) return skip(Reason::erased);
  return look.s.gone ? Hit{skip(Reason::gone)} : std::nullopt;
}

Hit stopped(Look& look) {
  const Situation& s = look.s;
  if (look.rule.stop_if.empty()) return std::nullopt;
  int line = static_cast<int>(lines_before_stop_if(look.rule));
  for (const Condition& condition : look.rule.stop_if) {
    const Truth truth = evaluate(condition, s.facts, s.now, *s.zone);
    // Unknown stops, once the message is due: a run that nobody can vouch for does not go on.
    if (truth == Truth::yes || (truth == Truth::unknown && s.now >= s.due))
      return skip(Reason::stopped, line);
    ++line;
  }
  return std::nullopt;
}

Hit state_ended(Look& look) {
  return look.s.state_ended ? Hit{skip(Reason::state_ended)} : std::nullopt;
}

Hit before_due(Look& look) {
  if (look.s.now >= look.s.due) return std::nullopt;
  if (auto ended = state_ended(look)) return ended;
  if (auto ended = stopped(look)) return ended;
  return Decision{Verdict::hold, Reason::none, look.s.due, -1, false};
}

// While nobody knows what time it is, nothing is too late.
Hit clock_held(Look& look) {
  if (look.s.hold != Reason::clock) return std::nullopt;
  return Decision{Verdict::hold, Reason::clock, look.s.hold_until, -1, false};
}

Hit no_address(Look& look) {
  const bool missing = look.s.needs_address && !look.s.has_address;
  return missing ? Hit{skip(Reason::no_address)} : std::nullopt;
}
Hit suppressed(Look& look) {
  return look.s.suppressed ? Hit{skip(Reason::suppressed)} : std::nullopt;
}
Hit no_consent(Look& look) {
  const bool missing = look.s.needs_consent && !look.s.consented;
  return missing ? Hit{skip(Reason::no_consent)} : std::nullopt;
}
Hit place_taken(Look& look) {
  return look.s.place_taken ? Hit{skip(Reason::already_sent)} : std::nullopt;
}
Hit too_late(Look& look) {
  const bool late = look.s.overtaken || (look.s.late_at && look.s.now > *look.s.late_at);
  return late ? Hit{skip(Reason::late_limit)} : std::nullopt;
}

Hit paused(Look& look) {
  if (!look.s.paused) return std::nullopt;
  return hold(look.s, Reason::paused, look.s.paused_until);
}
Hit on_hold(Look& look) {
  if (!look.s.hold) return std::nullopt;
  return hold(look.s, *look.s.hold, look.s.hold_until);
}
Hit outside_window(Look& look) {
  const Situation& s = look.s;
  if (s.window_never_opens)
    return s.late_at ? skip(Reason::late_limit) : hold(s, Reason::outside_window, std::nullopt);
  if (!s.opens) return std::nullopt;
  return hold(s, Reason::outside_window, *s.opens);
}
Hit held_by_condition(Look& look) {
  const Situation& s = look.s;
  if (look.rule.hold_while.empty()) return std::nullopt;
  int line = static_cast<int>(lines_before_stop_if(look.rule) + look.rule.stop_if.size());
  for (const Condition& condition : look.rule.hold_while) {
    const Truth truth = evaluate(condition, s.facts, s.now, *s.zone);
    // Unknown never sends, so it holds; an internal message goes and says so.
    const bool holds =
        truth == Truth::yes || (truth == Truth::unknown && look.rule.purpose != Purpose::internal);
    // Facts may end it at any time, so it does not end because time alone would do so too late.
    if (holds)
      return Decision{
          Verdict::hold, Reason::hold_while,
          next_turn(condition, s.facts, s.now, s.late_at.value_or(Time::max()), *s.zone), line,
          false};
    ++line;
  }
  return std::nullopt;
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
Hit conditions(Look& look) {
  const Rule& rule = look.rule;
  const Situation& s = look.s;
  int unknown_line = -1;
  const auto first_line_against = [&](const std::vector<Condition>& lines, int number,
                                      Truth against) -> std::optional<int> {
    for (const Condition& condition : lines) {
      const Truth truth = evaluate(condition, s.facts, s.now, *s.zone);
      if (truth == against) return number;
      if (truth == Truth::unknown && unknown_line < 0) unknown_line = number;
      ++number;
    }
    return std::nullopt;
  };
  auto against = first_line_against(rule.if_all, 0, Truth::no);
  if (!against)
    against = first_line_against(rule.unless_any, static_cast<int>(rule.if_all.size()), Truth::yes);
  if (!against && s.step != nullptr && !s.step->if_all.empty())
    against = first_line_against(s.step->if_all, first_line_of(rule, *s.step), Truth::no);
  if (against) return skip(Reason::condition_false, *against);
  if (unknown_line < 0) return std::nullopt;
  look.unknown = true;
  if (rule.purpose == Purpose::internal) return std::nullopt;
  return skip(Reason::unknown_data, unknown_line);
}

Hit draft(Look& look) { return look.s.draft ? Hit{skip(Reason::would_send)} : std::nullopt; }
// Its late limit counts anew from the day to which it moves.
Hit over_limit(Look& look) {
  if (!look.s.limited_until) return std::nullopt;
  return Decision{Verdict::hold, Reason::limit, look.s.limited_until, -1, false};
}
Hit capped(Look& look) {
  if (!look.s.capped_until) return std::nullopt;
  return hold(look.s, Reason::capped, *look.s.capped_until);
}
Hit held_out(Look& look) { return look.s.held_out ? Hit{skip(Reason::held_out)} : std::nullopt; }

struct Entry {
  Check check;
  Hit (*hit)(Look& look);
};
/// The one order (semantics 10).
constexpr std::array order{
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

/// Written out check by check by the compiler: most of them are one comparison, which a call each
/// would hide behind many.
template <std::size_t... Index>
Hit first_hit(Look& look, std::index_sequence<Index...>) {
  Hit hit;
  static_cast<void>(((hit = order[Index].hit(look)).has_value() || ...));
  return hit;
}

}  // namespace

Decision decide(const Rule& rule, const Situation& s) {
  Look look{rule, s};
  if (const Hit hit = first_hit(look, std::make_index_sequence<order.size()>{})) return *hit;
  Decision fire;
  fire.marked_unknown = look.unknown;
  return fire;
}

std::optional<Decision> conditions_against(const Rule& rule, const Situation& s) {
  Look look{rule, s};
  return conditions(look);
}

std::vector<Checked> check_each(const Rule& rule, const Situation& s) {
  std::vector<Checked> all;
  Look look{rule, s};
  for (const Entry& entry : order) all.push_back({entry.check, entry.hit(look)});
  return all;
}

}  // namespace retaind::engine
