#include <fmt/format.h>

#include <algorithm>

#include "app/daemon_report.h"
#include "app/explain_report.h"
#include "base/text.h"
#include "delivery/age.h"
#include "engine/business_time.h"

namespace retaind::app {
namespace {

using engine::Check;
using engine::Checked;
using engine::Explained;
using engine::Truth;

constexpr std::string_view name_of(Check check) {
  switch (check) {
    case Check::rule: return "rule";
    case Check::row: return "row";
    case Check::due: return "due";
    case Check::clock: return "clock";
    case Check::address: return "address";
    case Check::suppression: return "suppression";
    case Check::consent: return "consent";
    case Check::state: return "state";
    case Check::stop_if: return "stop-if";
    case Check::once_per: return "once-per";
    case Check::late_limit: return "late-limit";
    case Check::pause: return "pause";
    case Check::hold: return "hold";
    case Check::window: return "window";
    case Check::hold_while: return "hold-while";
    case Check::conditions: return "conditions";
    case Check::draft: return "draft";
    case Check::limit: return "limit";
    case Check::cap: return "cap";
    case Check::holdout: return "holdout";
  }
  return {};
}

std::string_view word(Truth truth) {
  switch (truth) {
    case Truth::yes: return "true";
    case Truth::no: return "false";
    case Truth::unknown: break;
  }
  return "unknown";
}

std::string consent_words(const ExplainReport& report, const engine::Situation& s,
                          const Zone& zone) {
  const std::string purpose{retaind::name_of(report.known->rule.purpose)};
  if (!s.needs_consent) return fmt::format("not needed for {} messages here", purpose);
  const store::People::Consent* last = nullptr;
  for (const auto& consent : report.consents) {
    if (consent.purpose == purpose) last = &consent;
  }
  if (last == nullptr) return fmt::format("{}: never given", purpose);
  return fmt::format("{}: {} {}{}{}", purpose, last->granted ? "given" : "withdrawn",
                     when(last->at, zone),
                     last->expires_at ? ", until " + when(*last->expires_at, zone) : "",
                     last->source.empty() ? "" : " (" + last->source + ")");
}

std::string suppression_words(const ExplainReport& report, const Zone& zone) {
  std::string text;
  for (const auto& suppression : report.suppressions) {
    if (suppression.lifted_at) continue;
    if (!text.empty()) text += ", ";
    text += fmt::format("{} since {}{}", suppression.scope, when(suppression.at, zone),
                        suppression.cause.empty() ? "" : ": " + suppression.cause);
  }
  return text.empty() ? "the address is not on the list" : text;
}

std::string hold_words(const ExplainReport& report, const Zone& zone) {
  std::string text;
  for (const store::HoldRow& hold : report.holds) {
    if (!text.empty()) text += "; ";
    text += fmt::format("{}{} by {}, {}{}", hold.scope,
                        hold.target.empty() ? "" : " " + hold.target, hold.author, hold.because,
                        hold.until ? ", until " + when(*hold.until, zone) : "");
  }
  return text.empty() ? "nothing is on hold" : text;
}

std::string until(const std::optional<Time>& time, const Zone& zone, std::string_view none) {
  return time ? "until " + when(*time, zone) : std::string(none);
}

/// What there is to see at a check; empty: nothing that the rule or the site asks for.
std::string words_of(const ExplainReport& report, const Explained& explained, Check check,
                     const Site& site) {
  const language::Rule& rule = report.known->rule;
  const engine::Situation& s = explained.situation;
  const Zone& zone = site.zone;
  switch (check) {
    case Check::rule: return s.rule_removed ? "its file is gone" : "";
    case Check::row: return s.gone ? "the row is no longer there, or not what the rule counts" : "";
    case Check::due: return when(explained.message_due, zone);
    case Check::clock:
      return s.hold == Reason::clock ? "the clock has jumped: `retaind release --clock` when it is "
                                       "right, or ten steady minutes"
                                     : "";
    case Check::address:
      return !s.needs_address ? "" : (s.has_address ? "there is one" : "there is none");
    case Check::suppression:
      return !s.needs_address || !policy_of(rule.purpose).suppression_applies
                 ? ""
                 : suppression_words(report, zone);
    case Check::consent: return s.needs_address ? consent_words(report, s, zone) : "";
    case Check::state:
      return rule.trigger.state == nullptr
                 ? ""
                 : rule.trigger.name + (s.state_ended ? " is over" : " holds");
    case Check::stop_if: return rule.stop_if.empty() ? "" : "any true line ends the run";
    case Check::once_per:
      if (!rule.once_per) return "";
      return fmt::format("{}: {}", retaind::name_of(*rule.once_per),
                         s.place_taken ? "an earlier occurrence has the place"
                                       : (s.has_place ? "this occurrence has the place" : "free"));
    case Check::late_limit:
      if (s.overtaken) return "a later message of this run is due";
      return until(s.late_at, zone, rule.late_limit ? "" : "never too late");
    case Check::pause:
      if (!s.paused) return "";
      return s.paused_until
                 ? "advertising to this customer is paused until " + when(*s.paused_until, zone)
                 : "the rule is paused";
    case Check::hold: return hold_words(report, zone);
    case Check::window:
      if (rule.send_window.empty()) return "";
      if (s.window_never_opens) return rule.send_window + " never opens again";
      return fmt::format("{} {}", rule.send_window,
                         s.opens ? "opens " + when(*s.opens, zone) : "is open");
    case Check::hold_while: return rule.hold_while.empty() ? "" : "waits while any line is true";
    case Check::conditions:
      return rule.if_all.empty() && rule.unless_any.empty() ? ""
                                                            : "every `if` true, no `unless` true";
    case Check::draft:
      return s.draft ? "the rule is a draft: it only notes what it would send" : "";
    case Check::limit:
      if (!rule.limit_per_day) return "";
      return fmt::format("{} a day{}", *rule.limit_per_day,
                         s.limited_until ? ", reached until " + when(*s.limited_until, zone) : "");
    case Check::cap:
      if (!policy_of(rule.purpose).counts_in_caps) return "";
      return fmt::format("{} in {}{}", site.cap.messages, to_string(site.cap.within),
                         s.capped_until ? ", reached until " + when(*s.capped_until, zone) : "");
    case Check::holdout:
      if (rule.holdout <= 0 && site.holdout <= 0) return "";
      return s.held_out ? "in the control group" : "not in the control group";
  }
  return {};
}

bool owns(Check check, const engine::ExplainedLine& line) {
  if (check == Check::conditions) return line.line.key == "if" || line.line.key == "unless";
  return (check == Check::stop_if && line.line.key == "stop-if") ||
         (check == Check::hold_while && line.line.key == "hold-while");
}

std::string assumed_by(const ExplainReport& report, const engine::ExplainedLine& line) {
  if (!report.assumed) return {};
  return report.assumed->of(report.known->rule, *line.line.condition, report.at);
}

std::string line_words(const ExplainReport& report, const engine::ExplainedLine& line) {
  const std::string assumed = assumed_by(report, line);
  return fmt::format("{}: {}  is {}{}{}{}{}", line.line.key, line.line.condition->text,
                     word(line.truth), line.values.empty() ? "" : "  because ", line.values,
                     assumed.empty() ? "" : "  assumed: ", assumed);
}

/// Ids of a ledger that was lived again mean nothing.
std::string id_text(const ExplainReport& report, std::int64_t id) {
  return report.assumed ? std::string() : fmt::format(" {}", id);
}

std::string check_lines(const ExplainReport& report, const Explained& explained, const Site& site) {
  std::string text;
  bool decided = false;
  for (const Checked& checked : explained.checks) {
    const std::string words = words_of(report, explained, checked.check, site);
    if (words.empty() && !checked.hit) continue;
    std::string_view mark = "ok";
    if (checked.hit) mark = decided ? "(no)" : "NO";
    if (checked.hit && explained.over) mark = "no";
    decided = decided || checked.hit;
    text += fmt::format("    {:<12} {:<4} {}\n", name_of(checked.check), mark, words);
    for (const engine::ExplainedLine& line : explained.lines) {
      if (owns(checked.check, line))
        text += fmt::format("                      {}\n", line_words(report, line));
    }
  }
  return text;
}

std::string ledger_lines(const ExplainReport& report, const Explained& explained,
                         const Zone& zone) {
  if (!explained.firing) return {};
  if (explained.messages.empty())
    return fmt::format("  ledger      firing{}, no message was planned\n",
                       id_text(report, explained.firing->id));
  std::string text;
  for (const engine::KnownMessage& known : explained.messages) {
    const Message& m = known.message;
    const auto next_look = store::Messages::look_at(m.next_at);
    text += fmt::format("  {:<11} message{}: {}{} {}{}, due {}{}{}\n", text.empty() ? "ledger" : "",
                        id_text(report, m.id), m.step,
                        (m.repeat > 0 ? fmt::format(" repeat {}", m.repeat) : "") +
                            (m.variant.empty() ? "" : fmt::format(" (variant {})", m.variant)),
                        retaind::name_of(m.state),
                        m.reason == Reason::none || m.reason == Reason::sent
                            ? ""
                            : fmt::format(" ({})", retaind::name_of(m.reason)),
                        when(m.due, zone),
                        known.digest_closes
                            ? ", in the digest that closes " + when(*known.digest_closes, zone)
                        : next_look ? ", next look " + when(*next_look, zone)
                                    : "",
                        !m.handed_at            ? ""
                        : refusal_of(m).empty() ? ", handed over " + when(*m.handed_at, zone)
                                                : ", " + refusal_of(m));
    if (!known.values.empty()) text += fmt::format("              read then: {}\n", known.values);
  }
  return text;
}

std::string change_words(const Explained& explained, const Zone& zone) {
  if (explained.over) return "never: what has ended stays ended";
  if (explained.counted) return "never: the next pass decides anew";
  if (engine::is_never(explained.message_due)) return "only when the rule or its calendar changes";
  if (!explained.firing && explained.admission == engine::Engine::Admission::none)
    return "only when facts or the rule change";
  if (const auto closes = explained.digest_closes())
    return fmt::format("{}, when the digest closes; before that only when facts change",
                       when(*closes, zone));
  for (const engine::KnownMessage& known : explained.messages) {
    if (!refusal_of(known.message).empty())
      return fmt::format("{}, at the next try; before that only when facts change",
                         when(*known.message.next_at, zone));
  }
  if (explained.changes_at)
    return fmt::format("{}; before that only when facts change", when(*explained.changes_at, zone));
  return "only when facts change";
}

std::string occurrence_text(const ExplainReport& report, const Explained& e, const Site& site) {
  const language::Trigger& trigger = report.known->rule.trigger;
  std::string text = fmt::format(
      "{}{}", trigger.name,
      e.row.empty() ? "" : " of " + std::string(retaind::name_of(trigger.subject)) + " " + e.row);
  if (trigger.kind == language::TriggerKind::state && e.part > 1)
    text += fmt::format(", time {}", e.part);
  text += "\n";
  if (e.anchor) text += fmt::format("  counts from {}\n", when(*e.anchor, site.zone));
  text += fmt::format("  due         {}{}\n", when(e.due, site.zone),
                      engine::is_never(e.due) ? ""
                      : e.due <= report.at ? ", " + delivery::age_text(report.at - e.due) + " ago"
                                           : ", in " + delivery::age_text(e.due - report.at));
  if (!e.in_facts) text += "  facts       no longer hold it: only the ledger knows it\n";
  text += ledger_lines(report, e, site.zone);
  if (!e.variant.empty()) text += fmt::format("  variant     {}\n", e.variant);
  text += fmt::format("  result      {}\n", result_of(report, e, site.zone));
  if (const auto [place, line] = decided_by(report, e); !place.empty())
    text += fmt::format("  decided by  {}{}{}\n", place, line.empty() ? "" : "  ", line);
  text += fmt::format("  can change  {}\n", change_words(e, site.zone));
  const bool none = !e.firing && e.admission == engine::Engine::Admission::none;
  if (none) return text;
  const std::string head = e.over
                               ? fmt::format("by the facts of {}, which decide nothing any more",
                                             when(report.at, site.zone))
                               : (e.when_due ? fmt::format("for {}", when(e.message_due, site.zone))
                                             : std::string("now"));
  text += fmt::format("  checks of {}, in their order, the first NO decides ({}):\n", e.step->key,
                      head);
  return text + check_lines(report, e, site);
}

std::string trigger_words(const language::Rule& rule) {
  std::string from =
      fmt::format("{}{}", rule.trigger.name,
                  rule.trigger.offset.is_zero() ? "" : " and " + to_string(rule.trigger.offset));
  return from;
}

std::string_view word(engine::Verdict verdict) {
  switch (verdict) {
    case engine::Verdict::fire: return "send";
    case engine::Verdict::hold: return "wait";
    case engine::Verdict::skip: break;
  }
  return "skip";
}

Value message_value(const ExplainReport& report, const engine::KnownMessage& known) {
  const Message& m = known.message;
  Value one;
  if (!report.assumed) one.set("id", Value(m.id));
  one.set("step", Value(m.step));
  if (!m.variant.empty()) one.set("variant", Value(m.variant));
  if (m.repeat > 0) one.set("repeat", Value(m.repeat));
  one.set("state", Value(retaind::name_of(m.state)));
  one.set("reason", Value(retaind::name_of(m.reason)));
  one.set("due", Value(to_iso(m.due)));
  if (const auto at = store::Messages::look_at(m.next_at))
    one.set("next_check", Value(to_iso(*at)));
  if (m.attempts > 0) one.set("attempts", Value(m.attempts));
  if (!m.reply.empty()) one.set("reply", Value(m.reply));
  if (m.handed_at) one.set("handed", Value(to_iso(*m.handed_at)));
  if (m.ended_at) one.set("ended", Value(to_iso(*m.ended_at)));
  if (!known.values.empty()) one.set("read", Value(known.values));
  return one;
}

Value check_values(const ExplainReport& report, const Explained& e, const Site& site) {
  Value::Array checks;
  for (const Checked& checked : e.checks) {
    Value one;
    one.set("check", Value(name_of(checked.check)));
    one.set("passes", Value(!checked.hit));
    if (checked.hit) one.set("reason", Value(retaind::name_of(checked.hit->reason)));
    if (checked.hit && checked.hit->until) one.set("until", Value(to_iso(*checked.hit->until)));
    const std::string words = words_of(report, e, checked.check, site);
    if (!words.empty()) one.set("about", Value(words));
    checks.push_back(std::move(one));
  }
  return checks;
}

Value line_values(const ExplainReport& report, const Explained& e) {
  Value::Array lines;
  for (const engine::ExplainedLine& line : e.lines) {
    Value one;
    one.set("list", Value(line.line.key));
    one.set("text", Value(line.line.condition->text));
    one.set("place", Value(place_of(line.line.condition->where)));
    one.set("is", Value(word(line.truth)));
    one.set("values", Value(line.values));
    if (const std::string assumed = assumed_by(report, line); !assumed.empty())
      one.set("assumed", Value(assumed));
    lines.push_back(std::move(one));
  }
  return lines;
}

Value json_of(const ExplainReport& report, const Explained& e, const Site& site) {
  Value row;
  if (!e.row.empty()) row.set("row", Value(e.row));
  row.set("part", Value(e.part));
  if (e.anchor) row.set("anchor", Value(to_iso(*e.anchor)));
  row.set("due", Value(to_iso(e.due)));
  row.set("counts", Value(e.firing || e.admission != engine::Engine::Admission::none));
  row.set("over", Value(e.over));
  Value::Array messages;
  for (const engine::KnownMessage& known : e.messages)
    messages.push_back(message_value(report, known));
  row.set("messages", Value(std::move(messages)));
  row.set("step", Value(e.step->key));
  if (!e.variant.empty()) row.set("variant", Value(e.variant));
  const engine::Decision& decision = e.when_due ? *e.when_due : e.decision;
  row.set("before_due", Value(e.when_due.has_value()));
  row.set("verdict", Value(word(decision.verdict)));
  row.set("reason", Value(retaind::name_of(decision.reason)));
  if (decision.until) row.set("until", Value(to_iso(*decision.until)));
  row.set("result", Value(result_of(report, e, site.zone)));
  if (const auto [place, line] = decided_by(report, e); !place.empty()) {
    row.set("decided_by", Value(place));
    if (!line.empty()) row.set("line", Value(line));
  }
  if (e.changes_at) row.set("changes_at", Value(to_iso(*e.changes_at)));
  row.set("checks", check_values(report, e, site));
  row.set("conditions", line_values(report, e));
  return row;
}

}  // namespace

std::string to_text(const ExplainReport& report) {
  const Site& site = report.site;
  const language::Rule& rule = report.known->rule;
  std::string text =
      fmt::format("{} ({}, {}) for customer {}{}, at {} {}\n", rule.id, app::name_of(rule.status),
                  retaind::name_of(rule.purpose), report.person.key,
                  report.person.name.empty() ? "" : ", " + report.person.name,
                  when(report.at, site.zone), site.zone.name());
  if (!report.known->note.empty()) text += fmt::format("the rule {}\n", report.known->note);
  if (report.ahead) text += "facts are as they are now; nobody knows what happens until then\n";
  if (report.daemon_silent)
    text += "the daemon does not answer, so nobody knows here whether its clock has jumped\n";
  if (report.assumed)
    text +=
        "lived again from the dated facts, every delivery successful, with the settings of now\n";
  if (report.places_assumed)
    text += "assumed: places of other customers under a `limit`, and their digests, are left out\n";
  if (report.answer.occurrences.empty()) {
    text += fmt::format(
        "\nnothing of this customer makes an occurrence: the rule counts from {}, and {}\n"
        "  can change  only when facts change\n",
        trigger_words(rule),
        report.answer.rows == 0
            ? fmt::format("the customer has no {}", retaind::name_of(rule.trigger.subject))
            : fmt::format("none of {} is there or has that date",
                          counted(static_cast<long long>(report.answer.rows),
                                  retaind::name_of(rule.trigger.subject))));
  }
  for (const Explained& explained : report.answer.occurrences)
    text += "\n" + occurrence_text(report, explained, site);
  if (report.answer.left_out > 0)
    text += fmt::format("\n{} more; --all shows them\n",
                        counted(static_cast<long long>(report.answer.left_out), "occurrence"));
  return text;
}

Value to_value(const ExplainReport& report) {
  const Site& site = report.site;
  Value root;
  root.set("rule", Value(report.known->rule.id));
  root.set("status", Value(app::name_of(report.known->rule.status)));
  root.set("customer", Value(report.person.key));
  root.set("at", Value(to_iso(report.at)));
  if (!report.known->note.empty()) root.set("note", Value(report.known->note));
  Value::Array rows;
  for (const Explained& explained : report.answer.occurrences)
    rows.push_back(json_of(report, explained, site));
  root.set("occurrences", Value(std::move(rows)));
  root.set("left_out", Value(static_cast<std::int64_t>(report.answer.left_out)));
  return root;
}

}  // namespace retaind::app
