#include "model/vocabulary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "language/expression_reader.h"
#include "language/rule_parts.h"
#include "language/words.h"

// vocabulary.yaml: the site's own fields and events.
namespace retaind::language {
namespace {

constexpr std::array<Type, words::types.size()> types{
    Type::boolean, Type::number,      Type::percent, Type::money,
    Type::text,    Type::enumeration, Type::time,    Type::date};
constexpr std::size_t longest_name = 64;
constexpr std::size_t longest_about = 200;
constexpr std::size_t most_words = 100;

bool is_small(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

/// As conditions can write it behind the dot, and SQL as a member's name.
bool is_field_name(std::string_view name) {
  return !name.empty() && name.size() <= longest_name && name[0] >= 'a' && name[0] <= 'z' &&
         std::all_of(name.begin(), name.end(), is_small);
}

/// A word that conditions read as one: letters, digits and dashes that a letter follows.
bool is_word(std::string_view word) {
  const auto is_letter = [](char c) {
    return c == '_' || (lower_ascii({&c, 1})[0] >= 'a' && lower_ascii({&c, 1})[0] <= 'z');
  };
  if (word.empty() || word.size() > longest_name || !is_letter(word[0])) return false;
  for (std::size_t i = 1; i < word.size(); ++i) {
    const bool dash = word[i] == '-' && i + 1 < word.size() && is_letter(word[i + 1]);
    if (!is_letter(word[i]) && !(word[i] >= '0' && word[i] <= '9') && !dash) return false;
  }
  return !is_reserved(word) && word != "true" && word != "false" && word != "now";
}

std::string as_field_name(std::string_view text) {
  std::string name = lower_ascii(text);
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !is_small(c); }, '_');
  if (name.empty() || name[0] < 'a' || name[0] > 'z') name.insert(0, "x_");
  return name.substr(0, longest_name);
}

/// What a field without a dot is: `ordertotal` has only lost it.
std::string with_subject(std::string_view text) {
  for (int i = 0; i < subject_count; ++i) {
    const std::string_view subject = retaind::name_of(static_cast<Subject>(i));
    if (!text.starts_with(subject) || text.size() == subject.size()) continue;
    std::string_view rest = text.substr(subject.size());
    if (rest.size() > 1 && !is_small(rest[0])) rest.remove_prefix(1);
    return fmt::format("write `{}.{}:`", subject, as_field_name(rest));
  }
  return fmt::format("write `customer.{}:`, or another subject", as_field_name(text));
}

class VocabularyReader {
 public:
  VocabularyReader(Report& report, const Site& site) : report_(report), site_(site) {}

  void run(const YamlNode& root) {
    const MapReader map(report_, root, Keys::vocabulary);
    if (const YamlNode* node = map.get("fields"); node != nullptr && holds_map("fields", *node)) {
      for (std::size_t i = 0; i < node->keys.size(); ++i)
        read_named_field(node->keys[i], node->children[i]);
    }
    if (const YamlNode* node = map.get("events"); node != nullptr && holds_map("events", *node)) {
      for (std::size_t i = 0; i < node->keys.size(); ++i)
        read_event(node->keys[i], node->children[i]);
    }
    if (const YamlNode* node = map.get("states")) read_states(report_, *node, site_, *made_);
  }

  std::shared_ptr<const Vocabulary> take(std::string text) {
    made_->set_text(std::move(text));
    return std::move(made_);
  }

 private:
  bool holds_map(std::string_view key, const YamlNode& node) {
    return expect_map(report_, key, node,
                      key == "fields" ? "customer.tier: text" : "webinar.attended: {}");
  }

  /// `customer.tier: …`
  void read_named_field(const YamlNode::Key& key, const YamlNode& node) {
    const std::size_t dot = key.text.find('.');
    if (dot == std::string::npos) {
      report_.error(Code::bad_name, key.at,
                    fmt::format("`{}` does not say whose field it is", key.text),
                    with_subject(key.text));
      return;
    }
    const std::string_view subject_name = std::string_view(key.text).substr(0, dot);
    const auto subject = find_subject(subject_name);
    if (!subject) {
      report_.error(Code::unknown_subject, {key.at.begin, key.at.begin + dot},
                    fmt::format("`{}` is nothing that has fields", subject_name),
                    suggestion(subject_name, subject_names()));
      return;
    }
    const std::string_view name = std::string_view(key.text).substr(dot + 1);
    const auto field = read_field(*subject, name, key.at, node);
    if (!field) return;
    if (made_->field(*subject, name) == nullptr) made_->add(*field);
  }

  /// Checks the name, then reads what it is. Texts point into the file and into `texts_`.
  std::optional<Field> read_field(Subject subject, std::string_view name, Range at,
                                  const YamlNode& node) {
    const std::string_view owner = retaind::name_of(subject);
    if (!is_field_name(name)) {
      report_.error(Code::bad_name, at, fmt::format("`{}` is no name for a field", name),
                    fmt::format("names are small letters, digits and `_`, at most {}: `{}`",
                                longest_name, as_field_name(name)));
      return std::nullopt;
    }
    const Field* shipped = find_field(subject, name);
    if (shipped != nullptr || name == "attributes") {
      report_.error(Code::name_taken, at,
                    shipped != nullptr
                        ? fmt::format("`{}.{}` is shipped: {}", owner, name, shipped->about)
                        : fmt::format("`{}.attributes` is what templates call all of them", owner),
                    fmt::format("use it, or choose another name, such as `{}.my_{}`", owner, name));
      return std::nullopt;
    }
    Field field{};
    field.subject = subject;
    field.name = name;
    return read_type(field, node) ? std::optional(field) : std::nullopt;
  }

  bool read_type(Field& field, const YamlNode& node) {
    const int before = report_.errors();
    if (node.kind == YamlNode::Kind::scalar) {
      if (const auto type = read_choice(report_, "type", node, words::types))
        field.type = types[*type];
      if (field.type == Type::enumeration)
        report_.error(Code::missing_key, node.at, "an enum needs its words",
                      "write `{type: enum, words: [gold, silver]}`");
      default_currency(field, node.at);
      return report_.errors() == before;
    }
    if (!expect_map(report_, field.name, node, "type: text")) return false;
    MapReader map(report_, node, Keys::vocabulary_field);
    const YamlNode* type_node = map.need("type", "write `type: text`, or another type");
    if (type_node == nullptr) return false;
    const auto type = read_choice(report_, "type", *type_node, words::types);
    if (!type) return false;
    field.type = types[*type];
    read_about(map, field.about);
    read_words(map, field, *type_node);
    read_currency(map, field, *type_node);
    return report_.errors() == before;
  }

  void read_about(const MapReader& map, std::string_view& about) {
    const YamlNode* node = map.get("about");
    if (node == nullptr) return;
    const auto text = read_text(report_, "about", *node);
    if (!text) return;
    if (text->size() > longest_about || text->find('\n') != std::string::npos)
      return report_.error(Code::bad_word, node->at, "`about` is one short line",
                           fmt::format("write at most {} characters", longest_about));
    about = texts_.emplace_back(*text);
  }

  void read_words(const MapReader& map, Field& field, const YamlNode& type) {
    const YamlNode* node = map.get("words");
    if (field.type != Type::enumeration) {
      if (node != nullptr)
        report_.error(Code::misplaced_key, map.key_at("words"),
                      fmt::format("`words` goes with an enum, and this is {}", type.text),
                      "write `type: enum`, or delete the line");
      return;
    }
    if (node == nullptr)
      return report_.error(Code::missing_key, type.at, "an enum needs its words",
                           "write `words: [gold, silver]` behind it");
    std::vector<std::string> found;
    for (const YamlNode* entry : one_or_more(*node)) {
      auto word = read_text(report_, "words", *entry);
      if (!word) return;
      if (!is_word(*word))
        return report_.error(Code::bad_name, entry->at,
                             fmt::format("`{}` is no word that a condition could name", *word),
                             fmt::format("words begin with a letter and have letters, digits, `_` "
                                         "and `-`: `{}`",
                                         as_field_name(*word)));
      if (std::find(found.begin(), found.end(), *word) != found.end())
        return report_.error(Code::name_taken, entry->at,
                             fmt::format("the word `{}` stands there twice", *word),
                             "delete one of them");
      found.push_back(*std::move(word));
    }
    if (found.empty() || found.size() > most_words)
      return report_.error(Code::wrong_kind, node->at, "an enum has words, but not so many",
                           fmt::format("write between 1 and {}", most_words));
    field.words = texts_.emplace_back(join(found, "|"));
  }

  void read_currency(const MapReader& map, Field& field, const YamlNode& type) {
    const YamlNode* node = map.get("currency");
    if (node == nullptr) return default_currency(field, type.at);
    if (field.type != Type::money)
      return report_.error(Code::misplaced_key, map.key_at("currency"),
                           fmt::format("`currency` goes with money, and this is {}", type.text),
                           "write `type: money`, or delete the line");
    field.currency = language::read_currency(report_, "currency", *node).value_or(field.currency);
  }

  void default_currency(Field& field, Range at) {
    if (field.type != Type::money) return;
    field.currency = site_.currency;
    if (site_.currency.empty())
      report_.error(Code::missing_key, at, "money needs a currency, and the site has none",
                    "write `{type: money, currency: EUR}`, or `currency: EUR` into retaind.yaml");
  }

  void read_event(const YamlNode::Key& key, const YamlNode& node) {
    if (const EventKind* shipped = find_event(key.text)) {
      report_.error(Code::name_taken, key.at,
                    fmt::format("`{}` is shipped: {}", key.text, shipped->about),
                    "delete it here: rules can name it anyway");
      return;
    }
    const std::size_t dot = key.text.find('.');
    if (find_subject(key.text.substr(0, dot))) {
      report_.error(Code::bad_name, key.at,
                    fmt::format("`{}` begins like a shipped event", key.text),
                    fmt::format("an event of your own begins with another word, such as "
                                "`warehouse{}`",
                                dot == std::string::npos ? ".packed" : key.text.substr(dot)));
      return;
    }
    YamlNode name;
    name.at = key.at;
    if (!may_be_own_event(report_, name, key.text, *Vocabulary::shipped())) return;
    std::string_view about;
    const YamlNode* properties = nullptr;
    if (node.kind != YamlNode::Kind::empty) {
      if (!expect_map(report_, key.text, node, "about: what has happened")) return;
      const MapReader map(report_, node, Keys::vocabulary_event);
      read_about(map, about);
      properties = map.get("properties");
    }
    made_->add_event(key.text, about);
    if (properties == nullptr || !expect_map(report_, "properties", *properties, "minutes: number"))
      return;
    for (std::size_t i = 0; i < properties->keys.size(); ++i)
      read_property(key.text, properties->keys[i], properties->children[i]);
  }

  void read_property(std::string_view event, const YamlNode::Key& key, const YamlNode& node) {
    const auto field = read_field(Subject::event, key.text, key.at, node);
    if (!field) return;
    const Field* known = made_->field(Subject::event, field->name);
    if (known == nullptr) {
      known = made_->add(*field);
      places_.emplace(known->name, key.at);
    } else if (known->type != field->type || known->words != field->words ||
               !(known->currency == field->currency)) {
      const auto place = places_.find(known->name);
      report_.error(Code::name_taken, key.at,
                    fmt::format("`event.{}` is of another kind already", key.text),
                    place == places_.end()
                        ? std::string("declare it as under `fields:`, or choose another name")
                        : fmt::format("declare it as in line {}, or choose another name",
                                      report_.line_of(place->second.begin)));
      return;
    }
    made_->add_property(event, known);
  }

  Report& report_;
  const Site& site_;
  std::shared_ptr<Vocabulary> made_ = std::make_shared<Vocabulary>();
  std::deque<std::string> texts_;                     // until the vocabulary has copied them
  std::map<std::string, Range, std::less<>> places_;  // of properties
};

}  // namespace

std::shared_ptr<const Vocabulary> read_vocabulary(Report& report, const Site& site) {
  VocabularyReader reader(report, site);
  const auto root = read_yaml(report);
  if (!root || root->kind == YamlNode::Kind::empty) return Vocabulary::shipped();
  if (root->kind != YamlNode::Kind::map) {
    report.error(
        Code::wrong_kind, root->at,
        fmt::format("a vocabulary is keys with values, and this is {}", name_of(root->kind)),
        "begin with `fields:`, `events:` or `states:`");
    return Vocabulary::shipped();
  }
  reader.run(*root);
  return reader.take(std::string(report.text()));
}

std::shared_ptr<const Vocabulary> vocabulary_in(std::string text, const Site& site) {
  if (text.empty()) return Vocabulary::shipped();
  std::vector<Diagnostic> ignored;
  Report report(std::make_shared<Source>(Source{"vocabulary.yaml", std::move(text)}), ignored);
  return read_vocabulary(report, site);
}

}  // namespace retaind::language
