#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "language/rule_parts.h"
#include "model/vocabulary.h"

// vocabulary.yaml: named states of the site's own.
namespace retaind::language {
namespace {

bool is_state_name(std::string_view name) {
  constexpr std::size_t longest = 64;
  return !name.empty() && name.size() <= longest &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string_view::npos;
}

class StateReader {
 public:
  StateReader(Report& report, const Site& site, Vocabulary& made)
      : report_(report), site_(site), made_(made) {}

  void run(const YamlNode::Key& key, const YamlNode& node) {
    const auto subject = read_name(key);
    if (!subject) return;
    if (!expect_map(report_, key.text, node, "is: customer.tier = gold")) return;
    MapReader map(report_, node, Keys::vocabulary_state);
    const YamlNode* is = map.need("is", "write `is: customer.tier = gold`, a condition on the row");
    const YamlNode* since = map.need("since", since_remedy(*subject));
    std::string about;
    if (const YamlNode* line = map.get("about"))
      about = read_text(report_, "about", *line).value_or("");
    const bool whole = is != nullptr && reads_its_row(key.text, *subject, *is);
    const StateAnchor* anchor = since == nullptr ? nullptr : read_since(*subject, *since);
    if (whole && anchor != nullptr) made_.add_state(key.text, is->text, *anchor, about);
  }

 private:
  std::optional<Subject> read_name(const YamlNode::Key& key) {
    const std::size_t dot = std::min(key.text.find('.'), key.text.size());
    const std::string_view subject_name = std::string_view(key.text).substr(0, dot);
    const auto subject = find_subject(subject_name);
    const std::string_view name =
        std::string_view(key.text).substr(std::min(dot + 1, key.text.size()));
    if (!subject) {
      std::vector<std::string_view> names;
      for (const StateAnchor& anchor : state_anchors())
        if (std::find(names.begin(), names.end(), retaind::name_of(anchor.subject)) == names.end())
          names.push_back(retaind::name_of(anchor.subject));
      report_.error(Code::unknown_subject, {key.at.begin, key.at.begin + dot},
                    fmt::format("`{}` is nothing that has states", subject_name),
                    suggestion(subject_name, names));
      return std::nullopt;
    }
    if (!is_state_name(name)) {
      report_.error(Code::bad_name, key.at, fmt::format("`{}` is no name for a state", key.text),
                    "a state has a subject and a name of small letters, digits and dashes: "
                    "`customer.silent-gold`");
      return std::nullopt;
    }
    if (const StateKind* shipped = find_state(key.text)) {
      report_.error(Code::name_taken, key.at,
                    fmt::format("`{}` is shipped: {}", key.text, shipped->about),
                    "use it, or choose another name");
      return std::nullopt;
    }
    return subject;
  }

  bool reads_its_row(const std::string& name, Subject subject, const YamlNode& node) {
    if (node.kind != YamlNode::Kind::scalar) {
      report_.error(Code::wrong_kind, node.at,
                    fmt::format("`is` needs one condition, and this is {}", name_of(node.kind)),
                    "write it in one line, joined by `and`");
      return false;
    }
    StateKind state{};
    state.name = name;
    state.subject = subject;
    std::vector<Slot> slots;
    std::vector<Aggregate> aggregates;
    const auto condition =
        read_condition(report_, node, scope_of(state, made_, site_), {&slots, &aggregates});
    if (!condition) return false;
    for (const Node& part : condition->nodes) {
      const auto [what, remedy] = beyond_row(part, slots);
      if (what.empty()) continue;
      report_.error(Code::bad_state, {part.where.begin, part.where.end},
                    fmt::format("`{}` {}", part.text, what), remedy);
      return false;
    }
    return true;
  }

  /// What the part looks at besides the row, and what to write instead; empty: nothing.
  static std::pair<std::string, std::string> beyond_row(const Node& part,
                                                        const std::vector<Slot>& slots) {
    switch (part.op) {
      case Op::aggregate:
        return {"looks at other rows, and a state's `is` reads its own",
                "write it under `if:` of the rule"};
      case Op::now:
      case Op::older_than:
      case Op::within_last:
      case Op::within_next:
        return {"looks at the clock, and a state's `is` may not",
                "count from `since:` here, with `for:` in the rule"};
      case Op::field: {
        const Field& field = *slots[part.slot].field;
        if (field.derivation != Derivation::dated_flag) return {};
        return {"looks at the clock, for its date may be to come",
                fmt::format("write `{}.{} is not empty`", retaind::name_of(field.subject),
                            field.column)};
      }
      default: return {};
    }
  }

  static std::vector<std::string> times_of(Subject subject) {
    std::vector<std::string> known;
    for (const StateAnchor& anchor : state_anchors())
      if (anchor.subject == subject)
        known.push_back(fmt::format("{}.{}", retaind::name_of(subject), anchor.column));
    return known;
  }

  /// When it began cannot be known otherwise: nobody looks at all rows all the time.
  static std::string since_remedy(Subject subject) {
    const auto known = times_of(subject);
    if (known.empty()) return no_time(subject);
    return fmt::format(
        "write `since:` and {}, from which it counts; what has no such time is asked by a rule "
        "with "
        "`every: day` and `each: {}`, in its `if:`",
        alternatives(views(known)), retaind::name_of(subject));
  }

  static std::string no_time(Subject subject) {
    return fmt::format(
        "{} has no time to count from: write an `event:` or `date:` rule with an `if:`",
        retaind::name_of(subject));
  }

  const StateAnchor* read_since(Subject subject, const YamlNode& node) {
    const auto text = read_text(report_, "since", node);
    if (!text) return nullptr;
    for (const StateAnchor& anchor : state_anchors())
      if (anchor.subject == subject &&
          *text == fmt::format("{}.{}", retaind::name_of(subject), anchor.column))
        return &anchor;
    const std::vector<std::string> known = times_of(subject);
    const std::string_view prefix = retaind::name_of(subject);
    const Field* field = text->starts_with(prefix) && text->size() > prefix.size()
                             ? made_.field(subject, text->substr(prefix.size() + 1))
                             : nullptr;
    const bool own = field != nullptr && field->derivation == Derivation::attribute;
    const auto names = views(known);
    report_.error(
        Code::bad_since, node.at,
        own ? fmt::format("no state can count from `{}`: no index serves an attribute", *text)
            : fmt::format("no state can count from `{}`", *text),
        known.empty()      ? no_time(subject)
        : field != nullptr ? "write " + alternatives(names)
                           : suggestion(*text, names));
    return nullptr;
  }

  Report& report_;
  const Site& site_;
  Vocabulary& made_;
};

}  // namespace

void read_states(Report& report, const YamlNode& node, const Site& site, Vocabulary& made) {
  if (!expect_map(report, "states", node, "customer.silent-gold: {is: …, since: …}")) return;
  StateReader reader(report, site, made);
  for (std::size_t i = 0; i < node.keys.size(); ++i) reader.run(node.keys[i], node.children[i]);
}

}  // namespace retaind::language
