#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "language/rule_parts.h"

namespace retaind::language {
namespace {

template <class Row>
std::vector<std::string_view> names_of(std::span<const Row> rows) {
  std::vector<std::string_view> names;
  for (const auto& row : rows) names.push_back(row.name);
  return names;
}

/// An event of the site's own may be called anything, except nearly like a shipped one: that is a
/// slip, and the rule would wait for ever.
std::optional<std::string_view> meant_event(std::string_view name) {
  const std::string lower = lower_ascii(name);
  const std::string first = lower.substr(0, lower.find('.'));
  for (const auto& kind : event_kinds()) {
    const auto subject = kind.name.substr(0, kind.name.find('.'));
    if (edit_distance(lower, kind.name) <= 1) return kind.name;
    if (edit_distance(first, subject) <= 1 && edit_distance(lower, kind.name) <= 3)
      return kind.name;
  }
  return std::nullopt;
}

/// Against the site's list: a name that is not in it would wait for ever.
bool is_listed_event(Report& report, const YamlNode& value, const std::string& name,
                     const Vocabulary& vocabulary) {
  // The store knows these itself: they move customer.last_active_at.
  std::vector<std::string_view> names{"login", "click"};
  if (vocabulary.event(name) != nullptr) return true;
  if (std::find(names.begin(), names.end(), name) != names.end()) return true;
  for (const EventKind* kind : vocabulary.events()) names.push_back(kind->name);
  const auto near = nearest(name, names);
  report.error(Code::unknown_event, value.at, fmt::format("unknown event `{}`", name),
               near ? fmt::format("did you mean `{}`?", *near)
                    : fmt::format("declare it in vocabulary.yaml under `events:` as `{}:`", name));
  return false;
}

class TriggerReader {
 public:
  TriggerReader(Report& report, const YamlNode& when, const Site& site)
      : report_(report),
        map_(report, when, Keys::trigger),
        when_(when),
        site_(site),
        vocabulary_(*site.vocabulary) {}

  std::optional<Trigger> run() {
    const int before = report_.errors();
    if (!find_kind()) return std::nullopt;
    refuse_misplaced();
    trigger_.where = report_.where(when_.at);
    const YamlNode& value = *map_.get(kind_key_);
    if (kind_ == "event") event(value);
    if (kind_ == "state") state(value);
    if (kind_ == "date") date(value);
    if (kind_ == "every") schedule(value);
    if (report_.errors() > before || map_.had_unknown_keys()) return std::nullopt;
    return std::move(trigger_);
  }

 private:
  bool find_kind() {
    std::vector<const YamlNode::Key*> found;
    for (const auto& key : when_.keys) {
      const KeyRow* row = find_key(Keys::trigger, key.text);
      if (row != nullptr && row->with.empty()) found.push_back(&key);
    }
    if (found.size() == 1) {
      kind_key_ = found[0]->text;
      kind_ = find_subject(kind_key_) && kind_key_ != "event" ? "state" : kind_key_;
      return true;
    }
    if (found.empty() && map_.had_unknown_keys()) return false;
    const Range at = found.empty() ? when_.at : found[1]->at;
    report_.error(
        Code::trigger_count, at,
        found.empty()
            ? std::string("`when` does not say what starts the rule")
            : fmt::format("`{}` and `{}` are two triggers", found[0]->text, found[1]->text),
        found.empty()
            ? "write one of `event:`, `date:`, `every:` or a state such as `ticket: unresolved`"
            : "keep one; a second trigger needs a rule of its own");
    return false;
  }

  void refuse_misplaced() {
    for (const auto& key : when_.keys) {
      const KeyRow* row = find_key(Keys::trigger, key.text);
      if (row == nullptr || row->with.empty() || goes_with(*row, kind_)) continue;
      std::string right;
      for (const auto& other : keys())
        if (other.of == Keys::trigger && goes_with(other, kind_))
          right += fmt::format("{}`{}:`", right.empty() ? "" : " or ", other.name);
      report_.error(Code::misplaced_key, key.at,
                    fmt::format("`{}` does not go with `{}`", key.text, kind_key_),
                    fmt::format("with `{}` write {}", kind_key_, right));
    }
  }

  std::optional<Span> optional_span(std::string_view key, Business business = Business::refused) {
    const YamlNode* node = map_.get(key);
    const KeyRow* row = find_key(Keys::trigger, key);
    if (node == nullptr || !goes_with(*row, kind_)) return std::nullopt;
    return read_duration(report_, key, *node, business);
  }

  void event(const YamlNode& value) {
    trigger_.kind = TriggerKind::event;
    trigger_.offset = optional_span("after", Business::allowed).value_or(Span{});
    const auto name = read_word(report_, "event", value);
    if (!name) return;
    trigger_.name = *name;
    if (const EventKind* kind = find_event(*name)) {
      trigger_.subject = kind->subject;
      trigger_.column = kind->anchor;
      return;
    }
    if (!may_be_own_event(report_, value, *name, vocabulary_)) return;
    trigger_.subject = Subject::event;
    trigger_.column = "at";
    trigger_.event_name = *name;
  }

  void state(const YamlNode& value) {
    trigger_.kind = TriggerKind::state;
    trigger_.subject = *find_subject(kind_key_);
    trigger_.offset = optional_span("for", Business::allowed).value_or(Span{});
    const auto name = read_word(report_, kind_key_, value);
    if (!name) return;
    trigger_.name = fmt::format("{}.{}", kind_key_, *name);
    trigger_.state = vocabulary_.state(trigger_.name);
    if (trigger_.state != nullptr) {
      trigger_.column = trigger_.state->since;
      if (trigger_.state->own)
        trigger_.is = state_condition(
            *trigger_.state, scope_of(*trigger_.state, vocabulary_, site_), trigger_.is_slots);
      return;
    }
    std::vector<std::string_view> names;
    for (const StateKind* row : vocabulary_.states())
      if (row->subject == trigger_.subject) names.push_back(row->name.substr(kind_key_.size() + 1));
    report_.error(
        Code::unknown_state, value.at, fmt::format("unknown state `{}` of {}", *name, kind_key_),
        names.empty() ? fmt::format("{} has no named states: write `event:` or `date:`", kind_key_)
                      : suggestion(*name, names));
  }

  void date(const YamlNode& value) {
    trigger_.kind = TriggerKind::date;
    const auto before = optional_span("before");
    const auto after = optional_span("after");
    if (map_.get("before") != nullptr && map_.get("after") != nullptr)
      report_.error(Code::misplaced_key, map_.key_at("after"),
                    "`before` and `after` contradict each other", "keep one of them");
    trigger_.offset = before ? before->negated() : after.value_or(Span{});
    if (const YamlNode* at = map_.get("at")) {
      trigger_.at_minute = read_time_of_day(report_, "at", *at);
      if (trigger_.offset.elapsed.count() != 0)
        report_.error(Code::misplaced_key, map_.key_at("at"),
                      "`at` sets the time of day, and hours would move it again",
                      "count in days, weeks or months, or delete `at`");
    }
    const auto name = read_word(report_, "date", value);
    if (!name) return;
    trigger_.name = *name;
    trigger_.date = find_date(*name);
    if (trigger_.date != nullptr) {
      trigger_.subject = trigger_.date->subject;
      trigger_.column = trigger_.date->column;
      return;
    }
    report_.error(Code::unknown_date, value.at, fmt::format("unknown date `{}`", *name),
                  suggestion(*name, names_of(date_kinds())));
  }

  void schedule(const YamlNode& value) {
    trigger_.kind = TriggerKind::schedule;
    if (const YamlNode* at = map_.need("at", "write `at: 10:00`"))
      trigger_.at_minute = read_time_of_day(report_, "at", *at);
    const auto day = read_choice(report_, "every", value, words::days);
    if (!day) return;
    trigger_.name = words::days[*day];
    constexpr std::uint8_t all_days = 0x7f;
    constexpr std::uint8_t working_days = 0x1f;
    if (*day < 7) trigger_.weekdays = static_cast<std::uint8_t>(1U << *day);
    if (trigger_.name == "day") trigger_.weekdays = all_days;
    if (trigger_.name == "weekday") trigger_.weekdays = working_days;
    if (trigger_.name == "month") trigger_.month_day = 1;
    if (const YamlNode* each = map_.get("each")) go_through(*each);
  }

  void go_through(const YamlNode& value) {
    const auto subject = read_choice(report_, "each", value, words::each);
    if (!subject) return;
    trigger_.each = true;
    trigger_.subject = *find_subject(words::each[*subject]);
    // Part of the name, because the rows of another subject are other occurrences.
    trigger_.name += fmt::format(" each {}", words::each[*subject]);
  }

  Report& report_;
  MapReader map_;
  const YamlNode& when_;
  const Site& site_;
  const Vocabulary& vocabulary_;
  std::string kind_key_;  // as written: "ticket"
  std::string kind_;      // as the table of keys calls it: "state"
  Trigger trigger_;
};

}  // namespace

bool may_be_own_event(Report& report, const YamlNode& value, const std::string& name,
                      const Vocabulary& vocabulary) {
  if (vocabulary.lists_events()) return is_listed_event(report, value, name, vocabulary);
  const std::string subject = name.substr(0, name.find('.'));
  auto meant = meant_event(name);
  if (!find_subject(subject) && !meant) return true;
  const auto names = names_of(event_kinds());
  if (!meant) meant = nearest(name, names);
  std::vector<std::string_view> verbs;
  for (const auto known : names)
    if (known.starts_with(subject + ".")) verbs.push_back(known);
  report.error(Code::unknown_event, value.at, fmt::format("unknown event `{}`", name),
               meant ? fmt::format("did you mean `{}`?", *meant)
               : verbs.empty()
                   ? "write the event's own name, such as `webinar.attended`"
                   : fmt::format("there is {}; an event of your own begins with another word",
                                 alternatives(verbs)));
  return false;
}

std::optional<Trigger> read_trigger(Report& report, const YamlNode& when, const Site& site) {
  if (!expect_map(report, "when", when, "event: order.completed")) return std::nullopt;
  return TriggerReader(report, when, site).run();
}

Scope scope_of(const StateKind& state, const Vocabulary& vocabulary, const Site& site) {
  Scope scope;
  scope.subjects = {state.subject};
  scope.trigger = state.name;
  scope.currency = site.currency;
  scope.zone = site.zone;
  scope.vocabulary = &vocabulary;
  return scope;
}

Scope scope_of(const std::optional<Trigger>& trigger, const Site& site) {
  Scope scope;
  scope.currency = site.currency;
  scope.zone = site.zone;
  scope.vocabulary = site.vocabulary.get();
  if (!trigger) {
    scope.trigger = "this trigger";
    for (int i = 0; i < subject_count; ++i) scope.subjects.push_back(static_cast<Subject>(i));
    return scope;
  }
  scope.trigger = trigger->name;
  scope.event = trigger->event_name;
  if (!has_row(*trigger)) return scope;
  scope.subjects.push_back(trigger->subject);
  if (trigger->subject != Subject::customer) scope.subjects.push_back(Subject::customer);
  return scope;
}

}  // namespace retaind::language
