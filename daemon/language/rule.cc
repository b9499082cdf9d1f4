#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "language/check.h"
#include "language/lint.h"
#include "language/rule_parts.h"
#include "language/spans.h"
#include "language/yaml_layout.h"

namespace retaind::language {
namespace {

constexpr std::size_t most_conditions = 200;

void refuse_as_conditions(Report& report, std::string_view key, const YamlNode& node) {
  const bool step = std::any_of(node.keys.begin(), node.keys.end(), [](const YamlNode::Key& own) {
    return find_key(Keys::step, own.text) != nullptr;
  });
  if (step)
    return report.error(Code::wrong_kind, node.at,
                        fmt::format("`{}` needs conditions, and this is a step", key),
                        "write `then:` on a line of its own above the steps");
  report.error(Code::wrong_kind, node.at,
               fmt::format("`{}` needs conditions, and this is {}", key, name_of(node.kind)),
               "write one a line, each behind a dash: `- customer.orders_count >= 2`");
}

bool is_business(const Span& span) { return span.business; }

bool is_business(const std::optional<Span>& span) { return span && span->business; }

bool counts_business_time(const std::optional<Trigger>& trigger, const std::vector<Step>& steps) {
  return (trigger && is_business(trigger->offset)) ||
         std::any_of(steps.begin(), steps.end(), [](const Step& step) {
           return is_business(step.after) || is_business(step.wait) ||
                  (step.repeat && is_business(step.repeat->every));
         });
}

/// The first value that is a duration of business time.
const YamlNode* find_business(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::scalar && !node.text.empty() && node.text.front() >= '0' &&
      node.text.front() <= '9' && node.text.find(" business ") != std::string::npos)
    return &node;
  for (const YamlNode& child : node.children)
    if (const YamlNode* found = find_business(child)) return found;
  return nullptr;
}

class RuleReader {
 public:
  RuleReader(RuleContext& context, const YamlNode& root)
      : report_(context.report), context_(context), map_(context.report, root, Keys::rule) {}

  RuleFile run() {
    RuleFile file;
    rule_.file = report_.source().path;
    if (const YamlNode* node =
            map_.need("rule", "write `rule: thanks`: the permanent id of the rule")) {
      rule_.id = read_name(report_, "rule", *node).value_or("");
      file.id = rule_.id;
      file.id_at = report_.where(node->at);
    }
    if (const YamlNode* node = map_.get("was")) {
      rule_.was = read_name(report_, "was", *node).value_or("");
      file.was = rule_.was;
      file.was_at = report_.where(node->at);
    }
    if (const YamlNode* node = map_.get("about"))
      rule_.about = read_text(report_, "about", *node).value_or("");
    if (const YamlNode* node = map_.get("status"))
      rule_.status = static_cast<RuleStatus>(
          read_choice(report_, "status", *node, words::statuses).value_or(0));
    read_purpose();
    if (const YamlNode* node =
            map_.need("when", "write `when:` and below it `event: order.completed`"))
      trigger_ = read_trigger(report_, *node, context_.site);
    read_conditions();
    if (const YamlNode* node = map_.need("then", "write `then:` and below it `- email: thanks`"))
      rule_.steps = read_steps(context_, *node, trigger_, purpose_, reads());
    read_frequency();
    read_limits();
    read_time();
    read_business();
    check_together();
    if (report_.failed()) return file;
    rule_.trigger = std::move(*trigger_);
    rule_.vocabulary = context_.site.vocabulary;
    lint_rule(report_, rule_);
    rule_.revision = revision_of(rule_);
    file.rule = std::move(rule_);
    return file;
  }

 private:
  void read_purpose() {
    const YamlNode* node =
        map_.need("purpose", "write `purpose: marketing`, feedback, transactional or internal");
    if (node == nullptr) return;
    const auto index = read_choice(report_, "purpose", *node, words::purposes);
    if (!index) return;
    purpose_ = find_purpose(words::purposes[*index]);
    rule_.purpose = *purpose_;
  }

  void read_conditions() {
    const Scope scope = scope_of(trigger_, context_.site);
    const auto conditions = [&](std::string_view key) {
      const YamlNode* node = map_.get(key);
      return node == nullptr ? std::vector<Condition>{}
                             : language::read_conditions(report_, key, *node, scope, reads());
    };
    rule_.if_all = conditions("if");
    rule_.unless_any = conditions("unless");
    rule_.stop_if = conditions("stop-if");
    rule_.hold_while = conditions("hold-while");
  }

  void read_frequency() {
    if (const YamlNode* node = map_.get("once-per")) read_scope(*node);
    if (const YamlNode* node = map_.get("again-after")) {
      rule_.again_after = read_positive(report_, "again-after", *node);
      if (map_.get("once-per") == nullptr)
        report_.error(Code::again_without_once, map_.key_at("again-after"),
                      "`again-after` opens what `once-per` closes, and there is none",
                      "add `once-per: customer`, or delete the line");
    }
    if (const YamlNode* node = map_.get("backlog")) read_backlog(*node);
  }

  void read_scope(const YamlNode& node) {
    const auto name = read_word(report_, "once-per", node);
    if (!name) return;
    rule_.once_per = find_subject(*name);
    if (!trigger_) {  // What it begins with is wrong as well, so that any subject may be meant.
      if (!rule_.once_per)
        report_.error(Code::unknown_subject, node.at,
                      fmt::format("`{}` is nothing to count by", *name),
                      suggestion(*name, subject_names()));
      return;
    }
    if (!has_row(*trigger_))
      return report_.error(Code::scope_mismatch, map_.key_at("once-per"),
                           "a schedule has nobody to count by",
                           "delete the line, or write `each: customer` beside `every`");
    std::vector<std::string_view> names{retaind::name_of(trigger_->subject)};
    if (trigger_->subject != Subject::customer) names.push_back("customer");
    if (std::find(names.begin(), names.end(), *name) != names.end()) return;
    report_.error(rule_.once_per ? Code::scope_mismatch : Code::unknown_subject, node.at,
                  rule_.once_per
                      ? fmt::format("`{}` has no one {} to count by", trigger_->name, *name)
                      : fmt::format("`{}` is nothing to count by", *name),
                  suggestion(*name, names));
  }

  void read_backlog(const YamlNode& node) {
    if (node.text == "none") return;
    if (trigger_ && trigger_->kind == TriggerKind::schedule)
      return report_.error(Code::scope_mismatch, map_.key_at("backlog"),
                           "a schedule has no backlog: it goes from its next time on",
                           "delete the line, or write `backlog: none`");
    if (node.text == "all") {
      rule_.backlog.all = true;
    } else if (const auto text = read_text(report_, "backlog", node)) {
      const bool word = text->find_first_of("0123456789") == std::string::npos;
      if (!word) {
        rule_.backlog.within = read_positive(report_, "backlog", node);
      } else {
        const auto near = nearest(*text, words::backlogs);
        report_.error(Code::bad_word, node.at, fmt::format("`backlog` cannot be `{}`", *text),
                      near ? suggestion(*text, words::backlogs)
                           : "write `none`, `all`, or a time back such as `30 days`");
      }
    }
  }

  void read_limits() {
    if (const YamlNode* node = map_.get("limit")) read_limit(*node);
    if (const YamlNode* node = map_.get("holdout")) {
      rule_.holdout = read_share(report_, "holdout", *node).value_or(0);
      if (purpose_ == Purpose::internal)
        report_.error(Code::purpose_mismatch, map_.key_at("holdout"),
                      "a holdout measures customers, and the rule's purpose is internal",
                      "delete the line");
      if (trigger_ && !has_row(*trigger_))
        report_.error(Code::scope_mismatch, map_.key_at("holdout"),
                      "a holdout needs customers, and a schedule has none",
                      "delete the line, or write `each: customer` beside `every`");
    }
    if (const YamlNode* node = map_.get("priority"))
      rule_.priority = read_count(report_, "priority", *node, wholes::priority).value_or(0);
    if (const YamlNode* node = map_.get("brake"))
      rule_.brake = read_count(report_, "brake", *node, wholes::messages);
  }

  void read_limit(const YamlNode& node) {
    const auto text = read_text(report_, "limit", node);
    if (!text) return;
    const std::size_t end = std::min(text->find_first_not_of("0123456789"), text->size());
    const std::string number = text->substr(0, end);
    const std::string_view rest = trim(std::string_view(*text).substr(end));
    YamlNode count = node;
    count.text = number;
    if (!number.empty() && rest == "per day") {
      rule_.limit_per_day = read_count(report_, "limit", count, wholes::messages);
    } else if (!number.empty() && rest.empty()) {
      report_.error(Code::no_unit, node.at, fmt::format("`{}` has no unit", *text),
                    fmt::format("write `{} per day`", *text));
    } else {
      report_.error(Code::bad_number, node.at, fmt::format("`{}` is no limit", *text),
                    "write `500 per day`");
    }
  }

  void read_time() {
    if (const YamlNode* node = map_.get("send-window")) {
      const auto names = names_in(context_.site.calendars);
      rule_.send_window =
          read_known(report_, Code::unknown_name, "calendar", *node, names).value_or("");
    }
    if (const YamlNode* node = map_.get("timezone")) {
      rule_.customer_zone = read_choice(report_, "timezone", *node, words::zones) == 1;
      if (rule_.customer_zone && trigger_ && !has_row(*trigger_))
        report_.error(Code::scope_mismatch, node->at,
                      "a schedule has no customer whose time zone could count",
                      "write `timezone: site`, or delete the line");
      if (rule_.customer_zone && trigger_ && trigger_->each)
        report_.error(Code::not_available, node->at,
                      "a pass over each customer at the customer's own time is not known to this "
                      "version: it is made once, at the shop's time",
                      "write `timezone: site`, or delete the line");
    }
    if (const int days = policy_of(rule_.purpose).late_limit_days; days > 0)
      rule_.late_limit = Span{0, days, Duration{0}, false};
    const YamlNode* node = map_.get("late-limit");
    if (node == nullptr) {
      if (const YamlNode* window = map_.get("send-window")) warn_short_limit(*window);
      return;
    }
    if (node->text == "none") {
      rule_.late_limit.reset();
    } else {
      rule_.late_limit = read_positive(report_, "late-limit", *node);
      warn_short_limit(*node);
    }
  }

  void warn_short_limit(const YamlNode& node) {
    const auto calendar = context_.site.calendars.find(rule_.send_window);
    if (!rule_.late_limit || calendar == context_.site.calendars.end()) return;
    const Duration gap = calendar->second.longest_gap();
    if (at_least(*rule_.late_limit) >= gap) return;
    const Span hours{0, 0, std::chrono::ceil<std::chrono::hours>(gap), false};
    report_.warning(
        Code::late_limit_short, node.at,
        fmt::format("`{}` stays closed for {} at a stretch, longer than {}", rule_.send_window,
                    to_string(hours),
                    map_.get("late-limit") != nullptr
                        ? std::string("this limit")
                        : "the late-limit of " + to_string(*rule_.late_limit)),
        fmt::format("write `late-limit: {} hours` or more, or a message that still waits at "
                    "closing time is too late at the next opening",
                    hours.elapsed / std::chrono::hours(1)));
  }

  /// Business time is counted by the calendar of the send window.
  void read_business() {
    if (!counts_business_time(trigger_, rule_.steps)) return;
    const YamlNode* when = map_.get("when");
    const YamlNode* value = when == nullptr ? nullptr : find_business(*when);
    if (value == nullptr && map_.get("then") != nullptr) value = find_business(*map_.get("then"));
    const Range at = value == nullptr ? map_.key_at("then") : value->at;
    const std::string text = value == nullptr ? "business time" : value->text;
    if (rule_.customer_zone)
      report_.error(Code::business_time, at,
                    fmt::format("`{}` counts the shop's hours, and `timezone: customer` would move "
                                "them",
                                text),
                    "count in hours or days, or delete `timezone: customer`");
    const auto calendar = context_.site.calendars.find(rule_.send_window);
    if (calendar != context_.site.calendars.end()) {
      rule_.business = calendar->second;
    } else if (map_.get("send-window") == nullptr) {
      const auto names = names_in(context_.site.calendars);
      report_.error(Code::business_time, at,
                    fmt::format("`{}` counts opening hours, and the rule does not say whose", text),
                    fmt::format("write `send-window: {}`: a calendar of retaind.yaml",
                                names.empty() ? "support-hours" : names.front()));
    }
  }

  void check_together() {
    const bool mails = std::any_of(rule_.steps.begin(), rule_.steps.end(),
                                   [](const Step& step) { return step.kind == StepKind::email; });
    const bool needs_exit = purpose_ == Purpose::marketing || purpose_ == Purpose::feedback;
    if (mails && needs_exit && context_.site.unsubscribe_url.empty() &&
        context_.site.unsubscribe_mailto.empty())
      report_.error(
          Code::no_unsubscribe, map_.key_at("purpose"),
          fmt::format(
              "a {} mail needs a way to unsubscribe, and retaind.yaml names none: it is never sent",
              retaind::name_of(*purpose_)),
          "write `unsubscribe:` with `url:` or `mailto:` into retaind.yaml");
  }

  Reads reads() { return {&rule_.slots, &rule_.aggregates}; }

  Report& report_;
  RuleContext& context_;
  MapReader map_;
  Rule rule_;
  std::optional<Trigger> trigger_;
  std::optional<Purpose> purpose_;
};

}  // namespace

std::vector<Condition> read_conditions(Report& report, std::string_view key, const YamlNode& node,
                                       const Scope& scope, Reads reads) {
  std::vector<Condition> conditions;
  const bool list = node.kind == YamlNode::Kind::list && !node.children.empty();
  if (node.kind != YamlNode::Kind::scalar && !list) {
    refuse_as_conditions(report, key, node);
    return {};
  }
  const auto lines = one_or_more(node);
  if (lines.size() > most_conditions) {
    report.error(Code::expression_too_large, node.at, fmt::format("`{}` has too many lines", key),
                 fmt::format("at most {}: join some with `or`", most_conditions));
    return {};
  }
  for (const YamlNode* line : lines) {
    if (line->kind != YamlNode::Kind::scalar || trim(line->text).empty()) {
      refuse_as_conditions(report, key, *line);
      if (line->kind == YamlNode::Kind::map) break;  // the rest is the same mistake
    } else if (const auto odd = odd_entry(report.text(), line->at)) {
      report.error(Code::yaml_syntax, odd->at, odd->message, odd->remedy);
    } else if (auto condition = read_condition(report, *line, scope, reads)) {
      conditions.push_back(std::move(*condition));
    }
  }
  return conditions;
}

std::vector<std::string_view> views(const std::vector<std::string>& names) {
  return {names.begin(), names.end()};
}

RuleFile read_rule_file(std::shared_ptr<const Source> source, const Site& site,
                        const TemplateNames& templates, std::vector<Diagnostic>& diagnostics) {
  const std::size_t before = diagnostics.size();
  Report report(std::move(source), diagnostics);
  const auto root = read_yaml(report);
  if (!root) return {};
  if (root->kind == YamlNode::Kind::empty) {
    report.error(Code::missing_key, {0, 1}, "the file says nothing",
                 "write a rule, beginning with `rule: thanks`, or delete the file");
    return {};
  }
  if (root->kind != YamlNode::Kind::map) {
    report.error(Code::wrong_kind, root->at,
                 fmt::format("a rule is keys with values, and this is {}", name_of(root->kind)),
                 "begin with `rule: thanks`");
    return {};
  }
  RuleContext context{report, site, templates};
  RuleFile file = RuleReader(context, *root).run();
  sort_by_place(diagnostics, before);
  return file;
}

std::optional<Rule> check_rule(std::shared_ptr<const Source> source, const Site& site,
                               const TemplateNames& templates,
                               std::vector<Diagnostic>& diagnostics) {
  return read_rule_file(std::move(source), site, templates, diagnostics).rule;
}

}  // namespace retaind::language
