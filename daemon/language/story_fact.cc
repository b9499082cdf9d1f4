#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "language/story_parts.h"

namespace retaind::language {
namespace {

/// "id" is the key, and "time-zone" the field time_zone.
std::string field_name(std::string_view written) {
  if (written == "id") return "key";
  std::string name(written);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

const ImportField* find_import_field(ImportKind kind, std::string_view name) {
  for (const ImportField& field : import_fields(kind))
    if (field.name == name) return &field;
  return nullptr;
}

void add(StoryFact& fact, std::string_view field, const Cell& value, std::string text = {}) {
  const ImportField* known = find_import_field(fact.kind, field);
  if (known == nullptr || fact.find(field) != nullptr) return;
  fact.values.push_back({known, value, std::move(text), {}});
}

void add_time(StoryFact& fact, std::string_view field, Time time) {
  add(fact, field, Cell::of(to_ms(time)));
}

void add_text(StoryFact& fact, std::string_view field, std::string_view text) {
  Cell cell;
  cell.kind = Cell::Kind::text;
  add(fact, field, cell, std::string(text));
}

/// The first of the order's own dates, or now.
Time placed_by(const StoryFact& fact, Time now) {
  Time placed = now;
  for (const std::string_view field : {"paid_at", "shipped_at", "completed_at"})
    if (const StoryValue* value = fact.find(field))
      placed = std::min(placed, from_ms(value->value.integer));
  return placed;
}

class FactReader {
 public:
  FactReader(StoryScope& scope, ImportKind kind, std::string_view key)
      : scope_(scope), report_(scope.report), key_(key) {
    fact_.kind = kind;
  }

  std::optional<StoryFact> run(const YamlNode& node, const EventKind* event) {
    fact_.event = event;
    if (node.kind == YamlNode::Kind::map) {
      const int before = report_.errors();
      fields(node);
      if (report_.errors() > before) return std::nullopt;
    } else if (!key_alone(node)) {
      return std::nullopt;
    }
    if (!identify(node)) return std::nullopt;
    complete_fact(fact_, scope_.now);
    return std::move(fact_);
  }

  /// Fields of a person: the name is the key unless there is another one.
  std::optional<StoryPerson> person(const YamlNode::Key& name, const YamlNode& node) {
    StoryPerson person;
    person.name = name.text;
    const int before = report_.errors();
    if (node.kind == YamlNode::Kind::map) {
      fields(node);
    } else if (node.kind != YamlNode::Kind::empty) {
      expect_map(report_, name.text, node, "email: anna@example.com");
    }
    if (const YamlNode* consent = node.find("consent")) consents(*consent, person.consent);
    if (report_.errors() > before) return std::nullopt;
    if (fact_.key.empty()) fact_.key = name.text;
    person.fact = std::move(fact_);
    return person;
  }

 private:
  void consents(const YamlNode& node, std::vector<std::string>& out) {
    for (const YamlNode* entry : one_or_more(node)) {
      const auto index = read_choice(report_, "consent", *entry, words::consents);
      if (index && words::consents[*index] != "none") out.emplace_back(words::consents[*index]);
    }
  }

  bool key_alone(const YamlNode& node) {
    if (fact_.kind == ImportKind::customers || fact_.kind == ImportKind::suppression) {
      const auto name = read_person_name(scope_, key_, node);
      if (name) fact_.key = *name;
      return name.has_value();
    }
    const auto id = read_text(report_, key_, node);
    if (id) fact_.key = *id;
    return id.has_value();
  }

  void fields(const YamlNode& node) {
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
      const YamlNode::Key& key = node.keys[i];
      const YamlNode& child = node.children[i];
      if (key.text == "attributes") {
        if (expect_map(report_, "attributes", child, "tier: gold"))
          read_attributes(scope_, subject_of(fact_.kind), "", child, fact_);
        continue;
      }
      if (key.text == "consent" && scope_.people_read) continue;
      const std::string name = field_name(key.text);
      const ImportField* field = find_import_field(fact_.kind, name);
      const bool of_whom = name == "customer" && fact_.kind == ImportKind::suppression;
      const Field* own = field == nullptr ? own_field(name) : nullptr;
      if (own != nullptr) {
        if (auto value = read_own_field(scope_, *own, child))
          fact_.attributes.emplace_back(own->name, *std::move(value));
      } else if (field == nullptr && !of_whom) {
        unknown(key);
      } else if (fact_.find(name) != nullptr || (name == "key" && !fact_.key.empty())) {
        report_.error(Code::duplicate_key, key.at, fmt::format("`{}` stands there twice", name),
                      "delete one of them");
      } else if (name == "key") {
        read_key(child);
      } else if (of_whom) {
        fact_.key = read_person_name(scope_, "customer", child).value_or("");
      } else if (auto value = read_field(scope_, *field, subject_of(fact_.kind), child)) {
        if (name == "customer" && fact_.kind == ImportKind::consent) fact_.key = value->text;
        fact_.values.push_back(*std::move(value));
      }
    }
  }

  void read_key(const YamlNode& node) {
    const bool person = fact_.kind == ImportKind::customers && !scope_.people_read;
    const auto key = person ? read_person_name(scope_, "id", node) : read_text(report_, "id", node);
    fact_.key = key.value_or("");
  }

  void unknown(const YamlNode::Key& key) {
    std::vector<std::string_view> names;
    for (const ImportField& field : import_fields(fact_.kind))
      names.push_back(field.name == "key" ? "id" : field.name);
    for (const Field& own : scope_.context.site.vocabulary->own_fields())
      if (has_attributes(fact_.kind) && own.subject == subject_of(fact_.kind))
        names.push_back(own.name);
    if (fact_.kind == ImportKind::suppression) names.push_back("customer");
    if (fact_.kind == ImportKind::customers && scope_.people_read) names.push_back("consent");
    report_.error(Code::unknown_field, key.at,
                  fmt::format("{} have no field `{}`", retaind::name_of(fact_.kind), key.text),
                  suggestion(key.text, names, 20));
  }

  [[nodiscard]] const Field* own_field(std::string_view name) const {
    if (!has_attributes(fact_.kind)) return nullptr;
    const Field* found = scope_.context.site.vocabulary->field(subject_of(fact_.kind), name);
    return found != nullptr && found->derivation == Derivation::attribute ? found : nullptr;
  }

  /// Which row it is, and whether the story knows it.
  bool identify(const YamlNode& node) {
    switch (fact_.kind) {
      case ImportKind::customers:
        if (fact_.key.empty()) return missing(node, "id", "whom it is about", "anna");
        fact_.first = false;
        return true;
      case ImportKind::consent:
        if (fact_.key.empty()) return missing(node, "customer", "who it is from", "anna");
        if (fact_.find("purpose") == nullptr)
          return missing(node, "purpose", "what it is for", "marketing");
        return true;
      case ImportKind::suppression:
        if (!fact_.key.empty() || fact_.find("email") != nullptr) return true;
        return missing(node, "customer", "whom it is about", "anna");
      case ImportKind::items:
        if (fact_.find("order") == nullptr) return missing(node, "order", "its order", "1001");
        break;
      default: break;
    }
    auto& known = scope_.known[fact_.kind];
    if (fact_.key.empty()) {
      if (fact_.kind != ImportKind::feedback && fact_.kind != ImportKind::items)
        return missing(node, "id", "which one it is", "1001");
      fact_.key = fmt::format("line-{}", report_.line_of(node.at.begin));
    }
    if (fact_.kind != ImportKind::items) fact_.first = known.insert(fact_.key).second;
    return !fact_.first || has_owner(node);
  }

  bool has_owner(const YamlNode& node) {
    if (fact_.find("customer") != nullptr || fact_.find("order") != nullptr ||
        fact_.find("ticket") != nullptr)
      return true;
    if (scope_.any_row) return true;
    auto& known = scope_.known[fact_.kind];
    known.erase(fact_.key);
    const std::vector<std::string_view> names(known.begin(), known.end());
    const auto near = nearest(fact_.key, names);
    report_.error(
        Code::unknown_row, node.at,
        fmt::format("the story has not spoken of {} `{}` before, and this does not say whose it is",
                    key_, fact_.key),
        near ? fmt::format("did you mean `{}`? a new one needs `customer:`", *near)
             : fmt::format("write `{}: {{id: {}, customer: {}}}`", key_, fact_.key,
                           scope_.people.empty() ? "anna" : scope_.people.front()));
    return false;
  }

  bool missing(const YamlNode& node, std::string_view key, std::string_view what,
               std::string_view example) {
    report_.error(Code::missing_key, node.keys.empty() ? node.at : node.keys.front().at,
                  fmt::format("`{}` does not say {}", key_, what),
                  fmt::format("write `{}: {}`", key, example));
    return false;
  }

  StoryScope& scope_;
  Report& report_;
  std::string_view key_;
  StoryFact fact_;
};

}  // namespace

const StoryValue* StoryFact::find(std::string_view name) const {
  const auto found = std::find_if(values.begin(), values.end(), [&](const StoryValue& value) {
    return value.field->name == name;
  });
  return found == values.end() ? nullptr : &*found;
}

std::optional<ImportKind> kind_of_subject(std::string_view name) {
  if (name == "consent") return ImportKind::consent;
  if (name == "suppress") return ImportKind::suppression;
  const auto subject = find_subject(name);
  if (!subject || *subject == Subject::event) return std::nullopt;
  for (const ImportKind kind :
       {ImportKind::customers, ImportKind::orders, ImportKind::items, ImportKind::subscriptions,
        ImportKind::tickets, ImportKind::feedback})
    if (subject_of(kind) == *subject) return kind;
  return std::nullopt;
}

void complete_fact(StoryFact& fact, Time now) {
  const std::string_view verb =
      fact.event == nullptr ? "" : fact.event->name.substr(fact.event->name.find('.') + 1);
  switch (fact.kind) {
    case ImportKind::orders:
    case ImportKind::subscriptions:
      if (!verb.empty()) add_text(fact, "status", verb == "started" ? "active" : verb);
      break;
    case ImportKind::tickets:
      // A dated status: the dates of the ticket follow from it.
      if (!verb.empty()) add_text(fact, "status", verb == "opened" ? "open" : verb);
      if (fact.first) add_text(fact, "status", "open");
      if (fact.first) add_time(fact, "opened_at", now);
      if (fact.find("status") != nullptr)
        add_time(fact, "as_of",
                 fact.first && verb.empty() ? from_ms(fact.find("opened_at")->value.integer) : now);
      break;
    case ImportKind::feedback: add_time(fact, "received_at", now); break;
    case ImportKind::consent:
      add(fact, "granted", Cell::of(std::int64_t{1}));
      add_time(fact, "at", now);
      break;
    case ImportKind::suppression: add_time(fact, "at", now); break;
    default: break;
  }
  const bool dated = fact.event != nullptr && fact.event->name != "ticket.solved" &&
                     fact.event->name != "ticket.closed";
  if (dated) add_time(fact, fact.event->anchor, now);
  if (!fact.first) return;
  if (fact.kind == ImportKind::orders) add_time(fact, "placed_at", placed_by(fact, now));
  if (fact.kind == ImportKind::subscriptions) add_text(fact, "status", "active");
  if (fact.kind == ImportKind::subscriptions) add_time(fact, "started_at", now);
  if (fact.kind == ImportKind::orders || fact.kind == ImportKind::tickets)
    add_text(fact, "number", fact.key);
}

bool has_attributes(ImportKind kind) {
  return kind != ImportKind::consent && kind != ImportKind::suppression;
}

void read_attributes(StoryScope& scope, Subject subject, std::string_view event,
                     const YamlNode& node, StoryFact& fact) {
  const Vocabulary& vocabulary = *scope.context.site.vocabulary;
  std::vector<std::string_view> names;
  for (const Field& own : vocabulary.own_fields())
    if (own.subject == subject && vocabulary.has_property(event, own)) names.push_back(own.name);
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    const YamlNode::Key& key = node.keys[i];
    if (std::find(names.begin(), names.end(), key.text) != names.end()) {
      const Field& own = *vocabulary.field(subject, key.text);
      if (auto value = read_own_field(scope, own, node.children[i]))
        fact.attributes.emplace_back(key.text, *std::move(value));
    } else if (const auto near = nearest(key.text, names)) {
      scope.report.error(Code::unknown_field, key.at,
                         fmt::format("vocabulary.yaml has no `{}` of {}", key.text,
                                     event.empty() ? retaind::name_of(subject) : event),
                         fmt::format("did you mean `{}`?", *near));
    } else if (auto text = read_text(scope.report, key.text, node.children[i])) {
      fact.attributes.emplace_back(key.text, Value(*std::move(text)));
    }
  }
}

std::optional<StoryPerson> read_person(StoryScope& scope, const YamlNode::Key& name,
                                       const YamlNode& node) {
  return FactReader(scope, ImportKind::customers, "people").person(name, node);
}

std::optional<StoryFact> read_fact(StoryScope& scope, ImportKind kind, std::string_view key,
                                   const YamlNode& node, const EventKind* event) {
  return FactReader(scope, kind, key).run(node, event);
}

StoryFact own_event(StoryScope& scope, std::string_view name, Range at, const YamlNode* customer,
                    const YamlNode* attributes) {
  StoryFact fact;
  fact.kind = ImportKind::events;
  fact.key = fmt::format("line-{}", scope.report.line_of(at.begin));
  add_text(fact, "name", name);
  add_time(fact, "at", scope.now);
  if (customer != nullptr)
    if (const auto person = read_person_name(scope, "customer", *customer))
      add_text(fact, "customer", *person);
  if (attributes != nullptr && expect_map(scope.report, "attributes", *attributes, "title: Roses"))
    read_attributes(scope, Subject::event, name, *attributes, fact);
  return fact;
}

}  // namespace retaind::language
