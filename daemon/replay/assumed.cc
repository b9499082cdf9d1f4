#include "replay/assumed.h"

#include "store/known_past.h"

namespace retaind::replay {
namespace {

/// Which kinds of lines were asked before a check that ends with this reason, in the order of
/// decide().
struct Asked {
  bool stop_if = false, hold_while = false, conditions = false;
};

Asked asked_before(Reason reason) {
  switch (reason) {
    case Reason::rule_removed:
    case Reason::gone:
    case Reason::erased:
    case Reason::no_address:
    case Reason::suppressed:
    case Reason::no_consent:
    case Reason::state_ended: return {};
    case Reason::stopped:
    case Reason::already_sent:
    case Reason::late_limit:
    case Reason::paused:
    case Reason::on_hold:
    case Reason::outside_window: return {true, false, false};
    case Reason::hold_while: return {true, true, false};
    default: return {true, true, true};
  }
}

/// Of these the one line says it all.
bool one_line_decides(Reason reason) {
  return reason == Reason::condition_false || reason == Reason::unknown_data ||
         reason == Reason::stopped || reason == Reason::hold_while;
}

std::string joined(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
  return text;
}

}  // namespace

Assumed::Assumed(store::Database& source) : watched_since_(store::watched_since(source)) {}

void Assumed::add(Names& names, const Field* field, bool watched) const {
  if (field == nullptr) return;
  const store::Past past = store::past_of(*field);
  if (past == store::Past::known || (past == store::Past::watched && watched)) return;
  names.insert(std::string(name_of(field->subject)) + "." + std::string(field->name));
}

void Assumed::add(Names& names, const language::Rule& rule, const language::Condition& line,
                  bool watched) const {
  for (const language::Node& node : line.nodes) {
    if (node.op == language::Op::field && !node.of_row)
      add(names, rule.slots[node.slot].field, watched);
    if (node.op != language::Op::aggregate) continue;
    for (const language::Slot& slot : rule.aggregates[node.slot].slots)
      add(names, slot.field, watched);
  }
}

std::string Assumed::of(const language::Rule& rule, const language::Condition& line,
                        Time at) const {
  Names names;
  add(names, rule, line, is_watched(at));
  return joined(names);
}

Assumed::Names Assumed::behind(const language::Rule& rule, std::string_view step, Reason reason,
                               int line, bool watched) const {
  Names names;
  if (const DateKind* date = rule.trigger.date; date != nullptr)
    add(names, find_field(date->subject, date->column), watched);
  for (const language::Slot& slot : rule.trigger.is_slots) add(names, slot.field, watched);
  if (rule.customer_zone) add(names, find_field(Subject::customer, "time_zone"), watched);
  if (reason == Reason::no_address) add(names, find_field(Subject::customer, "email"), watched);
  const Asked asked = asked_before(reason);
  int number = 0;
  language::each_line(rule, [&](const language::Line& read) {
    const int here = number++;
    if (line >= 0 && one_line_decides(reason)) {
      if (here == line) add(names, rule, *read.condition, watched);
      return;
    }
    if (read.step != nullptr && read.step->key != step) return;
    const bool was_asked = read.key == "stop-if"      ? asked.stop_if
                           : read.key == "hold-while" ? asked.hold_while
                                                      : asked.conditions;
    if (was_asked) add(names, rule, *read.condition, watched);
  });
  return names;
}

const std::string& Assumed::of(const language::Rule& rule, std::string_view step, Reason reason,
                               int line, Time at) {
  const bool watched = is_watched(at);
  const auto [known, is_new] =
      known_.try_emplace(Key{&rule, std::string(step), reason, line, watched});
  if (is_new) known->second = joined(behind(rule, step, reason, line, watched));
  return known->second;
}

}  // namespace retaind::replay
