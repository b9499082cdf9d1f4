#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "language/rule_parts.h"

namespace retaind::language {
namespace {

constexpr std::string_view assignee = "assignee";
constexpr int most_steps = 100;

/// Something that waits in the list for the message it belongs to.
template <class Part>
struct Pending {
  Part part;
  Range at;
};

class StepsReader {
 public:
  StepsReader(RuleContext& context, const std::optional<Trigger>& trigger,
              const std::optional<Purpose>& purpose, Reads reads)
      : report_(context.report),
        context_(context),
        trigger_(trigger),
        purpose_(purpose),
        reads_(reads) {}

  std::vector<Step> run(const YamlNode& then) {
    if (then.kind != YamlNode::Kind::list || then.children.empty()) {
      report_.error(Code::wrong_kind, then.at,
                    then.kind == YamlNode::Kind::empty || then.children.empty()
                        ? std::string("`then` has no steps")
                        : fmt::format("`then` needs a list, and this is {}", name_of(then.kind)),
                    "write the steps below each other: `- email: thanks`");
      return {};
    }
    if (then.children.size() > most_steps)
      report_.error(Code::wrong_kind, then.at, "these are too many steps",
                    fmt::format("at most {}", most_steps));
    for (const auto& child : then.children) {
      read(child);
      if (steps_.size() > most_steps) break;
    }
    if (coupon_) orphan(coupon_->at, "coupon", "email");
    if (survey_) orphan(survey_->at, "survey", "email");
    if (wait_) orphan(wait_->at, "wait", "message");
    if (steps_.empty() && report_.errors() == 0)
      report_.error(Code::step_kind, then.at, "no step sends anything", "add `- email: thanks`");
    return std::move(steps_);
  }

 private:
  void orphan(Range at, std::string_view what, std::string_view wanted) {
    if (faulty_) return;  // what it belongs to may be the step with the mistake
    report_.error(
        Code::nothing_follows, at, fmt::format("no {} follows this {}", wanted, what),
        fmt::format("a {} belongs to the {} below it: move it or delete it", what, wanted));
  }

  void read(const YamlNode& node) {
    const int before = report_.errors();
    if (node.kind != YamlNode::Kind::map) {
      const auto kinds = key_names(Keys::step);
      const bool known = std::find(kinds.begin(), kinds.end(), node.text) != kinds.end();
      report_.error(Code::step_kind, node.at, "a step is a key with a value",
                    known ? fmt::format("write `- {}: {}`", node.text,
                                        find_key(Keys::step, node.text)->example)
                          : "write `- email: thanks`");
      faulty_ = true;
      return;
    }
    const MapReader map(report_, node, Keys::step);
    if (const auto kind = kind_of(node, map)) {
      refuse_misplaced(node, *kind);
      dispatch(*kind, map, *map.get(*kind));
    }
    faulty_ |= report_.errors() > before;
  }

  std::optional<std::string> kind_of(const YamlNode& node, const MapReader& map) {
    std::vector<const YamlNode::Key*> found;
    for (const auto& key : node.keys) {
      const KeyRow* row = find_key(Keys::step, key.text);
      if (row != nullptr && row->with.empty()) found.push_back(&key);
    }
    if (found.size() == 1) return found[0]->text;
    if (found.empty() && map.had_unknown_keys()) return std::nullopt;
    if (found.empty()) {
      report_.error(Code::step_kind, node.keys.empty() ? node.at : node.keys[0].at,
                    "this step does not say what to do",
                    "write one of `email:`, `notify:`, `webhook:`, `coupon:`, `survey:`, `wait:`, "
                    "`pause-marketing:`");
    } else {
      report_.error(Code::step_kind, found[1]->at,
                    fmt::format("`{}` and `{}` are two steps", found[0]->text, found[1]->text),
                    fmt::format("begin the second with a dash: `- {}:`", found[1]->text));
    }
    return std::nullopt;
  }

  void refuse_misplaced(const YamlNode& node, const std::string& kind) {
    for (const auto& key : node.keys) {
      const KeyRow* row = find_key(Keys::step, key.text);
      if (row == nullptr || row->with.empty() || goes_with(*row, kind)) continue;
      std::string kinds(row->with);
      for (std::size_t bar = 0; (bar = kinds.find('|')) != std::string::npos;)
        kinds.replace(bar, 1, ", ");
      report_.error(Code::misplaced_key, key.at,
                    fmt::format("`{}` does not go with `{}`", key.text, kind),
                    fmt::format("`{}` goes with {}", key.text, kinds));
    }
  }

  void dispatch(const std::string& kind, const MapReader& map, const YamlNode& value) {
    if (kind == "coupon") return coupon(map, value);
    if (kind == "survey") return survey(value);
    if (kind == "wait") return wait(map, value);
    Step step;
    step.where =
        report_.where({map.key_at(kind).begin, std::max(value.at.end, map.key_at(kind).end)});
    if (kind == "email") email(step, map, value);
    if (kind == "notify") notify(step, map, value);
    if (kind == "webhook") webhook(step, value);
    if (kind == "pause-marketing") pause(step, value);
    common(step, map);
    needs_customer(step, kind, map.key_at(kind));
    add(std::move(step), kind, map);
  }

  void email(Step& step, const MapReader& map, const YamlNode& value) {
    step.kind = StepKind::email;
    step.template_name = known_template("email", value);
    step.target = step.template_name;
    step.key = "email:" + step.template_name;
    if (const YamlNode* node = map.get("variants")) variants(step, *node);
    if (purpose_ == Purpose::internal)
      report_.error(Code::purpose_mismatch, value.at,
                    "an email goes to the customer, and the rule's purpose is internal",
                    "write `purpose: transactional`, or `notify:` for a team");
    if (coupon_) step.coupon = std::move(coupon_->part);
    if (survey_) step.survey = std::move(survey_->part);
    coupon_.reset();
    survey_.reset();
  }

  void variants(Step& step, const YamlNode& node) {
    if (!expect_map(report_, "variants", node, "win-back-short: 50%")) return;
    if (node.keys.empty())
      report_.error(Code::wrong_kind, node.at, "`variants` names none",
                    "write a template and its share: `{win-back-short: 50%}`");
    double sum = 0;
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
      YamlNode name = node.children[i];
      name.kind = YamlNode::Kind::scalar;
      name.text = node.keys[i].text;
      name.at = node.keys[i].at;
      if (name.text.empty()) {
        report_.error(Code::bad_variants, name.at, "this share has no template",
                      fmt::format("write the name of one in front of it: `win-back-short: {}`",
                                  node.children[i].text));
        continue;
      }
      Variant variant;
      variant.template_name = known_template("variants", name);
      variant.share =
          read_share(report_, variant.template_name, node.children[i], true).value_or(0);
      if (variant.template_name == step.template_name && !step.template_name.empty())
        report_.error(
            Code::bad_variants, name.at,
            fmt::format("`{}` is the control: it gets what the variants leave", step.template_name),
            "delete it: what the other shares leave over is its own");
      // A share of a hundredth of a percent too much is no rounding.
      constexpr double rounding = 1e-9;
      if (sum <= 1 + rounding && sum + variant.share > 1 + rounding)
        report_.error(Code::bad_variants, node.children[i].at,
                      fmt::format("with this share the variants get {:g}% of the customers",
                                  (sum + variant.share) * 100),
                      fmt::format("lower the shares to 100% together; `{}` gets the rest",
                                  step.template_name));
      sum += variant.share;
      step.variants.push_back(std::move(variant));
    }
  }

  std::string known_template(std::string_view key, const YamlNode& value) {
    const auto name = read_name(report_, key, value);
    if (!name) return {};
    if (context_.templates.any) return *name;
    const auto known = views(context_.templates.names);
    if (std::find(known.begin(), known.end(), *name) == known.end())
      report_.error(Code::unknown_template, value.at, fmt::format("unknown template `{}`", *name),
                    nearest(*name, known) ? suggestion(*name, known)
                                          : fmt::format("write it as `templates/{}.{}.liquid`",
                                                        *name, context_.site.locale));
    return *name;
  }

  void notify(Step& step, const MapReader& map, const YamlNode& value) {
    step.kind = StepKind::notify;
    if (purpose_ == Purpose::marketing || purpose_ == Purpose::feedback)
      report_.error(Code::purpose_mismatch, map.key_at("notify"),
                    fmt::format("`notify` tells a team, and the rule's purpose is {}",
                                retaind::name_of(*purpose_)),
                    "write `purpose: internal`, or move the step into a rule of its own");
    step.target = recipient(map, value);
    if (const YamlNode* node = map.get("or")) {
      step.fallback = team(*node);
      if (step.target != assignee)
        report_.error(Code::misplaced_key, map.key_at("or"),
                      "`or` goes with `notify: assignee` only",
                      "delete it: a team always has an address");
    }
    if (const YamlNode* node = map.get("template")) {
      step.template_name = known_template("template", *node);
    } else {
      report_.error(Code::missing_key, map.key_at("notify"), "`template:` is missing",
                    "write `template: ticket-reminder` below");
    }
    step.key = "notify:" + step.template_name;
    if (const YamlNode* node = map.get("digest"))
      step.digest = read_positive(report_, "digest", *node);
  }

  std::string recipient(const MapReader& map, const YamlNode& value) {
    if (value.text != assignee || context_.site.teams.contains(assignee)) return team(value);
    if (trigger_ && trigger_->subject != Subject::ticket)
      report_.error(Code::scope_mismatch, map.key_at("notify"),
                    fmt::format("`{}` has no assignee", trigger_->name),
                    "write a team, such as `notify: support`");
    return std::string(assignee);
  }

  std::string team(const YamlNode& value) {
    const auto names = names_in(context_.site.teams);
    return read_known(report_, Code::unknown_name, "team", value, names).value_or("");
  }

  void webhook(Step& step, const YamlNode& value) {
    step.kind = StepKind::webhook;
    const auto names = names_in(context_.site.endpoints);
    step.target = read_known(report_, Code::unknown_name, "webhook", value, names).value_or("");
    step.key = "webhook:" + step.target;
  }

  void pause(Step& step, const YamlNode& value) {
    step.kind = StepKind::pause_marketing;
    step.key = "pause-marketing";
    step.pause = read_positive(report_, "pause-marketing", value).value_or(Span{});
  }

  void common(Step& step, const MapReader& map) {
    if (const YamlNode* node = map.get("after"))
      step.after = read_duration(report_, "after", *node, Business::allowed);
    if (const YamlNode* node = map.get("repeat")) step.repeat = read_repeat(*node);
    if (const YamlNode* node = map.get("if"))
      step.if_all =
          read_conditions(report_, "if", *node, scope_of(trigger_, context_.site), reads_);
    if (const YamlNode* node = map.get("step"))
      step.key = read_name(report_, "step", *node).value_or(step.key);
    if (!wait_) return;
    if (step.kind == StepKind::pause_marketing) {
      orphan(wait_->at, "wait", "message");
    } else if (step.after) {
      report_.error(Code::misplaced_key, map.key_at("after"),
                    "`after` counts from the rule's anchor and `wait` from the message above",
                    "keep one of them");
    } else {
      step.wait = wait_->part;
    }
    wait_.reset();
  }

  std::optional<Repeat> read_repeat(const YamlNode& node) {
    if (!expect_map(report_, "repeat", node, "every: 24 hours")) return std::nullopt;
    MapReader map(report_, node, Keys::repeat);
    Repeat repeat;
    if (const YamlNode* every = map.need("every", "write `repeat: {every: 24 hours, at-most: 3}`"))
      repeat.every = read_positive(report_, "every", *every, Business::allowed).value_or(Span{});
    if (const YamlNode* most = map.need("at-most", "write `repeat: {every: 24 hours, at-most: 3}`"))
      repeat.at_most = read_count(report_, "at-most", *most, wholes::repetitions).value_or(1);
    return repeat;
  }

  void needs_customer(const Step& step, const std::string& kind, Range at) {
    if (!trigger_ || has_row(*trigger_)) return;
    if (step.kind != StepKind::email && step.kind != StepKind::pause_marketing) return;
    report_.error(Code::scope_mismatch, at,
                  fmt::format("`{}` needs a customer, and a schedule has none", kind),
                  "write `notify:` or `webhook:`, or beside `every` `each: customer`");
  }

  void add(Step step, const std::string& kind, const MapReader& map) {
    const auto same = std::find_if(steps_.begin(), steps_.end(),
                                   [&](const Step& other) { return other.key == step.key; });
    if (same != steps_.end() && !step.key.ends_with(':')) {
      const bool named = map.get("step") != nullptr;
      report_.error(Code::step_key_twice,
                    named ? map.get("step")->at : Range{step.where.begin, step.where.end},
                    fmt::format("this step is called `{}`, and so is the one in line {}", step.key,
                                report_.line_of(same->where.begin)),
                    named
                        ? "give one of them another name"
                        : fmt::format("give this one a name of its own: `step: second-{}`", kind));
    }
    steps_.push_back(std::move(step));
  }

  void coupon(const MapReader& map, const YamlNode& value) {
    if (coupon_) orphan(coupon_->at, "coupon", "email");
    Coupon coupon;
    coupon.name = read_name(report_, "coupon", value).value_or("");
    const YamlNode* percent = map.get("percent-off");
    const YamlNode* amount = map.get("amount-off");
    if (percent != nullptr) coupon.percent_off = percent_off(*percent);
    if (amount != nullptr) coupon.amount_off = amount_off(*amount);
    if (percent != nullptr && amount != nullptr)
      report_.error(Code::misplaced_key, map.key_at("amount-off"),
                    "a coupon is worth a percentage or an amount",
                    "keep `percent-off` or `amount-off`");
    if (percent == nullptr && amount == nullptr)
      report_.error(Code::missing_key, map.key_at("coupon"),
                    "the coupon does not say what it is worth",
                    "write `percent-off: 15` or `amount-off: 5 EUR` below");
    if (const YamlNode* node = map.get("single-use"))
      coupon.single_use = read_yes_no(report_, "single-use", *node).value_or(true);
    if (const YamlNode* node = map.get("valid-for")) {
      coupon.valid_for = read_positive(report_, "valid-for", *node).value_or(Span{});
    } else {
      report_.error(Code::missing_key, map.key_at("coupon"),
                    "the coupon does not say how long it is valid",
                    "write `valid-for: 14 days` below");
    }
    coupon_ = {std::move(coupon), map.key_at("coupon")};
  }

  std::int64_t percent_off(const YamlNode& node) {
    YamlNode bare = node;
    if (bare.text.ends_with('%')) {
      bare.text = std::string(trim(std::string_view(bare.text).substr(0, bare.text.size() - 1)));
      bare.quoted = true;  // a text, whatever stands in front of the sign
    }
    return read_count(report_, "percent-off", bare, wholes::percent_off).value_or(0);
  }

  std::optional<Money> amount_off(const YamlNode& node) {
    const auto money = read_money(report_, "amount-off", node);
    if (money && !context_.site.currency.empty() && money->currency != context_.site.currency)
      report_.error(Code::currency_mismatch, node.at,
                    fmt::format("the shop's currency is {}", context_.site.currency.view()),
                    fmt::format("write the amount in {}", context_.site.currency.view()));
    return money;
  }

  void survey(const YamlNode& value) {
    if (survey_) orphan(survey_->at, "survey", "email");
    const auto name = read_name(report_, "survey", value);
    if (name && context_.site.survey_url.empty())
      report_.error(Code::site_lacks_setting, value.at,
                    "there is no page that this survey's link could point to",
                    "write `survey-url:` into retaind.yaml");
    survey_ = {name.value_or(""), value.at};
  }

  void wait(const MapReader& map, const YamlNode& value) {
    const Range at = map.key_at("wait");
    if (wait_) orphan(wait_->at, "wait", "message");
    const bool message_above = std::any_of(steps_.begin(), steps_.end(), [](const Step& step) {
      return step.kind != StepKind::pause_marketing;
    });
    if (!message_above && !faulty_)
      report_.error(Code::misplaced_key, at,
                    "`wait` counts from the message above, and there is none",
                    "write the time into `when:`, or `after:` into the step");
    wait_ = {read_positive(report_, "wait", value, Business::allowed).value_or(Span{}), at};
  }

  Report& report_;
  RuleContext& context_;
  const std::optional<Trigger>& trigger_;
  const std::optional<Purpose>& purpose_;
  Reads reads_;
  std::vector<Step> steps_;
  std::optional<Pending<Coupon>> coupon_;
  std::optional<Pending<std::string>> survey_;
  std::optional<Pending<Span>> wait_;
  bool faulty_ = false;
};

}  // namespace

std::vector<Step> read_steps(RuleContext& context, const YamlNode& then,
                             const std::optional<Trigger>& trigger,
                             const std::optional<Purpose>& purpose, Reads reads) {
  return StepsReader(context, trigger, purpose, reads).run(then);
}

}  // namespace retaind::language
