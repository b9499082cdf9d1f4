#include "engine/decide.h"

#include "engine/evaluate.h"

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

// What ends a message at the instant of the fact, also before it is due.
std::optional<Decision> ends_at_once(const Situation& s) {
  if (s.rule_removed) return skip(Reason::rule_removed);
  if (s.erased) return skip(Reason::erased);
  if (s.gone) return skip(Reason::gone);
  return std::nullopt;
}

std::optional<Decision> stopped(const Rule& rule, const Situation& s) {
  int line = static_cast<int>(rule.if_all.size() + rule.unless_any.size());
  for (const Condition& condition : rule.stop_if) {
    const Truth truth = evaluate(condition, s.cells, s.now, *s.zone);
    // Unknown stops, once the message is due: a run that nobody can vouch for does not go on.
    if (truth == Truth::yes || (truth == Truth::unknown && s.now >= s.due))
      return skip(Reason::stopped, line);
    ++line;
  }
  return std::nullopt;
}

std::optional<Decision> before_due(const Rule& rule, const Situation& s) {
  if (s.state_ended) return skip(Reason::state_ended);
  if (const auto decision = stopped(rule, s)) return decision;
  return Decision{Verdict::hold, Reason::none, s.due, -1, false};
}

std::optional<Decision> final_checks(const Rule& rule, const Situation& s) {
  if (s.needs_address && !s.has_address) return skip(Reason::no_address);
  if (s.suppressed) return skip(Reason::suppressed);
  if (s.needs_consent && !s.consented) return skip(Reason::no_consent);
  if (s.state_ended) return skip(Reason::state_ended);
  if (const auto decision = stopped(rule, s)) return decision;
  if (s.place_taken) return skip(Reason::already_sent);
  if (s.overtaken || (s.late_at && s.now > *s.late_at)) return skip(Reason::late_limit);
  return std::nullopt;
}

std::optional<Decision> waiting_checks(const Rule& rule, const Situation& s) {
  if (s.paused) return hold(s, Reason::paused, s.paused_until);
  if (s.hold) return hold(s, *s.hold, s.hold_until);
  if (s.window_never_opens)
    return s.late_at ? skip(Reason::late_limit) : hold(s, Reason::outside_window, std::nullopt);
  if (s.opens) return hold(s, Reason::outside_window, *s.opens);
  int line = static_cast<int>(rule.if_all.size() + rule.unless_any.size() + rule.stop_if.size());
  for (const Condition& condition : rule.hold_while) {
    const Truth truth = evaluate(condition, s.cells, s.now, *s.zone);
    // Unknown never sends, so it holds; an internal message goes and says so.
    const bool holds =
        truth == Truth::yes || (truth == Truth::unknown && rule.purpose != Purpose::internal);
    // Facts may end it at any time, so a look that comes after the late limit ends nothing.
    if (holds)
      return Decision{Verdict::hold, Reason::hold_while,
                      next_change(condition, s.cells, s.now, *s.zone), line, false};
    ++line;
  }
  return std::nullopt;
}

int first_line_of(const Rule& rule, const language::Step& step) {
  std::size_t line = rule.if_all.size() + rule.unless_any.size() + rule.stop_if.size() +
                     rule.hold_while.size();
  for (const language::Step& before : rule.steps) {
    if (&before == &step) break;
    line += before.if_all.size();
  }
  return static_cast<int>(line);
}

// `if` lines must all be true and `unless` lines all false. A false one is the reason before an
// unknown one: it would stay false whatever the unknown value is.
std::optional<Decision> conditions(const Rule& rule, const Situation& s, bool& unknown) {
  int unknown_line = -1;
  const auto first_line_against = [&](const std::vector<Condition>& lines, int number,
                                      Truth against) -> std::optional<int> {
    for (const Condition& condition : lines) {
      const Truth truth = evaluate(condition, s.cells, s.now, *s.zone);
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
  unknown = true;
  if (rule.purpose == Purpose::internal) return std::nullopt;
  return skip(Reason::unknown_data, unknown_line);
}

}  // namespace

Decision decide(const Rule& rule, const Situation& s) {
  if (const auto decision = ends_at_once(s)) return *decision;
  if (s.now < s.due) return *before_due(rule, s);
  // While nobody knows what time it is, nothing is too late.
  if (s.hold == Reason::clock) return {Verdict::hold, Reason::clock, s.hold_until, -1, false};
  if (const auto decision = final_checks(rule, s)) return *decision;
  if (const auto decision = waiting_checks(rule, s)) return *decision;
  bool unknown = false;
  if (const auto decision = conditions(rule, s, unknown)) return *decision;
  if (s.draft) return skip(Reason::would_send);
  // Its late limit counts anew from the day to which it moves.
  if (s.limited_until) return {Verdict::hold, Reason::limit, s.limited_until, -1, false};
  if (s.capped_until) return hold(s, Reason::capped, *s.capped_until);
  if (s.held_out) return skip(Reason::held_out);
  Decision fire;
  fire.marked_unknown = unknown;
  return fire;
}

}  // namespace retaind::engine
